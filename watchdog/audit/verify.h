/* SPDX-License-Identifier: Apache-2.0
 *
 * The log verifier: works over a row iterator, so that the same code checks SQLite, an export, a
 * test's array. Checks density, leaf hashes, copied columns, prev chains, monotone ts, tiles,
 * front, and optionally a root noted outside. The fold of the state tables is store/verify.c.
 */
#ifndef AW_AUDIT_VERIFY_H
#define AW_AUDIT_VERIFY_H

#include "audit/entry.h"
#include "audit/tree.h"

struct aw_log_row {
    int64_t seq;
    aw_id msg; /* column copies; 0 and -1 when NULL */
    int64_t prev;
    const void *body;
    size_t n_body;
    const uint8_t *leaf;
    size_t n_leaf;
};

struct aw_finding { /* the first thing that is wrong, or the next */
    int64_t seq;    /* entry, -1: none in particular */
    char place[96]; /* "log 8123", "log_tile 1/4", "timeline msg_... n 2" */
    char text[256];
};

struct aw_verifier;

/* at_size < 0: no outside root. found is called for each finding (at most 100). */
struct aw_verifier *aw_verifier_new(int64_t at_size, const uint8_t at_root[32],
                                    void (*found)(void *ctx, const struct aw_finding *f),
                                    void *ctx);
/* Rows in seq order. The parsed entry is handed back for the fold (valid until the next call). */
void aw_verifier_row(struct aw_verifier *v, const struct aw_log_row *row,
                     const struct aw_entry **ret_entry);
/* A stored tile; call after all rows, for every stored tile, in (level, idx) order. */
void aw_verifier_tile(struct aw_verifier *v, unsigned level, int64_t idx, const void *hash,
                      size_t n);
/* The stored front; ends the check. Returns the number of findings so far. */
unsigned aw_verifier_end(struct aw_verifier *v, int64_t front_size, const void *peaks,
                         size_t n_peaks, struct aw_tree *ret_tree);
/* Adds a finding of the caller's (the fold's). */
void aw_verifier_found(struct aw_verifier *v, int64_t seq, const char *place, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
unsigned aw_verifier_findings(const struct aw_verifier *v);
void aw_verifier_free(struct aw_verifier *v);

#endif
