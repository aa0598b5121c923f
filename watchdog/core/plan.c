/* SPDX-License-Identifier: Apache-2.0
 *
 * The plan of a timeline to bytes and back: the blob of its row. Compact, because there are
 * millions of them: varints (LEB128, signed values zigzag), instants relative to the registration.
 * Canonical: one value has one encoding, and decode refuses every other, so that rows can be
 * compared as bytes.
 *
 *   version | registered base moved accounted | n tracks tries negatives | each of them
 *
 * Where a person or the hours have acted, the version is PLAN_ACTED, and what they did stands
 * behind `accounted`:
 *
 *   marks | shift from until, if marks & HELD | at step round, if marks & ESCALATED
 *   | kinds differing, kinds free, shift from until of the differing, snoozed, if marks & HOURS
 *   | parts, if marks & PRESENCE: from until moved spent told+count; n and each of the devices
 *         | parts, and then acked_by, from at of the return, if marks & MESSAGE
 *
 * A fresh timeline takes about 12 bytes; the largest plausible one (all tracks moved, all tries
 * and negatives, ten-year rule) fits AW_PLAN_MAX, see test_plan.c.
 */
#include <string.h>

#include "base/err.h"
#include "core/timeline.h"

enum { PLAN_VERSION = 1, PLAN_ACTED = 2 };

enum { TRACK_OVER = 8, TRACK_SETTLED = 16, TRACK_UNSENT = 32, TRACK_HIGH = 64 };
enum { TRY_WAITING = 8, TRY_HELD = 16, TRY_PARKED = 32, TRY_HIGH = 64 };
enum { HELD = 1, ESCALATED = 2, HOURS = 4, PRESENCE = 8, MESSAGE = 16 };
enum { ABSENCE = 1, DEVICES = 2 }; /* parts of PRESENCE */
enum { ACKED_BY = 1, BACK = 2 };   /* parts of MESSAGE */
enum { SNOOZED_TO_THE_END, SNOOZED_NEVER, SNOOZED_UNTIL };

/* --- writing -------------------------------------------------------------------------------- */

struct out {
    uint8_t *p;
    size_t n, cap;
    bool over;
};

static void put(struct out *o, uint64_t v)
{
    do {
        if (o->n == o->cap) {
            o->over = true;
            return;
        }
        o->p[o->n++] = (uint8_t)((v & 0x7f) | (v > 0x7f ? 0x80 : 0));
        v >>= 7;
    } while (v);
}

static void put_signed(struct out *o, int64_t v)
{
    put(o, ((uint64_t)v << 1) ^ (uint64_t)(v >> 63));
}

/* An instant relative to the registration. */
static void put_time(struct out *o, const struct aw_timeline *tl, aw_time t)
{
    put_signed(o, (int64_t)((uint64_t)t - (uint64_t)tl->registered));
}

static void put_track(struct out *o, const struct aw_timeline *tl, const struct aw_track *t)
{
    put(o, t->step);
    put(o, (unsigned)t->kind | (t->over ? TRACK_OVER : 0) | (t->settled ? TRACK_SETTLED : 0) |
               (t->unsent ? TRACK_UNSENT : 0));
    put(o, t->round);
    put(o, t->hope);
    put(o, t->due ? t->why + 1u : 0); /* 0: due by the plan */
    if (t->due)
        put_time(o, tl, t->due);
}

static void put_try(struct out *o, const struct aw_timeline *tl, const struct aw_try *y)
{
    put(o, y->step);
    put(o, (unsigned)y->kind | (y->state == AW_TRY_WAITING ? TRY_WAITING : 0) |
               (y->held ? TRY_HELD : 0) | (y->parked ? TRY_PARKED : 0));
    put(o, y->round);
    put(o, y->number);
    put(o, y->spent);
    put(o, y->waits);
    put(o, y->via);
    put(o, y->pos);
    put(o, (uint64_t)y->attempt);
    put(o, (uint64_t)y->attempt - (uint64_t)y->ref); /* the first try has the lowest id */
    put(o, (uint64_t)y->person);
    if (y->state == AW_TRY_WAITING)
        put_time(o, tl, y->due);
}

