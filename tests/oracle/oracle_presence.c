/* SPDX-License-Identifier: Apache-2.0
 *
 * Sessions, and `presence`: "A presence hold holds push and im only, shifts no other step, and
 * moves the deadline by at most `hold_max`."
 */
#include "oracle/oracle_int.h"

#include <string.h>

/* --- sessions ------------------------------------------------------------------------------- */

/* Who was logged in on a device last, of all events up to now; *ret_here: and still is. */
static const char *last_on(struct ora *o, const char *device, bool *ret_here)
{
    const char *user = NULL;

    for (unsigned i = 0; i < o->in->n_events; i++) {
        const struct aw_virtual_event *e = &o->events[i];
        if (o->in->at + e->after > o->now || (e->act != AW_V_LOGIN && e->act != AW_V_LOGOUT) ||
            strcmp(e->device, device) != 0)
            continue;
        if (e->act == AW_V_LOGIN || !user || strcmp(user, e->from) == 0) {
            user = e->from;
            *ret_here = e->act == AW_V_LOGIN;
        }
    }
    return user;
}

bool ora_known(struct ora *o, const char *user)
{
    for (unsigned i = 0; i < o->in->n_events; i++) {
        const struct aw_virtual_event *e = &o->events[i];
        if (o->in->at + e->after <= o->now && e->device && strcmp(e->from, user) == 0)
            return true;
    }
    return false;
}

/* "needs session reports": of somebody of whom none came, nothing is known. */
bool ora_absent(struct ora *o, const char *user)
{
    bool known = false;

    for (unsigned i = 0; i < o->in->n_events; i++) {
        const struct aw_virtual_event *e = &o->events[i];
        bool here = false;
        if (o->in->at + e->after > o->now || (e->act != AW_V_LOGIN && e->act != AW_V_LOGOUT) ||
            strcmp(e->from, user) != 0)
            continue;
        known = true;
        const char *who = last_on(o, e->device, &here);
        if (here && strcmp(who, user) == 0)
            return false;
    }
    return known;
}

/* --- the hold ------------------------------------------------------------------------------- */

static aw_ms spent(const struct ora_tl *tl, const struct ora_hold **ret_running, aw_time now)
{
    aw_ms sum = 0;

    for (unsigned i = 0; i < tl->n_holds; i++) {
        const struct ora_hold *h = &tl->holds[i];
        if (!h->by_absence)
            continue;
        sum += h->until - h->from;
        if (now >= h->from && now < h->until)
            *ret_running = h;
    }
    return sum;
}

/* Until when what is due now waits; 0: it has waited for as long as it may. */
static aw_time wait_until(struct ora *o, struct ora_tl *tl)
{
    aw_ms most = o->rule->presence.hold_max ? o->rule->presence.hold_max : o->rule->max_age;
    const struct ora_hold *running = NULL;
    aw_ms so_far = spent(tl, &running, o->now);

    if (running)
        return running->until;
    if (so_far >= most || tl->n_holds == ORA_HOLDS)
        return 0;
    tl->holds[tl->n_holds++] = (struct ora_hold){.from = o->now,
                                                 .until = o->now + most - so_far,
                                                 .what = 1u << ORA_DEADLINE,
                                                 .by_absence = true};
    /* What had waited before goes on waiting with it. */
    for (unsigned i = 0; i < tl->n_firings; i++)
        if (tl->firings[i].is == ORA_WAITS && tl->firings[i].put_off == AW_WHY_LOGGED_OUT &&
            tl->firings[i].not_before == 0)
            tl->firings[i].not_before = o->now + most - so_far;
    return o->now + most - so_far;
}

/* "`on_expiry`: step id": due when the hold is over. */
static void expire(struct ora *o, struct ora_tl *tl)
{
    for (unsigned i = 0; i < tl->n_firings; i++) {
        struct ora_firing *f = &tl->firings[i];
        if ((int)f->step == o->rule->presence.on_expiry && f->round == 1 && f->is == ORA_WAITS &&
            ora_not_begun(tl, f->step) && ora_due(tl, f) > o->now) {
            f->plan = ora_plan_clock(tl, o->now, f->kind);
            f->not_before = 0;
            f->why = AW_WHY_ADVANCED;
        }
    }
}

