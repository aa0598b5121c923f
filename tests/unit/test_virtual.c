/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs on the virtual clock, compared line by line: "after to what step/round kind>targets (why)".
 */
#include "core/virtual.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"

#define AT ((aw_time)1795370400000)
#define ME                                                                                         \
    {                                                                                              \
        {                                                                                          \
            AW_TO_RECIPIENT, NULL                                                                  \
        }                                                                                          \
    }

static struct aw_step steps[] = {
    {.id = "push", .kinds = {AW_PUSH}, .n_kinds = 1, .to = ME, .n_to = 1, .times = 1},
    {.id = "text",
     .at = 5 * AW_MINUTE,
     .kinds = {AW_SMS},
     .n_kinds = 1,
     .to = ME,
     .n_to = 1,
     .unless = AW_DELIVERED,
     .times = 1},
    {.id = "boss",
     .at = 30 * AW_MINUTE,
     .kinds = {AW_PUSH, AW_SMS},
     .n_kinds = 2,
     .to = {{AW_TO_MANAGER, NULL}, {AW_TO_CONTACT, "noc"}},
     .n_to = 2,
     .every = 15 * AW_MINUTE,
     .times = 2},
};
static const struct aw_step exhausted = {.id = "exhausted",
                                         .kinds = {AW_EMAIL},
                                         .n_kinds = 1,
                                         .to = {{AW_TO_CONTACT, "compliance"}},
                                         .n_to = 1,
                                         .times = 1};
static struct aw_rule rule = {.name = "must-read",
                              .until = AW_ACKNOWLEDGED,
                              .deadline = AW_HOUR,
                              .max_age = AW_DAY,
                              .steps = steps,
                              .n_steps = 3,
                              .exhausted = &exhausted};

static const struct aw_virtual_person people[] = {
    {"wang", {.alias = "wang"}},
    {"noc", {.alias = "noc", .phone = "+9990000009"}},
    {"compliance", {.email = "c@sim.invalid"}},
    {"li", {.alias = "li", .phone = "+9990000001", .manager = "wang"}},
    {"zhao", {.phone = "+9990000002", .manager = "nobody"}},
};
static struct aw_recipient recipients[] = {{.user = "li"}, {.user = "zhao"}, {.user = "stranger"}};
static struct aw_registration reg = {.recipients = recipients, .n_recipients = 1};

struct log {
    struct aw_buf b;
    unsigned left; /* lines until it refuses */
};

static int take(void *ctx, const struct aw_virtual_line *l)
{
    struct log *log = ctx;
    char after[AW_TIME_TEXT];

    if (log->left-- == 0)
        return 77;
    assert_int_equal(l->at, AT + l->after);
    aw_duration_print(after, l->after);
    aw_buf_printf(&log->b, "%s %s %s", after, l->to, aw_virtual_what_name(l));
    if (l->step)
        aw_buf_printf(&log->b, " %s/%u %s", l->step, l->round, aw_kind_name(l->kind));
    for (unsigned i = 0; i < l->n_targets; i++)
        aw_buf_printf(&log->b, "%s%s", i ? "," : ">", l->targets[i]);
    if (l->why != AW_WHY_DUE)
        aw_buf_printf(&log->b, " (%s)", aw_why_name(l->why));
    if (l->level)
        aw_buf_printf(&log->b, " %s", aw_level_name(l->level));
    aw_buf_putc(&log->b, '\n');
    return 0;
}

static int run(const struct aw_virtual_input *in, struct log *log)
{
    struct aw_err err = {""};
    *log = (struct log){.b = AW_BUF_INIT(1 << 20), .left = 100000};
    return aw_virtual_run(in, take, log, &err);
}

static void expect(const struct aw_virtual_event *events, unsigned n, const char *want)
{
    const struct aw_virtual_input in = {.rule = &rule,
                                        .reg = &reg,
                                        .at = AT,
                                        .people = people,
                                        .n_people = AW_COUNT(people),
                                        .events = events,
                                        .n_events = n};
    struct log log;

    assert_int_equal(run(&in, &log), 0);
    assert_string_equal(aw_buf_str(&log.b), want);
    aw_buf_free(&log.b);
}

