/* SPDX-License-Identifier: Apache-2.0
 *
 * What the demo shows. On a terminal a frame that is drawn over in place: a row per person, to
 * scale from registration to deadline, a progress bar to the next step, the newest events with
 * their reasons. Plain: one line per event. JSON: one object per event.
 *
 * Only this file knows real time: it waits (speed) and it draws; the story does not notice.
 */
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "codec/json.h"
#include "ctl/demo.h"

#define NAME_CELLS  8
#define STATE_CELLS 26
#define STEP_CELLS  11
#define LOG_LINES   9
#define FRAME_MS    80
#define BAR_CELLS   28

static void clock_text(char dst[32], aw_ms after)
{
    long long s = after / AW_SECOND;
    snprintf(dst, 32, "%02lld:%02lld:%02lld", s / 3600, s / 60 % 60, s % 60);
}

/* Text padded with blanks to a width in cells. */
static void put_cell(struct aw_buf *b, const char *text, size_t cells)
{
    size_t w = aw_display_width(text, strlen(text));
    aw_buf_puts(b, text);
    for (; w < cells; w++)
        aw_buf_putc(b, ' ');
}

/* "00:05:00  Li  text   SMS is sent   its time had come" */
static void event_line(const struct aw_demo *d, const struct aw_demo_event *e, struct aw_buf *b)
{
    char at[32];
    struct aw_buf what = AW_BUF_INIT(512), why = AW_BUF_INIT(512);
    const char *other = aw_demo_other(d, e);
    clock_text(at, e->at - d->start);
    aw_words_entry(d->lang, e->entry, &what);
    if (other)
        aw_buf_printf(&what, " -> %s", other);
    aw_words_why(d->lang, e->entry, &why);
    aw_buf_printf(b, "%s  ", at);
    put_cell(b, d->people[e->person].names[d->lang], NAME_CELLS);
    put_cell(b, aw_json_str(e->claim ? e->claim : e->entry, "step") ?: "", STEP_CELLS);
    if (why.n) {
        put_cell(b, aw_buf_str(&what), 38);
        aw_buf_printf(b, " %s", aw_buf_str(&why));
    } else {
        aw_buf_puts(b, aw_buf_str(&what));
    }
    aw_buf_free(&what);
    aw_buf_free(&why);
}

/* --- lines ----------------------------------------------------------------------------------- */

static void show_lines(struct aw_demo *d)
{
    for (; d->n_shown < d->n_events; d->n_shown++) {
        const struct aw_demo_event *e = &d->events[d->n_shown];
        if (d->mode == AW_DEMO_JSON) {
            json_t *v = json_pack("{s:I,s:s,s:s,s:O}", "after_ms", (json_int_t)(e->at - d->start),
                                  "user", d->people[e->person].user, "name",
                                  d->people[e->person].names[d->lang], "entry", e->entry);
            json_dumpf(v, d->ctl->out.f, JSON_COMPACT);
            fputc('\n', d->ctl->out.f);
            json_decref(v);
            continue;
        }
        if (aw_words_again(e->entry))
            continue;
        struct aw_buf b = AW_BUF_INIT(2048);
        event_line(d, e, &b);
        fprintf(d->ctl->out.f, "%s\n", aw_buf_str(&b));
        aw_buf_free(&b);
    }
    fflush(d->ctl->out.f);
}

/* --- the frame ------------------------------------------------------------------------------- */

struct row { /* one cell each */
    unsigned n;
    struct {
        const char *text;
        enum aw_style style;
    } cells[400];
};

static void put_mark(struct row *r, unsigned x, const char *mark, enum aw_style style)
{
    if (x >= r->n)
        x = r->n - 1;
    while (x + 1 < r->n && r->cells[x].style != AW_DIM && r->cells[x].style != AW_PLAIN)
        x++; /* marks of one moment stand side by side */
    if (r->cells[x].style != AW_DIM && r->cells[x].style != AW_PLAIN)
        return; /* at the edge the first one stays */
    r->cells[x].text = mark;
    r->cells[x].style = style;
}

static unsigned x_of(const struct aw_demo *d, const struct row *r, aw_time at)
{
    aw_ms all = d->end > d->start ? d->end - d->start : 1;
    aw_ms after = at - d->start;
    return after <= 0 ? 0 : after >= all ? r->n - 1 : (unsigned)((r->n - 1) * after / all);
}

