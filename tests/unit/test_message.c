/* SPDX-License-Identifier: Apache-2.0
 *
 * The message as a whole, on the core loop: who confirms it, who is released, and that the auditor
 * comes to the same result.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "lib/rig.h"

#define T0     ((aw_time)1795341600000) /* 2026-11-22T10:00:00Z */
#define MINUTE AW_MINUTE

static const char rules[] =
    "  - name: any\n"
    "    match: {class: any}\n"
    "    until: acknowledged\n"
    "    of: any\n"
    "    deadline: 30m\n"
    "    steps:\n"
    "      - {id: push, at: 0s, do: push}\n"
    "      - {id: text, at: 5m, do: sms, unless: acknowledged}\n"
    "  - name: two\n"
    "    match: {class: two}\n"
    "    until: acknowledged\n"
    "    of: 2\n"
    "    deadline: 30m\n"
    "    steps: [{id: push, at: 0s, do: push}]\n"
    "  - name: most\n"
    "    match: {class: most}\n"
    "    until: acknowledged\n"
    "    of: \"60%\"\n"
    "    deadline: 30m\n"
    "    steps: [{id: push, at: 0s, do: push}]\n"
    "  - name: anyone\n"
    "    match: {class: anyone}\n"
    "    until: acknowledged\n"
    "    by: anyone\n"
    "    deadline: 30m\n"
    "    steps:\n"
    "      - {id: push, at: 0s, do: push}\n"
    "      - {id: boss, at: 5m, do: sms, to: \"user:boss\", template: code}\n"
    "      - {id: link, at: 6m, do: email, to: \"user:boss\", ack_link: true}\n"
    "  - name: back\n"
    "    match: {class: back}\n"
    "    until: acknowledged\n"
    "    deadline: 1h\n"
    "    after_ack: {reopen_after: 30m, unless: closed}\n"
    "    steps:\n"
    "      - {id: push, at: 0s, do: push}\n"
    "      - {id: text, at: 10m, do: sms, unless: acknowledged}\n";

static int setup(void **state)
{
    struct rig *r = test_malloc(sizeof(*r));

    rig_new(r, rules, T0);
    *state = r;
    return 0;
}

static int teardown(void **state)
{
    struct rig *r = *state;

    rig_free(r);
    test_free(r);
    return 0;
}

/* A message of a class to u0, u1, ... */
static aw_id send_to(struct rig *r, const char *key, const char *class, unsigned n)
{
    struct aw_buf b = AW_BUF_INIT(1 << 20);
    aw_id id;

    aw_buf_printf(&b, "{\"class\":\"%s\",\"title\":\"x\",\"recipients\":[", class);
    for (unsigned i = 0; i < n; i++)
        aw_buf_printf(&b, "%s{\"user\":\"u%u\",\"alias\":\"u%u\",\"phone\":\"+86138%08u\"}",
                      i ? "," : "", i, i, i);
    aw_buf_puts(&b, "]}");
    id = rig_register(r, key, aw_buf_str(&b));
    aw_buf_free(&b);
    assert_int_equal(rig_turn(r), 0);
    return id;
}

static int64_t in_state(struct rig *r, enum aw_state s)
{
    char sql[80];

    snprintf(sql, sizeof(sql), "SELECT count(*) FROM timeline WHERE state=%d", s);
    return rig_sql(r, sql);
}

static int64_t ended(struct rig *r, const char *state)
{
    char sql[160];

    snprintf(sql, sizeof(sql),
             "SELECT count(*) FROM log WHERE body LIKE '%%\"message.ended\"%%\"state\":\"%s\"%%'",
             state);
    return rig_sql(r, sql);
}

/* --- of ----------------------------------------------------------------------------------------*/

