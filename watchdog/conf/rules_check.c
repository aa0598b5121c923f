/* SPDX-License-Identifier: Apache-2.0
 *
 * What concerns more than one key of a rule, more than one rule, or things outside of the rules:
 * references between steps, the deadline, channels and templates. Runs also when some keys could
 * not be read, so that one run names all problems: absent values are zero and pass.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "conf/rules_int.h"
#include "core/template.h"

/* One step with its place in the file. */
struct at_step {
    struct aw_rule *rule;
    struct aw_step *step;
    unsigned index; /* AW_STEP_EXHAUSTED for the exhausted step */
    const struct aw_yaml *map;
};

static bool has_kind(const struct aw_step *s, enum aw_kind kind)
{
    for (unsigned i = 0; i < s->n_kinds; i++)
        if (s->kinds[i] == kind)
            return true;
    return false;
}

/* The step that a text names, or -1 with the problem reported. */
static int find_step(struct aw_reader *r, const struct at_step *s, const struct aw_yaml *v,
                     const char *id)
{
    const char *ids[AW_MAX_STEPS + 1];
    unsigned n = 0;
    for (unsigned i = 0; i < s->rule->n_steps; i++) {
        if (s->rule->steps[i].id == NULL)
            continue;
        if (strcmp(s->rule->steps[i].id, id) == 0)
            return (int)i;
        ids[n++] = s->rule->steps[i].id;
    }
    ids[n] = NULL;
    char hint[256];
    aw_schema_suggest(r, hint, id, ids);
    aw_schema_error(r, v, "E130", hint, "\"%s\" names no step of this rule", id);
    return -1;
}

static void check_ttl(struct aw_reader *r, const struct at_step *s)
{
    const struct aw_yaml *v = aw_yaml_get(s->map, "ttl");
    if (v == NULL || v->type != AW_YAML_SCALAR)
        return;
    if (s->step->n_kinds > 0 && !has_kind(s->step, AW_PUSH))
        aw_schema_key_error(r, v, "E141", "take it out", "\"ttl\" is for push only");
    if (!aw_starts(v->text, "until "))
        return;
    if (s->index == AW_STEP_EXHAUSTED) {
        aw_schema_error(r, v, "E130", "write a duration", "no step comes after the exhausted step");
        return;
    }
    int i = find_step(r, s, v, v->text + strlen("until "));
    if (i >= 0 && s->rule->steps[i].at <= s->step->at)
        aw_schema_error(r, v, "E130", "name a later step, or write a duration",
                        "step \"%s\" is not later than this one", s->rule->steps[i].id);
    s->step->ttl_until = i;
}

static void check_replaces(struct aw_reader *r, const struct at_step *s)
{
    const struct aw_yaml *v = aw_yaml_get(s->map, "replaces");
    if (v == NULL || v->type != AW_YAML_SCALAR || v->text[0] == '\0')
        return;
    if (s->step->n_kinds > 0 && !has_kind(s->step, AW_PUSH))
        aw_schema_key_error(r, v, "E141", "take it out", "\"replaces\" is for push only");
    int i = find_step(r, s, v, v->text);
    if (i < 0)
        return;
    const struct aw_step *other = &s->rule->steps[i];
    bool before = s->index == AW_STEP_EXHAUSTED || other->at < s->step->at ||
                  (other->at == s->step->at && (unsigned)i < s->index);
    if (other->n_kinds > 0 && !has_kind(other, AW_PUSH))
        aw_schema_error(r, v, "E130", "name a step that does push", "step \"%s\" does no push",
                        other->id);
    else if (!before)
        aw_schema_error(r, v, "E130", "name an earlier step", "step \"%s\" does not run before",
                        other->id);
    s->step->replaces = i;
}

static void check_repeat(struct aw_reader *r, const struct at_step *s)
{
    struct aw_step *step = s->step;
    const struct aw_yaml *repeat = aw_yaml_get(s->map, "repeat");
    aw_ms deadline = s->rule->deadline;
    if (repeat == NULL) {
        step->times = 1;
        return;
    }
    if (step->every == 0 || deadline < step->at)
        return;
    aw_ms fit = (deadline - step->at) / step->every + 1;
    if (step->times == 0 && fit > AW_MAX_ROUNDS)
        aw_schema_key_error(r, repeat, "E132", "make \"every\" longer",
                            "more than %d rounds until the deadline", AW_MAX_ROUNDS);
    else if (step->times > fit)
        aw_schema_key_warn(r, repeat, "W102", "make \"times\" smaller or the deadline longer",
                           "only %lld of %u rounds are due before the deadline", (long long)fit,
                           step->times);
}

