/* SPDX-License-Identifier: Apache-2.0
 *
 * The readers of the types: a YAML text to a C value, or a problem. Scalars are typed by their
 * field, so `no`, `on`, `010` and `22:00` never surprise anybody.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/time.h"
#include "codec/request.h"
#include "conf/schema.h"
#include "core/types.h"

enum { TEXT_MAX = 1024, URL_LENGTH = 1000, PATH_LENGTH = 1000, LIST_MAX = 1000 };

const struct aw_yaml *aw_schema_item(const struct aw_yaml *v, unsigned i)
{
    if (v->type != AW_YAML_LIST)
        return i == 0 ? v : NULL;
    const struct aw_yaml *item = v->child;
    while (item != NULL && i-- > 0)
        item = item->next;
    return item;
}

unsigned aw_schema_items(const struct aw_yaml *v)
{
    return v->type == AW_YAML_LIST ? v->n : 1;
}

static const char *found(const struct aw_reader *r, const struct aw_yaml *v)
{
    return aw_schema_t(r, v->type == AW_YAML_LIST  ? N_("a list stands here")
                          : v->type == AW_YAML_MAP ? N_("a map stands here")
                                                   : N_("nothing stands here"));
}

static const char *label(const struct aw_reader *r, const struct aw_yaml *v)
{
    return v->key != NULL ? v->key : aw_schema_t(r, "this item");
}

const char *aw_schema_scalar(struct aw_reader *r, const struct aw_yaml *v, const char *wanted)
{
    if (v->type == AW_YAML_SCALAR && (v->quoted || v->text[0] != '\0'))
        return v->text;
    if (v->key != NULL && v->type == AW_YAML_SCALAR)
        aw_schema_key_error(r, v, "E103", NULL, "\"%s\" needs %s, %s", v->key,
                            aw_schema_t(r, wanted), found(r, v));
    else
        aw_schema_error(r, v, "E103", NULL, "%s needs %s, %s", label(r, v), aw_schema_t(r, wanted),
                        found(r, v));
    return NULL;
}

bool aw_schema_is_map(struct aw_reader *r, const struct aw_yaml *v, const char *what)
{
    if (v->type == AW_YAML_MAP)
        return true;
    aw_schema_error(
        r, v, "E103", "write {key: value, ...}", "%s is a map of keys, %s", aw_schema_t(r, what),
        v->type == AW_YAML_SCALAR && v->text[0] != '\0' ? aw_schema_t(r, "a text stands here")
                                                        : found(r, v));
    return false;
}

bool aw_schema_duration(struct aw_reader *r, const struct aw_yaml *v, aw_ms min, aw_ms max,
                        aw_ms *ret)
{
    const char *s = aw_schema_scalar(r, v, "a duration");
    if (s == NULL)
        return false;
    aw_ms d;
    if (aw_duration_parse(s, strlen(s), &d) < 0) {
        const char *units = N_("units are s, m, h and d, as in 90s, 5m, 1h30m, 3d");
        char hint[256];
        snprintf(hint, sizeof(hint), "%s", aw_schema_t(r, units));
        uint64_t number;
        if (aw_parse_u64(s, strlen(s), UINT32_MAX, &number) == 0)
            snprintf(hint, sizeof(hint), aw_schema_t(r, "write %ss, %sm, %sh or %sd"), s, s, s, s);
        aw_schema_error(r, v, "E110", hint, "\"%s\" is not a duration with a unit", s);
        return false;
    }
    if (d < min || (max > 0 && d > max)) {
        char low[AW_TIME_TEXT], high[AW_TIME_TEXT];
        aw_duration_print(low, min);
        aw_duration_print(high, max > 0 ? max : 3650 * AW_DAY);
        aw_schema_error(r, v, "E112", NULL, "\"%s\" is %s to %s, not %s", label(r, v), low, high,
                        s);
        return false;
    }
    *ret = d;
    return true;
}

bool aw_schema_number(struct aw_reader *r, const struct aw_yaml *v, int64_t min, int64_t max,
                      int64_t *ret)
{
    const char *s = aw_schema_scalar(r, v, "a number");
    if (s == NULL)
        return false;
    uint64_t n;
    size_t len = strlen(s);
    if (strspn(s, "0123456789") != len || (len > 1 && s[0] == '0')) {
        aw_schema_error(r, v, "E111", "write digits only", "\"%s\" is not a whole number", s);
        return false;
    }
    if (aw_parse_u64(s, len, (uint64_t)max, &n) < 0 || (int64_t)n < min) {
        aw_schema_error(r, v, "E112", NULL, "\"%s\" is %lld to %lld, not %s", label(r, v),
                        (long long)min, (long long)max, s);
        return false;
    }
    *ret = (int64_t)n;
    return true;
}

int aw_schema_word(struct aw_reader *r, const struct aw_yaml *v, const char *const *words,
                   const char *what)
{
    const char *s = aw_schema_scalar(r, v, "a word");
    if (s == NULL)
        return -1;
    for (int i = 0; words[i] != NULL; i++)
        if (strcmp(words[i], s) == 0)
            return i;
    char hint[256];
    aw_schema_suggest(r, hint, s, words);
    aw_schema_error(r, v, "E104", hint, "unknown %s \"%s\"", aw_schema_t(r, what), s);
    return -1;
}

bool aw_schema_name(struct aw_reader *r, const struct aw_yaml *v)
{
    const char *s = aw_schema_scalar(r, v, "a name");
    if (s == NULL)
        return false;
    if (aw_valid_name(s))
        return true;
    aw_schema_error(
        r, v, "E114",
        strlen(s) > AW_NAME_MAX
            ? N_("at most 64 bytes")
            : N_("letters of any script, digits, '.', '_' and '-', not first '.' or '-'"),
        "\"%s\" is not a name", s);
    return false;
}

const char *aw_schema_text(struct aw_reader *r, const struct aw_yaml *v, size_t min, size_t max,
                           bool multiline)
{
    const char *s = aw_schema_scalar(r, v, "a text");
    if (s == NULL)
        return NULL;
    size_t n = strlen(s);
    if (n < min || n > max)
        aw_schema_error(r, v, "E113", NULL, "\"%s\" is %zu to %zu bytes, not %zu", label(r, v), min,
                        max, n);
    else if (!aw_utf8_clean(s, n, multiline))
        aw_schema_error(r, v, "E113", NULL, "\"%s\" holds a control character%s", label(r, v),
                        multiline ? "" : aw_schema_t(r, " or a line end"));
    else
        return aw_arena_strn(r->arena, s, n);
    return NULL;
}

const char *aw_schema_path(struct aw_reader *r, const char *path)
{
    if (path[0] == '/' || r->dir == NULL)
        return aw_arena_str(r->arena, path);
    size_t n = strlen(r->dir) + strlen(path) + 2;
    char *s = aw_arena_alloc(r->arena, n);
    snprintf(s, n, "%s/%s", r->dir, path);
    return s;
}

const char *aw_schema_url(struct aw_reader *r, const struct aw_yaml *v)
{
    const char *s = aw_schema_text(r, v, 1, URL_LENGTH, false);
    if (s == NULL)
        return NULL;
    const char *host = aw_starts(s, "https://") ? s + 8 : aw_starts(s, "http://") ? s + 7 : NULL;
    const char *wrong = NULL;
    if (host == NULL)
        wrong = "it begins with https:// or http://";
    else if (strcspn(host, "/?#") == 0)
        wrong = "the host is missing";
    else if (strcspn(host, "@") < strcspn(host, "/?#"))
        wrong = "user and password have their own keys";
    else if (strpbrk(s, " \"<>\\^`") != NULL)
        wrong = "blanks and quotes are written as %20 and so on";
    if (wrong == NULL)
        return s;
    aw_schema_error(r, v, "E116", wrong, "\"%s\" is not a URL that can be used", label(r, v));
    return NULL;
}

/* 1.5 to 150: digits, at most two decimals. */
static bool read_factor(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                        unsigned *ret)
{
    const char *s = aw_schema_scalar(r, v, "a number");
    if (s == NULL)
        return false;
    size_t whole = strcspn(s, "."), decimals = s[whole] == '.' ? strlen(s + whole + 1) : 0;
    uint64_t a, b = 0;
    bool fine = aw_parse_u64(s, whole, 1000, &a) == 0;
    if (s[whole] == '.')
        fine = fine && (decimals == 1 || decimals == 2) &&
               strspn(s + whole + 1, "0123456789") == decimals;
    if (!fine) {
        aw_schema_error(r, v, "E111", "write for example 1.5", "\"%s\" is not a factor", s);
        return false;
    }
    for (size_t i = 0; i < 2; i++)
        b = b * 10 + (i < decimals ? (unsigned)(s[whole + 1 + i] - '0') : 0);
    uint64_t value = a * 100 + b;
    if ((int64_t)value < k->min || (int64_t)value > k->max) {
        aw_schema_error(r, v, "E112", NULL, "\"%s\" is %g to %g, not %s", k->key,
                        (double)k->min / 100, (double)k->max / 100, s);
        return false;
    }
    *ret = (unsigned)value;
    return true;
}

