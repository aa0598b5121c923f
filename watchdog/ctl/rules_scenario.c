/* SPDX-License-Identifier: Apache-2.0
 *
 * `rules simulate --scenario`. A scenario is written as a list of events, as in a test file, and
 * goes through the same parser and the same virtual run. Where no registration is given, one is
 * made that the rule takes: a recipient with all addresses, a manager, and whom the rule addresses
 * by name.
 */
#include "ctl/rules_scenario.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/json.h"
#include "conf/expect.h"
#include "conf/tests.h"
#include "ctl/lang.h"
#include "ctl/local.h"

enum { MAX_SCENARIOS = 64, EVENTS_MAX = 1 << 16, NAME_SIZE = 80 };

/* How long after a text, mail or call the person of `phone-off` confirms. */
#define PHONE_OFF_ACK AW_MINUTE

/* --- a registration for a rule --------------------------------------------------------------- */

struct stage {
    struct aw_virtual_input in;
    struct aw_registration reg;
    bool own_reg; /* made here, to be freed */
    struct aw_virtual_person people[256];
    char *names[256]; /* of those made here */
    unsigned n_people, n_names;
};

static void stage_free(struct stage *g)
{
    if (g->own_reg)
        aw_registration_free(&g->reg);
    for (unsigned i = 0; i < g->n_names; i++)
        aw_free(g->names[i]);
}

/* A value that the glob matches. */
static char *example(const char *glob)
{
    char *s = aw_strdup(glob);
    for (char *p = s; *p; p++)
        if (*p == '*' || *p == '?')
            *p = 'x';
    return s;
}

static const char *priority_of(const char *glob)
{
    for (unsigned i = 0; aw_priority_names[i]; i++)
        if (aw_glob(glob, aw_priority_names[i]))
            return aw_priority_names[i];
    return "normal";
}

/* The body of a registration that has every member which the rule's match asks for. */
static json_t *body_of(const struct aw_rule *rule)
{
    static const char *const members[] = {
        [AW_MATCH_APP] = "app", [AW_MATCH_CLASS] = "class", [AW_MATCH_TITLE] = "title"};
    json_t *labels = json_object(), *extras = json_object(), *sent = NULL;
    json_t *v = json_pack("{s:s,s:s,s:s,s:s,s:[{s:s}]}", "rule", rule->name, "external_id",
                          "simulated", "title", aw_template_sample("title", aw_lang_tag(aw_lang())),
                          "body", aw_template_sample("body", aw_lang_tag(aw_lang())), "recipients",
                          "user", "recipient");
    bool now = false;
    for (unsigned i = 0; i < rule->n_match; i++) {
        const struct aw_match_term *t = &rule->match[i];
        AW_AUTO_FREE char *value = example(t->globs[0]);
        if (t->field == AW_MATCH_LABEL || t->field == AW_MATCH_EXTRA)
            json_object_set_new(t->field == AW_MATCH_LABEL ? labels : extras, t->key,
                                json_string(value));
        else if (t->field == AW_MATCH_PRIORITY)
            json_object_set_new(v, "priority", json_string(priority_of(t->globs[0])));
        else if (t->field == AW_MATCH_CHANNEL)
            sent = json_pack("{s:s}", "channel", value);
        else
            json_object_set_new(v, members[t->field], json_string(value));
    }
    for (unsigned i = 0; i < rule->n_steps; i++)
        now |= rule->steps[i].at == 0;
    json_object_set_new(v, "labels", labels);
    json_object_set_new(v, "extras", extras);
    if (sent || !now)
        json_object_set_new(v, "already_sent", sent ? sent : json_object());
    return v;
}

static bool is_there(const struct stage *g, const char *user)
{
    for (unsigned i = 0; i < g->n_people; i++)
        if (aw_streq(g->people[i].user, user))
            return true;
    return false;
}

