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
    {"E103", "version: 1\nsms: {en: {text: t, jsms: ^7}}\n"},
    {"E101", "version: 1\nsms: {en: {text: t, ^jsms: {}}}\n"},
    {"E102", "version: 1\nsms: {en: {text: t, jsms: {temp_id: 7, ^sing_id: 8}}}\n"},
    {"E102", "version: 1\nsms: {en: {text: t, ^jsm: {temp_id: 7}}}\n"},
    {"E102", "version: 1\nim: {en: {text: t, ^jsms: {temp_id: 7}}}\n"},
    {"E111", "version: 1\nsms: {en: {text: t, jsms: {temp_id: ^x}}}\n"},
    {"E124", "version: 1\nsms: {en: {text: t, jsms: {temp_id: 7, para: {a: \"^{{b}}\"}}}}\n"},
    {"E126", "version: 1\nsms: {en: {text: t, jsms: {temp_id: 7, para: {a: ^\"【b】\"}}}}\n"},
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

/* --- what an SMS costs ---------------------------------------------------------------------- */

#define X10  "xxxxxxxxxx"
#define X50  X10 X10 X10 X10 X10
#define X150 X50 X50 X50

static const struct {
    const char *codes, *text; /* as in mistakes */
} dear[] = {
    {"", "version: 1\nsms: {en: {text: \"" X150 X10 "{{title}}\"}}\n"},
    {"W107", "version: 1\nsms: {en: {text: ^\"" X150 X10 "x\"}}\n"},
    {"W107", "version: 1\nsms: {zh: {text: ^\"订" X50 X10 X10 "\"}}\n"},
    /* the dash is not ASCII, but costs nothing here */
    {"", "version: 1\nsms: {en: {text: \"a – b\"}}\n"},
    {"W108", "version: 1\nsms: {en: {text: \"" X50 " ^– b {{title}}\"}}\n"},
    {"W108", "version: 1\nsms: {en: {text: \"" X50 "^’" X50 "\"}}\n"},
    {"", "version: 1\nsms: {zh: {text: \"" X50 " – 订单 {{title}}\"}}\n"},
    {"", "version: 1\nsms: {en: {text: \"" X50 X10 " {{link}}\"}}\n"},
    {"W107 W105", "version: 1\nsms: {en: {text: ^\"" X50 X50 X10 " ^{{link}}\"}}\n"},
    {"W105", "version: 1\nsms: {zh: {text: \"订 {{title}} ^{{link}}\"}}\n"},
    {"", "version: 1\nsms: {zh: {text: \"订 {{title}} {{code}}\"}}\n"},
    {"W105", "version: 1\nsms: {zh: {text: \"{{body}}{{body}}{{body}} ^{{code}}\"}}\n"},
    {"", "version: 1\nim: {en: {text: \"" X150 X150 "’\"}}\n"},
};

static void an_sms_is_priced(void **state)
{
    unsigned wrong = 0;
    for (unsigned i = 0; i < sizeof(dear) / sizeof(dear[0]); i++) {
        struct conf_marked m = conf_unmark(dear[i].text, dear[i].codes);
        conf_file("t.yaml", m.text);
        assert_int_equal(aw_templates_load(conf_dir(), &templates, &diag), 0);
        aw_templates_free(&templates);
        const char *codes = conf_codes(&diag);
        const char *places = dear[i].codes[0] != '\0' ? m.places : "";
        if (strcmp(codes, places) != 0) {
            print_error("expected %s, got %s for\n%s", places, codes, m.text);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
    conf_file("t.yaml",
              "version: 1\nsms:\n  en:\n    text: \"Don\u2019t miss it: " X50 X10 "\u2026\"\n");
    assert_int_equal(aw_templates_load(conf_dir(), &templates, &diag), 0);
    const char *text = conf_print(&diag);
    assert_non_null(strstr(text,
                           ":4:15: warning W108: \"\u2019\" (U+2019), character 4, takes this "
                           "SMS out of GSM-7: 2 segments instead of 1\n"));
    assert_non_null(strstr(text, "^ write ', and 1 more\n"));
}

static void ten_segments_are_enough(void **state)
{
    struct aw_buf b = AW_BUF_INIT(65536);
    aw_buf_puts(&b, "version: 1\nsms: {en: {text: \"");
    for (unsigned i = 0; i < 31; i++)
        aw_buf_puts(&b, X50);
    aw_buf_puts(&b, "\"}}\n");
    conf_file("t.yaml", aw_buf_str(&b));
    aw_buf_free(&b);
    assert_int_equal(aw_templates_load(conf_dir(), &templates, &diag), AW_EINVAL);
    assert_string_equal(conf_codes(&diag), "2:18 E126");
}

static void forms_are_read(void **state)
{
    conf_file("t.yaml", "version: 1\n"
                        "sms:\n"
                        "  en: {text: t}\n"
                        "  zh-CN:\n"
                        "    text: t\n"
                        "    jsms: {temp_id: 7, sign_id: 8, para: {a: \"{{title}}\", b: x}}\n");
    assert_int_equal(aw_templates_load(conf_dir(), &templates, &diag), 0);
    const struct aw_provider *p = aw_provider_find("jsms");
    assert_null(aw_template_form(aw_template_find(&templates, "t", AW_SMS, "en"), p));
    const struct aw_template_form *f =
        aw_template_form(aw_template_find(&templates, "t", AW_SMS, "zh-CN"), p);
    assert_int_equal(f->n_settings, 4);
    assert_string_equal(f->settings[0].key, "temp_id");
    assert_string_equal(f->settings[2].key, "para.a");
    assert_string_equal(f->settings[2].value, "{{title}}");
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
    assert_true(templates.n >= 4);
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
        cmocka_unit_test_teardown(an_sms_is_priced, teardown),
        cmocka_unit_test_teardown(ten_segments_are_enough, teardown),
        cmocka_unit_test_teardown(forms_are_read, teardown),
        cmocka_unit_test_teardown(file_names_are_template_names, teardown),
        cmocka_unit_test_teardown(library_speaks_both_languages, teardown),
    };
    aw_diag_init(&diag);
    return cmocka_run_group_tests_name("templates", tests, NULL, NULL);
}
