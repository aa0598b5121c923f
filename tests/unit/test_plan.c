/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/hash.h"
#include "core/timeline.h"

#define T0 ((aw_time)1795370400000)

static struct aw_timeline fresh(void)
{
    struct aw_timeline tl;
    aw_timeline_init(&tl, 1000, 2, 5);
    tl.registered = tl.base = tl.accounted = T0;
    return tl;
}

/* All that a timeline can hold at once, with values as large as they come. */
static struct aw_timeline full(void)
{
    struct aw_timeline tl = fresh();

    tl.base = T0 - 3650 * AW_DAY;
    tl.moved = 3650 * AW_DAY;
    tl.accounted = T0 + 3650 * AW_DAY;
    tl.hold = (struct aw_hold){T0 + AW_DAY, T0 + 3650 * AW_DAY, 3650 * AW_DAY};
    for (unsigned k = 0; k < AW_N_KINDS; k++)
        tl.kind_hold[k] =
            (struct aw_hold){T0 + AW_DAY, T0 + 3650 * AW_DAY - 1 - k, 3650 * AW_DAY - k};
    tl.snoozed = T0 + 3649 * AW_DAY;
    tl.escalated = (struct aw_escalation){T0 + 3650 * AW_DAY, AW_MAX_STEPS - 1, UINT16_MAX - 1};
    tl.acked_by = INT64_MAX;
    tl.back = (struct aw_back){T0 + 3650 * AW_DAY, T0 + 3651 * AW_DAY};
    for (unsigned s = 0; s <= AW_STEP_EXHAUSTED; s++)
        for (unsigned k = 0; k < AW_N_KINDS; k++)
            tl.tracks[tl.n_tracks++] = (struct aw_track){.step = (uint8_t)s,
                                                         .kind = (uint8_t)k,
                                                         .round = UINT16_MAX - 1,
                                                         .due = T0 + 3650 * AW_DAY,
                                                         .why = AW_WHY_ADVANCED,
                                                         .settled = true,
                                                         .unsent = true,
                                                         .over = true,
                                                         .hope = 8};
    for (unsigned i = 0; i < AW_MAX_TRIES; i++)
        tl.tries[tl.n_tries++] = (struct aw_try){.attempt = INT64_MAX - i,
                                                 .ref = INT64_MAX - i - ((aw_id)1 << 50),
                                                 .person = (int64_t)1 << 34,
                                                 .step = AW_STEP_EXHAUSTED,
                                                 .kind = AW_WEBHOOK,
                                                 .round = UINT16_MAX - 1,
                                                 .number = 255,
                                                 .spent = 5,
                                                 .waits = 100,
                                                 .via = 7,
                                                 .pos = 7,
                                                 .state = AW_TRY_WAITING,
                                                 .due = T0 + 3650 * AW_DAY};
    for (unsigned i = 0; i < AW_MAX_NEGATIVES; i++)
        tl.negs[tl.n_negs++] = (struct aw_neg){
            .person = ((int64_t)1 << 34) + i, .kind = AW_CALL, .what = AW_NEG_OPTED_OUT};
    return tl;
}

static void round_trip(const struct aw_timeline *tl)
{
    uint8_t a[AW_PLAN_MAX], b[AW_PLAN_MAX];
    struct aw_timeline back;
    size_t n = aw_plan_encode(tl, a, sizeof(a));

    assert_true(n > 0);
    memset(&back, 0xa5, sizeof(back));
    assert_int_equal(aw_plan_decode(&back, a, n), 0);
    assert_int_equal(aw_plan_encode(&back, b, sizeof(b)), n);
    assert_memory_equal(a, b, n);
    assert_int_equal(back.registered, tl->registered);
    assert_int_equal(back.base, tl->base);
    assert_int_equal(back.moved, tl->moved);
    assert_int_equal(back.accounted, tl->accounted);
    assert_true(back.hold.from == tl->hold.from && back.hold.until == tl->hold.until &&
                back.hold.shift == tl->hold.shift);
    assert_memory_equal(back.kind_hold, tl->kind_hold, sizeof(tl->kind_hold));
    assert_int_equal(back.snoozed, tl->snoozed);
    assert_true(back.escalated.at == tl->escalated.at &&
                back.escalated.step == tl->escalated.step &&
                back.escalated.round == tl->escalated.round);
    assert_true(back.acked_by == tl->acked_by && back.back.from == tl->back.from &&
                back.back.at == tl->back.at);
    assert_int_equal(back.n_tracks, tl->n_tracks);
    for (unsigned i = 0; i < tl->n_tracks; i++) {
        const struct aw_track *x = &tl->tracks[i], *y = &back.tracks[i];
        assert_true(x->step == y->step && x->kind == y->kind && x->round == y->round &&
                    x->due == y->due && x->why == y->why && x->over == y->over &&
                    x->settled == y->settled && x->unsent == y->unsent && x->hope == y->hope);
    }
    assert_int_equal(back.n_tries, tl->n_tries);
    for (unsigned i = 0; i < tl->n_tries; i++) {
        const struct aw_try *x = &tl->tries[i], *y = &back.tries[i];
        assert_true(x->attempt == y->attempt && x->ref == y->ref && x->person == y->person &&
                    x->step == y->step && x->kind == y->kind && x->round == y->round &&
                    x->number == y->number && x->spent == y->spent && x->waits == y->waits &&
                    x->via == y->via && x->pos == y->pos && x->state == y->state &&
                    x->due == y->due);
    }
    assert_int_equal(back.n_negs, tl->n_negs);
    for (unsigned i = 0; i < tl->n_negs; i++)
        assert_true(tl->negs[i].person == back.negs[i].person &&
                    tl->negs[i].kind == back.negs[i].kind && tl->negs[i].what == back.negs[i].what);
    /* Every shorter text is refused, and no byte too many is overlooked. */
    for (size_t cut = 0; cut < n; cut++)
        assert_int_equal(aw_plan_decode(&back, a, cut), AW_ECORRUPT);
    if (n < sizeof(a)) {
        a[n] = 0;
        assert_int_equal(aw_plan_decode(&back, a, n + 1), AW_ECORRUPT);
    }
    /* A buffer that is too small is never overrun (the sanitizer looks on). */
    for (size_t cap = 0; cap < n; cap += 1 + n / 97)
        assert_int_equal(aw_plan_encode(tl, b, cap), 0);
}

