/* SPDX-License-Identifier: Apache-2.0
 *
 * Folding entries. Nothing in them is trusted: what cannot follow is a finding, and the fold goes
 * on with the rest.
 */
#include "store/verify_fold.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "core/engine.h"
#include "core/rule.h"
#include "store/fact.h"

#define MAX_WORDS 65536 /* beyond, entries name too much to be ours */

/* --- lists ---------------------------------------------------------------------------------- */

/* Sequences begin at 0, keys of the index at 1. */
static int64_t key(int64_t id)
{
    return (int64_t)((uint64_t)id + 1);
}

void *aw_folded_find(const struct aw_folded *l, int64_t id)
{
    int64_t *at = id < 0 ? NULL : aw_idmap_find(&l->index, key(id));
    return at ? (char *)l->p + (size_t)*at * l->size : NULL;
}

/* A new one (zero), or NULL when the id is taken or odd. */
static void *add(struct aw_folded *l, int64_t id)
{
    if (id < 0 || aw_idmap_find(&l->index, key(id)))
        return NULL;
    if (l->n == l->cap) {
        l->cap = l->cap ? 2 * l->cap : 64;
        l->p = aw_realloc(l->p, l->cap * l->size);
    }
    void *p = (char *)l->p + l->n * l->size;
    memset(p, 0, l->size);
    aw_idmap_put(&l->index, key(id), (int64_t)l->n++);
    return p;
}

static void folded_free(struct aw_folded *l)
{
    aw_free(l->p);
    aw_idmap_free(&l->index);
}

/* One copy of each of the few texts that repeat. */
static const char *word(struct aw_fold *f, const char *s)
{
    if (!s)
        s = "";
    for (size_t i = f->n_words; i-- > 0;)
        if (strcmp(f->words[i], s) == 0)
            return f->words[i];
    if (f->n_words == MAX_WORDS)
        return "";
    if ((f->n_words & (f->n_words - 1)) == 0)
        f->words = aw_realloc(f->words, (f->n_words ? 2 * f->n_words : 1) * sizeof *f->words);
    return f->words[f->n_words++] = aw_strdup(s);
}

struct aw_fold *aw_fold_new(struct aw_verifier *v)
{
    struct aw_fold *f = aw_calloc(1, sizeof *f);
    f->v = v;
    f->messages.size = sizeof(struct aw_fold_message);
    f->timelines.size = sizeof(struct aw_fold_timeline);
    f->attempts.size = sizeof(struct aw_fold_attempt);
    f->persons.size = sizeof(struct aw_fold_person);
    f->evidence.size = sizeof(struct aw_fold_evidence);
    f->details.size = f->keys.size = f->rulesets.size = sizeof(struct aw_fold_detail);
    f->downtimes.size = sizeof(struct aw_fold_downtime);
    f->numbers.size = sizeof(struct aw_fold_number);
    f->holds.size = sizeof(struct aw_fold_hold);
    f->silences.size = sizeof(struct aw_fold_silence);
    f->devices.size = sizeof(struct aw_fold_device);
    f->rules_seq = -1;
    return f;
}

void aw_fold_free(struct aw_fold *f)
{
    if (!f)
        return;
    struct aw_fold_timeline *tls = f->timelines.p;
    struct aw_fold_attempt *attempts = f->attempts.p;
    for (size_t i = 0; i < f->timelines.n; i++)
        aw_free(tls[i].plan);
    for (size_t i = 0; i < f->attempts.n; i++) {
        aw_free(attempts[i].provider_id);
        aw_free(attempts[i].detail);
    }
    for (size_t i = 0; i < f->n_words; i++)
        aw_free(f->words[i]);
    aw_free(f->words);
    folded_free(&f->messages);
    folded_free(&f->timelines);
    folded_free(&f->attempts);
    folded_free(&f->persons);
    folded_free(&f->evidence);
    folded_free(&f->details);
    folded_free(&f->rulesets);
    folded_free(&f->keys);
    folded_free(&f->downtimes);
    folded_free(&f->numbers);
    folded_free(&f->holds);
    folded_free(&f->silences);
    folded_free(&f->devices);
    aw_free(f);
}

