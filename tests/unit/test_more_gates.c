/* SPDX-License-Identifier: Apache-2.0
 *
 * More of the engine in a small world: pushes that wait for a login or go once more to other
 * devices, blind spots, what is let go; plans that no encoder writes; corners of an account's
 * fitness.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "core/fitness.h"
#include "core_world.h"

#define T WORLD_START

/* A push to the recipient, who has two devices. */
static struct aw_step *begin(struct world_run *x)
{
    struct aw_step *s;

    world_init(x);
    world_person(x, "alice");
    x->w.has[0][AW_PUSH] = x->w.has[0][AW_SMS] = true;
    x->w.n_devices = 2;
    x->w.devices[0] = 7;
    x->w.devices[1] = 8;
    s = world_step(x, "push", 0, AW_PUSH);
    world_target(x, s, AW_TO_RECIPIENT, NULL);
    return s;
}

static void run(struct world_run *x)
{
    const struct aw_event reg = {.type = AW_EV_REGISTER, .at = T};

    assert_int_equal(world_event(x, &reg), 0);
    world_due(x);
}

static unsigned facts_of(struct world_run *x, struct aw_event ev)
{
    assert_int_equal(world_event(x, &ev), 0);
    return x->up.n_facts;
}

/* --- once more ------------------------------------------------------------------------------- */

static const struct aw_event again = {.type = AW_EV_AGAIN, .kind = AW_PUSH, .round = 1};

static void once_more_to_other_devices(void **state)
{
    struct world_run x;
    struct aw_event ev;

    (void)state;
    begin(&x);
    x.rule.r.by_device = true;
    run(&x);
    assert_int_equal(x.tl.n_tries, 1);
    assert_int_equal(x.tl.n_devices, 2);
    ev = again, ev.step = 40;
    assert_int_equal(facts_of(&x, ev), 0);
    ev = again, ev.kind = AW_SMS;
    assert_int_equal(facts_of(&x, ev), 0);
    ev = again, ev.round = 2;
    assert_int_equal(facts_of(&x, ev), 0);
    x.w.has[0][AW_PUSH] = false;
    assert_int_equal(facts_of(&x, again), 0);
    x.w.has[0][AW_PUSH] = true;
    x.w.n_devices = 1;
    assert_int_equal(facts_of(&x, again), 1);
    assert_int_equal(x.up.facts[0].type, AW_FACT_CLAIMED);
    assert_int_equal(x.up.facts[0].why, AW_WHY_OTHER_ACCOUNT);
    assert_int_equal(x.tl.n_tries, 2);
    assert_int_equal(x.tl.n_devices, 1);
}

static void not_once_more(void **state)
{
    struct world_run x;
    unsigned n = 0;

    (void)state;
    begin(&x);
    x.rule.r.by_device = true;
    run(&x);
    while (facts_of(&x, again) > 0) /* as long as there is room */
        assert_true(++n < AW_MAX_TRIES);
    assert_true(n > 0 && x.tl.n_tries <= AW_MAX_TRIES);

    begin(&x); /* a device has it, then all have it */
    x.rule.r.by_device = true;
    run(&x);
    for (unsigned i = 0; i < 2; i++) {
        facts_of(&x, (struct aw_event){.type = AW_EV_EVIDENCE,
                                       .level = AW_DELIVERED,
                                       .source = AW_SRC_APP,
                                       .person = 1,
                                       .at = T,
                                       .device = x.w.devices[i]});
        assert_int_equal(aw_timeline_device(&x.tl, x.w.devices[i])->level, AW_DELIVERED);
        assert_int_equal(facts_of(&x, again), i == 0);
    }

    begin(&x); /* it is over */
    run(&x);
    facts_of(&x, (struct aw_event){.type = AW_EV_CANCEL});
    assert_int_equal(facts_of(&x, again), 0);
}

/* --- logins ---------------------------------------------------------------------------------- */

