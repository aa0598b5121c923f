/* SPDX-License-Identifier: Apache-2.0
 *
 * The demo provider of docs/channels.md, whole: "Beacon", an invented SMS service. It takes JSON,
 * answers with an id or a code, recognises a repeated key for a day, and posts receipts to
 * /in/CHANNEL/SECRET. Its settings and capability record stand in core/provider.c when it is real.
 * No network here; any thread.
 */
#include "chan/call.h"
#include "chan/inbound.h"

#include <stdio.h>
#include <string.h>

#include "base/id.h"
#include "base/mem.h"
#include "base/str.h"
#include "codec/json.h"
#include "codec/jsonw.h"

static const struct aw_setting settings[] = {
    {"url", AW_SET_URL, .required = true, .help = "base of the API"},
    {"token", AW_SET_SECRET, .required = true, .help = "bearer token"},
    {"receipt_secret", AW_SET_SECRET, .help = "last part of the receipt URL /in/CHANNEL/SECRET"},
    {.key = NULL},
};

extern const struct aw_provider demo_provider;
const struct aw_provider demo_provider = {
    .name = "beacon",
    .kind = AW_SMS,
    .settings = settings,
    .receipts = true,
    .best = AW_DELIVERED,
    .repeats = AW_REPEATS_BY_KEY,
    .repeat_life = AW_DAY,
    .limits = {{60, AW_MINUTE}},
    .throttle = 30 * AW_SECOND,
    .unknown = AW_MINUTE,
};

static const struct aw_code_class classes[] = {
    {10, 19, AW_OUT_AUTH, NULL},      /* token, rights, money */
    {20, 20, AW_OUT_NO_TARGET, NULL}, /* no such number */
    {21, 29, AW_OUT_REFUSED, NULL},   /* the text */
    {30, 30, AW_OUT_THROTTLED, NULL}, {90, 99, AW_OUT_TRANSIENT, NULL}, {0},
};

static int build(const struct aw_chan_env *env, const struct aw_send *s, struct aw_http_call *c,
                 struct aw_err *err)
{
    const char *url = aw_channel_get(s->channel, "url");
    AW_AUTO(aw_buf_free) struct aw_buf token = AW_BUF_INIT(AW_HEADER_MAX);
    struct aw_jsonw w;
    (void)env;
    aw_call_init(c, "POST");
    if (!url || !s->phone || !s->text)
        return aw_fail(err, AW_EINVAL, "an SMS needs a phone number and a text");
    aw_buf_printf(&c->url, "%s/messages", url);
    aw_buf_printf(&token, "Bearer %s", aw_channel_get(s->channel, "token"));
    aw_jw_init(&w, &c->body);
    aw_jw_object(&w, NULL);
    aw_jw_id(&w, "key", "aw_", s->ref); /* the same on every try */
    aw_jw_str(&w, "to", s->phone);
    aw_jw_str(&w, "text", s->text);
    aw_jw_end(&w, '}');
    if (aw_call_header(c, "Authorization", aw_buf_str(&token), err) != 0 ||
        aw_call_header(c, "Content-Type", "application/json", err) != 0)
        return AW_EINVAL;
    return aw_call_check(c, err);
}

static void read_reply(const struct aw_send *s, const struct aw_http_reply *r,
                       struct aw_result *ret)
{
    char text[256] = "";
    json_t *body = NULL;
    uint64_t code = 0;
    if (!aw_result_begin(s, r, ret))
        return;
    if (aw_json_parse(r->body, r->n_body, AW_REPLY_MAX, &body, NULL) != 0)
        body = NULL;
    const char *id = aw_json_str(body, "id"), *why = aw_json_str(body, "message");
    if (aw_json_u64(json_object_get(body, "code"), &code) == 0 && code <= 99)
        ret->code = (int)code;
    enum aw_outcome outcome = ret->code ? aw_code_outcome(classes, ret->code, why) : AW_OUT_NONE;
    if (!outcome)
        outcome = aw_status_outcome(r->status);
    if (outcome == AW_OUT_ACCEPTED && !id)
        outcome = AW_OUT_UNKNOWN; /* somebody took it, and nobody can tell what for */
    if (outcome == AW_OUT_THROTTLED)
        ret->wait = aw_wait(s->channel, r->retry_after);
    if (outcome == AW_OUT_ACCEPTED)
        snprintf(ret->provider_id, sizeof ret->provider_id, "%.100s", id);
    else
        snprintf(text, sizeof text, "HTTP %d, code %d %s", r->status, ret->code, why ? why : "");
    aw_result_end(s, ret, outcome, text, strlen(text));
    json_decref(body);
}

static void receive(const struct aw_channel *ch, const struct aw_inbound *in, struct aw_news *ret)
{
    struct aw_letter l = {.channel = ch, .in = in, .news = ret};
    char key[64], state[32];
    if (!aw_letter_secret(&l, "receipt_secret")) {
        aw_letter_refuse(&l, AW_P_NOT_FOUND, "there is nothing at this path");
        return;
    }
    if (!aw_letter_open(&l, ch, in, ret))
        return;
    aw_id ref;
    if (aw_letter_value(&l, "key", key, sizeof key) && aw_id_parse(key, "aw_", &ref) == 0 &&
        aw_letter_value(&l, "state", state, sizeof state)) {
        struct aw_receipt *r = aw_news_receipt(ret);
        r->ref = ref;
        r->level = aw_streq(state, "delivered") ? AW_DELIVERED : AW_LEVEL_NONE;
        r->negative = aw_streq(state, "dead") ? AW_NEG_BOUNCED : AW_NEG_NONE;
    }
    aw_letter_close(&l);
}

extern const struct aw_provider_ops demo_ops;
const struct aw_provider_ops demo_ops = {
    .name = "beacon",
    .build = build,
    .read = read_reply,
    .receive = receive,
};
