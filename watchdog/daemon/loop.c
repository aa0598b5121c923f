/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/loop.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "daemon/ballast.h"
#include "daemon/loop_int.h"

#define ALIVE_EVERY   (5 * AW_SECOND)
#define BEAT_EVERY    (5 * AW_SECOND)
#define ROOT_EVERY    AW_MINUTE
#define FULL_WAIT     (10 * AW_SECOND) /* then registrations are tried again */
#define NO_ROOM_WAIT  20               /* ms; an outcome that makes room wakes the core at once */
#define MESSAGES_KEPT 256

/* --- one command -------------------------------------------------------------------------------
 */

typedef int (*turn_fn)(struct aw_loop *l, struct aw_cmd *cmd, struct aw_err *err);

static const turn_fn table[] = {
    [AW_CMD_REGISTER] = aw_turn_register,
    [AW_CMD_ACK] = aw_turn_ack,
    [AW_CMD_CANCEL] = aw_turn_cancel,
    [AW_CMD_PAGE] = aw_turn_page,
    [AW_CMD_RECEIPT] = aw_turn_receipt,
    [AW_CMD_LOOKUP] = aw_turn_lookup,
    [AW_CMD_CONTACT_GET] = aw_turn_contact,
    [AW_CMD_CONTACT_PUT] = aw_turn_contact,
    [AW_CMD_CONTACT_DELETE] = aw_turn_contact,
    [AW_CMD_KEY_CREATE] = aw_turn_key,
    [AW_CMD_KEY_REVOKE] = aw_turn_key,
    [AW_CMD_CHANNEL_TEST] = aw_turn_test,
    [AW_CMD_REDELIVER] = aw_turn_redeliver,
    [AW_CMD_CHANNEL_PAUSE] = aw_turn_channel,
    [AW_CMD_CHANNEL_RESUME] = aw_turn_channel,
    [AW_CMD_RELOAD] = aw_turn_reload,
    [AW_CMD_RESULT] = aw_turn_result,
    [AW_CMD_REPORT] = aw_turn_report,
    [AW_CMD_CIDS] = aw_turn_cids,
    [AW_CMD_REPLY] = aw_turn_reply,
    [AW_CMD_ACT] = aw_turn_act,
    [AW_CMD_SILENCES] = aw_turn_silences,
    [AW_CMD_SILENCE_ADD] = aw_turn_silence_add,
    [AW_CMD_SILENCE_END] = aw_turn_silence_end,
    [AW_CMD_SESSION] = aw_turn_session,
    [AW_CMD_DEVICES] = aw_turn_devices,
    [AW_CMD_INBOX] = aw_turn_inbox,
};

/* New work may be refused when the disk is full; proofs must still land. */
static bool is_work(const struct aw_cmd *cmd)
{
    return cmd->type == AW_CMD_REGISTER || cmd->type == AW_CMD_CONTACT_PUT ||
           cmd->type == AW_CMD_SILENCE_ADD || cmd->type == AW_CMD_KEY_CREATE ||
           cmd->type == AW_CMD_CHANNEL_TEST;
}

/* A channel test is answered by its result. */
static bool answers_later(const struct aw_cmd *cmd)
{
    return cmd->type == AW_CMD_CHANNEL_TEST && !cmd->reply.problem;
}

static void finish(struct aw_loop *l, struct aw_cmd **cmds, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        if (cmds[i])
            aw_fx_answered(l, cmds[i]);
        if (cmds[i] && !answers_later(cmds[i]))
            cmds[i]->done(cmds[i]);
    }
}

static void refuse_all(struct aw_cmd **cmds, unsigned n, enum aw_problem p, const char *why,
                       bool work_only)
{
    for (unsigned i = 0; i < n; i++) {
        if (!cmds[i] || (work_only && !is_work(cmds[i])))
            continue;
        aw_free(cmds[i]->reply.body);
        memset(&cmds[i]->reply, 0, sizeof(cmds[i]->reply));
        aw_cmd_refuse(cmds[i], p, "", "%s", why);
    }
}

static void clear_replies(struct aw_cmd **cmds, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        aw_free(cmds[i]->reply.body);
        memset(&cmds[i]->reply, 0, sizeof(cmds[i]->reply));
    }
}

/* --- one turn ------------------------------------------------------------------------------------
 */

static int alive(struct aw_loop *l, struct aw_err *err)
{
    /* Wall time may be set back: then the mark follows at once. */
    if (l->now >= l->alive_at && l->now - l->alive_at < ALIVE_EVERY)
        return AW_OK;
    l->alive_at = l->now;
    int r = aw_orphans_old(l, err);
    if (r == AW_OK && l->opt.keys_used)
        r = l->opt.keys_used(l->opt.keys_ctx, l->store, err);
    return r ? r : aw_store_alive_put(l->store, l->now, err);
}

