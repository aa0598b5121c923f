/* SPDX-License-Identifier: Apache-2.0
 *
 * The virtual run. It stands where the daemon stands: keeps the timelines, feeds events to the
 * engine in the order of docs/rules.md, answers every claim with an outcome, and turns facts into
 * lines. Time jumps from one instant at which something happens to the next.
 *
 * People are numbered by their place in one table: recipients first, then the directory.
 */
#include "core/virtual.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "core/virtual_check.h"
#include "core/virtual_int.h"

#define MAX_LINES 1000000

/* The places of logins and logouts, ahead of all, and of what channels do, which the world looks
 * up. */
enum { SESSION = 4, STANDING = 5 };

/* --- lines ---------------------------------------------------------------------------------- */

static int put_line(struct run *r, struct aw_virtual_line *l)
{
    if (++r->n_lines > MAX_LINES)
        return aw_fail(r->err, AW_ELIMIT, "more than %d lines", MAX_LINES);
    l->at = r->env.now;
    l->after = l->at - r->in->at;
    l->to = aw_v_user_of(r, r->present->tl.person);
    return r->line(r->ctx, l);
}

/* Claims of one firing that stand together are one line that names all targets. */
static bool same_claim(const struct aw_fact *a, const struct aw_fact *b)
{
    return b->type == AW_FACT_CLAIMED && a->step == b->step && a->kind == b->kind &&
           a->round == b->round && a->number == b->number;
}

static bool is_hold(enum aw_why why)
{
    return why == AW_WHY_LOGGED_OUT || why == AW_WHY_HOURS || why == AW_WHY_BLIND;
}

static int line_of_firing(struct run *r, const struct aw_fact *f, unsigned n_claims)
{
    const char *targets[AW_MAX_TO];
    struct aw_virtual_line l = {
        .what = f->type == AW_FACT_CLAIMED   ? AW_V_FIRED
                : f->type == AW_FACT_SKIPPED ? AW_V_SKIPPED
                : is_hold(f->why)            ? AW_V_HELD
                                             : AW_V_DEFERRED,
        .until = f->type == AW_FACT_DEFERRED || f->type == AW_FACT_HELD ? f->at : 0,
        .step = aw_rule_step(r->in->rule, f->step)->id,
        .round = f->round,
        .kind = (enum aw_kind)f->kind,
        .targets = targets,
        .n_targets = n_claims,
        .why = f->why,
        .level = f->level,
        .by = f->by[0] ? f->by : NULL,
    };

    for (unsigned i = 0; i < n_claims; i++)
        targets[i] = aw_v_user_of(r, f[i].person);
    return put_line(r, &l);
}

/* An attempt that finds nobody is held until a login. */
static bool is_held(const struct aw_fact *f)
{
    return f->type == AW_FACT_OUTCOME && f->at != 0 && f->why == AW_WHY_LOGGED_OUT;
}

/* Somebody holds the plan: one line, about what would have come next. */
static int line_of_hold(struct run *r, const struct aw_fact *f)
{
    const struct aw_timeline *tl = &r->present->tl;
    struct aw_virtual_line l = {.what = AW_V_HELD, .why = f->why, .until = tl->hold.until};
    unsigned step;

    if (f->why == AW_WHY_HOURS)
        return line_of_firing(r, f, 0);
    if (aw_engine_next(r->in->rule, tl, &step, &l.kind, &l.round) == 0)
        return 0;
    l.step = aw_rule_step(r->in->rule, step)->id;
    l.until = tl->kind_hold[l.kind].until;
    return put_line(r, &l);
}

