/* SPDX-License-Identifier: Apache-2.0
 *
 * Receipts in the core loop: in any order, any number of times, before and after everything else,
 * from whom they come and from whom not.
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

/* --- order --------------------------------------------------------------------------------------
 */

static void test_before_the_answer(void **state)
{
    struct rig *r = *state;
    const struct aw_send *s = text(r);

    assert_int_equal(say(r, "jsms", DELIVERED), AW_P_NONE); /* kept: it is answered with 200 */
    assert_int_equal(orphans(r), 1);
    assert_int_equal(level(r), AW_LEVEL_NONE);
    rig_result(r, s->attempt, AW_OUT_ACCEPTED, ID);
    assert_int_equal(level(r), AW_DELIVERED);
    assert_int_equal(rig_sql(r, "SELECT state FROM timeline"), AW_CONFIRMED);
    assert_int_equal(orphans(r), 0);
}

static void test_before_the_answer_by_our_reference(void **state)
{
    struct rig *r = *state;
    const struct aw_send *s = text(r);

    say(r, "jsms", (struct aw_receipt){.ref = s->ref, .level = AW_DELIVERED});
    assert_int_equal(level(r), AW_DELIVERED);
    rig_result(r, s->attempt, AW_OUT_ACCEPTED, ID);
    assert_int_equal(level(r), AW_DELIVERED);
}

static void test_through_a_crash(void **state)
{
    struct rig *r = *state;

    text(r);
    assert_int_equal(say(r, "jsms", DELIVERED), AW_P_NONE);
    rig_forget_sends(r);
    rig_restart(r, true); /* the answer was lost: it is sent again, and JSMS names the same id */
    rig_turn(r);
    rig_at(r, T0 + AW_MINUTE);
    assert_int_equal(orphans(r), 1);
    assert_true(r->n_sends > 0);
    rig_result(r, r->sends[0]->attempt, AW_OUT_ACCEPTED, ID);
    assert_int_equal(level(r), AW_DELIVERED);
    assert_int_equal(orphans(r), 0);
}

static void test_an_orphan_ends(void **state)
{
    struct rig *r = *state;

    say(r, "jsms", DELIVERED);
    say(r, "jsms", DELIVERED); /* the same once more is no second one */
    assert_int_equal(orphans(r), 1);
    rig_at(r, T0 + 71 * AW_HOUR);
    rig_restart(r, false);
    rig_turn(r);
    assert_int_equal(orphans(r), 1);
    rig_at(r, T0 + 72 * AW_HOUR + AW_MINUTE);
    assert_int_equal(orphans(r), 0);
}

static void test_orphans_are_bounded(void **state)
{
    struct rig *r = *state;
    struct aw_cmd *cmds[500];

    for (unsigned i = 0; i < AW_ORPHANS_MAX; i += AW_COUNT(cmds)) {
        for (unsigned k = 0; k < AW_COUNT(cmds); k++) {
            struct aw_receipt rc = DELIVERED;

            snprintf(rc.provider_id, sizeof(rc.provider_id), "%u", i + k);
            cmds[k] = receipt(r, "jsms", rc);
        }
        assert_int_equal(rig_turn_with(r, cmds, AW_COUNT(cmds)), 0);
    }
    assert_int_equal(orphans(r), AW_ORPHANS_MAX);
    assert_int_equal(say(r, "jsms", DELIVERED), AW_P_BUSY); /* nothing was promised */
    assert_int_equal(orphans(r), AW_ORPHANS_MAX);
    rig_restart(r, true);
    assert_int_equal(say(r, "jsms", DELIVERED), AW_P_BUSY);
}

static void test_after_the_end(void **state)
{
    struct rig *r = *state;
    const struct aw_send *s = text(r);

    rig_result(r, s->attempt, AW_OUT_ACCEPTED, ID);
    rig_at(r, T0 + 5 * AW_MINUTE);
    rig_at(r, T0 + 10 * AW_MINUTE);
    assert_int_equal(rig_sql(r, "SELECT state FROM timeline"), AW_EXHAUSTED);
    rig_forget_sends(r);
    say(r, "jsms", DELIVERED);
    assert_int_equal(rig_sql(r, "SELECT late FROM timeline"), 1);
    assert_int_equal(rig_sql(r, "SELECT state FROM timeline"), AW_EXHAUSTED);
    rig_at(r, T0 + AW_HOUR);
    assert_int_equal(r->n_sends, 0); /* it starts nothing */
}

