/* SPDX-License-Identifier: Apache-2.0
 *
 * Matching a message against `match`. An absent field matches nothing, so that a rule that asks
 * for a label never takes a message without it.
 */
#include "core/match.h"

#include <string.h>

#include "base/str.h"

static const char *pair_value(const struct aw_pair *pairs, unsigned n, const char *key)
{
    for (unsigned i = 0; i < n; i++)
        if (strcmp(pairs[i].key, key) == 0)
            return pairs[i].value;
    return NULL;
}

const char *aw_match_value(const struct aw_match_input *in, const struct aw_match_term *t)
{
    const struct aw_registration *reg = in->reg;

    switch (t->field) {
    case AW_MATCH_APP:
        return in->app;
    case AW_MATCH_CLASS:
        return reg->class_;
    case AW_MATCH_PRIORITY:
        return aw_priority_name(reg->priority);
    case AW_MATCH_CHANNEL:
        return in->channel;
    case AW_MATCH_LABEL:
        return pair_value(reg->labels, reg->n_labels, t->key);
    case AW_MATCH_EXTRA:
        return pair_value(reg->extras, reg->n_extras, t->key);
    case AW_MATCH_TITLE:
        return reg->title;
    }
    return NULL;
}

static bool term_holds(const struct aw_match_term *t, const struct aw_match_input *in)
{
    const char *value = aw_match_value(in, t);

    for (unsigned i = 0; value && i < t->n_globs; i++)
        if (aw_glob(t->globs[i], value))
            return true;
    return false;
}

bool aw_match_terms(const struct aw_match_term *terms, unsigned n, const struct aw_match_input *in,
                    const struct aw_match_term **ret_failed)
{
    for (unsigned i = 0; i < n; i++) {
        if (!term_holds(&terms[i], in)) {
            if (ret_failed)
                *ret_failed = &terms[i];
            return false;
        }
    }
    return true;
}

bool aw_match(const struct aw_rule *r, const struct aw_match_input *in,
              const struct aw_match_term **ret_failed)
{
    return aw_match_terms(r->match, r->n_match, in, ret_failed);
}

const struct aw_rule *aw_ruleset_match(const struct aw_ruleset *s, const struct aw_match_input *in)
{
    for (unsigned i = 0; i < s->n; i++)
        if (aw_match(s->rules[i], in, NULL))
            return s->rules[i];
    return NULL;
}
