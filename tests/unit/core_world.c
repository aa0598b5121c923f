/* SPDX-License-Identifier: Apache-2.0 */
#include "core_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"

/* --- the world that the engine asks --------------------------------------------------------- */

static int64_t find(const struct world *w, const char *name)
{
    for (unsigned i = 0; i < w->n; i++)
        if (strcmp(w->names[i], name) == 0)
            return i + 1;
    return 0;
}

static int64_t person(void *ctx, const struct aw_target *to)
{
    const struct world *w = ctx;

    switch (to->type) {
    case AW_TO_RECIPIENT:
        return 1;
    case AW_TO_MANAGER:
        return w->manager;
    case AW_TO_CONTACT:
    case AW_TO_USER:
        return find(w, to->name);
    default:
        return w->oncall[0] ? find(w, w->oncall) : 0;
    }
}

static bool has_address(void *ctx, int64_t p, enum aw_kind kind)
{
    const struct world *w = ctx;
    assert_true(p >= 1 && p <= w->n);
    return w->has[p - 1][kind] && (kind != AW_PUSH || !w->is[p - 1]);
}

static enum aw_negative negative(void *ctx, int64_t p, enum aw_kind kind)
{
    const struct world *w = ctx;
    return kind == AW_SMS && w->out[p - 1] ? AW_NEG_OPTED_OUT : AW_NEG_NONE;
}

static unsigned channels(void *ctx, const struct aw_step *step, enum aw_kind kind)
{
    const struct world *w = ctx;
    return step->n_via ? step->n_via : w->channels[kind];
}

static aw_time free_at(void *ctx, const struct aw_step *step, enum aw_kind kind, unsigned via,
                       enum aw_claim_as as)
{
    const struct world *w = ctx;
    (void)step, (void)as;
    return via < AW_MAX_VIA ? w->busy[kind][via] : 0;
}

static enum aw_sight sight(void *ctx, aw_time *ret_until)
{
    const struct world *w = ctx;
    *ret_until = w->seen_at;
    return w->sight;
}

static bool holds_unknown(void *ctx, const struct aw_step *step, enum aw_kind kind, unsigned via)
{
    const struct world *w = ctx;
    (void)step, (void)kind, (void)via;
    return w->holds_unknown;
}

static unsigned presence(void *ctx, int64_t p)
{
    const struct world *w = ctx;
    return w->is[p - 1];
}

static unsigned devices(void *ctx, int64_t p, int64_t ret[AW_MAX_DEVICES])
{
    const struct world *w = ctx;
    assert_int_equal(p, 1);
    memcpy(ret, w->devices, sizeof(w->devices));
    return w->n_devices;
}

static void suppress(void *ctx, struct aw_restraint *ret)
{
    const struct world *w = ctx;
    *ret = w->suppressed;
}

/* What an escalate wants, no limit holds; what is carried along, a silence alone. */
static void restrain(void *ctx, const struct aw_candidate *what, struct aw_restraint *ret)
{
    const struct world *w = ctx;
    assert_true(what->n_persons > 0);
    if (w->held.why != AW_WHY_NONE && *w->now < w->held.at &&
        !(what->wanted && w->held.why == AW_WHY_LIMIT) &&
        !(what->carried && w->held.why != AW_WHY_SILENCE))
        *ret = w->held;
}

static aw_time inside(void *ctx, const char *calendar, aw_time t)
{
    const struct world *w = ctx;

    for (unsigned i = 0; i < w->n_calendars; i++) {
        aw_ms from = w->calendars[i].from, to = w->calendars[i].to;
        for (aw_time day = t / AW_DAY - 1; day <= t / AW_DAY; day++) {
            aw_time end = day * AW_DAY + to + (to <= from ? AW_DAY : 0);
            if (strcmp(w->calendars[i].name, calendar) == 0 && day * AW_DAY + from <= t && t < end)
                return end;
        }
    }
    return 0;
}

/* --- building ------------------------------------------------------------------------------- */

void world_init(struct world_run *x)
{
    memset(x, 0, sizeof(*x));
    for (unsigned k = 0; k < AW_N_KINDS; k++)
        x->w.channels[k] = 1;
    x->rule.r = (struct aw_rule){
        .name = "story",
        .until = AW_ACKNOWLEDGED,
        .deadline = AW_HOUR,
        .max_age = AW_DAY,
        .check = {.settle = 5 * AW_SECOND},
        .presence = {.on_expiry = -1},
        .steps = x->rule.steps,
    };
    x->world = (struct aw_world){.ctx = &x->w,
                                 .person = person,
                                 .has_address = has_address,
                                 .negative = negative,
                                 .channels = channels,
                                 .free_at = free_at,
                                 .presence = presence,
                                 .devices = devices,
                                 .inside = inside,
                                 .sight = sight,
                                 .holds_unknown = holds_unknown};
    x->env = (struct aw_env){.now = WORLD_START, .ids = &x->ids, .world = &x->world};
    aw_timeline_init(&x->tl, aw_id_take(&x->ids, WORLD_START, 2), 0, 1);
}

