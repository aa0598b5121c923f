/* SPDX-License-Identifier: Apache-2.0
 *
 * libcurl over the unix socket or a URL. See client.h.
 *
 * Limits: an answer of 64 MiB, 5 s to connect, 60 s for all. No redirects: an answer that sends us
 * elsewhere is not our daemon.
 */
#include "ctl/client.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "codec/json.h"

#define ANSWER_MAX      ((size_t)64 << 20)
#define TOKEN_MAX       1024
#define CALL_MS         60000L
#define STREAM_SILENT_S 60L /* a stream gives a sign of life every 15 s */

struct aw_client {
    CURL *curl;
    char *base;   /* "http://localhost" for the socket */
    char *where;  /* for messages: the socket's path or the URL */
    char *bearer; /* "Authorization: Bearer ..." or NULL; wiped */
    struct aw_buf answer;
    char problem[64];
    bool quiet;
    const char *type;      /* of what is sent */
    struct stream *stream; /* of aw_client_stream */
    const char *last_id;   /* likewise */
    char curl_error[CURL_ERROR_SIZE];
};

static int read_token(struct aw_client *c, const char *path)
{
    struct aw_err err;
    char *text;
    size_t n;
    if (aw_file_read(path, TOKEN_MAX, &text, &n, &err) < 0)
        return aw_ctl_say(AW_EINVAL, "%s", err.text);
    while (n && strchr(" \t\r\n", text[n - 1]))
        text[--n] = '\0';
    struct aw_buf b = AW_BUF_INIT(TOKEN_MAX + 64);
    bool fine = n && aw_utf8_clean(text, n, false);
    if (fine)
        aw_buf_printf(&b, "Authorization: Bearer %s", text);
    aw_wipe(text, n);
    aw_free(text);
    if (!fine)
        return aw_ctl_say(AW_EINVAL, "%s holds no API key", path);
    c->bearer = aw_buf_take(&b, NULL);
    return 0;
}

/* Where the bytes of a stream go. */
struct stream {
    bool (*take)(void *arg, const char *p, size_t n);
    void *arg;
    bool began;
};

static size_t on_data(char *p, size_t size, size_t n, void *arg)
{
    struct aw_client *c = arg;
    long status = 0;
    if (c->stream && curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK &&
        status == 200) {
        c->stream->began = true;
        return c->stream->take(c->stream->arg, p, size * n) ? size * n : 0;
    }
    aw_buf_add(&c->answer, p, size * n);
    return c->answer.over ? 0 : size * n;
}

static void setup(struct aw_client *c, const struct aw_client_options *o)
{
    CURL *h = c->curl;
    curl_easy_setopt(h, CURLOPT_ERRORBUFFER, c->curl_error);
    curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS, 5000L);
    curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, CALL_MS);
    curl_easy_setopt(h, CURLOPT_USERAGENT, "ackwatch/" PACKAGE_VERSION);
    curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, on_data);
    curl_easy_setopt(h, CURLOPT_WRITEDATA, c);
    if (!o->url) {
        curl_easy_setopt(h, CURLOPT_UNIX_SOCKET_PATH, o->socket);
        curl_easy_setopt(h, CURLOPT_PROXY, "");
    }
}

struct aw_client *aw_client_new(const struct aw_client_options *o)
{
    struct aw_client *c = aw_calloc(1, sizeof *c);
    c->answer = AW_BUF_INIT(ANSWER_MAX);
    c->base = aw_strdup(o->url ? o->url : "http://localhost");
    c->where = aw_strdup(o->url ? o->url : o->socket);
    c->type = "Content-Type: application/json";
    size_t n = strlen(c->base);
    while (n && c->base[n - 1] == '/')
        c->base[--n] = '\0';
    if (o->url && !aw_starts(o->url, "http://") && !aw_starts(o->url, "https://")) {
        aw_ctl_say(0, "%s is no http or https address", o->url);
    } else if (!o->token_file || read_token(c, o->token_file) == 0) {
        c->curl = curl_easy_init();
        if (!c->curl)
            abort();
        setup(c, o);
        return c;
    }
    aw_client_free(c);
    return NULL;
}

struct aw_client *aw_client_of(const struct aw_ctl *ctl)
{
    const char *socket = aw_ctl_flag(ctl, "socket");
    struct aw_client_options o = {.url = aw_ctl_flag(ctl, "url"),
                                  .token_file = aw_ctl_flag(ctl, "token-file")};
    if (socket && o.url) {
        aw_ctl_say(0, "--socket and --url exclude each other");
        return NULL;
    }
    if (!socket && !o.url)
        o.url = getenv("ACKWATCH_URL");
    if (o.url && !o.token_file)
        o.token_file = getenv("ACKWATCH_TOKEN_FILE");
    o.socket = socket ? socket : AW_CTL_SOCKET;
    return aw_client_new(&o);
}

void aw_client_free(struct aw_client *c)
{
    if (!c)
        return;
    curl_easy_cleanup(c->curl);
    if (c->bearer)
        aw_wipe(c->bearer, strlen(c->bearer));
    aw_free(c->bearer);
    aw_free(c->base);
    aw_free(c->where);
    aw_buf_free(&c->answer);
    aw_free(c);
}

