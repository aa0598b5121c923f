/* SPDX-License-Identifier: Apache-2.0
 *
 * Diagnostics: carets under the right character, order, limits, harmless output, a page per code.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/mem.h"
#include "conf_util.h"

static struct aw_diag diag;

static struct aw_source_file file(const char *name, const char *text)
{
    return (struct aw_source_file){name, text, strlen(text)};
}

static struct aw_yaml_place at(unsigned line, unsigned col)
{
    return (struct aw_yaml_place){line, col};
}

static void caret_under_plain_text(void **state)
{
    struct aw_source_file f = file("r.yaml", "a: 1\n  do: smss\nb: 2\n");
    aw_diag_error(&diag, &f, at(2, 7), 4, "E104", "did you mean \"sms\"?", "unknown kind \"%s\"",
                  "smss");
    assert_string_equal(conf_print(&diag), "r.yaml:2:7: error E104: unknown kind \"smss\"\n"
                                           "      2 |   do: smss\n"
                                           "        |       ^~~~ did you mean \"sms\"?\n");
}

/* Columns count code points; the caret counts cells: each of these characters is two wide. */
static void caret_under_chinese(void **state)
{
    struct aw_source_file f = file("通知.yaml", "{名称: 订单通知, do: 短信x}\n");
    aw_diag_error(&diag, &f, at(1, 16), 3, "E104", NULL, "unknown kind");
    assert_string_equal(conf_print(&diag), "通知.yaml:1:16: error E104: unknown kind\n"
                                           "      1 | {名称: 订单通知, do: 短信x}\n"
                                           "        |                      ^~~~~\n");
}

static void caret_behind_the_last_character(void **state)
{
    struct aw_source_file f = file("r", "until:");
    aw_diag_error(&diag, &f, at(1, 7), 1, "E103", NULL, "nothing");
    assert_string_equal(conf_print(&diag), "r:1:7: error E103: nothing\n"
                                           "      1 | until:\n"
                                           "        |       ^\n");
}

static void odd_bytes_are_not_echoed(void **state)
{
    struct aw_source_file f = file("r", "a\x1b[2J\tb\xff"
                                        "c\r\n");
    aw_diag_error(&diag, &f, at(1, 6), 1, "E001", "h\x1b", "t\x1b\n%s", "\xc2\x9b");
    assert_string_equal(conf_print(&diag), "r:1:6: error E001: t? ?\n"
                                           "      1 | a?[2J b?c\n"
                                           "        |      ^ h?\n");
}

static void long_lines_are_cut(void **state)
{
    char text[4001];
    memset(text, 'x', sizeof(text) - 1);
    text[4000] = '\0';
    text[2999] = '!';
    struct aw_source_file f = file("r", text);
    aw_diag_error(&diag, &f, at(1, 3000), 1, "E001", NULL, "here");
    assert_true(strlen(diag.items[0].line) < 150);
    assert_int_equal(diag.items[0].caret, 61);
    const char *line = strstr(conf_print(&diag), "…");
    assert_non_null(line);
    assert_int_equal(line[strlen("…") + 60], '!');
}

static void problems_come_in_order(void **state)
{
    struct aw_source_file a = file("a", "1\n2\n3\n"), b = file("b", "1\n2\n");
    aw_diag_error(&diag, &b, at(1, 1), 1, "E101", NULL, "b1");
    aw_diag_error(&diag, &a, at(3, 1), 1, "E102", NULL, "a3");
    aw_diag_warn(&diag, &a, at(2, 1), 1, "W101", NULL, "a2");
    aw_diag_error(&diag, &a, at(2, 1), 1, "E103", NULL, "a2 again");
    aw_diag_error(&diag, &a, at(0, 0), 0, "E100", NULL, "whole file");
    assert_int_equal(diag.n_errors, 4);
    assert_string_equal(conf_codes(&diag), "E100, 2:1 W101, 2:1 E103, 3:1 E102, 1:1 E101");
}

static void repeated_problems_are_told_once(void **state)
{
    struct aw_source_file f = file("a", "1\n");
    for (int i = 0; i < 5; i++)
        aw_diag_error(&diag, &f, at(1, 1), 1, "E101", NULL, "same");
    assert_int_equal(diag.n, 1);
    assert_int_equal(diag.n_errors, 1);
    aw_diag_free(&diag);
}

static void at_most_a_hundred(void **state)
{
    struct aw_source_file f = file("a", "");
    for (unsigned i = 0; i < 150; i++)
        aw_diag_error(&diag, &f, at(i + 1, 1), 1, "E101", NULL, "no %u", i);
    assert_int_equal(diag.n, AW_DIAG_MAX);
    assert_int_equal(diag.n_errors, 150);
    assert_int_equal(diag.dropped, 50);
    assert_non_null(strstr(conf_print(&diag), "50 more problems are not shown"));
}

