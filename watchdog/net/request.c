/* SPDX-License-Identifier: Apache-2.0
 *
 * One request from its first line to its last byte: gate, body, handler, suspension, answer.
 *
 * The library calls aw_request_step on the connection's http thread: once after the headers, once
 * per piece of the body, and then again whenever the connection goes on, until an answer is
 * queued. An answer that comes from elsewhere while the handler still runs is found when the
 * handler returns; one that comes later resumes the connection. `turn` decides which of the two it
 * is.
 */
#include "net/conn.h"

#include <string.h>

#include "base/mem.h"
#include "net/gate.h"

#define DISCARD_MAX ((size_t)8 << 20)   /* read and thrown away, so that the client sees our no */
#define BODIES_MAX  ((size_t)256 << 20) /* bodies held at one time, over all requests */

static struct conn *conn_of(struct MHD_Connection *mhd)
{
    return MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

void *aw_request_new(void *cls, const char *target, struct MHD_Connection *mhd)
{
    struct listener *l = cls;
    struct aw_http_request *rq = aw_calloc(1, sizeof(*rq));

    rq->server = l->server;
    rq->conn = conn_of(mhd);
    rq->mhd = mhd;
    rq->target = aw_strdup(target);
    rq->body = AW_BUF_INIT(0);
    if (rq->conn->served) /* on a fresh connection the clock runs since it was made */
        aw_conn_deadline(rq->conn, l->server->opt.header_ms);
    return rq;
}

void aw_request_done(void *cls, struct MHD_Connection *mhd, void **request,
                     enum MHD_RequestTerminationCode why)
{
    struct aw_http_request *rq = *request;
    if (!rq)
        return;
    struct aw_http_server *s = rq->server;

    *request = NULL;
    aw_stream_done(rq);
    rq->conn->served = true;
    aw_conn_deadline(rq->conn, s->idle_ms);
    s->body_bytes -= rq->body.n;
    if (rq->response)
        MHD_destroy_response(rq->response);
    if (rq->counted)
        s->active--;
    aw_buf_free(&rq->body);
    aw_free(rq->target);
    aw_free(rq);
}

static void refuse(struct aw_http_request *rq, int status, const char *why)
{
    rq->refused = status;
    rq->why = why;
    rq->discard = true;
    rq->close = true;
}

/* ---- the answer -------------------------------------------------------------------------- */

static void put_header(struct MHD_Response *r, const char *name, const char *value)
{
    /* A value with control bytes would be refused by the library: it never reaches the wire. */
    (void)MHD_add_response_header(r, name, value);
}

void aw_request_dress(const struct aw_http_request *rq, struct MHD_Response *r, const char *type,
                      const struct aw_http_header *headers, unsigned n_headers)
{
    put_header(r, "Content-Type", type);
    put_header(r, "X-Content-Type-Options", "nosniff");
    put_header(r, "Cache-Control", "no-store");
    for (unsigned i = 0; i < n_headers; i++)
        put_header(r, headers[i].name, headers[i].value);
    if (rq->close || rq->server->quiet || rq->conn->listener->retired)
        put_header(r, "Connection", "close");
}

/* Tells the request, from any thread, how it goes on. After the unlock it may be gone, unless it
 * is suspended: then it waits for our resume. */
void aw_request_go_on(struct aw_http_request *rq, struct MHD_Response *r, int status, bool drop)
{
    struct aw_http_server *s = rq->server;
    struct MHD_Connection *mhd = rq->mhd;

    pthread_mutex_lock(&s->turn);
    rq->response = r;
    rq->status = status;
    rq->drop = drop;
    rq->again = !r && !drop;
    bool resume = rq->stage == STAGE_SUSPENDED;
    if (resume)
        rq->stage = STAGE_IDLE;
    pthread_mutex_unlock(&s->turn);
    if (resume)
        MHD_resume_connection(mhd);
}

void aw_http_answer(struct aw_http_request *rq, int status, const char *type, const void *body,
                    size_t n, const struct aw_http_header *headers, unsigned n_headers)
{
    struct MHD_Response *r =
        MHD_create_response_from_buffer(n, (void *)(uintptr_t)body, MHD_RESPMEM_MUST_COPY);
    aw_request_dress(rq, r, type, headers, n_headers);
    aw_request_go_on(rq, r, status, false);
}

void aw_http_again(struct aw_http_request *rq)
{
    aw_request_go_on(rq, NULL, 0, false);
}

void aw_http_drop(struct aw_http_request *rq)
{
    aw_request_go_on(rq, NULL, 0, true);
}

void aw_http_keep(struct aw_http_request *rq)
{
    pthread_mutex_lock(&rq->server->turn);
    rq->keep = true;
    pthread_mutex_unlock(&rq->server->turn);
}

static void answer_refusal(struct aw_http_request *rq)
{
    const struct aw_http_server_options *opt = &rq->server->opt;
    struct aw_buf out = AW_BUF_INIT(4096);
    const char *type = "text/plain";

    if (opt->problem)
        opt->problem(opt->ctx, rq->refused, rq->why, &out, &type);
    else
        aw_buf_printf(&out, "%s\n", rq->why);
    struct aw_http_header hint =
        rq->refused == 405 ? (struct aw_http_header){"Allow", "GET, HEAD, POST, PUT, DELETE"}
                           : (struct aw_http_header){"Retry-After", "1"};
    aw_http_answer(rq, rq->refused, type, aw_buf_str(&out), out.n, &hint,
                   rq->refused == 405 || rq->refused == 503);
    aw_buf_free(&out);
}

static enum MHD_Result send_answer(struct aw_http_request *rq)
{
    aw_conn_deadline(rq->conn, rq->server->opt.body_ms);
    return MHD_queue_response(rq->mhd, (unsigned)rq->status, rq->response);
}

/* ---- the handler ------------------------------------------------------------------------- */

/* After the handler: true when the request waits, suspended, for another thread. */
static bool park(struct aw_http_request *rq)
{
    pthread_mutex_lock(&rq->server->turn);
    bool waits = rq->keep && !rq->response && !rq->drop && !rq->again;
    if (waits)
        MHD_suspend_connection(rq->mhd);
    rq->stage = waits ? STAGE_SUSPENDED : STAGE_IDLE;
    pthread_mutex_unlock(&rq->server->turn);
    return waits;
}

static enum MHD_Result handle(struct aw_http_request *rq)
{
    const struct aw_http_server_options *opt = &rq->server->opt;

