/* SPDX-License-Identifier: Apache-2.0
 *
 * How the loop begins and ends: what it finds at a start, what it records of its life, what it
 * lets go.
 */
#include "base/mem.h"
#include "daemon/loop_int.h"

#define CAP_WORK     8192
#define CAP_PROOF    32768
#define CAP_NEWS     32768
#define RECOVER_MOST (30 * AW_SECOND) /* missed firings wait so long for receipts */
#define DOWN_LEAST   (2 * AW_SECOND)  /* a shorter gap is no downtime */

struct aw_loop *aw_loop_new(const struct aw_loop_options *opt)
{
    struct aw_loop *l = aw_calloc(1, sizeof(*l));

    l->opt = *opt;
    l->store = opt->store;
    l->inbox = aw_inbox_new(CAP_WORK, CAP_PROOF, CAP_NEWS);
    l->live = aw_live_box_get(opt->box);
    return l;
}

static int record_downtime(struct aw_loop *l, struct aw_err *err)
{
    aw_time alive;
    int r = aw_store_alive_get(l->store, &alive, err);

    if (r == AW_OK && alive && l->now - alive >= DOWN_LEAST) {
        r = aw_store_downtime_put(l->store, alive, l->now, "stopped", err);
        l->opt.stats->down_ms += l->now - alive;
    }
    return r ? r : aw_store_alive_put(l->store, l->now, err);
}

static int log_life(struct aw_loop *l, enum aw_entry_kind kind, struct aw_err *err)
{
    struct aw_entry e;

    aw_entry_init(&e);
    e.kind = kind;
    e.actor = "core";
    e.text = PACKAGE_VERSION;
    return aw_store_log(l->store, &e, NULL, err);
}

int aw_loop_start(struct aw_loop *l, struct aw_err *err)
{
    int64_t open, waiting;
    int r;

    l->now = aw_clock_wall(l->opt.clock);
    l->opt.stats->started = l->now;
    l->alive_at = l->root_at = l->now;
    l->recovering = true;
    l->recover_by = aw_clock_boot() + RECOVER_MOST;
    r = aw_store_open_count(l->store, &open, err);
    if (r == AW_OK)
        r = aw_store_deliveries_waiting(l->store, &waiting, err);
    if (r == AW_OK)
        r = aw_store_begin(l->store, l->now, err);
    if (r)
        return r;
    l->opt.stats->open = open;
    l->opt.stats->deliveries_waiting = waiting;
    r = log_life(l, AW_ENTRY_START, err);
    if (r == AW_OK)
        r = record_downtime(l, err);
    if (r == AW_OK)
        r = aw_live_store(l->live, l->store, "core", err);
    if (r == AW_OK)
        r = aw_channels_start(l, err);
    if (r == AW_OK)
        r = aw_brakes_start(l, err);
    if (r == AW_OK && l->live->last_good)
        r = aw_store_notice(l->store, "rules-broken",
                            "the rules directory cannot be loaded; the last good set goes on", err);
    if (r == AW_OK)
        r = aw_store_commit(l->store, err);
    if (r)
        aw_store_rollback(l->store);
    return r;
}

int aw_life_stop(struct aw_loop *l, struct aw_err *err)
{
    int r = aw_store_begin(l->store, aw_clock_wall(l->opt.clock), err);

    if (r)
        return r;
    r = log_life(l, AW_ENTRY_STOP, err);
    if (r == AW_OK)
        r = aw_store_alive_put(l->store, l->now, err);
    if (r == AW_OK)
        r = aw_store_commit(l->store, err);
    if (r)
        aw_store_rollback(l->store);
    return r;
}

void aw_loop_free(struct aw_loop *l)
{
    struct aw_flight *f, *nf;
    struct aw_account *a, *na;
    struct aw_asked *q, *nq;

    if (!l)
        return;
    aw_fx_drop(l);
    HASH_ITER(hh, l->flights, f, nf)
    {
        if (f->test) {
            aw_cmd_refuse(f->test, AW_P_NOT_READY, "", "the daemon is stopping");
            f->test->done(f->test);
        }
        aw_flight_end(l, f);
    }
    HASH_ITER(hh, l->accounts, a, na)
    {
        HASH_DEL(l->accounts, a);
        while (a->n_cids)
            aw_free(a->cids[--a->n_cids]);
        aw_free(a->cids);
        aw_free(a);
    }
    HASH_ITER(hh, l->asked, q, nq)
    {
        HASH_DEL(l->asked, q);
        aw_free(q);
    }
    aw_talkers_free(l);
    aw_brakes_free(l);
    aw_silences_free(l);
    aw_digests_free(l);
    aw_suppress_free(l);
    aw_msgs_trim(l, 0);
    aw_pinned_forget(l, true);
    while (l->n_retired)
        aw_live_drop(l->retired[--l->n_retired]);
    aw_live_drop(l->live);
    aw_free(l->fx.sends);
    aw_free(l->fx.queries);
    aw_free(l->fx.asked);
    while (l->n_held)
        aw_cmd_free(l->held[--l->n_held]);
    aw_free(l->held);
    aw_free(l->confirmed);
    aw_free(l->ahead.list);
    aw_inbox_free(l->inbox);
    aw_free(l);
}
