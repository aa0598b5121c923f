/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/allow.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#define MARK "# aw:"

enum { CODE_MAX = 8, LINES_ABOVE = 16, LINES_AT_TOP = 64 };

/* A comment of ours in one line. */
struct comment {
    char code[CODE_MAX]; /* "" when none could be read */
    bool reason;
    unsigned col; /* of its '#', in bytes */
};

/* The next line of a text, without its end; false behind the last. */
static bool next_line(const char **pp, const char *end, struct aw_str *ret)
{
    if (*pp >= end)
        return false;
    const char *nl = memchr(*pp, '\n', (size_t)(end - *pp));
    *ret = (struct aw_str){*pp, (size_t)((nl != NULL ? nl : end) - *pp)};
    *pp = nl != NULL ? nl + 1 : end;
    return true;
}

static bool is_comment(struct aw_str s)
{
    size_t i = 0;
    while (i < s.n && s.p[i] == ' ')
        i++;
    return i < s.n && s.p[i] == '#';
}

static const char *skip_blanks(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\r'))
        p++;
    return p;
}

static bool read_comment(struct aw_str s, struct comment *ret)
{
    const char *p = memmem(s.p, s.n, MARK, strlen(MARK)), *end = s.p + s.n;
    if (p == NULL || (p > s.p && p[-1] != ' '))
        return false;
    *ret = (struct comment){.col = (unsigned)(p - s.p)};
    p = skip_blanks(p + strlen(MARK), end);
    size_t n = (size_t)(end - p);
    if (n <= strlen("allow ") || memcmp(p, "allow ", strlen("allow ")) != 0)
        return true;
    p = skip_blanks(p + strlen("allow"), end);
    for (n = 0; p + n < end && p[n] != ' ' && p[n] != '\r';)
        n++;
    snprintf(ret->code, sizeof(ret->code), "%.*s", (int)(n < CODE_MAX ? n : 0), p);
    ret->reason = skip_blanks(p + n, end) < end;
    return true;
}

static bool allows(struct aw_diag *d, const char *text, struct aw_str s, unsigned line,
                   const char *code)
{
    struct comment c;
    if (!read_comment(s, &c) || !c.reason || !aw_streq(c.code, code))
        return false;
    for (unsigned i = 0; i < d->n_allowed && i < AW_DIAG_ALLOWED; i++)
        if (d->allowed[i].text == text && d->allowed[i].line == line)
            return true;
    if (d->n_allowed < AW_DIAG_ALLOWED)
        d->allowed[d->n_allowed] = (struct aw_diag_allowed){text, line};
    d->n_allowed++;
    return true;
}

/* The line before the one that begins at p. */
static const char *line_before(const char *text, const char *p)
{
    if (p <= text + 1)
        return text;
    for (p--; p > text && p[-1] != '\n';)
        p--;
    return p;
}

bool aw_allowed(struct aw_diag *d, const struct aw_source_file *f, unsigned line, const char *code)
{
    const char *end = f->text + f->n, *p = f->text;
    struct aw_str s;
    if (line == 0) {
        for (unsigned i = 1; i <= LINES_AT_TOP && next_line(&p, end, &s) && is_comment(s); i++)
            if (allows(d, f->text, s, i, code))
                return true;
        return false;
    }
    const char *at = aw_diag_line(d, f, line).p;
    p = at;
    if (next_line(&p, end, &s) && allows(d, f->text, s, line, code))
        return true;
    for (unsigned i = 0; i < LINES_ABOVE && at > f->text && line > 1; i++) {
        p = at = line_before(f->text, at);
        line--;
        if (!next_line(&p, end, &s) || !is_comment(s))
            return false;
        if (allows(d, f->text, s, line, code))
            return true;
    }
    return false;
}

static bool did_allow(const struct aw_diag *d, const char *text, unsigned line)
{
    for (unsigned i = 0; i < d->n_allowed && i < AW_DIAG_ALLOWED; i++)
        if (d->allowed[i].text == text && d->allowed[i].line == line)
            return true;
    return d->n_allowed > AW_DIAG_ALLOWED;
}

void aw_allow_check(struct aw_diag *d, const struct aw_source_file *f)
{
    const char *p = f->text, *end = f->text + f->n;
    struct aw_str s;
    for (unsigned line = 1; next_line(&p, end, &s); line++) {
        struct comment c;
        if (!read_comment(s, &c))
            continue;
        struct aw_yaml_place at = {line, 1};
        for (const char *q = s.p; q < s.p + c.col && aw_utf8_next(&q, s.p + s.n) >= 0;)
            at.col++;
        const char *form = N_("write # aw: allow CODE and the reason");
        if (c.code[0] != 'W' || aw_diag_page(d->lang, c.code) == NULL)
            aw_diag_warn(d, f, at, 5, "W100", form, "this comment names no warning");
        else if (!c.reason)
            aw_diag_warn(d, f, at, 5, "W100", form, "this comment gives no reason");
        else if (!did_allow(d, f->text, line))
            aw_diag_warn(d, f, at, 5, "W100", "take it out", "there is no %s here to allow",
                         c.code);
    }
}