    while (!rq->response && !rq->drop) {
        rq->stage = STAGE_HANDLING;
        rq->keep = rq->again = false;
        if (rq->refused)
            answer_refusal(rq);
        else
            opt->handler(opt->ctx, rq, &rq->view);
        if (park(rq))
            return MHD_YES;
        if (!rq->response && !rq->drop && !rq->again)
            refuse(rq, 500, "the request got no answer");
    }
    return rq->drop ? MHD_NO : send_answer(rq);
}

/* ---- headers and body -------------------------------------------------------------------- */

struct gathered {
    struct aw_gate_header *list;
    size_t n;
};

static enum MHD_Result gather(void *cls, enum MHD_ValueKind kind, const char *name, size_t n_name,
                              const char *value, size_t n_value)
{
    struct gathered *g = cls;
    if (g->n <= AW_GATE_HEADERS) /* one more than allowed is kept, for the gate to see */
        g->list[g->n++] = (struct aw_gate_header){name, value ? value : "", n_name, n_value};
    return MHD_YES;
}

/* The size of the head, which begins at the method and is kept as gate.h says by all versions 0.x;
 * those behind have a strict parser of their own. */
static size_t head_size(struct MHD_Connection *mhd)
{
    if (strncmp(MHD_get_version(), "0.", 2) != 0)
        return 0;
    return MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE)->header_size;
}

static int ask_gate(struct aw_http_request *rq, const char *url, const char *method,
                    const char *version, struct aw_gate_result *ret)
{
    struct aw_gate_header headers[AW_GATE_HEADERS + 1];
    struct gathered g = {headers, 0};

    MHD_get_connection_values_n(rq->mhd, MHD_HEADER_KIND, gather, &g);
    return aw_gate_check(&(struct aw_gate_request){.method = method,
                                                   .version = version,
                                                   .target = rq->target,
                                                   .headers = headers,
                                                   .n_headers = g.n,
                                                   .empty_segments = rq->server->opt.empty_segments,
                                                   .n_head = head_size(rq->mhd),
                                                   .target_in_head = url},
                         ret);
}

