/* SPDX-License-Identifier: Apache-2.0
 *
 * `ackwatch demo`: a private daemon, the simulated providers, four people, and a clock that moves
 * only when everybody is idle. Nothing leaves the machine, and nothing stays on it but with --keep.
 */
#include "ctl/demo.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "ctl/lang.h"

#define STEPS_MAX 100000 /* moves of the clock; a story takes a few hundred */

volatile sig_atomic_t aw_demo_signal;

static void on_signal(int sig)
{
    aw_demo_signal = sig;
}

static void catch_signals(void)
{
    struct sigaction sa = {.sa_handler = on_signal}; /* no SA_RESTART: sleeps end */
    sigaction(SIGINT, &sa, NULL);
    sigaction(SIGTERM, &sa, NULL);
    sigaction(SIGHUP, &sa, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static int start(struct aw_demo *d)
{
    AW_AUTO(aw_json_cleanup) json_t *sim = NULL;
    if (aw_demo_dir(d, aw_ctl_flag(d->ctl, "keep")) < 0 || aw_demo_write_people(d) < 0 ||
        aw_demo_start_sim(d, &sim) < 0 || aw_demo_write_config(d, sim) < 0 ||
        aw_demo_start_daemon(d) < 0)
        return -1;
    return aw_demo_move(d, d->start);
}

/* One instant: let everybody finish, show it, find the next one. */
static int instant(struct aw_demo *d, aw_time *ret_next)
{
    if (aw_demo_act(d) < 0 || aw_demo_settle(d) < 0 || aw_demo_feed(d) < 0)
        return -1;
    aw_demo_show(d);
    if (aw_demo_next(d, ret_next) < 0)
        return -1;
    aw_time act = aw_demo_next_act(d);
    if (act && (!*ret_next || act < *ret_next))
        *ret_next = act;
    return 0;
}

static int play(struct aw_demo *d)
{
    for (unsigned i = 0; i < STEPS_MAX && !aw_demo_signal; i++) {
        aw_time next = 0;
        if (instant(d, &next) < 0)
            return -1;
        if (aw_demo_over(d))
            return 0;
        if (!next)
            return aw_ctl_say(-1, "the story stands still: nobody has anything to do");
        aw_demo_pace(d, next);
        if (aw_demo_move(d, next) < 0)
            return -1;
    }
    return aw_demo_signal ? -1 : aw_ctl_say(-1, "the story does not end");
}

static void clean_up(struct aw_demo *d)
{
    aw_demo_stop(&d->daemon);
    aw_demo_stop(&d->sim);
    aw_client_free(d->admin);
    aw_client_free(d->app);
    aw_client_free(d->record);
    json_decref(d->sends);
    for (unsigned i = 0; i < AW_DEMO_PEOPLE; i++)
        json_decref(d->planned[i]);
    for (unsigned i = 0; i < d->n_events; i++)
        json_decref(d->events[i].entry);
    aw_free(d->events);
    aw_demo_dir_remove(d);
}

static int exec(struct aw_ctl *ctl)
{
    if (aw_ctl_number(ctl, "speed", 30) < 1 || aw_ctl_number(ctl, "speed", 30) > UINT32_MAX)
        return aw_ctl_say(AW_EXIT_USAGE, "--speed is a whole number from 1 on");
    struct aw_demo *d = aw_calloc(1, sizeof *d);
    d->ctl = ctl;
    d->daemon = (struct aw_demo_child){"ackwatchd", 0, -1};
    d->sim = (struct aw_demo_child){"ackwatch-sim", 0, -1};
    d->seed = (uint64_t)aw_ctl_number(ctl, "seed", 1);
    d->speed = (unsigned)aw_ctl_number(ctl, "speed", 30);
    d->lang = aw_lang();
    d->mode = ctl->out.json                                ? AW_DEMO_JSON
              : aw_ctl_flag(ctl, "plain") || !ctl->out.tty ? AW_DEMO_PLAIN
              : !ctl->out.colour || ctl->out.width < 60    ? AW_DEMO_PLAIN
                                                           : AW_DEMO_DRAW;
    d->start = d->now = 1795399200000; /* 2026-11-23T02:00:00Z: the same in every run */
    d->sends = json_array();
    d->events = aw_calloc(AW_DEMO_EVENTS, sizeof *d->events);
    catch_signals();
    aw_demo_cast(d);
    int code = AW_EXIT_FAILED;
    if (start(d) == 0 && aw_demo_register(d) == 0 && play(d) == 0)
        code = aw_demo_finish(d);
    if (code != AW_EXIT_DONE && d->dir[0] && d->keep)
        fprintf(stderr, "Logs are in %s.\n", d->dir);
    clean_up(d);
    aw_free(d);
    if (aw_demo_signal) {
        signal(aw_demo_signal, SIG_DFL);
        raise(aw_demo_signal);
    }
    return code;
}

static const struct aw_param flags[] = {
    {"plain", 0, AW_VAL_NONE, 0, NULL, "one line per event, no drawing"},
    {"speed", 0, AW_VAL_NUMBER, 0, NULL,
     "virtual seconds per real second (30); paces the display only"},
    {"seed", 0, AW_VAL_NUMBER, 0, NULL, "another number, another story (1)"},
    {"keep", 0, AW_VAL_DIR, 0, NULL, "a new or empty directory: database, logs, config stay there"},
    {NULL},
};
static const char *const examples[] = {"demo", "demo --plain --seed 2 --speed 600",
                                       "demo --keep /tmp/look", NULL};

const struct aw_cmd_entry aw_cmd_demo = {
    .noun = "demo",
    .summary = "see the whole thing work on this machine; nothing leaves it",
    .text = "Starts a private ackwatchd on a temporary directory and a simulator of the providers, "
            "registers a critical push for four people, and moves their clock: one is online and "
            "confirms, one answers late, one is offline, one has no device. Done (0) means that "
            "what was promised happened, checked against the simulator's own record and the "
            "verified log.",
    .flags = flags,
    .examples = examples,
    .exec = exec,
};
