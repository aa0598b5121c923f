/* SPDX-License-Identifier: Apache-2.0
 *
 * A fault-injecting VFS for SQLite, as a shim over the default one: the n-th write or sync from now
 * fails, once or from then on, and a power loss can be imagined: what was synced is kept, of the
 * writes since then an arbitrary part.
 *
 *     faultvfs_register();                  // once; open with .vfs = FAULTVFS
 *     faultvfs_arm(FAULTVFS_SYNC, 3, true); // the third sync and all later ones fail
 *     ...
 *     faultvfs_image(path, other, seed);    // the files as a crash would leave them
 *
 * One thread. Real syncs are left out, so tests are fast.
 */
#ifndef AW_TESTS_FAULTVFS_H
#define AW_TESTS_FAULTVFS_H

#include <stdbool.h>

#define FAULTVFS "aw-fault"

enum faultvfs_kind {
    FAULTVFS_WRITE, /* SQLITE_IOERR_WRITE */
    FAULTVFS_FULL,  /* SQLITE_FULL on a write */
    FAULTVFS_QUOTA, /* SQLITE_IOERR_WRITE, with the errno of a quota */
    FAULTVFS_SYNC,  /* SQLITE_IOERR_FSYNC */
    FAULTVFS_DEATH, /* writes and syncs are counted together, then all of them fail */
};

void faultvfs_register(void);
/* The at-th operation of the kind from now on (1: the next) fails; sticky: and those after it. */
void faultvfs_arm(enum faultvfs_kind kind, unsigned at, bool sticky);
void faultvfs_disarm(void);
bool faultvfs_hit(void); /* a fault happened since the last arm */

/* What a power loss now would leave of a database and its journals, under another path. seed 0:
 * only what was synced; 1: all that was written; else a part of it, in any order, torn at 512
 * bytes. */
void faultvfs_image(const char *path, const char *to, unsigned seed);
/* Forgets the files (their memory). */
void faultvfs_reset(void);

#endif
