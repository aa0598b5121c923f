/* SPDX-License-Identifier: Apache-2.0
 *
 * base/tz.h and base/zones.h. Every zone of the system, and every transition from 2020 to 2060, is
 * compared with a slow and obvious reading of the same file that is written here, and with what
 * zdump says. Tables end in 2037, so what comes after is the footer's.
 */
#include "base/tz.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/unit.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/zones.h"

#define DIR "/usr/share/zoneinfo"

static aw_time at(const char *text)
{
    aw_time t = 0;
    assert_int_equal(aw_time_parse(text, strlen(text), &t), 0);
    return t;
}

/* --- the reference -------------------------------------------------------------------------- */

/* Transitions of a zone from 2019 to 2061, in seconds; offset[i] holds from at[i] on. */
struct ref {
    int64_t at[400], offset[400];
    unsigned n;
    bool by_footer; /* some of them came from it */
};

static int64_t be(const unsigned char *p, int n)
{
    uint64_t v = 0;
    for (int i = 0; i < n; i++)
        v = v * 256 + p[i];
    return n == 4 ? (int32_t)v : (int64_t)v;
}

static void ref_add(struct ref *r, int64_t t, int64_t offset)
{
    assert_true(r->n < AW_COUNT(r->at));
    r->at[r->n] = t;
    r->offset[r->n++] = offset;
}

/* Walks over the days of a year until the one that "M3.5.0", "J60" or "59" means. */
static int64_t ref_day(const char *s, int year)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    int month = 0, week = 0, wanted = 0, n = 0, count = 0;
    int64_t day = 0, found = -1;
    for (int y = 1970; y < year; y++)
        day += y % 4 == 0 && (y % 100 != 0 || y % 400 == 0) ? 366 : 365;
    if (*s == 'M')
        sscanf(s, "M%d.%d.%d", &month, &week, &wanted);
    else
        wanted = (int)strtol(s + (*s == 'J'), NULL, 10);
    for (int m = 1; m <= 12; m++) {
        for (int d = 1; d <= days[m - 1] + (m == 2 && leap); d++, day++, n++) {
            bool leap_day = m == 2 && d == 29;
            count += *s == 'J' && !leap_day;
            if (*s == 'J' ? count == wanted && !leap_day : *s != 'M' && n == wanted)
                return day;
            if (*s == 'M' && m == month && (day + 4) % 7 == wanted && week-- > 0)
                found = day;
        }
    }
    return found;
}

static int64_t ref_clock(const char **s)
{
    int sign = **s == '-' ? -1 : 1;
    int64_t part[3] = {0};
    *s += **s == '-' || **s == '+';
    for (int i = 0; i < 3; i++) {
        part[i] = strtol(*s, (char **)s, 10);
        if (**s != ':')
            break;
        ++*s;
    }
    return sign * (part[0] * 3600 + part[1] * 60 + part[2]);
}

static const char *ref_name(const char *s)
{
    if (*s == '<')
        return strchr(s, '>') + 1;
    return s + strcspn(s, "+-0123456789,");
}

static void ref_footer(struct ref *r, const char *s, int64_t after)
{
    int64_t std, dst, time[2] = {7200, 7200};
    const char *day[2];
    s = ref_name(s);
    std = -ref_clock(&s);
    if (*s == '\0')
        return;
    s = ref_name(s);
    dst = *s == ',' ? std + 3600 : -ref_clock(&s);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(*s, ',');
        day[i] = ++s;
        s += strcspn(s, ",/");
        if (*s == '/') {
            s++;
            time[i] = ref_clock(&s);
        }
    }
    for (int year = 2019; year <= 2061; year++) {
        int64_t begin = ref_day(day[0], year) * 86400 + time[0] - std;
        int64_t end = ref_day(day[1], year) * 86400 + time[1] - dst;
        int64_t first = begin < end ? begin : end, second = begin < end ? end : begin;
        if (first > after)
            ref_add(r, first, first == begin ? dst : std);
        if (second > after)
            ref_add(r, second, second == begin ? dst : std);
        r->by_footer = true;
    }
}

