/* SPDX-License-Identifier: Apache-2.0
 *
 * What waits to be asked for is kept up to 10,000 records, the oldest go; a question takes at most
 * 500 of them, and may be asked once in five seconds.
 */
#include "sim/jsms.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/digest.h"
#include "codec/json.h"
#include "sim/poster.h"
#include "sim/sms_kinds.h"
#include "sim/timer.h"

#define WAITING_MAX 10000
#define BATCH       500
#define PACE        (5 * AW_SECOND)
#define REPLY_AFTER (5 * AW_SECOND)
#define FIRST_ID    UINT64_C(288193860301)

enum box { REPORTS, REPLIES, N_BOXES };

static const char *const box_types[] = {"SMS_REPORT", "SMS_REPLY"};

struct aw_sim_jsms {
    char *app_key, *secret, *callback, *basic;
    uint64_t sent, posted;
    json_t *waiting[N_BOXES];
    aw_time asked[N_BOXES];
};

struct aw_sim_jsms *aw_sim_jsms_new(const char *app_key, const char *secret, const char *callback)
{
    struct aw_sim_jsms *s = aw_calloc(1, sizeof(*s));
    struct aw_buf pair = AW_BUF_INIT(256);
    s->app_key = aw_strdup(app_key);
    s->secret = aw_strdup(secret);
    s->callback = callback ? aw_strdup(callback) : NULL;
    aw_buf_printf(&pair, "%s:%s", app_key, secret);
    s->basic = aw_malloc(4 * ((pair.n + 2) / 3) + 1);
    aw_b64(s->basic, aw_buf_str(&pair), pair.n);
    aw_buf_free(&pair);
    for (unsigned i = 0; i < N_BOXES; i++)
        s->waiting[i] = json_array();
    return s;
}

void aw_sim_jsms_free(struct aw_sim_jsms *s)
{
    if (!s)
        return;
    for (unsigned i = 0; i < N_BOXES; i++)
        json_decref(s->waiting[i]);
    aw_free(s->app_key);
    aw_free(s->secret);
    aw_free(s->callback);
    aw_free(s->basic);
    aw_free(s);
}

static void refuse(struct aw_sim *sim, struct aw_sim_call *c, int status, int code, const char *why)
{
    aw_sim_note(sim, "refused", NULL,
                json_pack("{s:s, s:i, s:i}", "of", "jsms", "status", status, "code", code));
    aw_sim_reply_json(c->reply, status,
                      json_pack("{s:{s:i, s:s}}", "error", "code", code, "message", why));
}

static bool admit(struct aw_sim *sim, struct aw_sim_call *c)
{
    const char *h = aw_http_header(c->rq, "Authorization");
    if (!h)
        refuse(sim, c, 400, 50001, "missing auth");
    else if (strncasecmp(h, "Basic ", 6) != 0 || !aw_streq(h + 6, sim->jsms->basic))
        refuse(sim, c, 401, 50002, "auth failed");
    else
        return true;
    return false;
}

/* --- what becomes of an SMS ---------------------------------------------------------------------
 */

struct record {
    enum box box;
    json_t *what;
};

static void add_pair(struct aw_buf *form, const char *name, const char *value)
{
    char *escaped = curl_easy_escape(NULL, value, 0);
    aw_buf_printf(form, "%s%s=%s", form->n ? "&" : "", name, escaped);
    curl_free(escaped);
}

/* Signed over both keys, nonce and time; the data is not covered. */
static void post_record(struct aw_sim *sim, const struct record *r)
{
    struct aw_sim_jsms *s = sim->jsms;
    struct aw_buf form = AW_BUF_INIT(65536);
    char nonce[32], timestamp[32], text[256], hex[2 * AW_SHA1 + 1];
    uint8_t sum[AW_SHA1];
    char *data = json_dumps(r->what, JSON_COMPACT);
    snprintf(nonce, sizeof(nonce), "%llu", 7659972084945889195ull + ++s->posted);
    snprintf(timestamp, sizeof(timestamp), "%lld", (long long)aw_sim_now(sim));
    snprintf(text, sizeof(text), "appKey=%s&appMasterSecret=%s&nonce=%s&timestamp=%s", s->app_key,
             s->secret, nonce, timestamp);
    aw_sha1(sum, text, strlen(text));
    aw_hex(hex, sum, sizeof(sum));
    add_pair(&form, "nonce", nonce);
    add_pair(&form, "timestamp", timestamp);
    add_pair(&form, "type", box_types[r->box]);
    add_pair(&form, "data", data);
    add_pair(&form, "signature", hex);
    aw_sim_poster_send(sim, aw_sim_post_new(s->callback, aw_buf_str(&form), "jsms-callback", NULL,
                                            json_incref(r->what)));
    aw_buf_free(&form);
    free(data);
}

