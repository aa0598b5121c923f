/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading JSON: jansson with JSON_REJECT_DUPLICATES behind limits of depth and size, and helpers
 * that name the place of an error as a JSON Pointer. The value is a json_t that the caller
 * decrefs. (jansson checks UTF-8, lone surrogates, NUL, numbers out of range.)
 */
#ifndef AW_CODEC_JSON_H
#define AW_CODEC_JSON_H

#include <jansson.h>

#include "base/err.h"
#include "core/cmd.h"

/* Depth at most 32 (pre-scanned), size at most max. AW_EINVAL with line and column in err. */
int aw_json_parse(const char *p, size_t n, size_t max, json_t **ret, struct aw_err *err);

/* A 64-bit decimal that may stand as a number or as a text (JPush msg_id), never via double. */
int aw_json_u64(const json_t *v, uint64_t *ret);

const char *aw_json_str(const json_t *object, const char *key); /* NULL if absent or no text */

/* Names the top-level members in which two objects differ, "title, recipients"; for 409s. */
void aw_json_diff(const char *a, size_t n_a, const char *b, size_t n_b, char *dst, size_t cap);

#endif