/* Missed firings wait until each overdue question was asked and answered, or 30 s. */
static void end_recovery(struct aw_loop *l, bool attempts_left, const struct aw_outlook *o)
{
    if (!l->recovering || attempts_left)
        return;
    if ((HASH_COUNT(l->asked) == 0 && !o->overdue) || aw_clock_boot() >= l->recover_by)
        l->recovering = false;
}

/* Operators hear of a full disk while it is full, from the turn on that found it so: the little
 * room that is left may soon be taken. Never in a turn that carries proofs. */
static int tell_full(struct aw_loop *l, struct aw_err *err)
{
    int r = AW_OK;

    if (!l->full_told)
        r = aw_store_notice(l->store, "disk-full",
                            "the disk is full: registrations are refused and no step is sent; "
                            "acknowledgements and receipts still land",
                            err);
    l->full_told = true;
    return r ? r : aw_turn_notices(l, err);
}

/* Or afterwards, when not even that found room. */
static int tell_was_full(struct aw_loop *l, struct aw_err *err)
{
    if (!l->full_untold)
        return AW_OK;
    return aw_store_notice(l->store, "disk-full",
                           "the disk was full: registrations were refused and steps are late; "
                           "there is room again",
                           err);
}

static int carry_out(struct aw_loop *l, struct aw_cmd **cmds, unsigned n, bool proofs_only,
                     struct aw_outlook *o, struct aw_err *err)
{
    bool attempts_left = false, due_left = false, walk_left = false, proofs = l->n_held > 0;
    int r = AW_OK;

    for (unsigned i = 0; i < n; i++)
        proofs = proofs || !cmds[i]->reply.problem;
    for (unsigned i = 0; i < l->n_held && r == AW_OK; i++)
        r = table[l->held[i]->type](l, l->held[i], err);
    for (unsigned i = 0; i < n && r == AW_OK; i++)
        if (!cmds[i]->reply.problem)
            r = table[cmds[i]->type](l, cmds[i], err);
    if (r == AW_OK)
        r = aw_turn_release(l, err);
    if (r == AW_OK)
        aw_tokens_overdue(l); /* claimed long ago: needs no room */
    if (r == AW_OK && proofs_only && !proofs)
        r = tell_full(l, err);
    if (r || proofs_only)
        return r;
    r = tell_was_full(l, err);
    if (r == AW_OK)
        r = aw_turn_watch(l, err);
    if (r == AW_OK && l->recovering)
        r = aw_turn_recover(l, &attempts_left, err);
    if (r == AW_OK)
        r = aw_brakes_turn(l, &walk_left, err);
    if (r == AW_OK)
        r = aw_turn_due(l, &due_left, err);
    if (r == AW_OK)
        r = aw_turn_release(l, err);
    if (r == AW_OK)
        r = aw_turn_polls(l, o, err);
    if (r == AW_OK)
        r = aw_channels_write(l, err);
    if (r == AW_OK)
        r = aw_turn_notices(l, err);
    if (r == AW_OK)
        r = aw_turn_deliveries(l, err);
    if (r == AW_OK)
        r = alive(l, err);
    if (r == AW_OK)
        end_recovery(l, attempts_left, o);
    if (r == AW_OK)
        aw_watch_heartbeat(l);
    o->more = attempts_left || due_left || walk_left;
    return r;
}

/* Measured, and visible to others while it lasts: a disk that hangs does so here. */
static int commit(struct aw_loop *l, struct aw_err *err)
{
    struct aw_stats *st = l->opt.stats;
    int64_t from = aw_clock_us();
    int r;

    st->commit_since = aw_clock_boot();
    r = aw_store_commit(l->store, err);
    st->commit_since = 0;
    st->commit_last = aw_clock_us() - from;
    aw_histogram_add(&st->commits, st->commit_last);
    return r;
}

static int attempt_turn(struct aw_loop *l, struct aw_cmd **cmds, unsigned n, bool proofs_only,
                        struct aw_outlook *o, struct aw_err *err)
{
    struct aw_stats *st = l->opt.stats;
    long open = st->open, waiting = st->deliveries_waiting; /* as they are on disk */
    bool told = l->full_told;
    int r = aw_store_begin(l->store, l->now, err);

