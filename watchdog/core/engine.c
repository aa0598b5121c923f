/* SPDX-License-Identifier: Apache-2.0
 *
 * aw_engine_step: events in, facts out. The engine changes a timeline in one way only: it emits a
 * fact, and the fold (timeline.c) takes it in. So what it decided and what an auditor folds again
 * from the log cannot differ.
 */
#include "core/engine.h"

#include <assert.h>

#include "core/engine_int.h"

void aw_emit(struct aw_call *c, struct aw_fact f)
{
    if (c->err)
        return;
    if (!aw_fits(c, 1)) { /* more than any decision brings: not a timeline of ours */
        c->err = AW_ECORRUPT;
        return;
    }
    /* What is put off is due later, whatever a world answers: it would be decided again at once,
     * for ever. */
    if (f.type == AW_FACT_DEFERRED && f.at <= c->env->now)
        f.at = c->env->now + AW_SECOND;
    assert(f.level == AW_LEVEL_NONE || !f.counts || f.level > c->tl->level); /* RCP-MONO */
    c->err = aw_timeline_fold(c->tl, &f);
    if (c->err)
        return;
    c->tl->due = f.next_due = aw_due(c->rule, c->tl);
    assert((c->tl->due == 0) == aw_timeline_rests(c->tl));
    c->up->facts[c->up->n_facts++] = f;
}

bool aw_fits(const struct aw_call *c, unsigned n)
{
    return c->up->n_facts + n <= AW_MAX_FACTS;
}

bool aw_stopped(const struct aw_timeline *tl)
{
    return tl->state == AW_CANCELLED ||
           (tl->state != AW_OPEN && (tl->level == AW_ACKNOWLEDGED || tl->acked_by != 0));
}

static void fire_exhausted(struct aw_call *c)
{
    const struct aw_step *s = c->rule->exhausted;

    for (unsigned k = 0; s && k < s->n_kinds; k++)
        aw_claim(c, &(struct aw_firing){.step = AW_STEP_EXHAUSTED,
                                        .round = 1,
                                        .kind = s->kinds[k],
                                        .due = c->env->now,
                                        .why = AW_WHY_EXHAUSTED});
}

/* When a timeline that ends now comes back, 0: never. Nothing outlives max_age. */
static aw_time back_at(const struct aw_call *c, enum aw_state state)
{
    aw_time at = c->env->now + c->rule->reopen_after;
    bool may = state == AW_CONFIRMED || state == AW_RELEASED;

    return may && c->rule->reopen_after > 0 && at < aw_end_of_life(c->rule, c->tl) ? at : 0;
}

void aw_end(struct aw_call *c, enum aw_state state, enum aw_why why)
{
    aw_time back = back_at(c, state);

    aw_emit(c, (struct aw_fact){.type = AW_FACT_ENDED,
                                .state = state,
                                .why = why,
                                .from = back ? c->env->now : 0,
                                .at = back});
    if (aw_stopped(c->tl))
        aw_drop_tries(c, why);
    if (state == AW_EXHAUSTED || state == AW_EXPIRED)
        fire_exhausted(c);
}

/* The device that a proof is about; of a push to only one, that one. */
static const struct aw_device *device_of(const struct aw_timeline *tl, const struct aw_event *ev)
{
    if (ev->person != tl->person)
        return NULL;
    if (!ev->device && ev->attempt && tl->n_devices == 1 && ev->level >= AW_DELIVERED)
        return &tl->devices[0];
    return aw_timeline_device(tl, ev->device);
}

void aw_take_evidence(struct aw_call *c, const struct aw_event *ev)
{
    struct aw_timeline *tl = c->tl;
    bool final = tl->state != AW_OPEN;
    bool raises = ev->person == tl->person && ev->level > tl->level;
    const struct aw_device *device = device_of(tl, ev);
    bool proves = device && ev->level > device->level;
    bool stands = ev->person != tl->person && ev->sent && c->rule->by == AW_BY_ANYONE &&
                  ev->level == AW_ACKNOWLEDGED && tl->acked_by == 0;
    bool met = stands || (raises && ev->level >= c->rule->until);

    if (!raises && !proves && !stands && !(ev->attempt && ev->level > ev->known))
        return; /* nothing new */
    aw_emit(c, (struct aw_fact){
                   .type = AW_FACT_EVIDENCE,
                   .level = ev->level,
                   .source = ev->source,
                   .attempt = ev->attempt,
                   .person = ev->person,
                   .device = proves ? device->id : 0,
                   .at = ev->at ? ev->at : c->env->now,
                   .counts = raises,
                   .stands = stands,
                   .late = met && final && tl->state != AW_CONFIRMED && !tl->late,
               });
    aw_drop_proven(c, ev->attempt);
    if (!final && met)
        aw_end(c, AW_CONFIRMED, AW_WHY_GOAL);
    else if (aw_stopped(tl))
        aw_drop_tries(c, AW_WHY_GOAL);
}

