/* SPDX-License-Identifier: Apache-2.0 */
#include "base/locked.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "base/mem.h"

void *aw_locked_alloc(size_t n)
{
    void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (p == MAP_FAILED)
        abort(); /* as everywhere: mem.h */
    madvise(p, n, MADV_DONTDUMP);
    (void)mlock(p, n); /* beyond RLIMIT_MEMLOCK it may be swapped; refusing to start helps nobody */
    return p;
}

void aw_locked_free(void *p, size_t n)
{
    if (!p)
        return;
    aw_wipe(p, n);
    munmap(p, n);
}
