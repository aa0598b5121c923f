/* SPDX-License-Identifier: Apache-2.0
 *
 * Callbacks to an application: an event ("this message was confirmed") that is written in the turn
 * that brought it about, and delivered to the application's webhook until it is taken, for about a
 * day. Constant tables and pure functions; any thread.
 */
#ifndef AW_CORE_DELIVERY_H
#define AW_CORE_DELIVERY_H

#include "base/id.h"
#include "core/types.h"

/* What an application can be told of. Stored: only append. */
#define AW_CALLBACK_EVENTS                                                                         \
    X(CONFIRMED, "confirmed") /* the message ended so */                                           \
    X(EXHAUSTED, "exhausted")                                                                      \
    X(EXPIRED, "expired")                                                                          \
    X(RECIPIENT, "recipient_confirmed") /* one recipient of several */

enum aw_callback_event {
#define X(id, text) AW_CALLBACK_##id,
    AW_CALLBACK_EVENTS
#undef X
        AW_N_CALLBACK_EVENTS
};
extern const char *const aw_callback_events[]; /* names, NULL-terminated */
/* The event of a message that ended in this state, -1: none is told. */
int aw_callback_event_of(enum aw_state state);

/* Stored: only append. */
#define AW_DELIVERY_STATES                                                                         \
    X(WAITING, "waiting")                                                                          \
    X(DELIVERED, "delivered")                                                                      \
    X(FAILED, "failed")   /* no try of a day got through */                                        \
    X(GONE, "gone")       /* answered 410: callbacks of the application are stopped */             \
    X(STOPPED, "stopped") /* not sent, because of a 410 before */

enum aw_delivery_state {
#define X(id, text) AW_DELIVERY_##id,
    AW_DELIVERY_STATES
#undef X
        AW_N_DELIVERY_STATES
};
extern const char *const aw_delivery_states[]; /* names, NULL-terminated */

struct aw_delivery {
    aw_id id; /* the event's too, and webhook-id */
    int64_t app;
    aw_id message;
    int n; /* recipient, -1: the message as a whole */
    enum aw_callback_event event;
    int64_t seq; /* of the log entry that brought it about */
    aw_time at;  /* when that was */
    aw_time due; /* next try, 0: none */
    enum aw_delivery_state state;
    unsigned n_tries, spent; /* answered or failed; of these, since it was last set going */
};

#define AW_DELIVERY_TRIES 9   /* spent ones after which it has failed */
#define AW_DELIVERY_MOST  100 /* of all: then it is not set going again */

/* How long to wait after the try that made `spent` tries, with up to a tenth of jitter by the seed
 * (0: none); 0 when none is left. All of them take a little over 24 h. */
aw_ms aw_delivery_wait(unsigned spent, uint64_t seed);

#endif