static const char *kind_of_channel(const struct aw_rules_world *w, const char *name)
{
    for (unsigned k = 0; k < AW_N_KINDS; k++)
        for (const char *const *c = w->channels[k]; c != NULL && *c != NULL; c++)
            if (strcmp(*c, name) == 0)
                return aw_kind_name(k);
    return NULL;
}

static void check_via(struct aw_reader *r, const struct at_step *s, const struct aw_rules_world *w)
{
    const struct aw_yaml *v = aw_yaml_get(s->map, "via");
    if (v == NULL)
        return;
    if (s->step->n_kinds > 1) {
        aw_schema_key_error(r, v, "E140", "make a step of each kind",
                            "\"via\" is for a step of one kind");
        return;
    }
    if (s->step->n_kinds == 0 || w->channels[s->step->kinds[0]] == NULL)
        return;
    const char *const *known = w->channels[s->step->kinds[0]];
    for (unsigned i = 0; i < aw_schema_items(v); i++) {
        const struct aw_yaml *item = aw_schema_item(v, i);
        const char *const *c = known;
        if (item->type != AW_YAML_SCALAR)
            continue;
        while (*c != NULL && strcmp(*c, item->text) != 0)
            c++;
        if (*c != NULL)
            continue;
        char hint[256];
        const char *kind = kind_of_channel(w, item->text);
        aw_schema_suggest(r, hint, item->text, known);
        aw_schema_error(r, item, "E120", *known != NULL ? hint : N_("the environment has none"),
                        kind != NULL ? N_("channel \"%s\" carries %s, not %s")
                                     : N_("there is no channel \"%s\""),
                        item->text, kind, aw_kind_name(s->step->kinds[0]));
    }
}

static void check_template(struct aw_reader *r, const struct at_step *s,
                           const struct aw_templates *t)
{
    const struct aw_yaml *v = aw_yaml_get(s->map, "template");
    const char *name = s->step->template_name;
    if (v == NULL || name == NULL)
        return;
    const char **names = aw_arena_alloc(r->arena, (t->n + 1) * sizeof(*names));
    bool found = false;
    for (unsigned i = 0; i < t->n; i++) {
        names[i] = t->list[i].name;
        found = found || strcmp(names[i], name) == 0;
    }
    if (!found) {
        char hint[256];
        aw_schema_suggest(r, hint, name, names);
        aw_schema_error(r, v, "E121", t->n > 0 ? hint : N_("the templates directory holds none"),
                        "there is no template \"%s\"", name);
        return;
    }
    for (unsigned i = 0; i < s->step->n_kinds; i++)
        if (aw_template_find(t, name, s->step->kinds[i], "en") == NULL)
            aw_schema_error(r, v, "E122", "add it to the template's file",
                            "template \"%s\" has no text for %s", name,
                            aw_kind_name(s->step->kinds[i]));
}

/* A link that no text shows reaches nobody. */
static void check_link(struct aw_reader *r, const struct at_step *s, const struct aw_templates *t)
{
    const struct aw_yaml *v = aw_yaml_get(s->map, "ack_link");
    for (unsigned i = 0; v != NULL && s->step->ack_link && i < s->step->n_kinds; i++) {
        const struct aw_template_text *text =
            s->step->template_name == NULL
                ? NULL
                : aw_template_find(t, s->step->template_name, s->step->kinds[i], "en");
        if (text == NULL || strstr(text->text, "{{link}}") == NULL)
            aw_schema_key_warn(r, v, "W104", "use a template whose text holds {{link}}",
                               "the %s of this step does not show the confirmation link",
                               aw_kind_name(s->step->kinds[i]));
    }
}

/* A channel that carries audited templates only, and a text of this step in some language that has
 * no form for it. */
static void check_form(struct aw_reader *r, const struct at_step *s, const struct aw_templates *t,
                       const struct aw_channel *c, const struct aw_yaml *place)
{
    const char *name = s->step->template_name;
    const struct aw_template *template = NULL;
    for (unsigned i = 0; name != NULL && i < t->n; i++)
        if (aw_streq(t->list[i].name, name))
            template = &t->list[i];
    if (name == NULL)
        aw_schema_key_error(r, place, "E125", "name a template that has one",
                            "channel \"%s\" sends only templates that %s audited, and the step "
                            "has none",
                            c->name, c->provider->name);
    for (unsigned i = 0; template != NULL && i < template->n_texts; i++) {
        const struct aw_template_text *x = &template->texts[i];
        char hint[256];
        if (x->kind != c->provider->kind || aw_template_form(x, c->provider) != NULL)
            continue;
        snprintf(hint, sizeof(hint),
                 aw_schema_t(r, "add %s: {%s: ...} to %s.yaml, or %s to the channel"),
                 c->provider->name, c->provider->form->key, name, c->provider->form->key);
        aw_schema_error(r, place, "E125", hint,
                        "template \"%s\" has no form for %s in %s (%s), which channel \"%s\" "
                        "needs",
                        name, c->provider->name, x->lang, aw_kind_name(x->kind), c->name);
        return;
    }
}

