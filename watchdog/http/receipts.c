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
