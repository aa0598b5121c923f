/* SPDX-License-Identifier: Apache-2.0
 *
 * What people do, through the core loop on a real store: snooze, resume, escalate, claim. Each act
 * is checked as a whole before it changes anything; its reason stands beside the log; the log folds
 * to the same rows, and survives kill -9.
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

#define T0 ((aw_time)1795341600000) /* 2026-11-22T10:00:00Z */

static const char rules[] = "  - name: order\n"
                            "    match: {class: order}\n"
                            "    until: acknowledged\n"
                            "    deadline: 30m\n"
                            "    max_age: 2h\n"
                            "    claim: {hold: 20m}\n"
                            "    steps:\n"
                            "      - {id: push, at: 0s, do: push}\n"
                            "      - {id: text, at: 5m, do: sms, unless: delivered}\n"
                            "      - {id: mail, at: 10m, do: email}\n"
                            "  - name: other\n"
                            "    match: {class: other}\n"
                            "    until: acknowledged\n"
                            "    deadline: 30m\n"
                            "    steps:\n"
                            "      - {id: push, at: 0s, do: push}\n";

#define LI                                                                                         \
    "{\"user\":\"li\",\"alias\":\"li\",\"phone\":\"+8613800001234\",\"email\":\"li@sim.invalid\"}"
#define WEI                                                                                        \
    "{\"user\":\"wei\",\"alias\":\"wei\",\"phone\":\"+8613800001235\",\"email\":"                  \
    "\"wei@sim.invalid\"}"
#define ORDER(list) "{\"class\":\"order\",\"title\":\"Order 42\",\"recipients\":[" list "]}"

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

    assert_int_equal(rig_verify(r), 0);
    rig_free(r);
    test_free(r);
    return 0;
}

/* A command that the test fills further. */
static struct aw_cmd *act(struct rig *r, aw_id message, enum aw_act what)
{
    struct aw_cmd *cmd = rig_cmd(r, AW_CMD_ACT);

    cmd->u.act.what = what;
    cmd->u.act.message = message;
    cmd->u.act.if_seq = -1;
    snprintf(cmd->u.act.reason, sizeof(cmd->u.act.reason), "Zhang San said so");
    return cmd;
}

static enum aw_problem done(struct rig *r, struct aw_cmd *cmd)
{
    assert_int_equal(rig_turn_with(r, &cmd, 1), 0);
    return r->last.problem;
}

static enum aw_problem snooze(struct rig *r, aw_id message, aw_ms span)
{
    struct aw_cmd *cmd = act(r, message, AW_ACT_SNOOZE);

    cmd->u.act.span = span;
    return done(r, cmd);
}

static enum aw_problem escalate(struct rig *r, aw_id message, const char *step, int64_t if_seq)
{
    struct aw_cmd *cmd = act(r, message, AW_ACT_ESCALATE);

    snprintf(cmd->u.act.step, sizeof(cmd->u.act.step), "%s", step);
    cmd->u.act.if_seq = if_seq;
    return done(r, cmd);
}

static aw_id registered(struct rig *r, const char *body)
{
    aw_id id = rig_register(r, "k1", body);

    assert_true(id > 0);
    assert_int_equal(rig_turn(r), 0);
    rig_accept_all(r);
    rig_forget_sends(r);
    return id;
}

/* How many went out until then, which are accepted and forgotten. */
static unsigned sent_at(struct rig *r, aw_time t)
{
    assert_int_equal(rig_at(r, t), 0);
    unsigned n = 0;
    for (unsigned i = 0; i < r->n_sends; i++)
        n += r->sends[i]->message != 0; /* notices to operators aside */
    rig_accept_all(r);
    rig_forget_sends(r);
    return n;
}

static void test_snooze_and_its_end(void **state)
{
    struct rig *r = *state;
    aw_id id = registered(r, ORDER(LI "," WEI));
    char text[200];

    assert_int_equal(rig_at(r, T0 + AW_MINUTE), 0);
    assert_int_equal(snooze(r, id, AW_HOUR), AW_P_NONE);
    assert_int_equal(r->last.n_changed, 2);
    assert_int_equal(r->last.state, AW_OPEN);
    assert_int_equal(r->last.until, T0 + 61 * AW_MINUTE);
    assert_int_equal(r->last.due, T0 + 65 * AW_MINUTE);
    assert_int_equal(r->last.seq, rig_sql(r, "SELECT max(last) FROM timeline"));
    assert_int_equal(sent_at(r, T0 + 65 * AW_MINUTE - 1), 0);
    assert_int_equal(sent_at(r, T0 + 65 * AW_MINUTE), 2);
    assert_int_equal(sent_at(r, T0 + 70 * AW_MINUTE), 2);
    assert_int_equal(rig_at(r, T0 + 91 * AW_MINUTE), 0);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM timeline WHERE state = 2"), 2);
    /* Who and why: beside the log, not in it; in the view of what people did. */
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM log WHERE body LIKE '%Zhang San%'"), 0);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM v_operator_actions WHERE action = "
                                "'timeline.held' AND why = 'snoozed'"),
                     2);
    rig_sql_text(r, "SELECT actor || ' ' || in_words FROM v_operator_actions ORDER BY seq DESC",
                 text, sizeof(text));
    assert_non_null(strstr(text, "Zhang San said so"));
    assert_int_equal(snooze(r, id, AW_HOUR), AW_P_STATE_CONFLICT);
}

