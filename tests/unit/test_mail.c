/* SPDX-License-Identifier: Apache-2.0
 *
 * The mail workers, as processes of this very program, against an SMTP server that misbehaves at
 * one named place: each fence around libesmtp has a case that fails without it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <dirent.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "chan_fix.h"
#include "fake_smtp.h"

static char self[4096], dir[64] = "/tmp/aw-test-mail-XXXXXX", ca[96], other_ca[96];
static struct fake_smtp *server, *stranger;
static struct fix_core *core;
static struct aw_dispatch *dispatch;
static struct aw_clock test_clock;

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

static int start_dispatch(void)
{
    core = fix_core_new();
    aw_clock_init_real(&test_clock);
    const struct aw_chan_env env = {.clock = &test_clock,
                                    .submit = fix_core_submit(core),
                                    .node = "node.example",
                                    .self = self};
    return aw_dispatch_new(&env, &dispatch, NULL);
}

static int set_up(void **state)
{
    (void)state;
    if (!mkdtemp(dir))
        return -1;
    snprintf(ca, sizeof ca, "%s/ca.pem", dir);
    snprintf(other_ca, sizeof other_ca, "%s/other.pem", dir);
    server = fake_smtp_new("IP:127.0.0.1", ca);
    stranger = fake_smtp_new("DNS:mail.evil.example", other_ca);
    return start_dispatch();
}

static int tear_down(void **state)
{
    (void)state;
    aw_dispatch_stop(dispatch, 0);
    aw_dispatch_free(dispatch);
    fix_core_free(core);
    fake_smtp_free(server);
    fake_smtp_free(stranger);
    unlink(ca);
    unlink(other_ca);
    return rmdir(dir);
}

static const char *tls = "starttls"; /* of the channels made from now on */

static struct aw_channel *channel(unsigned port, const char *ca_file, const char *user)
{
    static char number[16];
    snprintf(number, sizeof number, "%u", port);
    struct aw_channel *ch =
        fix_channel("smtp", (const char *const[]){"host", "127.0.0.1", "port", number, "ca_file",
                                                  ca_file, "tls", tls, "from", "aw@node.example",
                                                  "from_name", "Ackwatch", "password", "s3cret!",
                                                  user ? "user" : NULL, user, NULL});
    ch->timeout = 5000;
    return ch;
}

static struct aw_result mail(const struct aw_channel *ch, const char *to)
{
    struct aw_send s = {.attempt = 7,
                        .ref = 1,
                        .channel = ch,
                        .kind = AW_EMAIL,
                        .title = "订单 Order",
                        .text = ".\r\nhidden dot\n.line",
                        .html = "<p>hi</p>",
                        .time = 1795312970114,
                        .arena = aw_strdup(to)};
    s.email = s.arena;
    aw_dispatch_send(dispatch, &s);
    struct aw_cmd *cmd = fix_core_take(core, 10000);
    if (!cmd)
        fail_msg("no result came");
    struct aw_result r = cmd->u.result;
    assert_int_equal(cmd->type, AW_CMD_RESULT);
    assert_int_equal(r.attempt, 7);
    aw_cmd_free(cmd);
    return r;
}

/* --- processes ----------------------------------------------------------------------------- */

/* The children of a process; ours are all mail workers. */
static unsigned children(pid_t of, pid_t *ret, unsigned max)
{
    unsigned n = 0;
    DIR *proc = opendir("/proc");
    for (struct dirent *e; (e = readdir(proc));) {
        char path[300], line[512] = "";
        int parent = 0;
        snprintf(path, sizeof path, "/proc/%s/stat", e->d_name);
        FILE *in = e->d_name[0] >= '1' && e->d_name[0] <= '9' ? fopen(path, "re") : NULL;
        if (!in)
            continue;
        if (fgets(line, sizeof line, in) && strrchr(line, ')'))
            sscanf(strrchr(line, ')'), ") %*c %d", &parent);
        fclose(in);
        if (parent == of && n < max)
            ret[n++] = (pid_t)strtol(e->d_name, NULL, 10);
    }
    closedir(proc);
    return n;
}

static unsigned workers(pid_t *ret, unsigned max)
{
    return children(getpid(), ret, max);
}

/* --- tests --------------------------------------------------------------------------------- */

