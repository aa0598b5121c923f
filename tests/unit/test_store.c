/* SPDX-License-Identifier: Apache-2.0
 *
 * The writer: turns, registrations, facts, attempts, people, rules, polls, notices.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "../lib/scene.h"

static int setup(void **state)
{
    struct scene *sc = aw_calloc(1, sizeof *sc);
    scene_init(sc);
    *state = sc;
    return 0;
}

static int teardown(void **state)
{
    scene_free(*state);
    aw_free(*state);
    return 0;
}

#define TURN(sc, move)                                                                             \
    do {                                                                                           \
        assert_int_equal(scene_begin(sc), 0);                                                      \
        assert_int_equal(move, 0);                                                                 \
        assert_int_equal(scene_commit(sc), 0);                                                     \
    } while (0)

static void second_daemon_is_kept_out(void **state)
{
    struct scene *sc = *state;
    struct aw_store_options opt = {.create = true};
    struct aw_store *other;
    struct aw_err err;
    assert_int_equal(aw_store_open(sc->path, &opt, sc->now, &other, &err), AW_EBUSY);
    assert_non_null(strstr(err.text, "another ackwatchd"));
}

static void only_our_files_are_opened(void **state)
{
    struct scene *sc = *state;
    struct aw_store_options opt = {0};
    struct aw_store *other;
    struct aw_err err;
    char path[160];
    struct stat st;

    snprintf(path, sizeof path, "%s/none.db", sc->dir);
    assert_int_equal(aw_store_open(path, &opt, sc->now, &other, &err), AW_ENOENT);
    assert_int_equal(access(path, F_OK), -1);

    snprintf(path, sizeof path, "%s/text.db", sc->dir);
    FILE *f = fopen(path, "w");
    for (int i = 0; i < 200; i++)
        fputs("this is not a database ", f);
    fclose(f);
    opt.create = true;
    assert_int_equal(aw_store_open(path, &opt, sc->now, &other, &err), AW_ECORRUPT);

    assert_int_equal(stat(sc->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
}

static void commit_makes_and_rollback_unmakes(void **state)
{
    struct scene *sc = *state;
    struct aw_head before, after;
    aw_id id, found;

    TURN(sc, scene_setup(sc));
    aw_store_head(sc->s, &before);
    assert_int_equal(scene_begin(sc), 0);
    assert_int_equal(scene_register(sc, "k", "e", 2, &id), 0);
    assert_int_equal(aw_store_find_key(sc->s, sc->app, "k", sc->now, &found, &sc->err), 0);
    assert_int_equal(found, id);
    aw_store_rollback(sc->s);
    aw_store_head(sc->s, &after);
    assert_memory_equal(&before, &after, sizeof before);
    assert_int_equal(aw_store_find_key(sc->s, sc->app, "k", sc->now, &found, &sc->err), AW_ENOENT);

    TURN(sc, scene_register(sc, "k", "e", 2, &id));
    aw_store_head(sc->s, &after);
    assert_int_equal(after.size, before.size + 3); /* two people, one message */
    for (int round = 0; round < 2; round++) {
        assert_int_equal(aw_store_find_key(sc->s, sc->app, "k", sc->now, &found, &sc->err), 0);
        assert_int_equal(found, id);
        assert_int_equal(aw_store_find_external(sc->s, sc->app, "e", &found, &sc->err), 0);
        assert_int_equal(found, id);
        assert_int_equal(aw_store_find_key(sc->s, sc->app + 1, "k", sc->now, &found, &sc->err),
                         AW_ENOENT);
        assert_int_equal(
            aw_store_find_key(sc->s, sc->app, "k", sc->now + 73 * AW_HOUR, &found, &sc->err),
            AW_ENOENT);
        assert_int_equal(scene_reopen(sc), 0); /* and once more from key_page */
    }
    aw_store_head(sc->s, &before);
    assert_memory_equal(&before, &after, sizeof before);
}

