/* SPDX-License-Identifier: Apache-2.0
 *
 * Limits, token buckets, silences and the books of the storm brake: pure values and one set of
 * books, asked at chosen instants.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/str.h"
#include "core/brake.h"

#define T ((aw_time)1795370400000)

/* --- windows -------------------------------------------------------------------------------- */

static void fits_when_all_windows_let_it(void **state)
{
    const struct aw_rates r = {.list = {{2, AW_MINUTE}, {3, AW_HOUR}}, .n = 2};
    const aw_time sent[] = {T, T + 1000, T + 2 * AW_MINUTE};
    unsigned which = 9;

    assert_int_equal(aw_rates_fit(&r, sent, 0, T, &which), 0);
    assert_int_equal(aw_rates_fit(&r, sent, 1, T, &which), 0);
    assert_int_equal(aw_rates_fit(&r, sent, 2, T + 1000, &which), T + AW_MINUTE);
    assert_int_equal(which, 0);
    assert_int_equal(aw_rates_fit(&r, sent, 2, T + AW_MINUTE, NULL), 0); /* the last is excluded */
    assert_int_equal(aw_rates_fit(&r, sent, 3, T + 2 * AW_MINUTE, &which), T + AW_HOUR);
    assert_int_equal(which, 1);
    assert_int_equal(aw_rates_span(&r), AW_HOUR);
    assert_int_equal(aw_rates_most(&r), 3);
}

/* Against counting: no window holds more than its number, and a millisecond earlier one would. */
static void first_instant_is_the_first(void **state)
{
    for (uint64_t seed = 1; seed <= 2000; seed++) {
        struct aw_rates r = {.n = 1 + (unsigned)(aw_mix(seed, 0, 1) % 3)};
        aw_time sent[12], now = T;
        unsigned n = (unsigned)(aw_mix(seed, 0, 2) % 12);
        for (unsigned i = 0; i < r.n; i++)
            r.list[i] = (struct aw_rate){1 + (unsigned)(aw_mix(seed, i, 3) % 5),
                                         1 + (aw_ms)(aw_mix(seed, i, 4) % 60)};
        for (unsigned i = 0; i < n; i++)
            sent[i] = now += (aw_ms)(aw_mix(seed, i, 5) % 10);
        aw_time at = aw_rates_fit(&r, sent, n, now, NULL);
        assert_true(at == 0 || at > now);
        for (aw_time t = at ? at - 1 : now; t <= (at ? at : now); t++) {
            bool fits = true;
            for (unsigned i = 0; i < r.n; i++) {
                unsigned in = 0;
                for (unsigned k = 0; k < n; k++)
                    in += sent[k] > t - r.list[i].per;
                fits = fits && in < r.list[i].n;
            }
            assert_int_equal(fits, at == 0 || t == at);
        }
    }
}

static void bucket_holds_and_fills(void **state)
{
    const struct aw_rate rate = {3, 3 * AW_SECOND};
    aw_bucket b = 0;

    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(aw_bucket_free_at(b, rate, T), 0);
        aw_bucket_take(&b, rate, T);
    }
    assert_int_equal(aw_bucket_free_at(b, rate, T), T + AW_SECOND);
    assert_int_equal(aw_bucket_free_at(b, rate, T + AW_SECOND), 0);
    aw_bucket_take(&b, rate, T + AW_SECOND);
    assert_int_equal(aw_bucket_free_at(b, rate, T + AW_SECOND), T + 2 * AW_SECOND);
    assert_int_equal(aw_bucket_free_at(b, rate, T + AW_DAY), 0);
    assert_int_equal(aw_bucket_free_at(0, (struct aw_rate){0, AW_SECOND}, T), 0);
    assert_int_equal(aw_bucket_gap((struct aw_rate){AW_RATE_MOST, AW_SECOND}), 1);
}

/* --- the books ------------------------------------------------------------------------------ */

struct books {
    struct aw_brake *b;
    struct aw_limits limits;
    struct aw_storm_brake storm;
    struct aw_brake_conf conf;
    struct aw_registration reg;
    struct aw_match_input in;
    struct aw_rule rule;
    uint64_t who[AW_WHO];
    struct aw_outgoing o;
};

static struct books x;

