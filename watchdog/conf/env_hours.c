/* SPDX-License-Identifier: Apache-2.0
 *
 * Calendars and rotations of the environment file, as tables. Local times become numbers here,
 * zones the values of the system's zone files, which belong to the environment. Bounds: 64
 * calendars with 32 windows and 1,000 dates, 64 rotations of 100 people with 1,000 overrides.
 */
#include <stddef.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/zones.h"
#include "codec/request.h"
#include "conf/env_int.h"

enum { MAX_WINDOWS = 32, MAX_DATES = 1000, MAX_ROTATION = 100, MAX_OVERRIDES = 1000 };

/* --- local times --------------------------------------------------------------------------- */

const struct aw_tz *aw_env_zone(struct aw_reader *r, const struct aw_yaml *v, const char *name)
{
    struct aw_env_owned *o = r->ctx;
    const struct aw_tz *tz = NULL;
    struct aw_err err;
    int e = aw_zones_get(o->zones, name, &tz, &err);
    if (e == AW_EINVAL || e == AW_ENOENT)
        aw_schema_error(r, v, "E117", "as in Asia/Shanghai or UTC", "there is no time zone \"%s\"",
                        name);
    else if (e < 0)
        aw_schema_error(r, v, "E117", NULL, "%s", err.text);
    return tz;
}

/* n digits up to max, and then the character. */
static bool digits(const char **s, unsigned n, unsigned max, char then, unsigned *ret)
{
    unsigned v = 0;
    for (; n > 0; n--, ++*s) {
        if (**s < '0' || **s > '9')
            return false;
        v = v * 10 + (unsigned)(**s - '0');
    }
    *ret = v;
    if (v > max || **s != then)
        return false;
    *s += then != '\0';
    return true;
}

/* 22:00, up to 24:00. */
static void read_time_of_day(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                             void *base)
{
    const char *s = aw_schema_scalar(r, v, "a time of day");
    unsigned h, m;
    if (s == NULL)
        return;
    if (!digits(&s, 2, 24, ':', &h) || !digits(&s, 2, 59, '\0', &m) || h * 60 + m > 24 * 60)
        aw_schema_error(r, v, "E118", "in quotes, from \"00:00\" to \"24:00\"",
                        "\"%s\" is not a time of day", v->text);
    else
        *(aw_ms *)(void *)((char *)base + k->at) = h * AW_HOUR + m * AW_MINUTE;
}

static bool date(const char **s, char then, int64_t *ret)
{
    unsigned y, m, d;
    if (!digits(s, 4, 9999, '-', &y) || !digits(s, 2, 12, '-', &m) || !digits(s, 2, 31, then, &d) ||
        y < 1970 || m == 0 || d == 0 || d > aw_month_days(y, m))
        return false;
    *ret = aw_days_from_civil(y, m, d);
    return true;
}

/* 2026-01-05T09:00 or with seconds: on the clocks of the rotation's zone. */
static void read_local(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                       void *base)
{
    const char *s = aw_schema_scalar(r, v, "a local date and time");
    unsigned h, m, sec = 0;
    int64_t day;
    if (s == NULL)
        return;
    bool fine = date(&s, 'T', &day) && digits(&s, 2, 23, ':', &h);
    const char *minutes = s;
    fine = fine && (digits(&s, 2, 59, '\0', &m) ||
                    (s = minutes, digits(&s, 2, 59, ':', &m) && digits(&s, 2, 59, '\0', &sec)));
    if (!fine)
        aw_schema_error(r, v, "E118", "as in \"2026-01-05T09:00:00\", on the clocks of the zone",
                        "\"%s\" is not a local date and time", v->text);
    else
        *(aw_time *)(void *)((char *)base + k->at) =
            day * AW_DAY + h * AW_HOUR + m * AW_MINUTE + sec * AW_SECOND;
}

/* --- calendars ----------------------------------------------------------------------------- */

