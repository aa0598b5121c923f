/* SPDX-License-Identifier: Apache-2.0
 *
 * Nobody to tell: built without libsystemd. See service.h.
 */
#include "daemon/service.h"

void aw_service_ready(void)
{
}

void aw_service_stopping(void)
{
}

void aw_service_beat(void *ctx)
{
    (void)ctx;
}
