/* SPDX-License-Identifier: Apache-2.0
 *
 * The gate: what a request must look like before anything of ours sees it. libmicrohttpd is lax
 * (Content-Length beside Transfer-Encoding, two lengths, two hosts, any method, any bytes); two
 * readers of one request must never disagree about where it ends. Pure, any thread.
 *
 * The library also ends lines at a bare LF, cuts names and values at a NUL and joins folded lines.
 * It does so in place: the head lies in one run of bytes, in which every separator was overwritten
 * with NUL. Given that run, the gate counts them, and what is not exactly one separator wide does
 * not pass. What the library does with the lines of a chunked body cannot be seen; the server
 * therefore closes the connection behind each of them.
 */
#ifndef AW_NET_GATE_H
#define AW_NET_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AW_GATE_HEADERS 100
#define AW_GATE_PATH    1024
#define AW_GATE_QUERY   8192

struct aw_gate_header {
    const char *name, *value;
    size_t n_name, n_value;
};

struct aw_gate_request {
    const char *method, *version, *target; /* target as sent: /path?query */
    const struct aw_gate_header *headers;
    size_t n_headers;
    bool empty_segments; /* the path may have them */
    /* The head as it was received: n_head bytes from `method` on, version and headers among them;
     * 0: not at hand. */
    size_t n_head;
    const char *target_in_head;
};

struct aw_gate_result {
    const char *why;      /* of a refusal, for people */
    bool framing;         /* of a refusal: where the request ends is in doubt, read no further */
    bool chunked, expect; /* Transfer-Encoding: chunked; Expect: 100-continue */
    uint64_t length;      /* Content-Length, 0 without */
};

/* 0, or the HTTP status to refuse with. */
int aw_gate_check(const struct aw_gate_request *rq, struct aw_gate_result *ret);

#endif
