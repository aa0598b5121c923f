/* SPDX-License-Identifier: Apache-2.0
 *
 * Sessions, the fence and presence through the core loop on a real store: to which devices a push
 * goes, what a login releases, what a logout takes back; numbers of edges as in the references.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "daemon/loop_int.h"
#include "lib/rig.h"

#define T0 ((aw_time)1795341600000) /* 2026-11-22T10:00:00Z */

static const char rules[] =
    "  - name: held\n"
    "    match: {class: held}\n"
    "    until: acknowledged\n"
    "    deadline: 30m\n"
    "    max_age: 2d\n"
    "    presence: {logged_out: hold, hold_max: 24h}\n"
    "    steps:\n"
    "      - {id: push, at: 0s, do: push}\n"
    "      - {id: again, at: 2m, do: push}\n"
    "      - {id: text, at: 5m, do: sms}\n"
    "  - name: digest\n"
    "    match: {class: digest}\n"
    "    until: acknowledged\n"
    "    deadline: 30m\n"
    "    presence: {logged_out: hold, on_login: digest}\n"
    "    steps:\n"
    "      - {id: push, at: 0s, do: push}\n"
    "  - name: plain\n"
    "    match: {class: plain}\n"
    "    until: acknowledged\n"
    "    inbox_read: acknowledged\n"
    "    deadline: 30m\n"
    "    steps:\n"
    "      - {id: push, at: 0s, do: push}\n"
    "      - {id: text, at: 5m, do: sms, unless: {rung: delivered, devices: all}}\n";

#define LI "{\"user\":\"li\",\"alias\":\"li\",\"phone\":\"+8613800001234\"}"
#define LI_ON(ids)                                                                                 \
    "{\"user\":\"li\",\"alias\":\"li\",\"phone\":\"+8613800001234\",\"registration_ids\":[" ids "]}"
#define SEND(c, who) "{\"class\":\"" c "\",\"title\":\"x\",\"recipients\":[" who "]}"

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

static struct aw_cmd *report(struct rig *r, bool login, const char *user, const char *device)
{
    struct aw_cmd *cmd = rig_cmd(r, AW_CMD_SESSION);

    cmd->u.session.login = login;
    cmd->u.session.seq = -1;
    snprintf(cmd->u.session.user, sizeof(cmd->u.session.user), "%s", user);
    snprintf(cmd->u.session.device, sizeof(cmd->u.session.device), "%s", device);
    return cmd;
}

static enum aw_problem done(struct rig *r, struct aw_cmd *cmd)
{
    assert_int_equal(rig_turn_with(r, &cmd, 1), 0);
    assert_int_equal(rig_turn(r), 0);
    return r->last.problem;
}

static aw_id send(struct rig *r, const char *key, const char *body)
{
    aw_id id = rig_register(r, key, body);

    if (id <= 0)
        fail_msg("%s %s", r->last.detail, r->last.pointer);
    assert_int_equal(rig_turn(r), 0);
    return id;
}

static void accept_all(struct rig *r)
{
    rig_accept_all(r);
    assert_int_equal(rig_turn(r), 0);
}

/* Results of our own making wait in the inbox. */
static void take_inbox(struct rig *r)
{
    void *taken;

    while (aw_inbox_take(r->loop->inbox, &taken, 1, 0) == 1) {
        struct aw_cmd *cmd = taken;
        assert_int_equal(rig_turn_with(r, &cmd, 1), 0);
    }
}

static void login(struct rig *r, const char *user, const char *device)
{
    assert_int_equal(done(r, report(r, true, user, device)), AW_P_NONE);
}

static void logout(struct rig *r, const char *user, const char *device)
{
    assert_int_equal(done(r, report(r, false, user, device)), AW_P_NONE);
}

static const struct aw_send *only_send(struct rig *r)
{
    assert_int_equal(r->n_sends, 1);
    return r->sends[0];
}

static unsigned revokes(const struct rig *r)
{
    unsigned n = 0;
    for (unsigned i = 0; i < r->n_queries; i++)
        n += r->queries[i]->what == AW_ASK_REVOKE;
    return n;
}

