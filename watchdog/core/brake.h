/* SPDX-License-Identifier: Apache-2.0
 *
 * What holds a firing back though nothing is wrong with it: silences, limits per recipient, and the
 * storm brake (token buckets per recipient, rule, channel and app). The settings come from rule and
 * environment; the books remember what was let go. Nothing is dropped here: the answer is an
 * instant at which to ask again.
 *
 * The daemon keeps one set of books for all messages, the simulator one for its run. One thread.
 * Bounded: what no window looks back on is forgotten, AW_BRAKE_KEYS keys are kept at most.
 */
#ifndef AW_CORE_BRAKE_H
#define AW_CORE_BRAKE_H

#include "core/engine.h"
#include "core/match.h"
#include "core/throttle.h"

#define AW_BRAKE_KEYS   1000000
#define AW_MAX_SILENCES 1000
#define AW_BRAKE_STORMS 32 /* under way at one time; what is beyond is held back, but not told */

enum aw_bucket_of { AW_OF_RECIPIENT, AW_OF_RULE, AW_OF_CHANNEL, AW_OF_APP, AW_N_BUCKETS };
/* "recipient", "rule", "channel", "app" */
extern const char *const aw_bucket_names[];

/* `storm` of the environment. */
struct aw_storm_brake {
    struct aw_rate rate[AW_N_BUCKETS]; /* n 0: none */
    unsigned reserve;                  /* percent of each that only critical messages may use */
    unsigned digest; /* when more wait for one person, one carries all; 0: never */
};

/* Firings of messages that match are put off to its end. */
struct aw_silence {
    int64_t id;       /* 0: of the environment file */
    const char *name; /* "sil_0000000000001", or of the file: what the log names */
    const char *app;  /* whose messages alone, or NULL */
    const struct aw_match_term *match;
    unsigned n_match;
    aw_time from, until;
    const char *author, *reason;
};

/* What holds at present. Members that are NULL hold nothing back. */
struct aw_brake_conf {
    const struct aw_limits *limits; /* for rules without their own */
    const struct aw_storm_brake *storm;
    const struct aw_silence *silences;
    unsigned n_silences;
};

/* One firing as silences and books see it. */
struct aw_outgoing {
    const struct aw_match_input *in; /* the message */
    const struct aw_rule *rule;
    const char *channel; /* that it would go over */
    enum aw_kind kind;
    const uint64_t *who; /* those it would reach, a number each: persons, and their addresses */
    unsigned n_who;
};

/* The address of a kind that is counted beside the person, or NULL: two people may share it. */
const char *aw_brake_address(const struct aw_addresses *a, enum aw_kind kind);
/* The numbers of one whom a firing reaches: the person, and a keyed hash of that address (0: none).
 * At most AW_WHO; returns how many. */
#define AW_WHO 2
unsigned aw_brake_who(int64_t person, uint64_t address, uint64_t ret[AW_WHO]);

struct aw_brake;
struct aw_brake *aw_brake_new(void);
void aw_brake_free(struct aw_brake *b);

/* What holds the firing back at `now`: ret->why AW_WHY_NONE: nothing; else when to ask again. */
void aw_brake_ask(const struct aw_brake *b, const struct aw_brake_conf *conf,
                  const struct aw_outgoing *o, const struct aw_candidate *ask, aw_time now,
                  struct aw_restraint *ret);
/* It was let go. */
void aw_brake_take(struct aw_brake *b, const struct aw_brake_conf *conf,
                   const struct aw_outgoing *o, aw_time now);
/* It waits for the storm brake, as aw_brake_ask said at `now`: the next gets a later turn. */
void aw_brake_wait(struct aw_brake *b, const struct aw_brake_conf *conf,
                   const struct aw_outgoing *o, aw_time now, const struct aw_restraint *held);
/* Forgets what no window looks back on. */
void aw_brake_tidy(struct aw_brake *b, const struct aw_brake_conf *conf, aw_time now);
/* The longest that anything must be remembered, rules aside. */
aw_ms aw_brake_span(const struct aw_brake_conf *conf);

/* A storm: a bucket holds firings back. It is over when nothing had to wait for as long as the
 * bucket takes to fill, at least a minute. */
struct aw_storm {
    enum aw_bucket_of of;
    char name[AW_NAME_MAX + 1]; /* of the rule, channel or app; "" for recipients, all of them */
    aw_time since, last;        /* something was put off first, resp. until when */
    uint64_t n_held;            /* deferrals so far */
    bool told;                  /* the caller's */
};
/* Storms under way, at most AW_BRAKE_STORMS; *ret_n of them. */
struct aw_storm *aw_brake_storms(struct aw_brake *b, unsigned *ret_n);
bool aw_storm_over(const struct aw_storm *s, const struct aw_brake_conf *conf, aw_time now);
void aw_storm_end(struct aw_brake *b,
                  struct aw_storm *s); /* removes it; the last takes its place */

#endif
