/* SPDX-License-Identifier: Apache-2.0
 *
 * `ackwatch channels`: list, test.
 */
#include "base/mem.h"
#include "base/str.h"
#include "codec/json.h"
#include "ctl/nouns.h"

static const char *const heads[] = {"CHANNEL", "KIND", "PROVIDER", "APP",        "WEIGHT",
                                    "STATE",   "SENT", "FAILED",   "LAST ERROR", NULL};

static void add_number(struct aw_table *t, const json_t *v)
{
    if (json_is_integer(v))
        aw_table_addf(t, AW_PLAIN, "%lld", (long long)json_integer_value(v));
    else
        aw_table_add(t, AW_PLAIN, NULL);
}

void aw_channels_print(const struct aw_ctl *ctl, const json_t *list)
{
    struct aw_table t;
    aw_table_init(&t, heads);
    size_t i;
    json_t *v;
    json_array_foreach(list, i, v)
    {
        const char *state = aw_json_str(v, "state");
        bool fine = aw_streq(state, "ok") || aw_streq(state, "unused");
        aw_table_add(&t, AW_BOLD, aw_json_str(v, "name"));
        aw_table_add(&t, AW_PLAIN, aw_json_str(v, "kind"));
        aw_table_add(&t, AW_PLAIN, aw_json_str(v, "provider"));
        aw_table_add(&t, AW_PLAIN, aw_json_str(v, "app"));
        add_number(&t, json_object_get(v, "weight"));
        if (ctl->out.tty)
            aw_table_addf(&t, fine ? AW_GOOD : AW_WARN, "%s %s",
                          aw_out_mark(&ctl->out, fine ? AW_MARK_DOT : AW_MARK_WARN),
                          state ? state : "unknown");
        else
            aw_table_add(&t, AW_PLAIN, state);
        add_number(&t, json_object_get(v, "sent"));
        add_number(&t, json_object_get(v, "failed"));
        aw_table_add(&t, AW_PLAIN, aw_json_str(v, "last_error"));
    }
    aw_table_print(&t, &ctl->out);
    aw_table_free(&t);
}

static int exec_list(struct aw_ctl *ctl)
{
    AW_AUTO(aw_client_cleanup) struct aw_client *c = aw_client_of(ctl);
    AW_AUTO(aw_json_cleanup) json_t *v = NULL;
    int code = c ? aw_client_get(c, &v, "/v1/channels") : AW_EXIT_USAGE;
    if (code != AW_EXIT_DONE)
        return code;
    if (ctl->out.json)
        aw_out_json(&ctl->out, json_object_get(v, "data"));
    else
        aw_channels_print(ctl, json_object_get(v, "data"));
    return AW_EXIT_DONE;
}

static int exec_test(struct aw_ctl *ctl)
{
    AW_AUTO(aw_client_cleanup) struct aw_client *c = aw_client_of(ctl);
    AW_AUTO(aw_json_cleanup) json_t *v = NULL;
    if (!c)
        return AW_EXIT_USAGE;
    AW_AUTO_FREE char *name = aw_client_escape(ctl->args[0]);
    char path[512];
    if ((size_t)snprintf(path, sizeof path, "/v1/channels/%s:test", name) >= sizeof path)
        return aw_ctl_say(AW_EXIT_USAGE, "the channel's name is too long");
    json_t *ask = json_pack("{s:s}", "to", aw_ctl_flag(ctl, "to"));
    if (!ask)
        return aw_ctl_say(AW_EXIT_USAGE, "--to is not valid UTF-8");
    char *body = json_dumps(ask, JSON_COMPACT);
    json_decref(ask);
    int code = aw_client_call(c, "POST", path, body, NULL, &v);
    free(body);
    if (code != AW_EXIT_DONE)
        return code;
    const char *outcome = aw_json_str(v, "outcome");
    if (ctl->out.json) {
        aw_out_json(&ctl->out, v);
    } else {
        static const char *const test_heads[] = {"CHANNEL", "OUTCOME", "PROVIDER ID", "DETAIL",
                                                 NULL};
        bool fine = aw_streq(outcome, "accepted");
        struct aw_table t;
        aw_table_init(&t, test_heads);
        aw_table_add(&t, AW_PLAIN, aw_json_str(v, "channel"));
        aw_table_add(&t, fine ? AW_GOOD : AW_BAD, outcome);
        aw_table_add(&t, AW_PLAIN, aw_json_str(v, "provider_id"));
        aw_table_add(&t, AW_PLAIN, aw_json_str(v, "detail"));
        aw_table_print(&t, &ctl->out);
        aw_table_free(&t);
    }
    return aw_streq(outcome, "accepted") ? AW_EXIT_DONE : AW_EXIT_FAILED;
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
