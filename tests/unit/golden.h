/* SPDX-License-Identifier: Apache-2.0
 *
 * A story of tests/golden/ while it is told: test_golden.c runs it, golden_head.c reads its head,
 * golden.c writes what the engine decides.
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

/* --- golden_head.c --- */

void __attribute__((noreturn)) golden_bad(const struct story *s, const char *what);
const char *golden_word(const struct story *s, unsigned i);
/* The value of key=value among the words, or NULL. */
const char *golden_get(const struct story *s, const char *key);
bool golden_flag(const struct story *s, const char *word);
aw_ms golden_duration(const struct story *s, const char *text);
unsigned golden_number(const struct story *s, const char *text);
enum aw_level golden_level(const struct story *s, const char *text);
enum aw_kind golden_kind(const struct story *s, const char *text);
const struct claim *golden_claim(const struct story *s, const char *text);
/* A line that is no act; false: of no sense. */
bool golden_head(struct story *s, const char *word);

/* --- golden.c --- */

/* Writes the facts of the last event. */
void golden_put(struct story *s);

#endif
