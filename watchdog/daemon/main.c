/* SPDX-License-Identifier: Apache-2.0
 *
 * ackwatchd: options, signals, exit codes. 0 stopped as asked, 1 could not start, 2 usage, 70 the
 * store failed while running.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "chan/dispatch.h"
#include "daemon/wire.h"

static const char usage[] =
    "usage: ackwatchd [--config FILE] [--check]\n"
    "\n"
    "  --config FILE      the environment file (default " AW_SYSCONFDIR "/ackwatch.yaml)\n"
    "  --check            load everything that a start would load, say what is wrong, and end\n"
    "  --verbose          log debug lines\n"
    "  --ready-fd N       write {\"port\":..,\"socket\":..} to this descriptor when ready\n"
    "  --step-fd N        stand on a stepped clock driven through this descriptor (demo, tests)\n"
    "  --step-start MS    where the stepped clock begins\n"
    "  --version, --help\n"
    "\n"
    "SIGHUP reads environment and rules again, SIGTERM stops. docs: ackwatchd(8)\n";

enum { OPT_STEP_FD = 256, OPT_STEP_START, OPT_READY_FD };

static const struct option options[] = {
    {"config", required_argument, NULL, 'c'},
    {"check", no_argument, NULL, 'k'},
    {"verbose", no_argument, NULL, 'v'},
    {"ready-fd", required_argument, NULL, OPT_READY_FD},
    {"step-fd", required_argument, NULL, OPT_STEP_FD},
    {"step-start", required_argument, NULL, OPT_STEP_START},
    {"version", no_argument, NULL, 'V'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

struct args {
    struct aw_daemon_options opt;
    bool check, verbose;
    int exit_now; /* -1: go on */
};

static void parse(int argc, char **argv, struct args *a)
{
    int c;

    while ((c = getopt_long(argc, argv, "c:khvV", options, NULL)) != -1) {
        switch (c) {
        case 'c':
            a->opt.config = optarg;
            break;
        case 'k':
            a->check = true;
            break;
        case 'v':
            a->verbose = true;
            break;
        case OPT_READY_FD:
            a->opt.ready_fd = (int)strtol(optarg, NULL, 10);
            break;
        case OPT_STEP_FD:
            a->opt.step_fd = (int)strtol(optarg, NULL, 10);
            break;
        case OPT_STEP_START:
            a->opt.step_start = strtoll(optarg, NULL, 10);
            break;
        case 'V':
            puts("ackwatchd " PACKAGE_VERSION);
            a->exit_now = 0;
            return;
        case 'h':
            fputs(usage, stdout);
            a->exit_now = 0;
            return;
        default:
            fputs("try ackwatchd --help\n", stderr);
            a->exit_now = 2;
            return;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "ackwatchd takes no argument: %s\ntry ackwatchd --help\n", argv[optind]);
        a->exit_now = 2;
    }
}

/* Threads inherit the mask, so signals arrive here only. */
static void block_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGHUP);
    pthread_sigmask(SIG_BLOCK, set, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a limit on file sizes is a full disk, not a death */
}

int main(int argc, char **argv)
{
    struct args a = {
        .opt = {.config = AW_SYSCONFDIR "/ackwatch.yaml", .step_fd = -1, .ready_fd = -1},
        .exit_now = -1};
    struct aw_daemon *d;
    struct aw_err err = {""};
    sigset_t set;
    int sig;

    if (argc == 3 && strcmp(argv[1], "--mail-worker") == 0)
        return aw_mail_worker_main((int)strtol(argv[2], NULL, 10));
    parse(argc, argv, &a);
    if (a.exit_now >= 0)
        return a.exit_now;
    aw_log_init(a.verbose ? AW_LOG_DEBUG : AW_LOG_INFO, getenv("JOURNAL_STREAM") != NULL);
    if (a.check)
        return aw_daemon_check(a.opt.config);
    block_signals(&set);
#ifndef AW_SANITIZED           /* which looks into itself at the end */
    prctl(PR_SET_DUMPABLE, 0); /* no core, nobody else of our user may look into our memory */
#endif
    if (a.opt.step_fd >= 0) /* whoever steps us owns us */
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (aw_daemon_start(&a.opt, &d, &err)) {
        fprintf(stderr, "ackwatchd: %s\n", err.text);
        return 1;
    }
    aw_log(AW_LOG_INFO, "ready", "version=%s config=\"%s\"", PACKAGE_VERSION, a.opt.config);
    while (sigwait(&set, &sig) == 0 && sig == SIGHUP)
        aw_daemon_reload(d);
    aw_log(AW_LOG_INFO, "stop", "signal=%d", sig);
    aw_daemon_stop(d);
    return 0;
}
