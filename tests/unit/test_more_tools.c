/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tools rest on, the virtual run: channels that are down, up or blind, whose zone counts,
 * limits and sessions, readers who refuse.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "core/channel.h"
#include "core/virtual.h"
#include "core/virtual_session.h"

#define AT ((aw_time)1795370400000) /* 2026-11-22T18:00:00Z */

/* --- virtual runs --------------------------------------------------------------------------- */

static const struct aw_target me = {AW_TO_RECIPIENT, NULL};

/* A push at once, a text after 5 min unless the push was delivered; 1 h. */
struct plan {
    struct aw_step steps[2];
    struct aw_rule rule;
    struct aw_recipient recipients[2];
    struct aw_registration reg;
    struct aw_virtual_input in;
};

static const struct aw_virtual_person people[] = {
    {"li", {.alias = "li", .phone = "+9990000001", .tz = "Asia/Shanghai"}},
    {"wang", {.alias = "wang", .phone = "+9990000002"}},
};

static void plan_init(struct plan *p)
{
    *p = (struct plan){
        .steps = {{.id = "push", .kinds = {AW_PUSH}, .n_kinds = 1, .n_to = 1, .times = 1},
                  {.id = "text",
                   .at = 5 * AW_MINUTE,
                   .kinds = {AW_SMS},
                   .n_kinds = 1,
                   .n_to = 1,
                   .unless = AW_DELIVERED,
                   .times = 1}},
        .rule = {.name = "r",
                 .until = AW_ACKNOWLEDGED,
                 .deadline = AW_HOUR,
                 .max_age = AW_DAY,
                 .n_steps = 2},
        .recipients = {{.user = "li"}, {.user = "wang"}},
        .reg = {.n_recipients = 1},
        .in = {.at = AT, .people = people, .n_people = AW_COUNT(people)},
    };
    p->steps[0].to[0] = p->steps[1].to[0] = me;
    p->rule.steps = p->steps;
    p->reg.recipients = p->recipients;
    p->in.rule = &p->rule;
    p->in.reg = &p->reg;
}

static int take(void *ctx, const struct aw_virtual_line *l)
{
    struct aw_buf *b = ctx;
    char after[AW_TIME_TEXT];

    aw_duration_print(after, l->after);
    aw_buf_printf(b, "%s %s %s", after, l->to, aw_virtual_what_name(l));
    if (l->step)
        aw_buf_printf(b, " %s", l->step);
    for (unsigned i = 0; i < l->n_targets; i++)
        aw_buf_printf(b, ">%s", l->targets[i]);
    if (l->why != AW_WHY_DUE)
        aw_buf_printf(b, " (%s)", aw_why_name(l->why));
    if (l->until) {
        aw_duration_print(after, l->until - AT);
        aw_buf_printf(b, " until %s", after);
    }
    aw_buf_putc(b, '\n');
    return 0;
}

static void expect(const struct plan *p, const char *want)
{
    struct aw_buf b = AW_BUF_INIT(1 << 20);
    struct aw_err err = {""};

    assert_int_equal(aw_virtual_run(&p->in, take, &b, &err), 0);
    assert_string_equal(aw_buf_str(&b), want);
    aw_buf_free(&b);
}

static void refused(const struct plan *p, const char *text)
{
    struct aw_buf b = AW_BUF_INIT(1 << 20);
    struct aw_err err = {""};

    assert_int_equal(aw_virtual_run(&p->in, take, &b, &err), AW_EINVAL);
    assert_non_null(strstr(err.text, text));
    assert_int_equal(b.n, 0);
    aw_buf_free(&b);
}

#define EVENTS(p, list) ((p)->in.events = (list), (p)->in.n_events = AW_COUNT(list))
#define CHANNEL(mins, name, how)                                                                   \
    {                                                                                              \
        .act = AW_V_CHANNEL, .after = (mins)*AW_MINUTE, .channel = (name), .is = (how)             \
    }

/* Without an environment a channel is called like its kind. */
static void a_channel_is_down_for_a_while(void **state)
{
    static const struct aw_virtual_event events[] = {
        CHANNEL(0, "push", AW_V_DOWN),
        CHANNEL(2, "push", AW_V_DOWN),
        CHANNEL(3, "push", AW_V_UP),
        CHANNEL(9, "push", AW_V_DOWN),
    };
    struct plan p;

    (void)state;
    plan_init(&p);
    EVENTS(&p, events);
    expect(&p, "0s li deferred push (channel) until 3m\n"
               "3m li fired push>li\n"
               "5m li fired text>li\n"
               "1h li exhausted (deadline)\n");
}

