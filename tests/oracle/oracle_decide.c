/* SPDX-License-Identifier: Apache-2.0
 *
 * One firing that is due: section 4 of rules.md, in its order; whom it goes to; what comes of it.
 */
#include "oracle/oracle_int.h"

#include <string.h>

static struct aw_virtual_line line_of(struct ora *o, const struct ora_firing *f)
{
    return (struct aw_virtual_line){
        .step = ora_step(o, f->step)->id, .round = f->round, .kind = f->kind};
}

void ora_skip(struct ora *o, struct ora_tl *tl, struct ora_firing *f, enum aw_why why)
{
    struct aw_virtual_line l = line_of(o, f);

    f->is = ORA_SKIPPED;
    l.what = AW_V_SKIPPED;
    l.why = why;
    l.level = why == AW_WHY_UNLESS ? tl->level : AW_LEVEL_NONE;
    l.by = why == AW_WHY_LIMIT || why == AW_WHY_SILENCE ? f->by : NULL;
    ora_say(o, tl, l);
}

/* --- advance -------------------------------------------------------------------------------- */

static bool same_targets(const struct aw_step *a, const struct aw_step *b)
{
    if (a->n_to != b->n_to)
        return false;
    for (unsigned i = 0; i < a->n_to; i++) {
        const char *x = a->to[i].name ? a->to[i].name : "", *y = b->to[i].name ? b->to[i].name : "";
        if (a->to[i].type != b->to[i].type || strcmp(x, y) != 0)
            return false;
    }
    return true;
}

/* "Advance happens only when no kind of the step's first round can be sent; later rounds never
 * advance"; and never with `if_no_contact: skip`. */
static bool nobody_had_it(struct ora *o, const struct ora_tl *tl, unsigned step)
{
    for (unsigned i = 0; i < tl->n_firings; i++) {
        const struct ora_firing *f = &tl->firings[i];
        if (f->step == step && f->round == 1 && (f->is == ORA_WAITS || !f->hopeless))
            return false;
    }
    return ora_step(o, step)->if_no_contact == AW_NO_CONTACT_ADVANCE;
}

/* "another kind or target": than those of every step that has failed so far, the other than `self`;
 * for "steps to the same address are skipped". */
static bool is_another(struct ora *o, const struct ora_tl *tl, unsigned step, unsigned self)
{
    const struct aw_step *s = ora_step(o, step);

    for (unsigned k = 0; k < s->n_kinds; k++) {
        bool known = false;
        for (unsigned i = 0; i < o->rule->n_steps; i++)
            known = known || (i != self && aw_step_has_kind(ora_step(o, i), s->kinds[k]) &&
                              same_targets(ora_step(o, i), s) && nobody_had_it(o, tl, i));
        if (!known)
            return true;
    }
    return false;
}

bool ora_not_begun(const struct ora_tl *tl, unsigned step)
{
    for (unsigned i = 0; i < tl->n_firings; i++) {
        const struct ora_firing *f = &tl->firings[i];
        if (f->step == step && f->round == 1 && (f->is != ORA_WAITS || f->between))
            return false;
    }
    return true;
}

/* "the next step with another kind or target becomes due now (its first round), later ones keep
 * their times"; "steps passed over keep their times". */
static void advance(struct ora *o, struct ora_tl *tl, const struct ora_firing *failed)
{
    struct ora_firing *next = NULL;

    if (!nobody_had_it(o, tl, failed->step) || !is_another(o, tl, failed->step, failed->step))
        return;
    for (unsigned i = 0; i < tl->n_firings; i++) {
        struct ora_firing *f = &tl->firings[i];
        /* What waits for a login would only go on waiting. */
        bool away = f->put_off == AW_WHY_LOGGED_OUT && f->why != AW_WHY_LOGGED_IN;
        if (f->round == 1 && !away && ora_not_begun(tl, f->step) &&
            is_another(o, tl, f->step, AW_MAX_STEPS) &&
            (!next || ora_due(tl, f) < ora_due(tl, next) ||
             (ora_due(tl, f) == ora_due(tl, next) && f->step < next->step)))
            next = f;
    }
    if (!next || ora_due(tl, next) <= o->now)
        return;
    for (unsigned i = 0; i < tl->n_firings; i++) {
        struct ora_firing *f = &tl->firings[i];
        if (f->step == next->step && f->round == 1) {
            f->plan = ora_plan_clock(tl, o->now, f->kind);
            if (f->plan > o->rule->deadline) /* registered later than that */
                f->plan = o->rule->deadline;
            f->why = AW_WHY_ADVANCED;
            f->not_before = 0;
            f->kept = false;
        }
    }
}

