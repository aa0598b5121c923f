/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/engine.h"

static void test_fold(void **state)
{
    static const struct {
        unsigned needed;
        unsigned counts[AW_N_STATES]; /* open confirmed exhausted expired cancelled released */
        enum aw_state want;
    } rows[] = {
        {0, {1, 0, 0, 0, 0, 0}, AW_OPEN},
        {0, {1, 9, 9, 9, 9, 9}, AW_OPEN}, /* while one is open, the message is */
        {0, {0, 3, 0, 0, 0, 0}, AW_CONFIRMED},
        {0, {0, 2, 1, 0, 0, 0}, AW_EXHAUSTED}, /* of: each: two of three do not confirm it */
        {0, {0, 0, 1, 1, 1, 0}, AW_EXHAUSTED},
        {0, {0, 1, 0, 1, 1, 0}, AW_EXPIRED},
        {0, {0, 1, 0, 0, 1, 0}, AW_CANCELLED},
        {0, {0, 0, 0, 0, 2, 0}, AW_CANCELLED},
        {0, {0, 1, 0, 0, 0, 2}, AW_CONFIRMED},
        {1, {1, 0, 0, 0, 0, 0}, AW_OPEN},
        {1, {1, 1, 0, 0, 0, 0}, AW_CONFIRMED}, /* the open one is to be released */
        {1, {0, 1, 1, 1, 1, 0}, AW_CONFIRMED}, /* ended earlier: no matter how */
        {2, {1, 1, 1, 0, 0, 0}, AW_OPEN},      /* ended ones stay in the denominator */
        {2, {0, 1, 1, 0, 0, 0}, AW_EXHAUSTED},
        {2, {0, 2, 0, 0, 0, 3}, AW_CONFIRMED},
    };

    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(aw_message_fold(rows[i].needed, rows[i].counts), rows[i].want);
}

/* N% rounds up, at least 1. */
static void test_needed(void **state)
{
    static const struct {
        struct aw_of of;
        unsigned n, want;
    } rows[] = {
        {{0, false}, 5, 0},   {{1, false}, 5, 1},   {{7, false}, 5, 7}, {{80, true}, 5, 4},
        {{80, true}, 3, 3},   {{50, true}, 3, 2},   {{1, true}, 3, 1},  {{100, true}, 1000, 1000},
        {{33, true}, 99, 33}, {{34, true}, 99, 34},
    };

    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct aw_rule rule = {.of = rows[i].of};
        assert_int_equal(aw_rule_needed(&rule, rows[i].n), rows[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fold),
        cmocka_unit_test(test_needed),
    };
    return cmocka_run_group_tests_name("fold", tests, NULL, NULL);
}
