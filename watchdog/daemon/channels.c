/* SPDX-License-Identifier: Apache-2.0
 *
 * The health of channels in the loop: fed with what is claimed and how it ended, asked by the
 * engine, paused and resumed by people. Changes are written at the end of the turn that brought
 * them about; a turn that is rolled back leaves them to the next. Pauses and stops are kept
 * (channel_hold), the rest is learned anew after a start. Core thread.
 *
 * Health counts steady time: CLOCK_BOOTTIME, and the stepped clock where there is one. Instants
 * that the engine gets are moved to wall time.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "daemon/loop_int.h"

static aw_ms steady(const struct aw_loop *l)
{
    return l->opt.clock->stepped ? l->now : aw_clock_boot();
}

/* A steady instant as wall time, and back. 0 stays 0. */
static aw_time to_wall(const struct aw_loop *l, aw_ms t)
{
    return t ? l->now + (t - steady(l)) : 0;
}

static aw_ms to_steady(const struct aw_loop *l, aw_time t)
{
    return t ? steady(l) + (t - l->now) : 0;
}

static struct aw_account *account_of(struct aw_loop *l, const struct aw_channel *ch)
{
    struct aw_account *a = aw_account(l, ch->name);

    if (a->provider != ch->provider) {
        uint64_t seed = l->opt.seed;

        for (const char *p = ch->name; seed && *p; p++)
            seed = seed * 31 + (unsigned char)*p;
        aw_fitness_init(&a->health, ch->provider, seed, steady(l));
        a->provider = ch->provider;
    }
    return a;
}

/* --- asked by the engine ---------------------------------------------------------------------- */

aw_time aw_channel_free_at(struct aw_loop *l, const struct aw_channel *ch, enum aw_claim_as as)
{
    aw_ms now = steady(l);
    aw_ms at = aw_fitness_free_at(&account_of(l, ch)->health, now, as, NULL);

    return at ? l->now + (at - now) : 0;
}

void aw_channel_queue(struct aw_loop *l, const struct aw_channel *ch, aw_time at)
{
    aw_fitness_queue(&account_of(l, ch)->health, to_steady(l, at));
}

/* --- fed by flights -----------------------------------------------------------------------------
 */

void aw_channel_begin(struct aw_loop *l, struct aw_flight *f, const struct aw_channel *ch,
                      enum aw_claim_as as)
{
    aw_fitness_begin(&account_of(l, ch)->health, steady(l), as, &f->health);
    f->counted = true;
}

static void keep_last(struct aw_account *a, const struct aw_result *res)
{
    a->last_status = res->http_status;
    a->last_code = res->code;
    snprintf(a->last_detail, sizeof(a->last_detail), "%s", res->detail);
}

/* A 4xx of HTTP or SMTP is about the request, or the recipient: the provider itself is there. */
static enum aw_outcome about_provider(const struct aw_result *res)
{
    bool fault = res->outcome == AW_OUT_TRANSIENT || res->outcome == AW_OUT_UNKNOWN;

    return fault && res->http_status / 100 == 4 ? AW_OUT_REFUSED : res->outcome;
}

void aw_channel_end(struct aw_loop *l, struct aw_flight *f, const struct aw_result *res)
{
    struct aw_account *a = aw_account(l, f->channel);
    aw_ms wait = res && !res->alone ? res->wait : 0;

    if (!f->counted)
        return;
    f->counted = false;
    if (res && res->outcome != AW_OUT_ACCEPTED && !res->unsent)
        keep_last(a, res);
    aw_fitness_end(&a->health, steady(l), &f->health, res ? about_provider(res) : AW_OUT_NONE,
                   res && !res->unsent, wait);
}

/* --- written and shown --------------------------------------------------------------------------
 */

static const char *describe(const struct aw_account *a, char dst[160])
{
    if (a->last_status || a->last_code)
        snprintf(dst, 160, "HTTP %d, code %d: %.120s", a->last_status, a->last_code,
                 a->last_detail);
    else
        snprintf(dst, 160, "%.150s", a->last_detail[0] ? a->last_detail : "no answer");
    return dst;
}

