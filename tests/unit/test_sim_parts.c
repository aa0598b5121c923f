/* SPDX-License-Identifier: Apache-2.0
 *
 * The parts of the simulator that need no socket: record, schedule, people, SMS kinds, faults,
 * the check of a push, the reading of a mail.
 */
#include "../lib/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sim/fault.h"
#include "sim/jpush_check.h"
#include "sim/mail.h"
#include "sim/people.h"
#include "sim/record.h"
#include "sim/sched.h"
#include "sim/sms_kinds.h"

/* --- record ------------------------------------------------------------------------------- */

static void test_record_numbers_and_pages(void **state)
{
    struct aw_sim_record *r = aw_sim_record_new(10);
    struct aw_buf out = AW_BUF_INIT(4096);
    aw_sim_record_add(r, 1000, "push", "li", json_pack("{s:s}", "msg_id", "1"));
    aw_sim_record_add(r, 1001, "cid", NULL, json_pack("{s:i}", "count", 3));
    aw_sim_record_page(r, 1, 1, &out);
    assert_string_equal(aw_buf_str(&out),
                        "{\"data\":[{\"n\":1,\"at\":\"1970-01-01T00:00:01.000Z\",\"what\":\"push\","
                        "\"user\":\"li\",\"msg_id\":\"1\"}],\"next\":2,\"dropped\":0}");
    aw_buf_reset(&out);
    aw_sim_record_page(r, 2, 100, &out);
    assert_string_equal(aw_buf_str(&out),
                        "{\"data\":[{\"n\":2,\"at\":\"1970-01-01T00:00:01.001Z\",\"what\":\"cid\","
                        "\"count\":3}],\"next\":3,\"dropped\":0}");
    aw_buf_reset(&out);
    aw_sim_record_page(r, 3, 100, &out);
    assert_string_equal(aw_buf_str(&out), "{\"data\":[],\"next\":3,\"dropped\":0}");
    aw_buf_free(&out);
    aw_sim_record_free(r);
}

static void test_record_drops_the_oldest_and_says_so(void **state)
{
    struct aw_sim_record *r = aw_sim_record_new(3);
    struct aw_buf out = AW_BUF_INIT(4096);
    for (int i = 0; i < 5; i++)
        aw_sim_record_add(r, 0, "x", NULL, json_object());
    aw_sim_record_page(r, 1, 100, &out);
    assert_null(strstr(aw_buf_str(&out), "\"n\":2,"));
    assert_non_null(strstr(aw_buf_str(&out), "[{\"n\":3,"));
    assert_non_null(strstr(aw_buf_str(&out), "\"next\":6,\"dropped\":2}"));
    aw_buf_free(&out);
    aw_sim_record_free(r);
}

static void test_text_of_strangers_becomes_utf8(void **state)
{
    json_t *t = aw_sim_text("a\xff\xc3\xa9", 4);
    assert_string_equal(json_string_value(t), "a?\xc3\xa9");
    json_decref(t);
    char big[20000];
    memset(big, 'x', sizeof(big));
    t = aw_sim_text(big, sizeof(big));
    assert_in_range(json_string_length(t), 8000, 8192);
    json_decref(t);
}

/* --- schedule ----------------------------------------------------------------------------- */

static void append(void *ctx, void *arg)
{
    aw_buf_puts(ctx, arg);
    aw_free(arg);
}

static void test_schedule_fires_by_time_then_by_arrival(void **state)
{
    struct aw_buf order = AW_BUF_INIT(4096);
    struct aw_sim_sched *s = aw_sim_sched_new(&order);
    assert_int_equal(aw_sim_sched_next(s), 0);
    const struct {
        aw_time at;
        const char *name;
    } events[] = {{50, "e"}, {20, "b"}, {20, "c"}, {10, "a"}, {30, "d"}, {90, "z"}};
    for (unsigned i = 0; i < AW_COUNT(events); i++)
        assert_true(aw_sim_sched_add(s, events[i].at, append, aw_strdup(events[i].name)));
    assert_int_equal(aw_sim_sched_next(s), 10);
    assert_int_equal(aw_sim_sched_run(s, 9), 0);
    assert_int_equal(aw_sim_sched_run(s, 20), 3);
    assert_string_equal(aw_buf_str(&order), "abc");
    assert_int_equal(aw_sim_sched_run(s, 50), 2);
    assert_string_equal(aw_buf_str(&order), "abcde");
    assert_int_equal(aw_sim_sched_next(s), 90);
    aw_sim_sched_free(s); /* frees what never fired */
    aw_buf_free(&order);
}

