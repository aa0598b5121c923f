/* SPDX-License-Identifier: Apache-2.0
 *
 * From instant to instant: what happens at each, in the order of the small print.
 */
#include "oracle/oracle.h"

#include <string.h>

#include "base/mem.h"
#include "oracle/oracle_int.h"

/* --- lines and ends ------------------------------------------------------------------------- */

void ora_say(struct ora *o, const struct ora_tl *tl, struct aw_virtual_line l)
{
    l.at = o->now;
    l.after = o->now - o->in->at;
    l.to = tl->rcpt->user;
    if (o->result == 0)
        o->result = o->line(o->ctx, &l);
}

/* "skipped ... as held or deferred at the deadline" */
static void skip_put_off(struct ora *o, struct ora_tl *tl)
{
    for (unsigned i = 0; i < tl->n_firings; i++)
        if (tl->firings[i].is == ORA_WAITS && tl->firings[i].put_off != AW_WHY_NONE)
            ora_skip(o, tl, &tl->firings[i], tl->firings[i].put_off);
}

void ora_end(struct ora *o, struct ora_tl *tl, enum aw_state state, enum aw_why why)
{
    /* "one still held or deferred then is skipped before the timeline is `exhausted`" */
    if (state == AW_EXHAUSTED)
        skip_put_off(o, tl);
    tl->state = state;
    tl->ended = o->now;
    ora_say(o, tl,
            (struct aw_virtual_line){.what = AW_V_STATE,
                                     .state = state,
                                     .why = why,
                                     .level = why != AW_WHY_GOAL ? AW_LEVEL_NONE
                                              : tl->stands       ? AW_ACKNOWLEDGED
                                                                 : tl->level});
    if (state == AW_EXHAUSTED || state == AW_EXPIRED)
        ora_exhausted_step(o, tl);
}

/* "The rung of a timeline is the maximum over its evidence". */
void ora_evidence(struct ora *o, struct ora_tl *tl, enum aw_level level)
{
    if (level > tl->level)
        tl->level = level;
    (void)o;
}

/* "`confirmed`, `released`": of all recipients, whenever evidence may have come. */
void ora_confirm(struct ora *o)
{
    for (unsigned i = 0; i < o->n; i++)
        if (o->tls[i].state == AW_OPEN && (o->tls[i].stands || o->tls[i].level >= o->rule->until))
            ora_end(o, &o->tls[i], AW_CONFIRMED, AW_WHY_GOAL);
}

/* "`of`: when the message as a whole is confirmed; N% rounds up, at least 1"; "`confirmed` once
 * `of` is met (timelines still open end as `released`)". "Ended timelines stay in the denominator".
 */
static void release(struct ora *o)
{
    const struct aw_of *of = &o->rule->of;
    unsigned confirmed = 0, needed = of->n;

    for (unsigned i = 0; i < o->n; i++)
        confirmed += o->tls[i].state == AW_CONFIRMED;
    if (of->percent) {
        for (needed = 1; needed * 100 < of->n * o->n;)
            needed++;
    }
    for (unsigned i = 0; of->n != 0 && confirmed >= needed && i < o->n; i++)
        if (o->tls[i].state == AW_OPEN)
            ora_end(o, &o->tls[i], AW_RELEASED, AW_WHY_RELEASED);
}

/* ORA_NEVER: it does not. "No hold moves `max_age`": never after that. */
static aw_time reopens_at(struct ora *o, const struct ora_tl *tl)
{
    aw_time at = tl->ended + o->rule->reopen_after;

    if (o->rule->reopen_after == 0 || (tl->state != AW_CONFIRMED && tl->state != AW_RELEASED) ||
        (tl->closed && o->rule->reopen_unless_closed) || at >= ora_end_of_life(o, tl))
        return ORA_NEVER;
    return at;
}

/* --- one instant ---------------------------------------------------------------------------- */

