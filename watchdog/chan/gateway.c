/* SPDX-License-Identifier: Apache-2.0
 *
 * SMS through any gateway that speaks HTTP: URL, method, fields and the test of success stand in
 * the environment file (core/provider.c lists the settings). Fields and headers are texts with
 * {{to}} {{text}} {{ref}} {{receipt_url}} {{user}} {{password}}. Receipts and replies come to
 * /in/CHANNEL/SECRET as query, form or JSON, by GET or POST, with names that are settings too. No
 * network here; any thread.
 */
#include "chan/call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/str.h"
#include "chan/inbound.h"
#include "codec/json.h"
#include "codec/jsonw.h"

#define FIELD  "fields."
#define HEADER "headers."

/* --- placeholders -------------------------------------------------------------------------- */

static void put_receipt_url(struct aw_buf *out, const struct aw_chan_env *env,
                            const struct aw_channel *ch)
{
    const char *secret = aw_channel_get(ch, "receipt_secret");
    if (!env->public_url || !secret)
        return;
    size_t n = strlen(env->public_url);
    while (n && env->public_url[n - 1] == '/')
        n--;
    aw_buf_printf(out, "%.*s/in/", (int)n, env->public_url);
    aw_percent(out, ch->name);
    aw_buf_putc(out, '/');
    aw_percent(out, secret);
}

static int put_value(struct aw_buf *out, const struct aw_chan_env *env, const struct aw_send *s,
                     const char *name, size_t n, struct aw_err *err)
{
    char ref[AW_ID_TEXT];
    aw_id_print(ref, "aw_", s->ref);
    const struct {
        const char *name, *value;
    } values[] = {
        {"to", s->phone},
        {"text", s->text},
        {"ref", ref},
        {"user", aw_channel_get(s->channel, "user")},
        {"password", aw_channel_get(s->channel, "password")},
    };
    for (unsigned i = 0; i < AW_COUNT(values); i++) {
        if (strlen(values[i].name) != n || memcmp(values[i].name, name, n) != 0)
            continue;
        aw_buf_puts(out, values[i].value ? values[i].value : "");
        return AW_OK;
    }
    if (n == strlen("receipt_url") && memcmp(name, "receipt_url", n) == 0) {
        put_receipt_url(out, env, s->channel);
        return AW_OK;
    }
    return aw_fail(err, AW_EINVAL,
                   "channel %s: {{%.*s}} is none of to text ref receipt_url user "
                   "password",
                   s->channel->name, (int)(n < 40 ? n : 40), name);
}

static int expand(struct aw_buf *out, const struct aw_chan_env *env, const struct aw_send *s,
                  const char *text, struct aw_err *err)
{
    for (const char *open; (open = strstr(text, "{{"));) {
        const char *name = open + 2, *close = strstr(name, "}}");
        if (!close)
            break;
        aw_buf_add(out, text, (size_t)(open - text));
        if (put_value(out, env, s, name, (size_t)(close - name), err) != 0)
            return AW_EINVAL;
        text = close + 2;
    }
    aw_buf_puts(out, text);
    return AW_OK;
}

/* --- request ------------------------------------------------------------------------------- */

enum format { FORM, JSON, QUERY };

/* Calls for each setting "PREFIX<name>" with the name and the expanded value. */
static int each_pair(const struct aw_chan_env *env, const struct aw_send *s, const char *prefix,
                     int (*put)(void *to, const char *name, const char *value, struct aw_err *err),
                     void *to, struct aw_err *err)
{
    AW_AUTO(aw_buf_free) struct aw_buf value = AW_BUF_INIT(AW_BODY_MAX);
    int r = AW_OK;
    for (unsigned i = 0; r == AW_OK && i < s->channel->n_settings; i++) {
        const struct aw_channel_setting *set = &s->channel->settings[i];
        if (!aw_starts(set->key, prefix) || !set->value)
            continue;
        aw_buf_reset(&value);
        r = expand(&value, env, s, set->value, err);
        if (r == AW_OK)
            r = put(to, set->key + strlen(prefix), aw_buf_str(&value), err);
    }
    if (value.p)
        aw_wipe(value.p, value.n);
    return r;
}

static int put_header(void *to, const char *name, const char *value, struct aw_err *err)
{
    return aw_call_header(to, name, value, err);
}

/* name=value&... */
static int put_form(void *to, const char *name, const char *value, struct aw_err *err)
{
    struct aw_buf *out = to;
    (void)err;
    if (out->n)
        aw_buf_putc(out, '&');
    aw_percent(out, name);
    aw_buf_putc(out, '=');
    aw_percent(out, value);
    return AW_OK;
}

static int put_json(void *to, const char *name, const char *value, struct aw_err *err)
{
    (void)err;
    aw_jw_str(to, name, value);
    return AW_OK;
}

