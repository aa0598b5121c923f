/* SPDX-License-Identifier: Apache-2.0
 *
 * When things are due. Pure questions about a rule and a timeline; nothing here decides.
 */
#include "base/hash.h"
#include "core/engine_int.h"

/* Nothing that is to come is due before the end of a hold. */
static aw_time after_hold(const struct aw_hold *h, aw_time t)
{
    return t < h->until ? h->until : t;
}

aw_ms aw_stretch(const struct aw_timeline *tl)
{
    return tl->moved + tl->absence.moved;
}

/* Where the plan has the deadline. */
static aw_time place_of_deadline(const struct aw_rule *rule, const struct aw_timeline *tl)
{
    return tl->base + rule->deadline + aw_stretch(tl) + tl->hold.shift;
}

aw_time aw_deadline(const struct aw_rule *rule, const struct aw_timeline *tl)
{
    return after_hold(&tl->hold, place_of_deadline(rule, tl));
}

aw_time aw_end_of_life(const struct aw_rule *rule, const struct aw_timeline *tl)
{
    return tl->registered + rule->max_age;
}

bool aw_last_round(const struct aw_step *s, unsigned round)
{
    return s->every == 0 || (s->times != 0 && round >= s->times);
}

aw_ms aw_place_of(const struct aw_step *s, unsigned round)
{
    return s->at + (aw_ms)(round - 1) * s->every;
}

/* Where the plan has a round, holds aside; 0: it has none, or one after the deadline. */
static aw_time place_in_time(const struct aw_rule *rule, const struct aw_timeline *tl,
                             unsigned step, enum aw_kind kind, unsigned round)
{
    const struct aw_step *s = aw_rule_step(rule, step);

    if (!s || step == AW_STEP_EXHAUSTED || round == 0 || round >= UINT16_MAX)
        return 0;
    if (round > 1 && aw_last_round(s, round - 1))
        return 0;
    aw_time at = tl->base + aw_place_of(s, round) + tl->kind_hold[kind].shift;
    return at <= place_of_deadline(rule, tl) ? at : 0;
}

aw_time aw_engine_planned(const struct aw_rule *rule, const struct aw_timeline *tl, unsigned step,
                          enum aw_kind kind, unsigned round)
{
    aw_time at = place_in_time(rule, tl, step, kind, round);

    return at ? after_hold(&tl->kind_hold[kind], at) : 0;
}

unsigned aw_round_before(const struct aw_rule *rule, const struct aw_timeline *tl, unsigned step,
                         enum aw_kind kind, aw_time limit)
{
    const struct aw_step *s = &rule->steps[step];
    const struct aw_hold *h = &tl->kind_hold[kind];
    aw_time start = tl->base + h->shift + s->at, deadline = place_of_deadline(rule, tl);

    if (limit <= h->until)
        return 0;
    if (limit > deadline)
        limit = deadline + 1;
    if (start >= limit)
        return 0;
    aw_ms n = s->every ? 1 + (limit - 1 - start) / s->every : 1;
    if (s->times != 0 && n > s->times)
        n = s->times;
    return n < UINT16_MAX ? (unsigned)n : UINT16_MAX - 1;
}

bool aw_passed_over(const struct aw_rule *rule, const struct aw_timeline *tl, unsigned step,
                    unsigned round)
{
    const struct aw_escalation *e = &tl->escalated;

    if (e->at == 0 || step >= rule->n_steps || e->step >= rule->n_steps)
        return false;
    aw_ms mine = aw_place_of(&rule->steps[step], round);
    aw_ms wanted = aw_place_of(&rule->steps[e->step], e->round);
    return mine < wanted || (mine == wanted && step < e->step);
}

/* What puts a firing off by these is asked again at the deadline, and skips it there. */
static bool ends_at_deadline(unsigned why)
{
    return why == AW_WHY_SILENCE || why == AW_WHY_LIMIT || why == AW_WHY_BRAKE ||
           why == AW_WHY_CHANNEL;
}

