/* SPDX-License-Identifier: Apache-2.0
 *
 * A story of tests/golden/ while it is told: test_golden.c runs it, golden.c writes what the engine
 * decides.
 */
#ifndef AW_TESTS_UNIT_GOLDEN_H
#define AW_TESTS_UNIT_GOLDEN_H

#include "base/buf.h"
#include "core_world.h"

struct claim { /* what the store would remember of an attempt */
    aw_id id;
    int64_t person;
    uint8_t step, kind;
    uint16_t round;
};

struct story {
    struct world_run x;
    struct claim claims[512];
    unsigned n_claims;
    struct aw_span downtimes[16];
    bool automatic;
    struct aw_buf out;
    const char *file;
    unsigned line;
    char *words[32];
    unsigned n_words;
};

/* Writes the facts of the last event. */
void golden_put(struct story *s);

#endif
