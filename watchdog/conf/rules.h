/* SPDX-License-Identifier: Apache-2.0
 *
 * Rule files to rules. One schema table (schema.c) drives parsing, checking, defaults and texts.
 * A directory is taken as a whole or not at all.
 */
#ifndef AW_CONF_RULES_H
#define AW_CONF_RULES_H

#include "conf/diag.h"
#include "core/calendar.h"
#include "core/channel.h"
#include "core/rule.h"

/* What rules may refer to; NULL members are not checked. */
struct aw_rules_world {
    const struct aw_templates *templates;
    /* NULL-terminated names of channels per kind, of contacts. */
    const char *const *channels[AW_N_KINDS];
    const char *const *contacts;
    const struct aw_channel *list; /* the channels themselves, for what they ask of templates */
    unsigned n_list;
    const struct aw_almanac *almanac;    /* calendars and rotations */
    const struct aw_person_conf *people; /* their addresses (conf/env.h) */
    unsigned n_people;
    const struct aw_limits *limits; /* of rules that name none, or NULL */
    bool lint; /* also warn of what is well written and does not do what it seems to */
};

struct aw_rules_file { /* one loaded file: text kept for the store */
    const char *name;  /* path as given */
    const char *text;
    size_t n;
    uint8_t sha256[32];
};

/* A loaded set; immutable, freed by aw_rules_free when nobody holds it. */
struct aw_rules {
    struct aw_ruleset set;
    struct aw_rules_file *files;
    unsigned n_files;
};

/* path: a directory (its *.yaml in name order, *.test.yaml aside, no sub-directories) or one
 * file. On any error *ret is NULL, all problems are in diag, and the result is AW_EINVAL. */
int aw_rules_load(const char *path, const struct aw_rules_world *world, struct aw_rules **ret,
                  struct aw_diag *diag);

/* Several files as one set, in this order. */
int aw_rules_load_files(char *const *paths, unsigned n, const struct aw_rules_world *world,
                        struct aw_rules **ret, struct aw_diag *diag);

/* One file's text, e.g. the pinned text of the store; name is for messages. */
int aw_rules_parse(const char *name, const char *text, size_t n, const struct aw_rules_world *world,
                   struct aw_rules **ret, struct aw_diag *diag);
/* Several texts, as a directory would have them; at most 1,000. */
int aw_rules_parse_all(const struct aw_source_file *files, unsigned n,
                       const struct aw_rules_world *world, struct aw_rules **ret,
                       struct aw_diag *diag);
void aw_rules_free(struct aw_rules *r);
/* The rung of `unless` of each step of one rule of a file; fits struct aw_stats_query. */
int aw_rules_unless(void *ctx, const char *rule, const char *text, size_t n,
                    enum aw_level ret[AW_MAX_STEPS]);

#endif
