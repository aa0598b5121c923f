/* SPDX-License-Identifier: Apache-2.0
 *
 * The calls of JPush that push: admission, push and validate, the cid pool, revocation; and how a
 * push reaches its devices.
 */
#include "sim/jpush.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/str.h"
#include "sim/jpush_audience.h"
#include "sim/jpush_check.h"
#include "sim/jpush_store.h"
#include "sim/poster.h"
#include "sim/timer.h"

#define CIDS_AT_ONCE 10 /* of an account that is not VIP */
#define BROADCASTS   10 /* a day */
#define NO_TARGET_TEXT                                                                             \
    "cannot find user by this audience or has been inactive for more than 255 days"

/* --- admission ---------------------------------------------------------------------------- */

static void quota_roll(struct aw_sim_quota *q, aw_time now, aw_ms window)
{
    if (now - q->from >= window)
        *q = (struct aw_sim_quota){.from = now};
}

static bool quota_take(struct aw_sim_quota *q, unsigned limit)
{
    if (q->used == limit)
        return false;
    q->used++;
    return true;
}

void aw_sim_jpush_error(struct aw_sim_reply *r, int status, int code, const char *message,
                        uint64_t msg_id)
{
    json_t *body = json_pack("{s:{s:i, s:o}}", "error", "code", code, "message",
                             aw_sim_text(message, strlen(message)));
    if (msg_id)
        json_object_set_new(body, "msg_id", json_integer((json_int_t)msg_id));
    aw_sim_reply_json(r, status, body);
}

static bool authentic(const struct aw_sim_jpush *jp, struct aw_http_request *rq,
                      enum aw_sim_family family)
{
    const char *h = aw_http_header(rq, "Authorization");
    return h && strncasecmp(h, "Basic ", 6) == 0 &&
           aw_streq(h + 6, family == AW_SIM_FAMILY_GROUP ? jp->group_basic : jp->basic);
}

static const struct {
    const char *name;
    unsigned limit; /* calls a minute */
    int auth_code;
    const char *auth_text;
} families[AW_SIM_N_FAMILIES] = {
    [AW_SIM_FAMILY_PUSH] = {"push", 600, 1004, "Authen failed"},
    [AW_SIM_FAMILY_REPORT] = {"report", 2400, 3001, "Basic authentication failed"},
    [AW_SIM_FAMILY_DEVICE] = {"device", 600, 7004, "Authen failed"},
    [AW_SIM_FAMILY_GROUP] = {"group", 600, 1004, "Authen failed"},
};

bool aw_sim_jpush_admit(struct aw_sim *sim, struct aw_sim_call *c, enum aw_sim_family family)
{
    struct aw_sim_jpush *jp = sim->jpush;
    struct aw_sim_quota *q = &jp->quota[family];
    aw_time now = aw_sim_now(sim);
    bool known = authentic(jp, c->rq, family);
    unsigned limit = families[family].limit;
    quota_roll(q, now, AW_MINUTE);
    bool room = !known || quota_take(q, limit);

    aw_sim_reply_header(c->reply, "X-Rate-Limit-Limit", limit);
    aw_sim_reply_header(c->reply, "X-Rate-Limit-Remaining", limit - q->used);
    aw_sim_reply_header(c->reply, "X-Rate-Limit-Reset",
                        (q->from + AW_MINUTE - now + AW_SECOND - 1) / AW_SECOND);
    if (!known)
        aw_sim_jpush_error(c->reply, 401, families[family].auth_code, families[family].auth_text,
                           0);
    else if (!room)
        aw_sim_jpush_error(c->reply, 429, 2002, "Rate limit exceeded", 0);
    if (!known || !room)
        aw_sim_note(
            sim, "refused", NULL,
            json_pack("{s:s, s:i}", "of", families[family].name, "status", c->reply->status));
    return known && room;
}

/* --- how a push reaches its devices ------------------------------------------------------- */

struct delivery {
    uint64_t msg_id;
    unsigned target;
};

/* When the device is connected; false: never, as things stand. */
static bool online_at(const struct aw_sim *sim, const char *rid, aw_time *ret)
{
    const struct aw_sim_person *who = aw_sim_people_find(sim->people, AW_SIM_RID, rid);
    if (!who || who->push == AW_SIM_OFFLINE || who->push == AW_SIM_NO_DEVICE)
        return false;
    *ret = who->push == AW_SIM_ONLINE_LATER ? sim->people_from + who->online_after : 0;
    return true;
}

