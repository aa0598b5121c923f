/* SPDX-License-Identifier: Apache-2.0
 *
 * POST /v1/messages:batch, /v1/acks:batch, /v1/sessions:batch: a command a line, one answer for all
 * of them once the last is durable, a line of result for each in the order of the request. Lines
 * stand alone: one that is refused, or finds the queue full, says so in its result and stops no
 * other.
 *
 * Threads: lines are parsed, submitted and printed on http threads; the core thread only counts
 * down. Whoever brings the count to zero sends the call on. At most 1,000 lines; the body is
 * bounded by the route.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "http/call.h"

#define LINES_MAX  1000
#define STORED_MAX ((size_t)8 << 20) /* bytes of first registrations kept to compare with */

struct line {
    struct aw_batch *batch;
    struct aw_cmd *cmd;    /* kept until its result is printed; NULL: refused before */
    struct aw_cmd *lookup; /* of an acknowledgement by external id, goes ahead of cmd */
    struct aw_fault fault; /* of a line that was refused before */
    char app[AW_NAME_MAX + 1], external_id[AW_EXTERNAL_ID];
    unsigned n_recipients;
};

struct aw_batch {
    struct aw_call *call;
    bool (*take)(struct line *line, const char *p, size_t n); /* false: fault is filled */
    void (*put)(struct aw_jsonw *w, const struct line *line);
    int status; /* of a line that was carried out */
    struct line *lines;
    unsigned n;
    atomic_uint n_left;
    atomic_size_t n_stored;
};

static void free_batch(struct aw_batch *b)
{
    for (unsigned i = 0; i < b->n; i++) {
        aw_cmd_free(b->lines[i].cmd);
        aw_cmd_free(b->lines[i].lookup);
    }
    aw_free(b->lines);
    aw_free(b);
}

/* ---- to the core thread and back ----------------------------------------------------------- */

static void count_down(struct aw_batch *b, unsigned n)
{
    if (atomic_fetch_sub(&b->n_left, n) == n)
        aw_call_again(b->call, b->call->next);
}

static void line_done(struct aw_cmd *cmd)
{
    struct line *line = cmd->owner;
    struct aw_batch *b = line->batch;
    bool kept = cmd->type == AW_CMD_SESSION || cmd->reply.problem == AW_P_KEY_REUSED;

    /* The first registration of a key is up to a megabyte: no line needs it but for a conflict, and
     * what does not fit any more costs that line the names of the members. */
    if (!kept || atomic_fetch_add(&b->n_stored, cmd->reply.n_body) > STORED_MAX) {
        aw_free(cmd->reply.body);
        cmd->reply.body = NULL;
    }
    count_down(b, 1);
}

static void submit(struct line *line, struct aw_cmd *cmd)
{
    struct aw_call *call = line->batch->call;
    const struct aw_submit *to = &call->api->env.submit;

    cmd->done = line_done;
    cmd->owner = line;
    if (to->put(to->ctx, cmd, call->route->flags & AW_ROUTE_PROOF) == 0)
        return;
    aw_cmd_refuse(cmd, AW_P_BUSY, "", "too much is waiting; this line was not accepted");
    line_done(cmd);
}

/* Hands over what `pick` finds in the lines; next() comes when all of it is done. */
static void submit_all(struct aw_batch *b, struct aw_cmd *(*pick)(const struct line *line),
                       void (*next)(struct aw_call *call))
{
    unsigned n_without = 1; /* and one for ourselves, so that it does not end while we submit */

    b->call->next = next;
    b->n_left = b->n + 1;
    aw_http_keep(b->call->rq);
    for (unsigned i = 0; i < b->n; i++) {
        struct aw_cmd *cmd = pick(&b->lines[i]);
        if (cmd)
            submit(&b->lines[i], cmd);
        else
            n_without++;
    }
    count_down(b, n_without);
}

static struct aw_cmd *pick_lookup(const struct line *line)
{
    return line->lookup;
}

static struct aw_cmd *pick_cmd(const struct line *line)
{
    return line->cmd;
}

/* ---- the answer ---------------------------------------------------------------------------- */

