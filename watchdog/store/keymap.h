/* SPDX-License-Identifier: Apache-2.0
 *
 * From a key that strangers choose to the id of a row: a table in memory of keyed 64-bit hashes,
 * open addressing, 16 bytes a pair. Hashes collide and pairs outlive what they stood for, so every
 * hit is checked against its row by the caller, who asks for the next one until a row fits.
 *
 * Pairs of one turn can be taken back (rollback). The two low bits of a hash are its class, so that
 * pairs can age: idempotency keys, and what finds an attempt, end 72 h after the instant in their
 * id. Core thread only.
 */
#ifndef AW_STORE_KEYMAP_H
#define AW_STORE_KEYMAP_H

#include "base/buf.h"
#include "base/id.h"

#define AW_KEY_WINDOW (72 * AW_HOUR)

enum aw_key_class {
    AW_KEY_IDEMPOTENCY, /* to a message, for AW_KEY_WINDOW */
    AW_KEY_EXTERNAL, /* external id to a message, for ever; "\1held|": a person for whom one waits
                      */
    AW_KEY_USER,     /* to a person, for ever; "\1device|", "\1person|": to a device */
    AW_KEY_ATTEMPT,  /* to an attempt, for AW_KEY_WINDOW; the key begins with what it is, "code|" */
};

struct aw_key_pair { /* as stored in key_page, in the order of bytes of the machine */
    uint64_t hash;
    int64_t id; /* positive */
};

struct aw_keymap {
    uint8_t secret[16];
    struct aw_key_pair *slots; /* id 0: free */
    size_t n, mask;            /* mask: slots - 1, 0 while there are none */
    aw_time now;               /* of the last begin */
    struct aw_buf fresh;       /* pairs of this turn */
    struct aw_buf gone;        /* pairs that this turn lets go of */
};

void aw_keymap_init(struct aw_keymap *m, const uint8_t secret[16]);
void aw_keymap_free(struct aw_keymap *m);

uint64_t aw_keymap_hash(const struct aw_keymap *m, enum aw_key_class c, int64_t app,
                        const char *key);

/* Ids under a hash, one a call, 0 at the end. *cursor starts at 0. The map must not change
 * between the calls. */
int64_t aw_keymap_next(const struct aw_keymap *m, uint64_t hash, size_t *cursor);

/* A pair read from key_page. Pairs of idempotency keys that have aged are left out. */
void aw_keymap_load(struct aw_keymap *m, const struct aw_key_pair *pair);
enum aw_key_class aw_key_class_of(const struct aw_key_pair *pair);
aw_time aw_key_until(const struct aw_key_pair *pair); /* 0: for ever */
bool aw_key_expired(const struct aw_key_pair *pair, aw_time now);

/* A turn: additions, then kept or taken back. The bytes of m->fresh are the row for key_page. */
void aw_keymap_begin(struct aw_keymap *m, aw_time now);
void aw_keymap_add(struct aw_keymap *m, uint64_t hash, int64_t id);
/* Lets go of a pair, once the turn is kept. Its page forgets it when it is next swept. */
void aw_keymap_drop(struct aw_keymap *m, uint64_t hash, int64_t id);
void aw_keymap_keep(struct aw_keymap *m);
void aw_keymap_undo(struct aw_keymap *m);

#endif
