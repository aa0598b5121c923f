/* SPDX-License-Identifier: Apache-2.0
 *
 * What only reads: lists with their cursors, a message with masked addresses, the timeline, the
 * log, and health.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "codec/json.h"
#include "http/call.h"
#include "http_fake.h"

#define ID  "msg_004HMASW90000"
#define MSG "/v1/messages/" ID

static struct raw_answer a;

static int end(void **state)
{
    raw_done(&a);
    memset(&a, 0, sizeof(a));
    return 0;
}

/* A GET with a key of app shop; the answer's JSON, which the caller decrefs. */
static json_t *get(const char *path, int status)
{
    json_t *v = NULL;
    struct aw_err err;
    raw_done(&a);
    fake_call("GET", path, 1, NULL, &a);
    if (a.status != status)
        fail_msg("%s: %d %s", path, a.status, a.body);
    if (aw_json_parse(a.body, a.n_body, 1 << 20, &v, &err) < 0)
        fail_msg("%s: %s", a.body, err.text);
    return v;
}

/* A text by JSON path "a.0.b"; "" when absent or no text. */
static const char *at(const json_t *v, const char *path)
{
    char name[64];
    while (*path) {
        size_t n = strcspn(path, ".");
        memcpy(name, path, n);
        name[n] = 0;
        v = json_is_array(v) ? json_array_get(v, (size_t)(name[0] - '0'))
                             : json_object_get(v, name);
        path += n + (path[n] == '.');
    }
    return json_is_string(v) ? json_string_value(v) : "";
}

static void expect_code(const char *path, int status, const char *code)
{
    json_t *v = get(path, status);
    assert_string_equal(at(v, "code"), code);
    json_decref(v);
}

static void test_list(void **state)
{
    char link[256];
    json_t *v = get("/v1/messages", 200);
    assert_string_equal(at(v, "data.0.id"), ID);
    assert_string_equal(at(v, "data.0.title"), "Order <1>");
    assert_string_equal(at(v, "data.0.priority"), "high");
    assert_string_equal(at(v, "data.0.level"), "delivered");
    assert_string_equal(at(v, "data.0.next_due"), "2026-11-22T02:01:00.000Z");
    const json_t *counts =
        json_object_get(json_array_get(json_object_get(v, "data"), 0), "recipients");
    assert_int_equal(json_integer_value(json_object_get(counts, "total")), 2);
    assert_int_equal(json_integer_value(json_object_get(counts, "confirmed")), 1);
    assert_null(strstr(a.body, "registration"));
    assert_true(json_is_null(json_object_get(v, "next")));
    assert_string_equal(raw_header(&a, "Link", link, sizeof(link)), "");
    assert_string_equal(fake.read_app, "shop");
    assert_int_equal(fake.read_state, -1);
    assert_int_equal(fake.read_limit, 50);
    json_decref(v);
}

static void test_list_filters(void **state)
{
    char link[256];
    fake.next = FAKE_MSG;
    json_t *v = get("/v1/messages?after=" ID "&state=exhausted&limit=7&rule=order-status", 200);
    assert_int_equal(fake.read_state, AW_EXHAUSTED);
    assert_int_equal(fake.read_limit, 7);
    assert_int_equal(fake.read_before, FAKE_MSG);
    assert_string_equal(at(v, "next"), ID);
    assert_string_equal(raw_header(&a, "Link", link, sizeof(link)),
                        "</v1/messages?state=exhausted&limit=7&rule=order-status&after=" ID ">; "
                        "rel=\"next\"");
    json_decref(v);
    v = get("/v1/messages?rule=other", 200);
    assert_int_equal(json_array_size(json_object_get(v, "data")), 0);
    json_decref(v);
}

static void test_bad_queries(void **state)
{
    expect_code("/v1/messages?limit=0", 422, "validation");
    expect_code("/v1/messages?limit=501", 422, "validation");
    expect_code("/v1/messages?limit=-1", 422, "validation");
    expect_code("/v1/messages?limit=1e2", 422, "validation");
    expect_code("/v1/messages?limit=%00", 422, "validation");
    expect_code("/v1/messages?state=closed", 422, "validation");
    expect_code("/v1/messages?after=1", 422, "validation");
    expect_code("/v1/messages?lmit=5", 422, "unknown-member");
    expect_code("/v1/messages?%ff=5", 422, "unknown-member");
    expect_code(MSG "/attempts?after=msg_0000000000000", 422, "validation");
    expect_code(MSG "/timeline?after=x", 422, "validation");
    expect_code("/v1/audit/head?x", 422, "unknown-member");
    expect_code("/v1/status?app=bank", 404, "not-found");
}

