/* SPDX-License-Identifier: Apache-2.0
 *
 * Instants and durations as values; texts to and from them. Pure: nobody reads a clock here
 * (base/clock.c does). Any thread.
 */
#ifndef AW_BASE_TIME_H
#define AW_BASE_TIME_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

typedef int64_t aw_time; /* wall time: milliseconds since 1970-01-01T00:00:00Z */
typedef int64_t aw_ms;   /* a duration in milliseconds */

#define AW_SECOND ((aw_ms)1000)
#define AW_MINUTE (60 * AW_SECOND)
#define AW_HOUR   (60 * AW_MINUTE)
#define AW_DAY    (24 * AW_HOUR)

#define AW_TIME_TEXT 32 /* bytes enough for either text below */

/* RFC 3339. Printed in UTC with milliseconds: 2026-11-22T02:02:50.114Z. Parsed with any offset,
 * fraction of 0 to 9 digits (cut to milliseconds), years 1970 to 9999; second 60 reads as 59. */
void aw_time_print(char dst[AW_TIME_TEXT], aw_time t);
int aw_time_parse(const char *s, size_t n, aw_time *ret);

/* Days since 1970-01-01 of the (proleptic) Gregorian calendar, and back. m 1 to 12, d 1 to 31. */
int64_t aw_days_from_civil(int64_t y, unsigned m, unsigned d);
void aw_civil_from_days(int64_t days, int64_t *y, unsigned *m, unsigned *d);
unsigned aw_month_days(int64_t y, unsigned m);

/* Durations of the rule language: 90s, 5m, 1h30m, 3d; units d h m s ms, each at most once, large to
 * small, no blanks, at most 3650d. Printed as 1m30s, 10h22m, 1d: units of zero are left out; 0 is
 * "0s". */
int aw_duration_parse(const char *s, size_t n, aw_ms *ret);
void aw_duration_print(char dst[AW_TIME_TEXT], aw_ms d);

#endif
