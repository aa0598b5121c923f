/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "daemon/loop_int.h"

#define TOKEN_WAIT  (5 * AW_SECOND) /* a push waits so long for its idempotency token */
#define TOKEN_LIFE  (23 * AW_HOUR)  /* the provider keeps them a day */
#define TOKENS      10              /* fetched at a time: the most a free account gets */
#define TOKENS_LOW  4
#define TOKENS_MOST 1000 /* that any account gets at a time */

/* --- flights ---------------------------------------------------------------------------------- */

struct aw_flight *aw_flight_new(struct aw_loop *l, aw_id attempt, enum aw_flight_for what,
                                const struct aw_channel *ch, enum aw_claim_as as)
{
    struct aw_flight *f = aw_calloc(1, sizeof(*f));

    f->attempt = attempt;
    f->what = what;
    f->live = aw_live_hold(l->live);
    f->turn = l->opt.stats->turns;
    snprintf(f->channel, sizeof(f->channel), "%s", ch->name);
    aw_channel_begin(l, f, ch, as);
    HASH_ADD(hh, l->flights, attempt, sizeof(f->attempt), f);
    return f;
}

struct aw_flight *aw_flight_find(struct aw_loop *l, aw_id attempt)
{
    struct aw_flight *f;

    HASH_FIND(hh, l->flights, &attempt, sizeof(attempt), f);
    return f;
}

void aw_flight_end(struct aw_loop *l, struct aw_flight *f)
{
    HASH_DEL(l->flights, f);
    aw_channel_end(l, f, NULL);
    if (f->send) {
        aw_send_free(f->send);
        aw_free(f->send);
        l->n_waiting--;
    }
    aw_live_drop(f->live);
    aw_free(f->devices);
    aw_free(f);
}

/* --- accounts and tokens ------------------------------------------------------------------------
 */

struct aw_account *aw_account(struct aw_loop *l, const char *channel)
{
    struct aw_account *a;

    HASH_FIND_STR(l->accounts, channel, a);
    if (a)
        return a;
    a = aw_calloc(1, sizeof(*a));
    snprintf(a->name, sizeof(a->name), "%s", channel);
    HASH_ADD_STR(l->accounts, name, a);
    return a;
}

static void cids_forget(struct aw_account *a)
{
    while (a->n_cids)
        aw_free(a->cids[--a->n_cids]);
}

char *aw_cid_take(struct aw_loop *l, const struct aw_channel *ch)
{
    struct aw_account *a = aw_account(l, ch->name);

    if (l->now - a->cids_at > TOKEN_LIFE)
        cids_forget(a);
    if (a->n_cids <= TOKENS_LOW)
        aw_fx_cids(l, ch, TOKENS);
    return a->n_cids ? a->cids[--a->n_cids] : NULL;
}

static bool waits_for_token(const struct aw_flight *f)
{
    return f->send != NULL;
}

/* The only two that change f->send: the count spares a look at every flight in every turn. */
static void wait_for_token(struct aw_loop *l, struct aw_flight *f, struct aw_send *s)
{
    f->send = s;
    l->n_waiting++;
}

static struct aw_send *stop_waiting(struct aw_loop *l, struct aw_flight *f)
{
    l->n_waiting--;
    return aw_take(f->send);
}

static bool goes_to(const struct aw_send *s, const char *registration_id)
{
    for (unsigned i = 0; i < s->n_registration_ids; i++)
        if (strcmp(s->registration_ids[i], registration_id) == 0)
            return true;
    return false;
}

void aw_fx_withdraw(struct aw_loop *l, const char *registration_id)
{
    struct aw_flight *f, *next;

    HASH_ITER(hh, l->flights, f, next)
    {
        if (!l->n_waiting)
            break;
        if (!waits_for_token(f) || !goes_to(f->send, registration_id))
            continue;
        struct aw_send *s = stop_waiting(l, f);

        aw_send_free(s);
        aw_free(s);
        aw_fail_claim(l, f->attempt, AW_OUT_TRANSIENT, 0, "a device of it changed hands");
    }
}

