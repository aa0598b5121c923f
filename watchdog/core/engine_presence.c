/* SPDX-License-Identifier: Apache-2.0
 *
 * The recipient is logged out. A push or im to the recipient is held then (or skipped): it waits
 * for a login, for at most presence.hold_max in all holds of a timeline together. Nothing else
 * waits; the deadline is put off by as much. When the time is over the held ones are judged without
 * a hold, and the step of `on_expiry` is due. What a provider calls "nobody there" (JPush 1011) is
 * taken for logged out as well, also where no session was ever reported.
 *
 * Third persons are not waited for: a push to a manager does not depend on where the recipient is.
 */
#include "core/engine_int.h"

static bool is_held_kind(unsigned kind)
{
    return kind == AW_PUSH || kind == AW_IM;
}

static bool is_absent(const struct aw_call *c)
{
    const struct aw_world *w = c->env->world;

    return aw_timeline_absent(c->tl, c->env->now) ||
           (w->presence && (w->presence(w->ctx, c->tl->person) & AW_IS_ABSENT));
}

/* Whether the recipient could be reached after a login: the address is there, or stood on a device
 * that will tell it again. */
static bool would_reach(const struct aw_call *c, const struct aw_target *to, enum aw_kind kind)
{
    enum aw_why why = AW_WHY_NONE;

    return aw_reach_one(c, to, kind, &why) || (kind == AW_PUSH && why == AW_WHY_LOGGED_OUT) ||
           (kind == AW_PUSH && why == AW_WHY_OTHER_ACCOUNT && is_absent(c));
}

/* Whether it is the recipient to whom the firing goes. */
static bool is_for_recipient(const struct aw_call *c, const struct aw_firing *g)
{
    const struct aw_step *s = aw_rule_step(c->rule, g->step);
    const struct aw_world *w = c->env->world;
    enum aw_why why;

    if (w->channels(w->ctx, s, g->kind) == 0)
        return false;
    for (unsigned i = 0; i < s->n_to; i++) {
        if (s->to[i].type == AW_TO_RECIPIENT)
            return would_reach(c, &s->to[i], g->kind);
        if (s->pick == AW_PICK_FIRST_REACHABLE && aw_reach_one(c, &s->to[i], g->kind, &why))
            return false;
    }
    return false;
}

/* Until when what is due now is held; 0: it has waited for long enough. */
static aw_time hold(struct aw_call *c)
{
    const struct aw_absence *a = &c->tl->absence;
    aw_time now = c->env->now, until;
    aw_ms most = c->rule->presence.hold_max ? c->rule->presence.hold_max : c->rule->max_age;

    if (aw_timeline_absent(c->tl, now))
        return a->until;
    /* Should the clock have been set back behind the end of the last one, it begins there. */
    aw_time from = now > a->until ? now : a->until;
    if (a->spent >= most)
        return 0;
    until = from + (most - a->spent);
    if (until > AW_LAST_INSTANT)
        until = AW_LAST_INSTANT;
    aw_emit(c, (struct aw_fact){.type = AW_FACT_ABSENT,
                                .from = from,
                                .at = until,
                                .moved = until - from - aw_hold_within(&c->tl->hold, from, until),
                                .why = AW_WHY_LOGGED_OUT});
    return until;
}

/* hold_max is over: the step that is named for it is due, unless it has had its turn. */
static void expire(struct aw_call *c)
{
    const struct aw_rule *rule = c->rule;
    aw_time now = c->env->now;
    int step = rule->presence.on_expiry;

    if (step < 0 || (unsigned)step >= rule->n_steps || aw_undecided(c, (unsigned)step) <= now)
        return;
    for (unsigned k = 0; k < rule->steps[step].n_kinds; k++)
        aw_emit(c, (struct aw_fact){.type = AW_FACT_ADVANCED,
                                    .step = (uint8_t)step,
                                    .kind = (uint8_t)rule->steps[step].kinds[k],
                                    .round = 1,
                                    .why = AW_WHY_HOLD_OVER,
                                    .at = now});
}

/* --- firings -------------------------------------------------------------------------------- */

/* It fell due while the recipient was away. */
static bool was_held(const struct aw_call *c, const struct aw_firing *g)
{
    const struct aw_absence *a = &c->tl->absence;

    return g->why == AW_WHY_LOGGED_IN ||
           (g->why == AW_WHY_DUE && g->due >= a->from && g->due < a->until);
}

/* What was held meets the recipient again. */
static bool decide_held(struct aw_call *c, struct aw_firing *g)
{
    enum aw_on_login on_login = c->rule->presence.on_login;

    if (on_login == AW_ON_LOGIN_EACH || !was_held(c, g))
        return false;
    if (on_login == AW_ON_LOGIN_DROP) {
        aw_skip(c, g, AW_WHY_LOGGED_IN, false);
        return true;
    }
    if (c->tl->absence.told) {
        aw_skip(c, g, AW_WHY_DIGEST, false);
        return true;
    }
    g->why = AW_WHY_DIGEST;
    return false;
}

bool aw_presence_skip(const struct aw_call *c, const struct aw_firing *g)
{
    return c->rule->presence.logged_out == AW_LOGGED_OUT_SKIP && is_held_kind(g->kind) &&
           is_absent(c) && is_for_recipient(c, g);
}

