/* SPDX-License-Identifier: Apache-2.0
 *
 * The core loop on a real store with a stepped clock and a carrier that only notes. What is
 * promised: commit before reply and send, intents before effects, one key per firing, no claim
 * after a durable acknowledgement, state and log alike.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "codec/request.h"
#include "lib/rig.h"

#define T0 ((aw_time)1795341600000) /* 2026-11-22T10:00:00Z */

static const char rules[] =
    "  - name: order\n"
    "    match: {class: order}\n"
    "    until: acknowledged\n"
    "    deadline: 30m\n"
    "    steps:\n"
    "      - {id: push, at: 0s, do: push}\n"
    "      - {id: text, at: 5m, do: sms, unless: delivered}\n"
    "      - {id: mail, at: 10m, do: email, unless: opened, ack_link: true}\n"
    "      - {id: boss, at: 15m, do: sms, to: manager}\n"
    "    exhausted: {do: email, to: \"contact:compliance\"}\n";

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
    rig_contact(r, "wang", "{\"phone\":\"+8613900000001\"}");
    rig_contact(r, "li", "{\"manager\":\"wang\"}");
    rig_contact(r, "wei", "{\"manager\":\"wang\"}");
    rig_contact(r, "compliance", "{\"email\":\"c@sim.invalid\"}");
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

static int count_kind(const struct rig *r, enum aw_kind kind)
{
    int n = 0;

    for (unsigned i = 0; i < r->n_sends; i++)
        n += r->sends[i]->kind == kind && r->sends[i]->message != 0; /* notices aside */
    return n;
}

static const struct aw_send *last_send(const struct rig *r)
{
    unsigned n = r->n_sends;

    while (n > 0 && r->sends[n - 1]->message == 0) /* a notice to operators */
        n--;
    assert_true(n > 0);
    return r->sends[n - 1];
}

/* --- commit before send, before reply -----------------------------------------------------------
 */

static int intent_is_durable(struct rig *r, const struct aw_send *s)
{
    char sql[128];

    snprintf(sql, sizeof(sql), "SELECT count(*) FROM attempt WHERE id=%lld", (long long)s->attempt);
    return rig_sql(r, sql) == 1 ? 0 : -1;
}

static void test_intent_before_effect(void **state)
{
    struct rig *r = *state;

    r->on_send = intent_is_durable;
    assert_true(rig_register(r, "k1", ORDER(LI)) > 0);
    assert_int_equal(rig_turn(r), 0);
    assert_int_equal(count_kind(r, AW_PUSH), 1);
    assert_string_equal(r->sends[0]->alias, "li");
    assert_int_equal(rig_verify(r), 0);
}

static bool replied_committed;

static void look_at_commit(struct aw_cmd *cmd)
{
    struct rig *r = cmd->owner;

    replied_committed = rig_sql(r, "SELECT count(*) FROM message") == 1;
    aw_cmd_free(cmd);
}

static void test_commit_before_reply(void **state)
{
    struct rig *r = *state;
    struct aw_cmd *cmd = rig_cmd(r, AW_CMD_REGISTER);
    struct aw_fault fault;

    replied_committed = false;
    assert_int_equal(
        aw_request_registration(ORDER(LI), strlen(ORDER(LI)), T0, &cmd->u.reg.reg, &fault), 0);
    snprintf(cmd->u.reg.idem, sizeof(cmd->u.reg.idem), "k");
    cmd->done = look_at_commit;
    assert_int_equal(rig_turn_with(r, &cmd, 1), 0);
    assert_true(replied_committed);
}

/* --- the climb
 * ------------------------------------------------------------------------------------ */

