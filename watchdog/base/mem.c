/* SPDX-License-Identifier: Apache-2.0
 *
 * Allocation that ends the process instead of returning NULL. A size of 0 gives a byte, so that
 * the result can always be freed and never be mistaken for a failure.
 */
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static void *or_abort(void *p)
{
    if (!p)
        abort();
    return p;
}

void *aw_malloc(size_t n)
{
    return or_abort(malloc(n ? n : 1));
}

void *aw_calloc(size_t n, size_t size)
{
    return or_abort(n && size ? calloc(n, size) : calloc(1, 1));
}

void *aw_realloc(void *p, size_t n)
{
    return or_abort(realloc(p, n ? n : 1));
}

char *aw_strdup(const char *s)
{
    return or_abort(strdup(s));
}

char *aw_strndup(const char *s, size_t n)
{
    return or_abort(strndup(s, n));
}

void aw_free(void *p)
{
    free(p);
}

void aw_wipe(void *p, size_t n)
{
    if (n)
        explicit_bzero(p, n);
}

void aw_free_cleanup(void *pp)
{
    free(*(void **)pp);
}
