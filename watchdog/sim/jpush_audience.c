/* SPDX-License-Identifier: Apache-2.0
 *
 * Candidates come from the narrowest kind that is given, then each kind is asked whether it fits.
 */
#include "sim/jpush_audience.h"

#include "base/mem.h"
#include "base/str.h"
#include "sim/device.h"

struct search {
    struct aw_sim *sim;
    const struct aw_sim_push_request *rq;
    struct aw_sim_push_entry *e;
};

static bool listed(const json_t *list, const char *text)
{
    for (size_t i = 0; text && i < json_array_size(list); i++)
        if (aw_streq(json_string_value(json_array_get(list, i)), text))
            return true;
    return false;
}

static size_t tags_of(const struct search *s, const char *rid, const json_t *tags)
{
    size_t n = 0;
    for (size_t i = 0; i < json_array_size(tags); i++)
        n += aw_sim_device_tagged(s->sim, rid, json_string_value(json_array_get(tags, i)));
    return n;
}

static bool fits(const struct search *s, const struct aw_sim_person *who, const char *rid)
{
    const struct aw_sim_push_request *rq = s->rq;
    if (who->push == AW_SIM_NO_DEVICE || !(who->platform & rq->platforms))
        return false;
    return (!rq->rids || listed(rq->rids, rid)) &&
           (!rq->alias || listed(rq->alias, aw_sim_device_alias(s->sim, who, rid))) &&
           (!rq->tag || tags_of(s, rid, rq->tag) > 0) &&
           (!rq->tag_and || tags_of(s, rid, rq->tag_and) == json_array_size(rq->tag_and)) &&
           tags_of(s, rid, rq->tag_not) == 0;
}

static bool has_target(const struct aw_sim_push_entry *e, const char *rid)
{
    for (unsigned i = 0; i < e->n_targets; i++)
        if (aw_streq(e->targets[i].rid, rid))
            return true;
    return false;
}

static void consider(void *arg, const struct aw_sim_person *who, const char *rid)
{
    struct search *s = arg;
    struct aw_sim_push_entry *e = s->e;
    bool by_name = s->rq->rids || s->rq->alias; /* only there may one device come twice */
    if (!fits(s, who, rid) || (by_name && has_target(e, rid)))
        return;
    e->targets = aw_realloc(e->targets, (e->n_targets + 1) * sizeof(*e->targets));
    e->targets[e->n_targets++] = (struct aw_sim_target){
        .user = aw_strdup(who->user), .rid = aw_strdup(rid), .platform = who->platform};
}

static void consider_everybody(struct search *s)
{
    const struct aw_sim_people *people = s->sim->people;
    for (size_t i = 0; i < aw_sim_people_count(people); i++) {
        const struct aw_sim_person *who = aw_sim_people_at(people, i);
        for (unsigned k = 0; k < who->n_rids; k++)
            consider(s, who, who->rids[k]);
    }
}

void aw_sim_audience_find(struct aw_sim *sim, const struct aw_sim_push_request *rq,
                          struct aw_sim_push_entry *e)
{
    struct search s = {sim, rq, e};
    if (rq->nobody)
        return;
    if (!rq->rids && !rq->alias)
        consider_everybody(&s);
    for (size_t i = 0; i < json_array_size(rq->rids); i++) {
        const char *rid = json_string_value(json_array_get(rq->rids, i));
        const struct aw_sim_person *who = aw_sim_people_find(sim->people, AW_SIM_RID, rid);
        if (who)
            consider(&s, who, rid);
    }
    for (size_t i = 0; !rq->rids && i < json_array_size(rq->alias); i++)
        aw_sim_alias_each(sim, json_string_value(json_array_get(rq->alias, i)), rq->platforms,
                          consider, &s);
}

const struct aw_sim_person *aw_sim_audience_first(const struct aw_sim *sim,
                                                  const struct aw_sim_push_request *rq)
{
    const char *name = json_string_value(json_array_get(rq->alias ? rq->alias : rq->rids, 0));
    return name ? aw_sim_people_find(sim->people, rq->alias ? AW_SIM_ALIAS : AW_SIM_RID, name)
                : NULL;
}
