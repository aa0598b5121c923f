/* SPDX-License-Identifier: Apache-2.0
 *
 * An event posted to an application or to operators: CloudEvents 1.0 in structured mode, signed
 * as Standard Webhooks say. webhook-id and the event's id are our reference, so that every try of
 * a firing or of a callback carries the same; the time stamp is the instant of the claim. No
 * network here; any thread.
 */
#include "chan/call.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "codec/digest.h"
#include "codec/jsonw.h"

static void write_event(struct aw_buf *out, const struct aw_chan_env *env, const struct aw_send *s,
                        const char *id)
{
    char sequence[24];
    struct aw_jsonw w;
    aw_jw_init(&w, out);
    aw_jw_object(&w, NULL);
    aw_jw_str(&w, "specversion", "1.0");
    aw_jw_str(&w, "id", id);
    aw_jw_str(&w, "source", env->node);
    aw_jw_str(&w, "type", s->event_type ? s->event_type : "ackwatch.notice");
    if (s->message)
        aw_jw_id(&w, "subject", "msg_", s->message);
    aw_jw_time(&w, "time", s->event_time ? s->event_time : s->time);
    if (s->sequence) { /* as text that sorts (CloudEvents extension "sequence") */
        snprintf(sequence, sizeof sequence, "%019" PRId64, s->sequence);
        aw_jw_str(&w, "sequence", sequence);
    }
    if (s->trace) /* CloudEvents extension "distributed tracing" */
        aw_jw_str(&w, "traceparent", s->trace);
    aw_jw_str(&w, "datacontenttype", "application/json");
    if (s->data_json) {
        aw_jw_raw(&w, "data", s->data_json, strlen(s->data_json));
    } else {
        aw_jw_object(&w, "data");
        if (s->title)
            aw_jw_str(&w, "title", s->title);
        aw_jw_str(&w, "text", s->text);
        aw_jw_end(&w, '}');
    }
    aw_jw_end(&w, '}');
}

/* One signature for each secret: while a receiver changes to a new one, it finds both. */
static void sign(char dst[160], const struct aw_channel *ch, const char *id, int64_t seconds,
                 const struct aw_buf *body)
{
    static const char *const keys[] = {"secret", "previous_secret"};
    size_t n = 0;
    for (unsigned i = 0; i < AW_COUNT(keys); i++) {
        const char *secret = aw_channel_get(ch, keys[i]);
        char one[64];
        if (!secret)
            continue;
        aw_webhook_sign(one, secret, id, seconds, aw_buf_str(body), body->n);
        n += (size_t)snprintf(dst + n, 160 - n, "%s%s", n ? " " : "", one);
    }
}

static int build(const struct aw_chan_env *env, const struct aw_send *s, struct aw_http_call *c,
                 struct aw_err *err)
{
    const char *url = aw_channel_get(s->channel, "url"),
               *secret = aw_channel_get(s->channel, "secret");
    char id[AW_ID_TEXT], stamp[24], signature[160];
    int64_t seconds = s->time / AW_SECOND;
    aw_call_init(c, "POST");
    if (!url || !secret)
        return aw_fail(err, AW_EINVAL, "channel %s lacks url or secret", s->channel->name);
    aw_buf_puts(&c->url, url);
    aw_id_print(id, s->sequence ? "evt_" : "aw_", s->ref);
    write_event(&c->body, env, s, id);
    if (aw_call_check(c, err) != 0)
        return AW_EINVAL;
    snprintf(stamp, sizeof stamp, "%" PRId64, seconds);
    sign(signature, s->channel, id, seconds, &c->body);
    if (aw_call_header(c, "Content-Type", "application/cloudevents+json; charset=utf-8", err) !=
            0 ||
        aw_call_header(c, "webhook-id", id, err) != 0 ||
        aw_call_header(c, "webhook-timestamp", stamp, err) != 0 ||
        aw_call_header(c, "webhook-signature", signature, err) != 0)
        return AW_EINVAL;
    return aw_call_check(c, err);
}

static void read_reply(const struct aw_send *s, const struct aw_http_reply *r,
                       struct aw_result *ret)
{
    char text[32];
    if (!aw_result_begin(s, r, ret))
        return;
    enum aw_outcome outcome = aw_status_outcome(r->status); /* 410, "gone", is a refusal */
    if (outcome == AW_OUT_THROTTLED)
        ret->wait = aw_wait(s->channel, r->retry_after);
    snprintf(text, sizeof text, "HTTP %d", r->status);
    aw_result_end(s, ret, outcome, outcome == AW_OUT_ACCEPTED ? "" : text,
                  outcome == AW_OUT_ACCEPTED ? 0 : strlen(text));
}

const struct aw_provider_ops aw_webhook_ops = {
    .name = "webhook",
    .build = build,
    .read = read_reply,
};
