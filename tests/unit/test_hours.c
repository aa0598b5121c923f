/* SPDX-License-Identifier: Apache-2.0
 *
 * Hours, calendars and rotations from the file to the line: keys and their mistakes, the sample of
 * the specification, each recipient's own night, the days on which clocks change, who is on duty.
 */
#include "conf/rules_int.h"

#include <stdlib.h>
#include <string.h>

#include "../lib/unit.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/env_int.h"
#include "conf/tests.h"
#include "conf_util.h"

static struct aw_diag diag;
static struct aw_rules *rules;

#define HEAD                                                                                       \
    "version: 1\nrules:\n  - name: r\n    until: opened\n    deadline: 6h\n    max_age: 3d\n"
#define PUSH "    steps: [{id: push, at: 0s, do: push}]\n"

static int parse(const char *text, const struct aw_rules_world *world)
{
    return aw_rules_parse("r.yaml", text, strlen(text), world, &rules, &diag);
}

static void keys(void **state)
{
    const struct aw_rule *r;
    assert_int_equal(parse(HEAD
                           "    hours:\n"
                           "      - {calendar: night, inside: hold, then: keep, kinds: [sms, im], "
                           "except: [critical, high]}\n"
                           "      - {calendar: 周末, inside: skip}\n" PUSH,
                           NULL),
                     0);
    r = rules->set.rules[0];
    assert_int_equal(r->n_hours, 2);
    assert_string_equal(r->hours[0].calendar, "night");
    assert_int_equal(r->hours[0].inside, AW_INSIDE_HOLD);
    assert_int_equal(r->hours[0].then, AW_THEN_KEEP);
    assert_int_equal(r->hours[0].kinds, 1 << AW_SMS | 1 << AW_IM);
    assert_int_equal(r->hours[0].except, 1 << AW_CRITICAL | 1 << AW_HIGH);
    assert_int_equal(r->hours[1].inside, AW_INSIDE_SKIP);
    assert_int_equal(r->hours[1].then, AW_THEN_SHIFT);
    assert_int_equal(r->hours[1].kinds, AW_ALL_KINDS);
    assert_int_equal(r->hours[1].except, 0);
    aw_rules_free(rules);
    /* One entry needs no list; `defaults` fill it in. */
    assert_int_equal(parse("version: 1\ndefaults: {hours: {calendar: n, inside: send}}\nrules:\n"
                           "  - {name: a, until: sent, deadline: 1h, steps: [{id: a, at: 0s, do: "
                           "im, to: [\"oncall:noc\", manager]}]}\n",
                           NULL),
                     0);
    r = rules->set.rules[0];
    assert_int_equal(r->n_hours, 1);
    assert_int_equal(r->hours[0].inside, AW_INSIDE_SEND);
    assert_int_equal(r->steps[0].to[0].type, AW_TO_ONCALL);
    assert_string_equal(r->steps[0].to[0].name, "noc");
    aw_rules_free(rules);
    rules = NULL;
}

static void mistakes(void **state)
{
    static const struct {
        const char *codes, *text;
    } rows[] = {
        {"E101 E101", HEAD "    ^^hours: {}\n" PUSH},
        {"E104 E104 E104 E104 E102", HEAD
         "    hours: [{calendar: n, inside: ^wait, then: ^stay, kinds: ^smss, except: [^urgent], "
         "^zone: x}]\n" PUSH},
        {"E112", HEAD "    hours: ^[]\n" PUSH},
        {"E103", HEAD "    hours: ^night\n" PUSH},
        {"E114", HEAD "    hours: {calendar: ^\"a b\", inside: hold}\n" PUSH},
        {"E127 E127", HEAD "    hours: [{calendar: ^nihgt, inside: hold}, {calendar: ^x, inside: "
                           "hold}]\n" PUSH},
        {"E128 E114",
         HEAD "    steps: [{id: a, at: 0s, do: sms, to: [^\"oncall:moc\", \"oncall:noc\", "
              "^\"oncall:\"]}]\n"},
    };
    const struct aw_calendar night = {.name = "night"};
    const struct aw_rotation noc = {.name = "noc"};
    const struct aw_almanac almanac = {
        .calendars = &night, .n_calendars = 1, .rotations = &noc, .n_rotations = 1};
    const struct aw_rules_world world = {.almanac = &almanac};
    for (unsigned i = 0; i < AW_COUNT(rows); i++) {
        struct conf_marked m = conf_unmark(rows[i].text, rows[i].codes);
        bool unknown = strstr(m.text, "nihgt") || strstr(m.text, "oncall");
        assert_int_equal(parse(m.text, unknown ? &world : NULL), AW_EINVAL);
        assert_string_equal(conf_codes(&diag), m.places);
    }
    assert_int_equal(parse(HEAD "    hours: {calendar: nihgt, inside: hold}\n" PUSH, &world),
                     AW_EINVAL);
    assert_non_null(strstr(conf_print(&diag), "did you mean \"night\"?"));
}

