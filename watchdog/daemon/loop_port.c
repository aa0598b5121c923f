/* SPDX-License-Identifier: Apache-2.0
 *
 * The loop as others see it: its inbox as a port, and what any thread may ask of it. Nothing here
 * touches the state of a turn.
 */
#include "base/inbox.h"
#include "daemon/loop_int.h"

#define WAIT_MOST (2 * AW_SECOND)

/* Would work that is put now wait too long for its commit? Either the present turn hangs, as on a
 * slow disk, or too many turns lie before it. Proofs are not asked: they have their own lane. */
static bool overloaded(struct aw_loop *l)
{
    aw_boot most = l->opt.wait_most ? l->opt.wait_most : WAIT_MOST, since = l->turn_since;
    aw_boot turns = (aw_boot)(aw_inbox_depth(l->inbox, AW_LANE_WORK) / AW_TURN_CMDS);

    if (l->opt.clock->stepped && !l->opt.wait_most)
        return false;
    return (since && aw_clock_boot() - since > most) || turns * l->turn_ms > most;
}

/* What providers send has a lane of its own, but not what they handed out to us: that must come
 * ahead of the report that says so. */
static enum aw_lane lane_of(const struct aw_cmd *cmd, bool proof)
{
    if ((cmd->type == AW_CMD_RECEIPT || cmd->type == AW_CMD_REPLY) && cmd->owner)
        return AW_LANE_NEWS;
    return proof ? AW_LANE_PROOF : AW_LANE_WORK;
}

static int submit_put(void *ctx, struct aw_cmd *cmd, bool proof)
{
    struct aw_loop *l = ctx;
    int r;

    if (!proof && overloaded(l))
        return AW_EBUSY;
    l->pending++;
    r = aw_inbox_put(l->inbox, lane_of(cmd, proof), cmd);
    if (r)
        l->pending--;
    return r;
}

void aw_loop_submit(struct aw_loop *l, struct aw_submit *ret)
{
    ret->ctx = l;
    ret->put = submit_put;
}

void aw_loop_wake(struct aw_loop *l)
{
    l->kicked = 1;
    aw_inbox_wake(l->inbox);
}

void aw_loop_stop(struct aw_loop *l)
{
    l->stopping = 1;
    aw_inbox_wake(l->inbox);
}

void aw_loop_reload(struct aw_loop *l)
{
    l->reloading = 1;
    aw_inbox_wake(l->inbox);
}

void aw_loop_peek(struct aw_loop *l, struct aw_step_state *ret)
{
    ret->activity = l->activity;
    ret->busy = l->pending > 0 || l->in_turn || l->kicked;
    ret->next = l->next;
}