/* A delivery is posted as a list of one event, unless the push wants to hear of other kinds. */
static void call_back(struct aw_sim *sim, const struct aw_sim_push_entry *e,
                      const struct aw_sim_target *t)
{
    enum { DELIVERED = 1 };
    const json_t *type = json_object_get(e->callback, "type");
    json_t *event;
    if (!sim->jpush->callback || (json_is_integer(type) && !(json_integer_value(type) & DELIVERED)))
        return;
    event = json_pack("{s:s, s:i, s:I, s:O*}", "registration_id", t->rid, "type", DELIVERED,
                      "itime", (json_int_t)(aw_sim_now(sim) / AW_SECOND), "params",
                      json_object_get(e->callback, "params"));
    json_object_set_new(event, "msg_id", json_sprintf("%llu", (unsigned long long)e->msg_id));
    char *body = json_dumps(event, JSON_COMPACT);
    struct aw_buf list = AW_BUF_INIT(65536);
    aw_buf_printf(&list, "[%s]", body);
    struct aw_sim_post *post =
        aw_sim_post_new(sim->jpush->callback, aw_buf_str(&list), "jpush-callback", t->user, event);
    post->basic = sim->jpush->basic;
    aw_sim_poster_send(sim, post);
    aw_buf_free(&list);
    free(body);
}

static void deliver(void *ctx, void *arg)
{
    struct aw_sim *sim = ctx;
    AW_AUTO_FREE struct delivery *d = arg;
    struct aw_sim_push_entry *e = aw_sim_jpush_find(sim, d->msg_id);
    struct aw_sim_target *t = e ? &e->targets[d->target] : NULL;
    aw_time online, now = aw_sim_now(sim);
    if (!t || t->state != AW_SIM_TARGET_WAITING || !online_at(sim, t->rid, &online) || online > now)
        return;
    t->state = AW_SIM_TARGET_DELIVERED;
    t->delivered = now;
    aw_sim_mailbox_take(sim->jpush, t->rid, e->msg_id);
    call_back(sim, e, t);
    json_t *more =
        json_pack("{s:s, s:s*, s:s*}", "registration_id", t->rid, "ref", e->ref, "msg", e->msg);
    json_object_set_new(more, "msg_id", json_sprintf("%llu", (unsigned long long)e->msg_id));
    aw_sim_note(sim, "delivered", t->user, more);
}

/* Plans the delivery to a target that waits, or stores the message for it. */
static void send_out(struct aw_sim *sim, struct aw_sim_push_entry *e, unsigned i)
{
    struct aw_sim_target *t = &e->targets[i];
    aw_time now = aw_sim_now(sim), online = 0;
    bool ever = online_at(sim, t->rid, &online);
    aw_time departs = online > now ? online : now;
    if (!ever || departs > now) {
        if (e->ttl == 0) /* only devices that are online now */
            t->state = AW_SIM_TARGET_GONE;
        else
            aw_sim_mailbox_put(sim, t->rid, e->msg_id);
    }
    if (!ever || departs > e->at + e->ttl || t->state != AW_SIM_TARGET_WAITING)
        return;
    const struct aw_sim_person *who = aw_sim_people_find(sim->people, AW_SIM_RID, t->rid);
    aw_ms delay = who->delay >= 0 ? who->delay : aw_sim_between(sim, t->user, "push", 300, 1500);
    struct delivery *d = aw_malloc(sizeof(*d));
    *d = (struct delivery){e->msg_id, i};
    aw_sim_timer_at(sim, departs + delay, deliver, d);
}

void aw_sim_jpush_people_changed(struct aw_sim *sim)
{
    for (struct aw_sim_push_entry *e = sim->jpush->pushes; e; e = e->hh.next)
        for (unsigned i = 0; i < e->n_targets; i++)
            if (e->targets[i].state == AW_SIM_TARGET_WAITING)
                send_out(sim, e, i);
}

/* --- push --------------------------------------------------------------------------------- */

static json_t *particulars(const struct aw_sim_push_request *rq)
{
    json_t *audience = json_object_get(rq->body, "audience");
    json_t *o = json_pack("{s:s*, s:s*, s:s*}", "cid", rq->cid, "ref", rq->ref, "msg", rq->msg);
    for (int i = 0; i < 2; i++) {
        const char *key = i ? "registration_id" : "alias";
        json_t *list = json_object_get(audience, key);
        if (json_array_size(list) == 1)
            json_object_set(o, key, json_array_get(list, 0));
        else if (list)
            json_object_set(o, key, list);
    }
    json_object_set_new(o, "time_to_live", json_integer(rq->time_to_live));
    if (rq->override_msg_id)
        json_object_set_new(o, "override_msg_id",
                            json_sprintf("%llu", (unsigned long long)rq->override_msg_id));
    return o;
}

