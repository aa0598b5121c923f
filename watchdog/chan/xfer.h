/* SPDX-License-Identifier: Apache-2.0
 *
 * HTTP requests carried by one curl multi handle. All calls on one thread, but aw_xfer_wake.
 */
#ifndef AW_CHAN_XFER_H
#define AW_CHAN_XFER_H

#include <poll.h>

#include "base/clock.h"
#include "chan/chan.h"

#define AW_XFER_EXTRA 64 /* descriptors of others that aw_xfer_run can wait for */

struct aw_xfer;
/* Called once for each request, on the thread that runs; may start new ones. */
typedef void aw_xfer_done(void *arg, const struct aw_http_reply *r);

int aw_xfer_new(const char *user_agent, struct aw_xfer **ret, struct aw_err *err);
void aw_xfer_free(struct aw_xfer *x); /* nothing may be under way */

/* Takes what *c holds and empties it. Never fails: what cannot start ends as AW_XFER_NOT_SENT in
 * the next aw_xfer_run. */
void aw_xfer_start(struct aw_xfer *x, struct aw_http_call *c, aw_ms timeout, aw_xfer_done *done,
                   void *arg);

/* Waits at most `wait` for something to happen, also on the descriptors of others (their revents
 * are filled in; n at most AW_XFER_EXTRA), moves everything, calls done for what has ended. */
void aw_xfer_run(struct aw_xfer *x, struct pollfd *extra, unsigned n, aw_ms wait);
void aw_xfer_wake(struct aw_xfer *x); /* ends a wait early; any thread */

/* Gives up all that is under way: done is called with AW_XFER_AMBIGUOUS or AW_XFER_NOT_SENT. */
void aw_xfer_abort(struct aw_xfer *x);

#endif
