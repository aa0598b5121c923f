/* SPDX-License-Identifier: Apache-2.0
 *
 * What the simulated JPush remembers: accounts, quotas, pushes with their targets, cids. Shared by
 * jpush.c (which writes) and jpush_report.c (which reads). Under the simulator's lock.
 */
#ifndef AW_SIM_JPUSH_STORE_H
#define AW_SIM_JPUSH_STORE_H

#include <stdbool.h>

#include "base/table.h"
#include "base/time.h"
#include "sim/jpush.h"
#include "sim/people.h"

#define AW_SIM_STORED 5 /* messages that wait for one device; more push out the oldest */

enum aw_sim_target_state {
    AW_SIM_TARGET_WAITING, /* on its way, or stored until the device comes online */
    AW_SIM_TARGET_DELIVERED,
    AW_SIM_TARGET_GONE, /* expired, revoked, replaced or pushed out */
};

struct aw_sim_target {
    char *user, *rid;
    enum aw_sim_platform platform;
    enum aw_sim_target_state state;
    aw_time delivered;
};

struct aw_sim_push_entry {
    uint64_t msg_id;
    aw_time at;
    aw_ms ttl;
    bool notification, message, countable;
    char *ref, *msg;  /* or NULL */
    json_t *callback; /* of the push, or NULL */
    struct aw_sim_target *targets;
    unsigned n_targets;
    UT_hash_handle hh;
};

struct aw_sim_cid {
    char *text;
    aw_time issued;
    uint64_t msg_id; /* of the push that it was used for; 0 while unused */
    int64_t sendno;
    UT_hash_handle hh;
};

/* Messages that wait for one device, oldest first. */
struct aw_sim_mailbox {
    char *rid;
    uint64_t msg_ids[AW_SIM_STORED];
    unsigned n;
    UT_hash_handle hh;
};

struct aw_sim_quota {
    aw_time from; /* of the present minute */
    unsigned used;
};

struct aw_sim_jpush {
    char *app_key, *basic, *group_basic; /* what the Authorization header must say */
    char *callback;                      /* URL, or NULL */
    uint64_t pushes_made, cids_made;
    struct aw_sim_quota quota[AW_SIM_N_FAMILIES];
    struct aw_sim_quota broadcasts;   /* of the present day */
    struct aw_sim_push_entry *pushes; /* in order of acceptance */
    struct aw_sim_cid *cids;          /* in order of issue */
    struct aw_sim_mailbox *mailboxes;
    struct aw_sim_device *devices; /* device.h */
};

/* NULL when unknown or older than 28 days. */
struct aw_sim_push_entry *aw_sim_jpush_find(struct aw_sim *sim, uint64_t msg_id);
void aw_sim_jpush_remember(struct aw_sim_jpush *jp, struct aw_sim_push_entry *e);
struct aw_sim_cid *aw_sim_jpush_find_cid(struct aw_sim *sim, const char *text);
struct aw_sim_cid *aw_sim_jpush_issue_cid(struct aw_sim *sim);
uint64_t aw_sim_jpush_new_msg_id(struct aw_sim *sim);

void aw_sim_push_entry_free(struct aw_sim_push_entry *e);
/* Takes what still waits out of the store. */
void aw_sim_jpush_withdraw(struct aw_sim_jpush *jp, struct aw_sim_push_entry *e);
/* Answers GET ?msg_ids=A,B,...: a row for each push that is known; others are left out
 * (jpush_report.c). */
typedef json_t *aw_sim_row(const struct aw_sim *sim, const struct aw_sim_push_entry *e,
                           const void *arg);
void aw_sim_jpush_rows(struct aw_sim *sim, struct aw_sim_call *c, const char *path, aw_sim_row *row,
                       const void *arg);
/* A message that waits for a device: the sixth pushes the first out. */
void aw_sim_mailbox_put(struct aw_sim *sim, const char *rid, uint64_t msg_id);
void aw_sim_mailbox_take(struct aw_sim_jpush *jp, const char *rid, uint64_t msg_id);

#endif
