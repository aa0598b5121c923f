/* SPDX-License-Identifier: Apache-2.0
 *
 * For the tests of receipts in the core loop: a rig whose texts go over JSMS, which is pulled, and
 * whose pushes go to two devices over an account that may ask about each.
 */
#ifndef AW_TESTS_RECEIPT_RIG_H
#define AW_TESTS_RECEIPT_RIG_H

#include "lib/rig.h"

#define T0 ((aw_time)1795341600000) /* 2026-11-22T10:00:00Z */
#define ID "288193860302"
#define LI                                                                                         \
    "{\"user\":\"li\",\"alias\":\"li\",\"phone\":\"+8613800001234\",\"registration_ids\":"         \
    "[\"1a0018970a8fd04d8d5\",\"02078f0f1b8\"]}"
#define ORDER(class) "{\"class\":\"" class "\",\"title\":\"Order 42\",\"recipients\":[" LI "]}"
#define DELIVERED                                                                                  \
    (struct aw_receipt)                                                                            \
    {                                                                                              \
        .provider_id = ID, .level = AW_DELIVERED                                                   \
    }
#define HINT                                                                                       \
    (struct aw_receipt)                                                                            \
    {                                                                                              \
        .provider_id = ID, .hint = true                                                            \
    }

int receipt_setup(void **state);
int receipt_teardown(void **state); /* the log and the tables agree */

/* A receipt as a command; what came of it. */
struct aw_cmd *receipt(struct rig *r, const char *channel, struct aw_receipt what);
enum aw_problem say(struct rig *r, const char *channel, struct aw_receipt what);

int64_t level(struct rig *r);
int64_t orphans(struct rig *r);
int64_t evidence(struct rig *r);

/* A text over jsms, not yet answered. */
const struct aw_send *text(struct rig *r);

#endif
