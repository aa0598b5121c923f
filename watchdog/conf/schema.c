/* SPDX-License-Identifier: Apache-2.0
 *
 * The walker: a YAML map against its shape. Depth is bounded by the tables, and by codec/yaml.c.
 */
#include "conf/schema.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

enum { MAX_KEYS = 64, MAX_SHAPES = 6 /* deep */, DEFAULT_ITEMS = 8 };

const struct aw_yaml *aw_schema_parse(const struct aw_source_file *f, struct aw_yaml_doc **ret_doc,
                                      struct aw_diag *diag)
{
    struct aw_yaml_error e;
    struct aw_yaml_doc *doc;
    diag->cursor = (struct aw_diag_cursor){0};
    if (aw_yaml_parse(f->text, f->n, AW_CONF_FILE_MAX, diag->lang, &doc, &e) < 0) {
        aw_diag_yaml(diag, f, &e);
        return NULL;
    }
    *ret_doc = doc;
    return aw_yaml_root(doc);
}

/* Where a problem of a value is shown: at the value, or at its key. */
static void place(const struct aw_yaml *v, bool key, struct aw_yaml_place *at, unsigned *width)
{
    *at = v->at;
    *width = 1;
    if (key && v->key != NULL) {
        *at = v->key_at;
        const char *p = v->key, *end = p + strlen(p);
        for (*width = 0; p < end && aw_utf8_next(&p, end) >= 0;)
            ++*width;
    } else if (v->type == AW_YAML_SCALAR && v->end.line == v->at.line && v->end.col > v->at.col) {
        *width = v->end.col - v->at.col;
    }
}

#define REPORT(fn, key)                                                                            \
    do {                                                                                           \
        struct aw_yaml_place at_;                                                                  \
        unsigned width_;                                                                           \
        char text_[512];                                                                           \
        va_list ap_;                                                                               \
        va_start(ap_, fmt);                                                                        \
        vsnprintf(text_, sizeof(text_), aw_schema_t(r, fmt), ap_);                                 \
        va_end(ap_);                                                                               \
        place(v, key, &at_, &width_);                                                              \
        fn(r->diag, r->file, at_, width_, code, hint, "%s", text_);                                \
    } while (0)

void aw_schema_error(struct aw_reader *r, const struct aw_yaml *v, const char *code,
                     const char *hint, const char *fmt, ...)
{
    REPORT(aw_diag_error, false);
}

void aw_schema_key_error(struct aw_reader *r, const struct aw_yaml *v, const char *code,
                         const char *hint, const char *fmt, ...)
{
    REPORT(aw_diag_error, true);
}

void aw_schema_warn(struct aw_reader *r, const struct aw_yaml *v, const char *code,
                    const char *hint, const char *fmt, ...)
{
    REPORT(aw_diag_warn, false);
}

void aw_schema_key_warn(struct aw_reader *r, const struct aw_yaml *v, const char *code,
                        const char *hint, const char *fmt, ...)
{
    REPORT(aw_diag_warn, true);
}

void aw_schema_suggest(const struct aw_reader *r, char hint[256], const char *word,
                       const char *const *words)
{
    const char *near = aw_nearest(word, words);
    size_t n = 0;
    if (near != NULL)
        n = (size_t)snprintf(hint, 256, aw_schema_t(r, "did you mean \"%s\"? "), near);
    int k = snprintf(hint + n, 256 - n, "%s", aw_schema_t(r, "valid:"));
    for (n += (size_t)k; *words != NULL && n < 255; words++) {
        k = snprintf(hint + n, 256 - n, " %s%s", *words, words[1] != NULL ? "," : "");
        n += (size_t)k;
    }
}

static const struct aw_key *find_key(const struct aw_shape *s, const char *key)
{
    for (const struct aw_key *k = s->keys; k->key != NULL; k++)
        if (strcmp(k->key, key) == 0)
            return k;
    return NULL;
}

