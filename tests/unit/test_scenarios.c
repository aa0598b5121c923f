/* SPDX-License-Identifier: Apache-2.0
 *
 * The trouble that providers make, scenario by scenario, each with the outcome that we promise: a
 * hostile server on loopback, one connection a thread, that behaves as the first part of its path
 * says; real requests by dispatch.c. Printed as a list, with what stands in other tests.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "chan_fix.h"

#define TIMEOUT 400 /* ms, of every channel */

static unsigned short http_port, hole_port, internal_port;
enum { HTTP, HOLE, INTERNAL, LISTENERS };
static int listeners[LISTENERS];
static atomic_uint n_internal, n_threads;

/* --- the server ---------------------------------------------------------------------------- */

static void say(int fd, const char *text)
{
    size_t n = strlen(text);
    while (n) {
        ssize_t k = send(fd, text, n, MSG_NOSIGNAL);
        if (k <= 0)
            return;
        text += k;
        n -= (size_t)k;
    }
}

static void hold(int fd) /* until they hang up */
{
    char c[512];
    while (recv(fd, c, sizeof c, 0) > 0)
        ;
}

static void drip(int fd, const char *head)
{
    say(fd, head);
    while (send(fd, "x", 1, MSG_NOSIGNAL) == 1)
        nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
}

static void flood(int fd, const char *head, const char *line, unsigned times)
{
    say(fd, head);
    for (unsigned i = 0; i < times; i++)
        if (send(fd, line, strlen(line), MSG_NOSIGNAL) <= 0)
            return;
}

static void status(int fd, const char *path)
{
    char head[512], date[64], *slash;
    int code = (int)strtol(path, &slash, 10);
    time_t then = time(NULL) + 90;
    struct tm tm;

    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&then, &tm));
    const char *after = strcmp(slash, "/seconds") == 0    ? "Retry-After: 7\r\n"
                        : strcmp(slash, "/negative") == 0 ? "Retry-After: -5\r\n"
                        : strcmp(slash, "/decade") == 0   ? "Retry-After: 315360000\r\n"
                        : strcmp(slash, "/odd") == 0      ? "Retry-After: soon\r\n"
                                                          : "";
    snprintf(head, sizeof head,
             "HTTP/1.1 %d X\r\nConnection: close\r\n%s%s%s%sContent-Length: 0\r\n\r\n", code, after,
             strcmp(slash, "/date") == 0 ? "Retry-After: " : "",
             strcmp(slash, "/date") == 0 ? date : "", strcmp(slash, "/date") == 0 ? "\r\n" : "");
    say(fd, head);
}

static void body(int fd, int code, const char *type, const char *text)
{
    char head[256];
    snprintf(head, sizeof head,
             "HTTP/1.1 %d X\r\nConnection: close\r\nContent-Type: %s\r\nContent-Length: "
             "%zu\r\n\r\n",
             code, type, strlen(text));
    say(fd, head);
    say(fd, text);
}

#define JSON "application/json"
#define OK   "HTTP/1.1 200 OK\r\nConnection: close\r\n"

