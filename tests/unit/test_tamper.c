/* SPDX-License-Identifier: Apache-2.0
 *
 * The auditor against forgers: copies of an honest database are changed with SQL, as anybody with
 * the sqlite3 shell can, and each change must be found. Honest ones must give no finding, also
 * beside a living writer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../lib/scene.h"
#include "audit/verify.h"
#include "base/mem.h"

static struct scene scene;
static struct aw_head head; /* of the honest log */
static char copy[160];

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

static int verify(const char *path, const struct aw_head *at, struct seen *seen,
                  struct aw_verify_result *ret)
{
    struct aw_verify_options opt = {.at_size = at ? at->size : -1, .found = note, .ctx = seen};
    struct aw_err err;
    memset(seen, 0, sizeof *seen);
    if (at)
        memcpy(opt.at_root, at->root, 32);
    int r = aw_store_verify(path, &opt, ret, &err);
    if (r)
        print_message("# %s\n", err.text);
    return r;
}

static void change(const char *sql)
{
    sqlite3 *db;
    char *text = NULL;
    assert_int_equal(sqlite3_open(copy, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &text) != SQLITE_OK)
        fail_msg("%s: %s", sql, text);
    sqlite3_free(text);
    sqlite3_close(db);
}

static void honest(const char *path)
{
    struct aw_verify_result result;
    struct seen seen;
    assert_int_equal(verify(path, &head, &seen, &result), 0);
    if (seen.n)
        fail_msg("%s: %s", seen.first.place, seen.first.text);
    assert_int_equal(result.findings, 0);
    assert_int_equal(result.entries, head.size);
    assert_memory_equal(result.root, head.root, 32);
    assert_true(result.timelines > 300 && result.attempts == 4 && result.evidence > 100);
    assert_true(result.first < result.last);
}

static void live_and_copied_and_stopped(void **state)
{
    (void)state;
    honest(scene.path);
    scene_copy(scene.path, copy);
    honest(copy);
    assert_int_equal(scene_reopen(&scene), 0); /* a clean stop and a start */
    honest(scene.path);
    change("PRAGMA wal_checkpoint(TRUNCATE)"); /* of the copy: closing removes the WAL */
    assert_int_equal(access(copy, F_OK), 0);
    honest(copy);
}

/* An older root is a prefix of today's log; a root of the future is not there yet. */
static void roots_noted_before(void **state)
{
    struct aw_verify_result result;
    struct aw_head at = head;
    struct seen seen;
    (void)state;
    at.size++;
    assert_int_equal(verify(scene.path, &at, &seen, &result), 0);
    assert_int_equal(seen.n, 1);
    at.size = 0;
    aw_sha256(at.root, "", 0);
    assert_int_equal(verify(scene.path, &at, &seen, &result), 0);
    assert_int_equal(seen.n, 0);
    at.size = head.size / 2;
    assert_int_equal(verify(scene.path, &at, &seen, &result), 0);
    assert_int_equal(seen.n, 1);
}

