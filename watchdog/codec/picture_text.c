/* SPDX-License-Identifier: Apache-2.0
 *
 * A picture for terminals: the same axis, in cells. A label hangs from its instant by a staff, as
 * in the drawing. Without UTF-8 the marks are ASCII. See picture.h.
 */
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/picture.h"

static const struct {
    const char *utf8, *ascii;
} marks[AW_PIC_N_MARKS] = {
    [AW_PIC_SENT] = {"●", "*"},  [AW_PIC_FAILED] = {"✖", "x"},    [AW_PIC_SKIPPED] = {"⊘", "/"},
    [AW_PIC_PROOF] = {"▲", "^"}, [AW_PIC_CONFIRMED] = {"✔", "+"}, [AW_PIC_ENDED] = {"■", "#"},
    [AW_PIC_ACT] = {"◆", "!"},   [AW_PIC_PLANNED] = {"○", "o"},   [AW_PIC_DEADLINE] = {"□", "]"},
};

/* A line of cells; a wide character has two, the second of which is empty. */
struct cells {
    char at[512][8];
    unsigned n;
};

static void clear(struct cells *c, unsigned n)
{
    c->n = n < 512 ? n : 512;
    for (unsigned i = 0; i < c->n; i++)
        memcpy(c->at[i], " ", 2);
}

static void set(struct cells *c, unsigned x, const char *s)
{
    if (x < c->n)
        aw_format(c->at[x], sizeof(c->at[x]), "%s", s);
}

/* Puts a text; what does not fit ends in "..". */
static void put(struct cells *c, unsigned x, const char *text)
{
    const char *end = text + strlen(text);
    bool fits = x + aw_display_width(text, strlen(text)) <= c->n;
    unsigned limit = fits ? c->n : c->n - 2;

    while (text < end && x < limit) {
        const char *from = text;
        aw_utf8_next(&text, end);
        unsigned w = (unsigned)aw_display_width(from, (size_t)(text - from));
        if (x + w > limit)
            break;
        if (w == 0) /* combines with what was before: left out */
            continue;
        aw_format(c->at[x], sizeof(c->at[x]), "%.*s", (int)(text - from), from);
        if (w == 2)
            c->at[x + 1][0] = 0;
        x += w;
    }
    if (!fits)
        put(c, x < c->n - 2 ? x : c->n - 2, "..");
}

static void print(const struct cells *c, struct aw_buf *out)
{
    unsigned last = c->n;

    while (last > 0 && strcmp(c->at[last - 1], " ") == 0)
        last--;
    for (unsigned i = 0; i < last; i++)
        aw_buf_puts(out, c->at[i]);
    aw_buf_putc(out, '\n');
}

static double width(const char *s)
{
    return (double)aw_display_width(s, strlen(s));
}

struct drawing {
    const struct aw_picture *p;
    const struct aw_pic_text *how;
    struct aw_buf *out;
    double scale;
    unsigned width;
};

static unsigned x_of(const struct drawing *d, aw_ms at)
{
    unsigned x = (unsigned)((double)at * d->scale + 0.5);
    return x < d->width ? x : d->width - 1;
}

static bool is_free(const struct cells *c, unsigned from, unsigned to)
{
    for (unsigned x = from; x < to; x++)
        if (x >= c->n || strcmp(c->at[x], " ") != 0)
            return false;
    return true;
}

/* Times on top, where there is room: zero, the deadline, then from the left. */
static void put_tick(const struct drawing *d, struct cells *c, aw_ms at)
{
    char when[AW_TIME_TEXT];

    aw_pic_when(when, at);
    unsigned n = (unsigned)strlen(when), x = x_of(d, at);
    if (x + n > c->n)
        x = c->n - n;
    if (is_free(c, x > 0 ? x - 1 : 0, x + n + 1 < c->n ? x + n + 1 : c->n))
        put(c, x, when);
}

static void print_ticks(const struct drawing *d)
{
    const struct aw_picture *p = d->p;
    struct cells c;

    clear(&c, d->width);
    put_tick(d, &c, 0);
    if (p->deadline > 0)
        put_tick(d, &c, p->deadline);
    for (unsigned i = 0; i < p->n_rows; i++)
        for (unsigned k = 0; k < p->rows[i].n; k++)
            put_tick(d, &c, p->rows[i].items[k].at);
    print(&c, d->out);
}

static void print_text(const struct drawing *d, const char *text)
{
    struct cells c;

    clear(&c, d->width);
    put(&c, 0, text);
    print(&c, d->out);
}

static void print_spans(const struct drawing *d, int row)
{
    char from[AW_TIME_TEXT], to[AW_TIME_TEXT], text[640];

    for (unsigned i = 0; i < d->p->n_spans; i++) {
        const struct aw_pic_span *s = &d->p->spans[i];
        if (s->row != row)
            continue;
        aw_pic_when(from, s->from);
        aw_pic_when(to, s->to);
        aw_format(text, sizeof(text), "%s %s - %s: %s", d->how->utf8 ? "░░" : "::", from, to,
                  s->text);
        print_text(d, text);
    }
}

