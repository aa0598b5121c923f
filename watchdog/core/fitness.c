/* SPDX-License-Identifier: Apache-2.0
 *
 * The health of an account. Figures are those of reliability engineering handbooks: a breaker that
 * opens at five failures in a row or at half of twenty within 30 s, waits 15 s doubling to 45 s (so
 * that it is closed within a minute of the recovery), closes after three good probes; a retry for
 * every ten first attempts.
 */
#include "core/fitness.h"

#include <string.h>

#include "base/hash.h"

#define SLOT          (5 * AW_SECOND)
#define IN_A_ROW      5
#define WINDOW_LEAST  20
#define OPEN_FIRST    (15 * AW_SECOND)
#define OPEN_MOST     (45 * AW_SECOND)
#define PROBES_GOOD   3
#define PROBE_LOOK    AW_SECOND /* another looks again while a probe is under way */
#define STOP_FIRST    (5 * AW_MINUTE)
#define STOP_MOST     AW_HOUR
#define HELD_LEAST    (15 * AW_SECOND)
#define HELD_MOST     (5 * AW_MINUTE)
#define PAUSED_MOST   (100 * AW_DAY)  /* who waits is let go when a person resumes it */
#define THROTTLE_MOST (5 * AW_MINUTE) /* then one looks whether the provider meant it */
#define DRAINED_MOST  2               /* retries that an account saves up while it needs them all */
#define QUEUE_MOST    AW_MINUTE /* slots are given out so far ahead, then again from the start */
#define LATENCY_FIRST AW_SECOND
#define US            1000 /* microseconds in a millisecond */
#define TENTHS        10

const char *aw_breaker_name(enum aw_breaker b)
{
    static const char *const names[] = {"closed", "open", "half_open"};
    return names[b];
}

const char *aw_obstacle_name(enum aw_obstacle o)
{
    static const char *const names[AW_N_OBSTACLES] = {
        [AW_OB_NONE] = "none",       [AW_OB_PAUSED] = "paused", [AW_OB_STOPPED] = "stopped",
        [AW_OB_BREAKER] = "breaker", [AW_OB_LIMIT] = "limit",   [AW_OB_THROTTLED] = "throttled",
        [AW_OB_ROOM] = "room",       [AW_OB_BUDGET] = "budget",
    };
    return names[o];
}

void aw_fitness_init(struct aw_fitness *h, const struct aw_provider *p, uint64_t seed, aw_ms now)
{
    memset(h, 0, sizeof(*h));
    h->seed = seed;
    for (unsigned i = 0; i < AW_MAX_LIMITS; i++)
        h->limits[i] = p->limits[i];
    h->room = AW_FITNESS_ROOM;
    h->latency = LATENCY_FIRST;
    h->budget = AW_RETRY_BURST * TENTHS;
    h->topped_at = now;
}

/* From half of `most` to all of it; without a seed all of it. */
static aw_ms jitter(struct aw_fitness *h, aw_ms most)
{
    if (!h->seed)
        return most;
    return most / 2 + (aw_ms)(aw_mix(h->seed, h->draws++, 0) % (uint64_t)(most / 2 + 1));
}

/* --- the budget of retries ------------------------------------------------------------------ */

/* First attempts feed it. Where they feed less than one retry a minute, the rest is given, so that
 * a quiet installation is not left without. */
static unsigned budget_at(const struct aw_fitness *h, aw_ms now)
{
    aw_ms minutes = (now - h->topped_at) / AW_MINUTE;
    unsigned given = h->fed < TENTHS ? TENTHS - h->fed : 0;
    bool rested = !h->drained || minutes > (h->retried ? 1 : 0);
    unsigned most = (rested ? AW_RETRY_BURST : DRAINED_MOST) * TENTHS;

    if (minutes <= 0)
        return h->budget < most ? h->budget : most;
    given += minutes > AW_RETRY_BURST ? most : (unsigned)(minutes - 1) * TENTHS;
    return h->budget + given < most ? h->budget + given : most;
}

static void top_up(struct aw_fitness *h, aw_ms now)
{
    aw_ms minutes = (now - h->topped_at) / AW_MINUTE;

    h->budget = budget_at(h, now);
    if (minutes <= 0)
        return;
    h->drained = h->drained && minutes == 1 && h->retried;
    h->fed_before = minutes == 1 ? h->fed : 0;
    h->fed = h->retried = 0;
    h->topped_at += minutes * AW_MINUTE;
}

