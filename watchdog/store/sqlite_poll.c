/* SPDX-License-Identifier: Apache-2.0
 *
 * When to ask which provider about which attempt. Not audited: what the answers prove is.
 */
#include "store/store_int.h"

#include <string.h>

int aw_store_poll_put(struct aw_store *s, const struct aw_poll *p, struct aw_err *err)
{
    const char *devices = p->devices[0] ? p->devices : NULL;
    return aw_store_note(s, aw_db_run(&s->db, AW_SQL_POLL_PUT, err, I(p->timeline), I(p->attempt),
                                      I(p->due), I(p->urgent), I(p->accepted), I(p->n_asked),
                                      I(p->answered), T(p->channel), T(p->provider_id), T(devices),
                                      I(p->rule), I(p->ask_at), I(p->level), I(p->hinted)));
}

int aw_store_poll_later(struct aw_store *s, const struct aw_poll *p, struct aw_err *err)
{
    return aw_store_note(s, aw_db_run(&s->db, AW_SQL_POLL_LATER, err, I(p->timeline), I(p->attempt),
                                      I(p->due), I(p->n_asked), I(p->answered), I(p->hinted)));
}

int aw_store_poll_delete(struct aw_store *s, aw_id timeline, aw_id attempt, struct aw_err *err)
{
    return aw_store_note(s, aw_db_run(&s->db, AW_SQL_POLL_DELETE, err, I(timeline), I(attempt)));
}

int aw_store_polls_end(struct aw_store *s, aw_id timeline, struct aw_err *err)
{
    return aw_store_note(s, aw_db_run(&s->db, AW_SQL_POLLS_END, err, I(timeline)));
}

int aw_store_polls_urge(struct aw_store *s, aw_id timeline, aw_time at, aw_time urgent,
                        struct aw_err *err)
{
    int r = at ? aw_db_run(&s->db, AW_SQL_POLLS_URGE, err, I(timeline), I(at), I(urgent))
               : aw_db_run(&s->db, AW_SQL_POLLS_CALM, err, I(timeline));
    return aw_store_note(s, r);
}

int aw_store_poll_heard(struct aw_store *s, aw_id timeline, aw_id attempt, aw_time at,
                        struct aw_err *err)
{
    return aw_store_note(s,
                         aw_db_run(&s->db, AW_SQL_POLL_HEARD, err, I(timeline), I(attempt), I(at)));
}

int aw_store_poll_hint(struct aw_store *s, aw_id timeline, aw_id attempt, aw_time at,
                       unsigned hinted, struct aw_err *err)
{
    int r = aw_db_run(&s->db, AW_SQL_POLL_HINT, err, I(timeline), I(attempt), I(at), I(hinted));
    if (r == 0 && sqlite3_changes(s->db.h) == 0)
        return AW_ENOENT;
    return aw_store_note(s, r);
}

static int read_polls(struct aw_store *s, sqlite3_stmt *q, struct aw_poll *ret, unsigned max,
                      unsigned *ret_n, struct aw_err *err)
{
    int r = 0;
    unsigned n = 0;
    while (n < max && (r = aw_db_step(&s->db, q, err)) == 1) {
        struct aw_poll *p = &ret[n++];
        memset(p, 0, sizeof *p);
        p->timeline = sqlite3_column_int64(q, 0);
        p->attempt = sqlite3_column_int64(q, 1);
        p->due = sqlite3_column_int64(q, 2);
        p->urgent = sqlite3_column_int64(q, 3);
        p->accepted = sqlite3_column_int64(q, 4);
        p->n_asked = (unsigned)sqlite3_column_int(q, 5);
        p->answered = sqlite3_column_int64(q, 6);
        aw_col_copy(q, 7, p->channel, sizeof p->channel);
        aw_col_copy(q, 8, p->provider_id, sizeof p->provider_id);
        aw_col_copy(q, 9, p->devices, sizeof p->devices);
        p->rule = sqlite3_column_int64(q, 10);
        p->ask_at = sqlite3_column_int64(q, 11);
        p->level = (enum aw_level)sqlite3_column_int(q, 12);
        p->hinted = (unsigned)sqlite3_column_int(q, 13);
        p->heard = sqlite3_column_int64(q, 14);
    }
    *ret_n = n;
    aw_db_done(q);
    return aw_store_note(s, r < 0 ? r : 0);
}

int aw_store_polls_due(struct aw_store *s, const char *channel, aw_time now, struct aw_poll *ret,
                       unsigned max, unsigned *ret_n, struct aw_err *err)
{
    sqlite3_stmt *q;
    int r = aw_db_query(&s->db, AW_SQL_POLLS_DUE, &q, err, T(channel), I(now), I(max));
    return r ? aw_store_note(s, r) : read_polls(s, q, ret, max, ret_n, err);
}

int aw_store_polls_urgent(struct aw_store *s, const char *channel, aw_time now, aw_time from,
                          aw_time to, struct aw_poll *ret, unsigned max, unsigned *ret_n,
                          struct aw_err *err)
{
    sqlite3_stmt *q;
    int r = aw_db_query(&s->db, AW_SQL_POLLS_URGENT, &q, err, T(channel), I(now), I(from), I(to),
                        I(max));
    return r ? aw_store_note(s, r) : read_polls(s, q, ret, max, ret_n, err);
}

int aw_store_poll(struct aw_store *s, aw_id timeline, aw_id attempt, struct aw_poll *ret,
                  struct aw_err *err)
{
    sqlite3_stmt *q;
    unsigned n = 0;
    int r = aw_db_query(&s->db, AW_SQL_POLL, &q, err, I(timeline), I(attempt));
    r = r ? aw_store_note(s, r) : read_polls(s, q, ret, 1, &n, err);
    return r || n ? r : AW_ENOENT;
}

int aw_store_polls_of(struct aw_store *s, aw_id timeline, struct aw_poll *ret, unsigned max,
                      unsigned *ret_n, struct aw_err *err)
{
    sqlite3_stmt *q;
    int r = aw_db_query(&s->db, AW_SQL_POLLS_OF, &q, err, I(timeline), I(max));
    return r ? aw_store_note(s, r) : read_polls(s, q, ret, max, ret_n, err);
}

int aw_store_next_poll(struct aw_store *s, const char *channel, aw_time *ret, struct aw_err *err)
{
    int r = aw_db_int(&s->db, AW_SQL_POLL_NEXT, ret, err, T(channel));
    if (r == AW_ENOENT) {
        *ret = 0;
        return 0;
    }
    return aw_store_note(s, r);
}
