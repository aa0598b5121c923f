/* SPDX-License-Identifier: Apache-2.0
 *
 * The list of problems and its two forms. Quoted lines come from files that strangers may have
 * written: control characters are shown as '?', and a long line is cut around the place, so that
 * the terminal shows what stands there and nothing else.
 */
#include "conf/diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/jsonw.h"

enum {
    SHOWN = 100, /* code points of a quoted line */
    BEFORE = 60, /* of them before the caret when the line is cut */
};

void aw_diag_init(struct aw_diag *d)
{
    *d = (struct aw_diag){0};
}

void aw_diag_free(struct aw_diag *d)
{
    for (unsigned i = 0; i < d->n; i++) {
        aw_free((char *)d->items[i].file);
        aw_free(d->items[i].line);
    }
    aw_free(d->items);
    aw_diag_init(d);
}

/* The bytes of a line, without its end. */
static struct aw_str find_line(const struct aw_source_file *f, unsigned line)
{
    const char *p = f->text, *end = f->text + f->n;
    for (unsigned i = 1; i < line && p < end; i++) {
        const char *nl = memchr(p, '\n', (size_t)(end - p));
        p = nl != NULL ? nl + 1 : end;
    }
    const char *nl = memchr(p, '\n', (size_t)(end - p));
    size_t n = (size_t)((nl != NULL ? nl : end) - p);
    if (n > 0 && p[n - 1] == '\r')
        n--;
    return (struct aw_str){p, n};
}

/* Copies the part of the source line around the place. Returns code points before the caret. */
static unsigned quote(const struct aw_source_file *f, struct aw_yaml_place at, char **ret)
{
    struct aw_str s = find_line(f, at.line);
    const char *p = s.p, *end = s.p + s.n;
    unsigned skip = at.col > SHOWN ? at.col - 1 - BEFORE : 0;
    AW_AUTO(aw_buf_free) struct aw_buf b = AW_BUF_INIT(8 * SHOWN);
    if (skip > 0)
        aw_buf_puts(&b, "…");
    for (unsigned i = 0; p < end && i < skip + SHOWN; i++) {
        const char *from = p;
        bool fine = aw_utf8_next(&p, end) >= 0;
        if (!fine)
            p = from + 1;
        if (i < skip)
            continue;
        if (fine && aw_utf8_clean(from, (size_t)(p - from), false))
            aw_buf_add(&b, from, (size_t)(p - from));
        else
            aw_buf_putc(&b, *from == '\t' ? ' ' : '?');
    }
    if (p < end)
        aw_buf_puts(&b, "…");
    *ret = aw_buf_take(&b, NULL);
    return at.col - 1 - skip + (skip > 0);
}

static bool known(const struct aw_diag *d, const char *file, struct aw_yaml_place at,
                  const char *code, const char *text)
{
    for (unsigned i = 0; i < d->n; i++) {
        const struct aw_diag_item *it = &d->items[i];
        if (it->at.line == at.line && it->at.col == at.col && aw_streq(it->code, code) &&
            aw_streq(it->file, file) && aw_streq(it->text, text))
            return true;
    }
    return false;
}

/* Diagnostics quote texts of the input: keep them on one line and harmless. */
static void set_text(char dst[256], const char *src)
{
    const char *p = src, *end = src + strlen(src);
    size_t n = 0;
    while (p < end) {
        const char *from = p;
        bool fine = aw_utf8_next(&p, end) >= 0;
        if (!fine)
            p = from + 1;
        size_t len = (size_t)(p - from);
        fine = fine && aw_utf8_clean(from, len, false);
        if (n + (fine ? len : 1) > 255)
            break;
        if (fine)
            memcpy(dst + n, from, len);
        else
            dst[n] = *from == '\n' ? ' ' : '?';
        n += fine ? len : 1;
    }
    dst[n] = '\0';
}

__attribute__((format(printf, 8, 0))) static void
add(struct aw_diag *d, const struct aw_source_file *f, struct aw_yaml_place at, unsigned width,
    const char *code, bool warning, const char *hint, const char *fmt, va_list ap)
{
    char raw[1024], text[256];
    vsnprintf(raw, sizeof(raw), aw_t(d->lang, fmt), ap);
    set_text(text, raw);
    if (known(d, f->name, at, code, text))
        return;
    d->n_errors += !warning;
    if (d->n == AW_DIAG_MAX) {
        d->dropped++;
        return;
    }
    if (d->items == NULL)
        d->items = aw_calloc(AW_DIAG_MAX, sizeof(*d->items));
    struct aw_diag_item *it = &d->items[d->n++];
    *it = (struct aw_diag_item){.file = aw_strdup(f->name),
                                .at = at,
                                .width = width > 0 ? width : 1,
                                .code = code,
                                .warning = warning};
    memcpy(it->text, text, sizeof(text));
    set_text(it->hint, hint != NULL ? aw_t(d->lang, hint) : "");
    if (f->text != NULL && at.line > 0 && at.col > 0)
        it->caret = quote(f, at, &it->line);
}

void aw_diag_error(struct aw_diag *d, const struct aw_source_file *f, struct aw_yaml_place at,
                   unsigned width, const char *code, const char *hint, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    add(d, f, at, width, code, false, hint, fmt, ap);
    va_end(ap);
}

void aw_diag_unread(struct aw_diag *d, const char *path, const struct aw_err *err)
{
    const struct aw_source_file f = {.name = path};
    size_t n = strlen(path);
    bool named = aw_starts(err->text, path) && aw_starts(err->text + n, ": ");
    aw_diag_error(d, &f, (struct aw_yaml_place){0}, 0, "E100", NULL, "%s",
                  err->text + (named ? n + 2 : 0));
}

void aw_diag_warn(struct aw_diag *d, const struct aw_source_file *f, struct aw_yaml_place at,
                  unsigned width, const char *code, const char *hint, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    add(d, f, at, width, code, true, hint, fmt, ap);
    va_end(ap);
}

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
        aw_jw_int(&w, "width", it->width);
        aw_jw_str(&w, "severity", it->warning ? "warning" : "error");
        aw_jw_str(&w, "code", it->code);
        aw_jw_str(&w, "text", it->text);
        aw_jw_str(&w, "hint", it->hint[0] != '\0' ? it->hint : NULL);
        aw_jw_end(&w, '}');
    }
    aw_jw_end(&w, ']');
}
