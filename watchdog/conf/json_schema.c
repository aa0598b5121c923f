/* SPDX-License-Identifier: Apache-2.0
 *
 * The walk over the tables. Every shape becomes a definition, once; its keys become properties,
 * with the sentence of help as description. A scalar of ours is typed by its field, so where a text
 * is wanted a validator of YAML may find a number or a boolean, too.
 */
#include "conf/json_schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "conf/env_int.h"
#include "core/channel.h"

#define NAME_PATTERN     "^[\\p{L}\\p{M}\\p{N}_][\\p{L}\\p{M}\\p{N}._-]{0,63}$"
#define LANG_PATTERN     "^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$"
#define DURATION_PATTERN "^(?=.)([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$"
#define TIME_PATTERN     "^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ].*(Z|[+-][0-9]{2}:?[0-9]{2})$"

enum { MAX_DEFINITIONS = 64, SNIPPET_DEPTH = 3 };

/* A schema under construction. */
struct make {
    const char *file; /* name of the kind of file: what its root is called in the forms */
    enum aw_lang lang;
    bool lenient; /* an environment inside of tests */
    const struct aw_shape *root;
    json_t *definitions;
    struct {
        const struct aw_shape *shape;
        bool members;
        char name[64];
    } known[MAX_DEFINITIONS];
    unsigned n;
};

static json_t *ref_to(struct make *m, const struct aw_shape *s, bool members);
static json_t *value_of(struct make *m, const struct aw_shape *s, const struct aw_key *k);

static const char *shape_name(const struct make *m, const struct aw_shape *s)
{
    return s == m->root && strcmp(s->what, "the file") == 0 ? m->file : s->what;
}

/* --- values ---------------------------------------------------------------------------------- */

static json_t *string(const char *pattern)
{
    return json_pack("{s:s,s:s}", "type", "string", "pattern", pattern);
}

/* A text, or what YAML takes for another scalar. */
static json_t *text(int64_t min, int64_t max)
{
    json_t *v = json_pack("{s:[s,s,s]}", "type", "string", "number", "boolean");
    if (min > 0)
        json_object_set_new(v, "minLength", json_integer(min));
    if (max > 0)
        json_object_set_new(v, "maxLength", json_integer(max));
    return v;
}

static json_t *name(void)
{
    return json_pack("{s:[s,s],s:s,s:i}", "type", "string", "number", "pattern", NAME_PATTERN,
                     "maxLength", AW_NAME_MAX);
}

/* A word as YAML reads it: 1 and true are no texts. */
static json_t *word(const char *s)
{
    json_t *v = json_loads(s, JSON_DECODE_ANY, NULL);
    return json_is_number(v) || json_is_boolean(v) ? v : (json_decref(v), json_string(s));
}

static json_t *words(const char *const *list)
{
    json_t *all = json_array();
    for (; list != NULL && *list != NULL; list++)
        if (**list != '\0')
            json_array_append_new(all, word(*list));
    return json_pack("{s:o}", "enum", all);
}

/* One of it, or a list of at most max, each once. */
static json_t *some(json_t *one, int64_t max)
{
    return json_pack("{s:[O,{s:s,s:i,s:I,s:b,s:o}]}", "anyOf", one, "type", "array", "minItems", 1,
                     "maxItems", (json_int_t)max, "uniqueItems", true, "items", one);
}

static json_t *number(const char *type, double min, double max)
{
    bool whole = strcmp(type, "integer") == 0;
    return json_pack("{s:s,s:o,s:o}", "type", type, "minimum",
                     whole ? json_integer((json_int_t)min) : json_real(min), "maximum",
                     whole ? json_integer((json_int_t)max) : json_real(max));
}

/* --- settings of providers ------------------------------------------------------------------- */

