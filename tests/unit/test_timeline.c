/* SPDX-License-Identifier: Apache-2.0
 *
 * The fold against facts that cannot follow: what an auditor may meet in a forged log. That the
 * engine's own facts always can is checked with every event of the traces.
 */
#include "core/timeline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/mem.h"

#define T0 ((aw_time)1795370400000)

static struct aw_fact opened(void)
{
    return (struct aw_fact){.type = AW_FACT_OPENED, .registered = T0, .at = T0, .next_due = T0 + 1};
}

static struct aw_fact claimed(aw_id attempt, unsigned step, unsigned round)
{
    return (struct aw_fact){.type = AW_FACT_CLAIMED,
                            .step = (uint8_t)step,
                            .kind = AW_SMS,
                            .round = (uint16_t)round,
                            .number = 1,
                            .attempt = attempt,
                            .ref = attempt,
                            .person = 7,
                            .next_due = T0 + 1};
}

static struct aw_fact outcome(aw_id attempt, enum aw_outcome o, aw_time at)
{
    return (struct aw_fact){
        .type = AW_FACT_OUTCOME, .attempt = attempt, .outcome = o, .at = at, .next_due = T0 + 1};
}

static struct aw_fact ended(enum aw_state s, aw_time next_due)
{
    return (struct aw_fact){.type = AW_FACT_ENDED, .state = s, .next_due = next_due};
}

static void ok(struct aw_timeline *tl, struct aw_fact f)
{
    assert_int_equal(aw_timeline_apply(tl, &f), 0);
    assert_int_equal(tl->due, f.next_due);
}

static void no(const struct aw_timeline *tl, struct aw_fact f)
{
    struct aw_timeline copy = *tl;
    assert_int_equal(aw_timeline_apply(&copy, &f), AW_ECORRUPT);
}

/* An open timeline of person 5 with one try (101) of step 3 in flight, for person 7. */
static struct aw_timeline begun(void)
{
    struct aw_timeline tl;
    aw_timeline_init(&tl, 1000, 2, 5);
    assert_int_equal(tl.id, 1002);
    ok(&tl, opened());
    ok(&tl, claimed(101, 3, 1));
    return tl;
}

static void test_open(void **state)
{
    struct aw_timeline tl;
    struct aw_fact f = opened();

    aw_timeline_init(&tl, 1000, 2, 5);
    no(&tl, claimed(101, 0, 1));
    no(&tl, (struct aw_fact){.type = AW_N_FACTS});
    f.at = T0 + 1; /* a base after the registration */
    no(&tl, f);
    f = opened();
    f.at = 0;
    no(&tl, f);
    f = opened();
    f.registered = 0;
    no(&tl, f);
    f = opened();
    f.next_due = 0; /* open, and never looked at again */
    no(&tl, f);
    ok(&tl, opened());
    no(&tl, opened());
}

static void test_claims(void **state)
{
    struct aw_timeline tl = begun();
    struct aw_fact f = claimed(102, 3, 2);

    assert_int_equal(aw_timeline_track(&tl, 3, AW_SMS)->round, 2);
    assert_null(aw_timeline_track(&tl, 3, AW_PUSH));
    assert_null(aw_timeline_track(&tl, 2, AW_SMS));
    assert_null(aw_timeline_try(&tl, 102));

    no(&tl, claimed(101, 3, 2)); /* an attempt twice */
    no(&tl, claimed(102, 3, 3)); /* a round left out */
    no(&tl, claimed(102, 3, 0));
    no(&tl, claimed(0, 3, 2));
    no(&tl, claimed(102, AW_STEP_EXHAUSTED, 1)); /* before the end */
    no(&tl, claimed(102, AW_STEP_EXHAUSTED + 1, 1));
    f.person = 0;
    no(&tl, f);
    f = claimed(102, 3, 2);
    f.kind = AW_N_KINDS;
    no(&tl, f);
    f = claimed(102, 3, 2);
    f.ref = 103; /* a reference newer than the try */
    no(&tl, f);
    f.ref = 0;
    no(&tl, f);

    f = claimed(102, 3, 2);
    f.ref = 55; /* carried along by another recipient's firing */
    f.last_round = true;
    ok(&tl, f);
    no(&tl, claimed(103, 3, 3)); /* after the last round */
    ok(&tl, claimed(103, 3, 1)); /* another target of the first round */
    assert_int_equal(tl.n_tries, 3);
}

static void test_last_round_of_all(void **state)
{
    struct aw_timeline tl = begun();

    tl.tracks[0].round = UINT16_MAX;
    no(&tl, claimed(102, 3, UINT16_MAX));
}

