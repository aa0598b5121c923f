/* SPDX-License-Identifier: Apache-2.0
 *
 * Sessions and the inbox over HTTP: what becomes of a report on its way to the core thread, and
 * what is refused before.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include <stdio.h>

#include "http/call.h"
#include "http_fake.h"

#define NDJSON "Content-Type: application/x-ndjson\r\n"
#define DEVICE "/v1/sessions/1a0018970a8e1c3d4f2"

static struct raw_answer a;

static int end(void **state)
{
    (void)state;
    raw_done(&a);
    memset(&a, 0, sizeof(a));
    return 0;
}

static void call(const char *method, const char *path, const char *body)
{
    raw_done(&a);
    fake_call(method, path, 1, body, &a);
}

static void test_login(void **state)
{
    (void)state;
    fake.reply_body = "{\"registration_id\":\"1a0018970a8e1c3d4f2\",\"report\":\"taken\"}";
    call("PUT", DEVICE,
         "{\"user\":\"li\",\"alias\":\"a\",\"platform\":\"ios\",\"seq\":17,"
         "\"at\":\"2026-11-22T10:00:00Z\"}");
    expect_body(&a, 200, "{\"registration_id\":\"1a0018970a8e1c3d4f2\",\"report\":\"taken\"}");
    assert_int_equal(fake.seen.type, AW_CMD_SESSION);
    assert_true(fake.seen.u.session.login);
    assert_string_equal(fake.seen.u.session.device, "1a0018970a8e1c3d4f2");
    assert_string_equal(fake.seen.u.session.user, "li");
    assert_string_equal(fake.seen.u.session.alias, "a");
    assert_string_equal(fake.seen.u.session.platform, "ios");
    assert_int_equal(fake.seen.u.session.seq, 17);
    assert_int_equal(fake.seen.u.session.at, 1795341600000);
    call("PUT", DEVICE, "{\"user\":\"li\"}");
    assert_int_equal(a.status, 200);
    assert_int_equal(fake.seen.u.session.seq, -1);
    assert_int_equal(fake.seen.u.session.at, 0);
}

static void test_logout(void **state)
{
    (void)state;
    fake.reply_body = "{}";
    call("DELETE", DEVICE "?user=li&seq=18&at=2026-11-22T10:00:00Z", NULL);
    assert_int_equal(a.status, 200);
    assert_false(fake.seen.u.session.login);
    assert_string_equal(fake.seen.u.session.user, "li");
    assert_int_equal(fake.seen.u.session.seq, 18);
    assert_int_equal(fake.seen.u.session.at, 1795341600000);
    call("DELETE", DEVICE, NULL);
    assert_int_equal(a.status, 200);
    assert_string_equal(fake.seen.u.session.user, "");
    assert_int_equal(fake.seen.u.session.seq, -1);
}

static void test_refused(void **state)
{
    static const struct {
        const char *method, *path, *body, *code;
    } bad[] = {
        {"PUT", DEVICE, "{}", "validation"},
        {"PUT", DEVICE, "{\"user\":\"\"}", "validation"},
        {"PUT", DEVICE, "{\"user\":\"li\",\"seq\":-1}", "validation"},
        {"PUT", DEVICE, "{\"user\":\"li\",\"seq\":9007199254740993}", "validation"},
        {"PUT", DEVICE, "{\"user\":\"li\",\"platform\":\"I OS\"}", "validation"},
        {"PUT", DEVICE, "{\"user\":\"li\",\"alias\":\"aaaaaaaaaabbbbbbbbbbccccccccccdddddddddde\"}",
         "validation"},
        {"PUT", DEVICE, "{\"user\":\"li\",\"logout\":true}", "unknown-member"},
        {"PUT", "/v1/sessions/a%20b", "{\"user\":\"li\"}", "validation"},
        {"DELETE", "/v1/sessions/a%2Fb", NULL, "validation"},
        {"DELETE", DEVICE "?seq=x", NULL, "validation"},
        {"DELETE", DEVICE "?at=noon", NULL, "validation"},
        {"DELETE", DEVICE "?user=%01", NULL, "validation"},
        {"DELETE", DEVICE "?who=li", NULL, "unknown-member"},
        {"POST", "/v1/users/li/inbox:read", "{\"messages\":[]}", "validation"},
        {"POST", "/v1/users/li/inbox:read", "{\"messages\":[\"o-1\"]}", "validation"},
        {"POST", "/v1/users/li/inbox:read", "{\"messages\":\"msg_004HMASW90000\"}", "validation"},
        {"POST", "/v1/users/li/inbox:read", "{}", "validation"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        unsigned n = fake.n_cmds;
        call(bad[i].method, bad[i].path, bad[i].body);
        if (a.status != 422)
            print_message("%s %s %s\n", bad[i].method, bad[i].path, bad[i].body);
        expect_problem(&a, 422, bad[i].code);
        assert_int_equal(fake.n_cmds, n);
    }
}

static void test_foreign(void **state)
{
    (void)state;
    fake.reply.problem = AW_P_FOREIGN_DEVICE;
    call("PUT", DEVICE, "{\"user\":\"li\"}");
    expect_problem(&a, 409, "device-of-another-app");
}

static void test_batch(void **state)
{
    (void)state;
    fake.reply_body = "{\"user\":\"li\"}";
    raw_done(&a);
    fake_call_with("POST", "/v1/sessions:batch", 1, NDJSON,
                   "{\"registration_id\":\"d1\",\"user\":\"li\"}\n"
                   "{\"registration_id\":\"d1\",\"logout\":true}\n"
                   "{\"registration_id\":\"d1\"}\n"
                   "{\"registration_id\":\"d1\",\"logout\":true,\"alias\":\"a\"}\n",
                   &a);
    assert_int_equal(a.status, 200);
    assert_non_null(strstr(a.body, "{\"status\":200,\"session\":{\"user\":\"li\"}}\n"
                                   "{\"status\":200,\"session\":{\"user\":\"li\"}}\n"
                                   "{\"status\":422,"));
    assert_non_null(strstr(a.body, "a login names its user"));
    assert_non_null(strstr(a.body, "a logout has no alias"));
}

static void test_users(void **state)
{
    (void)state;
    fake.reply_body = "{\"data\":[]}";
    char path[200] = "/v1/users/";
    memset(path + strlen(path), 'u', AW_USER_MAX + 1);
    snprintf(path + strlen(path), 16, "/devices");
    call("GET", path, NULL);
    expect_problem(&a, 422, "validation");
    call("GET", "/v1/users/%E6%9D%8E/devices", NULL);
    expect_body(&a, 200, "{\"data\":[]}");
    assert_int_equal(fake.seen.type, AW_CMD_DEVICES);
    assert_string_equal(fake.seen.u.session.user, "\xe6\x9d\x8e");
    fake.reply_body = NULL;
    fake.reply.n_changed = 1;
    fake.reply.number = 2;
    fake.reply.at = 1795341600000;
    call("POST", "/v1/users/li/inbox:read",
         "{\"messages\":[\"msg_004HMASW90000\",\"msg_004HMASW90001\"]}");
    expect_body(&a, 200,
                "{\"user\":\"li\",\"read\":1,\"known\":2,\"at\":\"2026-11-22T10:00:00.000Z\"}");
    assert_int_equal(fake.seen.type, AW_CMD_INBOX);
    assert_int_equal(fake.seen.u.inbox.n, 2);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fake_reset, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_login),   TEST(test_logout), TEST(test_refused),
        TEST(test_foreign), TEST(test_batch),  TEST(test_users),
    };
    return cmocka_run_group_tests_name("sessions api", tests, fake_start, fake_stop);
}
