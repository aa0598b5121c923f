/* SPDX-License-Identifier: Apache-2.0
 *
 * A picture as an SVG document of its own: 960 units wide, as high as it needs to be. Title and
 * description for readers, light and dark by the viewer's wish, no scripts, nothing from elsewhere,
 * every text escaped. Widths of texts are estimated, generously: a document must not depend on the
 * fonts of who looks at it. See picture.h.
 */
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/picture.h"

enum {
    WIDTH = 960,
    LEFT = 16,
    RIGHT = 24, /* free at the right edge */
    NAME_MAX = 150,
    LANE = 15,  /* height of a lane of labels */
    TICKS = 64, /* baseline of the times on top */
    TOP = 72,   /* where the lines below them begin */
    LABEL_MAX = 420,
    SPAN_LABELS = 8, /* lanes of them at most */
};

static const char style[] =
    ".bg{fill:#fff}.ink{fill:#1b2430}.dim{fill:#5b6775}.ax{stroke:#c3cad3;stroke-width:1}"
    ".past{stroke:#1f5fbf;stroke-width:3;fill:none}"
    ".plan{stroke:#7a8794;stroke-width:2;stroke-dasharray:4 5;fill:none}"
    ".dot{fill:#1f5fbf}.bad{fill:#fff;stroke:#b3261e;stroke-width:2.5}.ok{fill:#1b7f4b}"
    ".fut{fill:#fff;stroke:#5b6775;stroke-width:2}.skp{fill:none;stroke:#8a96a3;stroke-width:1.5}"
    ".act{fill:#8a5a00}.x{stroke:#b3261e;stroke-width:2;fill:none}"
    ".v{stroke:#fff;stroke-width:2;fill:none}.now{stroke:#b3261e;stroke-width:1.5}"
    ".st{stroke:#c3cad3;stroke-width:1;fill:none}.hold{fill:#8a96a3;fill-opacity:.22}"
    ".big{font-size:15px;font-weight:600}.lbl{font-size:13px}.sm{font-size:11px}"
    ".h{paint-order:stroke;stroke:#fff;stroke-width:3px;stroke-linejoin:round}"
    "@media (prefers-color-scheme:dark){.h{stroke:#12171d}.bg{fill:#12171d}.ink{fill:#e8edf2}"
    ".dim{fill:#a7b2be}.ax,.st{stroke:#3a444f}.past{stroke:#7fb0ff}.plan{stroke:#8f9baa}"
    ".dot{fill:#7fb0ff}.bad,.fut{fill:#12171d}.bad,.x{stroke:#ff8a80}.ok{fill:#5fd39a}"
    ".v{stroke:#12171d}.fut{stroke:#a7b2be}.act{fill:#f0b95a}.now{stroke:#ff8a80}}";

/* --- texts ------------------------------------------------------------------------------------ */

/* Units of a text at 11px: no fewer than common fonts need. */
static double width11(const char *s)
{
    const char *end = s + strlen(s);
    double w = 0;

    while (s < end) {
        const char *from = s;
        int32_t c = aw_utf8_next(&s, end);
        if (c < 0)
            break;
        if (aw_display_width(from, (size_t)(s - from)) == 2)
            w += 11.5;
        else if (c < 128 && strchr("mwMW@%", c))
            w += 10;
        else if (c < 128 && strchr("ijl.,:;'|!ftI ()", c))
            w += 4.5;
        else
            w += c >= 'A' && c <= 'Z' ? 8.2 : 6.7;
    }
    return w;
}

static void escape(struct aw_buf *out, const char *p, size_t n)
{
    for (const char *end = p + n; p < end; p++) {
        if (strchr("<>&\"'", *p))
            aw_buf_printf(out, "&#%d;", *p);
        else
            aw_buf_putc(out, *p);
    }
}

