/* SPDX-License-Identifier: Apache-2.0
 *
 * The rule language as tables (docs/rules.md section 3), and the readers of what a type alone
 * cannot say. Keys of the language that this version does not carry out stand here as LATER.
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "codec/request.h"
#include "conf/brake.h"
#include "conf/rules_int.h"
#include "core/match.h"

enum { MAX_GLOBS = 64, MAX_TITLES = 32, TITLE_MAX = 256, GLOB_MAX = 256 };

/* --- keys of a rule ------------------------------------------------------------------------ */

static void read_title(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                       void *base)
{
    struct aw_rule *rule = base;
    bool map = v->type == AW_YAML_MAP;
    unsigned n = map ? v->n : 1;
    if (n == 0 || n > MAX_TITLES) {
        aw_schema_error(r, v, "E112", NULL, "\"title\" holds 1 to %d languages", MAX_TITLES);
        return;
    }
    struct aw_title *list = aw_arena_alloc(r->arena, n * sizeof(*list));
    const struct aw_yaml *item = map ? v->child : v;
    for (unsigned i = 0; i < n; i++, item = item->next) {
        if (map && !aw_valid_lang(item->key))
            aw_schema_key_error(r, item, "E114", "as in en or zh-CN", "\"%s\" is not a language",
                                item->key);
        list[i].lang = map ? aw_arena_str(r->arena, item->key) : NULL;
        list[i].text = aw_schema_text(r, item, 1, TITLE_MAX, false);
    }
    rule->titles = list;
    rule->n_titles = n;
}

static const struct match_field {
    const char *name;
    enum aw_match_field field;
} match_fields[] = {
    {"app", AW_MATCH_APP},           {"class", AW_MATCH_CLASS},
    {"priority", AW_MATCH_PRIORITY}, {"channel", AW_MATCH_CHANNEL},
    {"labels.", AW_MATCH_LABEL},     {"extras.", AW_MATCH_EXTRA},
    {"title", AW_MATCH_TITLE},       {NULL, 0},
};
static const char *const match_names[] = {"app",        "class",      "priority", "channel",
                                          "labels.KEY", "extras.KEY", "title",    NULL};

static bool match_field(struct aw_reader *r, const struct aw_yaml *v, struct aw_match_term *term)
{
    for (const struct match_field *f = match_fields; f->name != NULL; f++) {
        size_t n = strlen(f->name);
        bool keyed = f->name[n - 1] == '.';
        if (keyed ? !aw_starts(v->key, f->name) || v->key[n] == '\0' : strcmp(v->key, f->name) != 0)
            continue;
        term->field = f->field;
        term->key = keyed ? aw_arena_str(r->arena, v->key + n) : NULL;
        return true;
    }
    char hint[256];
    aw_schema_suggest(r, hint, v->key, match_names);
    if (aw_streq(v->key, "labels") || aw_streq(v->key, "extras"))
        snprintf(hint, sizeof(hint), aw_schema_t(r, "write %s.KEY: value"), v->key);
    aw_schema_key_error(r, v, "E102", hint, "unknown field \"%s\" in match", v->key);
    return false;
}

static void read_term(struct aw_reader *r, const struct aw_yaml *v, struct aw_match_term *term)
{
    unsigned n = aw_schema_items(v);
    if (!match_field(r, v, term))
        return;
    if (v->type == AW_YAML_MAP || n == 0 || n > MAX_GLOBS) {
        aw_schema_error(r, v, "E103", NULL, "\"%s\" is a value or a list of 1 to %d values", v->key,
                        MAX_GLOBS);
        return;
    }
    const char **globs = aw_arena_alloc(r->arena, n * sizeof(*globs));
    const struct aw_yaml *item = aw_schema_item(v, 0);
    for (unsigned i = 0; i < n; i++, item = item->next) {
        const char *s = aw_schema_text(r, item, 0, GLOB_MAX, false);
        if (s == NULL)
            return;
        if (term->field == AW_MATCH_PRIORITY && strpbrk(s, "*?") == NULL &&
            aw_schema_word(r, item, aw_priority_names, "priority") < 0)
            return;
        globs[i] = s;
    }
    term->globs = globs;
    term->n_globs = n;
    if (n == 1 && strpbrk(globs[0], "*?") == NULL)
        term->hash = aw_match_hash(globs[0]);
}

