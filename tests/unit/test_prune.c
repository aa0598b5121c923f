/* SPDX-License-Identifier: Apache-2.0
 *
 * Retention in the store: what goes, what stays, and that the auditor tells an honest pruning from
 * rows that were taken away, left behind, or never were to go.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "../lib/scene.h"
#include "audit/verify.h"
#include "base/mem.h"
#include "core/rule.h"

static struct scene scene;
static aw_id gone, open_one; /* a closed message of three with everything, and one in flight */
static char copy[160];

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

struct seen {
    unsigned n;
    struct aw_finding first;
};

static void note(void *ctx, const struct aw_finding *f)
{
    struct seen *s = ctx;
    if (!s->n++)
        s->first = *f;
}

static int64_t verify(const char *path, struct seen *seen)
{
    struct aw_verify_options opt = {.at_size = -1, .found = note, .ctx = seen};
    struct aw_verify_result result;
    struct aw_err err;
    memset(seen, 0, sizeof *seen);
    if (aw_store_verify(path, &opt, &result, &err))
        fail_msg("%s", err.text);
    return result.pruned;
}

static void honest(int64_t pruned)
{
    struct seen seen;
    int64_t n = verify(scene.path, &seen);
    if (seen.n)
        fail_msg("%s: %s", seen.first.place, seen.first.text);
    assert_int_equal(n, pruned);
}

static void found(const char *path, const char *text)
{
    struct seen seen;
    verify(path, &seen);
    assert_true(seen.n > 0);
    if (!strstr(seen.first.text, text))
        fail_msg("%s: %s", seen.first.place, seen.first.text);
}

static void begin(void)
{
    assert_int_equal(scene_begin(&scene), 0);
}

static void commit(void)
{
    assert_int_equal(scene_commit(&scene), 0);
}

/* One pass over all messages; returns how many rows went. */
static unsigned prune(aw_time since)
{
    struct aw_old_message list[64];
    unsigned n, rows = 0, all = 0;
    aw_id after = 0;
    begin();
    do {
        assert_int_equal(
            aw_store_old_messages(scene.s, after, INT64_MAX, list, AW_COUNT(list), &n, &scene.err),
            0);
        for (unsigned i = 0; i < n; i++, all += rows)
            assert_int_equal(aw_store_prune_message(scene.s, &list[i], since, &rows, &scene.err),
                             0);
        after = n ? list[n - 1].id : 0;
    } while (n);
    aw_store_prune_done(scene.s);
    commit();
    return all;
}

static int setup(void **state)
{
    (void)state;
    memset(&scene, 0, sizeof scene);
    scene_init(&scene);
    snprintf(copy, sizeof copy, "%s/copy.db", scene.dir);
    scene_story(&scene, 9);
    gone = ask(scene.path, "SELECT id FROM message WHERE key = 'key-1'");
    open_one = ask(scene.path, "SELECT id FROM message WHERE key = 'key-2'");
    scene.now += AW_RETENTION_LEAST;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    scene_free(&scene);
    return 0;
}

static void a_closed_message_leaves_its_entries(void **state)
{
    char sql[500];
    aw_id id;
    (void)state;
    int64_t entries = ask(scene.path, "SELECT count(*) FROM log");
    int64_t closed = ask(scene.path, "SELECT count(*) FROM v_messages WHERE open = 0");
    int64_t all = ask(scene.path, "SELECT count(*) FROM message");
    assert_int_equal(closed, 5); /* of the story, and each third of the nine */
    assert_true(prune(scene.now - AW_RETENTION_LEAST) > 20);
    assert_int_equal(ask(scene.path, "SELECT count(*) FROM log"), entries + closed);
    assert_int_equal(ask(scene.path, "SELECT count(*) FROM message"), all - closed);
    assert_int_equal(ask(scene.path, "SELECT count(*) FROM v_messages WHERE open = 0"), 0);
    snprintf(sql, sizeof sql,
             "SELECT (SELECT count(*) FROM timeline WHERE id BETWEEN %lld AND %lld + 2) +"
             "(SELECT count(*) FROM attempt WHERE msg = %lld) + "
             "(SELECT count(*) FROM detail JOIN log USING(seq) WHERE log.msg = %lld) +"
             "(SELECT count(*) FROM evidence WHERE tl BETWEEN %lld AND %lld + 2)",
             (long long)gone, (long long)gone, (long long)gone, (long long)gone, (long long)gone,
             (long long)gone);
    assert_int_equal(ask(scene.path, sql), 0);
    honest(closed);
    begin();
    assert_int_equal(aw_store_find_external(scene.s, scene.app, "order-1", &id, &scene.err),
                     AW_ENOENT);
    aw_store_rollback(scene.s);
    assert_int_equal(prune(scene.now), 0); /* and nothing twice */
    assert_int_equal(scene_reopen(&scene), 0);
    honest(closed);
}

