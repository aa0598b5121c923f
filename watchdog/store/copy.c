/* SPDX-License-Identifier: Apache-2.0
 *
 * Beside a living daemon: what a store holds, and a copy of it. Both on a read-only connection, in
 * one read transaction; the writer goes on, only its WAL cannot be cut meanwhile.
 *
 * A copy is written to FILE.part, flushed, and then given its name, so that whatever stands under
 * FILE is whole. It is one file without a WAL: copying or opening it needs nothing else.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/db.h"
#include "store/store.h"

#define CACHE_KIB 8192

static int open_store(struct aw_db *db, const char *path, struct aw_err *err)
{
    int r;

    if (access(path, F_OK) != 0)
        return aw_fail(err, AW_ENOENT, "there is no %s", path);
    r = aw_db_open(db, path, AW_DB_READ, NULL, CACHE_KIB, err);
    if (r)
        return aw_wrap(err, r, "%s", path);
    r = aw_db_layout(db, path, &(int64_t){0}, err);
    if (r == 0)
        r = aw_db_run(db, AW_SQL_BEGIN_READ, err);
    if (r)
        aw_db_close(db);
    return r;
}

/* --- info ------------------------------------------------------------------------------------ */

static int64_t size_of(const char *path, const char *suffix)
{
    struct aw_buf b = AW_BUF_INIT(8192);
    struct stat st;

    aw_buf_printf(&b, "%s%s", path, suffix);
    bool there = stat(aw_buf_str(&b), &st) == 0;
    aw_buf_free(&b);
    return there ? (int64_t)st.st_size : 0;
}

static int number(struct aw_db *db, const char *sql, int64_t *ret, struct aw_err *err)
{
    sqlite3_stmt *q = NULL;
    int rc = sqlite3_prepare_v2(db->h, sql, -1, &q, NULL);

    *ret = 0;
    if (rc == SQLITE_OK && (rc = sqlite3_step(q)) == SQLITE_ROW)
        *ret = sqlite3_column_int64(q, 0);
    sqlite3_finalize(q);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : aw_db_fail(db, rc, err);
}

int aw_store_info(const char *path, struct aw_store_info *ret, struct aw_err *err)
{
    /* Whole tables are counted: this is no statement of the daemon. */
    const struct {
        const char *sql;
        int64_t *to;
    } numbers[] = {
        {"PRAGMA user_version", &ret->layout},
        {"SELECT freelist_count * page_size FROM pragma_freelist_count, pragma_page_size",
         &ret->free_bytes},
        {"SELECT min(id) FROM timeline WHERE due IS NOT NULL AND state = 0", &ret->oldest_open},
        {"SELECT size FROM log_front", &ret->entries},
        {"SELECT at FROM alive", &ret->alive},
        {"SELECT count(*) FROM message", &ret->messages},
        {"SELECT count(*) FROM timeline", &ret->timelines},
        {"SELECT count(*) FROM timeline WHERE due IS NOT NULL", &ret->open},
        {"SELECT count(*) FROM attempt", &ret->attempts},
        {"SELECT count(*) FROM evidence", &ret->evidence},
        {"SELECT count(*) FROM person", &ret->persons},
    };
    struct aw_db db;
    int r;

    memset(ret, 0, sizeof *ret);
    if ((r = open_store(&db, path, err)))
        return r;
    for (unsigned i = 0; i < AW_COUNT(numbers) && r == 0; i++)
        r = number(&db, numbers[i].sql, numbers[i].to, err);
    aw_db_close(&db);
    ret->bytes = size_of(path, "");
    ret->wal_bytes = size_of(path, "-wal");
    ret->sqlite = sqlite3_libversion();
    ret->oldest_open = ret->oldest_open ? aw_id_time(ret->oldest_open) : 0;
    return r ? aw_wrap(err, r, "%s", path) : 0;
}

/* --- backup ---------------------------------------------------------------------------------- */

/* All pages of the snapshot. The copy leaves WAL mode, which the header says of the original. */
static int copy_pages(struct aw_db *from, struct aw_db *to, struct aw_err *err)
{
    sqlite3_backup *b = sqlite3_backup_init(to->h, "main", from->h, "main");
    int rc = b ? sqlite3_backup_step(b, -1) : SQLITE_ERROR;

    if (b && sqlite3_backup_finish(b) == SQLITE_OK && rc == SQLITE_DONE)
        return aw_db_exec(to, "PRAGMA journal_mode = DELETE", err);
    return aw_db_fail(to, rc == SQLITE_DONE ? sqlite3_errcode(to->h) : rc, err);
}

static int write_part(struct aw_db *from, const char *part, struct aw_err *err)
{
    struct aw_db to = {0};
    int rc = sqlite3_open_v2(part, &to.h, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    int r;

    if (rc != SQLITE_OK)
        r = aw_db_fail(&to, rc, err);
    else
        r = copy_pages(from, &to, err);
    aw_db_close(&to);
    return r ? aw_wrap(err, r, "%s", part) : 0;
}

static int flush(const char *path, int flags, struct aw_err *err)
{
    int fd = open(path, flags | O_CLOEXEC);
    int r = fd >= 0 && fsync(fd) == 0
                ? 0
                : aw_fail(err, AW_EIO, "cannot flush %s: %s", path, strerrordesc_np(errno));

    if (fd >= 0)
        close(fd);
    return r;
}

static int flush_dir(const char *path, struct aw_err *err)
{
    const char *slash = strrchr(path, '/');
    char *dir = !slash          ? aw_strdup(".")
                : slash == path ? aw_strdup("/")
                                : aw_strndup(path, (size_t)(slash - path));
    int r = flush(dir, O_RDONLY | O_DIRECTORY, err);

    aw_free(dir);
    return r;
}

/* link() refuses a name that is taken, as rename() does not. */
static int give_name(const char *part, const char *to, struct aw_err *err)
{
    if (link(part, to) != 0)
        return aw_fail(err, errno == EEXIST ? AW_ECONFLICT : AW_EIO, "%s: %s", to,
                       strerrordesc_np(errno));
    unlink(part);
    return flush_dir(to, err);
}

int aw_store_backup(const char *path, const char *to, struct aw_err *err)
{
    struct aw_buf part = AW_BUF_INIT(8192);
    struct aw_db from;
    int r, fd = -1;

    if (access(to, F_OK) == 0)
        return aw_fail(err, AW_ECONFLICT, "%s is there already; a backup takes no name twice", to);
    if ((r = open_store(&from, path, err)))
        return r;
    aw_buf_printf(&part, "%s.part", to);
    fd = open(aw_buf_str(&part), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        r = aw_fail(err, errno == EEXIST ? AW_ECONFLICT : AW_EIO, "cannot make %s: %s%s",
                    aw_buf_str(&part), strerrordesc_np(errno),
                    errno == EEXIST ? " (of a backup that runs, or that broke off: remove it)"
                                    : "");
    if (r == 0 && (r = write_part(&from, aw_buf_str(&part), err)) == 0 &&
        (r = flush(aw_buf_str(&part), O_RDONLY, err)) == 0)
        r = give_name(aw_buf_str(&part), to, err);
    if (fd >= 0)
        close(fd);
    if (fd >= 0 && r)
        unlink(aw_buf_str(&part));
    aw_db_close(&from);
    aw_buf_free(&part);
    return r;
}
