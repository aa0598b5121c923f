/* SPDX-License-Identifier: Apache-2.0
 *
 * Rule tests as they are written and run: the shipped library passes, a wrong expectation fails
 * and says why, and files of registrations and events are read.
 */
#include <dirent.h>
#include <fnmatch.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "conf/tests.h"
#include "conf_util.h"

static struct aw_diag diag;
static struct aw_test_result result;
static char explained[16384], diff[16384];
static struct aw_coverage coverage;

static void report(void *ctx, const struct aw_test_report *r)
{
    size_t n = strlen(explained);
    snprintf(explained + n, sizeof(explained) - n, "%s %s\n%s", r->passed ? "ok" : "not ok",
             r->name, r->passed ? "" : r->explain);
    assert_int_equal(r->explain == NULL, r->passed);
    snprintf(diff, sizeof(diff), "%s", r->diff ? r->diff : "");
}

static int run(const char *path, const char *only)
{
    explained[0] = '\0';
    result = (struct aw_test_result){0};
    const struct aw_test_options o = {.run = only, .report = report, .coverage = &coverage};
    return aw_tests_run(path, &o, &result, &diag);
}

static int teardown(void **state)
{
    aw_diag_free(&diag);
    aw_coverage_free(&coverage);
    conf_dir_remove();
    return 0;
}

/* --- the library --------------------------------------------------------------------------- */

static const char *library(const char *name)
{
    static char path[512];
    const char *top = getenv("top_srcdir");
    snprintf(path, sizeof(path), "%s/rules/%s", top != NULL ? top : ".", name);
    return path;
}

/* Calls f for each test file of the library; returns how many there are. */
static unsigned each_shipped(void (*f)(const char *path))
{
    unsigned n = 0;
    DIR *dir = opendir(library(""));
    assert_non_null(dir);
    for (struct dirent *d; (d = readdir(dir)) != NULL;)
        if (fnmatch("*.test.yaml", d->d_name, 0) == 0) {
            f(library(d->d_name));
            n++;
        }
    closedir(dir);
    return n;
}

static void passes(const char *path)
{
    if (run(path, NULL) < 0)
        fail_msg("%s", conf_print(&diag));
    if (result.failed > 0)
        fail_msg("%s", explained);
    assert_true(result.passed >= 3);
    assert_string_equal(conf_print(&diag), ""); /* no warnings either */
}

/* What a rule does not do because its tests were never written for it would not show: all that
 * tests can show of the library, they show. */
static void shipped_tests_pass_and_show_everything(void **state)
{
    assert_true(each_shipped(passes) >= 8);
    struct aw_cover_sum sum = aw_coverage_sum(&coverage);
    assert_true(sum.steps >= 8 * 4);
    assert_int_equal(sum.steps_run, sum.steps);
    assert_int_equal(sum.kinds_run, sum.kinds);
    assert_int_equal(sum.skips_run, sum.skips);
}

static void count(const char *path)
{
}

static void library_loads_as_a_directory(void **state)
{
    struct aw_templates t;
    struct aw_rules *rules;
    assert_int_equal(aw_templates_load(library("templates"), &t, &diag), 0);
    const struct aw_rules_world world = {.templates = &t};
    assert_int_equal(aw_rules_load(library(""), &world, &rules, &diag), 0);
    assert_string_equal(conf_print(&diag), "");
    assert_int_equal(rules->set.n, each_shipped(count)); /* each rule has its tests */
    aw_rules_free(rules);
    aw_templates_free(&t);
}

/* --- tests that fail ----------------------------------------------------------------------- */

#define RULE                                                                                       \
    "version: 1\n"                                                                                 \
    "rules:\n"                                                                                     \
    "  - name: r\n"                                                                                \
    "    match: {class: c}\n"                                                                      \
    "    until: acknowledged\n"                                                                    \
    "    deadline: 10m\n"                                                                          \
    "    steps:\n"                                                                                 \
    "      - {id: push, at: 0s, do: push}\n"                                                       \
    "      - {id: text, at: 5m, do: sms, unless: delivered}\n"                                     \
    "    exhausted: {do: email, to: \"contact:noc\"}\n"
#define PEOPLE                                                                                     \
    "rules: [r.yaml]\n"                                                                            \
    "people:\n"                                                                                    \
    "  li: {alias: li, phone: \"+9990000001\"}\n"                                                  \
    "  noc: {email: noc@sim.invalid}\n"
