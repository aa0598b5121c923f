/* SPDX-License-Identifier: Apache-2.0
 *
 * The plan of a timeline: which firings there are, and when each is due, computed anew each time
 * from the rule and the list of holds.
 */
#include "oracle/oracle_int.h"

#include <stdlib.h>

const struct aw_step *ora_step(struct ora *o, unsigned step)
{
    return step == AW_STEP_EXHAUSTED ? o->rule->exhausted : &o->rule->steps[step];
}

static int by_start(const void *a, const void *b)
{
    const struct ora_hold *x = a, *y = b;
    return x->from < y->from ? -1 : x->from > y->from;
}

/* "Overlapping holds count once": the holds as spans that do not touch each other, in order. */
static unsigned union_of_holds(const struct ora_tl *tl, unsigned what, struct ora_hold *ret)
{
    struct ora_hold all[ORA_HOLDS];
    unsigned n_all = 0, n = 0;

    for (unsigned i = 0; i < tl->n_holds; i++)
        if ((tl->holds[i].what & 1u << what) != 0)
            all[n_all++] = tl->holds[i];
    qsort(all, n_all, sizeof(all[0]), by_start);
    for (unsigned i = 0; i < n_all; i++) {
        if (n > 0 && all[i].from <= ret[n - 1].until) {
            if (all[i].until > ret[n - 1].until)
                ret[n - 1].until = all[i].until;
        } else if (all[i].until > all[i].from) {
            ret[n++] = all[i];
        }
    }
    return n;
}

/* "`shift` adds the length of the hold to every firing not yet claimed and to the deadline". So
 * what the plan has at a certain age comes later by all holds that it waits through ("A window
 * includes its first instant"). What was overdue already when a hold began waits for its end. */
static aw_time on_the_wall(const struct ora_tl *tl, aw_ms plan, unsigned what)
{
    struct ora_hold holds[ORA_HOLDS];
    unsigned n = union_of_holds(tl, what, holds);
    aw_time t = tl->base + plan;

    for (unsigned i = 0; i < n; i++) {
        if (t >= holds[i].from)
            t += holds[i].until - holds[i].from;
        else
            t = holds[i].until;
    }
    return t;
}

aw_ms ora_plan_clock(const struct ora_tl *tl, aw_time at, unsigned what)
{
    struct ora_hold holds[ORA_HOLDS];
    unsigned n = union_of_holds(tl, what, holds);
    aw_ms held = 0;

    for (unsigned i = 0; i < n; i++)
        if (at > holds[i].from)
            held += (at < holds[i].until ? at : holds[i].until) - holds[i].from;
    return at - tl->base - held;
}

aw_time ora_held_until(const struct ora_tl *tl, aw_time at, unsigned what)
{
    struct ora_hold holds[ORA_HOLDS];
    unsigned n = union_of_holds(tl, what, holds);

    for (unsigned i = 0; i < n; i++)
        if (at >= holds[i].from && at < holds[i].until)
            return holds[i].until;
    return 0;
}

aw_time ora_due(const struct ora_tl *tl, const struct ora_firing *f)
{
    if (f->at_once)
        return f->at_once;
    aw_time t = on_the_wall(tl, f->plan, f->kind);
    return t > f->not_before ? t : f->not_before;
}

/* "plan time: stands still while a step is held" */
aw_time ora_deadline(struct ora *o, const struct ora_tl *tl)
{
    return on_the_wall(tl, o->rule->deadline, ORA_DEADLINE);
}

/* "wall time: nothing outlives it"; "No hold moves `max_age`." */
aw_time ora_end_of_life(struct ora *o, const struct ora_tl *tl)
{
    return tl->registered + o->rule->max_age;
}

static unsigned rounds_listed(const struct ora_tl *tl, unsigned step, enum aw_kind kind)
{
    unsigned n = 0;

    for (unsigned i = 0; i < tl->n_firings; i++)
        n += tl->firings[i].step == step && tl->firings[i].kind == kind;
    return n;
}

/* "`times` counts all rounds, or `until_goal`; round k is due at `at + (k-1) x every`; rounds due
 * after the deadline do not run". "`do`: a list means one firing per kind, each judged alone". */
void ora_list_firings(struct ora *o, struct ora_tl *tl)
{
    for (unsigned s = 0; s < o->rule->n_steps; s++) {
        const struct aw_step *step = &o->rule->steps[s];
        for (unsigned k = 0; k < step->n_kinds; k++) {
            for (unsigned round = 1 + rounds_listed(tl, s, step->kinds[k]);
                 (step->times == 0 || round <= step->times) && tl->n_firings < ORA_FIRINGS;
                 round++) {
                struct ora_firing f = {.step = s,
                                       .nth = k,
                                       .kind = step->kinds[k],
                                       .round = round,
                                       .place = step->at + (round - 1) * step->every,
                                       .why = AW_WHY_DUE};
                f.plan = f.place;
                aw_time due = ora_due(tl, &f), end = ora_deadline(o, tl);
                /* With a deadline that was over before the registration, a hold puts on one instant
                 * what the plan has before and after it. */
                bool late =
                    tl->base + o->rule->deadline < tl->registered && f.plan > o->rule->deadline;
                if (round > 1 && (due > end || (due == end && late)))
                    break;
                tl->firings[tl->n_firings++] = f;
            }
        }
    }
}

/* What is put off has its turn at the deadline at the latest. */
aw_time ora_turn(struct ora *o, const struct ora_tl *tl, const struct ora_firing *f)
{
    aw_time due = ora_due(tl, f), end = ora_deadline(o, tl);

    return f->put_off != AW_WHY_NONE && due > end ? end : due;
}

static aw_time fell_due(const struct ora_tl *tl, const struct ora_firing *f)
{
    return f->kept ? on_the_wall(tl, f->place, f->kind) : ora_due(tl, f);
}

/* "Firings due at one instant go in file order" ... "and kinds in the order of `do`". Those that
 * were kept back "follow at the opening, in order": as the plan has them. */
static bool comes_before(struct ora *o, const struct ora_tl *tl, const struct ora_firing *a,
                         const struct ora_firing *b)
{
    aw_time x = ora_turn(o, tl, a), y = ora_turn(o, tl, b);

    if ((x > o->now || y > o->now) && x != y)
        return x < y;
    x = fell_due(tl, a);
    y = fell_due(tl, b);
    if (!a->at_once && !b->at_once && x != y)
        return x < y;
    if (a->kept && b->kept && a->place != b->place)
        return a->place < b->place;
    if (a->step != b->step)
        return a->step < b->step;
    if (a->kept && a->round != b->round)
        return a->round < b->round;
    return a->nth != b->nth ? a->nth < b->nth : a->round < b->round;
}

bool ora_is_first(const struct ora_tl *tl, const struct ora_firing *f)
{
    for (unsigned i = 0; i < tl->n_firings; i++) {
        const struct ora_firing *g = &tl->firings[i];
        if (g->is == ORA_WAITS && g->step == f->step && g->kind == f->kind && g->round < f->round)
            return false;
    }
    return true;
}

struct ora_firing *ora_next(struct ora *o, struct ora_tl *tl)
{
    struct ora_firing *next = NULL;

    for (unsigned i = 0; i < tl->n_firings; i++) {
        struct ora_firing *f = &tl->firings[i];
        if (f->is == ORA_WAITS && ora_is_first(tl, f) &&
            (f->at_once || ora_turn(o, tl, f) <= ora_deadline(o, tl)) &&
            (!next || comes_before(o, tl, f, next)))
            next = f;
    }
    return next;
}
