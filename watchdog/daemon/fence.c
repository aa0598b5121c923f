/* SPDX-License-Identifier: Apache-2.0
 *
 * The fence between accounts: to which devices a push to a person may go at this instant. Where a
 * session of theirs was ever reported, those on which they are logged in now, and no alias; a
 * registration that names devices narrows them. Where none was, what the directory and the
 * registration say, less the devices on which somebody else is logged in. docs/ACCOUNTS.md.
 *
 * The engine is told where people are through aw_world, and never sees a registration id.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "daemon/loop_int.h"

static bool names(const struct aw_addresses *given, const char *registration_id)
{
    for (unsigned i = 0; i < given->n_registration_ids; i++)
        if (strcmp(given->registration_ids[i], registration_id) == 0)
            return true;
    return given->n_registration_ids == 0;
}

/* Their sessions are the address. */
static int by_session(struct aw_view *v, int64_t person, struct aw_address_book *b,
                      struct aw_err *err)
{
    static const struct aw_addresses none;
    const struct aw_addresses *given =
        person == v->person ? &v->reg->recipients[v->n].given : &none;
    struct aw_stored_device list[AW_MAX_DEVICES];
    unsigned n;
    bool taken;
    int r = aw_store_devices_of(v->l->store, person, list, &n, &taken, err);

    b->a.alias = NULL;
    b->a.n_registration_ids = 0;
    for (unsigned i = 0; r == AW_OK && i < n; i++) {
        unsigned k = b->a.n_registration_ids;

        if (!names(given, list[i].registration_id))
            continue;
        memcpy(b->devices[k], list[i].registration_id, sizeof(b->devices[k]));
        b->numbers[k] = list[i].id;
        b->a.registration_ids[k] = b->devices[k];
        b->a.n_registration_ids++;
    }
    if (b->a.n_registration_ids == 0)
        b->is = AW_IS_ABSENT | (taken ? AW_IS_TAKEN : 0);
    b->n_numbers = b->a.n_registration_ids;
    return r;
}

/* What is known of them stands, but for devices that are somebody else's now. */
static int by_address(struct aw_view *v, int64_t person, struct aw_address_book *b,
                      struct aw_err *err)
{
    unsigned n = b->a.n_registration_ids, left = 0;

    for (unsigned i = 0; i < n; i++) {
        struct aw_stored_device d;
        struct aw_err why;
        int r = aw_store_device_find(v->l->store, b->a.registration_ids[i], &d, &why);

        if (r && r != AW_ENOENT) {
            *err = why;
            return r;
        }
        if (r == AW_ENOENT || !d.session.person || d.session.person == person)
            b->a.registration_ids[left++] = b->a.registration_ids[i];
    }
    b->a.n_registration_ids = left;
    if (n && !left) { /* an alias would find the same phone */
        b->a.alias = NULL;
        b->is = AW_IS_TAKEN;
    }
    return AW_OK;
}

int aw_fence(struct aw_view *v, int64_t person, struct aw_address_book *b, struct aw_err *err)
{
    bool reported = false;
    int r = person ? aw_store_reported(v->l->store, person, &reported, err) : AW_OK;

    if (r)
        return r;
    b->reported = reported;
    return reported ? by_session(v, person, b, err) : by_address(v, person, b, err);
}

int aw_push_addresses_of(struct aw_view *v, int64_t person, struct aw_address_book *ret,
                         struct aw_err *err)
{
    int r = aw_addresses_of(v, person, ret, err);

    return r ? r : aw_fence(v, person, ret, err);
}

/* --- the engine's world ----------------------------------------------------------------------- */

unsigned aw_fence_presence(void *ctx, int64_t person)
{
    struct aw_view *v = ctx;
    struct aw_address_book b;
    unsigned is = aw_push_addresses_of(v, person, &b, &v->err) == AW_OK ? b.is : 0;

    aw_address_book_free(&b);
    return is;
}

unsigned aw_fence_devices(void *ctx, int64_t person, int64_t ret[AW_MAX_DEVICES])
{
    struct aw_view *v = ctx;
    struct aw_address_book b;
    unsigned n = 0;

    if (aw_push_addresses_of(v, person, &b, &v->err) == AW_OK)
        n = b.n_numbers;
    memcpy(ret, b.numbers, sizeof(b.numbers));
    aw_address_book_free(&b);
    return n;
}

int aw_fence_note(struct aw_view *v, int64_t person, char dst[AW_DEVICE_NUMBERS], bool *ret_known,
                  struct aw_err *err)
{
    struct aw_address_book b;
    int r = aw_push_addresses_of(v, person, &b, err);
    size_t n = 0;

    dst[0] = '\0';
    *ret_known = r == AW_OK && b.reported;
    for (unsigned i = 0; r == AW_OK && i < b.n_numbers; i++)
        n += (size_t)snprintf(dst + n, AW_DEVICE_NUMBERS - n, "%s%lld", i ? " " : "",
                              (long long)b.numbers[i]);
    aw_address_book_free(&b);
    return r;
}
