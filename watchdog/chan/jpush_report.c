/* SPDX-License-Identifier: Apache-2.0
 *
 * What JPush knows of a push. received/detail counts, 100 messages a question; status/message tells
 * of each device of one message, for VIP accounts, and only of the day that it is asked for; a
 * callback is a hint, for who may send one is not known well enough. What a callback looks like
 * stands in no public document: the names of its members are settings. No network here; any thread.
 */
#include "chan/jpush.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "chan/inbound.h"
#include "codec/json.h"
#include "codec/jsonw.h"

#define NO_SUCH_ID 3002             /* of a bad request too */
#define YOUNG      (10 * AW_MINUTE) /* so long an unknown id is only not yet known */
#define CHINA      (8 * AW_HOUR)    /* days begin there */
#define ALIKE_MAX  16               /* events of one message in a callback: one hint will do */

/* --- questions ----------------------------------------------------------------------------- */

/* jiguang.md 2.4: stops what is queued or stored, removes what is shown. */
static int build_revoke(const struct aw_query *q, struct aw_http_call *c, struct aw_err *err)
{
    const char *id = q->items[0].provider_id;
    char path[48];
    uint64_t n;
    if (aw_parse_u64(id, strlen(id), UINT64_MAX, &n) != 0)
        return aw_fail(err, AW_EINVAL, "not a message id of this provider");
    snprintf(path, sizeof path, "push/%s", id);
    return aw_jpush_begin(c, "DELETE", q->channel, "push_url", path, err);
}

/* The report of a day knows what was sent or received on it: the day of the push and today are
 * asked for in turn. */
static void put_date(struct aw_jsonw *w, const struct aw_query *q)
{
    aw_time sent = q->items[0].sent + CHINA, now = q->now + CHINA;
    aw_time day = q->n_asked % 2 && now > sent ? now : sent;
    char text[AW_TIME_TEXT];
    aw_time_print(text, day);
    text[10] = '\0';
    aw_jw_str(w, "date", text);
}

static int build_devices(const struct aw_query *q, struct aw_http_call *c, struct aw_err *err)
{
    const char *id = q->items[0].provider_id, *p = q->devices;
    struct aw_jsonw w;
    uint64_t n;
    int r = aw_jpush_begin(c, "POST", q->channel, "report_url", "status/message", err);
    if (r == AW_OK)
        r = aw_call_header(c, "Content-Type", "application/json", err);
    if (r == AW_OK && aw_parse_u64(id, strlen(id), UINT64_MAX, &n) != 0)
        r = aw_fail(err, AW_EINVAL, "not a message id of this provider");
    if (r != AW_OK)
        return r;
    aw_jw_init(&w, &c->body);
    aw_jw_object(&w, NULL);
    aw_jw_raw(&w, "msg_id", id, strlen(id)); /* a number: a text is refused */
    aw_jw_array(&w, "registration_ids");
    while (*(p += strspn(p, " "))) {
        char device[256];
        size_t len = strcspn(p, " ");
        snprintf(device, sizeof device, "%.*s", (int)len, p);
        aw_jw_str(&w, NULL, device);
        p += len;
    }
    aw_jw_end(&w, ']');
    put_date(&w, q);
    aw_jw_end(&w, '}');
    c->repeatable = true;
    return aw_call_check(c, err);
}

static int build_counts(const struct aw_query *q, struct aw_http_call *c, struct aw_err *err)
{
    uint64_t id;
    int r = aw_jpush_begin(c, "GET", q->channel, "report_url", "received/detail?msg_ids=", err);
    unsigned n = 0;
    for (unsigned i = 0; r == AW_OK && i < q->n; i++) {
        const char *text = q->items[i].provider_id;
        if (aw_parse_u64(text, strlen(text), UINT64_MAX, &id) == 0)
            aw_buf_printf(&c->url, "%s%s", n++ ? "," : "", text);
    }
    c->repeatable = true;
    if (r == AW_OK && !n)
        return aw_fail(err, AW_EINVAL, "none of the attempts has a msg_id of JPush");
    return r != AW_OK ? r : aw_call_check(c, err);
}

int aw_jpush_build_query(const struct aw_query *q, struct aw_http_call *c, struct aw_err *err)
{
    switch (q->what) {
    case AW_ASK_COUNTS:
        return build_counts(q, c, err);
    case AW_ASK_DEVICES:
        return build_devices(q, c, err);
    case AW_ASK_REVOKE:
        return build_revoke(q, c, err);
    default:
        return aw_fail(err, AW_EINVAL, "JPush hands out no reports");
    }
}

