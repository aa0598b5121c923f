/* SPDX-License-Identifier: Apache-2.0
 *
 * Faults that a test orders beforehand: the next `count` requests of one kind go wrong in one way,
 * then all is well again. Callers hold the simulator's lock.
 */
#ifndef AW_SIM_FAULT_H
#define AW_SIM_FAULT_H

enum aw_sim_part {
    AW_SIM_PART_NONE,
    AW_SIM_PART_PUSH,
    AW_SIM_PART_REPORT,
    AW_SIM_PART_CID,
    AW_SIM_PART_SMS,
    AW_SIM_PART_SMTP,
    AW_SIM_N_PARTS
};

enum aw_sim_fault {
    AW_SIM_FAULT_NONE,
    AW_SIM_FAULT_HTTP500,      /* an internal error in the provider's own form; SMTP 451 */
    AW_SIM_FAULT_HTML,         /* 502 with a page of HTML; SMTP: a line that is no reply */
    AW_SIM_FAULT_HANG,         /* no answer, the connection stays */
    AW_SIM_FAULT_RESET,        /* the connection closes, nothing was taken */
    AW_SIM_FAULT_DROP_AFTER,   /* taken and recorded, then the connection closes */
    AW_SIM_FAULT_429,          /* too many requests; SMTP 421 */
    AW_SIM_FAULT_SLOW,         /* answered after 3 s of real time */
    AW_SIM_FAULT_FULL_THEN_OK, /* 503 with Retry-After; SMTP 452 */
    AW_SIM_N_FAULTS
};

struct aw_sim_faults {
    struct {
        enum aw_sim_fault kind;
        unsigned count;
    } on[AW_SIM_N_PARTS];
};

extern const char *const aw_sim_part_names[AW_SIM_N_PARTS];
extern const char *const aw_sim_fault_names[AW_SIM_N_FAULTS];

/* Replaces what was ordered for this part. 0, or AW_EINVAL: no such name. */
int aw_sim_fault_order(struct aw_sim_faults *f, const char *part, const char *kind, unsigned count);
/* The fault that the next request of this part must suffer; counts it. */
enum aw_sim_fault aw_sim_fault_take(struct aw_sim_faults *f, enum aw_sim_part part);

#endif