#define TEST(events, expect)                                                                       \
    PEOPLE "tests:\n"                                                                              \
           "  - name: t\n"                                                                         \
           "    send: {at: \"2026-11-23T10:00:00+08:00\", class: c, recipients: [{user: li}]}\n"   \
           "    events: " events "\n"                                                              \
           "    expect: " expect "\n"

static const struct {
    const char *explained, *text; /* with "R" for the path of the rule file */
} failures[] = {
    {"ok t\n", TEST("[{at: 1m, from: li, level: acknowledged}]", "[{at: 0s, do: push, to: li}]")},
    {"ok t\n", TEST("[{at: 1m, from: li, level: acknowledged}]",
                    "[{at: 0s, do: push}, {at: 1m, state: confirmed}, {nothing_after: 0s}]")},
    {"not ok t\n"
     "line 9: expected at 0s: sms for li\n"
     "not expected: step \"push\" (R:8) fired push to li at 0s\n",
     TEST("[{at: 1m, from: li, level: acknowledged}]", "[{at: 0s, do: sms, to: li}]")},
    {"not ok t\n"
     "line 9: expected at 5m: sms for li; instead: step \"text\" (R:9) skipped sms for li at 5m "
     "(unless, reached delivered)\n",
     TEST("[{at: 1m, from: li, level: delivered}, {at: 9m, from: li, level: acknowledged}]",
          "[{at: 0s, do: push, to: li}, {at: 5m, do: sms, to: li}]")},
    {"not ok t\n"
     "line 9: expected at 2m: confirmed of li; instead: li was confirmed at 1m\n",
     TEST("[{at: 1m, from: li, level: acknowledged}]",
          "[{at: 0s, do: push, to: li}, {at: 2m, state: confirmed, to: li}]")},
    {"not ok t\n"
     "line 9: expected at 0s: push for li, step \"text\"; rule \"r\" (R:3) has no such step\n"
     "not expected: step \"push\" (R:8) fired push to li at 0s\n",
     TEST("[{at: 1m, from: li, level: acknowledged}]", "[{at: 0s, do: push, to: li, step: text}]")},
    {"not ok t\n"
     "line 9: expected at 10m: email for li; instead: step \"exhausted\" (R:10) fired email to noc "
     "for li at 10m (exhausted)\n",
     TEST("[]", "[{at: 0s, do: push, to: li}, {at: 5m, do: sms, to: li}, {at: 10m, do: email, to: "
                "li, targets: [wang]}]")},
    {"not ok t\n"
     "after nothing_after: step \"text\" (R:9) fired sms to li at 5m\n",
     TEST("[{at: 6m, from: li, level: acknowledged}]",
          "[{at: 0s, do: push, to: li}, {at: 5m, do: sms, to: li}, {nothing_after: 4m}]")},
    {"ok t\n", TEST("[{at: 1m, act: snooze, for: 30m}, {at: 5m, act: escalate, step: text}]",
                    "[{at: 0s, do: push}, {at: 5m, do: sms}, {at: 40m, state: exhausted}, "
                    "{at: 40m, do: email}]")},
    {"not ok t\n"
     "line 9: expected at 5m: sms for li; instead: step \"text\" (R:9) held sms for li at 1m "
     "(snoozed)\n",
     TEST("[{at: 1m, act: snooze, until: 31m}, {at: 9m, from: li, level: acknowledged}]",
          "[{at: 0s, do: push, to: li}, {at: 5m, do: sms, to: li}]")},
    {"not ok t\n"
     "the run failed: rule \"r\" has no claim: {hold: ...}, so that a claim is refused\n",
     TEST("[{at: 1m, act: claim, by: wang}]", "[{nothing_after: 0s}]")},
    {"not ok t\n"
     "the run failed: rule \"r\" has no step \"txet\" to escalate to\n",
     TEST("[{at: 1m, act: escalate, step: txet}]", "[{nothing_after: 0s}]")},
    {"not ok t\n"
     "the run failed: the exhausted step runs when a timeline has ended: nobody can escalate to "
     "it\n",
     TEST("[{at: 1m, act: escalate, step: exhausted}]", "[{nothing_after: 0s}]")},
    {"not ok t\n"
     "the run failed: rule \"r\" has no step \"txet\" to attempt\n",
     TEST("[{at: 1m, attempt: txet, result: refused}]", "[{nothing_after: 0s}]")},
    {"not ok t\n"
     "the run failed: a snooze ends before it begins\n",
     TEST("[{at: 1m, act: snooze, until: \"2026-11-23T10:01:00+08:00\"}]",
          "[{nothing_after: 0s}]")},
    {"not ok t\nno rule matches this registration\n", PEOPLE
     "tests: [{name: t, send: {class: x, recipients: [{user: li}]}, expect: [{nothing_after: "
     "0s}]}]\n"},
    {"not ok t\nthere is no rule \"x\"\n",
     PEOPLE "tests: [{name: t, send: {rule: x, recipients: [{user: li}]}, expect: [{nothing_after: "
            "0s}]}]\n"},
};

