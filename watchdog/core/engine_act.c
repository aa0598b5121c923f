/* SPDX-License-Identifier: Apache-2.0
 *
 * What people do to a timeline. A hold (snooze, claim) puts off all that is not yet claimed, and
 * the deadline, by its length; tries of firings claimed before go on. An escalate names one firing:
 * it is due now, held or not, and what the plan has before it is skipped. Neither sends anything:
 * what is due is decided by the DUE that follows.
 */
#include "core/engine_int.h"

void aw_take_hold(struct aw_call *c, const struct aw_event *ev)
{
    const struct aw_timeline *tl = c->tl;
    aw_time now = c->env->now, free_from = now < tl->hold.until ? tl->hold.until : now;

    if (tl->state != AW_OPEN || ev->at <= now)
        return;
    aw_emit(c, (struct aw_fact){.type = AW_FACT_HELD,
                                .from = now,
                                .at = ev->at,
                                .moved = ev->at > free_from ? ev->at - free_from : 0,
                                .why = ev->why});
}

void aw_take_resume(struct aw_call *c)
{
    const struct aw_hold *h = &c->tl->hold;
    /* Should the clock have been set back behind its beginning, nothing is left of the hold. */
    aw_time at = c->env->now > h->from ? c->env->now : h->from;

    if (aw_timeline_held(c->tl, at))
        aw_emit(c, (struct aw_fact){.type = AW_FACT_RESUMED,
                                    .at = at,
                                    .moved = h->until - at,
                                    .why = AW_WHY_RESUMED});
}

/* The earliest firing to come of the step, or of any; `first`: only of steps that have not fired.
 */
static bool earliest(const struct aw_rule *rule, const struct aw_timeline *tl, unsigned step,
                     bool first, struct aw_firing *ret)
{
    struct aw_firing g;
    bool found = false;

    for (unsigned i = 0; i < rule->n_steps; i++) {
        const struct aw_step *s = &rule->steps[i];
        for (unsigned k = 0; (step == AW_STEP_NEXT || step == i) && k < s->n_kinds; k++) {
            if (!aw_firing_of(rule, tl, i, s->kinds[k], &g) || (first && g.round > 1) ||
                aw_passed_over(rule, tl, i, g.round) || (found && g.due >= ret->due))
                continue;
            *ret = g;
            found = true;
        }
    }
    return found;
}

bool aw_engine_escalation(const struct aw_rule *rule, const struct aw_timeline *tl, unsigned step,
                          unsigned *ret_step, unsigned *ret_round)
{
    struct aw_firing g;

    if (tl->state != AW_OPEN ||
        (!earliest(rule, tl, step, true, &g) && !earliest(rule, tl, step, false, &g)))
        return false;
    *ret_step = g.step;
    *ret_round = g.round;
    return true;
}

void aw_take_escalate(struct aw_call *c, const struct aw_event *ev)
{
    unsigned step, round;

    if (aw_engine_escalation(c->rule, c->tl, ev->step, &step, &round))
        aw_emit(c, (struct aw_fact){.type = AW_FACT_ESCALATED,
                                    .step = (uint8_t)step,
                                    .round = (uint16_t)round,
                                    .at = c->env->now,
                                    .why = AW_WHY_ESCALATED});
}
