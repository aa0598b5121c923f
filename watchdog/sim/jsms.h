/* SPDX-License-Identifier: Apache-2.0
 *
 * JSMS: SMS by templates, reports and replies that are handed out once, or posted and signed where
 * an URL is set. The account is the one of JPush. Under the lock.
 */
#ifndef AW_SIM_JSMS_H
#define AW_SIM_JSMS_H

#include "sim/call.h"
#include "sim/sim.h"

/* callback: where reports and replies are posted; NULL: they wait to be asked for. */
struct aw_sim_jsms *aw_sim_jsms_new(const char *app_key, const char *secret, const char *callback);
void aw_sim_jsms_free(struct aw_sim_jsms *s);

void aw_sim_jsms_send(struct aw_sim *sim, struct aw_sim_call *c);
void aw_sim_jsms_report(struct aw_sim *sim, struct aw_sim_call *c);
void aw_sim_jsms_reply(struct aw_sim *sim, struct aw_sim_call *c);

#endif