static void test_any_releases_the_others(void **state)
{
    struct rig *r = *state;
    aw_id m = send_to(r, "k", "any", 3);

    rig_accept_all(r);
    assert_int_equal(rig_at(r, T0 + MINUTE), 0);
    rig_ack(r, m, "u1", AW_ACKNOWLEDGED);
    assert_int_equal(r->last.state, AW_CONFIRMED);
    assert_true(r->last.first);
    assert_int_equal(in_state(r, AW_CONFIRMED), 1);
    assert_int_equal(in_state(r, AW_RELEASED), 2);
    assert_int_equal(ended(r, "confirmed"), 1);
    assert_int_equal(r->stats.open, 0);
    rig_forget_sends(r);
    assert_int_equal(rig_at(r, T0 + AW_HOUR), 0);
    assert_int_equal(r->n_sends, 0);
    /* Who is late is told so, and changes nothing. */
    rig_ack(r, m, "u0", AW_ACKNOWLEDGED);
    assert_int_equal(r->last.state, AW_RELEASED);
    assert_int_equal(ended(r, "confirmed"), 1);
    assert_int_equal(rig_verify(r), 0);
}

/* Edge 4. */
static void edge_04_two_acks_at_one_instant(void **state)
{
    struct rig *r = *state;
    aw_id m = send_to(r, "k", "any", 3);
    struct aw_cmd *cmds[2];

    rig_accept_all(r);
    for (unsigned i = 0; i < 2; i++) {
        cmds[i] = rig_cmd(r, AW_CMD_ACK);
        cmds[i]->u.ack.message = m;
        cmds[i]->u.ack.level = AW_ACKNOWLEDGED;
        cmds[i]->u.ack.source = AW_SRC_APP;
        snprintf(cmds[i]->u.ack.user, sizeof(cmds[i]->u.ack.user), "u%u", i);
    }
    assert_int_equal(rig_turn_with(r, cmds, 2), 0);
    assert_int_equal(in_state(r, AW_CONFIRMED), 2);
    assert_int_equal(in_state(r, AW_RELEASED), 1);
    assert_int_equal(ended(r, "confirmed"), 1);
    assert_int_equal(rig_verify(r), 0);
}

/* An ack that comes with the instant of a firing: nobody who is released is sent anything. */
static void test_released_before_what_is_due(void **state)
{
    struct rig *r = *state;
    aw_id m = send_to(r, "k", "any", 2);
    struct aw_cmd *cmd = rig_cmd(r, AW_CMD_ACK);

    rig_accept_all(r);
    rig_forget_sends(r);
    aw_clock_step(&r->clock, T0 + 5 * MINUTE);
    cmd->u.ack.message = m;
    cmd->u.ack.level = AW_ACKNOWLEDGED;
    snprintf(cmd->u.ack.user, sizeof(cmd->u.ack.user), "u0");
    assert_int_equal(rig_turn_with(r, &cmd, 1), 0);
    assert_int_equal(r->n_sends, 0);
    assert_int_equal(in_state(r, AW_RELEASED), 1);
    assert_int_equal(rig_verify(r), 0);
}

static void test_a_thousand_are_released_at_once(void **state)
{
    struct rig *r = *state;
    aw_id m;

    r->room = RIG_MAX;
    m = send_to(r, "k", "any", AW_MAX_RECIPIENTS);
    rig_accept_all(r);
    rig_ack(r, m, "u999", AW_ACKNOWLEDGED);
    assert_int_equal(in_state(r, AW_RELEASED), AW_MAX_RECIPIENTS - 1);
    assert_int_equal(ended(r, "confirmed"), 1);
    assert_int_equal(rig_verify(r), 0);
}

static void test_ended_ones_stay_in_the_denominator(void **state)
{
    struct rig *r = *state;
    aw_id m = send_to(r, "k", "two", 2);

    rig_accept_all(r);
    rig_ack(r, m, "u0", AW_ACKNOWLEDGED);
    assert_int_equal(in_state(r, AW_OPEN), 1);
    assert_int_equal(rig_at(r, T0 + 31 * MINUTE), 0);
    assert_int_equal(in_state(r, AW_EXHAUSTED), 1);
    assert_int_equal(ended(r, "exhausted"), 1);
    assert_int_equal(rig_verify(r), 0);
}

static void test_a_share_rounds_up(void **state)
{
    struct rig *r = *state;
    aw_id m = send_to(r, "k", "most", 4); /* 60 % of 4: 3 */

    assert_int_equal(rig_sql(r, "SELECT needed FROM message"), 3);
    rig_accept_all(r);
    rig_ack(r, m, "u0", AW_ACKNOWLEDGED);
    rig_ack(r, m, "u1", AW_ACKNOWLEDGED);
    assert_int_equal(in_state(r, AW_OPEN), 2);
    rig_ack(r, m, "u3", AW_ACKNOWLEDGED);
    assert_int_equal(in_state(r, AW_RELEASED), 1);
    assert_int_equal(rig_verify(r), 0);
}

