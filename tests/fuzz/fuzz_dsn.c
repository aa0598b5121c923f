/* SPDX-License-Identifier: Apache-2.0
 *
 * ctl/dsn.c: reports of mail servers.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/dsn.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void need(bool good)
{
    if (!good)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    static const char *const actions[] = {"",         "delivered", "relayed",
                                          "expanded", "failed",    "delayed"};
    struct aw_dsn dsn;
    bool known = false;
    aw_dsn_read((const char *)p, n, &dsn);
    for (unsigned i = 0; i < sizeof actions / sizeof actions[0]; i++)
        known = known || strcmp(dsn.action, actions[i]) == 0;
    need(known && dsn.report == (dsn.action[0] != '\0'));
    need(!dsn.mark[0] || strlen(dsn.mark) == 37);
    need(strspn(dsn.status, "0123456789.") == strlen(dsn.status));
    return 0;
}
