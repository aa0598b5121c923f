/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys: made, listed, revoked. The token is shown once, in the answer that makes it.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "http/call.h"

static void put_scopes(struct aw_jsonw *w, uint32_t scopes)
{
    aw_jw_array(w, "scopes");
    for (unsigned bit = 0; bit < AW_N_SCOPES; bit++)
        if (scopes >> bit & 1)
            aw_jw_str(w, NULL, aw_scope_names[bit]);
    aw_jw_end(w, ']');
}

/* Ids are texts in the API, whatever they are inside. */
static void put_id(struct aw_jsonw *w, int64_t id)
{
    char text[24];
    snprintf(text, sizeof(text), "%lld", (long long)id);
    aw_jw_str(w, "id", text);
}

/* Leaves the object open. */
static void put_key(struct aw_jsonw *w, const struct aw_key_row *k)
{
    aw_jw_object(w, NULL);
    put_id(w, k->id);
    aw_jw_str(w, "name", k->name);
    aw_jw_str(w, "app", k->app && k->app[0] ? k->app : NULL);
    put_scopes(w, k->scopes);
    aw_jw_time(w, "created_at", k->created);
    aw_jw_time(w, "revoked_at", k->revoked);
    aw_jw_time(w, "expires_at", k->expires);
    aw_jw_time(w, "used_at", k->used);
}

/* ---- GET /v1/keys ------------------------------------------------------------------------------
 */

struct keys {
    struct aw_jsonw w;
    const char *app;
};

static int key_row(void *arg, const struct aw_key_row *k)
{
    struct keys *list = arg;
    if (list->app[0] && strcmp(list->app, k->app ? k->app : "") != 0)
        return 0;
    put_key(&list->w, k);
    aw_jw_end(&list->w, '}');
    return 0;
}

void aw_do_keys(struct aw_call *call)
{
    struct aw_buf out = AW_BUF_INIT(AW_LIST_MAX);
    struct keys list = {.app = call->app};
    struct aw_reader *r = aw_call_reader(call);

    if (!r)
        return;
    aw_list_open(&list.w, &out);
    int rc = call->api->env.reading.keys(r, key_row, &list);
    aw_call_release(call, r);
    if (rc == 0) {
        aw_call_list(call, &list.w, NULL);
    } else {
        aw_buf_free(&out);
        aw_call_problem(call, AW_P_STORE_FAILED, "", "the keys cannot be read now");
    }
}

/* ---- POST /v1/keys -----------------------------------------------------------------------------
 */

static void created(struct aw_call *call, struct aw_cmd *cmd)
{
    struct aw_buf out = AW_BUF_INIT(4096);
    struct aw_jsonw w;
    char token[AW_TOKEN_TEXT];

    if (aw_call_refused(call, cmd))
        return;
    struct aw_key_row row = {.id = cmd->reply.number,
                             .name = cmd->u.key.name,
                             .app = cmd->u.key.app,
                             .scopes = cmd->u.key.scopes,
                             .created = cmd->reply.at,
                             .expires = cmd->u.key.length ? cmd->reply.at + cmd->u.key.length : 0};
    aw_token_text(token, row.id, call->token);
    aw_jw_init(&w, &out);
    put_key(&w, &row);
    aw_jw_str(&w, "token", token);
    aw_jw_end(&w, '}');
    aw_call_text(call, 201, "application/json", aw_buf_str(&out), out.n, NULL, 0);
    aw_wipe(token, sizeof(token));
    aw_wipe(out.p, out.n);
    aw_buf_free(&out);
}

void aw_do_key_create(struct aw_call *call)
{
    struct aw_cmd *cmd = aw_call_cmd(call, AW_CMD_KEY_CREATE);
    char *app = cmd->u.key.app;

    if (!aw_call_body(call, cmd, aw_request_key))
        return;
    if (!app[0])
        snprintf(app, sizeof(cmd->u.key.app), "%s", call->app);
    if (call->app[0] && strcmp(app, call->app) != 0) { /* an app's admin makes keys of the app */
        aw_call_problem(call, AW_P_VALIDATION, "/app", "the token belongs to app %s", call->app);
        aw_cmd_free(cmd);
        return;
    }
    aw_secret_new(call->token, cmd->u.key.hash);
    aw_call_submit(call, cmd, created);
}

/* ---- DELETE /v1/keys/{key}
 * ----------------------------------------------------------------------- */

static void revoked(struct aw_call *call, struct aw_cmd *cmd)
{
    struct aw_answer a;

    if (!aw_answer_open(call, cmd, &a))
        return;
    put_id(&a.w, cmd->reply.number);
    aw_jw_time(&a.w, "revoked_at", cmd->reply.at);
    aw_answer_close(call, &a, 200);
}

void aw_do_key_revoke(struct aw_call *call)
{
    const char *text = call->params[0];
    uint64_t id;

    if (aw_parse_u64(text, strlen(text), INT64_MAX, &id) < 0 || id == 0) {
        aw_call_not_found(call, "key");
        return;
    }
    struct aw_cmd *cmd = aw_call_cmd(call, AW_CMD_KEY_REVOKE);
    cmd->u.key.id = (int64_t)id;
    aw_call_submit(call, cmd, revoked);
}
