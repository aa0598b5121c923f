/* SPDX-License-Identifier: Apache-2.0
 *
 * Linear probing, at most two thirds full. Taking a pair out shifts its followers back, so that
 * no tombstones pile up. Aged pairs leave when the table would grow.
 */
#include "store/keymap.h"

#include <string.h>

#include "base/hash.h"
#include "base/mem.h"

#define CLASS_MASK 3u
#define FRESH_MAX  (32u << 20) /* bytes of a turn; a turn full of the largest messages is below */

void aw_keymap_init(struct aw_keymap *m, const uint8_t secret[16])
{
    memset(m, 0, sizeof *m);
    memcpy(m->secret, secret, sizeof m->secret);
    m->fresh = AW_BUF_INIT(FRESH_MAX);
    m->gone = AW_BUF_INIT(FRESH_MAX);
}

void aw_keymap_free(struct aw_keymap *m)
{
    aw_free(m->slots);
    aw_buf_free(&m->fresh);
    aw_buf_free(&m->gone);
    aw_wipe(m, sizeof *m);
}

uint64_t aw_keymap_hash(const struct aw_keymap *m, enum aw_key_class c, int64_t app,
                        const char *key)
{
    struct aw_buf b = AW_BUF_INIT(4096);
    aw_buf_putc(&b, (char)c);
    aw_buf_add(&b, &app, sizeof app);
    aw_buf_puts(&b, key);
    uint64_t hash = aw_siphash(m->secret, aw_buf_str(&b), b.n);
    aw_buf_free(&b);
    return (hash & ~(uint64_t)CLASS_MASK) | (uint64_t)c;
}

enum aw_key_class aw_key_class_of(const struct aw_key_pair *pair)
{
    return (enum aw_key_class)(pair->hash & CLASS_MASK);
}

aw_time aw_key_until(const struct aw_key_pair *pair)
{
    enum aw_key_class c = aw_key_class_of(pair);
    bool ages = c == AW_KEY_IDEMPOTENCY || c == AW_KEY_ATTEMPT;

    return ages ? aw_id_time(pair->id) + AW_KEY_WINDOW : 0;
}

bool aw_key_expired(const struct aw_key_pair *pair, aw_time now)
{
    aw_time until = aw_key_until(pair);
    return until && until < now;
}

static size_t home(const struct aw_keymap *m, uint64_t hash)
{
    return (size_t)(hash >> 2) & m->mask;
}

int64_t aw_keymap_next(const struct aw_keymap *m, uint64_t hash, size_t *cursor)
{
    if (!m->slots)
        return 0;
    for (size_t step = *cursor;; step++) {
        const struct aw_key_pair *p = &m->slots[(home(m, hash) + step) & m->mask];
        if (!p->id)
            return 0;
        if (p->hash == hash) {
            *cursor = step + 1;
            return p->id;
        }
    }
}

static void place(struct aw_keymap *m, const struct aw_key_pair *pair)
{
    size_t i = home(m, pair->hash);
    while (m->slots[i].id)
        i = (i + 1) & m->mask;
    m->slots[i] = *pair;
    m->n++;
}

static void grow(struct aw_keymap *m)
{
    struct aw_key_pair *old = m->slots;
    size_t n_old = old ? m->mask + 1 : 0, n_live = 0, size = 1024;

    for (size_t i = 0; i < n_old; i++)
        n_live += old[i].id && !aw_key_expired(&old[i], m->now);
    while (size < 3 * n_live) /* doubles a table that is two thirds full of live pairs */
        size *= 2;
    m->slots = aw_calloc(size, sizeof *m->slots);
    m->mask = size - 1;
    m->n = 0;
    for (size_t i = 0; i < n_old; i++)
        if (old[i].id && !aw_key_expired(&old[i], m->now))
            place(m, &old[i]);
    aw_free(old);
}

static void insert(struct aw_keymap *m, const struct aw_key_pair *pair)
{
    if (!m->slots || 3 * (m->n + 1) > 2 * (m->mask + 1))
        grow(m);
    place(m, pair);
}

static void take_out(struct aw_keymap *m, const struct aw_key_pair *pair)
{
    if (!m->slots)
        return;
    size_t i = home(m, pair->hash);
    while (m->slots[i].id && (m->slots[i].hash != pair->hash || m->slots[i].id != pair->id))
        i = (i + 1) & m->mask;
    if (!m->slots[i].id)
        return; /* it had aged, and left when the table grew */
    for (size_t j = (i + 1) & m->mask; m->slots[j].id; j = (j + 1) & m->mask) {
        /* j may fill the hole at i unless its home lies behind the hole */
        if (((j - home(m, m->slots[j].hash)) & m->mask) >= ((j - i) & m->mask)) {
            m->slots[i] = m->slots[j];
            i = j;
        }
    }
    m->slots[i] = (struct aw_key_pair){0};
    m->n--;
}

void aw_keymap_load(struct aw_keymap *m, const struct aw_key_pair *pair)
{
    if (pair->id > 0 && !aw_key_expired(pair, m->now))
        insert(m, pair);
}

void aw_keymap_begin(struct aw_keymap *m, aw_time now)
{
    m->now = now;
    aw_buf_reset(&m->fresh);
    aw_buf_reset(&m->gone);
}

void aw_keymap_add(struct aw_keymap *m, uint64_t hash, int64_t id)
{
    struct aw_key_pair pair = {hash, id};
    aw_buf_add(&m->fresh, &pair, sizeof pair);
    insert(m, &pair);
}

void aw_keymap_drop(struct aw_keymap *m, uint64_t hash, int64_t id)
{
    struct aw_key_pair pair = {hash, id};
    aw_buf_add(&m->gone, &pair, sizeof pair);
}

static void take_out_all(struct aw_keymap *m, const struct aw_buf *pairs)
{
    for (size_t at = 0; at < pairs->n; at += sizeof(struct aw_key_pair)) {
        struct aw_key_pair pair;
        memcpy(&pair, pairs->p + at, sizeof pair);
        take_out(m, &pair);
    }
}

void aw_keymap_keep(struct aw_keymap *m)
{
    take_out_all(m, &m->gone);
    aw_buf_reset(&m->gone);
    aw_buf_reset(&m->fresh);
}

void aw_keymap_undo(struct aw_keymap *m)
{
    take_out_all(m, &m->fresh);
    aw_buf_reset(&m->gone);
    aw_buf_reset(&m->fresh);
}
