/* SPDX-License-Identifier: Apache-2.0
 *
 * The core loop on a disk that fails: at every write and sync, once and for good, a registration
 * answered without a problem is there afterwards, one that was not promised is refused, nothing
 * leaves for a provider without its row, and the log verifies. On a full disk registrations are
 * refused and acknowledgements land. A power loss keeps what was promised.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "daemon/loop_int.h"
#include "lib/faultvfs.h"
#include "lib/rig.h"

#define T0 ((aw_time)1795341600000) /* 2026-11-22T10:00:00Z */

static const char rules[] = "  - {name: order, until: acknowledged, deadline: 30m, steps: "
                            "[{id: push, at: 0s, do: push}, {id: text, at: 5m, do: sms}]}\n";

static const char body[] = "{\"title\":\"Order 42\",\"recipients\":[{\"user\":\"li\",\"alias\":"
                           "\"li\",\"phone\":\"+8613800001234\"}]}";

static int setup(void **state)
{
    struct rig *r = test_malloc(sizeof(*r));

    faultvfs_register();
    faultvfs_reset();
    rig_new(r, rules, T0);
    rig_close(r, false);
    r->vfs = FAULTVFS;
    assert_int_equal(rig_try_open(r, &(struct aw_err){""}), 0);
    *state = r;
    return 0;
}

static int teardown(void **state)
{
    struct rig *r = *state;

    faultvfs_disarm();
    rig_free(r);
    faultvfs_reset();
    test_free(r);
    return 0;
}

/* Opens the file as the next start would, on the plain disk. */
static void recover(struct rig *r)
{
    struct aw_err err = {""};

    faultvfs_disarm();
    rig_close(r, true);
    r->vfs = NULL;
    faultvfs_reset();
    if (rig_try_open(r, &err))
        fail_msg("after the fault: %s", err.text);
}

static int64_t messages(struct rig *r)
{
    return rig_sql(r, "SELECT count(*) FROM message");
}

static void one_fault(struct rig *r, enum faultvfs_kind kind, unsigned at, bool sticky,
                      bool *ret_hit)
{
    bool promised, sent;

    faultvfs_arm(kind, at, sticky);
    rig_register(r, "k1", body);
    promised = r->n_done > 0 && r->last_type == AW_CMD_REGISTER && r->last.problem == AW_P_NONE;
    sent = r->n_sends > 0;
    *ret_hit = faultvfs_hit();
    recover(r);
    if (promised)
        assert_int_equal(messages(r), 1);
    if (sent)
        assert_true(rig_sql(r, "SELECT count(*) FROM attempt") > 0);
    assert_int_equal(rig_verify(r), 0);
}

/* Sweeps the first operations of a registering turn until a run meets no fault. */
static void sweep(enum faultvfs_kind kind, bool sticky)
{
    bool hit = true;
    unsigned at;

    for (at = 1; hit && at < 200; at++) {
        void *state = NULL;

        setup(&state);
        one_fault(state, kind, at, sticky, &hit);
        teardown(&state);
    }
    assert_true(at > 2 && at < 200);
}

static void test_failing_writes(void **state)
{
    (void)state;
    sweep(FAULTVFS_WRITE, false);
    sweep(FAULTVFS_WRITE, true);
}

static void test_failing_syncs(void **state)
{
    (void)state;
    sweep(FAULTVFS_SYNC, false);
    sweep(FAULTVFS_SYNC, true);
}

/* A commit that fails promises nothing, and ends the process. */
static void test_failed_commit_is_no_promise(void **state)
{
    struct rig *r = *state;
    struct aw_cmd *cmds[1] = {rig_cmd(r, AW_CMD_KEY_CREATE)};

    snprintf(cmds[0]->u.key.name, sizeof(cmds[0]->u.key.name), "k");
    faultvfs_arm(FAULTVFS_SYNC, 1, true);
    assert_int_not_equal(rig_turn_with(r, cmds, 1), AW_OK);
    assert_int_equal(r->last.problem, AW_P_STORE_FAILED);
}