static void test_more_than_there_are(void **state)
{
    struct rig *r = *state;

    assert_int_equal(send_to(r, "k", "two", 1), 0);
    assert_int_equal(r->last.problem, AW_P_RULE_REFUSES);
    assert_string_equal(r->last.pointer, "/recipients");
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM message"), 0);
    /* Named twice is one. */
    assert_int_equal(rig_register(r, "k2",
                                  "{\"class\":\"two\",\"title\":\"x\",\"recipients\":[{\"user\":"
                                  "\"a\",\"alias\":\"a\"},{\"user\":\"a\",\"alias\":\"a\"}]}"),
                     0);
    assert_int_equal(r->last.problem, AW_P_RULE_REFUSES);
}

/* --- by ----------------------------------------------------------------------------------------*/

static void ack_by(struct rig *r, aw_id m, const char *user, const char *by)
{
    struct aw_cmd *cmd = rig_cmd(r, AW_CMD_ACK);

    cmd->u.ack.message = m;
    cmd->u.ack.level = AW_ACKNOWLEDGED;
    cmd->u.ack.source = AW_SRC_APP;
    snprintf(cmd->u.ack.user, sizeof(cmd->u.ack.user), "%s", user);
    snprintf(cmd->u.ack.by, sizeof(cmd->u.ack.by), "%s", by);
    assert_int_equal(rig_turn_with(r, &cmd, 1), 0);
}

static aw_id send_to_boss(struct rig *r, unsigned n, aw_time until)
{
    aw_id m;

    rig_contact(r, "boss", "{\"phone\":\"+8613900000001\",\"email\":\"b@sim.invalid\"}");
    m = send_to(r, "k", "anyone", n);
    rig_accept_all(r);
    for (aw_time t = T0 + MINUTE; t <= until; t += MINUTE) {
        assert_int_equal(rig_at(r, t), 0);
        rig_accept_all(r);
    }
    return m;
}

static void test_by_anyone_who_was_told(void **state)
{
    struct rig *r = *state;
    aw_id m = send_to_boss(r, 2, T0 + 4 * MINUTE);

    ack_by(r, m, "u0", "boss"); /* not told yet */
    assert_int_equal(r->last.problem, AW_P_VALIDATION);
    assert_string_equal(r->last.pointer, "/by");
    ack_by(r, m, "u0", "nobody");
    assert_int_equal(r->last.problem, AW_P_VALIDATION);
    assert_int_equal(rig_at(r, T0 + 5 * MINUTE), 0);
    rig_accept_all(r);
    ack_by(r, m, "u0", "boss");
    assert_int_equal(r->last.state, AW_CONFIRMED);
    assert_true(r->last.first);
    assert_int_equal(in_state(r, AW_CONFIRMED), 1); /* about u0 alone */
    assert_int_equal(rig_sql(r, "SELECT level FROM timeline WHERE n=0"), AW_ACCEPTED);
    ack_by(r, m, "u0", "boss"); /* again: the same answer */
    assert_int_equal(r->last.state, AW_CONFIRMED);
    assert_false(r->last.first);
    ack_by(r, m, "u1", "u1"); /* a recipient's own */
    assert_int_equal(rig_sql(r, "SELECT level FROM timeline WHERE n=1"), AW_ACKNOWLEDGED);
    assert_int_equal(ended(r, "confirmed"), 1);
    assert_int_equal(rig_verify(r), 0);
}

/* The text to the manager names both recipients, and so does her reply. */
static void test_by_reply_of_the_manager(void **state)
{
    struct rig *r = *state;
    char code[16];

    send_to_boss(r, 2, T0 + 5 * MINUTE);
    rig_sql_text(r, "SELECT reply_code FROM attempt WHERE reply_code IS NOT NULL", code,
                 sizeof(code));
    rig_say(r, "sms", "+8613900000001", code);
    assert_int_equal(in_state(r, AW_CONFIRMED), 2);
    assert_int_equal(rig_verify(r), 0);
}

