/* SPDX-License-Identifier: Apache-2.0
 *
 * The books: one entry per key, the one that was used last at the end, so that what is old stands
 * first. A key is a 64-bit hash of what is counted (a person and kind, a bucket); two that collide
 * are held to one limit, which harms nobody.
 */
#include "core/brake.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/table.h"

#define US 1000

const char *const aw_bucket_names[] = {"recipient", "rule", "channel", "app", NULL};

struct entry {
    uint64_t key;
    aw_time last;  /* used */
    aw_time *sent; /* limits: instants, the oldest first */
    unsigned n, cap;
    aw_bucket all, shared;         /* storm brake: shared is what critical messages leave alone */
    int64_t tail[AW_N_PRIORITIES]; /* the last turn given to one who waits, in microseconds */
    UT_hash_handle hh;
};

struct aw_brake {
    struct entry *entries;
    aw_ms span; /* longest window of a rule seen so far */
    struct aw_storm storms[AW_BRAKE_STORMS];
    unsigned n_storms;
};

struct aw_brake *aw_brake_new(void)
{
    return aw_calloc(1, sizeof(struct aw_brake));
}

static void drop(struct aw_brake *b, struct entry *e)
{
    HASH_DEL(b->entries, e);
    aw_free(e->sent);
    aw_free(e);
}

void aw_brake_free(struct aw_brake *b)
{
    struct entry *e, *next;

    if (!b)
        return;
    HASH_ITER(hh, b->entries, e, next)
    drop(b, e);
    aw_free(b);
}

/* --- keys ----------------------------------------------------------------------------------- */

static uint64_t hash_text(const char *s)
{
    static const uint8_t key[16] = {'b', 'r', 'a', 'k', 'e'};

    return s ? aw_siphash(key, s, strlen(s)) : 0;
}

enum { LIMIT = 16 }; /* beside enum aw_bucket_of */

static uint64_t key_of(const struct aw_outgoing *o, unsigned of, uint64_t who)
{
    uint64_t what = of == AW_OF_RULE      ? hash_text(o->rule->name)
                    : of == AW_OF_CHANNEL ? hash_text(o->channel)
                    : of == AW_OF_APP     ? 0
                                          : who;

    /* A channel may serve several apps: its bucket is one. */
    return aw_mix(of == AW_OF_CHANNEL ? 0 : hash_text(o->in->app), what,
                  of + (of == LIMIT ? (unsigned)o->kind : 0));
}

const char *aw_brake_address(const struct aw_addresses *a, enum aw_kind kind)
{
    switch (kind) {
    case AW_SMS:
    case AW_CALL:
        return a->phone;
    case AW_EMAIL:
        return a->email;
    case AW_IM:
        return a->im;
    default:
        return NULL;
    }
}

unsigned aw_brake_who(int64_t person, uint64_t address, uint64_t ret[AW_WHO])
{
    ret[0] = aw_mix((uint64_t)person, 0, 1);
    ret[1] = aw_mix(address, 0, 2);
    return address ? 2 : 1;
}

static struct entry *find(const struct aw_brake *b, uint64_t key)
{
    struct entry *e;

    HASH_FIND(hh, b->entries, &key, sizeof(key), e);
    return e;
}

/* The entry of a key, now the last in the order of use. */
static struct entry *use(struct aw_brake *b, uint64_t key, aw_time now)
{
    struct entry *e = find(b, key);

    if (e) {
        HASH_DEL(b->entries, e);
    } else {
        if (HASH_COUNT(b->entries) >= AW_BRAKE_KEYS)
            drop(b, b->entries);
        e = aw_calloc(1, sizeof(*e));
        e->key = key;
    }
    if (now > e->last)
        e->last = now;
    HASH_ADD(hh, b->entries, key, sizeof(e->key), e);
    return e;
}

/* --- settings ------------------------------------------------------------------------------- */

static const struct aw_rates *rates_of(const struct aw_brake_conf *conf,
                                       const struct aw_outgoing *o)
{
    const struct aw_limits *l = o->rule->limits.given ? &o->rule->limits : conf->limits;

    return l && l->per_recipient[o->kind].n ? &l->per_recipient[o->kind] : NULL;
}

static bool critical(const struct aw_outgoing *o)
{
    return o->in->reg->priority == AW_CRITICAL;
}

/* What is left of a bucket when the share for critical messages is kept. */
static struct aw_rate shared_of(const struct aw_storm_brake *s, unsigned of)
{
    struct aw_rate r = s->rate[of];
    unsigned n = (unsigned)((uint64_t)r.n * (100 - s->reserve) / 100);

    r.n = n > 0 ? n : r.n ? 1 : 0;
    return r;
}

aw_ms aw_brake_span(const struct aw_brake_conf *conf)
{
    aw_ms span = 0;

    for (unsigned k = 0; conf->limits && k < AW_N_KINDS; k++)
        if (aw_rates_span(&conf->limits->per_recipient[k]) > span)
            span = aw_rates_span(&conf->limits->per_recipient[k]);
    for (unsigned i = 0; conf->storm && i < AW_N_BUCKETS; i++)
        if (conf->storm->rate[i].n && conf->storm->rate[i].per > span)
            span = conf->storm->rate[i].per;
    return span;
}

