/* SPDX-License-Identifier: Apache-2.0
 *
 * base/hash.h against the vectors of the SipHash paper, and the spread of aw_mix.
 */
#include "base/hash.h"

#include "../lib/unit.h"
#include "base/mem.h"
#include "base/random.h"

static void published_vectors(void **state)
{
    /* vectors.h of the reference implementation: key 00..0f, message 00, 01, ... of length n */
    static const struct {
        size_t n;
        uint64_t hash;
    } rows[] = {
        {0, 0x726fdb47dd0e0e31}, {1, 0x74f839c593dc67fd},  {7, 0xab0200f58b01d137},
        {8, 0x93f5f5799a932462}, {15, 0xa129ca6149be45e5},
    };
    uint8_t key[16], text[64];
    for (unsigned i = 0; i < sizeof text; i++)
        text[i] = (uint8_t)i;
    for (unsigned i = 0; i < sizeof key; i++)
        key[i] = (uint8_t)i;
    for (size_t i = 0; i < AW_COUNT(rows); i++)
        assert_true(aw_siphash(key, text, rows[i].n) == rows[i].hash);
}

static void the_key_counts(void **state)
{
    uint8_t a[16] = {1}, b[16] = {2};
    assert_true(aw_siphash(a, "user", 4) != aw_siphash(b, "user", 4));
    assert_true(aw_siphash(a, NULL, 0) == aw_siphash(a, "", 0));
}

static void mixing(void **state)
{
    unsigned bits[64] = {0};
    for (uint64_t i = 0; i < 1000; i++) {
        uint64_t v = aw_mix(7, i, 0);
        for (int b = 0; b < 64; b++)
            bits[b] += v >> b & 1;
    }
    for (int b = 0; b < 64; b++)
        assert_in_range(bits[b], 400, 600);
    assert_true(aw_mix(1, 2, 3) == aw_mix(1, 2, 3));
    assert_true(aw_mix(1, 2, 3) != aw_mix(1, 3, 2));
    assert_true(aw_mix(1, 2, 3) != aw_mix(2, 1, 3));
    assert_true(aw_mix(0, 0, 0) != 0);
}

static void randomness(void **state)
{
    uint8_t a[32] = {0}, b[32] = {0};
    aw_random(a, sizeof a);
    aw_random(b, sizeof b);
    assert_memory_not_equal(a, b, sizeof a);
    aw_random(a, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_vectors),
        cmocka_unit_test(the_key_counts),
        cmocka_unit_test(mixing),
        cmocka_unit_test(randomness),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
