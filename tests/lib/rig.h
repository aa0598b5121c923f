/* SPDX-License-Identifier: Apache-2.0
 *
 * The core loop on a real store in a temporary directory, a stepped clock, and a carrier that only
 * notes what it is given. A test submits commands, turns the loop by hand, and reads rows.
 */
#ifndef AW_TESTS_RIG_H
#define AW_TESTS_RIG_H

#include "daemon/loop.h"

#define RIG_MAX 4096

struct rig {
    char dir[256], config[300], db[300];
    const char *vfs; /* of the next rig_open */
    struct aw_clock clock;
    struct aw_live_box box;
    struct aw_stats stats;
    struct aw_store *store;
    struct aw_loop *loop;
    unsigned room;  /* what the carrier says */
    bool with_cids; /* push channels have idempotency tokens */
    struct aw_send *sends[RIG_MAX];
    unsigned n_sends;
    struct aw_query *queries[RIG_MAX];
    unsigned n_queries, n_cid_asks, n_beats;
    int (*on_send)(struct rig *rig, const struct aw_send *s); /* sees each send as it leaves */
    unsigned n_done;
    struct aw_reply last; /* of the last finished command */
    enum aw_cmd_type last_type;
};

/* Makes directory, environment file and a rule file with the given text (rules: YAML of the
 * `rules:` list), and opens. start is the clock's first instant. */
void rig_new(struct rig *r, const char *rules_yaml, aw_time start);
void rig_free(struct rig *r); /* closes and removes the directory */

/* The process ends (without a last turn when killed) and begins again at the same instant. */
void rig_restart(struct rig *r, bool killed);
int rig_try_open(struct rig *r, struct aw_err *err);
void rig_close(struct rig *r, bool killed);
void rig_write_rules(struct rig *r, const char *rules_yaml);

/* Replaces a text of the environment file that is there, and reloads. */
void rig_environment(struct rig *r, const char *from, const char *to);

/* Turns until nothing is due at this instant. Returns the error that would end the process. */
int rig_turn(struct rig *r);
int rig_turn_with(struct rig *r, struct aw_cmd **cmds, unsigned n);
/* Moves the clock and turns. */
int rig_at(struct rig *r, aw_time t);

/* Commands; each turns once and leaves its reply in r->last. */
aw_id rig_register(struct rig *r, const char *key, const char *body);
void rig_ack(struct rig *r, aw_id message, const char *user, enum aw_level level);
/* An SMS reply; what is written back at once stays in r->last.body. */
void rig_say(struct rig *r, const char *channel, const char *from, const char *text);
void rig_cancel(struct rig *r, aw_id message);
void rig_contact(struct rig *r, const char *user, const char *json);
void rig_result(struct rig *r, aw_id attempt, enum aw_outcome outcome, const char *provider_id);
void rig_report(struct rig *r, const struct aw_query *q, enum aw_level level);
void rig_cids(struct rig *r, unsigned n);
struct aw_cmd *rig_cmd(struct rig *r, enum aw_cmd_type type);

/* Accepts every send that has not had a result yet. */
void rig_accept_all(struct rig *r);
void rig_forget_sends(struct rig *r);

/* One value by SQL on a connection of its own (committed state only). */
int64_t rig_sql(struct rig *r, const char *sql);
void rig_sql_text(struct rig *r, const char *sql, char *dst, size_t cap);
/* 0 findings in log and state, else prints them. */
unsigned rig_verify(struct rig *r);

#endif
