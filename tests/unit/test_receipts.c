/* SPDX-License-Identifier: Apache-2.0
 *
 * What JPush and JSMS say of what they took, as bytes: questions about devices, callbacks, reports
 * that are handed out once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "chan_fix.h"
#include "codec/digest.h"

#define NOW  ((aw_time)1795341600000) /* 2026-11-22T10:00:00Z */
#define KEYS "app_key", "key", "master_secret", "secret-1"

static struct aw_channel *vip, *jsms;
static struct aw_news news;

static int set_up(void **state)
{
    (void)state;
    vip = fix_channel("jpush",
                      (const char *const[]){KEYS, "push_url", "http://127.0.0.1/v3/", "report_url",
                                            "http://127.0.0.1/r", "tier", "vip", "callback_secret",
                                            "s3cret", "callback_list", "data", NULL});
    jsms = fix_channel("jsms", (const char *const[]){KEYS, "temp_id", "7", "reports", "callback",
                                                     "url", "http://127.0.0.1/v1", NULL});
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    aw_news_free(&news);
    fix_channel_free(vip);
    fix_channel_free(jsms);
    return 0;
}

static struct aw_http_reply answer(int status, const char *body)
{
    return (struct aw_http_reply){.end = AW_XFER_ANSWERED,
                                  .status = status,
                                  .type = "application/json",
                                  .body = body,
                                  .n_body = strlen(body),
                                  .rate_limit = 2400,
                                  .rate_remaining = 7,
                                  .rate_reset = 42,
                                  .retry_after = -1};
}

/* --- devices ---------------------------------------------------------------------------------- */

static struct aw_query devices(void)
{
    return (struct aw_query){
        .channel = vip,
        .what = AW_ASK_DEVICES,
        .now = NOW,
        .n = 1,
        .items = {{.timeline = 4, .attempt = 5, .provider_id = "18103083292408631", .sent = NOW}},
        .devices = "1a0018970a8fd04d8d5 02078f0f1b8"};
}

static void expect_question(const struct aw_query *q, const char *body)
{
    struct aw_http_call c = {0};
    assert_int_equal(aw_jpush_ops.build_query(q, &c, NULL), 0);
    assert_string_equal(c.method, "POST");
    assert_string_equal(aw_buf_str(&c.url), "http://127.0.0.1/r/status/message");
    assert_string_equal(aw_buf_str(&c.userpwd), "key:secret-1");
    assert_string_equal(aw_buf_str(&c.body), body);
    assert_true(c.repeatable);
    aw_http_call_free(&c);
}

#define ASKED(date)                                                                                \
    "{\"msg_id\":18103083292408631,\"registration_ids\":[\"1a0018970a8fd04d8d5\",\"02078f0f1b8\"]" \
    ",\"date\":\"" date "\"}"

static void edge_18_the_day_of_the_push_is_asked_for(void **state)
{
    struct aw_query q = devices();
    struct aw_http_call c = {0};
    (void)state;
    expect_question(&q, ASKED("2026-11-22"));
    q.items[0].sent = 1795363199999; /* 15:59:59.999Z: a moment before midnight in China */
    q.now = q.items[0].sent + AW_MINUTE;
    expect_question(&q, ASKED("2026-11-22"));
    q.n_asked = 1; /* and today in turn */
    expect_question(&q, ASKED("2026-11-23"));
    q.n_asked = 2;
    expect_question(&q, ASKED("2026-11-22"));
    memcpy(q.items[0].provider_id, "1x", 3);
    assert_int_equal(aw_jpush_ops.build_query(&q, &c, NULL), AW_EINVAL);
    aw_http_call_free(&c);
}

