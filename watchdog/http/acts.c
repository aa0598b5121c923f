/* SPDX-License-Identifier: Apache-2.0
 *
 * What apps and people do to a message: acknowledge, cancel, snooze, resume, escalate, claim.
 * Answered after the commit.
 */
#include "http/call.h"

/* ---- POST /v1/messages/{message}/acks ------------------------------------------------------- */

void aw_put_acked(struct aw_jsonw *w, const struct aw_cmd *cmd)
{
    const struct aw_reply *r = &cmd->reply;
    aw_jw_id(w, "message", "msg_", cmd->u.ack.message);
    aw_jw_str(w, "recipient", cmd->u.ack.user);
    aw_jw_str(w, "level", aw_level_name(cmd->u.ack.level));
    aw_jw_str(w, "state", aw_state_name(r->state));
    aw_jw_bool(w, "first", r->first);
    aw_jw_time(w, "at", r->at);
}

static void acked(struct aw_call *call, struct aw_cmd *cmd)
{
    struct aw_answer a;

    if (!aw_answer_open(call, cmd, &a))
        return;
    aw_put_acked(&a.w, cmd);
    aw_answer_close(call, &a, 200);
}

void aw_do_ack(struct aw_call *call)
{
    struct aw_cmd *cmd = aw_call_cmd(call, AW_CMD_ACK);

    if (!aw_call_body(call, cmd, aw_request_ack))
        return;
    cmd->u.ack.message = call->message;
    /* A key is an application server; on the control socket it is a person, for the recipient. */
    cmd->u.ack.source = call->caller.key ? AW_SRC_APP : AW_SRC_OPERATOR;
    aw_call_submit(call, cmd, acked);
}

/* ---- POST /v1/messages/{message}:cancel ------------------------------------------------------ */

static void cancelled(struct aw_call *call, struct aw_cmd *cmd)
{
    struct aw_answer a;

    if (!aw_answer_open(call, cmd, &a))
        return;
    aw_jw_id(&a.w, "id", "msg_", call->message);
    aw_jw_str(&a.w, "state", aw_state_name(cmd->reply.state));
    aw_answer_close(call, &a, 200);
}

void aw_do_cancel(struct aw_call *call)
{
    struct aw_cmd *cmd = aw_call_cmd(call, AW_CMD_CANCEL);

    if (!aw_call_body(call, cmd, aw_request_cancel))
        return;
    cmd->u.cancel.message = call->message;
    aw_call_submit(call, cmd, cancelled);
}

/* ---- POST /v1/messages/{message}:snooze, :resume, :escalate, :claim -------------------------- */

static void acted(struct aw_call *call, struct aw_cmd *cmd)
{
    struct aw_answer a;
    const struct aw_reply *r = &cmd->reply;

    if (!aw_answer_open(call, cmd, &a))
        return;
    aw_jw_id(&a.w, "id", "msg_", call->message);
    aw_jw_str(&a.w, "state", aw_state_name(r->state));
    aw_jw_int(&a.w, "changed", r->n_changed);
    if (cmd->u.act.what == AW_ACT_ESCALATE)
        aw_jw_str(&a.w, "step", r->step);
    aw_jw_time(&a.w, "held_until", r->until);
    aw_jw_time(&a.w, "next_due", r->due);
    aw_jw_int(&a.w, "seq", r->seq);
    aw_answer_close(call, &a, 200);
}

static void act(struct aw_call *call, enum aw_act what)
{
    struct aw_cmd *cmd = aw_call_cmd(call, AW_CMD_ACT);
    struct aw_fault fault = {0};

    if (aw_request_act(call->view->body, call->view->n_body, what, cmd, &fault) < 0) {
        aw_call_fault(call, &fault);
        aw_cmd_free(cmd);
        return;
    }
    cmd->u.act.message = call->message;
    aw_call_submit(call, cmd, acted);
}

void aw_do_snooze(struct aw_call *call)
{
    act(call, AW_ACT_SNOOZE);
}

void aw_do_resume(struct aw_call *call)
{
    act(call, AW_ACT_RESUME);
}

void aw_do_escalate(struct aw_call *call)
{
    act(call, AW_ACT_ESCALATE);
}

void aw_do_claim(struct aw_call *call)
{
    act(call, AW_ACT_CLAIM);
}