static void test_message(void **state)
{
    json_t *v = get(MSG, 200);
    assert_string_equal(at(v, "registration.recipients.0.user"), "li");
    assert_string_equal(at(v, "registration.recipients.0.lang"), "zh-CN");
    assert_null(strstr(a.body, "+8613812341234"));
    assert_null(strstr(a.body, "li@example.com"));
    assert_null(strstr(a.body, "1506bfd3a7c568d4761"));
    assert_string_equal(at(v, "registration.recipients.0.phone"), "+86138****1234");
    json_decref(v);
    v = get(MSG "?reveal=true", 200);
    assert_string_equal(at(v, "registration.recipients.0.phone"), "+8613812341234");
    assert_string_equal(at(v, "registration.recipients.0.registration_ids.0"),
                        "1506bfd3a7c568d4761");
    json_decref(v);
    v = get(MSG "?reveal=1", 200);
    assert_null(strstr(a.body, "+8613812341234"));
    json_decref(v);
}

static void test_absent(void **state)
{
    expect_code("/v1/messages/msg_0000000000001", 404, "not-found");
    expect_code("/v1/messages/msg_0000000000001/timeline", 404, "not-found");
    expect_code("/v1/messages/msg_0000000000001/attempts", 404, "not-found");
    expect_code("/v1/rules/other", 404, "not-found");
    raw_done(&a); /* another app's is as good as absent: */
    fake_call("GET", MSG "?app=bank", 3, NULL, &a);
    assert_int_equal(a.status, 404);
}

static void test_timeline(void **state)
{
    json_t *v = get(MSG "/timeline", 200);
    assert_string_equal(at(v, "id"), ID);
    assert_string_equal(at(v, "now"), "2026-11-22T02:00:00.000Z");
    assert_string_equal(at(v, "message.0.kind"), "message.registered");
    assert_string_equal(at(v, "data.0.user"), "li");
    assert_string_equal(at(v, "data.0.due"), "2026-11-22T02:01:00.000Z");
    assert_string_equal(at(v, "data.0.past.0.kind"), "firing.claimed");
    assert_string_equal(at(v, "data.0.past.1.kind"), "");
    assert_string_equal(at(v, "data.0.planned.0.step"), "text");
    assert_string_equal(at(v, "data.0.held.from"), "2026-11-22T01:59:00.000Z");
    assert_string_equal(at(v, "data.0.held.until"), "2026-11-22T02:01:00.000Z");
    assert_string_equal(at(v, "data.0.held.by"), "hours"); /* no person did anything */
    assert_string_equal(at(v, "data.1.held.until"), "");   /* it has ended */
    assert_int_equal(
        json_integer_value(json_object_get(json_array_get(json_object_get(v, "data"), 0), "seq")),
        17);
    assert_string_equal(at(v, "data.1.state"), "confirmed");
    assert_string_equal(at(v, "data.1.past.1.kind"), "timeline.ended");
    assert_true(json_is_null(json_object_get(v, "next")));
    json_decref(v);
    v = get(MSG "/timeline?limit=1&after=1", 200);
    assert_int_equal(json_array_size(json_object_get(v, "data")), 1);
    assert_string_equal(at(v, "data.0.user"), "wang");
    assert_string_equal(at(v, "data.0.past.0.kind"), "firing.claimed");
    assert_int_equal(json_integer_value(json_object_get(v, "next")), 2);
    json_decref(v);
    v = get(MSG "/timeline?after=5000", 200);
    assert_int_equal(json_array_size(json_object_get(v, "data")), 0);
    json_decref(v);
}

static void get_svg(const char *path, const char *accept, int status)
{
    char headers[160];
    snprintf(headers, sizeof(headers), "Accept: %s\r\n", accept);
    raw_done(&a);
    fake_call_with("GET", path, 1, headers, NULL, &a);
    if (a.status != status)
        fail_msg("%s: %d %s", path, a.status, a.body);
}

static const char *header(const char *name)
{
    static char value[256];
    return raw_header(&a, name, value, sizeof(value));
}

static void expect_in(const char *text, bool there)
{
    if ((strstr(a.body, text) != NULL) != there)
        fail_msg("%s \"%s\" in %s", there ? "no" : "there is", text, a.body);
}