/* The shape below s, s included, that knows the key; NULL when none does. */
static const struct aw_shape *find_shape(const struct aw_shape *s, const char *key, unsigned depth)
{
    if (find_key(s, key) != NULL)
        return s;
    for (const struct aw_key *k = s->keys; depth > 0 && k->key != NULL; k++) {
        const struct aw_shape *found =
            k->child != NULL ? find_shape(k->child, key, depth - 1) : NULL;
        if (found != NULL)
            return found;
    }
    return NULL;
}

/* A key that is not in the shape. Which one it was meant to be is returned, when it is near one. */
static const struct aw_key *unknown_key(struct aw_reader *r, const struct aw_shape *s,
                                        const char *const *names, const struct aw_yaml *v)
{
    char hint[256];
    const char *near = aw_nearest(v->key, names);
    const struct aw_shape *elsewhere = find_shape(r->root, v->key, MAX_SHAPES);
    if (elsewhere != NULL)
        snprintf(hint, sizeof(hint),
                 aw_schema_t(r, "it is a key of %s; look where this line belongs"),
                 aw_schema_t(r, elsewhere->what));
    else
        aw_schema_suggest(r, hint, v->key, names);
    aw_schema_key_error(r, v, "E102", hint, "unknown key \"%s\" in %s", v->key,
                        aw_schema_t(r, s->what));
    return near != NULL ? find_key(s, near) : NULL;
}

/* Keys that are not in the shape, or not built. Returns the keys (by bit) that were misspelt: that
 * they are missing, too, is no news. */
static uint64_t check_keys(struct aw_reader *r, const struct aw_shape *s, const struct aw_yaml *map)
{
    const char *names[MAX_KEYS + 1];
    unsigned n = 0;
    uint64_t meant = 0;
    for (const struct aw_key *k = s->keys; k->key != NULL && n < MAX_KEYS; k++)
        names[n++] = k->key;
    names[n] = NULL;
    if (r->root == NULL)
        r->root = s;
    for (const struct aw_yaml *v = map->child; v != NULL; v = v->next) {
        const struct aw_key *k = find_key(s, v->key);
        if (k == NULL && !s->open) {
            k = unknown_key(r, s, names, v);
            if (k != NULL)
                meant |= (uint64_t)1 << (k - s->keys);
        }
    }
    return meant;
}

/* A table's default as it would stand in the file: a scalar, several with blanks between, or {}. */
static void read_default(struct aw_reader *r, const struct aw_key *k, void *base)
{
    char text[128];
    struct aw_yaml items[DEFAULT_ITEMS] = {0};
    snprintf(text, sizeof(text), "%s", k->def);
    unsigned n = 0;
    char *p = text;
    if (k->type == AW_KEY_WORDS || k->type == AW_KEY_NAMES) {
        for (char *word; n < DEFAULT_ITEMS && (word = strsep(&p, " ")) != NULL; n++) {
            items[n] = (struct aw_yaml){.type = AW_YAML_SCALAR, .text = word};
            if (n > 0)
                items[n - 1].next = &items[n];
        }
    }
    struct aw_yaml v = {.type = k->type == AW_KEY_MAP ? AW_YAML_MAP
                                : n > 0               ? AW_YAML_LIST
                                                      : AW_YAML_SCALAR,
                        .text = text,
                        .key = k->key,
                        .child = n > 0 ? items : NULL,
                        .n = n};
    (k->read != NULL ? k->read : aw_schema_value)(r, k, &v, base);
}

