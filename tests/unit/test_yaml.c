/* SPDX-License-Identifier: Apache-2.0
 *
 * codec/yaml.h: the tree with its places, every refusal with code and place, bounded time.
 */
#include "codec/yaml.h"

#include <string.h>
#include <time.h>

#include "../lib/unit.h"
#include "base/buf.h"
#include "base/mem.h"

#define MAX ((size_t)1 << 20)

static struct aw_yaml_doc *parse(const char *text)
{
    struct aw_yaml_doc *doc = NULL;
    struct aw_yaml_error e;
    int code = aw_yaml_parse(text, strlen(text), MAX, AW_LANG_EN, &doc, &e);
    if (code)
        print_error("%u:%u %s %s\n", e.at.line, e.at.col, e.code, e.text);
    assert_int_equal(code, 0);
    return doc;
}

static void assert_at(struct aw_yaml_place at, unsigned line, unsigned col)
{
    assert_int_equal(at.line, line);
    assert_int_equal(at.col, col);
}

static void tree_with_places(void **state)
{
    struct aw_yaml_doc *doc = parse("version: 1\n"
                                    "名称: 订单通知 # comment\n"
                                    "steps:\n"
                                    "  - {id: push, do: [push, sms], \"at\": '0s'}\n"
                                    "  - id: text\n"
                                    "    text: |\n"
                                    "      two\n"
                                    "      lines\n");
    const struct aw_yaml *root = aw_yaml_root(doc);
    assert_int_equal(root->type, AW_YAML_MAP);
    assert_int_equal(root->n, 3);
    assert_at(root->at, 1, 1);
    assert_null(root->key);

    const struct aw_yaml *version = aw_yaml_get(root, "version");
    assert_string_equal(version->text, "1");
    assert_false(version->quoted);
    assert_at(version->at, 1, 10);
    assert_at(version->end, 1, 11);
    assert_at(version->key_at, 1, 1);

    const struct aw_yaml *name = aw_yaml_get(root, "名称");
    assert_ptr_equal(version->next, name);
    assert_string_equal(name->text, "订单通知");
    assert_at(name->at, 2, 5); /* code points */
    assert_at(name->end, 2, 9);

    const struct aw_yaml *steps = aw_yaml_get(root, "steps");
    assert_int_equal(steps->type, AW_YAML_LIST);
    assert_int_equal(steps->n, 2);
    assert_null(steps->next);
    const struct aw_yaml *first = steps->child, *kinds = aw_yaml_get(first, "do");
    assert_null(first->key);
    assert_at(first->at, 4, 5);
    assert_int_equal(kinds->n, 2);
    assert_string_equal(kinds->child->next->text, "sms");
    assert_at(kinds->child->next->at, 4, 27);
    assert_true(aw_yaml_get(first, "at")->quoted);
    assert_string_equal(aw_yaml_get(first->next, "text")->text, "two\nlines\n");
    assert_true(aw_yaml_get(first->next, "text")->quoted);

    assert_null(aw_yaml_get(root, "none"));
    assert_null(aw_yaml_get(steps, "id"));
    assert_null(aw_yaml_get(NULL, "id"));
    aw_yaml_free(doc);
    aw_yaml_free(NULL);
}

/* Whoever reads a field types it. */
static void scalars_stay_texts(void **state)
{
    static const char *const words[] = {"no",   "on",         "010",   "22:00", "0x1F", "1.50", "~",
                                        "null", "2026-11-22", "1_000", "+5",    ".inf", "true"};
    for (size_t i = 0; i < AW_COUNT(words); i++) {
        struct aw_buf b = AW_BUF_INIT(100);
        aw_buf_printf(&b, "a: %s\n", words[i]);
        struct aw_yaml_doc *doc = parse(aw_buf_str(&b));
        assert_string_equal(aw_yaml_root(doc)->child->text, words[i]);
        aw_yaml_free(doc);
        aw_buf_free(&b);
    }
}

