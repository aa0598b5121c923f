/* SPDX-License-Identifier: Apache-2.0
 *
 * A message as a picture: per recipient what has happened and what is planned, from the answer of
 * GET /v1/messages/{id}/timeline, which the command line has and the daemon makes. See picture.h.
 */
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/json.h"
#include "codec/picture.h"

enum { TEXT_MAX = 512 };

static bool time_of(const json_t *o, const char *key, aw_time *ret)
{
    const char *s = aw_json_str(o, key);
    return s && aw_time_parse(s, strlen(s), ret) == 0;
}

/* The instant from which the picture counts: the registration, or the first thing that is known. */
static bool find_zero(struct aw_picture *p, const json_t *answer)
{
    const json_t *rows = json_object_get(answer, "data");
    size_t i;
    json_t *row;

    if (time_of(json_array_get(json_object_get(answer, "message"), 0), "ts", &p->zero))
        return true;
    json_array_foreach(rows, i, row)
    {
        if (time_of(json_array_get(json_object_get(row, "past"), 0), "ts", &p->zero))
            return true;
    }
    return time_of(answer, "now", &p->zero);
}

/* In whole seconds: what took a millisecond is no news. */
static aw_ms since(const struct aw_picture *p, const json_t *o, const char *key)
{
    aw_time t;
    return time_of(o, key, &t) && t > p->zero ? (t - p->zero) / AW_SECOND * AW_SECOND : 0;
}

/* --- what has happened -------------------------------------------------------------------------
 */

static const struct {
    const char *kind;
    enum aw_pic_mark mark;
} marks[] = {
    {"firing.claimed", AW_PIC_SENT},     {"firing.skipped", AW_PIC_SKIPPED},
    {"firing.deferred", AW_PIC_ACT},     {"firing.advanced", AW_PIC_ACT},
    {"evidence.recorded", AW_PIC_PROOF}, {"address.failed", AW_PIC_FAILED},
    {"timeline.moved", AW_PIC_ACT},      {"timeline.held", AW_PIC_ACT},
    {"recipient.absent", AW_PIC_ACT},    {"recipient.present", AW_PIC_ACT},
    {"timeline.resumed", AW_PIC_ACT},    {"timeline.escalated", AW_PIC_ACT},
};

static enum aw_pic_mark mark_of(const json_t *e)
{
    const char *kind = aw_json_str(e, "kind");

    for (size_t i = 0; i < AW_COUNT(marks); i++)
        if (aw_streq(marks[i].kind, kind))
            return marks[i].mark;
    if (aw_streq(kind, "timeline.ended"))
        return aw_streq(aw_json_str(e, "state"), "confirmed") ? AW_PIC_CONFIRMED : AW_PIC_ENDED;
    return AW_PIC_ACT;
}

/* The sends of one row, so that an outcome finds the one that it is about. */
struct sends {
    struct {
        const char *attempt;
        unsigned item;
    } list[AW_PIC_ITEMS];
    unsigned n;
};

static struct aw_pic_item *send_of(struct aw_pic_row *r, const struct sends *s, const char *attempt)
{
    for (unsigned i = s->n; attempt && i-- > 0;)
        if (aw_streq(s->list[i].attempt, attempt))
            return &r->items[s->list[i].item];
    return NULL;
}

static void add_to(struct aw_pic_item *it, const char *text)
{
    char all[TEXT_MAX];

    aw_format(all, sizeof(all), "%s, %s", it->text, text);
    aw_free(it->text);
    it->text = aw_strdup(all);
}

static void put_outcome(struct aw_picture *p, struct aw_pic_row *r, const struct sends *s,
                        const json_t *e)
{
    const char *outcome = aw_json_str(e, "outcome");
    struct aw_pic_item *it = send_of(r, s, aw_json_str(e, "attempt"));
    struct aw_buf b = AW_BUF_INIT(TEXT_MAX);

    if (!it || aw_streq(outcome, "accepted"))
        return;
    aw_words_entry(p->lang, e, &b);
    it->mark = AW_PIC_FAILED;
    add_to(it, aw_buf_str(&b));
    aw_buf_free(&b);
}

static void put_hold(struct aw_picture *p, int row, const json_t *e, const char *text)
{
    aw_pic_span(p, row, since(p, e, "from"), since(p, e, "at"), text);
}

static void put_entry(struct aw_picture *p, int row, struct sends *s, const json_t *e)
{
    const char *kind = aw_json_str(e, "kind");
    struct aw_buf b = AW_BUF_INIT(TEXT_MAX);
    enum aw_pic_mark mark = mark_of(e);

    if (aw_streq(kind, "attempt.outcome")) {
        put_outcome(p, &p->rows[row], s, e);
        return;
    }
    if (!kind || aw_words_again(e))
        return;
    aw_words_entry(p->lang, e, &b);
    if (mark == AW_PIC_SKIPPED || mark == AW_PIC_ACT) {
        aw_buf_puts(&b, ": ");
        aw_words_why(p->lang, e, &b);
    }
    if (aw_streq(kind, "timeline.held"))
        put_hold(p, row, e, aw_t(p->lang, "on hold"));
    else if (aw_streq(kind, "recipient.absent"))
        put_hold(p, row, e, aw_buf_str(&b));
    aw_pic_add(p, row, since(p, e, "ts"), mark, "%s", aw_buf_str(&b));
    struct aw_pic_row *r = &p->rows[row];
    if (mark == AW_PIC_SENT && r->n > 0 && s->n < AW_PIC_ITEMS) {
        s->list[s->n].attempt = aw_json_str(e, "attempt");
        s->list[s->n++].item = r->n - 1;
    }
    aw_buf_free(&b);
}