/* "No address, `no_target` (JPush 1011) and a permanent refusal are the same". */
static void nobody_reached(struct ora *o, struct ora_tl *tl, struct ora_firing *f)
{
    f->hopeless = true;
    if (tl->state == AW_OPEN && f->step != AW_STEP_EXHAUSTED && f->round == 1)
        advance(o, tl, f);
}

/* --- sending -------------------------------------------------------------------------------- */

/* Which event is the result of an attempt made now. Of the simulator, not of rules.md: the first
 * event about the step that no attempt of this step and kind has used; one that is still to come
 * only if no other round is planned before it. */
static enum aw_outcome result_now(struct ora *o, struct ora_tl *tl, const struct ora_firing *f)
{
    for (unsigned i = tl->used[f->step][f->kind]; i < o->in->n_events; i++) {
        const struct aw_virtual_event *e = &o->events[i];
        if (e->act != AW_V_RESULT || strcmp(e->step, ora_step(o, f->step)->id) != 0 ||
            (e->from && strcmp(e->from, tl->rcpt->user) != 0))
            continue;
        if (o->in->at + e->after <= o->now) {
            tl->used[f->step][f->kind] = i + 1;
            return e->outcome;
        }
        for (unsigned k = 0; k < tl->n_firings; k++) {
            const struct ora_firing *g = &tl->firings[k];
            if (g->step == f->step && g->kind == f->kind && g->round == f->round + 1 &&
                ora_due(tl, g) <= o->in->at + e->after)
                return AW_OUT_ACCEPTED;
        }
        return AW_OUT_NONE;
    }
    return AW_OUT_ACCEPTED;
}

/* Nor was it sent to them, then. */
static void add_failed(struct ora *o, struct ora_tl *tl, const char *user, enum aw_kind kind)
{
    for (unsigned i = o->n_sends; i-- > 0;) {
        struct ora_send *s = &o->sends[i];
        if (s->tl == tl && s->kind == kind && strcmp(s->user, user) == 0 && !s->failed) {
            s->failed = true;
            break;
        }
    }
    if (tl->n_failed < ORA_FAILED)
        tl->failed[tl->n_failed++] = (struct ora_failed){.user = user, .kind = kind};
}

static bool has_user(const struct ora_flight *a, const char *user)
{
    for (unsigned i = 0; i < a->n; i++)
        if (strcmp(a->users[i], user) == 0)
            return true;
    return false;
}

/* Who of the targets can be reached now: the first, or each once. */
static struct ora_flight whom(struct ora *o, const struct ora_tl *tl, const struct ora_firing *f)
{
    const struct aw_step *step = ora_step(o, f->step);
    struct ora_flight a = {.n = 0};
    enum aw_why why;

    for (unsigned i = 0; i < step->n_to; i++) {
        if (!ora_reachable(o, tl, &step->to[i], f->kind, &why))
            continue;
        const char *user = ora_person(o, tl, &step->to[i]);
        if (has_user(&a, user)) /* "`pick: all` takes each person once" */
            continue;
        a.me[a.n] = step->to[i].type == AW_TO_RECIPIENT;
        a.users[a.n++] = user;
        if (step->pick == AW_PICK_FIRST_REACHABLE)
            break;
    }
    return a;
}

