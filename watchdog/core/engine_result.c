/* SPDX-License-Identifier: Apache-2.0
 *
 * How tries end. Each try is judged alone: accepted, it is over; failed for a while, it waits and
 * is tried again with the same reference, on the same channel, then on the next; failed for good,
 * its address is not used again and the next target has its turn, and when a step's first round
 * reached nobody the next step is brought forward.
 */
#include "core/engine_int.h"

/* --- whom a firing can reach ---------------------------------------------------------------- */

static bool dead(enum aw_negative n)
{
    return n != AW_NEG_NONE && n != AW_NEG_MISSING; /* a missing one is looked up again */
}

/* What is held against an address now: by the timeline, or by the directory. */
static enum aw_negative held_against(const struct aw_call *c, int64_t person, enum aw_kind kind)
{
    const struct aw_world *w = c->env->world;
    enum aw_negative n = aw_timeline_negative(c->tl, person, kind);

    return dead(n) || !w->negative ? n : w->negative(w->ctx, person, kind);
}

static bool listed(const struct aw_reached *r, unsigned n, int64_t person)
{
    for (unsigned i = 0; i < n; i++)
        if (r[i].person == person)
            return true;
    return false;
}

int64_t aw_reach_one(const struct aw_call *c, const struct aw_target *to, enum aw_kind kind,
                     enum aw_why *ret_why)
{
    const struct aw_world *w = c->env->world;
    int64_t person = w->person(w->ctx, to);
    unsigned is = kind == AW_PUSH && person > 0 && w->presence ? w->presence(w->ctx, person) : 0;

    if (person <= 0 || (to->type != AW_TO_RECIPIENT && person == c->tl->person))
        return 0; /* a third person is never the recipient */
    if (!w->has_address(w->ctx, person, kind)) {
        if (is)
            *ret_why = is & AW_IS_TAKEN ? AW_WHY_OTHER_ACCOUNT : AW_WHY_LOGGED_OUT;
        return 0;
    }
    enum aw_negative negative = held_against(c, person, kind);
    if (!dead(negative))
        return person;
    *ret_why = negative == AW_NEG_OPTED_OUT ? AW_WHY_OPTED_OUT : AW_WHY_DEAD_ADDRESS;
    return 0;
}

unsigned aw_reach(const struct aw_call *c, unsigned step, enum aw_kind kind,
                  struct aw_reached ret[AW_MAX_TO], enum aw_why *ret_why)
{
    const struct aw_world *w = c->env->world;
    const struct aw_step *s = aw_rule_step(c->rule, step);
    unsigned n = 0;

    *ret_why = AW_WHY_NO_CONTACT;
    if (w->channels(w->ctx, s, kind) == 0)
        return 0;
    for (unsigned i = 0; i < s->n_to; i++) {
        int64_t person = aw_reach_one(c, &s->to[i], kind, ret_why);
        if (person == 0 || listed(ret, n, person))
            continue;
        ret[n++] = (struct aw_reached){.person = person, .pos = (uint8_t)i};
        if (s->pick == AW_PICK_FIRST_REACHABLE)
            break;
    }
    return n;
}

/* --- advance -------------------------------------------------------------------------------- */

/* All kinds of the step's first round reached nobody, and the step says: advance. */
static bool has_failed(const struct aw_call *c, unsigned step)
{
    const struct aw_step *s = &c->rule->steps[step];

    for (unsigned k = 0; k < s->n_kinds; k++) {
        const struct aw_track *t = aw_timeline_track(c->tl, step, s->kinds[k]);
        if (!t || !t->unsent)
            return false;
    }
    return s->if_no_contact == AW_NO_CONTACT_ADVANCE;
}

/* Another step than `except` to the same kind and targets has failed, and has advanced then. */
static bool known_dead(const struct aw_call *c, const struct aw_step *s, enum aw_kind kind,
                       unsigned except)
{
    for (unsigned i = 0; i < c->rule->n_steps; i++)
        if (i != except && aw_step_has_kind(&c->rule->steps[i], kind) &&
            aw_step_same_targets(&c->rule->steps[i], s) && has_failed(c, i))
            return true;
    return false;
}

