/* SPDX-License-Identifier: Apache-2.0
 *
 * Names of the enums. One table per enum, indexed by value: an enum that grows without a name
 * fails to compile. The tables end with NULL so that they serve as lists of valid texts too.
 */
#include "core/types.h"

#include <assert.h>
#include <string.h>

#include "base/err.h"

const char *const aw_kind_names[] = {
    [AW_PUSH] = "push", [AW_SMS] = "sms",         [AW_EMAIL] = "email", [AW_IM] = "im",
    [AW_CALL] = "call", [AW_WEBHOOK] = "webhook", [AW_N_KINDS] = NULL,
};
static_assert(sizeof(aw_kind_names) == (AW_N_KINDS + 1) * sizeof(char *), "a kind has no name");

/* From the first rung on: names[level - 1]. */
const char *const aw_level_names[] = {
    [AW_ACCEPTED - 1] = "accepted",   [AW_SENT - 1] = "sent",
    [AW_DELIVERED - 1] = "delivered", [AW_DISPLAYED - 1] = "displayed",
    [AW_OPENED - 1] = "opened",       [AW_ACKNOWLEDGED - 1] = "acknowledged",
    [AW_N_LEVELS - 1] = NULL,
};
static_assert(sizeof(aw_level_names) == AW_N_LEVELS * sizeof(char *), "a level has no name");

const char *const aw_priority_names[] = {
    [AW_LOW] = "low",           [AW_NORMAL] = "normal",   [AW_HIGH] = "high",
    [AW_CRITICAL] = "critical", [AW_N_PRIORITIES] = NULL,
};
static_assert(sizeof(aw_priority_names) == (AW_N_PRIORITIES + 1) * sizeof(char *),
              "a priority has no name");

const char *const aw_state_names[] = {
    [AW_OPEN] = "open",       [AW_CONFIRMED] = "confirmed", [AW_EXHAUSTED] = "exhausted",
    [AW_EXPIRED] = "expired", [AW_CANCELLED] = "cancelled", [AW_RELEASED] = "released",
    [AW_N_STATES] = NULL,
};
static_assert(sizeof(aw_state_names) == (AW_N_STATES + 1) * sizeof(char *), "a state has no name");

static const char *const source_names[] = {
    [AW_SRC_SEND] = "send",         [AW_SRC_REPORT] = "report", [AW_SRC_CALLBACK] = "callback",
    [AW_SRC_APP] = "app",           [AW_SRC_PAGE] = "page",     [AW_SRC_REPLY] = "reply",
    [AW_SRC_OPERATOR] = "operator", [AW_SRC_INBOX] = "inbox",   [AW_N_SOURCES] = NULL,
};
static_assert(sizeof(source_names) == (AW_N_SOURCES + 1) * sizeof(char *), "a source has no name");

static const char *const outcome_names[] = {
    [AW_OUT_NONE] = "none",           [AW_OUT_ACCEPTED] = "accepted",
    [AW_OUT_NO_TARGET] = "no_target", [AW_OUT_REFUSED] = "refused",
    [AW_OUT_THROTTLED] = "throttled", [AW_OUT_AUTH] = "auth",
    [AW_OUT_TRANSIENT] = "transient", [AW_OUT_UNKNOWN] = "unknown",
    [AW_OUT_DROPPED] = "dropped",     [AW_N_OUTCOMES] = NULL,
};
static_assert(sizeof(outcome_names) == (AW_N_OUTCOMES + 1) * sizeof(char *),
              "an outcome has no name");

static const char *const negative_names[] = {
    [AW_NEG_NONE] = "none",       [AW_NEG_MISSING] = "missing", [AW_NEG_NO_TARGET] = "no_target",
    [AW_NEG_BOUNCED] = "bounced", [AW_NEG_REFUSED] = "refused", [AW_NEG_OPTED_OUT] = "opted_out",
    [AW_N_NEGATIVES] = NULL,
};
static_assert(sizeof(negative_names) == (AW_N_NEGATIVES + 1) * sizeof(char *),
              "a negative fact has no name");

