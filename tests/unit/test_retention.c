/* SPDX-License-Identifier: Apache-2.0
 *
 * Retention in the core loop: each message goes when its own rule, or the environment, says so;
 * nothing waits for it; what asks for a pruned message is told that there is none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/rig.h"

#define T0 ((aw_time)1795341600000) /* 2026-11-22T10:00:00Z */

static const char rules[] = "  - name: short\n"
                            "    match: {class: short}\n"
                            "    until: acknowledged\n"
                            "    deadline: 30m\n"
                            "    retention: 3d\n"
                            "    steps:\n"
                            "      - {id: push, at: 0s, do: push}\n"
                            "  - name: usual\n"
                            "    match: {class: usual}\n"
                            "    until: acknowledged\n"
                            "    deadline: 30m\n"
                            "    steps:\n"
                            "      - {id: push, at: 0s, do: push}\n"
                            "  - name: years\n"
                            "    match: {class: years}\n"
                            "    until: acknowledged\n"
                            "    deadline: 30m\n"
                            "    retention: 3650d\n"
                            "    steps:\n"
                            "      - {id: push, at: 0s, do: push}\n";

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

static aw_id send_one(struct rig *r, const char *class, const char *key)
{
    char body[300];
    aw_id id;

    snprintf(body, sizeof(body),
             "{\"class\":\"%s\",\"title\":\"t\",\"external_id\":\"%s\",\"recipients\":"
             "[{\"user\":\"li\",\"alias\":\"li\"}]}",
             class, key);
    id = rig_register(r, key, body);
    assert_true(id > 0);
    assert_int_equal(rig_turn(r), AW_OK);
    rig_accept_all(r);
    rig_ack(r, id, "li", AW_ACKNOWLEDGED);
    return id;
}

static int64_t left(struct rig *r)
{
    return rig_sql(r, "SELECT count(*) FROM message");
}

static void each_rule_has_its_own(void **state)
{
    struct rig *r = *state;
    aw_id first = send_one(r, "short", "a");

    send_one(r, "usual", "b");
    send_one(r, "years", "c");
    assert_int_equal(rig_at(r, T0 + 3 * AW_DAY - AW_MINUTE), AW_OK);
    assert_int_equal(left(r), 3);
    assert_int_equal(rig_at(r, T0 + 3 * AW_DAY + 4 * AW_HOUR), AW_OK); /* the next pass */
    assert_int_equal(left(r), 2);
    rig_ack(r, first, "li", AW_ACKNOWLEDGED);
    assert_int_equal(r->last.problem, AW_P_NOT_FOUND);
    assert_int_equal(rig_at(r, T0 + 89 * AW_DAY), AW_OK);
    assert_int_equal(left(r), 2);
    assert_int_equal(rig_at(r, T0 + 91 * AW_DAY), AW_OK);
    assert_int_equal(left(r), 1);
    assert_int_equal(rig_at(r, T0 + 3651 * AW_DAY), AW_OK);
    assert_int_equal(left(r), 0);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM log WHERE body LIKE '%message.pruned%'"), 3);
    assert_true(r->stats.pruned >= 9);
    assert_int_equal(rig_verify(r), 0);
}

/* Counted from the last entry, not from the registration. */
static void late_evidence_keeps_it(void **state)
{
    struct rig *r = *state;
    aw_id id = rig_register(r, "a",
                            "{\"class\":\"short\",\"title\":\"t\",\"recipients\":"
                            "[{\"user\":\"li\",\"alias\":\"li\"}]}");

    assert_int_equal(rig_turn(r), AW_OK);
    rig_accept_all(r);
    assert_int_equal(rig_at(r, T0 + 31 * AW_MINUTE), AW_OK);
    assert_int_equal(rig_sql(r, "SELECT state FROM timeline"), AW_EXHAUSTED);
    assert_int_equal(rig_at(r, T0 + 2 * AW_DAY), AW_OK);
    rig_ack(r, id, "li", AW_ACKNOWLEDGED);
    assert_int_equal(rig_sql(r, "SELECT late FROM timeline"), 1);
    assert_int_equal(rig_at(r, T0 + 4 * AW_DAY), AW_OK);
    assert_int_equal(left(r), 1);
    assert_int_equal(rig_at(r, T0 + 5 * AW_DAY + AW_HOUR), AW_OK);
    assert_int_equal(left(r), 0);
    assert_int_equal(rig_verify(r), 0);
}

/* The key that named it is free again, and stands for the new message. */
static void its_names_are_free_again(void **state)
{
    struct rig *r = *state;
    aw_id first = send_one(r, "short", "a"), again;

    assert_int_equal(rig_at(r, T0 + 4 * AW_DAY), AW_OK);
    assert_int_equal(left(r), 0);
    again = send_one(r, "short", "a");
    assert_true(again > first);
    rig_restart(r, true);
    assert_int_equal(rig_turn(r), AW_OK);
    assert_int_equal(left(r), 1);
    assert_int_equal(rig_verify(r), 0);
}

