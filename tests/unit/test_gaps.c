/* SPDX-License-Identifier: Apache-2.0
 *
 * Evidence between two claims: for fixed claim instants, permuting, repeating or delaying it within
 * the gap changes nothing. The same random plan and history run twice, side by side. Whatever is
 * not evidence (results, what people do, what falls due) happens to both at the same instants, and
 * bounds the gaps; in a gap one side gets the evidence as it was made, the other shuffled, in part
 * twice, and later. After each gap both must have come to the same value by the same claims.
 *
 * AW_GAPS_CASES and AW_GAPS_SEED change what runs; a failure names its case.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "core_random.h"

#define GAP_EVIDENCE 4
#define GAP          (4 * AW_MINUTE) /* shorter than what the plans are made of */

static struct world_run one, two;
static uint64_t running;
static unsigned long n_claims, n_moved; /* that the property was put to the test at all */

static void copy_world(struct world_run *to, const struct world_run *from)
{
    *to = *from;
    to->world.ctx = &to->w;
    to->env.world = &to->world;
    to->env.ids = &to->ids;
    to->rule.r.steps = to->rule.steps;
    if (to->rule.r.exhausted)
        to->rule.r.exhausted = &to->rule.exhausted;
}

static void engine(struct world_run *x, struct aw_event ev)
{
    assert_int_equal(aw_engine_step(&x->rule.r, &x->tl, &ev, &x->env, &x->up), 0);
}

/* Claims and skips, with all that they say. */
static bool same_decisions(const struct aw_update *a, const struct aw_update *b)
{
    if (a->n_facts != b->n_facts)
        return false;
    for (unsigned i = 0; i < a->n_facts; i++) {
        const struct aw_fact *x = &a->facts[i], *y = &b->facts[i];
        if (x->type != y->type || x->step != y->step || x->kind != y->kind ||
            x->round != y->round || x->why != y->why || x->person != y->person || x->at != y->at ||
            x->next_due != y->next_due || x->level != y->level || x->state != y->state)
            return false;
        n_claims += x->type == AW_FACT_CLAIMED;
    }
    return true;
}

/* What bounds a gap happens to both. */
static void both(struct aw_event ev)
{
    engine(&one, ev);
    engine(&two, ev);
    assert_true(same_decisions(&one.up, &two.up));
    assert_true(world_same(&one.tl, &two.tl));
}

static void both_due(void)
{
    while (one.tl.due != 0 && one.tl.due <= one.env.now)
        both((struct aw_event){.type = AW_EV_DUE});
}

static struct aw_event random_evidence(struct dice *d)
{
    return (struct aw_event){.type = AW_EV_EVIDENCE,
                             .level = random_low_rung(d),
                             .source = (enum aw_source)dice_roll(d, AW_N_SOURCES),
                             .person = dice_chance(d, 80) ? 1 : 2,
                             .attempt = dice_chance(d, 50) ? 9 : 0};
}

/* Nothing but evidence comes, and it claims nothing. */
static void evidence(struct world_run *x, const struct aw_event *ev, aw_time now)
{
    x->env.now = now;
    engine(x, *ev);
    for (unsigned i = 0; i < x->up.n_facts; i++) {
        const struct aw_fact *f = &x->up.facts[i];
        assert_true(f->type == AW_FACT_EVIDENCE || f->type == AW_FACT_ENDED ||
                    (f->type == AW_FACT_OUTCOME && f->outcome == AW_OUT_DROPPED));
    }
}

/* How long nothing falls due. */
static aw_ms length_of_gap(void)
{
    aw_time due = one.tl.due;

    if (due == 0 || due > one.env.now + GAP)
        return GAP;
    return due > one.env.now ? due - one.env.now : 0;
}

