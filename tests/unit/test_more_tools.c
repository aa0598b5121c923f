/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tools rest on: the words and the way back, forms of templates, events of channels in a
 * virtual run (down, up, blind), whose zone counts there, and devices in entries of the log.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "audit/verify.h"
#include "base/buf.h"
#include "base/mem.h"
#include "core/channel.h"
#include "core/template.h"
#include "core/virtual.h"

#define AT ((aw_time)1795370400000) /* 2026-11-22T18:00:00Z */

/* --- words ---------------------------------------------------------------------------------- */

/* Each value has a text of its own that leads back to it; others lead nowhere. */
#define THERE_AND_BACK(fn, type, count)                                                            \
    do {                                                                                           \
        type got;                                                                                  \
        for (int i = 0; i < (int)(count); i++) {                                                   \
            got = (type)((i + 1) % (int)(count));                                                  \
            assert_int_equal(fn##_parse(fn##_name((type)i), &got), 0);                             \
            assert_int_equal(got, i);                                                              \
        }                                                                                          \
        assert_int_equal(fn##_parse("nonsense", &got), AW_EINVAL);                                 \
        assert_int_equal(fn##_parse("", &got), AW_EINVAL);                                         \
        assert_int_equal(got, (count)-1);                                                          \
    } while (0)

static void words_there_and_back(void **state)
{
    enum aw_level level = AW_SENT;

    (void)state;
    THERE_AND_BACK(aw_kind, enum aw_kind, AW_N_KINDS);
    THERE_AND_BACK(aw_priority, enum aw_priority, AW_N_PRIORITIES);
    THERE_AND_BACK(aw_state, enum aw_state, AW_N_STATES);
    THERE_AND_BACK(aw_source, enum aw_source, AW_N_SOURCES);
    THERE_AND_BACK(aw_outcome, enum aw_outcome, AW_N_OUTCOMES);
    THERE_AND_BACK(aw_negative, enum aw_negative, AW_N_NEGATIVES);
    THERE_AND_BACK(aw_why, enum aw_why, AW_N_WHYS);
    for (int l = AW_ACCEPTED; l < AW_N_LEVELS; l++) {
        assert_int_equal(aw_level_parse(aw_level_name((enum aw_level)l), &level), 0);
        assert_int_equal(level, l);
    }
    assert_int_equal(aw_level_parse(aw_level_name(AW_LEVEL_NONE), &level), AW_EINVAL);
    assert_int_equal(level, AW_ACKNOWLEDGED);
}

static void reasons_for_putting_off(void **state)
{
    static const char *const those[] = {"settle", "channel", "silence", "limit", "brake", "hours"};
    unsigned n = 0;

    (void)state;
    for (unsigned i = 0; i < AW_COUNT(those); i++) {
        enum aw_why why;
        assert_int_equal(aw_why_parse(those[i], &why), 0);
        assert_true(aw_why_defers(why));
    }
    for (int w = 0; w < AW_N_WHYS; w++)
        n += aw_why_defers((enum aw_why)w);
    assert_int_equal(n, AW_COUNT(those));
}

/* --- templates ------------------------------------------------------------------------------ */

static void forms_by_provider(void **state)
{
    const struct aw_provider a = {.name = "a"}, b = {.name = "b"}, c = {.name = "c"};
    const struct aw_template_form forms[] = {{.provider = &a}, {.provider = &b}};
    const struct aw_template_text text = {.forms = forms, .n_forms = AW_COUNT(forms)}, none = {0};

    (void)state;
    assert_ptr_equal(aw_template_form(&text, &a), &forms[0]);
    assert_ptr_equal(aw_template_form(&text, &b), &forms[1]);
    assert_null(aw_template_form(&text, &c));
    assert_null(aw_template_form(&none, &a));
}

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

/* --- entries -------------------------------------------------------------------------------- */

static void devices_of_a_claim(void **state)
{
    static const int64_t devices[] = {7, 5};
    struct aw_buf one = AW_BUF_INIT(AW_ENTRY_MAX), two = AW_BUF_INIT(AW_ENTRY_MAX);
    struct aw_entry e, back;
    struct aw_err err;
    void *owner;

    (void)state;
    aw_entry_init(&e);
    e.ts = AT;
    e.kind = AW_ENTRY_CLAIMED;
    e.devices = devices;
    e.n_devices = 2;
    assert_int_equal(aw_entry_build(&one, &e), 0);
    assert_non_null(strstr(aw_buf_str(&one), "\"devices\":[7,5]"));
    assert_int_equal(aw_entry_parse(one.p, one.n, &back, &owner, &err), 0);
    assert_int_equal(back.n_devices, 2);
    assert_int_equal(back.devices[1], 5);
    assert_int_equal(aw_entry_build(&two, &back), 0);
    assert_string_equal(aw_buf_str(&one), aw_buf_str(&two));
    aw_entry_release(owner);
    aw_buf_free(&one);
    aw_buf_free(&two);
}

static void note(void *ctx, const struct aw_finding *f)
{
    aw_buf_printf(ctx, "%s\n", f->text);
}

/* What the auditor says of one entry. */
static void expect_finding(const struct aw_entry *e, const char *want)
{
    struct aw_buf body = AW_BUF_INIT(AW_ENTRY_MAX), found = AW_BUF_INIT(1 << 16);
    struct aw_verifier *v = aw_verifier_new(-1, NULL, note, &found);
    const struct aw_entry *parsed;
    uint8_t leaf[32];

    assert_int_equal(aw_entry_build(&body, e), 0);
    aw_tree_leaf(leaf, body.p, body.n);
    aw_verifier_row(v,
                    &(struct aw_log_row){.seq = e->seq,
                                         .msg = e->msg,
                                         .prev = e->prev,
                                         .body = body.p,
                                         .n_body = body.n,
                                         .leaf = leaf,
                                         .n_leaf = sizeof leaf},
                    &parsed);
    assert_string_equal(aw_buf_str(&found), want);
    assert_int_equal(aw_verifier_findings(v), want[0] != 0);
    aw_verifier_free(v);
    aw_buf_free(&body);
    aw_buf_free(&found);
}

static void odd_chains_are_found(void **state)
{
#define ODD "a registration with a predecessor, or without recipients\n"
    static const int64_t persons[] = {1};
    struct aw_entry e, good;

    (void)state;
    aw_entry_init(&good);
    good.ts = AT;
    good.kind = AW_ENTRY_REGISTERED;
    good.msg = 77;
    good.persons = persons;
    good.n_persons = 1;
    expect_finding(&good, "");
    e = good;
    e.prev = 0;
    expect_finding(&e, ODD);
    e = good;
    e.msg = 0;
    expect_finding(&e, ODD);
    e = good;
    e.n_persons = 0;
    expect_finding(&e, ODD);
    e = good;
    e.kind = AW_ENTRY_HEARTBEAT;
    e.msg = 0;
    e.n = 0; /* of a recipient, but of no message */
    expect_finding(&e, "");
    e.prev = 0;
    expect_finding(&e, "prev of an entry that is about no timeline\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_there_and_back),   cmocka_unit_test(reasons_for_putting_off),
        cmocka_unit_test(forms_by_provider),      cmocka_unit_test(a_channel_is_down_for_a_while),
        cmocka_unit_test(a_channel_stays_down),   cmocka_unit_test(another_channel_takes_over),
        cmocka_unit_test(channels_by_weight),     cmocka_unit_test(a_channel_is_blind),
        cmocka_unit_test(two_channels_are_blind), cmocka_unit_test(a_push_is_lost),
        cmocka_unit_test(hours_of_the_recipient), cmocka_unit_test(what_cannot_happen_is_refused),
        cmocka_unit_test(devices_of_a_claim),     cmocka_unit_test(odd_chains_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
