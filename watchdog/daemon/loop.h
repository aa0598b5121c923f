/* SPDX-License-Identifier: Apache-2.0
 *
 * The core loop: the one thread that owns the truth. A turn is one transaction:
 *
 *   take what has arrived -> BEGIN -> carry out each command -> claim what is due -> ask for
 *   receipts -> COMMIT -> only then answer and send -> idle work
 *
 * Everything here runs on the core thread, except aw_loop_submit (any thread) and aw_loop_peek
 * (the stepped clock). All that the loop needs is handed in: store, clock, carrier. A test drives
 * aw_loop_turn() by hand with fakes; the daemon runs aw_loop_run().
 */
#ifndef AW_DAEMON_LOOP_H
#define AW_DAEMON_LOOP_H

#include "base/inbox.h"
#include "base/step.h"
#include "base/table.h"
#include "core/ports.h"
#include "daemon/live.h"
#include "daemon/stats.h"

#define AW_TURN_CMDS 512  /* commands taken in one turn */
#define AW_TURN_DUE  1024 /* timelines judged in one turn: a whole message fits */

/* What carries sends and questions out: chan/dispatch.c, or a test's own. Takes ownership. */
struct aw_carrier {
    void *ctx;
    unsigned (*room)(void *ctx);
    void (*send)(void *ctx, struct aw_send *s);
    void (*query)(void *ctx, struct aw_query *q);
    void (*cids)(void *ctx, const struct aw_channel *ch, unsigned n);
    bool (*has_cids)(const struct aw_channel *ch);
    /* Places towards the channel: taken, and at most for now. NULL: nobody knows. */
    void (*places)(void *ctx, const char *channel, unsigned *ret_taken, unsigned *ret_limit);
};

struct aw_loop_options {
    const char *config; /* path, for reloads */
    struct aw_store *store;
    struct aw_clock *clock;
    struct aw_carrier carrier;
    struct aw_live_box *box;
    struct aw_stats *stats;
    uint64_t seed; /* jitter; 0: none */
    /* Called after a commit that changed API keys, on the core thread; NULL: nobody cares. */
    void (*keys_changed)(void *ctx, struct aw_store *store);
    int (*keys_used)(void *ctx, struct aw_store *store, struct aw_err *err); /* in the turn */
    void *keys_ctx;
    /* The loop lives: after a turn that was carried out and committed, at most every 5 s (boot
     * time). A turn rolled back in order, because the disk is full, counts: a restart would lose
     * the outcomes that wait for room, and find no more of it. NULL: nobody cares. */
    void (*beat)(void *ctx);
    void *beat_ctx;
    /* A reload was taken over, before its commit; core thread. NULL: nobody cares. */
    void (*reloaded)(void *ctx, const struct aw_env_conf *was, const struct aw_env_conf *is);
    void *reloaded_ctx;
    /* Work that would wait longer for its commit is refused. 0: 2 s, on a stepped clock any time.
     */
    aw_ms wait_most;
    const char *ballast; /* path of the file given up when the disk is full, NULL: none */
};

struct aw_loop;

struct aw_loop *aw_loop_new(const struct aw_loop_options *opt);
void aw_loop_free(struct aw_loop *l);

/* First turns: records start and downtime, gives tries in flight the outcome `unknown`. */
int aw_loop_start(struct aw_loop *l, struct aw_err *err);

/* One turn over the given commands. Returns AW_OK, or what ends the process (AW_EIO, AW_ECORRUPT);
 * *ret_wait_ms: how long nothing will be due (0: go on at once, negative: until something
 * arrives). */
int aw_loop_turn(struct aw_loop *l, struct aw_cmd **cmds, unsigned n, aw_ms *ret_wait_ms,
                 struct aw_err *err);

/* Turns until aw_loop_stop; then a last turn that records the stop. */
int aw_loop_run(struct aw_loop *l, struct aw_err *err);
void aw_loop_stop(struct aw_loop *l);   /* any thread, async-signal-safe */
void aw_loop_reload(struct aw_loop *l); /* likewise */
void aw_loop_wake(struct aw_loop *l);   /* any thread: the clock moved */

/* The inbox as a port; any thread. */
void aw_loop_submit(struct aw_loop *l, struct aw_submit *ret);

/* For the stepped clock: commands not finished, next instant with work. Any thread. */
void aw_loop_peek(struct aw_loop *l, struct aw_step_state *ret);

#endif
