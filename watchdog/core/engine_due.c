/* SPDX-License-Identifier: Apache-2.0
 *
 * What is due. One thing is decided at a time, in the order of its due instant; at one instant a
 * waiting try goes first, then firings, the deadline, the end of life. Each decision is made anew
 * from the timeline, so that a call that ran out of room for facts simply goes on in the next.
 */
#include <assert.h>
#include <string.h>

#include "core/engine_int.h"

/* --- downtimes ------------------------------------------------------------------------------ */

/* What a downtime took from the plan: where a person held it, or the deadline waited for the
 * recipient, there was nothing to lose. */
static aw_ms lost(const struct aw_timeline *tl, aw_time from, aw_time to)
{
    aw_time both_from = tl->hold.from > from ? tl->hold.from : from;
    aw_time both_to = tl->hold.until < to ? tl->hold.until : to;

    return to - from - aw_hold_within(&tl->hold, from, to) -
           aw_absence_within(&tl->absence, from, to) +
           aw_absence_within(&tl->absence, both_from, both_to);
}

/* The deadline moves by the downtimes that lie before it; one fact for all that are new. */
void aw_account_downtimes(struct aw_call *c)
{
    const struct aw_timeline *tl = c->tl;
    aw_time accounted = tl->accounted, deadline = aw_deadline(c->rule, tl);
    aw_ms moved = 0;

    if (tl->state != AW_OPEN || tl->registered == 0)
        return;
    for (unsigned i = 0; i < c->env->n_downtimes; i++) {
        const struct aw_span *d = &c->env->downtimes[i];
        aw_time from = d->from > accounted ? d->from : accounted;
        /* A deadline that had come before the downtime stays where it is. */
        if (d->to <= from || d->to > c->env->now || deadline + moved < d->from)
            continue;
        moved += lost(tl, from, d->to);
        accounted = d->to;
    }
    if (accounted > tl->accounted)
        aw_emit(c, (struct aw_fact){.type = AW_FACT_DOWNTIME,
                                    .moved = moved,
                                    .at = accounted,
                                    .why = AW_WHY_DOWNTIME});
}

static const struct aw_span *downtime_at(const struct aw_env *env, aw_time t)
{
    for (unsigned i = 0; i < env->n_downtimes; i++)
        if (env->downtimes[i].from <= t && t < env->downtimes[i].to)
            return &env->downtimes[i];
    return NULL;
}

/* --- skipping what is overtaken ------------------------------------------------------------- */

static bool unless_met(const struct aw_call *c, unsigned step)
{
    const struct aw_step *s = &c->rule->steps[step];

    if (s->unless == AW_LEVEL_NONE)
        return false;
    for (unsigned i = 0; s->all_devices && i < c->tl->n_devices; i++)
        if (c->tl->devices[i].level < s->unless)
            return false;
    return c->tl->level >= s->unless;
}

/* By due, then file order. Kinds of one round of a step stand beside each other. */
static bool comes_after(const struct aw_firing *a, const struct aw_firing *b)
{
    if (a->step == b->step)
        return a->round > b->round;
    return aw_firing_before(b, a) || (!aw_firing_before(a, b) && a->step > b->step);
}

/* The last round of a step x kind that is still to be decided and due before `limit`. */
static bool last_before(const struct aw_call *c, unsigned step, enum aw_kind kind, aw_time limit,
                        struct aw_firing *ret)
{
    if (!aw_firing_of(c->rule, c->tl, step, kind, ret) || ret->due >= limit ||
        aw_passed_over(c->rule, c->tl, step, ret->round))
        return false;
    unsigned round = aw_round_before(c->rule, c->tl, step, kind, limit);
    if (round > ret->round) {
        aw_time planned = aw_engine_planned(c->rule, c->tl, step, kind, round);
        ret->round = round;
        ret->fell_due = planned;
        ret->due = planned > ret->due ? planned : ret->due; /* not before the rounds before it */
    }
    return true;
}

/* The last round of a step x kind that is still to be decided, and that the plan has before a
 * place. */
static bool last_planned(const struct aw_call *c, unsigned step, enum aw_kind kind, aw_ms before,
                         struct aw_firing *ret)
{
    const struct aw_step *s = &c->rule->steps[step];
    aw_ms last = c->rule->deadline + aw_stretch(c->tl);

    if (!aw_firing_of(c->rule, c->tl, step, kind, ret) || ret->why != AW_WHY_DUE ||
        aw_place_of(s, ret->round) >= before)
        return false;
    if (last >= before)
        last = before - 1;
    aw_ms n = s->every ? 1 + (last - s->at) / s->every : 1;
    if (s->times != 0 && n > s->times)
        n = s->times;
    if (n > ret->round)
        ret->round = n < UINT16_MAX ? (unsigned)n : UINT16_MAX - 1;
    ret->due = ret->fell_due = c->tl->base + aw_place_of(s, ret->round);
    return true;
}