static void fill(const struct drawing *d, struct cells *c, aw_ms from, aw_ms to, const char *s)
{
    for (unsigned x = x_of(d, from); x < x_of(d, to); x++)
        set(c, x, s);
}

static void print_line(const struct drawing *d, int row)
{
    const struct aw_pic_row *r = &d->p->rows[row];
    bool utf8 = d->how->utf8;
    struct cells c;

    clear(&c, d->width);
    fill(d, &c, 0, r->past, utf8 ? "━" : "=");
    fill(d, &c, r->past, r->end, utf8 ? "┄" : "-");
    for (unsigned i = 0; i < d->p->n_spans; i++)
        if (d->p->spans[i].row < 0 || d->p->spans[i].row == row)
            fill(d, &c, d->p->spans[i].from, d->p->spans[i].to, utf8 ? "░" : ":");
    if (d->p->now >= 0)
        set(&c, x_of(d, d->p->now), utf8 ? "┃" : "N");
    for (unsigned k = 0; k < r->n; k++)
        for (unsigned i = 1; i < r->items[k].rounds && i < AW_PIC_ROUNDS; i++)
            set(&c, x_of(d, r->items[k].at + (aw_ms)i * r->items[k].every), utf8 ? "∘" : ".");
    for (unsigned k = 0; k < r->n; k++)
        set(&c, x_of(d, r->items[k].at),
            utf8 ? marks[r->items[k].mark].utf8 : marks[r->items[k].mark].ascii);
    print(&c, d->out);
}

static void print_labels(const struct drawing *d, const struct aw_pic_row *r)
{
    AW_AUTO_FREE struct aw_pic_flag *f = aw_calloc(r->n + 1, sizeof(*f));
    char when[AW_TIME_TEXT];
    struct cells c;

    for (unsigned k = 0; k < r->n; k++) {
        aw_pic_when(when, r->items[k].at);
        f[k].x = (int)x_of(d, r->items[k].at);
        f[k].w = (int)(width(when) + width(r->items[k].text)) + 4;
    }
    unsigned n = aw_pic_lanes(f, r->n);
    for (unsigned lane = 0; lane < n; lane++) {
        clear(&c, d->width);
        for (unsigned k = 0; k < r->n; k++) {
            if (f[k].lane > lane)
                set(&c, (unsigned)f[k].x, d->how->utf8 ? "│" : "|");
        }
        for (unsigned k = 0; k < r->n; k++) {
            char text[640];
            if (f[k].lane != lane)
                continue;
            aw_pic_when(when, r->items[k].at);
            bool more = k + 1 < r->n && f[k + 1].x == f[k].x;
            aw_format(text, sizeof(text), "%s %s %s",
                      d->how->utf8 ? (more ? "├" : "└") : (more ? "|" : "`"), when,
                      r->items[k].text);
            put(&c, (unsigned)f[k].x, text);
        }
        print(&c, d->out);
    }
}

static void print_legend(const struct drawing *d)
{
    const struct aw_picture *p = d->p;
    bool seen[AW_PIC_N_MARKS] = {false};
    unsigned used = 0;

    for (unsigned i = 0; i < p->n_rows; i++)
        for (unsigned k = 0; k < p->rows[i].n; k++)
            seen[p->rows[i].items[k].mark] = true;
    for (unsigned m = 0; m < AW_PIC_N_MARKS; m++) {
        const char *word = aw_pic_mark_word(p->lang, (enum aw_pic_mark)m);
        if (!seen[m])
            continue;
        if (used && used + 4 + width(word) > d->width) {
            aw_buf_putc(d->out, '\n');
            used = 0;
        }
        aw_buf_printf(d->out, "%s%s %s", used ? "  " : "",
                      d->how->utf8 ? marks[m].utf8 : marks[m].ascii, word);
        used += 4 + (unsigned)width(word);
    }
    aw_buf_putc(d->out, '\n');
    if (p->left_out) {
        aw_buf_printf(d->out, aw_t(d->p->lang, "%u more are not drawn"), d->p->left_out);
        aw_buf_putc(d->out, '\n');
    }
}

void aw_picture_text(const struct aw_picture *p, const struct aw_pic_text *how, struct aw_buf *out)
{
    struct drawing d = {.p = p, .how = how, .out = out};

    d.width = how->width < 40 ? 40 : how->width > 200 ? 200 : how->width;
    d.scale = aw_pic_scale(p, d.width - 1, width, 5);
    print_text(&d, p->title ? p->title : "");
    print_text(&d, p->note ? p->note : "");
    print_spans(&d, -1);
    aw_buf_putc(out, '\n');
    print_ticks(&d);
    for (unsigned i = 0; i < p->n_rows; i++) {
        print_text(&d, p->rows[i].name);
        print_spans(&d, (int)i);
        print_line(&d, (int)i);
        print_labels(&d, &p->rows[i]);
        aw_buf_putc(out, '\n');
    }
    print_legend(&d);
}
