/* SPDX-License-Identifier: Apache-2.0
 *
 * A small reader of RFC 5322 and MIME: unfolding, B and Q words, multipart, quoted-printable and
 * base64. Texts are taken as UTF-8.
 */
#include "sim/mail.h"

#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/str.h"

#define HEADER_MAX ((size_t)64 << 10)
#define TEXT_MAX   ((size_t)1 << 20)
#define DEPTH_MAX  4

struct part {
    struct aw_str headers, body;
};

/* The length of the line at p with its end, and without it in *ret_bare. */
static size_t line_length(struct aw_str s, size_t *ret_bare)
{
    const char *lf = memchr(s.p, '\n', s.n);
    size_t n = lf ? (size_t)(lf - s.p) + 1 : s.n;
    *ret_bare = lf ? n - 1 : n;
    if (*ret_bare && s.p[*ret_bare - 1] == '\r')
        --*ret_bare;
    return n;
}

static struct aw_str skip(struct aw_str s, size_t n)
{
    return (struct aw_str){s.p + n, s.n - n};
}

static struct part split(struct aw_str mail)
{
    struct aw_str rest = mail;
    while (rest.n) {
        size_t bare, n = line_length(rest, &bare);
        if (bare == 0)
            return (struct part){{mail.p, (size_t)(rest.p - mail.p)}, skip(rest, n)};
        rest = skip(rest, n);
    }
    return (struct part){mail, {mail.p + mail.n, 0}};
}

/* Appends the unfolded value of a header. */
static void header(struct aw_str headers, const char *name, struct aw_buf *out)
{
    size_t n_name = strlen(name), n, bare;
    bool inside = false;
    for (; headers.n; headers = skip(headers, n)) {
        n = line_length(headers, &bare);
        bool folded = headers.p[0] == ' ' || headers.p[0] == '\t';
        if (!folded && inside)
            return;
        if (!folded)
            inside = bare > n_name && headers.p[n_name] == ':' &&
                     strncasecmp(headers.p, name, n_name) == 0;
        size_t from = folded ? 0 : n_name + 1;
        if (!inside)
            continue;
        while (!folded && from < bare && headers.p[from] == ' ')
            from++;
        aw_buf_add(out, headers.p + from, bare - from);
    }
}

static int hex_value(char c)
{
    const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c | 0x20) : NULL;
    return at && ((c >= '0' && c <= '9') || (c | 0x20) >= 'a') ? (int)(at - digits) : -1;
}

/* Quoted-printable; with `word` as in the Q encoding of headers. */
static void unquote(struct aw_str s, bool word, struct aw_buf *out)
{
    for (size_t i = 0; i < s.n; i++) {
        int high = i + 2 < s.n && s.p[i] == '=' ? hex_value(s.p[i + 1]) : -1;
        int low = high >= 0 ? hex_value(s.p[i + 2]) : -1;
        size_t bare, n = s.p[i] == '=' ? line_length(skip(s, i + 1), &bare) : 0;
        if (low >= 0) {
            aw_buf_putc(out, (char)(high << 4 | low));
            i += 2;
        } else if (n && bare == 0 && !word) {
            i += n; /* a soft line break */
        } else {
            aw_buf_putc(out, word && s.p[i] == '_' ? ' ' : s.p[i]);
        }
    }
}

static void unbase64(struct aw_str s, struct aw_buf *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t bits = 0;
    unsigned n_bits = 0;
    for (size_t i = 0; i < s.n && s.p[i] != '='; i++) {
        const char *at = s.p[i] ? strchr(digits, s.p[i]) : NULL;
        if (!at)
            continue;
        bits = bits << 6 | (uint32_t)(at - digits);
        n_bits += 6;
        if (n_bits >= 8) {
            n_bits -= 8;
            aw_buf_putc(out, (char)(bits >> n_bits));
            bits &= (1u << n_bits) - 1;
        }
    }
}

/* One encoded word =?charset?B|Q?...?= at the start of s; its length, 0 when there is none. */
static size_t encoded_word(struct aw_str s, struct aw_buf *out)
{
    if (s.n < 8 || s.p[0] != '=' || s.p[1] != '?')
        return 0;
    const char *end = s.p + s.n, *q1 = memchr(s.p + 2, '?', s.n - 2);
    if (!q1 || end - q1 < 5 || q1[2] != '?')
        return 0;
    const char *text = q1 + 3, *q3 = memchr(text, '?', (size_t)(end - text));
    if (!q3 || end - q3 < 2 || q3[1] != '=')
        return 0;
    struct aw_str inner = {text, (size_t)(q3 - text)};
    if ((q1[1] | 0x20) == 'b')
        unbase64(inner, out);
    else
        unquote(inner, true, out);
    return (size_t)(q3 + 2 - s.p);
}