/* Somebody who can be reached by everything. */
static void add_person(struct stage *g, const char *user, const char *manager)
{
    if (is_there(g, user) || g->n_people == AW_COUNT(g->people) || g->n_names == AW_COUNT(g->names))
        return;
    char *name = aw_strdup(user);
    g->names[g->n_names++] = name;
    g->people[g->n_people++] = (struct aw_virtual_person){name,
                                                          {.alias = name,
                                                           .phone = "+9990000001",
                                                           .email = "person@sim.invalid",
                                                           .im = name,
                                                           .manager = manager}};
}

static void add_targets(struct stage *g, const struct aw_step *s)
{
    for (unsigned i = 0; s && i < s->n_to; i++)
        if (s->to[i].type == AW_TO_CONTACT || s->to[i].type == AW_TO_USER)
            add_person(g, s->to[i].name, NULL);
}

/* Whoever may be on duty. */
static void add_rotations(struct stage *g, const struct aw_almanac *a)
{
    for (unsigned i = 0; a && i < a->n_rotations; i++) {
        const struct aw_rotation *r = &a->rotations[i];
        for (unsigned k = 0; k < r->n_people; k++)
            add_person(g, r->people[k], NULL);
        for (unsigned k = 0; k < r->n_overrides; k++)
            add_person(g, r->overrides[k].person, NULL);
    }
}

/* False when the registration made is not one, which the diagnostics say. */
static bool stage_init(struct stage *g, const struct aw_scenarios *s, const struct aw_rule *rule,
                       struct aw_diag *diag)
{
    *g = (struct stage){.in = s->base};
    g->in.rule = rule;
    for (unsigned i = 0; i < s->base.n_people && i < AW_COUNT(g->people); i++)
        g->people[g->n_people++] = s->base.people[i];
    for (unsigned i = 0; i < rule->n_steps; i++)
        add_targets(g, &rule->steps[i]);
    add_targets(g, rule->exhausted);
    add_rotations(g, s->base.almanac);
    if (s->reg) {
        g->in.reg = s->reg;
    } else {
        json_t *body = body_of(rule);
        char at[AW_TIME_TEXT];
        aw_time_print(at, s->base.at);
        json_object_set_new(body, "at", json_string(at));
        json_t *sent = json_object_get(body, "already_sent");
        if (sent)
            json_object_set_new(sent, "at", json_string(at));
        AW_AUTO_FREE char *text = json_dumps(body, JSON_COMPACT);
        json_decref(body);
        struct aw_source_file f = {rule->name, text, strlen(text)};
        aw_time when;
        if (aw_send_parse(&f, s->base.at, &g->reg, &when, diag) < 0)
            return false;
        g->own_reg = true;
        g->in.reg = &g->reg;
        add_person(g, "recipient", "manager");
        add_person(g, "manager", NULL);
    }
    g->in.people = g->people;
    g->in.n_people = g->n_people;
    return true;
}

/* --- one run --------------------------------------------------------------------------------- */

struct outcome {
    struct aw_arena arena;
    struct aw_lines lines;
    struct aw_events events;
};

static void outcome_free(struct outcome *o)
{
    aw_free(o->lines.list);
    aw_free(o->lines.seen);
    aw_free(o->lines.told);
    aw_events_free(&o->events);
    aw_arena_free(&o->arena);
}

/* Runs the stage under events as a test file has them. */
static int play(struct stage *g, const char *events, struct outcome *o, struct aw_diag *diag)
{
    struct aw_err err = {0};
    struct aw_source_file f = {N_("the scenario"), events, strlen(events)};
    *o = (struct outcome){0};
    o->lines.arena = &o->arena;
    if (*events && aw_events_parse(&f, &o->events, diag) < 0)
        return AW_EINVAL;
    g->in.events = o->events.list;
    g->in.n_events = o->events.n;
    int r = aw_virtual_run(&g->in, aw_lines_take, &o->lines, &err);
    return r < 0 ? aw_ctl_say(r, "%s", err.text) : 0;
}

static void put_ack(struct aw_buf *events, const struct stage *g, unsigned n, aw_ms at)
{
    char after[AW_TIME_TEXT];
    json_t *user = json_string(g->in.reg->recipients[n].user);
    AW_AUTO_FREE char *quoted = json_dumps(user, JSON_ENCODE_ANY);
    aw_duration_print(after, at);
    aw_buf_printf(events, "- {at: %s, from: %s, level: acknowledged}\n", after, quoted);
    json_decref(user);
}

