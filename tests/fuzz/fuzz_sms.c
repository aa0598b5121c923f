/* SPDX-License-Identifier: Apache-2.0
 *
 * codec/sms.h: sums agree, no segment is over-full, replacing odd characters makes GSM of a text.
 */
#include "codec/sms.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

#define MUST(cond)                                                                                 \
    do {                                                                                           \
        if (!(cond))                                                                               \
            abort();                                                                               \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    const char *text = (const char *)p;
    struct aw_sms_count c;
    struct aw_sms_odd odd;

    if (n > 8192)
        return 0;
    aw_sms_count(text, n, &c);
    unsigned size = c.segments == 1 ? aw_sms_single(c.coding) : aw_sms_part(c.coding);
    unsigned held = c.segments * size - c.room;
    MUST(c.chars <= n && c.units <= 2 * c.chars && c.room <= size);
    /* at most one unit is wasted at the end of each segment but the last */
    MUST(held >= c.units && held - c.units < c.segments);
    MUST(n == 0 || aw_sms_segment_of(text, n, n - 1) == c.segments - 1);
    MUST(n == 0 || aw_sms_segment_of(text, n, 0) == 0);
    bool is_odd = aw_sms_odd(text, n, &odd);
    MUST(is_odd == (c.coding == AW_SMS_UCS2));
    if (is_odd) {
        MUST(odd.at < n && odd.position >= 1 && odd.position + odd.others <= c.chars);
        MUST(!odd.all || odd.fixed.coding == AW_SMS_GSM7);
    }
    return 0;
}
