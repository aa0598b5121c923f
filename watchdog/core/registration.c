/* SPDX-License-Identifier: Apache-2.0
 *
 * A registration owns nothing but its owner.
 */
#include "core/registration.h"

void aw_registration_free(struct aw_registration *r)
{
    if (r->free_owner)
        r->free_owner(r->owner);
    *r = (struct aw_registration){0};
}
