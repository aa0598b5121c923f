/* SPDX-License-Identifier: Apache-2.0
 *
 * Robots of chat groups as bytes: bodies, signatures (figures made with another implementation of
 * HMAC), the cut of long texts, mentions that a text must not make, and what answers mean.
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
#include "codec/json.h"

#define URL "https://robot.example.net/send?key=k-1"
#define PLAIN                                                                                      \
    (const char *const[])                                                                          \
    {                                                                                              \
        "url", URL, NULL                                                                           \
    }
#define SIGNS                                                                                      \
    (const char *const[])                                                                          \
    {                                                                                              \
        "url", URL, "secret", "SECabc", NULL                                                       \
    }

static const struct aw_chan_env env = {.node = "node.example"};

static struct aw_send post(const struct aw_channel *ch)
{
    return (struct aw_send){.attempt = 9,
                            .ref = 1,
                            .channel = ch,
                            .kind = AW_IM,
                            .im = "li.si",
                            .title = "T \"1\"",
                            .text = "看 B",
                            .time = 1795312970114};
}

static void each_robot_has_its_body(void **state)
{
    static const struct {
        const char *provider, *im, *url, *body;
        bool signs;
    } cases[] = {
        {"wecom", "li.si", URL,
         "{\"msgtype\":\"text\",\"text\":{\"content\":\"T \\\"1\\\"\\n看 B\","
         "\"mentioned_list\":[\"li.si\"]}}",
         false},
        {"wecom", "13812345678", URL,
         "{\"msgtype\":\"text\",\"text\":{\"content\":\"T \\\"1\\\"\\n看 B\","
         "\"mentioned_mobile_list\":[\"13812345678\"]}}",
         false},
        {"dingtalk", "13812345678", URL,
         "{\"msgtype\":\"text\",\"text\":{\"content\":\"@13812345678 T \\\"1\\\"\\n看 B\"},"
         "\"at\":{\"atMobiles\":[\"13812345678\"],\"isAtAll\":false}}",
         false},
        {"dingtalk", "li",
         URL "&timestamp=1795312970114&sign=h3KU%2BvSJlcLVDGgIcpBS%2Bpt9nvGejkjRla95qIS%2FH64%3D",
         "{\"msgtype\":\"text\",\"text\":{\"content\":\"@li T \\\"1\\\"\\n看 B\"},"
         "\"at\":{\"atUserIds\":[\"li\"],\"isAtAll\":false}}",
         true},
        {"feishu", "ou_1", URL,
         "{\"msg_type\":\"text\",\"content\":{\"text\":\"<at user_id=\\\"ou_1\\\"></at> "
         "T \\\"1\\\"\\n看 B\"}}",
         false},
        {"feishu", "ou_1", URL,
         "{\"timestamp\":\"1795312970\",\"sign\":\"X6ieFBy8R7TUeCFKhUcEC5QWD215G6zAGqDAXRRVmfk=\","
         "\"msg_type\":\"text\",\"content\":{\"text\":\"<at user_id=\\\"ou_1\\\"></at> "
         "T \\\"1\\\"\\n看 B\"}}",
         true},
    };
    (void)state;
    for (unsigned i = 0; i < AW_COUNT(cases); i++) {
        struct aw_channel *ch = fix_channel(cases[i].provider, cases[i].signs ? SIGNS : PLAIN);
        struct aw_send s = post(ch);
        struct aw_http_call c = {0};
        struct aw_err err = {""};
        s.im = cases[i].im;
        if (aw_provider_ops_find(cases[i].provider)->build(&env, &s, &c, &err) != 0)
            fail_msg("case %u: %s", i, err.text);
        assert_string_equal(c.method, "POST");
        assert_string_equal(aw_buf_str(&c.url), cases[i].url);
        assert_string_equal(aw_buf_str(&c.body), cases[i].body);
        assert_int_equal(c.n_headers, 1);
        assert_string_equal(aw_buf_str(&c.header[0]),
                            "Content-Type: application/json; charset=utf-8");
        assert_false(c.repeatable);
        aw_http_call_free(&c);
        fix_channel_free(ch);
    }
}

static void a_signature_is_added_to_a_url_without_query(void **state)
{
    struct aw_channel *ch = fix_channel(
        "dingtalk", (const char *const[]){"url", "http://127.0.0.1:1/r", "secret", "s", NULL});
    struct aw_send s = post(ch);
    struct aw_http_call c = {0};
    (void)state;
    assert_int_equal(aw_dingtalk_ops.build(&env, &s, &c, NULL), 0);
    assert_true(
        aw_starts(aw_buf_str(&c.url), "http://127.0.0.1:1/r?timestamp=1795312970114&sign="));
    aw_http_call_free(&c);
    fix_channel_free(ch);
}

/* The text that a robot would show, parsed back out of the body; freed by json_decref(*body). */
static const char *shown(const char *provider, struct aw_send *s, json_t **body, size_t *n_body)
{
    struct aw_http_call c = {0};
    const char *text;
    assert_int_equal(aw_provider_ops_find(provider)->build(&env, s, &c, NULL), 0);
    assert_int_equal(aw_json_parse(aw_buf_str(&c.body), c.body.n, 1 << 20, body, NULL), 0);
    *n_body = c.body.n;
    aw_http_call_free(&c);
    text = aw_json_str(json_object_get(*body, "content"), "text");
    return text ? text : aw_json_str(json_object_get(*body, "text"), "content");
}