/* --- asking --------------------------------------------------------------------------------- */

static bool silenced(const struct aw_brake_conf *conf, const struct aw_outgoing *o, aw_time now,
                     struct aw_restraint *ret)
{
    for (unsigned i = 0; i < conf->n_silences; i++) {
        const struct aw_silence *s = &conf->silences[i];
        if (s->from > now || now >= s->until || s->until <= ret->at ||
            (s->app && !aw_streq(s->app, o->in->app)) ||
            !aw_match_terms(s->match, s->n_match, o->in, NULL))
            continue;
        ret->why = AW_WHY_SILENCE; /* of several the one that ends last */
        ret->at = s->until;
        snprintf(ret->by, sizeof(ret->by), "%s", s->name);
    }
    return ret->why != AW_WHY_NONE;
}

static bool limited(const struct aw_brake *b, const struct aw_rates *r, const struct aw_outgoing *o,
                    aw_time now, struct aw_restraint *ret)
{
    char per[AW_TIME_TEXT];

    for (unsigned i = 0; i < o->n_who; i++) {
        const struct entry *e = find(b, key_of(o, LIMIT, o->who[i]));
        unsigned which = 0;
        aw_time at = e ? aw_rates_fit(r, e->sent, e->n, now, &which) : 0;
        if (at <= ret->at)
            continue;
        ret->why = AW_WHY_LIMIT;
        ret->at = at;
        aw_duration_print(per, r->list[which].per);
        snprintf(ret->by, sizeof(ret->by), "%s %u/%s", aw_kind_name(o->kind), r->list[which].n,
                 per);
    }
    return ret->why != AW_WHY_NONE;
}

#define YIELD 1000000 /* microseconds: the last of the important ones may be a little late */

/* Until when those of a higher priority have turns to come. */
static int64_t important(const struct entry *e, unsigned priority)
{
    int64_t until = 0;

    for (unsigned p = priority + 1; p < AW_N_PRIORITIES; p++)
        if (e->tail[p] != 0 && e->tail[p] + YIELD > until)
            until = e->tail[p] + YIELD;
    return until;
}

/* When one bucket lets the firing go; 0: now. Who waits has a turn after those of its own priority
 * and higher that wait already. Whoever is new does not overtake them, and a turn that has come is
 * given up while more important ones wait: so each is put off a few times at most, and none of the
 * important ones is by the others. */
static aw_time turn(const struct entry *e, const struct aw_storm_brake *s, unsigned of,
                    const struct aw_outgoing *o, bool waited, aw_time now)
{
    struct aw_rate all = s->rate[of], shared = shared_of(s, of), mine = critical(o) ? all : shared;
    unsigned priority = o->in->reg->priority;
    int64_t ahead, mates;
    aw_time at, also;

    if (!e)
        return 0;
    ahead = important(e, priority);
    mates = e->tail[priority];
    at = aw_bucket_free_at(e->all, all, now);
    also = critical(o) ? 0 : aw_bucket_free_at(e->shared, shared, now);
    if (also > at)
        at = also;
    if (at == 0 && ahead <= now * US && (waited || mates <= now * US))
        return 0;
    if (mates + aw_bucket_gap(mine) > ahead)
        ahead = mates + aw_bucket_gap(mine);
    also = (ahead + US - 1) / US;
    at = also > at ? also : at;
    return at > now ? at : now + 1;
}

static const char *name_of(const struct aw_outgoing *o, unsigned of)
{
    const char *name = of == AW_OF_RULE      ? o->rule->name
                       : of == AW_OF_CHANNEL ? o->channel
                       : of == AW_OF_APP     ? o->in->app
                                             : NULL;
    return name ? name : "";
}

/* Keys of one bucket: one, but for recipients. */
static unsigned n_keys(const struct aw_outgoing *o, unsigned of)
{
    return of == AW_OF_RECIPIENT ? o->n_who : of == AW_OF_CHANNEL ? o->channel != NULL : 1;
}

static void braked(const struct aw_brake *b, const struct aw_storm_brake *s,
                   const struct aw_outgoing *o, bool waited, aw_time now, struct aw_restraint *ret)
{
    for (unsigned of = 0; of < AW_N_BUCKETS; of++) {
        for (unsigned i = 0; s->rate[of].n && i < n_keys(o, of); i++) {
            uint64_t key = key_of(o, of, o->n_who ? o->who[i] : 0);
            aw_time at = turn(find(b, key), s, of, o, waited, now);
            const char *name = name_of(o, of);
            if (at <= ret->at)
                continue;
            ret->why = AW_WHY_BRAKE;
            ret->at = at;
            ret->bucket = (uint8_t)of;
            snprintf(ret->by, sizeof(ret->by), "%s%s%s", aw_bucket_names[of], *name ? " " : "",
                     name);
        }
    }
}