/* The application sent the first step itself: it is on record like a claim of ours. */
static void record_already_sent(struct aw_call *c)
{
    const struct aw_step *s = &c->rule->steps[0];
    const struct aw_timeline *tl = c->tl;
    aw_id id = aw_id_take(c->env->ids, c->env->now, 1);

    if (s->kinds[0] != AW_PUSH || s->at != 0) {
        c->err = AW_ECORRUPT;
        return;
    }
    aw_emit(c, (struct aw_fact){.type = AW_FACT_CLAIMED,
                                .step = 0,
                                .kind = AW_PUSH,
                                .round = 1,
                                .number = 1,
                                .attempt = id,
                                .ref = id,
                                .person = tl->person,
                                .last_round = aw_last_round(s, 1),
                                .why = AW_WHY_ALREADY_SENT,
                                .at = tl->base});
    aw_take_outcome(c, &(struct aw_event){.type = AW_EV_OUTCOME,
                                          .attempt = id,
                                          .outcome = AW_OUT_ACCEPTED,
                                          .source = AW_SRC_APP,
                                          .at = tl->base,
                                          .why = AW_WHY_ALREADY_SENT});
}

static void open_timeline(struct aw_call *c, const struct aw_event *ev)
{
    aw_time now = c->env->now;

    aw_emit(c, (struct aw_fact){.type = AW_FACT_OPENED,
                                .registered = now,
                                .at = ev->at > 0 && ev->at < now ? ev->at : now});
    if (ev->already_sent)
        record_already_sent(c);
}

/* Whether the timeline can have come about under this rule. */
static bool fits_rule(const struct aw_rule *rule, const struct aw_timeline *tl)
{
    for (unsigned i = 0; i < tl->n_tracks; i++)
        if (!aw_rule_step(rule, tl->tracks[i].step))
            return false;
    for (unsigned i = 0; i < tl->n_tries; i++)
        if (!aw_rule_step(rule, tl->tries[i].step))
            return false;
    return tl->escalated.at == 0 || tl->escalated.step < rule->n_steps;
}

aw_time aw_engine_ask_at(const struct aw_rule *rule, const struct aw_timeline *tl)
{
    aw_time at = 0;
    struct aw_firing g;

    for (unsigned i = 0; tl->state == AW_OPEN && i < rule->n_steps; i++) {
        const struct aw_step *s = &rule->steps[i];
        for (unsigned k = 0; s->unless != AW_LEVEL_NONE && k < s->n_kinds; k++)
            if (aw_firing_of(rule, tl, i, s->kinds[k], &g) &&
                (at == 0 || g.due - rule->check.settle < at))
                at = g.due - rule->check.settle;
    }
    return at;
}

bool aw_engine_can_close(const struct aw_rule *rule, const struct aw_timeline *tl)
{
    return tl->back.at != 0 && rule->reopen_unless_closed;
}

void aw_reopen(struct aw_call *c)
{
    const struct aw_timeline *tl = c->tl;
    aw_time now = c->env->now;
    aw_time free_from = tl->back.from < tl->hold.until ? tl->hold.until : tl->back.from;
    enum aw_level below = (enum aw_level)(c->rule->until - 1);

    aw_emit(c, (struct aw_fact){.type = AW_FACT_REOPENED,
                                .at = now,
                                .moved = now > free_from ? now - free_from : 0,
                                .level = tl->level < below ? tl->level : below,
                                .why = AW_WHY_REOPENED});
}

int aw_engine_step(const struct aw_rule *rule, struct aw_timeline *tl, const struct aw_event *ev,
                   const struct aw_env *env, struct aw_update *ret)
{
    struct aw_call c = {.rule = rule, .tl = tl, .env = env, .up = ret};

    ret->n_facts = 0;
    ret->ask_at = 0;
    ret->tell_operators = false;
    if ((tl->registered == 0) != (ev->type == AW_EV_REGISTER) || !fits_rule(rule, tl))
        return AW_ECORRUPT;

    aw_account_downtimes(&c);
    switch (ev->type) {
    case AW_EV_REGISTER:
        open_timeline(&c, ev);
        break;
    case AW_EV_DUE:
        aw_decide_due(&c);
        break;
    case AW_EV_EVIDENCE:
        aw_take_evidence(&c, ev);
        break;
    case AW_EV_NEGATIVE:
        aw_take_negative(&c, ev);
        break;
    case AW_EV_OUTCOME:
        aw_take_outcome(&c, ev);
        break;
    case AW_EV_CANCEL:
        if (tl->state == AW_OPEN)
            aw_end(&c, AW_CANCELLED, AW_WHY_CANCELLED);
        else if (aw_engine_can_close(rule, tl))
            aw_emit(&c, (struct aw_fact){.type = AW_FACT_CLOSED, .why = AW_WHY_CLOSED});
        break;
    case AW_EV_RELEASE:
        if (tl->state == AW_OPEN)
            aw_end(&c, AW_RELEASED, AW_WHY_RELEASED);
        break;
    case AW_EV_HOLD:
        aw_take_hold(&c, ev);
        break;
    case AW_EV_RESUME:
        aw_take_resume(&c);
        break;
    case AW_EV_ESCALATE:
        aw_take_escalate(&c, ev);
        break;
    case AW_EV_LOGIN:
        aw_take_login(&c, ev);
        break;
    case AW_EV_AGAIN:
        aw_take_again(&c, ev);
        break;
    case AW_EV_DEVICE:
        aw_take_device(&c, ev);
        break;
    case AW_EV_LET_GO:
        aw_take_let_go(&c);
        break;
    case AW_EV_CARRY:
        aw_take_carry(&c, ev);
        break;
    }
    if (c.err)
        return c.err;
    ret->ask_at = aw_engine_ask_at(rule, tl);
    return 0;
}
