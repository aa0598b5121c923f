/* SPDX-License-Identifier: Apache-2.0
 *
 * core/calendar.h: windows and rotations by hand, on the days on which clocks change, and random
 * calendars against a reading minute by minute.
 */
#include "core/calendar.h"

#include <string.h>

#include "../lib/unit.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/zones.h"

static struct aw_zones *zones;

static int open_zones(void **state)
{
    (void)state;
    zones = aw_zones_new(NULL);
    return 0;
}

static int close_zones(void **state)
{
    (void)state;
    aw_zones_free(zones);
    return 0;
}

static const struct aw_tz *zone(const char *name)
{
    const struct aw_tz *tz = aw_zones_find(zones, name);
    assert_non_null(tz);
    return tz;
}

static aw_time at(const char *text)
{
    aw_time t = 0;
    assert_int_equal(aw_time_parse(text, strlen(text), &t), 0);
    return t;
}

static int64_t date(const char *day)
{
    char text[AW_TIME_TEXT];
    aw_format(text, sizeof(text), "%sT00:00:00Z", day);
    return at(text) / AW_DAY;
}

enum { ALL = 0x7f, MON_FRI = 0x1f, SAT = 0x20 };

#define CALENDAR(zone_name, ...)                                                                   \
    {                                                                                              \
        .name = "c", .tz = zone(zone_name), .open = (const struct aw_window[]){__VA_ARGS__},       \
        .n_open = AW_COUNT(((const struct aw_window[]){__VA_ARGS__}))                              \
    }

#define H AW_HOUR
#define M AW_MINUTE

/* Inside from the second-last line's instant: "" means outside. */
static void expect(const struct aw_calendar *c, const char *t, const char *until)
{
    aw_time got = aw_calendar_inside(c, NULL, at(t)), want = *until ? at(until) : 0;
    char text[AW_TIME_TEXT];
    aw_time_print(text, got);
    if (got != want)
        fail_msg("%s: %s, not %s", t, got ? text : "outside", *until ? until : "outside");
}

static void night(void **state)
{
    const struct aw_calendar c = CALENDAR("Asia/Shanghai", {ALL, 22 * H, 8 * H});
    (void)state;
    expect(&c, "2026-11-23T21:59:59.999+08:00", "");
    expect(&c, "2026-11-23T22:00:00+08:00", "2026-11-24T08:00:00+08:00");
    expect(&c, "2026-11-24T00:00:00+08:00", "2026-11-24T08:00:00+08:00");
    expect(&c, "2026-11-24T07:59:59.999+08:00", "2026-11-24T08:00:00+08:00");
    expect(&c, "2026-11-24T08:00:00+08:00", "");
}

/* A window belongs to the date on which it starts. */
static void dates(void **state)
{
    const struct aw_dates closed[] = {{date("2026-10-01"), date("2026-10-07")}};
    const struct aw_dates also[] = {{date("2026-10-05"), date("2026-10-05")},
                                    {date("2026-10-10"), date("2026-10-10")}};
    struct aw_calendar office = CALENDAR("Asia/Shanghai", {MON_FRI, 9 * H, 18 * H});
    struct aw_calendar late = CALENDAR("Asia/Shanghai", {1 << 4, 22 * H, 2 * H}); /* Fridays */
    (void)state;
    office.closed = late.closed = closed;
    office.n_closed = late.n_closed = 1;
    office.also_open = also;
    office.n_also_open = 2;
    expect(&office, "2026-09-30T10:00:00+08:00", "2026-09-30T18:00:00+08:00");
    expect(&office, "2026-10-01T10:00:00+08:00", "");
    expect(&office, "2026-10-05T10:00:00+08:00", "2026-10-05T18:00:00+08:00"); /* beats closed */
    expect(&office, "2026-10-07T10:00:00+08:00", "");
    expect(&office, "2026-10-08T10:00:00+08:00", "2026-10-08T18:00:00+08:00");
    expect(&office, "2026-10-10T10:00:00+08:00", "2026-10-10T18:00:00+08:00"); /* a Saturday */
    expect(&office, "2026-10-17T10:00:00+08:00", "");
    /* Friday 2 October is closed: Saturday's early hours belong to it. */
    expect(&late, "2026-10-03T01:00:00+08:00", "");
    expect(&late, "2026-09-26T01:00:00+08:00", "2026-09-26T02:00:00+08:00");
    expect(&late, "2026-09-26T22:00:00+08:00", "");
    late.also_open = also;
    late.n_also_open = 2;
    expect(&late, "2026-10-11T01:00:00+08:00", "2026-10-11T02:00:00+08:00");
}

