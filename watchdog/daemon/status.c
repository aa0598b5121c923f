/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/status.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/jsonw.h"
#include "daemon/checks.h"
#include "daemon/metrics.h"
#include "core/fitness.h"

static bool ready(void *ctx, struct aw_buf *why_not, struct aw_buf *checks)
{
    return aw_checks(ctx, why_not, checks) != AW_HEALTH_FAIL;
}

static void counters(struct aw_jsonw *w, const struct aw_stats *st)
{
    aw_jw_object(w, "since_start");
    aw_jw_int(w, "registered", st->registered);
    aw_jw_int(w, "replayed", st->replayed);
    aw_jw_int(w, "refused", st->refused);
    aw_jw_int(w, "acks", st->acks);
    for (int i = AW_CONFIRMED; i < AW_N_STATES; i++)
        aw_jw_int(w, aw_state_name(i), st->ended[i]);
    aw_jw_object(w, "sends");
    for (int i = 0; i < AW_N_KINDS; i++)
        aw_jw_int(w, aw_kind_name(i), st->sends[i]);
    aw_jw_end(w, '}');
    aw_jw_end(w, '}');
}

static void json(void *ctx, struct aw_buf *out)
{
    struct aw_status_source *s = ctx;
    struct aw_live *live = aw_live_box_get(s->box);
    struct aw_buf why = AW_BUF_INIT(8192), checks = AW_BUF_INIT(8192);
    enum aw_health health = aw_checks(s, &why, &checks);
    struct aw_jsonw w;

    aw_jw_init(&w, out);
    aw_jw_object(&w, NULL);
    aw_jw_str(&w, "version", PACKAGE_VERSION);
    aw_jw_str(&w, "node", live->conf->node);
    aw_jw_str(&w, "state", health == AW_HEALTH_OK ? "ok" : "degraded");
    aw_jw_raw(&w, "problems", aw_buf_str(&why), why.n);
    aw_jw_raw(&w, "checks", aw_buf_str(&checks), checks.n);
    aw_jw_time(&w, "now", aw_clock_wall(s->clock));
    aw_jw_time(&w, "started_at", s->stats->started);
    aw_jw_int(&w, "open", s->stats->open);
    aw_jw_int(&w, "lag_ms", aw_checks_lag(s));
    aw_jw_time(&w, "next_due", s->stats->oldest_due);
    aw_jw_int(&w, "rules", live->rules.n);
    aw_jw_hex(&w, "rules_sha256", live->rules.sha256, 32);
    aw_jw_int(&w, "channels", live->conf->n_channels);
    aw_jw_str(&w, "store", live->conf->store);
    counters(&w, s->stats);
    aw_jw_end(&w, '}');
    aw_buf_free(&why);
    aw_buf_free(&checks);
    aw_live_drop(live);
}

static const struct aw_channel_stats *stats_of(const struct aw_stats *st, const char *name)
{
    for (unsigned i = 0; i < st->n_channels; i++)
        if (strcmp(st->channels[i].name, name) == 0)
            return &st->channels[i];
    return NULL;
}

static const char *channel_state(const struct aw_channel_stats *st)
{
    if (!st)
        return "unused";
    if (st->paused)
        return "paused";
    if (st->stopped)
        return "stopped";
    if (st->breaker != AW_BREAKER_CLOSED)
        return "broken";
    return st->last_outcome == AW_OUT_NONE       ? "unused"
           : st->last_outcome == AW_OUT_ACCEPTED ? "ok"
                                                 : "failing";
}

static void limits_json(struct aw_jsonw *w, const struct aw_channel *c,
                        const struct aw_channel_stats *st)
{
    const struct aw_rate *limits = c->provider->limits;

    aw_jw_array(w, "limits");
    for (unsigned i = 0; i < AW_MAX_LIMITS && limits[i].n; i++) {
        aw_jw_object(w, NULL);
        aw_jw_int(w, "sends", limits[i].n);
        aw_jw_int(w, "per_s", limits[i].per / AW_SECOND);
        if (i == 0)
            aw_jw_int(w, "used", st ? st->used : 0);
        aw_jw_end(w, '}');
    }
    aw_jw_end(w, ']');
}

static void health_json(struct aw_jsonw *w, const struct aw_channel *c,
                        const struct aw_channel_stats *st)
{
    static const struct aw_channel_stats fresh = {.retries = AW_RETRY_BURST};
    aw_time at;

    st = st ? st : &fresh;
    aw_jw_str(w, "waits_for",
              st->obstacle ? aw_obstacle_name((enum aw_obstacle)st->obstacle) : NULL);
    if ((at = st->free_at))
        aw_jw_time(w, "free_at", at);
    if ((at = st->held_since))
        aw_jw_time(w, "held_since", at);
    if ((at = st->paused_until))
        aw_jw_time(w, "paused_until", at);
    if ((at = st->probe_at))
        aw_jw_time(w, "probe_at", at);
    aw_jw_str(w, "breaker", aw_breaker_name((enum aw_breaker)st->breaker));
    aw_jw_int(w, "failures_in_a_row", st->failures);
    aw_jw_object(w, "concurrency");
    aw_jw_int(w, "now", st->places_now);
    aw_jw_int(w, "limit", st->places);
    aw_jw_int(w, "cap", aw_channel_concurrency(c));
    aw_jw_end(w, '}');
    aw_jw_int(w, "claimed", st->claimed);
    aw_jw_int(w, "retries_left", st->retries);
    limits_json(w, c, st);
}