static void ref_read(struct ref *r, const char *bytes, size_t size)
{
    const unsigned char *p = (const unsigned char *)bytes, *end = p + size;
    for (int v = 1; v <= 2; v++) {
        int w = v == 1 ? 4 : 8;
        int64_t isut = be(p + 20, 4), isstd = be(p + 24, 4), leap = be(p + 28, 4);
        int64_t n = be(p + 32, 4), types = be(p + 36, 4), chars = be(p + 40, 4);
        const unsigned char *times = p + 44, *idx = times + n * w, *type = idx + n;
        memset(r, 0, sizeof(*r));
        ref_add(r, INT64_MIN, be(type, 4));
        for (int64_t i = 0; v == 2 && i < n; i++) {
            int64_t t = be(times + i * w, w), offset = be(type + 6 * idx[i], 4);
            if (t < at("2019-01-01T00:00:00Z") / 1000)
                r->offset[0] = offset;
            else if (t < at("2062-01-01T00:00:00Z") / 1000)
                ref_add(r, t, offset);
        }
        p = type + types * 6 + chars + leap * (w + 4) + isstd + isut;
        if (v == 2) {
            char footer[100];
            int64_t last = n > 0 ? be(times + (n - 1) * w, w) : INT64_MIN;
            snprintf(footer, sizeof(footer), "%.*s", (int)(end - p - 2), (const char *)p + 1);
            ref_footer(r, footer, last);
        }
    }
}

static int64_t ref_offset(const struct ref *r, int64_t t)
{
    unsigned i = r->n - 1;
    while (i > 0 && r->at[i] > t)
        i--;
    return r->offset[i];
}

/* The first and the last instant of a local time, minute by minute from some hours before; in these
 * years all transitions and offsets are whole minutes. In a gap, the first instant after it. */
static void ref_instant(const struct ref *r, int64_t local, int64_t near, int64_t ret[2])
{
    int64_t odd = local % 60, after = 0;
    bool any = false;
    unsigned i = 0;
    for (int64_t t = (near - 8 * 3600) / 60 * 60; t < near + 8 * 3600; t += 60) {
        while (i + 1 < r->n && r->at[i + 1] <= t)
            i++;
        if (t + odd + r->offset[i] == local) {
            ret[any] = t + odd;
            ret[1] = t + odd;
            any = true;
        }
        if (after == 0 && t + r->offset[i] > local)
            after = t;
    }
    if (!any)
        ret[0] = ret[1] = after;
}

/* --- every zone ----------------------------------------------------------------------------- */

static struct {
    char *name;
    ino_t file; /* many names are links to one */
    bool again;
} names[1000];
static unsigned n_names;

static int take_file(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    const char *name = path + strlen(DIR) + 1;
    char *bytes;
    size_t n;
    (void)ftw;
    if (type != FTW_F || aw_starts(name, "right/") || aw_starts(name, "posix/") ||
        !aw_zone_name_valid(name) || aw_file_read(path, AW_TZ_FILE_MAX, &bytes, &n, NULL) != 0)
        return 0;
    if (n > 4 && memcmp(bytes, "TZif", 4) == 0 && n_names < AW_COUNT(names)) {
        names[n_names].name = aw_strdup(name);
        names[n_names].file = st->st_ino;
        for (unsigned i = 0; i < n_names; i++)
            names[n_names].again |= names[i].file == st->st_ino;
        n_names++;
    }
    aw_free(bytes);
    return 0;
}

static int find_zones(void **state)
{
    (void)state;
    nftw(DIR, take_file, 16, 0);
    return n_names > 300 ? 0 : -1;
}

static int forget_zones(void **state)
{
    (void)state;
    for (unsigned i = 0; i < n_names; i++)
        aw_free(names[i].name);
    return 0;
}

static void check_instant(const char *name, const struct aw_tz *tz, const struct ref *r, int64_t l,
                          int64_t near)
{
    int64_t ref[2];
    ref_instant(r, l, near, ref);
    aw_time first = aw_tz_instant(tz, l * 1000, AW_TZ_FIRST);
    aw_time last = aw_tz_instant(tz, l * 1000, AW_TZ_LAST);
    if (first != ref[0] * 1000 || last != ref[1] * 1000)
        fail_msg("%s: local second %lld is %lld or %lld, not %lld or %lld", name, (long long)l,
                 (long long)ref[0], (long long)ref[1], (long long)first / 1000,
                 (long long)last / 1000);
}

