/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of SMS behaviours.
 */
#include "sim/sms_kinds.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define MAGIC "+999000000" /* country code 999 is not assigned */

static const struct aw_sim_sms_kind kinds[] = {
    {"ordinary", 0, AW_SIM_SMS_ACCEPT, "DELIVRD", 0, NULL},
    {"delivered", '1', AW_SIM_SMS_ACCEPT, "DELIVRD", 3 * AW_SECOND, NULL},
    {"refused", '2', AW_SIM_SMS_REFUSE, NULL, 0, NULL},
    {"limited", '3', AW_SIM_SMS_LIMITED, "DELIVRD", 3 * AW_SECOND, NULL},
    {"late", '4', AW_SIM_SMS_ACCEPT, "DELIVRD", 30 * AW_SECOND, NULL},
    {"none", '5', AW_SIM_SMS_ACCEPT, NULL, 0, NULL},
    {"flaky", '6', AW_SIM_SMS_FLAKY, "DELIVRD", 3 * AW_SECOND, NULL},
    {"lost", '7', AW_SIM_SMS_DROP, "DELIVRD", 3 * AW_SECOND, NULL},
    {"replies", '8', AW_SIM_SMS_ACCEPT, "DELIVRD", 3 * AW_SECOND, "Y"},
    {"stops", '9', AW_SIM_SMS_ACCEPT, "DELIVRD", 3 * AW_SECOND, "STOP"},
    {"undelivered", 0, AW_SIM_SMS_ACCEPT, "UNDELIV", 3 * AW_SECOND, NULL},
};

const struct aw_sim_sms_kind *aw_sim_sms_kind_named(const char *name)
{
    for (unsigned i = 0; i < AW_COUNT(kinds); i++)
        if (aw_streq(name, kinds[i].name))
            return &kinds[i];
    return NULL;
}

const struct aw_sim_sms_kind *aw_sim_sms_kind_of(const char *phone)
{
    size_t n = strlen(MAGIC);
    if (aw_starts(phone, MAGIC) && strlen(phone) == n + 1)
        for (unsigned i = 0; i < AW_COUNT(kinds); i++)
            if (kinds[i].magic && phone[n] == kinds[i].magic)
                return &kinds[i];
    return &kinds[0];
}