static void behave(int fd, const char *path)
{
    char line[1025], head[256];
    memset(line, 'a', 1024);
    line[1024] = '\0';
    if (strncmp(path, "/status/", 8) == 0)
        status(fd, path + 8);
    else if (strcmp(path, "/ok") == 0)
        body(fd, 200, JSON, "{\"code\":0}");
    else if (strcmp(path, "/late") == 0)
        nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL),
            body(fd, 200, JSON, "{\"code\":0}");
    else if (strcmp(path, "/reset") == 0)
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger));
    else if (strcmp(path, "/close") == 0)
        ;
    else if (strcmp(path, "/hang") == 0)
        hold(fd);
    else if (strcmp(path, "/cut-head") == 0)
        say(fd, "HTTP/1.1 200 OK\r\nContent-Le");
    else if (strcmp(path, "/cut-body") == 0)
        say(fd, OK "Content-Length: 100\r\n\r\n{\"code\"");
    else if (strcmp(path, "/drip") == 0)
        drip(fd, OK "\r\n");
    else if (strcmp(path, "/endless") == 0)
        flood(fd, OK "\r\n", line, 1 << 20);
    else if (strcmp(path, "/heads") == 0) { /* 64 MB of headers */
        snprintf(head, sizeof head, "X-A: %.200s\r\n", line);
        flood(fd, "HTTP/1.1 200 OK\r\n", head, 320000);
    } else if (strcmp(path, "/bomb") == 0) /* would be large if anybody unpacked it */
        body(fd, 200, JSON "\r\nContent-Encoding: gzip", "\x1f\x8b\x08 not for us");
    else if (strcmp(path, "/error-json") == 0)
        body(fd, 200, JSON, "{\"code\":7}");
    else if (strcmp(path, "/html") == 0)
        body(fd, 200, "text/html", "<html>Welcome to the hotel network</html>");
    else if (strcmp(path, "/inside") == 0) {
        snprintf(head, sizeof head,
                 "HTTP/1.1 302 X\r\nConnection: close\r\nLocation: http://127.0.0.1:%u/\r\n"
                 "Content-Length: 0\r\n\r\n",
                 internal_port);
        say(fd, head);
    } else if (strcmp(path, "/loop") == 0)
        say(fd,
            "HTTP/1.1 307 X\r\nConnection: close\r\nLocation: /loop\r\nContent-Length: 0\r\n\r\n");
    else if (strncmp(path, "/jsms/", 6) == 0) { /* .../CODE/messages */
        snprintf(line, sizeof line, "{\"error\":{\"code\":%ld,\"message\":\"m\"}}",
                 strtol(path + 6, NULL, 10));
        body(fd, 403, JSON, line);
    } else if (strncmp(path, "/jpush/", 7) == 0) {
        snprintf(line, sizeof line, "{\"error\":{\"code\":%ld,\"message\":\"m\"}}",
                 strtol(path + 7, NULL, 10));
        body(fd, strncmp(path + 7, "1004", 4) == 0 ? 401 : 400, JSON, line);
    }
}

static void *connection(void *arg)
{
    char request[4096] = "", path[128] = "";
    int fd = (int)(intptr_t)arg;
    size_t n = 0;
    while (n + 1 < sizeof request && !strstr(request, "\r\n\r\n")) {
        ssize_t k = recv(fd, request + n, sizeof request - 1 - n, 0);
        if (k <= 0)
            break;
        request[n += (size_t)k] = '\0';
    }
    sscanf(request, "%*15s %127s", path);
    behave(fd, path);
    /* What is unread would make the close a reset. */
    if (strcmp(path, "/reset") != 0) {
        shutdown(fd, SHUT_WR);
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){.tv_usec = 200000},
                   sizeof(struct timeval));
        hold(fd);
    }
    close(fd);
    atomic_fetch_sub(&n_threads, 1);
    return NULL;
}

static void *internal_hit(void *arg)
{
    atomic_fetch_add(&n_internal, 1);
    close((int)(intptr_t)arg);
    atomic_fetch_sub(&n_threads, 1);
    return NULL;
}

static void *accept_all(void *arg)
{
    unsigned which = (unsigned)(uintptr_t)arg;
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    for (int fd; (fd = accept(listeners[which], NULL, NULL)) >= 0;) {
        pthread_t t;
        atomic_fetch_add(&n_threads, 1);
        pthread_create(&t, &attr, which == HTTP ? connection : internal_hit, (void *)(intptr_t)fd);
    }
    pthread_attr_destroy(&attr);
    return NULL;
}

static unsigned short listen_on(unsigned i, int backlog)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    listeners[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(listeners[i], (struct sockaddr *)&a, sizeof a) != 0 ||
        listen(listeners[i], backlog) != 0 ||
        getsockname(listeners[i], (struct sockaddr *)&a, &n) != 0)
        abort();
    return ntohs(a.sin_port);
}

static pthread_t servers[LISTENERS];
static int stuffing[4];

