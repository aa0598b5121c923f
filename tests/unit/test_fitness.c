/* SPDX-License-Identifier: Apache-2.0
 *
 * The health of an account on a virtual clock: each obstacle alone, then an account under load that
 * breaks and heals, with the promised figures: retries at most a tenth of the first attempts once
 * a brown-out is a minute old, a breaker that opens within twenty failed calls and closes within a
 * minute of the recovery.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/fitness.h"

#define T0 ((aw_ms)1000000)

static const struct aw_provider plain = {.name = "plain"};
static const struct aw_provider robot = {.name = "robot",
                                         .limits = {{20, AW_MINUTE}, {5, AW_SECOND}}};

static enum aw_fitness_change one(struct aw_fitness *h, aw_ms now, enum aw_outcome outcome)
{
    struct aw_fitness_send s;

    aw_fitness_begin(h, now, AW_AS_NEW, &s);
    return aw_fitness_end(h, now, &s, outcome, true, 0);
}

static enum aw_obstacle why(const struct aw_fitness *h, aw_ms now, enum aw_claim_as as)
{
    enum aw_obstacle o;

    (void)aw_fitness_free_at(h, now, as, &o);
    return o;
}

/* --- the breaker ---------------------------------------------------------------------------- */

static void test_opens_at_five_in_a_row(void **state)
{
    struct aw_fitness h;
    (void)state;

    aw_fitness_init(&h, &plain, 0, T0);
    for (int i = 0; i < 4; i++)
        assert_int_equal(one(&h, T0, AW_OUT_TRANSIENT), AW_FITNESS_SAME);
    one(&h, T0, AW_OUT_REFUSED); /* an answer: it is there */
    for (int i = 0; i < 4; i++)
        assert_int_equal(one(&h, T0, AW_OUT_UNKNOWN), AW_FITNESS_SAME);
    assert_int_equal(why(&h, T0, AW_AS_NEW), AW_OB_NONE);
    assert_int_equal(one(&h, T0, AW_OUT_TRANSIENT), AW_FITNESS_BREAKER);
    assert_int_equal(h.breaker, AW_BREAKER_OPEN);
    assert_int_equal(aw_fitness_free_at(&h, T0, AW_AS_NEW, NULL), T0 + 15 * AW_SECOND);
}

static void test_opens_at_half_of_twenty(void **state)
{
    struct aw_fitness h;
    int n = 0;
    (void)state;

    aw_fitness_init(&h, &plain, 0, T0);
    while (h.breaker == AW_BREAKER_CLOSED && n < 100) {
        n++;
        one(&h, T0 + n, n % 2 ? AW_OUT_ACCEPTED : AW_OUT_TRANSIENT);
    }
    assert_int_equal(n, 20);

    /* The same over a longer time than 30 s opens nothing. */
    aw_fitness_init(&h, &plain, 0, T0);
    for (n = 0; n < 100; n++)
        one(&h, T0 + n * 2 * AW_SECOND, n % 2 ? AW_OUT_ACCEPTED : AW_OUT_TRANSIENT);
    assert_int_equal(h.breaker, AW_BREAKER_CLOSED);
}

static aw_ms break_it(struct aw_fitness *h, aw_ms now)
{
    while (h->breaker != AW_BREAKER_OPEN)
        one(h, now, AW_OUT_TRANSIENT);
    return h->open_until;
}

static void test_half_open_lets_one_through(void **state)
{
    struct aw_fitness h;
    struct aw_fitness_send probe, late;
    aw_ms now;
    (void)state;

    aw_fitness_init(&h, &plain, 0, T0);
    aw_fitness_begin(&h, T0, AW_AS_NEW, &late); /* hangs since before it broke */
    now = break_it(&h, T0);
    assert_int_equal(why(&h, now - 1, AW_AS_NEW), AW_OB_BREAKER);
    assert_int_equal(why(&h, now, AW_AS_NEW), AW_OB_NONE);
    assert_true(aw_fitness_begin(&h, now, AW_AS_NEW, &probe));
    assert_int_equal(why(&h, now, AW_AS_NEW), AW_OB_BREAKER);
    assert_int_equal(aw_fitness_end(&h, now, &late, AW_OUT_UNKNOWN, true, 0), AW_FITNESS_SAME);
    assert_int_equal(h.breaker, AW_BREAKER_HALF_OPEN);
    assert_int_equal(aw_fitness_end(&h, now, &probe, AW_OUT_ACCEPTED, true, 0), AW_FITNESS_SAME);
    assert_int_equal(one(&h, now, AW_OUT_ACCEPTED), AW_FITNESS_SAME);
    assert_int_equal(one(&h, now, AW_OUT_ACCEPTED), AW_FITNESS_BREAKER);
    assert_int_equal(h.breaker, AW_BREAKER_CLOSED);
}