static void what_is_held(void **state)
{
    struct world_run x;

    (void)state;
    for (unsigned is = 0; is < 4; is++) { /* also what others' sessions took, when logged out */
        begin(&x);
        x.rule.r.presence.logged_out = AW_LOGGED_OUT_HOLD;
        x.rule.r.presence.hold_max = AW_LAST_INSTANT;
        x.w.is[0] = is;
        run(&x);
        assert_int_equal(aw_timeline_absent(&x.tl, T), (is & AW_IS_ABSENT) != 0);
        assert_int_equal(x.tl.absence.until, is & AW_IS_ABSENT ? AW_LAST_INSTANT : 0);
    }
    begin(&x); /* what no channel serves would not go after a login either */
    x.rule.r.presence.logged_out = AW_LOGGED_OUT_HOLD;
    x.w.is[0] = AW_IS_ABSENT;
    x.w.channels[AW_PUSH] = 0;
    run(&x);
    assert_false(aw_timeline_absent(&x.tl, T));
    assert_true(aw_timeline_track(&x.tl, 0, AW_PUSH)->unsent);
}

/* Another message's push tells of the one that waited: it is dropped, and the SMS is not. */
static void digest_drops_what_was_held(void **state)
{
    struct world_run x;
    struct aw_step *s;

    (void)state;
    begin(&x);
    s = world_step(&x, "sms", 0, AW_SMS);
    world_target(&x, s, AW_TO_RECIPIENT, NULL);
    x.rule.r.presence.logged_out = AW_LOGGED_OUT_HOLD;
    run(&x);
    assert_int_equal(x.tl.n_tries, 2);
    for (unsigned i = 0; i < 2; i++) /* "nobody there" */
        if (x.tl.tries[i].kind == AW_PUSH)
            facts_of(&x, (struct aw_event){.type = AW_EV_OUTCOME,
                                           .attempt = x.tl.tries[i].attempt,
                                           .outcome = AW_OUT_NO_TARGET});
    assert_true(aw_timeline_absent(&x.tl, T));
    x.env.now += AW_SECOND;
    facts_of(&x, (struct aw_event){.type = AW_EV_LOGIN, .why = AW_WHY_DIGEST});
    assert_int_equal(x.tl.n_tries, 1);
    assert_int_equal(x.tl.tries[0].kind, AW_SMS);
    assert_int_equal(x.tl.absence.spent, AW_SECOND);
}

/* --- blindness ------------------------------------------------------------------------------- */

static void asks_that_saw_nothing(void **state)
{
    const struct aw_check c = {.first = 10 * AW_SECOND,
                               .every = 10 * AW_SECOND,
                               .max_every = 10 * AW_SECOND,
                               .stop = AW_MINUTE};

    (void)state;
    assert_int_equal(aw_check_unseen(&c, T, T + 19 * AW_SECOND), 0); /* only one was asked */
    assert_int_equal(aw_check_unseen(&c, T, T + 20 * AW_SECOND), T + 10 * AW_SECOND);
    assert_int_equal(aw_check_unseen(&c, T, T + 35 * AW_SECOND), T + 20 * AW_SECOND);
    assert_int_equal(aw_check_unseen(&c, T, T + AW_HOUR), 0); /* not asked any more */
}

/* Nobody knows until when: it is looked at again after `every`. */
static void blind_for_no_known_time(void **state)
{
    struct world_run x;
    const struct aw_track *t;

    (void)state;
    begin(&x)->unless = AW_DELIVERED;
    x.rule.r.check.every = AW_MINUTE;
    x.w.sight = AW_BLIND_HOLD;
    run(&x);
    t = aw_timeline_track(&x.tl, 0, AW_PUSH);
    assert_non_null(t);
    assert_int_equal(t->why, AW_WHY_BLIND);
    assert_int_equal(t->due, T + AW_MINUTE);
    x.w.sight = AW_SEES;
    x.env.now = T + AW_MINUTE;
    world_due(&x);
    assert_int_equal(x.tl.n_tries, 1);
}

/* --- before their time ----------------------------------------------------------------------- */

static const struct aw_event let_go = {.type = AW_EV_LET_GO},
                             carry = {.type = AW_EV_CARRY, .kind = AW_PUSH, .round = 1};

static void braked(struct world_run *x, enum aw_why why)
{
    begin(x);
    world_brake(x);
    x->w.held = (struct aw_restraint){.why = why, .at = T + AW_MINUTE};
    run(x);
    assert_int_equal(aw_timeline_track(&x->tl, 0, AW_PUSH)->why, why);
}

