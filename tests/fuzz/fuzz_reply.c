/* SPDX-License-Identifier: Apache-2.0
 *
 * codec/reply.c: the text of an SMS reply, and before its first line end the sender's number.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "codec/fields.h"
#include "codec/reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void need(bool good)
{
    if (!good)
        abort();
}

static void check_text(const char *text, size_t n)
{
    struct aw_reply_text r;
    aw_reply_read(text, n, &r);
    need(r.says <= AW_SAYS_START && r.n_codes <= AW_REPLY_CODES);
    need((r.says == AW_SAYS_CODE) == (r.n_codes > 0));
    for (unsigned i = 0; i < r.n_codes; i++) {
        size_t digits = strspn(r.codes[i], "0123456789");
        need(digits == strlen(r.codes[i]) && digits >= AW_CODE_LEAST && digits <= AW_CODE_MOST);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    const uint8_t *line = n ? memchr(p, '\n', n) : NULL;
    size_t n_from = line ? (size_t)(line - p) : 0;
    char *from = aw_malloc(n_from + 1), number[AW_NUMBER_MAX];
    memcpy(from, p, n_from);
    from[n_from] = '\0';
    if (aw_number_read(from, n % 2 ? "+86" : NULL, number) == 0)
        need(aw_valid_phone(number));
    aw_free(from);
    check_text(line ? (const char *)line + 1 : (const char *)p, line ? n - n_from - 1 : n);
    return 0;
}