static void a_channel_stays_down(void **state)
{
    static const struct aw_virtual_event events[] = {CHANNEL(0, "push", AW_V_DOWN)};
    struct plan p;

    (void)state;
    plan_init(&p);
    EVENTS(&p, events);
    expect(&p, "0s li deferred push (channel) until 1h\n"
               "5m li fired text>li\n"
               "1h li skipped push (channel)\n"
               "1h li exhausted (deadline)\n");
}

/* The second of `via` carries what the first cannot. */
static void another_channel_takes_over(void **state)
{
    static const struct aw_virtual_event one[] = {CHANNEL(0, "a", AW_V_DOWN)};
    static const struct aw_virtual_event both[] = {
        CHANNEL(0, "a", AW_V_DOWN), CHANNEL(0, "b", AW_V_DOWN), CHANNEL(2, "b", AW_V_UP)};
    struct plan p;

    (void)state;
    plan_init(&p);
    p.steps[0].via[0] = "a";
    p.steps[0].via[1] = "b";
    p.steps[0].n_via = 2;
    EVENTS(&p, one);
    expect(&p, "0s li fired push>li\n"
               "5m li fired text>li\n"
               "1h li exhausted (deadline)\n");
    EVENTS(&p, both);
    expect(&p, "0s li deferred push (channel) until 2m\n"
               "2m li fired push>li\n"
               "5m li fired text>li\n"
               "1h li exhausted (deadline)\n");
}

static const struct aw_provider push = {.name = "p", .kind = AW_PUSH},
                                sms = {.name = "s", .kind = AW_SMS};
static const unsigned two_pushes[AW_N_KINDS] = {2, 1, 1, 1, 1, 1};

/* By weight, then as listed: "heavy" is first, whatever stands before it. */
static void channels_by_weight(void **state)
{
    static const struct aw_channel list[] = {
        {.name = "text", .provider = &sms, .weight = 9},
        {.name = "light", .provider = &push, .weight = 1},
        {.name = "heavy", .provider = &push, .weight = 5},
        {.name = "heavy too", .provider = &push, .weight = 5},
    };
    static const struct aw_virtual_event last[] = {CHANNEL(0, "light", AW_V_DOWN)};
    static const struct aw_virtual_event first[] = {
        CHANNEL(0, "heavy", AW_V_DOWN), CHANNEL(0, "heavy too", AW_V_DOWN),
        CHANNEL(1, "heavy too", AW_V_UP), CHANNEL(2, "heavy", AW_V_UP)};
    struct plan p;

    (void)state;
    plan_init(&p);
    p.in.channel_list = list;
    p.in.n_channel_list = AW_COUNT(list);
    p.in.channels = two_pushes;
    EVENTS(&p, last);
    expect(&p, "0s li fired push>li\n"
               "5m li fired text>li\n"
               "1h li exhausted (deadline)\n");
    EVENTS(&p, first);
    expect(&p, "0s li deferred push (channel) until 1m\n"
               "1m li fired push>li\n"
               "5m li fired text>li\n"
               "1h li exhausted (deadline)\n");
}

/* A text that waits for a receipt of the push, which cannot be seen: as the channel says. */
static void a_channel_is_blind(void **state)
{
    struct aw_channel list[] = {
        {.name = "jp", .provider = &push, .on_blind = AW_BLIND_HOLDS},
        {.name = "text", .provider = &sms},
    };
    static const struct aw_virtual_event sees_again[] = {CHANNEL(1, "jp", AW_V_BLIND),
                                                         CHANNEL(7, "jp", AW_V_UP)};
    static const struct aw_virtual_event never[] = {CHANNEL(1, "jp", AW_V_BLIND)};
    static const struct aw_virtual_event other[] = {CHANNEL(1, "text", AW_V_BLIND)};
    struct plan p;

    (void)state;
    plan_init(&p);
    p.in.channel_list = list;
    p.in.n_channel_list = AW_COUNT(list);
    EVENTS(&p, sees_again);
    expect(&p, "0s li fired push>li\n"
               "5m li held text (blind) until 7m\n"
               "7m li fired text>li\n"
               "1h li exhausted (deadline)\n");
    EVENTS(&p, never);
    expect(&p, "0s li fired push>li\n"
               "5m li held text (blind) until 1h\n"
               "1h li skipped text (blind)\n"
               "1h li exhausted (deadline)\n");
    EVENTS(&p, other);
    expect(&p, "0s li fired push>li\n"
               "5m li fired text>li\n"
               "1h li exhausted (deadline)\n");
    list[0].on_blind = AW_BLIND_ESCALATES;
    EVENTS(&p, never);
    expect(&p, "0s li fired push>li\n"
               "5m li fired text>li (blind)\n"
               "1h li exhausted (deadline)\n");
}

