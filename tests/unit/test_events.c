/* SPDX-License-Identifier: Apache-2.0
 *
 * GET /v1/events: nothing lost, nothing twice, to everybody what is theirs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/call.h"
#include "http_fake.h"

static struct raw_answer a;
static char raw[1 << 16], text[1 << 16]; /* as it came; without the framing of chunks */
static size_t n_raw;

/* The rest of the fake stays as it is: streams of the test before may still look at it. */
static int begin(void **state)
{
    fake_more = fake_revoked = 0;
    return 0;
}

static int end(void **state)
{
    raw_done(&a);
    memset(&a, 0, sizeof(a));
    return 0;
}

static int open_stream(int key, const char *path, const char *headers)
{
    char request[512];
    int fd = raw_connect(fake_port);

    snprintf(request, sizeof(request),
             "GET %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n%s\r\n", path,
             fake_token(key), headers);
    raw_sends(fd, request);
    raw_done(&a);
    raw_read(fd, true, &a); /* the head */
    n_raw = 0;
    raw[0] = text[0] = 0;
    return fd;
}

static void take_chunks(void)
{
    char *p = raw, *to = text;
    for (;;) {
        char *data;
        size_t n = strtoul(p, &data, 16);
        if (data == p || n == 0 || data + 2 + n + 2 > raw + n_raw)
            break;
        memcpy(to, data + 2, n);
        to += n;
        p = data + 2 + n + 2;
    }
    *to = 0;
}

/* Reads until `want` has come, or fails. */
static void until(int fd, const char *want)
{
    while (!strstr(text, want)) {
        ssize_t got = recv(fd, raw + n_raw, sizeof(raw) - 1 - n_raw, 0);
        if (got <= 0)
            fail_msg("no %s, but %s", want, text);
        n_raw += (size_t)got;
        raw[n_raw] = 0;
        take_chunks();
    }
}

#define MSG_0 "msg_004HMASW90000"
#define MSG_1 "msg_004HMASW90001"
#define ENDED(n, msg)                                                                              \
    "id: " n "\nevent: timeline.ended\ndata: {\"seq\":" n                                          \
    ",\"ts\":\"\",\"kind\":\"timeline.ended\",\"msg\":\"" msg "\"}\n\n"
#define CLAIMED(n, msg)                                                                            \
    "id: " n "\nevent: firing.claimed\ndata: {\"seq\":" n                                          \
    ",\"ts\":\"\",\"kind\":\"firing.claimed\",\"msg\":\"" msg "\"}\n\n"

static void test_resume(void **state)
{
    char value[64];
    int fd = open_stream(3, "/v1/events", "Last-Event-ID: 1\r\n");
    assert_int_equal(a.status, 200);
    assert_string_equal(raw_header(&a, "Content-Type", value, 64), "text/event-stream");
    assert_true(raw_header(&a, "Request-Id", value, 64)[0]);
    until(fd, "id: 3");
    fake_more = 1;
    until(fd, "id: 4");
    fake_more = 3;
    until(fd, ENDED("6", MSG_0));
    assert_string_equal(text, "id: 2\nevent: firing.claimed\n"
                              "data: {\"seq\":2,\"kind\":\"firing.claimed\",\"n\":1}\n\n"
                              "id: 3\nevent: timeline.ended\n"
                              "data: {\"seq\":3,\"kind\":\"timeline.ended\",\"n\":1}\n\n" CLAIMED(
                                  "4", MSG_0) CLAIMED("5", MSG_1) ENDED("6", MSG_0));
    close(fd);
    fd = open_stream(3, "/v1/events", "Last-Event-ID: 5\r\n");
    until(fd, "\n\n");
    assert_string_equal(text, ENDED("6", MSG_0));
    close(fd);
}

static void test_from_now(void **state)
{
    int fd = open_stream(3, "/v1/events", "");
    assert_false(raw_drained(fd, 300));
    fake_more = 1;
    until(fd, "\n\n");
    assert_string_equal(text, CLAIMED("4", MSG_0));
    close(fd);
}