static void touching(void **state)
{
    const struct aw_calendar c =
        CALENDAR("UTC", {ALL, 22 * H, 24 * H}, {MON_FRI, 0, 8 * H}, {SAT, 0, 24 * H},
                 {1 << 6, 0, 12 * H}, {ALL, 11 * H, 13 * H});
    (void)state;
    expect(&c, "2026-11-23T22:00:00Z", "2026-11-24T08:00:00Z");
    /* Friday night, all of Saturday, Sunday to one o'clock. */
    expect(&c, "2026-11-27T23:00:00Z", "2026-11-29T13:00:00Z");
    expect(&c, "2026-11-29T13:00:00Z", "");
}

static void never_closed(void **state)
{
    const struct aw_calendar always = CALENDAR("Europe/Berlin", {ALL, 0, 24 * H});
    const struct aw_calendar same = CALENDAR("Europe/Berlin", {ALL, 8 * H, 8 * H});
    const struct aw_calendar none = {.name = "none"};
    aw_time t = at("2026-11-23T12:00:00Z");
    (void)state;
    assert_int_equal(aw_calendar_inside(&always, NULL, t), t + AW_CALENDAR_HORIZON);
    assert_int_equal(aw_calendar_inside(&same, NULL, t), t + AW_CALENDAR_HORIZON);
    assert_int_equal(aw_calendar_inside(&none, NULL, t), 0);
}

/* edge-27: a time that does not exist is the first instant after the gap; one that occurs twice
 * opens at the first and closes at the second: never early. */
static void edge_27_clocks_change(void **state)
{
    const struct aw_calendar from_gap = CALENDAR("Europe/Berlin", {ALL, 2 * H + 30 * M, 8 * H});
    const struct aw_calendar to_gap = CALENDAR("Europe/Berlin", {ALL, 22 * H, 2 * H + 30 * M});
    const struct aw_calendar in_gap =
        CALENDAR("Europe/Berlin", {ALL, 2 * H + 10 * M, 2 * H + 40 * M});
    (void)state;
    expect(&from_gap, "2026-03-29T00:59:59Z", "");
    expect(&from_gap, "2026-03-29T01:00:00Z", "2026-03-29T06:00:00Z");
    expect(&to_gap, "2026-03-29T00:59:59Z", "2026-03-29T01:00:00Z");
    expect(&to_gap, "2026-03-29T01:00:00Z", "");
    expect(&in_gap, "2026-03-29T00:59:59Z", "");
    expect(&in_gap, "2026-03-29T01:00:00Z", "");
    /* 02:30 comes at 00:30Z and at 01:30Z. */
    expect(&from_gap, "2026-10-25T00:29:59Z", "");
    expect(&from_gap, "2026-10-25T00:30:00Z", "2026-10-25T07:00:00Z");
    expect(&to_gap, "2026-10-25T00:45:00Z", "2026-10-25T01:30:00Z");
    expect(&to_gap, "2026-10-25T01:30:00Z", "");
    expect(&in_gap, "2026-10-25T01:00:00Z", "2026-10-25T01:40:00Z");
    /* By the footer of the file: the tables end in 2037. */
    expect(&to_gap, "2059-03-30T00:59:59Z", "2059-03-30T01:00:00Z");
    expect(&from_gap, "2059-10-26T00:30:00Z", "2059-10-26T07:00:00Z");
}

static const struct aw_tz *find(void *ctx, const char *name)
{
    return aw_zones_find(ctx, name);
}

static void by_name(void **state)
{
    const struct aw_window open = {ALL, 22 * H, 8 * H};
    const struct aw_calendar c = {
        .name = "night", .of_recipient = true, .open = &open, .n_open = 1};
    struct aw_almanac a = {.calendars = &c,
                           .n_calendars = 1,
                           .zone = zone("Asia/Shanghai"),
                           .find = find,
                           .ctx = zones};
    aw_time t = at("2026-11-23T15:00:00Z");
    (void)state;
    assert_int_equal(aw_almanac_inside(&a, "night", NULL, t), at("2026-11-24T00:00:00Z"));
    assert_int_equal(aw_almanac_inside(&a, "night", "Europe/Berlin", t), 0);
    assert_int_equal(aw_almanac_inside(&a, "night", "Asia/Tokyo", t), at("2026-11-23T23:00:00Z"));
    assert_int_equal(aw_almanac_inside(&a, "night", "Mars/Phobos", t), at("2026-11-24T00:00:00Z"));
    assert_int_equal(aw_almanac_inside(&a, "day", NULL, t), 0);
    a.zone = NULL; /* UTC */
    assert_int_equal(aw_almanac_inside(&a, "night", NULL, t), 0);
    a.find = NULL;
    assert_int_equal(aw_almanac_inside(&a, "night", "Asia/Tokyo", t), 0);
    assert_null(aw_almanac_oncall(&a, "noc", t));
}

