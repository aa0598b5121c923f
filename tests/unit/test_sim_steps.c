/* SPDX-License-Identifier: Apache-2.0
 *
 * ackwatch-sim as a program on a stepped clock: what a push, a report, a receipt look like hours
 * later takes no time to test. Each test starts its own simulator and speaks HTTP with libcurl.
 */
#include "../lib/unit.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/step.h"
#include "base/str.h"
#include "codec/json.h"

#define START ((aw_time)1795312800000) /* 2026-11-22T02:00:00Z, 10 o'clock in China */

static const char people[] =
    "[{\"user\":\"li\",\"alias\":\"li\",\"registration_ids\":[\"1a0aaaaaaaaaaaaaaa1\"],\"delay\":"
    "\"1s\"},"
    "{\"user\":\"wang\",\"alias\":\"wang\",\"registration_ids\":[\"1a0aaaaaaaaaaaaaaa2\"],"
    "\"push\":{\"online_at\":\"3m\"},\"delay\":\"1s\"},"
    "{\"user\":\"zhao\",\"alias\":\"zhao\",\"platform\":\"ios\",\"delay\":\"2s\"},"
    "{\"user\":\"chen\",\"alias\":\"chen\",\"registration_ids\":[\"1a0aaaaaaaaaaaaaaa4\"],"
    "\"push\":\"offline\"}]";

struct rig {
    pid_t pid;
    int step; /* our end */
    char dir[64], base[64], hook[80];
    char *userpwd;
    aw_time now;
    long status;        /* of the last call */
    struct aw_buf body; /* of the last call */
    CURL *curl;
};

/* --- the program -------------------------------------------------------------------------- */

static json_t *parse(const char *p, size_t n)
{
    json_t *v = json_loadb(p, n, JSON_REJECT_DUPLICATES, NULL);
    if (!v)
        fail_msg("not JSON: %.*s", (int)n, p);
    return v;
}

static void spawn(struct rig *r, const char *people_file, int out, int step)
{
    char program[512], fd[16];
    posix_spawn_file_actions_t actions;
    const char *top = getenv("top_builddir");
    snprintf(program, sizeof(program), "%s/ackwatch-sim", top ? top : ".");
    snprintf(fd, sizeof(fd), "%d", step);
    char *argv[] = {program,  "--tls-dir", r->dir,      "--people", (char *)people_file,
                    "--seed", "7",         "--step-fd", fd,         NULL};
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, out, 1);
    assert_int_equal(posix_spawn(&r->pid, program, &actions, NULL, argv, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
}

static void read_ready(struct rig *r, int fd)
{
    char line[1024];
    size_t n = 0;
    while (n < sizeof(line) && read(fd, line + n, 1) == 1 && line[n] != '\n')
        n++;
    json_t *ready = parse(line, n);
    int port = (int)json_integer_value(json_object_get(ready, "http_port"));
    snprintf(r->base, sizeof(r->base), "http://127.0.0.1:%d", port);
    snprintf(r->hook, sizeof(r->hook), "%s/hook/dlr", r->base);
    struct aw_buf pair = AW_BUF_INIT(128);
    aw_buf_printf(&pair, "%s:%s", aw_json_str(ready, "jpush_app_key"),
                  aw_json_str(ready, "jpush_master_secret"));
    r->userpwd = aw_buf_take(&pair, NULL);
    json_decref(ready);
}

static void ask(struct rig *r, const char *question, struct aw_step_state *ret)
{
    struct aw_err err;
    if (aw_step_ask(r->step, question, ret, &err) != 0)
        fail_msg("%s", err.text);
}

/* As the demo does it: idle twice with one activity. */
static struct aw_step_state settle(struct rig *r)
{
    struct aw_step_state a, b;
    ask(r, "poll", &a);
    for (;; a = b) {
        ask(r, "poll", &b);
        if (!a.busy && !b.busy && a.activity == b.activity)
            return b;
        usleep(1000);
    }
}

static struct aw_step_state go_to(struct rig *r, aw_time t)
{
    char question[64];
    struct aw_step_state state;
    r->now = t;
    snprintf(question, sizeof(question), "now %lld", (long long)t);
    ask(r, question, &state);
    return settle(r);
}

/* Moves the clock from event to event, and then to the end of the span. */
static void pass(struct rig *r, aw_ms span)
{
    aw_time end = r->now + span;
    for (struct aw_step_state s = settle(r); s.next && s.next <= end;)
        s = go_to(r, s.next > r->now ? s.next : r->now);
    go_to(r, end);
}

static void start(struct rig *r)
{
    int out[2], step[2];
    char file[128];
    *r = (struct rig){.body = AW_BUF_INIT(16 << 20), .curl = curl_easy_init()};
    snprintf(r->dir, sizeof(r->dir), "/tmp/sim-steps-XXXXXX");
    assert_non_null(mkdtemp(r->dir));
    snprintf(file, sizeof(file), "%s/people.json", r->dir);
    FILE *f = fopen(file, "we");
    assert_non_null(f);
    fputs(people, f);
    fclose(f);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, step), 0);
    fcntl(step[0], F_SETFD, FD_CLOEXEC);
    spawn(r, file, out[1], step[1]);
    close(out[1]);
    close(step[1]);
    r->step = step[0];
    read_ready(r, out[0]);
    close(out[0]);
    go_to(r, START);
}

