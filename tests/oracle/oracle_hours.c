/* SPDX-License-Identifier: Apache-2.0
 *
 * Calendars and hours, read slowly: windows are looked for date by date, local times are tried out
 * against the C library's localtime_r, which knows nothing of base/tz.c.
 */
#include "oracle/oracle_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* --- local time ----------------------------------------------------------------------------- */

static void use_zone(const char *zone)
{
    static char text[80]; /* the environment points at it */

    if (text[0] == '\0' || strcmp(text + 3, zone) != 0) {
        snprintf(text, sizeof(text), "TZ=%s", zone);
        putenv(text);
        tzset();
    }
}

/* What clocks show at t, as if it were UTC. */
static int64_t local_of(int64_t t)
{
    time_t x = (time_t)t;
    struct tm tm;

    localtime_r(&x, &tm);
    return t + tm.tm_gmtoff;
}

/* The first instant, or the last, at which clocks show this. "A local time that does not exist is
 * the first instant after the gap; one that occurs twice is the first for `from`, the second for
 * `to`." */
static int64_t instant_of(int64_t local, bool last)
{
    const int64_t day = 86400;
    int64_t before = local - day, after = local + day, found = INT64_MIN;

    for (int64_t around = local - 2 * day; around <= local + 2 * day; around += day) {
        int64_t t = local - (local_of(around) - around);
        if (local_of(t) == local && (found == INT64_MIN || (last ? t > found : t < found)))
            found = t;
    }
    if (found != INT64_MIN)
        return found;
    while (after - before >
           1) { /* there is one gap in these days: where clocks come to show more */
        int64_t middle = before + (after - before) / 2;
        if (local_of(middle) > local)
            after = middle;
        else
            before = middle;
    }
    return after;
}

/* --- windows -------------------------------------------------------------------------------- */

static bool has_date(const struct aw_dates *d, unsigned n, int64_t date)
{
    for (unsigned i = 0; i < n; i++)
        if (date >= d[i].first && date <= d[i].last)
            return true;
    return false;
}

/* "A window belongs to the date on which it starts; `also_open` beats `closed` and all windows
 * apply on that date." */
static bool starts_on(const struct aw_calendar *c, const struct aw_window *w, int64_t date)
{
    unsigned weekday = (unsigned)((date + 3) % 7); /* 1970-01-01 was a Thursday */

    if (has_date(c->also_open, c->n_also_open, date))
        return true;
    return !has_date(c->closed, c->n_closed, date) && (w->days & 1u << weekday) != 0;
}

/* The end of a window that covers t, or 0. "A window includes its first instant and excludes its
 * last." */
static aw_time covered(const struct aw_calendar *c, aw_time t)
{
    int64_t today = local_of(t / 1000) / 86400;

    for (int64_t date = today - 2; date <= today + 1; date++) {
        for (unsigned i = 0; i < c->n_open; i++) {
            const struct aw_window *w = &c->open[i];
            int64_t to = w->to / 1000 + (w->to <= w->from ? 86400 : 0);
            if (!starts_on(c, w, date))
                continue;
            aw_time from = instant_of(date * 86400 + w->from / 1000, false) * 1000;
            aw_time end = instant_of(date * 86400 + to, true) * 1000;
            if (t >= from && t < end)
                return end;
        }
    }
    return 0;
}

/* "Windows that touch are one hold." */
static aw_time inside(const struct aw_calendar *c, const char *zone, aw_time t)
{
    aw_time end = t, next;

    use_zone(c->of_recipient ? zone : c->zone);
    while (end - t < AW_CALENDAR_HORIZON && (next = covered(c, end)) != 0)
        end = next;
    return end > t ? end : 0;
}

/* --- hours ---------------------------------------------------------------------------------- */

/* "The zone is the recipient's, never the target's; then the environment's `zone`, then UTC." */
static const char *zone_of(struct ora *o, const struct ora_tl *tl)
{
    struct aw_addresses room;
    const struct aw_addresses *a = ora_addresses(o, tl->rcpt->user, &room);

    return a && a->tz ? a->tz : "UTC";
}

/* "In a list of `hours` the first entry that covers the kind, does not except the priority and is
 * inside its window decides." NULL: none does. */
const struct aw_hours *ora_hours(struct ora *o, const struct ora_tl *tl, enum aw_kind kind,
                                 aw_time *ret_end)
{
    const struct aw_almanac *a = o->in->almanac;

    for (unsigned i = 0; a && i < o->rule->n_hours; i++) {
        const struct aw_hours *h = &o->rule->hours[i];
        if ((h->kinds & 1u << kind) == 0 || (h->except & 1u << o->in->reg->priority) != 0)
            continue;
        for (unsigned k = 0; k < a->n_calendars; k++) {
            if (strcmp(a->calendars[k].name, h->calendar) != 0)
                continue;
            *ret_end = inside(&a->calendars[k], zone_of(o, tl), o->now);
            if (*ret_end != 0)
                return h;
        }
    }
    return NULL;
}

/* --- rotations ------------------------------------------------------------------------------ */

/* "Rotations with whole-day turns keep the local hour; the instant of handover belongs to the next
 * person; before `start` there is nobody." */
static const char *in_turn(const struct aw_rotation *r, aw_time t)
{
    aw_time start = instant_of(r->start / 1000, false) * 1000;
    bool whole_days = r->turn % AW_DAY == 0;
    const char *person = NULL;

    for (int64_t k = (t - start) / r->turn - 1; k <= (t - start) / r->turn + 1; k++) {
        aw_time handover = whole_days ? instant_of((r->start + k * r->turn) / 1000, false) * 1000
                                      : start + k * r->turn;
        if (k >= 0 && t >= handover)
            person = r->people[k % r->n_people];
    }
    return person;
}

/* NULL: nobody, or there is no such rotation. */
static const char *find_oncall(struct ora *o, const char *rotation)
{
    const struct aw_almanac *a = o->in->almanac;

    for (unsigned i = 0; a && i < a->n_rotations; i++) {
        const struct aw_rotation *r = &a->rotations[i];
        if (strcmp(r->name, rotation) != 0)
            continue;
        use_zone(r->zone);
        for (unsigned k = 0; k < r->n_overrides; k++)
            if (o->now >= instant_of(r->overrides[k].from / 1000, false) * 1000 &&
                o->now < instant_of(r->overrides[k].to / 1000, true) * 1000)
                return r->overrides[k].person;
        return in_turn(r, o->now);
    }
    return NULL;
}

/* Asked for again and again at one instant; there is one rotation. */
const char *ora_oncall(struct ora *o, const char *rotation)
{
    if (o->oncall_asked != o->now) {
        o->oncall = find_oncall(o, rotation);
        o->oncall_asked = o->now;
    }
    return o->oncall;
}
