/* SPDX-License-Identifier: Apache-2.0
 *
 * Hours, calendars and rotations in the core loop on a real store with a stepped clock: holds are
 * in the log and are folded again, calendars and rotations are those of the moment, and what opens
 * together goes by priority.
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
#include "lib/rig.h"

#define T0      ((aw_time)1795341600000) /* 2026-11-22T10:00:00Z, 18:00 in Shanghai */
#define OPENING (T0 + 14 * AW_HOUR)      /* 08:00 there */

#define RULE(name)                                                                                 \
    "  - name: " name "\n    match: {class: " name                                                 \
    "}\n    until: acknowledged\n    deadline: 2h\n"                                               \
    "    max_age: 3d\n"
static const char plain[] = RULE("plain") "    steps: [{id: text, at: 0s, do: sms, via: sms}]\n";
static const char rules[] = RULE(
    "night") "    hours: {calendar: night, inside: hold}\n"
             "    steps: [{id: text, at: 0s, do: sms, via: sms}]\n" RULE(
                 "kinds") "    hours: {calendar: night, inside: hold, kinds: sms}\n"
                          "    steps:\n"
                          "      - {id: mail, at: 0s, do: email}\n"
                          "      - {id: text, at: 1m, do: [sms, email]}\n" RULE(
                              "keep") "    hours: {calendar: night, inside: hold, then: keep}\n"
                                      "    steps: [{id: text, at: 0s, do: sms, via: sms}]\n" RULE(
                                          "duty") "    steps:\n"
                                                  "      - {id: duty, at: 0s, do: sms, via: sms, "
                                                  "to: [\"oncall:noc\", \"contact:desk\"],\n"
                                                  "         repeat: {every: 30m, times: 3}}\n";

static const char calendars[] = "zone: Asia/Shanghai\n"
                                "calendars: {night: {open: [{from: \"17:00\", to: \"08:00\"}]}}\n"
                                "rotations: {noc: {zone: Asia/Shanghai, start: "
                                "\"2026-11-22T18:15:00\", turn: 7d, people: [chen, "
                                "wang]}}\n"
                                "channels:\n";

static int setup(void **state)
{
    struct rig *r = test_malloc(sizeof(*r));

    rig_new(r, plain, T0);
    rig_write_rules(r, rules);
    rig_environment(r, "channels:\n", calendars);
    rig_contact(r, "chen", "{\"phone\":\"+8613800000001\"}");
    rig_contact(r, "wang", "{\"phone\":\"+8613800000002\"}");
    rig_contact(r, "desk", "{\"phone\":\"+8613800000003\"}");
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

static aw_id reg(struct rig *r, const char *class, const char *priority, const char *more)
{
    static unsigned n;
    char key[32], body[400];

    snprintf(key, sizeof(key), "k%u", ++n);
    snprintf(
        body, sizeof(body),
        "{\"title\":\"%s\",\"class\":\"%s\",\"priority\":\"%s\",\"recipients\":[{\"user\":\"li%u\","
        "\"phone\":\"+8613900000000\",\"email\":\"li@sim.invalid\"%s}]}",
        priority, class, priority, n, more);
    aw_id id = rig_register(r, key, body);
    assert_true(id > 0);
    assert_int_equal(rig_turn(r), 0);
    return id;
}

static int64_t entries(struct rig *r, const char *kind, const char *with)
{
    char sql[300];

    snprintf(
        sql, sizeof(sql),
        "SELECT count(*) FROM log WHERE body LIKE '%%\"kind\":\"%s\"%%' AND body LIKE '%%%s%%'",
        kind, with);
    return rig_sql(r, sql);
}

static unsigned sent_at(struct rig *r, aw_time t)
{
    assert_int_equal(rig_at(r, t), 0);
    unsigned n = r->n_sends;
    rig_accept_all(r);
    rig_forget_sends(r);
    return n;
}

static void held_until_the_opening(void **state)
{
    struct rig *r = *state;

    reg(r, "night", "normal", "");
    reg(r, "night", "normal", ",\"tz\":\"Europe/Berlin\""); /* 11:00 there */
    reg(r, "night", "normal", ",\"tz\":\"Mars/Phobos\"");   /* that of the environment */
    assert_int_equal(sent_at(r, T0), 1);
    assert_int_equal(entries(r, "timeline.held", "\"why\":\"hours\""), 2);
    assert_int_equal(entries(r, "timeline.held", "\"step\":\"text\""), 2);
    /* Nobody did anything. */
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM v_operator_actions WHERE action = "
                                "'timeline.held'"),
                     0);
    rig_restart(r, true);
    assert_int_equal(sent_at(r, OPENING - 1), 0);
    assert_int_equal(sent_at(r, OPENING), 2);
    /* The deadline stood still: two hours after the opening. */
    assert_int_equal(rig_at(r, OPENING + 2 * AW_HOUR - 1), 0);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM timeline WHERE state = 0"), 2);
    assert_int_equal(rig_at(r, OPENING + 2 * AW_HOUR), 0);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM timeline WHERE state = 2"), 3);
}

