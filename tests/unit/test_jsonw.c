/* SPDX-License-Identifier: Apache-2.0
 *
 * codec/jsonw.h: exact bytes, and that jansson reads the same values back.
 */
#include "codec/jsonw.h"

#include <jansson.h>
#include <string.h>

#include "../lib/unit.h"

static void all_kinds(void **state)
{
    struct aw_buf b = AW_BUF_INIT(4096);
    struct aw_jsonw w;
    aw_jw_init(&w, &b);
    aw_jw_object(&w, NULL);
    aw_jw_str(&w, "s", "x");
    aw_jw_str(&w, "none", NULL);
    aw_jw_strn(&w, "n", "abc", 2);
    aw_jw_int(&w, "i", INT64_MIN);
    aw_jw_bool(&w, "yes", true);
    aw_jw_bool(&w, "no", false);
    aw_jw_time(&w, "at", 1795312970114);
    aw_jw_time(&w, "never", 0);
    aw_jw_id(&w, "id", "msg_", 33);
    aw_jw_hex(&w, "hex", "\x00\xff", 2);
    aw_jw_hex(&w, "nohex", NULL, 0);
    aw_jw_raw(&w, "raw", "{\"a\": 1}", 8);
    aw_jw_array(&w, "list");
    aw_jw_int(&w, NULL, 1);
    aw_jw_object(&w, NULL);
    aw_jw_end(&w, '}');
    aw_jw_array(&w, NULL);
    aw_jw_str(&w, NULL, "y");
    aw_jw_end(&w, ']');
    aw_jw_int(&w, NULL, 2);
    aw_jw_end(&w, ']');
    aw_jw_str(&w, "last", "");
    aw_jw_end(&w, '}');
    assert_string_equal(
        aw_buf_str(&b),
        "{\"s\":\"x\",\"none\":null,\"n\":\"ab\",\"i\":-9223372036854775808,\"yes\":true,"
        "\"no\":false,\"at\":\"2026-11-22T02:02:50.114Z\",\"never\":null,"
        "\"id\":\"msg_0000000000011\",\"hex\":\"00ff\",\"nohex\":\"\",\"raw\":{\"a\": 1},"
        "\"list\":[1,{},[\"y\"],2],\"last\":\"\"}");
    aw_buf_free(&b);
}

static void escapes(void **state)
{
    struct aw_buf b = AW_BUF_INIT(4096);
    struct aw_jsonw w;
    aw_jw_init(&w, &b);
    aw_jw_str(&w, NULL, "\"\\/\b\f\n\r\t\v\x01\x1f\x7f 通知 🚚");
    assert_string_equal(aw_buf_str(&b), "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u000b\\u0001\\u001f\x7f 通知 "
                                        "🚚\"");
    aw_buf_free(&b);
}

static void every_byte_survives(void **state)
{
    char text[127];
    for (int i = 0; i < 127; i++)
        text[i] = (char)(i + 1);
    text[126] = 'z';
    struct aw_buf b = AW_BUF_INIT(4096);
    struct aw_jsonw w;
    aw_jw_init(&w, &b);
    aw_jw_object(&w, NULL);
    aw_jw_strn(&w, "a\"b\n", text, sizeof text);
    aw_jw_end(&w, '}');
    json_t *v = json_loadb(b.p, b.n, 0, NULL);
    json_t *back = json_object_get(v, "a\"b\n");
    assert_int_equal(json_string_length(back), sizeof text);
    assert_memory_equal(json_string_value(back), text, sizeof text);
    json_decref(v);
    aw_buf_free(&b);
}

static void deep(void **state)
{
    struct aw_buf b = AW_BUF_INIT(4096);
    struct aw_jsonw w;
    aw_jw_init(&w, &b);
    for (int i = 0; i < 32; i++)
        aw_jw_array(&w, NULL);
    aw_jw_int(&w, NULL, 1);
    aw_jw_int(&w, NULL, 2);
    for (int i = 0; i < 32; i++)
        aw_jw_end(&w, ']');
    assert_int_equal(b.n, 2 * 32 + 3);
    assert_memory_equal(b.p + 31, "[1,2]", 5);
    aw_buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_kinds),
        cmocka_unit_test(escapes),
        cmocka_unit_test(every_byte_survives),
        cmocka_unit_test(deep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
