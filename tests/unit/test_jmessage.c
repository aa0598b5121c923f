/* SPDX-License-Identifier: Apache-2.0
 *
 * JMessage as bytes: the message of an administrator, its bounds, and what each code means.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "chan_fix.h"

static const struct aw_chan_env env = {.node = "node.example"};
static struct aw_channel *channel;

static int set_up(void **state)
{
    (void)state;
    channel = fix_channel("jmessage", (const char *const[]){"app_key", "key", "master_secret",
                                                            "secret-1", "from", "admin", NULL});
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fix_channel_free(channel);
    return 0;
}

static struct aw_send message(void)
{
    return (struct aw_send){.attempt = 9,
                            .ref = 1,
                            .message = 33,
                            .channel = channel,
                            .kind = AW_IM,
                            .im = "li.si",
                            .title = "T",
                            .text = "看 \"B\""};
}

static void a_message_carries_our_references(void **state)
{
    struct aw_send s = message();
    struct aw_http_call c = {0};
    (void)state;
    assert_int_equal(aw_jmessage_ops.build(&env, &s, &c, NULL), 0);
    assert_string_equal(c.method, "POST");
    assert_string_equal(aw_buf_str(&c.url), "https://api.im.jpush.cn/v1/messages");
    assert_string_equal(aw_buf_str(&c.userpwd), "key:secret-1");
    assert_string_equal(
        aw_buf_str(&c.body),
        "{\"version\":1,\"target_type\":\"single\",\"target_id\":\"li.si\","
        "\"from_type\":\"admin\",\"from_id\":\"admin\",\"msg_type\":\"text\",\"msg_body\":{"
        "\"text\":\"T\\n看 \\\"B\\\"\",\"extras\":{\"aw_msg\":\"msg_0000000000011\","
        "\"aw_ref\":\"aw_0000000000001\"}}}");
    assert_false(c.repeatable);
    aw_http_call_free(&c);
}

/* msg_body may hold 4096 bytes, whatever the text is made of. */
static void a_long_text_is_cut(void **state)
{
    static const char *const fillers[] = {"报", "\"", "\n", "a", "\x01"};
    (void)state;
    for (unsigned i = 0; i < AW_COUNT(fillers); i++) {
        AW_AUTO(aw_buf_free) struct aw_buf text = AW_BUF_INIT(100000);
        struct aw_send s = message();
        struct aw_http_call c = {0};
        while (text.n < 9000)
            aw_buf_puts(&text, fillers[i]);
        s.text = text.p;
        assert_int_equal(aw_jmessage_ops.build(&env, &s, &c, NULL), 0);
        const char *body = strstr(aw_buf_str(&c.body), "\"msg_body\":") + strlen("\"msg_body\":");
        assert_in_range(strlen(body) - 1, 3900, 4096);
        assert_non_null(strstr(body, "…\",\"extras\""));
        assert_true(aw_utf8_valid(c.body.p, c.body.n));
        aw_http_call_free(&c);
    }
}

static void bad_sends_are_refused(void **state)
{
    static const struct {
        const char *im, *text;
    } cases[] = {{NULL, "x"},    {"li", "x"},       {"_lisi", "x"}, {"li si", "x"},
                 {"li/si", "x"}, {"李四李四", "x"}, {"li.si", NULL}};
    struct aw_send s = message();
    struct aw_http_call c = {0};
    struct aw_err err = {""};
    (void)state;
    for (unsigned i = 0; i < AW_COUNT(cases); i++) {
        s.im = cases[i].im;
        s.text = cases[i].text;
        err.text[0] = '\0';
        if (aw_jmessage_ops.build(&env, &s, &c, &err) != AW_EINVAL || !*err.text)
            fail_msg("case %u was built", i);
        aw_http_call_free(&c);
    }
    s = message();
    s.channel = fix_channel("jmessage", (const char *const[]){"app_key", "key", "master_secret",
                                                              "secret-1", "from", "a b", NULL});
    assert_int_equal(aw_jmessage_ops.build(&env, &s, &c, NULL), AW_EINVAL);
    aw_http_call_free(&c);
    fix_channel_free((struct aw_channel *)s.channel);
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
        {201, "{\"msg_id\":43143728109,\"msg_ctime\":1493794522950}", AW_OUT_ACCEPTED, 0,
         "43143728109", ""},
        {201, "{}", AW_OUT_UNKNOWN, 0, "", "HTTP 201 without a msg_id or a code"},
        {401, "{\"error\":{\"code\":899008,\"message\":\"Basic authentication failed\"}}",
         AW_OUT_AUTH, 899008, "", "899008 Basic authentication failed"},
        {403, "{\"error\":{\"code\":899016}}", AW_OUT_AUTH, 899016, "", "899016"},
        {400, "{\"error\":{\"code\":899003}}", AW_OUT_REFUSED, 899003, "", "899003"},
        {404, "{\"error\":{\"code\":899002,\"message\":\"no li.si\"}}", AW_OUT_NO_TARGET, 899002,
         "", "899002 no ***"},
        {400, "{\"error\":{\"code\":803003}}", AW_OUT_NO_TARGET, 803003, "", "803003"},
        {400, "{\"error\":{\"code\":803008}}", AW_OUT_REFUSED, 803008, "", "803008"},
        {400, "{\"error\":{\"code\":803010}}", AW_OUT_THROTTLED, 803010, "", "803010"},
        {500, "{\"error\":{\"code\":899000}}", AW_OUT_TRANSIENT, 899000, "", "899000"},
        {400, "{\"error\":{\"code\":899030}}", AW_OUT_TRANSIENT, 899030, "", "899030"},
        {500, "{\"error\":{\"code\":803001}}", AW_OUT_TRANSIENT, 803001, "", "803001"},
        {403, "{\"error\":{\"code\":9999999}}", AW_OUT_TRANSIENT, 0, "",
         "HTTP 403 without a msg_id or a code"},
    };
    struct aw_send s = message();
    struct aw_result r;
    (void)state;
    for (unsigned i = 0; i < AW_COUNT(cases); i++) {
        struct aw_http_reply a = {.end = AW_XFER_ANSWERED,
                                  .status = cases[i].status,
                                  .body = cases[i].body,
                                  .n_body = strlen(cases[i].body),
                                  .rate_reset = -1,
                                  .retry_after = 7};
        aw_jmessage_ops.read(&s, &a, &r);
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
        cmocka_unit_test(a_message_carries_our_references),
        cmocka_unit_test(a_long_text_is_cut),
        cmocka_unit_test(bad_sends_are_refused),
        cmocka_unit_test(each_answer_has_its_class),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
