/* SPDX-License-Identifier: Apache-2.0
 *
 * Routes, ordered faults, answers.
 */
#include "sim/web.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/json.h"
#include "sim/call.h"
#include "sim/jpush.h"
#include "sim/jsms.h"
#include "sim/robot.h"
#include "sim/sms.h"
#include "sim/timer.h"

#define BODY_MAX   ((size_t)1 << 20)
#define PEOPLE_MAX ((size_t)64 << 20)
#define PATH_BYTES 256
#define SLOW_MS    3000
#define HANG_MS    (10 * 60 * 1000)
#define PAGE       1000

/* --- the simulator's own calls ------------------------------------------------------------ */

static void own_error(struct aw_sim_reply *r, int status, const char *why)
{
    aw_sim_reply_json(r, status, json_pack("{s:o}", "error", aw_sim_text(why, strlen(why))));
}

/* A number in the query, or the default; false: not a number. */
static bool query_number(const struct aw_http_view *v, const char *name, uint64_t *ret)
{
    char text[24];
    int rc = aw_http_query(v, name, text, sizeof(text));
    return rc == AW_ENOENT || (rc == 0 && aw_parse_u64(text, strlen(text), INT64_MAX, ret) == 0);
}

static void get_record(struct aw_sim *sim, struct aw_sim_call *c)
{
    uint64_t from = 1, limit = PAGE;
    if (!query_number(c->view, "from", &from) || !query_number(c->view, "limit", &limit)) {
        own_error(c->reply, 400, "from and limit are numbers");
        return;
    }
    if (limit > AW_SIM_RECORD_PAGE)
        limit = AW_SIM_RECORD_PAGE;
    c->reply->status = 200;
    c->reply->type = "application/json";
    c->reply->body.max = AW_SIM_REPLY_MAX;
    aw_sim_record_page(sim->record, from, limit, &c->reply->body);
}

static void people_changed(struct aw_sim *sim)
{
    aw_sim_jpush_people_changed(sim);
    sim->activity++;
}

static void post_people(struct aw_sim *sim, struct aw_sim_call *c)
{
    struct aw_sim_people *people;
    struct aw_err err;
    if (aw_sim_people_parse(c->view->body, c->view->n_body, &people, &err) != 0) {
        own_error(c->reply, 400, err.text);
        return;
    }
    aw_sim_people_free(sim->people);
    sim->people = people;
    sim->people_from = aw_sim_now(sim);
    people_changed(sim);
    aw_sim_reply_json(c->reply, 200,
                      json_pack("{s:I}", "people", (json_int_t)aw_sim_people_count(people)));
}

static void post_person(struct aw_sim *sim, struct aw_sim_call *c)
{
    json_t *body = NULL, *push;
    const char *user;
    struct aw_err err = {"{\"user\": U, \"push\": as in the people file} is wanted"};
    int rc = AW_EINVAL;
    aw_json_parse(c->view->body, c->view->n_body, BODY_MAX, &body, NULL);
    if (json_unpack(body, "{s:s, s:o !}", "user", &user, "push", &push) == 0)
        rc = aw_sim_people_set_push(sim->people, user, push, &err);
    if (rc == 0) {
        people_changed(sim);
        aw_sim_reply_json(c->reply, 200, json_pack("{s:s, s:O}", "user", user, "push", push));
    } else {
        own_error(c->reply, rc == AW_ENOENT ? 404 : 400, err.text);
    }
    json_decref(body);
}

static void post_fault(struct aw_sim *sim, struct aw_sim_call *c)
{
    json_t *body = NULL;
    struct aw_err err;
    const char *what, *kind;
    int count = 1;
    aw_json_parse(c->view->body, c->view->n_body, BODY_MAX, &body, &err);
    if (json_unpack(body, "{s:s, s:s, s?i !}", "what", &what, "kind", &kind, "count", &count) ||
        count < 0 || aw_sim_fault_order(&sim->faults, what, kind, (unsigned)count) != 0)
        own_error(c->reply, 400,
                  "{\"what\": push|report|cid|sms|smtp, \"kind\": http500|html|hang|reset|"
                  "drop_after|429|slow|full_then_ok, \"count\": N}");
    else
        aw_sim_reply_json(c->reply, 200, json_object());
    json_decref(body);
}

/* --- webhook sink ------------------------------------------------------------------------- */

