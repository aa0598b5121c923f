/* SPDX-License-Identifier: Apache-2.0
 *
 * Answers and problems (RFC 9457). Every answer carries a Request-Id; every problem a stable code.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "http/call.h"

#define MAX_HEADERS 10

void aw_request_id(struct aw_api *api, char dst[AW_REQUEST_ID])
{
    uint64_t n = aw_mix(api->seed, ++api->n_requests, 0);
    aw_id_print(dst, "req_", (aw_id)(n & INT64_MAX));
}

void aw_call_text(struct aw_call *call, int status, const char *type, const char *text, size_t n,
                  const struct aw_http_header *headers, unsigned n_headers)
{
    struct aw_http_header all[MAX_HEADERS] = {{"Request-Id", call->request_id}};
    unsigned used = 1;
    if (call->rate_policy[0]) {
        all[used++] = (struct aw_http_header){"RateLimit-Policy", call->rate_policy};
        all[used++] = (struct aw_http_header){"RateLimit", call->rate_left};
    }
    while (n_headers-- && used < MAX_HEADERS)
        all[used++] = *headers++;
    struct aw_http_request *rq = call->rq;
    aw_requests_note(call, status, call->problem);
    aw_http_answer(rq, status, type, text, n, all, used);
    aw_wipe(call->token, sizeof(call->token));
    aw_free(call);
}

void aw_call_json(struct aw_call *call, int status, struct aw_buf *out,
                  const struct aw_http_header *headers, unsigned n_headers)
{
    if (out->over)
        aw_call_problem(call, AW_P_INTERNAL, "",
                        "the answer is too large: ask for less with limit");
    else
        aw_call_text(call, status, "application/json", aw_buf_str(out), out->n, headers, n_headers);
    aw_buf_free(out);
}

void aw_problem_json(struct aw_buf *out, enum aw_problem p, int status, const char *pointer,
                     const char *detail, const char *request_id)
{
    const struct aw_problem_info *info = aw_problem_info(p);
    struct aw_jsonw w;
    char type[64];

    snprintf(type, sizeof(type), "urn:ackwatch:problem:%s", info->code);
    aw_jw_init(&w, out);
    aw_jw_object(&w, NULL);
    aw_jw_str(&w, "type", type);
    aw_jw_str(&w, "title", info->title);
    aw_jw_int(&w, "status", status);
    aw_jw_str(&w, "code", info->code);
    if (detail[0])
        aw_jw_str(&w, "detail", detail);
    if (pointer[0]) {
        aw_jw_array(&w, "errors");
        aw_jw_object(&w, NULL);
        aw_jw_str(&w, "pointer", pointer);
        aw_jw_str(&w, "detail", detail);
        aw_jw_end(&w, '}');
        aw_jw_end(&w, ']');
    }
    aw_jw_str(&w, "request_id", request_id);
    aw_jw_end(&w, '}');
}

/* Seconds after which it is worth asking again; NULL: never, as it is. */
static const char *retry_after(enum aw_problem p)
{
    switch (p) {
    case AW_P_BUSY:
    case AW_P_TOO_FAST:
        return "1";
    case AW_P_STORE_FAILED:
    case AW_P_NOT_READY:
        return "5";
    case AW_P_STORE_FULL:
    case AW_P_RATE_LIMITED:
        return "60";
    default:
        return NULL;
    }
}

void aw_call_refuse(struct aw_call *call, enum aw_problem p, const char *pointer,
                    const char *detail)
{
    struct aw_http_header headers[2];
    unsigned n = 0;
    struct aw_buf out = AW_BUF_INIT(256 << 10);
    int status = aw_problem_info(p)->status;

    aw_problem_json(&out, p, status, pointer, detail, call->request_id);
    call->problem = aw_problem_info(p)->code;
    if (retry_after(p))
        headers[n++] = (struct aw_http_header){"Retry-After", retry_after(p)};
    if (p == AW_P_UNAUTHENTICATED)
        headers[n++] = (struct aw_http_header){"WWW-Authenticate", "Bearer realm=\"ackwatch\""};
    if (p == AW_P_METHOD_NOT_ALLOWED)
        headers[n++] = (struct aw_http_header){"Allow", call->allow};
    aw_call_text(call, status, "application/problem+json", aw_buf_str(&out), out.n, headers, n);
    aw_buf_free(&out);
}

void aw_call_problem(struct aw_call *call, enum aw_problem p, const char *pointer, const char *fmt,
                     ...)
{
    char text[1024];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    aw_call_refuse(call, p, pointer, text);
}

void aw_call_fault(struct aw_call *call, const struct aw_fault *fault)
{
    aw_call_refuse(call, fault->problem, fault->pointer, fault->detail);
}

void aw_call_not_found(struct aw_call *call, const char *what)
{
    aw_call_problem(call, AW_P_NOT_FOUND, "", "no such %s", what);
}

void aw_list_open(struct aw_jsonw *w, struct aw_buf *out)
{
    aw_jw_init(w, out);
    aw_jw_object(w, NULL);
    aw_jw_array(w, "data");
}

/* <path?query less after, and the cursor>; rel="next" */
static void link_next(const struct aw_http_view *view, const char *cursor, struct aw_buf *out)
{
    const char *list = view->query;
    struct aw_form_pair pair;

    aw_buf_printf(out, "<%s?", view->path);
    while (aw_form_next(&list, &pair)) {
        if (pair.n_name == 5 && memcmp(pair.name, "after", 5) == 0)
            continue;
        aw_buf_add(out, pair.name, (size_t)(pair.value + pair.n_value - pair.name));
        aw_buf_putc(out, '&');
    }
    aw_buf_printf(out, "after=%s>; rel=\"next\"", cursor);
}

void aw_call_list(struct aw_call *call, struct aw_jsonw *w, const char *cursor)
{
    struct aw_buf link = AW_BUF_INIT(16 << 10);
    aw_jw_end(w, ']');
    aw_jw_str(w, "next", cursor);
    aw_jw_end(w, '}');
    if (cursor)
        link_next(call->view, cursor, &link);
    struct aw_http_header header = {"Link", aw_buf_str(&link)};
    aw_call_json(call, 200, w->out, &header, cursor != NULL);
    aw_buf_free(&link);
}
