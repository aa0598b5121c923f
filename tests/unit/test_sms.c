/* SPDX-License-Identifier: Apache-2.0
 *
 * codec/sms.h: the alphabet character by character, the edges of segments, the odd character.
 */
#include "codec/sms.h"

#include <string.h>

#include "../lib/unit.h"
#include "base/buf.h"
#include "base/mem.h"

/* 3GPP TS 23.038, table 6.2.1 by rows of sixteen, written here a second time and as text; the
 * escape's place is left out. */
static const char alphabet[] = "@£$¥èéùìòÇ\nØø\rÅå"
                               "Δ_ΦΓΛΩΠΨΣΘΞÆæßÉ"
                               " !\"#¤%&'()*+,-./"
                               "0123456789:;<=>?"
                               "¡ABCDEFGHIJKLMNO"
                               "PQRSTUVWXYZÄÖÑÜ§"
                               "¿abcdefghijklmno"
                               "pqrstuvwxyzäöñüà";
static const char escaped[] = "\f^{}\\[~]|€";

/* `times` copies of a text, then another. */
static const char *many(struct aw_buf *b, const char *s, unsigned times, const char *then)
{
    aw_buf_free(b);
    *b = AW_BUF_INIT(1 << 20);
    while (times--)
        aw_buf_puts(b, s);
    aw_buf_puts(b, then);
    return aw_buf_str(b);
}

static void whole_alphabet(void **state)
{
    struct aw_sms_count c;
    aw_sms_count(alphabet, strlen(alphabet), &c);
    assert_int_equal(c.coding, AW_SMS_GSM7);
    assert_int_equal(c.chars, 127);
    assert_int_equal(c.units, 127);
    aw_sms_count(escaped, strlen(escaped), &c);
    assert_int_equal(c.coding, AW_SMS_GSM7);
    assert_int_equal(c.chars, 10);
    assert_int_equal(c.units, 20);
}

/* Of the first 65,536 code points no more than these 137 are in the alphabet. */
static void nothing_else(void **state)
{
    unsigned in = 0;
    for (unsigned c = 1; c < 0x10000; c++) {
        char s[4] = {0};
        struct aw_sms_odd odd;
        if (c >= 0xd800 && c < 0xe000)
            continue;
        if (c < 0x80) {
            s[0] = (char)c;
        } else if (c < 0x800) {
            s[0] = (char)(0xc0 | c >> 6);
            s[1] = (char)(0x80 | (c & 63));
        } else {
            s[0] = (char)(0xe0 | c >> 12);
            s[1] = (char)(0x80 | (c >> 6 & 63));
            s[2] = (char)(0x80 | (c & 63));
        }
        if (!aw_sms_odd(s, strlen(s), &odd))
            in++;
        else if (odd.instead)
            assert_false(aw_sms_odd(odd.instead, strlen(odd.instead), &odd));
    }
    assert_int_equal(in, 137);
}

static void edges_of_segments(void **state)
{
    static const struct {
        const char *unit;
        unsigned times;
        const char *then;
        enum aw_sms_coding coding;
        unsigned units, segments, room;
    } rows[] = {
        {"", 0, "", AW_SMS_GSM7, 0, 1, 160},
        {"a", 160, "", AW_SMS_GSM7, 160, 1, 0},
        {"a", 161, "", AW_SMS_GSM7, 161, 2, 145},
        {"a", 306, "", AW_SMS_GSM7, 306, 2, 0},
        {"a", 307, "", AW_SMS_GSM7, 307, 3, 152},
        {"a", 158, "€", AW_SMS_GSM7, 160, 1, 0},
        {"a", 159, "€", AW_SMS_GSM7, 161, 2, 145},
        /* the escape would be septet 153, its letter 154: both move on */
        {"a", 152, "€aaaaaaaa", AW_SMS_GSM7, 162, 2, 143},
        {"€", 153, "", AW_SMS_GSM7, 306, 3, 151},
        {"中", 70, "", AW_SMS_UCS2, 70, 1, 0},
        {"中", 71, "", AW_SMS_UCS2, 71, 2, 63},
        {"中", 134, "", AW_SMS_UCS2, 134, 2, 0},
        {"中", 135, "", AW_SMS_UCS2, 135, 3, 66},
        {"a", 69, "中", AW_SMS_UCS2, 70, 1, 0},
        {"a", 160, "中", AW_SMS_UCS2, 161, 3, 40},
        {"😀", 35, "", AW_SMS_UCS2, 70, 1, 0},
        {"😀", 36, "", AW_SMS_UCS2, 72, 2, 61}, /* 33 pairs in the first, one unit wasted */
        {"€", 1, "中", AW_SMS_UCS2, 2, 1, 68},
    };
    struct aw_buf b = AW_BUF_INIT(16);
    for (unsigned i = 0; i < AW_COUNT(rows); i++) {
        struct aw_sms_count c;
        const char *s = many(&b, rows[i].unit, rows[i].times, rows[i].then);
        aw_sms_count(s, strlen(s), &c);
        if (c.coding != rows[i].coding || c.units != rows[i].units ||
            c.segments != rows[i].segments || c.room != rows[i].room)
            fail_msg("row %u: %s, %u units, %u segments, room %u", i, aw_sms_coding_name(c.coding),
                     c.units, c.segments, c.room);
    }
    aw_buf_free(&b);
}

