/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether receipts can be seen, from the rows of questions: blind is who had no answer about an
 * attempt to the recipient during its last two check intervals, and no callback, while its channel
 * can be asked. And which channels repeat nothing whose fate is unknown. Reads only.
 */
#include "base/mem.h"
#include "daemon/loop_int.h"

#define LOOK_AFTER (5 * AW_SECOND) /* a question: its answer needs so long */

/* Whether an attempt that is asked about was one to the recipient. */
static bool about_recipient(struct aw_view *v, aw_id attempt)
{
    struct aw_stored_attempt *a = aw_malloc(sizeof(*a));
    struct aw_err err;
    int r = aw_store_attempt(v->l->store, attempt, a, &err);
    bool is = r == AW_OK && a->person == v->person;

    if (r && r != AW_ENOENT)
        v->err = err;
    aw_free(a);
    return is;
}

/* No answer in the last two check intervals, and no callback. */
static enum aw_sight world_sight(void *ctx, aw_time *ret_until)
{
    struct aw_view *v = ctx;
    enum aw_sight sight = AW_SEES;
    struct aw_poll polls[32];
    struct aw_err err;
    unsigned n = 0;
    aw_time now = v->l->now;

    if (aw_store_polls_of(v->l->store, v->l->tl.id, polls, AW_COUNT(polls), &n, &err))
        v->err = err;
    for (unsigned i = 0; i < n; i++) {
        const struct aw_channel *ch = aw_live_channel(v->l->live, polls[i].channel);
        aw_time since = aw_check_unseen(&v->rule->check, polls[i].accepted, now);
        aw_time next = polls[i].due > now ? polls[i].due + LOOK_AFTER : 0;

        if (!ch || since == 0 || polls[i].answered > since || polls[i].heard > since ||
            !about_recipient(v, polls[i].attempt))
            continue;
        if (ch->on_blind == AW_BLIND_HOLDS && (sight != AW_BLIND_HOLD || next < *ret_until)) {
            sight = AW_BLIND_HOLD;
            *ret_until = next;
        } else if (sight == AW_SEES) {
            sight = AW_BLIND_GO;
        }
    }
    return sight;
}

static bool world_holds_unknown(void *ctx, const struct aw_step *step, enum aw_kind kind,
                                unsigned via)
{
    struct aw_view *v = ctx;
    const struct aw_channel *list[AW_MAX_VIA];
    unsigned n = aw_live_channels(v->l->live, v->app, step, kind, list);

    return via < n && list[via]->on_unknown == AW_UNKNOWN_HOLDS;
}

void aw_sight_world(struct aw_view *v, struct aw_world *ret)
{
    if (!v->rule) /* at registration nothing has been sent */
        return;
    ret->sight = world_sight;
    ret->holds_unknown = world_holds_unknown;
}
