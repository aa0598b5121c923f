/* SPDX-License-Identifier: Apache-2.0
 *
 * `ackwatch channels`: list, test.
 */
#include "base/mem.h"
#include "base/str.h"
#include "codec/json.h"
#include "ctl/nouns.h"
#include "ctl/rows.h"

static const struct aw_column columns[] = {
    {"CHANNEL", "name", AW_SHOW_NAME},
    {"KIND", "kind", 0},
    {"PROVIDER", "provider", 0},
    {"APP", "app", 0},
    {"WEIGHT", "weight", 0},
    {"STATE", "state", AW_SHOW_STATE},
    {"SENT", "sent", 0},
    {"FAILED", "failed", 0},
    {"LAST ERROR", "last_error", 0},
    {NULL},
};

void aw_channels_print(const struct aw_ctl *ctl, const json_t *list)
{
    aw_rows_print(&ctl->out, columns, list);
}

static int exec_list(struct aw_ctl *ctl)
{
    return aw_ctl_list(ctl, columns, "/v1/channels", NULL);
}

static int exec_test(struct aw_ctl *ctl)
{
    static const struct aw_column test[] = {
        {"CHANNEL", "channel", 0},
        {"OUTCOME", "outcome", AW_SHOW_STATE},
        {"PROVIDER ID", "provider_id", 0},
        {"DETAIL", "detail", 0},
        {NULL},
    };
    AW_AUTO(aw_json_cleanup) json_t *v = NULL;
    AW_AUTO_FREE char *path = aw_ctl_path("/v1/channels/", ctl->args[0], ":test");
    int code = aw_ctl_post(ctl, path, json_pack("{s:s}", "to", aw_ctl_flag(ctl, "to")), &v);
    if (code != AW_EXIT_DONE)
        return code;
    aw_ctl_show(ctl, test, v);
    return aw_streq(aw_json_str(v, "outcome"), "accepted") ? AW_EXIT_DONE : AW_EXIT_FAILED;
}

static const char *const list_examples[] = {"channels list", NULL};
static const struct aw_param test_args[] = {
    {"NAME", 0, AW_VAL_TEXT, 0, NULL, "a channel of the environment file"},
    {NULL},
};
static const struct aw_param test_flags[] = {
    {"to", 0, AW_VAL_TEXT, AW_REQUIRED, NULL,
     "address: an alias or registration id, a phone number, a mail address"},
    {NULL},
};
static const char *const test_examples[] = {"channels test mail --to ops@example.com", NULL};

const struct aw_cmd_entry aw_cmd_channels_list = {
    .noun = "channels",
    .verb = "list",
    .summary = "configured provider accounts and how they do",
    .remote = true,
    .examples = list_examples,
    .exec = exec_list,
};
const struct aw_cmd_entry aw_cmd_channels_test = {
    .noun = "channels",
    .verb = "test",
    .summary = "send one real test message through a channel",
    .text = "This really sends, and providers charge for it. Done means that the provider accepted "
            "it, not that it arrived.",
    .args = test_args,
    .flags = test_flags,
    .remote = true,
    .examples = test_examples,
    .exec = exec_test,
};
