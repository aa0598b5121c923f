/* SPDX-License-Identifier: Apache-2.0
 *
 * /v1/silences: what operators put off until a date. The core thread keeps those that stand.
 */
#include <stdio.h>
#include <string.h>

#include "http/call.h"

static void listed(struct aw_call *call, struct aw_cmd *cmd)
{
    struct aw_buf out = AW_BUF_INIT((size_t)4 << 20);
    struct aw_jsonw w;

    if (aw_call_refused(call, cmd))
        return;
    aw_list_open(&w, &out);
    for (const char *p = cmd->reply.body; p && *p;) { /* one object a line */
        size_t n = strcspn(p, "\n");
        aw_jw_raw(&w, NULL, p, n);
        p += n + (p[n] != '\0');
    }
    aw_call_list(call, &w, NULL);
}

void aw_do_silences(struct aw_call *call)
{
    aw_call_submit(call, aw_call_cmd(call, AW_CMD_SILENCES), listed);
}

static void added(struct aw_call *call, struct aw_cmd *cmd)
{
    struct aw_buf out = AW_BUF_INIT(64 * 1024);

    if (aw_call_refused(call, cmd))
        return;
    aw_buf_puts(&out, cmd->reply.body);
    aw_call_json(call, 201, &out, NULL, 0);
}

void aw_do_silence_add(struct aw_call *call)
{
    struct aw_cmd *cmd = aw_call_cmd(call, AW_CMD_SILENCE_ADD);

    if (!aw_call_body(call, cmd, aw_request_silence))
        return;
    aw_call_submit(call, cmd, added);
}

static void ended(struct aw_call *call, struct aw_cmd *cmd)
{
    struct aw_answer a;

    if (!aw_answer_open(call, cmd, &a))
        return;
    aw_jw_id(&a.w, "id", "sil_", (aw_id)cmd->u.silence.id);
    aw_jw_time(&a.w, "ended", cmd->reply.at);
    aw_answer_close(call, &a, 200);
}

void aw_do_silence_end(struct aw_call *call)
{
    struct aw_cmd *cmd;
    aw_id id;
    char reason[sizeof(cmd->u.silence.reason)];

    if (!aw_call_query(call, "reason", reason, sizeof(reason)))
        return;
    if (aw_id_parse(call->params[0], "sil_", &id) < 0) {
        aw_call_not_found(call, "silence");
        return;
    }
    if (!reason[0]) {
        aw_call_problem(call, AW_P_VALIDATION, "", "?reason= says why it ends");
        return;
    }
    cmd = aw_call_cmd(call, AW_CMD_SILENCE_END);
    cmd->u.silence.id = id;
    memcpy(cmd->u.silence.reason, reason, sizeof(reason));
    aw_call_submit(call, cmd, ended);
}