static void test_nobody_answers(void **state)
{
    expect(NULL, 0,
           "0s li fired push/1 push>li\n"
           "5m li fired text/1 sms>li\n"
           "30m li fired boss/1 push>wang\n"
           "30m li fired boss/1 sms>noc\n"
           "45m li fired boss/2 push>wang\n"
           "45m li fired boss/2 sms>noc\n"
           "1h li exhausted (deadline)\n"
           "1h li fired exhausted/1 email>compliance (exhausted)\n");
}

static void test_evidence(void **state)
{
    const struct aw_virtual_event events[] = {
        {.act = AW_V_EVIDENCE, .after = 30 * AW_MINUTE, .from = "li", .level = AW_ACKNOWLEDGED},
        {.act = AW_V_EVIDENCE, .after = 5 * AW_MINUTE, .from = "li", .level = AW_DELIVERED},
        {.act = AW_V_EVIDENCE, .after = 1, .from = "noc", .level = AW_ACKNOWLEDGED},
        {.act = AW_V_EVIDENCE, .after = 2 * AW_DAY, .from = "li", .level = AW_ACKNOWLEDGED},
    };
    /* At a firing's due instant evidence comes first, however the list is ordered. */
    expect(events, AW_COUNT(events),
           "0s li fired push/1 push>li\n"
           "5m li skipped text/1 sms (unless) delivered\n"
           "30m li confirmed (goal) acknowledged\n");
}

static void test_recipients(void **state)
{
    const struct aw_virtual_event events[] = {
        {.act = AW_V_CANCEL, .after = 5 * AW_MINUTE, .from = "stranger"},
        {.act = AW_V_EVIDENCE, .after = 5 * AW_MINUTE, .from = "zhao", .level = AW_ACKNOWLEDGED},
        {.act = AW_V_CANCEL, .after = 31 * AW_MINUTE},
    };
    reg.n_recipients = 3;
    /* At one instant: evidence of all, acts, then firings; each in the order of the registration.
     */
    expect(events, AW_COUNT(events),
           "0s li fired push/1 push>li\n"
           "0s zhao skipped push/1 push (no_contact)\n"
           "0s zhao fired text/1 sms>zhao (advanced)\n"
           "0s stranger skipped push/1 push (no_contact)\n"
           "0s stranger skipped text/1 sms (no_contact)\n"
           "0s stranger fired boss/1 push>noc (advanced)\n"
           "0s stranger fired boss/1 sms>noc (advanced)\n"
           "5m zhao confirmed (goal) acknowledged\n"
           "5m stranger cancelled (cancelled)\n"
           "5m li fired text/1 sms>li\n"
           "30m li fired boss/1 push>wang\n"
           "30m li fired boss/1 sms>noc\n"
           "31m li cancelled (cancelled)\n");
    reg.n_recipients = 1;
}

static int count_line(void *ctx, const struct aw_virtual_line *l)
{
    unsigned *counts = ctx; /* confirmed, exhausted, texts */

    counts[0] += l->what == AW_V_STATE && l->state == AW_CONFIRMED;
    counts[1] += l->what == AW_V_STATE && l->state == AW_EXHAUSTED;
    counts[2] += l->what == AW_V_FIRED && l->kind == AW_SMS && strcmp(l->step, "text") == 0;
    return 0;
}

/* One of 500 acknowledges: only that timeline ends, the plan goes on for all others. */
static void test_edge_13_one_of_500(void **state)
{
    static char names[500][8];
    static struct aw_recipient many[500];
    struct aw_registration all = {.recipients = many, .n_recipients = 500};
    const struct aw_virtual_event ack = {
        .act = AW_V_EVIDENCE, .after = AW_MINUTE, .from = "u123", .level = AW_ACKNOWLEDGED};
    const struct aw_virtual_input in = {
        .rule = &rule, .reg = &all, .at = AT, .events = &ack, .n_events = 1};
    unsigned counts[3] = {0};
    struct aw_err err = {""};

    for (unsigned i = 0; i < 500; i++) {
        snprintf(names[i], sizeof(names[i]), "u%u", i);
        many[i] = (struct aw_recipient){.user = names[i],
                                        .given = {.alias = names[i], .phone = "+9990000001"}};
    }
    assert_int_equal(aw_virtual_run(&in, count_line, counts, &err), 0);
    assert_int_equal(counts[0], 1);
    assert_int_equal(counts[1], 499);
    assert_int_equal(counts[2], 499);
}