static void found(struct aw_fold *f, const struct aw_entry *e, const char *what)
{
    char place[96];
    snprintf(place, sizeof place, "log %lld", (long long)e->seq);
    aw_verifier_found(f->v, e->seq, place, "%s %s", aw_entry_kind_name(e->kind), what);
}

/* --- timelines ------------------------------------------------------------------------------ */

static aw_id timeline_id(const struct aw_entry *e, unsigned n)
{
    return (aw_id)((uint64_t)e->msg + n);
}

/* Folds a fact into the kept form. */
static bool fold_fact(struct aw_fold *f, struct aw_fold_timeline *t, const struct aw_fact *fact)
{
    struct aw_timeline *tl = &f->scratch;
    uint8_t plan[AW_PLAN_MAX];

    tl->id = t->id;
    tl->n = t->n;
    tl->person = t->person;
    tl->state = (enum aw_state)t->state;
    tl->level = (enum aw_level)t->level;
    tl->due = t->due;
    tl->late = t->late;
    tl->last = t->last;
    if (!t->plan) /* before its first fact */
        aw_timeline_init(tl, t->id - t->n, t->n, t->person);
    else if (aw_plan_decode(tl, t->plan, t->n_plan))
        return false;
    if (aw_timeline_apply(tl, fact))
        return false;
    size_t n = aw_plan_encode(tl, plan, sizeof plan);
    if (!n)
        return false;
    if (!t->plan || n != t->n_plan)
        t->plan = aw_realloc(t->plan, n);
    memcpy(t->plan, plan, n);
    t->n_plan = (uint16_t)n;
    t->state = (uint8_t)tl->state;
    t->level = (uint8_t)tl->level;
    t->due = tl->due;
    t->late = tl->late;
    return true;
}

static void fold_person_named(struct aw_fold *f, const struct aw_entry *e, unsigned i)
{
    const struct aw_fold_person *p = aw_folded_find(&f->persons, e->persons[i]);
    if (!p)
        found(f, e, "names a person that no entry made");
    else if (!e->person_commitments ||
             memcmp(p->user, e->person_commitments[i], sizeof p->user) != 0)
        found(f, e, "does not carry the commitment of the person");
}

static void fold_registered(struct aw_fold *f, const struct aw_entry *e)
{
    struct aw_fold_message *m = add(&f->messages, e->msg);
    struct aw_fact fact;

    if (!m || !e->rule || !e->sha256 || !e->content || e->needed < 0 ||
        (unsigned)e->needed > e->n_persons || aw_fact_from_entry(e, &fact)) {
        found(f, e, m ? "lacks members" : "registers a message again");
        return;
    }
    m->id = e->msg;
    m->seq = e->seq;
    m->registered = e->registered;
    m->last_at = e->ts;
    m->n = e->n_persons;
    m->needed = (unsigned)e->needed;
    m->pruned = -1;
    m->rule = word(f, e->rule);
    memcpy(m->sha256, e->sha256, sizeof m->sha256);
    memcpy(m->content, e->content, sizeof m->content);
    for (unsigned i = 0; i < e->n_persons; i++) {
        struct aw_fold_timeline *t = add(&f->timelines, timeline_id(e, i));
        fold_person_named(f, e, i);
        if (!t)
            continue; /* the chains told it */
        t->id = timeline_id(e, i);
        t->n = (uint16_t)i;
        t->person = e->persons[i];
        t->last = e->seq;
        t->bad = !fold_fact(f, t, &fact);
        if (t->bad)
            found(f, e, "cannot open a timeline");
    }
}

/* False when a timeline was found out before: then there is nothing to compare. */
static bool count(const struct aw_fold *f, const struct aw_fold_message *m,
                  unsigned ret[AW_N_STATES])
{
    memset(ret, 0, AW_N_STATES * sizeof *ret);
    for (unsigned i = 0; i < m->n; i++) {
        const struct aw_fold_timeline *t =
            aw_folded_find(&f->timelines, (aw_id)((uint64_t)m->id + i));
        if (!t || t->bad)
            return false;
        ret[t->state]++;
    }
    return true;
}

/* Nobody is left open when a message has ended, also when a part of them confirms it. */
static void fold_message_ended(struct aw_fold *f, const struct aw_entry *e)
{
    const struct aw_fold_message *m = aw_folded_find(&f->messages, e->msg);
    unsigned counts[AW_N_STATES];

    if (m && !count(f, m, counts))
        return;
    if (!m || counts[AW_OPEN] ||
        !aw_streq(e->state, aw_state_name(aw_message_fold(m->needed, counts))))
        found(f, e, "is not what the timelines of the message make");
}

