/* SPDX-License-Identifier: Apache-2.0
 *
 * The reports of JPush. Right after a push a report knows nothing but the msg_id; then come the
 * counters, null for what was not targeted or cannot be counted, growing as devices come online.
 */
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/json.h"
#include "sim/jpush.h"
#include "sim/jpush_store.h"

#define REPORT_LAG (3 * AW_SECOND) /* acceptance to the first counters */
#define IDS_MAX    100
#define RIDS_MAX   1000
#define CST        (8 * AW_HOUR) /* `date` is a day in China */

enum count { ANDROID, IOS_SENT, IOS_SHOWN, IOS_MESSAGE, N_COUNTS };

/* -1: no data. */
static void count(const struct aw_sim_push_entry *e, int64_t ret[N_COUNTS])
{
    int64_t targets[2] = {0}, received[2] = {0};
    for (unsigned i = 0; i < e->n_targets; i++) {
        bool ios = e->targets[i].platform == AW_SIM_IOS;
        targets[ios]++;
        received[ios] += e->targets[i].state == AW_SIM_TARGET_DELIVERED;
    }
    ret[ANDROID] = targets[0] ? received[0] : -1;
    ret[IOS_SENT] = targets[1] && e->notification ? targets[1] : -1;
    ret[IOS_SHOWN] = targets[1] && e->notification && e->countable ? received[1] : -1;
    ret[IOS_MESSAGE] = targets[1] && e->message ? received[1] : -1;
}

struct column {
    const char *name;
    enum count count; /* N_COUNTS: always null here */
};

static const struct column legacy[] = {
    {"android_received", ANDROID},    {"ios_apns_sent", IOS_SENT},
    {"ios_apns_received", IOS_SHOWN}, {"ios_msg_received", IOS_MESSAGE},
    {"wp_mpns_sent", N_COUNTS},       {NULL, N_COUNTS}};
/* "acivity" is how JPush spells it. */
static const struct column detail[] = {
    {"jpush_received", ANDROID},        {"android_pns_sent", N_COUNTS},
    {"android_pns_received", N_COUNTS}, {"ios_apns_sent", IOS_SENT},
    {"ios_apns_received", IOS_SHOWN},   {"ios_msg_received", IOS_MESSAGE},
    {"live_acivity_sent", N_COUNTS},    {"live_acivity_received", N_COUNTS},
    {"wp_mpns_sent", N_COUNTS},         {"quickapp_jpush_received", N_COUNTS},
    {"quickapp_pns_sent", N_COUNTS},    {"hmos_hmpns_sent", N_COUNTS},
    {"hmos_hmpns_received", N_COUNTS},  {"hmos_msg_received", N_COUNTS},
    {"hmos_msg_sent", N_COUNTS},        {NULL, N_COUNTS}};

static json_t *row_of(const struct aw_sim *sim, const struct aw_sim_push_entry *e,
                      const void *columns)
{
    json_t *row = json_object();
    int64_t counts[N_COUNTS];
    count(e, counts);
    json_object_set_new(row, "msg_id", json_sprintf("%llu", (unsigned long long)e->msg_id));
    if (aw_sim_now(sim) - e->at < REPORT_LAG)
        return row;
    for (const struct column *k = columns; k->name; k++) {
        int64_t v = k->count == N_COUNTS ? -1 : counts[k->count];
        json_object_set_new(row, k->name, v < 0 ? json_null() : json_integer(v));
    }
    return row;
}

static void note_report(struct aw_sim *sim, const char *path, size_t ids)
{
    aw_sim_note(sim, "report", NULL, json_pack("{s:s, s:I}", "path", path, "ids", (json_int_t)ids));
}

void aw_sim_jpush_rows(struct aw_sim *sim, struct aw_sim_call *c, const char *path, aw_sim_row *row,
                       const void *arg)
{
    char ids[IDS_MAX * 21 + 1];
    uint64_t id;
    size_t n = 0;
    json_t *rows = json_array();
    int rc = aw_http_query(c->view, "msg_ids", ids, sizeof(ids));
    char *save = NULL;
    for (char *s = rc == 0 ? strtok_r(ids, ",", &save) : NULL; s && rc == 0;
         s = strtok_r(NULL, ",", &save)) {
        rc = ++n > IDS_MAX ? AW_ELIMIT : aw_parse_u64(s, strlen(s), INT64_MAX, &id);
        struct aw_sim_push_entry *e = rc == 0 ? aw_sim_jpush_find(sim, id) : NULL;
        if (e)
            json_array_append_new(rows, row(sim, e, arg));
    }
    note_report(sim, path, n);
    if (rc == 0 && n > 0) {
        aw_sim_reply_json(c->reply, 200, rows);
        return;
    }
    json_decref(rows);
    aw_sim_jpush_error(c->reply, 400, 3002, "Invalid parameter `msg_ids`.", 0);
}