static void test_picture(void **state)
{
    get_svg(MSG "/timeline", "image/svg+xml", 200);
    assert_string_equal(header("Content-Type"), "image/svg+xml");
    assert_string_equal(header("Content-Security-Policy"),
                        "default-src 'none'; style-src 'unsafe-inline'; sandbox");
    assert_string_equal(header("Vary"), "Accept");
    assert_int_equal(strncmp(a.body, "<svg ", 5), 0);
    expect_in(">li<", true);
    expect_in(">wang<", true);
    expect_in("30s</tspan> push is sent", true);
    expect_in("2m</tspan> text: SMS", true);
    expect_in("31m</tspan> deadline", true);
    get_svg(MSG "/timeline?recipient=wang&lang=zh-CN", "image/avif,image/svg+xml,*/*", 200);
    expect_in(">li<", false);
    expect_in(">wang<", true);
    expect_in("登记于", true);
    get_svg(MSG "/timeline?limit=1", "image/svg+xml", 200);
    expect_in(">wang<", false);
    /* JSON for whoever wants that as well, or anything */
    get_svg(MSG "/timeline", "application/json, image/svg+xml", 200);
    assert_string_equal(header("Content-Type"), "application/json");
    get_svg(MSG "/timeline?recipient=wang", "*/*", 200);
    expect_in("\"user\":\"wang\"", true);
    expect_in("\"user\":\"li\"", false);
    expect_in("\"kind\":\"timeline.ended\"", true);
    expect_in("\"next\":null", true);
    expect_code(MSG "/timeline?recipient=zhao", 404, "not-found");
    expect_code(MSG "/timeline?lang=fr", 422, "validation");
    get_svg(MSG "/timeline?limit=71", "image/svg+xml", 422);
    get_svg("/v1/messages/msg_0000000000001/timeline", "image/svg+xml", 404);
}

static void test_explain(void **state)
{
    json_t *v = get(MSG "/timeline?explain=true&lang=zh-CN", 200);
    assert_string_equal(at(v, "data.0.explain.0.code"), "next");
    assert_string_equal(at(v, "data.0.explain.0.text"), "zh-CN");
    json_decref(v);
    v = get(MSG "/timeline", 200);
    assert_null(json_object_get(json_array_get(json_object_get(v, "data"), 0), "explain"));
    json_decref(v);
}

static void test_rule_tools(void **state)
{
    static const char *const paths[] = {"/v1/rules:check", "/v1/rules:test", "/v1/rules:simulate",
                                        "/v1/rules:explain"};
    for (int i = 0; i < 4; i++) {
        char path[64], want[128];
        snprintf(path, sizeof(path), "%s?lang=zh-CN", paths[i]);
        snprintf(want, sizeof(want), "{\"tool\":%d,\"app\":\"shop\",\"lang\":\"zh-CN\",\"n\":2}",
                 i);
        raw_done(&a);
        fake_call("POST", path, 1, "{}", &a);
        expect_body(&a, 200, want);
        raw_done(&a);
        fake_call("POST", paths[i], 1, "{\"busy\":1}", &a);
        expect_problem(&a, 503, "busy");
        raw_done(&a);
        fake_call("POST", paths[i], 2, "{}", &a); /* no scopes */
        expect_problem(&a, 403, "scope-missing");
        raw_done(&a);
        snprintf(path, sizeof(path), "%s?lang=fr", paths[i]);
        fake_call("POST", path, 1, "{}", &a);
        expect_problem(&a, 422, "validation");
    }
}

static void test_attempts(void **state)
{
    json_t *v = get(MSG "/attempts", 200);
    assert_string_equal(at(v, "data.0.id"), "att_000000000002D");
    assert_string_equal(at(v, "data.0.ref"), "aw_000000000002C");
    assert_string_equal(at(v, "data.0.provider_id"), "18446744073709551615");
    assert_string_equal(at(v, "data.0.outcome"), "accepted");
    json_decref(v);
    v = get(MSG "/attempts?limit=1", 200);
    assert_string_equal(at(v, "next"), "att_000000000002D");
    json_decref(v);
    v = get(MSG "/attempts?after=att_000000000002D", 200);
    assert_int_equal(json_array_size(json_object_get(v, "data")), 0);
    json_decref(v);
}