static const char *only_user(const struct aw_sim_push_entry *e)
{
    for (unsigned i = 1; i < e->n_targets; i++)
        if (!aw_streq(e->targets[i].user, e->targets[0].user))
            return NULL;
    return e->n_targets ? e->targets[0].user : NULL;
}

static void refuse(struct aw_sim *sim, struct aw_sim_reply *r, const struct aw_sim_push_request *rq,
                   int status, int code, const char *why)
{
    uint64_t msg_id = code == 1011 ? aw_sim_jpush_new_msg_id(sim) : 0;
    const struct aw_sim_person *who = aw_sim_audience_first(sim, rq);
    json_t *more = json_pack("{s:s, s:i, s:i}", "of", "push", "status", status, "code", code);
    json_t *rest = particulars(rq);
    json_object_update(more, rest);
    json_decref(rest);
    aw_sim_note(sim, "refused", who ? who->user : NULL, more);
    aw_sim_jpush_error(r, status, code, why, msg_id);
}

/* The answer of a success has exactly these two keys. */
static void accepted(struct aw_sim_reply *r, int64_t sendno, uint64_t msg_id)
{
    json_t *body = json_object();
    json_object_set_new(body, "sendno", json_sprintf("%lld", (long long)sendno));
    json_object_set_new(body, "msg_id", json_sprintf("%llu", (unsigned long long)msg_id));
    aw_sim_reply_json(r, 200, body);
}

static void accept_push(struct aw_sim *sim, struct aw_sim_reply *r,
                        const struct aw_sim_push_request *rq, struct aw_sim_push_entry *e)
{
    e->msg_id = aw_sim_jpush_new_msg_id(sim);
    e->at = aw_sim_now(sim);
    e->ttl = rq->time_to_live * AW_SECOND;
    e->notification = rq->notification;
    e->message = rq->message;
    e->countable = rq->countable;
    e->ref = rq->ref ? aw_strdup(rq->ref) : NULL;
    e->msg = rq->msg ? aw_strdup(rq->msg) : NULL;
    e->callback = json_incref(json_object_get(rq->body, "callback"));
    aw_sim_jpush_remember(sim->jpush, e);
    if (rq->override_msg_id)
        aw_sim_jpush_withdraw(sim->jpush, aw_sim_jpush_find(sim, rq->override_msg_id));

    json_t *more = particulars(rq);
    json_object_set_new(more, "msg_id", json_sprintf("%llu", (unsigned long long)e->msg_id));
    json_object_set_new(more, "targets", json_integer(e->n_targets));
    aw_sim_note(sim, "push", only_user(e), more);
    for (unsigned i = 0; i < e->n_targets; i++)
        send_out(sim, e, i);
    accepted(r, rq->sendno, e->msg_id);
}

static void replay(struct aw_sim *sim, struct aw_sim_reply *r, const struct aw_sim_push_request *rq,
                   const struct aw_sim_cid *cid)
{
    const struct aw_sim_push_entry *e = aw_sim_jpush_find(sim, cid->msg_id);
    json_t *more = particulars(rq);
    json_object_set_new(more, "msg_id", json_sprintf("%llu", (unsigned long long)cid->msg_id));
    json_object_set_new(more, "replayed", json_true());
    aw_sim_note(sim, "push", e ? only_user(e) : NULL, more);
    accepted(r, cid->sendno, cid->msg_id);
}

/* What is left to check when the body is well-formed; 0 or a code with its status and text. */
static int check_state(struct aw_sim *sim, const struct aw_sim_push_request *rq,
                       const struct aw_sim_push_entry *e, const struct aw_sim_cid *cid,
                       int *ret_status, const char **ret_why)
{
    *ret_status = 400;
    if (rq->cid && !cid) {
        *ret_why = "The cid is unknown or expired.";
        return 1003;
    }
    if (rq->override_msg_id) {
        const struct aw_sim_push_entry *old = aw_sim_jpush_find(sim, rq->override_msg_id);
        *ret_why = "Invalid value of 'override_msg_id'.";
        if (!old || aw_sim_now(sim) - old->at > AW_DAY)
            return 1003;
    }
    if (e->n_targets == 0) {
        *ret_why = NO_TARGET_TEXT;
        return 1011;
    }
    quota_roll(&sim->jpush->broadcasts, aw_sim_now(sim), AW_DAY);
    if (json_is_string(json_object_get(rq->body, "audience")) &&
        !quota_take(&sim->jpush->broadcasts, BROADCASTS)) {
        *ret_status = 403;
        *ret_why = "The number of broadcasts of this day is used up.";
        return 2008;
    }
    return 0;
}

