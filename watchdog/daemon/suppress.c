/* SPDX-License-Identifier: Apache-2.0
 *
 * `suppress`: which messages of a person are open. Kept in memory from the first time that a rule
 * asks, then fed with every timeline that opens or ends; whether a message matches is found out
 * once per rule. The message that suppressed last is looked at first. Core thread; as many entries
 * as there are open timelines.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "core/match.h"
#include "daemon/loop_int.h"

#define KNOWN_MOST 100000 /* answers of matchers kept */

struct person {
    int64_t person;
    aw_id
        *open; /* messages in which the person's timeline is; first the one that suppressed last */
    unsigned n, cap;
    UT_hash_handle hh;
};

struct known { /* whether a message matches the matcher of a rule */
    struct {
        aw_id message;
        int64_t rule;
    } key;
    bool matches;
    UT_hash_handle hh;
};

struct aw_suppress {
    bool ready;
    struct person *persons;
    struct known *known; /* the oldest first */
};

static struct person *find(struct aw_suppress *s, int64_t person, bool add)
{
    struct person *p;

    HASH_FIND(hh, s->persons, &person, sizeof(person), p);
    if (p || !add)
        return p;
    p = aw_calloc(1, sizeof(*p));
    p->person = person;
    HASH_ADD(hh, s->persons, person, sizeof(p->person), p);
    return p;
}

static void opened(void *arg, aw_id message, int64_t person)
{
    struct person *p = find(arg, person, true);

    for (unsigned i = 0; i < p->n; i++)
        if (p->open[i] == message)
            return;
    if (p->n == p->cap) {
        p->cap = p->cap ? 2 * p->cap : 4;
        p->open = aw_realloc(p->open, p->cap * sizeof(*p->open));
    }
    p->open[p->n++] = message;
}

static void drop(struct aw_suppress *s, struct person *p)
{
    HASH_DEL(s->persons, p);
    aw_free(p->open);
    aw_free(p);
}

static void ended(struct aw_suppress *s, aw_id message, int64_t person)
{
    struct person *p = find(s, person, false);

    for (unsigned i = 0; p && i < p->n; i++)
        if (p->open[i] == message) {
            p->open[i] = p->open[--p->n];
            if (p->n == 0)
                drop(s, p);
            return;
        }
}

void aw_suppress_note(struct aw_loop *l, const struct aw_timeline *tl)
{
    struct aw_suppress *s = l->suppress;

    if (!s || !s->ready)
        return;
    if (tl->state == AW_OPEN)
        opened(s, tl->id - tl->n, tl->person);
    else
        ended(s, tl->id - tl->n, tl->person);
}

static void forget(struct aw_suppress *s)
{
    struct known *k, *nk;
    struct person *p, *np;

    HASH_ITER(hh, s->known, k, nk)
    {
        HASH_DEL(s->known, k);
        aw_free(k);
    }
    HASH_ITER(hh, s->persons, p, np)
    drop(s, p);
    s->ready = false;
}

void aw_suppress_forget(struct aw_loop *l)
{
    if (l->suppress)
        forget(l->suppress);
}

void aw_suppress_free(struct aw_loop *l)
{
    aw_suppress_forget(l);
    aw_free(l->suppress);
}

/* Whether the message matches the matcher of the rule in that row. */
static int matches(struct aw_loop *l, aw_id message, int64_t row, const struct aw_rule *rule,
                   bool *ret, struct aw_err *err)
{
    struct aw_suppress *s = l->suppress;
    struct known probe, *k;
    struct aw_msg *m;
    int r;

    memset(&probe, 0, sizeof(probe));
    probe.key.message = message;
    probe.key.rule = row;
    HASH_FIND(hh, s->known, &probe.key, sizeof(probe.key), k);
    if (k) {
        *ret = k->matches;
        return AW_OK;
    }
    r = aw_msg_get(l, message, &m, err);
    if (r)
        return r;
    if (HASH_COUNT(s->known) >= KNOWN_MOST) {
        k = s->known;
        HASH_DEL(s->known, k);
    } else {
        k = aw_malloc(sizeof(*k));
    }
    *k = probe;
    k->matches = aw_match_terms(
        rule->if_open, rule->n_if_open,
        &(struct aw_match_input){.reg = &m->reg, .app = m->app, .channel = m->reg.sent_channel},
        NULL);
    *ret = k->matches;
    HASH_ADD(hh, s->known, key, sizeof(k->key), k);
    return AW_OK;
}

/* The message that suppresses what the person gets of this one, 0: none. */
static aw_id look(struct aw_loop *l, const struct aw_msg *m, struct person *p, struct aw_err *err)
{
    aw_id mine = m->row.id;
    int64_t row = m->row.rule;

    for (unsigned i = 0; i < p->n; i++) {
        aw_id message = p->open[i];
        bool match = false;

        if (message != mine && matches(l, message, row, m->rule, &match, err))
            return 0;
        if (match) {
            p->open[i] = p->open[0];
            return p->open[0] = message;
        }
    }
    return 0;
}

static void world_suppress(void *ctx, struct aw_restraint *ret)
{
    struct aw_view *v = ctx;
    struct aw_loop *l = v->l;
    struct person *p;
    aw_id message = 0;
    int r = AW_OK;

    if (!l->suppress)
        l->suppress = aw_calloc(1, sizeof(*l->suppress));
    if (!l->suppress->ready) {
        r = aw_store_open_people(l->store, opened, l->suppress, &v->err);
        l->suppress->ready = r == AW_OK;
    }
    p = find(l->suppress, v->person, false);
    if (r == AW_OK && p)
        message = look(l, v->m, p, &v->err);
    if (!message)
        return;
    ret->why = AW_WHY_SUPPRESSED;
    aw_id_print(ret->by, "msg_", message);
}

void aw_suppress_world(struct aw_view *v, struct aw_world *ret)
{
    if (v->m && v->m->rule->suppress)
        ret->suppress = world_suppress;
}
