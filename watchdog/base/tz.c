/* SPDX-License-Identifier: Apache-2.0
 *
 * TZif files and POSIX TZ strings to values, and questions to them. Every count of a file is
 * checked against its bytes and the limits of RFC 9636 before it is used, every field of a rule
 * against its range, so that no file can make arithmetic overflow or a loop long.
 */
#include "base/tz.h"

#include <string.h>

#include "base/mem.h"

enum { MAX_TIMES = 10000, MAX_TYPES = 256, HEADER = 44 };
/* Of RFC 9636: offsets lie between -25 h and 26 h, times of day in rules within a week. */
enum { OFFSET_MIN = -89999, OFFSET_MAX = 93599, RULE_HOURS = 167 };
/* Beyond these instants (in seconds, some ten thousand years) nothing is asked and all is even. */
#define FAR ((int64_t)1 << 38)

enum date_form { JULIAN, DAY_OF_YEAR, MONTH_WEEK_DAY };

struct change { /* when daylight saving time begins or ends in each year */
    enum date_form form;
    unsigned month, week, day;
    int64_t time; /* seconds of local time after 00:00 */
};

struct rule {
    bool some;        /* there is a rule */
    bool saves;       /* with daylight saving time */
    int64_t std, dst; /* offsets in seconds */
    struct change begin, end;
};

struct aw_tz {
    unsigned n;
    int64_t *at;      /* n instants in seconds, rising */
    int32_t *offset;  /* n + 1: [0] before the first of them, [i + 1] from at[i] on */
    struct rule rule; /* after the last */
};

/* --- rules ---------------------------------------------------------------------------------- */

struct text {
    const char *p;
};

static bool number(struct text *t, unsigned max, unsigned *ret)
{
    unsigned v = 0, n = 0;

    for (; *t->p >= '0' && *t->p <= '9'; t->p++, n++)
        if (n == 3 || (v = v * 10 + (unsigned)(*t->p - '0')) > max)
            return false;
    *ret = v;
    return n > 0;
}

static bool take(struct text *t, char c)
{
    if (*t->p != c)
        return false;
    t->p++;
    return true;
}

/* [+-]hh[:mm[:ss]] in seconds. */
static bool clock_time(struct text *t, unsigned max_hours, int64_t *ret)
{
    bool minus = take(t, '-');
    unsigned h, m = 0, s = 0;

    if (!minus)
        take(t, '+');
    if (!number(t, max_hours, &h) || (take(t, ':') && !number(t, 59, &m)) ||
        (take(t, ':') && !number(t, 59, &s)))
        return false;
    *ret = (int64_t)h * 3600 + m * 60 + s;
    if (minus)
        *ret = -*ret;
    return true;
}

/* An abbreviation: three or more letters, or anything of "+-", letters and digits within <>. */
static bool abbreviation(struct text *t)
{
    bool quoted = take(t, '<');
    unsigned n = 0;

    for (;; t->p++, n++) {
        char c = *t->p, lower = (char)(c | 32);
        bool letter = lower >= 'a' && lower <= 'z';
        if (!letter && !(quoted && ((c >= '0' && c <= '9') || c == '+' || c == '-')))
            break;
    }
    return n >= 3 && (!quoted || take(t, '>'));
}

static bool change(struct text *t, struct change *ret)
{
    *ret = (struct change){.form = DAY_OF_YEAR, .time = 2 * 3600};
    bool fine;

    if (take(t, 'J')) {
        ret->form = JULIAN;
        fine = number(t, 365, &ret->day) && ret->day >= 1;
    } else if (take(t, 'M')) {
        ret->form = MONTH_WEEK_DAY;
        fine = number(t, 12, &ret->month) && ret->month >= 1 && take(t, '.') &&
               number(t, 5, &ret->week) && ret->week >= 1 && take(t, '.') &&
               number(t, 6, &ret->day);
    } else {
        fine = number(t, 365, &ret->day);
    }
    return fine && (!take(t, '/') || clock_time(t, RULE_HOURS, &ret->time));
}

/* std offset [dst [offset] , begin , end]. Without "begin" and "end" it would be up to the reader
 * when they are: refused. */
static bool read_rule(const char *s, struct rule *ret)
{
    struct text t = {s};
    struct rule r = {.some = true};
    int64_t west;

    if (!abbreviation(&t) || !clock_time(&t, 24, &west))
        return false;
    r.std = -west;
    if (*t.p != '\0') {
        r.saves = true;
        r.dst = r.std + 3600;
        if (!abbreviation(&t))
            return false;
        if (*t.p != ',') {
            if (!clock_time(&t, 24, &west))
                return false;
            r.dst = -west;
        }
        if (!take(&t, ',') || !change(&t, &r.begin) || !take(&t, ',') || !change(&t, &r.end))
            return false;
    }
    *ret = r;
    return *t.p == '\0';
}

/* --- rules as times ------------------------------------------------------------------------- */