static void small_files(void **state)
{
    static const char *const empty[] = {"", "\n\n", "# only a comment\n", "\r\n", "   \n"};
    for (size_t i = 0; i < AW_COUNT(empty); i++) {
        struct aw_yaml_doc *doc = parse(empty[i]);
        assert_int_equal(aw_yaml_root(doc)->type, AW_YAML_MAP);
        assert_int_equal(aw_yaml_root(doc)->n, 0);
        aw_yaml_free(doc);
    }
    struct aw_yaml_doc *doc = parse("---\na:\nb: ''\n...\n");
    assert_string_equal(aw_yaml_get(aw_yaml_root(doc), "a")->text, "");
    assert_false(aw_yaml_get(aw_yaml_root(doc), "a")->quoted);
    assert_true(aw_yaml_get(aw_yaml_root(doc), "b")->quoted);
    aw_yaml_free(doc);
    doc = parse("just a text");
    assert_int_equal(aw_yaml_root(doc)->type, AW_YAML_SCALAR);
    aw_yaml_free(doc);
    doc = parse("a: 1\r\nb: 2\r\n");
    assert_at(aw_yaml_get(aw_yaml_root(doc), "b")->at, 2, 4);
    aw_yaml_free(doc);
}

static void refusals(void **state)
{
    static const struct {
        const char *text, *code;
        unsigned line, col;
        const char *says; /* part of the text */
    } rows[] = {
        /* indentation and syntax */
        {"a:\n    until: opened\n       deadline: 24h\n", "E001", 3, 16,
         "lines 2 to 3 were read as one value, \"opened deadline\", and then came \":\""},
        {"名: 甲\n  乙: 丙\n", "E001", 2, 4, "\"甲 乙\""},
        {"a: b: c\n", "E001", 1, 5, "quotes"},
        {"a:b\nc: 1\n", "E001", 2, 2, "a \":\" above has no blank behind it"},
        {"a: 'it's'\n", "E001", 1, 8, "behind a closed quote"},
        {"a: \"x\" y\n", "E001", 1, 8, "behind a closed quote"},
        {"- \"x\": 1\n  y: \"z\" 2\n", "E001", 2, 10, "behind a closed quote"},
        {"a: [\n", "E001", 2, 1, "closes"},
        {"a: [\"x\", 'y", "E001", 1, 10, "never closed"},
        {"- \"x\" y\n", "E001", 1, 7, "behind a closed quote"},
        {"a: 1\nb\nc: 2\n", "E001", 2, 1, "without a \":\""},
        {"a: 1\n b: 2\n", "E001", 2, 3, "read as one value, \"1 b\""},
        {"a:\n  - x\n b: 2\n", "E001", 3, 2, "indent"},
        {"a:\n  b: 1\n c: 2\n", "E001", 3, 2, "indented"},
        {"a: [1, 2\nb: 3\n", "E001", 2, 2, "expected \",\" or \"]\""},
        {"a: {b: 1\n", "E001", 2, 1, "expected \",\" or \"}\""},
        {"a: \"open\n", "E001", 1, 4, "never closed"},
        {"a: 'open\n\n\n", "E001", 1, 4, "never closed"},
        {"a: @b\n", "E001", 1, 4, "cannot begin a value"},
        {"a: `b`\n", "E001", 1, 4, "cannot begin a value"},
        {"a: - b\n", "E001", 1, 4, "list item"},
        {"a: \"\\q\"\n", "E001", 1, 5, "escape"},
        {"a: 1\n]\n", "E001", 2, 1, ""},
        {"a: |2x\n  b\n", "E001", 1, 6, ""},
        /* what YAML has and we do not */
        {"a: &x 1\n", "E002", 1, 4, "&x"},
        {"a: &x {b: 1}\n", "E002", 1, 4, "&x"},
        {"a: [&x 1]\n", "E002", 1, 5, "&x"},
        {"&k a: 1\n", "E002", 1, 1, "&k"},
        {"a: *x\n", "E002", 1, 4, "*x"},
        {"*x : 1\n", "E002", 1, 1, "*x"},
        {"a: !!str 1\n", "E003", 1, 4, "str"},
        {"a: ! 1\n", "E003", 1, 4, "!"},
        {"a: !mine {b: 1}\n", "E003", 1, 4, "!mine"},
        {"a: !<x> [1]\n", "E003", 1, 4, "x"},
        {"%YAML 1.1\n---\na: 1\n", "E004", 1, 1, "directive"},
        {"%TAG ! x\n---\na: 1\n", "E004", 1, 1, "directive"},
        {"a: 1\n%b: 2\n", "E004", 2, 1, "directive"},
        {"a: 1\nb: 2\na: 3\n", "E005", 3, 1, "\"a\" stands twice in this map, first in line 1"},
        {"x: {b: 1, \"b\": 2}\n", "E005", 1, 11, "\"b\""},
        {"通: 1\n知: {}\n通: 2\n", "E005", 3, 1, "\"通\""},
        {"- {a: 1}\n- {b: 1, c: 2, b: 3}\n", "E005", 2, 16, "\"b\""},
        {"a:\n\tb: 1\n", "E006", 2, 1, "tab"},
        {"a:\n  \tb: 1\n", "E006", 2, 3, "tab"},
        {"a:\tb\n", "E006", 1, 3, "tab"},
        {"a: 1\n---\nb: 2\n", "E007", 2, 1, "second document"},
        {"a: 1\n...\nb: 2\n", "E001", 3, 1, ""},
        {"a: 1\n...\n---\nb: 2\n", "E007", 3, 1, "second document"},
        {"[a, b]: 1\n", "E011", 1, 1, "key"},
        {"{a: 1}: 1\n", "E011", 1, 1, "key"},
        {"? [a]\n: 1\n", "E011", 1, 3, "key"},
        {"? - a\n: 1\n", "E011", 1, 3, "key"},
        /* bytes */
        {"\xef\xbb\xbf"
         "a: 1\n",
         "E010", 1, 1, "byte order mark"},
        {"a: 1\nb: \xff\n", "E010", 2, 4, "UTF-8"},
        {"名: \xe9\x80\n", "E010", 1, 4, "UTF-8"},
        {"a: \xed\xa0\x80\n", "E010", 1, 4, "UTF-8"},
        {"a: \x01\n", "E010", 1, 4, "U+0001"},
        {"a: \x7f\n", "E010", 1, 4, "U+007F"},
        {"a: 1\rb: 2\n", "E010", 1, 5, "U+000D"},
        {"a: 1\xe2\x80\xa8"
         "b: 2\n",
         "E010", 1, 5, "U+2028"},
        {"a: \xef\xbb\xbf\n", "E010", 1, 4, "U+FEFF"},
        {"a: \"x\\0y\"\n", "E010", 1, 4, "control"},
        {"a: \"\\e[2J\"\n", "E010", 1, 4, "control"},
    };
    for (size_t i = 0; i < AW_COUNT(rows); i++) {
        struct aw_yaml_doc *doc = NULL;
        struct aw_yaml_error e = {0};
        int code = aw_yaml_parse(rows[i].text, strlen(rows[i].text), MAX, AW_LANG_EN, &doc, &e);
        if (code != AW_EINVAL || strcmp(e.code, rows[i].code) || e.at.line != rows[i].line ||
            e.at.col != rows[i].col || !strstr(e.text, rows[i].says))
            fail_msg("%s: %d %s %u:%u %s", rows[i].text, code, e.code, e.at.line, e.at.col, e.text);
        assert_null(doc);
    }
}

