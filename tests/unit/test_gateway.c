/* SPDX-License-Identifier: Apache-2.0
 *
 * The generic SMS gateway as bytes: the three formats, placeholders, and what answers mean.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "chan_fix.h"

static const struct aw_chan_env env = {.node = "node.example",
                                       .public_url = "https://ack.example.com/"};

#define PAIRS(...) ((const char *const[]){"url", "https://sms.example.net/send", __VA_ARGS__, NULL})

static struct aw_send sms(const struct aw_channel *ch)
{
    return (struct aw_send){.attempt = 9,
                            .ref = 1,
                            .channel = ch,
                            .kind = AW_SMS,
                            .phone = "+8613812345678",
                            .text = "验证 a&b=\"1\""};
}

static void requests_have_the_configured_form(void **state)
{
    const struct {
        const char *const *pairs;
        const char *method, *url, *body, *userpwd, *header;
    } cases[] = {
        {PAIRS("fields.to", "{{to}}", "fields.text", "{{text}}", "fields.ref", "{{ref}}", "user",
               "shop", "password", "p:w"),
         "POST", "https://sms.example.net/send",
         "to=%2B8613812345678&text=%E9%AA%8C%E8%AF%81%20a%26b%3D%221%22&ref=aw_0000000000001",
         "shop:p:w", "Content-Type: application/x-www-form-urlencoded"},
        {PAIRS("format", "json", "fields.to", "tel:{{to}}", "fields.text", "{{text}}{{text}}",
               "fields.none", ""),
         "POST", "https://sms.example.net/send",
         "{\"to\":\"tel:+8613812345678\",\"text\":\"验证 a&b=\\\"1\\\"验证 "
         "a&b=\\\"1\\\"\",\"none\":\"\"}",
         "", "Content-Type: application/json"},
        {PAIRS("format", "query", "fields.u", "{{user}}", "fields.p", "{{password}}", "user",
               "shop", "password", "p w"),
         "POST", "https://sms.example.net/send?u=shop&p=p%20w", "", "", ""},
        {PAIRS("method", "GET", "fields.dlr", "{{receipt_url}}?a=1", "receipt_secret", "s/1"),
         "GET",
         "https://sms.example.net/"
         "send?dlr=https%3A%2F%2Fack.example.com%2Fin%2Ftest%2Fs%252F1%3Fa%3D1",
         "", "", ""},
        {PAIRS("fields.x", "{{receipt_url}}{{", "headers.Authorization", "Bearer {{password}}",
               "user", "u", "password", "tok"),
         "POST", "https://sms.example.net/send", "x=%7B%7B", "",
         "Content-Type: application/x-www-form-urlencoded|Authorization: Bearer tok"},
    };
    (void)state;
    for (unsigned i = 0; i < AW_COUNT(cases); i++) {
        struct aw_channel *ch = fix_channel("gateway", cases[i].pairs);
        struct aw_send s = sms(ch);
        struct aw_http_call c = {0};
        struct aw_err err = {""};
        AW_AUTO(aw_buf_free) struct aw_buf headers = AW_BUF_INIT(4096);
        if (aw_gateway_ops.build(&env, &s, &c, &err) != 0)
            fail_msg("case %u: %s", i, err.text);
        for (unsigned k = 0; k < c.n_headers; k++)
            aw_buf_printf(&headers, "%s%s", k ? "|" : "", aw_buf_str(&c.header[k]));
        assert_string_equal(c.method, cases[i].method);
        assert_string_equal(aw_buf_str(&c.url), cases[i].url);
        assert_string_equal(aw_buf_str(&c.body), cases[i].body);
        assert_string_equal(aw_buf_str(&c.userpwd), cases[i].userpwd);
        assert_string_equal(aw_buf_str(&headers), cases[i].header);
        assert_false(c.repeatable);
        aw_http_call_free(&c);
        fix_channel_free(ch);
    }
}

static void bad_settings_are_refused(void **state)
{
    const char *const *const bad[] = {
        PAIRS("fields.to", "{{too}}"),
        PAIRS("fields.to", "{{}}"),
        PAIRS("headers.X", "a\r\nInjected: 1"),
        PAIRS("headers.X\n", "a"),
        PAIRS("fields.to", "{{to}}", "user", "a:b", "password", "x"),
    };
    (void)state;
    for (unsigned i = 0; i < AW_COUNT(bad); i++) {
        struct aw_channel *ch = fix_channel("gateway", bad[i]);
        struct aw_send s = sms(ch);
        struct aw_http_call c = {0};
        struct aw_err err = {""};
        if (aw_gateway_ops.build(&env, &s, &c, &err) != AW_EINVAL || !*err.text)
            fail_msg("case %u was built", i);
        aw_http_call_free(&c);
        fix_channel_free(ch);
    }
}

/* A value cannot add a header, whatever the text of the SMS is. */
static void a_text_cannot_add_a_header(void **state)
{
    struct aw_channel *ch = fix_channel("gateway", PAIRS("headers.X-Text", "{{text}}"));
    struct aw_send s = sms(ch);
    struct aw_http_call c = {0};
    (void)state;
    s.text = "a\r\nB: c";
    assert_int_equal(aw_gateway_ops.build(&env, &s, &c, NULL), AW_EINVAL);
    aw_http_call_free(&c);
    fix_channel_free(ch);
}

