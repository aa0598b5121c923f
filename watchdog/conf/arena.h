/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory that is freed at once: everything a loaded file turns into lives in one arena. Blocks
 * come zeroed. Freeing wipes, because an environment holds secrets, whose arena is also locked. One
 * thread at a time while it grows; afterwards the values are immutable and anybody may read them.
 */
#ifndef AW_CONF_ARENA_H
#define AW_CONF_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct aw_arena {
    struct aw_arena_chunk *head; /* the newest chunk; zero-initialised is empty */
    bool secret;                 /* lies in locked memory (base/locked.h); set before first use */
};

void *aw_arena_alloc(struct aw_arena *a, size_t n) __attribute__((returns_nonnull));
char *aw_arena_str(struct aw_arena *a, const char *s) __attribute__((returns_nonnull));
char *aw_arena_strn(struct aw_arena *a, const char *s, size_t n) __attribute__((returns_nonnull));
void *aw_arena_copy(struct aw_arena *a, const void *p, size_t n) __attribute__((returns_nonnull));
void aw_arena_free(struct aw_arena *a); /* fits AW_AUTO */

#endif