/* Connections that fill the backlog of the one that never accepts. */
static void fill_hole(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                            .sin_port = htons(hole_port)};
    for (unsigned i = 0; i < AW_COUNT(stuffing); i++) {
        stuffing[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)connect(stuffing[i], (struct sockaddr *)&a, sizeof a);
    }
}

static int set_up(void **state)
{
    (void)state;
    http_port = listen_on(HTTP, 128);
    hole_port = listen_on(HOLE, 0);
    internal_port = listen_on(INTERNAL, 128);
    fill_hole();
    for (unsigned i = 0; i < LISTENERS; i++)
        if (i != HOLE)
            pthread_create(&servers[i], NULL, accept_all, (void *)(uintptr_t)i);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (unsigned i = 0; i < LISTENERS; i++) {
        shutdown(listeners[i], SHUT_RDWR);
        if (i != HOLE)
            pthread_join(servers[i], NULL);
        close(listeners[i]);
    }
    for (unsigned i = 0; i < AW_COUNT(stuffing); i++)
        close(stuffing[i]);
    for (unsigned i = 0; i < 300 && atomic_load(&n_threads); i++)
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    return 0;
}

/* --- scenarios ------------------------------------------------------------------------------ */

enum who { GATEWAY, HOOK, JSMS, JPUSH };

