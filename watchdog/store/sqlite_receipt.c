/* SPDX-License-Identifier: Apache-2.0
 *
 * From a provider's id to the attempt that it took, through the key map; requests that were seen
 * before; and receipts whose id nobody knows yet, in a table that never holds more than
 * AW_ORPHANS_MAX rows, so that its index stays small.
 */
#include "store/store_int.h"

#include <stdio.h>
#include <string.h>

/* Texts of one class must not meet: each begins with a word of its own. */
static uint64_t hash_of(const struct aw_store *s, const char *word, const char *account,
                        const char *id)
{
    char key[512];
    snprintf(key, sizeof key, "%s|%s|%s", word, account, id);
    return aw_keymap_hash(&s->keys, AW_KEY_ATTEMPT, 0, key);
}

void aw_store_provider_put(struct aw_store *s, const char *account, const char *provider_id,
                           aw_id attempt)
{
    aw_keymap_add(&s->keys, hash_of(s, "id", account, provider_id), attempt);
}

int aw_store_provider_find(struct aw_store *s, const char *account, const char *provider_id,
                           struct aw_stored_attempt *ret, struct aw_err *err)
{
    uint64_t hash = hash_of(s, "id", account, provider_id);
    size_t cursor = 0;
    aw_id id, best = 0;
    while ((id = aw_keymap_next(&s->keys, hash, &cursor))) {
        int r = id > best ? aw_store_attempt(s, id, ret, err) : AW_ENOENT;
        if (r == 0 && strcmp(ret->provider_id, provider_id) == 0)
            best = id; /* of several the newest: a provider may begin to count anew */
        if (r && r != AW_ENOENT)
            return r;
    }
    return best ? aw_store_attempt(s, best, ret, err)
                : aw_fail(err, AW_ENOENT, "no attempt has this id of the provider");
}

/* The id of such a pair is no row's: its upper bits are the time, so that it ages like the others,
 * the lower ones what the request held. */
int aw_store_nonce(struct aw_store *s, const char *account, const char *nonce, uint64_t sum,
                   bool *ret_again)
{
    uint64_t hash = hash_of(s, "nonce", account, nonce);
    int64_t mask = ((int64_t)1 << AW_ID_LOW_BITS) - 1, low = (int64_t)(sum & (uint64_t)mask);
    size_t cursor = 0;
    int64_t seen;
    *ret_again = false;
    while ((seen = aw_keymap_next(&s->keys, hash, &cursor))) {
        if ((seen & mask) != low)
            return AW_ECONFLICT;
        *ret_again = true;
    }
    if (!*ret_again)
        aw_keymap_add(&s->keys, hash, (s->now - AW_ID_EPOCH) << AW_ID_LOW_BITS | low);
    return 0;
}

/* --- orphans ---------------------------------------------------------------------------------- */

int aw_store_orphan_put(struct aw_store *s, const char *account, const struct aw_receipt *r,
                        struct aw_err *err)
{
    if (s->at.orphans >= AW_ORPHANS_MAX)
        return aw_fail(err, AW_ELIMIT, "%d receipts of unknown ids wait already", AW_ORPHANS_MAX);
    int rc = aw_db_run(&s->db, AW_SQL_ORPHAN_PUT, err, I(s->now + AW_KEY_WINDOW), T(account),
                       T(r->provider_id), I(r->level), I(r->negative), I(r->hint), I(r->at));
    if (rc == 0)
        s->at.orphans += sqlite3_changes(s->db.h);
    return aw_store_note(s, rc);
}

int aw_store_orphans_take(struct aw_store *s, const char *account, const char *provider_id,
                          struct aw_receipt *ret, unsigned max, unsigned *ret_n, struct aw_err *err)
{
    sqlite3_stmt *q;
    unsigned n = 0;
    int r;
    *ret_n = 0;
    if (!s->at.orphans)
        return 0;
    r = aw_db_query(&s->db, AW_SQL_ORPHANS_OF, &q, err, T(account), T(provider_id), I(max));
    while (r == 0 && n < max && (r = aw_db_step(&s->db, q, err)) == 1) {
        struct aw_receipt *o = &ret[n++];
        memset(o, 0, sizeof *o);
        o->level = (enum aw_level)sqlite3_column_int(q, 0);
        o->negative = (enum aw_negative)sqlite3_column_int(q, 1);
        o->hint = sqlite3_column_int(q, 2) != 0;
        o->at = sqlite3_column_int64(q, 3);
        r = 0;
    }
    aw_db_done(q);
    if (r == 0 && n) {
        r = aw_db_run(&s->db, AW_SQL_ORPHANS_TAKEN, err, T(account), T(provider_id));
        if (r == 0)
            s->at.orphans -= sqlite3_changes(s->db.h);
    }
    *ret_n = n;
    return aw_store_note(s, r);
}

int aw_store_orphans_expire(struct aw_store *s, unsigned *ret_n, struct aw_err *err)
{
    int r = 0;
    *ret_n = 0;
    if (!s->at.orphans)
        return 0;
    r = aw_db_run(&s->db, AW_SQL_ORPHANS_EXPIRE, err, I(s->now));
    if (r == 0) {
        *ret_n = (unsigned)sqlite3_changes(s->db.h);
        s->at.orphans -= *ret_n;
    }
    return aw_store_note(s, r);
}

int aw_orphans_load(struct aw_store *s, struct aw_err *err)
{
    return aw_store_note(s, aw_db_int(&s->db, AW_SQL_ORPHANS, &s->at.orphans, err));
}
