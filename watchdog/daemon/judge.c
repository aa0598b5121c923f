/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "daemon/loop_int.h"

#define LOOK_AGAIN                                                                                 \
    (5 * AW_MINUTE) /* what was claimed is not let go by a resume: it looks itself                 \
                     */

int aw_judge_load(struct aw_loop *l, aw_id timeline, struct aw_msg **ret, struct aw_err *err)
{
    int r = aw_store_timeline(l->store, timeline, &l->tl, err);

    return r ? r : aw_msg_get(l, timeline - l->tl.n, ret, err);
}

static int know_spans(struct aw_loop *l, struct aw_err *err)
{
    int r = AW_OK;

    if (!l->spans_known)
        r = aw_store_downtimes(l->store, 0, l->spans, AW_COUNT(l->spans), &l->n_spans, err);
    l->spans_known = r == AW_OK;
    return r;
}

static void env_init(struct aw_loop *l, const struct aw_world *world, enum aw_priority priority,
                     struct aw_env *env)
{
    struct aw_asked *asked;

    HASH_FIND(hh, l->asked, &l->tl.id, sizeof(l->tl.id), asked);
    memset(env, 0, sizeof(*env));
    env->now = l->now;
    env->seed = l->opt.seed;
    env->ids = aw_store_ids(l->store);
    env->world = world;
    env->priority = priority;
    env->downtimes = l->spans;
    env->n_downtimes = l->n_spans;
    env->querying = asked != NULL;
}

int aw_judge_open(struct aw_loop *l, const struct aw_rule *rule, struct aw_view *v,
                  const struct aw_event *ev, struct aw_fact *ret, struct aw_err *err)
{
    struct aw_world world;
    struct aw_env env;

    aw_view_world(v, &world);
    env_init(l, &world, v->reg->priority, &env);
    env.n_downtimes = 0;
    if (aw_engine_step(rule, &l->tl, ev, &env, &l->up) || l->up.n_facts == 0 ||
        l->up.facts[0].type != AW_FACT_OPENED)
        return aw_fail(err, AW_ECORRUPT, "rule %s opens no timeline", rule->name);
    *ret = l->up.facts[0];
    return AW_OK;
}

/* --- claims ----------------------------------------------------------------------------------- */

static struct aw_merge *merge_find(struct aw_loop *l, const struct aw_msg *m,
                                   const struct aw_fact *f, bool add)
{
    struct aw_merge probe, *found;

    memset(&probe, 0, sizeof(probe));
    probe.message = m->row.id;
    probe.key.retry = f->number > 1;
    probe.key.message = probe.key.retry ? f->ref : m->row.id;
    probe.key.person = f->person;
    probe.key.kind = f->kind;
    probe.key.step = probe.key.retry ? 0 : f->step;
    probe.key.round = probe.key.retry ? 0 : f->round;
    HASH_FIND(hh, l->merges, &probe.key, sizeof(probe.key), found);
    if (found || !add)
        return found;
    found = aw_malloc(sizeof(*found));
    *found = probe;
    HASH_ADD(hh, l->merges, key, sizeof(found->key), found);
    return found;
}

bool aw_merge_known(struct aw_loop *l, const struct aw_msg *m, int64_t person, unsigned step,
                    enum aw_kind kind, unsigned round)
{
    const struct aw_fact f = {.person = person,
                              .step = (uint8_t)step,
                              .kind = (uint8_t)kind,
                              .round = (uint16_t)round,
                              .number = 1};

    return merge_find(l, m, &f, false) != NULL;
}

/* A later recipient's firing to the same third person travels with the first one's, under its
 * reference. The patch keeps value and facts alike, so the fold stays the fold. */
static void join(struct aw_loop *l, struct aw_fact *f, aw_id ref)
{
    f->ref = ref;
    for (unsigned i = 0; i < l->tl.n_tries; i++)
        if (l->tl.tries[i].attempt == f->attempt)
            l->tl.tries[i].ref = ref;
}

