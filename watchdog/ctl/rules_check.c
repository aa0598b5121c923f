/* SPDX-License-Identifier: Apache-2.0
 *
 * `ackwatch rules check`: every problem of rule files at once, with its place, its code and the way
 * out; and when there is none, what was proven and what was not. A directory is a set, as the
 * daemon would load it; single files together are one, too. Lints of intent run here alone.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/str.h"
#include "conf/allow.h"
#include "ctl/lang.h"
#include "ctl/local.h"
#include "ctl/nouns.h"

#define REPORT_MAX ((size_t)4 << 20)

struct check {
    struct aw_diag diag;
    const struct aw_env_conf *env;      /* of --env, or NULL */
    const struct aw_rules_world *world; /* of the environment, or empty */
    unsigned n_rules, n_steps, n_templates, n_tests;
};

static bool ends_with(const char *s, const char *tail)
{
    size_t n = strlen(s), n_tail = strlen(tail);
    return n > n_tail && aw_streq(s + n - n_tail, tail);
}

static bool is_dir(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Warnings about a whole file, and about comments that allow nothing: when all others are known. */
static void look_at_file(struct check *c, const struct aw_rules_file *file)
{
    const struct aw_source_file f = {file->name, file->text, file->n};
    struct aw_buf test = AW_BUF_INIT(8192);
    struct stat st;
    aw_buf_printf(&test, "%.*s.test.yaml", (int)(strlen(file->name) - strlen(".yaml")), file->name);
    if (ends_with(file->name, ".yaml") && stat(aw_buf_str(&test), &st) < 0)
        aw_diag_warn(&c->diag, &f, (struct aw_yaml_place){0}, 0, "W119",
                     "ackwatch help W119 says how they look", "no tests stand beside this file");
    aw_buf_free(&test);
    aw_allow_check(&c->diag, &f);
}

/* A directory, or n files as one set. */
static void check_set(struct check *c, const char *const *paths, unsigned n)
{
    struct aw_rules *r = NULL;
    struct aw_rules_world world = *c->world;
    struct aw_templates templates = {0};
    world.lint = true;
    if (!c->env) {
        templates = aw_local_templates(paths[0], &c->diag);
        world.templates = templates.n ? &templates : NULL;
        c->n_templates += templates.n;
    }
    int e = is_dir(paths[0])
                ? aw_rules_load(paths[0], &world, &r, &c->diag)
                : aw_rules_load_files((char *const *)(const void *)paths, n, &world, &r, &c->diag);
    if (e == 0) {
        c->n_rules += r->set.n;
        for (unsigned k = 0; k < r->set.n; k++)
            c->n_steps += r->set.rules[k]->n_steps;
        for (unsigned k = 0; k < r->n_files; k++)
            look_at_file(c, &r->files[k]);
        aw_rules_free(r);
    }
    aw_templates_free(&templates);
}

/* What a shell makes of a pattern such as *.yaml has the tests among it: those are for rules test.
 */
static void check_paths(struct check *c, const struct aw_ctl *ctl)
{
    const char *files[AW_MAX_ARGS];
    unsigned n = 0;
    for (unsigned i = 0; i < ctl->n_args; i++) {
        if (is_dir(ctl->args[i]))
            check_set(c, &ctl->args[i], 1);
        else if (ends_with(ctl->args[i], ".test.yaml"))
            c->n_tests++;
        else
            files[n++] = ctl->args[i];
    }
    if (n > 0)
        check_set(c, files, n);
}

/* --- the answer ------------------------------------------------------------------------------ */

/* "4 errors, 1 warning in 2 files", and where the pages are. */
static void say_found(const struct aw_out *o, const struct aw_diag *d)
{
    unsigned warnings = d->n + d->dropped - d->n_errors;
    AW_LOCAL_COUNT(o, d->n_errors, _("%u error"), _("%u errors"));
    AW_LOCAL_COUNT(o, warnings, _(", %u warning"), _(", %u warnings"));
    fprintf(o->f, "%s\n", _("; ackwatch help CODE explains"));
}

static void say_fine(const struct aw_out *o, const struct check *c)
{
    const struct aw_diag *d = &c->diag;
    unsigned templates = c->env ? c->env->templates.n : c->n_templates;
    fprintf(o->f, "%s%s%s ", aw_out_on(o, AW_GOOD), aw_out_mark(o, AW_MARK_GOOD),
            aw_out_off(o, AW_GOOD));
    AW_LOCAL_COUNT(o, c->n_rules, _("%u rule"), _("%u rules"));
    AW_LOCAL_COUNT(o, c->n_steps, _(", %u step"), _(", %u steps"));
    AW_LOCAL_COUNT(o, templates, _(", %u template"), _(", %u templates"));
    AW_LOCAL_COUNT(o, c->env ? c->env->n_channels : 0, _(", %u channel"), _(", %u channels"));
    fputs(_(": 0 errors"), o->f);
    AW_LOCAL_COUNT(o, d->n + d->dropped, _(", %u warning"), _(", %u warnings"));
    if (d->n_allowed)
        fprintf(o->f, _(", %u allowed"), d->n_allowed);
    fprintf(o->f, "\n  %s\n    %s\n", _("proven:"),
            _("every step can run before its deadline, and names only steps that are there"));
    if (templates)
        fprintf(o->f, "    %s\n",
                _("every template exists and has a text for each kind that uses it"));
    if (c->env)
        fprintf(o->f, "    %s\n",
                _("every channel is configured, carries the kind and has its forms"));
    fprintf(o->f, "  %s\n", _("not proven here:"));
    if (!templates)
        fprintf(o->f, "    %s\n", _("texts of templates: there is no directory templates"));
    if (!c->env)
        fprintf(o->f, "    %s\n",
                _("channels, calendars, rotations and contacts (--env ackwatch.yaml)"));
    fprintf(o->f, "    %s\n", _("that the rules do what is wanted (ackwatch rules test)"));
    fprintf(o->f, "    %s\n", _("credentials of providers (ackwatch channels test)"));
    fprintf(o->f, "    %s\n", _("addresses of people (ackwatch contacts list)"));
}

static void report(const struct aw_ctl *ctl, const struct check *c, const char *format)
{
    struct aw_buf b = AW_BUF_INIT(REPORT_MAX);
    const struct aw_out *o = &ctl->out;
    bool json = o->json || aw_streq(format, "json"), github = !json && aw_streq(format, "github");
    (json ? aw_diag_json : github ? aw_diag_github : aw_diag_print)(&c->diag, &b);
    if (json)
        aw_buf_putc(&b, '\n');
    fputs(aw_buf_str(&b), o->f);
    aw_buf_free(&b);
    if (json || github)
        return;
    if (c->diag.n_errors)
        say_found(o, &c->diag);
    else
        say_fine(o, c);
}

/* People of the environment are then all there are: who is not among them does not exist. */
static const char **add_people(struct aw_rules_world *w, const struct aw_env_conf *env)
{
    if (env->n_people == 0)
        return NULL;
    const char **names = aw_calloc(env->n_people + 1, sizeof *names);
    for (unsigned i = 0; i < env->n_people; i++)
        names[i] = env->people[i].user;
    w->contacts = names;
    w->people = env->people;
    w->n_people = env->n_people;
    return names;
}

static int exec(struct aw_ctl *ctl)
{
    struct aw_env_conf *env = NULL;
    struct aw_local_world w = {0};
    AW_AUTO_FREE const char **names = NULL;
    struct check c = {.world = &w.world};
    const char *env_file = aw_ctl_flag(ctl, "env");
    aw_diag_init(&c.diag);
    c.diag.lang = aw_lang();
    if (!env_file || aw_env_load(env_file, AW_ENV_LENIENT, &env, &c.diag) == 0) {
        if (env) {
            aw_local_world_init(&w, env);
            names = add_people(&w.world, env);
            w.world.limits = env->limits.given ? &env->limits : NULL;
        }
        c.env = env;
        check_paths(&c, ctl);
    }
    report(ctl, &c, aw_ctl_flag(ctl, "format"));
    int code = c.diag.n_errors ? AW_EXIT_PROBLEMS : AW_EXIT_DONE;
    aw_local_world_free(&w);
    aw_env_conf_free(env);
    aw_diag_free(&c.diag);
    return code;
}

static const char *const formats[] = {"text", "json", "github", NULL};
static const struct aw_param args[] = {
    {"PATH", 0, AW_VAL_FILE, AW_MANY, NULL, "a rule file or a directory of them"},
    {NULL},
};
static const struct aw_param flags[] = {
    {"env", 0, AW_VAL_FILE, 0, NULL,
     "environment file: also check channels and what they ask of templates, calendars, contacts"},
    {"format", 0, AW_VAL_CHOICE, 0, formats,
     "text; json: an array; github: annotations of a change (text)"},
    {NULL},
};
static const char *const examples[] = {"rules check rules/",
                                       "rules check order.yaml --env ackwatch.yaml",
                                       "rules check rules/ --format github", NULL};

const struct aw_cmd_entry aw_cmd_rules_check = {
    .noun = "rules",
    .verb = "check",
    .summary = "check rule files; names every problem with its place",
    .text =
        "Needs no daemon. Exit code 3 when there are errors; warnings alone leave it at 0. A "
        "warning is allowed by a comment in its line or right above it: # aw: allow W113 and the "
        "reason. Templates are those of the environment; without --env those in the directory "
        "templates beside the rules, if there is one.",
    .args = args,
    .flags = flags,
    .examples = examples,
    .exec = exec,
};
