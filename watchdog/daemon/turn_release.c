/* SPDX-License-Identifier: Apache-2.0
 *
 * The message as a whole. When a timeline ends, the fold of all of them may end the message. Where
 * a part of the recipients confirms it (`of`), the others are released: in the same transaction,
 * after everything else that came in this turn, so that two acknowledgements at one instant are
 * both confirmed, and before anything is claimed. One message has at most 1,000 timelines, and each
 * of them is released once.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "daemon/loop_int.h"

/* Messages whose others are to be released, each once. */
static void remember(struct aw_loop *l, aw_id message)
{
    for (unsigned i = 0; i < l->n_confirmed; i++)
        if (l->confirmed[i] == message)
            return;
    if (l->n_confirmed == l->cap_confirmed) {
        l->cap_confirmed = l->cap_confirmed ? 2 * l->cap_confirmed : 16;
        l->confirmed = aw_realloc(l->confirmed, l->cap_confirmed * sizeof(*l->confirmed));
    }
    l->confirmed[l->n_confirmed++] = message;
}

int aw_message_end(struct aw_loop *l, struct aw_msg *m, struct aw_err *err)
{
    unsigned counts[AW_N_STATES];
    enum aw_state state;
    int r;

    if (l->releasing)
        return AW_OK;
    r = aw_store_counts(l->store, m->row.id, m->row.n, counts, err);
    if (r)
        return r;
    state = aw_message_fold(m->row.needed, counts);
    if (state != AW_OPEN && counts[AW_OPEN] > 0)
        remember(l, m->row.id);
    if (state == AW_OPEN || counts[AW_OPEN] > 0)
        return AW_OK;
    r = aw_store_message_ended(l->store, m->row.id, &l->tl, state, err);
    return r ? r : aw_delivery_note(l, m, -1, state, err);
}

static int release(struct aw_loop *l, struct aw_msg *m, struct aw_err *err)
{
    struct aw_event ev = {.type = AW_EV_RELEASE};
    bool any = false;
    int r = AW_OK;

    l->releasing = true;
    for (unsigned i = 0; i < m->row.n && r == AW_OK; i++) {
        r = aw_store_timeline(l->store, m->row.id + i, &l->tl, err);
        if (r || l->tl.state != AW_OPEN)
            continue;
        any = true;
        r = aw_judge(l, m, &ev, "core", NULL, err);
    }
    l->releasing = false;
    return r == AW_OK && any ? aw_message_end(l, m, err) : r;
}

int aw_turn_release(struct aw_loop *l, struct aw_err *err)
{
    int r = AW_OK;

    for (unsigned i = 0; i < l->n_confirmed && r == AW_OK; i++) {
        struct aw_msg *m;

        r = aw_msg_get(l, l->confirmed[i], &m, err);
        if (r == AW_OK)
            r = release(l, m, err);
    }
    l->n_confirmed = 0;
    return r;
}