static int write_stop(struct aw_loop *l, const struct aw_account *a, struct aw_err *err)
{
    struct aw_channel_change c = {.channel = a->name,
                                  .state = "stopped",
                                  .code = a->last_code,
                                  .http_status = a->last_status,
                                  .text = a->last_detail[0] ? a->last_detail : NULL};
    char why[160], text[480];
    int r = aw_store_channel(l->store, &c, "core", err);

    snprintf(text, sizeof(text),
             "channel %s is stopped: its provider refuses our credentials, rights or account (%s). "
             "Nothing is sent over it but a probe now and then. Mend it, then reload, or run "
             "ackwatch channels resume %s",
             a->name, describe(a, why), a->name);
    return r ? r : aw_store_notice_about(l->store, "channel-stopped", a->name, text, err);
}

static int write_breaker(struct aw_loop *l, const struct aw_account *a, struct aw_err *err)
{
    const struct aw_fitness *h = &a->health;
    bool broken = h->breaker == AW_BREAKER_OPEN, whole = h->breaker == AW_BREAKER_CLOSED;
    struct aw_channel_change c = {.channel = a->name,
                                  .state = aw_breaker_name(h->breaker),
                                  .until = broken ? to_wall(l, h->open_until) : 0,
                                  .text = broken && a->last_detail[0] ? a->last_detail : NULL};
    char why[160], text[480];
    int r = aw_store_channel(l->store, &c, "core", err);

    if (r || !(whole || (broken && a->written.breaker == AW_BREAKER_CLOSED)))
        return r; /* one notice when it breaks, one when it is whole again */
    snprintf(text, sizeof(text),
             whole ? "channel %s works again"
                   : "channel %s does not work (%s): what it would carry goes over the "
                     "next channel, or waits until it works again",
             a->name, describe(a, why));
    return aw_store_notice_about(l->store, "channel-broken", a->name, text, err);
}

static int write_one(struct aw_loop *l, struct aw_account *a, struct aw_err *err)
{
    const struct aw_fitness *h = &a->health;
    int r = AW_OK;

    if ((!h->stopped && a->written.stopped) ||
        (h->breaker == AW_BREAKER_CLOSED && a->written.breaker != AW_BREAKER_CLOSED))
        aw_brakes_look_again(l); /* those who wait for it */
    if (h->stopped && !a->written.stopped)
        r = write_stop(l, a, err);
    else if (!h->stopped && a->written.stopped)
        r = aw_store_channel(l->store,
                             &(struct aw_channel_change){.channel = a->name, .state = "resumed"},
                             "core", err);
    if (r == AW_OK && h->breaker != a->written.breaker)
        r = write_breaker(l, a, err);
    return r;
}

int aw_channels_write(struct aw_loop *l, struct aw_err *err)
{
    struct aw_account *a, *next;
    int r = AW_OK;

    HASH_ITER(hh, l->accounts, a, next)
    if (r == AW_OK && a->provider)
        r = write_one(l, a, err);
    return r;
}

/* A pause is looked at again long before it ends. */
aw_time aw_channel_expected(struct aw_loop *l, const struct aw_channel *ch)
{
    const struct aw_fitness *h = &account_of(l, ch)->health;
    enum aw_obstacle o;
    aw_ms at = aw_fitness_free_at(h, steady(l), AW_AS_NEW, &o);

    if (o == AW_OB_STOPPED || (o == AW_OB_PAUSED && h->paused_until == 0))
        return -1;
    return to_wall(l, o == AW_OB_PAUSED ? h->paused_until : at);
}

static void show(struct aw_loop *l, const struct aw_account *a, struct aw_channel_stats *s)
{
    const struct aw_fitness *h = &a->health;
    aw_ms now = steady(l), next;
    unsigned flying = h->flying, limit = 0;
    enum aw_obstacle o;
    aw_ms at = aw_fitness_free_at(h, now, AW_AS_NEW, &o);

    if (l->opt.carrier.places)
        l->opt.carrier.places(l->opt.carrier.ctx, a->name, &flying, &limit);
    s->places_now = flying;
    s->places = limit;
    s->claimed = h->flying;
    s->breaker = h->breaker;
    s->failures = h->in_a_row;
    s->obstacle = o;
    /* A pause is looked at again long before it ends. */
    s->free_at = to_wall(l, o == AW_OB_PAUSED ? h->paused_until : at);
    s->retries = aw_fitness_retries(h, now);
    s->used = aw_fitness_used(h, now, &next);
    s->paused = h->paused && (h->paused_until == 0 || now < h->paused_until);
    s->stopped = h->stopped;
    s->held_since = h->paused || h->stopped ? to_wall(l, h->held_at) : 0;
    s->paused_until = h->paused ? to_wall(l, h->paused_until) : 0;
    s->probe_at = h->stopped ? to_wall(l, h->probe_at) : 0;
}

