/* SPDX-License-Identifier: Apache-2.0
 *
 * Texts of rule files, kept once each under their SHA-256: those that messages are pinned to, and
 * the last good set.
 */
#include "store/store_int.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

static int put_text(struct aw_store *s, const char *text, size_t n, uint8_t ret_sha[32],
                    struct aw_err *err)
{
    aw_sha256(ret_sha, text, n);
    return aw_db_run(&s->db, AW_SQL_RULE_TEXT_PUT, err, B(ret_sha, 32), TN(text, n));
}

int aw_store_rule(struct aw_store *s, const struct aw_rule *r, const char *text, size_t n,
                  int64_t *ret, struct aw_err *err)
{
    uint8_t sha[32];
    int rc = aw_db_int(&s->db, AW_SQL_RULE_BY_NAME, ret, err, B(r->sha256, 32), T(r->name));
    if (rc != AW_ENOENT)
        return aw_store_note(s, rc);
    if ((rc = put_text(s, text, n, sha, err)) == 0)
        rc = aw_db_run(&s->db, AW_SQL_RULE_PUT, err, T(r->name), B(sha, sizeof sha));
    if (rc == 0)
        *ret = sqlite3_last_insert_rowid(s->db.h);
    return aw_store_note(s, rc);
}

int aw_store_rule_get(struct aw_store *s, int64_t rule, char **ret_name, char **ret_text,
                      size_t *ret_n, struct aw_err *err)
{
    sqlite3_stmt *q;
    int r = aw_db_query(&s->db, AW_SQL_RULE, &q, err, I(rule));
    if (r == 0 && (r = aw_db_step(&s->db, q, err)) == 1) {
        *ret_name = aw_col_dup(q, 0, NULL);
        *ret_text = aw_col_dup(q, 1, ret_n);
        r = 0;
    } else if (r == 0) {
        r = aw_fail(err, AW_ENOENT, "no rule has number %lld", (long long)rule);
    }
    aw_db_done(q);
    return aw_store_note(s, r);
}

/* Whether the row's hash begins with these digits. */
static bool begins(sqlite3_stmt *q, const char *digits)
{
    uint8_t sha[32];
    char all[65];
    if (!aw_col_bytes(q, 0, sha, sizeof sha))
        return false;
    aw_hex(all, sha, sizeof sha);
    return aw_starts(all, digits);
}

static int find_text(struct aw_db *db, const char *digits, const uint8_t least[32],
                     struct aw_buf *out, struct aw_err *err)
{
    sqlite3_stmt *q = NULL;
    int r = aw_db_query(db, AW_SQL_RULE_TEXTS_FROM, &q, err, B(least, 32));
    if (r == 0 && (r = aw_db_step(db, q, err)) >= 0) {
        bool found = r == 1 && begins(q, digits);
        if (found)
            aw_buf_add(out, sqlite3_column_text(q, 1), (size_t)sqlite3_column_bytes(q, 1));
        r = found ? aw_db_step(db, q, err)
                  : aw_fail(err, AW_ENOENT, "no rule file that is kept begins with %s", digits);
        if (r == 1)
            r = begins(q, digits) ? aw_fail(err, AW_EINVAL,
                                            "several rule files begin with %s: more digits", digits)
                                  : 0;
    }
    aw_db_done(q);
    return r;
}

int aw_store_rule_text(const char *path, const char *hex, struct aw_buf *out, struct aw_err *err)
{
    uint8_t least[32] = {0};
    char digits[65];
    struct aw_db db = {0};
    size_t n = strlen(hex);
    if (n < 8 || n > 64)
        return aw_fail(err, AW_EINVAL, "a SHA-256 has 8 to 64 digits here");
    snprintf(digits, sizeof digits, "%s", hex);
    memset(digits + n, '0', 64 - n);
    digits[64] = 0;
    if (aw_unhex(least, digits, 64) < 0)
        return aw_fail(err, AW_EINVAL, "%s are no hexadecimal digits", hex);
    int r = aw_db_open(&db, path, AW_DB_READ, NULL, 256, err);
    if (r == 0) {
        r = find_text(&db, hex, least, out, err);
        aw_db_close(&db);
    }
    return r;
}

void aw_ruleset_list(struct aw_buf *out, const char *file, const uint8_t sha256[32])
{
    char hex[65];
    aw_hex(hex, sha256, 32);
    aw_buf_printf(out, "%s %s\n", hex, file);
}

/* Keeps the texts; their list, with hashes. */
static int put_files(struct aw_store *s, const struct aw_rule_files *f, bool live,
                     struct aw_buf *list, struct aw_err *err)
{
    uint8_t sha[32];
    int r = 0;
    for (unsigned i = 0; i < f->n && r == 0; i++) {
        r = put_text(s, f->texts[i], f->sizes[i], sha, err);
        if (r == 0 && live)
            r = aw_db_run(&s->db, AW_SQL_RULESET_PUT, err, I(i), T(f->names[i]),
                          B(sha, sizeof sha));
        aw_ruleset_list(list, f->names[i], sha);
    }
    return r;
}

/* A set like the one before is the same set. */
static int put_was(struct aw_store *s, const char *list, const char *tests, struct aw_err *err)
{
    sqlite3_stmt *q;
    bool same = false;
    int r = aw_db_query(&s->db, AW_SQL_RULESET_WAS_LAST, &q, err);
    if (r == 0 && (r = aw_db_step(&s->db, q, err)) == 1) {
        same = aw_streq((const char *)sqlite3_column_text(q, 0), list) &&
               aw_streq((const char *)sqlite3_column_text(q, 1), tests);
        r = 0;
    }
    aw_db_done(q);
    if (r || same)
        return r;
    return aw_db_run(&s->db, AW_SQL_RULESET_WAS_PUT, err, I(s->at.tree.size), T(list), T(tests));
}

int aw_store_ruleset_put(struct aw_store *s, const struct aw_ruleset *set,
                         const struct aw_rule_files *rules, const struct aw_rule_files *tests,
                         const char *actor, struct aw_err *err)
{
    struct aw_entry e;
    struct aw_buf list = AW_BUF_INIT(SIZE_MAX / 2), list_tests = AW_BUF_INIT(SIZE_MAX / 2);
    uint8_t content[32];
    int r = aw_db_run(&s->db, AW_SQL_RULESET_CLEAR, err);
    if (r == 0)
        r = put_files(s, rules, true, &list, err);
    if (r == 0)
        r = put_files(s, tests, false, &list_tests, err);
    if (r == 0)
        r = put_was(s, aw_buf_str(&list), aw_buf_str(&list_tests), err);
    aw_sha256(content, aw_buf_str(&list), list.n);
    aw_buf_free(&list);
    aw_buf_free(&list_tests);
    if (r)
        return aw_store_note(s, r);
    aw_entry_init(&e);
    e.kind = AW_ENTRY_RULES;
    e.actor = actor;
    e.number = (int)set->n;
    e.sha256 = set->sha256;
    e.content = content;
    return aw_log_append(s, &e, err);
}

int aw_store_ruleset_get(struct aw_store *s,
                         int (*file)(void *arg, const char *name, const char *text, size_t n),
                         void *arg, struct aw_err *err)
{
    sqlite3_stmt *q;
    int r = aw_db_query(&s->db, AW_SQL_RULESET, &q, err);
    while (r == 0 && (r = aw_db_step(&s->db, q, err)) == 1)
        r = file(arg, (const char *)sqlite3_column_text(q, 0),
                 (const char *)sqlite3_column_text(q, 1), (size_t)sqlite3_column_bytes(q, 1));
    aw_db_done(q);
    return aw_store_note(s, r);
}
