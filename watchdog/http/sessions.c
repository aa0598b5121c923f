/* SPDX-License-Identifier: Apache-2.0
 *
 * Sessions: a user logs in on a device, or out; where a user is logged in; what a user has read in
 * the inbox. Answered after the commit: from then on the fence is where the answer says.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "http/call.h"

/* The body is an object of the core thread's making. */
static void answer_body(struct aw_call *call, struct aw_cmd *cmd)
{
    if (aw_call_refused(call, cmd))
        return;
    struct aw_buf out = AW_BUF_INIT(64 << 10);
    aw_buf_add(&out, cmd->reply.body, cmd->reply.n_body);
    aw_call_json(call, 200, &out, NULL, 0);
}

void aw_put_session(struct aw_jsonw *w, const struct aw_reply *r)
{
    aw_jw_raw(w, "session", r->body, r->n_body);
}

/* ---- /v1/sessions/{device} ------------------------------------------------------------------- */

/* A command about the device in the path; NULL: the call has ended. */
static struct aw_cmd *session_cmd(struct aw_call *call, bool login)
{
    if (!aw_valid_device(call->params[0])) {
        aw_call_problem(call, AW_P_VALIDATION, "",
                        "a registration id is 1 to %d letters, digits, dots, dashes, underscores",
                        AW_DEVICE_TEXT);
        return NULL;
    }
    struct aw_cmd *cmd = aw_call_cmd(call, AW_CMD_SESSION);
    memcpy(cmd->u.session.device, call->params[0], strlen(call->params[0]) + 1);
    cmd->u.session.login = login;
    cmd->u.session.seq = -1;
    return cmd;
}

void aw_do_login(struct aw_call *call)
{
    struct aw_cmd *cmd = session_cmd(call, true);

    if (cmd && aw_call_body(call, cmd, aw_request_session))
        aw_call_submit(call, cmd, answer_body);
}

/* ?user= ?seq= ?at=; false: the call has ended. */
static bool read_query(struct aw_call *call, struct aw_cmd *cmd)
{
    char seq[32], at[64];
    uint64_t v;

    if (!aw_call_query(call, "user", cmd->u.session.user, sizeof(cmd->u.session.user)) ||
        !aw_call_query(call, "seq", seq, sizeof(seq)) || !aw_call_query(call, "at", at, sizeof(at)))
        return false;
    if (cmd->u.session.user[0] && !aw_valid_user(cmd->u.session.user)) {
        aw_call_problem(call, AW_P_VALIDATION, "", "query parameter user: not a user id");
        return false;
    }
    if (seq[0] && aw_parse_u64(seq, strlen(seq), (uint64_t)AW_SEQ_MAX, &v) != 0) {
        aw_call_problem(call, AW_P_VALIDATION, "", "query parameter seq: a number that rises");
        return false;
    }
    if (at[0] && aw_time_parse(at, strlen(at), &cmd->u.session.at) != 0) {
        aw_call_problem(call, AW_P_VALIDATION, "",
                        "query parameter at: an instant as in 2026-11-23T10:00:00Z");
        return false;
    }
    if (seq[0])
        cmd->u.session.seq = (int64_t)v;
    return true;
}

void aw_do_logout(struct aw_call *call)
{
    struct aw_cmd *cmd = session_cmd(call, false);

    if (!cmd)
        return;
    if (read_query(call, cmd))
        aw_call_submit(call, cmd, answer_body);
    else
        aw_cmd_free(cmd);
}

/* ---- /v1/users/{user}/... -------------------------------------------------------------------- */

static bool is_user(struct aw_call *call)
{
    if (aw_valid_user(call->params[0]))
        return true;
    aw_call_problem(call, AW_P_VALIDATION, "",
                    "a user id is 1 to %d bytes of UTF-8 without control characters", AW_USER_MAX);
    return false;
}

void aw_do_devices(struct aw_call *call)
{
    if (!is_user(call))
        return;
    struct aw_cmd *cmd = aw_call_cmd(call, AW_CMD_DEVICES);
    memcpy(cmd->u.session.user, call->params[0], strlen(call->params[0]) + 1);
    aw_call_submit(call, cmd, answer_body);
}

static void inbox_read(struct aw_call *call, struct aw_cmd *cmd)
{
    struct aw_answer a;

    if (!aw_answer_open(call, cmd, &a))
        return;
    aw_jw_str(&a.w, "user", cmd->u.inbox.user);
    aw_jw_int(&a.w, "read", cmd->reply.n_changed);
    aw_jw_int(&a.w, "known", cmd->reply.number);
    aw_jw_time(&a.w, "at", cmd->reply.at);
    aw_answer_close(call, &a, 200);
}

void aw_do_inbox_read(struct aw_call *call)
{
    if (!is_user(call))
        return;
    struct aw_cmd *cmd = aw_call_cmd(call, AW_CMD_INBOX);
    memcpy(cmd->u.inbox.user, call->params[0], strlen(call->params[0]) + 1);
    if (aw_call_body(call, cmd, aw_request_inbox_read))
        aw_call_submit(call, cmd, inbox_read);
}
