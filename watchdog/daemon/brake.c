/* SPDX-License-Identifier: Apache-2.0
 *
 * What holds firings back in the daemon: one set of books (core/brake.h) for all messages, the
 * silences of the environment and of people, and which messages of a person are open, for
 * `suppress`. The books are made again at each start from the rows of the longest window, so that a
 * restart forgets nothing. Core thread.
 *
 * What was put off and may go before its time (a silence ended, a channel back, a reload) is found
 * by a walk over the timelines that are due later, some in each turn.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "conf/brake.h"
#include "core/match.h"
#include "daemon/loop_int.h"

#define WALK       256 /* timelines looked at in a turn */
#define TIDY_EVERY (10 * AW_SECOND)

struct aw_brakes {
    struct aw_brake *books;
    struct aw_brake_conf conf; /* points into the present set and `silences` */
    aw_ms rules_span;          /* the longest window of a rule */
    uint8_t key[16];           /* of hashes of addresses */
    aw_time tidied_at;
    struct aw_later walk;
    bool walking, again; /* again: something changed behind the cursor */
};

/* --- settings ------------------------------------------------------------------------------- */

static aw_ms span_of_rules(const struct aw_live *live)
{
    aw_ms span = 0;

    for (unsigned i = 0; i < live->rules.n; i++)
        for (unsigned k = 0; k < AW_N_KINDS; k++) {
            const struct aw_limits *l = &live->rules.rules[i]->limits;
            if (aw_rates_span(&l->per_recipient[k]) > span)
                span = aw_rates_span(&l->per_recipient[k]);
        }
    return span;
}

static void settings(struct aw_loop *l)
{
    struct aw_brakes *b = l->brakes;

    b->conf = aw_brake_conf_of(l->live->conf);
    aw_silences_list(l, &b->conf);
    b->rules_span = span_of_rules(l->live);
}

void aw_brakes_changed(struct aw_loop *l)
{
    settings(l);
    aw_brakes_look_again(l);
}

/* --- who is reached ------------------------------------------------------------------------- */

static bool counts_addresses(const struct aw_brakes *b, const struct aw_rule *rule)
{
    return b->conf.limits || rule->limits.given ||
           (b->conf.storm && b->conf.storm->rate[AW_OF_RECIPIENT].n);
}

static bool anything(const struct aw_brakes *b, const struct aw_rule *rule)
{
    return b->conf.limits || b->conf.storm || b->conf.n_silences || rule->limits.given;
}

int64_t aw_brakes_address(struct aw_view *v, int64_t person, enum aw_kind kind)
{
    const struct aw_brakes *b = v->l->brakes;
    struct aw_address_book book;
    const char *address;
    int64_t hash = 0;

    if (!counts_addresses(b, v->m->rule) || aw_addresses_of(v, person, &book, &v->err))
        return 0;
    address = aw_brake_address(&book.a, kind);
    if (address)
        hash = (int64_t)(aw_siphash(b->key, address, strlen(address)) >> 1);
    aw_address_book_free(&book);
    return hash;
}

static struct aw_match_input message_of(const struct aw_msg *m)
{
    return (struct aw_match_input){.reg = &m->reg, .app = m->app, .channel = m->reg.sent_channel};
}

static const char *channel_of(struct aw_loop *l, const struct aw_msg *m, const struct aw_step *s,
                              enum aw_kind kind, unsigned via)
{
    const struct aw_channel *list[AW_MAX_VIA];
    unsigned n = aw_live_channels(l->live, m->app, s, kind, list);

    return via < n ? list[via]->name : NULL;
}

/* --- asked by the engine -------------------------------------------------------------------- */

static bool travels(const struct aw_view *v, const struct aw_candidate *what, int64_t person)
{
    return person != v->person &&
           aw_merge_known(v->l, v->m, person, what->index, what->kind, what->round);
}

static void world_restrain(void *ctx, const struct aw_candidate *what, struct aw_restraint *ret)
{
    struct aw_view *v = ctx;
    struct aw_brakes *b = v->l->brakes;
    struct aw_match_input in = message_of(v->m);
    uint64_t who[AW_WHO * AW_MAX_TO];
    struct aw_candidate w = *what;
    struct aw_outgoing o = {
        .in = &in,
        .rule = v->m->rule,
        .channel = channel_of(v->l, v->m, what->step, what->kind, what->via),
        .kind = what->kind,
        .who = who,
    };

    for (unsigned i = 0; i < what->n_persons; i++)
        if (!travels(v, what, what->persons[i]))
            o.n_who += aw_brake_who(what->persons[i],
                                    (uint64_t)aw_brakes_address(v, what->persons[i], what->kind),
                                    who + o.n_who);
    /* A third person's firing that travels with another recipient's needs no place of its own. */
    w.carried = w.carried || o.n_who == 0;
    aw_brake_ask(b->books, &b->conf, &o, &w, v->l->now, ret);
    if (ret->why == AW_WHY_BRAKE)
        aw_digest_braked(v->l, what);
}

