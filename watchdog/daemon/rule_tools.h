/* SPDX-License-Identifier: Apache-2.0
 *
 * The tools for rules behind the API: check, test, simulate, explain. Any thread.
 */
#ifndef AW_DAEMON_RULE_TOOLS_H
#define AW_DAEMON_RULE_TOOLS_H

#include "daemon/status.h"

void aw_rule_tools_fill(struct aw_status_source *source, struct aw_tools *ret);

#endif