static void test_climbs_to_the_end(void **state)
{
    struct rig *r = *state;

    rig_register(r, "k1", ORDER(LI));
    rig_turn(r);
    rig_accept_all(r);
    rig_forget_sends(r);
    rig_at(r, T0 + 5 * AW_MINUTE - 1);
    assert_int_equal(count_kind(r, AW_SMS), 0);
    rig_at(r, T0 + 5 * AW_MINUTE);
    assert_int_equal(count_kind(r, AW_SMS), 1);
    assert_string_equal(last_send(r)->phone, "+8613800001234");
    assert_null(last_send(r)->link);
    rig_accept_all(r);
    r->box.live->conf->public_url = "https://ack.example.com";
    rig_at(r, T0 + 10 * AW_MINUTE);
    assert_int_equal(count_kind(r, AW_EMAIL), 1);
    assert_non_null(strstr(last_send(r)->link, "https://ack.example.com/a/"));
    rig_accept_all(r);
    rig_at(r, T0 + 15 * AW_MINUTE);
    assert_string_equal(last_send(r)->phone, "+8613900000001");
    rig_accept_all(r);
    rig_at(r, T0 + 30 * AW_MINUTE);
    assert_string_equal(last_send(r)->email, "c@sim.invalid");
    assert_int_equal(rig_sql(r, "SELECT state FROM timeline"), AW_EXHAUSTED);
    rig_result(r, last_send(r)->attempt, AW_OUT_ACCEPTED, "");
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM timeline WHERE due IS NOT NULL"), 0);
    assert_int_equal(rig_verify(r), 0);
}

static void test_ack_stops(void **state)
{
    struct rig *r = *state;
    aw_id id = rig_register(r, "k1", ORDER(LI));

    rig_turn(r);
    rig_accept_all(r);
    rig_at(r, T0 + AW_MINUTE);
    rig_ack(r, id, "li", AW_ACKNOWLEDGED);
    assert_int_equal(r->last.state, AW_CONFIRMED);
    assert_true(r->last.first);
    rig_forget_sends(r);
    rig_at(r, T0 + AW_HOUR);
    assert_int_equal(r->n_sends, 0);
    rig_ack(r, id, "li", AW_ACKNOWLEDGED);
    assert_false(r->last.first);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM log WHERE body LIKE '%message.ended%'"), 1);
    assert_int_equal(rig_verify(r), 0);
}

/* An acknowledgement that arrives in the very turn in which a firing falls due comes first. */
static void test_edge_2_ack_in_the_turn_of_the_claim(void **state)
{
    struct rig *r = *state;
    aw_id id = rig_register(r, "k1", ORDER(LI));

    rig_turn(r);
    rig_accept_all(r);
    rig_forget_sends(r);
    aw_clock_step(&r->clock, T0 + 5 * AW_MINUTE);
    rig_ack(r, id, "li", AW_ACKNOWLEDGED);
    assert_int_equal(r->n_sends, 0);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM attempt"), 1);
}

static void test_delivered_skips_the_text(void **state)
{
    struct rig *r = *state;
    aw_id id = rig_register(r, "k1", ORDER(LI));

    rig_turn(r);
    rig_accept_all(r);
    rig_ack(r, id, "li", AW_DELIVERED);
    rig_ack(r, id, "li", AW_ACCEPTED); /* a level never goes down */
    rig_forget_sends(r);
    rig_at(r, T0 + 5 * AW_MINUTE);
    assert_int_equal(r->n_sends, 0);
    assert_int_equal(rig_sql(r, "SELECT level FROM timeline"), AW_DELIVERED);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM log WHERE body LIKE '%firing.skipped%'"), 1);
    assert_int_equal(rig_verify(r), 0);
}

static void test_no_target_advances_at_once(void **state)
{
    struct rig *r = *state;

    rig_register(r, "k1", ORDER(LI));
    rig_turn(r);
    rig_result(r, last_send(r)->attempt, AW_OUT_NO_TARGET, NULL);
    rig_turn(r);
    assert_int_equal(count_kind(r, AW_SMS), 1);
    assert_int_equal(rig_verify(r), 0);
}

/* --- retries and keys
 * ------------------------------------------------------------------------------- */