static void post_hook(struct aw_sim *sim, struct aw_sim_call *c)
{
    static const struct {
        const char *name;
        int status;
    } personalities[] = {{"fail500", 500}, {"gone410", 410}};
    static const struct {
        const char *header, *member;
    } copied[] = {{"Webhook-Id", "webhook_id"},
                  {"Webhook-Timestamp", "webhook_timestamp"},
                  {"Webhook-Signature", "webhook_signature"},
                  {"Content-Type", "content_type"}};
    int status = 200;
    for (unsigned i = 0; i < AW_COUNT(personalities); i++)
        if (aw_streq(c->rest, personalities[i].name))
            status = personalities[i].status;
    json_t *more =
        json_pack("{s:o, s:i}", "name", aw_sim_text(c->rest, strlen(c->rest)), "status", status);
    for (unsigned i = 0; i < AW_COUNT(copied); i++) {
        const char *v = aw_http_header(c->rq, copied[i].header);
        if (v)
            json_object_set_new(more, copied[i].member, aw_sim_text(v, strlen(v)));
    }
    json_object_set_new(more, "body", aw_sim_text(c->view->body, c->view->n_body));
    aw_sim_note(sim, "webhook", NULL, more);
    aw_sim_reply_json(c->reply, status, json_object());
}

/* --- routes ------------------------------------------------------------------------------- */

typedef void (*handler)(struct aw_sim *sim, struct aw_sim_call *c);

static const struct route {
    const char *method, *path; /* that ends in '/': takes one more segment; in '*': all the rest */
    enum aw_sim_family family;
    enum aw_sim_part part;
    handler run;
} routes[] = {
    {"POST", "/v3/push", AW_SIM_FAMILY_PUSH, AW_SIM_PART_PUSH, aw_sim_jpush_push},
    {"POST", "/v3/push/validate", AW_SIM_FAMILY_PUSH, AW_SIM_PART_PUSH, aw_sim_jpush_validate},
    {"GET", "/v3/push/cid", AW_SIM_FAMILY_PUSH, AW_SIM_PART_CID, aw_sim_jpush_cid},
    {"DELETE", "/v3/push/", AW_SIM_FAMILY_PUSH, AW_SIM_PART_PUSH, aw_sim_jpush_revoke},
    {"GET", "/v3/received", AW_SIM_FAMILY_REPORT, AW_SIM_PART_REPORT, aw_sim_jpush_received},
    {"GET", "/v3/received/detail", AW_SIM_FAMILY_REPORT, AW_SIM_PART_REPORT,
     aw_sim_jpush_received_detail},
    {"POST", "/v3/status/message", AW_SIM_FAMILY_REPORT, AW_SIM_PART_REPORT, aw_sim_jpush_status},
    {"POST", "/v3/push/batch/regid/single", AW_SIM_FAMILY_PUSH, AW_SIM_PART_PUSH,
     aw_sim_jpush_batch_regid},
    {"POST", "/v3/push/batch/alias/single", AW_SIM_FAMILY_PUSH, AW_SIM_PART_PUSH,
     aw_sim_jpush_batch_alias},
    {"POST", "/v3/grouppush", AW_SIM_FAMILY_GROUP, AW_SIM_PART_PUSH, aw_sim_jpush_group},
    {"GET", "/v3/messages", AW_SIM_FAMILY_REPORT, AW_SIM_PART_REPORT, aw_sim_jpush_messages},
    {"GET", "/v3/messages/detail", AW_SIM_FAMILY_REPORT, AW_SIM_PART_REPORT,
     aw_sim_jpush_messages_detail},
    {"GET", "/v3/users", AW_SIM_FAMILY_REPORT, AW_SIM_PART_REPORT, aw_sim_jpush_users},
    {"POST", "/v3/devices/status", AW_SIM_FAMILY_DEVICE, AW_SIM_PART_NONE,
     aw_sim_jpush_device_status},
    {"GET", "/v3/devices/", AW_SIM_FAMILY_DEVICE, AW_SIM_PART_NONE, aw_sim_jpush_device_get},
    {"POST", "/v3/devices/", AW_SIM_FAMILY_DEVICE, AW_SIM_PART_NONE, aw_sim_jpush_device_set},
    {"GET", "/v3/aliases/", AW_SIM_FAMILY_DEVICE, AW_SIM_PART_NONE, aw_sim_jpush_alias_get},
    {"POST", "/v3/aliases/", AW_SIM_FAMILY_DEVICE, AW_SIM_PART_NONE, aw_sim_jpush_alias_set},
    {"DELETE", "/v3/aliases/", AW_SIM_FAMILY_DEVICE, AW_SIM_PART_NONE, aw_sim_jpush_alias_delete},
    {"GET", "/v3/tags", AW_SIM_FAMILY_DEVICE, AW_SIM_PART_NONE, aw_sim_jpush_tags},
    {"GET", "/v3/tags/*", AW_SIM_FAMILY_DEVICE, AW_SIM_PART_NONE, aw_sim_jpush_tag_get},
    {"POST", "/v3/tags/", AW_SIM_FAMILY_DEVICE, AW_SIM_PART_NONE, aw_sim_jpush_tag_set},
    {"DELETE", "/v3/tags/", AW_SIM_FAMILY_DEVICE, AW_SIM_PART_NONE, aw_sim_jpush_tag_delete},
    {"POST", "/v1/messages", AW_SIM_NO_FAMILY, AW_SIM_PART_SMS, aw_sim_jsms_send},
    {"GET", "/v1/report", AW_SIM_NO_FAMILY, AW_SIM_PART_NONE, aw_sim_jsms_report},
    {"GET", "/v1/reply", AW_SIM_NO_FAMILY, AW_SIM_PART_NONE, aw_sim_jsms_reply},
    {"POST", "/sms/send", AW_SIM_NO_FAMILY, AW_SIM_PART_SMS, aw_sim_sms_send},
    {"GET", "/sms/send", AW_SIM_NO_FAMILY, AW_SIM_PART_SMS, aw_sim_sms_send},
    {"POST", "/robot/wecom/", AW_SIM_NO_FAMILY, AW_SIM_PART_NONE, aw_sim_robot_wecom},
    {"POST", "/robot/dingtalk/", AW_SIM_NO_FAMILY, AW_SIM_PART_NONE, aw_sim_robot_dingtalk},
    {"POST", "/robot/feishu/", AW_SIM_NO_FAMILY, AW_SIM_PART_NONE, aw_sim_robot_feishu},
    {"POST", "/hook/", AW_SIM_NO_FAMILY, AW_SIM_PART_NONE, post_hook},
    {"GET", "/sim/record", AW_SIM_NO_FAMILY, AW_SIM_PART_NONE, get_record},
    {"POST", "/sim/people", AW_SIM_NO_FAMILY, AW_SIM_PART_NONE, post_people},
    {"POST", "/sim/person", AW_SIM_NO_FAMILY, AW_SIM_PART_NONE, post_person},
    {"POST", "/sim/reply", AW_SIM_NO_FAMILY, AW_SIM_PART_NONE, aw_sim_sms_reply},
    {"POST", "/sim/fault", AW_SIM_NO_FAMILY, AW_SIM_PART_NONE, post_fault},
};

