/* SPDX-License-Identifier: Apache-2.0
 *
 * See requests.h; and GET /v1/requests. At most SLOTS requests are kept; readers copy them out
 * under the lock. Numbers rise from 1 at each start.
 */
#include "http/requests.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "http/call.h"

#define SLOTS 4096 /* a power of two */

struct note {
    uint64_t seq;
    aw_time at;
    aw_ms took; /* -1: not known */
    int status;
    char method[8];
    const char *route, *problem; /* constants, or NULL */
    char actor[48], app[AW_NAME_MAX + 1], request_id[AW_REQUEST_ID];
};

struct aw_requests {
    pthread_mutex_t lock;
    uint64_t last;
    struct note ring[SLOTS];
};

struct aw_requests *aw_requests_new(void)
{
    struct aw_requests *r = aw_calloc(1, sizeof(*r));
    pthread_mutex_init(&r->lock, NULL);
    return r;
}

void aw_requests_free(struct aw_requests *r)
{
    pthread_mutex_destroy(&r->lock);
    aw_free(r);
}

static void keep(struct aw_requests *r, struct note *n)
{
    pthread_mutex_lock(&r->lock);
    n->seq = ++r->last;
    r->ring[n->seq % SLOTS] = *n;
    pthread_mutex_unlock(&r->lock);
}

void aw_requests_note(struct aw_call *call, int status, const char *problem)
{
    struct note n = {.at = aw_clock_wall(call->api->env.clock),
                     .took = aw_clock_boot() - call->began,
                     .status = status,
                     .route = call->route ? call->route->path : NULL,
                     .problem = problem};

    if (call->route && call->route->handle == aw_do_requests)
        return; /* whoever looks on must not fill the picture */
    snprintf(n.method, sizeof(n.method), "%s", call->view->method);
    memcpy(n.actor, call->actor, sizeof(n.actor));
    memcpy(n.app, call->caller.app, sizeof(n.app));
    memcpy(n.request_id, call->request_id, sizeof(n.request_id));
    keep(call->api->requests, &n);
}

void aw_requests_note_refused(struct aw_api *api, int status, const char *problem,
                              const char *request_id)
{
    struct note n = {
        .at = aw_clock_wall(api->env.clock), .took = -1, .status = status, .problem = problem};

    snprintf(n.request_id, sizeof(n.request_id), "%s", request_id);
    keep(api->requests, &n);
}

/* ---- GET /v1/requests ------------------------------------------------------------------------ */

static void put(struct aw_jsonw *w, const struct note *n)
{
    aw_jw_object(w, NULL);
    aw_jw_int(w, "seq", (int64_t)n->seq);
    aw_jw_time(w, "at", n->at);
    aw_jw_str(w, "method", n->method[0] ? n->method : NULL);
    aw_jw_str(w, "route", n->route);
    aw_jw_int(w, "status", n->status);
    aw_jw_str(w, "problem", n->problem);
    aw_jw_str(w, "by", n->actor[0] ? n->actor : NULL);
    aw_jw_str(w, "app", n->app[0] ? n->app : NULL);
    if (n->took >= 0)
        aw_jw_int(w, "ms", n->took);
    aw_jw_str(w, "request_id", n->request_id);
    aw_jw_end(w, '}');
}

static bool is_theirs(const struct aw_call *call, const struct note *n)
{
    return !call->app[0] || strcmp(call->app, n->app) == 0;
}

/* The first number to show: behind `after`, or such that `limit` remain. */
static uint64_t first_of(const struct aw_requests *r, const char *after, uint64_t number,
                         unsigned limit)
{
    uint64_t oldest = r->last > SLOTS ? r->last - SLOTS + 1 : 1;
    uint64_t from = after[0] ? number + 1 : r->last > limit ? r->last - limit + 1 : 1;
    return from > oldest ? from : oldest;
}

void aw_do_requests(struct aw_call *call)
{
    struct aw_requests *r = call->api->requests;
    struct aw_buf out = AW_BUF_INIT(AW_LIST_MAX);
    struct aw_jsonw w;
    char after[32];
    unsigned limit, n = 0;
    int64_t number;

    if (!aw_call_limit(call, 100, 1000, &limit) ||
        !aw_call_query(call, "after", after, sizeof(after)) ||
        !aw_call_number(call, "after", &number))
        return;
    aw_list_open(&w, &out);
    pthread_mutex_lock(&r->lock);
    uint64_t last = r->last, seq = first_of(r, after, (uint64_t)number, limit);
    for (; seq <= r->last && n < limit; seq++) {
        last = seq;
        if (!is_theirs(call, &r->ring[seq % SLOTS]))
            continue;
        put(&w, &r->ring[seq % SLOTS]);
        n++;
    }
    pthread_mutex_unlock(&r->lock);
    aw_jw_end(&w, ']');
    aw_jw_int(&w, "last", (int64_t)last);
    aw_jw_end(&w, '}');
    aw_call_json(call, 200, &out, NULL, 0);
}