static int put_lines(struct run *r)
{
    int e = 0;

    for (unsigned i = 0, n; i < r->up.n_facts && e == 0; i += n) {
        const struct aw_fact *f = &r->up.facts[i];
        n = 1;
        aw_virtual_decided(&r->brake, r->present->tl.person, r->env.now, f);
        if (f->type == AW_FACT_CLAIMED) {
            while (i + n < r->up.n_facts && n < AW_MAX_TO && same_claim(f, f + n)) {
                aw_virtual_decided(&r->brake, r->present->tl.person, r->env.now, f + n);
                n++;
            }
            e = line_of_firing(r, f, n);
        } else if (f->type == AW_FACT_SKIPPED || f->type == AW_FACT_DEFERRED || is_held(f)) {
            e = line_of_firing(r, f, 0);
        } else if (f->type == AW_FACT_HELD) {
            e = line_of_hold(r, f);
        } else if (f->type == AW_FACT_REOPENED) {
            e = put_line(
                r, &(struct aw_virtual_line){.what = AW_V_STATE, .state = AW_OPEN, .why = f->why});
        } else if (f->type == AW_FACT_ENDED) {
            e = put_line(r, &(struct aw_virtual_line){
                                .what = AW_V_STATE,
                                .state = f->state,
                                .why = f->why,
                                .level = f->why != AW_WHY_GOAL          ? AW_LEVEL_NONE
                                         : r->present->tl.acked_by != 0 ? AW_ACKNOWLEDGED
                                                                        : r->present->tl.level,
                            });
        }
    }
    return e;
}

/* --- steps ---------------------------------------------------------------------------------- */

/* The result of attempts claimed now: of an event at or before this instant; with one to come
 * before the next round, they are in flight until then (NONE); else they are accepted at once. */
static enum aw_outcome result_of(struct run *r, struct member *m, const struct aw_fact *f)
{
    const char *id = aw_rule_step(r->in->rule, f->step)->id;
    const char *user = aw_v_user_of(r, m->tl.person);
    unsigned *used = &m->used[f->step][f->kind];

    for (unsigned i = *used; i < r->in->n_events; i++) {
        const struct aw_virtual_event *e = &r->events[i];
        const struct aw_track *t = aw_timeline_track(&m->tl, f->step, (enum aw_kind)f->kind);
        aw_time at = r->in->at + e->after;
        aw_time next = t->over ? 0
                               : aw_engine_planned(r->in->rule, &m->tl, f->step,
                                                   (enum aw_kind)f->kind, t->round);

        if (e->act != AW_V_RESULT || !aw_streq(e->step, id) ||
            (e->from && strcmp(e->from, user) != 0))
            continue;
        if (at <= r->env.now) {
            *used = i + 1;
            return e->outcome;
        }
        return next != 0 && next <= at ? AW_OUT_ACCEPTED : AW_OUT_NONE;
    }
    return AW_OUT_ACCEPTED;
}

static int step(struct run *r, struct member *m, const struct aw_event *ev);

/* To whom something was sent: claims, less those that came to nothing. A try that is dropped was
 * counted when it failed. */
static void note_sent(struct run *r, struct member *m)
{
    for (unsigned i = 0; i < r->up.n_facts; i++) {
        const struct aw_fact *f = &r->up.facts[i];
        if (f->type == AW_FACT_CLAIMED) {
            m->sent[f->person]++;
            aw_v_note_channel(r, m, f);
        }
        if (f->type == AW_FACT_OUTCOME && f->outcome != AW_OUT_ACCEPTED &&
            f->outcome != AW_OUT_UNKNOWN && f->outcome != AW_OUT_DROPPED)
            m->sent[f->person]--;
    }
}

/* Answers the claims of the update that was just made. */
static int answer_claims(struct run *r, struct member *m)
{
    aw_id attempts[AW_MAX_FACTS];
    enum aw_outcome outcomes[AW_MAX_FACTS];
    const struct aw_fact *before = NULL;
    unsigned n = 0;
    int e = 0;

    for (unsigned i = 0; i < r->up.n_facts; i++) {
        const struct aw_fact *f = &r->up.facts[i];
        const struct aw_try *y = aw_timeline_try(&m->tl, f->attempt);
        if (f->type != AW_FACT_CLAIMED || !y || y->state != AW_TRY_FLYING)
            continue;
        /* One event is the result of all attempts that were claimed together. */
        outcomes[n] = before && same_claim(before, f) ? outcomes[n - 1] : result_of(r, m, f);
        attempts[n++] = f->attempt;
        before = f;
    }
    for (unsigned i = 0; i < n && e == 0; i++)
        if (outcomes[i] != AW_OUT_NONE)
            e = step(r, m,
                     &(struct aw_event){
                         .type = AW_EV_OUTCOME, .attempt = attempts[i], .outcome = outcomes[i]});
    return e;
}

