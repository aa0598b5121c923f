/* SPDX-License-Identifier: Apache-2.0
 *
 * Calendars and rotations as immutable values: when a window is open, and who is on duty. Pure. The
 * environment makes them (conf/env_hours.c) and owns them; they are live, so whoever decides asks
 * the present ones. Every search is bounded, whatever a calendar says.
 *
 * A window belongs to the date on which it starts, also when it ends on the next. Local times that
 * do not exist, or occur twice: base/tz.h; the first for a beginning, the second for an end.
 */
#ifndef AW_CORE_CALENDAR_H
#define AW_CORE_CALENDAR_H

#include "base/tz.h"

/* Windows that touch are one; a calendar that is never closed counts as open for this long. */
#define AW_CALENDAR_HORIZON (400 * AW_DAY)

struct aw_window {
    uint8_t days;   /* a bit for each weekday on which it starts, 1 << 0 is Monday */
    aw_ms from, to; /* since 00:00, to at most 24 h; not after from: on the next day */
};

struct aw_dates { /* days since 1970-01-01, both inclusive */
    int64_t first, last;
};

struct aw_calendar {
    const char *name;
    const char *zone;       /* "recipient", or a zone */
    bool of_recipient;      /* the zone is the recipient's */
    const struct aw_tz *tz; /* else this one */
    const struct aw_window *open;
    unsigned n_open;
    const struct aw_dates *closed; /* no window starts on these dates */
    unsigned n_closed;
    const struct aw_dates *also_open; /* all windows do on these, closed or not */
    unsigned n_also_open;
};

/* When the windows that t lies in end: several that overlap or touch count as one. 0: it lies in
 * none. zone: the recipient's, or what stands for it. */
aw_time aw_calendar_inside(const struct aw_calendar *c, const struct aw_tz *zone, aw_time t);

struct aw_override { /* local times, [from, to) */
    aw_time from, to;
    const char *person;
};

struct aw_rotation {
    const char *name;
    const char *zone;
    const struct aw_tz *tz;
    aw_time start; /* local time */
    aw_ms turn;    /* of whole days: handed over at the same local time; else by the clock */
    const char *const *people;
    unsigned n_people;
    const struct aw_override *overrides; /* the first that covers an instant wins */
    unsigned n_overrides;
};

/* Who is on duty, NULL: nobody is before it starts. The instant of a handover is the next one's. */
const char *aw_rotation_oncall(const struct aw_rotation *r, aw_time t);

/* All that an environment has of them. */
struct aw_almanac {
    const struct aw_calendar *calendars;
    unsigned n_calendars;
    const struct aw_rotation *rotations;
    unsigned n_rotations;
    const struct aw_tz *zone; /* of recipients who have none */
    /* A zone by name, NULL when there is none. */
    const struct aw_tz *(*find)(void *ctx, const char *name);
    void *ctx;
};

/* aw_calendar_inside by name; tz: name of the recipient's zone, or NULL. A calendar that is not
 * there any more has no windows. */
aw_time aw_almanac_inside(const struct aw_almanac *a, const char *calendar, const char *tz,
                          aw_time t);
/* aw_rotation_oncall by name. */
const char *aw_almanac_oncall(const struct aw_almanac *a, const char *rotation, aw_time t);

#endif