static int exit_of_status(long status)
{
    switch (status) {
    case 401:
    case 403:
        return AW_EXIT_NOT_ALLOWED;
    case 404:
        return AW_EXIT_NO_OBJECT;
    case 409:
        return AW_EXIT_CONFLICT;
    case 502: /* a proxy's word for it */
    case 503:
        return AW_EXIT_UNREACHABLE;
    case 504:
        return AW_EXIT_TIME;
    default:
        return AW_EXIT_FAILED;
    }
}

static void say_clean(const char *lead, const char *text)
{
    struct aw_buf b = AW_BUF_INIT(4096);
    aw_out_clean(&b, text);
    fprintf(stderr, "%s%s", lead, aw_buf_str(&b));
    aw_buf_free(&b);
}

/* Line by line: the diagnostics of a refused reload quote lines, with a caret under them. */
static void say_lines(const char *lead, const char *text)
{
    struct aw_buf line = AW_BUF_INIT(65536);
    for (const char *end; *text; text = *end ? end + 1 : end) {
        end = strchrnul(text, '\n');
        aw_buf_reset(&line);
        aw_buf_add(&line, text, (size_t)(end - text));
        say_clean(lead, aw_buf_str(&line));
        lead = "\n";
    }
    aw_buf_free(&line);
}

/* The problem document of an answer of 400 and above to stderr. */
static int refuse(struct aw_client *c, long status, const json_t *v)
{
    const char *code = aw_json_str(v, "code"), *detail = aw_json_str(v, "detail");
    if (!detail)
        detail = aw_json_str(v, "title") ?: aw_json_str(v, "error") ?: aw_json_str(v, "message");
    snprintf(c->problem, sizeof c->problem, "%s", code ? code : "unknown");
    if (c->quiet)
        return exit_of_status(status);
    fflush(stdout);
    say_clean("ackwatch: ", c->problem);
    if (!code)
        fprintf(stderr, " (status %ld from %s)", status, c->where);
    if (detail)
        say_lines(strchr(detail, '\n') ? ":\n" : ": ", detail);
    fputc('\n', stderr);
    size_t i;
    json_t *e;
    json_array_foreach(json_object_get(v, "errors"), i, e)
    {
        const char *pointer = aw_json_str(e, "pointer"), *text = aw_json_str(e, "detail");
        say_clean("  ", pointer && *pointer ? pointer : "/");
        if (text && !(detail && aw_streq(text, detail))) /* once is enough */
            say_clean(": ", text);
        fputc('\n', stderr);
    }
    return exit_of_status(status);
}

static CURLcode perform(struct aw_client *c, const char *method, const char *path, const char *body,
                        const char *idem, long *ret_status)
{
    CURL *h = c->curl;
    struct aw_buf url = AW_BUF_INIT(16384), key = AW_BUF_INIT(512);
    aw_buf_printf(&url, "%s%s", c->base, path);
    struct curl_slist *headers = curl_slist_append(NULL, "Accept: application/json");
    headers = curl_slist_append(headers, "Expect:");
    if (c->bearer)
        headers = curl_slist_append(headers, c->bearer);
    if (body)
        headers = curl_slist_append(headers, c->type);
    if (c->last_id && *c->last_id) {
        aw_buf_printf(&key, "Last-Event-ID: %s", c->last_id);
        headers = curl_slist_append(headers, aw_buf_str(&key));
    }
    if (idem) {
        aw_buf_printf(&key, "Idempotency-Key: %s", idem);
        headers = curl_slist_append(headers, aw_buf_str(&key));
    }
    aw_buf_reset(&c->answer);
    c->curl_error[0] = '\0';
    curl_easy_setopt(h, CURLOPT_URL, aw_buf_str(&url));
    curl_easy_setopt(h, CURLOPT_HTTPHEADER, headers);
    if (aw_streq(method, "GET")) {
        curl_easy_setopt(h, CURLOPT_HTTPGET, 1L);
    } else {
        curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)(body ? strlen(body) : 0));
        curl_easy_setopt(h, CURLOPT_POSTFIELDS, body ? body : "");
    }
    curl_easy_setopt(h, CURLOPT_CUSTOMREQUEST, method);
    CURLcode r = curl_easy_perform(h);
    curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, ret_status);
    curl_slist_free_all(headers);
    aw_buf_free(&url);
    aw_buf_free(&key);
    return r;
}

/* curl speaks of "localhost port 80" when a socket does not answer: errno says more. */
static void say_unreachable(const struct aw_client *c, CURLcode r)
{
    const char *why = *c->curl_error ? c->curl_error : curl_easy_strerror(r);
    long no = 0;
    if (r == CURLE_COULDNT_CONNECT && aw_streq(c->base, "http://localhost") &&
        curl_easy_getinfo(c->curl, CURLINFO_OS_ERRNO, &no) == CURLE_OK && no)
        why = strerrordesc_np((int)no);
    aw_ctl_say(0, "%s: %s%s", c->where, why,
               r != CURLE_COULDNT_CONNECT ? ""
               : no == EACCES             ? " (root and the daemon's own user may use it)"
                                          : " (is ackwatchd running?)");
}

