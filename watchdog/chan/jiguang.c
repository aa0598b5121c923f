/* SPDX-License-Identifier: Apache-2.0
 *
 * Their code says more than the HTTP status, where there is one. A refusal that is not in their
 * words came from something on the way, and is tried again.
 */
#include "chan/jiguang.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "codec/json.h"

#define CODE_MAX 999999

int aw_jiguang_call(struct aw_http_call *c, const char *method, const struct aw_channel *ch,
                    const char *path, struct aw_err *err)
{
    const char *url = aw_channel_get(ch, "url"), *key = aw_channel_get(ch, "app_key"),
               *secret = aw_channel_get(ch, "master_secret");
    aw_call_init(c, method);
    if (!url || !key || !secret)
        return aw_fail(err, AW_EINVAL, "channel %s lacks url, app_key or master_secret", ch->name);
    size_t n = strlen(url);
    aw_buf_printf(&c->url, "%s%s%s", url, n && url[n - 1] == '/' ? "" : "/", path);
    aw_buf_printf(&c->userpwd, "%s:%s", key, secret);
    return AW_OK;
}

int aw_jiguang_begin(struct aw_http_call *c, const struct aw_channel *ch, const char *path,
                     struct aw_err *err)
{
    if (aw_jiguang_call(c, "POST", ch, path, err) != AW_OK)
        return AW_EINVAL;
    return aw_call_header(c, "Content-Type", "application/json", err);
}

static enum aw_outcome classify(int status, int code, const struct aw_code_class *classes)
{
    enum aw_outcome by_code = code ? aw_code_outcome(classes, code, NULL) : AW_OUT_NONE;
    if (by_code)
        return by_code;
    enum aw_outcome o = aw_status_outcome(status);
    if (code && status < 500)
        return o == AW_OUT_AUTH && status == 401 ? o : AW_OUT_REFUSED;
    if (o == AW_OUT_ACCEPTED)
        return AW_OUT_UNKNOWN; /* it was taken by somebody, and nobody can tell what for */
    return o == AW_OUT_REFUSED || (o == AW_OUT_AUTH && status != 401) ? AW_OUT_TRANSIENT : o;
}

void aw_jiguang_read(const struct aw_send *s, const struct aw_http_reply *r,
                     const struct aw_code_class *classes, struct aw_result *ret)
{
    char text[512];
    json_t *body = NULL;
    uint64_t id, code;
    if (!aw_result_begin(s, r, ret))
        return;
    if (aw_json_parse(r->body, r->n_body, AW_REPLY_MAX, &body, NULL) != 0)
        body = NULL;
    const json_t *error = json_object_get(body, "error");
    const char *message = aw_json_str(error, "message");
    if (!error && r->status / 100 == 2 && aw_json_u64(json_object_get(body, "msg_id"), &id) == 0) {
        snprintf(ret->provider_id, sizeof ret->provider_id, "%" PRIu64, id);
        aw_result_end(s, ret, AW_OUT_ACCEPTED, "", 0);
        json_decref(body);
        return;
    }
    if (aw_json_u64(json_object_get(error, "code"), &code) == 0 && code <= CODE_MAX)
        ret->code = (int)code;
    enum aw_outcome outcome = classify(r->status, ret->code, classes);
    if (outcome == AW_OUT_THROTTLED)
        ret->wait = aw_wait(s->channel, r->rate_reset >= 0 ? r->rate_reset : r->retry_after);
    if (ret->code)
        snprintf(text, sizeof text, "%d %s", ret->code, message ? message : "");
    else
        snprintf(text, sizeof text, "HTTP %d without a msg_id or a code", r->status);
    aw_result_end(s, ret, outcome, text, strlen(text));
    json_decref(body);
}
