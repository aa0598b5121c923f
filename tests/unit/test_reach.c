/* SPDX-License-Identifier: Apache-2.0
 *
 * What keeps a request from reaching its provider: names that do not resolve, TLS that is not to
 * be trusted. Servers on loopback, each with a certificate made on the spot, count the requests
 * that they read, so that "nothing left" and "left once" are seen at the far end. getaddrinfo() of
 * this program stands before that of libc, also for libcurl and in the mail worker, which is this
 * program too: a resolver that fails as its names say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "chan_fix.h"
#include "fake_cert.h"

#define TIMEOUT 400 /* ms, of every channel */

static char self[4096], dir[64] = "/tmp/aw-test-reach-XXXXXX";

/* --- the resolver ---------------------------------------------------------------------------- */

static atomic_bool released; /* those who wait for slow.test */
static atomic_uint n_asked, n_slow;

typedef int resolver(const char *, const char *, const struct addrinfo *, struct addrinfo **);

int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                struct addrinfo **ret)
{
    resolver *real = (resolver *)dlsym(RTLD_NEXT, "getaddrinfo");
    struct addrinfo numeric = hints ? *hints : (struct addrinfo){0};
    numeric.ai_flags |= AI_NUMERICHOST;
    if (!strstr(host, ".test"))
        return real(host, service, &numeric, ret);
    atomic_fetch_add(&n_asked, 1);
    if (strcmp(host, "aaaa.test") == 0)
        return real("::1", service, &numeric, ret);
    if (strcmp(host, "servfail.test") == 0)
        return EAI_AGAIN;
    if (strcmp(host, "slow.test") == 0) {
        atomic_fetch_add(&n_slow, 1);
        for (unsigned i = 0; i < 3000 && !atomic_load(&released); i++)
            poll(NULL, 0, 10);
        atomic_fetch_sub(&n_slow, 1);
    }
    return EAI_NONAME;
}

/* --- the servers ----------------------------------------------------------------------------- */

enum peer_name {
    GOOD,
    EXPIRED,
    EARLY,
    OTHER_HOST,
    TLS_10,
    TLS_11,
    SILENT,
    CUTS,
    DROPS,
    SIX,
    PEERS
};

static const struct {
    const char *san;
    long from, until;
    int version;
} certs[PEERS] = {
    [GOOD] = {"IP:127.0.0.1", 0, 0, 0},
    [EXPIRED] = {"IP:127.0.0.1", -7200, -3600, 0},
    [EARLY] = {"IP:127.0.0.1", 3600, 7200, 0},
    [OTHER_HOST] = {"DNS:sms.evil.example", 0, 0, 0},
    [TLS_10] = {"IP:127.0.0.1", 0, 0, TLS1_VERSION},
    [TLS_11] = {"IP:127.0.0.1", 0, 0, TLS1_1_VERSION},
    [SILENT] = {"IP:127.0.0.1", 0, 0, 0}, /* takes the handshake's first words and says nothing */
    [CUTS] = {"IP:127.0.0.1", 0, 0, 0},   /* hangs up instead */
    [DROPS] = {"IP:127.0.0.1", 0, 0, 0},  /* hangs up when it has read a request */
    [SIX] = {"DNS:aaaa.test", 0, 0, 0},   /* on ::1 */
};

static struct peer {
    int listener;
    unsigned port;
    char ca[96];
    SSL_CTX *ctx;
    pthread_t thread;
    atomic_uint tries, requests;
} peers[PEERS];

static void serve(struct peer *p, SSL *ssl)
{
    static const char answer[] = "HTTP/1.1 200 OK\r\nConnection: close\r\n"
                                 "Content-Type: application/json\r\nContent-Length: 10\r\n\r\n"
                                 "{\"code\":0}";
    char request[4096] = "";
    size_t n = 0;
    while (n + 1 < sizeof request && !strstr(request, "\r\n\r\n")) {
        int k = SSL_read(ssl, request + n, (int)(sizeof request - 1 - n));
        if (k <= 0)
            return;
        request[n += (size_t)k] = '\0';
    }
    atomic_fetch_add(&p->requests, 1);
    if (p == &peers[DROPS])
        return;
    SSL_write(ssl, answer, (int)strlen(answer));
    while (SSL_read(ssl, request, sizeof request) > 0)
        ;
}

