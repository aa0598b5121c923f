/* SPDX-License-Identifier: Apache-2.0
 *
 * A bounded queue of pointers, many producers, one consumer. The core thread's inbox, and the
 * queues towards worker threads.
 *
 * Three lanes: AW_LANE_WORK for new work, AW_LANE_PROOF for acknowledgements and outcomes,
 * AW_LANE_NEWS for what providers send, each with a capacity of its own, so that load never costs
 * an ack. Items are taken in order of arrival within a lane, the proof lane first; of the news a
 * few at a time, or as many as there is work beside them, so that a storm of receipts does not make
 * long turns in which an ack would wait. The queue passes ownership and never allocates after init.
 * One mutex, one condition on CLOCK_BOOTTIME-like monotonic time.
 */
#ifndef AW_BASE_INBOX_H
#define AW_BASE_INBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"

enum aw_lane { AW_LANE_WORK, AW_LANE_PROOF, AW_LANE_NEWS, AW_N_LANES };

#define AW_NEWS_TAKEN 32 /* items of the lane of news that one take gives beside no other work */

struct aw_inbox;

struct aw_inbox *aw_inbox_new(size_t cap_work, size_t cap_proof, size_t cap_news);
void aw_inbox_free(struct aw_inbox *ib); /* must be empty */

/* 0, or AW_EBUSY when the lane is full or the box is closed (ownership stays with the caller). */
int aw_inbox_put(struct aw_inbox *ib, enum aw_lane lane, void *item);

/* Takes up to max items. Waits at most wait_ms (0: do not wait, negative: no limit) for the first;
 * returns early, with 0 items, after aw_inbox_wake(). */
size_t aw_inbox_take(struct aw_inbox *ib, void **items, size_t max, aw_ms wait_ms);

void aw_inbox_wake(struct aw_inbox *ib);
void aw_inbox_close(struct aw_inbox *ib); /* puts fail from now on; takes go on until empty */
size_t aw_inbox_depth(struct aw_inbox *ib, enum aw_lane lane);

#endif