static unsigned presence_parts(const struct aw_timeline *tl)
{
    return (tl->absence.until ? ABSENCE : 0) | (tl->n_devices ? DEVICES : 0);
}

static void put_presence(struct out *o, const struct aw_timeline *tl)
{
    const struct aw_absence *a = &tl->absence;
    unsigned parts = presence_parts(tl);

    put(o, parts);
    if (parts & ABSENCE) {
        put_time(o, tl, a->from);
        put_time(o, tl, a->until);
        put_signed(o, a->moved);
        put_signed(o, a->spent);
        put(o, (unsigned)a->count << 1 | a->told);
    }
    if (parts & DEVICES)
        put(o, tl->n_devices);
    for (unsigned i = 0; i < tl->n_devices; i++) {
        put(o, (uint64_t)tl->devices[i].id);
        put(o, tl->devices[i].level);
    }
}

static unsigned message_parts(const struct aw_timeline *tl)
{
    return (tl->acked_by ? ACKED_BY : 0) | (tl->back.at ? BACK : 0);
}

static void put_message(struct out *o, const struct aw_timeline *tl)
{
    unsigned parts = message_parts(tl);

    put(o, parts);
    if (parts & ACKED_BY)
        put(o, (uint64_t)tl->acked_by);
    if (parts & BACK) {
        put_time(o, tl, tl->back.from);
        put_time(o, tl, tl->back.at);
    }
}

static void put_hold(struct out *o, const struct aw_timeline *tl, const struct aw_hold *h)
{
    put_signed(o, h->shift);
    put_time(o, tl, h->from);
    put_time(o, tl, h->until);
}

static bool hold_is(const struct aw_hold *a, const struct aw_hold *b)
{
    return a->from == b->from && a->until == b->until && a->shift == b->shift;
}

/* Kinds that were not held like the deadline: otherwise (0), or never (1). */
static unsigned kinds_apart(const struct aw_timeline *tl, bool never)
{
    unsigned kinds = 0;

    for (unsigned k = 0; k < AW_N_KINDS; k++)
        if (!hold_is(&tl->kind_hold[k], &tl->hold) && (tl->kind_hold[k].until == 0) == never)
            kinds |= 1u << k;
    return kinds;
}

static unsigned how_snoozed(const struct aw_timeline *tl)
{
    return tl->snoozed == tl->hold.until ? SNOOZED_TO_THE_END
           : tl->snoozed == 0            ? SNOOZED_NEVER
                                         : SNOOZED_UNTIL;
}

static unsigned marks_of(const struct aw_timeline *tl)
{
    bool hours = kinds_apart(tl, false) || kinds_apart(tl, true) || how_snoozed(tl);

    return (tl->hold.until ? HELD : 0) | (tl->escalated.at ? ESCALATED : 0) | (hours ? HOURS : 0) |
           (presence_parts(tl) ? PRESENCE : 0) | (message_parts(tl) ? MESSAGE : 0);
}

static void put_hours(struct out *o, const struct aw_timeline *tl)
{
    unsigned differing = kinds_apart(tl, false);

    put(o, differing);
    put(o, kinds_apart(tl, true));
    for (unsigned k = 0; k < AW_N_KINDS; k++)
        if (differing >> k & 1)
            put_hold(o, tl, &tl->kind_hold[k]);
    put(o, how_snoozed(tl));
    if (how_snoozed(tl) == SNOOZED_UNTIL)
        put_time(o, tl, tl->snoozed);
}

static void put_acts(struct out *o, const struct aw_timeline *tl, unsigned marks)
{
    put(o, marks);
    if (marks & HELD)
        put_hold(o, tl, &tl->hold);
    if (marks & ESCALATED) {
        put_time(o, tl, tl->escalated.at);
        put(o, tl->escalated.step);
        put(o, tl->escalated.round);
    }
    if (marks & HOURS)
        put_hours(o, tl);
    if (marks & PRESENCE)
        put_presence(o, tl);
    if (marks & MESSAGE)
        put_message(o, tl);
}

