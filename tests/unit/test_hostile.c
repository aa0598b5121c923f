/* SPDX-License-Identifier: Apache-2.0
 *
 * Files that somebody broke, by mistake or on purpose: each gives an error with a place and a code,
 * or is taken; never half of it, and never after more than a second (five in a sanitized build).
 */
#include "../lib/unit.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "conf/env.h"
#include "conf/rules.h"
#include "conf_util.h"

#define MAX ((size_t)1 << 20)

static struct aw_diag diag;

/* The first code; "" when the text is taken. Whatever was said can be printed, too. */
static const char *first_code(const char *text, size_t n)
{
    static char code[8];
    struct aw_rules *rules = NULL;
    const struct aw_rules_world world = {.lint = true};
    clock_t start = clock();
    int e = aw_rules_parse("r.yaml", text, n, &world, &rules, &diag);
    const struct aw_diag_item *first = NULL;
    for (unsigned i = 0; i < diag.n && first == NULL; i++)
        first = diag.items[i].warning ? NULL : &diag.items[i];
    assert_true((e == 0) == (rules != NULL) && (e == 0) == (first == NULL));
    assert_true(first == NULL || (first->at.line > 0 && first->at.col > 0));
    snprintf(code, sizeof(code), "%s", first != NULL ? first->code : "");
    struct aw_buf b = AW_BUF_INIT(4 << 20);
    aw_diag_print(&diag, &b);
    assert_true(aw_utf8_clean(aw_buf_str(&b), b.n, true));
    aw_buf_free(&b);
    aw_diag_free(&diag);
    aw_rules_free(rules);
    double took = (double)(clock() - start) / CLOCKS_PER_SEC;
    if (took > 5)
        fail_msg("%.60s: %f s", text, took);
    return code;
}

#define RULE(rest) "version: 1\nrules:\n  - name: a\n    until: opened\n" rest
#define STEP(rest) RULE("    deadline: 1h\n    steps:\n      - " rest "\n")
#define AT(text)   STEP("{id: a, at: " text ", do: push}")