static const struct scenario {
    const char *name, *at; /* %H: the HTTP server, %B: the black hole */
    enum who who;
    enum aw_outcome outcome;
    long wait_least, wait_most; /* s that the provider asks for */
} scenarios[] = {
    {"a good answer", "http://%H/ok", GATEWAY, AW_OUT_ACCEPTED, 0, 0},
    {"refused", "http://127.0.0.1:1/", GATEWAY, AW_OUT_TRANSIENT, 0, 0},
    {"black hole: SYN and nothing", "http://%B/", GATEWAY, AW_OUT_TRANSIENT, 0, 0},
    {"reset after the request", "http://%H/reset", GATEWAY, AW_OUT_UNKNOWN, 0, 0},
    {"accept, then close", "http://%H/close", GATEWAY, AW_OUT_UNKNOWN, 0, 0},
    {"hangs after the request", "http://%H/hang", GATEWAY, AW_OUT_UNKNOWN, 0, 0},
    {"cut in the header", "http://%H/cut-head", GATEWAY, AW_OUT_UNKNOWN, 0, 0},
    {"cut in the body", "http://%H/cut-body", GATEWAY, AW_OUT_UNKNOWN, 0, 0},
    {"one byte at a time", "http://%H/drip", GATEWAY, AW_OUT_UNKNOWN, 0, 0},
    {"endless body", "http://%H/endless", GATEWAY, AW_OUT_UNKNOWN, 0, 0},
    {"64 MB of headers", "http://%H/heads", GATEWAY, AW_OUT_UNKNOWN, 0, 0},
    {"gzip bomb: not unpacked", "http://%H/bomb", GATEWAY, AW_OUT_UNKNOWN, 0, 0},
    {"200 with error JSON", "http://%H/error-json", GATEWAY, AW_OUT_TRANSIENT, 0, 0},
    {"200 with HTML", "http://%H/html", GATEWAY, AW_OUT_UNKNOWN, 0, 0},
    {"204 where an answer is due", "http://%H/status/204", GATEWAY, AW_OUT_UNKNOWN, 0, 0},
    {"204 where none is", "http://%H/status/204", HOOK, AW_OUT_ACCEPTED, 0, 0},
    {"3xx to an internal host: not followed", "http://%H/inside", GATEWAY, AW_OUT_TRANSIENT, 0, 0},
    {"redirect loop: not followed", "http://%H/loop", GATEWAY, AW_OUT_TRANSIENT, 0, 0},
    {"400", "http://%H/status/400", GATEWAY, AW_OUT_REFUSED, 0, 0},
    {"401", "http://%H/status/401", GATEWAY, AW_OUT_AUTH, 0, 0},
    {"403", "http://%H/status/403", GATEWAY, AW_OUT_AUTH, 0, 0},
    {"404", "http://%H/status/404", GATEWAY, AW_OUT_REFUSED, 0, 0},
    {"409", "http://%H/status/409", GATEWAY, AW_OUT_REFUSED, 0, 0},
    {"410", "http://%H/status/410", HOOK, AW_OUT_REFUSED, 0, 0},
    {"413", "http://%H/status/413", GATEWAY, AW_OUT_REFUSED, 0, 0},
    {"422", "http://%H/status/422", GATEWAY, AW_OUT_REFUSED, 0, 0},
    {"429, seconds", "http://%H/status/429/seconds", GATEWAY, AW_OUT_THROTTLED, 7, 7},
    {"429, a date", "http://%H/status/429/date", GATEWAY, AW_OUT_THROTTLED, 80, 91},
    {"429, negative: our usual wait", "http://%H/status/429/negative", GATEWAY, AW_OUT_THROTTLED,
     30, 30},
    {"429, a word: our usual wait", "http://%H/status/429/odd", GATEWAY, AW_OUT_THROTTLED, 30, 30},
    {"429, 10 years: the engine ends it at the deadline", "http://%H/status/429/decade", GATEWAY,
     AW_OUT_THROTTLED, 315360000, 315360000},
    {"429 without", "http://%H/status/429", GATEWAY, AW_OUT_THROTTLED, 30, 30},
    {"500", "http://%H/status/500", GATEWAY, AW_OUT_TRANSIENT, 0, 0},
    {"502", "http://%H/status/502", GATEWAY, AW_OUT_TRANSIENT, 0, 0},
    {"503", "http://%H/status/503", GATEWAY, AW_OUT_TRANSIENT, 0, 0},
    {"503, seconds", "http://%H/status/503/seconds", GATEWAY, AW_OUT_TRANSIENT, 7, 7},
    {"503, seconds", "http://%H/status/503/seconds", HOOK, AW_OUT_TRANSIENT, 7, 7},
    {"503, a date", "http://%H/status/503/date", GATEWAY, AW_OUT_TRANSIENT, 80, 91},
    {"503, a word: our back-off", "http://%H/status/503/odd", GATEWAY, AW_OUT_TRANSIENT, 0, 0},
    {"504", "http://%H/status/504", GATEWAY, AW_OUT_TRANSIENT, 0, 0},
    {"latency x 100, in time", "http://%H/late", GATEWAY, AW_OUT_ACCEPTED, 0, 0},
    {"credit exhausted (JSMS 50014)", "http://%H/jsms/50014/", JSMS, AW_OUT_AUTH, 0, 0},
    {"account locked (JSMS 50036)", "http://%H/jsms/50036/", JSMS, AW_OUT_AUTH, 0, 0},
    {"a number's own limit (JSMS 50009)", "http://%H/jsms/50009/", JSMS, AW_OUT_THROTTLED, 60, 60},
    {"key rotated under us (JPush 1004)", "http://%H/jpush/1004/", JPUSH, AW_OUT_AUTH, 0, 0},
    {"nobody behind the address (JPush 1011)", "http://%H/jpush/1011/", JPUSH, AW_OUT_NO_TARGET, 0,
     0},
};

static const char *const elsewhere[] = {
    "5xx flapping, brown-outs, a full outage: test_fitness (figures N2, N3) and test_channels",
    "one provider hangs: test_channels (figure N4), test_dispatch, and below",
    "SMTP 4xx, 421 and 5xx at each command, hang, drop and drip at both ends: test_mail",
    "SMTP answers of 1,000 lines, other host's certificate, no STARTTLS: test_mail",
    "certificates, old TLS, handshakes that stall: test_reach",
    "DNS: NXDOMAIN, SERVFAIL, slow, AAAA only: test_reach",
    "DNS rebinding to an internal address: test_ssrf",
    "receipt before reply, never, foreign, repeated, reversed, after the end: test_loop_receipts",
};
struct fix {
    struct fix_core *core;
    struct aw_dispatch *d;
    struct aw_clock clock;
};

