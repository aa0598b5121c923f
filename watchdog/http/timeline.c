/* SPDX-License-Identifier: Apache-2.0
 *
 * GET /v1/messages/{message}/timeline: per recipient what has happened (entries of the log) and
 * what is planned. Entries about the whole message stand once, beside the recipients.
 */
#include <string.h>

#include "base/mem.h"
#include "codec/json.h"
#include "http/call.h"

#define MAX_ENTRIES 20000 /* of one answer */
#define MAX_ENTRY   ((size_t)1 << 20)

struct part {
    struct aw_buf facts; /* of the recipient: an object that is still open */
    struct aw_buf past;  /* entries, with commas */
    struct aw_buf planned;
};

struct board {
    struct aw_call *call;
    char rule[AW_NAME_MAX + 1];
    uint8_t sha256[32];
    bool seen;
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
    return 0;
}

/* Who holds it, and why, says its entry among the past ones. */
static void put_hold(struct aw_jsonw *w, const struct aw_timeline *tl, aw_time now)
{
    if (!aw_timeline_held(tl, now))
        return;
    aw_jw_object(w, "held");
    aw_jw_time(w, "from", tl->hold.from);
    aw_jw_time(w, "until", tl->hold.until);
    aw_jw_end(w, '}');
}

static int timeline_row(void *arg, const struct aw_timeline_row *t)
{
    struct board *b = arg;
    const struct aw_status *status = &b->call->api->env.status;

    if (b->n == b->limit)
        return 0;
    struct part *p = &b->parts[b->n++];
    struct aw_jsonw w;
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
    if (status->planned(status->ctx, b->rule, b->sha256, t->value, &p->planned) < 0) {
        aw_buf_reset(&p->planned);
        aw_buf_puts(&p->planned, "[]");
    }
    return 0;
}

static int entry_row(void *arg, const struct aw_entry_row *e)
{
    struct board *b = arg;
    json_t *entry = NULL;

    if (aw_json_parse(e->body, e->n_body, MAX_ENTRY, &entry, NULL) < 0)
        return 0; /* `audit verify` is who speaks about that */
    const json_t *n = json_object_get(entry, "n");
    json_int_t place = json_is_integer(n) ? json_integer_value(n) : -1;
    struct aw_buf *out = NULL;
    if (place < 0)
        out = &b->message;
    else if (place >= b->from && place - b->from < b->n)
        out = &b->parts[place - b->from].past;
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
    if (b->n == b->limit)
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
        rc = reading->timelines(r, id, b->from, b->limit, timeline_row, b);
    if (rc == 0)
        rc = reading->history(r, id, MAX_ENTRIES, entry_row, b);
    return rc;
}

void aw_do_timeline(struct aw_call *call)
{
    struct aw_buf out = AW_BUF_INIT(AW_LIST_MAX);
    struct board b = {.call = call, .message = AW_BUF_INIT(AW_LIST_MAX)};
    struct aw_reader *r;
    int64_t after;

    if (!aw_call_limit(call, AW_MAX_RECIPIENTS, AW_MAX_RECIPIENTS, &b.limit) ||
        !aw_call_number(call, "after", &after) || !(r = aw_call_reader(call)))
        return;
    b.from = after < AW_MAX_RECIPIENTS ? (unsigned)after : AW_MAX_RECIPIENTS;
    b.parts = aw_calloc(b.limit, sizeof(*b.parts));
    int rc = read_board(&b, r);
    aw_call_release(call, r);
    if (rc == 0) {
        write_board(&b, &out);
        aw_call_json(call, 200, &out, NULL, 0);
    } else if (rc == AW_ENOENT) {
        aw_call_not_found(call, "message");
    } else {
        aw_call_problem(call, AW_P_STORE_FAILED, "", "the timeline cannot be read now");
    }
    for (unsigned i = 0; i < b.n; i++) {
        aw_buf_free(&b.parts[i].facts);
        aw_buf_free(&b.parts[i].past);
        aw_buf_free(&b.parts[i].planned);
    }
    aw_free(b.parts);
    aw_buf_free(&b.message);
}
