/* SPDX-License-Identifier: Apache-2.0
 *
 * Robots of chat groups: WeCom, DingTalk, Feishu. The URL is the key, so it is a secret. A robot
 * posts to its group and mentions the person whose `im` address is that person's user id there (or,
 * but for Feishu, a mobile number of 11 digits). They answer HTTP 200 to nearly all and say in the
 * body what they think. There is no id to ask about and no idempotency: an answer that is lost may
 * mean a second post. No network here; any thread.
 */
#include "chan/call.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/digest.h"
#include "codec/json.h"
#include "codec/jsonw.h"

#define MOBILE  11 /* digits of a number in mainland China */
#define SIGNED  48 /* bytes that hold a signature in base64 */
#define IM_CHAR "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.@"

struct robot {
    const char *name;
    const char *before, *after; /* around the user id in the text, or NULL: the body has a member */
    size_t max;                 /* bytes of the text, as they stand in JSON */
    const char *code, *message; /* members of the answer */
    void (*write)(struct aw_jsonw *w, const struct aw_send *s, const char *text);
    const struct aw_code_class *classes; /* codes that no row has are refusals */
};

/* --- signatures ---------------------------------------------------------------------------- */

/* Base64 of HMAC-SHA256. Both sign "TIME\nSECRET": DingTalk with the secret as key, Feishu takes
 * that text for the key and signs nothing. */
static void sign(char dst[SIGNED], int64_t time, const char *secret, bool text_is_key)
{
    uint8_t mac[AW_SHA256];
    struct aw_buf text = AW_BUF_INIT(AW_HEADER_MAX);
    aw_buf_printf(&text, "%" PRId64 "\n%s", time, secret);
    if (text_is_key)
        aw_hmac256(mac, text.p, text.n, "", 0);
    else
        aw_hmac256(mac, secret, strlen(secret), text.p, text.n);
    aw_b64(dst, mac, sizeof mac);
    aw_wipe(text.p, text.n);
    aw_buf_free(&text);
}

static void sign_url(struct aw_buf *url, const struct aw_send *s, const char *secret)
{
    char signature[SIGNED];
    sign(signature, s->time, secret, false);
    aw_buf_printf(url, "%ctimestamp=%" PRId64 "&sign=", strchr(url->p, '?') ? '&' : '?', s->time);
    aw_percent(url, signature);
}

/* --- bodies -------------------------------------------------------------------------------- */

static bool is_mobile(const char *im)
{
    return strlen(im) == MOBILE && im[0] == '1' && strspn(im, "0123456789") == MOBILE;
}

static void write_mention(struct aw_jsonw *w, const char *im, const char *mobiles,
                          const char *users)
{
    aw_jw_array(w, is_mobile(im) ? mobiles : users);
    aw_jw_str(w, NULL, im);
    aw_jw_end(w, ']');
}

static void write_wecom(struct aw_jsonw *w, const struct aw_send *s, const char *text)
{
    aw_jw_str(w, "msgtype", "text");
    aw_jw_object(w, "text");
    aw_jw_str(w, "content", text);
    write_mention(w, s->im, "mentioned_mobile_list", "mentioned_list");
    aw_jw_end(w, '}');
}

static void write_dingtalk(struct aw_jsonw *w, const struct aw_send *s, const char *text)
{
    aw_jw_str(w, "msgtype", "text");
    aw_jw_object(w, "text");
    aw_jw_str(w, "content", text);
    aw_jw_end(w, '}');
    aw_jw_object(w, "at");
    write_mention(w, s->im, "atMobiles", "atUserIds");
    aw_jw_bool(w, "isAtAll", false);
    aw_jw_end(w, '}');
}

static void write_feishu(struct aw_jsonw *w, const struct aw_send *s, const char *text)
{
    const char *secret = aw_channel_get(s->channel, "secret");
    char stamp[24], signature[SIGNED];
    int64_t seconds = s->time / AW_SECOND;
    if (secret) {
        snprintf(stamp, sizeof stamp, "%" PRId64, seconds);
        sign(signature, seconds, secret, true);
        aw_jw_str(w, "timestamp", stamp);
        aw_jw_str(w, "sign", signature);
    }
    aw_jw_str(w, "msg_type", "text");
    aw_jw_object(w, "content");
    aw_jw_str(w, "text", text);
    aw_jw_end(w, '}');
}

