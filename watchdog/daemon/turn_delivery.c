/* SPDX-License-Identifier: Apache-2.0
 *
 * Callbacks to applications. The row is written in the transaction of what it tells of and is the
 * intent; it waits in `due` until the application's webhook took it. While a try is under way the
 * row carries a lease, so that a crash costs a repetition and never the callback. Each app has its
 * own few places, and firings have theirs: an endpoint that hangs holds up nobody else.
 */
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "codec/digest.h"
#include "daemon/loop_int.h"

#define FLYING_MAX 8            /* callbacks of an app under way */
#define ROOM_LEFT  256          /* places of the carrier that are left to firings */
#define DROP_EVERY AW_MINUTE    /* rows that are over are looked for so often */
#define DROP_MOST  500          /* and so many dropped */
#define KEPT       (7 * AW_DAY) /* after their event */
#define GONE       410

/* --- the outbox ---------------------------------------------------------------------------------
 */

int aw_delivery_note(struct aw_loop *l, const struct aw_msg *m, int n, enum aw_state state,
                     struct aw_err *err)
{
    unsigned on = 0;
    int event = n < 0                                   ? aw_callback_event_of(state)
                : state == AW_CONFIRMED && m->row.n > 1 ? AW_CALLBACK_RECIPIENT
                                                        : -1;
    struct aw_delivery d = {.app = m->row.app,
                            .message = m->row.id,
                            .n = n,
                            .event = (enum aw_callback_event)event,
                            .seq = l->tl.last,
                            .at = l->now,
                            .due = l->now};

    if (event < 0 || !aw_live_callbacks(l->live, m->app, &on) || !(on & 1u << event))
        return AW_OK;
    l->opt.stats->deliveries_waiting++;
    return aw_store_delivery_put(l->store, &d, err);
}

/* Over, one way or the other. */
static int finish(struct aw_loop *l, struct aw_delivery *d, enum aw_delivery_state state,
                  struct aw_err *err)
{
    d->state = state;
    d->due = 0;
    l->opt.stats->deliveries_waiting--;
    l->opt.stats->deliveries[state]++;
    return aw_store_delivery_set(l->store, d, err);
}

/* Given up: the log says so, and operators hear of it. */
static int give_up(struct aw_loop *l, struct aw_delivery *d, enum aw_delivery_state state,
                   const char *channel, int http_status, const char *why, struct aw_err *err)
{
    char text[512], id[AW_ID_TEXT], msg[AW_ID_TEXT];
    int r = finish(l, d, state, err);

    if (r == AW_OK)
        r = aw_store_delivery_failed(l->store, d, channel, http_status, err);
    aw_id_print(id, "evt_", d->id);
    aw_id_print(msg, "msg_", d->message);
    snprintf(text, sizeof(text),
             "a callback to an application was given up: %s of %s, %s: %s. See ackwatch webhooks "
             "deliveries %s, and webhooks redeliver",
             aw_callback_events[d->event], msg, aw_delivery_states[state], why, id);
    return r ? r : aw_store_notice(l->store, "callback-failed", text, err);
}

/* A try that did not get through: the next one, or the end. */
static int failed_try(struct aw_loop *l, struct aw_delivery *d, const struct aw_result *res,
                      const char *channel, struct aw_err *err)
{
    aw_ms wait;
    int r;

    d->n_tries++;
    d->spent++;
    l->opt.stats->delivery_tries_failed++;
    r = aw_store_delivery_try(l->store, d, res->outcome, res->http_status, channel, res->detail,
                              err);
    if (r)
        return r;
    wait = aw_delivery_wait(d->spent,
                            l->opt.seed ? aw_mix(l->opt.seed, (uint64_t)d->id, d->spent) : 0);
    if (!wait)
        return give_up(l, d, AW_DELIVERY_FAILED, channel, res->http_status, "no try got through",
                       err);
    if (wait < res->wait) /* theirs, but not past all reason */
        wait = res->wait < AW_HOUR ? res->wait : AW_HOUR > wait ? AW_HOUR : wait;
    d->due = l->now + wait;
    return aw_store_delivery_set(l->store, d, err);
}

/* --- tries ------------------------------------------------------------------------------------ */

static void target_of(const struct aw_channel *ch, uint8_t ret[32])
{
    const char *url = aw_channel_get(ch, "url");

    aw_sha256(ret, url ? url : "", url ? strlen(url) : 0);
}

static const char *type_of(enum aw_callback_event event)
{
    static const char *const types[] = {
        [AW_CALLBACK_CONFIRMED] = "org.ackwatch.message.confirmed",
        [AW_CALLBACK_EXHAUSTED] = "org.ackwatch.message.exhausted",
        [AW_CALLBACK_EXPIRED] = "org.ackwatch.message.expired",
        [AW_CALLBACK_RECIPIENT] = "org.ackwatch.recipient.confirmed",
    };
    return types[event];
}