void aw_rules_read_terms(struct aw_reader *r, const struct aw_yaml *v,
                         const struct aw_match_term **ret, unsigned *ret_n)
{
    if (!aw_schema_is_map(r, v, v->key))
        return;
    struct aw_match_term *terms = aw_arena_alloc(r->arena, (v->n + 1) * sizeof(*terms));
    unsigned n = 0;
    for (const struct aw_yaml *item = v->child; item != NULL; item = item->next)
        read_term(r, item, &terms[n++]);
    *ret = terms;
    *ret_n = n;
}

static void read_match(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                       void *base)
{
    struct aw_rule *rule = base;
    aw_rules_read_terms(r, v, &rule->match, &rule->n_match);
}

static void read_of(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                    void *base)
{
    struct aw_rule *rule = base;
    const char *s = aw_schema_scalar(r, v, "each, any, a number or a share as in \"80%\"");
    if (s == NULL)
        return;
    size_t digits = strspn(s, "0123456789"), n = strlen(s);
    bool percent = digits > 0 && strcmp(s + digits, "%") == 0;
    uint64_t max = percent ? 100 : AW_MAX_RECIPIENTS, number = 0;
    rule->of = (struct aw_of){.n = strcmp(s, "any") == 0, .percent = percent};
    if (digits == 0 || (!percent && digits < n)) {
        aw_schema_word(r, v, k->words, k->key);
        return;
    }
    if (aw_parse_u64(s, digits, max, &number) != 0 || number == 0)
        aw_schema_error(r, v, "E112", NULL, "\"of\" is 1 to %u%s", (unsigned)max,
                        percent ? " percent" : ", as many as a message can have recipients");
    rule->of.n = (unsigned)number;
}

static void read_catch_up(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                          void *base)
{
    struct aw_rule *rule = base;
    const char *s = aw_schema_scalar(r, v, "always, never or a duration");
    if (s == NULL || strcmp(s, "always") == 0)
        rule->catch_up = 0;
    else if (strcmp(s, "never") == 0)
        rule->catch_up = AW_CATCH_UP_NEVER;
    else if (s[0] < '0' || s[0] > '9')
        aw_schema_word(r, v, k->words, k->key);
    else
        aw_schema_duration(r, v, k->min, k->max, &rule->catch_up);
}

static void read_unless_closed(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                               void *base)
{
    struct aw_rule *rule = base;
    rule->reopen_unless_closed = aw_schema_word(r, v, k->words, k->key) == 0;
}

/* --- keys of a step ------------------------------------------------------------------------ */

static bool read_target(struct aw_reader *r, const struct aw_yaml *v, struct aw_target *ret)
{
    static const char *const forms[] = {"recipient",    "manager", "oncall:ROTATION",
                                        "contact:NAME", "user:ID", NULL};
    const char *s = aw_schema_scalar(r, v, "a target"), *name = NULL;
    if (s == NULL)
        return false;
    if (aw_starts(s, "oncall:"))
        return aw_rules_read_oncall(r, v, s + strlen("oncall:"), ret);
    if (strcmp(s, "recipient") == 0) {
        ret->type = AW_TO_RECIPIENT;
    } else if (strcmp(s, "manager") == 0) {
        ret->type = AW_TO_MANAGER;
    } else if (aw_starts(s, "contact:")) {
        ret->type = AW_TO_CONTACT;
        name = s + strlen("contact:");
    } else if (aw_starts(s, "user:")) {
        ret->type = AW_TO_USER;
        name = s + strlen("user:");
    } else {
        char hint[256];
        aw_schema_suggest(r, hint, s, forms);
        aw_schema_error(r, v, "E104", hint, "unknown target \"%s\"", s);
        return false;
    }
    if (name != NULL && !aw_valid_user(name)) {
        aw_schema_error(r, v, "E114", "1 to 128 bytes, no control characters",
                        "\"%s\" does not name a person", s);
        return false;
    }
    ret->name = name != NULL ? aw_arena_str(r->arena, name) : NULL;
    return true;
}

