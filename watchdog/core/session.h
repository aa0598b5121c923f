/* SPDX-License-Identifier: Apache-2.0
 *
 * Reports of logins and logouts as values, and the one decision about them: which of two reports of
 * a device is the newer. Reports come late, twice and out of order; a newer one is never undone.
 *
 * Where both have a `seq`, that decides; else the time. A report with neither happened now: it is
 * newer than all before it.
 */
#ifndef AW_CORE_SESSION_H
#define AW_CORE_SESSION_H

#include "base/time.h"
#include "core/types.h"

#define AW_DEVICE_TEXT   64 /* bytes of a registration id */
#define AW_ALIAS_TEXT    40 /* bytes of an alias, as JPush has it */
#define AW_PLATFORM_TEXT 16
#define AW_SEQ_MAX       ((int64_t)1 << 53)
#define AW_SESSION_SKEW  AW_MINUTE /* a report may be dated so far ahead of our clock */

/* What is known of a device: the last report that counted. */
struct aw_session {
    int64_t person; /* who is logged in, 0: nobody */
    int64_t seq;    /* the highest so far, -1: none had one */
    aw_time at;
};

struct aw_session_report {
    bool login;
    int64_t person; /* login: who; logout: whose session ends, 0: whosever it is */
    int64_t seq;    /* -1: none */
    aw_time at;     /* 0: now */
};

enum aw_session_verdict {
    AW_SESSION_TAKEN, /* *ret is what is known from here on */
    AW_SESSION_KNOWN, /* a repetition, or the end of a session that is not there */
    AW_SESSION_LATE,  /* a newer report is known */
};

/* now: our clock, which dates what has no date. known NULL: nothing was ever reported. */
enum aw_session_verdict aw_session_judge(const struct aw_session *known,
                                         const struct aw_session_report *r, aw_time now,
                                         struct aw_session *ret);

#endif
