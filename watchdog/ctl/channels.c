/* SPDX-License-Identifier: Apache-2.0
 *
 * `ackwatch channels`: list, limits, test, pause, resume.
 */
#include <stdio.h>

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

/* The first limit of the provider as one text: "3 of 20 in 60s". */
static void show_rate(const struct aw_ctl *ctl, json_t *row)
{
    const json_t *first = json_array_get(json_object_get(row, "limits"), 0);
    char text[64];

    (void)ctl;
    if (!first)
        return;
    snprintf(text, sizeof text, "%lld of %lld in %llds",
             (long long)json_integer_value(json_object_get(first, "used")),
             (long long)json_integer_value(json_object_get(first, "sends")),
             (long long)json_integer_value(json_object_get(first, "per_s")));
    json_object_set_new(row, "rate", json_string(text));
}

static int exec_limits(struct aw_ctl *ctl)
{
    static const struct aw_column limits[] = {
        {"CHANNEL", "name", AW_SHOW_NAME},
        {"WAITS FOR", "waits_for", 0},
        {"FREE AT", "free_at", AW_SHOW_TIME},
        {"NOW", "concurrency.now", 0},
        {"LIMIT", "concurrency.limit", 0},
        {"CAP", "concurrency.cap", 0},
        {"CLAIMED", "claimed", 0},
        {"BREAKER", "breaker", 0},
        {"RETRIES", "retries_left", 0},
        {"RATE", "rate", 0},
        {NULL},
    };
    return aw_ctl_list(ctl, limits, "/v1/channels", show_rate);
}

/* NAME:pause or NAME:resume with a reason and, for a pause, a length. */
static int hold(struct aw_ctl *ctl, const char *verb, const char *length)
{
    static const struct aw_column held[] = {
        {"CHANNEL", "channel", AW_SHOW_NAME},
        {"PAUSED", "paused", 0},
        {"UNTIL", "until", AW_SHOW_TIME},
        {NULL},
    };
    AW_AUTO(aw_json_cleanup) json_t *v = NULL;
    AW_AUTO_FREE char *path = aw_ctl_path("/v1/channels/", ctl->args[0], verb);
    int code = aw_ctl_post(
        ctl, path, json_pack("{s:s, s:s*}", "reason", aw_ctl_flag(ctl, "reason"), "for", length),
        &v);

    return code == AW_EXIT_DONE ? aw_ctl_show(ctl, held, v) : code;
}

static int exec_pause(struct aw_ctl *ctl)
{
    return hold(ctl, ":pause", aw_ctl_flag(ctl, "for"));
}

static int exec_resume(struct aw_ctl *ctl)
{
    return hold(ctl, ":resume", NULL);
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

static const struct aw_param pause_flags[] = {
    {"reason", 0, AW_VAL_TEXT, AW_REQUIRED, NULL, "why, for the log"},
    {"for", 0, AW_VAL_DURATION, 0, NULL, "how long; without it until it is resumed"},
    {NULL},
};
static const struct aw_param resume_flags[] = {
    {"reason", 0, AW_VAL_TEXT, AW_REQUIRED, NULL, "why, for the log"},
    {NULL},
};
static const char *const limits_examples[] = {"channels limits", NULL};
static const char *const pause_examples[] = {
    "channels pause jsms --reason invoice-in-dispute --for 2h", NULL};
static const char *const resume_examples[] = {"channels resume jsms --reason settled", NULL};

const struct aw_cmd_entry aw_cmd_channels_limits = {
    .noun = "channels",
    .verb = "limits",
    .summary = "what stands in the way of each channel, and until when",
    .text = "NOW, LIMIT and CAP are requests under way, at most for now, at most as configured. "
            "RETRIES "
            "are those that the budget of a tenth allows now. RATE is what is used of the "
            "provider's own limit.",
    .remote = true,
    .examples = limits_examples,
    .exec = exec_limits,
};
const struct aw_cmd_entry aw_cmd_channels_pause = {
    .noun = "channels",
    .verb = "pause",
    .summary = "send nothing through a channel",
    .text = "What it would carry goes over the next channel of the kind, or waits. Outlives a "
            "restart. Questions about what was sent before go on.",
    .args = test_args,
    .flags = pause_flags,
    .remote = true,
    .examples = pause_examples,
    .exec = exec_pause,
};
const struct aw_cmd_entry aw_cmd_channels_resume = {
    .noun = "channels",
    .verb = "resume",
    .summary = "send through a channel again",
    .text = "Ends a pause, and the stop after refused credentials, and closes the breaker.",
    .args = test_args,
    .flags = resume_flags,
    .remote = true,
    .examples = resume_examples,
    .exec = exec_resume,
};