static void test_resume(void **state)
{
    struct rig *r = *state;
    aw_id id = registered(r, ORDER(LI));
    struct aw_cmd *cmd;

    assert_int_equal(snooze(r, id, AW_HOUR), AW_P_NONE);
    assert_int_equal(rig_at(r, T0 + 7 * AW_MINUTE), 0);
    assert_int_equal(done(r, act(r, id, AW_ACT_RESUME)), AW_P_NONE);
    assert_int_equal(r->last.n_changed, 1);
    assert_int_equal(r->last.until, 0);
    assert_int_equal(r->last.due, T0 + 12 * AW_MINUTE);
    /* Again: nothing is held, nothing is written. */
    int64_t size = rig_sql(r, "SELECT count(*) FROM log");
    assert_int_equal(done(r, act(r, id, AW_ACT_RESUME)), AW_P_NONE);
    assert_int_equal(r->last.n_changed, 0);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM log"), size);
    assert_int_equal(sent_at(r, T0 + 12 * AW_MINUTE), 1);
    rig_ack(r, id, "li", AW_ACKNOWLEDGED);
    assert_int_equal(done(r, act(r, id, AW_ACT_RESUME)), AW_P_STATE_CONFLICT);
    cmd = act(r, id + 12345, AW_ACT_RESUME);
    assert_int_equal(done(r, cmd), AW_P_NOT_FOUND);
}

static void test_one_recipient(void **state)
{
    struct rig *r = *state;
    aw_id id = registered(r, ORDER(LI "," WEI));
    struct aw_cmd *cmd = act(r, id, AW_ACT_SNOOZE);

    cmd->u.act.until = T0 + AW_HOUR;
    snprintf(cmd->u.act.user, sizeof(cmd->u.act.user), "li");
    assert_int_equal(done(r, cmd), AW_P_NONE);
    assert_int_equal(r->last.n_changed, 1);
    assert_int_equal(sent_at(r, T0 + 5 * AW_MINUTE), 1);
    rig_ack(r, id, "li", AW_ACKNOWLEDGED);
    cmd = act(r, id, AW_ACT_RESUME);
    snprintf(cmd->u.act.user, sizeof(cmd->u.act.user), "li");
    assert_int_equal(done(r, cmd), AW_P_STATE_CONFLICT);
    cmd = act(r, id, AW_ACT_RESUME);
    snprintf(cmd->u.act.user, sizeof(cmd->u.act.user), "zhao");
    assert_int_equal(done(r, cmd), AW_P_VALIDATION);
    assert_string_equal(r->last.pointer, "/recipient");
}

/* What nobody can mean is refused with the way out. */
static void test_senseless_holds(void **state)
{
    struct rig *r = *state;
    aw_id id = registered(r, ORDER(LI));
    struct aw_cmd *cmd = act(r, id, AW_ACT_SNOOZE);
    int64_t size = rig_sql(r, "SELECT count(*) FROM log");

    cmd->u.act.until = T0;
    assert_int_equal(done(r, cmd), AW_P_VALIDATION);
    assert_string_equal(r->last.pointer, "/until");
    assert_int_equal(snooze(r, id, 2 * AW_HOUR), AW_P_VALIDATION);
    assert_string_equal(r->last.pointer, "/for");
    assert_non_null(strstr(r->last.detail, "max_age"));
    assert_non_null(strstr(r->last.detail, "2026-11-22T12:00:00.000Z"));
    assert_int_equal(snooze(r, id, 2 * AW_HOUR - 1), AW_P_NONE);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM log"), size + 1);
    /* Held to the last moment: then it expires. */
    assert_int_equal(sent_at(r, T0 + 2 * AW_HOUR), 0);
    assert_int_equal(rig_sql(r, "SELECT state FROM timeline"), AW_EXPIRED);
}

static void test_escalate(void **state)
{
    struct rig *r = *state;
    aw_id id = registered(r, ORDER(LI));

    assert_int_equal(escalate(r, id, "mial", -1), AW_P_VALIDATION);
    assert_non_null(strstr(r->last.detail, "did you mean \"mail\"?"));
    assert_int_equal(escalate(r, id, "exhausted", -1), AW_P_VALIDATION);
    assert_int_equal(escalate(r, id, "push", -1), AW_P_STATE_CONFLICT);
    assert_int_equal(escalate(r, id, "mail", -1), AW_P_NONE);
    assert_string_equal(r->last.step, "mail");
    assert_int_equal(sent_at(r, T0), 1);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM log WHERE body LIKE '%firing.skipped%' AND "
                                "body LIKE '%\"why\":\"escalated\"%'"),
                     1);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM v_operator_actions WHERE action = "
                                "'timeline.escalated'"),
                     1);
    assert_int_equal(escalate(r, id, "", -1), AW_P_STATE_CONFLICT);
    assert_int_equal(escalate(r, id, "text", -1), AW_P_STATE_CONFLICT);
    assert_int_equal(sent_at(r, T0 + AW_HOUR), 0);
}

