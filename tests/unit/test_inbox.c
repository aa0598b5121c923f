/* SPDX-License-Identifier: Apache-2.0
 *
 * base/inbox.h: lanes, limits, waiting, waking, many producers.
 */
#include "base/inbox.h"

#include <pthread.h>
#include <sched.h>

#include "../lib/unit.h"
#include "base/mem.h"

static int items[100];

static void lanes_and_limits(void **state)
{
    struct aw_inbox *ib = aw_inbox_new(2, 3, 100);
    void *got[8];
    assert_int_equal(aw_inbox_put(ib, AW_LANE_WORK, &items[0]), 0);
    assert_int_equal(aw_inbox_put(ib, AW_LANE_WORK, &items[1]), 0);
    assert_int_equal(aw_inbox_put(ib, AW_LANE_WORK, &items[2]), AW_EBUSY);
    for (int i = 0; i < 3; i++) /* a full work lane does not cost a proof */
        assert_int_equal(aw_inbox_put(ib, AW_LANE_PROOF, &items[10 + i]), 0);
    assert_int_equal(aw_inbox_put(ib, AW_LANE_PROOF, &items[13]), AW_EBUSY);
    assert_int_equal(aw_inbox_depth(ib, AW_LANE_WORK), 2);
    assert_int_equal(aw_inbox_depth(ib, AW_LANE_PROOF), 3);

    assert_int_equal(aw_inbox_take(ib, got, 2, 0), 2);
    assert_ptr_equal(got[0], &items[10]);
    assert_ptr_equal(got[1], &items[11]);
    assert_int_equal(aw_inbox_put(ib, AW_LANE_PROOF, &items[14]), 0);
    assert_int_equal(aw_inbox_take(ib, got, 8, -1), 4);
    assert_ptr_equal(got[0], &items[12]);
    assert_ptr_equal(got[1], &items[14]);
    assert_ptr_equal(got[2], &items[0]);
    assert_ptr_equal(got[3], &items[1]);
    assert_int_equal(aw_inbox_take(ib, got, 8, 0), 0);
    aw_inbox_free(ib);
}

/* A storm of receipts makes no long turns: a few at a time, or as many as there is work. */
static void news_in_small_portions(void **state)
{
    struct aw_inbox *ib = aw_inbox_new(200, 100, 200);
    void *got[300];
    for (int i = 0; i < AW_NEWS_TAKEN + 90; i++)
        assert_int_equal(aw_inbox_put(ib, AW_LANE_NEWS, &items[i % 100]), 0);
    assert_int_equal(aw_inbox_put(ib, AW_LANE_PROOF, &items[99]), 0);
    assert_int_equal(aw_inbox_take(ib, got, 300, 0), 1 + AW_NEWS_TAKEN);
    assert_ptr_equal(got[0], &items[99]);
    assert_ptr_equal(got[1], &items[0]);
    for (int i = 0; i < 80; i++)
        assert_int_equal(aw_inbox_put(ib, AW_LANE_WORK, &items[i]), 0);
    assert_int_equal(aw_inbox_take(ib, got, AW_NEWS_TAKEN + 3, 0), AW_NEWS_TAKEN + 3);
    assert_ptr_equal(got[2], &items[2]); /* room is kept for both */
    assert_ptr_equal(got[3], &items[AW_NEWS_TAKEN]);
    assert_int_equal(aw_inbox_depth(ib, AW_LANE_WORK), 77);
    assert_int_equal(aw_inbox_take(ib, got, 300, 0), 77 + 90 - AW_NEWS_TAKEN);
    assert_int_equal(aw_inbox_take(ib, got, 300, 0), 0);
    aw_inbox_free(ib);
}

static void waits_and_wakes(void **state)
{
    struct aw_inbox *ib = aw_inbox_new(1, 1, 100);
    void *got[1];
    aw_boot start = aw_clock_boot();
    assert_int_equal(aw_inbox_take(ib, got, 1, 30), 0);
    assert_true(aw_clock_boot() - start >= 29);
    aw_inbox_wake(ib); /* remembered until the next take */
    assert_int_equal(aw_inbox_take(ib, got, 1, -1), 0);
    start = aw_clock_boot();
    assert_int_equal(aw_inbox_take(ib, got, 1, 20), 0); /* and used up by it */
    assert_true(aw_clock_boot() - start >= 19);
    aw_inbox_free(ib);
}

static void closed(void **state)
{
    struct aw_inbox *ib = aw_inbox_new(4, 4, 100);
    void *got[4];
    assert_int_equal(aw_inbox_put(ib, AW_LANE_WORK, &items[0]), 0);
    aw_inbox_close(ib);
    assert_int_equal(aw_inbox_put(ib, AW_LANE_WORK, &items[1]), AW_EBUSY);
    assert_int_equal(aw_inbox_put(ib, AW_LANE_PROOF, &items[1]), AW_EBUSY);
    assert_int_equal(aw_inbox_take(ib, got, 4, -1), 1);
    assert_int_equal(aw_inbox_take(ib, got, 4, -1), 0);
    aw_inbox_free(ib);
    aw_inbox_free(NULL);
}

#define PRODUCERS 4
#define EACH      2000

struct producer {
    pthread_t thread;
    struct aw_inbox *ib;
    int numbers[EACH];
};

static void *produce(void *arg)
{
    struct producer *p = arg;
    for (int i = 0; i < EACH; i++)
        while (aw_inbox_put(p->ib, i % 2 ? AW_LANE_PROOF : AW_LANE_WORK, &p->numbers[i]) != 0)
            sched_yield();
    return NULL;
}

/* Nothing lost, nothing twice, in order per producer and lane. */
static void many_producers(void **state)
{
    static struct producer producers[PRODUCERS];
    struct aw_inbox *ib = aw_inbox_new(7, 5, 100);
    int next[PRODUCERS][AW_N_LANES];
    for (int p = 0; p < PRODUCERS; p++) {
        next[p][AW_LANE_WORK] = 0;
        next[p][AW_LANE_PROOF] = 1;
        producers[p].ib = ib;
        for (int i = 0; i < EACH; i++)
            producers[p].numbers[i] = p * EACH + i;
        assert_int_equal(pthread_create(&producers[p].thread, NULL, produce, &producers[p]), 0);
    }
    for (int total = 0; total < PRODUCERS * EACH;) {
        void *got[6];
        size_t n = aw_inbox_take(ib, got, 6, -1);
        assert_true(n > 0);
        for (size_t i = 0; i < n; i++) {
            int p = *(int *)got[i] / EACH, k = *(int *)got[i] % EACH;
            int *expected = &next[p][k % 2 ? AW_LANE_PROOF : AW_LANE_WORK];
            assert_int_equal(k, *expected);
            *expected += 2;
        }
        total += (int)n;
    }
    for (int p = 0; p < PRODUCERS; p++)
        pthread_join(producers[p].thread, NULL);
    aw_inbox_free(ib);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lanes_and_limits), cmocka_unit_test(news_in_small_portions),
        cmocka_unit_test(waits_and_wakes),  cmocka_unit_test(closed),
        cmocka_unit_test(many_producers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