static void *run(void *arg)
{
    struct peer *p = arg;
    char c[512];
    sigset_t pipe; /* of a client that is gone; OpenSSL cannot be told not to */
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, NULL);
    for (int fd; (fd = accept(p->listener, NULL, NULL)) >= 0; close(fd)) {
        atomic_fetch_add(&p->tries, 1);
        if (p == &peers[SILENT] || p == &peers[CUTS]) {
            while (recv(fd, c, sizeof c, 0) > 0 && p == &peers[SILENT])
                ;
            continue;
        }
        SSL *ssl = SSL_new(p->ctx);
        SSL_set_fd(ssl, fd);
        if (SSL_accept(ssl) == 1)
            serve(p, ssl);
        SSL_free(ssl);
    }
    return NULL;
}

/* False: this machine has no IPv6. */
static bool listen_on(struct peer *p, bool six)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    struct sockaddr *a = six ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4;
    socklen_t n = six ? sizeof v6 : sizeof v4;
    p->listener = socket(a->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (p->listener < 0 || bind(p->listener, a, n) != 0 || listen(p->listener, 16) != 0 ||
        getsockname(p->listener, a, &n) != 0) {
        if (p->listener >= 0)
            close(p->listener);
        p->listener = -1;
        return false;
    }
    p->port = ntohs(six ? v6.sin6_port : v4.sin_port);
    return true;
}

