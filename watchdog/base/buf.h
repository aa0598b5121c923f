/* SPDX-License-Identifier: Apache-2.0
 *
 * A growing byte buffer with a maximum. All text of more than a few bytes is built in one.
 *
 * Past its maximum a buffer is marked `over` and ignores further additions; the owner looks once,
 * at the end, and reports the limit. The bytes are always followed by a NUL that is not counted.
 * A buffer belongs to one thread at a time.
 */
#ifndef AW_BASE_BUF_H
#define AW_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct aw_buf {
    char *p;    /* NULL until something is added; then NUL-terminated */
    size_t n;   /* bytes in use, the NUL not counted */
    size_t cap; /* bytes allocated */
    size_t max; /* limit of n */
    bool over;  /* something did not fit */
};

#define AW_BUF_INIT(limit)                                                                         \
    (struct aw_buf)                                                                                \
    {                                                                                              \
        .max = (limit)                                                                             \
    }

void aw_buf_add(struct aw_buf *b, const void *p, size_t n);
void aw_buf_puts(struct aw_buf *b, const char *s);
void aw_buf_putc(struct aw_buf *b, char c);
void aw_buf_printf(struct aw_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void aw_buf_reset(struct aw_buf *b); /* keeps the memory, clears `over` */
void aw_buf_free(struct aw_buf *b);  /* fits AW_AUTO(aw_buf_free) */

/* The text, "" when empty; valid until the next change. */
const char *aw_buf_str(const struct aw_buf *b);

/* Hands the bytes to the caller (aw_free), never NULL, and empties the buffer. */
char *aw_buf_take(struct aw_buf *b, size_t *ret_n);

#endif
