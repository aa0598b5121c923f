/* SPDX-License-Identifier: Apache-2.0
 *
 * Random rules and histories. world_event() checks after every event that the fold of the facts is
 * the value, that the plan survives its bytes, that levels rise, ends stay and nothing that is
 * still to be done loses its due. Here: that every timeline ends, that nothing fires early, while a
 * person holds the plan or inside hours that hold it, that holds add up to the time that was really
 * held and lose no firing, and that order and duplicates of evidence between two claims change
 * nothing.
 *
 * AW_PROPERTY_CASES and AW_PROPERTY_SEED change what runs; a failure names its case.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "core/engine_int.h"
#include "core_random.h"

/* What was held so far, counted by hand: time that passes while somebody, or hours that shift, hold
 * the plan. */
static struct {
    aw_time now, until;
    aw_ms held;
} counted;

static void pass(const struct world_run *x)
{
    aw_time now = x->env.now, end = now < counted.until ? now : counted.until;

    if (end > counted.now)
        counted.held += end - counted.now;
    counted.now = now;
}

static void must(int e)
{
    assert_int_equal(e, 0);
}

/* What a person began anew though the plan is held, or nobody began at all. */
static bool begins_held(const struct aw_fact *f)
{
    return f->number > 1 || f->why == AW_WHY_NEXT_TARGET || f->why == AW_WHY_ALREADY_SENT ||
           f->why == AW_WHY_ESCALATED || f->why == AW_WHY_EXHAUSTED;
}

/* What the first entry of the hours that applies says now. */
static enum aw_inside inside(const struct world_run *x, unsigned kind)
{
    for (unsigned i = 0; i < x->rule.r.n_hours; i++) {
        const struct aw_hours *h = &x->rule.hours[i];
        bool applies = (h->kinds >> kind & 1) && !(h->except >> x->env.priority & 1);
        if (applies && x->world.inside(x->world.ctx, h->calendar, x->env.now) != 0)
            return h->inside;
    }
    return AW_INSIDE_SEND;
}

/* Every firing that the plan has until the deadline was decided before it, held or not. */
static void check_none_lost(const struct world_run *x, const struct aw_fact *f)
{
    struct aw_firing g;

    if (f->type == AW_FACT_ENDED && f->state == AW_EXHAUSTED)
        assert_false(aw_firing_first(&x->rule.r, &x->tl, &g));
}

static void count_facts(const struct world_run *x)
{
    pass(x);
    for (unsigned i = 0; i < x->up.n_facts; i++) {
        const struct aw_fact *f = &x->up.facts[i];
        if (f->type == AW_FACT_HELD && f->why == AW_WHY_HOURS && f->at > counted.until)
            counted.until = f->at;
        if (f->type == AW_FACT_RESUMED) /* nothing, where hours alone hold it */
            counted.until = x->env.now;
    }
}

/* No firing before it was due; by the plan, or brought forward by an ADVANCED or DEFERRED fact. */
static void check_times(const struct world_run *x)
{
    for (unsigned i = 0; i < x->up.n_facts; i++) {
        const struct aw_fact *f = &x->up.facts[i];
        if (f->type == AW_FACT_CLAIMED || f->type == AW_FACT_SKIPPED)
            assert_true(f->at <= x->env.now);
        if (f->type == AW_FACT_CLAIMED && !begins_held(f)) {
            const struct aw_hold *h = &x->tl.kind_hold[f->kind];
            assert_true(h->until <= x->env.now || h->from == x->env.now); /* held behind it */
            assert_int_equal(inside(x, f->kind), AW_INSIDE_SEND);
        }
        assert_true(f->type != AW_FACT_OUTCOME || f->at == 0 ||
                    f->at < x->tl.registered + x->rule.r.max_age);
        check_none_lost(x, f);
    }
    count_facts(x);
}

static void event(struct world_run *x, struct aw_event ev)
{
    must(world_event(x, &ev));
    check_times(x);
}

/* What is due, one call at a time. */
static void decide(struct world_run *x)
{
    while (x->tl.due != 0 && x->tl.due <= x->env.now) {
        event(x, (struct aw_event){.type = AW_EV_DUE});
        assert_true(x->up.n_facts > 0);
    }
}

static void random_outcome(struct world_run *x, struct dice *d)
{
    static const enum aw_outcome outcomes[] = {AW_OUT_ACCEPTED,  AW_OUT_ACCEPTED,  AW_OUT_ACCEPTED,
                                               AW_OUT_NO_TARGET, AW_OUT_REFUSED,   AW_OUT_AUTH,
                                               AW_OUT_TRANSIENT, AW_OUT_TRANSIENT, AW_OUT_UNKNOWN,
                                               AW_OUT_THROTTLED, AW_OUT_DROPPED};

    if (x->tl.n_tries == 0)
        return;
    const struct aw_try *y = &x->tl.tries[dice_roll(d, x->tl.n_tries)];
    event(x, (struct aw_event){.type = AW_EV_OUTCOME,
                               .attempt = y->attempt,
                               .outcome = outcomes[dice_roll(d, AW_COUNT(outcomes))],
                               .at = x->env.now + (aw_ms)dice_roll(d, 100) * AW_SECOND});
}

