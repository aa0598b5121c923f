/* SPDX-License-Identifier: Apache-2.0
 *
 * The way in: route, token, scope, content type, query names, message id; then the row's handler.
 * Admission is a pure look at the request (but for the count of failures), done once before a body
 * is read and once after, so that nobody without a right makes us read a body.
 */
#include "http/http.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/random.h"
#include "base/str.h"
#include "http/call.h"
#include "http/events.h"

struct aw_api *aw_api_new(const struct aw_http_env *env)
{
    struct aw_api *api = aw_calloc(1, sizeof(*api));
    api->env = *env;
    api->auth = aw_auth_new();
    aw_random(&api->seed, sizeof(api->seed));
    pthread_mutex_init(&api->lock, NULL);
    api->requests = aw_requests_new();
    api->hub = aw_hub_new(api);
    return api;
}

void aw_api_free(struct aw_api *api)
{
    if (!api)
        return;
    aw_hub_free(api->hub);
    aw_requests_free(api->requests);
    while (api->n_readers > 0)
        api->env.reading.close(api->readers[--api->n_readers]);
    aw_free(api->readers);
    aw_auth_free(api->auth);
    pthread_mutex_destroy(&api->lock);
    aw_free(api);
}

/* ---- admission: each check fills *fault and returns false to refuse ------------------------ */

static bool refuse(struct aw_fault *fault, enum aw_problem p, const char *pointer,
                   const char *detail)
{
    fault->problem = p;
    snprintf(fault->pointer, sizeof(fault->pointer), "%s", pointer);
    snprintf(fault->detail, sizeof(fault->detail), "%s", detail);
    return false;
}

static bool admit_route(struct aw_call *call, struct aw_fault *fault)
{
    unsigned faces = (unsigned)(uintptr_t)call->view->listener;

    call->route =
        aw_route_find(call->view->method, call->view->path, faces, call->params, call->allow);
    if (call->route)
        return true;
    if (call->allow[0])
        return refuse(fault, AW_P_METHOD_NOT_ALLOWED, "", "see the Allow header");
    return refuse(fault, AW_P_NOT_FOUND, "", "there is nothing at this path");
}

/* Who calls? A token decides where there is one; without, the peer of the control socket. */
static bool admit_caller(struct aw_call *call, struct aw_fault *fault)
{
    static const char scheme[] = "Bearer ";
    const char *given = aw_http_header(call->rq, "Authorization");
    const struct aw_keys *keys = &call->api->env.keys;
    const struct aw_http_view *v = call->view;
    uint8_t hash[32];
    int64_t key;

    if (given) {
        if (strncasecmp(given, scheme, strlen(scheme)) != 0 ||
            aw_token_read(given + strlen(scheme), &key, hash) < 0 ||
            keys->check(keys->ctx, key, hash, &call->caller) < 0)
            return refuse(fault, AW_P_UNAUTHENTICATED, "", "the token is not known or was revoked");
        snprintf(call->actor, sizeof(call->actor), "key:%lld", (long long)call->caller.key);
    } else if (v->local && (v->uid == 0 || v->uid == geteuid())) {
        call->caller.scopes = AW_SCOPE_ADMIN;
        snprintf(call->actor, sizeof(call->actor), "uid:%u", (unsigned)v->uid);
    } else {
        return refuse(fault, AW_P_UNAUTHENTICATED, "",
                      "send Authorization: Bearer and a token made by `ackwatch keys create`");
    }
    return true;
}

static bool admit_scope(struct aw_call *call, struct aw_fault *fault)
{
    uint32_t scope = call->route->scope;
    unsigned bit = 0;
    char text[80];

    if (call->caller.scopes & (scope | AW_SCOPE_ADMIN))
        return true;
    while (!(scope >> bit & 1))
        bit++;
    snprintf(text, sizeof(text), "the token has no scope %s", aw_scope_names[bit]);
    return refuse(fault, AW_P_SCOPE_MISSING, "", text);
}

/* ?app= is for those who may see all apps; another's app is as good as absent. */
static bool admit_app(struct aw_call *call, struct aw_fault *fault)
{
    char app[AW_NAME_MAX + 1];
    int rc = aw_http_query(call->view, "app", app, sizeof(app));

    memcpy(call->app, call->caller.app, sizeof(call->app));
    if (rc == AW_ENOENT || (rc == 0 && strcmp(app, call->app) == 0))
        return true;
    if (rc < 0)
        return refuse(fault, AW_P_VALIDATION, "", "query parameter app: not the name of an app");
    if (call->app[0])
        return refuse(fault, AW_P_NOT_FOUND, "", "the token belongs to another app");
    memcpy(call->app, app, sizeof(call->app));
    return true;
}

static bool admit_query(struct aw_call *call, struct aw_fault *fault)
{
    const char *list = call->view->query;
    struct aw_form_pair pair;

    while (aw_form_next(&list, &pair)) {
        char name[64] = "", text[160];
        int rc = aw_percent_decode(pair.name, pair.n_name, true, name, sizeof(name));
        if (rc == 0 && (strcmp(name, "app") == 0 || aw_route_knows(call->route->query, name)))
            continue;
        bool clean = rc == 0 && aw_utf8_clean(name, strlen(name), false);
        snprintf(text, sizeof(text), "query parameter %s is not known here%s%s",
                 clean ? name : "(unreadable)", call->route->query[0] ? "; known: " : "",
                 call->route->query);
        return refuse(fault, AW_P_UNKNOWN_MEMBER, "", text);
    }
    return true;
}