static void remember(void *ctx, void *arg)
{
    aw_time **last = ctx;
    aw_time *at = arg;
    assert_true(**last <= *at);
    **last = *at;
    aw_free(at);
}

static void test_schedule_keeps_order_when_large(void **state)
{
    aw_time last = 0, *p = &last;
    struct aw_sim_sched *s = aw_sim_sched_new(&p);
    uint32_t x = 7;
    for (int i = 0; i < 5000; i++) {
        x = x * 1664525 + 1013904223;
        aw_time *at = aw_malloc(sizeof(*at));
        *at = x % 1000 + 1;
        aw_sim_sched_add(s, *at, remember, at);
    }
    assert_int_equal(aw_sim_sched_run(s, 1000), 5000);
    aw_sim_sched_free(s);
}

/* --- people ------------------------------------------------------------------------------- */

static void test_people_are_found_by_each_address(void **state)
{
    static const char json[] =
        "[{\"user\":\"li\",\"alias\":\"Li\",\"registration_ids\":[\"r1\",\"r2\"],\"phone\":\"+1\","
        "\"email\":\"li@x\",\"platform\":\"ios\",\"push\":{\"online_at\":\"3m\"},\"delay\":\"1s\","
        "\"sms\":\"none\"},{\"user\":\"wang\",\"alias\":\"wang\",\"push\":\"none\"}]";
    struct aw_sim_people *p;
    struct aw_err err;
    assert_int_equal(aw_sim_people_parse(json, strlen(json), &p, &err), 0);
    const struct aw_sim_person *li = aw_sim_people_find(p, AW_SIM_ALIAS, "Li");
    assert_string_equal(li->user, "li");
    assert_int_equal(li->platform, AW_SIM_IOS);
    assert_int_equal(li->push, AW_SIM_ONLINE_LATER);
    assert_int_equal(li->online_after, 3 * AW_MINUTE);
    assert_int_equal(li->delay, AW_SECOND);
    assert_ptr_equal(aw_sim_people_find(p, AW_SIM_RID, "r2"), li);
    assert_ptr_equal(aw_sim_people_find(p, AW_SIM_PHONE, "+1"), li);
    assert_ptr_equal(aw_sim_people_find(p, AW_SIM_EMAIL, "li@x"), li);
    assert_null(aw_sim_people_find(p, AW_SIM_ALIAS, "li"));
    const struct aw_sim_person *wang = aw_sim_people_find(p, AW_SIM_ALIAS, "wang");
    assert_int_equal(wang->push, AW_SIM_NO_DEVICE);
    assert_int_equal(wang->n_rids, 1); /* a device of his own, if he had one */
    assert_int_equal(aw_sim_people_find(p, AW_SIM_RID, "sim-offline")->push, AW_SIM_OFFLINE);
    aw_sim_people_free(p);
}

static void test_a_phone_changes_while_it_runs(void **state)
{
    static const char json[] = "[{\"user\":\"li\",\"alias\":\"li\"}]";
    struct aw_sim_people *p;
    struct aw_err err;
    assert_int_equal(aw_sim_people_parse(json, strlen(json), &p, &err), 0);
    json_t *off = json_string("offline"), *wrong = json_string("asleep");
    assert_int_equal(aw_sim_people_set_push(p, "li", off, &err), 0);
    assert_int_equal(aw_sim_people_find(p, AW_SIM_ALIAS, "li")->push, AW_SIM_OFFLINE);
    assert_int_equal(aw_sim_people_set_push(p, "li", wrong, &err), AW_EINVAL);
    assert_int_equal(aw_sim_people_find(p, AW_SIM_ALIAS, "li")->push, AW_SIM_OFFLINE);
    assert_int_equal(aw_sim_people_set_push(p, "sim-online", off, &err), AW_ENOENT);
    json_decref(off);
    json_decref(wrong);
    aw_sim_people_free(p);
}
static void test_people_errors_name_the_place(void **state)
{
    static const struct {
        const char *json, *text;
    } cases[] = {
        {"{}", "list"},
        {"[", "line 1"},
        {"[{}]", "person 1 (no user): user is missing"},
        {"[1]", "person 1 (no user): must be an object"},
        {"[{\"user\":\"a\"},{\"user\":\"b\",\"pusch\":1}]",
         "person 2 (b): unknown member \"pusch\""},
        {"[{\"user\":\"a\",\"push\":\"on\"}]", "push must be"},
        {"[{\"user\":\"a\",\"push\":\"\"}]", "push must be"},
        {"[{\"user\":\"a\",\"push\":{\"online_at\":3}}]", "online_at must be a duration"},
        {"[{\"user\":\"a\",\"delay\":\"soon\"}]", "delay must be a duration"},
        {"[{\"user\":\"a\",\"sms\":\"perhaps\"}]", "no kind \"perhaps\""},
        {"[{\"user\":\"a\",\"platform\":\"symbian\"}]", "platform must be"},
        {"[{\"user\":\"a\",\"registration_ids\":\"r\"}]", "registration_ids must be a list"},
        {"[{\"user\":\"a\",\"alias\":\"x\"},{\"user\":\"b\",\"alias\":\"x\"}]",
         "also an address of \"a\""},
        {"[{\"user\":\"\"}]", "user must be a text"},
    };
    for (unsigned i = 0; i < AW_COUNT(cases); i++) {
        struct aw_sim_people *p;
        struct aw_err err;
        assert_true(aw_sim_people_parse(cases[i].json, strlen(cases[i].json), &p, &err) < 0);
        if (!strstr(err.text, cases[i].text))
            fail_msg("%s: \"%s\" lacks \"%s\"", cases[i].json, err.text, cases[i].text);
    }
}

