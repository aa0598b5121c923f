/* SPDX-License-Identifier: Apache-2.0
 *
 * T3: how sends ended. Also notices to operators and channel tests, which travel the same way.
 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "daemon/loop_int.h"

#define NOTICE_TRIES 20
#define NOTICE_WAIT  AW_MINUTE
#define NOTICE_KEPT  (7 * AW_DAY) /* while no operator can be reached */

static void count(struct aw_loop *l, const char *channel, const struct aw_result *res)
{
    struct aw_channel_stats *c = aw_stats_channel(l->opt.stats, channel);

    l->opt.stats->outcomes[res->outcome]++;
    if (c)
        c->outcomes[res->outcome]++;
    if (res->outcome == AW_OUT_NO_TARGET || (res->unsent && res->outcome == AW_OUT_THROTTLED))
        return; /* a fact about a person, or about us: the channel is fine */
    if (res->outcome != AW_OUT_ACCEPTED)
        aw_log(AW_LOG_WARN, "send-failed", "channel=%s outcome=%s http=%d code=%d detail=\"%s\"",
               channel, aw_outcome_name(res->outcome), res->http_status, res->code, res->detail);
    if (!c)
        return;
    if (res->outcome == AW_OUT_ACCEPTED)
        c->sent++;
    else
        c->failed++;
    c->last_outcome = res->outcome;
    c->last_code = res->code ? res->code : res->http_status;
}

/* A push that was on its way when a person cancelled is taken back as soon as it has an id. */
static int revoke_late(struct aw_loop *l, const struct aw_stored_attempt *a,
                       const struct aw_result *res, struct aw_err *err)
{
    struct aw_poll p = {.timeline = l->tl.id, .attempt = a->id};
    const struct aw_channel *ch = aw_live_channel(l->live, a->channel);

    if (res->outcome != AW_OUT_ACCEPTED || !res->provider_id[0] || !ch || !ch->provider->reports ||
        strlen(res->provider_id) >= sizeof(p.provider_id))
        return AW_OK;
    memcpy(p.channel, a->channel, sizeof(p.channel));
    memcpy(p.provider_id, res->provider_id, strlen(res->provider_id) + 1);
    return aw_polls_revoke(l, &p, 1, err);
}

/* How long the try waits at least: as the provider asks, or for the receipt that says whether a
 * send whose fate is unknown got through. */
static aw_ms wait_of(struct aw_loop *l, const struct aw_stored_attempt *a,
                     const struct aw_result *res)
{
    const struct aw_channel *ch = aw_live_channel(l->live, a->channel);

    if (res->outcome == AW_OUT_THROTTLED || res->outcome == AW_OUT_TRANSIENT)
        return res->wait;
    return res->outcome == AW_OUT_UNKNOWN && ch && aw_channel_has_receipts(ch)
               ? ch->provider->unknown
               : 0;
}

static int outcome_of(struct aw_loop *l, const struct aw_stored_attempt *a, aw_id attempt,
                      aw_id timeline, const struct aw_result *res, struct aw_err *err)
{
    struct aw_event ev = {.type = AW_EV_OUTCOME,
                          .attempt = attempt,
                          .outcome = res->outcome,
                          .level = res->level,
                          .known = a->level,
                          .source = AW_SRC_SEND,
                          .person = a->person,
                          .at = l->now + wait_of(l, a, res)};
    struct aw_fact_note note = {.provider_id = res->provider_id[0] ? res->provider_id : NULL,
                                .http_status = res->http_status,
                                .code = res->code,
                                .text = res->detail[0] ? res->detail : NULL};
    struct aw_msg *m;
    int r = aw_judge_load(l, timeline, &m, err);

    if (r == AW_OK)
        r = aw_judge(l, m, &ev, "core", &note, err);
    if (r == AW_OK && l->tl.state == AW_CANCELLED && a->kind == AW_PUSH)
        return revoke_late(l, a, res, err);
    if (r == AW_OK)
        r = aw_poll_begin(l, m, err);
    if (r == AW_OK && a->kind == AW_PUSH && res->outcome == AW_OUT_ACCEPTED)
        r = aw_session_look_again(l, attempt, err);
    return r;
}

int aw_joined_try(struct aw_loop *l, const struct aw_merged *m, aw_id *ret, struct aw_err *err)
{
    const struct aw_try *y;
    int r = aw_store_timeline(l->store, m->timeline, &l->tl, err);

    *ret = 0;
    y = r == AW_OK ? aw_timeline_try(&l->tl, m->attempt) : NULL;
    if (y && y->state == AW_TRY_FLYING)
        *ret = m->attempt;
    return r == AW_ENOENT ? AW_OK : r; /* pruned since */
}

static int firing_result(struct aw_loop *l, const struct aw_result *res, struct aw_err *err)
{
    struct aw_stored_attempt *a = aw_malloc(sizeof(*a));
    int r = aw_store_attempt(l->store, res->attempt, a, err);

    if (r == AW_OK) {
        count(l, a->channel, res);
        if (res->outcome == AW_OUT_ACCEPTED)
            r = aw_watch_sent(l, a->channel, err);
        if (r == AW_OK)
            r = outcome_of(l, a, a->id, a->message + a->n, res, err);
    }
    if (r == AW_OK && res->outcome == AW_OUT_ACCEPTED && res->provider_id[0])
        r = aw_receipts_begin(l, a->id, err);
    for (unsigned i = 0; r == AW_OK && i < a->n_merged; i++) {
        aw_id attempt;

        r = aw_joined_try(l, &a->merged[i], &attempt, err);
        if (r == AW_OK && attempt)
            r = outcome_of(l, a, attempt, a->merged[i].timeline, res, err);
    }
    aw_free(a);
    return r == AW_ENOENT ? AW_OK : r; /* of no attempt that we know: nothing to change */
}