/* --- answers -------------------------------------------------------------------------------- */

/* The rung that counters prove. The misspelling "acivity" is theirs. Absent and null prove
 * nothing; "received" by a device is more than "sent" to a vendor. */
static enum aw_level counted(const json_t *counters)
{
    static const struct {
        const char *key;
        enum aw_level level;
    } keys[] = {
        {"jpush_received", AW_DELIVERED},
        {"android_pns_received", AW_DELIVERED},
        {"ios_apns_received", AW_DELIVERED},
        {"ios_msg_received", AW_DELIVERED},
        {"live_acivity_received", AW_DELIVERED},
        {"quickapp_jpush_received", AW_DELIVERED},
        {"hmos_hmpns_received", AW_DELIVERED},
        {"hmos_msg_received", AW_DELIVERED},
        {"android_pns_sent", AW_SENT},
        {"ios_apns_sent", AW_SENT},
        {"live_acivity_sent", AW_SENT},
        {"live_acivity_send", AW_SENT},
        {"wp_mpns_sent", AW_SENT},
        {"quickapp_pns_sent", AW_SENT},
        {"hmos_hmpns_sent", AW_SENT},
        {"hmos_msg_sent", AW_SENT},
    };
    uint64_t n;
    for (unsigned i = 0; i < AW_COUNT(keys); i++)
        if (aw_json_u64(json_object_get(counters, keys[i].key), &n) == 0 && n >= 1)
            return keys[i].level;
    return AW_LEVEL_NONE;
}

static void read_counters(const struct aw_query *q, const json_t *list, struct aw_report *ret)
{
    const json_t *counters;
    size_t at;
    uint64_t id;
    char text[24];
    json_array_foreach(list, at, counters)
    {
        if (aw_json_u64(json_object_get(counters, "msg_id"), &id) != 0)
            continue;
        snprintf(text, sizeof text, "%" PRIu64, id);
        enum aw_level level = counted(counters);
        for (unsigned i = 0; i < q->n; i++)
            if (strcmp(q->items[i].provider_id, text) == 0 && level > ret->items[i].level)
                ret->items[i].level = level;
    }
}

/* The asked ones alone are few enough. */
static void name_device(struct aw_report *ret, const char *device)
{
    size_t n = strlen(ret->devices);

    if (n + strlen(device) + 2 <= sizeof ret->devices && !strchr(device, ' '))
        snprintf(ret->devices + n, sizeof ret->devices - n, "%s%s", n ? " " : "", device);
}

/* Of devices one is enough for the recipient. 1 not yet; 2 no device of this application, 3 no
 * target of this push, 4 an error of theirs: they prove nothing. A device may be missing. */
static void read_devices(const json_t *map, struct aw_report *ret)
{
    const char *device;
    const json_t *v;
    uint64_t status;
    unsigned n_foreign = 0;
    json_object_foreach((json_t *)map, device, v)
    {
        if (aw_json_u64(json_object_get(v, "status"), &status) != 0)
            continue;
        if (status == 0) {
            ret->items[0].level = AW_DELIVERED;
            name_device(ret, device);
        }
        n_foreign += status == 2 || status == 3;
    }
    if (n_foreign)
        snprintf(ret->detail, sizeof ret->detail, "%u devices are no targets of this push",
                 n_foreign);
}

static void read_refusal(const struct aw_query *q, const struct aw_http_reply *r,
                         const json_t *body, struct aw_report *ret)
{
    static const int never[] = {2003, 2004, 2006, 2007}; /* rights of the account */
    const json_t *error = json_object_get(body, "error");
    const char *message = aw_json_str(error, "message");
    uint64_t code = 0;
    aw_json_u64(json_object_get(error, "code"), &code);
    /* The same code says that the request was wrong: the text and the age tell. */
    bool unknown_id = code == NO_SUCH_ID && message && strstr(message, "exist");
    for (unsigned i = 0; i < q->n; i++)
        unknown_id = unknown_id || (code == NO_SUCH_ID && q->now - q->items[i].sent < YOUNG);
    ret->answered = unknown_id;
    for (unsigned i = 0; i < AW_COUNT(never); i++)
        ret->denied = ret->denied || (q->what == AW_ASK_DEVICES && code == (uint64_t)never[i]);
    snprintf(ret->detail, sizeof ret->detail, "HTTP %d, code %" PRIu64, r->status, code);
}