static void many_go_in_slices(void **state)
{
    struct rig *r = *state;
    char key[16];

    for (int i = 0; i < 700; i++) {
        snprintf(key, sizeof(key), "k%d", i);
        send_one(r, i % 2 ? "short" : "years", key);
        rig_forget_sends(r);
    }
    aw_clock_step(&r->clock, T0 + 4 * AW_DAY);
    assert_int_equal(rig_turn_with(r, NULL, 0), AW_OK); /* one slice */
    assert_in_range(left(r), 400, 699);
    assert_int_equal(rig_turn(r), AW_OK);
    assert_int_equal(left(r), 350);
    assert_int_equal(rig_verify(r), 0);
}

static void erase(struct rig *r, const char *user)
{
    struct aw_cmd *cmd = rig_cmd(r, AW_CMD_CONTACT_DELETE);

    snprintf(cmd->u.contact.user, sizeof(cmd->u.contact.user), "%s", user);
    assert_int_equal(rig_turn_with(r, &cmd, 1), AW_OK);
    assert_int_equal(r->last.problem, 0);
}

static int64_t bodies_with(struct rig *r, const char *text)
{
    char sql[200];

    snprintf(sql, sizeof(sql), "SELECT count(*) FROM message WHERE body LIKE '%%%s%%'", text);
    return rig_sql(r, sql);
}

/* Who is erased leaves closed messages; open ones need the addresses until they close. */
static void edge_43_the_erased_leave_bodies(void **state)
{
    struct rig *r = *state;
    static const char body[] =
        "{\"class\":\"years\",\"title\":\"t\",\"recipients\":["
        "{\"user\":\"li\",\"alias\":\"li\",\"phone\":\"+8613800001234\"},"
        "{\"user\":\"wei\",\"alias\":\"wei\",\"phone\":\"+8613800001235\"}]}";
    aw_id closed, young;
    char sql[200], text[300];

    closed = rig_register(r, "a", body);
    assert_int_equal(rig_turn(r), AW_OK);
    rig_accept_all(r);
    rig_ack(r, closed, "li", AW_ACKNOWLEDGED);
    rig_ack(r, closed, "wei", AW_ACKNOWLEDGED);
    assert_int_equal(rig_at(r, T0 + 4 * AW_DAY), AW_OK);
    young = rig_register(r, "b", body);
    assert_int_equal(rig_turn(r), AW_OK);
    rig_accept_all(r);
    assert_int_equal(bodies_with(r, "+8613800001234"), 2);
    erase(r, "li");
    assert_int_equal(rig_turn(r), AW_OK);
    snprintf(sql, sizeof(sql), "SELECT body FROM message WHERE id = %lld", (long long)closed);
    rig_sql_text(r, sql, text, sizeof(text));
    assert_null(strstr(text, "+8613800001234"));
    assert_null(strstr(text, "\"li\""));
    assert_non_null(strstr(text, "+8613800001235"));       /* the other one stays */
    assert_int_equal(bodies_with(r, "+8613800001234"), 1); /* open, and young */
    assert_int_equal(rig_verify(r), 0);
    rig_ack(r, young, "wei", AW_ACKNOWLEDGED);
    assert_int_equal(rig_at(r, T0 + 5 * AW_DAY), AW_OK); /* exhausted for li meanwhile */
    assert_int_equal(rig_at(r, T0 + 8 * AW_DAY), AW_OK);
    assert_int_equal(bodies_with(r, "+8613800001234"), 0);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM log WHERE body LIKE '%message.redacted%'"),
                     2);
    rig_ack(r, closed, "wei", AW_OPENED); /* what is left of it still works */
    assert_int_equal(r->last.problem, 0);
    assert_int_equal(rig_at(r, T0 + 20 * AW_DAY), AW_OK); /* and once is enough */
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM log WHERE body LIKE '%message.redacted%'"),
                     2);
    assert_int_equal(rig_verify(r), 0);
}

/* A user id outlives the messages that brought it by a day; a contact stays. */
static void nobody_stays_whom_nothing_names(void **state)
{
    struct rig *r = *state;
    const char *known = "SELECT count(*) FROM person WHERE user IS NOT NULL";

    rig_contact(r, "wang", "{\"phone\":\"+8613900000001\"}");
    send_one(r, "short", "a");
    assert_int_equal(rig_sql(r, known), 2);
    assert_int_equal(rig_at(r, T0 + 2 * AW_DAY), AW_OK);
    assert_int_equal(rig_sql(r, known), 2);
    assert_int_equal(rig_at(r, T0 + 4 * AW_DAY), AW_OK); /* the message goes */
    assert_int_equal(rig_at(r, T0 + 6 * AW_DAY), AW_OK);
    assert_int_equal(left(r), 0);
    assert_int_equal(rig_sql(r, known), 1);
    send_one(r, "short", "b"); /* and li comes back as somebody new */
    assert_int_equal(rig_sql(r, known), 2);
    rig_restart(r, true);
    assert_int_equal(rig_turn(r), AW_OK);
    assert_int_equal(rig_sql(r, known), 2);
    assert_int_equal(rig_verify(r), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_rule_has_its_own, setup, teardown),
        cmocka_unit_test_setup_teardown(late_evidence_keeps_it, setup, teardown),
        cmocka_unit_test_setup_teardown(its_names_are_free_again, setup, teardown),
        cmocka_unit_test_setup_teardown(many_go_in_slices, setup, teardown),
        cmocka_unit_test_setup_teardown(edge_43_the_erased_leave_bodies, setup, teardown),
        cmocka_unit_test_setup_teardown(nobody_stays_whom_nothing_names, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
