/* SPDX-License-Identifier: Apache-2.0
 *
 * ackwatch-sim as a program on a stepped clock: what a push, a report, a receipt look like hours
 * later takes no time to test. Each test starts its own simulator.
 */
#include "../lib/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "codec/json.h"
#include "sim_rig.h"

static void test_report_grows_from_nothing(void **state)
{
    struct sim_rig r;
    sim_start(&r);
    char *id = sim_push(&r, "li", "");
    assert_int_equal(strlen(id), 17);
    assert_int_equal(sim_counter(&r, id, "jpush_received"), -2);
    assert_int_equal(sim_counter(&r, id, "ios_apns_sent"), -2);
    assert_int_equal(sim_device(&r, id, "1a0aaaaaaaaaaaaaaa1", ""), -3002);
    assert_int_equal(sim_settle(&r).next, SIM_START + 1000);
    sim_pass(&r, 999);
    assert_int_equal(sim_recorded(&r, "delivered", "li"), 0);
    sim_pass(&r, 1);
    assert_int_equal(sim_recorded(&r, "delivered", "li"), 1);
    assert_int_equal(sim_counter(&r, id, "jpush_received"), -2); /* the report lags behind */
    sim_pass(&r, 2000);
    assert_int_equal(sim_counter(&r, id, "jpush_received"), 1);
    assert_int_equal(sim_counter(&r, id, "ios_apns_received"), -1);
    assert_int_equal(sim_counter(&r, id, "android_pns_sent"), -1);
    assert_int_equal(sim_counter(&r, id, "live_acivity_sent"), -1);
    assert_int_equal(sim_device(&r, id, "1a0aaaaaaaaaaaaaaa1", ""), 0);
    assert_int_equal(sim_device(&r, id, "1a0aaaaaaaaaaaaaaa2", ""), 3);
    assert_int_equal(sim_device(&r, id, "1a0bbbbbbbbbbbbbbb9", ""), 2);
    aw_free(id);
    sim_stop(&r);
}

static void test_legacy_report_and_unknown_ids(void **state)
{
    struct sim_rig r;
    sim_start(&r);
    char *id = sim_push(&r, "li", ""), path[256];
    sim_pass(&r, 5000);
    snprintf(path, sizeof(path), "/v3/received?msg_ids=12345678901234567,%s", id);
    json_t *report = sim_call(&r, "GET", path, NULL);
    assert_string_equal(aw_json_str(sim_row(report), "msg_id"), id);
    assert_int_equal(json_integer_value(json_object_get(sim_row(report), "android_received")), 1);
    assert_true(json_is_null(json_object_get(sim_row(report), "ios_apns_sent")));
    assert_int_equal(json_object_size(sim_row(report)), 6);
    json_decref(report);
    sim_refused(&r, "GET", "/v3/received", NULL, 3002);
    sim_refused(&r, "GET", "/v3/received/detail?msg_ids=1,x", NULL, 3002);
    aw_free(id);
    sim_stop(&r);
}

static void test_a_device_comes_online(void **state)
{
    struct sim_rig r;
    sim_start(&r);
    char *id = sim_push(&r, "wang", "");
    char *brief = sim_push(&r, "wang", ",\"options\":{\"time_to_live\":60}");
    char *now_only = sim_push(&r, "wang", ",\"options\":{\"time_to_live\":0}");
    sim_pass(&r, AW_MINUTE);
    assert_int_equal(sim_counter(&r, id, "jpush_received"), 0);
    assert_int_equal(sim_device(&r, id, "1a0aaaaaaaaaaaaaaa2", ""), 1);
    sim_pass(&r, 2 * AW_MINUTE + 1000);
    assert_int_equal(sim_counter(&r, id, "jpush_received"), 1);
    assert_int_equal(sim_counter(&r, brief, "jpush_received"), 0); /* its life was over */
    assert_int_equal(sim_counter(&r, now_only, "jpush_received"), 0);
    assert_int_equal(sim_recorded(&r, "delivered", "wang"), 1);
    aw_free(id);
    aw_free(brief);
    aw_free(now_only);
    sim_stop(&r);
}

