/* SPDX-License-Identifier: Apache-2.0
 *
 * A timeline (message x recipient) as a value, and the facts that change it.
 *
 * A timeline is the fold of its facts: aw_timeline_apply() is the only function that changes one.
 * The engine decides by emitting facts, the store writes each fact as one log entry beside the
 * folded row, and the auditor folds the entries again and compares. So a state without an entry
 * cannot be written, only forged, and then it shows.
 *
 *               opened
 *                 |
 *                 v       goal met            +-> confirmed
 *   +---------> OPEN ------------------------>+-> released    (others confirmed the message)
 *   | claim,      |       deadline passed     +-> exhausted   (then the exhausted step)
 *   | skip,       +-------------------------->+-> expired     (max_age)
 *   | outcome, ...|       a person            +-> cancelled
 *   +-------------+
 *   A confirmed or released one may be due to come back (after_ack): then it is OPEN again.
 *   After the end only evidence (confirmed_late), outcomes and retries of tries already claimed.
 *
 * A firing is timeline x step x kind x round. A *track* holds the next round of one step x kind,
 * and exists only once something differs from the plan. A *try* is an attempt that is not over.
 */
#ifndef AW_CORE_TIMELINE_H
#define AW_CORE_TIMELINE_H

#include <stddef.h>

#include "base/id.h"
#include "core/types.h"

#define AW_MAX_TRACKS    (6 * (AW_MAX_STEPS + 1))
#define AW_MAX_TRIES     56 /* open at one time; a firing beyond waits for room */
#define AW_MAX_NEGATIVES 64
#define AW_MAX_DEVICES   10   /* that one person is logged in on */
#define AW_BY_MAX        80   /* bytes of the name of what held a firing back */
#define AW_PLAN_MAX      8192 /* bytes of an encoded plan */
#define AW_LAST_INSTANT  ((aw_time)253402300799999) /* of the year 9999: sums cannot overflow */

struct aw_track {
    uint8_t step, kind;
    uint16_t round; /* the next round to decide, from 1 */
    aw_time due;    /* 0: by the plan */
    uint8_t why;    /* enum aw_why of `due`, when it differs from the plan */
    bool over;      /* no more rounds */
    bool settled;   /* put off once already (this round) */
    bool unsent;    /* round 1 reached nobody */
    uint8_t hope;   /* persons to whom round 1 went and whose address has not failed */
};

enum aw_try_state { AW_TRY_FLYING, AW_TRY_WAITING /* for its `due`, then the next try */ };

struct aw_try {
    aw_id attempt; /* the present try's id */
    aw_id ref;     /* the first try's id: the reference that the provider sees on every try */
    int64_t person;
    uint8_t step, kind;
    uint16_t round;
    uint8_t number; /* tries so far, from 1 */
    uint8_t spent;  /* of them failed on the present channel */
    uint8_t waits;  /* times that a provider asked us to wait */
    uint8_t via;    /* position among the channels of the firing */
    uint8_t pos;    /* position in `to` */
    uint8_t state;  /* enum aw_try_state */
    bool held;      /* it waits for the recipient to log in */
    aw_time due;    /* of a waiting try */
    bool parked;    /* its time had come, and no channel could be sent to */
};

struct aw_neg {
    int64_t person;
    uint8_t kind, what; /* enum aw_negative */
};

/* Holds. The times in a plan are plan time: `shift`, the length of all holds so far, comes on top
 * of each, and of the deadline. What is to come is never due before the end of the last. Each kind
 * has its own, since hours may hold some kinds only; that of the deadline takes part in all. */
struct aw_hold {
    aw_time from, until; /* the last one, [from, until); 0: there was none */
    aw_ms shift;         /* of all of them, what still lies ahead of the last one included */
};

/* Pushes wait while the recipient is logged out. Nothing else does, but the deadline is put off by
 * `moved`: the length of all these holds, less what a person's hold put it off already. */
struct aw_absence {
    aw_time from, until; /* the last one, [from, until); 0: there was none */
    aw_ms moved;
    aw_ms spent;    /* length of all of them */
    bool told;      /* one push has told of what was held */
    uint16_t count; /* of how many messages, if of more than this one */
};

/* A device that the last push went to. */
struct aw_device {
    int64_t id;
    uint8_t level; /* proven about it */
};