static void test_one_key_on_every_try(void **state)
{
    struct rig *r = *state;
    aw_id ref;

    rig_register(r, "k1", ORDER(LI));
    rig_turn(r);
    ref = last_send(r)->ref;
    assert_true(ref == last_send(r)->attempt);
    for (int i = 1; i <= 2; i++) {
        rig_result(r, last_send(r)->attempt, i == 1 ? AW_OUT_TRANSIENT : AW_OUT_UNKNOWN, NULL);
        rig_at(r, aw_clock_wall(&r->clock) + AW_MINUTE);
        assert_int_equal(r->n_sends, i + 1);
        assert_true(last_send(r)->ref == ref);
        assert_true(last_send(r)->attempt != ref);
        assert_int_equal(last_send(r)->number, i + 1);
    }
    assert_int_equal(rig_verify(r), 0);
}

static void test_restart_sends_again_under_the_same_key(void **state)
{
    struct rig *r = *state;
    aw_id ref;

    rig_register(r, "k1", ORDER(LI));
    rig_turn(r);
    ref = last_send(r)->ref;
    rig_forget_sends(r);
    rig_restart(r, true);
    rig_turn(r);
    rig_at(r, T0 + AW_MINUTE);
    assert_int_equal(r->n_sends, 1);
    assert_true(last_send(r)->ref == ref);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM log WHERE body LIKE '%\"why\":\"restart\"%'"),
                     1);
    assert_int_equal(rig_verify(r), 0);
}

static void test_push_waits_for_its_token(void **state)
{
    struct rig *r = *state;
    char cid[128];

    r->with_cids = true;
    rig_register(r, "k1", ORDER(LI));
    rig_turn(r);
    assert_int_equal(r->n_sends, 0);
    assert_int_equal(r->n_cid_asks, 1);
    rig_cids(r, 3);
    assert_int_equal(r->n_sends, 1);
    rig_sql_text(r, "SELECT cid FROM attempt", cid, sizeof(cid));
    assert_string_equal(cid, last_send(r)->cid);
    rig_register(r, "k2", ORDER(WEI));
    rig_turn(r);
    assert_int_equal(r->n_sends, 2);
    assert_string_not_equal(r->sends[0]->cid, r->sends[1]->cid);
    /* The next try carries the first one's token. */
    rig_result(r, r->sends[0]->attempt, AW_OUT_UNKNOWN, NULL);
    rig_at(r, T0 + AW_MINUTE);
    assert_int_equal(r->n_sends, 3);
    assert_string_equal(r->sends[2]->cid, r->sends[0]->cid);
}

/* Tokens come ten at a time on a free account; nobody goes without because others were first. */
static void test_tokens_for_many(void **state)
{
    struct rig *r = *state;

    r->with_cids = true;
    for (int i = 0; i < 25; i++) {
        char key[16];

        snprintf(key, sizeof(key), "k%d", i);
        rig_register(r, key, ORDER(LI));
    }
    rig_turn(r);
    for (unsigned asked = 1; asked <= 3; asked++) {
        assert_int_equal(r->n_cid_asks, asked);
        rig_cids(r, 10);
    }
    assert_int_equal(r->n_sends, 25);
    for (unsigned i = 0; i < r->n_sends; i++)
        assert_non_null(r->sends[i]->cid);
}

/* --- idempotency, refusals
 * ---------------------------------------------------------------------------- */

static void test_edge_33_same_key(void **state)
{
    struct rig *r = *state;
    aw_id id = rig_register(r, "k1", ORDER(LI));
    struct aw_reply first = r->last;

    assert_true(rig_register(r, "k1", ORDER(LI)) == id);
    assert_true(r->last.replayed);
    assert_true(r->last.at == first.at && r->last.due == first.due);
    assert_int_equal(r->last.deadline, first.deadline);
    rig_register(r, "k1", ORDER(WEI));
    assert_int_equal(r->last.problem, AW_P_KEY_REUSED);
    assert_non_null(r->last.body);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM message"), 1);
    rig_restart(r, true);
    assert_true(rig_register(r, "k1", ORDER(LI)) == id);
    rig_at(r, T0 + 73 * AW_HOUR);
    assert_true(rig_register(r, "k1", ORDER(LI)) != id);
}

