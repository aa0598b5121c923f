/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests that somebody would like to send into our networks: 5,000 generated URLs go through
 * xfer.c, over every denied range and every spelling that a URL, a resolver or a redirect knows.
 * connect() and getaddrinfo() of this program stand before those of libc, also for libcurl: the
 * first sees every connection that anybody tries, the second is a resolver that lies as its names
 * say. Nothing leaves the machine.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/guard.h"
#include "base/mem.h"
#include "chan/call.h"
#include "chan/xfer.h"

#define WANTED 5000
#define PUBLIC "93.184.216.34"

/* --- the seams ----------------------------------------------------------------------------- */

static unsigned short port; /* of our listener */
static atomic_uint n_inside, n_public, n_listener;

static bool is_ours(const struct sockaddr *sa)
{
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)sa;
    return sa->sa_family == AF_INET && ntohl(v4->sin_addr.s_addr) == INADDR_LOOPBACK &&
           ntohs(v4->sin_port) == port;
}

int connect(int fd, const struct sockaddr *sa, socklen_t n)
{
    if (is_ours(sa)) {
        atomic_fetch_add(&n_listener, 1);
        return (int)syscall(SYS_connect, fd, sa, n);
    }
    if (sa->sa_family == AF_INET || sa->sa_family == AF_INET6)
        atomic_fetch_add(aw_guard_denied(sa) ? &n_inside : &n_public, 1);
    errno = ENETUNREACH;
    return -1;
}

typedef int resolver(const char *, const char *, const struct addrinfo *, struct addrinfo **);

/* "rebind-ADDRESS.test" has that address; "both-ADDRESS.test" a public one before it. A colon is
 * written as x. All else must be an address already. */
int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                struct addrinfo **ret)
{
    resolver *real = (resolver *)dlsym(RTLD_NEXT, "getaddrinfo");
    struct addrinfo numeric = hints ? *hints : (struct addrinfo){0}, *first = NULL;
    char name[128];
    numeric.ai_flags |= AI_NUMERICHOST;
    const char *dash = strchr(host, '-'), *end = strstr(host, ".test");
    if (!dash || !end)
        return real(host, service, &numeric, ret);
    snprintf(name, sizeof name, "%.*s", (int)(end - dash - 1), dash + 1);
    for (char *p = name; *p; p++)
        *p = *p == 'x' ? ':' : *p;
    int r = real(name, service, &numeric, ret);
    if (r == 0 && strncmp(host, "both-", 5) == 0 && real(PUBLIC, service, &numeric, &first) == 0) {
        struct addrinfo *last = first;
        while (last->ai_next)
            last = last->ai_next;
        last->ai_next = *ret;
        *ret = first;
    }
    return r;
}

/* --- a server that sends on to where its path says ---------------------------------------------
 */

static int listener;
static atomic_uint n_served;

static void *serve(void *arg)
{
    int fd = (int)(intptr_t)arg;
    char request[8192], *end, answer[8400];
    size_t n = 0;
    ssize_t k;
    while ((k = recv(fd, request + n, sizeof request - 1 - n, 0)) > 0) {
        request[n += (size_t)k] = '\0';
        if (!strstr(request, "\r\n\r\n"))
            continue;
        atomic_fetch_add(&n_served, 1);
        char *to = strstr(request, "/to?");
        if (to && (end = strchr(to, ' ')))
            *end = '\0';
        int size =
            snprintf(answer, sizeof answer, "HTTP/1.1 %s\r\nContent-Length: 0\r\n%s%.4000s%s\r\n",
                     to ? "302 Found" : "200 OK", to ? "Location: " : "", to ? to + 4 : "",
                     to ? "\r\n" : "");
        if (send(fd, answer, (size_t)size, MSG_NOSIGNAL) < 0)
            break;
        n = 0;
    }
    close(fd);
    return NULL;
}