/* Operators on every kind of row. Each must give a finding; place: what the first must name. */
static const struct {
    const char *sql, *place;
} forgeries[] = {
    /* entries */
    {"UPDATE log SET body = replace(body, 'core', 'kore') WHERE seq = 12", "log 12"},
    {"UPDATE log SET body = body || ' ' WHERE seq = 0", "log 0"},
    {"UPDATE log SET body = replace(body, '\"why\":\"goal\"', '\"why\":\"due\"')"
     " WHERE seq = (SELECT max(seq) FROM log WHERE body LIKE '%\"goal\"%')",
     "log "},
    {"UPDATE log SET leaf = randomblob(32) WHERE seq = 300", "log 300"},
    {"UPDATE log SET leaf = x'00' WHERE seq = 3", "log 3"},
    {"UPDATE log SET prev = prev - 1 WHERE seq = (SELECT max(seq) FROM log WHERE prev > 9)",
     "log "},
    {"UPDATE log SET msg = msg + 1 WHERE seq = (SELECT min(seq) FROM log WHERE msg > 0)", "log "},
    {"DELETE FROM log WHERE seq = 0", "log 0"},
    {"DELETE FROM log WHERE seq = 200", "log 200"},
    {"DELETE FROM log WHERE seq = (SELECT max(seq) FROM log)", "log_front"},
    {"DELETE FROM log WHERE seq > 256", ""},
    {"DELETE FROM log", ""},
    {"INSERT INTO log SELECT seq + 1, msg, prev, leaf, body FROM log ORDER BY seq DESC LIMIT 1",
     "log "},
    {"UPDATE log SET (leaf, body) = (SELECT leaf, body FROM log AS o WHERE o.seq = 21 - log.seq)"
     " WHERE seq IN (10, 11)",
     "log 10"},
    /* tree */
    {"UPDATE log_tile SET hash = randomblob(32) WHERE idx = 0", "log_tile 1/0"},
    {"UPDATE log_tile SET hash = x'' WHERE idx = 1", "log_tile 1/1"},
    {"DELETE FROM log_tile WHERE idx = 1", "log_tile 1"},
    {"INSERT INTO log_tile VALUES(1, 99, randomblob(32))", "log_tile 1/99"},
    {"INSERT INTO log_tile VALUES(0, 0, randomblob(32))", "log_tile 0/0"},
    {"UPDATE log_front SET size = size - 1", "log_front"},
    {"UPDATE log_front SET peaks = zeroblob(length(peaks))", "log_front"},
    {"UPDATE log_front SET peaks = x''", "log_front"},
    {"DELETE FROM log_front", "log_front"},
    /* timelines */
    {"UPDATE timeline SET state = 1 WHERE state = 4", "timeline msg_"},
    {"UPDATE timeline SET state = 1, due = NULL WHERE id = (SELECT max(id) FROM timeline)",
     "timeline msg_"},
    {"UPDATE timeline SET due = due + 60000 WHERE state = 0", "timeline msg_"},
    {"UPDATE timeline SET due = NULL WHERE id = (SELECT min(id) FROM timeline WHERE state = 0)",
     "timeline msg_"},
    {"UPDATE timeline SET level = 6 WHERE level = 0", "timeline msg_"},
    {"UPDATE timeline SET late = 1 WHERE state = 4", "timeline msg_"},
    {"UPDATE timeline SET last = last - 1 WHERE n = 1", "timeline msg_"},
    {"UPDATE timeline SET person = person + 1 WHERE n = 2", "timeline msg_"},
    {"UPDATE timeline SET n = 5 WHERE n = 2", "timeline msg_"},
    {"UPDATE timeline SET tried = NULL WHERE tried > 0", "timeline msg_"},
    {"UPDATE timeline SET plan = CAST(plan || x'00' AS BLOB) WHERE n = 0", "timeline msg_"},
    {"UPDATE timeline SET plan = CAST(x'01' || substr(plan, 2) AS BLOB)"
     " WHERE substr(plan, 1, 1) = x'02'",
     "timeline msg_"},
    {"UPDATE timeline SET plan = (SELECT plan FROM timeline WHERE state = 4 LIMIT 1)"
     " WHERE substr(plan, 1, 1) = x'02'",
     "timeline msg_"},
    {"DELETE FROM timeline WHERE id = (SELECT min(id) FROM timeline)", "timeline msg_"},
    {"DELETE FROM timeline", "timeline msg_"},
    {"INSERT INTO timeline SELECT id + 7777777, n, person, state, due, level, late, last, tried,"
     " plan FROM timeline LIMIT 1",
     "timeline msg_"},
    /* attempts */
    {"UPDATE attempt SET outcome = 1 WHERE outcome = 3", "attempt att_"},
    {"UPDATE attempt SET outcome = NULL, done_at = NULL WHERE outcome = 1", "attempt att_"},
    {"UPDATE attempt SET level = 6 WHERE level > 0", "attempt att_"},
    {"UPDATE attempt SET provider_id = '1' WHERE provider_id IS NOT NULL", "attempt att_"},
    {"UPDATE attempt SET at = at - 1", "attempt att_"},
    {"UPDATE attempt SET done_at = done_at - 1", "attempt att_"},
    {"UPDATE attempt SET channel = 'other'", "attempt att_"},
    {"UPDATE attempt SET step_id = 'other'", "attempt att_"},
    {"UPDATE attempt SET ref = ref + 1", "attempt att_"},
    {"UPDATE attempt SET person = 2 WHERE kind = 1", "attempt att_"},
    {"UPDATE attempt SET merged_into = NULL", "attempt att_"},
    {"UPDATE attempt SET shared = NULL", "attempt att_"},
    {"UPDATE attempt SET detail = 'fine'", "attempt att_"},
    {"UPDATE attempt SET http_status = 500 WHERE http_status = 200", "attempt att_"},
    {"DELETE FROM attempt WHERE kind = 1", "attempt att_"},
    {"INSERT INTO attempt SELECT id + 5, ref, msg, n, previous, merged_into, shared, step, step_id,"
     " kind, round, number, person, channel, at, level, outcome, done_at, http_status, code,"
     " provider_id, detail, cid, reply_code, reply_number, address, devices FROM attempt LIMIT 1",
     "attempt att_"},
    /* evidence */
    {"UPDATE evidence SET level = 6 WHERE level = 3", "evidence "},
    {"UPDATE evidence SET source = 6 WHERE source = 3", "evidence "},
    {"UPDATE evidence SET at = at - 1", "evidence "},
    {"UPDATE evidence SET tl = tl + 1", "evidence "},
    {"UPDATE evidence SET person = person + 1", "evidence "},
    {"UPDATE evidence SET attempt = NULL", "evidence "},
    {"DELETE FROM evidence WHERE id = (SELECT max(id) FROM evidence)", "evidence "},
    {"INSERT INTO evidence VALUES(1, 2, NULL, 6, 3, 1, NULL)", "evidence 1"},
    /* messages */
    {"UPDATE message SET body = replace(body, 'Order', 'order')", "message msg_"},
    {"UPDATE message SET body = '{}', digest = zeroblob(32)", "message msg_"},
    {"UPDATE message SET digest = zeroblob(32) WHERE key = 'key-1'", "message msg_"},
    {"UPDATE message SET salt = randomblob(32) WHERE key = 'key-1'", "message msg_"},
    {"UPDATE message SET key = 'key-3' WHERE key = 'key-2'", "message msg_"},
    {"UPDATE message SET ext = 'order-4' WHERE ext = 'order-3'", "message msg_"},
    {"UPDATE message SET registered = registered - 1", "message msg_"},
    {"UPDATE message SET n = 4 WHERE n = 3", "message msg_"},
    {"UPDATE message SET rule = 99", "message msg_"},
    {"UPDATE message SET app = 99", "message msg_"},
    {"DELETE FROM message WHERE id = (SELECT max(id) FROM message)", "message msg_"},
    {"UPDATE message SET needed = 1", "message msg_"},
    {"INSERT INTO message SELECT id + 7777777, app, rule, n, registered, key, ext, digest, salt,"
     " body, trace, needed, delayed FROM message LIMIT 1",
     "message msg_"},
    {"UPDATE app SET name = 'bank'", "message msg_"},
    {"UPDATE rule SET name = 'other'", "message msg_"},
    /* people, texts, keys, rules, downtimes */
    {"UPDATE person SET user = 'mallory' WHERE user = 'u1'", "person "},
    {"UPDATE person SET contact = '{\"phone\":\"+8613800138001\"}' WHERE user = 'boss'", "person "},
    {"UPDATE person SET contact = NULL WHERE user = 'boss'", "person "},
    {"UPDATE person SET contact = '{}' WHERE user = 'u0'", "person "},
    {"UPDATE person SET salt = randomblob(32) WHERE user = 'u0'", "person "},
    {"UPDATE person SET user = NULL, salt = NULL WHERE user = 'u2'", "person "},
    {"UPDATE person SET user = 'back', salt = randomblob(32) WHERE user IS NULL", "person "},
    {"DELETE FROM person WHERE user = 'u0'", "person "},
    {"INSERT INTO person VALUES(999, 1, 'x', randomblob(32), NULL, NULL)", "person 999"},
    {"UPDATE detail SET text = 'on purpose' WHERE text LIKE 'sent%'", "detail "},
    {"DELETE FROM detail WHERE seq = (SELECT min(seq) FROM detail)", "detail "},
    {"INSERT INTO detail VALUES(1, randomblob(32), 'x')", "detail 1"},
    {"UPDATE api_key SET scopes = 511", "api_key 1"},
    {"UPDATE api_key SET name = 'root'", "api_key 1"},
    {"UPDATE api_key SET sha256 = randomblob(32)", "api_key 1"},
    {"INSERT INTO api_key VALUES(2, 'back door', '', 511, randomblob(32), 1, 0, 0)", "api_key 2"},
    {"UPDATE api_key SET expires = 5", "api_key 1"},
    {"DELETE FROM api_key", "api_key 1"},
    {"UPDATE opt_out SET out = 1 WHERE out = 0", "opt_out "},
    {"UPDATE opt_out SET number = randomblob(32)", "opt_out "},
    {"DELETE FROM opt_out WHERE id = (SELECT max(id) FROM opt_out)", "opt_out "},
    {"INSERT INTO opt_out VALUES(1, randomblob(32), 1)", "opt_out 1"},
    {"UPDATE rule_text SET text = 'version: 1'", "rule_text "},
    {"DELETE FROM ruleset", "ruleset"},
    {"UPDATE ruleset SET file = 'other.yaml'", "ruleset"},
    {"UPDATE ruleset_was SET list = 'x'", "ruleset_was "},
    {"INSERT INTO ruleset_was VALUES(1, '', '')", "ruleset_was 1"},
    {"DELETE FROM channel_hold WHERE channel = 'mail'", "channel_hold "},
    {"UPDATE channel_hold SET state = 'stopped' WHERE channel = 'push'", "channel_hold "},
    {"UPDATE channel_hold SET until = 0", "channel_hold "},
    {"INSERT INTO channel_hold VALUES(1, 'sms', 'paused', 5, 0)", "channel_hold 1"},
    {"UPDATE silence SET until = until + 1", "silence "},
    {"UPDATE silence SET app = 'bank'", "silence "},
    {"DELETE FROM silence", "silence "},
    {"INSERT INTO silence VALUES(1, '', 2, 3)", "silence 1"},
    {"UPDATE downtime SET until = until + 1", "downtime "},
    {"DELETE FROM downtime", "downtime "},
    {"INSERT INTO downtime VALUES(1, 2, 3)", "downtime 1"},
    /* schema */
    {"DROP INDEX tl_due", "schema"},
    {"CREATE TRIGGER t AFTER INSERT ON log BEGIN DELETE FROM evidence; END", "schema"},
    {"DROP VIEW v_late; CREATE VIEW v_late AS SELECT * FROM v_timeline WHERE 0", "schema"},
    {"CREATE TABLE more(x)", "schema"},
};