/* Two blind channels carried something: looked at again when the first sees, held for the other. */
static void two_channels_are_blind(void **state)
{
    static const struct aw_channel list[] = {
        {.name = "jp", .provider = &push, .on_blind = AW_BLIND_HOLDS},
        {.name = "text", .provider = &sms, .on_blind = AW_BLIND_HOLDS},
    };
    static const struct aw_virtual_event events[] = {
        CHANNEL(1, "jp", AW_V_BLIND), CHANNEL(1, "text", AW_V_BLIND), CHANNEL(8, "text", AW_V_UP),
        CHANNEL(9, "jp", AW_V_UP)};
    struct plan p;

    (void)state;
    plan_init(&p);
    p.steps[0].kinds[1] = AW_SMS;
    p.steps[0].n_kinds = 2;
    p.in.channel_list = list;
    p.in.n_channel_list = AW_COUNT(list);
    EVENTS(&p, events);
    expect(&p, "0s li fired push>li\n"
               "0s li fired push>li\n"
               "5m li held text (blind) until 8m\n"
               "8m li held text (blind) until 9m\n"
               "9m li fired text>li\n"
               "1h li exhausted (deadline)\n");
}

/* Whether the push went out is unknown: sent again, or not, as its channel says. */
static void a_push_is_lost(void **state)
{
    struct aw_channel list[] = {{.name = "jp", .provider = &push},
                                {.name = "text", .provider = &sms}};
    static const struct aw_virtual_event lost[] = {
        {.act = AW_V_RESULT, .step = "push", .outcome = AW_OUT_UNKNOWN}};
    struct plan p;

    (void)state;
    plan_init(&p);
    p.in.channel_list = list;
    p.in.n_channel_list = AW_COUNT(list);
    EVENTS(&p, lost);
    expect(&p, "0s li fired push>li\n"
               "1s li fired push>li (retry)\n"
               "5m li fired text>li\n"
               "1h li exhausted (deadline)\n");
    list[0].on_unknown = AW_UNKNOWN_HOLDS;
    expect(&p, "0s li fired push>li\n"
               "5m li fired text>li\n"
               "1h li exhausted (deadline)\n");
}

/* --- whose hours ---------------------------------------------------------------------------- */

static const struct aw_tz *no_zone(void *ctx, const char *name)
{
    ++*(unsigned *)ctx;
    assert_string_equal(name, "Asia/Shanghai");
    return NULL;
}

/* The zone of the registration, then of the directory, then the environment's. */
static void hours_of_the_recipient(void **state)
{
    static const struct aw_window evening = {0x7f, 18 * AW_HOUR, 19 * AW_HOUR - 30 * AW_MINUTE};
    static const struct aw_calendar c = {
        .name = "evening", .of_recipient = true, .open = &evening, .n_open = 1};
    static const struct aw_hours hours = {
        .calendar = "evening", .inside = AW_INSIDE_SKIP, .kinds = AW_ALL_KINDS};
    unsigned asked = 0;
    const struct aw_almanac almanac = {
        .calendars = &c, .n_calendars = 1, .find = no_zone, .ctx = &asked};
    struct plan p;

    (void)state;
    plan_init(&p);
    p.rule.hours = &hours;
    p.rule.n_hours = 1;
    expect(&p, "0s li fired push>li\n"
               "5m li fired text>li\n"
               "1h li exhausted (deadline)\n"); /* there are no calendars */
    p.in.almanac = &almanac;
    expect(&p, "0s li skipped push (hours)\n"
               "5m li skipped text (hours)\n"
               "1h li exhausted (deadline)\n");
    assert_true(asked > 0);
    asked = 0;
    p.recipients[0].user = "wang"; /* has no zone: nobody asks for one */
    expect(&p, "0s wang skipped push (hours)\n"
               "5m wang skipped text (hours)\n"
               "1h wang exhausted (deadline)\n");
    assert_int_equal(asked, 0);
    p.recipients[0].given.tz = "Asia/Shanghai";
    expect(&p, "0s wang skipped push (hours)\n"
               "5m wang skipped text (hours)\n"
               "1h wang exhausted (deadline)\n");
    assert_true(asked > 0);
}

/* --- a reader who has had enough ------------------------------------------------------------ */