static void a_mail_arrives_whole(void **state)
{
    struct aw_channel *ch = channel(fake_smtp_port(server), ca, "shop");
    (void)state;
    fake_smtp_fault(server, FAKE_NONE);
    struct aw_result r = mail(ch, "li@sim.invalid");
    if (r.outcome != AW_OUT_ACCEPTED)
        fail_msg("%s: %s", aw_outcome_name(r.outcome), r.detail);
    assert_int_equal(r.http_status, 250);
    assert_int_equal(r.level, AW_ACCEPTED);
    assert_non_null(strstr(r.detail, "queued as F1"));
    const char *seen = fake_smtp_seen(server);
    assert_non_null(strstr(seen, "\nMAIL FROM:<aw@node.example>"));
    assert_non_null(strstr(seen, "\nRCPT TO:<li@sim.invalid>"));
    assert_non_null(strstr(seen, "\nMessage-ID: <aw_0000000000001@node.example>\n"));
    assert_non_null(strstr(seen, "\nSubject: =?"));
    assert_non_null(strstr(seen, "\nDate: Sun, 22 Nov 2026 02:02:50 +0000\n"));
    assert_non_null(strstr(seen, "\nContent-Type: multipart/alternative;"));
    assert_non_null(strstr(seen, "\n.\n")); /* one dot alone, and nothing but QUIT after it */
    assert_string_equal(strstr(seen, "\n.\n"), "\n.\nQUIT\n");
    fix_channel_free(ch);
}

struct fault_case {
    enum fake_fault fault;
    enum aw_outcome outcome;
    int status;
    const char *detail; /* a part of it */
    const char *never;  /* what the server must not have seen */
};

/* Over all conversations since the fault was set. */
static unsigned times_seen(const char *what)
{
    unsigned n = 0;
    for (const char *p = fake_smtp_seen(server); (p = strstr(p, what)); p += strlen(what) - 1)
        n++;
    return n;
}

static void check_faults(const struct fault_case *cases, unsigned n)
{
    struct aw_channel *ch = channel(fake_smtp_port(server), ca, "shop");
    for (unsigned i = 0; i < n; i++) {
        fake_smtp_fault(server, cases[i].fault);
        struct aw_result r = mail(ch, "li@sim.invalid");
        if (r.outcome != cases[i].outcome || !strstr(r.detail, cases[i].detail) ||
            r.http_status != cases[i].status)
            fail_msg("%s, fault %d became %s, %d: %s", tls, cases[i].fault,
                     aw_outcome_name(r.outcome), r.http_status, r.detail);
        if (strstr(fake_smtp_seen(server), cases[i].never))
            fail_msg("%s, fault %d: the server saw %s", tls, cases[i].fault, cases[i].never);
        if (times_seen("\nDATA\n") > 1)
            fail_msg("%s, fault %d: the mail was offered twice", tls, cases[i].fault);
        assert_null(strstr(r.detail, "sim.invalid"));
        assert_int_equal(r.level, r.outcome == AW_OUT_ACCEPTED ? AW_ACCEPTED : AW_LEVEL_NONE);
    }
    fix_channel_free(ch);
}

