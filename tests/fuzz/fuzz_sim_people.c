/* SPDX-License-Identifier: Apache-2.0
 *
 * The people file of the simulator: a set in which everybody is found, or an error with a text.
 */
#include <stdlib.h>
#include <string.h>

#include "sim/people.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct aw_sim_people *people = NULL;
    struct aw_err err = {0};
    if (aw_sim_people_parse((const char *)p, n, &people, &err) != 0) {
        if (!err.text[0])
            abort();
        return 0;
    }
    for (size_t i = 0; i < aw_sim_people_count(people); i++) {
        const struct aw_sim_person *who = aw_sim_people_at(people, i);
        if (who->alias && aw_sim_people_find(people, AW_SIM_ALIAS, who->alias) != who)
            abort();
    }
    aw_sim_people_free(people);
    return 0;
}
