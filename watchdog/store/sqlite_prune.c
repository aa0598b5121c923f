/* SPDX-License-Identifier: Apache-2.0
 *
 * Retention: rows that have served their time go, in slices, so that no turn is long.
 *
 * Of a closed message everything goes but its entries, which hold no personal data; the entry
 * message.pruned says so, and the auditor expects no row of it any more. A message goes as a whole,
 * so that nobody ever meets half of one: the largest, of 1,000 recipients, bounds a turn.
 *
 * What hangs on a message, a try or an entry, and what goes by its age, stands in the tables below:
 * a new table of the schema that grows belongs into one of them.
 */
#include "store/store_int.h"

#include "base/mem.h"
#include "base/random.h"

/* By the ids of timelines: ?1 the first, ?2 the last. */
static const enum aw_sql of_timelines[] = {AW_SQL_POLLS_PRUNE, AW_SQL_TIMELINES_PRUNE};
/* By the id of a try. */
static const enum aw_sql of_attempt[] = {AW_SQL_ATTEMPT_PRUNE};
/* By the sequence of an entry of a timeline. */
static const enum aw_sql of_entry[] = {AW_SQL_EVIDENCE_PRUNE, AW_SQL_DETAIL_PRUNE};
/* By age: ?1 the instant before which a row goes, ?2 how many at most. Tables of audited rows write
 * their entries themselves and stand elsewhere. */
static const struct {
    enum aw_sql statement;
    aw_ms keep;
} aged[] = {
    {AW_SQL_NOTICES_PRUNE, 30 * AW_DAY},
};

struct recipient {
    int64_t last; /* newest entry */
    aw_id tried;  /* newest try */
};

static int run(struct aw_store *s, enum aw_sql what, unsigned *rows, struct aw_err *err, int64_t a,
               int64_t b)
{
    int r = aw_db_run(&s->db, what, err, I(a), I(b));
    *rows += r == 0 ? (unsigned)sqlite3_changes(s->db.h) : 0;
    return r;
}

static int run_one(struct aw_store *s, enum aw_sql what, unsigned *rows, struct aw_err *err,
                   int64_t id)
{
    int r = aw_db_run(&s->db, what, err, I(id));
    *rows += r == 0 ? (unsigned)sqlite3_changes(s->db.h) : 0;
    return r;
}

/* --- which ---------------------------------------------------------------------------------- */

int aw_store_old_messages(struct aw_store *s, aw_id after, aw_id before, struct aw_old_message *ret,
                          unsigned max, unsigned *ret_n, struct aw_err *err)
{
    sqlite3_stmt *q;
    unsigned n = 0;
    int r = aw_db_query(&s->db, AW_SQL_MESSAGES_OLD, &q, err, I(after), I(before), I(max));
    while (r == 0 && n < max && (r = aw_db_step(&s->db, q, err)) == 1) {
        ret[n++] = (struct aw_old_message){sqlite3_column_int64(q, 0), sqlite3_column_int64(q, 1),
                                           (unsigned)sqlite3_column_int(q, 2)};
        r = 0;
    }
    aw_db_done(q);
    *ret_n = n;
    return aw_store_note(s, r);
}

/* The date of an entry. */
static int entry_date(struct aw_store *s, int64_t seq, aw_time *ret, struct aw_err *err)
{
    sqlite3_stmt *q;
    struct aw_entry e;
    void *owner = NULL;
    int r = aw_db_query(&s->db, AW_SQL_LOG_FROM, &q, err, I(seq), I(1));
    if (r == 0 && (r = aw_db_step(&s->db, q, err)) == 1 && sqlite3_column_int64(q, 0) == seq)
        r = aw_entry_parse((const char *)sqlite3_column_text(q, 4),
                           (size_t)sqlite3_column_bytes(q, 4), &e, &owner, err);
    else if (r >= 0)
        r = aw_fail(err, AW_ECORRUPT, "entry %lld is missing", (long long)seq);
    if (r == 0)
        *ret = e.ts;
    aw_entry_release(owner);
    aw_db_done(q);
    return r;
}

