/* SPDX-License-Identifier: Apache-2.0
 *
 * The second pure function: the state of a message as the fold of its timelines.
 */
#include "core/engine.h"

enum aw_state aw_message_fold(const struct aw_rule *rule, const unsigned counts[AW_N_STATES])
{
    /* `of: each`. When all have ended and not all are confirmed, the worst end names the message;
     * a released timeline was confirmed by the others. */
    static const enum aw_state order[] = {AW_OPEN, AW_EXHAUSTED, AW_EXPIRED, AW_CANCELLED};

    for (unsigned i = 0; i < sizeof(order) / sizeof(order[0]); i++)
        if (counts[order[i]] > 0)
            return order[i];
    return AW_CONFIRMED;
}
