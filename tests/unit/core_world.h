/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tests of core/ share: a small world of people and channels, a rule as plain arrays that
 * a test may fill, and a step that checks after every event what must always hold.
 */
#ifndef AW_TESTS_UNIT_CORE_WORLD_H
#define AW_TESTS_UNIT_CORE_WORLD_H

#include "core/engine.h"

#define WORLD_PEOPLE 16
#define WORLD_START  ((aw_time)1795370400000) /* 2026-11-22T18:00:00Z */

struct world {
    char names[WORLD_PEOPLE][32];
    unsigned n; /* person p is names[p - 1]; the recipient is 1 */
    bool has[WORLD_PEOPLE][AW_N_KINDS];
    bool out[WORLD_PEOPLE];          /* wants no SMS */
    unsigned is[WORLD_PEOPLE];       /* enum aw_whereabouts */
    int64_t devices[AW_MAX_DEVICES]; /* of the recipient */
    unsigned n_devices;
    unsigned manager; /* of the recipient; 0: none */
    unsigned channels[AW_N_KINDS];
    struct aw_restraint held, suppressed; /* held: until held.at; why NONE: nothing */
    const aw_time *now;
    aw_time busy[AW_N_KINDS][AW_MAX_VIA]; /* channels that cannot be sent to before */
    struct {
        char name[32];
        aw_ms from, to; /* every day, of UTC; over midnight when to is not after from */
    } calendars[4];
    unsigned n_calendars;
    char oncall[32];     /* of every rotation, or "" */
    enum aw_sight sight; /* and until when, if it is held */
    aw_time seen_at;
    bool holds_unknown;
};

struct world_rule {
    struct aw_rule r;
    struct aw_step steps[AW_MAX_STEPS], exhausted;
    char ids[AW_MAX_STEPS + 1][32];
    char names[AW_MAX_STEPS + 1][AW_MAX_TO][32];
    struct aw_hours hours[4];
    char calendars[4][32];
};

struct world_run {
    struct world w;
    struct world_rule rule;
    struct aw_timeline tl;
    struct aw_update up;
    struct aw_idgen ids;
    struct aw_world world;
    struct aw_env env;
};

/* An empty rule (acknowledged, 1 h, a day) in an empty world at WORLD_START. */
void world_init(struct world_run *x);
/* From here on `held` and `suppressed` count. */
void world_brake(struct world_run *x);
/* Adds a step to the recipient with one kind, and returns it. */
struct aw_step *world_step(struct world_run *x, const char *id, aw_ms at, enum aw_kind kind);
void world_target(struct world_run *x, struct aw_step *s, enum aw_target_type type,
                  const char *name);
unsigned world_person(struct world_run *x, const char *name);

/* One event. Fails the test when an invariant is broken; returns what the engine returned. */
int world_event(struct world_run *x, const struct aw_event *ev);
/* DUE events until nothing is due at this instant. */
void world_due(struct world_run *x);

/* Whether two timelines are equal in all that is stored. */
bool world_same(const struct aw_timeline *a, const struct aw_timeline *b);

#endif