static int setup(void **state)
{
    memset(&x, 0, sizeof(x));
    x.b = aw_brake_new();
    x.reg.class_ = "office";
    x.reg.priority = AW_NORMAL;
    x.in = (struct aw_match_input){.reg = &x.reg, .app = "shop"};
    x.rule.name = "must-read";
    x.o = (struct aw_outgoing){
        .in = &x.in, .rule = &x.rule, .channel = "sms-main", .kind = AW_SMS, .who = x.who};
    x.o.n_who = aw_brake_who(1, 0, x.who);
    return 0;
}

static int teardown(void **state)
{
    aw_brake_free(x.b);
    return 0;
}

static struct aw_restraint ask(aw_time now, bool waited)
{
    struct aw_restraint ret;
    aw_brake_ask(x.b, &x.conf, &x.o, &(struct aw_candidate){.waited = waited}, now, &ret);
    return ret;
}

/* Lets it go when nothing holds it; else it waits. */
static struct aw_restraint go(aw_time now, bool waited)
{
    struct aw_restraint ret = ask(now, waited);
    if (ret.why == AW_WHY_NONE)
        aw_brake_take(x.b, &x.conf, &x.o, now);
    else
        aw_brake_wait(x.b, &x.conf, &x.o, now, &ret);
    return ret;
}

static void nothing_holds_back(void **state)
{
    for (unsigned i = 0; i < 1000; i++)
        assert_int_equal(go(T, false).why, AW_WHY_NONE);
    assert_int_equal(aw_brake_span(&x.conf), 0);
}

static void limits_are_per_person_kind_and_app(void **state)
{
    const struct aw_addresses a = {.phone = "+8613800000000", .email = "a@b.cn", .im = "a"};
    struct aw_restraint r;

    assert_ptr_equal(aw_brake_address(&a, AW_SMS), a.phone);
    assert_ptr_equal(aw_brake_address(&a, AW_CALL), a.phone);
    assert_ptr_equal(aw_brake_address(&a, AW_EMAIL), a.email);
    assert_ptr_equal(aw_brake_address(&a, AW_IM), a.im);
    assert_null(aw_brake_address(&a, AW_PUSH)); /* a person's own */
    x.limits.per_recipient[AW_SMS] = (struct aw_rates){.list = {{2, AW_MINUTE}}, .n = 1};
    x.conf.limits = &x.limits;
    assert_int_equal(aw_brake_span(&x.conf), AW_MINUTE);
    x.o.n_who = aw_brake_who(1, 77, x.who);
    assert_int_equal(x.o.n_who, 2);
    assert_int_equal(go(T, false).why, AW_WHY_NONE);
    assert_int_equal(go(T + 1, false).why, AW_WHY_NONE);
    r = go(T + 2, false);
    assert_int_equal(r.why, AW_WHY_LIMIT);
    assert_int_equal(r.at, T + AW_MINUTE);
    assert_string_equal(r.by, "sms 2/1m");
    x.o.kind = AW_EMAIL; /* has no limit */
    assert_int_equal(ask(T + 2, false).why, AW_WHY_NONE);
    x.o.kind = AW_SMS;
    x.in.app = "bank";
    assert_int_equal(ask(T + 2, false).why, AW_WHY_NONE);
    x.in.app = "shop";
    /* Another person with the same number is held, with another number not. */
    x.o.n_who = aw_brake_who(2, 77, x.who);
    assert_int_equal(ask(T + 2, false).why, AW_WHY_LIMIT);
    x.o.n_who = aw_brake_who(2, 0, x.who);
    assert_int_equal(x.o.n_who, 1);
    assert_int_equal(ask(T + 2, false).why, AW_WHY_NONE);
    /* An escalate knows no limits; what is carried along, neither. */
    x.o.n_who = aw_brake_who(1, 77, x.who);
    aw_brake_ask(x.b, &x.conf, &x.o, &(struct aw_candidate){.wanted = true}, T + 2, &r);
    assert_int_equal(r.why, AW_WHY_NONE);
    aw_brake_ask(x.b, &x.conf, &x.o, &(struct aw_candidate){.carried = true}, T + 2, &r);
    assert_int_equal(r.why, AW_WHY_NONE);
    /* The rule's own limits stand in for those of the environment, also where they name no kind. */
    x.rule.limits.given = true;
    assert_int_equal(ask(T + 2, false).why, AW_WHY_NONE);
    x.rule.limits.per_recipient[AW_SMS] =
        (struct aw_rates){.list = {{9, AW_MINUTE}, {2, AW_HOUR}}, .n = 2};
    assert_string_equal(ask(T + 2, false).by, "sms 2/1h");
}

