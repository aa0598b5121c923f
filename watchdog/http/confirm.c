/* SPDX-License-Identifier: Apache-2.0
 *
 * GET and POST /a/{token}. A GET is at most `opened`: mail scanners and chat previews fetch links;
 * a HEAD is nothing. Only the button's POST confirms. A forged token ends at its keyed hash, so all
 * forgeries take the same time.
 */
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/json.h"
#include "http/call.h"
#include "http/page.h"

#define MAX_STORED ((size_t)2 << 20)

struct content {
    struct aw_call *call;
    json_t *body; /* the registration */
    unsigned n_recipients;
};

/* The recipient's language as the registration gives it. Recipients named twice are one to us, so
 * places hold only when the count does. */
static const char *own_lang(const struct content *c)
{
    const json_t *all = json_object_get(c->body, "recipients");
    if (!c->body || json_array_size(all) != c->n_recipients)
        return NULL;
    return aw_json_str(json_array_get(all, (size_t)(c->call->timeline - c->call->message)), "lang");
}

/* The text of the message; of a push that has none, its alert. */
static const char *text_of(const json_t *registration)
{
    const char *text = aw_json_str(registration, "body");
    const json_t *push = json_object_get(registration, "push");
    return text ? text : aw_json_str(json_object_get(push, "notification"), "alert");
}

static void show(struct aw_call *call, int status, enum aw_page_kind kind, const struct content *c)
{
    struct aw_buf out = AW_BUF_INIT(1 << 20);
    const char *accept = aw_http_header(call->rq, "Accept-Language");
    enum aw_lang lang = aw_page_lang(accept, c ? own_lang(c) : NULL);
    char policy[256];

    aw_page_policy(policy, sizeof(policy));
    struct aw_http_header headers[] = {
        {"Content-Security-Policy", policy},
        {"Referrer-Policy", "no-referrer"},
        {"X-Frame-Options", "DENY"},
        {"X-Robots-Tag", "noindex"},
        {"Content-Language", aw_lang_tag(lang)},
        {"Vary", "Accept-Language"},
        {"Retry-After", "60"},
    };
    aw_page_write(&out, kind, lang, c ? aw_json_str(c->body, "title") : NULL,
                  c ? text_of(c->body) : NULL);
    aw_call_text(call, status, "text/html; charset=utf-8", aw_buf_str(&out), out.n, headers,
                 AW_COUNT(headers) - (status < 429));
    aw_buf_free(&out);
}

static int content_row(void *arg, const struct aw_message_row *m)
{
    struct content *c = arg;
    c->n_recipients = m->n_recipients;
    aw_json_parse(m->body, m->n_body, MAX_STORED, &c->body, NULL);
    return 0;
}

/* On an http thread again: reads the message, shows the page. Content that cannot be read is no
 * reason to hide what was recorded. */
static void render(struct aw_call *call)
{
    const struct aw_reading *reading = &call->api->env.reading;
    struct content c = {.call = call};
    bool posted = strcmp(call->view->method, "POST") == 0;
    enum aw_page_kind kind = aw_page_of(call->state, posted);
    struct aw_reader *r = aw_call_reader(call);

    if (!r)
        return;
    reading->message(r, "", call->message, content_row, &c);
    aw_call_release(call, r);
    show(call, 200, kind, &c);
    json_decref(c.body);
}

static void recorded(struct aw_call *call, struct aw_cmd *cmd)
{
    const struct aw_reply *r = &cmd->reply;

    if (r->problem == AW_P_NOT_FOUND) {
        show(call, 404, AW_PAGE_UNKNOWN, NULL);
    } else if (r->problem) {
        show(call, 503, AW_PAGE_LATER, NULL);
    } else {
        call->message = r->id;
        call->state = r->state;
        aw_call_again(call, render);
    }
}

void aw_do_page(struct aw_call *call)
{
    const struct aw_tokens *tokens = &call->api->env.tokens;

    if (tokens->parse(tokens->ctx, call->params[0], &call->timeline) < 0) {
        show(call, aw_call_failed(call) ? 429 : 404, AW_PAGE_UNKNOWN, NULL);
    } else if (strcmp(call->view->method, "HEAD") == 0) {
        show(call, 200, AW_PAGE_ASK, NULL);
    } else {
        struct aw_cmd *cmd = aw_call_cmd(call, AW_CMD_PAGE);
        memcpy(cmd->actor, "page", sizeof("page"));
        cmd->u.page.timeline = call->timeline;
        cmd->u.page.confirm = strcmp(call->view->method, "POST") == 0;
        aw_call_submit(call, cmd, recorded);
    }
}
