/* SPDX-License-Identifier: Apache-2.0
 *
 * The environment of a random case: when it begins (often about a change of clocks), in which
 * zones people live, calendars and rotations.
 */
#include <string.h>

#include "base/mem.h"
#include "base/zones.h"
#include "oracle/case.h"

static const char *const zones[] = {"Asia/Shanghai", "Europe/Berlin", "America/New_York",
                                    "Australia/Lord_Howe", "UTC"};
static const char *const calendar_names[CASE_CALENDARS] = {"night", "office"};
static const char *const people[] = {"li", "wang", "noc", "duty"};

const char *case_zone(struct dice *d)
{
    return dice_chance(d, 70) ? zones[dice_roll(d, AW_COUNT(zones))] : NULL;
}

/* Some day, or hours before the clocks change in one of the zones: both ways, also by half an
 * hour. */
static aw_time beginning(struct dice *d)
{
    static const aw_time changes[] = {
        1774746000000, /* 2026-03-29T01:00:00Z, Berlin */
        1792890000000, /* 2026-10-25T01:00:00Z */
        1772953200000, /* 2026-03-08T07:00:00Z, New York */
        1793512800000, /* 2026-11-01T06:00:00Z */
        1775314800000, /* 2026-04-04T15:00:00Z, Lord Howe */
        1791041400000, /* 2026-10-03T15:30:00Z */
    };

    if (dice_chance(d, 50))
        return (aw_time)1795370400000; /* 2026-11-22T18:00:00Z */
    return changes[dice_roll(d, AW_COUNT(changes))] - (aw_ms)dice_roll(d, 80) * 15 * AW_MINUTE;
}

static int64_t some_date(const struct ora_case *c, struct dice *d)
{
    return c->at / AW_DAY + dice_roll(d, 4) - 1;
}

static void make_calendar(struct ora_case *c, unsigned i, struct dice *d)
{
    struct aw_calendar *k = &c->calendars[i];

    *k = (struct aw_calendar){.name = calendar_names[i],
                              .zone = zones[dice_roll(d, AW_COUNT(zones))]};
    if (dice_chance(d, 50)) {
        k->of_recipient = true;
        k->zone = "recipient";
    }
    k->n_open = 1 + dice_roll(d, CASE_WINDOWS);
    for (unsigned w = 0; w < k->n_open; w++) {
        aw_ms from = (aw_ms)dice_roll(d, 48) * 30 * AW_MINUTE;
        aw_ms to = from + (1 + (aw_ms)dice_roll(d, 20)) * 30 * AW_MINUTE;
        c->windows[i][w] =
            (struct aw_window){.days = dice_chance(d, 50) ? 0x7f : (uint8_t)(1 + dice_roll(d, 127)),
                               .from = from,
                               .to = to > AW_DAY ? to - AW_DAY : to};
    }
    int64_t date = some_date(c, d);
    k->n_closed = dice_chance(d, 30);
    c->closed[i] = (struct aw_dates){date, date + dice_roll(d, 2)};
    date = some_date(c, d);
    k->n_also_open = dice_chance(d, 30);
    c->also_open[i] = (struct aw_dates){date, date + dice_roll(d, 2)};
}

static void make_rotation(struct ora_case *c, struct dice *d)
{
    struct aw_rotation *r = &c->rotation;

    *r = (struct aw_rotation){.name = "noc", .zone = zones[dice_roll(d, AW_COUNT(zones))]};
    r->start =
        (c->at / AW_DAY - 3 + dice_roll(d, 4)) * AW_DAY + (aw_ms)dice_roll(d, 48) * 30 * AW_MINUTE;
    r->turn = dice_chance(d, 50) ? (1 + dice_roll(d, 2)) * AW_DAY
                                 : (1 + (aw_ms)dice_roll(d, 30)) * 30 * AW_MINUTE;
    r->n_people = 1 + dice_roll(d, 3);
    for (unsigned i = 0; i < r->n_people; i++)
        c->on_duty[i] = people[dice_roll(d, AW_COUNT(people))];
    r->n_overrides = dice_chance(d, 30);
    c->override.from = c->at + (aw_ms)dice_roll(d, 48) * 30 * AW_MINUTE - AW_DAY / 2;
    c->override.to = c->override.from + (1 + (aw_ms)dice_roll(d, 8)) * 30 * AW_MINUTE;
    c->override.person = people[dice_roll(d, AW_COUNT(people))];
}