/* Whether it is the recipient to whom it would go, were they there. */
static bool is_for_recipient(struct ora *o, const struct ora_tl *tl, const struct ora_firing *f)
{
    const struct aw_step *s = ora_step(o, f->step);
    enum aw_why why;

    for (unsigned i = 0; i < s->n_to; i++) {
        if (s->to[i].type == AW_TO_RECIPIENT)
            return ora_has_address(o, tl, tl->rcpt->user, f->kind, &why);
        if (s->pick == AW_PICK_FIRST_REACHABLE && ora_reachable(o, tl, &s->to[i], f->kind, &why))
            return false;
    }
    return false;
}

static void say_held(struct ora *o, struct ora_tl *tl, struct ora_firing *f, aw_time until)
{
    f->put_off = AW_WHY_LOGGED_OUT;
    f->not_before = until;
    f->why = AW_WHY_DUE;
    ora_say(o, tl,
            (struct aw_virtual_line){.what = AW_V_HELD,
                                     .step = ora_step(o, f->step)->id,
                                     .round = f->round,
                                     .kind = f->kind,
                                     .why = AW_WHY_LOGGED_OUT,
                                     .until = until});
}

/* What was held, after the login. True: it is not sent. */
static bool back(struct ora *o, struct ora_tl *tl, struct ora_firing *f)
{
    if (!f->was_away || o->rule->presence.on_login == AW_ON_LOGIN_EACH)
        return false;
    if (o->rule->presence.on_login == AW_ON_LOGIN_DROP) {
        ora_skip(o, tl, f, AW_WHY_LOGGED_IN);
        return true;
    }
    if (tl->told) {
        ora_skip(o, tl, f, AW_WHY_DIGEST);
        return true;
    }
    f->why = AW_WHY_DIGEST;
    return false;
}

bool ora_presence_skips(struct ora *o, const struct ora_tl *tl, unsigned step, enum aw_kind kind)
{
    const struct ora_firing f = {.step = step, .kind = kind};

    return o->rule->presence.logged_out == AW_LOGGED_OUT_SKIP &&
           (kind == AW_PUSH || kind == AW_IM) && is_for_recipient(o, tl, &f) &&
           ora_absent(o, tl->rcpt->user);
}

/* "`logged_out`: hold, skip or send". True: it does not go on. */
bool ora_presence(struct ora *o, struct ora_tl *tl, struct ora_firing *f)
{
    enum aw_logged_out rule = o->rule->presence.logged_out;
    aw_time until;

    if (rule == AW_LOGGED_OUT_SEND || (f->kind != AW_PUSH && f->kind != AW_IM) ||
        !is_for_recipient(o, tl, f))
        return false;
    if (!ora_absent(o, tl->rcpt->user))
        return back(o, tl, f);
    if (rule == AW_LOGGED_OUT_SKIP) {
        ora_skip(o, tl, f, AW_WHY_LOGGED_OUT);
        return true;
    }
    until = wait_until(o, tl);
    if (until == 0) {
        expire(o, tl);
        return false;
    }
    say_held(o, tl, f, until);
    return true;
}

/* A login ends the hold: what waited is due now. */
void ora_sessions(struct ora *o)
{
    for (unsigned m = 0; m < o->n; m++) {
        struct ora_tl *tl = &o->tls[m];
        const struct ora_hold *running = NULL;
        spent(tl, &running, o->now);
        if (tl->state != AW_OPEN || !running || ora_absent(o, tl->rcpt->user))
            continue;
        tl->told = false;
        for (unsigned i = 0; i < tl->n_firings; i++) {
            struct ora_firing *f = &tl->firings[i];
            if (f->is == ORA_WAITS && ora_due(tl, f) >= running->from &&
                (ora_due(tl, f) < o->now || f->not_before == running->until))
                f->was_away = true;
            if (f->is == ORA_WAITS && f->put_off == AW_WHY_LOGGED_OUT &&
                f->not_before == running->until) {
                f->not_before = o->now;
                f->why = AW_WHY_LOGGED_IN;
            }
        }
        tl->holds[running - tl->holds].until = o->now;
    }
}

/* A wait for a login ends with the timeline: should it come back, all is judged anew. */
void ora_stop_waiting(struct ora_tl *tl)
{
    for (unsigned i = 0; i < tl->n_holds; i++)
        if (tl->holds[i].by_absence && tl->holds[i].until > tl->ended)
            tl->holds[i].until = tl->ended;
    for (unsigned i = 0; i < tl->n_firings; i++) {
        struct ora_firing *f = &tl->firings[i];
        if (f->is == ORA_WAITS && f->put_off == AW_WHY_LOGGED_OUT)
            f->not_before = 0;
    }
}