struct reader {
    unsigned n, most; /* lines read, lines until it refuses */
};

static int read_some(void *ctx, const struct aw_virtual_line *l)
{
    struct reader *r = ctx;

    (void)l;
    if (r->n == r->most)
        return 77;
    r->n++;
    return 0;
}

/* Wherever the refusal comes, nothing follows it, and the run hands it back. */
static void refuse_everywhere(const struct plan *p, unsigned n)
{
    struct aw_err err = {""};

    for (unsigned most = 0; most <= n; most++) {
        struct reader r = {.most = most};
        assert_int_equal(aw_virtual_run(&p->in, read_some, &r, &err), most < n ? 77 : 0);
        assert_int_equal(r.n, most);
    }
}

#define ACT(mins, what, ...)                                                                       \
    {                                                                                              \
        .act = (what), .after = (mins)*AW_MINUTE, __VA_ARGS__                                      \
    }

static void a_run_ends_where_it_is_refused(void **state)
{
    static const struct aw_virtual_event events[] = {
        ACT(0, AW_V_RESULT, .from = "wang", .step = "push", .outcome = AW_OUT_REFUSED),
        ACT(1, AW_V_SNOOZE, .hold = AW_MINUTE),
        ACT(1, AW_V_RESUME, .from = "li"),
        ACT(2, AW_V_CLAIM, .by = "chief"),
        ACT(2, AW_V_RESUME, .from = "wang"),
        ACT(3, AW_V_LOGIN, .from = "li", .device = "d1"),
        ACT(3, AW_V_LOGOUT, .from = "wang", .device = "d2"),
        ACT(4, AW_V_ESCALATE, .step = NULL),
        ACT(4, AW_V_LOGIN, .from = "wang", .device = "d1"),
        ACT(5, AW_V_EVIDENCE, .from = "li", .level = AW_DELIVERED, .device = "d1"),
        ACT(6, AW_V_CHANNEL, .channel = "push", .is = AW_V_DOWN),
        ACT(10, AW_V_EVIDENCE, .from = "li", .level = AW_LEVEL_NONE),
        ACT(11, AW_V_EVIDENCE, .from = "li", .level = AW_ACKNOWLEDGED),
        ACT(90, AW_V_CANCEL, .from = NULL),
    };
    struct plan p;

    (void)state;
    plan_init(&p);
    p.reg.n_recipients = 2;
    p.rule.claim_hold = 10 * AW_MINUTE;
    p.rule.of.n = 1;
    EVENTS(&p, events);
    expect(&p, "0s li fired push>li\n"
               "0s wang fired push>wang\n"
               "0s wang fired text>wang (advanced)\n"
               "1m li held text (snoozed) until 2m\n"
               "2m li held text (claim) until 12m\n"
               "4m li fired text>li (escalated)\n"
               "11m li confirmed (goal)\n"
               "11m wang released (released)\n");
    refuse_everywhere(&p, 8);
}

/* The same where pushes wait for logins, and a device changes hands. */
static void a_run_of_sessions_is_refused(void **state)
{
    static const struct aw_virtual_event events[] = {
        ACT(0, AW_V_LOGOUT, .from = "li", .device = "d1"),
        ACT(0, AW_V_LOGOUT, .from = "wang", .device = "d2"),
        ACT(3, AW_V_LOGIN, .from = "li", .device = "d1"),
        ACT(4, AW_V_LOGIN, .from = "wang", .device = "d1"),
        ACT(4, AW_V_LOGOUT, .from = "wang", .device = "d1"),
        ACT(90, AW_V_CANCEL, .from = NULL),
    };
    struct plan p;

    (void)state;
    plan_init(&p);
    p.reg.n_recipients = 2;
    p.rule.by_device = true;
    p.rule.presence = (struct aw_presence){
        .logged_out = AW_LOGGED_OUT_HOLD, .hold_max = AW_HOUR, .on_expiry = -1};
    EVENTS(&p, events);
    expect(&p, "0s li held push (logged_out) until 1h\n"
               "0s wang held push (logged_out) until 1h\n"
               "3m li fired push>li (logged_in)\n"
               "4m wang held push (logged_out) until 1h\n"
               "5m li fired text>li\n"
               "5m wang fired text>wang\n"
               "1h wang skipped push (logged_out)\n"
               "1h3m li exhausted (deadline)\n"
               "1h30m wang cancelled (cancelled)\n");
    refuse_everywhere(&p, 9);
}

/* --- limits and sessions -------------------------------------------------------------------- */