/* --- rule tests ---------------------------------------------------------------------------- */

static unsigned failed;

static void report(void *ctx, const struct aw_test_report *r)
{
    if (!r->passed)
        print_error("%s: %s\n", r->name, r->explain);
    failed += !r->passed;
}

static const char must_read[] =
    "version: 1\n"
    "rules:\n"
    "  - name: must-read\n"
    "    match: {class: office, priority: [high, critical]}\n"
    "    until: acknowledged\n"
    "    deadline: 4h\n"
    "    max_age: 3d\n"
    "    hours: {calendar: night, inside: hold, then: shift, except: [critical]}\n"
    "    steps:\n"
    "      - {id: push,  at: 0s,  do: push,  ttl: until text}\n"
    "      - {id: again, at: 2m,  do: push,  unless: delivered, replaces: push, ttl: until text}\n"
    "      - {id: text,  at: 5m,  do: sms,   unless: delivered}\n"
    "      - {id: mail,  at: 15m, do: email, unless: opened}\n"
    "      - {id: boss,  at: 30m, do: [push, sms], to: [manager, \"oncall:noc\"],\n"
    "         unless: acknowledged, repeat: {every: 15m, times: 3}}\n"
    "    exhausted: {do: email, to: \"contact:compliance\"}\n";

#define ENVIRONMENT                                                                                \
    "environment:\n"                                                                               \
    "  calendars: {night: {zone: recipient, open: [{days: all, from: \"22:00\", to: "              \
    "\"08:00\"}]}}\n"                                                                              \
    "  rotations: {noc: {zone: Asia/Shanghai, start: \"2026-01-05T09:00:00\", turn: 7d, people: "  \
    "[chen]}}\n"
#define PEOPLE                                                                                     \
    "people:\n"                                                                                    \
    "  li: {alias: li, phone: \"+9990000001\", email: li@sim.invalid, tz: Asia/Shanghai, "         \
    "manager: "                                                                                    \
    "wang}\n"                                                                                      \
    "  wang: {alias: wang}\n"                                                                      \
    "  chen: {phone: \"+9990000009\"}\n"                                                           \
    "  compliance: {email: c@sim.invalid}\n"
#define QUIET                                                                                      \
    "  - name: quiet hours begin between two steps, and the gaps are kept\n"                       \
    "    send: {at: \"2026-11-23T21:58:00+08:00\", class: office, priority: high, recipients: "    \
    "[{user: li}]}\n"                                                                              \
    "    events: [{at: 10h22m, from: li, level: acknowledged}]\n"                                  \
    "    expect:\n"                                                                                \
    "      - {at: 0s, do: push, to: li}\n"                                                         \
    "      - {at: 10h2m, do: push, to: li}\n"                                                      \
    "      - {at: 10h5m, do: sms, to: li}\n"                                                       \
    "      - {at: 10h15m, do: email, to: li}\n"                                                    \
    "      - {at: 10h22m, state: confirmed, to: li}\n"                                             \
    "      - {nothing_after: 10h22m}\n"
