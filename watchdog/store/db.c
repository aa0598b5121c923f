/* SPDX-License-Identifier: Apache-2.0
 *
 * SQLite behind the few calls that the store needs.
 */
#include "store/db.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

static const struct {
    int what, value;
} limits[] = {
    {SQLITE_LIMIT_LENGTH, 4 << 20},   {SQLITE_LIMIT_SQL_LENGTH, 100000},
    {SQLITE_LIMIT_EXPR_DEPTH, 64},    {SQLITE_LIMIT_COMPOUND_SELECT, 3},
    {SQLITE_LIMIT_VDBE_OP, 25000},    {SQLITE_LIMIT_FUNCTION_ARG, 8},
    {SQLITE_LIMIT_ATTACHED, 0},       {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 50},
    {SQLITE_LIMIT_TRIGGER_DEPTH, 10}, {SQLITE_LIMIT_WORKER_THREADS, 0},
};

static const struct {
    int what, on;
} switches[] = {
    {SQLITE_DBCONFIG_DEFENSIVE, 1},
    {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
    {SQLITE_DBCONFIG_DQS_DML, 0},
    {SQLITE_DBCONFIG_DQS_DDL, 0},
    {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
    {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
};

/* A quota and a limit on the size of files are full disks too, though SQLite knows only ENOSPC. The
 * write that failed was the last call to the system that did; sqlite3_system_errno() does not hear
 * of a COMMIT. */
static bool no_room(int rc)
{
    return rc == SQLITE_IOERR_WRITE && (errno == EDQUOT || errno == EFBIG);
}

int aw_db_fail(struct aw_db *db, int rc, struct aw_err *err)
{
    int code = no_room(rc) ? AW_ENOSPC : AW_EIO;
    switch (rc & 0xff) {
    case SQLITE_FULL:
        code = AW_ENOSPC;
        break;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
        code = AW_ECORRUPT;
        break;
    case SQLITE_BUSY:
        code = AW_EBUSY;
        break;
    default:
        break;
    }
    return aw_fail(err, code, "SQLite: %s (%d)", db->h ? sqlite3_errmsg(db->h) : "no memory", rc);
}

int aw_db_exec(struct aw_db *db, const char *sql, struct aw_err *err)
{
    int rc = sqlite3_exec(db->h, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? 0 : aw_db_fail(db, rc, err);
}

static int configure(struct aw_db *db, enum aw_db_mode mode, unsigned cache_kib, struct aw_err *err)
{
    char cache[64];
    int r, one = 1;

    sqlite3_extended_result_codes(db->h, 1);
    sqlite3_busy_timeout(db->h, AW_DB_BUSY_MS);
    for (unsigned i = 0; i < AW_COUNT(limits); i++)
        sqlite3_limit(db->h, limits[i].what, limits[i].value);
    for (unsigned i = 0; i < AW_COUNT(switches); i++)
        sqlite3_db_config(db->h, switches[i].what, switches[i].on, NULL);
    snprintf(cache, sizeof cache, "PRAGMA cache_size = -%u", cache_kib);
    if ((r = aw_db_exec(db, "PRAGMA mmap_size = 0; PRAGMA cell_size_check = ON;", err)) ||
        (r = aw_db_exec(db, cache, err)))
        return r;
    if (mode == AW_DB_READ)
        return aw_db_exec(db, "PRAGMA query_only = ON", err);
    /* PERSIST_WAL: auditors can open the file after a clean stop. */
    if ((r = aw_db_exec(db,
                        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                        "PRAGMA wal_autocheckpoint = 0; PRAGMA secure_delete = ON;"
                        "PRAGMA temp_store = MEMORY; PRAGMA journal_size_limit = 67108864;",
                        err)))
        return r;
    sqlite3_file_control(db->h, "main", SQLITE_FCNTL_PERSIST_WAL, &one);
    return 0;
}

int aw_db_open(struct aw_db *db, const char *path, enum aw_db_mode mode, const char *vfs,
               unsigned cache_kib, struct aw_err *err)
{
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
    int r;

    flags |= mode == AW_DB_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    flags |= mode == AW_DB_CREATE ? SQLITE_OPEN_CREATE : 0;
    flags |= strncmp(path, "file:", 5) == 0 ? SQLITE_OPEN_URI : 0;
    memset(db, 0, sizeof *db);
    int rc = sqlite3_open_v2(path, &db->h, flags, vfs);
    r = rc == SQLITE_OK ? configure(db, mode, cache_kib, err) : aw_db_fail(db, rc, err);
    if (r)
        aw_db_close(db);
    return r;
}

void aw_db_close(struct aw_db *db)
{
    for (unsigned i = 0; i < AW_N_SQL; i++)
        sqlite3_finalize(db->stmts[i]);
    sqlite3_close(db->h);
    memset(db, 0, sizeof *db);
}

static int pragma(struct aw_db *db, const char *sql, int64_t *ret, struct aw_err *err)
{
    sqlite3_stmt *q = NULL;
    int rc = sqlite3_prepare_v2(db->h, sql, -1, &q, NULL);
    if (rc == SQLITE_OK && (rc = sqlite3_step(q)) == SQLITE_ROW) {
        *ret = sqlite3_column_int64(q, 0);
        rc = SQLITE_OK;
    }
    sqlite3_finalize(q);
    return rc == SQLITE_OK ? 0 : aw_db_fail(db, rc, err);
}

int aw_db_layout(struct aw_db *db, const char *path, int64_t *ret, struct aw_err *err)
{
    int64_t id = 0, n = 0;
    int r;
    *ret = 0;
    if ((r = pragma(db, "PRAGMA application_id", &id, err)) ||
        (r = pragma(db, "PRAGMA user_version", ret, err)) ||
        (r = pragma(db, "SELECT count(*) FROM sqlite_schema", &n, err)))
        return aw_wrap(err, r, "%s", path);
    if (!id && !n)
        return aw_fail(err, AW_ENOENT, "%s is empty", path);
    if (id != AW_APPLICATION_ID)
        return aw_fail(err, AW_EINVAL, "%s is a database of another program", path);
    if (*ret > AW_STORE_LAYOUT)
        return aw_fail(err, AW_EINVAL,
                       "%s has layout %lld, made by a newer ackwatch; this one knows layout %d: "
                       "install the newer one, or take a backup from before",
                       path, (long long)*ret, AW_STORE_LAYOUT);
    return 0;
}

int aw_db_check(struct aw_db *db, const char *path, struct aw_err *err)
{
    int64_t layout;
    int r = aw_db_layout(db, path, &layout, err);
    if (r == 0 && layout < AW_STORE_LAYOUT)
        r = aw_fail(err, AW_EINVAL,
                    "%s has layout %lld, this ackwatch needs layout %d: stop the daemon and run "
                    "ackwatch db migrate",
                    path, (long long)layout, AW_STORE_LAYOUT);
    return r;
}

static int schema_line(void *ctx, int n, char **values, char **names)
{
    (void)n, (void)names;
    aw_buf_printf(ctx, "%c%s %s%c%s\n%s", AW_SCHEMA_ROW, values[0], values[1], AW_SCHEMA_NAME,
                  values[2], values[3] ? values[3] : "");
    return 0;
}

int aw_db_schema(struct aw_db *db, struct aw_buf *out, struct aw_err *err)
{
    int rc = sqlite3_exec(db->h,
                          "SELECT type, name, tbl_name, sql FROM sqlite_schema "
                          "ORDER BY type, name",
                          schema_line, out, NULL);
    aw_buf_putc(out, AW_SCHEMA_ROW);
    return rc == SQLITE_OK ? 0 : aw_db_fail(db, rc, err);
}

/* --- statements ----------------------------------------------------------------------------- */

struct aw_arg aw_arg_zero(int64_t v)
{
    return v ? I(v) : (struct aw_arg){0};
}

struct aw_arg aw_arg_text(const char *s)
{
    return s ? TN(s, strlen(s)) : (struct aw_arg){0};
}

static int bind_one(sqlite3_stmt *q, int i, const struct aw_arg *a)
{
    switch (a->type) {
    case 'i':
        return sqlite3_bind_int64(q, i, a->i);
    case 't':
        return sqlite3_bind_text(q, i, a->p, (int)a->n, SQLITE_STATIC);
    case 'b': /* a NULL pointer would bind NULL */
        return sqlite3_bind_blob(q, i, a->n ? a->p : "", (int)a->n, SQLITE_STATIC);
    default:
        return sqlite3_bind_null(q, i);
    }
}

int aw_db_bind(struct aw_db *db, enum aw_sql what, sqlite3_stmt **ret, struct aw_err *err,
               const struct aw_arg *args, unsigned n)
{
    sqlite3_stmt **q = &db->stmts[what];
    int rc = SQLITE_OK;
    *ret = NULL;
    if (!*q)
        rc = sqlite3_prepare_v3(db->h, aw_sql_text[what], -1, SQLITE_PREPARE_PERSISTENT, q, NULL);
    for (unsigned i = 0; rc == SQLITE_OK && i < n; i++)
        rc = bind_one(*q, (int)i + 1, &args[i]);
    if (rc != SQLITE_OK)
        return aw_wrap(err, aw_db_fail(db, rc, err), "%s", aw_sql_name[what]);
    *ret = *q;
    return 0;
}

int aw_db_step(struct aw_db *db, sqlite3_stmt *q, struct aw_err *err)
{
    int rc = sqlite3_step(q);
    return rc == SQLITE_ROW ? 1 : rc == SQLITE_DONE ? 0 : aw_db_fail(db, rc, err);
}

void aw_db_done(sqlite3_stmt *q)
{
    if (q) {
        sqlite3_reset(q);
        sqlite3_clear_bindings(q);
    }
}

int aw_db_run_args(struct aw_db *db, enum aw_sql what, struct aw_err *err,
                   const struct aw_arg *args, unsigned n)
{
    sqlite3_stmt *q;
    int r = aw_db_bind(db, what, &q, err, args, n);
    if (r == 0 && (r = aw_db_step(db, q, err)) < 0)
        aw_wrap(err, r, "%s", aw_sql_name[what]);
    aw_db_done(q);
    return r < 0 ? r : 0;
}

int aw_db_int_args(struct aw_db *db, enum aw_sql what, int64_t *ret, struct aw_err *err,
                   const struct aw_arg *args, unsigned n)
{
    sqlite3_stmt *q;
    int r = aw_db_bind(db, what, &q, err, args, n);
    if (r == 0 && (r = aw_db_step(db, q, err)) == 1)
        *ret = sqlite3_column_int64(q, 0);
    aw_db_done(q);
    return r == 1 ? 0 : r == 0 ? AW_ENOENT : r;
}

char *aw_col_dup(sqlite3_stmt *q, int col, size_t *ret_n)
{
    const void *p = sqlite3_column_blob(q, col);
    size_t n = (size_t)sqlite3_column_bytes(q, col);
    if (ret_n)
        *ret_n = n;
    if (sqlite3_column_type(q, col) == SQLITE_NULL)
        return NULL;
    char *copy = aw_malloc(n + 1);
    if (n)
        memcpy(copy, p, n);
    copy[n] = 0;
    return copy;
}

bool aw_col_bytes(sqlite3_stmt *q, int col, void *dst, size_t n)
{
    const void *p = sqlite3_column_blob(q, col);
    if (!p || (size_t)sqlite3_column_bytes(q, col) != n)
        return false;
    memcpy(dst, p, n);
    return true;
}

void aw_col_copy(sqlite3_stmt *q, int col, char *dst, size_t cap)
{
    const char *s = (const char *)sqlite3_column_text(q, col);
    snprintf(dst, cap, "%s", s ? s : "");
}
