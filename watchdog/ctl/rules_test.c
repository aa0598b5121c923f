/* SPDX-License-Identifier: Apache-2.0
 *
 * `ackwatch rules test`: the tests that lie beside rules, run by the engine of the daemon on a
 * virtual clock. What they do not show of the rules is the coverage; the results as JUnit XML are
 * the business of rules_junit.c.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "codec/json.h"
#include "conf/tests.h"
#include "ctl/lang.h"
#include "ctl/local.h"
#include "ctl/nouns.h"
#include "ctl/rules.h"

struct test_run {
    struct aw_ctl *ctl;
    const char *file;
    json_t *list; /* {"file", "name", "passed", "seconds", "explain", "diff"} */
    struct aw_test_result sum;
    struct aw_coverage coverage;
    struct aw_diag diag;
    int64_t since; /* microseconds */
    bool missing;
};

/* --- results --------------------------------------------------------------------------------- */

static void put_text(const struct aw_out *o, const char *text)
{
    fprintf(o->tty ? o->f : stderr, "%s%s", text, text[strlen(text) - 1] == '\n' ? "" : "\n");
}

static void show(const struct test_run *t, const struct aw_test_report *r)
{
    const struct aw_out *o = &t->ctl->out;
    if (o->tty) {
        enum aw_style style = r->passed ? AW_GOOD : AW_BAD;
        fprintf(o->f, "  %s%s%s %s\n", aw_out_on(o, style),
                aw_out_mark(o, r->passed ? AW_MARK_GOOD : AW_MARK_BAD), aw_out_off(o, style),
                r->name);
    } else {
        fprintf(o->f, "%s\t%s\t%s\n", r->passed ? "passed" : "failed", t->file, r->name);
        fflush(o->f);
    }
    if (r->explain)
        put_text(o, r->explain);
    if (r->diff && aw_ctl_flag(t->ctl, "diff"))
        put_text(o, r->diff);
}

static void on_test(void *ctx, const struct aw_test_report *r)
{
    struct test_run *t = ctx;
    int64_t now = aw_clock_us();
    json_array_append_new(t->list, json_pack("{s:s,s:s,s:b,s:f,s:s?,s:s?}", "file", t->file, "name",
                                             r->name, "passed", r->passed, "seconds",
                                             (double)(now - t->since) / 1e6, "explain", r->explain,
                                             "diff", aw_ctl_flag(t->ctl, "diff") ? r->diff : NULL));
    t->since = now;
    if (!t->ctl->out.json)
        show(t, r);
}

/* --- what is to be tested -------------------------------------------------------------------- */

static void test_file(struct test_run *t, const char *path)
{
    struct aw_test_result r = {0};
    struct aw_test_options o = {
        .run = aw_ctl_flag(t->ctl, "run"), .coverage = &t->coverage, .report = on_test, .ctx = t};
    t->file = path;
    t->since = aw_clock_us();
    if (t->ctl->out.tty && !t->ctl->out.json)
        fprintf(t->ctl->out.f, "%s\n", path);
    aw_tests_run(path, &o, &r, &t->diag);
    t->sum.passed += r.passed;
    t->sum.failed += r.failed;
}

static bool ends_with(const char *s, const char *tail)
{
    size_t n = strlen(s), n_tail = strlen(tail);
    return n > n_tail && aw_streq(s + n - n_tail, tail);
}

static int is_test(const struct dirent *d)
{
    return d->d_name[0] != '.' && ends_with(d->d_name, ".test.yaml");
}

static void test_dir(struct test_run *t, const char *dir)
{
    struct dirent **list;
    int n = scandir(dir, &list, is_test, alphasort);
    if (n < 0) {
        t->missing = true;
        aw_ctl_say(0, "%s: %s", dir, strerror(errno));
        return;
    }
    for (int i = 0; i < n; i++) {
        struct aw_buf path = AW_BUF_INIT(8192);
        aw_buf_printf(&path, "%s%s%s", dir, dir[strlen(dir) - 1] == '/' ? "" : "/",
                      list[i]->d_name);
        test_file(t, aw_buf_str(&path));
        aw_buf_free(&path);
        free(list[i]);
    }
    if (n == 0)
        aw_ctl_say(0, _("%s: no *.test.yaml here"), dir);
    free(list);
}

