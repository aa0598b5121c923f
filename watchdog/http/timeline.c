/* SPDX-License-Identifier: Apache-2.0
 *
 * GET /v1/messages/{message}/timeline: per recipient what has happened (entries of the log) and
 * what is planned. Entries about the whole message stand once, beside the recipients. Whoever asks
 * for image/svg+xml gets the same as a picture.
 */
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/json.h"
#include "codec/picture.h"
#include "http/call.h"

#define MAX_ENTRIES 20000 /* of one answer */
#define MAX_ENTRY   ((size_t)1 << 20)
#define MAX_STORED  ((size_t)2 << 20) /* a stored registration is below that */
#define MAX_DRAWN   20                /* recipients of one picture */

struct part {
    unsigned n;          /* place of the recipient */
    struct aw_buf facts; /* of the recipient: an object that is still open */
    struct aw_buf past;  /* entries, with commas */
    struct aw_buf planned;
};

struct board {
    struct aw_call *call;
    char rule[AW_NAME_MAX + 1];
    uint8_t sha256[32];
    bool seen, svg, explain;
    enum aw_lang lang;
    char recipient[AW_USER_MAX + 1]; /* only this one, or "" */
    char title[512];
    struct aw_pin *pin; /* of the rule, or NULL */
    unsigned from, limit, n;
    struct part *parts;
    struct aw_buf message; /* entries about the message */
};

static int message_row(void *arg, const struct aw_message_row *m)
{
    struct board *b = arg;
    size_t n = strnlen(m->rule, AW_NAME_MAX);
    memcpy(b->rule, m->rule, n);
    memcpy(b->sha256, m->sha256, sizeof(b->sha256));
    b->seen = true;
    json_t *body = NULL; /* what is stored was checked */
    if (b->svg && aw_json_parse(m->body, m->n_body, MAX_STORED, &body, NULL) == 0)
        aw_format(b->title, sizeof(b->title), "%s", aw_json_str(body, "title") ?: "");
    json_decref(body);
    return 0;
}

/* The rule as it was when the message was registered; its text is read only when it has changed
 * since. */
static void find_rule(struct board *b, struct aw_reader *r)
{
    const struct aw_status *status = &b->call->api->env.status;
    struct aw_buf text = AW_BUF_INIT(AW_LIST_MAX);

    b->pin = status->pin(status->ctx, b->rule, b->sha256, NULL, 0);
    if (!b->pin && b->call->api->env.reading.rule_text(r, b->sha256, &text) == 0)
        b->pin = status->pin(status->ctx, b->rule, b->sha256, aw_buf_str(&text), text.n);
    aw_buf_free(&text);
}

/* Who holds it, a person or the hours of its rule; more says the entry among the past ones. */
static void put_hold(struct aw_jsonw *w, const struct aw_timeline *tl, aw_time now)
{
    if (tl->state != AW_OPEN || now >= tl->hold.until)
        return;
    aw_jw_object(w, "held");
    aw_jw_time(w, "from", tl->hold.from);
    aw_jw_time(w, "until", tl->hold.until);
    aw_jw_str(w, "by", aw_timeline_held(tl, now) ? "person" : "hours");
    aw_jw_end(w, '}');
}

