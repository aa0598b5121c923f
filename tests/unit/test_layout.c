/* SPDX-License-Identifier: Apache-2.0
 *
 * The layout of rule files: what changes, what stays, what is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "conf/layout.h"
#include "conf_util.h"

static struct aw_diag diag;

static char *lay(const char *text)
{
    struct aw_buf out = AW_BUF_INIT(1 << 20);
    struct aw_source_file f = {"t.yaml", text, strlen(text)};
    if (aw_layout(&f, &out, &diag) == 0)
        return aw_buf_take(&out, NULL);
    aw_buf_free(&out);
    return NULL;
}

static const struct {
    const char *is, *becomes;
} layouts[] = {
    {"", ""},
    {"# alone", "# alone\n"},
    {"a:   1\r\n\r\n\r\n\r\nb: 2   \r\n", "a: 1\n\nb: 2\n"},
    {"a:\n- 1\n- 2\n", "a:\n  - 1\n  - 2\n"},
    {"a:\n    b: {x: 1,y:   [1,2] }\n", "a:\n  b: {x: 1, y: [1, 2]}\n"},
    {"a: {b: 1,\n    c: 2}  # why\n", "a: {b: 1, c: 2}  # why\n"},
    {"a: # of a\n      # before b\n      b: 1   # of b\n# end\n",
     "a:  # of a\n  # before b\n  b: 1  # of b\n# end\n"},
    {"'a': \"x # y\" # z\nb: it's # so\n", "\"a\": \"x # y\"  # z\nb: it's  # so\n"},
    /* columns, as far as the rows below each other say the same */
    {"s:\n- {id: a, at: 10s, do: push, t: x}\n- {id: long, at: 1s, do: [push, sms], u: y}\n"
     "- {id: b, at: 2s, do: email, t: x}\n",
     "s:\n  - {id: a,    at: 10s, do: push,  t: x}\n  - {id: long, at: 1s,  do: [push, sms], u: "
     "y}\n"
     "  - {id: b,    at: 2s,  do: email, t: x}\n"},
    {"s:\n- {at: 10s, do: push}\n- {at: 1s, state: open}\n- {nothing: 1s}\n",
     "s:\n  - {at: 10s, do: push}\n  - {at: 1s, state: open}\n  - {nothing: 1s}\n"},
    {"名: {甲: 一, 乙: 二}\n", "名: {甲: 一, 乙: 二}\n"},
    {"s:\n- {n: 甲, x: 1}\n- {n: abc, x: 1}\n", "s:\n  - {n: 甲,  x: 1}\n  - {n: abc, x: 1}\n"},
    /* at most 100 columns */
    {"a: {b: 0123456789012345678901234567890123456789, c: "
     "0123456789012345678901234567890123456789, d: 0123456789}\n",
     "a: {b: 0123456789012345678901234567890123456789, c: "
     "0123456789012345678901234567890123456789,\n"
     "    d: 0123456789}\n"},
    {"a:\n- - 1\n  - 2\n- {}\n-\n- []\n", "a:\n  - - 1\n    - 2\n  - {}\n  -\n  - []\n"},
};

static void one_layout(void **state)
{
    for (unsigned i = 0; i < AW_COUNT(layouts); i++) {
        AW_AUTO_FREE char *once = lay(layouts[i].is);
        if (once == NULL)
            fail_msg("%s%s", layouts[i].is, conf_print(&diag));
        assert_string_equal(once, layouts[i].becomes);
        AW_AUTO_FREE char *twice = lay(once);
        assert_non_null(twice);
        assert_string_equal(twice, once);
    }
}

/* Each '^' marks the place of the problem. */
static const char *const refused[] = {
    "a: {b: 1,\n^ # why\n    c: 2}\n",
    "a: ^\"one\n  two\"\n",
    "a: ^|\n  one\n",
    "a: ^one\n  two\n",
    "^{a: 1}\n",
};

static void what_cannot_be_kept_is_refused(void **state)
{
    for (unsigned i = 0; i < AW_COUNT(refused); i++) {
        struct conf_marked m = conf_unmark(refused[i], "E180");
        char places[256];
        snprintf(places, sizeof(places), "%s", m.places);
        assert_null(lay(m.text));
        assert_string_equal(conf_codes(&diag), places);
    }
    assert_null(lay("a: &x 1\n")); /* the parser's own */
    assert_string_equal(conf_codes(&diag), "1:4 E002");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_layout),
        cmocka_unit_test(what_cannot_be_kept_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
