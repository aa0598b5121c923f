/* SPDX-License-Identifier: Apache-2.0
 *
 * `ackwatch webhooks`: deliveries, redeliver. Callbacks that tell an application what became of its
 * messages.
 */
#include "base/mem.h"
#include "base/str.h"
#include "codec/json.h"
#include "ctl/rows.h"

static const struct aw_column columns[] = {
    {"DELIVERY", "id", AW_SHOW_NAME},
    {"AT", "at", AW_SHOW_TIME},
    {"EVENT", "event", 0},
    {"APP", "app", 0},
    {"MESSAGE", "message", 0},
    {"RECIPIENT", "recipient", 0},
    {"STATE", "state", AW_SHOW_STATE},
    {"TRIES", "tries", 0},
    {"NEXT TRY", "next_try_at", AW_SHOW_TIME},
    {NULL},
};

static int show_one(struct aw_ctl *ctl, const char *id)
{
    static const struct aw_column tries[] = {
        {"TRY", "number", AW_SHOW_NAME},
        {"AT", "at", AW_SHOW_TIME},
        {"CHANNEL", "channel", 0},
        {"OUTCOME", "outcome", AW_SHOW_STATE},
        {"HTTP", "http_status", 0},
        {"DETAIL", "detail", 0},
        {NULL},
    };
    AW_AUTO(aw_client_cleanup) struct aw_client *c = aw_client_of(ctl);
    AW_AUTO(aw_json_cleanup) json_t *v = NULL;
    if (!c)
        return AW_EXIT_USAGE;
    AW_AUTO_FREE char *path = aw_ctl_path("/v1/webhooks/deliveries/", id, "");
    int code = aw_client_get(c, &v, "%s", path);
    if (code != AW_EXIT_DONE)
        return code;
    if (ctl->out.json)
        return aw_ctl_show(ctl, columns, v);
    aw_rows_print(&ctl->out, columns, v);
    if (json_array_size(json_object_get(v, "attempts"))) {
        fputc('\n', ctl->out.f);
        aw_rows_print(&ctl->out, tries, json_object_get(v, "attempts"));
    }
    return AW_EXIT_DONE;
}

static int exec_deliveries(struct aw_ctl *ctl)
{
    static const char *const params[] = {"state", "message", NULL};
    if (ctl->n_args > 0)
        return show_one(ctl, ctl->args[0]);
    AW_AUTO_FREE char *path = aw_ctl_query(ctl, "/v1/webhooks/deliveries", params);
    return aw_ctl_list(ctl, columns, path, NULL);
}

static int exec_redeliver(struct aw_ctl *ctl)
{
    static const struct aw_column answer[] = {
        {"DELIVERY", "id", AW_SHOW_NAME},
        {"STATE", "state", AW_SHOW_STATE},
        {"NEXT TRY", "next_try_at", AW_SHOW_TIME},
        {NULL},
    };
    AW_AUTO(aw_client_cleanup) struct aw_client *c = aw_client_of(ctl);
    if (!c)
        return AW_EXIT_USAGE;
    for (unsigned i = 0; i < ctl->n_args; i++) {
        AW_AUTO(aw_json_cleanup) json_t *v = NULL;
        AW_AUTO_FREE char *path =
            aw_ctl_path("/v1/webhooks/deliveries/", ctl->args[i], ":redeliver");
        int code = aw_client_call(c, "POST", path, NULL, NULL, &v);
        if (code != AW_EXIT_DONE)
            return code;
        aw_ctl_show(ctl, answer, v);
    }
    return AW_EXIT_DONE;
}

static const char *const states[] = {"waiting", "delivered", "failed", "gone", "stopped", NULL};
static const struct aw_param deliveries_args[] = {
    {"ID", 0, AW_VAL_TEXT, AW_OPTIONAL, NULL, "one delivery, with each of its tries"},
    {NULL},
};
static const struct aw_param deliveries_flags[] = {
    {"state", 0, AW_VAL_CHOICE, 0, states, "only deliveries in this state"},
    {"message", 0, AW_VAL_TEXT, 0, NULL, "only those of the message msg_ID"},
    {"limit", 0, AW_VAL_NUMBER, 0, NULL, "at most N deliveries, 1 to 500 (50)"},
    {"after", 0, AW_VAL_TEXT, 0, NULL, "go on after this cursor of the page before"},
    {NULL},
};
static const char *const deliveries_examples[] = {"webhooks deliveries --state failed",
                                                  "webhooks deliveries evt_0c8xq4nbhg400", NULL};
static const struct aw_param redeliver_args[] = {
    {"ID", 0, AW_VAL_TEXT, AW_MANY, NULL, "evt_... of webhooks deliveries"},
    {NULL},
};
static const char *const redeliver_examples[] = {"webhooks redeliver evt_0c8xq4nbhg400", NULL};

const struct aw_cmd_entry aw_cmd_webhooks_deliveries = {
    .noun = "webhooks",
    .verb = "deliveries",
    .summary = "callbacks to applications: delivered, waiting, given up",
    .args = deliveries_args,
    .flags = deliveries_flags,
    .remote = true,
    .examples = deliveries_examples,
    .exec = exec_deliveries,
};
const struct aw_cmd_entry aw_cmd_webhooks_redeliver = {
    .noun = "webhooks",
    .verb = "redeliver",
    .summary = "have a callback sent again, under the same id",
    .text =
        "The schedule of tries begins anew. Callbacks of an application that were stopped by an "
        "answer 410 go on.",
    .args = redeliver_args,
    .remote = true,
    .examples = redeliver_examples,
    .exec = exec_redeliver,
};
