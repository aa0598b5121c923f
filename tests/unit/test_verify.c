/* SPDX-License-Identifier: Apache-2.0
 *
 * The log verifier over an array of rows: each check by itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "audit/idmap.h"
#include "audit/verify.h"
#include "base/mem.h"

#define N    600
#define MSG  ((aw_id)382953901260800000)
#define DATE ((aw_time)1795370515000)

static char *bodies[N];
static uint8_t leaves[N][32];
static struct aw_log_row rows[N];
static struct aw_tree tree;
static uint8_t tiles[2][32];
static uint8_t root_at_300[32];

static struct seen {
    unsigned n;
    struct aw_finding first, last;
} seen;

static void note(void *ctx, const struct aw_finding *f)
{
    (void)ctx;
    if (!seen.n++)
        seen.first = *f;
    seen.last = *f;
}

static int keep_tile(void *ctx, unsigned level, int64_t index, const uint8_t hash[32])
{
    (void)ctx;
    assert_int_equal(level, 1);
    memcpy(tiles[index], hash, 32);
    return 0;
}

static void put(int64_t seq, struct aw_entry *e)
{
    struct aw_buf b = AW_BUF_INIT(AW_ENTRY_MAX);
    size_t n;
    assert_int_equal(aw_entry_build(&b, e), 0);
    aw_free(bodies[seq]);
    bodies[seq] = aw_buf_take(&b, &n);
    aw_tree_leaf(leaves[seq], bodies[seq], n);
    rows[seq] = (struct aw_log_row){
        .seq = seq,
        .msg = e->msg,
        .prev = e->prev,
        .body = bodies[seq],
        .n_body = n,
        .leaf = leaves[seq],
        .n_leaf = 32,
    };
}

/* A registration of two, entries of both in turn, a heartbeat now and then. */
static int setup(void **state)
{
    static const int64_t persons[] = {1, 2};
    int64_t last[2] = {0, 0};
    (void)state;
    aw_tree_init(&tree);
    for (int64_t i = 0; i < N; i++) {
        struct aw_entry e;
        aw_entry_init(&e);
        e.seq = i;
        e.ts = DATE + i;
        e.kind = i ? AW_ENTRY_DEFERRED : AW_ENTRY_REGISTERED;
        e.msg = MSG;
        if (!i) {
            e.persons = persons;
            e.n_persons = 2;
        } else if (i % 10 == 0) {
            e.kind = AW_ENTRY_HEARTBEAT;
            e.msg = 0;
        } else {
            e.n = (int)(i % 2);
            e.prev = last[e.n];
            last[e.n] = i;
        }
        if (i == 300)
            aw_tree_root(&tree, root_at_300);
        put(i, &e);
        assert_int_equal(aw_tree_append(&tree, leaves[i], keep_tile, NULL), 0);
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (int i = 0; i < N; i++)
        aw_free(bodies[i]);
    return 0;
}

static unsigned run(int64_t n, int64_t skip, int64_t at_size, const uint8_t *at_root)
{
    struct aw_verifier *v = aw_verifier_new(at_size, at_root, note, NULL);
    const struct aw_entry *e;
    struct aw_tree got;
    memset(&seen, 0, sizeof seen);
    for (int64_t i = 0; i < n; i++)
        if (i != skip)
            aw_verifier_row(v, &rows[i], &e);
    for (int64_t i = 0; i < 2; i++)
        aw_verifier_tile(v, 1, i, tiles[i], 32);
    unsigned found = aw_verifier_end(v, tree.size, tree.peaks, (size_t)tree.n_peaks * 32, &got);
    assert_int_equal(found, aw_verifier_findings(v));
    aw_verifier_free(v);
    return found;
}

#define EXPECT_FIRST(place_, text_)                                                                \
    do {                                                                                           \
        assert_string_equal(seen.first.place, place_);                                             \
        if (!strstr(seen.first.text, text_))                                                       \
            fail_msg("%s: %s", seen.first.place, seen.first.text);                                 \
    } while (0)

static void an_honest_log(void **state)
{
    (void)state;
    assert_int_equal(run(N, -1, -1, NULL), 0);
    assert_int_equal(run(N, -1, 300, root_at_300), 0);
    uint8_t root[32];
    aw_tree_root(&tree, root);
    assert_int_equal(run(N, -1, N, root), 0);
    assert_int_equal(run(N, -1, N, root_at_300), 1);
    EXPECT_FIRST("log", "rewritten");
    assert_int_equal(run(N, -1, 301, root_at_300), 1);
    assert_int_equal(run(N, -1, N + 1, root), 1);
    EXPECT_FIRST("log", "a root of 601 was noted");
}

static void missing_entries(void **state)
{
    (void)state;
    assert_true(run(N, 17, -1, NULL) > 0);
    EXPECT_FIRST("log 17", "1 entries before entry 18 are missing");
    assert_int_equal(run(N - 1, -1, -1, NULL), 1);
    EXPECT_FIRST("log_front", "says 600 entries, there are 599");
    assert_true(run(100, -1, -1, NULL) == 3); /* two tiles and the front */
    EXPECT_FIRST("log_tile 1/0", "not so many");
}

/* Runs with row `seq` changed, then puts it back. */
static unsigned with(struct aw_log_row row)
{
    struct aw_log_row old = rows[row.seq < N ? row.seq : 0];
    rows[row.seq] = row;
    unsigned n = run(N, -1, -1, NULL);
    rows[row.seq] = old;
    return n;
}

static void changed_rows(void **state)
{
    static const uint8_t other[32] = {1};
    struct aw_log_row row = rows[20];
    (void)state;

    row.body = "{}";
    row.n_body = 2;
    assert_int_equal(with(row), 2);
    EXPECT_FIRST("log 20", "leaf is not the hash");
    assert_non_null(strstr(seen.last.text, "lacks seq"));
    row = rows[20];
    row.leaf = other;
    assert_int_equal(with(row), 3); /* tile and front notice too */
    row.n_leaf = 5;
    assert_int_equal(with(row), 1);
    row = rows[21];
    row.msg++;
    assert_int_equal(with(row), 1);
    EXPECT_FIRST("log 21", "columns");
    row = rows[21];
    row.prev--;
    assert_int_equal(with(row), 1);
    row = rows[22];
    row.body = rows[24].body;
    row.n_body = rows[24].n_body;
    row.prev = rows[24].prev;
    assert_true(with(row) >= 3);
    EXPECT_FIRST("log 22", "leaf");
}

/* An entry made anew with its own hash: only what it says is wrong. */
static unsigned with_entry(struct aw_entry *e, const char *text)
{
    static struct aw_log_row fake;
    struct aw_buf b = AW_BUF_INIT(AW_ENTRY_MAX);
    uint8_t leaf[32];
    assert_int_equal(aw_entry_build(&b, e), 0);
    aw_tree_leaf(leaf, b.p, b.n);
    fake = (struct aw_log_row){.seq = e->seq,
                               .msg = e->msg,
                               .prev = e->prev,
                               .body = b.p,
                               .n_body = b.n,
                               .leaf = leaf,
                               .n_leaf = 32};
    unsigned n = with(fake);
    char place[32];
    snprintf(place, sizeof place, "log %d", (int)e->seq);
    EXPECT_FIRST(place, text);
    aw_buf_free(&b);
    return n;
}

static void entry_at(int64_t seq, struct aw_entry *e)
{
    aw_entry_init(e);
    e->seq = seq;
    e->ts = DATE + seq;
    e->kind = AW_ENTRY_DEFERRED;
    e->msg = MSG;
}

static void broken_chains(void **state)
{
    struct aw_entry e;
    (void)state;
    entry_at(599, &e);
    e.n = 1;
    e.prev = 3;
    with_entry(&e, "follows entry 3, the newest of its timeline is 597");
    e.n = 2;
    with_entry(&e, "never opened");
    e.msg = INT64_MAX; /* and no sum overflows */
    with_entry(&e, "never opened");
    entry_at(599, &e);
    e.n = -1;
    e.prev = 3;
    with_entry(&e, "about no timeline");
    entry_at(599, &e);
    e.n = 1;
    e.prev = 597;
    e.ts = DATE;
    with_entry(&e, "dated before");

    static const int64_t persons[] = {1};
    entry_at(599, &e);
    e.kind = AW_ENTRY_REGISTERED;
    e.persons = persons;
    e.n_persons = 1;
    with_entry(&e, "opens a timeline that entry 598 had opened");
    e.msg++;
    e.prev = 3;
    with_entry(&e, "with a predecessor");
    e.prev = -1;
    e.n_persons = 0;
    with_entry(&e, "without recipients");

    entry_at(0, &e); /* nothing was opened yet */
    e.n = 0;
    e.prev = -1;
    with_entry(&e, "never opened");
}

static void tiles_and_front(void **state)
{
    uint8_t old[32];
    (void)state;
    memcpy(old, tiles[1], 32);
    tiles[1][5] ^= 1;
    assert_int_equal(run(N, -1, -1, NULL), 1);
    EXPECT_FIRST("log_tile 1/1", "entries from 256 to 511");
    memcpy(tiles[1], old, 32);

    struct aw_verifier *v = aw_verifier_new(-1, NULL, note, NULL);
    const struct aw_entry *e;
    memset(&seen, 0, sizeof seen);
    for (int64_t i = 0; i < N; i++)
        aw_verifier_row(v, &rows[i], &e);
    aw_verifier_tile(v, 1, 0, tiles[0], 31);
    aw_verifier_tile(v, 0, 0, tiles[0], 32);
    aw_verifier_tile(v, 9, 0, tiles[0], 32);
    aw_verifier_tile(v, 1, -1, tiles[0], 32);
    assert_int_equal(seen.n, 4);
    assert_int_equal(aw_verifier_end(v, N, tree.peaks, 32, NULL), 6);
    assert_string_equal(seen.last.place, "log_front");
    aw_verifier_free(v);
    aw_verifier_free(NULL);

    v = aw_verifier_new(-1, NULL, NULL, NULL); /* counts, tells nobody */
    assert_int_equal(aw_verifier_end(v, 0, NULL, 0, NULL), 0);
    assert_int_equal(aw_verifier_end(v, 0, tiles[0], 32, NULL), 1);
    aw_verifier_free(v);
}

static void not_more_than_a_hundred_are_told(void **state)
{
    struct aw_verifier *v = aw_verifier_new(-1, NULL, note, NULL);
    (void)state;
    memset(&seen, 0, sizeof seen);
    for (int i = 0; i < 250; i++)
        aw_verifier_found(v, i, "here", "finding %d", i);
    assert_int_equal(seen.n, 100);
    assert_int_equal(aw_verifier_findings(v), 250);
    aw_verifier_free(v);
}

static void a_map_of_ids(void **state)
{
    struct aw_idmap m = {0};
    (void)state;
    assert_null(aw_idmap_find(&m, 5));
    for (int64_t i = 1; i < 5000; i++)
        aw_idmap_put(&m, i << 16, i);
    for (int64_t i = 1; i < 5000; i++)
        assert_int_equal(*aw_idmap_find(&m, i << 16), i);
    assert_null(aw_idmap_find(&m, 5));
    aw_idmap_free(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_honest_log),   cmocka_unit_test(missing_entries),
        cmocka_unit_test(changed_rows),    cmocka_unit_test(broken_chains),
        cmocka_unit_test(tiles_and_front), cmocka_unit_test(not_more_than_a_hundred_are_told),
        cmocka_unit_test(a_map_of_ids),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