size_t aw_plan_encode(const struct aw_timeline *tl, uint8_t *dst, size_t cap)
{
    struct out o = {.p = dst, .cap = cap};
    unsigned marks = marks_of(tl);

    put(&o, marks ? PLAN_ACTED : PLAN_VERSION);
    put_signed(&o, tl->registered);
    put_time(&o, tl, tl->base);
    put_signed(&o, tl->moved);
    put_time(&o, tl, tl->accounted);
    if (marks)
        put_acts(&o, tl, marks);
    put(&o, tl->n_tracks);
    put(&o, tl->n_tries);
    put(&o, tl->n_negs);
    for (unsigned i = 0; i < tl->n_tracks; i++)
        put_track(&o, tl, &tl->tracks[i]);
    for (unsigned i = 0; i < tl->n_tries; i++)
        put_try(&o, tl, &tl->tries[i]);
    for (unsigned i = 0; i < tl->n_negs; i++) {
        put(&o, (uint64_t)tl->negs[i].person);
        put(&o, (unsigned)tl->negs[i].kind << 4 | tl->negs[i].what);
    }
    return o.over ? 0 : o.n;
}

/* --- reading -------------------------------------------------------------------------------- */

struct in {
    const uint8_t *p, *end;
    bool bad; /* sticky; further reads give 0 */
};

static uint64_t bad(struct in *in)
{
    in->bad = true;
    in->p = in->end;
    return 0;
}

/* A varint of at most max; overlong forms are refused. */
static uint64_t get(struct in *in, uint64_t max)
{
    uint64_t v = 0;

    for (unsigned shift = 0; in->p < in->end; shift += 7) {
        uint8_t b = *in->p++;
        if ((shift == 63 && b > 1) || (b == 0 && shift > 0))
            return bad(in);
        v |= (uint64_t)(b & 0x7f) << shift;
        if (!(b & 0x80))
            return v <= max ? v : bad(in);
    }
    return bad(in);
}

static int64_t get_signed(struct in *in)
{
    uint64_t v = get(in, UINT64_MAX);
    return (int64_t)((v >> 1) ^ -(v & 1));
}

static aw_time get_time(struct in *in, const struct aw_timeline *tl)
{
    aw_time t = (aw_time)((uint64_t)get_signed(in) + (uint64_t)tl->registered);
    if (t <= 0 || t > AW_LAST_INSTANT)
        bad(in);
    return t;
}

static void get_track(struct in *in, const struct aw_timeline *tl, struct aw_track *t)
{
    t->step = (uint8_t)get(in, AW_STEP_EXHAUSTED);
    uint64_t bits = get(in, TRACK_HIGH - 1);
    t->kind = bits & 7;
    t->over = bits & TRACK_OVER;
    t->settled = bits & TRACK_SETTLED;
    t->unsent = bits & TRACK_UNSENT;
    t->round = (uint16_t)get(in, UINT16_MAX);
    t->hope = (uint8_t)get(in, UINT8_MAX);
    uint64_t why = get(in, AW_N_WHYS);
    if (why) {
        t->why = (uint8_t)(why - 1);
        t->due = get_time(in, tl);
    }
    if (t->kind >= AW_N_KINDS || t->round == 0)
        bad(in);
}

