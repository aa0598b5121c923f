/* SPDX-License-Identifier: Apache-2.0 */
#include "core/types.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/mem.h"
#include "core/cmd.h"

/* Every value has a text of its own, and the text leads back to the value. */
#define ROUND_TRIP(fn, type, from, count)                                                          \
    do {                                                                                           \
        for (int i_ = (from); i_ < (int)(count); i_++) {                                           \
            type v_ = (type)0;                                                                     \
            const char *text_ = fn##_name((type)i_);                                               \
            assert_true(strlen(text_) > 0);                                                        \
            assert_int_equal(fn##_parse(text_, &v_), 0);                                           \
            assert_int_equal((int)v_, i_);                                                         \
        }                                                                                          \
        type w_ = (type)1;                                                                         \
        assert_int_equal(fn##_parse("Nonsense", &w_), AW_EINVAL);                                  \
        assert_int_equal((int)w_, 1);                                                              \
        assert_int_equal(fn##_parse("", &w_), AW_EINVAL);                                          \
    } while (0)

static void test_round_trips(void **state)
{
    ROUND_TRIP(aw_kind, enum aw_kind, 0, AW_N_KINDS);
    ROUND_TRIP(aw_level, enum aw_level, AW_ACCEPTED, AW_N_LEVELS);
    ROUND_TRIP(aw_priority, enum aw_priority, 0, AW_N_PRIORITIES);
    ROUND_TRIP(aw_state, enum aw_state, 0, AW_N_STATES);
    ROUND_TRIP(aw_source, enum aw_source, 0, AW_N_SOURCES);
    ROUND_TRIP(aw_outcome, enum aw_outcome, 0, AW_N_OUTCOMES);
    ROUND_TRIP(aw_negative, enum aw_negative, 0, AW_N_NEGATIVES);
    ROUND_TRIP(aw_why, enum aw_why, 0, AW_N_WHYS);
}

/* The words of the rule language, and the ladder in its order. */
static void test_words(void **state)
{
    static const char *const ladder[] = {"accepted",  "sent",   "delivered",
                                         "displayed", "opened", "acknowledged"};
    static const char *const kinds[] = {"push", "sms", "email", "im", "call", "webhook"};
    enum aw_level l = AW_OPENED;

    for (unsigned i = 0; i < AW_COUNT(ladder); i++)
        assert_string_equal(aw_level_name((enum aw_level)(i + 1)), ladder[i]);
    for (unsigned i = 0; i < AW_COUNT(kinds); i++)
        assert_string_equal(aw_kind_name((enum aw_kind)i), kinds[i]);
    assert_string_equal(aw_level_name(AW_LEVEL_NONE), "none");
    assert_int_equal(aw_level_parse("none", &l), AW_EINVAL);
    assert_int_equal(l, AW_OPENED);
    assert_string_equal(aw_state_name(AW_EXHAUSTED), "exhausted");
    assert_null(aw_level_names[AW_N_LEVELS - 1]);
    assert_null(aw_kind_names[AW_N_KINDS]);
    assert_null(aw_priority_names[AW_N_PRIORITIES]);
    assert_null(aw_state_names[AW_N_STATES]);
}

static void test_problems(void **state)
{
    for (int p = 0; p < AW_N_PROBLEMS; p++) {
        const struct aw_problem_info *info = aw_problem_info((enum aw_problem)p);
        assert_true(strlen(info->code) > 0 && strlen(info->title) > 0);
        assert_true(info->status >= 200 && info->status < 600);
        for (int q = 0; q < p; q++)
            assert_string_not_equal(info->code, aw_problem_info((enum aw_problem)q)->code);
    }
    assert_int_equal(aw_problem_info(AW_P_STORE_FULL)->status, 507);
    assert_string_equal(aw_problem_info(AW_P_KEY_REUSED)->code, "idempotency-key-reused");
}

static void test_refuse(void **state)
{
    struct aw_cmd *cmd = aw_cmd_new(AW_CMD_CANCEL);

    assert_int_equal(cmd->reply.problem, AW_P_NONE);
    assert_string_equal(cmd->app, "");
    aw_cmd_refuse(cmd, AW_P_VALIDATION, "/title", "too long by %d", 3);
    aw_cmd_refuse(cmd, AW_P_INTERNAL, NULL, "later ones do not count");
    assert_int_equal(cmd->reply.problem, AW_P_VALIDATION);
    assert_string_equal(cmd->reply.pointer, "/title");
    assert_string_equal(cmd->reply.detail, "too long by 3");
    aw_cmd_free(cmd);

    cmd = aw_cmd_new(AW_CMD_LOOKUP);
    aw_cmd_refuse(cmd, AW_P_NOT_FOUND, NULL, "no");
    assert_string_equal(cmd->reply.pointer, "");
    aw_cmd_free(cmd);
}

/* What a command owns goes with it; the sanitizers watch. */
static void test_owned(void **state)
{
    for (int t = AW_CMD_REGISTER; t <= AW_CMD_CIDS; t++) {
        struct aw_cmd *cmd = aw_cmd_new((enum aw_cmd_type)t);
        cmd->reply.body = aw_strdup("body");
        if (t == AW_CMD_ACK)
            cmd->u.ack.detail_json = aw_strdup("{}");
        if (t == AW_CMD_CONTACT_PUT)
            cmd->u.contact.json = aw_strdup("{}");
        if (t == AW_CMD_REPORT)
            cmd->u.report = aw_calloc(1, sizeof(*cmd->u.report));
        if (t == AW_CMD_CIDS) {
            cmd->u.cids.n = 2;
            cmd->u.cids.cids = aw_calloc(2, sizeof(char *));
            cmd->u.cids.cids[0] = aw_strdup("a");
            cmd->u.cids.cids[1] = aw_strdup("b");
        }
        assert_int_equal(cmd->type, t);
        aw_cmd_free(cmd);
    }
    aw_cmd_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trips), cmocka_unit_test(test_words),
        cmocka_unit_test(test_problems),    cmocka_unit_test(test_refuse),
        cmocka_unit_test(test_owned),
    };
    return cmocka_run_group_tests_name("types", tests, NULL, NULL);
}