static int64_t count(struct rig *r, const char *what)
{
    char sql[256];
    snprintf(sql, sizeof(sql), "SELECT count(*) FROM log WHERE body LIKE '%%%s%%'", what);
    return rig_sql(r, sql);
}

static void the_fence_is_the_session_table(void **state)
{
    struct rig *r = *state;

    /* Nothing was ever reported: the alias. */
    send(r, "k1", SEND("plain", LI));
    assert_string_equal(only_send(r)->alias, "li");
    accept_all(r);
    rig_forget_sends(r);
    /* Two devices: both, and the alias no more. */
    login(r, "li", "phone");
    login(r, "li", "tablet");
    send(r, "k2", SEND("plain", LI));
    assert_null(only_send(r)->alias);
    assert_int_equal(r->sends[0]->n_registration_ids, 2);
    accept_all(r);
    rig_forget_sends(r);
    /* A registration narrows them, and cannot widen them. */
    send(r, "k3", SEND("plain", LI_ON("\"tablet\",\"watch\"")));
    assert_int_equal(only_send(r)->n_registration_ids, 1);
    assert_string_equal(r->sends[0]->registration_ids[0], "tablet");
    accept_all(r);
    rig_forget_sends(r);
    /* Logged out everywhere, and the rule does not hold: nobody can be reached, the text goes. */
    logout(r, "li", "phone");
    logout(r, "li", "tablet");
    accept_all(r);
    rig_forget_sends(r);
    send(r, "k4", SEND("plain", LI));
    assert_int_equal(only_send(r)->kind, AW_SMS);
    assert_true(count(r, "\"why\":\"logged_out\"%firing.skipped") +
                    count(r, "firing.skipped%\"why\":\"logged_out\"") >
                0);
}

static void edge_36_other_account(void **state)
{
    struct rig *r = *state;

    login(r, "wang", "phone");
    send(r, "k1", SEND("plain", LI_ON("\"phone\"")));
    assert_int_equal(only_send(r)->kind, AW_SMS);
    assert_int_equal(count(r, "firing.skipped%\"why\":\"other_account\""), 1);
    accept_all(r);
    rig_forget_sends(r);
    /* One of two: the other one is sent to. */
    send(r, "k2", SEND("plain", LI_ON("\"phone\",\"tablet\"")));
    assert_int_equal(only_send(r)->n_registration_ids, 1);
    assert_string_equal(r->sends[0]->registration_ids[0], "tablet");
}

static void edge_35_logout_mid_plan(void **state)
{
    struct rig *r = *state;

    login(r, "li", "phone");
    send(r, "k1", SEND("held", LI));
    accept_all(r);
    rig_forget_sends(r);
    assert_int_equal(rig_at(r, T0 + AW_MINUTE), 0);
    logout(r, "li", "phone");
    assert_int_equal(revokes(r), 1); /* nobody had it */
    assert_int_equal(rig_at(r, T0 + 4 * AW_MINUTE), 0);
    assert_int_equal(r->n_sends, 0); /* the re-push waits */
    assert_int_equal(rig_at(r, T0 + 6 * AW_MINUTE), 0);
    assert_int_equal(only_send(r)->kind, AW_SMS);
    accept_all(r);
    rig_forget_sends(r);
    rig_restart(r, true);
    /* Somebody else on the phone changes nothing; on another phone it goes out. */
    login(r, "wang", "phone");
    assert_int_equal(r->n_sends, 0);
    login(r, "li", "tablet");
    assert_int_equal(only_send(r)->kind, AW_PUSH);
    assert_string_equal(r->sends[0]->registration_ids[0], "tablet");
    assert_int_equal(r->sends[0]->n_registration_ids, 1);
}

static void edge_37_oldest_first(void **state)
{
    struct rig *r = *state;
    aw_id ids[3];
    char key[8];

    login(r, "li", "phone");
    logout(r, "li", "phone");
    for (unsigned i = 0; i < 3; i++) {
        snprintf(key, sizeof(key), "k%u", i);
        ids[i] = send(r, key, SEND("held", LI));
        assert_true(ids[i] > 0);
        assert_int_equal(rig_at(r, T0 + (i + 1) * AW_SECOND), 0);
    }
    assert_int_equal(r->n_sends, 0);
    /* One was seen elsewhere meanwhile: it does not come any more. */
    rig_ack(r, ids[1], "li", AW_ACKNOWLEDGED);
    rig_restart(r, true);
    login(r, "li", "phone");
    assert_int_equal(r->n_sends, 2);
    assert_int_equal(r->sends[0]->message, ids[0]);
    assert_int_equal(r->sends[1]->message, ids[2]);
    /* Logging in again releases nothing twice. */
    accept_all(r);
    rig_forget_sends(r);
    login(r, "li", "phone");
    assert_int_equal(r->n_sends, 0);
}

