/* SPDX-License-Identifier: Apache-2.0
 *
 * codec/json.h: what is refused, with which place; ids; differences.
 */
#include "codec/json.h"

#include <string.h>

#include "../lib/unit.h"
#include "base/mem.h"
#include "base/str.h"

static int parse(const char *text, struct aw_err *err)
{
    json_t *v = NULL;
    int code = aw_json_parse(text, strlen(text), 1 << 20, &v, err);
    assert_true((code == 0) == (v != NULL));
    json_decref(v);
    return code;
}

static void refused(void **state)
{
    static const char *const bad[] = {
        "",
        " ",
        "{",
        "}",
        "[1,]",
        "{\"a\":1,}",
        "{\"a\":1,\"a\":2}",
        "{'a':1}",
        "{a:1}",
        "nul",
        "[9223372036854775808]",
        "[1e400]",
        "[NaN]",
        "[Infinity]",
        "[01]",
        "[+1]",
        "[.5]",
        "[1.]",
        "[\"\\u0000\"]",
        "[\"\\ud800\"]",
        "[\"\\udc00\\ud800\"]",
        "[\"\xc0\x80\"]",
        "[\"\xff\"]",
        "[\"\xed\xa0\x80\"]",
        "[\"a\nb\"]",
        "[\"\\x\"]",
        "\xef\xbb\xbf[]",
        "[] []",
        "[]x",
        "\"a\"",
        "1",
        "[\"a]",
        "[\"\\\"]",
        "// c\n[]",
        "[1 2]",
        "{\"a\" 1}",
    };
    for (size_t i = 0; i < AW_COUNT(bad); i++) {
        struct aw_err err;
        assert_int_equal(parse(bad[i], &err), AW_EINVAL);
        assert_true(aw_starts(err.text, "line "));
        assert_int_equal(parse(bad[i], NULL), AW_EINVAL);
    }
    json_t *v;
    assert_int_equal(aw_json_parse("[]\0", 3, 9, &v, NULL), AW_EINVAL);
    struct aw_err err;
    assert_int_equal(aw_json_parse("[1\0,2]", 6, 9, &v, &err), AW_EINVAL); /* jansson takes it */
    assert_string_equal(err.text, "a NUL byte at offset 2");
}

static void places(void **state)
{
    struct aw_err err;
    parse("{\n  \"a\": 1,\n  \"b\": x\n}", &err);
    assert_true(aw_starts(err.text, "line 3, column 8: "));
    parse("{\"phone\": \"+8613812341234\", \"phone\": 1}", &err);
    assert_string_equal(err.text, "line 1, column 35: duplicate object key"); /* and no values */
    parse("", &err);
    assert_true(aw_starts(err.text, "line 1, column 1: "));
}

/* {"0":0,"1":0,...} n times, in a list. */
static char *objects(unsigned times, unsigned members)
{
    struct aw_buf b = AW_BUF_INIT(1 << 20);
    for (unsigned i = 0; i < times; i++)
        for (unsigned k = 0; k < members; k++)
            aw_buf_printf(&b, "%s\"%u:,\":0%s",
                          k   ? ","
                          : i ? ",{"
                              : "[{",
                          k, k + 1 == members ? "}" : "");
    aw_buf_puts(&b, "]");
    return b.p;
}

static void members(void **state)
{
    struct aw_err err;
    AW_AUTO_FREE char *most = objects(2, 2000), *more = objects(1, 2001);
    assert_int_equal(parse(most, &err), 0);
    assert_int_equal(parse(more, &err), AW_EINVAL);
    assert_string_equal(err.text, "more than 2000 members in one object");
}

static void depth(void **state)
{
    char text[200] = "";
    memset(text, '[', 32), memset(text + 32, ']', 32), text[64] = 0;
    assert_int_equal(parse(text, NULL), 0);
    memset(text, '[', 33), memset(text + 33, ']', 33), text[66] = 0;
    struct aw_err err;
    assert_int_equal(parse(text, &err), AW_EINVAL);
    assert_string_equal(err.text, "nested deeper than 32 levels");
    /* brackets in texts do not count */
    assert_int_equal(parse("[\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[[\"]", NULL), 0);
    /* nor do many that are closed again */
    char flat[200];
    memset(flat, ' ', sizeof flat);
    for (int i = 0; i < 60; i++)
        memcpy(flat + 3 * i, i ? ",{}" : "[{}", 3);
    memcpy(flat + 180, "]", 2);
    assert_int_equal(parse(flat, NULL), 0);
}