static void mark_event(const struct aw_demo *d, struct row *r, const struct aw_demo_event *e)
{
    const struct aw_out *o = &d->ctl->out;
    const char *kind = aw_json_str(e->entry, "kind"), *outcome = aw_json_str(e->entry, "outcome");
    const char *level = aw_json_str(e->entry, "level"), *state = aw_json_str(e->entry, "state");
    enum aw_level rung = AW_LEVEL_NONE;
    unsigned x = x_of(d, r, e->at);
    if (level)
        aw_level_parse(level, &rung);
    if (aw_streq(kind, "firing.claimed"))
        put_mark(r, x, aw_out_mark(o, AW_MARK_DOT), AW_BOLD);
    else if (outcome && !aw_streq(outcome, "accepted"))
        put_mark(r, x, aw_out_mark(o, AW_MARK_BAD), AW_WARN);
    else if (aw_streq(kind, "evidence.recorded") && rung >= AW_DELIVERED && !aw_demo_other(d, e))
        put_mark(r, x, aw_out_mark(o, AW_MARK_GOOD), AW_GOOD);
    else if (aw_streq(kind, "timeline.ended") && !aw_streq(state, "confirmed"))
        put_mark(r, x, aw_out_mark(o, AW_MARK_BAD), AW_BAD);
}

static void draw_person(const struct aw_demo *d, unsigned i, aw_time now, struct row *r,
                        struct aw_buf *b)
{
    const struct aw_out *o = &d->ctl->out;
    const struct aw_demo_person *p = &d->people[i];
    bool open = aw_streq(p->state, "open");
    unsigned here = x_of(d, r, now);
    for (unsigned e = 0; e < d->n_events && !open; e++)
        if (d->events[e].person == (int)i &&
            aw_streq(aw_json_str(d->events[e].entry, "kind"), "timeline.ended"))
            here = x_of(d, r, d->events[e].at);
    for (unsigned x = 0; x < r->n; x++) {
        r->cells[x].text = x > here ? " " : o->utf8 ? "─" : "-";
        r->cells[x].style = AW_DIM;
    }
    size_t k;
    json_t *plan;
    json_array_foreach(d->planned[i], k, plan)
    {
        const char *at = aw_json_str(plan, "at");
        aw_time t;
        if (open && at && aw_time_parse(at, strlen(at), &t) == 0) {
            r->cells[x_of(d, r, t)].text = aw_out_mark(o, AW_MARK_HOLLOW);
            r->cells[x_of(d, r, t)].style = AW_PLAIN;
        }
    }
    for (unsigned e = 0; e < d->n_events; e++)
        if (d->events[e].person == (int)i)
            mark_event(d, r, &d->events[e]);
    put_cell(b, p->names[d->lang], NAME_CELLS);
    for (unsigned x = 0; x < r->n; x++)
        aw_buf_printf(b, "%s%s%s", aw_out_on(o, r->cells[x].style), r->cells[x].text,
                      aw_out_off(o, r->cells[x].style));
    enum aw_style style = open ? AW_PLAIN : aw_streq(p->state, "confirmed") ? AW_GOOD : AW_BAD;
    aw_buf_printf(b, " %s%s%s\033[K\n", aw_out_on(o, style),
                  aw_word(d->lang, open ? p->level : p->state), aw_out_off(o, style));
}

/* What comes next, by plan. */
static const json_t *next_step(const struct aw_demo *d, unsigned *ret_person, aw_time *ret_at)
{
    const json_t *best = NULL;
    for (unsigned i = 0; i < AW_DEMO_PEOPLE; i++) {
        size_t k;
        json_t *plan;
        if (!aw_streq(d->people[i].state, "open"))
            continue;
        json_array_foreach(d->planned[i], k, plan)
        {
            const char *at = aw_json_str(plan, "at");
            aw_time t;
            if (!at || aw_time_parse(at, strlen(at), &t) < 0 || (best && t >= *ret_at))
                continue;
            best = plan;
            *ret_at = t;
            *ret_person = i;
        }
    }
    return best;
}

static void draw_progress(const struct aw_demo *d, aw_time now, struct aw_buf *b)
{
    const struct aw_out *o = &d->ctl->out;
    char at[32], left[AW_TIME_TEXT];
    unsigned person = 0;
    aw_time due = 0, from = d->start;
    const json_t *plan = next_step(d, &person, &due);
    clock_text(at, now - d->start);
    aw_buf_printf(b, " %s  ", at);
    if (!plan)
        due = d->end;
    for (unsigned i = 0; i < d->n_events; i++)
        if (aw_streq(aw_json_str(d->events[i].entry, "kind"), "firing.claimed"))
            from = d->events[i].at;
    aw_ms span = due > from ? due - from : 1, gone = now > from ? now - from : 0;
    unsigned full = gone >= span || due <= now ? BAR_CELLS : (unsigned)(BAR_CELLS * gone / span);
    for (unsigned i = 0; i < BAR_CELLS; i++)
        aw_buf_puts(b, i < full ? (o->utf8 ? "█" : "#") : o->utf8 ? "░" : ".");
    aw_duration_print(left, due > now ? (due - now) / AW_SECOND * AW_SECOND : 0);
    if (!plan) {
        aw_buf_printf(b, "  %s%s\033[K\n",
                      d->lang == AW_LANG_ZH ? "截止时间，还有 " : "deadline in ", left);
        return;
    }
    aw_buf_printf(b,
                  d->lang == AW_LANG_ZH ? "  下一步：%s → %s，还有 %s\033[K\n"
                                        : "  next: %s to %s in %s\033[K\n",
                  aw_word(d->lang, aw_json_str(plan, "do") ?: ""), d->people[person].names[d->lang],
                  left);
}

