/* SPDX-License-Identifier: Apache-2.0
 *
 * Field tables at work. The pointer in the fault is kept as the walk goes down and up, so it is
 * right at the moment something is refused; past its room it stops growing.
 */
#include "codec/fields.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "codec/json.h"

int aw_take_refuse(struct aw_take *t, enum aw_problem p, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    aw_vformat(t->fault->detail, sizeof t->fault->detail, fmt, ap);
    va_end(ap);
    t->fault->problem = p;
    return AW_EINVAL;
}

/* ---- the pointer ---- */

size_t aw_take_down(struct aw_take *t, const char *member)
{
    size_t mark = t->n_pointer, n = mark;
    char *to = t->fault->pointer, escaped[2 * sizeof t->fault->pointer];
    size_t n_escaped = 0;
    escaped[n_escaped++] = '/';
    for (; *member && n_escaped + 2 < sizeof escaped; member++) { /* RFC 6901 */
        escaped[n_escaped++] = *member == '/' ? '~' : *member;
        if (*member == '~' || *member == '/')
            escaped[n_escaped++] = *member == '~' ? '0' : '1';
    }
    n += aw_utf8_cut(escaped, n_escaped, sizeof t->fault->pointer - 1 - mark);
    memcpy(to + mark, escaped, n - mark);
    to[n] = 0;
    t->n_pointer = n;
    return mark;
}

size_t aw_take_item(struct aw_take *t, size_t index)
{
    char text[24];
    snprintf(text, sizeof text, "%zu", index);
    return aw_take_down(t, text);
}

void aw_take_up(struct aw_take *t, size_t mark)
{
    t->n_pointer = mark;
    t->fault->pointer[mark] = 0;
}

/* ---- objects ---- */

static int unknown_member(struct aw_take *t, const struct aw_field *fields, const char *key)
{
    const char *names[AW_FIELDS_MAX + 1] = {0};
    for (size_t i = 0; i < AW_FIELDS_MAX && fields[i].name; i++)
        names[i] = fields[i].name;
    const char *near = aw_nearest(key, names);
    int n_shown = (int)aw_utf8_cut(key, strlen(key), 64);
    if (near)
        return aw_take_refuse(t, AW_P_UNKNOWN_MEMBER,
                              "unknown member \"%.*s\", did you mean \"%s\"?", n_shown, key, near);
    return aw_take_refuse(t, AW_P_UNKNOWN_MEMBER, "unknown member \"%.*s\"", n_shown, key);
}

int aw_take_object(struct aw_take *t, const struct aw_field *fields, json_t *object, void *dst)
{
    if (!json_is_object(object))
        return aw_take_refuse(t, AW_P_VALIDATION, "expected an object");
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        const struct aw_field *f = fields;
        while (f->name && strcmp(f->name, key) != 0)
            f++;
        size_t mark = aw_take_down(t, key);
        int code = f->name ? f->take(t, f, value, (char *)dst + f->offset)
                           : unknown_member(t, fields, key);
        if (code)
            return code;
        aw_take_up(t, mark);
    }
    for (const struct aw_field *f = fields; f->name; f++)
        if (f->flags & AW_F_REQUIRED && !json_object_get(object, f->name)) {
            aw_take_down(t, f->name);
            return aw_take_refuse(t, AW_P_VALIDATION, "\"%s\" is required", f->name);
        }
    return 0;
}

int aw_take_body(struct aw_take *t, const char *p, size_t n, size_t max,
                 const struct aw_field *fields, void *dst, json_t **ret_root)
{
    struct aw_err err;
    *t->fault = (struct aw_fault){0};
    *ret_root = NULL;
    int code = aw_json_parse(p, n, max, ret_root, &err);
    if (code == AW_ELIMIT)
        return aw_take_refuse(t, AW_P_TOO_LARGE, "the body is %s", err.text);
    if (code)
        return aw_take_refuse(t, AW_P_BAD_JSON, "%s", err.text);
    return aw_take_object(t, fields, *ret_root, dst);
}

