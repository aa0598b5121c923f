/* SPDX-License-Identifier: Apache-2.0
 *
 * The gate and the percent-decoder: tables of requests with the verdict, no socket.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "net/gate.h"
#include "net/server.h"

#define H(name, value)                                                                             \
    {                                                                                              \
        name, value, sizeof(name) - 1, sizeof(value) - 1                                           \
    }

struct row {
    const char *method, *version, *target;
    struct aw_gate_header headers[4];
    int status;
    bool framing;
};

static const struct row rows[] = {
    {"GET", "HTTP/1.1", "/v1/messages?limit=5", {H("Host", "a")}, 0, false},
    {"GET", "HTTP/1.0", "/", {{0}}, 0, false},
    {"POST", "HTTP/1.1", "/x", {H("Host", "[::1]:9364"), H("Content-Length", "12")}, 0, false},
    {"POST", "HTTP/1.1", "/x", {H("Host", "a"), H("Transfer-Encoding", "Chunked")}, 0, false},
    {"PUT", "HTTP/1.1", "/v1/contacts/%E6%9D%8E%2Fx", {H("host", "a")}, 0, false},
    {"POST", "HTTP/1.1", "/v1/messages/msg_1:cancel", {H("Host", "a")}, 0, false},
    /* where does it end? */
    {"POST",
     "HTTP/1.1",
     "/",
     {H("Host", "a"), H("Content-Length", "5"), H("Transfer-Encoding", "chunked")},
     400,
     true},
    {"POST",
     "HTTP/1.1",
     "/",
     {H("Host", "a"), H("Content-Length", "5"), H("content-length", "5")},
     400,
     true},
    {"POST", "HTTP/1.1", "/", {H("Host", "a"), H("Content-Length", "+5")}, 400, true},
    {"POST", "HTTP/1.1", "/", {H("Host", "a"), H("Content-Length", "0x5")}, 400, true},
    {"POST", "HTTP/1.1", "/", {H("Host", "a"), H("Content-Length", "5, 5")}, 400, true},
    {"POST", "HTTP/1.1", "/", {H("Host", "a"), H("Content-Length", "")}, 400, true},
    {"POST", "HTTP/1.1", "/", {H("Host", "a"), H("Content-Length", "-1")}, 400, true},
    {"POST",
     "HTTP/1.1",
     "/",
     {H("Host", "a"), H("Content-Length", "99999999999999999999")},
     400,
     true},
    {"POST", "HTTP/1.1", "/", {H("Host", "a"), H("Transfer-Encoding", "gzip, chunked")}, 400, true},
    {"POST", "HTTP/1.1", "/", {H("Host", "a"), H("Transfer-Encoding", "xchunked")}, 400, true},
    {"POST",
     "HTTP/1.1",
     "/",
     {H("Host", "a"), H("Transfer-Encoding", "chunked"), H("Transfer-Encoding", "chunked")},
     400,
     true},
    {"POST", "HTTP/1.0", "/", {H("Host", "a"), H("Transfer-Encoding", "chunked")}, 400, true},
    {"GET", "HTTP/2.0", "/", {H("Host", "a")}, 400, true},
    {"GET", "http/1.1", "/", {H("Host", "a")}, 400, true},
    {"TRACE", "HTTP/1.1", "/", {H("Host", "a")}, 405, true},
    {"get", "HTTP/1.1", "/", {H("Host", "a")}, 405, true},
    {"GET", "HTTP/1.1", "/", {H("Host", "a"), H("Host", "b")}, 400, true},
    {"GET",
     "HTTP/1.1",
     "/",
     {H("Host", "a"), H("Authorization", "b"), H("Authorization", "c")},
     400,
     true},
    {"GET",
     "HTTP/1.1",
     "/",
     {H("Host", "a"), H("Idempotency-Key", "b"), H("idempotency-key", "c")},
     400,
     true},
    {"GET", "HTTP/1.1", "/", {H("Host", "a"), H("X ", "b")}, 400, true},
    {"GET", "HTTP/1.1", "/", {H("Host", "a"), H("", "b")}, 400, true},
    {"GET", "HTTP/1.1", "/", {H("Host", "a"), H("X", "b\1")}, 400, true},
    {"GET", "HTTP/1.1", "/", {H("Host", "a"), H("X", "b\0c")}, 400, true},
    {"GET", "HTTP/1.1", "/", {H("Host", "a"), H("X\xc3\xa4", "b")}, 400, true},
    /* whose, and where? */
    {"GET", "HTTP/1.1", "/", {{0}}, 400, false},
    {"GET", "HTTP/1.1", "/", {H("Host", "a/b")}, 400, false},
    {"GET", "HTTP/1.1", "/", {H("Host", "a, b")}, 400, false},
    {"GET", "HTTP/1.1", "/", {H("Host", "a"), H("Expect", "200-ok")}, 417, false},
    {"GET", "HTTP/1.1", "http://a/", {H("Host", "a")}, 400, false},
    {"GET", "HTTP/1.1", "*", {H("Host", "a")}, 400, false},
    {"GET", "HTTP/1.1", "", {H("Host", "a")}, 400, false},
    {"GET", "HTTP/1.1", "//a", {H("Host", "a")}, 400, false},
    {"GET", "HTTP/1.1", "/a//b", {H("Host", "a")}, 400, false},
    {"GET", "HTTP/1.1", "/../etc", {H("Host", "a")}, 400, false},
    {"GET", "HTTP/1.1", "/a/.", {H("Host", "a")}, 400, false},
    {"GET", "HTTP/1.1", "/a/%2e%2E/b", {H("Host", "a")}, 400, false},
    {"GET", "HTTP/1.1", "/a%2f..%2fb", {H("Host", "a")}, 400, false},
    {"GET", "HTTP/1.1", "/a/%c0%ae%c0%ae/b", {H("Host", "a")}, 400, false},
    {"GET", "HTTP/1.1", "/a%00b", {H("Host", "a")}, 400, false},
    {"GET", "HTTP/1.1", "/a%0d%0ab", {H("Host", "a")}, 400, false},
    {"GET", "HTTP/1.1", "/a%4", {H("Host", "a")}, 400, false},
    {"GET", "HTTP/1.1", "/a%zz", {H("Host", "a")}, 400, false},
    {"GET", "HTTP/1.1", "/a%ff", {H("Host", "a")}, 400, false},
    {"GET", "HTTP/1.1", "/a b", {H("Host", "a")}, 400, false},
    {"GET", "HTTP/1.1", "/a\xe6\x9d\x8e", {H("Host", "a")}, 400, false},
    {"GET", "HTTP/1.1", "/a\\b", {H("Host", "a")}, 400, false},
    {"GET", "HTTP/1.1", "/a#b", {H("Host", "a")}, 400, false},
    {"GET", "HTTP/1.1", "/a?b#c", {H("Host", "a")}, 400, false},
    {"GET", "HTTP/1.1", "/a?b c", {H("Host", "a")}, 400, false},
    {"GET", "HTTP/1.1", "/...", {H("Host", "a")}, 0, false},
    {"GET", "HTTP/1.1", "/.a/b..", {H("Host", "a")}, 0, false},
};

