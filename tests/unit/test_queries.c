/* SPDX-License-Identifier: Apache-2.0
 *
 * Every statement of queries.sql is explained: a scan of a table that grows, or a temporary
 * b-tree, fails, unless it is listed here with its reason. The views are read once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sqlite3.h>
#include <stdbool.h>
#include <string.h>

#include "base/mem.h"
#include "store/sql_text.h"

/* Lines of plans that may scan. */
static const struct {
    const char *statement, *line, *why;
} allowed[] = {
    {"last_id", "SCAN timeline", "ends at the first row: the right edge"},
    {"last_id", "SCAN attempt", "ends at the first row: the right edge"},
    {"log_last", "SCAN log", "ends at the first row: the right edge"},
    {"last_id", "SCAN delivery", "ends at the first row: the right edge"},
    {"deliveries_waiting", "SCAN delivery USING COVERING INDEX delivery_due", "once, at start"},
    {"timelines_open", "SCAN timeline USING COVERING INDEX tl_due", "counted once, at start"},
    {"timeline_next", "SCAN timeline USING COVERING INDEX tl_due", "ends at the first row"},
    {"poll_next", "SCAN poll USING COVERING INDEX poll_due", "ends at the first row"},
    {"timelines_open_of_all", "SCAN timeline", "once, when suppress is first asked for"},
    {"hold_replace", "SCAN channel_hold", "a handful of channels"},
    {"hold_drop", "SCAN channel_hold", "a handful of channels"},
    {"ruleset", "SCAN f", "a handful of files"},
    {"ruleset_clear", "SCAN ruleset", "a handful of files"},
    {"ruleset_was_last", "SCAN ruleset_was", "ends at the first row: the right edge"},
    {"rulesets_was", "SCAN w", "from the right edge, and as few as people change rules"},
};

static bool is_allowed(const char *statement, const char *line)
{
    for (unsigned i = 0; i < AW_COUNT(allowed); i++)
        if (strcmp(statement, allowed[i].statement) == 0 && strcmp(line, allowed[i].line) == 0)
            return true;
    return false;
}

static sqlite3 *db;

static unsigned bad_lines(const char *name, const char *text)
{
    sqlite3_stmt *q;
    unsigned n = 0;
    char *sql = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", text);
    if (sqlite3_prepare_v2(db, sql, -1, &q, NULL) != SQLITE_OK)
        fail_msg("%s: %s", name, sqlite3_errmsg(db));
    while (sqlite3_step(q) == SQLITE_ROW) {
        const char *line = (const char *)sqlite3_column_text(q, 3);
        bool scan = strncmp(line, "SCAN ", 5) == 0 && strcmp(line, "SCAN CONSTANT ROW") != 0;
        if ((!scan && !strstr(line, "TEMP B-TREE") && !strstr(line, "AUTOMATIC")) ||
            is_allowed(name, line))
            continue;
        print_message("# %s: %s\n", name, line);
        n++;
    }
    sqlite3_finalize(q);
    sqlite3_free(sql);
    return n;
}

static void no_statement_scans(void **state)
{
    unsigned n = 0;
    (void)state;
    for (unsigned i = 0; i < AW_N_SQL; i++)
        if (strstr(aw_sql_text[i], " FROM ") || strstr(aw_sql_text[i], "UPDATE"))
            n += bad_lines(aw_sql_name[i], aw_sql_text[i]);
    assert_int_equal(n, 0);
}

/* The net itself holds: these would be caught. */
static void a_lost_index_would_show(void **state)
{
    (void)state;
    assert_true(bad_lines("x", "SELECT id FROM message WHERE key = ?1") > 0);
    assert_true(bad_lines("x", "SELECT id FROM timeline WHERE id > ?1 ORDER BY due") > 0);
    assert_true(bad_lines("x", "SELECT state, count(*) FROM timeline WHERE id BETWEEN ?1 AND ?2"
                               " GROUP BY state") > 0);
}

static void every_statement_has_one_text(void **state)
{
    (void)state;
    for (unsigned i = 0; i < AW_N_SQL; i++) {
        sqlite3_stmt *q;
        const char *tail;
        assert_int_equal(sqlite3_prepare_v2(db, aw_sql_text[i], -1, &q, &tail), SQLITE_OK);
        assert_string_equal(tail, "");
        sqlite3_finalize(q);
    }
}

static void views_can_be_read(void **state)
{
    static const char *const views[] = {"v_messages",        "v_timeline", "v_attempts",
                                        "v_unacknowledged",  "v_late",     "v_pruned",
                                        "v_operator_actions"};
    (void)state;
    for (unsigned i = 0; i < AW_COUNT(views); i++) {
        char *sql = sqlite3_mprintf("SELECT * FROM %s", views[i]);
        assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
        sqlite3_free(sql);
    }
}

static int setup(void **state)
{
    (void)state;
    return sqlite3_open(":memory:", &db) || sqlite3_exec(db, aw_schema_sql, NULL, NULL, NULL);
}

static int teardown(void **state)
{
    (void)state;
    return sqlite3_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_statement_scans),
        cmocka_unit_test(a_lost_index_would_show),
        cmocka_unit_test(every_statement_has_one_text),
        cmocka_unit_test(views_can_be_read),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
