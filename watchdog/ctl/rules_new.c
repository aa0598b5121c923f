/* SPDX-License-Identifier: Apache-2.0
 *
 * `ackwatch rules new`: a rule to start from, with its test: the commented one below, or a copy of
 * a rule of the library under a name and a class of its own, with the templates that it uses.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "codec/request.h"
#include "conf/rules.h"
#include "conf/schema.h"
#include "ctl/demo.h"
#include "ctl/lang.h"
#include "ctl/nouns.h"

/* "@" stands for the name. */
static const char start_rule[] =
    "# What happens to a message of class @ that nobody confirms. docs/rules.md has all keys.\n"
    "version: 1\n"
    "rules:\n"
    "  - name: @\n"
    "    title: {en: \"@\", zh-CN: \"@\"}       # for people\n"
    "    match: {class: @}       # which messages it takes; also app, priority, labels.KEY, "
    "extras.KEY\n"
    "    until: acknowledged     # the goal: delivered, displayed, opened or acknowledged\n"
    "    deadline: 1h            # by then, or the timeline is exhausted\n"
    "    steps:                  # at: time since the registration; without unless a step always "
    "runs\n"
    "      - {id: push,  at: 0s,  do: push}\n"
    "      - {id: again, at: 2m,  do: push,  unless: delivered, replaces: push}\n"
    "      - {id: text,  at: 5m,  do: sms,   unless: delivered}\n"
    "      - {id: boss,  at: 30m, do: email, to: manager}\n"
    "    exhausted: {do: email, to: \"contact:duty\"}  # when nobody has confirmed by the "
    "deadline\n";
static const char start_test[] =
    "# What the owner of the rule expects of it: ackwatch rules test @.test.yaml --coverage\n"
    "rules: [@.yaml]\n"
    "people:\n"
    "  li: {alias: li, phone: \"+9990000001\", manager: wang}\n"
    "  wang: {email: wang@sim.invalid}\n"
    "  duty: {email: duty@sim.invalid}\n"
    "tests:\n"
    "  - name: confirmed at once\n"
    "    send: {class: @, recipients: [{user: li}]}\n"
    "    events: [{at: 1m, from: li, level: acknowledged}]\n"
    "    expect:\n"
    "      - {at: 0s, do: push, to: li, step: push}\n"
    "      - {at: 1m, state: confirmed, to: li}\n"
    "      - {nothing_after: 0s}\n"
    "\n"
    "  - name: delivered, so no second push and no text; the manager hears of it\n"
    "    send: {class: @, recipients: [{user: li}]}\n"
    "    events: [{at: 10s, from: li, level: delivered}, {at: 31m, from: li, level: "
    "acknowledged}]\n"
    "    expect:\n"
    "      - {at: 0s, do: push, to: li, step: push}\n"
    "      - {at: 30m, do: email, to: li, step: boss, targets: [wang]}\n"
    "      - {at: 31m, state: confirmed, to: li}\n"
    "\n"
    "  - name: nobody answers\n"
    "    send: {class: @, recipients: [{user: li}]}\n"
    "    expect:\n"
    "      - {at: 0s, do: push, to: li, step: push}\n"
    "      - {at: 2m, do: push, to: li, step: again}\n"
    "      - {at: 5m, do: sms, to: li, step: text}\n"
    "      - {at: 30m, do: email, to: li, step: boss, targets: [wang]}\n"
    "      - {at: 1h, state: exhausted, to: li}\n"
    "      - {at: 1h, do: email, to: li, step: exhausted, targets: [duty]}\n";

struct fresh {
    const char *name, *dir;
    char *library; /* directory of it */
    struct aw_out *out;
    json_t *files;
};

/* Puts `with` in the place of each `what`. */
static void replace(struct aw_buf *b, const char *what, const char *with)
{
    AW_AUTO_FREE char *old = aw_buf_take(b, NULL);
    const char *p = old, *hit;
    *b = AW_BUF_INIT(AW_CONF_FILE_MAX);
    for (; (hit = strstr(p, what)) != NULL; p = hit + strlen(what)) {
        aw_buf_add(b, p, (size_t)(hit - p));
        aw_buf_puts(b, with);
    }
    aw_buf_puts(b, p);
}