static int check(const struct row *row, struct aw_gate_result *ret)
{
    size_t n = 0;
    while (n < 4 && row->headers[n].name)
        n++;
    return aw_gate_check(
        &(struct aw_gate_request){row->method, row->version, row->target, row->headers, n}, ret);
}

static void test_table(void **state)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct aw_gate_result r;
        int status = check(&rows[i], &r);
        if (status != rows[i].status || (status && r.framing != rows[i].framing))
            fail_msg("row %zu (%s %s): %d %s, framing %d", i, rows[i].method, rows[i].target,
                     status, status ? r.why : "passes", r.framing);
        assert_true(!status || strlen(r.why) > 10);
    }
}

static void test_result(void **state)
{
    struct aw_gate_header h[] = {H("Host", "a"), H("Content-Length", "12"),
                                 H("Expect", "100-Continue")};
    struct aw_gate_result r;
    struct aw_gate_request rq = {"POST", "HTTP/1.1", "/a?b=c", h, 3};
    assert_int_equal(aw_gate_check(&rq, &r), 0);
    assert_int_equal(r.length, 12);
    assert_true(r.expect && !r.chunked && !r.framing);
}

/* The JPush SDK for Ruby sends such paths; only a server that says so takes them. */
static void test_empty_segments(void **state)
{
    struct aw_gate_header h[] = {H("Host", "a")};
    struct aw_gate_result r;
    struct aw_gate_request rq = {"GET", "HTTP/1.1", "/v3//received", h, 1};
    assert_int_equal(aw_gate_check(&rq, &r), 400);
    rq.empty_segments = true;
    assert_int_equal(aw_gate_check(&rq, &r), 0);
    rq.target = "/v3//../received";
    assert_int_equal(aw_gate_check(&rq, &r), 400);
}

static void test_limits(void **state)
{
    struct aw_gate_header many[AW_GATE_HEADERS + 1];
    struct aw_gate_result r;
    char target[AW_GATE_PATH + AW_GATE_QUERY + 8];
    for (size_t i = 0; i < AW_GATE_HEADERS + 1; i++)
        many[i] = (struct aw_gate_header)H("X", "y");
    many[0] = (struct aw_gate_header)H("Host", "a");
    struct aw_gate_request rq = {"GET", "HTTP/1.1", "/", many, AW_GATE_HEADERS};
    assert_int_equal(aw_gate_check(&rq, &r), 0);
    rq.n_headers++;
    assert_int_equal(aw_gate_check(&rq, &r), 431);

    rq.n_headers = 1;
    rq.target = target;
    memset(target, 'a', sizeof(target));
    target[0] = '/';
    target[AW_GATE_PATH] = 0;
    assert_int_equal(aw_gate_check(&rq, &r), 0);
    target[AW_GATE_PATH] = 'a';
    target[AW_GATE_PATH + 1] = 0;
    assert_int_equal(aw_gate_check(&rq, &r), 414);
    target[AW_GATE_PATH + 1] = 'a';
    target[1] = '?';
    target[2 + AW_GATE_QUERY] = 0;
    assert_int_equal(aw_gate_check(&rq, &r), 0);
    target[2 + AW_GATE_QUERY] = 'a';
    target[3 + AW_GATE_QUERY] = 0;
    assert_int_equal(aw_gate_check(&rq, &r), 414);
}