static void one_device_is_enough(void **state)
{
    static const struct {
        int status;
        aw_ms age;
        const char *body;
        bool answered, denied;
        enum aw_level level;
    } cases[] = {
        {200, 0, "{}", true, false, AW_LEVEL_NONE},
        {200, 0, "{\"1a0018970a8fd04d8d5\":{\"status\":1},\"02078f0f1b8\":{\"status\":0}}", true,
         false, AW_DELIVERED},
        {200, 0, "{\"02078f0f1b8\":{\"status\":\"0\"}}", true, false, AW_DELIVERED},
        {200, 0, "{\"1a0018970a8fd04d8d5\":{\"status\":1},\"02078f0f1b8\":{\"status\":4}}", true,
         false, AW_LEVEL_NONE},
        {200, 0, "{\"1a0018970a8fd04d8d5\":{\"status\":2},\"02078f0f1b8\":{\"status\":3}}", true,
         false, AW_LEVEL_NONE},
        {200, 0, "{\"1a0018970a8fd04d8d5\":null,\"02078f0f1b8\":{}}", true, false, AW_LEVEL_NONE},
        {200, 0, "[]", false, false, AW_LEVEL_NONE},
        {200, 0, "{\"error\":{\"code\":1}}", false, false, AW_LEVEL_NONE},
        {400, AW_HOUR, "{\"error\":{\"code\":3002,\"message\":\"Msgid does not exist.\"}}", true,
         false, AW_LEVEL_NONE},
        {400, AW_HOUR, "{\"error\":{\"code\":3002,\"message\":\"Invalid parameter `msg_id`.\"}}",
         false, false, AW_LEVEL_NONE},
        {400, AW_MINUTE, "{\"error\":{\"code\":3002,\"message\":\"?\"}}", true, false,
         AW_LEVEL_NONE},
        {403, 0, "{\"error\":{\"code\":2006,\"message\":\"VIP only\"}}", false, true,
         AW_LEVEL_NONE},
        {403, 0, "{\"error\":{\"code\":2003}}", false, true, AW_LEVEL_NONE},
        {500, 0, "<html>", false, false, AW_LEVEL_NONE},
    };
    (void)state;
    for (unsigned i = 0; i < AW_COUNT(cases); i++) {
        struct aw_query q = devices();
        struct aw_http_reply a = answer(cases[i].status, cases[i].body);
        struct aw_report r;
        q.now = NOW + cases[i].age;
        aw_jpush_ops.read_query(&q, &a, &r, &news);
        if (r.answered != cases[i].answered || r.denied != cases[i].denied ||
            r.items[0].level != cases[i].level)
            fail_msg("case %u: %s", i, cases[i].body);
        assert_int_equal(r.what, AW_ASK_DEVICES);
        assert_int_equal(r.items[0].timeline, 4);
        assert_int_equal(r.items[0].attempt, 5);
        assert_int_equal(r.rate_limit, 2400);
    }
}

/* --- callbacks of JPush -------------------------------------------------------------------------
 */

static void receive(const struct aw_channel *ch, const struct aw_inbound *in)
{
    struct aw_inbound whole = *in;
    whole.channel = "test";
    whole.method = in->method ? in->method : "POST";
    whole.secret = in->secret ? in->secret : "";
    whole.query = in->query ? in->query : "";
    whole.type = in->type ? in->type : "";
    whole.authorization = in->authorization ? in->authorization : "";
    whole.body = in->body ? in->body : "";
    whole.n_body = strlen(whole.body);
    whole.now = NOW;
    aw_news_free(&news);
    (ch == vip ? aw_jpush_ops : aw_jsms_ops).receive(ch, &whole, &news);
}

static void jpush(const char *body)
{
    receive(vip,
            &(struct aw_inbound){.secret = "s3cret", .type = "application/json", .body = body});
}

static void a_callback_is_a_hint(void **state)
{
    static const char *const alike[] = {
        "[{\"msg_id\":\"18103083292408631\",\"registration_id\":\"a\",\"type\":1,\"itime\":1,"
        "\"params\":{\"aw_ref\":\"aw_0000000000016\"}}]",
        "{\"msg_id\":18103083292408631,\"params\":{\"aw_ref\":\"aw_0000000000016\"}}",
        "{\"appKey\":\"k\",\"data\":[{\"msg_id\":18103083292408631,\"type\":\"2\","
        "\"params\":{\"aw_ref\":\"aw_0000000000016\"}}]}",
        "{\"data\":{\"msg_id\":18103083292408631,\"params\":{\"aw_ref\":\"aw_0000000000016\"}}}",
    };
    (void)state;
    for (unsigned i = 0; i < AW_COUNT(alike); i++) {
        jpush(alike[i]);
        assert_int_equal(news.refused, 0);
        assert_string_equal(news.text, "ok");
        assert_int_equal(news.n_receipts, 1);
        assert_true(news.receipts[0].hint);
        assert_int_equal(news.receipts[0].level, AW_LEVEL_NONE); /* it proves nothing */
        assert_int_equal(news.receipts[0].negative, AW_NEG_NONE);
        assert_int_equal(news.receipts[0].ref, 38);
        assert_string_equal(news.receipts[0].provider_id, "18103083292408631");
    }
    jpush("[{\"msg_id\":7},{\"msg_id\":7,\"type\":2},{\"msg_id\":8},{\"type\":1},5,null]");
    assert_int_equal(news.n_receipts, 2); /* alike once, the nameless not at all */
    jpush("[{\"msg_id\":-1,\"params\":{\"aw_ref\":\"theirs\"}}]");
    assert_int_equal(news.n_receipts, 0);
    assert_int_equal(news.refused, 0);
    jpush("{");
    assert_int_equal(news.refused, AW_P_BAD_JSON);
    receive(vip, &(struct aw_inbound){.secret = "s3cret", .body = "a=b"});
    assert_int_equal(news.refused, AW_P_VALIDATION);
}