/* What the claim loop remembers between writing the rows and making the sends. */
struct claim {
    const struct aw_channel *channel;
    struct aw_marks marks;
    struct aw_merge *merge; /* joined: nothing of its own to send */
    bool carried;           /* likewise, by a digest */
    int64_t address;
    char devices[AW_DEVICE_NUMBERS]; /* that a push goes to */
};

static int claim_cid(struct aw_loop *l, const struct aw_fact *f, struct claim *c,
                     struct aw_err *err)
{
    struct aw_stored_attempt *first;
    int r;

    if (!c->channel || !l->opt.carrier.has_cids(c->channel))
        return AW_OK;
    if (f->number <= 1) {
        c->marks.cid = aw_cid_take(l, c->channel);
        return AW_OK;
    }
    /* A next try carries the token of the first, on the same account and while it lives; or that
     * of the try before on this account, when the first had none or went over another. */
    first = aw_malloc(sizeof(*first));
    r = aw_store_attempt(l->store, f->ref, first, err);
    if (r == AW_OK && (!first->cid[0] || !aw_streq(first->channel, c->channel->name)))
        r = aw_store_try_of(l->store, l->tl.id, f->ref, c->channel->name, first, err);
    if (r == AW_OK && first->cid[0] && l->now - aw_id_time(f->ref) < 23 * AW_HOUR)
        c->marks.cid = aw_strdup(first->cid);
    else if (r == AW_OK || r == AW_ENOENT)
        c->marks.cid = aw_cid_take(l, c->channel);
    if (r == AW_ENOENT)
        r = AW_OK;
    aw_free(first);
    return r;
}

static int claim_prepare(struct aw_loop *l, struct aw_msg *m, struct aw_fact *f, struct claim *c,
                         struct aw_fact_note *note, struct aw_err *err)
{
    struct aw_view view = aw_view_of(l, m, &l->tl);
    const struct aw_channel *list[AW_MAX_VIA];
    const struct aw_step *step = aw_rule_step(m->rule, f->step);
    unsigned n = aw_live_channels(l->live, m->app, step, f->kind, list);
    int r;

    if (f->number == 1)
        note->address = c->address = aw_brakes_address(&view, f->person, f->kind);
    if (f->why == AW_WHY_ALREADY_SENT) {
        note->channel = m->reg.sent_channel ? m->reg.sent_channel : n ? list[0]->name : NULL;
        return AW_OK;
    }
    if (n)
        c->channel = list[f->via < n ? f->via : n - 1];
    note->channel = c->channel ? c->channel->name : NULL;
    if (l->digest && f->why == AW_WHY_CARRIED && f->person == l->digest->person &&
        f->kind == l->digest->kind) {
        c->carried = true;
        note->channel = l->digest->channel;
        note->merged_into = l->digest->attempt;
        join(l, f, l->digest->ref);
        return AW_OK;
    }
    if (f->person != l->tl.person || f->number > 1) {
        c->merge = merge_find(l, m, f, false);
        if (c->merge) {
            note->merged_into = c->merge->attempt;
            join(l, f, c->merge->ref);
            return AW_OK;
        }
    }
    if (f->kind == AW_PUSH) {
        bool known;

        r = aw_fence_note(&view, f->person, c->devices, &known, err);
        if (r)
            return r;
        note->devices = known ? c->devices : NULL;
    }
    r = claim_cid(l, f, c, err);
    note->cid = c->marks.cid;
    if (r == AW_OK && c->channel)
        r = aw_code_for(l, m, f, c->channel, &c->marks, err);
    if (c->marks.code[0]) {
        note->reply_code = c->marks.code;
        note->phone = c->marks.phone;
        note->account = c->marks.account;
    }
    return r;
}

