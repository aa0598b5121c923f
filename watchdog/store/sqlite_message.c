/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages and timelines as rows: registering, finding, reading, what is due.
 */
#include "store/store_int.h"

#include <string.h>

#include "base/mem.h"
#include "base/random.h"

/* --- registering ---------------------------------------------------------------------------- */

void aw_registration_commit(uint8_t ret[32], const uint8_t salt[32], const char *app,
                            const char *key, const char *ext, const char *body, size_t n)
{
    struct aw_buf b = AW_BUF_INIT(SIZE_MAX / 2);
    aw_buf_printf(&b, "%s\n%s\n%s\n", app, key ? key : "", ext ? ext : "");
    aw_buf_add(&b, body, n);
    aw_commit(ret, salt, "registration", b.p, b.n);
    aw_buf_free(&b);
}

static int insert_timeline(struct aw_store *s, const struct aw_timeline *tl, struct aw_err *err)
{
    uint8_t plan[AW_PLAN_MAX];
    size_t n = aw_plan_encode(tl, plan, sizeof plan);
    if (!n)
        return aw_fail(err, AW_ELIMIT, "the plan of a timeline is too large");
    return aw_db_run(&s->db, AW_SQL_TIMELINE_PUT, err, I(tl->id), I(tl->n), I(tl->person),
                     I(tl->state), Z(tl->due), I(tl->level), I(tl->late), I(tl->last), B(plan, n));
}

/* The entry that opens all timelines of a message. */
static int log_registered(struct aw_store *s, const struct aw_timeline *tls, unsigned n,
                          struct aw_entry *e, struct aw_err *err)
{
    int64_t *persons = aw_calloc(n, sizeof *persons);
    uint8_t(*commitments)[32] = aw_calloc(n, sizeof *commitments);
    int r = 0;
    for (unsigned i = 0; i < n && r == 0; i++) {
        persons[i] = tls[i].person;
        r = aw_person_commitment(s, persons[i], commitments[i], err);
    }
    e->kind = AW_ENTRY_REGISTERED;
    e->msg = tls[0].id;
    e->at = tls[0].base;
    e->registered = tls[0].registered;
    e->next_due = tls[0].due;
    e->persons = persons;
    e->person_commitments = (const uint8_t(*)[32])commitments;
    e->n_persons = n;
    if (r == 0)
        r = aw_log_append(s, e, err);
    aw_free(persons);
    aw_free(commitments);
    return r;
}

int aw_store_register(struct aw_store *s, const struct aw_registration *reg, int64_t app,
                      int64_t rule, const char *rule_name, const uint8_t sha256[32],
                      const char *key, const uint8_t digest[32], const char *actor,
                      struct aw_timeline *tls, unsigned n, unsigned needed, struct aw_err *err)
{
    struct aw_entry e;
    uint8_t salt[32], content[32];
    char *name;
    aw_id id = tls[0].id;
    int r;

    if ((r = aw_store_app_name(s, app, &name, err)))
        return r;
    aw_random(salt, sizeof salt);
    aw_registration_commit(content, salt, name, key, reg->external_id, reg->raw, reg->n_raw);
    aw_free(name);
    aw_entry_init(&e);
    e.actor = actor;
    e.rule = rule_name;
    e.sha256 = sha256;
    e.content = content;
    e.needed = (int)needed;
    if ((r = log_registered(s, tls, n, &e, err)))
        return r;
    r = aw_db_run(&s->db, AW_SQL_MESSAGE_PUT, err, I(id), I(app), I(rule), I(n),
                  I(tls[0].registered), T(key), T(reg->external_id), B(digest, 32),
                  B(salt, sizeof salt), TN(reg->raw, reg->n_raw),
                  T(reg->trace[0] ? reg->trace : NULL), I(needed));
    for (unsigned i = 0; i < n && r == 0; i++) {
        tls[i].last = e.seq;
        r = insert_timeline(s, &tls[i], err);
    }
    if (r)
        return aw_store_note(s, r);
    if (key)
        aw_keymap_add(&s->keys, aw_keymap_hash(&s->keys, AW_KEY_IDEMPOTENCY, app, key), id);
    if (reg->external_id)
        aw_keymap_add(&s->keys, aw_keymap_hash(&s->keys, AW_KEY_EXTERNAL, app, reg->external_id),
                      id);
    return 0;
}

