/* SPDX-License-Identifier: Apache-2.0
 *
 * What will happen at some simulated time: deliveries, receipts, replies. A binary heap by time,
 * then by order of arrival. No clock and no thread here (timer.h moves it). Callers hold the
 * simulator's lock. At most 1,000,000 events.
 */
#ifndef AW_SIM_SCHED_H
#define AW_SIM_SCHED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/time.h"

/* Takes arg over. What never fires is freed with aw_free, so arg is one allocation. */
typedef void (*aw_sim_fire)(void *ctx, void *arg);

struct aw_sim_sched;

struct aw_sim_sched *aw_sim_sched_new(void *ctx);
void aw_sim_sched_free(struct aw_sim_sched *s);
/* Takes arg over (aw_malloc'ed or NULL). False, with arg freed, when the schedule is full. */
bool aw_sim_sched_add(struct aw_sim_sched *s, aw_time at, aw_sim_fire fire, void *arg);
/* Fires what is due, in order, including what that adds; returns how many. */
size_t aw_sim_sched_run(struct aw_sim_sched *s, aw_time now);
aw_time aw_sim_sched_next(const struct aw_sim_sched *s); /* 0: nothing planned */

#endif
