/* SPDX-License-Identifier: Apache-2.0
 *
 * JPush as bytes: what a push looks like on the wire, and what each answer means.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "chan_fix.h"

#define REF    ((aw_id)1)
#define MSG    ((aw_id)33)
#define EXTRAS "\"extras\":{\"aw_msg\":\"msg_0000000000011\",\"aw_ref\":\"aw_0000000000001\"}"
#define SENDNO "\"sendno\":2"

static const struct aw_chan_env env = {.node = "node.example"};
static struct aw_channel *channel, *hmos;

static int set_up(void **state)
{
    (void)state;
    channel = fix_channel("jpush", (const char *const[]){"app_key", "k", "master_secret", "s",
                                                         "push_url", "http://127.0.0.1/v3/",
                                                         "report_url", "http://127.0.0.1/r", NULL});
    hmos = fix_channel("jpush",
                       (const char *const[]){"app_key", "k", "master_secret", "s", "hmos_category",
                                             "WORK", "apns_production", "false", NULL});
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fix_channel_free(channel);
    fix_channel_free(hmos);
    return 0;
}

static struct aw_send push(void)
{
    return (struct aw_send){.attempt = 9,
                            .ref = REF,
                            .message = MSG,
                            .channel = channel,
                            .kind = AW_PUSH,
                            .alias = "li",
                            .title = "T",
                            .text = "B"};
}

static void expect_body(struct aw_send s, const char *want)
{
    struct aw_http_call c = {0};
    struct aw_err err = {""};
    int r = aw_jpush_ops.build(&env, &s, &c, &err);
    if (r != AW_OK)
        fail_msg("%s", err.text);
    assert_string_equal(aw_buf_str(&c.body), want);
    aw_http_call_free(&c);
}

static void a_request_has_url_and_authentication(void **state)
{
    struct aw_send s = push();
    struct aw_http_call c = {0};
    (void)state;
    assert_int_equal(aw_jpush_ops.build(&env, &s, &c, NULL), 0);
    assert_string_equal(c.method, "POST");
    assert_string_equal(aw_buf_str(&c.url), "http://127.0.0.1/v3/push");
    assert_string_equal(aw_buf_str(&c.userpwd), "k:s");
    assert_string_equal(aw_buf_str(&c.header[1]), "Content-Type: application/json");
    assert_false(c.repeatable); /* without a cid a repeat is a second push */
    aw_http_call_free(&c);
    s.cid = "cid-1";
    assert_int_equal(aw_jpush_ops.build(&env, &s, &c, NULL), 0);
    assert_true(c.repeatable);
    aw_http_call_free(&c);
}

static void a_push_is_built_from_title_and_text(void **state)
{
    static const char *ids[] = {"r1", "r2"};
    struct aw_send s = push();
    (void)state;
    expect_body(s,
                "{\"platform\":[\"android\",\"ios\"],\"audience\":{\"alias\":[\"li\"]},"
                "\"notification\":{\"android\":{\"alert\":\"B\",\"title\":\"T\"," EXTRAS "},"
                "\"ios\":{\"alert\":{\"title\":\"T\",\"body\":\"B\"},\"sound\":\"default\"," EXTRAS
                ",\"mutable-content\":true}},"
                "\"options\":{" SENDNO ",\"classification\":1,\"apns_production\":true}}");
    s.registration_ids = ids;
    s.n_registration_ids = 2;
    s.channel = hmos;
    s.message = 0;
    s.cid = "k-1";
    s.ttl = 300;
    s.override_id = "18446744073709551615";
    expect_body(s, "{\"cid\":\"k-1\",\"platform\":[\"android\",\"ios\",\"hmos\"],"
                   "\"audience\":{\"registration_id\":[\"r1\",\"r2\"]},"
                   "\"notification\":{\"android\":{\"alert\":\"B\",\"title\":\"T\","
                   "\"extras\":{\"aw_ref\":\"aw_0000000000001\"}},"
                   "\"ios\":{\"alert\":{\"title\":\"T\",\"body\":\"B\"},\"sound\":\"default\","
                   "\"extras\":{\"aw_ref\":\"aw_0000000000001\"},\"mutable-content\":true},"
                   "\"hmos\":{\"alert\":\"B\",\"title\":\"T\",\"category\":\"WORK\","
                   "\"extras\":{\"aw_ref\":\"aw_0000000000001\"}}},"
                   "\"options\":{" SENDNO ",\"classification\":1,\"apns_production\":false,"
                   "\"time_to_live\":300,\"override_msg_id\":18446744073709551615}}");
}

