/* SPDX-License-Identifier: Apache-2.0 */
#include "core/template.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"

static const char *value(void *ctx, const char *name)
{
    static const struct {
        const char *name, *value;
    } rows[] = {
        {"title", "Fire & <smoke> \"now\" 'here'"},
        {"body", "a\nb\r\nc\td\x01\x7f\xc2\x85\xe2\x80\xa8z"},
        {"user", "李"},
        {"code", "bad \xff byte"},
        {"link", "{{user}}"}, /* a value is never expanded again */
        {"extras.order", "4711"},
    };

    assert_string_equal(ctx, "ctx");
    for (unsigned i = 0; i < AW_COUNT(rows); i++)
        if (strcmp(rows[i].name, name) == 0)
            return rows[i].value;
    return NULL;
}

static const char *expand(const char *text, enum aw_escape esc)
{
    static char result[512];
    struct aw_buf b = AW_BUF_INIT(sizeof(result) - 1);

    aw_template_expand(&b, text, esc, value, (void *)"ctx");
    memcpy(result, aw_buf_str(&b), b.n + 1);
    aw_buf_free(&b);
    return result;
}

static void test_expand(void **state)
{
    assert_string_equal(expand("", AW_ESC_TEXT), "");
    assert_string_equal(expand("no names }} at all {", AW_ESC_TEXT), "no names }} at all {");
    assert_string_equal(expand("{{user}}", AW_ESC_TEXT), "李");
    assert_string_equal(expand("<{{user}}{{extras.order}}>", AW_ESC_TEXT), "<李4711>");
    assert_string_equal(expand("{{link}}", AW_ESC_TEXT), "{{user}}");
    assert_string_equal(expand("[{{deadline}}{{labels.x}}]", AW_ESC_TEXT), "[]");
    assert_string_equal(expand("{{code}}", AW_ESC_TEXT), "bad ? byte");
}

static void test_escapes(void **state)
{
    assert_string_equal(expand("{{title}}", AW_ESC_TEXT), "Fire & <smoke> \"now\" 'here'");
    assert_string_equal(expand("<b>{{title}}</b>", AW_ESC_HTML),
                        "<b>Fire &amp; &lt;smoke&gt; &quot;now&quot; &#39;here&#39;</b>");
    assert_string_equal(expand("{{body}}", AW_ESC_TEXT), "a\nb\r\nc d   \xe2\x80\xa8z");
    assert_string_equal(expand("{{body}}", AW_ESC_LINE), "a b  c d    z");
    assert_string_equal(expand("one\ntwo\n{{user}}", AW_ESC_LINE), "one two 李");
    assert_string_equal(expand("<p>\n{{body}}", AW_ESC_HTML), "<p>\na\nb\r\nc d   \xe2\x80\xa8z");
}

static void test_limit(void **state)
{
    struct aw_buf b = AW_BUF_INIT(8);
    aw_template_expand(&b, "{{title}}", AW_ESC_HTML, value, (void *)"ctx");
    assert_true(b.over);
    aw_buf_free(&b);
}

static void test_check(void **state)
{
    static const struct {
        const char *text;
        int want;
        size_t at;
        const char *says;
    } rows[] = {
        {"", 0, 0, ""},
        {"plain }} {x}", 0, 0, ""},
        {"{{title}} {{body}} {{link}} {{code}} {{user}} {{rule}} {{message}} {{step}} "
         "{{recipient}} {{deadline}} {{app}}",
         0, 0, ""},
        {"{{extras.a b}}{{labels.组}}", 0, 0, ""},
        {"Hi {{titel}}", AW_EINVAL, 3, "did you mean \"title\""},
        {"Hi {{zzzzzzzz}}", AW_EINVAL, 3, "unknown name \"zzzzzzzz\""},
        {"{{title}} {{title", AW_EINVAL, 10, "without"},
        {"{{ title }}", AW_EINVAL, 0, "title"},
        {"{{}}", AW_EINVAL, 0, "unknown name \"\""},
        {"{{extras.}}", AW_EINVAL, 0, "unknown"},
        {"{{labels.a\nb}}", AW_EINVAL, 0, "control"},
        {"{{{title}}}", AW_EINVAL, 0, "unknown"},
        {"x{{extras.0123456789012345678901234567890123456789012345678901234567890123456789"
         "012345678901234567890123456789}}",
         AW_EINVAL, 1, "longer"},
    };

    for (unsigned i = 0; i < AW_COUNT(rows); i++) {
        struct aw_err err = {""};
        size_t at = 0;
        assert_int_equal(aw_template_check(rows[i].text, &at, &err), rows[i].want);
        assert_int_equal(at, rows[i].at);
        if (!strstr(err.text, rows[i].says))
            fail_msg("\"%s\" does not say \"%s\"", err.text, rows[i].says);
        assert_true(aw_utf8_valid(err.text, strlen(err.text)));
    }
}

static void test_find(void **state)
{
    static const struct aw_template_text texts[] = {
        {.kind = AW_SMS, .lang = "en", .text = "sms en"},
        {.kind = AW_SMS, .lang = "zh-CN", .text = "sms zh-CN"},
        {.kind = AW_SMS, .lang = "pt", .text = "sms pt"},
        {.kind = AW_SMS, .lang = "pt-BR", .text = "sms pt-BR"},
        {.kind = AW_PUSH, .lang = "zh-CN", .text = "push zh-CN"},
    };
    static const struct aw_template list[] = {{"other", NULL, 0}, {"notice", texts, 5}};
    static const struct aw_templates all = {list, 2};
    static const struct {
        enum aw_kind kind;
        const char *lang, *want;
    } rows[] = {
        {AW_SMS, "zh-CN", "sms zh-CN"}, {AW_SMS, "zh-cn", "sms zh-CN"},
        {AW_SMS, "zh-TW", "sms zh-CN"}, /* nearer than English */
        {AW_SMS, "zh", "sms zh-CN"},    {AW_SMS, "pt-PT", "sms pt"},
        {AW_SMS, "pt-BR", "sms pt-BR"}, {AW_SMS, "p", "sms en"},
        {AW_SMS, "ja", "sms en"},       {AW_SMS, NULL, "sms en"},
        {AW_PUSH, "en", "push zh-CN"},  {AW_EMAIL, "en", NULL},
    };

    for (unsigned i = 0; i < AW_COUNT(rows); i++) {
        const struct aw_template_text *t =
            aw_template_find(&all, "notice", rows[i].kind, rows[i].lang);
        if (rows[i].want)
            assert_string_equal(t->text, rows[i].want);
        else
            assert_null(t);
    }
    assert_null(aw_template_find(&all, "other", AW_SMS, "en"));
    assert_null(aw_template_find(&all, "none", AW_SMS, "en"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_expand), cmocka_unit_test(test_escapes), cmocka_unit_test(test_limit),
        cmocka_unit_test(test_check),  cmocka_unit_test(test_find),
    };
    return cmocka_run_group_tests_name("template", tests, NULL, NULL);
}
