/* SPDX-License-Identifier: Apache-2.0
 *
 * One mail with STARTTLS, by libesmtp 1.1.0. It has defects that would each falsify the log; the
 * fences against them:
 *
 *  - TLS 1.2 at most: with 1.3 it deadlocks on session tickets. Our own SSL_CTX for each session.
 *  - Plain text that follows the answer to STARTTLS would be read as if it came through TLS: any
 *    byte after a complete answer before TLS makes the handshake fail.
 *  - The name in the certificate is checked by OpenSSL against the configured host, not by
 *    libesmtp against what DNS calls it.
 *  - After a refused AUTH it goes on without: when MAIL is about to leave and nobody is logged in,
 *    the connection is cut.
 *  - Success is what the answers say (message, recipient, recipient complete), never a return code.
 *  - It looks up and connects without limit, leaks and may crash: hence the process.
 */
#include "chan/mail_job.h"

#include <stddef.h> /* libesmtp.h lacks it */

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <auth-client.h>
#include <libesmtp.h>

#include <arpa/inet.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "base/str.h"

#define ADDRESSES_MAX 4 /* of a host, tried in turn until one connects */

/* Where the conversation stands, as the monitor sees it go by. */
struct session {
    const struct aw_mail_job *job;
    bool read_once;
    bool handed; /* libesmtp has read the message to its end: the server may have it */

    bool connected, tls;
    int ssl_fd;       /* once tls */
    bool tainted;     /* before TLS, bytes came that nobody had asked for */
    bool no_starttls; /* not offered */
    int verify_error; /* why OpenSSL refused the certificate */
    bool in_auth;     /* the next answer is one to AUTH */
    bool logged_in;   /* 235 */
    bool cut;         /* we hung up: MAIL without a login */
    int auth_code;    /* last refusal of AUTH, 0 none */
    int refusal;      /* last answer of 4xx or 5xx, 0 none */
    bool answered;    /* the answer to the last command is complete */
    unsigned column;  /* in the present line of an answer */
    char head[5];     /* its first four bytes */
};

/* --- what libesmtp calls ------------------------------------------------------------------- */

static void on_answer(struct session *s, int code)
{
    s->answered = true;
    if (code >= 400)
        s->refusal = code;
    if (!s->in_auth || code == 334)
        return;
    s->in_auth = false;
    s->logged_in = code == 235;
    s->auth_code = s->logged_in ? 0 : code;
}

static void on_read(struct session *s, const char *p, size_t n)
{
    for (; n; n--, p++) {
        if (s->answered && !s->tls)
            s->tainted = true;
        if (s->column < 4)
            s->head[s->column] = *p;
        s->column++;
        if (*p != '\n')
            continue;
        bool last = s->column < 4 || s->head[3] != '-';
        s->column = 0;
        if (last)
            on_answer(s, (int)strtol(s->head, NULL, 10));
    }
}

/* Called before the bytes leave. */
static void on_write(struct session *s, const char *p, size_t n)
{
    s->answered = false;
    if (n >= 5 && strncasecmp(p, "AUTH ", 5) == 0)
        s->in_auth = true;
    if (n >= 5 && strncasecmp(p, "MAIL ", 5) == 0 && s->job->user && !s->logged_in) {
        s->cut = true;
        shutdown(s->ssl_fd, SHUT_RDWR);
    }
}

static void monitor(const char *p, int n, int writing, void *arg)
{
    if (n <= 0)
        return;
    if (writing == SMTP_CB_WRITING)
        on_write(arg, p, (size_t)n);
    else if (writing == SMTP_CB_READING)
        on_read(arg, p, (size_t)n);
}

static void event(smtp_session_t session, int what, void *arg, ...)
{
    struct session *s = arg;
    va_list args;
    (void)session;
    va_start(args, arg);
    if (what == SMTP_EV_CONNECT) {
        s->connected = true;
    } else if (what == SMTP_EV_EXTNA_STARTTLS) {
        s->no_starttls = true;
    } else if (what == SMTP_EV_WRONG_PEER_CERTIFICATE) {
        /* libesmtp compares with the address that we gave it; OpenSSL has checked the name. */
        int *ok = va_arg(args, int *);
        (void)va_arg(args, char *);
        *ok = SSL_get_verify_result(va_arg(args, SSL *)) == X509_V_OK && !s->tainted;
    } else if (what == SMTP_EV_STARTTLS_OK) {
        s->ssl_fd = SSL_get_fd(va_arg(args, SSL *));
        s->tls = true;
    }
    va_end(args);
}

/* The whole text at once, then its end, after which the final dot may leave. */
static const char *message_text(void **ctx, int *len, void *arg)
{
    struct session *s = arg;
    (void)ctx;
    if (!len) { /* rewind */
        s->read_once = false;
        return NULL;
    }
    if (!s->read_once) {
        s->read_once = true;
        *len = (int)s->job->n_text;
        return s->job->text;
    }
    if (!s->handed)
        aw_mail_handed(s->job);
    s->handed = true;
    *len = 0;
    return NULL;
}

