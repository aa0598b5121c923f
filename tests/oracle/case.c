/* SPDX-License-Identifier: Apache-2.0
 *
 * Makes random cases, and cuts them down. A case is one that the loader would take: every key means
 * something, times are within their bounds.
 */
#include "oracle/case.h"

#include <string.h>

#include "base/mem.h"

static const char *const ids[CASE_STEPS] = {"s0", "s1", "s2", "s3", "s4", "s5"};
static const char *const names[CASE_PEOPLE] = {"li", "zhao", "mei", "wang", "noc", "duty"};

aw_ms case_instant(struct dice *d, unsigned most)
{
    return (aw_ms)dice_roll(d, most + 1) * 5 * AW_MINUTE +
           (dice_chance(d, 5) ? (aw_ms)dice_roll(d, 300) * AW_SECOND : 0);
}

/* --- people --------------------------------------------------------------------------------- */

static void make_people(struct ora_case *c, struct dice *d)
{
    static const char *const phones[CASE_PEOPLE] = {"+9990000001", "+9990000002", "+9990000003",
                                                    "+9990000004", "+9990000005", "+9990000006"};
    static const char *const mails[CASE_PEOPLE] = {"li@sim.invalid",  "zhao@sim.invalid",
                                                   "mei@sim.invalid", "wang@sim.invalid",
                                                   "noc@sim.invalid", "duty@sim.invalid"};

    c->n_people = CASE_PEOPLE;
    for (unsigned i = 0; i < CASE_PEOPLE; i++) {
        struct aw_addresses *a = &c->people[i].a;
        c->people[i].user = names[i];
        a->alias = dice_chance(d, 75) ? names[i] : NULL;
        a->phone = dice_chance(d, 75) ? phones[i] : NULL;
        a->email = dice_chance(d, 75) ? mails[i] : NULL;
        a->im = dice_chance(d, 50) ? names[i] : NULL;
        a->tz = case_zone(d);
        if (dice_chance(d, 60))
            a->manager = dice_chance(d, 90) ? names[dice_roll(d, CASE_PEOPLE)] : "nobody";
    }
}

/* --- the rule ------------------------------------------------------------------------------- */

static void make_targets(struct aw_step *s, struct dice *d)
{
    unsigned n = dice_chance(d, 50) ? 0 : 1 + dice_roll(d, 3);

    for (unsigned i = 0; i < n; i++) {
        enum aw_target_type type = (enum aw_target_type)dice_roll(d, AW_TO_ONCALL + 1);
        const char *name = NULL;
        if (type == AW_TO_CONTACT || type == AW_TO_USER)
            name = dice_chance(d, 90) ? names[dice_roll(d, CASE_PEOPLE)] : "nobody";
        else if (type == AW_TO_ONCALL)
            name = "noc";
        s->to[s->n_to++] = (struct aw_target){type, name};
    }
    if (n == 0)
        s->to[s->n_to++] = (struct aw_target){AW_TO_RECIPIENT, NULL};
    s->pick = dice_chance(d, 30) ? AW_PICK_ALL : AW_PICK_FIRST_REACHABLE;
}

static void make_step(struct ora_case *c, struct aw_step *s, struct dice *d)
{
    *s = (struct aw_step){.times = 1, .ttl_until = -1, .replaces = -1};
    s->kinds[s->n_kinds++] = (enum aw_kind)dice_roll(d, AW_N_KINDS);
    while (s->n_kinds < 3 && dice_chance(d, 30)) {
        enum aw_kind k = (enum aw_kind)dice_roll(d, AW_N_KINDS);
        if (!aw_step_has_kind(s, k))
            s->kinds[s->n_kinds++] = k;
    }
    make_targets(s, d);
    s->if_no_contact = dice_chance(d, 20) ? AW_NO_CONTACT_SKIP : AW_NO_CONTACT_ADVANCE;
    if (s == &c->exhausted) {
        s->id = "exhausted";
        return;
    }
    s->id = ids[s - c->steps];
    s->at = s == c->steps ? 0 : case_instant(d, 12);
    if (s->at > c->rule.deadline)
        s->at = c->rule.deadline;
    if (dice_chance(d, 50))
        s->unless = (enum aw_level)(1 + dice_roll(d, 6));
    if (dice_chance(d, 30)) {
        s->every = (1 + (aw_ms)dice_roll(d, 6)) * 5 * AW_MINUTE;
        s->times = dice_chance(d, 20) ? 0 : 2 + dice_roll(d, 4);
    }
}