static void for_some_kinds(void **state)
{
    struct rig *r = *state;

    reg(r, "kinds", "normal", "");
    assert_int_equal(sent_at(r, T0), 1);
    assert_int_equal(sent_at(r, T0 + AW_MINUTE), 1); /* the mail of the second step */
    assert_int_equal(entries(r, "timeline.held", "\"kinds\":2"), 1);
    assert_int_equal(rig_verify(r), 0);
    rig_restart(r, true);
    assert_int_equal(sent_at(r, OPENING), 1);
}

static void kept(void **state)
{
    struct rig *r = *state;

    reg(r, "keep", "normal", "");
    assert_int_equal(entries(r, "firing.deferred", "\"why\":\"hours\""), 1);
    assert_int_equal(sent_at(r, T0 + 2 * AW_HOUR), 0);
    assert_int_equal(entries(r, "firing.skipped", "\"why\":\"hours\""), 1);
    assert_int_equal(rig_sql(r, "SELECT state FROM timeline"), AW_EXHAUSTED);
}

/* edge-26: what waited goes by priority, a turn's room at a time. */
static void edge_26_opening_of_many(void **state)
{
    struct rig *r = *state;

    for (unsigned i = 0; i < 40; i++)
        reg(r, "night", i % 2 ? "normal" : "low", "");
    reg(r, "night", "critical", "");
    reg(r, "night", "high", "");
    assert_int_equal(r->n_sends, 0);
    r->room = 4;
    assert_int_equal(rig_at(r, OPENING), 0);
    assert_int_equal(r->n_sends, 42);
    assert_string_equal(r->sends[0]->title, "critical");
    assert_string_equal(r->sends[1]->title, "high");
    for (unsigned i = 2; i < 42; i++)
        assert_string_equal(r->sends[i]->title, i < 22 ? "normal" : "low");
}

/* edge-10: the calendar of the moment counts, and the log says which that was. */
static void edge_10_calendars_are_live(void **state)
{
    struct rig *r = *state;
    char was[40], is[40];

    reg(r, "night", "normal", "");
    rig_sql_text(r,
                 "SELECT json_extract(body, '$.env') FROM log WHERE body LIKE "
                 "'%timeline.held%' ORDER BY seq DESC LIMIT 1",
                 was, sizeof(was));
    assert_int_equal(strlen(was), 16);
    rig_environment(r, "to: \"08:00\"", "to: \"09:00\"");
    assert_int_equal(sent_at(r, OPENING), 0); /* judged again, and held for one more hour */
    assert_int_equal(entries(r, "timeline.held", "\"why\":\"hours\""), 2);
    assert_int_equal(sent_at(r, OPENING + AW_HOUR), 1);
    rig_sql_text(r,
                 "SELECT json_extract(body, '$.env') FROM log WHERE body LIKE "
                 "'%firing.claimed%' ORDER BY seq DESC LIMIT 1",
                 is, sizeof(is));
    assert_int_equal(strlen(is), 16);
    assert_string_not_equal(was, is);
    assert_int_equal(rig_at(r, OPENING + 3 * AW_HOUR - 1), 0);
    assert_int_equal(rig_sql(r, "SELECT state FROM timeline"), AW_OPEN);
}

/* A calendar that a pinned rule names and the environment has no more holds nothing. */
static void calendar_is_gone(void **state)
{
    struct rig *r = *state;

    reg(r, "night", "normal", "");
    rig_write_rules(r, plain);
    rig_environment(r, "calendars: {night", "calendars: {day");
    assert_int_equal(sent_at(r, OPENING - 1), 0); /* decided before */
    assert_int_equal(sent_at(r, OPENING), 1);
    rig_write_rules(r, rules);
    rig_environment(r, "calendars: {day", "calendars: {night");
}

/* edge-39, and rotations are live: nobody yet, the first, who stands in. */
static void who_is_on_duty(void **state)
{
    struct rig *r = *state;

    reg(r, "duty", "normal", "");
    assert_string_equal(r->sends[0]->phone, "+8613800000003");
    sent_at(r, T0);
    rig_at(r, T0 + 30 * AW_MINUTE);
    assert_string_equal(r->sends[0]->phone, "+8613800000001");
    sent_at(r, T0 + 30 * AW_MINUTE);
    rig_environment(r, "people: [chen, wang]",
                    "people: [chen, wang], overrides: [{from: \"2026-11-22T18:55\", to: "
                    "\"2026-11-22T19:05\", person: wang}]");
    rig_at(r, T0 + AW_HOUR);
    assert_string_equal(r->sends[0]->phone, "+8613800000002");
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(held_until_the_opening),
        T(for_some_kinds),
        T(kept),
        T(edge_26_opening_of_many),
        T(edge_10_calendars_are_live),
        T(calendar_is_gone),
        T(who_is_on_duty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
