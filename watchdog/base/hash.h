/* SPDX-License-Identifier: Apache-2.0
 *
 * SipHash-2-4 (Aumasson, Bernstein 2012): a keyed 64-bit hash for tables that strangers fill, and
 * for jitter that does not depend on the order of calls. Pure, any thread.
 */
#ifndef AW_BASE_HASH_H
#define AW_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t aw_siphash(const uint8_t key[16], const void *p, size_t n);

/* A well-mixed 64-bit value of three numbers (splitmix64): jitter = aw_mix(seed, id, step). */
uint64_t aw_mix(uint64_t a, uint64_t b, uint64_t c);

#endif