/* One call of the engine is bounded, and the simulator answers its claims before the next call: so
 * few enough that all fit in one, should they fall on one instant. */
static void bound_rounds(struct ora_case *c)
{
    unsigned left = 8;

    for (unsigned i = 0; i < c->rule.n_steps; i++) {
        struct aw_step *s = &c->steps[i];
        unsigned rounds = s->every ? 1 + (unsigned)((c->rule.deadline - s->at) / s->every) : 1;
        if (s->times != 0 && s->times < rounds)
            rounds = s->times;
        unsigned claims = s->n_kinds * (s->pick == AW_PICK_ALL ? s->n_to : 1);
        if (rounds * claims > left) {
            s->every = 0;
            s->times = rounds = 1;
            s->n_kinds = 1;
            s->pick = AW_PICK_FIRST_REACHABLE;
            claims = 1;
        }
        left -= rounds * claims < left ? rounds * claims : left;
    }
}

static enum aw_level rung(struct dice *d, bool high)
{
    unsigned a = dice_roll(d, 6), b = dice_roll(d, 6);
    return (enum aw_level)(1 + ((a > b) == high ? a : b));
}

static void make_rule(struct ora_case *c, struct dice *d)
{
    struct aw_rule *r = &c->rule;

    r->name = "random";
    r->until = rung(d, true);
    r->deadline = 5 * AW_MINUTE + case_instant(d, 14);
    r->max_age = dice_chance(d, 70) ? AW_DAY : 5 * AW_MINUTE + case_instant(d, 30);
    r->by = dice_chance(d, 30) ? AW_BY_ANYONE : AW_BY_RECIPIENT;
    if (dice_chance(d, 15) && (r->n_hours == 0 || c->hours[0].then == AW_THEN_SHIFT)) {
        r->reopen_after = 5 * AW_MINUTE + case_instant(d, 8);
        r->reopen_unless_closed = dice_chance(d, 50);
    }
    r->claim_hold = dice_chance(d, 60) ? 5 * AW_MINUTE + case_instant(d, 6) : 0;
    r->n_steps = 1 + dice_roll(d, CASE_STEPS);
    for (unsigned i = 0; i < r->n_steps; i++)
        make_step(c, &c->steps[i], d);
    bound_rounds(c);
    if (dice_chance(d, 50)) {
        make_step(c, &c->exhausted, d);
        r->exhausted = &c->exhausted;
    }
}

/* --- registration and history --------------------------------------------------------------- */

/* Who was logged in and out on a phone of their own. People leave such cases alone: what their
 * holds and a hold for a login add up to, and what 1011 means then, has golden traces. */
static void make_presence(struct ora_case *c, struct dice *d)
{
    struct aw_presence *p = &c->rule.presence;

    p->on_expiry = -1;
    c->sessions = dice_chance(d, 25);
    if (!c->sessions)
        return;
    c->rule.n_hours = 0;
    p->logged_out = (enum aw_logged_out)dice_roll(d, 3);
    p->hold_max = dice_chance(d, 70) ? 5 * AW_MINUTE + case_instant(d, 8) : 0;
    p->on_login = (enum aw_on_login)dice_roll(d, 3);
    if (dice_chance(d, 40))
        p->on_expiry = (int)dice_roll(d, c->rule.n_steps);
}

static void make_session(const struct ora_case *c, struct aw_virtual_event *e, struct dice *d)
{
    static const char *const devices[CASE_PEOPLE] = {"phone-li",   "phone-zhao", "phone-mei",
                                                     "phone-wang", "phone-noc",  "phone-duty"};
    unsigned who = dice_chance(d, 80) ? 0 : dice_roll(d, CASE_PEOPLE);

    e->act = dice_chance(d, 50) ? AW_V_LOGIN : AW_V_LOGOUT;
    e->from = names[who];
    e->device = devices[who];
    e->after = dice_chance(d, 30) && e == c->events ? 0 : e->after + (e - c->events);
}

