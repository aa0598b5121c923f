/* SPDX-License-Identifier: Apache-2.0
 *
 * What people write back, and from where.
 */
#include "codec/reply.h"

#include <stdio.h>
#include <string.h>

#include "../lib/unit.h"
#include "base/err.h"
#include "base/mem.h"

static void codes(void **state)
{
    static const struct {
        const char *text, *codes; /* joined by blanks; "" none */
    } rows[] = {
        {"1234", "1234"},
        {"ACK 1234", "1234"},
        {"ack 1234", "1234"},
        {"  Ack:1234.\r\n", "1234"},
        {"１２３４", "1234"},
        {"ＡＣＫ　１２３４！", "1234"},
        {"确认1234", "1234"},
        {"1234 收到，马上处理", "1234"},
        {"ack1234", "1234"},
        {"(12-34)", "1234"},
        {"1 2 3 4", "1234"},
        {"12 3456", "123456 3456"},
        {"12345", "12345"},
        {"123456", "123456"},
        {"0042", "0042"},
        {"N 1234", "1234"},
        {"1234 and 5678 and 1234", "1234 5678"},
        {"1111 a 2222 b 3333 c 4444 d 5555", "1111 2222 3333 4444"},
        {"\xff\xfe 1234 \x80", "1234"},
        {"123", ""},
        {"1234567", ""},
        {"call me at 13812345678", ""},
        {"1a2b3c4d", ""},
        {"OK", ""},
        {"", ""},
        {"???", ""},
    };
    for (size_t i = 0; i < AW_COUNT(rows); i++) {
        struct aw_reply_text r;
        char got[64] = "";
        aw_reply_read(rows[i].text, strlen(rows[i].text), &r);
        for (unsigned k = 0; k < r.n_codes; k++) {
            size_t at = strlen(got);
            snprintf(got + at, sizeof got - at, "%s%s", k ? " " : "", r.codes[k]);
        }
        assert_string_equal(got, rows[i].codes);
        assert_int_equal(r.says, r.n_codes ? AW_SAYS_CODE : AW_SAYS_WORDS);
    }
}

static void stop_and_start(void **state)
{
    static const struct {
        const char *text;
        enum aw_reply_says says;
    } rows[] = {
        {"STOP", AW_SAYS_STOP},        {"stop.", AW_SAYS_STOP},     {" Stop! ", AW_SAYS_STOP},
        {"ＳＴＯＰ", AW_SAYS_STOP},    {"STOP 1234", AW_SAYS_STOP}, {"stop all", AW_SAYS_STOP},
        {"TD", AW_SAYS_STOP},          {"t", AW_SAYS_STOP},         {"N", AW_SAYS_STOP},
        {"退订", AW_SAYS_STOP},        {"退 订。", AW_SAYS_STOP},   {"退訂", AW_SAYS_STOP},
        {"start", AW_SAYS_START},      {"恢复", AW_SAYS_START},     {"no", AW_SAYS_WORDS},
        {"don't stop", AW_SAYS_WORDS}, {"T 1234", AW_SAYS_CODE},    {"nonstop", AW_SAYS_WORDS},
        {"stopstop", AW_SAYS_WORDS},   {"不要退订", AW_SAYS_WORDS}, {"start it", AW_SAYS_WORDS},
    };
    for (size_t i = 0; i < AW_COUNT(rows); i++) {
        struct aw_reply_text r;
        aw_reply_read(rows[i].text, strlen(rows[i].text), &r);
        assert_int_equal(r.says, rows[i].says);
    }
}

/* What stands behind the bound is not read, and a long text is no word. */
static void long_texts(void **state)
{
    char text[3000];
    struct aw_reply_text r;
    memset(text, ' ', sizeof text);
    memcpy(text + sizeof text - 4, "1234", 4);
    aw_reply_read(text, sizeof text, &r);
    assert_int_equal(r.says, AW_SAYS_WORDS);
    memcpy(text + 2000, "1234", 4);
    aw_reply_read(text, sizeof text, &r);
    assert_int_equal(r.n_codes, 1);
    memset(text, 'S', sizeof text);
    aw_reply_read(text, sizeof text, &r);
    assert_int_equal(r.says, AW_SAYS_WORDS);
}

static void numbers(void **state)
{
    static const struct {
        const char *from, *prefix, *want; /* NULL: none */
    } rows[] = {
        {"+8613812345678", NULL, "+8613812345678"},
        {"+86 138-1234-5678", NULL, "+8613812345678"},
        {"8613812345678", NULL, "+8613812345678"},
        {"008613812345678", "+86", "+8613812345678"},
        {"13812345678", "+86", "+8613812345678"},
        {"+1 (201) 555.0100", "+86", "+12015550100"},
        {"10690", NULL, NULL},
        {"BANK", NULL, NULL},
        {"+86138+1234", NULL, NULL},
        {"1234567890123456", NULL, NULL},
        {"", NULL, NULL},
    };
    for (size_t i = 0; i < AW_COUNT(rows); i++) {
        char got[AW_NUMBER_MAX] = "";
        int r = aw_number_read(rows[i].from, rows[i].prefix, got);
        assert_int_equal(r, rows[i].want ? AW_OK : AW_EINVAL);
        assert_string_equal(got, rows[i].want ? rows[i].want : "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes),
        cmocka_unit_test(stop_and_start),
        cmocka_unit_test(long_texts),
        cmocka_unit_test(numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