/* The application's own push goes as it is; only audience and cid are ours, and the extras. */
static void a_given_push_keeps_what_it_says(void **state)
{
    struct aw_send s = push();
    (void)state;
    s.push_json =
        "{\"platform\":\"all\",\"audience\":\"all\",\"cid\":\"theirs\","
        "\"notification\":{\"android\":{\"alert\":\"a\",\"extras\":{\"o\":9007199254740993}}"
        ",\"ios\":{\"alert\":\"i\",\"mutable-content\":false},\"quickapp\":{\"page\":\"p\"}},"
        "\"message\":{\"msg_content\":\"m\"},"
        "\"options\":{\"classification\":0,\"apns_production\":false,\"sendno\":7,"
        "\"time_to_live\":60,\"big_push_duration\":1}}";
    expect_body(s,
                "{\"platform\":\"all\",\"audience\":{\"alias\":[\"li\"]},"
                "\"notification\":{\"android\":{\"alert\":\"a\",\"extras\":{\"o\":9007199254740993,"
                "\"aw_msg\":\"msg_0000000000011\",\"aw_ref\":\"aw_0000000000001\"}},"
                "\"ios\":{\"alert\":\"i\",\"mutable-content\":false," EXTRAS "},"
                "\"quickapp\":{\"page\":\"p\"," EXTRAS "}},"
                "\"message\":{\"msg_content\":\"m\"," EXTRAS "},"
                "\"options\":{\"classification\":0,\"apns_production\":false,\"sendno\":7,"
                "\"time_to_live\":60,\"big_push_duration\":1}}");
    s.ttl = 999999; /* the step decides, up to what the provider takes */
    s.push_json = "{\"message\":{\"msg_content\":\"m\"},\"options\":{\"time_to_live\":60}}";
    expect_body(s, "{\"platform\":\"all\",\"audience\":{\"alias\":[\"li\"]},"
                   "\"message\":{\"msg_content\":\"m\"," EXTRAS "},"
                   "\"options\":{" SENDNO ",\"classification\":1,\"apns_production\":true,"
                   "\"time_to_live\":259200}}");
    s.ttl = 0;
    s.push_json = "{\"platform\":[\"ios\"],\"notification\":{\"alert\":\"x\"}}";
    expect_body(s, "{\"platform\":[\"ios\"],\"audience\":{\"alias\":[\"li\"]},"
                   "\"notification\":{\"alert\":\"x\",\"ios\":{\"alert\":\"x\"," EXTRAS
                   ",\"mutable-content\":true}},"
                   "\"options\":{" SENDNO ",\"classification\":1,\"apns_production\":true}}");
}

static void what_cannot_be_said_is_refused(void **state)
{
    static const char *const bad[] = {
        "[]",
        "{",
        "{\"notification\":1}",
        "{\"message\":[]}",
        "{\"options\":\"x\"}",
        "{\"notification\":{\"android\":\"x\"}}",
        "{\"notification\":{\"ios\":{\"extras\":[1]}}}",
        "{\"message\":{\"msg_content\":\"m\",\"extras\":1}}",
    };
    struct aw_http_call c = {0};
    struct aw_err err;
    struct aw_send s = push();
    (void)state;
    for (unsigned i = 0; i < AW_COUNT(bad); i++) {
        s.push_json = bad[i];
        err.text[0] = '\0';
        assert_int_equal(aw_jpush_ops.build(&env, &s, &c, &err), AW_EINVAL);
        assert_string_not_equal(err.text, "");
        aw_http_call_free(&c);
    }
    s = push();
    s.alias = NULL;
    assert_int_equal(aw_jpush_ops.build(&env, &s, &c, NULL), AW_EINVAL);
    aw_http_call_free(&c);
    s = push();
    s.override_id = "1e9";
    assert_int_equal(aw_jpush_ops.build(&env, &s, &c, NULL), AW_EINVAL);
    aw_http_call_free(&c);
}

static struct aw_http_reply answer(int status, const char *body)
{
    return (struct aw_http_reply){.end = AW_XFER_ANSWERED,
                                  .status = status,
                                  .type = "application/json",
                                  .body = body,
                                  .n_body = strlen(body),
                                  .rate_limit = 600,
                                  .rate_remaining = 1,
                                  .rate_reset = 42,
                                  .retry_after = -1};
}

#define ERROR(code) "{\"msg_id\":1309530630,\"error\":{\"message\":\"m\",\"code\":" #code "}}"
#define HTML        "<html><body>502 Bad Gateway</body></html>"

