/* SPDX-License-Identifier: Apache-2.0
 *
 * Which rule takes a message. Pure.
 */
#ifndef AW_CORE_MATCH_H
#define AW_CORE_MATCH_H

#include "core/registration.h"
#include "core/rule.h"

/* The facts of a message that `match` looks at; app and channel as the daemon resolved them. */
struct aw_match_input {
    const struct aw_registration *reg;
    const char *app;
    const char *channel; /* already_sent.channel, or NULL */
};

/* What the message has in a term's field, or NULL. */
const char *aw_match_value(const struct aw_match_input *in, const struct aw_match_term *t);
/* Of a list of terms. */
bool aw_match_terms(const struct aw_match_term *terms, unsigned n, const struct aw_match_input *in,
                    const struct aw_match_term **ret_failed);
/* True when all terms hold. On false *ret_failed (may be NULL) is the first term that does not. */
bool aw_match(const struct aw_rule *r, const struct aw_match_input *in,
              const struct aw_match_term **ret_failed);

/* What a value is told apart by before it is looked at; never 0. */
uint32_t aw_match_hash(const char *value);

/* The first rule in order that matches, or NULL. */
const struct aw_rule *aw_ruleset_match(const struct aw_ruleset *s, const struct aw_match_input *in);

#endif