#define SPARED                                                                                     \
    "  - name: critical is spared, and who is on duty gets the text that the manager cannot\n"     \
    "    send: {at: \"2026-11-23T21:58:00+08:00\", class: office, priority: critical, "            \
    "recipients: "                                                                                 \
    "[{user: li}]}\n"                                                                              \
    "    events: [{at: 31m, from: li, level: acknowledged}]\n"                                     \
    "    expect:\n"                                                                                \
    "      - {at: 0s, do: push, to: li}\n"                                                         \
    "      - {at: 2m, do: push, to: li}\n"                                                         \
    "      - {at: 5m, do: sms, to: li}\n"                                                          \
    "      - {at: 15m, do: email, to: li}\n"                                                       \
    "      - {at: 30m, do: push, to: li, targets: [wang]}\n"                                       \
    "      - {at: 30m, do: sms, to: li, targets: [chen]}\n"                                        \
    "      - {at: 31m, state: confirmed, to: li}\n"

static void sample_of_the_specification(void **state)
{
    const struct aw_test_options options = {.report = report};
    struct aw_test_result result;
    conf_file("must-read.yaml", must_read);
    assert_int_equal(
        aw_tests_run(conf_file("must-read.test.yaml", "rules: [must-read.yaml]\n" ENVIRONMENT PEOPLE
                                                      "tests:\n" QUIET SPARED),
                     &options, &result, &diag),
        0);
    assert_int_equal(failed, 0);
    assert_int_equal(result.passed, 2);
    /* Without an environment what a rule names of one is missing. */
    assert_int_equal(aw_tests_run(conf_file("bare.test.yaml",
                                            "rules: [must-read.yaml]\n" PEOPLE "tests:\n" QUIET),
                                  &options, &result, &diag),
                     AW_EINVAL);
    assert_string_equal(conf_codes(&diag), "8:23 E127, 14:61 E128");
}

/* --- lines --------------------------------------------------------------------------------- */

static struct aw_env_conf *environment(const char *text)
{
    struct aw_env_conf *env = NULL;
    if (aw_env_load(conf_file("env.yaml", text), AW_ENV_LENIENT, &env, &diag) != 0)
        fail_msg("%s", conf_print(&diag));
    return env;
}

static int put(void *ctx, const struct aw_virtual_line *l)
{
    struct aw_buf *out = ctx;
    char text[AW_TIME_TEXT];
    aw_duration_print(text, l->after);
    aw_buf_printf(out, "%s %s %s", text, l->to, aw_virtual_what_name(l));
    if (l->step != NULL)
        aw_buf_printf(out, " %s/%u %s", l->step, l->round, aw_kind_name(l->kind));
    for (unsigned i = 0; i < l->n_targets; i++)
        aw_buf_printf(out, ">%s", l->targets[i]);
    aw_buf_printf(out, " (%s)", aw_why_name(l->why));
    if (l->until != 0) {
        aw_time_print(text, l->until);
        aw_buf_printf(out, " until %.16s", text);
    }
    aw_buf_puts(out, "\n");
    return 0;
}

/* What one registration comes to, as text until the next call. */
static const char *lines(const char *rule, const char *env_text, const char *send)
{
    static struct aw_buf out = AW_BUF_INIT(65536);
    const struct aw_source_file f = {"send.yaml", send, strlen(send)};
    struct aw_env_conf *env = environment(env_text);
    struct aw_virtual_person people[8];
    struct aw_registration reg;
    struct aw_err err;
    aw_time at;
    aw_buf_free(&out);
    if (parse(rule, &(struct aw_rules_world){.almanac = &env->almanac}) != 0 ||
        aw_send_parse(&f, 0, &reg, &at, &diag) != 0)
        fail_msg("%s", conf_print(&diag));
    for (unsigned i = 0; i < env->n_people; i++)
        people[i] = (struct aw_virtual_person){env->people[i].user, env->people[i].a};
    const struct aw_virtual_input in = {.rule = rules->set.rules[0],
                                        .reg = &reg,
                                        .at = at,
                                        .people = people,
                                        .n_people = env->n_people,
                                        .almanac = &env->almanac};
    if (aw_virtual_run(&in, put, &out, &err) != 0)
        fail_msg("%s", err.text);
    aw_registration_free(&reg);
    aw_rules_free(rules);
    aw_env_conf_free(env);
    rules = NULL;
    return aw_buf_str(&out);
}