static void test_magic_numbers_pick_their_kind(void **state)
{
    assert_string_equal(aw_sim_sms_kind_of("+9990000001")->name, "delivered");
    assert_int_equal(aw_sim_sms_kind_of("+9990000002")->answer, AW_SIM_SMS_REFUSE);
    assert_int_equal(aw_sim_sms_kind_of("+9990000004")->after, 30 * AW_SECOND);
    assert_null(aw_sim_sms_kind_of("+9990000005")->receipt);
    assert_string_equal(aw_sim_sms_kind_of("+9990000009")->reply, "STOP");
    assert_string_equal(aw_sim_sms_kind_of("+99900000011")->name, "ordinary");
    assert_string_equal(aw_sim_sms_kind_of("+8613800000002")->name, "ordinary");
    assert_null(aw_sim_sms_kind_named("nothing"));
}

static void test_faults_run_out(void **state)
{
    struct aw_sim_faults f = {0};
    assert_int_equal(aw_sim_fault_order(&f, "push", "explode", 1), AW_EINVAL);
    assert_int_equal(aw_sim_fault_order(&f, "", "html", 1), AW_EINVAL);
    assert_int_equal(aw_sim_fault_order(&f, "push", "html", 2), 0);
    assert_int_equal(aw_sim_fault_take(&f, AW_SIM_PART_REPORT), AW_SIM_FAULT_NONE);
    assert_int_equal(aw_sim_fault_take(&f, AW_SIM_PART_PUSH), AW_SIM_FAULT_HTML);
    assert_int_equal(aw_sim_fault_take(&f, AW_SIM_PART_PUSH), AW_SIM_FAULT_HTML);
    assert_int_equal(aw_sim_fault_take(&f, AW_SIM_PART_PUSH), AW_SIM_FAULT_NONE);
}

/* --- the body of a push ------------------------------------------------------------------- */

#define AUDIENCE "\"audience\":{\"alias\":[\"li\"]}"
#define ALERT    "\"notification\":{\"alert\":\"x\"}"
#define ALL      "\"platform\":\"all\""

