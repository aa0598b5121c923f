/* SPDX-License-Identifier: Apache-2.0
 *
 * One SQLite connection and its statements: a thin coat that binds by type, prepares each named
 * statement of queries.sql once, and maps errors. The writer, the readers and the verifier each
 * have one of their own. A connection belongs to one thread.
 *
 *     sqlite3_stmt *q;
 *     int r = aw_db_query(db, AW_SQL_PERSON, &q, err, I(person));
 *     if (r == 0 && (r = aw_db_step(db, q, err)) == 1)
 *         ... sqlite3_column_*(q, 0) ...
 *     aw_db_done(q);
 */
#ifndef AW_STORE_DB_H
#define AW_STORE_DB_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "store/sql_text.h"

#define AW_APPLICATION_ID 0x41434B57 /* ACKW */
#define AW_STORE_LAYOUT   3          /* of the tables: user_version of schema.sql */
#define AW_DB_BUSY_MS     2000

struct aw_db {
    sqlite3 *h;
    sqlite3_stmt *stmts[AW_N_SQL];
};

/* mode: AW_DB_WRITE makes the file when create is set. Sets limits and pragmas; does not look
 * at the schema. */
enum aw_db_mode {
    AW_DB_READ,  /* read-only, as every connection but the core's */
    AW_DB_WRITE, /* the one that commits and checkpoints */
    AW_DB_CREATE
};
int aw_db_open(struct aw_db *db, const char *path, enum aw_db_mode mode, const char *vfs,
               unsigned cache_kib, struct aw_err *err);
void aw_db_close(struct aw_db *db);

/* Whether the file is a store, and of which layout: 0, AW_ENOENT (empty file), AW_EINVAL (of
 * another program, or newer than this one). */
int aw_db_layout(struct aw_db *db, const char *path, int64_t *ret, struct aw_err *err);
/* Whether it is one of this layout: as above, AW_EINVAL also when it is older. */
int aw_db_check(struct aw_db *db, const char *path, struct aw_err *err);
/* All objects of the schema as one text: RS type blank name US table LF sql, then RS at the end. */
#define AW_SCHEMA_ROW  '\x1e'
#define AW_SCHEMA_NAME '\x1f'
int aw_db_schema(struct aw_db *db, struct aw_buf *out, struct aw_err *err);

/* AW_ENOSPC, AW_ECORRUPT, AW_EBUSY (readers only) or AW_EIO, with SQLite's words in err. */
int aw_db_fail(struct aw_db *db, int rc, struct aw_err *err);

int aw_db_exec(struct aw_db *db, const char *sql, struct aw_err *err);

/* Values to bind, in the order of ?1, ?2, ... They must live until aw_db_done. */
struct aw_arg {
    char type; /* i, t, b, or 0 for NULL */
    int64_t i;
    const void *p;
    size_t n;
};
#define I(v)      ((struct aw_arg){.type = 'i', .i = (v)})
#define Z(v)      aw_arg_zero(v) /* 0 is NULL */
#define T(s)      aw_arg_text(s) /* NULL is NULL */
#define TN(s, n_) ((struct aw_arg){.type = 't', .p = (s), .n = (n_)})
#define B(s, n_)  ((struct aw_arg){.type = 'b', .p = (s), .n = (n_)})
struct aw_arg aw_arg_zero(int64_t v);
struct aw_arg aw_arg_text(const char *s);

int aw_db_bind(struct aw_db *db, enum aw_sql what, sqlite3_stmt **ret, struct aw_err *err,
               const struct aw_arg *args, unsigned n);
int aw_db_run_args(struct aw_db *db, enum aw_sql what, struct aw_err *err,
                   const struct aw_arg *args, unsigned n);
#define AW_ARGS(...)                                                                               \
    (const struct aw_arg[]){__VA_ARGS__},                                                          \
        sizeof((const struct aw_arg[]){__VA_ARGS__}) / sizeof(struct aw_arg)

/* Prepares (once), binds; then step until 0. */
#define aw_db_query(db, what, ret, err, ...) aw_db_bind(db, what, ret, err, AW_ARGS(__VA_ARGS__))
/* A row: 1, no more rows: 0, else an error. */
int aw_db_step(struct aw_db *db, sqlite3_stmt *q, struct aw_err *err);
void aw_db_done(sqlite3_stmt *q); /* NULL is fine */
/* A statement without rows, from bind to done. */
#define aw_db_run(db, what, err, ...) aw_db_run_args(db, what, err, AW_ARGS(__VA_ARGS__))
/* The first column of the first row as a number, AW_ENOENT without a row (NULL reads as 0). */
int aw_db_int_args(struct aw_db *db, enum aw_sql what, int64_t *ret, struct aw_err *err,
                   const struct aw_arg *args, unsigned n);
#define aw_db_int(db, what, ret, err, ...) aw_db_int_args(db, what, ret, err, AW_ARGS(__VA_ARGS__))

/* Columns as copies and as fixed arrays; false when the size is another. */
char *aw_col_dup(sqlite3_stmt *q, int col, size_t *ret_n); /* NULL stays NULL; ret_n may be NULL */
bool aw_col_bytes(sqlite3_stmt *q, int col, void *dst, size_t n);
void aw_col_copy(sqlite3_stmt *q, int col, char *dst, size_t cap); /* NULL is "" */

#endif