static void failing_tests_say_why(void **state)
{
    unsigned wrong = 0;
    for (unsigned i = 0; i < AW_COUNT(failures); i++) {
        const char *rule = conf_file("r.yaml", RULE);
        if (run(conf_file("r.test.yaml", failures[i].text), NULL) < 0)
            fail_msg("%s", conf_print(&diag));
        struct aw_buf b = AW_BUF_INIT(16384);
        for (const char *p = failures[i].explained; *p != '\0'; p++)
            if (*p == 'R' && p[1] == ':')
                aw_buf_puts(&b, rule);
            else
                aw_buf_putc(&b, *p);
        if (strcmp(explained, aw_buf_str(&b)) != 0) {
            print_error("expected\n%sgot\n%s", aw_buf_str(&b), explained);
            wrong++;
        }
        assert_int_equal(result.passed + result.failed, 1);
        aw_buf_free(&b);
    }
    assert_int_equal(wrong, 0);
}

/* Differences of several kinds come in time order, each said once; the diff can be pasted. */
static void differences_come_in_time_order(void **state)
{
    const char *rule = conf_file("r.yaml", RULE);
    const char *text = TEST("[{at: 1m, from: li, level: delivered}, {at: 9m, from: li, level: "
                            "acknowledged}]",
                            "[{at: 9m, state: exhausted, to: li}, {at: 9m30s, do: sms, to: li, "
                            "step: text}, {at: 5m, do: im, to: li}, {at: 1s, do: push, to: li}]");
    struct aw_buf b = AW_BUF_INIT(16384);
    assert_int_equal(run(conf_file("r.test.yaml", text), NULL), 0);
    aw_buf_printf(
        &b,
        "not ok t\n"
        "line 9: expected at 1s: push for li; instead: step \"push\" (%s:8) fired push to "
        "li at 0s\n"
        "line 9: expected at 5m: im for li; rule \"r\" (%s:3) has no such step\n"
        "line 9: expected at 9m: exhausted of li; instead: li was confirmed at 9m\n"
        "line 9: expected at 9m30s: sms for li, step \"text\"; instead: step \"text\" "
        "(%s:9) skipped sms for li at 5m (unless, reached delivered)\n",
        rule, rule, rule);
    int differs = strcmp(explained, aw_buf_str(&b));
    aw_buf_free(&b);
    if (differs)
        fail_msg("%s", explained);
    assert_string_equal(diff, "--- expected\n+++ actual\n"
                              "+- {at: 0s, do: push, to: li, step: push}\n"
                              "-- {at: 1s, do: push, to: li}\n"
                              "-- {at: 5m, do: im, to: li}\n"
                              " # 5m: text sms skipped (unless)\n"
                              "-- {at: 9m, state: exhausted, to: li}\n"
                              " - {at: 9m, state: confirmed, to: li}\n"
                              "-- {at: 9m30s, do: sms, to: li, step: text}\n");
}

/* "why is there nothing?" has an answer */
static void nothing_is_explained(void **state)
{
    conf_file("r.yaml", RULE);
    assert_int_equal(run(conf_file("r.test.yaml",
                                   TEST("[{at: 1m, from: li, level: acknowledged}]",
                                        "[{at: 0s, do: push, to: li}, {at: 5m, do: sms, to: li}]")),
                         NULL),
                     0);
    assert_string_equal(explained,
                        "not ok t\nline 9: expected at 5m: sms for li; instead: nothing, "
                        "li was confirmed at 1m\n");
}