    if (r == AW_OK) {
        r = carry_out(l, cmds, n, proofs_only, o, err);
        if (r == AW_OK)
            r = commit(l, err);
        if (r)
            aw_store_rollback(l->store);
        if (r == AW_OK && !proofs_only) {
            aw_watch_kept(l);
            l->full_untold = false;
        }
        while (r == AW_OK && l->n_held) {
            aw_fx_answered(l, l->held[--l->n_held]);
            aw_cmd_free(l->held[l->n_held]);
        }
    }
    if (r) {
        st->open = open;
        st->deliveries_waiting = waiting;
        l->full_told = told;
        l->n_confirmed = 0;
        l->releasing = false;
        aw_fx_drop(l);
        aw_msgs_trim(l, 0);
        aw_brakes_look_again(l); /* what was let go is as it was */
        aw_suppress_forget(l);
        l->silences_stale = true;
        l->spans_known = false;
    }
    return r;
}

/* The disk is full: registrations are refused, the ballast makes room for proofs. */
static int turn_when_full(struct aw_loop *l, struct aw_cmd **cmds, unsigned n, struct aw_outlook *o,
                          struct aw_err *err)
{
    if (!l->full)
        aw_log(AW_LOG_ERR, "disk-full",
               "what=\"registrations are refused, acknowledgements and "
               "receipts still land\"");
    l->full = true;
    l->full_at = l->now;
    l->opt.stats->disk_full = 1;
    aw_ballast_release(l->opt.ballast);
    clear_replies(cmds, n);
    refuse_all(cmds, n, AW_P_STORE_FULL, "the disk is full; nothing was kept", true);
    return attempt_turn(l, cmds, n, true, o, err);
}

/* What nobody would repeat waits for room: outcomes, answers, and what was handed out once. */
static bool comes_once(const struct aw_cmd *cmd)
{
    bool said = cmd->type == AW_CMD_RECEIPT || cmd->type == AW_CMD_REPLY;
    bool answer = cmd->type == AW_CMD_REPORT || cmd->type == AW_CMD_CIDS;

    return cmd->type == AW_CMD_RESULT || answer || (said && !cmd->owner);
}

static void hold_outcomes(struct aw_loop *l, struct aw_cmd **cmds, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        if (!comes_once(cmds[i]))
            continue;
        if (l->n_held == l->cap_held) {
            l->cap_held = l->cap_held ? 2 * l->cap_held : 64;
            l->held = aw_realloc(l->held, l->cap_held * sizeof(struct aw_cmd *));
        }
        l->held[l->n_held++] = cmds[i];
        cmds[i] = NULL;
    }
}

static void full_again(struct aw_loop *l)
{
    if (!l->full || (l->now >= l->full_at && l->now - l->full_at < FULL_WAIT))
        return;
    l->full_at = l->now;
    if (!aw_ballast_refill(l->opt.ballast))
        return;
    l->full_untold = l->full_untold || !l->full_told;
    l->full = l->full_told = false;
    l->opt.stats->disk_full = 0;
    aw_log(AW_LOG_INFO, "disk-room", "what=\"registrations are taken again\"");
}

static void sooner(aw_time *next, aw_time t)
{
    if (t && (!*next || t < *next))
        *next = t;
}

static int look_ahead(struct aw_loop *l, const struct aw_outlook *o, aw_time *ret,
                      struct aw_err *err)
{
    aw_time due;
    int r = aw_store_next_due(l->store, &due, err);

    if (r)
        return r;
    l->opt.stats->oldest_due = due;
    l->opt.stats->pending = l->pending;
    *ret = 0;
    if (!l->recovering)
        sooner(ret, due);
    sooner(ret, o->next_poll);
    sooner(ret, l->delivery_due);
    return AW_OK;
}

static int idle(struct aw_loop *l, bool quiet, struct aw_outlook *o, struct aw_err *err)
{
    struct aw_head head;
    char root[96];
    int r;

    aw_msgs_trim(l, MESSAGES_KEPT);
    aw_store_head(l->store, &head);
    l->opt.stats->entries = head.size;
    if (l->now < l->root_at || l->now - l->root_at >= ROOT_EVERY) {
        if (head.size != l->root_size) {
            aw_root_print(root, head.size, head.root);
            aw_log(AW_LOG_INFO, "root", "root=%s", root);
        }
        l->root_size = head.size;
        l->root_at = l->now;
    }
    aw_fx_forget_retired(l);
    r = aw_prune_slice(l, quiet && !o->more, &o->prune, err);
    if (r == AW_OK)
        r = aw_store_checkpoint(l->store, quiet, err);
    /* What finds no room now is safe where it is, and is moved when there is some. */
    return r == AW_ENOSPC ? AW_OK : r;
}

static void beat(struct aw_loop *l)
{
    aw_boot now = aw_clock_boot();

    if (!l->opt.beat || (l->beat_at && now - l->beat_at < BEAT_EVERY))
        return;
    l->beat_at = now;
    l->opt.beat(l->opt.beat_ctx);
}

