/* SPDX-License-Identifier: Apache-2.0
 *
 * The life of the daemon: when it lived, when it was down, which channels are held, what its
 * operators must hear.
 */
#include "store/store_int.h"

#include <stdio.h>
#include <string.h>

#define NOTICE_WINDOW (10 * AW_MINUTE)

int aw_store_alive_get(struct aw_store *s, aw_time *ret, struct aw_err *err)
{
    int r = aw_db_int(&s->db, AW_SQL_ALIVE, ret, err);
    if (r == AW_ENOENT) {
        *ret = 0;
        return 0;
    }
    return aw_store_note(s, r);
}

int aw_store_alive_put(struct aw_store *s, aw_time now, struct aw_err *err)
{
    return aw_store_note(s, aw_db_run(&s->db, AW_SQL_ALIVE_PUT, err, I(now)));
}

int aw_store_downtime_put(struct aw_store *s, aw_time from, aw_time to, const char *why,
                          struct aw_err *err)
{
    struct aw_entry e;
    int r;

    aw_entry_init(&e);
    e.kind = AW_ENTRY_DOWNTIME;
    e.actor = "core";
    e.why = why;
    e.from = from;
    e.to = to;
    if ((r = aw_log_append(s, &e, err)))
        return r;
    return aw_store_note(s, aw_db_run(&s->db, AW_SQL_DOWNTIME_PUT, err, I(e.seq), I(from), I(to)));
}

int aw_store_downtimes(struct aw_store *s, aw_time since, struct aw_span *ret, unsigned max,
                       unsigned *ret_n, struct aw_err *err)
{
    sqlite3_stmt *q;
    unsigned n = 0;
    int r = aw_db_query(&s->db, AW_SQL_DOWNTIMES, &q, err, I(since), I(max));
    while (r == 0 && n < max && (r = aw_db_step(&s->db, q, err)) == 1) {
        ret[n++] = (struct aw_span){sqlite3_column_int64(q, 0), sqlite3_column_int64(q, 1)};
        r = 0;
    }
    aw_db_done(q);
    /* Where there are too many the newest count, and those are handed out oldest first. */
    for (unsigned i = 0; i < n / 2; i++) {
        struct aw_span early = ret[n - 1 - i];
        ret[n - 1 - i] = ret[i];
        ret[i] = early;
    }
    *ret_n = n;
    return aw_store_note(s, r);
}

int aw_store_channel(struct aw_store *s, const struct aw_channel_change *c, const char *actor,
                     struct aw_err *err)
{
    bool held = strcmp(c->state, "paused") == 0 || strcmp(c->state, "stopped") == 0;
    struct aw_entry e;
    int r;

    aw_entry_init(&e);
    e.kind = AW_ENTRY_CHANNEL;
    e.actor = actor;
    e.channel = c->channel;
    e.state = c->state;
    e.http_status = c->http_status;
    e.code = c->code;
    e.text = c->text;
    e.to = c->until;
    if ((r = aw_store_log(s, &e, c->reason, err)))
        return r;
    if (strcmp(c->state, "resumed") == 0)
        r = aw_db_run(&s->db, AW_SQL_HOLD_DROP, err, T(c->channel));
    else if (held &&
             (r = aw_db_run(&s->db, AW_SQL_HOLD_REPLACE, err, T(c->channel), T(c->state))) == 0)
        r = aw_db_run(&s->db, AW_SQL_HOLD_PUT, err, I(e.seq), T(c->channel), T(c->state), I(e.ts),
                      I(c->until));
    return aw_store_note(s, r);
}

int aw_store_holds(struct aw_store *s, struct aw_channel_hold *ret, unsigned max, unsigned *ret_n,
                   struct aw_err *err)
{
    sqlite3_stmt *q;
    unsigned n = 0;
    int r = aw_db_query(&s->db, AW_SQL_HOLDS_FROM, &q, err, I(INT64_MIN));

    while (r == 0 && n < max && (r = aw_db_step(&s->db, q, err)) == 1) {
        struct aw_channel_hold *h = &ret[n++];

        aw_col_copy(q, 1, h->channel, sizeof h->channel);
        h->stopped = strcmp((const char *)sqlite3_column_text(q, 2), "stopped") == 0;
        h->since = sqlite3_column_int64(q, 3);
        h->until = sqlite3_column_int64(q, 4);
        r = 0;
    }
    aw_db_done(q);
    *ret_n = n;
    return aw_store_note(s, r);
}

int aw_store_notice_about(struct aw_store *s, const char *what, const char *thing, const char *text,
                          struct aw_err *err)
{
    char both[160];

    snprintf(both, sizeof both, "%s %s", what, thing);
    return aw_store_notice(s, both, text, err);
}

int aw_store_notice(struct aw_store *s, const char *what, const char *text, struct aw_err *err)
{
    struct aw_entry e;
    int64_t id;
    int r = aw_db_int(&s->db, AW_SQL_NOTICE_RECENT, &id, err, T(what), I(s->now - NOTICE_WINDOW));
    if (r == 0) /* told already: again when the window ends, with how often it came */
        return aw_store_note(s,
                             aw_db_run(&s->db, AW_SQL_NOTICE_AGAIN, err, I(id), I(NOTICE_WINDOW)));
    if (r != AW_ENOENT)
        return aw_store_note(s, r);
    if ((r = aw_db_run(&s->db, AW_SQL_NOTICE_PUT, err, I(s->now), T(what), T(text))))
        return aw_store_note(s, r);
    aw_entry_init(&e);
    e.kind = AW_ENTRY_NOTICE;
    e.actor = "core";
    e.why = what;
    e.text = text;
    return aw_log_append(s, &e, err);
}

static void read_notice(sqlite3_stmt *q, struct aw_notice *ret)
{
    int times = sqlite3_column_int(q, 6);
    memset(ret, 0, sizeof *ret);
    ret->id = sqlite3_column_int64(q, 0);
    ret->at = sqlite3_column_int64(q, 1);
    ret->due = sqlite3_column_int64(q, 2);
    ret->n_tries = (unsigned)sqlite3_column_int(q, 3);
    aw_col_copy(q, 4, ret->what, sizeof ret->what);
    aw_col_copy(q, 5, ret->text, sizeof ret->text);
    size_t n = strlen(ret->text);
    if (times > 1)
        snprintf(ret->text + n, sizeof ret->text - n, " (%d times)", times);
}

int aw_store_notices_due(struct aw_store *s, aw_time now, struct aw_notice *ret, unsigned max,
                         unsigned *ret_n, struct aw_err *err)
{
    sqlite3_stmt *q;
    unsigned n = 0;
    int r = aw_db_query(&s->db, AW_SQL_NOTICES_DUE, &q, err, I(now), I(max));
    while (r == 0 && n < max && (r = aw_db_step(&s->db, q, err)) == 1) {
        read_notice(q, &ret[n++]);
        r = 0;
    }
    aw_db_done(q);
    *ret_n = n;
    return aw_store_note(s, r);
}

int aw_store_notice_done(struct aw_store *s, int64_t id, aw_time next_due, struct aw_err *err)
{
    return aw_store_note(s, aw_db_run(&s->db, AW_SQL_NOTICE_DONE, err, I(id), Z(next_due)));
}

int aw_store_notice_later(struct aw_store *s, int64_t id, aw_time due, struct aw_err *err)
{
    return aw_store_note(s, aw_db_run(&s->db, AW_SQL_NOTICE_LATER, err, I(id), I(due)));
}