static void check_transition(const char *name, const struct aw_tz *tz, const struct ref *r,
                             unsigned i)
{
    int64_t t = r->at[i], before = r->offset[i - 1], after = r->offset[i];
    struct aw_tz_span s;

    aw_tz_span(tz, (t - 1) * 1000 + 999, &s);
    assert_int_equal(s.offset, before * 1000);
    assert_true(before == after || s.until == t * 1000);
    aw_tz_span(tz, t * 1000, &s);
    assert_int_equal(s.offset, after * 1000);
    assert_true(before == after || s.from == t * 1000);
    /* The edges of the gap or of the hour that comes twice, and around them. */
    for (int64_t edge = t + before;; edge = t + after) {
        for (int64_t d = -2 * 3600; d <= 2 * 3600; d += 1800)
            check_instant(name, tz, r, edge + d, t);
        check_instant(name, tz, r, edge - 1, t);
        check_instant(name, tz, r, edge + 1, t);
        if (edge == t + after)
            break;
    }
}

static void every_transition(void **state)
{
    unsigned n = 0, zones_by_footer = 0;
    struct aw_zones *zones = aw_zones_new(NULL);
    (void)state;
    for (unsigned i = 0; i < n_names; i++) {
        const struct aw_tz *tz = NULL;
        char path[200], *bytes;
        struct aw_err err;
        struct ref r;
        size_t size;
        snprintf(path, sizeof(path), "%s/%s", DIR, names[i].name);
        assert_int_equal(aw_file_read(path, AW_TZ_FILE_MAX, &bytes, &size, &err), 0);
        if (aw_zones_get(zones, names[i].name, &tz, &err) != 0)
            fail_msg("%s", err.text);
        ref_read(&r, bytes, size);
        for (unsigned k = 1; !names[i].again && k < r.n; k++, n++)
            check_transition(names[i].name, tz, &r, k);
        for (int64_t t = at("2020-01-01T00:00:00Z") / 1000; t < at("2061-01-01T00:00:00Z") / 1000;
             t += 40009 * 3)
            assert_int_equal(aw_tz_local(tz, t * 1000), (t + ref_offset(&r, t)) * 1000);
        zones_by_footer += r.by_footer;
        aw_free(bytes);
    }
    assert_true(n > 3000);
    assert_true(zones_by_footer > 50);
    aw_zones_free(zones);
}

static void what_zdump_says(void **state)
{
    AW_AUTO(aw_buf_free) struct aw_buf cmd = AW_BUF_INIT(100000);
    struct aw_zones *zones = aw_zones_new(NULL);
    const struct aw_tz *tz = NULL;
    char line[400], name[200], last[200] = "", month[8];
    unsigned n = 0;
    (void)state;
    aw_buf_puts(&cmd, "PATH=$PATH:/usr/bin:/usr/sbin zdump -v -c 2020,2061");
    for (unsigned i = 0; i < n_names; i++)
        aw_buf_printf(&cmd, " %s", names[i].name);
    FILE *f = popen(aw_buf_str(&cmd), "r");
    assert_non_null(f);
    while (fgets(line, sizeof(line), f)) {
        static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
        int day, h, m, s, year, offset;
        const char *gmtoff = strstr(line, "gmtoff=");
        if (gmtoff == NULL || sscanf(line, "%199s %*s %7s %d %d:%d:%d %d UT", name, month, &day, &h,
                                     &m, &s, &year) != 7)
            continue; /* the ends of time */
        offset = (int)strtol(gmtoff + strlen("gmtoff="), NULL, 10);
        if (strcmp(name, last) != 0)
            tz = aw_zones_find(zones, name);
        assert_non_null(tz);
        snprintf(last, sizeof(last), "%s", name);
        unsigned mon = 1 + (unsigned)(strstr(months, month) - months) / 3;
        aw_time t = (aw_days_from_civil(year, mon, (unsigned)day) * 86400 + h * 3600 + m * 60 + s) *
                    (aw_ms)1000;
        if (aw_tz_local(tz, t) != t + offset * (aw_ms)1000)
            fail_msg("%s: at odds with %s", name, line);
        n++;
    }
    assert_int_equal(pclose(f), 0);
    assert_true(n > 10000);
    aw_zones_free(zones);
}

