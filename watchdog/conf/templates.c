/* SPDX-License-Identifier: Apache-2.0
 *
 * Template files NAME.yaml: per kind, per language, the texts, and what providers of audited
 * templates must be told (a form). Each text is checked by core/template.c for unknown names here,
 * so that a broken one is found at load and not when somebody must be told. One arena owns a loaded
 * directory; it stands right before the list.
 */
#include <stddef.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "codec/request.h"
#include "conf/dir.h"
#include "conf/env.h"
#include "conf/schema.h"
#include "conf/setting.h"
#include "conf/templates_int.h"

enum { MAX_TEMPLATES = 1000, MAX_LANGS = 64, TITLE_MAX = 256, BODY_MAX = 8192, HTML_MAX = 65536 };

struct owned_templates {
    struct aw_arena arena;
    struct aw_template list[MAX_TEMPLATES];
};

/* The file under reading. */
struct file_texts {
    unsigned version, n;
    struct aw_template_text texts[AW_N_KINDS * MAX_LANGS];
};

#define TEXT(field) .at = offsetof(struct aw_template_text, field)

/* Inside of a one-line text without escapes. A text longer or shorter than what stands in the file
 * has some. */
struct aw_yaml_place aw_template_place(const struct aw_yaml *v, size_t offset, bool *ret_exact)
{
    struct aw_yaml_place at = v->at;
    unsigned chars = 0;
    for (const char *p = v->text, *end = p + strlen(p); p < end; chars++)
        aw_utf8_next(&p, end);
    *ret_exact = v->end.line == at.line && v->end.col - at.col == chars + 2 * v->quoted;
    for (const char *p = v->text, *end = p + offset; *ret_exact && p < end; at.col++)
        aw_utf8_next(&p, v->text + strlen(v->text));
    at.col += *ret_exact && v->quoted;
    return at;
}

static void text_error(struct aw_reader *r, const struct aw_yaml *v, size_t offset,
                       const struct aw_err *err)
{
    bool exact;
    struct aw_yaml_place at = aw_template_place(v, offset, &exact);
    aw_diag_error(r->diag, r->file, at, exact ? 2 : 1, "E124",
                  "names: title body link code user rule message step recipient deadline app "
                  "extras.KEY labels.KEY",
                  "%s", err->text);
}

static void read_text(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                      void *base)
{
    size_t offset = 0;
    struct aw_err err;
    const char *s = aw_schema_text(r, v, 1, (size_t)k->max, k->max > TITLE_MAX);
    if (s == NULL)
        return;
    const struct aw_template_text *t = base;
    if (aw_template_check(s, &offset, &err) < 0)
        text_error(r, v, offset, &err);
    else if (t->kind == AW_SMS)
        aw_template_check_sms(r, v, s, t->lang);
    if (t->kind != AW_EMAIL && t->kind != AW_WEBHOOK)
        aw_template_check_private(r, v, s);
    *(const char **)(void *)((char *)base + k->at) = s;
}

/* --- forms: the key is the provider's name -------------------------------------------------- */

/* Pairs are texts of ours, with {{names}}. */
static void check_pairs(struct aw_reader *r, const struct aw_provider *p, const struct aw_yaml *v)
{
    struct aw_err err;
    size_t offset;
    for (const struct aw_yaml *item = v->child; item != NULL; item = item->next) {
        if (item->type != AW_YAML_SCALAR)
            continue;
        if (aw_template_check(item->text, &offset, &err) < 0)
            text_error(r, item, offset, &err);
        aw_template_check_form(r, p, item);
    }
}

static void check_form_keys(struct aw_reader *r, const struct aw_provider *p,
                            const struct aw_yaml *map)
{
    const char *names[16];
    unsigned n = 0;
    for (const struct aw_setting *s = p->form; s->key != NULL && n < 15; s++) {
        names[n++] = s->key;
        if (s->required && aw_yaml_get(map, s->key) == NULL)
            aw_schema_key_error(r, map, "E101", s->help, "a form for %s needs \"%s\"", p->name,
                                s->key);
    }
    names[n] = NULL;
    for (const struct aw_yaml *v = map->child; v != NULL; v = v->next) {
        char hint[256];
        unsigned i = 0;
        while (i < n && strcmp(names[i], v->key) != 0)
            i++;
        if (i < n)
            continue;
        aw_schema_suggest(r, hint, v->key, names);
        aw_schema_key_error(r, v, "E102", hint, "unknown key \"%s\" in a form for %s", v->key,
                            p->name);
    }
}

