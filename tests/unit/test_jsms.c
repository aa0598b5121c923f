/* SPDX-License-Identifier: Apache-2.0
 *
 * JSMS as bytes: the SMS by a template, and what each code means.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "chan_fix.h"

#define KEYS "app_key", "key", "master_secret", "secret-1"

static const struct aw_chan_env env = {.node = "node.example"};
static struct aw_channel *channel;

static int set_up(void **state)
{
    (void)state;
    channel = fix_channel("jsms", (const char *const[]){KEYS, "temp_id", "7", NULL});
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fix_channel_free(channel);
    return 0;
}

static struct aw_send sms(void)
{
    return (struct aw_send){.attempt = 9,
                            .ref = 1,
                            .channel = channel,
                            .kind = AW_SMS,
                            .phone = "+8613812345678",
                            .text = "看 \"B\""};
}

static void an_sms_names_its_template(void **state)
{
    struct aw_send s = sms();
    struct aw_http_call c = {0};
    (void)state;
    assert_int_equal(aw_jsms_ops.build(&env, &s, &c, NULL), 0);
    assert_string_equal(c.method, "POST");
    assert_string_equal(aw_buf_str(&c.url), "https://api.sms.jpush.cn/v1/messages");
    assert_string_equal(aw_buf_str(&c.userpwd), "key:secret-1");
    assert_string_equal(aw_buf_str(&c.header[0]), "Content-Type: application/json");
    assert_string_equal(
        aw_buf_str(&c.body),
        "{\"mobile\":\"13812345678\",\"temp_id\":7,\"temp_para\":{\"body\":\"看 \\\"B\\\"\"}}");
    assert_false(c.repeatable);
    aw_http_call_free(&c);
}

static void all_parameters_are_sent(void **state)
{
    struct aw_channel *ch =
        fix_channel("jsms", (const char *const[]){KEYS, "temp_id", "7", "sign_id", "8", "url",
                                                  "http://127.0.0.1:1/v1", NULL});
    struct aw_send s = sms();
    struct aw_http_call c = {0};
    (void)state;
    s.channel = ch;
    s.title = "T";
    s.link = "https://ack.example.com/a/x";
    assert_int_equal(aw_jsms_ops.build(&env, &s, &c, NULL), 0);
    assert_string_equal(aw_buf_str(&c.url), "http://127.0.0.1:1/v1/messages");
    assert_string_equal(aw_buf_str(&c.body),
                        "{\"mobile\":\"13812345678\",\"sign_id\":8,\"temp_id\":7,\"temp_para\":{"
                        "\"title\":\"T\",\"body\":\"看 \\\"B\\\"\","
                        "\"link\":\"https://ack.example.com/a/x\"}}");
    aw_http_call_free(&c);
    fix_channel_free(ch);
}

static void the_form_goes_first(void **state)
{
    struct aw_channel_setting form[] = {{"temp_id", "70"}, {"para.name", "Li"}, {"para.no", "42"}};
    struct aw_send s = sms();
    struct aw_http_call c = {0};
    (void)state;
    s.form = form;
    s.n_form = 3;
    s.link = "https://ack.example.com/a/x";
    assert_int_equal(aw_jsms_ops.build(&env, &s, &c, NULL), 0);
    assert_string_equal(aw_buf_str(&c.body), "{\"mobile\":\"13812345678\",\"temp_id\":70,"
                                             "\"temp_para\":{\"name\":\"Li\",\"no\":\"42\"}}");
    aw_http_call_free(&c);
    s.n_form = 1; /* no parameters: ours, as without a form */
    assert_int_equal(aw_jsms_ops.build(&env, &s, &c, NULL), 0);
    assert_non_null(strstr(aw_buf_str(&c.body), "\"temp_id\":70,\"temp_para\":{\"body\":"));
    aw_http_call_free(&c);
}

static void bad_sends_are_refused(void **state)
{
    static const struct {
        const char *phone, *text;
    } cases[] = {{NULL, "x"}, {"+4930123456", "x"}, {"13812345678", "x"}, {"+8613812345678", NULL}};
    (void)state;
    for (unsigned i = 0; i < AW_COUNT(cases); i++) {
        struct aw_send s = sms();
        struct aw_http_call c = {0};
        struct aw_err err = {""};
        s.phone = cases[i].phone;
        s.text = cases[i].text;
        if (aw_jsms_ops.build(&env, &s, &c, &err) != AW_EINVAL || !*err.text)
            fail_msg("case %u was built", i);
        aw_http_call_free(&c);
    }
}