static void test_open_doubles_to_45_seconds(void **state)
{
    static const aw_ms waits[] = {15, 30, 45, 45, 45};
    struct aw_fitness h;
    aw_ms now = T0;
    (void)state;

    aw_fitness_init(&h, &plain, 0, T0);
    now = break_it(&h, T0);
    for (unsigned i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
        aw_ms before = now - waits[i] * AW_SECOND;
        assert_int_equal(h.open_until, before + waits[i] * AW_SECOND);
        assert_int_equal(one(&h, now, AW_OUT_TRANSIENT), AW_FITNESS_BREAKER);
        assert_true(i + 1 == sizeof(waits) / sizeof(waits[0]) ||
                    h.open_until == now + waits[i + 1] * AW_SECOND);
        now = h.open_until;
    }
    /* With jitter: between half of it and all of it, and not always the same. */
    aw_fitness_init(&h, &plain, 7, T0);
    aw_ms first = break_it(&h, T0) - T0;
    assert_in_range(first, 7500, 15000);
    aw_fitness_init(&h, &plain, 8, T0);
    assert_int_not_equal(break_it(&h, T0) - T0, first);
}

/* --- credentials, pauses, waits --------------------------------------------------------------- */

static void test_auth_stops_once(void **state)
{
    struct aw_fitness h;
    struct aw_fitness_send a, b;
    aw_ms now = T0;
    (void)state;

    aw_fitness_init(&h, &plain, 0, T0);
    aw_fitness_begin(&h, now, AW_AS_NEW, &a);
    aw_fitness_begin(&h, now, AW_AS_NEW, &b);
    assert_int_equal(aw_fitness_end(&h, now, &a, AW_OUT_AUTH, true, 0), AW_FITNESS_STOPPED);
    assert_int_equal(aw_fitness_end(&h, now, &b, AW_OUT_AUTH, true, 0), AW_FITNESS_SAME);
    assert_int_equal(why(&h, now, AW_AS_OTHER), AW_OB_STOPPED);
    /* A day of it: a handful of probes, each later than the one before, at most an hour apart. */
    unsigned probes = 0;
    for (; now < T0 + AW_DAY; now = aw_fitness_free_at(&h, now, AW_AS_NEW, NULL))
        while (aw_fitness_free_at(&h, now, AW_AS_NEW, NULL) == 0 && ++probes)
            assert_int_equal(one(&h, now, probes % 2 ? AW_OUT_AUTH : AW_OUT_TRANSIENT),
                             AW_FITNESS_SAME);
    assert_in_range(probes, 24, 30);
    h.breaker = AW_BREAKER_CLOSED;
    now = h.probe_at;
    assert_int_equal(one(&h, now, AW_OUT_REFUSED), AW_FITNESS_RESUMED);
    assert_int_equal(why(&h, now, AW_AS_NEW), AW_OB_NONE);
}

static void test_pause(void **state)
{
    struct aw_fitness h;
    aw_ms at;
    (void)state;

    aw_fitness_init(&h, &plain, 0, T0);
    aw_fitness_pause(&h, T0, T0 + AW_HOUR);
    at = T0 + 58 * AW_MINUTE;
    assert_int_equal(aw_fitness_free_at(&h, at, AW_AS_NEW, NULL), T0 + AW_HOUR);
    assert_int_equal(why(&h, T0 + AW_HOUR, AW_AS_NEW), AW_OB_NONE);
    assert_int_equal(aw_fitness_free_at(&h, T0, AW_AS_NEW, NULL), T0 + AW_HOUR);
    /* Without an end: whoever waits is let go when it is resumed. */
    aw_fitness_pause(&h, T0, 0);
    assert_true(aw_fitness_free_at(&h, T0, AW_AS_NEW, NULL) > T0 + 90 * AW_DAY);
    aw_fitness_resume(&h);
    assert_int_equal(aw_fitness_free_at(&h, T0 + AW_HOUR, AW_AS_NEW, NULL), 0);
}