/* --- finding -------------------------------------------------------------------------------- */

/* Whether the message is the one that a key of this class meant: 1, 0, or an error. */
static int fits(struct aw_store *s, aw_id id, enum aw_key_class c, int64_t app, const char *key,
                aw_time since, struct aw_err *err)
{
    sqlite3_stmt *q;
    int r = aw_db_query(&s->db, AW_SQL_MESSAGE_KEYS, &q, err, I(id));
    if (r == 0 && (r = aw_db_step(&s->db, q, err)) == 1) {
        const char *stored = (const char *)sqlite3_column_text(q, c == AW_KEY_IDEMPOTENCY ? 2 : 3);
        r = sqlite3_column_int64(q, 0) == app && sqlite3_column_int64(q, 1) >= since && stored &&
            strcmp(stored, key) == 0;
    }
    aw_db_done(q);
    return r;
}

static int find(struct aw_store *s, enum aw_key_class c, int64_t app, const char *key,
                aw_time since, aw_id *ret, struct aw_err *err)
{
    uint64_t hash = aw_keymap_hash(&s->keys, c, app, key);
    size_t cursor = 0;
    aw_id id, newest = 0;
    while ((id = aw_keymap_next(&s->keys, hash, &cursor)) != 0) {
        int r = id > newest ? fits(s, id, c, app, key, since, err) : 0;
        if (r < 0)
            return aw_store_note(s, r);
        if (r)
            newest = id;
    }
    if (!newest)
        return aw_fail(err, AW_ENOENT, "no message has this key");
    *ret = newest;
    return 0;
}

int aw_store_find_key(struct aw_store *s, int64_t app, const char *key, aw_time now, aw_id *ret,
                      struct aw_err *err)
{
    return find(s, AW_KEY_IDEMPOTENCY, app, key, now - AW_KEY_WINDOW, ret, err);
}

int aw_store_find_external(struct aw_store *s, int64_t app, const char *ext, aw_id *ret,
                           struct aw_err *err)
{
    return find(s, AW_KEY_EXTERNAL, app, ext, 0, ret, err);
}

int aw_store_message_delayed(struct aw_store *s, aw_id id, aw_time until, struct aw_err *err)
{
    return aw_store_note(s, aw_db_run(&s->db, AW_SQL_MESSAGE_DELAYED, err, I(id), I(until)));
}

/* --- reading -------------------------------------------------------------------------------- */

void aw_stored_message_free(struct aw_stored_message *m)
{
    aw_free(m->body);
    m->body = NULL;
}

int aw_store_message(struct aw_store *s, aw_id id, struct aw_stored_message *ret,
                     struct aw_err *err)
{
    sqlite3_stmt *q;
    struct aw_stored_message m = {.id = id};
    int r = aw_db_query(&s->db, AW_SQL_MESSAGE, &q, err, I(id));
    if (r == 0 && (r = aw_db_step(&s->db, q, err)) == 1) {
        m.app = sqlite3_column_int64(q, 0);
        m.rule = sqlite3_column_int64(q, 1);
        m.n = (unsigned)sqlite3_column_int(q, 2);
        m.registered = sqlite3_column_int64(q, 3);
        if (aw_col_bytes(q, 4, m.digest, sizeof m.digest) &&
            aw_col_bytes(q, 5, m.salt, sizeof m.salt)) {
            m.body = aw_col_dup(q, 6, &m.n_body);
            aw_col_copy(q, 7, m.trace, sizeof m.trace);
            m.needed = (unsigned)sqlite3_column_int(q, 8);
            m.delayed = sqlite3_column_int64(q, 9);
            *ret = m;
            r = 0;
        } else {
            r = aw_fail(err, AW_ECORRUPT, "the row of a message is damaged");
        }
    } else if (r == 0) {
        r = aw_fail(err, AW_ENOENT, "no such message");
    }
    aw_db_done(q);
    return aw_store_note(s, r);
}

