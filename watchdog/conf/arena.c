/* SPDX-License-Identifier: Apache-2.0
 *
 * Chunks of at least 4 KiB in a list, filled from the front. Sizes are bounded by the callers:
 * files of at most 1 MiB turn into values of a small multiple of that.
 */
#include "conf/arena.h"

#include <stdalign.h>
#include <string.h>

#include "base/locked.h"
#include "base/mem.h"

struct aw_arena_chunk {
    struct aw_arena_chunk *next;
    size_t used, size; /* of data */
    alignas(max_align_t) unsigned char data[];
};

enum { CHUNK = 4096, ALIGN = alignof(max_align_t) };

void *aw_arena_alloc(struct aw_arena *a, size_t n)
{
    n = (n + ALIGN - 1) / ALIGN * ALIGN;
    struct aw_arena_chunk *c = a->head;
    if (c == NULL || c->size - c->used < n) {
        /* Whole pages, header included: locked memory comes in these. */
        size_t size = (sizeof(*c) + n + CHUNK - 1) / CHUNK * CHUNK - sizeof(*c);
        c = a->secret ? aw_locked_alloc(sizeof(*c) + size) : aw_calloc(1, sizeof(*c) + size);
        c->size = size;
        c->next = a->head;
        a->head = c;
    }
    void *p = c->data + c->used;
    c->used += n;
    return p;
}

void *aw_arena_copy(struct aw_arena *a, const void *p, size_t n)
{
    void *copy = aw_arena_alloc(a, n);
    if (n > 0)
        memcpy(copy, p, n);
    return copy;
}

char *aw_arena_strn(struct aw_arena *a, const char *s, size_t n)
{
    char *p = aw_arena_alloc(a, n + 1);
    memcpy(p, s, n);
    return p;
}

char *aw_arena_str(struct aw_arena *a, const char *s)
{
    return aw_arena_strn(a, s, strlen(s));
}

void aw_arena_free(struct aw_arena *a)
{
    while (a->head != NULL) {
        struct aw_arena_chunk *c = a->head;
        a->head = c->next;
        aw_wipe(c->data, c->used);
        if (a->secret)
            aw_locked_free(c, sizeof(*c) + c->size);
        else
            aw_free(c);
    }
}
