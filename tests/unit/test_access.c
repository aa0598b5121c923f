/* SPDX-License-Identifier: Apache-2.0
 *
 * Who may do what: scopes, tokens, the control socket, faces and paths.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include <stdio.h>
#include <unistd.h>

#include "base/str.h"
#include "http/call.h"
#include "http_fake.h"

static struct raw_answer a;

static int end(void **state)
{
    raw_done(&a);
    memset(&a, 0, sizeof(a));
    return 0;
}

/* ---- who may ----------------------------------------------------------------------------------
 */

/* A path of the route with something in place of its parameters. */
static void fill(char *dst, size_t cap, const char *pattern)
{
    struct aw_buf path = AW_BUF_INIT(cap - 1);
    for (; *pattern; pattern++) {
        if (*pattern == '{') {
            aw_buf_puts(&path, aw_starts(pattern, "{message}") ? "msg_004HMASW90000" : "9");
            pattern = strchr(pattern, '}');
        } else {
            aw_buf_putc(&path, *pattern);
        }
    }
    snprintf(dst, cap, "%s", aw_buf_str(&path));
    aw_buf_free(&path);
}

/* Generated from the table: each route x each scope, and without any token. */
static void test_matrix(void **state)
{
    unsigned n = 0;
    for (const struct aw_route *r = aw_routes; r->method; r++) {
        char path[128];
        const char *text = r->body ? "{}" : NULL;
        if (!r->scope)
            continue;
        fill(path, sizeof(path), r->path);
        fake_call(r->method, path, 0, text, &a);
        expect_problem(&a, a.status == 429 ? 429 : 401,
                       a.status == 429 ? "rate-limited" : "unauthenticated");
        raw_done(&a);
        for (int bit = 0; bit < AW_N_SCOPES; bit++, n++) {
            bool may = (r->scope | AW_SCOPE_ADMIN) >> bit & 1;
            fake_call(r->method, path, 10 + bit, text, &a);
            if (may == (a.status == 403 || a.status == 401))
                fail_msg("%s %s with %s: %d", r->method, path, aw_scope_names[bit], a.status);
            if (!may)
                expect_problem(&a, 403, "scope-missing");
            raw_done(&a);
        }
    }
    assert_true(n > 100);
}

static void test_tokens(void **state)
{
    static const char *const wrong[] = {
        "Authorization: Bearer\r\n",
        "Authorization: Bearer x\r\n",
        "Authorization: Basic YTpi\r\n",
        "Authorization: Bearer aw_00000001_0123456789012345678901234567890123456789012\r\n",
        "Authorization: Bearer aw_ZZZZZZZZ_0123456789012345678901234567890123456789012\r\n",
    };
    bool limited = false;
    char value[64];
    for (int i = 0; i < 20; i++) {
        fake_call_with("GET", "/v1/status", 0, wrong[i % 5], NULL, &a);
        limited |= a.status == 429;
        if (limited) {
            expect_problem(&a, 429, "rate-limited");
            assert_string_equal(raw_header(&a, "Retry-After", value, 64), "60");
        } else {
            expect_problem(&a, 401, "unauthenticated");
            assert_non_null(strstr(raw_header(&a, "WWW-Authenticate", value, 64), "Bearer"));
        }
        raw_done(&a);
    }
    assert_true(limited);
    assert_true(fake.n_failed >= 20 && fake.n_refused >= 9); /* the daemon counts and logs them */
    fake_call("GET", "/v1/status", 1, NULL, &a); /* who has a token is not shut out by others */
    expect_body(&a, 200, "{\"open\":1}");
}