static void a_callback_is_bounded(void **state)
{
    struct aw_buf b = AW_BUF_INIT(AW_INBOUND_MAX);
    (void)state;
    for (int n = AW_NEWS_MAX; n <= AW_NEWS_MAX + 1; n++) {
        aw_buf_reset(&b);
        for (int i = 0; i < n; i++)
            aw_buf_printf(&b, "%s{\"msg_id\":%d}", i ? "," : "[", i + 1);
        aw_buf_putc(&b, ']');
        jpush(aw_buf_str(&b));
        assert_int_equal(news.refused, n > AW_NEWS_MAX ? AW_P_TOO_LARGE : 0);
        assert_int_equal(news.n_receipts, AW_NEWS_MAX);
    }
    aw_buf_free(&b);
}

static void a_callback_proves_who_sends_it(void **state)
{
    static const struct {
        const char *secret, *authorization;
        int refused;
    } cases[] = {
        {"s3cret", "", 0},
        {"", "Basic a2V5OnNlY3JldC0x", 0}, /* key:secret-1 */
        {"", "basic a2V5OnNlY3JldC0x", 0},
        {"s3cre", "", AW_P_NOT_FOUND},
        {"", "", AW_P_UNAUTHENTICATED},
        {"", "Basic a2V5OnNlY3JldC0y", AW_P_UNAUTHENTICATED},
        {"", "Basic !", AW_P_UNAUTHENTICATED},
        {"", "Bearer a2V5OnNlY3JldC0x", AW_P_UNAUTHENTICATED},
    };
    (void)state;
    for (unsigned i = 0; i < AW_COUNT(cases); i++) {
        receive(vip, &(struct aw_inbound){.secret = cases[i].secret,
                                          .authorization = cases[i].authorization,
                                          .type = "application/json",
                                          .body = "[{\"msg_id\":7}]"});
        assert_int_equal(news.refused, cases[i].refused);
        assert_int_equal(news.n_receipts, cases[i].refused == 0);
    }
}

static void an_echo_is_answered(void **state)
{
    (void)state;
    receive(vip,
            &(struct aw_inbound){.method = "GET", .secret = "s3cret", .query = "echostr=Ab12Cd34"});
    assert_int_equal(news.refused, 0);
    assert_string_equal(news.text, "Ab12Cd34");
    receive(jsms, &(struct aw_inbound){.method = "GET", .query = "echostr=Ab12Cd34"});
    assert_string_equal(news.text, "Ab12Cd34");
    receive(jsms, &(struct aw_inbound){.method = "GET", .query = "echostr=%3Cscript%3E"});
    assert_int_equal(news.refused, AW_P_VALIDATION);
    receive(jsms, &(struct aw_inbound){.method = "GET", .query = ""});
    assert_int_equal(news.refused, AW_P_VALIDATION);
    receive(vip, &(struct aw_inbound){.method = "GET", .query = "echostr=Ab12Cd34"});
    assert_int_equal(news.refused, AW_P_UNAUTHENTICATED);
}

/* --- callbacks of JSMS --------------------------------------------------------------------------
 */

static struct aw_inbound post; /* with a body of its own */
static char post_body[2048];

