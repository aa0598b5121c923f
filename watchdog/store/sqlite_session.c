/* SPDX-License-Identifier: Apache-2.0
 *
 * Devices and who is logged in there. A device is found by its registration id, the devices of a
 * person by the person's number, both through the key map: no tree is sorted by what strangers
 * choose. A pair of a person and a device stays while the device does, so that it is made once,
 * however often the two meet; the row says who is there now.
 *
 * In the log a device is a number and a commitment under the salt of its row: with the row what it
 * stood for is gone.
 */
#include "store/store_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "base/str.h"

#define IDLE_KEPT (180 * AW_DAY) /* a device where nobody is logged in */

/* --- keys ----------------------------------------------------------------------------------- */

/* No user id or external id begins with a control character. */
static uint64_t hash_of(const struct aw_store *s, enum aw_key_class c, const char *what,
                        const char *text, int64_t number)
{
    char key[AW_DEVICE_TEXT + 64];
    snprintf(key, sizeof key, "\1%s|%s|%lld", what, text, (long long)number);
    return aw_keymap_hash(&s->keys, c, 0, key);
}

static uint64_t hash_of_person(const struct aw_store *s, int64_t person)
{
    return hash_of(s, AW_KEY_USER, "person", "", person);
}

static bool has_pair(const struct aw_store *s, uint64_t hash, int64_t id)
{
    size_t cursor = 0;
    int64_t one;
    do {
        one = aw_keymap_next(&s->keys, hash, &cursor);
    } while (one && one != id);
    return one != 0;
}

static void add_once(struct aw_store *s, uint64_t hash, int64_t id)
{
    if (!has_pair(s, hash, id))
        aw_keymap_add(&s->keys, hash, id);
}

/* --- rows ----------------------------------------------------------------------------------- */

void aw_device_commit(uint8_t ret[32], const uint8_t salt[32], const char *registration_id,
                      int64_t person, const char *alias, const char *platform)
{
    struct aw_buf b = AW_BUF_INIT(4096);
    aw_buf_printf(&b, "%s\n%lld\n%s\n%s", registration_id ? registration_id : "", (long long)person,
                  alias ? alias : "", platform ? platform : "");
    aw_commit(ret, salt, "device", aw_buf_str(&b), b.n);
    aw_buf_free(&b);
}

static int read_device(struct aw_store *s, int64_t id, struct aw_stored_device *ret,
                       struct aw_err *err)
{
    sqlite3_stmt *q;
    int r = aw_db_query(&s->db, AW_SQL_DEVICE, &q, err, I(id));
    memset(ret, 0, sizeof *ret);
    if (r == 0 && (r = aw_db_step(&s->db, q, err)) == 1) {
        ret->id = sqlite3_column_int64(q, 0);
        ret->app = sqlite3_column_int64(q, 1);
        aw_col_copy(q, 2, ret->registration_id, sizeof ret->registration_id);
        ret->session.person = sqlite3_column_int64(q, 4);
        aw_col_copy(q, 5, ret->alias, sizeof ret->alias);
        aw_col_copy(q, 6, ret->platform, sizeof ret->platform);
        ret->session.seq =
            sqlite3_column_type(q, 7) == SQLITE_NULL ? -1 : sqlite3_column_int64(q, 7);
        ret->session.at = sqlite3_column_int64(q, 8);
        r = aw_col_bytes(q, 3, ret->salt, sizeof ret->salt)
                ? 0
                : aw_fail(err, AW_ECORRUPT, "the row of device %lld is damaged", (long long)id);
    } else if (r == 0) {
        r = aw_fail(err, AW_ENOENT, "no device has number %lld", (long long)id);
    }
    aw_db_done(q);
    return r;
}

int aw_store_device_find(struct aw_store *s, const char *registration_id,
                         struct aw_stored_device *ret, struct aw_err *err)
{
    uint64_t hash = hash_of(s, AW_KEY_USER, "device", registration_id, 0);
    size_t cursor = 0;
    int64_t id;
    while ((id = aw_keymap_next(&s->keys, hash, &cursor)) != 0) {
        int r = read_device(s, id, ret, err);
        if (r == 0 && strcmp(ret->registration_id, registration_id) == 0)
            return 0;
        if (r && r != AW_ENOENT) /* forgotten: the pair outlived it */
            return aw_store_note(s, r);
    }
    return aw_fail(err, AW_ENOENT, "no such device");
}