static bool admit_type(struct aw_call *call, struct aw_fault *fault)
{
    const char *type = aw_http_header(call->rq, "Content-Type");
    size_t n = type ? strcspn(type, "; \t") : 0;
    unsigned flags = call->route->flags;
    const char *want = flags & AW_ROUTE_JSON    ? "application/json"
                       : flags & AW_ROUTE_LINES ? "application/x-ndjson"
                                                : NULL;
    char text[80];

    if (!want || (n == strlen(want) && strncasecmp(type, want, n) == 0))
        return true;
    snprintf(text, sizeof(text), "send Content-Type: %s", want);
    return refuse(fault, AW_P_UNSUPPORTED_TYPE, "", text);
}

static bool admit_message(struct aw_call *call, struct aw_fault *fault)
{
    const char *id = call->params[0];

    if (!strstr(call->route->path, "{message}") || aw_starts(id, "ext:"))
        return true;
    if (aw_id_parse(id, "msg_", &call->message) == 0)
        return true;
    return refuse(fault, AW_P_NOT_FOUND, "",
                  "no such message: ids look like msg_ and 13 characters, or ext: and yours");
}

static bool admit(struct aw_call *call, struct aw_fault *fault)
{
    if (!admit_route(call, fault))
        return false;
    if (!call->route->scope)
        return true;
    return admit_caller(call, fault) && admit_scope(call, fault) && admit_app(call, fault) &&
           admit_query(call, fault) && admit_type(call, fault) && admit_message(call, fault);
}

/* ---- callbacks of the server --------------------------------------------------------------- */

size_t aw_api_limit(void *ctx, const struct aw_http_view *view, int *ret_status)
{
    struct aw_call call = {.api = ctx, .rq = view->rq, .view = view};
    struct aw_fault fault;

    if (admit(&call, &fault))
        return call.route->body;
    *ret_status = aw_problem_info(fault.problem)->status;
    return 0;
}

static void resolved(struct aw_call *call, struct aw_cmd *cmd)
{
    if (aw_call_refused(call, cmd))
        return;
    call->message = cmd->reply.id;
    aw_call_again(call, call->route->handle);
}

/* ext:EXTERNAL_ID: the core thread knows the message. */
static void resolve(struct aw_call *call)
{
    const char *id = call->params[0] + strlen("ext:");
    struct aw_cmd *cmd;

    if (!id[0] || strlen(id) >= sizeof(cmd->u.lookup.external_id)) {
        aw_call_not_found(call, "message");
        return;
    }
    cmd = aw_call_cmd(call, AW_CMD_LOOKUP);
    snprintf(cmd->u.lookup.external_id, sizeof(cmd->u.lookup.external_id), "%s", id);
    aw_call_submit(call, cmd, resolved);
}

/* Who comes without a valid token is counted, once a request; beyond ten a minute the answer
 * changes, and nothing else: a guess is as good after it as before. */
bool aw_call_failed(struct aw_call *call)
{
    const struct aw_keys *keys = &call->api->env.keys;
    const char *peer = call->view->peer;
    bool many = aw_auth_failed(call->api->auth, peer, aw_clock_boot());

    keys->failed(keys->ctx, peer, many);
    return many;
}

/* Proofs are not limited: load must not cost an acknowledgement. */
static bool within_rate(struct aw_call *call, struct aw_fault *fault)
{
    unsigned rate = call->caller.rate, left;

    if (!rate || call->route->flags & AW_ROUTE_PROOF)
        return true;
    bool fine = aw_auth_spend(call->api->auth, call->caller.key, rate, aw_clock_boot(), &left);
    snprintf(call->rate_policy, sizeof(call->rate_policy), "\"key\";q=%u;w=1", rate);
    snprintf(call->rate_left, sizeof(call->rate_left), "\"key\";r=%u;t=1", left);
    return fine || refuse(fault, AW_P_TOO_FAST, "",
                          "the key makes more requests a second than it may; send batches");
}

static void begin(struct aw_call *call)
{
    struct aw_fault fault;

    if (!admit(call, &fault)) {
        if (fault.problem == AW_P_UNAUTHENTICATED && aw_call_failed(call))
            refuse(&fault, AW_P_RATE_LIMITED, "", "too many failures; check the token");
        aw_call_fault(call, &fault);
    } else if (!within_rate(call, &fault)) {
        aw_call_fault(call, &fault);
    } else if (!call->message && strstr(call->route->path, "{message}")) {
        resolve(call);
    } else {
        call->route->handle(call);
    }
}

void aw_api_handle(void *ctx, struct aw_http_request *rq, const struct aw_http_view *view)
{
    struct aw_call *call = aw_http_data(rq);

    if (!call) {
        call = aw_calloc(1, sizeof(*call));
        call->api = ctx;
        call->rq = rq;
        call->view = view;
        call->began = aw_clock_boot();
        aw_request_id(ctx, call->request_id);
        aw_http_set_data(rq, call);
        call->next = begin;
    }
    call->next(call);
}

void aw_api_problem(void *ctx, int status, const char *why, struct aw_buf *out,
                    const char **ret_type)
{
    static const struct {
        int status;
        enum aw_problem problem;
    } codes[] = {
        {405, AW_P_METHOD_NOT_ALLOWED}, {413, AW_P_TOO_LARGE}, {414, AW_P_TOO_LARGE},
        {431, AW_P_TOO_LARGE},          {500, AW_P_INTERNAL},  {503, AW_P_BUSY},
    };
    enum aw_problem p = AW_P_BAD_REQUEST;
    char request_id[AW_REQUEST_ID];

    for (size_t i = 0; i < AW_COUNT(codes); i++)
        if (codes[i].status == status)
            p = codes[i].problem;
    aw_request_id(ctx, request_id);
    aw_problem_json(out, p, status, "", why, request_id);
    aw_requests_note_refused(ctx, status, aw_problem_info(p)->code, request_id);
    *ret_type = "application/problem+json";
}