/* SDKs send doubled slashes and one before the '?': both mean the plain path. */
static bool tidy(const char *path, char dst[PATH_BYTES])
{
    size_t n = 0;
    for (; *path; path++) {
        if (*path == '/' && n && dst[n - 1] == '/')
            continue;
        if (n + 1 == PATH_BYTES)
            return false;
        dst[n++] = *path;
    }
    if (n > 1 && dst[n - 1] == '/')
        n--;
    dst[n] = 0;
    return true;
}

/* What follows the route's path, or NULL when it is another path. */
static const char *match(const struct route *r, const char *path)
{
    size_t n = strlen(r->path);
    if (r->path[n - 1] == '*')
        return strncmp(path, r->path, n - 1) == 0 && path[n - 1] ? path + n - 1 : NULL;
    if (r->path[n - 1] != '/')
        return aw_streq(path, r->path) ? "" : NULL;
    return aw_starts(path, r->path) && path[n] && !strchr(path + n, '/') ? path + n : NULL;
}

static const struct route *find_route(const char *method, const char *path, const char **ret_rest,
                                      bool *ret_path_known)
{
    *ret_path_known = false;
    for (unsigned i = 0; i < AW_COUNT(routes); i++) {
        const char *rest = match(&routes[i], path);
        if (!rest)
            continue;
        *ret_path_known = true;
        *ret_rest = rest;
        if (aw_streq(method, routes[i].method))
            return &routes[i];
    }
    return NULL;
}

/* --- ordered faults ----------------------------------------------------------------------- */

/* A refusal in the words of the part. */
static void part_error(struct aw_sim_call *c, enum aw_sim_part part, int status, int jpush,
                       int report, const char *text)
{
    if (part == AW_SIM_PART_SMS)
        aw_sim_sms_error(c->reply, status, jpush, text);
    else
        aw_sim_jpush_error(c->reply, status, part == AW_SIM_PART_REPORT ? report : jpush, text, 0);
}

