/* SPDX-License-Identifier: Apache-2.0
 *
 * "People act": snooze, resume, claim, escalate, cancel, about one recipient or all of them.
 */
#include "oracle/oracle_int.h"

#include <string.h>

/* "A hold is one line `held`", about what would have come next, and says until when. */
static void hold(struct ora *o, struct ora_tl *tl, aw_time until, enum aw_why why)
{
    if (until <= o->now || tl->n_holds == ORA_HOLDS)
        return;
    tl->holds[tl->n_holds++] = (struct ora_hold){.from = o->now, .until = until, .what = ORA_ALL};
    const struct ora_firing *f = ora_next(o, tl);
    if (f)
        ora_say(o, tl,
                (struct aw_virtual_line){.what = AW_V_HELD,
                                         .step = ora_step(o, f->step)->id,
                                         .round = f->round,
                                         .kind = f->kind,
                                         .why = why,
                                         .until = ora_held_until(tl, o->now, f->kind)});
}

/* "a `shift` hold that ends at its time or by resume". What hours hold meanwhile is judged again,
 * and held anew. */
static void resume(struct ora *o, struct ora_tl *tl)
{
    bool held = false;

    for (unsigned i = 0; i < tl->n_holds; i++)
        held = held || (tl->holds[i].until > o->now && !tl->holds[i].by_hours);
    for (unsigned i = 0; held && i < tl->n_holds; i++)
        if (tl->holds[i].until > o->now)
            tl->holds[i].until = o->now;
}

/* What comes first of the named step, or of those that have not fired; when there are none, of the
 * rounds that are left: "an id that has fired never fires again". */
static struct ora_firing *next_unfired(struct ora *o, struct ora_tl *tl, int step)
{
    struct ora_firing *next = NULL, *round = NULL;

    for (unsigned i = 0; i < tl->n_firings; i++) {
        struct ora_firing *f = &tl->firings[i];
        if (f->is != ORA_WAITS || !ora_is_first(tl, f) ||
            (step >= 0 && f->step != (unsigned)step) || ora_due(tl, f) > ora_deadline(o, tl))
            continue;
        struct ora_firing **best = f->round > 1 ? &round : &next;
        if (!*best || ora_due(tl, f) < ora_due(tl, *best) ||
            (ora_due(tl, f) == ora_due(tl, *best) &&
             (f->step < (*best)->step || (f->step == (*best)->step && f->round < (*best)->round))))
            *best = f;
    }
    return next ? next : round;
}

static int index_of(const struct aw_rule *r, const char *id)
{
    for (unsigned i = 0; id && i < r->n_steps; i++)
        if (strcmp(r->steps[i].id, id) == 0)
            return (int)i;
    return -1;
}

/* "escalate: the next unfired or the named step is due now; `unless` and the goal still apply,
 * hours and limits do not; steps between are skipped." */
static void escalate(struct ora *o, struct ora_tl *tl, const char *id)
{
    struct ora_firing *first = next_unfired(o, tl, index_of(o->rule, id));

    if (!first)
        return;
    const struct ora_firing wanted = *first;
    for (unsigned i = 0; i < tl->n_firings; i++) {
        struct ora_firing *f = &tl->firings[i];
        if (f->is != ORA_WAITS)
            continue;
        if (f->step == wanted.step && f->round == wanted.round) {
            f->at_once = o->now;
            f->wanted = true;
            f->why = AW_WHY_ESCALATED;
        } else if (f->place < wanted.place || (f->place == wanted.place && f->step < wanted.step)) {
            f->at_once = o->now;
            f->between = true;
        }
    }
}

void ora_act(struct ora *o, struct ora_tl *tl, const struct aw_virtual_event *ev)
{
    if (tl->state != AW_OPEN) {
        tl->closed = tl->closed || ev->act == AW_V_CANCEL;
        return;
    }
    switch (ev->act) {
    case AW_V_CANCEL:
        ora_end(o, tl, AW_CANCELLED, AW_WHY_CANCELLED);
        break;
    case AW_V_SNOOZE:
        hold(o, tl, ev->until ? ev->until : o->now + ev->hold, AW_WHY_SNOOZED);
        break;
    case AW_V_CLAIM: /* "a snooze of `claim.hold` by somebody else" */
        if (!ev->by || strcmp(ev->by, tl->rcpt->user) != 0)
            hold(o, tl, o->now + o->rule->claim_hold, AW_WHY_CLAIM);
        break;
    case AW_V_RESUME:
        resume(o, tl);
        break;
    case AW_V_ESCALATE:
        escalate(o, tl, ev->step);
        break;
    default:
        break;
    }
}
