/* SPDX-License-Identifier: Apache-2.0
 *
 * The plan of a timeline: which firings there are, and when each is due, computed anew each time
 * from the rule and the list of holds.
 */
#include "oracle/oracle_int.h"

#include <stdlib.h>

const struct aw_step *ora_step(const struct ora *o, unsigned step)
{
    return step == AW_STEP_EXHAUSTED ? o->rule->exhausted : &o->rule->steps[step];
}

static int by_start(const void *a, const void *b)
{
    const struct ora_hold *x = a, *y = b;
    return x->from < y->from ? -1 : x->from > y->from;
}

/* "Overlapping holds count once": the holds as spans that do not touch each other, in order. */
static unsigned union_of_holds(const struct ora_tl *tl, struct ora_hold *ret)
{
    struct ora_hold all[ORA_HOLDS];
    unsigned n = 0;

    for (unsigned i = 0; i < tl->n_holds; i++)
        all[i] = tl->holds[i];
    qsort(all, tl->n_holds, sizeof(all[0]), by_start);
    for (unsigned i = 0; i < tl->n_holds; i++) {
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
 * includes its first instant"). What was overdue already when a hold began, at the registration,
 * waits for its end. */
static aw_time on_the_wall(const struct ora_tl *tl, aw_ms plan)
{
    struct ora_hold holds[ORA_HOLDS];
    unsigned n = union_of_holds(tl, holds);
    aw_time t = tl->base + plan;

    for (unsigned i = 0; i < n; i++) {
        if (t >= holds[i].from)
            t += holds[i].until - holds[i].from;
        else if (tl->registered == holds[i].from)
            t = holds[i].until;
    }
    return t;
}

aw_ms ora_plan_clock(const struct ora_tl *tl, aw_time at)
{
    struct ora_hold holds[ORA_HOLDS];
    unsigned n = union_of_holds(tl, holds);
    aw_ms held = 0;

    for (unsigned i = 0; i < n; i++)
        if (at > holds[i].from)
            held += (at < holds[i].until ? at : holds[i].until) - holds[i].from;
    return at - tl->base - held;
}

aw_time ora_held_until(const struct ora_tl *tl, aw_time at)
{
    struct ora_hold holds[ORA_HOLDS];
    unsigned n = union_of_holds(tl, holds);

    for (unsigned i = 0; i < n; i++)
        if (at >= holds[i].from && at < holds[i].until)
            return holds[i].until;
    return 0;
}

aw_time ora_due(const struct ora_tl *tl, const struct ora_firing *f)
{
    return f->at_once ? f->at_once : on_the_wall(tl, f->plan);
}

/* "plan time: stands still while a step is held" */
aw_time ora_deadline(const struct ora *o, const struct ora_tl *tl)
{
    return on_the_wall(tl, o->rule->deadline);
}

/* "wall time: nothing outlives it"; "No hold moves `max_age`." */
aw_time ora_end_of_life(const struct ora *o, const struct ora_tl *tl)
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
void ora_list_firings(const struct ora *o, struct ora_tl *tl)
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
                if (round > 1 && f.plan > o->rule->deadline)
                    break;
                tl->firings[tl->n_firings++] = f;
            }
        }
    }
}

/* "Firings due at one instant go in file order" ... "and kinds in the order of `do`". */
static bool comes_before(const struct ora_tl *tl, const struct ora_firing *a,
                         const struct ora_firing *b)
{
    aw_time x = ora_due(tl, a), y = ora_due(tl, b);

    if (x != y)
        return x < y;
    if (a->step != b->step)
        return a->step < b->step;
    return a->nth != b->nth ? a->nth < b->nth : a->round < b->round;
}

struct ora_firing *ora_next(const struct ora *o, struct ora_tl *tl)
{
    struct ora_firing *next = NULL;

    for (unsigned i = 0; i < tl->n_firings; i++) {
        struct ora_firing *f = &tl->firings[i];
        if (f->is == ORA_WAITS && (f->at_once || ora_due(tl, f) <= ora_deadline(o, tl)) &&
            (!next || comes_before(tl, f, next)))
            next = f;
    }
    return next;
}
