/* SPDX-License-Identifier: Apache-2.0
 *
 * What the Device API changed on the devices of the simulated people: alias, tags, mobile. The
 * people are immutable; a device that was never touched has the alias of its person and no tags.
 *
 * At most 100,000 touched devices, the oldest are forgotten first; 1,000 tags a device, 10 devices
 * an alias (code 7015). Every function is called under the simulator's lock.
 */
#ifndef AW_SIM_DEVICE_H
#define AW_SIM_DEVICE_H

#include <jansson.h>

#include "base/table.h"
#include "sim/sim.h"

#define AW_SIM_ALIAS_DEVICES 10

struct aw_sim_device {
    char *rid, *mobile; /* mobile: NULL while unset */
    bool bound;         /* alias says, not the people */
    char *alias;        /* NULL: none */
    json_t *tags;       /* a list of texts */
    UT_hash_handle hh;
};

void aw_sim_devices_free(struct aw_sim_device *all);

/* The touched device, made when it was not; NULL: no phone has this registration id. */
struct aw_sim_device *aw_sim_device_touch(struct aw_sim *sim, const char *rid);
/* NULL: never touched. */
const struct aw_sim_device *aw_sim_device_find(const struct aw_sim *sim, const char *rid);

/* The alias in force, or NULL. */
const char *aw_sim_device_alias(const struct aw_sim *sim, const struct aw_sim_person *who,
                                const char *rid);
/* NULL or "": clears. */
void aw_sim_device_bind(struct aw_sim_device *d, const char *alias);
bool aw_sim_device_tagged(const struct aw_sim *sim, const char *rid, const char *tag);
/* False: there is no room for one more. */
bool aw_sim_device_tag(struct aw_sim_device *d, const char *tag);
void aw_sim_device_untag(struct aw_sim_device *d, const char *tag);

/* Calls f with every device of the alias and of the platforms (of enum aw_sim_platform), each once.
 */
void aw_sim_alias_each(const struct aw_sim *sim, const char *alias, unsigned platforms,
                       void (*f)(void *arg, const struct aw_sim_person *who, const char *rid),
                       void *arg);

#endif