static int put_fields(const struct aw_chan_env *env, const struct aw_send *s, enum format format,
                      struct aw_http_call *c, struct aw_err *err)
{
    if (format == JSON) {
        struct aw_jsonw w;
        aw_jw_init(&w, &c->body);
        aw_jw_object(&w, NULL);
        int r = each_pair(env, s, FIELD, put_json, &w, err);
        aw_jw_end(&w, '}');
        return r != AW_OK ? r : aw_call_header(c, "Content-Type", "application/json", err);
    }
    if (format == FORM) {
        int r = each_pair(env, s, FIELD, put_form, &c->body, err);
        return r != AW_OK
                   ? r
                   : aw_call_header(c, "Content-Type", "application/x-www-form-urlencoded", err);
    }
    AW_AUTO(aw_buf_free) struct aw_buf query = AW_BUF_INIT(AW_URL_MAX);
    int r = each_pair(env, s, FIELD, put_form, &query, err);
    aw_buf_putc(&c->url, strchr(aw_buf_str(&c->url), '?') ? '&' : '?');
    aw_buf_puts(&c->url, aw_buf_str(&query));
    c->url.over = c->url.over || query.over;
    return r;
}

/* True when a field or header carries the password itself, so that Basic is not wanted. */
static bool password_in_pairs(const struct aw_channel *ch)
{
    for (unsigned i = 0; i < ch->n_settings; i++)
        if ((aw_starts(ch->settings[i].key, FIELD) || aw_starts(ch->settings[i].key, HEADER)) &&
            ch->settings[i].value && strstr(ch->settings[i].value, "{{password}}"))
            return true;
    return false;
}

static int build(const struct aw_chan_env *env, const struct aw_send *s, struct aw_http_call *c,
                 struct aw_err *err)
{
    const struct aw_channel *ch = s->channel;
    const char *url = aw_channel_get(ch, "url"), *format = aw_channel_get(ch, "format"),
               *user = aw_channel_get(ch, "user"), *password = aw_channel_get(ch, "password");
    bool get = aw_streq(aw_channel_get(ch, "method"), "GET");
    aw_call_init(c, get ? "GET" : "POST");
    if (!url || !s->phone || !s->text)
        return aw_fail(err, AW_EINVAL, "an SMS needs the channel's url, a number and a text");
    aw_buf_puts(&c->url, url);
    enum format f = get || aw_streq(format, "query") ? QUERY
                    : aw_streq(format, "json")       ? JSON
                                                     : FORM;
    if (put_fields(env, s, f, c, err) != 0 || each_pair(env, s, HEADER, put_header, c, err) != 0)
        return AW_EINVAL;
    if (user && !password_in_pairs(ch)) {
        if (strchr(user, ':'))
            return aw_fail(err, AW_EINVAL, "channel %s: HTTP Basic has no user with a colon",
                           ch->name);
        aw_buf_printf(&c->userpwd, "%s:%s", user, password ? password : "");
    }
    return aw_call_check(c, err);
}

/* --- answer -------------------------------------------------------------------------------- */

/* RFC 6901, for objects and arrays; NULL when nothing is there. */
static const json_t *at_pointer(const json_t *v, const char *pointer)
{
    char name[128];
    while (v && *pointer == '/') {
        size_t n = 0;
        for (pointer++; *pointer && *pointer != '/'; pointer++) {
            char c = *pointer;
            if (c == '~' && (pointer[1] == '0' || pointer[1] == '1'))
                c = *++pointer == '1' ? '/' : '~';
            if (n + 1 == sizeof name)
                return NULL;
            name[n++] = c;
        }
        name[n] = '\0';
        uint64_t index;
        if (json_is_object(v))
            v = json_object_get(v, name);
        else if (json_is_array(v) && aw_parse_u64(name, n, 1000000, &index) == 0)
            v = json_array_get(v, (size_t)index);
        else
            v = NULL;
    }
    return *pointer ? NULL : v;
}

/* A scalar as text; false when there is none. */
static bool text_at(const json_t *body, const char *pointer, char dst[128])
{
    return aw_scalar_text(pointer ? at_pointer(body, pointer) : NULL, dst, 128);
}

/* True when `status` is in a list such as "200-299 304". */
static bool status_in(const char *list, int status)
{
    if (!list)
        return status >= 200 && status <= 299;
    for (size_t n; *(list += strspn(list, " ,")); list += n) {
        char *end;
        n = strcspn(list, " ,");
        long from = strtol(list, &end, 10), to = *end == '-' ? strtol(end + 1, NULL, 10) : from;
        if (status >= from && status <= to)
            return true;
    }
    return false;
}

