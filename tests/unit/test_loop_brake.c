/* SPDX-License-Identifier: Apache-2.0
 *
 * What holds firings back without dropping one, in the core loop on a real store with a stepped
 * clock: limits over all messages of an app and over restarts, silences, suppress, the storm brake
 * with its digest, and what is let go before its time.
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
#include "daemon/ports.h"
#include "lib/rig.h"

#define T0 ((aw_time)1795341600000) /* 2026-11-22T10:00:00Z */

static const char rules[] = "  - name: text\n"
                            "    match: {class: text}\n"
                            "    until: acknowledged\n"
                            "    deadline: 6h\n"
                            "    limits: {per_recipient: {sms: [2/1m, 3/1h]}}\n"
                            "    steps:\n"
                            "      - {id: text, at: 0s, do: sms, via: sms}\n"
                            "  - name: quiet\n"
                            "    match: {class: quiet}\n"
                            "    until: acknowledged\n"
                            "    deadline: 6h\n"
                            "    suppress: {if_open: {class: frozen}}\n"
                            "    steps:\n"
                            "      - {id: mail, at: 0s, do: email}\n"
                            "      - {id: again, at: 5m, do: email}\n"
                            "  - name: plain\n"
                            "    match: {class: [plain, frozen]}\n"
                            "    until: acknowledged\n"
                            "    deadline: 6h\n"
                            "    steps:\n"
                            "      - {id: text, at: 0s, do: sms, via: sms}\n";

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

/* Another key of the environment. */
static void environment(struct rig *r, const char *text)
{
    char to[1024];

    snprintf(to, sizeof(to), "%schannels:\n", text);
    rig_environment(r, "channels:\n", to);
    assert_int_equal(r->last.problem, AW_P_NONE);
}

static aw_id reg_as(struct rig *r, const char *class, const char *user, const char *priority)
{
    static unsigned n;
    char key[32], body[512];

    snprintf(key, sizeof(key), "b%u", n++);
    snprintf(
        body, sizeof(body),
        "{\"class\":\"%s\",\"priority\":\"%s\",\"title\":\"t\",\"body\":\"b\",\"recipients\":[{"
        "\"user\":\"%s\",\"phone\":\"+8613800001234\",\"email\":\"%s@sim.invalid\"}]}",
        class, priority, user, user);
    aw_id id = rig_register(r, key, body);
    assert_true(id != 0);
    assert_int_equal(rig_turn(r), 0);
    return id;
}

static aw_id reg(struct rig *r, const char *class)
{
    return reg_as(r, class, "li", "normal");
}

static unsigned count(const struct rig *r, enum aw_kind kind)
{
    unsigned n = 0;

    for (unsigned i = 0; i < r->n_sends; i++)
        n += r->sends[i]->kind == kind && r->sends[i]->message != 0;
    return n;
}

static int64_t entries(struct rig *r, const char *kind, const char *part)
{
    char sql[512];

    snprintf(
        sql, sizeof(sql),
        "SELECT count(*) FROM log WHERE body LIKE '%%\"kind\":\"%s\"%%' AND body LIKE '%%%s%%'",
        kind, part);
    return rig_sql(r, sql);
}

/* --- limits --------------------------------------------------------------------------------- */

static void limits_count_over_messages_and_restarts(void **state)
{
    struct rig *r = *state;

    for (unsigned i = 0; i < 5; i++)
        reg(r, "text");
    assert_int_equal(count(r, AW_SMS), 2);
    assert_int_equal(entries(r, "firing.deferred", "\"why\":\"limit\",\"by\":\"sms 2/1m\""), 3);
    /* The same number under another name, in another message, is the same phone. */
    reg_as(r, "text", "wang", "normal");
    assert_int_equal(count(r, AW_SMS), 2);

    rig_forget_sends(r);
    rig_restart(r, true);
    assert_int_equal(rig_turn(r), 0);
    rig_forget_sends(r); /* the two that were in flight have an unknown outcome: tried again */
    rig_at(r, T0 + 59 * AW_SECOND);
    for (unsigned i = 0; i < r->n_sends; i++)
        assert_true(r->sends[i]->number > 1);
    rig_forget_sends(r);
    rig_at(r, T0 + AW_MINUTE);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM attempt WHERE number = 1"), 3);
    assert_true(entries(r, "firing.deferred", "\"by\":\"sms 3/1h\"") > 0);
    rig_at(r, T0 + AW_HOUR);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM attempt WHERE number = 1"), 5);
}

