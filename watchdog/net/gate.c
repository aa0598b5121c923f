/* SPDX-License-Identifier: Apache-2.0
 *
 * Order matters: framing first, since a refusal for any other reason lets the rest of the request
 * be read and thrown away, so that the client sees the answer.
 */
#include "net/gate.h"

#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "net/server.h"

static const char *const methods[] = {"GET", "POST", "PUT", "DELETE", "HEAD"};

/* Headers of which a second one would leave open which of them holds. */
static const char *const singles[] = {
    "Content-Length",    "Transfer-Encoding", "Host",   "Authorization",
    "Content-Type",      "Idempotency-Key",   "Expect", "Webhook-Id",
    "Webhook-Timestamp", "Webhook-Signature",
};

static bool is_token(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)p[i];
        if (c <= ' ' || c >= 0x7f || strchr("\"(),/:;<=>?@[\\]{}", c))
            return false;
    }
    return n > 0;
}

static bool has_control(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)p[i];
        if ((c < ' ' && c != '\t') || c == 0x7f)
            return true;
    }
    return false;
}

static const struct aw_gate_header *find(const struct aw_gate_request *rq, const char *name)
{
    for (size_t i = 0; i < rq->n_headers; i++)
        if (rq->headers[i].n_name == strlen(name) &&
            strncasecmp(rq->headers[i].name, name, rq->headers[i].n_name) == 0)
            return &rq->headers[i];
    return NULL;
}

static unsigned count(const struct aw_gate_request *rq, const char *name)
{
    unsigned n = 0;
    for (size_t i = 0; i < rq->n_headers; i++)
        n += rq->headers[i].n_name == strlen(name) &&
             strncasecmp(rq->headers[i].name, name, rq->headers[i].n_name) == 0;
    return n;
}

static bool value_is(const struct aw_gate_header *h, const char *text)
{
    return h->n_value == strlen(text) && strncasecmp(h->value, text, h->n_value) == 0;
}

static const char *check_names(const struct aw_gate_request *rq)
{
    for (size_t i = 0; i < rq->n_headers; i++) {
        const struct aw_gate_header *h = &rq->headers[i];
        if (!is_token(h->name, h->n_name))
            return "a header name has characters that do not belong there";
        if (has_control(h->value, h->n_value))
            return "a header value has control characters";
    }
    for (size_t i = 0; i < sizeof(singles) / sizeof(singles[0]); i++)
        if (count(rq, singles[i]) > 1)
            return "a header that must be single is there twice";
    return NULL;
}

static bool line_end(const char **p, const char *end)
{
    if (end - *p < 2 || (*p)[0] || (*p)[1])
        return false;
    *p += 2;
    return true;
}

/* Walks the head as it was received: one blank in the request line, CR LF behind each line, nothing
 * between name and value but a colon and blanks, nothing anywhere that was cut off. */
static const char *check_head(const struct aw_gate_request *rq)
{
    static const char why[] = "lines end in CR LF, without NUL and without folding";
    const char *p = rq->method + strlen(rq->method) + 1, *end = rq->method + rq->n_head;

    if (!rq->n_head)
        return NULL;
    if (rq->target_in_head != p || rq->version != p + strlen(rq->target) + 1 || rq->version[-1])
        return "the request line is method, target and version, with one blank between";
    p = rq->version + strlen(rq->version);
    for (size_t i = 0; i < rq->n_headers; i++) {
        const struct aw_gate_header *h = &rq->headers[i];
        if (!line_end(&p, end) || h->name != p || h->name[h->n_name])
            return why;
        p += h->n_name + 1;
        while (p < end && p != h->value && (*p == ' ' || *p == '\t'))
            p++;
        if (p != h->value)
            return why;
        p += h->n_value;
    }
    return line_end(&p, end) && line_end(&p, end) && p == end ? NULL : why;
}

