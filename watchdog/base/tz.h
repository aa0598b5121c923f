/* SPDX-License-Identifier: Apache-2.0
 *
 * Time zones as immutable values: the bytes of a TZif file (RFC 9636, version 2 or later) with its
 * footer, by which local time goes on after the last transition of the table. Pure: nobody reads a
 * file here (base/zones.c does), and nothing of the process (TZ, locale) matters. Any thread.
 *
 * A local time stands as a number of milliseconds, too: those from 1970-01-01T00:00 on the wall.
 */
#ifndef AW_BASE_TZ_H
#define AW_BASE_TZ_H

#include <stdbool.h>

#include "base/time.h"

#define AW_TZ_FILE_MAX ((size_t)1 << 17) /* bytes; the system's largest have 4 KiB */
#define AW_ZONE_MAX    64                /* bytes of a name */

struct aw_tz;

/* The bytes of a file, which need not outlive the call, to a value (aw_tz_free). AW_EINVAL with the
 * reason for everything that is not well-formed, of version 1, or counts leap seconds. */
int aw_tz_parse(const void *bytes, size_t n, struct aw_tz **ret, struct aw_err *err);
/* A POSIX TZ string as of a footer: "CET-1CEST,M3.5.0,M10.5.0/3". */
int aw_tz_parse_rule(const char *text, struct aw_tz **ret, struct aw_err *err);
void aw_tz_free(struct aw_tz *tz); /* NULL is fine */

/* A stretch of time in which local time runs evenly: from (or INT64_MIN) <= t < until (or
 * INT64_MAX). tz NULL is UTC, here and below. */
struct aw_tz_span {
    aw_time from, until;
    aw_ms offset; /* local less UTC */
};
void aw_tz_span(const struct aw_tz *tz, aw_time t, struct aw_tz_span *ret);

aw_time aw_tz_local(const struct aw_tz *tz, aw_time t);

/* The instant of a local time. One that does not exist is the first instant after the gap; one
 * that occurs twice is the first of them, or the last. */
enum aw_tz_pick { AW_TZ_FIRST, AW_TZ_LAST };
aw_time aw_tz_instant(const struct aw_tz *tz, aw_time local, enum aw_tz_pick pick);

/* A name as of the zone database: "Asia/Shanghai", "Etc/GMT+8". No dot and no leading slash, so
 * that it cannot leave the directory of zones. */
bool aw_zone_name_valid(const char *name);

#endif
