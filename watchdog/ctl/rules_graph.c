/* SPDX-License-Identifier: Apache-2.0
 *
 * `ackwatch rules graph`: a rule as a picture, before it sends anything. Without --at as it stands
 * in the file; with it as the engine would carry it out from that instant on if nobody answered, so
 * that calendars of the environment show as what they hold. No daemon.
 */
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/json.h"
#include "ctl/draw.h"
#include "conf/brake.h"
#include "conf/tests.h"
#include "ctl/lang.h"
#include "ctl/local.h"
#include "ctl/nouns.h"

struct graph {
    struct aw_ctl *ctl;
    struct aw_env_conf *env;
    struct aw_local_world world;
    struct aw_rules *rules;
    const struct aw_rule *rule; /* the one that is drawn */
    struct aw_picture *picture;
    enum aw_lang lang;
    aw_time at; /* 0: no date */
    struct aw_diag diag;
};

/* --- somebody who has all addresses, and never answers --------------------------------------- */

struct people {
    struct aw_virtual_person *list;
    unsigned n;
};

static const struct aw_addresses everything = {.alias = "-",
                                               .phone = "+9990000001",
                                               .email = "nobody@sim.invalid",
                                               .im = "-",
                                               .manager = "manager"};

static void add_person(struct people *p, const char *user, const struct aw_addresses *a)
{
    for (unsigned i = 0; i < p->n; i++)
        if (aw_streq(p->list[i].user, user))
            return;
    p->list = aw_realloc(p->list, (p->n + 1) * sizeof(*p->list));
    p->list[p->n++] = (struct aw_virtual_person){user, *a};
}

static void add_targets(struct people *p, const struct aw_step *s)
{
    for (unsigned i = 0; s && i < s->n_to; i++)
        if (s->to[i].type == AW_TO_CONTACT || s->to[i].type == AW_TO_USER)
            add_person(p, s->to[i].name, &everything);
}

/* Those of the environment as they are, and whoever the rule names besides. */
static void find_people(const struct graph *g, struct people *p)
{
    for (unsigned i = 0; g->env && i < g->env->n_people; i++)
        add_person(p, g->env->people[i].user, &g->env->people[i].a);
    add_person(p, "recipient", &everything);
    add_person(p, "manager", &everything);
    for (unsigned i = 0; i < g->rule->n_steps; i++)
        add_targets(p, &g->rule->steps[i]);
    add_targets(p, g->rule->exhausted);
}

static int on_line(void *ctx, const struct aw_virtual_line *l)
{
    struct graph *g = ctx;
    return aw_picture_run_line(g->picture, g->rule, l);
}

static int draw_from(struct graph *g)
{
    struct people p = {0};
    struct aw_recipient recipient = {.user = "recipient", .given = everything};
    struct aw_registration reg = {.title = "-",
                                  .app = "default",
                                  .priority = AW_NORMAL,
                                  .recipients = &recipient,
                                  .n_recipients = 1};
    const struct aw_brake_conf brake = aw_brake_conf_of(g->env);
    struct aw_err err;

    find_people(g, &p);
    struct aw_virtual_input in = {.rule = g->rule,
                                  .reg = &reg,
                                  .at = g->at,
                                  .people = p.list,
                                  .n_people = p.n,
                                  .brake = &brake,
                                  .almanac = g->world.world.almanac};
    aw_picture_run_open(g->picture, g->rule, g->at);
    int r = aw_virtual_run(&in, on_line, g, &err);
    aw_picture_run_close(g->picture, g->rule);
    aw_free(p.list);
    return r < 0 ? aw_ctl_say(AW_EXIT_FAILED, "%s", err.text) : AW_EXIT_DONE;
}

/* --- output ------------------------------------------------------------------------------------
 */

static int draw(struct graph *g, const struct aw_rule *rule, const char *format, struct aw_buf *out)
{
    const struct aw_out *o = &g->ctl->out;
    int code = AW_EXIT_DONE;

    g->rule = rule;
    aw_picture_init(g->picture, g->lang);
    if (g->at)
        code = draw_from(g);
    else
        aw_picture_rule(g->picture, rule);
    if (code == AW_EXIT_DONE)
        aw_ctl_draw(o, g->picture, format, out);
    aw_picture_free(g->picture);
    return code;
}