/* An address that failed, or none at all. */
static enum aw_why why_nobody(struct ora *o, const struct ora_tl *tl, const struct ora_firing *f)
{
    const struct aw_step *step = ora_step(o, f->step);
    enum aw_why why = AW_WHY_NO_CONTACT;

    for (unsigned i = 0; i < step->n_to; i++)
        ora_reachable(o, tl, &step->to[i], f->kind, &why);
    return why;
}

static void attempt(struct ora *o, struct ora_tl *tl, struct ora_firing *f, struct ora_flight *a,
                    enum aw_why why);

/* A later round has taken the place of this one: nobody is told twice at once. */
static bool later_round(const struct ora_tl *tl, const struct ora_firing *f)
{
    for (unsigned i = 0; i < tl->n_firings; i++) {
        const struct ora_firing *g = &tl->firings[i];
        if (g->step == f->step && g->kind == f->kind && g->round > f->round && g->is != ORA_WAITS)
            return true;
    }
    return false;
}

/* What came of an attempt. "Only evidence about the recipient raises the recipient's rung." */
static void landed(struct ora *o, struct ora_tl *tl, struct ora_firing *f,
                   const struct ora_flight *a, enum aw_outcome outcome)
{
    const struct aw_step *step = ora_step(o, f->step);
    bool failed = outcome == AW_OUT_NO_TARGET || outcome == AW_OUT_REFUSED;

    for (unsigned i = 0; i < a->n; i++) {
        if (failed)
            add_failed(o, tl, a->users[i], f->kind);
        else if (outcome == AW_OUT_ACCEPTED && a->me[i])
            ora_evidence(o, tl, AW_ACCEPTED);
    }
    if (!failed)
        return;
    /* "attempts of firings claimed before go on until `max_age`, except after an acknowledgement or
     * a cancel"; "a permanent refusal moves on to the next" */
    bool goes_on = o->now < ora_end_of_life(o, tl) && tl->state != AW_CANCELLED &&
                   (tl->state == AW_OPEN || (tl->level < AW_ACKNOWLEDGED && !tl->stands));
    struct ora_flight others = whom(o, tl, f);
    if (step->pick == AW_PICK_FIRST_REACHABLE && others.n > 0 && goes_on && !later_round(tl, f))
        attempt(o, tl, f, &others, AW_WHY_NEXT_TARGET);
    else
        nobody_reached(o, tl, f);
}

static void attempt(struct ora *o, struct ora_tl *tl, struct ora_firing *f, struct ora_flight *a,
                    enum aw_why why)
{
    struct aw_virtual_line l = line_of(o, f);

    f->is = ORA_FIRED;
    for (unsigned i = 0; i < a->n; i++)
        ora_sent(o, tl, a->users[i], f->kind);
    tl->told = tl->told || why == AW_WHY_DIGEST;
    l.what = AW_V_FIRED;
    l.targets = a->users;
    l.n_targets = a->n;
    l.why = why;
    ora_say(o, tl, l);
    a->firing = (unsigned)(f - tl->firings);
    if (tl->n_flights < ORA_FLIGHTS)
        tl->flights[tl->n_flights++] = *a;
}

/* "write the attempt [...]; commit. Only then is anything sent": what falls due at one instant is
 * claimed together, and then come the results, each with what follows from it. */
void ora_answers(struct ora *o, struct ora_tl *tl)
{
    struct ora_flight now[ORA_FLIGHTS];
    enum aw_outcome outcomes[ORA_FLIGHTS];
    unsigned n = 0, left = 0;

    for (unsigned i = 0; i < tl->n_flights; i++) {
        struct ora_flight a = tl->flights[i];
        outcomes[n] = a.known ? AW_OUT_NONE : result_now(o, tl, &tl->firings[a.firing]);
        a.known = true;
        if (outcomes[n] != AW_OUT_NONE)
            now[n++] = a;
        else
            tl->flights[left++] = a;
    }
    tl->n_flights = left;
    for (unsigned i = 0; i < n; i++) {
        landed(o, tl, &tl->firings[now[i].firing], &now[i], outcomes[i]);
        ora_confirm(o);
        ora_answers(o, tl);
    }
}