static int set_up(void **state)
{
    (void)state;
    if (!mkdtemp(dir))
        return -1;
    for (unsigned i = 0; i < PEERS; i++) {
        struct peer *p = &peers[i];
        snprintf(p->ca, sizeof p->ca, "%s/%u.pem", dir, i);
        p->ctx = fake_cert_ctx(&(struct fake_cert){.san = certs[i].san,
                                                   .ca_file = p->ca,
                                                   .from = certs[i].from,
                                                   .until = certs[i].until,
                                                   .version = certs[i].version});
        if (!p->ctx || (!listen_on(p, i == SIX) && i != SIX))
            return -1;
        if (p->listener >= 0 && pthread_create(&p->thread, NULL, run, p) != 0)
            return -1;
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    atomic_store(&released, true);
    for (unsigned i = 0; i < 300 && atomic_load(&n_slow); i++)
        poll(NULL, 0, 10);
    for (unsigned i = 0; i < PEERS; i++) {
        struct peer *p = &peers[i];
        if (p->listener >= 0) {
            shutdown(p->listener, SHUT_RDWR);
            pthread_join(p->thread, NULL);
            close(p->listener);
        }
        SSL_CTX_free(p->ctx);
        unlink(p->ca);
    }
    return rmdir(dir);
}

/* --- one request ----------------------------------------------------------------------------- */

struct fix {
    struct fix_core *core;
    struct aw_dispatch *d;
    struct aw_clock clock;
};

static int fix_up(void **state)
{
    struct fix *f = aw_calloc(1, sizeof *f);
    aw_clock_init_real(&f->clock);
    f->core = fix_core_new();
    const struct aw_chan_env env = {.clock = &f->clock,
                                    .submit = fix_core_submit(f->core),
                                    .node = "node.example",
                                    .self = self,
                                    .user_agent = "ackwatch/test"};
    *state = f;
    return aw_dispatch_new(&env, &f->d, NULL);
}

static int fix_down(void **state)
{
    struct fix *f = *state;
    aw_dispatch_stop(f->d, 0);
    aw_dispatch_free(f->d);
    fix_core_free(f->core);
    aw_free(f);
    return 0;
}

static struct aw_result send_one(struct fix *f, struct aw_channel *ch)
{
    static const struct aw_range loopback[] = {{.bits = 8, .net = {127}},
                                               {.bits = 128, .v6 = true, .net = {[15] = 1}}};
    struct aw_send s = {.attempt = 1, .ref = 1, .channel = ch, .kind = ch->provider->kind};
    ch->timeout = TIMEOUT;
    ch->allow = loopback;
    ch->n_allow = AW_COUNT(loopback);
    s.arena = aw_strdup(s.kind == AW_EMAIL ? "li@sim.invalid" : "+8613812345678");
    s.phone = s.email = s.text = s.title = s.arena;
    aw_dispatch_send(f->d, &s);
    struct aw_cmd *cmd = fix_core_take(f->core, 10000);
    if (!cmd)
        fail_msg("no result");
    struct aw_result r = cmd->u.result;
    aw_cmd_free(cmd);
    return r;
}

/* ca: NULL for the system's. url lives as long as the channel. */
static struct aw_channel *https_channel(bool hook, const char *url, const char *ca)
{
    const char *const as_hook[] = {"url", url, "secret", "whsec_c2VjcmV0", ca ? "ca_file" : NULL,
                                   ca,    NULL};
    const char *const as_gateway[] = {
        "url", url, "fields.to", "{{to}}", "success_pointer", "/code", ca ? "ca_file" : NULL,
        ca,    NULL};
    return hook ? fix_channel("webhook", as_hook) : fix_channel("gateway", as_gateway);
}

/* --- TLS ------------------------------------------------------------------------------------- */

#define SYSTEM  PEERS       /* as authority: those of this machine */
#define NO_FILE (PEERS + 1) /* a file that is not there */

static void each_server_over_https(void **state)
{
    static const struct {
        const char *name;
        enum peer_name peer;
        unsigned authority;
        enum aw_outcome outcome;
        unsigned requests;
        const char *detail; /* a part of it */
    } rows[] = {
        {"all is well", GOOD, GOOD, AW_OUT_ACCEPTED, 1, ""},
        {"certificate that nobody vouches for", GOOD, SYSTEM, AW_OUT_TRANSIENT, 0, "self-signed"},
        {"certificate of another authority", GOOD, DROPS, AW_OUT_TRANSIENT, 0, "certificate"},
        {"certificate expired", EXPIRED, EXPIRED, AW_OUT_TRANSIENT, 0, "expired"},
        {"certificate not valid yet", EARLY, EARLY, AW_OUT_TRANSIENT, 0, "not yet valid"},
        {"certificate of another host", OTHER_HOST, OTHER_HOST, AW_OUT_TRANSIENT, 0, "127.0.0.1"},
        {"file of authorities missing", GOOD, NO_FILE, AW_OUT_TRANSIENT, 0, "nothere.pem"},
        {"TLS 1.0 only", TLS_10, TLS_10, AW_OUT_TRANSIENT, 0, "version"},
        {"TLS 1.1 only", TLS_11, TLS_11, AW_OUT_TRANSIENT, 0, "version"},
        {"handshake stalls", SILENT, SILENT, AW_OUT_TRANSIENT, 0, "timed out"},
        {"handshake cut", CUTS, CUTS, AW_OUT_TRANSIENT, 0, ""},
        {"dropped after the request", DROPS, DROPS, AW_OUT_UNKNOWN, 1, ""},
    };
    for (unsigned i = 0; i < 2 * AW_COUNT(rows); i++) {
        unsigned k = i / 2;
        struct peer *p = &peers[rows[k].peer];
        const char *who = i % 2 ? "webhook" : "gateway", *ca = rows[k].authority == SYSTEM ? NULL
                                                               : rows[k].authority == NO_FILE
                                                                   ? "/nonexistent/nothere.pem"
                                                                   : peers[rows[k].authority].ca;
        char url[64];
        snprintf(url, sizeof url, "https://127.0.0.1:%u/", p->port);
        atomic_store(&p->requests, 0);
        struct aw_channel *ch = https_channel(i % 2, url, ca);
        struct aw_result r = send_one(*state, ch);
        if (r.outcome != rows[k].outcome || !strcasestr(r.detail, rows[k].detail))
            fail_msg("%s, %s became %s: %s", who, rows[k].name, aw_outcome_name(r.outcome),
                     r.detail);
        if (atomic_load(&p->requests) != rows[k].requests)
            fail_msg("%s, %s: the server read %u requests", who, rows[k].name,
                     atomic_load(&p->requests));
        printf("# %s, %-36s %-10s %s\n", who, rows[k].name, aw_outcome_name(r.outcome), r.detail);
        fix_channel_free(ch);
    }
}

/* --- names ----------------------------------------------------------------------------------- */

static const struct {
    const char *host, *name;
} broken[] = {
    {"nobody.test", "NXDOMAIN"},
    {"servfail.test", "SERVFAIL"},
    {"slow.test", "no answer in time"},
};

static void names_that_do_not_resolve(void **state)
{
    for (unsigned i = 0; i < 2 * AW_COUNT(broken); i++) {
        char url[64];
        snprintf(url, sizeof url, "https://%s:%u/", broken[i / 2].host, peers[GOOD].port);
        struct aw_channel *ch = https_channel(i % 2, url, peers[GOOD].ca);
        unsigned asked = atomic_load(&n_asked), tries = atomic_load(&peers[GOOD].tries);
        aw_boot begin = aw_clock_boot();
        struct aw_result r = send_one(*state, ch);
        assert_in_range(aw_clock_boot() - begin, 0, 2000);
        if (r.outcome != AW_OUT_TRANSIENT)
            fail_msg("%s became %s: %s", broken[i / 2].name, aw_outcome_name(r.outcome), r.detail);
        assert_true(atomic_load(&n_asked) > asked);
        assert_int_equal(atomic_load(&peers[GOOD].tries), tries);
        printf("# %s, DNS: %-20s %-10s %s\n", i % 2 ? "webhook" : "gateway", broken[i / 2].name,
               aw_outcome_name(r.outcome), r.detail);
        fix_channel_free(ch);
    }
}

/* libesmtp is given addresses of ours, libcurl resolves by itself; both in the worker. */
static void names_of_mail_servers(void **state)
{
    static const char *const tls[] = {"starttls", "implicit"};
    for (unsigned i = 0; i < 2 * AW_COUNT(broken); i++) {
        char port[16];
        snprintf(port, sizeof port, "%u", peers[GOOD].port);
        struct aw_channel *ch =
            fix_channel("smtp", (const char *const[]){"host", broken[i / 2].host, "port", port,
                                                      "ca_file", peers[GOOD].ca, "tls", tls[i % 2],
                                                      "from", "aw@node.example", NULL});
        unsigned tries = atomic_load(&peers[GOOD].tries);
        aw_boot begin = aw_clock_boot();
        struct aw_result r = send_one(*state, ch);
        assert_in_range(aw_clock_boot() - begin, 0, 2000);
        if (r.outcome != AW_OUT_TRANSIENT)
            fail_msg("%s, %s became %s: %s", tls[i % 2], broken[i / 2].name,
                     aw_outcome_name(r.outcome), r.detail);
        assert_int_equal(atomic_load(&peers[GOOD].tries), tries);
        printf("# smtp %s, DNS: %-20s %-10s %s\n", tls[i % 2], broken[i / 2].name,
               aw_outcome_name(r.outcome), r.detail);
        fix_channel_free(ch);
    }
}

static void a_name_with_ipv6_only(void **state)
{
    char url[64];
    if (peers[SIX].listener < 0) {
        printf("# SKIP AAAA only: this machine has no ::1\n");
        skip();
    }
    for (unsigned i = 0; i < 2; i++) {
        snprintf(url, sizeof url, "https://aaaa.test:%u/", peers[SIX].port);
        struct aw_channel *ch = https_channel(i, url, peers[SIX].ca);
        atomic_store(&peers[SIX].requests, 0);
        struct aw_result r = send_one(*state, ch);
        if (r.outcome != AW_OUT_ACCEPTED)
            fail_msg("AAAA only became %s: %s", aw_outcome_name(r.outcome), r.detail);
        assert_int_equal(atomic_load(&peers[SIX].requests), 1);
        fix_channel_free(ch);
    }
    /* Nobody there: port 1. */
    struct aw_channel *ch = https_channel(false, "https://aaaa.test:1/", peers[SIX].ca);
    assert_int_equal(send_one(*state, ch).outcome, AW_OUT_TRANSIENT);
    fix_channel_free(ch);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_server_over_https, fix_up, fix_down),
        cmocka_unit_test_setup_teardown(names_that_do_not_resolve, fix_up, fix_down),
        cmocka_unit_test_setup_teardown(names_of_mail_servers, fix_up, fix_down),
        cmocka_unit_test_setup_teardown(a_name_with_ipv6_only, fix_up, fix_down),
    };
    if (argc == 3 && strcmp(argv[1], "--mail-worker") == 0)
        return aw_mail_worker_main((int)strtol(argv[2], NULL, 10));
    if (readlink("/proc/self/exe", self, sizeof self - 1) <= 0)
        return 1;
    return cmocka_run_group_tests_name("reach", tests, set_up, tear_down);
}
