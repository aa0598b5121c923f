/* SPDX-License-Identifier: Apache-2.0
 *
 * Commands to the core thread: making, freeing, refusing. A command belongs to its sender, but
 * between aw_submit.put and done() to the core thread. Fields marked `owned` in cmd.h die with it.
 */
#include "core/cmd.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/mem.h"

static const struct aw_problem_info problems[] = {
    [AW_P_NONE] = {"none", 200, "Done"},
    [AW_P_BAD_JSON] = {"bad-json", 400, "The body is not JSON"},
    [AW_P_VALIDATION] = {"validation", 422, "A value is not valid"},
    [AW_P_UNKNOWN_MEMBER] = {"unknown-member", 422, "A member is not known"},
    [AW_P_KEY_REQUIRED] = {"idempotency-key-required", 422,
                           "Idempotency-Key or external_id is required"},
    [AW_P_KEY_REUSED] = {"idempotency-key-reused", 409, "The key was used with another body"},
    [AW_P_RULE_NOT_FOUND] = {"rule-not-found", 422, "There is no such rule"},
    [AW_P_NO_RULE_MATCHED] = {"no-rule-matched", 422, "No rule takes this message"},
    [AW_P_RULE_REFUSES] = {"rule-refuses", 422, "The rule does not fit this message"},
    [AW_P_UNREACHABLE] = {"recipient-unreachable", 422, "No step can reach a recipient"},
    [AW_P_UNAUTHENTICATED] = {"unauthenticated", 401, "A valid token is required"},
    [AW_P_SCOPE_MISSING] = {"scope-missing", 403, "The token lacks a scope"},
    [AW_P_NOT_FOUND] = {"not-found", 404, "There is no such object"},
    [AW_P_METHOD_NOT_ALLOWED] = {"method-not-allowed", 405, "The method is not allowed here"},
    [AW_P_STATE_CONFLICT] = {"state-conflict", 409, "The object is in another state"},
    [AW_P_TOO_LARGE] = {"too-large", 413, "The request is too large"},
    [AW_P_UNSUPPORTED_TYPE] = {"unsupported-media-type", 415, "The content type is not supported"},
    [AW_P_BUSY] = {"busy", 503, "Too busy, try again later"},
    [AW_P_STORE_FULL] = {"store-full", 507, "The store is full"},
    [AW_P_STORE_FAILED] = {"store-failed", 503, "The store failed"},
    [AW_P_BAD_REQUEST] = {"bad-request", 400, "The request is malformed"},
    [AW_P_RELOAD_REFUSED] = {"reload-refused", 422, "The reload was refused"},
    [AW_P_NOT_READY] = {"not-ready", 503, "Not ready"},
    [AW_P_INTERNAL] = {"internal", 500, "Internal error"},
    [AW_P_RATE_LIMITED] = {"rate-limited", 429, "Too many requests"},
    [AW_P_STATE_MOVED] = {"state-moved", 409, "The object has changed since"},
    [AW_P_CLAIM_REFUSED] = {"claim-refused", 409, "The rule lets nobody claim"},
    [AW_P_TOO_FAST] = {"too-fast", 429, "Too many requests a second"},
    [AW_P_FOREIGN_DEVICE] = {"device-of-another-app", 409, "The device belongs to another app"},
};
static_assert(AW_COUNT(problems) == AW_N_PROBLEMS, "a problem has no row");

const struct aw_problem_info *aw_problem_info(enum aw_problem p)
{
    assert((unsigned)p < AW_N_PROBLEMS);
    return &problems[p];
}

struct aw_cmd *aw_cmd_new(enum aw_cmd_type type)
{
    struct aw_cmd *cmd = aw_calloc(1, sizeof(*cmd));
    cmd->type = type;
    cmd->app = "";
    return cmd;
}

void aw_cmd_free(struct aw_cmd *cmd)
{
    if (!cmd)
        return;
    switch (cmd->type) {
    case AW_CMD_REGISTER:
        aw_registration_free(&cmd->u.reg.reg);
        break;
    case AW_CMD_ACK:
        aw_free(cmd->u.ack.detail_json);
        break;
    case AW_CMD_CONTACT_GET:
    case AW_CMD_CONTACT_PUT:
    case AW_CMD_CONTACT_DELETE:
        aw_free(cmd->u.contact.json);
        break;
    case AW_CMD_SILENCE_ADD:
        aw_free(cmd->u.silence.match);
        break;
    case AW_CMD_INBOX:
        aw_free(cmd->u.inbox.messages);
        break;
    case AW_CMD_REPORT:
        aw_free(cmd->u.report);
        break;
    case AW_CMD_CIDS:
        for (unsigned i = 0; i < cmd->u.cids.n; i++)
            aw_free(cmd->u.cids.cids[i]);
        aw_free(cmd->u.cids.cids);
        break;
    default: /* the others own nothing but the reply's body */
        break;
    }
    aw_free(cmd->reply.body);
    aw_free(cmd);
}

void aw_cmd_refuse(struct aw_cmd *cmd, enum aw_problem p, const char *pointer, const char *fmt, ...)
{
    struct aw_reply *r = &cmd->reply;
    va_list ap;

    assert(p != AW_P_NONE);
    if (r->problem != AW_P_NONE)
        return;
    r->problem = p;
    snprintf(r->pointer, sizeof(r->pointer), "%s", pointer ? pointer : "");
    va_start(ap, fmt);
    vsnprintf(r->detail, sizeof(r->detail), fmt, ap);
    va_end(ap);
}
