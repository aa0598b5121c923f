/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/request.h"
#include "daemon/loop_int.h"

/* --- pinned rules ----------------------------------------------------------------------------- */

static const struct aw_rule *rule_of_live(struct aw_live *live, int64_t row)
{
    for (unsigned i = 0; i < live->rules.n; i++)
        if (live->rows[i] == row)
            return live->rules.rules[i];
    return NULL;
}

static int rule_of_store(struct aw_loop *l, int64_t row, struct aw_pinned *p, struct aw_err *err)
{
    char *name, *text;
    size_t n;
    struct aw_rules *set = NULL;
    struct aw_diag diag;
    int r = aw_store_rule_get(l->store, row, &name, &text, &n, err);

    if (r)
        return r;
    aw_diag_init(&diag);
    r = aw_rules_parse(name, text, n, NULL, &set, &diag);
    if (r)
        aw_fail(err, AW_ECORRUPT, "pinned rule %s: %s", name,
                diag.n ? diag.items[0].text : "cannot be read");
    else if (!(p->rule = aw_ruleset_find(&set->set, name)))
        r = aw_fail(err, AW_ECORRUPT, "pinned rule %s is not in its text", name);
    p->owner = set;
    aw_diag_free(&diag);
    aw_free(name);
    aw_free(text);
    return r ? AW_ECORRUPT : AW_OK;
}

const struct aw_rule *aw_rule_pinned(struct aw_loop *l, int64_t row, struct aw_err *err)
{
    struct aw_pinned *p;

    HASH_FIND(hh, l->pinned, &row, sizeof(row), p);
    if (p)
        return p->rule;
    p = aw_calloc(1, sizeof(*p));
    p->row = row;
    p->rule = rule_of_live(l->live, row);
    if (p->rule) {
        p->live = aw_live_hold(l->live);
    } else if (rule_of_store(l, row, p, err)) {
        aw_rules_free(p->owner);
        aw_free(p);
        return NULL;
    }
    HASH_ADD(hh, l->pinned, row, sizeof(p->row), p);
    return p->rule;
}

void aw_pinned_forget(struct aw_loop *l, bool all)
{
    struct aw_pinned *p, *next;

    HASH_ITER(hh, l->pinned, p, next)
    {
        if (!all && !p->live)
            continue;
        HASH_DEL(l->pinned, p);
        aw_rules_free(p->owner);
        aw_live_drop(p->live);
        aw_free(p);
    }
}

/* --- messages --------------------------------------------------------------------------------- */

static void msg_free(struct aw_loop *l, struct aw_msg *m)
{
    HASH_DEL(l->messages, m);
    aw_registration_free(&m->reg);
    aw_stored_message_free(&m->row);
    aw_free(m->app);
    aw_free(m);
}

void aw_msgs_trim(struct aw_loop *l, unsigned keep)
{
    struct aw_msg *m, *next;

    /* uthash iterates in order of insertion: the oldest go first. */
    HASH_ITER(hh, l->messages, m, next)
    {
        if (HASH_COUNT(l->messages) <= keep)
            return;
        msg_free(l, m);
    }
}

int aw_msg_get(struct aw_loop *l, aw_id id, struct aw_msg **ret, struct aw_err *err)
{
    struct aw_msg *m;
    struct aw_fault fault;
    int r;

    HASH_FIND(hh, l->messages, &id, sizeof(id), m);
    if (m) {
        *ret = m;
        return AW_OK;
    }
    m = aw_calloc(1, sizeof(*m));
    m->key = id;
    r = aw_store_message(l->store, id, &m->row, err);
    if (r) {
        aw_free(m);
        return r;
    }
    HASH_ADD(hh, l->messages, key, sizeof(m->key), m);
    if (aw_request_registration(m->row.body, m->row.n_body, 0, &m->reg, &fault)) {
        r = aw_fail(err, AW_ECORRUPT, "stored registration: %s", fault.detail);
    } else {
        memcpy(m->reg.trace, m->row.trace, sizeof(m->reg.trace));
        m->rule = aw_rule_pinned(l, m->row.rule, err);
        r = m->rule ? aw_store_app_name(l->store, m->row.app, &m->app, err) : AW_ECORRUPT;
    }
    if (r) {
        msg_free(l, m);
        return r;
    }
    *ret = m;
    return AW_OK;
}

int aw_msg_adopt(struct aw_loop *l, const struct aw_stored_message *row, const char *app,
                 struct aw_registration *reg, struct aw_msg **ret, struct aw_err *err)
{
    const struct aw_rule *rule = aw_rule_pinned(l, row->rule, err);
    struct aw_msg *m;

    if (!rule)
        return AW_ECORRUPT;
    m = aw_calloc(1, sizeof(*m));
    m->key = row->id;
    m->row = *row;
    m->reg = *reg;
    *reg = (struct aw_registration){0};
    m->rule = rule;
    m->app = aw_strdup(app);
    HASH_ADD(hh, l->messages, key, sizeof(m->key), m);
    *ret = m;
    return AW_OK;
}

/* --- addresses -------------------------------------------------------------------------------- */

static void keep_given(struct aw_addresses *dir, const struct aw_addresses *given)
{
    if (given->alias)
        dir->alias = given->alias;
    if (given->n_registration_ids) {
        memcpy(dir->registration_ids, given->registration_ids, sizeof(dir->registration_ids));
        dir->n_registration_ids = given->n_registration_ids;
    }
    if (given->phone)
        dir->phone = given->phone;
    if (given->email)
        dir->email = given->email;
    if (given->lang)
        dir->lang = given->lang;
    if (given->tz)
        dir->tz = given->tz;
}

