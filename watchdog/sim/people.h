/* SPDX-License-Identifier: Apache-2.0
 *
 * The imaginary people behind the providers: who has which phone, and how it behaves. A JSON list,
 * read strictly (an unknown member is an error with its place):
 *
 *   {"user": "li",                       required, unique; all else may be absent
 *    "alias": "li",                      JPush alias, unique
 *    "registration_ids": ["1a0018..."],  one device each; without them an alias gets one device
 *    "platform": "android"|"ios",        android
 *    "push": "online"|"offline"|"none"|{"online_at": "3m"},
 *                                        online; none: no device, so JPush answers 1011;
 *                                        online_at counts from the start or from POST /sim/people
 *    "delay": "1s",                      from acceptance to the device; else 0.3 to 1.5 s by seed
 *    "phone": "+9990000001", "email": "li@sim.invalid",
 *    "sms": "delivered"}                 a name of aw_sim_sms_kinds; else by magic number
 *
 * A set is immutable once read, but for what aw_sim_people_set_push changes. At most 200,000
 * people, 10 devices each.
 */
#ifndef AW_SIM_PEOPLE_H
#define AW_SIM_PEOPLE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/time.h"

#define AW_SIM_DEVICES 10

enum aw_sim_platform { AW_SIM_ANDROID = 1, AW_SIM_IOS = 2 };
enum aw_sim_push { AW_SIM_ONLINE, AW_SIM_OFFLINE, AW_SIM_ONLINE_LATER, AW_SIM_NO_DEVICE };

struct aw_sim_person {
    char *user, *alias, *phone, *email, *sms; /* NULL when absent, user never */
    char *rids[AW_SIM_DEVICES];
    unsigned n_rids;
    enum aw_sim_platform platform;
    enum aw_sim_push push;
    aw_ms online_after; /* AW_SIM_ONLINE_LATER */
    aw_ms delay;        /* -1: by seed */
};

enum aw_sim_address { AW_SIM_ALIAS, AW_SIM_RID, AW_SIM_PHONE, AW_SIM_EMAIL, AW_SIM_N_ADDRESSES };

struct aw_sim_people;

/* An empty list is fine. Errors name the person and the member. */
int aw_sim_people_parse(const char *json, size_t n, struct aw_sim_people **ret, struct aw_err *err);
void aw_sim_people_free(struct aw_sim_people *p);

/* How the phone of one person behaves from now on; push: what stands at "push" above. AW_ENOENT: no
 * such user. */
int aw_sim_people_set_push(struct aw_sim_people *p, const char *user, const json_t *push,
                           struct aw_err *err);

size_t aw_sim_people_count(const struct aw_sim_people *p);
const struct aw_sim_person *aw_sim_people_at(const struct aw_sim_people *p, size_t i);
/* Also knows the registration ids sim-online, sim-offline and sim-expired. NULL: nobody. */
const struct aw_sim_person *aw_sim_people_find(const struct aw_sim_people *p,
                                               enum aw_sim_address kind, const char *address);

#endif