/* --- retention ------------------------------------------------------------------------------ */

int64_t aw_fold_pruned(const struct aw_fold *f, aw_id timeline)
{
    const struct aw_fold_timeline *t = aw_folded_find(&f->timelines, timeline);
    const struct aw_fold_message *m = t ? aw_folded_find(&f->messages, t->id - t->n) : NULL;
    return m ? m->pruned : -1;
}

/* A message may go when it is closed and nothing was written about it for the least retention. */
static const char *may_not_go(const struct aw_fold *f, const struct aw_fold_message *m,
                              const struct aw_entry *e)
{
    if (!m)
        return "prunes a message that was never registered";
    if (m->pruned >= 0)
        return "prunes a message again";
    for (unsigned i = 0; i < m->n; i++) {
        const struct aw_fold_timeline *t = aw_folded_find(&f->timelines, timeline_id(e, i));
        if (t && (t->state == AW_OPEN || t->due))
            return "prunes a message that is still open";
    }
    if (e->ts - m->last_at < AW_RETENTION_LEAST)
        return "prunes a message before the least retention has passed";
    return NULL;
}

static void fold_pruned(struct aw_fold *f, const struct aw_entry *e)
{
    struct aw_fold_message *m = aw_folded_find(&f->messages, e->msg);
    const char *why = may_not_go(f, m, e);
    if (why) { /* its rows are expected to be there */
        found(f, e, why);
        return;
    }
    for (unsigned i = 0; i < m->n; i++) {
        struct aw_fold_timeline *t = aw_folded_find(&f->timelines, timeline_id(e, i));
        aw_free(t ? t->plan : NULL);
        if (t)
            t->plan = NULL;
    }
    m->pruned = e->seq;
    f->n_pruned++;
}

/* From here on the body is another one; only that of a closed message may change. */
static void fold_redacted(struct aw_fold *f, const struct aw_entry *e)
{
    struct aw_fold_message *m = aw_folded_find(&f->messages, e->msg);
    const char *why = !m || m->pruned >= 0 || !e->content ? "is about no body that is kept" : NULL;
    for (unsigned i = 0; !why && i < m->n; i++) {
        const struct aw_fold_timeline *t = aw_folded_find(&f->timelines, timeline_id(e, i));
        if (t && (t->state == AW_OPEN || t->due))
            why = "changes the body of a message that is still open";
    }
    if (why) {
        found(f, e, why);
        return;
    }
    m->seq = e->seq;
    memcpy(m->content, e->content, sizeof m->content);
}

/* --- rows beside the timelines -------------------------------------------------------------- */

static void fold_claimed(struct aw_fold *f, const struct aw_entry *e, const struct aw_fact *fact,
                         struct aw_fold_timeline *t)
{
    struct aw_fold_attempt *a = add(&f->attempts, fact->attempt), *carrier;
    if (!a) {
        found(f, e, "claims an attempt again");
        return;
    }
    a->id = fact->attempt;
    a->ref = fact->ref;
    a->msg = e->msg;
    a->n = t->n;
    a->previous = t->tried;
    a->merged_into = e->merged_into;
    a->seq = e->seq;
    a->person = fact->person;
    a->at = e->ts;
    a->step_id = word(f, e->step);
    a->channel = word(f, e->channel);
    a->step = fact->step;
    a->kind = fact->kind;
    a->round = fact->round;
    a->number = fact->number;
    t->tried = a->id;
    if (!e->merged_into)
        return;
    carrier = aw_folded_find(&f->attempts, e->merged_into);
    if (!carrier || carrier == a) {
        found(f, e, "is merged into an attempt that is not there");
        return;
    }
    a->shared = carrier->shared;
    carrier->shared = a->id;
}

static void fold_outcome(struct aw_fold *f, const struct aw_entry *e, const struct aw_fact *fact)
{
    struct aw_fold_attempt *a = aw_folded_find(&f->attempts, fact->attempt);
    if (!a) {
        found(f, e, "is about an attempt that was never claimed");
        return;
    }
    a->seq = e->seq;
    a->outcome = (uint8_t)fact->outcome;
    a->done_at = e->ts;
    a->http_status = e->http_status;
    a->code = e->code;
    if (e->provider_id) {
        aw_free(a->provider_id);
        a->provider_id = aw_strdup(e->provider_id);
    }
    aw_free(a->detail);
    a->detail = e->text ? aw_strdup(e->text) : NULL;
}

