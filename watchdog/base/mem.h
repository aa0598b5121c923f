/* SPDX-License-Identifier: Apache-2.0
 *
 * Allocation that cannot return NULL, and cleanup of locals.
 *
 * Every input is limited before it is allocated, and the state of record is on disk, so running
 * out of memory ends the process (abort) and the next start goes on. Any thread.
 */
#ifndef AW_BASE_MEM_H
#define AW_BASE_MEM_H

#include <stddef.h>

void *aw_malloc(size_t n) __attribute__((malloc, returns_nonnull));
void *aw_calloc(size_t n, size_t size) __attribute__((malloc, returns_nonnull));
void *aw_realloc(void *p, size_t n) __attribute__((returns_nonnull));
char *aw_strdup(const char *s) __attribute__((returns_nonnull)); /* s must not be NULL */
char *aw_strndup(const char *s, size_t n) __attribute__((returns_nonnull));
void aw_free(void *p); /* NULL is fine */

/* Overwrites secrets in a way that the compiler keeps. */
void aw_wipe(void *p, size_t n);

void aw_free_cleanup(void *pp); /* for AW_AUTO_FREE: frees *(void **)pp */
#define AW_AUTO_FREE     __attribute__((cleanup(aw_free_cleanup)))
#define AW_AUTO(free_fn) __attribute__((cleanup(free_fn)))

/* Takes ownership out of an AW_AUTO local: `return aw_take(p);` */
#define aw_take(p)                                                                                 \
    ({                                                                                             \
        __typeof__(p) aw_taken_ = (p);                                                             \
        (p) = NULL;                                                                                \
        aw_taken_;                                                                                 \
    })

#define AW_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
