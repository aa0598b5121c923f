/* SPDX-License-Identifier: Apache-2.0
 *
 * The service manager is systemd. See service.h.
 */
#include "daemon/service.h"

#include <systemd/sd-daemon.h>

void aw_service_ready(void)
{
    sd_notify(0, "READY=1");
}

void aw_service_stopping(void)
{
    sd_notify(0, "STOPPING=1");
}

void aw_service_beat(void *ctx)
{
    (void)ctx;
    sd_notify(0, "WATCHDOG=1");
}