/* True when the fault replaces the work. */
static bool fails(struct aw_sim_call *c, enum aw_sim_part part, enum aw_sim_fault fault)
{
    struct aw_sim_reply *r = c->reply;
    switch (fault) {
    case AW_SIM_FAULT_HTTP500:
        part_error(c, part, 500, 1000, 10, "Internal error");
        return true;
    case AW_SIM_FAULT_429:
        if (part == AW_SIM_PART_SMS) {
            aw_sim_reply_header(r, "Retry-After", 5);
        } else {
            aw_sim_reply_header(r, "X-Rate-Limit-Remaining", 0);
            aw_sim_reply_header(r, "X-Rate-Limit-Reset", 5);
        }
        part_error(c, part, 429, 2002, 2002, "Rate limit exceeded");
        return true;
    case AW_SIM_FAULT_FULL_THEN_OK:
        aw_sim_reply_header(r, "Retry-After", 1);
        part_error(c, part, 503, 1030, 10, "Internal timeout");
        return true;
    case AW_SIM_FAULT_HTML:
        r->status = 502;
        r->type = "text/html";
        r->body.max = 256;
        aw_buf_puts(&r->body, "<html><head><title>502 Bad Gateway</title></head></html>\n");
        return true;
    case AW_SIM_FAULT_HANG:
        r->end = AW_SIM_HANG;
        return true;
    case AW_SIM_FAULT_RESET:
        r->end = AW_SIM_DROP;
        return true;
    default:
        return false;
    }
}

static void work(struct aw_sim *sim, const struct route *route, struct aw_sim_call *c)
{
    enum aw_sim_fault fault = aw_sim_fault_take(&sim->faults, route->part);
    if (fault)
        aw_sim_note(sim, "fault", NULL,
                    json_pack("{s:s, s:s}", "of", aw_sim_part_names[route->part], "kind",
                              aw_sim_fault_names[fault]));
    if (route->family && !aw_sim_jpush_admit(sim, c, route->family))
        return;
    if (fails(c, route->part, fault))
        return;
    route->run(sim, c);
    if (fault == AW_SIM_FAULT_DROP_AFTER)
        c->reply->end = AW_SIM_DROP;
    else if (fault == AW_SIM_FAULT_SLOW && c->reply->end == AW_SIM_ANSWER)
        c->reply->end = AW_SIM_SLOW;
}

/* --- requests ----------------------------------------------------------------------------- */

static void finish(struct aw_sim *sim, struct aw_http_request *rq, struct aw_sim_reply *r)
{
    switch (r->end) {
    case AW_SIM_ANSWER:
        aw_sim_reply_send(rq, r);
        break;
    case AW_SIM_DROP:
        aw_http_drop(rq);
        break;
    case AW_SIM_HANG:
        aw_http_keep(rq);
        aw_sim_timer_hold(sim, rq, NULL, HANG_MS);
        break;
    case AW_SIM_SLOW:
        aw_http_keep(rq);
        aw_sim_timer_hold(sim, rq, r, SLOW_MS);
        break;
    }
    aw_sim_reply_free(r);
}

static void no_route(struct aw_sim_call *c, const char *path, bool path_known)
{
    if (path_known && aw_starts(path, "/v3/push"))
        aw_sim_jpush_error(c->reply, 405, 1001, "Only support HTTP Post method.", 0);
    else
        own_error(c->reply, path_known ? 405 : 404, path_known ? "another method" : "no such path");
}

static void handle(void *ctx, struct aw_http_request *rq, const struct aw_http_view *view)
{
    struct aw_sim *sim = ctx;
    struct aw_sim_reply reply = {.status = 500, .type = "application/json"};
    struct aw_sim_call c = {rq, view, "", &reply};
    char path[PATH_BYTES];
    bool path_known = false;
    const struct route *route =
        tidy(view->path, path) ? find_route(view->method, path, &c.rest, &path_known) : NULL;
    aw_sim_lock(sim);
    sim->activity++;
    if (route)
        work(sim, route, &c);
    else
        no_route(&c, path, path_known);
    aw_sim_unlock(sim);
    finish(sim, rq, &reply);
}

static size_t limit(void *ctx, const struct aw_http_view *view, int *ret_status)
{
    return aw_starts(view->path, "/sim/people") ? PEOPLE_MAX : BODY_MAX;
}

static void problem(void *ctx, int status, const char *why, struct aw_buf *out,
                    const char **ret_type)
{
    aw_buf_printf(out, "{\"error\":{\"code\":%d,\"message\":\"%s\"}}", status, why);
    *ret_type = "application/json";
}

struct aw_http_server *aw_sim_web_start(struct aw_sim *sim, const char *address, unsigned port,
                                        unsigned *ret_port, struct aw_err *err)
{
    struct aw_http_server *s = aw_http_server_new(&(struct aw_http_server_options){
        .handler = handle,
        .limit = limit,
        .ctx = sim,
        .empty_segments = true,
        .problem = problem,
    });
    if (aw_http_listen(s, address, port, NULL, NULL, ret_port, err) == 0)
        return s;
    aw_http_server_free(s);
    return NULL;
}