/* Where does the body end? Returns why that is in doubt, or NULL. */
static const char *check_framing(const struct aw_gate_request *rq, struct aw_gate_result *ret)
{
    const struct aw_gate_header *length = find(rq, "Content-Length");
    const struct aw_gate_header *coding = find(rq, "Transfer-Encoding");

    if (length && coding)
        return "Content-Length and Transfer-Encoding exclude each other";
    if (coding && !value_is(coding, "chunked"))
        return "the only Transfer-Encoding is chunked";
    if (coding && strcmp(rq->version, "HTTP/1.1") != 0)
        return "Transfer-Encoding needs HTTP/1.1";
    if (length && aw_parse_u64(length->value, length->n_value, INT64_MAX, &ret->length) < 0)
        return "Content-Length must be a plain number";
    ret->chunked = coding != NULL;
    return NULL;
}

static bool valid_host(const struct aw_gate_header *h)
{
    for (size_t i = 0; i < h->n_value; i++) {
        unsigned char c = (unsigned char)h->value[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && !strchr(".-_:[]", c))
            return false;
    }
    return true;
}

/* One decoded copy of the path is looked at for what could mean another place. */
static const char *check_path(const char *path, size_t n, bool empty_segments)
{
    char text[AW_GATE_PATH + 1];

    if (path[0] != '/')
        return "the request target must begin with a slash";
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)path[i];
        if (c <= ' ' || c >= 0x7f || strchr("\"#<>\\^`{|}[]", c))
            return "the path has characters that must be percent-encoded";
        if (c == '/' && path[i + 1] == '/' && !empty_segments)
            return "the path has an empty segment";
    }
    if (aw_percent_decode(path, n, false, text, sizeof(text)) < 0)
        return "the percent-encoding of the path is broken";
    if (!aw_utf8_clean(text, strlen(text), false))
        return "the path must be UTF-8 without control characters";
    for (const char *p = text; p; p = strchr(p + 1, '/')) {
        size_t dots = strspn(p + 1, ".");
        if ((dots == 1 || dots == 2) && (p[1 + dots] == '/' || !p[1 + dots]))
            return "the path has a dot segment";
    }
    return NULL;
}

static const char *check_query(const char *query)
{
    for (const char *p = query; *p; p++)
        if (*p <= ' ' || *p >= 0x7f || *p == '#')
            return "the query has characters that must be percent-encoded";
    return NULL;
}

static int refuse(struct aw_gate_result *ret, int status, const char *why)
{
    ret->why = why;
    return status;
}

static int check_target(const char *target, bool empty_segments, struct aw_gate_result *ret)
{
    size_t n_path = strcspn(target, "?");
    const char *query = target[n_path] ? target + n_path + 1 : "";

    if (n_path > AW_GATE_PATH || strlen(query) > AW_GATE_QUERY)
        return refuse(ret, 414, "the request target is too long");
    const char *why = check_path(target, n_path, empty_segments);
    if (!why)
        why = check_query(query);
    return why ? refuse(ret, 400, why) : 0;
}

int aw_gate_check(const struct aw_gate_request *rq, struct aw_gate_result *ret)
{
    const struct aw_gate_header *expect = find(rq, "Expect"), *host = find(rq, "Host");
    bool http11 = strcmp(rq->version, "HTTP/1.1") == 0;
    bool known = false;

    *ret = (struct aw_gate_result){.framing = true};
    if (rq->n_headers > AW_GATE_HEADERS)
        return refuse(ret, 431, "too many headers");
    if (!http11 && strcmp(rq->version, "HTTP/1.0") != 0)
        return refuse(ret, 400, "only HTTP/1.1 and HTTP/1.0 are spoken here");
    const char *why = check_names(rq);
    if (!why)
        why = check_head(rq);
    if (!why)
        why = check_framing(rq, ret);
    if (why)
        return refuse(ret, 400, why);
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
        known |= strcmp(rq->method, methods[i]) == 0;
    if (!known)
        return refuse(ret, 405, "the methods are GET, HEAD, POST, PUT and DELETE");

    ret->framing = false;
    if ((http11 && !host) || (host && !valid_host(host)))
        return refuse(ret, 400, "one sound Host header is needed");
    if (expect && !value_is(expect, "100-continue"))
        return refuse(ret, 417, "the only expectation is 100-continue");
    ret->expect = expect != NULL;
    return check_target(rq->target, rq->empty_segments, ret);
}