static void test_throttled(void **state)
{
    struct aw_fitness h;
    struct aw_fitness_send s;
    (void)state;

    aw_fitness_init(&h, &plain, 0, T0);
    aw_fitness_begin(&h, T0, AW_AS_NEW, &s);
    aw_fitness_end(&h, T0, &s, AW_OUT_THROTTLED, true, 30 * AW_SECOND);
    assert_int_equal(why(&h, T0 + 29 * AW_SECOND, AW_AS_NEW), AW_OB_THROTTLED);
    assert_int_equal(why(&h, T0 + 30 * AW_SECOND, AW_AS_NEW), AW_OB_NONE);
    /* A failure may ask as well (503), and is one all the same. */
    aw_fitness_init(&h, &plain, 0, T0);
    aw_fitness_begin(&h, T0, AW_AS_NEW, &s);
    aw_fitness_end(&h, T0, &s, AW_OUT_TRANSIENT, true, 30 * AW_SECOND);
    assert_int_equal(why(&h, T0 + 29 * AW_SECOND, AW_AS_NEW), AW_OB_THROTTLED);
    assert_false(h.good_since);
    aw_fitness_init(&h, &plain, 0, T0);
    /* Ten years: one looks after five minutes. */
    aw_fitness_begin(&h, T0, AW_AS_NEW, &s);
    aw_fitness_end(&h, T0, &s, AW_OUT_THROTTLED, true, 3650 * AW_DAY);
    assert_int_equal(aw_fitness_free_at(&h, T0, AW_AS_NEW, NULL), T0 + 5 * AW_MINUTE);
}

/* --- limits --------------------------------------------------------------------------------- */

/* A thousand wait for a robot of 20 a minute and 5 a second: never more in any window, none idle
 * for long, and each is put off about once a minute. */
static void test_limits(void **state)
{
    enum { N = 1000 };
    static aw_ms due[N], sent[N];
    struct aw_fitness h;
    unsigned n_sent = 0, put_off = 0;
    aw_ms now = T0;
    (void)state;

    aw_fitness_init(&h, &robot, 0, T0);
    for (unsigned i = 0; i < N; i++)
        due[i] = T0;
    for (; n_sent < N && now < T0 + 2 * AW_HOUR; now += 50)
        for (unsigned i = 0; i < N; i++) {
            struct aw_fitness_send s;
            aw_ms at;
            if (due[i] == 0 || due[i] > now)
                continue;
            at = aw_fitness_free_at(&h, now, due[i] == T0 ? AW_AS_NEW : AW_AS_WAITED, NULL);
            if (at) {
                assert_true(at > now);
                aw_fitness_queue(&h, at);
                due[i] = at;
                put_off++;
                continue;
            }
            aw_fitness_begin(&h, now, AW_AS_NEW, &s);
            aw_fitness_end(&h, now, &s, AW_OUT_ACCEPTED, true, 0);
            due[i] = 0;
            sent[n_sent++] = now;
        }
    assert_int_equal(n_sent, N);
    for (unsigned i = 0; i < N; i++) {
        assert_true(i < 20 || sent[i] - sent[i - 20] >= AW_MINUTE);
        assert_true(i < 5 || sent[i] - sent[i - 5] >= AW_SECOND);
    }
    /* 50 minutes are the least that a thousand take. */
    assert_true(sent[N - 1] - T0 <= 52 * AW_MINUTE);
    assert_true(put_off < N * 52);
    printf("# robot limits: %d sends in %d s, put off %.1f times each\n", N,
           (int)((sent[N - 1] - T0) / 1000), (double)put_off / N);
}

