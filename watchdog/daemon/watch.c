/* SPDX-License-Identifier: Apache-2.0
 *
 * The service that watches itself: clocks that jump, time in which it did not run, lateness,
 * receipts that stop coming, and a heartbeat to the outside while all is well. What it sees goes
 * into the log and to operators in the turn that saw it. A stepped clock jumps by intent: then only
 * receipts are watched.
 */
#include "daemon/watch.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "daemon/checks.h"
#include "daemon/loop_int.h"

#define STEP_LEAST  AW_SECOND        /* smaller ones are corrections */
#define GAP_LEAST   (30 * AW_SECOND) /* between two turns; the loop turns each second */
#define LATE_FROM   (30 * AW_SECOND)
#define LATE_UNTIL  (5 * AW_SECOND)
#define WINDOW      (10 * AW_MINUTE) /* at least, in which receipts are set against sends */
#define WINDOW_LEAD 50               /* sends, at least */
#define USUAL       80               /* percent: it normally confirms */
#define SILENT      20               /* ... and does not any more */
#define SPEAKS      50               /* ... and does again */

/* --- clocks ----------------------------------------------------------------------------------- */

struct aw_watch_news aw_watch_clocks(struct aw_watch *w, aw_time wall, aw_boot boot, aw_boot awake)
{
    struct aw_watch_news news = {0};

    if (w->boot) {
        aw_ms step = (wall - w->wall) - (boot - w->boot), gap = boot - w->boot;

        if (step >= STEP_LEAST || step <= -STEP_LEAST)
            news.step = step;
        if (gap >= GAP_LEAST) {
            news.gap = gap;
            news.suspended = gap - (awake - w->awake) >= gap / 2;
        }
    }
    *w = (struct aw_watch){wall, boot, awake};
    return news;
}

static int tell_step(struct aw_loop *l, aw_ms step, struct aw_err *err)
{
    struct aw_entry e;
    char text[160];
    int r;

    aw_entry_init(&e);
    e.kind = AW_ENTRY_CLOCK;
    e.actor = "core";
    e.from = l->now - step;
    e.to = l->now;
    e.moved = step;
    r = aw_store_log(l->store, &e, NULL, err);
    snprintf(text, sizeof(text), "the clock was set %s by %.1f s: steps are due by it",
             step < 0 ? "back" : "forward", (double)(step < 0 ? -step : step) / 1000);
    if (r == AW_OK)
        r = aw_store_notice(l->store, "clock-set", text, err);
    aw_log(AW_LOG_WARN, "clock-set", "by_ms=%lld", (long long)step);
    return r;
}

static int tell_gap(struct aw_loop *l, const struct aw_watch_news *news, struct aw_err *err)
{
    char text[160];
    int r = aw_store_downtime_put(l->store, l->now - news->gap, l->now,
                                  news->suspended ? "suspended" : "stalled", err);

    snprintf(text, sizeof(text),
             "%s for %.0f s: nothing was sent meanwhile; it counts as a downtime",
             news->suspended ? "the machine was suspended" : "the daemon stood still",
             (double)news->gap / 1000);
    if (r == AW_OK)
        r = aw_store_notice(l->store, "stalled", text, err);
    aw_log(AW_LOG_WARN, "stalled", "ms=%lld suspended=%d", (long long)news->gap, news->suspended);
    l->spans_known = false;
    return r;
}

/* --- lateness --------------------------------------------------------------------------------- */

/* One entry when it begins, one when it is over, with the worst of it. */
int aw_watch_late(struct aw_loop *l, aw_ms lag, struct aw_err *err)
{
    struct aw_entry e;
    char text[120];
    bool was = l->late > 0, is = lag > (was ? LATE_UNTIL : LATE_FROM);
    int r;

    l->late = is && lag > l->late ? lag : l->late;
    if (is == was)
        return AW_OK;
    aw_entry_init(&e);
    e.kind = AW_ENTRY_LATE;
    e.actor = "core";
    e.why = is ? "late" : "caught-up";
    e.moved = l->late;
    r = aw_store_log(l->store, &e, NULL, err);
    snprintf(text, sizeof(text), "steps fire late, the oldest by %.0f s", (double)lag / 1000);
    if (r == AW_OK && is)
        r = aw_store_notice(l->store, "late", text, err);
    if (is)
        aw_log(AW_LOG_WARN, "late", "ms=%lld", (long long)lag);
    else
        aw_log(AW_LOG_INFO, "late", "what=\"over\" worst_ms=%lld", (long long)e.moved);
    l->late = is ? l->late : 0;
    return r;
}