/* The environment's limits hold where a rule names none; a reload without them lets go at once. */
static void edge_10_limits_are_live(void **state)
{
    struct rig *r = *state;

    environment(r, "limits: {per_recipient: {sms: 1/1h}}\n");
    reg(r, "plain");
    reg(r, "plain");
    assert_int_equal(count(r, AW_SMS), 1);
    assert_int_equal(entries(r, "firing.deferred", "\"by\":\"sms 1/1h\""), 1);
    rig_environment(r, "sms: 1/1h", "email: 1/1h");
    assert_int_equal(rig_turn(r), 0);
    assert_int_equal(count(r, AW_SMS), 2);
    assert_int_equal(entries(r, "firing.let_go", ""), 1);
}

/* --- suppress ------------------------------------------------------------------------------- */

static void suppress_names_the_message(void **state)
{
    struct rig *r = *state;
    char text[64], id[AW_ID_TEXT];

    reg(r, "quiet");
    assert_int_equal(count(r, AW_EMAIL), 1); /* nothing is open but itself */
    aw_id frozen = reg(r, "frozen");
    reg(r, "quiet");
    assert_int_equal(count(r, AW_EMAIL), 1);
    aw_id_print(id, "msg_", frozen);
    snprintf(text, sizeof(text), "\"why\":\"suppressed\",\"by\":\"%s\"", id);
    assert_int_equal(entries(r, "firing.skipped", text), 1);
    reg_as(r, "quiet", "wang", "normal"); /* somebody else */
    assert_int_equal(count(r, AW_EMAIL), 2);

    /* Once it is over the next steps run, also after a restart. */
    rig_forget_sends(r);
    rig_restart(r, false);
    rig_at(r, T0 + AW_MINUTE);
    reg(r, "quiet");
    assert_int_equal(entries(r, "firing.skipped", text), 2);
    rig_ack(r, frozen, "li", AW_ACKNOWLEDGED);
    rig_forget_sends(r);
    rig_at(r, T0 + 6 * AW_MINUTE);
    assert_int_equal(entries(r, "firing.skipped", text), 2);
    assert_true(count(r, AW_EMAIL) >= 3);
}

/* --- silences of the file ------------------------------------------------------------------- */

static void silence_puts_off_to_its_end(void **state)
{
    struct rig *r = *state;

    environment(r, "silences: {move: {match: {class: plain}, until: \"2026-11-22T11:00:00Z\", "
                   "author: chen, reason: move}}\n");
    reg_as(r, "plain", "li", "critical");
    assert_int_equal(count(r, AW_SMS), 0);
    assert_int_equal(entries(r, "firing.deferred", "\"why\":\"silence\",\"by\":\"move\""), 1);
    rig_at(r, T0 + AW_HOUR - 1);
    assert_int_equal(count(r, AW_SMS), 0);
    rig_at(r, T0 + AW_HOUR);
    assert_int_equal(count(r, AW_SMS), 1);
    assert_int_equal(entries(r, "firing.deferred", ""), 1);
}

/* --- silences of people --------------------------------------------------------------------- */

static int64_t silence(struct rig *r, const char *app, const char *match, aw_ms length)
{
    struct aw_cmd *cmd = rig_cmd(r, AW_CMD_SILENCE_ADD);

    cmd->app = app;
    cmd->u.silence.match = aw_strdup(match);
    cmd->u.silence.length = length;
    snprintf(cmd->u.silence.reason, sizeof(cmd->u.silence.reason), "the office moves");
    assert_int_equal(rig_turn_with(r, &cmd, 1), 0);
    if (r->last.problem)
        return -1;
    return rig_sql(r, "SELECT max(id) FROM silence");
}

static void end(struct rig *r, const char *app, int64_t id)
{
    struct aw_cmd *cmd = rig_cmd(r, AW_CMD_SILENCE_END);

    cmd->app = app;
    cmd->u.silence.id = id;
    snprintf(cmd->u.silence.reason, sizeof(cmd->u.silence.reason), "moved");
    assert_int_equal(rig_turn_with(r, &cmd, 1), 0);
}

static void silence_ended_lets_go_at_once(void **state)
{
    struct rig *r = *state;

    int64_t id = silence(r, "", "{\"class\":[\"pl*\"]}", AW_HOUR);
    reg(r, "plain");
    reg(r, "plain");
    assert_int_equal(count(r, AW_SMS), 0);
    rig_at(r, T0 + 5 * AW_MINUTE);
    /* It stands over a restart, and is ended by those whose it is. */
    rig_restart(r, true);
    rig_at(r, T0 + 6 * AW_MINUTE);
    assert_int_equal(count(r, AW_SMS), 0);
    end(r, "shop", id);
    assert_int_equal(r->last.problem, AW_P_NOT_FOUND);
    end(r, "", id);
    assert_int_equal(r->last.problem, AW_P_NONE);
    assert_int_equal(rig_turn(r), 0);
    assert_int_equal(count(r, AW_SMS), 2);
    assert_int_equal(entries(r, "firing.deferred", ""), 2);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM silence"), 0);
    assert_int_equal(entries(r, "silence.changed", "\"state\":\"ended\""), 1);
    end(r, "", id);
    assert_int_equal(r->last.problem, AW_P_NOT_FOUND);
}

