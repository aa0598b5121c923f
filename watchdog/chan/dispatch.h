/* SPDX-License-Identifier: Apache-2.0
 *
 * Towards the providers: takes copies of sends and queries from the core thread, carries them out
 * on one curl thread and on mail worker processes, posts results back as commands (AW_CMD_RESULT,
 * AW_CMD_REPORT, AW_CMD_CIDS) on the proof lane. Exactly one result comes back for each send taken:
 * it waits in its channel's queue for at most the channel's timeout (then: throttled, unsent),
 * and once it is under way it ends when the timeout has passed again. Bounded: aw_dispatch_room()
 * says how many more sends are taken; the core claims no more than that. A command that finds the
 * lane full is held until there is room. The texts of aw_chan_env are copied.
 */
#ifndef AW_CHAN_DISPATCH_H
#define AW_CHAN_DISPATCH_H

#include "core/ports.h"

struct aw_dispatch;

int aw_dispatch_new(const struct aw_chan_env *env, struct aw_dispatch **ret, struct aw_err *err);
unsigned aw_dispatch_room(struct aw_dispatch *d);
/* Core thread. Never fails: room was asked. The struct is copied; what it owns (arena) moves in,
 * and *s is emptied. The query is copied. */
void aw_dispatch_send(struct aw_dispatch *d, struct aw_send *s);
void aw_dispatch_query(struct aw_dispatch *d, struct aw_query *q);
/* Fetches up to n idempotency tokens for a channel that has them. */
void aw_dispatch_cids(struct aw_dispatch *d, const struct aw_channel *ch, unsigned n);
bool aw_dispatch_has_cids(const struct aw_channel *ch);
/* Sends, queries and token fetches taken whose command has not been put into the inbox yet. */
unsigned aw_dispatch_active(struct aw_dispatch *d);
/* Sends under way over the channel, and how many may be for now (0: none was sent yet). Any thread.
 */
void aw_dispatch_places(struct aw_dispatch *d, const char *channel, unsigned *ret_taken,
                        unsigned *ret_limit);
/* Waits up to wait_ms for what is under way, then gives it up (results come back as unknown, or
 * transient when nothing had left), joins the thread, ends workers. The inbox must go on taking for
 * that long; what it refuses afterwards is dropped, and so is what is handed over after the stop:
 * the next start finds it in flight. */
void aw_dispatch_stop(struct aw_dispatch *d, aw_ms wait_ms);
void aw_dispatch_free(struct aw_dispatch *d);

/* The body of a mail worker process: speaks on file descriptor fd until it closes. Never returns
 * an error to its caller but the exit code. `ackwatchd --mail-worker FD`. */
int aw_mail_worker_main(int fd);

#endif
