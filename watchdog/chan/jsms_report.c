/* SPDX-License-Identifier: Apache-2.0
 *
 * What becomes of an SMS of JSMS, and what people answer. Either we ask (GET report, GET reply:
 * each record is handed out once, so nobody else may ask), or JSMS posts to /in/CHANNEL, with a
 * signature over a nonce and a time. The signature does not cover the data: a nonce that comes
 * again with other data is a forgery. No network here; any thread.
 */
#include "chan/jsms.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/form.h"
#include "base/mem.h"
#include "base/str.h"
#include "chan/inbound.h"
#include "codec/digest.h"
#include "codec/json.h"

#define DATA_MAX (64 * 1024)
#define HOME     "+86"
#define TIME_MAX 253402300799999 /* the year 9999 */

/* --- records -------------------------------------------------------------------------------- */

/* Codes of operators. A handset that is off, busy or out of reach may have the next one: the rule
 * goes on by its times. */
static const struct {
    int code;
    enum aw_level level;
    enum aw_negative negative;
    bool alarm;
} states[] = {
    {4001, .level = AW_DELIVERED},
    {4002, .negative = AW_NEG_REFUSED}, /* blacklisted by the operator */
    {4003},                             /* handset off or suspended */
    {4004, .negative = AW_NEG_BOUNCED}, /* no such number */
    {4005, .alarm = true},              /* balance */
    {4006},                             /* too many for this number */
    {4007},                             /* a call was not answered */
    {4008},                             /* busy */
    {4009},                             /* out of reach */
    {4010, .negative = AW_NEG_REFUSED}, /* a word of the text */
    {4100},                             /* anything else */
};

/* Milliseconds, as a number or a text; 0: none that makes sense. */
static aw_time date_of(const json_t *v)
{
    uint64_t ms;
    return aw_json_u64(v, &ms) == 0 && ms <= TIME_MAX ? (aw_time)ms : 0;
}

/* An unknown code, a record without id: nothing is learned. False: there are too many. */
static bool take_report(const json_t *record, struct aw_news *news)
{
    const json_t *id = json_object_get(record, "msgId");
    uint64_t code;
    char text[sizeof news->receipts->provider_id];
    if (!aw_scalar_text(id, text, sizeof text) || !aw_utf8_clean(text, strlen(text), false) ||
        !text[0] || aw_json_u64(json_object_get(record, "status"), &code) != 0)
        return true;
    for (unsigned i = 0; i < AW_COUNT(states); i++) {
        struct aw_receipt *r;
        if (code != (uint64_t)states[i].code)
            continue;
        r = aw_news_receipt(news);
        if (!r)
            return false;
        memcpy(r->provider_id, text, sizeof text);
        r->code = states[i].code;
        r->level = states[i].level;
        r->negative = states[i].negative;
        r->alarm = states[i].alarm;
        r->at = date_of(json_object_get(record, "receiveTime"));
    }
    return true;
}

static bool take_reply(const json_t *record, struct aw_news *news)
{
    const char *phone = aw_json_str(record, "phone"), *content = aw_json_str(record, "content");
    struct aw_said *s;
    if (!phone || !content || !*phone || strlen(phone) > sizeof s->from - sizeof HOME ||
        !aw_utf8_clean(phone, strlen(phone), false))
        return true;
    s = aw_news_reply(news);
    if (!s)
        return false;
    snprintf(s->from, sizeof s->from, "%s%s", *phone == '+' ? "" : HOME, phone);
    aw_said_text(s, content, strlen(content));
    s->at = date_of(json_object_get(record, "replyTime"));
    return true;
}

/* One record or a list of them. False: there are too many. */
static bool take_records(const json_t *v, bool (*take)(const json_t *record, struct aw_news *news),
                         struct aw_news *news)
{
    const json_t *record;
    size_t i;
    if (json_is_object(v))
        return take(v, news);
    json_array_foreach(v, i, record)
    {
        if (!take(record, news))
            return false;
    }
    return true;
}

/* --- asked ---------------------------------------------------------------------------------- */

int aw_jsms_build_query(const struct aw_query *q, struct aw_http_call *c, struct aw_err *err)
{
    if (q->what != AW_ASK_REPORTS && q->what != AW_ASK_REPLIES)
        return aw_fail(err, AW_EINVAL, "JSMS answers no such question");
    /* Not repeatable: what a lost answer held is gone. */
    int r =
        aw_jiguang_call(c, "GET", q->channel, q->what == AW_ASK_REPORTS ? "report" : "reply", err);
    return r != AW_OK ? r : aw_call_check(c, err);
}

void aw_jsms_read_query(const struct aw_query *q, const struct aw_http_reply *r,
                        struct aw_report *ret, struct aw_news *news)
{
    json_t *body = NULL;
    uint64_t code = 0;
    aw_report_begin(q, r, ret);
    if (r->end != AW_XFER_ANSWERED)
        return;
    if (aw_json_parse(r->body, r->n_body, AW_REPLY_MAX, &body, NULL) != 0)
        body = NULL;
    if (r->status == 200 && json_is_array(body)) {
        ret->answered = true;
        take_records(body, q->what == AW_ASK_REPORTS ? take_report : take_reply, news);
    } else {
        aw_json_u64(json_object_get(json_object_get(body, "error"), "code"), &code);
        ret->denied = aw_status_outcome(r->status) == AW_OUT_AUTH;
        snprintf(ret->detail, sizeof ret->detail, "HTTP %d, code %" PRIu64, r->status, code);
    }
    json_decref(body);
}