static json_t *setting(const struct aw_setting *s)
{
    char choices[128], *p = choices, *one;
    json_t *list;
    switch (s->type) {
    case AW_SET_URL:
        return string("^https?://");
    case AW_SET_SECRET:
        return json_pack("{s:s,s:i,s:i,s:b,s:{s:{s:s},s:{s:s},s:{s:s}}}", "type", "object",
                         "minProperties", 1, "maxProperties", 1, "additionalProperties", false,
                         "properties", "file", "type", "string", "credential", "type", "string",
                         "env", "type", "string");
    case AW_SET_NUMBER:
        return number("integer", (double)s->min, (double)s->max);
    case AW_SET_BOOL:
        return json_pack("{s:s}", "type", "boolean");
    case AW_SET_CHOICE:
        list = json_array();
        snprintf(choices, sizeof(choices), "%s", s->choices);
        while ((one = strsep(&p, " ")) != NULL)
            json_array_append_new(list, word(one));
        return json_pack("{s:o}", "enum", list);
    case AW_SET_DURATION:
        return string(DURATION_PATTERN);
    case AW_SET_PAIRS:
        return json_pack("{s:s,s:o}", "type", "object", "additionalProperties", text(0, 0));
    case AW_SET_TEXT:
    case AW_SET_PATH:
        break;
    }
    return text(0, 0);
}

static void add_settings(struct make *m, const struct aw_setting *s, json_t *properties,
                         json_t *required)
{
    for (; s->key != NULL; s++) {
        json_t *v = setting(s);
        json_object_set_new(v, "description", json_string(aw_t(m->lang, s->help)));
        json_object_set_new(properties, s->key, v);
        if (s->required && !m->lenient)
            json_array_append_new(required, json_string(s->key));
    }
}

/* --- forms ----------------------------------------------------------------------------------- */

static json_t *form_of(struct make *m, const struct aw_key *k)
{
    const struct aw_provider *p = aw_provider_find(k->key);
    json_t *properties = json_object(), *required = json_array();
    add_settings(m, p->form, properties, required);
    return json_pack("{s:s,s:b,s:o,s:o}", "type", "object", "additionalProperties", false,
                     "properties", properties, "required", required);
}

/* What {"$use": X} stands for. */
static json_t *used(struct make *m, const struct aw_key *k, const char *what)
{
    if (strcmp(what, "text") == 0)
        return text(0, 0);
    if (strcmp(what, "name") == 0)
        return name();
    if (strcmp(what, "duration") == 0)
        return string(DURATION_PATTERN);
    if (strcmp(what, "lang") == 0)
        return string(LANG_PATTERN);
    if (strcmp(what, "words") == 0)
        return words(k->words == NULL ? NULL : k->words + (k->words[0][0] == '\0'));
    if (strcmp(what, "form") == 0)
        return form_of(m, k);
    return ref_to(m, k->child, strcmp(what, "members") == 0);
}

/* Puts in what stands for itself; takes and returns a reference. */
static json_t *resolve(struct make *m, const struct aw_key *k, json_t *v)
{
    const char *use = json_string_value(json_object_get(v, "$use")), *key;
    json_t *child;
    size_t i;
    if (use != NULL) {
        json_t *found = used(m, k, use);
        json_decref(v);
        return found;
    }
    if (json_is_object(v)) {
        void *tmp;
        json_object_foreach_safe(v, tmp, key, child)
        {
            json_object_set_new(v, key, resolve(m, k, json_incref(child)));
        }
    }
    for (i = 0; i < json_array_size(v); i++)
        json_array_set_new(v, i, resolve(m, k, json_incref(json_array_get(v, i))));
    return v;
}

/* --- keys ------------------------------------------------------------------------------------ */

static json_t *list_of(struct make *m, const struct aw_key *k)
{
    json_t *v = json_pack("{s:s,s:o}", "type", "array", "items", ref_to(m, k->child, false));
    if (k->min > 0)
        json_object_set_new(v, "minItems", json_integer(k->min));
    if (k->max > 0)
        json_object_set_new(v, "maxItems", json_integer(k->max));
    return v;
}

