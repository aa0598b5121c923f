/* SPDX-License-Identifier: Apache-2.0
 *
 * Apps, people and the contact directory, keys of the API. In the log a person is a number and
 * commitments under the salt of the row: erasing the row makes them unlinkable.
 */
#include "store/store_int.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "base/str.h"

/* --- apps ----------------------------------------------------------------------------------- */

int aw_store_app(struct aw_store *s, const char *name, int64_t *ret, struct aw_err *err)
{
    int r = aw_db_int(&s->db, AW_SQL_APP_BY_NAME, ret, err, T(name));
    if (r == AW_ENOENT) {
        r = aw_db_run(&s->db, AW_SQL_APP_PUT, err, T(name));
        if (r == 0)
            *ret = sqlite3_last_insert_rowid(s->db.h);
    }
    return aw_store_note(s, r);
}

int aw_store_app_name(struct aw_store *s, int64_t app, char **ret, struct aw_err *err)
{
    sqlite3_stmt *q;
    int r = aw_db_query(&s->db, AW_SQL_APP_NAME, &q, err, I(app));
    if (r == 0 && (r = aw_db_step(&s->db, q, err)) == 1) {
        *ret = aw_col_dup(q, 0, NULL);
        r = 0;
    } else if (r == 0) {
        r = aw_fail(err, AW_ENOENT, "no app has number %lld", (long long)app);
    }
    aw_db_done(q);
    return aw_store_note(s, r);
}

/* --- persons -------------------------------------------------------------------------------- */

struct person {
    int64_t app;
    char *user, *contact; /* NULL: erased, none */
    uint8_t salt[32];
};

static void person_free(struct person *p)
{
    aw_free(p->user);
    aw_free(p->contact);
}

static int read_person(struct aw_store *s, int64_t id, struct person *ret, struct aw_err *err)
{
    sqlite3_stmt *q;
    int r = aw_db_query(&s->db, AW_SQL_PERSON, &q, err, I(id));
    if (r == 0 && (r = aw_db_step(&s->db, q, err)) == 1) {
        memset(ret, 0, sizeof *ret);
        ret->app = sqlite3_column_int64(q, 0);
        if (aw_col_bytes(q, 2, ret->salt, sizeof ret->salt)) {
            ret->user = aw_col_dup(q, 1, NULL);
            ret->contact = aw_col_dup(q, 3, NULL);
        }
        r = 0;
    } else if (r == 0) {
        r = aw_fail(err, AW_ENOENT, "no person has number %lld", (long long)id);
    }
    aw_db_done(q);
    if (r == 0 && !ret->user) {
        person_free(ret);
        r = aw_fail(err, AW_ENOENT, "person %lld was erased", (long long)id);
    }
    return r;
}

int aw_person_commitment(struct aw_store *s, int64_t person, uint8_t ret[32], struct aw_err *err)
{
    struct person p;
    int r = read_person(s, person, &p, err);
    if (r)
        return aw_store_note(s, r);
    aw_commit(ret, p.salt, "user", p.user, strlen(p.user));
    person_free(&p);
    return 0;
}

static int log_person(struct aw_store *s, int64_t person, const char *why, const char *actor,
                      const uint8_t user[32], const uint8_t *contact, struct aw_err *err)
{
    struct aw_entry e;
    uint8_t commitments[1][32];

    aw_entry_init(&e);
    e.kind = AW_ENTRY_PERSON;
    e.actor = actor;
    e.why = why;
    e.persons = &person;
    e.n_persons = 1;
    if (user) {
        memcpy(commitments[0], user, 32);
        e.person_commitments = (const uint8_t(*)[32])commitments;
    }
    e.content = contact;
    return aw_log_append(s, &e, err);
}

static int create_person(struct aw_store *s, int64_t app, const char *user, uint64_t hash,
                         const char *actor, int64_t *ret, struct aw_err *err)
{
    uint8_t salt[32], commitment[32];
    int64_t id;
    int r;

    aw_random(salt, sizeof salt);
    aw_commit(commitment, salt, "user", user, strlen(user));
    if ((r = aw_db_run(&s->db, AW_SQL_PERSON_PUT, err, I(app), T(user), B(salt, sizeof salt))))
        return r;
    id = sqlite3_last_insert_rowid(s->db.h);
    if ((r = log_person(s, id, "created", actor, commitment, NULL, err)))
        return r;
    aw_keymap_add(&s->keys, hash, id);
    *ret = id;
    return 0;
}

int aw_store_person(struct aw_store *s, int64_t app, const char *user, bool create,
                    const char *actor, int64_t *ret, struct aw_err *err)
{
    uint64_t hash = aw_keymap_hash(&s->keys, AW_KEY_USER, app, user);
    size_t cursor = 0;
    int64_t id;
    while ((id = aw_keymap_next(&s->keys, hash, &cursor)) != 0) {
        struct person p;
        int r = read_person(s, id, &p, err);
        if (r == AW_ENOENT) /* erased: the pair outlived it */
            continue;
        if (r)
            return aw_store_note(s, r);
        bool same = p.app == app && strcmp(p.user, user) == 0;
        person_free(&p);
        if (same) {
            aw_census_name(s, id);
            *ret = id;
            return 0;
        }
    }
    if (!create)
        return aw_fail(err, AW_ENOENT, "no such user");
    return aw_store_note(s, create_person(s, app, user, hash, actor, ret, err));
}

