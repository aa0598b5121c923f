/* SPDX-License-Identifier: Apache-2.0
 *
 * RFC 6962 Merkle tree: leaf = SHA-256(0x00 body), node = SHA-256(0x01 left right), empty tree =
 * SHA-256(""). A compact range (one hash per set bit of the size) is all that appending needs.
 * Pure.
 */
#ifndef AW_AUDIT_TREE_H
#define AW_AUDIT_TREE_H

#include "codec/digest.h"

#define AW_TREE_PEAKS 63

struct aw_tree {
    int64_t size;
    unsigned n_peaks;                        /* popcount(size) */
    uint8_t peaks[AW_TREE_PEAKS][AW_SHA256]; /* largest subtree first */
};

void aw_tree_leaf(uint8_t out[AW_SHA256], const void *body, size_t n);
void aw_tree_node(uint8_t out[AW_SHA256], const uint8_t left[AW_SHA256],
                  const uint8_t right[AW_SHA256]);

/* Called for each complete subtree of 256^level leaves, level >= 1 (RFC 6962 tiles). */
typedef int (*aw_tree_tile)(void *ctx, unsigned level, int64_t index,
                            const uint8_t hash[AW_SHA256]);

void aw_tree_init(struct aw_tree *t);
int aw_tree_append(struct aw_tree *t, const uint8_t leaf[AW_SHA256], aw_tree_tile tile, void *ctx);
/* Appends a whole subtree of 256^level leaves, to rebuild a tree from its tiles. AW_ECORRUPT when
 * the size so far is no multiple of that. */
int aw_tree_append_tile(struct aw_tree *t, unsigned level, const uint8_t hash[AW_SHA256]);
void aw_tree_root(const struct aw_tree *t, uint8_t out[AW_SHA256]);

/* Peaks as bytes (n_peaks x 32) for log_front, and back: AW_ECORRUPT when n does not fit size. */
int aw_tree_restore(struct aw_tree *t, int64_t size, const void *peaks, size_t n);

/* "SIZE:HEX" of a root, as printed by `audit head` and taken by `audit verify --at`. */
void aw_root_print(char dst[96], int64_t size, const uint8_t root[AW_SHA256]);
int aw_root_parse(const char *s, int64_t *ret_size, uint8_t ret_root[AW_SHA256]);

#endif