static json_t *named_of(struct make *m, const struct aw_key *k)
{
    json_t *v = json_pack("{s:s,s:o}", "type", "object", "additionalProperties",
                          ref_to(m, k->child, false));
    if (k->child->valid_name == NULL)
        json_object_set_new(v, "propertyNames", name());
    if (k->max > 0)
        json_object_set_new(v, "maxProperties", json_integer(k->max));
    return v;
}

static json_t *by_type(struct make *m, const struct aw_key *k)
{
    json_t *one, *v;
    switch (k->type) {
    case AW_KEY_TEXT:
        return text(k->min, k->max);
    case AW_KEY_NAME:
        return name();
    case AW_KEY_PATH:
        return text(1, 0);
    case AW_KEY_URL:
        return string("^https?://");
    case AW_KEY_WORD:
        return words(k->words);
    case AW_KEY_WORDS:
    case AW_KEY_NAMES:
        one = k->type == AW_KEY_WORDS ? words(k->words) : name();
        v = some(one, k->max);
        json_decref(one);
        return v;
    case AW_KEY_NUMBER:
        return number("integer", (double)k->min, (double)k->max);
    case AW_KEY_FACTOR:
        return number("number", (double)k->min / 100, (double)k->max / 100);
    case AW_KEY_BOOL:
        return json_pack("{s:s}", "type", "boolean");
    case AW_KEY_DURATION:
        return string(DURATION_PATTERN);
    case AW_KEY_TIME:
        return string(TIME_PATTERN);
    case AW_KEY_MAP:
        return ref_to(m, k->child, false);
    case AW_KEY_LIST:
        return list_of(m, k);
    case AW_KEY_NAMED:
        return named_of(m, k);
    case AW_KEY_OTHER:
        break;
    }
    return json_object(); /* anything */
}

static json_t *value_of(struct make *m, const struct aw_shape *s, const struct aw_key *k)
{
    const char *form = aw_json_form(shape_name(m, s), k->key);
    json_t *v = form != NULL ? resolve(m, k, json_loads(form, 0, NULL)) : by_type(m, k);
    if (json_object_get(v, "$ref") != NULL) /* beside a reference nothing else is read */
        v = json_pack("{s:[o]}", "allOf", v);
    if (k->help != NULL)
        json_object_set_new(v, "description", json_string(aw_t(m->lang, k->help)));
    if (k->def != NULL &&
        (k->type == AW_KEY_WORD || k->type == AW_KEY_NUMBER || k->type == AW_KEY_FACTOR ||
         k->type == AW_KEY_BOOL || k->type == AW_KEY_DURATION || k->type == AW_KEY_TEXT))
        json_object_set_new(v, "default", word(k->def));
    return v;
}

/* --- snippets: what an editor puts in for a whole map ---------------------------------------- */

static json_t *snippet_body(const struct aw_shape *s, unsigned *stop, unsigned depth);

static json_t *tab_stop(const struct aw_key *k, unsigned *stop, unsigned depth)
{
    char choice[256];
    size_t n = (size_t)snprintf(choice, sizeof(choice), "${%u", *stop);
    ++*stop;
    if (k->type == AW_KEY_LIST && depth > 0)
        return json_pack("[o]", snippet_body(k->child, stop, depth - 1));
    if (k->type == AW_KEY_MAP && depth > 0)
        return snippet_body(k->child, stop, depth - 1);
    if (k->words != NULL && k->words[0] != NULL && k->words[1] == NULL)
        return word(k->words[0]);
    const char *const *w = k->words != NULL ? k->words + (k->words[0][0] == '\0') : NULL;
    for (bool first = true; w != NULL && *w != NULL && n < sizeof(choice) - 3; w++, first = false)
        n += (size_t)snprintf(choice + n, sizeof(choice) - n, "%s%s", first ? "|" : ",", *w);
    if (w == NULL)
        n += (size_t)snprintf(choice + n, sizeof(choice) - n, ":%s",
                              k->type == AW_KEY_DURATION ? "5m" : k->key);
    snprintf(choice + n, sizeof(choice) - n, "%s}", w != NULL ? "|" : "");
    return json_string(choice);
}