static void put_problem(struct aw_jsonw *w, const struct aw_call *call, enum aw_problem p,
                        const char *pointer, const char *detail)
{
    struct aw_buf out = AW_BUF_INIT(16 << 10);
    int status = aw_problem_info(p)->status;

    aw_problem_json(&out, p, status, pointer, detail, call->request_id);
    aw_jw_int(w, "status", status);
    aw_jw_raw(w, "problem", aw_buf_str(&out), out.n);
    aw_buf_free(&out);
}

static void put_line(const struct line *line, struct aw_buf *out)
{
    const struct aw_batch *b = line->batch;
    const struct aw_cmd *cmd = line->cmd;
    char conflict[AW_CONFLICT_TEXT];
    struct aw_jsonw w;

    aw_jw_init(&w, out);
    aw_jw_object(&w, NULL);
    if (!cmd) {
        put_problem(&w, b->call, line->fault.problem, line->fault.pointer, line->fault.detail);
    } else if (cmd->reply.problem == AW_P_KEY_REUSED) {
        aw_conflict_text(conflict, "external_id", cmd->reply.body, cmd->reply.n_body,
                         cmd->u.reg.reg.raw, cmd->u.reg.reg.n_raw);
        put_problem(&w, b->call, cmd->reply.problem, cmd->reply.pointer, conflict);
    } else if (cmd->reply.problem) {
        put_problem(&w, b->call, cmd->reply.problem, cmd->reply.pointer, cmd->reply.detail);
    } else {
        aw_jw_int(&w, "status", b->status);
        b->put(&w, line);
    }
    aw_jw_end(&w, '}');
    aw_buf_putc(out, '\n');
}

static void answer(struct aw_call *call)
{
    struct aw_batch *b = call->batch;
    struct aw_buf out = AW_BUF_INIT(AW_LIST_MAX);

    for (unsigned i = 0; i < b->n; i++)
        put_line(&b->lines[i], &out);
    free_batch(b);
    aw_call_text(call, 200, "application/x-ndjson", aw_buf_str(&out), out.n, NULL, 0);
    aw_buf_free(&out);
}

/* ---- the request --------------------------------------------------------------------------- */

static bool refuse_line(struct line *line, enum aw_problem p, const char *detail)
{
    line->fault.problem = p;
    snprintf(line->fault.detail, sizeof(line->fault.detail), "%s", detail);
    return false;
}

static void take_line(struct aw_batch *b, enum aw_cmd_type type, const char *p, size_t n)
{
    struct line *line = &b->lines[b->n++];

    line->batch = b;
    memcpy(line->app, b->call->app, sizeof(line->app));
    line->cmd = aw_call_cmd(b->call, type);
    line->cmd->app = line->app;
    if (b->take(line, p, n))
        return;
    aw_cmd_free(line->cmd);
    line->cmd = NULL;
}

static const char *line_end(const char *p, const char *end)
{
    const char *lf = memchr(p, '\n', (size_t)(end - p));
    return lf ? lf : end;
}

/* The last line may end without a line feed. */
static unsigned count_lines(const struct aw_http_view *v)
{
    const char *end = v->body + v->n_body;
    unsigned n = 0;
    for (const char *p = v->body; p < end && n <= LINES_MAX; n++)
        p = line_end(p, end) + 1;
    return n;
}

/* False: the call has ended. */
static bool take_batch(struct aw_call *call, struct aw_batch *b, enum aw_cmd_type type)
{
    const struct aw_http_view *v = call->view;
    const char *end = v->body + v->n_body;
    unsigned n = count_lines(v);

    if (n == 0 || n > LINES_MAX) {
        aw_free(b);
        aw_call_problem(call, n ? AW_P_TOO_LARGE : AW_P_VALIDATION, "",
                        "1 to %d lines are wanted, each a JSON object; nothing was accepted",
                        LINES_MAX);
        return false;
    }
    call->batch = b;
    b->call = call;
    b->lines = aw_calloc(n, sizeof(*b->lines));
    for (const char *p = v->body; p < end;) {
        const char *stop = line_end(p, end);
        take_line(b, type, p, (size_t)(stop - p));
        p = stop + 1;
    }
    return true;
}