/* The day of a change in a year, in days since 1970. */
static int64_t day_of(const struct change *c, int64_t year)
{
    int64_t first = aw_days_from_civil(year, 1, 1);
    bool leap = aw_month_days(year, 2) == 29;

    if (c->form == JULIAN) /* 29 February is never counted */
        return first + c->day - 1 + (leap && c->day >= 60);
    if (c->form == DAY_OF_YEAR)
        return first + c->day;
    int64_t month = aw_days_from_civil(year, c->month, 1);
    int64_t weekday = (month % 7 + 7 + 4) % 7; /* 1970-01-01 was a Thursday; 0 is Sunday */
    int64_t day = month + ((int64_t)c->day - weekday + 7) % 7 + 7 * ((int64_t)c->week - 1);
    while (day >= month + aw_month_days(year, c->month))
        day -= 7; /* week 5 is the last one */
    return day;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* The stretch around t by the rule alone. The changes of five years surround it, whatever their
 * times of day are. */
static void span_of_rule(const struct rule *r, int64_t t, int64_t *from, int64_t *until,
                         int64_t *offset)
{
    int64_t year;
    unsigned month, day;

    *from = INT64_MIN;
    *until = INT64_MAX;
    *offset = r->std;
    if (!r->saves || t < -FAR || t > FAR)
        return;
    aw_civil_from_days(floor_div(t, 86400), &year, &month, &day);
    bool begins_first = day_of(&r->begin, year) <= day_of(&r->end, year);
    for (unsigned i = 0; i < 10; i++) {
        bool begins = (i % 2 == 0) == begins_first;
        const struct change *c = begins ? &r->begin : &r->end;
        int64_t at = day_of(c, year - 2 + i / 2) * 86400 + c->time - (begins ? r->std : r->dst);
        if (at <= t && at >= *from) {
            *from = at;
            *offset = begins ? r->dst : r->std;
        } else if (at > t && at < *until) {
            *until = at;
        }
    }
}

/* --- questions ------------------------------------------------------------------------------ */

/* The last transition that is not after t: its place plus one, 0 when there is none. */
static unsigned place_of(const struct aw_tz *tz, int64_t t)
{
    unsigned lo = 0, hi = tz->n;

    while (lo < hi) {
        unsigned mid = (lo + hi) / 2;
        if (tz->at[mid] <= t)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static aw_time in_ms(int64_t seconds)
{
    return seconds < -FAR ? INT64_MIN : seconds > FAR ? INT64_MAX : seconds * 1000;
}

void aw_tz_span(const struct aw_tz *tz, aw_time t, struct aw_tz_span *ret)
{
    int64_t s = floor_div(t, 1000), from = INT64_MIN, until = INT64_MAX, offset = 0;

    if (tz != NULL) {
        unsigned i = place_of(tz, s);
        int64_t last = tz->n > 0 ? tz->at[tz->n - 1] : INT64_MIN;
        offset = tz->offset[i];
        if (i == tz->n && tz->rule.some)
            span_of_rule(&tz->rule, s, &from, &until, &offset);
        else if (i < tz->n)
            until = tz->at[i];
        if (i > 0 && i < tz->n)
            from = tz->at[i - 1];
        else if (i > 0 && from < last)
            from = last;
    }
    *ret = (struct aw_tz_span){in_ms(from), in_ms(until), offset * 1000};
}

aw_time aw_tz_local(const struct aw_tz *tz, aw_time t)
{
    struct aw_tz_span s;

    aw_tz_span(tz, t, &s);
    return t + s.offset;
}

/* Walks over the stretches in which the instant can lie. */
aw_time aw_tz_instant(const struct aw_tz *tz, aw_time local, enum aw_tz_pick pick)
{
    aw_time begin = local - (OFFSET_MAX + 1) * AW_SECOND, end = local - OFFSET_MIN * AW_SECOND;
    aw_time found = 0, gap = 0;
    bool any = false, any_gap = false;
    struct aw_tz_span s;
    aw_ms before = 0;

    for (aw_time t = begin; t <= end; t = s.until) {
        aw_tz_span(tz, t, &s);
        aw_time at = local - s.offset;
        if (at >= s.from && at < s.until && (!any || pick == AW_TZ_LAST)) {
            found = at;
            any = true;
        }
        /* Its beginning jumped over the local time. */
        if (t != begin && !any_gap && s.from + before <= local && s.from + s.offset > local) {
            gap = s.from;
            any_gap = true;
        }
        before = s.offset;
        if (s.until == INT64_MAX)
            break;
    }
    return any ? found : gap;
}

bool aw_zone_name_valid(const char *s)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-/";
    size_t n = strlen(s);

    return n > 0 && n <= AW_ZONE_MAX && s[strspn(s, allowed)] == '\0' &&
           strchr("0123456789_+-/", s[0]) == NULL && s[n - 1] != '/' && strstr(s, "//") == NULL;
}

/* --- files ---------------------------------------------------------------------------------- */

struct counts {
    size_t isut, isstd, leap, time, type, chars;
};

static int64_t big_endian(const uint8_t *p, unsigned n)
{
    uint64_t v = p[0] & 0x80 ? UINT64_MAX : 0;

    for (unsigned i = 0; i < n; i++)
        v = v << 8 | p[i];
    return (int64_t)v;
}

/* The header at p; false when it is none. */
static bool header(const uint8_t *p, size_t n, struct counts *ret)
{
    size_t *const fields[] = {&ret->isut, &ret->isstd, &ret->leap,
                              &ret->time, &ret->type,  &ret->chars};

    if (n < HEADER || memcmp(p, "TZif", 4) != 0)
        return false;
    for (unsigned i = 0; i < AW_COUNT(fields); i++)
        *fields[i] = (uint32_t)big_endian(p + 20 + 4 * i, 4);
    return true;
}

/* Bytes of the data block behind a header, with instants of `wide` bytes. Counts have 32 bits. */
static uint64_t block(const struct counts *c, unsigned wide)
{
    return (uint64_t)c->time * (wide + 1) + (uint64_t)c->type * 6 + c->chars +
           (uint64_t)c->leap * (wide + 4) + c->isstd + c->isut;
}

static int bad(struct aw_err *err, const char *what)
{
    return aw_fail(err, AW_EINVAL, "not a usable time zone file: %s", what);
}

/* The transitions of the second block. */
static int read_table(struct aw_tz *tz, const uint8_t *p, const struct counts *c,
                      struct aw_err *err)
{
    const uint8_t *index = p + 8 * c->time, *types = index + c->time;

    for (size_t i = 0; i < c->type; i++) {
        int64_t offset = big_endian(types + 6 * i, 4);
        if (offset < OFFSET_MIN || offset > OFFSET_MAX)
            return bad(err, "an offset out of range");
    }
    tz->n = (unsigned)c->time;
    tz->at = aw_calloc(c->time + 1, sizeof(*tz->at));
    tz->offset = aw_calloc(c->time + 1, sizeof(*tz->offset));
    tz->offset[0] = (int32_t)big_endian(types, 4);
    for (size_t i = 0; i < c->time; i++) {
        tz->at[i] = big_endian(p + 8 * i, 8);
        if (index[i] >= c->type || (i > 0 && tz->at[i] <= tz->at[i - 1]))
            return bad(err, "transitions that do not rise, or of no type");
        tz->offset[i + 1] = (int32_t)big_endian(types + 6 * index[i], 4);
    }
    return 0;
}

/* "\n" rule "\n"; an empty rule says nothing: the last offset stays. */
static int read_footer(struct aw_tz *tz, const uint8_t *p, size_t n, struct aw_err *err)
{
    char text[128];

    if (n < 2 || n - 2 >= sizeof(text) || p[0] != '\n' || p[n - 1] != '\n' ||
        memchr(p + 1, '\n', n - 2) != NULL || memchr(p, '\0', n) != NULL)
        return bad(err, "no footer");
    memcpy(text, p + 1, n - 2);
    text[n - 2] = '\0';
    return text[0] == '\0' || read_rule(text, &tz->rule) ? 0 : bad(err, "a footer of no sense");
}

int aw_tz_parse(const void *bytes, size_t n, struct aw_tz **ret, struct aw_err *err)
{
    const uint8_t *p = bytes;
    struct counts c;

    if (n > AW_TZ_FILE_MAX || !header(p, n, &c))
        return bad(err, "no TZif header");
    if (p[4] < '2')
        return bad(err, "of version 1, which does not say how time goes on");
    uint64_t first = HEADER + block(&c, 4);
    if (first > n || !header(p + first, n - first, &c))
        return bad(err, "no second header");
    p += first + HEADER;
    n -= first + HEADER;
    if (c.leap > 0)
        return bad(err, "it counts leap seconds");
    if (c.time > MAX_TIMES || c.type == 0 || c.type > MAX_TYPES || block(&c, 8) > n)
        return bad(err, "counts beyond its end or the limits");

    struct aw_tz *tz = aw_calloc(1, sizeof(*tz));
    int r = read_table(tz, p, &c, err);
    if (r == 0)
        r = read_footer(tz, p + block(&c, 8), n - block(&c, 8), err);
    if (r != 0) {
        aw_tz_free(tz);
        return r;
    }
    *ret = tz;
    return 0;
}

int aw_tz_parse_rule(const char *text, struct aw_tz **ret, struct aw_err *err)
{
    struct rule rule;

    if (!read_rule(text, &rule))
        return aw_fail(err, AW_EINVAL, "\"%s\" is not a rule of local time", text);
    struct aw_tz *tz = aw_calloc(1, sizeof(*tz));
    tz->rule = rule;
    tz->offset = aw_calloc(1, sizeof(*tz->offset));
    tz->offset[0] = (int32_t)rule.std;
    *ret = tz;
    return 0;
}

void aw_tz_free(struct aw_tz *tz)
{
    if (tz == NULL)
        return;
    aw_free(tz->at);
    aw_free(tz->offset);
    aw_free(tz);
}