/* --- told ----------------------------------------------------------------------------------- */

struct post {
    char nonce[40], timestamp[24], type[32], signature[64], data[DATA_MAX];
};

static bool read_post(const struct aw_letter *l, struct post *p)
{
    const struct {
        const char *name;
        char *dst;
        size_t cap;
    } values[] = {
        {"nonce", p->nonce, sizeof p->nonce},
        {"timestamp", p->timestamp, sizeof p->timestamp},
        {"type", p->type, sizeof p->type},
        {"signature", p->signature, sizeof p->signature},
    };
    for (unsigned i = 0; i < AW_COUNT(values); i++)
        if (!l->form || aw_form_value(l->in->body, values[i].name, values[i].dst, values[i].cap) ||
            !aw_utf8_clean(values[i].dst, strlen(values[i].dst), false))
            return false;
    return aw_form_value(l->in->body, "data", p->data, sizeof p->data) == 0;
}

/* SHA-1 over both keys, nonce and time, as lowercase hex. */
static bool is_signed(const struct aw_letter *l, const struct post *p)
{
    const char *key = aw_channel_get(l->channel, "app_key");
    const char *secret = aw_channel_get(l->channel, "master_secret");
    char text[512], hex[2 * AW_SHA1 + 1];
    uint8_t sum[AW_SHA1];
    int n = snprintf(text, sizeof text, "appKey=%s&appMasterSecret=%s&nonce=%s&timestamp=%s",
                     key ? key : "", secret ? secret : "", p->nonce, p->timestamp);
    bool fits = n > 0 && n < (int)sizeof text && key && secret;
    aw_sha1(sum, text, fits ? (size_t)n : 0);
    aw_wipe(text, sizeof text);
    aw_hex(hex, sum, sizeof sum);
    return fits && strlen(p->signature) == sizeof hex - 1 &&
           aw_equal_ct(hex, p->signature, sizeof hex - 1);
}

static bool is_fresh(const struct aw_letter *l, const struct post *p)
{
    aw_ms window = aw_channel_num(l->channel, "callback_window", AW_DAY);
    uint64_t ms;
    return aw_parse_u64(p->timestamp, strlen(p->timestamp), TIME_MAX, &ms) == 0 &&
           llabs((long long)((aw_time)ms - l->in->now)) <= window;
}

static void take_post(struct aw_letter *l, const struct post *p)
{
    static const struct {
        const char *type;
        bool (*take)(const json_t *record, struct aw_news *news); /* NULL: nothing to us */
    } types[] = {
        {"SMS_REPORT", take_report},
        {"SMS_REPLY", take_reply},
        {"SMS_TEMPLATE", NULL},
        {"SMS_SIGN", NULL},
    };
    json_t *data = NULL;
    unsigned i = 0;
    while (i < AW_COUNT(types) && strcmp(types[i].type, p->type) != 0)
        i++;
    if (i == AW_COUNT(types) || aw_json_parse(p->data, strlen(p->data), DATA_MAX, &data, NULL)) {
        aw_letter_refuse(l, AW_P_VALIDATION, "type or data is none of JSMS");
        return;
    }
    if (types[i].take && !take_records(data, types[i].take, l->news))
        aw_letter_refuse(l, AW_P_TOO_LARGE, "more than 1000 records");
    json_decref(data);
}

/* The nonce tells requests apart, and what it came with is remembered beside it. */
static void remember(struct aw_letter *l, const struct post *p)
{
    uint8_t sum[AW_SHA256];
    snprintf(l->news->nonce, sizeof l->news->nonce, "%s", p->nonce);
    aw_sha256_2(sum, p->type, strlen(p->type), p->data, strlen(p->data));
    memcpy(&l->news->sum, sum, sizeof l->news->sum);
}

void aw_jsms_receive(const struct aw_channel *ch, const struct aw_inbound *in, struct aw_news *ret)
{
    struct aw_letter l = {.channel = ch, .in = in, .news = ret};
    bool has_secret = aw_channel_get(ch, "callback_secret") != NULL;
    if (!aw_streq(aw_channel_get(ch, "reports"), "callback") ||
        (has_secret ? !aw_letter_secret(&l, "callback_secret") : in->secret[0] != '\0')) {
        aw_letter_refuse(&l, AW_P_NOT_FOUND, "there is nothing at this path");
        return;
    }
    if (!aw_letter_open(&l, ch, in, ret) || aw_letter_echo(&l)) {
        aw_letter_close(&l);
        return;
    }
    struct post *p = aw_calloc(1, sizeof *p);
    if (!read_post(&l, p))
        aw_letter_refuse(&l, AW_P_VALIDATION,
                         "a form with nonce, timestamp, type, data and signature is wanted");
    else if (!is_signed(&l, p))
        aw_letter_refuse(&l, AW_P_UNAUTHENTICATED, "the signature is not ours");
    else if (!is_fresh(&l, p))
        aw_letter_refuse(&l, AW_P_UNAUTHENTICATED, "the timestamp is too far from our time");
    else {
        snprintf(ret->text, sizeof ret->text, "ok");
        remember(&l, p);
        take_post(&l, p);
    }
    aw_free(p);
    aw_letter_close(&l);
}
