/* SPDX-License-Identifier: Apache-2.0
 *
 * Digests: when more firings of a kind wait for one person under the storm brake than `digest`
 * says, the next one to go carries all of them. It is one attempt with one text; every timeline
 * keeps its own line, whose attempt names the one that carries it. Each is judged again before:
 * what was acknowledged meanwhile is not in it, and when too few are left each goes alone.
 *
 * Who waits is kept in memory, and known again after a restart when their turns come. Core thread;
 * at most WAITING entries, beyond which firings wait without a digest.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "daemon/loop_int.h"

#define WAITING 200000

struct group { /* those who wait for one person */
    struct {
        int64_t person;
        int64_t kind;
    } key;
    struct waiting *first, *last;
    unsigned n;
    UT_hash_handle hh;
};

struct waiting { /* a firing */
    struct {
        aw_id timeline;
        unsigned step, kind;
    } key;
    unsigned round;
    struct group *group;
    struct waiting *prev, *next;
    UT_hash_handle hh;
};

struct aw_digests {
    struct group *groups;
    struct waiting *waiting;
    /* What the last asks found to be braked, and whom it would reach; of one call of the engine. */
    struct {
        unsigned step, kind, round;
        int64_t person;
    } braked[AW_MAX_FACTS];
    unsigned n_braked;
};

static struct aw_digests *digests(struct aw_loop *l)
{
    if (!l->digests)
        l->digests = aw_calloc(1, sizeof(*l->digests));
    return l->digests;
}

static struct waiting *find(struct aw_digests *d, aw_id timeline, unsigned step, unsigned kind)
{
    struct waiting probe, *w;

    memset(&probe, 0, sizeof(probe));
    probe.key.timeline = timeline;
    probe.key.step = step;
    probe.key.kind = kind;
    HASH_FIND(hh, d->waiting, &probe.key, sizeof(probe.key), w);
    return w;
}

static void drop(struct aw_digests *d, struct waiting *w)
{
    struct group *g = w->group;

    *(w->prev ? &w->prev->next : &g->first) = w->next;
    *(w->next ? &w->next->prev : &g->last) = w->prev;
    HASH_DEL(d->waiting, w);
    aw_free(w);
    if (--g->n > 0)
        return;
    HASH_DEL(d->groups, g);
    aw_free(g);
}

static struct group *group_of(struct aw_digests *d, int64_t person, unsigned kind, bool add)
{
    struct group probe, *g;

    memset(&probe, 0, sizeof(probe));
    probe.key.person = person;
    probe.key.kind = kind;
    HASH_FIND(hh, d->groups, &probe.key, sizeof(probe.key), g);
    if (g || !add)
        return g;
    g = aw_malloc(sizeof(*g));
    *g = probe;
    HASH_ADD(hh, d->groups, key, sizeof(g->key), g);
    return g;
}

static void add(struct aw_digests *d, aw_id timeline, const struct aw_fact *f, int64_t person)
{
    struct waiting *w = find(d, timeline, f->step, f->kind);
    struct group *g;

    if (w)
        drop(d, w);
    if (HASH_COUNT(d->waiting) >= WAITING)
        return;
    g = group_of(d, person, f->kind, true);
    w = aw_calloc(1, sizeof(*w));
    w->key.timeline = timeline;
    w->key.step = f->step;
    w->key.kind = f->kind;
    w->round = f->round;
    w->group = g;
    w->prev = g->last;
    *(g->last ? &g->last->next : &g->first) = w;
    g->last = w;
    g->n++;
    HASH_ADD(hh, d->waiting, key, sizeof(w->key), w);
}

void aw_digest_braked(struct aw_loop *l, const struct aw_candidate *what)
{
    struct aw_digests *d = digests(l);
    unsigned i = d->n_braked % AW_COUNT(d->braked);

    d->braked[i].step = what->index;
    d->braked[i].kind = what->kind;
    d->braked[i].round = what->round;
    d->braked[i].person = what->n_persons == 1 ? what->persons[0] : 0;
    d->n_braked = i + 1;
}

static int64_t person_of(const struct aw_digests *d, const struct aw_fact *f)
{
    for (unsigned i = d->n_braked; i-- > 0;)
        if (d->braked[i].step == f->step && d->braked[i].kind == f->kind &&
            d->braked[i].round == f->round)
            return d->braked[i].person;
    return 0;
}

void aw_digest_note(struct aw_loop *l, const struct aw_fact *f)
{
    struct aw_digests *d = digests(l);
    struct waiting *w;
    int64_t person;

    if (f->type == AW_FACT_DEFERRED && f->why == AW_WHY_BRAKE) {
        person = person_of(d, f);
        if (person)
            add(d, l->tl.id, f, person);
    } else if (f->type == AW_FACT_CLAIMED || f->type == AW_FACT_SKIPPED) {
        w = find(d, l->tl.id, f->step, f->kind);
        if (w && w->round == f->round)
            drop(d, w);
    }
}

