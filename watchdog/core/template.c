/* SPDX-License-Identifier: Apache-2.0
 *
 * Templates. One scanner (next_piece) serves checking and expanding, so that both see the same
 * pieces: literal text and `{{name}}`. No blanks, no filters, no conditions.
 */
#include "core/template.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"

#define NAME_MAX_BYTES 80

const char *const aw_template_names[] = {"title", "body",    "link", "code",      "user",
                                         "rule",  "message", "step", "recipient", "deadline",
                                         "app",   "count",   NULL};

enum piece { PIECE_END, PIECE_TEXT, PIECE_NAME, PIECE_UNCLOSED };

/* Takes the next piece off *pp. */
static enum piece next_piece(const char **pp, struct aw_str *ret)
{
    const char *p = *pp, *open = strstr(p, "{{");

    if (*p == '\0')
        return PIECE_END;
    if (open != p) {
        *ret = (struct aw_str){p, open ? (size_t)(open - p) : strlen(p)};
        *pp = p + ret->n;
        return PIECE_TEXT;
    }
    const char *close = strstr(p + 2, "}}");
    if (!close)
        return PIECE_UNCLOSED;
    *ret = (struct aw_str){p + 2, (size_t)(close - p) - 2};
    *pp = close + 2;
    return PIECE_NAME;
}

static bool known_name(const char *name)
{
    static const char *const prefixes[] = {"extras.", "labels."};

    for (unsigned i = 0; aw_template_names[i]; i++)
        if (strcmp(name, aw_template_names[i]) == 0)
            return true;
    for (unsigned i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
        if (aw_starts(name, prefixes[i]) && name[strlen(prefixes[i])] != '\0')
            return aw_utf8_clean(name, strlen(name), false);
    return false;
}

static bool copy_name(char dst[NAME_MAX_BYTES + 1], struct aw_str name)
{
    if (name.n > NAME_MAX_BYTES)
        return false;
    memcpy(dst, name.p, name.n);
    dst[name.n] = '\0';
    return true;
}

static int bad_name(struct aw_str piece, struct aw_err *err)
{
    char name[NAME_MAX_BYTES + 1];

    if (!copy_name(name, piece))
        return aw_fail(err, AW_EINVAL, "the name is longer than %d bytes", NAME_MAX_BYTES);
    if (!aw_utf8_clean(piece.p, piece.n, false))
        return aw_fail(err, AW_EINVAL, "the name holds control characters");
    const char *near = aw_nearest(name, aw_template_names);
    return aw_fail(err, AW_EINVAL, "unknown name \"%s\"%s%s%s", name,
                   near ? ", did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

int aw_template_check(const char *text, size_t *ret_at, struct aw_err *err)
{
    const char *p = text, *at = text;
    char name[NAME_MAX_BYTES + 1];
    struct aw_str piece;

    for (;; at = p) {
        switch (next_piece(&p, &piece)) {
        case PIECE_END:
            return 0;
        case PIECE_TEXT:
            break;
        case PIECE_NAME:
            if (copy_name(name, piece) && known_name(name))
                break;
            *ret_at = (size_t)(at - text);
            return bad_name(piece, err);
        case PIECE_UNCLOSED:
            *ret_at = (size_t)(at - text);
            return aw_fail(err, AW_EINVAL, "\"{{\" without \"}}\"");
        }
    }
}

/* --- escaping ------------------------------------------------------------------------------- */

static const char *html_entity(int32_t cp)
{
    switch (cp) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

static bool is_control(int32_t cp)
{
    return cp < 0x20 || (cp >= 0x7f && cp < 0xa0);
}

static bool is_line_end(int32_t cp)
{
    return cp == '\n' || cp == '\r' || cp == 0x2028 || cp == 0x2029;
}

static void add_escaped(struct aw_buf *out, struct aw_str s, enum aw_escape esc)
{
    const char *p = s.p, *end = s.p + s.n;

    while (p < end) {
        const char *start = p;
        int32_t cp = aw_utf8_next(&p, end);
        const char *entity = esc == AW_ESC_HTML ? html_entity(cp) : NULL;

        if (cp < 0) { /* never passes the gate; a stray byte is dropped here at the latest */
            p = start + 1;
            aw_buf_putc(out, '?');
        } else if (entity) {
            aw_buf_puts(out, entity);
        } else if (is_line_end(cp) ? esc == AW_ESC_LINE : is_control(cp)) {
            aw_buf_putc(out, ' ');
        } else {
            aw_buf_add(out, start, (size_t)(p - start));
        }
    }
}

void aw_template_expand(struct aw_buf *out, const char *text, enum aw_escape esc,
                        aw_template_value value, void *ctx)
{
    const char *p = text;
    char name[NAME_MAX_BYTES + 1];
    struct aw_str piece;
    enum piece what;

    while ((what = next_piece(&p, &piece)) != PIECE_END) {
        assert(what != PIECE_UNCLOSED);
        if (what == PIECE_TEXT) {
            if (esc == AW_ESC_HTML)
                aw_buf_add(out, piece.p, piece.n); /* the author's own markup */
            else
                add_escaped(out, piece, esc);
            continue;
        }
        const char *v = copy_name(name, piece) ? value(ctx, name) : NULL;
        if (v)
            add_escaped(out, (struct aw_str){v, strlen(v)}, esc);
    }
}

/* --- languages ------------------------------------------------------------------------------ */

/* How well a text's language serves a reader's: 3 exact, 2 the reader's first part, 1 the same
 * first part, 0 another language. */
static int serves(const char *text, const char *reader)
{
    size_t n = strcspn(reader, "-");

    if (strcasecmp(text, reader) == 0)
        return 3;
    if (strncasecmp(text, reader, n) != 0 || (text[n] != '\0' && text[n] != '-'))
        return 0;
    return text[n] == '\0' ? 2 : 1;
}

const struct aw_template_text *aw_template_find(const struct aw_templates *t, const char *name,
                                                enum aw_kind kind, const char *lang)
{
    const struct aw_template_text *best = NULL;
    int best_serves = -1;

    for (unsigned i = 0; i < t->n; i++) {
        const struct aw_template *tpl = &t->list[i];
        if (strcmp(tpl->name, name) != 0)
            continue;
        for (unsigned j = 0; j < tpl->n_texts; j++) {
            const struct aw_template_text *x = &tpl->texts[j];
            int how = x->kind != kind ? -1 : lang ? serves(x->lang, lang) : 0;
            if (how > best_serves) {
                best = x;
                best_serves = how;
            }
        }
    }
    return best;
}

const struct aw_template_form *aw_template_form(const struct aw_template_text *t,
                                                const struct aw_provider *provider)
{
    for (unsigned i = 0; i < t->n_forms; i++)
        if (t->forms[i].provider == provider)
            return &t->forms[i];
    return NULL;
}
