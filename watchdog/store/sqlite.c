/* SPDX-License-Identifier: Apache-2.0
 *
 * Opening and closing, the turn, and checkpoints.
 *
 * SQLite up to 3.51.2 can corrupt a database when two connections commit and checkpoint (the
 * WAL-reset bug). Therefore this one connection alone does both, and every other one is read-only.
 */
#include "store/store_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/random.h"

#define CACHE_KIB        65536
#define CHECKPOINT_PAGES 250

int aw_store_note(struct aw_store *s, int r)
{
    if (r == AW_EIO || r == AW_ECORRUPT)
        s->broken = r;
    return r;
}

/* --- open and close ------------------------------------------------------------------------- */

int aw_store_lock(struct aw_store *s, struct aw_err *err)
{
    struct aw_buf name = AW_BUF_INIT(8192);
    int r = 0;
    aw_buf_printf(&name, "%s.lock", s->path);
    s->lock = open(aw_buf_str(&name), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (s->lock < 0)
        r = aw_fail(err, AW_EIO, "cannot open %s: %s", aw_buf_str(&name), strerror(errno));
    else if (flock(s->lock, LOCK_EX | LOCK_NB) < 0)
        r = errno == EWOULDBLOCK
                ? aw_fail(err, AW_EBUSY, "another ackwatchd holds %s", aw_buf_str(&name))
                : aw_fail(err, AW_EIO, "cannot lock %s: %s", aw_buf_str(&name), strerror(errno));
    aw_buf_free(&name);
    return r;
}

static int make_schema(struct aw_store *s, struct aw_err *err)
{
    uint8_t none = 0;
    int r = aw_db_exec(&s->db, "BEGIN IMMEDIATE", err);
    if (r == 0 && (r = aw_db_exec(&s->db, aw_schema_sql, err)) == 0 &&
        (r = aw_db_run(&s->db, AW_SQL_FRONT_FIRST, err, B(&none, 0))) == 0)
        r = aw_db_exec(&s->db, "COMMIT", err);
    if (r && !sqlite3_get_autocommit(s->db.h))
        aw_db_exec(&s->db, "ROLLBACK", NULL);
    return r;
}

static int open_file(struct aw_store *s, const struct aw_store_options *opt, struct aw_err *err)
{
    unsigned cache = opt->cache_kib ? opt->cache_kib : CACHE_KIB;
    struct stat st;
    bool there = opt->vfs || stat(s->path, &st) == 0;
    if (!there && !opt->create)
        return aw_fail(err, AW_ENOENT, "there is no %s", s->path);
    int r =
        aw_db_open(&s->db, s->path, opt->create ? AW_DB_CREATE : AW_DB_WRITE, opt->vfs, cache, err);
    if (r)
        return aw_wrap(err, r, "%s", s->path);
    if (!there && chmod(s->path, 0640) < 0)
        return aw_fail(err, AW_EIO, "cannot set the mode of %s: %s", s->path, strerror(errno));
    r = aw_db_check(&s->db, s->path, err);
    if (r == AW_ENOENT && opt->create)
        r = make_schema(s, err);
    return r;
}

static int load_ids(struct aw_store *s, struct aw_err *err)
{
    return aw_db_int(&s->db, AW_SQL_LAST_ID, &s->at.ids.last, err);
}

static int on_commit(void *ctx, sqlite3 *h, const char *name, int pages)
{
    (void)h, (void)name;
    ((struct aw_store *)ctx)->wal_pages = pages;
    return SQLITE_OK;
}

void aw_store_release(struct aw_store *s)
{
    aw_db_close(&s->db);
    aw_keymap_free(&s->keys);
    aw_census_free(s);
    aw_wipe(s->numbers, sizeof s->numbers);
    aw_free(s->pages.p);
    aw_buf_free(&s->entry);
    if (s->lock >= 0)
        close(s->lock);
    aw_free(s->path);
    aw_free(s);
}

int aw_store_open(const char *path, const struct aw_store_options *opt, aw_time now,
                  struct aw_store **ret, struct aw_err *err)
{
    struct aw_store *s = aw_calloc(1, sizeof *s);
    uint8_t secret[32];
    int r;

    s->path = aw_strdup(path);
    s->lock = -1;
    s->entry = AW_BUF_INIT(AW_ENTRY_MAX);
    if ((r = aw_store_lock(s, err)) || (r = open_file(s, opt, err)) || (r = load_ids(s, err)) ||
        (r = aw_log_load(s, err)) || (r = aw_store_secret(s, "numbers", s->numbers, err)) ||
        (r = aw_orphans_load(s, err)) || (r = aw_store_secret(s, "keymap", secret, err)))
        goto fail;
    aw_keymap_init(&s->keys, secret);
    aw_wipe(secret, sizeof secret);
    if ((r = aw_pages_load(s, now, err)))
        goto fail;
    sqlite3_wal_hook(s->db.h, on_commit, s);
    *ret = s;
    return 0;
fail:
    aw_store_release(s);
    return r;
}

void aw_store_close(struct aw_store *s)
{
    if (!s)
        return;
    if (s->open)
        aw_store_rollback(s);
    if (!s->broken)
        aw_store_checkpoint(s, true, NULL);
    aw_store_release(s);
}

/* --- the turn ------------------------------------------------------------------------------- */

int aw_store_begin(struct aw_store *s, aw_time now, struct aw_err *err)
{
    if (s->broken)
        return aw_fail(err, s->broken, "the store failed before and must be opened again");
    int r = aw_db_run(&s->db, AW_SQL_BEGIN, err);
    if (r == AW_EBUSY)
        r = aw_wrap(err, AW_EIO, "somebody else writes to %s", s->path);
    if (r)
        return aw_store_note(s, r);
    s->open = true;
    s->truncating = false;
    s->now = now;
    s->before = s->at;
    aw_keymap_begin(&s->keys, now);
    return 0;
}

int aw_store_commit(struct aw_store *s, struct aw_err *err)
{
    int r;
    if ((r = aw_pages_write(s, err)) || (r = aw_log_write_front(s, err)) ||
        (r = aw_db_run(&s->db, AW_SQL_COMMIT, err)))
        return aw_store_note(s, r); /* the caller rolls back */
    s->open = false;
    s->truncate |= s->truncating;
    aw_keymap_keep(&s->keys);
    s->head.size = s->at.tree.size;
    s->head.at = s->at.ts;
    if (s->at.tree.size != s->before.tree.size)
        aw_tree_root(&s->at.tree, s->head.root);
    return 0;
}

void aw_store_rollback(struct aw_store *s)
{
    /* SQLite may have rolled back by itself. */
    if (!sqlite3_get_autocommit(s->db.h) && aw_db_run(&s->db, AW_SQL_ROLLBACK, NULL))
        s->broken = AW_EIO;
    if (s->open)
        s->at = s->before;
    s->open = false;
    aw_keymap_undo(&s->keys);
}

/* Never waits for a reader: what one of them still needs stays for the next time. */
static int checkpoint(struct aw_store *s, struct aw_err *err)
{
    int mode = s->truncate ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
    int done = 0;
    sqlite3_busy_timeout(s->db.h, 0);
    int rc = sqlite3_wal_checkpoint_v2(s->db.h, "main", mode, NULL, &done);
    sqlite3_busy_timeout(s->db.h, AW_DB_BUSY_MS);
    if (rc == SQLITE_OK)
        s->truncate = false;
    else if ((rc & 0xff) != SQLITE_BUSY)
        return aw_store_note(s, aw_wrap(err, aw_db_fail(&s->db, rc, err), "checkpoint"));
    s->wal_done = done > 0 ? done : s->wal_pages;
    return 0;
}

int aw_store_checkpoint(struct aw_store *s, bool idle, struct aw_err *err)
{
    int grown = s->wal_pages < s->wal_done ? s->wal_pages : s->wal_pages - s->wal_done;
    if (s->broken)
        return aw_fail(err, s->broken, "the store failed before");
    if (grown >= CHECKPOINT_PAGES || (idle && (grown || s->truncate))) {
        int r = checkpoint(s, err);
        if (r)
            return r;
    }
    return idle ? aw_pages_merge(s, err) : 0;
}

struct aw_idgen *aw_store_ids(struct aw_store *s)
{
    return &s->at.ids;
}

void aw_store_head(struct aw_store *s, struct aw_head *ret)
{
    *ret = s->head;
}

int aw_store_secret(struct aw_store *s, const char *name, uint8_t ret[32], struct aw_err *err)
{
    sqlite3_stmt *q;
    int r = aw_db_query(&s->db, AW_SQL_SECRET, &q, err, T(name));
    if (r == 0)
        r = aw_db_step(&s->db, q, err);
    bool whole = r == 1 && aw_col_bytes(q, 0, ret, 32);
    aw_db_done(q);
    if (r == 1)
        return whole ? 0 : aw_fail(err, AW_ECORRUPT, "secret %s is not of 32 bytes", name);
    if (r < 0)
        return aw_store_note(s, r);
    uint8_t fresh[32];
    aw_random(fresh, sizeof fresh);
    r = aw_db_run(&s->db, AW_SQL_SECRET_PUT, err, T(name), B(fresh, sizeof fresh));
    if (r == 0)
        memcpy(ret, fresh, sizeof fresh);
    return aw_store_note(s, r);
}