static void test_by_link_of_the_manager(void **state)
{
    struct rig *r = *state;
    const struct aw_send *mail = NULL;
    struct aw_cmd *cmd = rig_cmd(r, AW_CMD_PAGE);

    send_to_boss(r, 2, T0 + 6 * MINUTE);
    for (unsigned i = 0; i < r->n_sends; i++)
        if (r->sends[i]->kind == AW_EMAIL)
            mail = r->sends[i];
    assert_non_null(mail);
    assert_non_null(mail->link);
    /* What she merely looks at proves nothing about them. */
    cmd->u.page.timeline = mail->ref;
    assert_int_equal(rig_turn_with(r, &cmd, 1), 0);
    assert_int_equal(rig_sql(r, "SELECT max(level) FROM timeline"), AW_ACCEPTED);
    cmd = rig_cmd(r, AW_CMD_PAGE);
    cmd->u.page.timeline = mail->ref;
    cmd->u.page.confirm = true;
    assert_int_equal(rig_turn_with(r, &cmd, 1), 0);
    assert_int_equal(r->last.state, AW_CONFIRMED);
    assert_int_equal(in_state(r, AW_CONFIRMED), 2);
    cmd = rig_cmd(r, AW_CMD_PAGE);
    cmd->u.page.timeline = mail->ref + 12345;
    assert_int_equal(rig_turn_with(r, &cmd, 1), 0);
    assert_int_equal(r->last.problem, AW_P_NOT_FOUND);
    assert_int_equal(rig_verify(r), 0);
}

/* --- blindness --- */

/* The provider answers no question about receipts. */
static void edge_16_report_api_down(void **state)
{
    struct rig *r = *state;

    send_to(r, "k", "any", 1);
    rig_result(r, r->sends[0]->attempt, AW_OUT_ACCEPTED, "4711");
    assert_int_equal(rig_at(r, T0 + 5 * MINUTE), 0);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM log WHERE body LIKE "
                                "'%\"firing.claimed\"%\"why\":\"blind\"%'"),
                     1);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM notice WHERE what='blind'"), 1);
    assert_int_equal(rig_verify(r), 0);
}

static void edge_16_hold_until_it_answers(void **state)
{
    struct rig *r = *state;
    aw_time t = T0 + 5 * MINUTE;

    rig_environment(r, "{provider: jpush, weight", "{provider: jpush, on_blind: hold, weight");
    send_to(r, "k", "any", 1);
    rig_result(r, r->sends[0]->attempt, AW_OUT_ACCEPTED, "4711");
    rig_forget_sends(r);
    for (; t < T0 + 7 * MINUTE; t += 10 * AW_SECOND)
        assert_int_equal(rig_at(r, t), 0);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM attempt"), 1);
    assert_true(rig_sql(r, "SELECT count(*) FROM log WHERE body LIKE "
                           "'%\"firing.deferred\"%\"why\":\"blind\"%'") > 0);
    rig_report(r, r->queries[r->n_queries - 1], AW_LEVEL_NONE); /* nothing, but it answers */
    for (; t < T0 + 15 * MINUTE; t += 10 * AW_SECOND)
        assert_int_equal(rig_at(r, t), 0);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM attempt"), 2);
    assert_int_equal(rig_verify(r), 0);
}

/* A callback is as good as an answer. */
static void test_a_callback_is_no_blindness(void **state)
{
    struct rig *r = *state;
    struct aw_cmd *cmd;
    aw_id ref;

    send_to(r, "k", "any", 1);
    ref = r->sends[0]->ref;
    rig_result(r, r->sends[0]->attempt, AW_OUT_ACCEPTED, "4711");
    assert_int_equal(rig_at(r, T0 + 5 * MINUTE - AW_SECOND), 0);
    cmd = rig_cmd(r, AW_CMD_RECEIPT);
    snprintf(cmd->u.receipt.channel, sizeof(cmd->u.receipt.channel), "push-main");
    cmd->u.receipt.r = (struct aw_receipt){.ref = ref, .hint = true};
    assert_int_equal(rig_turn_with(r, &cmd, 1), 0);
    assert_int_equal(rig_at(r, T0 + 5 * MINUTE), 0);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM log WHERE body LIKE '%\"why\":\"blind\"%'"),
                     0);
}

