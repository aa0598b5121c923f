/* SPDX-License-Identifier: Apache-2.0
 *
 * Making, binding and ending the server. Sockets are made and bound here, explicitly (the
 * library's default is all addresses); their connections are handed to one daemon of the library
 * per listener.
 */
#include "net/server.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "net/conn.h"

#define MEMORY  ((size_t)32 * 1024) /* request line and headers of a connection */
#define IDLE_MS 60000               /* between two requests of a connection */
#define BACKLOG 1024
#define LAST_MS 2000 /* at the end, for answers that are being written */

struct aw_http_server *aw_http_server_new(const struct aw_http_server_options *opt)
{
    struct aw_http_server *s = aw_calloc(1, sizeof(*s));

    s->opt = *opt;
    s->opt.threads = opt->threads ? opt->threads : 2;
    s->opt.connections = opt->connections ? opt->connections : 12000;
    s->opt.header_ms = opt->header_ms ? opt->header_ms : 10000;
    s->opt.body_ms = opt->body_ms ? opt->body_ms : 30000;
    s->idle_ms = IDLE_MS;
    pthread_mutex_init(&s->lock, NULL);
    pthread_mutex_init(&s->turn, NULL);
    aw_front_start(s);
    return s;
}

/* ---- callbacks of the library ------------------------------------------------------------ */

__attribute__((format(printf, 2, 0))) static void library_log(void *cls, const char *fmt,
                                                              va_list ap)
{
    char text[256];
    vsnprintf(text, sizeof(text), fmt, ap);
    text[strcspn(text, "\r\n")] = 0;
    aw_log(AW_LOG_DEBUG, "http", "library=\"%s\"", text);
}

/* Leaves the target as it was sent: the gate looks at it, routes decode it. */
static size_t no_unescape(void *cls, struct MHD_Connection *mhd, char *s)
{
    return strlen(s);
}

static void describe_peer(struct conn *c)
{
    struct sockaddr_storage sa;
    socklen_t n = sizeof(sa);
    struct ucred cred;
    socklen_t n_cred = sizeof(cred);

    c->uid = (uid_t)-1;
    if (c->listener->path) {
        if (getsockopt(c->fd, SOL_SOCKET, SO_PEERCRED, &cred, &n_cred) == 0)
            c->uid = cred.uid;
        snprintf(c->peer, sizeof(c->peer), "uid:%u", (unsigned)c->uid);
    } else if (getpeername(c->fd, (struct sockaddr *)&sa, &n) < 0 ||
               getnameinfo((struct sockaddr *)&sa, n, c->peer, sizeof(c->peer), NULL, 0,
                           NI_NUMERICHOST) != 0) {
        snprintf(c->peer, sizeof(c->peer), "unknown");
    }
}

static void on_connection(void *cls, struct MHD_Connection *mhd, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct listener *l = cls;

    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        struct conn *c = aw_calloc(1, sizeof(*c));
        c->listener = l;
        c->fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
        describe_peer(c);
        aw_conn_deadline(c, l->server->opt.header_ms);
        aw_conn_add(l->server, c);
        *context = c;
    } else if (*context) {
        aw_conn_remove(l->server, *context);
        aw_free(*context);
        *context = NULL;
    }
}

/* ---- listening --------------------------------------------------------------------------- */

/* No CBC, no RSA key exchange, nothing before TLS 1.2. */
#define PRIORITIES                                                                                 \
    "SECURE128:%SERVER_PRECEDENCE:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-KX-ALL:+ECDHE-ECDSA:"       \
    "+ECDHE-RSA:-CIPHER-ALL:+AES-256-GCM:+CHACHA20-POLY1305:+AES-128-GCM"

enum { MAX_OPTIONS = 8 };