static json_t *snippet_body(const struct aw_shape *s, unsigned *stop, unsigned depth)
{
    json_t *body = json_object();
    for (const struct aw_key *k = s->keys; k->key != NULL; k++)
        if (k->flags & AW_KEY_REQUIRED)
            json_object_set_new(body, k->key, tab_stop(k, stop, depth));
    return body;
}

static json_t *snippets(const struct make *m, const struct aw_shape *s)
{
    json_t *list = json_array();
    const char *label = aw_t(m->lang, s->what);
    unsigned stop = 1;
    json_array_append_new(list, json_pack("{s:s,s:o}", "label", label, "body",
                                          snippet_body(s, &stop, SNIPPET_DEPTH)));
    /* A step of each kind. */
    for (const struct aw_key *k = s->keys; k->key != NULL; k++) {
        const char *const *w =
            k->type == AW_KEY_WORDS && strcmp(k->key, "do") == 0 ? k->words : NULL;
        for (; w != NULL && *w != NULL; w++) {
            char title[128];
            stop = 1;
            json_t *body = snippet_body(s, &stop, SNIPPET_DEPTH);
            json_object_set_new(body, k->key, json_string(*w));
            snprintf(title, sizeof(title), "%s: %s", label, *w);
            json_array_append_new(list, json_pack("{s:s,s:o}", "label", title, "body", body));
        }
    }
    return list;
}

/* --- shapes ---------------------------------------------------------------------------------- */

static void add_keys(struct make *m, const struct aw_shape *s, bool members, json_t *properties,
                     json_t *required)
{
    for (const struct aw_key *k = s->keys; k->key != NULL; k++) {
        if (members && (k->flags & AW_KEY_OWN_ONLY))
            continue;
        json_object_set_new(properties, k->key, value_of(m, s, k));
        if (!members &&
            ((k->flags & AW_KEY_REQUIRED) || ((k->flags & AW_KEY_STRICT) && !m->lenient)))
            json_array_append_new(required, json_string(k->key));
    }
}

static json_t *closed(json_t *properties, json_t *required)
{
    json_t *v = json_pack("{s:s,s:b,s:o}", "type", "object", "additionalProperties", false,
                          "properties", properties);
    if (json_array_size(required) > 0)
        json_object_set(v, "required", required);
    json_decref(required);
    return v;
}

static json_t *map_of(struct make *m, const struct aw_shape *s, bool members)
{
    json_t *properties = json_object(), *required = json_array();
    add_keys(m, s, members, properties, required);
    bool snip = !members && json_array_size(required) > 0;
    json_t *v = closed(properties, required);
    if (snip)
        json_object_set_new(v, "defaultSnippets", snippets(m, s));
    return v;
}

/* A channel has the keys of its provider. */
static json_t *channel_of(struct make *m, const struct aw_shape *s)
{
    json_t *names = json_array(), *cases = json_array();
    for (const struct aw_provider *p = aw_providers; p->name != NULL; p++) {
        char def[64], path[96];
        json_t *properties = json_object(), *required = json_array();
        add_keys(m, s, false, properties, required);
        add_settings(m, p->settings, properties, required);
        snprintf(def, sizeof(def), "channel-%s", p->name);
        snprintf(path, sizeof(path), "#/definitions/%s", def);
        json_object_set_new(m->definitions, def, closed(properties, required));
        json_array_append_new(names, json_string(p->name));
        json_array_append_new(cases, json_pack("{s:{s:{s:{s:s}},s:[s]},s:{s:s}}", "if",
                                               "properties", "provider", "const", p->name,
                                               "required", "provider", "then", "$ref", path));
    }
    return json_pack("{s:s,s:[s],s:{s:{s:o}},s:o}", "type", "object", "required", "provider",
                     "properties", "provider", "enum", names, "allOf", cases);
}