/* At the deadline the firing is skipped by the name of the silence; then the silence expires. */
static void silence_outlives_the_deadline(void **state)
{
    struct rig *r = *state;
    char part[96], id[AW_ID_TEXT];

    aw_id_print(id, "sil_", (aw_id)silence(r, "", "{\"priority\":\"normal\"}", 7 * AW_HOUR));
    reg_as(r, "plain", "li", "critical"); /* the matcher leaves it out */
    assert_int_equal(count(r, AW_SMS), 1);
    reg(r, "plain");
    rig_at(r, T0 + 6 * AW_HOUR);
    snprintf(part, sizeof(part), "\"why\":\"silence\",\"by\":\"%s\"", id);
    assert_int_equal(entries(r, "firing.skipped", part), 1);
    assert_int_equal(count(r, AW_SMS), 1);
    rig_at(r, T0 + 8 * AW_HOUR);
    assert_int_equal(entries(r, "silence.changed", "\"state\":\"expired\""), 1);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM silence"), 0);
}

static void silences_are_checked_and_listed(void **state)
{
    struct rig *r = *state;
    struct aw_cmd *cmd;

    assert_int_equal(silence(r, "", "{\"colour\":\"red\"}", AW_HOUR), -1);
    assert_int_equal(r->last.problem, AW_P_VALIDATION);
    assert_non_null(strstr(r->last.detail, "colour"));
    assert_int_equal(silence(r, "", "{}", AW_HOUR), -1);
    assert_int_equal(silence(r, "", "{\"class\":\"x\"}", -AW_HOUR), -1);
    environment(r, "silences: {move: {match: {class: nobody}, until: \"2026-11-22T11:00:00Z\", "
                   "author: chen, reason: move}}\n");
    assert_true(silence(r, "bank", "{\"class\":\"plain\"}", AW_HOUR) >= 0);
    reg(r, "plain"); /* of another app */
    assert_int_equal(count(r, AW_SMS), 1);
    cmd = rig_cmd(r, AW_CMD_SILENCES);
    cmd->app = "bank";
    assert_int_equal(rig_turn_with(r, &cmd, 1), 0);
    assert_int_equal(entries(r, "silence.changed", "the office moves"), 0); /* words of a person */
}

/* --- storm brake ---------------------------------------------------------------------------- */

static void brake_holds_and_critical_goes(void **state)
{
    struct rig *r = *state;

    environment(r, "storm: {channel: 10/1m, reserve: 20%, digest: 0}\n");
    for (unsigned i = 0; i < 12; i++)
        reg(r, "plain");
    assert_int_equal(count(r, AW_SMS), 8);
    assert_int_equal(entries(r, "firing.deferred", "\"why\":\"brake\",\"by\":\"channel sms\""), 4);
    reg_as(r, "plain", "li", "critical");
    assert_int_equal(count(r, AW_SMS), 9);
    assert_int_equal(rig_sql(r, "SELECT sum(n_times) FROM notice WHERE what LIKE 'storm%'"), 1);
    rig_at(r, T0 + AW_MINUTE);
    assert_int_equal(count(r, AW_SMS), 13);
    rig_at(r, T0 + 5 * AW_MINUTE);
    assert_int_equal(rig_sql(r, "SELECT sum(n_times) FROM notice WHERE what LIKE 'storm%'"), 2);
    assert_int_equal(entries(r, "storm.changed", "\"state\":\"begun\",\"by\":\"channel sms\""), 1);
    assert_int_equal(entries(r, "storm.changed", "\"state\":\"over\""), 1);
    assert_int_equal(r->stats.deferred[AW_WHY_BRAKE], entries(r, "firing.deferred", "brake"));
}

/* --- a paused channel ----------------------------------------------------------------------- */

static void hold_sms(struct rig *r, enum aw_cmd_type type)
{
    struct aw_cmd *cmd = rig_cmd(r, type);

    snprintf(cmd->u.channel.name, sizeof(cmd->u.channel.name), "sms");
    snprintf(cmd->u.channel.reason, sizeof(cmd->u.channel.reason), "because");
    assert_int_equal(rig_turn_with(r, &cmd, 1), 0);
    assert_int_equal(rig_turn(r), 0);
}

