/* SPDX-License-Identifier: Apache-2.0
 *
 * The auditor's check of a whole file, in one read transaction on a read-only connection, beside a
 * living daemon, after its stop, or on a copy:
 *
 *   L0 the file: SQLite's own check, and a schema equal to the built-in one
 *   L1 the entries: dense, hashed, chained, dated (audit/verify.c)
 *   L2 the tree: tiles, right edge, a root noted outside
 *   L4 the state: the log folded again, and every audited row compared
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/store.h"
#include "store/verify_fold.h"

#define CACHE_KIB 65536
#define PROGRESS  8192 /* entries between two reports */

struct audit {
    struct aw_db db;
    struct aw_verifier *v;
    struct aw_fold *fold;
    const struct aw_verify_options *opt;
    struct aw_verify_result result;
};

/* --- L0 ------------------------------------------------------------------------------------- */

static bool exists(const char *path, const char *suffix)
{
    struct aw_buf b = AW_BUF_INIT(8192);
    aw_buf_printf(&b, "%s%s", path, suffix);
    bool there = access(aw_buf_str(&b), F_OK) == 0;
    aw_buf_free(&b);
    return there;
}

/* As a URI: without a WAL beside it the file is complete and nobody writes, and SQLite can read
 * it only when told so. */
static int open_file(struct audit *a, const char *path, struct aw_err *err)
{
    struct aw_buf uri = AW_BUF_INIT(16384);
    if (!exists(path, ""))
        return aw_fail(err, AW_ENOENT, "there is no %s", path);
    aw_buf_puts(&uri, "file:");
    for (const char *p = path; *p; p++)
        if (strchr("%?#", *p))
            aw_buf_printf(&uri, "%%%02X", (unsigned char)*p);
        else
            aw_buf_putc(&uri, *p);
    aw_buf_puts(&uri, exists(path, "-wal") ? "?mode=ro" : "?immutable=1");
    int r = aw_db_open(&a->db, aw_buf_str(&uri), AW_DB_READ, NULL, CACHE_KIB, err);
    aw_buf_free(&uri);
    if (r)
        return aw_wrap(err, r == AW_EBUSY ? AW_EIO : r, "%s", path);
    r = aw_db_check(&a->db, path, err);
    if (r == 0)
        r = aw_db_run(&a->db, AW_SQL_BEGIN_READ, err);
    return r == AW_ENOENT || r == AW_EINVAL || r == AW_EBUSY ? AW_EIO : r;
}

static int check_line(void *ctx, int n, char **values, char **names)
{
    struct audit *a = ctx;
    (void)n, (void)names;
    if (values[0] && strcmp(values[0], "ok") != 0)
        aw_verifier_found(a->v, -1, "file", "%s", values[0]);
    return 0;
}

/* Names the objects of one schema that the other does not have; `changed` also those that it has in
 * another form. */
static unsigned compare(struct audit *a, const char *one, const char *other, bool changed,
                        const char *missing)
{
    struct aw_buf part = AW_BUF_INIT(1 << 20);
    unsigned n = 0;
    for (const char *row = one, *next; (next = strchr(row + 1, AW_SCHEMA_ROW)); row = next) {
        size_t name = strcspn(row, (char[]){AW_SCHEMA_NAME, 0}) + 1;
        aw_buf_reset(&part);
        aw_buf_add(&part, row, name);
        bool there = strstr(other, aw_buf_str(&part));
        aw_buf_add(&part, row + name, (size_t)(next + 1 - row) - name);
        if (there && (!changed || strstr(other, aw_buf_str(&part))))
            continue;
        aw_verifier_found(a->v, -1, "schema", "%.*s %s", (int)name - 2, row + 1,
                          there ? "was changed" : missing);
        n++;
    }
    aw_buf_free(&part);
    return n;
}

static int check_schema(struct audit *a, struct aw_err *err)
{
    struct aw_buf ours = AW_BUF_INIT(1 << 20), theirs = AW_BUF_INIT(1 << 20);
    struct aw_db memory;
    int r = aw_db_open(&memory, ":memory:", AW_DB_CREATE, NULL, 1024, err);
    if (r == 0 && (r = aw_db_exec(&memory, aw_schema_sql, err)) == 0 &&
        (r = aw_db_schema(&memory, &ours, err)) == 0 &&
        (r = aw_db_schema(&a->db, &theirs, err)) == 0 &&
        strcmp(aw_buf_str(&ours), aw_buf_str(&theirs)) != 0 &&
        compare(a, aw_buf_str(&ours), aw_buf_str(&theirs), true, "is missing") +
                compare(a, aw_buf_str(&theirs), aw_buf_str(&ours), false,
                        "is not of this program") ==
            0)
        aw_verifier_found(a->v, -1, "schema", "it is not that of this program");
    aw_db_close(&memory);
    aw_buf_free(&ours);
    aw_buf_free(&theirs);
    return r;
}

