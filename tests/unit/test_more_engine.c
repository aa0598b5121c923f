/* SPDX-License-Identifier: Apache-2.0
 *
 * More of the engine: facts about holds, logins and devices that cannot follow are refused by the
 * fold, one bad member at a time; the books of the brake with many keys; a push that another
 * account took over.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/mem.h"
#include "core/brake.h"
#include "core_world.h"

#define T             WORLD_START
#define F(kind_, ...) ((struct aw_fact){.type = AW_FACT_##kind_, .next_due = T + 1, __VA_ARGS__})

/* --- facts that cannot follow ---------------------------------------------------------------- */

static void ok(struct aw_timeline *tl, struct aw_fact f)
{
    assert_int_equal(aw_timeline_apply(tl, &f), 0);
}

static void no(const struct aw_timeline *tl, struct aw_fact f)
{
    struct aw_timeline copy = *tl;
    assert_int_equal(aw_timeline_apply(&copy, &f), AW_ECORRUPT);
}

static struct aw_timeline opened(void)
{
    struct aw_timeline tl;

    aw_timeline_init(&tl, (aw_id)1 << 40, 0, 1);
    ok(&tl, F(OPENED, .at = T, .registered = T));
    return tl;
}

static struct aw_fact claim(unsigned step, aw_id id, int64_t person)
{
    return F(CLAIMED, .step = (uint8_t)step, .kind = AW_PUSH, .round = 1, .number = 1,
             .attempt = id, .ref = id, .person = person);
}

static void absences(void **state)
{
    struct aw_timeline tl = opened(), ended;

    (void)state;
    no(&tl, F(ABSENT, .from = 0, .at = T + 10, .moved = T + 10));
    no(&tl, F(ABSENT, .from = T, .at = T, .moved = 0));
    no(&tl, F(ABSENT, .from = T, .at = AW_LAST_INSTANT + 1, .moved = AW_LAST_INSTANT + 1 - T));
    no(&tl, F(ABSENT, .from = T, .at = T + 10, .moved = 9));
    no(&tl, F(PRESENT, .at = T, .moved = 0)); /* was never away */
    ok(&tl, F(ABSENT, .from = T, .at = T + 10, .moved = 10));
    assert_true(aw_timeline_absent(&tl, T + 9));
    assert_false(aw_timeline_absent(&tl, T + 10));
    no(&tl, F(ABSENT, .from = T + 9, .at = T + 20, .moved = 11));
    no(&tl, F(PRESENT, .at = T - 1, .moved = 11));
    no(&tl, F(PRESENT, .at = T + 10, .moved = 0));
    no(&tl, F(PRESENT, .at = T + 4, .moved = 5));
    ended = tl;
    ok(&ended, (struct aw_fact){.type = AW_FACT_ENDED, .state = AW_CONFIRMED});
    no(&ended, (struct aw_fact){.type = AW_FACT_PRESENT, .at = T + 4, .moved = 6});
    no(&ended, (struct aw_fact){.type = AW_FACT_ABSENT, .from = T + 10, .at = T + 20, .moved = 10});
    assert_false(aw_timeline_absent(&ended, T + 5));
    ok(&tl, F(PRESENT, .at = T + 4, .moved = 6, .count = 3, .why = AW_WHY_DIGEST));
    assert_int_equal(tl.absence.moved, 4);
    assert_int_equal(tl.absence.spent, 4);
    assert_int_equal(tl.absence.count, 3);
    assert_true(tl.absence.told);
}

