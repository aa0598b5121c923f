/* SPDX-License-Identifier: Apache-2.0
 *
 * jansson behind limits. Depth and members are counted before the library sees the text: its own
 * limit of depth is 2048, recursion further up may rely on 32; and it has none of members.
 */
#include "codec/json.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"

#define MAX_DEPTH   32
#define MAX_MEMBERS 2000 /* of one object */

/* Nesting and members outside of texts; the text need not be well-formed. NULL: within bounds. */
static const char *beyond_bounds(const char *p, size_t n)
{
    unsigned depth = 0, members[MAX_DEPTH + 1] = {0};
    bool in_text = false;
    for (size_t i = 0; i < n; i++) {
        if (in_text) {
            if (p[i] == '\\')
                i++;
            else if (p[i] == '"')
                in_text = false;
        } else if (p[i] == '"') {
            in_text = true;
        } else if (p[i] == '{' || p[i] == '[') {
            if (depth == MAX_DEPTH)
                return "nested deeper than 32 levels";
            members[++depth] = 0;
        } else if ((p[i] == '}' || p[i] == ']') && depth) {
            depth--;
        } else if (p[i] == ':' && ++members[depth] > MAX_MEMBERS) {
            return "more than 2000 members in one object";
        }
    }
    return NULL;
}

int aw_json_parse(const char *p, size_t n, size_t max, json_t **ret, struct aw_err *err)
{
    json_error_t e;
    if (n > max)
        return aw_fail(err, AW_ELIMIT, "larger than %zu bytes", max);
    const char *beyond = beyond_bounds(p, n);
    if (beyond)
        return aw_fail(err, AW_EINVAL, "%s", beyond);
    /* behind a number jansson 2.14 skips it */
    const char *nul = n ? memchr(p, 0, n) : NULL;
    if (nul)
        return aw_fail(err, AW_EINVAL, "a NUL byte at offset %zu", (size_t)(nul - p));
    json_t *v = json_loadb(n ? p : "", n, JSON_REJECT_DUPLICATES, &e);
    if (!v) {
        /* jansson quotes the input behind " near ", cut anywhere: not ours to repeat */
        const char *quote = strstr(e.text, " near ");
        int n_text = quote ? (int)(quote - e.text) : (int)strlen(e.text);
        return aw_fail(err, AW_EINVAL, "line %d, column %d: %.*s", e.line,
                       e.column < 1 ? 1 : e.column, n_text, e.text);
    }
    *ret = v;
    return 0;
}

int aw_json_u64(const json_t *v, uint64_t *ret)
{
    if (json_is_integer(v) && json_integer_value(v) >= 0) {
        *ret = (uint64_t)json_integer_value(v);
        return 0;
    }
    if (json_is_string(v))
        return aw_parse_u64(json_string_value(v), json_string_length(v), UINT64_MAX, ret);
    return AW_EINVAL;
}

const char *aw_json_str(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

/* The members of `a` that `b` lacks, or with `differing` those that both have with other values. */
static void name_members(struct aw_buf *out, json_t *a, json_t *b, bool differing)
{
    const char *key;
    json_t *value;
    json_object_foreach(a, key, value)
    {
        json_t *other = json_object_get(b, key);
        if (differing ? other && !json_equal(value, other) : !other)
            aw_buf_printf(out, "%s%s", out->n ? ", " : "", key);
    }
}

void aw_json_diff(const char *a, size_t n_a, const char *b, size_t n_b, char *dst, size_t cap)
{
    json_t *left = NULL, *right = NULL;
    struct aw_buf names = AW_BUF_INIT(cap - 1);
    if (aw_json_parse(a, n_a, SIZE_MAX, &left, NULL) == 0 &&
        aw_json_parse(b, n_b, SIZE_MAX, &right, NULL) == 0) {
        name_members(&names, left, right, true);
        name_members(&names, left, right, false);
        name_members(&names, right, left, false);
    }
    snprintf(dst, cap, "%s", aw_buf_str(&names));
    aw_buf_free(&names);
    json_decref(left);
    json_decref(right);
}