/* Whether all its timelines have ended and nothing was written about them since. */
static int closed(struct aw_store *s, const struct aw_old_message *m, aw_time since, bool *ret,
                  struct aw_err *err)
{
    sqlite3_stmt *q;
    int64_t open = 1, last = 0;
    aw_time ts = since;
    int r = aw_db_query(&s->db, AW_SQL_TIMELINES_CLOSED, &q, err, I(m->id), I(m->id + m->n - 1));
    if (r == 0 && (r = aw_db_step(&s->db, q, err)) == 1) {
        bool any = sqlite3_column_int64(q, 0) > 0;
        open = any ? sqlite3_column_int64(q, 1) : 1;
        last = sqlite3_column_int64(q, 2);
        r = 0;
    }
    aw_db_done(q);
    if (r == 0 && !open)
        r = entry_date(s, last, &ts, err);
    *ret = r == 0 && !open && ts <= since;
    return r;
}

static int recipients(struct aw_store *s, const struct aw_old_message *m, struct recipient **ret,
                      unsigned *ret_n, struct aw_err *err)
{
    sqlite3_stmt *q;
    unsigned n = 0;
    int r = aw_db_query(&s->db, AW_SQL_TIMELINES_LISTS, &q, err, I(m->id), I(m->id + m->n - 1));
    *ret = aw_calloc(m->n, sizeof **ret);
    while (r == 0 && n < m->n && (r = aw_db_step(&s->db, q, err)) == 1) {
        (*ret)[n++] = (struct recipient){sqlite3_column_int64(q, 0), sqlite3_column_int64(q, 1)};
        r = 0;
    }
    aw_db_done(q);
    *ret_n = n;
    return r;
}

/* One link of a list: the one before (-1: none), and a second column. AW_ENOENT. */
static int link_of(struct aw_store *s, enum aw_sql what, int64_t id, int64_t *ret, bool *ret_flag,
                   struct aw_err *err)
{
    sqlite3_stmt *q;
    int r = aw_db_query(&s->db, what, &q, err, I(id));
    if (r == 0 && (r = aw_db_step(&s->db, q, err)) == 1) {
        *ret = sqlite3_column_type(q, 0) == SQLITE_NULL ? -1 : sqlite3_column_int64(q, 0);
        *ret_flag = sqlite3_column_count(q) > 1 && sqlite3_column_int(q, 1);
        r = 0;
    } else if (r == 0) {
        r = aw_fail(err, AW_ECORRUPT, "a list of a closed message ends at %lld, which is missing",
                    (long long)id);
    }
    aw_db_done(q);
    return r;
}

/* Whether a try of the recipient is still under way: its outcome will be written. */
static int busy(struct aw_store *s, const struct recipient *p, bool *ret, struct aw_err *err)
{
    int r = 0;
    *ret = false;
    for (int64_t id = p->tried, next; id > 0 && r == 0 && !*ret; id = next)
        r = link_of(s, AW_SQL_ATTEMPT_CHAIN, id, &next, ret, err);
    return r;
}

/* --- away ----------------------------------------------------------------------------------- */

static int take_tries(struct aw_store *s, aw_id newest, unsigned *rows, struct aw_err *err)
{
    bool flag;
    int r = 0;
    for (int64_t id = newest, next; id > 0 && r == 0; id = next) {
        r = link_of(s, AW_SQL_ATTEMPT_CHAIN, id, &next, &flag, err);
        for (unsigned i = 0; i < AW_COUNT(of_attempt) && r == 0; i++)
            r = run_one(s, of_attempt[i], rows, err, id);
    }
    return r;
}

static int take_beside_entries(struct aw_store *s, int64_t newest, unsigned *rows,
                               struct aw_err *err)
{
    bool flag;
    int r = 0;
    for (int64_t seq = newest, prev; seq >= 0 && r == 0; seq = prev) {
        r = link_of(s, AW_SQL_LOG_CHAIN, seq, &prev, &flag, err);
        for (unsigned i = 0; i < AW_COUNT(of_entry) && r == 0; i++)
            r = run_one(s, of_entry[i], rows, err, seq);
    }
    return r;
}

/* The message row, and its external id in the key map. */
static int take_message(struct aw_store *s, aw_id id, unsigned *rows, struct aw_err *err)
{
    sqlite3_stmt *q;
    int r = aw_db_query(&s->db, AW_SQL_MESSAGE_KEYS, &q, err, I(id));
    if (r == 0 && (r = aw_db_step(&s->db, q, err)) == 1) {
        const char *ext = (const char *)sqlite3_column_text(q, 3);
        int64_t app = sqlite3_column_int64(q, 0);
        if (ext)
            aw_keymap_drop(&s->keys, aw_keymap_hash(&s->keys, AW_KEY_EXTERNAL, app, ext), id);
        r = 0;
    }
    aw_db_done(q);
    return r ? r : run_one(s, AW_SQL_MESSAGE_PRUNE, rows, err, id);
}