static int step(struct run *r, struct member *m, const struct aw_event *ev)
{
    r->present = m;
    int e = aw_engine_step(r->in->rule, &m->tl, ev, &r->env, &r->up);
    if (e != 0)
        return aw_fail(r->err, e, "the rule and the timeline of %s do not fit",
                       aw_v_user_of(r, m->tl.person));
    note_sent(r, m);
    e = put_lines(r);
    return e ? e : answer_claims(r, m);
}

static int run_due(struct run *r, struct member *m)
{
    int e = 0;

    while (e == 0 && m->tl.due != 0 && m->tl.due <= r->env.now)
        e = step(r, m, &(struct aw_event){.type = AW_EV_DUE});
    return e;
}

/* Attempts in flight that were waiting for this event. */
static int run_result(struct run *r, struct member *m, unsigned index)
{
    const struct aw_virtual_event *ev = &r->events[index];
    int step_index = aw_rule_step_index(r->in->rule, ev->step);
    aw_id attempts[AW_MAX_TRIES];
    unsigned n = 0;
    int e = 0;

    for (unsigned i = 0; i < m->tl.n_tries; i++) {
        const struct aw_try *y = &m->tl.tries[i];
        if (y->state == AW_TRY_FLYING && (int)y->step == step_index) {
            m->used[y->step][y->kind] = index + 1;
            attempts[n++] = y->attempt;
        }
    }
    for (unsigned i = 0; i < n && e == 0; i++)
        e = step(r, m,
                 &(struct aw_event){
                     .type = AW_EV_OUTCOME, .attempt = attempts[i], .outcome = ev->outcome});
    return e;
}

static int run_act(struct run *r, struct member *m, const struct aw_virtual_event *ev)
{
    struct aw_event act = {.type = AW_EV_CANCEL};

    switch (ev->act) {
    case AW_V_CLAIM:
        if (ev->by && strcmp(ev->by, aw_v_user_of(r, m->tl.person)) == 0)
            return 0;
        act = (struct aw_event){
            .type = AW_EV_HOLD, .at = r->env.now + r->in->rule->claim_hold, .why = AW_WHY_CLAIM};
        break;
    case AW_V_SNOOZE:
        act = (struct aw_event){.type = AW_EV_HOLD,
                                .at = ev->until ? ev->until : r->env.now + ev->hold,
                                .why = AW_WHY_SNOOZED};
        break;
    case AW_V_RESUME:
        act.type = AW_EV_RESUME;
        break;
    case AW_V_ESCALATE:
        act.type = AW_EV_ESCALATE;
        act.step = ev->step ? (uint8_t)aw_rule_step_index(r->in->rule, ev->step) : AW_STEP_NEXT;
        break;
    default: /* cancel */
        break;
    }
    return step(r, m, &act);
}

/* A recipient's own, or that of somebody else to whom the timeline has sent something. */
static int run_evidence(struct run *r, struct member *m, const struct aw_virtual_event *ev)
{
    int64_t from = aw_v_number_of(r, ev->from);
    bool sent = m->sent[from] > 0, inbox = ev->level == AW_LEVEL_NONE;
    enum aw_level read = r->in->rule->inbox_read ? r->in->rule->inbox_read : AW_OPENED;

    if (inbox && from != m->tl.person)
        return 0; /* nobody reads in the inbox of somebody else */

    if ((ev->about && strcmp(ev->about, aw_v_user_of(r, m->tl.person)) != 0) ||
        (from != m->tl.person && !sent))
        return 0;
    return step(r, m,
                &(struct aw_event){.type = AW_EV_EVIDENCE,
                                   .level = inbox ? read : ev->level,
                                   .source = inbox ? AW_SRC_INBOX : AW_SRC_APP,
                                   .sent = sent,
                                   .device = aw_v_device(&r->sessions, ev->device),
                                   .person = from});
}