/* Nothing has failed of late: retries harm nobody. */
static bool calm(const struct aw_fitness *h, aw_ms now)
{
    return h->bad_at == 0 || (h->good_since && now - h->bad_at > AW_FITNESS_WINDOW * SLOT);
}

static void feed(struct aw_fitness *h, bool retry, bool costs)
{
    if (retry && !costs)
        return;
    if (retry) {
        h->budget -= h->budget < TENTHS ? h->budget : TENTHS;
        h->drained = h->drained || h->budget < TENTHS;
        h->retried++;
    } else {
        h->budget++; /* budget_at keeps it within its bounds */
        h->fed++;
    }
}

unsigned aw_fitness_retries(const struct aw_fitness *h, aw_ms now)
{
    return budget_at(h, now) / TENTHS;
}

/* --- limits --------------------------------------------------------------------------------- */

/* The instant of the n-th last send; false: there were not so many. */
static bool nth_last(const struct aw_fitness *h, unsigned n, aw_ms *ret)
{
    if (n == 0 || n > h->n_sent || n > AW_RATE_HISTORY)
        return false;
    *ret = h->sent[(h->n_sent - n) % AW_RATE_HISTORY];
    return true;
}

/* When the limits let the next one go: 0, now. */
static aw_ms limit_free_at(const struct aw_fitness *h, aw_ms now)
{
    aw_ms at, free = 0;

    for (unsigned i = 0; i < AW_MAX_LIMITS && h->limits[i].n; i++)
        if (nth_last(h, h->limits[i].n, &at) && at + h->limits[i].per > now &&
            at + h->limits[i].per > free)
            free = at + h->limits[i].per;
    return free;
}

unsigned aw_fitness_used(const struct aw_fitness *h, aw_ms now, aw_ms *ret_next)
{
    unsigned used = 0;
    aw_ms at;

    while (used < h->limits[0].n && nth_last(h, used + 1, &at) && at + h->limits[0].per > now)
        used++;
    *ret_next = limit_free_at(h, now);
    return used;
}

/* Microseconds between two who wait. */
static int64_t gap(const struct aw_fitness *h, enum aw_obstacle o)
{
    unsigned fed = h->fed > h->fed_before ? h->fed : h->fed_before;
    int64_t g = h->latency * US / (h->flying ? h->flying : 1);

    if (o == AW_OB_BUDGET)
        g = AW_MINUTE * US * TENTHS / (fed > TENTHS ? fed : TENTHS);
    else if (h->limits[0].n)
        g = h->limits[0].per * US / h->limits[0].n;
    return g > 0 ? g : 1;
}

/* --- may it be sent to? --------------------------------------------------------------------- */

/* What has no certain end is looked at again after as long as it has lasted. */
static aw_ms look_again(aw_ms lasted, aw_ms now, aw_ms end)
{
    aw_ms at = now + (lasted < HELD_LEAST ? HELD_LEAST : lasted > HELD_MOST ? HELD_MOST : lasted);
    return end && end < at ? end : at;
}

static aw_ms probing(const struct aw_fitness *h, aw_ms now, aw_ms from)
{
    if (now < from)
        return from;
    return h->probes ? now + PROBE_LOOK : 0;
}

/* Those who will probe are enough: the others come later the longer it is broken, so that a long
 * outage does not move each of them every few seconds. */
static aw_ms behind_probes(const struct aw_fitness *h, aw_ms now, aw_ms at)
{
    if (at == 0 || h->queued <= at * US + PROBES_GOOD * gap(h, AW_OB_BREAKER))
        return at;
    aw_ms later = look_again(now - h->broken_at, now, 0);
    return later > at ? later : at;
}

static bool is_paused(const struct aw_fitness *h, aw_ms now)
{
    return h->paused && (h->paused_until == 0 || now < h->paused_until);
}

