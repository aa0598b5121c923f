/* SPDX-License-Identifier: Apache-2.0 */
#include "../lib/unit.h"

#include <string.h>

#include "base/err.h"
#include "base/text.h"

static void a_text_is_found_in_its_language(void **state)
{
    assert_string_equal(aw_t(AW_LANG_EN, "warning"), "warning");
    assert_string_equal(aw_t(AW_LANG_ZH, "warning"), "警告");
    /* Escapes and several lines are those of C. */
    assert_string_equal(aw_t(AW_LANG_ZH, "%u more problems are not shown\n"),
                        "另有 %u 个问题未显示\n");
    assert_null(aw_t(AW_LANG_ZH, NULL));
}

static void a_text_without_a_translation_stays(void **state)
{
    static const char own[] = "a name that a user chose";
    assert_ptr_equal(aw_t(AW_LANG_ZH, own), own);
    assert_string_equal(aw_t(AW_LANG_ZH, ""), "");
}

static void languages_by_tag_and_locale(void **state)
{
    static const struct {
        const char *name;
        int lang; /* -1: we have none such */
    } rows[] = {
        {"zh-CN", AW_LANG_ZH},
        {"zh_CN.UTF-8", AW_LANG_ZH},
        {"zh", AW_LANG_ZH},
        {"en", AW_LANG_EN},
        {"en_GB@euro", AW_LANG_EN},
        {"C", AW_LANG_EN},
        {"POSIX", AW_LANG_EN},
        {"C.UTF-8", AW_LANG_EN},
        {"fr_FR", -1},
        {"", -1},
        {"zhx", -1},
        {"e", -1},
    };
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        enum aw_lang lang = AW_N_LANGS;
        int e = aw_lang_parse(rows[i].name, &lang);
        assert_int_equal(e, rows[i].lang < 0 ? AW_EINVAL : 0);
        if (e == 0)
            assert_int_equal(lang, rows[i].lang);
    }
    assert_string_equal(aw_lang_tag(AW_LANG_ZH), "zh-CN");
    assert_string_equal(aw_lang_tag(AW_LANG_EN), "en");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_is_found_in_its_language),
        cmocka_unit_test(a_text_without_a_translation_stays),
        cmocka_unit_test(languages_by_tag_and_locale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