static int timeline_row(void *arg, const struct aw_timeline_row *t)
{
    struct board *b = arg;
    const struct aw_status *status = &b->call->api->env.status;

    if (b->n == b->limit || (b->recipient[0] && strcmp(b->recipient, t->user) != 0))
        return 0;
    struct part *p = &b->parts[b->n++];
    struct aw_jsonw w;
    aw_time deadline = 0;
    p->n = t->n;
    p->facts = p->past = p->planned = AW_BUF_INIT(AW_LIST_MAX);
    aw_jw_init(&w, &p->facts);
    aw_jw_object(&w, NULL); /* left open */
    aw_jw_int(&w, "n", t->n);
    aw_jw_str(&w, "user", t->user);
    aw_jw_str(&w, "state", aw_state_name(t->state));
    aw_jw_str(&w, "level", aw_level_name(t->level));
    aw_jw_time(&w, "due", t->due);
    aw_jw_bool(&w, "late", t->late);
    aw_jw_int(&w, "seq", t->value->last);
    put_hold(&w, t->value, aw_clock_wall(b->call->api->env.clock));
    if (b->pin)
        deadline = status->planned(b->pin, t->value, &p->planned);
    else
        aw_buf_puts(&p->planned, "[]");
    aw_jw_time(&w, "deadline", deadline);
    if (b->explain && b->pin) {
        struct aw_buf why = AW_BUF_INIT(AW_LIST_MAX);
        status->explain(b->pin, t->value, aw_clock_wall(b->call->api->env.clock), b->lang, &why);
        aw_jw_raw(&w, "explain", aw_buf_str(&why), why.n);
        aw_buf_free(&why);
    }
    return 0;
}

static struct part *part_of(const struct board *b, json_int_t place)
{
    for (unsigned i = place >= b->from ? (unsigned)place - b->from : 0; i < b->n; i++)
        if (b->parts[i].n == place)
            return &b->parts[i];
    return b->n > 0 && b->parts[0].n == place ? &b->parts[0] : NULL; /* it alone was asked for */
}

static int entry_row(void *arg, const struct aw_entry_row *e)
{
    struct board *b = arg;
    json_t *entry = NULL;

    if (aw_json_parse(e->body, e->n_body, MAX_ENTRY, &entry, NULL) < 0)
        return 0; /* `audit verify` is who speaks about that */
    const json_t *n = json_object_get(entry, "n");
    json_int_t place = json_is_integer(n) ? json_integer_value(n) : -1;
    struct part *part = place < 0 ? NULL : part_of(b, place);
    struct aw_buf *out = place < 0 ? &b->message : part ? &part->past : NULL;
    if (out) {
        if (out->n)
            aw_buf_putc(out, ',');
        aw_buf_add(out, e->body, e->n_body);
    }
    json_decref(entry);
    return 0;
}

static void write_board(struct board *b, struct aw_buf *out)
{
    struct aw_jsonw w;
    aw_jw_init(&w, out);
    aw_jw_object(&w, NULL);
    aw_jw_id(&w, "id", "msg_", b->call->message);
    aw_jw_time(&w, "now", aw_clock_wall(b->call->api->env.clock));
    aw_buf_printf(out, ",\"message\":[%s],\"data\":[", aw_buf_str(&b->message));
    for (unsigned i = 0; i < b->n; i++) {
        const struct part *p = &b->parts[i];
        if (i)
            aw_buf_putc(out, ',');
        aw_buf_printf(out, "%s,\"past\":[%s],\"planned\":%s}", aw_buf_str(&p->facts),
                      aw_buf_str(&p->past), aw_buf_str(&p->planned));
        out->over |= p->past.over || p->planned.over || b->message.over;
    }
    aw_buf_puts(out, "],\"next\":");
    if (b->n == b->limit && !b->recipient[0])
        aw_buf_printf(out, "%u}", b->from + b->n);
    else
        aw_buf_puts(out, "null}");
}

static int read_board(struct board *b, struct aw_reader *r)
{
    const struct aw_reading *reading = &b->call->api->env.reading;
    aw_id id = b->call->message;
    int rc = reading->message(r, b->call->app, id, message_row, b);

    if (rc == 0 && !b->seen)
        rc = AW_ENOENT;
    if (rc == 0)
        find_rule(b, r);
    if (rc == 0)
        rc = reading->timelines(r, id, b->from, b->recipient[0] ? AW_MAX_RECIPIENTS : b->limit,
                                timeline_row, b);
    if (rc == 0)
        rc = reading->history(r, id, MAX_ENTRIES, entry_row, b);
    return rc;
}