/* A login makes due what waited for it, and nothing else. */
static void logins_make_due(void **state)
{
    struct aw_timeline tl = opened();

    (void)state;
    ok(&tl, claim(0, 100, 1));
    ok(&tl, claim(1, 101, 1));
    ok(&tl, F(ABSENT, .from = T, .at = T + 10, .moved = 10));
    no(&tl, F(OUTCOME, .attempt = 100, .outcome = AW_OUT_NO_TARGET, .at = T + 10));
    ok(&tl, F(OUTCOME, .attempt = 100, .outcome = AW_OUT_NO_TARGET, .at = T + 10,
              .why = AW_WHY_LOGGED_OUT));
    ok(&tl, F(OUTCOME, .attempt = 101, .outcome = AW_OUT_TRANSIENT, .at = T + 70));
    ok(&tl,
       F(DEFERRED, .step = 2, .kind = AW_PUSH, .round = 1, .at = T + 10, .why = AW_WHY_LOGGED_OUT));
    ok(&tl,
       F(DEFERRED, .step = 3, .kind = AW_PUSH, .round = 1, .at = T + 60, .why = AW_WHY_SETTLE));
    ok(&tl, F(PRESENT, .at = T + 3, .moved = 7, .why = AW_WHY_LOGGED_IN));
    assert_int_equal(aw_timeline_try(&tl, 100)->due, T + 3);
    assert_false(aw_timeline_try(&tl, 100)->held);
    assert_int_equal(aw_timeline_try(&tl, 101)->due, T + 70);
    assert_int_equal(aw_timeline_track(&tl, 2, AW_PUSH)->due, T + 3);
    assert_int_equal(aw_timeline_track(&tl, 3, AW_PUSH)->due, T + 60);
}

static void devices_of_a_push(void **state)
{
    struct aw_timeline tl = opened();
    struct aw_fact f = claim(0, 100, 1), bad;

    (void)state;
    f.n_devices = 2;
    f.devices[0] = 7;
    f.devices[1] = 8;
    bad = f;
    bad.n_devices = AW_MAX_DEVICES + 1;
    no(&tl, bad);
    bad = f;
    bad.person = 2; /* third persons are not waited for */
    no(&tl, bad);
    bad = f;
    bad.kind = AW_SMS;
    no(&tl, bad);
    bad = f;
    bad.devices[1] = 0;
    no(&tl, bad);
    ok(&tl, f);
    no(&tl, F(DEVICE, .device = 9));
    ok(&tl, F(EVIDENCE, .level = AW_DELIVERED, .person = 1, .device = 7));
    ok(&tl, F(EVIDENCE, .level = AW_ACCEPTED, .person = 1, .device = 7));  /* proves less */
    ok(&tl, F(EVIDENCE, .level = AW_DELIVERED, .person = 1, .device = 9)); /* not asked */
    assert_int_equal(aw_timeline_device(&tl, 7)->level, AW_DELIVERED);
    assert_int_equal(aw_timeline_device(&tl, 8)->level, AW_LEVEL_NONE);
    f = claim(1, 101, 1); /* what is proven about a device stays */
    f.n_devices = 1;
    f.devices[0] = 7;
    ok(&tl, f);
    assert_int_equal(aw_timeline_device(&tl, 7)->level, AW_DELIVERED);
    assert_null(aw_timeline_device(&tl, 8));
    ok(&tl, F(DEVICE, .device = 7));
    assert_int_equal(tl.n_devices, 0);
}

static void brought_forward(void **state)
{
    struct aw_timeline tl = opened(), ended, over;
    const struct aw_fact track = F(LET_GO, .step = 2, .kind = AW_SMS, .round = 1, .at = T + 5);
    const struct aw_fact try = F(LET_GO, .attempt = 100, .at = T + 5);
    struct aw_fact bad;

    (void)state;
    no(&tl, track); /* nothing waits */
    no(&tl, try);
    ok(&tl, claim(0, 100, 1));
    no(&tl, try);                                      /* it flies */
    no(&tl, F(DEFERRED, .attempt = 100, .at = T + 9)); /* likewise */
    no(&tl, F(DEFERRED, .attempt = 99, .at = T + 9));  /* no such try */
    ok(&tl, F(OUTCOME, .attempt = 100, .outcome = AW_OUT_TRANSIENT, .at = T + 8));
    no(&tl, try); /* its time has not come: nothing parked it */
    no(&tl, F(DEFERRED, .attempt = 100, .at = 0));
    ok(&tl, F(DEFERRED, .attempt = 100, .at = T + 9, .why = AW_WHY_CHANNEL));
    bad = try, bad.at = 0;
    no(&tl, bad);
    bad = try, bad.at = T + 9; /* that is not earlier */
    no(&tl, bad);
    ok(&tl, try);
    assert_int_equal(aw_timeline_try(&tl, 100)->due, T + 5);

    ok(&tl, F(DEFERRED, .step = 2, .kind = AW_SMS, .round = 1, .at = T + 9, .why = AW_WHY_BRAKE));
    bad = track, bad.round = 2;
    no(&tl, bad);
    bad = track, bad.at = 0;
    no(&tl, bad);
    bad = track, bad.at = T + 9;
    no(&tl, bad);
    ended = tl;
    ok(&ended, F(ENDED, .state = AW_CANCELLED)); /* the try still waits */
    no(&ended, track);
    over = tl;
    ok(&over, F(SKIPPED, .step = 2, .kind = AW_SMS, .round = 1, .last_round = true));
    no(&over, track);
    ok(&tl, track);
    assert_int_equal(aw_timeline_track(&tl, 2, AW_SMS)->due, T + 5);
}

