/* SPDX-License-Identifier: Apache-2.0
 *
 * /in/{channel} and /in/{channel}/{secret}: what providers send. The provider's own code in chan/
 * verifies and decodes the whole request first; then each receipt and reply becomes a command. The
 * answer comes when all of them are durable, and is a 5xx when one is not, so that the provider
 * comes again: what landed before is known then. What nobody knows is a 200 all the same,
 * repeating would not help.
 *
 * Threads: decoded on an http thread; the core thread counts down, and whoever brings the count to
 * zero answers.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "http/call.h"

struct delivery {
    struct aw_call *call;
    struct aw_news news;
    atomic_uint n_left;
    atomic_int problem; /* of one that did not land */
};

static void answer(struct delivery *d)
{
    struct aw_call *call = d->call;
    enum aw_problem p = (enum aw_problem)d->problem;
    char text[sizeof(d->news.text)];
    struct aw_http_header wide = {d->news.wide, "2"};
    bool is_wide = false;

    memcpy(text, d->news.text, sizeof(text));
    for (const char *c = text; *c && wide.name; c++)
        is_wide = is_wide || (unsigned char)*c >= 0x80;
    aw_news_free(&d->news);
    aw_free(d);
    if (p)
        aw_call_problem(call, p, "",
                        p == AW_P_STATE_CONFLICT ? "the nonce was used with other data"
                                                 : "not all of it could be kept: send it again");
    else
        aw_call_text(call, 200, "text/plain; charset=utf-8", text, strlen(text), &wide, is_wide);
}

static void count_down(struct delivery *d)
{
    if (atomic_fetch_sub(&d->n_left, 1) == 1)
        answer(d);
}

static void landed(struct aw_cmd *cmd)
{
    struct delivery *d = cmd->owner;
    enum aw_problem p = cmd->reply.problem;

    if (p && p != AW_P_NOT_FOUND) /* old or foreign: the core has logged it */
        d->problem = (int)p;
    if (cmd->reply.body && d->news.n_replies == 1) /* what is written back to the person */
        snprintf(d->news.text, sizeof(d->news.text), "%s", cmd->reply.body);
    aw_cmd_free(cmd);
    count_down(d);
}

static struct aw_cmd *command(struct delivery *d, enum aw_cmd_type type)
{
    struct aw_cmd *cmd = aw_call_cmd(d->call, type);

    snprintf(cmd->actor, sizeof(cmd->actor), "channel:%.39s", d->call->params[0]);
    cmd->done = landed;
    cmd->owner = d;
    return cmd;
}

static void submit(struct delivery *d, struct aw_cmd *cmd)
{
    const struct aw_submit *to = &d->call->api->env.submit;

    if (to->put(to->ctx, cmd, d->call->route->flags & AW_ROUTE_PROOF) == 0)
        return;
    aw_cmd_refuse(cmd, AW_P_BUSY, "", "too much is waiting");
    landed(cmd);
}

/* Every command says whose it is, and from which request. */
#define FILL(what, d, item)                                                                        \
    do {                                                                                           \
        snprintf((what).channel, sizeof((what).channel), "%.*s", AW_NAME_MAX,                      \
                 (d)->call->params[0]);                                                            \
        memcpy((what).nonce, (d)->news.nonce, sizeof((what).nonce));                               \
        (what).sum = (d)->news.sum;                                                                \
        (what).r = (item);                                                                         \
    } while (0)

static void submit_all(struct delivery *d)
{
    const struct aw_news *n = &d->news;

    d->n_left = n->n_receipts + n->n_replies + 1; /* one for ourselves, while we submit */
    aw_http_keep(d->call->rq);
    for (unsigned i = 0; i < n->n_receipts; i++) {
        struct aw_cmd *cmd = command(d, AW_CMD_RECEIPT);

        FILL(cmd->u.receipt, d, n->receipts[i]);
        submit(d, cmd);
    }
    for (unsigned i = 0; i < n->n_replies; i++) {
        struct aw_cmd *cmd = command(d, AW_CMD_REPLY);

        FILL(cmd->u.said, d, n->replies[i]);
        submit(d, cmd);
    }
    count_down(d);
}

static const char *header(struct aw_call *call, const char *name)
{
    const char *value = aw_http_header(call->rq, name);
    return value ? value : "";
}