static void firings_let_go(void **state)
{
    struct world_run x;
    struct aw_event ev = carry;

    (void)state;
    braked(&x, AW_WHY_LIMIT);
    assert_int_equal(facts_of(&x, carry), 0);  /* that waits for no brake */
    assert_int_equal(facts_of(&x, let_go), 0); /* it holds still */
    x.world.restrain = NULL;
    assert_int_equal(facts_of(&x, let_go), 1);
    assert_int_equal(x.up.facts[0].type, AW_FACT_LET_GO);
    assert_int_equal(x.tl.due, T);

    braked(&x, AW_WHY_BRAKE);
    ev.round = 2;
    assert_int_equal(facts_of(&x, ev), 0);
    x.env.now = T + AW_MINUTE; /* due by itself: nothing to bring forward */
    assert_true(facts_of(&x, carry) > 0);
    assert_int_equal(x.up.facts[0].type, AW_FACT_CLAIMED);

    braked(&x, AW_WHY_BRAKE);
    facts_of(&x, (struct aw_event){.type = AW_EV_CANCEL});
    assert_int_equal(facts_of(&x, let_go), 0);
    assert_int_equal(facts_of(&x, carry), 0);
}

/* Only what was parked for want of a channel is let go, and when there is one. */
static void tries_let_go(void **state)
{
    struct world_run x;
    aw_id id;

    (void)state;
    begin(&x);
    run(&x);
    id = x.tl.tries[0].attempt;
    assert_int_equal(facts_of(&x, let_go), 0); /* it flies */
    facts_of(&x,
             (struct aw_event){.type = AW_EV_OUTCOME, .attempt = id, .outcome = AW_OUT_TRANSIENT});
    assert_int_equal(x.tl.tries[0].state, AW_TRY_WAITING);
    assert_int_equal(facts_of(&x, let_go), 0); /* its time has not come */
    x.env.now = x.tl.tries[0].due;
    x.w.busy[AW_PUSH][0] = x.env.now + 10 * AW_MINUTE;
    world_due(&x);
    assert_true(x.tl.tries[0].parked);
    assert_int_equal(facts_of(&x, let_go), 0); /* still no channel */
    x.w.busy[AW_PUSH][0] = 0;
    assert_int_equal(facts_of(&x, let_go), 1);
    assert_int_equal(x.up.facts[0].attempt, id);
    assert_int_equal(x.tl.tries[0].due, x.env.now);
    assert_int_equal(facts_of(&x, let_go), 0); /* due already */
}

/* --- plans that no encoder was given --------------------------------------------------------- */

static void odd_plan(const struct aw_timeline *tl)
{
    struct aw_timeline decoded = *tl;
    uint8_t plan[AW_PLAN_MAX];
    size_t n = aw_plan_encode(tl, plan, sizeof(plan));

    assert_true(n > 0);
    assert_int_equal(aw_plan_decode(&decoded, plan, n), AW_ECORRUPT);
}

static void odd_plans(void **state)
{
    struct world_run x;
    struct aw_timeline odd;

    (void)state;
    begin(&x);
    x.rule.r.by_device = true;
    run(&x);
    odd = x.tl;
    odd.devices[1].id = 0;
    odd_plan(&odd);
    odd = x.tl;
    odd.absence = (struct aw_absence){.from = T + 2, .until = T + 1};
    odd_plan(&odd);
    odd.absence = (struct aw_absence){.from = T, .until = T + 1, .moved = -1, .spent = 1};
    odd_plan(&odd);
    odd.absence = (struct aw_absence){.from = T, .until = T + 1, .moved = 2, .spent = 1};
    odd_plan(&odd);
    odd.absence = (struct aw_absence){.from = T, .until = T + 1, .spent = AW_LAST_INSTANT + 1};
    odd_plan(&odd);
    odd = x.tl;
    odd.tries[0].parked = true; /* and flies */
    odd_plan(&odd);
}

/* --- fitness --------------------------------------------------------------------------------- */

static enum aw_fitness_change one(struct aw_fitness *h, aw_ms now, enum aw_outcome outcome,
                                  aw_ms wait)
{
    struct aw_fitness_send s;

    aw_fitness_begin(h, now, AW_AS_NEW, &s);
    return aw_fitness_end(h, now, &s, outcome, true, wait);
}