/* --- rotations ------------------------------------------------------------------------------ */

static const char *const people[] = {"li", "wang", "chen"};

static void on_duty(const struct aw_rotation *r, const char *t, const char *who)
{
    const char *got = aw_rotation_oncall(r, at(t));
    if (!aw_streq(got, who))
        fail_msg("%s: %s, not %s", t, got ? got : "nobody", who ? who : "nobody");
}

static void turns_of_whole_days(void **state)
{
    const struct aw_rotation r = {.name = "noc",
                                  .tz = zone("Europe/Berlin"),
                                  .start = at("2026-03-23T09:00:00Z"),
                                  .turn = 7 * AW_DAY,
                                  .people = people,
                                  .n_people = 3};
    const struct aw_almanac a = {.rotations = &r, .n_rotations = 1};
    (void)state;
    on_duty(&r, "2026-03-23T07:59:59.999Z", NULL);
    on_duty(&r, "2026-03-23T08:00:00Z", "li");
    /* Summer time began meanwhile: still at nine. */
    on_duty(&r, "2026-03-30T06:59:59.999Z", "li");
    on_duty(&r, "2026-03-30T07:00:00Z", "wang");
    on_duty(&r, "2026-04-06T07:00:00Z", "chen");
    on_duty(&r, "2026-04-13T07:00:00Z", "li");
    on_duty(&r, "2026-10-26T07:59:59.999Z", "li");
    on_duty(&r, "2026-10-26T08:00:00Z", "wang");
    assert_string_equal(aw_almanac_oncall(&a, "noc", at("2026-03-24T00:00:00Z")), "li");
    assert_null(aw_almanac_oncall(&a, "moc", at("2026-03-24T00:00:00Z")));
}

/* A handover at a time that does not exist, or occurs twice. */
static void handover_when_clocks_change(void **state)
{
    struct aw_rotation r = {.tz = zone("Europe/Berlin"),
                            .start = at("2026-03-28T02:30:00Z"),
                            .turn = AW_DAY,
                            .people = people,
                            .n_people = 3};
    (void)state;
    on_duty(&r, "2026-03-28T01:30:00Z", "li");
    on_duty(&r, "2026-03-29T00:59:59.999Z", "li");
    on_duty(&r, "2026-03-29T01:00:00Z", "wang");
    on_duty(&r, "2026-03-30T00:29:59.999Z", "wang");
    on_duty(&r, "2026-03-30T00:30:00Z", "chen");
    r.start = at("2026-10-24T02:30:00Z");
    on_duty(&r, "2026-10-25T00:29:59.999Z", "li");
    on_duty(&r, "2026-10-25T00:30:00Z", "wang");
    on_duty(&r, "2026-10-26T01:29:59.999Z", "wang");
    on_duty(&r, "2026-10-26T01:30:00Z", "chen");
}

static void turns_of_hours(void **state)
{
    const struct aw_rotation r = {.tz = zone("Europe/Berlin"),
                                  .start = at("2026-03-28T09:00:00Z"),
                                  .turn = 12 * AW_HOUR,
                                  .people = people,
                                  .n_people = 2};
    (void)state;
    on_duty(&r, "2026-03-28T19:59:59Z", "li");
    on_duty(&r, "2026-03-28T20:00:00Z", "wang");
    on_duty(&r, "2026-03-29T08:00:00Z", "li"); /* by the clock: ten in summer time */
}

