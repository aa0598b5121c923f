/* SPDX-License-Identifier: Apache-2.0
 *
 * The few functions that every part of the simulator uses.
 */
#include "sim/sim.h"

#include <string.h>

#include "base/hash.h"

uint64_t aw_sim_hash(const struct aw_sim *sim, const char *whom, const char *what)
{
    static const uint8_t key[16];
    return aw_mix(sim->seed, aw_siphash(key, whom, strlen(whom)),
                  aw_siphash(key, what, strlen(what)));
}

aw_ms aw_sim_between(const struct aw_sim *sim, const char *whom, const char *what, aw_ms low,
                     aw_ms high)
{
    return low + (aw_ms)(aw_sim_hash(sim, whom, what) % (uint64_t)(high - low + 1));
}

void aw_sim_note(struct aw_sim *sim, const char *what, const char *user, json_t *more)
{
    sim->activity++;
    aw_sim_record_add(sim->record, aw_sim_now(sim), what, user, more);
}
