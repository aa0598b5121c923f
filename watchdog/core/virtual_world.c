/* SPDX-License-Identifier: Apache-2.0
 *
 * The world of a virtual run: its people, their sessions, and the channels, of which events say
 * that they are down, up or blind. A channel has the name that `via` or the environment gives it;
 * without either it is called like its kind.
 */
#include <string.h>

#include "base/str.h"
#include "core/virtual_int.h"

/* --- people --------------------------------------------------------------------------------- */

const char *aw_v_user_of(const struct run *r, int64_t person)
{
    unsigned i = (unsigned)person - 1;

    if (i < aw_v_recipients(r))
        return r->in->reg->recipients[i].user;
    return r->in->people[i - aw_v_recipients(r)].user;
}

static const struct aw_addresses *in_directory(const struct run *r, const char *user)
{
    for (unsigned i = 0; i < r->in->n_people; i++)
        if (strcmp(r->in->people[i].user, user) == 0)
            return &r->in->people[i].a;
    return NULL;
}

/* The number of somebody in the directory; 0: unknown. */
static int64_t person_of(const struct run *r, const char *user)
{
    if (!user || !in_directory(r, user))
        return 0;
    for (int64_t p = 1;; p++)
        if (strcmp(aw_v_user_of(r, p), user) == 0)
            return p;
}

int64_t aw_v_number_of(const struct run *r, const char *user)
{
    for (unsigned p = 1; p <= aw_v_recipients(r) + r->in->n_people; p++)
        if (strcmp(aw_v_user_of(r, p), user) == 0)
            return p;
    return 0;
}

static int64_t world_person(void *ctx, const struct aw_target *to)
{
    const struct run *r = ctx;
    const struct aw_addresses *a;

    switch (to->type) {
    case AW_TO_RECIPIENT:
        return r->present->tl.person;
    case AW_TO_MANAGER:
        a = in_directory(r, aw_v_user_of(r, r->present->tl.person));
        return a ? person_of(r, a->manager) : 0;
    case AW_TO_CONTACT:
    case AW_TO_USER:
        return person_of(r, to->name);
    default: /* AW_TO_ONCALL */
        return r->in->almanac
                   ? person_of(r, aw_almanac_oncall(r->in->almanac, to->name, r->env.now))
                   : 0;
    }
}

/* What a registration gives holds for the recipient of this timeline only. */
static const struct aw_addresses *given_to(const struct run *r, int64_t person)
{
    return person == r->present->tl.person ? &r->in->reg->recipients[r->present->tl.n].given : NULL;
}

static unsigned world_presence(void *ctx, int64_t person)
{
    const struct run *r = ctx;

    return aw_v_whereabouts(&r->sessions, aw_v_user_of(r, person), given_to(r, person));
}

static unsigned world_devices(void *ctx, int64_t person, int64_t ret[AW_MAX_DEVICES])
{
    const struct run *r = ctx;

    return aw_v_devices(&r->sessions, aw_v_user_of(r, person), given_to(r, person), ret);
}

static bool world_has_address(void *ctx, int64_t person, enum aw_kind kind)
{
    const struct run *r = ctx;
    const struct aw_addresses *a = in_directory(r, aw_v_user_of(r, person)),
                              *given = given_to(r, person);

    /* Where sessions are known they are the address of a push. */
    if (kind == AW_PUSH && (world_presence(ctx, person) & (AW_IS_ABSENT | AW_IS_TAKEN)))
        return false;
    if (kind == AW_PUSH && aw_v_is_known(&r->sessions, aw_v_user_of(r, person)))
        return true;
    return (given && aw_addresses_have(given, kind)) || (a && aw_addresses_have(a, kind));
}

static unsigned world_channels(void *ctx, const struct aw_step *step, enum aw_kind kind)
{
    const struct run *r = ctx;

    if (step->n_via > 0)
        return step->n_via;
    return r->in->channels ? r->in->channels[kind] : 1;
}

static void put_if(const char **dst, const char *given)
{
    if (given)
        *dst = given;
}

void aw_v_addresses_of(void *ctx, int64_t person, struct aw_addresses *ret)
{
    const struct run *r = ctx;
    const struct aw_addresses *a = in_directory(r, aw_v_user_of(r, person));

    if (a)
        *ret = *a;
    if (person == r->present->tl.person) {
        const struct aw_addresses *given = &r->in->reg->recipients[r->present->tl.n].given;
        put_if(&ret->phone, given->phone);
        put_if(&ret->email, given->email);
    }
}

void aw_v_restrain(void *ctx, const struct aw_candidate *what, struct aw_restraint *ret)
{
    struct run *r = ctx;

    aw_virtual_restrain(&r->brake, r->present->tl.person, r->env.now, what, ret);
}

/* By the recipient's zone: that of the registration, then of the directory. */
static aw_time world_inside(void *ctx, const char *calendar, aw_time t)
{
    const struct run *r = ctx;
    const char *tz = r->in->reg->recipients[r->present->tl.n].given.tz;
    const struct aw_addresses *a = in_directory(r, aw_v_user_of(r, r->present->tl.person));

    if (!r->in->almanac)
        return 0;
    return aw_almanac_inside(r->in->almanac, calendar, tz || !a ? tz : a->tz, t);
}

