/* SPDX-License-Identifier: Apache-2.0
 *
 * The touched devices, by registration id, in order of the first touch.
 */
#include "sim/device.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sim/jpush_store.h"

#define DEVICES_MAX 100000
#define TAGS_MAX    1000

static void forget(struct aw_sim_device **all, struct aw_sim_device *d)
{
    HASH_DEL(*all, d);
    json_decref(d->tags);
    aw_free(d->rid);
    aw_free(d->mobile);
    aw_free(d->alias);
    aw_free(d);
}

void aw_sim_devices_free(struct aw_sim_device *all)
{
    while (all)
        forget(&all, all);
}

const struct aw_sim_device *aw_sim_device_find(const struct aw_sim *sim, const char *rid)
{
    struct aw_sim_device *d;
    HASH_FIND_STR(sim->jpush->devices, rid, d);
    return d;
}

struct aw_sim_device *aw_sim_device_touch(struct aw_sim *sim, const char *rid)
{
    struct aw_sim_device **all = &sim->jpush->devices, *d;
    HASH_FIND_STR(*all, rid, d);
    if (d || !aw_sim_people_find(sim->people, AW_SIM_RID, rid))
        return d;
    if (HASH_COUNT(*all) == DEVICES_MAX)
        forget(all, *all);
    d = aw_calloc(1, sizeof(*d));
    d->rid = aw_strdup(rid);
    d->tags = json_array();
    HASH_ADD_KEYPTR(hh, *all, d->rid, strlen(d->rid), d);
    return d;
}

const char *aw_sim_device_alias(const struct aw_sim *sim, const struct aw_sim_person *who,
                                const char *rid)
{
    const struct aw_sim_device *d = aw_sim_device_find(sim, rid);
    return d && d->bound ? d->alias : who->alias;
}

void aw_sim_device_bind(struct aw_sim_device *d, const char *alias)
{
    aw_free(d->alias);
    d->alias = alias && *alias ? aw_strdup(alias) : NULL;
    d->bound = true;
}

/* The place of the tag, or the number of tags. */
static size_t place(const struct aw_sim_device *d, const char *tag)
{
    size_t i = 0;
    while (i < json_array_size(d->tags) &&
           !aw_streq(json_string_value(json_array_get(d->tags, i)), tag))
        i++;
    return i;
}

bool aw_sim_device_tagged(const struct aw_sim *sim, const char *rid, const char *tag)
{
    const struct aw_sim_device *d = aw_sim_device_find(sim, rid);
    return d && place(d, tag) < json_array_size(d->tags);
}

bool aw_sim_device_tag(struct aw_sim_device *d, const char *tag)
{
    if (place(d, tag) < json_array_size(d->tags))
        return true;
    return json_array_size(d->tags) < TAGS_MAX &&
           json_array_append_new(d->tags, json_string(tag)) == 0;
}

void aw_sim_device_untag(struct aw_sim_device *d, const char *tag)
{
    json_array_remove(d->tags, place(d, tag)); /* past the end: nothing happens */
}

void aw_sim_alias_each(const struct aw_sim *sim, const char *alias, unsigned platforms,
                       void (*f)(void *arg, const struct aw_sim_person *who, const char *rid),
                       void *arg)
{
    const struct aw_sim_person *who = aw_sim_people_find(sim->people, AW_SIM_ALIAS, alias);
    for (unsigned i = 0; who && (who->platform & platforms) && i < who->n_rids; i++)
        if (aw_streq(aw_sim_device_alias(sim, who, who->rids[i]), alias))
            f(arg, who, who->rids[i]);
    for (const struct aw_sim_device *d = sim->jpush->devices; d; d = d->hh.next) {
        const struct aw_sim_person *owner = aw_sim_people_find(sim->people, AW_SIM_RID, d->rid);
        if (owner && owner != who && (owner->platform & platforms) && d->bound &&
            aw_streq(d->alias, alias))
            f(arg, owner, d->rid);
    }
}
