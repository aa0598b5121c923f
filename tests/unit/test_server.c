/* SPDX-License-Identifier: Apache-2.0
 *
 * The server on loopback: answers from everywhere, limits, drips, sockets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/server.h"
#include "rawhttp.h"

static struct aw_http_server *server;
static unsigned port;
static char socket_path[64];
static pthread_mutex_t seeing = PTHREAD_MUTEX_INITIALIZER;
static char last_seen[64]; /* under seeing: listener name, local, uid of the last request */

static void nap(long ms)
{
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

/* ---- the handler under test -------------------------------------------------------------- */

struct job {
    struct aw_http_request *rq;
    const char *path;
    long delay;
};

static void answer_text(struct aw_http_request *rq, int status, const char *text)
{
    struct aw_http_header h = {"X-Test", "yes"};
    aw_http_answer(rq, status, "text/plain", text, strlen(text), &h, 1);
}

static void *worker(void *arg)
{
    struct job *job = arg;
    nap(job->delay);
    if (strcmp(job->path, "/again") == 0)
        aw_http_again(job->rq);
    else if (strcmp(job->path, "/drop-later") == 0)
        aw_http_drop(job->rq);
    else
        answer_text(job->rq, 201, "from a thread");
    aw_free(job);
    return NULL;
}

static void start_worker(struct aw_http_request *rq, const char *path, long delay)
{
    struct job *job = aw_malloc(sizeof(*job));
    pthread_t t;
    *job = (struct job){rq, path, delay};
    aw_http_keep(rq);
    assert_int_equal(pthread_create(&t, NULL, worker, job), 0);
    pthread_detach(t);
}

static void echo(struct aw_http_request *rq, const struct aw_http_view *v)
{
    struct aw_buf out = AW_BUF_INIT(2 << 20);
    aw_buf_printf(&out, "%s %s %s ", v->method, v->path, v->query);
    aw_buf_add(&out, v->body, v->n_body);
    answer_text(rq, 200, aw_buf_str(&out));
    aw_buf_free(&out);
}

/* A stream of the letters a, b, c as far as it may go, then its end. */
static struct {
    pthread_mutex_t lock;
    struct aw_http_request *rq; /* while it is open */
    unsigned n, may;
} letters = {.lock = PTHREAD_MUTEX_INITIALIZER};

static ssize_t fill_letters(void *arg, char *dst, size_t cap)
{
    pthread_mutex_lock(&letters.lock);
    ssize_t got = letters.n == 3 ? -1 : letters.n < letters.may;
    if (got > 0)
        *dst = "abc"[letters.n++];
    pthread_mutex_unlock(&letters.lock);
    return got;
}

static void gone_letters(void *arg)
{
    pthread_mutex_lock(&letters.lock);
    letters.rq = NULL;
    pthread_mutex_unlock(&letters.lock);
}

static void let_letters(unsigned may)
{
    pthread_mutex_lock(&letters.lock);
    letters.may = may;
    if (letters.rq)
        aw_http_wake(letters.rq);
    pthread_mutex_unlock(&letters.lock);
}

static bool letters_open(void)
{
    pthread_mutex_lock(&letters.lock);
    bool open = letters.rq != NULL;
    pthread_mutex_unlock(&letters.lock);
    return open;
}

static void start_letters(struct aw_http_request *rq)
{
    pthread_mutex_lock(&letters.lock);
    letters.rq = rq;
    letters.n = letters.may = 0;
    pthread_mutex_unlock(&letters.lock);
    aw_http_stream(rq, "text/letters", &(struct aw_http_stream){fill_letters, gone_letters, NULL},
                   NULL, 0);
}

static void handler(void *ctx, struct aw_http_request *rq, const struct aw_http_view *v)
{
    pthread_mutex_lock(&seeing);
    snprintf(last_seen, sizeof(last_seen), "%s %d %d", (const char *)v->listener, v->local,
             v->local ? (int)v->uid : -1);
    pthread_mutex_unlock(&seeing);
    if (strcmp(v->path, "/later") == 0) {
        start_worker(rq, "/later", 20);
    } else if (strcmp(v->path, "/race") == 0) { /* answered before the handler returns */
        start_worker(rq, "/race", 0);
        nap(20);
    } else if (strcmp(v->path, "/again") == 0 && !aw_http_data(rq)) {
        aw_http_set_data(rq, rq);
        start_worker(rq, "/again", strcmp(v->query, "race") == 0 ? 0 : 20);
        nap(strcmp(v->query, "race") == 0 ? 20 : 0);
    } else if (strcmp(v->path, "/letters") == 0) {
        start_letters(rq);
    } else if (strcmp(v->path, "/drop") == 0) {
        aw_http_drop(rq);
    } else if (strcmp(v->path, "/drop-later") == 0) {
        start_worker(rq, "/drop-later", 10);
    } else if (strcmp(v->path, "/big") == 0) {
        char *big = aw_calloc(1, 16 << 20);
        aw_http_answer(rq, 200, "text/plain", big, 16 << 20, NULL, 0);
        aw_free(big);
    } else if (strcmp(v->path, "/refused") == 0) {
        answer_text(rq, 404, v->n_body ? "with a body" : "no body");
    } else if (strcmp(v->path, "/silent") != 0) {
        echo(rq, v);
    }
}

static size_t limit(void *ctx, const struct aw_http_view *v, int *ret_status)
{
    if (strcmp(v->path, "/refused") == 0)
        *ret_status = 404;
    return strcmp(v->path, "/small") == 0 ? 10 : strcmp(v->path, "/none") == 0 ? 0 : 1 << 20;
}

static void problem(void *ctx, int status, const char *why, struct aw_buf *out,
                    const char **ret_type)
{
    *ret_type = "application/problem+json";
    aw_buf_printf(out, "{\"status\":%d,\"detail\":\"%s\"}", status, why);
}

static struct aw_http_server *new_server(unsigned *ret_port)
{
    struct aw_http_server *s = aw_http_server_new(&(struct aw_http_server_options){
        .handler = handler, .limit = limit, .problem = problem, .header_ms = 300, .body_ms = 500});
    struct aw_err err;
    if (aw_http_listen(s, "127.0.0.1", 0, (void *)"tcp", NULL, ret_port, &err) < 0)
        fail_msg("%s", err.text);
    return s;
}

static int setup(void **state)
{
    struct aw_err err;
    server = new_server(&port);
    snprintf(socket_path, sizeof(socket_path), "/tmp/aw-test-%d.sock", (int)getpid());
    return aw_http_listen_unix(server, socket_path, (void *)"unix", &err);
}

static int teardown(void **state)
{
    aw_http_server_free(server);
    struct stat st;
    assert_int_equal(stat(socket_path, &st), -1);
    return 0;
}

static void expect_body(const char *request, int status, const char *body)
{
    struct raw_answer a;
    raw_once(port, request, &a);
    assert_int_equal(a.status, status);
    assert_string_equal(a.body, body);
    raw_done(&a);
}

/* ---- tests ------------------------------------------------------------------------------- */

static void test_simple(void **state)
{
    struct raw_answer a;
    char value[64];
    expect_body("GET /a/b?c=d HTTP/1.1\r\nHost: x\r\n\r\n", 200, "GET /a/b c=d ");
    assert_string_equal(last_seen, "tcp 0 -1");
    expect_body("PUT /%E6%9D%8E HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", 200,
                "PUT /%E6%9D%8E  abc");
    raw_once(port, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n", &a);
    assert_string_equal(raw_header(&a, "X-Content-Type-Options", value, 64), "nosniff");
    assert_string_equal(raw_header(&a, "Cache-Control", value, 64), "no-store");
    assert_string_equal(raw_header(&a, "X-Test", value, 64), "yes");
    assert_string_equal(raw_header(&a, "Content-Length", value, 64), "8");
    assert_string_equal(raw_header(&a, "Content-Type", value, 64), "text/plain");
    raw_done(&a);
}

static void test_keep_alive(void **state)
{
    struct raw_answer a;
    char value[64];
    int fd = raw_connect(port);
    for (int i = 0; i < 3; i++) {
        raw_sends(fd, "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi");
        raw_read(fd, false, &a);
        assert_string_equal(a.body, "POST /x  hi");
        raw_done(&a);
        raw_sends(fd, "HEAD /x HTTP/1.1\r\nHost: x\r\n\r\n");
        raw_read(fd, true, &a);
        assert_int_equal(a.status, 200);
        assert_string_equal(raw_header(&a, "Content-Length", value, 64), "9");
        raw_done(&a);
    }
    /* two at once are answered in turn */
    raw_sends(fd, "GET /later HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n");
    raw_read(fd, false, &a);
    assert_int_equal(a.status, 201);
    raw_done(&a);
    raw_read(fd, false, &a);
    assert_string_equal(a.body, "GET /2  ");
    raw_done(&a);
    close(fd);
}

static void test_later(void **state)
{
    expect_body("GET /later HTTP/1.1\r\nHost: x\r\n\r\n", 201, "from a thread");
    expect_body("GET /race HTTP/1.1\r\nHost: x\r\n\r\n", 201, "from a thread");
    expect_body("POST /again HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi", 200,
                "POST /again  hi");
    expect_body("POST /again?race HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi", 200,
                "POST /again race hi");
    expect_body("GET /silent HTTP/1.1\r\nHost: x\r\n\r\n", 500,
                "{\"status\":500,\"detail\":\"the request got no answer\"}");
    struct raw_answer a;
    raw_once(port, "GET /drop HTTP/1.1\r\nHost: x\r\n\r\n", &a);
    assert_int_equal(a.status, 0);
    raw_once(port, "GET /drop-later HTTP/1.1\r\nHost: x\r\n\r\n", &a);
    assert_int_equal(a.status, 0);
}

static void test_active(void **state)
{
    int fd = raw_connect(port);
    raw_sends(fd, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
    bool seen = false;
    for (int i = 0; i < 200 && !seen; i++, nap(1))
        seen = aw_http_active(server) == 1;
    assert_true(seen);
    struct raw_answer a;
    raw_read(fd, false, &a);
    assert_int_equal(a.status, 201);
    raw_done(&a);
    for (int i = 0; i < 200 && aw_http_active(server); i++)
        nap(1);
    assert_int_equal(aw_http_active(server), 0);
    close(fd);
}

struct crowd {
    const char *path;
    unsigned wrong;
};

static void *crowd_member(void *arg)
{
    struct crowd *c = arg;
    char request[128];
    int fd = raw_connect(port);
    snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", c->path);
    for (int i = 0; i < 15; i++) {
        struct raw_answer a;
        raw_sends(fd, request);
        raw_read(fd, false, &a);
        c->wrong += a.status != 201 && a.status != 200;
        raw_done(&a);
    }
    close(fd);
    return NULL;
}

static void test_crowd(void **state)
{
    static const char *const paths[] = {"/later", "/race", "/again", "/a"};
    struct crowd c[16];
    pthread_t t[16];
    for (int i = 0; i < 16; i++) {
        c[i] = (struct crowd){paths[i % 4], 0};
        pthread_create(&t[i], NULL, crowd_member, &c[i]);
    }
    for (int i = 0; i < 16; i++) {
        pthread_join(t[i], NULL);
        assert_int_equal(c[i].wrong, 0);
    }
}

static void post(const char *path, const char *headers, size_t n, struct raw_answer *a)
{
    char head[256];
    int fd = raw_connect(port);
    char *body = calloc(1, n + 1);
    memset(body, 'x', n);
    int n_head =
        snprintf(head, sizeof(head), "POST %s HTTP/1.1\r\nHost: x\r\n%s\r\n", path, headers);
    raw_send(fd, head, (size_t)n_head);
    raw_send(fd, body, n);
    free(body);
    raw_read(fd, false, a);
    if (a->status >= 400)
        assert_true(raw_ended(fd, 1000));
    close(fd);
}

static void test_body_limits(void **state)
{
    struct raw_answer a;
    post("/small", "Content-Length: 10\r\n", 10, &a);
    assert_int_equal(a.status, 200);
    raw_done(&a);
    post("/small", "Content-Length: 11\r\n", 11, &a);
    assert_int_equal(a.status, 413);
    assert_non_null(strstr(a.body, "larger than"));
    raw_done(&a);
    post("/none", "Content-Length: 1\r\n", 1, &a);
    assert_int_equal(a.status, 413);
    raw_done(&a);
    post("/x", "Content-Length: 2097152\r\n", 2 << 20, &a);
    assert_int_equal(a.status, 413);
    raw_done(&a);
    post("/x", "Content-Length: 1048576\r\n", 1 << 20, &a);
    assert_int_equal(a.status, 200);
    assert_int_equal(a.n_body, (1 << 20) + 9);
    raw_done(&a);
    post("/refused", "Content-Length: 2097152\r\n", 2 << 20, &a);
    assert_int_equal(a.status, 404);
    assert_string_equal(a.body, "no body");
    raw_done(&a);
    post("/x", "Content-Length: 99999999999\r\n", 0, &a); /* not read for nothing */
    assert_int_equal(a.status, 413);
    raw_done(&a);
}

static void test_chunked(void **state)
{
    expect_body("POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                "3\r\nabc\r\n2;e=1\r\nde\r\n0\r\nX: y\r\n\r\n",
                200, "POST /x  abcde");
    struct raw_answer a;
    raw_once(port,
             "POST /small HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
             "6\r\nabcdef\r\n6\r\nabcdef\r\n0\r\n\r\n",
             &a);
    assert_int_equal(a.status, 413);
    raw_done(&a);
}

static void test_expect(void **state)
{
    struct raw_answer a;
    int fd = raw_connect(port);
    raw_sends(fd,
              "POST /x HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    raw_read(fd, false, &a);
    assert_int_equal(a.status, 100);
    raw_done(&a);
    raw_sends(fd, "hi");
    raw_read(fd, false, &a);
    assert_string_equal(a.body, "POST /x  hi");
    raw_done(&a);
    raw_sends(
        fd,
        "POST /small HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 20\r\n\r\n");
    raw_read(fd, false, &a);
    assert_int_equal(a.status, 413);
    assert_true(raw_ended(fd, 1000));
    raw_done(&a);
    close(fd);
}

static void test_drip(void **state)
{
    static const char text[] = "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n";
    struct timespec from, to;
    int head = raw_connect(port), body = raw_connect(port), deaf = raw_connect(port);
    raw_sends(body, text);
    raw_sends(deaf, "GET /big HTTP/1.1\r\nHost: x\r\n\r\n"); /* and never reads */
    clock_gettime(CLOCK_MONOTONIC, &from);
    bool head_cut = false, body_cut = false;
    for (int i = 0; i < 400 && !(head_cut && body_cut); i++, nap(10)) {
        raw_send(head, text + i % 20, 1); /* no line ever ends */
        raw_send(body, "x", 1);
        head_cut |= raw_ended(head, 0);
        body_cut |= raw_ended(body, 0);
    }
    clock_gettime(CLOCK_MONOTONIC, &to);
    assert_true(head_cut && body_cut);
    assert_true(to.tv_sec - from.tv_sec < 3);
    for (int i = 0; i < 200 && aw_http_active(server); i++)
        nap(10); /* the deaf one is counted until it is cut */
    assert_int_equal(aw_http_active(server), 0);
    close(head);
    close(body);
    close(deaf);
}

static void test_unix(void **state)
{
    struct raw_answer a;
    struct stat st;
    char want[64];
    assert_int_equal(stat(socket_path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0660);
    int fd = raw_connect_unix(socket_path);
    raw_sends(fd, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
    raw_read(fd, false, &a);
    assert_int_equal(a.status, 201);
    raw_done(&a);
    close(fd);
    snprintf(want, sizeof(want), "unix 1 %d", (int)getuid());
    assert_string_equal(last_seen, want);
}

static void test_listen_errors(void **state)
{
    struct aw_err err;
    char path[64], text[128];
    memset(text, 'x', sizeof(text));
    text[127] = 0;
    assert_int_equal(aw_http_listen(server, "localhost", 0, NULL, NULL, NULL, &err), AW_EINVAL);
    assert_non_null(strstr(err.text, "numeric"));
    assert_int_equal(aw_http_listen(server, "127.0.0.1", 70000, NULL, NULL, NULL, &err), AW_EINVAL);
    assert_int_equal(aw_http_listen(server, "127.0.0.1", port, NULL, NULL, NULL, &err), AW_EIO);
    assert_non_null(strstr(err.text, "in use"));
    assert_int_equal(aw_http_listen_unix(server, text, NULL, &err), AW_EINVAL);
    assert_int_equal(aw_http_listen_unix(server, socket_path, NULL, &err), AW_EBUSY);
    assert_int_equal(aw_http_listen_unix(server, "/nonexistent/x", NULL, &err), AW_EIO);
    snprintf(path, sizeof(path), "/tmp/aw-test-%d.file", (int)getpid());
    fclose(fopen(path, "w"));
    assert_int_equal(aw_http_listen_unix(server, path, NULL, &err), AW_ECONFLICT);
    assert_int_equal(unlink(path), 0);
}

static void test_stale_and_quiesce(void **state)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    struct aw_err err;
    struct raw_answer a;
    unsigned p;
    snprintf(sa.sun_path, sizeof(sa.sun_path), "/tmp/aw-test-%d.stale", (int)getpid());
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
    close(fd);

    struct aw_http_server *s = new_server(&p);
    assert_int_equal(aw_http_listen_unix(s, sa.sun_path, (void *)"u", &err), 0);
    int under_way = raw_connect(p);
    raw_sends(under_way, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
    for (int i = 0; i < 200 && !aw_http_active(s); i++)
        nap(1);
    aw_http_quiesce(s);
    assert_int_equal(raw_connect(p), -1);
    assert_int_equal(raw_connect_unix(sa.sun_path), -1);
    raw_read(under_way, false, &a);
    assert_int_equal(a.status, 201);
    assert_true(raw_ended(under_way, 1000)); /* so that nobody reuses it */
    raw_done(&a);
    close(under_way);
    aw_http_server_free(s);
}

static void expect_bytes(int fd, const char *want)
{
    char got[128] = "";
    size_t n = 0;
    while (n < strlen(want)) {
        ssize_t more = recv(fd, got + n, strlen(want) - n, 0);
        if (more <= 0)
            fail_msg("%s and no more", got);
        n += (size_t)more;
    }
    assert_string_equal(got, want);
}

static int open_letters(unsigned at, struct aw_http_server *s)
{
    struct raw_answer a;
    char value[64];
    int fd = raw_connect(at);
    raw_sends(fd, "GET /letters HTTP/1.1\r\nHost: x\r\n\r\n");
    raw_read(fd, true, &a);
    assert_int_equal(a.status, 200);
    assert_string_equal(raw_header(&a, "Content-Type", value, 64), "text/letters");
    raw_done(&a);
    for (int i = 0; i < 2000 && aw_http_active(s); i++)
        nap(1); /* one before may be at its end; shutdown does not wait for this one */
    assert_int_equal(aw_http_active(s), 0);
    return fd;
}

static void test_stream(void **state)
{
    struct raw_answer a;
    int fd = open_letters(port, server);
    assert_false(raw_ended(fd, 700)); /* silence is longer than any deadline, and does no harm */
    let_letters(1);
    expect_bytes(fd, "1\r\na\r\n");
    let_letters(3);
    expect_bytes(fd, "1\r\nb\r\n1\r\nc\r\n");
    let_letters(3); /* there is nothing: now it ends */
    expect_bytes(fd, "0\r\n\r\n");
    for (int i = 0; i < 1000 && letters_open(); i++)
        nap(1);
    assert_false(letters_open());
    raw_sends(fd, "GET /next HTTP/1.1\r\nHost: x\r\n\r\n"); /* the connection goes on */
    raw_read(fd, false, &a);
    assert_int_equal(a.status, 200);
    raw_done(&a);
    close(fd);
    expect_body("GET /a HTTP/1.1\r\nHost: x\r\n\r\n", 200, "GET /a  ");
}

/* The peer went away: that shows with the next letters. */
static void test_stream_left(void **state)
{
    close(open_letters(port, server));
    for (unsigned i = 0; i < 5000 && letters_open(); i++) {
        let_letters(i < 3 ? i : 3);
        nap(1);
    }
    assert_false(letters_open());
}

static void test_stream_quiesce(void **state)
{
    unsigned p;
    struct aw_http_server *s = new_server(&p);
    int fd = open_letters(p, s);
    aw_http_quiesce(s);
    expect_bytes(fd, "0\r\n\r\n");
    aw_http_server_free(s);
    assert_false(letters_open());
    close(fd);

    s = new_server(&p); /* the same without a moment between */
    fd = open_letters(p, s);
    aw_http_server_free(s);
    assert_false(letters_open());
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_simple),         cmocka_unit_test(test_keep_alive),
        cmocka_unit_test(test_later),          cmocka_unit_test(test_active),
        cmocka_unit_test(test_crowd),          cmocka_unit_test(test_body_limits),
        cmocka_unit_test(test_chunked),        cmocka_unit_test(test_expect),
        cmocka_unit_test(test_drip),           cmocka_unit_test(test_unix),
        cmocka_unit_test(test_listen_errors),  cmocka_unit_test(test_stale_and_quiesce),
        cmocka_unit_test(test_stream),         cmocka_unit_test(test_stream_left),
        cmocka_unit_test(test_stream_quiesce),
    };
    return cmocka_run_group_tests_name("server", tests, setup, teardown);
}
