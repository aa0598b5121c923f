/* SPDX-License-Identifier: Apache-2.0
 *
 * The demo provider that docs/channels.md tells how to write: it is shorter than 150 lines, and it
 * does what a provider must: bytes of the request, answers with their outcomes, a receipt.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "chan/chan.h"

#define LINES_MOST 150

extern const struct aw_provider demo_provider;
extern const struct aw_provider_ops demo_ops;

static const struct aw_channel_setting settings[] = {
    {"url", "https://beacon.invalid/v1"}, {"token", "sesame"}, {"receipt_secret", "s3cret"}};
static const struct aw_channel channel = {.name = "beacon",
                                          .provider = &demo_provider,
                                          .settings = settings,
                                          .n_settings = AW_COUNT(settings)};
static const struct aw_send sms = {.attempt = 2,
                                   .ref = 1,
                                   .channel = &channel,
                                   .kind = AW_SMS,
                                   .phone = "+8613812345678",
                                   .text = "say \"hi\""};

static void test_is_short(void **state)
{
    const char *top = getenv("top_srcdir");
    char path[512];
    unsigned lines = 0;
    (void)state;

    snprintf(path, sizeof path, "%s/tests/unit/demo_provider.c", top ? top : ".");
    FILE *f = fopen(path, "r");
    if (!f)
        fail_msg("%s cannot be read", path);
    for (int c; (c = fgetc(f)) != EOF;)
        lines += c == '\n';
    fclose(f);
    printf("# the demo provider has %u lines\n", lines);
    assert_in_range(lines, 50, LINES_MOST - 1);
}

static void test_request(void **state)
{
    const struct aw_chan_env env = {.node = "n"};
    struct aw_http_call c;
    struct aw_err err;
    (void)state;

    assert_int_equal(demo_ops.build(&env, &sms, &c, &err), AW_OK);
    assert_string_equal(aw_buf_str(&c.url), "https://beacon.invalid/v1/messages");
    assert_string_equal(aw_buf_str(&c.header[0]), "Authorization: Bearer sesame");
    assert_string_equal(aw_buf_str(&c.body), "{\"key\":\"aw_0000000000001\",\"to\":\"+8613812345678"
                                             "\",\"text\":\"say \\\"hi\\\"\"}");
    aw_http_call_free(&c);
    struct aw_send nobody = sms;
    nobody.phone = NULL;
    assert_int_equal(demo_ops.build(&env, &nobody, &c, &err), AW_EINVAL);
    aw_http_call_free(&c);
}

static void test_answers(void **state)
{
    static const struct {
        int status;
        const char *body;
        enum aw_outcome outcome;
    } cases[] = {
        {200, "{\"id\":\"b1\"}", AW_OUT_ACCEPTED},
        {200, "<html>", AW_OUT_UNKNOWN},
        {400, "{\"code\":11,\"message\":\"token\"}", AW_OUT_AUTH},
        {400, "{\"code\":20}", AW_OUT_NO_TARGET},
        {400, "{\"code\":25}", AW_OUT_REFUSED},
        {400, "{\"code\":30}", AW_OUT_THROTTLED},
        {500, "{\"code\":90}", AW_OUT_TRANSIENT},
        {502, "", AW_OUT_TRANSIENT},
    };
    (void)state;
    for (unsigned i = 0; i < AW_COUNT(cases); i++) {
        struct aw_http_reply a = {.end = AW_XFER_ANSWERED,
                                  .status = cases[i].status,
                                  .body = cases[i].body,
                                  .n_body = strlen(cases[i].body),
                                  .retry_after = -1};
        struct aw_result r;
        demo_ops.read(&sms, &a, &r);
        if (r.outcome != cases[i].outcome)
            fail_msg("%s became %s", cases[i].body, aw_outcome_name(r.outcome));
        assert_int_equal(r.wait, r.outcome == AW_OUT_THROTTLED ? demo_provider.throttle : 0);
        assert_string_equal(r.provider_id, r.outcome == AW_OUT_ACCEPTED ? "b1" : "");
    }
}

static void test_receipt(void **state)
{
    static const char body[] = "{\"key\":\"aw_0000000000001\",\"state\":\"delivered\"}";
    struct aw_inbound in = {.channel = "beacon",
                            .secret = "s3cret",
                            .method = "POST",
                            .query = "",
                            .type = "application/json",
                            .authorization = "",
                            .body = body,
                            .n_body = sizeof body - 1};
    struct aw_news news = {0}, none = {0};
    (void)state;

    demo_ops.receive(&channel, &in, &news);
    assert_int_equal(news.refused, 0);
    assert_int_equal(news.n_receipts, 1);
    assert_int_equal(news.receipts[0].ref, 1);
    assert_int_equal(news.receipts[0].level, AW_DELIVERED);
    aw_news_free(&news);
    in.secret = "guess";
    demo_ops.receive(&channel, &in, &none);
    assert_int_not_equal(none.refused, 0);
    assert_int_equal(none.n_receipts, 0);
    aw_news_free(&none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_is_short),
        cmocka_unit_test(test_request),
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_receipt),
    };
    return cmocka_run_group_tests_name("demo provider", tests, NULL, NULL);
}
