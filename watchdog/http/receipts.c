/* SPDX-License-Identifier: Apache-2.0
 *
 * /in/{channel}/{secret}: receipts of an SMS gateway, as query, form or JSON, by GET or POST, as
 * the channel's settings name them. Answered after the commit, so that a gateway that gets no 200
 * comes again. What we do not know is a 200 all the same: repeating would not help.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/digest.h"
#include "codec/json.h"
#include "http/call.h"

#define MAX_RECEIPT ((size_t)16 << 10)

struct receipt {
    struct aw_call *call;
    json_t *json; /* of a JSON body */
    bool form;    /* the body is a form */
};

static bool setting(struct receipt *r, const char *key, char *dst, size_t cap)
{
    const struct aw_status *status = &r->call->api->env.status;
    return status->channel_setting(status->ctx, r->call->params[0], key, dst, cap) == 0 && dst[0];
}

/* A member of a JSON body as text, whatever scalar it is. */
static bool json_text(const json_t *v, char *dst, size_t cap)
{
    int n = -1;
    if (json_is_string(v))
        n = snprintf(dst, cap, "%s", json_string_value(v));
    else if (json_is_integer(v))
        n = snprintf(dst, cap, "%lld", (long long)json_integer_value(v));
    else if (json_is_boolean(v))
        n = snprintf(dst, cap, "%s", json_is_true(v) ? "true" : "false");
    return n > 0 && (size_t)n < cap;
}

/* The value under the name that setting `key` gives; false when there is none. */
static bool value(struct receipt *r, const char *key, char *dst, size_t cap)
{
    char name[128];
    const struct aw_http_view *v = r->call->view;

    dst[0] = 0;
    if (!setting(r, key, name, sizeof(name)))
        return false;
    if (json_text(json_object_get(r->json, name), dst, cap) ||
        (r->form && aw_form_value(v->body, name, dst, cap) == 0) ||
        aw_http_query(v, name, dst, cap) == 0)
        return dst[0] && aw_utf8_clean(dst, strlen(dst), false);
    return false;
}

/* Is status among the blank-separated words of the setting? */
static bool among(struct receipt *r, const char *key, const char *status)
{
    char words[512];
    return setting(r, key, words, sizeof(words)) && aw_route_knows(words, status);
}

/* Fixed time whatever was guessed: hashes of one length are compared. */
static bool secret_holds(struct receipt *r)
{
    char secret[AW_PARAM_MAX];
    uint8_t want[AW_SHA256], given[AW_SHA256];
    bool is_set = setting(r, "receipt_secret", secret, sizeof(secret));

    aw_sha256(want, is_set ? secret : "", is_set ? strlen(secret) : 0);
    aw_sha256(given, r->call->params[1], strlen(r->call->params[1]));
    aw_wipe(secret, sizeof(secret));
    return aw_equal_ct(want, given, sizeof(want)) && is_set;
}

static void answer_ok(struct aw_call *call)
{
    aw_call_text(call, 200, "text/plain; charset=utf-8", "ok", 2, NULL, 0);
}

static void taken(struct aw_call *call, struct aw_cmd *cmd)
{
    if (cmd->reply.problem == AW_P_NOT_FOUND) /* an old or foreign reference; the core logs it */
        answer_ok(call);
    else if (!aw_call_refused(call, cmd))
        answer_ok(call);
}

/* What the receipt says into a command; NULL when it says nothing to us. */
static struct aw_cmd *read_receipt(struct receipt *r)
{
    char ref[64], status[128];
    aw_id id;

    if (!value(r, "receipt_ref", ref, sizeof(ref)) || aw_id_parse(ref, "aw_", &id) < 0 ||
        !value(r, "receipt_status", status, sizeof(status)))
        return NULL;
    bool delivered = among(r, "receipt_delivered", status);
    if (!delivered && !among(r, "receipt_failed", status))
        return NULL; /* on its way: not news */
    struct aw_cmd *cmd = aw_call_cmd(r->call, AW_CMD_RECEIPT);
    snprintf(cmd->actor, sizeof(cmd->actor), "channel:%.39s", r->call->params[0]);
    snprintf(cmd->u.receipt.channel, sizeof(cmd->u.receipt.channel), "%.*s", AW_NAME_MAX,
             r->call->params[0]);
    cmd->u.receipt.ref = id;
    cmd->u.receipt.level = delivered ? AW_DELIVERED : AW_LEVEL_NONE;
    cmd->u.receipt.negative = delivered ? AW_NEG_NONE : AW_NEG_BOUNCED;
    value(r, "receipt_id", cmd->u.receipt.provider_id, sizeof(cmd->u.receipt.provider_id));
    return cmd;
}

static bool type_is(const char *type, const char *want)
{
    return type && strncasecmp(type, want, strlen(want)) == 0 &&
           strchr("; \t", type[strlen(want)]) != NULL;
}

void aw_do_receipt(struct aw_call *call)
{
    struct receipt r = {.call = call};
    const struct aw_http_view *v = call->view;
    const char *type = aw_http_header(call->rq, "Content-Type");

    if (strcmp(v->method, "HEAD") == 0 || !secret_holds(&r)) {
        aw_call_problem(call, AW_P_NOT_FOUND, "", "there is nothing at this path");
        return;
    }
    r.form = !type || type_is(type, "application/x-www-form-urlencoded");
    if (type_is(type, "application/json") &&
        aw_json_parse(v->body, v->n_body, MAX_RECEIPT, &r.json, NULL) < 0) {
        aw_call_problem(call, AW_P_BAD_JSON, "", "the receipt is not JSON");
        return;
    }
    struct aw_cmd *cmd = read_receipt(&r);
    json_decref(r.json);
    if (cmd)
        aw_call_submit(call, cmd, taken);
    else
        answer_ok(call);
}