static void coverage_names_what_no_test_shows(void **state)
{
    conf_file("r.yaml", RULE);
    assert_int_equal(run(conf_file("r.test.yaml",
                                   TEST("[{at: 6m, from: li, level: acknowledged}]",
                                        "[{at: 0s, do: push, to: li}, {at: 5m, do: sms, to: li}]")),
                         NULL),
                     0);
    struct aw_cover_sum sum = aw_coverage_sum(&coverage);
    assert_int_equal(sum.steps, 3);
    assert_int_equal(sum.steps_run, 2);
    assert_int_equal(sum.kinds, 3);
    assert_int_equal(sum.kinds_run, 2);
    assert_int_equal(sum.skips, 1);
    assert_int_equal(sum.skips_run, 0);
    assert_string_equal(coverage.list[2].step, "exhausted");
    assert_false(aw_cover_ran(&coverage.list[2]));
    assert_int_equal(coverage.list[2].line, 10);
    assert_int_equal(coverage.list[1].unless, AW_DELIVERED);
    assert_int_equal(
        run(conf_file("r.test.yaml", TEST("[{at: 1m, from: li, level: delivered}]",
                                          "[{at: 0s, do: push, to: li}, {at: 10m, do: email}]")),
            NULL),
        0);
    sum = aw_coverage_sum(&coverage); /* files add up */
    assert_int_equal(sum.steps_run, 3);
    assert_int_equal(sum.skips_run, 1);
}

static void one_test_can_be_picked(void **state)
{
    assert_int_equal(run(library("must-read.test.yaml"), "nobody*"), 0);
    assert_int_equal(result.passed, 1);
    assert_string_equal(explained, "ok nobody ever answers\n");
}

static void environment_gives_channels(void **state)
{
    conf_file("r.yaml", RULE);
    const char *text =
        TEST("[]", "[{at: 0s, do: push, to: li}]") "environment: {channels: {p: {provider: jpush, "
                                                   "app_key: x}}}\n";
    assert_int_equal(run(conf_file("r.test.yaml", text), NULL), 0);
    assert_string_equal(explained, "ok t\n"); /* nobody can send SMS or mail */
    conf_file("env.yaml", "channels: {p: {provider: jpush, app_key: x}}\n"
                          "people: {li: {alias: other}, noc: {email: n@e.cn}}\n");
    text = "rules: r.yaml\nenvironment: env.yaml\ntests: [{name: t, send: {class: c, recipients: "
           "[{user: li}]}, expect: [{at: 0s, do: push, to: li}]}]\n";
    assert_int_equal(run(conf_file("r.test.yaml", text), NULL), 0);
    assert_string_equal(explained, "ok t\n");
}

/* --- files that are wrong ------------------------------------------------------------------ */

#define SEND    "    send: {class: c, recipients: [{user: li}]}\n"
#define NOTHING "    expect: [{nothing_after: 0s}]\n"