/* A limit of the rule alone counts by address, too: two recipients gave the same number. */
static void one_number_of_two_recipients(void **state)
{
    struct plan p;

    (void)state;
    plan_init(&p);
    p.reg.n_recipients = 2;
    p.rule.limits.given = true;
    p.rule.limits.per_recipient[AW_SMS] =
        (struct aw_rates){.n = 1, .list = {{.n = 1, .per = 10 * AW_MINUTE}}};
    p.recipients[0].given.phone = p.recipients[1].given.phone = "+9990000009";
    p.recipients[1].given.email = "w@sim.invalid";
    expect(&p, "0s li fired push>li\n"
               "0s wang fired push>wang\n"
               "5m li fired text>li\n"
               "5m wang deferred text (limit) until 15m\n"
               "15m wang fired text>wang\n"
               "1h li exhausted (deadline)\n"
               "1h wang exhausted (deadline)\n");
    p.recipients[1].given.phone = NULL; /* that of the directory */
    expect(&p, "0s li fired push>li\n"
               "0s wang fired push>wang\n"
               "5m li fired text>li\n"
               "5m wang fired text>wang\n"
               "1h li exhausted (deadline)\n"
               "1h wang exhausted (deadline)\n");
}

static void many_sessions(void **state)
{
    static const char *const d[] = {"d0", "d1", "d2", "d3", "d4",  "d5",
                                    "d6", "d7", "d8", "d9", "d10", "d11"};
    const struct aw_addresses two = {.registration_ids = {"d1", "d2"}, .n_registration_ids = 2};
    const struct aw_addresses other = {.registration_ids = {"x"}, .n_registration_ids = 1};
    struct aw_v_sessions s = {0};
    int64_t list[AW_MAX_DEVICES];

    (void)state;
    aw_v_login(&s, "wang", d[1]);
    assert_int_equal(aw_v_whereabouts(&s, "li", &two), 0); /* the second may be theirs */
    aw_v_login(&s, "wang", d[2]);
    assert_int_equal(aw_v_whereabouts(&s, "li", &two), AW_IS_TAKEN);
    for (unsigned i = 0; i < AW_COUNT(d); i++)
        aw_v_login(&s, "li", d[i]);
    assert_int_equal(aw_v_whereabouts(&s, "li", &two), 0);
    assert_int_equal(aw_v_whereabouts(&s, "li", &other), AW_IS_ABSENT);
    assert_int_equal(aw_v_whereabouts(&s, "wang", NULL), AW_IS_ABSENT | AW_IS_TAKEN);
    assert_int_equal(aw_v_devices(&s, "li", NULL, list), AW_MAX_DEVICES); /* and no more */
    for (unsigned i = 0; i < AW_MAX_DEVICES; i++)
        assert_int_equal(list[i], aw_v_device(&s, d[i]));
    assert_int_equal(aw_v_devices(&s, "li", &two, list), 2);
    assert_int_equal(list[0], aw_v_device(&s, "d1"));
    assert_int_equal(aw_v_devices(&s, "wang", NULL, list), 0);
    aw_v_sessions_free(&s);
}

/* --- what does not fit a rule --------------------------------------------------------------- */

static void what_cannot_happen_is_refused(void **state)
{
    static const struct aw_virtual_event about[] = {
        {.act = AW_V_EVIDENCE, .from = "li", .about = "wang", .level = AW_ACKNOWLEDGED}};
    struct plan p;

    (void)state;
    plan_init(&p);
    p.rule.of.n = 2;
    refused(&p, "confirmed by 2 recipients, and there is 1");
    p.rule.of.n = 3;
    p.reg.n_recipients = 2;
    refused(&p, "confirmed by 3 recipients, and there are 2");
    p.rule.of.n = 0;
    p.reg.n_recipients = 1;
    EVENTS(&p, about);
    refused(&p, "\"wang\" is no recipient of this message");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_channel_is_down_for_a_while),
        cmocka_unit_test(a_channel_stays_down),
        cmocka_unit_test(another_channel_takes_over),
        cmocka_unit_test(channels_by_weight),
        cmocka_unit_test(a_channel_is_blind),
        cmocka_unit_test(two_channels_are_blind),
        cmocka_unit_test(a_push_is_lost),
        cmocka_unit_test(hours_of_the_recipient),
        cmocka_unit_test(a_run_ends_where_it_is_refused),
        cmocka_unit_test(a_run_of_sessions_is_refused),
        cmocka_unit_test(one_number_of_two_recipients),
        cmocka_unit_test(many_sessions),
        cmocka_unit_test(what_cannot_happen_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