static void test_retries(void **state)
{
    struct aw_timeline tl = begun();
    struct aw_fact f = claimed(102, 3, 1), g;
    f.number = 2;
    f.ref = 101;

    no(&tl, f); /* it does not wait */
    ok(&tl, outcome(101, AW_OUT_UNKNOWN, T0 + 9));
    assert_int_equal(aw_timeline_try(&tl, 101)->spent, 1);
    g = f;
    g.number = 3;
    no(&tl, g);
    g = f;
    g.ref = 99;
    no(&tl, g);
    g = f;
    g.person = 8;
    no(&tl, g);
    g = f;
    g.round = 2;
    no(&tl, g);
    g = f;
    g.kind = AW_PUSH;
    no(&tl, g);
    g = f;
    g.step = 4;
    no(&tl, g);
    f.via = 1;
    ok(&tl, f);
    assert_null(aw_timeline_try(&tl, 101));
    assert_int_equal(aw_timeline_try(&tl, 102)->spent, 0); /* a new channel, a new count */
    ok(&tl, outcome(102, AW_OUT_THROTTLED, T0 + 9));
    assert_int_equal(aw_timeline_try(&tl, 102)->waits, 1);
    g = (struct aw_fact){
        .type = AW_FACT_DEFERRED, .attempt = 102, .at = T0 + 20, .next_due = T0 + 1};
    ok(&tl, g); /* it waits on */
    assert_int_equal(aw_timeline_try(&tl, 102)->due, T0 + 20);
    g.at = 0;
    no(&tl, g);
    g = f;
    g.attempt = 103;
    g.number = 3;
    g.via = 0; /* back to an earlier channel, which can be sent to again */
    ok(&tl, g);
    assert_int_equal(aw_timeline_try(&tl, 103)->spent, 0);
    no(&tl, (struct aw_fact){
                .type = AW_FACT_DEFERRED, .attempt = 103, .at = T0 + 20, .next_due = T0 + 1});
}

static void test_outcomes(void **state)
{
    static const enum aw_outcome over[] = {AW_OUT_ACCEPTED, AW_OUT_NO_TARGET, AW_OUT_REFUSED,
                                           AW_OUT_DROPPED};
    struct aw_timeline tl = begun();

    no(&tl, outcome(102, AW_OUT_ACCEPTED, 0));
    no(&tl, outcome(101, AW_OUT_NONE, 0));
    no(&tl, outcome(101, AW_N_OUTCOMES, 0));
    no(&tl, outcome(101, AW_OUT_TRANSIENT, -1));
    for (unsigned i = 0; i < AW_COUNT(over); i++)
        no(&tl, outcome(101, over[i], T0 + 9)); /* over means over */
    ok(&tl, outcome(101, AW_OUT_TRANSIENT, T0 + 9));
    no(&tl, outcome(101, AW_OUT_ACCEPTED, 0)); /* it is not in flight */
    ok(&tl, outcome(101, AW_OUT_DROPPED, 0));
    assert_int_equal(tl.n_tries, 0);
}

static void test_moves(void **state)
{
    struct aw_timeline tl = begun();
    struct aw_fact f = {
        .type = AW_FACT_ADVANCED, .step = 4, .kind = AW_SMS, .at = T0 + 5, .next_due = T0 + 5};
    struct aw_fact d = {.type = AW_FACT_DEFERRED,
                        .step = 3,
                        .kind = AW_SMS,
                        .round = 2,
                        .why = AW_WHY_SETTLE,
                        .at = T0 + 5,
                        .next_due = T0 + 5};
    struct aw_fact s = {
        .type = AW_FACT_SKIPPED, .step = 4, .kind = AW_SMS, .round = 1, .next_due = T0 + 5};
    struct aw_fact g;

    ok(&tl, d);
    assert_true(aw_timeline_track(&tl, 3, AW_SMS)->settled);
    ok(&tl, f);
    assert_int_equal(aw_timeline_track(&tl, 4, AW_SMS)->why, AW_WHY_ADVANCED);
    g = d;
    g.round = 1; /* decided */
    no(&tl, g);
    g = d;
    g.at = 0;
    no(&tl, g);
    g = f;
    g.step = 3; /* its first round is decided */
    no(&tl, g);
    g = f;
    g.step = AW_STEP_EXHAUSTED;
    no(&tl, g);
    g = f;
    g.kind = AW_N_KINDS;
    no(&tl, g);
    g = s;
    g.kind = AW_N_KINDS;
    no(&tl, g);
    g = s;
    g.round = 2;
    no(&tl, g);
    s.last_round = true;
    s.unsent = true;
    ok(&tl, s);
    assert_true(aw_timeline_track(&tl, 4, AW_SMS)->unsent);
    no(&tl, f); /* no rounds are left */
    ok(&tl, ended(AW_RELEASED, 0));
    d.step = 5;
    d.round = 1;
    d.next_due = 0;
    no(&tl, d); /* after the end */
    s.step = 5;
    s.next_due = 0;
    no(&tl, s);
}

