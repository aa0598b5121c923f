/* SPDX-License-Identifier: Apache-2.0 */
#include "base/form.h"

#include <string.h>

#include "base/err.h"

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

int aw_percent_decode(const char *s, size_t n, bool form, char *dst, size_t cap)
{
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        int c = (unsigned char)s[i];
        if (c == '%') {
            int high = n - i > 2 ? hex_digit(s[i + 1]) : -1;
            int low = high >= 0 ? hex_digit(s[i + 2]) : -1;
            if (low < 0)
                return AW_EINVAL;
            c = high << 4 | low;
            i += 2;
        } else if (form && c == '+') {
            c = ' ';
        }
        if (c == 0)
            return AW_EINVAL;
        if (used + 1 >= cap)
            return AW_ELIMIT;
        dst[used++] = (char)c;
    }
    if (used >= cap)
        return AW_ELIMIT;
    dst[used] = 0;
    return 0;
}

bool aw_form_next(const char **pp, struct aw_form_pair *ret)
{
    const char *p = *pp;
    while (*p == '&')
        p++;
    if (!*p)
        return false;
    size_t n = strcspn(p, "&");
    const char *equals = memchr(p, '=', n);
    ret->name = p;
    ret->n_name = equals ? (size_t)(equals - p) : n;
    ret->value = equals ? equals + 1 : p + n;
    ret->n_value = (size_t)(p + n - ret->value);
    *pp = p + n;
    return true;
}

int aw_form_value(const char *list, const char *name, char *dst, size_t cap)
{
    struct aw_form_pair pair;
    char decoded[128];
    while (aw_form_next(&list, &pair))
        if (aw_percent_decode(pair.name, pair.n_name, true, decoded, sizeof(decoded)) == 0 &&
            strcmp(decoded, name) == 0)
            return aw_percent_decode(pair.value, pair.n_value, true, dst, cap);
    return AW_ENOENT;
}
