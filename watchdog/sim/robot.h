/* SPDX-License-Identifier: Apache-2.0
 *
 * Robots of chat groups: /robot/wecom/KEY, /robot/dingtalk/KEY, /robot/feishu/KEY. KEY "limited" is
 * over its frequency, "unknown" is no key; any other posts. Signatures are recorded, not checked:
 * the simulator knows no secrets. Under the simulator's lock.
 */
#ifndef AW_SIM_ROBOT_H
#define AW_SIM_ROBOT_H

#include "sim/call.h"
#include "sim/sim.h"

void aw_sim_robot_wecom(struct aw_sim *sim, struct aw_sim_call *c);
void aw_sim_robot_dingtalk(struct aw_sim *sim, struct aw_sim_call *c);
void aw_sim_robot_feishu(struct aw_sim *sim, struct aw_sim_call *c);

#endif
