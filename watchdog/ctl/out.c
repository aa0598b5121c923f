/* SPDX-License-Identifier: Apache-2.0
 *
 * Tables, times, marks, colours and JSON on stdout. See out.h.
 *
 * Limits: a cell is cut at 4 KiB, which only a hostile answer reaches.
 */
#include "ctl/out.h"

#include <langinfo.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"

#define CELL_MAX 4096

static bool wants_colour(const struct aw_out *o, const char *choice)
{
    if (aw_streq(choice, "always"))
        return true;
    if (aw_streq(choice, "never") || !o->tty)
        return false;
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    return (!no_color || !*no_color) && term && !aw_streq(term, "dumb");
}

void aw_out_init(struct aw_out *o, FILE *f, const char *colour)
{
    *o = (struct aw_out){.f = f};
    o->tty = isatty(fileno(f));
    o->colour = wants_colour(o, colour);
    o->utf8 = aw_streq(nl_langinfo(CODESET), "UTF-8");
    if (o->tty) {
        struct winsize ws;
        o->width = ioctl(fileno(f), TIOCGWINSZ, &ws) == 0 && ws.ws_col ? ws.ws_col : 80;
    }
}

const char *aw_out_on(const struct aw_out *o, enum aw_style style)
{
    static const char *const on[] = {
        [AW_PLAIN] = "",        [AW_BOLD] = "\033[1m",  [AW_DIM] = "\033[2m",
        [AW_GOOD] = "\033[32m", [AW_WARN] = "\033[33m", [AW_BAD] = "\033[31m"};
    return o->colour ? on[style] : "";
}

const char *aw_out_off(const struct aw_out *o, enum aw_style style)
{
    return o->colour && style != AW_PLAIN ? "\033[0m" : "";
}

const char *aw_out_mark(const struct aw_out *o, enum aw_mark m)
{
    static const char *const wide[] = {"●", "▲", "✖", "✔", "○"};
    static const char *const ascii[] = {"*", "!", "x", "+", "o"};
    return o->utf8 ? wide[m] : ascii[m];
}

void aw_out_clean(struct aw_buf *dst, const char *text)
{
    const char *p = text, *end = text + strlen(text);
    while (p < end) {
        const char *from = p;
        int32_t c = aw_utf8_next(&p, end);
        if (c < 0) {
            aw_buf_putc(dst, '?');
            p = from + 1;
        } else if (c == '\t' || c == '\n' || c == '\r') {
            aw_buf_putc(dst, ' ');
        } else if (c < 0x20 || (c >= 0x7f && c < 0xa0)) {
            aw_buf_putc(dst, '?');
        } else {
            aw_buf_add(dst, from, (size_t)(p - from));
        }
    }
}

const char *aw_out_time(const struct aw_out *o, char dst[AW_TIME_TEXT], aw_time t)
{
    if (!t) {
        memcpy(dst, "-", 2);
    } else if (!o->tty) {
        aw_time_print(dst, t);
    } else {
        time_t s = (time_t)(t / 1000);
        struct tm tm;
        localtime_r(&s, &tm);
        strftime(dst, AW_TIME_TEXT, "%Y-%m-%d %H:%M:%S", &tm);
    }
    return dst;
}

const char *aw_out_when(const struct aw_out *o, char dst[AW_TIME_TEXT], const char *rfc3339)
{
    aw_time t = 0;
    if (rfc3339 && aw_time_parse(rfc3339, strlen(rfc3339), &t) < 0)
        t = 0;
    return aw_out_time(o, dst, t);
}

void aw_out_json(const struct aw_out *o, const json_t *v)
{
    json_dumpf(v, o->f, JSON_ENCODE_ANY | (o->tty ? JSON_INDENT(2) : JSON_COMPACT));
    fputc('\n', o->f);
}

/* --- tables ---------------------------------------------------------------------------------- */

void aw_table_init(struct aw_table *t, const char *const *heads)
{
    *t = (struct aw_table){.heads = heads};
    while (heads[t->n_cols])
        t->n_cols++;
}

void aw_table_free(struct aw_table *t)
{
    for (unsigned i = 0; i < t->n_cells; i++)
        aw_free(t->cells[i].text);
    aw_free(t->cells);
    *t = (struct aw_table){0};
}

void aw_table_add(struct aw_table *t, enum aw_style style, const char *text)
{
    if (t->n_cells == t->cap) {
        t->cap = t->cap ? 2 * t->cap : 64;
        t->cells = aw_realloc(t->cells, t->cap * sizeof t->cells[0]);
    }
    struct aw_buf b = AW_BUF_INIT(CELL_MAX);
    aw_out_clean(&b, text && *text ? text : "-");
    t->cells[t->n_cells++] = (struct aw_cell){.text = aw_buf_take(&b, NULL), .style = style};
}

void aw_table_addf(struct aw_table *t, enum aw_style style, const char *fmt, ...)
{
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    aw_table_add(t, style, text);
}

static size_t width_of(const char *s)
{
    return aw_display_width(s, strlen(s));
}

/* Bytes of s that fit into `cells` columns. */
static size_t fit(const char *s, size_t cells)
{
    const char *p = s, *end = s + strlen(s), *good = s;
    while (p < end && aw_utf8_next(&p, end) >= 0 && aw_display_width(s, (size_t)(p - s)) <= cells)
        good = p;
    return (size_t)(good - s);
}

static void print_row(const struct aw_table *t, const struct aw_out *o, const struct aw_cell *row,
                      const size_t *widths)
{
    size_t x = 0;
    for (unsigned c = 0; c < t->n_cols; c++) {
        const char *s = row[c].text;
        bool last = c + 1 == t->n_cols;
        size_t w = width_of(s), n = strlen(s);
        if (last && x + w > o->width) {
            n = fit(s, o->width > x ? o->width - x : 1);
            w = aw_display_width(s, n);
        }
        fprintf(o->f, "%s%.*s%s", aw_out_on(o, row[c].style), (int)n, s,
                aw_out_off(o, row[c].style));
        if (!last)
            fprintf(o->f, "%*s", (int)(widths[c] - w + 2), "");
        x += widths[c] + 2;
    }
    fputc('\n', o->f);
}

static void print_aligned(const struct aw_table *t, const struct aw_out *o)
{
    AW_AUTO_FREE size_t *widths = aw_calloc(t->n_cols, sizeof *widths);
    AW_AUTO_FREE struct aw_cell *head = aw_calloc(t->n_cols, sizeof *head);
    for (unsigned c = 0; c < t->n_cols; c++) {
        widths[c] = width_of(t->heads[c]);
        head[c] = (struct aw_cell){(char *)t->heads[c], AW_DIM};
    }
    for (unsigned i = 0; i < t->n_cells; i++) {
        size_t w = width_of(t->cells[i].text);
        if (w > widths[i % t->n_cols])
            widths[i % t->n_cols] = w;
    }
    print_row(t, o, head, widths);
    for (unsigned i = 0; i + t->n_cols <= t->n_cells; i += t->n_cols)
        print_row(t, o, &t->cells[i], widths);
}

void aw_table_print(const struct aw_table *t, const struct aw_out *o)
{
    if (o->tty) {
        if (t->n_cells)
            print_aligned(t, o);
        return;
    }
    for (unsigned i = 0; i < t->n_cells; i++)
        fprintf(o->f, "%s%c", t->cells[i].text, (i + 1) % t->n_cols ? '\t' : '\n');
}