/* Each '^' marks the place of the next code, and is not part of the text. */
static const struct {
    const char *codes, *text;
} mistakes[] = {
    {"E101 E101", "^^people: {}\n"},
    {"E112", PEOPLE "^tests: []\n"},
    {"E102", PEOPLE "tests:\n  - name: t\n    ^sned: {}\n" SEND NOTHING},
    {"E170", PEOPLE "tests:\n  - name: t\n    send: {class: c, ^recipients: []}\n" NOTHING},
    {"E170",
     PEOPLE "tests:\n  - name: t\n    send: {recipients: [{user: li, ^phnoe: x}]}\n" NOTHING},
    {"E170",
     PEOPLE "tests:\n  - name: t\n    send: {recipients: [{user: li, phone: ^x}]}\n" NOTHING},
    {"E170",
     PEOPLE "tests:\n  - name: t\n    send: {priority: ^hihg, recipients: [{user: li}]}\n" NOTHING},
    {"E115",
     PEOPLE "tests:\n  - name: t\n    send: {at: ^today, recipients: [{user: li}]}\n" NOTHING},
    {"E101", PEOPLE "tests:\n  - name: t\n" SEND "    expect: [^{at: 0s, to: li}]\n"},
    {"E101",
     PEOPLE "tests:\n  - name: t\n" SEND "    expect: [^{at: 0s, do: push, state: confirmed}]\n"},
    {"E101", PEOPLE "tests:\n  - name: t\n" SEND "    expect: [^{do: push}]\n"},
    {"E101", PEOPLE "tests:\n  - name: t\n" SEND "    expect: [^{at: 1s, nothing_after: 1s}]\n"},
    {"E104", PEOPLE "tests:\n  - name: t\n" SEND "    expect: [{at: 0s, state: ^open}]\n"},
    {"E101", PEOPLE "tests:\n  - name: t\n" SEND "    events: [^{at: 0s, from: li}]\n" NOTHING},
    {"E101", PEOPLE "tests:\n  - name: t\n" SEND "    events: [^{at: 0s, level: sent}]\n" NOTHING},
    {"E101",
     PEOPLE "tests:\n  - name: t\n" SEND "    events: [^{at: 0s, attempt: push}]\n" NOTHING},
    {"E101", PEOPLE "tests:\n  - name: t\n" SEND
                    "    events: [^{at: 0s, from: li, level: sent, act: cancel}]\n" NOTHING},
    {"E101", PEOPLE "tests:\n  - name: t\n" SEND "    events: [^{at: 0s, act: snooze}]\n" NOTHING},
    {"E101", PEOPLE "tests:\n  - name: t\n" SEND
                    "    events: [^{at: 0s, act: snooze, for: 1m, until: 2m}]\n" NOTHING},
    {"E110", PEOPLE "tests:\n  - name: t\n" SEND
                    "    events: [{at: 0s, act: snooze, until: ^noon}]\n" NOTHING},
    {"E112", PEOPLE "tests:\n  - name: t\n" SEND
                    "    events: [{at: 5m, act: snooze, until: ^5m}]\n" NOTHING},
    {"E102",
     PEOPLE "tests:\n  - name: t\n" SEND "    events: [{at: 0s, act: resume, ^for: 1m}]\n" NOTHING},
    {"E102", PEOPLE "tests:\n  - name: t\n" SEND
                    "    events: [{at: 0s, act: snooze, for: 1m, ^step: a}]\n" NOTHING},
    {"E102", PEOPLE "tests:\n  - name: t\n" SEND
                    "    events: [{at: 0s, act: cancel, ^recipient: li}]\n" NOTHING},
    {"E102", PEOPLE "tests:\n  - name: t\n" SEND
                    "    events: [{at: 0s, act: resume, ^from: li}]\n" NOTHING},
    {"E102", PEOPLE "tests:\n  - name: t\n" SEND
                    "    events: [{at: 0s, from: li, level: sent, ^step: a}]\n" NOTHING},
    {"E104",
     PEOPLE "tests:\n  - name: t\n" SEND "    events: [{at: 0s, act: ^snoze, for: 1m}]\n" NOTHING},
    {"E123", PEOPLE "tests:\n  - name: t\n" SEND
                    "    events: [{at: 0s, act: resume, recipient: ^lee}]\n" NOTHING},
    {"E101", PEOPLE "tests:\n  - name: t\n" SEND "    events: [^{at: 0s, login: li}]\n" NOTHING},
    {"E101", PEOPLE "tests:\n  - name: t\n" SEND
                    "    events: [^{at: 0s, login: li, logout: li, device: d}]\n" NOTHING},
    {"E102", PEOPLE "tests:\n  - name: t\n" SEND
                    "    events: [{at: 0s, logout: li, device: d, ^from: li}]\n" NOTHING},
    {"E102", PEOPLE "tests:\n  - name: t\n" SEND
                    "    events: [{at: 0s, act: resume, ^device: d}]\n" NOTHING},
    {"E123", PEOPLE "tests:\n  - name: t\n" SEND
                    "    events: [{at: 0s, login: ^lee, device: d}]\n" NOTHING},
    {"E123", PEOPLE "tests:\n  - name: t\n" SEND "    events: [{at: 0s, inbox: ^lee}]\n" NOTHING},
    {"E104", PEOPLE "tests:\n  - name: t\n" SEND
                    "    events: [{at: 0s, attempt: push, result: ^bad}]\n" NOTHING},
    {"E123", PEOPLE "tests:\n  - name: t\n" SEND
                    "    events: [{at: 0s, from: ^lee, level: sent}]\n" NOTHING},
    {"E103", PEOPLE "environment: {silences: ^[]}\ntests:\n  - name: t\n" SEND NOTHING},
};

static void mistakes_have_places(void **state)
{
    unsigned wrong = 0;
    conf_file("r.yaml", RULE);
    for (unsigned i = 0; i < AW_COUNT(mistakes); i++) {
        struct conf_marked m = conf_unmark(mistakes[i].text, mistakes[i].codes);
        assert_int_equal(run(conf_file("r.test.yaml", m.text), NULL), AW_EINVAL);
        const char *codes = conf_codes(&diag);
        if (strcmp(codes, m.places) != 0) {
            print_error("expected %s, got %s for\n%s", m.places, codes, m.text);
            wrong++;
        }
        assert_string_equal(explained, "");
    }
    assert_int_equal(wrong, 0);
}

