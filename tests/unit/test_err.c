/* SPDX-License-Identifier: Apache-2.0
 *
 * base/err.h: texts, context, cuts.
 */
#include "base/err.h"

#include <string.h>

#include "../lib/unit.h"
#include "base/str.h"

static void text_and_code(void **state)
{
    struct aw_err err = {"old"};
    assert_int_equal(aw_fail(&err, AW_EINVAL, "line %d", 7), AW_EINVAL);
    assert_string_equal(err.text, "line 7");
    assert_int_equal(aw_wrap(&err, AW_EIO, "%s", "rules.yaml"), AW_EIO);
    assert_string_equal(err.text, "rules.yaml: line 7");
    assert_int_equal(aw_fail(&err, AW_EINVAL, "again: %s", err.text), AW_EINVAL);
    assert_string_equal(err.text, "again: rules.yaml: line 7");
}

static void no_place_for_a_text(void **state)
{
    assert_int_equal(aw_fail(NULL, AW_EBUSY, "%s", "x"), AW_EBUSY);
    assert_int_equal(aw_wrap(NULL, AW_EBUSY, "%s", "x"), AW_EBUSY);
}

static void long_texts_are_cut_at_a_code_point(void **state)
{
    char han[3 * 300 + 1];
    for (int i = 0; i < 300; i++)
        memcpy(han + 3 * i, "通", 4);
    for (int shift = 0; shift < 3; shift++) {
        struct aw_err err;
        aw_fail(&err, AW_EINVAL, "%.*s%s", shift, "ab", han);
        assert_true(strlen(err.text) > AW_ERR_MAX - 4);
        assert_true(aw_utf8_valid(err.text, strlen(err.text)));
        aw_wrap(&err, AW_EINVAL, "%s", "ctx");
        assert_true(aw_starts(err.text, "ctx: "));
        assert_true(aw_utf8_valid(err.text, strlen(err.text)));
    }
    struct aw_err err = {"cause"};
    aw_wrap(&err, AW_EINVAL, "%s", han);
    assert_true(aw_utf8_valid(err.text, strlen(err.text)));
}

static void names_of_codes(void **state)
{
    for (int code = 0; code >= AW_EPROTO; code--)
        assert_string_not_equal(aw_strerror(code), "unknown error");
    assert_string_equal(aw_strerror(AW_ENOENT), "not found");
    assert_string_equal(aw_strerror(AW_EPROTO - 1), "unknown error");
    assert_string_equal(aw_strerror(1), "unknown error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_and_code),
        cmocka_unit_test(no_place_for_a_text),
        cmocka_unit_test(long_texts_are_cut_at_a_code_point),
        cmocka_unit_test(names_of_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
