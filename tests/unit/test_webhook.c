/* SPDX-License-Identifier: Apache-2.0
 *
 * The webhook as bytes: a CloudEvent, signed as Standard Webhooks say, and what answers mean.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "chan_fix.h"
#include "codec/digest.h"

#define SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

static const struct aw_chan_env env = {.node = "node.example"};
static struct aw_channel *channel;

static int set_up(void **state)
{
    (void)state;
    channel = fix_channel("webhook", (const char *const[]){"url", "https://app.example.com/hook",
                                                           "secret", SECRET, NULL});
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fix_channel_free(channel);
    return 0;
}

static struct aw_send event(void)
{
    return (struct aw_send){.attempt = 9,
                            .ref = 1,
                            .message = 33,
                            .channel = channel,
                            .kind = AW_WEBHOOK,
                            .title = "T",
                            .text = "B",
                            .event_type = "ackwatch.step",
                            .data_json = "{\"a\":1}",
                            .time = 1795312970114};
}

static void an_event_is_signed(void **state)
{
    static const char want[] =
        "{\"specversion\":\"1.0\",\"id\":\"aw_0000000000001\",\"source\":\"node.example\","
        "\"type\":\"ackwatch.step\",\"subject\":\"msg_0000000000011\","
        "\"time\":\"2026-11-22T02:02:50.114Z\",\"datacontenttype\":\"application/json\","
        "\"data\":{\"a\":1}}";
    struct aw_send s = event();
    struct aw_http_call c = {0};
    char signature[64], header[128];
    (void)state;
    assert_int_equal(aw_webhook_ops.build(&env, &s, &c, NULL), 0);
    assert_string_equal(c.method, "POST");
    assert_string_equal(aw_buf_str(&c.url), "https://app.example.com/hook");
    assert_string_equal(aw_buf_str(&c.body), want);
    assert_int_equal(c.n_headers, 4);
    assert_string_equal(aw_buf_str(&c.header[0]),
                        "Content-Type: application/cloudevents+json; charset=utf-8");
    assert_string_equal(aw_buf_str(&c.header[1]), "webhook-id: aw_0000000000001");
    assert_string_equal(aw_buf_str(&c.header[2]), "webhook-timestamp: 1795312970");
    aw_webhook_sign(signature, SECRET, "aw_0000000000001", 1795312970, want, strlen(want));
    snprintf(header, sizeof header, "webhook-signature: %s", signature);
    assert_string_equal(aw_buf_str(&c.header[3]), header);
    assert_false(c.repeatable);
    aw_http_call_free(&c);
}

static void a_notice_carries_title_and_text(void **state)
{
    struct aw_send s = event();
    struct aw_http_call c = {0};
    (void)state;
    s.data_json = NULL;
    s.event_type = NULL;
    s.message = 0;
    assert_int_equal(aw_webhook_ops.build(&env, &s, &c, NULL), 0);
    assert_non_null(strstr(aw_buf_str(&c.body), "\"type\":\"ackwatch.notice\",\"time\""));
    assert_non_null(strstr(aw_buf_str(&c.body), "\"data\":{\"title\":\"T\",\"text\":\"B\"}}"));
    aw_http_call_free(&c);
}

/* A callback: its own id and sequence; the event keeps its time, the signature has that of the
 * try; while the secret changes there are two signatures, of which a receiver takes either. */
static void a_callback_while_the_secret_changes(void **state)
{
    static const char old[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    struct aw_send s = event();
    struct aw_http_call c = {0};
    char first[64], second[64], header[256];
    struct aw_channel *both = fix_channel(
        "webhook", (const char *const[]){"url", "https://app.example.com/hook", "secret", SECRET,
                                         "previous_secret", old, NULL});
    (void)state;
    s.channel = both;
    s.trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    s.sequence = 8125;
    s.event_time = s.time - 3 * AW_HOUR;
    assert_int_equal(aw_webhook_ops.build(&env, &s, &c, NULL), 0);
    const char *body = aw_buf_str(&c.body);
    assert_non_null(strstr(body, "\"id\":\"evt_0000000000001\""));
    assert_non_null(strstr(body, "\"time\":\"2026-11-21T23:02:50.114Z\""));
    assert_non_null(strstr(body, "\"traceparent\":\"00-4bf92f3577b34da6a3ce929d0e0e4736-"
                                 "00f067aa0ba902b7-01\""));
    assert_non_null(strstr(body, "\"sequence\":\"0000000000000008125\""));
    assert_string_equal(aw_buf_str(&c.header[1]), "webhook-id: evt_0000000000001");
    assert_string_equal(aw_buf_str(&c.header[2]), "webhook-timestamp: 1795312970");
    aw_webhook_sign(first, SECRET, "evt_0000000000001", 1795312970, body, c.body.n);
    aw_webhook_sign(second, old, "evt_0000000000001", 1795312970, body, c.body.n);
    snprintf(header, sizeof header, "webhook-signature: %s %s", first, second);
    assert_string_equal(aw_buf_str(&c.header[3]), header);
    aw_http_call_free(&c);
    fix_channel_free(both);
}

static void each_status_has_its_class(void **state)
{
    static const struct {
        int status;
        enum aw_outcome outcome;
    } cases[] = {
        {200, AW_OUT_ACCEPTED},  {202, AW_OUT_ACCEPTED},  {299, AW_OUT_ACCEPTED},
        {301, AW_OUT_TRANSIENT}, {400, AW_OUT_REFUSED},   {401, AW_OUT_AUTH},
        {403, AW_OUT_AUTH},      {404, AW_OUT_REFUSED},   {408, AW_OUT_TRANSIENT},
        {410, AW_OUT_REFUSED},   {429, AW_OUT_THROTTLED}, {500, AW_OUT_TRANSIENT},
        {504, AW_OUT_TRANSIENT},
    };
    struct aw_send s = event();
    struct aw_result r;
    (void)state;
    for (unsigned i = 0; i < AW_COUNT(cases); i++) {
        struct aw_http_reply a = {
            .end = AW_XFER_ANSWERED, .status = cases[i].status, .body = "", .retry_after = 100000};
        aw_webhook_ops.read(&s, &a, &r);
        if (r.outcome != cases[i].outcome)
            fail_msg("%d became %s", cases[i].status, aw_outcome_name(r.outcome));
        assert_int_equal(r.wait, r.outcome == AW_OUT_THROTTLED || cases[i].status >= 500
                                     ? 100000 * AW_SECOND
                                     : 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_is_signed),
        cmocka_unit_test(a_notice_carries_title_and_text),
        cmocka_unit_test(a_callback_while_the_secret_changes),
        cmocka_unit_test(each_status_has_its_class),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