static void replace_member(struct aw_buf *b, const char *key, const char *was, const char *is,
                           const char *behind)
{
    AW_AUTO(aw_buf_free) struct aw_buf from = AW_BUF_INIT(1024), to = AW_BUF_INIT(1024);
    aw_buf_printf(&from, "%s%s%s", key, was, behind);
    aw_buf_printf(&to, "%s%s%s", key, is, behind);
    replace(b, aw_buf_str(&from), aw_buf_str(&to));
}

static int put(struct fresh *n, const char *what, const char *tail, const struct aw_buf *text)
{
    struct aw_err err;
    AW_AUTO(aw_buf_free) struct aw_buf path = AW_BUF_INIT(8192);
    aw_buf_printf(&path, "%s/%s%s", n->dir, what, tail);
    int r = aw_file_create(aw_buf_str(&path), aw_buf_str(text), text->n, 0666, &err);
    if (r == AW_ECONFLICT)
        return aw_ctl_say(AW_EXIT_CONFLICT, _("%s is there already"), aw_buf_str(&path));
    if (r)
        return aw_ctl_say(AW_EXIT_FAILED, "%s", err.text);
    json_array_append_new(n->files, json_string(aw_buf_str(&path)));
    if (!n->out->json)
        fprintf(n->out->f, "%s\n", aw_buf_str(&path));
    return AW_EXIT_DONE;
}

/* A file of the library, without the line about its licence. */
static int take(const struct fresh *n, const char *what, const char *tail, struct aw_buf *ret)
{
    AW_AUTO(aw_buf_free) struct aw_buf path = AW_BUF_INIT(8192);
    AW_AUTO_FREE char *text = NULL;
    size_t size;
    struct aw_err err;
    aw_buf_printf(&path, "%s/%s%s", n->library, what, tail);
    if (aw_file_read(aw_buf_str(&path), AW_CONF_FILE_MAX, &text, &size, &err) < 0)
        return aw_ctl_say(AW_EXIT_FAILED, "%s", err.text);
    const char *body = aw_starts(text, "# SPDX") ? strchr(text, '\n') + 1 : text;
    *ret = AW_BUF_INIT(AW_CONF_FILE_MAX);
    aw_buf_puts(ret, body);
    return AW_EXIT_DONE;
}

static int template_of(struct fresh *n, const struct aw_step *s)
{
    struct stat st;
    AW_AUTO(aw_buf_free)
    struct aw_buf dir = AW_BUF_INIT(8192), path = AW_BUF_INIT(8192),
                  text = AW_BUF_INIT(AW_CONF_FILE_MAX), what = AW_BUF_INIT(512);
    if (!s || !s->template_name)
        return AW_EXIT_DONE;
    aw_buf_printf(&dir, "%s/templates", n->dir);
    aw_buf_printf(&path, "%s/%s.yaml", aw_buf_str(&dir), s->template_name);
    if (stat(aw_buf_str(&path), &st) == 0)
        return AW_EXIT_DONE; /* theirs, or copied for a step before */
    if (mkdir(aw_buf_str(&dir), 0777) < 0 && errno != EEXIST)
        return aw_ctl_say(AW_EXIT_FAILED, "%s: %s", aw_buf_str(&dir), strerror(errno));
    aw_buf_printf(&what, "templates/%s", s->template_name);
    int code = take(n, aw_buf_str(&what), ".yaml", &text);
    return code == AW_EXIT_DONE ? put(n, aw_buf_str(&what), ".yaml", &text) : code;
}

static int templates_of(struct fresh *n, const struct aw_rule *rule)
{
    int code = AW_EXIT_DONE;
    for (unsigned i = 0; i < rule->n_steps && code == AW_EXIT_DONE; i++)
        code = template_of(n, &rule->steps[i]);
    return code == AW_EXIT_DONE ? template_of(n, rule->exhausted) : code;
}

/* The class that the rule takes messages by, or NULL. */
static const char *class_of(const struct aw_rule *rule)
{
    for (unsigned i = 0; i < rule->n_match; i++)
        if (rule->match[i].field == AW_MATCH_CLASS && rule->match[i].n_globs == 1)
            return rule->match[i].globs[0];
    return NULL;
}