static int log_device(struct aw_store *s, const struct aw_stored_device *d, const char *why,
                      int64_t person, const char *actor, int64_t *ret_seq, struct aw_err *err)
{
    struct aw_entry e;
    uint8_t content[32];

    aw_entry_init(&e);
    e.kind = AW_ENTRY_SESSION;
    e.actor = actor;
    e.why = why;
    e.device = d->id;
    e.person = person;
    if (strcmp(why, "forgotten") != 0) {
        aw_device_commit(content, d->salt, d->registration_id, d->session.person, d->alias,
                         d->platform);
        e.content = content;
    }
    int r = aw_log_append(s, &e, err);
    *ret_seq = e.seq;
    return r;
}

/* Its number is never given again: the log knows it after the row has gone. */
static void new_device(struct aw_store *s, struct aw_stored_device *d)
{
    d->id = aw_id_take(&s->at.ids, s->now, 1);
    aw_random(d->salt, sizeof d->salt);
    aw_keymap_add(&s->keys, hash_of(s, AW_KEY_USER, "device", d->registration_id, 0), d->id);
}

static bool is_changed(const struct aw_stored_device *a, const struct aw_stored_device *b)
{
    return a->session.person != b->session.person || strcmp(a->alias, b->alias) != 0 ||
           strcmp(a->platform, b->platform) != 0;
}

static struct aw_arg seq_of(const struct aw_stored_device *d)
{
    return d->session.seq < 0 ? T(NULL) : I(d->session.seq);
}

static int put(struct aw_store *s, struct aw_stored_device *d, const char *why, int64_t person,
               const char *actor, struct aw_err *err)
{
    struct aw_stored_device was = {0};
    int64_t seq;
    int r = d->id ? read_device(s, d->id, &was, err) : 0;

    if (r)
        return r;
    if (!d->id)
        new_device(s, d);
    else if (!is_changed(&was, d))
        return aw_db_run(&s->db, AW_SQL_DEVICE_SEEN, err, I(d->id), seq_of(d), I(d->session.at));
    if ((r = log_device(s, d, why, person, actor, &seq, err)) ||
        (r = aw_db_run(&s->db, AW_SQL_DEVICE_PUT, err, I(d->id), I(d->app), T(d->registration_id),
                       B(d->salt, sizeof d->salt), Z(d->session.person),
                       T(d->alias[0] ? d->alias : NULL), T(d->platform[0] ? d->platform : NULL),
                       seq_of(d), I(d->session.at), I(seq))))
        return r;
    if (d->session.person)
        add_once(s, hash_of_person(s, d->session.person), d->id);
    return person ? aw_db_run(&s->db, AW_SQL_PERSON_REPORT, err, I(person), I(seq)) : 0;
}

int aw_store_device_put(struct aw_store *s, struct aw_stored_device *d, const char *why,
                        int64_t person, const char *actor, struct aw_err *err)
{
    aw_census_name(s, d->session.person);
    return aw_store_note(s, put(s, d, why, person, actor, err));
}

/* --- devices of a person -------------------------------------------------------------------- */

int aw_store_devices_of(struct aw_store *s, int64_t person,
                        struct aw_stored_device ret[AW_MAX_DEVICES], unsigned *ret_n,
                        bool *ret_taken, struct aw_err *err)
{
    uint64_t hash = hash_of_person(s, person);
    size_t cursor = 0;
    unsigned n = 0;
    int64_t id;
    int r = 0;

    *ret_taken = false;
    while (r == 0 && n < AW_MAX_DEVICES && (id = aw_keymap_next(&s->keys, hash, &cursor)) != 0) {
        struct aw_stored_device d;
        r = read_device(s, id, &d, err);
        if (r == AW_ENOENT) {
            r = 0;
            continue;
        }
        *ret_taken = *ret_taken || (d.session.person && d.session.person != person);
        if (r || d.session.person != person)
            continue;
        unsigned i = n++;
        for (; i > 0 && ret[i - 1].session.at > d.session.at; i--)
            ret[i] = ret[i - 1];
        ret[i] = d;
    }
    *ret_n = n;
    return aw_store_note(s, r);
}

int aw_store_reported(struct aw_store *s, int64_t person, bool *ret, struct aw_err *err)
{
    int64_t seq = 0;
    int r = aw_db_int(&s->db, AW_SQL_PERSON_REPORTED, &seq, err, I(person));
    *ret = r == 0 && seq != 0;
    return aw_store_note(s, r == AW_ENOENT ? 0 : r);
}

/* --- forgetting ----------------------------------------------------------------------------- */

