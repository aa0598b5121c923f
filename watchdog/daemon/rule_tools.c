/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules that are sent to be checked, tested, simulated and explained (POST /v1/rules:...): the same
 * engine and words as the command line. Runs on an http thread, one job at a time and for two
 * seconds at most, so that nobody can keep the others from being served. What is sent is no reason
 * to read files of this machine: tests may name only rules that came along, and no environment but
 * one without paths in it. Limits: 64 files, those of conf/.
 */
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/explain.h"
#include "codec/json.h"
#include "conf/brake.h"
#include "conf/schema.h"
#include "conf/tests.h"
#include "core/match.h"
#include "daemon/rule_tools.h"

enum { MAX_FILES = 64, MAX_LINES = 20000 };
#define MAX_BODY ((size_t)4 << 20)
#define MAX_TIME (2 * AW_SECOND)

struct job {
    struct aw_tool_job *pub;
    const struct aw_clock *clock;
    struct aw_live *live;
    json_t *body;
    aw_boot end; /* of its time */
    struct aw_diag diag;
    struct aw_jsonw w;
    struct aw_source_file files[MAX_FILES]; /* of the body */
    unsigned n_files;
};

static bool refuse(struct job *j, enum aw_problem p, const char *pointer, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
static bool refuse(struct job *j, enum aw_problem p, const char *pointer, const char *fmt, ...)
{
    va_list ap;

    j->pub->problem = p;
    aw_format(j->pub->pointer, sizeof(j->pub->pointer), "%s", pointer);
    va_start(ap, fmt);
    aw_vformat(j->pub->detail, sizeof(j->pub->detail), fmt, ap);
    va_end(ap);
    return false;
}

static bool in_time(const struct job *j)
{
    return aw_clock_boot() < j->end;
}

/* --- the body -----------------------------------------------------------------------------------
 */

static bool take_members(struct job *j, const char *const *known)
{
    const char *key;
    json_t *v;

    json_object_foreach(j->body, key, v)
    {
        bool found = false;
        for (unsigned i = 0; known[i]; i++)
            found |= strcmp(known[i], key) == 0;
        char pointer[128];
        aw_format(pointer, sizeof(pointer), "/%s", key);
        const char *near = found ? NULL : aw_nearest(key, known);
        if (!found)
            return refuse(j, AW_P_UNKNOWN_MEMBER, pointer, "unknown member%s%s%s",
                          near ? ": did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    }
    return true;
}

/* A file's own name: no path, nothing hidden. */
static bool is_name(const char *s)
{
    size_t n = strlen(s);

    return n > 5 && n <= 128 && s[0] != '.' && !strchr(s, '/') && aw_utf8_clean(s, n, false) &&
           strcmp(s + n - 5, ".yaml") == 0;
}

static bool take_files(struct job *j)
{
    const json_t *list = json_object_get(j->body, "files");
    char pointer[64];
    size_t i;
    json_t *f;

    if (!list)
        return true;
    if (!json_is_array(list) || json_array_size(list) > MAX_FILES)
        return refuse(j, AW_P_VALIDATION, "/files", "a list of at most %d {name, text}", MAX_FILES);
    json_array_foreach(list, i, f)
    {
        const char *name = aw_json_str(f, "name"), *text = aw_json_str(f, "text");
        snprintf(pointer, sizeof(pointer), "/files/%zu", i);
        if (!name || !text || json_object_size(f) != 2)
            return refuse(j, AW_P_VALIDATION, pointer, "{name, text} is wanted, both texts");
        if (!is_name(name))
            return refuse(j, AW_P_VALIDATION, pointer, "\"name\" is that of a file: NAME.yaml");
        for (unsigned k = 0; k < j->n_files; k++)
            if (strcmp(j->files[k].name, name) == 0)
                return refuse(j, AW_P_VALIDATION, pointer, "\"%s\" stands here twice", name);
        j->files[j->n_files++] = (struct aw_source_file){name, text, strlen(text)};
    }
    return true;
}

static bool is_test(const struct aw_source_file *f)
{
    size_t n = strlen(f->name), tail = strlen(".test.yaml");
    return n > tail && strcmp(f->name + n - tail, ".test.yaml") == 0;
}

/* --- rules: those of the body, else those that are loaded ----------------------------------------
 */

struct chosen {
    struct aw_rules *owner; /* of the body */
    struct aw_ruleset set;
};

static bool choose_rules(struct job *j, struct chosen *c)
{
    struct aw_source_file rules[MAX_FILES];
    struct aw_live_names names;
    unsigned n = 0;

    *c = (struct chosen){.set = j->live->rules};
    for (unsigned i = 0; i < j->n_files; i++)
        if (!is_test(&j->files[i]))
            rules[n++] = j->files[i];
    if (n == 0)
        return true;
    aw_live_names(&names, j->live->conf);
    int r = aw_rules_parse_all(rules, n, &names.world, &c->owner, &j->diag);
    aw_live_names_free(&names);
    if (r == 0)
        c->set = c->owner->set;
    return r == 0;
}

static void put_problems(struct job *j)
{
    struct aw_buf b = AW_BUF_INIT(MAX_BODY);

    aw_diag_json(&j->diag, &b);
    while (b.n > 0 && b.p[b.n - 1] == '\n')
        b.n--;
    aw_jw_raw(&j->w, "problems", b.p, b.n);
    aw_buf_free(&b);
}

static void run_check(struct job *j)
{
    struct chosen c;

    if (j->n_files == 0) {
        refuse(j, AW_P_VALIDATION, "/files", "which files?");
        return;
    }
    choose_rules(j, &c);
    aw_jw_object(&j->w, NULL);
    aw_jw_bool(&j->w, "ok", j->diag.n_errors == 0);
    aw_jw_int(&j->w, "rules", c.owner ? c.set.n : 0);
    put_problems(j);
    aw_jw_end(&j->w, '}');
    aw_rules_free(c.owner);
}

/* --- test ---------------------------------------------------------------------------------------
 */

/* Whether a test stays with what came along. */
static bool check_test(struct job *j, const struct aw_source_file *f, unsigned index)
{
    static const char *const allowed[] = {"calendars", "rotations", "limits", "storm_brake",
                                          "silences",  "zone",      "apps",   NULL};
    struct aw_yaml_error err = {.lang = j->pub->lang};
    struct aw_yaml_doc *doc = NULL;
    char pointer[64];
    bool fine = true;

    snprintf(pointer, sizeof(pointer), "/files/%u", index);
    if (aw_yaml_parse(f->text, f->n, AW_CONF_FILE_MAX, j->pub->lang, &doc, &err) < 0)
        return true; /* the runner says what is wrong, and where */
    const struct aw_yaml *root = aw_yaml_root(doc);
    const struct aw_yaml *env = aw_yaml_get(root, "environment");
    const struct aw_yaml *rules = aw_yaml_get(root, "rules");
    for (const struct aw_yaml *v = rules ? rules->child : NULL; v && fine; v = v->next) {
        bool found = false;
        for (unsigned i = 0; i < j->n_files; i++)
            found |= v->type == AW_YAML_SCALAR && strcmp(v->text, j->files[i].name) == 0;
        if (!found)
            fine =
                refuse(j, AW_P_VALIDATION, pointer, "it names rules that are not among the files");
    }
    if (rules && rules->type == AW_YAML_SCALAR)
        fine = refuse(j, AW_P_VALIDATION, pointer, "\"rules\" is a list here");
    if (env && env->type != AW_YAML_MAP)
        fine = refuse(j, AW_P_VALIDATION, pointer, "write the environment into the test here");
    for (const struct aw_yaml *v = env ? env->child : NULL; v && fine; v = v->next) {
        bool found = false;
        for (unsigned i = 0; allowed[i]; i++)
            found |= strcmp(allowed[i], v->key ? v->key : "") == 0;
        if (!found)
            fine = refuse(j, AW_P_VALIDATION, pointer,
                          "the environment of a test has no \"%.64s\" here", v->key);
    }
    aw_yaml_free(doc);
    return fine;
}

/* The runner reads files, so it gets some: in a directory of their own. */
static bool write_files(struct job *j, const char *dir)
{
    for (unsigned i = 0; i < j->n_files; i++) {
        char path[512];
        snprintf(path, sizeof(path), "%s/%s", dir, j->files[i].name);
        FILE *f = fopen(path, "wx");
        bool fine = f && fwrite(j->files[i].text, 1, j->files[i].n, f) == j->files[i].n;
        if ((f && fclose(f) != 0) || !fine)
            return refuse(j, AW_P_INTERNAL, "", "there is no room for the files");
    }
    return true;
}

static void remove_files(struct job *j, const char *dir)
{
    for (unsigned i = 0; i < j->n_files; i++) {
        char path[512];
        snprintf(path, sizeof(path), "%s/%s", dir, j->files[i].name);
        unlink(path);
    }
    rmdir(dir);
}

struct test_run {
    struct job *j;
    const char *file;
    unsigned passed, failed;
    bool cut; /* its time was over */
};

static void on_report(void *ctx, const struct aw_test_report *r)
{
    struct test_run *t = ctx;
    struct aw_jsonw *w = &t->j->w;

    aw_jw_object(w, NULL);
    aw_jw_str(w, "file", t->file);
    aw_jw_str(w, "name", r->name);
    aw_jw_bool(w, "passed", r->passed);
    if (!r->passed)
        aw_jw_str(w, "explain", r->explain);
    aw_jw_end(w, '}');
}

static bool on_go_on(void *ctx)
{
    struct test_run *t = ctx;

    t->cut |= !in_time(t->j);
    return !t->cut;
}

static void run_tests(struct job *j, const char *dir)
{
    struct test_run t = {.j = j};

    aw_jw_object(&j->w, NULL);
    aw_jw_array(&j->w, "tests");
    for (unsigned i = 0; i < j->n_files; i++) {
        struct aw_test_options o = {.report = on_report, .ctx = &t, .go_on = on_go_on};
        struct aw_test_result r = {0};
        char path[512];
        if (!is_test(&j->files[i]))
            continue;
        t.file = j->files[i].name;
        snprintf(path, sizeof(path), "%s/%s", dir, t.file);
        aw_tests_run(path, &o, &r, &j->diag);
        t.passed += r.passed;
        t.failed += r.failed;
    }
    aw_jw_end(&j->w, ']');
    aw_jw_bool(&j->w, "ok", t.failed == 0 && !t.cut && j->diag.n_errors == 0);
    aw_jw_int(&j->w, "passed", t.passed);
    aw_jw_int(&j->w, "failed", t.failed);
    aw_jw_bool(&j->w, "cut", t.cut);
    put_problems(j);
    aw_jw_end(&j->w, '}');
}

static void run_test(struct job *j)
{
    char dir[] = "/tmp/ackwatch-test-XXXXXX";
    unsigned n = 0;

    for (unsigned i = 0; i < j->n_files; i++) {
        if (is_test(&j->files[i]) && !check_test(j, &j->files[i], i))
            return;
        n += is_test(&j->files[i]);
    }
    if (n == 0)
        refuse(j, AW_P_VALIDATION, "/files", "a NAME.test.yaml is wanted among them");
    else if (!mkdtemp(dir))
        refuse(j, AW_P_INTERNAL, "", "there is no room for the files");
    else {
        if (write_files(j, dir))
            run_tests(j, dir);
        remove_files(j, dir);
    }
}

/* --- simulate, explain --------------------------------------------------------------------------
 */

static bool take_registration(struct job *j, struct aw_registration *ret, aw_time *ret_at)
{
    const json_t *v = json_object_get(j->body, "registration");
    char *text = json_is_object(v) ? json_dumps(v, JSON_COMPACT) : NULL;

    if (!text)
        return refuse(j, AW_P_VALIDATION, "/registration",
                      "the body of POST /v1/messages is wanted, and `at` if you like");
    struct aw_source_file f = {"registration", text, strlen(text)};
    int r = aw_send_parse(&f, aw_clock_wall(j->clock), ret, ret_at, &j->diag);
    free(text);
    if (r == 0)
        return true;
    return refuse(j, AW_P_VALIDATION, "/registration", "%s",
                  j->diag.n ? j->diag.items[0].text : "it cannot be read");
}

static bool take_events(struct job *j, struct aw_events *ret)
{
    const json_t *v = json_object_get(j->body, "events");
    char *text = v ? json_dumps(v, JSON_COMPACT) : NULL;
    int r = 0;

    if (text) {
        struct aw_source_file f = {"events", text, strlen(text)};
        r = aw_events_parse(&f, ret, &j->diag);
        free(text);
    }
    if (r == 0)
        return true;
    return refuse(j, AW_P_VALIDATION, "/events", "%s",
                  j->diag.n ? j->diag.items[0].text : "they cannot be read");
}

static struct aw_match_input facts_of(const struct job *j, const struct aw_registration *reg)
{
    const char *app = reg->app ? reg->app : j->pub->app[0] ? j->pub->app : "default";
    return (struct aw_match_input){.reg = reg, .app = app, .channel = reg->sent_channel};
}

struct lines {
    struct job *j;
    unsigned n;
    bool cut;
};

static int on_line(void *ctx, const struct aw_virtual_line *l)
{
    struct lines *lines = ctx;

    if (lines->n == MAX_LINES || !in_time(lines->j)) {
        lines->cut = true;
        return AW_ELIMIT;
    }
    lines->n++;
    aw_virtual_json(&lines->j->w, l);
    return 0;
}

/* Nobody but the recipients, and those that the rule names: what the directory knows about people
 * is not told here. */
static void put_lines(struct job *j, const struct aw_rule *rule, const struct aw_registration *reg,
                      aw_time at, const struct aw_events *events)
{
    unsigned channels[AW_N_KINDS] = {0};
    struct lines lines = {.j = j};
    const struct aw_brake_conf brake = aw_brake_conf_of(j->live->conf);
    struct aw_err err = {0};

    for (unsigned i = 0; i < j->live->conf->n_channels; i++)
        channels[j->live->conf->channels[i].provider->kind]++;
    struct aw_virtual_input in = {.rule = rule,
                                  .reg = reg,
                                  .at = at,
                                  .brake = &brake,
                                  .almanac = &j->live->conf->almanac,
                                  .events = events ? events->list : NULL,
                                  .n_events = events ? events->n : 0,
                                  .channels = j->live->conf->n_channels ? channels : NULL};
    aw_jw_array(&j->w, "lines");
    int r = aw_virtual_run(&in, on_line, &lines, &err);
    aw_jw_end(&j->w, ']');
    aw_jw_bool(&j->w, "cut", lines.cut);
    if (r < 0 && !lines.cut)
        aw_jw_str(&j->w, "error", err.text);
}

static void run_simulate(struct job *j)
{
    struct aw_registration reg = {0};
    struct aw_events events = {0};
    struct chosen c = {0};
    aw_time at = 0;

    if (!take_registration(j, &reg, &at) || !take_events(j, &events)) {
        aw_registration_free(&reg);
        return;
    }
    if (choose_rules(j, &c)) {
        struct aw_match_input in = facts_of(j, &reg);
        const struct aw_rule *rule =
            reg.rule ? aw_ruleset_find(&c.set, reg.rule) : aw_ruleset_match(&c.set, &in);
        if (rule) {
            aw_jw_object(&j->w, NULL);
            aw_jw_str(&j->w, "rule", rule->name);
            put_lines(j, rule, &reg, at, &events);
            aw_jw_end(&j->w, '}');
        } else {
            refuse(j, AW_P_NO_RULE_MATCHED, "", "no rule takes this message: ask rules:explain");
        }
    } else {
        refuse(j, AW_P_VALIDATION, "/files", "the rules have errors: ask rules:check");
    }
    aw_rules_free(c.owner);
    aw_events_free(&events);
    aw_registration_free(&reg);
}

static void run_explain(struct job *j)
{
    struct aw_registration reg = {0};
    struct chosen c = {0};
    aw_time at = 0;

    if (!take_registration(j, &reg, &at)) {
        aw_registration_free(&reg);
        return;
    }
    if (choose_rules(j, &c)) {
        struct aw_match_input in = facts_of(j, &reg);
        aw_jw_object(&j->w, NULL);
        const struct aw_rule *rule = aw_explain_match_json(&j->w, j->pub->lang, &c.set, &in);
        if (rule)
            put_lines(j, rule, &reg, at, NULL);
        aw_jw_end(&j->w, '}');
    } else {
        refuse(j, AW_P_VALIDATION, "/files", "the rules have errors: ask rules:check");
    }
    aw_rules_free(c.owner);
    aw_registration_free(&reg);
}

/* --- the job ------------------------------------------------------------------------------------
 */

static const struct {
    const char *members[5];
    void (*run)(struct job *j);
} tools[] = {
    [AW_TOOL_CHECK] = {{"files", NULL}, run_check},
    [AW_TOOL_TEST] = {{"files", NULL}, run_test},
    [AW_TOOL_SIMULATE] = {{"files", "registration", "events", NULL}, run_simulate},
    [AW_TOOL_EXPLAIN] = {{"files", "registration", NULL}, run_explain},
};

static void run_job(struct job *j)
{
    struct aw_err err;

    if (aw_json_parse(j->pub->body, j->pub->n, MAX_BODY, &j->body, &err) < 0)
        refuse(j, AW_P_BAD_JSON, "", "%s", err.text);
    else if (!json_is_object(j->body))
        refuse(j, AW_P_VALIDATION, "", "an object is wanted");
    else if (take_members(j, tools[j->pub->tool].members) && take_files(j))
        tools[j->pub->tool].run(j);
    json_decref(j->body);
}

static void run(void *ctx, struct aw_tool_job *pub)
{
    static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;
    struct aw_status_source *s = ctx;
    struct job j = {.pub = pub, .clock = s->clock};

    if (pthread_mutex_trylock(&one) != 0) {
        refuse(&j, AW_P_BUSY, "", "another one is being looked at: try again");
        return;
    }
    j.end = aw_clock_boot() + MAX_TIME;
    j.live = aw_live_box_get(s->box);
    aw_diag_init(&j.diag);
    j.diag.lang = pub->lang;
    aw_jw_init(&j.w, pub->out);
    run_job(&j);
    aw_diag_free(&j.diag);
    aw_live_drop(j.live);
    pthread_mutex_unlock(&one);
}

void aw_rule_tools_fill(struct aw_status_source *source, struct aw_tools *ret)
{
    *ret = (struct aw_tools){source, run};
}
