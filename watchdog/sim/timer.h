/* SPDX-License-Identifier: Apache-2.0
 *
 * What makes time pass: a thread that fires the schedule when the clock is real (a stepped clock
 * fires it in aw_sim_timer_step), and that ends, by real time, requests which a fault delays.
 */
#ifndef AW_SIM_TIMER_H
#define AW_SIM_TIMER_H

#include "sim/call.h"
#include "sim/sim.h"

struct aw_sim_timer *aw_sim_timer_start(struct aw_sim *sim);
/* Ends the thread and drops all delayed requests. */
void aw_sim_timer_free(struct aw_sim_timer *t);

/* Under the lock: plans an event; see sched.h. */
void aw_sim_timer_at(struct aw_sim *sim, aw_time at, aw_sim_fire fire, void *arg);
/* Under the lock: moves a stepped clock and fires what is due. */
void aw_sim_timer_step(struct aw_sim *sim, aw_time now);
/* Without the lock, for a request that was kept (aw_http_keep): answers it after `ms` of real time
 * with reply, which is taken over (contents moved), or drops it when reply is NULL. */
void aw_sim_timer_hold(struct aw_sim *sim, struct aw_http_request *rq, struct aw_sim_reply *reply,
                       aw_boot ms);
/* Under the lock: requests that will never be answered. */
unsigned aw_sim_timer_hung(const struct aw_sim *sim);

#endif