static void place_in_segments(void **state)
{
    struct aw_buf b = AW_BUF_INIT(16);
    const char *s = many(&b, "a", 200, "");
    assert_int_equal(aw_sms_segment_of(s, 200, 0), 0);
    assert_int_equal(aw_sms_segment_of(s, 200, 152), 0);
    assert_int_equal(aw_sms_segment_of(s, 200, 153), 1);
    assert_int_equal(aw_sms_segment_of(s, 160, 159), 0);
    s = many(&b, "a", 152, "€aaaaaaaa");
    assert_int_equal(aw_sms_segment_of(s, strlen(s), 152), 1);
    s = many(&b, "中", 100, "");
    assert_int_equal(aw_sms_segment_of(s, 300, 3 * 66 + 2), 0);
    assert_int_equal(aw_sms_segment_of(s, 300, 3 * 67), 1);
    aw_buf_free(&b);
}

static void odd_character(void **state)
{
    static const struct {
        const char *text;
        unsigned position;
        int32_t c;
        const char *instead;
        unsigned others;
        bool all;
    } rows[] = {
        {"Don\xe2\x80\x99t miss it", 4, 0x2019, "'", 0, true},
        {"Order 42 \xe2\x80\x93 shipped\xe2\x80\xa6", 10, 0x2013, "-", 1, true},
        {"café ok, façade not", 12, 0xe7, "c", 0, true},
        {"a\tb", 2, 9, " ", 0, true},
        {"ok 😀 – ok", 4, 0x1f600, NULL, 1, false},
        {"订单", 1, 0x8ba2, NULL, 1, false},
    };
    struct aw_sms_odd odd;
    for (unsigned i = 0; i < AW_COUNT(rows); i++) {
        assert_true(aw_sms_odd(rows[i].text, strlen(rows[i].text), &odd));
        assert_int_equal(odd.position, rows[i].position);
        assert_int_equal(odd.c, rows[i].c);
        assert_int_equal(odd.others, rows[i].others);
        assert_int_equal(odd.all, rows[i].all);
        if (rows[i].instead)
            assert_string_equal(odd.instead, rows[i].instead);
        else
            assert_null(odd.instead);
    }
    assert_false(aw_sms_odd("plain", 5, &odd));
}

/* The example of the documents: 94 characters, of which one makes two segments of one. */
static void one_character_doubles(void **state)
{
    struct aw_buf b = AW_BUF_INIT(16);
    struct aw_sms_count c;
    struct aw_sms_odd odd;
    const char *s = many(&b, "a", 93, "\xe2\x80\x99");
    aw_sms_count(s, strlen(s), &c);
    assert_int_equal(c.segments, 2);
    assert_true(aw_sms_odd(s, strlen(s), &odd));
    assert_int_equal(odd.position, 94);
    assert_true(odd.all);
    assert_int_equal(odd.fixed.segments, 1);
    assert_int_equal(odd.fixed.units, 94);
    aw_buf_free(&b);
}

/* What is not UTF-8 is counted, not read beyond. */
static void malformed(void **state)
{
    struct aw_sms_count c;
    aw_sms_count("a\xe4\xb8", 3, &c);
    assert_int_equal(c.chars, 3);
    assert_int_equal(c.coding, AW_SMS_GSM7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_alphabet),    cmocka_unit_test(nothing_else),
        cmocka_unit_test(edges_of_segments), cmocka_unit_test(place_in_segments),
        cmocka_unit_test(odd_character),     cmocka_unit_test(one_character_doubles),
        cmocka_unit_test(malformed),
    };
    return cmocka_run_group_tests_name("sms", tests, NULL, NULL);
}