void aw_fail_claim(struct aw_loop *l, aw_id attempt, enum aw_outcome outcome, aw_ms wait,
                   const char *why)
{
    struct aw_cmd *cmd = aw_cmd_new(AW_CMD_RESULT);
    struct aw_submit submit;

    cmd->u.result.attempt = attempt;
    cmd->u.result.outcome = outcome;
    cmd->u.result.wait = wait;
    cmd->u.result.unsent = true;
    snprintf(cmd->u.result.detail, sizeof(cmd->u.result.detail), "%s", why);
    cmd->done = aw_cmd_free;
    aw_loop_submit(l, &submit);
    /* When the box is full the attempt stays open and the next start calls it unknown. */
    if (submit.put(submit.ctx, cmd, true))
        aw_cmd_free(cmd);
}

static void claim_send(struct aw_loop *l, struct aw_msg *m, const struct aw_fact *f,
                       struct claim *c)
{
    struct aw_flight *flight;
    struct aw_send *send;
    struct aw_err err;
    enum aw_claim_as as = f->number == 1                  ? AW_AS_NEW
                          : f->why == AW_WHY_NEXT_CHANNEL ? AW_AS_OTHER
                                                          : AW_AS_RETRY;
    aw_time at;

    if (c->carried) {
        aw_digest_title(l->digest, m);
        l->digest->n++;
        return;
    }
    if (c->merge) {
        if (c->merge->send && c->merge->message == m->row.id)
            aw_render_add(l, m, c->merge->send, l->tl.n);
        else if (c->merge->send)
            aw_digest_again(l, m, c->merge);
        return;
    }
    if (!c->channel) {
        aw_fail_claim(l, f->attempt, AW_OUT_TRANSIENT, 0, "no channel carries this kind now");
        return;
    }
    /* One firing can need more places than there are; the last step of a rule cannot be put off. */
    at = aw_channel_free_at(l, c->channel, as == AW_AS_NEW ? AW_AS_WAITED : as);
    if (at) {
        aw_fail_claim(l, f->attempt, AW_OUT_THROTTLED,
                      at - l->now < LOOK_AGAIN ? at - l->now : LOOK_AGAIN,
                      "the channel cannot be sent to");
        return;
    }
    if (aw_render(l, m, &l->tl, f, c->channel, &c->marks, &send, &err)) {
        aw_fail_claim(l, f->attempt, AW_OUT_REFUSED, 0, err.text);
        return;
    }
    if (f->person != l->tl.person || f->number > 1) {
        struct aw_merge *merge = merge_find(l, m, f, true);

        merge->attempt = f->attempt;
        merge->ref = f->ref;
        merge->send = send;
    }
    l->opt.stats->sends[f->kind]++;
    if (f->number == 1 && !l->digest)
        l->claimed = (struct aw_digest){.person = f->person,
                                        .kind = (enum aw_kind)f->kind,
                                        .timeline = l->tl.id,
                                        .attempt = f->attempt,
                                        .ref = f->ref,
                                        .channel = c->channel->name,
                                        .send = send};
    flight = aw_flight_new(l, f->attempt, AW_FLIGHT_FIRING, c->channel, as);
    flight->timeline = l->tl.id;
    flight->devices = f->kind == AW_PUSH ? aw_poll_devices(send) : NULL;
    aw_fx_send(l, send, flight);
}

/* --- what follows ------------------------------------------------------------------------------
 */

/* What operators must hear: which firing of which message, and how it failed. No personal data. */
static int tell(struct aw_loop *l, const struct aw_msg *m, struct aw_err *err)
{
    char id[AW_ID_TEXT], text[512];
    const struct aw_fact *f = NULL;
    const struct aw_step *step;

    for (unsigned i = 0; i < l->up.n_facts; i++)
        if (l->up.facts[i].type == AW_FACT_OUTCOME || l->up.facts[i].type == AW_FACT_SKIPPED)
            f = &l->up.facts[i];
    aw_id_print(id, "msg_", m->row.id);
    step = f ? aw_rule_step(m->rule, f->step) : NULL;
    snprintf(text, sizeof(text),
             "a channel refuses or cannot be reached: %s of rule %s, step %s, %s: %s (%s). "
             "See ackwatch channels list, and messages show %s --attempts",
             id, m->rule->name, step ? step->id : "-", f ? aw_kind_name(f->kind) : "-",
             f && f->type == AW_FACT_OUTCOME ? aw_outcome_name(f->outcome) : "skipped",
             f ? aw_why_name(f->why) : "-", id);
    return aw_store_notice(l->store, "delivery", text, err);
}