unsigned aw_brakes_digest(const struct aw_loop *l)
{
    return l->brakes->conf.storm ? l->brakes->conf.storm->digest : 0;
}

void aw_brakes_world(struct aw_view *v, struct aw_world *ret)
{
    if (v->m && anything(v->l->brakes, v->m->rule))
        ret->restrain = world_restrain;
}

/* --- what was decided ----------------------------------------------------------------------- */

void aw_brakes_decided(struct aw_loop *l, const struct aw_msg *m, const struct aw_fact *f,
                       int64_t address)
{
    struct aw_brakes *b = l->brakes;
    struct aw_match_input in = message_of(m);
    const struct aw_step *s = aw_rule_step(m->rule, f->step);
    uint64_t who[AW_WHO];
    bool claimed = f->type == AW_FACT_CLAIMED && f->number == 1;
    bool waits = f->type == AW_FACT_DEFERRED && f->why == AW_WHY_BRAKE;
    struct aw_outgoing o = {.in = &in, .rule = m->rule, .kind = (enum aw_kind)f->kind, .who = who};

    if (f->type == AW_FACT_DEFERRED)
        l->opt.stats->deferred[f->why]++;
    if ((!claimed && !waits) || !anything(b, m->rule))
        return;
    o.n_who = aw_brake_who(claimed ? f->person : l->tl.person, (uint64_t)address, who);
    o.channel = channel_of(l, m, s, o.kind, claimed ? f->via : 0);
    if (claimed)
        aw_brake_take(b->books, &b->conf, &o, l->now);
    else
        aw_brake_wait(b->books, &b->conf, &o, l->now,
                      &(struct aw_restraint){.why = f->why, .at = f->at, .bucket = f->via});
}

/* --- operators are told once per storm, and at its end ---------------------------------------- */

static int tell(struct aw_loop *l, const struct aw_storm *s, bool over, struct aw_err *err)
{
    char name[AW_BY_MAX], held[AW_TIME_TEXT], text[480];
    struct aw_entry e;
    int r;

    snprintf(name, sizeof(name), "%s%s%s", aw_bucket_names[s->of], s->name[0] ? " " : "", s->name);
    aw_entry_init(&e);
    e.kind = AW_ENTRY_STORM;
    e.actor = "core";
    e.state = over ? "over" : "begun";
    e.by = name;
    e.number = over && s->n_held < INT32_MAX ? (int)s->n_held : 0;
    r = aw_store_log(l->store, &e, NULL, err);
    aw_duration_print(held, (l->now - s->since) / AW_SECOND * AW_SECOND);
    if (over)
        snprintf(text, sizeof(text),
                 "the storm brake (%s) holds nothing back any more: %llu times in %s a firing was "
                 "put off, nothing was dropped",
                 name, (unsigned long long)s->n_held, held);
    else
        snprintf(text, sizeof(text),
                 "the storm brake (%s) holds firings back: more is due than it lets go. They wait "
                 "for their turn, high priorities first; what still waits at its deadline is "
                 "skipped and named in the log. See ackwatch messages list, and storm: in the "
                 "environment file",
                 name);
    return r ? r : aw_store_notice_about(l->store, "storm", name, text, err);
}

static int tell_storms(struct aw_loop *l, struct aw_err *err)
{
    struct aw_brakes *b = l->brakes;
    unsigned n;
    struct aw_storm *s = aw_brake_storms(b->books, &n);
    int r = AW_OK;

    for (unsigned i = n; i-- > 0 && r == AW_OK;) {
        bool over = aw_storm_over(&s[i], &b->conf, l->now);

        if (!s[i].told && !over) {
            r = tell(l, &s[i], false, err);
            s[i].told = true;
        } else if (over) {
            r = s[i].told ? tell(l, &s[i], true, err) : AW_OK;
            aw_storm_end(b->books, &s[i]);
        }
    }
    aw_brake_storms(b->books, &n);
    l->opt.stats->storms = n;
    return r;
}

/* --- start ---------------------------------------------------------------------------------- */

struct refill {
    struct aw_loop *l;
    struct aw_err *err;
};