static void test_new_people_change_who_is_online(void **state)
{
    struct sim_rig r;
    sim_start(&r);
    char *id = sim_push(&r, "chen", "");
    sim_pass(&r, AW_HOUR);
    assert_int_equal(sim_counter(&r, id, "jpush_received"), 0);
    json_t *answer = sim_call(&r, "POST", "/sim/people",
                              "[{\"user\":\"chen\",\"alias\":\"chen\",\"delay\":\"1s\","
                              "\"registration_ids\":[\"1a0aaaaaaaaaaaaaaa4\"]}]");
    assert_int_equal(r.status, 200);
    json_decref(answer);
    sim_pass(&r, 1000);
    assert_int_equal(sim_counter(&r, id, "jpush_received"), 1);
    answer = sim_call(&r, "POST", "/sim/people", "[{\"user\":1}]");
    assert_int_equal(r.status, 400);
    json_decref(answer);
    aw_free(id);
    sim_stop(&r);
}

static void test_ios_can_be_counted_only_if_asked(void **state)
{
    static const char body[] =
        "{\"platform\":[\"ios\"],\"audience\":{\"alias\":[\"zhao\"]},\"notification\":{\"ios\":"
        "{\"alert\":\"x\",\"mutable-content\":true}},\"message\":{\"msg_content\":\"y\"}}";
    struct sim_rig r;
    sim_start(&r);
    char *plain = sim_push(&r, "zhao", "");
    json_t *answer = sim_call(&r, "POST", "/v3/push", body);
    const char *id = aw_json_str(answer, "msg_id");
    sim_pass(&r, 5000);
    assert_int_equal(sim_counter(&r, plain, "ios_apns_sent"), 1);
    assert_int_equal(sim_counter(&r, plain, "ios_apns_received"), -1);
    assert_int_equal(sim_counter(&r, plain, "jpush_received"), -1);
    assert_int_equal(sim_counter(&r, id, "ios_apns_received"), 1);
    assert_int_equal(sim_counter(&r, id, "ios_msg_received"), 1);
    json_decref(answer);
    sim_refused(&r, "POST", "/v3/push",
                "{\"platform\":[\"android\"],\"audience\":{\"alias\":[\"zhao\"]},"
                "\"notification\":{\"alert\":\"x\"}}",
                1011);
    aw_free(plain);
    sim_stop(&r);
}

static void test_override_and_revocation(void **state)
{
    struct sim_rig r;
    char more[96];
    sim_start(&r);
    char *first = sim_push(&r, "wang", "");
    snprintf(more, sizeof(more), ",\"options\":{\"override_msg_id\":%s}", first);
    char *second = sim_push(&r, "wang", more);
    char *third = sim_push(&r, "wang", "");
    char path[64];
    snprintf(path, sizeof(path), "/v3/push/%s", third);
    assert_null(sim_call(&r, "DELETE", path, NULL));
    assert_int_equal(r.status, 200);
    sim_pass(&r, 4 * AW_MINUTE);
    assert_int_equal(sim_counter(&r, first, "jpush_received"), 0);
    assert_int_equal(sim_counter(&r, second, "jpush_received"), 1);
    assert_int_equal(sim_counter(&r, third, "jpush_received"), 0);
    sim_pass(&r, AW_DAY);
    char body[256];
    snprintf(body, sizeof(body),
             "{\"platform\":\"all\",\"audience\":{\"alias\":[\"li\"]},\"notification\":{\"alert\":"
             "\"x\"}%s}",
             more);
    sim_refused(&r, "POST", "/v3/push", body, 1003); /* older than a day */
    sim_pass(&r, 28 * AW_DAY);
    sim_refused(&r, "DELETE", path, NULL, 1003); /* forgotten */
    aw_free(first);
    aw_free(second);
    aw_free(third);
    sim_stop(&r);
}

