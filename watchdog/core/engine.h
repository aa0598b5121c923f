/* SPDX-License-Identifier: Apache-2.0
 *
 * The engine: one pure function decides about a timeline. No I/O, clock, malloc, log; randomness
 * only from env->seed. The daemon, the tests and `rules simulate` all drive this one function.
 *
 * Normative text: docs/rules.md section 4. Order at one instant: evidence, confirmed, released,
 * cancel, other acts of people, firings in file order and kinds in the order of `do`, deadline,
 * max_age.
 *
 * One call is bounded: at most AW_MAX_FACTS facts. When there is more to decide the update ends
 * with next_due <= now and the caller calls again.
 */
#ifndef AW_CORE_ENGINE_H
#define AW_CORE_ENGINE_H

#include "core/channel.h"
#include "core/rule.h"
#include "core/timeline.h"

#define AW_MAX_FACTS 64

/* A firing before it is claimed, for those whom it would reach. */
struct aw_candidate {
    const struct aw_step *step;
    unsigned index; /* of the step */
    unsigned round, via;
    enum aw_kind kind;
    const int64_t *persons; /* 1 or more */
    unsigned n_persons;
    bool waited;  /* it has waited for the storm brake: its turn has come */
    bool wanted;  /* by an escalate: limits do not apply */
    bool carried; /* along with another firing, which was asked about: only silences apply */
};

/* What holds a firing back. */
struct aw_restraint {
    enum aw_why why;    /* NONE: nothing; SUPPRESSED: it is to be skipped */
    aw_time at;         /* else when to ask again: later than now */
    uint8_t bucket;     /* of the storm brake: which */
    char by[AW_BY_MAX]; /* its name */
};

/* What the engine must know of people and channels, handed in by the caller. Functions are
 * deterministic for the length of one call. */
struct aw_world {
    void *ctx;
    /* The person behind a target at this moment: a positive number (the recipient's own number
     * for AW_TO_RECIPIENT), or 0 when there is none (no manager, unknown contact). */
    int64_t (*person)(void *ctx, const struct aw_target *to);
    /* Whether that person has an address of the kind. */
    bool (*has_address)(void *ctx, int64_t person, enum aw_kind kind);
    /* What the directory itself holds against that address: a number that wants no texts. NULL:
     * nothing ever. Unlike the facts of a timeline it can end. */
    enum aw_negative (*negative)(void *ctx, int64_t person, enum aw_kind kind);
    /* How many channels can carry a step's kind, in order of use; 0: none. */
    unsigned (*channels)(void *ctx, const struct aw_step *step, enum aw_kind kind);
    /* When the channel at place `via` in that order can be sent to: 0 now, else an instant after
     * now. NULL: always now. */
    aw_time (*free_at)(void *ctx, const struct aw_step *step, enum aw_kind kind, unsigned via,
                       enum aw_claim_as as);
    /* The end of the windows of a calendar that t lies in, by the recipient's zone; 0: it lies in
     * none. NULL: there are no calendars. */
    aw_time (*inside)(void *ctx, const char *calendar, aw_time t);
    /* What the sessions say of a person: some of enum aw_whereabouts. NULL: nothing is known of
     * anybody. */
    unsigned (*presence)(void *ctx, int64_t person);
    /* The devices that a push to this person goes to now, as numbers; 0: not known. NULL: never
     * known. */
    unsigned (*devices)(void *ctx, int64_t person, int64_t ret[AW_MAX_DEVICES]);
    /* Whether an open message of the recipient suppresses what is due: ret->why, ret->by. NULL:
     * none ever. */
    void (*suppress)(void *ctx, struct aw_restraint *ret);
    /* What of silences, limits and storm brake holds a firing back. NULL: nothing ever. With it a
     * call ends after a claim, which may have filled a limit. */
    void (*restrain)(void *ctx, const struct aw_candidate *ask, struct aw_restraint *ret);
    /* Whether receipts of what the timeline has sent to its recipient can be seen; *ret_until: when
     * to look again. NULL: always. */
    enum aw_sight (*sight)(void *ctx, aw_time *ret_until);
    /* Whether the channel repeats no send whose fate is unknown. NULL: none does. */
    bool (*holds_unknown)(void *ctx, const struct aw_step *step, enum aw_kind kind, unsigned via);
};

/* What can be seen of what a timeline has sent. */
enum aw_sight {
    AW_SEES,
    AW_BLIND_GO,  /* nothing; its channel says escalate */
    AW_BLIND_HOLD /* nothing; its channel says hold */
};

enum aw_whereabouts {
    AW_IS_ABSENT = 1, /* a session was reported, and none stands: logged out everywhere */
    AW_IS_TAKEN = 2,  /* what devices are known of them have somebody else's session */
};

struct aw_span { /* a recorded downtime, [from, to) */
    aw_time from, to;
};

struct aw_env {
    aw_time now;
    uint64_t seed; /* jitter is aw_mix(seed, attempt, number); 0: no jitter, no settling (exact) */
    struct aw_idgen *ids; /* numbers for attempts */
    const struct aw_world *world;
    enum aw_priority priority;       /* of the message */
    const struct aw_span *downtimes; /* oldest first, those that may concern this timeline */
    unsigned n_downtimes;
    bool querying; /* a receipt query for this timeline is in flight */
};