static void each_fault_has_its_outcome(void **state)
{
    static const struct fault_case starttls[] = {
        {FAKE_GREETING_554, AW_OUT_TRANSIENT, 554, "before TLS", "MAIL"},
        {FAKE_GREETING_421, AW_OUT_TRANSIENT, 421, "before TLS", "MAIL"},
        {FAKE_NO_STARTTLS, AW_OUT_TRANSIENT, 0, "no STARTTLS", "MAIL"},
        {FAKE_STARTTLS_454, AW_OUT_TRANSIENT, 454, "before TLS", "MAIL"},
        {FAKE_NO_AUTH, AW_OUT_AUTH, 0, "no login that we can", "MAIL"},
        {FAKE_NTLM_FIRST, AW_OUT_ACCEPTED, 250, "queued", "TlRMTVNTU"},
        {FAKE_AUTH_535, AW_OUT_AUTH, 535, "login was refused", "MAIL"},
        {FAKE_AUTH_454, AW_OUT_TRANSIENT, 454, "login was refused", "MAIL"},
        /* libesmtp gives up an answer of more than 8 kB */
        {FAKE_LONG, AW_OUT_TRANSIENT, 0, "before TLS", "MAIL"},
        {FAKE_END_LONG, AW_OUT_UNKNOWN, 0, "lost before the answer", "forged"},
        {FAKE_END_NONSENSE, AW_OUT_UNKNOWN, 0, "lost before the answer", "forged"},
    };
    static const struct fault_case implicit[] = {
        /* libcurl waits nonsense out */
        {FAKE_GREETING_554, AW_OUT_TRANSIENT, 554, "greeting: 554", "MAIL"},
        {FAKE_GREETING_421, AW_OUT_TRANSIENT, 421, "greeting: 421", "MAIL"},
        {FAKE_NO_STARTTLS, AW_OUT_ACCEPTED, 250, "queued", "STARTTLS"},
        {FAKE_LONG, AW_OUT_ACCEPTED, 250, "queued as F1", "forged"},
        {FAKE_NO_AUTH, AW_OUT_AUTH, 0, "no login that we can", "MAIL"},
        {FAKE_AUTH_535, AW_OUT_AUTH, 535, "login was refused", "MAIL"},
        {FAKE_AUTH_454, AW_OUT_TRANSIENT, 454, "login: 454 4.7.0", "MAIL"},
    };
    static const struct fault_case both[] = {
        {FAKE_MAIL_DROP, AW_OUT_TRANSIENT, 0, "before the message", "RCPT"},
        {FAKE_MAIL_421, AW_OUT_TRANSIENT, 421, "sender: 421 4.3.2", "RCPT"},
        {FAKE_MAIL_530, AW_OUT_AUTH, 530, "sender: 530 5.7.0", "RCPT"},
        {FAKE_MAIL_552, AW_OUT_REFUSED, 552, "sender: 552 5.3.4", "RCPT"},
        {FAKE_RCPT_450, AW_OUT_TRANSIENT, 450, "recipient: 450 4.2.1 greylisted ***", "Subject"},
        {FAKE_RCPT_550, AW_OUT_REFUSED, 550, "recipient: 550 5.1.1 <***> unknown", "Subject"},
        {FAKE_DATA_421, AW_OUT_TRANSIENT, 421, "message: 421 4.3.2", "Subject"},
        {FAKE_DATA_451, AW_OUT_TRANSIENT, 451, "message: 451 4.3.0", "Subject"},
        {FAKE_DATA_DROP, AW_OUT_TRANSIENT, 0, "before the message", "Subject"},
        {FAKE_END_554, AW_OUT_REFUSED, 554, "message: 554 5.6.0", "forged"},
        {FAKE_END_421, AW_OUT_TRANSIENT, 421, "message: 421 4.3.2", "forged"},
        {FAKE_END_452, AW_OUT_TRANSIENT, 452, "message: 452 4.3.1", "forged"},
        {FAKE_END_DROP, AW_OUT_UNKNOWN, 0, "lost before the answer", "forged"},
        {FAKE_SLOW, AW_OUT_ACCEPTED, 250, "queued as F1", "forged"},
    };
    (void)state;
    check_faults(starttls, AW_COUNT(starttls));
    check_faults(both, AW_COUNT(both));
    fake_smtp_implicit(server, true);
    tls = "implicit";
    check_faults(implicit, AW_COUNT(implicit));
    check_faults(both, AW_COUNT(both));
    tls = "starttls";
    fake_smtp_implicit(server, false);
}

/* Without a user, so that nothing but the taint keeps the mail from leaving. */
static void plain_text_before_tls_is_never_believed(void **state)
{
    static const enum fake_fault faults[] = {FAKE_INJECT, FAKE_INJECT_EARLY};
    struct aw_channel *ch = channel(fake_smtp_port(server), ca, NULL);
    (void)state;
    for (unsigned i = 0; i < AW_COUNT(faults); i++) {
        fake_smtp_fault(server, faults[i]);
        struct aw_result r = mail(ch, "li@sim.invalid");
        assert_int_equal(r.outcome, AW_OUT_TRANSIENT);
        assert_non_null(strstr(r.detail, "before TLS that nobody asked for"));
        assert_null(strstr(fake_smtp_seen(server), "MAIL"));
        assert_null(strstr(fake_smtp_seen(server), "Subject"));
    }
    fix_channel_free(ch);
}

