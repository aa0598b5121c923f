/* SPDX-License-Identifier: Apache-2.0
 *
 * One registration under one rule on a virtual clock: what `rules simulate`, rule tests and the
 * property tests run. It drives aw_engine_step exactly as the daemon does: no jitter, no settling,
 * every attempt accepted at once unless an event says otherwise. It may allocate; no I/O, no clock.
 *
 * Lines come in time order, recipients in the order of the registration. At one instant: evidence
 * of all recipients, states, acts, then firings.
 */
#ifndef AW_CORE_VIRTUAL_H
#define AW_CORE_VIRTUAL_H

#include "core/brake.h"
#include "core/calendar.h"
#include "core/engine.h"
#include "core/registration.h"

struct aw_virtual_person {
    const char *user;
    struct aw_addresses a;
};

enum aw_virtual_act {
    AW_V_EVIDENCE,
    AW_V_CANCEL,
    AW_V_SNOOZE,
    AW_V_CLAIM,
    AW_V_RESUME,
    AW_V_ESCALATE,
    AW_V_RESULT,
    AW_V_LOGIN,
    AW_V_LOGOUT,
    AW_V_CHANNEL,
};

enum aw_virtual_is { AW_V_UP, AW_V_DOWN, AW_V_BLIND };

struct aw_virtual_event { /* sorted by the caller or not: sorted by `after`, stable */
    enum aw_virtual_act act;
    aw_ms after;      /* since registration */
    const char *from; /* evidence, login, logout: user; result and acts: the recipient, NULL: all */
    const char *device;      /* login, logout; evidence: NULL where it is not known */
    const char *about;       /* evidence: this recipient's timeline alone, or NULL */
    enum aw_level level;     /* evidence; AW_LEVEL_NONE: read in the inbox */
    const char *step;        /* result: which step's next attempts; escalate: NULL for the next */
    aw_ms hold;              /* snooze: for so long, or */
    aw_time until;           /* until this instant */
    const char *by;          /* claim: who, or NULL; nobody claims a message of their own */
    const char *channel;     /* by name, or a kind where channels have none */
    enum aw_virtual_is is;   /* how that channel is from now on */
    enum aw_outcome outcome; /* result: accepted, refused, no_target, unknown ("lost") */
};

struct aw_virtual_input {
    const struct aw_rule *rule;
    const struct aw_registration *reg;
    aw_time at;                             /* of registration */
    const struct aw_virtual_person *people; /* directory and recipients' missing addresses */
    unsigned n_people;
    const struct aw_virtual_event *events;
    unsigned n_events;
    const struct aw_almanac *almanac; /* calendars and rotations; NULL: none */
    /* Number of channels per kind, 0 means none; NULL: one of each. */
    const unsigned *channels;
    const struct aw_channel *channel_list; /* of the environment, for their names and what they do
                                            * when blind; they need not be given */
    unsigned n_channel_list;
    const char *app;                   /* NULL: the registration's, else "default" */
    const struct aw_brake_conf *brake; /* silences, limits, storm brake; NULL: none */
};

enum aw_virtual_what {
    AW_V_FIRED,
    AW_V_SKIPPED,
    AW_V_DEFERRED,
    AW_V_HELD,  /* by a person: the firing that would come next, and with it all others; by hours:
                 * this one */
    AW_V_STATE, /* state of the line */
};

struct aw_virtual_line {
    aw_time at;
    aw_ms after;
    const char *to; /* recipient */
    enum aw_virtual_what what;
    enum aw_state state;
    const char *step; /* NULL for states */
    unsigned round;
    enum aw_kind kind;
    const char *const *targets; /* users */
    unsigned n_targets;
    enum aw_why why;
    enum aw_level level; /* with unless and goal: the rung reached */
    aw_time until;       /* held, deferred: until then, unless somebody ends it */
    const char *by;      /* deferred, skipped: the name of what did it, or NULL */
};

/* "fired", "skipped", "deferred", "held", or the state's name. */
const char *aw_virtual_what_name(const struct aw_virtual_line *l);

/* Runs to the end (bounded: at most 1,000,000 lines, AW_ELIMIT beyond). line returns 0 to go on.
 * AW_EINVAL: the events do not fit the rule: an escalate names none of its steps, or it has no
 * claim.
 */
int aw_virtual_run(const struct aw_virtual_input *in,
                   int (*line)(void *ctx, const struct aw_virtual_line *l), void *ctx,
                   struct aw_err *err);

#endif