/* Rules that no test names are not covered either. */
static void add_untested(struct test_run *t, const char *path)
{
    const struct aw_rules_world none = {0};
    struct aw_rules *rules = NULL;
    if (aw_rules_load(path, &none, &rules, &t->diag) == 0)
        aw_coverage_rules(&t->coverage, &rules->set);
    aw_rules_free(rules);
}

/* A directory, a NAME.test.yaml, or the NAME.yaml beside which it lies. */
static void test_path(struct test_run *t, const char *path)
{
    struct stat st;
    bool dir = stat(path, &st) == 0 && S_ISDIR(st.st_mode);
    if (dir) {
        test_dir(t, path);
    } else if (ends_with(path, ".yaml") && !ends_with(path, ".test.yaml")) {
        struct aw_buf b = AW_BUF_INIT(8192);
        aw_buf_printf(&b, "%.*s.test.yaml", (int)(strlen(path) - strlen(".yaml")), path);
        test_file(t, aw_buf_str(&b));
        aw_buf_free(&b);
    } else {
        test_file(t, path);
    }
    if (dir && !t->missing && aw_ctl_flag(t->ctl, "coverage"))
        add_untested(t, path);
}

/* --- coverage -------------------------------------------------------------------------------- */

static json_t *cover_json(const struct aw_coverage *c)
{
    struct aw_cover_sum sum = aw_coverage_sum(c);
    json_t *steps = json_array();
    for (unsigned i = 0; i < c->n; i++) {
        const struct aw_cover_step *s = &c->list[i];
        json_t *kinds = json_object();
        for (unsigned k = 0; k < s->n_kinds; k++)
            json_object_set_new(kinds, aw_kind_name(s->kinds[k]),
                                json_integer(s->n_fired[s->kinds[k]]));
        json_array_append_new(
            steps,
            json_pack("{s:s,s:s,s:i,s:s,s:b,s:o,s:s?,s:i}", "rule", s->rule, "file", s->file,
                      "line", (int)s->line, "step", s->step, "covered", aw_cover_ran(s), "fired",
                      kinds, "unless", s->unless != AW_LEVEL_NONE ? aw_level_name(s->unless) : NULL,
                      "skipped", (int)s->n_skipped));
    }
    return json_pack("{s:i,s:i,s:f,s:i,s:i,s:i,s:i,s:o}", "steps", (int)sum.steps, "steps_run",
                     (int)sum.steps_run, "percent",
                     sum.steps ? 100.0 * sum.steps_run / sum.steps : 100.0, "kinds", (int)sum.kinds,
                     "kinds_run", (int)sum.kinds_run, "unless", (int)sum.skips, "unless_met",
                     (int)sum.skips_run, "list", steps);
}

static unsigned percent(unsigned part, unsigned whole)
{
    return whole ? 100 * part / whole : 100;
}

static void cover_print(const struct aw_out *o, const struct aw_coverage *c)
{
    struct aw_cover_sum sum = aw_coverage_sum(c);
    fprintf(o->f,
            _("steps %u %% (%u of %u), kinds %u %% (%u of %u), unless met %u %% (%u of %u)\n"),
            percent(sum.steps_run, sum.steps), sum.steps_run, sum.steps,
            percent(sum.kinds_run, sum.kinds), sum.kinds_run, sum.kinds,
            percent(sum.skips_run, sum.skips), sum.skips_run, sum.skips);
    for (unsigned i = 0; i < c->n; i++) {
        const struct aw_cover_step *s = &c->list[i];
        bool ran = aw_cover_ran(s);
        if (!ran)
            fprintf(o->f, _("  no test fires: %s, step \"%s\" (%s:%u)\n"), s->rule, s->step,
                    s->file, s->line);
        for (unsigned k = 0; k < s->n_kinds && ran; k++)
            if (!s->n_fired[s->kinds[k]])
                fprintf(o->f, _("  no test fires: %s, step \"%s\" by %s (%s:%u)\n"), s->rule,
                        s->step, aw_kind_name(s->kinds[k]), s->file, s->line);
        if (s->unless != AW_LEVEL_NONE && !s->n_skipped)
            fprintf(o->f, _("  no test skips: %s, step \"%s\" unless %s (%s:%u)\n"), s->rule,
                    s->step, aw_level_name(s->unless), s->file, s->line);
    }
}

