/* SPDX-License-Identifier: Apache-2.0
 *
 * JPush REST v3: one recipient a push, our references in the extras of every platform and in what
 * callbacks repeat, idempotency tokens (cid) from the pool; reports stand in jpush_report.c. A
 * msg_id has 64 bits and comes as a text or as a number; it never passes through a double. The HTTP
 * status decides before the body is looked at: a refusal may carry a msg_id too. No network here;
 * any thread.
 */
#include "chan/jpush.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/json.h"
#include "codec/jsonw.h"

#define TTL_FREE   (3 * 24 * 3600) /* seconds; what an account without a contract may ask for */
#define TTL_VIP    (10 * 24 * 3600)
#define DUMP       (JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(17))
#define REGIDS_MAX 1000
#define BAD_VALUE  1003

static bool is_vip(const struct aw_channel *ch)
{
    return aw_streq(aw_channel_get(ch, "tier"), "vip");
}

/* --- the push object ----------------------------------------------------------------------- */

/* Our references, as members of the extras object of `of` (made when it is missing). */
static int put_extras(json_t *of, const struct aw_send *s, const char *where, struct aw_err *err)
{
    json_t *extras = json_object_get(of, "extras");
    if (!extras) {
        extras = json_object();
        json_object_set_new(of, "extras", extras);
    }
    if (!json_is_object(extras))
        return aw_fail(err, AW_EINVAL, "push: %s.extras is not an object", where);
    char id[AW_ID_TEXT];
    if (s->message) {
        aw_id_print(id, "msg_", s->message);
        json_object_set_new(extras, "aw_msg", json_string(id));
    }
    aw_id_print(id, "aw_", s->ref);
    json_object_set_new(extras, "aw_ref", json_string(id));
    return AW_OK;
}

/* True when the push is meant for this platform: `platform` is absent, "all" or names it. */
static bool meant_for(const json_t *push, const char *name)
{
    const json_t *platform = json_object_get(push, "platform"), *v;
    size_t i;
    if (!json_is_array(platform))
        return true;
    json_array_foreach(platform, i, v) if (json_is_string(v) &&
                                           strcmp(json_string_value(v), name) == 0) return true;
    return false;
}

/* `notification` with only an `alert` for all platforms has nowhere to carry extras: the objects
 * that mean the same are made. Those of HarmonyOS and quick apps need more than an alert. */
static int complete_notification(json_t *push, json_t *n, const struct aw_send *s,
                                 struct aw_err *err)
{
    static const char *const simple[] = {"android", "ios"};
    static const char *const known[] = {"android", "ios", "hmos", "quickapp", "winphone", "voip"};
    json_t *alert = json_object_get(n, "alert");
    for (unsigned i = 0; alert && i < AW_COUNT(simple); i++)
        if (!json_object_get(n, simple[i]) && meant_for(push, simple[i]))
            json_object_set_new(n, simple[i], json_pack("{s:O}", "alert", alert));
    for (unsigned i = 0; i < AW_COUNT(known); i++) {
        json_t *of = json_object_get(n, known[i]);
        if (!of)
            continue;
        if (!json_is_object(of))
            return aw_fail(err, AW_EINVAL, "push: notification.%s is not an object", known[i]);
        if (put_extras(of, s, known[i], err) != 0)
            return AW_EINVAL;
    }
    json_t *ios = json_object_get(n, "ios"); /* without it no iPhone is ever counted as reached */
    if (ios && !json_object_get(ios, "mutable-content"))
        json_object_set_new(ios, "mutable-content", json_true());
    return AW_OK;
}

/* The application's own push object, checked, with our extras. */
static int push_given(const struct aw_send *s, json_t **ret, struct aw_err *err)
{
    json_t *push = NULL;
    if (aw_json_parse(s->push_json, strlen(s->push_json), AW_BODY_MAX, &push, err) != 0)
        return aw_wrap(err, AW_EINVAL, "push");
    json_t *n = json_object_get(push, "notification"), *m = json_object_get(push, "message"),
           *o = json_object_get(push, "options");
    int r = AW_OK;
    if (!json_is_object(push) || (n && !json_is_object(n)) || (m && !json_is_object(m)) ||
        (o && !json_is_object(o)))
        r = aw_fail(err, AW_EINVAL, "push, notification, message and options must be objects");
    if (r == AW_OK && n)
        r = complete_notification(push, n, s, err);
    if (r == AW_OK && m)
        r = put_extras(m, s, "message", err);
    if (r != AW_OK) {
        json_decref(push);
        return r;
    }
    *ret = push;
    return AW_OK;
}

