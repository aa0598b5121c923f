/* SPDX-License-Identifier: Apache-2.0 */
#include "chan/inbound.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/form.h"
#include "base/mem.h"
#include "base/str.h"
#include "codec/digest.h"
#include "codec/json.h"

static bool type_is(const char *type, const char *want)
{
    return strncasecmp(type, want, strlen(want)) == 0 && strchr("; \t", type[strlen(want)]);
}

bool aw_letter_open(struct aw_letter *l, const struct aw_channel *ch, const struct aw_inbound *in,
                    struct aw_news *news)
{
    *l = (struct aw_letter){.channel = ch, .in = in, .news = news};
    l->form = !in->type[0] || type_is(in->type, "application/x-www-form-urlencoded");
    if (!type_is(in->type, "application/json") ||
        aw_json_parse(in->body, in->n_body, AW_INBOUND_MAX, &l->json, NULL) == 0)
        return true;
    l->json = NULL;
    aw_letter_refuse(l, AW_P_BAD_JSON, "the body is not JSON");
    return false;
}

void aw_letter_close(struct aw_letter *l)
{
    json_decref(l->json);
    l->json = NULL;
}

void aw_letter_refuse(struct aw_letter *l, enum aw_problem p, const char *why)
{
    l->news->refused = (int)p;
    snprintf(l->news->detail, sizeof l->news->detail, "%s", why);
}

/* Hashes of one length are compared. */
static bool same(const char *want, const char *given)
{
    uint8_t a[AW_SHA256], b[AW_SHA256];
    aw_sha256(a, want ? want : "", want ? strlen(want) : 0);
    aw_sha256(b, given, strlen(given));
    return aw_equal_ct(a, b, sizeof a) && want && *want;
}

bool aw_letter_secret(const struct aw_letter *l, const char *setting)
{
    return same(aw_channel_get(l->channel, setting), l->in->secret);
}

bool aw_letter_basic(const struct aw_letter *l, const char *user, const char *password)
{
    static const char scheme[] = "Basic ";
    const char *given = l->in->authorization;
    char want[1024], text[1024];
    size_t n = 0;
    if (!user || !password || strncasecmp(given, scheme, strlen(scheme)) != 0 ||
        snprintf(want, sizeof want, "%s:%s", user, password) >= (int)sizeof want)
        return false;
    given += strlen(scheme);
    if (aw_unb64(text, sizeof text - 1, given, strlen(given), &n) != 0)
        n = 0;
    text[n] = '\0';
    bool fits = same(want, text);
    aw_wipe(want, sizeof want);
    aw_wipe(text, sizeof text);
    return fits;
}