/* Who has no phone at hand confirms by the first text, mail or call that reaches them. */
static int phone_off(struct stage *g, struct aw_buf *events, struct aw_diag *diag)
{
    struct outcome o;
    int r = play(g, "", &o, diag);
    for (unsigned n = 0; r == 0 && n < g->in.reg->n_recipients; n++) {
        const char *user = g->in.reg->recipients[n].user;
        for (unsigned i = 0; i < o.lines.n; i++) {
            const struct aw_virtual_line *l = &o.lines.list[i];
            bool phone = l->kind == AW_PUSH || l->kind == AW_IM;
            if (l->what != AW_V_FIRED || phone || !aw_streq(l->to, user) || l->n_targets != 1 ||
                !aw_streq(l->targets[0], user))
                continue;
            put_ack(events, g, n, l->after + PHONE_OFF_ACK);
            break;
        }
    }
    outcome_free(&o);
    return r;
}

static void put_channel(struct aw_buf *events, const char *name, const char *is)
{
    aw_buf_printf(events, "- {at: 0s, channel: %s, is: %s}\n", name, is);
}

/* All channels of a kind: those of the environment, those that steps name, else the kind itself. */
static void put_kind(struct aw_buf *events, const struct stage *g, enum aw_kind kind,
                     const char *is)
{
    for (unsigned i = 0; i < g->in.n_channel_list; i++)
        if (g->in.channel_list[i].provider->kind == kind)
            put_channel(events, g->in.channel_list[i].name, is);
    if (g->in.n_channel_list > 0)
        return;
    put_channel(events, aw_kind_name(kind), is);
    for (unsigned i = 0; i < g->in.rule->n_steps; i++) {
        const struct aw_step *s = &g->in.rule->steps[i];
        for (unsigned k = 0; k < s->n_via && aw_step_has_kind(s, kind); k++)
            put_channel(events, s->via[k], is);
    }
}

static bool is_channel(const struct stage *g, const char *name)
{
    for (unsigned i = 0; i < g->in.n_channel_list; i++)
        if (aw_streq(g->in.channel_list[i].name, name))
            return true;
    for (unsigned i = 0; i < g->in.rule->n_steps; i++)
        for (unsigned k = 0; k < g->in.rule->steps[i].n_via; k++)
            if (aw_streq(g->in.rule->steps[i].via[k], name))
                return true;
    return false;
}

/* The events of a scenario by its name: 0, or AW_EINVAL when there is none of that name. */
static int events_of(struct stage *g, const char *name, struct aw_buf *events, struct aw_diag *diag)
{
    size_t n = strlen(name);
    aw_ms at;
    if (aw_streq(name, "nobody-acks"))
        return 0;
    if (aw_streq(name, "phone-off"))
        return phone_off(g, events, diag);
    if (aw_starts(name, "ack@") && aw_duration_parse(name + 4, n - 4, &at) == 0) {
        for (unsigned i = 0; i < g->in.reg->n_recipients; i++)
            put_ack(events, g, i, at);
        return 0;
    }
    if (aw_streq(name, "blind")) {
        for (unsigned k = 0; k < AW_N_KINDS; k++)
            put_kind(events, g, (enum aw_kind)k, "blind");
        return 0;
    }
    if (n > 5 && aw_streq(name + n - 5, "-down")) {
        AW_AUTO_FREE char *what = aw_strndup(name, n - 5);
        enum aw_kind kind;
        if (aw_kind_parse(what, &kind) == 0)
            put_kind(events, g, kind, "down");
        else if (is_channel(g, what))
            put_channel(events, what, "down");
        else
            return AW_EINVAL;
        return 0;
    }
    return AW_EINVAL;
}

/* --- what came of it ------------------------------------------------------------------------- */

/* The end that most deserves to be seen, where timelines ended differently; and when the last did.
 */
