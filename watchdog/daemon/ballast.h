/* SPDX-License-Identifier: Apache-2.0
 *
 * A file of 16 MiB beside the database that is given up when the disk is full, so that
 * acknowledgements, receipts and outcomes still land. path NULL: there is none.
 */
#ifndef AW_DAEMON_BALLAST_H
#define AW_DAEMON_BALLAST_H

#include <stdbool.h>

void aw_ballast_release(const char *path);
/* True when the file is whole again, that is, when there is room. */
bool aw_ballast_refill(const char *path);

#endif