/* ---- values ---- */

/* The checked text, or NULL after a refusal. */
static const char *checked_text(struct aw_take *t, const struct aw_field *f, json_t *v)
{
    const char *s = json_string_value(v);
    size_t n = json_string_length(v);
    if (!s)
        aw_take_refuse(t, AW_P_VALIDATION, "expected %s, as a text", f->want);
    else if (!n && !(f->flags & AW_F_EMPTY))
        aw_take_refuse(t, AW_P_VALIDATION, "expected %s, not an empty text", f->want);
    else if (n > f->max)
        aw_take_refuse(t, AW_P_VALIDATION, "%zu bytes long, the limit is %zu", n, f->max);
    else if (!aw_utf8_clean(s, n, f->flags & AW_F_MULTILINE))
        aw_take_refuse(t, AW_P_VALIDATION, "contains a control character");
    else if (f->valid && !f->valid(s))
        aw_take_refuse(t, AW_P_VALIDATION, "expected %s", f->want);
    else
        return s;
    return NULL;
}

int aw_take_text(struct aw_take *t, const struct aw_field *f, json_t *v, void *dst)
{
    const char *s = checked_text(t, f, v);
    if (!s)
        return AW_EINVAL;
    *(const char **)dst = s;
    return 0;
}

int aw_take_copy(struct aw_take *t, const struct aw_field *f, json_t *v, void *dst)
{
    const char *s = checked_text(t, f, v);
    if (!s)
        return AW_EINVAL;
    memcpy(dst, s, strlen(s) + 1);
    return 0;
}

int aw_take_time(struct aw_take *t, const struct aw_field *f, json_t *v, void *dst)
{
    if (!json_is_string(v) ||
        aw_time_parse(json_string_value(v), json_string_length(v), (aw_time *)dst) < 0)
        return aw_take_refuse(t, AW_P_VALIDATION, "expected %s such as 2026-11-22T10:02:50+08:00",
                              f->want);
    return 0;
}

int aw_take_number_text(struct aw_take *t, const struct aw_field *f, json_t *v, void *dst)
{
    if (!json_is_integer(v) || json_integer_value(v) < 0)
        return aw_take_text(t, f, v, dst);
    *(const char **)dst = aw_take_scalar(t, v);
    return 0;
}

const char *aw_take_scalar(struct aw_take *t, json_t *v)
{
    char text[40];
    switch (json_typeof(v)) {
    case JSON_STRING:
        return json_string_value(v);
    case JSON_INTEGER:
        snprintf(text, sizeof text, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
        break;
    case JSON_REAL:
        snprintf(text, sizeof text, "%.15g", json_real_value(v));
        break;
    case JSON_TRUE:
        return "true";
    case JSON_FALSE:
        return "false";
    case JSON_NULL:
    case JSON_ARRAY:
    case JSON_OBJECT:
        return NULL;
    }
    json_t *made = json_string(text);
    json_array_append_new(t->texts, made);
    return json_string_value(made);
}

int aw_take_registration_ids(struct aw_take *t, const struct aw_field *f, json_t *v, void *dst)
{
    static const struct aw_field item = {.max = 128, .want = "a registration id"};
    struct aw_addresses *a = dst;
    if (!json_is_array(v))
        return aw_take_refuse(t, AW_P_VALIDATION, "expected %s", f->want);
    if (json_array_size(v) > f->max)
        return aw_take_refuse(t, AW_P_VALIDATION, "more than %zu registration ids", f->max);
    size_t i;
    json_t *one;
    json_array_foreach(v, i, one)
    {
        size_t mark = aw_take_item(t, i);
        if (aw_take_text(t, &item, one, &a->registration_ids[i]) < 0)
            return AW_EINVAL;
        aw_take_up(t, mark);
    }
    a->n_registration_ids = (unsigned)i;
    return 0;
}
