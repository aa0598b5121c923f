/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside conf/: what the two parts of the comparison share: rules_diff.c (sets, rules),
 * rules_diff_steps.c (steps).
 */
#ifndef AW_CONF_RULES_DIFF_INT_H
#define AW_CONF_RULES_DIFF_INT_H

#include "conf/rules_diff.h"

struct aw_rules_diff {
    enum aw_lang lang;
    const char *rule, *change; /* what the next notes are about */
    void (*note)(void *ctx, const struct aw_rules_note *n);
    void *ctx;
    unsigned n; /* notes so far */
};

void aw_diff_say(struct aw_rules_diff *d, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void aw_diff_steps(struct aw_rules_diff *d, const struct aw_rule *a, const struct aw_rule *b);

/* "5 minutes", "1 hour 30 minutes". */
#define AW_SPAN_TEXT 128
const char *aw_diff_span(enum aw_lang lang, char dst[AW_SPAN_TEXT], aw_ms t);

#endif