/* A daemon of the library for l, to which the front hands what comes in at its socket. */
static int start(struct listener *l, const struct aw_http_listen_options *opt, struct aw_err *err)
{
    const struct aw_http_server_options *so = &l->server->opt;
    const struct aw_http_tls *tls = opt->tls;
    struct MHD_OptionItem more[MAX_OPTIONS];
    unsigned n = 0, flags = MHD_USE_POLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME |
                            MHD_USE_ERROR_LOG | MHD_USE_NO_LISTEN_SOCKET;

    if (!l->path && so->threads > 1) /* a pool of one is no pool to the library */
        more[n++] =
            (struct MHD_OptionItem){MHD_OPTION_THREAD_POOL_SIZE, (intptr_t)so->threads, NULL};
    if (opt->per_address)
        more[n++] = (struct MHD_OptionItem){MHD_OPTION_PER_IP_CONNECTION_LIMIT,
                                            (intptr_t)opt->per_address, NULL};
    if (tls) {
        flags |= MHD_USE_TLS;
        more[n++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)PRIORITIES};
        more[n++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_CERT, 0,
                                            (void *)(uintptr_t)tls->certificate};
        more[n++] =
            (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)tls->key};
        if (tls->client_ca)
            more[n++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_TRUST, 0,
                                                (void *)(uintptr_t)tls->client_ca};
    }
    more[n] = (struct MHD_OptionItem){MHD_OPTION_END, 0, NULL};
    l->tls = tls != NULL;
    l->wants_client = tls && tls->client_ca;
    l->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, aw_request_step, l, MHD_OPTION_EXTERNAL_LOGGER, library_log, NULL,
        MHD_OPTION_CONNECTION_LIMIT, so->connections, MHD_OPTION_CONNECTION_MEMORY_LIMIT, MEMORY,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_NOTIFY_CONNECTION, on_connection, l,
        MHD_OPTION_NOTIFY_COMPLETED, aw_request_done, l, MHD_OPTION_URI_LOG_CALLBACK,
        aw_request_new, l, MHD_OPTION_UNESCAPE_CALLBACK, no_unescape, NULL, MHD_OPTION_ARRAY, more,
        MHD_OPTION_END);
    return l->daemon ? AW_OK : aw_fail(err, AW_EIO, "the HTTP library does not start");
}

static void listener_free(struct listener *l)
{
    aw_free(l->path);
    aw_free(l);
}

/* Under lock. */
static void listener_add(struct listener *l)
{
    l->next = l->server->listeners;
    l->server->listeners = l;
}

/* Takes fd and path. */
static int serve(struct aw_http_server *s, int fd, void *owner, char *path,
                 const struct aw_http_listen_options *opt, struct listener **ret,
                 struct aw_err *err)
{
    static const struct aw_http_listen_options nothing;
    struct listener *l = aw_calloc(1, sizeof(*l));

    l->server = s;
    l->fd = fd;
    l->owner = owner;
    l->path = path;
    int rc = start(l, opt ? opt : &nothing, err);
    if (rc < 0) {
        close(fd);
        listener_free(l);
        return rc;
    }
    pthread_mutex_lock(&s->lock);
    listener_add(l);
    pthread_mutex_unlock(&s->lock);
    aw_front_wake(s);
    if (ret)
        *ret = l;
    return 0;
}

static int take_over(struct listener *old, const struct aw_http_listen_options *opt,
                     struct aw_err *err)
{
    struct listener *l = aw_calloc(1, sizeof(*l));

    l->server = old->server;
    l->fd = old->fd;
    l->owner = old->owner;
    l->port = old->port;
    memcpy(l->address, old->address, sizeof(l->address));
    int rc = start(l, opt, err);
    if (rc < 0) {
        listener_free(l);
        return rc;
    }
    listener_add(l);
    old->retired_at = aw_clock_boot();
    old->retired = true;
    return 0;
}

int aw_http_renew(struct aw_http_server *s, const char *address, unsigned port,
                  const struct aw_http_listen_options *opt, struct aw_err *err)
{
    int rc;

    pthread_mutex_lock(&s->lock);
    struct listener *l = s->quiet ? NULL : s->listeners;
    while (l && (l->retired || l->path || l->port != port || strcmp(l->address, address) != 0))
        l = l->next;
    if (!l)
        rc = aw_fail(err, AW_ENOENT, "nobody listens on %s port %u", address, port);
    else if (l->tls != (opt->tls != NULL))
        rc =
            aw_fail(err, AW_EINVAL, "%s port %u begins or ends TLS only at a start", address, port);
    else
        rc = take_over(l, opt, err);
    pthread_mutex_unlock(&s->lock);
    aw_front_wake(s);
    aw_streams_end(s);
    return rc;
}

static bool is_idle(const struct listener *l)
{
    /* Connections just handed over are not among those that are counted. */
    return l->retired && aw_clock_boot() - l->retired_at >= LAST_MS &&
           MHD_get_daemon_info(l->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS)->num_connections ==
               0;
}

/* The first retired listener without connections, taken off the list. */
static struct listener *take_idle(struct aw_http_server *s)
{
    struct listener **at = &s->listeners, *l;

    pthread_mutex_lock(&s->lock);
    while ((l = *at) && !is_idle(l))
        at = &l->next;
    if (l)
        *at = l->next;
    pthread_mutex_unlock(&s->lock);
    return l;
}

void aw_listeners_tidy(struct aw_http_server *s)
{
    struct listener *l;

    while ((l = take_idle(s))) {
        MHD_stop_daemon(l->daemon);
        listener_free(l);
    }
}