static void test_failed_commit_sends_nothing(void **state)
{
    struct rig *r = *state;

    rig_register(r, "k1", body);
    rig_forget_sends(r);
    rig_accept_all(r);
    aw_clock_step(&r->clock, T0 + 5 * AW_MINUTE);
    faultvfs_arm(FAULTVFS_SYNC, 1, true);
    assert_int_not_equal(rig_turn(r), AW_OK);
    assert_int_equal(r->n_sends, 0);
}

/* The watchdog is fed after turns that were committed, every 5 s; not when the store failed. */
static void test_beat(void **state)
{
    struct rig *r = *state;

    assert_int_equal(r->n_beats, 0);
    assert_int_equal(rig_turn(r), AW_OK);
    assert_int_equal(r->n_beats, 1);
    rig_register(r, "k1", body);
    assert_int_equal(r->n_beats, 1);
    r->loop->beat_at -= 5 * AW_SECOND;
    assert_int_equal(rig_turn(r), AW_OK);
    assert_int_equal(r->n_beats, 2);
    r->loop->beat_at -= 5 * AW_SECOND;
    faultvfs_arm(FAULTVFS_SYNC, 1, true);
    rig_register(r, "k2", body);
    assert_int_equal(r->last.problem, AW_P_STORE_FAILED);
    assert_int_equal(r->n_beats, 2);
}

/* A disk without any room is no hang: a restart would lose what waits for it. */
static void test_beat_when_full(void **state)
{
    struct rig *r = *state;

    faultvfs_arm(FAULTVFS_FULL, 1, true);
    rig_register(r, "k1", body);
    assert_int_equal(r->last.problem, AW_P_STORE_FULL);
    assert_int_equal(r->n_beats, 1);
}

static void test_edge_42_full_disk(void **state)
{
    struct rig *r = *state;
    aw_id id = rig_register(r, "k1", body);

    assert_true(id > 0);
    rig_turn(r);
    rig_accept_all(r);
    faultvfs_arm(FAULTVFS_FULL, 1, false);
    rig_register(r, "k2", body);
    assert_int_equal(r->last.problem, AW_P_STORE_FULL);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM notice WHERE what = 'disk-full'"), 1);
    assert_int_equal(messages(r), 1);
    rig_ack(r, id, "li", AW_ACKNOWLEDGED);
    assert_int_equal(r->last.problem, AW_P_NONE);
    assert_int_equal(r->last.state, AW_CONFIRMED);
    rig_register(r, "k2", body);
    assert_int_equal(r->last.problem, AW_P_STORE_FULL);
    rig_at(r, T0 + AW_MINUTE); /* room again */
    rig_register(r, "k2", body);
    assert_int_equal(r->last.problem, AW_P_NONE);
    assert_int_equal(rig_verify(r), 0);
}

/* What was counted in a turn that was rolled back is not there. */
static void test_counts_of_a_full_disk(void **state)
{
    struct rig *r = *state;
    aw_id id = rig_register(r, "k1", body);

    assert_int_equal(r->stats.open, 1);
    faultvfs_arm(FAULTVFS_FULL, 1, true);
    rig_ack(r, id, "li", AW_ACKNOWLEDGED);
    assert_int_equal(r->last.problem, AW_P_STORE_FULL);
    rig_register(r, "k2", body);
    assert_int_equal(r->stats.open, 1);
}

/* Where not even the notice finds room operators hear of it afterwards. */
static void test_told_of_a_full_disk(void **state)
{
    struct rig *r = *state;

    faultvfs_arm(FAULTVFS_FULL, 1, true);
    rig_register(r, "k1", body);
    assert_int_equal(r->last.problem, AW_P_STORE_FULL);
    rig_at(r, T0 + AW_SECOND);
    assert_int_equal(r->n_sends, 0); /* nothing leaves before it is durable */
    faultvfs_disarm();
    rig_at(r, T0 + AW_MINUTE);
    assert_int_equal(rig_sql(r, "SELECT count(*) FROM notice WHERE what = 'disk-full'"), 1);
    assert_int_equal(r->n_sends, 1);
    assert_non_null(strstr(r->sends[0]->text, "was full"));
    assert_int_equal(rig_verify(r), 0);
}

