/* SPDX-License-Identifier: Apache-2.0
 *
 * Clocks that jump and time that was lost, as a value over three readings; the rest of watch.c
 * belongs to the core loop (loop_int.h).
 */
#ifndef AW_DAEMON_WATCH_H
#define AW_DAEMON_WATCH_H

#include "base/clock.h"

struct aw_watch { /* the readings of the last look, zero before the first */
    aw_time wall;
    aw_boot boot, awake;
};

struct aw_watch_news {
    aw_ms step;     /* the wall clock was set by so much, 0: it was not */
    aw_ms gap;      /* so long nobody looked, 0: not longer than is usual */
    bool suspended; /* of the gap: the machine slept */
};

/* Looks once a turn: wall time, boot time, and boot time without suspends. */
struct aw_watch_news aw_watch_clocks(struct aw_watch *w, aw_time wall, aw_boot boot, aw_boot awake);

#endif