/* "6. resolve targets and addresses, from the live directory; none: `if_no_contact`" */
static void send(struct ora *o, struct ora_tl *tl, struct ora_firing *f)
{
    struct ora_flight to = whom(o, tl, f);

    if (to.n > 0) {
        attempt(o, tl, f, &to, f->why);
        return;
    }
    ora_skip(o, tl, f, why_nobody(o, tl, f));
    nobody_reached(o, tl, f);
}

/* The result of attempts that were waiting for this event. */
void ora_result(struct ora *o, struct ora_tl *tl, unsigned event)
{
    const struct aw_virtual_event *e = &o->events[event];
    struct ora_flight mine[ORA_FLIGHTS];
    unsigned n = 0, left = 0;

    for (unsigned i = 0; i < tl->n_flights; i++) {
        struct ora_firing *f = &tl->firings[tl->flights[i].firing];
        if (strcmp(ora_step(o, f->step)->id, e->step) == 0) {
            tl->used[f->step][f->kind] = event + 1;
            mine[n++] = tl->flights[i];
        } else {
            tl->flights[left++] = tl->flights[i];
        }
    }
    tl->n_flights = left;
    for (unsigned i = 0; i < n; i++) {
        landed(o, tl, &tl->firings[mine[i].firing], &mine[i], e->outcome);
        ora_confirm(o);
        ora_answers(o, tl);
    }
}

/* --- decisions ------------------------------------------------------------------------------ */

/* Due before the registration, by the plan. */
static bool is_past(const struct ora_tl *tl, const struct ora_firing *f)
{
    return f->is == ORA_WAITS && !f->at_once && f->why == AW_WHY_DUE &&
           tl->base + f->plan < tl->registered;
}

/* Whether nothing of a step's round would be sent now. */
static bool would_be_skipped(struct ora *o, const struct ora_tl *tl, const struct ora_firing *one)
{
    const struct aw_step *step = ora_step(o, one->step);
    enum aw_why why;
    aw_time end;

    if (step->unless != AW_LEVEL_NONE && tl->level >= step->unless)
        return true;
    for (unsigned k = 0; k < step->n_kinds; k++) {
        const struct aw_hours *h = ora_hours(o, tl, step->kinds[k], &end);
        if (ora_presence_skips(o, tl, one->step, step->kinds[k]))
            continue;
        for (unsigned i = 0; !(h && h->inside == AW_INSIDE_SKIP) && i < step->n_to; i++)
            if (ora_reachable(o, tl, &step->to[i], step->kinds[k], &why))
                return false;
    }
    return true;
}

/* "Of several steps already past at registration only the latest that is not skipped fires." */
static bool overtaken(struct ora *o, const struct ora_tl *tl, const struct ora_firing *f)
{
    for (unsigned i = 0; is_past(tl, f) && i < tl->n_firings; i++) {
        const struct ora_firing *g = &tl->firings[i];
        if (is_past(tl, g) && !would_be_skipped(o, tl, g) &&
            (g->plan > f->plan || (g->plan == f->plan && g->step > f->step)))
            return true;
    }
    return false;
}

/* "hold: `shift` adds the length of the hold to every firing not yet claimed and to the deadline;
 * `keep` moves only the held firing"; "with `kinds`, a held SMS does not stop an e-mail": a shift
 * is one of these kinds, and of the deadline. */
static void hold(struct ora *o, struct ora_tl *tl, struct ora_firing *f, const struct aw_hours *h,
                 aw_time until)
{
    struct aw_virtual_line l = line_of(o, f);

    /* "ends at the deadline as `skipped`" */
    if (h->then == AW_THEN_KEEP && until > ora_deadline(o, tl))
        until = ora_deadline(o, tl);
    l.what = AW_V_HELD;
    l.why = AW_WHY_HOURS;
    l.until = until;
    f->put_off = AW_WHY_HOURS;
    if (h->then == AW_THEN_KEEP) {
        f->not_before = until;
        f->kept = true;
        f->why = AW_WHY_DUE;
    } else if (tl->n_holds < ORA_HOLDS) {
        tl->holds[tl->n_holds++] = (struct ora_hold){.from = o->now,
                                                     .until = until,
                                                     .what = h->kinds | 1u << ORA_DEADLINE,
                                                     .by_hours = true};
    }
    ora_say(o, tl, l);
}

