/* SPDX-License-Identifier: Apache-2.0
 *
 * The providers that speak HTTP, by name, and the parts that all of them share: reading the
 * answers that are the same everywhere, adding a header, freeing a call. No network here; any
 * thread.
 */
#include "chan/call.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "chan/detail.h"

#define CUT "…"

const struct aw_provider_ops *aw_provider_ops_find(const char *name)
{
    static const struct aw_provider_ops *const all[] = {
        &aw_jpush_ops,  &aw_gateway_ops, &aw_webhook_ops,  &aw_wecom_ops,     &aw_dingtalk_ops,
        &aw_feishu_ops, &aw_jsms_ops,    &aw_jmessage_ops, &aw_heartbeat_ops,
    };
    for (unsigned i = 0; i < AW_COUNT(all); i++)
        if (strcmp(all[i]->name, name) == 0)
            return all[i];
    return NULL;
}

void aw_call_init(struct aw_http_call *c, const char *method)
{
    memset(c, 0, sizeof *c);
    c->method = method;
    c->url.max = AW_URL_MAX;
    c->body.max = AW_BODY_MAX;
    c->userpwd.max = AW_HEADER_MAX;
    for (unsigned i = 0; i < AW_HTTP_HEADERS; i++)
        c->header[i].max = AW_HEADER_MAX;
}

int aw_call_header(struct aw_http_call *c, const char *name, const char *value, struct aw_err *err)
{
    if (c->n_headers == AW_HTTP_HEADERS)
        return aw_fail(err, AW_EINVAL, "more than %d request headers", AW_HTTP_HEADERS);
    if (!aw_utf8_clean(value, strlen(value), false) || !aw_utf8_clean(name, strlen(name), false))
        return aw_fail(err, AW_EINVAL, "a header has control bytes in its name or value");
    aw_buf_printf(&c->header[c->n_headers++], "%s: %s", name, value);
    return AW_OK;
}

int aw_call_check(const struct aw_http_call *c, struct aw_err *err)
{
    bool over = c->url.over || c->body.over || c->userpwd.over;
    for (unsigned i = 0; i < c->n_headers; i++)
        over = over || c->header[i].over;
    if (over)
        return aw_fail(err, AW_EINVAL, "the request would be too large");
    return AW_OK;
}

void aw_http_call_free(struct aw_http_call *c)
{
    if (c->userpwd.p)
        aw_wipe(c->userpwd.p, c->userpwd.n);
    aw_buf_free(&c->url);
    aw_buf_free(&c->body);
    aw_buf_free(&c->userpwd);
    for (unsigned i = 0; i < AW_HTTP_HEADERS; i++) {
        if (c->header[i].p)
            aw_wipe(c->header[i].p, c->header[i].n);
        aw_buf_free(&c->header[i]);
    }
}

void aw_percent(struct aw_buf *out, const char *s)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    for (; *s; s++) {
        if (strchr(plain, *s))
            aw_buf_putc(out, *s);
        else
            aw_buf_printf(out, "%%%02X", (unsigned char)*s);
    }
}

/* How many bytes of the text take at most max in JSON. */
static size_t fits(const char *text, size_t n, size_t max)
{
    size_t cost = 0, i = 0;
    for (; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        cost += c == '"' || c == '\\' || c == '\n' ? 2 : c < ' ' ? 6 : 1;
        if (cost > max)
            break;
    }
    return aw_utf8_cut(text, n, i);
}

void aw_call_cut(struct aw_buf *out, const char *text, size_t n, size_t max)
{
    size_t whole = fits(text, n, max);
    aw_buf_add(out, text, whole == n ? n : fits(text, n, max - strlen(CUT)));
    if (whole < n)
        aw_buf_puts(out, CUT);
}

enum aw_outcome aw_code_outcome(const struct aw_code_class *classes, int code, const char *text)
{
    for (const struct aw_code_class *c = classes; c->outcome; c++)
        if (code >= c->from && code <= c->to && (!c->words || (text && strcasestr(text, c->words))))
            return c->outcome;
    return AW_OUT_NONE;
}

enum aw_outcome aw_status_outcome(int status)
{
    static const struct aw_code_class classes[] = {
        {200, 299, AW_OUT_ACCEPTED, NULL},
        {401, 401, AW_OUT_AUTH, NULL},
        {403, 403, AW_OUT_AUTH, NULL},
        {407, 407, AW_OUT_AUTH, NULL},
        {408, 408, AW_OUT_TRANSIENT, NULL},
        {425, 425, AW_OUT_TRANSIENT, NULL},
        {429, 429, AW_OUT_THROTTLED, NULL},
        {400, 499, AW_OUT_REFUSED, NULL},
        {INT_MIN, INT_MAX, AW_OUT_TRANSIENT, NULL}, /* 1xx, 3xx, which we do not follow, and 5xx */
        {0},
    };
    return aw_code_outcome(classes, status, NULL);
}

aw_ms aw_wait(const struct aw_channel *ch, int seconds)
{
    if (seconds < 0)
        return ch->provider->throttle > 0 ? ch->provider->throttle : AW_MINUTE;
    return (seconds < 1 ? 1 : seconds) * AW_SECOND;
}

bool aw_result_begin(const struct aw_send *s, const struct aw_http_reply *r, struct aw_result *ret)
{
    memset(ret, 0, sizeof *ret);
    ret->attempt = s->attempt;
    if (r->end == AW_XFER_ANSWERED) {
        ret->http_status = r->status;
        if (r->status >= 500 && r->retry_after > 0) /* a 503 that says when to come again */
            ret->wait = r->retry_after * AW_SECOND;
        return true;
    }
    ret->outcome = r->end == AW_XFER_NOT_SENT ? AW_OUT_TRANSIENT : AW_OUT_UNKNOWN;
    aw_detail(ret->detail, s, r->error, strlen(r->error));
    return false;
}

void aw_report_begin(const struct aw_query *q, const struct aw_http_reply *r, struct aw_report *ret)
{
    memset(ret, 0, sizeof *ret);
    ret->channel = q->channel;
    ret->what = q->what;
    ret->n = q->n;
    for (unsigned i = 0; i < q->n; i++) {
        ret->items[i].timeline = q->items[i].timeline;
        ret->items[i].attempt = q->items[i].attempt;
    }
    ret->rate_limit = r->rate_limit;
    ret->rate_remaining = r->rate_remaining;
    ret->rate_reset = r->rate_reset;
    if (r->end == AW_XFER_ANSWERED)
        ret->http_status = r->status;
    else
        aw_detail_clean(ret->detail, r->error, strlen(r->error));
}

void aw_result_end(const struct aw_send *s, struct aw_result *ret, enum aw_outcome outcome,
                   const char *text, size_t n)
{
    ret->outcome = outcome;
    ret->level = outcome == AW_OUT_ACCEPTED ? AW_ACCEPTED : AW_LEVEL_NONE;
    aw_detail(ret->detail, s, text, n);
}
