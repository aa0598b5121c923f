/* SPDX-License-Identifier: Apache-2.0
 *
 * Ordered faults: a count per part.
 */
#include "sim/fault.h"

#include "base/err.h"
#include "base/str.h"

const char *const aw_sim_part_names[AW_SIM_N_PARTS] = {"", "push", "report", "cid", "sms", "smtp"};
const char *const aw_sim_fault_names[AW_SIM_N_FAULTS] = {
    "", "http500", "html", "hang", "reset", "drop_after", "429", "slow", "full_then_ok"};

static int index_of(const char *name, const char *const *names, int n)
{
    for (int i = 1; i < n; i++)
        if (aw_streq(name, names[i]))
            return i;
    return 0;
}

int aw_sim_fault_order(struct aw_sim_faults *f, const char *part, const char *kind, unsigned count)
{
    int p = index_of(part, aw_sim_part_names, AW_SIM_N_PARTS);
    int k = index_of(kind, aw_sim_fault_names, AW_SIM_N_FAULTS);
    if (!p || !k)
        return AW_EINVAL;
    f->on[p].kind = (enum aw_sim_fault)k;
    f->on[p].count = count;
    return 0;
}

enum aw_sim_fault aw_sim_fault_take(struct aw_sim_faults *f, enum aw_sim_part part)
{
    if (f->on[part].count == 0)
        return AW_SIM_FAULT_NONE;
    f->on[part].count--;
    return f->on[part].kind;
}