static void test_five_messages_wait_for_a_device(void **state)
{
    struct sim_rig r;
    char *ids[6];
    sim_start(&r);
    for (int i = 0; i < 6; i++)
        ids[i] = sim_push(&r, "wang", "");
    sim_pass(&r, 4 * AW_MINUTE);
    assert_int_equal(sim_recorded(&r, "delivered", "wang"), 5);
    assert_int_equal(sim_counter(&r, ids[0], "jpush_received"), 0);
    assert_int_equal(sim_counter(&r, ids[1], "jpush_received"), 1);
    for (int i = 0; i < 6; i++)
        aw_free(ids[i]);
    sim_stop(&r);
}

static void test_status_looks_at_one_day(void **state)
{
    struct sim_rig r;
    sim_start(&r);
    char *id = sim_push(&r, "li", "");
    sim_pass(&r, 5000);
    assert_int_equal(sim_device(&r, id, "1a0aaaaaaaaaaaaaaa1", ",\"date\":\"2026-11-22\""), 0);
    assert_int_equal(sim_device(&r, id, "1a0aaaaaaaaaaaaaaa1", ",\"date\":\"2026-11-23\""), -3002);
    assert_int_equal(sim_device(&r, id, "1a0aaaaaaaaaaaaaaa1", ",\"date\":\"yesterday\""), -3002);
    assert_int_equal(sim_device(&r, "\"1\"", "1a0aaaaaaaaaaaaaaa1", ""), -3002);
    sim_pass(&r, 14 * AW_HOUR); /* midnight in China: the default day is another one */
    assert_int_equal(sim_device(&r, id, "1a0aaaaaaaaaaaaaaa1", ""), -3002);
    aw_free(id);
    sim_stop(&r);
}

static void test_cid_replays_and_expires(void **state)
{
    struct sim_rig r;
    char more[128];
    sim_start(&r);
    json_t *pool = sim_call(&r, "GET", "/v3/push/cid?count=50&type=push", NULL);
    const json_t *list = json_object_get(pool, "cidlist");
    assert_int_equal(json_array_size(list), 10);
    snprintf(more, sizeof(more), ",\"cid\":\"%s\",\"options\":{\"sendno\":5}",
             json_string_value(json_array_get(list, 0)));
    char *first = sim_push(&r, "li", more), *again = sim_push(&r, "li", more);
    assert_string_equal(first, again);
    assert_non_null(strstr(aw_buf_str(&r.body), "\"sendno\":\"5\""));
    sim_pass(&r, 2000);
    assert_int_equal(sim_recorded(&r, "delivered", "li"), 1);
    assert_int_equal(sim_recorded(&r, "push", "li"), 2);

    char body[320];
    snprintf(body, sizeof(body),
             "{\"platform\":\"all\",\"audience\":{\"alias\":[\"li\"]},\"notification\":{\"alert\":"
             "\"x\"},"
             "\"cid\":\"%s\"}",
             json_string_value(json_array_get(list, 1)));
    sim_pass(&r, AW_DAY + 1);
    sim_refused(&r, "POST", "/v3/push", body, 1003);
    json_decref(pool);
    aw_free(first);
    aw_free(again);
    sim_stop(&r);
}

static void test_quota_is_per_minute_and_family(void **state)
{
    struct sim_rig r;
    sim_start(&r);
    for (int i = 0; i < 600; i++)
        json_decref(sim_call(&r, "GET", "/v3/push/cid", NULL));
    assert_int_equal(r.status, 200);
    sim_pass(&r, 59 * AW_SECOND);
    sim_refused(&r, "GET", "/v3/push/cid", NULL, 2002);
    assert_int_equal(r.status, 429);
    json_decref(sim_call(&r, "GET", "/v3/received?msg_ids=1", NULL));
    assert_int_equal(r.status, 200);
    sim_pass(&r, AW_SECOND);
    json_decref(sim_call(&r, "GET", "/v3/push/cid", NULL));
    assert_int_equal(r.status, 200);
    sim_stop(&r);
}

