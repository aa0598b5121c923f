/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading the callbacks to applications: see sqlite_reader.c.
 */
#include "store/store_int.h"

#include <string.h>

static void fill(sqlite3_stmt *q, struct aw_delivery_row *d)
{
    aw_row_delivery(q, &d->d);
    d->app = (const char *)sqlite3_column_text(q, 11);
    d->external_id = (const char *)sqlite3_column_text(q, 12);
    d->user = (const char *)sqlite3_column_text(q, 13);
}

static bool may_see(const char *app, const struct aw_delivery_row *d)
{
    return !app[0] || strcmp(app, d->app) == 0;
}

int aw_read_deliveries(struct aw_reader *r, const char *app, int state, aw_id message, aw_id before,
                       unsigned limit, aw_id *ret_next,
                       int (*row)(void *arg, const struct aw_delivery_row *d), void *arg)
{
    sqlite3_stmt *q = NULL;
    struct aw_delivery_row d = {0};
    unsigned n_seen = 0, n_given = 0;
    int rc = aw_reader_begin(r);

    *ret_next = 0;
    if (rc == 0)
        rc = aw_db_query(&r->db, AW_SQL_DELIVERIES_BEFORE, &q, NULL,
                         I(before ? before : AW_ID_LAST));
    while (rc == 0 && (rc = aw_db_step(&r->db, q, NULL)) == 1) {
        if (n_given == limit || n_seen++ == AW_LOOK_MAX) {
            *ret_next = d.d.id; /* the last one looked at */
            rc = 0;
            break;
        }
        fill(q, &d);
        rc = 0;
        if (!may_see(app, &d) || (state >= 0 && (int)d.d.state != state) ||
            (message && d.d.message != message))
            continue;
        n_given++;
        rc = row(arg, &d);
    }
    aw_db_done(q);
    return aw_reader_end(r, rc);
}

static int give_tries(struct aw_reader *r, aw_id id,
                      int (*try)(void *arg, const struct aw_delivery_try_row *t), void *arg)
{
    sqlite3_stmt *q;
    int rc = aw_db_query(&r->db, AW_SQL_DELIVERY_TRIES, &q, NULL, I(id));
    while (rc == 0 && (rc = aw_db_step(&r->db, q, NULL)) == 1) {
        struct aw_delivery_try_row t = {.number = (unsigned)sqlite3_column_int(q, 0),
                                        .at = sqlite3_column_int64(q, 1),
                                        .outcome = (enum aw_outcome)sqlite3_column_int(q, 2),
                                        .http_status = sqlite3_column_int(q, 3),
                                        .channel = (const char *)sqlite3_column_text(q, 4),
                                        .detail = (const char *)sqlite3_column_text(q, 5)};
        rc = try(arg, &t);
    }
    aw_db_done(q);
    return rc;
}

int aw_read_delivery(struct aw_reader *r, const char *app, aw_id id,
                     int (*row)(void *arg, const struct aw_delivery_row *d),
                     int (*try)(void *arg, const struct aw_delivery_try_row *t), void *arg)
{
    sqlite3_stmt *q = NULL;
    struct aw_delivery_row d;
    int rc = aw_reader_begin(r);

    if (rc == 0) /* the newest that is older than the next id: itself, or it is not there */
        rc = aw_db_query(&r->db, AW_SQL_DELIVERIES_BEFORE, &q, NULL,
                         I(id < AW_ID_LAST ? id + 1 : id));
    if (rc == 0 && (rc = aw_db_step(&r->db, q, NULL)) == 1) {
        fill(q, &d);
        rc = d.d.id == id && may_see(app, &d) ? row(arg, &d) : AW_ENOENT;
    } else if (rc == 0) {
        rc = AW_ENOENT;
    }
    aw_db_done(q);
    if (rc == 0)
        rc = give_tries(r, id, try, arg);
    return aw_reader_end(r, rc);
}
