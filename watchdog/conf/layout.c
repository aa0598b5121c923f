/* SPDX-License-Identifier: Apache-2.0
 *
 * The printer walks the tree, takes each scalar from the source as it stands there, and brings
 * along the comments and blank lines that it passes. Nothing is trusted: the result is parsed
 * again and compared, node by node and comment by comment.
 */
#include "conf/layout.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "conf/schema.h"

enum { WIDTH = 100, MAX_CELLS = 64 };
#define OUT_MAX (4 * AW_CONF_FILE_MAX)

struct page {
    const struct aw_source_file *f;
    struct aw_diag *diag;
    struct aw_buf *out;
    const char **lines; /* where each begins; n_lines + 1 of them */
    unsigned n_lines;
    unsigned done; /* the last line of the source that was printed, from 1 */
    bool failed;
};

/* --- the source ------------------------------------------------------------------------------ */

static void split(struct page *p)
{
    const char *s = p->f->text, *end = s + p->f->n;
    unsigned n = 1;
    for (const char *q = s; q < end; q++)
        n += *q == '\n';
    p->lines = aw_calloc(n + 2, sizeof(*p->lines));
    p->lines[p->n_lines++] = s;
    for (const char *q = s; q < end; q++)
        if (*q == '\n')
            p->lines[p->n_lines++] = q + 1;
    p->lines[p->n_lines] = end;
}

static const char *line_end(const struct page *p, unsigned line)
{
    const char *end = p->lines[line];
    while (end > p->lines[line - 1] && (end[-1] == '\n' || end[-1] == '\r'))
        end--;
    return end;
}

static const char *at(const struct page *p, struct aw_yaml_place place)
{
    if (place.line == 0 || place.line > p->n_lines)
        return p->lines[p->n_lines];
    const char *s = p->lines[place.line - 1], *end = p->lines[place.line];
    for (unsigned col = 1; col < place.col && s < end; col++)
        if (aw_utf8_next(&s, end) < 0)
            break;
    return s;
}

static void refuse(struct page *p, struct aw_yaml_place place, const char *hint, const char *what)
{
    if (!p->failed)
        aw_diag_error(p->diag, p->f, place, 1, "E180", hint, "%s", aw_t(p->diag->lang, what));
    p->failed = true;
}

/* Where the comment of a line begins, or its end. Quotes are such only where a scalar may begin. */
static const char *comment_of(const char *s, const char *end)
{
    char before = ' ', last = ' '; /* the character before, and the last that is no blank */
    for (; s < end; s++) {
        if (*s == '#' && (before == ' ' || before == '\t'))
            return s;
        if ((*s == '"' || *s == '\'') && strchr(" :,[{-", last)) {
            char quote = *s++;
            while (s < end && *s != quote)
                s += quote == '"' && *s == '\\' && s + 1 < end ? 2 : 1;
            before = last = quote;
            if (s >= end)
                break;
            continue;
        }
        before = *s;
        if (*s != ' ' && *s != '\t')
            last = *s;
    }
    return end;
}

static bool is_flow(const struct page *p, const struct aw_yaml *v)
{
    char c = *at(p, v->at);
    return v->n == 0 || c == '{' || c == '[';
}

/* --- scalars and flow ------------------------------------------------------------------------ */

static void put_scalar(struct page *p, struct aw_buf *b, const struct aw_yaml *v)
{
    const char *from = at(p, v->at), *to = at(p, v->end);
    if (v->text[0] == '\0' && !v->quoted)
        return; /* nothing stands there */
    if (v->at.line != v->end.line || *from == '|' || *from == '>') {
        refuse(p, v->at, N_("write it in one line, in quotes"), N_("a text over several lines"));
        return;
    }
    while (to > from && (to[-1] == ' ' || to[-1] == '\t'))
        to--;
    aw_buf_add(b, from, (size_t)(to - from));
}

static void put_key(struct page *p, struct aw_buf *b, const struct aw_yaml *v)
{
    const char *from = at(p, v->key_at);
    size_t n = strlen(v->key);
    if (*from != '"' && *from != '\'' && strncmp(from, v->key, n) == 0) {
        aw_buf_puts(b, v->key);
    } else {
        aw_buf_putc(b, '"');
        for (const char *s = v->key; *s != '\0'; s++)
            aw_buf_printf(b, *s == '"' || *s == '\\' ? "\\%c" : "%c", *s);
        aw_buf_putc(b, '"');
    }
    aw_buf_putc(b, ':');
}

static void put_flow(struct page *p, struct aw_buf *b, const struct aw_yaml *v);

