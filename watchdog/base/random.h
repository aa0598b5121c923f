/* SPDX-License-Identifier: Apache-2.0
 *
 * Randomness from the kernel (getrandom(2)): keys, salts, tokens. Never for decisions of the
 * engine, which are given a seed. Aborts when the kernel has none.
 */
#ifndef AW_BASE_RANDOM_H
#define AW_BASE_RANDOM_H

#include <stddef.h>

void aw_random(void *p, size_t n);

#endif
