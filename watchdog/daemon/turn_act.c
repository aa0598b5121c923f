/* SPDX-License-Identifier: Apache-2.0
 *
 * People act on the timelines of a message, or on one of them: cancel, snooze, resume, escalate,
 * claim. Each act has a reason, which stands beside the log. An act is checked against all
 * timelines concerned before it changes one; those that have ended already are passed over.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "daemon/loop_int.h"

/* --- what is shared ----------------------------------------------------------------------------
 */

/* State of the message and of the timelines concerned, for the answer. */
static int reply_message(struct aw_loop *l, struct aw_cmd *cmd, const struct aw_msg *m,
                         struct aw_err *err)
{
    unsigned counts[AW_N_STATES];
    int r = aw_store_counts(l->store, m->row.id, m->row.n, counts, err);

    cmd->reply.id = m->row.id;
    cmd->reply.at = l->now;
    if (r == AW_OK)
        cmd->reply.state = aw_message_fold(m->row.needed, counts);
    return r;
}

/* --- cancel ------------------------------------------------------------------------------------
 */

/* Ends one timeline, and takes back its pushes that nobody has received. */
static int cancel_one(struct aw_loop *l, struct aw_cmd *cmd, struct aw_msg *m, struct aw_err *err)
{
    struct aw_event ev = {.type = AW_EV_CANCEL};
    struct aw_fact_note note = {.detail = cmd->u.cancel.reason};
    struct aw_poll polls[32];
    unsigned n;
    int r = aw_store_polls_of(l->store, l->tl.id, polls, AW_COUNT(polls), &n, err);

    if (r == AW_OK)
        r = aw_judge(l, m, &ev, cmd->actor, &note, err);
    return r ? r : aw_polls_revoke(l, polls, n, err);
}

int aw_turn_cancel(struct aw_loop *l, struct aw_cmd *cmd, struct aw_err *err)
{
    struct aw_msg *m;
    bool any = false;
    int r = aw_cmd_message(l, cmd, cmd->u.cancel.message, &m, err);

    if (r || !m)
        return r;
    for (unsigned i = 0; i < m->row.n && r == AW_OK; i++) {
        r = aw_store_timeline(l->store, m->row.id + i, &l->tl, err);
        if (r || (l->tl.state != AW_OPEN && !aw_engine_can_close(m->rule, &l->tl)))
            continue;
        any = true;
        r = cancel_one(l, cmd, m, err);
    }
    if (r == AW_OK && !any)
        aw_cmd_refuse(cmd, AW_P_STATE_CONFLICT, "", "the message has ended already");
    return r == AW_OK && any ? reply_message(l, cmd, m, err) : r;
}

/* --- holds and escalations ---------------------------------------------------------------------
 */

/* One act under way. */
struct act {
    struct aw_loop *l;
    struct aw_cmd *cmd;
    struct aw_msg *m;
    struct aw_event ev;
    unsigned from, to;       /* recipients concerned */
    bool any_open, any_left; /* of their timelines; and with a firing to escalate to */
    int64_t seq;             /* newest entry of them all */
    aw_time end;             /* of the message, by max_age */
    char detail[700];        /* reason, and who claims */
};

/* The recipient's own timeline is not held by the recipient's claim. */
static bool concerns(const struct act *a, unsigned n)
{
    return !a->cmd->u.act.by[0] || strcmp(a->m->reg.recipients[n].user, a->cmd->u.act.by) != 0;
}

static int look(struct act *a, struct aw_err *err)
{
    const struct aw_timeline *tl = &a->l->tl;
    unsigned step, round;

    for (unsigned n = a->from; n < a->to; n++) {
        int r = aw_store_timeline(a->l->store, a->m->row.id + n, &a->l->tl, err);
        if (r)
            return r;
        if (tl->last > a->seq)
            a->seq = tl->last;
        if (tl->state != AW_OPEN || !concerns(a, n))
            continue;
        a->any_open = true;
        a->any_left |= aw_engine_escalation(a->m->rule, tl, a->ev.step, &step, &round);
        a->end = aw_end_of_life(a->m->rule, tl);
    }
    return AW_OK;
}

/* The end of the hold, or a refusal. */
static void set_hold(struct act *a)
{
    struct aw_cmd *cmd = a->cmd;
    bool claim = cmd->u.act.what == AW_ACT_CLAIM;
    const char *pointer = cmd->u.act.until ? "/until" : "/for";
    char end[AW_TIME_TEXT];

    a->ev.type = AW_EV_HOLD;
    a->ev.why = claim ? AW_WHY_CLAIM : AW_WHY_SNOOZED;
    a->ev.at = cmd->u.act.until ? cmd->u.act.until
                                : a->l->now + (claim ? a->m->rule->claim_hold : cmd->u.act.span);
    aw_time_print(end, a->end);
    if (claim && a->m->rule->claim_hold == 0)
        aw_cmd_refuse(cmd, AW_P_CLAIM_REFUSED, "",
                      "rule %s has no `claim`: snooze the message instead", a->m->rule->name);
    else if (a->ev.at <= a->l->now)
        aw_cmd_refuse(cmd, AW_P_VALIDATION, pointer, "the hold must end in the future");
    else if (!claim && a->ev.at >= a->end)
        aw_cmd_refuse(cmd, AW_P_VALIDATION, pointer,
                      "max_age of the rule ends the message at %s, and no hold moves that: snooze "
                      "for less, or cancel",
                      end);
}