static void make_hours(struct ora_case *c, struct dice *d)
{
    c->rule.n_hours = dice_chance(d, 40) ? 1 + dice_roll(d, 2) : 0;
    for (unsigned i = 0; i < c->rule.n_hours; i++) {
        unsigned what = dice_roll(d, 10);
        c->hours[i] = (struct aw_hours){
            .calendar = calendar_names[dice_roll(d, CASE_CALENDARS)],
            .inside = what < 7   ? AW_INSIDE_HOLD
                      : what < 9 ? AW_INSIDE_SKIP
                                 : AW_INSIDE_SEND,
            .then = dice_chance(d, 60) ? AW_THEN_SHIFT : AW_THEN_KEEP,
            .kinds = dice_chance(d, 50) ? AW_ALL_KINDS : (uint8_t)(1 + dice_roll(d, AW_ALL_KINDS)),
            .except = dice_chance(d, 30) ? 1u << AW_CRITICAL : 0};
    }
    c->hours[1].then =
        c->hours[0].then; /* the order at the opening of both, rules.md leaves open */
}

static void make_limits(struct ora_case *c, struct dice *d)
{
    struct aw_limits *l = &c->rule.limits;

    if (dice_chance(d, 30)) {
        l->given = true;
        for (unsigned k = 0; k < AW_N_KINDS; k++) {
            struct aw_rates *r = &l->per_recipient[k];
            r->n = dice_roll(d, 3);
            for (unsigned i = 0; i < r->n; i++)
                r->list[i] = (struct aw_rate){1 + dice_roll(d, 3),
                                              (1 + (aw_ms)dice_roll(d, 12)) * 5 * AW_MINUTE};
        }
    }
    c->brake.n_silences = dice_chance(d, 15);
    c->silence = (struct aw_silence){.name = "quiet", .from = c->at + case_instant(d, 10)};
    c->silence.until = c->silence.from + 5 * AW_MINUTE + case_instant(d, 10);
}

void case_make_env(struct ora_case *c, struct dice *d)
{
    c->at = beginning(d);
    for (unsigned i = 0; i < CASE_CALENDARS; i++)
        make_calendar(c, i, d);
    make_rotation(c, d);
    make_hours(c, d);
    make_limits(c, d);
}

static const struct aw_tz *find_zone(void *ctx, const char *name)
{
    return aw_zones_find(ctx, name);
}

/* The system's zones, read once. */
static struct aw_zones *all_zones(void)
{
    static struct aw_zones *zones_;

    if (!zones_)
        zones_ = aw_zones_new(NULL);
    return zones_;
}

void case_env_input(struct ora_case *c, struct aw_virtual_input *in)
{
    for (unsigned i = 0; i < CASE_CALENDARS; i++) {
        struct aw_calendar *k = &c->calendars[i];
        k->open = c->windows[i];
        k->closed = &c->closed[i];
        k->also_open = &c->also_open[i];
        k->tz = k->of_recipient ? NULL : aw_zones_find(all_zones(), k->zone);
    }
    c->rotation.tz = aw_zones_find(all_zones(), c->rotation.zone);
    c->rotation.people = c->on_duty;
    c->rotation.overrides = &c->override;
    c->almanac = (struct aw_almanac){.calendars = c->calendars,
                                     .n_calendars = CASE_CALENDARS,
                                     .rotations = &c->rotation,
                                     .n_rotations = 1,
                                     .find = find_zone,
                                     .ctx = all_zones()};
    c->rule.hours = c->hours;
    in->almanac = &c->almanac;
    c->brake.silences = &c->silence;
    in->brake = c->rule.limits.given || c->brake.n_silences ? &c->brake : NULL;
}

bool case_env_cut(struct ora_case *c, unsigned how)
{
    switch (how) {
    case 0:
        c->rule.n_hours = c->rule.n_hours ? c->rule.n_hours - 1 : 0;
        return true;
    case 1:
        c->hours[0] = c->hours[1];
        return true;
    case 2:
        c->hours[0].kinds = c->hours[1].kinds = AW_ALL_KINDS;
        return true;
    case 3:
        c->calendars[0].n_open = c->calendars[1].n_open = 1;
        return true;
    case 4:
        c->calendars[0].n_closed = c->calendars[1].n_closed = 0;
        return true;
    case 5:
        c->calendars[0].n_also_open = c->calendars[1].n_also_open = 0;
        return true;
    case 6:
        c->rule.limits.given = false;
        return true;
    case 7:
        c->brake.n_silences = 0;
        return true;
    default:
        return false;
    }
}

/* --- as YAML -------------------------------------------------------------------------------- */

static void put_time(struct aw_buf *b, aw_ms t)
{
    aw_buf_printf(b, "\"%02d:%02d\"", (int)(t / AW_HOUR), (int)(t % AW_HOUR / AW_MINUTE));
}