static void test_ten_broadcasts_a_day(void **state)
{
    static const char body[] =
        "{\"platform\":\"all\",\"audience\":\"all\",\"notification\":{\"alert\":\"x\"}}";
    struct sim_rig r;
    sim_start(&r);
    for (int i = 0; i < 10; i++)
        json_decref(sim_call(&r, "POST", "/v3/push", body));
    assert_int_equal(r.status, 200);
    sim_refused(&r, "POST", "/v3/push", body, 2008);
    sim_pass(&r, AW_DAY);
    json_decref(sim_call(&r, "POST", "/v3/push", body));
    assert_int_equal(r.status, 200);
    sim_stop(&r);
}

static void test_receipts_come_at_their_time(void **state)
{
    struct sim_rig r;
    sim_start(&r);
    sim_sms(&r, "9990000001", "a", 0);
    sim_sms(&r, "9990000004", "b", 0);
    sim_sms(&r, "9990000005", "c", 0);
    sim_sms(&r, "9990000002", "d", 1001);
    assert_int_equal(sim_settle(&r).next, SIM_START + 3000);
    sim_pass(&r, 3000);
    assert_int_equal(sim_recorded(&r, "receipt", NULL), 1);
    json_t *page = sim_call(&r, "GET", "/sim/record", NULL);
    assert_non_null(strstr(aw_buf_str(&r.body), "\"body\":\"ref=a&id=sms-1&status=DELIVRD\""));
    json_decref(page);
    sim_pass(&r, 26999);
    assert_int_equal(sim_recorded(&r, "receipt", NULL), 1);
    sim_pass(&r, 1);
    assert_int_equal(sim_recorded(&r, "receipt", NULL), 2);
    sim_pass(&r, AW_DAY);
    assert_int_equal(sim_recorded(&r, "receipt", NULL), 2);
    sim_stop(&r);
}

static void test_limited_number_opens_after_a_minute(void **state)
{
    struct sim_rig r;
    sim_start(&r);
    sim_sms(&r, "9990000003", "a", 2002);
    assert_int_equal(r.status, 429);
    sim_pass(&r, 59999);
    sim_sms(&r, "9990000003", "a", 2002);
    sim_pass(&r, 1);
    sim_sms(&r, "9990000003", "a", 0);
    sim_stop(&r);
}

static void test_receipt_is_repeated_until_taken(void **state)
{
    struct sim_rig r;
    sim_start(&r);
    snprintf(r.hook, sizeof(r.hook), "%s/hook/fail500", r.base);
    sim_sms(&r, "9990000001", "a", 0);
    sim_pass(&r, 3000 + 39999);
    assert_int_equal(sim_recorded(&r, "webhook", NULL), 4);
    sim_pass(&r, AW_HOUR);
    assert_int_equal(sim_recorded(&r, "webhook", NULL), 5);
    sim_stop(&r);
}

static void test_replies_follow_the_receipt(void **state)
{
    struct sim_rig r;
    sim_start(&r);
    char body[256];
    snprintf(body, sizeof(body), "to=%%2B9990000009&text=hello&ref=a&mo=%s", r.hook);
    json_decref(sim_call(&r, "POST", "/sms/send", body));
    sim_pass(&r, 7999);
    assert_int_equal(sim_recorded(&r, "receipt", NULL), 1); /* nobody asked for it: only recorded */
    assert_int_equal(sim_recorded(&r, "webhook", NULL), 0);
    sim_pass(&r, 1);
    json_decref(sim_call(&r, "GET", "/sim/record", NULL));
    assert_non_null(strstr(aw_buf_str(&r.body), "&from=%2B9990000009&text=STOP"));
    sim_stop(&r);
}

/* Path, body, the code of the answer. */
static void robot(struct sim_rig *r, const char *path, const char *body, const char *code, int want)
{
    json_t *answer = sim_call(r, "POST", path, body);
    if (r->status != 200 || json_integer_value(json_object_get(answer, code)) != want)
        fail_msg("%s %s: %s", path, body, aw_buf_str(&r->body));
    assert_true(json_is_integer(json_object_get(answer, code)));
    json_decref(answer);
}

