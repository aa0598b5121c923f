/* SPDX-License-Identifier: Apache-2.0
 *
 * Attempts, found by id; those of a timeline and those merged into one are linked lists.
 */
#include "store/store_int.h"

#include <string.h>

/* Firings that travel with this attempt. One whose message was pruned ends the list: it has been
 * closed for long. */
static int read_merged(struct aw_store *s, aw_id newest, struct aw_stored_attempt *a,
                       struct aw_err *err)
{
    int r = 0;
    while (newest && r == 0 && a->n_merged < AW_MERGED_MOST) {
        sqlite3_stmt *q;
        r = aw_db_query(&s->db, AW_SQL_ATTEMPT_SHARED, &q, err, I(newest));
        if (r == 0 && (r = aw_db_step(&s->db, q, err)) == 1) {
            a->merged[a->n_merged++] = (struct aw_merged){
                .message = sqlite3_column_int64(q, 0),
                .timeline = sqlite3_column_int64(q, 0) + sqlite3_column_int(q, 4),
                .attempt = newest,
                .step = (uint8_t)sqlite3_column_int(q, 2),
                .round = (uint16_t)sqlite3_column_int(q, 3)};
            newest = sqlite3_column_int64(q, 1);
            r = 0;
        } else if (r == 0) {
            newest = 0;
        }
        aw_db_done(q);
    }
    return r;
}

static void read_attempt(sqlite3_stmt *q, struct aw_stored_attempt *a)
{
    memset(a, 0, sizeof *a);
    a->id = sqlite3_column_int64(q, 0);
    a->ref = sqlite3_column_int64(q, 1);
    a->message = sqlite3_column_int64(q, 2);
    a->n = (unsigned)sqlite3_column_int(q, 3);
    a->step = (unsigned)sqlite3_column_int(q, 6);
    a->round = (unsigned)sqlite3_column_int(q, 7);
    a->number = (unsigned)sqlite3_column_int(q, 8);
    a->kind = (enum aw_kind)sqlite3_column_int(q, 9);
    a->person = sqlite3_column_int64(q, 10);
    aw_col_copy(q, 11, a->channel, sizeof a->channel);
    aw_col_copy(q, 12, a->cid, sizeof a->cid);
    aw_col_copy(q, 13, a->provider_id, sizeof a->provider_id);
    a->outcome = (enum aw_outcome)sqlite3_column_int(q, 14);
    a->level = (enum aw_level)sqlite3_column_int(q, 15);
    a->at = sqlite3_column_int64(q, 16);
    a->done_at = sqlite3_column_int64(q, 17);
    aw_col_copy(q, 18, a->reply_code, sizeof a->reply_code);
    aw_col_bytes(q, 19, a->reply_number, sizeof a->reply_number);
}

int aw_store_attempt(struct aw_store *s, aw_id id, struct aw_stored_attempt *ret,
                     struct aw_err *err)
{
    sqlite3_stmt *q;
    int64_t shared = 0;
    int r = aw_db_query(&s->db, AW_SQL_ATTEMPT, &q, err, I(id));
    if (r == 0 && (r = aw_db_step(&s->db, q, err)) == 1) {
        read_attempt(q, ret);
        shared = sqlite3_column_int64(q, 5);
        r = 0;
    } else if (r == 0) {
        r = aw_fail(err, AW_ENOENT, "no such attempt");
    }
    aw_db_done(q);
    if (r == 0)
        r = read_merged(s, shared, ret, err);
    return aw_store_note(s, r);
}

int aw_store_open_attempts(struct aw_store *s, aw_id after, aw_id *ret, unsigned max,
                           unsigned *ret_n, struct aw_err *err)
{
    sqlite3_stmt *q;
    unsigned n = 0;
    int r = aw_db_query(&s->db, AW_SQL_ATTEMPTS_OPEN, &q, err, I(after), I(max));
    while (r == 0 && n < max && (r = aw_db_step(&s->db, q, err)) == 1) {
        ret[n++] = sqlite3_column_int64(q, 0);
        r = 0;
    }
    aw_db_done(q);
    *ret_n = n;
    return aw_store_note(s, r);
}

int aw_store_set_cid(struct aw_store *s, aw_id attempt, const char *cid, struct aw_err *err)
{
    return aw_store_note(s, aw_db_run(&s->db, AW_SQL_ATTEMPT_CID, err, I(attempt), T(cid)));
}

