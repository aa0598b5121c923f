/* SPDX-License-Identifier: Apache-2.0
 *
 * Two tables: kinds of entries by fact, and which words stand for which enum.
 */
#include "store/fact.h"

#include <stdio.h>
#include <string.h>

static const enum aw_entry_kind kind_of[AW_N_FACTS] = {
    [AW_FACT_OPENED] = AW_ENTRY_REGISTERED,
    [AW_FACT_CLAIMED] = AW_ENTRY_CLAIMED,
    [AW_FACT_SKIPPED] = AW_ENTRY_SKIPPED,
    [AW_FACT_DEFERRED] = AW_ENTRY_DEFERRED,
    [AW_FACT_ADVANCED] = AW_ENTRY_ADVANCED,
    [AW_FACT_OUTCOME] = AW_ENTRY_OUTCOME,
    [AW_FACT_EVIDENCE] = AW_ENTRY_EVIDENCE,
    [AW_FACT_NEGATIVE] = AW_ENTRY_NEGATIVE,
    [AW_FACT_DOWNTIME] = AW_ENTRY_DOWNTIME_MOVED,
    [AW_FACT_ENDED] = AW_ENTRY_ENDED,
    [AW_FACT_HELD] = AW_ENTRY_HELD,
    [AW_FACT_RESUMED] = AW_ENTRY_RESUMED,
    [AW_FACT_ESCALATED] = AW_ENTRY_ESCALATED,
    [AW_FACT_ABSENT] = AW_ENTRY_ABSENT,
    [AW_FACT_PRESENT] = AW_ENTRY_PRESENT,
    [AW_FACT_DEVICE] = AW_ENTRY_DEVICE,
    [AW_FACT_LET_GO] = AW_ENTRY_LET_GO,
    [AW_FACT_REOPENED] = AW_ENTRY_REOPENED,
    [AW_FACT_CLOSED] = AW_ENTRY_CLOSED,
};

/* Facts about a firing name its step and kind even when they are zero. */
static bool names_firing(const struct aw_fact *f)
{
    return f->type == AW_FACT_CLAIMED || f->type == AW_FACT_SKIPPED ||
           f->type == AW_FACT_DEFERRED || f->type == AW_FACT_ADVANCED ||
           f->type == AW_FACT_LET_GO || (f->type == AW_FACT_HELD && f->round > 0);
}

void aw_fact_to_entry(const struct aw_fact *f, struct aw_entry *e)
{
    bool firing = names_firing(f);
    bool evidence = f->type == AW_FACT_EVIDENCE;

    e->kind = kind_of[f->type];
    e->step_index = firing || f->step || f->type == AW_FACT_ESCALATED ? f->step : -1;
    e->kind_do = firing || f->kind || f->type == AW_FACT_NEGATIVE ? aw_kind_name(f->kind) : NULL;
    e->round = f->round;
    e->number = f->number;
    e->via = f->via;
    e->pos = f->pos;
    e->attempt = f->attempt;
    e->ref = f->ref;
    e->person = f->person;
    e->state = f->state ? aw_state_name(f->state) : NULL;
    e->level = f->level ? aw_level_name(f->level) : NULL;
    e->source = evidence || f->source ? aw_source_name(f->source) : NULL;
    e->outcome = f->outcome ? aw_outcome_name(f->outcome) : NULL;
    e->negative = f->negative ? aw_negative_name(f->negative) : NULL;
    e->why = f->why ? aw_why_name(f->why) : NULL;
    e->by = f->by[0] ? f->by : NULL;
    e->last_round = f->last_round;
    e->unsent = f->unsent;
    e->counts = f->counts;
    e->stands = f->stands;
    e->late = f->late;
    e->at = f->at;
    e->from = f->from;
    e->kinds = f->kinds;
    e->registered = f->registered;
    e->moved = f->moved;
    e->next_due = f->next_due;
    e->device = f->device;
    e->count = f->count;
    e->devices = f->devices;
    e->n_devices = f->n_devices;
}

static bool within(const struct aw_entry *e)
{
    return e->step_index <= UINT8_MAX && e->round >= 0 && e->round <= UINT16_MAX &&
           e->number >= 0 && e->number <= UINT8_MAX && e->via >= 0 && e->via <= UINT8_MAX &&
           e->pos >= 0 && e->pos <= UINT8_MAX && e->kinds >= 0 && e->kinds <= UINT8_MAX &&
           e->count >= 0 && e->count <= UINT16_MAX && e->n_devices <= AW_MAX_DEVICES;
}

static int words(const struct aw_entry *e, struct aw_fact *f)
{
    enum aw_kind kind = AW_PUSH;
    if ((e->kind_do && aw_kind_parse(e->kind_do, &kind)) ||
        (e->state && aw_state_parse(e->state, &f->state)) ||
        (e->level && aw_level_parse(e->level, &f->level)) ||
        (e->source && aw_source_parse(e->source, &f->source)) ||
        (e->outcome && aw_outcome_parse(e->outcome, &f->outcome)) ||
        (e->negative && aw_negative_parse(e->negative, &f->negative)) ||
        (e->why && aw_why_parse(e->why, &f->why)))
        return AW_ECORRUPT;
    f->kind = (uint8_t)kind;
    return 0;
}

int aw_fact_from_entry(const struct aw_entry *e, struct aw_fact *ret)
{
    unsigned type = 0;
    while (type < AW_N_FACTS && kind_of[type] != e->kind)
        type++;
    if (type == AW_N_FACTS)
        return AW_ENOENT;
    struct aw_fact f = {.type = (enum aw_fact_type)type};
    if (!within(e) || words(e, &f))
        return AW_ECORRUPT;
    f.step = (uint8_t)(e->step_index < 0 ? 0 : e->step_index);
    f.round = (uint16_t)e->round;
    f.number = (uint8_t)e->number;
    f.via = (uint8_t)e->via;
    f.pos = (uint8_t)e->pos;
    f.attempt = e->attempt;
    f.ref = e->ref;
    f.person = e->person;
    if (e->by)
        snprintf(f.by, sizeof(f.by), "%s", e->by);
    f.last_round = e->last_round;
    f.unsent = e->unsent;
    f.counts = e->counts;
    f.stands = e->stands;
    f.late = e->late;
    f.at = e->at;
    f.from = e->from;
    f.kinds = (uint8_t)e->kinds;
    f.registered = e->registered;
    f.moved = e->moved;
    f.next_due = e->next_due;
    f.device = e->device;
    f.count = (uint16_t)e->count;
    f.n_devices = (uint8_t)e->n_devices;
    if (e->n_devices)
        memcpy(f.devices, e->devices, e->n_devices * sizeof f.devices[0]);
    *ret = f;
    return 0;
}