static void read_to(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                    void *base)
{
    struct aw_step *step = base;
    unsigned n = aw_schema_items(v);
    if (v->type == AW_YAML_MAP || n == 0 || n > AW_MAX_TO) {
        aw_schema_error(r, v, "E112", NULL, "\"to\" is one or a list of 1 to %d targets",
                        AW_MAX_TO);
        return;
    }
    for (unsigned i = 0; i < n; i++) {
        const struct aw_yaml *item = aw_schema_item(v, i);
        struct aw_target t = {0};
        if (!read_target(r, item, &t))
            continue;
        for (unsigned j = 0; j < step->n_to; j++)
            if (step->to[j].type == t.type && aw_streq(step->to[j].name, t.name))
                aw_schema_error(r, item, "E107", "once is enough", "\"%s\" is listed twice",
                                item->text);
        step->to[step->n_to++] = t;
    }
}

static void read_times(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                       void *base)
{
    struct aw_step *step = base;
    int64_t n = 1;
    if (v->type == AW_YAML_SCALAR && strcmp(v->text, "until_goal") == 0)
        n = 0;
    else if (v->type == AW_YAML_SCALAR && v->text[0] >= 'a' && v->text[0] <= 'z')
        aw_schema_error(r, v, "E111", "write digits, or until_goal", "\"%s\" is not a whole number",
                        v->text);
    else
        aw_schema_number(r, v, k->min, k->max, &n);
    step->times = (unsigned)n;
}

/* A duration; `until ID` is resolved once all steps are known (rules_check.c). */
static void read_ttl(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                     void *base)
{
    struct aw_step *step = base;
    const char *s = aw_schema_scalar(r, v, "a duration, or until and the id of a step");
    if (s != NULL && !aw_starts(s, "until "))
        aw_schema_duration(r, v, k->min, k->max, &step->ttl);
}

static void read_replaces(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                          void *base)
{
    aw_schema_name(r, v); /* resolved in rules_check.c */
}

/* --- the tables ---------------------------------------------------------------------------- */

#define STEP(field) .at = offsetof(struct aw_step, field)
#define RULE(field) .at = offsetof(struct aw_rule, field)

static const char *const no_contact_words[] = {"advance", "skip", NULL};
static const char *const pick_words[] = {"first_reachable", "all", NULL};
static const char *const of_words[] = {"each", "any", "N", "N%", NULL};
static const char *const inbox_words[] = {"opened", "acknowledged", NULL};
static const char *const by_words[] = {"recipient", "anyone", NULL};
static const char *const catch_up_words[] = {"always", "never", NULL};
static const char *const closed_words[] = {"closed", NULL};
static const char *const version_words[] = {"1", NULL};

static const struct aw_key repeat_keys[] = {
    {"every", AW_KEY_DURATION, AW_KEY_REQUIRED, STEP(every), .min = AW_SECOND,
     .help = "time from one round to the next"},
    {"times", AW_KEY_OTHER, AW_KEY_REQUIRED, STEP(times), .min = 1, .max = AW_MAX_ROUNDS,
     .read = read_times, .help = "how many rounds in all, or until_goal"},
    {NULL},
};
static const struct aw_shape repeat_shape = {"repeat", repeat_keys};

