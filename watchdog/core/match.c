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

/* The fields without a key, looked up once for any number of rules. */
struct values {
    const struct aw_registration *reg;
    const char *of[AW_MATCH_TITLE + 1];
    bool hashed;                       /* worth it for many rules */
    uint32_t hash[AW_MATCH_TITLE + 1]; /* 0: there is no value */
};

uint32_t aw_match_hash(const char *value)
{
    uint32_t h = 2166136261u; /* FNV-1a */
    for (; *value != '\0'; value++)
        h = (h ^ (unsigned char)*value) * 16777619u;
    return h != 0 ? h : 1;
}

static struct values values_of(const struct aw_match_input *in, bool hashed)
{
    struct values v = {.reg = in->reg,
                       .hashed = hashed,
                       .of = {[AW_MATCH_APP] = in->app,
                              [AW_MATCH_CLASS] = in->reg->class_,
                              [AW_MATCH_PRIORITY] = aw_priority_name(in->reg->priority),
                              [AW_MATCH_CHANNEL] = in->channel,
                              [AW_MATCH_TITLE] = in->reg->title}};
    for (unsigned i = 0; hashed && i <= AW_MATCH_TITLE; i++)
        if (v.of[i] != NULL)
            v.hash[i] = aw_match_hash(v.of[i]);
    return v;
}

static const char *value_of(const struct values *v, const struct aw_match_term *t)
{
    if (t->field == AW_MATCH_LABEL)
        return pair_value(v->reg->labels, v->reg->n_labels, t->key);
    if (t->field == AW_MATCH_EXTRA)
        return pair_value(v->reg->extras, v->reg->n_extras, t->key);
    return t->field <= AW_MATCH_TITLE ? v->of[t->field] : NULL;
}

const char *aw_match_value(const struct aw_match_input *in, const struct aw_match_term *t)
{
    struct values v = values_of(in, false);
    return value_of(&v, t);
}

/* The first term that does not hold, or NULL. */
static const struct aw_match_term *failed(const struct aw_match_term *terms, unsigned n,
                                          const struct values *v)
{
    for (unsigned i = 0; i < n; i++) {
        if (v->hashed && terms[i].hash != 0 && terms[i].key == NULL &&
            terms[i].hash != v->hash[terms[i].field])
            return &terms[i];
        const char *value = value_of(v, &terms[i]);
        unsigned k = 0;
        while (value != NULL && k < terms[i].n_globs && !aw_glob(terms[i].globs[k], value))
            k++;
        if (value == NULL || k == terms[i].n_globs)
            return &terms[i];
    }
    return NULL;
}

bool aw_match_terms(const struct aw_match_term *terms, unsigned n, const struct aw_match_input *in,
                    const struct aw_match_term **ret_failed)
{
    struct values v = values_of(in, false);
    const struct aw_match_term *t = failed(terms, n, &v);

    if (t != NULL && ret_failed != NULL)
        *ret_failed = t;
    return t == NULL;
}

bool aw_match(const struct aw_rule *r, const struct aw_match_input *in,
              const struct aw_match_term **ret_failed)
{
    return aw_match_terms(r->match, r->n_match, in, ret_failed);
}

const struct aw_rule *aw_ruleset_match(const struct aw_ruleset *s, const struct aw_match_input *in)
{
    struct values v = values_of(in, true);

    for (unsigned i = 0; i < s->n; i++)
        if (failed(s->rules[i]->match, s->rules[i]->n_match, &v) == NULL)
            return s->rules[i];
    return NULL;
}
