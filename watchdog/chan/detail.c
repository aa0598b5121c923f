/* SPDX-License-Identifier: Apache-2.0
 *
 * Providers quote what they refuse: the number, the address, now and then the password. Their
 * texts are hostile input and end in a log that outlives the recipient's wish to be forgotten, so
 * each address that the send holds is masked, and whatever else looks like one. Pure, any thread.
 */
#include "chan/detail.h"

#include <ctype.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"

#define LOOK 1024 /* bytes of a text that are looked at; masked first, cut to size last */
#define MASK "***"

/* Each run of control bytes, blanks and bytes that are no UTF-8 becomes one blank. */
static void clean(struct aw_buf *out, const char *text, size_t n)
{
    const char *p = text, *end = text + (n < LOOK ? n : LOOK);
    bool blank = false;
    while (p < end) {
        const char *at = p;
        int32_t c = aw_utf8_next(&p, end);
        if (c < 0)
            p = at + 1;
        if (c <= ' ' || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029) {
            blank = true;
            continue;
        }
        if (blank && out->n)
            aw_buf_putc(out, ' ');
        blank = false;
        aw_buf_add(out, at, (size_t)(p - at));
    }
}

/* The longest part of at most AW_DETAIL_MAX bytes that ends at a code point. */
static void cut(char *dst, const struct aw_buf *b)
{
    size_t n = b->n;
    if (n > AW_DETAIL_MAX)
        for (n = AW_DETAIL_MAX; n && ((unsigned char)b->p[n] & 0xc0) == 0x80;)
            n--;
    if (n)
        memcpy(dst, b->p, n);
    dst[n] = '\0';
}

void aw_detail_clean(char dst[AW_DETAIL_MAX + 1], const char *text, size_t n)
{
    AW_AUTO(aw_buf_free) struct aw_buf b = AW_BUF_INIT(4 * LOOK);
    clean(&b, text, n);
    cut(dst, &b);
}

/* Masks `what` wherever it stands; a short one only as a word of its own ("li" is in "invalid"). */
static void mask(struct aw_buf *b, const char *what)
{
    size_t n = what ? strlen(what) : 0;
    if (!n || !b->n)
        return;
    AW_AUTO(aw_buf_free) struct aw_buf old = *b;
    *b = AW_BUF_INIT(old.max);
    for (const char *p = old.p, *hit; *p; p = hit + n) {
        hit = strcasestr(p, what);
        bool word = hit && (hit == old.p || !isalnum((unsigned char)hit[-1])) &&
                    !isalnum((unsigned char)hit[n]);
        aw_buf_add(b, p, hit ? (size_t)(hit - p) : strlen(p));
        if (!hit)
            break;
        if (word || n >= 6)
            aw_buf_puts(b, MASK);
        else
            aw_buf_add(b, hit, n);
    }
}

/* Masks words with an @ and, for a send to a phone, runs of seven digits and more. */
static void mask_lookalikes(struct aw_buf *b, bool digits)
{
    AW_AUTO(aw_buf_free) struct aw_buf old = *b;
    *b = AW_BUF_INIT(old.max);
    for (const char *p = aw_buf_str(&old); *p;) {
        size_t word = strcspn(p, " <>()[]\"',;:="), run = strspn(p, "0123456789");
        if (memchr(p, '@', word)) {
            aw_buf_puts(b, MASK);
            p += word;
        } else if (digits && run >= 7) {
            aw_buf_puts(b, MASK);
            p += run;
        } else {
            size_t n = !digits && word ? word : run ? run : 1;
            aw_buf_add(b, p, n);
            p += n;
        }
    }
}

void aw_detail(char dst[AW_DETAIL_MAX + 1], const struct aw_send *s, const char *text, size_t n)
{
    AW_AUTO(aw_buf_free) struct aw_buf b = AW_BUF_INIT(4 * LOOK);
    clean(&b, text, n);
    for (const struct aw_setting *d = s->channel->provider->settings; d->key; d++)
        if (d->type == AW_SET_SECRET)
            mask(&b, aw_channel_get(s->channel, d->key));
    mask(&b, s->alias);
    for (unsigned i = 0; i < s->n_registration_ids; i++)
        mask(&b, s->registration_ids[i]);
    mask(&b, s->phone);
    mask(&b, s->email);
    mask(&b, s->im);
    mask_lookalikes(&b, s->phone != NULL);
    cut(dst, &b);
}
