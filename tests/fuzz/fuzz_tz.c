/* SPDX-License-Identifier: Apache-2.0
 *
 * base/tz.h: any bytes are a zone or refused, and a zone is a function: its stretches follow each
 * other, and a local time that exists is found again.
 */
#include "base/tz.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

#define MUST(cond)                                                                                 \
    do {                                                                                           \
        if (!(cond))                                                                               \
            abort();                                                                               \
    } while (0)

static void walk(const struct aw_tz *tz)
{
    aw_time t = (aw_time)1577836800000; /* 2020 */
    struct aw_tz_span s;

    for (unsigned i = 0; i < 100; i++) {
        aw_tz_span(tz, t, &s);
        MUST(s.from <= t && t < s.until && s.offset >= -25 * AW_HOUR && s.offset <= 26 * AW_HOUR);
        aw_time first = aw_tz_instant(tz, t + s.offset, AW_TZ_FIRST);
        aw_time last = aw_tz_instant(tz, t + s.offset, AW_TZ_LAST);
        MUST(first <= t && t <= last);
        MUST(aw_tz_local(tz, first) == t + s.offset && aw_tz_local(tz, last) == t + s.offset);
        if (s.until == INT64_MAX)
            break;
        t = s.until;
        aw_time noon = t + s.offset + (aw_ms)i * AW_MINUTE; /* perhaps in a gap */
        MUST(aw_tz_instant(tz, noon, AW_TZ_FIRST) <= aw_tz_instant(tz, noon, AW_TZ_LAST));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct aw_tz *tz;
    char text[128];

    if (aw_tz_parse(p, n, &tz, NULL) == 0) {
        walk(tz);
        aw_tz_free(tz);
    }
    if (n < sizeof(text)) {
        memcpy(text, p, n);
        text[n] = '\0';
        if (aw_tz_parse_rule(text, &tz, NULL) == 0) {
            walk(tz);
            aw_tz_free(tz);
        }
    }
    return 0;
}
