/* SPDX-License-Identifier: Apache-2.0
 *
 * Bodies of the acts of people: snooze, resume, escalate, claim.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "codec/request.h"

static struct aw_cmd cmd;
static struct aw_fault fault;

static int take(enum aw_act what, const char *body)
{
    memset(&cmd, 0, sizeof(cmd));
    return aw_request_act(body, strlen(body), what, &cmd, &fault);
}

static void refused(void **state)
{
    static const struct {
        enum aw_act what;
        const char *body;
        enum aw_problem problem;
        const char *pointer, *says;
    } rows[] = {
        {AW_ACT_SNOOZE, "{\"for\":\"1m\"}", AW_P_VALIDATION, "/reason", "required"},
        {AW_ACT_RESUME, "{\"reason\":\"\"}", AW_P_VALIDATION, "/reason", "not an empty text"},
        {AW_ACT_SNOOZE, "{\"reason\":\"x\"}", AW_P_VALIDATION, "", "one of for and until"},
        {AW_ACT_SNOOZE, "{\"reason\":\"x\",\"for\":\"1m\",\"until\":\"2026-11-22T10:02:50Z\"}",
         AW_P_VALIDATION, "", "one of for and until"},
        {AW_ACT_SNOOZE, "{\"reason\":\"x\",\"for\":\"soon\"}", AW_P_VALIDATION, "/for", "30m"},
        {AW_ACT_SNOOZE, "{\"reason\":\"x\",\"for\":\"0s\"}", AW_P_VALIDATION, "/for", "30m"},
        {AW_ACT_SNOOZE, "{\"reason\":\"x\",\"for\":30}", AW_P_VALIDATION, "/for", "30m"},
        {AW_ACT_SNOOZE, "{\"reason\":\"x\",\"until\":\"noon\"}", AW_P_VALIDATION, "/until",
         "an instant"},
        {AW_ACT_SNOOZE, "{\"reason\":\"x\",\"for\":\"1m\",\"if_seq\":\"8\"}", AW_P_VALIDATION,
         "/if_seq", "number"},
        {AW_ACT_ESCALATE, "{\"reason\":\"x\",\"if_seq\":-1}", AW_P_VALIDATION, "/if_seq", "number"},
        {AW_ACT_ESCALATE, "{\"reason\":\"x\",\"stpe\":\"a\"}", AW_P_UNKNOWN_MEMBER, "/stpe",
         "\"step\""},
        {AW_ACT_RESUME, "{\"reason\":\"x\",\"for\":\"1m\"}", AW_P_UNKNOWN_MEMBER, "/for", "for"},
        {AW_ACT_CLAIM, "{\"reason\":\"x\",\"by\":\"\"}", AW_P_VALIDATION, "/by", "not an empty"},
    };

    for (size_t i = 0; i < AW_COUNT(rows); i++)
        if (take(rows[i].what, rows[i].body) != AW_EINVAL || fault.problem != rows[i].problem ||
            strcmp(fault.pointer, rows[i].pointer) != 0 || !strstr(fault.detail, rows[i].says))
            fail_msg("%s: problem %d at %s: %s", rows[i].body, fault.problem, fault.pointer,
                     fault.detail);
}

static void taken(void **state)
{
    assert_int_equal(take(AW_ACT_SNOOZE, "{\"reason\":\"lunch\",\"for\":\"1h30m\","
                                         "\"recipient\":\"li\",\"if_seq\":0}"),
                     0);
    assert_int_equal(cmd.u.act.what, AW_ACT_SNOOZE);
    assert_string_equal(cmd.u.act.reason, "lunch");
    assert_string_equal(cmd.u.act.user, "li");
    assert_int_equal(cmd.u.act.span, 90 * AW_MINUTE);
    assert_int_equal(cmd.u.act.until, 0);
    assert_int_equal(cmd.u.act.if_seq, 0);
    assert_int_equal(take(AW_ACT_ESCALATE, "{\"reason\":\"now\",\"step\":\"boss\"}"), 0);
    assert_string_equal(cmd.u.act.step, "boss");
    assert_string_equal(cmd.u.act.user, "");
    assert_int_equal(cmd.u.act.if_seq, -1);
    assert_int_equal(take(AW_ACT_CLAIM, "{\"reason\":\"mine\",\"by\":\"wang\"}"), 0);
    assert_string_equal(cmd.u.act.by, "wang");
    assert_int_equal(take(AW_ACT_RESUME, "{\"reason\":\"over\"}"), 0);
    assert_int_equal(cmd.u.act.what, AW_ACT_RESUME);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(refused), cmocka_unit_test(taken)};
    return cmocka_run_group_tests_name("request_act", tests, NULL, NULL);
}
