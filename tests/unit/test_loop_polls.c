/* SPDX-License-Identifier: Apache-2.0
 *
 * Questions of the core loop about what was sent: hints that make them due, devices, the budget,
 * and reports that are handed out once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "receipt_rig.h"

/* --- hints ---------------------------------------------------------------------------------------
 */

/* A push that was accepted at T0 under ID. */
static aw_id push(struct rig *r)
{
    aw_id message = rig_register(r, "k1", ORDER("push"));

    rig_turn(r);
    rig_result(r, r->sends[0]->attempt, AW_OUT_ACCEPTED, ID);
    rig_turn(r);
    return message;
}

/* Questions about pushes so far. */
static unsigned asked(const struct rig *r)
{
    unsigned n = 0;

    for (unsigned i = 0; i < r->n_queries; i++)
        n += r->queries[i]->what == AW_ASK_COUNTS || r->queries[i]->what == AW_ASK_DEVICES;
    return n;
}

static const struct aw_query *last_question(const struct rig *r)
{
    for (unsigned i = r->n_queries; i-- > 0;)
        if (r->queries[i]->what == AW_ASK_COUNTS || r->queries[i]->what == AW_ASK_DEVICES)
            return r->queries[i];
    fail_msg("nothing was asked");
    return NULL;
}

static void test_a_hint_asks_now(void **state)
{
    struct rig *r = *state;

    push(r);
    aw_clock_step(&r->clock, T0 + 3 * AW_SECOND);
    say(r, "push-main", HINT);
    assert_int_equal(level(r), AW_ACCEPTED); /* it proves nothing */
    assert_int_equal(asked(r), 1);
    rig_report(r, last_question(r), AW_DELIVERED);
    assert_int_equal(level(r), AW_DELIVERED);
    say(r, "push-main", HINT); /* there is no more to learn */
    rig_at(r, T0 + AW_HOUR / 4);
    assert_int_equal(asked(r), 1);
}

static void test_hints_do_not_flood(void **state)
{
    struct rig *r = *state;

    push(r);
    for (aw_time t = T0 + AW_SECOND; t <= T0 + AW_MINUTE; t += 100) {
        unsigned before = asked(r);

        aw_clock_step(&r->clock, t);
        say(r, "push-main", HINT);
        if (asked(r) > before)
            rig_report(r, last_question(r), AW_LEVEL_NONE);
    }
    assert_in_range(asked(r), 10, 13); /* every 5 s */
}

static void test_a_hint_while_the_answer_is_on_its_way(void **state)
{
    struct rig *r = *state;

    push(r);
    rig_at(r, T0 + 15 * AW_SECOND);
    assert_int_equal(asked(r), 1);
    say(r, "push-main", HINT); /* the answer may be older */
    assert_int_equal(asked(r), 1);
    rig_report(r, last_question(r), AW_LEVEL_NONE);
    rig_at(r, T0 + 19 * AW_SECOND);
    assert_int_equal(asked(r), 1);
    rig_at(r, T0 + 20 * AW_SECOND);
    assert_int_equal(asked(r), 2);
}

static void test_a_hint_by_reference_and_before_the_answer(void **state)
{
    struct rig *r = *state;

    rig_register(r, "k1", ORDER("push"));
    rig_turn(r);
    say(r, "push-main", HINT);
    assert_int_equal(orphans(r), 1);
    assert_int_equal(asked(r), 0);
    rig_result(r, r->sends[0]->attempt, AW_OUT_ACCEPTED, ID);
    rig_turn(r);
    assert_int_equal(orphans(r), 0);
    assert_int_equal(asked(r), 1);
    rig_report(r, last_question(r), AW_LEVEL_NONE);
    aw_clock_step(&r->clock, T0 + 8 * AW_SECOND);
    say(r, "push-main", (struct aw_receipt){.ref = r->sends[0]->ref, .hint = true});
    assert_int_equal(asked(r), 2);
}

static void test_a_hint_after_the_end(void **state)
{
    struct rig *r = *state;
    aw_id message = push(r);
    unsigned before;

    rig_cancel(r, message);
    rig_at(r, T0 + AW_HOUR);
    before = asked(r);
    say(r, "push-main", HINT);
    assert_int_equal(asked(r), before + 1);
    rig_report(r, last_question(r), AW_DELIVERED);
    assert_int_equal(level(r), AW_DELIVERED);
    assert_int_equal(rig_sql(r, "SELECT state FROM timeline"), AW_CANCELLED);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM poll"), 0);
}

/* --- questions -----------------------------------------------------------------------------------
 */