void aw_sim_jpush_received(struct aw_sim *sim, struct aw_sim_call *c)
{
    aw_sim_jpush_rows(sim, c, "/v3/received", row_of, legacy);
}

void aw_sim_jpush_received_detail(struct aw_sim *sim, struct aw_sim_call *c)
{
    aw_sim_jpush_rows(sim, c, "/v3/received/detail", row_of, detail);
}

/* --- per device --------------------------------------------------------------------------- */

struct day {
    aw_time from, to;
};

static bool on_day(const struct day *d, aw_time t)
{
    return t >= d->from && t < d->to;
}

static bool read_day(const struct aw_sim *sim, const json_t *v, struct day *ret)
{
    const char *s = json_string_value(v);
    aw_time now = aw_sim_now(sim);
    ret->from = now - (now + CST) % AW_DAY;
    if (v && !json_is_null(v)) {
        struct aw_buf text = AW_BUF_INIT(64);
        aw_buf_printf(&text, "%sT00:00:00+08:00", s ? s : "");
        int rc = aw_time_parse(aw_buf_str(&text), text.n, &ret->from);
        aw_buf_free(&text);
        if (rc != 0)
            return false;
    }
    ret->to = ret->from + AW_DAY;
    return true;
}

/* 0 delivered, 1 not delivered, 2 no device of this app, 3 not a target of this push. */
static int status_of(const struct aw_sim *sim, const struct aw_sim_push_entry *e,
                     const struct day *day, const char *rid)
{
    for (unsigned i = 0; i < e->n_targets; i++)
        if (aw_streq(e->targets[i].rid, rid))
            return e->targets[i].state == AW_SIM_TARGET_DELIVERED &&
                           on_day(day, e->targets[i].delivered)
                       ? 0
                       : 1;
    return aw_sim_people_find(sim->people, AW_SIM_RID, rid) ? 3 : 2;
}

/* A day knows the pushes that were sent or delivered on it, and those only some seconds later. */
static bool day_knows(const struct aw_sim *sim, const struct aw_sim_push_entry *e,
                      const struct day *day)
{
    bool known = on_day(day, e->at);
    for (unsigned i = 0; i < e->n_targets; i++)
        known |= on_day(day, e->targets[i].delivered);
    return known && aw_sim_now(sim) - e->at >= REPORT_LAG;
}

static const char *check_status(const json_t *body)
{
    const json_t *rids = json_object_get(body, "registration_ids");
    bool ok = json_array_size(rids) > 0 && json_array_size(rids) <= RIDS_MAX;
    for (size_t i = 0; i < json_array_size(rids); i++)
        ok &= json_is_string(json_array_get(rids, i));
    if (!json_is_object(body))
        return "Parameter is invalid, not a valid JSON format";
    if (!json_is_integer(json_object_get(body, "msg_id"))) /* a string will not do */
        return "Invalid parameter `msg_id`.";
    return ok ? NULL : "Invalid parameter `registration_ids`.";
}

void aw_sim_jpush_status(struct aw_sim *sim, struct aw_sim_call *c)
{
    json_t *body = NULL;
    struct aw_err err;
    struct day day;
    aw_json_parse(c->view->body, c->view->n_body, (size_t)1 << 20, &body, &err);
    const char *why = check_status(body);
    const json_t *rids = json_object_get(body, "registration_ids");
    note_report(sim, "/v3/status/message", json_array_size(rids));
    uint64_t id = (uint64_t)json_integer_value(json_object_get(body, "msg_id"));
    const struct aw_sim_push_entry *e = why ? NULL : aw_sim_jpush_find(sim, id);
    if (!why && !read_day(sim, json_object_get(body, "date"), &day))
        why = "Invalid parameter `date`.";
    if (!why && (!e || !day_knows(sim, e, &day)))
        why = "Msgid does not exist.";
    if (why) {
        aw_sim_jpush_error(c->reply, 400, 3002, why, 0);
    } else {
        json_t *answer = json_object();
        for (size_t i = 0; i < json_array_size(rids); i++) {
            const char *rid = json_string_value(json_array_get(rids, i));
            json_object_set_new(answer, rid,
                                json_pack("{s:i}", "status", status_of(sim, e, &day, rid)));
        }
        aw_sim_reply_json(c->reply, 200, answer);
    }
    json_decref(body);
}