/* "key: value" resp. "value" of a flow collection. */
static void put_cell(struct page *p, struct aw_buf *b, const struct aw_yaml *v)
{
    if (v->key != NULL) {
        put_key(p, b, v);
        if (v->type != AW_YAML_SCALAR || v->text[0] != '\0' || v->quoted)
            aw_buf_putc(b, ' ');
    }
    put_flow(p, b, v);
}

static void put_flow(struct page *p, struct aw_buf *b, const struct aw_yaml *v)
{
    if (v->type == AW_YAML_SCALAR) {
        put_scalar(p, b, v);
        return;
    }
    aw_buf_putc(b, v->type == AW_YAML_MAP ? '{' : '[');
    for (const struct aw_yaml *c = v->child; c != NULL; c = c->next) {
        if (c != v->child)
            aw_buf_puts(b, ", ");
        put_cell(p, b, c);
    }
    aw_buf_putc(b, v->type == AW_YAML_MAP ? '}' : ']');
}

/* The line on which a flow collection ends, found by its brackets; comments in it are refused. */
static unsigned flow_end(struct page *p, const struct aw_yaml *v, const char **ret_end)
{
    unsigned line = v->at.line, depth = 0;
    const char *s = at(p, v->at);
    char last = ' ';
    for (; line <= p->n_lines; line++, s = line <= p->n_lines ? p->lines[line - 1] : s) {
        const char *end = line_end(p, line), *comment = comment_of(s, end);
        for (; s < comment; s++) {
            if ((*s == '"' || *s == '\'') && strchr(" :,[{", last)) {
                char quote = *s++;
                while (s < comment && *s != quote)
                    s += quote == '"' && *s == '\\' ? 2 : 1;
                last = quote;
                continue;
            }
            depth += *s == '{' || *s == '[';
            if ((*s == '}' || *s == ']') && --depth == 0) {
                *ret_end = s + 1;
                return line;
            }
            if (*s != ' ')
                last = *s;
        }
        if (comment < end)
            refuse(p, (struct aw_yaml_place){line, 1}, N_("put it above the line where they begin"),
                   N_("a comment within braces or brackets"));
    }
    *ret_end = p->lines[p->n_lines];
    return p->n_lines;
}

/* --- flow maps below each other -------------------------------------------------------------- */

struct row { /* an item of a list, or a named member, in braces; cells are its pairs */
    const struct aw_yaml *map;
    size_t widths[MAX_CELLS]; /* to which each cell is filled up; 0: not */
};

static size_t cell_width(struct page *p, const struct aw_yaml *cell)
{
    AW_AUTO(aw_buf_free) struct aw_buf b = AW_BUF_INIT(OUT_MAX);
    put_cell(p, &b, cell);
    return aw_display_width(aw_buf_str(&b), b.n) + 1; /* with its comma */
}

static const struct aw_yaml *nth(const struct aw_yaml *map, unsigned i)
{
    const struct aw_yaml *c = map->child;
    while (c != NULL && i-- > 0)
        c = c->next;
    return c;
}

/* Whether a row has a cell here that can stand in a column: behind it stands another one, and
 * neither it nor one before is a collection. */
static bool in_column(const struct row *r, unsigned i)
{
    const struct aw_yaml *c = r->map->child;
    for (; c != NULL && c->type == AW_YAML_SCALAR && i > 0; c = c->next)
        i--;
    return c != NULL && i == 0 && c->type == AW_YAML_SCALAR && c->next != NULL;
}

/* The key that all rows in column i have at place k, at or behind it; NULL: they differ, or there
 * is none. */
static const char *common_key(const struct row *rows, unsigned n, unsigned i, unsigned k)
{
    const char *key = NULL;
    for (unsigned r = 0; r < n; r++) {
        const struct aw_yaml *c = in_column(&rows[r], i) ? nth(rows[r].map, k) : NULL;
        if (c != NULL && key != NULL && strcmp(c->key, key) != 0)
            return NULL;
        if (c != NULL)
            key = c->key;
    }
    return key;
}

/* Columns, from the left, as long as the rows say the same there and behind it. */
static void align(struct page *p, struct row *rows, unsigned n)
{
    for (unsigned i = 0; i < MAX_CELLS; i++) {
        size_t width = 0;
        if (common_key(rows, n, i, i) == NULL || common_key(rows, n, i, i + 1) == NULL)
            return;
        for (unsigned r = 0; r < n; r++)
            if (in_column(&rows[r], i)) {
                size_t w = cell_width(p, nth(rows[r].map, i));
                width = w > width ? w : width;
            }
        for (unsigned r = 0; r < n; r++)
            if (in_column(&rows[r], i))
                rows[r].widths[i] = width;
    }
}

static size_t column_of(const struct aw_buf *b)
{
    size_t from = b->n;
    while (from > 0 && b->p[from - 1] != '\n')
        from--;
    return aw_display_width(b->p + from, b->n - from);
}