static void sends_that_are_remembered(void **state)
{
    const struct aw_provider wide = {.name = "wide", .limits = {{200, AW_MINUTE}}},
                             five = {.name = "five", .limits = {{5, AW_MINUTE}}};
    struct aw_fitness h;
    aw_ms next;

    (void)state;
    aw_fitness_init(&h, &wide, 0, T);
    for (unsigned i = 0; i < 150; i++)
        one(&h, T, AW_OUT_ACCEPTED, 0);
    assert_int_equal(aw_fitness_used(&h, T, &next), AW_RATE_HISTORY);
    assert_int_equal(next, 0);
    aw_fitness_init(&h, &five, 0, T);
    for (unsigned i = 0; i < 6; i++)
        one(&h, T, AW_OUT_ACCEPTED, 0);
    assert_int_equal(aw_fitness_used(&h, T, &next), 5);
    assert_int_equal(next, T + AW_MINUTE);
    assert_int_equal(aw_fitness_used(&h, T + AW_MINUTE, &next), 0);
}

/* The longer wait counts; a clock that was set back makes no latency below the least. */
static void waits_and_clocks(void **state)
{
    const struct aw_provider plain = {.name = "plain"};
    struct aw_fitness_send s;
    struct aw_fitness h;

    (void)state;
    aw_fitness_init(&h, &plain, 0, T);
    one(&h, T, AW_OUT_THROTTLED, AW_MINUTE);
    one(&h, T, AW_OUT_THROTTLED, AW_SECOND);
    assert_int_equal(aw_fitness_free_at(&h, T, AW_AS_NEW, NULL), T + AW_MINUTE);
    aw_fitness_begin(&h, T, AW_AS_NEW, &s);
    aw_fitness_end(&h, T - AW_HOUR, &s, AW_OUT_ACCEPTED, true, 0);
    assert_int_equal(h.latency, 1);
}

static void probes(void **state)
{
    const struct aw_provider plain = {.name = "plain"};
    struct aw_fitness_send a, b;
    struct aw_fitness h;
    aw_ms now;

    (void)state;
    aw_fitness_init(&h, &plain, 0, T);
    for (unsigned i = 0; i < 5; i++)
        one(&h, T, AW_OUT_TRANSIENT, 0);
    now = h.open_until;
    aw_fitness_begin(&h, now, AW_AS_NEW, &a);
    aw_fitness_begin(&h, now, AW_AS_NEW, &b);
    assert_int_equal(aw_fitness_end(&h, now, &a, AW_OUT_TRANSIENT, true, 0), AW_FITNESS_BREAKER);
    /* The second one says nothing new about a breaker that is open again. */
    assert_int_equal(aw_fitness_end(&h, now, &b, AW_OUT_ACCEPTED, true, 0), AW_FITNESS_SAME);
    assert_int_equal(h.breaker, AW_BREAKER_OPEN);
    now = h.open_until;
    one(&h, now, AW_OUT_ACCEPTED, 0);
    one(&h, now, AW_OUT_ACCEPTED, 0);
    aw_fitness_stop(&h, now, now);
    /* The third good one closes it, and ends the stop: that is told. */
    assert_int_equal(one(&h, now, AW_OUT_ACCEPTED, 0), AW_FITNESS_RESUMED);
    assert_int_equal(h.breaker, AW_BREAKER_CLOSED);
    assert_int_equal(h.probes, 0);
    /* A probe of before people gave the all clear. */
    assert_int_equal(aw_fitness_end(&h, now, &a, AW_OUT_ACCEPTED, true, 0), AW_FITNESS_SAME);
    assert_int_equal(h.probes, 0);
}

static void places_of_a_cohort(void **state)
{
    struct aw_cohort c = {0};

    (void)state;
    assert_int_equal(aw_cohort_limit(&c, 0), 1);
    assert_int_equal(aw_cohort_limit(&c, 1), 1);
    assert_int_equal(aw_cohort_limit(&c, 9), AW_COHORT_START);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(once_more_to_other_devices),
        cmocka_unit_test(not_once_more),
        cmocka_unit_test(what_is_held),
        cmocka_unit_test(digest_drops_what_was_held),
        cmocka_unit_test(asks_that_saw_nothing),
        cmocka_unit_test(blind_for_no_known_time),
        cmocka_unit_test(firings_let_go),
        cmocka_unit_test(tries_let_go),
        cmocka_unit_test(odd_plans),
        cmocka_unit_test(sends_that_are_remembered),
        cmocka_unit_test(waits_and_clocks),
        cmocka_unit_test(probes),
        cmocka_unit_test(places_of_a_cohort),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
