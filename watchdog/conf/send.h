/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside conf/: registrations and events as parts of a file that is being read, for tests.c. The
 * public forms, which read whole files, stand in tests.h.
 */
#ifndef AW_CONF_SEND_H
#define AW_CONF_SEND_H

#include "conf/schema.h"
#include "core/virtual.h"

enum { AW_MAX_EVENTS = 10000 };

struct aw_event_in { /* an event as written; `event` is what it means */
    aw_ms after;
    const char *channel, *from, *about, *step, *attempt, *recipient, *reason, *by, *device, *login,
        *logout, *inbox;
    unsigned level, result, act, is;
    aw_ms hold, until_after; /* snooze: one of them and until_at; until_after like `at` */
    aw_time until_at;
    struct aw_virtual_event event;
};
extern const struct aw_shape aw_shape_event; /* struct aw_event_in */

/* A registration from a map: false with the problem in r->diag. `at` defaults to now0. */
bool aw_send_read(struct aw_reader *r, const struct aw_yaml *map, aw_time now0,
                  struct aw_registration *ret, aw_time *ret_at);

#endif
