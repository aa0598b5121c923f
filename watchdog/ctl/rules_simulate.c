/* SPDX-License-Identifier: Apache-2.0
 *
 * `ackwatch rules simulate`: one registration under a rule file, against a list of events, on a
 * virtual clock, by the engine that the daemon runs. No daemon, no randomness, no clock but `at`.
 */
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "codec/explain.h"
#include "codec/json.h"
#include "codec/jsonw.h"
#include "conf/brake.h"
#include "conf/tests.h"
#include "core/match.h"
#include "ctl/local.h"
#include "ctl/nouns.h"
#include "ctl/rules_scenario.h"
#include "ctl/lang.h"
#include "codec/words.h"

#define FILE_MAX ((size_t)1 << 20)

struct simulation {
    struct aw_ctl *ctl;
    struct aw_table table;
    struct aw_env_conf *env;
    struct aw_local_world world;
    struct aw_rules *rules;
    struct aw_registration reg;
    struct aw_events events;
    aw_time at;
    struct aw_diag diag;
    struct aw_templates beside; /* the rules, when the environment names none */
    struct aw_virtual_input in;
    struct aw_brake_conf brake;
    struct aw_virtual_person *people;
    json_t *texts; /* that people would have got, with --texts */
    bool reached;  /* something went to somebody before the end */
};

/* --- output ---------------------------------------------------------------------------------- */

static bool names_rung(const struct aw_virtual_line *l)
{
    return (l->why == AW_WHY_UNLESS || l->why == AW_WHY_GOAL) && l->level != AW_LEVEL_NONE;
}

static void line_json(const struct aw_out *o, const struct aw_virtual_line *l)
{
    struct aw_buf b = AW_BUF_INIT((size_t)1 << 20);
    struct aw_jsonw w;
    aw_jw_init(&w, &b);
    aw_virtual_json(&w, l);
    fprintf(o->f, "%s\n", aw_buf_str(&b));
    aw_buf_free(&b);
}

static void line_table(struct simulation *s, const struct aw_virtual_line *l)
{
    char when[AW_TIME_TEXT], after[AW_TIME_TEXT], key[64];
    struct aw_buf targets = AW_BUF_INIT(4096);
    aw_duration_print(after, l->after);
    for (unsigned i = 0; i < l->n_targets; i++)
        aw_buf_printf(&targets, "%s%s", i ? "," : "", l->targets[i]);
    bool state = l->what == AW_V_STATE;
    aw_table_addf(&s->table, AW_PLAIN, "+%s", after);
    aw_table_add(&s->table, AW_PLAIN, aw_out_time(&s->ctl->out, when, l->at));
    aw_table_add(&s->table, AW_PLAIN, l->to);
    aw_table_add(&s->table, l->what == AW_V_FIRED ? AW_BOLD : AW_PLAIN, aw_virtual_what_name(l));
    aw_table_add(&s->table, AW_PLAIN, state ? NULL : l->step);
    if (state)
        aw_table_add(&s->table, AW_PLAIN, NULL);
    else
        aw_table_addf(&s->table, AW_PLAIN, l->round > 1 ? "%s #%u" : "%s", aw_kind_name(l->kind),
                      l->round);
    aw_table_add(&s->table, AW_PLAIN, aw_buf_str(&targets));
    snprintf(key, sizeof key, "why:%s", aw_why_name(l->why));
    if (l->what == AW_V_HELD || l->what == AW_V_DEFERRED)
        aw_table_addf(&s->table, AW_DIM, "%s%s%s, until %s", aw_word(aw_lang(), key),
                      l->by ? ": " : "", l->by ? l->by : "",
                      aw_out_time(&s->ctl->out, when, l->until));
    else if (l->by)
        aw_table_addf(&s->table, AW_DIM, "%s: %s", aw_word(aw_lang(), key), l->by);
    else
        aw_table_addf(&s->table, AW_DIM, names_rung(l) ? "%s: %s" : "%s", aw_word(aw_lang(), key),
                      aw_level_name(l->level));
    aw_buf_free(&targets);
}

static int on_line(void *ctx, const struct aw_virtual_line *l)
{
    struct simulation *s = ctx;
    if (l->what == AW_V_FIRED && l->why != AW_WHY_EXHAUSTED)
        s->reached = true;
    if (s->ctl->out.json)
        line_json(&s->ctl->out, l);
    else
        line_table(s, l);
    for (unsigned i = 0; s->texts && l->what == AW_V_FIRED && i < l->n_targets; i++)
        json_array_append_new(s->texts,
                              aw_text_of_line(&s->in, s->world.world.templates, l, l->targets[i]));
    return 0;
}

/* --- input ----------------------------------------------------------------------------------- */

