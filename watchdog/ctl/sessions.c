/* SPDX-License-Identifier: Apache-2.0
 *
 * `ackwatch sessions`: where a user is logged in; a login and a logout by hand. Registration ids
 * are addresses: masked unless --reveal is given.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/json.h"
#include "ctl/client.h"
#include "ctl/cmd.h"
#include "ctl/nouns.h"
#include "ctl/rows.h"

static const struct aw_column columns[] = {
    {"DEVICE", "registration_id", AW_SHOW_NAME},
    {"USER", "user", 0},
    {"ALIAS", "alias", 0},
    {"PLATFORM", "platform", 0},
    {"SEQ", "seq", 0},
    {"SINCE", "at", AW_SHOW_TIME},
    {NULL},
};

static const struct aw_column report_columns[] = {
    {"DEVICE", "registration_id", AW_SHOW_NAME},
    {"USER", "user", 0},
    {"SEQ", "seq", 0},
    {"SINCE", "at", AW_SHOW_TIME},
    {"REPORT", "report", 0},
    {"EVICTED", "evicted", 0},
    {NULL},
};

static void mask(const struct aw_ctl *ctl, json_t *device)
{
    static const char *const members[] = {"registration_id", "alias", "evicted"};
    char dst[256];

    for (unsigned i = 0; i < AW_COUNT(members) && !ctl->out.reveal; i++) {
        const char *text = aw_json_str(device, members[i]);
        if (text) {
            aw_mask(dst, sizeof dst, text);
            json_object_set_new(device, members[i], json_string(dst));
        }
    }
}

static char *path_of(const struct aw_ctl *ctl, const char *before, const char *name,
                     const char *after)
{
    const char *app = aw_ctl_flag(ctl, "app");
    AW_AUTO_FREE char *query = app ? aw_ctl_path("?app=", app, "") : aw_strdup("");
    AW_AUTO_FREE char *tail = aw_malloc(strlen(after) + strlen(query) + 1);
    memcpy(tail, after, strlen(after));
    memcpy(tail + strlen(after), query, strlen(query) + 1);
    return aw_ctl_path(before, name, tail);
}

static int exec_list(struct aw_ctl *ctl)
{
    AW_AUTO_FREE char *path = path_of(ctl, "/v1/users/", ctl->args[0], "/devices");
    return aw_ctl_list(ctl, columns, path, mask);
}

/* Takes line. */
static int report(struct aw_ctl *ctl, json_t *line)
{
    AW_AUTO(aw_client_cleanup) struct aw_client *c = aw_client_of(ctl);
    AW_AUTO(aw_json_cleanup) json_t *answer = NULL;
    AW_AUTO_FREE char *path = path_of(ctl, "/v1/sessions/", ctl->args[0], "");
    const char *seq = aw_ctl_flag(ctl, "seq"), *at = aw_ctl_flag(ctl, "at");
    if (!c) {
        json_decref(line);
        return AW_EXIT_USAGE;
    }
    if (seq)
        json_object_set_new(line, "seq", json_integer(strtoll(seq, NULL, 10)));
    if (at)
        json_object_set_new(line, "at", json_string(at));
    char *body = json_dumps(line, JSON_COMPACT);
    json_decref(line);
    int code = aw_client_call(c, "PUT", path, body, NULL, &answer);
    free(body);
    if (code != AW_EXIT_DONE)
        return code;
    mask(ctl, answer);
    return aw_ctl_show(ctl, report_columns, answer);
}

static int exec_login(struct aw_ctl *ctl)
{
    const char *alias = aw_ctl_flag(ctl, "alias"), *platform = aw_ctl_flag(ctl, "platform");
    json_t *line = json_pack("{s:s}", "user", ctl->args[1]);
    if (!line)
        return aw_ctl_say(AW_EXIT_USAGE, "the user id is not valid UTF-8");
    if (alias)
        json_object_set_new(line, "alias", json_string(alias));
    if (platform)
        json_object_set_new(line, "platform", json_string(platform));
    return report(ctl, line);
}

