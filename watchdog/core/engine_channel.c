/* SPDX-License-Identifier: Apache-2.0
 *
 * Over which channel. Those of a firing stand in order (`via`, else by weight); the first that can
 * be sent to carries it. One that cannot (paused, stopped, broken, full, at its limit) is passed
 * over without costing a try. Where none can, the firing waits, and a try waits on; what still
 * waits at the deadline is skipped there, and operators are told.
 */
#include "core/engine_int.h"

static aw_time free_at(const struct aw_call *c, const struct aw_step *s, enum aw_kind kind,
                       unsigned via, enum aw_claim_as as)
{
    const struct aw_world *w = c->env->world;
    aw_time at = w->free_at ? w->free_at(w->ctx, s, kind, via, as) : 0;

    return at > c->env->now ? at : 0;
}

/* Keeps the better of what is chosen and the channel at `via`. False: nothing better will come. */
static bool consider(const struct aw_call *c, struct aw_choice *best, bool first,
                     const struct aw_step *s, enum aw_kind kind, unsigned via, enum aw_claim_as as)
{
    aw_time at = free_at(c, s, kind, via, as);

    if (first || at == 0 || at < best->at)
        *best = (struct aw_choice){
            .via = via,
            .at = at,
            .why = as == AW_AS_RETRY ? AW_WHY_RETRY : AW_WHY_NEXT_CHANNEL,
        };
    return at != 0;
}

struct aw_choice aw_choose(const struct aw_call *c, unsigned step, enum aw_kind kind)
{
    const struct aw_world *w = c->env->world;
    const struct aw_step *s = aw_rule_step(c->rule, step);
    const struct aw_track *t = aw_timeline_track(c->tl, step, kind);
    unsigned n = w->channels(w->ctx, s, kind);
    struct aw_choice best = {0};

    for (unsigned i = 0; i < n; i++)
        if (!consider(c, &best, i == 0, s, kind, i,
                      t && t->why == AW_WHY_CHANNEL ? AW_AS_WAITED : AW_AS_NEW))
            break;
    return best;
}

struct aw_choice aw_choose_again(const struct aw_call *c, const struct aw_try *y)
{
    const struct aw_world *w = c->env->world;
    const struct aw_step *s = aw_rule_step(c->rule, y->step);
    enum aw_kind kind = (enum aw_kind)y->kind;
    unsigned n = w->channels(w->ctx, s, kind);
    bool spent = y->spent >= AW_CHANNEL_TRIES, first = true;
    struct aw_choice best = {.via = n};

    for (unsigned i = 0; i < n; i++) {
        unsigned via = (y->via + i) % n;
        /* Its own channel, and one before that was passed over or has failed: another try there. */
        if (spent && via <= y->via)
            continue;
        if (!consider(c, &best, first, s, kind, via, via <= y->via ? AW_AS_RETRY : AW_AS_OTHER))
            break;
        first = false;
    }
    return best;
}

void aw_put_off(struct aw_call *c, const struct aw_firing *g, const struct aw_choice *o)
{
    aw_time deadline = aw_deadline(c->rule, c->tl);
    aw_time at = o->at < deadline ? o->at : deadline;

    if (at <= c->env->now) {
        aw_skip(c, g, AW_WHY_CHANNEL, false);
        c->up->tell_operators = true;
        return;
    }
    aw_emit(c, (struct aw_fact){.type = AW_FACT_DEFERRED,
                                .step = (uint8_t)g->step,
                                .kind = (uint8_t)g->kind,
                                .round = (uint16_t)g->round,
                                .via = (uint8_t)o->via,
                                .why = AW_WHY_CHANNEL,
                                .at = at});
}

void aw_put_off_try(struct aw_call *c, const struct aw_try *y, const struct aw_choice *o)
{
    aw_time end = aw_end_of_life(c->rule, c->tl); /* then it is given up */

    aw_emit(c, (struct aw_fact){.type = AW_FACT_DEFERRED,
                                .step = y->step,
                                .kind = y->kind,
                                .round = y->round,
                                .attempt = y->attempt,
                                .via = (uint8_t)o->via,
                                .why = AW_WHY_CHANNEL,
                                .at = o->at < end || end <= c->env->now ? o->at : end});
}