void aw_do_receipt(struct aw_call *call)
{
    const struct aw_http_view *v = call->view;
    const struct aw_receiving *to = &call->api->env.receiving;
    struct aw_inbound in = {.channel = call->params[0],
                            .secret = call->params[1],
                            .method = v->method,
                            .query = v->query,
                            .type = header(call, "Content-Type"),
                            .authorization = header(call, "Authorization"),
                            .body = v->n_body ? v->body : "",
                            .n_body = v->n_body,
                            .now = aw_clock_wall(call->api->env.clock)};
    struct delivery *d;

    if (strcmp(v->method, "HEAD") == 0) {
        aw_call_not_found(call, "nothing at this path");
        return;
    }
    d = aw_calloc(1, sizeof(*d));
    d->call = call;
    to->receive(to->ctx, &in, &d->news);
    if (d->news.refused) {
        bool stranger =
            d->news.refused == AW_P_UNAUTHENTICATED || d->news.refused == AW_P_NOT_FOUND;
        if (stranger && aw_call_failed(call))
            aw_call_problem(call, AW_P_RATE_LIMITED, "", "too many failures; check the URL");
        else
            aw_call_problem(call, (enum aw_problem)d->news.refused, "", "%s", d->news.detail);
        aw_news_free(&d->news);
        aw_free(d);
        return;
    }
    submit_all(d);
}

/* ---- POST /v1/channels/{channel}:dsn ----------------------------------------------------------
 */

/* Actions of RFC 3464, and what they prove of a mail. One that is delayed is still on its way. */
static const struct {
    const char *action;
    enum aw_level level;
    enum aw_negative negative;
} actions[] = {
    {"delivered", AW_DELIVERED, AW_NEG_NONE}, {"relayed", AW_SENT, AW_NEG_NONE},
    {"expanded", AW_SENT, AW_NEG_NONE},       {"failed", AW_LEVEL_NONE, AW_NEG_BOUNCED},
    {"delayed", AW_LEVEL_NONE, AW_NEG_NONE},
};

/* Not a 404, which says that the path is wrong: who reports may forget this mail. */
static void answer_foreign(struct aw_call *call)
{
    aw_call_problem(call, AW_P_VALIDATION, "/mark", "no mail of ours has this mark");
}

static void reported(struct aw_call *call, struct aw_cmd *cmd)
{
    struct aw_buf out = AW_BUF_INIT(4096);
    struct aw_jsonw w;

    if (cmd->reply.problem == AW_P_NOT_FOUND && cmd->reply.pointer[0]) {
        answer_foreign(call);
        return;
    }
    if (aw_call_refused(call, cmd))
        return;
    aw_jw_init(&w, &out);
    aw_jw_object(&w, NULL);
    aw_jw_str(&w, "channel", cmd->u.receipt.channel);
    aw_jw_id(&w, "ref", "aw_", cmd->u.receipt.r.ref);
    aw_jw_end(&w, '}');
    aw_call_json(call, 200, &out, NULL, 0);
}

void aw_do_dsn(struct aw_call *call)
{
    const struct aw_tokens *tokens = &call->api->env.tokens;
    struct aw_request_dsn dsn;
    struct aw_fault fault = {0};
    struct aw_cmd *cmd;
    unsigned i = 0;
    aw_id ref;

    if (aw_request_dsn(call->view->body, call->view->n_body, &dsn, &fault) < 0) {
        aw_call_fault(call, &fault);
        return;
    }
    while (i < AW_COUNT(actions) && strcasecmp(actions[i].action, dsn.action) != 0)
        i++;
    if (i == AW_COUNT(actions)) {
        aw_call_problem(call, AW_P_VALIDATION, "/action",
                        "expected failed, delayed, delivered, relayed or expanded");
        return;
    }
    if (tokens->mark(tokens->ctx, dsn.mark, &ref)) {
        answer_foreign(call);
        return;
    }
    cmd = aw_call_cmd(call, AW_CMD_RECEIPT);
    snprintf(cmd->actor, sizeof(cmd->actor), "channel:%.39s", call->params[0]);
    snprintf(cmd->u.receipt.channel, sizeof(cmd->u.receipt.channel), "%.*s", AW_NAME_MAX,
             call->params[0]);
    cmd->u.receipt.r = (struct aw_receipt){
        .ref = ref, .level = actions[i].level, .negative = actions[i].negative, .at = dsn.at};
    aw_call_submit(call, cmd, reported);
}
