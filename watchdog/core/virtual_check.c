/* SPDX-License-Identifier: Apache-2.0 */
#include "core/virtual_check.h"

#include <string.h>

#include "base/str.h"

static bool is_known(const struct aw_virtual_input *in, const char *user, bool as_recipient)
{
    for (unsigned i = 0; i < in->reg->n_recipients; i++)
        if (strcmp(in->reg->recipients[i].user, user) == 0)
            return true;
    for (unsigned i = 0; i < in->n_people && !as_recipient; i++)
        if (strcmp(in->people[i].user, user) == 0)
            return true;
    return false;
}

int aw_v_check(const struct aw_virtual_input *in, struct aw_err *err)
{
    unsigned n = in->reg->n_recipients, needed = aw_rule_needed(in->rule, n);

    if (needed > n)
        return aw_fail(err, AW_EINVAL, "rule \"%s\" is confirmed by %u recipients, and there %s %u",
                       in->rule->name, needed, n == 1 ? "is" : "are", n);
    for (unsigned i = 0; i < in->n_events; i++) {
        const struct aw_virtual_event *e = &in->events[i];
        int step = e->step ? aw_rule_step_index(in->rule, e->step) : 0;
        bool acts = e->act != AW_V_EVIDENCE && e->act != AW_V_RESULT && e->act != AW_V_LOGIN &&
                    e->act != AW_V_LOGOUT && e->act != AW_V_CHANNEL;

        if (e->from && !is_known(in, e->from, acts))
            return aw_fail(err, AW_EINVAL, "\"%s\" is no recipient of this message%s", e->from,
                           acts ? "" : ", and nobody of the directory");
        if (e->about && !is_known(in, e->about, true))
            return aw_fail(err, AW_EINVAL, "\"%s\" is no recipient of this message", e->about);
        if (e->act == AW_V_RESULT && step < 0)
            return aw_fail(err, AW_EINVAL, "rule \"%s\" has no step \"%s\" to attempt",
                           in->rule->name, e->step);
        if (e->act == AW_V_CLAIM && in->rule->claim_hold == 0)
            return aw_fail(err, AW_EINVAL,
                           "rule \"%s\" has no claim: {hold: ...}, so that a claim is refused",
                           in->rule->name);
        if (e->act == AW_V_SNOOZE && e->until && e->until <= in->at + e->after)
            return aw_fail(err, AW_EINVAL, "a snooze ends before it begins");
        if (e->act == AW_V_ESCALATE && step < 0)
            return aw_fail(err, AW_EINVAL, "rule \"%s\" has no step \"%s\" to escalate to",
                           in->rule->name, e->step);
        if (e->act == AW_V_ESCALATE && step == AW_STEP_EXHAUSTED)
            return aw_fail(err, AW_EINVAL,
                           "the exhausted step runs when a timeline has ended: nobody can escalate "
                           "to it");
    }
    return 0;
}
