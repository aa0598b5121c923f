/* SPDX-License-Identifier: Apache-2.0
 *
 * Receipts asked for: up to 100 attempts a question, those first whose next firing waits for the
 * answer, inside the account's budget of questions a minute and never more than the provider says
 * is left. Poll rows are not audited: losing one costs a question.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "core/engine.h"
#include "daemon/loop_int.h"

#define LOOK_AHEAD  2000 /* due polls read in one turn and sorted by urgency */
#define ASKING_MAX  4    /* questions in flight per account */
#define AGAIN_PACE  (5 * AW_SECOND)
#define BLOCKED_MAX AW_HOUR /* a provider that names a later instant is asked again then */

/* --- beginning and end of asking
 * ------------------------------------------------------------------ */

static int begin_one(struct aw_loop *l, struct aw_msg *m, const struct aw_fact *f,
                     struct aw_err *err)
{
    struct aw_stored_attempt *a = aw_malloc(sizeof(*a));
    struct aw_poll p = {.timeline = l->tl.id, .attempt = f->attempt, .answered = l->now};
    const struct aw_channel *ch;
    int r = aw_store_attempt(l->store, f->attempt, a, err);

    ch = r == AW_OK ? aw_live_channel(l->live, a->channel) : NULL;
    if (r == AW_OK && ch && ch->provider->reports && a->provider_id[0] &&
        strlen(a->provider_id) < sizeof(p.provider_id)) {
        p.accepted = l->now;
        if (m->reg.already_sent && f->step == 0 && f->round == 1)
            p.accepted = m->reg.sent_at;
        memcpy(p.provider_id, a->provider_id, strlen(a->provider_id) + 1);
        memcpy(p.channel, a->channel, sizeof(p.channel));
        p.due = aw_check_next(&m->rule->check, p.accepted, 0, l->now);
        if (l->up.ask_at && (!p.due || l->up.ask_at < p.due))
            p.due = l->up.ask_at;
        p.urgent = l->up.ask_at ? l->tl.due : 0;
        if (p.due)
            r = aw_store_poll_put(l->store, &p, err);
    }
    aw_free(a);
    return r == AW_ENOENT ? AW_OK : r;
}

int aw_poll_begin(struct aw_loop *l, struct aw_msg *m, struct aw_err *err)
{
    int r = AW_OK;

    for (unsigned i = 0; i < l->up.n_facts && r == AW_OK; i++) {
        const struct aw_fact *f = &l->up.facts[i];

        if (f->type == AW_FACT_OUTCOME && f->outcome == AW_OUT_ACCEPTED && f->kind == AW_PUSH &&
            l->tl.state == AW_OPEN)
            r = begin_one(l, m, f, err);
    }
    return r;
}

/* --- asking
 * ----------------------------------------------------------------------------------------- */

static int by_urgency(const void *pa, const void *pb)
{
    const struct aw_poll *a = pa, *b = pb;
    aw_time ua = a->urgent ? a->urgent : INT64_MAX, ub = b->urgent ? b->urgent : INT64_MAX;

    if (ua != ub)
        return ua < ub ? -1 : 1;
    if (a->due != b->due)
        return a->due < b->due ? -1 : 1;
    return a->attempt < b->attempt ? -1 : a->attempt > b->attempt;
}

/* A bucket of one minute's budget, filled evenly. */
static bool may_ask(struct aw_loop *l, struct aw_account *a, const struct aw_channel *ch,
                    aw_time *ret_when)
{
    double per_minute = (double)aw_channel_num(ch, "report_budget", 1200);

    if (a->budget_at == 0)
        a->budget = per_minute / 60 + 1;
    else if (l->now > a->budget_at) /* wall time may be set back */
        a->budget += (double)(l->now - a->budget_at) * per_minute / AW_MINUTE;
    else if (a->blocked_till > l->now + BLOCKED_MAX)
        a->blocked_till = l->now;
    a->budget_at = l->now;
    if (a->budget > per_minute)
        a->budget = per_minute;
    *ret_when = a->blocked_till > l->now ? a->blocked_till : l->now + AW_SECOND;
    return a->asking < ASKING_MAX && a->blocked_till <= l->now && a->budget >= 1;
}