static int send(struct aw_loop *l, struct aw_delivery *d, const struct aw_channel *ch,
                struct aw_err *err)
{
    struct aw_buf data = AW_BUF_INIT(AW_DELIVERY_DATA_MAX);
    struct aw_flight *f;
    struct aw_msg *m;
    int r = aw_msg_get(l, d->message, &m, err);

    if (r == AW_ENOENT)
        return give_up(l, d, AW_DELIVERY_FAILED, ch->name, 0, "the message is no longer kept", err);
    if (r == AW_OK)
        r = aw_delivery_data(l, m, d, &data, err);
    if (r == AW_OK) { /* in the queue, on the way, on the way back */
        d->due = l->now + 2 * ch->timeout + AW_MINUTE;
        r = aw_store_delivery_set(l->store, d, err);
    }
    if (r == AW_OK) {
        f = aw_flight_new(l, d->id, AW_FLIGHT_DELIVERY, ch, AW_AS_OTHER);
        f->app = d->app;
        aw_fx_send(l, aw_render_event(l, ch, m, d, type_of(d->event), aw_buf_str(&data)), f);
    }
    aw_buf_free(&data);
    return r;
}

/* What is due of an app, as far as there are places. */
static int claim(struct aw_loop *l, struct aw_delivery *d, const struct aw_channel *ch,
                 struct aw_err *err)
{
    static const struct aw_result nowhere = {
        .outcome = AW_OUT_TRANSIENT,
        .detail = "no channel carries callbacks of this app now (apps: NAME: callbacks:)"};
    uint8_t target[32];
    bool stopped = false;
    int r;

    if (!ch)
        return failed_try(l, d, &nowhere, NULL, err);
    if (aw_flight_find(l, d->id)) { /* the carrier still has it */
        d->due = l->now + AW_MINUTE;
        return aw_store_delivery_set(l->store, d, err);
    }
    target_of(ch, target);
    r = aw_store_delivery_stopped(l->store, d->app, target, &stopped, err);
    if (r)
        return r;
    return stopped ? finish(l, d, AW_DELIVERY_STOPPED, err) : send(l, d, ch, err);
}

static unsigned flying(struct aw_loop *l, int64_t app)
{
    struct aw_flight *f, *next;
    unsigned n = 0;

    HASH_ITER(hh, l->flights, f, next)
    n += f->what == AW_FLIGHT_DELIVERY && f->app == app;
    return n;
}

static unsigned places(struct aw_loop *l, int64_t app)
{
    unsigned room = aw_fx_room(l), n = flying(l, app), left = n < FLYING_MAX ? FLYING_MAX - n : 0;

    room = room > ROOM_LEFT ? room - ROOM_LEFT : 0;
    return room < left ? room : left;
}

/* When the channel can be sent to, 0: now. One that is paused, stopped or broken costs no try, and
 * no write. */
static aw_time free_at(struct aw_loop *l, const struct aw_channel *ch)
{
    return ch ? aw_channel_free_at(l, ch, AW_AS_OTHER) : 0;
}

/* Nobody waits for ever: what its channel could not take for a week is given up. */
static int give_up_old(struct aw_loop *l, int64_t app, const struct aw_channel *ch,
                       struct aw_err *err)
{
    struct aw_delivery list[FLYING_MAX];
    unsigned n = 0;
    int r = aw_store_deliveries_due(l->store, app, l->now, list, FLYING_MAX, &n, err);

    for (unsigned i = 0; i < n && r == AW_OK; i++)
        if (l->now - list[i].at >= KEPT)
            r = give_up(l, &list[i], AW_DELIVERY_FAILED, ch->name, 0,
                        "its channel could not be sent to for a week", err);
    return r;
}

/* Claims what is due of an app; *ret_next: when there will be more, 0: an outcome comes first. */
static int claim_due(struct aw_loop *l, int64_t app, const struct aw_channel *ch, aw_time *ret_next,
                     struct aw_err *err)
{
    struct aw_delivery list[FLYING_MAX];
    unsigned n = 0;
    int r;

    if (free_at(l, ch))
        r = give_up_old(l, app, ch, err);
    else
        r = aw_store_deliveries_due(l->store, app, l->now, list, places(l, app), &n, err);
    for (unsigned i = 0; i < n && r == AW_OK && !free_at(l, ch); i++)
        r = claim(l, &list[i], ch, err);
    if (r == AW_OK)
        r = aw_store_delivery_next(l->store, app, ret_next, err);
    if (r == AW_OK && *ret_next && *ret_next <= l->now)
        *ret_next = free_at(l, ch) ? free_at(l, ch) : places(l, app) ? l->now : 0;
    return r;
}

static int turn_app(struct aw_loop *l, int64_t app, struct aw_err *err)
{
    char *name;
    aw_time next;
    int r = aw_store_delivery_next(l->store, app, &next, err);

    if (r == AW_OK && next && next <= l->now) {
        r = aw_store_app_name(l->store, app, &name, err);
        if (r)
            return r;
        r = claim_due(l, app, aw_live_callbacks(l->live, name, NULL), &next, err);
        aw_free(name);
    }
    if (r == AW_OK && next && (!l->delivery_due || next < l->delivery_due))
        l->delivery_due = next;
    return r;
}