static void put_dates(struct aw_buf *b, const char *key, const struct aw_dates *d)
{
    char first[AW_TIME_TEXT], last[AW_TIME_TEXT];

    aw_time_print(first, d->first * AW_DAY);
    aw_time_print(last, d->last * AW_DAY);
    aw_buf_printf(b, ", %s: [\"%.10s..%.10s\"]", key, first, last);
}

static void put_calendar(const struct ora_case *c, unsigned i, struct aw_buf *b)
{
    static const char *const days[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
    const struct aw_calendar *k = &c->calendars[i];

    aw_buf_printf(b, "    %s: {zone: %s, open: [", k->name, k->zone);
    for (unsigned w = 0; w < k->n_open; w++) {
        const char *comma = "";
        aw_buf_printf(b, "%s{days: [", w ? ", " : "");
        for (unsigned n = 0; n < 7; n++) {
            if (c->windows[i][w].days >> n & 1) {
                aw_buf_printf(b, "%s%s", comma, days[n]);
                comma = ", ";
            }
        }
        aw_buf_puts(b, "], from: ");
        put_time(b, c->windows[i][w].from);
        aw_buf_puts(b, ", to: ");
        put_time(b, c->windows[i][w].to);
        aw_buf_puts(b, "}");
    }
    aw_buf_puts(b, "]");
    if (k->n_closed)
        put_dates(b, "closed", &c->closed[i]);
    if (k->n_also_open)
        put_dates(b, "also_open", &c->also_open[i]);
    aw_buf_puts(b, "}\n");
}

void case_env_print(const struct ora_case *c, struct aw_buf *b)
{
    char text[AW_TIME_TEXT];

    aw_buf_puts(b, "environment:\n  calendars:\n");
    for (unsigned i = 0; i < CASE_CALENDARS; i++)
        put_calendar(c, i, b);
    aw_time_print(text, c->rotation.start);
    aw_buf_printf(b, "  rotations:\n    noc: {zone: %s, start: \"%.16s\", ", c->rotation.zone,
                  text);
    aw_duration_print(text, c->rotation.turn);
    aw_buf_printf(b, "turn: %s, people: [", text);
    for (unsigned i = 0; i < c->rotation.n_people; i++)
        aw_buf_printf(b, "%s%s", i ? ", " : "", c->on_duty[i]);
    aw_buf_puts(b, "]");
    if (c->rotation.n_overrides) {
        aw_time_print(text, c->override.from);
        aw_buf_printf(b, ", overrides: [{from: \"%.16s\"", text);
        aw_time_print(text, c->override.to);
        aw_buf_printf(b, ", to: \"%.16s\", person: %s}]", text, c->override.person);
    }
    aw_buf_puts(b, "}\n");
    if (c->brake.n_silences) {
        aw_time_print(text, c->silence.from);
        aw_buf_printf(b, "  silences: [{name: quiet, from: \"%s\"", text);
        aw_time_print(text, c->silence.until);
        aw_buf_printf(b, ", until: \"%s\"}]\n", text);
    }
}

static void put_limits(const struct ora_case *c, struct aw_buf *b)
{
    char text[AW_TIME_TEXT];

    aw_buf_puts(b, "    limits: {per_recipient: {");
    for (unsigned k = 0; k < AW_N_KINDS; k++) {
        const struct aw_rates *r = &c->rule.limits.per_recipient[k];
        aw_buf_printf(b, "%s: [", aw_kind_name((enum aw_kind)k));
        for (unsigned i = 0; i < r->n; i++) {
            aw_duration_print(text, r->list[i].per);
            aw_buf_printf(b, "%s%u/%s", i ? ", " : "", r->list[i].n, text);
        }
        aw_buf_puts(b, k + 1 < AW_N_KINDS ? "], " : "]}}\n");
    }
}

void case_hours_print(const struct ora_case *c, struct aw_buf *b)
{
    static const char *const inside[] = {"hold", "skip", "send"};

    if (c->rule.limits.given)
        put_limits(c, b);

    for (unsigned i = 0; i < c->rule.n_hours; i++) {
        const struct aw_hours *h = &c->hours[i];
        const char *comma = "";
        aw_buf_printf(b, "%s      - {calendar: %s, inside: %s, then: %s, kinds: [",
                      i ? "" : "    hours:\n", h->calendar, inside[h->inside],
                      h->then == AW_THEN_KEEP ? "keep" : "shift");
        for (unsigned k = 0; k < AW_N_KINDS; k++) {
            if (h->kinds >> k & 1) {
                aw_buf_printf(b, "%s%s", comma, aw_kind_name((enum aw_kind)k));
                comma = ", ";
            }
        }
        aw_buf_printf(b, "]%s}\n", h->except ? ", except: [critical]" : "");
    }
}