static void rules_must_be_sound_and_contacts_known(void **state)
{
    conf_file("r.yaml", RULE);
    const char *text = "rules: [r.yaml, missing.yaml]\n"
                       "tests: [{name: t, send: {class: c, recipients: [{user: li}]}, expect: "
                       "[{nothing_after: 0s}]}]\n";
    assert_int_equal(run(conf_file("r.test.yaml", text), NULL), AW_EINVAL);
    assert_string_equal(conf_codes(&diag), "E100, 10:32 E123");
}

/* --- files of `rules simulate` ------------------------------------------------------------- */

static struct aw_source_file file(const char *text)
{
    return (struct aw_source_file){"f", text, strlen(text)};
}

static void registrations_from_yaml_and_json(void **state)
{
    static const char *const texts[] = {
        "at: 2026-11-23T10:00:00+08:00\nclass: 010\npriority: high\ntitle: 订单\n"
        "labels: {region: no}\nextras: {n: 7, t: true, s: \"7\"}\npush: {options: {x: 1, y: "
        "\"1\"}}\n"
        "recipients:\n  - {user: li, phone: \"+9990000001\"}\n",
        "  {\"at\": \"2026-11-23T10:00:00+08:00\", \"class\": \"010\", \"priority\": \"high\",\n"
        "\t\"title\": \"订单\", \"labels\": {\"region\": \"no\"}, \"extras\": {\"n\": 7, \"t\": "
        "true, "
        "\"s\": \"7\"},\n"
        "\t\"push\": {\"options\": {\"x\": 1, \"y\": \"1\"}}, \"recipients\": [{\"user\": \"li\", "
        "\"phone\": \"+9990000001\"}]}\n",
    };
    for (unsigned i = 0; i < AW_COUNT(texts); i++) {
        struct aw_source_file f = file(texts[i]);
        struct aw_registration reg;
        aw_time at;
        if (aw_send_parse(&f, 5, &reg, &at, &diag) < 0)
            fail_msg("%s", conf_print(&diag));
        assert_int_equal(at, 1795399200000);
        assert_string_equal(reg.class_, "010");
        assert_string_equal(reg.title, "订单");
        assert_int_equal(reg.priority, AW_HIGH);
        assert_string_equal(reg.labels[0].value, "no");
        assert_string_equal(reg.push_json, "{\"options\":{\"x\":1,\"y\":\"1\"}}");
        assert_int_equal(reg.n_extras, 3);
        assert_string_equal(reg.recipients[0].given.phone, "+9990000001");
        aw_registration_free(&reg);
    }
    struct aw_source_file f = file("recipients: [{user: li}]\n");
    struct aw_registration reg;
    aw_time at;
    assert_int_equal(aw_send_parse(&f, 12345, &reg, &at, &diag), 0);
    assert_int_equal(at, 12345);
    assert_null(reg.title);
    aw_registration_free(&reg);
}

static void broken_registrations(void **state)
{
    static const struct {
        const char *codes, *text;
    } cases[] = {
        {"E171", "{\"a\": }"},
        {"E170", "{\"recipients\": []}"},
        {"E115", "{\"at\": 5, \"recipients\": [{\"user\": \"li\"}]}"},
        {"1:1 E103", "- a\n"},
        {"1:13 E170", "recipients: 5\n"},
        {"1:4 E001", "a: [\n"},
    };
    for (unsigned i = 0; i < AW_COUNT(cases); i++) {
        struct aw_source_file f = file(cases[i].text);
        struct aw_registration reg;
        aw_time at;
        assert_int_equal(aw_send_parse(&f, 0, &reg, &at, &diag), AW_EINVAL);
        if (cases[i].text[0] != 'a')
            assert_string_equal(conf_codes(&diag), cases[i].codes);
        aw_diag_free(&diag);
    }
}

