/* SPDX-License-Identifier: Apache-2.0
 *
 * The only place that reads the operating system's clocks.
 *
 * Two clocks that are never mixed: wall time (aw_time) for dates, and CLOCK_BOOTTIME milliseconds
 * (aw_boot) for leases and the deadlines of I/O. `struct aw_clock` is what other layers are handed.
 * A stepped clock (demo, tests) stands still until aw_clock_step() moves it; its boot side stays
 * real, because sockets are real. Any thread may read; one thread steps.
 */
#ifndef AW_BASE_CLOCK_H
#define AW_BASE_CLOCK_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/time.h"

typedef int64_t aw_boot; /* milliseconds of CLOCK_BOOTTIME */

struct aw_clock {
    bool stepped;
    _Atomic aw_time now; /* used when stepped */
};

void aw_clock_init_real(struct aw_clock *c);
void aw_clock_init_stepped(struct aw_clock *c, aw_time start);
aw_time aw_clock_wall(const struct aw_clock *c);
void aw_clock_step(struct aw_clock *c, aw_time to); /* never back; stepped clocks only */
aw_boot aw_clock_boot(void);
aw_boot aw_clock_awake(void);   /* likewise, but it stands still while the machine is suspended */
int64_t aw_clock_us(void);      /* microseconds, for measuring */
aw_time aw_clock_os_wall(void); /* for programs without a struct aw_clock */

#endif