static void sign(const char *nonce, const char *timestamp, const char *type, const char *data)
{
    char text[256], hex[2 * AW_SHA1 + 1];
    uint8_t sum[AW_SHA1];
    int n = snprintf(text, sizeof text, "appKey=key&appMasterSecret=secret-1&nonce=%s&timestamp=%s",
                     nonce, timestamp);
    aw_sha1(sum, text, (size_t)n);
    aw_hex(hex, sum, sizeof sum);
    snprintf(post_body, sizeof post_body, "nonce=%s&timestamp=%s&type=%s&data=%s&signature=%s",
             nonce, timestamp, type, data, hex);
    post = (struct aw_inbound){.type = "application/x-www-form-urlencoded", .body = post_body};
    receive(jsms, &post);
}

#define REPORT                                                                                     \
    "{\"msgId\":\"1857496\",\"status\":4001,\"receiveTime\":1492150741000,\"phone\":"              \
    "\"13000000000\"}"

static void the_signature_is_the_one_documented(void **state)
{
    uint8_t sum[AW_SHA1];
    char hex[2 * AW_SHA1 + 1];
    (void)state;
    aw_sha1(sum, "abc", 3); /* FIPS 180-4 */
    aw_hex(hex, sum, sizeof sum);
    assert_string_equal(hex, "a9993e364706816aba3e25717850c26c9cd0d89d");
    aw_sha1(sum, "", 0);
    aw_hex(hex, sum, sizeof sum);
    assert_string_equal(hex, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
}

static void a_signed_report_is_a_receipt(void **state)
{
    (void)state;
    sign("7659972084945889195", "1795341600000", "SMS_REPORT", REPORT);
    assert_int_equal(news.refused, 0);
    assert_string_equal(news.text, "ok");
    assert_string_equal(news.nonce, "7659972084945889195");
    assert_int_equal(news.n_receipts, 1);
    assert_int_equal(news.receipts[0].ref, 0);
    assert_string_equal(news.receipts[0].provider_id, "1857496");
    assert_int_equal(news.receipts[0].level, AW_DELIVERED);
    assert_int_equal(news.receipts[0].at, 1492150741000);
    assert_false(news.receipts[0].hint);
    uint64_t sum = news.sum;
    sign("7659972084945889195", "1795341600000", "SMS_REPORT", REPORT);
    assert_true(news.sum == sum); /* a repetition */
    sign("7659972084945889195", "1795341600000", "SMS_REPORT",
         "{\"msgId\":\"1857497\",\"status\":4001}");
    assert_true(news.sum != sum); /* the signature does not cover it */
    sign("1", "1795341600000", "SMS_REPORT", "%5B" REPORT "," REPORT "%5D");
    assert_int_equal(news.n_receipts, 2);
    sign("1", "1795341600000", "SMS_TEMPLATE", "{\"tempId\":1,\"status\":1}");
    assert_int_equal(news.refused, 0);
    assert_int_equal(news.n_receipts, 0);
}

static void a_signed_reply_is_what_was_said(void **state)
{
    (void)state;
    sign("2", "1795341600000", "SMS_REPLY",
         "{\"phone\":\"13000000000\",\"replyTime\":1492150741000,\"content\":\"%E5%A5%BD\\n1\"}");
    assert_int_equal(news.refused, 0);
    assert_int_equal(news.n_replies, 1);
    assert_string_equal(news.replies[0].from, "+8613000000000");
    assert_string_equal(news.replies[0].text, "好 1");
    assert_int_equal(news.replies[0].at, 1492150741000);
    sign("2", "1795341600000", "SMS_REPLY", "{\"phone\":\"\",\"content\":\"1\"}");
    assert_int_equal(news.n_replies, 0);
}

static void what_jsms_did_not_sign_is_refused(void **state)
{
    static const char *const forms[] = {
        "",
        "nonce=1&timestamp=2&type=SMS_REPORT&signature=3",
        "timestamp=1795341600000&type=SMS_REPORT&data={}&signature=3",
        "nonce=1&timestamp=1795341600000&type=SMS_REPORT&data=%zz&signature=3",
    };
    (void)state;
    for (unsigned i = 0; i < AW_COUNT(forms); i++) {
        receive(jsms, &(struct aw_inbound){.type = "application/x-www-form-urlencoded",
                                           .body = forms[i]});
        assert_int_equal(news.refused, AW_P_VALIDATION);
        assert_int_equal(news.n_receipts, 0);
    }
    sign("1", "1795341600000", "SMS_REPORT", REPORT);
    for (char *c = strstr(post_body, "signature=") + 10; *c; c++) {
        char was = *c;
        *c = was == '0' ? '1' : '0';
        receive(jsms, &post);
        assert_int_equal(news.refused, AW_P_UNAUTHENTICATED);
        assert_int_equal(news.n_receipts, 0);
        *c = was;
    }
    sign("1", "1795341600000", "SMS_OTHER", REPORT);
    assert_int_equal(news.refused, AW_P_VALIDATION);
    sign("1", "1795341600000", "SMS_REPORT", "{");
    assert_int_equal(news.refused, AW_P_VALIDATION);
    sign("1", "1795341600000", "SMS_REPORT", "5");
    assert_int_equal(news.n_receipts, 0);
    receive(jsms, &(struct aw_inbound){.secret = "x", .body = post_body});
    assert_int_equal(news.refused, AW_P_NOT_FOUND); /* it has no secret */
}

/* JSMS repeats after 12 hours: a day is fresh. */
static void an_old_timestamp_is_refused(void **state)
{
    static const struct {
        aw_ms off;
        int refused;
    } cases[] = {{0, 0},
                 {-12 * AW_HOUR, 0},
                 {-AW_DAY, 0},
                 {-AW_DAY - 1, AW_P_UNAUTHENTICATED},
                 {AW_DAY + 1, AW_P_UNAUTHENTICATED}};
    char timestamp[32];
    (void)state;
    for (unsigned i = 0; i < AW_COUNT(cases); i++) {
        snprintf(timestamp, sizeof timestamp, "%lld", (long long)(NOW + cases[i].off));
        sign("1", timestamp, "SMS_REPORT", REPORT);
        assert_int_equal(news.refused, cases[i].refused);
    }
    sign("1", "-5", "SMS_REPORT", REPORT);
    assert_int_equal(news.refused, AW_P_UNAUTHENTICATED);
    sign("1", "99999999999999999999", "SMS_REPORT", REPORT);
    assert_int_equal(news.refused, AW_P_UNAUTHENTICATED);
}

static void callbacks_are_taken_where_they_are_set(void **state)
{
    struct aw_channel *pull =
        fix_channel("jsms", (const char *const[]){KEYS, "reports", "pull", NULL});
    struct aw_channel *with =
        fix_channel("jsms", (const char *const[]){KEYS, "reports", "callback", "callback_secret",
                                                  "s3cret", NULL});
    (void)state;
    sign("1", "1795341600000", "SMS_REPORT", REPORT);
    receive(pull, &post);
    assert_int_equal(news.refused, AW_P_NOT_FOUND);
    receive(with, &post);
    assert_int_equal(news.refused, AW_P_NOT_FOUND);
    post.secret = "s3cret";
    receive(with, &post);
    assert_int_equal(news.refused, 0);
    assert_int_equal(news.n_receipts, 1);
    fix_channel_free(pull);
    fix_channel_free(with);
}

/* --- reports of JSMS that are pulled ------------------------------------------------------------
 */

static struct aw_report pull(enum aw_ask what, int status, const char *body)
{
    struct aw_query q = {.channel = jsms, .what = what, .now = NOW};
    struct aw_http_reply a = answer(status, body);
    struct aw_report r;
    aw_news_free(&news);
    aw_jsms_ops.read_query(&q, &a, &r, &news);
    assert_int_equal(r.what, what);
    assert_int_equal(r.n, 0);
    return r;
}

static void reports_are_asked_for_once(void **state)
{
    struct aw_query q = {.channel = jsms, .what = AW_ASK_REPORTS, .now = NOW};
    struct aw_http_call c = {0};
    (void)state;
    assert_int_equal(aw_jsms_ops.build_query(&q, &c, NULL), 0);
    assert_string_equal(c.method, "GET");
    assert_string_equal(aw_buf_str(&c.url), "http://127.0.0.1/v1/report");
    assert_string_equal(aw_buf_str(&c.userpwd), "key:secret-1");
    assert_false(c.repeatable); /* what a lost answer held is gone */
    aw_http_call_free(&c);
    q.what = AW_ASK_REPLIES;
    assert_int_equal(aw_jsms_ops.build_query(&q, &c, NULL), 0);
    assert_string_equal(aw_buf_str(&c.url), "http://127.0.0.1/v1/reply");
    aw_http_call_free(&c);
    q.what = AW_ASK_COUNTS;
    assert_int_equal(aw_jsms_ops.build_query(&q, &c, NULL), AW_EINVAL);
    aw_http_call_free(&c);
}

static void each_state_of_an_sms_means_something(void **state)
{
    static const struct {
        int code;
        enum aw_level level;
        enum aw_negative negative;
        bool alarm;
    } cases[] = {
        {4001, AW_DELIVERED, AW_NEG_NONE, false},  {4002, AW_LEVEL_NONE, AW_NEG_REFUSED, false},
        {4003, AW_LEVEL_NONE, AW_NEG_NONE, false}, {4004, AW_LEVEL_NONE, AW_NEG_BOUNCED, false},
        {4005, AW_LEVEL_NONE, AW_NEG_NONE, true},  {4006, AW_LEVEL_NONE, AW_NEG_NONE, false},
        {4007, AW_LEVEL_NONE, AW_NEG_NONE, false}, {4008, AW_LEVEL_NONE, AW_NEG_NONE, false},
        {4009, AW_LEVEL_NONE, AW_NEG_NONE, false}, {4010, AW_LEVEL_NONE, AW_NEG_REFUSED, false},
        {4100, AW_LEVEL_NONE, AW_NEG_NONE, false},
    };
    (void)state;
    for (unsigned i = 0; i < AW_COUNT(cases); i++) {
        char body[128];
        snprintf(body, sizeof body,
                 "[{\"msgId\":288193860302,\"status\":%d,\"receiveTime\":\"5\"}]", cases[i].code);
        assert_true(pull(AW_ASK_REPORTS, 200, body).answered);
        assert_int_equal(news.n_receipts, 1);
        assert_string_equal(news.receipts[0].provider_id, "288193860302");
        assert_int_equal(news.receipts[0].level, cases[i].level);
        assert_int_equal(news.receipts[0].negative, cases[i].negative);
        assert_int_equal(news.receipts[0].alarm, cases[i].alarm);
        assert_int_equal(news.receipts[0].code, cases[i].code);
        assert_int_equal(news.receipts[0].at, 5);
    }
    pull(AW_ASK_REPORTS, 200,
         "[{\"msgId\":\"1\",\"status\":4711},{\"msgId\":{},\"status\":4001},"
         "{\"status\":4001},{\"msgId\":\"2\"},7,null]");
    assert_int_equal(news.n_receipts, 0);
}

static void an_answer_that_is_no_list_hands_out_nothing(void **state)
{
    (void)state;
    struct aw_report r = pull(AW_ASK_REPORTS, 401, "{\"error\":{\"code\":50002}}");
    assert_false(r.answered);
    assert_true(r.denied);
    r = pull(AW_ASK_REPORTS, 200, "{\"msgId\":\"1\",\"status\":4001}");
    assert_false(r.answered);
    assert_int_equal(news.n_receipts, 0);
    r = pull(AW_ASK_REPLIES, 500, "<html>");
    assert_false(r.answered || r.denied);
    r = pull(AW_ASK_REPLIES, 200, "[{\"phone\":\"13000000000\",\"content\":\"Y\"}]");
    assert_true(r.answered);
    assert_int_equal(news.n_replies, 1);
    r = pull(AW_ASK_REPORTS, 200, "[]");
    assert_true(r.answered);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(edge_18_the_day_of_the_push_is_asked_for),
        cmocka_unit_test(one_device_is_enough),
        cmocka_unit_test(a_callback_is_a_hint),
        cmocka_unit_test(a_callback_is_bounded),
        cmocka_unit_test(a_callback_proves_who_sends_it),
        cmocka_unit_test(an_echo_is_answered),
        cmocka_unit_test(the_signature_is_the_one_documented),
        cmocka_unit_test(a_signed_report_is_a_receipt),
        cmocka_unit_test(a_signed_reply_is_what_was_said),
        cmocka_unit_test(what_jsms_did_not_sign_is_refused),
        cmocka_unit_test(an_old_timestamp_is_refused),
        cmocka_unit_test(callbacks_are_taken_where_they_are_set),
        cmocka_unit_test(reports_are_asked_for_once),
        cmocka_unit_test(each_state_of_an_sms_means_something),
        cmocka_unit_test(an_answer_that_is_no_list_hands_out_nothing),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
