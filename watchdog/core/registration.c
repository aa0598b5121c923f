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

bool aw_addresses_have(const struct aw_addresses *a, enum aw_kind kind)
{
    switch (kind) {
    case AW_PUSH:
        return a->alias || a->n_registration_ids > 0;
    case AW_SMS:
    case AW_CALL:
        return a->phone;
    case AW_EMAIL:
        return a->email;
    case AW_IM:
        return a->im;
    default: /* a webhook goes to its channel's own address */
        return true;
    }
}