/* ---- POST /v1/messages:batch --------------------------------------------------------------- */

static bool take_registration(struct line *line, const char *p, size_t n)
{
    struct aw_cmd *cmd = line->cmd;
    const char *key;

    if (aw_register_take(line->batch->call, p, n, cmd, line->app, &line->fault) < 0)
        return false;
    key = cmd->u.reg.reg.external_id;
    if (!key)
        return refuse_line(line, AW_P_KEY_REQUIRED,
                           "each line of a batch needs an external_id, which is its key");
    snprintf(cmd->u.reg.idem, sizeof(cmd->u.reg.idem), "%s", key);
    snprintf(line->external_id, sizeof(line->external_id), "%s", key);
    line->n_recipients = cmd->u.reg.reg.n_recipients;
    return true;
}

static void put_registration(struct aw_jsonw *w, const struct line *line)
{
    aw_jw_bool(w, "replayed", line->cmd->reply.replayed);
    aw_put_registered(w, &line->cmd->reply, line->external_id, line->n_recipients);
}

void aw_do_register_batch(struct aw_call *call)
{
    if (aw_http_header(call->rq, "Idempotency-Key")) {
        aw_call_problem(call, AW_P_VALIDATION, "",
                        "Idempotency-Key: a batch has none, the key of each line is its "
                        "external_id");
        return;
    }
    struct aw_batch *b = aw_calloc(1, sizeof(*b));
    b->take = take_registration;
    b->put = put_registration;
    b->status = 201;
    if (take_batch(call, b, AW_CMD_REGISTER))
        submit_all(b, pick_cmd, answer);
}

/* ---- POST /v1/acks:batch ------------------------------------------------------------------- */

static bool take_ack(struct line *line, const char *p, size_t n)
{
    struct aw_call *call = line->batch->call;
    struct aw_cmd *lookup;

    if (aw_request_ack_line(p, n, line->cmd, line->external_id, &line->fault) < 0)
        return false;
    line->cmd->u.ack.source = call->caller.key ? AW_SRC_APP : AW_SRC_OPERATOR;
    if (!line->external_id[0])
        return true;
    lookup = line->lookup = aw_call_cmd(call, AW_CMD_LOOKUP);
    memcpy(lookup->u.lookup.external_id, line->external_id, sizeof(line->external_id));
    return true;
}

static void put_ack(struct aw_jsonw *w, const struct line *line)
{
    aw_put_acked(w, line->cmd);
}

/* The messages behind the external ids are known. */
static void found(struct aw_call *call)
{
    struct aw_batch *b = call->batch;

    for (unsigned i = 0; i < b->n; i++) {
        struct line *line = &b->lines[i];
        struct aw_reply *r = line->lookup ? &line->lookup->reply : NULL;
        if (!r)
            continue;
        line->cmd->u.ack.message = r->id;
        if (!r->problem)
            continue;
        refuse_line(line, r->problem, r->detail);
        aw_cmd_free(line->cmd);
        line->cmd = NULL;
    }
    submit_all(b, pick_cmd, answer);
}

void aw_do_ack_batch(struct aw_call *call)
{
    struct aw_batch *b = aw_calloc(1, sizeof(*b));
    b->take = take_ack;
    b->put = put_ack;
    b->status = 200;
    if (take_batch(call, b, AW_CMD_ACK))
        submit_all(b, pick_lookup, found);
}

/* ---- POST /v1/sessions:batch --------------------------------------------------------------- */

static bool take_session(struct line *line, const char *p, size_t n)
{
    return aw_request_session_line(p, n, line->cmd, &line->fault) == 0;
}

static void put_session(struct aw_jsonw *w, const struct line *line)
{
    aw_put_session(w, &line->cmd->reply);
}

void aw_do_session_batch(struct aw_call *call)
{
    struct aw_batch *b = aw_calloc(1, sizeof(*b));
    b->take = take_session;
    b->put = put_session;
    b->status = 200;
    if (take_batch(call, b, AW_CMD_SESSION))
        submit_all(b, pick_cmd, answer);
}
