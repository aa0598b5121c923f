/* SPDX-License-Identifier: Apache-2.0
 *
 * The log: entries built once, hashed and appended in the transaction of the change they record.
 * Appending reads nothing: the right edge of the tree is in memory. At start that edge is computed
 * again from the tiles and at most 255 hashes a level, and must equal the one stored.
 */
#include "store/store_int.h"

#include <string.h>

#include "base/mem.h"
#include "base/random.h"

struct tile_ctx {
    struct aw_store *s;
    struct aw_err *err;
};

static int put_tile(void *ctx, unsigned level, int64_t index, const uint8_t hash[AW_SHA256])
{
    struct tile_ctx *c = ctx;
    return aw_db_run(&c->s->db, AW_SQL_TILE_PUT, c->err, I(level), I(index), B(hash, AW_SHA256));
}

int aw_log_append(struct aw_store *s, struct aw_entry *e, struct aw_err *err)
{
    struct tile_ctx ctx = {s, err};
    uint8_t leaf[AW_SHA256];
    int r;

    e->seq = s->at.tree.size;
    e->ts = s->now > s->at.ts ? s->now : s->at.ts;
    aw_buf_reset(&s->entry);
    if ((r = aw_entry_build(&s->entry, e)))
        return aw_fail(err, r, "an entry of more than %d bytes", AW_ENTRY_MAX);
    aw_tree_leaf(leaf, s->entry.p, s->entry.n);
    if ((r = aw_db_run(&s->db, AW_SQL_LOG_PUT, err, I(e->seq), Z(e->msg),
                       e->prev < 0 ? Z(0) : I(e->prev), B(leaf, sizeof leaf),
                       TN(s->entry.p, s->entry.n))) ||
        (r = aw_tree_append(&s->at.tree, leaf, put_tile, &ctx)))
        return aw_store_note(s, r);
    s->at.ts = e->ts;
    return 0;
}

int aw_log_detail(struct aw_store *s, const char *text, uint8_t ret_content[32], struct aw_err *err)
{
    uint8_t salt[32];
    aw_random(salt, sizeof salt);
    aw_commit(ret_content, salt, "detail", text, strlen(text));
    return aw_store_note(s, aw_db_run(&s->db, AW_SQL_DETAIL_PUT, err, I(s->at.tree.size),
                                      B(salt, sizeof salt), T(text)));
}

int aw_store_log(struct aw_store *s, struct aw_entry *e, const char *detail, struct aw_err *err)
{
    uint8_t content[32];
    int r;
    if (detail) {
        if ((r = aw_log_detail(s, detail, content, err)))
            return r;
        e->content = content;
    }
    r = aw_log_append(s, e, err);
    if (detail)
        e->content = NULL;
    return r;
}

int aw_log_write_front(struct aw_store *s, struct aw_err *err)
{
    const struct aw_tree *t = &s->at.tree;
    if (t->size == s->before.tree.size)
        return 0;
    return aw_db_run(&s->db, AW_SQL_FRONT_PUT, err, I(t->size),
                     B(t->peaks, (size_t)t->n_peaks * AW_SHA256));
}

/* --- start ---------------------------------------------------------------------------------- */

static int read_hash(struct aw_store *s, sqlite3_stmt *q, uint8_t ret[AW_SHA256],
                     struct aw_err *err)
{
    int r = aw_db_step(&s->db, q, err);
    if (r < 0)
        return r;
    return r && aw_col_bytes(q, 0, ret, AW_SHA256) ? 0 : AW_ENOENT;
}

/* The tree of `size` leaves out of the largest complete tiles. */
static int rebuild(struct aw_store *s, int64_t size, struct aw_tree *t, struct aw_err *err)
{
    unsigned level = 0;
    aw_tree_init(t);
    while (level < 7 && size >> 8 * (level + 1))
        level++;
    for (;; level--) {
        int64_t from = t->size >> 8 * level, to = size >> 8 * level;
        for (int64_t i = from; i < to; i++) {
            sqlite3_stmt *q;
            uint8_t hash[AW_SHA256];
            int r = level ? aw_db_query(&s->db, AW_SQL_TILE, &q, err, I(level), I(i))
                          : aw_db_query(&s->db, AW_SQL_LOG_LEAF, &q, err, I(i));
            if (r == 0 && (r = read_hash(s, q, hash, err)) == AW_ENOENT)
                r = level ? aw_fail(err, AW_ECORRUPT, "tile %u/%lld is missing or damaged", level,
                                    (long long)i)
                          : aw_fail(err, AW_ECORRUPT, "entry %lld is missing or damaged",
                                    (long long)i);
            aw_db_done(q);
            if (r || (r = aw_tree_append_tile(t, level, hash)))
                return r;
        }
        if (!level)
            return 0;
    }
}

static int read_front(struct aw_store *s, struct aw_tree *t, struct aw_err *err)
{
    sqlite3_stmt *q;
    int r = aw_db_query(&s->db, AW_SQL_FRONT, &q, err);
    if (r == 0 && (r = aw_db_step(&s->db, q, err)) == 1)
        r = aw_tree_restore(t, sqlite3_column_int64(q, 0), sqlite3_column_blob(q, 1),
                            (size_t)sqlite3_column_bytes(q, 1))
                ? aw_fail(err, AW_ECORRUPT, "log_front is damaged")
                : 0;
    else if (r == 0)
        r = aw_fail(err, AW_ECORRUPT, "log_front is empty");
    aw_db_done(q);
    return r;
}

/* The date of the newest entry. There must be none beyond the front. */
static int read_last(struct aw_store *s, int64_t size, aw_time *ret, struct aw_err *err)
{
    sqlite3_stmt *q;
    struct aw_entry e;
    void *owner;
    int r = aw_db_query(&s->db, AW_SQL_LOG_LAST, &q, err);
    if (r == 0 && (r = aw_db_step(&s->db, q, err)) == 1) {
        int64_t seq = sqlite3_column_int64(q, 0);
        const char *body = (const char *)sqlite3_column_text(q, 1);
        if (seq != size - 1)
            r = aw_fail(err, AW_ECORRUPT, "the log ends with entry %lld, log_front has %lld",
                        (long long)seq, (long long)size - 1);
        else if ((r = aw_entry_parse(body, (size_t)sqlite3_column_bytes(q, 1), &e, &owner, err)) ==
                 0) {
            *ret = e.ts;
            aw_entry_release(owner);
        }
    } else if (r == 0 && size) {
        r = aw_fail(err, AW_ECORRUPT, "the log is empty, log_front has %lld entries",
                    (long long)size);
    }
    aw_db_done(q);
    return r;
}

int aw_log_load(struct aw_store *s, struct aw_err *err)
{
    struct aw_tree front, tree;
    int r;
    if ((r = read_front(s, &front, err)) || (r = read_last(s, front.size, &s->at.ts, err)) ||
        (r = rebuild(s, front.size, &tree, err)))
        goto fail;
    if (memcmp(front.peaks, tree.peaks, (size_t)front.n_peaks * AW_SHA256) != 0) {
        r = aw_fail(err, AW_ECORRUPT, "log_front does not fit the tiles and entries");
        goto fail;
    }
    s->at.tree = front;
    s->head = (struct aw_head){.size = front.size, .at = s->at.ts};
    aw_tree_root(&front, s->head.root);
    return 0;
fail:
    if (r == AW_ECORRUPT)
        aw_wrap(err, r, "%s: the log was changed or damaged; run \"ackwatch audit verify\"",
                s->path);
    return r;
}
