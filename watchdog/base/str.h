/* SPDX-License-Identifier: Apache-2.0
 *
 * Text: UTF-8, strict numbers, nearest names, encodings. Pure functions, any thread.
 */
#ifndef AW_BASE_STR_H
#define AW_BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A slice that somebody else owns. */
struct aw_str {
    const char *p;
    size_t n;
};

bool aw_streq(const char *a, const char *b); /* NULL equals only NULL */
bool aw_starts(const char *s, const char *prefix);

/* True when the bytes are well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms).
 * aw_utf8_clean also refuses C0/C1 controls and DEL; with multiline, LF, CR and TAB pass. */
bool aw_utf8_valid(const char *p, size_t n);
bool aw_utf8_clean(const char *p, size_t n, bool multiline);

/* The most bytes of p, at most max, that end at a code point: for cutting texts. */
size_t aw_utf8_cut(const char *p, size_t n, size_t max);

/* Decodes one code point at *pp (before end), moves *pp past it; -1 on malformed input. */
int32_t aw_utf8_next(const char **pp, const char *end);

/* Terminal cells of a UTF-8 text: East Asian wide 2, combining 0, else 1. */
size_t aw_display_width(const char *p, size_t n);

/* Decimal without sign, blanks or leading zeros, within [0, max]. */
int aw_parse_u64(const char *s, size_t n, uint64_t max, uint64_t *ret);

/* Optimal string alignment distance, capped at 9; for "did you mean". */
unsigned aw_edit_distance(const char *a, const char *b);

/* The nearest of names (NULL-terminated array) to s, or NULL when nothing is near (distance at
 * most a third of the longer, at least 1). */
const char *aw_nearest(const char *s, const char *const *names);

/* Glob over the whole value: `*` any run of bytes, `?` one code point; case counts. Linear time
 * in the product of both lengths, no recursion. */
bool aw_glob(const char *pattern, const char *value);

/* Lower-case hex and base64url without padding. dst holds 2n+1, resp. (4n+2)/3+1 bytes. */
void aw_hex(char *dst, const void *src, size_t n);
int aw_unhex(void *dst, const char *src, size_t n_src); /* 0 or AW_EINVAL; n_src even */
void aw_b64url(char *dst, const void *src, size_t n);
int aw_unb64url(void *dst, size_t cap, const char *src, size_t n_src, size_t *ret_n);
/* Standard base64 with padding; dst holds 4*((n+2)/3)+1 bytes. */
void aw_b64(char *dst, const void *src, size_t n);
int aw_unb64(void *dst, size_t cap, const char *src, size_t n_src, size_t *ret_n);

/* snprintf for people: what does not fit is cut between code points. cap is at least 1. */
void aw_format(char *dst, size_t cap, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void aw_vformat(char *dst, size_t cap, const char *fmt, va_list ap)
    __attribute__((format(printf, 3, 0)));

/* Masks an address for people: "+86138****1234", "l***@example.com", else first and last
 * character. dst is cut to cap. */
void aw_mask(char *dst, size_t cap, const char *address);

#endif
