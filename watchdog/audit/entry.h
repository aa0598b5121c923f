/* SPDX-License-Identifier: Apache-2.0
 *
 * A log entry: one JSON object, built once, stored as bytes, never re-serialised (the hash is over
 * the stored bytes). docs/audit.md lists the kinds and members. No personal data ever enters one:
 * a person is a number, content is a commitment (HMAC-SHA256 under a salt that stands beside the
 * data), texts given by people go to the `detail` table with a commitment.
 *
 * Members that are zero/NULL/negative-one are left out. Order of members is fixed, so equal values
 * give equal bytes.
 */
#ifndef AW_AUDIT_ENTRY_H
#define AW_AUDIT_ENTRY_H

#include "base/buf.h"
#include "base/err.h"
#include "base/id.h"

#define AW_ENTRY_MAX (128 * 1024)

/* Kinds of entries, the `kind` member. Those of timelines carry a fact (core/timeline.h). */
#define AW_ENTRY_KINDS                                                                             \
    X(REGISTERED, "message.registered") /* opens all timelines of a message */                     \
    X(MESSAGE_ENDED, "message.ended")                                                              \
    X(CLAIMED, "firing.claimed")                                                                   \
    X(SKIPPED, "firing.skipped")                                                                   \
    X(DEFERRED, "firing.deferred")                                                                 \
    X(ADVANCED, "firing.advanced")                                                                 \
    X(OUTCOME, "attempt.outcome")                                                                  \
    X(EVIDENCE, "evidence.recorded")                                                               \
    X(NEGATIVE, "address.failed")                                                                  \
    X(DOWNTIME_MOVED, "timeline.moved")                                                            \
    X(ENDED, "timeline.ended")                                                                     \
    X(REFUSED, "request.refused") /* a registration that was refused, and why */                   \
    X(PERSON, "person.changed")   /* contact directory: number and commitment */                   \
    X(KEY, "key.changed")                                                                          \
    X(RULES, "rules.loaded")                                                                       \
    X(START, "daemon.started")                                                                     \
    X(STOP, "daemon.stopped")                                                                      \
    X(DOWNTIME, "daemon.downtime")                                                                 \
    X(CLOCK, "clock.stepped")                                                                      \
    X(NOTICE, "operators.told")                                                                    \
    X(HEARTBEAT, "heartbeat")                                                                      \
    X(NUMBER, "number.opted")       /* STOP, START: the number's commitment, why: out, in */       \
    X(ANSWERED, "reply.answered")   /* what was written back to a reply, as a word */              \
    X(PRUNED, "message.pruned")     /* rows of a closed message went, its entries stay */          \
    X(REDACTED, "message.redacted") /* its body lost a person who was erased */                    \
    X(HELD, "timeline.held")        /* people act */                                               \
    X(RESUMED, "timeline.resumed")                                                                 \
    X(ESCALATED, "timeline.escalated")                                                             \
    X(MIGRATED, "store.migrated")  /* the tables were brought to a newer layout */                 \
    X(CALLBACK, "callback.failed") /* an application was not told, and why */                      \
    X(REDELIVER, "callback.again") /* a person had a callback sent again */                        \
    X(LATE, "daemon.late")         /* steps fire late, or do so no more */                         \
    X(CHANNEL, "channel.changed")  /* paused, stopped, resumed; its breaker */                     \
    X(ABSENT, "recipient.absent")  /* pushes wait for a login */                                   \
    X(PRESENT, "recipient.present")                                                                \
    X(DEVICE, "recipient.device")    /* a device is theirs no more */                              \
    X(LET_GO, "firing.let_go")       /* put off no longer, before its time */                      \
    X(SILENCE, "silence.changed")    /* begun, ended by a person */                                \
    X(STORM, "storm.changed")        /* the brake began, or ceased, to hold firings back */        \
    X(APPLIED, "rules.applied")      /* who, and why; behind the rules.loaded that it is about */  \
    X(REOPENED, "timeline.reopened") /* confirmed, and back: after_ack */                          \
    X(CLOSED, "timeline.closed")     /* ... and will not come back */                              \
    X(SESSION, "session.changed")    /* login, logout, evicted: who is on a device; forgotten */

enum aw_entry_kind {
#define X(id, text) AW_ENTRY_##id,
    AW_ENTRY_KINDS
#undef X
        AW_N_ENTRY_KINDS
};
const char *aw_entry_kind_name(enum aw_entry_kind k);

struct aw_entry {
    int64_t seq;
    aw_time ts; /* never below the entry before */
    enum aw_entry_kind kind;
    aw_id msg;                   /* 0: not about a message */
    int n;                       /* recipient, -1: all or none */
    int64_t prev;                /* sequence of the entry before of the same timeline, -1: none */
    const char *actor;           /* who: "core", "key:3", "channel:sms", "page", "uid:0" */
    const char *step;            /* id, for people */
    int step_index;              /* -1: none */
    const char *kind_do;         /* "do": sms */
    int round, number, via, pos; /* 0 left out (round counts from 1) */
    aw_id attempt, ref;
    aw_id merged_into; /* claimed: the attempt of another recipient that carries this firing too */
    int64_t person;
    int64_t key;     /* of the API: its number */
    int64_t device;  /* number of a device */
    int count;       /* recipient.present: of so many messages one push tells */
    int kinds;       /* held: a bit each, 0: all */
    const char *env; /* decisions: which environment was live, the first digits of its SHA-256 */
    const char *state, *level, *source, *outcome, *negative, *why, *channel;
    const char *by; /* skipped, deferred: the name of what did it */
    bool last_round, unsent, counts, stands, late;
    aw_time at, registered, next_due;
    aw_ms moved;
    int http_status, code;
    const char *provider_id, *text; /* text: ours, or a cleaned provider text; no personal data */
    const char *rule;               /* name */
    const uint8_t *sha256;          /* of the rule file, rules set, template, ... */
    const uint8_t *content;         /* 32-byte commitment of body or detail, or NULL */
    /* registered: the recipients; n_persons of each */
    const int64_t *persons;
    const uint8_t (*person_commitments)[32];
    unsigned n_persons;
    int needed;             /* of them confirm the message, 0: each */
    const int64_t *devices; /* claimed: where a push went to */
    unsigned n_devices;
    aw_time from, to; /* downtime, clock step; hold: from until `at` */
};

void aw_entry_init(struct aw_entry *e); /* zero, n = prev = step_index = -1 */
int aw_entry_build(struct aw_buf *out, const struct aw_entry *e); /* AW_ELIMIT */

/* The way back, for the fold. Texts live in *ret_owner until aw_entry_release. AW_ECORRUPT. */
int aw_entry_parse(const char *body, size_t n, struct aw_entry *ret, void **ret_owner,
                   struct aw_err *err);
void aw_entry_release(void *owner);

/* HMAC-SHA256(salt, "aw1|" field "|" value): what stands for a value in the log. */
void aw_commit(uint8_t out[32], const uint8_t salt[32], const char *field, const void *value,
               size_t n);

#endif
