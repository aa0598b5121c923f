/* SPDX-License-Identifier: Apache-2.0
 *
 * See setting.h. Values stay texts; they are checked here, so that chan/ can trust them.
 */
#include "conf/setting.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

enum { MAX_PAIRS = 64, MAX_CHOICES = 8, SETTING_MAX = 4096 };

unsigned aw_setting_room(const struct aw_setting *list)
{
    unsigned n = 0;
    for (; list->key != NULL; list++)
        n += list->type == AW_SET_PAIRS ? MAX_PAIRS : 1;
    return n;
}

static const char *read_choice(struct aw_reader *r, const struct aw_setting *s,
                               const struct aw_yaml *v)
{
    char text[128], *p = text;
    const char *words[MAX_CHOICES + 1] = {0};
    snprintf(text, sizeof(text), "%s", s->choices);
    for (unsigned n = 0; n < MAX_CHOICES && p != NULL; n++)
        words[n] = strsep(&p, " ");
    return aw_schema_word(r, v, words, s->key) >= 0 ? aw_arena_str(r->arena, v->text) : NULL;
}

/* One value as text, or NULL. */
static const char *read_one(struct aw_reader *r, const struct aw_setting *s,
                            const struct aw_yaml *v)
{
    static const char *const bools[] = {"true", "false", NULL};
    int64_t number;
    aw_ms ms;
    char *text;
    const char *path;
    switch (s->type) {
    case AW_SET_TEXT:
        return aw_schema_text(r, v, s->required, SETTING_MAX, false);
    case AW_SET_URL:
        return aw_schema_url(r, v);
    case AW_SET_NUMBER:
        return aw_schema_number(r, v, s->min, s->max, &number) ? aw_arena_str(r->arena, v->text)
                                                               : NULL;
    case AW_SET_BOOL:
        return aw_schema_word(r, v, bools, "value") >= 0 ? aw_arena_str(r->arena, v->text) : NULL;
    case AW_SET_CHOICE:
        return read_choice(r, s, v);
    case AW_SET_DURATION:
        if (!aw_schema_duration(r, v, s->min, s->max, &ms))
            return NULL;
        text = aw_arena_alloc(r->arena, 24);
        snprintf(text, 24, "%lld", (long long)ms);
        return text;
    case AW_SET_PATH:
        path = aw_schema_text(r, v, 1, 1000, false);
        return path != NULL ? aw_schema_path(r, path) : NULL;
    case AW_SET_SECRET: /* the caller's: it needs to know whose */
    case AW_SET_PAIRS:  /* several values: read_pairs */
        break;
    }
    return NULL;
}

/* A map of texts: values "key.<name>". */
static unsigned read_pairs(struct aw_reader *r, const struct aw_setting *s, const struct aw_yaml *v,
                           struct aw_channel_setting *dst)
{
    unsigned used = 0;
    if (v->type != AW_YAML_MAP || v->n > MAX_PAIRS) {
        aw_schema_error(r, v, "E103", "write {name: text, ...}",
                        "\"%s\" is a map of at most %d names and texts", s->key, MAX_PAIRS);
        return 0;
    }
    for (const struct aw_yaml *item = v->child; item != NULL; item = item->next) {
        const char *value = aw_schema_text(r, item, 0, SETTING_MAX, false);
        size_t n = strlen(item->key), size = strlen(s->key) + n + 2;
        if (n == 0 || n > 128 || !aw_utf8_clean(item->key, n, false)) {
            aw_schema_key_error(r, item, "E114", NULL, "a name in \"%s\" is 1 to 128 bytes",
                                s->key);
        } else if (value != NULL) {
            char *key = aw_arena_alloc(r->arena, size);
            snprintf(key, size, "%s.%s", s->key, item->key);
            dst[used++] = (struct aw_channel_setting){key, value};
        }
    }
    return used;
}

unsigned aw_setting_read(struct aw_reader *r, const struct aw_setting *s, const struct aw_yaml *v,
                         struct aw_channel_setting *dst)
{
    if (s->type == AW_SET_PAIRS)
        return read_pairs(r, s, v, dst);
    const char *value = read_one(r, s, v);
    if (value == NULL)
        return 0;
    *dst = (struct aw_channel_setting){s->key, value};
    return 1;
}
