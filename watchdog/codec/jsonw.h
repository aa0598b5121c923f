/* SPDX-License-Identifier: Apache-2.0
 *
 * Writing JSON straight into a buffer: no blanks, members in the order written, text escaped (it
 * must be valid UTF-8; callers check at the edge). Commas are put by the writer. Nesting to 32.
 */
#ifndef AW_CODEC_JSONW_H
#define AW_CODEC_JSONW_H

#include "base/buf.h"
#include "base/id.h"

struct aw_jsonw {
    struct aw_buf *out;
    uint32_t started; /* bit per depth: a comma is due */
    unsigned depth;
};

void aw_jw_init(struct aw_jsonw *w, struct aw_buf *out);
/* key is NULL inside arrays and at the top. */
void aw_jw_object(struct aw_jsonw *w, const char *key); /* open */
void aw_jw_array(struct aw_jsonw *w, const char *key);
void aw_jw_end(struct aw_jsonw *w, char close);                     /* '}' or ']' */
void aw_jw_str(struct aw_jsonw *w, const char *key, const char *s); /* NULL writes null */
void aw_jw_strn(struct aw_jsonw *w, const char *key, const char *s, size_t n);
void aw_jw_int(struct aw_jsonw *w, const char *key, int64_t v);
void aw_jw_bool(struct aw_jsonw *w, const char *key, bool v);
void aw_jw_time(struct aw_jsonw *w, const char *key, aw_time t); /* RFC 3339; 0 writes null */
void aw_jw_id(struct aw_jsonw *w, const char *key, const char *prefix, aw_id id);
void aw_jw_hex(struct aw_jsonw *w, const char *key, const void *p, size_t n);
void aw_jw_raw(struct aw_jsonw *w, const char *key, const char *json, size_t n); /* as it is */

#endif
