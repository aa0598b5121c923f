/* SPDX-License-Identifier: Apache-2.0
 *
 * POST /v1/rules:check, :test, :simulate, :explain: rules and messages that are sent to be looked
 * at. The work is the daemon's (core/ports.h, struct aw_tools); nothing reaches the core thread.
 */
#include <string.h>

#include "http/call.h"

static void answer(struct aw_call *call, enum aw_tool tool)
{
    const struct aw_tools *tools = &call->api->env.tools;
    struct aw_buf out = AW_BUF_INIT(AW_LIST_MAX);
    struct aw_tool_job job = {.tool = tool,
                              .app = call->app,
                              .body = call->view->body,
                              .n = call->view->n_body,
                              .out = &out};

    if (!aw_call_lang(call, &job.lang))
        return;
    tools->run(tools->ctx, &job);
    if (job.problem == AW_P_NONE) {
        aw_call_json(call, 200, &out, NULL, 0);
        return;
    }
    aw_buf_free(&out);
    aw_call_refuse(call, job.problem, job.pointer, job.detail);
}

void aw_do_rules_check(struct aw_call *call)
{
    answer(call, AW_TOOL_CHECK);
}

void aw_do_rules_test(struct aw_call *call)
{
    answer(call, AW_TOOL_TEST);
}

void aw_do_rules_simulate(struct aw_call *call)
{
    answer(call, AW_TOOL_SIMULATE);
}

void aw_do_rules_explain(struct aw_call *call)
{
    answer(call, AW_TOOL_EXPLAIN);
}
