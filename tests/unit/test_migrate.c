/* SPDX-License-Identifier: Apache-2.0
 *
 * A database that an older version wrote (tests/layouts) becomes one of today: the same rows, the
 * tables of a fresh one, a log that goes on. Whatever breaks in between, it is the one or the
 * other.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/faultvfs.h"
#include "../lib/scene.h"
#include "audit/verify.h"
#include "base/file.h"
#include "base/mem.h"
#include "store/db.h"

#define LATER ((aw_time)1795400000000)

#define OLDEST 1

static char dir[64], file[128];
static char olds[AW_STORE_LAYOUT][128]; /* by layout, as an older version left them */

static int64_t ask(const char *path, const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *q;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_prepare_v2(db, sql, -1, &q, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    int64_t n = sqlite3_step(q) == SQLITE_ROW ? sqlite3_column_int64(q, 0) : -1;
    sqlite3_finalize(q);
    sqlite3_close(db);
    return n;
}

static void change(const char *path, const char *sql)
{
    sqlite3 *db;
    char *text = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &text) != SQLITE_OK)
        fail_msg("%s", text);
    sqlite3_close(db);
}

static void note(void *ctx, const struct aw_finding *f)
{
    (void)ctx;
    print_message("# %s: %s\n", f->place, f->text);
}

static int verify(const char *path, struct aw_verify_result *ret)
{
    struct aw_verify_options opt = {.at_size = -1, .found = note};
    struct aw_err err;
    int r = aw_store_verify(path, &opt, ret, &err);
    if (r)
        print_message("# %s\n", err.text);
    return r ? r : (int)ret->findings;
}

struct said {
    unsigned n;
    char text[2000];
};

static void hear(void *ctx, const char *what)
{
    struct said *s = ctx;
    size_t at = strlen(s->text);
    s->n++;
    snprintf(s->text + at, sizeof s->text - at, "%s\n", what);
}

static int migrate(const char *path, const char *vfs, bool dry, struct said *said, int64_t *from,
                   struct aw_err *err)
{
    struct aw_migrate_options opt = {.vfs = vfs,
                                     .dry_run = dry,
                                     .actor = "uid:0",
                                     .now = LATER,
                                     .say = said ? hear : NULL,
                                     .ctx = said};
    if (said)
        memset(said, 0, sizeof *said);
    return aw_store_migrate(path, &opt, from, err);
}

static void make_old(unsigned layout)
{
    const char *top = getenv("top_srcdir");
    char name[300], *text;
    snprintf(olds[layout], sizeof olds[layout], "%s/%u.db", dir, layout);
    snprintf(name, sizeof name, "%s/tests/layouts/%u.sql", top ? top : ".", layout);
    assert_int_equal(aw_file_read(name, 1 << 20, &text, NULL, NULL), 0);
    change(olds[layout], text);
    change(olds[layout], "PRAGMA journal_mode = WAL");
    aw_free(text);
}

static int setup_all(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/aw-migrate-XXXXXX");
    assert_non_null(mkdtemp(dir));
    snprintf(file, sizeof file, "%s/file.db", dir);
    for (unsigned layout = OLDEST; layout < AW_STORE_LAYOUT; layout++)
        make_old(layout);
    faultvfs_register();
    return 0;
}

static int teardown_all(void **state)
{
    (void)state;
    scene_rmdir(dir);
    return 0;
}

static int setup(void **state)
{
    (void)state;
    faultvfs_disarm();
    scene_copy(olds[OLDEST], file);
    return 0;
}

static void the_daemon_names_the_way_out(void **state)
{
    struct aw_store_options opt = {0};
    struct aw_store *s;
    struct aw_err err;
    (void)state;
    assert_int_equal(aw_store_open(file, &opt, LATER, &s, &err), AW_EINVAL);
    assert_non_null(strstr(err.text, "has layout 1, this ackwatch needs layout 3"));
    assert_non_null(strstr(err.text, "ackwatch db migrate"));
    change(file, "PRAGMA user_version = 99");
    assert_int_equal(aw_store_open(file, &opt, LATER, &s, &err), AW_EINVAL);
    assert_non_null(strstr(err.text, "made by a newer ackwatch"));
}

static void a_trial_changes_nothing(void **state)
{
    int64_t from, entries = ask(file, "SELECT count(*) FROM log");
    struct aw_err err;
    struct said said;
    (void)state;
    assert_int_equal(migrate(file, NULL, true, &said, &from, &err), 0);
    assert_int_equal(from, 1);
    assert_non_null(strstr(said.text, "extend table attempt\n"));
    assert_non_null(strstr(said.text, "add view v_pruned\n"));
    assert_int_equal(ask(file, "PRAGMA user_version"), 1);
    assert_int_equal(ask(file, "SELECT count(*) FROM log"), entries);
    assert_int_equal(ask(file, "SELECT count(*) FROM sqlite_schema"),
                     ask(olds[OLDEST], "SELECT count(*) FROM sqlite_schema"));
}