static const char *const day_words[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun", NULL};

static int weekday(const char *s, size_t n)
{
    for (int i = 0; i < 7; i++)
        if (n == 3 && strncmp(day_words[i], s, 3) == 0)
            return i;
    return -1;
}

/* all, sat, mon-fri, fri-mon; one or a list. */
static void read_days(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                      void *base)
{
    struct aw_window *w = base;
    for (unsigned i = 0; i < aw_schema_items(v); i++) {
        const struct aw_yaml *item = aw_schema_item(v, i);
        const char *s = aw_schema_scalar(r, item, "days of the week");
        if (s == NULL)
            return;
        size_t n = strcspn(s, "-");
        int first = weekday(s, n),
            last = s[n] == '-' ? weekday(s + n + 1, strlen(s + n + 1)) : first;
        if (strcmp(s, "all") == 0) {
            w->days = 0x7f;
        } else if (first < 0 || last < 0) {
            aw_schema_error(r, item, "E104",
                            "all, or as in sat, mon-fri, [mon, wed]: mon tue wed "
                            "thu fri sat sun",
                            "\"%s\" names no days of the week", s);
        } else {
            for (int day = first;; day = (day + 1) % 7) {
                w->days |= (uint8_t)(1u << day);
                if (day == last)
                    break;
            }
        }
    }
}

static void check_window(struct aw_reader *r, const struct aw_yaml *map,
                         const struct aw_yaml *fallback, void *base)
{
    const struct aw_window *w = base;
    const struct aw_yaml *from = aw_yaml_get(map, "from");
    if (from != NULL && w->from == AW_DAY)
        aw_schema_error(r, from, "E118", "write \"00:00\" of the next day",
                        "no window begins at 24:00");
    else if (from != NULL && aw_yaml_get(map, "to") != NULL && w->from == w->to)
        aw_schema_error(r, from, "E118", "for the whole day write from: \"00:00\", to: \"24:00\"",
                        "the window ends when it begins");
    if (aw_yaml_get(map, "to") != NULL && w->to == 0) /* the midnight that ends the day */
        ((struct aw_window *)base)->to = AW_DAY;
}

/* 2026-10-01, or 2026-10-01..2026-10-07; one or a list. */
static void read_dates(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                       void *base)
{
    unsigned n = aw_schema_items(v);
    if (v->type == AW_YAML_MAP || n > MAX_DATES) {
        aw_schema_error(r, v, "E112", "as in [\"2026-10-01..2026-10-07\"]",
                        "\"%s\" is one or a list of at most %d dates", k->key, MAX_DATES);
        return;
    }
    struct aw_dates *list = aw_arena_alloc(r->arena, n * sizeof(*list));
    for (unsigned i = 0; i < n; i++) {
        const struct aw_yaml *item = aw_schema_item(v, i);
        const char *s = aw_schema_scalar(r, item, "a date, or two with .. between"), *p = s;
        if (s == NULL)
            return;
        bool one = date(&p, '\0', &list[i].first);
        if (one)
            list[i].last = list[i].first;
        else if ((p = s, !date(&p, '.', &list[i].first)) || *p++ != '.' ||
                 !date(&p, '\0', &list[i].last) || list[i].last < list[i].first)
            aw_schema_error(r, item, "E118", "as in \"2026-10-01\" or \"2026-10-01..2026-10-07\"",
                            "\"%s\" is no date, and no first and last one", s);
    }
    *(const struct aw_dates **)(void *)((char *)base + k->at) = list;
    *(unsigned *)(void *)((char *)base + k->n_at) = n;
}

static void read_calendar_zone(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                               void *base)
{
    struct aw_calendar *c = base;
    c->zone = aw_schema_text(r, v, 1, AW_ZONE_MAX, false);
    c->of_recipient = c->zone == NULL || strcmp(c->zone, "recipient") == 0;
    if (!c->of_recipient)
        c->tz = aw_env_zone(r, v, c->zone);
}

#define WINDOW(field) .at = offsetof(struct aw_window, field)
static const struct aw_key window_keys[] = {
    {"days", AW_KEY_OTHER, 0, .def = "all", .read = read_days,
     .help = "on which it starts: all, or as in mon-fri, sat, or a list"},
    {"from", AW_KEY_OTHER, AW_KEY_REQUIRED, WINDOW(from), .read = read_time_of_day,
     .help = "time of day, as in \"22:00\""},
    {"to", AW_KEY_OTHER, AW_KEY_REQUIRED, WINDOW(to), .read = read_time_of_day,
     .help = "time of day; not after from: on the next day"},
    {NULL},
};
static const struct aw_shape window_shape = {.what = "a window",
                                             .keys = window_keys,
                                             .size = sizeof(struct aw_window),
                                             .check = check_window};

#define CALENDAR(field)   .at = offsetof(struct aw_calendar, field)
#define N_CALENDAR(field) .n_at = offsetof(struct aw_calendar, field)
static const struct aw_key calendar_keys[] = {
    {"zone", AW_KEY_TEXT, 0, .def = "recipient", .read = read_calendar_zone,
     .help = "time zone, or recipient: of the person whom a message is for"},
    {"open", AW_KEY_LIST, AW_KEY_REQUIRED, CALENDAR(open), N_CALENDAR(n_open), .min = 1,
     .max = MAX_WINDOWS, .child = &window_shape, .help = "the windows of the week"},
    {"closed", AW_KEY_OTHER, 0, CALENDAR(closed), N_CALENDAR(n_closed), .read = read_dates,
     .help = "dates on which no window starts"},
    {"also_open", AW_KEY_OTHER, 0, CALENDAR(also_open), N_CALENDAR(n_also_open), .read = read_dates,
     .help = "dates on which all windows start, closed or not"},
    {NULL},
};
const struct aw_shape aw_shape_calendar = {
    .what = "a calendar",
    .keys = calendar_keys,
    .size = sizeof(struct aw_calendar),
    .name_at = offsetof(struct aw_calendar, name),
};

/* --- rotations ----------------------------------------------------------------------------- */

static void read_person(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                        void *base)
{
    const char *s = aw_schema_text(r, v, 1, AW_USER_MAX, false);
    if (s != NULL && !aw_valid_user(s))
        aw_schema_error(r, v, "E114", NULL, "\"%s\" does not name a person", s);
    *(const char **)(void *)((char *)base + k->at) = s;
}

static void read_people(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                        void *base)
{
    struct aw_rotation *rot = base;
    unsigned n = aw_schema_items(v);
    if (v->type == AW_YAML_MAP || n == 0 || n > MAX_ROTATION) {
        aw_schema_error(r, v, "E112", NULL, "\"%s\" is one or a list of 1 to %d people", k->key,
                        MAX_ROTATION);
        return;
    }
    const struct aw_key one = {.key = k->key};
    const char **list = aw_arena_alloc(r->arena, n * sizeof(*list));
    for (unsigned i = 0; i < n; i++)
        read_person(r, &one, aw_schema_item(v, i), &list[i]);
    rot->people = list;
    rot->n_people = n;
}

static void read_rotation_zone(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                               void *base)
{
    struct aw_rotation *rot = base;
    rot->zone = aw_schema_text(r, v, 1, AW_ZONE_MAX, false);
    if (rot->zone != NULL)
        rot->tz = aw_env_zone(r, v, rot->zone);
}

static void check_override(struct aw_reader *r, const struct aw_yaml *map,
                           const struct aw_yaml *fallback, void *base)
{
    const struct aw_override *o = base;
    const struct aw_yaml *to = aw_yaml_get(map, "to");
    if (o->from != 0 && o->to != 0 && o->to <= o->from)
        aw_schema_error(r, to, "E118", NULL, "the override ends before it begins");
}

#define OVERRIDE(field) .at = offsetof(struct aw_override, field)
static const struct aw_key override_keys[] = {
    {"from", AW_KEY_OTHER, AW_KEY_REQUIRED, OVERRIDE(from), .read = read_local,
     .help = "local date and time"},
    {"to", AW_KEY_OTHER, AW_KEY_REQUIRED, OVERRIDE(to), .read = read_local,
     .help = "local date and time; not in it any more"},
    {"person", AW_KEY_OTHER, AW_KEY_REQUIRED, OVERRIDE(person), .read = read_person,
     .help = "who is on duty instead"},
    {NULL},
};
static const struct aw_shape override_shape = {.what = "an override",
                                               .keys = override_keys,
                                               .size = sizeof(struct aw_override),
                                               .check = check_override};

#define ROTATION(field)   .at = offsetof(struct aw_rotation, field)
#define N_ROTATION(field) .n_at = offsetof(struct aw_rotation, field)
static const struct aw_key rotation_keys[] = {
    {"zone", AW_KEY_TEXT, AW_KEY_REQUIRED, .read = read_rotation_zone,
     .help = "time zone of its local times"},
    {"start", AW_KEY_OTHER, AW_KEY_REQUIRED, ROTATION(start), .read = read_local,
     .help = "when the first turn begins, as in \"2026-01-05T09:00:00\""},
    {"turn", AW_KEY_DURATION, AW_KEY_REQUIRED, ROTATION(turn), .min = AW_MINUTE,
     .help = "length of a turn; of whole days: handed over at the same local time"},
    {"people", AW_KEY_OTHER, AW_KEY_REQUIRED, .read = read_people,
     .help = "users of the contact directory, in the order of their turns"},
    {"overrides", AW_KEY_LIST, 0, ROTATION(overrides), N_ROTATION(n_overrides),
     .max = MAX_OVERRIDES, .child = &override_shape,
     .help = "who is on duty instead for a time; of several the first"},
    {NULL},
};
const struct aw_shape aw_shape_rotation = {
    .what = "a rotation",
    .keys = rotation_keys,
    .size = sizeof(struct aw_rotation),
    .name_at = offsetof(struct aw_rotation, name),
};

static const struct aw_tz *find_zone(void *ctx, const char *name)
{
    return aw_zones_find(ctx, name);
}

void aw_env_complete_almanac(struct aw_env_owned *o)
{
    struct aw_almanac *a = &o->pub.almanac;
    a->zone = o->pub.zone != NULL ? aw_zones_find(o->zones, o->pub.zone) : NULL;
    a->find = find_zone;
    a->ctx = o->zones;
}

/* --- printing ------------------------------------------------------------------------------ */

static void show_dates(const char *key, const struct aw_dates *list, unsigned n, struct aw_buf *out)
{
    if (n == 0)
        return;
    aw_buf_printf(out, "    %s: [", key);
    for (unsigned i = 0; i < n; i++) {
        int64_t y;
        unsigned m, d;
        aw_civil_from_days(list[i].first, &y, &m, &d);
        aw_buf_printf(out, "%s\"%04d-%02u-%02u", i > 0 ? ", " : "", (int)y, m, d);
        aw_civil_from_days(list[i].last, &y, &m, &d);
        if (list[i].last > list[i].first)
            aw_buf_printf(out, "..%04d-%02u-%02u", (int)y, m, d);
        aw_buf_puts(out, "\"");
    }
    aw_buf_puts(out, "]\n");
}

static void show_window(const struct aw_window *w, struct aw_buf *out)
{
    bool any = false;
    aw_buf_puts(out, "      - {days: [");
    for (unsigned i = 0; i < 7; i++)
        if (w->days >> i & 1) {
            aw_buf_printf(out, "%s%s", any ? ", " : "", day_words[i]);
            any = true;
        }
    aw_buf_printf(out, "], from: \"%02d:%02d\", to: \"%02d:%02d\"}\n", (int)(w->from / AW_HOUR),
                  (int)(w->from / AW_MINUTE % 60), (int)(w->to / AW_HOUR),
                  (int)(w->to / AW_MINUTE % 60));
}

static void show_local(const char *before, aw_time t, struct aw_buf *out)
{
    char text[AW_TIME_TEXT];
    aw_time_print(text, t);
    aw_buf_printf(out, "%s\"%.19s\"", before, text); /* without .000Z */
}

static void show_rotation(const struct aw_rotation *rot, struct aw_buf *out)
{
    char text[AW_TIME_TEXT];
    aw_duration_print(text, rot->turn);
    aw_buf_printf(out, "  %s:\n    zone: %s\n    turn: %s\n", rot->name, rot->zone, text);
    show_local("    start: ", rot->start, out);
    aw_buf_puts(out, "\n    people: [");
    for (unsigned i = 0; i < rot->n_people; i++) {
        aw_buf_puts(out, i > 0 ? ", " : "");
        aw_env_show_text(out, rot->people[i]);
    }
    aw_buf_puts(out, rot->n_overrides > 0 ? "]\n    overrides:\n" : "]\n");
    for (unsigned i = 0; i < rot->n_overrides; i++) {
        show_local("      - {from: ", rot->overrides[i].from, out);
        show_local(", to: ", rot->overrides[i].to, out);
        aw_buf_puts(out, ", person: ");
        aw_env_show_text(out, rot->overrides[i].person);
        aw_buf_puts(out, "}\n");
    }
}

void aw_env_show_almanac(const struct aw_almanac *a, struct aw_buf *out)
{
    aw_buf_puts(out, a->n_calendars > 0 ? "calendars:\n" : "");
    for (unsigned i = 0; i < a->n_calendars; i++) {
        const struct aw_calendar *c = &a->calendars[i];
        aw_buf_printf(out, "  %s:\n    zone: %s\n    open:\n", c->name, c->zone);
        for (unsigned k = 0; k < c->n_open; k++)
            show_window(&c->open[k], out);
        show_dates("closed", c->closed, c->n_closed, out);
        show_dates("also_open", c->also_open, c->n_also_open, out);
    }
    aw_buf_puts(out, a->n_rotations > 0 ? "rotations:\n" : "");
    for (unsigned i = 0; i < a->n_rotations; i++)
        show_rotation(&a->rotations[i], out);
}
