/* SPDX-License-Identifier: Apache-2.0
 *
 * A rule as an immutable value. conf/rules.c makes it from YAML (defaults filled in, checked), and
 * frees it; everybody else only reads. shared between threads without locks; pointers inside live
 * as long as the rule. Meaning of each field: docs/rules.md.
 */
#ifndef AW_CORE_RULE_H
#define AW_CORE_RULE_H

#include "base/time.h"
#include "core/throttle.h"
#include "core/types.h"

enum aw_match_field {
    AW_MATCH_APP,
    AW_MATCH_CLASS,
    AW_MATCH_PRIORITY,
    AW_MATCH_CHANNEL,
    AW_MATCH_LABEL, /* labels.<key> */
    AW_MATCH_EXTRA, /* extras.<key> */
    AW_MATCH_TITLE,
};

/* All terms must hold; a term holds when one of its globs matches the whole value. */
struct aw_match_term {
    enum aw_match_field field;
    const char *key; /* of labels and extras, else NULL */
    const char *const *globs;
    unsigned n_globs;
    uint32_t hash; /* aw_match_hash of the only glob, when that is a plain word; else 0 */
};

enum aw_target_type {
    AW_TO_RECIPIENT,
    AW_TO_MANAGER, /* of the recipient */
    AW_TO_CONTACT, /* contact:<name>, an entry of the directory */
    AW_TO_USER,    /* user:<id>, likewise */
    AW_TO_ONCALL,  /* oncall:<rotation> */
};

struct aw_target {
    enum aw_target_type type;
    const char *name; /* NULL for recipient and manager */
};

enum aw_pick { AW_PICK_FIRST_REACHABLE, AW_PICK_ALL };
/* What becomes of a push (or im) while its recipient is logged out everywhere, and afterwards. */
enum aw_logged_out { AW_LOGGED_OUT_SEND, AW_LOGGED_OUT_HOLD, AW_LOGGED_OUT_SKIP };
enum aw_on_login { AW_ON_LOGIN_EACH, AW_ON_LOGIN_DIGEST, AW_ON_LOGIN_DROP };
struct aw_presence {
    enum aw_logged_out logged_out;
    aw_ms hold_max; /* of all holds of a timeline together; 0: max_age */
    enum aw_on_login on_login;
    int on_expiry; /* index of the step that is due when hold_max is over, or -1 */
};

enum aw_no_contact { AW_NO_CONTACT_ADVANCE, AW_NO_CONTACT_SKIP };

struct aw_step {
    const char *id; /* "exhausted" for the exhausted step */
    aw_ms at;
    enum aw_kind kinds[AW_N_KINDS]; /* in the order of `do` */
    unsigned n_kinds;               /* 1 to AW_N_KINDS */
    const char *via[AW_MAX_VIA];    /* channel names; none: all channels of the kind by weight */
    unsigned n_via;
    struct aw_target to[AW_MAX_TO]; /* at least one; default the recipient */
    unsigned n_to;
    enum aw_pick pick;
    const char *template_name; /* NULL: title and body of the message */
    enum aw_level unless;      /* AW_LEVEL_NONE: always runs */
    bool all_devices;          /* unless: on each device that the last push went to */
    aw_ms every;               /* repeat; 0 when the step runs once */
    unsigned times;            /* all rounds, 1 when the step runs once; 0: until the deadline */
    aw_ms ttl;                 /* 0: the provider's default, unless ttl_until is set */
    int ttl_until;             /* index of a step, or -1 */
    int replaces;              /* index of a step, or -1 */
    enum aw_no_contact if_no_contact;
    bool ack_link;
    unsigned line; /* in the file, for explanations */
};

/* Inside the windows of a calendar, firings of these kinds wait for their end, are skipped, or go.
 */
enum aw_inside { AW_INSIDE_HOLD, AW_INSIDE_SKIP, AW_INSIDE_SEND };
enum aw_then { AW_THEN_SHIFT, AW_THEN_KEEP };

