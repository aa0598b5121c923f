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

static const char rules[] = "  - name: any\n"
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
                            "    steps: [{id: push, at: 0s, do: push}]\n";

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

int main(void)
{
#define RUN(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
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