static void read_form(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                      void *base)
{
    struct aw_template_text *t = base;
    const struct aw_provider *p = aw_provider_find(k->key);
    if (!aw_schema_is_map(r, v, k->key))
        return;
    check_form_keys(r, p, v);
    struct aw_channel_setting *list =
        aw_arena_alloc(r->arena, aw_setting_room(p->form) * sizeof(*list));
    unsigned n = 0;
    for (const struct aw_setting *s = p->form; s->key != NULL; s++) {
        const struct aw_yaml *value = aw_yaml_get(v, s->key);
        if (value == NULL)
            continue;
        n += aw_setting_read(r, s, value, list + n);
        if (s->type == AW_SET_PAIRS)
            check_pairs(r, p, value);
    }
    struct aw_template_form *forms = aw_arena_alloc(r->arena, (t->n_forms + 1) * sizeof(*forms));
    if (t->n_forms > 0)
        memcpy(forms, t->forms, t->n_forms * sizeof(*forms));
    forms[t->n_forms++] = (struct aw_template_form){p, list, n};
    t->forms = forms;
}

/* --- texts ---------------------------------------------------------------------------------- */

static const struct aw_key text_only_keys[] = {
    {"text", AW_KEY_TEXT, AW_KEY_REQUIRED, TEXT(text), .max = BODY_MAX, .read = read_text,
     .help = "the text, with {{names}}"},
    {NULL},
};
/* A text with the form of an audited template is the provider's business. */
static void check_sms(struct aw_reader *r, const struct aw_yaml *map,
                      const struct aw_yaml *fallback, void *base)
{
    const struct aw_template_text *t = base;
    if (t->text != NULL && t->n_forms == 0)
        aw_template_check_link(r, aw_yaml_get(map, "text"), t->text, t->lang);
}

static const struct aw_key sms_keys[] = {
    {"text", AW_KEY_TEXT, AW_KEY_REQUIRED, TEXT(text), .max = BODY_MAX, .read = read_text,
     .help = "the text, with {{names}}"},
    {"jsms", AW_KEY_OTHER, 0, .read = read_form,
     .help = "its audited template at JSMS: {temp_id, sign_id, para}"},
    {NULL},
};
static const struct aw_key push_keys[] = {
    {"title", AW_KEY_TEXT, 0, TEXT(title), .max = TITLE_MAX, .read = read_text,
     .help = "title of the notification; default the message's"},
    {"text", AW_KEY_TEXT, AW_KEY_REQUIRED, TEXT(text), .max = BODY_MAX, .read = read_text,
     .help = "the text, with {{names}}"},
    {NULL},
};
static const struct aw_key email_keys[] = {
    {"title", AW_KEY_TEXT, AW_KEY_REQUIRED, TEXT(title), .max = TITLE_MAX, .read = read_text,
     .help = "the subject"},
    {"text", AW_KEY_TEXT, AW_KEY_REQUIRED, TEXT(text), .max = BODY_MAX, .read = read_text,
     .help = "the text, with {{names}}"},
    {"html", AW_KEY_TEXT, 0, TEXT(html), .max = HTML_MAX, .read = read_text,
     .help = "the same as HTML; values are escaped"},
    {NULL},
};
static const struct aw_shape sms_text = {"an SMS text", sms_keys, .check = check_sms};
static const struct aw_shape text_only = {"a text", text_only_keys};
static const struct aw_shape push_text = {"a push text", push_keys};
static const struct aw_shape email_text = {"an e-mail text", email_keys};

static void read_kind(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                      void *base)
{
    struct file_texts *f = base;
    enum aw_kind kind = AW_PUSH;
    aw_kind_parse(k->key, &kind);
    if (v->type != AW_YAML_MAP || v->n == 0 || v->n > MAX_LANGS) {
        aw_schema_error(r, v, "E103", "write for example: zh-CN: {text: ...}",
                        "\"%s\" is a map of 1 to %d languages", k->key, MAX_LANGS);
        return;
    }
    for (const struct aw_yaml *item = v->child; item != NULL; item = item->next) {
        struct aw_template_text *t = &f->texts[f->n++];
        t->kind = kind;
        t->lang = aw_arena_str(r->arena, item->key);
        if (!aw_valid_lang(item->key))
            aw_schema_key_error(r, item, "E114", "as in en or zh-CN", "\"%s\" is not a language",
                                item->key);
        aw_schema_map(r, k->child, item, NULL, t);
    }
}

