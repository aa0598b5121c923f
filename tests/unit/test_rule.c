/* SPDX-License-Identifier: Apache-2.0 */
#include "core/rule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct aw_step steps[] = {
    {.id = "push", .kinds = {AW_PUSH}, .n_kinds = 1, .to = {{AW_TO_RECIPIENT, NULL}}, .n_to = 1},
    {.id = "boss",
     .kinds = {AW_SMS, AW_EMAIL},
     .n_kinds = 2,
     .to = {{AW_TO_MANAGER, NULL}, {AW_TO_CONTACT, "noc"}},
     .n_to = 2},
    {.id = "duty",
     .kinds = {AW_SMS},
     .n_kinds = 1,
     .to = {{AW_TO_MANAGER, NULL}, {AW_TO_CONTACT, "duty"}},
     .n_to = 2},
    {.id = "user",
     .kinds = {AW_SMS},
     .n_kinds = 1,
     .to = {{AW_TO_MANAGER, NULL}, {AW_TO_USER, "noc"}},
     .n_to = 2},
};
static const struct aw_step last = {.id = "exhausted"};

static void test_steps(void **state)
{
    const struct aw_rule with = {.steps = steps, .n_steps = 4, .exhausted = &last};
    const struct aw_rule without = {.steps = steps, .n_steps = 4};

    assert_ptr_equal(aw_rule_step(&with, 1), &steps[1]);
    assert_null(aw_rule_step(&with, 4));
    assert_ptr_equal(aw_rule_step(&with, AW_STEP_EXHAUSTED), &last);
    assert_null(aw_rule_step(&without, AW_STEP_EXHAUSTED));
    assert_int_equal(aw_rule_step_index(&with, "boss"), 1);
    assert_int_equal(aw_rule_step_index(&with, "exhausted"), AW_STEP_EXHAUSTED);
    assert_int_equal(aw_rule_step_index(&without, "exhausted"), -1);
    assert_int_equal(aw_rule_step_index(&with, "Boss"), -1);
}

static void test_comparisons(void **state)
{
    assert_true(aw_step_has_kind(&steps[1], AW_EMAIL));
    assert_false(aw_step_has_kind(&steps[1], AW_PUSH));
    assert_true(aw_step_same_targets(&steps[1], &steps[1]));
    assert_false(aw_step_same_targets(&steps[0], &steps[1]));
    assert_false(aw_step_same_targets(&steps[1], &steps[2])); /* another name */
    assert_false(aw_step_same_targets(&steps[1], &steps[3])); /* another type */
}

static void test_sets(void **state)
{
    struct aw_rule a = {.name = "a"}, b = {.name = "b"};
    struct aw_rule *const rules[] = {&a, &b};
    const struct aw_ruleset set = {.rules = rules, .n = 2}, none = {0};

    assert_ptr_equal(aw_ruleset_find(&set, "b"), &b);
    assert_null(aw_ruleset_find(&set, "c"));
    assert_null(aw_ruleset_find(&none, "a"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_comparisons),
        cmocka_unit_test(test_sets),
    };
    return cmocka_run_group_tests_name("rule", tests, NULL, NULL);
}