int aw_row_timeline(sqlite3_stmt *q, struct aw_timeline *ret, struct aw_err *err)
{
    memset(ret, 0, sizeof *ret);
    ret->id = sqlite3_column_int64(q, 0);
    ret->n = (uint16_t)sqlite3_column_int(q, 1);
    ret->person = sqlite3_column_int64(q, 2);
    ret->state = (enum aw_state)sqlite3_column_int(q, 3);
    ret->due = sqlite3_column_int64(q, 4);
    ret->level = (enum aw_level)sqlite3_column_int(q, 5);
    ret->late = sqlite3_column_int(q, 6);
    ret->last = sqlite3_column_int64(q, 7);
    if (aw_plan_decode(ret, sqlite3_column_blob(q, 8), (size_t)sqlite3_column_bytes(q, 8)))
        return aw_fail(err, AW_ECORRUPT, "the plan of timeline %lld is damaged",
                       (long long)ret->id);
    return 0;
}

int aw_store_timeline(struct aw_store *s, aw_id id, struct aw_timeline *ret, struct aw_err *err)
{
    sqlite3_stmt *q;
    int r = aw_db_query(&s->db, AW_SQL_TIMELINE, &q, err, I(id));
    if (r == 0 && (r = aw_db_step(&s->db, q, err)) == 1)
        r = aw_row_timeline(q, ret, err);
    else if (r == 0)
        r = aw_fail(err, AW_ENOENT, "no such timeline");
    aw_db_done(q);
    return aw_store_note(s, r);
}

int aw_store_counts(struct aw_store *s, aw_id message, unsigned n, unsigned ret[AW_N_STATES],
                    struct aw_err *err)
{
    sqlite3_stmt *q;
    int r = aw_db_query(&s->db, AW_SQL_TIMELINE_COUNTS, &q, err, I(message), I(message + n - 1));
    if (r == 0 && (r = aw_db_step(&s->db, q, err)) == 1) {
        for (unsigned i = 0; i < AW_N_STATES; i++)
            ret[i] = (unsigned)sqlite3_column_int(q, (int)i);
        r = 0;
    }
    aw_db_done(q);
    return aw_store_note(s, r);
}

int aw_store_open_count(struct aw_store *s, int64_t *ret, struct aw_err *err)
{
    return aw_store_note(s, aw_db_int(&s->db, AW_SQL_TIMELINES_OPEN, ret, err));
}

int aw_store_due(struct aw_store *s, aw_time now, aw_id *ret, unsigned max, unsigned *ret_n,
                 struct aw_err *err)
{
    sqlite3_stmt *q;
    unsigned n = 0;
    int r = aw_db_query(&s->db, AW_SQL_TIMELINES_DUE, &q, err, I(now), I(max));
    while (r == 0 && n < max && (r = aw_db_step(&s->db, q, err)) == 1) {
        ret[n++] = sqlite3_column_int64(q, 0);
        r = 0;
    }
    aw_db_done(q);
    *ret_n = n;
    return aw_store_note(s, r);
}

int aw_store_due_ranked(struct aw_store *s, aw_time now, struct aw_due_row *ret, unsigned max,
                        unsigned *ret_n, struct aw_err *err)
{
    sqlite3_stmt *q;
    unsigned n = 0;
    int r = aw_db_query(&s->db, AW_SQL_TIMELINES_DUE_RANKED, &q, err, I(now), I(max));
    while (r == 0 && n < max && (r = aw_db_step(&s->db, q, err)) == 1) {
        const char *priority = (const char *)sqlite3_column_text(q, 1);
        ret[n] = (struct aw_due_row){sqlite3_column_int64(q, 0), AW_NORMAL, n};
        if (priority != NULL)
            aw_priority_parse(priority, &ret[n].priority);
        n++;
        r = 0;
    }
    aw_db_done(q);
    *ret_n = n;
    return aw_store_note(s, r);
}

int aw_store_next_due(struct aw_store *s, aw_time *ret, struct aw_err *err)
{
    int r = aw_db_int(&s->db, AW_SQL_TIMELINE_NEXT, ret, err);
    if (r == AW_ENOENT) {
        *ret = 0;
        return 0;
    }
    return aw_store_note(s, r);
}