/* on_unknown: hold. */
static void edge_22_unknown_is_not_repeated(void **state)
{
    struct rig *r = *state;

    rig_environment(r, "  sms: {provider: gateway,",
                    "  sms: {provider: gateway, on_unknown: hold,");
    send_to(r, "k", "any", 1);
    rig_accept_all(r);
    rig_forget_sends(r);
    assert_int_equal(rig_at(r, T0 + 5 * MINUTE), 0);
    rig_result(r, r->sends[0]->attempt, AW_OUT_UNKNOWN, "");
    assert_int_equal(rig_at(r, T0 + 29 * MINUTE), 0);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM attempt WHERE kind=1"), 1);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM notice WHERE what='delivery'"), 1);
    assert_int_equal(rig_verify(r), 0);
}

/* --- after_ack
 * -----------------------------------------------------------------------------------*/

static void test_it_comes_back(void **state)
{
    struct rig *r = *state;
    aw_id m = send_to(r, "k", "back", 1);

    rig_accept_all(r);
    assert_int_equal(rig_at(r, T0 + 5 * MINUTE), 0);
    rig_ack(r, m, "u0", AW_ACKNOWLEDGED);
    assert_int_equal(r->stats.open, 0);
    assert_int_equal(ended(r, "confirmed"), 1);
    rig_forget_sends(r);
    assert_int_equal(rig_at(r, T0 + 34 * MINUTE), 0);
    assert_int_equal(in_state(r, AW_CONFIRMED), 1);
    rig_restart(r, true);
    assert_int_equal(rig_at(r, T0 + 35 * MINUTE), 0);
    assert_int_equal(in_state(r, AW_OPEN), 1);
    assert_int_equal(r->stats.open, 1);
    assert_int_equal(rig_at(r, T0 + 40 * MINUTE), 0); /* 10m, and half an hour away */
    assert_int_equal(r->n_sends, 1);
    assert_int_equal(r->sends[0]->kind, AW_SMS);
    rig_accept_all(r);
    rig_ack(r, m, "u0", AW_ACKNOWLEDGED);
    assert_true(r->last.first);
    assert_int_equal(ended(r, "confirmed"), 2);
    assert_int_equal(rig_verify(r), 0);
}

static void test_closed_it_does_not(void **state)
{
    struct rig *r = *state;
    aw_id m = send_to(r, "k", "back", 1);

    rig_accept_all(r);
    rig_ack(r, m, "u0", AW_ACKNOWLEDGED);
    rig_cancel(r, m);
    assert_int_equal(r->last.problem, AW_P_NONE);
    assert_int_equal(r->last.state, AW_CONFIRMED);
    assert_int_equal(
        rig_sql(r, "SELECT count(*) FROM v_operator_actions WHERE action='timeline.closed'"), 1);
    rig_cancel(r, m);
    assert_int_equal(r->last.problem, AW_P_STATE_CONFLICT);
    assert_int_equal(rig_at(r, T0 + AW_HOUR), 0);
    assert_int_equal(in_state(r, AW_CONFIRMED), 1);
    assert_int_equal(rig_verify(r), 0);
}

int main(void)
{
#define RUN(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        RUN(edge_16_report_api_down),
        RUN(edge_16_hold_until_it_answers),
        RUN(test_a_callback_is_no_blindness),
        RUN(edge_22_unknown_is_not_repeated),
        RUN(test_by_anyone_who_was_told),
        RUN(test_by_reply_of_the_manager),
        RUN(test_by_link_of_the_manager),
        RUN(test_it_comes_back),
        RUN(test_closed_it_does_not),
        RUN(test_any_releases_the_others),
        RUN(edge_04_two_acks_at_one_instant),
        RUN(test_released_before_what_is_due),
        RUN(test_a_thousand_are_released_at_once),
        RUN(test_ended_ones_stay_in_the_denominator),
        RUN(test_a_share_rounds_up),
        RUN(test_more_than_there_are),
    };
    return cmocka_run_group_tests_name("message", tests, NULL, NULL);
}
