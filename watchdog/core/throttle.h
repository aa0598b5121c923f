/* SPDX-License-Identifier: Apache-2.0
 *
 * Limits and token buckets as values: what was let go, and an instant, give the instant at which
 * one more fits. Pure: no clock, no malloc. Instants are wall time in milliseconds.
 */
#ifndef AW_CORE_THROTTLE_H
#define AW_CORE_THROTTLE_H

#include <stdbool.h>

#include "base/time.h"
#include "core/types.h"

struct aw_rate {
    unsigned n; /* at most so many; 0: no limit */
    aw_ms per;  /* in any window so long */
};

#define AW_MAX_RATES  8
#define AW_RATE_MOST  1000000 /* n of a token bucket */
#define AW_LIMIT_MOST 1000    /* n of a limit: so many instants are kept for a person */

/* Several windows, all of which must hold. */
struct aw_rates {
    struct aw_rate list[AW_MAX_RATES];
    unsigned n;
};

/* `limits` of a rule or of the environment. */
struct aw_limits {
    bool given;
    struct aw_rates per_recipient[AW_N_KINDS];
};

/* The first instant at which one more fits beside those sent at the given instants (the oldest
 * first): 0 now, else later than now, and in *ret (may be NULL) which window is the last to let it
 * go. A window [t, t + per) excludes its last instant. */
aw_time aw_rates_fit(const struct aw_rates *r, const aw_time *sent, unsigned n, aw_time now,
                     unsigned *ret);
/* The longest window, and the most sends that any of them looks back on. */
aw_ms aw_rates_span(const struct aw_rates *r);
unsigned aw_rates_most(const struct aw_rates *r);

/* A token bucket: holds rate.n, fills at rate.n / rate.per. Its state is the instant at which it is
 * full again, in microseconds; 0: full. */
typedef int64_t aw_bucket;
/* When there is a token: 0 now. */
aw_time aw_bucket_free_at(aw_bucket b, struct aw_rate rate, aw_time now);
/* Takes one, whether or not there is one. */
void aw_bucket_take(aw_bucket *b, struct aw_rate rate, aw_time now);
/* Microseconds until one more token is there. */
int64_t aw_bucket_gap(struct aw_rate rate);

#endif
