/* SPDX-License-Identifier: Apache-2.0
 *
 * What the three parts of the rule reader share: rules.c (files, directories, the set),
 * rules_shape.c (the tables and their readers), rules_check.c (what concerns more than one key).
 */
#ifndef AW_CONF_RULES_INT_H
#define AW_CONF_RULES_INT_H

#include "conf/rules.h"
#include "conf/schema.h"

enum { AW_MAX_RULES = 4096, AW_MAX_RULE_FILES = 1000, AW_MAX_ROUNDS = 1000 };

/* A load in progress: the reader's ctx, and the struct that a file as such fills. */
struct aw_rules_ctx {
    unsigned version;                   /* of the present file */
    const struct aw_rules_world *world; /* may be NULL */
    const struct aw_yaml *defaults;     /* of the present file, or NULL */
    uint8_t sha256[32];                 /* of the present file */
    unsigned errors;                    /* in the files before it */
    struct aw_rule **rules;             /* all so far, in order */
    unsigned n, cap;
};

/* The terms of a matcher. */
void aw_rules_read_terms(struct aw_reader *r, const struct aw_yaml *v,
                         const struct aw_match_term **ret, unsigned *ret_n);

/* Cross-checks of one rule; resolves `ttl: until ID` and `replaces`. steps[] are still writable. */
void aw_rules_check_rule(struct aw_reader *r, const struct aw_yaml *map,
                         const struct aw_yaml *fallback, void *rule);
/* Against the rules before it: names, shadows. map is the rule's. */
void aw_rules_check_set(struct aw_reader *r, const struct aw_yaml *map, const struct aw_rule *rule);

/* Keys that stand in rules_presence.c: `presence`, `unless` by devices; what concerns more than one
 * of them. presence: as written, or NULL. */
extern const struct aw_shape aw_shape_presence;
void aw_rules_read_unless(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                          void *step);
void aw_rules_check_presence(struct aw_reader *r, struct aw_rule *rule,
                             const struct aw_yaml *presence);

/* And in rules_hours.c: `hours`, `oncall:NAME`. */
extern const struct aw_shape aw_shape_hours;
void aw_rules_read_hours(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                         void *rule);
bool aw_rules_read_oncall(struct aw_reader *r, const struct aw_yaml *v, const char *name,
                          struct aw_target *ret);

/* Warnings about what the rule means (rules_lint.c); of a rule without errors. */
void aw_rules_lint(struct aw_reader *r, const struct aw_yaml *map, const struct aw_yaml *fallback,
                   const struct aw_rule *rule);

#endif