static enum aw_obstacle obstacle(const struct aw_fitness *h, aw_ms now, enum aw_claim_as as,
                                 aw_ms *at)
{
    const bool limited = h->limits[0].n != 0;

    if (is_paused(h, now)) {
        *at = h->paused_until ? h->paused_until : now + PAUSED_MOST;
        return AW_OB_PAUSED;
    }
    if (h->stopped && (*at = probing(h, now, h->probe_at)) != 0) {
        *at = look_again(now - h->held_at, now, *at);
        return AW_OB_STOPPED;
    }
    if (h->breaker != AW_BREAKER_CLOSED &&
        (*at = behind_probes(h, now, probing(h, now, h->open_until))) != 0)
        return AW_OB_BREAKER;
    if ((*at = h->throttled_until) > now)
        return AW_OB_THROTTLED;
    if ((*at = limit_free_at(h, now)) != 0)
        return AW_OB_LIMIT;
    /* Nobody overtakes those who wait for a place within the limit. */
    *at = h->queued / US + 1;
    if (limited && as == AW_AS_NEW && *at > now)
        return AW_OB_LIMIT;
    *at = now + 1 + gap(h, AW_OB_ROOM) / US;
    if (h->flying >= h->room)
        return AW_OB_ROOM;
    *at = now + 1 + gap(h, AW_OB_BUDGET) / US;
    if (as == AW_AS_RETRY && budget_at(h, now) < TENTHS && !calm(h, now))
        return AW_OB_BUDGET;
    *at = 0;
    return AW_OB_NONE;
}

aw_ms aw_fitness_free_at(const struct aw_fitness *h, aw_ms now, enum aw_claim_as as,
                         enum aw_obstacle *ret)
{
    aw_ms at;
    enum aw_obstacle o = obstacle(h, now, as, &at);
    aw_ms next = (h->queued + gap(h, o)) / US + 1;

    if (ret)
        *ret = o;
    if (o == AW_OB_NONE)
        return 0;
    if (at < next && next <= at + QUEUE_MOST)
        at = next;
    return at > now ? at : now + 1;
}

void aw_fitness_queue(struct aw_fitness *h, aw_ms at)
{
    int64_t next = h->queued + gap(h, AW_OB_NONE);
    /* Slots finer than a millisecond add up. */
    h->queued = next / US + 1 == at ? next : at * US;
}

/* --- what happens --------------------------------------------------------------------------- */

bool aw_fitness_begin(struct aw_fitness *h, aw_ms now, enum aw_claim_as as,
                      struct aw_fitness_send *ret)
{
    bool half = h->breaker == AW_BREAKER_OPEN && now >= h->open_until;

    top_up(h, now);
    if (half)
        h->breaker = AW_BREAKER_HALF_OPEN;
    *ret =
        (struct aw_fitness_send){.at = now, .probe = h->stopped || h->breaker != AW_BREAKER_CLOSED};
    h->probes += ret->probe;
    h->flying++;
    h->sent[h->n_sent % AW_RATE_HISTORY] = now;
    if (++h->n_sent >= 2 * AW_RATE_HISTORY) /* the ring stays where it is */
        h->n_sent -= AW_RATE_HISTORY;
    if (as != AW_AS_OTHER)
        feed(h, as == AW_AS_RETRY, !calm(h, now));
    return half;
}

static void open_breaker(struct aw_fitness *h, aw_ms now)
{
    aw_ms wait = h->openings < 8 ? OPEN_FIRST << h->openings : OPEN_MOST;

    h->breaker = AW_BREAKER_OPEN;
    if (h->openings++ == 0)
        h->broken_at = now;
    h->open_until = now + jitter(h, wait < OPEN_MOST ? wait : OPEN_MOST);
    h->good_probes = h->in_a_row = 0;
    memset(h->window, 0, sizeof(h->window));
}

static void close_breaker(struct aw_fitness *h)
{
    h->breaker = AW_BREAKER_CLOSED;
    h->openings = h->good_probes = h->in_a_row = 0;
    h->broken_at = h->open_until = 0;
    h->queued = 0; /* who comes now needs not wait behind those who do */
}

/* The last 30 s, this one counted in: half of at least twenty have failed. */
static bool half_failed(struct aw_fitness *h, aw_ms now, bool failed)
{
    aw_ms slot = now / SLOT;
    unsigned good = 0, bad = 0, i = (unsigned)(slot % AW_FITNESS_WINDOW);

    if (h->window[i].slot != slot) {
        h->window[i].slot = slot;
        h->window[i].good = h->window[i].bad = 0;
    }
    if (failed)
        h->window[i].bad++;
    else
        h->window[i].good++;
    for (i = 0; i < AW_FITNESS_WINDOW; i++)
        if (h->window[i].slot > slot - AW_FITNESS_WINDOW && h->window[i].slot <= slot) {
            good += h->window[i].good;
            bad += h->window[i].bad;
        }
    return good + bad >= WINDOW_LEAST && bad >= good;
}