/* --- notices ---------------------------------------------------------------------------------- */

static int notice_result(struct aw_loop *l, const struct aw_flight *f, const struct aw_result *res,
                         struct aw_err *err)
{
    bool done = res->outcome == AW_OUT_ACCEPTED;

    if (!done)
        aw_log(AW_LOG_WARN, "notice-not-taken", "channel=%s outcome=%s detail=\"%s\"", f->channel,
               aw_outcome_name(res->outcome), res->detail);
    return done ? aw_store_notice_done(l->store, f->notice, 0, err) : AW_OK;
}

/* Each operator is told; the notice is over when one channel took it, else it comes again. Where no
 * channel can be sent to it waits, which costs no try. */
static int tell(struct aw_loop *l, const struct aw_notice *n, struct aw_err *err)
{
    const struct aw_env_conf *conf = l->live->conf;
    unsigned sent = 0;
    char title[128];

    if (n->n_tries >= NOTICE_TRIES || l->now - n->at >= NOTICE_KEPT) {
        aw_log(AW_LOG_ERR, "notice-given-up", "what=%s text=\"%s\"", n->what, n->text);
        return aw_store_notice_done(l->store, n->id, 0, err);
    }
    snprintf(title, sizeof(title), "[ackwatch %s] %s", conf->node, n->what);
    for (unsigned i = 0; i < conf->n_operators; i++) {
        const struct aw_channel *ch = aw_live_channel(l->live, conf->operators[i].channel);
        struct aw_flight *f;
        struct aw_send *s;

        if (!ch || aw_fx_room(l) == 0 || aw_channel_free_at(l, ch, AW_AS_OTHER))
            continue;
        s = aw_render_plain(l, ch, conf->operators[i].to, title, n->text);
        f = aw_flight_new(l, s->attempt, AW_FLIGHT_NOTICE, ch, AW_AS_OTHER);
        f->notice = n->id;
        aw_fx_send(l, s, f);
        sent++;
    }
    if (!sent)
        return aw_store_notice_later(l->store, n->id, l->now + NOTICE_WAIT, err);
    return aw_store_notice_done(l->store, n->id, l->now + NOTICE_WAIT * (n->n_tries + 1), err);
}

int aw_turn_notices(struct aw_loop *l, struct aw_err *err)
{
    struct aw_notice list[8];
    unsigned n;
    int r;

    r = aw_store_notices_due(l->store, l->now, list, AW_COUNT(list), &n, err);
    for (unsigned i = 0; i < n && r == AW_OK; i++)
        r = tell(l, &list[i], err);
    return r;
}

/* --- channel tests -------------------------------------------------------------------------------
 */

int aw_turn_test(struct aw_loop *l, struct aw_cmd *cmd, struct aw_err *err)
{
    const struct aw_channel *ch = aw_live_channel(l->live, cmd->u.test.channel);
    struct aw_entry e;
    struct aw_flight *f;
    struct aw_send *s;

    if (!ch) {
        aw_cmd_refuse(cmd, AW_P_NOT_FOUND, "", "no such channel");
        return AW_OK;
    }
    s = aw_render_plain(l, ch, cmd->u.test.to, "Ackwatch test",
                        "This is a test of Ackwatch. Nothing needs to be done.");
    f = aw_flight_new(l, s->attempt, AW_FLIGHT_TEST, ch, AW_AS_OTHER);
    f->test = cmd;
    aw_entry_init(&e);
    e.kind = AW_ENTRY_NOTICE;
    e.actor = cmd->actor;
    e.channel = ch->name;
    e.attempt = s->attempt;
    e.text = "channel-test";
    aw_fx_send(l, s, f);
    return aw_store_log(l->store, &e, NULL, err);
}

static void test_result(struct aw_cmd *cmd, const struct aw_result *res)
{
    cmd->reply.number = res->outcome;
    snprintf(cmd->reply.detail, sizeof(cmd->reply.detail), "%s", res->detail);
    if (res->provider_id[0]) {
        cmd->reply.body = aw_strdup(res->provider_id);
        cmd->reply.n_body = strlen(res->provider_id);
    }
    cmd->done(cmd);
}

int aw_turn_result(struct aw_loop *l, struct aw_cmd *cmd, struct aw_err *err)
{
    const struct aw_result *res = &cmd->u.result;
    struct aw_flight *f = aw_flight_find(l, res->attempt);
    int r = AW_OK;

    if (f) /* first: what the engine decides next looks at the channel as it is now */
        aw_channel_end(l, f, res);
    if (f && f->what == AW_FLIGHT_TEST) {
        count(l, f->channel, res);
        test_result(f->test, res);
    } else if (f && f->what == AW_FLIGHT_ANSWER) {
        count(l, f->channel, res); /* a courtesy: not tried again */
    } else if (f && f->what == AW_FLIGHT_NOTICE) {
        count(l, f->channel, res);
        r = notice_result(l, f, res, err);
    } else if (f && f->what == AW_FLIGHT_DELIVERY) {
        count(l, f->channel, res);
        r = aw_delivery_result(l, f, res, err);
    } else if (f && f->what == AW_FLIGHT_BEAT) {
        aw_watch_heard(l, res);
    } else {
        r = firing_result(l, res, err);
    }
    if (f && r == AW_OK)
        aw_flight_end(l, f);
    return r;
}
