/* SPDX-License-Identifier: Apache-2.0
 *
 * The body of a push: accepted, or refused with a code of JPush and a text.
 */
#include <stdlib.h>

#include "sim/jpush_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct aw_sim_push_request rq;
    int code = aw_sim_push_parse((const char *)p, n, &rq);
    if (code != 0 && (code < 1002 || code > 1009 || !rq.why[0]))
        abort();
    if (code == 0 && !json_object_get(rq.body, "audience"))
        abort();
    aw_sim_push_request_free(&rq);
    return 0;
}