/* Of the channels in `via`, else of all of the step's kinds. */
static void check_forms(struct aw_reader *r, const struct at_step *s,
                        const struct aw_rules_world *w)
{
    const struct aw_yaml *via = aw_yaml_get(s->map, "via");
    const struct aw_yaml *named = aw_yaml_get(s->map, "template");
    for (unsigned i = 0; i < w->n_list; i++) {
        const struct aw_channel *c = &w->list[i];
        if (!has_kind(s->step, c->provider->kind) || !aw_channel_needs_form(c))
            continue;
        const struct aw_yaml *item = via;
        for (unsigned k = 0; via != NULL && (item = aw_schema_item(via, k)) != NULL; k++)
            if (item->type == AW_YAML_SCALAR && aw_streq(item->text, c->name))
                break;
        if (via != NULL && item == NULL)
            continue;
        check_form(r, s, w->templates, c,
                   item != NULL    ? item
                   : named != NULL ? named
                                   : aw_yaml_get(s->map, "do"));
    }
}

static void check_targets(struct aw_reader *r, const struct at_step *s, const char *const *people)
{
    const struct aw_yaml *v = aw_yaml_get(s->map, "to");
    for (unsigned i = 0; v != NULL && i < aw_schema_items(v); i++) {
        const struct aw_yaml *item = aw_schema_item(v, i);
        const char *colon = item->type == AW_YAML_SCALAR ? strchr(item->text, ':') : NULL;
        const char *const *p = people;
        if (colon == NULL || aw_starts(item->text, "oncall:"))
            continue;
        while (*p != NULL && strcmp(*p, colon + 1) != 0)
            p++;
        if (*p != NULL)
            continue;
        char hint[256];
        aw_schema_suggest(r, hint, colon + 1, people);
        aw_schema_error(r, item, "E123", *people != NULL ? hint : N_("add it under people:"),
                        "there is no contact \"%s\"", colon + 1);
    }
}

static void check_step(struct aw_reader *r, const struct at_step *s)
{
    static const struct aw_rules_world nothing;
    const struct aw_rules_ctx *ctx = r->ctx;
    const struct aw_rules_world *w = ctx->world != NULL ? ctx->world : &nothing;
    s->step->line = s->map->at.line;
    s->step->ttl_until = s->step->replaces = -1;
    check_ttl(r, s);
    check_replaces(r, s);
    check_repeat(r, s);
    check_via(r, s, w);
    if (w->templates != NULL) {
        check_template(r, s, w->templates);
        check_link(r, s, w->templates);
        check_forms(r, s, w);
    }
    if (w->contacts != NULL)
        check_targets(r, s, w->contacts);
}

/* Unique ids, and nothing after the deadline: only for the steps of the plan. */
static void check_planned(struct aw_reader *r, const struct at_step *s)
{
    const struct aw_yaml *id = aw_yaml_get(s->map, "id"), *at = aw_yaml_get(s->map, "at");
    const struct aw_step *steps = s->rule->steps;
    for (unsigned i = 0; s->step->id != NULL && i < s->index; i++)
        if (aw_streq(steps[i].id, s->step->id)) {
            char hint[64];
            snprintf(hint, sizeof(hint), aw_schema_t(r, "first in line %u"), steps[i].line);
            aw_schema_error(r, id, "E106", hint, "step \"%s\" is defined twice", s->step->id);
            break;
        }
    if (aw_streq(s->step->id, "exhausted"))
        aw_schema_error(r, id, "E106", "choose another id",
                        "\"exhausted\" is the name of the exhausted step");
    if (s->rule->deadline > 0 && s->step->at > s->rule->deadline) {
        char hint[64], deadline[AW_TIME_TEXT];
        aw_duration_print(deadline, s->rule->deadline);
        snprintf(hint, sizeof(hint), aw_schema_t(r, "the deadline is %s"), deadline);
        aw_schema_error(r, at, "E131", hint, "a step after the deadline never runs");
    }
}

static const struct aw_yaml *get(const struct aw_yaml *map, const struct aw_yaml *fallback,
                                 const char *key)
{
    const struct aw_yaml *v = aw_yaml_get(map, key);
    return v == NULL && fallback != NULL ? aw_yaml_get(fallback, key) : v;
}