static void make_registration(struct ora_case *c, struct dice *d)
{
    struct aw_registration *reg = &c->reg;
    bool push_first = c->steps[0].n_kinds == 1 && c->steps[0].kinds[0] == AW_PUSH;

    reg->priority = (enum aw_priority)dice_roll(d, AW_N_PRIORITIES);
    reg->n_recipients = dice_chance(d, 60) ? 1 : 1 + dice_roll(d, CASE_RECIPIENTS);
    /* What third persons are told for several recipients is one attempt for the limits. */
    if (c->rule.limits.given)
        reg->n_recipients = 1;
    for (unsigned i = 0; i < reg->n_recipients; i++)
        c->recipients[i].user = names[i];
    if (push_first && dice_chance(d, 50)) {
        c->rule.n_hours = c->rule.n_hours > 1 ? 1 : c->rule.n_hours;
        c->hours[0].kinds = AW_ALL_KINDS;
        c->rule.reopen_after = 0; /* a deadline that is over, and a message that comes back */
        reg->already_sent = true;
        reg->sent_at = c->at - (dice_chance(d, 50) ? case_instant(d, 12) : 0);
    }
}

static void make_of(struct ora_case *c, struct dice *d)
{
    struct aw_of *of = &c->rule.of;

    if (dice_chance(d, 60))
        return;
    of->percent = dice_chance(d, 50);
    of->n = 1 + dice_roll(d, of->percent ? 100 : c->reg.n_recipients);
}

/* Two things that rules.md leaves open are left out of a backdated case: rounds of one step that
 * run at the same instant while the first is refused, and acts at the instant of registration. */
static void make_event(struct ora_case *c, struct aw_virtual_event *e, struct dice *d)
{
    bool backdated = c->reg.already_sent && c->reg.sent_at < c->at;
    static const enum aw_outcome outcomes[] = {AW_OUT_ACCEPTED, AW_OUT_REFUSED, AW_OUT_REFUSED,
                                               AW_OUT_NO_TARGET};
    unsigned what = dice_roll(d, 100);

    for (unsigned i = 0; i < c->rule.n_hours; i++)
        if (c->hours[i].inside == AW_INSIDE_HOLD && c->hours[i].then == AW_THEN_KEEP &&
            what >= 38 && what < 75)
            what = 0; /* what a snooze adds to a firing that is kept back, rules.md leaves open */
    *e = (struct aw_virtual_event){.after = case_instant(d, 16)};
    if (c->sessions && what >= 38) {
        make_session(c, e, d);
        return;
    }
    if (c->reg.n_recipients == 1 || dice_chance(d, 60))
        e->from = names[dice_roll(d, c->reg.n_recipients)];
    if (what < 35) {
        e->act = AW_V_EVIDENCE;
        e->level = rung(d, dice_chance(d, 20));
        e->from = names[dice_chance(d, 85) ? dice_roll(d, c->reg.n_recipients)
                                           : dice_roll(d, CASE_PEOPLE)];
    } else if (what < 38) {
        e->act = AW_V_CANCEL;
    } else if (what < 50) {
        e->act = AW_V_SNOOZE;
        e->hold = 5 * AW_MINUTE + case_instant(d, 8);
    } else if (what < 58 && c->rule.claim_hold) {
        e->act = AW_V_CLAIM;
        e->by = dice_chance(d, 70) ? names[dice_roll(d, CASE_PEOPLE)] : NULL;
    } else if (what < 65 && c->brake.n_silences == 0) {
        e->act = AW_V_RESUME;
    } else if (what < 75 && c->brake.n_silences == 0) {
        e->act = AW_V_ESCALATE; /* two at one instant would be one */
        e->after += e - c->events;
        e->step = dice_chance(d, 50) ? ids[dice_roll(d, c->rule.n_steps)] : NULL;
    } else {
        unsigned step = dice_roll(d, c->rule.n_steps);
        e->act = AW_V_RESULT;
        e->after = dice_chance(d, 50) ? 0 : e->after;
        e->step = ids[step];
        e->outcome = outcomes[dice_roll(d, AW_COUNT(outcomes))];
        if (backdated && c->steps[step].every)
            e->outcome = AW_OUT_ACCEPTED;
    }
    if (backdated && e->act != AW_V_EVIDENCE && e->act != AW_V_RESULT && e->after == 0)
        e->after = 1;
}