/* Past at registration: only the latest that is not skipped fires, also when a hold was over all of
 * them. */
static bool overtaken(const struct aw_call *c, const struct aw_firing *g)
{
    struct aw_firing me = *g, h;
    struct aw_reached r[AW_MAX_TO];
    aw_ms past = c->tl->registered - c->tl->base;
    enum aw_why why;

    if (g->why != AW_WHY_DUE || aw_place_of(&c->rule->steps[g->step], g->round) >= past)
        return false;
    me.due = me.fell_due = c->tl->base + aw_place_of(&c->rule->steps[g->step], g->round);
    for (unsigned i = 0; i < c->rule->n_steps; i++) {
        const struct aw_step *s = &c->rule->steps[i];
        for (unsigned k = 0; !unless_met(c, i) && k < s->n_kinds; k++)
            if (last_planned(c, i, s->kinds[k], past, &h) && comes_after(&h, &me) &&
                !aw_hours_skip(c, s->kinds[k]) && !aw_presence_skip(c, &h) &&
                aw_reach(c, i, s->kinds[k], r, &why) > 0)
                return true;
    }
    return false;
}

/* Missed in a downtime: of several to the same kind and target only the last runs. */
static bool collapsed(const struct aw_call *c, const struct aw_firing *g)
{
    const struct aw_span *d = downtime_at(c->env, g->due);
    const struct aw_step *mine = &c->rule->steps[g->step];
    struct aw_firing h;

    for (unsigned i = 0; d && i < c->rule->n_steps; i++)
        if (aw_step_same_targets(mine, &c->rule->steps[i]) && !unless_met(c, i) &&
            last_before(c, i, g->kind, d->to, &h) && comes_after(&h, g))
            return true;
    return false;
}

/* --- firings -------------------------------------------------------------------------------- */

static struct aw_fact skipped(const struct aw_call *c, const struct aw_firing *g, enum aw_why why)
{
    const struct aw_step *s = aw_rule_step(c->rule, g->step);

    return (struct aw_fact){.type = AW_FACT_SKIPPED,
                            .step = (uint8_t)g->step,
                            .kind = (uint8_t)g->kind,
                            .round = (uint16_t)g->round,
                            .last_round = aw_last_round(s, g->round),
                            .why = why,
                            .level = why == AW_WHY_UNLESS ? c->tl->level : AW_LEVEL_NONE,
                            .at = g->due};
}

void aw_skip(struct aw_call *c, const struct aw_firing *g, enum aw_why why, bool unsent)
{
    struct aw_fact f = skipped(c, g, why);

    f.unsent = unsent;
    aw_drop_rounds(c, g);
    aw_emit(c, f);
}

void aw_skip_by(struct aw_call *c, const struct aw_firing *g, enum aw_why why,
                const char by[AW_BY_MAX])
{
    struct aw_fact f = skipped(c, g, why);

    memcpy(f.by, by, sizeof(f.by));
    aw_drop_rounds(c, g);
    aw_emit(c, f);
}

void aw_claim(struct aw_call *c, const struct aw_firing *g)
{
    const struct aw_step *s = aw_rule_step(c->rule, g->step);
    const struct aw_world *w = c->env->world;
    struct aw_reached to[AW_MAX_TO];
    enum aw_why why;
    unsigned n = aw_reach(c, g->step, g->kind, to, &why);
    struct aw_choice over = aw_choose(c, g->step, g->kind);

    if (n == 0) {
        aw_skip(c, g, why, true);
        /* No channel at all, or the last line of the rule reaches nobody. */
        if (w->channels(w->ctx, s, g->kind) == 0 || g->step == AW_STEP_EXHAUSTED)
            c->up->tell_operators = true;
        if (g->round == 1)
            aw_advance(c, g->step);
        return;
    }
    /* What another firing carries along needs no place of its own. */
    if (over.at != 0 && g->step != AW_STEP_EXHAUSTED &&
        !aw_is_carried(c, g)) { /* that one has no later turn */
        aw_put_off(c, g, &over);
        return;
    }
    aw_drop_rounds(c, g);
    c->claimed = true;
    for (unsigned i = 0; i < n; i++) {
        aw_id id = aw_id_take(c->env->ids, c->env->now, 1);
        struct aw_fact f = {.type = AW_FACT_CLAIMED,
                            .step = (uint8_t)g->step,
                            .kind = (uint8_t)g->kind,
                            .round = (uint16_t)g->round,
                            .number = 1,
                            .via = (uint8_t)over.via,
                            .pos = to[i].pos,
                            .attempt = id,
                            .ref = id,
                            .person = to[i].person,
                            .last_round = aw_last_round(s, g->round),
                            .why = aw_is_carried(c, g) ? AW_WHY_CARRIED : g->why,
                            .at = g->due};
        aw_name_devices(c, &f);
        aw_emit(c, f);
    }
}