/* PLAIN and LOGIN ask for a user and a password. NTLM, which is broken, asks for a realm too. */
static int interact(auth_client_request_t request, char **answer, int fields, void *arg)
{
    struct session *s = arg;
    for (int i = 0; i < fields; i++) {
        if (request[i].flags & AUTH_USER && !(request[i].flags & AUTH_REALM))
            answer[i] = (char *)s->job->user;
        else if (request[i].flags & AUTH_PASS)
            answer[i] = (char *)s->job->password;
        else
            return 0;
    }
    return 1;
}

/* --- TLS ----------------------------------------------------------------------------------- */

static int on_verify(int ok, X509_STORE_CTX *store)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct session *s = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    if (!ok)
        s->verify_error = X509_STORE_CTX_get_error(store);
    return ok && !s->tainted;
}

/* libesmtp sends no server name. */
static void on_handshake(const SSL *ssl, int where, int ret)
{
    struct session *s = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    struct in_addr a;
    (void)ret;
    if ((where & SSL_CB_HANDSHAKE_START) && inet_pton(AF_INET, s->job->host, &a) != 1)
        SSL_set_tlsext_host_name((SSL *)ssl, s->job->host);
}

static SSL_CTX *make_ctx(struct session *s)
{
    struct in_addr a;
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    if (!ctx)
        return NULL;
    X509_VERIFY_PARAM *param = SSL_CTX_get0_param(ctx);
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    int name = inet_pton(AF_INET, s->job->host, &a) == 1
                   ? X509_VERIFY_PARAM_set1_ip_asc(param, s->job->host)
                   : X509_VERIFY_PARAM_set1_host(param, s->job->host, 0);
    if (name != 1 || SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1 ||
        SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION) != 1 ||
        SSL_CTX_load_verify_locations(ctx, s->job->ca_file, NULL) != 1) {
        SSL_CTX_free(ctx);
        return NULL;
    }
    SSL_CTX_set_app_data(ctx, s);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, on_verify);
    SSL_CTX_set_info_callback(ctx, on_handshake);
    return ctx;
}

/* --- one mail ------------------------------------------------------------------------------ */

static bool is(const smtp_status_t *st, int class)
{
    return st && st->code / 100 == class;
}

static void decide_by_answer(struct aw_mail_verdict *v, const char *at, const smtp_status_t *st)
{
    enum aw_outcome outcome = aw_mail_refusal(st->code);
    const char *text = st->text ? st->text : "";
    if (st->enh_class)
        aw_mail_decide(v, outcome, st->code, "%s: %d %d.%d.%d %s", at, st->code, st->enh_class,
                       st->enh_subject, st->enh_detail, text);
    else
        aw_mail_decide(v, outcome, st->code, "%s: %d %s", at, st->code, text);
}

/* No answer decided: the conversation broke off. */
static void decide_by_break(struct aw_mail_verdict *v, const struct session *s)
{
    char why[128] = "";
    if (s->handed)
        aw_mail_decide(v, AW_OUT_UNKNOWN, 0,
                       "the connection was lost before the answer to the message");
    else if (!s->connected)
        aw_mail_decide(v, AW_OUT_TRANSIENT, 0, "cannot connect: %s",
                       smtp_strerror(smtp_errno(), why, sizeof why) ? why : "");
    else if (s->verify_error)
        aw_mail_decide(v, AW_OUT_TRANSIENT, 0, "the server's certificate is refused: %s",
                       X509_verify_cert_error_string(s->verify_error));
    else if (!s->tls)
        aw_mail_decide(v, AW_OUT_TRANSIENT, s->refusal, "the server went away before TLS was up");
    else
        aw_mail_decide(v, AW_OUT_TRANSIENT, s->refusal,
                       "the server went away before the message was handed over");
}

static void decide_by_statuses(struct aw_mail_verdict *v, const struct session *s,
                               smtp_message_t message, smtp_recipient_t recipient)
{
    const smtp_status_t *whole = smtp_message_transfer_status(message);
    const smtp_status_t *from = smtp_reverse_path_status(message);
    const smtp_status_t *to = smtp_recipient_status(recipient);
    if (s->tainted)
        aw_mail_decide(v, AW_OUT_TRANSIENT, 0, "bytes came before TLS that nobody asked for");
    else if (s->no_starttls)
        aw_mail_decide(v, AW_OUT_TRANSIENT, 0, "the server offers no STARTTLS");
    else if (s->job->user && !s->logged_in && (s->cut || s->auth_code))
        aw_mail_decide(v, s->auth_code / 100 == 4 ? AW_OUT_TRANSIENT : AW_OUT_AUTH, s->auth_code,
                       s->auth_code ? "the login was refused"
                                    : "the server offers no login that we can");
    else if (is(whole, 2) && is(to, 2) && smtp_recipient_check_complete(recipient))
        aw_mail_decide(v, AW_OUT_ACCEPTED, whole->code, "%d %s", whole->code,
                       whole->text ? whole->text : "");
    else if (is(to, 4) || is(to, 5))
        decide_by_answer(v, "recipient", to);
    else if (is(from, 4) || is(from, 5))
        decide_by_answer(v, "sender", from);
    else if (is(whole, 4) || is(whole, 5))
        decide_by_answer(v, "message", whole);
    else
        decide_by_break(v, s);
}