#define NIGHT                                                                                      \
    "zone: Asia/Shanghai\n"                                                                        \
    "calendars: {night: {zone: recipient, open: [{days: all, from: \"22:00\", to: \"08:00\"}]}}\n"
#define TWO(hours, deadline)                                                                       \
    "version: 1\nrules:\n  - name: r\n    until: opened\n    deadline: " deadline                  \
    "\n    max_age: 3d\n    hours: " hours "\n    steps:\n      - {id: push, at: 0s, do: push}\n"  \
    "      - {id: text, at: 1h, do: sms}\n      - {id: mail, at: 2h, do: email}\n"

/* The recipient's zone, from the registration or the directory; then that of the environment. */
static void each_in_their_own_night(void **state)
{
    static const char env[] = NIGHT "people:\n"
                                    "  li: {alias: l, phone: \"+9990000001\", tz: Europe/Berlin}\n"
                                    "  wang: {alias: w, phone: \"+9990000002\", tz: Mars/Phobos}\n"
                                    "  chen: {alias: c, phone: \"+9990000003\"}\n";
    assert_string_equal(
        lines(TWO("{calendar: night, inside: hold}", "3h"), env,
              "{\"at\":\"2026-11-23T20:30:00+08:00\",\"title\":\"t\",\"external_id\":\"e\","
              "\"recipients\":[{\"user\":\"li\"},{\"user\":\"wang\",\"tz\":\"America/New_York\"},"
              "{\"user\":\"chen\"}]}"),
        "0s li fired push/1 push>li (due)\n"
        "0s wang held push/1 push (hours) until 2026-11-23T13:00\n"
        "0s chen fired push/1 push>chen (due)\n"
        "30m wang fired push/1 push>wang (due)\n"
        "1h li fired text/1 sms>li (due)\n"
        "1h chen fired text/1 sms>chen (due)\n"
        "1h30m wang fired text/1 sms>wang (due)\n"
        "2h li skipped mail/1 email (no_contact)\n"
        "2h chen skipped mail/1 email (no_contact)\n"
        "2h30m wang skipped mail/1 email (no_contact)\n"
        "3h li exhausted (deadline)\n"
        "3h chen exhausted (deadline)\n"
        "3h30m wang exhausted (deadline)\n");
}

/* `keep`: a line for each that falls due inside; `skip` names its reason. */
static void lines_of_what_waits(void **state)
{
    static const char env[] =
        NIGHT "people:\n  li: {alias: l, phone: \"+9990000001\", email: l@sim.invalid}\n";
    static const char send[] = "{\"at\":\"2026-11-23T21:30:00+08:00\",\"title\":\"t\","
                               "\"external_id\":\"e\",\"recipients\":[{\"user\":\"li\"}]}";
    assert_string_equal(lines(TWO("{calendar: night, inside: hold, then: keep}", "12h"), env, send),
                        "0s li fired push/1 push>li (due)\n"
                        "1h li held text/1 sms (hours) until 2026-11-24T00:00\n"
                        "2h li held mail/1 email (hours) until 2026-11-24T00:00\n"
                        "10h30m li fired text/1 sms>li (due)\n"
                        "10h30m li fired mail/1 email>li (due)\n"
                        "12h li exhausted (deadline)\n");
    assert_string_equal(lines(TWO("{calendar: night, inside: skip, kinds: sms}", "3h"), env, send),
                        "0s li fired push/1 push>li (due)\n"
                        "1h li skipped text/1 sms (hours)\n"
                        "2h li fired mail/1 email>li (due)\n"
                        "3h li exhausted (deadline)\n");
    assert_string_equal(lines(TWO("{calendar: night, inside: hold, kinds: sms}", "3h"), env, send),
                        "0s li fired push/1 push>li (due)\n"
                        "1h li held text/1 sms (hours) until 2026-11-24T00:00\n"
                        "2h li fired mail/1 email>li (due)\n"
                        "10h30m li fired text/1 sms>li (due)\n"
                        "12h30m li exhausted (deadline)\n");
}

