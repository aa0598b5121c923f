/* SPDX-License-Identifier: Apache-2.0
 *
 * dispatch.c and xfer.c against a server on loopback that misbehaves as its path says: what left
 * and what did not is told apart, one result comes for each send, and none is lost.
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

/* --- the server ---------------------------------------------------------------------------- */

static int listener = -1;
static unsigned short port;
static atomic_uint n_requests, n_now, n_most;
static char last_request[65536];
static pthread_mutex_t last_lock = PTHREAD_MUTEX_INITIALIZER;

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

/* The head and as much body as Content-Length says. */
static void read_request(int fd, char *dst, size_t cap)
{
    size_t n = 0, want = 0;
    while (n + 1 < cap) {
        ssize_t k = recv(fd, dst + n, cap - 1 - n, 0);
        if (k <= 0)
            break;
        dst[n += (size_t)k] = '\0';
        char *end = strstr(dst, "\r\n\r\n"), *length = strcasestr(dst, "content-length:");
        if (end) {
            want = (size_t)(end + 4 - dst);
            if (length && length < end)
                want += strtoul(length + 15, NULL, 10);
            if (n >= want)
                break;
        }
    }
}

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

static void answer(int fd, const char *status, const char *headers, const char *body)
{
    char head[512];
    snprintf(head, sizeof head, "HTTP/1.1 %s\r\nConnection: close\r\nContent-Length: %zu\r\n%s\r\n",
             status, strlen(body), headers);
    say(fd, head);
    say(fd, body);
}

static void wait_for_hangup(int fd)
{
    char c;
    while (recv(fd, &c, 1, 0) > 0)
        ;
}

static void huge(int fd)
{
    char block[1025];
    memset(block, 'x', 1024);
    block[1024] = '\0';
    say(fd, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
    for (unsigned i = 0; i < 400; i++)
        say(fd, block);
}

static void slow(int fd)
{
    char c = ' ';
    say(fd, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
    while (send(fd, &c, 1, MSG_NOSIGNAL) == 1)
        pause_ms(20);
}

static void jpush(int fd, const char *request)
{
    if (strstr(request, "GET /v3/push/cid?count=2&type=push "))
        answer(fd, "200 OK", "", "{\"cidlist\":[\"k-1\",\"k-2\"]}");
    else if (strstr(request, "GET /r/received/detail?msg_ids=5 "))
        answer(fd, "200 OK", "X-Rate-Limit-Remaining: 17\r\nX-Rate-Limit-Reset: 9\r\n",
               "[{\"msg_id\":\"5\",\"jpush_received\":1}]");
    else if (strstr(request, "override_msg_id"))
        answer(fd, "400 Bad Request", "", "{\"error\":{\"code\":1003,\"message\":\"override\"}}");
    else
        answer(fd, "200 OK", "", "{\"sendno\":\"1\",\"msg_id\":\"5\"}");
}

static __thread bool left;

/* No longer under way: told before the answer is, since the next request may come upon it. */
static void leave(void)
{
    if (!left)
        atomic_fetch_sub(&n_now, 1);
    left = true;
}

static void serve(int fd, const char *request)
{
    char path[128] = "";
    sscanf(request, "%*15s %127s", path);
    if (strcmp(path, "/ok") == 0)
        answer(fd, "200 OK", "", "{\"code\":0}");
    else if (strcmp(path, "/wait") == 0)
        pause_ms(60), leave(), answer(fd, "200 OK", "", "{\"code\":0}");
    else if (strcmp(path, "/html") == 0)
        answer(fd, "502 Bad Gateway", "Content-Type: text/html\r\n", "<html>no</html>");
    else if (strcmp(path, "/429") == 0)
        answer(fd, "429 Too Many Requests", "Retry-After: 3\r\n", "");
    else if (strcmp(path, "/redirect") == 0)
        answer(fd, "302 Found", "Location: /ok\r\n", "");
    else if (strcmp(path, "/short") == 0)
        say(fd, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 100\r\n\r\n{\"code\"");
    else if (strcmp(path, "/silent") == 0)
        ; /* hangs up without a word */
    else if (strcmp(path, "/hang") == 0)
        wait_for_hangup(fd);
    else if (strcmp(path, "/huge") == 0)
        huge(fd);
    else if (strcmp(path, "/slow") == 0)
        slow(fd);
    else if (strcmp(path, "/reset") == 0)
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger));
    else
        jpush(fd, request);
}

static void *connection(void *arg)
{
    char request[65536] = "";
    int fd = (int)(intptr_t)arg;
    read_request(fd, request, sizeof request);
    unsigned now = atomic_fetch_add(&n_now, 1) + 1, most = atomic_load(&n_most);
    while (now > most && !atomic_compare_exchange_weak(&n_most, &most, now))
        ;
    atomic_fetch_add(&n_requests, 1);
    pthread_mutex_lock(&last_lock);
    memcpy(last_request, request, sizeof request);
    pthread_mutex_unlock(&last_lock);
    serve(fd, request);
    leave();
    close(fd);
    return NULL;
}

static void *accept_all(void *arg)
{
    pthread_attr_t attr;
    (void)arg;
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    for (;;) {
        pthread_t t;
        int fd = accept(listener, NULL, NULL);
        if (fd < 0)
            break;
        pthread_create(&t, &attr, connection, (void *)(intptr_t)fd);
    }
    pthread_attr_destroy(&attr);
    return NULL;
}

static pthread_t server;

static int set_up(void **state)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    (void)state;
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&a, sizeof a) != 0 ||
        listen(listener, 128) != 0 || getsockname(listener, (struct sockaddr *)&a, &n) != 0)
        return -1;
    port = ntohs(a.sin_port);
    return pthread_create(&server, NULL, accept_all, NULL);
}

