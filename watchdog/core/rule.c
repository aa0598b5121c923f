/* SPDX-License-Identifier: Apache-2.0
 *
 * Looking things up in a rule and a rule set. Rules are immutable, so any thread may ask.
 */
#include "core/rule.h"

#include <string.h>

#include "base/str.h"

unsigned aw_rule_needed(const struct aw_rule *r, unsigned n_recipients)
{
    if (!r->of.percent)
        return r->of.n;
    unsigned n = (n_recipients * r->of.n + 99) / 100;
    return n > 0 ? n : 1;
}

const struct aw_step *aw_rule_step(const struct aw_rule *r, unsigned index)
{
    if (index == AW_STEP_EXHAUSTED)
        return r->exhausted;
    return index < r->n_steps ? &r->steps[index] : NULL;
}

int aw_rule_step_index(const struct aw_rule *r, const char *id)
{
    for (unsigned i = 0; i < r->n_steps; i++)
        if (strcmp(r->steps[i].id, id) == 0)
            return (int)i;
    if (r->exhausted && strcmp(r->exhausted->id, id) == 0)
        return AW_STEP_EXHAUSTED;
    return -1;
}

bool aw_step_has_kind(const struct aw_step *s, enum aw_kind kind)
{
    for (unsigned i = 0; i < s->n_kinds; i++)
        if (s->kinds[i] == kind)
            return true;
    return false;
}

bool aw_step_same_targets(const struct aw_step *a, const struct aw_step *b)
{
    if (a->n_to != b->n_to)
        return false;
    for (unsigned i = 0; i < a->n_to; i++)
        if (a->to[i].type != b->to[i].type || !aw_streq(a->to[i].name, b->to[i].name))
            return false;
    return true;
}

const struct aw_rule *aw_ruleset_find(const struct aw_ruleset *s, const char *name)
{
    for (unsigned i = 0; i < s->n; i++)
        if (strcmp(s->rules[i]->name, name) == 0)
            return s->rules[i];
    return NULL;
}
