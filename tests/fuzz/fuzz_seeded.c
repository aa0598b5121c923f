/* SPDX-License-Identifier: Apache-2.0
 *
 * A target with a fault put in on purpose: the replay must fail on the one input that meets it
 * (tests/fuzz/seeded.sh), or it could not fail at all.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    if (n >= 5 && memcmp(p, "CRASH", 5) == 0)
        abort();
    return 0;
}