/* As much of the text as fits, at a size that is `size` / 11 of the estimate; true: not all. */
static bool put_cut(struct aw_buf *out, const char *text, double room, double size)
{
    const char *end = text + strlen(text), *p = text;
    double k = size / 11;

    if (width11(text) * k <= room) {
        escape(out, text, strlen(text));
        return false;
    }
    while (p < end) {
        const char *next = p;
        char one[8] = "";
        if (aw_utf8_next(&next, end) < 0)
            break;
        memcpy(one, p, (size_t)(next - p));
        room -= width11(one) * k;
        if (room < 11)
            break;
        p = next;
    }
    escape(out, text, (size_t)(p - text));
    aw_buf_puts(out, "\u2026");
    return true;
}

static void put_tip(struct aw_buf *out, const char *text)
{
    aw_buf_puts(out, "<title>");
    escape(out, text, strlen(text));
    aw_buf_puts(out, "</title>");
}

/* --- the axis --------------------------------------------------------------------------------- */

struct drawing {
    const struct aw_picture *p;
    struct aw_buf *out;
    double left, scale; /* x = left + ms * scale */
    int y;
};

static int x_of(const struct drawing *d, aw_ms at)
{
    double x = d->left + (double)at * d->scale;
    return x > WIDTH - 8 ? WIDTH - 8 : (int)(x + 0.5);
}

/* Times that fit beside each other: zero, the deadline, then from the left. */
struct ticks {
    struct tick {
        int x, from, to;
        aw_ms at;
    } list[64];
    unsigned n;
};

static void add_tick(const struct drawing *d, struct ticks *t, aw_ms at)
{
    char when[AW_TIME_TEXT];

    aw_pic_when(when, at);
    int x = x_of(d, at), half = (int)(width11(when) / 2) + 5;
    for (unsigned i = 0; i < t->n; i++)
        if (x + half > t->list[i].from && x - half < t->list[i].to)
            return;
    if (t->n < AW_COUNT(t->list))
        t->list[t->n++] = (struct tick){x, x - half, x + half, at};
}

static void find_ticks(const struct drawing *d, struct ticks *t)
{
    const struct aw_picture *p = d->p;

    add_tick(d, t, 0);
    if (p->deadline > 0)
        add_tick(d, t, p->deadline);
    for (unsigned i = 0; i < p->n_rows; i++)
        for (unsigned k = 0; k < p->rows[i].n; k++)
            add_tick(d, t, p->rows[i].items[k].at);
    if (p->deadline <= 0)
        add_tick(d, t, aw_pic_length(p));
}

static void draw_ticks(const struct drawing *d, int bottom)
{
    struct ticks t = {.n = 0};
    char when[AW_TIME_TEXT];

    find_ticks(d, &t);
    aw_buf_puts(d->out, "<g class=\"sm dim\" text-anchor=\"middle\">");
    for (unsigned i = 0; i < t.n; i++) {
        aw_pic_when(when, t.list[i].at);
        aw_buf_printf(d->out, "<text x=\"%d\" y=\"%d\">%s</text>", t.list[i].x, TICKS, when);
    }
    aw_buf_puts(d->out, "</g><path class=\"ax\" d=\"");
    for (unsigned i = 0; i < t.n; i++)
        aw_buf_printf(d->out, "M%d %dV%d", t.list[i].x, TOP, bottom);
    aw_buf_puts(d->out, "\"/>\n");
}

/* --- spans and now ------------------------------------------------------------------------------
 */

/* Those of all rows have their words on top, in lanes of their own; so has "now". */
struct banner {
    struct aw_pic_flag f[AW_PIC_SPANS + 1];
    const struct aw_pic_span *span[AW_PIC_SPANS + 1]; /* NULL: now */
    char text[AW_PIC_SPANS + 1][128];
    unsigned n, lanes;
};

