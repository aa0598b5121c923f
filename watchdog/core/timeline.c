/* SPDX-License-Identifier: Apache-2.0
 *
 * The fold: the only code that changes a timeline. It knows no rule and no clock, so that an
 * auditor can run it over the log alone. Every fact is checked against the value before it is
 * folded in; the engine never emits one that fails, a forged log may hold any.
 */
#include "core/timeline.h"

#include <string.h>

#include "base/err.h"
#include "core/engine_int.h"

void aw_timeline_init(struct aw_timeline *tl, aw_id message, uint16_t n, int64_t person)
{
    memset(tl, 0, sizeof(*tl));
    tl->id = message + n;
    tl->n = n;
    tl->person = person;
}

/* --- looking -------------------------------------------------------------------------------- */

/* Place of a step x kind among the tracks, which are ordered: the first that is not before it. */
static unsigned track_place(const struct aw_timeline *tl, unsigned step, unsigned kind)
{
    unsigned lo = 0, hi = tl->n_tracks;

    while (lo < hi) {
        unsigned mid = (lo + hi) / 2;
        const struct aw_track *t = &tl->tracks[mid];
        if (t->step < step || (t->step == step && t->kind < kind))
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static struct aw_track *track_find(struct aw_timeline *tl, unsigned step, unsigned kind)
{
    unsigned i = track_place(tl, step, kind);
    struct aw_track *t = &tl->tracks[i];

    return i < tl->n_tracks && t->step == step && t->kind == kind ? t : NULL;
}

const struct aw_track *aw_timeline_track(const struct aw_timeline *tl, unsigned step,
                                         enum aw_kind kind)
{
    return track_find((struct aw_timeline *)tl, step, kind);
}

static struct aw_try *try_find(struct aw_timeline *tl, aw_id attempt)
{
    for (unsigned i = 0; i < tl->n_tries; i++)
        if (tl->tries[i].attempt == attempt)
            return &tl->tries[i];
    return NULL;
}

const struct aw_try *aw_timeline_try(const struct aw_timeline *tl, aw_id attempt)
{
    return try_find((struct aw_timeline *)tl, attempt);
}

static struct aw_neg *neg_find(struct aw_timeline *tl, int64_t person, unsigned kind)
{
    for (unsigned i = 0; i < tl->n_negs; i++)
        if (tl->negs[i].person == person && tl->negs[i].kind == kind)
            return &tl->negs[i];
    return NULL;
}

enum aw_negative aw_timeline_negative(const struct aw_timeline *tl, int64_t person,
                                      enum aw_kind kind)
{
    const struct aw_neg *neg = neg_find((struct aw_timeline *)tl, person, kind);
    return neg ? (enum aw_negative)neg->what : AW_NEG_NONE;
}

/* --- folding -------------------------------------------------------------------------------- */

/* The track of a fact, made as planned (round 1) when it is not there yet; NULL: no such place. */
static struct aw_track *track_of(struct aw_timeline *tl, const struct aw_fact *f)
{
    struct aw_track *t = track_find(tl, f->step, f->kind);
    if (t)
        return t;
    if (f->step > AW_STEP_EXHAUSTED || f->kind >= AW_N_KINDS || tl->n_tracks == AW_MAX_TRACKS)
        return NULL;

    unsigned i = track_place(tl, f->step, f->kind);
    t = &tl->tracks[i];
    memmove(t + 1, t, (tl->n_tracks - i) * sizeof(*t));
    tl->n_tracks++;
    *t = (struct aw_track){.step = f->step, .kind = f->kind, .round = 1};
    return t;
}

/* ESC-CLOSE: after the end no new firing but those of the exhausted step. */
static bool may_fire(const struct aw_timeline *tl, unsigned step)
{
    if (step == AW_STEP_EXHAUSTED)
        return tl->state == AW_EXHAUSTED || tl->state == AW_EXPIRED;
    return tl->state == AW_OPEN;
}

/* Decides the present round of the track, which must be the fact's. */
static int track_move(struct aw_timeline *tl, struct aw_track *t, const struct aw_fact *f)
{
    if (t->over || f->round != t->round || t->round >= UINT16_MAX || !may_fire(tl, f->step))
        return AW_ECORRUPT;
    t->round++;
    /* Rounds that fell due while hours held this one follow at the opening, not before. */
    if (t->why != AW_WHY_HOURS || f->last_round) {
        t->due = 0;
        t->why = AW_WHY_NONE;
    }
    t->settled = false;
    t->over = f->last_round;
    return 0;
}

static int fold_opened(struct aw_timeline *tl, const struct aw_fact *f)
{
    if (tl->registered != 0 || f->registered <= 0 || f->at <= 0 || f->at > f->registered)
        return AW_ECORRUPT;
    tl->registered = f->registered;
    tl->base = f->at;
    tl->accounted = f->registered;
    return 0;
}

static int fold_retry(struct aw_timeline *tl, const struct aw_fact *f)
{
    for (unsigned i = 0; i < tl->n_tries; i++) {
        struct aw_try *y = &tl->tries[i];
        if (y->ref != f->ref)
            continue;
        if (y->state != AW_TRY_WAITING || f->number != y->number + 1 || f->step != y->step ||
            f->kind != y->kind || f->round != y->round || f->person != y->person)
            return AW_ECORRUPT;
        if (f->via != y->via)
            y->spent = 0;
        y->attempt = f->attempt;
        y->number = f->number;
        y->via = f->via;
        y->state = AW_TRY_FLYING;
        y->held = false;
        y->parked = false;
        y->due = 0;
        return 0;
    }
    return AW_ECORRUPT;
}

static int fold_claimed(struct aw_timeline *tl, const struct aw_fact *f)
{
    if (f->n_devices > 0 && aw_fold_devices(tl, f) != 0)
        return AW_ECORRUPT;
    if (f->why == AW_WHY_DIGEST)
        tl->absence.told = true;
    if (f->attempt <= 0 || f->person <= 0 || f->round == 0 || try_find(tl, f->attempt))
        return AW_ECORRUPT;
    if (f->number != 1)
        return fold_retry(tl, f);

    struct aw_track *t = track_of(tl, f);
    if (!t || f->ref <= 0 || f->ref > f->attempt || tl->n_tries == AW_MAX_TRIES)
        return AW_ECORRUPT;
    if (f->round >= t->round && track_move(tl, t, f) != 0)
        return AW_ECORRUPT;
    if (f->round == 1) {
        t->hope++;
        t->unsent = false;
    }
    tl->tries[tl->n_tries++] = (struct aw_try){
        .attempt = f->attempt,
        .ref = f->ref,
        .person = f->person,
        .step = f->step,
        .kind = f->kind,
        .round = f->round,
        .number = 1,
        .via = f->via,
        .pos = f->pos,
        .state = AW_TRY_FLYING,
    };
    return 0;
}

static int fold_skipped(struct aw_timeline *tl, const struct aw_fact *f)
{
    struct aw_track *t = track_of(tl, f);
    if (!t)
        return AW_ECORRUPT;
    if (f->unsent && f->round == 1)
        t->unsent = true;
    return track_move(tl, t, f);
}

/* A try that waits goes on waiting. */
static int fold_put_off(struct aw_timeline *tl, const struct aw_fact *f)
{
    struct aw_try *y = try_find(tl, f->attempt);

    if (!y || y->state != AW_TRY_WAITING || f->at <= 0)
        return AW_ECORRUPT;
    y->held = f->why == AW_WHY_LOGGED_OUT;
    y->due = f->at;
    y->parked = true;
    return 0;
}

static int fold_moved(struct aw_timeline *tl, const struct aw_fact *f)
{
    if (f->type == AW_FACT_DEFERRED && f->attempt)
        return fold_put_off(tl, f);
    struct aw_track *t = track_of(tl, f);
    unsigned round = f->type == AW_FACT_ADVANCED ? 1 : f->round;

    if (!t || t->over || t->round != round || f->at <= 0 || tl->state != AW_OPEN ||
        f->step == AW_STEP_EXHAUSTED)
        return AW_ECORRUPT;
    t->due = f->at;
    t->why = f->type == AW_FACT_ADVANCED ? AW_WHY_ADVANCED : f->why;
    if (f->why == AW_WHY_SETTLE)
        t->settled = true;
    return 0;
}

/* Brought forward: it waits already, and for later. */
static int fold_let_go(struct aw_timeline *tl, const struct aw_fact *f)
{
    if (f->attempt) {
        struct aw_try *y = try_find(tl, f->attempt);
        if (!y || y->state != AW_TRY_WAITING || !y->parked || f->at <= 0 || f->at >= y->due)
            return AW_ECORRUPT;
        y->due = f->at;
        return 0;
    }
    struct aw_track *t = track_find(tl, f->step, f->kind);

    if (!t || t->over || t->round != f->round || f->at <= 0 || f->at >= t->due ||
        tl->state != AW_OPEN)
        return AW_ECORRUPT;
    t->due = f->at;
    return 0;
}

static int fold_outcome(struct aw_timeline *tl, const struct aw_fact *f)
{
    struct aw_try *y = try_find(tl, f->attempt);
    if (!y || f->outcome == AW_OUT_NONE || f->outcome >= AW_N_OUTCOMES)
        return AW_ECORRUPT;
    if (y->state == AW_TRY_WAITING && f->outcome != AW_OUT_DROPPED)
        return AW_ECORRUPT;
    if (f->at == 0) {
        memmove(y, y + 1, (size_t)(&tl->tries[--tl->n_tries] - y) * sizeof(*y));
        return 0;
    }
    switch (f->outcome) {
    case AW_OUT_THROTTLED:
        y->waits++;
        break;
    case AW_OUT_TRANSIENT:
    case AW_OUT_UNKNOWN:
    case AW_OUT_AUTH:
        y->spent++;
        break;
    case AW_OUT_NO_TARGET: /* taken for logged out: it waits for the recipient */
        if (f->why != AW_WHY_LOGGED_OUT)
            return AW_ECORRUPT;
        y->held = true;
        break;
    default: /* over means over */
        return AW_ECORRUPT;
    }
    y->state = AW_TRY_WAITING;
    y->due = f->at;
    return f->at > 0 ? 0 : AW_ECORRUPT;
}

static int fold_evidence(struct aw_timeline *tl, const struct aw_fact *f)
{
    if (f->level == AW_LEVEL_NONE || f->level >= AW_N_LEVELS)
        return AW_ECORRUPT;
    if (f->counts) {
        if (f->person != tl->person || f->level <= tl->level)
            return AW_ECORRUPT;
        tl->level = f->level;
    }
    if (f->device)
        aw_fold_device_level(tl, f);
    if (f->stands) {
        if (f->counts || f->person <= 0 || f->person == tl->person || tl->acked_by != 0 ||
            f->level != AW_ACKNOWLEDGED)
            return AW_ECORRUPT;
        tl->acked_by = f->person;
    }
    if (f->late) {
        if (!(f->counts || f->stands) || tl->state == AW_OPEN || tl->state == AW_CONFIRMED ||
            tl->late)
            return AW_ECORRUPT;
        tl->late = true;
    }
    return 0;
}

static int fold_negative(struct aw_timeline *tl, const struct aw_fact *f)
{
    struct aw_track *t = track_find(tl, f->step, f->kind);
    if (f->negative == AW_NEG_NONE || f->negative >= AW_N_NEGATIVES || f->person <= 0 || !t)
        return AW_ECORRUPT;

    struct aw_neg *neg = neg_find(tl, f->person, f->kind);
    if (neg)
        neg->what = f->negative;
    else if (tl->n_negs < AW_MAX_NEGATIVES) /* beyond, the address is merely tried again */
        tl->negs[tl->n_negs++] =
            (struct aw_neg){.person = f->person, .kind = f->kind, .what = f->negative};

    if (f->round == 1 && t->hope > 0 && --t->hope == 0)
        t->unsent = true;
    return 0;
}

static int fold_downtime(struct aw_timeline *tl, const struct aw_fact *f)
{
    if (tl->state != AW_OPEN || f->at <= tl->accounted || f->moved < 0)
        return AW_ECORRUPT;
    tl->moved += f->moved;
    tl->accounted = f->at;
    return 0;
}

static int fold_ended(struct aw_timeline *tl, const struct aw_fact *f)
{
    bool may_return = f->state == AW_CONFIRMED || f->state == AW_RELEASED;

    if (tl->state != AW_OPEN || f->state == AW_OPEN || f->state >= AW_N_STATES)
        return AW_ECORRUPT;
    if (f->at != 0 && (!may_return || f->from <= 0 || f->at <= f->from || f->at > AW_LAST_INSTANT))
        return AW_ECORRUPT;
    tl->state = f->state;
    if (f->at != 0)
        tl->back = (struct aw_back){f->from, f->at};
    return 0;
}

/* --- people act ------------------------------------------------------------------------------ */

bool aw_timeline_held(const struct aw_timeline *tl, aw_time now)
{
    return tl->state == AW_OPEN && now < tl->snoozed;
}

/* Puts off, or brings back, what is still to come of a kind. Dues that differ from the plan are
 * instants and move one by one; that of a firing which hours hold is the opening, and stays. */
static int shift(struct aw_timeline *tl, unsigned kind, aw_ms by)
{
    for (unsigned i = 0; i < tl->n_tracks; i++) {
        struct aw_track *t = &tl->tracks[i];
        if (t->kind == kind && t->due != 0 && t->why != AW_WHY_HOURS && (t->due += by) <= 0)
            return AW_ECORRUPT;
    }
    return 0;
}

static aw_ms hold_extend(struct aw_hold *h, aw_time from, aw_time until)
{
    aw_time free_from = from < h->until ? h->until : from;
    aw_ms by = until > free_from ? until - free_from : 0;

    if (by > 0) {
        h->from = from >= h->until ? from : h->from;
        h->until = until;
        h->shift += by;
    }
    return by;
}

static aw_ms hold_end(struct aw_hold *h, aw_time at)
{
    aw_time since = at > h->from ? at : h->from;
    aw_ms left = h->until > since ? h->until - since : 0;

    if (left > 0)
        h->until = since;
    h->shift -= left;
    return left;
}

static bool holds_fit(const struct aw_timeline *tl)
{
    bool fit = tl->hold.shift >= 0 && tl->hold.shift <= AW_LAST_INSTANT;

    for (unsigned k = 0; k < AW_N_KINDS; k++)
        fit = fit && tl->kind_hold[k].shift >= 0 && tl->kind_hold[k].shift <= AW_LAST_INSTANT;
    return fit;
}

/* Overlapping holds count once. */
static int fold_held(struct aw_timeline *tl, const struct aw_fact *f)
{
    unsigned kinds = f->kinds ? f->kinds : AW_ALL_KINDS;
    aw_time free_from = f->from < tl->hold.until ? tl->hold.until : f->from;

    if (tl->state != AW_OPEN || f->from <= 0 || f->at <= f->from || f->at > AW_LAST_INSTANT ||
        kinds > AW_ALL_KINDS || f->moved != hold_extend(&tl->hold, f->from, f->at))
        return AW_ECORRUPT;
    tl->absence.moved -= aw_absence_within(&tl->absence, free_from, f->at);
    if (f->why != AW_WHY_HOURS && f->at > tl->snoozed)
        tl->snoozed = f->at;
    for (unsigned k = 0; k < AW_N_KINDS; k++)
        if ((kinds >> k & 1) && shift(tl, k, hold_extend(&tl->kind_hold[k], f->from, f->at)) != 0)
            return AW_ECORRUPT;
    return holds_fit(tl) ? 0 : AW_ECORRUPT;
}

/* Ends what hours hold, too: that is judged anew. */
static int fold_resumed(struct aw_timeline *tl, const struct aw_fact *f)
{
    aw_time until = tl->hold.until;

    if (tl->state != AW_OPEN || f->at < tl->hold.from || f->at >= tl->snoozed ||
        f->moved != hold_end(&tl->hold, f->at))
        return AW_ECORRUPT;
    tl->absence.moved += aw_absence_within(&tl->absence, f->at, until);
    tl->snoozed = f->at;
    for (unsigned k = 0; k < AW_N_KINDS; k++)
        if (shift(tl, k, -hold_end(&tl->kind_hold[k], f->at)) != 0)
            return AW_ECORRUPT;
    return holds_fit(tl) ? 0 : AW_ECORRUPT;
}

static int fold_escalated(struct aw_timeline *tl, const struct aw_fact *f)
{
    if (tl->state != AW_OPEN || f->step >= AW_MAX_STEPS || f->round == 0 || f->at <= 0 ||
        f->at > AW_LAST_INSTANT)
        return AW_ECORRUPT;
    tl->escalated = (struct aw_escalation){.at = f->at, .step = f->step, .round = f->round};
    /* What put it off before is over: what puts it off from here on counts. */
    for (unsigned i = 0; i < tl->n_tracks; i++) {
        struct aw_track *t = &tl->tracks[i];
        if (t->step == f->step && t->round == f->round) {
            t->due = 0;
            t->why = AW_WHY_NONE;
        }
    }
    return 0;
}

/* The time since the end was a hold, and what was proven of the goal is void. */
/* The wait for a login ended with the timeline: nobody has looked since. */
static void end_absence(struct aw_timeline *tl, aw_time at)
{
    struct aw_absence *a = &tl->absence;

    if (a->until <= at || a->from > at)
        return;
    a->moved -= a->until - at - aw_hold_within(&tl->hold, at, a->until);
    a->spent -= a->until - at;
    a->until = at;
}

static int fold_reopened(struct aw_timeline *tl, const struct aw_fact *f)
{
    aw_time from = tl->back.from;

    end_absence(tl, from);
    if (tl->back.at == 0 || f->at < tl->back.at || f->at > AW_LAST_INSTANT ||
        f->level > tl->level || f->moved != hold_extend(&tl->hold, from, f->at))
        return AW_ECORRUPT;
    tl->state = AW_OPEN;
    tl->level = f->level;
    tl->late = false;
    tl->acked_by = 0;
    tl->back = (struct aw_back){0};
    for (unsigned k = 0; k < AW_N_KINDS; k++)
        if (shift(tl, k, hold_extend(&tl->kind_hold[k], from, f->at)) != 0)
            return AW_ECORRUPT;
    return holds_fit(tl) ? 0 : AW_ECORRUPT;
}

static int fold_closed(struct aw_timeline *tl, const struct aw_fact *f)
{
    if (tl->back.at == 0)
        return AW_ECORRUPT;
    tl->back = (struct aw_back){0};
    return 0;
}

int aw_timeline_fold(struct aw_timeline *tl, const struct aw_fact *f)
{
    static int (*const fold[AW_N_FACTS])(struct aw_timeline *, const struct aw_fact *) = {
        [AW_FACT_OPENED] = fold_opened,       [AW_FACT_CLAIMED] = fold_claimed,
        [AW_FACT_SKIPPED] = fold_skipped,     [AW_FACT_DEFERRED] = fold_moved,
        [AW_FACT_ADVANCED] = fold_moved,      [AW_FACT_OUTCOME] = fold_outcome,
        [AW_FACT_EVIDENCE] = fold_evidence,   [AW_FACT_NEGATIVE] = fold_negative,
        [AW_FACT_DOWNTIME] = fold_downtime,   [AW_FACT_ENDED] = fold_ended,
        [AW_FACT_HELD] = fold_held,           [AW_FACT_RESUMED] = fold_resumed,
        [AW_FACT_ESCALATED] = fold_escalated, [AW_FACT_ABSENT] = aw_fold_absent,
        [AW_FACT_PRESENT] = aw_fold_present,  [AW_FACT_DEVICE] = aw_fold_device,
        [AW_FACT_LET_GO] = fold_let_go,       [AW_FACT_REOPENED] = fold_reopened,
        [AW_FACT_CLOSED] = fold_closed,
    };

    if ((unsigned)f->type >= AW_N_FACTS || (f->type != AW_FACT_OPENED && tl->registered == 0))
        return AW_ECORRUPT;
    return fold[f->type](tl, f);
}

bool aw_timeline_rests(const struct aw_timeline *tl)
{
    if (tl->state == AW_OPEN || tl->back.at != 0)
        return false;
    for (unsigned i = 0; i < tl->n_tries; i++)
        if (tl->tries[i].state == AW_TRY_WAITING)
            return false;
    return true;
}

int aw_timeline_apply(struct aw_timeline *tl, const struct aw_fact *f)
{
    int r = aw_timeline_fold(tl, f);
    if (r != 0)
        return r;
    tl->due = f->next_due;
    return (tl->due == 0) == aw_timeline_rests(tl) ? 0 : AW_ECORRUPT;
}