#define KEYS_OF_EVERY_STEP                                                                         \
    {"do",                                                                                         \
     AW_KEY_WORDS,                                                                                 \
     AW_KEY_REQUIRED,                                                                              \
     STEP(kinds),                                                                                  \
     offsetof(struct aw_step, n_kinds),                                                            \
     .max = AW_N_KINDS,                                                                            \
     .words = aw_kind_names,                                                                       \
     .help = "how to reach the person: one kind or a list"},                                       \
        {"via",                                                                                    \
         AW_KEY_NAMES,                                                                             \
         0,                                                                                        \
         STEP(via),                                                                                \
         offsetof(struct aw_step, n_via),                                                          \
         .max = AW_MAX_VIA,                                                                        \
         .help = "channels in the order of trying; default all of the kind by weight"},            \
        {"to",                                                                                     \
         AW_KEY_OTHER,                                                                             \
         0,                                                                                        \
         STEP(to),                                                                                 \
         offsetof(struct aw_step, n_to),                                                           \
         .def = "recipient",                                                                       \
         .read = read_to,                                                                          \
         .help = "recipient, manager, oncall:NAME, contact:NAME or user:ID, or a list"},           \
        {"pick",                                                                                   \
         AW_KEY_WORD,                                                                              \
         0,                                                                                        \
         STEP(pick),                                                                               \
         .words = pick_words,                                                                      \
         .def = "first_reachable",                                                                 \
         .help = "of several targets the first that can be reached, or all"},                      \
        {"template", AW_KEY_NAME, 0, STEP(template_name),                                          \
         .help = "texts to send; default the title and body of the message"},                      \
        {"ttl",                                                                                    \
         AW_KEY_OTHER,                                                                             \
         0,                                                                                        \
         STEP(ttl),                                                                                \
         .min = AW_SECOND,                                                                         \
         .read = read_ttl,                                                                         \
         .help = "lifetime of a push: a duration, or until and the id of a later step"},           \
        {"replaces",                                                                               \
         AW_KEY_OTHER,                                                                             \
         0,                                                                                        \
         STEP(replaces),                                                                           \
         .read = read_replaces,                                                                    \
         .help = "id of an earlier push that this one replaces on the phone"},                     \
        {"if_no_contact",                                                                          \
         AW_KEY_WORD,                                                                              \
         0,                                                                                        \
         STEP(if_no_contact),                                                                      \
         .words = no_contact_words,                                                                \
         .def = "advance",                                                                         \
         .help = "when nobody has such an address: go on at once, or skip"},                       \
    {                                                                                              \
        "ack_link", AW_KEY_BOOL, 0, STEP(ack_link),                                                \
            .def = "false", .help = "adds the link to the confirmation page"                       \
    }

static const struct aw_key step_keys[] = {
    {"id", AW_KEY_NAME, AW_KEY_REQUIRED, STEP(id), .help = "name of the step, unique in the rule"},
    {"at", AW_KEY_DURATION, AW_KEY_REQUIRED, STEP(at),
     .help = "time since registration, as in 0s or 5m"},
    KEYS_OF_EVERY_STEP,
    {"unless", AW_KEY_WORD, 0, STEP(unless), .min = AW_ACCEPTED, .words = aw_level_names,
     .read = aw_rules_read_unless, .help = "skip when the recipient has reached this rung"},
    {"repeat", AW_KEY_MAP, 0, .child = &repeat_shape, .help = "further rounds of the step"},
    {NULL},
};
static const struct aw_shape step_shape = {"a step", step_keys, sizeof(struct aw_step)};

static const struct aw_key exhausted_keys[] = {KEYS_OF_EVERY_STEP, {NULL}};
static const struct aw_shape exhausted_shape = {"the exhausted step", exhausted_keys,
                                                sizeof(struct aw_step)};

static void read_exhausted(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                           void *base)
{
    struct aw_rule *rule = base;
    struct aw_step *step = aw_arena_alloc(r->arena, sizeof(*step));
    step->id = "exhausted";
    aw_schema_map(r, k->child, v, NULL, step);
    rule->exhausted = step;
}

