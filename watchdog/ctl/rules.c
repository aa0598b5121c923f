/* SPDX-License-Identifier: Apache-2.0
 *
 * `ackwatch rules list`, `show` and `reload`, which ask the daemon. The other verbs have files of
 * their own, rules_VERB.c.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/json.h"
#include "ctl/nouns.h"
#include "ctl/rows.h"

/* --- list, show, reload ---------------------------------------------------------------------- */

static int exec_list(struct aw_ctl *ctl)
{
    static const struct aw_column columns[] = {
        {"RULE", "name", AW_SHOW_NAME},
        {"FILE", "file", 0},
        {"UNTIL", "until", 0},
        {"DEADLINE", "deadline", 0},
        {"STEPS", "steps", 0},
        {"SHA-256", "sha256", AW_SHOW_SHORT},
        {"TITLE", "title", AW_SHOW_FIRST},
        {NULL},
    };
    return aw_ctl_list(ctl, columns, "/v1/rules", NULL);
}

static int exec_show(struct aw_ctl *ctl)
{
    AW_AUTO(aw_client_cleanup) struct aw_client *c = aw_client_of(ctl);
    AW_AUTO(aw_json_cleanup) json_t *v = NULL;
    AW_AUTO_FREE char *name = aw_client_escape(ctl->args[0]);
    int code = c ? aw_client_get(c, &v, "/v1/rules/%s", name) : AW_EXIT_USAGE;
    if (code != AW_EXIT_DONE)
        return code;
    if (ctl->out.json)
        aw_out_json(&ctl->out, v);
    else
        fputs(aw_json_str(v, "text") ?: "", ctl->out.f);
    return AW_EXIT_DONE;
}

static int exec_reload(struct aw_ctl *ctl)
{
    AW_AUTO(aw_client_cleanup) struct aw_client *c = aw_client_of(ctl);
    AW_AUTO(aw_json_cleanup) json_t *v = NULL;
    int code = c ? aw_client_call(c, "POST", "/v1/rules:reload", NULL, NULL, &v) : AW_EXIT_USAGE;
    if (code != AW_EXIT_DONE)
        return c && aw_streq(aw_client_problem(c), "reload-refused") ? AW_EXIT_PROBLEMS : code;
    if (ctl->out.json)
        aw_out_json(&ctl->out, v);
    else
        fprintf(ctl->out.f, "%lld rules\t%s\n",
                (long long)json_integer_value(json_object_get(v, "rules")),
                aw_json_str(v, "sha256") ?: "-");
    return AW_EXIT_DONE;
}

/* --- entries --------------------------------------------------------------------------------- */

static const char *const list_examples[] = {"rules list", NULL};
static const struct aw_param show_args[] = {
    {"RULE", 0, AW_VAL_TEXT, 0, NULL, "name of a rule"},
    {NULL},
};
static const char *const show_examples[] = {"rules show order-status", NULL};
static const char *const reload_examples[] = {"rules reload", NULL};

const struct aw_cmd_entry aw_cmd_rules_list = {
    .noun = "rules",
    .verb = "list",
    .summary = "rules that the daemon has loaded, in the order of matching",
    .remote = true,
    .examples = list_examples,
    .exec = exec_list,
};
const struct aw_cmd_entry aw_cmd_rules_show = {
    .noun = "rules",
    .verb = "show",
    .summary = "the file of a rule as loaded",
    .args = show_args,
    .remote = true,
    .examples = show_examples,
    .exec = exec_show,
};
const struct aw_cmd_entry aw_cmd_rules_reload = {
    .noun = "rules",
    .verb = "reload",
    .summary = "read environment, rules and templates again, as a whole or not at all",
    .text = "Exit code 3, and the old ones go on, when there is an error in the new ones.",
    .remote = true,
    .examples = reload_examples,
    .exec = exec_reload,
};