static void put_blanks(struct aw_buf *b, size_t n)
{
    while (n-- > 0)
        aw_buf_putc(b, ' ');
}

/* A flow collection on the line that was begun, broken between cells where it is too long. */
static void put_row(struct page *p, const struct aw_yaml *v, const size_t *widths)
{
    struct aw_buf *b = p->out;
    bool map = v->type == AW_YAML_MAP;
    aw_buf_putc(b, map ? '{' : '[');
    size_t indent = column_of(b), pad = 0;
    unsigned i = 0;
    for (const struct aw_yaml *c = v->child; c != NULL; c = c->next, i++) {
        AW_AUTO(aw_buf_free) struct aw_buf cell = AW_BUF_INIT(OUT_MAX);
        put_cell(p, &cell, c);
        size_t w = aw_display_width(aw_buf_str(&cell), cell.n) + 1;
        if (c != v->child && column_of(b) + 1 + pad + w > WIDTH) {
            aw_buf_putc(b, '\n');
            put_blanks(b, indent);
        } else if (c != v->child) {
            put_blanks(b, 1 + pad);
        }
        aw_buf_add(b, aw_buf_str(&cell), cell.n);
        aw_buf_puts(b, c->next != NULL ? "," : map ? "}" : "]");
        pad = widths != NULL && i < MAX_CELLS && widths[i] > w ? widths[i] - w : 0;
    }
    if (v->child == NULL)
        aw_buf_putc(b, map ? '}' : ']');
}

/* --- blocks ---------------------------------------------------------------------------------- */

/* Comments and blank lines up to the line where the next node begins. */
static void bring_along(struct page *p, unsigned line, size_t indent)
{
    bool blank = false;
    for (; p->done + 1 < line; p->done++) {
        const char *s = p->lines[p->done], *end = line_end(p, p->done + 1);
        while (s < end && (*s == ' ' || *s == '\t'))
            s++;
        if (s < end) {
            if (blank && p->out->n > 0)
                aw_buf_putc(p->out, '\n');
            put_blanks(p->out, indent);
            while (end > s && (end[-1] == ' ' || end[-1] == '\t'))
                end--;
            aw_buf_add(p->out, s, (size_t)(end - s));
            aw_buf_putc(p->out, '\n');
        }
        blank = s >= end;
    }
    if (blank && p->out->n > 0)
        aw_buf_putc(p->out, '\n');
}

