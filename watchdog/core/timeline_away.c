/* SPDX-License-Identifier: Apache-2.0
 *
 * The part of the fold that has to do with where the recipient is: holds for a login, and the
 * devices that the last push went to. Belongs to timeline.c.
 */
#include <string.h>

#include "base/err.h"
#include "core/engine_int.h"

/* --- devices -------------------------------------------------------------------------------- */

static struct aw_device *device_find(struct aw_timeline *tl, int64_t id)
{
    for (unsigned i = 0; i < tl->n_devices; i++)
        if (tl->devices[i].id == id)
            return &tl->devices[i];
    return NULL;
}

const struct aw_device *aw_timeline_device(const struct aw_timeline *tl, int64_t id)
{
    return device_find((struct aw_timeline *)tl, id);
}

/* The devices of the last push; what is proven about one stays. */
int aw_fold_devices(struct aw_timeline *tl, const struct aw_fact *f)
{
    struct aw_device list[AW_MAX_DEVICES];

    if (f->n_devices > AW_MAX_DEVICES || f->person != tl->person || f->kind != AW_PUSH)
        return AW_ECORRUPT;
    for (unsigned i = 0; i < f->n_devices; i++) {
        const struct aw_device *known = aw_timeline_device(tl, f->devices[i]);

        list[i] = (struct aw_device){.id = f->devices[i], .level = known ? known->level : 0};
        if (f->devices[i] <= 0)
            return AW_ECORRUPT;
    }
    memcpy(tl->devices, list, f->n_devices * sizeof(list[0]));
    tl->n_devices = f->n_devices;
    return 0;
}

void aw_fold_device_level(struct aw_timeline *tl, const struct aw_fact *f)
{
    struct aw_device *d = device_find(tl, f->device);

    if (d && f->level > d->level)
        d->level = (uint8_t)f->level;
}

/* --- holds ---------------------------------------------------------------------------------- */

static aw_ms overlap(aw_time a_from, aw_time a_to, aw_time b_from, aw_time b_to)
{
    aw_time from = a_from > b_from ? a_from : b_from, to = a_to < b_to ? a_to : b_to;

    return to > from ? to - from : 0;
}

bool aw_timeline_absent(const struct aw_timeline *tl, aw_time now)
{
    return tl->state == AW_OPEN && now < tl->absence.until;
}

int aw_fold_absent(struct aw_timeline *tl, const struct aw_fact *f)
{
    struct aw_absence *a = &tl->absence;

    if (tl->state != AW_OPEN || f->from <= 0 || f->from < a->until || f->at <= f->from ||
        f->at > AW_LAST_INSTANT ||
        f->moved != f->at - f->from - aw_hold_within(&tl->hold, f->from, f->at))
        return AW_ECORRUPT;
    a->from = f->from;
    a->until = f->at;
    a->moved += f->moved;
    a->spent += f->at - f->from;
    a->told = false;
    a->count = 0;
    return 0;
}

/* What was held is due now. */
int aw_fold_present(struct aw_timeline *tl, const struct aw_fact *f)
{
    struct aw_absence *a = &tl->absence;

    if (tl->state != AW_OPEN || f->at < a->from || f->at >= a->until ||
        f->moved != a->until - f->at - aw_hold_within(&tl->hold, f->at, a->until))
        return AW_ECORRUPT;
    a->moved -= f->moved;
    a->spent -= a->until - f->at;
    a->until = f->at;
    a->told = f->why == AW_WHY_DIGEST;
    a->count = f->count;
    for (unsigned i = 0; i < tl->n_tracks; i++) {
        struct aw_track *t = &tl->tracks[i];
        if (t->due != 0 && t->why == AW_WHY_LOGGED_OUT) {
            t->due = f->at;
            t->why = AW_WHY_LOGGED_IN;
        }
    }
    for (unsigned i = 0; i < tl->n_tries; i++) {
        if (tl->tries[i].held)
            tl->tries[i].due = f->at;
        tl->tries[i].held = false;
    }
    return 0;
}

int aw_fold_device(struct aw_timeline *tl, const struct aw_fact *f)
{
    struct aw_device *d = device_find(tl, f->device);

    if (!d)
        return AW_ECORRUPT;
    memmove(d, d + 1, (size_t)(&tl->devices[--tl->n_devices] - d) * sizeof(*d));
    return 0;
}

aw_ms aw_hold_within(const struct aw_hold *h, aw_time from, aw_time to)
{
    return overlap(h->from, h->until, from, to);
}

aw_ms aw_absence_within(const struct aw_absence *a, aw_time from, aw_time to)
{
    return overlap(a->from, a->until, from, to);
}