static void each_answer_has_its_class(void **state)
{
    static const char *const plain[] = {"fields.to", "{{to}}", NULL};
    static const char *const coded[] = {"success_pointer",
                                        "/r/0/co~1de",
                                        "refused_values",
                                        "1001, 1002 gone",
                                        "id_pointer",
                                        "/id",
                                        NULL};
    static const char *const odd[] = {
        "success_status", "202 250-260", "success_pointer", "/ok", "success_value", "true", NULL};
    static const struct {
        const char *const *pairs;
        int status;
        const char *body;
        enum aw_outcome outcome;
        int code;
        const char *id, *detail;
    } cases[] = {
        {plain, 200, "whatever", AW_OUT_ACCEPTED, 0, "", ""},
        {plain, 204, "", AW_OUT_ACCEPTED, 0, "", ""},
        {plain, 302, "", AW_OUT_TRANSIENT, 0, "", "HTTP 302"},
        {plain, 400, "", AW_OUT_REFUSED, 0, "", "HTTP 400"},
        {plain, 401, "", AW_OUT_AUTH, 0, "", "HTTP 401"},
        {plain, 403, "", AW_OUT_AUTH, 0, "", "HTTP 403"},
        {plain, 408, "", AW_OUT_TRANSIENT, 0, "", "HTTP 408"},
        {plain, 429, "", AW_OUT_THROTTLED, 0, "", "HTTP 429"},
        {plain, 500, "<html>", AW_OUT_TRANSIENT, 0, "", "HTTP 500"},
        {coded, 200, "{\"r\":[{\"co/de\":0}],\"id\":\"m-1\"}", AW_OUT_ACCEPTED, 0, "m-1", ""},
        {coded, 200, "{\"r\":[{\"co/de\":\"0\"}],\"id\":12345678901234567}", AW_OUT_ACCEPTED, 0,
         "12345678901234567", ""},
        {coded, 200, "{\"r\":[{\"co/de\":\"0\"}],\"id\":\"a\\nb\"}", AW_OUT_ACCEPTED, 0, "", ""},
        {coded, 200, "{\"r\":[{\"co/de\":1002}]}", AW_OUT_REFUSED, 1002, "",
         "HTTP 200, code 1002 of the gateway"},
        {coded, 400, "{\"r\":[{\"co/de\":\"gone\"}]}", AW_OUT_REFUSED, 0, "",
         "HTTP 400, code gone of the gateway"},
        {coded, 503, "{\"r\":[{\"co/de\":1001}]}", AW_OUT_REFUSED, 1001, "",
         "HTTP 503, code 1001 of the gateway"},
        {coded, 200, "{\"r\":[{\"co/de\":9}]}", AW_OUT_TRANSIENT, 9, "",
         "HTTP 200, code 9 of the gateway"},
        {coded, 200, "{\"r\":[{\"co/de\":100}]}", AW_OUT_TRANSIENT, 100, "",
         "HTTP 200, code 100 of the gateway"},
        {coded, 200, "{\"r\":[{\"co/de\":{}}]}", AW_OUT_UNKNOWN, 0, "", "HTTP 200"},
        {coded, 200, "{\"r\":{\"0\":{\"co\":0}}}", AW_OUT_UNKNOWN, 0, "", "HTTP 200"},
        {coded, 200, "<html>", AW_OUT_UNKNOWN, 0, "", "HTTP 200"},
        {coded, 200, "", AW_OUT_UNKNOWN, 0, "", "HTTP 200"},
        {coded, 500, "{\"r\":[{\"co/de\":0}]}", AW_OUT_TRANSIENT, 0, "",
         "HTTP 500, code 0 of the gateway"},
        {coded, 200, "{\"r\":[{\"co/de\":\"13812345678 is bad\"}]}", AW_OUT_TRANSIENT, 0, "",
         "HTTP 200, code *** is bad of the gateway"},
        {odd, 202, "{\"ok\":true}", AW_OUT_ACCEPTED, 0, "", ""},
        {odd, 255, "{\"ok\":true}", AW_OUT_ACCEPTED, 0, "", ""},
        {odd, 200, "{\"ok\":true}", AW_OUT_TRANSIENT, 0, "", "HTTP 200, code true of the gateway"},
    };
    (void)state;
    for (unsigned i = 0; i < AW_COUNT(cases); i++) {
        struct aw_channel *ch = fix_channel("gateway", cases[i].pairs);
        struct aw_send s = sms(ch);
        struct aw_result r;
        struct aw_http_reply a = {.end = AW_XFER_ANSWERED,
                                  .status = cases[i].status,
                                  .body = cases[i].body,
                                  .n_body = strlen(cases[i].body),
                                  .rate_reset = -1,
                                  .retry_after = 7};
        aw_gateway_ops.read(&s, &a, &r);
        if (r.outcome != cases[i].outcome)
            fail_msg("case %u: %d %s became %s", i, cases[i].status, cases[i].body,
                     aw_outcome_name(r.outcome));
        assert_int_equal(r.code, cases[i].code);
        assert_string_equal(r.provider_id, cases[i].id);
        assert_string_equal(r.detail, cases[i].detail);
        assert_int_equal(r.wait, r.outcome == AW_OUT_THROTTLED || r.http_status >= 500 ? 7000 : 0);
        fix_channel_free(ch);
    }
}