/* The auditor compares the schema with the fresh one, and every row with the log. */
static void goes_on_from(unsigned layout)
{
    struct scene sc = {.from = file};
    struct aw_verify_result result;
    struct aw_err err;
    struct said said;
    char text[200];
    aw_id id;
    scene_copy(olds[layout], file);
    int64_t from, entries = ask(file, "SELECT count(*) FROM log");
    if (migrate(file, NULL, false, &said, &from, &err))
        fail_msg("%s", err.text);
    assert_int_equal(verify(file, &result), 0);
    assert_int_equal(result.entries, entries + 1);
    snprintf(text, sizeof text,
             "SELECT count(*) FROM log WHERE body LIKE "
             "'%%\"store.migrated\",\"actor\":\"uid:0\",\"text\":\"layout %u to %d\"%%'",
             layout, AW_STORE_LAYOUT);
    assert_int_equal(ask(file, text), 1);
    assert_in_range(ask(file, "SELECT count(*) FROM v_messages"), 6, 8);
    assert_int_equal(migrate(file, NULL, false, &said, &from, &err), 0);
    assert_int_equal(from, AW_STORE_LAYOUT); /* nothing left to do */
    assert_int_equal(said.n, 0);

    scene_init(&sc); /* on a copy */
    sc.now = LATER;
    assert_int_equal(scene_begin(&sc), 0);
    assert_int_equal(aw_store_find_external(sc.s, 1, "order-1", &id, &sc.err), 0);
    assert_int_equal(scene_setup(&sc), 0);
    assert_int_equal(scene_register(&sc, "new", "order-new", 2, &id), 0);
    assert_int_equal(scene_ack(&sc, id, 0), 0);
    assert_int_equal(scene_commit(&sc), 0);
    assert_int_equal(verify(sc.path, &result), 0);
    scene_free(&sc);
}

static void the_log_goes_on(void **state)
{
    (void)state;
    for (unsigned layout = OLDEST; layout < AW_STORE_LAYOUT; layout++)
        goes_on_from(layout);
}

/* Who added or lost something of their own is told, and keeps what is there. */
static void what_is_not_ours_is_refused(void **state)
{
    static const char *const changes[] = {
        "CREATE TABLE mine(x)",
        "ALTER TABLE attempt ADD COLUMN mine TEXT",
        "ALTER TABLE poll DROP COLUMN answered",
        "CREATE INDEX mine ON message(ext)",
    };
    struct aw_err err;
    int64_t from;
    (void)state;
    for (unsigned i = 0; i < AW_COUNT(changes); i++) {
        scene_copy(olds[OLDEST], file);
        change(file, changes[i]);
        assert_int_equal(migrate(file, NULL, false, NULL, &from, &err), AW_EINVAL);
        if (!strstr(err.text, "nothing was changed"))
            fail_msg("%s: %s", changes[i], err.text);
        assert_int_equal(ask(file, "PRAGMA user_version"), 1);
    }
}

static void not_beside_a_daemon(void **state)
{
    struct scene sc = {0};
    struct aw_err err;
    int64_t from;
    (void)state;
    scene_init(&sc);
    assert_int_equal(migrate(sc.path, NULL, false, NULL, &from, &err), AW_EBUSY);
    scene_free(&sc);
}

/* After a power loss the file is of the one layout or the other, and whole. */
static void whole_after_a_loss(const char *image)
{
    struct aw_verify_result result;
    struct aw_err err;
    int64_t from;
    if (migrate(image, NULL, false, NULL, &from, &err))
        fail_msg("%s", err.text);
    assert_true(from == OLDEST || from == AW_STORE_LAYOUT);
    assert_int_equal(verify(image, &result), 0);
    assert_int_equal(ask(image, "SELECT count(*) FROM log WHERE body LIKE '%store.migrated%'"), 1);
}

static void power_may_fail_at_every_write(void **state)
{
    char image[128];
    struct aw_err err;
    int64_t from;
    unsigned at = 1;
    (void)state;
    snprintf(image, sizeof image, "%s/image.db", dir);
    for (bool hit = true; hit; at++) {
        scene_copy(olds[OLDEST], file);
        faultvfs_reset();
        faultvfs_arm(FAULTVFS_DEATH, at, true);
        int r = migrate(file, FAULTVFS, false, NULL, &from, &err);
        hit = faultvfs_hit();
        assert_true(hit || r == 0);
        faultvfs_disarm();
        for (unsigned seed = 0; hit && seed < 3; seed++) {
            faultvfs_image(file, image, seed);
            whole_after_a_loss(image);
        }
    }
    assert_true(at > 5);
    faultvfs_reset();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_daemon_names_the_way_out, setup),
        cmocka_unit_test_setup(a_trial_changes_nothing, setup),
        cmocka_unit_test_setup(the_log_goes_on, setup),
        cmocka_unit_test_setup(what_is_not_ours_is_refused, setup),
        cmocka_unit_test_setup(not_beside_a_daemon, setup),
        cmocka_unit_test_setup(power_may_fail_at_every_write, setup),
    };
    return cmocka_run_group_tests(tests, setup_all, teardown_all);
}
