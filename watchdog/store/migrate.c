/* SPDX-License-Identifier: Apache-2.0
 *
 * From an older layout to that of this program, by the difference: a fresh database is made in
 * memory, and what it has and the file has not is added. So there is no second description of the
 * tables that could fall behind schema.sql. Layouts therefore only grow: new tables, new indexes,
 * and new columns at the end of a table, which old rows need not have (SQLite reads NULL or the
 * default there, as after ALTER TABLE). Views hold nothing and are made anew. Anything else is
 * refused before it is done.
 *
 * One transaction, from the first change to the entry that says so: a crash leaves the one layout
 * or the other. In the end the schema must be equal to the fresh one, text by text, as the auditor
 * will want it.
 */
#include "store/store_int.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#define SCHEMA_MAX (1 << 20)

struct migration {
    struct aw_store *s;
    struct aw_db fresh; /* in memory */
    const struct aw_migrate_options *opt;
    struct aw_err *err;
};

/* An object of the fresh schema. */
struct object {
    const char *type, *name, *sql;
};

static void say(const struct migration *m, const char *verb, const struct object *o)
{
    char line[200];
    snprintf(line, sizeof line, "%s %s %s", verb, o->type, o->name);
    if (m->opt->say)
        m->opt->say(m->opt->ctx, line);
}

/* One text of one row of a query with one text to bind (aw_free), NULL without a row. */
static int text_of(struct aw_db *db, const char *sql, const char *arg, char **ret,
                   struct aw_err *err)
{
    sqlite3_stmt *q = NULL;
    int rc = sqlite3_prepare_v2(db->h, sql, -1, &q, NULL);
    *ret = NULL;
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_text(q, 1, arg, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK && (rc = sqlite3_step(q)) == SQLITE_ROW)
        *ret = aw_col_dup(q, 0, NULL);
    int r = rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : aw_db_fail(db, rc, err);
    sqlite3_finalize(q);
    return r;
}

/* --- tables --------------------------------------------------------------------------------- */

#define COLUMNS                                                                                    \
    "SELECT group_concat(name || ' ' || type || ' ' || \"notnull\" || ' ' || pk || ' '"            \
    " || coalesce(dflt_value, ''), char(10)) FROM pragma_table_info(?1)"
#define UNFIT                                                                                      \
    "SELECT name FROM pragma_table_info(?1) WHERE pk OR \"notnull\" AND dflt_value IS NULL"        \
    " ORDER BY cid DESC LIMIT 1"

/* Whether the table of the file is the beginning of the fresh one, the rest of which may be absent
 * from a row. */
static int only_grows(struct migration *m, const char *table, bool *ret)
{
    char *ours = NULL, *theirs = NULL, *unfit = NULL;
    int r = text_of(&m->s->db, COLUMNS, table, &ours, m->err);
    if (r == 0 && (r = text_of(&m->fresh, COLUMNS, table, &theirs, m->err)) == 0)
        r = text_of(&m->fresh, UNFIT, table, &unfit, m->err);
    size_t n = ours ? strlen(ours) : 0;
    *ret = r == 0 && ours && theirs && strncmp(ours, theirs, n) == 0 &&
           (theirs[n] == '\n' || theirs[n] == 0);
    if (*ret && unfit && theirs[n]) { /* the last column that every row must have is an old one */
        char line[80];
        snprintf(line, sizeof line, "\n%s ", unfit);
        *ret = !strstr(theirs + n, line);
    }
    aw_free(ours);
    aw_free(theirs);
    aw_free(unfit);
    return r;
}

