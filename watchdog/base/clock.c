/* SPDX-License-Identifier: Apache-2.0
 *
 * The clocks. Nobody else calls clock_gettime for a decision.
 */
#include "base/clock.h"

#include <time.h>

static int64_t read_ms(clockid_t which)
{
    struct timespec ts;
    clock_gettime(which, &ts); /* cannot fail for these clocks */
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void aw_clock_init_real(struct aw_clock *c)
{
    c->stepped = false;
    atomic_init(&c->now, 0);
}

void aw_clock_init_stepped(struct aw_clock *c, aw_time start)
{
    c->stepped = true;
    atomic_init(&c->now, start);
}

aw_time aw_clock_wall(const struct aw_clock *c)
{
    return c->stepped ? atomic_load(&c->now) : aw_clock_os_wall();
}

void aw_clock_step(struct aw_clock *c, aw_time to)
{
    if (c->stepped && to > atomic_load(&c->now))
        atomic_store(&c->now, to);
}

aw_boot aw_clock_boot(void)
{
    return read_ms(CLOCK_BOOTTIME);
}

aw_boot aw_clock_awake(void)
{
    return read_ms(CLOCK_MONOTONIC);
}

int64_t aw_clock_us(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

aw_time aw_clock_os_wall(void)
{
    return read_ms(CLOCK_REALTIME);
}
