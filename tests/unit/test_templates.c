/* SPDX-License-Identifier: Apache-2.0
 *
 * Template directories: kinds, languages, and the place of a broken {{name}}.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "conf/env.h"
#include "conf_util.h"

static struct aw_diag diag;
static struct aw_templates templates;

static int teardown(void **state)
{
    aw_templates_free(&templates);
    aw_diag_free(&diag);
    conf_dir_remove();
    return 0;
}

static void texts_land_by_kind_and_language(void **state)
{
    conf_file("b.yaml", "version: 1\nsms: {zh-CN: {text: \"订单 {{title}}\"}}\n");
    conf_file("a.yaml", "version: 1\n"
                        "push: {en: {title: \"{{title}}\", text: t}, zh-CN: {text: \"推送\"}}\n"
                        "email:\n"
                        "  en:\n"
                        "    title: Subject\n"
                        "    text: |\n"
                        "      one\n"
                        "      two {{extras.biz}}\n"
                        "    html: \"<p>{{body}}</p>\"\n");
    assert_int_equal(aw_templates_load(conf_dir(), &templates, &diag), 0);
    assert_int_equal(templates.n, 2);
    assert_string_equal(templates.list[0].name, "a");
    assert_int_equal(templates.list[0].n_texts, 3);
    const struct aw_template_text *t = aw_template_find(&templates, "a", AW_EMAIL, "en");
    assert_string_equal(t->title, "Subject");
    assert_string_equal(t->text, "one\ntwo {{extras.biz}}\n");
    assert_string_equal(t->html, "<p>{{body}}</p>");
    t = aw_template_find(&templates, "a", AW_PUSH, "zh-CN");
    assert_null(t->title);
    assert_string_equal(t->text, "推送");
    assert_null(t->html);
    assert_non_null(aw_template_find(&templates, "b", AW_SMS, "en"));
    assert_null(aw_template_find(&templates, "b", AW_PUSH, "en"));
}

/* Each '^' marks the place of the next code, and is not part of the text. */
static const struct {
    const char *codes, *text;
} mistakes[] = {
    {"E101", "^sms: {en: {text: t}}\n"},
    {"E102", "version: 1\n^smss: {en: {text: t}}\n"},
    {"E103", "version: 1\nsms: ^text\n"},
    {"E103", "version: 1\nsms: ^{}\n"},
    {"E101", "version: 1\nsms: {^en: {}}\n"},
    {"E102", "version: 1\nsms: {en: {^title: t, text: t}}\n"},
    {"E101", "version: 1\nemail: {^en: {text: t}}\n"},
    {"E114", "version: 1\nsms: {^e_n: {text: t}}\n"},
    {"E113", "version: 1\nsms: {en: {text: ^\"\"}}\n"},
    {"E113", "version: 1\npush: {en: {title: ^\"a\\nb\", text: t}}\n"},
    {"E124", "version: 1\nsms: {en: {text: \"hello, ^{{titel}}\"}}\n"},
    {"E124", "version: 1\nsms: {en: {text: \"订单 ^{{titel}}\"}}\n"},
    {"E124", "version: 1\nsms: {en: {text: \"^{{title\"}}\n"},
    {"E124", "version: 1\nsms:\n  en:\n    text: ^|\n      a\n      {{titel}}\n"},
};

static void mistakes_have_places(void **state)
{
    unsigned wrong = 0;
    for (unsigned i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
        struct conf_marked m = conf_unmark(mistakes[i].text, mistakes[i].codes);
        conf_file("t.yaml", m.text);
        assert_int_equal(aw_templates_load(conf_dir(), &templates, &diag), AW_EINVAL);
        const char *codes = conf_codes(&diag);
        if (strcmp(codes, m.places) != 0) {
            print_error("expected %s, got %s for\n%s", m.places, codes, m.text);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

static void file_names_are_template_names(void **state)
{
    conf_file("two words.yaml", "version: 1\nsms: {en: {text: t}}\n");
    assert_int_equal(aw_templates_load(conf_dir(), &templates, &diag), AW_EINVAL);
    assert_string_equal(conf_codes(&diag), "E114");
    assert_int_equal(aw_templates_load("/nonexistent", &templates, &diag), AW_EINVAL);
    assert_string_equal(conf_codes(&diag), "E100");
}

/* The shipped texts, in both languages. */
static void library_speaks_both_languages(void **state)
{
    char dir[512];
    const char *top = getenv("top_srcdir");
    snprintf(dir, sizeof(dir), "%s/rules/templates", top != NULL ? top : ".");
    assert_int_equal(aw_templates_load(dir, &templates, &diag), 0);
    assert_int_equal(templates.n, 4);
    for (unsigned i = 0; i < templates.n; i++) {
        const struct aw_template *t = &templates.list[i];
        for (unsigned j = 0; j < t->n_texts; j++) {
            const struct aw_template_text *x = &t->texts[j];
            const char *other = strcmp(x->lang, "en") == 0 ? "zh-CN" : "en";
            const struct aw_template_text *y =
                aw_template_find(&templates, t->name, x->kind, other);
            assert_string_equal(y->lang, other);
            assert_int_equal(x->html == NULL, y->html == NULL);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(texts_land_by_kind_and_language, teardown),
        cmocka_unit_test_teardown(mistakes_have_places, teardown),
        cmocka_unit_test_teardown(file_names_are_template_names, teardown),
        cmocka_unit_test_teardown(library_speaks_both_languages, teardown),
    };
    aw_diag_init(&diag);
    return cmocka_run_group_tests_name("templates", tests, NULL, NULL);
}
