/* SPDX-License-Identifier: Apache-2.0
 *
 * The pairs of the key map on disk. A turn appends one row; in idle time small rows are merged,
 * and pairs that have aged are left out. After messages were pruned or people erased all rows are
 * swept once, a row at a time: pairs without their row are left out. Where each page stands is kept
 * in memory (24 bytes each).
 */
#include "store/store_int.h"

#include <string.h>

#include "base/mem.h"

#define PAIR      sizeof(struct aw_key_pair)
#define FULL      4096           /* pairs of a page that is not merged any more */
#define MERGE_MIN 16             /* small pages that are worth a merge */
#define ROW_MAX   (65536 * PAIR) /* bytes of a row, far below what the database takes */

static void remember(struct aw_pages *pages, int64_t id, const void *pairs, size_t n_bytes)
{
    struct aw_page page = {.id = id, .n = (uint32_t)(n_bytes / PAIR)};
    for (size_t i = 0; i < page.n; i++) {
        struct aw_key_pair pair;
        memcpy(&pair, (const char *)pairs + i * PAIR, PAIR);
        aw_time until = aw_key_until(&pair);
        page.until = until > page.until ? until : page.until;
    }
    if (pages->n == pages->cap) {
        pages->cap = pages->cap ? 2 * pages->cap : 64;
        pages->p = aw_realloc(pages->p, pages->cap * sizeof *pages->p);
    }
    pages->p[pages->n++] = page;
}

int aw_pages_load(struct aw_store *s, aw_time now, struct aw_err *err)
{
    sqlite3_stmt *q;
    int r = aw_db_query(&s->db, AW_SQL_PAGES, &q, err);
    aw_keymap_begin(&s->keys, now);
    while (r == 0 && (r = aw_db_step(&s->db, q, err)) == 1) {
        const char *p = sqlite3_column_blob(q, 1);
        size_t n = (size_t)sqlite3_column_bytes(q, 1);
        if (n % PAIR) {
            r = aw_fail(err, AW_ECORRUPT, "key_page %lld is damaged",
                        (long long)sqlite3_column_int64(q, 0));
            break;
        }
        for (size_t at = 0; at < n; at += PAIR) {
            struct aw_key_pair pair;
            memcpy(&pair, p + at, PAIR);
            aw_keymap_load(&s->keys, &pair);
        }
        remember(&s->pages, sqlite3_column_int64(q, 0), p, n);
        r = 0;
    }
    aw_db_done(q);
    return r;
}

int aw_pages_write(struct aw_store *s, struct aw_err *err)
{
    const struct aw_buf *fresh = &s->keys.fresh;
    struct aw_pages *pages = &s->pages;
    if (fresh->over)
        return aw_fail(err, AW_ELIMIT, "too many new keys in one turn");
    for (size_t at = 0, n; at < fresh->n; at += n) {
        int64_t id = pages->n ? pages->p[pages->n - 1].id + 1 : 1;
        n = fresh->n - at < ROW_MAX ? fresh->n - at : ROW_MAX;
        int r = aw_db_run(&s->db, AW_SQL_PAGE_PUT, err, I(id), B(fresh->p + at, n));
        if (r)
            return r;
        remember(pages, id, fresh->p + at, n);
    }
    return 0;
}

/* Whether what a pair leads to is still there: 1, 0, or an error. */
static int stands(struct aw_store *s, const struct aw_key_pair *pair, struct aw_err *err)
{
    enum aw_key_class c = aw_key_class_of(pair);
    int64_t one;
    if (c != AW_KEY_USER && c != AW_KEY_EXTERNAL)
        return 1; /* they go by age */
    int r = aw_db_int(&s->db, c == AW_KEY_USER ? AW_SQL_PERSON_KNOWN : AW_SQL_MESSAGE_KNOWN, &one,
                      err, I(pair->id));
    if (r == AW_ENOENT && c == AW_KEY_USER)
        r = aw_db_int(&s->db, AW_SQL_DEVICE_KNOWN, &one, err, I(pair->id));
    return r == 0 ? 1 : r == AW_ENOENT ? 0 : r;
}

