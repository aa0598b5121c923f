/* SPDX-License-Identifier: Apache-2.0
 *
 * The list of problems. Quoted lines come from files that strangers may have
 * written: control characters are shown as '?', and a long line is cut around the place, so that
 * the terminal shows what stands there and nothing else.
 */
#include "conf/diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "conf/allow.h"

enum {
    SHOWN = 100, /* code points of a quoted line */
    BEFORE = 60, /* of them before the caret when the line is cut */
};

void aw_diag_init(struct aw_diag *d)
{
    *d = (struct aw_diag){0};
}

static void free_item(struct aw_diag_item *it)
{
    aw_free((char *)it->file);
    aw_free(it->line);
    aw_free(it->first_line);
}

void aw_diag_free(struct aw_diag *d)
{
    for (unsigned i = 0; i < d->n; i++)
        free_item(&d->items[i]);
    aw_free(d->items);
    aw_diag_init(d);
}

/* The bytes of a line, without its end. Problems come nearly in order: the search goes on from the
 * line before, so that many in a long file cost no more than one pass over it. */
struct aw_str aw_diag_line(struct aw_diag *d, const struct aw_source_file *f, unsigned line)
{
    const char *p = f->text, *end = f->text + f->n;
    unsigned i = 1;
    if (d->cursor.text == f->text && d->cursor.line <= line) {
        p = d->cursor.at;
        i = d->cursor.line;
    }
    for (; i < line && p < end; i++) {
        const char *nl = memchr(p, '\n', (size_t)(end - p));
        p = nl != NULL ? nl + 1 : end;
    }
    d->cursor.text = f->text;
    d->cursor.line = i;
    d->cursor.at = p;
    const char *nl = memchr(p, '\n', (size_t)(end - p));
    size_t n = (size_t)((nl != NULL ? nl : end) - p);
    if (n > 0 && p[n - 1] == '\r')
        n--;
    return (struct aw_str){p, n};
}

/* Copies the part of the source line around the place. Returns code points before the caret. */
static unsigned quote(struct aw_str s, struct aw_yaml_place at, char **ret)
{
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

/* The column in UTF-16 units, which editors count. */
static unsigned utf16_col(struct aw_str s, unsigned col)
{
    unsigned units = 1;
    for (const char *p = s.p, *end = s.p + s.n; --col > 0 && p < end;) {
        int32_t c = aw_utf8_next(&p, end);
        p += c < 0;
        units += c > 0xffff ? 2 : 1;
    }
    return units;
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

/* No warning keeps an error out: drops the last one. */
static bool make_room(struct aw_diag *d)
{
    unsigned i = d->n;
    while (i > 0 && !d->items[i - 1].warning)
        i--;
    if (i == 0)
        return false;
    free_item(&d->items[i - 1]);
    memmove(&d->items[i - 1], &d->items[i], (d->n - i) * sizeof(*d->items));
    d->n--;
    return true;
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
    if (warning && f->text != NULL && aw_allowed(d, f, at.line, code))
        return;
    d->n_errors += !warning;
    if (d->n == AW_DIAG_MAX && ++d->dropped && (warning || !make_room(d)))
        return;
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
    if (f->text != NULL && at.line > 0 && at.col > 0) {
        struct aw_str line = aw_diag_line(d, f, at.line);
        it->caret = quote(line, at, &it->line);
        it->utf16 = utf16_col(line, at.col);
    }
}

void aw_diag_error(struct aw_diag *d, const struct aw_source_file *f, struct aw_yaml_place at,
                   unsigned width, const char *code, const char *hint, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    add(d, f, at, width, code, false, hint, fmt, ap);
    va_end(ap);
}

void aw_diag_yaml(struct aw_diag *d, const struct aw_source_file *f, const struct aw_yaml_error *e)
{
    unsigned n = d->n;
    aw_diag_error(d, f, e->at, 1, e->code, e->hint[0] != '\0' ? e->hint : NULL, "%s", e->text);
    if (d->n == n || e->first == 0 || e->first >= e->at.line)
        return;
    struct aw_diag_item *it = &d->items[d->n - 1];
    it->first = e->first;
    quote(aw_diag_line(d, f, e->first), (struct aw_yaml_place){e->first, 1}, &it->first_line);
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
