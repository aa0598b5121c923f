/* SPDX-License-Identifier: Apache-2.0
 *
 * A table from ids to numbers, for verifiers that keep millions of them: open addressing, 16 bytes
 * an entry. Nothing is ever taken out.
 */
#ifndef AW_AUDIT_IDMAP_H
#define AW_AUDIT_IDMAP_H

#include <stddef.h>
#include <stdint.h>

struct aw_idmap_slot {
    int64_t id; /* 0: free */
    int64_t value;
};

struct aw_idmap {
    struct aw_idmap_slot *slots;
    size_t n, mask;
};

/* The value of an id (positive), or NULL. Valid until the next aw_idmap_put. */
int64_t *aw_idmap_find(const struct aw_idmap *m, int64_t id);
void aw_idmap_put(struct aw_idmap *m, int64_t id, int64_t value); /* not there yet */
void aw_idmap_free(struct aw_idmap *m);

#endif
