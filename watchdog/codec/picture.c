/* SPDX-License-Identifier: Apache-2.0
 *
 * The value of a picture, and where its labels go. See picture.h.
 */
#include "codec/picture.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

enum { TEXT_MAX = 512 };

/* --- the value -------------------------------------------------------------------------------- */

void aw_picture_init(struct aw_picture *p, enum aw_lang lang)
{
    memset(p, 0, sizeof(*p));
    p->lang = lang;
    p->now = -1;
    p->deadline = -1;
}

char *aw_pic_dup(const char *text)
{
    const char *end = text + strlen(text);
    struct aw_buf b = AW_BUF_INIT(TEXT_MAX);

    while (text < end && !b.over) {
        const char *from = text;
        int32_t c = aw_utf8_next(&text, end);
        if (c < 0) {
            text = from + 1;
            aw_buf_puts(&b, "\uFFFD");
        } else if (c < 32 || (c >= 127 && c < 160) || (c & 0xFFFE) == 0xFFFE) {
            aw_buf_putc(&b, ' ');
        } else {
            aw_buf_add(&b, from, (size_t)(text - from));
        }
    }
    return aw_buf_take(&b, NULL);
}

void aw_picture_free(struct aw_picture *p)
{
    for (unsigned i = 0; i < p->n_rows; i++) {
        for (unsigned k = 0; k < p->rows[i].n; k++)
            aw_free(p->rows[i].items[k].text);
        aw_free(p->rows[i].items);
        aw_free(p->rows[i].name);
    }
    for (unsigned i = 0; i < p->n_spans; i++)
        aw_free(p->spans[i].text);
    aw_free(p->title);
    aw_free(p->note);
    p->n_rows = p->n_spans = 0;
    p->title = p->note = NULL;
}

int aw_pic_row_add(struct aw_picture *p, const char *name)
{
    if (p->n_rows == AW_PIC_ROWS) {
        p->left_out++;
        return -1;
    }
    p->rows[p->n_rows].name = aw_pic_dup(name);
    return (int)p->n_rows++;
}

int aw_pic_row(struct aw_picture *p, const char *name)
{
    AW_AUTO_FREE char *clean = aw_pic_dup(name);

    for (unsigned i = 0; i < p->n_rows; i++)
        if (strcmp(p->rows[i].name, clean) == 0)
            return (int)i;
    return aw_pic_row_add(p, name);
}

struct aw_pic_item *aw_pic_add(struct aw_picture *p, int row, aw_ms at, enum aw_pic_mark mark,
                               const char *fmt, ...)
{
    char text[TEXT_MAX];
    va_list ap;

    if (row < 0)
        return NULL;
    struct aw_pic_row *r = &p->rows[row];
    if (r->n == AW_PIC_ITEMS) {
        r->left_out++;
        return NULL;
    }
    if (r->n == r->cap) {
        r->cap = r->cap ? 2 * r->cap : 8;
        r->items = aw_realloc(r->items, r->cap * sizeof(*r->items));
    }
    va_start(ap, fmt);
    aw_vformat(text, sizeof(text), fmt, ap);
    va_end(ap);
    r->items[r->n] = (struct aw_pic_item){
        .at = at < 0 ? 0 : at, .rounds = 1, .mark = mark, .text = aw_pic_dup(text)};
    return &r->items[r->n++];
}

void aw_pic_repeat(const struct aw_picture *p, struct aw_pic_item *it, aw_ms every, unsigned rounds)
{
    char each[AW_TIME_TEXT], text[TEXT_MAX];

    it->every = every;
    it->rounds = rounds;
    aw_duration_print(each, every);
    aw_format(text, sizeof(text), aw_t(p->lang, "%1$s, every %2$s, %3$u rounds"), it->text, each,
              rounds);
    aw_free(it->text);
    it->text = aw_strdup(text);
}

void aw_pic_span(struct aw_picture *p, int row, aw_ms from, aw_ms to, const char *text)
{
    if (from < 0)
        from = 0;
    for (unsigned i = 0; i < p->n_spans; i++) {
        struct aw_pic_span *s = &p->spans[i];
        if (s->row == row && strcmp(s->text, text) == 0 && from <= s->to && to >= s->from) {
            s->from = from < s->from ? from : s->from;
            s->to = to > s->to ? to : s->to;
            return;
        }
    }
    if (to > from && p->n_spans < AW_PIC_SPANS)
        p->spans[p->n_spans++] =
            (struct aw_pic_span){.from = from, .to = to, .row = row, .text = aw_pic_dup(text)};
}

/* By insertion: stable, and builders add nearly in order. */
void aw_pic_sort(struct aw_picture *p)
{
    for (unsigned i = 0; i < p->n_rows; i++) {
        struct aw_pic_item *list = p->rows[i].items;
        for (unsigned k = 1; k < p->rows[i].n; k++) {
            struct aw_pic_item x = list[k];
            unsigned at = k;
            for (; at > 0 && list[at - 1].at > x.at; at--)
                list[at] = list[at - 1];
            list[at] = x;
        }
    }
}