static void edge_37_one_digest(void **state)
{
    struct rig *r = *state;
    char key[8];

    login(r, "li", "phone");
    logout(r, "li", "phone");
    for (unsigned i = 0; i < 3; i++) {
        snprintf(key, sizeof(key), "k%u", i);
        send(r, key, SEND("digest", LI));
    }
    login(r, "li", "phone");
    assert_non_null(strstr(only_send(r)->text, "3"));
    assert_int_equal(count(r, "firing.skipped%\"why\":\"digest\""), 2);
}

static void a_push_under_way_is_taken_back(void **state)
{
    struct rig *r = *state;

    login(r, "li", "phone");
    login(r, "li", "tablet");
    send(r, "k1", SEND("plain", LI));
    assert_int_equal(only_send(r)->n_registration_ids, 2);
    logout(r, "li", "phone"); /* it is on its way */
    assert_int_equal(revokes(r), 0);
    accept_all(r);
    assert_int_equal(revokes(r), 1);
    /* The tablet gets it again, alone. */
    assert_int_equal(r->n_sends, 2);
    assert_int_equal(r->sends[1]->n_registration_ids, 1);
    assert_string_equal(r->sends[1]->registration_ids[0], "tablet");
}

static void what_waits_for_a_token_does_not_leave(void **state)
{
    struct rig *r = *state;

    r->with_cids = true;
    login(r, "li", "phone");
    send(r, "k1", SEND("held", LI));
    assert_int_equal(r->n_sends, 0);
    login(r, "wang", "phone");
    take_inbox(r);
    rig_cids(r, 5);
    assert_int_equal(rig_at(r, T0 + AW_MINUTE), 0);
    assert_int_equal(r->n_sends, 0);
    login(r, "li", "tablet");
    assert_string_equal(only_send(r)->registration_ids[0], "tablet");
}

static void reports_may_come_late_and_twice(void **state)
{
    struct rig *r = *state;

    rig_environment(r, "apps: [shop]", "apps: [shop, bank]");
    struct aw_cmd *cmd = report(r, true, "li", "phone");

    cmd->u.session.seq = 5;
    assert_int_equal(done(r, cmd), AW_P_NONE);
    assert_true(r->last.first);
    cmd = report(r, true, "wang", "phone");
    cmd->u.session.seq = 4;
    assert_int_equal(done(r, cmd), AW_P_NONE);
    assert_false(r->last.first);
    cmd = report(r, false, "wang", "phone");
    assert_int_equal(done(r, cmd), AW_P_NONE); /* was not there */
    assert_false(r->last.first);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM device WHERE person = (SELECT id FROM person "
                                "WHERE user = 'li')"),
                     1);
    assert_int_equal(count(r, "session.changed"), 1);
    cmd = report(r, true, "li", "phone");
    cmd->u.session.at = T0 + AW_HOUR;
    assert_int_equal(done(r, cmd), AW_P_VALIDATION);
    cmd = report(r, true, "li", "phone");
    cmd->app = "bank";
    assert_int_equal(done(r, cmd), AW_P_FOREIGN_DEVICE);
    cmd = report(r, false, "", "phone");
    cmd->app = "bank";
    assert_int_equal(done(r, cmd), AW_P_FOREIGN_DEVICE);
}

static void ten_devices_and_no_more(void **state)
{
    struct rig *r = *state;
    char device[16];

    for (unsigned i = 0; i < 12; i++) {
        snprintf(device, sizeof(device), "d%u", i);
        login(r, "li", device);
        assert_int_equal(rig_at(r, T0 + (i + 1) * AW_SECOND), 0);
    }
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM device WHERE person IS NOT NULL"), 10);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM device WHERE person IS NULL AND "
                                "registration_id IN ('d0', 'd1')"),
                     2);
}