static void a_message_of_a_thousand(void **state)
{
    struct scene *sc = *state;
    unsigned counts[AW_N_STATES], n;
    struct aw_stored_message m;
    aw_id id, due[3];
    aw_time next;

    TURN(sc, scene_setup(sc));
    TURN(sc, scene_register(sc, "k", NULL, 1000, &id));
    assert_int_equal(aw_store_counts(sc->s, id, 1000, counts, &sc->err), 0);
    assert_int_equal(counts[AW_OPEN], 1000);
    assert_int_equal(aw_store_message(sc->s, id, &m, &sc->err), 0);
    assert_int_equal(m.n, 1000);
    assert_non_null(strstr(m.body, "Order"));
    aw_stored_message_free(&m);
    assert_int_equal(aw_store_next_due(sc->s, &next, &sc->err), 0);
    assert_int_equal(next, sc->now + AW_MINUTE);
    assert_int_equal(aw_store_due(sc->s, next - 1, due, 3, &n, &sc->err), 0);
    assert_int_equal(n, 0);
    assert_int_equal(aw_store_due(sc->s, next, due, 3, &n, &sc->err), 0);
    assert_int_equal(n, 3);
    assert_int_equal(due[0], id);
    assert_int_equal(due[2], id + 2);
    int64_t open;
    assert_int_equal(aw_store_open_count(sc->s, &open, &sc->err), 0);
    assert_int_equal(open, 1000);
}

static void attempts_and_their_ends(void **state)
{
    struct scene *sc = *state;
    struct aw_stored_attempt a;
    aw_id id, push, sms, joined, open[4];
    int64_t boss;
    unsigned n;
    char provider[128];
    aw_time at;

    TURN(sc, scene_setup(sc));
    TURN(sc, aw_store_person(sc->s, sc->app, "boss", true, "core", &boss, &sc->err));
    TURN(sc, scene_register(sc, "k", NULL, 3, &id));
    TURN(sc, scene_claim(sc, id, 0, 0, AW_PUSH, 0, 0, &push));
    TURN(sc, scene_claim(sc, id, 0, 1, AW_SMS, boss, 0, &sms));
    TURN(sc, scene_claim(sc, id, 2, 1, AW_SMS, boss, sms, &joined));
    assert_int_equal(aw_store_open_attempts(sc->s, 0, open, 4, &n, &sc->err), 0);
    assert_int_equal(n, 2); /* the joined one ends with its carrier */
    assert_int_equal(open[0], push);
    assert_int_equal(open[1], sms);

    assert_int_equal(aw_store_attempt(sc->s, sms, &a, &sc->err), 0);
    assert_int_equal(a.n_merged, 1);
    assert_int_equal(a.merged[0].timeline, a.message + 2);
    assert_string_equal(a.channel, "carrier");
    assert_int_equal(a.person, boss);
    assert_int_equal(a.outcome, AW_OUT_NONE);

    assert_int_equal(aw_store_try_of(sc->s, id, sms, "carrier", &a, &sc->err), 0);
    assert_int_equal(a.id, sms);
    assert_int_equal(aw_store_try_of(sc->s, id, sms, "elsewhere", &a, &sc->err), AW_ENOENT);
    assert_int_equal(aw_store_try_of(sc->s, id + 1, sms, "carrier", &a, &sc->err), AW_ENOENT);

    assert_int_equal(aw_store_last_push(sc->s, id, 0, 1, provider, &at, &sc->err), 0);
    assert_string_equal(provider, ""); /* not accepted yet */
    TURN(sc, scene_outcome(sc, id, 0, push, AW_OUT_ACCEPTED));
    TURN(sc, aw_store_set_cid(sc->s, push, "cid-2", &sc->err));
    assert_int_equal(aw_store_attempt(sc->s, push, &a, &sc->err), 0);
    assert_int_equal(a.outcome, AW_OUT_ACCEPTED);
    assert_int_equal(a.level, AW_ACCEPTED);
    assert_int_equal(a.done_at, sc->now - AW_SECOND);
    assert_string_equal(a.provider_id, "18446744073709551000");
    assert_string_equal(a.cid, "cid-2");
    assert_int_equal(aw_store_last_push(sc->s, id, 0, 1, provider, &at, &sc->err), 0);
    assert_string_equal(provider, "18446744073709551000");
    assert_int_equal(aw_store_last_push(sc->s, id, 0, 0, provider, &at, &sc->err), 0);
    assert_string_equal(provider, ""); /* only earlier steps */
    assert_int_equal(aw_store_attempt(sc->s, 99, &a, &sc->err), AW_ENOENT);
}

