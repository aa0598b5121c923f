/* SPDX-License-Identifier: Apache-2.0
 *
 * What providers say of something sent, by callback or by a pull. Found by our own reference, which
 * travels with what we send, else by the provider's id. In any order and as often as it likes: a
 * receipt that comes before the answer to its send waits until that names the id (72 h at most);
 * one of another channel changes nothing. A hint proves nothing: it makes the question due now.
 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "daemon/loop_int.h"

#define AT_ONCE 16 /* kinds of receipts that can have waited for one id */

/* --- what a receipt changes ------------------------------------------------------------------- */

static int prove_to(struct aw_loop *l, const char *actor, const struct aw_receipt *rc,
                    const struct aw_stored_attempt *a, const struct aw_merged *to,
                    struct aw_err *err)
{
    struct aw_event ev = {.type = rc->negative ? AW_EV_NEGATIVE : AW_EV_EVIDENCE,
                          .level = rc->level,
                          .source = AW_SRC_CALLBACK,
                          .negative = rc->negative,
                          .known = a->level,
                          .attempt = to->attempt,
                          .person = a->person,
                          .kind = (uint8_t)a->kind,
                          .step = to->step,
                          .round = to->round,
                          .at = rc->at ? rc->at : l->now};
    struct aw_fact_note note = {0};
    struct aw_msg *m;
    int r = aw_judge_load(l, to->timeline, &m, err);

    if (r == AW_ENOENT)
        return AW_OK; /* pruned since */
    return r ? r : aw_judge(l, m, &ev, actor, &note, err);
}

static int prove(struct aw_loop *l, const char *actor, const struct aw_receipt *rc,
                 const struct aw_stored_attempt *a, struct aw_err *err)
{
    const struct aw_merged self = {.timeline = a->message + (aw_id)a->n,
                                   .attempt = a->id,
                                   .step = (uint8_t)a->step,
                                   .round = (uint16_t)a->round};
    int r;

    if (!rc->negative && rc->level <= a->level)
        return AW_OK; /* known */
    aw_watch_receipt(l, a->channel, a->level, rc->level);
    r = prove_to(l, actor, rc, a, &self, err);
    /* That nobody was reached concerns everybody whose firing travelled with it; what did arrive,
     * the messages of a digest. */
    for (unsigned i = 0; r == AW_OK && i < a->n_merged; i++)
        if (rc->negative || a->merged[i].message != a->message)
            r = prove_to(l, actor, rc, a, &a->merged[i], err);
    return r;
}

/* Not the address but the account is at fault: nobody is reached. */
static int alarm_of(struct aw_loop *l, const char *channel, int code, struct aw_err *err)
{
    char text[256];

    aw_log(AW_LOG_WARN, "receipt-alarm", "channel=%s code=%d", channel, code);
    aw_format(text, sizeof(text),
              "channel %s: the provider took a message and then reported code %d, which is about "
              "the account (balance): see docs of the channel",
              channel, code);
    return aw_store_notice(l->store, "channel-account", text, err);
}

static int take(struct aw_loop *l, const char *actor, const struct aw_receipt *rc,
                const struct aw_stored_attempt *a, struct aw_err *err)
{
    int r = aw_store_poll_heard(l->store, a->message + a->n, a->id, l->now, err);

    if (r)
        return r;
    if (rc->hint)
        return aw_poll_hint(l, a, err);
    if (rc->alarm)
        return alarm_of(l, a->channel, rc->code, err);
    return rc->negative || rc->level ? prove(l, actor, rc, a, err) : AW_OK;
}

/* --- whose it is ------------------------------------------------------------------------------ */

/* All tries of a firing carry the first one's reference, also those on the next channel: the one
 * meant went over this channel. */
static int by_reference(struct aw_loop *l, const struct aw_receipt *rc, const char *channel,
                        struct aw_stored_attempt *a, struct aw_err *err)
{
    int r = aw_store_attempt(l->store, rc->ref, a, err);

    if (r == AW_OK && (rc->hint || !aw_streq(a->channel, channel)))
        r = aw_store_try_of(l->store, a->message + a->n, a->id, channel, a, err);
    return r;
}

static bool of_account(struct aw_loop *l, const char *channel, const char *account)
{
    const struct aw_channel *ch = aw_live_channel(l->live, channel);
    char its[AW_ACCOUNT_MAX];

    if (!ch)
        return false;
    aw_channel_account(ch, its);
    return strcmp(its, account) == 0;
}

static int find(struct aw_loop *l, const struct aw_receipt *rc, const char *channel,
                const char *account, struct aw_stored_attempt *a, struct aw_err *err)
{
    int r = AW_ENOENT;

    if (rc->ref)
        r = by_reference(l, rc, channel, a, err);
    if (r == AW_ENOENT && rc->provider_id[0]) {
        r = aw_store_provider_find(l->store, account, rc->provider_id, a, err);
        if (r == AW_OK && !of_account(l, a->channel, account))
            r = AW_ENOENT;
    }
    return r;
}

