/* SPDX-License-Identifier: Apache-2.0
 *
 * The same work without us: a group commit of rows of the same tables and sizes, a scan, hashes, a
 * flush. Settings are those of the store (WAL, FULL, secure_delete, checkpoints of 250 pages).
 * Left out: the tree, its right edge, the pages of keys, and everything that decides.
 */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "codec/digest.h"

#define CHECKPOINT_PAGES 250
#define FLUSHES          300

static const char schema[] =
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;"
    "PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=-65536;"
    "CREATE TABLE IF NOT EXISTS message(id INTEGER PRIMARY KEY, app INTEGER NOT NULL, rule INTEGER "
    "NOT NULL, n INTEGER NOT NULL, registered INTEGER NOT NULL, key TEXT, ext TEXT, digest BLOB "
    "NOT "
    "NULL, salt BLOB NOT NULL, body TEXT NOT NULL) STRICT;"
    "CREATE TABLE IF NOT EXISTS timeline(id INTEGER PRIMARY KEY, n INTEGER NOT NULL, person "
    "INTEGER "
    "NOT NULL, state INTEGER NOT NULL, due INTEGER, level INTEGER NOT NULL, late INTEGER NOT NULL, "
    "last INTEGER NOT NULL, tried INTEGER, plan BLOB NOT NULL) STRICT;"
    "CREATE INDEX IF NOT EXISTS tl_due ON timeline(due, state) WHERE due IS NOT NULL;"
    "CREATE TABLE IF NOT EXISTS log(seq INTEGER PRIMARY KEY, msg INTEGER, prev INTEGER, leaf BLOB "
    "NOT NULL, body TEXT NOT NULL) STRICT;";

static const char *const inserts[] = {
    "INSERT INTO message VALUES(?1,1,1,1,?2,?3,NULL,?4,?5,?6)",
    "INSERT INTO timeline VALUES(?1,0,?2,0,?3,0,0,?4,NULL,?5)",
    "INSERT INTO log VALUES(?1,?2,NULL,?3,?4)",
};

enum { MESSAGE, TIMELINE, LOG, N_INSERTS };

struct bare {
    sqlite3 *h;
    sqlite3_stmt *q[N_INSERTS];
    int wal, done; /* pages in the WAL, of which were brought over */
    int64_t n;
    char *filler;
    const struct bench_sizes *z;
};

static void must(sqlite3 *h, int rc)
{
    if (rc != SQLITE_OK && rc != SQLITE_DONE && rc != SQLITE_ROW)
        bench_die("SQLite: %s", sqlite3_errmsg(h));
}

static void step(struct bare *b, int what)
{
    must(b->h, sqlite3_step(b->q[what]));
    sqlite3_reset(b->q[what]);
}

static void put_rows(struct bare *b)
{
    int64_t id = ((int64_t)1 << 58) + ++b->n * 4, now = 1795370515000 + b->n / 16;
    char key[32];

    snprintf(key, sizeof(key), "k%lld", (long long)b->n);
    sqlite3_bind_int64(b->q[MESSAGE], 1, id);
    sqlite3_bind_int64(b->q[MESSAGE], 2, now);
    sqlite3_bind_text(b->q[MESSAGE], 3, key, -1, SQLITE_STATIC);
    sqlite3_bind_blob(b->q[MESSAGE], 4, b->filler, 32, SQLITE_STATIC);
    sqlite3_bind_blob(b->q[MESSAGE], 5, b->filler, 32, SQLITE_STATIC);
    sqlite3_bind_text(b->q[MESSAGE], 6, b->filler, b->z->body, SQLITE_STATIC);
    step(b, MESSAGE);
    sqlite3_bind_int64(b->q[TIMELINE], 1, id);
    sqlite3_bind_int64(b->q[TIMELINE], 2, b->n % BENCH_PEOPLE);
    sqlite3_bind_int64(b->q[TIMELINE], 3, 1795374115000); /* the daemon's are due alike, too */
    sqlite3_bind_int64(b->q[TIMELINE], 4, b->n);
    sqlite3_bind_blob(b->q[TIMELINE], 5, b->filler, b->z->plan, SQLITE_STATIC);
    step(b, TIMELINE);
    sqlite3_bind_int64(b->q[LOG], 1, b->n);
    sqlite3_bind_int64(b->q[LOG], 2, id);
    sqlite3_bind_blob(b->q[LOG], 3, b->filler, 32, SQLITE_STATIC);
    sqlite3_bind_text(b->q[LOG], 4, b->filler, b->z->entry, SQLITE_STATIC);
    step(b, LOG);
}

static int on_commit(void *ctx, sqlite3 *h, const char *name, int pages)
{
    (void)h, (void)name;
    ((struct bare *)ctx)->wal = pages;
    return SQLITE_OK;
}

static void turn(struct bare *b, unsigned batch)
{
    must(b->h, sqlite3_exec(b->h, "BEGIN IMMEDIATE", NULL, NULL, NULL));
    for (unsigned i = 0; i < batch; i++)
        put_rows(b);
    must(b->h, sqlite3_exec(b->h, "COMMIT", NULL, NULL, NULL));
    if ((b->wal < b->done ? b->wal : b->wal - b->done) >= CHECKPOINT_PAGES)
        must(b->h,
             sqlite3_wal_checkpoint_v2(b->h, "main", SQLITE_CHECKPOINT_PASSIVE, NULL, &b->done));
}