static void read_bool(struct aw_reader *r, const struct aw_yaml *v, bool *ret)
{
    static const char *const words[] = {"false", "true", NULL};
    int i = aw_schema_word(r, v, words, "value");
    if (i >= 0)
        *ret = i;
}

static void read_time(struct aw_reader *r, const struct aw_yaml *v, aw_time *ret)
{
    const char *s = aw_schema_scalar(r, v, "a date and time");
    if (s != NULL && aw_time_parse(s, strlen(s), ret) < 0)
        aw_schema_error(r, v, "E115", "write for example \"2026-11-23T10:00:00+08:00\"",
                        "\"%s\" is not a date and time with its zone", s);
}

/* What a word of a key is called. */
static const char *word_name(const struct aw_key *k)
{
    return k->words == aw_kind_names    ? N_("kind")
           : k->words == aw_level_names ? N_("rung")
                                        : k->key;
}

static bool listed_before(struct aw_reader *r, const struct aw_yaml *list, unsigned i)
{
    const struct aw_yaml *v = aw_schema_item(list, i);
    for (unsigned j = 0; j < i; j++)
        if (aw_streq(aw_schema_item(list, j)->text, v->text)) {
            aw_schema_error(r, v, "E107", "once is enough", "\"%s\" is listed twice", v->text);
            return true;
        }
    return false;
}