static int check_file(struct audit *a, struct aw_err *err)
{
    int rc = sqlite3_exec(a->db.h, "PRAGMA quick_check", check_line, a, NULL);
    if (rc != SQLITE_OK)
        return aw_db_fail(&a->db, rc, err);
    return check_schema(a, err);
}

/* --- L1, L2 --------------------------------------------------------------------------------- */

static int64_t or_minus_one(sqlite3_stmt *q, int col)
{
    return sqlite3_column_type(q, col) == SQLITE_NULL ? -1 : sqlite3_column_int64(q, col);
}

static void take_row(struct audit *a, sqlite3_stmt *q)
{
    const struct aw_entry *e;
    struct aw_log_row row = {.seq = sqlite3_column_int64(q, 0),
                             .msg = sqlite3_column_int64(q, 1),
                             .prev = or_minus_one(q, 2),
                             .leaf = sqlite3_column_blob(q, 3),
                             .n_leaf = (size_t)sqlite3_column_bytes(q, 3),
                             .body = sqlite3_column_text(q, 4),
                             .n_body = (size_t)sqlite3_column_bytes(q, 4)};
    aw_verifier_row(a->v, &row, &e);
    a->result.entries++;
    if (!e)
        return;
    a->result.first = a->result.first ? a->result.first : e->ts;
    a->result.last = e->ts;
    aw_fold_entry(a->fold, e);
}

static int check_log(struct audit *a, int64_t total, struct aw_err *err)
{
    sqlite3_stmt *q;
    int r = aw_db_query(&a->db, AW_SQL_LOG_FROM, &q, err, I(INT64_MIN), I(-1));
    while (r == 0 && (r = aw_db_step(&a->db, q, err)) == 1) {
        take_row(a, q);
        if (a->opt->progress && a->result.entries % PROGRESS == 0)
            a->opt->progress(a->opt->ctx, a->result.entries, total);
        r = 0;
    }
    aw_db_done(q);
    return r;
}

static int check_tiles(struct audit *a, struct aw_err *err)
{
    sqlite3_stmt *q;
    int r = aw_db_query(&a->db, AW_SQL_TILES, &q, err);
    while (r == 0 && (r = aw_db_step(&a->db, q, err)) == 1) {
        int64_t level = sqlite3_column_int64(q, 0);
        aw_verifier_tile(a->v, level >= 0 && level < 256 ? (unsigned)level : 256,
                         sqlite3_column_int64(q, 1), sqlite3_column_blob(q, 2),
                         (size_t)sqlite3_column_bytes(q, 2));
        r = 0;
    }
    aw_db_done(q);
    return r;
}

static int check_tree(struct audit *a, struct aw_err *err)
{
    sqlite3_stmt *q;
    struct aw_tree tree;
    int64_t size = 0;
    int r;

    if ((r = aw_db_query(&a->db, AW_SQL_FRONT, &q, err)) == 0 &&
        (r = aw_db_step(&a->db, q, err)) >= 0) {
        if (r == 1)
            size = sqlite3_column_int64(q, 0);
        else
            aw_verifier_found(a->v, -1, "log_front", "the row is missing");
        r = check_log(a, size, err);
        if (r == 0 && (r = check_tiles(a, err)) == 0) {
            aw_verifier_end(a->v, size, sqlite3_column_blob(q, 1),
                            (size_t)sqlite3_column_bytes(q, 1), &tree);
            aw_tree_root(&tree, a->result.root);
        }
    }
    aw_db_done(q);
    return r;
}

/* --- all ------------------------------------------------------------------------------------ */

static void count_finding(void *ctx, const struct aw_finding *f)
{
    struct audit *a = ctx;
    if (a->opt->found)
        a->opt->found(a->opt->ctx, f);
}

int aw_store_verify(const char *path, const struct aw_verify_options *opt,
                    struct aw_verify_result *ret, struct aw_err *err)
{
    struct audit a = {.opt = opt};
    int r = open_file(&a, path, err);

    a.v = aw_verifier_new(opt->at_size, opt->at_root, count_finding, &a);
    a.fold = aw_fold_new(a.v);
    if (r == 0 && (r = check_file(&a, err)) == 0 && (r = check_tree(&a, err)) == 0 &&
        (r = aw_fold_compare(a.fold, &a.db, err)) == 0) {
        a.result.timelines = (int64_t)a.fold->timelines.n;
        a.result.attempts = (int64_t)a.fold->attempts.n;
        a.result.evidence = (int64_t)a.fold->evidence.n;
        a.result.pruned = a.fold->n_pruned;
        a.result.findings = aw_verifier_findings(a.v);
        *ret = a.result;
    }
    aw_fold_free(a.fold);
    aw_verifier_free(a.v);
    if (a.db.h)
        aw_db_close(&a.db);
    return r;
}