static void each_forgery_is_found(void **state)
{
    unsigned n_missed = 0;
    (void)state;
    for (unsigned i = 0; i < AW_COUNT(forgeries); i++) {
        struct aw_verify_result result = {0};
        struct seen seen;
        scene_copy(scene.path, copy);
        change(forgeries[i].sql);
        int r = verify(copy, NULL, &seen, &result);
        const char *place = forgeries[i].place;
        if (r || !seen.n || result.findings < seen.n ||
            strncmp(seen.first.place, place, strlen(place)) != 0) {
            print_message("# missed (%d, %u findings, first at %s: %s): %s\n", r, seen.n,
                          seen.first.place, seen.first.text, forgeries[i].sql);
            n_missed++;
        }
    }
    assert_int_equal(n_missed, 0);
}

/* A body is changed and every hash over it made anew: the state it led to gives it away, and if
 * that is forged too, a root that was noted. */
static void rewrite(int64_t seq, const char *from, const char *to)
{
    sqlite3 *db;
    sqlite3_stmt *q, *put;
    struct aw_tree t;
    assert_int_equal(sqlite3_open(copy, &db), SQLITE_OK);
    char *sql = sqlite3_mprintf("UPDATE log SET body = replace(body, %Q, %Q) WHERE seq = %lld;"
                                "DELETE FROM log_tile",
                                from, to, (long long)seq);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_free(sql);
    sqlite3_prepare_v2(db, "SELECT seq, body FROM log ORDER BY seq", -1, &q, NULL);
    sqlite3_prepare_v2(db, "UPDATE log SET leaf = ?2 WHERE seq = ?1", -1, &put, NULL);
    aw_tree_init(&t);
    sqlite3_stmt *tile;
    sqlite3_prepare_v2(db, "INSERT INTO log_tile VALUES(1, ?1, ?2)", -1, &tile, NULL);
    while (sqlite3_step(q) == SQLITE_ROW) {
        uint8_t leaf[32];
        aw_tree_leaf(leaf, sqlite3_column_text(q, 1), (size_t)sqlite3_column_bytes(q, 1));
        sqlite3_bind_int64(put, 1, sqlite3_column_int64(q, 0));
        sqlite3_bind_blob(put, 2, leaf, 32, SQLITE_TRANSIENT);
        sqlite3_step(put);
        sqlite3_reset(put);
        aw_tree_append(&t, leaf, NULL, NULL);
        if (t.size % 256 == 0) { /* the last 256 are one peak, or part of one: take the tail */
            struct aw_tree part;
            sqlite3_stmt *p;
            aw_tree_init(&part);
            sqlite3_prepare_v2(db, "SELECT leaf FROM log WHERE seq >= ?1 ORDER BY seq LIMIT 256",
                               -1, &p, NULL);
            sqlite3_bind_int64(p, 1, t.size - 256);
            while (sqlite3_step(p) == SQLITE_ROW)
                aw_tree_append(&part, sqlite3_column_blob(p, 0), NULL, NULL);
            sqlite3_finalize(p);
            sqlite3_bind_int64(tile, 1, t.size / 256 - 1);
            sqlite3_bind_blob(tile, 2, part.peaks[0], 32, SQLITE_TRANSIENT);
            sqlite3_step(tile);
            sqlite3_reset(tile);
        }
    }
    sqlite3_finalize(q);
    sqlite3_finalize(put);
    sqlite3_finalize(tile);
    sqlite3_prepare_v2(db, "UPDATE log_front SET peaks = ?1", -1, &q, NULL);
    sqlite3_bind_blob(q, 1, t.peaks, (int)t.n_peaks * 32, SQLITE_TRANSIENT);
    sqlite3_step(q);
    sqlite3_finalize(q);
    sqlite3_close(db);
}

