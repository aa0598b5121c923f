/* SPDX-License-Identifier: Apache-2.0
 *
 * `ackwatch rules simulate`: one registration under a rule file, against a list of events, on a
 * virtual clock, by the engine that the daemon runs. No daemon, no randomness, no clock but `at`.
 */
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "codec/json.h"
#include "codec/jsonw.h"
#include "conf/tests.h"
#include "core/match.h"
#include "ctl/local.h"
#include "ctl/nouns.h"
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
    bool reached; /* something went to somebody before the end */
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
    aw_jw_object(&w, NULL);
    aw_jw_time(&w, "at", l->at);
    aw_jw_int(&w, "after_ms", l->after);
    aw_jw_str(&w, "to", l->to);
    aw_jw_str(&w, "what", aw_virtual_what_name(l));
    if (l->what != AW_V_STATE) {
        aw_jw_str(&w, "step", l->step);
        aw_jw_int(&w, "round", l->round);
        aw_jw_str(&w, "do", aw_kind_name(l->kind));
        aw_jw_array(&w, "targets");
        for (unsigned i = 0; i < l->n_targets; i++)
            aw_jw_str(&w, NULL, l->targets[i]);
        aw_jw_end(&w, ']');
    }
    aw_jw_object(&w, "why");
    aw_jw_str(&w, "reason", aw_why_name(l->why));
    if (names_rung(l))
        aw_jw_str(&w, "level", aw_level_name(l->level));
    if (l->what == AW_V_HELD)
        aw_jw_time(&w, "until", l->until);
    aw_jw_end(&w, '}');
    aw_jw_end(&w, '}');
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
    if (l->what == AW_V_HELD)
        aw_table_addf(&s->table, AW_DIM, "%s, until %s", aw_word(aw_lang(), key),
                      aw_out_time(&s->ctl->out, when, l->until));
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

static int load(struct simulation *s)
{
    struct aw_ctl *ctl = s->ctl;
    const char *env = aw_ctl_flag(ctl, "env");
    AW_AUTO_FREE char *send_text = NULL, *events_text = NULL;
    struct aw_source_file send = {0}, events = {0};
    if (!read_flag(ctl, "send", &send, &send_text) ||
        !read_flag(ctl, "events", &events, &events_text))
        return AW_EXIT_FAILED;
    if (env && aw_env_load(env, AW_ENV_LENIENT, &s->env, &s->diag) == 0)
        aw_local_world_init(&s->world, s->env);
    aw_rules_load(ctl->args[0], &s->world.world, &s->rules, &s->diag);
    int r = aw_send_parse(&send, aw_clock_os_wall(), &s->reg, &s->at, &s->diag);
    if (events_text)
        aw_events_parse(&events, &s->events, &s->diag);
    if (aw_local_complain(&s->diag) != AW_EXIT_DONE || r < 0 || !s->rules)
        return AW_EXIT_PROBLEMS;
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

static int run(struct simulation *s)
{
    static const char *const heads[] = {"AFTER", "AT",      "TO",  "WHAT", "STEP",
                                        "DO",    "TARGETS", "WHY", NULL};
    const struct aw_rule *rule = choose(s);
    if (!rule)
        return aw_ctl_say(AW_EXIT_PROBLEMS,
                          s->reg.rule ? "there is no rule \"%s\" in %s"
                                      : "no rule matches%s (in %s)",
                          s->reg.rule ? s->reg.rule : "", s->ctl->args[0]);
    struct aw_virtual_person *people = NULL;
    struct aw_virtual_input in = {.rule = rule,
                                  .reg = &s->reg,
                                  .at = s->at,
                                  .events = s->events.list,
                                  .n_events = s->events.n};
    if (s->env && s->env->n_people) {
        people = aw_calloc(s->env->n_people, sizeof *people);
        for (unsigned i = 0; i < s->env->n_people; i++)
            people[i] = (struct aw_virtual_person){s->env->people[i].user, s->env->people[i].a};
        in.people = people;
        in.n_people = s->env->n_people;
    }
    if (s->env && s->env->n_channels)
        in.channels = s->world.channels;
    struct aw_err err;
    aw_table_init(&s->table, heads);
    int r = aw_virtual_run(&in, on_line, s, &err);
    if (!s->ctl->out.json)
        aw_table_print(&s->table, &s->ctl->out);
    aw_table_free(&s->table);
    aw_free(people);
    if (r < 0) /* events that the rule has nothing for, or more lines than anybody reads */
        return aw_ctl_say(r == AW_EINVAL ? AW_EXIT_PROBLEMS : AW_EXIT_FAILED, "%s", err.text);
    if (!s->reached && s->events.n == 0)
        fputs("Nobody has an address that a step could use: the daemon would refuse this "
              "registration.\nGive addresses in --send, or people by --env.\n",
              stderr);
    return AW_EXIT_DONE;
}

static int exec(struct aw_ctl *ctl)
{
    struct simulation s = {.ctl = ctl};
    aw_diag_init(&s.diag);
    s.diag.lang = aw_lang();
    int code = load(&s);
    if (code == AW_EXIT_DONE)
        code = run(&s);
    aw_registration_free(&s.reg);
    aw_events_free(&s.events);
    aw_local_world_free(&s.world);
    aw_rules_free(s.rules);
    aw_env_conf_free(s.env);
    aw_diag_free(&s.diag);
    return code;
}

static const struct aw_param args[] = {
    {"FILE", 0, AW_VAL_FILE, 0, NULL, "a rule file or a directory of them"},
    {NULL},
};
static const struct aw_param flags[] = {
    {"send", 0, AW_VAL_FILE, AW_REQUIRED, NULL,
     "the registration: body of POST /v1/messages plus `at`, YAML or JSON"},
    {"events", 0, AW_VAL_FILE, 0, NULL, "what happens: a list of {at, from, level} and others"},
    {"env", 0, AW_VAL_FILE, 0, NULL, "environment file with `people`, channels, templates"},
    {NULL},
};
static const char *const examples[] = {
    "rules simulate rules/order-status.yaml --send push.yaml",
    "rules simulate rules/ --send push.json --events late-ack.yaml --env people.yaml --json", NULL};

const struct aw_cmd_entry aw_cmd_rules_simulate = {
    .noun = "rules",
    .verb = "simulate",
    .summary = "what a rule would do with a registration, before it does it",
    .text = "Needs no daemon. With --json one object a line: at, after_ms, to, what, step, round, "
            "do, targets, why. Every attempt is accepted at once unless an event says otherwise.",
    .args = args,
    .flags = flags,
    .examples = examples,
    .exec = exec,
};
