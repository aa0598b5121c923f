/* SPDX-License-Identifier: Apache-2.0
 *
 * POST /v1/messages: parse, hand over, and say 201 once it is durable.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/digest.h"
#include "codec/json.h"
#include "http/call.h"

/* The text of a quoted string of RFC 8941, or the header as it stands. AW_EINVAL. */
static int unquote(const char *s, char *dst, size_t cap)
{
    bool quoted = *s == '"';
    size_t n = 0;

    for (s += quoted; *s && !(quoted && *s == '"'); s++) {
        if (quoted && *s == '\\' && *++s != '"' && *s != '\\')
            return AW_EINVAL;
        if (n + 1 >= cap)
            return AW_EINVAL;
        dst[n++] = *s;
    }
    dst[n] = 0;
    if (quoted && (*s != '"' || s[1]))
        return AW_EINVAL;
    return n > 0 && aw_utf8_clean(dst, n, false) ? 0 : AW_EINVAL;
}

/* The key in force: Idempotency-Key, or external_id in its place. False: the call has ended. */
static bool take_key(struct aw_call *call, struct aw_cmd *cmd)
{
    const char *header = aw_http_header(call->rq, "Idempotency-Key");
    const char *external = cmd->u.reg.reg.external_id;
    char *dst = cmd->u.reg.idem;

    if (!header && !external) {
        aw_call_problem(call, AW_P_KEY_REQUIRED, "",
                        "send Idempotency-Key or external_id, so that a repeat is no second push");
        return false;
    }
    if (header && unquote(header, dst, sizeof(cmd->u.reg.idem)) < 0) {
        aw_call_problem(call, AW_P_VALIDATION, "",
                        "Idempotency-Key: 1 to 255 bytes, bare or in double quotes");
        return false;
    }
    if (!header)
        snprintf(dst, sizeof(cmd->u.reg.idem), "%s", external);
    return true;
}

int aw_register_take(const struct aw_call *call, const char *p, size_t n, struct aw_cmd *cmd,
                     char app[AW_NAME_MAX + 1], struct aw_fault *fault)
{
    struct aw_registration *reg = &cmd->u.reg.reg;

    if (aw_request_registration(p, n, aw_clock_wall(call->api->env.clock), reg, fault) < 0)
        return AW_EINVAL;
    /* A key of an app registers for that app only. */
    if (reg->app && app[0] && strcmp(reg->app, app) != 0) {
        fault->problem = AW_P_VALIDATION;
        snprintf(fault->pointer, sizeof(fault->pointer), "/app");
        snprintf(fault->detail, sizeof(fault->detail), "the token belongs to app %s", app);
        return AW_EINVAL;
    }
    if (reg->app)
        snprintf(app, AW_NAME_MAX + 1, "%s", reg->app);
    const char *trace = aw_http_header(call->rq, "traceparent");
    if (trace && aw_valid_traceparent(trace))
        snprintf(reg->trace, sizeof(reg->trace), "%s", trace);
    aw_sha256(cmd->u.reg.digest, p, n);
    return 0;
}

void aw_put_registered(struct aw_jsonw *w, const struct aw_reply *r, const char *external_id,
                       unsigned n_recipients)
{
    aw_jw_id(w, "id", "msg_", r->id);
    aw_jw_str(w, "external_id", external_id[0] ? external_id : NULL);
    aw_jw_str(w, "app", r->app);
    aw_jw_object(w, "rule");
    aw_jw_str(w, "name", r->rule);
    aw_jw_hex(w, "sha256", r->sha256, sizeof(r->sha256));
    aw_jw_end(w, '}');
    aw_jw_str(w, "state", aw_state_name(AW_OPEN)); /* what it was when registered */
    aw_jw_time(w, "registered_at", r->at);
    aw_jw_time(w, "deadline", r->deadline);
    if (r->due) {
        aw_jw_object(w, "next");
        aw_jw_str(w, "step", r->step);
        aw_jw_str(w, "do", aw_kind_name(r->kind));
        aw_jw_time(w, "at", r->due);
        if (r->delayed)
            aw_jw_time(w, "until", r->delayed);
        aw_jw_end(w, '}');
    } else {
        aw_jw_str(w, "next", NULL);
    }
    aw_jw_int(w, "recipients", n_recipients);
}

void aw_conflict_text(char dst[AW_CONFLICT_TEXT], const char *key, const char *stored,
                      size_t n_stored, const char *given, size_t n_given)
{
    char names[512] = "";

    if (stored && given)
        aw_json_diff(stored, n_stored, given, n_given, names, sizeof(names));
    aw_format(
        dst, AW_CONFLICT_TEXT,
        "this %s stands for another registration%s%s; use a new one, or repeat the first body "
        "byte by byte",
        key, names[0] ? "; they differ in " : "", names);
}

/* On an http thread: two bodies of a megabyte are no work for the core thread. */
static void conflict(struct aw_call *call)
{
    char text[AW_CONFLICT_TEXT];

    aw_conflict_text(text, "key", call->stored, call->n_stored, call->view->body,
                     call->view->n_body);
    aw_free(call->stored);
    aw_call_problem(call, AW_P_KEY_REUSED, "", "%s", text);
}

static void registered(struct aw_call *call, struct aw_cmd *cmd)
{
    struct aw_reply *r = &cmd->reply;
    struct aw_buf out = AW_BUF_INIT(16 << 10);
    struct aw_jsonw w;
    char id[AW_ID_TEXT], location[64];

    if (r->problem == AW_P_KEY_REUSED) {
        call->stored = aw_take(r->body);
        call->n_stored = r->n_body;
        aw_call_again(call, conflict);
        return;
    }
    if (aw_call_refused(call, cmd))
        return;
    aw_id_print(id, "msg_", r->id);
    snprintf(location, sizeof(location), "/v1/messages/%s", id);
    struct aw_http_header headers[] = {{"Location", location}, {"Idempotency-Replayed", "true"}};
    aw_jw_init(&w, &out);
    aw_jw_object(&w, NULL);
    aw_put_registered(&w, r, call->external_id, call->n_recipients);
    aw_jw_end(&w, '}');
    aw_call_json(call, 201, &out, headers, r->replayed ? 2 : 1);
}

void aw_do_register(struct aw_call *call)
{
    const struct aw_http_view *v = call->view;
    struct aw_cmd *cmd = aw_call_cmd(call, AW_CMD_REGISTER);
    struct aw_registration *reg = &cmd->u.reg.reg;
    struct aw_fault fault = {0};

    if (aw_register_take(call, v->body, v->n_body, cmd, call->app, &fault) < 0) {
        aw_call_fault(call, &fault);
        aw_cmd_free(cmd);
        return;
    }
    if (!take_key(call, cmd)) {
        aw_cmd_free(cmd);
        return;
    }
    call->n_recipients = reg->n_recipients;
    snprintf(call->external_id, sizeof(call->external_id), "%s",
             reg->external_id ? reg->external_id : "");
    aw_call_submit(call, cmd, registered);
}