static void holds(void **state)
{
    struct aw_timeline tl = opened(), ended, odd;

    (void)state;
    no(&tl, F(HELD, .from = 0, .at = T + 10, .moved = T + 10));
    no(&tl, F(HELD, .from = T, .at = T, .moved = 0));
    no(&tl, F(HELD, .from = T, .at = AW_LAST_INSTANT + 1, .moved = AW_LAST_INSTANT + 1 - T));
    no(&tl, F(HELD, .from = T, .at = T + 10, .moved = 10, .kinds = 0x80));
    no(&tl, F(HELD, .from = T, .at = T + 10, .moved = 11));
    ended = tl;
    ok(&ended, (struct aw_fact){.type = AW_FACT_ENDED, .state = AW_CANCELLED});
    no(&ended, (struct aw_fact){.type = AW_FACT_HELD, .from = T, .at = T + 10, .moved = 10});
    odd = tl; /* a due that no log brings, and sums that would overflow */
    odd.kind_hold[AW_SMS].shift = AW_LAST_INSTANT;
    no(&odd, F(HELD, .from = T, .at = T + 10, .moved = 10));
    odd.kind_hold[AW_SMS].shift = -20;
    no(&odd, F(HELD, .from = T, .at = T + 10, .moved = 10));
    odd = tl;
    odd.n_tracks = 1;
    odd.tracks[0] = (struct aw_track){.kind = AW_SMS, .round = 1, .due = -20};
    no(&odd, F(HELD, .from = T, .at = T + 10, .moved = 10));

    ok(&tl, F(HELD, .from = T, .at = T + 10, .moved = 10, .why = AW_WHY_SNOOZED));
    assert_true(aw_timeline_held(&tl, T + 9));
    no(&tl, F(RESUMED, .at = T + 4, .moved = 5));
    no(&tl, F(RESUMED, .at = T + 10, .moved = 0));
    no(&tl, F(RESUMED, .at = T - 1, .moved = 10));
    ok(&tl, F(RESUMED, .at = T + 4, .moved = 6));
    assert_false(aw_timeline_held(&tl, T + 4));
    assert_int_equal(tl.hold.shift, 4);
}

/* What a person ends is ended for the kinds as well: one that had another end keeps its own. */
static void holds_of_one_kind(void **state)
{
    struct aw_timeline tl = opened();

    (void)state;
    ok(&tl,
       F(HELD, .from = T, .at = T + 10, .moved = 10, .kinds = 1 << AW_SMS, .why = AW_WHY_SNOOZED));
    assert_int_equal(tl.kind_hold[AW_SMS].shift, 10);
    assert_int_equal(tl.kind_hold[AW_PUSH].shift, 0);
    ok(&tl, F(RESUMED, .at = T + 4, .moved = 6));
    assert_int_equal(tl.kind_hold[AW_SMS].shift, 4);
    assert_int_equal(tl.kind_hold[AW_PUSH].shift, 0);
}

