/* SPDX-License-Identifier: Apache-2.0
 *
 * What rule tests have shown of a rule: which steps ran, by which kinds, and which were skipped by
 * their `unless`. Counts are collected over any number of test files; a step is known by the names
 * of its rule and its own, texts are copied. One thread.
 */
#ifndef AW_CONF_COVERAGE_H
#define AW_CONF_COVERAGE_H

#include "core/virtual.h"

struct aw_cover_step {
    char *rule, *file, *step;
    unsigned line; /* in the rule file */
    enum aw_kind kinds[AW_N_KINDS];
    unsigned n_kinds;
    unsigned n_fired[AW_N_KINDS]; /* by kind */
    unsigned n_skipped;           /* by `unless` */
    /* The rung that skips it; NONE without one, and where the goal would end the timeline first, so
     * that no test can show it. */
    enum aw_level unless;
};

/* Zero-initialised is empty. */
struct aw_coverage {
    struct aw_cover_step *list;
    unsigned n;
};
void aw_coverage_free(struct aw_coverage *c);

/* Adds the steps of rules, not yet run, in their order; those that are known stay as they are. */
void aw_coverage_rules(struct aw_coverage *c, const struct aw_ruleset *rules);
/* A line of a virtual run under one of these rules. */
void aw_coverage_line(struct aw_coverage *c, const struct aw_rule *rule,
                      const struct aw_virtual_line *l);

/* Of everything there is to show: how much, and how much was shown. */
struct aw_cover_sum {
    unsigned steps, steps_run, kinds, kinds_run, skips, skips_run;
};
struct aw_cover_sum aw_coverage_sum(const struct aw_coverage *c);
/* A step that no kind ran of. */
bool aw_cover_ran(const struct aw_cover_step *s);

#endif