static void nul_byte(void **state)
{
    struct aw_yaml_doc *doc = NULL;
    struct aw_yaml_error e;
    assert_int_equal(aw_yaml_parse("a: \0b\n", 6, MAX, AW_LANG_EN, &doc, &e), AW_EINVAL);
    assert_string_equal(e.code, "E010");
    assert_at(e.at, 1, 4);
}

static void limits(void **state)
{
    struct aw_yaml_doc *doc = NULL;
    struct aw_yaml_error e;
    assert_int_equal(aw_yaml_parse("abcd", 4, 3, AW_LANG_EN, &doc, &e), AW_EINVAL);
    assert_string_equal(e.code, "E009");

    char deep[100];
    memset(deep, '[', 32), memset(deep + 32, ']', 32), deep[64] = 0;
    aw_yaml_free(parse(deep));
    memset(deep, '[', 33), memset(deep + 33, ']', 33), deep[66] = 0;
    assert_int_equal(aw_yaml_parse(deep, 66, MAX, AW_LANG_EN, &doc, &e), AW_EINVAL);
    assert_string_equal(e.code, "E008");
    assert_at(e.at, 1, 33);

    struct aw_buf b = AW_BUF_INIT(MAX);
    for (int i = 0; i < 100000; i++)
        aw_buf_puts(&b, "- x\n");
    assert_int_equal(aw_yaml_parse(b.p, b.n, MAX, AW_LANG_EN, &doc, &e), AW_EINVAL);
    assert_string_equal(e.code, "E009");
    aw_buf_free(&b);
    assert_null(doc);
}