static void comes_back(void **state)
{
    const struct aw_fact back = F(REOPENED, .at = T + 100, .moved = 90);
    struct aw_timeline tl = opened(), odd;
    struct aw_fact bad;

    (void)state;
    no(&tl, back); /* it has not ended */
    ok(&tl, F(ABSENT, .from = T, .at = T + 50, .moved = 50));
    ok(&tl, F(EVIDENCE, .level = AW_DISPLAYED, .person = 1, .counts = true));
    ok(&tl, F(DEFERRED, .step = 1, .kind = AW_SMS, .round = 1, .at = T + 20, .why = AW_WHY_LIMIT));
    no(&tl, F(ENDED, .state = AW_CANCELLED, .from = T + 10, .at = T + 100));
    ok(&tl, F(ENDED, .state = AW_CONFIRMED, .from = T + 10, .at = T + 100));
    bad = back, bad.at = T + 99;
    no(&tl, bad);
    bad = back, bad.at = AW_LAST_INSTANT + 1;
    no(&tl, bad);
    bad = back, bad.level = AW_ACKNOWLEDGED;
    no(&tl, bad);
    bad = back, bad.moved = 89;
    no(&tl, bad);
    odd = tl;
    odd.tracks[0].due = -200;
    no(&odd, back);
    odd = tl;
    odd.kind_hold[AW_SMS].shift = AW_LAST_INSTANT;
    no(&odd, back);
    ok(&tl, back);
    assert_int_equal(tl.state, AW_OPEN);
    assert_int_equal(tl.absence.until, T + 10); /* the wait for a login ended with it */
    assert_int_equal(tl.absence.moved, 10);
    assert_int_equal(aw_timeline_track(&tl, 1, AW_SMS)->due, T + 110);
    no(&tl, F(CLOSED)); /* it is open */
}

static void others_acknowledge(void **state)
{
    const struct aw_fact stands =
        F(EVIDENCE, .level = AW_ACKNOWLEDGED, .person = 2, .stands = true);
    struct aw_timeline tl = opened();
    struct aw_fact bad;

    (void)state;
    bad = stands, bad.person = 0;
    no(&tl, bad);
    bad = stands, bad.person = 1;
    no(&tl, bad);
    bad = stands, bad.level = AW_DISPLAYED;
    no(&tl, bad);
    bad = stands, bad.person = 1, bad.counts = true;
    no(&tl, bad);
    ok(&tl, stands);
    assert_int_equal(tl.acked_by, 2);
    no(&tl, stands); /* once */
}

/* --- the books of the brake ------------------------------------------------------------------ */

#define MANY 5000

struct books {
    struct aw_brake *b;
    struct aw_storm_brake storm;
    struct aw_limits limits;
    struct aw_brake_conf conf;
    struct aw_registration reg;
    struct aw_match_input in;
    struct aw_rule rule;
    uint64_t who[AW_WHO];
    struct aw_outgoing o;
};

static int books(void **state)
{
    struct books *x = aw_calloc(1, sizeof(*x));

    x->b = aw_brake_new();
    x->reg.priority = AW_NORMAL;
    x->in = (struct aw_match_input){.reg = &x->reg, .app = "shop"};
    x->rule.name = "story";
    x->o = (struct aw_outgoing){
        .in = &x->in, .rule = &x->rule, .channel = "sms", .kind = AW_SMS, .who = x->who};
    x->o.n_who = aw_brake_who(1, 0, x->who);
    x->limits.per_recipient[AW_SMS] = (struct aw_rates){.list = {{1, AW_MINUTE}}, .n = 1};
    *state = x;
    return 0;
}

static int books_free(void **state)
{
    struct books *x = *state;

    aw_brake_free(x->b);
    aw_free(x);
    return 0;
}

static struct aw_restraint held(struct books *x, aw_time now, bool waited)
{
    struct aw_restraint ret;

    aw_brake_ask(x->b, &x->conf, &x->o, &(struct aw_candidate){.waited = waited}, now, &ret);
    return ret;
}

static void nothing_to_free(void **state)
{
    struct aw_brake *b = aw_brake_new();
    unsigned n = 7;

    (void)state;
    aw_brake_storms(b, &n);
    assert_int_equal(n, 0);
    aw_brake_free(b);
    aw_brake_free(NULL);
}

