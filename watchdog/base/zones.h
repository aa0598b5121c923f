/* SPDX-License-Identifier: Apache-2.0
 *
 * The zones of the system by name, read when first asked for and kept: one such table belongs to
 * each loaded environment, so that a reload sees new data. Any thread; the values are immutable and
 * live as long as the table.
 */
#ifndef AW_BASE_ZONES_H
#define AW_BASE_ZONES_H

#include "base/tz.h"

struct aw_zones;

/* dir: NULL for the system's, /usr/share/zoneinfo. */
struct aw_zones *aw_zones_new(const char *dir) __attribute__((returns_nonnull));
void aw_zones_free(struct aw_zones *z); /* NULL is fine */

/* 0 and *ret; AW_EINVAL for a name that is none or a file that cannot be used, AW_ENOENT when there
 * is no such zone, AW_EIO. "UTC" is always there. */
int aw_zones_get(struct aw_zones *z, const char *name, const struct aw_tz **ret,
                 struct aw_err *err);
/* The same for askers who have something to fall back on: NULL when there is none. */
const struct aw_tz *aw_zones_find(struct aw_zones *z, const char *name);

#endif