int aw_turn_watch(struct aw_loop *l, struct aw_err *err)
{
    aw_time due = l->opt.stats->oldest_due;
    int r = AW_OK;

    if (l->opt.clock->stepped)
        return AW_OK;
    if (l->news.step)
        r = tell_step(l, l->news.step, err);
    if (r == AW_OK && l->news.gap)
        r = tell_gap(l, &l->news, err);
    if (r == AW_OK && !l->recovering)
        r = aw_watch_late(l, due && due < l->now ? l->now - due : 0, err);
    return r;
}

void aw_watch_look(struct aw_loop *l)
{
    struct aw_watch_news news;

    if (l->opt.clock->stepped)
        return;
    news = aw_watch_clocks(&l->watch, l->now, aw_clock_boot(), aw_clock_awake());
    if (news.step)
        l->news.step = news.step;
    if (news.gap) {
        l->news.gap = news.gap;
        l->news.suspended = news.suspended;
    }
}

void aw_watch_kept(struct aw_loop *l)
{
    struct aw_stats *st = l->opt.stats;

    if (l->news.step) {
        st->steps++;
        st->step_at = l->now;
        st->step_by = l->news.step;
    }
    st->down_ms += l->news.gap;
    l->news = (struct aw_watch_news){0};
}

/* --- receipts --------------------------------------------------------------------------------- */

int aw_watch_sent(struct aw_loop *l, const char *channel, struct aw_err *err)
{
    struct aw_account *a = aw_account(l, channel);
    struct aw_channel_stats *c = aw_stats_channel(l->opt.stats, channel);
    unsigned share;
    char text[200];

    if (!a->accepted++)
        a->window_at = l->now;
    if (a->accepted < WINDOW_LEAD || l->now - a->window_at < WINDOW || !c)
        return AW_OK;
    share = 100 * a->delivered / a->accepted;
    a->accepted = a->delivered = 0;
    if (c->silent ? share < SPEAKS : !(a->usual >= USUAL && share < SILENT)) {
        /* It sinks slowly: the window in which receipts stopped has some of both. */
        a->usual -= c->silent ? 0 : a->usual / 16;
        a->usual = share > a->usual ? share : a->usual;
        return AW_OK;
    }
    c->silent = !c->silent;
    aw_log(AW_LOG_WARN, "receipts", "channel=%s what=%s percent=%u", channel,
           c->silent ? "silent" : "back", share);
    if (!c->silent)
        return AW_OK;
    snprintf(
        text, sizeof(text),
        "channel %s: receipts for %u %% of the sends, %u %% before: the way back may be broken, "
        "and steps escalate for nothing",
        channel, share, a->usual);
    return aw_store_notice(l->store, "receipts-silent", text, err);
}

void aw_watch_receipt(struct aw_loop *l, const char *channel, enum aw_level known,
                      enum aw_level level)
{
    struct aw_account *a = aw_account(l, channel);
    struct aw_channel_stats *c = aw_stats_channel(l->opt.stats, channel);

    if (known >= AW_DELIVERED || level < AW_DELIVERED)
        return;
    a->delivered += a->delivered < a->accepted;
    if (c)
        c->receipts++;
}

/* --- heartbeat -------------------------------------------------------------------------------- */

void aw_watch_heartbeat(struct aw_loop *l)
{
    const struct aw_heartbeat *h = l->live->conf->heartbeat;
    struct aw_status_source s = {l->opt.box, l->opt.stats, l->opt.clock, NULL};
    aw_boot now = aw_clock_boot();
    struct aw_send *send;

    if (!h || l->opt.clock->stepped || aw_flight_find(l, l->beat_attempt) ||
        (l->beaten_at && now - l->beaten_at < h->every))
        return;
    l->beaten_at = now;
    if (aw_checks(&s, NULL, NULL) == AW_HEALTH_FAIL || aw_fx_room(l) == 0)
        return;
    send = aw_render_plain(l, &h->channel, NULL, "heartbeat", "");
    l->beat_attempt = send->attempt;
    aw_fx_send(l, send, aw_flight_new(l, send->attempt, AW_FLIGHT_BEAT, &h->channel, AW_AS_OTHER));
}

void aw_watch_heard(struct aw_loop *l, const struct aw_result *res)
{
    if (res->outcome == AW_OUT_ACCEPTED)
        l->opt.stats->beats++;
    else
        l->opt.stats->beats_lost++;
    if (res->outcome != AW_OUT_ACCEPTED)
        aw_log(AW_LOG_WARN, "heartbeat-lost", "outcome=%s http=%d detail=\"%s\"",
               aw_outcome_name(res->outcome), res->http_status, res->detail);
}
