/* SPDX-License-Identifier: Apache-2.0
 *
 * The JSON writer. Escapes what RFC 8259 demands, and U+2028/2029 stay as they are (JSON is not
 * pasted into scripts here). A nesting error of the caller aborts: it is a fault of the program.
 */
#include "codec/jsonw.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

#define MAX_DEPTH 32

void aw_jw_init(struct aw_jsonw *w, struct aw_buf *out)
{
    *w = (struct aw_jsonw){.out = out};
}

static void text(struct aw_buf *out, const char *s, size_t n)
{
    aw_buf_putc(out, '"');
    for (size_t i = 0, plain; i < n; i++) {
        for (plain = i; i < n && (unsigned char)s[i] >= 0x20 && s[i] != '"' && s[i] != '\\'; i++)
            ;
        aw_buf_add(out, s + plain, i - plain);
        if (i == n)
            break;
        static const char letters[] = "btnvfr"; /* of 8..13; v has none in JSON */
        char c = s[i];
        if (c == '"' || c == '\\')
            aw_buf_printf(out, "\\%c", c);
        else if (c >= 8 && c <= 13 && c != '\v')
            aw_buf_printf(out, "\\%c", letters[c - 8]);
        else
            aw_buf_printf(out, "\\u%04x", (unsigned)c);
    }
    aw_buf_putc(out, '"');
}

/* The comma, if due, and the key. */
static void lead(struct aw_jsonw *w, const char *key)
{
    if (w->depth) {
        uint32_t bit = (uint32_t)1 << (w->depth - 1);
        if (w->started & bit)
            aw_buf_putc(w->out, ',');
        w->started |= bit;
    }
    if (key) {
        text(w->out, key, strlen(key));
        aw_buf_putc(w->out, ':');
    }
}

static void begin(struct aw_jsonw *w, const char *key, char c)
{
    lead(w, key);
    if (w->depth == MAX_DEPTH)
        abort();
    w->started &= ~((uint32_t)1 << w->depth++);
    aw_buf_putc(w->out, c);
}

void aw_jw_object(struct aw_jsonw *w, const char *key)
{
    begin(w, key, '{');
}

void aw_jw_array(struct aw_jsonw *w, const char *key)
{
    begin(w, key, '[');
}

void aw_jw_end(struct aw_jsonw *w, char close)
{
    if (!w->depth)
        abort();
    w->depth--;
    aw_buf_putc(w->out, close);
}

void aw_jw_strn(struct aw_jsonw *w, const char *key, const char *s, size_t n)
{
    lead(w, key);
    text(w->out, s, n);
}

void aw_jw_str(struct aw_jsonw *w, const char *key, const char *s)
{
    if (s)
        aw_jw_strn(w, key, s, strlen(s));
    else
        aw_jw_raw(w, key, "null", 4);
}

void aw_jw_int(struct aw_jsonw *w, const char *key, int64_t v)
{
    lead(w, key);
    aw_buf_printf(w->out, "%" PRId64, v);
}

void aw_jw_bool(struct aw_jsonw *w, const char *key, bool v)
{
    lead(w, key);
    aw_buf_puts(w->out, v ? "true" : "false");
}

void aw_jw_time(struct aw_jsonw *w, const char *key, aw_time t)
{
    char s[AW_TIME_TEXT];
    if (t)
        aw_time_print(s, t);
    aw_jw_str(w, key, t ? s : NULL);
}

void aw_jw_id(struct aw_jsonw *w, const char *key, const char *prefix, aw_id id)
{
    char s[AW_ID_TEXT];
    aw_id_print(s, prefix, id);
    aw_jw_str(w, key, s);
}

void aw_jw_hex(struct aw_jsonw *w, const char *key, const void *p, size_t n)
{
    const uint8_t *at = p;
    lead(w, key);
    aw_buf_putc(w->out, '"');
    for (size_t i = 0; i < n; i++) {
        char two[3];
        aw_hex(two, at + i, 1);
        aw_buf_add(w->out, two, 2);
    }
    aw_buf_putc(w->out, '"');
}

void aw_jw_raw(struct aw_jsonw *w, const char *key, const char *json, size_t n)
{
    lead(w, key);
    aw_buf_add(w->out, json, n);
}
