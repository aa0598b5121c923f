/* SPDX-License-Identifier: Apache-2.0
 *
 * base/str.h: UTF-8, widths, numbers, nearest names, globs, encodings, masks.
 */
#include "base/str.h"

#include <string.h>

#include "../lib/unit.h"
#include "base/err.h"
#include "base/mem.h"

static void equality(void **state)
{
    assert_true(aw_streq(NULL, NULL));
    assert_false(aw_streq(NULL, ""));
    assert_false(aw_streq("", NULL));
    assert_true(aw_streq("a", "a"));
    assert_false(aw_streq("a", "b"));
    assert_true(aw_starts("oncall:noc", "oncall:"));
    assert_false(aw_starts("on", "oncall:"));
}

static void utf8(void **state)
{
    static const struct {
        const char *text;
        bool valid, clean, clean_multi;
    } rows[] = {
        {"", true, true, true},
        {"plain", true, true, true},
        {"通知 é 🚚", true, true, true},
        {"a\nb\tc\r", true, false, true},
        {"bell\a", true, false, false},
        {"del\x7f", true, false, false},
        {"nel\xc2\x85", true, false, false},
        {"\xc0\x80", false, false, false},             /* overlong NUL */
        {"\xc1\xbf", false, false, false},             /* overlong */
        {"\xe0\x80\xaf", false, false, false},         /* overlong */
        {"\xf0\x80\x80\xaf", false, false, false},     /* overlong */
        {"\xed\xa0\x80", false, false, false},         /* surrogate */
        {"\xed\x9f\xbf", true, true, true},            /* U+D7FF */
        {"\xf4\x8f\xbf\xbf", true, true, true},        /* U+10FFFF */
        {"\xf4\x90\x80\x80", false, false, false},     /* beyond */
        {"\xf8\x88\x80\x80\x80", false, false, false}, /* five bytes */
        {"\xff", false, false, false},
        {"\x80", false, false, false},
        {"cut \xe9\x80", false, false, false},
        {"\xe9\x80z", false, false, false},
    };
    for (size_t i = 0; i < AW_COUNT(rows); i++) {
        size_t n = strlen(rows[i].text);
        assert_int_equal(aw_utf8_valid(rows[i].text, n), rows[i].valid);
        assert_int_equal(aw_utf8_clean(rows[i].text, n, false), rows[i].clean);
        assert_int_equal(aw_utf8_clean(rows[i].text, n, true), rows[i].clean_multi);
    }
    assert_true(aw_utf8_valid("a\0b", 3));
    assert_false(aw_utf8_clean("a\0b", 3, true));
}

static void utf8_by_code_point(void **state)
{
    const char *p = "a\xc3\xa9\xe9\x80\x9a\xf0\x9f\x9a\x9a", *end = p + strlen(p);
    static const int32_t want[] = {'a', 0xe9, 0x901a, 0x1f69a};
    for (size_t i = 0; i < AW_COUNT(want); i++)
        assert_int_equal(aw_utf8_next(&p, end), want[i]);
    assert_ptr_equal(p, end);
    assert_int_equal(aw_utf8_next(&p, end), -1);
    p = "\xe9\x80";
    const char *was = p;
    assert_int_equal(aw_utf8_next(&p, p + 2), -1);
    assert_ptr_equal(p, was); /* not moved by malformed bytes */
}

static void cuts(void **state)
{
    assert_int_equal(aw_utf8_cut("abc", 3, 9), 3);
    assert_int_equal(aw_utf8_cut("abc", 3, 2), 2);
    assert_int_equal(aw_utf8_cut("通知", 6, 6), 6);
    assert_int_equal(aw_utf8_cut("通知", 6, 5), 3);
    assert_int_equal(aw_utf8_cut("通知", 6, 3), 3);
    assert_int_equal(aw_utf8_cut("通知", 6, 2), 0);
}

static void widths(void **state)
{
    static const struct {
        const char *text;
        size_t cells;
    } rows[] = {
        {"", 0},         {"abc", 3},
        {"订单通知", 8}, {"名称: x", 7},
        {"ｆｕｌｌ", 8}, {"한국어", 6},
        {"カタカナ", 8}, {"ｶﾀｶﾅ", 4},
        {"e\u0301", 1},  {"é", 1},
        {"🚚", 2},        {"“引号”", 6},
        {"a\u200bb", 2}, {"、。", 4},
        {"ไทย", 3},      {"\u1100\u1161", 2}, /* Hangul jamo: one syllable */
        {"—", 1},        {"😀", 2},
        {"𠀀", 2},       {"\xff\xfe", 2},
        {"Привет", 6},   {"✔", 1},
        {"⚡", 2},        {"ก็", 1},
    };
    for (size_t i = 0; i < AW_COUNT(rows); i++)
        assert_int_equal(aw_display_width(rows[i].text, strlen(rows[i].text)), rows[i].cells);
}