static void add_banner(struct banner *b, int x, const struct aw_pic_span *s, const char *text)
{
    unsigned at = b->n++;

    for (; at > 0 && b->f[at - 1].x > x; at--) {
        b->f[at] = b->f[at - 1];
        b->span[at] = b->span[at - 1];
        memcpy(b->text[at], b->text[at - 1], sizeof(b->text[0]));
    }
    aw_format(b->text[at], sizeof(b->text[at]), "%s", text);
    int w = (int)width11(b->text[at]) + 8;
    b->f[at] = (struct aw_pic_flag){.x = x, .w = w < LABEL_MAX ? w : LABEL_MAX};
    b->span[at] = s;
}

static void find_banner(const struct drawing *d, struct banner *b)
{
    const struct aw_picture *p = d->p;
    char text[128], from[AW_TIME_TEXT], to[AW_TIME_TEXT];

    for (unsigned i = 0; i < p->n_spans; i++) {
        if (p->spans[i].row >= 0)
            continue;
        aw_pic_when(from, p->spans[i].from);
        aw_pic_when(to, p->spans[i].to);
        aw_format(text, sizeof(text), "%s \u2013 %s: %s", from, to, p->spans[i].text);
        add_banner(b, x_of(d, p->spans[i].from), &p->spans[i], text);
    }
    if (p->now >= 0) {
        aw_pic_when(to, p->now);
        aw_format(text, sizeof(text), "%s %s", aw_t(p->lang, "now"), to);
        add_banner(b, x_of(d, p->now), NULL, text);
    }
    b->lanes = aw_pic_lanes(b->f, b->n);
    if (b->lanes > SPAN_LABELS)
        b->lanes = SPAN_LABELS;
}

static void draw_banner(const struct drawing *d, const struct banner *b, int bottom)
{
    for (unsigned i = 0; i < b->n; i++) {
        const struct aw_pic_span *s = b->span[i];
        int x = b->f[i].x, y = TOP + 12 + (int)b->f[i].lane * LANE;

        if (s)
            aw_buf_printf(d->out,
                          "<rect class=\"hold\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\">", x,
                          TOP, x_of(d, s->to) - x > 1 ? x_of(d, s->to) - x : 1, bottom - TOP);
        else
            aw_buf_printf(d->out, "<path class=\"now\" d=\"M%d %dV%d\">", x, TOP, bottom);
        put_tip(d->out, b->text[i]);
        aw_buf_puts(d->out, s ? "</rect>" : "</path>");
        if (b->f[i].lane >= SPAN_LABELS)
            continue;
        aw_buf_printf(d->out, "<text class=\"sm ink h\" x=\"%d\" y=\"%d\">", x + 4, y);
        put_cut(d->out, b->text[i], WIDTH - x - 8, 11);
        aw_buf_puts(d->out, "</text>\n");
    }
}

static void draw_row_spans(const struct drawing *d, int row, int y)
{
    for (unsigned i = 0; i < d->p->n_spans; i++) {
        const struct aw_pic_span *s = &d->p->spans[i];
        if (s->row != row)
            continue;
        int x = x_of(d, s->from), w = x_of(d, s->to) - x;
        aw_buf_printf(d->out, "<rect class=\"hold\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"24\">",
                      x, y - 12, w > 1 ? w : 1);
        put_tip(d->out, s->text);
        aw_buf_puts(d->out, "</rect>");
    }
}

/* --- marks --------------------------------------------------------------------------------------
 */

