/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the engine share, and nobody else: timeline.c the fold without the due, the
 * engine's files their helpers over one call.
 *
 *   engine.c         aw_engine_step: one switch over the events; emitting facts; the end
 *   engine_due.c     what is due now: downtimes, tries, firings, deadline, max_age
 *   engine_result.c  how tries end: retries, next channels, next targets, advance
 *   engine_act.c     what people do: hold, resume, escalate
 *   engine_hours.c   hours: what waits for an opening
 *   engine_blind.c   what is due while receipts cannot be seen
 *   engine_channel.c over which channel, and when none can be sent to
 *   engine_presence.c  the recipient is logged out: hold, skip; back again
 *   engine_brake.c   suppressed, silenced, limited, braked; and let go again
 *   engine_time.c    when things are due: pure questions about rule and timeline
 */
#ifndef AW_CORE_ENGINE_INT_H
#define AW_CORE_ENGINE_INT_H

#include "core/engine.h"

#define AW_CHANNEL_TRIES 5   /* on one channel, then the next one */
#define AW_MAX_WAITS     100 /* that a provider may ask of one firing */

/* One call of aw_engine_step. Errors are sticky: after one nothing is emitted any more, and every
 * loop ends. */
struct aw_call {
    const struct aw_rule *rule;
    struct aw_timeline *tl;
    const struct aw_env *env;
    struct aw_update *up;
    const struct aw_event *carried; /* whose firing no brake holds, or NULL */
    bool claimed;                   /* a firing */
    int err;
};

/* A firing that is still to come. */
struct aw_firing {
    unsigned step, round;
    enum aw_kind kind;
    aw_time due;
    aw_time fell_due; /* the same, but for what hours keep until an opening: when that fell due */
    enum aw_why why;
};

/* --- timeline.c --- */

/* aw_timeline_apply without next_due. */
int aw_timeline_fold(struct aw_timeline *tl, const struct aw_fact *f);
/* timeline_away.c: folds of ABSENT, PRESENT and DEVICE, and of devices in CLAIMED and EVIDENCE. */
int aw_fold_absent(struct aw_timeline *tl, const struct aw_fact *f);
int aw_fold_present(struct aw_timeline *tl, const struct aw_fact *f);
int aw_fold_device(struct aw_timeline *tl, const struct aw_fact *f);
int aw_fold_devices(struct aw_timeline *tl, const struct aw_fact *f);
void aw_fold_device_level(struct aw_timeline *tl, const struct aw_fact *f);
/* Final, and no try waits: nothing to look at any more. */
bool aw_timeline_rests(const struct aw_timeline *tl);

/* --- engine.c --- */

/* Folds the fact, fills in its next_due and appends it to the update. */
void aw_emit(struct aw_call *c, struct aw_fact f);
/* Whether n more facts fit into the update. */
bool aw_fits(const struct aw_call *c, unsigned n);
/* After an acknowledgement or a cancel no attempt goes on. */
bool aw_stopped(const struct aw_timeline *tl);
/* Emits ENDED, drops waiting tries where nothing goes on, fires the exhausted step. */
void aw_end(struct aw_call *c, enum aw_state state, enum aw_why why);
void aw_take_evidence(struct aw_call *c, const struct aw_event *ev);
/* A confirmed timeline comes back. */
void aw_reopen(struct aw_call *c);

/* --- engine_due.c --- */

void aw_account_downtimes(struct aw_call *c);
void aw_decide_due(struct aw_call *c);
/* Claims the firing for whom it can reach, or skips it. */
void aw_claim(struct aw_call *c, const struct aw_firing *g);
void aw_skip(struct aw_call *c, const struct aw_firing *g, enum aw_why why, bool unsent);
/* Skips it by the name of what did it. */
void aw_skip_by(struct aw_call *c, const struct aw_firing *g, enum aw_why why,
                const char by[AW_BY_MAX]);

/* --- engine_brake.c --- */

/* True: something held the firing back, and it was skipped or put off. */
bool aw_restrained(struct aw_call *c, const struct aw_firing *g);
/* Another firing carries this one along: no brake, limit or channel holds it. */
bool aw_is_carried(const struct aw_call *c, const struct aw_firing *g);
void aw_take_let_go(struct aw_call *c);
void aw_take_carry(struct aw_call *c, const struct aw_event *ev);

/* --- engine_hours.c --- */

/* Inside hours of the rule: held or skipped, which is a decision; false: it goes on. */
bool aw_gate_hours(struct aw_call *c, const struct aw_firing *g);
/* Whether a firing of the kind would be skipped now. */
bool aw_hours_skip(const struct aw_call *c, enum aw_kind kind);

/* When the first round of a step will run, as far as can be told now: what hours will hold until
 * then is held. The deadline, if it will not run. */
aw_time aw_hours_effective(const struct aw_rule *rule, const struct aw_timeline *tl,
                           const struct aw_env *env, unsigned step);

/* --- engine_act.c --- */

void aw_take_hold(struct aw_call *c, const struct aw_event *ev);
void aw_take_resume(struct aw_call *c);
void aw_take_escalate(struct aw_call *c, const struct aw_event *ev);

/* --- engine_presence.c --- */

/* The gate: decides about a push or im whose recipient is logged out, or was when it fell due.
 * False: it goes on. */
bool aw_gate_presence(struct aw_call *c, struct aw_firing *g);
/* Whether it would be skipped now. */
bool aw_presence_skip(const struct aw_call *c, const struct aw_firing *g);
/* A try whose time has come, resp. that found nobody (what the provider said is taken for logged
 * out): true when it waits for the recipient now, or waited in vain. */
