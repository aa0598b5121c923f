/* SPDX-License-Identifier: Apache-2.0 */
#include "core/delivery.h"

#include <stddef.h>

#include "base/mem.h"

const char *const aw_callback_events[] = {
#define X(id, text) text,
    AW_CALLBACK_EVENTS
#undef X
        NULL,
};

const char *const aw_delivery_states[] = {
#define X(id, text) text,
    AW_DELIVERY_STATES
#undef X
        NULL,
};

int aw_callback_event_of(enum aw_state state)
{
    return state == AW_CONFIRMED   ? AW_CALLBACK_CONFIRMED
           : state == AW_EXHAUSTED ? AW_CALLBACK_EXHAUSTED
           : state == AW_EXPIRED   ? AW_CALLBACK_EXPIRED
                                   : -1;
}

aw_ms aw_delivery_wait(unsigned spent, uint64_t seed)
{
    static const aw_ms waits[AW_DELIVERY_TRIES - 1] = {
        10 * AW_SECOND, 30 * AW_SECOND, 2 * AW_MINUTE, 10 * AW_MINUTE,
        AW_HOUR,        3 * AW_HOUR,    8 * AW_HOUR,   12 * AW_HOUR,
    };
    if (spent < 1 || spent > AW_COUNT(waits))
        return 0;
    aw_ms wait = waits[spent - 1];
    return wait + (seed ? (aw_ms)(seed % (uint64_t)(wait / 10)) : 0);
}