/* ---- receipts ------------------------------------------------------------------------------ */

#define REF "aw_0000000000016" /* 38 */

static struct aw_news news;

static void receive(const char *secret, const char *query, const char *type, const char *body)
{
    struct aw_channel *ch =
        fix_channel("gateway", PAIRS("receipt_secret", "s3cret", "receipt_delivered", "DELIVRD 0",
                                     "receipt_sent", "8", "reply_from", "sender"));
    struct aw_inbound in = {.channel = "test",
                            .secret = secret,
                            .method = "POST",
                            .query = query,
                            .type = type,
                            .authorization = "",
                            .body = body,
                            .n_body = strlen(body)};
    aw_news_free(&news);
    aw_gateway_ops.receive(ch, &in, &news);
    fix_channel_free(ch);
}

static void one(enum aw_level level, enum aw_negative negative)
{
    assert_int_equal(news.refused, 0);
    assert_string_equal(news.text, "ok");
    assert_int_equal(news.n_receipts, 1);
    assert_int_equal(news.n_replies, 0);
    assert_int_equal(news.receipts[0].ref, 38);
    assert_int_equal(news.receipts[0].level, level);
    assert_int_equal(news.receipts[0].negative, negative);
    assert_false(news.receipts[0].hint);
}

static void receipts(void **state)
{
    (void)state;
    receive("s3cret", "ref=" REF "&status=DELIVRD", "", "");
    one(AW_DELIVERED, AW_NEG_NONE);
    receive("s3cret", "", "application/x-www-form-urlencoded", "ref=" REF "&status=UNDELIV");
    one(AW_LEVEL_NONE, AW_NEG_BOUNCED);
    receive("s3cret", "", "application/json; charset=utf-8", "{\"ref\":\"" REF "\",\"status\":0}");
    one(AW_DELIVERED, AW_NEG_NONE);
    receive("s3cret", "ref=" REF "&status=8", "", "");
    one(AW_SENT, AW_NEG_NONE);
    aw_news_free(&news);
}

