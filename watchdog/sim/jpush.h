/* SPDX-License-Identifier: Apache-2.0
 *
 * JPush as its documents and captures describe it: push, cid pool, revocation, reports, devices.
 *
 * Kept in memory: at most 100,000 pushes (28 days) and 200,000 cids (1 day), the oldest go first.
 * Every function is called under the simulator's lock.
 */
#ifndef AW_SIM_JPUSH_H
#define AW_SIM_JPUSH_H

#include "sim/call.h"
#include "sim/sim.h"

enum aw_sim_family {
    AW_SIM_NO_FAMILY,
    AW_SIM_FAMILY_PUSH,
    AW_SIM_FAMILY_REPORT,
    AW_SIM_FAMILY_DEVICE,
    AW_SIM_FAMILY_GROUP, /* pushes over an app group, with the group's key */
    AW_SIM_N_FAMILIES
};

struct aw_sim_jpush *aw_sim_jpush_new(const char *app_key, const char *secret);
void aw_sim_jpush_free(struct aw_sim_jpush *jp);

/* Deliveries are posted there from now on, in the way that docs/channels.md describes. */
void aw_sim_jpush_callback_to(struct aw_sim_jpush *jp, const char *url);

/* Checks the account and the family's quota, adds the rate headers. False: the reply is an error.
 */
bool aw_sim_jpush_admit(struct aw_sim *sim, struct aw_sim_call *c, enum aw_sim_family family);
/* {"error":{code, message}}; msg_id as a number when not 0. */
void aw_sim_jpush_error(struct aw_sim_reply *r, int status, int code, const char *message,
                        uint64_t msg_id);

/* One push as POST /v3/push has it, or (for_real false) only its checks and their answer. */
void aw_sim_jpush_carry_out(struct aw_sim *sim, const char *p, size_t n, bool for_real,
                            struct aw_sim_reply *r);

void aw_sim_jpush_push(struct aw_sim *sim, struct aw_sim_call *c);
void aw_sim_jpush_validate(struct aw_sim *sim, struct aw_sim_call *c);
void aw_sim_jpush_cid(struct aw_sim *sim, struct aw_sim_call *c);
void aw_sim_jpush_revoke(struct aw_sim *sim, struct aw_sim_call *c);
void aw_sim_jpush_received(struct aw_sim *sim, struct aw_sim_call *c);
void aw_sim_jpush_received_detail(struct aw_sim *sim, struct aw_sim_call *c);
void aw_sim_jpush_status(struct aw_sim *sim, struct aw_sim_call *c);

/* jpush_batch.c */
void aw_sim_jpush_batch_regid(struct aw_sim *sim, struct aw_sim_call *c);
void aw_sim_jpush_batch_alias(struct aw_sim *sim, struct aw_sim_call *c);
void aw_sim_jpush_group(struct aw_sim *sim, struct aw_sim_call *c);
/* jpush_stats.c */
void aw_sim_jpush_messages(struct aw_sim *sim, struct aw_sim_call *c);
void aw_sim_jpush_messages_detail(struct aw_sim *sim, struct aw_sim_call *c);
void aw_sim_jpush_users(struct aw_sim *sim, struct aw_sim_call *c);
/* jpush_device.c */
void aw_sim_jpush_device_get(struct aw_sim *sim, struct aw_sim_call *c);
void aw_sim_jpush_device_set(struct aw_sim *sim, struct aw_sim_call *c);
void aw_sim_jpush_device_status(struct aw_sim *sim, struct aw_sim_call *c);
void aw_sim_jpush_alias_get(struct aw_sim *sim, struct aw_sim_call *c);
void aw_sim_jpush_alias_set(struct aw_sim *sim, struct aw_sim_call *c);
void aw_sim_jpush_alias_delete(struct aw_sim *sim, struct aw_sim_call *c);
void aw_sim_jpush_tags(struct aw_sim *sim, struct aw_sim_call *c);
void aw_sim_jpush_tag_get(struct aw_sim *sim, struct aw_sim_call *c);
void aw_sim_jpush_tag_set(struct aw_sim *sim, struct aw_sim_call *c);
void aw_sim_jpush_tag_delete(struct aw_sim *sim, struct aw_sim_call *c);

/* The people were replaced: what waits for a phone that is online now sets out. */
void aw_sim_jpush_people_changed(struct aw_sim *sim);

#endif