/* A notification made from title and text. */
static int push_built(const struct aw_send *s, json_t **ret, struct aw_err *err)
{
    const char *title = s->title ? s->title : "", *text = s->text ? s->text : "";
    const char *category = aw_channel_get(s->channel, "hmos_category");
    json_t *push =
        json_pack("{s:[ss], s:{s:{s:s, s:s}, s:{s:{s:s, s:s}, s:s}}}", "platform", "android", "ios",
                  "notification", "android", "alert", text, "title", title, "ios", "alert", "title",
                  title, "body", text, "sound", "default");
    if (!push)
        return aw_fail(err, AW_EINVAL, "the text is not UTF-8");
    json_t *n = json_object_get(push, "notification");
    if (category) {
        json_array_append_new(json_object_get(push, "platform"), json_string("hmos"));
        json_object_set_new(
            n, "hmos",
            json_pack("{s:s, s:s, s:s}", "alert", text, "title", title, "category", category));
    }
    int r = complete_notification(push, n, s, err);
    if (r != AW_OK) {
        json_decref(push);
        return r;
    }
    *ret = push;
    return AW_OK;
}

static void write_value(struct aw_jsonw *w, const char *key, const json_t *v)
{
    char *text = json_dumps(v, DUMP);
    aw_jw_raw(w, key, text, strlen(text));
    free(text);
}

static void write_audience(struct aw_jsonw *w, const struct aw_send *s)
{
    aw_jw_object(w, "audience");
    aw_jw_array(w, s->n_registration_ids ? "registration_id" : "alias");
    for (unsigned i = 0; i < s->n_registration_ids; i++)
        aw_jw_str(w, NULL, s->registration_ids[i]);
    if (!s->n_registration_ids)
        aw_jw_str(w, NULL, s->alias);
    aw_jw_end(w, ']');
    aw_jw_end(w, '}');
}

/* The application's options, then those that it did not give and those that the step decides. */
static int write_options(struct aw_jsonw *w, json_t *given, const struct aw_send *s,
                         struct aw_err *err)
{
    const char *production = aw_channel_get(s->channel, "apns_production");
    unsigned ttl_max = is_vip(s->channel) ? TTL_VIP : TTL_FREE;
    const char *key;
    json_t *v;
    uint64_t override = 0;
    char number[24];
    aw_jw_object(w, "options");
    json_object_foreach(given, key, v)
    {
        if ((s->ttl && strcmp(key, "time_to_live") == 0) ||
            (s->override_id && strcmp(key, "override_msg_id") == 0))
            continue;
        write_value(w, key, v);
    }
    if (!json_object_get(given, "sendno"))
        aw_jw_int(w, "sendno", (int64_t)((uint64_t)s->ref % INT32_MAX) + 1);
    if (!json_object_get(given, "classification"))
        aw_jw_int(w, "classification", 1);
    if (!json_object_get(given, "apns_production"))
        aw_jw_bool(w, "apns_production", production && strcmp(production, "true") == 0);
    if (s->ttl)
        aw_jw_int(w, "time_to_live", s->ttl < ttl_max ? s->ttl : ttl_max);
    if (s->override_id) {
        if (aw_parse_u64(s->override_id, strlen(s->override_id), UINT64_MAX, &override) != 0)
            return aw_fail(err, AW_EINVAL, "the message to replace has no msg_id of JPush");
        snprintf(number, sizeof number, "%" PRIu64, override);
        aw_jw_raw(w, "override_msg_id", number, strlen(number));
    }
    aw_jw_end(w, '}');
    return AW_OK;
}

/* Callbacks repeat our reference; what the application wants of them besides stays. */
static int put_callback(json_t *push, const struct aw_send *s, struct aw_err *err)
{
    json_t *callback = json_object_get(push, "callback"), *params;
    char ref[AW_ID_TEXT];
    if (!is_vip(s->channel))
        return AW_OK;
    if (!callback) {
        callback = json_object();
        json_object_set_new(push, "callback", callback);
    }
    params = json_object_get(callback, "params");
    if (!params) {
        params = json_object();
        json_object_set_new(callback, "params", params);
    }
    if (!json_is_object(callback) || !json_is_object(params))
        return aw_fail(err, AW_EINVAL, "push: callback and callback.params must be objects");
    aw_id_print(ref, "aw_", s->ref);
    json_object_set_new(params, "aw_ref", json_string(ref));
    return AW_OK;
}