void aw_jpush_read_query(const struct aw_query *q, const struct aw_http_reply *r,
                         struct aw_report *ret, struct aw_news *news)
{
    json_t *body = NULL;
    (void)news; /* nothing is handed out */
    aw_report_begin(q, r, ret);
    if (q->what == AW_ASK_REVOKE) { /* another bucket than that of questions */
        ret->answered = r->end == AW_XFER_ANSWERED && r->status == 200;
        ret->n = 0;
        ret->rate_limit = ret->rate_remaining = ret->rate_reset = -1;
        return;
    }
    if (r->end != AW_XFER_ANSWERED)
        return;
    if (aw_json_parse(r->body, r->n_body, AW_REPLY_MAX, &body, NULL) != 0)
        body = NULL;
    if (r->status == 200 && q->what == AW_ASK_COUNTS && json_is_array(body)) {
        ret->answered = true;
        read_counters(q, body, ret);
    } else if (r->status == 200 && q->what == AW_ASK_DEVICES && json_is_object(body) &&
               !json_object_get(body, "error")) {
        ret->answered = true;
        read_devices(body, ret);
    } else {
        read_refusal(q, r, body, ret);
    }
    json_decref(body);
}

/* --- callbacks ------------------------------------------------------------------------------ */

static const json_t *named(const struct aw_letter *l, const json_t *in, const char *setting)
{
    const char *name = aw_channel_get(l->channel, setting);
    return name ? json_object_get(in, name) : NULL;
}

/* A hint, unless one of the last few says the same. False: there are too many. */
static bool hint(struct aw_letter *l, aw_id ref, const char *id)
{
    const struct aw_news *n = l->news;
    unsigned from = n->n_receipts > ALIKE_MAX ? n->n_receipts - ALIKE_MAX : 0;
    for (unsigned i = from; i < n->n_receipts; i++)
        if (n->receipts[i].ref == ref && strcmp(n->receipts[i].provider_id, id) == 0)
            return true;
    struct aw_receipt *r = aw_news_receipt(l->news);
    if (!r)
        return false;
    r->hint = true;
    r->ref = ref;
    snprintf(r->provider_id, sizeof r->provider_id, "%s", id);
    return true;
}

static bool take_event(struct aw_letter *l, const json_t *event)
{
    const json_t *params = named(l, event, "callback_params");
    const char *text = aw_json_str(params, "aw_ref");
    char id[24] = "";
    uint64_t n;
    aw_id ref = 0;
    if (text && aw_id_parse(text, "aw_", &ref) != 0)
        ref = 0;
    if (aw_json_u64(named(l, event, "callback_id"), &n) == 0)
        snprintf(id, sizeof id, "%" PRIu64, n);
    return (!ref && !id[0]) || hint(l, ref, id);
}

/* Does it come from JPush? By the path's secret, or by the keys that it shares with us. */
static bool proven(const struct aw_letter *l)
{
    return aw_letter_secret(l, "callback_secret") ||
           aw_letter_basic(l, aw_channel_get(l->channel, "app_key"),
                           aw_channel_get(l->channel, "master_secret"));
}

static void take_events(struct aw_letter *l)
{
    const json_t *list = l->json, *event;
    size_t i;
    const json_t *inner = json_is_object(list) ? named(l, list, "callback_list") : NULL;
    if (inner)
        list = inner;
    if (json_is_object(list) && !take_event(l, list))
        aw_letter_refuse(l, AW_P_TOO_LARGE, "too many events");
    json_array_foreach(list, i, event)
    {
        if (!take_event(l, event)) {
            aw_letter_refuse(l, AW_P_TOO_LARGE, "more than 1000 messages in one callback");
            return;
        }
    }
    if (!list)
        aw_letter_refuse(l, AW_P_VALIDATION, "a callback is JSON: an event, or a list of events");
}

void aw_jpush_receive(const struct aw_channel *ch, const struct aw_inbound *in, struct aw_news *ret)
{
    struct aw_letter l = {.channel = ch, .in = in, .news = ret};
    if (!proven(&l)) {
        aw_letter_refuse(&l, in->secret[0] ? AW_P_NOT_FOUND : AW_P_UNAUTHENTICATED,
                         "neither the path nor HTTP Basic shows that JPush sends this");
        return;
    }
    if (!aw_letter_open(&l, ch, in, ret) || aw_letter_echo(&l))
        return;
    snprintf(ret->text, sizeof ret->text, "ok");
    take_events(&l);
    aw_letter_close(&l);
}
