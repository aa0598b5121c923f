/* SPDX-License-Identifier: Apache-2.0
 *
 * `ackwatch rules schema`: JSON Schema of the files that people write, for editors and validators.
 */
#include "conf/json_schema.h"
#include "ctl/lang.h"
#include "ctl/nouns.h"

static int exec(struct aw_ctl *ctl)
{
    json_t *v = aw_json_schema(ctl->n_args ? ctl->args[0] : "rules", aw_lang());
    json_dumpf(v, ctl->out.f, JSON_INDENT(1));
    fputc('\n', ctl->out.f);
    json_decref(v);
    return AW_EXIT_DONE;
}

static const struct aw_param args[] = {
    {"FILE", 0, AW_VAL_CHOICE, AW_OPTIONAL, aw_json_schema_names, "which kind of file (rules)"},
    {NULL},
};
static const char *const examples[] = {"rules schema", "rules schema tests --lang zh-CN", NULL};

const struct aw_cmd_entry aw_cmd_rules_schema = {
    .noun = "rules",
    .verb = "schema",
    .summary = "JSON Schema of rules, tests, environment or templates, for editors",
    .text =
        "Draft-07, as yaml-language-server reads it, made from the tables that read the files. An "
        "editor takes it by a first line such as: # yaml-language-server: "
        "$schema=/usr/share/ackwatch/schema/rules.v1.json",
    .args = args,
    .examples = examples,
    .exec = exec,
};