static int drop_old(struct aw_loop *l, struct aw_err *err)
{
    if (l->now >= l->delivery_dropped_at && l->now - l->delivery_dropped_at < DROP_EVERY)
        return AW_OK;
    l->delivery_dropped_at = l->now;
    return aw_store_deliveries_drop(l->store, l->now - KEPT, DROP_MOST, err);
}

int aw_turn_deliveries(struct aw_loop *l, struct aw_err *err)
{
    int64_t app = 0;
    int r = AW_OK;

    l->delivery_due = 0;
    while (r == AW_OK && (r = aw_store_delivery_app(l->store, app, &app, err)) == AW_OK)
        r = turn_app(l, app, err);
    return r == AW_ENOENT ? drop_old(l, err) : r;
}

/* --- outcomes -----------------------------------------------------------------------------------
 */

/* The endpoint wants no more: neither this nor later ones, until its URL changes or somebody asks
 * for another try. */
static int gone(struct aw_loop *l, struct aw_delivery *d, const struct aw_flight *f,
                const struct aw_result *res, struct aw_err *err)
{
    const struct aw_channel *ch = aw_live_channel(f->live, f->channel);
    uint8_t target[32];
    int r;

    d->n_tries++;
    d->spent++;
    l->opt.stats->delivery_tries_failed++;
    r = aw_store_delivery_try(l->store, d, res->outcome, res->http_status, f->channel, res->detail,
                              err);
    if (r == AW_OK && ch) {
        target_of(ch, target);
        r = aw_store_delivery_stop(l->store, d->app, target, err);
    }
    return r ? r
             : give_up(l, d, AW_DELIVERY_GONE, f->channel, res->http_status,
                       "its endpoint answers 410 Gone, so callbacks of this application are "
                       "stopped until its URL changes",
                       err);
}

int aw_delivery_result(struct aw_loop *l, const struct aw_flight *f, const struct aw_result *res,
                       struct aw_err *err)
{
    struct aw_delivery d;
    int r = aw_store_delivery(l->store, f->attempt, &d, err);

    if (r || !d.due)
        return r == AW_ENOENT ? AW_OK : r; /* over and dropped meanwhile */
    if (res->outcome == AW_OUT_ACCEPTED) {
        d.n_tries++;
        d.spent++;
        r = aw_store_delivery_try(l->store, &d, res->outcome, res->http_status, f->channel, NULL,
                                  err);
        return r ? r : finish(l, &d, AW_DELIVERY_DELIVERED, err);
    }
    if (res->http_status == GONE)
        return gone(l, &d, f, res, err);
    if (res->outcome == AW_OUT_THROTTLED && !res->http_status) { /* never begun: costs no try */
        d.due = l->now + (res->wait > AW_SECOND ? res->wait : AW_SECOND);
        return aw_store_delivery_set(l->store, &d, err);
    }
    return failed_try(l, &d, res, f->channel, err);
}

/* --- POST /v1/webhooks/deliveries/{id}:redeliver -------------------------------------------------
 */

static int log_again(struct aw_loop *l, const struct aw_delivery *d, const char *actor,
                     struct aw_err *err)
{
    struct aw_entry e;

    aw_entry_init(&e);
    e.kind = AW_ENTRY_REDELIVER;
    e.actor = actor;
    e.msg = d->message;
    e.ref = d->id;
    e.text = aw_callback_events[d->event];
    return aw_store_log(l->store, &e, NULL, err);
}

int aw_turn_redeliver(struct aw_loop *l, struct aw_cmd *cmd, struct aw_err *err)
{
    struct aw_delivery d;
    char *app = NULL;
    int r = aw_store_delivery(l->store, cmd->u.redeliver.delivery, &d, err);

    if (r == AW_OK)
        r = aw_store_app_name(l->store, d.app, &app, err);
    if (r == AW_ENOENT || (r == AW_OK && cmd->app[0] && strcmp(cmd->app, app) != 0)) {
        aw_cmd_refuse(cmd, AW_P_NOT_FOUND, "", "no such delivery");
        r = AW_OK;
    } else if (r == AW_OK && aw_flight_find(l, d.id)) {
        aw_cmd_refuse(cmd, AW_P_STATE_CONFLICT, "", "it is on its way at this moment");
    } else if (r == AW_OK && d.n_tries >= AW_DELIVERY_MOST) {
        aw_cmd_refuse(cmd, AW_P_STATE_CONFLICT, "", "it was tried %u times", d.n_tries);
    } else if (r == AW_OK) {
        if (!d.due)
            l->opt.stats->deliveries_waiting++;
        d.state = AW_DELIVERY_WAITING;
        d.due = l->now;
        d.spent = 0;
        r = aw_store_delivery_set(l->store, &d, err);
        if (r == AW_OK) /* somebody believes in the endpoint again */
            r = aw_store_delivery_stop(l->store, d.app, NULL, err);
        if (r == AW_OK)
            r = log_again(l, &d, cmd->actor, err);
        cmd->reply.at = l->now;
    }
    aw_free(app);
    return r;
}
