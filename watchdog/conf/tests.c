/* SPDX-License-Identifier: Apache-2.0
 *
 * Rule tests: NAME.test.yaml to rules, people and registrations, run through core/virtual.h one by
 * one, on the clock of the registration. Everything of a file lives in one arena. Bounds: 100 rule
 * files, 1,000 people, 1,000 tests.
 */
#include "conf/tests.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/mem.h"
#include "conf/brake.h"
#include "conf/env_int.h"
#include "conf/expect.h"
#include "conf/rules_int.h"
#include "conf/send.h"
#include "core/match.h"

enum { MAX_FILES = 100, MAX_TESTS = 1000, EXPLAIN_MAX = 16384, DIFF_MAX = 1 << 20 };

/* When a test does not say `at`: any instant does, results must not depend on today. */
#define DEFAULT_AT ((aw_time)1767254400000) /* 2026-01-01T08:00:00Z */

struct test {
    const char *name;
    struct aw_registration reg; /* owns its texts */
    bool has_reg;
    aw_time at;
    struct aw_event_in *events;
    unsigned n_events;
    struct aw_expect *expect;
    unsigned n_expect;
};

struct suite {
    struct aw_arena arena;
    const char *path, *dir;
    char *files[MAX_FILES];
    unsigned n_files;
    struct aw_env_conf *env;
    struct aw_templates templates; /* beside the rules, when the environment has none */
    struct aw_person_conf *people;
    unsigned n_people;
    struct test *tests;
    unsigned n_tests;
    struct aw_rules *rules;
    struct aw_diag *diag;
};

static void suite_free(struct suite *s)
{
    for (unsigned i = 0; i < s->n_tests; i++)
        if (s->tests[i].has_reg)
            aw_registration_free(&s->tests[i].reg);
    aw_rules_free(s->rules);
    aw_templates_free(&s->templates);
    aw_env_conf_free(s->env);
    aw_arena_free(&s->arena);
}

/* --- the file ------------------------------------------------------------------------------ */

static void read_files(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                       void *base)
{
    struct suite *s = base;
    unsigned n = aw_schema_items(v);
    if (v->type == AW_YAML_MAP || n == 0 || n > MAX_FILES) {
        aw_schema_error(r, v, "E112", "rules: [NAME.yaml]", "\"rules\" is a list of 1 to %d files",
                        MAX_FILES);
        return;
    }
    for (unsigned i = 0; i < n; i++) {
        const char *name = aw_schema_text(r, aw_schema_item(v, i), 1, 1000, false);
        if (name != NULL)
            s->files[s->n_files++] = (char *)aw_schema_path(r, name);
    }
}

static void read_environment(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                             void *base)
{
    struct suite *s = base;
    if (v->type == AW_YAML_MAP) {
        aw_env_read(r->file, v, r->dir, AW_ENV_LENIENT, &s->env, r->diag);
        return;
    }
    const char *name = aw_schema_text(r, v, 1, 1000, false);
    if (name != NULL)
        aw_env_load(aw_schema_path(r, name), AW_ENV_LENIENT, &s->env, r->diag);
}

static void read_send(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                      void *base)
{
    struct test *t = base;
    t->has_reg = aw_send_read(r, v, DEFAULT_AT, &t->reg, &t->at);
}

static bool is_known(const struct suite *s, const struct test *t, const char *user)
{
    for (unsigned i = 0; i < t->reg.n_recipients; i++)
        if (strcmp(t->reg.recipients[i].user, user) == 0)
            return true;
    for (unsigned i = 0; i < s->n_people; i++)
        if (aw_streq(s->people[i].user, user))
            return true;
    for (unsigned i = 0; s->env != NULL && i < s->env->n_people; i++)
        if (aw_streq(s->env->people[i].user, user))
            return true;
    return false;
}

