/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/engine.h"

static void test_fold(void **state)
{
    static const struct aw_rule rule;
    static const struct {
        unsigned counts[AW_N_STATES]; /* open confirmed exhausted expired cancelled released */
        enum aw_state want;
    } rows[] = {
        {{1, 0, 0, 0, 0, 0}, AW_OPEN},
        {{1, 9, 9, 9, 9, 9}, AW_OPEN}, /* while one is open, the message is */
        {{0, 3, 0, 0, 0, 0}, AW_CONFIRMED},
        {{0, 2, 1, 0, 0, 0}, AW_EXHAUSTED}, /* of: each: two of three do not confirm it */
        {{0, 0, 1, 1, 1, 0}, AW_EXHAUSTED},
        {{0, 1, 0, 1, 1, 0}, AW_EXPIRED},
        {{0, 1, 0, 0, 1, 0}, AW_CANCELLED},
        {{0, 0, 0, 0, 2, 0}, AW_CANCELLED},
        {{0, 1, 0, 0, 0, 2}, AW_CONFIRMED},
    };

    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(aw_message_fold(&rule, rows[i].counts), rows[i].want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_fold)};
    return cmocka_run_group_tests_name("fold", tests, NULL, NULL);
}