static void error_texts_stay_whole(void **state)
{
    struct aw_buf b = AW_BUF_INIT(MAX);
    for (int i = 0; i < 300; i++)
        aw_buf_puts(&b, "通");
    aw_buf_puts(&b, ": 1\n");
    aw_buf_add(&b, b.p, 0);
    char *once = aw_strdup(b.p);
    aw_buf_puts(&b, once);
    struct aw_yaml_doc *doc = NULL;
    struct aw_yaml_error e;
    assert_int_equal(aw_yaml_parse(b.p, b.n, MAX, AW_LANG_EN, &doc, &e), AW_EINVAL);
    assert_string_equal(e.code, "E005");
    assert_true(aw_utf8_valid(e.text, strlen(e.text)));
    assert_non_null(strstr(e.text, "first in line 1"));
    aw_free(once);
    aw_buf_free(&b);
}

/* 1 MiB of each hostile pattern; the clock counts CPU seconds of this process. The bound is far
 * above the tenths of a second that a sanitized build takes, and far below what is quadratic. */
static void hostile_text_ends_soon(void **state)
{
    static const struct {
        const char *head, *unit, *tail;
    } rows[] = {
        {"", "[", ""},          {"", "{", ""},
        {"", "- ", ""},         {"", "? ", ""},
        {"", "a: ", ""},        {"a: \"", "x", ""},
        {"a: ", "x ", ""},      {"", "#", ""},
        {"a: ", "\n", ""},      {"a: [", "b,", "]"},
        {"a: {", "b, ", "}"},   {"", "!", ""},
        {"a: |\n", " x\n", ""}, {"a: >\n", " x\n\n", ""},
        {"a: '", "''", "'"},    {"", "&a ", ""},
        {"", "\n ", ""},        {"a: b", "\n  c", ""},
        {"", "-\n", ""},        {"", "*", ""},
        {"", "[a]: ", ""},      {"a: \"", "\\u0041", "\""},
        {"", "'a", ""},         {"", "? a\n", ""},
    };
    for (size_t i = 0; i < AW_COUNT(rows); i++) {
        struct aw_buf b = AW_BUF_INIT(MAX);
        size_t n_unit = strlen(rows[i].unit), n_tail = strlen(rows[i].tail);
        aw_buf_puts(&b, rows[i].head);
        while (b.n + n_unit + n_tail <= MAX)
            aw_buf_puts(&b, rows[i].unit);
        aw_buf_puts(&b, rows[i].tail);
        assert_false(b.over);
        struct aw_yaml_doc *doc = NULL;
        struct aw_yaml_error e;
        clock_t start = clock();
        if (aw_yaml_parse(b.p, b.n, MAX, AW_LANG_EN, &doc, &e) == 0)
            aw_yaml_free(doc);
        double took = (double)(clock() - start) / CLOCKS_PER_SEC;
        if (took > 5)
            fail_msg("%s: %f s", rows[i].unit, took);
        aw_buf_free(&b);
    }
}

/* Many keys in one map: the search for duplicates must not be quadratic. */
static void many_keys(void **state)
{
    struct aw_buf b = AW_BUF_INIT(MAX);
    for (int i = 0; i < 40000; i++)
        aw_buf_printf(&b, "key%d: 1\n", i);
    struct aw_yaml_doc *doc = parse(aw_buf_str(&b));
    assert_int_equal(aw_yaml_root(doc)->n, 40000);
    aw_yaml_free(doc);
    aw_buf_puts(&b, "key7: 2\n");
    struct aw_yaml_error e;
    assert_int_equal(aw_yaml_parse(b.p, b.n, MAX, AW_LANG_EN, &doc, &e), AW_EINVAL);
    assert_string_equal(e.code, "E005");
    assert_at(e.at, 40001, 1);
    aw_buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tree_with_places),
        cmocka_unit_test(scalars_stay_texts),
        cmocka_unit_test(small_files),
        cmocka_unit_test(refusals),
        cmocka_unit_test(nul_byte),
        cmocka_unit_test(limits),
        cmocka_unit_test(error_texts_stay_whole),
        cmocka_unit_test(hostile_text_ends_soon),
        cmocka_unit_test(many_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