/* A misspelt user in an event would only make the test show something else. */
static void check_test(struct aw_reader *r, const struct aw_yaml *map,
                       const struct aw_yaml *fallback, void *base)
{
    const struct test *t = base;
    const struct aw_yaml *events = aw_yaml_get(map, "events");
    for (unsigned i = 0; t->has_reg && i < t->n_events; i++) {
        const struct aw_event_in *e = &t->events[i];
        const struct aw_yaml *event = aw_schema_item(events, i);
        const char *const key = e->from != NULL     ? "from"
                                : e->login != NULL  ? "login"
                                : e->logout != NULL ? "logout"
                                : e->inbox != NULL  ? "inbox"
                                                    : "recipient";
        const struct aw_yaml *who = aw_yaml_get(event, key);
        const char *user = who != NULL && who->type == AW_YAML_SCALAR ? who->text : NULL;
        if (user != NULL && !is_known(r->ctx, t, user))
            aw_schema_error(r, who, "E123", "name a recipient, or an entry of people:",
                            "nobody in this test is called \"%s\"", user);
    }
}

#define TEST(field)   .at = offsetof(struct test, field)
#define N_TEST(field) .n_at = offsetof(struct test, field)
static const struct aw_key test_keys[] = {
    {"name", AW_KEY_TEXT, AW_KEY_REQUIRED, TEST(name), .min = 1, .max = 256,
     .help = "what the test shows"},
    {"send", AW_KEY_OTHER, AW_KEY_REQUIRED, .read = read_send,
     .help = "the body of a registration, and at: its instant"},
    {"events", AW_KEY_LIST, 0, TEST(events), N_TEST(n_events), .max = AW_MAX_EVENTS,
     .child = &aw_shape_event, .help = "what happens"},
    {"expect", AW_KEY_LIST, AW_KEY_REQUIRED, TEST(expect), N_TEST(n_expect), .min = 1,
     .max = AW_MAX_EXPECT, .child = &aw_shape_expect, .help = "every firing, and ends"},
    {NULL},
};
static const struct aw_shape test_shape = {
    .what = "a test", .keys = test_keys, .size = sizeof(struct test), .check = check_test};

#define SUITE(field)   .at = offsetof(struct suite, field)
#define N_SUITE(field) .n_at = offsetof(struct suite, field)
static const struct aw_key suite_keys[] = {
    {"rules", AW_KEY_OTHER, AW_KEY_REQUIRED, .read = read_files, .help = "files beside this one"},
    {"environment", AW_KEY_OTHER, 0, .child = &aw_shape_env, .read = read_environment,
     .help = "channels and so on: a map, or the name of a file"},
    {"people", AW_KEY_NAMED, 0, SUITE(people), N_SUITE(n_people), .max = AW_MAX_PEOPLE,
     .child = &aw_shape_person, .help = "the contact directory of these tests"},
    {"tests", AW_KEY_LIST, AW_KEY_REQUIRED, SUITE(tests), N_SUITE(n_tests), .min = 1,
     .max = MAX_TESTS, .child = &test_shape, .help = "the tests"},
    {NULL},
};
const struct aw_shape aw_shape_tests = {"the file", suite_keys, sizeof(struct suite)};

/* People of the environment come behind those of the file, which win. */
static void add_people(struct suite *s)
{
    unsigned n = s->env != NULL ? s->env->n_people : 0;
    struct aw_person_conf *list = aw_arena_alloc(&s->arena, (s->n_people + n) * sizeof(*list));
    if (s->n_people > 0)
        memcpy(list, s->people, s->n_people * sizeof(*list));
    for (unsigned i = 0; i < n; i++) {
        unsigned j = 0;
        while (j < s->n_people && !aw_streq(list[j].user, s->env->people[i].user))
            j++;
        if (j == s->n_people)
            list[s->n_people++] = s->env->people[i];
    }
    s->people = list;
}

/* --- what the rules may refer to ----------------------------------------------------------- */

static const char *const *channels_of(struct suite *s, enum aw_kind kind)
{
    const struct aw_env_conf *e = s->env;
    const char **names = aw_arena_alloc(&s->arena, (e->n_channels + 1) * sizeof(*names));
    unsigned n = 0;
    for (unsigned i = 0; i < e->n_channels; i++)
        if (e->channels[i].provider->kind == kind)
            names[n++] = e->channels[i].name;
    return names;
}