/* --- the table ----------------------------------------------------------------------------- */

static const struct aw_code_class wecom_classes[] = {
    {-1, -1, AW_OUT_TRANSIENT, NULL},       /* busy */
    {45009, 45009, AW_OUT_THROTTLED, NULL}, /* 20 a minute */
    {45033, 45033, AW_OUT_THROTTLED, NULL}, /* too many at one time */
    {93000, 93000, AW_OUT_AUTH, NULL},      /* no such key */
    {0},
};
static const struct aw_code_class dingtalk_classes[] = {
    {-1, -1, AW_OUT_TRANSIENT, NULL},            /* busy */
    {130101, 130101, AW_OUT_THROTTLED, NULL},    /* 20 a minute: mute for ten */
    {410100, 410100, AW_OUT_THROTTLED, NULL},    /* the same, by its newer name */
    {300001, 300001, AW_OUT_AUTH, NULL},         /* no such token */
    {300005, 300005, AW_OUT_AUTH, NULL},         /* the same */
    {400101, 400101, AW_OUT_AUTH, NULL},         /* the same */
    {400013, 400013, AW_OUT_AUTH, NULL},         /* the group is gone */
    {400102, 400102, AW_OUT_AUTH, NULL},         /* the robot is switched off */
    {400106, 400106, AW_OUT_AUTH, NULL},         /* the robot is gone */
    {310000, 310000, AW_OUT_REFUSED, "keyword"}, /* this text lacks the robot's keyword */
    {310000, 310000, AW_OUT_AUTH, NULL},         /* signature, time or our address */
    {0},
};
static const struct aw_code_class feishu_classes[] = {
    {11232, 11232, AW_OUT_THROTTLED, NULL},      /* 100 a minute, 5 a second */
    {9499, 9499, AW_OUT_REFUSED, "bad request"}, /* the number has two meanings */
    {9499, 9499, AW_OUT_THROTTLED, NULL},        /* too many requests */
    {19001, 19001, AW_OUT_AUTH, NULL},           /* no such token */
    {19021, 19021, AW_OUT_AUTH, NULL},           /* signature or time */
    {19022, 19022, AW_OUT_AUTH, NULL},           /* our address */
    {0},
};

static const struct robot robots[] = {
    {"wecom", NULL, NULL, 2048, "errcode", "errmsg", write_wecom, wecom_classes},
    {"dingtalk", "@", " ", 19000, "errcode", "errmsg", write_dingtalk, dingtalk_classes},
    {"feishu", "<at user_id=\"", "\"></at> ", 19000, "code", "msg", write_feishu, feishu_classes},
};

static const struct robot *robot_of(const struct aw_channel *ch)
{
    unsigned i = 0;
    while (i + 1 < AW_COUNT(robots) && strcmp(robots[i].name, ch->provider->name) != 0)
        i++;
    return &robots[i];
}

/* --- request ------------------------------------------------------------------------------- */

/* The text with tags that would mention somebody ("<at", "<@") made harmless. */
static void put_harmless(struct aw_buf *out, const char *text)
{
    for (; *text; text++) {
        bool tag = text[0] == '<' && (text[1] == '@' || (tolower((unsigned char)text[1]) == 'a' &&
                                                         tolower((unsigned char)text[2]) == 't'));
        if (tag)
            aw_buf_puts(out, "＜");
        else
            aw_buf_putc(out, *text);
    }
}

/* Mention, title and text; what is too long is cut, since a shorter alarm is better than none. */
static void put_text(struct aw_buf *out, const struct robot *r, const struct aw_send *s)
{
    AW_AUTO(aw_buf_free) struct aw_buf all = AW_BUF_INIT(AW_BODY_MAX);
    if (r->before)
        aw_buf_printf(&all, "%s%s%s", r->before, s->im, r->after);
    if (s->title && !aw_streq(s->title, s->text)) {
        put_harmless(&all, s->title);
        aw_buf_putc(&all, '\n');
    }
    put_harmless(&all, s->text);
    aw_call_cut(out, aw_buf_str(&all), all.n, r->max);
}

