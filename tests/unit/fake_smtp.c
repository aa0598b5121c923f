/* SPDX-License-Identifier: Apache-2.0
 *
 * A hostile SMTP server for tests; one connection at a time, on one thread of its own. A client
 * that stays away, or is killed, ends the conversation.
 */
#include "fake_smtp.h"

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "fake_cert.h"

#define SEEN_MAX (1024 * 1024)

struct fake_smtp {
    int listener;
    unsigned port;
    SSL_CTX *ctx;
    pthread_t thread;
    atomic_int fault;
    atomic_bool implicit, stop, talking;
    pthread_mutex_t lock; /* for seen */
    struct aw_buf seen;
};

struct talk {
    struct fake_smtp *f;
    int fd;
    SSL *ssl;
    enum fake_fault fault;
};

/* --- talking ------------------------------------------------------------------------------- */

/* False when the client is gone. */
static bool put(struct talk *t, const char *text, size_t n)
{
    return t->ssl ? SSL_write(t->ssl, text, (int)n) > 0
                  : send(t->fd, text, n, MSG_NOSIGNAL) == (ssize_t)n;
}

/* Between two bytes; what the client says meanwhile stays for hear. */
static bool put_slowly(struct talk *t, const char *byte, int ms)
{
    poll(NULL, 0, ms);
    return !atomic_load(&t->f->stop) && put(t, byte, 1);
}

static void say(struct talk *t, const char *text)
{
    if ((t->fault == FAKE_LONG && text[3] != '-') ||
        (t->fault == FAKE_END_LONG && strstr(text, "queued")))
        for (unsigned i = 0; i < FAKE_LONG_LINES; i++) {
            char line[64];
            int n = snprintf(line, sizeof line, "%.3s-line %u of many\r\n", text, i);
            if (!put(t, line, (size_t)n))
                return;
        }
    if (t->fault != FAKE_SLOW)
        put(t, text, strlen(text));
    else
        while (*text && put_slowly(t, text, 1))
            text++;
}

/* "220-" or such, and no end of its line. */
static void drip(struct talk *t, const char *begin)
{
    bool there = put(t, begin, strlen(begin));
    while (there)
        there = put_slowly(t, "x", 20);
}

/* One line without its end; false when the client is gone. */
static bool hear(struct talk *t, char *line, size_t cap)
{
    size_t n = 0;
    for (char c; n + 1 < cap;) {
        ssize_t k = t->ssl ? SSL_read(t->ssl, &c, 1) : recv(t->fd, &c, 1, 0);
        if (k <= 0)
            return false;
        if (c == '\n')
            break;
        line[n++] = c;
    }
    while (n && line[n - 1] == '\r')
        n--;
    line[n] = '\0';
    pthread_mutex_lock(&t->f->lock);
    aw_buf_puts(&t->f->seen, line);
    aw_buf_putc(&t->f->seen, '\n');
    pthread_mutex_unlock(&t->f->lock);
    return true;
}

/* Until the client hangs up. */
static void hang(struct talk *t)
{
    char c;
    struct pollfd p = {.fd = t->fd, .events = POLLIN};
    while (!atomic_load(&t->f->stop) && (poll(&p, 1, 20) == 0 || recv(t->fd, &c, 1, 0) > 0))
        ;
}

static bool shake_hands(struct talk *t)
{
    t->ssl = SSL_new(t->f->ctx);
    SSL_set_fd(t->ssl, t->fd);
    return SSL_accept(t->ssl) == 1;
}

static bool start_tls(struct talk *t)
{
    if (t->fault == FAKE_STARTTLS_454) {
        say(t, "454 not now\r\n");
        return true;
    }
    if (t->fault == FAKE_INJECT)
        say(t, "220 go\r\n250-forged\r\n250 forged\r\n250 forged\r\n250 forged\r\n354 forged\r\n"
               "250 forged: queued\r\n");
    else if (t->fault != FAKE_INJECT_EARLY)
        say(t, "220 go\r\n");
    return shake_hands(t);
}