static void hold_all(struct aw_timeline *tl, struct aw_hold h)
{
    tl->hold = h;
    for (unsigned k = 0; k < AW_N_KINDS; k++)
        tl->kind_hold[k] = h;
}

static void test_round_trips(void **state)
{
    struct aw_timeline tl = fresh();
    uint8_t plan[AW_PLAN_MAX];

    assert_in_range(aw_plan_encode(&tl, plan, sizeof(plan)), 1, 16); /* ten million of them */
    round_trip(&tl);
    tl.tries[tl.n_tries++] = (struct aw_try){
        .attempt = 12, .ref = 12, .person = 5, .kind = AW_PUSH, .round = 1, .number = 1};
    tl.tracks[tl.n_tracks++] = (struct aw_track){.kind = AW_PUSH, .round = 2, .over = true};
    round_trip(&tl);
    hold_all(&tl, (struct aw_hold){T0 + 1, T0 + 1, 0}); /* resumed at once */
    tl.snoozed = T0 + 1;
    round_trip(&tl);
    tl.snoozed = 0; /* by hours alone */
    round_trip(&tl);
    tl.snoozed = T0 + 2;
    round_trip(&tl);
    tl.kind_hold[AW_SMS] = (struct aw_hold){0};
    tl.kind_hold[AW_IM] = (struct aw_hold){T0 + 1, T0 + 9, 8};
    round_trip(&tl);
    tl.escalated = (struct aw_escalation){T0, 0, 1};
    round_trip(&tl);
    hold_all(&tl, (struct aw_hold){0});
    tl.snoozed = 0;
    round_trip(&tl);
    tl.acked_by = 7;
    round_trip(&tl);
    tl.back = (struct aw_back){T0 + 1, T0 + 2};
    round_trip(&tl);
    tl.acked_by = 0;
    tl.escalated = (struct aw_escalation){0};
    round_trip(&tl);
    tl = full();
    round_trip(&tl);
}

/* A plan that nobody has acted on is written as it was before people could. */
static void test_without_acts(void **state)
{
    static const uint8_t old[] = {0x01, 0x80, 0xe4, 0xd1, 0xc6, 0xc0, 0x68,
                                  0x00, 0x00, 0x00, 0x00, 0x00, 0x00};
    struct aw_timeline tl = fresh(), back;
    uint8_t plan[AW_PLAN_MAX];

    memset(&back, 0xa5, sizeof(back));
    assert_int_equal(aw_plan_encode(&tl, plan, sizeof(plan)), sizeof(old));
    assert_memory_equal(plan, old, sizeof(old));
    assert_int_equal(aw_plan_decode(&back, old, sizeof(old)), 0);
    assert_int_equal(back.hold.until, 0);
    assert_int_equal(back.hold.shift, 0);
    assert_int_equal(back.escalated.at, 0);
}

static void refused(struct aw_timeline tl)
{
    uint8_t plan[2 * AW_PLAN_MAX]; /* odd values are long */
    struct aw_timeline back;
    size_t n = aw_plan_encode(&tl, plan, sizeof(plan));

    assert_true(n > 0);
    assert_int_equal(aw_plan_decode(&back, plan, n), AW_ECORRUPT);
}

#define REFUSED(change)                                                                            \
    do {                                                                                           \
        tl = full();                                                                               \
        change;                                                                                    \
        refused(tl);                                                                               \
    } while (0)