static bool adds_hope(const struct aw_call *c, unsigned step, unsigned except)
{
    const struct aw_step *s = &c->rule->steps[step];

    for (unsigned k = 0; k < s->n_kinds; k++)
        if (!known_dead(c, s, s->kinds[k], except))
            return true;
    return false;
}

aw_time aw_undecided(const struct aw_call *c, unsigned step)
{
    const struct aw_step *s = &c->rule->steps[step];
    struct aw_firing g;
    aw_time due = 0;

    for (unsigned k = 0; k < s->n_kinds; k++) {
        const struct aw_track *t = aw_timeline_track(c->tl, step, s->kinds[k]);
        bool held = t && t->due != 0 && t->why == AW_WHY_LOGGED_OUT;
        if (held || !aw_firing_of(c->rule, c->tl, step, s->kinds[k], &g) || g.round != 1 ||
            aw_passed_over(c->rule, c->tl, step, 1))
            return 0;
        if (due == 0 || g.due < due)
            due = g.due;
    }
    return due;
}

void aw_advance(struct aw_call *c, unsigned failed)
{
    const struct aw_rule *rule = c->rule;
    aw_time now = c->env->now, deadline = aw_deadline(rule, c->tl), first = 0;
    unsigned next = 0;

    if (c->tl->state != AW_OPEN || !has_failed(c, failed) || !adds_hope(c, failed, failed))
        return;
    for (unsigned i = 0; i < rule->n_steps; i++) {
        aw_time due = aw_undecided(c, i);
        if (due != 0 && (first == 0 || due < first) && adds_hope(c, i, AW_MAX_STEPS)) {
            first = due;
            next = i;
        }
    }
    if (first <= now) /* nothing left, or it runs now anyway */
        return;
    for (unsigned k = 0; k < rule->steps[next].n_kinds; k++)
        aw_emit(c, (struct aw_fact){.type = AW_FACT_ADVANCED,
                                    .step = (uint8_t)next,
                                    .kind = (uint8_t)rule->steps[next].kinds[k],
                                    .round = 1,
                                    .why = AW_WHY_ADVANCED,
                                    .at = now < deadline ? now : deadline});
}

/* --- giving up ------------------------------------------------------------------------------ */

void aw_emit_outcome(struct aw_call *c, const struct aw_try *y, enum aw_outcome outcome,
                     enum aw_why why, aw_time at)
{
    aw_emit(c, (struct aw_fact){.type = AW_FACT_OUTCOME,
                                .attempt = y->attempt,
                                .ref = y->ref,
                                .person = y->person,
                                .step = y->step,
                                .kind = y->kind,
                                .round = y->round,
                                .number = y->number,
                                .outcome = outcome,
                                .why = why,
                                .at = at});
}

/* Drops waiting tries of the firing's step and kind (g) or all of them (NULL). */
static void drop(struct aw_call *c, const struct aw_firing *g, enum aw_why why)
{
    for (unsigned i = 0; i < c->tl->n_tries && !c->err;) {
        const struct aw_try y = c->tl->tries[i];
        if (y.state == AW_TRY_WAITING && (!g || (y.step == g->step && y.kind == g->kind)))
            aw_emit_outcome(c, &y, AW_OUT_DROPPED, why, 0); /* and the next one stands at i */
        else
            i++;
    }
}

void aw_drop_rounds(struct aw_call *c, const struct aw_firing *g)
{
    drop(c, g, AW_WHY_NEXT_ROUND);
}

void aw_drop_tries(struct aw_call *c, enum aw_why why)
{
    drop(c, NULL, why);
}

static bool superseded(const struct aw_timeline *tl, unsigned step, enum aw_kind kind,
                       unsigned round)
{
    const struct aw_track *t = aw_timeline_track(tl, step, kind);
    return t && t->round > round + 1;
}

