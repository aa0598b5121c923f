/* SPDX-License-Identifier: Apache-2.0
 *
 * The list of problems in its forms: text with the quoted line and a caret under the place, JSON,
 * and the commands by which GitHub marks lines of a change.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/jsonw.h"
#include "conf/diag.h"

static int compare(const void *pa, const void *pb)
{
    const struct aw_diag_item *a = *(const struct aw_diag_item *const *)pa;
    const struct aw_diag_item *b = *(const struct aw_diag_item *const *)pb;
    int c = strcmp(a->file, b->file);
    if (c != 0)
        return c;
    if (a->at.line != b->at.line)
        return a->at.line < b->at.line ? -1 : 1;
    if (a->at.col != b->at.col)
        return a->at.col < b->at.col ? -1 : 1;
    return a < b ? -1 : a > b; /* qsort is not stable */
}

/* The items in order; n pointers (aw_free). */
static const struct aw_diag_item **sorted(const struct aw_diag *d)
{
    const struct aw_diag_item **list = aw_calloc(d->n + 1, sizeof(*list));
    for (unsigned i = 0; i < d->n; i++)
        list[i] = &d->items[i];
    qsort(list, d->n, sizeof(*list), compare);
    return list;
}

/* Bytes of the first n code points. */
static size_t bytes_of(const char *s, unsigned n)
{
    const char *p = s, *end = s + strlen(s);
    while (n-- > 0 && p < end)
        if (aw_utf8_next(&p, end) < 0)
            break;
    return (size_t)(p - s);
}

static void add_n(struct aw_buf *out, char c, size_t n)
{
    while (n-- > 0)
        aw_buf_putc(out, c);
}

static void print_item(const struct aw_diag_item *it, enum aw_lang lang, struct aw_buf *out)
{
    aw_buf_puts(out, it->file);
    if (it->at.line > 0)
        aw_buf_printf(out, ":%u:%u", it->at.line, it->at.col);
    aw_buf_printf(out, ": %s %s: %s\n", aw_t(lang, it->warning ? N_("warning") : N_("error")),
                  it->code, it->text);
    if (it->line == NULL) {
        if (it->hint[0] != '\0')
            aw_buf_printf(out, "     %s\n", it->hint);
        return;
    }
    size_t before = bytes_of(it->line, it->caret);
    size_t under = bytes_of(it->line + before, it->width);
    size_t cells = aw_display_width(it->line + before, under);
    if (it->first > 0)
        aw_buf_printf(out, "%7u | %s\n", it->first, it->first_line);
    aw_buf_printf(out, "%7u | %s\n        | ", it->at.line, it->line);
    add_n(out, ' ', aw_display_width(it->line, before));
    aw_buf_putc(out, '^');
    add_n(out, '~', cells > 1 ? cells - 1 : 0);
    if (it->hint[0] != '\0')
        aw_buf_printf(out, " %s", it->hint);
    aw_buf_putc(out, '\n');
}

void aw_diag_print(const struct aw_diag *d, struct aw_buf *out)
{
    AW_AUTO_FREE const struct aw_diag_item **list = sorted(d);
    for (unsigned i = 0; i < d->n; i++)
        print_item(list[i], d->lang, out);
    if (d->dropped > 0)
        aw_buf_printf(out, aw_t(d->lang, "%u more problems are not shown\n"), d->dropped);
}

void aw_diag_json(const struct aw_diag *d, struct aw_buf *out)
{
    AW_AUTO_FREE const struct aw_diag_item **list = sorted(d);
    struct aw_jsonw w;
    aw_jw_init(&w, out);
    aw_jw_array(&w, NULL);
    for (unsigned i = 0; i < d->n; i++) {
        const struct aw_diag_item *it = list[i];
        aw_jw_object(&w, NULL);
        aw_jw_str(&w, "file", it->file);
        aw_jw_int(&w, "line", it->at.line);
        aw_jw_int(&w, "col", it->at.col);
        aw_jw_int(&w, "utf16_col", it->utf16);
        aw_jw_int(&w, "width", it->width);
        aw_jw_str(&w, "severity", it->warning ? "warning" : "error");
        aw_jw_str(&w, "code", it->code);
        aw_jw_str(&w, "text", it->text);
        aw_jw_str(&w, "hint", it->hint[0] != '\0' ? it->hint : NULL);
        aw_jw_end(&w, '}');
    }
    aw_jw_end(&w, ']');
}

/* A text for a workflow command; in a property ':' and ',' are special, too. */
static void put_github(struct aw_buf *out, const char *s, bool property)
{
    for (; *s != '\0'; s++) {
        bool special = *s == '%' || *s == '\r' || *s == '\n';
        if (special || (property && (*s == ':' || *s == ',')))
            aw_buf_printf(out, "%%%02X", (unsigned)*s);
        else
            aw_buf_putc(out, *s);
    }
}

void aw_diag_github(const struct aw_diag *d, struct aw_buf *out)
{
    AW_AUTO_FREE const struct aw_diag_item **list = sorted(d);
    for (unsigned i = 0; i < d->n; i++) {
        const struct aw_diag_item *it = list[i];
        aw_buf_printf(out, "::%s file=", it->warning ? "warning" : "error");
        put_github(out, it->file, true);
        if (it->at.line > 0)
            aw_buf_printf(out, ",line=%u,col=%u,endColumn=%u", it->at.line, it->utf16,
                          it->utf16 + it->width);
        aw_buf_printf(out, ",title=%s::", it->code);
        put_github(out, it->text, false);
        if (it->hint[0] != '\0')
            aw_buf_puts(out, "%0A");
        put_github(out, it->hint, false);
        aw_buf_putc(out, '\n');
    }
}