static void test_refusals_change_nothing(void **state)
{
    struct rig *r = *state;
    static const struct {
        const char *body;
        enum aw_problem problem;
    } cases[] = {
        {"{\"class\":\"other\",\"title\":\"t\",\"recipients\":[" LI "]}", AW_P_NO_RULE_MATCHED},
        {"{\"rule\":\"nope\",\"title\":\"t\",\"recipients\":[" LI "]}", AW_P_RULE_NOT_FOUND},
        {"{\"app\":\"bank\",\"title\":\"t\",\"class\":\"order\",\"recipients\":[" LI "]}",
         AW_P_VALIDATION},
        {"{\"class\":\"order\",\"title\":\"t\",\"recipients\":[{\"user\":\"nobody\"}]}",
         AW_P_UNREACHABLE},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        rig_register(r, "k1", cases[i].body);
        assert_int_equal(r->last.problem, cases[i].problem);
    }
    /* A key that sees all apps names one that the environment file does not have. */
    struct aw_cmd *cmd = rig_cmd(r, AW_CMD_CONTACT_PUT);

    cmd->app = "shpo";
    snprintf(cmd->u.contact.user, sizeof(cmd->u.contact.user), "li");
    rig_turn_with(r, &cmd, 1);
    assert_int_equal(r->last.problem, AW_P_VALIDATION);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM message"), 0);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM app WHERE name = 'shpo'"), 0);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM log WHERE body LIKE '%request.refused%'"), 4);
    assert_int_equal(rig_verify(r), 0);
}

/* --- many recipients, third persons
 * --------------------------------------------------------------------- */

static void test_manager_of_two_gets_one(void **state)
{
    struct rig *r = *state;
    aw_id id = rig_register(r, "k1", ORDER(LI "," WEI));

    rig_turn(r);
    rig_accept_all(r);
    rig_at(r, T0 + 5 * AW_MINUTE);
    rig_accept_all(r);
    rig_at(r, T0 + 10 * AW_MINUTE);
    rig_accept_all(r);
    rig_forget_sends(r);
    rig_at(r, T0 + 15 * AW_MINUTE);
    assert_int_equal(count_kind(r, AW_SMS), 1);
    assert_non_null(strstr(last_send(r)->text, "wei"));
    rig_accept_all(r);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM attempt WHERE outcome IS NULL"), 0);
    rig_ack(r, id, "li", AW_ACKNOWLEDGED);
    rig_ack(r, id, "wei", AW_ACKNOWLEDGED);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM log WHERE body LIKE '%message.ended%'"), 1);
    assert_int_equal(rig_verify(r), 0);
}

static void test_cancel(void **state)
{
    struct rig *r = *state;
    aw_id id = rig_register(r, "k1", ORDER(LI "," WEI));

    rig_turn(r);
    rig_accept_all(r);
    rig_ack(r, id, "wei", AW_DELIVERED);
    rig_cancel(r, id);
    assert_int_equal(r->last.state, AW_CANCELLED);
    /* Pushes not known to be received are taken back. */
    assert_true(r->n_queries > 0 && r->queries[0]->what == AW_ASK_REVOKE);
    rig_cancel(r, id);
    assert_int_equal(r->last.problem, AW_P_STATE_CONFLICT);
    rig_forget_sends(r);
    rig_at(r, T0 + AW_HOUR);
    assert_int_equal(r->n_sends, 0);
    /* The reason is a person's words: beside the log, not in it. */
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM log WHERE body LIKE '%Li Si%'"), 0);
    assert_true(rig_sql(r, "SELECT count(*) FROM detail WHERE text LIKE '%Li Si%'") > 0);
    assert_int_equal(rig_verify(r), 0);
}