enum aw_event_type {
    AW_EV_REGISTER, /* registered = now, at = base, already_sent */
    AW_EV_DUE,      /* the timeline's due has come */
    AW_EV_EVIDENCE, /* level, source, person, at, attempt (0: none), known */
    AW_EV_NEGATIVE, /* a receipt says that the address failed: negative, and of the stored attempt:
                     * attempt, person, step, kind, round */
    AW_EV_OUTCOME,  /* attempt, outcome, level and known as for evidence, at (throttled: when to try
                     * again; unknown: not before), why (AW_WHY_RESTART: in flight when the process
                     * ended) */
    AW_EV_CANCEL,
    AW_EV_RELEASE,
    AW_EV_HOLD,     /* at: until when; why: AW_WHY_SNOOZED or AW_WHY_CLAIM */
    AW_EV_RESUME,   /* ends a hold */
    AW_EV_ESCALATE, /* step: which one now, or AW_STEP_NEXT */
    AW_EV_LOGIN,    /* the recipient is back; why, count: as in PRESENT */
    AW_EV_DEVICE,   /* device: no more the recipient's */
    AW_EV_LET_GO,   /* something that put firings off may be over before its time */
    AW_EV_CARRY,    /* step, kind, round: another firing to the same person carries this one along,
                     * which waits for the storm brake: it is due now, and no brake holds it */
    AW_EV_AGAIN,    /* the push of that attempt (step, kind, round, to the recipient) was taken back
                     * from a device that is theirs no more: once more to those that are */
};

#define AW_STEP_NEXT UINT8_MAX /* the next step that has not fired */

struct aw_event {
    enum aw_event_type type;
    aw_time at;
    bool already_sent; /* register: the application sent step 0 itself */
    enum aw_level level;
    enum aw_level known; /* evidence about an attempt: the rung it had proven before */
    enum aw_source source;
    enum aw_outcome outcome;
    enum aw_negative negative;
    enum aw_why why;
    int64_t person; /* evidence: whose */
    int64_t device; /* evidence: about which one, 0: not known */
    uint16_t count;
    bool sent; /* evidence of somebody else: the timeline had sent to them before */
    aw_id attempt;
    uint8_t step, kind;
    uint16_t round;
};

struct aw_update {
    unsigned n_facts;
    struct aw_fact facts[AW_MAX_FACTS]; /* in order; CLAIMED facts are the sends */
    /* When receipts of this timeline's attempts should be asked for, ahead of the next firing
     * with `unless` (its due less check.settle); 0: no such firing. */
    aw_time ask_at;
    /* A claim, throttle, auth or spent-tries outcome that operators must hear of. */
    bool tell_operators;
};

/* Applies one event to a timeline. REGISTER opens it and claims nothing (but records already_sent):
 * what is due at once is claimed by the DUE that follows. On success *tl is the new value and *ret
 * holds the facts that led there (possibly none: nothing new); on error (AW_ECORRUPT: rule and
 * timeline do not fit) both are unspecified and the caller drops them. */
int aw_engine_step(const struct aw_rule *rule, struct aw_timeline *tl, const struct aw_event *ev,
                   const struct aw_env *env, struct aw_update *ret);

/* When a round of a step x kind is due by the plan, 0 if it will not run (after the deadline). */
aw_time aw_engine_planned(const struct aw_rule *rule, const struct aw_timeline *tl, unsigned step,
                          enum aw_kind kind, unsigned round);

/* Push lifetime in seconds of a step claimed now: `ttl`, or `until <id>`: the effective due of
 * that step, hours applied, less 15 s, at least 30 s (or until the deadline if that step cannot
 * run); 0: default. */
unsigned aw_engine_ttl(const struct aw_rule *rule, const struct aw_timeline *tl, unsigned step,
                       const struct aw_env *env);

/* When to ask for receipts ahead of the next firing with `unless` (its due less check.settle), 0:
 * no such firing. */
aw_time aw_engine_ask_at(const struct aw_rule *rule, const struct aw_timeline *tl);

/* When to ask next for receipts of an attempt accepted at `accepted`, after n_asked questions:
 * first, then every with backoff up to max_every; 0 when `stop` has passed. */
aw_time aw_check_next(const struct aw_check *c, aw_time accepted, unsigned n_asked, aw_time now);

/* Since when an answer must have come about an attempt that the provider accepted then: the begin
 * of its last two check intervals. 0: they are not over yet, or it is not asked any more. */
aw_time aw_check_unseen(const struct aw_check *c, aw_time accepted, aw_time now);

/* The earliest firing still to come: *ret_step, *ret_kind, *ret_round and its due; 0 if none. For
 * answers and pictures. */
aw_time aw_engine_next(const struct aw_rule *rule, const struct aw_timeline *tl, unsigned *ret_step,
                       enum aw_kind *ret_kind, unsigned *ret_round);

/* When the next round of a step x kind is due, whatever moved or held it, and which one it is; 0:
 * none will run. */
aw_time aw_engine_due(const struct aw_rule *rule, const struct aw_timeline *tl, unsigned step,
                      enum aw_kind kind, unsigned *ret_round);

/* What an escalate would bring: the firing of the step (or AW_STEP_NEXT) that is due now then.
 * False: nothing of it is left. */
bool aw_engine_escalation(const struct aw_rule *rule, const struct aw_timeline *tl, unsigned step,
                          unsigned *ret_step, unsigned *ret_round);

/* Whether the timeline has ended, would come back, and may be kept from it by a cancel. */
bool aw_engine_can_close(const struct aw_rule *rule, const struct aw_timeline *tl);

/* When nothing may outlive it any more: max_age, which no hold moves. */
aw_time aw_end_of_life(const struct aw_rule *rule, const struct aw_timeline *tl);

/* When the timeline is exhausted, if nothing is moved any more. */
aw_time aw_deadline(const struct aw_rule *rule, const struct aw_timeline *tl);

/* The second pure function: the message as the fold of its timelines. counts[state] timelines,
 * ended ones included; needed: aw_rule_needed. Confirmed with timelines still open: those are to be
 * released. */
enum aw_state aw_message_fold(unsigned needed, const unsigned counts[AW_N_STATES]);

#endif
