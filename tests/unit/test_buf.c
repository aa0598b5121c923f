/* SPDX-License-Identifier: Apache-2.0
 *
 * base/buf.h and base/mem.h.
 */
#include "base/buf.h"

#include <string.h>

#include "../lib/unit.h"
#include "base/mem.h"

static void grows(void **state)
{
    struct aw_buf b = AW_BUF_INIT(100000);
    assert_string_equal(aw_buf_str(&b), "");
    for (int i = 0; i < 1000; i++)
        aw_buf_printf(&b, "%d,", i);
    assert_false(b.over);
    assert_int_equal(b.n, 10 * 2 + 90 * 3 + 900 * 4);
    assert_int_equal(strlen(b.p), b.n);
    assert_memory_equal(b.p + b.n - 8, "998,999,", 8);
    aw_buf_free(&b);
    assert_null(b.p);
}

static void ends_at_its_maximum(void **state)
{
    struct aw_buf b = AW_BUF_INIT(5);
    aw_buf_puts(&b, "abcde");
    assert_false(b.over);
    aw_buf_putc(&b, 'f');
    assert_true(b.over);
    assert_string_equal(aw_buf_str(&b), "abcde");
    aw_buf_reset(&b);
    assert_false(b.over);
    assert_string_equal(aw_buf_str(&b), "");
    aw_buf_printf(&b, "%s", "abcdef"); /* whole or not at all */
    assert_true(b.over);
    aw_buf_puts(&b, "x"); /* ignored once over */
    assert_int_equal(b.n, 0);
    aw_buf_free(&b);
}

static void nothing_is_fine(void **state)
{
    struct aw_buf b = AW_BUF_INIT(0);
    aw_buf_add(&b, NULL, 0);
    assert_false(b.over);
    aw_buf_putc(&b, 'x');
    assert_true(b.over);
    aw_buf_free(&b);
}

static void bytes_pass_whole(void **state)
{
    struct aw_buf b = AW_BUF_INIT(64);
    aw_buf_add(&b, "a\0b", 3);
    assert_int_equal(b.n, 3);
    assert_memory_equal(b.p, "a\0b", 4);
    aw_buf_free(&b);
}

static void hands_over(void **state)
{
    struct aw_buf b = AW_BUF_INIT(64);
    size_t n = 9;
    char *empty = aw_buf_take(&b, &n);
    assert_string_equal(empty, "");
    assert_int_equal(n, 0);
    aw_buf_puts(&b, "text");
    char *p = aw_buf_take(&b, &n);
    assert_string_equal(p, "text");
    assert_int_equal(n, 4);
    assert_string_equal(aw_buf_str(&b), "");
    aw_buf_puts(&b, "anew");
    char *q = aw_buf_take(&b, NULL);
    assert_string_equal(q, "anew");
    aw_free(empty);
    aw_free(p);
    aw_free(q);
}

static char *pass_on(const char *s)
{
    AW_AUTO_FREE char *p = aw_strdup(s);
    return aw_take(p);
}

static void memory(void **state)
{
    AW_AUTO_FREE char *zero = aw_malloc(0);
    AW_AUTO_FREE char *cut = aw_strndup("abcdef", 3);
    AW_AUTO_FREE char *moved = pass_on("moved");
    AW_AUTO_FREE int *numbers = aw_calloc(8, sizeof *numbers);
    zero[0] = 'x';
    assert_string_equal(cut, "abc");
    assert_string_equal(moved, "moved");
    for (int i = 0; i < 8; i++)
        assert_int_equal(numbers[i], 0);
    moved = aw_realloc(moved, 100);
    assert_string_equal(moved, "moved");
    aw_wipe(moved, 5);
    assert_memory_equal(moved, "\0\0\0\0\0", 6);
    aw_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows),           cmocka_unit_test(ends_at_its_maximum),
        cmocka_unit_test(nothing_is_fine), cmocka_unit_test(bytes_pass_whole),
        cmocka_unit_test(hands_over),      cmocka_unit_test(memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
