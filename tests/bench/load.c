/* SPDX-License-Identifier: Apache-2.0
 *
 * HTTP/1.1 keep-alive load on loopback: one thread, epoll, one request at a time per connection.
 * It shares the machine with the daemon, so the rate is that of both together.
 */
#include "bench.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"

#define WARM   0.3     /* seconds before the measured ones */
#define STALL  30      /* seconds without any answer: something is wrong */
#define MOST   4000000 /* latencies kept */
#define EVENTS 512

struct conn {
    int fd;
    int64_t tag;
    double sent;
    size_t n_in;
    char in[4096];
};

struct run {
    const struct bench_load *load;
    struct conn *conns;
    int epoll;
    unsigned busy;
    double from, to;
    float *ms; /* latencies of the measured answers */
    size_t n_ms;
};

static int dial(unsigned port)
{
    struct sockaddr_in sa = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || connect(fd, (struct sockaddr *)&sa, sizeof(sa)) ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) || fcntl(fd, F_SETFL, O_NONBLOCK))
        bench_die("no connection to port %u: %s", port, strerror(errno));
    return fd;
}

/* A request is smaller than an empty socket buffer, so it goes out whole. */
static void next(struct run *r, struct conn *c)
{
    char out[2048];
    size_t n = 0;

    c->sent = bench_now();
    if (c->sent < r->to)
        n = r->load->request(r->load->ctx, out, sizeof(out), &c->tag);
    if (n == 0)
        return;
    c->n_in = 0;
    r->busy++;
    if (write(c->fd, out, n) != (ssize_t)n)
        bench_die("a request cannot be written: %s", strerror(errno));
}

/* The body of a complete answer, or NULL while there is none. */
static const char *complete(struct conn *c)
{
    const char *body, *length;

    c->in[c->n_in] = '\0';
    body = strstr(c->in, "\r\n\r\n");
    length = strcasestr(c->in, "\r\nContent-Length:");
    if (!body || !length)
        return NULL;
    body += 4;
    return c->n_in >= (size_t)(body - c->in) + strtoul(length + 17, NULL, 10) ? body : NULL;
}

static void answered(struct run *r, struct conn *c, const char *body)
{
    double now = bench_now();
    int status = 0;

    if (sscanf(c->in, "HTTP/1.1 %d", &status) != 1 || status != r->load->want)
        bench_die("status %d instead of %d: %.600s", status, r->load->want, body);
    if (now >= r->from && now < r->to && r->n_ms < MOST)
        r->ms[r->n_ms++] = (float)((now - c->sent) * 1e3);
    if (r->load->answer)
        r->load->answer(r->load->ctx, c->tag, body);
    r->busy--;
    next(r, c);
}

static void readable(struct run *r, struct conn *c)
{
    ssize_t n = read(c->fd, c->in + c->n_in, sizeof(c->in) - 1 - c->n_in);
    const char *body;

    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0)
        bench_die("the daemon closed a connection");
    c->n_in += (size_t)n;
    body = complete(c);
    if (body)
        answered(r, c, body);
}

static int by_size(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;

    return (x > y) - (x < y);
}

static void evaluate(struct run *r, double end, struct bench_figure *ret)
{
    if (r->n_ms == 0)
        bench_die("no answers in %.1f s", r->load->seconds);
    qsort(r->ms, r->n_ms, sizeof(*r->ms), by_size);
    ret->rate = (double)r->n_ms / ((end < r->to ? end : r->to) - r->from);
    ret->p50 = (double)r->ms[r->n_ms / 2];
    ret->p99 = (double)r->ms[(r->n_ms - 1) * 99 / 100];
}

void bench_load(const struct bench_load *load, struct bench_figure *ret)
{
    struct run r = {.load = load, .epoll = epoll_create1(EPOLL_CLOEXEC)};
    struct epoll_event events[EVENTS];

    r.ms = aw_malloc(MOST * sizeof(*r.ms));
    r.conns = aw_calloc(load->conns, sizeof(*r.conns));
    for (unsigned i = 0; i < load->conns; i++) {
        struct epoll_event ev = {.events = EPOLLIN, .data.ptr = &r.conns[i]};

        r.conns[i].fd = dial(load->port);
        epoll_ctl(r.epoll, EPOLL_CTL_ADD, r.conns[i].fd, &ev);
    }
    r.from = bench_now() + WARM;
    r.to = r.from + load->seconds;
    for (unsigned i = 0; i < load->conns; i++)
        next(&r, &r.conns[i]);
    while (r.busy > 0) {
        int n = epoll_wait(r.epoll, events, EVENTS, STALL * 1000);

        if (n == 0)
            bench_die("no answer for %d s", STALL);
        for (int i = 0; i < n; i++)
            readable(&r, events[i].data.ptr);
    }
    evaluate(&r, bench_now(), ret);
    for (unsigned i = 0; i < load->conns; i++)
        close(r.conns[i].fd);
    close(r.epoll);
    aw_free(r.conns);
    aw_free(r.ms);
}