static void test_push_is_checked_like_jpush_does(void **state)
{
    static const struct {
        const char *body;
        int code;
        const char *why;
    } cases[] = {
        {"{" ALL "," AUDIENCE "," ALERT "}", 0, ""},
        {"{" ALL ",\"audience\":\"all\"," ALERT "}", 0, ""},
        {"{\"platform\":[\"android\",\"hmos\"]," AUDIENCE ",\"message\":{\"msg_content\":\"x\"}}",
         0, ""},
        {"", 1003, "malformed"},
        {"[]", 1003, "malformed"},
        {"{" ALL "," ALL "," AUDIENCE "," ALERT "}", 1003, "malformed"},
        {"{" AUDIENCE "," ALERT "}", 1002, "platform"},
        {"{" ALL "," ALERT "}", 1002, "audience"},
        {"{" ALL "," AUDIENCE "}", 1002, "notification"},
        {"{" ALL ",\"audience\":{\"alias\":[]}," ALERT "}", 1002, "audience"},
        {"{" ALL ",\"audience\":{\"alias\":[\"\"]}," ALERT "}", 1003, "alias"},
        {"{" ALL ",\"audience\":{\"alias\":[\"a b\"]}," ALERT "}", 1003, "alias"},
        {"{" ALL ",\"audience\":{\"alias\":\"li\"}," ALERT "}", 1003, "alias"},
        {"{" ALL ",\"audience\":\"some\"," ALERT "}", 1003, "audience"},
        {"{" ALL ",\"audience\":{\"registration_id\":[\"no/id\"]}," ALERT "}", 1003,
         "registration_id"},
        {"{\"platform\":\"symbian\"," AUDIENCE "," ALERT "}", 1003, "platform"},
        {"{\"platform\":[]," AUDIENCE "," ALERT "}", 1003, "platform"},
        {"{" ALL "," AUDIENCE "," ALERT ",\"colour\":1}", 1009, "colour"},
        {"{" ALL "," AUDIENCE
         ",\"notification\":{\"alert\":\"x\",\"android\":{\"title\":\"t\",\"ext\":{}}}}",
         1009, "ext"},
        {"{" ALL "," AUDIENCE "," ALERT ",\"options\":{\"ttl\":1}}", 1009, "ttl"},
        {"{" ALL "," AUDIENCE "," ALERT ",\"options\":{\"third_party_channel\":{\"nokia\":{}}}}",
         1009, "nokia"},
        {"{" ALL "," AUDIENCE ",\"notification\":{\"android\":{\"title\":\"t\"}}}", 1002, "alert"},
        {"{" ALL "," AUDIENCE ",\"message\":{\"title\":\"t\"}}", 1002, "msg_content"},
        {"{" ALL "," AUDIENCE "," ALERT ",\"options\":{\"time_to_live\":259201}}", 1003,
         "time_to_live"},
        {"{" ALL "," AUDIENCE "," ALERT ",\"options\":{\"time_to_live\":\"60\"}}", 1003,
         "time_to_live"},
        {"{" ALL "," AUDIENCE "," ALERT ",\"options\":{\"sendno\":0}}", 1003, "sendno"},
        {"{" ALL "," AUDIENCE "," ALERT ",\"options\":{\"override_msg_id\":\"1\"}}", 1003,
         "override_msg_id"},
        {"{" ALL "," AUDIENCE "," ALERT ",\"options\":{\"classification\":2}}", 1003,
         "classification"},
        {"{" ALL "," AUDIENCE "," ALERT ",\"options\":{\"apns_production\":1}}", 1003,
         "apns_production"},
        {"{" ALL "," AUDIENCE "," ALERT ",\"cid\":7}", 1003, "cid"},
    };
    for (unsigned i = 0; i < AW_COUNT(cases); i++) {
        struct aw_sim_push_request rq;
        int code = aw_sim_push_parse(cases[i].body, strlen(cases[i].body), &rq);
        if (code != cases[i].code || !strstr(rq.why, cases[i].why))
            fail_msg("%s: %d \"%s\"", cases[i].body, code, rq.why);
        aw_sim_push_request_free(&rq);
    }
}

static void test_push_too_large(void **state)
{
    static const struct {
        const char *format;
        int size, code;
    } cases[] = {
        {"{" ALL "," AUDIENCE ",\"notification\":{\"android\":{\"alert\":\"%0*d\"}}}", 3980, 0},
        {"{" ALL "," AUDIENCE ",\"notification\":{\"android\":{\"alert\":\"%0*d\"}}}", 4000, 1005},
        {"{" ALL "," AUDIENCE ",\"notification\":{\"ios\":{\"alert\":\"%0*d\"}}}", 1980, 0},
        {"{" ALL "," AUDIENCE ",\"notification\":{\"ios\":{\"alert\":\"%0*d\"}}}", 2000, 1005},
        {"{\"platform\":[\"ios\"]," AUDIENCE ",\"message\":{\"msg_content\":\"%0*d\"}}", 4000,
         1005},
    };
    char body[8192];
    for (unsigned i = 0; i < AW_COUNT(cases); i++) {
        struct aw_sim_push_request rq;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        int n = snprintf(body, sizeof(body), cases[i].format, cases[i].size, 0);
#pragma GCC diagnostic pop
        assert_int_equal(aw_sim_push_parse(body, (size_t)n, &rq), cases[i].code);
        aw_sim_push_request_free(&rq);
    }
}