/* A query that may make the firing needless is in flight: put off once. Not past the deadline,
 * because what is due at the deadline still runs; and not what a person wants now. */
static bool settle(struct aw_call *c, const struct aw_firing *g)
{
    const struct aw_track *t = aw_timeline_track(c->tl, g->step, g->kind);
    aw_time until = c->env->now + c->rule->check.settle;
    aw_time deadline = aw_deadline(c->rule, c->tl);

    if (!c->env->querying || c->env->seed == 0 || (t && t->settled) ||
        c->rule->steps[g->step].unless == AW_LEVEL_NONE || g->why == AW_WHY_ESCALATED)
        return false;
    if (until > deadline)
        until = deadline;
    if (until <= c->env->now)
        return false;
    aw_emit(c, (struct aw_fact){.type = AW_FACT_DEFERRED,
                                .step = (uint8_t)g->step,
                                .kind = (uint8_t)g->kind,
                                .round = (uint16_t)g->round,
                                .why = AW_WHY_SETTLE,
                                .at = until});
    return true;
}

/* Missed in a downtime, and the rule does not want it made up for. */
static bool too_old(const struct aw_call *c, const struct aw_firing *g)
{
    aw_ms most = c->rule->catch_up;

    return most != 0 && c->env->now - g->due > (most == AW_CATCH_UP_NEVER ? -1 : most) &&
           downtime_at(c->env, g->due) != NULL;
}

/* A timeline with none left, whose deadline has passed as well, is not kept open by what the
 * downtime adds to it. */
static void skip_old(struct aw_call *c, const struct aw_firing *g)
{
    struct aw_firing next;

    aw_skip(c, g, AW_WHY_CATCH_UP, false);
    if (!aw_firing_first(c->rule, c->tl, &next) &&
        aw_deadline(c->rule, c->tl) - c->tl->moved <= c->env->now)
        aw_end(c, AW_EXPIRED, AW_WHY_CATCH_UP);
}

static void decide_firing(struct aw_call *c, struct aw_firing *g)
{
    if (aw_passed_over(c->rule, c->tl, g->step, g->round))
        aw_skip(c, g, AW_WHY_ESCALATED, false);
    else if (overtaken(c, g))
        aw_skip(c, g, AW_WHY_PAST, false);
    else if (collapsed(c, g))
        aw_skip(c, g, AW_WHY_COLLAPSED, false);
    else if (too_old(c, g))
        skip_old(c, g);
    else if (unless_met(c, g->step))
        aw_skip(c, g, AW_WHY_UNLESS, false);
    else if (!aw_gate_blind(c, g) && !settle(c, g) && !aw_gate_hours(c, g) &&
             !aw_gate_presence(c, g) && !aw_restrained(c, g))
        aw_claim(c, g);
}

/* --- the order ------------------------------------------------------------------------------ */

/* The most facts that one decision brings: the end, and all of the exhausted step. */
#define DECISION_MAX (1 + AW_N_KINDS * AW_MAX_TO)
static_assert(DECISION_MAX < AW_MAX_FACTS, "a call decides at least one thing");

/* Decides the one thing that comes first; false when nothing is due, or it might not fit any more
 * (then the timeline stays due). */
static bool decide_one(struct aw_call *c)
{
    const struct aw_timeline *tl = c->tl;
    const struct aw_try *waiting = aw_first_waiting(tl);
    aw_time end = aw_end_of_life(c->rule, tl);
    struct aw_firing g;

    if (c->err || tl->due == 0 || tl->due > c->env->now || !aw_fits(c, DECISION_MAX) ||
        (c->claimed && c->env->world->restrain))
        return false;
    if (tl->state == AW_OPEN && c->env->now > end)
        aw_end(c, AW_EXPIRED, AW_WHY_MAX_AGE);
    else if (waiting && waiting->due == tl->due)
        aw_try_again(c, waiting);
    else if (tl->back.at == tl->due)
        aw_reopen(c);
    else if (aw_firing_first(c->rule, tl, &g) && g.due == tl->due &&
             aw_has_room(c->rule, tl, g.step))
        decide_firing(c, &g);
    else if (aw_deadline(c->rule, tl) == tl->due)
        aw_end(c, AW_EXHAUSTED, AW_WHY_DEADLINE);
    else
        aw_end(c, AW_EXPIRED, AW_WHY_MAX_AGE);
    return true;
}

void aw_decide_due(struct aw_call *c)
{
    while (decide_one(c))
        ;
}