static int run_event(struct run *r, struct member *m, unsigned index)
{
    const struct aw_virtual_event *ev = &r->events[index];

    if (ev->act == AW_V_EVIDENCE)
        return run_evidence(r, m, ev);
    if (ev->from && strcmp(ev->from, aw_v_user_of(r, m->tl.person)) != 0)
        return 0;
    switch (ev->act) {
    case AW_V_RESULT:
        return run_result(r, m, index);
    default:
        return run_act(r, m, ev);
    }
}

/* --- the clock ------------------------------------------------------------------------------ */

/* The place of an event among those of its instant: evidence of all recipients, then cancel, then
 * other acts in their order, then results. */
static unsigned place_of(enum aw_virtual_act act)
{
    static const unsigned char place[] = {
        [AW_V_CANCEL] = 1,      [AW_V_SNOOZE] = 2,       [AW_V_CLAIM] = 2,
        [AW_V_RESUME] = 2,      [AW_V_ESCALATE] = 2,     [AW_V_RESULT] = 3,
        [AW_V_LOGIN] = SESSION, [AW_V_LOGOUT] = SESSION, [AW_V_CHANNEL] = STANDING};
    return place[act];
}

/* When enough recipients are confirmed, the others are released. */
static int release_others(struct run *r)
{
    unsigned counts[AW_N_STATES] = {0}, needed = aw_rule_needed(r->in->rule, aw_v_recipients(r));
    int e = 0;

    for (unsigned m = 0; m < aw_v_recipients(r); m++)
        counts[r->members[m].tl.state]++;
    for (unsigned m = 0; m < aw_v_recipients(r) && e == 0; m++)
        if (aw_message_fold(needed, counts) == AW_CONFIRMED)
            e = step(r, &r->members[m], &(struct aw_event){.type = AW_EV_RELEASE});
    return e;
}

/* Who was logged in on a device where somebody else logs in has left it. */
static int run_session(struct run *r, const struct aw_virtual_event *ev)
{
    int64_t device = aw_v_device(&r->sessions, ev->device);
    const char *was = aw_v_user_on(&r->sessions, ev->device);
    int e = 0;

    if (ev->act == AW_V_LOGIN)
        aw_v_login(&r->sessions, ev->from, ev->device);
    else
        aw_v_logout(&r->sessions, ev->from, ev->device);
    for (unsigned m = 0; m < aw_v_recipients(r) && e == 0; m++) {
        struct member *member = &r->members[m];
        const char *user = aw_v_user_of(r, member->tl.person);
        bool gone = aw_streq(was, user) && !aw_streq(was, aw_v_user_on(&r->sessions, ev->device));

        if (gone)
            e = step(r, member, &(struct aw_event){.type = AW_EV_DEVICE, .device = device});
        if (e == 0 && ev->act == AW_V_LOGIN && strcmp(user, ev->from) == 0)
            e = step(r, member, &(struct aw_event){.type = AW_EV_LOGIN});
    }
    return e;
}

/* Everything of this instant, and then what is due. */
static int run_instant(struct run *r, unsigned first, unsigned end)
{
    int e = 0;

    for (unsigned i = first; i < end && e == 0; i++)
        if (place_of(r->events[i].act) == SESSION)
            e = run_session(r, &r->events[i]);
    for (unsigned o = 0; o <= 3 && e == 0; o++) {
        for (unsigned m = 0; m < aw_v_recipients(r); m++)
            for (unsigned i = first; i < end && e == 0; i++)
                if (place_of(r->events[i].act) == o)
                    e = run_event(r, &r->members[m], i);
        if (e == 0)
            e = release_others(r);
    }
    for (unsigned m = 0; m < aw_v_recipients(r) && e == 0; m++)
        e = run_due(r, &r->members[m]);
    return e ? e : release_others(r);
}

