/* SPDX-License-Identifier: Apache-2.0
 *
 * base/id.h.
 */
#include "base/id.h"

#include <string.h>

#include "../lib/unit.h"
#include "base/mem.h"

#define NOW ((aw_time)1795312970114)

static void rises_with_time(void **state)
{
    struct aw_idgen g = {.shard = 5};
    aw_id a = aw_id_take(&g, NOW, 1);
    assert_true(a > 0);
    assert_int_equal(aw_id_time(a), NOW);
    assert_int_equal(a >> 16 & 63, 5);
    assert_int_equal(a & 0xffff, 0);
    aw_id b = aw_id_take(&g, NOW, 3);
    assert_int_equal(b, a + 1);
    assert_int_equal(g.last, b + 2);
    aw_id c = aw_id_take(&g, NOW - 60000, 1); /* the clock jumped back */
    assert_int_equal(c, b + 3);
    aw_id d = aw_id_take(&g, NOW + 1, 1);
    assert_int_equal(aw_id_time(d), NOW + 1);
    assert_true(d > c);
}

static void a_run_never_crosses_a_millisecond(void **state)
{
    struct aw_idgen g = {0};
    aw_id a = aw_id_take(&g, NOW, 65535);
    aw_id b = aw_id_take(&g, NOW, 2);
    assert_int_equal(aw_id_time(a), NOW);
    assert_int_equal(aw_id_time(b), NOW + 1);
    assert_int_equal(b & 0xffff, 0);
    aw_id c = aw_id_take(&g, NOW, 65536);
    assert_int_equal(aw_id_time(c), NOW + 2);
    assert_int_equal(aw_id_time(c + 65535), NOW + 2);
    assert_true(aw_id_take(&g, NOW, 1) == c + ((aw_id)1 << 22));
}

static void goes_on_after_a_restart(void **state)
{
    struct aw_idgen g = {.shard = 9};
    aw_id a = aw_id_take(&g, NOW, 10);
    struct aw_idgen again = {.last = g.last, .shard = 2}; /* a lower shard, the same instant */
    assert_true(aw_id_take(&again, NOW, 1) > a + 9);
}

static void is_never_zero(void **state)
{
    struct aw_idgen g = {0};
    assert_int_equal(aw_id_take(&g, 0, 1), 1);
    assert_int_equal(aw_id_take(&g, AW_ID_EPOCH, 1), 2);
    struct aw_idgen late = {0};
    assert_true(aw_id_take(&late, INT64_MAX, 1) > 0);
}

static void texts(void **state)
{
    char text[AW_ID_TEXT];
    aw_id id;
    aw_id_print(text, "msg_", 1);
    assert_string_equal(text, "msg_0000000000001");
    aw_id_print(text, "msg_", INT64_MAX);
    assert_string_equal(text, "msg_7ZZZZZZZZZZZZ");
    assert_int_equal(aw_id_parse(text, "msg_", &id), 0);
    assert_true(id == INT64_MAX);
    assert_int_equal(aw_id_parse("msg_7zzzzzzzzzzzz", "msg_", &id), 0);
    assert_int_equal(aw_id_parse("att_000000000OolI", "att_", &id), 0);
    assert_int_equal(id, 33); /* O is 0, I and L are 1: ...0011 */
    struct aw_idgen g = {.shard = 1};
    for (int i = 0; i < 1000; i++) {
        aw_id one = aw_id_take(&g, NOW + i * 977, 3), back;
        aw_id_print(text, "aw_", one);
        assert_int_equal(aw_id_parse(text, "aw_", &back), 0);
        assert_true(back == one);
    }
}

static void bad_texts(void **state)
{
    static const char *const bad[] = {
        "",
        "msg_",
        "msg_000000000000",
        "msg_00000000000001",
        "key_0000000000001",
        "msg_0000000000000",
        "msg_8000000000000",
        "msg_ZZZZZZZZZZZZZ",
        "msg_000000000000U",
        "msg_00000000000-1",
        "MSG_0000000000001",
        " msg_0000000000001",
    };
    aw_id id = 42;
    for (size_t i = 0; i < AW_COUNT(bad); i++)
        assert_int_equal(aw_id_parse(bad[i], "msg_", &id), AW_EINVAL);
    assert_int_equal(id, 42);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rises_with_time),
        cmocka_unit_test(a_run_never_crosses_a_millisecond),
        cmocka_unit_test(goes_on_after_a_restart),
        cmocka_unit_test(is_never_zero),
        cmocka_unit_test(texts),
        cmocka_unit_test(bad_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
