/* SPDX-License-Identifier: Apache-2.0
 *
 * The words of the project as enums, with their names as texts (types.c). The texts are the same
 * in YAML, JSON, SQL, the log and the documents. Numbers are stored: never renumber, only append.
 */
#ifndef AW_CORE_TYPES_H
#define AW_CORE_TYPES_H

#include <stdbool.h>
#include <stdint.h>

/* Limits that stored layouts and wire formats rely on. */
#define AW_MAX_RECIPIENTS 1000
#define AW_MAX_STEPS      64
#define AW_MAX_VIA        8            /* channels in a `via` list */
#define AW_MAX_TO         8            /* targets in a `to` list */
#define AW_USER_MAX       128          /* bytes of a user id */
#define AW_NAME_MAX       64           /* bytes of a rule, step, template, channel, app name */
#define AW_STEP_EXHAUSTED AW_MAX_STEPS /* the "index" of a rule's exhausted step */

enum aw_kind { AW_PUSH, AW_SMS, AW_EMAIL, AW_IM, AW_CALL, AW_WEBHOOK, AW_N_KINDS };
#define AW_ALL_KINDS ((1u << AW_N_KINDS) - 1) /* as a set, a bit each */

/* The evidence ladder. A level never goes down. */
enum aw_level {
    AW_LEVEL_NONE,
    AW_ACCEPTED,
    AW_SENT,
    AW_DELIVERED,
    AW_DISPLAYED,
    AW_OPENED,
    AW_ACKNOWLEDGED,
    AW_N_LEVELS
};

enum aw_priority { AW_LOW, AW_NORMAL, AW_HIGH, AW_CRITICAL, AW_N_PRIORITIES };

/* States of a timeline, and of a message as the fold of its timelines. Only OPEN is not final. */
enum aw_state {
    AW_OPEN,
    AW_CONFIRMED,
    AW_EXHAUSTED,
    AW_EXPIRED,
    AW_CANCELLED,
    AW_RELEASED,
    AW_N_STATES
};

/* Where evidence comes from. */
enum aw_source {
    AW_SRC_SEND,     /* the provider's answer to our request */
    AW_SRC_REPORT,   /* the provider's report, asked for by us */
    AW_SRC_CALLBACK, /* the provider's receipt, posted to us */
    AW_SRC_APP,      /* the application server (ack API) */
    AW_SRC_PAGE,     /* the confirmation page */
    AW_SRC_REPLY,    /* an SMS reply with the code */
    AW_SRC_OPERATOR, /* a person on behalf of the recipient */
    AW_SRC_INBOX,    /* read in the inbox of the application */
    AW_N_SOURCES
};

/* How a try ended. */
enum aw_outcome {
    AW_OUT_NONE,      /* in flight */
    AW_OUT_ACCEPTED,  /* the provider took it */
    AW_OUT_NO_TARGET, /* nobody behind the address (JPush 1011) */
    AW_OUT_REFUSED,   /* permanently refused for this address or content */
    AW_OUT_THROTTLED, /* try again at the given instant */
    AW_OUT_AUTH,      /* our credentials or rights are wrong */
    AW_OUT_TRANSIENT, /* failed before the request could have had an effect */
    AW_OUT_UNKNOWN,   /* the request may have had its effect */
    AW_OUT_DROPPED,   /* never sent, or not sent again: the goal was met, or time is over */
    AW_N_OUTCOMES
};

/* Negative facts about an address, kept per message. */
enum aw_negative {
    AW_NEG_NONE,
    AW_NEG_MISSING, /* the directory has no such address (looked up again each time) */
    AW_NEG_NO_TARGET,
    AW_NEG_BOUNCED,
    AW_NEG_REFUSED,
    AW_NEG_OPTED_OUT,
    AW_N_NEGATIVES
};