struct aw_hours {
    const char *calendar;
    enum aw_inside inside;
    enum aw_then
        then;       /* of a hold: puts off the deadline and all of these kinds, or nothing else */
    uint8_t kinds;  /* a bit each; of all of them AW_ALL_KINDS */
    uint8_t except; /* priorities that it does not hold for, a bit each */
};

struct aw_check {
    aw_ms first, every, max_every, stop, settle;
    unsigned backoff_pct; /* 150 for 1.5 */
};

struct aw_title {
    const char *lang; /* NULL: any language */
    const char *text;
};

/* How many recipients must be confirmed for the message to be. */
struct aw_of {
    unsigned n;   /* so many, or percent of all; 0: each */
    bool percent; /* rounded up, at least one */
};

/* Whose acknowledgement meets the goal. */
enum aw_by { AW_BY_RECIPIENT, AW_BY_ANYONE /* to whom the timeline sent something */ };

#define AW_CATCH_UP_NEVER ((aw_ms)-1)

/* Nothing closed goes sooner: idempotency keys are answered from it for 72 h. Also for the auditor,
 * who takes an earlier pruning for a forgery. */
#define AW_RETENTION_LEAST (3 * AW_DAY)

struct aw_rule {
    const char *name;
    const struct aw_title *titles;
    unsigned n_titles;
    const struct aw_match_term *match;
    unsigned n_match;
    enum aw_level until;
    struct aw_of of;
    enum aw_by by;
    aw_ms reopen_after;        /* a confirmed timeline comes back; 0: it does not */
    bool reopen_unless_closed; /* nor when somebody cancelled it since */
    aw_ms catch_up;            /* missed firings up to this age run; 0: all, AW_CATCH_UP_NEVER */
    struct aw_check check;
    aw_ms deadline; /* plan time, from the base of the timeline */
    aw_ms max_age;  /* wall time, from registration */
    struct aw_presence presence;
    enum aw_level inbox_read;     /* what reading in the inbox proves */
    bool by_device;               /* a step asks for all devices */
    const struct aw_hours *hours; /* the first that applies wins */
    unsigned n_hours;
    aw_ms claim_hold;        /* how long a claim holds the plan; 0: nobody may claim */
    struct aw_limits limits; /* not given: those of the environment */
    /* suppress: an open message of the same recipient that matches; the terms, and whether there
     * are any (`if_open: {}` is every message). */
    const struct aw_match_term *if_open;
    unsigned n_if_open;
    bool suppress;
    aw_ms retention; /* how long it stays after its last entry; 0: the environment's */
    const struct aw_step *steps;
    unsigned n_steps;                /* 1 to AW_MAX_STEPS */
    const struct aw_step *exhausted; /* or NULL */
    uint8_t sha256[32];              /* of the whole file's text: the pin */
    const char *file;
    unsigned line;
};

/* A directory of rules, taken as a whole, in match order. */
struct aw_ruleset {
    struct aw_rule *const *rules;
    unsigned n;
    uint8_t sha256[32]; /* over the files' hashes in name order */
};

/* How many of so many recipients confirm the message; 0: each of them. It can be more than there
 * are: then the rule cannot take the message. */
unsigned aw_rule_needed(const struct aw_rule *r, unsigned n_recipients);

/* Step by index; AW_STEP_EXHAUSTED gives the exhausted step. */
const struct aw_step *aw_rule_step(const struct aw_rule *r, unsigned index);
/* Index of a step id ("exhausted" too), or -1. */
int aw_rule_step_index(const struct aw_rule *r, const char *id);
bool aw_step_has_kind(const struct aw_step *s, enum aw_kind kind);
/* The same `to` list, word for word. */
bool aw_step_same_targets(const struct aw_step *a, const struct aw_step *b);
/* By name, or NULL. */
const struct aw_rule *aw_ruleset_find(const struct aw_ruleset *s, const char *name);

#endif
