/* SPDX-License-Identifier: Apache-2.0
 *
 * What providers say is cleaned, cut, and names nobody.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "chan/detail.h"
#include "chan_fix.h"

static struct aw_channel *channel;

static int set_up(void **state)
{
    (void)state;
    channel = fix_channel("gateway", (const char *const[]){"password", "s3cretword", NULL});
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fix_channel_free(channel);
    return 0;
}

static void addresses_and_secrets_are_masked(void **state)
{
    static const char *ids[] = {"18071adc030dcba91c0"};
    static const struct {
        struct aw_send send;
        const char *text, *want;
    } cases[] = {
        {{.alias = "li"}, "alias li is invalid", "alias *** is invalid"},
        {{.alias = "li.ming"}, "bad:LI.MINGx", "bad:***x"},
        {{.registration_ids = ids, .n_registration_ids = 1},
         "rid 18071adc030dcba91c0 gone",
         "rid *** gone"},
        {{.phone = "+8613812345678"}, "to +8613812345678: no", "to ***: no"},
        {{.phone = "+8613812345678"}, "to 13812345678, code 1002", "to ***, code 1002"},
        {{.email = "li@sim.invalid"}, "5.1.1 <Li@sim.invalid>: unknown", "5.1.1 <***>: unknown"},
        {{.email = "li@sim.invalid"}, "forward to wang@sim.invalid", "forward to ***"},
        {{.phone = "+1"}, "user shop pass s3cretword!", "user shop pass ***!"},
        {{.alias = "x"}, "", ""},
    };
    char got[AW_DETAIL_MAX + 1];
    (void)state;
    for (unsigned i = 0; i < AW_COUNT(cases); i++) {
        struct aw_send s = cases[i].send;
        s.channel = channel;
        aw_detail(got, &s, cases[i].text, strlen(cases[i].text));
        assert_string_equal(got, cases[i].want);
    }
}

static void texts_are_one_clean_line(void **state)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"a\r\nb\tc  d", "a b c d"},
        {"\x1b[31mred\x7f", "[31mred"},
        {"bad \xff\xfe utf8", "bad utf8"},
        {"\xc2\x85"
         "c1",
         "c1"},
        {"中文 ok", "中文 ok"},
    };
    char got[AW_DETAIL_MAX + 1];
    (void)state;
    for (unsigned i = 0; i < AW_COUNT(cases); i++) {
        aw_detail_clean(got, cases[i].text, strlen(cases[i].text));
        assert_string_equal(got, cases[i].want);
    }
}

static void long_texts_are_cut_between_characters(void **state)
{
    char text[3 * 100 + 2] = "x", got[AW_DETAIL_MAX + 1];
    (void)state;
    for (unsigned i = 0; i < 100; i++)
        memcpy(text + 1 + 3 * i, "中", 3);
    aw_detail_clean(got, text, sizeof text - 1);
    assert_int_equal(strlen(got), 199); /* 1 + 66 * 3; one more would not fit */
    assert_true(aw_utf8_valid(got, strlen(got)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_and_secrets_are_masked),
        cmocka_unit_test(texts_are_one_clean_line),
        cmocka_unit_test(long_texts_are_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