int aw_newest_attempt(struct aw_store *s, aw_id timeline, int64_t *ret_person, aw_id *ret,
                      struct aw_err *err)
{
    sqlite3_stmt *q;
    int r = aw_db_query(&s->db, AW_SQL_TIMELINE, &q, err, I(timeline));
    if (r == 0 && (r = aw_db_step(&s->db, q, err)) == 1) {
        *ret_person = sqlite3_column_int64(q, 2);
        *ret = sqlite3_column_int64(q, 9);
        r = 0;
    } else if (r == 0) {
        r = aw_fail(err, AW_ENOENT, "no such timeline");
    }
    aw_db_done(q);
    return r;
}

int aw_store_try_of(struct aw_store *s, aw_id timeline, aw_id ref, const char *channel,
                    struct aw_stored_attempt *ret, struct aw_err *err)
{
    int64_t person = 0;
    aw_id at = 0;
    int r = aw_newest_attempt(s, timeline, &person, &at, err);
    /* A reference is the id of the first try, so nothing older can carry it. */
    while (r == 0 && at >= ref) {
        sqlite3_stmt *q;
        r = aw_db_query(&s->db, AW_SQL_ATTEMPT, &q, err, I(at));
        if (r == 0 && (r = aw_db_step(&s->db, q, err)) == 1) {
            read_attempt(q, ret);
            at = sqlite3_column_int64(q, 4);
            r = 0;
        } else if (r == 0) {
            r = aw_fail(err, AW_ECORRUPT, "an attempt of a timeline is missing");
        }
        aw_db_done(q);
        if (r == 0 && ret->ref == ref && strcmp(ret->channel, channel) == 0)
            return 0;
    }
    return r ? aw_store_note(s, r) : aw_fail(err, AW_ENOENT, "no such try");
}

static bool may_have_left(sqlite3_stmt *q)
{
    int outcome = sqlite3_column_int(q, 4);

    return sqlite3_column_type(q, 4) == SQLITE_NULL || outcome == AW_OUT_ACCEPTED ||
           outcome == AW_OUT_UNKNOWN;
}

int aw_store_sent_to(struct aw_store *s, aw_id timeline, int64_t person,
                     struct aw_stored_attempt *ret, struct aw_err *err)
{
    int64_t recipient = 0;
    aw_id at = 0, found = 0;
    int r = aw_newest_attempt(s, timeline, &recipient, &at, err);
    while (r == 0 && at && !found) {
        sqlite3_stmt *q;
        r = aw_db_query(&s->db, AW_SQL_ATTEMPT_STEP, &q, err, I(at));
        if (r == 0 && (r = aw_db_step(&s->db, q, err)) == 1) {
            if (sqlite3_column_int64(q, 3) == person && may_have_left(q))
                found = at;
            at = sqlite3_column_int64(q, 0);
            r = 0;
        } else if (r == 0) {
            r = aw_fail(err, AW_ECORRUPT, "an attempt of a timeline is missing");
        }
        aw_db_done(q);
    }
    if (r == 0)
        r = found ? aw_store_attempt(s, found, ret, err)
                  : aw_fail(err, AW_ENOENT, "nothing was sent to this person");
    return r == AW_ENOENT ? r : aw_store_note(s, r);
}

int aw_store_last_push(struct aw_store *s, aw_id message, unsigned n, unsigned step,
                       char provider_id[128], aw_time *ret_at, struct aw_err *err)
{
    int64_t person = 0;
    aw_id at = 0;
    int r = aw_newest_attempt(s, message + n, &person, &at, err);
    provider_id[0] = 0;
    *ret_at = 0;
    while (r == 0 && at && !provider_id[0]) {
        sqlite3_stmt *q;
        r = aw_db_query(&s->db, AW_SQL_ATTEMPT_STEP, &q, err, I(at));
        if (r == 0 && (r = aw_db_step(&s->db, q, err)) == 1) {
            bool fits =
                sqlite3_column_int64(q, 1) < (int64_t)step && sqlite3_column_int(q, 2) == AW_PUSH &&
                sqlite3_column_int64(q, 3) == person && sqlite3_column_int(q, 4) == AW_OUT_ACCEPTED;
            if (fits) {
                aw_col_copy(q, 5, provider_id, 128);
                *ret_at = sqlite3_column_int64(q, 6);
            }
            at = sqlite3_column_int64(q, 0);
            r = 0;
        } else if (r == 0) {
            r = aw_fail(err, AW_ECORRUPT, "an attempt of a timeline is missing");
        }
        aw_db_done(q);
    }
    return aw_store_note(s, r);
}
