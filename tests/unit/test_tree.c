/* SPDX-License-Identifier: Apache-2.0
 *
 * The tree against the vectors of RFC 6962 implementations (certificate-transparency's merkle
 * tree tests: eight leaves) and against a slow definition.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "audit/tree.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

static const char *const leaves[] = {
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
};

static const char *const roots[] = {
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
};

static void known_roots(void **state)
{
    struct aw_tree t;
    uint8_t root[32], want[32], leaf[32], body[32];
    (void)state;
    aw_tree_init(&t);
    for (unsigned i = 0;; i++) {
        aw_tree_root(&t, root);
        assert_int_equal(aw_unhex(want, roots[i], 64), 0);
        assert_memory_equal(root, want, 32);
        if (i == AW_COUNT(leaves))
            break;
        aw_unhex(body, leaves[i], strlen(leaves[i]));
        aw_tree_leaf(leaf, body, strlen(leaves[i]) / 2);
        assert_int_equal(aw_tree_append(&t, leaf, NULL, NULL), 0);
    }
}

/* RFC 6962 2.1, word for word. */
static void slow_root(uint8_t out[32], uint8_t (*leaf)[32], size_t n)
{
    uint8_t left[32], right[32];
    size_t k = 1;
    if (n == 1) {
        memcpy(out, leaf[0], 32);
        return;
    }
    while (2 * k < n)
        k *= 2;
    slow_root(left, leaf, k);
    slow_root(right, leaf + k, n - k);
    aw_tree_node(out, left, right);
}

#define N 1100
static uint8_t all[N][32];
static uint8_t tiles[3][8][32];
static int64_t n_tiles[3];

static int keep_tile(void *ctx, unsigned level, int64_t index, const uint8_t hash[32])
{
    (void)ctx;
    assert_int_equal(index, n_tiles[level]);
    memcpy(tiles[level][n_tiles[level]++], hash, 32);
    return 0;
}

static void roots_and_tiles_of_many(void **state)
{
    struct aw_tree t, again;
    uint8_t root[32], want[32];
    (void)state;
    aw_tree_init(&t);
    for (int64_t i = 0; i < N; i++) {
        aw_tree_leaf(all[i], &i, sizeof i);
        assert_int_equal(aw_tree_append(&t, all[i], keep_tile, NULL), 0);
        assert_int_equal(t.n_peaks, __builtin_popcountll((unsigned long long)t.size));
        if (i % 97 && i > 40)
            continue;
        aw_tree_root(&t, root);
        slow_root(want, all, (size_t)i + 1);
        assert_memory_equal(root, want, 32);
    }
    assert_int_equal(n_tiles[1], 4);
    assert_int_equal(n_tiles[2], 0);
    for (int i = 0; i < 4; i++) {
        slow_root(want, all + 256 * i, 256);
        assert_memory_equal(tiles[1][i], want, 32);
    }

    /* and once more from tiles and the rest */
    aw_tree_init(&again);
    for (int i = 0; i < 4; i++)
        assert_int_equal(aw_tree_append_tile(&again, 1, tiles[1][i]), 0);
    for (int i = 1024; i < N; i++)
        assert_int_equal(aw_tree_append_tile(&again, 0, all[i]), 0);
    assert_int_equal(aw_tree_append_tile(&again, 1, tiles[1][0]), AW_ECORRUPT);
    assert_int_equal(aw_tree_append_tile(&again, 9, tiles[1][0]), AW_ECORRUPT);
    assert_memory_equal(&t.peaks, &again.peaks, t.n_peaks * 32u);
    assert_int_equal(t.size, again.size);
}

static int refuse_tile(void *ctx, unsigned level, int64_t index, const uint8_t hash[32])
{
    (void)ctx, (void)level, (void)index, (void)hash;
    return AW_EIO;
}

static void a_tile_that_cannot_be_kept(void **state)
{
    struct aw_tree t;
    int r = 0, n = 0;
    (void)state;
    aw_tree_init(&t);
    for (; r == 0; n++)
        r = aw_tree_append(&t, all[n], refuse_tile, NULL);
    assert_int_equal(r, AW_EIO);
    assert_int_equal(n, 256);
}

static void fronts(void **state)
{
    struct aw_tree t, again;
    (void)state;
    aw_tree_init(&t);
    for (int i = 0; i < 21; i++)
        aw_tree_append(&t, all[i], NULL, NULL);
    assert_int_equal(aw_tree_restore(&again, t.size, t.peaks, t.n_peaks * 32u), 0);
    assert_memory_equal(&t, &again, offsetof(struct aw_tree, peaks) + t.n_peaks * 32u);
    assert_int_equal(aw_tree_restore(&again, t.size, t.peaks, 32), AW_ECORRUPT);
    assert_int_equal(aw_tree_restore(&again, -1, t.peaks, 64 * 32), AW_ECORRUPT);
    assert_int_equal(aw_tree_restore(&again, 0, NULL, 0), 0);
}

static void roots_as_texts(void **state)
{
    char text[96];
    int64_t size;
    uint8_t root[32];
    (void)state;
    aw_root_print(text, 1234567, all[7]);
    assert_int_equal(aw_root_parse(text, &size, root), 0);
    assert_int_equal(size, 1234567);
    assert_memory_equal(root, all[7], 32);
    static const char *const bad[] = {"", ":", "12", "12:00", "-1:00", "x:y", "1:", "1:g"};
    for (unsigned i = 0; i < AW_COUNT(bad); i++)
        assert_int_equal(aw_root_parse(bad[i], &size, root), AW_EINVAL);
    text[strlen(text) - 1] = 'g';
    assert_int_equal(aw_root_parse(text, &size, root), AW_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_roots),
        cmocka_unit_test(roots_and_tiles_of_many),
        cmocka_unit_test(a_tile_that_cannot_be_kept),
        cmocka_unit_test(fronts),
        cmocka_unit_test(roots_as_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
