/* SPDX-License-Identifier: Apache-2.0
 *
 * base/step.h: both ends of the wire on one socketpair.
 */
#include "base/step.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../lib/unit.h"
#include "base/clock.h"

struct world {
    struct aw_clock clock;
    _Atomic uint64_t activity;
    atomic_bool stopped;
};

static void on_poll(void *ctx, struct aw_step_state *ret)
{
    struct world *w = ctx;
    *ret = (struct aw_step_state){
        .busy = w->activity == 2, .activity = w->activity, .next = aw_clock_wall(&w->clock) + 500};
}

static void on_now(void *ctx, aw_time t)
{
    struct world *w = ctx;
    aw_clock_step(&w->clock, t);
    w->activity++;
}

static void on_stop(void *ctx)
{
    struct world *w = ctx;
    w->stopped = true;
}

static struct aw_stepper *start(struct world *w, int fds[2])
{
    memset(w, 0, sizeof *w);
    aw_clock_init_stepped(&w->clock, 1000);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    const struct aw_step_ops ops = {w, on_poll, on_now, on_stop};
    struct aw_stepper *s = aw_step_start(fds[1], &ops);
    assert_non_null(s);
    return s;
}

static void wait_for_stop(struct world *w)
{
    for (int i = 0; i < 5000 && !w->stopped; i++)
        usleep(1000);
    assert_true(w->stopped);
}

static void polls_and_steps(void **state)
{
    struct world w;
    int fds[2];
    struct aw_stepper *s = start(&w, fds);
    struct aw_step_state st;
    assert_int_equal(aw_step_ask(fds[0], "poll", &st, NULL), 0);
    assert_false(st.busy);
    assert_int_equal(st.activity, 0);
    assert_int_equal(st.next, 1500);
    assert_int_equal(aw_step_ask(fds[0], "now 1795312970114\n", &st, NULL), 0);
    assert_int_equal(st.activity, 1);
    assert_int_equal(st.next, 1795312970614);
    assert_int_equal(aw_step_ask(fds[0], "now 1795312970115", &st, NULL), 0);
    assert_true(st.busy);
    aw_step_free(s); /* our own end: no stop */
    assert_false(w.stopped);
    struct aw_err err;
    assert_int_equal(aw_step_ask(fds[0], "poll", &st, &err), AW_EIO);
    close(fds[0]);
    aw_step_free(NULL);
}

static void the_other_end_goes(void **state)
{
    struct world w;
    int fds[2];
    struct aw_stepper *s = start(&w, fds);
    close(fds[0]);
    wait_for_stop(&w);
    aw_step_free(s);
}

static void nonsense_stops(void **state)
{
    static const char *const lines[] = {"hello\n", "now \n", "now -5\n", "now 12x\n", "\n"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct world w;
        int fds[2];
        struct aw_stepper *s = start(&w, fds);
        assert_true(send(fds[0], lines[i], strlen(lines[i]), 0) > 0);
        wait_for_stop(&w);
        aw_step_free(s);
        close(fds[0]);
    }
}

static void a_peer_that_talks_nonsense(void **state)
{
    static const char *const answers[] = {"idle 1\n",     "lazy 1 2\n",  "idle x 2\n",
                                          "idle 1 2 3\n", "idle 1 -2\n", "\n"};
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        int fds[2];
        struct aw_step_state st;
        struct aw_err err;
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
        assert_true(send(fds[1], answers[i], strlen(answers[i]), 0) > 0);
        assert_int_equal(aw_step_ask(fds[0], "poll", &st, &err), AW_EPROTO);
        close(fds[0]);
        close(fds[1]);
    }
    int fds[2];
    char endless[200];
    struct aw_step_state st;
    memset(endless, 'x', sizeof endless);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    assert_true(send(fds[1], endless, sizeof endless, 0) > 0);
    assert_int_equal(aw_step_ask(fds[0], "poll", &st, NULL), AW_EIO);
    close(fds[0]);
    close(fds[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(polls_and_steps),
        cmocka_unit_test(the_other_end_goes),
        cmocka_unit_test(nonsense_stops),
        cmocka_unit_test(a_peer_that_talks_nonsense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