static int exec_logout(struct aw_ctl *ctl)
{
    static const char *const names[] = {"app", "user", "seq", "at"};
    AW_AUTO(aw_client_cleanup) struct aw_client *c = aw_client_of(ctl);
    AW_AUTO(aw_json_cleanup) json_t *answer = NULL;
    AW_AUTO_FREE char *path = aw_ctl_path("/v1/sessions/", ctl->args[0], "?");
    for (unsigned i = 0; i < AW_COUNT(names); i++) {
        const char *value = aw_ctl_flag(ctl, names[i]);
        char prefix[16];
        if (!value)
            continue;
        snprintf(prefix, sizeof prefix, "&%s=", names[i]);
        AW_AUTO_FREE char *pair = aw_ctl_path(prefix, value, ""), *before = path;
        path = aw_malloc(strlen(before) + strlen(pair) + 1);
        memcpy(path, before, strlen(before));
        memcpy(path + strlen(before), pair, strlen(pair) + 1);
    }
    int code = c ? aw_client_call(c, "DELETE", path, NULL, NULL, &answer) : AW_EXIT_USAGE;
    if (code != AW_EXIT_DONE)
        return code;
    mask(ctl, answer);
    return aw_ctl_show(ctl, report_columns, answer);
}

#define COMMON_FLAGS                                                                               \
    {"app", 0, AW_VAL_TEXT, 0, NULL, "whose device it is, where there are several apps"},          \
    {                                                                                              \
        "reveal", 0, AW_VAL_NONE, 0, NULL, "show registration ids and aliases in full"             \
    }
#define DATE_FLAGS                                                                                 \
    {"seq", 0, AW_VAL_NUMBER, 0, NULL, "number of the report; a higher one is newer"},             \
    {                                                                                              \
        "at", 0, AW_VAL_TEXT, 0, NULL, "when it happened (default now)"                            \
    }
static const struct aw_param list_flags[] = {COMMON_FLAGS, {NULL}};
static const struct aw_param login_flags[] = {
    {"alias", 0, AW_VAL_TEXT, 0, NULL, "alias that the application sets on the device"},
    {"platform", 0, AW_VAL_TEXT, 0, NULL, "android, ios or another"},
    DATE_FLAGS,
    COMMON_FLAGS,
    {NULL},
};
static const struct aw_param logout_flags[] = {
    {"user", 0, AW_VAL_TEXT, 0, NULL, "only if it is this user who is logged in"},
    DATE_FLAGS,
    COMMON_FLAGS,
    {NULL},
};
static const struct aw_param user_args[] = {
    {"USER", 0, AW_VAL_TEXT, 0, NULL, "user id of the application"},
    {NULL},
};
static const struct aw_param login_args[] = {
    {"DEVICE", 0, AW_VAL_TEXT, 0, NULL, "registration id of the device"},
    {"USER", 0, AW_VAL_TEXT, 0, NULL, "user id of the application"},
    {NULL},
};
static const struct aw_param logout_args[] = {
    {"DEVICE", 0, AW_VAL_TEXT, 0, NULL, "registration id of the device"},
    {NULL},
};
static const char *const list_examples[] = {"sessions list li --reveal", NULL};
static const char *const login_examples[] = {"sessions login 1a0018970a8e1c3d4f2 li", NULL};
static const char *const logout_examples[] = {"sessions logout 1a0018970a8e1c3d4f2 --user li",
                                              NULL};

const struct aw_cmd_entry aw_cmd_sessions_list = {
    .noun = "sessions",
    .verb = "list",
    .summary = "the devices on which a user is logged in",
    .args = user_args,
    .flags = list_flags,
    .remote = true,
    .examples = list_examples,
    .exec = exec_list,
};
const struct aw_cmd_entry aw_cmd_sessions_login = {
    .noun = "sessions",
    .verb = "login",
    .summary = "report that a user has logged in on a device",
    .args = login_args,
    .flags = login_flags,
    .remote = true,
    .examples = login_examples,
    .exec = exec_login,
};
const struct aw_cmd_entry aw_cmd_sessions_logout = {
    .noun = "sessions",
    .verb = "logout",
    .summary = "report that nobody is logged in on a device any more",
    .args = logout_args,
    .flags = logout_flags,
    .remote = true,
    .examples = logout_examples,
    .exec = exec_logout,
};
