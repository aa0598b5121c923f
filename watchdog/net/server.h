/* SPDX-License-Identifier: Apache-2.0
 *
 * The HTTP server: libmicrohttpd in poll mode with a pool of two, behind our own strict gate. It
 * knows no route: every request that passes the gate is handed, whole, to one handler.
 *
 * Threads: the handler runs on an http thread and must not block. It either answers at once
 * (aw_http_answer) or keeps the request and answers later from any thread, once; the connection
 * is suspended meanwhile. Limits: request line and headers 32 KiB, body by `max_body`, connections
 * 12,000 a listener, header deadline 10 s, body deadline 30 s, kept by a thread of the front.
 */
#ifndef AW_NET_SERVER_H
#define AW_NET_SERVER_H

#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/form.h"

struct aw_http_server;
struct aw_http_request;

struct aw_http_header {
    const char *name, *value;
};

/* What a handler sees; texts live until the answer. */
struct aw_http_view {
    struct aw_http_request *rq;
    const char *method; /* GET POST PUT DELETE HEAD */
    /* As sent, and checked: one leading slash, no empty, "." or ".." segment in any disguise,
     * percent-encoding sound and of clean UTF-8. Decode segment by segment (aw_percent_decode),
     * so that %2F in a user id does not become a slash. */
    const char *path;
    const char *query; /* raw, without '?', or "" */
    const char *body;
    size_t n_body;
    void *listener; /* what the owner gave to aw_http_listen */
    bool local;     /* control socket */
    uid_t uid;      /* peer of the control socket */
    char peer[64];  /* address, for rate limits */
};

typedef void (*aw_http_handler)(void *ctx, struct aw_http_request *rq,
                                const struct aw_http_view *view);
/* Asked after the headers when a body is to come: the most bytes this request may carry, or 0 to
 * refuse bodies. With *ret_status set (401, 404, ...) the body is thrown away unread, and the
 * handler is called without one, to answer with the error that it finds again. */
typedef size_t (*aw_http_limit)(void *ctx, const struct aw_http_view *view, int *ret_status);

struct aw_http_server_options {
    aw_http_handler handler;
    aw_http_limit limit;
    void *ctx;
    unsigned threads;     /* 0: 2 */
    unsigned connections; /* of a listener; 0: 12,000 */
    unsigned header_ms;   /* 0: 10 s, from the connection or the request line to the last header */
    unsigned body_ms;     /* 0: 30 s, for the body, and again for taking the answer */
    bool empty_segments;  /* let "/v3//received" pass: some JPush SDKs send it */
    /* Called for errors that the server answers itself (400 gate, 413, 431, 503). Writes a body. */
    void (*problem)(void *ctx, int status, const char *why, struct aw_buf *out,
                    const char **ret_type);
};

/* TLS 1.2 and later for a listener; texts in PEM form, copied. With client_ca (else NULL) a request
 * passes only on a connection that showed a certificate of one of these authorities. */
struct aw_http_tls {
    const char *certificate, *key, *client_ca;
};

/* What a TCP listener may have beside its place; zeroed is nothing. */
struct aw_http_listen_options {
    const struct aw_http_tls *tls;
    unsigned per_address; /* most connections from one address; 0: any number */
};

struct aw_http_server *aw_http_server_new(const struct aw_http_server_options *opt);
/* Binds and starts serving: numeric address + port (0: free one, in *ret_port), or a unix socket
 * path (mode 0660; a stale socket is removed). opt may be NULL. */
int aw_http_listen(struct aw_http_server *s, const char *address, unsigned port, void *listener,
                   const struct aw_http_listen_options *opt, unsigned *ret_port,
                   struct aw_err *err);
int aw_http_listen_unix(struct aw_http_server *s, const char *path, void *listener,
                        struct aw_err *err);
/* New options for the listener on this port (one with TLS keeps TLS, one without has none): new
 * connections have them, old ones end with the request under way, streams at once. One thread at a
 * time, which is not an http thread. AW_ENOENT, AW_EINVAL; then all stays as it was. */
int aw_http_renew(struct aw_http_server *s, const char *address, unsigned port,
                  const struct aw_http_listen_options *opt, struct aw_err *err);
/* Stops accepting; requests under way may still be answered. */
void aw_http_quiesce(struct aw_http_server *s);
/* All requests must have been answered. */
void aw_http_server_free(struct aw_http_server *s);
/* Requests received and not yet answered; for the stepped clock and for shutdown. */
unsigned aw_http_active(struct aw_http_server *s);

/* The value of a request header (case-insensitive), or NULL. The gate has made sure that headers
 * which must be single are single. */
const char *aw_http_header(struct aw_http_request *rq, const char *name);
/* A query parameter, percent-decoded into dst; AW_ENOENT, AW_ELIMIT, AW_EINVAL. */
int aw_http_query(const struct aw_http_view *view, const char *name, char *dst, size_t cap);

/* Ends a request. body is copied. type e.g. "application/json". headers may be NULL. */
void aw_http_answer(struct aw_http_request *rq, int status, const char *type, const void *body,
                    size_t n, const struct aw_http_header *headers, unsigned n_headers);
/* Ends a request without an answer: its connection is closed. For the simulator's faults; may be
 * called in the handler or, after aw_http_keep, from any thread. */
void aw_http_drop(struct aw_http_request *rq);
/* Suspends: the handler returns without an answer; aw_http_answer comes later from elsewhere. */
void aw_http_keep(struct aw_http_request *rq);
/* Ends a suspension without an answer: the handler is called again, on an http thread. For work
 * that must not be done where the news came in. */
void aw_http_again(struct aw_http_request *rq);
/* Ends a request, in the handler, with an answer that goes on (status 200, chunked). From then on
 * the request is not among the active. On an http thread, whenever the peer has taken what it was
 * given: fill() puts at most cap bytes at dst and says how many; 0: nothing now, ask again after
 * aw_http_wake; negative: the end. It must not block for long. gone() comes once, on an http
 * thread, when it is over: by fill, by the peer, which has body_ms to take what it is given, or by
 * aw_http_quiesce, which ends all streams. A peer that went away shows when it is sent something.
 */
struct aw_http_stream {
    ssize_t (*fill)(void *arg, char *dst, size_t cap);
    void (*gone)(void *arg);
    void *arg;
};
void aw_http_stream(struct aw_http_request *rq, const char *type,
                    const struct aw_http_stream *stream, const struct aw_http_header *headers,
                    unsigned n_headers);
/* Has a stream's fill called again, from any thread, before its gone(). */
void aw_http_wake(struct aw_http_request *rq);
/* One pointer of the handler's, e.g. parsed state. */
void aw_http_set_data(struct aw_http_request *rq, void *data);
void *aw_http_data(struct aw_http_request *rq);

#endif