static void young_and_open_ones_stay(void **state)
{
    (void)state;
    assert_int_equal(prune(scene.now - AW_RETENTION_LEAST - AW_DAY), 0);
    honest(0);
    prune(scene.now);
    assert_int_equal(ask(scene.path, "SELECT count(*) FROM attempt WHERE outcome IS NULL"), 1);
}

/* The end does not wait for the outcome of a try that is under way; pruning does. */
static void a_try_under_way_keeps_its_message(void **state)
{
    aw_id attempt = ask(scene.path, "SELECT id FROM attempt WHERE outcome IS NULL");
    (void)state;
    begin();
    assert_int_equal(scene_ack(&scene, open_one, 0), 0);
    commit();
    scene.now += AW_RETENTION_LEAST;
    prune(scene.now - AW_RETENTION_LEAST);
    assert_int_equal(ask(scene.path, "SELECT count(*) FROM message WHERE key = 'key-2'"), 1);
    begin();
    assert_int_equal(scene_outcome(&scene, open_one, 0, attempt, AW_OUT_REFUSED), 0);
    commit();
    prune(scene.now - AW_RETENTION_LEAST); /* its last entry is young now */
    assert_int_equal(ask(scene.path, "SELECT count(*) FROM message WHERE key = 'key-2'"), 1);
    scene.now += AW_RETENTION_LEAST;
    prune(scene.now - AW_RETENTION_LEAST);
    assert_int_equal(ask(scene.path, "SELECT count(*) FROM message WHERE key = 'key-2'"), 0);
    honest(6);
}

static void a_rollback_forgets_nothing(void **state)
{
    struct aw_old_message m = {gone, scene.rule, 3};
    unsigned rows;
    aw_id id;
    (void)state;
    begin();
    assert_int_equal(aw_store_prune_message(scene.s, &m, scene.now, &rows, &scene.err), 0);
    assert_true(rows > 5);
    aw_store_rollback(scene.s);
    begin();
    assert_int_equal(aw_store_find_external(scene.s, scene.app, "order-1", &id, &scene.err), 0);
    assert_int_equal(id, gone);
    aw_store_rollback(scene.s);
    honest(0);
}

static void pages_forget_external_ids(void **state)
{
    const char *pairs = "SELECT sum(length(pairs)) / 16 FROM key_page";
    (void)state;
    scene.now += AW_DAY; /* idempotency keys have aged, too */
    prune(scene.now - AW_RETENTION_LEAST);
    for (unsigned i = 0; i < 200; i++)
        assert_int_equal(aw_store_checkpoint(scene.s, true, &scene.err), 0);
    /* three users, boss; the one who was erased and both external ids are out */
    assert_int_equal(ask(scene.path, pairs), 4);
    assert_int_equal(scene_reopen(&scene), 0);
    honest(5);
}

static void notices_go_by_age(void **state)
{
    unsigned rows;
    int64_t id = ask(scene.path, "SELECT id FROM notice");
    (void)state;
    scene.now += 31 * AW_DAY;
    begin();
    assert_int_equal(aw_store_prune_aged(scene.s, 10, &rows, &scene.err), 0);
    assert_int_equal(rows, 0); /* operators were not told yet */
    assert_int_equal(aw_store_notice_done(scene.s, id, 0, &scene.err), 0);
    assert_int_equal(aw_store_prune_aged(scene.s, 10, &rows, &scene.err), 0);
    assert_int_equal(rows, 1);
    commit();
    honest(0);
}

