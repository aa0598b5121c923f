/* SPDX-License-Identifier: Apache-2.0
 *
 * Zones are found by a sorted table of names. What could not be read is not kept, so that names
 * that people make up take no room; there are some 600 real ones, and no more than MAX_ZONES are
 * taken.
 */
#include "base/zones.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"

enum { MAX_ZONES = 2000 };

struct zone {
    char name[AW_ZONE_MAX + 1];
    struct aw_tz *tz;
};

struct aw_zones {
    char *dir;
    pthread_mutex_t lock; /* guards what follows */
    struct zone *list;    /* by name */
    unsigned n, cap;
};

struct aw_zones *aw_zones_new(const char *dir)
{
    struct aw_zones *z = aw_calloc(1, sizeof(*z));

    z->dir = aw_strdup(dir != NULL ? dir : "/usr/share/zoneinfo");
    pthread_mutex_init(&z->lock, NULL);
    return z;
}

void aw_zones_free(struct aw_zones *z)
{
    if (z == NULL)
        return;
    for (unsigned i = 0; i < z->n; i++)
        aw_tz_free(z->list[i].tz);
    pthread_mutex_destroy(&z->lock);
    aw_free(z->list);
    aw_free(z->dir);
    aw_free(z);
}

/* The place of the first name that is not before this one. */
static unsigned place_of(const struct aw_zones *z, const char *name)
{
    unsigned lo = 0, hi = z->n;

    while (lo < hi) {
        unsigned mid = (lo + hi) / 2;
        if (strcmp(z->list[mid].name, name) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static int load(const struct aw_zones *z, const char *name, struct aw_tz **ret, struct aw_err *err)
{
    AW_AUTO_FREE char *bytes = NULL;
    char path[4096];
    size_t n;

    if (snprintf(path, sizeof(path), "%s/%s", z->dir, name) >= (int)sizeof(path))
        return aw_fail(err, AW_EINVAL, "%s: too long a path", z->dir);
    int r = aw_file_read(path, AW_TZ_FILE_MAX, &bytes, &n, err);
    if (r == AW_ENOENT && strcmp(name, "UTC") == 0)
        return aw_tz_parse_rule("UTC0", ret, err);
    if (r == 0)
        r = aw_tz_parse(bytes, n, ret, err);
    return r ? aw_wrap(err, r, "time zone %s", name) : 0;
}

static void keep(struct aw_zones *z, unsigned place, const char *name, struct aw_tz *tz)
{
    if (z->n == z->cap) {
        z->cap = z->cap > 0 ? 2 * z->cap : 8;
        z->list = aw_realloc(z->list, z->cap * sizeof(*z->list));
    }
    struct zone *new = &z->list[place];
    memmove(new + 1, new, (z->n - place) * sizeof(*new));
    z->n++;
    snprintf(new->name, sizeof(new->name), "%s", name);
    new->tz = tz;
}

int aw_zones_get(struct aw_zones *z, const char *name, const struct aw_tz **ret, struct aw_err *err)
{
    struct aw_tz *tz = NULL;
    int r = 0;

    if (!aw_zone_name_valid(name))
        return aw_fail(err, AW_EINVAL, "\"%.64s\" is not the name of a time zone", name);
    pthread_mutex_lock(&z->lock);
    unsigned i = place_of(z, name);
    if (i < z->n && strcmp(z->list[i].name, name) == 0) {
        *ret = z->list[i].tz;
    } else if (z->n == MAX_ZONES) {
        r = aw_fail(err, AW_ELIMIT, "more than %d time zones", MAX_ZONES);
    } else if ((r = load(z, name, &tz, err)) == 0) {
        keep(z, i, name, tz);
        *ret = tz;
    }
    pthread_mutex_unlock(&z->lock);
    return r;
}

const struct aw_tz *aw_zones_find(struct aw_zones *z, const char *name)
{
    const struct aw_tz *tz = NULL;
    struct aw_err err;

    return aw_zones_get(z, name, &tz, &err) == 0 ? tz : NULL;
}
