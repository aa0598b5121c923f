/* SPDX-License-Identifier: Apache-2.0
 *
 * What a rule test expects, and the comparison with what the virtual run did. Every firing must be
 * expected; states may be; after `nothing_after` nothing fires.
 */
#ifndef AW_CONF_EXPECT_H
#define AW_CONF_EXPECT_H

#include "conf/schema.h"
#include "core/virtual.h"

enum { AW_MAX_EXPECT = 10000, AW_MAX_LINES = 20000 };

enum aw_expect_form { AW_EXPECT_FIRED, AW_EXPECT_STATE, AW_EXPECT_NOTHING_AFTER };

struct aw_expect {
    enum aw_expect_form form;
    aw_ms at; /* since registration */
    unsigned kind, state, round;
    const char *to, *step; /* NULL: any */
    const char **targets;
    unsigned n_targets; /* 0: any */
    unsigned line;      /* in the test file */
};
extern const struct aw_shape aw_shape_expect; /* struct aw_expect */

/* What a run did, as far as it matters; texts in the arena. */
struct aw_lines {
    struct aw_arena *arena;
    struct aw_virtual_line *list;
    bool *seen; /* by an expectation */
    bool *told; /* as what happened instead of another */
    unsigned n, cap;
};
/* The line callback of aw_virtual_run; ctx is a struct aw_lines. */
int aw_lines_take(void *ctx, const struct aw_virtual_line *line);

/* True when all holds; else one sentence per difference in out, in time order, and expected beside
 * actual in diff, in the words of `expect`, so that its lines can be taken into the test. rule
 * names places. */
bool aw_expect_compare(const struct aw_expect *expect, unsigned n, struct aw_lines *lines,
                       const struct aw_rule *rule, enum aw_lang lang, struct aw_buf *out,
                       struct aw_buf *diff);
/* The diff alone (expect_diff.c): met says which expectations were. */
void aw_expect_diff(const struct aw_expect *expect, unsigned n, const bool *met,
                    const struct aw_lines *lines, struct aw_buf *out);
/* A fired line or a state as an expectation: {at: 5m, do: sms, to: li, step: text}. */
void aw_expect_print(struct aw_buf *out, const struct aw_virtual_line *l);

#endif