static void each_answer_has_its_class(void **state)
{
    static const struct {
        int status;
        const char *body;
        enum aw_outcome outcome;
        int code;
        const char *id, *detail;
    } cases[] = {
        {200, "{\"msg_id\":288193860302}", AW_OUT_ACCEPTED, 0, "288193860302", ""},
        {200, "{\"msg_id\":\"18446744073709551615\"}", AW_OUT_ACCEPTED, 0, "18446744073709551615",
         ""},
        {200, "{\"msg_id\":-1}", AW_OUT_UNKNOWN, 0, "", "HTTP 200 without a msg_id or a code"},
        {200, "", AW_OUT_UNKNOWN, 0, "", "HTTP 200 without a msg_id or a code"},
        {401, "{\"error\":{\"code\":50002,\"message\":\"auth secret-1\"}}", AW_OUT_AUTH, 50002, "",
         "50002 auth ***"},
        {401, "", AW_OUT_AUTH, 0, "", "HTTP 401 without a msg_id or a code"},
        {403, "<html>", AW_OUT_TRANSIENT, 0, "", "HTTP 403 without a msg_id or a code"},
        {404, "", AW_OUT_TRANSIENT, 0, "", "HTTP 404 without a msg_id or a code"},
        {429, "", AW_OUT_THROTTLED, 0, "", "HTTP 429 without a msg_id or a code"},
        {500, "{\"error\":{\"code\":50019}}", AW_OUT_TRANSIENT, 50019, "", "50019"},
        {502, "{\"error\":{\"code\":1}}", AW_OUT_TRANSIENT, 1, "", "1"},
        {403, "{\"error\":{\"code\":50006,\"message\":\"13812345678 bad\"}}", AW_OUT_REFUSED, 50006,
         "", "50006 *** bad"},
        {403, "{\"error\":{\"code\":\"50009\"}}", AW_OUT_THROTTLED, 50009, "", "50009"},
        {403, "{\"error\":{\"code\":50013}}", AW_OUT_AUTH, 50013, "", "50013"},
        {403, "{\"error\":{\"code\":50014,\"message\":\"no money\"}}", AW_OUT_AUTH, 50014, "",
         "50014 no money"},
        {403, "{\"error\":{\"code\":50021}}", AW_OUT_AUTH, 50021, "", "50021"},
        {403, "{\"error\":{\"code\":50022}}", AW_OUT_REFUSED, 50022, "", "50022"},
        {403, "{\"error\":{\"code\":50024}}", AW_OUT_REFUSED, 50024, "", "50024"},
        {403, "{\"error\":{\"code\":50034}}", AW_OUT_ACCEPTED, 50034, "", "50034"},
        {403, "{\"error\":{\"code\":50037}}", AW_OUT_REFUSED, 50037, "", "50037"},
        {403, "{\"error\":{\"code\":50054}}", AW_OUT_REFUSED, 50054, "", "50054"},
        {403, "{\"error\":{\"code\":50103}}", AW_OUT_AUTH, 50103, "", "50103"},
    };
    struct aw_send s = sms();
    struct aw_result r;
    (void)state;
    for (unsigned i = 0; i < AW_COUNT(cases); i++) {
        struct aw_http_reply a = {.end = AW_XFER_ANSWERED,
                                  .status = cases[i].status,
                                  .body = cases[i].body,
                                  .n_body = strlen(cases[i].body),
                                  .rate_reset = -1,
                                  .retry_after = 7};
        aw_jsms_ops.read(&s, &a, &r);
        if (r.outcome != cases[i].outcome)
            fail_msg("case %u: %d %s became %s", i, cases[i].status, cases[i].body,
                     aw_outcome_name(r.outcome));
        assert_int_equal(r.code, cases[i].code);
        assert_string_equal(r.provider_id, cases[i].id);
        assert_string_equal(r.detail, cases[i].detail);
        assert_int_equal(r.wait, r.outcome == AW_OUT_THROTTLED || r.http_status >= 500 ? 7000 : 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_sms_names_its_template), cmocka_unit_test(all_parameters_are_sent),
        cmocka_unit_test(the_form_goes_first),       cmocka_unit_test(bad_sends_are_refused),
        cmocka_unit_test(each_answer_has_its_class),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
