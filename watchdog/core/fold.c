/* SPDX-License-Identifier: Apache-2.0
 *
 * The second pure function: the state of a message as the fold of its timelines.
 */
#include "core/engine.h"

enum aw_state aw_message_fold(unsigned needed, const unsigned counts[AW_N_STATES])
{
    /* When all have ended and not enough are confirmed, the worst end names the message; a released
     * timeline was confirmed by the others. */
    static const enum aw_state order[] = {AW_OPEN, AW_EXHAUSTED, AW_EXPIRED, AW_CANCELLED};

    if (needed != 0 && counts[AW_CONFIRMED] >= needed)
        return AW_CONFIRMED;
    for (unsigned i = 0; i < sizeof(order) / sizeof(order[0]); i++)
        if (counts[order[i]] > 0)
            return order[i];
    return AW_CONFIRMED;
}
