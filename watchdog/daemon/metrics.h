/* SPDX-License-Identifier: Apache-2.0
 *
 * The counters as Prometheus text.
 */
#ifndef AW_DAEMON_METRICS_H
#define AW_DAEMON_METRICS_H

#include "base/buf.h"
#include "base/time.h"
#include "daemon/stats.h"

/* store: path of the database; lag: of the oldest due step; ready: what /readyz says. */
void aw_metrics_put(struct aw_buf *out, const struct aw_stats *st, const char *store, aw_ms lag,
                    bool ready);

#endif
