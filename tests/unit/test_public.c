/* SPDX-License-Identifier: Apache-2.0
 *
 * What strangers reach: receipts of gateways and the confirmation page.
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

/* ---- receipts ---------------------------------------------------------------------------------
 */

#define REF "aw_0000000000016" /* 38 */

static void receipt(const char *method, const char *query, const char *type, const char *text)
{
    char path[256], header[96] = "";
    snprintf(path, sizeof(path), "/in/sms-main/s3cret%s", query);
    if (type)
        snprintf(header, sizeof(header), "Content-Type: %s\r\n", type);
    memset(&fake.seen, 0, sizeof(fake.seen));
    fake_call_with(method, path, 0, header, text, &a);
}

static void expect_receipt(enum aw_level level, enum aw_negative negative, const char *id)
{
    expect_body(&a, 200, "ok");
    assert_int_equal(fake.seen.type, AW_CMD_RECEIPT);
    assert_int_equal(fake.seen.u.receipt.ref, 38);
    assert_int_equal(fake.seen.u.receipt.level, level);
    assert_int_equal(fake.seen.u.receipt.negative, negative);
    assert_string_equal(fake.seen.u.receipt.provider_id, id);
    assert_string_equal(fake.seen.u.receipt.channel, "sms-main");
    assert_string_equal(fake.seen.actor, "channel:sms-main");
    assert_true(fake.seen_proof);
    raw_done(&a);
}

static void test_receipts(void **state)
{
    receipt("GET", "?ref=" REF "&status=DELIVRD", NULL, NULL);
    expect_receipt(AW_DELIVERED, AW_NEG_NONE, "");
    receipt("POST", "", "application/x-www-form-urlencoded",
            "ref=" REF "&status=UNDELIV&msgid=a%20b");
    expect_receipt(AW_LEVEL_NONE, AW_NEG_BOUNCED, "a b");
    receipt("POST", "", "application/json; charset=utf-8",
            "{\"ref\":\"" REF "\",\"status\":0,\"msgid\":18446744073}");
    expect_receipt(AW_DELIVERED, AW_NEG_NONE, "18446744073");
    fake.reply.problem = AW_P_NOT_FOUND; /* repeating would not help */
    receipt("GET", "?ref=" REF "&status=DELIVRD", NULL, NULL);
    expect_receipt(AW_DELIVERED, AW_NEG_NONE, "");
    fake.reply.problem = AW_P_STORE_FAILED; /* the gateway shall come again */
    receipt("GET", "?ref=" REF "&status=DELIVRD", NULL, NULL);
    expect_problem(&a, 503, "store-failed");
    raw_done(&a);
    fake.full = true;
    receipt("GET", "?ref=" REF "&status=DELIVRD", NULL, NULL);
    expect_problem(&a, 503, "busy");
}

static void test_receipts_without_news(void **state)
{
    receipt("GET", "?ref=" REF "&status=ENROUTE", NULL, NULL);
    expect_body(&a, 200, "ok");
    raw_done(&a);
    receipt("GET", "?ref=theirs&status=DELIVRD", NULL, NULL);
    expect_body(&a, 200, "ok");
    raw_done(&a);
    receipt("POST", "", "application/json", "{\"ref\":\"" REF "\"}");
    expect_body(&a, 200, "ok");
    raw_done(&a);
    receipt("POST", "", "application/json", "{\"ref\":{},\"status\":[]}");
    expect_body(&a, 200, "ok");
    raw_done(&a);
    receipt("POST", "", "application/json", "{");
    expect_problem(&a, 400, "bad-json");
    assert_int_equal(fake.n_cmds, 0);
}

static void test_receipt_secret(void **state)
{
    static const char *const wrong[] = {"/in/sms-main/s3cre", "/in/sms-main/s3crett",
                                        "/in/other/s3cret", "/in/other/%20"};
    for (int i = 0; i < 4; i++) {
        char path[128];
        snprintf(path, sizeof(path), "%s?ref=" REF "&status=DELIVRD", wrong[i]);
        fake_call("GET", path, 0, NULL, &a);
        expect_problem(&a, 404, "not-found");
        raw_done(&a);
    }
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
        TEST(test_receipts),       TEST(test_receipts_without_news),
        TEST(test_receipt_secret), TEST(test_page),
        TEST(test_page_head),      TEST(test_page_unknown),
    };
    return cmocka_run_group_tests_name("public", tests, fake_start, fake_stop);
}
