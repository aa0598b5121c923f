/* SPDX-License-Identifier: Apache-2.0
 *
 * Two sets of rules compared in words: what a person would notice, not which characters changed.
 * Rules are compared by name, steps by id. Keys for which there are no words yet are shown as they
 * stand in the files, so that nothing is ever left out. Pure.
 */
#ifndef AW_CONF_RULES_DIFF_H
#define AW_CONF_RULES_DIFF_H

#include "conf/rules.h"

struct aw_rules_note {
    const char *rule;
    const char *change; /* "added", "removed", "changed" */
    const char *code;   /* what kind of difference: "later", "kind-gone", ...; never translated */
    const char *text;   /* a sentence */
};

/* Calls note for every difference, in the order of b, then what is gone; returns how many there
 * were. rule: only the one of this name, or NULL. */
unsigned aw_rules_diff(enum aw_lang lang, const struct aw_rules *a, const struct aw_rules *b,
                       const char *rule, void (*note)(void *ctx, const struct aw_rules_note *n),
                       void *ctx);

#endif