static void gap(struct dice *d)
{
    struct aw_event ev[GAP_EVIDENCE], again[2 * GAP_EVIDENCE];
    aw_ms length = length_of_gap();
    unsigned n = length > 1 ? dice_roll(d, GAP_EVIDENCE + 1) : 0, m = 0;
    aw_time start = one.env.now;

    for (unsigned i = 0; i < n; i++)
        ev[i] = again[m++] = random_evidence(d);
    for (unsigned i = 0; i < n; i++)
        if (dice_chance(d, 40))
            again[m++] = ev[i];
    for (unsigned i = m; i > 1; i--) {
        unsigned j = dice_roll(d, i);
        struct aw_event x = again[j];
        again[j] = again[i - 1];
        again[i - 1] = x;
    }
    for (unsigned i = 0; i < n; i++)
        evidence(&one, &ev[i], start + (aw_ms)i * (length - 1) / GAP_EVIDENCE / 2);
    for (unsigned i = 0; i < m; i++)
        evidence(&two, &again[i], start + (aw_ms)(i + 1) * (length - 1) / (2 * GAP_EVIDENCE));
    one.env.now = two.env.now = start + length;
    n_moved += m;
    assert_true(world_same(&one.tl, &two.tl));
}

static void random_outcome(struct dice *d)
{
    static const enum aw_outcome outcomes[] = {AW_OUT_ACCEPTED, AW_OUT_ACCEPTED,  AW_OUT_NO_TARGET,
                                               AW_OUT_REFUSED,  AW_OUT_TRANSIENT, AW_OUT_UNKNOWN,
                                               AW_OUT_THROTTLED};

    if (one.tl.n_tries == 0)
        return;
    const struct aw_try *y = &one.tl.tries[dice_roll(d, one.tl.n_tries)];
    both((struct aw_event){.type = AW_EV_OUTCOME,
                           .attempt = y->attempt,
                           .outcome = outcomes[dice_roll(d, AW_COUNT(outcomes))],
                           .at = one.env.now + (aw_ms)dice_roll(d, 100) * AW_SECOND});
}

static void random_act(struct dice *d)
{
    both((struct aw_event){.type = (enum aw_event_type)(AW_EV_HOLD + dice_roll(d, 3)),
                           .why = dice_chance(d, 30) ? AW_WHY_CLAIM : AW_WHY_SNOOZED,
                           .at = one.env.now + (1 + (aw_ms)dice_roll(d, 30)) * AW_MINUTE,
                           .step = dice_chance(d, 50) ? AW_STEP_NEXT : (uint8_t)dice_roll(d, 5)});
}

static void history(struct dice *d)
{
    const struct aw_step *s = &one.rule.steps[0];

    copy_world(&two, &one);
    both((struct aw_event){.type = AW_EV_REGISTER,
                           .at = WORLD_START - (dice_chance(d, 30) ? random_instant(d) : 0),
                           .already_sent = s->at == 0 && s->kinds[0] == AW_PUSH});
    for (unsigned turn = 0; turn < 40 && one.tl.due != 0; turn++) {
        unsigned what = dice_roll(d, 100);
        both_due();
        gap(d);
        if (what < 40)
            random_outcome(d);
        else if (what < 50)
            random_act(d);
        else if (one.tl.due > one.env.now && dice_chance(d, 60))
            one.env.now = two.env.now = one.tl.due;
    }
    assert_int_equal(one.tl.state, two.tl.state);
}

static void test_evidence_between_claims(void **state)
{
    uint64_t seed = dice_setting("AW_GAPS_SEED", 1), n = dice_setting("AW_GAPS_CASES", 100000);

    (void)state;
    for (uint64_t i = seed; i < seed + n; i++) {
        struct dice d = {.seed = i};
        running = i;
        random_world(&one, &d);
        history(&d);
    }
    running = 0;
    if (n >= 1000) {
        assert_true(n_claims > n);
        assert_true(n_moved > n);
    }
}

static int tell_seed(void **state)
{
    (void)state;
    if (running)
        fprintf(stderr, "# repeat with AW_GAPS_SEED=%llu AW_GAPS_CASES=1\n",
                (unsigned long long)running);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_evidence_between_claims, tell_seed),
    };
    return cmocka_run_group_tests_name("gaps", tests, NULL, NULL);
}
