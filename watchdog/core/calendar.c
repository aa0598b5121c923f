/* SPDX-License-Identifier: Apache-2.0
 *
 * Windows of calendars, date by date from the one before; turns of rotations by division, set right
 * by the neighbours where local time is not even.
 */
#include "core/calendar.h"

#include <string.h>

#include "base/str.h"

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* --- calendars ------------------------------------------------------------------------------ */

static bool covers(const struct aw_dates *list, unsigned n, int64_t date)
{
    for (unsigned i = 0; i < n; i++)
        if (list[i].first <= date && date <= list[i].last)
            return true;
    return false;
}

static bool starts_on(const struct aw_calendar *c, const struct aw_window *w, int64_t date)
{
    unsigned weekday = (unsigned)((date % 7 + 7 + 3) % 7); /* 1970-01-01 was a Thursday */

    if (covers(c->also_open, c->n_also_open, date))
        return true;
    return (w->days >> weekday & 1) && !covers(c->closed, c->n_closed, date);
}

/* The later end when the window of that date covers `end` or begins there, else `end`. */
static aw_time go_on(const struct aw_window *w, const struct aw_tz *tz, int64_t date, aw_time end)
{
    aw_time midnight = date * AW_DAY;
    aw_time until = midnight + w->to + (w->to <= w->from ? AW_DAY : 0);

    if (aw_tz_instant(tz, midnight + w->from, AW_TZ_FIRST) > end)
        return end;
    until = aw_tz_instant(tz, until, AW_TZ_LAST);
    return until > end ? until : end;
}

aw_time aw_calendar_inside(const struct aw_calendar *c, const struct aw_tz *zone, aw_time t)
{
    const struct aw_tz *tz = c->of_recipient ? zone : c->tz;
    int64_t first = floor_div(aw_tz_local(tz, t), AW_DAY) - 2; /* a date can be missing */
    aw_time end = t;

    for (int64_t date = first; end - t < AW_CALENDAR_HORIZON; date++) {
        aw_time before = 0;
        /* Windows of one date stand in any order. */
        while (before != end) {
            before = end;
            for (unsigned i = 0; i < c->n_open; i++)
                if (starts_on(c, &c->open[i], date))
                    end = go_on(&c->open[i], tz, date, end);
        }
        if (date > floor_div(aw_tz_local(tz, end), AW_DAY) + 1)
            return end > t ? end : 0;
    }
    return t + AW_CALENDAR_HORIZON;
}

/* --- rotations ------------------------------------------------------------------------------ */

static bool overridden(const struct aw_rotation *r, const struct aw_override *o, aw_time t)
{
    return aw_tz_instant(r->tz, o->from, AW_TZ_FIRST) <= t &&
           t < aw_tz_instant(r->tz, o->to, AW_TZ_LAST);
}

/* When turn k begins. */
static aw_time handover(const struct aw_rotation *r, int64_t k)
{
    if (r->turn % AW_DAY == 0)
        return aw_tz_instant(r->tz, r->start + k * r->turn, AW_TZ_FIRST);
    return aw_tz_instant(r->tz, r->start, AW_TZ_FIRST) + k * r->turn;
}

const char *aw_rotation_oncall(const struct aw_rotation *r, aw_time t)
{
    for (unsigned i = 0; i < r->n_overrides; i++)
        if (overridden(r, &r->overrides[i], t))
            return r->overrides[i].person;
    if (r->n_people == 0 || t < handover(r, 0))
        return NULL;
    int64_t k = (t - handover(r, 0)) / r->turn;
    while (k > 0 && handover(r, k) > t)
        k--;
    while (handover(r, k + 1) <= t)
        k++;
    return r->people[k % r->n_people];
}

/* --- by name -------------------------------------------------------------------------------- */

aw_time aw_almanac_inside(const struct aw_almanac *a, const char *calendar, const char *tz,
                          aw_time t)
{
    for (unsigned i = 0; i < a->n_calendars; i++) {
        const struct aw_calendar *c = &a->calendars[i];
        if (!aw_streq(c->name, calendar))
            continue;
        const struct aw_tz *zone =
            c->of_recipient && tz != NULL && a->find != NULL ? a->find(a->ctx, tz) : NULL;
        return aw_calendar_inside(c, zone != NULL ? zone : a->zone, t);
    }
    return 0;
}

const char *aw_almanac_oncall(const struct aw_almanac *a, const char *rotation, aw_time t)
{
    for (unsigned i = 0; i < a->n_rotations; i++)
        if (aw_streq(a->rotations[i].name, rotation))
            return aw_rotation_oncall(&a->rotations[i], t);
    return NULL;
}
