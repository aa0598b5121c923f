/* SPDX-License-Identifier: Apache-2.0
 *
 * Receipts asked for, channel by channel, those first whose next firing waits for the answer,
 * inside the account's budget of questions and never more than the provider says is left. A
 * question is about 100 attempts, or about the devices of one, where the account may ask so and the
 * budget has room for it. Poll rows are not audited: losing one costs a question.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/engine.h"
#include "daemon/loop_int.h"

#define ASKING_MAX  8 /* questions in flight per account */
#define AGAIN_PACE  (5 * AW_SECOND)
#define HINT_TIMES  3                /* that a hint makes us ask: reports lag behind callbacks */
#define URGENT_PAST AW_MINUTE        /* a firing that is late still waits for its answer */
#define URGENT_SOON (10 * AW_SECOND) /* firings so near go ahead of whatever is due longer */
#define BLOCKED_MAX AW_HOUR          /* a provider that names a later instant is asked again then */
#define DENIED_FOR  AW_HOUR
#define BUDGET      2400 /* questions a minute that an account has unless its answers say more */
#define BURST       20   /* of a minute's budget, this part may be used at once */

/* --- beginning and end of asking ----------------------------------------------------------------
 */

static bool is_vip(const struct aw_channel *ch)
{
    return aw_streq(aw_channel_get(ch, "tier"), "vip");
}

char *aw_poll_devices(const struct aw_send *s)
{
    struct aw_buf b = AW_BUF_INIT(AW_DEVICES_MAX - 1);

    if (!is_vip(s->channel))
        return NULL;
    for (unsigned i = 0; i < s->n_registration_ids; i++)
        aw_buf_printf(&b, "%s%s", i ? " " : "", s->registration_ids[i]);
    if (b.over)
        aw_buf_reset(&b);
    return aw_buf_take(&b, NULL);
}

/* What is asked about an attempt that a provider has taken; false when it cannot be asked. */
static bool watch(struct aw_loop *l, const struct aw_stored_attempt *a, struct aw_poll *p)
{
    const struct aw_channel *ch = aw_live_channel(l->live, a->channel);

    *p = (struct aw_poll){.timeline = a->message + a->n,
                          .attempt = a->id,
                          .answered = l->now,
                          .accepted = a->done_at ? a->done_at : l->now,
                          .level = a->level};
    if (!ch || !ch->provider->reports || !a->provider_id[0] ||
        strlen(a->provider_id) >= sizeof(p->provider_id))
        return false;
    memcpy(p->provider_id, a->provider_id, strlen(a->provider_id) + 1);
    memcpy(p->channel, a->channel, sizeof(p->channel));
    return true;
}

static int begin_one(struct aw_loop *l, struct aw_msg *m, const struct aw_fact *f,
                     struct aw_err *err)
{
    struct aw_stored_attempt *a = aw_malloc(sizeof(*a));
    const struct aw_flight *flight = aw_flight_find(l, f->attempt);
    struct aw_poll p;
    int r = aw_store_attempt(l->store, f->attempt, a, err);