static void set_up(smtp_session_t session, struct session *s, const char *server, SSL_CTX *ctx,
                   auth_context_t auth)
{
    static const int timeouts[] = {Timeout_GREETING, Timeout_ENVELOPE, Timeout_DATA,
                                   Timeout_TRANSFER, Timeout_DATA2};
    smtp_set_server(session, server);
    smtp_set_hostname(session, s->job->hello);
    smtp_set_eventcb(session, event, s);
    smtp_set_monitorcb(session, monitor, s, 0);
    smtp_starttls_enable(session, Starttls_REQUIRED);
    smtp_starttls_set_ctx(session, ctx);
    for (unsigned i = 0; i < AW_COUNT(timeouts); i++)
        smtp_set_timeout(session, timeouts[i] | Timeout_OVERRIDE_RFC2822_MINIMUM, s->job->timeout);
    if (s->job->user) {
        auth_set_mechanism_flags(auth, AUTH_PLUGIN_PLAIN, 0);
        auth_set_interact_cb(auth, interact, s);
        smtp_auth_set_context(session, auth);
    }
}

/* RFC 3461, where the server offers it; else libesmtp leaves it out. The report carries our mark
 * back, so no ORCPT, which would be the address once more. */
static void ask_reports(const struct session *s, smtp_message_t message, smtp_recipient_t to)
{
    if (!s->job->envid)
        return;
    smtp_dsn_set_ret(message, Ret_HDRS);
    smtp_dsn_set_envid(message, s->job->envid);
    smtp_dsn_set_notify(to, Notify_SUCCESS | Notify_FAILURE);
}

/* One conversation with one address of the server. */
static void converse(struct session *s, const char *server, SSL_CTX *ctx, struct aw_mail_verdict *v)
{
    smtp_session_t session = smtp_create_session();
    auth_context_t auth = auth_create_context();
    smtp_message_t message = session ? smtp_add_message(session) : NULL;
    smtp_recipient_t to = message ? smtp_add_recipient(message, s->job->to) : NULL;
    if (auth && to && smtp_set_reverse_path(message, s->job->from) &&
        smtp_set_messagecb(message, message_text, s)) {
        set_up(session, s, server, ctx, auth);
        ask_reports(s, message, to);
        smtp_start_session(session);
        decide_by_statuses(v, s, message, to);
        smtp_auth_set_context(session, NULL);
    } else {
        aw_mail_decide(v, AW_OUT_TRANSIENT, 0, "libesmtp is out of memory");
    }
    if (auth)
        auth_destroy_context(auth);
    if (session)
        smtp_destroy_session(session);
}

/* libesmtp looks names up without limit and prefers what DNS calls the host; it gets an address. */
void aw_mail_esmtp(const struct aw_mail_job *job, struct aw_mail_verdict *v)
{
    struct session session = {.job = job, .ssl_fd = -1}, *s = &session;
    struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *all, *a;
    char address[INET_ADDRSTRLEN], server[INET_ADDRSTRLEN + 8];
    SSL_CTX *ctx = make_ctx(s);
    if (!ctx) {
        aw_mail_decide(v, AW_OUT_AUTH, 0, "cannot use the certificates in ca_file: %s",
                       ERR_reason_error_string(ERR_peek_last_error()));
        ERR_clear_error();
        return;
    }
    int r = getaddrinfo(s->job->host, NULL, &hints, &all);
    if (r != 0) {
        aw_mail_decide(v, AW_OUT_TRANSIENT, 0, "no IPv4 address of the host: %s", gai_strerror(r));
        SSL_CTX_free(ctx);
        return;
    }
    unsigned tries = 0;
    for (a = all; a && !s->connected && tries < ADDRESSES_MAX; a = a->ai_next, tries++) {
        inet_ntop(AF_INET, &((struct sockaddr_in *)(void *)a->ai_addr)->sin_addr, address,
                  sizeof address);
        snprintf(server, sizeof server, "%s:%u", address, s->job->port);
        converse(s, server, ctx, v);
    }
    freeaddrinfo(all);
    SSL_CTX_free(ctx);
}