/* "the exhausted step" -> "exhausted-step", and the same for what defaults may hold. */
static void define_name(const struct make *m, const struct aw_shape *s, bool members, char dst[64])
{
    const char *p = s->what;
    for (const char *const *a = (const char *const[]){"a ", "an ", "the ", NULL}; *a != NULL; a++)
        if (aw_starts(s->what, *a))
            p = s->what + strlen(*a);
    unsigned same = 0;
    for (unsigned i = 0; i < m->n; i++)
        same += strcmp(m->known[i].shape->what, s->what) == 0 && m->known[i].members == members;
    size_t n = (size_t)snprintf(dst, 60, "%s%s", p, members ? "-defaults" : "");
    if (same > 0)
        snprintf(dst + n, 64 - n, "-%u", same + 1);
    for (char *c = dst; *c != '\0'; c++)
        if (*c == ' ')
            *c = '-';
}

static json_t *ref_to(struct make *m, const struct aw_shape *s, bool members)
{
    char path[96];
    unsigned i = 0;
    while (i < m->n && (m->known[i].shape != s || m->known[i].members != members))
        i++;
    if (i == m->n) {
        if (m->n == MAX_DEFINITIONS)
            abort();
        define_name(m, s, members, m->known[i].name);
        m->known[i].shape = s;
        m->known[i].members = members;
        m->n++;
        json_t *def = s == &aw_shape_channel ? channel_of(m, s) : map_of(m, s, members);
        json_object_set_new(m->definitions, m->known[i].name, def);
    }
    snprintf(path, sizeof(path), "#/definitions/%s", m->known[i].name);
    return json_pack("{s:s}", "$ref", path);
}

/* Where a file has defaults, they may hold what its rules need. */
static void relax(json_t *root)
{
    json_t *rule = json_object_get(json_object_get(root, "definitions"), "rule");
    json_t *required = json_incref(json_object_get(rule, "required"));
    json_object_set_new(rule, "required", json_pack("[s]", "name"));
    json_object_set_new(root, "if", json_pack("{s:[s]}", "required", "defaults"));
    json_object_set_new(root, "then", json_object());
    json_object_set_new(
        root, "else",
        json_pack("{s:{s:{s:{s:o}}}}", "properties", "rules", "items", "required", required));
}

static const struct {
    const char *name, *title;
    const struct aw_shape *shape;
} files[] = {
    {"rules", N_("Rules of Ackwatch"), &aw_shape_rules},
    {"tests", N_("Tests of rules of Ackwatch"), &aw_shape_tests},
    {"env", N_("Environment of Ackwatch"), &aw_shape_env},
    {"templates", N_("Templates of Ackwatch"), &aw_shape_template},
};
const char *const aw_json_schema_names[] = {"rules", "tests", "env", "templates", NULL};

json_t *aw_json_schema(const char *name, enum aw_lang lang)
{
    unsigned i = 0;
    while (i < AW_COUNT(files) && strcmp(files[i].name, name) != 0)
        i++;
    if (i == AW_COUNT(files))
        return NULL;
    struct make m = {.file = name,
                     .lang = lang,
                     .lenient = strcmp(name, "tests") == 0,
                     .root = files[i].shape,
                     .definitions = json_object()};
    json_t *root = map_of(&m, files[i].shape, false);
    json_object_set_new(root, "$schema", json_string("http://json-schema.org/draft-07/schema#"));
    json_object_set_new(root, "title", json_string(aw_t(lang, files[i].title)));
    json_object_set_new(root, "definitions", m.definitions);
    if (strcmp(name, "rules") == 0)
        relax(root);
    return root;
}