/* What no window looks back on is forgotten; an instant that comes late finds its place. */
static void limits_forget(void **state)
{
    x.limits.per_recipient[AW_SMS] = (struct aw_rates){.list = {{2, AW_MINUTE}}, .n = 1};
    x.conf.limits = &x.limits;
    go(T + 10, false);
    aw_brake_take(x.b, &x.conf, &x.o, T); /* from the store, after a restart */
    assert_int_equal(ask(T + 20, false).at, T + AW_MINUTE);
    for (unsigned i = 0; i < 100; i++)
        aw_brake_take(x.b, &x.conf, &x.o, T + i * AW_MINUTE);
    assert_int_equal(ask(T + 99 * AW_MINUTE, false).at, 0);
    aw_brake_tidy(x.b, &x.conf, T + 99 * AW_MINUTE);
    aw_brake_take(x.b, &x.conf, &x.o, T + 99 * AW_MINUTE);
    assert_int_equal(ask(T + 99 * AW_MINUTE, false).at, T + 100 * AW_MINUTE);
    aw_brake_tidy(x.b, &x.conf, T + 101 * AW_MINUTE);
    assert_int_equal(ask(T + 99 * AW_MINUTE, false).at, 0);
}

static void silences_match_and_end(void **state)
{
    static const char *const globs[] = {"off*"};
    const struct aw_match_term office = {.field = AW_MATCH_CLASS, .globs = globs, .n_globs = 1};
    const struct aw_silence list[] = {
        {.name = "a", .match = &office, .n_match = 1, .until = T + AW_MINUTE},
        {.name = "b", .match = &office, .n_match = 1, .until = T + AW_HOUR},
        {.name = "c", .match = &office, .n_match = 1, .from = T + AW_HOUR, .until = T + AW_DAY}};
    struct aw_restraint r;

    x.conf.silences = list;
    x.conf.n_silences = 3;
    r = ask(T, false);
    assert_int_equal(r.why, AW_WHY_SILENCE); /* the one that ends last */
    assert_string_equal(r.by, "b");
    assert_int_equal(r.at, T + AW_HOUR);
    x.reg.priority = AW_CRITICAL; /* is not excepted */
    assert_string_equal(ask(T + AW_HOUR - 1, false).by, "b");
    assert_string_equal(ask(T + AW_HOUR, false).by, "c");
    assert_int_equal(ask(T + AW_DAY, false).why, AW_WHY_NONE);
    aw_brake_ask(x.b, &x.conf, &x.o, &(struct aw_candidate){.wanted = true, .carried = true}, T,
                 &r);
    assert_int_equal(r.why, AW_WHY_SILENCE);
    x.reg.class_ = "order";
    assert_int_equal(ask(T, false).why, AW_WHY_NONE);
}

/* --- the storm brake ------------------------------------------------------------------------ */

static void each_bucket_has_a_name(void **state)
{
    static const char *const names[] = {"recipient", "rule must-read", "channel sms-main",
                                        "app shop"};
    for (unsigned of = 0; of < AW_N_BUCKETS; of++) {
        teardown(NULL);
        setup(NULL);
        x.storm.rate[of] = (struct aw_rate){1, AW_MINUTE};
        x.conf.storm = &x.storm;
        assert_int_equal(aw_brake_span(&x.conf), AW_MINUTE);
        assert_int_equal(go(T, false).why, AW_WHY_NONE);
        struct aw_restraint r = go(T, false);
        assert_int_equal(r.why, AW_WHY_BRAKE);
        assert_int_equal(r.bucket, of);
        assert_string_equal(r.by, names[of]);
        assert_int_equal(r.at, T + AW_MINUTE);
    }
}

/* Those who wait go one after the other, nobody new overtakes them, and critical ones have their
 * own share. */