static void each_has_its_code(void **state)
{
    static const struct {
        const char *code, *text;
    } rows[] = {
        /* YAML: what other readers would take */
        {"E002", "a: &x 1\nb: *x\n"},
        {"E002", "base: &b {a: 1}\nc: {<<: *b}\n"},
        {"E002", STEP("&s {id: a, at: 0s, do: push}")},
        {"E003", "version: !!int 1\n"},
        {"E003", "version: !<tag:yaml.org,2002:int> 1\n"},
        {"E003", "rules: !local []\n"},
        {"E003", "version: !!binary MQ==\n"},
        {"E004", "%YAML 1.2\n---\nversion: 1\n"},
        {"E004", "%TAG ! tag:x,2000:\n---\nversion: 1\n"},
        {"E005", "version: 1\nversion: 1\n"},
        {"E005", STEP("{id: a, \"id\": b, at: 0s, do: push}")},
        {"E006", "version:\t1\n"},
        {"E006", "rules:\n\t- name: a\n"},
        {"E007", "version: 1\n---\nversion: 1\n"},
        {"E007", "version: 1\n...\n---\n{}\n"},
        {"E010", "\xef\xbb\xbfversion: 1\n"},
        {"E010", "\xff\xfe"
                 "v\0\0\0"},
        {"E010", "version: \xc0\xb1\n"},
        {"E010", "version: 1 # \xed\xa0\x80\n"},
        {"E010", "version: 1\rrules: []\n"},
        {"E010", "version: 1\xe2\x80\xa8rules: []\n"},
        {"E010", "version: 1\xc2\x85rules: []\n"},
        {"E010", "version: \"\\x07\"\n"},
        {"E010", "version: 1 # \x1b[2J\n"},
        {"E011", "? [a, b]\n: c\n"},
        {"E011", "{{a: 1}: 2}\n"},
        {"E001", "version: [1\n"},
        {"E104", "version: 1]\nrules: []\n"},
        {"E001", "version: 'it's'\n"},
        {"E001", "version: \"\\q\"\n"},
        {"E001", "version: @x\n"},
        {"E001", "version: `x`\n"},
        {"E001", "version: {a: 1, b: 2\nrules: []\n"},
        {"E001", "a: b: c\n"},
        {"E001", "- a\nb: c\n"},
        {"E001", "version: 1\n rules: []\n"},
        /* Another shape than that of a rule file */
        {"E101", ""},
        {"E101", "\n\n# nothing\n"},
        {"E103", "[]"},
        {"E103", "just a text\n"},
        {"E103", "- version: 1\n"},
        {"E103", "null\n"},
        {"E103", "version: 1\nrules: {}\n"},
        {"E103", "version: 1\nrules: []\n"},
        {"E103", "version: 1\nrules: [[]]\n"},
        {"E103", "version: 1\nrules: [null]\n"},
        {"E104", "version: 1.0\nrules: [a]\n"},
        {"E104", "version: \"\"\nrules: [a]\n"},
        {"E104", "version: true\nrules: [a]\n"},
        {"E102", RULE("    deadline: 1h\n    <<: {}\n    steps: [{id: a, at: 0s, do: push}]\n")},
        {"E102", RULE("    deadline: 1h\n    \"\": x\n    steps: [{id: a, at: 0s, do: push}]\n")},
        {"E114", "version: 1\nrules: [{name: \"../../x\", until: sent, deadline: 1h, steps: [{id: "
                 "a, at: 0s, do: push}]}]\n"},
        {"E114", "version: 1\nrules: [{name: \"a\u202eb\", until: sent, deadline: 1h, steps: [{id: "
                 "a, at: 0s, do: push}]}]\n"},
        {"E114", "version: 1\nrules: [{name: -a, until: sent, deadline: 1h, steps: [{id: a, at: "
                 "0s, do: push}]}]\n"},
        /* Durations */
        {"E110", AT("5")},
        {"E110", AT("-5m")},
        {"E110", AT("\"5 m\"")},
        {"E110", AT("5M")},
        {"E110", AT("5mm")},
        {"E110", AT("1e3s")},
        {"E110", AT("1.5h")},
        {"E110", AT("0x10s")},
        {"E110", AT("+5m")},
        {"E110", AT("5m1h")},
        {"E110", AT("5m5m")},
        {"E110", AT("٥m")},
        {"E110", AT("5ｍ")},
        {"E110", AT("00:05")},
        {"E110", AT(".inf")},
        {"E110", AT("99999999999999999999s")},
        {"E110", AT("9223372036854775807s")},
        {"E110", AT("18446744073709551616s")},
        {"E110", AT("3651d")},
        {"E110", AT("3649d99999999h")},
        {"E110", AT("\"\"")},
        {"E103", AT("[5m]")},
        {"E103", AT("{m: 5}")},
        {"E112", RULE("    deadline: 0s\n    steps: [{id: a, at: 0s, do: push}]\n")},
        {"E112", STEP("{id: a, at: 0s, do: push, repeat: {every: 0s, times: 2}}")},
        {"E111", STEP("{id: a, at: 0s, do: push, repeat: {every: 1m, times: -1}}")},
        {"E112", STEP("{id: a, at: 0s, do: push, repeat: {every: 1m, times: 0}}")},
        {"E112",
         STEP("{id: a, at: 0s, do: push, repeat: {every: 1m, times: 99999999999999999999}}")},
        /* Steps that cannot run */
        {"E131", AT("61m")},
        {"E131", AT("3650d")},
        {"E132", STEP("{id: a, at: 0s, do: push, repeat: {every: 1s, times: until_goal}}")},
        {"E112", STEP("{id: a, at: 0s, do: []}")},
        {"E107", STEP("{id: a, at: 0s, do: [push, push]}")},
        {"E130", STEP("{id: a, at: 0s, do: push, replaces: a}")},
        {"E130", STEP("{id: a, at: 0s, do: push, ttl: until a}")},
        {"E106", STEP("{id: exhausted, at: 0s, do: push}")},
        /* And what is odd, but means what it says */
        {"", "\n\n---\n" AT("0s")},
        {"", AT("0s") "...\n"},
        {"", AT("0s") "# the end"},
        {"", STEP("id: a\r\n        at: 0s\r\n        do: push\r")},
        {"", AT("\"5m\"")},
        {"E110", AT("000s")},
        {"", STEP("{\"id\": \"no\", 'at': '0s', do: \"push\"}")},
        {"", STEP("{id: on, at: 0d0h0m0s, do: push}")},
        {"", STEP("{id: 010, at: 0s, do: push}")},
        {"", STEP("{id: \"a\\u00e9\", at: 0s, do: push}")},
    };
    unsigned wrong = 0;
    for (unsigned i = 0; i < AW_COUNT(rows); i++) {
        const char *code = first_code(rows[i].text, strlen(rows[i].text));
        if (strcmp(code, rows[i].code) != 0) {
            print_error("expected \"%s\", got \"%s\" for\n%s\n", rows[i].code, code, rows[i].text);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

/* n times the unit between head and tail, up to 1 MiB. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static const char *filled(const char *head, const char *unit, unsigned n, const char *tail)
{
    struct aw_buf b = AW_BUF_INIT(MAX + 1);
    aw_buf_puts(&b, head);
    for (unsigned i = 0; i < n && b.n + strlen(unit) + 12 + strlen(tail) <= MAX; i++)
        aw_buf_printf(&b, unit, i);
    aw_buf_puts(&b, tail);
    const char *code = first_code(b.p, b.n);
    aw_buf_free(&b);
    return code;
}

#pragma GCC diagnostic pop

#define HEAD "version: 1\nrules:\n"
static void big_files_end_soon(void **state)
{
    static const struct {
        const char *code, *head, *unit, *tail;
        unsigned n; /* below 100,000 elements; 0: as many as fit */
    } rows[] = {
        {"E101", "", "# %u\n", ""},
        {"E009", "version: 1\n", "k%u: \n", ""},
        {"E102", "version: 1\n", "rulse%u: x\n", "", 40000},
        {"E103", HEAD, "  - \n", "", 40000},
        {"E103", HEAD, "  - %u\n", "", 90000},
        {"E112", HEAD,
         "  - {name: n%u, until: sent, deadline: 1h, steps: [{id: a, at: 0s, do: im}]}\n", "",
         4150},
        {"E105", HEAD,
         "  - {name: n, until: sent, deadline: 1h, steps: [{id: a, at: 0s, do: im}]}\n", "", 4150},
        {"E101", HEAD, "  - {name: n%u}\n", "", 20000},
        {"E102", HEAD "  - {name: a, ", "x%u: {y: [z]}, ", "until: sent}\n", 12000},
        {"E112", HEAD "  - {name: a, until: sent, deadline: 1h, steps: [",
         "{id: s%u, at: 1s, do: sms}, ", "]}\n", 12000},
        {"E112",
         HEAD "  - {name: a, until: sent, deadline: 1h, steps: [{id: a, at: 0s, do: push, to: [",
         "\"user:%u\", ", "]}]}\n"},
        {"E103", HEAD "  - {name: a, until: sent, deadline: 1h, match: {class: [", "c%u, ",
         "]}, steps: [{id: a, at: 0s, do: im}]}\n", 90000},
        {"E112", HEAD "  - {name: a, until: sent, deadline: 1h, title: {", "l%u: x, ",
         "}, steps: [{id: a, at: 0s, do: im}]}\n", 40000},
        {"E114", HEAD "  - {name: ", "x",
         ", until: sent, deadline: 1h, steps: [{id: a, at: 0s, do: im}]}\n"},
        {"E110", HEAD "  - {name: a, until: sent, deadline: ", "1",
         ", steps: [{id: a, at: 0s, do: im}]}\n"},
        {"E001", "version: 1\n", "y", ": 1\n"},
        {"E113", HEAD "  - {name: a, until: sent, deadline: 1h, title: \"", "x",
         "\", steps: [{id: a, at: 0s, do: im}]}\n"},
        /* as many warnings, and comments that allow them */
        {"",
         HEAD "  - name: a\n    until: sent\n    deadline: 1h\n    steps:\n      - {id: a, at: 1s, "
              "do: im}\n",
         "# aw: allow W131\n", ""},
    };
    unsigned wrong = 0;
    for (unsigned i = 0; i < AW_COUNT(rows); i++) {
        const char *code = filled(rows[i].head, rows[i].unit,
                                  rows[i].n > 0 ? rows[i].n : UINT32_MAX, rows[i].tail);
        if (strcmp(code, rows[i].code) != 0)
            print_error("expected %s, got \"%s\" for %s\n", rows[i].code, code, rows[i].unit);
        wrong += strcmp(code, rows[i].code) != 0;
    }
    assert_int_equal(wrong, 0);
    AW_AUTO_FREE char *more = aw_calloc(1, MAX + 1);
    memset(more, '#', MAX + 1);
    assert_string_equal(first_code(more, MAX + 1), "E009");
    assert_string_equal(first_code(more, MAX), "E101");
}

/* Nothing of a directory is taken when one of its files is broken. */
static void never_half_of_a_set(void **state)
{
    struct aw_rules *rules = NULL;
    conf_file("d/a.yaml", AT("0s"));
    conf_file("d/b.yaml", "version: 1\nrules: [{name: b}]\n");
    char dir[256];
    snprintf(dir, sizeof(dir), "%s/d", conf_dir());
    assert_int_equal(aw_rules_load(dir, NULL, &rules, &diag), AW_EINVAL);
    assert_null(rules);
    aw_diag_free(&diag);
}

/* The languages of texts: a tag, and one that exists. */
static void languages_are_languages(void **state)
{
    static const struct {
        const char *code, *lang;
    } rows[] = {
        {"", "en"},       {"", "zh-CN"},     {"", "zh-Hans-CN"},   {"", "pt-BR"},  {"", "yue"},
        {"E114", "cn"},   {"E114", "zh_CN"}, {"E114", "english"},  {"E114", "xx"}, {"E114", "zh-"},
        {"E114", "text"}, {"E114", "jp"},    {"E114", "zh-china"},
    };
    for (unsigned i = 0; i < AW_COUNT(rows); i++) {
        char text[256];
        struct aw_templates t = {0};
        snprintf(text, sizeof(text), "version: 1\nsms: {%s: {text: x}}\n", rows[i].lang);
        int e = aw_templates_parse("t.yaml", text, strlen(text), &t, &diag);
        const char *codes = conf_codes(&diag);
        if ((e == 0) != (rows[i].code[0] == '\0') || strstr(codes, rows[i].code) == NULL)
            fail_msg("%s: %s", rows[i].lang, codes);
        aw_templates_free(&t);
        snprintf(
            text, sizeof(text),
            RULE("    title: {%s: x}\n    deadline: 1h\n    steps: [{id: a, at: 0s, do: push}]\n"),
            rows[i].lang);
        assert_string_equal(first_code(text, strlen(text)), rows[i].code);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_has_its_code),
        cmocka_unit_test(big_files_end_soon),
        cmocka_unit_test(never_half_of_a_set),
        cmocka_unit_test(languages_are_languages),
    };
    aw_diag_init(&diag);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    conf_dir_remove();
    return failed;
}