#define CHECK(field) .at = offsetof(struct aw_check, field)
static const struct aw_key check_keys[] = {
    {"first", AW_KEY_DURATION, 0, CHECK(first), .min = AW_SECOND, .max = AW_DAY, .def = "15s",
     .help = "first question after a send"},
    {"every", AW_KEY_DURATION, 0, CHECK(every), .min = AW_SECOND, .max = AW_DAY, .def = "30s",
     .help = "second question after the first"},
    {"backoff", AW_KEY_FACTOR, 0, CHECK(backoff_pct), .min = 100, .max = 1000, .def = "1.5",
     .help = "factor by which the interval grows"},
    {"max_every", AW_KEY_DURATION, 0, CHECK(max_every), .min = AW_SECOND, .max = AW_DAY,
     .def = "10m", .help = "longest interval"},
    {"stop", AW_KEY_DURATION, 0, CHECK(stop), .min = AW_SECOND, .max = 30 * AW_DAY, .def = "24h",
     .help = "no more questions after this"},
    {"settle", AW_KEY_DURATION, 0, CHECK(settle), .max = AW_MINUTE, .def = "5s",
     .help = "one question this long before a step with unless"},
    {NULL},
};
static const struct aw_shape check_shape = {"check", check_keys};

static const struct aw_key claim_keys[] = {
    {"hold", AW_KEY_DURATION, AW_KEY_REQUIRED, RULE(claim_hold), .min = AW_SECOND,
     .help = "for how long the plan waits then"},
    {NULL},
};
static const struct aw_shape claim_shape = {"claim", claim_keys};

static const struct aw_key after_ack_keys[] = {
    {"reopen_after", AW_KEY_DURATION, AW_KEY_REQUIRED, RULE(reopen_after), .min = AW_SECOND,
     .help = "how long after the confirmation"},
    {"unless", AW_KEY_WORD, 0, RULE(reopen_unless_closed), .words = closed_words,
     .read = read_unless_closed, .help = "closed: not when somebody has cancelled it since"},
    {NULL},
};
static const struct aw_shape after_ack_shape = {"after_ack", after_ack_keys};

static const struct aw_key rule_keys[] = {
    {"name", AW_KEY_NAME, AW_KEY_REQUIRED | AW_KEY_OWN_ONLY, RULE(name),
     .help = "unique over all files"},
    {"title", AW_KEY_OTHER, 0, RULE(titles), offsetof(struct aw_rule, n_titles), .read = read_title,
     .help = "for people: a text, or one per language"},
    {"match", AW_KEY_OTHER, 0, RULE(match), offsetof(struct aw_rule, n_match), .read = read_match,
     .help = "which messages: app class priority channel labels.KEY extras.KEY title"},
    {"until", AW_KEY_WORD, AW_KEY_REQUIRED, RULE(until), .min = AW_ACCEPTED,
     .words = aw_level_names, .help = "the goal: the rung that ends a recipient's timeline"},
    {"of", AW_KEY_OTHER, 0, .words = of_words, .def = "each", .read = read_of,
     .help = "how many recipients confirm the message: each, any, N or \"N%\""},
    {"by", AW_KEY_WORD, 0, RULE(by), .words = by_words, .def = "recipient",
     .help = "whose acknowledgement meets the goal: the recipient's, or of anyone who was told"},
    {"check", AW_KEY_MAP, 0, RULE(check), .child = &check_shape, .def = "{}",
     .help = "when receipts are asked for"},
    {"deadline", AW_KEY_DURATION, AW_KEY_REQUIRED, RULE(deadline), .min = AW_SECOND,
     .help = "when a timeline without its goal is exhausted"},
    {"max_age", AW_KEY_DURATION, 0, RULE(max_age), .min = AW_SECOND,
     .help = "nothing outlives this; default 2 x deadline, at least 1d"},
    {"hours", AW_KEY_OTHER, 0, .child = &aw_shape_hours, .read = aw_rules_read_hours,
     .help = "inside the windows of a calendar: hold, skip or send; one or a list"},
    {"presence", AW_KEY_MAP, 0, RULE(presence), .child = &aw_shape_presence,
     .help = "what becomes of a push while its recipient is logged out"},
    {"inbox_read", AW_KEY_WORD, 0, RULE(inbox_read), .min = AW_OPENED, .words = inbox_words,
     .def = "opened", .help = "what reading in the inbox proves"},
    {"claim", AW_KEY_MAP, 0, .child = &claim_shape,
     .help = "somebody else may take care of it; without it a claim is refused"},
    {"after_ack", AW_KEY_MAP, 0, .child = &after_ack_shape,
     .help = "a confirmed message that comes back"},
    {"catch_up", AW_KEY_OTHER, 0, RULE(catch_up), .min = AW_SECOND, .words = catch_up_words,
     .def = "always", .read = read_catch_up,
     .help = "what was missed in a downtime: always, never, or up to this age"},
    {"limits", AW_KEY_MAP, 0, .child = &aw_shape_limits, RULE(limits), .read = aw_limits_read,
     .help = "how many a recipient gets at most; what is beyond waits; default the environment's"},
    {"suppress", AW_KEY_MAP, 0, .child = &aw_shape_suppress,
     .help = "skip firings while another message of the recipient is open"},
    {"retention", AW_KEY_DURATION, 0, RULE(retention), .min = AW_RETENTION_LEAST,
     .max = 100 * 366 * AW_DAY,
     .help = "how long a closed message stays; default that of the environment"},
    {"steps", AW_KEY_LIST, AW_KEY_REQUIRED, RULE(steps), offsetof(struct aw_rule, n_steps),
     .min = 1, .max = AW_MAX_STEPS, .child = &step_shape, .help = "what to do, and when"},
    {"exhausted", AW_KEY_OTHER, 0, RULE(exhausted), .child = &exhausted_shape,
     .read = read_exhausted, .help = "what to do when nobody confirmed"},
    {NULL},
};
static const struct aw_shape rule_shape = {"a rule", rule_keys, sizeof(struct aw_rule),
                                           .check = aw_rules_check_rule};