/* The head as the library leaves it; `~` stands for NUL. */
static int check_head(const char *text)
{
    char head[128];
    struct aw_gate_header h[] = {{head + 16, head + 22, 4, 1}, {head + 25, head + 29, 1, 1}};
    struct aw_gate_request rq = {.method = head,
                                 .version = head + 6,
                                 .target = "/",
                                 .headers = h,
                                 .n_headers = 2,
                                 .n_head = strlen(text),
                                 .target_in_head = head + 4};
    struct aw_gate_result r;

    for (size_t i = 0; i <= strlen(text); i++)
        head[i] = text[i] == '~' ? 0 : text[i];
    int status = aw_gate_check(&rq, &r);
    assert_true(!status || r.framing);
    return status;
}

static void test_head(void **state)
{
    static const char good[] = "GET~/~HTTP/1.1~~Host~\ta~~X~  b~~~~";
    assert_int_equal(check_head(good), 0);
    /* any byte changed where separators are, and any byte less or more */
    for (size_t i = 0; i < strlen(good); i++) {
        char bad[64];
        memcpy(bad, good, sizeof(good));
        bad[i] = bad[i] == '~' ? 'z' : '~';
        if (i != 4) /* the target, of which there is a copy */
            assert_int_not_equal(check_head(bad), 0);
    }
    assert_int_equal(check_head("GET~/~HTTP/1.1~~Host~\ta~~X~  b~~~"), 400);
    assert_int_equal(check_head("GET~/~HTTP/1.1~~Host~\ta~~X~  b~~"), 400);
    assert_int_equal(check_head("GET~/~HTTP/1.1~~Host~\ta~~X~  b~~~~~"), 400);
    assert_int_equal(check_head("GET~/~HTTP/1.1~~Host~\ta~~X~  b~~~~c"), 400);
}

static void test_percent(void **state)
{
    char t[8];
    assert_int_equal(aw_percent_decode("a%2Fb+c", 7, false, t, sizeof(t)), 0);
    assert_string_equal(t, "a/b+c");
    assert_int_equal(aw_percent_decode("a+c", 3, true, t, sizeof(t)), 0);
    assert_string_equal(t, "a c");
    assert_int_equal(aw_percent_decode("", 0, true, t, sizeof(t)), 0);
    assert_string_equal(t, "");
    assert_int_equal(aw_percent_decode("1234567", 7, true, t, sizeof(t)), 0);
    assert_int_equal(aw_percent_decode("12345678", 8, true, t, sizeof(t)), AW_ELIMIT);
    assert_int_equal(aw_percent_decode("%00", 3, true, t, sizeof(t)), AW_EINVAL);
    assert_int_equal(aw_percent_decode("%4142", 2, true, t, sizeof(t)), AW_EINVAL);
    assert_int_equal(aw_percent_decode("%g1", 3, true, t, sizeof(t)), AW_EINVAL);
    assert_int_equal(aw_percent_decode("", 0, true, t, 0), AW_ELIMIT);
}

static void test_query(void **state)
{
    char t[8];
    struct aw_http_view v = {.query = "a=1&&b&%63=x%20y&a=2&long=123456789&bad=%"};
    assert_int_equal(aw_http_query(&v, "a", t, sizeof(t)), 0);
    assert_string_equal(t, "1");
    assert_int_equal(aw_http_query(&v, "b", t, sizeof(t)), 0);
    assert_string_equal(t, "");
    assert_int_equal(aw_http_query(&v, "c", t, sizeof(t)), 0);
    assert_string_equal(t, "x y");
    assert_int_equal(aw_http_query(&v, "d", t, sizeof(t)), AW_ENOENT);
    assert_int_equal(aw_http_query(&v, "long", t, sizeof(t)), AW_ELIMIT);
    assert_int_equal(aw_http_query(&v, "bad", t, sizeof(t)), AW_EINVAL);
    v.query = "";
    assert_int_equal(aw_http_query(&v, "a", t, sizeof(t)), AW_ENOENT);
    v.query = "&&&";
    assert_int_equal(aw_http_query(&v, "", t, sizeof(t)), AW_ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),          cmocka_unit_test(test_result),
        cmocka_unit_test(test_empty_segments), cmocka_unit_test(test_head),
        cmocka_unit_test(test_limits),         cmocka_unit_test(test_percent),
        cmocka_unit_test(test_query),
    };
    return cmocka_run_group_tests_name("gate", tests, NULL, NULL);
}
