/* SPDX-License-Identifier: Apache-2.0
 *
 * The controller of the stepped clock. Rule: time stands while anybody works. Daemon and simulator
 * are asked in turn until both said idle twice with counters that did not change in between.
 *
 * What is due at one instant in both is taken one after the other, the providers first, because
 * evidence at the instant of a firing counts for it.
 */
#include <time.h>

#include "base/clock.h"
#include "base/step.h"
#include "ctl/demo.h"

#define SETTLE_MS (60 * AW_SECOND) /* of real time; more is a fault */

static int ask(struct aw_demo_child *c, const char *question, struct aw_step_state *ret)
{
    struct aw_err err;
    if (aw_step_ask(c->step_fd, question, ret, &err) == 0)
        return 0;
    if (!aw_demo_signal)
        aw_ctl_say(0, "%s: %s", c->name, err.text);
    return -1;
}

int aw_demo_settle(struct aw_demo *d)
{
    uint64_t daemon = 0, sim = 0;
    bool quiet = false;
    aw_boot end = aw_clock_boot() + SETTLE_MS;
    while (aw_clock_boot() < end && !aw_demo_signal) {
        struct aw_step_state a, b;
        if (ask(&d->daemon, "poll", &a) < 0 || ask(&d->sim, "poll", &b) < 0)
            return -1;
        bool idle = !a.busy && !b.busy;
        if (idle && quiet && a.activity == daemon && b.activity == sim)
            return 0;
        quiet = idle;
        daemon = a.activity;
        sim = b.activity;
        nanosleep(&(struct timespec){.tv_nsec = idle ? 300000 : 1000000}, NULL);
    }
    return aw_demo_signal ? -1 : aw_ctl_say(-1, "daemon or simulator do not come to rest");
}

static int nexts(struct aw_demo *d, aw_time *ret_daemon, aw_time *ret_sim)
{
    struct aw_step_state a, b;
    if (ask(&d->daemon, "poll", &a) < 0 || ask(&d->sim, "poll", &b) < 0)
        return -1;
    *ret_daemon = a.next && a.next <= d->now ? d->now + 1 : a.next;
    *ret_sim = b.next && b.next <= d->now ? d->now + 1 : b.next;
    return 0;
}

int aw_demo_next(struct aw_demo *d, aw_time *ret)
{
    aw_time a, b;
    if (nexts(d, &a, &b) < 0)
        return -1;
    *ret = !a ? b : !b ? a : a < b ? a : b;
    return 0;
}

static int move_one(struct aw_demo *d, struct aw_demo_child *c, aw_time t)
{
    char question[40];
    struct aw_step_state state;
    snprintf(question, sizeof question, "now %lld", (long long)t);
    return ask(c, question, &state);
}

int aw_demo_move(struct aw_demo *d, aw_time t)
{
    aw_time daemon, sim;
    if (nexts(d, &daemon, &sim) < 0)
        return -1;
    bool both = daemon && daemon <= t && sim && sim <= t;
    /* Whoever has nothing to do at t goes first: nothing happens there, and the other one then
     * meets a clock that is right. With work on both sides the daemon stops 1 ms short of it. */
    if (sim && sim <= t) {
        if (move_one(d, &d->daemon, both ? t - 1 : t) < 0 || move_one(d, &d->sim, t) < 0)
            return -1;
        if (both && (aw_demo_settle(d) < 0 || move_one(d, &d->daemon, t) < 0))
            return -1;
    } else if (move_one(d, &d->sim, t) < 0 || move_one(d, &d->daemon, t) < 0) {
        return -1;
    }
    d->now = t;
    return aw_demo_settle(d);
}