/* --- by hand -------------------------------------------------------------------------------- */

static aw_time in(const char *zone, const char *local, enum aw_tz_pick pick)
{
    struct aw_zones *zones = aw_zones_new(NULL);
    const struct aw_tz *tz = aw_zones_find(zones, zone);
    aw_time t = aw_tz_instant(tz, at(local), pick);
    assert_non_null(tz);
    aw_zones_free(zones);
    return t;
}

static void gaps_and_overlaps(void **state)
{
    static const struct {
        const char *zone, *local, *first, *last;
    } rows[] = {
        {"Europe/Berlin", "2026-03-29T01:59:59Z", "2026-03-29T00:59:59Z", NULL},
        {"Europe/Berlin", "2026-03-29T02:00:00Z", "2026-03-29T01:00:00Z", NULL},
        {"Europe/Berlin", "2026-03-29T02:30:00Z", "2026-03-29T01:00:00Z", NULL},
        {"Europe/Berlin", "2026-03-29T03:00:00Z", "2026-03-29T01:00:00Z", NULL},
        {"Europe/Berlin", "2026-10-25T02:30:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"},
        {"Europe/Berlin", "2059-03-30T02:30:00Z", "2059-03-30T01:00:00Z", NULL},
        {"Europe/Dublin", "2059-10-26T01:30:00Z", "2059-10-26T00:30:00Z", "2059-10-26T01:30:00Z"},
        {"Australia/Lord_Howe", "2050-10-02T02:15:00Z", "2050-10-01T15:30:00Z", NULL},
        {"America/New_York", "2050-07-04T12:00:00Z", "2050-07-04T16:00:00Z", NULL},
        {"Asia/Shanghai", "2050-07-04T12:00:00Z", "2050-07-04T04:00:00Z", NULL},
        /* A day that never was. */
        {"Pacific/Apia", "2011-12-30T12:00:00Z", "2011-12-30T10:00:00Z", NULL},
        {"UTC", "2026-03-29T02:30:00Z", "2026-03-29T02:30:00Z", NULL},
        {"Etc/GMT+8", "2026-03-29T02:30:00Z", "2026-03-29T10:30:00Z", NULL},
        /* Before the first transition of the table: local mean time. */
        {"Asia/Shanghai", "1890-01-01T00:00:00Z", NULL, NULL},
    };
    (void)state;
    for (size_t i = 0; i < AW_COUNT(rows) - 1; i++) {
        assert_int_equal(in(rows[i].zone, rows[i].local, AW_TZ_FIRST), at(rows[i].first));
        assert_int_equal(in(rows[i].zone, rows[i].local, AW_TZ_LAST),
                         at(rows[i].last ? rows[i].last : rows[i].first));
    }
}