static void get_try(struct in *in, const struct aw_timeline *tl, struct aw_try *y)
{
    y->step = (uint8_t)get(in, AW_STEP_EXHAUSTED);
    uint64_t bits = get(in, TRY_HIGH - 1);
    y->kind = bits & 7;
    y->held = bits & TRY_HELD;
    y->state = bits & TRY_WAITING ? AW_TRY_WAITING : AW_TRY_FLYING;
    y->parked = bits & TRY_PARKED;
    y->round = (uint16_t)get(in, UINT16_MAX);
    y->number = (uint8_t)get(in, UINT8_MAX);
    y->spent = (uint8_t)get(in, UINT8_MAX);
    y->waits = (uint8_t)get(in, UINT8_MAX);
    y->via = (uint8_t)get(in, UINT8_MAX);
    y->pos = (uint8_t)get(in, UINT8_MAX);
    y->attempt = (aw_id)get(in, INT64_MAX);
    y->ref = y->attempt - (aw_id)get(in, (uint64_t)y->attempt);
    y->person = (int64_t)get(in, INT64_MAX);
    if (y->state == AW_TRY_WAITING)
        y->due = get_time(in, tl);
    if (y->kind >= AW_N_KINDS || y->round == 0 || y->number == 0 || y->ref == 0 || y->person == 0 ||
        (y->held && y->state != AW_TRY_WAITING))
        bad(in);
    if (y->parked && y->state != AW_TRY_WAITING)
        bad(in);
}

static void get_neg(struct in *in, struct aw_neg *neg)
{
    neg->person = (int64_t)get(in, INT64_MAX);
    uint64_t bits = get(in, UINT8_MAX >> 1);
    neg->kind = (uint8_t)(bits >> 4);
    neg->what = bits & 15;
    if (neg->kind >= AW_N_KINDS || neg->what == AW_NEG_NONE || neg->what >= AW_N_NEGATIVES ||
        neg->person == 0)
        bad(in);
}

static void get_absence(struct in *in, struct aw_timeline *tl)
{
    struct aw_absence *a = &tl->absence;

    a->from = get_time(in, tl);
    a->until = get_time(in, tl);
    a->moved = get_signed(in);
    a->spent = get_signed(in);
    uint64_t told = get(in, 2 * UINT16_MAX + 1);
    a->told = told & 1;
    a->count = (uint16_t)(told >> 1);
    if (a->from > a->until || a->moved < 0 || a->moved > a->spent || a->spent > AW_LAST_INSTANT)
        bad(in);
}

static void get_presence(struct in *in, struct aw_timeline *tl)
{
    uint64_t parts = get(in, ABSENCE | DEVICES);

    if (parts & ABSENCE)
        get_absence(in, tl);
    if (parts & DEVICES)
        tl->n_devices = (unsigned)get(in, AW_MAX_DEVICES);
    for (unsigned i = 0; i < tl->n_devices && !in->bad; i++) {
        tl->devices[i].id = (int64_t)get(in, INT64_MAX);
        tl->devices[i].level = (uint8_t)get(in, AW_N_LEVELS - 1);
        if (tl->devices[i].id == 0)
            bad(in);
    }
    if (parts == 0 || ((parts & DEVICES) && tl->n_devices == 0))
        bad(in);
}

static void get_message(struct in *in, struct aw_timeline *tl)
{
    uint64_t parts = get(in, ACKED_BY | BACK);

    if (parts & ACKED_BY)
        tl->acked_by = (int64_t)get(in, INT64_MAX);
    if (parts & BACK) {
        tl->back.from = get_time(in, tl);
        tl->back.at = get_time(in, tl);
    }
    if (parts == 0 || parts != message_parts(tl) || tl->back.from > tl->back.at)
        bad(in);
}

static void get_hold(struct in *in, const struct aw_timeline *tl, struct aw_hold *h)
{
    h->shift = get_signed(in);
    h->from = get_time(in, tl);
    h->until = get_time(in, tl);
    if (h->shift < 0 || h->shift > AW_LAST_INSTANT || h->from > h->until)
        bad(in);
}