/* A person wanted this firing at this instant, and nothing that the plan has before it. */
struct aw_escalation {
    aw_time at; /* 0: nobody did */
    uint8_t step;
    uint16_t round;
};

/* A confirmed timeline that comes back. */
struct aw_back {
    aw_time from, at; /* ended, and is open again; at 0: stays as it is */
};

struct aw_timeline {
    aw_id id;   /* message id + n */
    uint16_t n; /* recipient's place in the registration */
    int64_t person;
    enum aw_state state;
    enum aw_level level; /* highest rung about the recipient */
    int64_t last;        /* log sequence of its newest entry */
    aw_time due;         /* when to look next; 0: never */
    bool late;           /* goal met after the end: confirmed_late */

    /* The plan: what the blob in the row holds. */
    aw_time registered;  /* wall time of registration */
    aw_time base;        /* zero of `at`: registration, or already_sent.at */
    aw_ms moved;         /* the deadline's move by downtimes */
    aw_time accounted;   /* downtimes that ended up to here are in `moved` */
    struct aw_hold hold; /* of the deadline */
    struct aw_hold kind_hold[AW_N_KINDS];
    aw_time snoozed; /* until when a person holds it; 0: nobody did */
    struct aw_escalation escalated;
    struct aw_absence absence;
    unsigned n_devices; /* only where the rule asks for all of them */
    struct aw_device devices[AW_MAX_DEVICES];
    int64_t acked_by; /* somebody else whose acknowledgement met the goal, 0: nobody's did */
    struct aw_back back;
    unsigned n_tracks, n_tries, n_negs;
    struct aw_track tracks[AW_MAX_TRACKS];
    struct aw_try tries[AW_MAX_TRIES];
    struct aw_neg negs[AW_MAX_NEGATIVES];
};

/* What each fact says, and the members of struct aw_fact that it uses (besides next_due). Members
 * in brackets are for readers: the fold does not look at them.
 *
 * OPENED    at = base, registered; the first fact of a timeline.
 * CLAIMED   a firing, or a next try of one: intent to send. step kind round number via pos attempt
 *           ref person last_round why [at = when the firing was due]. number 1 opens a try (ref is
 *           its attempt, or the older one of another recipient's firing that carries it along);
 *           above, the waiting try of that same ref goes on under its new attempt id. The first
 *           claim of a round moves the track to the next round, or ends it with last_round; further
 *           claims of a round (`pick: all`, next_target, retries) leave the track alone,
 *           `last_round` is the same on all of them. devices: of a push to the recipient, where
 *           the rule asks for all of them.
 * SKIPPED   a firing decided not to run, moves the track likewise. step kind round last_round
 *           unsent why [by] [level: reached, with why unless; at = when it was due].
 * DEFERRED  step kind round why at = the firing's new due, with why hours: nor are later rounds
 *           due before it; with an attempt: that of this waiting try. [by] [via: the channel that
 * is waited for, with why channel; the bucket, with why brake] LET_GO    step kind round at: what
 * put this firing off is over, it is due then, before its time; with an attempt: what parked this
 * try. ADVANCED  step kind at: round 1 becomes due then; one fact per kind of the step. OUTCOME how
 * the try `attempt` ended: outcome at why [step kind round number ref person]. at != 0: it waits
 * and is tried again then; 0: it is over. A waiting try that is given up gets a second OUTCOME,
 * `dropped`. EVIDENCE  level counts stands late person device [source attempt at = its own date].
 * NEGATIVE  an address failed: person kind negative, and for which firing: step round attempt.
 * DOWNTIME  moved = the deadline's move; at = accounted up to.
 * ENDED     state [why]; from = now, at = when it comes back, or 0.
 * HELD      a person, or with why hours a calendar, holds from `from` to at what is to come: kinds
 * = which kinds, a bit each, 0: all. moved = by how much that puts off the deadline: less than the
 * hold where it overlaps the one before [why; step kind round: with why hours, the firing that was
 * held]. RESUMED   at = when a person ended the hold; moved = how much of it was left to the
 * deadline [why]. ESCALATED step round at = when a person wanted that firing [why]. ABSENT pushes
 * wait for the recipient from `from` to at, at most; moved = by how much that puts off the
 * deadline. What is held is a DEFERRED (or an OUTCOME) with why logged_out. PRESENT   at = when the
 * recipient was back; moved = how much of it was left. why digest: another message's push tells of
 * this one; count: this one's tells of so many. DEVICE    `device` is the recipient's no more.
 * REOPENED  at = when a confirmed timeline came back; level = the rung that remains; moved = by how
 * much what is to come is put off [why].
 * CLOSED    it does not come back [why].
 */