static void rules(void **state)
{
    static const struct {
        const char *rule, *t;
        int offset; /* minutes */
    } rows[] = {
        {"UTC0", "2026-01-01T00:00:00Z", 0},
        {"<+0330>-3:30", "2026-01-01T00:00:00Z", 210},
        {"<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", "2026-03-28T23:59:59Z", -180},
        {"<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", "2026-03-29T01:00:00Z", -120},
        {"EST5EDT4,J60,J300", "2028-03-01T06:59:59Z", -300}, /* J60 is 1 March, leap year or not */
        {"EST5EDT4,J60,J300", "2028-03-01T07:00:00Z", -240},
        {"EST5EDT4,59,300/25", "2028-02-29T06:59:59Z", -300}, /* 59 counts the leap day */
        {"EST5EDT4,59,300/25", "2028-02-29T07:00:00Z", -240},
        {"EST5EDT,0/0,J365/25", "2026-01-01T05:00:00Z", -240}, /* all the year */
        {"EST5EDT,0/0,J365/25", "2026-12-31T23:00:00Z", -240},
        {"EST5EDT,0/0,J365/25", "2027-01-01T04:30:00Z", -240},
        {"IST-2IDT,M3.4.4/26,M10.5.0", "2026-03-27T00:00:00Z", 180}, /* Friday at 2 */
        {"IST-2IDT,M3.4.4/26,M10.5.0", "2026-03-26T23:59:59Z", 120},
        {"AAA-1BBB,M10.1.0/-167,M3.5.6/167:59:59", "2026-06-01T00:00:00Z", 60},
        {"AAA-1BBB,M10.1.0/-167,M3.5.6/167:59:59", "2026-12-01T00:00:00Z", 120},
    };
    static const char *const wrong[] = {
        "",
        "UT0",
        "UTC",
        "UTC25",
        "UTC0:60",
        "UTC0:00:60",
        "UTC-",
        "UTC0X",
        "UTC0UXC",
        "AAA1BBB",
        "AAA1BBB,M3.2.0",
        "AAA1BBB,M13.2.0,M11.1.0",
        "AAA1BBB,M3.6.0,M11.1.0",
        "AAA1BBB,M3.0.0,M11.1.0",
        "AAA1BBB,M3.2.7,M11.1.0",
        "AAA1BBB,J0,J1",
        "AAA1BBB,J366,J1",
        "AAA1BBB,366,1",
        "AAA1BBB,0/168,1",
        "AAA1BBB,0/1:,1",
        "AAA1BBB,0,1,",
        "<AB>1",
        "<ABC1",
        "AAA1BBB25,0,1",
        "AAA1BBB,M3.2.0/2M11.1.0",
        "AAA99999999999",
        "AAA1BBB,M0.2.0,M11.1.0",
        "AAA1BBB,M3.2,M11.1.0",
        "AAA1BB,0,1",
        "AAA1BBB,x,1",
        "AAA1BBB,0/x,1",
        "AAA+1-BB,0,1",
    };
    struct aw_err err;
    struct aw_tz *tz;
    (void)state;
    for (size_t i = 0; i < AW_COUNT(rows); i++) {
        assert_int_equal(aw_tz_parse_rule(rows[i].rule, &tz, &err), 0);
        assert_int_equal((aw_tz_local(tz, at(rows[i].t)) - at(rows[i].t)) / AW_MINUTE,
                         rows[i].offset);
        aw_tz_free(tz);
    }
    for (size_t i = 0; i < AW_COUNT(wrong); i++)
        if (aw_tz_parse_rule(wrong[i], &tz, &err) != AW_EINVAL)
            fail_msg("%s is taken for a rule", wrong[i]);
    aw_tz_free(NULL);
}

static void far_away(void **state)
{
    struct aw_tz *tz;
    struct aw_tz_span s;
    (void)state;
    assert_int_equal(aw_tz_parse_rule("AAA0BBB,M3.2.0,M11.1.0", &tz, NULL), 0);
    aw_tz_span(tz, INT64_MAX / 2, &s);
    assert_int_equal(s.until, INT64_MAX);
    aw_tz_span(tz, INT64_MIN / 2, &s);
    assert_int_equal(s.from, INT64_MIN);
    assert_int_equal(aw_tz_instant(tz, at("9999-12-31T23:00:00Z"), AW_TZ_LAST),
                     at("9999-12-31T23:00:00Z"));
    assert_int_equal(aw_tz_local(NULL, 5), 5);
    aw_tz_free(tz);
}

/* --- bad files ------------------------------------------------------------------------------ */

static void refused(const char *bytes, size_t n, const char *why)
{
    struct aw_tz *tz;
    struct aw_err err = {0};
    assert_int_equal(aw_tz_parse(bytes, n, &tz, &err), AW_EINVAL);
    assert_non_null(strstr(err.text, why));
}