/* Reads the file of a flag; false when it cannot be read. text stays NULL without the flag. */
static bool read_flag(const struct aw_ctl *ctl, const char *flag, struct aw_source_file *ret,
                      char **ret_text)
{
    const char *path = aw_ctl_flag(ctl, flag);
    if (!path)
        return true;
    *ret_text = aw_ctl_read(path, FILE_MAX, &ret->n);
    ret->name = path;
    ret->text = *ret_text;
    return *ret_text != NULL;
}

/* --at, else what the registration says, else now. */
static bool read_at(struct simulation *s, aw_time sent)
{
    const char *at = aw_ctl_flag(s->ctl, "at");
    s->at = sent;
    if (at && aw_time_parse(at, strlen(at), &s->at) < 0) {
        aw_ctl_say(0, _("--at: \"%s\" is no time such as 2026-11-23T21:58:00+08:00"), at);
        return false;
    }
    return true;
}

/* What the environment gives to every run. */
static void fill_input(struct simulation *s)
{
    s->brake = aw_brake_conf_of(s->env);
    s->in = (struct aw_virtual_input){.at = s->at, .brake = &s->brake};
    if (s->env && s->env->n_people) {
        s->people = aw_calloc(s->env->n_people, sizeof *s->people);
        for (unsigned i = 0; i < s->env->n_people; i++)
            s->people[i] = (struct aw_virtual_person){s->env->people[i].user, s->env->people[i].a};
        s->in.people = s->people;
        s->in.n_people = s->env->n_people;
    }
    if (s->env && s->env->n_channels) {
        s->in.channels = s->world.channels;
        s->in.channel_list = s->env->channels;
        s->in.n_channel_list = s->env->n_channels;
    }
    s->in.almanac = s->world.world.almanac;
}

static int load(struct simulation *s)
{
    struct aw_ctl *ctl = s->ctl;
    const char *env = aw_ctl_flag(ctl, "env");
    static const struct aw_almanac no_almanac;
    AW_AUTO_FREE char *send_text = NULL, *events_text = NULL;
    struct aw_source_file send = {0}, events = {0};
    aw_time now = aw_clock_os_wall(), at = now;
    if (!read_flag(ctl, "send", &send, &send_text) ||
        !read_flag(ctl, "events", &events, &events_text))
        return AW_EXIT_FAILED;
    if (env && aw_env_load(env, AW_ENV_LENIENT, &s->env, &s->diag) == 0)
        aw_local_world_init(&s->world, s->env);
    else
        s->world.world.almanac = &no_almanac; /* what a rule names of one is missing */
    if (!s->world.world.templates) {
        s->beside = aw_local_templates(ctl->args[0], &s->diag);
        s->world.world.templates = s->beside.n ? &s->beside : NULL;
    }
    aw_rules_load(ctl->args[0], &s->world.world, &s->rules, &s->diag);
    if (send_text)
        aw_send_parse(&send, now, &s->reg, &at, &s->diag);
    if (events_text)
        aw_events_parse(&events, &s->events, &s->diag);
    if (aw_local_complain(&s->diag) != AW_EXIT_DONE || !s->rules)
        return AW_EXIT_PROBLEMS;
    if (!read_at(s, at))
        return AW_EXIT_USAGE;
    fill_input(s);
    return AW_EXIT_DONE;
}

static const struct aw_rule *choose(const struct simulation *s)
{
    struct aw_match_input in = {
        .reg = &s->reg, .app = s->reg.app ? s->reg.app : "default", .channel = s->reg.sent_channel};
    if (s->reg.rule)
        return aw_ruleset_find(&s->rules->set, s->reg.rule);
    return aw_ruleset_match(&s->rules->set, &in);
}

static int run_one(struct simulation *s, const struct aw_rule *rule)
{
    static const char *const heads[] = {"AFTER", "AT",      "TO",  "WHAT", "STEP",
                                        "DO",    "TARGETS", "WHY", NULL};
    struct aw_err err;
    s->in.rule = rule;
    s->in.reg = &s->reg;
    s->in.events = s->events.list;
    s->in.n_events = s->events.n;
    if (aw_ctl_flag(s->ctl, "texts") && !s->ctl->out.json)
        s->texts = json_array();
    aw_table_init(&s->table, heads);
    int r = aw_virtual_run(&s->in, on_line, s, &err);
    if (!s->ctl->out.json)
        aw_table_print(&s->table, &s->ctl->out);
    aw_table_free(&s->table);
    aw_texts_print(&s->ctl->out, s->texts);
    json_decref(s->texts);
    if (r < 0) /* events that the rule has nothing for, or more lines than anybody reads */
        return aw_ctl_say(r == AW_EINVAL ? AW_EXIT_PROBLEMS : AW_EXIT_FAILED, "%s", err.text);
    if (!s->reached && s->events.n == 0)
        fputs(_("Nobody has an address that a step could use: the daemon would refuse this "
                "registration.\nGive addresses in --send, or people by --env.\n"),
              stderr);
    return AW_EXIT_DONE;
}