void aw_schema_map(struct aw_reader *r, const struct aw_shape *s, const struct aw_yaml *map,
                   const struct aw_yaml *fallback, void *base)
{
    if (!aw_schema_is_map(r, map, s->what))
        return;
    uint64_t meant = check_keys(r, s, map);
    for (const struct aw_key *k = s->keys; k->key != NULL; k++) {
        const struct aw_yaml *v = aw_yaml_get(map, k->key);
        if (v == NULL && fallback != NULL && !(k->flags & AW_KEY_OWN_ONLY))
            v = aw_yaml_get(fallback, k->key);
        if (v != NULL)
            (k->read != NULL ? k->read : aw_schema_value)(r, k, v, base);
        else if (meant & (uint64_t)1 << (k - s->keys))
            continue;
        else if ((k->flags & AW_KEY_REQUIRED) || ((k->flags & AW_KEY_STRICT) && !r->lenient))
            aw_schema_key_error(r, map, "E101", k->help, "%s needs the key \"%s\"",
                                aw_schema_t(r, s->what), k->key);
        else if (k->def != NULL)
            read_default(r, k, base);
    }
    if (s->check != NULL)
        s->check(r, map, fallback, base);
}

void aw_schema_members(struct aw_reader *r, const struct aw_shape *s, const struct aw_yaml *map,
                       void *base)
{
    if (!aw_schema_is_map(r, map, s->what))
        return;
    check_keys(r, s, map);
    for (const struct aw_yaml *v = map->child; v != NULL; v = v->next) {
        const struct aw_key *k = find_key(s, v->key);
        if (k == NULL)
            continue;
        if (k->flags & AW_KEY_OWN_ONLY)
            aw_schema_key_error(r, v, "E102", "write it where it belongs",
                                "\"%s\" cannot be a default", k->key);
        else
            (k->read != NULL ? k->read : aw_schema_value)(r, k, v, base);
    }
}

static const char *form_of(const struct aw_key *k, char buf[160])
{
    static const char *const forms[] = {
        [AW_KEY_TEXT] = "text",
        [AW_KEY_NAME] = "name",
        [AW_KEY_PATH] = "path",
        [AW_KEY_URL] = "URL",
        [AW_KEY_WORD] = "",
        [AW_KEY_WORDS] = "list of ",
        [AW_KEY_NAMES] = "list of names",
        [AW_KEY_NUMBER] = "number",
        [AW_KEY_FACTOR] = "factor",
        [AW_KEY_BOOL] = "true or false",
        [AW_KEY_DURATION] = "duration",
        [AW_KEY_TIME] = "date and time",
        [AW_KEY_MAP] = "map",
        [AW_KEY_LIST] = "list",
        [AW_KEY_NAMED] = "map of names",
        [AW_KEY_OTHER] = "see the manual",
    };
    size_t n = (size_t)snprintf(buf, 160, "%s", forms[k->type]);
    for (const char *const *w = k->words; w != NULL && *w != NULL && n < 159; w++)
        n += (size_t)snprintf(buf + n, 160 - n, "%s%s", w != k->words ? "|" : "", *w);
    if (k->type == AW_KEY_NUMBER && n < 159)
        snprintf(buf + n, 160 - n, " %lld to %lld", (long long)k->min, (long long)k->max);
    return buf;
}

void aw_schema_reference(const struct aw_shape *s, const char *prefix, struct aw_buf *out)
{
    for (const struct aw_key *k = s->keys; k->key != NULL; k++) {
        char path[160], form[160];
        snprintf(path, sizeof(path), "%s%s%s", prefix, k->key,
                 k->type == AW_KEY_LIST    ? "[]"
                 : k->type == AW_KEY_NAMED ? ".<name>"
                                           : "");
        aw_buf_printf(out, "%-28s %s", path, form_of(k, form));
        if (k->flags & (AW_KEY_REQUIRED | AW_KEY_STRICT))
            aw_buf_puts(out, ", required");
        else if (k->def != NULL)
            aw_buf_printf(out, ", default %s", k->def);
        aw_buf_printf(out, ": %s\n", k->help);
        if (k->child != NULL) {
            snprintf(path + strlen(path), sizeof(path) - strlen(path), ".");
            aw_schema_reference(k->child, path, out);
        }
    }
}