/* Ends the printed line with the comment that stands behind `from` on this line of the source. */
static void end_line(struct page *p, const char *from, unsigned line)
{
    const char *end = line_end(p, line), *s = from > p->lines[line - 1] ? from : p->lines[line - 1];
    s = comment_of(s, end);
    while (end > s && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    if (s < end) {
        aw_buf_puts(p->out, "  ");
        aw_buf_add(p->out, s, (size_t)(end - s));
    }
    aw_buf_putc(p->out, '\n');
    if (line > p->done)
        p->done = line;
}

static void put_block(struct page *p, const struct aw_yaml *v, size_t indent, bool begun);

/* What stands behind "key:" or "-": on the same line, or as a block of its own below. */
static void put_value(struct page *p, const struct aw_yaml *v, size_t indent, const size_t *widths)
{
    struct aw_buf *b = p->out;
    const char *end = NULL;
    if (v->type == AW_YAML_SCALAR) {
        if (v->key != NULL && (v->text[0] != '\0' || v->quoted))
            aw_buf_putc(b, ' ');
        put_scalar(p, b, v);
        end_line(p,
                 v->text[0] == '\0' && !v->quoted ? at(p, v->key != NULL ? v->key_at : v->at)
                                                  : at(p, v->end),
                 v->text[0] == '\0' && !v->quoted && v->key != NULL ? v->key_at.line : v->end.line);
    } else if (is_flow(p, v)) {
        unsigned line = flow_end(p, v, &end);
        if (v->key != NULL)
            aw_buf_putc(b, ' ');
        put_row(p, v, widths);
        end_line(p, end, line);
    } else if (v->key != NULL) {
        end_line(p, at(p, v->key_at) + strlen(v->key), v->key_at.line);
        put_block(p, v, indent + 2, false);
    } else { /* "- " begins the first line of the block */
        put_block(p, v, indent + 2, true);
    }
}

static unsigned line_of(const struct aw_yaml *v)
{
    return v->key != NULL ? v->key_at.line : v->at.line;
}

/* The rows from v on that stand below each other without a blank line, for columns. */
static unsigned gather(struct page *p, const struct aw_yaml *v, struct row **ret)
{
    unsigned n = 0;
    struct row *rows = NULL;
    const char *first = NULL;
    for (; v != NULL && v->type == AW_YAML_MAP && v->n > 0 && is_flow(p, v); v = v->next) {
        if (first != NULL && strcmp(first, v->child->key) != 0)
            break;
        first = v->child->key;
        rows = aw_realloc(rows, (n + 1) * sizeof(*rows));
        rows[n++] = (struct row){.map = v};
    }
    if (n > 1)
        align(p, rows, n);
    *ret = rows;
    return n;
}

static void put_block(struct page *p, const struct aw_yaml *v, size_t indent, bool begun)
{
    struct row *rows = NULL;
    unsigned n_rows = 0, row = 0;
    for (const struct aw_yaml *c = v->child; c != NULL && !p->failed; c = c->next, row++) {
        if (row >= n_rows) {
            aw_free(rows);
            /* Members are named, so what is in their braces stands at different columns. */
            n_rows = c->key == NULL ? gather(p, c, &rows) : 0;
            if (c->key != NULL)
                rows = NULL;
            row = 0;
        }
        if (!begun || c != v->child) {
            bring_along(p, line_of(c), indent);
            put_blanks(p->out, indent);
        }
        if (c->key != NULL)
            put_key(p, p->out, c);
        else
            aw_buf_puts(p->out,
                        c->type == AW_YAML_SCALAR && c->text[0] == '\0' && !c->quoted ? "-" : "- ");
        put_value(p, c, indent, row < n_rows ? rows[row].widths : NULL);
        if (n_rows == 0)
            row = 0;
    }
    aw_free(rows);
}

/* --- the proof ------------------------------------------------------------------------------- */

static bool same(const struct aw_yaml *a, const struct aw_yaml *b)
{
    for (; a != NULL && b != NULL; a = a->next, b = b->next) {
        if (a->type != b->type || a->n != b->n || !aw_streq(a->key, b->key))
            return false;
        if (a->type == AW_YAML_SCALAR ? a->quoted != b->quoted || strcmp(a->text, b->text) != 0
                                      : !same(a->child, b->child))
            return false;
    }
    return a == NULL && b == NULL;
}

/* All comments of a text, one a line. */
static void comments(const struct aw_source_file *f, struct aw_buf *out)
{
    struct page p = {.f = f};
    split(&p);
    for (unsigned line = 1; line <= p.n_lines; line++) {
        const char *end = line_end(&p, line), *s = comment_of(p.lines[line - 1], end);
        while (end > s && (end[-1] == ' ' || end[-1] == '\t'))
            end--;
        if (s < end) {
            aw_buf_add(out, s, (size_t)(end - s));
            aw_buf_putc(out, '\n');
        }
    }
    aw_free(p.lines);
}

static bool proven(const struct aw_source_file *f, const struct aw_yaml *root,
                   const struct aw_buf *out)
{
    struct aw_source_file again = {f->name, aw_buf_str(out), out->n};
    struct aw_buf a = AW_BUF_INIT(OUT_MAX), b = AW_BUF_INIT(OUT_MAX);
    struct aw_yaml_doc *doc = NULL;
    struct aw_yaml_error err;
    bool fine = !out->over &&
                aw_yaml_parse(again.text, again.n, AW_CONF_FILE_MAX, AW_LANG_EN, &doc, &err) == 0 &&
                same(root, aw_yaml_root(doc));
    if (fine) {
        comments(f, &a);
        comments(&again, &b);
        fine = strcmp(aw_buf_str(&a), aw_buf_str(&b)) == 0;
    }
    aw_yaml_free(doc);
    aw_buf_free(&a);
    aw_buf_free(&b);
    return fine;
}

int aw_layout(const struct aw_source_file *f, struct aw_buf *out, struct aw_diag *diag)
{
    struct page p = {.f = f, .diag = diag, .out = out};
    struct aw_yaml_doc *doc = NULL;
    const struct aw_yaml *root = aw_schema_parse(f, &doc, diag);
    if (root == NULL)
        return AW_EINVAL;
    split(&p);
    if (root->n > 0 && !is_flow(&p, root))
        put_block(&p, root, 0, false);
    else if (root->n > 0)
        refuse(&p, root->at, N_("write it as a block"), N_("a whole file in braces"));
    bring_along(&p, p.n_lines + 1, 0);
    while (out->n > 1 && out->p[out->n - 1] == '\n' && out->p[out->n - 2] == '\n')
        out->p[--out->n] = '\0';
    if (!p.failed && !proven(f, root, out))
        refuse(&p, root->at, N_("lay it out by hand"),
               N_("laid out anew, this file would not say the same"));
    aw_free(p.lines);
    aw_yaml_free(doc);
    return p.failed ? AW_EINVAL : 0;
}