static void fill_view(struct aw_http_request *rq, const char *method)
{
    char *query = strchr(rq->target, '?');
    if (query)
        *query++ = 0;
    rq->view = (struct aw_http_view){.rq = rq,
                                     .method = method,
                                     .path = rq->target,
                                     .query = query ? query : "",
                                     .body = "",
                                     .listener = rq->conn->listener->owner,
                                     .local = rq->conn->listener->path != NULL,
                                     .uid = rq->conn->uid};
    memcpy(rq->view.peer, rq->conn->peer, sizeof(rq->view.peer));
}

/* Looked at once a connection. */
static bool client_fine(struct aw_http_request *rq)
{
    struct conn *c = rq->conn;
    if (!c->listener->wants_client)
        return true;
    if (!c->client_checked)
        c->client_fine = aw_tls_client_fine(rq->mhd);
    c->client_checked = true;
    return c->client_fine;
}

/* How much body is wanted? */
static void ask_limit(struct aw_http_request *rq, const struct aw_gate_result *gate)
{
    const struct aw_http_server_options *opt = &rq->server->opt;
    int status = 0;

    rq->body.max = opt->limit ? opt->limit(opt->ctx, &rq->view, &status) : DISCARD_MAX;
    if (status)
        rq->discard = rq->close = true;
    else if (gate->length > rq->body.max)
        refuse(rq, 413, "the body is larger than this request may carry");
}

static enum MHD_Result begin(struct aw_http_request *rq, const char *url, const char *method,
                             const char *version)
{
    struct aw_gate_result gate;
    int status = ask_gate(rq, url, method, version, &gate);

    rq->begun = true;
    rq->close = gate.chunked; /* where chunks end is the library's word alone: nothing follows */
    aw_conn_deadline(rq->conn, rq->server->opt.body_ms);
    if (!status && !client_fine(rq)) {
        status = 403;
        gate = (struct aw_gate_result){.framing = true, .why = "show a client certificate of ours"};
    }
    if (status)
        refuse(rq, status, gate.why);
    else
        fill_view(rq, method);
    if (!status && (gate.length || gate.chunked))
        ask_limit(rq, &gate);
    /* Now or after the body? Now, if its end is in doubt, it is too long to be read for nothing,
     * or the client asks before it sends. */
    if (gate.framing || (rq->discard && (gate.expect || gate.length > DISCARD_MAX))) {
        rq->close = true;
        return handle(rq);
    }
    return MHD_YES;
}

static enum MHD_Result take_body(struct aw_http_request *rq, const char *data, size_t n)
{
    struct aw_http_server *s = rq->server;

    if (!rq->discard && n > rq->body.max - rq->body.n)
        refuse(rq, 413, "the body is larger than this request may carry");
    else if (!rq->discard && s->body_bytes + n > BODIES_MAX)
        refuse(rq, 503, "too many large requests at one time");
    if (rq->discard) {
        rq->thrown += n;
        return rq->thrown > DISCARD_MAX ? MHD_NO : MHD_YES;
    }
    s->body_bytes += n;
    aw_buf_add(&rq->body, data, n);
    return MHD_YES;
}

enum MHD_Result aw_request_step(void *cls, struct MHD_Connection *mhd, const char *url,
                                const char *method, const char *version, const char *data,
                                size_t *n_data, void **request)
{
    struct aw_http_request *rq = *request;

    if (!rq->begun)
        return begin(rq, url, method, version);
    if (*n_data > 0) {
        size_t n = *n_data;
        *n_data = 0;
        return take_body(rq, data, n);
    }
    if (!rq->counted) { /* the request is complete */
        rq->counted = true;
        rq->server->active++;
        aw_conn_deadline(rq->conn, 0);
        if (!rq->discard) {
            rq->view.body = aw_buf_str(&rq->body);
            rq->view.n_body = rq->body.n;
        }
    }
    return handle(rq);
}

/* ---- small things ------------------------------------------------------------------------ */

const char *aw_http_header(struct aw_http_request *rq, const char *name)
{
    return MHD_lookup_connection_value(rq->mhd, MHD_HEADER_KIND, name);
}

int aw_http_query(const struct aw_http_view *view, const char *name, char *dst, size_t cap)
{
    return aw_form_value(view->query, name, dst, cap);
}

void aw_http_set_data(struct aw_http_request *rq, void *data)
{
    rq->data = data;
}

void *aw_http_data(struct aw_http_request *rq)
{
    return rq->data;
}
