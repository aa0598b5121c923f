/* SPDX-License-Identifier: Apache-2.0
 *
 * The route table: one row per method and path. Everything that is checked before a handler runs
 * stands in the row. Pure, any thread.
 */
#ifndef AW_HTTP_ROUTES_H
#define AW_HTTP_ROUTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AW_PARAMS    2
#define AW_PARAM_MAX 320 /* bytes of a decoded path parameter */

struct aw_call;

enum {
    AW_ROUTE_JSON = 1,  /* the body must be application/json */
    AW_ROUTE_PROOF = 2, /* its commands travel in the lane of proofs */
    AW_ROUTE_LINES = 4, /* the body must be application/x-ndjson */
};

struct aw_route {
    const char *method;
    const char
        *path;      /* {parameter}; {message} takes msg_... or ext:..., resolved before the call */
    unsigned face;  /* AW_API_... */
    uint32_t scope; /* AW_SCOPE_..., 0: no token needed */
    size_t body;    /* most bytes, 0: none */
    unsigned flags; /* AW_ROUTE_... */
    const char *query; /* the parameters it knows, blank-separated; NULL: anything */
    void (*handle)(struct aw_call *call);
};

extern const struct aw_route aw_routes[]; /* ends with a row without method */

/* The row for a request on a listener with these faces (HEAD is served by GET). NULL: *ret_allow
 * (64 bytes) holds the methods that the path knows, "" when there is no such path. */
const struct aw_route *aw_route_find(const char *method, const char *path, unsigned faces,
                                     char params[AW_PARAMS][AW_PARAM_MAX], char *ret_allow);

/* True when `name` is among the blank-separated names. */
bool aw_route_knows(const char *names, const char *name);

#endif
