/* SPDX-License-Identifier: Apache-2.0
 *
 * How a handset, or the gateway on its behalf, behaves: one row per kind. The last digit of a
 * magic number +999000000N picks a row; the `sms` member of a person picks one by name.
 */
#ifndef AW_SIM_SMS_KINDS_H
#define AW_SIM_SMS_KINDS_H

#include "base/time.h"

enum aw_sim_sms_answer {
    AW_SIM_SMS_ACCEPT,
    AW_SIM_SMS_REFUSE,  /* code 1001: never for this number */
    AW_SIM_SMS_LIMITED, /* 429 for 60 s from the first try, then accepted */
    AW_SIM_SMS_FLAKY,   /* 503 twice, then accepted */
    AW_SIM_SMS_DROP,    /* taken, but the answer is lost; a second try is answered */
};

struct aw_sim_sms_kind {
    const char *name;
    char magic; /* last digit, 0 none */
    enum aw_sim_sms_answer answer;
    const char *receipt; /* NULL: never one */
    aw_ms after;         /* acceptance to receipt; 0: 2 to 6 s by seed */
    const char *reply;   /* sent by the person 5 s after the receipt */
};

const struct aw_sim_sms_kind *aw_sim_sms_kind_named(const char *name); /* NULL: no such kind */
/* The kind of a magic number; the plain one for any other. */
const struct aw_sim_sms_kind *aw_sim_sms_kind_of(const char *phone);

#endif