static aw_ms wait_for(struct aw_loop *l, const struct aw_outlook *o, aw_time next)
{
    aw_ms token = aw_tokens_wait(l), wait = -1;

    if (o->more && aw_fx_room(l) > 0 && !l->full)
        return 0;
    if (next && !l->opt.clock->stepped)
        wait = next > l->now ? next - l->now : aw_fx_room(l) > 0 ? 1 : NO_ROOM_WAIT;
    if (!l->opt.clock->stepped && (wait < 0 || wait > AW_SECOND))
        wait = AW_SECOND; /* alive mark, minute roots, full disk */
    if (l->full && wait >= 0 && wait < AW_SECOND)
        wait = AW_SECOND; /* nothing is claimed: what is due stays due */
    if (l->recovering && wait > 50)
        wait = 50;
    if (token >= 0 && (wait < 0 || token < wait))
        wait = token;
    if (o->prune >= 0 && (wait < 0 || o->prune < wait))
        wait = o->prune;
    return wait;
}

static void turn_over(struct aw_loop *l)
{
    l->turn_ms = (7 * l->turn_ms + aw_clock_boot() - l->turn_since) / 8;
    l->turn_since = 0;
}

int aw_loop_turn(struct aw_loop *l, struct aw_cmd **cmds, unsigned n, aw_ms *ret_wait_ms,
                 struct aw_err *err)
{
    struct aw_outlook o = {.prune = -1};
    aw_time next = 0;
    int r;

    l->turn_since = aw_clock_boot();
    l->now = aw_clock_wall(l->opt.clock);
    l->keys_changed = false;
    aw_watch_look(l);
    full_again(l);
    r = attempt_turn(l, cmds, n, l->full, &o, err);
    if (r == AW_ENOSPC)
        r = turn_when_full(l, cmds, n, &o, err);
    if (r == AW_ENOSPC) { /* not even proofs fit: nobody is told otherwise */
        hold_outcomes(l, cmds, n);
        refuse_all(cmds, n, AW_P_STORE_FULL, "the disk is full; nothing was kept", false);
        r = AW_OK;
    }
    if (r) {
        refuse_all(cmds, n, AW_P_STORE_FAILED, "the store failed; nothing is promised", false);
        finish(l, cmds, n);
        return r;
    }
    if (l->keys_changed && l->opt.keys_changed)
        l->opt.keys_changed(l->opt.keys_ctx, l->store);
    if (!l->full)
        aw_channels_written(l);
    finish(l, cmds, n);
    aw_fx_release(l);
    l->opt.stats->turns++;
    r = look_ahead(l, &o, &next, err);
    if (r == AW_OK)
        r = idle(l, n == 0, &o, err);
    if (r == AW_OK)
        beat(l);
    l->opt.stats->turned_at = aw_clock_boot();
    turn_over(l);
    l->next = next;
    *ret_wait_ms = wait_for(l, &o, next);
    return r;
}

/* --- run, stop
 * ------------------------------------------------------------------------------ */

static unsigned gather(struct aw_loop *l, struct aw_cmd **cmds, aw_ms wait)
{
    unsigned n = (unsigned)aw_inbox_take(l->inbox, (void **)cmds, AW_TURN_CMDS, wait);

    l->in_turn = 1;
    l->kicked = 0;
    if (n)
        l->activity++;
    if (l->reloading) {
        l->reloading = 0;
        aw_loop_reload_now(l);
    }
    return n;
}

/* The last turn: what is in the box is answered, the stop is recorded. */
static int last_turn(struct aw_loop *l, struct aw_err *err)
{
    struct aw_cmd *cmds[AW_TURN_CMDS];
    aw_ms wait;
    unsigned n;
    int r = AW_OK;

    aw_inbox_close(l->inbox);
    while (r == AW_OK && (n = (unsigned)aw_inbox_take(l->inbox, (void **)cmds, AW_TURN_CMDS, 0))) {
        r = aw_loop_turn(l, cmds, n, &wait, err);
        l->pending -= n;
    }
    return r ? r : aw_life_stop(l, err);
}

int aw_loop_run(struct aw_loop *l, struct aw_err *err)
{
    struct aw_cmd *cmds[AW_TURN_CMDS];
    aw_ms wait = 0;
    int r = AW_OK;

    while (r == AW_OK && !l->stopping) {
        unsigned n = gather(l, cmds, wait);

        r = aw_loop_turn(l, cmds, n, &wait, err);
        l->pending -= n;
        if (wait != 0)
            l->in_turn = 0;
    }
    return r ? r : last_turn(l, err);
}