/* Why a firing that was claimed must not send again; NONE: it may. */
static enum aw_why barred(const struct aw_call *c, unsigned step, enum aw_kind kind, unsigned round,
                          aw_time at)
{
    if (aw_stopped(c->tl))
        return c->tl->state == AW_CANCELLED ? AW_WHY_CANCELLED : AW_WHY_GOAL;
    if (at >= aw_end_of_life(c->rule, c->tl))
        return AW_WHY_MAX_AGE;
    return superseded(c->tl, step, kind, round) ? AW_WHY_NEXT_ROUND : AW_WHY_NONE;
}

/* --- an address has failed ------------------------------------------------------------------ */

/* The next target of a firing, or the next step, after the address of one of its tries failed. */
static void go_on(struct aw_call *c, const struct aw_fact *failed)
{
    const struct aw_timeline *tl = c->tl;
    const struct aw_step *s = aw_rule_step(c->rule, failed->step);
    enum aw_kind kind = (enum aw_kind)failed->kind;
    struct aw_reached to[AW_MAX_TO];
    enum aw_why why;

    if (s->pick == AW_PICK_FIRST_REACHABLE &&
        aw_timeline_negative(tl, failed->person, kind) != AW_NEG_NONE &&
        barred(c, failed->step, kind, failed->round, c->env->now) == AW_WHY_NONE &&
        aw_reach(c, failed->step, kind, to, &why) > 0) {
        aw_id id = aw_id_take(c->env->ids, c->env->now, 1);
        aw_emit(c, (struct aw_fact){.type = AW_FACT_CLAIMED,
                                    .step = failed->step,
                                    .kind = failed->kind,
                                    .round = failed->round,
                                    .number = 1,
                                    .via = (uint8_t)aw_choose(c, failed->step, kind).via,
                                    .pos = to[0].pos,
                                    .attempt = id,
                                    .ref = id,
                                    .person = to[0].person,
                                    .last_round = aw_last_round(s, failed->round),
                                    .why = AW_WHY_NEXT_TARGET,
                                    .at = c->env->now});
        return;
    }
    if (failed->step == AW_STEP_EXHAUSTED)
        c->up->tell_operators = true; /* the last line of the rule has failed */
    else if (failed->round == 1)
        aw_advance(c, failed->step);
}

void aw_fail_address(struct aw_call *c, const struct aw_try *open, enum aw_negative negative,
                     enum aw_outcome outcome, enum aw_why why)
{
    const struct aw_try y = *open;
    struct aw_fact f = {.type = AW_FACT_NEGATIVE,
                        .negative = negative,
                        .person = y.person,
                        .kind = y.kind,
                        .step = y.step,
                        .round = y.round,
                        .attempt = y.attempt};

    aw_emit(c, f);
    aw_emit_outcome(c, &y, outcome, why, 0);
    if (!c->err)
        go_on(c, &f);
}

void aw_take_negative(struct aw_call *c, const struct aw_event *ev)
{
    const struct aw_timeline *tl = c->tl;
    struct aw_fact f = {.type = AW_FACT_NEGATIVE,
                        .negative = ev->negative,
                        .person = ev->person,
                        .kind = ev->kind,
                        .step = ev->step,
                        .round = ev->round,
                        .attempt = ev->attempt};

    if (ev->kind >= AW_N_KINDS || !aw_rule_step(c->rule, ev->step)) {
        c->err = AW_ECORRUPT;
        return;
    }
    if (dead(aw_timeline_negative(tl, ev->person, (enum aw_kind)ev->kind)))
        return; /* known */
    for (unsigned i = 0; i < tl->n_tries; i++) {
        const struct aw_try *y = &tl->tries[i];
        if (y->step == ev->step && y->kind == ev->kind && y->round == ev->round &&
            y->person == ev->person) {
            /* The receipt was faster than the answer, which will find the try over; or the try was
             * in vain and waits for another that needs not be made. */
            bool waits = y->state == AW_TRY_WAITING;
            aw_fail_address(c, y, ev->negative, waits ? AW_OUT_DROPPED : AW_OUT_REFUSED,
                            waits ? AW_WHY_DEAD_ADDRESS : AW_WHY_NONE);
            return;
        }
    }
    aw_emit(c, f);
    if (!c->err)
        go_on(c, &f);
}