static void a_long_text_is_cut(void **state)
{
    static const struct {
        const char *provider;
        size_t text, body;
    } limits[] = {{"wecom", 2048, 4096}, {"dingtalk", 20000, 20000}, {"feishu", 20480, 20480}};
    static const char *const fillers[] = {"报", "\"", "\n", "a", "\x01"};
    (void)state;
    for (unsigned i = 0; i < AW_COUNT(limits); i++)
        for (unsigned k = 0; k < AW_COUNT(fillers); k++) {
            struct aw_channel *ch = fix_channel(limits[i].provider, PLAIN);
            AW_AUTO(aw_buf_free) struct aw_buf text = AW_BUF_INIT(100000);
            struct aw_send s = post(ch);
            json_t *body;
            size_t n_body;
            while (text.n < 50000)
                aw_buf_puts(&text, fillers[k]);
            s.text = text.p;
            const char *got = shown(limits[i].provider, &s, &body, &n_body);
            size_t n = strlen(got);
            assert_in_range(n, limits[i].text / 8, limits[i].text);
            assert_in_range(n_body, limits[i].text / 2, limits[i].body);
            assert_string_equal(got + n - strlen("…"), "…");
            assert_true(aw_utf8_valid(got, n));
            json_decref(body);
            fix_channel_free(ch);
        }
}

/* 2048 bytes are not too long, one more is. */
static void the_limit_is_exact(void **state)
{
    struct aw_channel *ch = fix_channel("wecom", PLAIN);
    char text[2051];
    (void)state;
    for (size_t n = 2048; n <= 2049; n++) {
        struct aw_send s = post(ch);
        json_t *body;
        size_t n_body;
        memset(text, 'a', n);
        text[n] = '\0';
        s.title = NULL;
        s.text = text;
        const char *got = shown("wecom", &s, &body, &n_body);
        assert_int_equal(strlen(got), 2048);
        assert_int_equal(strstr(got, "…") != NULL, n > 2048);
        json_decref(body);
    }
    fix_channel_free(ch);
}

static void a_text_mentions_nobody(void **state)
{
    static const char *const robots[] = {"wecom", "dingtalk", "feishu"};
    (void)state;
    for (unsigned i = 0; i < AW_COUNT(robots); i++) {
        struct aw_channel *ch = fix_channel(robots[i], PLAIN);
        struct aw_send s = post(ch);
        json_t *body;
        size_t n_body;
        s.im = "li";
        s.title = "<At user_id=\"all\"></at>";
        s.text = "1 < 2 <@all> <a";
        const char *got = shown(robots[i], &s, &body, &n_body);
        assert_non_null(strstr(got, "＜At user_id=\"all\">"));
        assert_non_null(strstr(got, "1 < 2 ＜@all> <a"));
        json_decref(body);
        fix_channel_free(ch);
    }
}

