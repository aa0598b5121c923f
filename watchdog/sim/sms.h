/* SPDX-License-Identifier: Apache-2.0
 *
 * A generic SMS gateway: /sms/send with to, text, ref (the caller's reference), dlr (where receipts
 * go) and mo (where replies go), as a form, as JSON or in the query. Answers {"code":0,"id":"..."}
 * or {"code":N,"message":"..."}; 1001 means never for this number. A receipt is a form with ref,
 * id and status; a reply one with ref, id, from and text, to mo, else to where receipts go. Under
 * the simulator's lock.
 */
#ifndef AW_SIM_SMS_H
#define AW_SIM_SMS_H

#include "sim/call.h"
#include "sim/sim.h"

/* receipt_url: where receipts go when a request names no dlr; NULL: nowhere. */
struct aw_sim_sms *aw_sim_sms_new(const char *receipt_url);
void aw_sim_sms_free(struct aw_sim_sms *s);

void aw_sim_sms_send(struct aw_sim *sim, struct aw_sim_call *c);
/* POST /sim/reply {"to": phone, "text": T}: the phone answers its last SMS. */
void aw_sim_sms_reply(struct aw_sim *sim, struct aw_sim_call *c);
void aw_sim_sms_error(struct aw_sim_reply *r, int status, int code, const char *message);

#endif