int aw_turn_cids(struct aw_loop *l, struct aw_cmd *cmd, struct aw_err *err)
{
    struct aw_account *a = aw_account(l, cmd->u.cids.channel->name);
    struct aw_flight *f, *next;
    int r = AW_OK;

    a->fetching = false;
    a->cids = aw_realloc(a->cids, (a->n_cids + cmd->u.cids.n + 1) * sizeof(*a->cids));
    for (unsigned i = 0; i < cmd->u.cids.n; i++)
        a->cids[a->n_cids++] = cmd->u.cids.cids[i];
    if (cmd->u.cids.n)
        a->cids_at = l->now;
    cmd->u.cids.n = 0;
    HASH_ITER(hh, l->flights, f, next)
    {
        struct aw_send *s;

        if (!l->n_waiting || !a->n_cids)
            break;
        if (!waits_for_token(f) || !aw_streq(f->channel, a->name))
            continue;
        r = aw_store_set_cid(l->store, f->attempt, a->cids[a->n_cids - 1], err);
        if (r)
            return r;
        s = stop_waiting(l, f);
        s->cid = s->late_cid = a->cids[--a->n_cids];
        aw_fx_send(l, s, NULL);
    }
    if (l->n_waiting && a->cids_at == l->now) /* they help: fetch for those who still wait */
        aw_fx_cids(l, cmd->u.cids.channel, l->n_waiting + TOKENS);
    return AW_OK;
}

void aw_tokens_overdue(struct aw_loop *l)
{
    struct aw_flight *f, *next;
    aw_boot now = aw_clock_boot();

    HASH_ITER(hh, l->flights, f, next)
    {
        if (!l->n_waiting)
            break;
        if (waits_for_token(f) && f->token_by <= now)
            aw_fx_send(l, stop_waiting(l, f), NULL);
    }
}

aw_ms aw_tokens_wait(struct aw_loop *l)
{
    struct aw_flight *f, *next;
    aw_boot now = aw_clock_boot();
    aw_ms wait = -1;

    HASH_ITER(hh, l->flights, f, next)
    {
        if (!l->n_waiting)
            break;
        if (waits_for_token(f) && (wait < 0 || f->token_by - now < wait))
            wait = f->token_by > now ? f->token_by - now : 0;
    }
    return wait;
}

/* --- what leaves after the commit ---------------------------------------------------------------
 */

#define GROW(array, n, cap)                                                                        \
    do {                                                                                           \
        if ((n) == (cap)) {                                                                        \
            (cap) = (cap) ? 2 * (cap) : 64;                                                        \
            (array) = aw_realloc((array), (cap) * sizeof(*(array)));                               \
        }                                                                                          \
    } while (0)

void aw_fx_send(struct aw_loop *l, struct aw_send *s, struct aw_flight *f)
{
    if (f && !s->cid && l->opt.carrier.has_cids(s->channel)) {
        wait_for_token(l, f, s);
        f->token_by = aw_clock_boot() + TOKEN_WAIT;
        return;
    }
    GROW(l->fx.sends, l->fx.n_sends, l->fx.cap_sends);
    l->fx.sends[l->fx.n_sends++] = s;
}

void aw_fx_query(struct aw_loop *l, struct aw_query *q)
{
    GROW(l->fx.queries, l->fx.n_queries, l->fx.cap_queries);
    l->fx.queries[l->fx.n_queries++] = q;
}

void aw_fx_asked(struct aw_loop *l, aw_id timeline)
{
    GROW(l->fx.asked, l->fx.n_asked, l->fx.cap_asked);
    l->fx.asked[l->fx.n_asked++] = timeline;
}

void aw_fx_cids(struct aw_loop *l, const struct aw_channel *ch, unsigned n)
{
    struct aw_account *a = aw_account(l, ch->name);

    if (n > TOKENS_MOST)
        n = TOKENS_MOST;
    if (a->fetching || l->fx.n_cids == AW_COUNT(l->fx.cids))
        return;
    a->fetching = true;
    l->fx.cids[l->fx.n_cids].channel = ch;
    l->fx.cids[l->fx.n_cids++].n = n;
}

static void merges_forget(struct aw_loop *l)
{
    struct aw_merge *m, *next;

    HASH_ITER(hh, l->merges, m, next)
    {
        HASH_DEL(l->merges, m);
        if (m->digest)
            aw_buf_free(&m->digest->titles);
        aw_free(m->digest);
        aw_free(m);
    }
}