static void random_negative(struct world_run *x, struct dice *d)
{
    if (x->tl.n_tracks == 0)
        return;
    const struct aw_track *t = &x->tl.tracks[dice_roll(d, x->tl.n_tracks)];
    if (t->round > 1)
        event(x, (struct aw_event){.type = AW_EV_NEGATIVE,
                                   .attempt = 1,
                                   .person = 1 + dice_roll(d, 4),
                                   .step = t->step,
                                   .kind = t->kind,
                                   .round = (uint16_t)(1 + dice_roll(d, t->round - 1u)),
                                   .negative = AW_NEG_BOUNCED});
}

static struct aw_event random_evidence(struct dice *d)
{
    return (struct aw_event){.type = AW_EV_EVIDENCE,
                             .level = random_low_rung(d),
                             .source = AW_SRC_APP,
                             .person = dice_chance(d, 80) ? 1 : 2,
                             .attempt = dice_chance(d, 50) ? 9 : 0,
                             .known = (enum aw_level)dice_roll(d, 7)};
}

/* The same evidence in two orders, with a duplicate: equal timelines. */
static void evidence_commutes(struct world_run *x, struct dice *d)
{
    static struct world_run other;
    struct aw_event ev[3];
    unsigned n = 2 + dice_roll(d, 2);

    for (unsigned i = 0; i < n; i++)
        ev[i] = random_evidence(d);
    other = *x;
    other.world.ctx = &other.w;
    other.env.world = &other.world;
    other.env.ids = &other.ids;
    other.rule.r.steps = other.rule.steps;
    for (unsigned i = 0; i < n; i++)
        event(x, ev[i]);
    for (unsigned i = n; i-- > 0;)
        event(&other, ev[i]);
    event(&other, ev[dice_roll(d, n)]);
    assert_true(world_same(&x->tl, &other.tl));
}

static void count_held(const struct world_run *x)
{
    aw_time now = x->env.now;

    pass(x);
    if (x->tl.state == AW_OPEN)
        assert_int_equal(x->tl.hold.shift,
                         counted.held + (counted.until > now ? counted.until - now : 0));
}

static void random_act(struct world_run *x, struct dice *d)
{
    struct aw_event ev = {.type = (enum aw_event_type)(AW_EV_HOLD + dice_roll(d, 3)),
                          .why = dice_chance(d, 30) ? AW_WHY_CLAIM : AW_WHY_SNOOZED,
                          .at = x->env.now + (1 + (aw_ms)dice_roll(d, 30)) * AW_MINUTE,
                          .step = dice_chance(d, 50) ? AW_STEP_NEXT : (uint8_t)dice_roll(d, 5)};

    event(x, ev);
    if (x->tl.state == AW_OPEN && ev.type == AW_EV_HOLD && ev.at > counted.until)
        counted.until = ev.at;
    count_held(x);
}

/* Something holds firings back or does so no more, channels are busy, what waits is looked at again
 * or carried along. */
static void random_brake(struct world_run *x, struct dice *d)
{
    static const enum aw_why whys[] = {AW_WHY_NONE, AW_WHY_SILENCE, AW_WHY_LIMIT, AW_WHY_BRAKE};
    aw_time at = x->env.now + (aw_ms)dice_roll(d, 90) * AW_MINUTE;

    world_brake(x);
    switch (dice_roll(d, 5)) {
    case 0:
        x->w.held = (struct aw_restraint){.why = whys[dice_roll(d, 4)], .at = at, .by = "x"};
        break;
    case 1:
        x->w.busy[dice_roll(d, 3)][dice_roll(d, 3)] = at;
        break;
    case 2:
        x->w.suppressed.why = dice_chance(d, 30) ? AW_WHY_SUPPRESSED : AW_WHY_NONE;
        break;
    case 3:
        event(x, (struct aw_event){.type = AW_EV_LET_GO});
        break;
    default:
        event(x, (struct aw_event){.type = AW_EV_CARRY,
                                   .step = (uint8_t)dice_roll(d, 5),
                                   .kind = (uint8_t)dice_roll(d, 3),
                                   .round = (uint16_t)(1 + dice_roll(d, 2))});
    }
}

