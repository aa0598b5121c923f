/* SPDX-License-Identifier: Apache-2.0
 *
 * The store on a disk that fails. A small story (register, claim, outcome, acknowledgement, each
 * a turn) is run with a fault at every write and every sync, once and for good, and with a power
 * loss at every such point. What commit had promised must be there afterwards, and the file must
 * verify.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "../lib/faultvfs.h"
#include "../lib/scene.h"
#include "audit/verify.h"
#include "base/mem.h"

#define MESSAGES 1

/* What was promised. */
struct promise {
    bool setup;
    aw_id msg[MESSAGES], attempt[MESSAGES];
    bool done[MESSAGES], acked[MESSAGES];
};

struct run {
    struct scene sc;
    struct promise p;
    unsigned n_full; /* turns that were rolled back for want of room */
};

/* Carries a turn to its end; AW_ENOSPC and what is not there yet go on. */
#define TURN(r, move, then)                                                                        \
    do {                                                                                           \
        int rc_ = scene_begin(&(r)->sc);                                                           \
        if (rc_ == 0) {                                                                            \
            rc_ = (move);                                                                          \
            if (rc_)                                                                               \
                aw_store_rollback((r)->sc.s);                                                      \
            else                                                                                   \
                rc_ = scene_commit(&(r)->sc);                                                      \
        }                                                                                          \
        if (rc_ == 0) {                                                                            \
            then;                                                                                  \
            rc_ = aw_store_checkpoint((r)->sc.s, true, &(r)->sc.err);                              \
        }                                                                                          \
        (r)->n_full += rc_ == AW_ENOSPC;                                                           \
        if (rc_ == AW_EIO || rc_ == AW_ECORRUPT)                                                   \
            return rc_;                                                                            \
    } while (0)

static int story(struct run *r)
{
    aw_id id, attempt;
    TURN(r, scene_setup(&r->sc), r->p.setup = true);
    for (unsigned i = 0; i < MESSAGES && r->p.setup; i++) {
        char key[16];
        snprintf(key, sizeof key, "key-%u", i);
        TURN(r, scene_register(&r->sc, key, NULL, 2, &id), r->p.msg[i] = id);
        if (!r->p.msg[i])
            continue;
        TURN(r, scene_claim(&r->sc, r->p.msg[i], 0, 0, AW_PUSH, 0, 0, &attempt),
             r->p.attempt[i] = attempt);
        if (r->p.attempt[i])
            TURN(r, scene_outcome(&r->sc, r->p.msg[i], 0, r->p.attempt[i], AW_OUT_ACCEPTED),
                 r->p.done[i] = true);
        TURN(r, scene_ack(&r->sc, r->p.msg[i], 0), r->p.acked[i] = true);
    }
    return 0;
}

static char template[160]; /* an empty store, so that its making is not repeated */

static void start(struct run *r)
{
    memset(r, 0, sizeof *r);
    faultvfs_reset();
    r->sc.vfs = FAULTVFS;
    r->sc.from = template;
    scene_init(&r->sc);
}

static void first_finding(void *ctx, const struct aw_finding *f)
{
    print_message("# %s: %s\n", f->place, f->text);
    (void)ctx;
}

static void must_verify(const char *path)
{
    struct aw_verify_options opt = {.at_size = -1, .found = first_finding};
    struct aw_verify_result result;
    struct aw_err err;
    if (aw_store_verify(path, &opt, &result, &err))
        fail_msg("%s", err.text);
    assert_int_equal(result.findings, 0);
}

/* All promises hold in a store that is open. */
static void must_hold(const struct run *r, struct aw_store *s)
{
    static struct aw_timeline tl;
    static struct aw_stored_attempt a;
    struct aw_err err;
    for (unsigned i = 0; i < MESSAGES; i++) {
        char key[16];
        aw_id found;
        if (!r->p.msg[i])
            continue;
        snprintf(key, sizeof key, "key-%u", i);
        assert_int_equal(aw_store_timeline(s, r->p.msg[i], &tl, &err), 0);
        assert_true(!r->p.acked[i] || tl.state == AW_CONFIRMED);
        assert_int_equal(aw_store_find_key(s, r->sc.app, key, r->sc.now, &found, &err), 0);
        assert_int_equal(found, r->p.msg[i]);
        if (!r->p.attempt[i])
            continue;
        assert_int_equal(aw_store_attempt(s, r->p.attempt[i], &a, &err), 0);
        assert_true(!r->p.done[i] || a.outcome == AW_OUT_ACCEPTED);
    }
}