static int log_pruned(struct aw_store *s, aw_id message, struct aw_err *err)
{
    struct aw_entry e;
    aw_entry_init(&e);
    e.kind = AW_ENTRY_PRUNED;
    e.actor = "core";
    e.msg = message;
    return aw_log_append(s, &e, err);
}

static int take_all(struct aw_store *s, const struct aw_old_message *m,
                    const struct recipient *list, unsigned n, unsigned *rows, struct aw_err *err)
{
    int r = log_pruned(s, m->id, err);
    for (unsigned i = 0; i < n && r == 0; i++)
        if ((r = take_tries(s, list[i].tried, rows, err)) == 0)
            r = take_beside_entries(s, list[i].last, rows, err);
    for (unsigned i = 0; i < AW_COUNT(of_timelines) && r == 0; i++)
        r = run(s, of_timelines[i], rows, err, m->id, m->id + m->n - 1);
    return r ? r : take_message(s, m->id, rows, err);
}

int aw_store_prune_message(struct aw_store *s, const struct aw_old_message *m, aw_time since,
                           unsigned *ret_rows, struct aw_err *err)
{
    struct recipient *list = NULL;
    unsigned n = 0;
    bool go, under_way = false;
    int r = closed(s, m, since, &go, err);

    *ret_rows = 0;
    if (r == 0 && go)
        r = recipients(s, m, &list, &n, err);
    for (unsigned i = 0; i < n && r == 0 && !under_way; i++)
        r = busy(s, &list[i], &under_way, err);
    if (r == 0 && n && !under_way)
        r = take_all(s, m, list, n, ret_rows, err);
    aw_free(list);
    return aw_store_note(s, r);
}

/* --- erasure in bodies ---------------------------------------------------------------------- */

int aw_store_erased(struct aw_store *s, aw_id message, struct aw_erased *ret, unsigned max,
                    unsigned *ret_n, struct aw_err *err)
{
    sqlite3_stmt *q;
    unsigned n = 0;
    int r = aw_db_query(&s->db, AW_SQL_RECIPIENTS_ERASED, &q, err, I(message), I(max));
    while (r == 0 && n < max && (r = aw_db_step(&s->db, q, err)) == 1) {
        ret[n++] =
            (struct aw_erased){(unsigned)sqlite3_column_int(q, 0), sqlite3_column_int64(q, 1)};
        r = 0;
    }
    aw_db_done(q);
    *ret_n = n;
    return aw_store_note(s, r);
}

int aw_store_redact(struct aw_store *s, aw_id message, const char *body, size_t n,
                    struct aw_err *err)
{
    uint8_t salt[32], content[32], digest[32];
    struct aw_entry e;
    sqlite3_stmt *q;
    int r = aw_db_query(&s->db, AW_SQL_MESSAGE_NAMED, &q, err, I(message));

    aw_random(salt, sizeof salt);
    aw_sha256(digest, body, n);
    if (r == 0 && (r = aw_db_step(&s->db, q, err)) == 1) {
        aw_registration_commit(content, salt, (const char *)sqlite3_column_text(q, 0),
                               (const char *)sqlite3_column_text(q, 1),
                               (const char *)sqlite3_column_text(q, 2), body, n);
        r = 0;
    } else if (r == 0) {
        r = aw_fail(err, AW_ENOENT, "no such message");
    }
    aw_db_done(q);
    if (r == 0)
        r = aw_db_run(&s->db, AW_SQL_MESSAGE_BODY, err, I(message), TN(body, n), B(digest, 32),
                      B(salt, sizeof salt));
    aw_entry_init(&e);
    e.kind = AW_ENTRY_REDACTED;
    e.actor = "core";
    e.msg = message;
    e.content = content;
    s->truncating = true;
    return aw_store_note(s, r ? r : aw_log_append(s, &e, err));
}

/* --- by age --------------------------------------------------------------------------------- */

int aw_store_prune_aged(struct aw_store *s, unsigned most, unsigned *ret_rows, struct aw_err *err)
{
    int r = 0;
    *ret_rows = 0;
    for (unsigned i = 0; i < AW_COUNT(aged) && r == 0; i++)
        r = run(s, aged[i].statement, ret_rows, err, s->now - aged[i].keep, most);
    if (r == 0)
        r = aw_devices_prune(s, most, ret_rows, err);
    return aw_store_note(s, r);
}

void aw_store_prune_done(struct aw_store *s)
{
    s->truncating = true;
    s->pages.sweep = 0;
    s->pages.sweeping = true;
}