/* Why something was decided. Named in every entry and in the simulator's output. */
enum aw_why {
    AW_WHY_NONE,
    AW_WHY_DUE,           /* its time had come */
    AW_WHY_ADVANCED,      /* an earlier step could not reach anybody */
    AW_WHY_RETRY,         /* the try before failed for a while */
    AW_WHY_NEXT_TARGET,   /* the target before refused for good */
    AW_WHY_NEXT_CHANNEL,  /* the channel before did not get through */
    AW_WHY_ALREADY_SENT,  /* the application had sent it */
    AW_WHY_UNLESS,        /* the rung of `unless` is reached */
    AW_WHY_GOAL,          /* the goal is reached */
    AW_WHY_NO_CONTACT,    /* nobody in `to` has such an address */
    AW_WHY_DEAD_ADDRESS,  /* the address carries a negative fact */
    AW_WHY_PAST,          /* already past at registration, a later one runs */
    AW_WHY_COLLAPSED,     /* missed during a downtime, a later one runs */
    AW_WHY_SETTLE,        /* a query for it is in flight */
    AW_WHY_DEADLINE,      /* the deadline came first */
    AW_WHY_MAX_AGE,       /* nothing outlives max_age */
    AW_WHY_TRIES_SPENT,   /* no try got through */
    AW_WHY_THROTTLED,     /* the provider asked us to wait */
    AW_WHY_DOWNTIME,      /* we were down; the deadline moves */
    AW_WHY_CANCELLED,     /* a person cancelled */
    AW_WHY_RELEASED,      /* the message was confirmed by others */
    AW_WHY_EXHAUSTED,     /* the timeline ended unconfirmed */
    AW_WHY_RESTART,       /* in flight when the process ended */
    AW_WHY_NEXT_ROUND,    /* the next round takes the place of this try */
    AW_WHY_OPTED_OUT,     /* the person wants nothing at this address */
    AW_WHY_SNOOZED,       /* a person holds the plan */
    AW_WHY_CLAIM,         /* somebody else takes care, and the plan waits */
    AW_WHY_RESUMED,       /* a person ended the hold */
    AW_WHY_ESCALATED,     /* a person wants a step now */
    AW_WHY_CHANNEL,       /* no channel can be sent to at the time */
    AW_WHY_PROVEN,        /* a receipt says that the try got through after all */
    AW_WHY_LOGGED_OUT,    /* the recipient is logged out everywhere */
    AW_WHY_LOGGED_IN,     /* the recipient is back */
    AW_WHY_OTHER_ACCOUNT, /* somebody else is logged in on the device */
    AW_WHY_HOLD_OVER,     /* the recipient stayed away for longer than a push is held */
    AW_WHY_DIGEST,        /* one push tells of all that was held */
    AW_WHY_SUPPRESSED,    /* another message of the recipient is open */
    AW_WHY_SILENCE,       /* a silence covers the message */
    AW_WHY_LIMIT,         /* the recipient has had as many as the limits allow */
    AW_WHY_BRAKE,         /* the storm brake holds */
    AW_WHY_LET_GO,        /* what put it off is over before its time */
    AW_WHY_CARRIED,       /* goes along with another firing to the same person */
    AW_WHY_CATCH_UP,      /* missed during a downtime, and too old to be made up for */
    AW_WHY_REOPENED,      /* confirmed, and back since nobody closed it */
    AW_WHY_CLOSED,        /* a person says that it is settled: it does not come back */
    AW_WHY_BLIND,         /* receipts cannot be seen */
    AW_WHY_ON_UNKNOWN,    /* whether it was sent is unknown, and the channel is not to repeat it */
    AW_WHY_HOURS,         /* inside the windows of a calendar */
    AW_N_WHYS
};

/* Whether it is a reason for putting a firing off. */
bool aw_why_defers(enum aw_why w);

/* Texts, never NULL for a valid value: "sms", "acknowledged", "high", "open", ... */
const char *aw_kind_name(enum aw_kind k);
const char *aw_level_name(enum aw_level l); /* AW_LEVEL_NONE is "none" */
const char *aw_priority_name(enum aw_priority p);
const char *aw_state_name(enum aw_state s);
const char *aw_source_name(enum aw_source s);
const char *aw_outcome_name(enum aw_outcome o);
const char *aw_negative_name(enum aw_negative n);
const char *aw_why_name(enum aw_why w);

/* The way back: 0 and *ret, or AW_EINVAL with *ret untouched. */
int aw_kind_parse(const char *s, enum aw_kind *ret);
int aw_level_parse(const char *s, enum aw_level *ret); /* not "none" */
int aw_priority_parse(const char *s, enum aw_priority *ret);
int aw_state_parse(const char *s, enum aw_state *ret);
int aw_source_parse(const char *s, enum aw_source *ret);
int aw_outcome_parse(const char *s, enum aw_outcome *ret);
int aw_negative_parse(const char *s, enum aw_negative *ret);
int aw_why_parse(const char *s, enum aw_why *ret);

/* NULL-terminated lists of the valid texts, for "did you mean" and for schemas. */
extern const char *const aw_kind_names[];
extern const char *const aw_level_names[]; /* from "accepted" */
extern const char *const aw_priority_names[];
extern const char *const aw_state_names[];

#endif