static void test_newcomers_do_not_overtake(void **state)
{
    struct aw_fitness h;
    aw_ms at, next;
    (void)state;

    aw_fitness_init(&h, &robot, 0, T0);
    for (int i = 0; i < 20; i++)
        one(&h, T0 + i * 250, AW_OUT_ACCEPTED);
    at = aw_fitness_free_at(&h, T0 + 10000, AW_AS_NEW, NULL);
    assert_int_equal(at, T0 + AW_MINUTE);
    aw_fitness_queue(&h, at);
    next = aw_fitness_free_at(&h, T0 + 10000, AW_AS_NEW, NULL);
    assert_in_range(next, at + 2900, at + 3100);
    aw_fitness_queue(&h, next);
    assert_int_equal(why(&h, at + 100, AW_AS_NEW), AW_OB_LIMIT);
    assert_int_equal(why(&h, at + 100, AW_AS_WAITED), AW_OB_NONE);
}

static void test_room(void **state)
{
    struct aw_fitness h;
    struct aw_fitness_send s[AW_FITNESS_ROOM];
    (void)state;

    aw_fitness_init(&h, &plain, 0, T0);
    for (unsigned i = 0; i < AW_FITNESS_ROOM; i++) {
        assert_int_equal(aw_fitness_free_at(&h, T0, AW_AS_NEW, NULL), 0);
        aw_fitness_begin(&h, T0, AW_AS_NEW, &s[i]);
    }
    assert_int_equal(why(&h, T0, AW_AS_NEW), AW_OB_ROOM);
    aw_fitness_end(&h, T0, &s[0], AW_OUT_THROTTLED, false, AW_SECOND); /* came back unsent */
    assert_int_equal(why(&h, T0, AW_AS_NEW), AW_OB_NONE);
}

/* --- an account under load ---------------------------------------------------------------------
 */

/* A small world: `rate` firings a second, each retried with full jitter until it is accepted, over
 * one account that fails `bad` of 100 calls while it is down. */
struct load {
    struct aw_fitness h;
    uint64_t dice;
    aw_ms down_from, down_to;
    unsigned bad, rate;
    struct {
        aw_ms due;
        unsigned tries, failed;
    } firing[20000];
    unsigned n;
    unsigned firsts[120], retries[120]; /* by minute */
    unsigned calls_down;                /* failed calls before the breaker opened first */
    unsigned sent_down;                 /* calls in the whole of the outage */
    unsigned put_off;                   /* times that a firing was */
    aw_ms opened_at, closed_at;
};

static unsigned roll(struct load *w)
{
    w->dice = w->dice * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(w->dice >> 33);
}

static void try_one(struct load *w, unsigned i, aw_ms now)
{
    enum aw_claim_as as = w->firing[i].tries ? AW_AS_RETRY : AW_AS_NEW;
    aw_ms at = aw_fitness_free_at(&w->h, now, as, NULL);
    struct aw_fitness_send s;
    bool down = now >= w->down_from && now < w->down_to, fails = down && roll(w) % 100 < w->bad;

    if (at) {
        aw_fitness_queue(&w->h, at);
        w->put_off++;
        w->firing[i].due = at;
        return;
    }
    aw_fitness_begin(&w->h, now, as, &s);
    unsigned minute = (unsigned)((now - T0) / AW_MINUTE);
    if (w->firing[i].tries++)
        w->retries[minute]++;
    else
        w->firsts[minute]++;
    w->sent_down += down;
    w->calls_down += fails && !w->opened_at;
    if (aw_fitness_end(&w->h, now, &s, fails ? AW_OUT_TRANSIENT : AW_OUT_ACCEPTED, true, 0) ==
        AW_FITNESS_BREAKER) {
        if (w->h.breaker == AW_BREAKER_OPEN && !w->opened_at)
            w->opened_at = now;
        if (w->h.breaker == AW_BREAKER_CLOSED && now >= w->down_to && !w->closed_at)
            w->closed_at = now;
    }
    unsigned n = w->firing[i].failed++;
    w->firing[i].due = fails ? now + 1 + roll(w) % (1000u << (n < 6 ? n : 6)) : 0;
}

static void run(struct load *w, aw_ms until)
{
    for (aw_ms now = T0; now < until; now += 10) {
        if ((now - T0) % 1000 < w->rate * 10 && w->n < 20000)
            w->firing[w->n++].due = now;
        for (unsigned i = 0; i < w->n; i++)
            if (w->firing[i].due && w->firing[i].due <= now)
                try_one(w, i, now);
    }
}