/* An act that names an older state than the present one is refused. */
static void test_edge_5_older_state(void **state)
{
    struct rig *r = *state;
    aw_id id = registered(r, ORDER(LI "," WEI));
    int64_t seen = rig_sql(r, "SELECT max(last) FROM timeline");
    int64_t li = rig_sql(r, "SELECT last FROM timeline WHERE n = 0");
    struct aw_cmd *cmd;

    rig_ack(r, id, "wei", AW_DELIVERED);
    assert_int_equal(escalate(r, id, "", seen), AW_P_STATE_MOVED);
    assert_string_equal(r->last.pointer, "/if_seq");
    assert_int_equal(sent_at(r, T0), 0);
    cmd = act(r, id, AW_ACT_SNOOZE);
    cmd->u.act.span = AW_MINUTE;
    cmd->u.act.if_seq = seen;
    assert_int_equal(done(r, cmd), AW_P_STATE_MOVED);
    /* Nothing has happened to li since. */
    cmd = act(r, id, AW_ACT_SNOOZE);
    cmd->u.act.span = AW_MINUTE;
    cmd->u.act.if_seq = li;
    snprintf(cmd->u.act.user, sizeof(cmd->u.act.user), "li");
    assert_int_equal(done(r, cmd), AW_P_NONE);
    /* The answer names the state to go on from; what the log does not have names nothing. */
    assert_int_equal(escalate(r, id, "mail", rig_sql(r, "SELECT max(seq) FROM log")), AW_P_NONE);
    assert_int_equal(escalate(r, id, "", INT64_MAX), AW_P_VALIDATION);
}

static void test_claim(void **state)
{
    struct rig *r = *state;
    aw_id id = registered(r, ORDER(LI "," WEI));
    aw_id other =
        rig_register(r, "k2", "{\"class\":\"other\",\"title\":\"x\",\"recipients\":[" LI "]}");
    struct aw_cmd *cmd = act(r, other, AW_ACT_CLAIM);

    assert_int_equal(done(r, cmd), AW_P_CLAIM_REFUSED);
    rig_accept_all(r);
    rig_forget_sends(r);
    /* li takes it: for wei. Nobody claims a message of their own. */
    cmd = act(r, id, AW_ACT_CLAIM);
    snprintf(cmd->u.act.by, sizeof(cmd->u.act.by), "li");
    assert_int_equal(done(r, cmd), AW_P_NONE);
    assert_int_equal(r->last.n_changed, 1);
    assert_int_equal(r->last.until, T0 + 20 * AW_MINUTE);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM detail WHERE text LIKE '%(li)'"), 1);
    assert_int_equal(sent_at(r, T0 + 5 * AW_MINUTE), 1);
    cmd = act(r, id, AW_ACT_CLAIM);
    snprintf(cmd->u.act.by, sizeof(cmd->u.act.by), "li");
    snprintf(cmd->u.act.user, sizeof(cmd->u.act.user), "li");
    assert_int_equal(done(r, cmd), AW_P_VALIDATION);
    assert_string_equal(r->last.pointer, "/by");
    assert_int_equal(sent_at(r, T0 + 25 * AW_MINUTE), 2); /* li's mail, wei's text */
}

/* Holds are rows like any other: they are there after kill -9, and the downtime takes nothing. */
static void test_killed(void **state)
{
    struct rig *r = *state;
    /* Without an alias the text goes out at once, and there are no receipts to wait for. */
    aw_id id = registered(r, ORDER("{\"user\":\"li\",\"phone\":\"+8613800001234\","
                                   "\"email\":\"li@sim.invalid\"}"));

    assert_int_equal(snooze(r, id, 40 * AW_MINUTE), AW_P_NONE);
    rig_restart(r, true);
    assert_int_equal(sent_at(r, T0 + 30 * AW_MINUTE), 0);
    rig_restart(r, true);
    assert_int_equal(sent_at(r, T0 + 50 * AW_MINUTE - 1), 0);
    assert_int_equal(sent_at(r, T0 + 50 * AW_MINUTE), 1);
    assert_int_equal(rig_at(r, T0 + 69 * AW_MINUTE), 0);
    assert_int_equal(rig_sql(r, "SELECT state FROM timeline"), AW_OPEN);
}

/* A foreign app's message is like none. */
static void test_other_app(void **state)
{
    struct rig *r = *state;
    aw_id id = registered(r, ORDER(LI));
    struct aw_cmd *cmd = act(r, id, AW_ACT_RESUME);

    cmd->app = "bank";
    assert_int_equal(done(r, cmd), AW_P_NOT_FOUND);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_snooze_and_its_end),
        T(test_resume),
        T(test_one_recipient),
        T(test_senseless_holds),
        T(test_escalate),
        T(test_edge_5_older_state),
        T(test_claim),
        T(test_killed),
        T(test_other_app),
    };
    return cmocka_run_group_tests_name("acts", tests, NULL, NULL);
}
