/* SPDX-License-Identifier: Apache-2.0
 *
 * The service that watches itself: clocks as a value; what is seen becomes entries, notices, and
 * numbers; a stepped clock is not taken for a fault.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "daemon/checks.h"
#include "daemon/loop_int.h"
#include "lib/rig.h"

#define T0 ((aw_time)1795341600000) /* 2026-11-22T10:00:00Z */

static const char rules[] = "  - name: order\n"
                            "    until: acknowledged\n"
                            "    deadline: 30m\n"
                            "    steps:\n"
                            "      - {id: text, at: 0s, do: sms, via: [sms]}\n";

/* --- clocks ----------------------------------------------------------------------------------- */

static void edge_28_edge_29_clocks_tell_apart_what_happened(void **state)
{
    static const struct {
        const char *what;
        aw_ms wall, boot, awake; /* gone by since the look before */
        struct aw_watch_news news;
    } looks[] = {
        {"a second", 1000, 1000, 1000, {0, 0, false}},
        {"corrected by half a second", 1500, 1000, 1000, {0, 0, false}},
        {"set forward by an hour", 3601000, 1000, 1000, {3600000, 0, false}},
        {"set back by two seconds", -1000, 1000, 1000, {-2000, 0, false}},
        {"asleep for a night", 28800000, 28800000, 1000, {0, 28800000, true}},
        {"stopped for a minute", 60000, 60000, 60000, {0, 60000, false}},
        {"a slow disk", 29000, 29000, 29000, {0, 0, false}},
        {"asleep, and woken with a wrong clock", 600000, 60000, 1000, {540000, 60000, true}},
    };
    aw_time wall = T0;
    aw_boot boot = 1000000, awake = 900000;
    struct aw_watch w = {0};
    (void)state;
    struct aw_watch_news first = aw_watch_clocks(&w, wall, boot, awake);

    assert_int_equal(first.step, 0); /* there is nothing to compare with */
    assert_int_equal(first.gap, 0);
    for (size_t i = 0; i < AW_COUNT(looks); i++) {
        wall += looks[i].wall;
        boot += looks[i].boot;
        awake += looks[i].awake;
        struct aw_watch_news n = aw_watch_clocks(&w, wall, boot, awake);
        if (n.step != looks[i].news.step || n.gap != looks[i].news.gap ||
            n.suspended != looks[i].news.suspended)
            fail_msg("%s: step %lld gap %lld suspended %d", looks[i].what, (long long)n.step,
                     (long long)n.gap, n.suspended);
    }
}

/* --- in the core ------------------------------------------------------------------------------ */

static int setup(void **state)
{
    struct rig *r = test_malloc(sizeof(*r));

    rig_new(r, rules, T0);
    assert_int_equal(rig_turn(r), AW_OK);
    *state = r;
    return 0;
}

static int teardown(void **state)
{
    struct rig *r = *state;

    rig_free(r);
    test_free(r);
    return 0;
}

static int64_t entries(struct rig *r, const char *like)
{
    char sql[300];

    snprintf(sql, sizeof(sql), "SELECT count(*) FROM log WHERE body LIKE '%s'", like);
    return rig_sql(r, sql);
}

/* A turn in which the clock is taken for a real one. */
static void watch(struct rig *r, struct aw_watch_news news)
{
    struct aw_err err;

    r->loop->news = news;
    r->clock.stepped = false;
    assert_int_equal(aw_store_begin(r->store, r->loop->now, &err), AW_OK);
    assert_int_equal(aw_turn_watch(r->loop, &err), AW_OK);
    assert_int_equal(aw_store_commit(r->store, &err), AW_OK);
    aw_watch_kept(r->loop);
    r->clock.stepped = true;
}

static void what_is_seen_is_written(void **state)
{
    struct rig *r = *state;
    struct aw_status_source s = {&r->box, &r->stats, &r->clock, NULL};

    watch(r, (struct aw_watch_news){.step = -7000});
    assert_int_equal(entries(r, "%\"clock.stepped\"%\"moved\":-7000%"), 1);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM notice WHERE what = 'clock-set'"), 1);
    assert_int_equal(r->stats.steps, 1);
    assert_int_equal(aw_checks(&s, NULL, NULL), AW_HEALTH_WARN);
    watch(r, (struct aw_watch_news){.gap = 40000, .suspended = true});
    assert_int_equal(entries(r, "%\"daemon.downtime\"%\"suspended\"%"), 1);
    assert_int_equal(rig_sql(r, "SELECT until - since FROM downtime"), 40000);
    assert_int_equal(r->stats.down_ms, 40000);
    watch(r, (struct aw_watch_news){.gap = 31000});
    assert_int_equal(entries(r, "%\"daemon.downtime\"%\"stalled\"%"), 1);
    watch(r, (struct aw_watch_news){0});
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM downtime"), 2);
    assert_int_equal(rig_verify(r), 0);
}

