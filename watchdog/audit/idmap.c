/* SPDX-License-Identifier: Apache-2.0
 *
 * Linear probing, at most two thirds full.
 */
#include "audit/idmap.h"

#include "base/mem.h"

static struct aw_idmap_slot *place(const struct aw_idmap *m, int64_t id)
{
    size_t i = (size_t)((uint64_t)id * 0x9E3779B97F4A7C15u >> 20) & m->mask;
    while (m->slots[i].id && m->slots[i].id != id)
        i = (i + 1) & m->mask;
    return &m->slots[i];
}

int64_t *aw_idmap_find(const struct aw_idmap *m, int64_t id)
{
    struct aw_idmap_slot *s = m->slots ? place(m, id) : NULL;
    return s && s->id ? &s->value : NULL;
}

static void grow(struct aw_idmap *m)
{
    struct aw_idmap_slot *old = m->slots;
    size_t n_old = old ? m->mask + 1 : 0, size = old ? 2 * n_old : 1024;
    m->slots = aw_calloc(size, sizeof *m->slots);
    m->mask = size - 1;
    for (size_t i = 0; i < n_old; i++)
        if (old[i].id)
            *place(m, old[i].id) = old[i];
    aw_free(old);
}

void aw_idmap_put(struct aw_idmap *m, int64_t id, int64_t value)
{
    if (!m->slots || 3 * (m->n + 1) > 2 * (m->mask + 1))
        grow(m);
    *place(m, id) = (struct aw_idmap_slot){id, value};
    m->n++;
}

void aw_idmap_free(struct aw_idmap *m)
{
    aw_free(m->slots);
    *m = (struct aw_idmap){0};
}