static void test_no_personal_data_in_the_log(void **state)
{
    struct rig *r = *state;
    static const char *const words[] = {"13800001234", "li@sim", "Order 42", "wang", "compliance"};
    char sql[128];

    rig_register(r, "k1", ORDER(LI));
    rig_turn(r);
    rig_accept_all(r);
    for (int i = 1; i <= 6; i++) {
        rig_at(r, T0 + i * 5 * AW_MINUTE);
        rig_accept_all(r);
    }
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        snprintf(sql, sizeof(sql), "SELECT count(*) FROM log WHERE body LIKE '%%%s%%'", words[i]);
        assert_int_equal(rig_sql(r, sql), 0);
    }
}

/* --- receipts asked for
 * ------------------------------------------------------------------------------------ */

static void test_receipts_are_asked_for(void **state)
{
    struct rig *r = *state;

    rig_register(r, "k1", ORDER(LI));
    rig_turn(r);
    rig_result(r, last_send(r)->attempt, AW_OUT_ACCEPTED, "18103083292408631");
    rig_at(r, T0 + 14 * AW_SECOND);
    assert_int_equal(r->n_queries, 0);
    rig_at(r, T0 + 15 * AW_SECOND);
    assert_int_equal(r->n_queries, 1);
    assert_string_equal(r->queries[0]->items[0].provider_id, "18103083292408631");
    rig_report(r, r->queries[0], AW_LEVEL_NONE);
    rig_at(r, T0 + 45 * AW_SECOND);
    assert_int_equal(r->n_queries, 2);
    rig_report(r, r->queries[1], AW_DELIVERED);
    assert_int_equal(rig_sql(r, "SELECT level FROM timeline"), AW_DELIVERED);
    assert_int_equal(rig_verify(r), 0);
}

static void test_asked_once_before_a_firing_with_unless(void **state)
{
    struct rig *r = *state;
    unsigned before;

    rig_register(r, "k1", ORDER(LI));
    rig_turn(r);
    rig_result(r, last_send(r)->attempt, AW_OUT_ACCEPTED, "18103083292408631");
    for (aw_time t = T0; t < T0 + 5 * AW_MINUTE - 6 * AW_SECOND; t += AW_SECOND) {
        rig_at(r, t);
        while (r->n_queries) {
            rig_report(r, r->queries[--r->n_queries], AW_LEVEL_NONE);
            aw_free(r->queries[r->n_queries]);
        }
    }
    before = r->n_queries;
    rig_at(r, T0 + 5 * AW_MINUTE - 5 * AW_SECOND);
    assert_int_equal(r->n_queries, before + 1);
}

/* --- broken things
 * ------------------------------------------------------------------------------------------- */

static void test_edge_8_edge_9_edge_11_reload_whole_or_not_at_all(void **state)
{
    struct rig *r = *state;
    struct aw_cmd *cmd;
    aw_id id = rig_register(r, "k1", ORDER(LI));

    rig_write_rules(r, "  - name: order\n    untill: acknowledged\n");
    cmd = rig_cmd(r, AW_CMD_RELOAD);
    rig_turn_with(r, &cmd, 1);
    assert_int_equal(r->last.problem, AW_P_RELOAD_REFUSED);
    assert_non_null(strstr(r->last.body, "untill"));
    assert_true(rig_register(r, "k2", ORDER(LI)) > 0);
    rig_write_rules(r, "  - {name: order, until: delivered, deadline: 10m, steps: "
                       "[{id: only, at: 0s, do: sms}]}\n");
    cmd = rig_cmd(r, AW_CMD_RELOAD);
    rig_turn_with(r, &cmd, 1);
    assert_int_equal(r->last.problem, AW_P_NONE);
    /* The old message keeps its pinned rule, also over a restart. */
    rig_restart(r, true);
    rig_turn(r);
    rig_forget_sends(r);
    rig_at(r, T0 + 10 * AW_MINUTE);
    assert_true(count_kind(r, AW_EMAIL) >= 1);
    rig_ack(r, id, "li", AW_DELIVERED);
    assert_int_equal(r->last.state, AW_OPEN);
    /* Also when no rule of that name is left. */
    rig_write_rules(r, "  - {name: other, until: delivered, deadline: 10m, steps: "
                       "[{id: only, at: 0s, do: sms}]}\n");
    cmd = rig_cmd(r, AW_CMD_RELOAD);
    rig_turn_with(r, &cmd, 1);
    assert_int_equal(r->last.problem, AW_P_NONE);
    rig_restart(r, true);
    rig_ack(r, id, "li", AW_ACKNOWLEDGED);
    assert_int_equal(r->last.state, AW_CONFIRMED);
    assert_int_equal(rig_verify(r), 0);
}