/* A pause without an end: one entry for each that waits, and all go at once when it is over. */
static void pause_is_one_entry(void **state)
{
    struct rig *r = *state;

    hold_sms(r, AW_CMD_CHANNEL_PAUSE);
    for (unsigned i = 0; i < 3; i++)
        reg(r, "plain");
    for (unsigned i = 1; i <= 60; i++)
        rig_at(r, T0 + i * AW_MINUTE);
    rig_restart(r, true);
    for (unsigned i = 61; i <= 120; i++)
        rig_at(r, T0 + i * AW_MINUTE);
    assert_int_equal(entries(r, "firing.deferred", "\"why\":\"channel\""), 3);
    assert_int_equal(count(r, AW_SMS), 0);
    hold_sms(r, AW_CMD_CHANNEL_RESUME);
    assert_int_equal(count(r, AW_SMS), 3);
    assert_int_equal(entries(r, "firing.let_go", ""), 3);
}

/* --- digest --------------------------------------------------------------------------------- */

static const struct aw_send *last(const struct rig *r, enum aw_kind kind)
{
    for (unsigned i = r->n_sends; i-- > 0;)
        if (r->sends[i]->kind == kind && r->sends[i]->message != 0)
            return r->sends[i];
    return NULL;
}

static aw_id storm_of(struct rig *r, unsigned n)
{
    aw_id id = 0;

    environment(r, "storm: {recipient: 1/1m, reserve: 0%, digest: 5}\n");
    for (unsigned i = 0; i < n; i++)
        id = reg(r, "plain");
    assert_int_equal(count(r, AW_SMS), 1);
    return id;
}

/* More than five wait: one text carries all of them, each with a line of its own; what was
 * acknowledged meanwhile is not among them (edge 3). */
static void edge_3_digest_drops_who_acknowledged(void **state)
{
    struct rig *r = *state;
    aw_id acked = storm_of(r, 10);

    rig_ack(r, acked, "li", AW_ACKNOWLEDGED);
    rig_at(r, T0 + AW_MINUTE);
    assert_int_equal(count(r, AW_SMS), 2);
    assert_non_null(strstr(last(r, AW_SMS)->text, "8 messages wait: t; t"));
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM attempt WHERE merged_into IS NOT NULL"), 7);
    assert_int_equal(rig_sql(r, "SELECT count(DISTINCT ref) FROM attempt"), 2);
    assert_int_equal(entries(r, "firing.claimed", "\"why\":\"carried\""), 7);
    assert_int_equal(r->stats.carried, 7);
    /* Its outcome is that of all. */
    rig_result(r, last(r, AW_SMS)->attempt, AW_OUT_ACCEPTED, "p1");
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM timeline WHERE level = 1"), 8);
    rig_at(r, T0 + AW_HOUR);
    assert_int_equal(count(r, AW_SMS), 2);
}

/* Too few are left: each goes alone, in its turn. */
static void few_that_wait_go_alone(void **state)
{
    struct rig *r = *state;

    storm_of(r, 5);
    rig_at(r, T0 + AW_MINUTE);
    assert_int_equal(count(r, AW_SMS), 2);
    for (unsigned i = 2; i <= 4; i++)
        rig_at(r, T0 + i * AW_MINUTE);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM attempt WHERE merged_into IS NOT NULL"), 0);
    assert_int_equal(count(r, AW_SMS), 5);
}

/* It fails for a while: one next try for all, also after a restart. */
static void digest_is_tried_again_as_one(void **state)
{
    struct rig *r = *state;

    storm_of(r, 10);
    rig_accept_all(r);
    rig_at(r, T0 + AW_MINUTE);
    assert_int_equal(count(r, AW_SMS), 2);
    rig_result(r, last(r, AW_SMS)->attempt, AW_OUT_TRANSIENT, NULL);
    rig_at(r, T0 + 2 * AW_MINUTE);
    assert_int_equal(count(r, AW_SMS), 3);
    assert_non_null(strstr(last(r, AW_SMS)->text, "9 messages wait: t; t"));
    rig_forget_sends(r);
    rig_restart(r, true);
    for (unsigned i = 3; i < 30 && !last(r, AW_SMS); i++)
        rig_at(r, T0 + i * AW_MINUTE);
    assert_int_equal(count(r, AW_SMS), 1);
    rig_result(r, last(r, AW_SMS)->attempt, AW_OUT_ACCEPTED, "p1");
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM timeline WHERE level = 1"), 10);
    rig_forget_sends(r);
    rig_at(r, T0 + AW_HOUR);
    assert_int_equal(count(r, AW_SMS), 0);
}

int main(void)
{
#define LOOP(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        LOOP(limits_count_over_messages_and_restarts),
        LOOP(edge_10_limits_are_live),
        LOOP(suppress_names_the_message),
        LOOP(silence_puts_off_to_its_end),
        LOOP(silence_ended_lets_go_at_once),
        LOOP(silence_outlives_the_deadline),
        LOOP(silences_are_checked_and_listed),
        LOOP(brake_holds_and_critical_goes),
        LOOP(pause_is_one_entry),
        LOOP(edge_3_digest_drops_who_acknowledged),
        LOOP(few_that_wait_go_alone),
        LOOP(digest_is_tried_again_as_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
