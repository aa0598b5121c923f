/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys of a rule that are about the message as a whole: of, by, after_ack, catch_up.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "conf/rules.h"

#define HEAD "version: 1\nrules:\n  - name: r\n    until: opened\n    deadline: 30m\n"
#define PUSH "      - {id: push, at: 0s, do: push}\n"

static struct aw_rules *rules;

static void parse(const char *text)
{
    struct aw_diag diag;

    aw_diag_init(&diag);
    assert_int_equal(aw_rules_parse("r.yaml", text, strlen(text), NULL, &rules, &diag), 0);
    aw_diag_free(&diag);
}

static int teardown(void **state)
{
    aw_rules_free(rules);
    rules = NULL;
    return 0;
}

static void of_is_read(void **state)
{
    static const struct {
        const char *text;
        struct aw_of of;
    } rows[] = {
        {HEAD "    of: each\n    steps:\n" PUSH, {0, false}},
        {HEAD "    of: any\n    steps:\n" PUSH, {1, false}},
        {HEAD "    of: 3\n    steps:\n" PUSH, {3, false}},
        {HEAD "    of: \"80%\"\n    steps:\n" PUSH, {80, true}},
    };
    for (unsigned i = 0; i < AW_COUNT(rows); i++) {
        parse(rows[i].text);
        const struct aw_of of = aw_ruleset_find(&rules->set, "r")->of;
        assert_int_equal(of.n, rows[i].of.n);
        assert_int_equal(of.percent, rows[i].of.percent);
        aw_rules_free(rules);
        rules = NULL;
    }
}

static void keys_of_the_message_are_read(void **state)
{
    parse(HEAD "    by: anyone\n    catch_up: 10m\n"
               "    after_ack: {reopen_after: 2h, unless: closed}\n    steps:\n" PUSH
               "  - name: s\n    until: opened\n    deadline: 30m\n    catch_up: never\n"
               "    after_ack: {reopen_after: 2h}\n    steps:\n" PUSH
               "  - name: t\n    until: opened\n    deadline: 30m\n    catch_up: always\n"
               "    by: recipient\n    steps:\n" PUSH);
    const struct aw_rule *r = aw_ruleset_find(&rules->set, "r");
    assert_int_equal(r->by, AW_BY_ANYONE);
    assert_int_equal(r->catch_up, 10 * AW_MINUTE);
    assert_int_equal(r->reopen_after, 2 * AW_HOUR);
    assert_true(r->reopen_unless_closed);
    r = aw_ruleset_find(&rules->set, "s");
    assert_int_equal(r->by, AW_BY_RECIPIENT);
    assert_int_equal(r->catch_up, AW_CATCH_UP_NEVER);
    assert_false(r->reopen_unless_closed);
    r = aw_ruleset_find(&rules->set, "t");
    assert_int_equal(r->catch_up, 0);
    assert_int_equal(r->reopen_after, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(of_is_read, teardown),
        cmocka_unit_test_teardown(keys_of_the_message_are_read, teardown),
    };
    return cmocka_run_group_tests_name("rules_message", tests, NULL, NULL);
}
