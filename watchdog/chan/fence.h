/* SPDX-License-Identifier: Apache-2.0
 *
 * The fences of an outgoing request that keep it from reaching what it must not (SSRF): libcurl
 * asks here before it opens a socket, when the name has been resolved, and again before a request
 * goes over a connection of an earlier one. base/guard.h decides. On the thread of xfer.c.
 */
#ifndef AW_CHAN_FENCE_H
#define AW_CHAN_FENCE_H

#include <curl/curl.h>

#include "base/guard.h"
#include "chan/chan.h"

struct aw_fence {
    struct aw_guard guard;
    struct aw_err refused; /* why, or "" */
};

/* Puts the fences for the call onto the handle, which points to *f from then on. When the URL
 * itself is refused, the reason stands in f->refused. */
CURLcode aw_fence_set(struct aw_fence *f, CURL *h, const struct aw_http_call *c);

#endif