static bool feed_breaker(struct aw_fitness *h, aw_ms now, const struct aw_fitness_send *s,
                         bool failed)
{
    if (h->breaker == AW_BREAKER_CLOSED) {
        h->in_a_row = failed ? h->in_a_row + 1 : 0;
        if (!half_failed(h, now, failed) && h->in_a_row < IN_A_ROW)
            return false;
        open_breaker(h, now);
        return true;
    }
    if (!s->probe || h->breaker == AW_BREAKER_OPEN) /* left before it broke: says nothing new */
        return false;
    if (failed) {
        open_breaker(h, now);
        return true;
    }
    if (++h->good_probes < PROBES_GOOD)
        return false;
    close_breaker(h);
    return true;
}

static enum aw_fitness_change feed_stop(struct aw_fitness *h, aw_ms now,
                                        const struct aw_fitness_send *s, enum aw_outcome outcome,
                                        bool failed)
{
    if (outcome == AW_OUT_AUTH && !h->stopped) {
        aw_fitness_stop(h, now, now + STOP_FIRST);
        return AW_FITNESS_STOPPED;
    }
    if (!h->stopped || !s->probe)
        return AW_FITNESS_SAME;
    if (outcome == AW_OUT_AUTH || failed) {
        h->probe_gap = 2 * h->probe_gap < STOP_MOST ? 2 * h->probe_gap : STOP_MOST;
        h->probe_at = now + h->probe_gap;
        return AW_FITNESS_SAME;
    }
    h->stopped = false;
    return AW_FITNESS_RESUMED;
}

enum aw_fitness_change aw_fitness_end(struct aw_fitness *h, aw_ms now,
                                      const struct aw_fitness_send *s, enum aw_outcome outcome,
                                      bool sent, aw_ms wait)
{
    bool failed = outcome == AW_OUT_TRANSIENT || outcome == AW_OUT_UNKNOWN;
    enum aw_fitness_change stop;

    h->flying -= h->flying > 0;
    if (s->probe && h->probes)
        h->probes--;
    if (!sent)
        return AW_FITNESS_SAME;
    h->good_since = !failed;
    if (failed)
        h->bad_at = now;
    h->latency += (now - s->at - h->latency) / 8;
    if (h->latency < 1)
        h->latency = 1;
    if ((outcome == AW_OUT_THROTTLED || outcome == AW_OUT_TRANSIENT) && wait > 0) {
        aw_ms until = now + (wait < THROTTLE_MOST ? wait : THROTTLE_MOST);
        if (until > h->throttled_until)
            h->throttled_until = until;
    }
    stop = feed_stop(h, now, s, outcome, failed);
    if (feed_breaker(h, now, s, failed) && stop == AW_FITNESS_SAME)
        return AW_FITNESS_BREAKER;
    return stop;
}

/* --- people --------------------------------------------------------------------------------- */

void aw_fitness_pause(struct aw_fitness *h, aw_ms now, aw_ms until)
{
    h->paused = true;
    h->held_at = now;
    h->paused_until = until;
}

void aw_fitness_stop(struct aw_fitness *h, aw_ms now, aw_ms probe_at)
{
    h->stopped = true;
    h->held_at = now;
    h->probe_gap = STOP_FIRST;
    h->probe_at = probe_at;
}

void aw_fitness_resume(struct aw_fitness *h)
{
    h->paused = h->stopped = false;
    h->paused_until = h->throttled_until = 0;
    close_breaker(h);
}

/* --- cohorts -------------------------------------------------------------------------------- */

unsigned aw_cohort_limit(const struct aw_cohort *c, unsigned cap)
{
    unsigned limit = c->limit ? c->limit : AW_COHORT_START;
    return limit < cap ? limit : cap ? cap : 1;
}

void aw_cohort_end(struct aw_cohort *c, unsigned cap, bool failed)
{
    c->limit = aw_cohort_limit(c, cap);
    if (failed) {
        c->good = 0;
        c->limit -= c->limit > 1;
    } else if (++c->good >= c->limit) {
        c->good = 0;
        c->limit += c->limit < cap;
    }
}