enum aw_fact_type {
    AW_FACT_OPENED,
    AW_FACT_CLAIMED,
    AW_FACT_SKIPPED,
    AW_FACT_DEFERRED,
    AW_FACT_ADVANCED,
    AW_FACT_OUTCOME,
    AW_FACT_EVIDENCE,
    AW_FACT_NEGATIVE,
    AW_FACT_DOWNTIME,
    AW_FACT_ENDED,
    AW_FACT_HELD,
    AW_FACT_RESUMED,
    AW_FACT_ESCALATED,
    AW_FACT_ABSENT,
    AW_FACT_PRESENT,
    AW_FACT_DEVICE,
    AW_FACT_LET_GO,
    AW_FACT_REOPENED,
    AW_FACT_CLOSED,
    AW_N_FACTS
};

struct aw_fact {
    enum aw_fact_type type;
    enum aw_state state;
    enum aw_level level;
    enum aw_source source;
    enum aw_outcome outcome;
    enum aw_negative negative;
    enum aw_why why;
    uint8_t step, kind;
    uint16_t round;
    uint8_t number, via, pos;
    bool last_round; /* claimed, skipped: the track is over with this round */
    bool unsent;     /* skipped: nobody could be reached */
    bool counts;     /* evidence about the recipient, of whom it raises the level */
    bool stands;     /* evidence of somebody else that meets the goal */
    bool late;       /* evidence after the end that meets the goal */
    uint8_t kinds;   /* held */
    aw_id attempt, ref;
    int64_t person; /* whom it goes to, or whose evidence it is */
    aw_time at;
    aw_time from; /* held, absent */
    int64_t device;
    uint16_t count;    /* present */
    uint8_t n_devices; /* claimed */
    int64_t devices[AW_MAX_DEVICES];
    aw_time registered;
    aw_ms moved;
    aw_time next_due;   /* the timeline's due after this fact, 0: none */
    char by[AW_BY_MAX]; /* skipped, deferred: the name of what did it, "" when `why` says it all */
};

/* A fresh value (all zero but id, n, person); the first fact must be OPENED. */
void aw_timeline_init(struct aw_timeline *tl, aw_id message, uint16_t n, int64_t person);

/* Folds one fact in; tl->due becomes f->next_due. Returns 0, or AW_ECORRUPT when the fact cannot
 * follow (levels rise, final states stay final, rounds come in order, ...): the engine asserts that
 * this never happens, for an auditor it is a finding. tl is unspecified then. */
int aw_timeline_apply(struct aw_timeline *tl, const struct aw_fact *f);

/* The track of a step x kind, or NULL while it is as planned. */
const struct aw_track *aw_timeline_track(const struct aw_timeline *tl, unsigned step,
                                         enum aw_kind kind);
const struct aw_try *aw_timeline_try(const struct aw_timeline *tl, aw_id attempt);
/* A device that the last push went to, or NULL. */
const struct aw_device *aw_timeline_device(const struct aw_timeline *tl, int64_t id);
/* The negative fact on an address, AW_NEG_NONE if there is none. */
enum aw_negative aw_timeline_negative(const struct aw_timeline *tl, int64_t person,
                                      enum aw_kind kind);

/* Whether pushes wait for the recipient to log in. */
bool aw_timeline_absent(const struct aw_timeline *tl, aw_time now);
/* How much of [from, to) the last hold by people, resp. the last absence, covers. */
aw_ms aw_hold_within(const struct aw_hold *h, aw_time from, aw_time to);
aw_ms aw_absence_within(const struct aw_absence *a, aw_time from, aw_time to);

/* Whether a person's hold is running: tl->snoozed is its end. */
bool aw_timeline_held(const struct aw_timeline *tl, aw_time now);

/* The plan part to bytes and back. Deterministic: equal values give equal bytes (tracks ordered
 * by step and kind, tries and negatives in order of arrival). Encode returns the size, 0 when cap
 * is too small. Decode fills only the plan part; AW_ECORRUPT on anything odd. */
size_t aw_plan_encode(const struct aw_timeline *tl, uint8_t *dst, size_t cap);
int aw_plan_decode(struct aw_timeline *tl, const uint8_t *src, size_t n);

#endif