/* edge-27: the night in which the clocks change, by the footer of the zone's file. */
static void edge_27_night_of_the_change(void **state)
{
    static const char env[] =
        "zone: Europe/Berlin\n"
        "calendars:\n"
        "  spring: {open: [{days: sun, from: \"01:00\", to: \"02:30\"}]}\n"
        "  autumn: {open: [{from: \"01:00\", to: \"02:30\"}], closed: 2059-10-27..2059-12-31}\n"
        "people:\n  li: {alias: l, phone: \"+9990000001\", email: l@sim.invalid}\n";
    /* 02:30 does not exist on 30 March 2059: the first instant after the gap is 01:00Z. */
    assert_string_equal(lines(TWO("{calendar: spring, inside: hold}", "3h"), env,
                              "{\"at\":\"2059-03-30T00:15:00Z\",\"title\":\"t\","
                              "\"external_id\":\"e\",\"recipients\":[{\"user\":\"li\"}]}"),
                        "0s li held push/1 push (hours) until 2059-03-30T01:00\n"
                        "45m li fired push/1 push>li (due)\n"
                        "1h45m li fired text/1 sms>li (due)\n"
                        "2h45m li fired mail/1 email>li (due)\n"
                        "3h45m li exhausted (deadline)\n");
    /* It occurs twice on 26 October 2059, at 00:30Z and 01:30Z: the second closes the window. */
    assert_string_equal(lines(TWO("{calendar: autumn, inside: hold}", "3h"), env,
                              "{\"at\":\"2059-10-25T23:00:00Z\",\"title\":\"t\","
                              "\"external_id\":\"e\",\"recipients\":[{\"user\":\"li\"}]}"),
                        "0s li held push/1 push (hours) until 2059-10-26T01:30\n"
                        "2h30m li fired push/1 push>li (due)\n"
                        "3h30m li fired text/1 sms>li (due)\n"
                        "4h30m li fired mail/1 email>li (due)\n"
                        "5h30m li exhausted (deadline)\n");
}

/* A calendar that is never closed: nothing is lost, nothing loops, max_age ends it. */
static void never_closed(void **state)
{
    static const char env[] =
        "calendars: {all: {open: [{from: \"00:00\", to: \"24:00\"}]}}\n"
        "people:\n  li: {alias: l, phone: \"+9990000001\", email: l@sim.invalid}\n";
    static const char send[] = "{\"at\":\"2026-11-23T21:30:00+08:00\",\"title\":\"t\","
                               "\"external_id\":\"e\",\"recipients\":[{\"user\":\"li\"}]}";
    assert_string_equal(lines(TWO("{calendar: all, inside: hold}", "3h"), env, send),
                        "0s li held push/1 push (hours) until 2027-12-28T13:30\n"
                        "3d li expired (max_age)\n");
    assert_string_equal(lines(TWO("{calendar: all, inside: hold, then: keep}", "3h"), env, send),
                        "0s li held push/1 push (hours) until 2026-11-23T16:30\n"
                        "1h li held text/1 sms (hours) until 2026-11-23T16:30\n"
                        "2h li held mail/1 email (hours) until 2026-11-23T16:30\n"
                        "3h li skipped push/1 push (hours)\n"
                        "3h li skipped text/1 sms (hours)\n"
                        "3h li skipped mail/1 email (hours)\n"
                        "3h li exhausted (deadline)\n");
}

