/* SPDX-License-Identifier: Apache-2.0
 *
 * Whom a push is for: kinds of audience given together are ANDed, the values of one kind are ORed
 * (tag_and: ANDed, tag_not: none of them). Under the simulator's lock.
 */
#ifndef AW_SIM_JPUSH_AUDIENCE_H
#define AW_SIM_JPUSH_AUDIENCE_H

#include "sim/jpush_check.h"
#include "sim/jpush_store.h"

/* Adds every device of the audience to e->targets, each once. */
void aw_sim_audience_find(struct aw_sim *sim, const struct aw_sim_push_request *rq,
                          struct aw_sim_push_entry *e);
/* The first person who is named by alias or registration id, for the record; or NULL. */
const struct aw_sim_person *aw_sim_audience_first(const struct aw_sim *sim,
                                                  const struct aw_sim_push_request *rq);

#endif