    if (r == AW_OK && watch(l, a, &p)) {
        p.accepted = l->now;
        if (m->reg.already_sent && f->step == 0 && f->round == 1)
            p.accepted = m->reg.sent_at;
        if (flight && flight->devices)
            memcpy(p.devices, flight->devices, strlen(flight->devices) + 1);
        p.rule = m->row.rule;
        p.ask_at = l->up.ask_at;
        p.due = aw_check_next(&m->rule->check, p.accepted, 0, l->now);
        if (p.ask_at && (!p.due || p.ask_at < p.due))
            p.due = p.ask_at;
        p.urgent = p.ask_at ? l->tl.due : 0;
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

/* Not watched any more: a question whose answer may be evidence after the end. */
static int ask_once(struct aw_loop *l, const struct aw_stored_attempt *a, struct aw_err *err)
{
    struct aw_poll p;

    if (!watch(l, a, &p))
        return AW_OK;
    p.due = l->now;
    p.hinted = HINT_TIMES;
    return aw_store_poll_put(l->store, &p, err);
}

int aw_poll_hint(struct aw_loop *l, const struct aw_stored_attempt *a, struct aw_err *err)
{
    aw_id timeline = a->message + a->n;
    struct aw_asked *asked;
    struct aw_poll p;
    aw_time at = l->now;
    int r;

    if (a->level >= AW_DELIVERED) /* a report cannot say more */
        return AW_OK;
    HASH_FIND(hh, l->asked, &timeline, sizeof(timeline), asked);
    if (asked) {
        asked->hinted = true;
        return AW_OK;
    }
    r = aw_store_poll(l->store, timeline, a->id, &p, err);
    if (r == AW_ENOENT)
        return ask_once(l, a, err);
    if (r == AW_OK && p.n_asked && p.answered + AGAIN_PACE > at)
        at = p.answered + AGAIN_PACE; /* however often it is hinted */
    return r ? r : aw_store_poll_hint(l->store, timeline, a->id, at, HINT_TIMES, err);
}

/* --- the budget ---------------------------------------------------------------------------------
 */

/* In any minute at most the budget: what may be used at once, and the rest evenly. By default half
 * of what the account has, for others use it too. */
static void refill(struct aw_loop *l, struct aw_account *a, const struct aw_channel *ch)
{
    double all = (double)aw_channel_num(ch, "report_budget", (a->limit ? a->limit : BUDGET) / 2);
    double burst = all / BURST < 1 ? 1 : all / BURST, rate = all > 1 ? all - burst : all / 2;

    if (a->budget_at == 0)
        a->budget = burst;
    else if (l->now > a->budget_at) /* wall time may be set back */
        a->budget += (double)(l->now - a->budget_at) * rate / AW_MINUTE;
    if (a->blocked_till > l->now + BLOCKED_MAX)
        a->blocked_till = l->now;
    a->budget_at = l->now;
    a->budget_rate = rate;
    if (a->budget > burst)
        a->budget = burst;
}

static unsigned questions(const struct aw_loop *l, const struct aw_account *a)
{
    unsigned room = a->asking < ASKING_MAX ? ASKING_MAX - a->asking : 0;

    if (a->blocked_till > l->now || a->budget < 1)
        return 0;
    return a->budget < room ? (unsigned)a->budget : room;
}

/* When there may be another question, if now there is none. */
static aw_time next_question_at(const struct aw_loop *l, const struct aw_account *a)
{
    if (a->blocked_till > l->now)
        return a->blocked_till;
    if (a->budget < 1)
        return l->now + 1 + (aw_ms)((1 - a->budget) * AW_MINUTE / a->budget_rate);
    return l->now + AW_SECOND; /* answers make room, and wake us */
}

/* --- asking -------------------------------------------------------------------------------------
 */

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

bool aw_asked_end(struct aw_loop *l, aw_id timeline)
{
    struct aw_asked *a;
    bool hinted;

    HASH_FIND(hh, l->asked, &timeline, sizeof(timeline), a);
    if (!a)
        return false;
    hinted = a->hinted;
    if (--a->n == 0) {
        HASH_DEL(l->asked, a);
        aw_free(a);
    }
    return hinted;
}

/* Adds a poll to a question. Until the answer is back nobody asks again; if it never comes, this
 * is the next time. */
static int add(struct aw_loop *l, struct aw_query *q, struct aw_poll *p, struct aw_err *err)
{
    int r;

    q->items[q->n].timeline = p->timeline;
    q->items[q->n].attempt = p->attempt;
    q->items[q->n].sent = p->accepted;
    memcpy(q->items[q->n++].provider_id, p->provider_id, sizeof(p->provider_id));
    mark_asked(l, p->timeline);
    aw_fx_asked(l, p->timeline);
    p->due = l->now + q->channel->timeout + AGAIN_PACE;
    r = aw_store_poll_later(l->store, p, err);
    p->attempt = 0; /* asked */
    return r;
}

static struct aw_query *begin_query(struct aw_loop *l, const struct aw_channel *ch,
                                    struct aw_account *a, enum aw_ask what)
{
    struct aw_query *q = aw_calloc(1, sizeof(*q));

    q->channel = ch;
    q->what = what;
    q->now = l->now;
    a->asking++;
    l->opt.stats->queries++;
    aw_fx_query(l, q);
    return q;
}

/* One question about the devices of one attempt. */
static int ask_devices(struct aw_loop *l, const struct aw_channel *ch, struct aw_account *a,
                       struct aw_poll *p, struct aw_err *err)
{
    struct aw_query *q = begin_query(l, ch, a, AW_ASK_DEVICES);

    a->budget -= 1;
    q->n_asked = p->n_asked;
    memcpy(q->devices, p->devices, sizeof(q->devices));
    return add(l, q, p, err);
}

/* One question of up to 100 of the polls from `from` on. */
static int ask_counts(struct aw_loop *l, const struct aw_channel *ch, struct aw_account *a,
                      struct aw_poll *polls, unsigned n, struct aw_err *err)
{
    struct aw_query *q = begin_query(l, ch, a, AW_ASK_COUNTS);
    int r = AW_OK;

    a->budget -= 1;
    for (unsigned i = 0; i < n && q->n < AW_QUERY_MAX && r == AW_OK; i++)
        if (polls[i].attempt)
            r = add(l, q, &polls[i], err);
    return r;
}

/* The most urgent polls, as many as may be asked; each once. */
static int choose(struct aw_loop *l, const struct aw_channel *ch, unsigned max,
                  struct aw_poll *polls, unsigned *ret_n, struct aw_err *err)
{
    unsigned n_urgent, n_due = 0, n = 0;
    int r = aw_store_polls_urgent(l->store, ch->name, l->now, l->now - URGENT_PAST,
                                  l->now + URGENT_SOON, polls, max, &n_urgent, err);

    if (r == AW_OK)
        r = aw_store_polls_due(l->store, ch->name, l->now, polls + n_urgent, max, &n_due, err);
    if (r)
        return r;
    qsort(polls, n_urgent + n_due, sizeof(*polls), by_urgency);
    for (unsigned i = 0; i < n_urgent + n_due; i++)
        if (n == 0 || polls[i].attempt != polls[n - 1].attempt ||
            polls[i].timeline != polls[n - 1].timeline)
            polls[n++] = polls[i];
    *ret_n = n;
    return AW_OK;
}

static int ask(struct aw_loop *l, const struct aw_channel *ch, struct aw_account *a,
               struct aw_err *err)
{
    unsigned max = questions(l, a) * AW_QUERY_MAX, n = 0;
    struct aw_poll *polls = aw_malloc((size_t)2 * max * sizeof(*polls));
    int r = choose(l, ch, max, polls, &n, err);
    bool one_by_one = is_vip(ch) && a->denied_till <= l->now && n <= a->budget;

    for (unsigned i = 0; one_by_one && i < n && r == AW_OK && questions(l, a); i++)
        if (polls[i].devices[0])
            r = ask_devices(l, ch, a, &polls[i], err);
    for (unsigned i = 0; i < n && r == AW_OK && questions(l, a); i++)
        if (polls[i].attempt && !(one_by_one && polls[i].devices[0]))
            r = ask_counts(l, ch, a, polls + i, n - i, err);
    aw_free(polls);
    return r;
}

static void sooner(aw_time *next, aw_time t)
{
    if (t && (!*next || t < *next))
        *next = t;
}

static int ask_channel(struct aw_loop *l, const struct aw_channel *ch, struct aw_outlook *o,
                       struct aw_err *err)
{
    struct aw_account *a = aw_account(l, ch->name);
    aw_time due;
    int r = aw_store_next_poll(l->store, ch->name, &due, err);

    refill(l, a, ch);
    if (r == AW_OK && due && due <= l->now && questions(l, a)) {
        r = ask(l, ch, a, err);
        if (r == AW_OK)
            r = aw_store_next_poll(l->store, ch->name, &due, err);
    }
    if (r || !due)
        return r;
    o->overdue |= due <= l->now;
    sooner(&o->next_poll, due > l->now ? due : next_question_at(l, a));
    return AW_OK;
}

int aw_turn_polls(struct aw_loop *l, struct aw_outlook *o, struct aw_err *err)
{
    const struct aw_env_conf *conf = l->live->conf;
    int r = AW_OK;

    o->next_poll = 0;
    o->overdue = false;
    for (unsigned i = 0; i < conf->n_channels && r == AW_OK && !l->full; i++) {
        const struct aw_channel *ch = &conf->channels[i];

        if (ch->provider->reports)
            r = ask_channel(l, ch, o, err);
        else if (aw_streq(aw_channel_get(ch, "reports"), "pull"))
            aw_pull(l, ch, &o->next_poll);
    }
    return r;
}

/* --- answers ------------------------------------------------------------------------------------
 */

/* A row that does not know its rule is of a question after the end, or of an older layout. */
static int know_rule(struct aw_loop *l, struct aw_poll *p, struct aw_err *err)
{
    struct aw_msg *m;
    int r;

    if (p->rule)
        return AW_OK;
    r = aw_judge_load(l, p->timeline, &m, err);
    if (r || l->tl.state != AW_OPEN)
        return r;
    p->rule = m->row.rule;
    p->ask_at = aw_engine_ask_at(m->rule, &l->tl);
    return aw_store_poll_put(l->store, p, err);
}

/* Asked again when its rule says so, ahead of the firing that waits for it, or soon when something
 * happened while the answer was on its way. */
static int schedule(struct aw_loop *l, struct aw_poll *p, bool answered, bool hinted,
                    struct aw_err *err)
{
    const struct aw_channel *ch = aw_live_channel(l->live, p->channel);
    const struct aw_rule *rule;
    int r = know_rule(l, p, err);

    if (r)
        return r;
    rule = p->rule ? aw_rule_pinned(l, p->rule, err) : NULL;
    if (p->rule && !rule)
        return AW_ECORRUPT;
    p->n_asked++;
    if (answered)
        p->answered = l->now;
    p->due = rule ? aw_check_next(&rule->check, p->accepted, p->n_asked, l->now) : 0;
    if (rule && p->ask_at > l->now)
        sooner(&p->due, p->ask_at);
    p->hinted = hinted ? HINT_TIMES : p->hinted ? p->hinted - 1 : 0;
    if (p->hinted)
        sooner(&p->due, l->now + AGAIN_PACE);
    bool each = rule && rule->by_device && p->devices[0];           /* others may still get it */
    if (!p->due || (ch && p->level >= ch->provider->best && !each)) /* no more to learn */
        return aw_store_poll_delete(l->store, p->timeline, p->attempt, err);
    return aw_store_poll_later(l->store, p, err);
}

static int news(struct aw_loop *l, aw_id attempt, enum aw_level level, struct aw_err *err)
{
    struct aw_stored_attempt *a = aw_malloc(sizeof(*a));
    struct aw_event ev = {.type = AW_EV_EVIDENCE,
                          .level = level,
                          .source = AW_SRC_REPORT,
                          .attempt = attempt,
                          .at = l->now};
    struct aw_msg *m;
    int r = aw_store_attempt(l->store, attempt, a, err);

    if (r == AW_OK && level > a->level) {
        aw_watch_receipt(l, a->channel, a->level, level);
        ev.known = a->level;
        ev.person = a->person;
        r = aw_judge_load(l, a->message + a->n, &m, err);
        if (r == AW_OK)
            r = aw_judge(l, m, &ev, "core", NULL, err);
    }
    aw_free(a);
    return r;
}

/* What a report says of each device, where the rule asks for all of them. */
static int news_of_devices(struct aw_loop *l, const struct aw_report *rep, struct aw_err *err)
{
    struct aw_event ev = {.type = AW_EV_EVIDENCE,
                          .level = AW_DELIVERED,
                          .known = AW_DELIVERED,
                          .source = AW_SRC_REPORT,
                          .at = l->now};
    const char *p = rep->devices;
    int r = AW_OK;

    while (*p && r == AW_OK) {
        char id[AW_DEVICE_TEXT + 1];
        size_t n = strcspn(p, " ");
        struct aw_stored_device d;
        struct aw_msg *m;

        snprintf(id, sizeof(id), "%.*s", (int)n, p);
        p += n + (p[n] == ' ');
        r = aw_store_device_find(l->store, id, &d, err);
        if (r == AW_OK)
            r = aw_judge_load(l, rep->items[0].timeline, &m, err);
        if (r == AW_OK && aw_timeline_device(&l->tl, d.id)) {
            ev.attempt = rep->items[0].attempt;
            ev.person = l->tl.person;
            ev.device = d.id;
            r = aw_judge(l, m, &ev, "core", NULL, err);
        }
        r = r == AW_ENOENT ? AW_OK : r;
    }
    return r;
}

static int answer_one(struct aw_loop *l, const struct aw_report *rep, unsigned i,
                      struct aw_err *err)
{
    aw_id timeline = rep->items[i].timeline, attempt = rep->items[i].attempt;
    enum aw_level level = rep->items[i].level;
    bool hinted = aw_asked_end(l, timeline);
    struct aw_poll p;
    int r = aw_store_poll(l->store, timeline, attempt, &p, err);

    if ((r == AW_OK && level > p.level) || (r == AW_ENOENT && level)) {
        r = news(l, attempt, level, err);
        if (r == AW_OK)
            r = aw_store_poll(l->store, timeline, attempt, &p, err);
        if (r == AW_OK && level > p.level) {
            p.level = level;
            r = aw_store_poll_put(l->store, &p, err);
        }
    }
    if (r == AW_OK)
        r = schedule(l, &p, rep->answered, hinted, err);
    return r == AW_ENOENT ? AW_OK : r; /* its timeline has ended */
}

static void learn_limits(struct aw_loop *l, struct aw_account *acc, const struct aw_report *rep)
{
    if (rep->rate_limit > 0)
        acc->limit = rep->rate_limit;
    if ((rep->rate_remaining == 0 || rep->http_status == 429) && rep->rate_reset >= 0)
        acc->blocked_till =
            l->now +
            (rep->rate_reset < BLOCKED_MAX / AW_SECOND ? rep->rate_reset * AW_SECOND : BLOCKED_MAX);
    else if (!rep->answered && !rep->denied)
        acc->blocked_till = l->now + AW_SECOND;
    if (rep->rate_remaining >= 0 && acc->budget + acc->asking > rep->rate_remaining)
        acc->budget =
            rep->rate_remaining > (int)acc->asking ? rep->rate_remaining - (int)acc->asking : 0;
}

/* The account is no VIP's: counts are asked for instead. */
static int denied(struct aw_loop *l, struct aw_account *acc, const struct aw_report *rep,
                  struct aw_err *err)
{
    char text[512];

    if (!rep->denied)
        return AW_OK;
    acc->denied_till = l->now + DENIED_FOR;
    aw_log(AW_LOG_WARN, "report-denied", "channel=%s detail=\"%s\"", acc->name, rep->detail);
    aw_format(text, sizeof(text),
              "channel %s may not ask its provider for reports in this way (%s): see tier and "
              "reports in the environment file",
              acc->name, rep->detail);
    return aw_store_notice(l->store, "report-denied", text, err);
}

int aw_turn_report(struct aw_loop *l, struct aw_cmd *cmd, struct aw_err *err)
{
    const struct aw_report *rep = cmd->u.report;
    struct aw_account *acc = aw_account(l, rep->channel->name);
    int r;

    if (acc->asking)
        acc->asking--;
    r = denied(l, acc, rep, err);
    if (rep->what == AW_ASK_REPORTS || rep->what == AW_ASK_REPLIES) {
        aw_pulled(l, acc, rep);
        return r;
    }
    if (rep->what == AW_ASK_REVOKE && !rep->answered)
        aw_log(AW_LOG_WARN, "revoke-failed", "channel=%s http=%d detail=\"%s\"", acc->name,
               rep->http_status, rep->detail);
    if (rep->what == AW_ASK_REVOKE)
        return r;
    learn_limits(l, acc, rep);
    for (unsigned i = 0; i < rep->n && r == AW_OK; i++) {
        l->opt.stats->receipts += rep->answered;
        r = answer_one(l, rep, i, err);
    }
    if (r == AW_OK && rep->what == AW_ASK_DEVICES && rep->answered && rep->devices[0])
        r = news_of_devices(l, rep, err);
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
        q->what = AW_ASK_REVOKE;
        q->now = l->now;
        q->n = 1;
        q->items[0].attempt = a->id;
        memcpy(q->items[0].provider_id, polls[i].provider_id, sizeof(polls[i].provider_id));
        aw_account(l, ch->name)->asking++;
        aw_fx_query(l, q);
    }
    aw_free(a);
    return r == AW_ENOENT ? AW_OK : r;
}
