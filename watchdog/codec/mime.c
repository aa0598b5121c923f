/* SPDX-License-Identifier: Apache-2.0
 *
 * Mails as bytes. What would need quoting in a header becomes a B-word instead, so there is one
 * way of escaping only. Line ends of a body become CRLF before it is encoded, and the encoded text
 * holds no byte but printable ASCII and our own CRLFs: nothing in a body can end the transfer or
 * begin a header.
 */
#include "codec/mime.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "codec/digest.h"
#include "codec/request.h"

#define LINE_MAX_CHARS 76
#define WORD_BYTES     45 /* 60 characters of base64, 72 with the frame of the word */
#define WORD_FRAME     12 /* =?UTF-8?B? and ?= */
#define LINE_BYTES     57 /* 76 characters of base64 */
#define LATEST         ((aw_time)253402300799999)

/* ---- headers ---- */

static bool in_set(const char *s, const char *more)
{
    for (; *s; s++) {
        bool plain = (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') ||
                     (*s >= '0' && *s <= '9') || strchr(more, *s);
        if (!plain)
            return false;
    }
    return true;
}

/* ASCII that stands for itself and can be folded: single blanks, no word that looks like an encoded
 * one or is longer than room. */
static bool is_plain(const char *s, size_t room)
{
    size_t run = 0, n = strlen(s);
    for (size_t i = 0; i < n; i++) {
        run = s[i] == ' ' ? 0 : run + 1;
        if (s[i] < ' ' || s[i] > '~' || run > room)
            return false;
    }
    return !n || (s[0] != ' ' && s[n - 1] != ' ' && !strstr(s, "  ") && !strstr(s, "=?"));
}

/* Adds blank-separated words, folding before the one that would not fit. *col counts on. */
static void add_words(struct aw_buf *out, const char *s, size_t *col)
{
    while (*s) {
        size_t blanks = strspn(s, " "), n = blanks + strcspn(s + blanks, " ");
        if (blanks && *col + n > LINE_MAX_CHARS) {
            aw_buf_puts(out, "\r\n");
            *col = 0;
        }
        aw_buf_add(out, s, n);
        *col += n;
        s += n;
    }
}

/* Adds encoded words, one a line, the first on the line that was begun. */
static void add_encoded(struct aw_buf *out, const char *s, size_t *col)
{
    size_t left = strlen(s), room = (LINE_MAX_CHARS - WORD_FRAME - *col) / 4 * 3;
    if (room > WORD_BYTES)
        room = WORD_BYTES;
    while (left) {
        char word[WORD_BYTES / 3 * 4 + 1];
        size_t n = aw_utf8_cut(s, left, room);
        aw_b64(word, s, n);
        aw_buf_printf(out, "=?UTF-8?B?%s?=", word);
        *col += strlen(word) + WORD_FRAME;
        s += n;
        left -= n;
        room = WORD_BYTES;
        if (left) {
            aw_buf_puts(out, "\r\n ");
            *col = 1;
        }
    }
}

static int check_header(const char *name, const char *value, struct aw_err *err)
{
    if (!*name || strlen(name) > 40 || !in_set(name, "-"))
        return aw_fail(err, AW_EINVAL, "not the name of a header: \"%s\"", name);
    if (!aw_utf8_clean(value, strlen(value), false))
        return aw_fail(err, AW_EINVAL, "%s: control character or bad UTF-8", name);
    return 0;
}

static void put_header(struct aw_buf *out, const char *name, const char *value)
{
    size_t col = strlen(name) + 2;
    aw_buf_printf(out, "%s: ", name);
    if (is_plain(value, LINE_MAX_CHARS - col))
        add_words(out, value, &col);
    else
        add_encoded(out, value, &col);
    aw_buf_puts(out, "\r\n");
}

int aw_mime_header(struct aw_buf *out, const char *name, const char *value, struct aw_err *err)
{
    int code = check_header(name, value, err);
    if (code)
        return code;
    put_header(out, name, value);
    return out->over ? aw_fail(err, AW_ELIMIT, "the mail is too large") : 0;
}

/* "From: name <address>"; a name of anything but plain words is encoded. */
static void put_mailbox(struct aw_buf *out, const char *header, const char *name,
                        const char *address)
{
    size_t col = strlen(header) + 2;
    aw_buf_printf(out, "%s: ", header);
    if (name && *name) {
        if (is_plain(name, LINE_MAX_CHARS - col) && in_set(name, " _-"))
            add_words(out, name, &col);
        else
            add_encoded(out, name, &col);
        bool fold = col + strlen(address) + 3 > LINE_MAX_CHARS;
        aw_buf_printf(out, "%s <%s>\r\n", fold ? "\r\n" : "", address);
    } else {
        aw_buf_printf(out, "<%s>\r\n", address);
    }
}

/* RFC 5322 in UTC, made from the RFC 3339 text. */
static void put_date(struct aw_buf *out, aw_time t)
{
    static const char days[] = "ThuFriSatSunMonTueWed"; /* day 0 was a Thursday */
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char s[AW_TIME_TEXT];
    aw_time_print(s, t);
    unsigned month = (unsigned)(s[5] - '0') * 10 + (unsigned)(s[6] - '0') - 1;
    aw_buf_printf(out, "Date: %.3s, %.2s %.3s %.4s %.8s +0000\r\n", days + t / AW_DAY % 7 * 3,
                  s + 8, months + month * 3, s, s + 11);
}

/* ---- bodies ---- */

/* Any kind of line end becomes CRLF, and the last line gets one. */
static void canonical(struct aw_buf *out, const char *s)
{
    while (*s) {
        size_t n = strcspn(s, "\r\n");
        aw_buf_add(out, s, n);
        aw_buf_puts(out, "\r\n");
        s += n;
        s += s[0] == '\r' && s[1] == '\n' ? 2 : *s != 0;
    }
}

static bool stands_for_itself(char c)
{
    return c >= ' ' && c <= '~' && c != '=';
}

/* One line without its end, with soft breaks. A dot or a blank at an edge is escaped. */
static void quote_line(struct aw_buf *out, const char *s, size_t n)
{
    size_t col = 0;
    for (size_t i = 0; i < n; i++) {
        bool plain =
            stands_for_itself(s[i]) && !(s[i] == ' ' && i + 1 == n) && !(s[i] == '.' && col == 0);
        size_t need = plain ? 1 : 3;
        if (col + need > LINE_MAX_CHARS - 1) {
            aw_buf_puts(out, "=\r\n");
            col = 0;
            plain = plain && s[i] != '.';
            need = plain ? 1 : 3;
        }
        if (plain)
            aw_buf_putc(out, s[i]);
        else
            aw_buf_printf(out, "=%02X", (unsigned char)s[i]);
        col += need;
    }
    aw_buf_puts(out, "\r\n");
}

static void put_quoted(struct aw_buf *out, const struct aw_buf *text)
{
    const char *s = aw_buf_str(text);
    while (*s) {
        size_t n = strcspn(s, "\r");
        quote_line(out, s, n);
        s += n + 2;
    }
}

static void put_base64(struct aw_buf *out, const struct aw_buf *text)
{
    for (size_t at = 0; at < text->n; at += LINE_BYTES) {
        char line[LINE_BYTES / 3 * 4 + 1];
        aw_b64(line, text->p + at, text->n - at < LINE_BYTES ? text->n - at : LINE_BYTES);
        aw_buf_printf(out, "%s\r\n", line);
    }
}

/* A part with its two headers: quoted-printable stays legible, base64 is shorter for Chinese. */
static void put_part(struct aw_buf *out, const char *type, const char *body)
{
    struct aw_buf text = AW_BUF_INIT(out->max);
    canonical(&text, body);
    size_t escapes = 0;
    for (size_t i = 0; i < text.n; i++)
        escapes += !stands_for_itself(text.p[i]) && text.p[i] != '\r' && text.p[i] != '\n';
    bool base64 = escapes > text.n / 6;
    aw_buf_printf(out, "Content-Type: text/%s; charset=utf-8\r\n", type);
    aw_buf_printf(out, "Content-Transfer-Encoding: %s\r\n\r\n",
                  base64 ? "base64" : "quoted-printable");
    if (base64)
        put_base64(out, &text);
    else
        put_quoted(out, &text);
    out->over = out->over || text.over;
    aw_buf_free(&text);
}

static void put_alternatives(struct aw_buf *out, const struct aw_mail *m)
{
    uint8_t hash[AW_SHA256];
    char hex[33];
    aw_sha256(hash, m->message_id, strlen(m->message_id));
    aw_hex(hex, hash, 16);
    /* "=_" appears in neither encoding, so no body can hold the boundary */
    aw_buf_printf(out, "Content-Type: multipart/alternative;\r\n boundary=\"=_%s\"\r\n\r\n", hex);
    aw_buf_printf(out, "--=_%s\r\n", hex);
    put_part(out, "plain", m->text);
    aw_buf_printf(out, "--=_%s\r\n", hex);
    put_part(out, "html", m->html);
    aw_buf_printf(out, "--=_%s--\r\n", hex);
}

/* ---- the mail ---- */

static int check(const struct aw_mail *m, struct aw_err *err)
{
    if (!aw_valid_email(m->from_address))
        return aw_fail(err, AW_EINVAL, "From: not a mail address");
    if (!aw_valid_email(m->to_address))
        return aw_fail(err, AW_EINVAL, "To: not a mail address");
    if (!aw_valid_email(m->message_id) || !in_set(m->message_id, "._-@"))
        return aw_fail(err, AW_EINVAL, "Message-ID: not an id");
    if (m->date < 0 || m->date > LATEST)
        return aw_fail(err, AW_EINVAL, "Date: not within 1970 to 9999");
    if (!aw_utf8_valid(m->text, strlen(m->text)) ||
        (m->html && !aw_utf8_valid(m->html, strlen(m->html))))
        return aw_fail(err, AW_EINVAL, "the text is not UTF-8");
    int code = m->from_name ? check_header("From", m->from_name, err) : 0;
    return code ? code : check_header("Subject", m->subject, err);
}

int aw_mime_build(struct aw_buf *out, const struct aw_mail *m, struct aw_err *err)
{
    int code = check(m, err);
    if (code)
        return code;
    put_date(out, m->date);
    put_mailbox(out, "From", m->from_name, m->from_address);
    put_mailbox(out, "To", NULL, m->to_address);
    put_header(out, "Subject", m->subject);
    aw_buf_printf(out, "Message-ID: <%s>\r\n", m->message_id);
    aw_buf_puts(out, "MIME-Version: 1.0\r\nAuto-Submitted: auto-generated\r\n");
    if (m->html)
        put_alternatives(out, m);
    else
        put_part(out, "plain", m->text);
    return out->over ? aw_fail(err, AW_ELIMIT, "the mail is larger than %zu bytes", out->max) : 0;
}
