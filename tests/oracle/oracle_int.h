/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the oracle share. Quotations in the comments are from rules.md.
 */
#ifndef AW_TESTS_ORACLE_INT_H
#define AW_TESTS_ORACLE_INT_H

#include "oracle/oracle.h"

#define ORA_FIRINGS 4096
#define ORA_HOLDS   256
#define ORA_FAILED  256
#define ORA_FLIGHTS 64
#define ORA_SENDS   4096
#define ORA_BY      64
#define ORA_NEVER   ((aw_time)INT64_MAX)

enum ora_is {
    ORA_WAITS,
    ORA_FIRED,
    ORA_SKIPPED,
};

/* "Its plan is compiled into firings, unique by (message, recipient, step, kind, round)". */
struct ora_firing {
    unsigned step; /* index in the file, or AW_STEP_EXHAUSTED */
    unsigned nth;  /* place of its kind in `do` */
    enum aw_kind kind;
    unsigned round;
    enum ora_is is;
    aw_ms place;         /* where it stands in the plan: `at + (k-1) x every` */
    aw_ms plan;          /* when it is due, on the clock of the plan, which holds stop */
    aw_time not_before;  /* it alone is put off until then; 0: it is not */
    bool was_away;       /* the recipient, when it fell due */
    bool kept;           /* by hours */
    char by[ORA_BY];     /* the name of what put it off */
    aw_time at_once;     /* a person wants it now, whatever holds the plan; 0: nobody does */
    bool wanted;         /* by a person: neither hours nor limits apply */
    bool between;        /* "steps between are skipped": before what a person wants now */
    enum aw_why why;     /* of this due */
    enum aw_why put_off; /* what held or deferred it, if anything did */
    bool hopeless;       /* nobody could be reached, or nobody took it */
};

/* Whom a hold concerns: a kind's firings, or the deadline as if it were one more kind. */
#define ORA_DEADLINE AW_N_KINDS
#define ORA_ALL      ((1u << (AW_N_KINDS + 1)) - 1)

/* Somebody or something holds the plan, [from, until), or a part of it. */
struct ora_hold {
    aw_time from, until;
    unsigned what;   /* a bit for each kind, and for the deadline */
    bool by_hours;   /* nobody can end it */
    bool by_absence; /* of the recipient */
};

/* "negative facts about an address": of this message's recipient's timeline. */
struct ora_failed {
    const char *user;
    enum aw_kind kind;
    enum aw_why why;
};

/* An attempt whose result is not known yet. */
struct ora_flight {
    unsigned firing; /* place in the list */
    bool known;      /* that the list of events brings its result later */
    const char *users[AW_MAX_TO];
    bool me[AW_MAX_TO];
    unsigned n;
};

struct ora_send { /* what went to whom */
    const struct ora_tl *tl;
    aw_time at;
    const char *user;
    enum aw_kind kind;
    bool failed;
};

struct ora_tl {
    const struct aw_recipient *rcpt;
    enum aw_state state;
    enum aw_level level;
    bool stands; /* somebody else has acknowledged, and that counts */
    aw_time ended;
    bool closed; /* a person says that it is settled */
    aw_time registered, base;
    struct ora_hold holds[ORA_HOLDS];
    unsigned n_holds;
    struct ora_firing firings[ORA_FIRINGS];
    unsigned n_firings;
    struct ora_failed failed[ORA_FAILED];
    unsigned n_failed;
    struct ora_flight flights[ORA_FLIGHTS];
    unsigned n_flights;
    bool told;                                   /* one push has told of what waited for a login */
    unsigned used[AW_MAX_STEPS + 1][AW_N_KINDS]; /* events that were results of its attempts */
};

struct ora {
    const struct aw_virtual_input *in;
    const struct aw_rule *rule;
    struct ora_tl *tls;
    unsigned n;
    aw_time now;
    struct aw_virtual_event *events; /* in order of time */
    struct ora_send sends[ORA_SENDS];
    unsigned n_sends;
    aw_time oncall_asked; /* when the rotation was looked at last */
    const char *oncall;
    int (*line)(void *ctx, const struct aw_virtual_line *l);
    void *ctx;
    int result; /* of line, once it is not 0 */
};

