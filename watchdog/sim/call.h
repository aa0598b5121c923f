/* SPDX-License-Identifier: Apache-2.0
 *
 * One HTTP request on its way through the simulator, and the answer that a provider fills in.
 */
#ifndef AW_SIM_CALL_H
#define AW_SIM_CALL_H

#include <jansson.h>

#include "base/buf.h"
#include "net/server.h"

#define AW_SIM_HEADERS   6
#define AW_SIM_REPLY_MAX ((size_t)192 << 20) /* a page of the record at its largest */

enum aw_sim_end { AW_SIM_ANSWER, AW_SIM_DROP, AW_SIM_HANG, AW_SIM_SLOW };

struct aw_sim_reply {
    enum aw_sim_end end;
    int status;
    const char *type;
    struct aw_buf body;
    struct aw_sim_reply_header {
        const char *name;
        char value[24];
    } headers[AW_SIM_HEADERS];
    unsigned n_headers;
};

struct aw_sim_call {
    struct aw_http_request *rq;
    const struct aw_http_view *view;
    const char *rest; /* what followed the route's path: an id, a name; or "" */
    struct aw_sim_reply *reply;
};

/* Takes body over. */
void aw_sim_reply_json(struct aw_sim_reply *r, int status, json_t *body);
/* Sets a header; at most AW_SIM_HEADERS names. name must be a literal. */
void aw_sim_reply_header(struct aw_sim_reply *r, const char *name, long long value);
void aw_sim_reply_send(struct aw_http_request *rq, const struct aw_sim_reply *r);
void aw_sim_reply_free(struct aw_sim_reply *r);

#endif