static void lateness_has_two_ends(void **state)
{
    struct rig *r = *state;
    static const aw_ms lags[] = {0, 29000, 31000, 90000, 6000, 4000, 0};
    struct aw_err err;

    assert_int_equal(aw_store_begin(r->store, r->loop->now, &err), AW_OK);
    for (size_t i = 0; i < AW_COUNT(lags); i++)
        assert_int_equal(aw_watch_late(r->loop, lags[i], &err), AW_OK);
    assert_int_equal(aw_store_commit(r->store, &err), AW_OK);
    assert_int_equal(entries(r, "%\"daemon.late\"%"), 2);
    assert_int_equal(entries(r, "%\"daemon.late\"%\"why\":\"late\"%\"moved\":31000%"), 1);
    assert_int_equal(entries(r, "%\"daemon.late\"%\"why\":\"caught-up\"%"), 1);
    assert_int_equal(rig_verify(r), 0);
}

static void a_stepped_clock_may_jump(void **state)
{
    struct rig *r = *state;

    for (int day = 1; day < 30; day++)
        assert_int_equal(rig_at(r, T0 + day * AW_DAY), AW_OK);
    assert_int_equal(entries(r, "%\"clock.stepped\"%"), 0);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM downtime"), 0);
}

/* --- receipts --------------------------------------------------------------------------------- */

/* Sends over the channel, of which a part is proven to have arrived, within a quarter of an hour.
 */
static void sends(struct rig *r, unsigned n, unsigned delivered, aw_time from)
{
    struct aw_err err;

    for (unsigned i = 0; i < n; i++) {
        r->loop->now = from + i * 15 * AW_MINUTE / n;
        assert_int_equal(aw_store_begin(r->store, r->loop->now, &err), AW_OK);
        assert_int_equal(aw_watch_sent(r->loop, "sms", &err), AW_OK);
        if (i < delivered)
            aw_watch_receipt(r->loop, "sms", AW_ACCEPTED, AW_DELIVERED);
        aw_watch_receipt(r->loop, "sms", AW_DELIVERED, AW_DELIVERED); /* repeated: no news */
        aw_watch_receipt(r->loop, "sms", AW_ACCEPTED, AW_SENT);       /* not arrived */
        assert_int_equal(aw_store_commit(r->store, &err), AW_OK);
    }
}

static void silence_after_receipts_is_told(void **state)
{
    struct rig *r = *state;
    struct aw_channel_stats *c = aw_stats_channel(&r->stats, "sms");
    const char *told = "SELECT count(*) FROM notice WHERE what = 'receipts-silent'";

    sends(r, 100, 0, T0); /* it never sent any: nothing is missing */
    assert_int_equal(c->silent, 0);
    sends(r, 100, 100, T0 + AW_HOUR);
    assert_int_equal(c->receipts, 100);
    sends(r, 40, 0, T0 + 2 * AW_HOUR); /* too few to tell */
    assert_int_equal(c->silent, 0);
    sends(r, 200, 200, T0 + 3 * AW_HOUR);
    assert_int_equal(rig_sql(r, told), 0);
    sends(r, 200, 0, T0 + 4 * AW_HOUR);
    assert_int_equal(c->silent, 1);
    assert_int_equal(rig_sql(r, told), 1);
    sends(r, 200, 10, T0 + 5 * AW_HOUR); /* still */
    assert_int_equal(c->silent, 1);
    sends(r, 200, 200, T0 + 6 * AW_HOUR);
    assert_int_equal(c->silent, 0);
    assert_int_equal(rig_sql(r, told), 1);
}

/* --- heartbeat -------------------------------------------------------------------------------- */

static void a_heart_beats_while_all_is_well(void **state)
{
    struct rig *r = *state;
    struct aw_heartbeat h = {.channel = {.name = "heartbeat", .provider = &aw_provider_heartbeat},
                             .every = AW_HOUR};
    struct aw_err err;

    r->box.live->conf->heartbeat = &h;
    r->clock.stepped = false;
    assert_int_equal(aw_store_begin(r->store, r->loop->now, &err), AW_OK);
    r->stats.last_good_rules = 1; /* /readyz says 503 */
    aw_watch_heartbeat(r->loop);
    assert_int_equal(r->loop->fx.n_sends, 0);
    r->stats.last_good_rules = 0;
    r->loop->beaten_at = 0; /* an hour later */
    aw_watch_heartbeat(r->loop);
    aw_watch_heartbeat(r->loop); /* not so soon */
    assert_int_equal(aw_store_commit(r->store, &err), AW_OK);
    r->clock.stepped = true;
    assert_int_equal(r->loop->fx.n_sends, 1);
    aw_fx_release(r->loop);
    assert_ptr_equal(r->sends[0]->channel, &h.channel);
    rig_result(r, r->sends[0]->attempt, AW_OUT_ACCEPTED, NULL);
    assert_int_equal(r->stats.beats, 1);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM attempt"), 0);
    r->box.live->conf->heartbeat = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(edge_28_edge_29_clocks_tell_apart_what_happened),
        cmocka_unit_test_setup_teardown(what_is_seen_is_written, setup, teardown),
        cmocka_unit_test_setup_teardown(lateness_has_two_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(a_stepped_clock_may_jump, setup, teardown),
        cmocka_unit_test_setup_teardown(silence_after_receipts_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(a_heart_beats_while_all_is_well, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