/* --- forgers -------------------------------------------------------------------------------- */

static void sql(const char *text)
{
    sqlite3 *db;
    char *error = NULL;
    assert_int_equal(sqlite3_open(copy, &db), SQLITE_OK);
    if (sqlite3_exec(db, text, NULL, NULL, &error) != SQLITE_OK)
        fail_msg("%s: %s", text, error);
    sqlite3_close(db);
}

static void rows_that_come_back(void **state)
{
    static const char *const tables[] = {"message", "timeline", "attempt", "evidence", "detail"};
    char before[200], text[400];
    (void)state;
    snprintf(before, sizeof before, "%s/before.db", scene.dir);
    scene_copy(scene.path, before);
    prune(scene.now);
    for (unsigned i = 0; i < AW_COUNT(tables); i++) {
        scene_copy(scene.path, copy);
        snprintf(text, sizeof text,
                 "ATTACH '%s' AS old; INSERT INTO main.%s SELECT * FROM old.%s AS o WHERE rowid NOT"
                 " IN (SELECT rowid FROM main.%s) LIMIT 1",
                 before, tables[i], tables[i], tables[i]);
        sql(text);
        found(copy, "the row is still there; entry ");
    }
}

static void rows_that_nobody_pruned(void **state)
{
    (void)state;
    scene_copy(scene.path, copy);
    sql("DELETE FROM message WHERE key = 'key-1'");
    found(copy, "the row is missing");
}

/* Entries as a forger appends them who can make the hashes, too. */
static void forge(aw_id msg)
{
    struct aw_entry e;
    aw_entry_init(&e);
    e.kind = AW_ENTRY_PRUNED;
    e.actor = "core";
    e.msg = msg;
    begin();
    assert_int_equal(aw_store_log(scene.s, &e, NULL, &scene.err), 0);
    commit();
}

/* Another body for a message, as the store would write it. */
static void rewrite(aw_id msg)
{
    begin();
    assert_int_equal(aw_store_redact(scene.s, msg, "{}", 2, &scene.err), 0);
    commit();
}

static void bodies_of_closed_messages_may_change(void **state)
{
    (void)state;
    rewrite(gone);
    honest(0);
    rewrite(open_one);
    found(scene.path, "changes the body of a message that is still open");
}

static void entries_that_lie(void **state)
{
    (void)state;
    forge(open_one);
    found(scene.path, "prunes a message that is still open");
    teardown(state);
    setup(state);
    forge(12345678);
    found(scene.path, "prunes a message that was never registered");
    teardown(state);
    setup(state);
    scene.now -= AW_DAY;
    forge(gone);
    found(scene.path, "before the least retention has passed");
    teardown(state);
    setup(state);
    prune(scene.now);
    forge(gone);
    found(scene.path, "prunes a message again");
    teardown(state);
    setup(state);
    forge(gone); /* nothing was taken away */
    found(scene.path, "the row is still there");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_closed_message_leaves_its_entries, setup, teardown),
        cmocka_unit_test_setup_teardown(young_and_open_ones_stay, setup, teardown),
        cmocka_unit_test_setup_teardown(a_try_under_way_keeps_its_message, setup, teardown),
        cmocka_unit_test_setup_teardown(a_rollback_forgets_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(pages_forget_external_ids, setup, teardown),
        cmocka_unit_test_setup_teardown(notices_go_by_age, setup, teardown),
        cmocka_unit_test_setup_teardown(rows_that_come_back, setup, teardown),
        cmocka_unit_test_setup_teardown(rows_that_nobody_pruned, setup, teardown),
        cmocka_unit_test_setup_teardown(entries_that_lie, setup, teardown),
        cmocka_unit_test_setup_teardown(bodies_of_closed_messages_may_change, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
