/* SPDX-License-Identifier: Apache-2.0
 *
 * Callbacks to applications, until they are taken. The row is written in the turn of what it tells
 * of; it holds no data of the message, which is read when it is sent.
 */
#include "store/store_int.h"

#include <string.h>

void aw_row_delivery(sqlite3_stmt *q, struct aw_delivery *d)
{
    memset(d, 0, sizeof *d);
    d->id = sqlite3_column_int64(q, 0);
    d->app = sqlite3_column_int64(q, 1);
    d->message = sqlite3_column_int64(q, 2);
    d->n = sqlite3_column_type(q, 3) == SQLITE_NULL ? -1 : sqlite3_column_int(q, 3);
    d->event = (enum aw_callback_event)sqlite3_column_int(q, 4);
    d->seq = sqlite3_column_int64(q, 5);
    d->at = sqlite3_column_int64(q, 6);
    d->due = sqlite3_column_int64(q, 7);
    d->state = (enum aw_delivery_state)sqlite3_column_int(q, 8);
    d->n_tries = (unsigned)sqlite3_column_int(q, 9);
    d->spent = (unsigned)sqlite3_column_int(q, 10);
}

int aw_store_delivery_put(struct aw_store *s, struct aw_delivery *d, struct aw_err *err)
{
    d->id = aw_id_take(aw_store_ids(s), s->now, 1);
    return aw_store_note(s, aw_db_run(&s->db, AW_SQL_DELIVERY_PUT, err, I(d->id), I(d->app),
                                      I(d->message), d->n < 0 ? Z(0) : I(d->n), I(d->event),
                                      I(d->seq), I(d->at), Z(d->due), I(d->state)));
}

int aw_store_delivery(struct aw_store *s, aw_id id, struct aw_delivery *ret, struct aw_err *err)
{
    sqlite3_stmt *q;
    int r = aw_db_query(&s->db, AW_SQL_DELIVERY, &q, err, I(id));
    if (r == 0 && (r = aw_db_step(&s->db, q, err)) == 1) {
        aw_row_delivery(q, ret);
        r = 0;
    } else if (r == 0) {
        r = AW_ENOENT;
    }
    aw_db_done(q);
    return aw_store_note(s, r);
}

int aw_store_delivery_set(struct aw_store *s, const struct aw_delivery *d, struct aw_err *err)
{
    return aw_store_note(s, aw_db_run(&s->db, AW_SQL_DELIVERY_SET, err, I(d->id), Z(d->due),
                                      I(d->state), I(d->n_tries), I(d->spent)));
}

int aw_store_delivery_try(struct aw_store *s, const struct aw_delivery *d, enum aw_outcome outcome,
                          int http_status, const char *channel, const char *detail,
                          struct aw_err *err)
{
    return aw_store_note(s,
                         aw_db_run(&s->db, AW_SQL_DELIVERY_TRY_PUT, err, I(d->id), I(d->n_tries),
                                   I(s->now), I(outcome), Z(http_status), T(channel), T(detail)));
}

int aw_store_delivery_failed(struct aw_store *s, const struct aw_delivery *d, const char *channel,
                             int http_status, struct aw_err *err)
{
    struct aw_entry e;
    aw_entry_init(&e);
    e.kind = AW_ENTRY_CALLBACK;
    e.actor = "core";
    e.msg = d->message;
    e.ref = d->id;
    e.number = (int)d->n_tries;
    e.why = aw_delivery_states[d->state];
    e.text = aw_callback_events[d->event];
    e.channel = channel;
    e.http_status = http_status;
    return aw_log_append(s, &e, err);
}

int aw_store_deliveries_due(struct aw_store *s, int64_t app, aw_time now, struct aw_delivery *ret,
                            unsigned max, unsigned *ret_n, struct aw_err *err)
{
    sqlite3_stmt *q;
    unsigned n = 0;
    int r = aw_db_query(&s->db, AW_SQL_DELIVERIES_DUE, &q, err, I(app), I(now), I(max));
    while (r == 0 && n < max && (r = aw_db_step(&s->db, q, err)) == 1) {
        aw_row_delivery(q, &ret[n++]);
        r = 0;
    }
    aw_db_done(q);
    *ret_n = n;
    return aw_store_note(s, r);
}

int aw_store_delivery_app(struct aw_store *s, int64_t after, int64_t *ret, struct aw_err *err)
{
    return aw_store_note(s, aw_db_int(&s->db, AW_SQL_DELIVERY_NEXT_APP, ret, err, I(after)));
}

int aw_store_delivery_next(struct aw_store *s, int64_t app, aw_time *ret, struct aw_err *err)
{
    int r = aw_db_int(&s->db, AW_SQL_DELIVERY_NEXT_DUE, ret, err, I(app));
    if (r == AW_ENOENT) {
        *ret = 0;
        return 0;
    }
    return aw_store_note(s, r);
}

int aw_store_deliveries_waiting(struct aw_store *s, int64_t *ret, struct aw_err *err)
{
    return aw_store_note(s, aw_db_int(&s->db, AW_SQL_DELIVERIES_WAITING, ret, err));
}

int aw_store_deliveries_drop(struct aw_store *s, aw_time before, unsigned max, struct aw_err *err)
{
    struct aw_idgen g = {.last = 0};
    aw_id bound = aw_id_take(&g, before, 1);
    int r = aw_db_run(&s->db, AW_SQL_DELIVERY_TRIES_DROP, err, I(bound), I(max));
    if (r == 0)
        r = aw_db_run(&s->db, AW_SQL_DELIVERIES_DROP, err, I(bound), I(max));
    return aw_store_note(s, r);
}

int aw_store_delivery_stop(struct aw_store *s, int64_t app, const uint8_t target[32],
                           struct aw_err *err)
{
    int r = target
                ? aw_db_run(&s->db, AW_SQL_DELIVERY_STOP_PUT, err, I(app), I(s->now), B(target, 32))
                : aw_db_run(&s->db, AW_SQL_DELIVERY_STOP_END, err, I(app));
    return aw_store_note(s, r);
}

int aw_store_delivery_stopped(struct aw_store *s, int64_t app, const uint8_t target[32], bool *ret,
                              struct aw_err *err)
{
    int64_t one;
    int r = aw_db_int(&s->db, AW_SQL_DELIVERY_STOPPED, &one, err, I(app), B(target, 32));
    *ret = r == 0;
    return r == AW_ENOENT ? 0 : aw_store_note(s, r);
}