/* However many warnings came before. */
static void errors_come_first(void **state)
{
    struct aw_source_file f = file("a", "");
    for (unsigned i = 0; i < 150; i++)
        aw_diag_warn(&diag, &f, at(i + 1, 1), 1, "W101", NULL, "no %u", i);
    aw_diag_error(&diag, &f, at(200, 1), 1, "E101", NULL, "the one");
    assert_int_equal(diag.n, AW_DIAG_MAX);
    assert_int_equal(diag.dropped, 51);
    const char *text = conf_print(&diag);
    assert_non_null(strstr(text, "the one"));
    assert_non_null(strstr(text, "no 98"));
    assert_null(strstr(text, "no 99"));
}

static void json_form(void **state)
{
    struct aw_source_file f = file("a", "x: \"y\"\n");
    aw_diag_error(&diag, &f, at(1, 4), 3, "E104", "say \"z\"", "unknown \"y\"");
    aw_diag_warn(&diag, &f, at(1, 1), 1, "W101", NULL, "w");
    struct aw_buf b = AW_BUF_INIT(4096);
    aw_diag_json(&diag, &b);
    assert_string_equal(aw_buf_str(&b),
                        "[{\"file\":\"a\",\"line\":1,\"col\":1,\"utf16_col\":1,\"width\":1,"
                        "\"severity\":\"warning\",\"code\":"
                        "\"W101\","
                        "\"text\":\"w\",\"hint\":null},"
                        "{\"file\":\"a\",\"line\":1,\"col\":4,\"utf16_col\":4,\"width\":3,"
                        "\"severity\":\"error\",\"code\":\"E104\","
                        "\"text\":\"unknown \\\"y\\\"\",\"hint\":\"say \\\"z\\\"\"}]");
    aw_buf_free(&b);
    aw_diag_free(&diag);
}

/* Every "E104" in a source that reports problems. */
static unsigned check_source(const char *name)
{
    char path[512];
    const char *top = getenv("top_srcdir");
    snprintf(path, sizeof(path), "%s/watchdog/%s", top != NULL ? top : ".", name);
    char *text;
    size_t n;
    unsigned found = 0;
    assert_int_equal(aw_file_read(path, 1 << 20, &text, &n, NULL), 0);
    for (const char *p = text; (p = strchr(p, '"')) != NULL; p++) {
        if ((p[1] != 'E' && p[1] != 'W') || strspn(p + 2, "0123456789") != 3 || p[5] != '"')
            continue;
        char code[5] = {p[1], p[2], p[3], p[4]};
        if (aw_diag_page(AW_LANG_EN, code) == NULL)
            fail_msg("%s: %s has no page", name, code);
        found++;
    }
    aw_free(text);
    return found;
}

static void every_code_has_a_page(void **state)
{
    static const char *const sources[] = {
        "codec/yaml.c",          "conf/schema.c",      "conf/schema_read.c", "conf/rules.c",
        "conf/rules_shape.c",    "conf/rules_check.c", "conf/env.c",         "conf/env_channel.c",
        "conf/secret.c",         "conf/templates.c",   "conf/send.c",        "conf/expect.c",
        "conf/tests.c",          "conf/dir.c",         "conf/allow.c",       "conf/rules_lint.c",
        "conf/template_check.c", "ctl/rules_check.c",  "conf/layout.c",      "conf/env_hours.c",
        "conf/rules_hours.c",
    };
    unsigned found = 0;
    for (unsigned i = 0; i < AW_COUNT(sources); i++)
        found += check_source(sources[i]);
    assert_true(found > 100);
    const char *code;
    for (unsigned i = 0; (code = aw_diag_code(i)) != NULL; i++) {
        assert_true(strlen(aw_diag_page(AW_LANG_EN, code)) > 40);
        assert_string_not_equal(aw_diag_page(AW_LANG_ZH, code), aw_diag_page(AW_LANG_EN, code));
    }
    assert_null(aw_diag_page(AW_LANG_EN, "E999"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(caret_under_plain_text),
        cmocka_unit_test(caret_under_chinese),
        cmocka_unit_test(caret_behind_the_last_character),
        cmocka_unit_test(odd_bytes_are_not_echoed),
        cmocka_unit_test(long_lines_are_cut),
        cmocka_unit_test(problems_come_in_order),
        cmocka_unit_test(repeated_problems_are_told_once),
        cmocka_unit_test(at_most_a_hundred),
        cmocka_unit_test(errors_come_first),
        cmocka_unit_test(json_form),
        cmocka_unit_test(every_code_has_a_page),
    };
    aw_diag_init(&diag);
    return cmocka_run_group_tests_name("diag", tests, NULL, NULL);
}