static void each_answer_has_its_class(void **state)
{
    static const struct {
        int status;
        const char *body;
        enum aw_outcome outcome;
        int code;
        const char *id, *detail;
    } cases[] = {
        {200, "{\"sendno\":\"18\",\"msg_id\":\"18103083292408631\"}", AW_OUT_ACCEPTED, 0,
         "18103083292408631", ""},
        {200, "{\"sendno\":\"0\",\"msg_id\":9007199254740993}", AW_OUT_ACCEPTED, 0,
         "9007199254740993", ""},
        {200, "{\"msg_id\":\"18446744073709551615\"}", AW_OUT_ACCEPTED, 0, "18446744073709551615",
         ""},
        {200, "{\"sendno\":\"0\"}", AW_OUT_UNKNOWN, 0, "", "HTTP 200 without a msg_id"},
        {200, "{\"msg_id\":1.5}", AW_OUT_UNKNOWN, 0, "", "HTTP 200 without a msg_id"},
        {200, "{\"msg_id\":\"-1\"}", AW_OUT_UNKNOWN, 0, "", "HTTP 200 without a msg_id"},
        {200, ERROR(1011), AW_OUT_NO_TARGET, 1011, "", "1011 m"},
        {200, HTML, AW_OUT_TRANSIENT, 0, "", "HTTP 200 without an answer of JPush"},
        {200, "", AW_OUT_TRANSIENT, 0, "", "HTTP 200 without an answer of JPush"},
        {201, "{\"msg_id\":\"5\"}", AW_OUT_TRANSIENT, 0, "", "HTTP 201 without an answer of JPush"},
        {302, "", AW_OUT_TRANSIENT, 0, "", "HTTP 302 without an answer of JPush"},
        {400, ERROR(1011), AW_OUT_NO_TARGET, 1011, "", "1011 m"},
        {400, ERROR(1002), AW_OUT_REFUSED, 1002, "", "1002 m"},
        {400, ERROR(1003), AW_OUT_REFUSED, 1003, "", "1003 m"},
        {400, ERROR(1005), AW_OUT_REFUSED, 1005, "", "1005 m"},
        {400, ERROR(1008), AW_OUT_AUTH, 1008, "", "1008 m"},
        {400, ERROR(1009), AW_OUT_REFUSED, 1009, "", "1009 m"},
        {400, ERROR(1012), AW_OUT_REFUSED, 1012, "", "1012 m"},
        {400, HTML, AW_OUT_TRANSIENT, 0, "", "HTTP 400 without an answer of JPush"},
        {401, ERROR(1004), AW_OUT_AUTH, 1004, "", "1004 m"},
        {401, HTML, AW_OUT_AUTH, 0, "", "HTTP 401 without an answer of JPush"},
        {403, ERROR(2003), AW_OUT_AUTH, 2003, "", "2003 m"},
        {403, ERROR(2004), AW_OUT_AUTH, 2004, "", "2004 m"},
        {403, ERROR(2005), AW_OUT_REFUSED, 2005, "", "2005 m"},
        {403, ERROR(2006), AW_OUT_AUTH, 2006, "", "2006 m"},
        {403, ERROR(2007), AW_OUT_AUTH, 2007, "", "2007 m"},
        {403, HTML, AW_OUT_TRANSIENT, 0, "", "HTTP 403 without an answer of JPush"},
        {404, ERROR(1020), AW_OUT_AUTH, 1020, "", "1020 m"},
        {404, HTML, AW_OUT_TRANSIENT, 0, "", "HTTP 404 without an answer of JPush"},
        {429, ERROR(2002), AW_OUT_THROTTLED, 2002, "", "2002 m"},
        {429, HTML, AW_OUT_THROTTLED, 0, "", "HTTP 429 without an answer of JPush"},
        {500, ERROR(1000), AW_OUT_TRANSIENT, 1000, "", "1000 m"},
        {503, ERROR(1030), AW_OUT_TRANSIENT, 1030, "", "1030 m"},
        {502, HTML, AW_OUT_TRANSIENT, 0, "", "HTTP 502 without an answer of JPush"},
        {500, ERROR(1003), AW_OUT_TRANSIENT, 1003, "", "1003 m"},
        {400, "{\"error\":{\"code\":\"x\",\"message\":\"alias li unknown\"}}", AW_OUT_REFUSED, 0,
         "", "0 alias *** unknown"},
    };
    struct aw_send s = push();
    struct aw_result r;
    (void)state;
    for (unsigned i = 0; i < AW_COUNT(cases); i++) {
        struct aw_http_reply a = answer(cases[i].status, cases[i].body);
        aw_jpush_ops.read(&s, &a, &r);
        if (r.outcome != cases[i].outcome)
            fail_msg("case %u: %d %s became %s", i, cases[i].status, cases[i].body,
                     aw_outcome_name(r.outcome));
        assert_int_equal(r.attempt, 9);
        assert_int_equal(r.http_status, cases[i].status);
        assert_int_equal(r.code, cases[i].code);
        assert_string_equal(r.provider_id, cases[i].id);
        assert_string_equal(r.detail, cases[i].detail);
        assert_int_equal(r.level, r.outcome == AW_OUT_ACCEPTED ? AW_ACCEPTED : AW_LEVEL_NONE);
        assert_int_equal(r.wait, r.outcome == AW_OUT_THROTTLED ? 42000 : 0);
    }
}

