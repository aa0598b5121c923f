/* SPDX-License-Identifier: Apache-2.0
 *
 * Step 5 of docs/rules.md section 4: what holds a firing back though nothing is wrong with it. An
 * open message of the recipient suppresses it (skipped); silences, limits and the storm brake put
 * it off, each named in the fact, until it is worth judging it again, whole. What is still held
 * back at the deadline is skipped there by the name of what did it. Nothing else moves.
 *
 * Also the two ways back: what put a firing off is over before its time (AW_EV_LET_GO), and another
 * firing to the same person carries it along (AW_EV_CARRY).
 */
#include <string.h>

#include "core/engine_int.h"

bool aw_is_carried(const struct aw_call *c, const struct aw_firing *g)
{
    const struct aw_event *by = c->carried;

    return by && by->step == g->step && by->kind == g->kind && by->round == g->round;
}

/* What holds the firing back from those whom it would reach; false: nobody can receive it. */
static bool ask(const struct aw_call *c, const struct aw_firing *g, bool waited,
                struct aw_restraint *ret)
{
    const struct aw_world *w = c->env->world;
    struct aw_reached to[AW_MAX_TO];
    int64_t persons[AW_MAX_TO];
    enum aw_why why;
    unsigned n = aw_reach(c, g->step, g->kind, to, &why);

    for (unsigned i = 0; i < n; i++)
        persons[i] = to[i].person;
    if (n > 0)
        w->restrain(w->ctx,
                    &(struct aw_candidate){.step = aw_rule_step(c->rule, g->step),
                                           .index = g->step,
                                           .round = g->round,
                                           .kind = g->kind,
                                           .via = aw_choose(c, g->step, g->kind).via,
                                           .persons = persons,
                                           .n_persons = n,
                                           .waited = waited,
                                           .wanted = g->why == AW_WHY_ESCALATED,
                                           .carried = aw_is_carried(c, g)},
                    ret);
    return n > 0;
}

/* Until the instant, at most to the deadline; skips the firing there. */
static void put_off(struct aw_call *c, const struct aw_firing *g, const struct aw_restraint *by)
{
    aw_time deadline = aw_deadline(c->rule, c->tl);
    struct aw_fact f = {.type = AW_FACT_DEFERRED,
                        .step = (uint8_t)g->step,
                        .kind = (uint8_t)g->kind,
                        .round = (uint16_t)g->round,
                        .via = by->bucket,
                        .why = by->why,
                        .at = by->at < deadline ? by->at : deadline};

    if (deadline <= c->env->now) {
        aw_skip_by(c, g, by->why, by->by);
        c->up->tell_operators |= by->why != AW_WHY_SILENCE; /* whose author meant it */
        return;
    }
    memcpy(f.by, by->by, sizeof(f.by));
    aw_emit(c, f);
}

bool aw_restrained(struct aw_call *c, const struct aw_firing *g)
{
    const struct aw_world *w = c->env->world;
    const struct aw_track *t = aw_timeline_track(c->tl, g->step, g->kind);
    struct aw_restraint by = {.why = AW_WHY_NONE};

    if (w->suppress)
        w->suppress(w->ctx, &by);
    if (by.why != AW_WHY_NONE) {
        aw_skip_by(c, g, by.why, by.by);
        return true;
    }
    if (!w->restrain || !ask(c, g, t && t->why == AW_WHY_BRAKE, &by) || by.why == AW_WHY_NONE)
        return false;
    put_off(c, g, &by);
    return true;
}

/* --- the ways back -------------------------------------------------------------------------- */

/* When a firing that was put off could go; 0: what put it off has an end that nobody moves. */
static aw_time free_again(const struct aw_call *c, const struct aw_track *t)
{
    struct aw_restraint by = {.why = AW_WHY_NONE};
    struct aw_firing g;

    if (!aw_firing_of(c->rule, c->tl, t->step, (enum aw_kind)t->kind, &g))
        return 0;
    switch (t->why) {
    case AW_WHY_CHANNEL:
        by.at = aw_choose(c, t->step, (enum aw_kind)t->kind).at;
        break;
    case AW_WHY_SILENCE:
    case AW_WHY_LIMIT:
    case AW_WHY_BRAKE:
        if (c->env->world->restrain)
            ask(c, &g, false, &by);
        break;
    default:
        return 0;
    }
    return by.at > c->env->now ? by.at : c->env->now;
}

void aw_take_let_go(struct aw_call *c)
{
    const struct aw_timeline *tl = c->tl;

    for (unsigned i = 0; i < tl->n_tracks && tl->state == AW_OPEN && aw_fits(c, 1); i++) {
        const struct aw_track t = tl->tracks[i];
        aw_time at = !t.over && t.due > c->env->now ? free_again(c, &t) : 0;
        if (at != 0 && at < t.due)
            aw_emit(c, (struct aw_fact){.type = AW_FACT_LET_GO,
                                        .step = t.step,
                                        .kind = t.kind,
                                        .round = t.round,
                                        .why = AW_WHY_LET_GO,
                                        .at = at});
    }
    for (unsigned i = 0; i < tl->n_tries && aw_fits(c, 1); i++) {
        const struct aw_try y = tl->tries[i];
        if (y.state == AW_TRY_WAITING && y.parked && y.due > c->env->now &&
            aw_choose_again(c, &y).at == 0)
            aw_emit(c, (struct aw_fact){.type = AW_FACT_LET_GO,
                                        .step = y.step,
                                        .kind = y.kind,
                                        .round = y.round,
                                        .attempt = y.attempt,
                                        .why = AW_WHY_LET_GO,
                                        .at = c->env->now});
    }
}

void aw_take_carry(struct aw_call *c, const struct aw_event *ev)
{
    const struct aw_track *t = aw_timeline_track(c->tl, ev->step, (enum aw_kind)ev->kind);

    if (c->tl->state != AW_OPEN || !t || t->over || t->round != ev->round ||
        t->why != AW_WHY_BRAKE || t->due == 0)
        return; /* it does not wait any more */
    if (t->due > c->env->now)
        aw_emit(c, (struct aw_fact){.type = AW_FACT_LET_GO,
                                    .step = ev->step,
                                    .kind = ev->kind,
                                    .round = ev->round,
                                    .why = AW_WHY_CARRIED,
                                    .at = c->env->now});
    c->carried = ev;
    aw_decide_due(c);
}