static int grow_table(struct migration *m, const struct object *o)
{
    struct aw_db *db = &m->s->db;
    sqlite3_stmt *q = NULL;
    bool fits;
    int r = only_grows(m, o->name, &fits);
    if (r == 0 && !fits)
        r = aw_fail(m->err, AW_EINVAL,
                    "table %s has other columns than its layout says; nothing was changed",
                    o->name);
    if (r)
        return r;
    int rc = sqlite3_prepare_v2(
        db->h, "UPDATE sqlite_schema SET sql = ?2 WHERE type = 'table' AND name = ?1", -1, &q,
        NULL);
    if (rc == SQLITE_OK)
        sqlite3_bind_text(q, 1, o->name, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK)
        sqlite3_bind_text(q, 2, o->sql, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(q);
    r = rc == SQLITE_DONE ? 0 : aw_db_fail(db, rc, m->err);
    sqlite3_finalize(q);
    say(m, "extend", o);
    return r;
}

static int bring(struct migration *m, const struct object *o)
{
    struct aw_db *db = &m->s->db;
    char *old = NULL, drop[120];
    int r = text_of(db, "SELECT sql FROM sqlite_schema WHERE name = ?1", o->name, &old, m->err);
    bool same = old && strcmp(old, o->sql) == 0, there = old != NULL;
    aw_free(old);
    if (r || same)
        return r;
    if (there && strcmp(o->type, "table") == 0)
        return grow_table(m, o);
    snprintf(drop, sizeof drop, "DROP %s \"%s\"", o->type, o->name);
    if (there && (r = aw_db_exec(db, drop, m->err)))
        return r;
    say(m, there ? "remake" : "add", o);
    return aw_db_exec(db, o->sql, m->err);
}

/* All objects of a type, in the order of schema.sql. */
static int bring_all(struct migration *m, const char *type)
{
    sqlite3_stmt *q = NULL;
    int rc = sqlite3_prepare_v2(m->fresh.h,
                                "SELECT type, name, sql FROM sqlite_schema WHERE type = ?1"
                                " AND sql IS NOT NULL ORDER BY rowid",
                                -1, &q, NULL);
    int r = 0;
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_text(q, 1, type, -1, SQLITE_STATIC);
    while (rc == SQLITE_OK && r == 0 && (rc = sqlite3_step(q)) == SQLITE_ROW) {
        struct object o = {type, (const char *)sqlite3_column_text(q, 1),
                           (const char *)sqlite3_column_text(q, 2)};
        r = bring(m, &o);
        rc = SQLITE_OK;
    }
    if (r == 0 && rc != SQLITE_DONE)
        r = aw_db_fail(&m->fresh, rc, m->err);
    sqlite3_finalize(q);
    return r;
}

/* --- all ------------------------------------------------------------------------------------ */

static int compare(struct migration *m)
{
    struct aw_buf ours = AW_BUF_INIT(SCHEMA_MAX), theirs = AW_BUF_INIT(SCHEMA_MAX);
    int r = aw_db_schema(&m->s->db, &ours, m->err);
    if (r == 0 && (r = aw_db_schema(&m->fresh, &theirs, m->err)) == 0 &&
        strcmp(aw_buf_str(&ours), aw_buf_str(&theirs)) != 0)
        r = aw_fail(m->err, AW_EINVAL,
                    "%s holds tables or indexes that are not of this program; nothing was changed",
                    m->s->path);
    aw_buf_free(&ours);
    aw_buf_free(&theirs);
    return r;
}

static int change_schema(struct migration *m)
{
    struct aw_db *db = &m->s->db;
    char version[60];
    int r = bring_all(m, "table");
    snprintf(version, sizeof version, "PRAGMA user_version = %d", AW_STORE_LAYOUT);
    if (r == 0 && (r = aw_db_exec(db, "PRAGMA writable_schema = RESET", m->err)) == 0 &&
        (r = bring_all(m, "index")) == 0 && (r = bring_all(m, "view")) == 0 &&
        (r = compare(m)) == 0)
        r = aw_db_exec(db, version, m->err);
    return r;
}

static int log_it(struct migration *m, int64_t from)
{
    struct aw_store *s = m->s;
    struct aw_entry e;
    char text[60];
    int r = aw_log_load(s, m->err);
    if (r)
        return r;
    s->now = m->opt->now;
    s->before = s->at;
    snprintf(text, sizeof text, "layout %lld to %d", (long long)from, AW_STORE_LAYOUT);
    aw_entry_init(&e);
    e.kind = AW_ENTRY_MIGRATED;
    e.actor = m->opt->actor;
    e.text = text;
    r = aw_log_append(s, &e, m->err);
    return r ? r : aw_log_write_front(s, m->err);
}

static int migrate(struct migration *m, int64_t from)
{
    struct aw_db *db = &m->s->db;
    int r = aw_db_open(&m->fresh, ":memory:", AW_DB_CREATE, NULL, 1024, m->err);
    if (r || (r = aw_db_exec(&m->fresh, aw_schema_sql, m->err)))
        return r;
    sqlite3_db_config(db->h, SQLITE_DBCONFIG_DEFENSIVE, 0, NULL);
    sqlite3_db_config(db->h, SQLITE_DBCONFIG_WRITABLE_SCHEMA, 1, NULL);
    if ((r = aw_db_exec(db, "BEGIN IMMEDIATE", m->err)) == 0 && (r = change_schema(m)) == 0 &&
        (r = log_it(m, from)) == 0)
        r = aw_db_exec(db, m->opt->dry_run ? "ROLLBACK" : "COMMIT", m->err);
    if (!sqlite3_get_autocommit(db->h))
        aw_db_exec(db, "ROLLBACK", NULL);
    return r;
}

int aw_store_migrate(const char *path, const struct aw_migrate_options *opt, int64_t *ret_from,
                     struct aw_err *err)
{
    struct aw_store *s = aw_calloc(1, sizeof *s);
    struct migration m = {.s = s, .opt = opt, .err = err};
    int r;

    s->path = aw_strdup(path);
    s->lock = -1;
    s->entry = AW_BUF_INIT(AW_ENTRY_MAX);
    if ((r = aw_store_lock(s, err)) == 0 &&
        (r = aw_db_open(&s->db, path, AW_DB_WRITE, opt->vfs, 8192, err)) == 0 &&
        (r = aw_db_layout(&s->db, path, ret_from, err)) == 0 && *ret_from < AW_STORE_LAYOUT)
        r = migrate(&m, *ret_from);
    if (m.fresh.h)
        aw_db_close(&m.fresh);
    aw_store_release(s);
    return r;
}