static aw_ms later(aw_ms a, aw_ms b)
{
    return a > b ? a : b;
}

aw_ms aw_pic_length(const struct aw_picture *p)
{
    aw_ms last = later(1, later(p->now, p->deadline));

    for (unsigned i = 0; i < p->n_spans; i++)
        last = later(last, p->spans[i].to);
    for (unsigned i = 0; i < p->n_rows; i++) {
        const struct aw_pic_row *r = &p->rows[i];
        last = later(last, r->end);
        for (unsigned k = 0; k < r->n; k++)
            last =
                later(last, r->items[k].at + (aw_ms)(r->items[k].rounds - 1) * r->items[k].every);
    }
    return last;
}

/* --- words ------------------------------------------------------------------------------------ */

void aw_pic_when(char dst[AW_TIME_TEXT], aw_ms at)
{
    if (at >= AW_DAY)
        at -= at % AW_MINUTE;
    else if (at >= 10 * AW_SECOND)
        at -= at % AW_SECOND;
    if (at == 0)
        memcpy(dst, "0", 2);
    else
        aw_duration_print(dst, at);
}

const char *aw_pic_mark_word(enum aw_lang lang, enum aw_pic_mark m)
{
    static const char *const words[AW_PIC_N_MARKS] = {
        [AW_PIC_SENT] = N_("sent"),           [AW_PIC_FAILED] = N_("failed"),
        [AW_PIC_SKIPPED] = N_("skipped"),     [AW_PIC_PROOF] = N_("evidence"),
        [AW_PIC_CONFIRMED] = N_("confirmed"), [AW_PIC_ENDED] = N_("ended unconfirmed"),
        [AW_PIC_ACT] = N_("changed"),         [AW_PIC_PLANNED] = N_("planned"),
        [AW_PIC_DEADLINE] = N_("deadline"),
    };
    return aw_t(lang, words[m]);
}

static void describe_row(const struct aw_picture *p, const struct aw_pic_row *r, struct aw_buf *out)
{
    char when[AW_TIME_TEXT];

    if (out->n)
        aw_buf_putc(out, ' ');
    aw_buf_printf(out, "%s:", r->name);
    for (unsigned k = 0; k < r->n && out->n < 2000; k++) {
        aw_pic_when(when, r->items[k].at);
        aw_buf_printf(out, "%s %s %s (%s)", k ? ";" : "", when, r->items[k].text,
                      aw_pic_mark_word(p->lang, r->items[k].mark));
    }
    aw_buf_putc(out, '.');
}

void aw_pic_describe(const struct aw_picture *p, struct aw_buf *out)
{
    char from[AW_TIME_TEXT], to[AW_TIME_TEXT];

    if (p->note)
        aw_buf_printf(out, "%s.", p->note);
    for (unsigned i = 0; i < p->n_rows && out->n < 4000; i++)
        describe_row(p, &p->rows[i], out);
    for (unsigned i = 0; i < p->n_spans && out->n < 4000; i++) {
        aw_pic_when(from, p->spans[i].from);
        aw_pic_when(to, p->spans[i].to);
        aw_buf_printf(out, " %s - %s: %s.", from, to, p->spans[i].text);
    }
}

/* --- labels ----------------------------------------------------------------------------------- */

/* From right to left: whatever stands within a label's reach lies above it, so its staff ends
 * before. Flags of one instant share a staff and stand in their order, one below the other. */
unsigned aw_pic_lanes(struct aw_pic_flag *f, unsigned n)
{
    unsigned n_lanes = 0;

    for (unsigned end = n; end > 0;) {
        unsigned begin = end - 1, next = 0;
        while (begin > 0 && f[begin - 1].x == f[end - 1].x)
            begin--;
        for (unsigned i = begin; i < end; i++) {
            if (f[i].w == 0)
                continue;
            unsigned lane = next;
            for (unsigned k = end; k < n && f[k].x <= f[i].x + f[i].w; k++)
                if (f[k].w > 0 && f[k].lane >= lane)
                    lane = f[k].lane + 1;
            f[i].lane = lane;
            next = lane + 1;
            n_lanes = n_lanes > next ? n_lanes : next;
        }
        end = begin;
    }
    return n_lanes;
}

double aw_pic_scale(const struct aw_picture *p, double room, double (*width)(const char *text),
                    double indent)
{
    double length = (double)aw_pic_length(p), scale = room / length, least = 0.5 * room / length;
    char when[AW_TIME_TEXT];

    for (unsigned i = 0; i < p->n_rows; i++)
        for (unsigned k = 0; k < p->rows[i].n; k++) {
            const struct aw_pic_item *it = &p->rows[i].items[k];
            aw_pic_when(when, it->at);
            double w = width(when) + width(it->text) + indent;
            if (it->at > 0 && (room - w) / (double)it->at < scale)
                scale = (room - w) / (double)it->at;
        }
    return scale > least ? scale : least;
}