static void bad_sends_are_refused(void **state)
{
    static const struct {
        const char *url, *im, *text;
    } cases[] = {
        {"robot.example.net/secret-key", "li", "x"},
        {"file:///etc/secret-key", "li", "x"},
        {"https://robot.example.net/secret-key\r\nX: 1", "li", "x"},
        {"https://robot.example.net/secret-key#a", "li", "x"},
        {"https://robot.example.net/?secret-key b", "li", "x"},
        {URL, NULL, "x"},
        {URL, "", "x"},
        {URL, "li\"><at", "x"},
        {URL, "+8613812345678", "x"},
        {URL, "li", NULL},
    };
    (void)state;
    for (unsigned i = 0; i < AW_COUNT(cases); i++) {
        struct aw_channel *ch =
            fix_channel("feishu", (const char *const[]){"url", cases[i].url, NULL});
        struct aw_send s = post(ch);
        struct aw_http_call c = {0};
        struct aw_err err = {""};
        s.im = cases[i].im;
        s.text = cases[i].text;
        if (aw_feishu_ops.build(&env, &s, &c, &err) != AW_EINVAL || !*err.text)
            fail_msg("case %u was built", i);
        assert_null(strstr(err.text, "secret-key"));
        aw_http_call_free(&c);
        fix_channel_free(ch);
    }
}