void aw_sim_jpush_carry_out(struct aw_sim *sim, const char *p, size_t n, bool for_real,
                            struct aw_sim_reply *r)
{
    struct aw_sim_push_request rq;
    int status = 400, code = aw_sim_push_parse(p, n, &rq);
    const char *why = rq.why;
    struct aw_sim_cid *cid = code == 0 && rq.cid ? aw_sim_jpush_find_cid(sim, rq.cid) : NULL;
    if (for_real && cid && cid->msg_id) {
        replay(sim, r, &rq, cid);
        aw_sim_push_request_free(&rq);
        return;
    }
    struct aw_sim_push_entry *e = aw_calloc(1, sizeof(*e));
    if (code == 0) {
        aw_sim_audience_find(sim, &rq, e);
        code = check_state(sim, &rq, e, cid, &status, &why);
    }
    if (code == 0 && for_real) {
        accept_push(sim, r, &rq, e);
        if (cid) {
            cid->msg_id = e->msg_id;
            cid->sendno = rq.sendno;
        }
    } else {
        if (code != 0)
            refuse(sim, r, &rq, status, code, why);
        else
            accepted(r, rq.sendno, aw_sim_jpush_new_msg_id(sim));
        aw_sim_push_entry_free(e);
    }
    aw_sim_push_request_free(&rq);
}

void aw_sim_jpush_push(struct aw_sim *sim, struct aw_sim_call *c)
{
    aw_sim_jpush_carry_out(sim, c->view->body, c->view->n_body, true, c->reply);
}

void aw_sim_jpush_validate(struct aw_sim *sim, struct aw_sim_call *c)
{
    aw_sim_jpush_carry_out(sim, c->view->body, c->view->n_body, false, c->reply);
}

/* --- cid pool, revocation ----------------------------------------------------------------- */

void aw_sim_jpush_cid(struct aw_sim *sim, struct aw_sim_call *c)
{
    char text[32];
    uint64_t count = 1;
    int rc = aw_http_query(c->view, "count", text, sizeof(text));
    if (rc == 0)
        rc = aw_parse_u64(text, strlen(text), 1000000, &count);
    if ((rc != 0 && rc != AW_ENOENT) || count == 0) {
        aw_sim_jpush_error(c->reply, 400, 1003, "Invalid value of 'count'.", 0);
        return;
    }
    rc = aw_http_query(c->view, "type", text, sizeof(text));
    if (rc != AW_ENOENT && (rc != 0 || (!aw_streq(text, "push") && !aw_streq(text, "schedule")))) {
        aw_sim_jpush_error(c->reply, 400, 1003, "Invalid value of 'type'.", 0);
        return;
    }
    if (count > CIDS_AT_ONCE)
        count = CIDS_AT_ONCE;
    json_t *list = json_array();
    for (uint64_t i = 0; i < count; i++)
        json_array_append_new(list, json_string(aw_sim_jpush_issue_cid(sim)->text));
    aw_sim_note(sim, "cid", NULL, json_pack("{s:I}", "count", (json_int_t)count));
    aw_sim_reply_json(c->reply, 200, json_pack("{s:o}", "cidlist", list));
}

void aw_sim_jpush_revoke(struct aw_sim *sim, struct aw_sim_call *c)
{
    uint64_t msg_id = 0;
    struct aw_sim_push_entry *e = NULL;
    if (aw_parse_u64(c->rest, strlen(c->rest), INT64_MAX, &msg_id) == 0)
        e = aw_sim_jpush_find(sim, msg_id);
    if (!e) {
        aw_sim_jpush_error(c->reply, 400, 1003, "Invalid msg_id.", 0);
        return;
    }
    aw_sim_jpush_withdraw(sim->jpush, e);
    aw_sim_note(sim, "revoke", only_user(e),
                json_pack("{s:s, s:s*, s:s*}", "msg_id", c->rest, "ref", e->ref, "msg", e->msg));
    c->reply->status = 200; /* the body of this answer is empty, as the real one's */
    c->reply->type = "application/json";
}
