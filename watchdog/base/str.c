/* SPDX-License-Identifier: Apache-2.0
 *
 * Comparing, strict numbers, nearest names, globs, masks. UTF-8 is in utf8.c, encodings are in
 * encode.c.
 */
#include "base/str.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"

#define FAR          9  /* distances are capped here */
#define MAX_COMPARED 64 /* longer texts are equal or far */

bool aw_streq(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

bool aw_starts(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

int aw_parse_u64(const char *s, size_t n, uint64_t max, uint64_t *ret)
{
    uint64_t v = 0;
    if (!n || (s[0] == '0' && n > 1))
        return AW_EINVAL;
    for (size_t i = 0; i < n; i++) {
        if (s[i] < '0' || s[i] > '9')
            return AW_EINVAL;
        uint64_t d = (uint64_t)(s[i] - '0');
        if (d > max || v > (max - d) / 10)
            return AW_EINVAL;
        v = v * 10 + d;
    }
    *ret = v;
    return 0;
}

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
    unsigned m = a < b ? a : b;
    return m < c ? m : c;
}

unsigned aw_edit_distance(const char *a, const char *b)
{
    size_t n_a = strnlen(a, MAX_COMPARED + 1), n_b = strnlen(b, MAX_COMPARED + 1);
    if (n_a > MAX_COMPARED || n_b > MAX_COMPARED)
        return strcmp(a, b) == 0 ? 0 : FAR;
    unsigned rows[3][MAX_COMPARED + 1];
    unsigned *two_up = rows[0], *up = rows[1], *row = rows[2];
    for (size_t j = 0; j <= n_b; j++)
        up[j] = (unsigned)j;
    for (size_t i = 1; i <= n_a; i++) {
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= n_b; j++) {
            unsigned change = a[i - 1] != b[j - 1];
            row[j] = min3(up[j] + 1, row[j - 1] + 1, up[j - 1] + change);
            bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped && two_up[j - 2] + 1 < row[j])
                row[j] = two_up[j - 2] + 1;
        }
        unsigned *spare = two_up;
        two_up = up;
        up = row;
        row = spare;
    }
    return up[n_b] < FAR ? up[n_b] : FAR;
}

const char *aw_nearest(const char *s, const char *const *names)
{
    const char *best = NULL;
    unsigned best_distance = FAR;
    for (; *names; names++) {
        size_t n_s = strlen(s), n_name = strlen(*names);
        size_t longer = n_s > n_name ? n_s : n_name;
        size_t near = longer / 3 > 1 ? longer / 3 : 1;
        unsigned d = aw_edit_distance(s, *names);
        if (d < best_distance && d <= near && d < longer) {
            best = *names;
            best_distance = d;
        }
    }
    return best;
}

/* From the first sign of the pattern on. */
static bool glob_signs(const char *pattern, const char *value)
{
    const char *end = value + strlen(value);
    const char *star = NULL, *resume = NULL; /* the last `*` and what it has not swallowed yet */
    while (value != end) {
        if (*pattern == '*') {
            star = pattern++;
            resume = value;
        } else if (*pattern == '?' && aw_utf8_next(&value, end) >= 0) {
            pattern++;
        } else if (*pattern != '?' && *pattern == *value) {
            pattern++;
            value++;
        } else if (star) {
            pattern = star + 1;
            value = ++resume;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return !*pattern;
}

bool aw_glob(const char *pattern, const char *value)
{
    /* What is the same up to the first sign: most patterns have none, and most end here. */
    for (; *pattern == *value && *pattern != '*' && *pattern != '?'; pattern++, value++)
        if (*value == '\0')
            return true;
    return (*pattern == '*' || *pattern == '?') && glob_signs(pattern, value);
}

/* Start of the last code point before end. */
static char *last_point(const char *p, const char *end)
{
    do
        end--;
    while (end > p && ((unsigned char)*end & 0xc0) == 0x80);
    return (char *)end;
}

void aw_vformat(char *dst, size_t cap, const char *fmt, va_list ap)
{
    int n = vsnprintf(dst, cap, fmt, ap);
    if (n < 0 || (size_t)n < cap || cap < 2)
        return;
    char *end = dst + cap - 1, *last = last_point(dst, end);
    if (!aw_utf8_valid(last, (size_t)(end - last)))
        *last = 0;
}

void aw_format(char *dst, size_t cap, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    aw_vformat(dst, cap, fmt, ap);
    va_end(ap);
}

/* Bytes of the first code point; a malformed byte counts as one. */
static int first_length(const char *p)
{
    const char *at = p;
    return aw_utf8_next(&at, p + strlen(p)) < 0 ? 1 : (int)(at - p);
}

void aw_mask(char *dst, size_t cap, const char *address)
{
    size_t n = strlen(address);
    const char *at = strrchr(address, '@');
    int head = n ? first_length(address) : 0;
    const char *tail = address + n;
    const char *stars = n ? "***" : "";

    if (address[0] == '+' && n >= 8) { /* four digits hidden, the subscriber's last ones shown */
        stars = "****";
        tail -= n >= 11 ? 4 : 2;
        head = (int)(tail - address) - 4;
    } else if (at && at > address) {
        tail = at;
    } else if (n > 3 * (size_t)head) {
        tail = last_point(address, tail);
    }
    aw_format(dst, cap, "%.*s%s%s", head, address, stars, tail);
}
