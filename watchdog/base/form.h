/* SPDX-License-Identifier: Apache-2.0
 *
 * Percent-decoding and name=value lists (query strings, form bodies). Pure, any thread. What does
 * not decode to text without NUL is refused, never repaired.
 */
#ifndef AW_BASE_FORM_H
#define AW_BASE_FORM_H

#include <stdbool.h>
#include <stddef.h>

/* Percent-decoding of a path segment or form value ('+' is a blank when form). AW_ELIMIT, and
 * AW_EINVAL for a broken escape or a NUL. */
int aw_percent_decode(const char *s, size_t n, bool form, char *dst, size_t cap);

/* The value under a name of a=b&c=d, percent-decoded into dst; AW_ENOENT, AW_ELIMIT, AW_EINVAL. */
int aw_form_value(const char *list, const char *name, char *dst, size_t cap);

/* Walks such a text pair by pair, undecoded; false at the end. */
struct aw_form_pair {
    const char *name, *value;
    size_t n_name, n_value;
};
bool aw_form_next(const char **pp, struct aw_form_pair *ret);

#endif