/* Blanks between two encoded words do not count. */
static void decode_words(struct aw_str s, struct aw_buf *out)
{
    bool after_word = false;
    while (s.n) {
        size_t blanks = 0;
        while (blanks < s.n && (s.p[blanks] == ' ' || s.p[blanks] == '\t'))
            blanks++;
        struct aw_buf word = AW_BUF_INIT(HEADER_MAX);
        size_t n = encoded_word(skip(s, blanks), &word);
        if (!(n && after_word))
            aw_buf_add(out, s.p, blanks);
        if (n)
            aw_buf_add(out, aw_buf_str(&word), word.n);
        else if (blanks < s.n)
            aw_buf_putc(out, s.p[blanks]);
        aw_buf_free(&word);
        after_word = n > 0;
        s = skip(s, blanks + (n ? n : blanks < s.n));
    }
}

/* The value of a parameter of a Content-Type, with or without quotes. */
static void parameter(const char *type, const char *name, struct aw_buf *out)
{
    for (const char *p = strchr(type, ';'); p; p = strchr(p, ';')) {
        p++;
        p += strspn(p, " \t");
        size_t n = strlen(name);
        if (strncasecmp(p, name, n) != 0 || p[n] != '=')
            continue;
        p += n + 1;
        if (*p == '"')
            aw_buf_add(out, p + 1, strcspn(p + 1, "\""));
        else
            aw_buf_add(out, p, strcspn(p, "; \t"));
        return;
    }
}

static void without_cr(struct aw_str s, struct aw_buf *out)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] != '\r')
            aw_buf_putc(out, s.p[i]);
}

static void decode_text(const struct part *part, struct aw_buf *out)
{
    struct aw_buf coding = AW_BUF_INIT(HEADER_MAX), raw = AW_BUF_INIT(TEXT_MAX);
    header(part->headers, "Content-Transfer-Encoding", &coding);
    if (strncasecmp(aw_buf_str(&coding), "base64", 6) == 0)
        unbase64(part->body, &raw);
    else if (strncasecmp(aw_buf_str(&coding), "quoted-printable", 16) == 0)
        unquote(part->body, false, &raw);
    else
        aw_buf_add(&raw, part->body.p, part->body.n > TEXT_MAX ? TEXT_MAX : part->body.n);
    without_cr((struct aw_str){aw_buf_str(&raw), raw.n}, out);
    aw_buf_free(&coding);
    aw_buf_free(&raw);
}

static bool find_text(struct aw_str mail, unsigned depth, struct aw_buf *out);

/* Each part lies between two lines that begin with --boundary. */
static bool search_parts(struct aw_str body, const char *boundary, unsigned depth,
                         struct aw_buf *out)
{
    size_t n_boundary = strlen(boundary), n, bare;
    const char *from = NULL;
    bool found = false;
    for (struct aw_str s = body; s.n && !found; s = skip(s, n)) {
        n = line_length(s, &bare);
        if (bare < n_boundary + 2 || s.p[0] != '-' || s.p[1] != '-' ||
            memcmp(s.p + 2, boundary, n_boundary) != 0)
            continue;
        if (from) {
            size_t size = (size_t)(s.p - from);
            if (size && from[size - 1] == '\n') /* the line end belongs to the boundary */
                size--;
            found = find_text((struct aw_str){from, size}, depth + 1, out);
        }
        from = s.p + n;
    }
    return found;
}

static bool find_text(struct aw_str mail, unsigned depth, struct aw_buf *out)
{
    struct part part = split(mail);
    struct aw_buf type = AW_BUF_INIT(HEADER_MAX), boundary = AW_BUF_INIT(256);
    bool found = false;
    header(part.headers, "Content-Type", &type);
    const char *t = aw_buf_str(&type);
    if (strncasecmp(t, "multipart/", 10) == 0) {
        parameter(t, "boundary", &boundary);
        if (boundary.n && depth < DEPTH_MAX)
            found = search_parts(part.body, aw_buf_str(&boundary), depth, out);
    } else if (!*t || strncasecmp(t, "text/plain", 10) == 0) {
        decode_text(&part, out);
        found = true;
    }
    aw_buf_free(&type);
    aw_buf_free(&boundary);
    return found;
}

void aw_sim_mail_parse(const char *p, size_t n, struct aw_sim_mail *ret)
{
    struct aw_str mail = {p, n};
    struct aw_str headers = split(mail).headers;
    struct aw_buf raw = AW_BUF_INIT(HEADER_MAX);
    *ret = (struct aw_sim_mail){AW_BUF_INIT(HEADER_MAX), AW_BUF_INIT(HEADER_MAX),
                                AW_BUF_INIT(TEXT_MAX)};
    header(headers, "Subject", &raw);
    decode_words((struct aw_str){aw_buf_str(&raw), raw.n}, &ret->subject);
    aw_buf_reset(&raw);
    header(headers, "Message-ID", &raw);
    const char *id = aw_buf_str(&raw);
    id += strspn(id, "< \t");
    aw_buf_add(&ret->message_id, id, strcspn(id, "> \t"));
    find_text(mail, 0, &ret->text);
    aw_buf_free(&raw);
}

void aw_sim_mail_free(struct aw_sim_mail *m)
{
    aw_buf_free(&m->subject);
    aw_buf_free(&m->message_id);
    aw_buf_free(&m->text);
}