/* --- who still points into a live value of before a reload --------------------------------------
 */

static bool has_channel(const struct aw_live *live, const struct aw_channel *ch)
{
    for (unsigned i = 0; i < live->conf->n_channels; i++)
        if (&live->conf->channels[i] == ch)
            return true;
    return false;
}

/* Questions and token fetches point to a channel until their answer was taken. */
static void count_ask(struct aw_loop *l, const struct aw_channel *ch, int by)
{
    struct aw_live *live = has_channel(l->live, ch) ? l->live : NULL;

    for (unsigned i = 0; i < l->n_retired && !live; i++)
        if (has_channel(l->retired[i], ch))
            live = l->retired[i];
    if (live)
        live->asks += by;
}

void aw_fx_answered(struct aw_loop *l, const struct aw_cmd *cmd)
{
    if (cmd->type == AW_CMD_REPORT)
        count_ask(l, cmd->u.report->channel, -1);
    else if (cmd->type == AW_CMD_CIDS)
        count_ask(l, cmd->u.cids.channel, -1);
}

void aw_fx_forget_retired(struct aw_loop *l)
{
    unsigned left = 0;

    for (unsigned i = 0; i < l->n_retired; i++) {
        if (l->retired[i]->asks > 0)
            l->retired[left++] = l->retired[i];
        else /* sends under way hold it themselves */
            aw_live_drop(l->retired[i]);
    }
    l->n_retired = left;
}

void aw_fx_release(struct aw_loop *l)
{
    const struct aw_carrier *c = &l->opt.carrier;

    for (unsigned i = 0; i < l->fx.n_sends; i++)
        c->send(c->ctx, l->fx.sends[i]);
    for (unsigned i = 0; i < l->fx.n_queries; i++) {
        count_ask(l, l->fx.queries[i]->channel, 1);
        c->query(c->ctx, l->fx.queries[i]);
    }
    for (unsigned i = 0; i < l->fx.n_cids; i++) {
        count_ask(l, l->fx.cids[i].channel, 1);
        c->cids(c->ctx, l->fx.cids[i].channel, l->fx.cids[i].n);
    }
    l->fx.n_sends = l->fx.n_queries = l->fx.n_asked = l->fx.n_cids = 0;
    merges_forget(l);
}

/* A send of this turn dies with the turn's rows; one that was claimed before (its token came now)
 * goes back to waiting. */
static void drop_send(struct aw_loop *l, struct aw_send *s)
{
    struct aw_flight *f = aw_flight_find(l, s->attempt);

    if (f && f->turn != l->opt.stats->turns) {
        wait_for_token(l, f, s);
        return;
    }
    aw_send_free(s);
    aw_free(s);
}

/* Questions that were never asked count neither against the account nor for the timelines. */
static void drop_queries(struct aw_loop *l)
{
    for (unsigned i = 0; i < l->fx.n_queries; i++) {
        struct aw_account *a = aw_account(l, l->fx.queries[i]->channel->name);

        if (a->asking)
            a->asking--;
        aw_free(l->fx.queries[i]);
    }
    for (unsigned i = 0; i < l->fx.n_asked; i++)
        aw_asked_end(l, l->fx.asked[i]);
    l->fx.n_queries = l->fx.n_asked = 0;
}

void aw_fx_drop(struct aw_loop *l)
{
    struct aw_flight *f, *next;

    for (unsigned i = 0; i < l->fx.n_sends; i++)
        drop_send(l, l->fx.sends[i]);
    drop_queries(l);
    for (unsigned i = 0; i < l->fx.n_cids; i++)
        aw_account(l, l->fx.cids[i].channel->name)->fetching = false;
    l->fx.n_sends = l->fx.n_cids = 0;
    HASH_ITER(hh, l->flights, f, next)
    if (f->turn == l->opt.stats->turns)
        aw_flight_end(l, f);
    merges_forget(l);
}

unsigned aw_fx_room(struct aw_loop *l)
{
    /* Those who wait for a token will be sent too. */
    unsigned room = l->opt.carrier.room(l->opt.carrier.ctx), used = l->fx.n_sends + l->n_waiting;

    return room > used ? room - used : 0;
}
