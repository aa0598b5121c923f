/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of net/ share: the server, its listeners, connections and requests.
 *
 * Owners: the server owns listeners, a listener the daemon of the library. Certificates cannot be
 * changed in a daemon of the library: a listener with new ones takes the socket of the old one
 * over, which is retired. A connection lives from the library's STARTED to its CLOSED, a request
 * from its request line to its completion, both on one http thread. `lock` guards the lists of
 * connections and listeners, `turn` what a request and an answering thread tell each other. Nobody
 * holds both.
 */
#ifndef AW_NET_CONN_H
#define AW_NET_CONN_H

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "net/server.h"

struct listener {
    struct aw_http_server *server;
    struct MHD_Daemon *daemon;
    int fd;      /* under lock; -1: closed */
    void *owner; /* what the view shows as listener */
    char *path;  /* of a unix socket, or NULL */
    char address[64];
    unsigned port;
    bool tls, wants_client; /* a client must show a certificate */
    atomic_bool retired;    /* another one has its socket: connections end soon, then it is freed */
    aw_boot retired_at;
    struct listener *next; /* under lock */
};

struct conn {
    struct listener *listener;
    struct conn *prev, *next; /* under lock */
    int fd;
    _Atomic aw_boot deadline; /* when the front cuts it; 0: never */
    bool served;              /* a request was answered on it */
    bool client_checked, client_fine;
    uid_t uid;
    char peer[64];
};

enum stage {
    STAGE_IDLE,      /* nobody of ours works on it */
    STAGE_HANDLING,  /* in the handler */
    STAGE_SUSPENDED, /* kept; an answer must resume it */
};

struct aw_http_request {
    struct aw_http_server *server;
    struct conn *conn;
    struct MHD_Connection *mhd;
    struct aw_http_view view;
    char *target; /* copy; the view's path and query lie in it */
    struct aw_buf body;
    bool begun;   /* the headers have been looked at */
    bool counted; /* among the active */
    bool discard; /* the body is read and thrown away */
    bool close;   /* the connection ends with the answer */
    size_t thrown;
    int refused; /* status of a refusal by the server itself */
    const char *why;
    void *data;
    /* under turn */
    enum stage stage;
    bool keep, again, drop;
    struct MHD_Response *response;
    int status;
    /* of a stream; from `woken` on under turn */
    struct aw_http_stream stream; /* without fill: none */
    bool woken;                   /* since fill was called */
    bool asleep;                  /* suspended until it is woken */
    struct aw_http_request *prev_stream, *next_stream;
};

struct aw_http_server {
    struct aw_http_server_options opt;
    aw_boot idle_ms;
    struct listener *listeners;
    pthread_mutex_t lock, turn;
    pthread_t front;
    int wake; /* an eventfd: the front looks again */
    atomic_bool front_ends;
    struct aw_http_request *streams; /* under turn */
    atomic_uint n_streams;
    struct conn *conns; /* under lock */
    atomic_bool quiet;  /* no new connections: answers close theirs */
    atomic_uint active;
    atomic_size_t body_bytes; /* held by all requests */
};

/* front.c */
void aw_front_start(struct aw_http_server *s);
void aw_front_wake(struct aw_http_server *s); /* the list of listeners changed */
void aw_front_stop(struct aw_http_server *s);
void aw_conn_add(struct aw_http_server *s, struct conn *c);
void aw_conn_remove(struct aw_http_server *s, struct conn *c);
void aw_conn_deadline(struct conn *c, aw_boot ms); /* from now; 0: none */

/* tls.c */
bool aw_tls_client_fine(struct MHD_Connection *mhd); /* showed a certificate of our authorities */

/* server.c: frees retired listeners without connections; the front's thread */
void aw_listeners_tidy(struct aw_http_server *s);

/* stream.c */
void aw_stream_done(struct aw_http_request *rq); /* the request ends */
void aw_streams_end(struct aw_http_server *s); /* after `quiet` or `retired`: those concerned end */

/* request.c: what an answer is made of */
void aw_request_dress(const struct aw_http_request *rq, struct MHD_Response *r, const char *type,
                      const struct aw_http_header *headers, unsigned n_headers);
void aw_request_go_on(struct aw_http_request *rq, struct MHD_Response *r, int status, bool drop);

/* request.c: callbacks of the library, cls is the listener */
void *aw_request_new(void *cls, const char *target, struct MHD_Connection *mhd);
enum MHD_Result aw_request_step(void *cls, struct MHD_Connection *mhd, const char *url,
                                const char *method, const char *version, const char *data,
                                size_t *n_data, void **request);
void aw_request_done(void *cls, struct MHD_Connection *mhd, void **request,
                     enum MHD_RequestTerminationCode why);

#endif
