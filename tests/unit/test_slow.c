/* SPDX-License-Identifier: Apache-2.0
 *
 * Ten thousand slow connections at one time: a third sends its headers byte by byte, a third its
 * body, a third takes no answer. All are cut within twice the deadline, others are served
 * meanwhile, memory stays bounded. The server is a child process with a shortened deadline;
 * latencies are printed as the ratio to those of the quiet server, and not judged.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "net/server.h"
#include "rawhttp.h"

#define MOST     10000
#define DEADLINE 6000 /* ms, of headers, bodies and answers */
#define DRIP     1500 /* ms between two bytes of one connection */
#define LOOK     200
#define BATCH    50 /* connections made at one time, so that the queue of the listener holds them */
#ifdef AW_SANITIZED
#define MEMORY_EACH 160 /* KiB a connection */
#else
#define MEMORY_EACH 40
#endif

/* ---- the server, a process of its own ------------------------------------------------------- */

static ssize_t fill_endless(void *arg, char *dst, size_t cap)
{
    memset(dst, 'x', cap);
    return (ssize_t)cap;
}

static void gone_endless(void *arg)
{
}

static void handler(void *ctx, struct aw_http_request *rq, const struct aw_http_view *v)
{
    static const struct aw_http_stream endless = {fill_endless, gone_endless, NULL};

    if (strcmp(v->path, "/endless") == 0)
        aw_http_stream(rq, "text/plain", &endless, NULL, 0);
    else
        aw_http_answer(rq, 200, "text/plain", "fine\n", 5, NULL, 0);
}

static void serve(int tell)
{
    struct aw_http_server *s = aw_http_server_new(&(struct aw_http_server_options){
        .handler = handler, .connections = MOST + 200, .header_ms = DEADLINE, .body_ms = DEADLINE});
    unsigned port;
    struct aw_err err;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (aw_http_listen(s, "127.0.0.1", 0, NULL, NULL, &port, &err) < 0 ||
        write(tell, &port, sizeof(port)) != sizeof(port))
        _exit(1);
    pause();
}

static unsigned port;
static pid_t child;

static int setup(void **state)
{
    struct rlimit files;
    int pipes[2];

    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    if (pipe(pipes) < 0 || (child = fork()) < 0)
        return -1;
    if (child == 0)
        serve(pipes[1]);
    return read(pipes[0], &port, sizeof(port)) == sizeof(port) ? 0 : -1;
}

static int teardown(void **state)
{
    kill(child, SIGKILL);
    return waitpid(child, NULL, 0) == child ? 0 : -1;
}

/* Resident memory of the server in KiB. */
static long memory(void)
{
    char path[64], line[256];
    long kib = 0;
    snprintf(path, sizeof(path), "/proc/%d/status", (int)child);
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof(line), f))
        if (sscanf(line, "VmRSS: %ld", &kib) == 1)
            break;
    fclose(f);
    return kib;
}

/* ---- somebody else -------------------------------------------------------------------------- */

struct visitor {
    atomic_bool stop;
    unsigned n, failed;
    long *us; /* of each request */
};