static void size(void **state)
{
    json_t *v = NULL;
    struct aw_err err;
    assert_int_equal(aw_json_parse("[12345]", 7, 6, &v, &err), AW_ELIMIT);
    assert_string_equal(err.text, "larger than 6 bytes");
    assert_int_equal(aw_json_parse("[12345]", 7, 7, &v, &err), 0);
    json_decref(v);
}

static void ids_never_pass_through_a_double(void **state)
{
    static const struct {
        const char *json;
        int code;
        uint64_t id;
    } rows[] = {
        {"[38280845540235675]", 0, 38280845540235675},
        {"[\"38280845540235675\"]", 0, 38280845540235675},
        {"[9007199254740993]", 0, 9007199254740993},
        {"[9223372036854775807]", 0, INT64_MAX},
        {"[\"18446744073709551615\"]", 0, UINT64_MAX},
        {"[0]", 0, 0},
        {"[-1]", AW_EINVAL, 0},
        {"[1.0]", AW_EINVAL, 0},
        {"[\"\"]", AW_EINVAL, 0},
        {"[\"007\"]", AW_EINVAL, 0},
        {"[\"18446744073709551616\"]", AW_EINVAL, 0},
        {"[null]", AW_EINVAL, 0},
        {"[true]", AW_EINVAL, 0},
    };
    for (size_t i = 0; i < AW_COUNT(rows); i++) {
        json_t *v = NULL;
        uint64_t id = 0;
        assert_int_equal(aw_json_parse(rows[i].json, strlen(rows[i].json), 99, &v, NULL), 0);
        assert_int_equal(aw_json_u64(json_array_get(v, 0), &id), rows[i].code);
        assert_true(id == rows[i].id);
        json_decref(v);
    }
    uint64_t id;
    assert_int_equal(aw_json_u64(NULL, &id), AW_EINVAL);
}

static void texts(void **state)
{
    json_t *v = NULL;
    assert_int_equal(aw_json_parse("{\"a\":\"x\",\"b\":1}", 15, 99, &v, NULL), 0);
    assert_string_equal(aw_json_str(v, "a"), "x");
    assert_null(aw_json_str(v, "b"));
    assert_null(aw_json_str(v, "c"));
    assert_null(aw_json_str(NULL, "c"));
    json_decref(v);
}

static void differences(void **state)
{
    static const struct {
        const char *a, *b, *names;
    } rows[] = {
        {"{\"title\":\"a\",\"n\":1}", "{ \"n\":1, \"title\":\"a\" }", ""},
        {"{\"title\":\"a\",\"n\":1}", "{\"title\":\"b\",\"n\":1}", "title"},
        {"{\"a\":1,\"b\":2}", "{\"b\":3,\"c\":4}", "b, a, c"},
        {"{\"a\":[1,2]}", "{\"a\":[2,1]}", "a"},
        {"[1]", "[2]", ""},
        {"{", "{}", ""},
    };
    char names[40];
    for (size_t i = 0; i < AW_COUNT(rows); i++) {
        aw_json_diff(rows[i].a, strlen(rows[i].a), rows[i].b, strlen(rows[i].b), names,
                     sizeof names);
        assert_string_equal(names, rows[i].names);
    }
    aw_json_diff("{\"recipients\":1}", 16, "{\"title\":1}", 11, names, 12);
    assert_string_equal(names, "recipients"); /* what fits */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refused), cmocka_unit_test(places),
        cmocka_unit_test(depth),   cmocka_unit_test(members),
        cmocka_unit_test(size),    cmocka_unit_test(ids_never_pass_through_a_double),
        cmocka_unit_test(texts),   cmocka_unit_test(differences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
