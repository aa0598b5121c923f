/* SPDX-License-Identifier: Apache-2.0
 *
 * What the brake needs of the store: what was sent of late, what waits, and silences.
 */
#include "store/store_int.h"

#include <string.h>

int aw_store_later(struct aw_store *s, struct aw_later *cursor, aw_id *ret, unsigned max,
                   unsigned *ret_n, struct aw_err *err)
{
    sqlite3_stmt *q;
    unsigned n = 0;
    int r = aw_db_query(&s->db, AW_SQL_TIMELINES_LATER, &q, err, I(cursor->due), I(cursor->state),
                        I(cursor->id), I(max));

    while (r == 0 && n < max && (r = aw_db_step(&s->db, q, err)) == 1) {
        cursor->due = sqlite3_column_int64(q, 0);
        cursor->state = sqlite3_column_int(q, 1);
        ret[n++] = cursor->id = sqlite3_column_int64(q, 2);
        r = 0;
    }
    aw_db_done(q);
    *ret_n = n;
    return aw_store_note(s, r);
}

int aw_store_open_people(struct aw_store *s, void (*row)(void *arg, aw_id message, int64_t person),
                         void *arg, struct aw_err *err)
{
    sqlite3_stmt *q;
    int r = aw_db_query(&s->db, AW_SQL_TIMELINES_OPEN_OF_ALL, &q, err);

    while (r == 0 && (r = aw_db_step(&s->db, q, err)) == 1) {
        row(arg, sqlite3_column_int64(q, 0), sqlite3_column_int64(q, 1));
        r = 0;
    }
    aw_db_done(q);
    return aw_store_note(s, r);
}

int aw_store_sent_since(struct aw_store *s, aw_time since,
                        int (*row)(void *arg, const struct aw_sent *a), void *arg,
                        struct aw_err *err)
{
    sqlite3_stmt *q;
    int r = aw_db_query(&s->db, AW_SQL_ATTEMPTS_SINCE, &q, err, I(aw_id_first(since)));

    while (r == 0 && (r = aw_db_step(&s->db, q, err)) == 1) {
        struct aw_sent a = {.attempt = sqlite3_column_int64(q, 0),
                            .message = sqlite3_column_int64(q, 1),
                            .kind = (enum aw_kind)sqlite3_column_int(q, 2),
                            .person = sqlite3_column_int64(q, 3),
                            .channel = (const char *)sqlite3_column_text(q, 4),
                            .address = sqlite3_column_int64(q, 5),
                            .rule = sqlite3_column_int64(q, 6),
                            .app = (const char *)sqlite3_column_text(q, 7)};
        r = row(arg, &a);
    }
    aw_db_done(q);
    return aw_store_note(s, r);
}

/* --- silences ------------------------------------------------------------------------------- */

int aw_store_silence_put(struct aw_store *s, const struct aw_silence_row *row, const char *actor,
                         int64_t *ret, struct aw_err *err)
{
    struct aw_entry e;
    int r;

    aw_entry_init(&e);
    e.kind = AW_ENTRY_SILENCE;
    e.actor = actor;
    e.state = "begun";
    e.text = row->app;
    e.from = row->since;
    e.to = row->until;
    r = aw_store_log(s, &e, row->body, err);
    if (r == 0)
        r = aw_db_run(&s->db, AW_SQL_SILENCE_PUT, err, I(e.seq), T(row->app), I(row->since),
                      I(row->until));
    *ret = e.seq;
    return aw_store_note(s, r);
}

int aw_store_silence_end(struct aw_store *s, int64_t id, const char *why, const char *reason,
                         const char *actor, struct aw_err *err)
{
    struct aw_entry e;
    sqlite3_stmt *q;
    int r = aw_db_query(&s->db, AW_SQL_SILENCE_KNOWN, &q, err, I(id));

    if (r == 0 && (r = aw_db_step(&s->db, q, err)) == 0)
        r = AW_ENOENT;
    aw_db_done(q);
    if (r < 0)
        return r == AW_ENOENT ? r : aw_store_note(s, r);
    aw_entry_init(&e);
    e.kind = AW_ENTRY_SILENCE;
    e.actor = actor;
    e.state = why;
    e.key = id;
    r = aw_store_log(s, &e, reason, err);
    if (r == 0)
        r = aw_db_run(&s->db, AW_SQL_SILENCE_DROP, err, I(id));
    return aw_store_note(s, r);
}

int aw_store_silences(struct aw_store *s, int (*row)(void *arg, const struct aw_silence_row *r),
                      void *arg, struct aw_err *err)
{
    sqlite3_stmt *q;
    int r = aw_db_query(&s->db, AW_SQL_SILENCES, &q, err);

    while (r == 0 && (r = aw_db_step(&s->db, q, err)) == 1) {
        struct aw_silence_row x = {.id = sqlite3_column_int64(q, 0),
                                   .app = (const char *)sqlite3_column_text(q, 1),
                                   .since = sqlite3_column_int64(q, 2),
                                   .until = sqlite3_column_int64(q, 3),
                                   .body = (const char *)sqlite3_column_text(q, 4)};
        r = row(arg, &x);
    }
    aw_db_done(q);
    return aw_store_note(s, r);
}