/* Who is on duty at the moment of the claim: the handover is between two rounds. */
static void handover_between_rounds(void **state)
{
    static const char env[] =
        "rotations:\n"
        "  noc: {zone: Asia/Shanghai, start: \"2026-01-05T09:00:00\", turn: 7d, people: [chen, "
        "wang],\n"
        "        overrides: [{from: \"2026-01-12T09:30\", to: \"2026-01-12T10:00\", person: "
        "zhao}]}\n"
        "people:\n  li: {alias: l}\n  chen: {phone: \"+9990000001\"}\n  wang: {phone: "
        "\"+9990000002\"}\n  zhao: {phone: \"+9990000003\"}\n";
    assert_string_equal(
        lines(
            "version: 1\nrules:\n  - name: r\n    until: opened\n    deadline: 3h\n    steps:\n"
            "      - {id: push, at: 0s, do: push}\n"
            "      - {id: duty, at: 29m, do: sms, to: \"oncall:noc\", repeat: {every: 30m, times: "
            "4}}\n",
            env,
            "{\"at\":\"2026-01-12T08:30:00+08:00\",\"title\":\"t\",\"external_id\":\"e\","
            "\"recipients\":[{\"user\":\"li\"}]}"),
        "0s li fired push/1 push>li (due)\n"
        "29m li fired duty/1 sms>chen (due)\n"
        "59m li fired duty/2 sms>wang (due)\n"
        "1h29m li fired duty/3 sms>zhao (due)\n"
        "1h59m li fired duty/4 sms>wang (due)\n"
        "3h li exhausted (deadline)\n");
}

static void shown_as_written(void **state)
{
    static const char text[] =
        "calendars:\n"
        "  office: {zone: Asia/Shanghai, open: [{days: [mon-fri, sun], from: \"09:00\", to: "
        "\"24:00\"}, {days: sat-mon, from: \"01:30\", to: \"00:00\"}], closed: "
        "[2026-10-01..2026-10-07, 2027-01-01], also_open: 2026-10-10}\n"
        "rotations:\n"
        "  noc: {zone: Asia/Shanghai, start: \"2026-01-05T09:00:30\", turn: 12h, people: [陈, \"a "
        "b\"], "
        "overrides: [{from: \"2026-02-16T09:00\", to: \"2026-02-23T09:00:00\", person: wang}]}\n";
    struct aw_buf first = AW_BUF_INIT(65536), second = AW_BUF_INIT(65536);
    struct aw_env_conf *env = environment(text);
    const struct aw_calendar *c = &env->almanac.calendars[0];
    assert_int_equal(c->open[0].days, 0x5f);
    assert_int_equal(c->open[1].days, 0x61);
    assert_int_equal(c->open[1].to, AW_DAY);
    assert_int_equal(c->n_closed, 2);
    assert_int_equal(c->closed[0].last - c->closed[0].first, 6);
    aw_env_show_almanac(&env->almanac, &first);
    aw_env_conf_free(env);
    env = environment(aw_buf_str(&first));
    aw_env_show_almanac(&env->almanac, &second);
    assert_string_equal(aw_buf_str(&first), aw_buf_str(&second));
    assert_non_null(
        strstr(aw_buf_str(&first), "closed: [\"2026-10-01..2026-10-07\", \"2027-01-01\"]"));
    assert_non_null(strstr(aw_buf_str(&first), "start: \"2026-01-05T09:00:30\""));
    aw_env_conf_free(env);
    aw_buf_free(&first);
    aw_buf_free(&second);
}

static int tear_down(void **state)
{
    (void)state;
    conf_dir_remove();
    aw_diag_free(&diag);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys),
        cmocka_unit_test(mistakes),
        cmocka_unit_test(sample_of_the_specification),
        cmocka_unit_test(each_in_their_own_night),
        cmocka_unit_test(lines_of_what_waits),
        cmocka_unit_test(edge_27_night_of_the_change),
        cmocka_unit_test(never_closed),
        cmocka_unit_test(handover_between_rounds),
        cmocka_unit_test(shown_as_written),
    };
    aw_diag_init(&diag);
    return cmocka_run_group_tests(tests, NULL, tear_down);
}
