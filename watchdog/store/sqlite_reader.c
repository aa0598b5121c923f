/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading for other threads: each handle has a read-only connection of its own, opened on first
 * use. A call is one short read transaction, so that checkpoints never wait for long.
 *
 * Lists without an index are walked: attempts and entries of a message are chains that begin in
 * its timeline rows.
 */
#include "store/store_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define CACHE_KIB 8192
#define CHAIN_MAX 200000 /* attempts or entries walked in one call */

struct ids { /* a growing list of ids or sequences */
    int64_t *p;
    size_t n, cap;
};

static void ids_add(struct ids *l, int64_t id)
{
    if (l->n == l->cap) {
        l->cap = l->cap ? 2 * l->cap : 64;
        l->p = aw_realloc(l->p, l->cap * sizeof *l->p);
    }
    l->p[l->n++] = id;
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void ids_sort(struct ids *l)
{
    size_t kept = 0;
    if (l->n)
        qsort(l->p, l->n, sizeof *l->p, by_value);
    for (size_t i = 0; i < l->n; i++)
        if (!kept || l->p[kept - 1] != l->p[i])
            l->p[kept++] = l->p[i];
    l->n = kept;
}

/* --- handles and transactions --------------------------------------------------------------- */

static struct aw_reader *reader_open(void *ctx)
{
    struct aw_reader *r = aw_calloc(1, sizeof *r);
    r->path = ctx;
    return r;
}

static void reader_close(struct aw_reader *r)
{
    if (!r)
        return;
    if (r->db.h)
        aw_db_close(&r->db);
    aw_free(r);
}

int aw_reader_begin(struct aw_reader *r)
{
    if (!r->db.h) {
        int rc = aw_db_open(&r->db, r->path, AW_DB_READ, NULL, CACHE_KIB, NULL);
        if (rc)
            return rc;
    }
    return aw_db_run(&r->db, AW_SQL_BEGIN_READ, NULL);
}

int aw_reader_end(struct aw_reader *r, int rc)
{
    if (!r->db.h)
        return rc;
    if ((!sqlite3_get_autocommit(r->db.h) && aw_db_run(&r->db, AW_SQL_COMMIT, NULL)) ||
        rc == AW_EIO || rc == AW_ECORRUPT)
        aw_db_close(&r->db);
    return rc;
}

/* Recipients of a message, AW_ENOENT. */
static int count_recipients(struct aw_reader *r, aw_id message, unsigned *ret)
{
    sqlite3_stmt *q;
    int rc = aw_db_query(&r->db, AW_SQL_MESSAGE, &q, NULL, I(message));
    if (rc == 0 && (rc = aw_db_step(&r->db, q, NULL)) == 1) {
        *ret = (unsigned)sqlite3_column_int(q, 2);
        rc = 0;
    } else if (rc == 0) {
        rc = AW_ENOENT;
    }
    aw_db_done(q);
    return rc;
}

/* --- messages ------------------------------------------------------------------------------- */

static int fill_counts(struct aw_reader *r, struct aw_message_row *m)
{
    sqlite3_stmt *q;
    int rc = aw_db_query(&r->db, AW_SQL_TIMELINE_COUNTS, &q, NULL, I(m->id),
                         I(m->id + m->n_recipients - 1));
    if (rc == 0 && (rc = aw_db_step(&r->db, q, NULL)) == 1) {
        for (int i = 0; i < AW_N_STATES; i++)
            m->counts[i] = (unsigned)sqlite3_column_int(q, i);
        m->due = sqlite3_column_int64(q, AW_N_STATES);
        m->level = (enum aw_level)sqlite3_column_int(q, AW_N_STATES + 1);
        m->seq = sqlite3_column_int64(q, AW_N_STATES + 2);
        m->state = aw_message_fold(m->needed, m->counts);
        rc = 0;
    }
    aw_db_done(q);
    return rc;
}

/* What is put off stands in the plans. */
static int fill_waiting(struct aw_reader *r, struct aw_message_row *m)
{
    sqlite3_stmt *q;
    struct aw_timeline *tl = aw_malloc(sizeof *tl);
    int rc = aw_db_query(&r->db, AW_SQL_TIMELINES_OF, &q, NULL, I(m->id),
                         I(m->id + m->n_recipients - 1), I(m->n_recipients));
    while (rc == 0 && (rc = aw_db_step(&r->db, q, NULL)) == 1) {
        rc = 0;
        if (sqlite3_column_int(q, 3) != AW_OPEN)
            continue;
        rc = aw_plan_decode(tl, sqlite3_column_blob(q, 8), (size_t)sqlite3_column_bytes(q, 8));
        for (unsigned i = 0; rc == 0 && i < tl->n_tracks; i++) {
            const struct aw_track *t = &tl->tracks[i];
            if (t->over || t->due == 0 || !aw_why_defers(t->why))
                continue;
            m->waiting[t->why]++;
            if (t->due > m->waits_until)
                m->waits_until = t->due;
        }
    }
    aw_db_done(q);
    aw_free(tl);
    return rc;
}

static void fill_message(sqlite3_stmt *q, struct aw_message_row *m)
{
    memset(m, 0, sizeof *m);
    m->id = sqlite3_column_int64(q, 0);
    m->app = (const char *)sqlite3_column_text(q, 1);
    m->rule = (const char *)sqlite3_column_text(q, 2);
    m->sha256 = sqlite3_column_blob(q, 3);
    m->external_id = (const char *)sqlite3_column_text(q, 4);
    m->body = (const char *)sqlite3_column_text(q, 5);
    m->n_body = (size_t)sqlite3_column_bytes(q, 5);
    m->registered = sqlite3_column_int64(q, 6);
    m->n_recipients = (unsigned)sqlite3_column_int(q, 7);
    m->needed = (unsigned)sqlite3_column_int(q, 8);
}

static bool may_see(const char *app, const struct aw_message_row *m)
{
    return !app[0] || strcmp(app, m->app) == 0;
}

static int get_message(struct aw_reader *r, const char *app, aw_id id,
                       int (*row)(void *arg, const struct aw_message_row *m), void *arg)
{
    sqlite3_stmt *q = NULL;
    struct aw_message_row m;
    int rc = aw_reader_begin(r);
    if (rc == 0)
        rc = aw_db_query(&r->db, AW_SQL_MESSAGE_VIEW, &q, NULL, I(id));
    if (rc == 0 && (rc = aw_db_step(&r->db, q, NULL)) == 1) {
        fill_message(q, &m);
        rc = may_see(app, &m) ? fill_counts(r, &m) : AW_ENOENT;
        if (rc == 0)
            rc = fill_waiting(r, &m);
        if (rc == 0)
            rc = row(arg, &m);
    } else if (rc == 0) {
        rc = AW_ENOENT;
    }
    aw_db_done(q);
    return aw_reader_end(r, rc);
}

static int list_messages(struct aw_reader *r, const char *app, int state, const char *rule,
                         aw_id before, unsigned limit, aw_id *ret_next,
                         int (*row)(void *arg, const struct aw_message_row *m), void *arg)
{
    sqlite3_stmt *q = NULL;
    struct aw_message_row m = {0};
    unsigned n_seen = 0, n_given = 0;
    int rc = aw_reader_begin(r);

    *ret_next = 0;
    if (rc == 0)
        rc = aw_db_query(&r->db, AW_SQL_MESSAGES_BEFORE, &q, NULL, I(before ? before : AW_ID_LAST));
    while (rc == 0 && (rc = aw_db_step(&r->db, q, NULL)) == 1) {
        if (n_given == limit || n_seen++ == AW_LOOK_MAX) {
            *ret_next = m.id; /* the last one looked at */
            rc = 0;
            break;
        }
        fill_message(q, &m);
        rc = 0;
        if (!may_see(app, &m) || (rule && strcmp(rule, m.rule) != 0))
            continue;
        if ((rc = fill_counts(r, &m)) == 0 && (state < 0 || (int)m.state == state)) {
            n_given++;
            rc = row(arg, &m);
        }
    }
    aw_db_done(q);
    return aw_reader_end(r, rc);
}

/* --- timelines ------------------------------------------------------------------------------ */

static int list_timelines(struct aw_reader *r, aw_id message, unsigned from, unsigned limit,
                          int (*row)(void *arg, const struct aw_timeline_row *t), void *arg)
{
    struct aw_timeline *value = aw_malloc(sizeof *value);
    sqlite3_stmt *q = NULL;
    unsigned n = 0;
    int rc = aw_reader_begin(r);

    if (rc == 0)
        rc = count_recipients(r, message, &n);
    if (rc == 0 && from < n)
        rc = aw_db_query(&r->db, AW_SQL_TIMELINES_OF, &q, NULL, I(message + from),
                         I(message + n - 1), I(limit));
    while (q && rc == 0 && (rc = aw_db_step(&r->db, q, NULL)) == 1) {
        const char *user = (const char *)sqlite3_column_text(q, 10);
        if ((rc = aw_row_timeline(q, value, NULL)))
            break;
        struct aw_timeline_row t = {.id = value->id,
                                    .n = value->n,
                                    .user = user ? user : "",
                                    .state = value->state,
                                    .level = value->level,
                                    .due = value->due,
                                    .late = value->late,
                                    .value = value};
        rc = row(arg, &t);
    }
    aw_db_done(q);
    aw_free(value);
    return aw_reader_end(r, rc);
}

/* --- attempts ------------------------------------------------------------------------------- */

/* Walks a list from its newest member; older ones than `after` are not wanted. */
static int walk_attempts(struct aw_reader *r, aw_id newest, aw_id after, struct ids *list)
{
    int rc = 0;
    while (rc == 0 && newest > after && list->n < CHAIN_MAX) {
        ids_add(list, newest);
        rc = aw_db_int(&r->db, AW_SQL_ATTEMPT_PREVIOUS, &newest, NULL, I(newest));
    }
    return rc == AW_ENOENT ? AW_ECORRUPT : rc;
}

static int collect_attempts(struct aw_reader *r, aw_id message, aw_id after, struct ids *list)
{
    sqlite3_stmt *q = NULL;
    unsigned n = 0;
    int rc = count_recipients(r, message, &n);
    if (rc == 0)
        rc = aw_db_query(&r->db, AW_SQL_TIMELINES_OF, &q, NULL, I(message), I(message + n - 1),
                         I(n));
    while (rc == 0 && (rc = aw_db_step(&r->db, q, NULL)) == 1)
        rc = walk_attempts(r, sqlite3_column_int64(q, 9), after, list);
    aw_db_done(q);
    ids_sort(list);
    return rc;
}

static void fill_attempt(sqlite3_stmt *q, struct aw_attempt_row *a)
{
    const char *user = (const char *)sqlite3_column_text(q, 9);
    const char *detail = (const char *)sqlite3_column_text(q, 17);
    memset(a, 0, sizeof *a);
    a->id = sqlite3_column_int64(q, 0);
    a->ref = sqlite3_column_int64(q, 1);
    a->n = (unsigned)sqlite3_column_int(q, 2);
    a->step = (unsigned)sqlite3_column_int(q, 3);
    a->step_id = (const char *)sqlite3_column_text(q, 4);
    a->kind = (enum aw_kind)sqlite3_column_int(q, 5);
    a->round = (unsigned)sqlite3_column_int(q, 6);
    a->number = (unsigned)sqlite3_column_int(q, 7);
    a->channel = (const char *)sqlite3_column_text(q, 8);
    a->user = user ? user : "";
    a->outcome = (enum aw_outcome)sqlite3_column_int(q, 10);
    a->level = (enum aw_level)sqlite3_column_int(q, 11);
    a->provider_id = (const char *)sqlite3_column_text(q, 12);
    a->at = sqlite3_column_int64(q, 13);
    a->done_at = sqlite3_column_int64(q, 14);
    a->http_status = sqlite3_column_int(q, 15);
    a->code = sqlite3_column_int(q, 16);
    a->detail = detail ? detail : "";
}

static int give_attempt(struct aw_reader *r, aw_id id,
                        int (*row)(void *arg, const struct aw_attempt_row *a), void *arg)
{
    sqlite3_stmt *q;
    struct aw_attempt_row a;
    int rc = aw_db_query(&r->db, AW_SQL_ATTEMPT_VIEW, &q, NULL, I(id));
    if (rc == 0 && (rc = aw_db_step(&r->db, q, NULL)) == 1) {
        fill_attempt(q, &a);
        rc = row(arg, &a);
    } else if (rc == 0) {
        rc = AW_ECORRUPT;
    }
    aw_db_done(q);
    return rc;
}

static int list_attempts(struct aw_reader *r, aw_id message, aw_id after, unsigned limit,
                         int (*row)(void *arg, const struct aw_attempt_row *a), void *arg)
{
    struct ids list = {0};
    int rc = aw_reader_begin(r);
    if (rc == 0)
        rc = collect_attempts(r, message, after, &list);
    for (size_t i = 0; i < list.n && i < limit && rc == 0; i++)
        rc = give_attempt(r, list.p[i], row, arg);
    aw_free(list.p);
    return aw_reader_end(r, rc);
}

/* --- entries -------------------------------------------------------------------------------- */

/* Walks a chain from its newest entry; all end in the same first one. */
static int walk_entries(struct aw_reader *r, int64_t seq, struct ids *list)
{
    int rc = 0;
    while (rc == 0 && list->n < CHAIN_MAX) {
        sqlite3_stmt *q;
        bool first = false;
        ids_add(list, seq);
        rc = aw_db_query(&r->db, AW_SQL_LOG_ROW, &q, NULL, I(seq));
        if (rc == 0 && (rc = aw_db_step(&r->db, q, NULL)) == 1) {
            first = sqlite3_column_type(q, 1) == SQLITE_NULL;
            rc = !first && sqlite3_column_int64(q, 1) >= seq ? AW_ECORRUPT : 0;
            seq = sqlite3_column_int64(q, 1);
        } else if (rc == 0) {
            rc = AW_ECORRUPT;
        }
        aw_db_done(q);
        if (first)
            break;
    }
    return rc;
}

static int collect_entries(struct aw_reader *r, aw_id message, struct ids *list)
{
    sqlite3_stmt *q = NULL;
    unsigned n = 0;
    int rc = count_recipients(r, message, &n);
    if (rc == 0)
        rc = aw_db_query(&r->db, AW_SQL_TIMELINES_OF, &q, NULL, I(message), I(message + n - 1),
                         I(n));
    while (rc == 0 && (rc = aw_db_step(&r->db, q, NULL)) == 1)
        rc = walk_entries(r, sqlite3_column_int64(q, 7), list);
    aw_db_done(q);
    ids_sort(list);
    return rc;
}

/* Columns seq?, msg, prev, leaf, body from `col` on. */
static int give_entry(sqlite3_stmt *q, int64_t seq, int col,
                      int (*row)(void *arg, const struct aw_entry_row *e), void *arg)
{
    struct aw_entry_row e = {.seq = seq,
                             .leaf = sqlite3_column_blob(q, col + 2),
                             .body = (const char *)sqlite3_column_text(q, col + 3),
                             .n_body = (size_t)sqlite3_column_bytes(q, col + 3)};
    if (!e.leaf || sqlite3_column_bytes(q, col + 2) != AW_SHA256)
        return AW_ECORRUPT;
    return row(arg, &e);
}

static int list_history(struct aw_reader *r, aw_id message, unsigned limit,
                        int (*row)(void *arg, const struct aw_entry_row *e), void *arg)
{
    struct ids list = {0};
    int rc = aw_reader_begin(r);
    if (rc == 0)
        rc = collect_entries(r, message, &list);
    for (size_t i = 0; i < list.n && i < limit && rc == 0; i++) {
        sqlite3_stmt *q;
        rc = aw_db_query(&r->db, AW_SQL_LOG_ROW, &q, NULL, I(list.p[i]));
        if (rc == 0 && (rc = aw_db_step(&r->db, q, NULL)) == 1)
            rc = give_entry(q, list.p[i], 0, row, arg);
        else if (rc == 0)
            rc = AW_ECORRUPT;
        aw_db_done(q);
    }
    aw_free(list.p);
    return aw_reader_end(r, rc);
}

static int list_entries(struct aw_reader *r, int64_t from, unsigned limit,
                        int (*row)(void *arg, const struct aw_entry_row *e), void *arg)
{
    sqlite3_stmt *q = NULL;
    int rc = aw_reader_begin(r);
    if (rc == 0)
        rc = aw_db_query(&r->db, AW_SQL_LOG_FROM, &q, NULL, I(from), I(limit));
    while (rc == 0 && (rc = aw_db_step(&r->db, q, NULL)) == 1)
        rc = give_entry(q, sqlite3_column_int64(q, 0), 1, row, arg);
    aw_db_done(q);
    return aw_reader_end(r, rc);
}

static int last_date(struct aw_reader *r, aw_time *ret)
{
    sqlite3_stmt *q;
    struct aw_entry e;
    void *owner;
    int rc = aw_db_query(&r->db, AW_SQL_LOG_LAST, &q, NULL);
    if (rc == 0 && (rc = aw_db_step(&r->db, q, NULL)) == 1) {
        rc = aw_entry_parse((const char *)sqlite3_column_text(q, 1),
                            (size_t)sqlite3_column_bytes(q, 1), &e, &owner, NULL);
        if (rc == 0) {
            *ret = e.ts;
            aw_entry_release(owner);
        }
    }
    aw_db_done(q);
    return rc;
}

static int get_head(struct aw_reader *r, struct aw_head *ret)
{
    sqlite3_stmt *q = NULL;
    struct aw_tree t;
    struct aw_head head = {0};
    int rc = aw_reader_begin(r);
    if (rc == 0)
        rc = aw_db_query(&r->db, AW_SQL_FRONT, &q, NULL);
    if (rc == 0 && (rc = aw_db_step(&r->db, q, NULL)) >= 0)
        rc = rc == 0 ? AW_ECORRUPT
                     : aw_tree_restore(&t, sqlite3_column_int64(q, 0), sqlite3_column_blob(q, 1),
                                       (size_t)sqlite3_column_bytes(q, 1));
    aw_db_done(q);
    if (rc == 0)
        rc = last_date(r, &head.at);
    if (rc == 0) {
        head.size = t.size;
        aw_tree_root(&t, head.root);
        *ret = head;
    }
    return aw_reader_end(r, rc);
}

/* --- directory and keys --------------------------------------------------------------------- */

static int list_contacts(struct aw_reader *r, const char *app, int64_t after, unsigned limit,
                         int (*row)(void *arg, const struct aw_contact_row *c), void *arg)
{
    sqlite3_stmt *q = NULL;
    int rc = aw_reader_begin(r);
    if (rc == 0)
        rc = aw_db_query(&r->db, AW_SQL_CONTACTS, &q, NULL, I(after), T(app), I(limit));
    while (rc == 0 && (rc = aw_db_step(&r->db, q, NULL)) == 1) {
        struct aw_contact_row c = {.person = sqlite3_column_int64(q, 0),
                                   .user = (const char *)sqlite3_column_text(q, 1),
                                   .json = (const char *)sqlite3_column_text(q, 2)};
        rc = row(arg, &c);
    }
    aw_db_done(q);
    return aw_reader_end(r, rc);
}

static int list_keys(struct aw_reader *r, int (*row)(void *arg, const struct aw_key_row *k),
                     void *arg)
{
    sqlite3_stmt *q = NULL;
    int rc = aw_reader_begin(r);
    if (rc == 0)
        rc = aw_db_query(&r->db, AW_SQL_KEYS_FROM, &q, NULL, I(0));
    while (rc == 0 && (rc = aw_db_step(&r->db, q, NULL)) == 1) {
        struct aw_key_row k;
        if ((rc = aw_row_key(q, &k, NULL)) == 0)
            rc = row(arg, &k);
    }
    aw_db_done(q);
    return aw_reader_end(r, rc);
}

static int get_rule_text(struct aw_reader *r, const uint8_t sha256[32], struct aw_buf *out)
{
    sqlite3_stmt *q = NULL;
    int rc = aw_reader_begin(r);
    if (rc == 0)
        rc = aw_db_query(&r->db, AW_SQL_RULE_TEXT, &q, NULL, B(sha256, 32));
    if (rc == 0 && (rc = aw_db_step(&r->db, q, NULL)) >= 0) {
        if (rc == 1)
            aw_buf_add(out, sqlite3_column_text(q, 0), (size_t)sqlite3_column_bytes(q, 0));
        rc = rc == 1 ? 0 : AW_ENOENT;
    }
    aw_db_done(q);
    return aw_reader_end(r, rc);
}

static int list_rulesets(struct aw_reader *r, unsigned limit,
                         int (*row)(void *arg, const struct aw_ruleset_row *s), void *arg)
{
    sqlite3_stmt *q = NULL;
    int rc = aw_reader_begin(r);
    if (rc == 0)
        rc = aw_db_query(&r->db, AW_SQL_RULESETS_WAS, &q, NULL, I(limit));
    while (rc == 0 && (rc = aw_db_step(&r->db, q, NULL)) == 1)
        rc = row(arg, &(struct aw_ruleset_row){
                          .seq = sqlite3_column_int64(q, 0),
                          .rules = (const char *)sqlite3_column_text(q, 1),
                          .tests = (const char *)sqlite3_column_text(q, 2),
                          .loaded = (const char *)sqlite3_column_text(q, 3),
                          .applied = (const char *)sqlite3_column_text(q, 4),
                          .reason = (const char *)sqlite3_column_text(q, 5),
                      });
    aw_db_done(q);
    return aw_reader_end(r, rc);
}

void aw_store_reading(const char *path, struct aw_reading *ret)
{
    *ret = (struct aw_reading){
        .ctx = (void *)path,
        .open = reader_open,
        .close = reader_close,
        .message = get_message,
        .messages = list_messages,
        .timelines = list_timelines,
        .attempts = list_attempts,
        .history = list_history,
        .entries = list_entries,
        .head = get_head,
        .contacts = list_contacts,
        .deliveries = aw_read_deliveries,
        .delivery = aw_read_delivery,
        .keys = list_keys,
        .rule_text = get_rule_text,
        .rulesets = list_rulesets,
        .rule_stats = aw_read_rule_stats,
    };
}