static void turns_in_order(void **state)
{
    aw_time turn[3];

    x.storm = (struct aw_storm_brake){.rate = {[AW_OF_RULE] = {10, 10 * AW_SECOND}}, .reserve = 20};
    x.conf.storm = &x.storm;
    for (unsigned i = 0; i < 8; i++)
        assert_int_equal(go(T, false).why, AW_WHY_NONE);
    for (unsigned i = 0; i < 3; i++)
        turn[i] = go(T, false).at;
    assert_true(T < turn[0] && turn[0] < turn[1] && turn[1] < turn[2]);
    x.reg.priority = AW_CRITICAL;
    assert_int_equal(go(T, false).why, AW_WHY_NONE);
    assert_int_equal(go(T, false).why, AW_WHY_NONE);
    assert_int_equal(go(T, false).at, T + AW_SECOND);
    x.reg.priority = AW_NORMAL;
    /* A turn that has come is taken, by who has waited. */
    assert_true(ask(T + 3 * AW_SECOND, false).at > T + 3 * AW_SECOND);
    assert_int_equal(go(T + 3 * AW_SECOND, true).why, AW_WHY_NONE);
}

/* Edge 26: ten thousand open at one instant: the important ones go first, at the rate of the brake,
 * and each is put off a few times at most. */
static void edge_26_priority_first(void **state)
{
    enum { N = 10000 };
    static struct {
        aw_time due, gone;
        unsigned puts;
    } f[N];
    unsigned left = N, gone_high = 0;
    aw_time end = 0;

    memset(f, 0, sizeof(f));
    x.storm = (struct aw_storm_brake){.rate = {[AW_OF_CHANNEL] = {600, AW_MINUTE}}};
    x.conf.storm = &x.storm;
    for (unsigned i = 0; i < N; i++)
        f[i].due = T;
    for (aw_time now = T; left > 0; now += 50) {
        for (unsigned i = 0; i < N; i++) {
            if (f[i].gone || f[i].due > now)
                continue;
            x.reg.priority = i % 10 == 0 ? AW_HIGH : AW_LOW;
            struct aw_restraint r = go(now, f[i].puts > 0);
            if (r.why == AW_WHY_NONE) {
                f[i].gone = end = now;
                left--;
            } else {
                f[i].due = r.at;
                assert_true(++f[i].puts < 8);
            }
        }
    }
    /* 600 at once, then ten a second. */
    assert_in_range(end - T, (N - 600) * 100 - AW_SECOND, (N - 600) * 100 + 30 * AW_SECOND);
    for (unsigned i = 0; i < N; i += 10)
        gone_high += f[i].gone <= T + 120 * AW_SECOND;
    assert_true(gone_high > 950);
}

static void a_storm_is_told_once(void **state)
{
    unsigned n;

    x.storm.rate[AW_OF_APP] = (struct aw_rate){1, 5 * AW_MINUTE};
    x.conf.storm = &x.storm;
    aw_brake_storms(x.b, &n);
    assert_int_equal(n, 0);
    go(T, false);
    go(T, false);
    go(T + 1, false);
    struct aw_storm *s = aw_brake_storms(x.b, &n);
    assert_int_equal(n, 1);
    assert_int_equal(s->of, AW_OF_APP);
    assert_string_equal(s->name, "shop");
    assert_int_equal(s->n_held, 2);
    assert_int_equal(s->since, T);
    assert_false(s->told);
    assert_false(aw_storm_over(s, &x.conf, s->last + 5 * AW_MINUTE - 1));
    assert_true(aw_storm_over(s, &x.conf, s->last + 5 * AW_MINUTE));
    aw_storm_end(x.b, s);
    aw_brake_storms(x.b, &n);
    assert_int_equal(n, 0);
    /* More than anybody reads at one time are held back all the same. */
    for (unsigned i = 0; i < 2 * AW_BRAKE_STORMS; i++) {
        static char app[16];
        snprintf(app, sizeof(app), "app%u", i);
        x.in.app = app;
        go(T, false);
        assert_int_equal(go(T, false).why, AW_WHY_BRAKE);
    }
    aw_brake_storms(x.b, &n);
    assert_int_equal(n, AW_BRAKE_STORMS);
    aw_brake_tidy(x.b, &x.conf, T + AW_MINUTE); /* turns still to come */
    assert_int_equal(go(T + AW_MINUTE, false).why, AW_WHY_BRAKE);
}

int main(void)
{
#define BOOKS(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fits_when_all_windows_let_it),
        cmocka_unit_test(first_instant_is_the_first),
        cmocka_unit_test(bucket_holds_and_fills),
        BOOKS(nothing_holds_back),
        BOOKS(limits_are_per_person_kind_and_app),
        BOOKS(limits_forget),
        BOOKS(silences_match_and_end),
        BOOKS(each_bucket_has_a_name),
        BOOKS(turns_in_order),
        BOOKS(edge_26_priority_first),
        BOOKS(a_storm_is_told_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