static void no_answer_is_transient_or_unknown(void **state)
{
    struct aw_send s = push();
    struct aw_result r;
    struct aw_http_reply a = {.end = AW_XFER_NOT_SENT, .body = "", .error = "refused"};
    (void)state;
    aw_jpush_ops.read(&s, &a, &r);
    assert_int_equal(r.outcome, AW_OUT_TRANSIENT);
    assert_string_equal(r.detail, "refused");
    a.end = AW_XFER_AMBIGUOUS;
    aw_jpush_ops.read(&s, &a, &r);
    assert_int_equal(r.outcome, AW_OUT_UNKNOWN);
}

static void only_a_refused_override_is_sent_again(void **state)
{
    struct aw_send s = push();
    struct aw_result r = {.outcome = AW_OUT_REFUSED, .code = 1003};
    (void)state;
    assert_false(aw_jpush_ops.again(&s, &r));
    s.override_id = "5";
    r.code = 1011;
    assert_false(aw_jpush_ops.again(&s, &r));
    r.code = 1003;
    assert_true(aw_jpush_ops.again(&s, &r));
    assert_null(s.override_id);
    assert_false(aw_jpush_ops.again(&s, &r));
}

static struct aw_query query(void)
{
    return (struct aw_query){.channel = channel,
                             .now = 1795312800000,
                             .n = 3,
                             .items = {{.attempt = 1, .provider_id = "18103083292408631"},
                                       {.attempt = 2, .provider_id = "not-a-number"},
                                       {.attempt = 3, .provider_id = "7"}}};
}

static void a_question_names_the_messages(void **state)
{
    struct aw_query q = query();
    struct aw_http_call c = {0};
    (void)state;
    assert_int_equal(aw_jpush_ops.build_query(&q, &c, NULL), 0);
    assert_string_equal(aw_buf_str(&c.url),
                        "http://127.0.0.1/r/received/detail?msg_ids=18103083292408631,7");
    assert_true(c.repeatable);
    aw_http_call_free(&c);
    q.items[0].provider_id[0] = q.items[2].provider_id[0] = '\0';
    assert_int_equal(aw_jpush_ops.build_query(&q, &c, NULL), AW_EINVAL);
    aw_http_call_free(&c);
}

static void a_push_is_taken_back(void **state)
{
    struct aw_query q = query();
    struct aw_http_reply a = answer(200, "");
    struct aw_http_call c = {0};
    struct aw_report r;
    struct aw_news news = {0};
    (void)state;
    q.what = AW_ASK_REVOKE;
    assert_int_equal(aw_jpush_ops.build_query(&q, &c, NULL), 0);
    assert_string_equal(c.method, "DELETE");
    assert_string_equal(aw_buf_str(&c.url), "http://127.0.0.1/v3/push/18103083292408631");
    aw_http_call_free(&c);
    aw_jpush_ops.read_query(&q, &a, &r, &news);
    assert_true(r.answered);
    assert_int_equal(r.n, 0);
    assert_int_equal(r.rate_remaining, -1);
    memcpy(q.items[0].provider_id, "../x", 5);
    assert_int_equal(aw_jpush_ops.build_query(&q, &c, NULL), AW_EINVAL);
    aw_http_call_free(&c);
}