bool aw_scalar_text(const json_t *v, char *dst, size_t cap)
{
    int n = -1;
    if (json_is_string(v))
        n = snprintf(dst, cap, "%s", json_string_value(v));
    else if (json_is_integer(v))
        n = snprintf(dst, cap, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
    else if (json_is_boolean(v))
        n = snprintf(dst, cap, "%s", json_is_true(v) ? "true" : "false");
    return n >= 0 && (size_t)n < cap;
}

bool aw_letter_value(const struct aw_letter *l, const char *name, char *dst, size_t cap)
{
    dst[0] = '\0';
    if (!aw_scalar_text(json_object_get(l->json, name), dst, cap) &&
        (!l->form || aw_form_value(l->in->body, name, dst, cap) != 0) &&
        aw_form_value(l->in->query, name, dst, cap) != 0)
        return false;
    return dst[0] && aw_utf8_clean(dst, strlen(dst), false);
}

void aw_said_text(struct aw_said *said, const char *text, size_t n)
{
    size_t at = 0;
    n = aw_utf8_cut(text, n, sizeof said->text - 1);
    for (const char *p = text, *end = text + n; p != end;) {
        const char *from = p;
        int32_t c = aw_utf8_next(&p, end);
        if (c < 0)
            p++;
        if (c < ' ' || (c >= 0x7f && c < 0xa0)) { /* broken bytes, line ends, controls */
            said->text[at++] = ' ';
            continue;
        }
        memcpy(said->text + at, from, (size_t)(p - from));
        at += (size_t)(p - from);
    }
    said->text[at] = '\0';
}

/* The bytes of a form value, NUL bytes too; what is no escape stands for itself. */
static size_t form_bytes(const char *list, const char *name, unsigned char *dst, size_t cap)
{
    struct aw_form_pair pair;
    size_t n = 0;
    while (aw_form_next(&list, &pair)) {
        if (pair.n_name != strlen(name) || memcmp(pair.name, name, pair.n_name) != 0)
            continue;
        for (size_t i = 0; i < pair.n_value && n < cap; i++) {
            const char *p = pair.value + i;
            bool escape = *p == '%' && i + 2 < pair.n_value && isxdigit((unsigned char)p[1]) &&
                          isxdigit((unsigned char)p[2]);
            dst[n++] = escape ? (unsigned char)strtoul((char[]){p[1], p[2], '\0'}, NULL, 16)
                              : (unsigned char)(*p == '+' ? ' ' : *p);
            i += escape ? 2 : 0;
        }
        break;
    }
    return n;
}

/* Halves of pairs and the like become blanks, as all that is broken. */
static void put_utf16(struct aw_buf *out, const unsigned char *p, size_t n)
{
    for (size_t i = 0; i + 1 < n; i += 2) {
        uint32_t c = (uint32_t)p[i] << 8 | p[i + 1];
        if (c >= 0xd800 && c < 0xdc00 && i + 3 < n && p[i + 2] >= 0xdc && p[i + 2] < 0xe0) {
            c = 0x10000 + ((c & 0x3ff) << 10) + ((uint32_t)(p[i + 2] & 3) << 8 | p[i + 3]);
            i += 2;
        }
        if (c < 0x80) {
            aw_buf_putc(out, (char)c);
        } else if (c < 0x800) {
            aw_buf_putc(out, (char)(0xc0 | c >> 6));
        } else if (c < 0x10000) {
            aw_buf_putc(out, (char)(0xe0 | c >> 12));
            aw_buf_putc(out, (char)(0x80 | (c >> 6 & 63)));
        } else {
            aw_buf_putc(out, (char)(0xf0 | c >> 18));
            aw_buf_putc(out, (char)(0x80 | (c >> 12 & 63)));
            aw_buf_putc(out, (char)(0x80 | (c >> 6 & 63)));
        }
        if (c >= 0x80)
            aw_buf_putc(out, (char)(0x80 | (c & 63)));
    }
}

void aw_letter_said(const struct aw_letter *l, const char *name, bool wide, struct aw_said *said)
{
    AW_AUTO(aw_buf_free) struct aw_buf text = AW_BUF_INIT(8192);
    unsigned char bytes[4096];
    char scalar[sizeof bytes];
    size_t n = 0;
    if (aw_scalar_text(json_object_get(l->json, name), scalar, sizeof scalar)) {
        aw_said_text(said, scalar, strlen(scalar));
        return;
    }
    if (l->form)
        n = form_bytes(l->in->body, name, bytes, sizeof bytes);
    if (!n)
        n = form_bytes(l->in->query, name, bytes, sizeof bytes);
    if (wide)
        put_utf16(&text, bytes, n);
    else
        aw_buf_add(&text, bytes, n);
    aw_said_text(said, aw_buf_str(&text), text.n);
}

bool aw_letter_echo(struct aw_letter *l)
{
    char text[sizeof l->news->text];
    if (strcmp(l->in->method, "GET") != 0)
        return false;
    /* Letters and digits: nothing of a stranger's is shown by us. */
    if (aw_form_value(l->in->query, "echostr", text, sizeof text) != 0 ||
        strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") !=
            strlen(text)) {
        aw_letter_refuse(l, AW_P_VALIDATION, "GET wants ?echostr= of letters and digits");
        return true;
    }
    memcpy(l->news->text, text, sizeof text);
    return true;
}

bool aw_has_word(const char *list, const char *word)
{
    for (size_t n; list && *(list += strspn(list, " ,")); list += n) {
        n = strcspn(list, " ,");
        if (n == strlen(word) && memcmp(list, word, n) == 0)
            return true;
    }
    return false;
}