static void people_and_erasure(void **state)
{
    struct scene *sc = *state;
    int64_t a, b, c;
    char *user, *json;

    TURN(sc, scene_setup(sc));
    TURN(sc, aw_store_person(sc->s, sc->app, "anna", true, "core", &a, &sc->err));
    TURN(sc, aw_store_contact_put(sc->s, a, "{}", 2, "core", &sc->err));
    assert_int_equal(aw_store_person_get(sc->s, a, &user, &json, &sc->err), 0);
    assert_string_equal(user, "anna");
    assert_string_equal(json, "{}");
    aw_free(user);
    aw_free(json);
    assert_int_equal(aw_store_person(sc->s, sc->app, "anna", false, "core", &b, &sc->err), 0);
    assert_int_equal(a, b);
    TURN(sc, aw_store_contact_put(sc->s, a, NULL, 0, "core", &sc->err));
    assert_int_equal(aw_store_person_get(sc->s, a, &user, &json, &sc->err), AW_ENOENT);
    assert_int_equal(aw_store_person(sc->s, sc->app, "anna", false, "core", &b, &sc->err),
                     AW_ENOENT);
    TURN(sc, aw_store_person(sc->s, sc->app, "anna", true, "core", &c, &sc->err));
    assert_int_not_equal(a, c);
}

/* An erased text is in no file any more. */
static void erasure_leaves_no_trace(void **state)
{
    struct scene *sc = *state;
    const char *contact = "{\"phone\":\"+8613912345678\"}";
    static const char *const suffixes[] = {"", "-wal"};
    int64_t a;

    TURN(sc, scene_setup(sc));
    TURN(sc, aw_store_person(sc->s, sc->app, "anna-the-erased", true, "core", &a, &sc->err));
    TURN(sc, aw_store_contact_put(sc->s, a, contact, strlen(contact), "core", &sc->err));
    TURN(sc, aw_store_contact_put(sc->s, a, NULL, 0, "core", &sc->err));
    assert_int_equal(aw_store_checkpoint(sc->s, true, &sc->err), 0);
    for (unsigned i = 0; i < AW_COUNT(suffixes); i++) {
        char path[160], bytes[1 << 16];
        size_t n;
        snprintf(path, sizeof path, "%s%s", sc->path, suffixes[i]);
        FILE *f = fopen(path, "rb"); /* the lock file guards; this test has no second writer */
        assert_non_null(f);
        while ((n = fread(bytes, 1, sizeof bytes, f)) > 0) {
            assert_null(memmem(bytes, n, "13912345678", 11));
            assert_null(memmem(bytes, n, "anna-the-erased", 15));
        }
        fclose(f);
    }
}

static int count_key(void *arg, const struct aw_key_row *k)
{
    unsigned *n = arg;
    assert_string_equal(k->name, "ops");
    assert_int_equal(k->revoked != 0, *n == 1);
    ++*n;
    return 0;
}

static int see_file(void *arg, const char *name, const char *text, size_t n)
{
    assert_string_equal(name, "rules.yaml");
    assert_int_equal(strlen(text), n);
    ++*(unsigned *)arg;
    return 0;
}

