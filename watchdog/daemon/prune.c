/* SPDX-License-Identifier: Apache-2.0
 *
 * Retention. A pass goes over the messages from the oldest on, up to the youngest that may have
 * outlived the shortest retention, and takes away what has; then rows that go by age. It is cut
 * into slices, each a transaction of its own between two turns: back to back when the core is idle,
 * four a second when it is not, so that a store under steady load is pruned too. A slice is bounded
 * by rows, so an acknowledgement waits for one at most.
 *
 * Once a day, and soon after an erasure, a pass is wide: it also looks into messages that stay for
 * people who were erased (redact.c), and ends with a census of those whom nothing names any more.
 *
 * Passes begin again when a 24th of the shortest retention has gone by, at most six hours.
 */
#include "daemon/loop_int.h"

#define LOOKED     256  /* messages looked at in a slice */
#define ROWS       512  /* rows taken away in a slice, about */
#define COUNTED    2048 /* rows looked at in a slice of the census */
#define IDLE_WAIT  2    /* ms between slices */
#define BUSY_EVERY 250  /* ms */
#define PASS_MOST  (6 * AW_HOUR)
#define WIDE_EVERY AW_DAY

/* NULL: a rule of old that cannot be read any more. */
static aw_ms retention_of(const struct aw_loop *l, const struct aw_rule *rule)
{
    return rule && rule->retention ? rule->retention : l->live->conf->retention;
}

/* The shortest that is in force; rules of old sets that asked for less wait for it. */
static aw_ms shortest(const struct aw_loop *l)
{
    aw_ms least = l->live->conf->retention;

    for (unsigned i = 0; i < l->live->rules.n; i++)
        if (retention_of(l, l->live->rules.rules[i]) < least)
            least = retention_of(l, l->live->rules.rules[i]);
    return least;
}

static bool due(const struct aw_loop *l)
{
    const struct aw_prune *p = &l->prune;
    aw_ms every = shortest(l) / 24;

    if (p->under_way || p->erased || !p->pass_at || l->now < p->pass_at)
        return true;
    return l->now - p->pass_at >= (every < PASS_MOST ? every : PASS_MOST);
}

static int look_at(struct aw_loop *l, const struct aw_old_message *m, unsigned *rows,
                   struct aw_err *err)
{
    aw_ms keep = retention_of(l, aw_rule_pinned(l, m->rule, err));
    unsigned n = 0;
    bool changed = false;
    int r = AW_OK;

    if (aw_id_time(m->id) + keep <= l->now)
        r = aw_store_prune_message(l->store, m, l->now - keep, &n, err);
    if (r == AW_OK && n == 0 && l->prune.wide)
        r = aw_redact(l, m->id, &changed, err);
    *rows += n + changed;
    return r;
}

static int slice(struct aw_loop *l, struct aw_err *err)
{
    struct aw_old_message list[LOOKED];
    struct aw_prune *p = &l->prune;
    aw_ms keep = p->wide ? AW_RETENTION_LEAST : shortest(l);
    aw_id before = aw_id_first(l->now - keep + 1);
    unsigned n = 0, i = 0, rows = 0, aged = 0, erased = 0;
    int r = aw_store_old_messages(l->store, p->at, before, list, LOOKED, &n, err);

    for (; i < n && r == AW_OK && rows < ROWS; i++) {
        r = look_at(l, &list[i], &rows, err);
        p->at = list[i].id;
    }
    if (r == AW_OK && rows < ROWS)
        r = aw_store_prune_aged(l->store, ROWS - rows, &aged, err);
    p->under_way = n == LOOKED || i < n || aged;
    if (r == AW_OK && !p->under_way && p->wide)
        r = aw_store_census(l->store, COUNTED, &erased, &p->under_way, err);
    p->any = p->any || rows || aged || erased;
    if (r == AW_OK && !p->under_way && p->any)
        aw_store_prune_done(l->store);
    l->opt.stats->pruned += rows + aged;
    return r;
}

static void begin_pass(struct aw_loop *l)
{
    struct aw_prune *p = &l->prune;
    bool wide =
        p->erased || !p->wide_at || l->now < p->wide_at || l->now - p->wide_at >= WIDE_EVERY;

    *p = (struct aw_prune){.under_way = true,
                           .pass_at = l->now,
                           .wide = wide,
                           .wide_at = wide ? l->now : p->wide_at,
                           .slice_at = p->slice_at};
}

int aw_prune_slice(struct aw_loop *l, bool idle, aw_ms *ret_wait_ms, struct aw_err *err)
{
    struct aw_prune *p = &l->prune, before = *p;
    aw_boot now = aw_clock_boot();
    int r;

    *ret_wait_ms = -1;
    if (l->full || l->recovering || !due(l))
        return AW_OK;
    if (!idle && (l->opt.clock->stepped || now - p->slice_at < BUSY_EVERY))
        return AW_OK; /* a stepped run repeats exactly */
    if (!p->under_way)
        begin_pass(l);
    p->slice_at = now;
    r = aw_store_begin(l->store, l->now, err);
    if (r == AW_OK)
        r = slice(l, err);
    if (r == AW_OK)
        r = aw_store_commit(l->store, err);
    if (r) {
        aw_store_rollback(l->store);
        *p = before;
        p->slice_at = now;
        return r == AW_ENOSPC ? AW_OK : r; /* a turn will say that the disk is full */
    }
    aw_msgs_trim(l, 0);
    if (p->under_way)
        *ret_wait_ms = l->opt.clock->stepped ? 0 : IDLE_WAIT;
    return AW_OK;
}
