/* SPDX-License-Identifier: Apache-2.0
 *
 * HTTP requests on one curl multi handle. Answers are hostile: at most AW_REPLY_MAX bytes, no
 * redirects, nothing stored. What matters most is told apart with care: a request of which no byte
 * left can be repeated freely, one that left and has no whole answer may have had its effect. For
 * the same reason a connection is used once, unless the request does no harm when it is repeated:
 * libcurl repeats by itself, unseen, a request that meets a connection closed by the server.
 *
 * No low-speed limit: the time-out of the channel bounds each request, and a gateway may think.
 */
#include "chan/xfer.h"

#include <curl/curl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "chan/fence.h"

#define CONNECT_MAX 5000 /* ms for resolving, connecting and the TLS handshake */

struct request {
    struct request *next, **back; /* list of all under way */
    CURL *easy;
    struct curl_slist *headers;
    struct aw_http_call call;
    struct aw_buf body;
    aw_xfer_done *done;
    void *arg;
    char error[CURL_ERROR_SIZE];
    struct aw_fence fence;
    CURLcode early; /* why it could not be started */
};

struct aw_xfer {
    CURLM *multi;
    char *user_agent;
    struct request *all;
};

int aw_xfer_new(const char *user_agent, struct aw_xfer **ret, struct aw_err *err)
{
    static bool global; /* the first call comes from the core thread, before any other thread's */
    if (!global && curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return aw_fail(err, AW_EIO, "libcurl cannot be initialised");
    global = true;
    CURLM *multi = curl_multi_init();
    if (!multi)
        return aw_fail(err, AW_EIO, "libcurl makes no multi handle");
    struct aw_xfer *x = aw_calloc(1, sizeof *x);
    x->multi = multi;
    x->user_agent = aw_strdup(user_agent ? user_agent : "ackwatch");
    *ret = x;
    return AW_OK;
}

void aw_xfer_free(struct aw_xfer *x)
{
    if (!x)
        return;
    curl_multi_cleanup(x->multi);
    aw_free(x->user_agent);
    aw_free(x);
}

static size_t on_body(char *p, size_t size, size_t n, void *arg)
{
    struct request *q = arg;
    aw_buf_add(&q->body, p, size * n);
    return q->body.over ? 0 : size * n; /* 0 ends the transfer with CURLE_WRITE_ERROR */
}

static CURLcode set_method(struct request *q)
{
    CURLcode r = CURLE_OK;
    if (strcmp(q->call.method, "GET") == 0)
        return curl_easy_setopt(q->easy, CURLOPT_HTTPGET, 1L);
    if (strcmp(q->call.method, "DELETE") == 0)
        return curl_easy_setopt(q->easy, CURLOPT_CUSTOMREQUEST, q->call.method);
    r |= curl_easy_setopt(q->easy, CURLOPT_POST, 1L);
    r |= curl_easy_setopt(q->easy, CURLOPT_POSTFIELDS, aw_buf_str(&q->call.body));
    r |= curl_easy_setopt(q->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->call.body.n);
    return r;
}

/* "user:password" in two options, so that the text need not be copied. */
static CURLcode set_user(struct request *q)
{
    char *colon = q->call.userpwd.n ? strchr(q->call.userpwd.p, ':') : NULL;
    if (!colon)
        return CURLE_OK;
    CURLcode r = curl_easy_setopt(q->easy, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
    *colon = '\0';
    r |= curl_easy_setopt(q->easy, CURLOPT_USERNAME, q->call.userpwd.p);
    r |= curl_easy_setopt(q->easy, CURLOPT_PASSWORD, colon + 1);
    *colon = ':';
    return r;
}

static CURLcode set_headers(struct request *q)
{
    struct curl_slist *list = curl_slist_append(NULL, "Expect:");
    for (unsigned i = 0; list && i < q->call.n_headers; i++) {
        struct curl_slist *more = curl_slist_append(list, aw_buf_str(&q->call.header[i]));
        if (!more)
            curl_slist_free_all(list);
        list = more;
    }
    q->headers = list;
    return list ? curl_easy_setopt(q->easy, CURLOPT_HTTPHEADER, list) : CURLE_OUT_OF_MEMORY;
}

/* Errors of setopt are or-ed together: any of them keeps the request from starting. */
static CURLcode set_fences(struct request *q, const char *user_agent, aw_ms timeout)
{
    CURL *h = q->easy;
    CURLcode r = aw_fence_set(&q->fence, h, &q->call);
    r |= curl_easy_setopt(h, CURLOPT_FOLLOWLOCATION, 0L);
    r |= curl_easy_setopt(h, CURLOPT_PROXY, "");
    r |= curl_easy_setopt(h, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    r |= curl_easy_setopt(h, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    r |= curl_easy_setopt(h, CURLOPT_UNRESTRICTED_AUTH, 0L);
    r |= curl_easy_setopt(h, CURLOPT_SSL_VERIFYPEER, 1L);
    r |= curl_easy_setopt(h, CURLOPT_SSL_VERIFYHOST, 2L);
    if (q->call.ca_file) { /* Debian's libcurl has a directory too, and would add it */
        r |= curl_easy_setopt(h, CURLOPT_CAINFO, q->call.ca_file);
        r |= curl_easy_setopt(h, CURLOPT_CAPATH, NULL);
    }
    r |= curl_easy_setopt(h, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    r |= curl_easy_setopt(h, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    r |= curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
    r |= curl_easy_setopt(h, CURLOPT_QUICK_EXIT, 1L); /* never wait for a thread that resolves */
    r |= curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS,
                          (long)(timeout < CONNECT_MAX ? timeout : CONNECT_MAX));
    r |= curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, (long)timeout);
    r |= curl_easy_setopt(h, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)AW_REPLY_MAX);
    r |= curl_easy_setopt(h, CURLOPT_FRESH_CONNECT, q->call.repeatable ? 0L : 1L);
    r |= curl_easy_setopt(h, CURLOPT_FORBID_REUSE, q->call.repeatable ? 0L : 1L);
    r |= curl_easy_setopt(h, CURLOPT_USERAGENT, user_agent);
    return r;
}

void aw_xfer_start(struct aw_xfer *x, struct aw_http_call *c, aw_ms timeout, aw_xfer_done *done,
                   void *arg)
{
    struct request *q = aw_calloc(1, sizeof *q);
    q->call = *c;
    memset(c, 0, sizeof *c);
    q->body.max = AW_REPLY_MAX;
    q->done = done;
    q->arg = arg;
    q->next = x->all;
    q->back = &x->all;
    if (q->next)
        q->next->back = &q->next;
    x->all = q;
    q->easy = curl_easy_init();
    CURLcode r = q->easy ? CURLE_OK : CURLE_OUT_OF_MEMORY;
    if (r == CURLE_OK) {
        r |= curl_easy_setopt(q->easy, CURLOPT_ERRORBUFFER, q->error);
        r |= set_fences(q, x->user_agent, timeout);
        r |= curl_easy_setopt(q->easy, CURLOPT_URL, aw_buf_str(&q->call.url));
        r |= curl_easy_setopt(q->easy, CURLOPT_PRIVATE, q);
        r |= curl_easy_setopt(q->easy, CURLOPT_WRITEFUNCTION, on_body);
        r |= curl_easy_setopt(q->easy, CURLOPT_WRITEDATA, q);
        r |= set_method(q);
        r |= set_user(q);
        r |= set_headers(q);
    }
    if (r == CURLE_OK && curl_multi_add_handle(x->multi, q->easy) != CURLM_OK)
        r = CURLE_FAILED_INIT;
    q->early = r;
    if (r != CURLE_OK)
        curl_multi_wakeup(x->multi);
}

/* A whole number in a header of the last answer, or -1. */
static int number_in(CURL *h, const char *name)
{
    struct curl_header *header;
    char *end;
    if (curl_easy_header(h, name, 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
        return -1;
    long v = strtol(header->value, &end, 10);
    return *header->value && !*end && v >= 0 && v <= 1000000000 ? (int)v : -1;
}

/* Seconds of Retry-After, a number or a date; -1: absent, or neither (a negative number). */
static int retry_after(CURL *h)
{
    struct curl_header *header;
    curl_off_t seconds = 0;

    if (curl_easy_header(h, "Retry-After", 0, CURLH_HEADER, -1, &header) != CURLHE_OK ||
        curl_easy_getinfo(h, CURLINFO_RETRY_AFTER, &seconds) != CURLE_OK || seconds < 0 ||
        header->value[0] == '-')
        return -1;
    if (seconds == 0 && curl_getdate(header->value, NULL) < 0 && number_in(h, "Retry-After") < 0)
        return -1;
    return seconds > INT_MAX ? INT_MAX : (int)seconds;
}

static void finish(struct aw_xfer *x, struct request *q, CURLcode code)
{
    struct aw_http_reply r = {.end = AW_XFER_NOT_SENT,
                              .type = "",
                              .rate_limit = -1,
                              .rate_remaining = -1,
                              .rate_reset = -1,
                              .retry_after = -1};
    long status = 0, sent = 0;
    char *type = NULL;
    if (q->easy) {
        curl_easy_getinfo(q->easy, CURLINFO_RESPONSE_CODE, &status);
        curl_easy_getinfo(q->easy, CURLINFO_REQUEST_SIZE, &sent);
        curl_easy_getinfo(q->easy, CURLINFO_CONTENT_TYPE, &type);
    }
    if (sent > 0)
        r.end = code == CURLE_OK && status > 0 ? AW_XFER_ANSWERED : AW_XFER_AMBIGUOUS;
    r.body = aw_buf_str(&q->body);
    if (r.end == AW_XFER_ANSWERED) {
        r.status = (int)status;
        r.type = type ? type : "";
        r.n_body = q->body.n;
        r.rate_limit = number_in(q->easy, "X-Rate-Limit-Limit");
        r.rate_remaining = number_in(q->easy, "X-Rate-Limit-Remaining");
        r.rate_reset = number_in(q->easy, "X-Rate-Limit-Reset");
        r.retry_after = retry_after(q->easy);
    } else if (q->body.over || code == CURLE_FILESIZE_EXCEEDED) {
        snprintf(r.error, sizeof r.error, "the answer is larger than %d bytes", AW_REPLY_MAX);
    } else if (r.end == AW_XFER_NOT_SENT && *q->fence.refused.text) {
        snprintf(r.error, sizeof r.error, "%.250s", q->fence.refused.text);
    } else {
        snprintf(r.error, sizeof r.error, "%s", *q->error ? q->error : curl_easy_strerror(code));
    }
    *q->back = q->next;
    if (q->next)
        q->next->back = q->back;
    if (q->easy)
        curl_multi_remove_handle(x->multi, q->easy);
    q->done(q->arg, &r);
    curl_easy_cleanup(q->easy);
    curl_slist_free_all(q->headers);
    aw_http_call_free(&q->call);
    aw_buf_free(&q->body);
    aw_free(q);
}

static void finish_ended(struct aw_xfer *x)
{
    int left;
    struct request *q, *next;
    for (CURLMsg *m; (m = curl_multi_info_read(x->multi, &left));) {
        if (m->msg != CURLMSG_DONE)
            continue;
        CURLcode code = m->data.result; /* the message goes with the handle */
        if (curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &q) == CURLE_OK)
            finish(x, q, code);
    }
    for (q = x->all; q; q = next) {
        next = q->next;
        if (q->early != CURLE_OK)
            finish(x, q, q->early);
    }
}

void aw_xfer_run(struct aw_xfer *x, struct pollfd *extra, unsigned n, aw_ms wait)
{
    struct curl_waitfd fds[AW_XFER_EXTRA];
    int running;
    for (unsigned i = 0; i < n; i++)
        fds[i] = (struct curl_waitfd){
            .fd = extra[i].fd,
            .events =
                (short)(CURL_WAIT_POLLIN | (extra[i].events & POLLOUT ? CURL_WAIT_POLLOUT : 0))};
    curl_multi_poll(x->multi, fds, n, (int)wait, NULL);
    for (unsigned i = 0; i < n; i++)
        extra[i].revents = fds[i].revents;
    curl_multi_perform(x->multi, &running);
    finish_ended(x);
}

void aw_xfer_wake(struct aw_xfer *x)
{
    curl_multi_wakeup(x->multi);
}

void aw_xfer_abort(struct aw_xfer *x)
{
    while (x->all)
        finish(x, x->all, CURLE_ABORTED_BY_CALLBACK);
}
