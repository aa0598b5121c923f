/* SPDX-License-Identifier: Apache-2.0
 *
 * Listeners of the environment on the HTTP server: bound at the start, their certificates and
 * limits renewed by reloads. Start on the main thread, renewal on the core thread.
 */
#ifndef AW_DAEMON_LISTEN_H
#define AW_DAEMON_LISTEN_H

#include "conf/env.h"
#include "net/server.h"

#define AW_LISTEN_MOST 16 /* as many as the environment may name */

struct aw_listeners {
    struct aw_http_server *server;
    unsigned ports[AW_LISTEN_MOST]; /* bound, in the order of the environment */
};

/* Connections that each listener may have, so that descriptors are left for the store and for
 * providers; raises the soft limit of the process to its hard one first. */
unsigned aw_listeners_room(const struct aw_env_conf *conf);

int aw_listeners_start(struct aw_listeners *l, const struct aw_env_conf *conf, struct aw_err *err);
/* New certificates are for new connections. A listener that moved stays where it was. */
void aw_listeners_renew(struct aw_listeners *l, const struct aw_env_conf *was,
                        const struct aw_env_conf *is);
/* Whether what a restart alone can change was changed. */
bool aw_listeners_moved(const struct aw_env_conf *was, const struct aw_env_conf *is);

/* Logs certificates that are not valid, or soon will not be. */
void aw_log_certificates(const struct aw_env_conf *conf, aw_time now);

#endif
