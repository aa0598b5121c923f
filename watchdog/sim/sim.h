/* SPDX-License-Identifier: Apache-2.0
 *
 * What all parts of the simulator share. One lock guards it all: requests are short and in memory,
 * and one order of events is easier to check than several.
 *
 * Threads: http (net), smtp sessions, the receipt poster, the timer, the stepper. Each takes the
 * lock for its work and none of them waits for a peer while holding it.
 */
#ifndef AW_SIM_SIM_H
#define AW_SIM_SIM_H

#include <pthread.h>

#include "base/clock.h"
#include "sim/fault.h"
#include "sim/people.h"
#include "sim/record.h"
#include "sim/sched.h"

struct aw_sim {
    pthread_mutex_t lock;
    struct aw_clock clock;
    uint64_t seed;
    uint64_t activity;   /* changes with any work taken up; for the stepped clock */
    unsigned mails;      /* SMTP transactions under way */
    bool slow_seen;      /* slow@ was put off once */
    aw_time people_from; /* where online_at counts from; 0: the first step of the clock */

    struct aw_sim_people *people;
    struct aw_sim_record *record;
    struct aw_sim_sched *sched;
    struct aw_sim_faults faults;
    struct aw_sim_jpush *jpush;
    struct aw_sim_sms *sms;
    struct aw_sim_jsms *jsms;
    struct aw_sim_poster *poster;
    struct aw_sim_timer *timer;
};

static inline void aw_sim_lock(struct aw_sim *sim)
{
    pthread_mutex_lock(&sim->lock);
}

static inline void aw_sim_unlock(struct aw_sim *sim)
{
    pthread_mutex_unlock(&sim->lock);
}

/* Under the lock. */
static inline aw_time aw_sim_now(const struct aw_sim *sim)
{
    return aw_clock_wall(&sim->clock);
}

/* A number that depends on the seed and on whom and what it is for, never on the order of calls. */
uint64_t aw_sim_hash(const struct aw_sim *sim, const char *whom, const char *what);
/* A duration in [low, high], so chosen. */
aw_ms aw_sim_between(const struct aw_sim *sim, const char *whom, const char *what, aw_ms low,
                     aw_ms high);

/* Adds a line to the record at the present time; see record.h. */
void aw_sim_note(struct aw_sim *sim, const char *what, const char *user, json_t *more);

#endif
