/* SPDX-License-Identifier: Apache-2.0
 *
 * uthash, hashing with SipHash: the Jenkins macro that it comes with falls through switch cases
 * unmarked, which clang refuses. The key is constant, so that tables are the same in every run.
 */
#ifndef AW_BASE_TABLE_H
#define AW_BASE_TABLE_H

#include "base/hash.h"

#define HASH_FUNCTION(key, n, ret) (ret) = (unsigned)aw_siphash((const uint8_t[16]){0}, (key), (n))

#include <uthash.h>

#endif
