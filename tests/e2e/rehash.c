/* SPDX-License-Identifier: Apache-2.0
 *
 * What somebody with write access and our source could do: rehash DB SEQ FROM TO changes a text in
 * one entry and computes every leaf, tile and the right edge of the tree anew, so that the log is
 * in itself without a fault. For audit.sh, which shows that a root noted outside still finds it.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "audit/tree.h"

static _Noreturn void die(sqlite3 *db, const char *what)
{
    fprintf(stderr, "rehash: %s: %s\n", what, sqlite3_errmsg(db));
    exit(1);
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *q;

    if (sqlite3_prepare_v2(db, sql, -1, &q, NULL) != SQLITE_OK)
        die(db, sql);
    return q;
}

static void run(sqlite3 *db, sqlite3_stmt *q)
{
    if (sqlite3_step(q) != SQLITE_DONE)
        die(db, sqlite3_sql(q));
    sqlite3_reset(q);
}

static void forge(sqlite3 *db, char **argv)
{
    sqlite3_stmt *q = prepare(db, "UPDATE log SET body = replace(body, ?2, ?3) WHERE seq = ?1 AND "
                                  "instr(body, ?2) > 0");

    for (int i = 1; i <= 3; i++)
        sqlite3_bind_text(q, i, argv[i + 1], -1, SQLITE_STATIC);
    run(db, q);
    if (sqlite3_changes(db) != 1)
        die(db, "no such text in this entry");
    sqlite3_finalize(q);
}

static int put_tile(void *ctx, unsigned level, int64_t index, const uint8_t hash[AW_SHA256])
{
    sqlite3 *db = ctx;
    sqlite3_stmt *q = prepare(db, "INSERT OR REPLACE INTO log_tile VALUES(?, ?, ?)");

    sqlite3_bind_int64(q, 1, level);
    sqlite3_bind_int64(q, 2, index);
    sqlite3_bind_blob(q, 3, hash, AW_SHA256, SQLITE_STATIC);
    run(db, q);
    sqlite3_finalize(q);
    return 0;
}

static void hash_anew(sqlite3 *db, struct aw_tree *tree)
{
    sqlite3_stmt *all = prepare(db, "SELECT seq, body FROM log ORDER BY seq");
    sqlite3_stmt *put = prepare(db, "UPDATE log SET leaf = ? WHERE seq = ?");
    uint8_t leaf[AW_SHA256];

    aw_tree_init(tree);
    while (sqlite3_step(all) == SQLITE_ROW) {
        aw_tree_leaf(leaf, sqlite3_column_text(all, 1), (size_t)sqlite3_column_bytes(all, 1));
        if (aw_tree_append(tree, leaf, put_tile, db))
            die(db, "tree");
        sqlite3_bind_blob(put, 1, leaf, AW_SHA256, SQLITE_STATIC);
        sqlite3_bind_int64(put, 2, sqlite3_column_int64(all, 0));
        run(db, put);
    }
    sqlite3_finalize(all);
    sqlite3_finalize(put);
}

int main(int argc, char **argv)
{
    struct aw_tree tree;
    sqlite3 *db;
    sqlite3_stmt *front;

    if (argc != 5) {
        fputs("usage: rehash DB SEQ FROM TO\n", stderr);
        return 2;
    }
    if (sqlite3_open_v2(argv[1], &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
        die(db, argv[1]);
    if (sqlite3_exec(db, "BEGIN", NULL, NULL, NULL) != SQLITE_OK)
        die(db, "BEGIN");
    forge(db, argv);
    hash_anew(db, &tree);
    front = prepare(db, "UPDATE log_front SET size = ?, peaks = ?");
    sqlite3_bind_int64(front, 1, tree.size);
    sqlite3_bind_blob(front, 2, tree.peaks, (int)(tree.n_peaks * AW_SHA256), SQLITE_STATIC);
    run(db, front);
    sqlite3_finalize(front);
    if (sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
        die(db, "COMMIT");
    sqlite3_close_v2(db);
    return 0;
}
