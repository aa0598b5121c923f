/* SPDX-License-Identifier: Apache-2.0
 *
 * The routes of many: a line in, a line out, in order, whatever becomes of the others.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/str.h"
#include "codec/json.h"
#include "http/call.h"
#include "http_fake.h"

#define NDJSON   "Content-Type: application/x-ndjson\r\n"
#define MESSAGES "/v1/messages:batch"
#define ACKS     "/v1/acks:batch"
#define GOOD(id) "{\"external_id\":\"" id "\",\"title\":\"t\",\"recipients\":[{\"user\":\"li\"}]}"

static struct raw_answer a;

static int end(void **state)
{
    raw_done(&a);
    memset(&a, 0, sizeof(a));
    return 0;
}

static void post(const char *path, int key, const char *body)
{
    char type[64];
    raw_done(&a);
    fake_call_with("POST", path, key, NDJSON, body, &a);
    if (a.status == 200)
        assert_string_equal(raw_header(&a, "Content-Type", type, 64), "application/x-ndjson");
}

/* Line i of the answer; the caller decrefs. */
static json_t *line(unsigned i)
{
    const char *p = a.body;
    json_t *v = NULL;
    while (i--) {
        p = strchr(p, '\n');
        assert_non_null(p);
        p++;
    }
    const char *stop = strchr(p, '\n');
    assert_non_null(stop);
    assert_int_equal(aw_json_parse(p, (size_t)(stop - p), 1 << 16, &v, NULL), 0);
    return v;
}

static unsigned n_lines(void)
{
    unsigned n = 0;
    for (const char *p = a.body; *p; p++)
        n += *p == '\n';
    return n;
}

static void expect_line(unsigned i, int status, const char *member, const char *want)
{
    json_t *v = line(i), *problem = json_object_get(v, "problem");
    assert_int_equal(json_integer_value(json_object_get(v, "status")), status);
    assert_int_equal(problem != NULL, status >= 400);
    const char *got = aw_json_str(problem ? problem : v, member);
    if (!got || strcmp(got, want) != 0)
        fail_msg("line %u: %s is %s, not %s", i, member, got ? got : "(none)", want);
    json_decref(v);
}

static void test_lines(void **state)
{
    fake.reply = (struct aw_reply){.id = FAKE_MSG, .at = FAKE_NOW, .app = "shop", .rule = "r"};
    post(MESSAGES, 1,
         GOOD("a") "\n{\n" GOOD("b") "\r\n\n{\"title\":\"t\",\"recipients\":[{\"user\":\"li\"}]}"
                                     "\n{\"external_id\":\"c\",\"titel\":1}\n" GOOD("d"));
    assert_int_equal(a.status, 200);
    assert_int_equal(n_lines(), 7);
    expect_line(0, 201, "external_id", "a");
    expect_line(1, 400, "code", "bad-json");
    expect_line(2, 201, "external_id", "b");
    expect_line(3, 400, "code", "bad-json");
    expect_line(4, 422, "code", "idempotency-key-required");
    expect_line(5, 422, "code", "unknown-member");
    expect_line(6, 201, "external_id", "d");
    expect_line(6, 201, "id", "msg_004HMASW90000");
    assert_int_equal(fake.n_cmds, 3);
    assert_string_equal(fake.seen.u.reg.idem, "d");
    assert_false(fake.seen_proof);
}

static void test_only_after_commit(void **state)
{
    char request[1024];
    static const char body[] = GOOD("a") "\n" GOOD("b") "\n";
    fake.stuck = true;
    snprintf(request, sizeof(request),
             "POST " MESSAGES " HTTP/1.1\r\nHost: x\r\n" NDJSON
             "Authorization: Bearer %s\r\nContent-Length: %zu\r\n\r\n%s",
             fake_token(1), strlen(body), body);
    int fd = raw_connect(fake_port);
    raw_sends(fd, request);
    for (int i = 0; i < 2000 && fake.n_cmds < 2; i++)
        usleep(1000);
    assert_int_equal(fake.n_cmds, 2);
    assert_false(raw_ended(fd, 50)); /* nothing came */
    fake_release();                  /* the second first */
    raw_read(fd, false, &a);
    assert_int_equal(a.status, 200);
    expect_line(0, 201, "external_id", "a");
    expect_line(1, 201, "external_id", "b");
    close(fd);
}

static void test_refusals(void **state)
{
    fake.reply = (struct aw_reply){.problem = AW_P_KEY_REUSED};
    fake.reply_body = "{\"external_id\":\"a\",\"title\":\"other\",\"recipients\":[]}";
    post(MESSAGES, 1, GOOD("a"));
    expect_line(0, 409, "code", "idempotency-key-reused");
    assert_non_null(strstr(a.body, "they differ in title, recipients"));
    fake.reply = (struct aw_reply){
        .problem = AW_P_UNREACHABLE, .detail = "no address", .pointer = "/recipients/0"};
    post(MESSAGES, 1, GOOD("a"));
    expect_line(0, 422, "detail", "no address");
    fake.full = true;
    post(MESSAGES, 1, GOOD("a") "\n" GOOD("b"));
    assert_int_equal(a.status, 200);
    expect_line(0, 503, "code", "busy");
    expect_line(1, 503, "code", "busy");
    post(ACKS, 1, "{\"external_id\":\"o-1\",\"recipient\":\"li\"}");
    expect_line(0, 503, "code", "busy");
}

