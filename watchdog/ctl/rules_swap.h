/* SPDX-License-Identifier: Apache-2.0
 *
 * A directory replaced as a whole: the new one is made beside it and flushed, then both change
 * places in one step (renameat2), so that whatever is cut off, one of the two is there complete.
 * Only one at a time, by a lock file beside the directory. What is left of an attempt that was cut
 * off is cleared by the next.
 */
#ifndef AW_CTL_RULES_SWAP_H
#define AW_CTL_RULES_SWAP_H

#include <stddef.h>
#include <sys/stat.h>

#include "base/err.h"

struct aw_swap { /* zero before begin */
    char *live;  /* the directory itself, links resolved */
    char *stage; /* ".NAME.new" beside it */
    char *parent;
    struct stat st; /* of live */
    int lock;
};

/* AW_EBUSY: somebody else is at it. */
int aw_swap_begin(struct aw_swap *s, const char *live, struct aw_err *err);
/* Puts a file into the stage. */
int aw_swap_put(struct aw_swap *s, const char *name, const char *text, size_t n,
                struct aw_err *err);
/* Copies what is in a directory into the stage: files and directories of files, hidden ones aside.
 */
int aw_swap_copy(struct aw_swap *s, const char *dir, struct aw_err *err);
/* Copies from the live directory what is no rule and not yet in the stage, such as templates. */
int aw_swap_carry(struct aw_swap *s, struct aw_err *err);
/* The two change places; again to undo it. */
int aw_swap_exchange(struct aw_swap *s, struct aw_err *err);
/* Removes what is in the stage, and unlocks. */
void aw_swap_end(struct aw_swap *s);

#endif