void case_make(struct ora_case *c, uint64_t seed)
{
    struct dice d = {.seed = seed};

    memset(c, 0, sizeof(*c));
    c->seed = seed;
    case_make_env(c, &d);
    make_people(c, &d);
    make_rule(c, &d);
    make_presence(c, &d);
    make_registration(c, &d);
    make_of(c, &d);
    c->n_events = dice_roll(&d, CASE_EVENTS + 1);
    for (unsigned i = 0; i < c->n_events; i++)
        make_event(c, &c->events[i], &d);
}

struct aw_virtual_input case_input(struct ora_case *c)
{
    c->rule.steps = c->steps;
    c->rule.exhausted = c->rule.exhausted ? &c->exhausted : NULL;
    c->reg.recipients = c->recipients;
    struct aw_virtual_input in = {.rule = &c->rule,
                                  .reg = &c->reg,
                                  .at = c->at,
                                  .people = c->people,
                                  .n_people = c->n_people,
                                  .events = c->events,
                                  .n_events = c->n_events};
    case_env_input(c, &in);
    return in;
}

/* --- cutting down --------------------------------------------------------------------------- */

#define REMOVE(array, n, i)                                                                        \
    memmove(&(array)[i], &(array)[(i) + 1], (--(n) - (i)) * sizeof((array)[0]))

static bool is_named(const struct ora_case *c, const char *step)
{
    for (unsigned i = 0; i < c->n_events; i++)
        if (c->events[i].step && strcmp(c->events[i].step, step) == 0)
            return true;
    return false;
}

static bool recipient_is_named(const struct ora_case *c, const char *user)
{
    for (unsigned i = 0; i < c->n_events; i++)
        if (c->events[i].from && strcmp(c->events[i].from, user) == 0)
            return true;
    return false;
}

/* One simplification of a step; false: there is no such. */
static bool simplify_step(struct aw_step *s, unsigned how)
{
    switch (how) {
    case 0:
        s->n_kinds = 1;
        return true;
    case 1:
        s->n_to = 1;
        s->to[0].type = AW_TO_RECIPIENT; /* member by member: cases are compared byte by byte */
        s->to[0].name = NULL;
        return true;
    case 2:
        s->n_to = s->n_to > 1 ? s->n_to - 1 : 1;
        return true;
    case 3:
        s->unless = AW_LEVEL_NONE;
        return true;
    case 4:
        s->times = 1;
        s->every = 0;
        return true;
    case 5:
        s->times = s->times > 2 ? 2 : s->times;
        return true;
    case 6:
        s->pick = AW_PICK_FIRST_REACHABLE;
        return true;
    case 7:
        s->kinds[0] = s->kinds[s->n_kinds - 1];
        s->n_kinds = 1;
        return true;
    default:
        return false;
    }
}
#define STEP_CUTS 8

static bool simplify_rule(struct ora_case *c, unsigned how)
{
    switch (how) {
    case 0:
        c->rule.exhausted = NULL;
        return true;
    case 1:
        c->rule.max_age = AW_DAY;
        return true;
    case 2:
        c->reg.already_sent = false;
        return true;
    case 3:
        c->rule.of.n = 0;
        c->rule.of.percent = false;
        return true;
    case 4:
        c->rule.presence.on_expiry = -1;
        return true;
    case 5:
        c->rule.by = AW_BY_RECIPIENT;
        return true;
    case 6:
        c->rule.reopen_after = 0;
        return true;
    default:
        return case_env_cut(c, how - 7);
    }
}

bool case_cut(struct ora_case *c, unsigned part)
{
    if (part < c->n_events) {
        REMOVE(c->events, c->n_events, part);
        return true;
    }
    part -= c->n_events;
    if (part < c->rule.n_steps) {
        if (part > 0 && !is_named(c, c->steps[part].id) && c->rule.presence.on_expiry < 0)
            REMOVE(c->steps, c->rule.n_steps, part);
        return true;
    }
    part -= c->rule.n_steps;
    if (part < c->reg.n_recipients) {
        if (c->reg.n_recipients > 1 && c->rule.of.n < 2 &&
            !recipient_is_named(c, c->recipients[part].user))
            REMOVE(c->recipients, c->reg.n_recipients, part);
        return true;
    }
    part -= c->reg.n_recipients;
    if (part < c->rule.n_steps * STEP_CUTS)
        return simplify_step(&c->steps[part / STEP_CUTS], part % STEP_CUTS);
    part -= c->rule.n_steps * STEP_CUTS;
    return simplify_rule(c, part);
}