static const struct aw_templates *find_templates(struct suite *s)
{
    if (s->env != NULL && s->env->templates.list != NULL)
        return &s->env->templates;
    struct stat st;
    AW_AUTO(aw_buf_free) struct aw_buf dir = AW_BUF_INIT(4096);
    aw_buf_printf(&dir, "%s/templates", s->dir != NULL ? s->dir : ".");
    if (stat(aw_buf_str(&dir), &st) < 0)
        return NULL;
    aw_templates_load(aw_buf_str(&dir), &s->templates, s->diag);
    return &s->templates;
}

static void load_rules(struct suite *s)
{
    static const struct aw_almanac none;
    struct aw_rules_world world = {.templates = find_templates(s),
                                   .almanac = s->env != NULL ? &s->env->almanac : &none};
    const char **people = aw_arena_alloc(&s->arena, (s->n_people + 1) * sizeof(*people));
    for (unsigned i = 0; i < s->n_people; i++)
        people[i] = s->people[i].user;
    world.contacts = people;
    if (s->env != NULL && s->env->n_channels > 0)
        for (unsigned k = 0; k < AW_N_KINDS; k++)
            world.channels[k] = channels_of(s, k);
    if (s->env != NULL) {
        world.list = s->env->channels;
        world.n_list = s->env->n_channels;
    }
    aw_rules_load_files(s->files, s->n_files, &world, &s->rules, s->diag);
}

static int load_suite(struct suite *s)
{
    AW_AUTO_FREE char *text = NULL;
    struct aw_source_file f = {.name = s->path};
    struct aw_err err;
    if (aw_file_read(s->path, AW_CONF_FILE_MAX, &text, &f.n, &err) < 0) {
        aw_diag_unread(s->diag, s->path, &err);
        return AW_EINVAL;
    }
    f.text = text;
    unsigned errors = s->diag->n_errors;
    s->dir = aw_env_dir_of(&s->arena, s->path);
    struct aw_reader r = {.file = &f, .diag = s->diag, .arena = &s->arena, .dir = s->dir, .ctx = s};
    struct aw_yaml_doc *doc = NULL;
    const struct aw_yaml *root = aw_schema_parse(&f, &doc, s->diag);
    if (root == NULL)
        return AW_EINVAL;
    aw_schema_map(&r, &aw_shape_tests, root, NULL, s);
    aw_yaml_free(doc);
    if (s->diag->n_errors == errors) {
        add_people(s);
        load_rules(s);
    }
    return s->diag->n_errors == errors ? 0 : AW_EINVAL;
}

/* --- running ------------------------------------------------------------------------------- */

static const char *app_of(const struct suite *s, const struct test *t)
{
    const char *first = s->env != NULL ? s->env->apps[0] : "default";
    return t->reg.app != NULL ? t->reg.app : first;
}

/* The rule of a registration as the daemon picks it, or NULL with the reason in out. */
static const struct aw_rule *pick_rule(const struct suite *s, const struct test *t,
                                       struct aw_buf *out)
{
    const struct aw_match_input in = {
        .reg = &t->reg, .app = app_of(s, t), .channel = t->reg.sent_channel};
    if (t->reg.rule == NULL) {
        const struct aw_rule *rule = aw_ruleset_match(&s->rules->set, &in);
        if (rule == NULL)
            aw_buf_puts(out, aw_t(s->diag->lang, "no rule matches this registration\n"));
        return rule;
    }
    const struct aw_rule *rule = aw_ruleset_find(&s->rules->set, t->reg.rule);
    const struct aw_match_term *failed;
    if (rule == NULL)
        aw_buf_printf(out, aw_t(s->diag->lang, "there is no rule \"%s\"\n"), t->reg.rule);
    else if (!aw_match(rule, &in, &failed) && failed->field == AW_MATCH_APP) {
        aw_buf_printf(out, aw_t(s->diag->lang, "rule \"%s\" is not for app \"%s\"\n"), rule->name,
                      in.app);
        return NULL;
    }
    return rule;
}

