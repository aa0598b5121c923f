/* SPDX-License-Identifier: Apache-2.0
 *
 * `ackwatch silences`: list, add, end. What a silence covers is put off to its end, not dropped.
 */
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/json.h"
#include "ctl/rows.h"

static const struct aw_column columns[] = {
    {"ID", "id", AW_SHOW_NAME}, {"UNTIL", "until", AW_SHOW_TIME}, {"FROM", "from", AW_SHOW_TIME},
    {"APP", "app", 0},          {"MATCH", "match_text", 0},       {"AUTHOR", "author", 0},
    {"REASON", "reason", 0},    {"SOURCE", "source", 0},          {NULL},
};

/* "class=office priority=low,normal" */
static void show_match(const struct aw_ctl *ctl, json_t *row)
{
    struct aw_buf b = AW_BUF_INIT(64 * 1024);
    const char *field;
    json_t *globs, *glob;
    size_t i;
    (void)ctl;
    json_object_foreach(json_object_get(row, "match"), field, globs)
    {
        aw_buf_printf(&b, "%s%s=", b.n ? " " : "", field);
        json_array_foreach(globs, i, glob)
            aw_buf_printf(&b, "%s%s", i ? "," : "", json_string_value(glob));
    }
    json_object_set_new(row, "match_text", json_string(aw_buf_str(&b)));
    aw_buf_free(&b);
}

static int exec_list(struct aw_ctl *ctl)
{
    return aw_ctl_list(ctl, columns, "/v1/silences", ctl->out.json ? NULL : show_match);
}

/* FIELD=VALUE[,VALUE...] into {"FIELD": ["VALUE", ...]}. */
static int take_match(const struct aw_ctl *ctl, json_t *match)
{
    for (unsigned i = 0; i < ctl->n_args; i++) {
        const char *arg = ctl->args[i], *eq = strchr(arg, '=');
        if (!eq || eq == arg)
            return aw_ctl_say(
                AW_EXIT_USAGE,
                "\"%s\": write FIELD=VALUE, such as class=office or priority=low,normal", arg);
        json_t *globs = json_array();
        for (const char *p = eq + 1, *end; *p || p == eq + 1; p = end + (*end == ',')) {
            end = p + strcspn(p, ",");
            json_array_append_new(globs, json_stringn(p, (size_t)(end - p)));
            if (!*end)
                break;
        }
        AW_AUTO_FREE char *field = aw_strndup(arg, (size_t)(eq - arg));
        json_object_set_new(match, field, globs);
    }
    return AW_EXIT_DONE;
}

static int exec_add(struct aw_ctl *ctl)
{
    AW_AUTO(aw_json_cleanup) json_t *v = NULL, *match = json_object();
    int code = take_match(ctl, match);
    if (code == AW_EXIT_DONE)
        code =
            aw_ctl_post(ctl, "/v1/silences",
                        json_pack("{s:O,s:s*,s:s*,s:s*,s:s*,s:s}", "match", match, "from",
                                  aw_ctl_flag(ctl, "from"), "until", aw_ctl_flag(ctl, "until"),
                                  "for", aw_ctl_flag(ctl, "for"), "author",
                                  aw_ctl_flag(ctl, "author"), "reason", aw_ctl_flag(ctl, "reason")),
                        &v);
    if (code != AW_EXIT_DONE)
        return code;
    if (!ctl->out.json)
        show_match(ctl, v);
    return aw_ctl_show(ctl, columns, v);
}

static int exec_end(struct aw_ctl *ctl)
{
    static const struct aw_column ended[] = {
        {"ID", "id", AW_SHOW_NAME}, {"ENDED", "ended", AW_SHOW_TIME}, {NULL}};
    AW_AUTO(aw_client_cleanup) struct aw_client *c = aw_client_of(ctl);
    AW_AUTO(aw_json_cleanup) json_t *v = NULL;
    if (!c)
        return AW_EXIT_USAGE;
    AW_AUTO_FREE char *base = aw_ctl_path("/v1/silences/", ctl->args[0], "?reason=");
    AW_AUTO_FREE char *path = aw_ctl_path(base, aw_ctl_flag(ctl, "reason"), "");
    int code = aw_client_call(c, "DELETE", path, NULL, NULL, &v);
    return code == AW_EXIT_DONE ? aw_ctl_show(ctl, ended, v) : code;
}

static const struct aw_param add_args[] = {
    {"MATCH", 0, AW_VAL_TEXT, AW_MANY, NULL,
     "FIELD=VALUE[,VALUE]: class, priority, app, channel, title, labels.KEY, extras.KEY; all hold"},
    {NULL},
};
static const struct aw_param add_flags[] = {
    {"reason", 0, AW_VAL_TEXT, AW_REQUIRED, NULL, "why"},
    {"for", 0, AW_VAL_DURATION, 0, NULL, "how long, or"},
    {"until", 0, AW_VAL_TEXT, 0, NULL, "until when, as 2026-12-06T00:00:00+08:00"},
    {"from", 0, AW_VAL_TEXT, 0, NULL, "from when; without it at once"},
    {"author", 0, AW_VAL_TEXT, 0, NULL, "who wants it; without it whoever asks"},
    {NULL},
};
static const struct aw_param end_args[] = {
    {"ID", 0, AW_VAL_TEXT, 0, NULL, "id of the silence, from silences list"},
    {NULL},
};
static const struct aw_param end_flags[] = {
    {"reason", 0, AW_VAL_TEXT, AW_REQUIRED, NULL, "why, for the log"},
    {NULL},
};
static const char *const list_examples[] = {"silences list", NULL};
static const char *const add_examples[] = {
    "silences add class=office priority=low,normal --for 2h --reason the-office-moves", NULL};
static const char *const end_examples[] = {"silences end sil_000000000003K --reason moved", NULL};

const struct aw_cmd_entry aw_cmd_silences_list = {
    .noun = "silences",
    .verb = "list",
    .summary = "what is put off, until when, and by whom",
    .remote = true,
    .examples = list_examples,
    .exec = exec_list,
};
const struct aw_cmd_entry aw_cmd_silences_add = {
    .noun = "silences",
    .verb = "add",
    .summary = "put off what matching messages would send",
    .text =
        "Nothing is dropped: firings are put off to the end of the silence, and judged again then. "
        "What is still held at its deadline is skipped, and the log names the silence. Critical "
        "messages are covered, too, unless the matcher leaves them out.",
    .args = add_args,
    .flags = add_flags,
    .remote = true,
    .examples = add_examples,
    .exec = exec_add,
};
const struct aw_cmd_entry aw_cmd_silences_end = {
    .noun = "silences",
    .verb = "end",
    .summary = "end a silence before its time",
    .text = "What it has put off is judged again at once. Those of the environment file end there.",
    .args = end_args,
    .flags = end_flags,
    .remote = true,
    .examples = end_examples,
    .exec = exec_end,
};