/* A listening TCP socket, or -1 with errno. */
static int tcp_socket(const struct addrinfo *ai)
{
    const int on = 1;
    int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (ai->ai_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
    if (bind(fd, ai->ai_addr, ai->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

static unsigned bound_port(int fd)
{
    union {
        struct sockaddr_storage any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } sa = {0};
    socklen_t n = sizeof(sa);
    getsockname(fd, (struct sockaddr *)&sa, &n);
    return ntohs(sa.any.ss_family == AF_INET6 ? sa.v6.sin6_port : sa.v4.sin_port);
}

int aw_http_listen(struct aw_http_server *s, const char *address, unsigned port, void *listener,
                   const struct aw_http_listen_options *opt, unsigned *ret_port, struct aw_err *err)
{
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
                             .ai_socktype = SOCK_STREAM};
    struct addrinfo *ai;
    char service[16];

    snprintf(service, sizeof(service), "%u", port);
    if (port > 65535 || getaddrinfo(address, service, &hints, &ai) != 0)
        return aw_fail(err, AW_EINVAL,
                       "cannot listen on %s port %u: not a numeric address and port", address,
                       port);
    int fd = tcp_socket(ai);
    int code = errno;
    freeaddrinfo(ai);
    if (fd < 0)
        return aw_fail(err, AW_EIO, "cannot listen on %s port %u: %s", address, port,
                       strerror(code));
    unsigned bound = bound_port(fd);
    struct listener *l;
    int rc = serve(s, fd, listener, NULL, opt, &l, err);
    if (rc < 0)
        return rc;
    snprintf(l->address, sizeof(l->address), "%s", address);
    l->port = bound;
    if (ret_port)
        *ret_port = bound;
    return 0;
}

/* Removes a socket that nobody listens on; anything else at the path is left alone. */
static int clear_path(const struct sockaddr_un *sun, struct aw_err *err)
{
    struct stat st;
    if (lstat(sun->sun_path, &st) < 0)
        return 0;
    if (!S_ISSOCK(st.st_mode))
        return aw_fail(err, AW_ECONFLICT, "%s is there and is no socket", sun->sun_path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool alive = fd >= 0 && connect(fd, (const struct sockaddr *)sun, sizeof(*sun)) == 0;
    if (fd >= 0)
        close(fd);
    if (alive)
        return aw_fail(err, AW_EBUSY, "%s: another process listens there", sun->sun_path);
    unlink(sun->sun_path);
    return 0;
}

int aw_http_listen_unix(struct aw_http_server *s, const char *path, void *listener,
                        struct aw_err *err)
{
    struct sockaddr_un sun = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(sun.sun_path))
        return aw_fail(err, AW_EINVAL, "%s: longer than a socket path may be (%zu bytes)", path,
                       sizeof(sun.sun_path) - 1);
    memcpy(sun.sun_path, path, strlen(path) + 1);
    int rc = clear_path(&sun, err);
    if (rc < 0)
        return rc;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    /* The mode before bind(2) is that of the new file, so there is no moment of wider access. */
    if (fd < 0 || fchmod(fd, 0660) < 0 || bind(fd, (struct sockaddr *)&sun, sizeof(sun)) < 0 ||
        chmod(path, 0660) < 0 || listen(fd, BACKLOG) < 0) {
        rc = aw_fail(err, AW_EIO, "cannot listen on %s: %s", path, strerror(errno));
        if (fd >= 0)
            close(fd);
        return rc;
    }
    return serve(s, fd, listener, aw_strdup(path), NULL, NULL, err);
}

/* ---- the end ----------------------------------------------------------------------------- */

void aw_http_quiesce(struct aw_http_server *s)
{
    if (s->quiet)
        return;
    s->quiet = true;
    pthread_mutex_lock(&s->lock);
    for (struct listener *l = s->listeners; l; l = l->next) {
        if (l->fd >= 0 && !l->retired) {
            shutdown(l->fd, SHUT_RDWR); /* the front may be polling it, which keeps it open */
            close(l->fd);
        }
        l->fd = -1;
        if (l->path)
            unlink(l->path);
    }
    pthread_mutex_unlock(&s->lock);
    aw_streams_end(s);
}

/* Answers that are under way to the sockets get a moment. */
static void wait_calm(struct aw_http_server *s)
{
    aw_boot until = aw_clock_boot() + LAST_MS;
    while ((s->active > 0 || s->n_streams > 0) && aw_clock_boot() < until)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

void aw_http_server_free(struct aw_http_server *s)
{
    if (!s)
        return;
    aw_http_quiesce(s);
    wait_calm(s);
    aw_front_stop(s);
    while (s->listeners) {
        struct listener *l = s->listeners;
        s->listeners = l->next;
        MHD_stop_daemon(l->daemon);
        listener_free(l);
    }
    pthread_mutex_destroy(&s->lock);
    pthread_mutex_destroy(&s->turn);
    aw_free(s);
}

unsigned aw_http_active(struct aw_http_server *s)
{
    return s->active;
}
