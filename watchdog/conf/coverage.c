/* SPDX-License-Identifier: Apache-2.0
 *
 * See coverage.h. A list in the order of the rules, searched from its front: libraries have tens of
 * rules, at most a thousand.
 */
#include "conf/coverage.h"

#include "base/mem.h"
#include "base/str.h"

void aw_coverage_free(struct aw_coverage *c)
{
    for (unsigned i = 0; i < c->n; i++) {
        aw_free(c->list[i].rule);
        aw_free(c->list[i].file);
        aw_free(c->list[i].step);
    }
    aw_free(c->list);
    *c = (struct aw_coverage){0};
}

static struct aw_cover_step *find(struct aw_coverage *c, const char *rule, const char *step)
{
    for (unsigned i = 0; i < c->n; i++)
        if (aw_streq(c->list[i].rule, rule) && aw_streq(c->list[i].step, step))
            return &c->list[i];
    return NULL;
}

static void add_step(struct aw_coverage *c, const struct aw_rule *rule, const struct aw_step *s)
{
    if (find(c, rule->name, s->id) != NULL)
        return;
    c->list = aw_realloc(c->list, (c->n + 1) * sizeof(*c->list));
    struct aw_cover_step *to = &c->list[c->n++];
    *to = (struct aw_cover_step){
        .rule = aw_strdup(rule->name),
        .file = aw_strdup(rule->file),
        .step = aw_strdup(s->id),
        .line = s->line,
        .n_kinds = s->n_kinds,
        .unless = s->unless < rule->until ? s->unless : AW_LEVEL_NONE,
    };
    for (unsigned k = 0; k < s->n_kinds; k++)
        to->kinds[k] = s->kinds[k];
}

void aw_coverage_rules(struct aw_coverage *c, const struct aw_ruleset *rules)
{
    for (unsigned i = 0; i < rules->n; i++) {
        const struct aw_rule *rule = rules->rules[i];
        for (unsigned k = 0; k < rule->n_steps; k++)
            add_step(c, rule, &rule->steps[k]);
        if (rule->exhausted != NULL)
            add_step(c, rule, rule->exhausted);
    }
}

void aw_coverage_line(struct aw_coverage *c, const struct aw_rule *rule,
                      const struct aw_virtual_line *l)
{
    struct aw_cover_step *s = l->step != NULL ? find(c, rule->name, l->step) : NULL;
    if (s == NULL)
        return;
    s->n_fired[l->kind] += l->what == AW_V_FIRED;
    s->n_skipped += l->what == AW_V_SKIPPED && l->why == AW_WHY_UNLESS;
}

bool aw_cover_ran(const struct aw_cover_step *s)
{
    unsigned n = 0;
    for (unsigned k = 0; k < AW_N_KINDS; k++)
        n += s->n_fired[k];
    return n > 0;
}

struct aw_cover_sum aw_coverage_sum(const struct aw_coverage *c)
{
    struct aw_cover_sum sum = {.steps = c->n};
    for (unsigned i = 0; i < c->n; i++) {
        const struct aw_cover_step *s = &c->list[i];
        sum.steps_run += aw_cover_ran(s);
        sum.kinds += s->n_kinds;
        for (unsigned k = 0; k < s->n_kinds; k++)
            sum.kinds_run += s->n_fired[s->kinds[k]] > 0;
        sum.skips += s->unless != AW_LEVEL_NONE;
        sum.skips_run += s->unless != AW_LEVEL_NONE && s->n_skipped > 0;
    }
    return sum;
}