static void overrides(void **state)
{
    const struct aw_override list[] = {
        {at("2026-03-29T01:00:00Z"), at("2026-03-29T12:00:00Z"), "zhao"},
        {at("2026-03-29T11:00:00Z"), at("2026-03-29T13:00:00Z"), "qian"},
        {at("2026-03-01T00:00:00Z"), at("2026-03-02T00:00:00Z"), "zhao"},
    };
    const struct aw_rotation r = {.tz = zone("Europe/Berlin"),
                                  .start = at("2026-03-23T09:00:00Z"),
                                  .turn = 7 * AW_DAY,
                                  .people = people,
                                  .n_people = 3,
                                  .overrides = list,
                                  .n_overrides = 3};
    const struct aw_rotation empty = {.turn = AW_DAY};
    (void)state;
    on_duty(&r, "2026-03-28T23:59:59Z", "li");
    on_duty(&r, "2026-03-29T00:00:00Z", "zhao");
    on_duty(&r, "2026-03-29T09:30:00Z", "zhao"); /* the first in the list */
    on_duty(&r, "2026-03-29T10:00:00Z", "qian");
    on_duty(&r, "2026-03-29T11:00:00Z", "li");
    on_duty(&r, "2026-03-01T12:00:00Z", "zhao");
    on_duty(&r, "2026-03-03T12:00:00Z", NULL);
    on_duty(&empty, "2026-03-03T12:00:00Z", NULL);
}

/* --- random calendars ----------------------------------------------------------------------- */

struct dice {
    uint64_t seed, n;
};

static unsigned roll(struct dice *d, unsigned below)
{
    return (unsigned)(aw_mix(d->seed, d->n++, 5) % below);
}

static bool listed(const struct aw_dates *l, unsigned n, int64_t day)
{
    for (unsigned i = 0; i < n; i++)
        if (day >= l[i].first && day <= l[i].last)
            return true;
    return false;
}

/* Whether some window of any date covers the minute. */
static bool covered(const struct aw_calendar *c, aw_time t)
{
    for (int64_t day = t / AW_DAY - 3; day <= t / AW_DAY + 2; day++)
        for (unsigned i = 0; i < c->n_open; i++) {
            const struct aw_window *w = &c->open[i];
            bool applies = (w->days >> ((day + 3) % 7) & 1) && !listed(c->closed, c->n_closed, day);
            if (!applies && !listed(c->also_open, c->n_also_open, day))
                continue;
            aw_ms to = w->to > w->from ? w->to : w->to + AW_DAY;
            if (t >= aw_tz_instant(c->tz, day * AW_DAY + w->from, AW_TZ_FIRST) &&
                t < aw_tz_instant(c->tz, day * AW_DAY + to, AW_TZ_LAST))
                return true;
        }
    return false;
}

static void random_calendars(void **state)
{
    static const char *const names[] = {"Europe/Berlin", "America/New_York", "Asia/Shanghai",
                                        "Australia/Lord_Howe", "Africa/Casablanca"};
    static const char *const days[] = {"2026-03-27", "2026-10-23", "2045-03-10", "2059-10-24"};
    unsigned inside = 0;
    (void)state;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        struct dice d = {seed, 0};
        struct aw_window open[4];
        int64_t day = date(days[roll(&d, AW_COUNT(days))]);
        struct aw_dates closed = {day + roll(&d, 4), day + 2 + roll(&d, 3)};
        struct aw_dates also = {day + roll(&d, 5), day + roll(&d, 5)};
        struct aw_calendar c = {.tz = zone(names[roll(&d, AW_COUNT(names))]),
                                .open = open,
                                .n_open = 1 + roll(&d, 4),
                                .closed = &closed,
                                .n_closed = roll(&d, 2),
                                .also_open = &also,
                                .n_also_open = roll(&d, 2)};
        for (unsigned i = 0; i < c.n_open; i++)
            open[i] = (struct aw_window){(uint8_t)roll(&d, 128), roll(&d, 48) * 30 * M,
                                         (1 + roll(&d, 48)) * 30 * M};
        for (unsigned n = 0; n < 8; n++) {
            aw_time t = (day * 24 + 12) * H + (aw_ms)roll(&d, 4 * 24 * 60) * M;
            aw_time end = t, got = aw_calendar_inside(&c, NULL, t);
            while (covered(&c, end) && end - t < 30 * AW_DAY)
                end += M;
            inside += end > t;
            if (end - t < 30 * AW_DAY)
                assert_int_equal(got, end > t ? end : 0);
            else
                assert_true(got >= end);
        }
    }
    assert_true(inside > 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(night),
        cmocka_unit_test(dates),
        cmocka_unit_test(touching),
        cmocka_unit_test(never_closed),
        cmocka_unit_test(edge_27_clocks_change),
        cmocka_unit_test(by_name),
        cmocka_unit_test(turns_of_whole_days),
        cmocka_unit_test(handover_when_clocks_change),
        cmocka_unit_test(turns_of_hours),
        cmocka_unit_test(overrides),
        cmocka_unit_test(random_calendars),
    };
    return cmocka_run_group_tests(tests, open_zones, close_zones);
}