static void test_devices_are_asked_about(void **state)
{
    struct rig *r = *state;
    const struct aw_query *q;

    push(r);
    rig_at(r, T0 + 15 * AW_SECOND);
    q = last_question(r);
    assert_int_equal(q->what, AW_ASK_DEVICES);
    assert_int_equal(q->n, 1);
    assert_string_equal(q->devices, "1a0018970a8fd04d8d5 02078f0f1b8");
    assert_int_equal(q->items[0].sent, T0);
    assert_int_equal(q->n_asked, 0);
    rig_report(r, q, AW_LEVEL_NONE);
    rig_at(r, T0 + 45 * AW_SECOND);
    assert_int_equal(last_question(r)->n_asked, 1);
    rig_report(r, last_question(r), AW_DELIVERED);
    assert_int_equal(level(r), AW_DELIVERED);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM poll"), 0); /* a report cannot say more */
}

static void test_a_denied_question_is_asked_in_the_free_way(void **state)
{
    struct rig *r = *state;
    struct aw_cmd *cmd = rig_cmd(r, AW_CMD_REPORT);
    struct aw_report *rep = aw_calloc(1, sizeof(*rep));

    push(r);
    rig_at(r, T0 + 15 * AW_SECOND);
    *rep = (struct aw_report){.channel = last_question(r)->channel,
                              .what = AW_ASK_DEVICES,
                              .denied = true,
                              .n = 1,
                              .http_status = 403,
                              .rate_limit = -1,
                              .rate_remaining = -1,
                              .rate_reset = -1,
                              .detail = "HTTP 403, code 2006"};
    rep->items[0].timeline = last_question(r)->items[0].timeline;
    rep->items[0].attempt = last_question(r)->items[0].attempt;
    cmd->u.report = rep;
    assert_int_equal(rig_turn_with(r, &cmd, 1), 0);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM notice WHERE what = 'report-denied'"), 1);
    rig_at(r, T0 + 45 * AW_SECOND);
    assert_int_equal(last_question(r)->what, AW_ASK_COUNTS);
}

/* 200 pushes wait, the budget of 60 a minute holds 3 at once: all are asked about in few questions,
 * and in no minute in more than 60. */
static void test_the_budget_holds(void **state)
{
    struct rig *r = *state;
    unsigned minute = 0, from = 0;

    rig_environment(r, "tier: vip,", "tier: vip, report_budget: 60,");
    for (unsigned i = 0; i < 200; i++) {
        char key[16], id[24];

        snprintf(key, sizeof(key), "p%u", i);
        snprintf(id, sizeof(id), "18103083%u", i + 1000);
        rig_register(r, key, ORDER("push"));
        rig_turn(r);
        rig_result(r, r->sends[r->n_sends - 1]->attempt, AW_OUT_ACCEPTED, id);
    }
    for (aw_time t = T0 + 15 * AW_SECOND; t < T0 + 10 * AW_MINUTE; t += AW_SECOND) {
        unsigned before = r->n_queries;

        rig_at(r, t);
        for (unsigned i = before; i < r->n_queries; i++)
            if (r->queries[i]->what == AW_ASK_COUNTS || r->queries[i]->what == AW_ASK_DEVICES)
                rig_report(r, r->queries[i], AW_LEVEL_NONE);
        if (t / AW_MINUTE != (t - AW_SECOND) / AW_MINUTE) {
            minute = asked(r) - from;
            from = asked(r);
            assert_in_range(minute, 0, 60);
        }
    }
    assert_int_equal(rig_sql(r, "SELECT min(n_asked) FROM poll") >= 3, 1);
}

static void test_one_id_of_several_people_proves_nothing(void **state)
{
    struct rig *r = *state;

    assert_true(
        rig_register(r, "k1",
                     "{\"class\":\"push\",\"title\":\"T\",\"already_sent\":{\"at\":"
                     "\"2026-11-22T09:59:00Z\",\"channel\":\"push-main\",\"provider_id\":\"" ID
                     "\"},\"recipients\":[" LI ",{\"user\":\"wei\",\"alias\":\"wei\"}]}") != 0);
    rig_turn(r);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM poll"), 0);
    assert_true(
        rig_register(r, "k2",
                     "{\"class\":\"push\",\"title\":\"T\",\"already_sent\":{\"at\":"
                     "\"2026-11-22T09:59:00Z\",\"channel\":\"push-main\",\"provider_id\":\"78\"},"
                     "\"recipients\":[" LI "]}") != 0);
    rig_turn(r);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM poll"), 1);
    rig_report(r, last_question(r), AW_LEVEL_NONE);
    aw_clock_step(&r->clock, T0 + 6 * AW_SECOND);
    say(r, "push-main", (struct aw_receipt){.provider_id = "78", .hint = true});
    assert_int_equal(asked(r), 2); /* by the id alone: our reference did not travel */
}

