/* SPDX-License-Identifier: Apache-2.0
 *
 * One mail over TLS from the first byte (port 465, RFC 8314), by libcurl. Its return code says only
 * where it broke off; what the server answered comes through the header callback, line by line. The
 * message counts as handed over once libcurl has read it to its end: then the final dot leaves, and
 * only an answer after it can say that the mail was refused.
 */
#include "chan/mail_job.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/str.h"

#define CONNECT_MAX 10000 /* ms */

struct transfer {
    const struct aw_mail_job *job;
    size_t n_read;    /* of the message */
    bool handed;      /* read to its end */
    bool over;        /* QUIT was said: the answer to it is of no interest */
    bool login;       /* the server offers one */
    bool no_login;    /* we hung up because it does not: libcurl would go on without */
    const char *at;   /* what was said last: NULL before AUTH or MAIL */
    int code;         /* of the last whole answer, 0 once the message is handed over */
    char answer[256]; /* its last line */
};

/* Sees the commands leave. Looks at their verbs only: AUTH carries the password. */
static int on_debug(CURL *h, curl_infotype type, char *p, size_t n, void *arg)
{
    static const struct {
        const char *verb, *at;
    } verbs[] = {{"AUTH", "login"}, {"MAIL", "sender"}, {"RCPT", "recipient"}, {"DATA", "message"}};
    struct transfer *t = arg;
    (void)h;
    for (unsigned i = 0; type == CURLINFO_HEADER_OUT && n >= 4 && i < AW_COUNT(verbs); i++)
        if (strncasecmp(p, verbs[i].verb, 4) == 0)
            t->at = verbs[i].at;
    t->over |= type == CURLINFO_HEADER_OUT && n >= 4 && strncasecmp(p, "QUIT", 4) == 0;
    return 0;
}

static size_t on_answer(char *p, size_t size, size_t n, void *arg)
{
    struct transfer *t = arg;
    n *= size;
    if (n >= 8 && !t->at && strncasecmp(p + 4, "AUTH", 4) == 0)
        t->login = true;
    if (t->over || n < 4 || p[3] == '-') /* of several lines the last one counts */
        return n;
    size_t kept = n < sizeof t->answer ? n : sizeof t->answer - 1;
    memcpy(t->answer, p, kept);
    t->answer[kept] = 0;
    t->answer[strcspn(t->answer, "\r\n")] = 0;
    t->code = (int)strtol(t->answer, NULL, 10);
    t->no_login = t->code == 250 && !t->at && t->job->user && !t->login; /* to our EHLO */
    return t->no_login ? 0 : n;
}

static size_t on_read(char *dst, size_t size, size_t n, void *arg)
{
    struct transfer *t = arg;
    size_t left = t->job->n_text - t->n_read;
    n *= size;
    if (n > left)
        n = left;
    memcpy(dst, t->job->text + t->n_read, n);
    t->n_read += n;
    if (n == 0 && !t->handed) {
        aw_mail_handed(t->job);
        t->handed = true;
        t->code = 0;
    }
    return n;
}

static void decide(struct aw_mail_verdict *v, const struct transfer *t, CURLcode rc)
{
    if (rc == CURLE_OK && t->handed)
        aw_mail_decide(v, AW_OUT_ACCEPTED, t->code, "%s", t->answer);
    else if (rc == CURLE_PEER_FAILED_VERIFICATION || rc == CURLE_SSL_CACERT_BADFILE)
        aw_mail_decide(v, rc == CURLE_SSL_CACERT_BADFILE ? AW_OUT_AUTH : AW_OUT_TRANSIENT, 0,
                       "the server's certificate is refused: %s", curl_easy_strerror(rc));
    else if (t->no_login || (rc == CURLE_LOGIN_DENIED && t->code < 400))
        aw_mail_decide(v, AW_OUT_AUTH, 0, "the server offers no login that we can");
    else if (rc == CURLE_LOGIN_DENIED && t->code >= 500)
        aw_mail_decide(v, AW_OUT_AUTH, t->code, "the login was refused");
    else if (t->code >= 400 && !t->at) /* not a word about this mail */
        aw_mail_decide(v, AW_OUT_TRANSIENT, t->code, "greeting: %s", t->answer);
    else if (t->code >= 400)
        aw_mail_decide(v, aw_mail_refusal(t->code), t->code, "%s: %s", t->at, t->answer);
    else if (t->handed)
        aw_mail_decide(v, AW_OUT_UNKNOWN, 0,
                       "the connection was lost before the answer to the message");
    else
        aw_mail_decide(v, AW_OUT_TRANSIENT, 0, "before the message was handed over: %s",
                       curl_easy_strerror(rc));
}

