/* SPDX-License-Identifier: Apache-2.0
 *
 * Server-sent events (text/event-stream) from bytes as they come. Only what our daemon sends: lines
 * end with LF or CR LF; "id", "event", "data"; other fields and comments are skipped. One thread.
 */
#ifndef AW_CTL_SSE_H
#define AW_CTL_SSE_H

#include <stdbool.h>

#include "base/buf.h"

#define AW_SSE_MAX ((size_t)4 << 20) /* bytes of an event */

struct aw_sse_event {
    const char *id;   /* "" when it has none */
    const char *type; /* "message" when it has none */
    const char *data; /* NULL: it only moves the id on */
};

struct aw_sse {
    struct aw_buf line, id, type, data;
    bool has_data, has_any;
    /* False ends the reading. */
    bool (*take)(void *arg, const struct aw_sse_event *e);
    void *arg;
};

void aw_sse_init(struct aw_sse *s, bool (*take)(void *arg, const struct aw_sse_event *e),
                 void *arg);
/* Forgets what is begun: a new stream comes. */
void aw_sse_reset(struct aw_sse *s);
void aw_sse_free(struct aw_sse *s);
/* False: take() wants no more, or an event is too large. */
bool aw_sse_feed(struct aw_sse *s, const char *p, size_t n);

#endif