/* --- outcomes ------------------------------------------------------------------------------- */

static void claim_again(struct aw_call *c, const struct aw_try *y, const struct aw_choice *o)
{
    aw_emit(c,
            (struct aw_fact){.type = AW_FACT_CLAIMED,
                             .step = y->step,
                             .kind = y->kind,
                             .round = y->round,
                             .number = (uint8_t)(y->number + 1),
                             .via = (uint8_t)o->via,
                             .pos = y->pos,
                             .attempt = aw_id_take(c->env->ids, c->env->now, 1),
                             .ref = y->ref,
                             .person = y->person,
                             .last_round = aw_last_round(aw_rule_step(c->rule, y->step), y->round),
                             .why = o->why,
                             .at = y->due});
}

void aw_try_again(struct aw_call *c, const struct aw_try *waiting)
{
    const struct aw_world *w = c->env->world;
    const struct aw_try y = *waiting;
    enum aw_kind kind = (enum aw_kind)y.kind;
    const struct aw_step *s = aw_rule_step(c->rule, y.step);
    enum aw_negative negative = held_against(c, y.person, kind);
    struct aw_choice over = aw_choose_again(c, &y);
    enum aw_why why = barred(c, y.step, kind, y.round, c->env->now);

    if (why == AW_WHY_NONE && aw_try_waits(c, &y))
        return;
    if (why == AW_WHY_NONE && dead(negative)) {
        aw_fail_address(c, &y, negative, AW_OUT_DROPPED, AW_WHY_DEAD_ADDRESS);
    } else if (why == AW_WHY_NONE && !w->has_address(w->ctx, y.person, kind)) {
        aw_fail_address(c, &y, AW_NEG_MISSING, AW_OUT_DROPPED, AW_WHY_NO_CONTACT);
    } else if (why == AW_WHY_NONE && over.via >= w->channels(w->ctx, s, kind)) {
        aw_emit_outcome(c, &y, AW_OUT_DROPPED, AW_WHY_TRIES_SPENT, 0);
        c->up->tell_operators = true;
    } else if (why != AW_WHY_NONE) {
        aw_emit_outcome(c, &y, AW_OUT_DROPPED, why, 0);
        c->up->tell_operators |= why == AW_WHY_MAX_AGE;
    } else if (over.at != 0) {
        aw_put_off_try(c, &y, &over);
    } else {
        claim_again(c, &y, &over);
    }
}

/* When a try that failed is made again: ours (back-off) and theirs (Retry-After), the larger. At
 * once, where its own channel cannot be sent to and another can. Not past the deadline, where one
 * more is worth it however long they ask us to wait. */
static aw_time again_at(const struct aw_call *c, const struct aw_try *y, const struct aw_event *ev)
{
    aw_time now = c->env->now, last = aw_end_of_life(c->rule, c->tl) - 1;
    bool throttled = ev->outcome == AW_OUT_THROTTLED;
    bool asked = throttled || (ev->outcome == AW_OUT_TRANSIENT && ev->at > now);
    unsigned n = throttled ? y->waits : y->spent;
    aw_time at = now + aw_retry_wait(ev->outcome, n, c->env->seed, y->ref, y->number);
    struct aw_choice over = aw_choose_again(c, y);

    /* A send that may have had its effect waits for a receipt before another channel repeats it. */
    if (over.at == 0 && over.via != y->via && ev->outcome != AW_OUT_UNKNOWN)
        return now;
    if ((asked || ev->outcome == AW_OUT_UNKNOWN) && at < ev->at)
        at = ev->at;
    if (throttled && at < now + AW_SECOND)
        at = now + AW_SECOND;
    if (c->tl->state == AW_OPEN && aw_deadline(c->rule, c->tl) > now)
        last = aw_deadline(c->rule, c->tl);
    return asked && at > last && last > now ? last : at;
}