/* What no timeline holds is refused, though it has an encoding. */
static void test_impossible(void **state)
{
    struct aw_timeline tl;

    REFUSED(tl.registered = 0);
    REFUSED(tl.registered = INT64_MAX / 2);
    REFUSED(tl.base = tl.registered + 1);
    REFUSED(tl.base = 0);
    REFUSED(tl.moved = -1);
    REFUSED(tl.moved = INT64_MAX / 2);
    REFUSED(tl.accounted = INT64_MAX / 2);
    REFUSED(tl.hold.shift = -1);
    REFUSED(tl.hold.shift = INT64_MAX / 2);
    REFUSED(tl.hold.from = tl.hold.until + 1);
    REFUSED(tl.hold.from = -1);
    REFUSED(tl.hold.until = INT64_MAX / 2);
    REFUSED(tl.kind_hold[AW_SMS].shift = -1);
    REFUSED(tl.kind_hold[AW_SMS].from = tl.kind_hold[AW_SMS].until + 1);
    REFUSED(tl.snoozed = INT64_MAX / 2);
    REFUSED(tl.hold = (struct aw_hold){0}); /* the deadline takes part in all */
    REFUSED(tl.escalated.at = INT64_MAX / 2);
    REFUSED(tl.escalated.step = AW_MAX_STEPS);
    REFUSED(tl.escalated.round = 0);
    REFUSED(tl.acked_by = -1);
    REFUSED(tl.back.from = tl.back.at + 1);
    REFUSED(tl.back.at = INT64_MAX / 2);
    REFUSED(tl.tracks[1].kind = AW_N_KINDS);
    REFUSED(tl.tracks[1].kind = AW_PUSH); /* twice the same, or out of order */
    REFUSED(tl.tracks[6].step = 0);
    REFUSED(tl.tracks[0].step = AW_STEP_EXHAUSTED + 1);
    REFUSED(tl.tracks[0].round = 0);
    REFUSED(tl.tracks[0].why = AW_N_WHYS);
    REFUSED(tl.tries[0].kind = AW_N_KINDS);
    REFUSED(tl.tries[0].step = AW_STEP_EXHAUSTED + 1);
    REFUSED(tl.tries[0].round = 0);
    REFUSED(tl.tries[0].number = 0);
    REFUSED(tl.tries[0].ref = 0);
    REFUSED(tl.tries[0].ref = tl.tries[0].attempt--); /* a reference newer than its try */
    REFUSED(tl.tries[0].person = 0);
    REFUSED(tl.tries[0].person = -1);
    REFUSED(tl.negs[0].kind = AW_N_KINDS);
    REFUSED(tl.negs[0].what = AW_NEG_NONE);
    REFUSED(tl.negs[0].what = AW_N_NEGATIVES);
    REFUSED(tl.negs[0].person = 0);
}

static void test_odd_bytes(void **state)
{
    static const struct {
        const char *bytes;
        size_t n;
    } rows[] = {
        {"", 0},
        {"\x03", 1},                                          /* another version */
        {"\x02", 1},                                          /* ends after the version */
        {"\x02\x02\x00\x00\x00\x00\x00\x00\x00", 9},          /* acted, but nobody did */
        {"\x02\x02\x00\x00\x00\x04\x00\x00\x00", 9},          /* an unknown mark */
        {"\x81\x00", 2},                                      /* an overlong one */
        {"\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 11}, /* more than 64 bits */
        {"\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00", 12} /* before 1970 */,
        {"\x01\x80", 2},                             /* ends within a number */
        {"\x01\x02\x00\x00\x00\x87\x03\x00\x00", 9}, /* 391 tracks */
        {"\x01\x02\x00\x00\x00\x00\x39\x00", 8},     /* 57 tries */
    };
    struct aw_timeline tl;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(aw_plan_decode(&tl, (const uint8_t *)rows[i].bytes, rows[i].n),
                         AW_ECORRUPT);
}

/* Canonical: whatever is accepted encodes to the same bytes again. */
static void test_mutations(void **state)
{
    struct aw_timeline tl = full(), back;
    uint8_t plan[AW_PLAN_MAX], again[AW_PLAN_MAX];
    unsigned accepted = 0;

    tl.n_tracks = 3;
    tl.n_tries = 2;
    tl.n_negs = 2;
    size_t n = aw_plan_encode(&tl, plan, sizeof(plan));
    for (uint64_t i = 0; i < 20000; i++) {
        uint64_t r = aw_mix(1, i, 0);
        size_t at = r % n;
        uint8_t was = plan[at];
        plan[at] = (uint8_t)(r >> 32);
        if (aw_plan_decode(&back, plan, n) == 0) {
            accepted++;
            assert_int_equal(aw_plan_encode(&back, again, sizeof(again)), n);
            assert_memory_equal(again, plan, n);
        }
        plan[at] = was;
    }
    assert_in_range(accepted, 100, 19900);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trips), cmocka_unit_test(test_without_acts),
        cmocka_unit_test(test_impossible),  cmocka_unit_test(test_odd_bytes),
        cmocka_unit_test(test_mutations),
    };
    return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