static void keys_rules_secrets(void **state)
{
    struct scene *sc = *state;
    struct aw_key_row k = {.id = 1, .name = "ops", .app = "", .scopes = 3, .created = 5};
    uint8_t one[32], two[32];
    char *name, *text;
    unsigned n = 0;
    size_t size;
    int64_t app;

    TURN(sc, scene_setup(sc));
    TURN(sc, aw_store_key_put(sc->s, &k, "uid:0", &sc->err));
    assert_int_equal(aw_store_keys(sc->s, count_key, &n, &sc->err), 0);
    k.revoked = 9;
    TURN(sc, aw_store_key_put(sc->s, &k, "uid:0", &sc->err));
    assert_int_equal(aw_store_keys(sc->s, count_key, &n, &sc->err), 0);
    assert_int_equal(n, 2);

    n = 0;
    assert_int_equal(aw_store_ruleset_get(sc->s, see_file, &n, &sc->err), 0);
    assert_int_equal(n, 1);
    assert_int_equal(aw_store_rule_get(sc->s, sc->rule, &name, &text, &size, &sc->err), 0);
    assert_string_equal(name, "must-read");
    aw_free(name);
    aw_free(text);
    assert_int_equal(aw_store_app_name(sc->s, sc->app, &name, &sc->err), 0);
    assert_string_equal(name, "shop");
    aw_free(name);
    assert_int_equal(aw_store_app(sc->s, "shop", &app, &sc->err), 0);
    assert_int_equal(app, sc->app);

    TURN(sc, aw_store_secret(sc->s, "tokens", one, &sc->err));
    assert_int_equal(scene_reopen(sc), 0);
    TURN(sc, aw_store_secret(sc->s, "tokens", two, &sc->err));
    assert_memory_equal(one, two, 32);
}

static void polls_come_when_due(void **state)
{
    struct scene *sc = *state;
    struct aw_poll p = {.timeline = 7, .attempt = 8, .due = 1000, .channel = "jpush"}, got[2];
    unsigned n;
    aw_time next;

    assert_int_equal(aw_store_next_poll(sc->s, "jpush", &next, &sc->err), 0);
    assert_int_equal(next, 0);
    TURN(sc, aw_store_poll_put(sc->s, &p, &sc->err));
    p.attempt = 9;
    p.due = 2000;
    TURN(sc, aw_store_poll_put(sc->s, &p, &sc->err));
    assert_int_equal(aw_store_polls_due(sc->s, "jpush", 1500, got, 2, &n, &sc->err), 0);
    assert_int_equal(n, 1);
    assert_int_equal(got[0].attempt, 8);
    assert_int_equal(aw_store_polls_due(sc->s, "jpush-b", 1500, got, 2, &n, &sc->err), 0);
    assert_int_equal(n, 0);
    TURN(sc, aw_store_polls_urge(sc->s, 7, 500, 900, &sc->err));
    assert_int_equal(aw_store_polls_urgent(sc->s, "jpush", 1500, 900, 901, got, 2, &n, &sc->err),
                     0);
    assert_int_equal(n, 2);
    assert_int_equal(aw_store_polls_urgent(sc->s, "jpush", 1500, 901, 999, got, 2, &n, &sc->err),
                     0);
    assert_int_equal(n, 0);
    assert_int_equal(aw_store_next_poll(sc->s, "jpush", &next, &sc->err), 0);
    assert_int_equal(next, 500);
    assert_int_equal(aw_store_polls_of(sc->s, 7, got, 2, &n, &sc->err), 0);
    assert_int_equal(n, 2);
    assert_int_equal(got[1].urgent, 900);
    assert_int_equal(got[1].ask_at, 500);
    TURN(sc, aw_store_polls_urge(sc->s, 7, 0, 0, &sc->err));
    TURN(sc, aw_store_poll_hint(sc->s, 7, 9, 100, 3, &sc->err));
    assert_int_equal(aw_store_poll_hint(sc->s, 7, 10, 100, 3, &sc->err), AW_ENOENT);
    assert_int_equal(aw_store_poll(sc->s, 7, 9, got, &sc->err), 0);
    assert_int_equal(got[0].urgent, 0);
    assert_int_equal(got[0].due, 100);
    assert_int_equal(got[0].hinted, 3);
    assert_int_equal(aw_store_poll(sc->s, 7, 10, got, &sc->err), AW_ENOENT);
    TURN(sc, aw_store_poll_delete(sc->s, 7, 8, &sc->err));
    TURN(sc, aw_store_polls_end(sc->s, 7, &sc->err));
    assert_int_equal(aw_store_polls_of(sc->s, 7, got, 2, &n, &sc->err), 0);
    assert_int_equal(n, 0);
}

