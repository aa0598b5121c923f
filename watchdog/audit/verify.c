/* SPDX-License-Identifier: Apache-2.0
 *
 * The log verifier. Rows come in order of seq; the tree is built anew from the leaves, and what
 * the tiles should be is kept (32 bytes for 256 entries). The newest entry of each timeline is
 * kept in a table (16 bytes each), so that the chains can be followed forwards.
 */
#include "audit/verify.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "audit/idmap.h"
#include "base/mem.h"

#define MAX_FINDINGS 100
#define LEVELS       8 /* 256^7 entries are more than anybody has */

struct tiles {
    uint8_t (*hash)[AW_SHA256];
    int64_t n, cap, n_seen;
};

struct aw_verifier {
    void (*found)(void *ctx, const struct aw_finding *f);
    void *ctx;
    unsigned n_findings;
    int64_t at_size;
    uint8_t at_root[AW_SHA256];
    struct aw_tree tree;
    struct tiles tiles[LEVELS];
    struct aw_idmap chains; /* timeline -> its newest entry */
    aw_time ts;
    int64_t expected; /* sequence of the next row */
    struct aw_entry entry;
    void *owner; /* of entry's texts */
};

/* --- findings ------------------------------------------------------------------------------- */

__attribute__((format(printf, 4, 0))) static void
report(struct aw_verifier *v, int64_t seq, const char *place, const char *fmt, va_list ap)
{
    struct aw_finding f = {.seq = seq};
    if (v->n_findings++ >= MAX_FINDINGS || !v->found)
        return;
    snprintf(f.place, sizeof f.place, "%s", place);
    vsnprintf(f.text, sizeof f.text, fmt, ap);
    v->found(v->ctx, &f);
}

void aw_verifier_found(struct aw_verifier *v, int64_t seq, const char *place, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    report(v, seq, place, fmt, ap);
    va_end(ap);
}