static void test_contacts(void **state)
{
    json_t *v = get("/v1/contacts", 200);
    assert_string_equal(at(v, "data.0.user"), "li");
    assert_string_equal(at(v, "data.0.phone"), "+8613812341234");
    assert_string_equal(at(v, "data.1.user"), "wang");
    json_decref(v);
    v = get("/v1/contacts?limit=1", 200);
    assert_string_equal(at(v, "next"), "5");
    json_decref(v);
    v = get("/v1/contacts?after=5", 200);
    assert_string_equal(at(v, "data.0.user"), "wang");
    json_decref(v);
}

static void test_audit(void **state)
{
    json_t *v = get("/v1/audit/head", 200);
    assert_int_equal(json_integer_value(json_object_get(v, "size")), 4);
    assert_int_equal(strlen(at(v, "root")), 64);
    json_decref(v);
    expect_code("/v1/audit/entries", 403, "scope-missing"); /* of all apps: not for one */
    raw_done(&a);
    fake_call("GET", "/v1/audit/entries?from=1&limit=2", 3, NULL, &a);
    assert_string_equal(a.body,
                        "{\"data\":[{\"seq\":1,\"leaf\":"
                        "\"0100000000000000000000000000000000000000000000000000000000000000\","
                        "\"entry\":{\"seq\":1,\"ts\":\"2026-11-22T01:59:30.000Z\",\"kind\":"
                        "\"firing.claimed\",\"do\":\"push\",\"n\":0}},{\"seq\":2,"
                        "\"leaf\":"
                        "\"0100000000000000000000000000000000000000000000000000000000000000\","
                        "\"entry\":{\"seq\":2,\"kind\":\"firing.claimed\",\"n\":1}}],\"next\":3}");
    raw_done(&a);
    fake_call("GET", "/v1/audit/entries?from=9", 3, NULL, &a);
    assert_string_equal(a.body, "{\"data\":[],\"next\":null}");
}

static void test_rules_channels_keys(void **state)
{
    json_t *v = get("/v1/rules", 200);
    assert_string_equal(at(v, "data.0.name"), "order-status");
    json_decref(v);
    v = get("/v1/rules:history", 200);
    assert_string_equal(at(v, "data.0.how"), "applied");
    assert_string_equal(at(v, "data.0.reason"), "raise SMS to 5m");
    assert_string_equal(at(v, "data.0.files.0.file"), "/etc/r.yaml");
    assert_string_equal(at(v, "data.1.how"), "loaded");
    json_decref(v);
    expect_code("/v1/rules:history?limit=0", 422, "validation");
    v = get("/v1/rules:stats?rule=r", 200);
    assert_string_equal(at(v, "data.0.rule"), "r");
    assert_string_equal(at(v, "data.0.sent.0.channel"), "push-main");
    json_decref(v);
    expect_code("/v1/rules:stats?since=yesterday", 422, "validation");
    expect_code("/v1/rules:stats?rule=%zz", 422, "validation");
    expect_code("/v1/rules:file", 422, "validation");
    expect_code("/v1/rules:file?sha256=zz", 422, "validation");
    v = get("/v1/rules/order-status", 200);
    assert_string_equal(at(v, "file"), "o.yaml");
    assert_string_equal(at(v, "text"), "version: 1\n");
    json_decref(v);
    v = get("/v1/channels", 200);
    assert_string_equal(at(v, "data.0.name"), "sms-main");
    json_decref(v);
    raw_done(&a);
    fake_call("GET", "/v1/keys", 3, NULL, &a);
    assert_string_equal(
        a.body, "{\"data\":[{\"id\":\"1\",\"name\":\"server\",\"app\":\"shop\",\"scopes\":["
                "\"acks:write\"],\"created_at\":\"1970-01-01T00:00:00.005Z\",\"revoked_at\":"
                "null,\"expires_at\":null,\"used_at\":null},{\"id\":\"2\",\"name\":\"ops\",\"app\":"
                "null,\"scopes\":[\"ops\"],"
                "\"created_at\":\"1970-01-01T00:00:00.006Z\",\"revoked_at\":"
                "\"1970-01-01T00:00:00.007Z\",\"expires_at\":\"1970-01-01T00:00:00.009Z\",\"used_"
                "at\":\"1970-01-01T00:00:00.008Z\"}],\"next\":null}");
    raw_done(&a);
    fake_call("GET", "/v1/keys?app=shop", 3, NULL, &a);
    assert_null(strstr(a.body, "\"ops\""));
}