/* Intervals that contradict each other. */
static void check_times(struct aw_reader *r, struct aw_rule *rule, const struct aw_yaml *map,
                        const struct aw_yaml *fallback)
{
    const struct aw_yaml *max_age = get(map, fallback, "max_age");
    const struct aw_yaml *check = get(map, fallback, "check");
    if (max_age == NULL)
        rule->max_age = 2 * rule->deadline > AW_DAY ? 2 * rule->deadline : AW_DAY;
    else if (rule->max_age > 0 && rule->max_age < rule->deadline)
        aw_schema_error(r, max_age, "E112", "make it longer, or leave it out",
                        "\"max_age\" ends before the deadline");
    if (rule->claim_hold >= rule->max_age && rule->claim_hold > 0 && rule->max_age > 0)
        aw_schema_error(r, get(map, fallback, "claim"), "E112", "make it shorter than max_age",
                        "no hold moves \"max_age\": the message would expire before it ends");
    if (rule->reopen_after >= rule->max_age && rule->reopen_after > 0 && rule->max_age > 0)
        aw_schema_error(r, get(map, fallback, "after_ack"), "E112", "make it shorter than max_age",
                        "nothing outlives \"max_age\": the message would never come back");
    if (check != NULL && rule->check.max_every > 0 && rule->check.every > rule->check.max_every)
        aw_schema_key_error(r, check, "E112", "set max_every as well",
                            "\"every\" is longer than \"max_every\"");
}

void aw_rules_check_rule(struct aw_reader *r, const struct aw_yaml *map,
                         const struct aw_yaml *fallback, void *base)
{
    struct aw_rule *rule = base;
    struct aw_step *steps = (struct aw_step *)rule->steps; /* ours until the rule is loaded */
    const struct aw_yaml *list = get(map, fallback, "steps");
    const struct aw_yaml *exhausted = get(map, fallback, "exhausted");
    check_times(r, rule, map, fallback);
    for (unsigned i = 0; i < rule->n_steps; i++) {
        struct at_step s = {rule, &steps[i], i, aw_schema_item(list, i)};
        if (s.map->type != AW_YAML_MAP)
            continue;
        check_step(r, &s);
        check_planned(r, &s);
    }
    aw_rules_check_presence(r, rule, get(map, fallback, "presence"));
    if (rule->exhausted != NULL && exhausted->type == AW_YAML_MAP) {
        struct at_step s = {rule, (struct aw_step *)rule->exhausted, AW_STEP_EXHAUSTED, exhausted};
        check_step(r, &s);
    }
}

/* True when every value that the narrow term takes is listed in the wide one. */
static bool term_within(const struct aw_match_term *narrow, const struct aw_match_term *wide)
{
    if (narrow->field != wide->field || !aw_streq(narrow->key, wide->key))
        return false;
    for (unsigned i = 0; i < narrow->n_globs; i++) {
        unsigned j = 0;
        while (j < wide->n_globs && strcmp(narrow->globs[i], wide->globs[j]) != 0)
            j++;
        if (j == wide->n_globs)
            return false;
    }
    return true;
}

/* True when `first` takes every message that `later` would: each of its terms is one of later's,
 * or wider. An empty match has no terms. */
static bool shadows(const struct aw_rule *first, const struct aw_rule *later)
{
    for (unsigned i = 0; i < first->n_match; i++) {
        unsigned j = 0;
        while (j < later->n_match && !term_within(&later->match[j], &first->match[i]))
            j++;
        if (j == later->n_match)
            return false;
    }
    return true;
}

void aw_rules_check_set(struct aw_reader *r, const struct aw_yaml *map, const struct aw_rule *rule)
{
    const struct aw_rules_ctx *ctx = r->ctx;
    const struct aw_yaml *name = aw_yaml_get(map, "name"), *match = aw_yaml_get(map, "match");
    char hint[256];
    if (rule->name == NULL)
        return;
    for (unsigned i = 0; i < ctx->n; i++) {
        const struct aw_rule *other = ctx->rules[i];
        if (!aw_streq(other->name, rule->name))
            continue;
        snprintf(hint, sizeof(hint), aw_schema_t(r, "first defined at %s:%u"), other->file,
                 other->line);
        aw_schema_error(r, name, "E105", hint, "rule \"%s\" is defined twice", rule->name);
        return;
    }
    for (unsigned i = 0; i < ctx->n; i++) {
        const struct aw_rule *other = ctx->rules[i];
        if (other->name == NULL || !shadows(other, rule))
            continue;
        snprintf(hint, sizeof(hint),
                 aw_schema_t(r, "see %s:%u, or name the rule in the registration"), other->file,
                 other->line);
        aw_schema_key_warn(r, match != NULL ? match : name, "W101", hint,
                           "rule \"%s\" takes every message that \"%s\" would", other->name,
                           rule->name);
        return;
    }
}