/* A provider hands a receipt out once: when not even proofs find room, it waits for some. */
static void test_handed_out_on_a_full_disk(void **state)
{
    struct rig *r = *state;
    struct aw_cmd *cmd = aw_cmd_new(AW_CMD_RECEIPT);

    rig_register(r, "k1", body);
    rig_turn(r);
    rig_accept_all(r);
    rig_forget_sends(r);
    rig_at(r, T0 + 5 * AW_MINUTE);
    assert_int_equal(r->n_sends, 1);
    snprintf(cmd->u.receipt.channel, sizeof(cmd->u.receipt.channel), "sms");
    cmd->u.receipt.r.ref = r->sends[0]->ref;
    cmd->u.receipt.r.level = AW_DELIVERED;
    cmd->done = aw_cmd_free;
    rig_accept_all(r);
    faultvfs_arm(FAULTVFS_FULL, 1, true);
    assert_int_equal(rig_turn_with(r, &cmd, 1), AW_OK);
    assert_int_equal(rig_sql(r, "SELECT level FROM timeline"), AW_ACCEPTED);
    faultvfs_reset();
    rig_at(r, T0 + 6 * AW_MINUTE);
    assert_int_equal(rig_sql(r, "SELECT level FROM timeline"), AW_DELIVERED);
    assert_int_equal(rig_verify(r), 0);
}

/* What was answered is on the platters: a power loss at once loses nothing of it. */
static void test_power_loss_keeps_promises(void **state)
{
    struct rig *r = *state;
    char copy[700];
    aw_id id = rig_register(r, "k1", body);

    assert_true(id > 0);
    snprintf(copy, sizeof(copy), "%s/crash.db", r->dir);
    for (unsigned seed = 0; seed < 12; seed++) {
        char db[300];
        int64_t n;

        faultvfs_image(r->db, copy, seed);
        memcpy(db, r->db, sizeof(db));
        aw_format(r->db, sizeof(r->db), "%s", copy);
        n = messages(r);
        memcpy(r->db, db, sizeof(db));
        assert_int_equal(n, 1);
    }
}

static int put(struct rig *r, enum aw_cmd_type type, bool proof)
{
    struct aw_submit submit;
    struct aw_cmd *cmd = rig_cmd(r, type);

    aw_loop_submit(r->loop, &submit);
    int rc = submit.put(submit.ctx, cmd, proof);
    if (rc)
        aw_cmd_free(cmd);
    return rc;
}

/* A commit that hangs, or too many before it: registrations are refused before anything of them
 * is kept, acknowledgements go on. */
static void test_overload(void **state)
{
    struct rig *r = *state;
    struct aw_loop *l = r->loop;
    void *taken;

    assert_int_equal(put(r, AW_CMD_REGISTER, false), 0);
    l->opt.wait_most = 2000;
    assert_int_equal(put(r, AW_CMD_REGISTER, false), 0);
    l->turn_since = aw_clock_boot() - 2100; /* the present turn hangs */
    assert_int_equal(put(r, AW_CMD_REGISTER, false), AW_EBUSY);
    assert_int_equal(put(r, AW_CMD_ACK, true), 0);
    l->turn_since = 0;

    for (unsigned i = 0; i < 2 * AW_TURN_CMDS; i++)
        assert_int_equal(put(r, AW_CMD_REGISTER, false), 0);
    l->turn_ms = 900; /* two turns of that are within the limit */
    assert_int_equal(put(r, AW_CMD_REGISTER, false), 0);
    l->turn_ms = 1100;
    assert_int_equal(put(r, AW_CMD_REGISTER, false), AW_EBUSY);
    assert_int_equal(put(r, AW_CMD_ACK, true), 0);
    while (aw_inbox_take(l->inbox, &taken, 1, 0) == 1)
        aw_cmd_free(taken);
    l->pending = 0;
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_overload),
        cmocka_unit_test(test_failing_writes),
        cmocka_unit_test(test_failing_syncs),
        T(test_failed_commit_is_no_promise),
        T(test_failed_commit_sends_nothing),
        T(test_beat),
        T(test_beat_when_full),
        T(test_edge_42_full_disk),
        T(test_counts_of_a_full_disk),
        T(test_told_of_a_full_disk),
        T(test_handed_out_on_a_full_disk),
        T(test_power_loss_keeps_promises),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