static void test_evidence(void **state)
{
    struct aw_timeline tl = begun();
    struct aw_fact f = {.type = AW_FACT_EVIDENCE,
                        .level = AW_DELIVERED,
                        .person = 5,
                        .counts = true,
                        .next_due = T0 + 1};
    struct aw_fact g = f;

    g.level = AW_LEVEL_NONE;
    no(&tl, g);
    g.level = AW_N_LEVELS;
    no(&tl, g);
    g = f;
    g.person = 7; /* about somebody else, and yet it counts */
    no(&tl, g);
    g = f;
    g.late = true; /* before the end */
    no(&tl, g);
    ok(&tl, f);
    no(&tl, f); /* the level does not rise */
    f.counts = false;
    ok(&tl, f);
    assert_int_equal(tl.level, AW_DELIVERED);

    ok(&tl, ended(AW_EXHAUSTED, 0));
    f = (struct aw_fact){.type = AW_FACT_EVIDENCE, .level = AW_OPENED, .person = 5, .late = true};
    no(&tl, f); /* late without counting */
    f.counts = true;
    ok(&tl, f);
    f.level = AW_ACKNOWLEDGED;
    no(&tl, f); /* late twice */
    f.late = false;
    ok(&tl, f);
    assert_true(tl.late);

    tl = begun();
    ok(&tl, ended(AW_CONFIRMED, 0));
    f.late = true;
    no(&tl, f); /* confirmed is not late */
}

static void test_negatives(void **state)
{
    struct aw_timeline tl = begun();
    struct aw_fact f = {.type = AW_FACT_NEGATIVE,
                        .negative = AW_NEG_MISSING,
                        .person = 7,
                        .step = 3,
                        .kind = AW_SMS,
                        .round = 1,
                        .next_due = T0 + 1};
    struct aw_fact g = f;

    g.negative = AW_NEG_NONE;
    no(&tl, g);
    g.negative = AW_N_NEGATIVES;
    no(&tl, g);
    g = f;
    g.person = 0;
    no(&tl, g);
    g = f;
    g.step = 4; /* never fired */
    no(&tl, g);
    ok(&tl, f);
    assert_true(aw_timeline_track(&tl, 3, AW_SMS)->unsent);
    f.negative = AW_NEG_BOUNCED; /* a stronger word about the same address */
    ok(&tl, f);
    assert_int_equal(tl.n_negs, 1);
    assert_int_equal(aw_timeline_track(&tl, 3, AW_SMS)->hope, 0);
    assert_int_equal(aw_timeline_negative(&tl, 7, AW_SMS), AW_NEG_BOUNCED);
    assert_int_equal(aw_timeline_negative(&tl, 7, AW_EMAIL), AW_NEG_NONE);
    assert_int_equal(aw_timeline_negative(&tl, 8, AW_SMS), AW_NEG_NONE);
    for (int64_t p = 1; p < 200; p++) { /* bounded: beyond, they are not remembered */
        f.person = p;
        ok(&tl, f);
    }
    assert_int_equal(tl.n_negs, AW_MAX_NEGATIVES);
}

static void test_downtimes(void **state)
{
    struct aw_timeline tl = begun();
    struct aw_fact f = {.type = AW_FACT_DOWNTIME, .at = T0 + 9, .moved = 9, .next_due = T0 + 1};

    ok(&tl, f);
    no(&tl, f); /* counted twice */
    f.at = T0 + 10;
    f.moved = -1;
    no(&tl, f);
    ok(&tl, ended(AW_CANCELLED, 0));
    f.moved = 1;
    f.next_due = 0;
    no(&tl, f);
}

static struct aw_fact held(aw_time from, aw_time until, aw_ms moved)
{
    return (struct aw_fact){.type = AW_FACT_HELD,
                            .from = from,
                            .at = until,
                            .moved = moved,
                            .why = AW_WHY_SNOOZED,
                            .next_due = T0 + 1};
}

static struct aw_fact resumed(aw_time at, aw_ms moved)
{
    return (struct aw_fact){.type = AW_FACT_RESUMED, .at = at, .moved = moved, .next_due = T0 + 1};
}