/* What the marks in the rows mean. */
static void draw_legend(const struct aw_demo *d, struct aw_buf *b)
{
    static const char *const words[2][4] = {{"sent", "proof of arrival", "failed", "planned"},
                                            {"发送", "送达证据", "失败", "计划"}};
    static const enum aw_mark marks[] = {AW_MARK_DOT, AW_MARK_GOOD, AW_MARK_BAD, AW_MARK_HOLLOW};
    static const enum aw_style styles[] = {AW_BOLD, AW_GOOD, AW_WARN, AW_PLAIN};
    const struct aw_out *o = &d->ctl->out;
    put_cell(b, "", NAME_CELLS);
    for (unsigned i = 0; i < AW_COUNT(marks); i++)
        aw_buf_printf(b, "%s%s%s %s%s%s   ", aw_out_on(o, styles[i]), aw_out_mark(o, marks[i]),
                      aw_out_off(o, styles[i]), aw_out_on(o, AW_DIM), words[d->lang][i],
                      aw_out_off(o, AW_DIM));
    aw_buf_puts(b, "\033[K\n\033[K\n");
}

static void draw_events(const struct aw_demo *d, struct aw_buf *b)
{
    const struct aw_demo_event *newest[LOG_LINES] = {NULL};
    for (unsigned i = d->n_events, n = LOG_LINES; i-- > 0 && n > 0;)
        if (!aw_words_again(d->events[i].entry))
            newest[--n] = &d->events[i];
    for (unsigned i = 0; i < LOG_LINES; i++) {
        struct aw_buf line = AW_BUF_INIT(2048);
        if (newest[i])
            event_line(d, newest[i], &line);
        /* one line each, or the frame would scroll */
        const char *p = aw_buf_str(&line), *end = p + line.n, *cut = p;
        while (p < end && aw_utf8_next(&p, end) >= 0 &&
               aw_display_width(aw_buf_str(&line), (size_t)(p - aw_buf_str(&line))) + 2 <
                   d->ctl->out.width)
            cut = p;
        aw_buf_printf(b, " %.*s%s\033[K\n", (int)(cut - aw_buf_str(&line)), aw_buf_str(&line),
                      cut == end         ? ""
                      : d->ctl->out.utf8 ? "…"
                                         : ".");
        aw_buf_free(&line);
    }
}

static void draw(struct aw_demo *d, aw_time now)
{
    struct aw_buf b = AW_BUF_INIT(256 * 1024);
    struct row *r = aw_calloc(1, sizeof *r);
    r->n = d->ctl->out.width - NAME_CELLS - STATE_CELLS - 1;
    if (r->n > AW_COUNT(r->cells))
        r->n = AW_COUNT(r->cells);
    if (d->drawn)
        aw_buf_printf(&b, "\033[%uA", d->drawn);
    aw_buf_printf(&b, " ackwatch demo   %s   seed %llu   x%u\033[K\n\033[K\n", AW_DEMO_RULE,
                  (unsigned long long)d->seed, d->speed);
    for (unsigned i = 0; i < AW_DEMO_PEOPLE; i++)
        draw_person(d, i, now, r, &b);
    draw_legend(d, &b);
    draw_progress(d, now, &b);
    aw_buf_puts(&b, "\033[K\n");
    draw_events(d, &b);
    d->drawn = 2 + AW_DEMO_PEOPLE + 4 + LOG_LINES;
    fwrite(aw_buf_str(&b), 1, b.n, d->ctl->out.f);
    fflush(d->ctl->out.f);
    aw_free(r);
    aw_buf_free(&b);
}

void aw_demo_show(struct aw_demo *d)
{
    if (d->mode == AW_DEMO_DRAW)
        draw(d, d->now);
    else
        show_lines(d);
}

void aw_demo_pace(struct aw_demo *d, aw_time until)
{
    aw_ms virtual = until - d->now, real = virtual / (aw_ms)d->speed;
    aw_boot begin = aw_clock_boot(), gone;
    while ((gone = aw_clock_boot() - begin) < real && !aw_demo_signal) {
        if (d->mode == AW_DEMO_DRAW)
            draw(d, d->now + virtual * gone / real);
        aw_ms wait = real - gone > FRAME_MS ? FRAME_MS : real - gone;
        nanosleep(&(struct timespec){.tv_sec = wait / 1000, .tv_nsec = wait % 1000 * 1000000},
                  NULL);
    }
}