static void test_push_yields_what_the_simulator_needs(void **state)
{
    static const char body[] =
        "{\"cid\":\"c1\",\"platform\":[\"ios\"],\"audience\":{\"registration_id\":["
        "\"1a0018970a8b0c1d2e3\"]},"
        "\"notification\":{\"ios\":{\"alert\":\"x\",\"mutable-content\":true,\"extras\":{\"aw_"
        "ref\":\"aw_1\","
        "\"aw_msg\":\"msg_1\"}}},\"options\":{\"sendno\":7,\"time_to_live\":60,"
        "\"override_msg_id\":29273455998601743}}";
    struct aw_sim_push_request rq;
    assert_int_equal(aw_sim_push_parse(body, strlen(body), &rq), 0);
    assert_string_equal(rq.cid, "c1");
    assert_string_equal(rq.ref, "aw_1");
    assert_string_equal(rq.msg, "msg_1");
    assert_int_equal(rq.platforms, AW_SIM_IOS);
    assert_null(rq.alias);
    assert_int_equal(json_array_size(rq.rids), 1);
    assert_true(rq.countable && rq.notification && !rq.message);
    assert_int_equal(rq.sendno, 7);
    assert_int_equal(rq.time_to_live, 60);
    assert_true(rq.override_msg_id == 29273455998601743);
    aw_sim_push_request_free(&rq);
}

/* --- mail --------------------------------------------------------------------------------- */

static void check_mail(const char *raw, const char *subject, const char *id, const char *text)
{
    struct aw_sim_mail m;
    aw_sim_mail_parse(raw, strlen(raw), &m);
    assert_string_equal(aw_buf_str(&m.subject), subject);
    assert_string_equal(aw_buf_str(&m.message_id), id);
    assert_string_equal(aw_buf_str(&m.text), text);
    aw_sim_mail_free(&m);
}

static void test_mail_plain_and_folded(void **state)
{
    check_mail("Subject: one\r\n two\r\nMessage-ID: <aw_1@node>\r\n\r\nHello\r\n.\r\n", "one two",
               "aw_1@node", "Hello\n.\n");
    check_mail("subject:x\n\nbare\n", "x", "", "bare\n");
    check_mail("", "", "", "");
    check_mail("no header at all", "", "", "");
}

static void test_mail_encoded_words(void **state)
{
    check_mail("Subject: =?UTF-8?B?5Yqe5YWs?=\r\n =?UTF-8?B?6YCa55+l?= now "
               "=?utf-8?q?caf=C3=A9_x?=\r\n\r\n",
               "\u529e\u516c\u901a\u77e5 now caf\u00e9 x", "", "");
    check_mail("Subject: =?not a word =?UTF-8?B?5Yqe\r\n\r\n", "=?not a word =?UTF-8?B?5Yqe", "",
               "");
}

static void test_mail_first_text_part_is_decoded(void **state)
{
    check_mail(
        "Content-Type: multipart/alternative;\r\n boundary=\"b1\"\r\n\r\npreamble\r\n--b1\r\n"
        "Content-Type: text/html\r\n\r\n<p>no</p>\r\n--b1\r\nContent-Type: text/plain; "
        "charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\ncaf=C3=A9 =\r\n"
        "goes on=2E\r\n--b1--\r\n",
        "", "", "caf\u00e9 goes on.");
    check_mail(
        "Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n5Yqe\r\n5YWs\r\n", "",
        "", "\u529e\u516c");
    check_mail("Content-Type: text/html\r\n\r\n<p>only</p>", "", "", "");
    check_mail("Content-Type: multipart/mixed; boundary=\r\n\r\n--\r\n\r\nx\r\n----\r\n", "", "",
               "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_phone_changes_while_it_runs),
        cmocka_unit_test(test_record_numbers_and_pages),
        cmocka_unit_test(test_record_drops_the_oldest_and_says_so),
        cmocka_unit_test(test_text_of_strangers_becomes_utf8),
        cmocka_unit_test(test_schedule_fires_by_time_then_by_arrival),
        cmocka_unit_test(test_schedule_keeps_order_when_large),
        cmocka_unit_test(test_people_are_found_by_each_address),
        cmocka_unit_test(test_people_errors_name_the_place),
        cmocka_unit_test(test_magic_numbers_pick_their_kind),
        cmocka_unit_test(test_faults_run_out),
        cmocka_unit_test(test_push_is_checked_like_jpush_does),
        cmocka_unit_test(test_push_too_large),
        cmocka_unit_test(test_push_yields_what_the_simulator_needs),
        cmocka_unit_test(test_mail_plain_and_folded),
        cmocka_unit_test(test_mail_encoded_words),
        cmocka_unit_test(test_mail_first_text_part_is_decoded),
    };
    return cmocka_run_group_tests_name("sim_parts", tests, NULL, NULL);
}