static int64_t number(sqlite3 *h, const char *sql)
{
    sqlite3_stmt *q;
    int64_t v;

    must(h, sqlite3_prepare_v2(h, sql, -1, &q, NULL));
    must(h, sqlite3_step(q));
    v = sqlite3_column_int64(q, 0);
    sqlite3_finalize(q);
    return v;
}

double bench_commit(const char *path, unsigned batch, double seconds, const struct bench_sizes *z)
{
    struct bare b = {.z = z, .filler = aw_malloc(8192)};
    double start, end;
    int64_t before;

    memset(b.filler, 'x', 8192);
    must(b.h, sqlite3_open(path, &b.h));
    must(b.h, sqlite3_exec(b.h, schema, NULL, NULL, NULL));
    for (int i = 0; i < N_INSERTS; i++)
        must(b.h, sqlite3_prepare_v2(b.h, inserts[i], -1, &b.q[i], NULL));
    before = b.n = number(b.h, "SELECT coalesce(max(seq), 0) FROM log");
    sqlite3_wal_hook(b.h, on_commit, &b);
    start = bench_now();
    do
        turn(&b, batch);
    while ((end = bench_now()) - start < seconds);
    for (int i = 0; i < N_INSERTS; i++)
        sqlite3_finalize(b.q[i]);
    must(b.h, sqlite3_close(b.h));
    aw_free(b.filler);
    return (double)(b.n - before) / (end - start);
}

/* --- reading ---------------------------------------------------------------------------------- */

static sqlite3 *open_read(const char *db)
{
    sqlite3 *h = NULL;

    must(h, sqlite3_open_v2(db, &h, SQLITE_OPEN_READONLY, NULL));
    sqlite3_busy_timeout(h, 5000);
    return h;
}

void bench_sizes(const char *db, struct bench_sizes *ret)
{
    sqlite3 *h = open_read(db);

    ret->body = (int)number(h, "SELECT avg(length(body)) FROM message");
    ret->plan = (int)number(h, "SELECT avg(length(plan)) FROM timeline");
    ret->entry = (int)number(h, "SELECT avg(length(l.body)) FROM timeline t JOIN log l ON l.seq = "
                                "t.last WHERE t.state = 0");
    sqlite3_close(h);
    if (ret->body <= 0 || ret->plan <= 0 || ret->entry <= 0 || ret->body > 8192)
        bench_die("%s holds no registrations to take sizes from", db);
}

static double each(const char *db, const char *sql, bool hash, int64_t *ret_rows)
{
    static const uint8_t zero = 0;
    sqlite3 *h = open_read(db);
    sqlite3_stmt *q;
    double start = bench_now();
    int64_t sum = 0;

    must(h, sqlite3_prepare_v2(h, sql, -1, &q, NULL));
    for (*ret_rows = 0; sqlite3_step(q) == SQLITE_ROW; ++*ret_rows) {
        uint8_t leaf[AW_SHA256];

        if (hash)
            aw_sha256_2(leaf, &zero, 1, sqlite3_column_blob(q, 0),
                        (size_t)sqlite3_column_bytes(q, 0));
        else
            sum += sqlite3_column_int64(q, 0) ^ sqlite3_column_int64(q, 1) ^
                   sqlite3_column_int64(q, 2);
    }
    must(h, sqlite3_finalize(q));
    sqlite3_close(h);
    if (*ret_rows == 0 || sum == -1)
        bench_die("%s is empty", db);
    return bench_now() - start;
}

double bench_scan(const char *db, int64_t *ret_rows)
{
    return each(db, "SELECT id, due, state FROM timeline", false, ret_rows);
}

double bench_hash(const char *db, int64_t *ret_rows)
{
    return each(db, "SELECT body FROM log ORDER BY seq", true, ret_rows);
}

void bench_pages(const char *db, void (*row)(const char *table, double bytes))
{
    sqlite3 *h = open_read(db);
    sqlite3_stmt *q;

    /* A build of SQLite without dbstat prints no parts. */
    if (sqlite3_prepare_v2(h,
                           "SELECT name, sum(pgsize) FROM dbstat GROUP BY name HAVING "
                           "sum(pgsize) > 1000000 ORDER BY 2 DESC",
                           -1, &q, NULL) == SQLITE_OK)
        while (sqlite3_step(q) == SQLITE_ROW)
            row((const char *)sqlite3_column_text(q, 0), sqlite3_column_double(q, 1));
    sqlite3_finalize(q);
    sqlite3_close(h);
}

/* --- the disk --------------------------------------------------------------------------------- */

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

double bench_flush(const char *dir)
{
    char path[512], block[16384];
    double took[FLUSHES];
    int fd;

    snprintf(path, sizeof(path), "%s/flush", dir);
    memset(block, 'x', sizeof(block));
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    for (int i = 0; i < FLUSHES; i++) {
        double start = bench_now();

        if (fd < 0 || pwrite(fd, block, sizeof(block), 0) != sizeof(block) || fdatasync(fd))
            bench_die("%s: %s", path, strerror(errno));
        took[i] = (bench_now() - start) * 1e3;
    }
    close(fd);
    unlink(path);
    qsort(took, FLUSHES, sizeof(*took), by_size);
    return took[FLUSHES / 2];
}