static void test_unreadable(void **state)
{
    static const char *const paths[] = {
        "/v1/messages", MSG, MSG "/timeline", MSG "/attempts", "/v1/contacts", "/v1/audit/head"};
    assert_int_equal(fake.readers_open, 0);
    fake.unreadable = true;
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
        expect_code(paths[i], 503, "store-failed");
}

static void test_health(void **state)
{
    char type[64];
    fake_call("GET", "/livez", 0, NULL, &a);
    assert_string_equal(a.body, "ok\n");
    raw_done(&a);
    fake_call("GET", "/readyz", 0, NULL, &a);
    assert_string_equal(a.body, "ok\n");
    raw_done(&a);
    fake_call("GET", "/readyz?verbose", 0, NULL, &a);
    assert_string_equal(a.body, "{\"ready\":true,\"why\":[],\"checks\":[{\"check\":\"disk\"}]}");
    raw_done(&a);
    fake.not_ready = true;
    fake_call("GET", "/readyz", 0, NULL, &a);
    assert_int_equal(a.status, 503);
    raw_done(&a);
    fake_call("GET", "/readyz?verbose", 0, NULL, &a);
    assert_int_equal(a.status, 503);
    assert_string_equal(
        a.body, "{\"ready\":false,\"why\":[\"disk is full\"],\"checks\":[{\"check\":\"disk\"}]}");
    raw_done(&a);
    fake_call("GET", "/metrics", 0, NULL, &a);
    assert_string_equal(a.body, "ackwatch_open 1\n");
    assert_string_equal(raw_header(&a, "Content-Type", type, 64),
                        "text/plain; version=0.0.4; charset=utf-8");
}

static void test_head(void **state)
{
    char n[16];
    fake_call("HEAD", MSG, 1, NULL, &a);
    assert_int_equal(a.status, 200);
    assert_string_not_equal(raw_header(&a, "Content-Length", n, 16), "0");
}

/* The newest requests: routes, not paths; those of the caller's app only. */
static void test_requests(void **state)
{
    struct raw_answer other = {0};
    json_t *v = get("/v1/requests", 200), *data;
    json_int_t before = json_integer_value(json_object_get(v, "last"));
    char path[64];
    json_decref(v);
    expect_code("/v1/rules/secret-user", 404, "not-found");
    fake_call("GET", "/v1/keys", 3, NULL, &other); /* of no app */
    json_decref(get("/v1/messages?limit=7", 200));
    snprintf(path, sizeof(path), "/v1/requests?after=%lld", (long long)before);
    v = get(path, 200);
    data = json_object_get(v, "data");
    assert_int_equal(json_array_size(data), 2);
    assert_string_equal(at(v, "data.0.method"), "GET");
    assert_string_equal(at(v, "data.0.route"), "/v1/rules/{rule}");
    assert_string_equal(at(v, "data.0.problem"), "not-found");
    assert_string_equal(at(v, "data.0.by"), "key:1");
    assert_string_equal(at(v, "data.0.app"), "shop");
    assert_int_equal(json_integer_value(json_object_get(json_array_get(data, 0), "status")), 404);
    assert_string_equal(at(v, "data.1.route"), "/v1/messages");
    assert_null(strstr(a.body, "secret-user"));
    assert_int_equal(json_integer_value(json_object_get(v, "last")), before + 3);
    json_decref(v);
    v = get("/v1/requests?limit=1", 200);
    assert_string_equal(at(v, "data.0.route"), "/v1/messages");
    json_decref(v);
    raw_done(&other);
    fake_call("GET", path, 3, NULL, &other); /* sees all */
    assert_non_null(strstr(other.body, "/v1/keys"));
    raw_done(&other);
    expect_code("/v1/requests?after=x", 422, "validation");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fake_reset, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_unreadable), /* first, while no handle waits for reuse */
        TEST(test_list),
        TEST(test_list_filters),
        TEST(test_bad_queries),
        TEST(test_message),
        TEST(test_absent),
        TEST(test_timeline),
        TEST(test_picture),
        TEST(test_explain),
        TEST(test_rule_tools),
        TEST(test_attempts),
        TEST(test_contacts),
        TEST(test_audit),
        TEST(test_rules_channels_keys),
        TEST(test_health),
        TEST(test_head),
        TEST(test_requests),
    };
    return cmocka_run_group_tests_name("api_read", tests, fake_start, fake_stop);
}