/* A key has a rate; proofs are above it. */
static void test_rate(void **state)
{
    char value[64];
    bool refused = false;
    unsigned n = 0;

    fake_call("GET", "/v1/status", 1, NULL, &a); /* without a limit nothing is said about it */
    assert_string_equal(raw_header(&a, "RateLimit", value, 64), "");
    raw_done(&a);
    fake.rate = 3;
    for (; n < 1000 && !refused; n++) {
        fake_call("GET", "/v1/status", 1, NULL, &a);
        assert_string_equal(raw_header(&a, "RateLimit-Policy", value, 64), "\"key\";q=3;w=1");
        assert_true(aw_starts(raw_header(&a, "RateLimit", value, 64), "\"key\";r="));
        refused = a.status == 429;
        if (refused) {
            expect_problem(&a, 429, "too-fast");
            assert_string_equal(raw_header(&a, "Retry-After", value, 64), "1");
            assert_string_equal(raw_header(&a, "RateLimit", value, 64), "\"key\";r=0;t=1");
        } else {
            assert_int_equal(a.status, 200);
        }
        raw_done(&a);
    }
    assert_true(refused && n > 3);
    for (int i = 0; i < 5; i++) {
        fake_call("POST", "/v1/messages/msg_004HMASW90000/acks", 1, "{\"recipient\":\"li\"}", &a);
        assert_int_equal(a.status, 200);
        raw_done(&a);
    }
}

/* Links and receipt URLs can be guessed at too. */
static void test_strangers(void **state)
{
    bool limited = false;
    char value[64];

    for (int i = 0; i < 12; i++) {
        fake_call("GET", "/a/guessed", 0, NULL, &a);
        limited |= a.status == 429;
        assert_int_equal(a.status, limited ? 429 : 404);
        assert_string_equal(raw_header(&a, "Retry-After", value, 64), limited ? "60" : "");
        raw_done(&a);
    }
    assert_true(limited);
    fake_call("GET", "/a/" FAKE_TOKEN_OK, 0, NULL, &a); /* who has the link is not shut out */
    assert_int_equal(a.status, 200);
    raw_done(&a);
    fake.news.refused = AW_P_UNAUTHENTICATED;
    fake_call("POST", "/in/sms-main/guessed", 0, NULL, &a);
    expect_problem(&a, 429, "rate-limited");
}

static void control(const char *headers)
{
    char request[512];
    snprintf(request, sizeof(request), "GET /v1/keys HTTP/1.1\r\nHost: x\r\n%s\r\n", headers);
    int fd = raw_connect_unix(fake_socket);
    raw_sends(fd, request);
    raw_read(fd, false, &a);
    close(fd);
}

static void test_control_socket(void **state)
{
    char header[128];
    control(""); /* our own uid is admin */
    assert_int_equal(a.status, 200);
    raw_done(&a);
    snprintf(header, sizeof(header), "Authorization: Bearer %s\r\n", fake_token(1));
    control(header); /* a token decides where there is one */
    expect_problem(&a, 403, "scope-missing");
}

static void test_paths(void **state)
{
    char value[64];
    fake_call("GET", "/v1/nothing", 1, NULL, &a);
    expect_problem(&a, 404, "not-found");
    raw_done(&a);
    fake_call("PUT", "/v1/messages", 1, "{}", &a);
    expect_problem(&a, 405, "method-not-allowed");
    assert_string_equal(raw_header(&a, "Allow", value, 64), "POST, GET, HEAD");
    raw_done(&a);
    fake_call("GET", "/v1/../etc/passwd", 1, NULL, &a);
    expect_problem(&a, 400, "bad-request");
    raw_done(&a);
    fake_call("GET", "/v1/status", 1, "{}", &a);
    expect_problem(&a, 413, "too-large");
    raw_done(&a);
    fake_call("PATCH", "/v1/messages", 1, NULL, &a);
    expect_problem(&a, 405, "method-not-allowed");
    raw_done(&a);
    raw_once(fake_port_ops, "GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n", &a);
    expect_problem(&a, 404, "not-found");
    raw_done(&a);
    raw_once(fake_port_ops, "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n", &a);
    expect_body(&a, 200, "ok\n");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fake_reset, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_matrix),    TEST(test_tokens),         TEST(test_rate),
        TEST(test_strangers), TEST(test_control_socket), TEST(test_paths),
    };
    return cmocka_run_group_tests_name("access", tests, fake_start, fake_stop);
}
