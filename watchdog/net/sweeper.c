/* SPDX-License-Identifier: Apache-2.0
 *
 * The sweeper: one thread that cuts connections which are past their deadline. The library's own
 * time-out is reset by every byte and so does not stop a drip. shutdown(2) makes the http thread
 * see the end and clean up; a descriptor in the list is open, since the library tells us of its
 * end before it closes it.
 */
#include "net/conn.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

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

static void sweep(struct aw_http_server *s)
{
    aw_boot now = aw_clock_boot();
    pthread_mutex_lock(&s->lock);
    for (struct conn *c = s->conns; c; c = c->next) {
        aw_boot deadline = c->deadline;
        if (deadline && now >= deadline)
            shutdown(c->fd, SHUT_RDWR);
    }
    pthread_mutex_unlock(&s->lock);
}

/* A quarter of the shortest deadline, so that none is overdrawn by more. */
static int tick_ms(const struct aw_http_server *s)
{
    unsigned shortest = s->opt.header_ms < s->opt.body_ms ? s->opt.header_ms : s->opt.body_ms;
    return shortest / 4 > 1000 ? 1000 : (int)(shortest / 4) + 1;
}

static void *sweeper(void *arg)
{
    struct aw_http_server *s = arg;
    struct pollfd p = {.fd = s->wake, .events = POLLIN};

    while (poll(&p, 1, tick_ms(s)) <= 0) {
        sweep(s);
        aw_listeners_tidy(s);
    }
    return NULL;
}

void aw_sweeper_start(struct aw_http_server *s)
{
    s->wake = eventfd(0, EFD_CLOEXEC);
    pthread_create(&s->sweeper, NULL, sweeper, s);
}

void aw_sweeper_stop(struct aw_http_server *s)
{
    eventfd_write(s->wake, 1);
    pthread_join(s->sweeper, NULL);
    close(s->wake);
}
