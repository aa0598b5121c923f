/* SPDX-License-Identifier: Apache-2.0
 *
 * Who stands behind a target, and who can be reached there.
 */
#include "oracle/oracle_int.h"

#include <string.h>

static const char * or (const char *a, const char *b)
{
    return a ? a : b;
}

/* "Addresses that are not given come from the contact directory." NULL: nobody of that name. */
const struct aw_addresses *ora_addresses(struct ora *o, const char *user, struct aw_addresses *room)
{
    const struct aw_addresses *entry = NULL, *given = NULL;

    for (unsigned i = 0; i < o->in->n_people; i++)
        if (strcmp(o->in->people[i].user, user) == 0)
            entry = &o->in->people[i].a;
    for (unsigned i = 0; i < o->n; i++)
        if (strcmp(o->tls[i].rcpt->user, user) == 0)
            given = &o->tls[i].rcpt->given;
    if (!entry || !given)
        return entry ? entry : given;
    *room = *given;
    room->alias = or (given->alias, entry->alias);
    room->phone = or (given->phone, entry->phone);
    room->email = or (given->email, entry->email);
    room->im = or (given->im, entry->im);
    room->tz = or (given->tz, entry->tz);
    room->manager = or (given->manager, entry->manager);
    if (room->n_registration_ids == 0) {
        room->n_registration_ids = entry->n_registration_ids;
        memcpy(room->registration_ids, entry->registration_ids, sizeof(room->registration_ids));
    }
    return room;
}

/* "push needs an alias or a registration id, im and sms and call their own address, email an
 * e-mail address." A webhook goes to its channel's own. A call goes to the phone. */
static bool has_address(const struct aw_addresses *a, enum aw_kind kind)
{
    switch (kind) {
    case AW_PUSH:
        return a->alias || a->n_registration_ids > 0;
    case AW_SMS:
    case AW_CALL:
        return a->phone != NULL;
    case AW_EMAIL:
        return a->email != NULL;
    case AW_IM:
        return a->im != NULL;
    default:
        return true;
    }
}

/* "target: default the recipient; `manager`, `oncall:<rotation>`, `contact:<name>`, `user:<id>`".
 * "`contact:<name>` and `user:<id>` are entries of the directory". NULL: there is nobody. */
const char *ora_person(struct ora *o, const struct ora_tl *tl, const struct aw_target *to)
{
    struct aw_addresses room;
    const struct aw_addresses *a;
    const char *user = NULL;

    switch (to->type) {
    case AW_TO_RECIPIENT:
        return tl->rcpt->user;
    case AW_TO_MANAGER:
        a = ora_addresses(o, tl->rcpt->user, &room);
        user = a ? a->manager : NULL;
        break;
    case AW_TO_CONTACT:
    case AW_TO_USER:
        user = to->name;
        break;
    case AW_TO_ONCALL:
        user = ora_oncall(o, to->name);
        break;
    }
    for (unsigned i = 0; user && i < o->in->n_people; i++)
        if (strcmp(o->in->people[i].user, user) == 0)
            return o->in->people[i].user;
    return NULL;
}

bool ora_has_address(struct ora *o, const struct ora_tl *tl, const char *user, enum aw_kind kind,
                     enum aw_why *ret_why)
{
    struct aw_addresses room;
    const struct aw_addresses *a = ora_addresses(o, user, &room);

    /* A device of which a session was reported is an address, too. */
    if (!a || (!has_address(a, kind) && !(kind == AW_PUSH && ora_known(o, user))))
        return false;
    for (unsigned i = 0; i < tl->n_failed; i++) {
        if (tl->failed[i].kind == kind && strcmp(tl->failed[i].user, user) == 0) {
            *ret_why = AW_WHY_DEAD_ADDRESS;
            return false;
        }
    }
    return true;
}

/* "reachable: has an address of that kind without a negative fact, and is not the recipient". A
 * push reaches nobody who is logged out everywhere. */
bool ora_reachable(struct ora *o, const struct ora_tl *tl, const struct aw_target *to,
                   enum aw_kind kind, enum aw_why *ret_why)
{
    const char *user = ora_person(o, tl, to);

    if (!user || (to->type != AW_TO_RECIPIENT && strcmp(user, tl->rcpt->user) == 0))
        return false;
    if (!ora_has_address(o, tl, user, kind, ret_why))
        return false;
    if (kind == AW_PUSH && ora_absent(o, user)) {
        *ret_why = AW_WHY_LOGGED_OUT;
        return false;
    }
    return true;
}