/* The path of the URL is the name that we greet with. */
static bool set_url(CURLU *url, const struct aw_mail_job *job)
{
    char port[16], path[300];
    snprintf(port, sizeof port, "%u", job->port);
    snprintf(path, sizeof path, "/%s", job->hello);
    return curl_url_set(url, CURLUPART_SCHEME, "smtps", 0) == CURLUE_OK &&
           curl_url_set(url, CURLUPART_HOST, job->host, 0) == CURLUE_OK &&
           curl_url_set(url, CURLUPART_PORT, port, 0) == CURLUE_OK &&
           curl_url_set(url, CURLUPART_PATH, path, 0) == CURLUE_OK;
}

static void set_up(CURL *h, CURLU *url, struct transfer *t, struct curl_slist *to)
{
    const struct aw_mail_job *job = t->job;
    curl_easy_setopt(h, CURLOPT_CURLU, url);
    curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "smtps");
    curl_easy_setopt(h, CURLOPT_PROXY, "");
    curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(h, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(h, CURLOPT_USE_SSL, (long)CURLUSESSL_ALL);
    curl_easy_setopt(h, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(h, CURLOPT_CAINFO, job->ca_file);
    curl_easy_setopt(h, CURLOPT_CAPATH, NULL);
    curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, job->timeout);
    curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS,
                     job->timeout < CONNECT_MAX ? job->timeout : CONNECT_MAX);
    if (job->user) {
        curl_easy_setopt(h, CURLOPT_SASL_IR, 1L); /* RFC 4954: a round trip less */
        curl_easy_setopt(h, CURLOPT_USERNAME, job->user);
        curl_easy_setopt(h, CURLOPT_PASSWORD, job->password);
    }
    curl_easy_setopt(h, CURLOPT_MAIL_FROM, job->from);
    curl_easy_setopt(h, CURLOPT_MAIL_RCPT, to);
    curl_easy_setopt(h, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(h, CURLOPT_READFUNCTION, on_read);
    curl_easy_setopt(h, CURLOPT_READDATA, t);
    curl_easy_setopt(h, CURLOPT_VERBOSE, 1L); /* without it on_debug is not called */
    curl_easy_setopt(h, CURLOPT_DEBUGFUNCTION, on_debug);
    curl_easy_setopt(h, CURLOPT_DEBUGDATA, t);
    curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, on_answer);
    curl_easy_setopt(h, CURLOPT_HEADERDATA, t);
}

void aw_mail_curl(const struct aw_mail_job *job, struct aw_mail_verdict *v)
{
    struct transfer t = {.job = job};
    struct curl_slist *to = curl_slist_append(NULL, job->to);
    CURL *h = curl_easy_init();
    CURLU *url = curl_url();
    if (!to || !h || !url) {
        aw_mail_decide(v, AW_OUT_TRANSIENT, 0, "libcurl is out of memory");
    } else if (!set_url(url, job)) {
        aw_mail_decide(v, AW_OUT_AUTH, 0, "`host` of the channel is no host name");
    } else {
        set_up(h, url, &t, to);
        decide(v, &t, curl_easy_perform(h));
    }
    curl_easy_cleanup(h);
    curl_url_cleanup(url);
    curl_slist_free_all(to);
}