static void mark_asked(struct aw_loop *l, aw_id timeline)
{
    struct aw_asked *a;

    HASH_FIND(hh, l->asked, &timeline, sizeof(timeline), a);
    if (!a) {
        a = aw_calloc(1, sizeof(*a));
        a->timeline = timeline;
        HASH_ADD(hh, l->asked, timeline, sizeof(a->timeline), a);
    }
    a->n++;
}

void aw_asked_end(struct aw_loop *l, aw_id timeline)
{
    struct aw_asked *a;

    HASH_FIND(hh, l->asked, &timeline, sizeof(timeline), a);
    if (a && --a->n == 0) {
        HASH_DEL(l->asked, a);
        aw_free(a);
    }
}

/* One question of up to 100 of the polls from `from` on that belong to its channel. */
static int ask(struct aw_loop *l, const struct aw_channel *ch, struct aw_poll *polls, unsigned n,
               struct aw_err *err)
{
    struct aw_query *q = aw_calloc(1, sizeof(*q));
    int r = AW_OK;

    q->channel = ch;
    for (unsigned i = 0; i < n && q->n < AW_QUERY_MAX && r == AW_OK; i++) {
        struct aw_poll *p = &polls[i];

        if (!p->attempt || !aw_streq(p->channel, ch->name))
            continue;
        q->items[q->n].attempt = p->attempt;
        q->items[q->n].sent = p->accepted;
        memcpy(q->items[q->n].provider_id, p->provider_id, sizeof(p->provider_id));
        q->n++;
        /* Until the answer is back nobody asks again; if it never comes, this is the next time. */
        p->due = l->now + ch->timeout + AGAIN_PACE;
        r = aw_store_poll_put(l->store, p, err);
        mark_asked(l, p->timeline);
        aw_fx_asked(l, p->timeline);
        p->attempt = 0;
    }
    l->opt.stats->queries++;
    aw_fx_query(l, q);
    return r;
}

int aw_turn_polls(struct aw_loop *l, aw_time *ret_next, struct aw_err *err)
{
    struct aw_poll *polls;
    unsigned n = 0;
    int r;

    *ret_next = 0;
    if (l->full)
        return AW_OK;
    polls = aw_malloc(LOOK_AHEAD * sizeof(*polls));
    r = aw_store_polls_due(l->store, l->now, polls, LOOK_AHEAD, &n, err);
    if (r == AW_OK)
        qsort(polls, n, sizeof(*polls), by_urgency);
    for (unsigned i = 0; i < n && r == AW_OK; i++) {
        const struct aw_channel *ch;
        struct aw_account *a;
        aw_time when;

        if (!polls[i].attempt)
            continue;
        ch = aw_live_channel(l->live, polls[i].channel);
        if (!ch) {
            r = aw_store_poll_delete(l->store, polls[i].timeline, polls[i].attempt, err);
            continue;
        }
        a = aw_account(l, ch->name);
        if (may_ask(l, a, ch, &when)) {
            a->budget -= 1;
            a->asking++;
            r = ask(l, ch, polls + i, n - i, err);
        } else if (!*ret_next || when < *ret_next) {
            *ret_next = when;
        }
    }
    aw_free(polls);
    return r;
}

/* --- answers
 * ------------------------------------------------------------------------------------------ */

static int next_question(struct aw_loop *l, struct aw_poll *p, const struct aw_msg *m,
                         bool answered, struct aw_err *err)
{
    aw_time ask_at;

    if (l->tl.state != AW_OPEN)
        return aw_store_polls_end(l->store, p->timeline, err);
    ask_at = aw_engine_ask_at(m->rule, &l->tl);
    if (answered)
        p->answered = l->now;
    p->n_asked++;
    p->due = aw_check_next(&m->rule->check, p->accepted, p->n_asked, l->now);
    if (ask_at > l->now && (!p->due || ask_at < p->due))
        p->due = ask_at;
    p->urgent = ask_at ? l->tl.due : 0;
    return p->due ? aw_store_poll_put(l->store, p, err)
                  : aw_store_poll_delete(l->store, p->timeline, p->attempt, err);
}

