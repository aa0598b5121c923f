/* SPDX-License-Identifier: Apache-2.0
 *
 * What the daemon tells its service manager. service_systemd.c speaks to systemd, and says nothing
 * where no NOTIFY_SOCKET is set; service_none.c is built where libsystemd is not there. Any thread.
 */
#ifndef AW_DAEMON_SERVICE_H
#define AW_DAEMON_SERVICE_H

void aw_service_ready(void);
void aw_service_stopping(void);
void aw_service_beat(void *ctx); /* feeds the watchdog; the core loop calls it (loop.h) */

#endif
