/* SPDX-License-Identifier: Apache-2.0
 *
 * The state as the log tells it: entries are folded one by one (verify_fold.c), then every audited
 * row is compared with it (verify_rows.c). Plans are kept encoded, texts that repeat only once.
 */
#ifndef AW_STORE_VERIFY_FOLD_H
#define AW_STORE_VERIFY_FOLD_H

#include "audit/idmap.h"
#include "audit/verify.h"
#include "core/timeline.h"
#include "store/db.h"

/* Things in the order in which entries named them, found by id. */
struct aw_folded {
    void *p;
    size_t size; /* of one */
    size_t n, cap;
    struct aw_idmap index; /* id -> place */
};

struct aw_fold_message {
    aw_id id;
    int64_t seq;
    aw_time registered;
    aw_time last_at;  /* of its newest entry */
    unsigned n;       /* recipients */
    unsigned needed;  /* of them confirm it, 0: each */
    int64_t pruned;   /* entry that pruned it, -1: none */
    const char *rule; /* kept in words */
    uint8_t sha256[32], content[32];
    bool seen;
};

struct aw_fold_timeline {
    aw_id id;
    int64_t person, last;
    aw_id tried;
    aw_time due;
    uint16_t n, n_plan;
    uint8_t state, level;
    bool late, bad, seen; /* bad: found out already */
    uint8_t *plan;
};

struct aw_fold_attempt {
    aw_id id, ref, msg, previous, merged_into, shared;
    int64_t seq; /* the entry that determined it */
    int64_t person;
    aw_time at, done_at;
    const char *step_id, *channel; /* kept in words */
    char *provider_id, *detail;    /* owned, or NULL */
    int http_status, code;
    uint16_t n, round;
    uint8_t step, kind, number, level, outcome;
    bool seen;
};

struct aw_fold_person {
    int64_t id, seq;
    uint8_t user[32], contact[32];
    int64_t reported; /* entry of the first session, 0: none */
    bool has_contact, erased, seen;
};

struct aw_fold_device {
    int64_t id, seq, person;
    uint8_t content[32];
    bool forgotten, seen;
};

struct aw_fold_evidence {
    int64_t seq;
    aw_id timeline, attempt;
    int64_t person;
    aw_time at;
    uint8_t level, source;
    bool seen;
};

struct aw_fold_detail { /* also API keys, by number: content is the digest of the row */
    int64_t id, seq;
    aw_id timeline; /* 0: of none */
    uint8_t content[32];
    bool seen;
};

struct aw_fold_number { /* a row of opt_out */
    int64_t seq;
    uint8_t number[32];
    bool out, seen;
};

struct aw_fold_downtime {
    int64_t seq;
    aw_time from, to;
    bool seen;
};

struct aw_fold_hold {
    int64_t seq;
    const char *channel, *state; /* kept in words */
    aw_time since, until;
    bool over, seen;
};

struct aw_fold_silence {
    int64_t seq;
    const char *app; /* kept in words */
    aw_time since, until;
    bool over, seen;
};

struct aw_fold {
    struct aw_verifier *v; /* takes the findings */
    int64_t n_pruned;      /* messages of which the entries are left */
    struct aw_folded messages, timelines, attempts, persons, evidence, details, keys, downtimes,
        numbers, holds, silences, rulesets, devices;
    int64_t rules_seq; /* of the last rules.loaded, -1: none */
    uint8_t rules[32];
    char **words; /* step ids, channels, rules */
    size_t n_words;
    struct aw_timeline scratch;
};

struct aw_fold *aw_fold_new(struct aw_verifier *v);
void aw_fold_free(struct aw_fold *f);
void aw_fold_entry(struct aw_fold *f, const struct aw_entry *e);

/* The entry that pruned the recipient's rows, -1: they are to be there. */
int64_t aw_fold_pruned(const struct aw_fold *f, aw_id timeline);

/* By id, or NULL. */
void *aw_folded_find(const struct aw_folded *l, int64_t id);

/* Compares all audited tables, on a connection inside a read transaction. */
int aw_fold_compare(struct aw_fold *f, struct aw_db *db, struct aw_err *err);

#endif
