/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory for secrets: whole pages that are kept out of swap (where the limit of the process allows
 * it) and out of core dumps, and wiped when they are freed. Any thread.
 */
#ifndef AW_BASE_LOCKED_H
#define AW_BASE_LOCKED_H

#include <stddef.h>

void *aw_locked_alloc(size_t n) __attribute__((malloc, returns_nonnull)); /* zeroed */
void aw_locked_free(void *p, size_t n);                                   /* NULL is fine */

#endif