static void test_a_thousand_times(void **state)
{
    struct rig *r = *state;
    const struct aw_send *s = text(r);
    struct aw_cmd *cmds[500];
    int64_t entries;

    rig_result(r, s->attempt, AW_OUT_ACCEPTED, ID);
    say(r, "jsms", DELIVERED);
    assert_int_equal(evidence(r), 1);
    entries = rig_sql(r, "SELECT count(*) FROM log");
    for (unsigned i = 0; i < 2; i++) {
        for (unsigned k = 0; k < AW_COUNT(cmds); k++)
            cmds[k] = receipt(r, "jsms", DELIVERED);
        assert_int_equal(rig_turn_with(r, cmds, AW_COUNT(cmds)), 0);
    }
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM log"), entries);
    assert_int_equal(evidence(r), 1);
}

/* Every order of the same receipts ends the same; "delivered" holds also after "failed". */
static void test_any_order(void **state)
{
    static const struct aw_receipt all[] = {{.provider_id = ID, .level = AW_SENT},
                                            {.provider_id = ID, .level = AW_DELIVERED},
                                            {.provider_id = ID, .negative = AW_NEG_BOUNCED},
                                            {.provider_id = ID}};
    static const uint8_t orders[][4] = {{0, 1, 2, 3}, {2, 1, 0, 3}, {2, 0, 1, 1}, {3, 2, 2, 1},
                                        {1, 0, 2, 2}, {1, 2, 0, 3}, {0, 2, 1, 0}, {2, 1, 2, 1}};
    struct rig *r = *state;

    for (unsigned i = 0; i < AW_COUNT(orders); i++) {
        char key[8], id[24], sql[160];
        const struct aw_send *s;
        aw_id message;

        snprintf(key, sizeof(key), "o%u", i);
        snprintf(id, sizeof(id), "77%u", i);
        message = rig_register(r, key, ORDER("text"));
        rig_turn(r);
        s = r->sends[r->n_sends - 1];
        if (i % 2)
            rig_result(r, s->attempt, AW_OUT_ACCEPTED, id);
        for (unsigned k = 0; k < 4; k++) {
            struct aw_receipt rc = all[orders[i][k]];

            snprintf(rc.provider_id, sizeof(rc.provider_id), "%s", id);
            say(r, "jsms", rc);
        }
        if (i % 2 == 0)
            rig_result(r, s->attempt, AW_OUT_ACCEPTED, id);
        snprintf(sql, sizeof(sql), "SELECT level * 10 + state FROM timeline WHERE id = %lld",
                 (long long)message);
        assert_int_equal(rig_sql(r, sql), AW_DELIVERED * 10 + AW_CONFIRMED);
    }
}

/* One text to the manager of two: that it cannot arrive is true for both, and both go on. */
static void test_negative_of_a_merged_text(void **state)
{
    static const char rules[] = "  - name: both\n"
                                "    match: {class: both}\n"
                                "    until: acknowledged\n"
                                "    deadline: 30m\n"
                                "    steps:\n"
                                "      - {id: push, at: 0s, do: push}\n"
                                "      - {id: boss, at: 1m, do: sms, to: [manager, \"user:chen\"],"
                                " via: jsms}\n";
    struct rig *r = *state;
    const struct aw_send *s;

    rig_write_rules(r, rules);
    rig_environment(r, "tier: vip", "tier: vip"); /* reads the rules again */
    rig_contact(r, "li", "{\"manager\":\"wang\"}");
    rig_contact(r, "wei", "{\"manager\":\"wang\"}");
    rig_contact(r, "wang", "{\"phone\":\"+8613800000001\"}");
    rig_contact(r, "chen", "{\"phone\":\"+8613800000002\"}");
    assert_true(rig_register(r, "k1",
                             "{\"class\":\"both\",\"title\":\"T\",\"recipients\":["
                             "{\"user\":\"li\",\"alias\":\"li\"},{\"user\":\"wei\","
                             "\"alias\":\"wei\"}]}") != 0);
    rig_turn(r);
    rig_accept_all(r);
    rig_forget_sends(r);
    rig_at(r, T0 + AW_MINUTE);
    assert_int_equal(r->n_sends, 1);
    s = r->sends[0];
    assert_string_equal(s->phone, "+8613800000001");
    assert_int_equal(s->n_also, 1);
    rig_result(r, s->attempt, AW_OUT_ACCEPTED, ID);
    for (unsigned i = 0; i < 2; i++) /* as often as it likes */
        say(r, "jsms", (struct aw_receipt){.provider_id = ID, .negative = AW_NEG_REFUSED});
    assert_int_equal(r->n_sends, 2);
    assert_string_equal(r->sends[1]->phone, "+8613800000002");
    assert_int_equal(r->sends[1]->n_also, 1); /* for both */
}