static void counters_prove_rungs(void **state)
{
    static const struct {
        int status;
        const char *body;
        bool answered;
        enum aw_level first, third;
    } cases[] = {
        {200, "[]", true, AW_LEVEL_NONE, AW_LEVEL_NONE},
        {200, "[{\"msg_id\":\"7\"}]", true, AW_LEVEL_NONE, AW_LEVEL_NONE},
        {200, "[{\"msg_id\":\"7\",\"jpush_received\":null,\"android_pns_sent\":0}]", true,
         AW_LEVEL_NONE, AW_LEVEL_NONE},
        {200, "[{\"msg_id\":7,\"jpush_received\":1}]", true, AW_LEVEL_NONE, AW_DELIVERED},
        {200, "[{\"msg_id\":\"7\",\"android_pns_sent\":1,\"android_pns_received\":null}]", true,
         AW_LEVEL_NONE, AW_SENT},
        {200,
         "[{\"msg_id\":\"18103083292408631\",\"ios_apns_sent\":1,\"ios_apns_received\":2},"
         "{\"msg_id\":\"7\",\"hmos_hmpns_sent\":1}]",
         true, AW_DELIVERED, AW_SENT},
        {200, "[{\"msg_id\":\"18103083292408630\",\"jpush_received\":1}]", true, AW_LEVEL_NONE,
         AW_LEVEL_NONE},
        {200, "[{\"msg_id\":\"7\",\"jpush_received\":1},{\"msg_id\":\"7\"}]", true, AW_LEVEL_NONE,
         AW_DELIVERED},
        {200, "[{\"msg_id\":\"7\",\"live_acivity_received\":1}, 5, null]", true, AW_LEVEL_NONE,
         AW_DELIVERED},
        {200, "[{\"msg_id\":\"7\",\"jpush_received\":-1}]", true, AW_LEVEL_NONE, AW_LEVEL_NONE},
        {200, "{\"msg_id\":\"7\",\"jpush_received\":1}", false, AW_LEVEL_NONE, AW_LEVEL_NONE},
        {200, HTML, false, AW_LEVEL_NONE, AW_LEVEL_NONE},
        {400, "{\"error\":{\"code\":3002,\"message\":\"Msgid does not exist.\"}}", true,
         AW_LEVEL_NONE, AW_LEVEL_NONE},
        {400, "{\"error\":{\"code\":3002,\"message\":\"Invalid parameter `msg_ids`.\"}}", false,
         AW_LEVEL_NONE, AW_LEVEL_NONE},
        {401, "{\"error\":{\"code\":3001}}", false, AW_LEVEL_NONE, AW_LEVEL_NONE},
        {429, "{\"error\":{\"code\":2002}}", false, AW_LEVEL_NONE, AW_LEVEL_NONE},
    };
    struct aw_query q = query();
    struct aw_report r;
    struct aw_news news = {0};
    (void)state;
    for (unsigned i = 0; i < AW_COUNT(cases); i++) {
        struct aw_http_reply a = answer(cases[i].status, cases[i].body);
        aw_jpush_ops.read_query(&q, &a, &r, &news);
        if (r.answered != cases[i].answered || r.items[0].level != cases[i].first ||
            r.items[2].level != cases[i].third)
            fail_msg("case %u: %s", i, cases[i].body);
        assert_int_equal(r.n, 3);
        assert_int_equal(r.items[2].attempt, 3);
        assert_int_equal(r.items[1].level, AW_LEVEL_NONE);
        assert_int_equal(r.rate_remaining, 1);
        assert_int_equal(r.rate_reset, 42);
    }
}

static void tokens_are_fetched(void **state)
{
    char *cids[2] = {NULL, NULL};
    struct aw_http_call c = {0};
    struct aw_http_reply a = answer(200, "{\"cidlist\":[\"k-1\",5,\"\",\"k-2\",\"k-3\"]}");
    (void)state;
    assert_int_equal(aw_jpush_ops.build_cids(channel, 10, &c, NULL), 0);
    assert_string_equal(aw_buf_str(&c.url), "http://127.0.0.1/v3/push/cid?count=10&type=push");
    assert_string_equal(c.method, "GET");
    aw_http_call_free(&c);
    assert_int_equal(aw_jpush_ops.read_cids(&a, cids, 2), 2);
    assert_string_equal(cids[0], "k-1");
    assert_string_equal(cids[1], "k-2");
    aw_free(cids[0]);
    aw_free(cids[1]);
    a = answer(401, "{\"cidlist\":[\"k-1\"]}");
    assert_int_equal(aw_jpush_ops.read_cids(&a, cids, 2), 0);
    a = answer(200, HTML);
    assert_int_equal(aw_jpush_ops.read_cids(&a, cids, 2), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_has_url_and_authentication),
        cmocka_unit_test(a_push_is_built_from_title_and_text),
        cmocka_unit_test(a_given_push_keeps_what_it_says),
        cmocka_unit_test(what_cannot_be_said_is_refused),
        cmocka_unit_test(each_answer_has_its_class),
        cmocka_unit_test(no_answer_is_transient_or_unknown),
        cmocka_unit_test(only_a_refused_override_is_sent_again),
        cmocka_unit_test(a_question_names_the_messages),
        cmocka_unit_test(a_push_is_taken_back),
        cmocka_unit_test(counters_prove_rungs),
        cmocka_unit_test(tokens_are_fetched),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