static void fold_evidence(struct aw_fold *f, const struct aw_entry *e, const struct aw_fact *fact)
{
    struct aw_fold_evidence *v = add(&f->evidence, e->seq);
    struct aw_fold_attempt *a = aw_folded_find(&f->attempts, fact->attempt);
    if (!v)
        return;
    v->seq = e->seq;
    v->timeline = timeline_id(e, (unsigned)e->n);
    v->attempt = fact->attempt;
    v->person = fact->person;
    v->at = fact->at;
    v->level = (uint8_t)fact->level;
    v->source = (uint8_t)fact->source;
    if (a && fact->level > a->level) {
        a->level = (uint8_t)fact->level;
        a->seq = e->seq;
    }
}

static void fold_detail(struct aw_fold *f, const struct aw_entry *e)
{
    struct aw_fold_detail *d = add(&f->details, e->seq);
    if (!d)
        return;
    d->id = d->seq = e->seq;
    d->timeline = e->msg && e->n >= 0 ? timeline_id(e, (unsigned)e->n) : 0;
    memcpy(d->content, e->content, sizeof d->content);
}

static void fold_person(struct aw_fold *f, const struct aw_entry *e)
{
    struct aw_fold_person *p;
    if (!e->persons || e->n_persons != 1) {
        found(f, e, "names no person");
        return;
    }
    p = aw_folded_find(&f->persons, e->persons[0]);
    if (!p && (p = add(&f->persons, e->persons[0])) == NULL) {
        found(f, e, "names no person");
        return;
    }
    p->id = e->persons[0];
    p->seq = e->seq;
    if (e->person_commitments)
        memcpy(p->user, e->person_commitments[0], sizeof p->user);
    p->has_contact = e->content != NULL;
    if (e->content)
        memcpy(p->contact, e->content, sizeof p->contact);
    p->erased = aw_streq(e->why, "erased");
}

/* Who is logged in on a device; a logout names whose session it was. */
static void fold_session(struct aw_fold *f, const struct aw_entry *e)
{
    struct aw_fold_device *d = aw_folded_find(&f->devices, e->device);
    struct aw_fold_person *p = aw_folded_find(&f->persons, e->person);
    bool forgotten = aw_streq(e->why, "forgotten");

    if ((!d && (d = add(&f->devices, e->device)) == NULL) || (!forgotten && !e->content) ||
        d->forgotten || (e->person && !p)) {
        found(f, e, "names no device or person that there is");
        return;
    }
    d->id = e->device;
    d->seq = e->seq;
    d->person = aw_streq(e->why, "login") ? e->person : 0;
    d->forgotten = forgotten;
    if (e->content)
        memcpy(d->content, e->content, sizeof d->content);
    if (p && !p->reported)
        p->reported = e->seq;
}

static void fold_key(struct aw_fold *f, const struct aw_entry *e)
{
    struct aw_fold_detail *k = aw_folded_find(&f->keys, e->key);
    if ((!k && (k = add(&f->keys, e->key)) == NULL) || !e->sha256) {
        found(f, e, "names no key");
        return;
    }
    k->id = e->key;
    k->seq = e->seq;
    memcpy(k->content, e->sha256, sizeof k->content);
}

static void fold_downtime(struct aw_fold *f, const struct aw_entry *e)
{
    struct aw_fold_downtime *d = add(&f->downtimes, e->seq);
    if (!d)
        return;
    d->seq = e->seq;
    d->from = e->from;
    d->to = e->to;
}

static void fold_number(struct aw_fold *f, const struct aw_entry *e)
{
    struct aw_fold_number *n = e->content ? add(&f->numbers, e->seq) : NULL;
    if (!n || !(aw_streq(e->why, "out") || aw_streq(e->why, "in"))) {
        found(f, e, "names no number");
        return;
    }
    n->seq = e->seq;
    n->out = aw_streq(e->why, "out");
    memcpy(n->number, e->content, sizeof n->number);
}

