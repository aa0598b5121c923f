/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes are a mail to the simulator's mail server.
 */
#include <stdlib.h>

#include "base/str.h"
#include "sim/mail.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct aw_sim_mail m;
    aw_sim_mail_parse((const char *)p, n, &m);
    if (m.text.n > 2 * n) /* decoding never makes more of it */
        abort();
    aw_sim_mail_free(&m);
    return 0;
}
