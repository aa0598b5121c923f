/* SPDX-License-Identifier: Apache-2.0
 *
 * `ackwatch config`: check, show. Both read the environment file as the daemon would, with the
 * rules and templates named in it, and need no daemon.
 */
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "codec/json.h"
#include "ctl/lang.h"
#include "ctl/local.h"

#define SHOW_MAX ((size_t)1 << 20)

static const char *path_of(const struct aw_ctl *ctl)
{
    const char *path = aw_ctl_flag(ctl, "config");
    return path ? path : AW_SYSCONFDIR "/ackwatch.yaml";
}

static unsigned count_steps(const struct aw_rules *r)
{
    unsigned n = 0;
    for (unsigned i = 0; i < r->set.n; i++)
        n += r->set.rules[i]->n_steps;
    return n;
}

static void say_fine(const struct aw_ctl *ctl, const struct aw_env_conf *env,
                     const struct aw_rules *rules, const struct aw_diag *d)
{
    const struct aw_out *o = &ctl->out;
    if (o->json)
        return;
    if (o->tty)
        fprintf(o->f, "%s%s%s ", aw_out_on(o, AW_GOOD), aw_out_mark(o, AW_MARK_GOOD),
                aw_out_off(o, AW_GOOD));
    AW_LOCAL_COUNT(o, env->n_channels, _("%u channel"), _("%u channels"));
    AW_LOCAL_COUNT(o, env->templates.n, _(", %u template"), _(", %u templates"));
    AW_LOCAL_COUNT(o, rules->set.n, _(", %u rule"), _(", %u rules"));
    AW_LOCAL_COUNT(o, count_steps(rules), _(", %u step"), _(", %u steps"));
    fputs(_(": 0 errors"), o->f);
    AW_LOCAL_COUNT(o, d->n, _(", %u warning"), _(", %u warnings"));
    fputc('\n', o->f);
    if (o->tty)
        fprintf(o->f, "  not proven here: that providers take our credentials (ackwatch channels "
                      "test)\n");
}

static int exec_check(struct aw_ctl *ctl)
{
    struct aw_diag d;
    struct aw_env_conf *env = NULL;
    struct aw_rules *rules = NULL;
    aw_diag_init(&d);
    d.lang = aw_lang();
    if (aw_env_load(path_of(ctl), 0, &env, &d) == 0) {
        struct aw_local_world w;
        aw_env_certificates(env, aw_clock_os_wall(), &d);
        aw_local_world_init(&w, env);
        if (aw_rules_load(env->rules, &w.world, &rules, &d) == 0 && !d.n_errors)
            say_fine(ctl, env, rules, &d);
        aw_local_world_free(&w);
    }
    int code = aw_local_report(ctl, &d);
    aw_rules_free(rules);
    aw_env_conf_free(env);
    aw_diag_free(&d);
    return code;
}

/* YAML as JSON; plain scalars that JSON has too keep their type. */
static json_t *to_json(const struct aw_yaml *y)
{
    if (y->type == AW_YAML_SCALAR) {
        json_t *v = NULL;
        if (!y->quoted)
            v = json_loads(y->text, JSON_DECODE_ANY, NULL);
        return v ? v : json_string(y->text);
    }
    json_t *v = y->type == AW_YAML_MAP ? json_object() : json_array();
    for (const struct aw_yaml *c = y->child; c; c = c->next) {
        if (y->type == AW_YAML_MAP)
            json_object_set_new(v, c->key, to_json(c));
        else
            json_array_append_new(v, to_json(c));
    }
    return v;
}

static int show_json(const struct aw_ctl *ctl, const struct aw_buf *yaml)
{
    struct aw_yaml_doc *doc;
    struct aw_yaml_error error;
    if (aw_yaml_parse(aw_buf_str(yaml), yaml->n, SHOW_MAX, aw_lang(), &doc, &error) < 0)
        return aw_ctl_say(AW_EXIT_FAILED, "the settings cannot be shown as JSON: %s", error.text);
    json_t *v = to_json(aw_yaml_root(doc));
    aw_out_json(&ctl->out, v);
    json_decref(v);
    aw_yaml_free(doc);
    return AW_EXIT_DONE;
}

static int exec_show(struct aw_ctl *ctl)
{
    struct aw_diag d;
    struct aw_env_conf *env = NULL;
    aw_diag_init(&d);
    d.lang = aw_lang();
    int code = AW_EXIT_DONE;
    if (aw_env_load(path_of(ctl), 0, &env, &d) < 0) {
        code = aw_local_complain(&d);
    } else {
        struct aw_buf b = AW_BUF_INIT(SHOW_MAX);
        aw_env_show(env, &b);
        if (ctl->out.json)
            code = show_json(ctl, &b);
        else
            fputs(aw_buf_str(&b), ctl->out.f);
        aw_buf_free(&b);
    }
    aw_env_conf_free(env);
    aw_diag_free(&d);
    return code;
}

static const struct aw_param flags[] = {
    {"config", 0, AW_VAL_FILE, 0, NULL, "the environment file (" AW_SYSCONFDIR "/ackwatch.yaml)"},
    {NULL},
};
static const char *const check_examples[] = {"config check --config ackwatch.yaml", NULL};
static const char *const show_examples[] = {"config show", NULL};

const struct aw_cmd_entry aw_cmd_config_check = {
    .noun = "config",
    .verb = "check",
    .summary = "check the environment file and the rules and templates it names",
    .flags = flags,
    .examples = check_examples,
    .exec = exec_check,
};
const struct aw_cmd_entry aw_cmd_config_show = {
    .noun = "config",
    .verb = "show",
    .summary = "the effective settings, defaults filled in, secrets left out",
    .flags = flags,
    .examples = show_examples,
    .exec = exec_show,
};
