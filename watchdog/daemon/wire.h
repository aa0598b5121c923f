/* SPDX-License-Identifier: Apache-2.0
 *
 * The daemon put together: modules start in one visible order and stop in exactly the reverse.
 *
 *   environment and rules -> store -> loop -> ports -> carriers -> http -> listeners -> stepped
 * clock
 *
 * Threads: main (signals), core (the loop), http (2 a listener, and the front), xfer, mail
 * supervisor, and the stepper when the clock is stepped.
 */
#ifndef AW_DAEMON_WIRE_H
#define AW_DAEMON_WIRE_H

#include "base/err.h"
#include "base/time.h"

struct aw_daemon_options {
    const char *config;
    int step_fd;        /* -1: real clock */
    aw_time step_start; /* of the stepped clock */
    int ready_fd;       /* one line of JSON when ready; -1: none */
};

struct aw_daemon;

/* 0, or an error with its text; problems of the files have been printed to stderr. */
int aw_daemon_start(const struct aw_daemon_options *opt, struct aw_daemon **ret,
                    struct aw_err *err);
void aw_daemon_reload(struct aw_daemon *d);
/* Takes no new requests, waits for what is under way (10 s at most), records the stop, frees. */
void aw_daemon_stop(struct aw_daemon *d);

/* ackwatchd --check: everything that a start would load. Prints; returns an exit code. */
int aw_daemon_check(const char *config);

#endif
