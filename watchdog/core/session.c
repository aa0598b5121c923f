/* SPDX-License-Identifier: Apache-2.0 */
#include "core/session.h"

/* Below 0: the report is older; 0: of the same moment; above: newer. */
static int compare(const struct aw_session *known, const struct aw_session_report *r)
{
    if (r->seq >= 0 && known->seq >= 0)
        return r->seq < known->seq ? -1 : r->seq > known->seq;
    if (r->at == 0)
        return 1;
    return r->at < known->at ? -1 : r->at > known->at;
}

enum aw_session_verdict aw_session_judge(const struct aw_session *known,
                                         const struct aw_session_report *r, aw_time now,
                                         struct aw_session *ret)
{
    static const struct aw_session nothing = {.seq = -1};
    const struct aw_session *k = known ? known : &nothing;
    int order = known ? compare(known, r) : 1;
    aw_time at = r->at && r->at < now ? r->at : now;

    *ret = *k;
    if (order < 0)
        return AW_SESSION_LATE;
    if (order == 0 || (!r->login && r->person && k->person && r->person != k->person))
        return AW_SESSION_KNOWN;
    ret->person = r->login ? r->person : 0;
    ret->seq = r->seq > k->seq ? r->seq : k->seq;
    ret->at = at > k->at ? at : k->at; /* also when our clock was set back */
    return AW_SESSION_TAKEN;
}
