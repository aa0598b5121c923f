/* SPDX-License-Identifier: Apache-2.0
 *
 * What strangers reach: what providers send, and the confirmation page.
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

static struct raw_answer a;

static int end(void **state)
{
    raw_done(&a);
    memset(&a, 0, sizeof(a));
    return 0;
}

/* ---- what providers send ----------------------------------------------------------------------
 */

static void deliver(unsigned n_receipts, unsigned n_replies)
{
    fake.news = (struct aw_news){
        .text = "ok", .nonce = "77", .sum = 5, .n_receipts = n_receipts, .n_replies = n_replies};
    fake.n_cmds = 0;
    fake_call_with("POST", "/in/sms-main/s%203cret?a=b", 0,
                   "Content-Type: text/plain\r\nAuthorization: Basic eA==\r\n", "body", &a);
}

static void test_inbound(void **state)
{
    deliver(1, 0);
    expect_body(&a, 200, "ok");
    assert_string_equal(fake.in_text, "sms-main s 3cret POST a=b text/plain Basic eA== body");
    assert_int_equal(fake.in.n_body, 4);
    assert_int_equal(fake.in.now, FAKE_NOW);
    assert_int_equal(fake.seen.type, AW_CMD_RECEIPT);
    assert_int_equal(fake.seen.u.receipt.r.ref, 38);
    assert_int_equal(fake.seen.u.receipt.r.level, AW_DELIVERED);
    assert_string_equal(fake.seen.u.receipt.channel, "sms-main");
    assert_string_equal(fake.seen.u.receipt.nonce, "77");
    assert_int_equal(fake.seen.u.receipt.sum, 5);
    assert_string_equal(fake.seen.actor, "channel:sms-main");
    assert_true(fake.seen_proof);
    raw_done(&a);
    deliver(0, 1);
    expect_body(&a, 200, "ok");
    assert_int_equal(fake.seen.type, AW_CMD_REPLY);
    assert_string_equal(fake.seen.u.said.r.text, "Y");
    assert_string_equal(fake.seen.u.said.nonce, "77");
    assert_string_equal(fake.seen.u.said.channel, "sms-main");
    raw_done(&a);
    deliver(40, 20); /* one answer, when all of them are durable */
    expect_body(&a, 200, "ok");
    assert_int_equal(fake.n_cmds, 60);
    raw_done(&a);
    deliver(0, 0);
    expect_body(&a, 200, "ok");
    assert_int_equal(fake.n_cmds, 0);
    raw_done(&a);
    fake_call("GET", "/in/sms-main?echostr=x", 0, NULL, &a);
    expect_body(&a, 200, "ok");
    assert_string_equal(fake.in_text, "sms-main  GET echostr=x   ");
    raw_done(&a);
    fake_call("HEAD", "/in/sms-main", 0, NULL, &a);
    assert_int_equal(a.status, 404);
}

static void test_inbound_repeats(void **state)
{
    fake.reply.problem = AW_P_NOT_FOUND; /* repeating would not help */
    deliver(3, 0);
    expect_body(&a, 200, "ok");
    raw_done(&a);
    fake.reply.problem = AW_P_STORE_FAILED; /* the provider shall come again */
    deliver(3, 1);
    expect_problem(&a, 503, "store-failed");
    raw_done(&a);
    fake.reply.problem = AW_P_STATE_CONFLICT; /* a nonce with other data */
    deliver(1, 0);
    expect_problem(&a, 409, "state-conflict");
    raw_done(&a);
    fake.full = true;
    deliver(2, 0);
    expect_problem(&a, 503, "busy");
    assert_int_equal(fake.n_cmds, 0);
}

static void test_inbound_refused(void **state)
{
    fake.news = (struct aw_news){.refused = AW_P_NOT_FOUND, .detail = "there is nothing here"};
    fake_call("GET", "/in/other/x", 0, NULL, &a);
    expect_problem(&a, 404, "not-found");
    raw_done(&a);
    fake.news.refused = AW_P_UNAUTHENTICATED;
    fake_call("POST", "/in/other", 0, "{}", &a);
    expect_problem(&a, 401, "unauthenticated");
    assert_int_equal(fake.n_cmds, 0);
}

/* ---- the confirmation page ----------------------------------------------------------------------
 */

static void page(const char *method, const char *lang)
{
    char header[64];
    snprintf(header, sizeof(header), "Accept-Language: %s\r\n", lang);
    fake_call_with(method, "/a/" FAKE_TOKEN_OK, 0, header, strcmp(method, "POST") ? NULL : "", &a);
}

static void test_page(void **state)
{
    char value[256];
    fake.reply = (struct aw_reply){.id = FAKE_MSG, .state = AW_OPEN};
    page("GET", "en");
    assert_int_equal(a.status, 200);
    assert_false(fake.seen.u.page.confirm); /* a GET never confirms */
    assert_int_equal(fake.seen.u.page.timeline, FAKE_MSG);
    assert_string_equal(fake.seen.actor, "page");
    assert_true(fake.seen_proof);
    assert_non_null(strstr(a.body, "<h1>Order &lt;1&gt;</h1>"));
    assert_non_null(strstr(a.body, "It &amp; &quot;that&quot;"));
    assert_non_null(strstr(a.body, ">Confirm</button>"));
    raw_header(&a, "Content-Security-Policy", value, sizeof(value));
    assert_non_null(strstr(value, "default-src 'none'"));
    assert_string_equal(raw_header(&a, "Referrer-Policy", value, 256), "no-referrer");
    assert_string_equal(raw_header(&a, "Cache-Control", value, 256), "no-store");
    assert_string_equal(raw_header(&a, "Content-Language", value, 256), "en");
    raw_done(&a);

    fake.reply.state = AW_CONFIRMED;
    page("POST", "fr"); /* the recipient's own language */
    assert_int_equal(a.status, 200);
    assert_true(fake.seen.u.page.confirm);
    assert_non_null(strstr(a.body, "您的确认已记录"));
    assert_null(strstr(a.body, "<button"));
    raw_done(&a);

    fake.reply.state = AW_CANCELLED;
    page("GET", "zh-CN");
    assert_non_null(strstr(a.body, "此消息已撤回"));
}

static void test_page_head(void **state)
{
    page("HEAD", "en");
    assert_int_equal(a.status, 200);
    assert_int_equal(fake.n_cmds, 0);
}

static void test_page_unknown(void **state)
{
    fake_call("GET", "/a/tokentokentokentokentokentoken13", 0, NULL, &a);
    assert_int_equal(a.status, 404);
    assert_non_null(strstr(a.body, "Unknown link"));
    assert_int_equal(fake.n_cmds, 0);
    raw_done(&a);
    fake.reply.problem = AW_P_NOT_FOUND;
    page("POST", "zh");
    assert_int_equal(a.status, 404);
    assert_non_null(strstr(a.body, "链接无效"));
    raw_done(&a);
    fake.full = true;
    page("POST", "en");
    assert_int_equal(a.status, 503);
    assert_non_null(strstr(a.body, "try again"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fake_reset, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_inbound), TEST(test_inbound_repeats), TEST(test_inbound_refused),
        TEST(test_page),    TEST(test_page_head),       TEST(test_page_unknown),
    };
    return cmocka_run_group_tests_name("public", tests, fake_start, fake_stop);
}