/* --- what is planned ----------------------------------------------------------------------------
 */

/* Kinds of one step that are due together stand one behind the other in the answer. */
static bool same_firing(const json_t *a, const json_t *b)
{
    return aw_streq(aw_json_str(a, "step"), aw_json_str(b, "step")) &&
           aw_streq(aw_json_str(a, "at"), aw_json_str(b, "at")) &&
           json_equal(json_object_get(a, "round"), json_object_get(b, "round"));
}

/* Draws one firing, the kinds that go with it included; returns how many these are. */
static size_t put_planned(struct aw_picture *p, int row, const json_t *list, size_t from)
{
    const json_t *f = json_array_get(list, from);
    const char *unless = aw_json_str(f, "unless");
    json_int_t round = json_integer_value(json_object_get(f, "round"));
    json_int_t more = json_integer_value(json_object_get(f, "rounds_left"));
    const char *every = aw_json_str(f, "every");
    struct aw_buf b = AW_BUF_INIT(TEXT_MAX);
    aw_ms step = 0;
    size_t n = 0;

    aw_buf_printf(&b, "%s: ", aw_json_str(f, "step") ?: "?");
    do
        aw_buf_printf(&b, "%s%s", n ? " + " : "",
                      aw_word(p->lang, aw_json_str(json_array_get(list, from + n), "do") ?: "?"));
    while (++n + from < json_array_size(list) && same_firing(f, json_array_get(list, from + n)));
    if (round > 1)
        aw_buf_printf(&b, " #%lld", (long long)round);
    if (unless)
        aw_buf_printf(&b, aw_t(p->lang, ", unless %s"), aw_word(p->lang, unless));
    struct aw_pic_item *it =
        aw_pic_add(p, row, since(p, f, "at"), AW_PIC_PLANNED, "%s", aw_buf_str(&b));
    if (it && every && aw_duration_parse(every, strlen(every), &step) == 0 && step > 0 && more > 0)
        aw_pic_repeat(p, it, step, more < AW_PIC_ROUNDS ? (unsigned)more + 1 : AW_PIC_ROUNDS);
    aw_buf_free(&b);
    return n;
}

/* --- a recipient --------------------------------------------------------------------------------
 */

static bool is_open(const json_t *t)
{
    return aw_streq(aw_json_str(t, "state"), "open");
}

static void put_timeline(struct aw_picture *p, const json_t *t)
{
    const char *user = aw_json_str(t, "user");
    bool open = is_open(t);
    int row = aw_pic_row_add(p, user && *user ? user : aw_t(p->lang, "(erased)"));
    struct sends sends = {.n = 0};
    aw_time deadline;
    size_t i;
    json_t *e;

    if (row < 0)
        return;
    json_array_foreach(json_object_get(t, "past"), i, e)
    {
        put_entry(p, row, &sends, e);
    }
    const json_t *planned = json_object_get(t, "planned");
    for (i = 0; i < json_array_size(planned);)
        i += put_planned(p, row, planned, i);
    struct aw_pic_row *r = &p->rows[row];
    if (open && time_of(t, "deadline", &deadline) && deadline > p->zero) {
        r->end = since(p, t, "deadline");
        aw_pic_add(p, row, r->end, AW_PIC_DEADLINE, "%s",
                   aw_pic_mark_word(p->lang, AW_PIC_DEADLINE));
    }
    for (unsigned k = 0; k < r->n; k++) /* the line ends with the last thing on it */
        if (!open && r->items[k].at > r->past)
            r->past = r->items[k].at;
    if (open)
        r->past = p->now;
    if (r->end < r->past)
        r->end = r->past;
}

int aw_picture_message(struct aw_picture *p, const json_t *answer, const char *title)
{
    const json_t *data = json_object_get(answer, "data");
    const char *id = aw_json_str(answer, "id");
    char when[AW_TIME_TEXT];
    struct aw_buf b = AW_BUF_INIT(TEXT_MAX);
    size_t i;
    json_t *t;

    if (!id || !json_is_array(data) || !find_zero(p, answer))
        return AW_EINVAL;
    json_array_foreach(data, i, t)
    {
        if (is_open(t)) /* what is over is drawn no longer than it was */
            p->now = since(p, answer, "now");
    }
    p->title = aw_pic_dup(title && *title ? title : id);
    aw_time_print(when, p->zero);
    aw_buf_printf(&b, aw_t(p->lang, "%1$s, registered %2$s"), id, when);
    p->note = aw_pic_dup(aw_buf_str(&b));
    aw_buf_free(&b);
    json_array_foreach(data, i, t)
    {
        put_timeline(p, t);
    }
    aw_pic_sort(p);
    return 0;
}
