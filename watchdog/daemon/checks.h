/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether the daemon is well, check by check: for /readyz, /v1/status and the heartbeat. Any
 * thread.
 */
#ifndef AW_DAEMON_CHECKS_H
#define AW_DAEMON_CHECKS_H

#include "base/buf.h"
#include "daemon/status.h"

enum aw_health { AW_HEALTH_OK, AW_HEALTH_WARN, AW_HEALTH_FAIL };

/* All checks. problems: a JSON array of texts of those that are not ok; list: a JSON array of
 * {check, state, text}; either may be NULL. Returns the worst state: with FAIL requests had better
 * go elsewhere. */
enum aw_health aw_checks(const struct aw_status_source *s, struct aw_buf *problems,
                         struct aw_buf *list);
/* How late the oldest due step is; 0: not at all. */
aw_ms aw_checks_lag(const struct aw_status_source *s);

#endif