static void bad_files(void **state)
{
    AW_AUTO_FREE char *good = NULL;
    struct aw_tz *tz;
    size_t n;
    (void)state;
    assert_int_equal(aw_file_read(DIR "/Europe/Berlin", AW_TZ_FILE_MAX, &good, &n, NULL), 0);
    for (size_t cut = 0; cut < n; cut++) /* no beginning of a file is a file */
        refused(good, cut, "not a usable");
    AW_AUTO_FREE char *p = aw_malloc(n);
    size_t second = 44;
    while (memcmp(good + second, "TZif", 4) != 0)
        second++;
#define WITH(change, why)                                                                          \
    do {                                                                                           \
        memcpy(p, good, n);                                                                        \
        change;                                                                                    \
        refused(p, n, why);                                                                        \
    } while (0)
    WITH(p[0] = 'X', "no TZif header");
    WITH(p[4] = 0, "version 1");
    WITH(memset(p + 20, 0xff, 24), "no second header");
    WITH(p[second] = 'X', "no second header");
    WITH(p[second + 28 + 3] = 1, "leap seconds");
    WITH(memset(p + second + 32, 0x7f, 4), "counts");
    WITH(memset(p + second + 36, 0, 4), "counts");
    WITH(p[second + 36 + 2] = 2, "counts");
    WITH(memset(p + second + 40, 0xff, 4), "counts");
    WITH(memset(p + second + 44, 0xff, 16), "do not rise");
    size_t times = (unsigned char)p[second + 34] * 256u + (unsigned char)p[second + 35];
    WITH(p[second + 44 + 8 * times] = 77, "of no type");
    WITH(memset(p + second + 44 + 9 * times, 0x7f, 4), "out of range");
    WITH(p[n - 1] = 'x', "no footer");
    WITH(p[n - 3] = '\0', "no footer");
    WITH(p[n - 3] = '\n', "no footer");
    WITH(p[n - 2] = '/', "no sense");
    memcpy(p, good, n);
    size_t footer = n - 2;
    while (p[footer] != '\n')
        footer--;
    p[footer + 1] = '\n'; /* an empty footer: the last offset stays */
    assert_int_equal(aw_tz_parse(p, footer + 2, &tz, NULL), 0);
    assert_int_equal(aw_tz_local(tz, at("2050-07-01T00:00:00Z")), at("2050-07-01T01:00:00Z"));
    aw_tz_free(tz);
    AW_AUTO_FREE char *large = aw_calloc(1, AW_TZ_FILE_MAX + 1);
    refused(large, AW_TZ_FILE_MAX + 1, "no TZif header");
}

static void names_of_zones(void **state)
{
    static const char *const wrong[] = {"",
                                        "/etc/passwd",
                                        "../passwd",
                                        "Asia/../../x",
                                        "A.b",
                                        "Asia",
                                        "Asia/",
                                        "Asia//X",
                                        "-x",
                                        "Ä/Ö",
                                        "Mars/Phobos",
                                        "zone.tab",
                                        "right/Asia/Shanghai",
                                        "8"};
    struct aw_zones *zones = aw_zones_new(NULL), *none = aw_zones_new("/nonexistent");
    const struct aw_tz *tz, *again;
    char longest[100];
    (void)state;
    for (size_t i = 0; i < AW_COUNT(wrong); i++)
        assert_null(aw_zones_find(zones, wrong[i]));
    memset(longest, 'a', sizeof(longest));
    longest[AW_ZONE_MAX] = '\0';
    assert_true(aw_zone_name_valid(longest));
    longest[AW_ZONE_MAX] = 'a';
    longest[AW_ZONE_MAX + 1] = '\0';
    assert_false(aw_zone_name_valid(longest));
    for (unsigned i = 0; i < n_names; i++)
        assert_non_null(aw_zones_find(zones, names[n_names - 1 - i].name));
    assert_int_equal(aw_zones_get(zones, "Asia/Shanghai", &tz, NULL), 0);
    assert_int_equal(aw_zones_get(zones, "Asia/Shanghai", &again, NULL), 0);
    assert_ptr_equal(tz, again);
    assert_non_null(aw_zones_find(none, "UTC"));
    struct aw_err err;
    assert_int_equal(aw_zones_get(none, "Asia/Shanghai", &tz, &err), AW_ENOENT);
    assert_non_null(strstr(err.text, "time zone Asia/Shanghai"));
    aw_zones_free(zones);
    aw_zones_free(none);
    aw_zones_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_transition),  cmocka_unit_test(what_zdump_says),
        cmocka_unit_test(gaps_and_overlaps), cmocka_unit_test(rules),
        cmocka_unit_test(far_away),          cmocka_unit_test(bad_files),
        cmocka_unit_test(names_of_zones),
    };
    return cmocka_run_group_tests(tests, find_zones, forget_zones);
}
