/* SPDX-License-Identifier: Apache-2.0 */
#include "core/match.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct aw_registration reg = {
    .class_ = "office",
    .title = "办公通知：明天放假",
    .priority = AW_HIGH,
    .labels = {{"team", "noc"}, {"site", "SH-2"}},
    .n_labels = 2,
    .extras = {{"order", "4711"}},
    .n_extras = 1,
};
static const struct aw_match_input in = {.reg = &reg, .app = "shop", .channel = "jpush-main"};

static bool holds(enum aw_match_field field, const char *key, const char *a, const char *b)
{
    const char *const globs[] = {a, b};
    const struct aw_match_term term = {
        .field = field, .key = key, .globs = globs, .n_globs = b ? 2 : 1};
    const struct aw_rule rule = {.match = &term, .n_match = 1};
    const struct aw_match_term *failed = NULL;
    bool yes = aw_match(&rule, &in, &failed);

    assert_ptr_equal(failed, yes ? NULL : &term);
    assert_int_equal(aw_match(&rule, &in, NULL), yes);

    /* The same in a set, with and without the hash of a plain word. */
    struct aw_match_term hashed = term;
    if (b == NULL && strpbrk(a, "*?") == NULL)
        hashed.hash = aw_match_hash(a);
    struct aw_rule other = {.match = &hashed, .n_match = 1};
    struct aw_rule *const rules[] = {&other};
    const struct aw_ruleset set = {.rules = rules, .n = 1};
    assert_ptr_equal(aw_ruleset_match(&set, &in), yes ? &other : NULL);
    hashed.hash = 0;
    assert_ptr_equal(aw_ruleset_match(&set, &in), yes ? &other : NULL);
    return yes;
}

static void test_fields(void **state)
{
    assert_true(holds(AW_MATCH_APP, NULL, "shop", NULL));
    assert_false(holds(AW_MATCH_APP, NULL, "sho", NULL));
    assert_true(holds(AW_MATCH_CLASS, NULL, "off*", NULL));
    assert_false(holds(AW_MATCH_CLASS, NULL, "Off*", NULL)); /* case counts */
    assert_true(holds(AW_MATCH_PRIORITY, NULL, "critical", "high"));
    assert_false(holds(AW_MATCH_PRIORITY, NULL, "critical", NULL));
    assert_true(holds(AW_MATCH_CHANNEL, NULL, "jpush-*", NULL));
    assert_true(holds(AW_MATCH_LABEL, "site", "SH-?", NULL));
    assert_false(holds(AW_MATCH_LABEL, "site", "SH-??", NULL));
    assert_true(holds(AW_MATCH_EXTRA, "order", "4711", NULL));
    assert_true(holds(AW_MATCH_TITLE, NULL, "办公*", NULL));
    assert_false(holds((enum aw_match_field)99, NULL, "*", NULL));
}

/* An absent field matches nothing, not even a lone star. */
static void test_absent(void **state)
{
    static const struct aw_registration bare = {.priority = AW_NORMAL};
    static const char *const star[] = {"*"};
    const struct aw_match_input nothing = {.reg = &bare};
    static const struct {
        enum aw_match_field field;
        bool holds;
    } rows[] = {{AW_MATCH_APP, false},    {AW_MATCH_CLASS, false}, {AW_MATCH_CHANNEL, false},
                {AW_MATCH_LABEL, false},  {AW_MATCH_EXTRA, false}, {AW_MATCH_TITLE, false},
                {AW_MATCH_PRIORITY, true}};

    assert_false(holds(AW_MATCH_LABEL, "region", "*", NULL));
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct aw_match_term term = {
            .field = rows[i].field, .key = "k", .globs = star, .n_globs = 1};
        const struct aw_rule rule = {.match = &term, .n_match = 1};
        assert_int_equal(aw_match(&rule, &nothing, NULL), rows[i].holds);
    }
}

/* All terms must hold; a rule without terms takes everything; the first in order wins. */
static void test_first(void **state)
{
    static const char *const office[] = {"office"}, *const low[] = {"low"};
    const struct aw_match_term both[] = {
        {.field = AW_MATCH_CLASS, .globs = office, .n_globs = 1},
        {.field = AW_MATCH_PRIORITY, .globs = low, .n_globs = 1},
    };
    struct aw_rule narrow = {.name = "narrow", .match = both, .n_match = 2};
    struct aw_rule one = {.name = "one", .match = both, .n_match = 1};
    struct aw_rule all = {.name = "all"};
    struct aw_rule *const rules[] = {&narrow, &one, &all};
    const struct aw_ruleset set = {.rules = rules, .n = 3}, only_narrow = {.rules = rules, .n = 1};
    const struct aw_match_term *failed = NULL;

    assert_false(aw_match(&narrow, &in, &failed));
    assert_ptr_equal(failed, &both[1]);
    assert_ptr_equal(aw_ruleset_match(&set, &in), &one);
    assert_null(aw_ruleset_match(&only_narrow, &in));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_absent),
        cmocka_unit_test(test_first),
    };
    return cmocka_run_group_tests_name("match", tests, NULL, NULL);
}
