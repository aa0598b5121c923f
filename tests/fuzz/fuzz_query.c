/* SPDX-License-Identifier: Apache-2.0
 *
 * Percent-decoding and a=b&c=d lists. The first byte chooses the room for the result, up to the
 * first LF stands the name that is looked for, then the list. Links libawnet and libawbase.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "net/server.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void check(bool promise)
{
    if (!promise)
        abort();
}

/* What is decoded is text, never longer than the input, and the byte after it is untouched. */
static void decode(const char *s, size_t n, size_t cap, bool form)
{
    char *dst = aw_malloc(cap + 1);
    dst[cap] = 0x55;
    int rc = aw_percent_decode(s, n, form, dst, cap);
    check(dst[cap] == 0x55);
    check(rc == 0 || rc == AW_EINVAL || rc == AW_ELIMIT);
    if (rc == 0)
        check(strlen(dst) <= n && strlen(dst) < cap);
    aw_free(dst);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    if (n < 2)
        return 0;
    size_t cap = p[0];
    char *text = aw_strndup((const char *)p + 1, n - 1);
    char *list = strchr(text, '\n');
    struct aw_form_pair pair;
    size_t seen = 0;
    char *dst = aw_malloc(cap + 1);

    decode((const char *)p + 1, n - 1, cap, false);
    decode((const char *)p + 1, n - 1, cap, true);
    if (list) {
        *list++ = 0;
        for (const char *at = list; aw_form_next(&at, &pair);) {
            check(pair.n_name + pair.n_value <= strlen(list) && ++seen <= strlen(list));
            check(!memchr(pair.name, '&', pair.n_name) && !memchr(pair.name, '=', pair.n_name));
            check(!memchr(pair.value, '&', pair.n_value));
        }
        int rc = aw_form_value(list, text, dst, cap);
        check(rc != 0 || (seen > 0 && strlen(dst) < cap));
    }
    aw_free(dst);
    aw_free(text);
    return 0;
}