static void hello(struct talk *t)
{
    say(t, "250-fake\r\n250-ENHANCEDSTATUSCODES\r\n");
    if (!t->ssl && t->fault != FAKE_NO_STARTTLS)
        say(t, "250-STARTTLS\r\n");
    if (t->ssl && t->fault == FAKE_NTLM_FIRST)
        say(t, "250-AUTH NTLM PLAIN\r\n");
    else if (t->ssl && t->fault != FAKE_NO_AUTH)
        say(t, "250-AUTH PLAIN LOGIN\r\n");
    if (!t->ssl && t->fault == FAKE_INJECT_EARLY)
        say(t, "250 8BITMIME\r\n220 forged\r\n250 forged\r\n250 forged\r\n250 forged\r\n");
    else
        say(t, "250 8BITMIME\r\n");
}

/* The message, up to its dot, and what is said to it; false to hang up. */
static bool message(struct talk *t)
{
    char line[4096];
    say(t, "354 go on\r\n");
    do {
        if (!hear(t, line, sizeof line))
            return false;
    } while (strcmp(line, ".") != 0);
    if (t->fault == FAKE_END_HANG)
        hang(t);
    if (t->fault == FAKE_END_DRIP)
        drip(t, "250-");
    if (t->fault == FAKE_END_HANG || t->fault == FAKE_END_DRIP || t->fault == FAKE_END_DROP)
        return false;
    say(t, t->fault == FAKE_END_554        ? "554 5.6.0 no such content\r\n"
           : t->fault == FAKE_END_421      ? "421 4.3.2 shutting down\r\n"
           : t->fault == FAKE_END_452      ? "452 4.3.1 full\r\n"
           : t->fault == FAKE_END_NONSENSE ? "hello?\r\n"
                                           : "250 2.0.0 queued as F1\r\n");
    return t->fault != FAKE_END_421;
}

/* Answers by the table, then by what the command needs. */
static bool command(struct talk *t, const char *line)
{
    static const struct {
        enum fake_fault fault;
        const char *verb, *answer; /* answer NULL: hang up */
    } faults[] = {
        {FAKE_NTLM_FIRST, "AUTH NTLM", "334 \r\n"},
        {FAKE_NTLM_FIRST, "*", "501 5.7.0 cancelled\r\n"},
        {FAKE_AUTH_535, "AUTH", "535 5.7.8 wrong\r\n"},
        {FAKE_AUTH_454, "AUTH", "454 4.7.0 later\r\n"},
        {FAKE_MAIL_DROP, "MAIL", NULL},
        {FAKE_MAIL_421, "MAIL", "421 4.3.2 shutting down\r\n"},
        {FAKE_MAIL_530, "MAIL", "530 5.7.0 authenticate first\r\n"},
        {FAKE_MAIL_552, "MAIL", "552 5.3.4 too big\r\n"},
        {FAKE_RCPT_450, "RCPT", "450 4.2.1 greylisted li@sim.invalid\r\n"},
        {FAKE_RCPT_550, "RCPT", "550 5.1.1 <li@sim.invalid> unknown\r\n"},
        {FAKE_DATA_421, "DATA", "421 4.3.2 shutting down\r\n"},
        {FAKE_DATA_451, "DATA", "451 4.3.0 later\r\n"},
        {FAKE_DATA_DROP, "DATA", NULL},
    };
    for (unsigned i = 0; i < AW_COUNT(faults); i++)
        if (t->fault == faults[i].fault &&
            strncasecmp(line, faults[i].verb, strlen(faults[i].verb)) == 0) {
            if (faults[i].answer)
                say(t, faults[i].answer);
            return faults[i].answer && strncmp(faults[i].answer, "421", 3) != 0;
        }
    if (strncasecmp(line, "EHLO", 4) == 0)
        hello(t);
    else if (strncasecmp(line, "STARTTLS", 8) == 0)
        return start_tls(t);
    else if (strncasecmp(line, "AUTH", 4) == 0)
        say(t, "235 2.7.0 welcome\r\n");
    else if (strncasecmp(line, "DATA", 4) == 0)
        return message(t);
    else
        say(t, "250 2.0.0 ok\r\n");
    return true;
}