static void draw_mark(struct aw_buf *out, enum aw_pic_mark m, int x, int y, double r)
{
    double a = 0.45 * r; /* of a cross or tick inside */

    switch (m) {
    case AW_PIC_SENT:
        aw_buf_printf(out, "<circle class=\"dot\" cx=\"%d\" cy=\"%d\" r=\"%.1f\"/>", x, y, r);
        break;
    case AW_PIC_PLANNED:
        aw_buf_printf(out, "<circle class=\"fut\" cx=\"%d\" cy=\"%d\" r=\"%.1f\"/>", x, y, r - 0.5);
        break;
    case AW_PIC_SKIPPED:
        aw_buf_printf(out,
                      "<circle class=\"skp\" cx=\"%d\" cy=\"%d\" r=\"%.1f\"/><path "
                      "class=\"skp\" d=\"M%.1f %.1fL%.1f %.1f\"/>",
                      x, y, r - 0.5, x - r, y + r, x + r, y - r);
        break;
    case AW_PIC_PROOF:
        aw_buf_printf(out, "<circle class=\"ok\" cx=\"%d\" cy=\"%d\" r=\"%.1f\"/>", x, y, 0.75 * r);
        break;
    case AW_PIC_ACT:
        aw_buf_printf(out, "<path class=\"act\" d=\"M%.1f %dL%d %.1fL%.1f %dL%d %.1fZ\"/>", x - r,
                      y, x, y - r, x + r, y, x, y + r);
        break;
    case AW_PIC_DEADLINE:
        aw_buf_printf(out,
                      "<rect class=\"fut\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>",
                      x - r, y - r, 2 * r, 2 * r);
        break;
    case AW_PIC_CONFIRMED:
        aw_buf_printf(out,
                      "<rect class=\"ok\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" "
                      "rx=\"3\"/><path class=\"v\" d=\"M%.1f %dL%.1f %.1fL%.1f %.1f\"/>",
                      x - r, y - r, 2 * r, 2 * r, x - a, y, x - 0.1 * r, y + a, x + a, y - a);
        break;
    default: /* failed, ended */
        if (m == AW_PIC_FAILED)
            aw_buf_printf(out, "<circle class=\"bad\" cx=\"%d\" cy=\"%d\" r=\"%.1f\"/>", x, y, r);
        else
            aw_buf_printf(
                out, "<rect class=\"bad\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>",
                x - r, y - r, 2 * r, 2 * r);
        aw_buf_printf(out, "<path class=\"x\" d=\"M%.1f %.1fL%.1f %.1fM%.1f %.1fL%.1f %.1f\"/>",
                      x - a, y - a, x + a, y + a, x - a, y + a, x + a, y - a);
    }
}

/* --- a row --------------------------------------------------------------------------------------
 */

struct line {
    struct aw_pic_flag *f;
    unsigned lanes;
};

static struct line lay_out(const struct drawing *d, const struct aw_pic_row *r)
{
    struct line l = {.f = aw_calloc(r->n ? r->n : 1, sizeof(*l.f))};
    char when[AW_TIME_TEXT];

    for (unsigned k = 0; k < r->n; k++) {
        const struct aw_pic_item *it = &r->items[k];
        aw_pic_when(when, it->at);
        int x = x_of(d, it->at), w = (int)(width11(when) + width11(it->text)) + 16;
        if (x + w > WIDTH - 4)
            w = WIDTH - 4 - x;
        l.f[k] = (struct aw_pic_flag){.x = x, .w = w > 20 ? w : 20};
    }
    l.lanes = aw_pic_lanes(l.f, r->n);
    return l;
}

static int height_of(const struct line *l)
{
    return 24 + 18 + (int)l->lanes * LANE;
}

/* Dots shrink where they would touch. */
static double radius_at(const struct line *l, unsigned n, unsigned k)
{
    double r = 7;

    for (unsigned i = k; i-- > 0;)
        if (l->f[i].x != l->f[k].x) {
            r = (l->f[k].x - l->f[i].x) / 2.0 < r ? (l->f[k].x - l->f[i].x) / 2.0 : r;
            break;
        }
    for (unsigned i = k + 1; i < n; i++)
        if (l->f[i].x != l->f[k].x) {
            r = (l->f[i].x - l->f[k].x) / 2.0 < r ? (l->f[i].x - l->f[k].x) / 2.0 : r;
            break;
        }
    return r > 3 ? r : 3;
}