/* One word or name, or a list of them, each once. */
static void read_several(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                         char *base)
{
    unsigned n = aw_schema_items(v), *count = (unsigned *)(void *)(base + k->n_at);
    if (v->type == AW_YAML_MAP || n == 0 || n > k->max) {
        aw_schema_error(r, v, v->type == AW_YAML_MAP ? "E103" : "E112", NULL,
                        "\"%s\" is one or a list of 1 to %lld", k->key, (long long)k->max);
        return;
    }
    for (unsigned i = 0; i < n; i++) {
        const struct aw_yaml *item = aw_schema_item(v, i);
        bool words = k->type == AW_KEY_WORDS;
        int w = words ? aw_schema_word(r, item, k->words, word_name(k)) : 0;
        if (w < 0 || (!words && !aw_schema_name(r, item)) || listed_before(r, v, i))
            continue;
        if (words)
            ((unsigned *)(void *)(base + k->at))[(*count)++] = (unsigned)(k->min + w);
        else
            ((const char **)(void *)(base + k->at))[(*count)++] =
                aw_arena_str(r->arena, item->text);
    }
}

/* The name of a map's entry: its key. */
static const char *read_entry_name(struct aw_reader *r, const struct aw_shape *s,
                                   const struct aw_yaml *item)
{
    const struct aw_yaml name = {
        .type = AW_YAML_SCALAR, .text = item->key, .at = item->key_at, .quoted = true};
    if (s->valid_name == NULL ? !aw_schema_name(r, &name) : !s->valid_name(item->key)) {
        if (s->valid_name != NULL)
            aw_schema_key_error(r, item, "E114", NULL, "\"%s\" does not name %s", item->key,
                                s->what);
        return NULL;
    }
    return aw_arena_str(r->arena, item->key);
}