/* Words are kept once each, so equal ones are the same. */
static void fold_channel(struct aw_fold *f, const struct aw_entry *e)
{
    const char *channel = word(f, e->channel), *state = word(f, e->state);
    bool resumed = aw_streq(state, "resumed");
    struct aw_fold_hold *h = f->holds.p;

    if (!resumed && !aw_streq(state, "paused") && !aw_streq(state, "stopped"))
        return; /* its breaker: nothing is kept */
    for (size_t i = 0; i < f->holds.n; i++)
        if (h[i].channel == channel && (resumed || h[i].state == state))
            h[i].over = true;
    if (resumed || (h = add(&f->holds, e->seq)) == NULL)
        return;
    *h = (struct aw_fold_hold){
        .seq = e->seq, .channel = channel, .state = state, .since = e->ts, .until = e->to};
}

static void fold_silence(struct aw_fold *f, const struct aw_entry *e)
{
    bool begun = aw_streq(e->state, "begun");
    struct aw_fold_silence *s =
        begun ? add(&f->silences, e->seq) : aw_folded_find(&f->silences, e->key);

    if (!s || (begun ? !e->text : s->over)) {
        found(f, e, "ends a silence that does not stand");
        return;
    }
    s->over = !begun;
    if (!begun)
        return;
    s->seq = e->seq;
    s->app = word(f, e->text);
    s->since = e->from;
    s->until = e->to;
}

static void fold_rules(struct aw_fold *f, const struct aw_entry *e)
{
    if (!e->content)
        return;
    f->rules_seq = e->seq;
    memcpy(f->rules, e->content, sizeof f->rules);
    struct aw_fold_detail *set = add(&f->rulesets, e->seq);
    if (set)
        memcpy(set->content, e->content, sizeof set->content);
}

/* --- dispatch ------------------------------------------------------------------------------- */

static void fold_timeline(struct aw_fold *f, const struct aw_entry *e)
{
    struct aw_fold_timeline *t = aw_folded_find(&f->timelines, timeline_id(e, (unsigned)e->n));
    struct aw_fold_message *m = aw_folded_find(&f->messages, e->msg);
    struct aw_fact fact;
    int r = aw_fact_from_entry(e, &fact);

    if (!t || !m)
        return; /* the chains told it */
    if (m->pruned >= 0) {
        found(f, e, "is about a message whose rows were pruned");
        return;
    }
    m->last_at = e->ts;
    t->last = e->seq;
    if (r == AW_ENOENT)
        return;
    if (r == 0 && fact.type == AW_FACT_CLAIMED)
        fold_claimed(f, e, &fact, t);
    if (r == 0 && fact.type == AW_FACT_OUTCOME)
        fold_outcome(f, e, &fact);
    if (r == 0 && fact.type == AW_FACT_EVIDENCE)
        fold_evidence(f, e, &fact);
    if (!t->bad && (r || !fold_fact(f, t, &fact))) {
        t->bad = true;
        found(f, e, "cannot follow the entries before it");
    }
}

void aw_fold_entry(struct aw_fold *f, const struct aw_entry *e)
{
    switch (e->kind) {
    case AW_ENTRY_REGISTERED:
        fold_registered(f, e);
        return;
    case AW_ENTRY_PERSON:
        fold_person(f, e);
        return;
    case AW_ENTRY_SESSION:
        fold_session(f, e);
        return;
    case AW_ENTRY_KEY:
        fold_key(f, e);
        return;
    case AW_ENTRY_NUMBER:
        fold_number(f, e);
        return;
    case AW_ENTRY_RULES:
        fold_rules(f, e);
        return;
    case AW_ENTRY_PRUNED:
        fold_pruned(f, e);
        return;
    case AW_ENTRY_REDACTED:
        fold_redacted(f, e);
        return;
    case AW_ENTRY_DOWNTIME:
        fold_downtime(f, e);
        break;
    case AW_ENTRY_CHANNEL:
        fold_channel(f, e);
        break;
    case AW_ENTRY_SILENCE:
        fold_silence(f, e);
        break;
    case AW_ENTRY_MESSAGE_ENDED:
        fold_message_ended(f, e);
        break;
    default:
        break;
    }
    if (e->content)
        fold_detail(f, e);
    if (e->msg && e->n >= 0)
        fold_timeline(f, e);
}
