/* SPDX-License-Identifier: Apache-2.0
 *
 * RFC 3339 and durations. The calendar is the proleptic Gregorian one, by the day-number formulas
 * of Howard Hinnant (https://howardhinnant.github.io/date_algorithms.html).
 */
#include "base/time.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

#define MAX_DURATION (3650 * AW_DAY)

int64_t aw_days_from_civil(int64_t y, unsigned m, unsigned d)
{
    y -= m <= 2;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    unsigned yoe = (unsigned)(y - era * 400);
    unsigned doy = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;
    unsigned doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * 146097 + (int64_t)doe - 719468;
}

void aw_civil_from_days(int64_t z, int64_t *y, unsigned *m, unsigned *d)
{
    z += 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    unsigned doe = (unsigned)(z - era * 146097);
    unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    unsigned mp = (5 * doy + 2) / 153;
    *d = doy - (153 * mp + 2) / 5 + 1;
    *m = mp < 10 ? mp + 3 : mp - 9;
    *y = (int64_t)yoe + era * 400 + (*m <= 2);
}

void aw_time_print(char dst[AW_TIME_TEXT], aw_time t)
{
    int64_t days = t / AW_DAY, ms = t % AW_DAY;
    if (ms < 0) {
        ms += AW_DAY;
        days--;
    }
    int64_t y;
    unsigned m, d, in_day = (unsigned)ms;
    aw_civil_from_days(days, &y, &m, &d);
    /* the remainders change nothing; they show the compiler that the text fits */
    snprintf(dst, AW_TIME_TEXT, "%04d-%02u-%02uT%02u:%02u:%02u.%03uZ", (int)y, m % 100, d % 100,
             in_day / 3600000 % 24, in_day / 60000 % 60, in_day / 1000 % 60, in_day % 1000);
}

/* Exactly n digits at *s, within [min, max]; moves *s. */
static bool number(const char **s, const char *end, unsigned n, unsigned min, unsigned max,
                   unsigned *ret)
{
    unsigned v = 0;
    if ((size_t)(end - *s) < n)
        return false;
    for (unsigned i = 0; i < n; i++, (*s)++) {
        if (**s < '0' || **s > '9')
            return false;
        v = v * 10 + (unsigned)(**s - '0');
    }
    *ret = v;
    return v >= min && v <= max;
}

static bool letter(const char **s, const char *end, const char *set)
{
    if (*s == end || !**s || !strchr(set, **s))
        return false;
    (*s)++;
    return true;
}

unsigned aw_month_days(int64_t y, unsigned m)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[m - 1] + (m == 2 && (y % 4 == 0 && (y % 100 != 0 || y % 400 == 0)));
}

/* ".123456789" to milliseconds; an absent fraction is 0. */
static bool fraction(const char **s, const char *end, unsigned *ret_ms)
{
    unsigned ms = 0, weight = 100, n = 0;
    *ret_ms = 0;
    if (!letter(s, end, "."))
        return true;
    for (; *s != end && **s >= '0' && **s <= '9'; (*s)++, n++, weight /= 10)
        ms += weight * (unsigned)(**s - '0');
    *ret_ms = ms;
    return n >= 1 && n <= 9;
}

/* "Z" or "+hh:mm" to minutes east. */
static bool offset(const char **s, const char *end, int *ret_minutes)
{
    unsigned h, m;
    *ret_minutes = 0;
    if (letter(s, end, "Zz"))
        return true;
    bool west = *s != end && **s == '-';
    if (!letter(s, end, "+-") || !number(s, end, 2, 0, 23, &h) || !letter(s, end, ":") ||
        !number(s, end, 2, 0, 59, &m))
        return false;
    *ret_minutes = (int)(h * 60 + m) * (west ? -1 : 1);
    return true;
}

int aw_time_parse(const char *s, size_t n, aw_time *ret)
{
    const char *end = s + n;
    unsigned y, mon, d, h, min, sec, ms;
    int east;
    if (!number(&s, end, 4, 1970, 9999, &y) || !letter(&s, end, "-") ||
        !number(&s, end, 2, 1, 12, &mon) || !letter(&s, end, "-") ||
        !number(&s, end, 2, 1, aw_month_days(y, mon), &d) || !letter(&s, end, "Tt") ||
        !number(&s, end, 2, 0, 23, &h) || !letter(&s, end, ":") ||
        !number(&s, end, 2, 0, 59, &min) || !letter(&s, end, ":") ||
        !number(&s, end, 2, 0, 60, &sec) || !fraction(&s, end, &ms) || !offset(&s, end, &east) ||
        s != end)
        return AW_EINVAL;
    if (sec == 60)
        sec = 59;
    aw_time t = aw_days_from_civil(y, mon, d) * AW_DAY + h * AW_HOUR + min * AW_MINUTE +
                sec * AW_SECOND + ms - east * AW_MINUTE;
    if (t < 0)
        return AW_EINVAL;
    *ret = t;
    return 0;
}

static const struct {
    const char *name;
    aw_ms ms;
} units[] = {{"d", AW_DAY}, {"h", AW_HOUR}, {"m", AW_MINUTE}, {"s", AW_SECOND}, {"ms", 1}};
#define N_UNITS (sizeof units / sizeof units[0])

int aw_duration_parse(const char *s, size_t n, aw_ms *ret)
{
    const char *end = s + n;
    aw_ms sum = 0;
    size_t unit = 0; /* units still allowed begin here: large to small, each once */
    if (!n)
        return AW_EINVAL;
    while (s != end) {
        size_t n_digits = 0, n_name = 0;
        uint64_t v;
        while (s + n_digits != end && s[n_digits] >= '0' && s[n_digits] <= '9')
            n_digits++;
        if (aw_parse_u64(s, n_digits, MAX_DURATION, &v) < 0)
            return AW_EINVAL;
        s += n_digits;
        while (s + n_name != end && s[n_name] >= 'a' && s[n_name] <= 'z')
            n_name++;
        while (unit < N_UNITS &&
               (strlen(units[unit].name) != n_name || memcmp(units[unit].name, s, n_name) != 0))
            unit++;
        if (unit == N_UNITS || (aw_ms)v > (MAX_DURATION - sum) / units[unit].ms)
            return AW_EINVAL;
        sum += (aw_ms)v * units[unit++].ms;
        s += n_name;
    }
    *ret = sum;
    return 0;
}

void aw_duration_print(char dst[AW_TIME_TEXT], aw_ms d)
{
    uint64_t left = d < 0 ? -(uint64_t)d : (uint64_t)d;
    size_t n = 0;
    if (d < 0)
        dst[n++] = '-';
    for (size_t i = 0; i < N_UNITS; i++) {
        uint64_t v = left / (uint64_t)units[i].ms;
        left %= (uint64_t)units[i].ms;
        if (v && n < AW_TIME_TEXT)
            n += (size_t)snprintf(dst + n, AW_TIME_TEXT - n, "%llu%s", (unsigned long long)v,
                                  units[i].name);
    }
    if (!d)
        snprintf(dst, AW_TIME_TEXT, "0s");
}