static struct aw_fact escalated(unsigned step, unsigned round, aw_time at)
{
    return (struct aw_fact){.type = AW_FACT_ESCALATED,
                            .step = (uint8_t)step,
                            .round = (uint16_t)round,
                            .at = at,
                            .next_due = T0 + 1};
}

static struct aw_fact ack_of(int64_t person, bool stands, bool late)
{
    return (struct aw_fact){.type = AW_FACT_EVIDENCE,
                            .level = AW_ACKNOWLEDGED,
                            .source = AW_SRC_APP,
                            .person = person,
                            .stands = stands,
                            .late = late,
                            .next_due = late ? 0 : T0 + 1};
}

/* by: anyone */
static void test_acknowledged_by_somebody_else(void **state)
{
    struct aw_timeline tl;
    struct aw_fact f = ack_of(7, true, false);

    aw_timeline_init(&tl, 1000, 0, 5);
    ok(&tl, opened());
    no(&tl, ack_of(5, true, false)); /* the recipient */
    no(&tl, ack_of(0, true, false));
    f.level = AW_OPENED;
    no(&tl, f);
    f = ack_of(7, true, false);
    f.counts = true;
    no(&tl, f);
    ok(&tl, ack_of(7, false, false)); /* not that of somebody who was told */
    assert_int_equal(tl.acked_by, 0);
    ok(&tl, ack_of(7, true, false));
    assert_int_equal(tl.acked_by, 7);
    assert_int_equal(tl.level, AW_LEVEL_NONE);
    no(&tl, ack_of(8, true, false)); /* the first one stands */

    aw_timeline_init(&tl, 1000, 0, 5);
    ok(&tl, opened());
    ok(&tl, ended(AW_EXHAUSTED, 0));
    ok(&tl, ack_of(7, true, true));
    assert_true(tl.late);
}

/* after_ack */
static void test_comes_back(void **state)
{
    struct aw_fact end = ended(AW_CONFIRMED, T0 + 40);
    struct aw_fact again = {.type = AW_FACT_REOPENED,
                            .at = T0 + 40,
                            .moved = 30,
                            .level = AW_LEVEL_NONE,
                            .next_due = T0 + 50};
    struct aw_fact closed = {.type = AW_FACT_CLOSED};
    struct aw_timeline tl, other;

    aw_timeline_init(&tl, 1000, 0, 5);
    ok(&tl, opened());
    no(&tl, again);
    no(&tl, closed);
    end.at = T0 + 40;
    no(&tl, end); /* since when? */
    end.from = T0 + 40;
    no(&tl, end);
    end.from = T0 + 10;
    end.state = AW_EXHAUSTED;
    no(&tl, end);
    end.state = AW_CONFIRMED;
    end.at = INT64_MAX;
    no(&tl, end);
    end.at = T0 + 40;
    ok(&tl, end);
    assert_int_equal(tl.due, T0 + 40);
    other = tl;
    ok(&other, closed);
    assert_int_equal(other.state, AW_CONFIRMED);
    no(&other, again);
    again.at = T0 + 39;
    no(&tl, again);
    again.at = T0 + 40;
    again.moved = 31;
    no(&tl, again);
    again.moved = 30;
    again.level = AW_SENT; /* never was */
    no(&tl, again);
    again.level = AW_LEVEL_NONE;
    ok(&tl, again);
    assert_int_equal(tl.state, AW_OPEN);
    assert_int_equal(tl.hold.shift, 30);
    assert_int_equal(tl.hold.from, T0 + 10);
    assert_int_equal(tl.hold.until, T0 + 40);
}

