/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "receipt_rig.h"

static const char first[] = /* while there is no channel jsms */
    "  - name: text\n    match: {class: text}\n    until: delivered\n    deadline: 10m\n"
    "    steps:\n      - {id: text, at: 0s, do: sms}\n";

static const char rules[] = "  - name: text\n"
                            "    match: {class: text}\n"
                            "    until: delivered\n"
                            "    deadline: 10m\n"
                            "    steps:\n"
                            "      - {id: text, at: 0s, do: sms, via: jsms}\n"
                            "      - {id: again, at: 5m, do: sms, via: sms}\n"
                            "  - name: push\n"
                            "    match: {class: push}\n"
                            "    until: acknowledged\n"
                            "    deadline: 30m\n"
                            "    steps:\n"
                            "      - {id: push, at: 0s, do: push}\n"
                            "      - {id: text, at: 20m, do: sms, via: sms, unless: delivered}\n";

#define JSMS                                                                                       \
    "{provider: jsms, weight: 0, app_key: 0123456789abcdef01234567, master_secret: "               \
    "{file: secret}, temp_id: 1, reports: pull}\n"

int receipt_setup(void **state)
{
    struct rig *r = test_malloc(sizeof(*r));

    rig_new(r, first, T0);
    rig_environment(r, "  hook: {", "  jsms: " JSMS "  jsms-b: " JSMS "  hook: {");
    rig_write_rules(r, rules);
    rig_environment(r, "report_url: ", "tier: vip, report_url: ");
    *state = r;
    return 0;
}

int receipt_teardown(void **state)
{
    struct rig *r = *state;

    assert_int_equal(rig_verify(r), 0);
    rig_free(r);
    test_free(r);
    return 0;
}

struct aw_cmd *receipt(struct rig *r, const char *channel, struct aw_receipt what)
{
    struct aw_cmd *cmd = rig_cmd(r, AW_CMD_RECEIPT);

    cmd->app = "";
    snprintf(cmd->actor, sizeof(cmd->actor), "channel:%s", channel);
    snprintf(cmd->u.receipt.channel, sizeof(cmd->u.receipt.channel), "%s", channel);
    cmd->u.receipt.r = what;
    return cmd;
}

/* What came of it. */
enum aw_problem say(struct rig *r, const char *channel, struct aw_receipt what)
{
    struct aw_cmd *cmd = receipt(r, channel, what);

    assert_int_equal(rig_turn_with(r, &cmd, 1), 0);
    return r->last.problem;
}

int64_t level(struct rig *r)
{
    return rig_sql(r, "SELECT level FROM timeline");
}

int64_t orphans(struct rig *r)
{
    return rig_sql(r, "SELECT count(*) FROM orphan");
}

int64_t evidence(struct rig *r)
{
    return rig_sql(r, "SELECT count(*) FROM evidence WHERE level >= 2");
}

/* A text over jsms, not yet answered. */
const struct aw_send *text(struct rig *r)
{
    assert_true(rig_register(r, "k1", ORDER("text")) != 0);
    rig_turn(r);
    assert_int_equal(r->n_sends, 1);
    assert_string_equal(r->sends[0]->channel->name, "jsms");
    return r->sends[0];
}