/* Those who wait for a channel stand in a queue. */
static void queue_up(struct aw_loop *l, struct aw_msg *m, const struct aw_fact *f)
{
    const struct aw_channel *list[AW_MAX_VIA];
    const struct aw_step *step = aw_rule_step(m->rule, f->step);
    unsigned n = aw_live_channels(l->live, m->app, step, f->kind, list);

    if (f->via < n)
        aw_channel_queue(l, list[f->via], f->at);
}

/* Operators hear of blindness when a step depends on it. */
static int tell_blind(struct aw_loop *l, const struct aw_fact *f, struct aw_err *err)
{
    return aw_store_notice(l->store, "blind",
                           f->type == AW_FACT_CLAIMED
                               ? "a provider does not answer questions about receipts: steps "
                                 "escalate blind, see on_blind and ackwatch channels list"
                               : "a provider does not answer questions about receipts: steps are "
                                 "held, see on_blind and ackwatch channels list",
                           err);
}

static int follow(struct aw_loop *l, struct aw_msg *m, enum aw_state was, struct aw_err *err)
{
    int r = AW_OK;

    for (unsigned i = 0; i < l->up.n_facts; i++)
        if (l->up.facts[i].type == AW_FACT_DEFERRED && l->up.facts[i].why == AW_WHY_CHANNEL)
            queue_up(l, m, &l->up.facts[i]);
    for (unsigned i = 0; i < l->up.n_facts; i++)
        if (l->up.facts[i].type == AW_FACT_ABSENT)
            aw_store_hold(l->store, l->tl.person, m->row.id);

    if ((was == AW_OPEN) != (l->tl.state == AW_OPEN))
        aw_suppress_note(l, &l->tl);
    for (unsigned i = 0; i < l->up.n_facts && r == AW_OK; i++)
        if (l->up.facts[i].why == AW_WHY_BLIND)
            r = tell_blind(l, &l->up.facts[i], err);
    if (r == AW_OK && was == AW_OPEN && l->tl.state != AW_OPEN) {
        l->opt.stats->ended[l->tl.state]++;
        l->opt.stats->open--;
        r = aw_delivery_note(l, m, l->tl.n, l->tl.state, err);
        if (r == AW_OK)
            r = aw_message_end(l, m, err);
        if (r == AW_OK)
            r = aw_store_polls_end(l->store, l->tl.id, err);
    } else if (r == AW_OK && l->up.n_facts && l->tl.state == AW_OPEN) {
        l->opt.stats->open += was != AW_OPEN; /* it is back */
        r = aw_store_polls_urge(l->store, l->tl.id, l->up.ask_at, l->tl.due, err);
    }
    if (r == AW_OK && l->up.tell_operators)
        r = tell(l, m, err);
    return r;
}

/* What is decided by the live environment says which one that was. */
static bool is_decision(enum aw_fact_type t)
{
    return t == AW_FACT_CLAIMED || t == AW_FACT_SKIPPED || t == AW_FACT_DEFERRED ||
           t == AW_FACT_ADVANCED || t == AW_FACT_HELD;
}