static const char *const why_names[] = {
    [AW_WHY_NONE] = "none",
    [AW_WHY_DUE] = "due",
    [AW_WHY_ADVANCED] = "advanced",
    [AW_WHY_RETRY] = "retry",
    [AW_WHY_NEXT_TARGET] = "next_target",
    [AW_WHY_NEXT_CHANNEL] = "next_channel",
    [AW_WHY_ALREADY_SENT] = "already_sent",
    [AW_WHY_UNLESS] = "unless",
    [AW_WHY_GOAL] = "goal",
    [AW_WHY_NO_CONTACT] = "no_contact",
    [AW_WHY_DEAD_ADDRESS] = "dead_address",
    [AW_WHY_PAST] = "past",
    [AW_WHY_COLLAPSED] = "collapsed",
    [AW_WHY_SETTLE] = "settle",
    [AW_WHY_DEADLINE] = "deadline",
    [AW_WHY_MAX_AGE] = "max_age",
    [AW_WHY_TRIES_SPENT] = "tries_spent",
    [AW_WHY_THROTTLED] = "throttled",
    [AW_WHY_DOWNTIME] = "downtime",
    [AW_WHY_CANCELLED] = "cancelled",
    [AW_WHY_RELEASED] = "released",
    [AW_WHY_EXHAUSTED] = "exhausted",
    [AW_WHY_RESTART] = "restart",
    [AW_WHY_NEXT_ROUND] = "next_round",
    [AW_WHY_OPTED_OUT] = "opted_out",
    [AW_WHY_SNOOZED] = "snoozed",
    [AW_WHY_CLAIM] = "claim",
    [AW_WHY_RESUMED] = "resumed",
    [AW_WHY_ESCALATED] = "escalated",
    [AW_WHY_CHANNEL] = "channel",
    [AW_WHY_PROVEN] = "proven",
    [AW_WHY_LOGGED_OUT] = "logged_out",
    [AW_WHY_LOGGED_IN] = "logged_in",
    [AW_WHY_OTHER_ACCOUNT] = "other_account",
    [AW_WHY_HOLD_OVER] = "hold_over",
    [AW_WHY_SUPPRESSED] = "suppressed",
    [AW_WHY_SILENCE] = "silence",
    [AW_WHY_LIMIT] = "limit",
    [AW_WHY_BRAKE] = "brake",
    [AW_WHY_LET_GO] = "let_go",
    [AW_WHY_CARRIED] = "carried",
    [AW_WHY_DIGEST] = "digest",
    [AW_WHY_CATCH_UP] = "catch_up",
    [AW_WHY_REOPENED] = "reopened",
    [AW_WHY_CLOSED] = "closed",
    [AW_WHY_BLIND] = "blind",
    [AW_WHY_ON_UNKNOWN] = "on_unknown",
    [AW_WHY_HOURS] = "hours",
    [AW_N_WHYS] = NULL,
};
static_assert(sizeof(why_names) == (AW_N_WHYS + 1) * sizeof(char *), "a reason has no name");

static int find(const char *const *names, const char *s)
{
    for (int i = 0; names[i]; i++)
        if (strcmp(names[i], s) == 0)
            return i;
    return AW_EINVAL;
}

/* fn_name() and fn_parse() of an enum whose names are indexed by value. */
#define NAMED(fn, type, names, count)                                                              \
    const char *fn##_name(type v)                                                                  \
    {                                                                                              \
        assert((unsigned)v < (count));                                                             \
        return (names)[v];                                                                         \
    }                                                                                              \
    int fn##_parse(const char *s, type *ret)                                                       \
    {                                                                                              \
        int i = find(names, s);                                                                    \
        if (i < 0)                                                                                 \
            return i;                                                                              \
        *ret = (type)i;                                                                            \
        return 0;                                                                                  \
    }

NAMED(aw_kind, enum aw_kind, aw_kind_names, AW_N_KINDS)
NAMED(aw_priority, enum aw_priority, aw_priority_names, AW_N_PRIORITIES)
NAMED(aw_state, enum aw_state, aw_state_names, AW_N_STATES)
NAMED(aw_source, enum aw_source, source_names, AW_N_SOURCES)
NAMED(aw_outcome, enum aw_outcome, outcome_names, AW_N_OUTCOMES)
NAMED(aw_negative, enum aw_negative, negative_names, AW_N_NEGATIVES)
NAMED(aw_why, enum aw_why, why_names, AW_N_WHYS)

bool aw_why_defers(enum aw_why w)
{
    return w == AW_WHY_SETTLE || w == AW_WHY_CHANNEL || w == AW_WHY_SILENCE || w == AW_WHY_LIMIT ||
           w == AW_WHY_BRAKE || w == AW_WHY_HOURS;
}

const char *aw_level_name(enum aw_level l)
{
    assert((unsigned)l < AW_N_LEVELS);
    return l == AW_LEVEL_NONE ? "none" : aw_level_names[l - 1];
}

int aw_level_parse(const char *s, enum aw_level *ret)
{
    int i = find(aw_level_names, s);
    if (i < 0)
        return i;
    *ret = (enum aw_level)(i + 1);
    return 0;
}