void aw_channels_written(struct aw_loop *l)
{
    struct aw_account *a, *next;

    HASH_ITER(hh, l->accounts, a, next)
    {
        struct aw_channel_stats *s = a->provider ? aw_stats_channel(l->opt.stats, a->name) : NULL;

        a->written.stopped = a->health.stopped;
        a->written.breaker = a->health.breaker;
        if (s)
            show(l, a, s);
    }
}

/* --- people, start, reload ----------------------------------------------------------------------
 */

int aw_channels_start(struct aw_loop *l, struct aw_err *err)
{
    struct aw_channel_hold holds[AW_STATS_CHANNELS];
    unsigned n;
    int r = aw_store_holds(l->store, holds, AW_COUNT(holds), &n, err);

    for (unsigned i = 0; i < n && r == AW_OK; i++) {
        const struct aw_channel *ch = aw_live_channel(l->live, holds[i].channel);
        struct aw_account *a = ch ? account_of(l, ch) : NULL;

        if (a && holds[i].stopped) /* perhaps it was mended: one probe at once */
            aw_fitness_stop(&a->health, to_steady(l, holds[i].since), steady(l));
        else if (a && (!holds[i].until || holds[i].until > l->now))
            aw_fitness_pause(&a->health, to_steady(l, holds[i].since),
                             to_steady(l, holds[i].until));
        if (a)
            a->written.stopped = a->health.stopped;
    }
    return r;
}

static bool same_settings(const struct aw_channel *a, const struct aw_channel *b)
{
    if (a->provider != b->provider || a->n_settings != b->n_settings)
        return false;
    for (unsigned i = 0; i < a->n_settings; i++)
        if (!aw_streq(a->settings[i].key, b->settings[i].key) ||
            !aw_streq(a->settings[i].value, b->settings[i].value))
            return false;
    return true;
}

/* A channel with other settings than before deserves another chance. */
void aw_channels_reloaded(struct aw_loop *l, const struct aw_live *was)
{
    for (unsigned i = 0; i < l->live->conf->n_channels; i++) {
        const struct aw_channel *ch = &l->live->conf->channels[i];
        const struct aw_channel *old = aw_live_channel(was, ch->name);
        struct aw_account *a = old && !same_settings(old, ch) ? account_of(l, ch) : NULL;

        if (a && !a->health.paused)
            aw_fitness_resume(&a->health);
    }
}

int aw_turn_channel(struct aw_loop *l, struct aw_cmd *cmd, struct aw_err *err)
{
    const struct aw_channel *ch = aw_live_channel(l->live, cmd->u.channel.name);
    bool pause = cmd->type == AW_CMD_CHANNEL_PAUSE;
    struct aw_channel_change c = {
        .channel = cmd->u.channel.name,
        .state = pause ? "paused" : "resumed",
        .until = pause && cmd->u.channel.length ? l->now + cmd->u.channel.length : 0,
        .reason = cmd->u.channel.reason};
    struct aw_account *a;
    int r;

    if (!ch) {
        aw_cmd_refuse(cmd, AW_P_NOT_FOUND, "", "no such channel");
        return AW_OK;
    }
    r = aw_store_channel(l->store, &c, cmd->actor, err);
    if (r)
        return r;
    a = account_of(l, ch);
    cmd->reply.at = l->now;
    cmd->reply.due = c.until;
    if (pause) {
        aw_fitness_pause(&a->health, steady(l), to_steady(l, c.until));
    } else {
        aw_fitness_resume(&a->health);
        a->written.stopped = false; /* the entry is written */
        aw_brakes_look_again(l);
    }
    return AW_OK;
}