static void test_people_act(void **state)
{
    struct aw_timeline tl;

    aw_timeline_init(&tl, 1000, 0, 5);
    no(&tl, held(T0, T0 + 10, 10)); /* not opened */
    ok(&tl, opened());
    no(&tl, held(T0, T0, 0));
    no(&tl, held(0, T0, T0));
    no(&tl, held(T0, T0 + 10, 9));
    no(&tl, held(T0, T0 + 10, -10));
    no(&tl, held(T0, INT64_MAX, INT64_MAX - T0));
    no(&tl, resumed(T0, 0)); /* nothing is held */
    ok(&tl, held(T0 + 5, T0 + 15, 10));
    assert_true(aw_timeline_held(&tl, T0 + 14));
    assert_false(aw_timeline_held(&tl, T0 + 15));
    no(&tl, held(T0 + 6, T0 + 20, 14)); /* counted twice */
    ok(&tl, held(T0 + 6, T0 + 20, 5));
    ok(&tl, held(T0 + 7, T0 + 8, 0));
    assert_int_equal(tl.hold.from, T0 + 5);
    assert_int_equal(tl.hold.until, T0 + 20);
    assert_int_equal(tl.hold.shift, 15);
    no(&tl, resumed(T0 + 4, 16)); /* before it began */
    no(&tl, resumed(T0 + 20, 0)); /* after its end */
    no(&tl, resumed(T0 + 10, 9));
    ok(&tl, resumed(T0 + 10, 10));
    assert_int_equal(tl.hold.shift, 5);
    no(&tl, resumed(T0 + 10, 0));
    ok(&tl, held(T0 + 10, T0 + 11, 1)); /* the end of a hold is not in it: this one is new */
    assert_int_equal(tl.hold.from, T0 + 10);

    /* What cannot come about: more held than there are years, less than nothing, dues before 1970.
     */
    struct aw_timeline odd = tl;
    odd.hold.shift = AW_LAST_INSTANT;
    no(&odd, held(T0 + 10, T0 + 12, 1));
    odd.hold.shift = 0;
    no(&odd, resumed(T0 + 10, 1));
    odd = tl;
    odd.hold.until = odd.kind_hold[AW_SMS].until = odd.snoozed = AW_LAST_INSTANT;
    odd.hold.shift = AW_LAST_INSTANT;
    odd.tracks[odd.n_tracks++] =
        (struct aw_track){.step = 1, .kind = AW_SMS, .round = 1, .due = T0};
    no(&odd, resumed(T0 + 10, AW_LAST_INSTANT - T0 - 10));

    no(&tl, escalated(AW_STEP_EXHAUSTED, 1, T0));
    no(&tl, escalated(0, 0, T0));
    no(&tl, escalated(0, 1, 0));
    no(&tl, escalated(0, 1, INT64_MAX));
    ok(&tl, escalated(3, 2, T0 + 12));
    assert_int_equal(tl.escalated.step, 3);

    ok(&tl, ended(AW_CONFIRMED, 0));
    no(&tl, held(T0 + 20, T0 + 30, 10));
    no(&tl, resumed(T0 + 10, 1));
    no(&tl, escalated(4, 1, T0 + 20));
    assert_false(aw_timeline_held(&tl, T0 + 10));
}

static void test_ends(void **state)
{
    struct aw_timeline tl = begun();

    no(&tl, ended(AW_OPEN, T0 + 1));
    no(&tl, ended(AW_N_STATES, 0));
    no(&tl, ended(AW_CONFIRMED, T0 + 1)); /* final, and yet due */
    ok(&tl, ended(AW_CONFIRMED, 0));
    no(&tl, ended(AW_EXHAUSTED, 0)); /* final states stay final */
    struct aw_fact f = claimed(102, 3, 2);
    f.next_due = 0;
    no(&tl, f); /* ESC-CLOSE */
    f = claimed(102, AW_STEP_EXHAUSTED, 1);
    f.next_due = 0;
    no(&tl, f); /* confirmed timelines have no exhausted step */

    tl = begun();
    ok(&tl, ended(AW_EXPIRED, 0));
    ok(&tl, f);
    f = outcome(101, AW_OUT_TRANSIENT, T0 + 9);
    ok(&tl, f); /* what was claimed before goes on, and is looked at */
    f = outcome(102, AW_OUT_ACCEPTED, 0);
    f.next_due = 0; /* a try still waits */
    no(&tl, f);
}

static void test_bounds(void **state)
{
    struct aw_timeline tl;
    aw_id id = 100;

    aw_timeline_init(&tl, 1000, 0, 5);
    ok(&tl, opened());
    for (unsigned i = 0; i < AW_MAX_TRIES; i++)
        ok(&tl, claimed(++id, i, 1));
    no(&tl, claimed(++id, AW_MAX_TRIES, 1));

    aw_timeline_init(&tl, 1000, 0, 5);
    ok(&tl, opened());
    tl.n_tracks = AW_MAX_TRACKS; /* cannot come about: more than all steps and kinds */
    for (unsigned i = 0; i < tl.n_tracks; i++)
        tl.tracks[i] = (struct aw_track){.step = 65, .round = 1};
    no(&tl, claimed(++id, 1, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_acknowledged_by_somebody_else),
        cmocka_unit_test(test_comes_back),
        cmocka_unit_test(test_open),
        cmocka_unit_test(test_claims),
        cmocka_unit_test(test_retries),
        cmocka_unit_test(test_last_round_of_all),
        cmocka_unit_test(test_outcomes),
        cmocka_unit_test(test_moves),
        cmocka_unit_test(test_evidence),
        cmocka_unit_test(test_negatives),
        cmocka_unit_test(test_downtimes),
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_people_act),
    };
    return cmocka_run_group_tests_name("timeline", tests, NULL, NULL);
}