static void numbers(void **state)
{
    uint64_t v = 99;
    assert_int_equal(aw_parse_u64("0", 1, 9, &v), 0);
    assert_int_equal(v, 0);
    assert_int_equal(aw_parse_u64("18446744073709551615", 20, UINT64_MAX, &v), 0);
    assert_true(v == UINT64_MAX);
    assert_int_equal(aw_parse_u64("65535x", 5, 65535, &v), 0);
    assert_int_equal(v, 65535);
    static const char *const bad[] = {
        "", "00", "01", "+1", "-1", " 1", "1 ", "0x1", "1e3", "65536", "99999999999999999999"};
    for (size_t i = 0; i < AW_COUNT(bad); i++)
        assert_int_equal(aw_parse_u64(bad[i], strlen(bad[i]), 65535, &v), AW_EINVAL);
    assert_int_equal(aw_parse_u64("18446744073709551616", 20, UINT64_MAX, &v), AW_EINVAL);
    assert_int_equal(aw_parse_u64("5", 1, 4, &v), AW_EINVAL);
    assert_int_equal(v, 65535); /* untouched */
}

static void distances(void **state)
{
    assert_int_equal(aw_edit_distance("", ""), 0);
    assert_int_equal(aw_edit_distance("sms", "sms"), 0);
    assert_int_equal(aw_edit_distance("smss", "sms"), 1);
    assert_int_equal(aw_edit_distance("msm", "sms"), 2);
    assert_int_equal(aw_edit_distance("unitl", "until"), 1); /* neighbours swapped */
    assert_int_equal(aw_edit_distance("ca", "abc"), 3);      /* optimal string alignment */
    assert_int_equal(aw_edit_distance("kitten", "sitting"), 3);
    assert_int_equal(aw_edit_distance("", "abcdefghijklmnop"), 9);
    char a[101], b[101];
    memset(a, 'a', 100), memset(b, 'a', 100), a[100] = b[100] = 0;
    assert_int_equal(aw_edit_distance(a, b), 0);
    b[50] = 'b';
    assert_int_equal(aw_edit_distance(a, b), 9); /* too long to compare */
}

static void nearest(void **state)
{
    static const char *const names[] = {"push", "sms",     "email",      "im",
                                        "call", "webhook", "recipients", NULL};
    static const char *const none[] = {NULL};
    assert_string_equal(aw_nearest("emial", names), "email");
    assert_string_equal(aw_nearest("recipents", names), "recipients");
    assert_string_equal(aw_nearest("web_hook", names), "webhook");
    assert_string_equal(aw_nearest("sm", names), "sms");
    assert_null(aw_nearest("telegram", names));
    assert_null(aw_nearest("", names));
    assert_null(aw_nearest("x", names));
    assert_null(aw_nearest("sms", none));
}

static void globs(void **state)
{
    static const struct {
        const char *pattern, *value;
        bool match;
    } rows[] = {
        {"", "", true},
        {"", "a", false},
        {"*", "", true},
        {"*", "anything", true},
        {"office", "office", true},
        {"office", "Office", false},
        {"off*", "office", true},
        {"*ice", "office", true},
        {"o*i*e", "office", true},
        {"o*x*e", "office", false},
        {"?ffice", "office", true},
        {"?", "", false},
        {"?", "通", true},
        {"??", "通", false},
        {"?知", "通知", true},
        {"*?", "é", true},
        {"*??", "é", false},
        {"a**b", "ab", true},
        {"*.*", "a.b.c", true},
        {"ab*ab", "ab", false},
        {"*ab", "aab", true},
        {"a?c*", "abcdef", true},
        {"offic", "office", false},
        {"[o]ffice", "office", false},
    };
    for (size_t i = 0; i < AW_COUNT(rows); i++)
        assert_int_equal(aw_glob(rows[i].pattern, rows[i].value), rows[i].match);
}

/* Would take ages in an engine that recurses. */
static void hostile_glob(void **state)
{
    char value[4001], pattern[2002];
    memset(value, 'a', 4000), value[4000] = 0;
    for (int i = 0; i < 2000; i += 2)
        memcpy(pattern + i, "a*", 2);
    memcpy(pattern + 2000, "b", 2);
    assert_false(aw_glob(pattern, value));
    pattern[2000] = 0;
    assert_true(aw_glob(pattern, value));
}

static void hex(void **state)
{
    char text[9];
    uint8_t bytes[4];
    aw_hex(text, "\x00\x7f\x80\xff", 4);
    assert_string_equal(text, "007f80ff");
    assert_int_equal(aw_unhex(bytes, "007F80ff", 8), 0);
    assert_memory_equal(bytes, "\x00\x7f\x80\xff", 4);
    assert_int_equal(aw_unhex(bytes, "00f", 3), AW_EINVAL);
    assert_int_equal(aw_unhex(bytes, "0g", 2), AW_EINVAL);
}