/* --- channels -------------------------------------------------------------------------------- */

/* Of the environment, the one at place `via` among those of the kind: by weight, then as listed. */
static const struct aw_channel *by_weight(const struct run *r, enum aw_kind kind, unsigned via)
{
    const struct aw_channel *list = r->in->channel_list;

    for (unsigned i = 0; i < r->in->n_channel_list; i++) {
        unsigned ahead = 0;
        for (unsigned k = 0; k < r->in->n_channel_list; k++)
            ahead +=
                list[k].provider->kind == kind &&
                (list[k].weight > list[i].weight || (list[k].weight == list[i].weight && k < i));
        if (list[i].provider->kind == kind && ahead == via)
            return &list[i];
    }
    return NULL;
}

static const struct aw_channel *by_name(const struct run *r, const char *name)
{
    for (unsigned i = 0; i < r->in->n_channel_list; i++)
        if (aw_streq(r->in->channel_list[i].name, name))
            return &r->in->channel_list[i];
    return NULL;
}

static const char *channel_name(const struct run *r, const struct aw_step *s, enum aw_kind kind,
                                unsigned via)
{
    const struct aw_channel *c = s->n_via > 0 ? NULL : by_weight(r, kind, via);

    return s->n_via > 0 ? s->via[via < s->n_via ? via : s->n_via - 1]
           : c          ? c->name
                        : aw_kind_name(kind);
}

const char *aw_v_channel_of(void *ctx, const struct aw_step *s, enum aw_kind kind, unsigned via)
{
    return channel_name(ctx, s, kind, via);
}

/* How a channel is now; *ret_next: when that changes, 0: never. */
static enum aw_virtual_is state_of(const struct run *r, const char *name, aw_time *ret_next)
{
    enum aw_virtual_is is = AW_V_UP;

    *ret_next = 0;
    for (unsigned i = 0; i < r->in->n_events; i++) {
        const struct aw_virtual_event *e = &r->events[i];
        aw_time at = r->in->at + e->after;
        if (e->act != AW_V_CHANNEL || !aw_streq(e->channel, name))
            continue;
        if (at <= r->env.now)
            is = e->is;
        else if (*ret_next == 0 && e->is != is)
            *ret_next = at;
    }
    return is;
}

static aw_time world_free_at(void *ctx, const struct aw_step *step, enum aw_kind kind, unsigned via,
                             enum aw_claim_as as)
{
    const struct run *r = ctx;
    aw_time next;

    if (state_of(r, channel_name(r, step, kind, via), &next) != AW_V_DOWN)
        return 0;
    return next ? next : AW_LAST_INSTANT;
}

static enum aw_sight world_sight(void *ctx, aw_time *ret_until)
{
    const struct run *r = ctx;
    enum aw_sight sight = AW_SEES;

    for (unsigned i = 0; i < r->present->n_over; i++) {
        const struct aw_channel *c = by_name(r, r->present->over[i]);
        aw_time next;
        if (state_of(r, r->present->over[i], &next) != AW_V_BLIND)
            continue;
        if (next == 0)
            next = AW_LAST_INSTANT;
        if (c && c->on_blind == AW_BLIND_HOLDS && (sight != AW_BLIND_HOLD || next < *ret_until)) {
            sight = AW_BLIND_HOLD;
            *ret_until = next;
        } else if (sight == AW_SEES) {
            sight = AW_BLIND_GO;
        }
    }
    return sight;
}

static bool world_holds_unknown(void *ctx, const struct aw_step *step, enum aw_kind kind,
                                unsigned via)
{
    const struct run *r = ctx;
    const struct aw_channel *c = by_name(r, channel_name(r, step, kind, via));

    return c && c->on_unknown == AW_UNKNOWN_HOLDS;
}

void aw_v_note_channel(struct run *r, struct member *m, const struct aw_fact *claim)
{
    const struct aw_step *s = aw_rule_step(r->in->rule, claim->step);
    const char *name = channel_name(r, s, (enum aw_kind)claim->kind, claim->via);

    for (unsigned i = 0; i < m->n_over; i++)
        if (strcmp(m->over[i], name) == 0)
            return;
    if (claim->person == m->tl.person && m->n_over < AW_MAX_VIA)
        m->over[m->n_over++] = name;
}

void aw_v_world(struct run *r)
{
    r->world = (struct aw_world){
        .ctx = r,
        .person = world_person,
        .has_address = world_has_address,
        .channels = world_channels,
        .presence = world_presence,
        .devices = world_devices,
        .inside = world_inside,
    };
    for (unsigned i = 0; i < r->in->n_events; i++)
        if (r->events[i].act == AW_V_CHANNEL) {
            r->world.free_at = world_free_at;
            r->world.sight = world_sight;
        }
    if (r->in->n_channel_list > 0)
        r->world.holds_unknown = world_holds_unknown;
}
