/* SPDX-License-Identifier: Apache-2.0
 *
 * Log entries: what can be parsed is built again, and parses to the same bytes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "audit/entry.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct aw_buf one = AW_BUF_INIT(2 * AW_ENTRY_MAX), two = AW_BUF_INIT(2 * AW_ENTRY_MAX);
    struct aw_entry e, again;
    void *owner, *owner2;

    if (aw_entry_parse((const char *)p, n, &e, &owner, NULL))
        return 0;
    if (aw_entry_build(&one, &e) == 0) {
        if (aw_entry_parse(one.p, one.n, &again, &owner2, NULL))
            abort();
        if (aw_entry_build(&two, &again) || one.n != two.n || memcmp(one.p, two.p, one.n) != 0)
            abort();
        aw_entry_release(owner2);
    }
    aw_entry_release(owner);
    aw_buf_free(&one);
    aw_buf_free(&two);
    return 0;
}
