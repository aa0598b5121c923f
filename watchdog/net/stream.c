/* SPDX-License-Identifier: Apache-2.0
 *
 * Answers that go on. The library asks for bytes on the connection's http thread; when there are
 * none, the connection is suspended until somebody wakes it. `turn` decides whether a call of
 * aw_http_wake comes before that, and is remembered, or after it, and resumes.
 *
 * The server keeps a list of its streams, because the library must not be stopped while one of its
 * connections is suspended: once the server is quiet, or a listener retired, none sleeps any more.
 */
#include "net/conn.h"

#define BLOCK ((size_t)16 * 1024) /* asked for at one time */

static bool must_end(const struct aw_http_request *rq)
{
    return rq->server->quiet || rq->conn->listener->retired;
}

/* True when the connection is suspended now. */
static bool fall_asleep(struct aw_http_request *rq)
{
    struct aw_http_server *s = rq->server;

    pthread_mutex_lock(&s->turn);
    bool sleeps = !rq->woken && !must_end(rq);
    if (sleeps) {
        aw_conn_deadline(rq->conn, 0);
        rq->asleep = true;
        MHD_suspend_connection(rq->mhd);
    }
    rq->woken = false;
    pthread_mutex_unlock(&s->turn);
    return sleeps;
}

static ssize_t read_stream(void *cls, uint64_t pos, char *dst, size_t cap)
{
    struct aw_http_request *rq = cls;
    ssize_t n = 0;

    while (n == 0) {
        n = must_end(rq) ? -1 : rq->stream.fill(rq->stream.arg, dst, cap);
        if (n == 0 && fall_asleep(rq))
            return 0;
    }
    aw_conn_deadline(rq->conn, rq->server->opt.body_ms);
    return n > 0 ? n : MHD_CONTENT_READER_END_OF_STREAM;
}

void aw_http_stream(struct aw_http_request *rq, const char *type,
                    const struct aw_http_stream *stream, const struct aw_http_header *headers,
                    unsigned n_headers)
{
    struct aw_http_server *s = rq->server;
    struct MHD_Response *r =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, read_stream, rq, NULL);

    aw_request_dress(rq, r, type, headers, n_headers);
    pthread_mutex_lock(&s->turn);
    rq->stream = *stream;
    rq->next_stream = s->streams;
    if (rq->next_stream)
        rq->next_stream->prev_stream = rq;
    s->streams = rq;
    s->n_streams++;
    pthread_mutex_unlock(&s->turn);
    if (rq->counted)
        s->active--;
    rq->counted = false;
    aw_request_go_on(rq, r, MHD_HTTP_OK, false);
}

static void wake(struct aw_http_request *rq)
{
    rq->woken = true;
    if (!rq->asleep)
        return;
    rq->asleep = false;
    MHD_resume_connection(rq->mhd);
}

void aw_http_wake(struct aw_http_request *rq)
{
    pthread_mutex_lock(&rq->server->turn);
    wake(rq);
    pthread_mutex_unlock(&rq->server->turn);
}

void aw_streams_end(struct aw_http_server *s)
{
    pthread_mutex_lock(&s->turn);
    for (struct aw_http_request *rq = s->streams; rq; rq = rq->next_stream)
        if (must_end(rq))
            wake(rq);
    pthread_mutex_unlock(&s->turn);
}

void aw_stream_done(struct aw_http_request *rq)
{
    struct aw_http_server *s = rq->server;

    if (!rq->stream.fill)
        return;
    rq->stream.gone(rq->stream.arg);
    pthread_mutex_lock(&s->turn);
    if (rq->prev_stream)
        rq->prev_stream->next_stream = rq->next_stream;
    else
        s->streams = rq->next_stream;
    if (rq->next_stream)
        rq->next_stream->prev_stream = rq->prev_stream;
    pthread_mutex_unlock(&s->turn);
    s->n_streams--;
}
