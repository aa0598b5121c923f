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
    rig_at(r, T0 + AW_MINUTE);
    assert_int_equal(count(r, AW_SMS), 13);
}

int main(void)
{
#define LOOP(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        LOOP(limits_count_over_messages_and_restarts),
        LOOP(edge_10_limits_are_live),
        LOOP(suppress_names_the_message),
        LOOP(silence_puts_off_to_its_end),
        LOOP(brake_holds_and_critical_goes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