static int write_push(struct aw_buf *out, json_t *push, const struct aw_send *s, struct aw_err *err)
{
    static const char *const ours[] = {"cid", "audience", "options", "platform", NULL};
    struct aw_jsonw w;
    const char *key;
    json_t *v, *platform = json_object_get(push, "platform");
    aw_jw_init(&w, out);
    aw_jw_object(&w, NULL);
    if (s->cid)
        aw_jw_str(&w, "cid", s->cid);
    if (platform)
        write_value(&w, "platform", platform);
    else
        aw_jw_str(&w, "platform", "all");
    write_audience(&w, s);
    json_object_foreach(push, key, v)
    {
        unsigned i = 0;
        while (ours[i] && strcmp(ours[i], key) != 0)
            i++;
        if (!ours[i])
            write_value(&w, key, v);
    }
    int r = write_options(&w, json_object_get(push, "options"), s, err);
    aw_jw_end(&w, '}');
    return r;
}

/* --- requests ------------------------------------------------------------------------------ */

int aw_jpush_begin(struct aw_http_call *c, const char *method, const struct aw_channel *ch,
                   const char *base_key, const char *path, struct aw_err *err)
{
    const char *base = aw_channel_get(ch, base_key), *key = aw_channel_get(ch, "app_key"),
               *secret = aw_channel_get(ch, "master_secret");
    aw_call_init(c, method);
    if (!base || !key || !secret)
        return aw_fail(err, AW_EINVAL, "channel %s lacks %s, app_key or master_secret", ch->name,
                       base_key);
    size_t n = strlen(base);
    aw_buf_printf(&c->url, "%s%s%s", base, n && base[n - 1] == '/' ? "" : "/", path);
    aw_buf_printf(&c->userpwd, "%s:%s", key, secret);
    return aw_call_header(c, "Accept", "application/json", err);
}

static int build(const struct aw_chan_env *env, const struct aw_send *s, struct aw_http_call *c,
                 struct aw_err *err)
{
    json_t *push = NULL;
    (void)env;
    if (aw_jpush_begin(c, "POST", s->channel, "push_url", "push", err) != 0 ||
        aw_call_header(c, "Content-Type", "application/json", err) != 0)
        return AW_EINVAL;
    if (!s->n_registration_ids && !s->alias)
        return aw_fail(err, AW_EINVAL, "the recipient has neither alias nor registration id");
    if (s->n_registration_ids > REGIDS_MAX)
        return aw_fail(err, AW_EINVAL, "more than %d registration ids", REGIDS_MAX);
    if ((s->push_json ? push_given : push_built)(s, &push, err) != 0)
        return AW_EINVAL;
    int r = put_callback(push, s, err);
    if (r == AW_OK)
        r = write_push(&c->body, push, s, err);
    json_decref(push);
    c->repeatable = s->cid != NULL;
    return r != AW_OK ? r : aw_call_check(c, err);
}

/* --- answers ------------------------------------------------------------------------------- */

static const struct aw_code_class classes[] = {
    {1000, 1000, AW_OUT_TRANSIENT, NULL}, /* internal error */
    {1004, 1004, AW_OUT_AUTH, NULL},      /* authentication failed */
    {1008, 1008, AW_OUT_AUTH, NULL},      /* app_key invalid */
    {1011, 1011, AW_OUT_NO_TARGET, NULL}, /* nobody behind the audience */
    {1020, 1020, AW_OUT_AUTH, NULL},      /* HTTPS only: our URL is wrong */
    {1030, 1030, AW_OUT_TRANSIENT, NULL}, /* internal time-out */
    {2002, 2002, AW_OUT_THROTTLED, NULL}, /* rate limit */
    {2003, 2003, AW_OUT_AUTH, NULL},      /* application blacklisted */
    {2004, 2004, AW_OUT_AUTH, NULL},      /* our address is not on the white list */
    {2006, 2007, AW_OUT_AUTH, NULL},      /* VIP only; no permission for this API */
    {0},
};