static void test_apps(void **state)
{
    post(MESSAGES, 1,
         "{\"app\":\"bank\",\"external_id\":\"a\",\"title\":\"t\",\"recipients\":[{\"user\":"
         "\"li\"}]}");
    expect_line(0, 422, "code", "validation");
    post(MESSAGES, 3,
         GOOD("a") "\n{\"app\":\"bank\",\"external_id\":\"a\",\"title\":\"t\",\"recipients\":"
                   "[{\"user\":\"li\"}]}");
    assert_string_equal(fake.seen_app, "bank");
    post(MESSAGES, 3, /* what a line says holds for that line */
         "{\"app\":\"bank\",\"external_id\":\"a\",\"title\":\"t\",\"recipients\":[{\"user\":"
         "\"li\"}]}\n" GOOD("b"));
    assert_string_equal(fake.seen_app, "");
}

static void test_whole(void **state)
{
    struct aw_buf many = AW_BUF_INIT(8 << 20);
    post(MESSAGES, 1, "");
    expect_problem(&a, 422, "validation");
    for (int i = 0; i < 1000; i++)
        aw_buf_puts(&many, "{}\n");
    post(MESSAGES, 1, aw_buf_str(&many));
    assert_int_equal(a.status, 200);
    assert_int_equal(n_lines(), 1000);
    aw_buf_puts(&many, "{}");
    post(MESSAGES, 1, aw_buf_str(&many));
    expect_problem(&a, 413, "too-large");
    while (many.n <= 4 << 20)
        aw_buf_puts(&many, "                                                                ");
    post(ACKS, 1, aw_buf_str(&many));
    expect_problem(&a, 413, "too-large");
    aw_buf_free(&many);
    raw_done(&a);
    fake_call("POST", MESSAGES, 1, GOOD("a"), &a);
    expect_problem(&a, 415, "unsupported-media-type");
    raw_done(&a);
    fake_call_with("POST", MESSAGES, 1, NDJSON "Idempotency-Key: k\r\n", GOOD("a"), &a);
    expect_problem(&a, 422, "validation");
    assert_int_equal(fake.n_cmds, 0);
}

/* More lines than the queue has room for: each is either done or told to come again. */
static void test_queue(void **state)
{
    struct aw_buf body = AW_BUF_INIT(1 << 20);
    unsigned n_done = 0;
    for (int i = 0; i < 500; i++)
        aw_buf_puts(&body, GOOD("a") "\n");
    post(MESSAGES, 1, aw_buf_str(&body));
    aw_buf_free(&body);
    assert_int_equal(n_lines(), 500);
    for (unsigned i = 0; i < 500; i++) {
        json_t *v = line(i);
        int64_t status = json_integer_value(json_object_get(v, "status"));
        assert_true(status == 201 || status == 503);
        n_done += status == 201;
        json_decref(v);
    }
    assert_int_equal(fake.n_cmds, n_done);
}

static void test_acks(void **state)
{
    fake.reply =
        (struct aw_reply){.id = FAKE_MSG, .first = true, .state = AW_CONFIRMED, .at = FAKE_NOW};
    post(ACKS, 1,
         "{\"message\":\"msg_004HMASW90000\",\"recipient\":\"li\",\"by\":\"nurse\"}\n"
         "{\"recipient\":\"li\"}\n"
         "{\"message\":\"msg_004HMASW90000\",\"external_id\":\"o-1\",\"recipient\":\"li\"}\n"
         "{\"message\":\"nonsense\",\"recipient\":\"li\"}\n"
         "{\"external_id\":\"o-1\",\"recipient\":\"wang\",\"level\":\"opened\"}\n");
    assert_int_equal(a.status, 200);
    assert_int_equal(n_lines(), 5);
    expect_line(0, 200, "recipient", "li");
    expect_line(0, 200, "level", "acknowledged");
    expect_line(1, 422, "code", "validation");
    expect_line(2, 422, "code", "validation");
    expect_line(3, 422, "code", "validation");
    expect_line(4, 200, "recipient", "wang");
    expect_line(4, 200, "level", "opened");
    expect_line(4, 200, "message", "msg_004HMASW90000");
    assert_int_equal(fake.n_cmds, 3); /* a look-up, two acks */
    assert_int_equal(fake.seen.u.ack.message, FAKE_MSG);
    assert_int_equal(fake.seen.u.ack.source, AW_SRC_APP);
    assert_true(fake.seen_proof);

    fake.reply = (struct aw_reply){.problem = AW_P_NOT_FOUND, .detail = "no such message"};
    post(ACKS, 1, "{\"external_id\":\"o-2\",\"recipient\":\"li\"}");
    expect_line(0, 404, "code", "not-found");
    assert_int_equal(fake.n_cmds, 4); /* the look-up alone */
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fake_reset, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_lines),    TEST(test_only_after_commit),
        TEST(test_refusals), TEST(test_apps),
        TEST(test_whole),    TEST(test_queue),
        TEST(test_acks),
    };
    return cmocka_run_group_tests_name("batch", tests, fake_start, fake_stop);
}
