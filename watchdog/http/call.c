/* SPDX-License-Identifier: Apache-2.0
 *
 * What handlers share: commands to the core thread, readers, query parameters.
 */
#include "http/call.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

/* ---- commands ---------------------------------------------------------------------------- */

struct aw_cmd *aw_call_cmd(struct aw_call *call, enum aw_cmd_type type)
{
    struct aw_cmd *cmd = aw_cmd_new(type);
    cmd->app = call->app;
    memcpy(cmd->actor, call->actor, sizeof(cmd->actor));
    return cmd;
}

static void on_done(struct aw_cmd *cmd)
{
    struct aw_call *call = cmd->owner;
    call->done(call, cmd);
    aw_cmd_free(cmd);
}

void aw_call_submit(struct aw_call *call, struct aw_cmd *cmd,
                    void (*done)(struct aw_call *call, struct aw_cmd *cmd))
{
    const struct aw_submit *submit = &call->api->env.submit;

    call->done = done;
    cmd->done = on_done;
    cmd->owner = call;
    aw_http_keep(call->rq); /* before: the answer may come before put() returns */
    if (submit->put(submit->ctx, cmd, call->route->flags & AW_ROUTE_PROOF) == 0)
        return;
    aw_cmd_refuse(cmd, AW_P_BUSY, "", "too much is waiting; nothing was accepted");
    on_done(cmd);
}

bool aw_call_refused(struct aw_call *call, struct aw_cmd *cmd)
{
    struct aw_reply *r = &cmd->reply;
    if (r->problem == AW_P_NONE)
        return false;
    aw_call_refuse(call, r->problem, r->pointer, r->detail);
    return true;
}

bool aw_call_body(struct aw_call *call, struct aw_cmd *cmd,
                  int (*read)(const char *p, size_t n, struct aw_cmd *cmd, struct aw_fault *fault))
{
    struct aw_fault fault = {0};

    if (read(call->view->body, call->view->n_body, cmd, &fault) == 0)
        return true;
    aw_call_fault(call, &fault);
    aw_cmd_free(cmd);
    return false;
}

bool aw_answer_open(struct aw_call *call, struct aw_cmd *cmd, struct aw_answer *a)
{
    if (aw_call_refused(call, cmd))
        return false;
    a->out = AW_BUF_INIT(16 << 10);
    aw_jw_init(&a->w, &a->out);
    aw_jw_object(&a->w, NULL);
    return true;
}

void aw_answer_close(struct aw_call *call, struct aw_answer *a, int status)
{
    aw_jw_end(&a->w, '}');
    aw_call_json(call, status, &a->out, NULL, 0);
}

void aw_call_again(struct aw_call *call, void (*next)(struct aw_call *call))
{
    call->next = next;
    aw_http_again(call->rq);
}

/* ---- readers ----------------------------------------------------------------------------- */

/* Handles are opened when all are out, so there are at most as many as threads that read. */
struct aw_reader *aw_api_reader(struct aw_api *api)
{
    struct aw_reader *r = NULL;

    pthread_mutex_lock(&api->lock);
    if (api->n_readers > 0)
        r = api->readers[--api->n_readers];
    pthread_mutex_unlock(&api->lock);
    return r ? r : api->env.reading.open(api->env.reading.ctx);
}

void aw_api_release(struct aw_api *api, struct aw_reader *r)
{
    pthread_mutex_lock(&api->lock);
    api->readers = aw_realloc(api->readers, (api->n_readers + 1) * sizeof(struct aw_reader *));
    api->readers[api->n_readers++] = r;
    pthread_mutex_unlock(&api->lock);
}

struct aw_reader *aw_call_reader(struct aw_call *call)
{
    struct aw_reader *r = aw_api_reader(call->api);
    if (!r)
        aw_call_problem(call, AW_P_STORE_FAILED, "", "the store cannot be read now");
    return r;
}

void aw_call_release(struct aw_call *call, struct aw_reader *r)
{
    aw_api_release(call->api, r);
}

/* ---- query parameters -------------------------------------------------------------------- */

bool aw_call_query(struct aw_call *call, const char *name, char *dst, size_t cap)
{
    int rc = aw_http_query(call->view, name, dst, cap);
    if (rc == AW_ENOENT)
        dst[0] = 0;
    if (rc == 0 || rc == AW_ENOENT)
        return true;
    aw_call_problem(call, AW_P_VALIDATION, "", "query parameter %s: %s", name,
                    rc == AW_ELIMIT ? "too long" : "broken percent-encoding");
    return false;
}

static bool query_number(struct aw_call *call, const char *name, uint64_t min, uint64_t max,
                         uint64_t *ret)
{
    char text[32];
    if (!aw_call_query(call, name, text, sizeof(text)))
        return false;
    if (!text[0] || (aw_parse_u64(text, strlen(text), max, ret) == 0 && *ret >= min))
        return true;
    aw_call_problem(call, AW_P_VALIDATION, "",
                    "query parameter %s: a number from %llu to %llu is wanted", name,
                    (unsigned long long)min, (unsigned long long)max);
    return false;
}

bool aw_call_limit(struct aw_call *call, unsigned def, unsigned max, unsigned *ret)
{
    uint64_t n = def;
    bool fine = query_number(call, "limit", 1, max, &n);
    *ret = (unsigned)n;
    return fine;
}

bool aw_call_number(struct aw_call *call, const char *name, int64_t *ret)
{
    uint64_t n = 0;
    bool fine = query_number(call, name, 0, 999999999999999999, &n);
    *ret = (int64_t)n;
    return fine;
}

void aw_call_array(struct aw_call *call, void (*write)(void *ctx, struct aw_buf *out))
{
    struct aw_buf out = AW_BUF_INIT(AW_LIST_MAX);
    aw_buf_puts(&out, "{\"data\":");
    write(call->api->env.status.ctx, &out);
    aw_buf_putc(&out, '}');
    aw_call_json(call, 200, &out, NULL, 0);
}

bool aw_call_lang(struct aw_call *call, enum aw_lang *ret)
{
    char lang[16];

    *ret = AW_LANG_EN;
    if (!aw_call_query(call, "lang", lang, sizeof(lang)))
        return false;
    if (!lang[0] || aw_lang_parse(lang, ret) == 0)
        return true;
    aw_call_problem(call, AW_P_VALIDATION, "", "query parameter lang: en or zh-CN");
    return false;
}
