/* SPDX-License-Identifier: Apache-2.0
 *
 * The front: one thread that lets connections in and cuts those which are past their deadline.
 *
 * The library's own loop takes in one connection a turn, and a turn looks at every connection: with
 * thousands of slow ones nobody else would get in. Its own time-out is reset by every byte and so
 * does not stop a drip. shutdown(2) makes the http thread see the end and clean up; what was not
 * taken is dropped with the connection, or the kernel would keep it for a peer that does not read.
 * A descriptor in the list is open, since the library tells us of its end before it closes it.
 */
#include "net/conn.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    MOST_LISTENERS = 64, /* a server has 17 at most; more than one retired each is rare */
    MOST_AT_ONCE = 256,  /* taken in from one listener before others have their turn */
};

void aw_conn_add(struct aw_http_server *s, struct conn *c)
{
    pthread_mutex_lock(&s->lock);
    c->next = s->conns;
    if (c->next)
        c->next->prev = c;
    s->conns = c;
    pthread_mutex_unlock(&s->lock);
}

void aw_conn_remove(struct aw_http_server *s, struct conn *c)
{
    pthread_mutex_lock(&s->lock);
    if (c->prev)
        c->prev->next = c->next;
    else
        s->conns = c->next;
    if (c->next)
        c->next->prev = c->prev;
    pthread_mutex_unlock(&s->lock);
}

void aw_conn_deadline(struct conn *c, aw_boot ms)
{
    c->deadline = ms ? aw_clock_boot() + ms : 0;
}

/* ---- cutting --------------------------------------------------------------------------------- */

static void cut(int fd)
{
    const struct linger none = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
    shutdown(fd, SHUT_RDWR);
}

static void sweep(struct aw_http_server *s)
{
    aw_boot now = aw_clock_boot();
    pthread_mutex_lock(&s->lock);
    for (struct conn *c = s->conns; c; c = c->next) {
        aw_boot deadline = c->deadline;
        if (deadline && now >= deadline)
            cut(c->fd);
    }
    pthread_mutex_unlock(&s->lock);
}

/* A quarter of the shortest deadline, so that none is overdrawn by more. */
static int tick_ms(const struct aw_http_server *s)
{
    unsigned shortest = s->opt.header_ms < s->opt.body_ms ? s->opt.header_ms : s->opt.body_ms;
    return shortest / 4 > 1000 ? 1000 : (int)(shortest / 4) + 1;
}

/* ---- letting in -------------------------------------------------------------------------------
 */

struct arrival {
    struct sockaddr_storage peer;
    socklen_t n;
    int fd;
};

/* A connection of l; false: none is waiting, or there is no room for one. The lock is held only
 * while the socket is asked, since quiesce closes it. */
static bool take_one(struct listener *l, struct arrival *a, bool *ret_no_room)
{
    struct aw_http_server *s = l->server;

    a->n = sizeof(a->peer);
    pthread_mutex_lock(&s->lock);
    a->fd = l->fd < 0 || l->retired
                ? -1
                : accept4(l->fd, (struct sockaddr *)&a->peer, &a->n, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (a->fd < 0 && l->fd >= 0)
        *ret_no_room |= errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS;
    pthread_mutex_unlock(&s->lock);
    return a->fd >= 0;
}

static void let_in(struct listener *l, bool *ret_no_room)
{
    struct arrival a;

    for (unsigned i = 0; i < MOST_AT_ONCE && take_one(l, &a, ret_no_room); i++)
        MHD_add_connection(l->daemon, a.fd, (struct sockaddr *)&a.peer, a.n); /* or closes it */
}

/* Listeners to ask; only this thread frees any. */
static unsigned gather(struct aw_http_server *s, struct listener **list, struct pollfd *polls)
{
    unsigned n = 0;

    pthread_mutex_lock(&s->lock);
    for (struct listener *l = s->listeners; l && n < MOST_LISTENERS; l = l->next)
        if (l->fd >= 0 && !l->retired) {
            polls[n] = (struct pollfd){.fd = l->fd, .events = POLLIN};
            list[n++] = l;
        }
    pthread_mutex_unlock(&s->lock);
    return n;
}

static void *front(void *arg)
{
    struct aw_http_server *s = arg;
    struct listener *list[MOST_LISTENERS];
    struct pollfd polls[MOST_LISTENERS + 1];
    bool no_room = false;
    aw_boot next = 0;

    while (!s->front_ends) {
        /* Without a descriptor to spare nobody is let in until the next tick. */
        unsigned n = no_room ? 0 : gather(s, list, polls);
        aw_boot now = aw_clock_boot();
        eventfd_t ignored;

        polls[n] = (struct pollfd){.fd = s->wake, .events = POLLIN};
        poll(polls, n + 1, now < next ? (int)(next - now) : 0);
        if (polls[n].revents)
            eventfd_read(s->wake, &ignored);
        for (unsigned i = 0; i < n; i++)
            if (polls[i].revents)
                let_in(list[i], &no_room);
        if (aw_clock_boot() < next)
            continue;
        next = aw_clock_boot() + tick_ms(s);
        no_room = false;
        sweep(s);
        aw_listeners_tidy(s);
    }
    return NULL;
}

void aw_front_start(struct aw_http_server *s)
{
    s->wake = eventfd(0, EFD_CLOEXEC);
    pthread_create(&s->front, NULL, front, s);
}

void aw_front_wake(struct aw_http_server *s)
{
    eventfd_write(s->wake, 1);
}

void aw_front_stop(struct aw_http_server *s)
{
    s->front_ends = true;
    aw_front_wake(s);
    pthread_join(s->front, NULL);
    close(s->wake);
}