/* A try failed for a while. */
static void take_failure(struct aw_call *c, const struct aw_try *y, const struct aw_event *ev)
{
    const struct aw_world *w = c->env->world;
    const struct aw_step *s = aw_rule_step(c->rule, y->step);
    enum aw_why why = ev->why;
    aw_time at;
    bool spent;

    if (ev->outcome == AW_OUT_UNKNOWN && w->holds_unknown &&
        w->holds_unknown(w->ctx, s, (enum aw_kind)y->kind, y->via)) {
        c->up->tell_operators = true;
        aw_emit_outcome(c, y, ev->outcome, AW_WHY_ON_UNKNOWN, 0);
        return;
    }
    if (ev->outcome == AW_OUT_THROTTLED) {
        spent = y->waits >= AW_MAX_WAITS;
        at = again_at(c, y, ev);
        why = AW_WHY_THROTTLED;
    } else if (y->spent + 1 < AW_CHANNEL_TRIES) {
        spent = false;
        at = again_at(c, y, ev);
    } else {
        spent = y->via + 1u >= w->channels(w->ctx, s, (enum aw_kind)y->kind);
        at = c->env->now; /* on the next channel */
    }

    enum aw_why bar = barred(c, y->step, (enum aw_kind)y->kind, y->round, at);
    if (bar == AW_WHY_NONE && (spent || y->number == UINT8_MAX))
        bar = AW_WHY_TRIES_SPENT;
    c->up->tell_operators |= bar == AW_WHY_TRIES_SPENT || bar == AW_WHY_MAX_AGE;
    aw_emit_outcome(c, y, ev->outcome, bar ? bar : why, bar ? 0 : at);
}

void aw_drop_proven(struct aw_call *c, aw_id attempt)
{
    for (unsigned i = 0; attempt && i < c->tl->n_tries; i++) {
        const struct aw_try y = c->tl->tries[i];

        if (y.state == AW_TRY_WAITING && (y.attempt == attempt || y.ref == attempt)) {
            aw_emit_outcome(c, &y, AW_OUT_DROPPED, AW_WHY_PROVEN, 0);
            return;
        }
    }
}

void aw_take_outcome(struct aw_call *c, const struct aw_event *ev)
{
    const struct aw_try *open = aw_timeline_try(c->tl, ev->attempt);
    if (!open || open->state != AW_TRY_FLYING)
        return; /* an old attempt number: too late to change anything */
    const struct aw_try y = *open;

    switch (ev->outcome) {
    case AW_OUT_ACCEPTED: {
        struct aw_event taken = *ev;
        taken.person = y.person;
        if (taken.level == AW_LEVEL_NONE)
            taken.level = AW_ACCEPTED;
        aw_emit_outcome(c, &y, ev->outcome, ev->why, 0);
        if (!c->err)
            aw_take_evidence(c, &taken);
        break;
    }
    case AW_OUT_DROPPED:
        aw_emit_outcome(c, &y, ev->outcome, ev->why, 0);
        break;
    case AW_OUT_NO_TARGET:
        if (!aw_hold_no_target(c, &y))
            aw_fail_address(c, &y, AW_NEG_NO_TARGET, ev->outcome, ev->why);
        break;
    case AW_OUT_REFUSED:
        c->up->tell_operators = true;
        aw_fail_address(c, &y, AW_NEG_REFUSED, ev->outcome, ev->why);
        break;
    case AW_OUT_THROTTLED:
    case AW_OUT_AUTH:
    case AW_OUT_TRANSIENT:
    case AW_OUT_UNKNOWN:
        take_failure(c, &y, ev);
        break;
    default:
        c->err = AW_ECORRUPT;
        break;
    }
}