bool aw_try_waits(struct aw_call *c, const struct aw_try *y);
bool aw_hold_no_target(struct aw_call *c, const struct aw_try *y);
/* Puts the devices into a claim of a push to the recipient, where the rule asks for them. */
void aw_name_devices(const struct aw_call *c, struct aw_fact *f);
void aw_take_login(struct aw_call *c, const struct aw_event *ev);
void aw_take_again(struct aw_call *c, const struct aw_event *ev);
void aw_take_device(struct aw_call *c, const struct aw_event *ev);

/* --- engine_blind.c --- */

/* True: the firing is held, or was skipped. A claim that follows says that it was blind. */
bool aw_gate_blind(struct aw_call *c, struct aw_firing *g);

/* --- engine_result.c --- */

void aw_take_outcome(struct aw_call *c, const struct aw_event *ev);
void aw_take_negative(struct aw_call *c, const struct aw_event *ev);
/* The time of a waiting try has come. */
void aw_try_again(struct aw_call *c, const struct aw_try *waiting);
/* Gives up waiting tries: of one step x kind before a round, resp. all of them. */
void aw_drop_rounds(struct aw_call *c, const struct aw_firing *g);
void aw_drop_tries(struct aw_call *c, enum aw_why why);
void aw_emit_outcome(struct aw_call *c, const struct aw_try *y, enum aw_outcome outcome,
                     enum aw_why why, aw_time at);
/* Ends an open try because its address failed. */
void aw_fail_address(struct aw_call *c, const struct aw_try *open, enum aw_negative negative,
                     enum aw_outcome outcome, enum aw_why why);
/* When the first round of a step runs; 0 when a part of it is decided, or waits for the recipient,
 * or it will not run. */
aw_time aw_undecided(const struct aw_call *c, unsigned step);
/* The person behind a target, if a firing of the kind can reach them now; else 0, and *ret_why says
 * why where it is more than a missing address. */
int64_t aw_reach_one(const struct aw_call *c, const struct aw_target *to, enum aw_kind kind,
                     enum aw_why *ret_why);
/* A firing that reaches nobody: brings the next step forward, if that is due to be done. */
void aw_advance(struct aw_call *c, unsigned failed);

/* Whom a firing can reach now: fills ret (persons and places in `to`, at most AW_MAX_TO), returns
 * how many; 0: none, and *ret_why says why. */
struct aw_reached {
    int64_t person;
    uint8_t pos;
};
unsigned aw_reach(const struct aw_call *c, unsigned step, enum aw_kind kind,
                  struct aw_reached ret[AW_MAX_TO], enum aw_why *ret_why);

/* A receipt or person has proven that the attempt got through: it is not sent again. */
void aw_drop_proven(struct aw_call *c, aw_id attempt);

/* --- engine_channel.c --- */

/* The channel for a claim: its place and how the claim stands to it, at = 0; or when the first of
 * them can be sent to, and its place. */
struct aw_choice {
    unsigned via;
    aw_time at;
    enum aw_why why; /* of a try: retry, next_channel */
};
struct aw_choice aw_choose(const struct aw_call *c, unsigned step, enum aw_kind kind);
/* For a try that goes on: its own channel while it has tries left there, else those after it. */
struct aw_choice aw_choose_again(const struct aw_call *c, const struct aw_try *y);
/* Puts the firing off until a channel can be sent to, at most to the deadline; skips it there. */
void aw_put_off(struct aw_call *c, const struct aw_firing *g, const struct aw_choice *o);
void aw_put_off_try(struct aw_call *c, const struct aw_try *y, const struct aw_choice *o);

/* --- engine_time.c --- */

/* The next round of a step x kind; false: none will come. */
bool aw_firing_of(const struct aw_rule *rule, const struct aw_timeline *tl, unsigned step,
                  enum aw_kind kind, struct aw_firing *ret);
/* By due, then by when they fell due. */
bool aw_firing_before(const struct aw_firing *a, const struct aw_firing *b);
/* The earliest firing to come: likewise, then by file order, order of `do`. */
bool aw_firing_first(const struct aw_rule *rule, const struct aw_timeline *tl,
                     struct aw_firing *ret);
/* Highest round of a step that is due before `limit`; 0: none. */
unsigned aw_round_before(const struct aw_rule *rule, const struct aw_timeline *tl, unsigned step,
                         enum aw_kind kind, aw_time limit);
/* By how much the deadline lies later in the plan than the rule has it. */
aw_ms aw_stretch(const struct aw_timeline *tl);
bool aw_last_round(const struct aw_step *s, unsigned round);
/* The place of a round in the plan, as the rule has it. */
aw_ms aw_place_of(const struct aw_step *s, unsigned round);
/* An escalate has gone past this firing: it is to be skipped. */
bool aw_passed_over(const struct aw_rule *rule, const struct aw_timeline *tl, unsigned step,
                    unsigned round);
/* Tries that one firing of the step may open per kind. */
unsigned aw_tries_needed(const struct aw_step *s);
/* Tries kept free so that the exhausted step never waits for room. */
unsigned aw_tries_reserved(const struct aw_rule *rule);
bool aw_has_room(const struct aw_rule *rule, const struct aw_timeline *tl, unsigned step);
/* When to look at the timeline next: timeline.due. */
aw_time aw_due(const struct aw_rule *rule, const struct aw_timeline *tl);
const struct aw_try *aw_first_waiting(const struct aw_timeline *tl);
/* How long a try waits after its n-th failure on a channel, n from 0; jitter by its reference, so
 * that firings that travelled together are tried again together. */
aw_ms aw_retry_wait(enum aw_outcome outcome, unsigned n, uint64_t seed, aw_id ref, unsigned number);

#endif