/* The priority is not in the row: what counts for the shared part of a bucket, too, is forgotten
 * again within one window. */
static int refill(void *arg, const struct aw_sent *a)
{
    static const struct aw_registration reg = {.priority = AW_NORMAL};
    struct refill *x = arg;
    struct aw_brakes *b = x->l->brakes;
    const struct aw_rule *rule = aw_rule_pinned(x->l, a->rule, x->err);
    struct aw_match_input in = {.reg = &reg, .app = a->app};
    uint64_t who[AW_WHO];
    struct aw_outgoing o = {
        .in = &in, .rule = rule, .channel = a->channel, .kind = a->kind, .who = who};

    if (!rule)
        return AW_ECORRUPT;
    o.n_who = aw_brake_who(a->person, (uint64_t)a->address, who);
    aw_brake_take(b->books, &b->conf, &o, aw_id_time(a->attempt));
    return AW_OK;
}

int aw_brakes_start(struct aw_loop *l, struct aw_err *err)
{
    struct refill x = {l, err};
    struct aw_brakes *b = l->brakes = aw_calloc(1, sizeof(*b));
    uint8_t secret[32];
    aw_ms span;
    int r = aw_store_secret(l->store, "addresses", secret, err);

    if (r)
        return r;
    memcpy(b->key, secret, sizeof(b->key));
    b->books = aw_brake_new();
    r = aw_silences_start(l, err);
    if (r)
        return r;
    settings(l);
    span = aw_brake_span(&b->conf);
    if (b->rules_span > span)
        span = b->rules_span;
    if (span)
        r = aw_store_sent_since(l->store, l->now - span, refill, &x, err);
    aw_brakes_look_again(l); /* silences and pauses may have ended meanwhile */
    return r;
}

void aw_brakes_free(struct aw_loop *l)
{
    if (!l->brakes)
        return;
    aw_brake_free(l->brakes->books);
    aw_free(l->brakes);
}

/* --- let go before their time --------------------------------------------------------------- */

void aw_brakes_look_again(struct aw_loop *l)
{
    struct aw_brakes *b = l->brakes;

    b->again = b->walking;
    if (!b->walking)
        b->walk = (struct aw_later){.due = l->now};
    b->walking = true;
}

/* Whether something that may end early put off anything of the timeline. */
static bool waits(const struct aw_timeline *tl)
{
    for (unsigned i = 0; i < tl->n_tracks; i++) {
        const struct aw_track *t = &tl->tracks[i];
        if (!t->over && t->due != 0 &&
            (t->why == AW_WHY_CHANNEL || t->why == AW_WHY_SILENCE || t->why == AW_WHY_LIMIT ||
             t->why == AW_WHY_BRAKE))
            return true;
    }
    for (unsigned i = 0; i < tl->n_tries; i++)
        if (tl->tries[i].parked)
            return true;
    return false;
}

static int walk(struct aw_loop *l, bool *ret_more, struct aw_err *err)
{
    struct aw_brakes *b = l->brakes;
    struct aw_event ev = {.type = AW_EV_LET_GO};
    aw_id ids[WALK];
    unsigned n;
    int r = aw_store_later(l->store, &b->walk, ids, WALK, &n, err);

    for (unsigned i = 0; i < n && r == AW_OK; i++) {
        struct aw_msg *m;

        r = aw_store_timeline(l->store, ids[i], &l->tl, err);
        if (r || !waits(&l->tl))
            continue;
        r = aw_msg_get(l, ids[i] - l->tl.n, &m, err);
        if (r == AW_OK)
            r = aw_judge(l, m, &ev, "core", NULL, err);
    }
    b->walking = n == WALK || b->again;
    if (n < WALK && b->again)
        b->walk = (struct aw_later){.due = l->now};
    if (n < WALK)
        b->again = false;
    *ret_more = b->walking;
    return r;
}

int aw_brakes_turn(struct aw_loop *l, bool *ret_more, struct aw_err *err)
{
    struct aw_brakes *b = l->brakes;
    int r = AW_OK;

    *ret_more = false;
    if (l->silences_stale) {
        l->silences_stale = false;
        r = aw_silences_reread(l, err);
    }
    if (r == AW_OK && (l->now < b->tidied_at || l->now - b->tidied_at >= TIDY_EVERY)) {
        aw_brake_tidy(b->books, &b->conf, l->now);
        b->tidied_at = l->now;
        r = aw_silences_expire(l, err);
    }
    if (r == AW_OK)
        r = tell_storms(l, err);
    return r == AW_OK && b->walking ? walk(l, ret_more, err) : r;
}