static void *server(void *arg)
{
    for (int fd; (fd = accept(listener, NULL, NULL)) >= 0;) {
        pthread_t t;
        if (pthread_create(&t, NULL, serve, (void *)(intptr_t)fd) == 0)
            pthread_detach(t);
    }
    return NULL;
}

/* --- URLs ------------------------------------------------------------------------------------- */

static const char *const ranges[] = {
    "0.0.0.0/8",     "10.0.0.0/8",      "100.64.0.0/10",  "127.0.0.0/8",    "169.254.0.0/16",
    "172.16.0.0/12", "192.0.0.0/24",    "192.0.2.0/24",   "192.88.99.0/24", "192.168.0.0/16",
    "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4",    "240.0.0.0/4",
};
static const char *const v6[] = {
    "::",      "::1",           "::7f00:1",      "64:ff9b::7f00:1", "64:ff9b:1::1",
    "fc00::1", "fd00:ec2::254", "fe80::1",       "fec0::1",         "ff02::1",
    "2001::1", "2001:db8::1",   "2002:a00:1::1", "2001:0:7f00:1::", "::ffff:a00:1",
    "100::1",  "4000::1",
};

enum { SPELLINGS = 24 };

/* Address a (host order) in spelling k; false when there is no such. */
static bool spell(char *dst, size_t cap, uint32_t a, unsigned k)
{
    static const char *const digits[2][10] = {
        {"０", "１", "２", "３", "４", "５", "６", "７", "８", "９"},
        {"⓪", "①", "②", "③", "④", "⑤", "⑥", "⑦", "⑧", "⑨"},
    };
    unsigned b[4] = {a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255};
    char dotted[32], *p = dst;
    snprintf(dotted, sizeof dotted, "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
    const char *const forms[SPELLINGS] = {
        [0] = "%1$u.%2$u.%3$u.%4$u",
        [1] = "%5$u",
        [2] = "0x%5$x",
        [3] = "0%5$o",
        [4] = "0%1$o.0%2$o.0%3$o.0%4$o",
        [5] = "0x%1$x.0x%2$x.0x%3$x.0x%4$x",
        [6] = "0x%1$x.%2$u.0%3$o.%4$u",
        [7] = "%1$u.%2$u.%6$u",
        [8] = "%1$u.%7$u",
        [9] = "0x%1$x.0%7$o",
        [10] = "00000%1$o.%2$u.%3$u.%4$u",
        [11] = "%1$u.%2$u.%3$u.%4$u.",
        [12] = "[::ffff:%1$u.%2$u.%3$u.%4$u]",
        [13] = "[::ffff:%8$x:%6$x]",
        [14] = "[0:0:0:0:0:ffff:%8$04x:%6$04x]",
        [15] = "[::%1$u.%2$u.%3$u.%4$u]",
        [16] = "[64:ff9b::%8$x:%6$x]",
        [17] = "[2002:%8$x:%6$x::1]",
        [18] = "[fe80::5efe:%1$u.%2$u.%3$u.%4$u%%25lo]",
        [19] = "rebind-%1$u.%2$u.%3$u.%4$u.test",
        [20] = "both-%1$u.%2$u.%3$u.%4$u.test",
    };
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    if (forms[k]) {
        snprintf(dst, cap, forms[k], b[0], b[1], b[2], b[3], a, a & 0xffff, a & 0xffffff, a >> 16);
        return true;
    }
#pragma GCC diagnostic pop
    for (const char *c = dotted; *c; c++) { /* 21: percent, 22: full width, 23: circled */
        size_t room = cap - (size_t)(p - dst);
        if (k == 21)
            p += snprintf(p, room, "%%%02X", (unsigned)*c);
        else if (*c == '.')
            p += snprintf(p, room, "%s", k == 22 ? "。" : ".");
        else
            p += snprintf(p, room, "%s", digits[k - 22][*c - '0']);
    }
    return true;
}

/* How a host is asked for; %s is the host. */
static const char *const shapes[] = {
    "https://%s/x",
    "http://%s/x",
    "https://%s:8443/x?to=https://example.com/",
    "HTTPS://%s:443/../../",
    "http://%s:80/#@example.com",
};
static const char *const hopeless[] = {
    /* schemes and user info, with any host */
    "https://example.com@%s/",
    "https://u:p@%s/",
    "ftp://%s/x",
    "gopher://%s:70/_x",
    "dict://%s:2628/d:x",
    "ldap://%s/",
    "file://%s/etc/passwd",
    "telnet://%s:23/",
    "smb://%s/x/y",
    "https:%s/x",
    "//%s/x",
    "https:\\\\%s\\x",
};

static unsigned n_urls, n_ended, n_told;

static void on_done(void *arg, const struct aw_http_reply *r)
{
    n_ended++;
    assert_int_not_equal(r->end, AW_XFER_AMBIGUOUS);
    if (r->end == AW_XFER_ANSWERED)
        assert_int_equal(r->status, 302);
    else if (strstr(r->error, "is not reached") || strstr(r->error, "without TLS"))
        n_told++;
}

static struct aw_range allow[2];

static void ask(struct aw_xfer *x, const char *url, unsigned n_allow, bool repeatable)
{
    struct aw_http_call call;
    aw_call_init(&call, "GET");
    aw_buf_puts(&call.url, url);
    call.allow = allow;
    call.n_allow = n_allow;
    call.repeatable = repeatable;
    aw_xfer_start(x, &call, 5000, on_done, NULL);
    n_urls++;
    for (unsigned most = n_urls % 200 == 0 ? 0 : 50; n_urls - n_ended > most;)
        aw_xfer_run(x, NULL, 0, 1000);
}

static void finish(struct aw_xfer *x)
{
    while (n_ended < n_urls)
        aw_xfer_run(x, NULL, 0, 1000);
}

static void host_everywhere(struct aw_xfer *x, const char *host, unsigned salt)
{
    char url[512], sent_on[1024];
    for (unsigned i = 0; i < AW_COUNT(shapes); i++) {
        const char *s = strstr(shapes[i], "%s");
        snprintf(url, sizeof url, "%.*s%s%s", (int)(s - shapes[i]), shapes[i], host, s + 2);
        ask(x, url, salt % 2, false); /* with the allowance of another address, and with none */
    }
    const char *hope = hopeless[salt % AW_COUNT(hopeless)], *s = strstr(hope, "%s");
    snprintf(url, sizeof url, "%.*s%s%s", (int)(s - hope), hope, host, s + 2);
    ask(x, url, 1, false);
    if (salt % 4 == 0) {
        snprintf(sent_on, sizeof sent_on, "http://127.0.0.1:%u/to?https://%s/", port, host);
        ask(x, sent_on, 2, false);
    }
}

static void nothing_reaches_us(void **state)
{
    struct aw_xfer *x;
    char host[256];
    unsigned salt = 0;
    assert_int_equal(aw_xfer_new("test", &x, NULL), AW_OK);
    for (unsigned i = 0; i < AW_COUNT(ranges); i++) {
        struct aw_range r;
        assert_int_equal(aw_range_parse(ranges[i], &r, NULL), AW_OK);
        uint32_t first = (uint32_t)r.net[0] << 24 | (uint32_t)r.net[1] << 16 |
                         (uint32_t)r.net[2] << 8 | r.net[3],
                 size = UINT32_MAX >> r.bits,
                 at[] = {first + 1, first + size / 2 + 77, first + size};
        for (unsigned j = 0; j < AW_COUNT(at); j++)
            for (unsigned k = 0; k < SPELLINGS; k++)
                if (spell(host, sizeof host, at[j], k))
                    host_everywhere(x, host, salt++);
    }
    for (unsigned i = 0; i < AW_COUNT(v6); i++) {
        snprintf(host, sizeof host, "[%s]", v6[i]);
        host_everywhere(x, host, salt++);
        snprintf(host, sizeof host, "rebind-%s.test", v6[i]);
        for (char *p = host; *p; p++)
            *p = *p == ':' ? 'x' : *p;
        host_everywhere(x, host, salt++);
    }
    finish(x);
    print_message("%u URLs: %u connects inside, %u refused by the address, %u to our listener, "
                  "%u outside\n",
                  n_urls, n_inside, n_told, n_listener, n_public);
    assert_int_equal(n_inside, 0);
    assert_true(n_urls >= WANTED);
    assert_true(n_told >= n_urls / 2); /* it was the guard, not a typing error */
    assert_true(n_listener > 100 && n_served == n_listener); /* redirects were met, not followed */
    assert_true(n_public > 0);                               /* and the seam sees what is tried */
    aw_xfer_free(x);
}

static void public_addresses_are_tried(void **state)
{
    static const char *const urls[] = {"https://" PUBLIC "/", "https://[2606:4700::1111]/",
                                       "https://rebind-" PUBLIC ".test:8443/x"};
    struct aw_xfer *x;
    assert_int_equal(aw_xfer_new("test", &x, NULL), AW_OK);
    for (unsigned i = 0; i < AW_COUNT(urls); i++) {
        n_public = 0;
        ask(x, urls[i], 0, false);
        finish(x);
        assert_int_equal(n_public, 1);
    }
    aw_xfer_free(x);
}

static void expect_ok(void *arg, const struct aw_http_reply *r)
{
    n_ended++;
    *(struct aw_http_reply *)arg = *r;
}

/* A connection that a channel was allowed is still there; another channel was not allowed it. */
static void a_used_connection_is_asked_again(void **state)
{
    struct aw_xfer *x;
    struct aw_http_reply got[3];
    assert_int_equal(aw_xfer_new("test", &x, NULL), AW_OK);
    n_served = n_listener = n_inside = 0;
    for (unsigned i = 0; i < 3; i++) {
        struct aw_http_call call;
        aw_call_init(&call, "GET");
        aw_buf_printf(&call.url, "http://127.0.0.1:%u/ok", port);
        call.allow = allow;
        call.n_allow = i == 1 ? 1 : 2;
        call.repeatable = true;
        aw_xfer_start(x, &call, 5000, expect_ok, &got[i]);
        n_urls++;
        finish(x);
    }
    assert_int_equal(got[0].status, 200);
    assert_int_equal(got[1].end, AW_XFER_NOT_SENT);
    assert_non_null(strstr(got[1].error, "127.0.0.1 is not reached (127.0.0.0/8, loopback)"));
    assert_int_equal(got[2].status, 200);
    assert_int_equal(n_served, 2);
    aw_xfer_free(x);
}

/* Through a proxy the guard would see the proxy's address alone: none is used. */
static char proxies[][48] = {"http_proxy=http://127.0.0.2:3128",
                             "https_proxy=http://127.0.0.2:3128",
                             "ALL_PROXY=socks5://127.0.0.2:1080"};

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_reaches_us),
        cmocka_unit_test(public_addresses_are_tried),
        cmocka_unit_test(a_used_connection_is_asked_again),
    };
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof sa;
    pthread_t t;
    listener = socket(AF_INET, SOCK_STREAM, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&sa, n) != 0 ||
        listen(listener, 128) != 0 || getsockname(listener, (struct sockaddr *)&sa, &n) != 0)
        return 1;
    port = ntohs(sa.sin_port);
    for (unsigned i = 0; i < AW_COUNT(proxies); i++)
        putenv(proxies[i]);
    if (aw_range_parse("8.8.8.8", &allow[0], NULL) != 0 ||
        aw_range_parse("127.0.0.1", &allow[1], NULL) != 0 ||
        pthread_create(&t, NULL, server, NULL) != 0)
        return 1;
    int r = cmocka_run_group_tests(tests, NULL, NULL);
    shutdown(listener, SHUT_RDWR);
    pthread_join(t, NULL);
    close(listener);
    return r;
}