static bool has_step_now(const struct aw_rule *rule)
{
    for (unsigned i = 0; i < rule->n_steps; i++)
        if (rule->steps[i].at == 0)
            return true;
    return false;
}

static bool run_test(struct suite *s, const struct test *t, struct aw_coverage *coverage,
                     struct aw_buf *out, struct aw_buf *diff)
{
    const struct aw_rule *rule = pick_rule(s, t, out);
    if (rule == NULL)
        return false;
    if (!t->reg.already_sent && !has_step_now(rule)) {
        aw_buf_printf(out,
                      aw_t(s->diag->lang, "rule \"%s\" has no step at 0s: it needs already_sent\n"),
                      rule->name);
        return false;
    }
    unsigned channels[AW_N_KINDS] = {0};
    bool listed = s->env != NULL && s->env->n_channels > 0;
    for (unsigned i = 0; listed && i < s->env->n_channels; i++)
        channels[s->env->channels[i].provider->kind]++;
    struct aw_virtual_person *people = aw_arena_alloc(&s->arena, s->n_people * sizeof(*people));
    for (unsigned i = 0; i < s->n_people; i++)
        people[i] = (struct aw_virtual_person){s->people[i].user, s->people[i].a};
    struct aw_virtual_event *events = aw_arena_alloc(&s->arena, t->n_events * sizeof(*events));
    for (unsigned i = 0; i < t->n_events; i++)
        events[i] = t->events[i].event;
    const struct aw_brake_conf brake = aw_brake_conf_of(s->env);
    const struct aw_virtual_input in = {.rule = rule,
                                        .app = app_of(s, t),
                                        .brake = &brake,
                                        .reg = &t->reg,
                                        .at = t->at,
                                        .people = people,
                                        .n_people = s->n_people,
                                        .events = events,
                                        .n_events = t->n_events,
                                        .channels = listed ? channels : NULL,
                                        .channel_list = s->env ? s->env->channels : NULL,
                                        .n_channel_list = s->env ? s->env->n_channels : 0,
                                        .almanac = s->env != NULL ? &s->env->almanac : NULL};
    struct aw_lines lines = {.arena = &s->arena};
    struct aw_err err = {0};
    bool fine = aw_virtual_run(&in, aw_lines_take, &lines, &err) == 0;
    for (unsigned i = 0; coverage != NULL && i < lines.n; i++)
        aw_coverage_line(coverage, rule, &lines.list[i]);
    if (fine)
        fine = aw_expect_compare(t->expect, t->n_expect, &lines, rule, s->diag->lang, out, diff);
    else
        aw_buf_printf(out, aw_t(s->diag->lang, "the run failed: %s\n"), err.text);
    aw_free(lines.list);
    aw_free(lines.seen);
    aw_free(lines.told);
    return fine;
}

int aw_tests_run(const char *path, const struct aw_test_options *o, struct aw_test_result *ret,
                 struct aw_diag *diag)
{
    AW_AUTO(suite_free) struct suite s = {.path = path, .diag = diag};
    struct aw_test_result result = {0};
    int e = load_suite(&s);
    if (e < 0)
        return e;
    if (o->coverage != NULL)
        aw_coverage_rules(o->coverage, &s.rules->set);
    for (unsigned i = 0; i < s.n_tests; i++) {
        const struct test *t = &s.tests[i];
        if (o->run != NULL && !aw_glob(o->run, t->name))
            continue;
        if (o->go_on != NULL && !o->go_on(o->ctx))
            break;
        AW_AUTO(aw_buf_free) struct aw_buf out = AW_BUF_INIT(EXPLAIN_MAX);
        AW_AUTO(aw_buf_free) struct aw_buf diff = AW_BUF_INIT(DIFF_MAX);
        bool passed = run_test(&s, t, o->coverage, &out, &diff);
        *(passed ? &result.passed : &result.failed) += 1;
        o->report(o->ctx, &(struct aw_test_report){
                              .name = t->name,
                              .passed = passed,
                              .explain = passed ? NULL : aw_buf_str(&out),
                              .diff = diff.n > 0 ? aw_buf_str(&diff) : NULL,
                          });
    }
    *ret = result;
    return 0;
}