/* --- as a picture ------------------------------------------------------------------------------
 */

/* Asked for by name; who takes anything gets JSON. */
static bool wants_svg(struct aw_call *call)
{
    const char *accept = aw_http_header(call->rq, "Accept");

    return accept && strstr(accept, "image/svg+xml") && !strstr(accept, "application/json");
}

static void answer_svg(struct board *b, struct aw_buf *json)
{
    static const struct aw_http_header headers[] = {
        {"Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox"},
        {"Vary", "Accept"},
    };
    AW_AUTO(aw_buf_free) struct aw_buf out = AW_BUF_INIT(AW_PIC_BYTES);
    struct aw_picture *p = aw_calloc(1, sizeof(*p));
    json_t *v = NULL;

    aw_picture_init(p, b->lang);
    int rc = aw_json_parse(aw_buf_str(json), json->n, AW_LIST_MAX, &v, NULL);
    if (rc == 0 && (rc = aw_picture_message(p, v, b->title)) == 0)
        aw_picture_svg(p, &out);
    json_decref(v);
    aw_picture_free(p);
    aw_free(p);
    aw_buf_free(json);
    if (rc < 0 || out.over)
        aw_call_problem(b->call, AW_P_INTERNAL, "",
                        "there is no picture of it: ask for less with recipient or limit");
    else
        aw_call_text(b->call, 200, "image/svg+xml", aw_buf_str(&out), out.n, headers,
                     AW_COUNT(headers));
}

/* --- the call ----------------------------------------------------------------------------------
 */

/* False: the call has ended. */
static bool take_query(struct board *b)
{
    struct aw_call *call = b->call;
    char explain[8];
    int64_t after;

    b->svg = wants_svg(call);
    if (!aw_call_limit(call, b->svg ? MAX_DRAWN : AW_MAX_RECIPIENTS,
                       b->svg ? AW_PIC_ROWS : AW_MAX_RECIPIENTS, &b->limit) ||
        !aw_call_number(call, "after", &after) ||
        !aw_call_query(call, "recipient", b->recipient, sizeof(b->recipient)) ||
        !aw_call_query(call, "explain", explain, sizeof(explain)) || !aw_call_lang(call, &b->lang))
        return false;
    b->explain = strcmp(explain, "true") == 0;
    b->from = after < AW_MAX_RECIPIENTS ? (unsigned)after : AW_MAX_RECIPIENTS;
    return true;
}

static void answer(struct board *b, int rc)
{
    struct aw_buf out = AW_BUF_INIT(AW_LIST_MAX);

    if (rc == AW_ENOENT) {
        aw_call_not_found(b->call, "message");
    } else if (rc != 0) {
        aw_call_problem(b->call, AW_P_STORE_FAILED, "", "the timeline cannot be read now");
    } else if (b->recipient[0] && b->n == 0) {
        aw_call_not_found(b->call, "recipient");
    } else {
        write_board(b, &out);
        if (b->svg)
            answer_svg(b, &out);
        else
            aw_call_json(b->call, 200, &out, NULL, 0);
    }
}

void aw_do_timeline(struct aw_call *call)
{
    struct board b = {.call = call, .message = AW_BUF_INIT(AW_LIST_MAX)};
    const struct aw_status *status = &call->api->env.status;
    struct aw_reader *r;

    if (!take_query(&b) || !(r = aw_call_reader(call)))
        return;
    b.parts = aw_calloc(b.limit, sizeof(*b.parts));
    int rc = read_board(&b, r);
    aw_call_release(call, r);
    answer(&b, rc);
    status->unpin(b.pin);
    for (unsigned i = 0; i < b.n; i++) {
        aw_buf_free(&b.parts[i].facts);
        aw_buf_free(&b.parts[i].past);
        aw_buf_free(&b.parts[i].planned);
    }
    aw_free(b.parts);
    aw_buf_free(&b.message);
}