static void converse(struct talk *t)
{
    char line[4096];
    if (atomic_load(&t->f->implicit) && !shake_hands(t))
        return;
    if (t->fault == FAKE_GREETING_HANG) {
        hang(t);
        return;
    }
    if (t->fault == FAKE_GREETING_DRIP) {
        drip(t, "220-");
        return;
    }
    say(t, t->fault == FAKE_GREETING_554   ? "554 go away\r\n"
           : t->fault == FAKE_GREETING_421 ? "421 4.3.2 too busy\r\n"
                                           : "220 fake ESMTP\r\n");
    while (t->fault != FAKE_GREETING_421 && hear(t, line, sizeof line) && command(t, line))
        ;
}

static void *run(void *arg)
{
    struct fake_smtp *f = arg;
    struct pollfd p = {.fd = f->listener, .events = POLLIN};
    sigset_t pipe; /* of a client that is gone; OpenSSL cannot be told not to */
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, NULL);
    while (!atomic_load(&f->stop)) {
        if (poll(&p, 1, 20) <= 0)
            continue;
        struct talk t = {.f = f, .fault = (enum fake_fault)atomic_load(&f->fault)};
        t.fd = accept4(f->listener, NULL, NULL, SOCK_CLOEXEC);
        if (t.fd < 0)
            continue;
        atomic_store(&f->talking, true);
        converse(&t);
        SSL_free(t.ssl);
        close(t.fd);
        atomic_store(&f->talking, false);
    }
    return NULL;
}

struct fake_smtp *fake_smtp_new(const char *san, const char *ca_file)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    struct fake_smtp *f = aw_calloc(1, sizeof *f);
    f->seen.max = SEEN_MAX;
    pthread_mutex_init(&f->lock, NULL);
    f->ctx = fake_cert_ctx(&(struct fake_cert){.san = san, .ca_file = ca_file});
    f->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (!f->ctx || f->listener < 0 || bind(f->listener, (struct sockaddr *)&a, sizeof a) != 0 ||
        listen(f->listener, 8) != 0 || getsockname(f->listener, (struct sockaddr *)&a, &n) != 0 ||
        pthread_create(&f->thread, NULL, run, f) != 0) {
        fprintf(stderr, "fake_smtp: cannot start\n");
        abort();
    }
    f->port = ntohs(a.sin_port);
    return f;
}

unsigned fake_smtp_port(const struct fake_smtp *f)
{
    return f->port;
}

void fake_smtp_fault(struct fake_smtp *f, enum fake_fault fault)
{
    pthread_mutex_lock(&f->lock);
    aw_buf_reset(&f->seen);
    pthread_mutex_unlock(&f->lock);
    atomic_store(&f->fault, (int)fault);
}

void fake_smtp_implicit(struct fake_smtp *f, bool implicit)
{
    atomic_store(&f->implicit, implicit);
}

const char *fake_smtp_seen(struct fake_smtp *f)
{
    for (unsigned i = 0; i < 200 && atomic_load(&f->talking); i++)
        poll(NULL, 0, 10);
    pthread_mutex_lock(&f->lock);
    const char *seen = aw_buf_str(&f->seen);
    pthread_mutex_unlock(&f->lock);
    return seen;
}

void fake_smtp_free(struct fake_smtp *f)
{
    atomic_store(&f->stop, true);
    pthread_join(f->thread, NULL);
    close(f->listener);
    SSL_CTX_free(f->ctx);
    aw_buf_free(&f->seen);
    pthread_mutex_destroy(&f->lock);
    aw_free(f);
}
