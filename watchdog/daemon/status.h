/* SPDX-License-Identifier: Apache-2.0
 *
 * State of the daemon as JSON and as Prometheus text. Reads counters and the live value; any
 * thread.
 */
#ifndef AW_DAEMON_STATUS_H
#define AW_DAEMON_STATUS_H

#include "core/ports.h"
#include "daemon/live.h"
#include "daemon/stats.h"

struct aw_status_source {
    struct aw_live_box *box;
    struct aw_stats *stats;
    const struct aw_clock *clock;
    const char *store; /* path of the database */
};

/* Sets the members about pinned rules (plans.c). */
void aw_plans_fill(struct aw_status *ret);

void aw_status_fill(struct aw_status_source *source, struct aw_status *ret);

#endif