static void acts_as_events(void **state)
{
    static const char text[] = "- {at: 1m, act: snooze, for: 30m, reason: lunch, by: ops}\n"
                               "- {at: 1m, act: snooze, until: 31m, recipient: li}\n"
                               "- {at: 1m, act: snooze, until: \"2026-11-23T10:00:00+08:00\"}\n"
                               "- {at: 2m, act: claim, by: wang}\n"
                               "- {at: 3m, act: resume}\n"
                               "- {at: 4m, act: escalate, step: boss}\n"
                               "- {at: 5m, act: escalate}\n";
    struct aw_source_file f = file(text);
    struct aw_events e;

    assert_int_equal(aw_events_parse(&f, &e, &diag), 0);
    assert_int_equal(e.n, 7);
    assert_int_equal(e.list[0].act, AW_V_SNOOZE);
    assert_int_equal(e.list[0].hold, 30 * AW_MINUTE);
    assert_null(e.list[0].from);
    assert_int_equal(e.list[1].hold, 30 * AW_MINUTE);
    assert_string_equal(e.list[1].from, "li");
    assert_int_equal(e.list[2].until, 1795399200000);
    assert_int_equal(e.list[3].act, AW_V_CLAIM);
    assert_string_equal(e.list[3].by, "wang");
    assert_int_equal(e.list[4].act, AW_V_RESUME);
    assert_int_equal(e.list[5].act, AW_V_ESCALATE);
    assert_string_equal(e.list[5].step, "boss");
    assert_null(e.list[6].step);
    aw_events_free(&e);
}

static void events_from_yaml_and_json(void **state)
{
    static const char *const texts[] = {
        "- {at: 10m, from: li, level: delivered}\n- {at: 0s, attempt: push, result: lost}\n"
        "- {at: 1h, act: cancel, reason: over, by: ops}\n",
        "[{\"at\": \"10m\", \"from\": \"li\", \"level\": \"delivered\"},\n"
        " {\"at\": \"0s\", \"attempt\": \"push\", \"result\": \"lost\"},\n"
        " {\"at\": \"1h\", \"act\": \"cancel\", \"reason\": \"over\", \"by\": \"ops\"}]\n",
    };
    for (unsigned i = 0; i < AW_COUNT(texts); i++) {
        struct aw_source_file f = file(texts[i]);
        struct aw_events e;
        assert_int_equal(aw_events_parse(&f, &e, &diag), 0);
        assert_int_equal(e.n, 3);
        assert_int_equal(e.list[0].act, AW_V_EVIDENCE);
        assert_int_equal(e.list[0].after, 10 * AW_MINUTE);
        assert_string_equal(e.list[0].from, "li");
        assert_int_equal(e.list[0].level, AW_DELIVERED);
        assert_int_equal(e.list[1].act, AW_V_RESULT);
        assert_string_equal(e.list[1].step, "push");
        assert_int_equal(e.list[1].outcome, AW_OUT_UNKNOWN);
        assert_int_equal(e.list[2].act, AW_V_CANCEL);
        aw_events_free(&e);
    }
    struct aw_events e;
    struct aw_source_file empty = file("# nothing\n"), wrong = file("events: []\n");
    assert_int_equal(aw_events_parse(&empty, &e, &diag), 0);
    assert_int_equal(e.n, 0);
    aw_events_free(&e);
    assert_int_equal(aw_events_parse(&wrong, &e, &diag), AW_EINVAL);
    assert_string_equal(conf_codes(&diag), "1:1 E103");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(library_loads_as_a_directory, teardown),
        cmocka_unit_test_teardown(shipped_tests_pass_and_show_everything, teardown),
        cmocka_unit_test_teardown(failing_tests_say_why, teardown),
        cmocka_unit_test_teardown(differences_come_in_time_order, teardown),
        cmocka_unit_test_teardown(nothing_is_explained, teardown),
        cmocka_unit_test_teardown(coverage_names_what_no_test_shows, teardown),
        cmocka_unit_test_teardown(one_test_can_be_picked, teardown),
        cmocka_unit_test_teardown(environment_gives_channels, teardown),
        cmocka_unit_test_teardown(mistakes_have_places, teardown),
        cmocka_unit_test_teardown(rules_must_be_sound_and_contacts_known, teardown),
        cmocka_unit_test_teardown(registrations_from_yaml_and_json, teardown),
        cmocka_unit_test_teardown(broken_registrations, teardown),
        cmocka_unit_test_teardown(acts_as_events, teardown),
        cmocka_unit_test_teardown(events_from_yaml_and_json, teardown),
    };
    aw_diag_init(&diag);
    return cmocka_run_group_tests_name("rule tests", tests, NULL, NULL);
}