static const char *const version_words[] = {"1", NULL};
static const struct aw_key file_keys[] = {
    {"version", AW_KEY_WORD, AW_KEY_REQUIRED, offsetof(struct file_texts, version), .min = 1,
     .words = version_words, .help = "of the file format"},
    {"push", AW_KEY_OTHER, 0, .child = &push_text, .read = read_kind, .help = "by language"},
    {"sms", AW_KEY_OTHER, 0, .child = &sms_text, .read = read_kind, .help = "by language"},
    {"email", AW_KEY_OTHER, 0, .child = &email_text, .read = read_kind, .help = "by language"},
    {"im", AW_KEY_OTHER, 0, .child = &text_only, .read = read_kind, .help = "by language"},
    {"call", AW_KEY_OTHER, 0, .child = &text_only, .read = read_kind, .help = "by language"},
    {"webhook", AW_KEY_OTHER, 0, .child = &text_only, .read = read_kind, .help = "by language"},
    {NULL},
};
const struct aw_shape aw_shape_template = {"a template", file_keys, sizeof(struct file_texts)};

/* NAME of .../NAME.yaml, or NULL with the problem reported. */
static const char *name_of(const struct aw_source_file *f, struct aw_arena *arena,
                           struct aw_diag *diag)
{
    const char *base = strrchr(f->name, '/');
    base = base != NULL ? base + 1 : f->name;
    const char *name = aw_arena_strn(arena, base, strlen(base) - strlen(".yaml"));
    if (aw_valid_name(name))
        return name;
    aw_diag_error(diag, f, (struct aw_yaml_place){0}, 0, "E114", "rename the file",
                  "\"%s\" cannot be the name of a template", name);
    return NULL;
}

static void read_text_of(const struct aw_source_file *f, struct aw_arena *arena,
                         struct aw_template *t, struct aw_diag *diag)
{
    AW_AUTO_FREE struct file_texts *texts = aw_calloc(1, sizeof(*texts));
    struct aw_reader r = {.file = f, .diag = diag, .arena = arena};
    struct aw_yaml_doc *doc = NULL;
    const struct aw_yaml *root = aw_schema_parse(f, &doc, diag);
    if (root != NULL) {
        aw_schema_map(&r, &aw_shape_template, root, NULL, texts);
        *t = (struct aw_template){
            .name = name_of(f, arena, diag),
            .texts = aw_arena_copy(arena, texts->texts, texts->n * sizeof(*texts->texts)),
            .n_texts = texts->n};
    }
    aw_yaml_free(doc);
}

static void read_file(const char *path, struct aw_arena *arena, struct aw_template *t,
                      struct aw_diag *diag)
{
    AW_AUTO_FREE char *text = NULL;
    struct aw_err err;
    struct aw_source_file f = {.name = path};
    if (aw_file_read_closed(path, AW_CONF_FILE_MAX, &text, &f.n, &err) < 0) {
        aw_diag_unread(diag, path, &err);
        return;
    }
    f.text = text;
    read_text_of(&f, arena, t, diag);
}

/* What was read, unless something was wrong with it. */
static int finish(struct owned_templates *o, unsigned n, unsigned errors, struct aw_templates *ret,
                  const struct aw_diag *diag)
{
    struct aw_templates t = {o->list, n};
    if (diag->n_errors > errors) {
        aw_templates_free(&t);
        return AW_EINVAL;
    }
    *ret = t;
    return 0;
}

int aw_templates_load(const char *dir, struct aw_templates *ret, struct aw_diag *diag)
{
    unsigned errors = diag->n_errors;
    struct owned_templates *o = aw_calloc(1, sizeof(*o));
    struct aw_dir list;
    aw_dir_read(dir, MAX_TEMPLATES, &list, diag);
    for (unsigned i = 0; i < list.n; i++)
        read_file(list.paths[i], &o->arena, &o->list[i], diag);
    int e = finish(o, list.n, errors, ret, diag);
    aw_dir_free(&list);
    return e;
}

int aw_templates_parse(const char *name, const char *text, size_t n, struct aw_templates *ret,
                       struct aw_diag *diag)
{
    unsigned errors = diag->n_errors;
    struct owned_templates *o = aw_calloc(1, sizeof(*o));
    struct aw_source_file f = {name, text, n};
    read_text_of(&f, &o->arena, &o->list[0], diag);
    return finish(o, 1, errors, ret, diag);
}

void aw_templates_free(struct aw_templates *t)
{
    if (t->list == NULL)
        return;
    struct owned_templates *o =
        (struct owned_templates *)(void *)((char *)(void *)t->list -
                                           offsetof(struct owned_templates, list));
    aw_arena_free(&o->arena);
    aw_free(o);
    *t = (struct aw_templates){0};
}