static void channel_json(struct aw_jsonw *w, const struct aw_channel *c,
                         const struct aw_channel_stats *st)
{
    int last = st ? st->last_outcome : AW_OUT_NONE;
    char text[64];

    aw_jw_object(w, NULL);
    aw_jw_str(w, "name", c->name);
    aw_jw_str(w, "kind", aw_kind_name(c->provider->kind));
    aw_jw_str(w, "provider", c->provider->name);
    aw_jw_str(w, "app", c->app);
    aw_jw_int(w, "weight", c->weight);
    aw_jw_str(w, "state", channel_state(st));
    aw_jw_int(w, "sent", st ? st->sent : 0);
    aw_jw_int(w, "failed", st ? st->failed : 0);
    snprintf(text, sizeof(text), "%s, code %d", aw_outcome_name(last), st ? st->last_code : 0);
    aw_jw_str(w, "last_error", last == AW_OUT_NONE || last == AW_OUT_ACCEPTED ? NULL : text);
    health_json(w, c, st);
    aw_jw_end(w, '}');
}

static void channels(void *ctx, struct aw_buf *out)
{
    struct aw_status_source *s = ctx;
    struct aw_live *live = aw_live_box_get(s->box);
    struct aw_jsonw w;

    aw_jw_init(&w, out);
    aw_jw_array(&w, NULL);
    for (unsigned i = 0; i < live->conf->n_channels; i++)
        channel_json(&w, &live->conf->channels[i],
                     stats_of(s->stats, live->conf->channels[i].name));
    aw_jw_end(&w, ']');
    aw_live_drop(live);
}

/* --- rules
 * ------------------------------------------------------------------------------------------ */

static void titles(struct aw_jsonw *w, const struct aw_rule *r)
{
    aw_jw_object(w, "title");
    for (unsigned i = 0; i < r->n_titles; i++)
        aw_jw_str(w, r->titles[i].lang ? r->titles[i].lang : "any", r->titles[i].text);
    aw_jw_end(w, '}');
}

static void rules(void *ctx, struct aw_buf *out)
{
    struct aw_status_source *s = ctx;
    struct aw_live *live = aw_live_box_get(s->box);
    char text[AW_TIME_TEXT];
    struct aw_jsonw w;

    aw_jw_init(&w, out);
    aw_jw_array(&w, NULL);
    for (unsigned i = 0; i < live->rules.n; i++) {
        const struct aw_rule *r = live->rules.rules[i];

        aw_jw_object(&w, NULL);
        aw_jw_str(&w, "name", r->name);
        titles(&w, r);
        aw_jw_str(&w, "file", r->file);
        aw_jw_hex(&w, "sha256", r->sha256, 32);
        aw_jw_int(&w, "steps", r->n_steps);
        aw_jw_str(&w, "until", aw_level_name(r->until));
        aw_duration_print(text, r->deadline);
        aw_jw_str(&w, "deadline", text);
        aw_jw_end(&w, '}');
    }
    aw_jw_end(&w, ']');
    aw_live_drop(live);
}

static int rule_text(void *ctx, const char *name, struct aw_buf *out)
{
    struct aw_status_source *s = ctx;
    struct aw_live *live = aw_live_box_get(s->box);
    const struct aw_rule *r = aw_ruleset_find(&live->rules, name);
    const struct aw_rules_file *f = r ? aw_live_file(live, r) : NULL;

    if (f)
        aw_buf_add(out, f->text, f->n);
    aw_live_drop(live);
    return f ? AW_OK : AW_ENOENT;
}

static void metrics(void *ctx, struct aw_buf *out)
{
    struct aw_status_source *s = ctx;

    aw_metrics_put(out, s->stats, s->store, aw_checks_lag(s),
                   aw_checks(s, NULL, NULL) != AW_HEALTH_FAIL);
}

void aw_status_fill(struct aw_status_source *source, struct aw_status *ret)
{
    *ret = (struct aw_status){.ctx = source,
                              .json = json,
                              .channels = channels,
                              .rules = rules,
                              .rule_text = rule_text,
                              .unless = aw_rules_unless,
                              .ready = ready,
                              .metrics = metrics};
    aw_plans_fill(ret);
}
