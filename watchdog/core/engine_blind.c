/* SPDX-License-Identifier: Apache-2.0
 *
 * Our own blindness is not the recipient's silence. A firing with `unless` that is due while
 * receipts of what this timeline has sent cannot be seen follows the channel's `on_blind`: it runs
 * all the same, and its claim says so, or it is held until they can be seen again, at most to the
 * deadline. What a person wants now waits for no receipt.
 */
#include "core/engine_int.h"

aw_time aw_check_unseen(const struct aw_check *c, aw_time accepted, aw_time now)
{
    aw_time before = accepted, last = accepted, next = accepted + c->first;

    if (next + c->every > now)
        return 0;
    for (unsigned n = 1; next <= now; n++) {
        before = last;
        last = next;
        next = aw_check_next(c, accepted, n, last);
        if (next == 0) /* not asked any more */
            return 0;
    }
    return before;
}

/* Put off until it is worth looking again; skipped at the deadline, where it must not be lost. */
static void hold(struct aw_call *c, const struct aw_firing *g, aw_time until)
{
    aw_time deadline = aw_deadline(c->rule, c->tl);

    if (deadline <= c->env->now) {
        aw_skip(c, g, AW_WHY_BLIND, false);
        return;
    }
    aw_emit(c, (struct aw_fact){.type = AW_FACT_DEFERRED,
                                .step = (uint8_t)g->step,
                                .kind = (uint8_t)g->kind,
                                .round = (uint16_t)g->round,
                                .why = AW_WHY_BLIND,
                                .at = until < deadline ? until : deadline});
}

bool aw_gate_blind(struct aw_call *c, struct aw_firing *g)
{
    const struct aw_world *w = c->env->world;
    struct aw_reached to[AW_MAX_TO];
    enum aw_why why;
    aw_time until = 0;

    if (!w->sight || c->rule->steps[g->step].unless == AW_LEVEL_NONE || g->why == AW_WHY_ESCALATED)
        return false;
    switch (w->sight(w->ctx, &until)) {
    case AW_BLIND_HOLD:
        if (aw_reach(c, g->step, g->kind, to, &why) == 0)
            return false; /* what nobody can receive is not held */
        hold(c, g, until > c->env->now ? until : c->env->now + c->rule->check.every);
        return true;
    case AW_BLIND_GO:
        if (g->why == AW_WHY_DUE)
            g->why = AW_WHY_BLIND;
        return false;
    default:
        return false;
    }
}