/* What people do, in the order of the list; each about one recipient or all of them. */
static void test_acts(void **state)
{
    const struct aw_virtual_event events[] = {
        {.act = AW_V_SNOOZE, .after = AW_MINUTE, .from = "li", .hold = 10 * AW_MINUTE},
        {.act = AW_V_SNOOZE, .after = 2 * AW_MINUTE, .until = AT + 20 * AW_MINUTE},
        {.act = AW_V_RESUME, .after = 6 * AW_MINUTE, .from = "zhao"},
        {.act = AW_V_ESCALATE, .after = 7 * AW_MINUTE, .from = "li", .step = "boss"},
        {.act = AW_V_CLAIM, .after = 12 * AW_MINUTE, .by = "li"},
        {.act = AW_V_RESUME, .after = 13 * AW_MINUTE},
        {.act = AW_V_CANCEL, .after = 14 * AW_MINUTE},
        {.act = AW_V_ESCALATE, .after = 14 * AW_MINUTE},
    };
    struct aw_rule r = rule;
    struct aw_virtual_input in = {.rule = &r,
                                  .reg = &reg,
                                  .at = AT,
                                  .people = people,
                                  .n_people = AW_COUNT(people),
                                  .events = events,
                                  .n_events = AW_COUNT(events)};
    struct log log;

    /* Held when nothing is left to come: the deadline moves, and nothing is said. */
    expect(&(const struct aw_virtual_event){.act = AW_V_SNOOZE,
                                            .after = 50 * AW_MINUTE,
                                            .hold = AW_HOUR},
           1,
           "0s li fired push/1 push>li\n"
           "5m li fired text/1 sms>li\n"
           "30m li fired boss/1 push>wang\n"
           "30m li fired boss/1 sms>noc\n"
           "45m li fired boss/2 push>wang\n"
           "45m li fired boss/2 sms>noc\n"
           "2h li exhausted (deadline)\n"
           "2h li fired exhausted/1 email>compliance (exhausted)\n");
    reg.n_recipients = 2;
    assert_int_equal(run(&in, &log), AW_EINVAL); /* no claim in the rule */
    aw_buf_free(&log.b);
    r.claim_hold = AW_HOUR;
    assert_int_equal(run(&in, &log), 0);
    assert_string_equal(aw_buf_str(&log.b), "0s li fired push/1 push>li\n"
                                            "0s zhao skipped push/1 push (no_contact)\n"
                                            "0s zhao fired text/1 sms>zhao (advanced)\n"
                                            "1m li held text/1 sms (snoozed)\n"
                                            "2m li held text/1 sms (snoozed)\n"
                                            "2m zhao held boss/1 push (snoozed)\n"
                                            "7m li skipped text/1 sms (escalated)\n"
                                            "7m li fired boss/1 push>wang (escalated)\n"
                                            "7m li fired boss/1 sms>noc (escalated)\n"
                                            "12m zhao held boss/1 push (claim)\n"
                                            "14m li cancelled (cancelled)\n"
                                            "14m zhao cancelled (cancelled)\n");
    aw_buf_free(&log.b);
    reg.n_recipients = 1;
}