int aw_addresses_of(struct aw_view *v, int64_t person, struct aw_address_book *ret,
                    struct aw_err *err)
{
    int r = AW_OK;

    memset(ret, 0, sizeof(*ret));
    if (person) {
        r = aw_store_person_get(v->l->store, person, &ret->user, &ret->json, err);
        if (r == AW_ENOENT)
            r = AW_OK; /* erased: only what the registration itself gives */
        if (r == AW_OK && ret->json)
            r = aw_contact_addresses(ret->json, strlen(ret->json), &ret->a, &ret->owner);
        if (r)
            return aw_wrap(err, r, "person %lld", (long long)person);
    }
    if (person == v->person)
        keep_given(&ret->a, &v->reg->recipients[v->n].given);
    return AW_OK;
}

void aw_address_book_free(struct aw_address_book *b)
{
    aw_addresses_free_owner(b->owner);
    aw_free(b->user);
    aw_free(b->json);
}

/* --- the engine's world ----------------------------------------------------------------------- */

static int64_t find_person(struct aw_view *v, const char *user)
{
    int64_t person = 0;
    struct aw_err err;
    int r = aw_store_person(v->l->store, v->app_row, user, false, "core", &person, &err);

    if (r && r != AW_ENOENT)
        v->err = err;
    return r ? 0 : person;
}

static int64_t manager_of(struct aw_view *v)
{
    struct aw_address_book b;
    int64_t person = 0;

    if (aw_addresses_of(v, v->person, &b, &v->err) == AW_OK && b.a.manager)
        person = find_person(v, b.a.manager);
    aw_address_book_free(&b);
    return person;
}

static int64_t on_duty(struct aw_view *v, const char *rotation)
{
    const char *user = aw_almanac_oncall(&v->l->live->conf->almanac, rotation, v->l->now);

    return user ? find_person(v, user) : 0;
}

static int64_t world_person(void *ctx, const struct aw_target *to)
{
    struct aw_view *v = ctx;

    switch (to->type) {
    case AW_TO_RECIPIENT:
        return v->person;
    case AW_TO_MANAGER:
        return manager_of(v);
    case AW_TO_CONTACT:
    case AW_TO_USER:
        return find_person(v, to->name);
    default: /* AW_TO_ONCALL */
        return on_duty(v, to->name);
    }
}

static bool world_has_address(void *ctx, int64_t person, enum aw_kind kind)
{
    struct aw_view *v = ctx;
    struct aw_address_book b;
    int r = kind == AW_PUSH ? aw_push_addresses_of(v, person, &b, &v->err)
                            : aw_addresses_of(v, person, &b, &v->err);
    bool has = r == AW_OK && aw_addresses_have(&b.a, kind);

    aw_address_book_free(&b);
    return has;
}

static enum aw_negative world_negative(void *ctx, int64_t person, enum aw_kind kind)
{
    struct aw_view *v = ctx;
    struct aw_address_book b;
    struct aw_err err;
    bool out = false;

    if (kind != AW_SMS)
        return AW_NEG_NONE;
    if (aw_addresses_of(v, person, &b, &v->err) == AW_OK && b.a.phone &&
        aw_store_opted_out(v->l->store, v->app, b.a.phone, &out, &err))
        v->err = err;
    aw_address_book_free(&b);
    return out ? AW_NEG_OPTED_OUT : AW_NEG_NONE;
}

static unsigned world_channels(void *ctx, const struct aw_step *step, enum aw_kind kind)
{
    struct aw_view *v = ctx;
    const struct aw_channel *list[AW_MAX_VIA];

    return aw_live_channels(v->l->live, v->app, step, kind, list);
}

static aw_time world_free_at(void *ctx, const struct aw_step *step, enum aw_kind kind, unsigned via,
                             enum aw_claim_as as)
{
    struct aw_view *v = ctx;
    const struct aw_channel *list[AW_MAX_VIA];
    unsigned n = aw_live_channels(v->l->live, v->app, step, kind, list);

    return via < n ? aw_channel_free_at(v->l, list[via], as) : 0;
}

static aw_time world_inside(void *ctx, const char *calendar, aw_time t)
{
    struct aw_view *v = ctx;
    struct aw_address_book b;
    aw_time until = 0;

    if (aw_addresses_of(v, v->person, &b, &v->err) == AW_OK)
        until = aw_almanac_inside(&v->l->live->conf->almanac, calendar, b.a.tz, t);
    aw_address_book_free(&b);
    return until;
}

struct aw_view aw_view_of(struct aw_loop *l, const struct aw_msg *m, const struct aw_timeline *tl)
{
    return (struct aw_view){.l = l,
                            .m = m,
                            .reg = &m->reg,
                            .rule = m->rule,
                            .app = m->app,
                            .app_row = m->row.app,
                            .n = tl->n,
                            .person = tl->person};
}

void aw_view_world(struct aw_view *v, struct aw_world *ret)
{
    *ret = (struct aw_world){
        .ctx = v,
        .person = world_person,
        .has_address = world_has_address,
        .negative = world_negative,
        .channels = world_channels,
        .free_at = world_free_at,
        .presence = aw_fence_presence,
        .devices = aw_fence_devices,
        .inside = world_inside,
    };
    aw_brakes_world(v, ret);
    aw_suppress_world(v, ret);
    aw_sight_world(v, ret);
}