static int poll_of(struct aw_loop *l, aw_id timeline, aw_id attempt, struct aw_poll *ret,
                   struct aw_err *err)
{
    struct aw_poll list[32];
    unsigned n;
    int r = aw_store_polls_of(l->store, timeline, list, AW_COUNT(list), &n, err);

    for (unsigned i = 0; r == AW_OK && i < n; i++)
        if (list[i].attempt == attempt) {
            *ret = list[i];
            return AW_OK;
        }
    return r ? r : AW_ENOENT;
}

static int answer_one(struct aw_loop *l, const struct aw_report *rep, unsigned i,
                      const struct aw_stored_attempt *a, struct aw_err *err)
{
    struct aw_event ev = {.type = AW_EV_EVIDENCE,
                          .level = rep->items[i].level,
                          .source = AW_SRC_REPORT,
                          .known = a->level,
                          .attempt = a->id,
                          .person = a->person,
                          .at = l->now};
    struct aw_poll p;
    struct aw_msg *m;
    int r;

    aw_asked_end(l, a->message + a->n);
    r = aw_judge_load(l, a->message + a->n, &m, err);
    if (r)
        return r;
    l->up.n_facts = 0;
    if (ev.level > ev.known)
        r = aw_judge(l, m, &ev, "core", NULL, err);
    if (r == AW_OK)
        r = poll_of(l, l->tl.id, a->id, &p, err);
    if (r == AW_OK)
        r = next_question(l, &p, m, rep->answered, err);
    return r == AW_ENOENT ? AW_OK : r;
}

int aw_turn_report(struct aw_loop *l, struct aw_cmd *cmd, struct aw_err *err)
{
    const struct aw_report *rep = cmd->u.report;
    struct aw_account *acc = aw_account(l, rep->channel->name);
    struct aw_stored_attempt *a = aw_malloc(sizeof(*a));
    int r = AW_OK;

    if (acc->asking)
        acc->asking--;
    if ((rep->rate_remaining == 0 || rep->http_status == 429) && rep->rate_reset >= 0)
        acc->blocked_till =
            l->now +
            (rep->rate_reset < BLOCKED_MAX / AW_SECOND ? rep->rate_reset * AW_SECOND : BLOCKED_MAX);
    else if (!rep->answered)
        acc->blocked_till = l->now + AW_SECOND;
    if (rep->rate_remaining >= 0 && acc->budget + acc->asking > rep->rate_remaining)
        acc->budget =
            rep->rate_remaining > (int)acc->asking ? rep->rate_remaining - (int)acc->asking : 0;
    for (unsigned i = 0; i < rep->n && r == AW_OK; i++) {
        l->opt.stats->receipts += rep->answered;
        r = aw_store_attempt(l->store, rep->items[i].attempt, a, err);
        if (r == AW_OK)
            r = answer_one(l, rep, i, a, err);
        if (r == AW_ENOENT)
            r = AW_OK;
    }
    aw_free(a);
    return r;
}

/* --- taking back ---------------------------------------------------------------------------------
 */

/* The pushes of l->tl that are still watched and not known to be received are taken back. They
 * are read before the cancel, which ends the watching. */
int aw_polls_revoke(struct aw_loop *l, const struct aw_poll *polls, unsigned n, struct aw_err *err)
{
    struct aw_stored_attempt *a = aw_malloc(sizeof(*a));
    int r = AW_OK;

    for (unsigned i = 0; i < n && r == AW_OK; i++) {
        const struct aw_channel *ch = aw_live_channel(l->live, polls[i].channel);
        struct aw_query *q;

        r = aw_store_attempt(l->store, polls[i].attempt, a, err);
        if (r || !ch || a->level >= AW_DELIVERED)
            continue;
        q = aw_calloc(1, sizeof(*q));
        q->channel = ch;
        q->revoke = true;
        q->n = 1;
        q->items[0].attempt = a->id;
        memcpy(q->items[0].provider_id, polls[i].provider_id, sizeof(polls[i].provider_id));
        aw_account(l, ch->name)->asking++;
        aw_fx_query(l, q);
    }
    aw_free(a);
    return r == AW_ENOENT ? AW_OK : r;
}