static int fix_up(void **state)
{
    struct fix *f = aw_calloc(1, sizeof *f);
    aw_clock_init_real(&f->clock);
    f->core = fix_core_new();
    const struct aw_chan_env env = {.clock = &f->clock,
                                    .submit = fix_core_submit(f->core),
                                    .node = "node.example",
                                    .self = "/nonexistent",
                                    .user_agent = "ackwatch/test"};
    *state = f;
    return aw_dispatch_new(&env, &f->d, NULL);
}

static int fix_down(void **state)
{
    struct fix *f = *state;
    aw_dispatch_free(f->d);
    fix_core_free(f->core);
    aw_free(f);
    return 0;
}

static const char *expand(char dst[128], const char *at)
{
    static const char marks[] = "HB";
    const unsigned short ports[] = {http_port, hole_port};
    const char *mark = strchr(at, '%');
    if (!mark)
        snprintf(dst, 128, "%s", at);
    else
        snprintf(dst, 128, "%.*s127.0.0.1:%u%s", (int)(mark - at), at,
                 ports[strchr(marks, mark[1]) - marks], mark + 2);
    return dst;
}

/* url lives as long as the channel. */
static struct aw_channel *channel(const struct scenario *c, char url[128])
{
    expand(url, c->at);
    switch (c->who) {
    case HOOK:
        return fix_channel("webhook",
                           (const char *const[]){"url", url, "secret", "whsec_c2VjcmV0", NULL});
    case JSMS:
        return fix_channel("jsms", (const char *const[]){"app_key", "k", "master_secret", "s",
                                                         "temp_id", "1", "url", url, NULL});
    case JPUSH:
        return fix_channel("jpush", (const char *const[]){"app_key", "k", "master_secret", "s",
                                                          "push_url", url, NULL});
    default:
        return fix_channel("gateway", (const char *const[]){"url", url, "fields.to", "{{to}}",
                                                            "success_pointer", "/code", NULL});
    }
}

static void test_each(void **state)
{
    struct fix *f = *state;
    for (unsigned i = 0; i < AW_COUNT(scenarios); i++) {
        const struct scenario *c = &scenarios[i];
        char url[128];
        struct aw_channel *ch = channel(c, url);
        struct aw_send s = {.attempt = i + 1,
                            .ref = i + 1,
                            .channel = ch,
                            .kind = ch->provider->kind,
                            .cid = c->who == JPUSH ? "cid" : NULL,
                            .arena = aw_strdup("+8613812345678")};
        ch->timeout = TIMEOUT;
        s.phone = s.alias = s.text = s.arena;
        aw_dispatch_send(f->d, &s);
        struct aw_cmd *cmd = fix_core_take(f->core, 10000);
        if (!cmd)
            fail_msg("%s: no result", c->name);
        const struct aw_result *r = &cmd->u.result;
        long wait = (long)(r->wait / AW_SECOND);
        if (r->outcome != c->outcome || wait < c->wait_least || wait > c->wait_most)
            fail_msg("%s became %s, wait %ld s: %s", c->name, aw_outcome_name(r->outcome), wait,
                     r->detail);
        assert_null(strstr(r->detail, "13812345678"));
        printf("# %-50s %s\n", c->name, aw_outcome_name(r->outcome));
        aw_cmd_free(cmd);
        fix_channel_free(ch);
    }
    assert_int_equal(atomic_load(&n_internal), 0);
    for (unsigned i = 0; i < AW_COUNT(elsewhere); i++)
        printf("# elsewhere: %s\n", elsewhere[i]);
}

static void send_one(struct fix *f, const struct aw_channel *ch, enum aw_outcome want)
{
    struct aw_send s = {.attempt = 1, .ref = 1, .channel = ch, .kind = AW_SMS};
    s.phone = s.text = s.arena = aw_strdup("+8613812345678");
    aw_dispatch_send(f->d, &s);
    struct aw_cmd *cmd = fix_core_take(f->core, 3000);
    assert_non_null(cmd);
    assert_int_equal(cmd->u.result.outcome, want);
    aw_cmd_free(cmd);
}

/* Begins with two, and takes another place for as many successes as there are; a failure takes one
 * away. */