/* --- reports that are handed out once ------------------------------------------------------------
 */

static unsigned pulls(const struct rig *r)
{
    unsigned n = 0;

    for (unsigned i = 0; i < r->n_queries; i++)
        n += r->queries[i]->what == AW_ASK_REPORTS || r->queries[i]->what == AW_ASK_REPLIES;
    return n;
}

static void pulled(struct rig *r, unsigned n_taken, bool answered)
{
    struct aw_cmd *cmd = rig_cmd(r, AW_CMD_REPORT);
    struct aw_report *rep = aw_calloc(1, sizeof(*rep));
    const struct aw_query *q = r->queries[r->n_queries - 1];

    *rep = (struct aw_report){.channel = q->channel,
                              .what = q->what,
                              .answered = answered,
                              .n_taken = n_taken,
                              .rate_limit = -1,
                              .rate_remaining = -1,
                              .rate_reset = -1};
    cmd->u.report = rep;
    assert_int_equal(rig_turn_with(r, &cmd, 1), 0);
}

static void test_one_reader_pulls(void **state)
{
    static const struct {
        aw_ms after; /* the answer before */
        enum aw_ask what;
        unsigned n_taken;
        bool answered;
    } steps[] = {
        {0, AW_ASK_REPORTS, 0, true},
        {5 * AW_SECOND, AW_ASK_REPLIES, 0, true},
        {10 * AW_SECOND, AW_ASK_REPORTS, 500, true}, /* there is more */
        {5 * AW_SECOND, AW_ASK_REPORTS, 3, true},
        {5 * AW_SECOND, AW_ASK_REPLIES, 0, false},
        {AW_MINUTE, AW_ASK_REPLIES, 0, true},
    };
    struct rig *r = *state;
    aw_time t = T0;

    rig_turn(r);
    for (unsigned i = 0; i < AW_COUNT(steps); i++) {
        if (i) {
            rig_at(r, t + steps[i].after - 1);
            assert_int_equal(pulls(r), i);
        }
        t += steps[i].after;
        rig_at(r, t);
        assert_int_equal(pulls(r), i + 1); /* not for jsms-b, which has the same account */
        assert_int_equal(r->queries[r->n_queries - 1]->what, steps[i].what);
        assert_string_equal(r->queries[r->n_queries - 1]->channel->name, "jsms");
        rig_at(r, t += 30 * AW_SECOND); /* the answer takes its time: nobody asks meanwhile */
        assert_int_equal(pulls(r), i + 1);
        pulled(r, steps[i].n_taken, steps[i].answered);
    }
}

/* What was handed out is durable before the next question leaves: it is in an earlier turn, or in
 * the same one, whose questions leave after its commit. */
static void test_pulled_receipts_come_first(void **state)
{
    struct rig *r = *state;
    const struct aw_send *s = text(r);
    struct aw_cmd *cmds[2];
    struct aw_report *rep = aw_calloc(1, sizeof(*rep));

    rig_result(r, s->attempt, AW_OUT_ACCEPTED, ID);
    assert_int_equal(pulls(r), 1);
    cmds[0] = receipt(r, "jsms", DELIVERED);
    cmds[1] = rig_cmd(r, AW_CMD_REPORT);
    *rep = (struct aw_report){
        .channel = r->queries[0]->channel, .what = AW_ASK_REPORTS, .answered = true, .n_taken = 1};
    cmds[1]->u.report = rep;
    assert_int_equal(rig_turn_with(r, cmds, 2), 0);
    assert_int_equal(level(r), AW_DELIVERED);
    rig_at(r, T0 + 5 * AW_SECOND);
    assert_int_equal(pulls(r), 2);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, receipt_setup, receipt_teardown)
    const struct CMUnitTest tests[] = {
        T(test_a_hint_asks_now),
        T(test_hints_do_not_flood),
        T(test_a_hint_while_the_answer_is_on_its_way),
        T(test_a_hint_by_reference_and_before_the_answer),
        T(test_a_hint_after_the_end),
        T(test_devices_are_asked_about),
        T(test_a_denied_question_is_asked_in_the_free_way),
        T(test_the_budget_holds),
        T(test_one_id_of_several_people_proves_nothing),
        T(test_one_reader_pulls),
        T(test_pulled_receipts_come_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
