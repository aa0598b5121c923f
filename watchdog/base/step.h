/* SPDX-License-Identifier: Apache-2.0
 *
 * The stepped clock's wire, spoken by ackwatchd and ackwatch-sim on a socketpair whose descriptor
 * number they get by --step-fd N; the other end is the demo or a test. Lines of text:
 *
 *   -> "poll\n"      <- "STATE ACTIVITY NEXT\n": busy|idle, a counter that changes with any work
 *                       taken up, and the next instant at which there is something to do (ms,
 *                       0 none)
 *   -> "now MS\n"    <- the same answer, after the clock was moved and work of that instant begun
 *   end of file      the process stops as if by SIGTERM
 *
 * The controller moves the clock only when everybody said "idle" twice with equal counters.
 * aw_step_start runs a thread that answers; its callbacks are called on that thread.
 */
#ifndef AW_BASE_STEP_H
#define AW_BASE_STEP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"

struct aw_step_state {
    bool busy;
    uint64_t activity;
    aw_time next;
};

struct aw_step_ops {
    void *ctx;
    void (*poll)(void *ctx, struct aw_step_state *ret);
    void (*now)(void *ctx, aw_time t); /* moves the clock and wakes whoever sleeps on it */
    void (*stop)(void *ctx);           /* the other end is gone */
};

struct aw_stepper;
struct aw_stepper *aw_step_start(int fd, const struct aw_step_ops *ops);
void aw_step_free(struct aw_stepper *s); /* closes fd, joins */

/* The controller's side: one question, one answer; AW_EIO when the peer is gone. */
int aw_step_ask(int fd, const char *question, struct aw_step_state *ret, struct aw_err *err);

#endif