/* --- the file ------------------------------------------------------------------------------ */

static void read_defaults(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                          void *base)
{
    struct aw_rules_ctx *ctx = r->ctx;
    struct aw_rule scratch = {0};
    aw_schema_members(r, k->child, v, &scratch);
    ctx->defaults = v->type == AW_YAML_MAP ? v : NULL;
}

static void read_rules(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                       void *base)
{
    struct aw_rules_ctx *ctx = r->ctx;
    if (v->type != AW_YAML_LIST || v->n == 0) {
        aw_schema_key_error(r, v, "E103", "begin each rule with '- name: ...'",
                            "\"rules\" is a list of at least one rule");
        return;
    }
    for (const struct aw_yaml *item = v->child; item != NULL; item = item->next) {
        if (ctx->n == AW_MAX_RULES) {
            aw_schema_error(r, item, "E112", NULL, "more than %d rules", AW_MAX_RULES);
            return;
        }
        struct aw_rule *rule = aw_arena_alloc(r->arena, sizeof(*rule));
        rule->file = r->file->name;
        rule->line = item->at.line;
        memcpy(rule->sha256, ctx->sha256, sizeof(rule->sha256));
        aw_schema_map(r, k->child, item, ctx->defaults, rule);
        aw_rules_check_set(r, item, rule);
        /* What is wrong with the defaults is told once, and wrong with every rule. */
        if (ctx->world != NULL && ctx->world->lint && r->diag->n_errors == ctx->errors)
            aw_rules_lint(r, item, ctx->defaults, rule);
        if (ctx->n == ctx->cap) {
            ctx->cap = ctx->cap > 0 ? 2 * ctx->cap : 16;
            ctx->rules = aw_realloc(ctx->rules, ctx->cap * sizeof(struct aw_rule *));
        }
        ctx->rules[ctx->n++] = rule;
    }
}

static const struct aw_key file_keys[] = {
    {"version", AW_KEY_WORD, AW_KEY_REQUIRED, offsetof(struct aw_rules_ctx, version), .min = 1,
     .words = version_words, .help = "of the rule language"},
    {"defaults", AW_KEY_OTHER, 0, .child = &rule_shape, .read = read_defaults,
     .help = "keys filled into every rule of this file"},
    {"rules", AW_KEY_OTHER, AW_KEY_REQUIRED, .child = &rule_shape, .read = read_rules,
     .help = "the first whose match holds takes the message"},
    {NULL},
};
const struct aw_shape aw_shape_rules = {"the file", file_keys, sizeof(struct aw_rules_ctx)};