static void each_event(struct ora *o, bool (*wanted)(enum aw_virtual_act act),
                       void (*do_it)(struct ora *o, struct ora_tl *tl, unsigned event))
{
    for (unsigned m = 0; m < o->n; m++) {
        for (unsigned i = 0; i < o->in->n_events; i++) {
            const struct aw_virtual_event *e = &o->events[i];
            if (o->in->at + e->after == o->now && wanted(e->act) &&
                (!e->from || strcmp(e->from, o->tls[m].rcpt->user) == 0))
                do_it(o, &o->tls[m], i);
        }
    }
}

static bool is_cancel(enum aw_virtual_act act)
{
    return act == AW_V_CANCEL;
}

static bool is_act(enum aw_virtual_act act)
{
    return act == AW_V_SNOOZE || act == AW_V_CLAIM || act == AW_V_RESUME || act == AW_V_ESCALATE;
}

static bool is_result(enum aw_virtual_act act)
{
    return act == AW_V_RESULT;
}

static bool sent_to(const struct ora *o, const struct ora_tl *tl, const char *user)
{
    for (unsigned i = 0; i < o->n_sends; i++)
        if (o->sends[i].tl == tl && !o->sends[i].failed && strcmp(o->sends[i].user, user) == 0)
            return true;
    return false;
}

/* "Only evidence about the recipient raises the recipient's rung. With `by: anyone` an
 * `acknowledged` from a person to whom this timeline sent something also meets the goal; lower
 * rungs of others never count." */
static void evidence_now(struct ora *o)
{
    for (unsigned m = 0; m < o->n; m++) {
        for (unsigned i = 0; i < o->in->n_events; i++) {
            const struct aw_virtual_event *e = &o->events[i];
            struct ora_tl *tl = &o->tls[m];
            if (o->in->at + e->after != o->now || e->act != AW_V_EVIDENCE)
                continue;
            if (strcmp(e->from, tl->rcpt->user) == 0)
                ora_evidence(o, tl, e->level);
            else if (o->rule->by == AW_BY_ANYONE && e->level == AW_ACKNOWLEDGED &&
                     sent_to(o, tl, e->from))
                tl->stands = true;
            ora_confirm(o);
        }
    }
}

static void do_act(struct ora *o, struct ora_tl *tl, unsigned event)
{
    ora_act(o, tl, &o->events[event]);
}

/* "At one instant: evidence (of all recipients), `confirmed`, `released`, cancel, claim, firings in
 * file order and kinds in the order of `do`, deadline, `max_age`." Results of attempts are the
 * simulator's: after what people do. */
static void events_now(struct ora *o)
{
    ora_sessions(o);
    evidence_now(o);
    release(o);
    each_event(o, is_cancel, do_act);
    each_event(o, is_act, do_act);
    each_event(o, is_result, ora_result);
    release(o);
}

/* "`after_ack`: {reopen_after, unless: closed}: a confirmed message that comes back." The time in
 * between was a hold, the confirmation is void, what was proven below the goal stays. */
static void reopen(struct ora *o, struct ora_tl *tl)
{
    if (reopens_at(o, tl) != o->now || tl->n_holds == ORA_HOLDS)
        return;
    tl->state = AW_OPEN;
    tl->stands = false;
    if (tl->level >= o->rule->until)
        tl->level = o->rule->until - 1;
    ora_stop_waiting(tl);
    tl->holds[tl->n_holds++] =
        (struct ora_hold){.from = tl->ended, .until = o->now, .what = ORA_ALL};
    ora_say(o, tl,
            (struct aw_virtual_line){.what = AW_V_STATE, .state = AW_OPEN, .why = AW_WHY_REOPENED});
}

/* Firings that are due, until there are none; what follows from one may be due at once. */
static void firings_now(struct ora *o, struct ora_tl *tl)
{
    reopen(o, tl);
    for (bool some = true; some;) {
        some = false;
        while (o->result == 0 && tl->state == AW_OPEN) {
            ora_list_firings(o, tl);
            struct ora_firing *f = ora_next(o, tl);
            if (!f || ora_turn(o, tl, f) > o->now)
                break;
            ora_decide(o, tl, f);
            some = true;
            if (o->in->brake) /* a claim may have filled a limit: decided one by one */
                break;
        }
        if (some && o->in->brake) {
            ora_answers(o, tl);
            ora_confirm(o);
            continue;
        }
        if (tl->state == AW_OPEN && o->now >= ora_deadline(o, tl))
            ora_end(o, tl, AW_EXHAUSTED, AW_WHY_DEADLINE);
        if (tl->state == AW_OPEN && o->now >= ora_end_of_life(o, tl))
            ora_end(o, tl, AW_EXPIRED, AW_WHY_MAX_AGE);
        ora_answers(o, tl);
    }
}