/* What the answer means; the gateway's own code, where one is configured, goes to code. */
static enum aw_outcome judge(const struct aw_channel *ch, const struct aw_http_reply *r,
                             const json_t *body, char code[128])
{
    const char *pointer = aw_channel_get(ch, "success_pointer");
    const char *success = aw_channel_get(ch, "success_value");
    bool good = status_in(aw_channel_get(ch, "success_status"), r->status);
    bool coded = text_at(body, pointer, code);
    if (!coded)
        code[0] = '\0';
    if (coded && aw_has_word(aw_channel_get(ch, "refused_values"), code))
        return AW_OUT_REFUSED;
    if (!good) {
        enum aw_outcome o = aw_status_outcome(r->status);
        return o == AW_OUT_ACCEPTED ? AW_OUT_TRANSIENT : o;
    }
    if (!pointer)
        return AW_OUT_ACCEPTED;
    if (!coded)
        return AW_OUT_UNKNOWN; /* it took the request, and nobody can tell what for */
    return strcmp(code, success ? success : "0") == 0 ? AW_OUT_ACCEPTED : AW_OUT_TRANSIENT;
}

static void read_reply(const struct aw_send *s, const struct aw_http_reply *r,
                       struct aw_result *ret)
{
    char code[128], text[256], id[128];
    json_t *body = NULL;
    uint64_t n;
    if (!aw_result_begin(s, r, ret))
        return;
    if (aw_json_parse(r->body, r->n_body, AW_REPLY_MAX, &body, NULL) != 0)
        body = NULL;
    enum aw_outcome outcome = judge(s->channel, r, body, code);
    if (aw_parse_u64(code, strlen(code), INT32_MAX, &n) == 0)
        ret->code = (int)n;
    if (outcome == AW_OUT_THROTTLED)
        ret->wait = aw_wait(s->channel, r->retry_after);
    if (outcome == AW_OUT_ACCEPTED && text_at(body, aw_channel_get(s->channel, "id_pointer"), id) &&
        aw_utf8_clean(id, strlen(id), false))
        memcpy(ret->provider_id, id, strlen(id) + 1);
    if (outcome == AW_OUT_ACCEPTED)
        text[0] = '\0';
    else if (code[0])
        snprintf(text, sizeof text, "HTTP %d, code %s of the gateway", r->status, code);
    else
        snprintf(text, sizeof text, "HTTP %d", r->status);
    aw_result_end(s, ret, outcome, text, strlen(text));
    json_decref(body);
}

/* --- receipts and replies ------------------------------------------------------------------ */

/* The value under the name that a setting gives. */
static bool named(const struct aw_letter *l, const char *setting, char *dst, size_t cap)
{
    const char *name = aw_channel_get(l->channel, setting);
    dst[0] = '\0';
    return name && aw_letter_value(l, name, dst, cap);
}

/* False: it is no receipt. One of a status that is on no list is no news. */
static bool take_receipt(struct aw_letter *l)
{
    static const struct {
        const char *setting;
        enum aw_level level;
        enum aw_negative negative;
    } meanings[] = {
        {"receipt_delivered", AW_DELIVERED, AW_NEG_NONE},
        {"receipt_failed", AW_LEVEL_NONE, AW_NEG_BOUNCED},
        {"receipt_sent", AW_SENT, AW_NEG_NONE},
    };
    char ref[64], status[128];
    aw_id id;
    if (!named(l, "receipt_ref", ref, sizeof ref) || aw_id_parse(ref, "aw_", &id) != 0 ||
        !named(l, "receipt_status", status, sizeof status))
        return false;
    for (unsigned i = 0; i < AW_COUNT(meanings); i++) {
        if (!aw_has_word(aw_channel_get(l->channel, meanings[i].setting), status))
            continue;
        struct aw_receipt *r = aw_news_receipt(l->news);
        r->ref = id;
        r->level = meanings[i].level;
        r->negative = meanings[i].negative;
        break;
    }
    return true;
}

/* Whatever is answered is shown to the person by gateways that pass it on: nothing, at first. */
static void take_reply(struct aw_letter *l)
{
    const char *name = aw_channel_get(l->channel, "reply_text");
    char from[sizeof(((struct aw_said *)0)->from)], charset[64];
    if (!named(l, "reply_from", from, sizeof from) || !name)
        return;
    struct aw_said *said = aw_news_reply(l->news);
    memcpy(said->from, from, strlen(from) + 1);
    bool wide = named(l, "reply_charset", charset, sizeof charset) &&
                (strcasecmp(charset, "UTF-16BE") == 0 || strcasecmp(charset, "UCS-2") == 0);
    aw_letter_said(l, name, wide, said);
    l->news->text[0] = '\0';
    l->news->wide = "X-Kannel-Coding"; /* else Kannel makes question marks of Chinese */
}

static void receive(const struct aw_channel *ch, const struct aw_inbound *in, struct aw_news *ret)
{
    struct aw_letter l = {.channel = ch, .in = in, .news = ret};
    if (!aw_letter_secret(&l, "receipt_secret")) {
        aw_letter_refuse(&l, AW_P_NOT_FOUND, "there is nothing at this path");
        return;
    }
    if (!aw_letter_open(&l, ch, in, ret))
        return;
    snprintf(ret->text, sizeof ret->text, "ok");
    if (!take_receipt(&l))
        take_reply(&l);
    aw_letter_close(&l);
}

const struct aw_provider_ops aw_gateway_ops = {
    .name = "gateway",
    .build = build,
    .read = read_reply,
    .receive = receive,
};
