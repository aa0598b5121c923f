/* SPDX-License-Identifier: Apache-2.0
 *
 * What is live: the environment, its templates and channels, and the rules, as one immutable value
 * that a reload replaces as a whole. Whoever uses one holds it (aw_live_hold, aw_live_drop):
 * sends in flight point into its channels. Loading reads files and runs the rules' own tests;
 * it happens on the core thread, or on the main thread before there is one.
 */
#ifndef AW_DAEMON_LIVE_H
#define AW_DAEMON_LIVE_H

#include <pthread.h>

#include "conf/env.h"
#include "conf/rules.h"
#include "store/store.h"

struct aw_live {
    struct aw_env_conf *conf;
    struct aw_rules **sets; /* one from the directory, or one per file of the last good set */
    unsigned n_sets;
    struct aw_ruleset rules;     /* over all sets, in match order */
    int64_t *rows;               /* store row of each rule, filled by aw_live_store */
    struct aw_rules_file *tests; /* beside the rules; texts owned */
    unsigned n_tests;
    char env[17];   /* first digits of the environment file's SHA-256 */
    bool last_good; /* the directory is broken, the stored set goes on */
    _Atomic unsigned refs;
    int asks; /* core thread: questions and token fetches under way over its channels */
};

/* Loads environment, rules and runs the rule tests; untested: a person wants the rules though tests
 * of them fail. All problems land in diag; AW_EINVAL. */
int aw_live_load(const char *config, bool untested, struct aw_live **ret, struct aw_diag *diag);

/* As aw_live_load, but rules from the store when the directory is broken (still AW_EINVAL when
 * the environment is, or when nothing is stored). diag tells what is wrong with the directory. */
int aw_live_load_last_good(const char *config, struct aw_store *store, struct aw_live **ret,
                           struct aw_diag *diag);

/* Gives every rule its row and records the set (entry rules.loaded). Inside a turn. */
int aw_live_store(struct aw_live *live, struct aw_store *store, const char *actor,
                  struct aw_err *err);

struct aw_live *aw_live_hold(struct aw_live *live);
void aw_live_drop(struct aw_live *live); /* NULL is fine */

const struct aw_channel *aw_live_channel(const struct aw_live *live, const char *name);
/* Channels that may carry a step's kind for an app, in order of use; returns how many. */
unsigned aw_live_channels(const struct aw_live *live, const char *app, const struct aw_step *step,
                          enum aw_kind kind, const struct aw_channel *ret[AW_MAX_VIA]);
/* The channel over which an app is told what became of its messages: NULL when it is told nothing.
 * ret_on: bits of enum aw_callback_event, or NULL. */
const struct aw_channel *aw_live_callbacks(const struct aw_live *live, const char *app,
                                           unsigned *ret_on);
bool aw_live_has_app(const struct aw_live *live, const char *app);
/* The whole file a rule came from. */
const struct aw_rules_file *aw_live_file(const struct aw_live *live, const struct aw_rule *rule);

/* What rules may name in an environment, as lists that are freed together. */
struct aw_live_names {
    const char **lists[AW_N_KINDS];
    struct aw_rules_world world;
};
void aw_live_names(struct aw_live_names *ret, const struct aw_env_conf *conf);
void aw_live_names_free(struct aw_live_names *n);

/* The present one, shared with http threads. */
struct aw_live_box {
    pthread_mutex_t lock;
    struct aw_live *live;
};
void aw_live_box_set(struct aw_live_box *box, struct aw_live *live); /* takes a reference over */
struct aw_live *aw_live_box_get(struct aw_live_box *box);            /* held for the caller */

#endif
