/* SPDX-License-Identifier: Apache-2.0
 *
 * How a provider account fares, as a value: may it be sent to now, and if not, when? Fed with what
 * is claimed and how it ended. Five things can stand in the way, each on its own:
 *
 *   pause     a person paused the channel
 *   stop      our credentials were refused: nobody hammers; a slow probe looks again
 *   breaker   transport errors, 5xx, time-outs: open, then one probe at a time, closed after three
 *   limits    what the provider allows (aw_provider.limits), and what it asked for (Retry-After)
 *   room      sends under way at one time, so that a provider that hangs holds only its own
 *
 * and, while an account fails, a budget holds retries to a tenth of the first attempts (those after
 * a restart of ours are none of its fault). Time is any steady clock in
 * milliseconds, handed in; jitter comes from the seed. Pure: no clock, no malloc, one thread.
 * Nothing here is stored: a pause and a stop are (table channel_hold), the rest is learned anew
 * after a start.
 */
#ifndef AW_CORE_FITNESS_H
#define AW_CORE_FITNESS_H

#include "core/channel.h"

#define AW_FITNESS_ROOM   512 /* sends of one channel under way or queued */
#define AW_RETRY_BURST    20  /* retries that a rested account has at once */
#define AW_RATE_HISTORY   128 /* sends remembered: the largest n of a limit */
#define AW_FITNESS_WINDOW 6   /* slots of five seconds that the breaker looks back on */

enum aw_breaker { AW_BREAKER_CLOSED, AW_BREAKER_OPEN, AW_BREAKER_HALF_OPEN };
const char *aw_breaker_name(enum aw_breaker b); /* "closed", "open", "half_open" */

enum aw_fitness_change {
    AW_FITNESS_SAME,
    AW_FITNESS_BREAKER,
    AW_FITNESS_STOPPED,
    AW_FITNESS_RESUMED
};

/* What stands in the way, the first that applies. */
enum aw_obstacle {
    AW_OB_NONE,
    AW_OB_PAUSED,
    AW_OB_STOPPED,
    AW_OB_BREAKER,
    AW_OB_THROTTLED,
    AW_OB_LIMIT,
    AW_OB_ROOM,
    AW_OB_BUDGET,
    AW_N_OBSTACLES
};
const char *aw_obstacle_name(enum aw_obstacle o);

struct aw_fitness {
    uint64_t seed;
    unsigned draws; /* of jitter so far */
    struct aw_rate limits[AW_MAX_LIMITS];
    unsigned room;

    bool paused, stopped;
    aw_ms held_at, paused_until; /* 0: until resumed */
    aw_ms probe_at, probe_gap;   /* of a stopped channel */

    enum aw_breaker breaker;
    aw_ms broken_at, open_until; /* since when; until when nothing is sent */
    unsigned openings;           /* in a row */
    unsigned probes;             /* under way while half open or stopped */
    unsigned good_probes;
    unsigned in_a_row; /* failures */
    aw_ms bad_at;      /* the last one; 0: none yet */
    bool good_since;
    struct {
        aw_ms slot;
        unsigned good, bad;
    } window[AW_FITNESS_WINDOW];

    aw_ms throttled_until;
    aw_ms sent[AW_RATE_HISTORY]; /* instants of the last sends, a ring */
    unsigned n_sent;             /* all of them; the newest is at n_sent - 1 */

    unsigned flying;
    aw_ms latency;  /* smoothed, from claim to result */
    int64_t queued; /* microseconds: the last slot given to one who waits */

    unsigned budget;          /* tenths of retries */
    bool drained;             /* it was empty less than a minute ago: it fills to a little only */
    unsigned fed, fed_before; /* tenths by first attempts since topped_at; in the minute before */
    unsigned retried;         /* since topped_at */
    aw_ms topped_at;
};

/* A send that was let go; the caller keeps it and hands it back with the result. */
struct aw_fitness_send {
    aw_ms at;
    bool probe;
};

void aw_fitness_init(struct aw_fitness *h, const struct aw_provider *p, uint64_t seed, aw_ms now);

/* 0: may be sent to now. Else the instant, later than now, at which it is worth asking again, and
 * in *ret (may be NULL) why. */
aw_ms aw_fitness_free_at(const struct aw_fitness *h, aw_ms now, enum aw_claim_as as,
                         enum aw_obstacle *ret);
/* One more waits for the instant that aw_fitness_free_at named: the next is given a later one. */
void aw_fitness_queue(struct aw_fitness *h, aw_ms at);

/* A send is claimed. True when that changed the breaker to half open. */
bool aw_fitness_begin(struct aw_fitness *h, aw_ms now, enum aw_claim_as as,
                      struct aw_fitness_send *ret);
/* It ended. sent: false when the result is our own (it never left). wait: throttled or transient,
 * what the provider asked of the whole account; 0: nothing. */
enum aw_fitness_change aw_fitness_end(struct aw_fitness *h, aw_ms now,
                                      const struct aw_fitness_send *s, enum aw_outcome outcome,
                                      bool sent, aw_ms wait);

void aw_fitness_pause(struct aw_fitness *h, aw_ms now, aw_ms until);
/* Also after a start (probe at once) and by a person (resume = all clear). */
void aw_fitness_stop(struct aw_fitness *h, aw_ms now, aw_ms probe_at);
void aw_fitness_resume(struct aw_fitness *h);

/* Retries that the budget allows now, and the sends in the longest limit's window with the instant
 * at which the next slot is free (0: now). For people. */
unsigned aw_fitness_retries(const struct aw_fitness *h, aw_ms now);
unsigned aw_fitness_used(const struct aw_fitness *h, aw_ms now, aw_ms *ret_next);

/* Concurrency towards one destination (Postfix's cohorts): starts at 2, one more after as many
 * successes in a row as there are places, one less at each failure, never below 1. */
struct aw_cohort {
    unsigned limit, good;
};
#define AW_COHORT_START 2
void aw_cohort_end(struct aw_cohort *c, unsigned cap, bool failed);
/* Within 1 and cap; a fresh one begins at AW_COHORT_START. */
unsigned aw_cohort_limit(const struct aw_cohort *c, unsigned cap);

#endif