static void test_figure_n2_retries(void **state)
{
    static struct load w;
    (void)state;

    /* A brown-out of 20 %: the breaker stays closed, the budget must hold the retries. */
    for (uint64_t seed = 1; seed <= 3; seed++) {
        memset(&w, 0, sizeof(w));
        w.dice = seed;
        w.rate = 20;
        w.bad = 20;
        w.down_from = T0 + AW_MINUTE;
        w.down_to = T0 + 10 * AW_MINUTE;
        aw_fitness_init(&w.h, &plain, seed, T0);
        run(&w, T0 + 10 * AW_MINUTE);
        unsigned of_first = 0, of_retries = 0;
        for (unsigned m = 3; m < 10; m++) {
            /* Two may have been saved up in the minute before. */
            assert_in_range(w.retries[m], w.firsts[m] / 20, (w.firsts[m] + 9) / 10 + 2);
            of_first += w.firsts[m];
            of_retries += w.retries[m];
        }
        assert_true(of_retries * 10 <= of_first + 20);
        printf("# figure: N2 seed %d: %u retries of %u first attempts in 7 minutes\n", (int)seed,
               of_retries, of_first);
    }
}

static void test_figure_n3_breaker(void **state)
{
    static const int outages[] = {10, 20, 30, 45, 60, 300, 1200};
    static struct load w;
    (void)state;

    for (unsigned i = 0; i < sizeof(outages) / sizeof(outages[0]); i++)
        for (uint64_t seed = 1; seed <= 3; seed++) {
            memset(&w, 0, sizeof(w));
            w.dice = seed;
            w.rate = 10;
            w.bad = 100;
            w.down_from = T0 + 5 * AW_SECOND;
            w.down_to = w.down_from + outages[i] * AW_SECOND;
            aw_fitness_init(&w.h, &plain, seed, T0);
            run(&w, w.down_to + 7 * AW_MINUTE);
            assert_true(w.opened_at > 0);
            assert_in_range(w.calls_down, 1, 20);
            assert_in_range(w.sent_down, 1, 20 + outages[i] / 20);
            assert_true(w.closed_at > 0);
            assert_true(w.closed_at - w.down_to <= AW_MINUTE);
            unsigned left = 0;
            for (unsigned k = 0; k < w.n; k++)
                left += w.firing[k].due != 0;
            assert_in_range(left, 0, 60); /* nothing is lost: the rest is on its way */
            if (seed == 1)
                printf("# figure: N3 outage %d s: open after %u failed calls, %u calls in all, "
                       "closed %d ms after the end, each put off %.1f times\n",
                       outages[i], w.calls_down, w.sent_down, (int)(w.closed_at - w.down_to),
                       (double)w.put_off / (w.rate * (unsigned)outages[i]));
        }
}

/* A budget that nothing feeds still lets one retry a minute go, and no more. */
static void test_budget_trickles(void **state)
{
    struct aw_fitness h;
    struct aw_fitness_send s;
    unsigned n = 0;
    (void)state;

    aw_fitness_init(&h, &plain, 0, T0);
    one(&h, T0, AW_OUT_TRANSIENT);
    for (aw_ms now = T0; now < T0 + 10 * AW_MINUTE; now += 100)
        if (aw_fitness_free_at(&h, now, AW_AS_RETRY, NULL) == 0) {
            aw_fitness_begin(&h, now, AW_AS_RETRY, &s);
            aw_fitness_end(&h, now, &s, n % 3 ? AW_OUT_ACCEPTED : AW_OUT_TRANSIENT, true, 0);
            h.good_since = false; /* as if it failed on all the time */
            n++;
        }
    assert_in_range(n, AW_RETRY_BURST + 8, AW_RETRY_BURST + 9);
    assert_int_equal(aw_fitness_retries(&h, T0 + AW_DAY), AW_RETRY_BURST);

    /* After a crash of ours any number may follow: the account has done nothing wrong. */
    aw_fitness_init(&h, &plain, 0, T0);
    for (n = 0; n < 1000; n++) {
        assert_int_equal(aw_fitness_free_at(&h, T0 + n, AW_AS_RETRY, NULL), 0);
        aw_fitness_begin(&h, T0 + n, AW_AS_RETRY, &s);
        aw_fitness_end(&h, T0 + n, &s, AW_OUT_ACCEPTED, true, 0);
    }
}