/* Collects the live pairs of pages [from, to); strict: those alone whose row is there. */
static int collect(struct aw_store *s, size_t from, size_t to, bool strict, struct aw_buf *out,
                   struct aw_err *err)
{
    sqlite3_stmt *q;
    int r = aw_db_query(&s->db, AW_SQL_PAGES_RANGE, &q, err, I(s->pages.p[from].id),
                        I(s->pages.p[to - 1].id));
    while (r == 0 && (r = aw_db_step(&s->db, q, err)) == 1) {
        const char *p = sqlite3_column_blob(q, 1);
        size_t n = (size_t)sqlite3_column_bytes(q, 1);
        r = 0;
        for (size_t at = 0; at + PAIR <= n && r >= 0; at += PAIR) {
            struct aw_key_pair pair;
            memcpy(&pair, p + at, PAIR);
            r = aw_key_expired(&pair, s->now) ? 0 : !strict ? 1 : stands(s, &pair, err);
            if (r == 1)
                aw_buf_add(out, &pair, PAIR);
        }
        r = r < 0 ? r : 0;
    }
    aw_db_done(q);
    return r;
}

/* Replaces pages [from, to) by one under the first id. */
static int replace(struct aw_store *s, size_t from, size_t to, bool strict, struct aw_err *err)
{
    struct aw_pages *pages = &s->pages;
    struct aw_buf out = AW_BUF_INIT(SIZE_MAX / 2);
    int64_t first = pages->p[from].id;
    struct aw_pages one = {0};
    int r;

    if ((r = aw_db_run(&s->db, AW_SQL_BEGIN, err)) == 0 &&
        (r = collect(s, from, to, strict, &out, err)) == 0 &&
        (r = aw_db_run(&s->db, AW_SQL_PAGES_DELETE, err, I(first), I(pages->p[to - 1].id))) == 0 &&
        (r = aw_db_run(&s->db, AW_SQL_PAGE_PUT, err, I(first), B(out.p, out.n))) == 0)
        r = aw_db_run(&s->db, AW_SQL_COMMIT, err);
    if (r) {
        if (!sqlite3_get_autocommit(s->db.h))
            aw_db_run(&s->db, AW_SQL_ROLLBACK, NULL);
        aw_buf_free(&out);
        return aw_store_note(s, r);
    }
    remember(&one, first, out.p, out.n);
    pages->p[from] = one.p[0];
    memmove(&pages->p[from + 1], &pages->p[to], (pages->n - to) * sizeof *pages->p);
    pages->n -= to - from - 1;
    aw_free(one.p);
    aw_buf_free(&out);
    return 0;
}

/* One page of a sweep, written only when it shrinks. */
static int sweep(struct aw_store *s, struct aw_err *err)
{
    struct aw_buf live = AW_BUF_INIT(SIZE_MAX / 2);
    size_t at = s->pages.sweep++;
    int r;
    s->pages.sweeping = at < s->pages.n;
    if (!s->pages.sweeping)
        return 0;
    r = collect(s, at, at + 1, true, &live, err);
    if (r == 0 && live.n < s->pages.p[at].n * PAIR)
        r = replace(s, at, at + 1, true, err);
    aw_buf_free(&live);
    return aw_store_note(s, r);
}

/* The first run of small pages that is worth it, or a page whose idempotency keys have all aged. */
int aw_pages_merge(struct aw_store *s, struct aw_err *err)
{
    const struct aw_page *p = s->pages.p;
    size_t n = s->pages.n, to;
    if (s->pages.sweeping)
        return sweep(s, err);
    for (size_t from = 0; from<n; from = to> from ? to : from + 1) {
        size_t pairs = 0;
        if (p[from].until && p[from].until < s->now)
            return replace(s, from, from + 1, false, err);
        for (to = from; to < n && p[to].n < FULL && pairs < FULL; to++)
            pairs += p[to].n;
        if (to - from >= MERGE_MIN)
            return replace(s, from, to, false, err);
    }
    return 0;
}
