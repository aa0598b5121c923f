/* SPDX-License-Identifier: Apache-2.0
 *
 * Facts as entries and rows. Each fact becomes one entry, chained to the one before of the same
 * timeline; claims, outcomes and evidence have rows of their own; the timeline row is written
 * once, at the end.
 */
#include "store/store_int.h"

#include <string.h>

#include "store/fact.h"

static const struct aw_fact_note no_note;

static void note_to_entry(const struct aw_fact_note *note, struct aw_entry *e)
{
    e->step = note->step_id;
    e->env = note->env;
    e->channel = note->channel;
    e->merged_into = note->merged_into;
    e->provider_id = note->provider_id;
    e->http_status = note->http_status;
    e->code = note->code;
    e->text = note->text;
}

/* The columns by which a reply finds the attempt. */
static void reply_key(struct aw_store *s, const struct aw_fact *f, const struct aw_fact_note *note,
                      uint8_t number[32])
{
    aw_number_commit(number, s->numbers, note->account, note->phone);
    aw_reply_remember(s, note->account, note->phone, note->reply_code, f->attempt);
}

static int put_attempt(struct aw_store *s, aw_id message, const struct aw_timeline *tl,
                       const struct aw_fact *f, const struct aw_fact_note *note, aw_time at,
                       struct aw_err *err)
{
    uint8_t number[32];
    if (note->reply_code)
        reply_key(s, f, note, number);
    int r =
        aw_db_run(&s->db, AW_SQL_ATTEMPT_PUT, err, I(f->attempt), I(f->ref), I(message), I(tl->n),
                  Z(note->merged_into), I(f->step), T(note->step_id ? note->step_id : ""),
                  I(f->kind), I(f->round), I(f->number), I(f->person),
                  T(note->channel ? note->channel : ""), I(at), T(note->cid), T(note->reply_code),
                  note->reply_code ? B(number, AW_NUMBER_KEPT) : T(NULL), Z(note->address));
    if (r == 0)
        r = aw_db_run(&s->db, AW_SQL_TIMELINE_TRIED, err, I(tl->id), I(f->attempt));
    if (r == 0 && note->devices) {
        r = aw_db_run(&s->db, AW_SQL_ATTEMPT_DEVICES, err, I(f->attempt), T(note->devices));
        aw_store_pushed(s, f->person, f->attempt);
    }
    if (r == 0 && note->merged_into)
        r = aw_db_run(&s->db, AW_SQL_ATTEMPT_SHARE, err, I(note->merged_into), I(f->attempt));
    return r;
}

static int put_evidence(struct aw_store *s, const struct aw_timeline *tl, const struct aw_fact *f,
                        int64_t seq, struct aw_err *err)
{
    int r = aw_db_run(&s->db, AW_SQL_EVIDENCE_PUT, err, I(seq), I(tl->id), Z(f->attempt),
                      I(f->level), I(f->source), I(f->person), Z(f->at));
    if (r == 0 && f->attempt)
        r = aw_db_run(&s->db, AW_SQL_ATTEMPT_LEVEL, err, I(f->attempt), I(f->level));
    return r;
}

/* The rows that a fact has beside its timeline's. */
static int put_rows(struct aw_store *s, aw_id message, const struct aw_timeline *tl,
                    const struct aw_fact *f, const struct aw_fact_note *note,
                    const struct aw_entry *e, struct aw_err *err)
{
    switch (f->type) {
    case AW_FACT_CLAIMED:
        return put_attempt(s, message, tl, f, note, e->ts, err);
    case AW_FACT_OUTCOME:
        return aw_db_run(&s->db, AW_SQL_ATTEMPT_DONE, err, I(f->attempt), I(f->outcome), I(e->ts),
                         Z(note->http_status), Z(note->code), T(note->provider_id), T(note->text));
    case AW_FACT_EVIDENCE:
        return put_evidence(s, tl, f, e->seq, err);
    default:
        return 0;
    }
}

static int apply_one(struct aw_store *s, aw_id message, struct aw_timeline *tl,
                     const struct aw_fact *f, const struct aw_fact_note *note, const char *actor,
                     struct aw_err *err)
{
    struct aw_entry e;
    int r;

    aw_entry_init(&e);
    aw_fact_to_entry(f, &e);
    note_to_entry(note, &e);
    e.actor = actor;
    e.msg = message;
    e.n = tl->n;
    e.prev = tl->last;
    if ((r = aw_store_log(s, &e, note->detail, err)) ||
        (r = put_rows(s, message, tl, f, note, &e, err)))
        return r;
    tl->last = e.seq;
    return 0;
}

int aw_store_apply(struct aw_store *s, aw_id message, struct aw_timeline *tl,
                   const struct aw_fact *facts, unsigned n_facts, const struct aw_fact_note *notes,
                   const char *actor, struct aw_err *err)
{
    uint8_t plan[AW_PLAN_MAX];
    size_t n_plan = aw_plan_encode(tl, plan, sizeof plan);
    int r = 0;

    if (!n_facts)
        return 0;
    if (!n_plan)
        return aw_fail(err, AW_ELIMIT, "the plan of a timeline is too large");
    for (unsigned i = 0; i < n_facts && r == 0; i++)
        r = apply_one(s, message, tl, &facts[i], notes ? &notes[i] : &no_note, actor, err);
    if (r == 0)
        r = aw_db_run(&s->db, AW_SQL_TIMELINE_SET, err, I(tl->id), I(tl->state), Z(tl->due),
                      I(tl->level), I(tl->late), I(tl->last), B(plan, n_plan));
    return aw_store_note(s, r);
}

int aw_store_message_ended(struct aw_store *s, aw_id message, struct aw_timeline *cause,
                           enum aw_state state, struct aw_err *err)
{
    struct aw_entry e;
    int r;

    aw_entry_init(&e);
    e.kind = AW_ENTRY_MESSAGE_ENDED;
    e.actor = "core";
    e.msg = message;
    e.n = cause->n;
    e.prev = cause->last;
    e.state = aw_state_name(state);
    if ((r = aw_log_append(s, &e, err)))
        return r;
    cause->last = e.seq;
    return aw_store_note(
        s, aw_db_run(&s->db, AW_SQL_TIMELINE_LAST, err, I(cause->id), I(cause->last)));
}
