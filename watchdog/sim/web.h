/* SPDX-License-Identifier: Apache-2.0
 *
 * The HTTP side: which path belongs to which provider, the webhook sink at /hook/NAME, and the
 * simulator's own calls (/sim/record, /sim/people, /sim/fault).
 */
#ifndef AW_SIM_WEB_H
#define AW_SIM_WEB_H

#include "net/server.h"
#include "sim/sim.h"

struct aw_http_server *aw_sim_web_start(struct aw_sim *sim, const char *address, unsigned port,
                                        unsigned *ret_port, struct aw_err *err);

#endif