static void happen(void *ctx, void *arg)
{
    struct aw_sim *sim = ctx;
    struct record *r = arg;
    json_t *box = sim->jsms->waiting[r->box];
    if (sim->jsms->callback) {
        post_record(sim, r);
    } else {
        if (json_array_size(box) == WAITING_MAX)
            json_array_remove(box, 0);
        json_array_append(box, r->what);
    }
    json_decref(r->what);
    aw_free(r);
}

static void plan(struct aw_sim *sim, enum box box, json_t *what, aw_time at)
{
    struct record *r = aw_malloc(sizeof(*r));
    *r = (struct record){box, what};
    aw_sim_timer_at(sim, at, happen, r);
}

static void accept_sms(struct aw_sim *sim, struct aw_sim_call *c, const char *mobile,
                       const char *to, const json_t *body)
{
    const struct aw_sim_person *who = aw_sim_people_find(sim->people, AW_SIM_PHONE, to);
    const struct aw_sim_sms_kind *kind =
        who && who->sms ? aw_sim_sms_kind_named(who->sms) : aw_sim_sms_kind_of(to);
    uint64_t id = FIRST_ID + ++sim->jsms->sent;
    aw_time at =
        aw_sim_now(sim) + (kind->after ? kind->after : aw_sim_between(sim, to, "jsms", 2000, 6000));
    if (kind->answer == AW_SIM_SMS_REFUSE) {
        refuse(sim, c, 403, 50006, "invalid mobile");
        return;
    }
    aw_sim_note(sim, "sms", who ? who->user : NULL,
                json_pack("{s:s, s:O, s:O*, s:I}", "to", to, "temp_id",
                          json_object_get(body, "temp_id"), "temp_para",
                          json_object_get(body, "temp_para"), "id", (json_int_t)id));
    if (kind->receipt)
        plan(sim, REPORTS,
             json_pack("{s:o, s:s, s:I, s:i}", "msgId",
                       json_sprintf("%llu", (unsigned long long)id), "phone", mobile, "receiveTime",
                       (json_int_t)at, "status", aw_streq(kind->receipt, "DELIVRD") ? 4001 : 4004),
             at);
    if (kind->reply)
        plan(sim, REPLIES,
             json_pack("{s:s, s:I, s:s}", "phone", mobile, "replyTime",
                       (json_int_t)(at + REPLY_AFTER), "content", kind->reply),
             at + REPLY_AFTER);
    aw_sim_reply_json(c->reply, 200, json_pack("{s:I}", "msg_id", (json_int_t)id));
}

void aw_sim_jsms_send(struct aw_sim *sim, struct aw_sim_call *c)
{
    json_t *body = NULL;
    struct aw_err err;
    char to[32];
    if (!admit(sim, c))
        return;
    aw_json_parse(c->view->body, c->view->n_body, 65536, &body, &err);
    const char *mobile = aw_json_str(body, "mobile");
    if (!json_is_object(body))
        refuse(sim, c, 400, 50003, "missing body");
    else if (!mobile)
        refuse(sim, c, 400, 50004, "missing mobile");
    else if (!json_is_integer(json_object_get(body, "temp_id")))
        refuse(sim, c, 400, 50005, "missing temp_id");
    else if (strlen(mobile) != 11 || strspn(mobile, "0123456789") != 11)
        refuse(sim, c, 403, 50006, "invalid mobile");
    else {
        snprintf(to, sizeof(to), "+86%s", mobile);
        accept_sms(sim, c, mobile, to, body);
    }
    json_decref(body);
}

/* --- what is asked for --------------------------------------------------------------------------
 */

static void hand_out(struct aw_sim *sim, struct aw_sim_call *c, enum box box)
{
    struct aw_sim_jsms *s = sim->jsms;
    aw_time now = aw_sim_now(sim);
    json_t *batch;
    if (!admit(sim, c))
        return;
    if (s->asked[box] && now - s->asked[box] < PACE) {
        refuse(sim, c, 403, 50009, "out of frequency");
        return;
    }
    s->asked[box] = now;
    batch = json_array();
    while (json_array_size(s->waiting[box]) && json_array_size(batch) < BATCH) {
        json_array_append(batch, json_array_get(s->waiting[box], 0));
        json_array_remove(s->waiting[box], 0);
    }
    aw_sim_note(sim, box == REPORTS ? "jsms-report" : "jsms-reply", NULL,
                json_pack("{s:I}", "records", (json_int_t)json_array_size(batch)));
    aw_sim_reply_json(c->reply, 200, batch);
}

void aw_sim_jsms_report(struct aw_sim *sim, struct aw_sim_call *c)
{
    hand_out(sim, c, REPORTS);
}

void aw_sim_jsms_reply(struct aw_sim *sim, struct aw_sim_call *c)
{
    hand_out(sim, c, REPLIES);
}