static int64_t number(const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *q;
    int64_t n;
    assert_int_equal(sqlite3_open(copy, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &q, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(q), SQLITE_ROW);
    n = sqlite3_column_int64(q, 0);
    sqlite3_finalize(q);
    sqlite3_close(db);
    return n;
}

static void a_rewritten_log(void **state)
{
    struct aw_verify_result result;
    struct seen seen;
    (void)state;

    scene_copy(scene.path, copy);
    rewrite(number("SELECT min(id) FROM evidence WHERE level = 3"), "delivered", "displayed");
    assert_int_equal(verify(copy, NULL, &seen, &result), 0);
    assert_true(seen.n > 0); /* the state tables tell */

    scene_copy(scene.path, copy);
    int64_t seq = number("SELECT seq FROM log WHERE body LIKE '%an SMS got through nowhere%'");
    rewrite(seq, "an SMS got through nowhere", "all is well");
    assert_int_equal(verify(copy, NULL, &seen, &result), 0);
    if (seen.n)
        fail_msg("%s: %s", seen.first.place, seen.first.text); /* nothing inside can tell */
    assert_int_equal(verify(copy, &head, &seen, &result), 0);
    assert_int_equal(seen.n, 1); /* whoever noted the root can */
}

/* A forged prefix that ends earlier: the tail is gone, front and tiles fit. */
static void a_log_cut_cleanly(void **state)
{
    struct aw_verify_result result;
    struct seen seen;
    (void)state;
    scene_copy(scene.path, copy);
    change("DELETE FROM log WHERE seq = (SELECT max(seq) FROM log);"
           "UPDATE log_front SET size = size - 1");
    rewrite(0, "x", "x");
    assert_int_equal(verify(copy, NULL, &seen, &result), 0);
    assert_true(seen.n > 0);
}

static void the_daemon_does_not_start_on_it(void **state)
{
    static const char *const changes[] = {
        "UPDATE log_front SET peaks = zeroblob(length(peaks))",
        "UPDATE log_front SET size = size - 1",
        "DELETE FROM log WHERE seq = (SELECT max(seq) FROM log)",
        "DELETE FROM log_tile WHERE idx = 0",
        "UPDATE log SET leaf = randomblob(32) WHERE seq = (SELECT max(seq) FROM log)",
        "DELETE FROM log_front",
        "DELETE FROM log",
    };
    struct aw_store_options opt = {0};
    struct aw_store *s;
    struct aw_err err;
    (void)state;
    for (unsigned i = 0; i < AW_COUNT(changes); i++) {
        scene_copy(scene.path, copy);
        change(changes[i]);
        assert_int_equal(aw_store_open(copy, &opt, scene.now, &s, &err), AW_ECORRUPT);
        assert_non_null(strstr(err.text, "audit verify"));
    }
}

static void not_ours(void **state)
{
    struct aw_verify_result result;
    struct seen seen;
    (void)state;
    assert_int_equal(verify("/nonexistent/x.db", NULL, &seen, &result), AW_ENOENT);
    scene_copy(scene.path, copy);
    change("PRAGMA application_id = 7");
    assert_int_equal(verify(copy, NULL, &seen, &result), AW_EIO);
    FILE *f = fopen(copy, "wb");
    fputs("not a database at all, but long enough to be read as a header of one hundred bytes or "
          "more than that, I hope",
          f);
    fclose(f);
    assert_int_equal(verify(copy, NULL, &seen, &result), AW_ECORRUPT);
}

static int setup(void **state)
{
    (void)state;
    scene_init(&scene);
    scene_story(&scene, 300);
    aw_store_head(scene.s, &head);
    snprintf(copy, sizeof copy, "%s/copy.db", scene.dir);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    scene_free(&scene);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(live_and_copied_and_stopped),
        cmocka_unit_test(roots_noted_before),
        cmocka_unit_test(each_forgery_is_found),
        cmocka_unit_test(a_rewritten_log),
        cmocka_unit_test(a_log_cut_cleanly),
        cmocka_unit_test(the_daemon_does_not_start_on_it),
        cmocka_unit_test(not_ours),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
