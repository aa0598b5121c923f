/* SPDX-License-Identifier: Apache-2.0
 *
 * The tree as a compact range: peak i is the root of a complete subtree, and the sizes of the
 * peaks are the powers of two that make up the number of leaves, largest first. Adding a subtree
 * of 2^h leaves works like adding 2^h to a binary number: equal neighbours merge upwards.
 */
#include "audit/tree.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"

#define TILE_HEIGHT 8 /* 256 leaves */

void aw_tree_leaf(uint8_t out[AW_SHA256], const void *body, size_t n)
{
    aw_sha256_2(out, "\0", 1, body, n);
}

void aw_tree_node(uint8_t out[AW_SHA256], const uint8_t left[AW_SHA256],
                  const uint8_t right[AW_SHA256])
{
    uint8_t both[1 + AW_SHA256];
    both[0] = 1;
    memcpy(both + 1, left, AW_SHA256);
    aw_sha256_2(out, both, sizeof both, right, AW_SHA256);
}

void aw_tree_init(struct aw_tree *t)
{
    memset(t, 0, sizeof *t);
}

static int add(struct aw_tree *t, unsigned height, const uint8_t hash[AW_SHA256], aw_tree_tile tile,
               void *ctx)
{
    uint8_t h[AW_SHA256];
    int64_t size = t->size;
    memcpy(h, hash, sizeof h);
    for (unsigned bit = height;; bit++) {
        if (bit && bit % TILE_HEIGHT == 0 && tile) {
            int r = tile(ctx, bit / TILE_HEIGHT, size >> bit, h);
            if (r)
                return r;
        }
        if (!(size >> bit & 1))
            break;
        t->n_peaks--;
        aw_tree_node(h, t->peaks[t->n_peaks], h);
    }
    memcpy(t->peaks[t->n_peaks++], h, sizeof h);
    t->size = size + ((int64_t)1 << height);
    return 0;
}

int aw_tree_append(struct aw_tree *t, const uint8_t leaf[AW_SHA256], aw_tree_tile tile, void *ctx)
{
    return add(t, 0, leaf, tile, ctx);
}

int aw_tree_append_tile(struct aw_tree *t, unsigned level, const uint8_t hash[AW_SHA256])
{
    unsigned height = TILE_HEIGHT * level;
    if (height >= AW_TREE_PEAKS || t->size & (((int64_t)1 << height) - 1))
        return AW_ECORRUPT;
    return add(t, height, hash, NULL, NULL);
}

void aw_tree_root(const struct aw_tree *t, uint8_t out[AW_SHA256])
{
    if (!t->n_peaks) {
        aw_sha256(out, "", 0);
        return;
    }
    uint8_t h[AW_SHA256];
    unsigned i = t->n_peaks - 1;
    memcpy(h, t->peaks[i], sizeof h);
    while (i--)
        aw_tree_node(h, t->peaks[i], h);
    memcpy(out, h, sizeof h);
}

int aw_tree_restore(struct aw_tree *t, int64_t size, const void *peaks, size_t n)
{
    if (size < 0 || n != (size_t)__builtin_popcountll((unsigned long long)size) * AW_SHA256)
        return AW_ECORRUPT;
    aw_tree_init(t);
    t->size = size;
    t->n_peaks = (unsigned)(n / AW_SHA256);
    if (n)
        memcpy(t->peaks, peaks, n);
    return 0;
}

void aw_root_print(char dst[96], int64_t size, const uint8_t root[AW_SHA256])
{
    char hex[2 * AW_SHA256 + 1];
    aw_hex(hex, root, AW_SHA256);
    snprintf(dst, 96, "%lld:%s", (long long)size, hex);
}

int aw_root_parse(const char *s, int64_t *ret_size, uint8_t ret_root[AW_SHA256])
{
    const char *colon = strchr(s, ':');
    uint64_t size;
    uint8_t root[AW_SHA256];
    if (!colon || aw_parse_u64(s, (size_t)(colon - s), INT64_MAX, &size) ||
        strlen(colon + 1) != sizeof root * 2 || aw_unhex(root, colon + 1, sizeof root * 2))
        return AW_EINVAL;
    *ret_size = (int64_t)size;
    memcpy(ret_root, root, sizeof root);
    return 0;
}