static void a_worker_that_hangs_is_killed(void **state)
{
    static const struct {
        enum fake_fault fault;
        enum aw_outcome outcome;
    } cases[] = {{FAKE_GREETING_HANG, AW_OUT_TRANSIENT}, {FAKE_END_HANG, AW_OUT_UNKNOWN}};
    struct aw_channel *ch = channel(fake_smtp_port(server), ca, "shop");
    pid_t before[4], after[4];
    (void)state;
    ch->timeout = 600; /* libesmtp waits for a second at least: only the kill can be first */
    for (unsigned i = 0; i < AW_COUNT(cases); i++) {
        fake_smtp_fault(server, FAKE_NONE);
        mail(ch, "li@sim.invalid");
        assert_int_equal(workers(before, 4), 1);
        fake_smtp_fault(server, cases[i].fault);
        aw_boot begin = aw_clock_boot();
        struct aw_result r = mail(ch, "li@sim.invalid");
        assert_in_range(aw_clock_boot() - begin, 550, 950);
        if (r.outcome != cases[i].outcome)
            fail_msg("fault %d became %s: %s", cases[i].fault, aw_outcome_name(r.outcome),
                     r.detail);
        assert_int_equal(workers(after, 4), 0);
    }
    fake_smtp_fault(server, FAKE_NONE); /* and the next mail has a worker again */
    ch->timeout = 5000;
    assert_int_equal(mail(ch, "li@sim.invalid").outcome, AW_OUT_ACCEPTED);
    fix_channel_free(ch);
}

/* Each byte begins libesmtp's time-out anew: the channel's own has to end it. */
static void an_answer_without_end_takes_no_longer(void **state)
{
    static const struct {
        enum fake_fault fault;
        enum aw_outcome outcome;
        unsigned handed;
    } cases[] = {{FAKE_GREETING_DRIP, AW_OUT_TRANSIENT, 0}, {FAKE_END_DRIP, AW_OUT_UNKNOWN, 1}};
    (void)state;
    for (unsigned i = 0; i < 2 * AW_COUNT(cases); i++) {
        bool implicit = i >= AW_COUNT(cases);
        tls = implicit ? "implicit" : "starttls";
        fake_smtp_implicit(server, implicit);
        fake_smtp_fault(server, cases[i % 2].fault);
        struct aw_channel *ch = channel(fake_smtp_port(server), ca, "shop");
        ch->timeout = 300;
        aw_boot begin = aw_clock_boot();
        struct aw_result r = mail(ch, "li@sim.invalid");
        assert_in_range(aw_clock_boot() - begin, 250, 2000);
        if (r.outcome != cases[i % 2].outcome)
            fail_msg("%s, fault %d became %s: %s", tls, cases[i % 2].fault,
                     aw_outcome_name(r.outcome), r.detail);
        assert_int_equal(times_seen("\n.\n"), cases[i % 2].handed);
        fix_channel_free(ch);
    }
    tls = "starttls";
    fake_smtp_implicit(server, false);
}

static void a_worker_serves_several_mails_and_is_replaced(void **state)
{
    struct aw_channel *ch = channel(fake_smtp_port(server), ca, NULL);
    pid_t first[4], second[4];
    (void)state;
    fake_smtp_fault(server, FAKE_NONE);
    assert_int_equal(mail(ch, "li@sim.invalid").outcome, AW_OUT_ACCEPTED);
    assert_int_equal(workers(first, 4), 1);
    assert_int_equal(mail(ch, "li@sim.invalid").outcome, AW_OUT_ACCEPTED);
    assert_int_equal(workers(second, 4), 1);
    assert_int_equal(first[0], second[0]);
    kill(first[0], SIGKILL); /* while idle */
    for (unsigned i = 0; i < 100 && workers(second, 4); i++)
        pause_ms(10);
    assert_int_equal(mail(ch, "li@sim.invalid").outcome, AW_OUT_ACCEPTED);
    assert_int_equal(workers(second, 4), 1);
    assert_int_not_equal(first[0], second[0]);
    fix_channel_free(ch);
}

static void the_certificate_must_be_the_hosts(void **state)
{
    struct aw_channel *ch;
    struct aw_result r;
    (void)state;
    fake_smtp_fault(server, FAKE_NONE);
    fake_smtp_fault(stranger, FAKE_NONE);
    ch = channel(fake_smtp_port(server), other_ca, "shop"); /* another authority */
    r = mail(ch, "li@sim.invalid");
    assert_int_equal(r.outcome, AW_OUT_TRANSIENT);
    assert_non_null(strstr(r.detail, "certificate is refused"));
    assert_null(strstr(fake_smtp_seen(server), "MAIL"));
    fix_channel_free(ch);
    ch = channel(fake_smtp_port(stranger), other_ca, "shop"); /* right authority, another name */
    r = mail(ch, "li@sim.invalid");
    assert_int_equal(r.outcome, AW_OUT_TRANSIENT);
    assert_non_null(strstr(r.detail, "mismatch"));
    assert_null(strstr(fake_smtp_seen(stranger), "MAIL"));
    fix_channel_free(ch);
    ch = channel(fake_smtp_port(server), "/nonexistent/ca.pem", "shop");
    r = mail(ch, "li@sim.invalid");
    assert_int_equal(r.outcome, AW_OUT_AUTH);
    assert_non_null(strstr(r.detail, "ca_file"));
    fix_channel_free(ch);
}