static void edge_12_each_device(void **state)
{
    struct rig *r = *state;
    aw_id id;

    login(r, "li", "phone");
    login(r, "li", "tablet");
    login(r, "li", "watch");
    id = send(r, "k1", SEND("plain", LI));
    accept_all(r);
    rig_forget_sends(r);
    for (unsigned i = 0; i < 2; i++) {
        struct aw_cmd *cmd = rig_cmd(r, AW_CMD_ACK);
        cmd->u.ack.message = id;
        cmd->u.ack.level = AW_DELIVERED;
        cmd->u.ack.source = AW_SRC_APP;
        snprintf(cmd->u.ack.user, sizeof(cmd->u.ack.user), "li");
        snprintf(cmd->u.ack.device, sizeof(cmd->u.ack.device), "%s", i ? "tablet" : "phone");
        assert_int_equal(done(r, cmd), AW_P_NONE);
    }
    /* The third has not got it, and is nobody's any more: it leaves the count. */
    logout(r, "li", "watch");
    assert_int_equal(count(r, "recipient.device"), 1);
    accept_all(r);
    rig_forget_sends(r);
    assert_int_equal(rig_at(r, T0 + 6 * AW_MINUTE), 0);
    assert_int_equal(count(r, "firing.skipped%\"why\":\"unless\""), 1);
}

static void read_in_the_inbox(void **state)
{
    struct rig *r = *state;
    aw_id id = send(r, "k1", SEND("plain", LI));
    struct aw_cmd *cmd = rig_cmd(r, AW_CMD_INBOX);

    snprintf(cmd->u.inbox.user, sizeof(cmd->u.inbox.user), "li");
    cmd->u.inbox.messages = aw_calloc(2, sizeof(aw_id));
    cmd->u.inbox.messages[0] = id;
    cmd->u.inbox.messages[1] = id + 777;
    cmd->u.inbox.n = 2;
    assert_int_equal(done(r, cmd), AW_P_NONE);
    assert_int_equal(r->last.n_changed, 1);
    assert_int_equal(r->last.number, 1);
    assert_int_equal(count(r, "evidence.recorded%acknowledged%inbox"), 1);
    assert_int_equal(rig_sql(r, "SELECT state FROM timeline"), AW_CONFIRMED);
}

static void no_target_means_logged_out(void **state)
{
    struct rig *r = *state;

    send(r, "k1", SEND("held", LI));
    rig_result(r, only_send(r)->attempt, AW_OUT_NO_TARGET, NULL);
    assert_int_equal(rig_turn(r), 0);
    rig_forget_sends(r);
    assert_int_equal(rig_at(r, T0 + 3 * AW_MINUTE), 0);
    assert_int_equal(r->n_sends, 0);
    login(r, "li", "phone");
    assert_int_equal(r->n_sends, 2); /* the try that waited, and the step that fell due */
    assert_string_equal(r->sends[0]->registration_ids[0], "phone");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_fence_is_the_session_table, setup, teardown),
        cmocka_unit_test_setup_teardown(edge_36_other_account, setup, teardown),
        cmocka_unit_test_setup_teardown(edge_35_logout_mid_plan, setup, teardown),
        cmocka_unit_test_setup_teardown(edge_37_oldest_first, setup, teardown),
        cmocka_unit_test_setup_teardown(edge_37_one_digest, setup, teardown),
        cmocka_unit_test_setup_teardown(a_push_under_way_is_taken_back, setup, teardown),
        cmocka_unit_test_setup_teardown(what_waits_for_a_token_does_not_leave, setup, teardown),
        cmocka_unit_test_setup_teardown(reports_may_come_late_and_twice, setup, teardown),
        cmocka_unit_test_setup_teardown(ten_devices_and_no_more, setup, teardown),
        cmocka_unit_test_setup_teardown(edge_12_each_device, setup, teardown),
        cmocka_unit_test_setup_teardown(read_in_the_inbox, setup, teardown),
        cmocka_unit_test_setup_teardown(no_target_means_logged_out, setup, teardown),
    };
    return cmocka_run_group_tests_name("presence", tests, NULL, NULL);
}