/* The process ends and starts again on a disk that works. */
static void restart(struct run *r)
{
    faultvfs_disarm();
    assert_int_equal(scene_reopen(&r->sc), 0);
    must_hold(r, r->sc.s);
    must_verify(r->sc.path);
    /* and goes on: whatever is promised then is kept too */
    int rc = story(r);
    assert_true(rc == 0 || rc == AW_ECONFLICT);
    must_hold(r, r->sc.s);
}

/* The power fails: the file as it may be then. */
static void power_loss(struct run *r)
{
    char path[160];
    struct aw_store_options opt = {.vfs = FAULTVFS, .create = true};
    struct aw_store *s;
    snprintf(path, sizeof path, "%s/image.db", r->sc.dir);
    faultvfs_disarm();
    for (unsigned seed = 0; seed < 3; seed++) {
        struct aw_err err;
        faultvfs_image(r->sc.path, path, seed);
        if (aw_store_open(path, &opt, r->sc.now, &s, &err))
            fail_msg("seed %u: %s", seed, err.text);
        must_hold(r, s);
        aw_store_close(s);
        must_verify(path);
    }
    restart(r);
}

static void each_point(enum faultvfs_kind kind, bool sticky, unsigned stride,
                       void (*then)(struct run *r))
{
    static struct run r;
    unsigned at = 1;
    for (bool hit = true; hit; at += stride) {
        start(&r);
        faultvfs_arm(kind, at, sticky);
        int rc = story(&r);
        hit = faultvfs_hit();
        if (!hit)
            assert_int_equal(rc, 0);
        then(&r);
        scene_free(&r.sc);
    }
    print_message("# %u points\n", at / stride);
    assert_true(at > 10);
}

static void a_write_fails(void **state)
{
    (void)state; /* for good: see the_power_fails */
    each_point(FAULTVFS_WRITE, false, 1, restart);
}

static void a_sync_fails(void **state)
{
    (void)state;
    each_point(FAULTVFS_SYNC, false, 1, restart);
    each_point(FAULTVFS_SYNC, true, 1, restart);
}

static void the_disk_is_full(void **state)
{
    (void)state;
    each_point(FAULTVFS_FULL, false, 2, restart);
    each_point(FAULTVFS_FULL, true, 4, restart);
}

static void the_power_fails(void **state)
{
    (void)state;
    each_point(FAULTVFS_DEATH, true, 1, power_loss);
}

/* A full disk costs the turn, not the process: the next turn with room succeeds. */
static void full_for_a_while(void **state)
{
    static struct run r;
    aw_id id;
    (void)state;
    start(&r);
    assert_int_equal(scene_begin(&r.sc), 0);
    assert_int_equal(scene_setup(&r.sc), 0);
    assert_int_equal(scene_commit(&r.sc), 0);
    for (int i = 0; i < 4; i++) {
        faultvfs_arm(i % 2 ? FAULTVFS_QUOTA : FAULTVFS_FULL, 1, true);
        assert_int_equal(scene_begin(&r.sc), 0);
        assert_int_equal(scene_register(&r.sc, "k", NULL, 1, &id), 0);
        assert_int_equal(scene_commit(&r.sc), AW_ENOSPC);
    }
    faultvfs_disarm();
    assert_int_equal(scene_begin(&r.sc), 0);
    assert_int_equal(scene_register(&r.sc, "k", NULL, 1, &id), 0);
    assert_int_equal(scene_commit(&r.sc), 0);
    must_verify(r.sc.path);
    scene_free(&r.sc);
}

/* After a failed commit nothing more is promised. */
static void a_failed_sync_ends_it(void **state)
{
    static struct run r;
    aw_id id;
    (void)state;
    start(&r);
    assert_int_equal(scene_begin(&r.sc), 0);
    assert_int_equal(scene_setup(&r.sc), 0);
    faultvfs_arm(FAULTVFS_SYNC, 1, false);
    assert_int_equal(scene_commit(&r.sc), AW_EIO);
    assert_int_equal(scene_begin(&r.sc), AW_EIO);
    assert_int_equal(scene_register(&r.sc, "k", NULL, 1, &id) == 0, false);
    scene_free(&r.sc);
}

int main(void)
{
    struct scene first = {0};
    faultvfs_register();
    scene_init(&first);
    aw_store_close(first.s);
    first.s = NULL;
    snprintf(template, sizeof template, "%s", first.path);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_write_fails),    cmocka_unit_test(a_sync_fails),
        cmocka_unit_test(the_disk_is_full), cmocka_unit_test(the_power_fails),
        cmocka_unit_test(full_for_a_while), cmocka_unit_test(a_failed_sync_ends_it),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    faultvfs_reset();
    scene_free(&first);
    return failed;
}
