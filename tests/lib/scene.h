/* SPDX-License-Identifier: Apache-2.0
 *
 * A store on a temporary directory and the moves of a small story, for tests of the store: people
 * are registered, messages sent, received, acknowledged. Moves make no turn of their own and return
 * what the store returned, so that tests may let them fail.
 */
#ifndef AW_TESTS_SCENE_H
#define AW_TESTS_SCENE_H

#include "store/store.h"

#define SCENE_PHONE "+8613800138000" /* every SMS goes there, with a code */

struct scene {
    char dir[64], path[128];
    const char *vfs;  /* set before scene_init, or NULL */
    const char *from; /* likewise: a database to begin with a copy of */
    struct aw_store *s;
    aw_time now;
    int64_t app, rule;
    uint8_t sha256[32];
    struct aw_err err;
};

/* Makes the directory and opens a store in it; aborts when that fails. */
void scene_init(struct scene *sc);
/* Closes the store and removes the directory. */
void scene_free(struct scene *sc);
int scene_reopen(struct scene *sc);
/* Removes a directory and the files in it. */
void scene_rmdir(const char *dir);
/* Copies the database, its WAL (not its shared memory) to another path. */
void scene_copy(const char *from, const char *to);

int scene_begin(struct scene *sc);  /* a second later than the turn before */
int scene_commit(struct scene *sc); /* rolls back when that fails */

/* App and rule, in the turn that is open. */
int scene_setup(struct scene *sc);
/* A message to n users u0, u1, ...; key and ext may be NULL. */
int scene_register(struct scene *sc, const char *key, const char *ext, unsigned n, aw_id *ret);
/* The first round of a step is claimed; merged_into: 0 or an attempt; person 0: the recipient. */
int scene_claim(struct scene *sc, aw_id msg, unsigned n, unsigned step, enum aw_kind kind,
                int64_t person, aw_id merged_into, aw_id *ret);
int scene_outcome(struct scene *sc, aw_id msg, unsigned n, aw_id attempt, enum aw_outcome outcome);
int scene_evidence(struct scene *sc, aw_id msg, unsigned n, aw_id attempt, enum aw_level level);
/* Acknowledged: evidence and end of the timeline, and of the message if it was the last one. */
int scene_ack(struct scene *sc, aw_id msg, unsigned n);

/* All of it: four messages in every state, a merged attempt, contacts, a key, rules, a downtime,
 * a notice; n more messages after that, so that tiles fill. Many turns; aborts on failure. */
void scene_story(struct scene *sc, unsigned n);

#endif