/* Each of many is held to its own limit, in whatever order they are used, and all are forgotten. */
static void many_keys(void **state)
{
    struct books *x = *state;

    x->conf.limits = &x->limits;
    for (unsigned round = 0; round < 2; round++) /* the second from the last to the first */
        for (unsigned i = 0; i < MANY; i++) {
            x->o.n_who = aw_brake_who(round ? MANY - i : i + 1, 0, x->who);
            assert_int_equal(held(x, T + round * AW_HOUR, false).why, AW_WHY_NONE);
            aw_brake_take(x->b, &x->conf, &x->o, T + round * AW_HOUR);
        }
    for (unsigned i = 1; i <= MANY; i++) {
        x->o.n_who = aw_brake_who(i, 0, x->who);
        assert_int_equal(held(x, T + AW_HOUR, false).at, T + AW_HOUR + AW_MINUTE);
    }
    aw_brake_tidy(x->b, &x->conf, T + AW_HOUR + AW_MINUTE); /* a window still looks back */
    assert_int_equal(held(x, T + AW_HOUR, false).why, AW_WHY_LIMIT);
    aw_brake_tidy(x->b, &x->conf, T + 2 * AW_HOUR);
    for (unsigned i = 1; i <= MANY; i++) {
        x->o.n_who = aw_brake_who(i, 0, x->who);
        assert_int_equal(held(x, T + AW_HOUR, false).why, AW_WHY_NONE);
    }
}

/* One who has a turn still to come is not forgotten, though the bucket is full again long since. */
static void turns_are_not_forgotten(void **state)
{
    struct books *x = *state;
    struct aw_restraint r = {.why = AW_WHY_BRAKE, .bucket = AW_OF_APP, .at = T + AW_DAY};

    x->storm.rate[AW_OF_APP] = (struct aw_rate){10, AW_SECOND};
    x->conf.storm = &x->storm;
    assert_int_equal(aw_brake_span(&x->conf), AW_SECOND);
    aw_brake_wait(x->b, &x->conf, &x->o, T, &r);
    aw_brake_tidy(x->b, &x->conf, T + AW_HOUR);
    assert_true(held(x, T + AW_HOUR, false).at > T + AW_DAY); /* the next is behind that turn */
    r.at = T + AW_HOUR; /* an earlier turn takes nothing from a later one */
    aw_brake_wait(x->b, &x->conf, &x->o, T, &r);
    assert_true(held(x, T + AW_HOUR, false).at > T + AW_DAY);
    aw_brake_tidy(x->b, &x->conf, T + 2 * AW_DAY);
    assert_int_equal(held(x, T + AW_HOUR, false).why, AW_WHY_NONE);
}

/* Storms are told apart by bucket and name; beyond the bound they hold back without being told. */
static void storms_are_bounded(void **state)
{
    struct books *x = *state;
    struct aw_restraint r = {.why = AW_WHY_BRAKE, .bucket = AW_OF_CHANNEL, .at = T + AW_SECOND};
    char name[AW_BRAKE_STORMS + 8][16];
    struct aw_storm *s;
    unsigned n;

    aw_brake_wait(x->b, &x->conf, &x->o, T, &r); /* no brake is set */
    x->conf.storm = &x->storm;
    r.why = AW_WHY_LIMIT;
    aw_brake_wait(x->b, &x->conf, &x->o, T, &r); /* something else holds it */
    aw_brake_storms(x->b, &n);
    assert_int_equal(n, 0);
    r.why = AW_WHY_BRAKE;
    x->storm.rate[AW_OF_CHANNEL] = (struct aw_rate){1, AW_HOUR};
    for (unsigned i = 0; i < AW_COUNT(name); i++) {
        snprintf(name[i], sizeof(name[i]), "sms-%u", i);
        x->o.channel = name[i];
        aw_brake_wait(x->b, &x->conf, &x->o, T, &r);
        aw_brake_wait(x->b, &x->conf, &x->o, T, &r);
    }
    s = aw_brake_storms(x->b, &n);
    assert_int_equal(n, AW_BRAKE_STORMS);
    for (unsigned i = 0; i < n; i++) {
        assert_string_equal(s[i].name, name[i]);
        assert_int_equal(s[i].n_held, 2);
    }
    assert_false(aw_storm_over(&s[0], &x->conf, T + AW_MINUTE + AW_SECOND));
    assert_true(aw_storm_over(&s[0], &x->conf, T + AW_HOUR + AW_SECOND));
    x->conf.storm = NULL; /* the brake was taken out of the settings: a minute */
    assert_false(aw_storm_over(&s[0], &x->conf, T + AW_MINUTE));
    assert_true(aw_storm_over(&s[0], &x->conf, T + AW_MINUTE + AW_SECOND));
    aw_storm_end(x->b, &s[0]);
    s = aw_brake_storms(x->b, &n);
    assert_int_equal(n, AW_BRAKE_STORMS - 1);
    assert_string_equal(s[0].name, name[AW_BRAKE_STORMS - 1]);
}