static void *visit(void *arg)
{
    struct visitor *v = arg;
    unsigned cap = 200000;

    v->us = aw_calloc(cap, sizeof(*v->us));
    while (!v->stop && v->n < cap) {
        struct timespec from, to;
        struct raw_answer a = {0};
        clock_gettime(CLOCK_MONOTONIC, &from);
        raw_once(port, "GET /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", &a);
        clock_gettime(CLOCK_MONOTONIC, &to);
        v->failed += a.status != 200 || a.n_body != 5;
        v->us[v->n++] = (to.tv_sec - from.tv_sec) * 1000000 + (to.tv_nsec - from.tv_nsec) / 1000;
        raw_done(&a);
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    return NULL;
}

static int by_size(const void *a, const void *b)
{
    long x = *(const long *)a, y = *(const long *)b;
    return (x > y) - (x < y);
}

static double p99_ms(struct visitor *v)
{
    qsort(v->us, v->n, sizeof(*v->us), by_size);
    double ms = (double)v->us[v->n * 99 / 100] / 1000;
    aw_free(v->us);
    return ms;
}

/* ---- the slow ones ----------------------------------------------------------------------------
 */

static const char *const openings[] = {
    "GET /x HTTP/1.1\r\nHost: x\r\nX-Slow: ",
    "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n",
    "GET /endless HTTP/1.1\r\nHost: x\r\n\r\n",
};
static const char *const kinds[] = {"headers", "bodies", "answers"};
/* Headers may take their time too before a body or an answer. */
static const aw_boot deadlines[] = {DEADLINE, 2 * DEADLINE, 2 * DEADLINE};

static struct slow {
    int fd; /* -1: cut */
    aw_boot since;
} slow[MOST];
static struct pollfd polls[MOST];

static int slow_connect(void)
{
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), small = 4096;

    sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    if (fd >= 0 && connect(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* Looks which were cut; the latest of each kind. Returns how many are left. */
static unsigned look(unsigned n, aw_boot latest[3])
{
    unsigned left = 0;

    for (unsigned i = 0; i < n; i++)
        polls[i] = (struct pollfd){.fd = slow[i].fd, .events = POLLRDHUP};
    poll(polls, n, 0);
    aw_boot now = aw_clock_boot();
    for (unsigned i = 0; i < n; i++) {
        if (slow[i].fd < 0)
            continue;
        left++;
        if (!(polls[i].revents & (POLLRDHUP | POLLHUP | POLLERR)))
            continue;
        close(slow[i].fd);
        slow[i].fd = -1;
        left--;
        if (now - slow[i].since > latest[i % 3])
            latest[i % 3] = now - slow[i].since;
    }
    return left;
}

/* Each connection has its own rhythm, as strangers have: those whose turn comes in (from, to]. */
static void drip(unsigned n, aw_boot from, aw_boot to)
{
    for (unsigned i = 0; i < n; i++) {
        aw_boot turn = slow[i].since + (to - slow[i].since) / DRIP * DRIP;
        if (slow[i].fd >= 0 && i % 3 != 2 && turn > from && turn > slow[i].since)
            send(slow[i].fd, "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
}

static unsigned as_many_as_may_be(void)
{
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    return files.rlim_cur < MOST + 300 ? (unsigned)files.rlim_cur - 300 : MOST;
}

static double quiet_p99(void)
{
    struct visitor v = {.stop = false};
    pthread_t t;
    pthread_create(&t, NULL, visit, &v);
    nanosleep(&(struct timespec){.tv_nsec = 500000000}, NULL);
    v.stop = true;
    pthread_join(t, NULL);
    assert_int_equal(v.failed, 0);
    return p99_ms(&v);
}

static void test_slow(void **state)
{
    unsigned n = as_many_as_may_be(), made = 0, left = 1;
    struct visitor v = {.stop = false};
    aw_boot latest[3] = {0}, next = 0, dripped = aw_clock_boot(), give_up;
    long most = 0, before = memory();
    pthread_t t;

    double quiet = quiet_p99();
    pthread_create(&t, NULL, visit, &v);
    give_up = aw_clock_boot() + 90000;
    while ((made < n || left) && aw_clock_boot() < give_up) {
        for (unsigned i = 0; i < BATCH && made < n; i++, made++) {
            slow[made] = (struct slow){slow_connect(), aw_clock_boot()};
            assert_true(slow[made].fd >= 0);
            raw_sends(slow[made].fd, openings[made % 3]);
        }
        aw_boot now = aw_clock_boot();
        drip(made, dripped, now);
        dripped = now;
        if (now >= next) {
            next = now + LOOK;
            most = memory() > most ? memory() : most;
            left = look(made, latest);
        }
        if (made == n)
            poll(NULL, 0, 10);
    }
    v.stop = true;
    pthread_join(t, NULL);
    double loaded = p99_ms(&v);
    printf("# figure: %u slow connections, deadline %d ms: others %u, failed %u, p99 %.1f ms, "
           "quiet %.1f ms, "
           "ratio %.1f; server %ld KiB, before %ld KiB\n",
           n, DEADLINE, v.n, v.failed, loaded, quiet, loaded / quiet, most, before);
    for (unsigned k = 0; k < 3; k++) {
        printf("slow %s: the last was cut after %lld ms\n", kinds[k], (long long)latest[k]);
        assert_true(latest[k] > 0 && latest[k] < 2 * deadlines[k]);
    }
    assert_int_equal(left, 0);
    assert_int_equal(v.failed, 0);
    assert_true(v.n > 100);
    assert_true(most - before < (long)n * MEMORY_EACH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_slow)};
    return cmocka_run_group_tests_name("slow", tests, setup, teardown);
}