int aw_store_person_get(struct aw_store *s, int64_t person, char **ret_user, char **ret_json,
                        struct aw_err *err)
{
    struct person p;
    int r = read_person(s, person, &p, err);
    if (r)
        return aw_store_note(s, r);
    *ret_user = p.user;
    *ret_json = p.contact;
    return 0;
}

static int erase(struct aw_store *s, int64_t person, const char *actor, struct aw_err *err)
{
    int r = aw_devices_forget(s, person, actor, err);
    if (r == 0)
        r = aw_db_run(&s->db, AW_SQL_PERSON_ERASE, err, I(person));
    s->truncating = true;
    return r ? r : log_person(s, person, "erased", actor, NULL, NULL, err);
}

int aw_store_contact_put(struct aw_store *s, int64_t person, const char *json, size_t n,
                         const char *actor, struct aw_err *err)
{
    struct person p;
    uint8_t user[32], contact[32];
    int r = read_person(s, person, &p, err);
    if (r)
        return aw_store_note(s, r);
    if (!json) {
        r = erase(s, person, actor, err);
    } else {
        aw_commit(user, p.salt, "user", p.user, strlen(p.user));
        aw_commit(contact, p.salt, "contact", json, n);
        r = aw_db_run(&s->db, AW_SQL_PERSON_CONTACT, err, I(person), TN(json, n));
        if (r == 0)
            r = log_person(s, person, "contact", actor, user, contact, err);
    }
    person_free(&p);
    return aw_store_note(s, r);
}

/* --- keys of the API ------------------------------------------------------------------------ */

void aw_key_digest(uint8_t ret[32], const struct aw_key_row *k)
{
    char hex[65];
    struct aw_buf b = AW_BUF_INIT(4096);
    aw_hex(hex, k->hash, sizeof k->hash);
    aw_buf_printf(&b, "%lld\n%s\n%s\n%u\n%s\n%lld\n%lld", (long long)k->id, k->name,
                  k->app ? k->app : "", (unsigned)k->scopes, hex, (long long)k->created,
                  (long long)k->revoked);
    if (k->expires) /* keys without an end are as they were before there was one */
        aw_buf_printf(&b, "\n%lld", (long long)k->expires);
    aw_sha256(ret, aw_buf_str(&b), b.n);
    aw_buf_free(&b);
}

int aw_store_key_put(struct aw_store *s, const struct aw_key_row *k, const char *actor,
                     struct aw_err *err)
{
    struct aw_entry e;
    uint8_t digest[32];
    int r;

    if ((r = aw_db_run(&s->db, AW_SQL_KEY_PUT, err, I(k->id), T(k->name), T(k->app ? k->app : ""),
                       I(k->scopes), B(k->hash, 32), I(k->created), I(k->revoked), I(k->expires))))
        return aw_store_note(s, r);
    aw_key_digest(digest, k);
    aw_entry_init(&e);
    e.kind = AW_ENTRY_KEY;
    e.actor = actor;
    e.key = k->id;
    e.why = k->revoked ? "revoked" : "created";
    e.sha256 = digest;
    return aw_log_append(s, &e, err);
}

int aw_row_key(sqlite3_stmt *q, struct aw_key_row *ret, struct aw_err *err)
{
    memset(ret, 0, sizeof *ret);
    ret->id = sqlite3_column_int64(q, 0);
    ret->name = (const char *)sqlite3_column_text(q, 1);
    ret->app = (const char *)sqlite3_column_text(q, 2);
    ret->scopes = (uint32_t)sqlite3_column_int64(q, 3);
    ret->created = sqlite3_column_int64(q, 5);
    ret->revoked = sqlite3_column_int64(q, 6);
    ret->expires = sqlite3_column_int64(q, 7);
    ret->used = sqlite3_column_int64(q, 8);
    if (!aw_col_bytes(q, 4, ret->hash, sizeof ret->hash))
        return aw_fail(err, AW_ECORRUPT, "the row of API key %lld is damaged", (long long)ret->id);
    return 0;
}

int aw_store_key_used(struct aw_store *s, int64_t key, aw_time at, struct aw_err *err)
{
    return aw_store_note(s, aw_db_run(&s->db, AW_SQL_KEY_USED, err, I(key), I(at)));
}

int aw_store_keys(struct aw_store *s, int (*row)(void *arg, const struct aw_key_row *k), void *arg,
                  struct aw_err *err)
{
    sqlite3_stmt *q;
    int r = aw_db_query(&s->db, AW_SQL_KEYS_FROM, &q, err, I(0));
    while (r == 0 && (r = aw_db_step(&s->db, q, err)) == 1) {
        struct aw_key_row k;
        if ((r = aw_row_key(q, &k, err)) == 0)
            r = row(arg, &k);
    }
    aw_db_done(q);
    return aw_store_note(s, r);
}