static void test_cohorts(void **state)
{
    struct aw_cohort c = {0};
    unsigned n = 0;
    (void)state;

    assert_int_equal(aw_cohort_limit(&c, 8), 2);
    assert_int_equal(aw_cohort_limit(&c, 1), 1);
    for (; aw_cohort_limit(&c, 8) < 8; n++)
        aw_cohort_end(&c, 8, false);
    assert_int_equal(n, 2 + 3 + 4 + 5 + 6 + 7);
    aw_cohort_end(&c, 8, false);
    for (int i = 0; i < 20; i++)
        aw_cohort_end(&c, 8, false);
    assert_int_equal(aw_cohort_limit(&c, 8), 8);
    for (int i = 0; i < 20; i++)
        aw_cohort_end(&c, 8, true);
    assert_int_equal(aw_cohort_limit(&c, 8), 1);
    aw_cohort_end(&c, 8, false);
    assert_int_equal(aw_cohort_limit(&c, 8), 2);
    assert_int_equal(aw_cohort_limit(&c, 1), 1); /* a reload may lower the cap */
}

static void test_for_people(void **state)
{
    static const struct aw_setting none[] = {{.key = NULL}};
    static const struct aw_provider mail = {.name = "m", .kind = AW_EMAIL, .settings = none},
                                    gate = {.name = "g",
                                            .kind = AW_SMS,
                                            .settings = none,
                                            .receipts = true};
    static const struct aw_channel_setting secret = {"receipt_secret", "s"};
    struct aw_channel ch = {.provider = &mail};
    struct aw_fitness h;
    aw_ms next;
    (void)state;

    assert_string_equal(aw_breaker_name(AW_BREAKER_HALF_OPEN), "half_open");
    for (int o = 0; o < AW_N_OBSTACLES; o++)
        assert_non_null(aw_obstacle_name((enum aw_obstacle)o));
    aw_fitness_init(&h, &robot, 0, T0);
    assert_int_equal(aw_fitness_used(&h, T0, &next), 0);
    assert_int_equal(next, 0);
    for (int i = 0; i < 300; i++) /* the ring goes round */
        one(&h, T0 + i * 4 * AW_SECOND, AW_OUT_ACCEPTED);
    assert_int_equal(aw_fitness_used(&h, T0 + 299 * 4 * AW_SECOND, &next), 15);
    aw_fitness_stop(&h, T0, T0 + AW_HOUR);
    aw_fitness_resume(&h);
    assert_int_equal(why(&h, T0 + AW_HOUR, AW_AS_NEW), AW_OB_NONE);

    assert_int_equal(aw_channel_concurrency(&ch), 2);
    assert_false(aw_channel_has_receipts(&ch));
    ch.provider = &gate;
    assert_int_equal(aw_channel_concurrency(&ch), 8);
    assert_false(aw_channel_has_receipts(&ch));
    ch.settings = &secret;
    ch.n_settings = 1;
    ch.concurrency = 3;
    assert_int_equal(aw_channel_concurrency(&ch), 3);
    assert_true(aw_channel_has_receipts(&ch));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_opens_at_five_in_a_row),
        cmocka_unit_test(test_opens_at_half_of_twenty),
        cmocka_unit_test(test_half_open_lets_one_through),
        cmocka_unit_test(test_open_doubles_to_45_seconds),
        cmocka_unit_test(test_auth_stops_once),
        cmocka_unit_test(test_pause),
        cmocka_unit_test(test_throttled),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_newcomers_do_not_overtake),
        cmocka_unit_test(test_room),
        cmocka_unit_test(test_figure_n2_retries),
        cmocka_unit_test(test_figure_n3_breaker),
        cmocka_unit_test(test_budget_trickles),
        cmocka_unit_test(test_cohorts),
        cmocka_unit_test(test_for_people),
    };
    return cmocka_run_group_tests_name("health", tests, NULL, NULL);
}