static const struct aw_virtual_line *end_of(const struct aw_lines *lines)
{
    static const enum aw_state worst[] = {AW_EXHAUSTED, AW_EXPIRED, AW_CANCELLED, AW_CONFIRMED,
                                          AW_RELEASED};
    const struct aw_virtual_line *end = NULL;
    for (unsigned w = 0; w < AW_COUNT(worst) && !end; w++)
        for (unsigned i = 0; i < lines->n; i++)
            if (lines->list[i].what == AW_V_STATE && lines->list[i].state == worst[w])
                end = &lines->list[i];
    return end;
}

static json_t *summary(const struct aw_scenarios *s, const struct stage *g, const char *name,
                       const struct outcome *o)
{
    json_t *sent = json_object(), *texts = json_array();
    const struct aw_virtual_line *end = end_of(&o->lines);
    unsigned n_sent[AW_N_KINDS] = {0};
    for (unsigned i = 0; i < o->lines.n; i++) {
        const struct aw_virtual_line *l = &o->lines.list[i];
        if (l->what != AW_V_FIRED)
            continue;
        n_sent[l->kind] += l->n_targets;
        for (unsigned k = 0; k < l->n_targets; k++)
            json_array_append_new(texts, aw_text_of_line(&g->in, s->templates, l, l->targets[k]));
    }
    for (unsigned k = 0; k < AW_N_KINDS; k++)
        if (n_sent[k])
            json_object_set_new(sent, aw_kind_name(k), json_integer(n_sent[k]));
    char at[AW_TIME_TEXT];
    aw_time_print(at, end ? end->at : g->in.at);
    return json_pack("{s:s,s:s,s:s,s:s,s:I,s:o,s:o}", "rule", g->in.rule->name, "scenario", name,
                     "state", end ? aw_state_name(end->state) : "open", "at", at, "after_ms",
                     (json_int_t)(end ? end->after : 0), "sent", sent, "received", texts);
}

static void add_row(struct aw_table *t, const json_t *v)
{
    struct aw_buf sent = AW_BUF_INIT(4096);
    const char *kind, *state = aw_json_str(v, "state");
    char after[AW_TIME_TEXT];
    json_t *n;
    json_object_foreach(json_object_get(v, "sent"), kind, n) aw_buf_printf(
        &sent, "%s%s %lld", sent.n ? ", " : "", kind, (long long)json_integer_value(n));
    aw_duration_print(after, json_integer_value(json_object_get(v, "after_ms")));
    aw_table_add(t, AW_BOLD, aw_json_str(v, "rule"));
    aw_table_add(t, AW_PLAIN, aw_json_str(v, "scenario"));
    aw_table_add(t, aw_streq(state, "confirmed") ? AW_GOOD : AW_WARN, state);
    aw_table_addf(t, AW_PLAIN, "+%s", after);
    aw_table_add(t, AW_PLAIN, sent.n ? aw_buf_str(&sent) : NULL);
    aw_buf_free(&sent);
}

static void print_texts(const struct aw_out *o, const json_t *list)
{
    size_t i;
    const json_t *v;
    json_array_foreach(list, i, v)
    {
        fprintf(o->f, "\n%s%s, %s%s\n", aw_out_on(o, AW_BOLD), aw_json_str(v, "rule"),
                aw_json_str(v, "scenario"), aw_out_off(o, AW_BOLD));
        aw_texts_print(o, json_object_get(v, "received"));
    }
}

/* --- which scenarios ------------------------------------------------------------------------- */

struct names {
    char list[MAX_SCENARIOS][NAME_SIZE];
    unsigned n;
};

static void add(struct names *names, const char *before, const char *value, const char *behind)
{
    if (names->n < MAX_SCENARIOS)
        aw_format(names->list[names->n++], NAME_SIZE, "%s%s%s", before, value, behind);
}

static int by_ms(const void *a, const void *b)
{
    aw_ms x = *(const aw_ms *)a, y = *(const aw_ms *)b;
    return (x > y) - (x < y);
}