/* conf/ cannot look at a secret's form, so it is done here; the error must not show it. */
static int put_url(struct aw_http_call *c, const struct aw_channel *ch, struct aw_err *err)
{
    const char *url = aw_channel_get(ch, "url");
    if (!url || (!aw_starts(url, "https://") && !aw_starts(url, "http://")))
        return aw_fail(err, AW_EINVAL, "channel %s: the secret \"url\" is not an http(s) URL",
                       ch->name);
    for (const char *p = url; *p; p++)
        if (*p <= ' ' || *p >= 0x7f || *p == '#')
            return aw_fail(err, AW_EINVAL,
                           "channel %s: the secret \"url\" has a blank or other "
                           "byte that no URL of a robot has",
                           ch->name);
    aw_buf_puts(&c->url, url);
    return AW_OK;
}

static int build(const struct aw_chan_env *env, const struct aw_send *s, struct aw_http_call *c,
                 struct aw_err *err)
{
    const struct robot *r = robot_of(s->channel);
    const char *secret = aw_channel_get(s->channel, "secret");
    AW_AUTO(aw_buf_free) struct aw_buf text = AW_BUF_INIT(AW_BODY_MAX);
    struct aw_jsonw w;
    (void)env;
    aw_call_init(c, "POST");
    if (put_url(c, s->channel, err) != 0)
        return AW_EINVAL;
    if (!s->im || !*s->im || s->im[strspn(s->im, IM_CHAR)] || !s->text)
        return aw_fail(err, AW_EINVAL,
                       "a post needs a text and, as im address, a user id (letters, "
                       "digits, - _ . @) or a number of 11 digits");
    if (strcmp(r->name, "dingtalk") == 0 && secret)
        sign_url(&c->url, s, secret);
    put_text(&text, r, s);
    aw_jw_init(&w, &c->body);
    aw_jw_object(&w, NULL);
    r->write(&w, s, aw_buf_str(&text));
    aw_jw_end(&w, '}');
    if (aw_call_header(c, "Content-Type", "application/json; charset=utf-8", err) != 0)
        return AW_EINVAL;
    return aw_call_check(c, err);
}

/* --- answer -------------------------------------------------------------------------------- */

/* No code in the answer: a proxy spoke, or a robot that we do not know. */
static enum aw_outcome without_code(int status)
{
    enum aw_outcome o = aw_status_outcome(status);
    return o == AW_OUT_ACCEPTED                      ? AW_OUT_UNKNOWN
           : o == AW_OUT_REFUSED || o == AW_OUT_AUTH ? AW_OUT_TRANSIENT
                                                     : o;
}

static void read_reply(const struct aw_send *s, const struct aw_http_reply *r,
                       struct aw_result *ret)
{
    const struct robot *robot = robot_of(s->channel);
    char text[512] = "";
    json_t *body = NULL;
    if (!aw_result_begin(s, r, ret))
        return;
    if (aw_json_parse(r->body, r->n_body, AW_REPLY_MAX, &body, NULL) != 0)
        body = NULL;
    const json_t *code = json_object_get(body, robot->code);
    const char *message = aw_json_str(body, robot->message);
    json_int_t n = json_is_integer(code) ? json_integer_value(code) : 0;
    enum aw_outcome outcome = AW_OUT_ACCEPTED;
    if (!json_is_integer(code) || n < -1 || n > 99999999 || (n == 0 && r->status / 100 != 2)) {
        outcome = without_code(r->status);
        snprintf(text, sizeof text, "HTTP %d without an answer of %s", r->status, robot->name);
    } else if (n != 0) {
        ret->code = (int)n;
        outcome = aw_code_outcome(robot->classes, ret->code, message);
        if (outcome == AW_OUT_NONE)
            outcome = AW_OUT_REFUSED;
        snprintf(text, sizeof text, "%d %s", ret->code, message ? message : "");
    }
    if (outcome == AW_OUT_THROTTLED)
        ret->wait = aw_wait(s->channel, r->retry_after);
    aw_result_end(s, ret, outcome, text, strlen(text));
    json_decref(body);
}

const struct aw_provider_ops aw_wecom_ops = {.name = "wecom", .build = build, .read = read_reply};
const struct aw_provider_ops aw_dingtalk_ops = {
    .name = "dingtalk",
    .build = build,
    .read = read_reply,
};
const struct aw_provider_ops aw_feishu_ops = {.name = "feishu", .build = build, .read = read_reply};