static void test_robots_answer_in_their_words(void **state)
{
    static const char text[] = "{\"msgtype\":\"text\",\"text\":{\"content\":\"x\"}}";
    static const char feishu[] = "{\"msg_type\":\"text\",\"content\":{\"text\":\"x\"}}";
    char *longer = aw_calloc(1, 2200);
    struct sim_rig r;
    sim_start(&r);
    robot(&r, "/robot/wecom/k1", text, "errcode", 0);
    robot(&r, "/robot/wecom/limited", text, "errcode", 45009);
    robot(&r, "/robot/wecom/unknown", text, "errcode", 93000);
    robot(&r, "/robot/wecom/k1", feishu, "errcode", 40058);
    robot(&r, "/robot/wecom/k1", "{", "errcode", 40058);
    robot(&r, "/robot/dingtalk/k1?timestamp=1&sign=x", text, "errcode", 0);
    robot(&r, "/robot/dingtalk/limited", text, "errcode", 130101);
    robot(&r, "/robot/feishu/k1", feishu, "code", 0);
    robot(&r, "/robot/feishu/k1", text, "code", 9499);
    snprintf(longer, 2200, "{\"msgtype\":\"text\",\"text\":{\"content\":\"%02049d\"}}", 0);
    robot(&r, "/robot/wecom/k1", longer, "errcode", 40058);
    robot(&r, "/robot/dingtalk/k1", longer, "errcode", 0);
    assert_int_equal(sim_recorded(&r, "im", NULL), 4);
    assert_int_equal(sim_recorded(&r, "refused", NULL), 7);
    aw_free(longer);
    sim_stop(&r);
}

/* One story, told to two simulators with one seed, leaves one record. */
static char *tell(void)
{
    struct sim_rig r;
    sim_start(&r);
    aw_free(sim_push(&r, "wang", ""));
    aw_free(sim_push(&r, "zhao", ""));
    sim_sms(&r, "8613800000001", "a", 0);
    sim_sms(&r, "8613800000002", "b", 0);
    sim_pass(&r, 10 * AW_MINUTE);
    json_t *page = sim_call(&r, "GET", "/sim/record", NULL);
    char *text = json_dumps(page, JSON_COMPACT);
    json_decref(page);
    sim_stop(&r);
    return text;
}

static void test_a_run_repeats_exactly(void **state)
{
    char *one = tell(), *two = tell();
    assert_string_equal(one, two);
    assert_non_null(strstr(one, "\"what\":\"delivered\""));
    assert_non_null(strstr(one, "\"what\":\"receipt\""));
    free(one);
    free(two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_report_grows_from_nothing),
        cmocka_unit_test(test_legacy_report_and_unknown_ids),
        cmocka_unit_test(test_a_device_comes_online),
        cmocka_unit_test(test_new_people_change_who_is_online),
        cmocka_unit_test(test_ios_can_be_counted_only_if_asked),
        cmocka_unit_test(test_override_and_revocation),
        cmocka_unit_test(test_five_messages_wait_for_a_device),
        cmocka_unit_test(test_status_looks_at_one_day),
        cmocka_unit_test(test_cid_replays_and_expires),
        cmocka_unit_test(test_quota_is_per_minute_and_family),
        cmocka_unit_test(test_ten_broadcasts_a_day),
        cmocka_unit_test(test_receipts_come_at_their_time),
        cmocka_unit_test(test_limited_number_opens_after_a_minute),
        cmocka_unit_test(test_receipt_is_repeated_until_taken),
        cmocka_unit_test(test_replies_follow_the_receipt),
        cmocka_unit_test(test_robots_answer_in_their_words),
        cmocka_unit_test(test_a_run_repeats_exactly),
    };
    curl_global_init(CURL_GLOBAL_DEFAULT);
    int failed = cmocka_run_group_tests_name("sim_steps", tests, NULL, NULL);
    curl_global_cleanup();
    return failed;
}
