/* SPDX-License-Identifier: Apache-2.0
 *
 * What rules do in the situations that people ask about: nobody answers, somebody answers after a
 * while, the phone is off, a channel is down. Each is a list of events for core/virtual.h.
 */
#ifndef AW_CTL_RULES_SCENARIO_H
#define AW_CTL_RULES_SCENARIO_H

#include "conf/rules.h"
#include "core/virtual.h"
#include "ctl/cmd.h"

struct aw_scenarios {
    struct aw_ctl *ctl;
    const struct aw_rules *rules;
    const struct aw_templates *templates; /* NULL: title and body of the message */
    /* What the environment gives: people, channels and so on; rule, registration and events are
     * filled in. */
    struct aw_virtual_input base;
    const struct aw_registration *reg; /* NULL: one recipient with all addresses, for each rule */
};

/* Runs the scenarios that --scenario names for each rule (with a registration: for the rule that
 * takes it, `base.rule`), and prints a line for each, or JSON. Returns an exit code. */
int aw_scenarios_run(const struct aw_scenarios *s);

/* The text that `user` gets by this line: {"after_ms", "at", "to", "do", "step", "title", "text"}.
 * person: their language; NULL: that of the run. */
json_t *aw_text_of_line(const struct aw_virtual_input *in, const struct aw_templates *templates,
                        const struct aw_virtual_line *l, const char *user);
/* Such texts, for people. */
void aw_texts_print(const struct aw_out *o, const json_t *texts);

#endif