static void life_and_notices(void **state)
{
    struct scene *sc = *state;
    struct aw_span span[2];
    struct aw_notice notice[2];
    struct aw_head head;
    aw_time alive;
    unsigned n;

    assert_int_equal(aw_store_alive_get(sc->s, &alive, &sc->err), 0);
    assert_int_equal(alive, 0);
    TURN(sc, aw_store_alive_put(sc->s, 41, &sc->err));
    TURN(sc, aw_store_alive_put(sc->s, 42, &sc->err));
    assert_int_equal(aw_store_alive_get(sc->s, &alive, &sc->err), 0);
    assert_int_equal(alive, 42);
    aw_store_head(sc->s, &head);
    assert_int_equal(head.size, 0); /* not audited */

    TURN(sc, aw_store_downtime_put(sc->s, 100, 200, "stopped", &sc->err));
    TURN(sc, aw_store_downtime_put(sc->s, 300, 400, "stopped", &sc->err));
    assert_int_equal(aw_store_downtimes(sc->s, 200, span, 2, &n, &sc->err), 0);
    assert_int_equal(n, 1);
    assert_int_equal(span[0].from, 300);
    TURN(sc, aw_store_downtime_put(sc->s, 500, 600, "stopped", &sc->err));
    assert_int_equal(aw_store_downtimes(sc->s, 0, span, 2, &n, &sc->err), 0);
    assert_int_equal(n, 2); /* no room for all: the newest count */
    assert_int_equal(span[0].from, 300);
    assert_int_equal(span[1].from, 500);

    TURN(sc, aw_store_notice(sc->s, "auth", "bad password", &sc->err));
    TURN(sc, aw_store_notice(sc->s, "auth", "bad password", &sc->err));
    assert_int_equal(aw_store_notices_due(sc->s, sc->now, notice, 2, &n, &sc->err), 0);
    assert_int_equal(n, 1);
    assert_string_equal(notice[0].text, "bad password (2 times)");
    TURN(sc, aw_store_notice_done(sc->s, notice[0].id, 0, &sc->err));
    assert_int_equal(aw_store_notices_due(sc->s, sc->now, notice, 2, &n, &sc->err), 0);
    assert_int_equal(n, 0);
    TURN(sc, aw_store_notice(sc->s, "auth", "bad password", &sc->err)); /* after it was told */
    assert_int_equal(aw_store_notices_due(sc->s, sc->now, notice, 2, &n, &sc->err), 0);
    assert_int_equal(n, 0);
    sc->now += 11 * AW_MINUTE;
    assert_int_equal(aw_store_notices_due(sc->s, sc->now, notice, 2, &n, &sc->err), 0);
    assert_int_equal(n, 1);
    assert_string_equal(notice[0].text, "bad password (3 times)");
    TURN(sc, aw_store_notice_done(sc->s, notice[0].id, 0, &sc->err));
    TURN(sc, aw_store_notice(sc->s, "auth", "bad password", &sc->err));
    assert_int_equal(aw_store_notices_due(sc->s, sc->now, notice, 2, &n, &sc->err), 0);
    assert_int_equal(n, 1);
}