static int report(struct test_run *t)
{
    const struct aw_out *o = &t->ctl->out;
    bool coverage = aw_ctl_flag(t->ctl, "coverage") != NULL;
    struct aw_cover_sum sum = aw_coverage_sum(&t->coverage);
    if (o->json) {
        json_t *v = json_pack("{s:i,s:i,s:O}", "passed", (int)t->sum.passed, "failed",
                              (int)t->sum.failed, "tests", t->list);
        if (coverage)
            json_object_set_new(v, "coverage", cover_json(&t->coverage));
        aw_out_json(o, v);
        json_decref(v);
    } else {
        if (o->tty)
            fprintf(o->f, _("%u passed, %u failed\n"), t->sum.passed, t->sum.failed);
        if (coverage)
            cover_print(o, &t->coverage);
    }
    bool bad = t->sum.failed || t->diag.n_errors || (coverage && sum.steps_run < sum.steps);
    return t->missing ? AW_EXIT_FAILED : bad ? AW_EXIT_PROBLEMS : AW_EXIT_DONE;
}

static int exec(struct aw_ctl *ctl)
{
    const char *junit = aw_ctl_flag(ctl, "junit"), *record = aw_ctl_flag(ctl, "record");
    if (record)
        return ctl->n_args ? aw_ctl_say(AW_EXIT_USAGE, _("--record makes a test, it runs none"))
                           : aw_rules_record(ctl, record);
    struct test_run t = {.ctl = ctl, .list = json_array()};
    aw_diag_init(&t.diag);
    t.diag.lang = aw_lang();
    for (unsigned i = 0; i < ctl->n_args; i++)
        test_path(&t, ctl->args[i]);
    if (!ctl->n_args)
        test_path(&t, ".");
    aw_local_complain(&t.diag);
    int code = report(&t);
    if (aw_ctl_flag(ctl, "run") && !t.sum.passed && !t.sum.failed && code == AW_EXIT_DONE)
        code = aw_ctl_say(AW_EXIT_NO_OBJECT, _("no test has a name like \"%s\""),
                          aw_ctl_flag(ctl, "run"));
    if (junit && !aw_junit_write(junit, t.list, &t.diag))
        code = AW_EXIT_FAILED;
    json_decref(t.list);
    aw_coverage_free(&t.coverage);
    aw_diag_free(&t.diag);
    return code;
}

static const struct aw_param args[] = {
    {"PATH", 0, AW_VAL_FILE, AW_MANY | AW_OPTIONAL, NULL,
     "a directory, NAME.test.yaml, or the NAME.yaml beside it (.)"},
    {NULL},
};
static const struct aw_param flags[] = {
    {"run", 0, AW_VAL_TEXT, 0, NULL, "only tests whose name matches this glob"},
    {"diff", 0, AW_VAL_NONE, 0, NULL, "expected beside actual, as lines for the test"},
    {"coverage", 0, AW_VAL_NONE, 0, NULL, "steps, kinds and `unless` that no test shows"},
    {"junit", 0, AW_VAL_FILE, 0, NULL, "also write the results as JUnit XML"},
    {"record", 0, AW_VAL_TEXT, 0, NULL,
     "instead print a test made of this message (msg_... or ext:ID), from the daemon"},
    {"env", 0, AW_VAL_FILE, 0, NULL, "--record: environment file that the test is to name"},
    {NULL},
};
static const char *const examples[] = {"rules test rules/", "rules test --run '*offline*' --diff",
                                       "rules test rules/ --coverage --junit results.xml",
                                       "rules test --record ext:order-42 >order-42.test.yaml",
                                       NULL};

const struct aw_cmd_entry aw_cmd_rules_test = {
    .noun = "rules",
    .verb = "test",
    .summary = "run the tests of rules with the engine, on a virtual clock",
    .remote = true,
    .text =
        "Needs no daemon, but for --record. Exit code 3 when a test fails; with --coverage also "
        "when there is a "
        "step that no test fires. A rule without tests counts when its directory is given.\n"
        "--record makes a test of a real case: what was registered, what happened, what was sent, "
        "as the plan has it. People are renamed, addresses reach nobody, texts stay out. It is run "
        "before the end; exit code 3 when it does not pass.",
    .args = args,
    .flags = flags,
    .examples = examples,
    .exec = exec,
};