/* A firing without a channel has no bucket of one, and one to nobody none of a recipient. */
static void buckets_that_are_not_there(void **state)
{
    struct books *x = *state;

    x->storm.rate[AW_OF_CHANNEL] = x->storm.rate[AW_OF_RECIPIENT] = (struct aw_rate){1, AW_HOUR};
    x->conf.storm = &x->storm;
    for (unsigned bare = 0; bare < 2; bare++) {
        x->o.channel = bare ? NULL : "sms";
        x->o.n_who = bare ? 0 : 1;
        aw_brake_take(x->b, &x->conf, &x->o, T);
        assert_int_equal(held(x, T, true).why, bare ? AW_WHY_NONE : AW_WHY_BRAKE);
    }
    x->storm.rate[AW_OF_APP] = (struct aw_rate){1, AW_HOUR}; /* that is there, also to nobody */
    aw_brake_take(x->b, &x->conf, &x->o, T);
    struct aw_restraint r = held(x, T, true);
    assert_string_equal(r.by, "app shop");
    aw_brake_wait(x->b, &x->conf, &x->o, T, &r);
    assert_true(held(x, T, false).at > r.at);
    x->storm.reserve = 100; /* all but one are for critical messages */
    assert_int_equal(held(x, T + AW_DAY, true).why, AW_WHY_NONE);
    x->reg.priority = AW_CRITICAL;
    assert_int_equal(held(x, T + AW_DAY, true).why, AW_WHY_NONE);
}

/* Of several silences that match, the one that ends last; those of other apps count for nothing. */
static void silences(void **state)
{
    struct books *x = *state;
    const struct aw_silence list[] = {
        {.name = "later", .from = T + 1, .until = T + AW_DAY},
        {.name = "over", .from = T - 9, .until = T},
        {.name = "other", .app = "bank", .from = T - 9, .until = T + AW_DAY},
        {.name = "long", .app = "shop", .from = T, .until = T + AW_HOUR},
        {.name = "short", .from = T, .until = T + AW_MINUTE},
    };
    struct aw_restraint r;

    x->conf.silences = list;
    x->conf.n_silences = AW_COUNT(list);
    r = held(x, T, false);
    assert_int_equal(r.why, AW_WHY_SILENCE);
    assert_string_equal(r.by, "long");
    assert_int_equal(r.at, T + AW_HOUR);
    assert_string_equal(held(x, T + AW_HOUR, false).by, "later");
    assert_int_equal(held(x, T + AW_DAY, false).why, AW_WHY_NONE);
}

#define BOOKS(f) cmocka_unit_test_setup_teardown(f, books, books_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(absences),
        cmocka_unit_test(logins_make_due),
        cmocka_unit_test(devices_of_a_push),
        cmocka_unit_test(brought_forward),
        cmocka_unit_test(holds),
        cmocka_unit_test(holds_of_one_kind),
        cmocka_unit_test(comes_back),
        cmocka_unit_test(others_acknowledge),
        cmocka_unit_test(nothing_to_free),
        BOOKS(many_keys),
        BOOKS(turns_are_not_forgotten),
        BOOKS(storms_are_bounded),
        BOOKS(buckets_that_are_not_there),
        BOOKS(silences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