/* The end of the step socket ends the program, with a clean exit. */
static void stop(struct rig *r)
{
    int status;
    char file[128];
    close(r->step);
    assert_int_equal(waitpid(r->pid, &status, 0), r->pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    for (int i = 0; i < 2; i++) {
        snprintf(file, sizeof(file), "%s/%s", r->dir, i ? "ca.pem" : "people.json");
        unlink(file);
    }
    rmdir(r->dir);
    aw_buf_free(&r->body);
    aw_free(r->userpwd);
    curl_easy_cleanup(r->curl);
}

/* --- calls -------------------------------------------------------------------------------- */

static size_t take(char *p, size_t size, size_t n, void *ctx)
{
    aw_buf_add(ctx, p, size * n);
    return size * n;
}

/* Returns the answer as JSON, NULL when it is empty. */
static json_t *call(struct rig *r, const char *method, const char *path, const char *body)
{
    char url[4096];
    snprintf(url, sizeof(url), "%s%s", r->base, path);
    aw_buf_reset(&r->body);
    curl_easy_reset(r->curl);
    curl_easy_setopt(r->curl, CURLOPT_URL, url);
    curl_easy_setopt(r->curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(r->curl, CURLOPT_USERPWD, r->userpwd);
    curl_easy_setopt(r->curl, CURLOPT_TIMEOUT, 20L);
    curl_easy_setopt(r->curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(r->curl, CURLOPT_WRITEDATA, &r->body);
    if (body)
        curl_easy_setopt(r->curl, CURLOPT_POSTFIELDS, body);
    CURLcode rc = curl_easy_perform(r->curl);
    if (rc != CURLE_OK)
        fail_msg("%s: %s", path, curl_easy_strerror(rc));
    curl_easy_getinfo(r->curl, CURLINFO_RESPONSE_CODE, &r->status);
    return r->body.n ? parse(aw_buf_str(&r->body), r->body.n) : NULL;
}

static int code_of(const json_t *answer)
{
    return (int)json_integer_value(json_object_get(json_object_get(answer, "error"), "code"));
}

/* Calls that must be refused with this code. */
static void refused(struct rig *r, const char *method, const char *path, const char *body, int code)
{
    json_t *answer = call(r, method, path, body);
    assert_int_equal(code_of(answer), code);
    json_decref(answer);
}

/* Pushes to an alias; the msg_id (aw_free). more: further members, with a leading comma. */
static char *push(struct rig *r, const char *alias, const char *more)
{
    char body[1024];
    snprintf(body, sizeof(body),
             "{\"platform\":\"all\",\"audience\":{\"alias\":[\"%s\"]},\"notification\":{\"alert\":"
             "\"x\"}%s}",
             alias, more);
    json_t *answer = call(r, "POST", "/v3/push", body);
    const char *id = aw_json_str(answer, "msg_id");
    if (!id)
        fail_msg("push: %s", aw_buf_str(&r->body));
    char *copy = aw_strdup(id);
    json_decref(answer);
    return copy;
}

static const json_t *row(json_t *report)
{
    assert_int_equal(json_array_size(report), 1);
    return json_array_get(report, 0);
}

/* The value of a counter in /v3/received/detail: -1 null, -2 absent. */
static int counter(struct rig *r, const char *id, const char *name)
{
    char path[128];
    snprintf(path, sizeof(path), "/v3/received/detail?msg_ids=%s", id);
    json_t *report = call(r, "GET", path, NULL);
    const json_t *v = json_object_get(row(report), name);
    int n = !v ? -2 : json_is_null(v) ? -1 : (int)json_integer_value(v);
    json_decref(report);
    return n;
}

/* The status of a device in /v3/status/message, or minus the error code. */
static int device_status(struct rig *r, const char *id, const char *rid, const char *more)
{
    char body[256];
    snprintf(body, sizeof(body), "{\"msg_id\":%s,\"registration_ids\":[\"%s\"]%s}", id, rid, more);
    json_t *answer = call(r, "POST", "/v3/status/message", body);
    const json_t *item = json_object_get(answer, rid);
    int n = item ? (int)json_integer_value(json_object_get(item, "status")) : -code_of(answer);
    json_decref(answer);
    return n;
}

/* How many lines of the record are of this kind and user. */
static unsigned recorded(struct rig *r, const char *what, const char *user)
{
    unsigned n = 0;
    json_t *page = call(r, "GET", "/sim/record?limit=10000", NULL);
    json_t *data = json_object_get(page, "data");
    for (size_t i = 0; i < json_array_size(data); i++) {
        const json_t *line = json_array_get(data, i);
        n += aw_streq(aw_json_str(line, "what"), what) &&
             (!user || aw_streq(aw_json_str(line, "user"), user));
    }
    json_decref(page);
    return n;
}

static void sms(struct rig *r, const char *to, const char *ref, int code)
{
    char body[512];
    snprintf(body, sizeof(body), "to=%%2B%s&text=hello&ref=%s&dlr=%s", to, ref, r->hook);
    json_t *answer = call(r, "POST", "/sms/send", body);
    assert_int_equal(json_integer_value(json_object_get(answer, "code")), code);
    json_decref(answer);
}

/* --- tests -------------------------------------------------------------------------------- */

static void test_report_grows_from_nothing(void **state)
{
    struct rig r;
    start(&r);
    char *id = push(&r, "li", "");
    assert_int_equal(strlen(id), 17);
    assert_int_equal(counter(&r, id, "jpush_received"), -2);
    assert_int_equal(counter(&r, id, "ios_apns_sent"), -2);
    assert_int_equal(device_status(&r, id, "1a0aaaaaaaaaaaaaaa1", ""), -3002);
    assert_int_equal(settle(&r).next, START + 1000);
    pass(&r, 999);
    assert_int_equal(recorded(&r, "delivered", "li"), 0);
    pass(&r, 1);
    assert_int_equal(recorded(&r, "delivered", "li"), 1);
    assert_int_equal(counter(&r, id, "jpush_received"), -2); /* the report lags behind */
    pass(&r, 2000);
    assert_int_equal(counter(&r, id, "jpush_received"), 1);
    assert_int_equal(counter(&r, id, "ios_apns_received"), -1);
    assert_int_equal(counter(&r, id, "android_pns_sent"), -1);
    assert_int_equal(counter(&r, id, "live_acivity_sent"), -1);
    assert_int_equal(device_status(&r, id, "1a0aaaaaaaaaaaaaaa1", ""), 0);
    assert_int_equal(device_status(&r, id, "1a0aaaaaaaaaaaaaaa2", ""), 3);
    assert_int_equal(device_status(&r, id, "1a0bbbbbbbbbbbbbbb9", ""), 2);
    aw_free(id);
    stop(&r);
}

static void test_legacy_report_and_unknown_ids(void **state)
{
    struct rig r;
    start(&r);
    char *id = push(&r, "li", ""), path[256];
    pass(&r, 5000);
    snprintf(path, sizeof(path), "/v3/received?msg_ids=12345678901234567,%s", id);
    json_t *report = call(&r, "GET", path, NULL);
    assert_string_equal(aw_json_str(row(report), "msg_id"), id);
    assert_int_equal(json_integer_value(json_object_get(row(report), "android_received")), 1);
    assert_true(json_is_null(json_object_get(row(report), "ios_apns_sent")));
    assert_int_equal(json_object_size(row(report)), 6);
    json_decref(report);
    refused(&r, "GET", "/v3/received", NULL, 3002);
    refused(&r, "GET", "/v3/received/detail?msg_ids=1,x", NULL, 3002);
    aw_free(id);
    stop(&r);
}

static void test_a_device_comes_online(void **state)
{
    struct rig r;
    start(&r);
    char *id = push(&r, "wang", "");
    char *brief = push(&r, "wang", ",\"options\":{\"time_to_live\":60}");
    char *now_only = push(&r, "wang", ",\"options\":{\"time_to_live\":0}");
    pass(&r, AW_MINUTE);
    assert_int_equal(counter(&r, id, "jpush_received"), 0);
    assert_int_equal(device_status(&r, id, "1a0aaaaaaaaaaaaaaa2", ""), 1);
    pass(&r, 2 * AW_MINUTE + 1000);
    assert_int_equal(counter(&r, id, "jpush_received"), 1);
    assert_int_equal(counter(&r, brief, "jpush_received"), 0); /* its life was over */
    assert_int_equal(counter(&r, now_only, "jpush_received"), 0);
    assert_int_equal(recorded(&r, "delivered", "wang"), 1);
    aw_free(id);
    aw_free(brief);
    aw_free(now_only);
    stop(&r);
}

static void test_new_people_change_who_is_online(void **state)
{
    struct rig r;
    start(&r);
    char *id = push(&r, "chen", "");
    pass(&r, AW_HOUR);
    assert_int_equal(counter(&r, id, "jpush_received"), 0);
    json_t *answer = call(&r, "POST", "/sim/people",
                          "[{\"user\":\"chen\",\"alias\":\"chen\",\"delay\":\"1s\","
                          "\"registration_ids\":[\"1a0aaaaaaaaaaaaaaa4\"]}]");
    assert_int_equal(r.status, 200);
    json_decref(answer);
    pass(&r, 1000);
    assert_int_equal(counter(&r, id, "jpush_received"), 1);
    answer = call(&r, "POST", "/sim/people", "[{\"user\":1}]");
    assert_int_equal(r.status, 400);
    json_decref(answer);
    aw_free(id);
    stop(&r);
}

static void test_ios_can_be_counted_only_if_asked(void **state)
{
    static const char body[] =
        "{\"platform\":[\"ios\"],\"audience\":{\"alias\":[\"zhao\"]},\"notification\":{\"ios\":"
        "{\"alert\":\"x\",\"mutable-content\":true}},\"message\":{\"msg_content\":\"y\"}}";
    struct rig r;
    start(&r);
    char *plain = push(&r, "zhao", "");
    json_t *answer = call(&r, "POST", "/v3/push", body);
    const char *id = aw_json_str(answer, "msg_id");
    pass(&r, 5000);
    assert_int_equal(counter(&r, plain, "ios_apns_sent"), 1);
    assert_int_equal(counter(&r, plain, "ios_apns_received"), -1);
    assert_int_equal(counter(&r, plain, "jpush_received"), -1);
    assert_int_equal(counter(&r, id, "ios_apns_received"), 1);
    assert_int_equal(counter(&r, id, "ios_msg_received"), 1);
    json_decref(answer);
    refused(&r, "POST", "/v3/push",
            "{\"platform\":[\"android\"],\"audience\":{\"alias\":[\"zhao\"]},"
            "\"notification\":{\"alert\":\"x\"}}",
            1011);
    aw_free(plain);
    stop(&r);
}

static void test_override_and_revocation(void **state)
{
    struct rig r;
    char more[96];
    start(&r);
    char *first = push(&r, "wang", "");
    snprintf(more, sizeof(more), ",\"options\":{\"override_msg_id\":%s}", first);
    char *second = push(&r, "wang", more);
    char *third = push(&r, "wang", "");
    char path[64];
    snprintf(path, sizeof(path), "/v3/push/%s", third);
    assert_null(call(&r, "DELETE", path, NULL));
    assert_int_equal(r.status, 200);
    pass(&r, 4 * AW_MINUTE);
    assert_int_equal(counter(&r, first, "jpush_received"), 0);
    assert_int_equal(counter(&r, second, "jpush_received"), 1);
    assert_int_equal(counter(&r, third, "jpush_received"), 0);
    pass(&r, AW_DAY);
    char body[256];
    snprintf(body, sizeof(body),
             "{\"platform\":\"all\",\"audience\":{\"alias\":[\"li\"]},\"notification\":{\"alert\":"
             "\"x\"}%s}",
             more);
    refused(&r, "POST", "/v3/push", body, 1003); /* older than a day */
    pass(&r, 28 * AW_DAY);
    refused(&r, "DELETE", path, NULL, 1003); /* forgotten */
    aw_free(first);
    aw_free(second);
    aw_free(third);
    stop(&r);
}

static void test_five_messages_wait_for_a_device(void **state)
{
    struct rig r;
    char *ids[6];
    start(&r);
    for (int i = 0; i < 6; i++)
        ids[i] = push(&r, "wang", "");
    pass(&r, 4 * AW_MINUTE);
    assert_int_equal(recorded(&r, "delivered", "wang"), 5);
    assert_int_equal(counter(&r, ids[0], "jpush_received"), 0);
    assert_int_equal(counter(&r, ids[1], "jpush_received"), 1);
    for (int i = 0; i < 6; i++)
        aw_free(ids[i]);
    stop(&r);
}

static void test_status_looks_at_one_day(void **state)
{
    struct rig r;
    start(&r);
    char *id = push(&r, "li", "");
    pass(&r, 5000);
    assert_int_equal(device_status(&r, id, "1a0aaaaaaaaaaaaaaa1", ",\"date\":\"2026-11-22\""), 0);
    assert_int_equal(device_status(&r, id, "1a0aaaaaaaaaaaaaaa1", ",\"date\":\"2026-11-23\""),
                     -3002);
    assert_int_equal(device_status(&r, id, "1a0aaaaaaaaaaaaaaa1", ",\"date\":\"yesterday\""),
                     -3002);
    assert_int_equal(device_status(&r, "\"1\"", "1a0aaaaaaaaaaaaaaa1", ""), -3002);
    pass(&r, 14 * AW_HOUR); /* midnight in China: the default day is another one */
    assert_int_equal(device_status(&r, id, "1a0aaaaaaaaaaaaaaa1", ""), -3002);
    aw_free(id);
    stop(&r);
}

static void test_cid_replays_and_expires(void **state)
{
    struct rig r;
    char more[128];
    start(&r);
    json_t *pool = call(&r, "GET", "/v3/push/cid?count=50&type=push", NULL);
    const json_t *list = json_object_get(pool, "cidlist");
    assert_int_equal(json_array_size(list), 10);
    snprintf(more, sizeof(more), ",\"cid\":\"%s\",\"options\":{\"sendno\":5}",
             json_string_value(json_array_get(list, 0)));
    char *first = push(&r, "li", more), *again = push(&r, "li", more);
    assert_string_equal(first, again);
    assert_non_null(strstr(aw_buf_str(&r.body), "\"sendno\":\"5\""));
    pass(&r, 2000);
    assert_int_equal(recorded(&r, "delivered", "li"), 1);
    assert_int_equal(recorded(&r, "push", "li"), 2);

    char body[320];
    snprintf(body, sizeof(body),
             "{\"platform\":\"all\",\"audience\":{\"alias\":[\"li\"]},\"notification\":{\"alert\":"
             "\"x\"},"
             "\"cid\":\"%s\"}",
             json_string_value(json_array_get(list, 1)));
    pass(&r, AW_DAY + 1);
    refused(&r, "POST", "/v3/push", body, 1003);
    json_decref(pool);
    aw_free(first);
    aw_free(again);
    stop(&r);
}

static void test_quota_is_per_minute_and_family(void **state)
{
    struct rig r;
    start(&r);
    for (int i = 0; i < 600; i++)
        json_decref(call(&r, "GET", "/v3/push/cid", NULL));
    assert_int_equal(r.status, 200);
    pass(&r, 59 * AW_SECOND);
    refused(&r, "GET", "/v3/push/cid", NULL, 2002);
    assert_int_equal(r.status, 429);
    json_decref(call(&r, "GET", "/v3/received?msg_ids=1", NULL));
    assert_int_equal(r.status, 200);
    pass(&r, AW_SECOND);
    json_decref(call(&r, "GET", "/v3/push/cid", NULL));
    assert_int_equal(r.status, 200);
    stop(&r);
}

static void test_ten_broadcasts_a_day(void **state)
{
    static const char body[] =
        "{\"platform\":\"all\",\"audience\":\"all\",\"notification\":{\"alert\":\"x\"}}";
    struct rig r;
    start(&r);
    for (int i = 0; i < 10; i++)
        json_decref(call(&r, "POST", "/v3/push", body));
    assert_int_equal(r.status, 200);
    refused(&r, "POST", "/v3/push", body, 2008);
    pass(&r, AW_DAY);
    json_decref(call(&r, "POST", "/v3/push", body));
    assert_int_equal(r.status, 200);
    stop(&r);
}

static void test_receipts_come_at_their_time(void **state)
{
    struct rig r;
    start(&r);
    sms(&r, "9990000001", "a", 0);
    sms(&r, "9990000004", "b", 0);
    sms(&r, "9990000005", "c", 0);
    sms(&r, "9990000002", "d", 1001);
    assert_int_equal(settle(&r).next, START + 3000);
    pass(&r, 3000);
    assert_int_equal(recorded(&r, "receipt", NULL), 1);
    json_t *page = call(&r, "GET", "/sim/record", NULL);
    assert_non_null(strstr(aw_buf_str(&r.body), "\"body\":\"ref=a&id=sms-1&status=DELIVRD\""));
    json_decref(page);
    pass(&r, 26999);
    assert_int_equal(recorded(&r, "receipt", NULL), 1);
    pass(&r, 1);
    assert_int_equal(recorded(&r, "receipt", NULL), 2);
    pass(&r, AW_DAY);
    assert_int_equal(recorded(&r, "receipt", NULL), 2);
    stop(&r);
}

static void test_limited_number_opens_after_a_minute(void **state)
{
    struct rig r;
    start(&r);
    sms(&r, "9990000003", "a", 2002);
    assert_int_equal(r.status, 429);
    pass(&r, 59999);
    sms(&r, "9990000003", "a", 2002);
    pass(&r, 1);
    sms(&r, "9990000003", "a", 0);
    stop(&r);
}

static void test_receipt_is_repeated_until_taken(void **state)
{
    struct rig r;
    start(&r);
    snprintf(r.hook, sizeof(r.hook), "%s/hook/fail500", r.base);
    sms(&r, "9990000001", "a", 0);
    pass(&r, 3000 + 39999);
    assert_int_equal(recorded(&r, "webhook", NULL), 4);
    pass(&r, AW_HOUR);
    assert_int_equal(recorded(&r, "webhook", NULL), 5);
    stop(&r);
}

static void test_replies_follow_the_receipt(void **state)
{
    struct rig r;
    start(&r);
    char body[256];
    snprintf(body, sizeof(body), "to=%%2B9990000009&text=hello&ref=a&mo=%s", r.hook);
    json_decref(call(&r, "POST", "/sms/send", body));
    pass(&r, 7999);
    assert_int_equal(recorded(&r, "receipt", NULL), 1); /* nobody asked for it: only recorded */
    assert_int_equal(recorded(&r, "webhook", NULL), 0);
    pass(&r, 1);
    json_decref(call(&r, "GET", "/sim/record", NULL));
    assert_non_null(strstr(aw_buf_str(&r.body), "&from=%2B9990000009&text=STOP"));
    stop(&r);
}

/* One story, told to two simulators with one seed, leaves one record. */
static char *tell(void)
{
    struct rig r;
    start(&r);
    aw_free(push(&r, "wang", ""));
    aw_free(push(&r, "zhao", ""));
    sms(&r, "8613800000001", "a", 0);
    sms(&r, "8613800000002", "b", 0);
    pass(&r, 10 * AW_MINUTE);
    json_t *page = call(&r, "GET", "/sim/record", NULL);
    char *text = json_dumps(page, JSON_COMPACT);
    json_decref(page);
    stop(&r);
    return text;
}

static void test_a_run_repeats_exactly(void **state)
{
    char *one = tell(), *two = tell();
    assert_string_equal(one, two);
    assert_non_null(strstr(one, "\"what\":\"delivered\""));
    assert_non_null(strstr(one, "\"what\":\"receipt\""));
    free(one);
    free(two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_report_grows_from_nothing),
        cmocka_unit_test(test_legacy_report_and_unknown_ids),
        cmocka_unit_test(test_a_device_comes_online),
        cmocka_unit_test(test_new_people_change_who_is_online),
        cmocka_unit_test(test_ios_can_be_counted_only_if_asked),
        cmocka_unit_test(test_override_and_revocation),
        cmocka_unit_test(test_five_messages_wait_for_a_device),
        cmocka_unit_test(test_status_looks_at_one_day),
        cmocka_unit_test(test_cid_replays_and_expires),
        cmocka_unit_test(test_quota_is_per_minute_and_family),
        cmocka_unit_test(test_ten_broadcasts_a_day),
        cmocka_unit_test(test_receipts_come_at_their_time),
        cmocka_unit_test(test_limited_number_opens_after_a_minute),
        cmocka_unit_test(test_receipt_is_repeated_until_taken),
        cmocka_unit_test(test_replies_follow_the_receipt),
        cmocka_unit_test(test_a_run_repeats_exactly),
    };
    curl_global_init(CURL_GLOBAL_DEFAULT);
    int failed = cmocka_run_group_tests_name("sim_steps", tests, NULL, NULL);
    curl_global_cleanup();
    return failed;
}