/* oracle_plan.c: what is planned, and when it is due */
void ora_list_firings(struct ora *o, struct ora_tl *tl);
aw_time ora_due(const struct ora_tl *tl, const struct ora_firing *f);
aw_time ora_turn(struct ora *o, const struct ora_tl *tl, const struct ora_firing *f);
aw_time ora_deadline(struct ora *o, const struct ora_tl *tl);
aw_time ora_end_of_life(struct ora *o, const struct ora_tl *tl);
aw_ms ora_plan_clock(const struct ora_tl *tl, aw_time at, unsigned what);
aw_time ora_held_until(const struct ora_tl *tl, aw_time at, unsigned what); /* 0: it is not */
/* A round follows the one before. */
bool ora_is_first(const struct ora_tl *tl, const struct ora_firing *f);
/* Of those that wait, the one that comes first: by due, then file order. Never one after the
 * deadline. */
struct ora_firing *ora_next(struct ora *o, struct ora_tl *tl);
const struct aw_step *ora_step(struct ora *o, unsigned step);

/* oracle_decide.c: one firing */
void ora_decide(struct ora *o, struct ora_tl *tl, struct ora_firing *f);
void ora_answers(struct ora *o, struct ora_tl *tl); /* results of what was just claimed */
void ora_result(struct ora *o, struct ora_tl *tl, unsigned event);
bool ora_not_begun(const struct ora_tl *tl,
                   unsigned step); /* nothing of its first round is decided */
void ora_exhausted_step(struct ora *o, struct ora_tl *tl);
void ora_skip(struct ora *o, struct ora_tl *tl, struct ora_firing *f, enum aw_why why);

/* oracle_people.c: who is who, and who can be reached */
const struct aw_addresses *ora_addresses(struct ora *o, const char *user,
                                         struct aw_addresses *room);
const char *ora_person(struct ora *o, const struct ora_tl *tl, const struct aw_target *to);
/* Without looking where the person is logged in. */
bool ora_has_address(struct ora *o, const struct ora_tl *tl, const char *user, enum aw_kind kind,
                     enum aw_why *ret_why);
bool ora_reachable(struct ora *o, const struct ora_tl *tl, const struct aw_target *to,
                   enum aw_kind kind, enum aw_why *ret_why);

/* oracle_hours.c: the entry of `hours` that decides about a kind now, and when its windows end */
const struct aw_hours *ora_hours(struct ora *o, const struct ora_tl *tl, enum aw_kind kind,
                                 aw_time *ret_end);
const char *ora_oncall(struct ora *o, const char *rotation);

/* oracle_brake.c: what keeps a firing back from those whom it would reach */
enum aw_why ora_restrained(struct ora *o, const struct ora_firing *f, const struct ora_flight *to,
                           aw_time *ret_until, char by[ORA_BY]);
void ora_sent(struct ora *o, const struct ora_tl *tl, const char *user, enum aw_kind kind);

/* oracle_presence.c: sessions, and what waits for a login */
bool ora_absent(struct ora *o, const char *user);
bool ora_known(struct ora *o, const char *user); /* a session was reported of them */
bool ora_presence(struct ora *o, struct ora_tl *tl, struct ora_firing *f);
/* Whether `logged_out: skip` would skip it now. */
bool ora_presence_skips(struct ora *o, const struct ora_tl *tl, unsigned step, enum aw_kind kind);
void ora_sessions(struct ora *o);
void ora_stop_waiting(struct ora_tl *tl);

/* oracle_act.c: people act */
void ora_act(struct ora *o, struct ora_tl *tl, const struct aw_virtual_event *ev);

/* oracle.c: lines and ends */
void ora_say(struct ora *o, const struct ora_tl *tl, struct aw_virtual_line l);
void ora_end(struct ora *o, struct ora_tl *tl, enum aw_state state, enum aw_why why);
void ora_evidence(struct ora *o, struct ora_tl *tl, enum aw_level level);
void ora_confirm(struct ora *o);

#endif