/* --- the whole run -------------------------------------------------------------------------- */

static void earlier(aw_time *t, aw_time other, aw_time now)
{
    if (other > now && other < *t)
        *t = other;
}

static aw_time next_instant(struct ora *o)
{
    aw_time t = ORA_NEVER;

    for (unsigned i = 0; i < o->in->n_events; i++)
        earlier(&t, o->in->at + o->events[i].after, o->now);
    for (unsigned i = 0; i < o->n; i++) {
        struct ora_tl *tl = &o->tls[i];
        if (tl->state != AW_OPEN) {
            earlier(&t, reopens_at(o, tl), o->now);
            continue;
        }
        ora_list_firings(o, tl);
        const struct ora_firing *f = ora_next(o, tl);
        if (f)
            earlier(&t, ora_turn(o, tl, f), o->now);
        earlier(&t, ora_deadline(o, tl), o->now);
        earlier(&t, ora_end_of_life(o, tl), o->now);
    }
    return t;
}

static void open_timeline(struct ora *o, struct ora_tl *tl, const struct aw_recipient *rcpt)
{
    const struct aw_registration *reg = o->in->reg;

    tl->rcpt = rcpt;
    tl->state = AW_OPEN;
    tl->registered = o->in->at;
    tl->base = reg->already_sent ? reg->sent_at : o->in->at;
    ora_list_firings(o, tl);
    /* "`already_sent` stands for the first step if that is `push` at 0s: recorded as fired with
     * that provider id." */
    struct ora_firing *f = &tl->firings[0];
    if (reg->already_sent && o->rule->steps[0].at == 0 && f->kind == AW_PUSH) {
        f->is = ORA_FIRED;
        ora_say(o, tl,
                (struct aw_virtual_line){.what = AW_V_FIRED,
                                         .step = o->rule->steps[0].id,
                                         .round = 1,
                                         .kind = AW_PUSH,
                                         .targets = &rcpt->user,
                                         .n_targets = 1,
                                         .why = AW_WHY_ALREADY_SENT});
        ora_sent(o, tl, rcpt->user, AW_PUSH);
        ora_evidence(o, tl, AW_ACCEPTED);
        ora_confirm(o);
    }
}

static void sort_events(struct aw_virtual_event *e, unsigned n)
{
    for (unsigned i = 1; i < n; i++) {
        struct aw_virtual_event x = e[i];
        unsigned j = i;
        for (; j > 0 && e[j - 1].after > x.after; j--)
            e[j] = e[j - 1];
        e[j] = x;
    }
}

int oracle_run(const struct aw_virtual_input *in,
               int (*line)(void *ctx, const struct aw_virtual_line *l), void *ctx)
{
    struct ora o = {.in = in, .rule = in->rule, .n = in->reg->n_recipients, .now = in->at};

    o.line = line;
    o.ctx = ctx;
    o.tls = aw_calloc(o.n, sizeof(*o.tls));
    o.events = aw_calloc(in->n_events + 1, sizeof(*o.events));
    for (unsigned i = 0; i < in->n_events; i++)
        o.events[i] = in->events[i];
    sort_events(o.events, in->n_events);
    for (unsigned i = 0; i < o.n; i++)
        o.tls[i].rcpt = &in->reg->recipients[i];
    for (unsigned i = 0; i < o.n; i++)
        open_timeline(&o, &o.tls[i], &in->reg->recipients[i]);
    for (; o.now != ORA_NEVER && o.result == 0; o.now = next_instant(&o)) {
        events_now(&o);
        for (unsigned i = 0; i < o.n; i++)
            firings_now(&o, &o.tls[i]);
        release(&o);
    }
    aw_free(o.tls);
    aw_free(o.events);
    return o.result;
}