/* Its time by the plan, unless something brought it forward or put it off. */
static void set_due(const struct aw_rule *rule, const struct aw_timeline *tl,
                    const struct aw_track *t, struct aw_firing *g)
{
    const struct aw_escalation *e = &tl->escalated;

    if (aw_passed_over(rule, tl, g->step, g->round)) {
        g->due = e->at; /* whatever holds the others */
        g->why = AW_WHY_ESCALATED;
    } else if (e->at != 0 && g->step == e->step && g->round == e->round) {
        /* no channel could be sent to when it was wanted */
        g->due = t && t->due ? t->due : e->at;
        g->why = AW_WHY_ESCALATED;
    } else if (t && t->due && t->why == AW_WHY_HOURS) {
        /* Rounds after it are not due sooner; the first may have been brought forward. */
        if (g->round == 1 || g->due < t->due) {
            g->due = after_hold(&tl->kind_hold[g->kind], t->due);
            if (g->fell_due > g->due)
                g->fell_due = g->due;
            return; /* in the order in which they fell due */
        }
    } else if (t && t->due) {
        g->due = after_hold(&tl->kind_hold[g->kind],
                            t->why == AW_WHY_LOGGED_OUT && tl->absence.until ? tl->absence.until
                                                                             : t->due);
        /* A firing that was put off is due for no other reason when its turn has come. */
        if (t->why == AW_WHY_ADVANCED || t->why == AW_WHY_LOGGED_IN)
            g->why = t->why;
    }
    /* The deadline may have come nearer since: a hold ended before its time. */
    if (t && t->due && ends_at_deadline(t->why) && g->due > aw_deadline(rule, tl))
        g->due = aw_deadline(rule, tl);
    g->fell_due = g->due;
}

bool aw_firing_of(const struct aw_rule *rule, const struct aw_timeline *tl, unsigned step,
                  enum aw_kind kind, struct aw_firing *ret)
{
    const struct aw_track *t = aw_timeline_track(tl, step, kind);
    unsigned round = t ? t->round : 1;
    aw_time at = t && t->over ? 0 : place_in_time(rule, tl, step, kind, round);

    if (at == 0 || !aw_step_has_kind(&rule->steps[step], kind))
        return false;
    *ret = (struct aw_firing){.step = step,
                              .round = round,
                              .kind = kind,
                              .due = after_hold(&tl->kind_hold[kind], at),
                              .fell_due = at,
                              .why = AW_WHY_DUE};
    set_due(rule, tl, t, ret);
    return true;
}

bool aw_firing_before(const struct aw_firing *a, const struct aw_firing *b)
{
    return a->due != b->due ? a->due < b->due : a->fell_due < b->fell_due;
}

aw_time aw_engine_due(const struct aw_rule *rule, const struct aw_timeline *tl, unsigned step,
                      enum aw_kind kind, unsigned *ret_round)
{
    struct aw_firing g;

    if (tl->state != AW_OPEN || step >= rule->n_steps || !aw_firing_of(rule, tl, step, kind, &g) ||
        aw_passed_over(rule, tl, step, g.round))
        return 0;
    *ret_round = g.round;
    return g.due;
}

bool aw_firing_first(const struct aw_rule *rule, const struct aw_timeline *tl,
                     struct aw_firing *ret)
{
    struct aw_firing g;
    bool found = false;

    for (unsigned i = 0; i < rule->n_steps; i++) {
        const struct aw_step *s = &rule->steps[i];
        for (unsigned k = 0; k < s->n_kinds; k++) {
            if (aw_firing_of(rule, tl, i, s->kinds[k], &g) &&
                (!found || aw_firing_before(&g, ret))) {
                *ret = g;
                found = true;
            }
        }
    }
    return found;
}

unsigned aw_tries_needed(const struct aw_step *s)
{
    return s->pick == AW_PICK_ALL ? s->n_to : 1;
}