/* --- whose ---------------------------------------------------------------------------------------
 */

static void test_of_another_channel(void **state)
{
    struct rig *r = *state;
    const struct aw_send *s = text(r);

    rig_result(r, s->attempt, AW_OUT_ACCEPTED, ID);
    assert_int_equal(say(r, "sms", (struct aw_receipt){.ref = s->ref, .level = AW_DELIVERED}),
                     AW_P_NOT_FOUND);
    assert_string_equal(r->last.pointer, ""); /* who says so is mistaken, not what is said */
    say(r, "push-main", DELIVERED);           /* the id of another account's */
    assert_int_equal(say(r, "gone", DELIVERED), AW_P_NOT_FOUND);
    assert_int_equal(say(r, "jsms", (struct aw_receipt){.ref = 77, .level = AW_DELIVERED}),
                     AW_P_NOT_FOUND);
    assert_string_equal(r->last.pointer, "/ref");
    assert_int_equal(level(r), AW_ACCEPTED);
    assert_int_equal(evidence(r), 0);
    say(r, "jsms-b", DELIVERED); /* another channel of the same account pulls for both */
    assert_int_equal(level(r), AW_DELIVERED);
}

static void test_a_nonce_is_for_one_request(void **state)
{
    struct rig *r = *state;
    const struct aw_send *s = text(r);
    struct aw_cmd *cmd;

    rig_result(r, s->attempt, AW_OUT_ACCEPTED, ID);
    for (unsigned i = 0; i < 6; i++) {
        static const struct {
            const char *nonce;
            uint64_t sum;
            enum aw_problem problem;
        } cases[] = {{"n1", 5, AW_P_NONE},           {"n1", 5, AW_P_NONE},
                     {"n1", 6, AW_P_STATE_CONFLICT}, {"n2", 6, AW_P_NONE},
                     {"n2", 5, AW_P_STATE_CONFLICT}, {"n1", 5, AW_P_NONE}};

        if (i == 3)
            rig_restart(r, true);
        cmd = receipt(r, "jsms", DELIVERED);
        snprintf(cmd->u.receipt.nonce, sizeof(cmd->u.receipt.nonce), "%s", cases[i].nonce);
        cmd->u.receipt.sum = cases[i].sum;
        rig_turn_with(r, &cmd, 1);
        assert_int_equal(r->last.problem, cases[i].problem);
    }
}

static void test_an_empty_account_is_told_of(void **state)
{
    struct rig *r = *state;
    const struct aw_send *s = text(r);

    rig_result(r, s->attempt, AW_OUT_ACCEPTED, ID);
    say(r, "jsms", (struct aw_receipt){.provider_id = ID, .alarm = true, .code = 4005});
    assert_int_equal(level(r), AW_ACCEPTED);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM notice WHERE what = 'channel-account'"), 1);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, receipt_setup, receipt_teardown)
    const struct CMUnitTest tests[] = {
        T(test_before_the_answer),
        T(test_before_the_answer_by_our_reference),
        T(test_through_a_crash),
        T(test_an_orphan_ends),
        T(test_orphans_are_bounded),
        T(test_after_the_end),
        T(test_a_thousand_times),
        T(test_any_order),
        T(test_of_another_channel),
        T(test_a_nonce_is_for_one_request),
        T(test_an_empty_account_is_told_of),
        T(test_negative_of_a_merged_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
