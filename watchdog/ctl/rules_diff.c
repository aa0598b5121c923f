/* SPDX-License-Identifier: Apache-2.0
 *
 * `ackwatch rules diff A B`: what somebody would notice when B takes the place of A. Each is a
 * file, a directory, or the SHA-256 of a rule file that the store has kept. No daemon.
 */
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/json.h"
#include "conf/rules_diff.h"
#include "conf/schema.h"
#include "ctl/lang.h"
#include "ctl/local.h"
#include "ctl/nouns.h"
#include "store/store.h"

struct side {
    struct aw_rules *rules;
    struct aw_diag diag;
};

static bool is_hash(const char *s)
{
    struct stat st;
    size_t n = strlen(s);
    return stat(s, &st) < 0 && n >= 8 && n <= 64 && strspn(s, "0123456789abcdef") == n;
}

static int load_kept(struct aw_ctl *ctl, const char *hash, struct side *s)
{
    const char *db = aw_ctl_flag(ctl, "db") ?: AW_STATEDIR "/ackwatch.db";
    AW_AUTO(aw_buf_free) struct aw_buf text = AW_BUF_INIT(AW_CONF_FILE_MAX);
    struct aw_rules_world world = {0};
    struct aw_err err;
    int r = aw_store_rule_text(db, hash, &text, &err);
    if (r < 0)
        return aw_ctl_say(r == AW_ENOENT ? AW_EXIT_NO_OBJECT : AW_EXIT_FAILED, "%s: %s", db,
                          err.text);
    aw_rules_parse(hash, aw_buf_str(&text), text.n, &world, &s->rules, &s->diag);
    return AW_EXIT_DONE;
}

/* Names of channels and templates are the business of rules check. */
static int load(struct aw_ctl *ctl, const char *what, struct side *s)
{
    struct aw_rules_world world = {0};
    int code = AW_EXIT_DONE;
    aw_diag_init(&s->diag);
    s->diag.lang = aw_lang();
    if (is_hash(what))
        code = load_kept(ctl, what, s);
    else
        aw_rules_load(what, &world, &s->rules, &s->diag);
    if (code == AW_EXIT_DONE && s->diag.n_errors) {
        aw_local_complain(&s->diag);
        code = AW_EXIT_FAILED;
    }
    return code;
}

struct output {
    struct aw_ctl *ctl;
    json_t *list;
    char last[AW_NAME_MAX + 1];
};

static void on_note(void *ctx, const struct aw_rules_note *n)
{
    struct output *out = ctx;
    const struct aw_out *o = &out->ctl->out;
    AW_AUTO(aw_buf_free) struct aw_buf text = AW_BUF_INIT(4096);
    if (o->json) {
        json_array_append_new(out->list, json_pack("{s:s,s:s,s:s,s:s}", "rule", n->rule, "change",
                                                   n->change, "code", n->code, "text", n->text));
        return;
    }
    aw_out_clean(&text, n->text);
    if (!o->tty) {
        fprintf(o->f, "%s\t%s\t%s\t%s\n", n->rule, n->change, n->code, aw_buf_str(&text));
        return;
    }
    if (!aw_streq(out->last, n->rule)) {
        fprintf(o->f, "%s%s%s\n", aw_out_on(o, AW_BOLD), n->rule, aw_out_off(o, AW_BOLD));
        aw_format(out->last, sizeof out->last, "%s", n->rule);
    }
    fprintf(o->f, "  %s\n", aw_buf_str(&text));
}

static int compare(struct aw_ctl *ctl, const struct side *a, const struct side *b)
{
    struct output out = {.ctl = ctl, .list = json_array()};
    const char *rule = aw_ctl_flag(ctl, "rule");
    int code = AW_EXIT_DONE;
    if (rule && !aw_ruleset_find(&a->rules->set, rule) && !aw_ruleset_find(&b->rules->set, rule)) {
        code = aw_ctl_say(AW_EXIT_NO_OBJECT, _("neither side has a rule \"%s\""), rule);
    } else {
        unsigned n = aw_rules_diff(aw_lang(), a->rules, b->rules, rule, on_note, &out);
        if (ctl->out.json)
            aw_out_json(&ctl->out, out.list);
        else if (n == 0 && ctl->out.tty)
            fprintf(ctl->out.f, "%s\n", _("nobody would notice a difference"));
        code = n ? AW_EXIT_PROBLEMS : AW_EXIT_DONE;
    }
    json_decref(out.list);
    return code;
}

static int exec(struct aw_ctl *ctl)
{
    struct side a = {0}, b = {0};
    int code = load(ctl, ctl->args[0], &a);
    int other = load(ctl, ctl->args[1], &b); /* what is wrong with both is said at once */
    if (code == AW_EXIT_DONE)
        code = other;
    if (code == AW_EXIT_DONE)
        code = compare(ctl, &a, &b);
    aw_rules_free(a.rules);
    aw_rules_free(b.rules);
    aw_diag_free(&a.diag);
    aw_diag_free(&b.diag);
    return code;
}

static const struct aw_param args[] = {
    {"A", 0, AW_VAL_FILE, 0, NULL, "what was: a file, a directory, or the SHA-256 of a kept file"},
    {"B", 0, AW_VAL_FILE, 0, NULL, "what would be, likewise"},
    {NULL},
};
static const struct aw_param flags[] = {
    {"rule", 0, AW_VAL_TEXT, 0, NULL, "this rule alone"},
    {"db", 0, AW_VAL_FILE, 0, NULL,
     "the database that kept the file (" AW_STATEDIR "/ackwatch.db)"},
    {NULL},
};
static const char *const examples[] = {"rules diff /etc/ackwatch/rules rules/",
                                       "rules diff order-status.yaml new.yaml --rule order-status",
                                       "rules diff 3f9a0c41d2e8 order-status.yaml --json", NULL};

const struct aw_cmd_entry aw_cmd_rules_diff = {
    .noun = "rules",
    .verb = "diff",
    .summary = "what somebody would notice when one set of rules takes the place of another",
    .text =
        "Needs no daemon. Rules are compared by name, steps by id; where a line stands and what "
        "a comment says is no difference. `rules list` shows the SHA-256 of the files in force; "
        "the store keeps those that messages are pinned to. Exit code 3 when there are "
        "differences.",
    .args = args,
    .flags = flags,
    .examples = examples,
    .exec = exec,
};
