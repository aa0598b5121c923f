/* SPDX-License-Identifier: Apache-2.0
 *
 * Dice for property tests: the same seed throws the same numbers everywhere.
 */
#ifndef AW_TESTS_DICE_H
#define AW_TESTS_DICE_H

#include <stdbool.h>
#include <stdlib.h>

#include "base/hash.h"

struct dice {
    uint64_t seed, n;
};

/* 0 to below - 1 */
static inline unsigned dice_roll(struct dice *d, unsigned below)
{
    return (unsigned)(aw_mix(d->seed, d->n++, 77) % below);
}

static inline bool dice_chance(struct dice *d, unsigned percent)
{
    return dice_roll(d, 100) < percent;
}

/* A number from the environment: how many cases, and from which seed. */
static inline uint64_t dice_setting(const char *name, uint64_t def)
{
    const char *v = getenv(name);
    return v ? strtoull(v, NULL, 10) : def;
}

#endif