/* Results: of attempts claimed at or after the event, or in flight until it. */
static void test_results(void **state)
{
    const struct aw_virtual_event events[] = {
        {.act = AW_V_RESULT, .after = 0, .step = "push", .outcome = AW_OUT_UNKNOWN},
        {.act = AW_V_RESULT, .after = 4 * AW_SECOND, .step = "push", .outcome = AW_OUT_NO_TARGET},
        {.act = AW_V_RESULT, .after = 9, .step = "text", .from = "zhao", .outcome = AW_OUT_REFUSED},
        {.act = AW_V_RESULT, .after = 45 * AW_MINUTE, .step = "boss", .outcome = AW_OUT_REFUSED},
    };
    expect(events, AW_COUNT(events),
           "0s li fired push/1 push>li\n"
           "1s li fired push/1 push>li (retry)\n"
           "4s li fired text/1 sms>li (advanced)\n"
           "30m li fired boss/1 push>wang\n"
           "30m li fired boss/1 sms>noc\n"
           "45m li fired boss/2 push>wang\n"
           "45m li fired boss/2 sms>noc\n"
           "45m li fired boss/2 push>noc (next_target)\n"
           "1h li exhausted (deadline)\n"
           "1h li fired exhausted/1 email>compliance (exhausted)\n");
}

/* A typo in an event is no event that does nothing. */
static void test_events_that_fit_nothing(void **state)
{
    const struct aw_virtual_event wrong[] = {
        {.act = AW_V_RESULT, .step = "nothing", .outcome = AW_OUT_REFUSED},
        {.act = AW_V_EVIDENCE, .from = "il", .level = AW_OPENED},
        {.act = AW_V_SNOOZE, .from = "zhao", .hold = AW_HOUR}, /* known, but no recipient */
    };
    for (unsigned i = 0; i < AW_COUNT(wrong); i++) {
        const struct aw_virtual_input in = {.rule = &rule,
                                            .reg = &reg,
                                            .at = AT,
                                            .people = people,
                                            .n_people = AW_COUNT(people),
                                            .events = &wrong[i],
                                            .n_events = 1};
        struct log log;

        assert_int_equal(run(&in, &log), AW_EINVAL);
        assert_int_equal(log.b.n, 0);
        aw_buf_free(&log.b);
    }
}

static void test_already_sent(void **state)
{
    reg.already_sent = true;
    reg.sent_at = AT - 10 * AW_MINUTE;
    expect(NULL, 0,
           "0s li fired push/1 push>li (already_sent)\n"
           "0s li fired text/1 sms>li\n"
           "20m li fired boss/1 push>wang\n"
           "20m li fired boss/1 sms>noc\n"
           "35m li fired boss/2 push>wang\n"
           "35m li fired boss/2 sms>noc\n"
           "50m li exhausted (deadline)\n"
           "50m li fired exhausted/1 email>compliance (exhausted)\n");
    reg.already_sent = false;
}

/* What the registration gives counts for the recipient; the directory fills the rest. */
static void test_given_addresses(void **state)
{
    recipients[2].given =
        (struct aw_addresses){.registration_ids = {"1a0018"}, .n_registration_ids = 1};
    reg.recipients = &recipients[2];
    expect(NULL, 0,
           "0s stranger fired push/1 push>stranger\n"
           "5m stranger skipped text/1 sms (no_contact)\n"
           "5m stranger fired boss/1 push>noc (advanced)\n"
           "5m stranger fired boss/1 sms>noc (advanced)\n"
           "45m stranger fired boss/2 push>noc\n"
           "45m stranger fired boss/2 sms>noc\n"
           "1h stranger exhausted (deadline)\n"
           "1h stranger fired exhausted/1 email>compliance (exhausted)\n");
    reg.recipients = recipients;
    recipients[2].given = (struct aw_addresses){0};
}

