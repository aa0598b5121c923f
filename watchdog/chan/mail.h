/* SPDX-License-Identifier: Apache-2.0
 *
 * Mail, the daemon's side: a few worker processes, one mail at a time each. All calls on the
 * thread of dispatch.c, which waits for the workers' sockets together with libcurl's.
 */
#ifndef AW_CHAN_MAIL_H
#define AW_CHAN_MAIL_H

#include <poll.h>

#include "base/clock.h"
#include "core/ports.h"

#define AW_MAILER_WORKERS 32 /* processes at most */

struct aw_mailer;
typedef void aw_mailer_done(void *arg, const struct aw_result *r); /* once for each start */

struct aw_mailer *aw_mailer_new(const struct aw_chan_env *env);
void aw_mailer_free(struct aw_mailer *m); /* ends the workers; nothing may be under way */

bool aw_mailer_room(const struct aw_mailer *m); /* a worker is idle or can be made */
/* Room was asked. *s stays valid until done. A mail that cannot be expressed ends at once, before
 * this returns. */
void aw_mailer_start(struct aw_mailer *m, const struct aw_send *s, aw_ms timeout,
                     aw_mailer_done *done, void *arg);

/* Puts what to wait for into fds (room for AW_MAILER_WORKERS), lowers *wait to the next deadline.
 */
unsigned aw_mailer_fds(const struct aw_mailer *m, struct pollfd *fds, aw_ms *wait);
void aw_mailer_step(struct aw_mailer *m, const struct pollfd *fds, unsigned n);
void aw_mailer_abort(struct aw_mailer *m); /* kills what is under way; each done is called */

#endif