/* A list of maps, or a map of names to maps. */
static void read_children(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                          char *base)
{
    const struct aw_shape *s = k->child;
    bool named = k->type == AW_KEY_NAMED;
    unsigned max = k->max > 0 ? (unsigned)k->max : LIST_MAX;
    if (v->type != (named ? AW_YAML_MAP : AW_YAML_LIST)) {
        aw_schema_error(
            r, v, "E103", named ? N_("write name: {...}") : N_("begin each item with '-'"),
            "\"%s\" is a %s", k->key, aw_schema_t(r, named ? N_("map of names") : N_("list")));
        return;
    }
    if (v->n < (unsigned)k->min || v->n > max) {
        aw_schema_key_error(r, v, "E112", NULL, "\"%s\" holds %lld to %u entries, not %u", k->key,
                            (long long)k->min, max, v->n);
        return;
    }
    char *list = aw_arena_alloc(r->arena, v->n * s->size), *p = list;
    for (const struct aw_yaml *item = v->child; item != NULL; item = item->next, p += s->size) {
        if (named)
            *(const char **)(void *)(p + s->name_at) = read_entry_name(r, s, item);
        aw_schema_map(r, s, item, NULL, p);
    }
    *(void **)(void *)(base + k->at) = list;
    *(unsigned *)(void *)(base + k->n_at) = v->n;
}

void aw_schema_value(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                     void *base)
{
    void *at = (char *)base + k->at;
    size_t text_max = k->max > 0 ? (size_t)k->max : TEXT_MAX;
    const char *s;
    int64_t number;
    int word;
    switch (k->type) {
    case AW_KEY_TEXT:
        if ((s = aw_schema_text(r, v, (size_t)k->min, text_max, false)) != NULL)
            *(const char **)at = s;
        break;
    case AW_KEY_NAME:
        if (aw_schema_name(r, v))
            *(const char **)at = aw_arena_str(r->arena, v->text);
        break;
    case AW_KEY_PATH:
        if ((s = aw_schema_text(r, v, 1, PATH_LENGTH, false)) != NULL)
            *(const char **)at = aw_schema_path(r, s);
        break;
    case AW_KEY_URL:
        if ((s = aw_schema_url(r, v)) != NULL)
            *(const char **)at = s;
        break;
    case AW_KEY_WORD:
        if ((word = aw_schema_word(r, v, k->words, word_name(k))) >= 0)
            *(unsigned *)at = (unsigned)(k->min + word);
        break;
    case AW_KEY_NUMBER:
        if (aw_schema_number(r, v, k->min, k->max, &number))
            *(unsigned *)at = (unsigned)number;
        break;
    case AW_KEY_FACTOR:
        read_factor(r, k, v, at);
        break;
    case AW_KEY_BOOL:
        read_bool(r, v, at);
        break;
    case AW_KEY_DURATION:
        aw_schema_duration(r, v, k->min, k->max, at);
        break;
    case AW_KEY_TIME:
        read_time(r, v, at);
        break;
    case AW_KEY_WORDS:
    case AW_KEY_NAMES:
        read_several(r, k, v, base);
        break;
    case AW_KEY_MAP:
        aw_schema_map(r, k->child, v, NULL, at);
        break;
    case AW_KEY_LIST:
    case AW_KEY_NAMED:
        read_children(r, k, v, base);
        break;
    case AW_KEY_OTHER:
        break;
    }
}