static void test_places(void **state)
{
    static const struct scenario fine = {"", "http://%H/ok", GATEWAY, 0, 0, 0},
                                 broken = {"", "http://%H/status/500", GATEWAY, 0, 0, 0};
    struct fix *f = *state;
    char url[2][128];
    struct aw_channel *good = channel(&fine, url[0]), *bad = channel(&broken, url[1]);
    unsigned taken, limit;
    good->name = bad->name = "same"; /* one account, before and after a reload */
    aw_dispatch_places(f->d, "same", &taken, &limit);
    assert_int_equal(limit, 0);
    for (unsigned i = 0; i < 2 + 3 + 4 + 5 + 6 + 7; i++)
        send_one(f, good, AW_OUT_ACCEPTED);
    aw_dispatch_places(f->d, "same", &taken, &limit);
    assert_int_equal(limit, 8); /* the cap of a gateway */
    assert_int_equal(taken, 0);
    for (unsigned i = 0; i < 9; i++)
        send_one(f, bad, AW_OUT_TRANSIENT);
    aw_dispatch_places(f->d, "same", &taken, &limit);
    assert_int_equal(limit, 1);
    fix_channel_free(good);
    fix_channel_free(bad);
}

/* ms that 300 sends take over a channel that works. */
static aw_ms carry(struct fix *f, const struct aw_channel *good)
{
    aw_boot begin = aw_clock_boot();
    unsigned n = 0;
    for (unsigned i = 0; i < 300; i++) {
        struct aw_send s = {.attempt = 1000 + i, .ref = 1, .channel = good, .kind = AW_SMS};
        s.phone = s.text = s.arena = aw_strdup("+8613812345678");
        aw_dispatch_send(f->d, &s);
    }
    while (n < 300) {
        struct aw_cmd *cmd = fix_core_take(f->core, 10000);
        assert_non_null(cmd);
        if (cmd->u.result.attempt >= 1000) {
            assert_int_equal(cmd->u.result.outcome, AW_OUT_ACCEPTED);
            n++;
        }
        aw_cmd_free(cmd);
    }
    return aw_clock_boot() - begin;
}

/* The same alone, and beside a channel with 500 sends whose provider hangs; the ratio is printed,
 * since a time is no assertion (the promise itself stands in test_channels, on a virtual clock). */
static void test_hanging_neighbour(void **state)
{
    static const struct scenario fine = {"", "http://%H/ok", GATEWAY, 0, 0, 0},
                                 hangs = {"", "http://%H/hang", GATEWAY, 0, 0, 0};
    struct fix *f = *state;
    char url[2][128];
    struct aw_channel *good = channel(&fine, url[0]), *bad = channel(&hangs, url[1]);
    good->timeout = 10000;
    bad->timeout = 10000;
    bad->name = "hangs";
    carry(f, good); /* its places have grown */
    aw_ms alone = carry(f, good);
    for (unsigned i = 0; i < 500; i++) {
        struct aw_send s = {.attempt = 1 + i, .ref = 1, .channel = bad, .kind = AW_SMS};
        s.phone = s.text = s.arena = aw_strdup("+8613812345678");
        aw_dispatch_send(f->d, &s);
    }
    aw_ms beside = carry(f, good);
    printf("# figure: 300 sends: %d ms alone, %d ms beside a channel that hangs with 500: ratio "
           "%.2f\n",
           (int)alone, (int)beside, (double)beside / (double)(alone ? alone : 1));
    aw_dispatch_stop(f->d, 0);
    for (struct aw_cmd *cmd; (cmd = fix_core_take(f->core, 0));)
        aw_cmd_free(cmd);
    fix_channel_free(good);
    fix_channel_free(bad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_each, fix_up, fix_down),
        cmocka_unit_test_setup_teardown(test_places, fix_up, fix_down),
        cmocka_unit_test_setup_teardown(test_hanging_neighbour, fix_up, fix_down),
    };
    return cmocka_run_group_tests_name("scenarios", tests, set_up, tear_down);
}