/* Rounds after the first: small dots, or a bar where they stand too close. */
static void draw_rounds(const struct drawing *d, const struct aw_pic_item *it, int y)
{
    double gap = (double)it->every * d->scale;
    int from = x_of(d, it->at), to = x_of(d, it->at + (aw_ms)(it->rounds - 1) * it->every);

    if (gap < 9) {
        aw_buf_printf(d->out,
                      "<rect class=\"fut\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"6\" "
                      "rx=\"3\"/>",
                      from, y - 3, to > from ? to - from : 1);
        return;
    }
    for (unsigned i = 1; i < it->rounds; i++)
        draw_mark(d->out, it->mark, x_of(d, it->at + (aw_ms)i * it->every), y, 4);
}

static void draw_label(const struct drawing *d, const struct aw_pic_item *it,
                       const struct aw_pic_flag *f, int y)
{
    char when[AW_TIME_TEXT];
    struct aw_buf *out = d->out;

    aw_pic_when(when, it->at);
    aw_buf_printf(out,
                  "<text class=\"sm dim h\" x=\"%d\" y=\"%d\"><tspan class=\"ink\">%s</tspan> ",
                  f->x + 6, y, when);
    bool cut = put_cut(out, it->text, f->w - width11(when) - 14, 11);
    if (cut)
        put_tip(out, it->text);
    aw_buf_puts(out, "</text>\n");
}

static void draw_name(const struct drawing *d, const char *name, int y)
{
    aw_buf_printf(d->out, "<text class=\"lbl ink\" x=\"%d\" y=\"%d\">", LEFT, y + 4);
    if (put_cut(d->out, name, d->left - LEFT - 18, 13))
        put_tip(d->out, name);
    aw_buf_puts(d->out, "</text>");
}

static void draw_staffs(const struct drawing *d, const struct aw_pic_row *r, const struct line *l,
                        int y)
{
    aw_buf_puts(d->out, "<path class=\"st\" d=\"");
    for (unsigned k = 0; k < r->n; k++) /* the last of an instant has the longest */
        if (k + 1 == r->n || l->f[k + 1].x != l->f[k].x)
            aw_buf_printf(d->out, "M%d %dV%d", l->f[k].x, y, y + 20 + (int)l->f[k].lane * LANE);
    aw_buf_puts(d->out, "\"/>");
}

static void draw_row(const struct drawing *d, int row, const struct line *l, int y)
{
    const struct aw_pic_row *r = &d->p->rows[row];
    int past = x_of(d, r->past), end = x_of(d, r->end), from = x_of(d, 0);

    aw_buf_puts(d->out, "<g>");
    draw_name(d, r->name, y);
    draw_row_spans(d, row, y);
    draw_staffs(d, r, l, y);
    if (r->past > 0)
        aw_buf_printf(d->out, "<path class=\"past\" d=\"M%d %dH%d\"/>", from, y, past);
    if (r->end > r->past)
        aw_buf_printf(d->out, "<path class=\"plan\" d=\"M%d %dH%d\"/>", past, y, end);
    for (unsigned k = 0; k < r->n; k++)
        if (r->items[k].rounds > 1)
            draw_rounds(d, &r->items[k], y);
    for (unsigned k = 0; k < r->n; k++)
        draw_mark(d->out, r->items[k].mark, l->f[k].x, y, radius_at(l, r->n, k));
    for (unsigned k = 0; k < r->n; k++)
        draw_label(d, &r->items[k], &l->f[k], y + 22 + (int)l->f[k].lane * LANE);
    aw_buf_puts(d->out, "</g>\n");
}

/* --- the whole ----------------------------------------------------------------------------------
 */