static int copy(struct fresh *n, const char *from)
{
    const struct aw_rules_world none = {0};
    struct aw_rules *rules = NULL;
    struct aw_diag diag;
    AW_AUTO(aw_buf_free) struct aw_buf rule = AW_BUF_INIT(0), test = AW_BUF_INIT(0);
    n->library = aw_demo_rules();
    if (!n->library || !aw_valid_name(from))
        return AW_EXIT_FAILED;
    if (take(n, from, ".yaml", &rule) || take(n, from, ".test.yaml", &test))
        return aw_ctl_say(AW_EXIT_NO_OBJECT,
                          _("there is no rule \"%s\" in the library; those that "
                            "are stand in %s"),
                          from, n->library);
    aw_diag_init(&diag);
    int code = AW_EXIT_FAILED;
    if (aw_rules_parse(from, aw_buf_str(&rule), rule.n, &none, &rules, &diag) == 0) {
        const char *class = class_of(rules->set.rules[0]);
        replace_member(&rule, "name: ", from, n->name, "\n");
        replace_member(&test, "rules: [", from, n->name, ".yaml]");
        if (class) {
            replace_member(&rule, "{class: ", class, n->name, "");
            replace_member(&test, ", class: ", class, n->name, ",");
        }
        code = put(n, n->name, ".yaml", &rule);
        if (code == AW_EXIT_DONE)
            code = put(n, n->name, ".test.yaml", &test);
        if (code == AW_EXIT_DONE)
            code = templates_of(n, rules->set.rules[0]);
    }
    aw_rules_free(rules);
    aw_diag_free(&diag);
    return code;
}

static int start(struct fresh *n)
{
    AW_AUTO(aw_buf_free)
    struct aw_buf rule = AW_BUF_INIT(AW_CONF_FILE_MAX), test = AW_BUF_INIT(AW_CONF_FILE_MAX);
    aw_buf_puts(&rule, start_rule);
    aw_buf_puts(&test, start_test);
    replace(&rule, "@", n->name);
    replace(&test, "wang@", "wang\001"); /* of a mail address */
    replace(&test, "duty@", "duty\001");
    replace(&test, "@", n->name);
    replace(&test, "\001", "@");
    int code = put(n, n->name, ".yaml", &rule);
    return code == AW_EXIT_DONE ? put(n, n->name, ".test.yaml", &test) : code;
}

static int exec(struct aw_ctl *ctl)
{
    const char *from = aw_ctl_flag(ctl, "from"), *dir = aw_ctl_flag(ctl, "dir");
    struct fresh n = {
        .name = ctl->args[0], .dir = dir ? dir : ".", .out = &ctl->out, .files = json_array()};
    int code = AW_EXIT_USAGE;
    if (!aw_valid_name(n.name) || strchr(n.name, '/'))
        aw_ctl_say(0, _("\"%s\" is no name of a rule: letters, digits, . _ -"), n.name);
    else
        code = from ? copy(&n, from) : start(&n);
    if (code == AW_EXIT_DONE && ctl->out.json)
        aw_out_json(&ctl->out, n.files);
    aw_free(n.library);
    json_decref(n.files);
    return code;
}

static const struct aw_param args[] = {
    {"NAME", 0, AW_VAL_TEXT, 0, NULL, "of the rule, its files, and the class that it takes"},
    {NULL},
};
static const struct aw_param flags[] = {
    {"from", 0, AW_VAL_TEXT, 0, NULL, "a rule of the library to copy (docs/library.md)"},
    {"dir", 0, AW_VAL_DIR, 0, NULL, "where to (.)"},
    {NULL},
};
static const char *const examples[] = {
    "rules new parcel-today", "rules new parcel-today --from order-status --dir rules", NULL};

const struct aw_cmd_entry aw_cmd_rules_new = {
    .noun = "rules",
    .verb = "new",
    .summary = "a rule to start from, with its test",
    .text = "Needs no daemon. Writes NAME.yaml and NAME.test.yaml, and with --from the templates "
            "that are not there yet; no file is written over.",
    .args = args,
    .flags = flags,
    .examples = examples,
    .exec = exec,
};