void aw_brake_ask(const struct aw_brake *b, const struct aw_brake_conf *conf,
                  const struct aw_outgoing *o, const struct aw_candidate *ask, aw_time now,
                  struct aw_restraint *ret)
{
    const struct aw_rates *rates = rates_of(conf, o);

    *ret = (struct aw_restraint){.why = AW_WHY_NONE};
    if (silenced(conf, o, now, ret) || ask->carried)
        return;
    if (rates && !ask->wanted && limited(b, rates, o, now, ret))
        return;
    if (conf->storm)
        braked(b, conf->storm, o, ask->waited, now, ret);
}

/* --- keeping -------------------------------------------------------------------------------- */

/* Instants come nearly in order: after a restart, and from clocks that are set back. */
static void keep(struct entry *e, const struct aw_rates *r, aw_time now)
{
    unsigned most = aw_rates_most(r), i;

    if (e->n >= most && e->n > 0) {
        unsigned gone = e->n - most + 1;
        memmove(e->sent, e->sent + gone, (e->n - gone) * sizeof(*e->sent));
        e->n -= gone;
    }
    if (e->n == e->cap) {
        e->cap = e->cap ? 2 * e->cap : 4;
        e->sent = aw_realloc(e->sent, e->cap * sizeof(*e->sent));
    }
    for (i = e->n++; i > 0 && e->sent[i - 1] > now; i--)
        e->sent[i] = e->sent[i - 1];
    e->sent[i] = now;
}

void aw_brake_take(struct aw_brake *b, const struct aw_brake_conf *conf,
                   const struct aw_outgoing *o, aw_time now)
{
    const struct aw_storm_brake *s = conf->storm;
    const struct aw_rates *r = rates_of(conf, o);

    if (r && aw_rates_span(r) > b->span)
        b->span = aw_rates_span(r);
    for (unsigned i = 0; r && i < o->n_who; i++)
        keep(use(b, key_of(o, LIMIT, o->who[i]), now), r, now);
    for (unsigned of = 0; s && of < AW_N_BUCKETS; of++) {
        for (unsigned i = 0; s->rate[of].n && i < n_keys(o, of); i++) {
            struct entry *e = use(b, key_of(o, of, o->n_who ? o->who[i] : 0), now);
            aw_bucket_take(&e->all, s->rate[of], now);
            if (!critical(o))
                aw_bucket_take(&e->shared, shared_of(s, of), now);
        }
    }
}

static void note_storm(struct aw_brake *b, const struct aw_outgoing *o, unsigned of, aw_time now,
                       aw_time until)
{
    const char *name = name_of(o, of);
    unsigned i = 0;

    while (i < b->n_storms && (b->storms[i].of != of || !aw_streq(b->storms[i].name, name)))
        i++;
    if (i == AW_BRAKE_STORMS)
        return;
    if (i == b->n_storms) {
        b->storms[b->n_storms++] = (struct aw_storm){.of = (enum aw_bucket_of)of, .since = now};
        snprintf(b->storms[i].name, sizeof(b->storms[i].name), "%s", name);
    }
    if (until > b->storms[i].last)
        b->storms[i].last = until;
    b->storms[i].n_held++;
}

void aw_brake_wait(struct aw_brake *b, const struct aw_brake_conf *conf,
                   const struct aw_outgoing *o, aw_time now, const struct aw_restraint *held)
{
    unsigned of = held->bucket;

    if (held->why != AW_WHY_BRAKE || !conf->storm)
        return;
    for (unsigned i = 0; i < n_keys(o, of); i++) {
        struct entry *e = use(b, key_of(o, of, o->n_who ? o->who[i] : 0), now);
        int64_t *tail = &e->tail[o->in->reg->priority];
        if (held->at * US > *tail)
            *tail = held->at * US;
    }
    note_storm(b, o, of, now, held->at);
}

void aw_brake_tidy(struct aw_brake *b, const struct aw_brake_conf *conf, aw_time now)
{
    aw_ms span = aw_brake_span(conf);

    if (b->span > span)
        span = b->span;
    while (b->entries && b->entries->last + span < now) {
        bool waits = false;
        for (unsigned p = 0; p < AW_N_PRIORITIES; p++)
            waits = waits || b->entries->tail[p] > now * US;
        if (waits)
            use(b, b->entries->key, now); /* somebody has a turn still to come */
        else
            drop(b, b->entries);
    }
}

/* --- storms --------------------------------------------------------------------------------- */

struct aw_storm *aw_brake_storms(struct aw_brake *b, unsigned *ret_n)
{
    *ret_n = b->n_storms;
    return b->storms;
}

bool aw_storm_over(const struct aw_storm *s, const struct aw_brake_conf *conf, aw_time now)
{
    aw_ms calm = conf->storm ? conf->storm->rate[s->of].per : 0;

    return now - s->last >= (calm > AW_MINUTE ? calm : AW_MINUTE);
}

void aw_storm_end(struct aw_brake *b, struct aw_storm *s)
{
    *s = b->storms[--b->n_storms];
}
