/* SPDX-License-Identifier: Apache-2.0 */
#include "core/throttle.h"

#define US 1000 /* microseconds of a millisecond */

aw_time aw_rates_fit(const struct aw_rates *r, const aw_time *sent, unsigned n, aw_time now,
                     unsigned *ret)
{
    aw_time at = 0;

    /* Once the n-th last has left its window, one more fits, and goes on fitting. */
    for (unsigned i = 0; i < r->n; i++) {
        const struct aw_rate *w = &r->list[i];
        if (w->n == 0 || n < w->n)
            continue;
        aw_time free = sent[n - w->n] + w->per;
        if (free > now && free > at) {
            at = free;
            if (ret)
                *ret = i;
        }
    }
    return at;
}

aw_ms aw_rates_span(const struct aw_rates *r)
{
    aw_ms span = 0;

    for (unsigned i = 0; i < r->n; i++)
        if (r->list[i].per > span)
            span = r->list[i].per;
    return span;
}

unsigned aw_rates_most(const struct aw_rates *r)
{
    unsigned most = 0;

    for (unsigned i = 0; i < r->n; i++)
        if (r->list[i].n > most)
            most = r->list[i].n;
    return most;
}

int64_t aw_bucket_gap(struct aw_rate rate)
{
    int64_t gap = rate.n ? rate.per * US / rate.n : 0;

    return gap > 0 ? gap : 1;
}

aw_time aw_bucket_free_at(aw_bucket b, struct aw_rate rate, aw_time now)
{
    /* All but one token may be missing. */
    int64_t free = b - (int64_t)(rate.n - 1) * aw_bucket_gap(rate);

    return rate.n == 0 || free <= now * US ? 0 : (free + US - 1) / US;
}

void aw_bucket_take(aw_bucket *b, struct aw_rate rate, aw_time now)
{
    int64_t from = *b > now * US ? *b : now * US;

    *b = from + aw_bucket_gap(rate);
}
