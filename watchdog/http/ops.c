/* SPDX-License-Identifier: Apache-2.0
 *
 * Channels, status and health: mostly what the daemon writes, put into frames.
 */
#include <string.h>

#include "base/str.h"
#include "codec/json.h"
#include "http/call.h"

/* ---- channels ----------------------------------------------------------------------------------
 */

void aw_do_channels(struct aw_call *call)
{
    aw_call_array(call, call->api->env.status.channels);
}

static void tested(struct aw_call *call, struct aw_cmd *cmd)
{
    struct aw_answer a;
    const struct aw_reply *r = &cmd->reply;

    if (!aw_answer_open(call, cmd, &a))
        return;
    aw_jw_str(&a.w, "channel", cmd->u.test.channel);
    aw_jw_str(&a.w, "outcome", aw_outcome_name((enum aw_outcome)r->number));
    aw_jw_str(&a.w, "provider_id", r->body);
    aw_jw_str(&a.w, "detail", r->detail);
    aw_answer_close(call, &a, 200);
}

void aw_do_channel_test(struct aw_call *call)
{
    struct aw_cmd *cmd = aw_call_cmd(call, AW_CMD_CHANNEL_TEST);
    size_t n = strlen(call->params[0]);

    if (n > AW_NAME_MAX) {
        aw_call_not_found(call, "channel");
        aw_cmd_free(cmd);
    } else if (aw_call_body(call, cmd, aw_request_test)) {
        memcpy(cmd->u.test.channel, call->params[0], n + 1);
        aw_call_submit(call, cmd, tested);
    }
}

static void paused(struct aw_call *call, struct aw_cmd *cmd)
{
    struct aw_answer a;

    if (!aw_answer_open(call, cmd, &a))
        return;
    aw_jw_str(&a.w, "channel", cmd->u.channel.name);
    aw_jw_bool(&a.w, "paused", cmd->type == AW_CMD_CHANNEL_PAUSE);
    if (cmd->reply.due)
        aw_jw_time(&a.w, "until", cmd->reply.due);
    aw_answer_close(call, &a, 200);
}

static void hold(struct aw_call *call, enum aw_cmd_type type)
{
    struct aw_cmd *cmd = aw_call_cmd(call, type);
    size_t n = strlen(call->params[0]);

    if (n > AW_NAME_MAX) {
        aw_call_not_found(call, "channel");
        aw_cmd_free(cmd);
    } else if (aw_call_body(call, cmd, aw_request_channel)) {
        memcpy(cmd->u.channel.name, call->params[0], n + 1);
        aw_call_submit(call, cmd, paused);
    }
}

void aw_do_channel_pause(struct aw_call *call)
{
    hold(call, AW_CMD_CHANNEL_PAUSE);
}

void aw_do_channel_resume(struct aw_call *call)
{
    hold(call, AW_CMD_CHANNEL_RESUME);
}

/* ---- status and health -------------------------------------------------------------------------
 */

void aw_do_status(struct aw_call *call)
{
    const struct aw_status *status = &call->api->env.status;
    struct aw_buf out = AW_BUF_INIT(1 << 20);
    status->json(status->ctx, &out);
    aw_call_json(call, 200, &out, NULL, 0);
}

void aw_do_livez(struct aw_call *call)
{
    aw_call_text(call, 200, "text/plain; charset=utf-8", "ok\n", 3, NULL, 0);
}

void aw_do_readyz(struct aw_call *call)
{
    const struct aw_status *status = &call->api->env.status;
    struct aw_buf why = AW_BUF_INIT(64 << 10), checks = AW_BUF_INIT(64 << 10),
                  out = AW_BUF_INIT(192 << 10);
    bool ready = status->ready(status->ctx, &why, &checks);
    char verbose[8];

    if (aw_http_query(call->view, "verbose", verbose, sizeof(verbose)) != AW_ENOENT) {
        aw_buf_printf(&out, "{\"ready\":%s,\"why\":%s,\"checks\":%s}", ready ? "true" : "false",
                      why.n ? aw_buf_str(&why) : "[]", checks.n ? aw_buf_str(&checks) : "[]");
        aw_call_json(call, ready ? 200 : 503, &out, NULL, 0);
    } else if (ready) {
        aw_call_text(call, 200, "text/plain; charset=utf-8", "ok\n", 3, NULL, 0);
    } else {
        aw_call_problem(call, AW_P_NOT_READY, "", "ask /readyz?verbose for the reasons");
    }
    aw_buf_free(&why);
    aw_buf_free(&checks);
}

void aw_do_metrics(struct aw_call *call)
{
    const struct aw_status *status = &call->api->env.status;
    struct aw_buf out = AW_BUF_INIT(4 << 20);
    status->metrics(status->ctx, &out);
    aw_call_text(call, 200, "text/plain; version=0.0.4; charset=utf-8", aw_buf_str(&out), out.n,
                 NULL, 0);
    aw_buf_free(&out);
}