/* The next instant at which something happens; 0: nothing will. */
static aw_time next_instant(const struct run *r, unsigned next_event)
{
    aw_time t = next_event < r->in->n_events ? r->in->at + r->events[next_event].after : 0;

    for (unsigned m = 0; m < aw_v_recipients(r); m++) {
        aw_time due = r->members[m].tl.due;
        if (due != 0 && (t == 0 || due < t))
            t = due;
    }
    return t;
}

static int run_all(struct run *r)
{
    unsigned done = 0;
    int e = 0;

    for (aw_time t = r->in->at; t != 0 && e == 0; t = next_instant(r, done)) {
        unsigned first = done;
        if (t > r->env.now)
            r->env.now = t;
        while (done < r->in->n_events && r->in->at + r->events[done].after <= r->env.now)
            done++;
        e = run_instant(r, first, done);
    }
    return e;
}

static int register_all(struct run *r)
{
    const struct aw_registration *reg = r->in->reg;
    aw_id id = aw_id_take(&r->ids, r->in->at, aw_v_recipients(r) + 1);
    int e = 0;

    for (unsigned m = 0; m < aw_v_recipients(r) && e == 0; m++) {
        aw_timeline_init(&r->members[m].tl, id, (uint16_t)m, m + 1);
        e = step(r, &r->members[m],
                 &(struct aw_event){.type = AW_EV_REGISTER,
                                    .at = reg->already_sent ? reg->sent_at : r->in->at,
                                    .already_sent = reg->already_sent});
    }
    return e;
}

/* Stable: events of one instant stay in their order. */
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

int aw_virtual_run(const struct aw_virtual_input *in,
                   int (*line)(void *ctx, const struct aw_virtual_line *l), void *ctx,
                   struct aw_err *err)
{
    AW_AUTO_FREE struct member *members = aw_calloc(in->reg->n_recipients, sizeof(*members));
    AW_AUTO_FREE struct aw_virtual_event *events = aw_calloc(in->n_events + 1, sizeof(*events));
    unsigned n_persons = in->reg->n_recipients + in->n_people + 1;
    AW_AUTO_FREE unsigned *sent =
        aw_calloc((size_t)in->reg->n_recipients * n_persons, sizeof(*sent));
    struct run r = {
        .in = in,
        .events = events,
        .members = members,
        .line = line,
        .ctx = ctx,
        .err = err,
    };

    for (unsigned m = 0; m < in->reg->n_recipients; m++)
        members[m].sent = sent + (size_t)m * n_persons;
    if (in->n_events > 0)
        memcpy(events, in->events, in->n_events * sizeof(*events));
    sort_events(events, in->n_events);
    aw_v_world(&r);
    r.brake = (struct aw_virtual_brake){.conf = in->brake,
                                        .rule = in->rule,
                                        .in = {.reg = in->reg,
                                               .app = in->app        ? in->app
                                                      : in->reg->app ? in->reg->app
                                                                     : "default",
                                               .channel = in->reg->sent_channel},
                                        .addresses = aw_v_addresses_of,
                                        .channel = aw_v_channel_of,
                                        .ctx = &r};
    if (aw_virtual_brakes(&r.brake))
        r.world.restrain = aw_v_restrain;
    r.env = (struct aw_env){
        .now = in->at, .ids = &r.ids, .world = &r.world, .priority = in->reg->priority};

    int e = aw_v_check(in, err);
    if (e == 0)
        e = register_all(&r);
    if (e == 0)
        e = run_all(&r);
    aw_v_sessions_free(&r.sessions);
    aw_virtual_brake_free(&r.brake);
    return e;
}

const char *aw_virtual_what_name(const struct aw_virtual_line *l)
{
    static const char *const names[] = {
        [AW_V_FIRED] = "fired",
        [AW_V_SKIPPED] = "skipped",
        [AW_V_DEFERRED] = "deferred",
        [AW_V_HELD] = "held",
    };

    return l->what == AW_V_STATE ? aw_state_name(l->state) : names[l->what];
}