void aw_digests_free(struct aw_loop *l)
{
    struct aw_digests *d = l->digests;
    struct waiting *w, *next;

    if (!d)
        return;
    HASH_ITER(hh, d->waiting, w, next)
    drop(d, w);
    aw_free(d);
    l->digests = NULL;
}

void aw_digest_title(struct aw_digest *d, const struct aw_msg *m)
{
    const char *title = m->reg.title ? m->reg.title : m->rule->name;
    size_t most = d->kind == AW_EMAIL || d->kind == AW_WEBHOOK ? 16 * 1024 : 100;

    if (d->titles.n > most)
        return; /* it says how many they are */
    aw_buf_printf(&d->titles, "%s%s", d->titles.n ? "; " : "", title);
    if (d->titles.n > most)
        aw_buf_puts(&d->titles, "; ...");
}

void aw_digest_again(struct aw_loop *l, const struct aw_msg *m, struct aw_merge *merge)
{
    struct aw_digest *d = merge->digest;
    struct aw_msg *first;
    struct aw_err err;

    if (!d) {
        d = merge->digest = aw_calloc(1, sizeof(*d));
        d->kind = merge->send->kind;
        d->send = merge->send;
        d->titles = (struct aw_buf)AW_BUF_INIT(64 * 1024);
        if (aw_msg_get(l, merge->message, &first, &err) == AW_OK)
            aw_digest_title(d, first);
    }
    aw_digest_title(d, m);
    d->n++;
    aw_render_digest(l, d);
}

/* --- forming one ------------------------------------------------------------------------------ */

static bool still_waits(const struct aw_timeline *tl, const struct waiting *w)
{
    const struct aw_track *t = aw_timeline_track(tl, w->key.step, (enum aw_kind)w->key.kind);

    return tl->state == AW_OPEN && t && !t->over && t->round == w->round &&
           t->why == AW_WHY_BRAKE && t->due != 0;
}

/* Drops from the group what waits no more; members: the first of those that do. */
static int take_stock(struct aw_loop *l, struct group *g, struct aw_event *members,
                      aw_id *timelines, unsigned *ret_n, struct aw_err *err)
{
    struct waiting *next;
    int r = AW_OK;

    *ret_n = 0;
    for (struct waiting *w = g->first; w && *ret_n < AW_DIGEST_MOST && r == AW_OK; w = next) {
        bool last = g->n == 1;

        next = w->next;
        r = aw_store_timeline(l->store, w->key.timeline, &l->tl, err);
        if (r == AW_ENOENT)
            r = AW_OK;
        else if (r == AW_OK && still_waits(&l->tl, w)) {
            members[*ret_n] = (struct aw_event){.type = AW_EV_CARRY,
                                                .step = (uint8_t)w->key.step,
                                                .kind = (uint8_t)w->key.kind,
                                                .round = (uint16_t)w->round};
            timelines[(*ret_n)++] = w->key.timeline;
            continue;
        }
        drop(l->digests, w);
        if (last)
            break; /* and the group with it */
    }
    return r;
}

static int carry(struct aw_loop *l, struct aw_digest *c, const struct aw_event *members,
                 const aw_id *timelines, unsigned n, struct aw_err *err)
{
    int r = AW_OK;

    l->digest = c;
    for (unsigned i = 0; i < n && r == AW_OK; i++) {
        struct aw_msg *m;

        if (timelines[i] == c->timeline)
            continue; /* another step of it goes alone */
        r = aw_judge_load(l, timelines[i], &m, err);
        if (r == AW_OK)
            r = aw_judge(l, m, &members[i], "core", NULL, err);
    }
    l->digest = NULL;
    return r;
}

int aw_digest_form(struct aw_loop *l, struct aw_digest *c, unsigned most, struct aw_err *err)
{
    struct group *g = l->digests ? group_of(l->digests, c->person, c->kind, false) : NULL;
    struct aw_event *members;
    aw_id *timelines;
    unsigned n = 0;
    int r;

    if (!g || g->n < most) /* it and more than `most` less itself */
        return AW_OK;
    members = aw_malloc(AW_DIGEST_MOST * sizeof(*members));
    timelines = aw_malloc(AW_DIGEST_MOST * sizeof(*timelines));
    r = take_stock(l, g, members, timelines, &n, err);
    if (r == AW_OK && n >= most)
        r = carry(l, c, members, timelines, n, err);
    aw_free(members);
    aw_free(timelines);
    if (r == AW_OK && c->n > 0)
        aw_render_digest(l, c);
    l->opt.stats->carried += c->n;
    return r;
}
