/* SPDX-License-Identifier: Apache-2.0
 *
 * Hours of the rule: inside the windows of a calendar a firing waits for their end, or is skipped.
 * Each firing is judged alone, at its own time, and what waited is judged whole again when the
 * windows end. A hold that shifts is a hold of the timeline (fact HELD), a hold that keeps moves
 * the one firing (fact DEFERRED). A firing that nobody can receive does not wait.
 */
#include "core/engine_int.h"

#define LOOK_AHEAD 1000 /* judgements: a calendar may open and close every minute */

/* The entry that decides about the kind at t, and when its windows end; NULL: none. */
static const struct aw_hours *applying(const struct aw_rule *rule, const struct aw_env *env,
                                       enum aw_kind kind, aw_time t, aw_time *ret_until)
{
    const struct aw_world *w = env->world;

    for (unsigned i = 0; w->inside && i < rule->n_hours; i++) {
        const struct aw_hours *h = &rule->hours[i];
        if (!(h->kinds >> kind & 1) || (h->except >> env->priority & 1))
            continue;
        aw_time until = w->inside(w->ctx, h->calendar, t);
        if (until <= t)
            continue;
        *ret_until = until < AW_LAST_INSTANT ? until : AW_LAST_INSTANT;
        return h;
    }
    return NULL;
}

bool aw_hours_skip(const struct aw_call *c, enum aw_kind kind)
{
    aw_time until;
    const struct aw_hours *h = applying(c->rule, c->env, kind, c->env->now, &until);

    return h && h->inside == AW_INSIDE_SKIP;
}

/* Nothing but this firing waits. What still waits at the deadline is skipped there. */
static void keep(struct aw_call *c, const struct aw_firing *g, aw_time until)
{
    aw_time deadline = aw_deadline(c->rule, c->tl);
    aw_time at = until < deadline ? until : deadline;

    if (at <= c->env->now)
        aw_skip(c, g, AW_WHY_HOURS, false);
    else
        aw_emit(c, (struct aw_fact){.type = AW_FACT_DEFERRED,
                                    .step = (uint8_t)g->step,
                                    .kind = (uint8_t)g->kind,
                                    .round = (uint16_t)g->round,
                                    .why = AW_WHY_HOURS,
                                    .at = at});
}

/* All of the kinds wait, and with them the deadline. */
static void shift(struct aw_call *c, const struct aw_firing *g, unsigned kinds, aw_time until)
{
    aw_time now = c->env->now, free_from = now < c->tl->hold.until ? c->tl->hold.until : now;

    aw_emit(c, (struct aw_fact){.type = AW_FACT_HELD,
                                .step = (uint8_t)g->step,
                                .kind = (uint8_t)g->kind,
                                .round = (uint16_t)g->round,
                                .kinds = kinds == AW_ALL_KINDS ? 0 : (uint8_t)kinds,
                                .why = AW_WHY_HOURS,
                                .from = now,
                                .at = until,
                                .moved = until > free_from ? until - free_from : 0});
}

bool aw_gate_hours(struct aw_call *c, const struct aw_firing *g)
{
    struct aw_reached to[AW_MAX_TO];
    enum aw_why why;
    aw_time until;

    if (c->rule->n_hours == 0 || g->why == AW_WHY_ESCALATED)
        return false;
    const struct aw_hours *h = applying(c->rule, c->env, g->kind, c->env->now, &until);
    if (!h || h->inside == AW_INSIDE_SEND)
        return false;
    if (h->inside == AW_INSIDE_SKIP)
        aw_skip(c, g, AW_WHY_HOURS, false);
    else if (aw_reach(c, g->step, g->kind, to, &why) == 0)
        return false;
    else if (h->then == AW_THEN_KEEP)
        keep(c, g, until);
    else
        shift(c, g, h->kinds, until);
    return true;
}

/* --- looking ahead -------------------------------------------------------------------------- */

/* What hours will have put off by some instant to come. */
struct ahead {
    const struct aw_call *c;
    struct aw_hold holds[AW_N_KINDS]; /* on top of those of the timeline */
    uint8_t judged[AW_MAX_STEPS];     /* kinds of steps, a bit each */
};

/* The next firing to be judged: the earliest of those that are not. */
static bool next_ahead(const struct ahead *a, struct aw_firing *ret)
{
    const struct aw_call *c = a->c;
    struct aw_firing g;
    bool found = false;

    for (unsigned i = 0; i < c->rule->n_steps; i++) {
        const struct aw_step *s = &c->rule->steps[i];
        for (unsigned k = 0; k < s->n_kinds; k++) {
            const struct aw_hold *h = &a->holds[s->kinds[k]];
            if ((a->judged[i] >> s->kinds[k] & 1) ||
                !aw_firing_of(c->rule, c->tl, i, s->kinds[k], &g))
                continue;
            g.due = g.due + h->shift < h->until ? h->until : g.due + h->shift;
            if (!found || g.due < ret->due)
                *ret = g;
            found = true;
        }
    }
    return found;
}

/* The hours that will apply to it, unless it is to be skipped anyhow or nobody can receive it. */
static const struct aw_hours *judge_ahead(const struct ahead *a, const struct aw_firing *g,
                                          aw_time *ret_until)
{
    const struct aw_call *c = a->c;
    const struct aw_step *s = &c->rule->steps[g->step];
    const struct aw_hours *h = applying(c->rule, c->env, g->kind, g->due, ret_until);
    struct aw_reached to[AW_MAX_TO];
    enum aw_why why;

    if (!h || h->inside == AW_INSIDE_SEND || g->why == AW_WHY_ESCALATED ||
        (s->unless != AW_LEVEL_NONE && c->tl->level >= s->unless))
        return NULL;
    return h->inside == AW_INSIDE_SKIP || aw_reach(c, g->step, g->kind, to, &why) > 0 ? h : NULL;
}

aw_time aw_hours_effective(const struct aw_rule *rule, const struct aw_timeline *tl,
                           const struct aw_env *env, unsigned step)
{
    const struct aw_call c = {.rule = rule, .tl = (struct aw_timeline *)tl, .env = env};
    struct ahead a = {.c = &c};
    aw_time kept = 0, until, deadline = aw_deadline(rule, tl);
    struct aw_firing g = {0};

    for (unsigned i = 0; i < LOOK_AHEAD && next_ahead(&a, &g); i++) {
        if ((kept != 0 && g.due >= kept) || g.due > aw_end_of_life(rule, tl))
            break;
        bool wanted = g.step == step && g.round == 1;
        const struct aw_hours *h = judge_ahead(&a, &g, &until);
        if (!h && wanted)
            return g.due;
        if (h && h->inside == AW_INSIDE_HOLD && h->then == AW_THEN_SHIFT) {
            for (unsigned k = 0; k < AW_N_KINDS; k++)
                if (h->kinds >> k & 1)
                    a.holds[k] =
                        (struct aw_hold){.shift = a.holds[k].shift + until - g.due, .until = until};
            deadline += until - g.due;
            continue; /* and is judged again at the opening */
        }
        if (h && h->inside == AW_INSIDE_HOLD && wanted && (kept == 0 || until < kept))
            kept = until;
        a.judged[g.step] |= (uint8_t)(1u << g.kind);
    }
    return kept && kept < deadline ? kept : deadline;
}
