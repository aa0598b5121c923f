/* SPDX-License-Identifier: Apache-2.0
 *
 * YAML to a tree with places, through libyaml's event API: strict and bounded. Refused with place
 * and reason: anchors, aliases, tags, directives (a line that begins with '%'), duplicate keys,
 * tabs, a second document, depth over 32, more than max bytes, invalid UTF-8, BOM,
 * keys that are not scalars. Scalars stay texts: whoever reads a field types it.
 */
#ifndef AW_CODEC_YAML_H
#define AW_CODEC_YAML_H

#include "base/err.h"
#include "base/str.h"
#include "base/text.h"

enum aw_yaml_type { AW_YAML_SCALAR, AW_YAML_LIST, AW_YAML_MAP };

struct aw_yaml_place { /* both from 1; columns count code points, as libyaml's marks do */
    unsigned line, col;
};

struct aw_yaml {
    enum aw_yaml_type type;
    struct aw_yaml_place at;  /* where the node begins */
    struct aw_yaml_place end; /* just behind it (scalars) */
    const char *text;         /* scalar: NUL-terminated, never NULL; contains no NUL */
    bool quoted;              /* scalar: 'single', "double" or a block scalar */
    const char *key;          /* when it is the value of a map's member */
    struct aw_yaml_place key_at;
    struct aw_yaml *next;  /* sibling */
    struct aw_yaml *child; /* first item or member's value */
    unsigned n;            /* children */
};

struct aw_yaml_doc; /* owns all nodes and texts */

struct aw_yaml_error {
    enum aw_lang lang; /* as asked for */
    struct aw_yaml_place at;
    const char *code; /* "E001" syntax, "E002" anchor, "E003" tag, ... table in yaml.c */
    char text[256];
    char hint[160]; /* what to do, where that can be told, or "" */
    unsigned first; /* line in which the trouble begins, when that is another; else 0 */
};

/* Parses; an empty file gives a root of type MAP without children. On failure the error has the
 * place, and its text in the language asked for. Never logs, bounded time: 1 MiB of anything ends
 * under a second. */
int aw_yaml_parse(const char *p, size_t n, size_t max, enum aw_lang lang, struct aw_yaml_doc **ret,
                  struct aw_yaml_error *error);
void aw_yaml_free(struct aw_yaml_doc *doc);
const struct aw_yaml *aw_yaml_root(const struct aw_yaml_doc *doc);

/* The value of a map's member, or NULL. */
const struct aw_yaml *aw_yaml_get(const struct aw_yaml *map, const char *key);

#endif