/* Which step, or a refusal. */
static void set_step(struct act *a)
{
    const char *name = a->cmd->u.act.step, *ids[AW_MAX_STEPS + 1] = {0};
    int step = name[0] ? aw_rule_step_index(a->m->rule, name) : AW_STEP_NEXT;

    a->ev.type = AW_EV_ESCALATE;
    if (step >= 0 && step != AW_STEP_EXHAUSTED) {
        a->ev.step = (uint8_t)step;
        return;
    }
    for (unsigned i = 0; i < a->m->rule->n_steps; i++)
        ids[i] = a->m->rule->steps[i].id;
    const char *near = aw_nearest(name, ids);
    if (step == AW_STEP_EXHAUSTED)
        aw_cmd_refuse(a->cmd, AW_P_VALIDATION, "/step",
                      "the exhausted step runs when a timeline has ended: cancel, or name another");
    else
        aw_cmd_refuse(a->cmd, AW_P_VALIDATION, "/step", "rule %s has no step \"%s\"%s%s%s",
                      a->m->rule->name, name, near ? "; did you mean \"" : "", near ? near : "",
                      near ? "\"?" : "");
}

/* What speaks against the act, in the order in which a person must hear it. */
static void check(struct act *a)
{
    struct aw_cmd *cmd = a->cmd;
    int64_t seen = cmd->u.act.if_seq;
    struct aw_head head;

    aw_store_head(a->l->store, &head);
    if (seen >= head.size)
        aw_cmd_refuse(cmd, AW_P_VALIDATION, "/if_seq",
                      "the log ends at %lld: take the `seq` of "
                      "the message or of a recipient",
                      (long long)head.size - 1);
    else if (!a->any_open && cmd->u.act.by[0] && a->to - a->from == 1 && !concerns(a, a->from))
        aw_cmd_refuse(cmd, AW_P_VALIDATION, "/by",
                      "this is the recipient: acknowledge instead of claiming");
    else if (!a->any_open)
        aw_cmd_refuse(cmd, AW_P_STATE_CONFLICT, "", "the %s has ended already",
                      cmd->u.act.user[0] ? "recipient's timeline" : "message");
    else if (seen >= 0 && a->seq > seen)
        aw_cmd_refuse(cmd, AW_P_STATE_MOVED, "/if_seq",
                      "you saw it at %lld, it is at %lld now: look again, then decide",
                      (long long)seen, (long long)a->seq);
    else if (cmd->u.act.what == AW_ACT_SNOOZE || cmd->u.act.what == AW_ACT_CLAIM)
        set_hold(a);
    else if (cmd->u.act.what == AW_ACT_ESCALATE && !a->any_left)
        aw_cmd_refuse(cmd, AW_P_STATE_CONFLICT, "", "%s%s has fired or was passed over already",
                      cmd->u.act.step[0] ? "step " : "every step", cmd->u.act.step);
}

/* Which of several: the answer tells of the hold that ends last, the first due, the first step. */
static void tell(struct act *a)
{
    const struct aw_timeline *tl = &a->l->tl;
    struct aw_reply *reply = &a->cmd->reply;
    const struct aw_step *step = aw_rule_step(a->m->rule, tl->escalated.step);

    if (a->l->up.n_facts > 0) {
        if (a->ev.type == AW_EV_ESCALATE && reply->n_changed == 0 && tl->escalated.at && step)
            snprintf(reply->step, sizeof(reply->step), "%s", step->id);
        reply->n_changed++;
    }
    if (aw_timeline_held(tl, a->l->now) && tl->hold.until > reply->until)
        reply->until = tl->hold.until;
    if (tl->due && (reply->due == 0 || tl->due < reply->due))
        reply->due = tl->due;
    if (tl->last > reply->seq)
        reply->seq = tl->last;
}

static int carry_out(struct act *a, struct aw_err *err)
{
    struct aw_fact_note note = {.detail = a->detail};
    int r = AW_OK;

    for (unsigned n = a->from; n < a->to && r == AW_OK; n++) {
        r = aw_store_timeline(a->l->store, a->m->row.id + n, &a->l->tl, err);
        a->l->up.n_facts = 0;
        if (r == AW_OK && a->l->tl.state == AW_OPEN && concerns(a, n))
            r = aw_judge(a->l, a->m, &a->ev, a->cmd->actor, &note, err);
        if (r == AW_OK)
            tell(a);
    }
    return r ? r : reply_message(a->l, a->cmd, a->m, err);
}

int aw_turn_act(struct aw_loop *l, struct aw_cmd *cmd, struct aw_err *err)
{
    struct act a = {.l = l, .cmd = cmd, .ev = {.type = AW_EV_RESUME}, .seq = -1};
    const char *by = cmd->u.act.by;
    int n, r = aw_cmd_message(l, cmd, cmd->u.act.message, &a.m, err);

    if (r || !a.m)
        return r;
    a.to = a.m->row.n;
    if (cmd->u.act.user[0]) {
        if ((n = aw_recipient_index(a.m, cmd->u.act.user)) < 0) {
            aw_cmd_refuse(cmd, AW_P_VALIDATION, "/recipient", "not a recipient of this message");
            return AW_OK;
        }
        a.from = (unsigned)n;
        a.to = a.from + 1;
    }
    snprintf(a.detail, sizeof(a.detail), "%s%s%s%s", cmd->u.act.reason, by[0] ? " (" : "", by,
             by[0] ? ")" : "");
    if (cmd->u.act.what == AW_ACT_ESCALATE)
        set_step(&a);
    if (cmd->reply.problem == AW_P_NONE && (r = look(&a, err)) == AW_OK)
        check(&a);
    return r || cmd->reply.problem ? r : carry_out(&a, err);
}
