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
#include "ctl/rows.h"

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
    AW_AUTO(aw_json_cleanup) json_t *v = NULL, *scopes = json_array();
    int code = check_scopes(ctl, scopes);
    if (code == AW_EXIT_DONE)
        code = aw_ctl_post(ctl, "/v1/keys",
                           json_pack("{s:s,s:s*,s:O,s:s*}", "name", ctl->args[0], "app",
                                     aw_ctl_flag(ctl, "app"), "scopes", scopes, "for",
                                     aw_ctl_flag(ctl, "for")),
                           &v);
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
    static const struct aw_column columns[] = {
        {"ID", "id", AW_SHOW_NAME},
        {"NAME", "name", 0},
        {"APP", "app", 0},
        {"SCOPES", "scopes", 0},
        {"CREATED", "created_at", AW_SHOW_TIME},
        {"REVOKED", "revoked_at", AW_SHOW_TIME},
        {"EXPIRES", "expires_at", AW_SHOW_TIME},
        {"LAST USED", "used_at", AW_SHOW_TIME},
        {NULL},
    };
    return aw_ctl_list(ctl, columns, "/v1/keys", NULL);
}

static int exec_revoke(struct aw_ctl *ctl)
{
    AW_AUTO(aw_client_cleanup) struct aw_client *c = aw_client_of(ctl);
    AW_AUTO(aw_json_cleanup) json_t *v = NULL;
    if (!c)
        return AW_EXIT_USAGE;
    AW_AUTO_FREE char *path = aw_ctl_path("/v1/keys/", ctl->args[0], "");
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
     "contacts:write audit:read receipts:write ops admin"},
    {"for", 0, AW_VAL_TEXT, 0, NULL,
     "how long it is taken, such as 90d; without it: until revoked"},
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