static int forget(struct aw_store *s, const struct aw_stored_device *d, const char *actor,
                  struct aw_err *err)
{
    int64_t seq;
    int r = log_device(s, d, "forgotten", 0, actor, &seq, err);
    if (r == 0)
        r = aw_db_run(&s->db, AW_SQL_DEVICE_FORGET, err, I(d->id));
    aw_keymap_drop(&s->keys, hash_of(s, AW_KEY_USER, "device", d->registration_id, 0), d->id);
    return r;
}

int aw_devices_forget(struct aw_store *s, int64_t person, const char *actor, struct aw_err *err)
{
    struct aw_stored_device list[AW_MAX_DEVICES];
    unsigned n;
    bool taken;
    int r = aw_store_devices_of(s, person, list, &n, &taken, err);
    for (unsigned i = 0; i < n && r == 0; i++)
        r = forget(s, &list[i], actor, err);
    return r;
}

int aw_devices_prune(struct aw_store *s, unsigned most, unsigned *ret_rows, struct aw_err *err)
{
    int64_t *list = aw_calloc(most, sizeof *list);
    unsigned n = 0, looked = 0;
    sqlite3_stmt *q;
    int r = aw_db_query(&s->db, AW_SQL_DEVICES_IDLE, &q, err, I(s->idle_at), I(s->now - IDLE_KEPT),
                        I(most));
    while (r == 0 && looked < most && (r = aw_db_step(&s->db, q, err)) == 1) {
        s->idle_at = sqlite3_column_int64(q, 0);
        if (sqlite3_column_int(q, 1))
            list[n++] = s->idle_at;
        looked++;
        r = 0;
    }
    aw_db_done(q);
    if (looked < most)
        s->idle_at = 0;
    for (unsigned i = 0; i < n && r == 0; i++) {
        struct aw_stored_device d;
        if ((r = read_device(s, list[i], &d, err)) == 0)
            r = forget(s, &d, "core", err);
    }
    *ret_rows += n;
    aw_free(list);
    return r;
}

/* --- what a login and a logout must find ---------------------------------------------------- */

static int by_id(const void *pa, const void *pb)
{
    aw_id a = *(const aw_id *)pa, b = *(const aw_id *)pb;
    return a < b ? -1 : a > b;
}

static uint64_t hash_of_held(const struct aw_store *s, int64_t person)
{
    return hash_of(s, AW_KEY_EXTERNAL, "held", "", person);
}

void aw_store_hold(struct aw_store *s, int64_t person, aw_id message)
{
    add_once(s, hash_of_held(s, person), message);
}

void aw_store_held_end(struct aw_store *s, int64_t person, aw_id message)
{
    aw_keymap_drop(&s->keys, hash_of_held(s, person), message);
}

unsigned aw_store_held(struct aw_store *s, int64_t person, aw_id *ret, unsigned max)
{
    size_t cursor = 0;
    unsigned n = 0;
    while (n < max && (ret[n] = aw_keymap_next(&s->keys, hash_of_held(s, person), &cursor)) != 0)
        n++;
    qsort(ret, n, sizeof *ret, by_id);
    return n;
}

/* A pair an hour and person would be found at once; many pushes to one person must not make each
 * of them slower, so the hour is part of the key. */
static uint64_t hash_of_pushes(const struct aw_store *s, int64_t person, aw_time hour)
{
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)(hour / AW_HOUR));
    return hash_of(s, AW_KEY_ATTEMPT, "push", text, person);
}

void aw_store_pushed(struct aw_store *s, int64_t person, aw_id attempt)
{
    aw_keymap_add(&s->keys, hash_of_pushes(s, person, aw_id_time(attempt)), attempt);
}

unsigned aw_store_pushes(struct aw_store *s, int64_t person, aw_id *ret, unsigned max)
{
    unsigned n = 0;
    for (aw_time t = s->now; n < max && t > s->now - AW_PUSH_LOOKED - AW_HOUR; t -= AW_HOUR) {
        uint64_t hash = hash_of_pushes(s, person, t);
        size_t cursor = 0;
        while (n < max && (ret[n] = aw_keymap_next(&s->keys, hash, &cursor)) != 0)
            n++;
    }
    return n;
}

int aw_store_attempt_devices(struct aw_store *s, aw_id attempt, char **ret, struct aw_err *err)
{
    sqlite3_stmt *q;
    int r = aw_db_query(&s->db, AW_SQL_ATTEMPT_DEVICES_OF, &q, err, I(attempt));
    *ret = NULL;
    if (r == 0 && (r = aw_db_step(&s->db, q, err)) == 1) {
        *ret = aw_col_dup(q, 0, NULL);
        r = 0;
    } else if (r == 0) {
        r = aw_fail(err, AW_ENOENT, "no such attempt");
    }
    aw_db_done(q);
    return aw_store_note(s, r);
}
