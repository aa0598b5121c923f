/* SPDX-License-Identifier: Apache-2.0
 *
 * Filling in an answer, and sending it.
 */
#include "sim/call.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"

void aw_sim_reply_json(struct aw_sim_reply *r, int status, json_t *body)
{
    char *text = json_dumps(body, JSON_COMPACT);
    json_decref(body);
    r->status = status;
    r->type = "application/json";
    r->body.max = AW_SIM_REPLY_MAX;
    aw_buf_reset(&r->body);
    aw_buf_puts(&r->body, text);
    free(text);
}

void aw_sim_reply_header(struct aw_sim_reply *r, const char *name, long long value)
{
    struct aw_sim_reply_header *h = r->headers, *end = h + r->n_headers;
    while (h < end && !aw_streq(h->name, name))
        h++;
    if (h == end && r->n_headers++ == AW_SIM_HEADERS)
        abort();
    h->name = name;
    snprintf(h->value, sizeof(h->value), "%lld", value);
}

void aw_sim_reply_send(struct aw_http_request *rq, const struct aw_sim_reply *r)
{
    struct aw_http_header headers[AW_SIM_HEADERS];
    for (unsigned i = 0; i < r->n_headers; i++)
        headers[i] = (struct aw_http_header){r->headers[i].name, r->headers[i].value};
    aw_http_answer(rq, r->status, r->type, aw_buf_str(&r->body), r->body.n, headers, r->n_headers);
}

void aw_sim_reply_free(struct aw_sim_reply *r)
{
    aw_buf_free(&r->body);
}