/* The bytes of a good answer are in c->answer on AW_EXIT_DONE. */
static int exchange(struct aw_client *c, const char *method, const char *path, const char *body,
                    const char *idem, long *ret_status)
{
    c->problem[0] = '\0';
    CURLcode r = perform(c, method, path, body, idem, ret_status);
    if (r != CURLE_OK) {
        snprintf(c->problem, sizeof c->problem, "unreachable");
        if (!c->quiet && !(c->stream && c->stream->began))
            say_unreachable(c, r);
        return r == CURLE_OPERATION_TIMEDOUT ? AW_EXIT_TIME : AW_EXIT_UNREACHABLE;
    }
    if (*ret_status >= 200 && *ret_status < 300)
        return AW_EXIT_DONE;
    json_t *v = NULL;
    if (!c->answer.n || aw_json_parse(c->answer.p, c->answer.n, ANSWER_MAX, &v, NULL) < 0)
        v = NULL;
    int code = refuse(c, *ret_status, v);
    json_decref(v);
    return code;
}

static int no_json(const struct aw_client *c, long status)
{
    return aw_ctl_say(AW_EXIT_UNREACHABLE,
                      "%s answered %ld with something that is not JSON: is it ackwatchd?", c->where,
                      status);
}

int aw_client_call(struct aw_client *c, const char *method, const char *path, const char *body,
                   const char *idem, json_t **ret)
{
    long status = 0;
    json_t *v = NULL;
    int code = exchange(c, method, path, body, idem, &status);
    if (code != AW_EXIT_DONE || !ret)
        return code;
    if (!c->answer.n || aw_json_parse(c->answer.p, c->answer.n, ANSWER_MAX, &v, NULL) < 0)
        return no_json(c, status);
    *ret = v;
    return AW_EXIT_DONE;
}

int aw_client_lines(struct aw_client *c, const char *path, const char *body, json_t **ret)
{
    const char *plain = c->type, *p, *end, *lf;
    long status = 0;
    c->type = "Content-Type: application/x-ndjson";
    int code = exchange(c, "POST", path, body, NULL, &status);
    c->type = plain;
    if (code != AW_EXIT_DONE)
        return code;
    json_t *all = json_array(), *v;
    p = aw_buf_str(&c->answer);
    end = p + c->answer.n;
    for (; (lf = memchr(p, '\n', (size_t)(end - p))); p = lf + 1) {
        if (aw_json_parse(p, (size_t)(lf - p), ANSWER_MAX, &v, NULL) < 0)
            break;
        json_array_append_new(all, v);
    }
    if (p != end) {
        json_decref(all);
        return no_json(c, status);
    }
    *ret = all;
    return AW_EXIT_DONE;
}

int aw_client_stream(struct aw_client *c, const char *path, const char *last_id,
                     bool (*take)(void *arg, const char *p, size_t n), void *arg, bool *ret_began)
{
    struct stream s = {take, arg, false};
    long status = 0;
    c->stream = &s;
    c->last_id = last_id;
    curl_easy_setopt(c->curl, CURLOPT_TIMEOUT_MS, 0L);
    curl_easy_setopt(c->curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(c->curl, CURLOPT_LOW_SPEED_TIME, STREAM_SILENT_S);
    int code = exchange(c, "GET", path, NULL, NULL, &status);
    curl_easy_setopt(c->curl, CURLOPT_TIMEOUT_MS, CALL_MS);
    curl_easy_setopt(c->curl, CURLOPT_LOW_SPEED_TIME, 0L);
    c->stream = NULL;
    c->last_id = NULL;
    *ret_began = s.began || code == AW_EXIT_DONE;
    return *ret_began ? AW_EXIT_DONE : code;
}

int aw_client_get(struct aw_client *c, json_t **ret, const char *fmt, ...)
{
    char path[8192];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(path, sizeof path, fmt, ap);
    va_end(ap);
    if (n < 0 || (size_t)n >= sizeof path)
        return aw_ctl_say(AW_EXIT_USAGE, "an argument is too long");
    return aw_client_call(c, "GET", path, NULL, NULL, ret);
}

const char *aw_client_problem(const struct aw_client *c)
{
    return c->problem;
}

void aw_client_quiet(struct aw_client *c, bool quiet)
{
    c->quiet = quiet;
}

char *aw_client_escape(const char *s)
{
    struct aw_buf b = AW_BUF_INIT(3 * strlen(s) + 1);
    for (; *s; s++) {
        unsigned char ch = (unsigned char)*s;
        if (strchr("-._~", ch) || (ch >= '0' && ch <= '9') || (ch >= 'A' && ch <= 'Z') ||
            (ch >= 'a' && ch <= 'z'))
            aw_buf_putc(&b, *s);
        else
            aw_buf_printf(&b, "%%%02X", ch);
    }
    return aw_buf_take(&b, NULL);
}