unsigned aw_tries_reserved(const struct aw_rule *rule)
{
    return rule->exhausted ? rule->exhausted->n_kinds * aw_tries_needed(rule->exhausted) : 0;
}

bool aw_has_room(const struct aw_rule *rule, const struct aw_timeline *tl, unsigned step)
{
    return tl->n_tries + aw_tries_needed(&rule->steps[step]) + aw_tries_reserved(rule) <=
           AW_MAX_TRIES;
}

const struct aw_try *aw_first_waiting(const struct aw_timeline *tl)
{
    const struct aw_try *first = NULL;

    for (unsigned i = 0; i < tl->n_tries; i++) {
        const struct aw_try *y = &tl->tries[i];
        if (y->state == AW_TRY_WAITING && (!first || y->due < first->due))
            first = y;
    }
    return first;
}

static aw_time earlier(aw_time a, aw_time b)
{
    return a != 0 && a < b ? a : b;
}

aw_time aw_due(const struct aw_rule *rule, const struct aw_timeline *tl)
{
    const struct aw_try *waiting = aw_first_waiting(tl);
    aw_time due = waiting ? waiting->due : 0;
    struct aw_firing g;

    if (tl->state != AW_OPEN)
        return tl->back.at ? earlier(due, tl->back.at) : due;
    due = earlier(due, aw_end_of_life(rule, tl));
    if (!aw_firing_first(rule, tl, &g))
        return earlier(due, aw_deadline(rule, tl));
    /* Without room the firing, and the deadline behind it, wait for a try to end. */
    return aw_has_room(rule, tl, g.step) ? earlier(due, g.due) : due;
}

aw_time aw_engine_next(const struct aw_rule *rule, const struct aw_timeline *tl, unsigned *ret_step,
                       enum aw_kind *ret_kind, unsigned *ret_round)
{
    struct aw_firing g;

    if (tl->state != AW_OPEN || !aw_firing_first(rule, tl, &g))
        return 0;
    *ret_step = g.step;
    *ret_kind = g.kind;
    *ret_round = g.round;
    return g.due;
}

unsigned aw_engine_ttl(const struct aw_rule *rule, const struct aw_timeline *tl, unsigned step,
                       const struct aw_env *env)
{
    const struct aw_step *s = aw_rule_step(rule, step);

    if (!s)
        return 0;
    if (s->ttl_until < 0 || (unsigned)s->ttl_until >= rule->n_steps)
        return (unsigned)(s->ttl / AW_SECOND);
    aw_time until = aw_hours_effective(rule, tl, env, (unsigned)s->ttl_until);
    aw_ms left = until - 15 * AW_SECOND - env->now;
    return left < 30 * AW_SECOND ? 30 : (unsigned)(left / AW_SECOND);
}

aw_time aw_check_next(const struct aw_check *c, aw_time accepted, unsigned n_asked, aw_time now)
{
    aw_time next = accepted + c->first;

    if (n_asked > 0) {
        aw_ms wait = c->every;
        /* Grows by at least a hundredth or not at all, so that this ends soon. */
        for (unsigned i = 1; i < n_asked && c->backoff_pct > 100 && wait < c->max_every; i++)
            wait = wait / 100 * c->backoff_pct + wait % 100 * c->backoff_pct / 100;
        next = now + (wait < c->max_every ? wait : c->max_every);
    }
    if (next < now)
        next = now;
    return next <= accepted + c->stop ? next : 0;
}

aw_ms aw_retry_wait(enum aw_outcome outcome, unsigned n, uint64_t seed, aw_id ref, unsigned number)
{
    const aw_ms most = AW_MINUTE;

    if (outcome == AW_OUT_AUTH) /* somebody must mend it: no hurry, no jitter */
        return most;
    aw_ms cap = n < 6 ? AW_SECOND << n : most;
    return seed ? (aw_ms)(aw_mix(seed, (uint64_t)ref, number) % ((uint64_t)cap + 1)) : cap;
}