static int draw_all(struct graph *g, const char *name, const char *format)
{
    json_t *list = json_array();
    int code = AW_EXIT_DONE;
    unsigned n = 0;

    for (unsigned i = 0; i < g->rules->set.n && code == AW_EXIT_DONE; i++) {
        const struct aw_rule *rule = g->rules->set.rules[i];
        struct aw_buf out = AW_BUF_INIT(AW_PIC_BYTES);
        if (name && !aw_streq(rule->name, name))
            continue;
        code = draw(g, rule, format, &out);
        if (g->ctl->out.json)
            json_array_append_new(list, json_pack("{s:s,s:s,s:s}", "rule", rule->name, "format",
                                                  format, "picture", aw_buf_str(&out)));
        else
            fprintf(g->ctl->out.f, "%s%s", n++ ? "\n" : "", aw_buf_str(&out));
        aw_buf_free(&out);
    }
    if (g->ctl->out.json && code == AW_EXIT_DONE)
        aw_out_json(&g->ctl->out, list);
    json_decref(list);
    return code;
}

static int run(struct graph *g)
{
    const char *name = aw_ctl_flag(g->ctl, "rule"), *format = aw_ctl_flag(g->ctl, "format");
    struct aw_buf names = AW_BUF_INIT(1024);
    int code = AW_EXIT_DONE;

    format = format ? format : "text";
    for (unsigned i = 0; i < g->rules->set.n; i++)
        aw_buf_printf(&names, "%s%s", i ? ", " : "", g->rules->set.rules[i]->name);
    if (name && !aw_ruleset_find(&g->rules->set, name))
        code = aw_ctl_say(AW_EXIT_NO_OBJECT, _("%1$s has no rule \"%2$s\"; it has %3$s"),
                          g->ctl->args[0], name, aw_buf_str(&names));
    else if (!name && g->rules->set.n > 1 && !aw_streq(format, "text") && !g->ctl->out.json)
        code = aw_ctl_say(AW_EXIT_USAGE, _("one picture a file: say which by --rule: %s"),
                          aw_buf_str(&names));
    else
        code = draw_all(g, name, format);
    aw_buf_free(&names);
    return code;
}

static int exec(struct aw_ctl *ctl)
{
    struct graph g = {.ctl = ctl, .lang = aw_lang()};
    const char *env = aw_ctl_flag(ctl, "env"), *at = aw_ctl_flag(ctl, "at");
    int code = AW_EXIT_PROBLEMS;

    if (at && aw_time_parse(at, strlen(at), &g.at) < 0)
        return aw_ctl_say(
            AW_EXIT_USAGE,
            _("--at \"%s\" is no instant; write for example 2026-11-23T22:00:00+08:00"), at);
    aw_diag_init(&g.diag);
    g.picture = aw_calloc(1, sizeof(*g.picture));
    if (env && aw_env_load(env, AW_ENV_LENIENT, &g.env, &g.diag) == 0)
        aw_local_world_init(&g.world, g.env);
    aw_rules_load(ctl->args[0], &g.world.world, &g.rules, &g.diag);
    if (aw_local_complain(&g.diag) == AW_EXIT_DONE && g.rules)
        code = run(&g);
    aw_free(g.picture);
    aw_local_world_free(&g.world);
    aw_rules_free(g.rules);
    aw_env_conf_free(g.env);
    aw_diag_free(&g.diag);
    return code;
}

static const struct aw_param args[] = {
    {"FILE", 0, AW_VAL_FILE, 0, NULL, "a rule file or a directory of them"},
    {NULL},
};
static const struct aw_param flags[] = {
    {"rule", 0, AW_VAL_TEXT, 0, NULL, "this rule alone"},
    {"format", 0, AW_VAL_CHOICE, 0, aw_picture_formats, "text (default), an SVG document, Mermaid"},
    {"at", 0, AW_VAL_TEXT, 0, NULL,
     "as it would be carried out from this instant on (RFC 3339) if nobody answered"},
    {"env", 0, AW_VAL_FILE, 0, NULL, "environment file with calendars, rotations, `people`"},
    {NULL},
};
static const char *const examples[] = {
    "rules graph rules/order-status.yaml",
    "rules graph rules/ --rule must-read --format svg > must-read.svg",
    "rules graph must-read.yaml --at 2026-11-23T21:58:00+08:00 --env ackwatch.yaml", NULL};

const struct aw_cmd_entry aw_cmd_rules_graph = {
    .noun = "rules",
    .verb = "graph",
    .summary = "draw a rule to scale: who gets what when, if nobody answers",
    .text =
        "Needs no daemon. The picture is as wide as the terminal, 80 columns when piped. An SVG "
        "document has a title and a description, and follows the viewer in light and dark.",
    .args = args,
    .flags = flags,
    .examples = examples,
    .exec = exec,
};