static void row_found(struct aw_verifier *v, int64_t seq, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static void row_found(struct aw_verifier *v, int64_t seq, const char *fmt, ...)
{
    char place[96];
    va_list ap;
    snprintf(place, sizeof place, "log %lld", (long long)seq);
    va_start(ap, fmt);
    report(v, seq, place, fmt, ap);
    va_end(ap);
}

/* --- chains --------------------------------------------------------------------------------- */

/* A sum that a forged id cannot overflow. */
static aw_id timeline_of(const struct aw_entry *e, unsigned n)
{
    return (aw_id)((uint64_t)e->msg + n);
}

static void open_chain(struct aw_verifier *v, aw_id timeline, int64_t seq)
{
    int64_t *last = aw_idmap_find(&v->chains, timeline);
    if (last) {
        row_found(v, seq, "opens a timeline that entry %lld had opened", (long long)*last);
        *last = seq;
    } else {
        aw_idmap_put(&v->chains, timeline, seq);
    }
}

static void check_chain(struct aw_verifier *v, const struct aw_entry *e)
{
    if (e->kind == AW_ENTRY_REGISTERED) {
        if (e->prev >= 0 || !e->msg || !e->n_persons)
            row_found(v, e->seq, "a registration with a predecessor, or without recipients");
        for (unsigned i = 0; i < e->n_persons; i++)
            open_chain(v, timeline_of(e, i), e->seq);
        return;
    }
    if (e->n < 0 || !e->msg) {
        if (e->prev >= 0)
            row_found(v, e->seq, "prev of an entry that is about no timeline");
        return;
    }
    int64_t *last = aw_idmap_find(&v->chains, timeline_of(e, (unsigned)e->n));
    if (!last) {
        row_found(v, e->seq, "is about a timeline that was never opened");
        return;
    }
    if (e->prev != *last)
        row_found(v, e->seq, "follows entry %lld, the newest of its timeline is %lld",
                  (long long)e->prev, (long long)*last);
    *last = e->seq;
}

/* --- rows ----------------------------------------------------------------------------------- */

struct aw_verifier *aw_verifier_new(int64_t at_size, const uint8_t at_root[32],
                                    void (*found)(void *ctx, const struct aw_finding *f), void *ctx)
{
    struct aw_verifier *v = aw_calloc(1, sizeof *v);
    v->found = found;
    v->ctx = ctx;
    v->at_size = at_size;
    if (at_size >= 0)
        memcpy(v->at_root, at_root, sizeof v->at_root);
    return v;
}

static int note_tile(void *ctx, unsigned level, int64_t index, const uint8_t hash[AW_SHA256])
{
    struct aw_verifier *v = ctx;
    struct tiles *t = &v->tiles[level < LEVELS ? level : LEVELS - 1];
    if (t->n == t->cap) {
        t->cap = t->cap ? 2 * t->cap : 16;
        t->hash = aw_realloc(t->hash, (size_t)t->cap * sizeof *t->hash);
    }
    memcpy(t->hash[t->n++], hash, AW_SHA256);
    (void)index; /* subtrees fill in order */
    return 0;
}

static void check_noted_root(struct aw_verifier *v)
{
    uint8_t root[AW_SHA256];
    if (v->tree.size != v->at_size)
        return;
    aw_tree_root(&v->tree, root);
    if (memcmp(root, v->at_root, sizeof root) != 0)
        aw_verifier_found(v, v->at_size - 1, "log",
                          "the first %lld entries do not have the root that was noted: the log "
                          "was rewritten",
                          (long long)v->at_size);
}

/* The leaf as stored goes into the tree: so a changed body is one finding, not many. */
static void check_leaf(struct aw_verifier *v, const struct aw_log_row *row)
{
    uint8_t leaf[AW_SHA256];
    aw_tree_leaf(leaf, row->body, row->n_body);
    if (row->n_leaf != sizeof leaf || memcmp(row->leaf, leaf, sizeof leaf) != 0)
        row_found(v, row->seq, "leaf is not the hash of body");
    check_noted_root(v);
    aw_tree_append(&v->tree, row->n_leaf == sizeof leaf ? row->leaf : leaf, note_tile, v);
}

static void check_copies(struct aw_verifier *v, const struct aw_log_row *row)
{
    const struct aw_entry *e = &v->entry;
    if (e->seq != row->seq)
        row_found(v, row->seq, "body says it is entry %lld", (long long)e->seq);
    if (e->msg != row->msg || e->prev != row->prev)
        row_found(v, row->seq, "columns msg, prev are not those of body");
    if (e->ts < v->ts)
        row_found(v, row->seq, "is dated before the entry before");
    v->ts = e->ts > v->ts ? e->ts : v->ts;
}

void aw_verifier_row(struct aw_verifier *v, const struct aw_log_row *row,
                     const struct aw_entry **ret_entry)
{
    struct aw_err err;
    *ret_entry = NULL;
    aw_entry_release(v->owner);
    v->owner = NULL;
    if (row->seq != v->expected) {
        row_found(v, v->expected, "%lld entries before entry %lld are missing",
                  (long long)(row->seq - v->expected), (long long)row->seq);
        v->expected = row->seq;
    }
    v->expected++;
    check_leaf(v, row);
    if (aw_entry_parse(row->body, row->n_body, &v->entry, &v->owner, &err)) {
        row_found(v, row->seq, "%.200s", err.text);
        return;
    }
    check_copies(v, row);
    check_chain(v, &v->entry);
    *ret_entry = &v->entry;
}

/* --- tree ----------------------------------------------------------------------------------- */

void aw_verifier_tile(struct aw_verifier *v, unsigned level, int64_t idx, const void *hash,
                      size_t n)
{
    char place[96];
    struct tiles *t = level && level < LEVELS ? &v->tiles[level] : NULL;
    snprintf(place, sizeof place, "log_tile %u/%lld", level, (long long)idx);
    if (!t || idx < 0 || idx >= t->n) {
        aw_verifier_found(v, -1, place, "there are not so many entries");
        return;
    }
    t->n_seen++;
    if (n != AW_SHA256 || memcmp(hash, t->hash[idx], AW_SHA256) != 0)
        aw_verifier_found(v, idx << 8 * level, place,
                          "is not the root of the entries from %lld to %lld",
                          (long long)(idx << 8 * level), (long long)((idx + 1) << 8 * level) - 1);
}

unsigned aw_verifier_end(struct aw_verifier *v, int64_t front_size, const void *peaks,
                         size_t n_peaks, struct aw_tree *ret_tree)
{
    char place[96];
    check_noted_root(v);
    if (v->at_size > v->tree.size)
        aw_verifier_found(v, -1, "log", "ends after %lld entries, a root of %lld was noted",
                          (long long)v->tree.size, (long long)v->at_size);
    for (unsigned level = 1; level < LEVELS; level++) {
        snprintf(place, sizeof place, "log_tile %u", level);
        if (v->tiles[level].n_seen != v->tiles[level].n)
            aw_verifier_found(v, -1, place, "%lld tiles are missing",
                              (long long)(v->tiles[level].n - v->tiles[level].n_seen));
    }
    if (front_size != v->tree.size)
        aw_verifier_found(v, v->tree.size, "log_front", "says %lld entries, there are %lld",
                          (long long)front_size, (long long)v->tree.size);
    else if (n_peaks != (size_t)v->tree.n_peaks * AW_SHA256 ||
             (n_peaks && memcmp(peaks, v->tree.peaks, n_peaks) != 0))
        aw_verifier_found(v, -1, "log_front", "does not fit the entries");
    if (ret_tree)
        *ret_tree = v->tree;
    return v->n_findings;
}

unsigned aw_verifier_findings(const struct aw_verifier *v)
{
    return v->n_findings;
}

void aw_verifier_free(struct aw_verifier *v)
{
    if (!v)
        return;
    aw_entry_release(v->owner);
    for (unsigned level = 0; level < LEVELS; level++)
        aw_free(v->tiles[level].hash);
    aw_idmap_free(&v->chains);
    aw_free(v);
}