static void dates_never_fall(void **state)
{
    struct scene *sc = *state;
    struct aw_head one, two;
    aw_id a, b;

    TURN(sc, scene_setup(sc));
    TURN(sc, scene_register(sc, NULL, NULL, 1, &a));
    aw_store_head(sc->s, &one);
    sc->now -= AW_DAY; /* the clock was set back */
    TURN(sc, scene_register(sc, NULL, NULL, 1, &b));
    aw_store_head(sc->s, &two);
    assert_true(b > a);
    assert_int_equal(one.at, two.at);
}

static unsigned count_pages(struct scene *sc)
{
    sqlite3 *db;
    sqlite3_stmt *q;
    assert_int_equal(sqlite3_open_v2(sc->path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    sqlite3_prepare_v2(db, "SELECT count(*) FROM key_page", -1, &q, NULL);
    assert_int_equal(sqlite3_step(q), SQLITE_ROW);
    unsigned n = (unsigned)sqlite3_column_int(q, 0);
    sqlite3_finalize(q);
    sqlite3_close(db);
    return n;
}

static unsigned count_keys(struct scene *sc, unsigned max)
{
    unsigned n = 0;
    for (unsigned i = 0; i < max; i++) {
        char key[32];
        aw_id id;
        snprintf(key, sizeof key, "more-%u", i);
        n += aw_store_find_key(sc->s, sc->app, key, sc->now, &id, &sc->err) == 0;
    }
    return n;
}

/* A row a turn; merged when idle; pairs that have aged leave; external ids stay. */
static void pages_of_keys_are_merged(void **state)
{
    struct scene *sc = *state;
    aw_id id;

    scene_story(sc, 100);
    assert_true(count_pages(sc) > 100);
    assert_int_equal(count_keys(sc, 100), 100);
    assert_int_equal(aw_store_checkpoint(sc->s, true, &sc->err), 0);
    assert_int_equal(count_pages(sc), 1);
    assert_int_equal(scene_reopen(sc), 0);
    assert_int_equal(count_keys(sc, 100), 100);

    sc->now += 4 * AW_DAY;
    TURN(sc, scene_register(sc, "young", NULL, 1, &id));
    assert_int_equal(aw_store_checkpoint(sc->s, true, &sc->err), 0);
    assert_int_equal(scene_reopen(sc), 0);
    assert_int_equal(count_keys(sc, 100), 0);
    assert_int_equal(aw_store_find_external(sc->s, sc->app, "order-1", &id, &sc->err), 0);
    assert_int_equal(aw_store_find_key(sc->s, sc->app, "young", sc->now, &id, &sc->err), 0);
}

static void the_story_reopens(void **state)
{
    struct scene *sc = *state;
    struct aw_head one, two;

    scene_story(sc, 300);
    aw_store_head(sc->s, &one);
    assert_true(one.size > 512); /* two tiles */
    assert_int_equal(scene_reopen(sc), 0);
    aw_store_head(sc->s, &two);
    assert_memory_equal(&one, &two, sizeof one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(second_daemon_is_kept_out, setup, teardown),
        cmocka_unit_test_setup_teardown(only_our_files_are_opened, setup, teardown),
        cmocka_unit_test_setup_teardown(commit_makes_and_rollback_unmakes, setup, teardown),
        cmocka_unit_test_setup_teardown(a_message_of_a_thousand, setup, teardown),
        cmocka_unit_test_setup_teardown(attempts_and_their_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(people_and_erasure, setup, teardown),
        cmocka_unit_test_setup_teardown(erasure_leaves_no_trace, setup, teardown),
        cmocka_unit_test_setup_teardown(keys_rules_secrets, setup, teardown),
        cmocka_unit_test_setup_teardown(polls_come_when_due, setup, teardown),
        cmocka_unit_test_setup_teardown(life_and_notices, setup, teardown),
        cmocka_unit_test_setup_teardown(dates_never_fall, setup, teardown),
        cmocka_unit_test_setup_teardown(pages_of_keys_are_merged, setup, teardown),
        cmocka_unit_test_setup_teardown(the_story_reopens, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