static void get_hours(struct in *in, struct aw_timeline *tl)
{
    unsigned differing = (unsigned)get(in, AW_ALL_KINDS);
    unsigned never = (unsigned)get(in, AW_ALL_KINDS & ~differing);

    for (unsigned k = 0; k < AW_N_KINDS; k++)
        if (differing >> k & 1)
            get_hold(in, tl, &tl->kind_hold[k]);
        else if (never >> k & 1)
            tl->kind_hold[k] = (struct aw_hold){0};
    unsigned how = (unsigned)get(in, SNOOZED_UNTIL);
    tl->snoozed = how == SNOOZED_UNTIL ? get_time(in, tl) : 0;
    if (how == SNOOZED_TO_THE_END)
        tl->snoozed = tl->hold.until;
    /* Canonical: what is said to differ does. */
    if (kinds_apart(tl, false) != differing || kinds_apart(tl, true) != never ||
        how_snoozed(tl) != how)
        bad(in);
}

static void get_acts(struct in *in, struct aw_timeline *tl)
{
    unsigned marks = (unsigned)get(in, HELD | ESCALATED | HOURS | PRESENCE | MESSAGE);

    if (marks & HELD)
        get_hold(in, tl, &tl->hold);
    for (unsigned k = 0; k < AW_N_KINDS; k++)
        tl->kind_hold[k] = tl->hold;
    tl->snoozed = tl->hold.until;
    if (marks & ESCALATED) {
        tl->escalated.at = get_time(in, tl);
        tl->escalated.step = (uint8_t)get(in, AW_MAX_STEPS - 1);
        tl->escalated.round = (uint16_t)get(in, UINT16_MAX);
    }
    if (marks & HOURS)
        get_hours(in, tl);
    if (marks & PRESENCE)
        get_presence(in, tl);
    if (marks & MESSAGE)
        get_message(in, tl);
    if (marks == 0 || (!in->bad && marks_of(tl) != marks) || ((marks & HOURS) && !(marks & HELD)) ||
        ((marks & ESCALATED) && tl->escalated.round == 0))
        bad(in);
}

static bool track_before(const struct aw_track *a, const struct aw_track *b)
{
    return a->step < b->step || (a->step == b->step && a->kind < b->kind);
}

int aw_plan_decode(struct aw_timeline *tl, const uint8_t *src, size_t n)
{
    struct in in = {.p = src, .end = src + n};

    uint64_t version = get(&in, PLAN_ACTED);
    if (version == 0)
        return AW_ECORRUPT;
    tl->registered = get_signed(&in);
    tl->base = get_time(&in, tl);
    tl->moved = get_signed(&in);
    tl->accounted = get_time(&in, tl);
    tl->hold = (struct aw_hold){0};
    memset(tl->kind_hold, 0, sizeof(tl->kind_hold));
    tl->snoozed = 0;
    tl->escalated = (struct aw_escalation){0};
    tl->absence = (struct aw_absence){0};
    tl->n_devices = 0;
    tl->acked_by = 0;
    tl->back = (struct aw_back){0};
    if (version == PLAN_ACTED)
        get_acts(&in, tl);
    tl->n_tracks = (unsigned)get(&in, AW_MAX_TRACKS);
    tl->n_tries = (unsigned)get(&in, AW_MAX_TRIES);
    tl->n_negs = (unsigned)get(&in, AW_MAX_NEGATIVES);
    if (in.bad || tl->registered <= 0 || tl->registered > AW_LAST_INSTANT || tl->moved < 0 ||
        tl->moved > AW_LAST_INSTANT || tl->base > tl->registered)
        return AW_ECORRUPT;

    memset(tl->tracks, 0, tl->n_tracks * sizeof(tl->tracks[0]));
    memset(tl->tries, 0, tl->n_tries * sizeof(tl->tries[0]));
    for (unsigned i = 0; i < tl->n_tracks && !in.bad; i++) {
        get_track(&in, tl, &tl->tracks[i]);
        if (i > 0 && !track_before(&tl->tracks[i - 1], &tl->tracks[i]))
            bad(&in);
    }
    for (unsigned i = 0; i < tl->n_tries && !in.bad; i++)
        get_try(&in, tl, &tl->tries[i]);
    for (unsigned i = 0; i < tl->n_negs && !in.bad; i++)
        get_neg(&in, &tl->negs[i]);
    return in.bad || in.p != in.end ? AW_ECORRUPT : 0;
}
