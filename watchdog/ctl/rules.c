/* SPDX-License-Identifier: Apache-2.0
 *
 * `ackwatch rules`: check works on files without a daemon; list, show and reload ask it. (The other
 * verbs have files of their own, rules_VERB.c.)
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/json.h"
#include "ctl/lang.h"
#include "ctl/local.h"
#include "ctl/nouns.h"
#include "ctl/rows.h"

/* --- check ----------------------------------------------------------------------------------- */

struct check {
    struct aw_diag diag;
    const struct aw_rules_world *world; /* of the environment, or empty */
    bool env;
    unsigned n_rules, n_steps;
};

static void check_path(struct check *c, const char *path)
{
    struct aw_rules *r = NULL;
    struct aw_rules_world world = *c->world;
    struct aw_templates templates = {0};
    if (!c->env) {
        templates = aw_local_templates(path, &c->diag);
        world.templates = templates.n ? &templates : NULL;
    }
    if (aw_rules_load(path, &world, &r, &c->diag) == 0) {
        c->n_rules += r->set.n;
        for (unsigned k = 0; k < r->set.n; k++)
            c->n_steps += r->set.rules[k]->n_steps;
        aw_rules_free(r);
    }
    aw_templates_free(&templates);
}

static int exec_check(struct aw_ctl *ctl)
{
    struct aw_env_conf *env = NULL;
    struct aw_local_world w = {0};
    struct check c = {.world = &w.world};
    const char *env_file = aw_ctl_flag(ctl, "env");
    aw_diag_init(&c.diag);
    c.diag.lang = aw_lang();
    if (!env_file || aw_env_load(env_file, AW_ENV_LENIENT, &env, &c.diag) == 0) {
        if (env)
            aw_local_world_init(&w, env);
        c.env = env != NULL;
        for (unsigned i = 0; i < ctl->n_args; i++)
            check_path(&c, ctl->args[i]);
    }
    int code = aw_local_report(ctl, &c.diag);
    const struct aw_out *o = &ctl->out;
    if (code == AW_EXIT_DONE && !o->json) {
        fprintf(o->f, "%s%u rules, %u steps: 0 errors, %u warnings\n", o->tty ? "✔ " : "",
                c.n_rules, c.n_steps, c.diag.n);
        if (o->tty && !env)
            fprintf(o->f, "  not checked without --env: names of channels, forms of templates\n");
    }
    aw_local_world_free(&w);
    aw_env_conf_free(env);
    aw_diag_free(&c.diag);
    return code;
}

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

static const struct aw_param check_args[] = {
    {"PATH", 0, AW_VAL_FILE, AW_MANY, NULL, "a rule file or a directory of them"},
    {NULL},
};
static const struct aw_param check_flags[] = {
    {"env", 0, AW_VAL_FILE, 0, NULL,
     "environment file: also check the names of channels, and what they ask of templates"},
    {NULL},
};
static const char *const check_examples[] = {"rules check rules/",
                                             "rules check order.yaml --env ackwatch.yaml", NULL};
static const char *const list_examples[] = {"rules list", NULL};
static const struct aw_param show_args[] = {
    {"RULE", 0, AW_VAL_TEXT, 0, NULL, "name of a rule"},
    {NULL},
};
static const char *const show_examples[] = {"rules show order-status", NULL};
static const char *const reload_examples[] = {"rules reload", NULL};

const struct aw_cmd_entry aw_cmd_rules_check = {
    .noun = "rules",
    .verb = "check",
    .summary = "check rule files; names every problem with its place",
    .text =
        "Needs no daemon. Exit code 3 when there are errors. Templates are those of the "
        "environment; without --env those in the directory templates beside the rules, if there "
        "is one.",
    .args = check_args,
    .flags = check_flags,
    .examples = check_examples,
    .exec = exec_check,
};
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