/* RFC 4648, section 10. */
static void base64(void **state)
{
    static const struct {
        const char *plain, *padded, *url;
    } rows[] = {
        {"", "", ""},
        {"f", "Zg==", "Zg"},
        {"fo", "Zm8=", "Zm8"},
        {"foo", "Zm9v", "Zm9v"},
        {"foob", "Zm9vYg==", "Zm9vYg"},
        {"fooba", "Zm9vYmE=", "Zm9vYmE"},
        {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
        {"\xfb\xff\xfe", "+//+", "-__-"},
    };
    for (size_t i = 0; i < AW_COUNT(rows); i++) {
        char text[16], back[8];
        size_t n = strlen(rows[i].plain), n_back;
        aw_b64(text, rows[i].plain, n);
        assert_string_equal(text, rows[i].padded);
        assert_int_equal(aw_unb64(back, n, text, strlen(text), &n_back), 0);
        assert_int_equal(n_back, n);
        assert_memory_equal(back, rows[i].plain, n);
        aw_b64url(text, rows[i].plain, n);
        assert_string_equal(text, rows[i].url);
        assert_int_equal(aw_unb64url(back, n, text, strlen(text), &n_back), 0);
        assert_int_equal(n_back, n);
        assert_memory_equal(back, rows[i].plain, n);
    }
}

static void base64_is_strict(void **state)
{
    static const char *const bad[] = {"Zg",   "Zg=",      "Zg===", "Z===", "====",    "Zh==",
                                      "Zm9=", "Zm9v====", "Zm-v",  "Zm v", "Zg==Zg=="};
    static const char *const bad_url[] = {"Z", "Zh", "Zg==", "Zm+v", "Zm9vZ"};
    char back[16];
    size_t n = 77;
    for (size_t i = 0; i < AW_COUNT(bad); i++)
        assert_int_equal(aw_unb64(back, sizeof back, bad[i], strlen(bad[i]), &n), AW_EINVAL);
    for (size_t i = 0; i < AW_COUNT(bad_url); i++)
        assert_int_equal(aw_unb64url(back, sizeof back, bad_url[i], strlen(bad_url[i]), &n),
                         AW_EINVAL);
    assert_int_equal(aw_unb64(back, 2, "Zm9v", 4, &n), AW_ELIMIT);
    assert_int_equal(n, 77);
}

static void masks(void **state)
{
    static const struct {
        const char *address, *masked;
    } rows[] = {
        {"+8613812341234", "+86138****1234"},
        {"+9990000001", "+99****0001"},
        {"+1234567", "+1****67"},
        {"li@example.com", "l***@example.com"},
        {"李@example.com", "李***@example.com"},
        {"alias-of-somebody", "a***y"},
        {"李小龙先生", "李***生"},
        {"li", "l***"},
        {"", ""},
    };
    char dst[64];
    for (size_t i = 0; i < AW_COUNT(rows); i++) {
        aw_mask(dst, sizeof dst, rows[i].address);
        assert_string_equal(dst, rows[i].masked);
    }
    aw_mask(dst, 6, "李小龙@example.com");
    assert_true(strlen(dst) <= 5 && aw_utf8_valid(dst, strlen(dst)));
    for (size_t cap = 1; cap < 16; cap++) {
        aw_mask(dst, cap, "李小龙先生");
        assert_true(strlen(dst) < cap && aw_utf8_valid(dst, strlen(dst)));
    }
}

static void formats(void **state)
{
    char dst[8];
    aw_format(dst, sizeof dst, "%s", "1234567");
    assert_string_equal(dst, "1234567");
    aw_format(dst, sizeof dst, "%s", "12345678");
    assert_string_equal(dst, "1234567");
    aw_format(dst, sizeof dst, "%d%s", 1, "通知x"); /* 7 bytes would fit, 8 are wanted */
    assert_string_equal(dst, "1通知");
    aw_format(dst, sizeof dst, "%d%s", 12, "通知");
    assert_string_equal(dst, "12通");
    aw_format(dst, 1, "%s", "x");
    assert_string_equal(dst, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equality),
        cmocka_unit_test(utf8),
        cmocka_unit_test(utf8_by_code_point),
        cmocka_unit_test(cuts),
        cmocka_unit_test(widths),
        cmocka_unit_test(numbers),
        cmocka_unit_test(distances),
        cmocka_unit_test(nearest),
        cmocka_unit_test(globs),
        cmocka_unit_test(hostile_glob),
        cmocka_unit_test(hex),
        cmocka_unit_test(base64),
        cmocka_unit_test(base64_is_strict),
        cmocka_unit_test(formats),
        cmocka_unit_test(masks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
