/* SPDX-License-Identifier: Apache-2.0
 *
 * Why, in words: which rule takes a message and why each other one does not; why the next step of a
 * timeline is when it is, and what could still change it. The same for the command line and the
 * API. Pure.
 */
#ifndef AW_CODEC_EXPLAIN_H
#define AW_CODEC_EXPLAIN_H

#include "base/text.h"
#include "core/engine.h"
#include "core/match.h"
#include "codec/jsonw.h"

struct aw_explain {
    enum aw_lang lang;
    void *ctx;
    /* code: what kind of reason; never translated. text: a sentence. */
    void (*note)(void *ctx, const char *code, const char *text);
};

/* Calls rule() before the notes about each rule: verdict is "takes", "not", "later" (it would, but
 * stands behind the one that does) or "unasked" (the registration names another). Returns the rule
 * that takes the message, or NULL. */
const struct aw_rule *aw_explain_match(const struct aw_explain *e, const struct aw_ruleset *set,
                                       const struct aw_match_input *in,
                                       void (*rule)(void *ctx, const struct aw_rule *r,
                                                    const char *verdict));

/* The same as members of an open object: "rules", a list of {rule, verdict, why: [{code, text}]},
 * and "rule", the name of the one that takes it or null. */
const struct aw_rule *aw_explain_match_json(struct aw_jsonw *w, enum aw_lang lang,
                                            const struct aw_ruleset *set,
                                            const struct aw_match_input *in);

/* The next firing, if there is one, and why it is then; then what could still change it, under
 * codes that begin with "could-". now: for how long it still is. */
void aw_explain_timeline(const struct aw_explain *e, const struct aw_rule *rule,
                         const struct aw_timeline *tl, aw_time now);

/* A line of the simulator as the object that `rules simulate --json` prints. */
struct aw_virtual_line;
void aw_virtual_json(struct aw_jsonw *w, const struct aw_virtual_line *l);

#endif
