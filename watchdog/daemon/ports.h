/* SPDX-License-Identifier: Apache-2.0
 *
 * What http/ is handed: keys, tokens, status, rules. Any thread, but for aw_ports_keys_changed,
 * which the core thread calls after a commit.
 */
#ifndef AW_DAEMON_PORTS_H
#define AW_DAEMON_PORTS_H

#include "core/ports.h"
#include "daemon/live.h"
#include "daemon/stats.h"

struct aw_ports;

struct aw_ports *aw_ports_new(struct aw_live_box *box, struct aw_stats *stats,
                              const struct aw_clock *clock, const char *store_path);
void aw_ports_free(struct aw_ports *p);

/* Reads keys and the token secret; call once before anybody asks, inside a turn. */
int aw_ports_start(struct aw_ports *p, struct aw_store *store, struct aw_err *err);
void aw_ports_keys_changed(void *ctx, struct aw_store *store);
/* Writes when keys were last used, in the turn of the core thread. */
int aw_ports_keys_used(void *ctx, struct aw_store *store, struct aw_err *err);

/* What an environment says about keys; any thread. */
void aw_ports_settings(struct aw_ports *p, const struct aw_env_conf *conf);

void aw_ports_fill(struct aw_ports *p, struct aw_http_env *env);

#endif