void world_brake(struct world_run *x)
{
    x->w.now = &x->env.now;
    x->world.suppress = suppress;
    x->world.restrain = restrain;
}

unsigned world_person(struct world_run *x, const char *name)
{
    int64_t known = find(&x->w, name);
    if (known)
        return (unsigned)known;
    assert_true(x->w.n < WORLD_PEOPLE);
    snprintf(x->w.names[x->w.n], sizeof(x->w.names[0]), "%s", name);
    return ++x->w.n;
}

static unsigned place(const struct world_run *x, const struct aw_step *s)
{
    return s == &x->rule.exhausted ? AW_MAX_STEPS : (unsigned)(s - x->rule.steps);
}

void world_target(struct world_run *x, struct aw_step *s, enum aw_target_type type,
                  const char *name)
{
    char *copy = x->rule.names[place(x, s)][s->n_to];

    if (name)
        snprintf(copy, sizeof(x->rule.names[0][0]), "%s", name);
    s->to[s->n_to++] = (struct aw_target){.type = type, .name = name ? copy : NULL};
}

struct aw_step *world_step(struct world_run *x, const char *id, aw_ms at, enum aw_kind kind)
{
    bool last = strcmp(id, "exhausted") == 0;
    struct aw_step *s = last ? &x->rule.exhausted : &x->rule.steps[x->rule.r.n_steps++];

    if (last)
        x->rule.r.exhausted = s;
    snprintf(x->rule.ids[place(x, s)], sizeof(x->rule.ids[0]), "%s", id);
    *s = (struct aw_step){.id = x->rule.ids[place(x, s)],
                          .at = at,
                          .kinds = {kind},
                          .n_kinds = 1,
                          .times = 1,
                          .ttl_until = -1,
                          .replaces = -1};
    return s;
}

/* --- running -------------------------------------------------------------------------------- */

bool world_same(const struct aw_timeline *a, const struct aw_timeline *b)
{
    uint8_t x[AW_PLAN_MAX], y[AW_PLAN_MAX];
    size_t n = aw_plan_encode(a, x, sizeof(x));

    return n > 0 && n == aw_plan_encode(b, y, sizeof(y)) && memcmp(x, y, n) == 0 &&
           a->id == b->id && a->n == b->n && a->person == b->person && a->state == b->state &&
           a->level == b->level && a->due == b->due && a->late == b->late;
}

static unsigned waiting(const struct aw_timeline *tl)
{
    unsigned n = 0;
    for (unsigned i = 0; i < tl->n_tries; i++)
        n += tl->tries[i].state == AW_TRY_WAITING;
    return n;
}

/* The fold of the facts is the value; the plan survives its encoding; due is never lost. */
static void check(const struct aw_timeline *before, const struct world_run *x)
{
    struct aw_timeline folded = *before, decoded = x->tl;
    uint8_t plan[AW_PLAN_MAX];

    for (unsigned i = 0; i < x->up.n_facts; i++) {
        const struct aw_fact *f = &x->up.facts[i];
        bool begins = f->type == AW_FACT_CLAIMED && f->number == 1 &&
                      f->why != AW_WHY_NEXT_TARGET && f->why != AW_WHY_ALREADY_SENT &&
                      f->step != AW_STEP_EXHAUSTED;
        /* ESC-ORDER: none before its due. ESC-BOUND: none that fell due after the deadline. */
        if (begins)
            assert_true(f->at <= x->env.now && f->at <= aw_deadline(&x->rule.r, &folded));
        assert_int_equal(aw_timeline_apply(&folded, f), 0);
        /* ESC-CLOSE */
        if (begins)
            assert_int_equal(folded.state, AW_OPEN);
    }
    assert_true(world_same(&folded, &x->tl));

    size_t n = aw_plan_encode(&x->tl, plan, sizeof(plan));
    assert_true(n > 0);
    assert_int_equal(aw_plan_decode(&decoded, plan, n), 0);
    assert_true(world_same(&decoded, &x->tl));

    /* Levels rise and ends are final, unless the timeline was to come back, and does. */
    bool back = before->back.at != 0 && x->tl.back.at == 0 && x->tl.state == AW_OPEN;
    assert_true(back || x->tl.level >= before->level);
    assert_true(back || before->state == AW_OPEN || before->state == x->tl.state);
    assert_true((x->tl.due == 0) ==
                (x->tl.state != AW_OPEN && x->tl.back.at == 0 && waiting(&x->tl) == 0));
    assert_true(x->tl.state != AW_OPEN || x->tl.level < x->rule.r.until);
}

int world_event(struct world_run *x, const struct aw_event *ev)
{
    struct aw_timeline before = x->tl;
    int e = aw_engine_step(&x->rule.r, &x->tl, ev, &x->env, &x->up);

    if (e == 0)
        check(&before, x);
    return e;
}

void world_due(struct world_run *x)
{
    for (unsigned n = 0; x->tl.due != 0 && x->tl.due <= x->env.now; n++) {
        assert_true(n < 5000); /* put off, and still due */
        assert_int_equal(world_event(x, &(struct aw_event){.type = AW_EV_DUE}), 0);
        assert_true(x->up.n_facts > 0);
    }
}