static void test_downtime_moves_the_deadline(void **state)
{
    struct rig *r = *state;

    rig_register(r, "k1", ORDER(LI));
    rig_turn(r);
    rig_accept_all(r);
    rig_at(r, T0 + AW_MINUTE);
    rig_close(r, false);
    aw_clock_step(&r->clock, T0 + 21 * AW_MINUTE);
    rig_try_open(r, &(struct aw_err){""});
    rig_forget_sends(r);
    rig_turn(r);
    assert_int_equal(r->n_sends, 0); /* missed firings wait for the receipts */
    assert_int_equal(r->n_queries, 1);
    rig_report(r, r->queries[0], AW_LEVEL_NONE);
    rig_turn(r);
    assert_true(r->n_sends > 0);
    rig_accept_all(r);
    rig_at(r, T0 + 31 * AW_MINUTE);
    assert_int_equal(rig_sql(r, "SELECT state FROM timeline"), AW_OPEN);
    rig_at(r, T0 + 51 * AW_MINUTE);
    assert_int_equal(rig_sql(r, "SELECT state FROM timeline"), AW_EXHAUSTED);
    assert_int_equal(rig_verify(r), 0);
}

static void test_already_sent(void **state)
{
    struct rig *r = *state;

    rig_register(
        r, "k1",
        "{\"class\":\"order\",\"title\":\"t\",\"already_sent\":{\"at\":\"2026-11-22T09:59:00Z\","
        "\"channel\":\"push-main\",\"provider_id\":\"18103083292408631\"},"
        "\"recipients\":[" LI "]}");
    assert_int_equal(r->last.problem, AW_P_NONE);
    rig_turn(r);
    assert_int_equal(r->n_sends, 0);
    assert_int_equal(rig_sql(r, "SELECT level FROM timeline"), AW_ACCEPTED);
    assert_int_equal(r->n_queries, 1);
    rig_at(r, T0 + 4 * AW_MINUTE);
    assert_int_equal(count_kind(r, AW_SMS), 1);
    assert_int_equal(rig_verify(r), 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_intent_before_effect),
        T(test_commit_before_reply),
        T(test_climbs_to_the_end),
        T(test_ack_stops),
        T(test_edge_2_ack_in_the_turn_of_the_claim),
        T(test_delivered_skips_the_text),
        T(test_no_target_advances_at_once),
        T(test_one_key_on_every_try),
        T(test_restart_sends_again_under_the_same_key),
        T(test_push_waits_for_its_token),
        T(test_tokens_for_many),
        T(test_edge_33_same_key),
        T(test_refusals_change_nothing),
        T(test_manager_of_two_gets_one),
        T(test_cancel),
        T(test_no_personal_data_in_the_log),
        T(test_receipts_are_asked_for),
        T(test_asked_once_before_a_firing_with_unless),
        T(test_edge_8_edge_9_edge_11_reload_whole_or_not_at_all),
        T(test_downtime_moves_the_deadline),
        T(test_already_sent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
