/* SPDX-License-Identifier: Apache-2.0
 *
 * T2: what is due is judged and claimed, as much as the carrier has room for. The due index of the
 * store is the only timer queue. Also the first turns after a start: tries that were in flight
 * when the last run ended have an unknown outcome.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "daemon/loop_int.h"

/* What was just claimed carries along what waits for the same person, if that is much. */
static int digest(struct aw_loop *l, const struct aw_msg *m, struct aw_err *err)
{
    struct aw_digest d = l->claimed;
    int r;

    if (aw_channel_needs_form(d.send->channel) &&
        !aw_template_find(&l->live->conf->templates, "digest", d.kind, d.send->lang))
        return AW_OK; /* it could not carry such a text */
    d.titles = (struct aw_buf)AW_BUF_INIT(64 * 1024);
    aw_digest_title(&d, m);
    r = aw_digest_form(l, &d, aw_brakes_digest(l), err);
    aw_buf_free(&d.titles);
    return r;
}

static int by_priority(const void *a, const void *b)
{
    const struct aw_due_row *x = a, *y = b;

    if (x->priority != y->priority)
        return x->priority > y->priority ? -1 : 1;
    return x->rank < y->rank ? -1 : x->rank > y->rank;
}

static int look_ahead(struct aw_loop *l, struct aw_err *err)
{
    struct aw_ahead *h = &l->ahead;

    if (!h->list)
        h->list = aw_malloc(AW_AHEAD * sizeof(*h->list));
    h->next = 0;
    h->at = l->now;
    int r = aw_store_due_ranked(l->store, l->now, h->list, AW_AHEAD, &h->n, err);
    if (r == AW_OK)
        qsort(h->list, h->n, sizeof(*h->list), by_priority);
    return r;
}

/* What is judged in this turn, at most max; *ret_more: there is more. */
static int choose(struct aw_loop *l, aw_id *ids, unsigned max, unsigned *n, bool *ret_more,
                  struct aw_err *err)
{
    struct aw_ahead *h = &l->ahead;
    bool fresh = h->next < h->n && l->now >= h->at && l->now - h->at < AW_SECOND;
    int r = AW_OK;

    *n = 0;
    if (!fresh) {
        h->n = h->next = 0;
        r = aw_store_due(l->store, l->now, ids, max, n, err);
        *ret_more = *n == max;
        if (r || *n < max)
            return r;
        r = look_ahead(l, err);
    }
    for (*n = 0; r == AW_OK && *n < max && h->next < h->n; ++*n)
        ids[*n] = h->list[h->next++].id;
    *ret_more = true;
    return r;
}

int aw_turn_due(struct aw_loop *l, bool *ret_more, struct aw_err *err)
{
    struct aw_event ev = {.type = AW_EV_DUE};
    unsigned n = 0, room = aw_fx_room(l), max = room < AW_TURN_DUE ? room : AW_TURN_DUE;
    aw_id *ids;
    int r;

    *ret_more = false;
    if (l->recovering || l->full || max == 0)
        return AW_OK;
    ids = aw_malloc(max * sizeof(*ids));
    r = choose(l, ids, max, &n, ret_more, err);
    for (unsigned i = 0; i < n && r == AW_OK; i++) {
        struct aw_msg *m;

        if (aw_fx_room(l) == 0) {
            l->ahead.next -= l->ahead.next >= n - i ? n - i : 0; /* they are next */
            break;
        }
        r = aw_judge_load(l, ids[i], &m, err);
        l->claimed.send = NULL;
        if (r == AW_OK)
            r = aw_judge(l, m, &ev, "core", NULL, err);
        if (r == AW_OK && l->tl.due && l->tl.due <= l->now)
            *ret_more = true; /* the engine's bound of facts was reached */
        if (r == AW_OK && l->claimed.send && aw_brakes_digest(l))
            r = digest(l, m, err);
    }
    aw_free(ids);
    return r;
}

static int recover_one(struct aw_loop *l, const struct aw_stored_attempt *a, aw_id attempt,
                       aw_id timeline, struct aw_err *err)
{
    struct aw_event ev = {.type = AW_EV_OUTCOME,
                          .attempt = attempt,
                          .outcome = AW_OUT_UNKNOWN,
                          .why = AW_WHY_RESTART,
                          .person = a->person,
                          .known = a->level,
                          .at = l->now};
    struct aw_fact_note note = {.text = "in flight when the process ended"};
    struct aw_msg *m;
    int r = aw_judge_load(l, timeline, &m, err);

    return r ? r : aw_judge(l, m, &ev, "core", &note, err);
}

/* The attempt, and what other recipients' firings travelled with it. */
static int recover_all(struct aw_loop *l, const struct aw_stored_attempt *a, struct aw_err *err)
{
    int r = recover_one(l, a, a->id, a->message + a->n, err);

    for (unsigned i = 0; r == AW_OK && i < a->n_merged; i++) {
        aw_id attempt;

        r = aw_joined_try(l, &a->merged[i], &attempt, err);
        if (r == AW_OK && attempt)
            r = recover_one(l, a, attempt, a->merged[i].timeline, err);
    }
    return r;
}

int aw_turn_recover(struct aw_loop *l, bool *ret_more, struct aw_err *err)
{
    struct aw_stored_attempt *a;
    aw_id ids[256];
    unsigned n;
    int r = aw_store_open_attempts(l->store, l->recover_after, ids, AW_COUNT(ids), &n, err);

    *ret_more = false;
    if (r)
        return r;
    a = aw_malloc(sizeof(*a));
    for (unsigned i = 0; i < n && r == AW_OK; i++) {
        l->recover_after = ids[i];
        r = aw_store_attempt(l->store, ids[i], a, err);
        if (r == AW_OK)
            r = recover_all(l, a, err);
    }
    aw_free(a);
    *ret_more = n == AW_COUNT(ids);
    return r;
}
