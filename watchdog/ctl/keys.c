/* SPDX-License-Identifier: Apache-2.0
 *
 * `ackwatch keys`: create, list, revoke. The token of a new key is the only thing on stdout, so
 * that `umask 077; ackwatch keys create shop > token` is all there is to do.
 */
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/json.h"
#include "core/ports.h"
#include "ctl/nouns.h"

static int check_scopes(const struct aw_ctl *ctl, json_t *ret)
{
    const char *scope;
    for (unsigned i = 0; (scope = aw_ctl_nth(ctl, "scope", i)); i++) {
        uint32_t bit;
        if (aw_scopes_parse(scope, &bit) < 0 || strpbrk(scope, " ,")) {
            const char *near = aw_nearest(scope, aw_scope_names);
            return aw_ctl_say(AW_EXIT_USAGE, "unknown scope \"%s\"%s%s%s", scope,
                              near ? ", did you mean \"" : "", near ? near : "", near ? "\"?" : "");
        }
        json_array_append_new(ret, json_string(scope));
    }
    return AW_EXIT_DONE;
}

static int exec_create(struct aw_ctl *ctl)
{
    AW_AUTO(aw_client_cleanup) struct aw_client *c = aw_client_of(ctl);
    AW_AUTO(aw_json_cleanup) json_t *v = NULL, *scopes = json_array();
    int code = c ? check_scopes(ctl, scopes) : AW_EXIT_USAGE;
    if (code != AW_EXIT_DONE)
        return code;
    AW_AUTO(aw_json_cleanup)
    json_t *ask = json_pack("{s:s,s:s*,s:O}", "name", ctl->args[0], "app", aw_ctl_flag(ctl, "app"),
                            "scopes", scopes);
    if (!ask)
        return aw_ctl_say(AW_EXIT_USAGE, "the name is not valid UTF-8");
    char *body = json_dumps(ask, JSON_COMPACT);
    code = aw_client_call(c, "POST", "/v1/keys", body, NULL, &v);
    free(body);
    if (code != AW_EXIT_DONE)
        return code;
    if (ctl->out.json)
        aw_out_json(&ctl->out, v);
    else
        fprintf(ctl->out.f, "%s\n", aw_json_str(v, "token") ?: "");
    if (ctl->out.tty)
        fprintf(stderr, "This is shown once. Undo: ackwatch keys revoke %s\n",
                aw_json_str(v, "id") ?: "ID");
    return AW_EXIT_DONE;
}

static int exec_list(struct aw_ctl *ctl)
{
    static const char *const heads[] = {"ID", "NAME", "APP", "SCOPES", "CREATED", "REVOKED", NULL};
    AW_AUTO(aw_client_cleanup) struct aw_client *c = aw_client_of(ctl);
    AW_AUTO(aw_json_cleanup) json_t *v = NULL;
    int code = c ? aw_client_get(c, &v, "/v1/keys") : AW_EXIT_USAGE;
    if (code != AW_EXIT_DONE)
        return code;
    if (ctl->out.json) {
        aw_out_json(&ctl->out, json_object_get(v, "data"));
        return AW_EXIT_DONE;
    }
    struct aw_table t;
    aw_table_init(&t, heads);
    size_t i, j;
    json_t *k, *s;
    json_array_foreach(json_object_get(v, "data"), i, k)
    {
        char when[AW_TIME_TEXT];
        struct aw_buf scopes = AW_BUF_INIT(1024);
        json_array_foreach(json_object_get(k, "scopes"), j, s)
        {
            aw_buf_printf(&scopes, "%s%s", j ? "," : "", json_string_value(s) ?: "");
        }
        bool revoked = aw_json_str(k, "revoked_at");
        aw_table_add(&t, revoked ? AW_DIM : AW_BOLD, aw_json_str(k, "id"));
        aw_table_add(&t, AW_PLAIN, aw_json_str(k, "name"));
        aw_table_add(&t, AW_PLAIN, aw_json_str(k, "app"));
        aw_table_add(&t, AW_PLAIN, aw_buf_str(&scopes));
        aw_table_add(&t, AW_PLAIN, aw_out_when(&ctl->out, when, aw_json_str(k, "created_at")));
        aw_table_add(&t, AW_PLAIN, aw_out_when(&ctl->out, when, aw_json_str(k, "revoked_at")));
        aw_buf_free(&scopes);
    }
    aw_table_print(&t, &ctl->out);
    aw_table_free(&t);
    return AW_EXIT_DONE;
}

static int exec_revoke(struct aw_ctl *ctl)
{
    AW_AUTO(aw_client_cleanup) struct aw_client *c = aw_client_of(ctl);
    AW_AUTO(aw_json_cleanup) json_t *v = NULL;
    if (!c)
        return AW_EXIT_USAGE;
    AW_AUTO_FREE char *id = aw_client_escape(ctl->args[0]);
    char path[512];
    if ((size_t)snprintf(path, sizeof path, "/v1/keys/%s", id) >= sizeof path)
        return aw_ctl_say(AW_EXIT_USAGE, "the id is too long");
    int code = aw_client_call(c, "DELETE", path, NULL, NULL, ctl->out.json ? &v : NULL);
    if (code == AW_EXIT_DONE && ctl->out.json)
        aw_out_json(&ctl->out, v);
    else if (code == AW_EXIT_DONE)
        fprintf(ctl->out.f, "revoked\t%s\n", ctl->args[0]);
    return code;
}

static const struct aw_param create_args[] = {
    {"NAME", 0, AW_VAL_TEXT, 0, NULL, "what the key is for, for people"},
    {NULL},
};
static const struct aw_param create_flags[] = {
    {"app", 0, AW_VAL_TEXT, 0, NULL, "the app it belongs to; without it: all apps"},
    {"scope", 0, AW_VAL_TEXT, AW_REQUIRED | AW_MANY, NULL,
     "what it may do: messages:read messages:write acks:write sessions:write rules:read "
     "contacts:write audit:read ops admin"},
    {NULL},
};
static const char *const create_examples[] = {
    "keys create shop-server --app shop --scope messages:write --scope acks:write", NULL};
static const char *const list_examples[] = {"keys list", NULL};
static const struct aw_param revoke_args[] = {
    {"ID", 0, AW_VAL_TEXT, 0, NULL, "id of the key, from keys list"},
    {NULL},
};
static const char *const revoke_examples[] = {"keys revoke 1", NULL};

const struct aw_cmd_entry aw_cmd_keys_create = {
    .noun = "keys",
    .verb = "create",
    .summary = "make an API key; its token is printed once",
    .args = create_args,
    .flags = create_flags,
    .remote = true,
    .examples = create_examples,
    .exec = exec_create,
};
const struct aw_cmd_entry aw_cmd_keys_list = {
    .noun = "keys",
    .verb = "list",
    .summary = "API keys, without their tokens",
    .remote = true,
    .examples = list_examples,
    .exec = exec_list,
};
const struct aw_cmd_entry aw_cmd_keys_revoke = {
    .noun = "keys",
    .verb = "revoke",
    .summary = "end an API key at once",
    .args = revoke_args,
    .remote = true,
    .examples = revoke_examples,
    .exec = exec_revoke,
};