static void note_of(const struct aw_loop *l, struct aw_msg *m, const struct aw_fact *f,
                    const struct aw_event *ev, const struct aw_fact_note *given,
                    struct aw_fact_note *note)
{
    bool hours = f->type == AW_FACT_HELD && f->round > 0;
    bool firing = hours || f->type == AW_FACT_CLAIMED || f->type == AW_FACT_SKIPPED ||
                  f->type == AW_FACT_DEFERRED || f->type == AW_FACT_ADVANCED ||
                  f->type == AW_FACT_OUTCOME || f->type == AW_FACT_ESCALATED ||
                  f->type == AW_FACT_LET_GO;
    bool act = f->type == AW_FACT_HELD || f->type == AW_FACT_RESUMED ||
               f->type == AW_FACT_ESCALATED || f->type == AW_FACT_CLOSED;

    memset(note, 0, sizeof(*note));
    if (given && (f->type == AW_FACT_OUTCOME || f->type == AW_FACT_EVIDENCE ||
                  f->type == AW_FACT_ENDED || act))
        *note = *given;
    if (f->type == AW_FACT_OUTCOME && ev->type == AW_EV_REGISTER)
        note->provider_id = m->reg.sent_provider_id;
    if (firing) {
        const struct aw_step *step = aw_rule_step(m->rule, f->step);

        note->step_id = step ? step->id : NULL;
    }
    if (is_decision(f->type))
        note->env = l->live->env;
}

static int write_facts(struct aw_loop *l, struct aw_msg *m, const struct aw_event *ev,
                       const char *actor, const struct aw_fact_note *given, struct claim *claims,
                       struct aw_err *err)
{
    struct aw_fact_note notes[AW_MAX_FACTS];
    unsigned skip = ev->type == AW_EV_REGISTER; /* OPENED is in the registration's own entry */
    int r = AW_OK;

    for (unsigned i = 0; i < l->up.n_facts && r == AW_OK; i++) {
        struct aw_fact *f = &l->up.facts[i];

        note_of(l, m, f, ev, given, &notes[i]);
        if (f->type == AW_FACT_CLAIMED)
            r = claim_prepare(l, m, f, &claims[i], &notes[i], err);
    }
    if (r == AW_OK && l->up.n_facts > skip)
        r = aw_store_apply(l->store, m->row.id, &l->tl, l->up.facts + skip, l->up.n_facts - skip,
                           notes + skip, actor, err);
    return r;
}

int aw_judge(struct aw_loop *l, struct aw_msg *m, const struct aw_event *ev, const char *actor,
             const struct aw_fact_note *given, struct aw_err *err)
{
    struct claim claims[AW_MAX_FACTS];
    enum aw_state was = l->tl.state;
    struct aw_world world;
    struct aw_env env;
    struct aw_view view = aw_view_of(l, m, &l->tl);
    int r = know_spans(l, err);

    if (r)
        return r;
    memset(claims, 0, sizeof(claims));
    aw_view_world(&view, &world);
    env_init(l, &world, m->reg.priority, &env);
    r = aw_engine_step(m->rule, &l->tl, ev, &env, &l->up);
    if (r)
        return aw_fail(err, AW_ECORRUPT, "timeline %lld does not fit its rule %s",
                       (long long)l->tl.id, m->rule->name);
    if (view.err.text[0]) {
        *err = view.err;
        return AW_EIO;
    }
    r = write_facts(l, m, ev, actor, given, claims, err);
    for (unsigned i = 0; i < l->up.n_facts; i++) {
        if (r == AW_OK && aw_brakes_digest(l))
            aw_digest_note(l, &l->up.facts[i]);
        if (r == AW_OK && !claims[i].merge && !claims[i].carried)
            aw_brakes_decided(l, m, &l->up.facts[i], claims[i].address);
        if (r == AW_OK && l->up.facts[i].type == AW_FACT_CLAIMED &&
            l->up.facts[i].why != AW_WHY_ALREADY_SENT)
            claim_send(l, m, &l->up.facts[i], &claims[i]);
        aw_free(claims[i].marks.cid);
    }
    return r ? r : follow(l, m, was, err);
}
