/* SPDX-License-Identifier: Apache-2.0
 *
 * The key map against a plain list: additions, roll-backs, collisions, ageing, growth.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "store/keymap.h"

static const uint8_t secret[16] = {1, 2, 3};

/* An id of a given date. */
static int64_t id_of(aw_time at, unsigned seq)
{
    return (at - AW_ID_EPOCH) << 22 | (int64_t)seq;
}

static unsigned count(const struct aw_keymap *m, uint64_t hash, int64_t id)
{
    size_t cursor = 0;
    unsigned n = 0;
    int64_t got;
    while ((got = aw_keymap_next(m, hash, &cursor)) != 0)
        n += got == id;
    return n;
}

static void classes_apps_and_secrets_differ(void **state)
{
    struct aw_keymap m, other;
    (void)state;
    aw_keymap_init(&m, secret);
    aw_keymap_init(&other, (const uint8_t[16]){9});
    uint64_t h = aw_keymap_hash(&m, AW_KEY_EXTERNAL, 1, "k");
    assert_int_equal(h, aw_keymap_hash(&m, AW_KEY_EXTERNAL, 1, "k"));
    assert_int_not_equal(h, aw_keymap_hash(&m, AW_KEY_USER, 1, "k"));
    assert_int_not_equal(h, aw_keymap_hash(&m, AW_KEY_EXTERNAL, 2, "k"));
    assert_int_not_equal(h, aw_keymap_hash(&m, AW_KEY_EXTERNAL, 1, "l"));
    assert_int_not_equal(h, aw_keymap_hash(&other, AW_KEY_EXTERNAL, 1, "k"));
    size_t cursor = 0;
    assert_int_equal(aw_keymap_next(&m, h, &cursor), 0); /* empty */
    aw_keymap_free(&m);
    aw_keymap_free(&other);
}

/* Colliding hashes: every id comes up, and taking one back leaves the others. */
static void collisions(void **state)
{
    struct aw_keymap m;
    (void)state;
    aw_keymap_init(&m, secret);
    aw_keymap_begin(&m, AW_ID_EPOCH + 1);
    for (int i = 1; i <= 5; i++)
        aw_keymap_add(&m, 4096 * 4 + AW_KEY_USER, i);
    aw_keymap_keep(&m);
    aw_keymap_begin(&m, AW_ID_EPOCH + 2);
    aw_keymap_add(&m, 4096 * 4 + AW_KEY_USER, 6);
    aw_keymap_add(&m, 4096 * 4 + 4 + AW_KEY_USER, 7); /* the next place */
    aw_keymap_undo(&m);
    for (int i = 1; i <= 7; i++)
        assert_int_equal(count(&m, 4096 * 4 + AW_KEY_USER, i), i <= 5);
    assert_int_equal(m.n, 5);
    aw_keymap_free(&m);
}

#define N 20000
static struct aw_key_pair model[N];
static size_t n_model;

/* Turns of random size, a third of them taken back, checked against the model. */
static void like_a_list(void **state)
{
    struct aw_keymap m;
    uint64_t seed = 7;
    int64_t id = 1;
    (void)state;
    aw_keymap_init(&m, secret);
    n_model = 0;
    for (int turn = 0; turn < 400 && n_model < N - 100; turn++) {
        unsigned n = (unsigned)(aw_mix(seed, (uint64_t)turn, 1) % 90);
        bool back = aw_mix(seed, (uint64_t)turn, 2) % 3 == 0;
        size_t before = n_model;
        aw_keymap_begin(&m, AW_ID_EPOCH);
        for (unsigned i = 0; i < n; i++, id++) {
            /* few distinct homes, so that runs and collisions are long */
            uint64_t hash = (aw_mix(seed, (uint64_t)id, 3) % 3000) << 2 | AW_KEY_EXTERNAL;
            aw_keymap_add(&m, hash, id);
            model[n_model++] = (struct aw_key_pair){hash, id};
        }
        assert_int_equal(m.fresh.n, n * sizeof(struct aw_key_pair));
        if (back) {
            aw_keymap_undo(&m);
            for (size_t i = before; i < n_model; i++)
                assert_int_equal(count(&m, model[i].hash, model[i].id), 0);
            n_model = before;
        } else {
            aw_keymap_keep(&m);
        }
        assert_int_equal(m.n, n_model);
    }
    assert_true(n_model > 5000);
    for (size_t i = 0; i < n_model; i++)
        assert_int_equal(count(&m, model[i].hash, model[i].id), 1);
    aw_keymap_free(&m);
}

static void idempotency_keys_age(void **state)
{
    struct aw_keymap m;
    aw_time start = AW_ID_EPOCH + AW_DAY, later = start + AW_KEY_WINDOW + AW_SECOND;
    struct aw_key_pair old = {16 | AW_KEY_IDEMPOTENCY, id_of(start, 1)},
                       kept = {16 | AW_KEY_EXTERNAL, id_of(start, 2)},
                       young = {32 | AW_KEY_IDEMPOTENCY, id_of(later, 3)};
    (void)state;
    assert_true(aw_key_until(&old) == start + AW_KEY_WINDOW);
    assert_true(aw_key_until(&kept) == 0);
    assert_true(aw_key_expired(&old, later));
    assert_false(aw_key_expired(&old, start));
    assert_false(aw_key_expired(&kept, later));

    aw_keymap_init(&m, secret);
    aw_keymap_begin(&m, later);
    aw_keymap_load(&m, &old);
    aw_keymap_load(&m, &kept);
    aw_keymap_load(&m, &young);
    aw_keymap_load(&m, &(struct aw_key_pair){99, 0}); /* damaged */
    assert_int_equal(m.n, 2);

    /* what had been loaded young leaves when the table would grow */
    aw_keymap_begin(&m, start);
    aw_keymap_add(&m, old.hash, old.id);
    aw_keymap_keep(&m);
    assert_int_equal(count(&m, old.hash, old.id), 1);
    aw_keymap_begin(&m, later);
    for (int i = 0; i < 2000; i++)
        aw_keymap_add(&m, (uint64_t)(i + 100) << 2 | AW_KEY_USER, i + 1);
    assert_int_equal(count(&m, old.hash, old.id), 0);
    assert_int_equal(m.n, 2002);
    aw_keymap_undo(&m);
    assert_int_equal(m.n, 2);
    assert_int_equal(count(&m, young.hash, young.id), 1);
    aw_keymap_free(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes_apps_and_secrets_differ),
        cmocka_unit_test(collisions),
        cmocka_unit_test(like_a_list),
        cmocka_unit_test(idempotency_keys_age),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
