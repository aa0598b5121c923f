/* SPDX-License-Identifier: Apache-2.0
 *
 * The growing buffer. It doubles, so that n additions cost O(n); one addition either fits whole or
 * is left out whole.
 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

/* Room for n more bytes and the NUL; false (and marked) past the maximum. */
static bool reserve(struct aw_buf *b, size_t n)
{
    if (b->over || n > b->max || b->n > b->max - n) {
        b->over = true;
        return false;
    }
    size_t need = b->n + n + 1;
    if (need <= b->cap)
        return true;
    size_t cap = b->cap ? b->cap : 64;
    while (cap < need)
        cap *= 2;
    b->p = aw_realloc(b->p, cap);
    b->cap = cap;
    return true;
}

void aw_buf_add(struct aw_buf *b, const void *p, size_t n)
{
    if (!reserve(b, n))
        return;
    if (n)
        memcpy(b->p + b->n, p, n);
    b->n += n;
    b->p[b->n] = 0;
}

void aw_buf_puts(struct aw_buf *b, const char *s)
{
    aw_buf_add(b, s, strlen(s));
}

void aw_buf_putc(struct aw_buf *b, char c)
{
    aw_buf_add(b, &c, 1);
}

void aw_buf_printf(struct aw_buf *b, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0) {
        b->over = true;
    } else if (reserve(b, (size_t)n)) {
        vsnprintf(b->p + b->n, (size_t)n + 1, fmt, again);
        b->n += (size_t)n;
    }
    va_end(again);
}

void aw_buf_reset(struct aw_buf *b)
{
    b->n = 0;
    b->over = false;
    if (b->p)
        b->p[0] = 0;
}

void aw_buf_free(struct aw_buf *b)
{
    aw_free(b->p);
    *b = AW_BUF_INIT(b->max);
}

const char *aw_buf_str(const struct aw_buf *b)
{
    return b->p ? b->p : "";
}

char *aw_buf_take(struct aw_buf *b, size_t *ret_n)
{
    char *p = b->p ? b->p : aw_strdup("");
    if (ret_n)
        *ret_n = b->n;
    *b = AW_BUF_INIT(b->max);
    return p;
}