/* A key of an app sees its own messages, and learns how far it has come. */
static void test_app(void **state)
{
    fake_more = 4;
    int fd = open_stream(1, "/v1/events", "Last-Event-ID: 0\r\n");
    until(fd, "id: 6");
    until(fd, ENDED("6", MSG_0));
    assert_string_equal(text, CLAIMED("4", MSG_0) ENDED("6", MSG_0));
    close(fd);
    fd = open_stream(1, "/v1/events", "Last-Event-ID: 6\r\n");
    until(fd, "\n\n");
    assert_string_equal(text, "id: 7\n\n");
    close(fd);
    /* without an app and without audit:read: all messages, and nothing else */
    fd = open_stream(10 + AW_SCOPE_BIT_MESSAGES_READ, "/v1/events", "Last-Event-ID: 2\r\n");
    until(fd, CLAIMED("7", MSG_1));
    assert_string_equal(text, CLAIMED("4", MSG_0) CLAIMED("5", MSG_1) ENDED("6", MSG_0)
                                  CLAIMED("7", MSG_1));
    close(fd);
    fd = open_stream(3, "/v1/events?app=shop", "Last-Event-ID: 2\r\n");
    until(fd, ENDED("6", MSG_0));
    assert_string_equal(text, CLAIMED("4", MSG_0) ENDED("6", MSG_0));
    close(fd);
}

static void test_types(void **state)
{
    fake_more = 3;
    int fd =
        open_stream(3, "/v1/events?types=message.%2A,timeline.end%3Fd", "Last-Event-ID: 0\r\n");
    until(fd, ENDED("6", MSG_0));
    assert_string_equal(
        text, "id: 3\nevent: timeline.ended\n"
              "data: {\"seq\":3,\"kind\":\"timeline.ended\",\"n\":1}\n\n" ENDED("6", MSG_0));
    close(fd);
}

static void test_many_pages(void **state)
{
    char want[32];
    fake_more = 600;
    int fd = open_stream(3, "/v1/events?types=nothing.*", "Last-Event-ID: 0\r\n");
    until(fd, "id: 603\n\n");
    assert_string_equal(text, "id: 256\n\nid: 512\n\nid: 603\n\n");
    close(fd);
    fd = open_stream(3, "/v1/events?types=*", "Last-Event-ID: 300\r\n");
    until(fd, "id: 603\n");
    const char *p = text;
    for (int i = 301; i <= 603; i++) {
        snprintf(want, sizeof(want), "id: %d\n", i);
        assert_memory_equal(p, want, strlen(want));
        p = strstr(p, "\n\n");
        assert_true(p || i == 603);
        p += 2;
    }
    close(fd);
}

/* A stream that never rests is no way around it. */
static void test_revoked(void **state)
{
    int fd = open_stream(3, "/v1/events", "Last-Event-ID: 2\r\n");
    until(fd, "id: 3");
    assert_false(raw_drained(fd, 300));
    fake_revoked = 3;
    fake_more = 2;
    while (!strstr(raw, "\r\n0\r\n\r\n")) { /* the last chunk */
        ssize_t got = recv(fd, raw + n_raw, sizeof(raw) - 1 - n_raw, 0);
        assert_true(got > 0);
        n_raw += (size_t)got;
        raw[n_raw] = 0;
    }
    assert_null(strstr(raw, "id: 4"));
    close(fd);
}

static void test_refusals(void **state)
{
    static const char *const bad[] = {"4", "x", "-1", "9223372036854775807", "1 2"};
    char header[64];
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        snprintf(header, sizeof(header), "Last-Event-ID: %s\r\n", bad[i]);
        fake_call_with("GET", "/v1/events", 3, header, NULL, &a);
        expect_problem(&a, 422, "validation");
        raw_done(&a);
    }
    fake_call("GET", "/v1/events?types=%5Ba%5D", 3, NULL, &a);
    expect_problem(&a, 422, "validation");
    raw_done(&a);
    fake_call("GET", "/v1/events?type=a", 3, NULL, &a);
    expect_problem(&a, 422, "unknown-member");
    raw_done(&a);
    fake_call("HEAD", "/v1/events", 3, NULL, &a);
    assert_int_equal(a.status, 200);
}

/* Those of the tests before may still be there. The end of the server ends all of them. */
static void test_too_many(void **state)
{
    int fds[256];
    for (int i = 0; i < 256; i++)
        fds[i] = open_stream(3, "/v1/events", "");
    raw_done(&a);
    fake_call("GET", "/v1/events", 3, NULL, &a);
    expect_problem(&a, 503, "busy");
    raw_done(&a);
    fake_call("GET", "/v1/status", 3, NULL, &a);
    assert_int_equal(a.status, 200);
    for (int i = 0; i < 256; i++)
        close(fds[i]);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_resume),     TEST(test_from_now), TEST(test_app),      TEST(test_types),
        TEST(test_many_pages), TEST(test_revoked),  TEST(test_refusals), TEST(test_too_many),
    };
    return cmocka_run_group_tests_name("events", tests, fake_start, fake_stop);
}