static void draw_legend(const struct drawing *d, int y)
{
    bool seen[AW_PIC_N_MARKS] = {false};
    double x = LEFT + 6;

    for (unsigned i = 0; i < d->p->n_rows; i++)
        for (unsigned k = 0; k < d->p->rows[i].n; k++)
            seen[d->p->rows[i].items[k].mark] = true;
    aw_buf_puts(d->out, "<g class=\"sm dim\">");
    for (unsigned m = 0; m < AW_PIC_N_MARKS; m++) {
        const char *word = aw_pic_mark_word(d->p->lang, (enum aw_pic_mark)m);
        if (!seen[m])
            continue;
        draw_mark(d->out, (enum aw_pic_mark)m, (int)x, y - 4, 5);
        aw_buf_printf(d->out, "<text x=\"%d\" y=\"%d\">", (int)x + 11, y);
        escape(d->out, word, strlen(word));
        aw_buf_puts(d->out, "</text>");
        x += width11(word) + 36;
    }
    if (d->p->left_out) {
        aw_buf_printf(d->out, "<text x=\"%d\" y=\"%d\">", (int)x, y);
        aw_buf_printf(d->out, aw_t(d->p->lang, "%u more are not drawn"), d->p->left_out);
        aw_buf_puts(d->out, "</text>");
    }
    aw_buf_puts(d->out, "</g>\n");
}

static void draw_head(const struct drawing *d, int height)
{
    const struct aw_picture *p = d->p;
    struct aw_buf text = AW_BUF_INIT(8192);

    aw_buf_printf(d->out,
                  "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" role=\"img\" "
                  "aria-labelledby=\"t d\" xml:lang=\"%s\" "
                  "font-family=\"system-ui,'Noto Sans CJK SC','PingFang SC',sans-serif\">\n"
                  "<title id=\"t\">",
                  WIDTH, height, aw_lang_tag(p->lang));
    escape(d->out, p->title ? p->title : "", p->title ? strlen(p->title) : 0);
    aw_buf_puts(d->out, "</title>\n<desc id=\"d\">");
    aw_pic_describe(p, &text);
    escape(d->out, aw_buf_str(&text), text.n);
    aw_buf_free(&text);
    aw_buf_printf(d->out,
                  "</desc>\n<style>%s</style>\n<rect class=\"bg\" width=\"%d\" height=\"%d\"/>\n"
                  "<text class=\"big ink\" x=\"%d\" y=\"24\">",
                  style, WIDTH, height, LEFT);
    put_cut(d->out, p->title ? p->title : "", WIDTH - 2 * LEFT, 16);
    aw_buf_printf(d->out, "</text><text class=\"sm dim\" x=\"%d\" y=\"42\">", LEFT);
    put_cut(d->out, p->note ? p->note : "", WIDTH - 2 * LEFT, 11);
    aw_buf_puts(d->out, "</text>\n");
}

static double left_of(const struct aw_picture *p)
{
    double w = 40;

    for (unsigned i = 0; i < p->n_rows; i++) {
        double name = width11(p->rows[i].name) * 13 / 11;
        w = name > w ? name : w;
    }
    return LEFT + (w < NAME_MAX ? w : NAME_MAX) + 20;
}

void aw_picture_svg(const struct aw_picture *p, struct aw_buf *out)
{
    struct drawing d = {.p = p, .out = out, .left = left_of(p)};
    struct line lines[AW_PIC_ROWS];
    struct banner *b = aw_calloc(1, sizeof(*b));

    d.scale = aw_pic_scale(p, WIDTH - RIGHT - d.left, width11, 16);
    find_banner(&d, b);
    int top = TOP + (int)b->lanes * LANE + 6, bottom = top;
    for (unsigned i = 0; i < p->n_rows; i++) {
        lines[i] = lay_out(&d, &p->rows[i]);
        bottom += height_of(&lines[i]);
    }
    draw_head(&d, bottom + 40);
    draw_ticks(&d, bottom);
    draw_banner(&d, b, bottom);
    for (unsigned i = 0, y = (unsigned)top; i < p->n_rows; i++) {
        draw_row(&d, (int)i, &lines[i], (int)y + 14);
        y += (unsigned)height_of(&lines[i]);
        aw_free(lines[i].f);
    }
    draw_legend(&d, bottom + 24);
    aw_buf_puts(out, "</svg>\n");
    aw_free(b);
}
