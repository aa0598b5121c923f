/* SPDX-License-Identifier: Apache-2.0
 *
 * Listening, and the threads of the sessions. A slot belongs to its session's thread until `done`;
 * only the listener's thread, or aw_sim_smtp_free after it, joins the thread and closes fd.
 */
#include "sim/smtp.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/mem.h"
#include "sim/smtp_session.h"

#define SESSIONS 64
#define IDLE_S   60
#define SWEEP_MS 200
#define TOO_MANY "421 4.3.2 too many connections\r\n"

struct slot {
    struct aw_sim_smtp *server;
    pthread_t thread;
    int fd;
    bool used;
    atomic_bool done;
};

struct aw_sim_smtp {
    struct aw_sim_smtp_options opt;
    char *password;
    int fd, stop_fd;
    pthread_t thread;
    struct slot slots[SESSIONS];
};

static void *session(void *arg)
{
    struct slot *slot = arg;
    aw_sim_smtp_talk(&slot->server->opt, slot->fd);
    shutdown(slot->fd, SHUT_RDWR); /* the peer sees the end now; the descriptor goes later */
    slot->done = true;
    return NULL;
}

static void reap(struct aw_sim_smtp *s, bool all)
{
    for (unsigned i = 0; i < SESSIONS; i++) {
        struct slot *slot = &s->slots[i];
        if (!slot->used || (!all && !slot->done))
            continue;
        if (all)
            shutdown(slot->fd, SHUT_RDWR);
        pthread_join(slot->thread, NULL);
        close(slot->fd);
        slot->used = false;
    }
}

static void welcome(struct aw_sim_smtp *s, int fd)
{
    const struct timeval idle = {.tv_sec = IDLE_S};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &idle, sizeof(idle));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &idle, sizeof(idle));
    for (unsigned i = 0; i < SESSIONS; i++) {
        struct slot *slot = &s->slots[i];
        if (slot->used)
            continue;
        slot->server = s;
        slot->fd = fd;
        slot->done = false;
        slot->used = pthread_create(&slot->thread, NULL, session, slot) == 0;
        if (slot->used)
            return;
        break;
    }
    (void)!write(fd, TOO_MANY, sizeof(TOO_MANY) - 1);
    close(fd);
}

static void *listener(void *arg)
{
    struct aw_sim_smtp *s = arg;
    for (;;) {
        struct pollfd fds[] = {{.fd = s->fd, .events = POLLIN},
                               {.fd = s->stop_fd, .events = POLLIN}};
        poll(fds, AW_COUNT(fds), SWEEP_MS);
        if (fds[1].revents)
            return NULL;
        reap(s, false);
        int fd = fds[0].revents ? accept4(s->fd, NULL, NULL, SOCK_CLOEXEC) : -1;
        if (fd >= 0)
            welcome(s, fd);
    }
}

static int open_socket(const char *address, unsigned port, unsigned *ret_port, struct aw_err *err)
{
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
                             .ai_socktype = SOCK_STREAM};
    struct addrinfo *ai;
    char service[16];
    const int on = 1;
    snprintf(service, sizeof(service), "%u", port);
    if (getaddrinfo(address, service, &hints, &ai) != 0)
        return aw_fail(err, AW_EINVAL, "%s is no numeric address", address);
    int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } sa = {0};
    socklen_t n = sizeof(sa);
    bool ok = fd >= 0 && bind(fd, ai->ai_addr, ai->ai_addrlen) == 0 && listen(fd, 64) == 0 &&
              getsockname(fd, &sa.any, &n) == 0;
    freeaddrinfo(ai);
    if (ok) {
        *ret_port = ntohs(sa.any.sa_family == AF_INET6 ? sa.v6.sin6_port : sa.v4.sin_port);
        return fd;
    }
    int rc =
        aw_fail(err, AW_EIO, "cannot listen on %s port %u: %s", address, port, strerror(errno));
    if (fd >= 0)
        close(fd);
    return rc;
}

int aw_sim_smtp_start(struct aw_sim *sim, const char *address, unsigned port, SSL_CTX *tls,
                      const char *password, struct aw_sim_smtp **ret, unsigned *ret_port,
                      struct aw_err *err)
{
    int fd = open_socket(address, port, ret_port, err);
    if (fd < 0)
        return fd;
    struct aw_sim_smtp *s = aw_calloc(1, sizeof(*s));
    s->fd = fd;
    s->stop_fd = eventfd(0, EFD_CLOEXEC);
    s->password = aw_strdup(password);
    SSL_CTX_up_ref(tls);
    s->opt = (struct aw_sim_smtp_options){sim, tls, s->password};
    pthread_create(&s->thread, NULL, listener, s);
    *ret = s;
    return 0;
}

void aw_sim_smtp_free(struct aw_sim_smtp *s)
{
    const uint64_t one = 1;
    if (!s)
        return;
    (void)!write(s->stop_fd, &one, sizeof(one));
    pthread_join(s->thread, NULL);
    reap(s, true);
    close(s->fd);
    close(s->stop_fd);
    SSL_CTX_free(s->opt.tls);
    aw_free(s->password);
    aw_free(s);
}