static void replies(void **state)
{
    (void)state;
    receive("s3cret", "sender=%2B8613812345678&text=ACK+1234%0D%0A%E6%94%B6%E5%88%B0%FF", "", "");
    assert_int_equal(news.refused, 0);
    assert_int_equal(news.n_receipts, 0);
    assert_int_equal(news.n_replies, 1);
    assert_string_equal(news.replies[0].from, "+8613812345678");
    assert_string_equal(news.replies[0].text, "ACK 1234  收到 ");
    assert_string_equal(news.text, ""); /* Kannel would send it to the person */
    receive("s3cret", "", "application/json", "{\"sender\":13812345678,\"text\":1234}");
    assert_int_equal(news.n_replies, 1);
    assert_string_equal(news.replies[0].from, "13812345678");
    assert_string_equal(news.replies[0].text, "1234");
    receive("s3cret", "sender=1&charset=UTF-16BE&text=%00A%FF%11%00%31%d8%3d%de%00%d8", "", "");
    assert_string_equal(news.replies[0].text, "A１1😀");
    receive("s3cret", "sender=1&text=%00%zz%3", "", "");
    assert_string_equal(news.replies[0].text, " %zz%3");
    receive("s3cret", "sender=1", "", ""); /* an empty SMS */
    assert_int_equal(news.n_replies, 1);
    assert_string_equal(news.replies[0].text, "");
    receive("s3cret", "from=1&text=1234", "", "");
    assert_int_equal(news.n_replies, 0);
    receive("wrong", "sender=1&text=1234", "", "");
    assert_int_equal(news.refused, AW_P_NOT_FOUND);
    assert_int_equal(news.n_replies, 0);
    aw_news_free(&news);
}

static void receipts_without_news(void **state)
{
    (void)state;
    receive("s3cret", "ref=" REF "&status=ENROUTE", "", "");
    assert_int_equal(news.n_receipts, 0);
    assert_string_equal(news.text, "ok");
    receive("s3cret", "ref=theirs&status=DELIVRD", "", "");
    assert_int_equal(news.n_receipts, 0);
    receive("s3cret", "", "application/json", "{\"ref\":\"" REF "\"}");
    assert_int_equal(news.n_receipts, 0);
    receive("s3cret", "", "application/json", "{\"ref\":{},\"status\":[]}");
    assert_int_equal(news.n_receipts, 0);
    assert_int_equal(news.refused, 0);
    receive("s3cret", "", "application/json", "{");
    assert_int_equal(news.refused, AW_P_BAD_JSON);
    for (unsigned i = 0; i < 3; i++) {
        static const char *const wrong[] = {"s3cre", "s3crett", ""};
        receive(wrong[i], "ref=" REF "&status=DELIVRD", "", "");
        assert_int_equal(news.refused, AW_P_NOT_FOUND);
        assert_int_equal(news.n_receipts, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(receipts),
        cmocka_unit_test(receipts_without_news),
        cmocka_unit_test(replies),
        cmocka_unit_test(requests_have_the_configured_form),
        cmocka_unit_test(bad_settings_are_refused),
        cmocka_unit_test(a_text_cannot_add_a_header),
        cmocka_unit_test(each_answer_has_its_class),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