/* pick: all is one line with all targets, and one result for all of them. */
static void test_pick_all(void **state)
{
    const struct aw_step all = {.id = "all",
                                .kinds = {AW_WEBHOOK},
                                .n_kinds = 1,
                                .to = {{AW_TO_MANAGER, NULL},
                                       {AW_TO_USER, "noc"},
                                       {AW_TO_USER, "nobody"},
                                       {AW_TO_ONCALL, "ops"}},
                                .n_to = 4,
                                .pick = AW_PICK_ALL,
                                .times = 1};
    const struct aw_step other = {.id = "im",
                                  .at = AW_MINUTE,
                                  .kinds = {AW_IM, AW_CALL},
                                  .n_kinds = 2,
                                  .to = ME,
                                  .n_to = 1,
                                  .n_via = 1,
                                  .times = 1};
    struct aw_step two[] = {all, other};
    struct aw_rule r = rule;
    const unsigned channels[AW_N_KINDS] = {[AW_WEBHOOK] = 2};
    const struct aw_virtual_event events[] = {
        {.act = AW_V_RESULT, .step = "all", .outcome = AW_OUT_REFUSED},
    };
    const struct aw_virtual_input in = {.rule = &r,
                                        .reg = &reg,
                                        .at = AT,
                                        .people = people,
                                        .n_people = AW_COUNT(people),
                                        .events = events,
                                        .n_events = 1,
                                        .channels = channels};
    struct log log;

    r.steps = two;
    r.n_steps = 2;
    r.exhausted = NULL;
    assert_int_equal(run(&in, &log), 0);
    assert_string_equal(aw_buf_str(&log.b), "0s li fired all/1 webhook>wang,noc\n"
                                            "0s li skipped im/1 im (no_contact)\n"
                                            "0s li fired im/1 call>li (advanced)\n"
                                            "1h li exhausted (deadline)\n");
    aw_buf_free(&log.b);
}

/* The receiver may stop a run; a run without end is stopped; a rule that does not fit is told. */
static void test_stops(void **state)
{
    struct aw_virtual_input in = {
        .rule = &rule, .reg = &reg, .at = AT, .people = people, .n_people = AW_COUNT(people)};
    struct aw_err err = {""};
    struct log log = {.b = AW_BUF_INIT(4096), .left = 2};

    assert_int_equal(aw_virtual_run(&in, take, &log, &err), 77);
    assert_string_equal(aw_buf_str(&log.b), "0s li fired push/1 push>li\n"
                                            "5m li fired text/1 sms>li\n");
    aw_buf_free(&log.b);

    steps[0].at = 1; /* already sent, but the rule does not begin with a push at 0s */
    reg.already_sent = true;
    reg.sent_at = AT;
    assert_int_equal(run(&in, &log), AW_ECORRUPT);
    reg.already_sent = false;
    steps[0].at = 0;
}

static int count(void *ctx, const struct aw_virtual_line *l)
{
    ++*(unsigned *)ctx;
    return 0;
}

static void test_limit(void **state)
{
    struct aw_step s = {
        .id = "often", .kinds = {AW_SMS}, .n_kinds = 1, .to = ME, .n_to = 1, .every = AW_SECOND};
    struct aw_rule r = {.name = "often",
                        .until = AW_ACKNOWLEDGED,
                        .deadline = 65000 * AW_SECOND,
                        .max_age = AW_DAY,
                        .steps = &s,
                        .n_steps = 1};
    struct aw_recipient many[16];
    struct aw_registration big = {.recipients = many, .n_recipients = AW_COUNT(many)};
    const struct aw_virtual_input in = {.rule = &r, .reg = &big, .at = AT};
    struct aw_err err = {""};
    unsigned n = 0;

    for (unsigned i = 0; i < AW_COUNT(many); i++)
        many[i] = (struct aw_recipient){.user = "li", .given = {.phone = "+9990000001"}};
    assert_int_equal(aw_virtual_run(&in, count, &n, &err), AW_ELIMIT);
    assert_int_equal(n, 1000000);
    assert_string_equal(err.text, "more than 1000000 lines");
}

static void test_names(void **state)
{
    assert_string_equal(aw_virtual_what_name(&(struct aw_virtual_line){.what = AW_V_DEFERRED}),
                        "deferred");
    assert_string_equal(
        aw_virtual_what_name(&(struct aw_virtual_line){.what = AW_V_STATE, .state = AW_EXPIRED}),
        "expired");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nobody_answers),
        cmocka_unit_test(test_evidence),
        cmocka_unit_test(test_recipients),
        cmocka_unit_test(test_acts),
        cmocka_unit_test(test_edge_13_one_of_500),
        cmocka_unit_test(test_results),
        cmocka_unit_test(test_events_that_fit_nothing),
        cmocka_unit_test(test_already_sent),
        cmocka_unit_test(test_given_addresses),
        cmocka_unit_test(test_pick_all),
        cmocka_unit_test(test_stops),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests_name("virtual", tests, NULL, NULL);
}