static void random_event(struct world_run *x, struct dice *d)
{
    unsigned what = dice_roll(d, 100);

    x->env.querying = dice_chance(d, 20);
    if (what < 60)
        random_outcome(x, d);
    else if (what < 75)
        evidence_commutes(x, d);
    else if (what < 80)
        random_negative(x, d);
    else if (what < 82)
        x->w.has[dice_roll(d, 4)][dice_roll(d, 3)] = dice_chance(d, 50);
    else if (what < 83)
        event(x, (struct aw_event){.type = dice_chance(d, 50) ? AW_EV_CANCEL : AW_EV_RELEASE});
    else if (what < 90)
        random_act(x, d);
    else if (what < 96)
        random_brake(x, d);
}

static void random_history(struct world_run *x, struct dice *d)
{
    static struct aw_span down[8];
    const struct aw_step *s = &x->rule.steps[0];
    bool sent = s->at == 0 && s->kinds[0] == AW_PUSH && dice_chance(d, 50);

    x->env.downtimes = down;
    memset(&counted, 0, sizeof(counted));
    counted.now = x->env.now;
    event(x, (struct aw_event){.type = AW_EV_REGISTER,
                               .at = WORLD_START - (dice_chance(d, 30) ? random_instant(d) : 0),
                               .already_sent = sent});
    for (unsigned turn = 0; turn < 60 && x->tl.due != 0; turn++) {
        if (x->tl.due > x->env.now && dice_chance(d, 60))
            x->env.now = x->tl.due + (dice_chance(d, 20) ? (aw_ms)dice_roll(d, 3) * AW_MINUTE : 0);
        if (dice_chance(d, 4) && x->env.n_downtimes < AW_COUNT(down)) {
            aw_ms for_ = (1 + (aw_ms)dice_roll(d, 40)) * AW_MINUTE;
            down[x->env.n_downtimes++] = (struct aw_span){x->env.now, x->env.now + for_};
            x->env.now += for_;
        }
        count_held(x);
        decide(x);
        random_event(x, d);
    }
}

/* Left alone, every timeline comes to rest: nothing waits for ever. */
static void comes_to_rest(struct world_run *x)
{
    for (unsigned turn = 0; x->tl.due != 0; turn++) {
        assert_true(turn < 3000);
        if (x->tl.due > x->env.now)
            x->env.now = x->tl.due;
        decide(x);
        while (x->tl.n_tries > 0 && x->tl.tries[0].state == AW_TRY_FLYING)
            event(x, (struct aw_event){.type = AW_EV_OUTCOME,
                                       .attempt = x->tl.tries[0].attempt,
                                       .outcome = AW_OUT_ACCEPTED});
    }
    assert_true(x->tl.state != AW_OPEN);
}

static void test_random_histories(void **state)
{
    static struct world_run x;
    uint64_t seed = dice_setting("AW_PROPERTY_SEED", 1);
    uint64_t n = dice_setting("AW_PROPERTY_CASES", 20000);

    for (uint64_t i = seed; i < seed + n; i++) {
        struct dice d = {.seed = i};
        *(uint64_t *)*state = i;
        random_world(&x, &d);
        random_history(&x, &d);
        comes_to_rest(&x);
    }
    *(uint64_t *)*state = 0;
}

/* A world that answers nonsense, "held until now": what is put off is due later all the same, so
 * that the engine decides once a second, not for ever, and the deadline ends it. */
static void held_until_now(void *ctx, const struct aw_candidate *what, struct aw_restraint *ret)
{
    const struct world *w = ctx;
    *ret = (struct aw_restraint){.why = AW_WHY_BRAKE, .at = *w->now, .by = "nonsense"};
}

static void test_put_off_is_later(void **state)
{
    static struct world_run x;
    unsigned n = 0;

    world_init(&x);
    world_person(&x, "li");
    x.w.has[0][AW_SMS] = true;
    world_target(&x, world_step(&x, "text", 0, AW_SMS), AW_TO_RECIPIENT, NULL);
    x.rule.r.deadline = 10 * AW_SECOND;
    world_brake(&x);
    x.world.restrain = held_until_now;
    event(&x, (struct aw_event){.type = AW_EV_REGISTER});
    for (; x.tl.due != 0; n++) {
        assert_true(n < 20);
        if (x.tl.due > x.env.now)
            x.env.now = x.tl.due;
        event(&x, (struct aw_event){.type = AW_EV_DUE});
    }
    assert_int_equal(x.tl.state, AW_EXHAUSTED);
    assert_int_equal(x.env.now, WORLD_START + 10 * AW_SECOND);
}

static int tell_seed(void **state)
{
    uint64_t failed = *(uint64_t *)*state;
    if (failed)
        fprintf(stderr, "# repeat with AW_PROPERTY_SEED=%llu AW_PROPERTY_CASES=1\n",
                (unsigned long long)failed);
    return 0;
}

int main(void)
{
    static uint64_t running;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_put_off_is_later),
        cmocka_unit_test_prestate_setup_teardown(test_random_histories, NULL, tell_seed, &running),
    };
    return cmocka_run_group_tests_name("property", tests, NULL, NULL);
}