/* "4. `hours` [...]: hold, skip or send". True: it does not go on. */
static bool hours(struct ora *o, struct ora_tl *tl, struct ora_firing *f)
{
    aw_time end;
    const struct aw_hours *h = f->wanted ? NULL : ora_hours(o, tl, f->kind, &end);

    if (!h || h->inside == AW_INSIDE_SEND)
        return false;
    if (h->inside == AW_INSIDE_SKIP) {
        ora_skip(o, tl, f, AW_WHY_HOURS);
        return true;
    }
    /* "A firing that nobody can receive is not held: `if_no_contact` applies at once." */
    if (whom(o, tl, f).n == 0)
        return false;
    if (h->then == AW_THEN_KEEP && ora_deadline(o, tl) <= o->now)
        ora_skip(o, tl, f, AW_WHY_HOURS);
    else
        hold(o, tl, f, h, end);
    return true;
}

/* "A deferral shifts nothing else and ends at the deadline as `skipped`". True: it does not go on.
 */
static bool restrained(struct ora *o, struct ora_tl *tl, struct ora_firing *f)
{
    struct ora_flight to = whom(o, tl, f);
    aw_time until, deadline = ora_deadline(o, tl);
    enum aw_why why = to.n > 0 ? ora_restrained(o, f, &to, &until, f->by) : AW_WHY_NONE;
    struct aw_virtual_line l = line_of(o, f);

    if (why == AW_WHY_NONE)
        return false;
    if (deadline <= o->now) {
        ora_skip(o, tl, f, why);
        return true;
    }
    until = until < deadline ? until : deadline;
    f->put_off = why;
    f->kept = f->was_away = false;
    /* A hold still adds its length. */
    f->plan = ora_plan_clock(tl, o->now, f->kind) + (until - o->now);
    f->not_before = f->at_once = 0;
    f->why = f->wanted ? AW_WHY_ESCALATED : AW_WHY_DUE;
    l.what = AW_V_DEFERRED;
    l.why = why;
    l.until = until;
    l.by = f->by;
    ora_say(o, tl, l);
    return true;
}

void ora_decide(struct ora *o, struct ora_tl *tl, struct ora_firing *f)
{
    const struct aw_step *step = ora_step(o, f->step);

    if (f->between) {
        ora_skip(o, tl, f, AW_WHY_ESCALATED);
        return;
    }
    if (overtaken(o, tl, f)) {
        ora_skip(o, tl, f, AW_WHY_PAST);
        return;
    }
    /* "2. [...] `unless` met: skipped, naming the evidence." */
    if (step->unless != AW_LEVEL_NONE && tl->level >= step->unless) {
        ora_skip(o, tl, f, AW_WHY_UNLESS);
        return;
    }
    if (!hours(o, tl, f) && !ora_presence(o, tl, f) && !restrained(o, tl, f))
        send(o, tl, f);
}

/* "`exhausted`: runs when a timeline ends `exhausted` or `expired`"; "The exhausted step ignores
 * hours; one line per kind; skipped if nobody is reachable." */
void ora_exhausted_step(struct ora *o, struct ora_tl *tl)
{
    const struct aw_step *step = o->rule->exhausted;

    for (unsigned k = 0; step && k < step->n_kinds && tl->n_firings < ORA_FIRINGS; k++) {
        struct ora_firing *f = &tl->firings[tl->n_firings++];
        *f = (struct ora_firing){.step = AW_STEP_EXHAUSTED,
                                 .nth = k,
                                 .kind = step->kinds[k],
                                 .round = 1,
                                 .why = AW_WHY_EXHAUSTED};
        send(o, tl, f);
    }
}