bool aw_gate_presence(struct aw_call *c, struct aw_firing *g)
{
    enum aw_logged_out rule = c->rule->presence.logged_out;

    if (rule == AW_LOGGED_OUT_SEND || !is_held_kind(g->kind) || !is_for_recipient(c, g))
        return false;
    if (!is_absent(c))
        return decide_held(c, g);
    if (rule == AW_LOGGED_OUT_SKIP) {
        aw_skip(c, g, AW_WHY_LOGGED_OUT, false);
        return true;
    }
    aw_time until = hold(c);
    if (until == 0) {
        expire(c);
        return false;
    }
    aw_emit(c, (struct aw_fact){.type = AW_FACT_DEFERRED,
                                .step = (uint8_t)g->step,
                                .kind = (uint8_t)g->kind,
                                .round = (uint16_t)g->round,
                                .why = AW_WHY_LOGGED_OUT,
                                .at = until});
    return true;
}

/* --- tries ---------------------------------------------------------------------------------- */

static bool may_wait(const struct aw_call *c, const struct aw_try *y)
{
    return c->tl->state == AW_OPEN && c->rule->presence.logged_out == AW_LOGGED_OUT_HOLD &&
           y->step != AW_STEP_EXHAUSTED && is_held_kind(y->kind) && y->person == c->tl->person;
}

bool aw_try_waits(struct aw_call *c, const struct aw_try *y)
{
    bool absent = is_absent(c);
    aw_time until;

    if (!may_wait(c, y) || (!absent && !y->held))
        return false;
    until = absent ? hold(c) : 0;
    if (until == 0) {
        expire(c);
        aw_fail_address(c, y, AW_NEG_NO_TARGET, AW_OUT_DROPPED, AW_WHY_LOGGED_OUT);
        return true;
    }
    aw_emit(c, (struct aw_fact){.type = AW_FACT_DEFERRED,
                                .step = y->step,
                                .kind = y->kind,
                                .round = y->round,
                                .attempt = y->attempt,
                                .why = AW_WHY_LOGGED_OUT,
                                .at = until});
    return true;
}

bool aw_hold_no_target(struct aw_call *c, const struct aw_try *y)
{
    aw_time until = may_wait(c, y) && y->number < UINT8_MAX ? hold(c) : 0;

    if (until == 0) {
        if (may_wait(c, y))
            expire(c);
        return false;
    }
    aw_emit_outcome(c, y, AW_OUT_NO_TARGET, AW_WHY_LOGGED_OUT, until);
    return true;
}

/* --- logins --------------------------------------------------------------------------------- */

/* Tries that waited and need not be made. */
static void drop_held(struct aw_call *c, enum aw_why why)
{
    for (unsigned i = 0; i < c->tl->n_tries && !c->err;) {
        const struct aw_try y = c->tl->tries[i];

        if (y.held)
            aw_emit_outcome(c, &y, AW_OUT_DROPPED, why, 0); /* and the next one stands at i */
        else
            i++;
    }
}

void aw_take_login(struct aw_call *c, const struct aw_event *ev)
{
    const struct aw_absence *a = &c->tl->absence;
    aw_time at = c->env->now > a->from ? c->env->now : a->from;
    bool digest = ev->why == AW_WHY_DIGEST;

    if (!aw_timeline_absent(c->tl, at))
        return;
    if (digest || c->rule->presence.on_login == AW_ON_LOGIN_DROP)
        drop_held(c, digest ? AW_WHY_DIGEST : AW_WHY_LOGGED_IN);
    aw_emit(c, (struct aw_fact){.type = AW_FACT_PRESENT,
                                .at = at,
                                .moved = a->until - at - aw_hold_within(&c->tl->hold, at, a->until),
                                .count = ev->count,
                                .why = digest ? AW_WHY_DIGEST : AW_WHY_LOGGED_IN});
}

/* --- devices -------------------------------------------------------------------------------- */

void aw_name_devices(const struct aw_call *c, struct aw_fact *f)
{
    const struct aw_world *w = c->env->world;

    if (c->rule->by_device && w->devices && f->kind == AW_PUSH && f->person == c->tl->person)
        f->n_devices = (uint8_t)w->devices(w->ctx, f->person, f->devices);
}

void aw_take_device(struct aw_call *c, const struct aw_event *ev)
{
    if (aw_timeline_device(c->tl, ev->device))
        aw_emit(c, (struct aw_fact){
                       .type = AW_FACT_DEVICE, .device = ev->device, .why = AW_WHY_LOGGED_OUT});
}

/* Not past its turn: when its step has gone on to another round, that one has reached them. */
void aw_take_again(struct aw_call *c, const struct aw_event *ev)
{
    const struct aw_step *s = aw_rule_step(c->rule, ev->step);
    const struct aw_track *t = aw_timeline_track(c->tl, ev->step, (enum aw_kind)ev->kind);
    struct aw_target recipient = {.type = AW_TO_RECIPIENT};
    enum aw_why why = AW_WHY_NONE;
    bool all = c->tl->n_devices > 0; /* have it */

    for (unsigned i = 0; i < c->tl->n_devices; i++)
        all = all && c->tl->devices[i].level >= AW_DELIVERED;

    if (!s || !t || all || c->tl->state != AW_OPEN || t->round != ev->round + 1 ||
        !aw_has_room(c->rule, c->tl, ev->step) ||
        !aw_reach_one(c, &recipient, (enum aw_kind)ev->kind, &why))
        return;
    aw_id id = aw_id_take(c->env->ids, c->env->now, 1);
    struct aw_fact f = {.type = AW_FACT_CLAIMED,
                        .step = ev->step,
                        .kind = ev->kind,
                        .round = ev->round,
                        .number = 1,
                        .via = (uint8_t)aw_choose(c, ev->step, (enum aw_kind)ev->kind).via,
                        .attempt = id,
                        .ref = id,
                        .person = c->tl->person,
                        .last_round = aw_last_round(s, ev->round),
                        .why = AW_WHY_OTHER_ACCOUNT,
                        .at = c->env->now};
    aw_name_devices(c, &f);
    aw_emit(c, f);
}