static void bad_addresses_never_reach_libesmtp(void **state)
{
    static const char *const bad[] = {
        "li",
        "@x.example",
        "li@",
        "li@x.example\r\nRCPT TO:<wang@x.example>",
        "li@x.example>",
        "李@x.example",
        "a b@x.example",
    };
    struct aw_channel *ch = channel(fake_smtp_port(server), ca, "shop");
    (void)state;
    fake_smtp_fault(server, FAKE_NONE);
    for (unsigned i = 0; i < AW_COUNT(bad); i++)
        assert_int_equal(mail(ch, bad[i]).outcome, AW_OUT_REFUSED);
    assert_string_equal(fake_smtp_seen(server), "");
    fix_channel_free(ch);
}

static void nobody_there_is_transient(void **state)
{
    struct aw_channel *ch = channel(1, ca, "shop");
    (void)state;
    struct aw_result r = mail(ch, "li@sim.invalid");
    assert_int_equal(r.outcome, AW_OUT_TRANSIENT);
    assert_non_null(strstr(r.detail, "cannot connect"));
    fix_channel_free(ch);
}

/* A process with a mail under way that never ends: what `--orphan PORT CA` runs. */
static int orphan(const char *port, const char *ca_file)
{
    struct aw_channel *ch = channel((unsigned)strtol(port, NULL, 10), ca_file, NULL);
    ch->timeout = 60000;
    if (start_dispatch() != 0)
        return 1;
    mail(ch, "li@sim.invalid");
    return 0;
}

/* Killed without a chance to say so: the worker, in the middle of a mail, goes too. */
static void a_worker_dies_with_the_daemon(void **state)
{
    char port[16];
    char *argv[] = {self, (char *)"--orphan", port, ca, NULL};
    pid_t daemon, worker[4];
    unsigned n = 0;
    (void)state;
    prctl(PR_SET_CHILD_SUBREAPER, 1); /* the orphan becomes ours: its end can be seen */
    snprintf(port, sizeof port, "%u", fake_smtp_port(server));
    fake_smtp_fault(server, FAKE_GREETING_HANG);
    assert_int_equal(posix_spawn(&daemon, self, NULL, NULL, argv, environ), 0);
    for (unsigned i = 0; i < 300 && !n; i++) {
        pause_ms(10);
        n = children(daemon, worker, 4);
    }
    assert_int_equal(n, 1);
    pause_ms(200); /* until it waits for the greeting */
    assert_int_equal(kill(worker[0], 0), 0);
    kill(daemon, SIGKILL);
    assert_int_equal(waitpid(daemon, NULL, 0), daemon);
    for (unsigned i = 0; i < 100 && waitpid(worker[0], NULL, WNOHANG) != worker[0]; i++)
        pause_ms(10);
    assert_int_equal(waitpid(worker[0], NULL, WNOHANG), -1); /* gone, and seen to be */
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mail_arrives_whole),
        cmocka_unit_test(each_fault_has_its_outcome),
        cmocka_unit_test(plain_text_before_tls_is_never_believed),
        cmocka_unit_test(a_worker_dies_with_the_daemon),
        cmocka_unit_test(a_worker_serves_several_mails_and_is_replaced),
        cmocka_unit_test(a_worker_that_hangs_is_killed),
        cmocka_unit_test(an_answer_without_end_takes_no_longer),
        cmocka_unit_test(the_certificate_must_be_the_hosts),
        cmocka_unit_test(bad_addresses_never_reach_libesmtp),
        cmocka_unit_test(nobody_there_is_transient),
    };
    if (argc == 3 && strcmp(argv[1], "--mail-worker") == 0)
        return aw_mail_worker_main((int)strtol(argv[2], NULL, 10));
    if (readlink("/proc/self/exe", self, sizeof self - 1) <= 0)
        return 1;
    if (argc == 4 && strcmp(argv[1], "--orphan") == 0)
        return orphan(argv[2], argv[3]);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