static int run(struct simulation *s)
{
    bool sent = aw_ctl_flag(s->ctl, "send") != NULL;
    const struct aw_rule *rule = sent ? choose(s) : NULL;
    if (sent && !rule)
        return s->reg.rule
                   ? aw_ctl_say(AW_EXIT_PROBLEMS, _("there is no rule \"%s\" in %s"), s->reg.rule,
                                s->ctl->args[0])
                   : aw_ctl_say(AW_EXIT_PROBLEMS, _("no rule matches (in %s)"), s->ctl->args[0]);
    if (!aw_ctl_flag(s->ctl, "scenario"))
        return run_one(s, rule);
    struct aw_scenarios scenarios = {.ctl = s->ctl,
                                     .rules = s->rules,
                                     .templates = s->world.world.templates,
                                     .base = s->in,
                                     .reg = sent ? &s->reg : NULL};
    scenarios.base.rule = rule;
    return aw_scenarios_run(&scenarios);
}

static int exec(struct aw_ctl *ctl)
{
    struct simulation s = {.ctl = ctl};
    bool scenario = aw_ctl_flag(ctl, "scenario") != NULL;
    if (!scenario && !aw_ctl_flag(ctl, "send"))
        return aw_ctl_say(AW_EXIT_USAGE, _("give --scenario, or a registration by --send"));
    if (scenario && aw_ctl_flag(ctl, "events"))
        return aw_ctl_say(AW_EXIT_USAGE, _("--scenario and --events: one of them"));
    aw_diag_init(&s.diag);
    s.diag.lang = aw_lang();
    int code = load(&s);
    if (code == AW_EXIT_DONE)
        code = run(&s);
    aw_registration_free(&s.reg);
    aw_events_free(&s.events);
    aw_local_world_free(&s.world);
    aw_templates_free(&s.beside);
    aw_rules_free(s.rules);
    aw_env_conf_free(s.env);
    aw_free(s.people);
    aw_diag_free(&s.diag);
    return code;
}

static const struct aw_param args[] = {
    {"FILE", 0, AW_VAL_FILE, 0, NULL, "a rule file or a directory of them"},
    {NULL},
};
static const struct aw_param flags[] = {
    {"scenario", 0, AW_VAL_TEXT, AW_MANY, NULL,
     "nobody-acks, ack@TIME, phone-off, CHANNEL-down, blind, or all of them"},
    {"send", 0, AW_VAL_FILE, 0, NULL,
     "the registration: body of POST /v1/messages plus `at`, YAML or JSON"},
    {"events", 0, AW_VAL_FILE, 0, NULL, "what happens: a list of {at, from, level} and others"},
    {"env", 0, AW_VAL_FILE, 0, NULL, "environment file with `people`, channels, templates"},
    {"at", 0, AW_VAL_TEXT, 0, NULL, "the instant of registration, RFC 3339 (now)"},
    {"texts", 0, AW_VAL_NONE, 0, NULL, "also what people would have received"},
    {NULL},
};
static const char *const examples[] = {
    "rules simulate rules/order-status.yaml --scenario all",
    "rules simulate rules/must-read.yaml --scenario phone-off --at 2026-11-23T21:58:00+08:00 "
    "--texts",
    "rules simulate rules/ --send push.json --events late-ack.yaml --env people.yaml --json", NULL};

const struct aw_cmd_entry aw_cmd_rules_simulate = {
    .noun = "rules",
    .verb = "simulate",
    .summary = "what a rule would do with a registration, before it does it",
    .text =
        "Needs no daemon. With --scenario a line for each: how it ends, when, and what was sent by "
        "then; --json also has the texts. nobody-acks: every attempt is accepted, and nothing is "
        "heard again. ack@TIME: the recipient confirms then. phone-off: pushes reach nobody; the "
        "recipient confirms a minute after the first text, mail or call. CHANNEL-down: nothing can "
        "be sent by a kind (or a channel of --env). blind: no receipts can be had. Without --send "
        "the registration is one that the rule takes, with a recipient who has all addresses.\n"
        "With --send and --events one run, line by line; --json prints one object a line: at, "
        "after_ms, to, what, step, round, do, targets, why. Every attempt is accepted at once "
        "unless an event says otherwise.",
    .args = args,
    .flags = flags,
    .examples = examples,
    .exec = exec,
};