/* Somebody who answers half-way between a step and the next: what each step is good for. */
static void add_acks(struct names *names, const struct aw_rule *rule)
{
    aw_ms at[AW_MAX_STEPS + 1];
    unsigned n = 0;
    for (unsigned i = 0; i < rule->n_steps; i++)
        if (rule->steps[i].at < rule->deadline)
            at[n++] = rule->steps[i].at;
    qsort(at, n, sizeof(*at), by_ms);
    at[n] = rule->deadline;
    for (unsigned i = 0; i < n; i++) {
        char text[AW_TIME_TEXT];
        aw_ms half = (at[i] + at[i + 1]) / 2;
        if (at[i] == at[i + 1])
            continue;
        aw_duration_print(text, half >= 2 * AW_SECOND ? half / AW_SECOND * AW_SECOND : half);
        add(names, "ack@", text, "");
    }
}

static bool uses(const struct aw_rule *rule, enum aw_kind kind)
{
    for (unsigned i = 0; i < rule->n_steps; i++)
        if (aw_step_has_kind(&rule->steps[i], kind))
            return true;
    return rule->exhausted && aw_step_has_kind(rule->exhausted, kind);
}

static void add_all(struct names *names, const struct aw_rule *rule)
{
    add(names, "", "nobody-acks", "");
    add_acks(names, rule);
    add(names, "", "phone-off", "");
    for (unsigned k = 0; k < AW_N_KINDS; k++)
        if (uses(rule, (enum aw_kind)k))
            add(names, "", aw_kind_name(k), "-down");
    add(names, "", "blind", "");
}

static int run_rule(const struct aw_scenarios *s, const struct aw_rule *rule, json_t *list,
                    struct aw_table *t, struct aw_diag *diag)
{
    struct names names = {.n = 0};
    struct stage g;
    const char *name;
    int code = AW_EXIT_DONE;
    for (unsigned i = 0; (name = aw_ctl_nth(s->ctl, "scenario", i)) != NULL; i++) {
        if (aw_streq(name, "all"))
            add_all(&names, rule);
        else
            add(&names, "", name, "");
    }
    bool fine = stage_init(&g, s, rule, diag);
    for (unsigned i = 0; fine && i < names.n && code == AW_EXIT_DONE; i++) {
        AW_AUTO(aw_buf_free) struct aw_buf events = AW_BUF_INIT(EVENTS_MAX);
        struct outcome o = {0};
        if (events_of(&g, names.list[i], &events, diag) < 0)
            code = aw_ctl_say(AW_EXIT_USAGE,
                              _("there is no scenario \"%s\": nobody-acks, ack@TIME, phone-off, "
                                "CHANNEL-down, blind, all"),
                              names.list[i]);
        else if (play(&g, aw_buf_str(&events), &o, diag) < 0)
            code = AW_EXIT_PROBLEMS;
        else {
            json_t *v = summary(s, &g, names.list[i], &o);
            add_row(t, v);
            json_array_append_new(list, v);
        }
        outcome_free(&o);
    }
    stage_free(&g);
    return fine ? code : AW_EXIT_PROBLEMS;
}

int aw_scenarios_run(const struct aw_scenarios *s)
{
    static const char *const heads[] = {"RULE", "SCENARIO", "END", "AFTER", "SENT", NULL};
    json_t *list = json_array();
    struct aw_table t;
    struct aw_diag diag;
    int code = AW_EXIT_DONE;
    aw_diag_init(&diag);
    diag.lang = aw_lang();
    aw_table_init(&t, heads);
    for (unsigned i = 0; code == AW_EXIT_DONE && i < s->rules->set.n; i++)
        if (!s->base.rule || s->base.rule == s->rules->set.rules[i])
            code = run_rule(s, s->rules->set.rules[i], list, &t, &diag);
    aw_local_complain(&diag);
    if (s->ctl->out.json)
        aw_out_json(&s->ctl->out, list);
    else
        aw_table_print(&t, &s->ctl->out);
    if (!s->ctl->out.json && aw_ctl_flag(s->ctl, "texts"))
        print_texts(&s->ctl->out, list);
    aw_table_free(&t);
    aw_diag_free(&diag);
    json_decref(list);
    return code;
}