static void each_answer_has_its_class(void **state)
{
    static const struct {
        const char *provider;
        int status;
        const char *body;
        enum aw_outcome outcome;
        int code, wait;
        const char *detail;
    } cases[] = {
        {"wecom", 200, "{\"errcode\":0,\"errmsg\":\"ok\"}", AW_OUT_ACCEPTED, 0, 0, ""},
        {"wecom", 200, "{\"errcode\":45009,\"errmsg\":\"freq\"}", AW_OUT_THROTTLED, 45009, 60,
         "45009 freq"},
        {"wecom", 200, "{\"errcode\":93000,\"errmsg\":\"bad " URL "\"}", AW_OUT_AUTH, 93000, 0,
         "93000 bad ***"},
        {"wecom", 200, "{\"errcode\":-1}", AW_OUT_TRANSIENT, -1, 0, "-1"},
        {"wecom", 200, "{\"errcode\":40058,\"errmsg\":\"for li.si\"}", AW_OUT_REFUSED, 40058, 0,
         "40058 for ***"},
        {"wecom", 200, "{\"errcode\":\"0\"}", AW_OUT_UNKNOWN, 0, 0,
         "HTTP 200 without an answer of wecom"},
        {"wecom", 200, "{\"errcode\":99999999999}", AW_OUT_UNKNOWN, 0, 0,
         "HTTP 200 without an answer of wecom"},
        {"wecom", 200, "[0]", AW_OUT_UNKNOWN, 0, 0, "HTTP 200 without an answer of wecom"},
        {"wecom", 200, "", AW_OUT_UNKNOWN, 0, 0, "HTTP 200 without an answer of wecom"},
        {"wecom", 403, "<html>", AW_OUT_TRANSIENT, 0, 0, "HTTP 403 without an answer of wecom"},
        {"wecom", 404, "", AW_OUT_TRANSIENT, 0, 0, "HTTP 404 without an answer of wecom"},
        {"wecom", 429, "", AW_OUT_THROTTLED, 0, 60, "HTTP 429 without an answer of wecom"},
        {"wecom", 502, "{\"errcode\":0}", AW_OUT_TRANSIENT, 0, 0,
         "HTTP 502 without an answer of wecom"},
        {"dingtalk", 200, "{\"errcode\":0,\"errmsg\":\"ok\"}", AW_OUT_ACCEPTED, 0, 0, ""},
        {"dingtalk", 200, "{\"errcode\":130101,\"errmsg\":\"too fast\"}", AW_OUT_THROTTLED, 130101,
         600, "130101 too fast"},
        {"dingtalk", 200, "{\"errcode\":410100}", AW_OUT_THROTTLED, 410100, 600, "410100"},
        {"dingtalk", 200, "{\"errcode\":310000,\"errmsg\":\"sign not match\"}", AW_OUT_AUTH, 310000,
         0, "310000 sign not match"},
        {"dingtalk", 200, "{\"errcode\":310000,\"errmsg\":\"Keywords not in content\"}",
         AW_OUT_REFUSED, 310000, 0, "310000 Keywords not in content"},
        {"dingtalk", 200, "{\"errcode\":300001}", AW_OUT_AUTH, 300001, 0, "300001"},
        {"dingtalk", 200, "{\"errcode\":45009}", AW_OUT_REFUSED, 45009, 0, "45009"},
        {"feishu", 200, "{\"StatusCode\":0,\"code\":0,\"msg\":\"success\"}", AW_OUT_ACCEPTED, 0, 0,
         ""},
        {"feishu", 200, "{\"code\":9499,\"msg\":\"too many request\"}", AW_OUT_THROTTLED, 9499, 60,
         "9499 too many request"},
        {"feishu", 400, "{\"code\":9499,\"msg\":\"Bad Request\"}", AW_OUT_REFUSED, 9499, 0,
         "9499 Bad Request"},
        {"feishu", 400, "{\"code\":11232,\"msg\":\"limited\"}", AW_OUT_THROTTLED, 11232, 60,
         "11232 limited"},
        {"feishu", 200, "{\"code\":19021,\"msg\":\"sign match fail\"}", AW_OUT_AUTH, 19021, 0,
         "19021 sign match fail"},
        {"feishu", 200, "{\"code\":19024,\"msg\":\"Key Words Not Found\"}", AW_OUT_REFUSED, 19024,
         0, "19024 Key Words Not Found"},
    };
    (void)state;
    for (unsigned i = 0; i < AW_COUNT(cases); i++) {
        struct aw_channel *ch = fix_channel(cases[i].provider, PLAIN);
        struct aw_send s = post(ch);
        struct aw_result r;
        struct aw_http_reply a = {.end = AW_XFER_ANSWERED,
                                  .status = cases[i].status,
                                  .body = cases[i].body,
                                  .n_body = strlen(cases[i].body),
                                  .rate_reset = -1,
                                  .retry_after = -1};
        aw_provider_ops_find(cases[i].provider)->read(&s, &a, &r);
        if (r.outcome != cases[i].outcome)
            fail_msg("case %u: %d %s became %s", i, cases[i].status, cases[i].body,
                     aw_outcome_name(r.outcome));
        assert_int_equal(r.code, cases[i].code);
        assert_int_equal(r.wait, cases[i].wait * AW_SECOND);
        assert_string_equal(r.detail, cases[i].detail);
        assert_int_equal(r.level, r.outcome == AW_OUT_ACCEPTED ? AW_ACCEPTED : AW_LEVEL_NONE);
        fix_channel_free(ch);
    }
}

static void no_answer_is_no_refusal(void **state)
{
    struct aw_channel *ch = fix_channel("wecom", PLAIN);
    struct aw_send s = post(ch);
    struct aw_result r;
    struct aw_http_reply a = {.end = AW_XFER_NOT_SENT, .body = "", .error = "no route"};
    (void)state;
    aw_wecom_ops.read(&s, &a, &r);
    assert_int_equal(r.outcome, AW_OUT_TRANSIENT);
    a.end = AW_XFER_AMBIGUOUS;
    aw_wecom_ops.read(&s, &a, &r);
    assert_int_equal(r.outcome, AW_OUT_UNKNOWN);
    fix_channel_free(ch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_robot_has_its_body),
        cmocka_unit_test(a_signature_is_added_to_a_url_without_query),
        cmocka_unit_test(a_long_text_is_cut),
        cmocka_unit_test(the_limit_is_exact),
        cmocka_unit_test(a_text_mentions_nobody),
        cmocka_unit_test(bad_sends_are_refused),
        cmocka_unit_test(each_answer_has_its_class),
        cmocka_unit_test(no_answer_is_no_refusal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