static enum aw_outcome classify(int status, int code)
{
    enum aw_outcome by_code = aw_code_outcome(classes, code, NULL);
    if (status == 401 || status == 429) /* say it all */
        return aw_status_outcome(status);
    if (by_code)
        return by_code;
    return code && status < 500 ? AW_OUT_REFUSED /* any other code of theirs is for good */
                                : aw_status_outcome(status);
}

/* The body as an object, or NULL: HTML of a proxy, nothing at all. */
static json_t *parse_object(const struct aw_http_reply *r)
{
    json_t *v = NULL;
    if (aw_json_parse(r->body, r->n_body, AW_REPLY_MAX, &v, NULL) != 0)
        return NULL;
    if (json_is_object(v))
        return v;
    json_decref(v);
    return NULL;
}

static void read_error(const struct aw_send *s, const struct aw_http_reply *r, const json_t *body,
                       struct aw_result *ret)
{
    const json_t *error = json_object_get(body, "error");
    const json_t *code = json_object_get(error, "code");
    const char *message = aw_json_str(error, "message");
    char text[512];
    uint64_t v;
    if (aw_json_u64(code, &v) == 0 && v <= 999999)
        ret->code = (int)v;
    enum aw_outcome outcome = classify(r->status, ret->code);
    /* A 2xx that is no success, and a refusal that is not in JPush's own words: something on the
     * way answered for them. */
    if (outcome == AW_OUT_ACCEPTED ||
        (!error && r->status != 401 && (outcome == AW_OUT_REFUSED || outcome == AW_OUT_AUTH)))
        outcome = AW_OUT_TRANSIENT;
    if (outcome == AW_OUT_THROTTLED)
        ret->wait = aw_wait(s->channel, r->rate_reset >= 0 ? r->rate_reset : r->retry_after);
    if (message)
        snprintf(text, sizeof text, "%d %s", ret->code, message);
    else
        snprintf(text, sizeof text, "HTTP %d without an answer of JPush", r->status);
    aw_result_end(s, ret, outcome, text, strlen(text));
}

static void read_reply(const struct aw_send *s, const struct aw_http_reply *r,
                       struct aw_result *ret)
{
    static const char none[] = "HTTP 200 without a msg_id";
    uint64_t id;
    if (!aw_result_begin(s, r, ret))
        return;
    json_t *body = parse_object(r);
    if (r->status != 200 || !body || json_object_get(body, "error")) {
        read_error(s, r, body, ret);
    } else if (aw_json_u64(json_object_get(body, "msg_id"), &id) == 0) {
        snprintf(ret->provider_id, sizeof ret->provider_id, "%" PRIu64, id);
        aw_result_end(s, ret, AW_OUT_ACCEPTED, "", 0);
    } else {
        aw_result_end(s, ret, AW_OUT_UNKNOWN, none, strlen(none));
    }
    json_decref(body);
}

static bool again(struct aw_send *s, const struct aw_result *r)
{
    if (r->code != BAD_VALUE || !s->override_id)
        return false;
    s->override_id = NULL;
    return true;
}

/* --- idempotency tokens -------------------------------------------------------------------- */

static int build_cids(const struct aw_channel *ch, unsigned n, struct aw_http_call *c,
                      struct aw_err *err)
{
    char path[64];
    snprintf(path, sizeof path, "push/cid?count=%u&type=push", n);
    int r = aw_jpush_begin(c, "GET", ch, "push_url", path, err);
    c->repeatable = true;
    return r != AW_OK ? r : aw_call_check(c, err);
}

static unsigned read_cids(const struct aw_http_reply *r, char **ret, unsigned max)
{
    unsigned n = 0;
    json_t *body = NULL, *v;
    size_t i;
    if (r->end != AW_XFER_ANSWERED || r->status != 200 || !(body = parse_object(r)))
        return 0;
    json_array_foreach(json_object_get(body, "cidlist"), i, v)
    {
        const char *cid = json_string_value(v);
        if (n < max && cid && *cid && strlen(cid) <= 128)
            ret[n++] = aw_strdup(cid);
    }
    json_decref(body);
    return n;
}

const struct aw_provider_ops aw_jpush_ops = {
    .name = "jpush",
    .build = build,
    .read = read_reply,
    .again = again,
    .build_query = aw_jpush_build_query,
    .read_query = aw_jpush_read_query,
    .receive = aw_jpush_receive,
    .build_cids = build_cids,
    .read_cids = read_cids,
};