static int tear_down(void **state)
{
    (void)state;
    shutdown(listener, SHUT_RDWR);
    pthread_join(server, NULL);
    close(listener);
    for (unsigned i = 0; i < 200 && atomic_load(&n_now); i++)
        pause_ms(10);
    return 0;
}

/* --- fixtures ------------------------------------------------------------------------------ */

struct fix {
    struct fix_core *core;
    struct aw_dispatch *d;
    struct aw_clock clock;
    char url[4][128];
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

static const char *url(struct fix *f, unsigned i, const char *path)
{
    snprintf(f->url[i], sizeof f->url[i], "http://127.0.0.1:%u%s", port, path);
    return f->url[i];
}

static struct aw_channel *gateway(const char *at)
{
    return fix_channel("gateway", (const char *const[]){"url", at, "fields.to", "{{to}}",
                                                        "success_pointer", "/code", NULL});
}

static struct aw_channel *jpush_channel(struct fix *f)
{
    return fix_channel("jpush", (const char *const[]){"app_key", "key", "master_secret", "sec",
                                                      "push_url", url(f, 0, "/v3/"), "report_url",
                                                      url(f, 1, "/r/"), NULL});
}

static void send_to(struct fix *f, const struct aw_channel *ch, aw_id attempt)
{
    struct aw_send s = {.attempt = attempt,
                        .ref = attempt,
                        .channel = ch,
                        .kind = ch->provider->kind,
                        .arena = aw_strdup("+8613812345678")};
    s.phone = s.alias = s.text = s.arena;
    aw_dispatch_send(f->d, &s);
    assert_null(s.arena);
}

static struct aw_result take_result(struct fix *f, aw_ms ms)
{
    struct aw_cmd *cmd = fix_core_take(f->core, ms);
    if (!cmd)
        fail_msg("no command within %d ms", (int)ms);
    assert_int_equal(cmd->type, AW_CMD_RESULT);
    struct aw_result r = cmd->u.result;
    aw_cmd_free(cmd);
    return r;
}

static void expect_idle(struct fix *f)
{
    for (unsigned i = 0; i < 200 && aw_dispatch_active(f->d); i++)
        pause_ms(5);
    assert_int_equal(aw_dispatch_active(f->d), 0);
}

/* --- tests --------------------------------------------------------------------------------- */

static void each_way_to_fail_has_its_outcome(void **state)
{
    static const struct {
        const char *path;
        enum aw_outcome outcome;
        int status;
        const char *detail; /* a part of it */
    } cases[] = {
        {"/ok", AW_OUT_ACCEPTED, 200, ""},
        {"/html", AW_OUT_TRANSIENT, 502, "HTTP 502"},
        {"/429", AW_OUT_THROTTLED, 429, "HTTP 429"},
        {"/redirect", AW_OUT_TRANSIENT, 302, "HTTP 302"},
        {"/short", AW_OUT_UNKNOWN, 0, "transfer closed"},
        {"/silent", AW_OUT_UNKNOWN, 0, "Empty reply"},
        {"/reset", AW_OUT_UNKNOWN, 0, "reset"},
        {"/huge", AW_OUT_UNKNOWN, 0, "the answer is larger than 262144 bytes"},
        {"/slow", AW_OUT_UNKNOWN, 0, "timed out"},
        {"/hang", AW_OUT_UNKNOWN, 0, "timed out"},
    };
    struct fix *f = *state;
    for (unsigned i = 0; i < AW_COUNT(cases); i++) {
        struct aw_channel *ch = gateway(url(f, 0, cases[i].path));
        ch->timeout = 300;
        unsigned before = atomic_load(&n_requests);
        send_to(f, ch, i + 1);
        struct aw_result r = take_result(f, 3000);
        if (r.outcome != cases[i].outcome || !strstr(r.detail, cases[i].detail))
            fail_msg("%s became %s: %s", cases[i].path, aw_outcome_name(r.outcome), r.detail);
        assert_int_equal(r.attempt, i + 1);
        assert_int_equal(r.http_status, cases[i].status);
        assert_int_equal(r.wait, r.outcome == AW_OUT_THROTTLED ? 3000 : 0);
        assert_int_equal(atomic_load(&n_requests), before + 1); /* nothing is repeated unseen */
        expect_idle(f);
        fix_channel_free(ch);
    }
}

static void what_never_left_is_transient(void **state)
{
    static const char *const urls[] = {
        "http://127.0.0.1:1/",         /* nobody listens */
        "https://127.0.0.1:%u/ok",     /* no TLS there */
        "ftp://127.0.0.1/",            /* not allowed */
        "http://user:pw@127.0.0.1:1/", /* user info is not allowed */
        "http://",                     /* no URL */
    };
    struct fix *f = *state;
    for (unsigned i = 0; i < AW_COUNT(urls); i++) {
        char at[128];
        const char *mark = strstr(urls[i], "%u");
        snprintf(at, sizeof at, "%.*s", (int)(mark ? mark - urls[i] : (long)strlen(urls[i])),
                 urls[i]);
        if (mark)
            snprintf(at + strlen(at), sizeof at - strlen(at), "%u/ok", port);
        struct aw_channel *ch = gateway(at);
        ch->timeout = 300;
        send_to(f, ch, 7);
        struct aw_result r = take_result(f, 6000);
        if (r.outcome != AW_OUT_TRANSIENT || !*r.detail)
            fail_msg("%s became %s: %s", at, aw_outcome_name(r.outcome), r.detail);
        assert_null(strstr(r.detail, "pw"));
        fix_channel_free(ch);
    }
}

static void a_request_carries_what_was_built(void **state)
{
    struct fix *f = *state;
    struct aw_channel *ch =
        fix_channel("gateway", (const char *const[]){"url", url(f, 0, "/ok"), "fields.to", "{{to}}",
                                                     "user", "shop", "password", "pa:ss",
                                                     "headers.X-Client", "a b", NULL});
    static char proxy[] = "http_proxy=http://127.0.0.1:1"; /* must not be used */
    putenv(proxy);
    send_to(f, ch, 1);
    assert_int_equal(take_result(f, 3000).outcome, AW_OUT_ACCEPTED);
    unsetenv("http_proxy");
    pthread_mutex_lock(&last_lock);
    assert_ptr_equal(strstr(last_request, "POST /ok HTTP/1.1\r\n"), last_request);
    assert_non_null(strstr(last_request, "\r\nAuthorization: Basic c2hvcDpwYTpzcw==\r\n"));
    assert_non_null(strstr(last_request, "\r\nUser-Agent: ackwatch/test\r\n"));
    assert_non_null(strstr(last_request, "\r\nX-Client: a b\r\n"));
    assert_non_null(
        strstr(last_request, "\r\nContent-Type: application/x-www-form-urlencoded\r\n"));
    assert_null(strstr(last_request, "\r\nExpect:"));
    assert_non_null(strstr(last_request, "\r\n\r\nto=%2B8613812345678"));
    pthread_mutex_unlock(&last_lock);
    fix_channel_free(ch);
}

static void a_channel_sends_so_many_at_once(void **state)
{
    struct fix *f = *state;
    struct aw_channel *ch = gateway(url(f, 0, "/wait"));
    bool seen[21] = {false};
    ch->concurrency = 3;
    atomic_store(&n_most, 0);
    for (aw_id i = 1; i <= 20; i++)
        send_to(f, ch, i);
    assert_in_range(aw_dispatch_room(f->d), 4096 - 20, 4096);
    for (unsigned i = 0; i < 20; i++) {
        struct aw_result r = take_result(f, 3000);
        assert_int_equal(r.outcome, AW_OUT_ACCEPTED);
        assert_in_range(r.attempt, 1, 20);
        assert_false(seen[r.attempt]);
        seen[r.attempt] = true;
    }
    expect_idle(f);
    assert_int_equal(atomic_load(&n_most), 3);
    assert_int_equal(aw_dispatch_room(f->d), 4096);
    fix_channel_free(ch);
}

/* More than it can carry in time: what was never begun comes back as busy, which costs no try. */
static void a_busy_channel_gives_back_what_it_cannot_begin(void **state)
{
    struct fix *f = *state;
    struct aw_channel *ch = gateway(url(f, 0, "/wait"));
    unsigned accepted = 0, busy = 0;
    ch->concurrency = 1;
    ch->timeout = 300;
    for (aw_id i = 1; i <= 20; i++)
        send_to(f, ch, i);
    for (unsigned i = 0; i < 20; i++) {
        struct aw_result r = take_result(f, 3000);
        accepted += r.outcome == AW_OUT_ACCEPTED;
        busy += r.outcome == AW_OUT_THROTTLED && r.wait > 0;
    }
    assert_int_equal(accepted + busy, 20);
    assert_true(accepted > 0 && busy > 0);
    expect_idle(f);
    fix_channel_free(ch);
}

static void a_channel_that_hangs_holds_up_nobody_else(void **state)
{
    struct fix *f = *state;
    struct aw_channel *bad = gateway(url(f, 0, "/hang")), *good = gateway(url(f, 1, "/ok"));
    bad->concurrency = 1;
    bad->timeout = 400;
    unsigned unknown = 0, unsent = 0;
    for (aw_id i = 1; i <= 3; i++)
        send_to(f, bad, i);
    send_to(f, good, 9);
    struct aw_result r = take_result(f, 300);
    assert_int_equal(r.attempt, 9);
    assert_int_equal(r.outcome, AW_OUT_ACCEPTED);
    aw_boot begin = aw_clock_boot();
    for (unsigned i = 0; i < 3; i++) {
        r = take_result(f, 3000);
        unknown += r.outcome == AW_OUT_UNKNOWN;
        unsent += r.outcome == AW_OUT_THROTTLED && r.unsent;
    }
    assert_int_equal(unknown + unsent, 3); /* under way: unknown; queued too long: costs no try */
    assert_in_range(unknown, 1, 2);
    assert_true(aw_clock_boot() - begin < 2 * bad->timeout + 1500);
    fix_channel_free(bad);
    fix_channel_free(good);
}

static void a_full_lane_loses_no_result(void **state)
{
    struct fix *f = *state;
    struct aw_channel *ch = gateway(url(f, 0, "/ok"));
    fix_core_refuse(f->core, 40);
    send_to(f, ch, 1);
    pause_ms(40);
    assert_int_equal(aw_dispatch_active(f->d), 1); /* accepted, and not yet in the inbox */
    assert_int_equal(take_result(f, 3000).outcome, AW_OUT_ACCEPTED);
    expect_idle(f);
    fix_channel_free(ch);
}

static void edge_45_a_refused_override_is_sent_once_without(void **state)
{
    struct fix *f = *state;
    struct aw_channel *ch = jpush_channel(f);
    struct aw_send s = {.attempt = 1, .ref = 1, .channel = ch, .alias = "li", .override_id = "77"};
    unsigned before = atomic_load(&n_requests);
    aw_dispatch_send(f->d, &s);
    struct aw_result r = take_result(f, 3000);
    assert_int_equal(r.outcome, AW_OUT_ACCEPTED);
    assert_string_equal(r.provider_id, "5");
    assert_int_equal(atomic_load(&n_requests), before + 2);
    pthread_mutex_lock(&last_lock);
    assert_null(strstr(last_request, "override_msg_id"));
    assert_non_null(strstr(last_request, "\r\nAuthorization: Basic a2V5OnNlYw==\r\n"));
    pthread_mutex_unlock(&last_lock);
    fix_channel_free(ch);
}

static void reports_and_tokens_come_back(void **state)
{
    struct fix *f = *state;
    struct aw_channel *ch = jpush_channel(f), *none = gateway(url(f, 2, "/ok"));
    struct aw_query q = {.channel = ch, .n = 1, .items = {{.attempt = 3, .provider_id = "5"}}};
    assert_true(aw_dispatch_has_cids(ch));
    assert_false(aw_dispatch_has_cids(none));
    aw_dispatch_query(f->d, &q);
    struct aw_cmd *cmd = fix_core_take(f->core, 3000);
    assert_non_null(cmd);
    assert_int_equal(cmd->type, AW_CMD_REPORT);
    assert_true(cmd->u.report->answered);
    assert_int_equal(cmd->u.report->items[0].attempt, 3);
    assert_int_equal(cmd->u.report->items[0].level, AW_DELIVERED);
    assert_int_equal(cmd->u.report->rate_remaining, 17);
    assert_int_equal(cmd->u.report->rate_reset, 9);
    assert_int_equal(cmd->u.report->rate_limit, -1);
    cmd->done(cmd);
    aw_dispatch_cids(f->d, ch, 2);
    cmd = fix_core_take(f->core, 3000);
    assert_non_null(cmd);
    assert_int_equal(cmd->type, AW_CMD_CIDS);
    assert_int_equal(cmd->u.cids.n, 2);
    assert_string_equal(cmd->u.cids.cids[1], "k-2");
    cmd->done(cmd);
    q.channel = none; /* nothing to ask there: an answer comes all the same */
    aw_dispatch_query(f->d, &q);
    cmd = fix_core_take(f->core, 3000);
    assert_non_null(cmd);
    assert_false(cmd->u.report->answered);
    assert_int_equal(cmd->u.report->items[0].attempt, 3);
    cmd->done(cmd);
    fix_channel_free(ch);
    fix_channel_free(none);
}

static void what_cannot_be_built_is_refused(void **state)
{
    struct fix *f = *state;
    struct aw_channel *ch = fix_channel(
        "gateway", (const char *const[]){"url", url(f, 0, "/ok"), "fields.to", "{{oops}}", NULL});
    send_to(f, ch, 1);
    struct aw_result r = take_result(f, 3000);
    assert_int_equal(r.outcome, AW_OUT_REFUSED);
    assert_non_null(strstr(r.detail, "{{oops}}"));
    fix_channel_free(ch);
}

static void stopping_gives_up_what_is_under_way(void **state)
{
    struct fix *f = *state;
    struct aw_channel *ch = gateway(url(f, 0, "/hang"));
    ch->concurrency = 1;
    ch->timeout = 20000;
    send_to(f, ch, 1);
    send_to(f, ch, 2);
    pause_ms(100);
    aw_boot begin = aw_clock_boot();
    aw_dispatch_stop(f->d, 100);
    assert_true(aw_clock_boot() - begin < 2000);
    for (unsigned i = 0; i < 2; i++) {
        struct aw_result r = take_result(f, 0);
        assert_int_equal(r.outcome, r.attempt == 1 ? AW_OUT_UNKNOWN : AW_OUT_TRANSIENT);
    }
    assert_int_equal(aw_dispatch_active(f->d), 0);
    fix_channel_free(ch);
}

static void stopping_does_not_wait_when_idle(void **state)
{
    struct fix *f = *state;
    struct aw_channel *ch = gateway(url(f, 0, "/ok"));
    aw_boot begin = aw_clock_boot();
    aw_dispatch_stop(f->d, 10000);
    assert_true(aw_clock_boot() - begin < 1000);
    send_to(f, ch, 1); /* too late: dropped, and not leaked */
    fix_channel_free(ch);
}

#define T(f) cmocka_unit_test_setup_teardown(f, fix_up, fix_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(each_way_to_fail_has_its_outcome),
        T(what_never_left_is_transient),
        T(a_request_carries_what_was_built),
        T(a_channel_sends_so_many_at_once),
        T(a_busy_channel_gives_back_what_it_cannot_begin),
        T(a_channel_that_hangs_holds_up_nobody_else),
        T(a_full_lane_loses_no_result),
        T(edge_45_a_refused_override_is_sent_once_without),
        T(reports_and_tokens_come_back),
        T(what_cannot_be_built_is_refused),
        T(stopping_gives_up_what_is_under_way),
        T(stopping_does_not_wait_when_idle),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