bool aw_nonce_holds(struct aw_loop *l, struct aw_cmd *cmd, const char *channel, const char *nonce,
                    uint64_t sum)
{
    bool again;

    if (!nonce[0] || aw_store_nonce(l->store, channel, nonce, sum, &again) == AW_OK)
        return true;
    aw_cmd_refuse(cmd, AW_P_STATE_CONFLICT, "", "the nonce was used with other data");
    aw_log(AW_LOG_WARN, "receipt-forged", "channel=%s", channel);
    return false;
}

/* Nobody's, as far as is known. A reference that another channel carried is refused in other words
 * (no pointer): there the one who reports, not the report, is mistaken. */
static int keep(struct aw_loop *l, struct aw_cmd *cmd, const char *account,
                struct aw_stored_attempt *a, struct aw_err *err)
{
    const struct aw_receipt *rc = &cmd->u.receipt.r;
    int r = AW_ENOENT;

    if (!rc->ref && rc->provider_id[0])
        r = aw_store_orphan_put(l->store, account, rc, err);
    if (r == AW_ELIMIT) {
        aw_cmd_refuse(cmd, AW_P_BUSY, "", "too many receipts of unknown ids wait");
        aw_log(AW_LOG_WARN, "receipt-dropped", "channel=%s", cmd->u.receipt.channel);
        return AW_OK;
    }
    if (r == AW_ENOENT) {
        if (rc->ref && aw_store_attempt(l->store, rc->ref, a, err) == AW_OK)
            aw_cmd_refuse(cmd, AW_P_NOT_FOUND, "", "channel %s did not send this: %s did",
                          cmd->u.receipt.channel, a->channel);
        else
            aw_cmd_refuse(cmd, AW_P_NOT_FOUND, "/ref", "no attempt has this reference");
        aw_log(AW_LOG_WARN, "receipt-unknown", "channel=%s", cmd->u.receipt.channel);
        return AW_OK;
    }
    l->opt.stats->orphans++;
    return r;
}

int aw_turn_receipt(struct aw_loop *l, struct aw_cmd *cmd, struct aw_err *err)
{
    const char *channel = cmd->u.receipt.channel;
    const struct aw_channel *ch = aw_live_channel(l->live, channel);
    struct aw_stored_attempt *a;
    char account[AW_ACCOUNT_MAX];
    int r;

    l->opt.stats->receipts++;
    if (!ch) { /* gone with a reload */
        aw_cmd_refuse(cmd, AW_P_NOT_FOUND, "", "no such channel");
        return AW_OK;
    }
    if (!aw_nonce_holds(l, cmd, channel, cmd->u.receipt.nonce, cmd->u.receipt.sum))
        return AW_OK;
    aw_channel_account(ch, account);
    a = aw_malloc(sizeof(*a));
    r = find(l, &cmd->u.receipt.r, channel, account, a, err);
    if (r == AW_OK)
        r = take(l, cmd->actor, &cmd->u.receipt.r, a, err);
    else if (r == AW_ENOENT)
        r = keep(l, cmd, account, a, err);
    aw_free(a);
    return r;
}

/* --- an id has become known ------------------------------------------------------------------- */

/* Whether receipts of this channel may come with nothing but the provider's id. */
static bool by_id(const struct aw_channel *ch)
{
    const char *tier = aw_channel_get(ch, "tier");

    return ch->provider->by_id && (!tier || aw_streq(tier, "vip"));
}

int aw_receipts_begin(struct aw_loop *l, aw_id attempt, struct aw_err *err)
{
    struct aw_stored_attempt *a = aw_malloc(sizeof(*a));
    int r = aw_store_attempt(l->store, attempt, a, err);
    const struct aw_channel *ch = r == AW_OK ? aw_live_channel(l->live, a->channel) : NULL;
    char account[AW_ACCOUNT_MAX], actor[48];
    struct aw_receipt waited[AT_ONCE];
    unsigned n = 0;

    if (ch && a->provider_id[0] && by_id(ch)) {
        aw_channel_account(ch, account);
        aw_store_provider_put(l->store, account, a->provider_id, attempt);
        r = aw_store_orphans_take(l->store, account, a->provider_id, waited, AT_ONCE, &n, err);
        snprintf(actor, sizeof(actor), "channel:%.39s", ch->name);
    }
    for (unsigned i = 0; i < n && r == AW_OK; i++) {
        r = take(l, actor, &waited[i], a, err);
        if (r == AW_OK)
            r = aw_store_attempt(l->store, attempt, a, err);
    }
    aw_free(a);
    return r;
}

int aw_orphans_old(struct aw_loop *l, struct aw_err *err)
{
    unsigned n;
    int r = aw_store_orphans_expire(l->store, &n, err);

    if (r == AW_OK && n)
        aw_log(AW_LOG_WARN, "receipt-expired", "n=%u", n);
    return r;
}
