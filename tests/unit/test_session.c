/* SPDX-License-Identifier: Apache-2.0
 *
 * Sessions: which report counts, what the store keeps of it, that the auditor finds a device that
 * was moved to somebody else, and what goes when a person or a device is forgotten.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "../lib/scene.h"
#include "audit/verify.h"
#include "base/mem.h"
#include "core/engine.h"
#include "core/virtual_session.h"

enum { A = 1, B = 2 };
static const aw_time T0 = 1795370400000;

/* --- which report counts -------------------------------------------------------------------- */

static enum aw_session_verdict judge(struct aw_session *s, bool login, int64_t person, int64_t seq,
                                     aw_time at)
{
    struct aw_session_report r = {.login = login, .person = person, .seq = seq, .at = at};
    struct aw_session next;
    enum aw_session_verdict v = aw_session_judge(s->at ? s : NULL, &r, T0 + 1000, &next);

    if (v == AW_SESSION_TAKEN)
        *s = next;
    return v;
}

static void a_newer_report_is_never_undone(void **state)
{
    struct aw_session s = {0};

    (void)state;
    assert_int_equal(judge(&s, true, A, 5, T0), AW_SESSION_TAKEN);
    assert_int_equal(judge(&s, true, A, 5, T0), AW_SESSION_KNOWN);
    assert_int_equal(judge(&s, false, A, 4, T0 + 500), AW_SESSION_LATE); /* seq decides */
    assert_int_equal(s.person, A);
    assert_int_equal(judge(&s, false, A, 6, T0 - 500), AW_SESSION_TAKEN);
    assert_int_equal(s.person, 0);
    assert_int_equal(s.at, T0);
    /* Without a seq on both sides the time decides. */
    assert_int_equal(judge(&s, true, B, -1, T0 - 1), AW_SESSION_LATE);
    assert_int_equal(judge(&s, true, B, -1, T0), AW_SESSION_KNOWN);
    assert_int_equal(judge(&s, true, B, -1, T0 + 1), AW_SESSION_TAKEN);
    assert_int_equal(s.seq, 6);
    /* Neither: now. And who was not there cannot leave. */
    assert_int_equal(judge(&s, false, A, -1, 0), AW_SESSION_KNOWN);
    assert_int_equal(s.person, B);
    assert_int_equal(judge(&s, false, 0, -1, 0), AW_SESSION_TAKEN);
    assert_int_equal(s.person, 0);
}

static void what_comes_first_may_be_the_end(void **state)
{
    struct aw_session s = {0};

    (void)state;
    assert_int_equal(judge(&s, false, A, 2, 0), AW_SESSION_TAKEN);
    assert_int_equal(judge(&s, true, A, 1, 0), AW_SESSION_LATE);
    assert_int_equal(s.person, 0);
    /* A clock that runs ahead does not make all that follows late. */
    assert_int_equal(judge(&s, true, A, -1, T0 + 50000), AW_SESSION_TAKEN);
    assert_int_equal(s.at, T0 + 1000);
    assert_int_equal(judge(&s, false, A, -1, 0), AW_SESSION_TAKEN);
}

/* All orders and repetitions of five dated reports end alike. */
static void any_order_ends_alike(void **state)
{
    static const struct {
        bool login;
        int64_t person, seq;
    } r[] = {{true, A, 1}, {false, A, 2}, {true, B, 3}, {false, B, 4}, {true, A, 5}};
    unsigned n = 0;

    (void)state;
    for (unsigned code = 0; code < 5 * 5 * 5 * 5 * 5 * 5; code++) {
        struct aw_session s = {0};
        bool last = false;
        for (unsigned i = 0, c = code; i < 6; i++, c /= 5) {
            judge(&s, r[c % 5].login, r[c % 5].person, r[c % 5].seq, 0);
            last = last || c % 5 == 4;
        }
        if (last) {
            assert_int_equal(s.person, A);
            assert_int_equal(s.seq, 5);
            n++;
        }
    }
    assert_true(n > 1000);
}

/* The simulator's table. */
static void the_simulator_knows_who_is_where(void **state)
{
    struct aw_v_sessions s = {0};
    const struct aw_addresses none = {0};
    const struct aw_addresses given = {.registration_ids = {"d1"}, .n_registration_ids = 1};
    int64_t list[AW_MAX_DEVICES];

    (void)state;
    assert_int_equal(aw_v_whereabouts(&s, "li", &given), 0); /* nothing is known */
    aw_v_login(&s, "wang", "d1");
    assert_int_equal(aw_v_whereabouts(&s, "li", &given), AW_IS_TAKEN);
    assert_int_equal(aw_v_whereabouts(&s, "li", &none), 0);
    aw_v_login(&s, "li", "d2");
    assert_int_equal(aw_v_whereabouts(&s, "li", NULL), 0);
    assert_int_equal(aw_v_whereabouts(&s, "li", &given), AW_IS_ABSENT); /* not on that one */
    assert_int_equal(aw_v_devices(&s, "li", NULL, list), 1);
    assert_int_equal(list[0], aw_v_device(&s, "d2"));
    assert_int_equal(aw_v_devices(&s, "li", &given, list), 0);
    aw_v_login(&s, "wang", "d2");
    assert_int_equal(aw_v_whereabouts(&s, "li", NULL), AW_IS_ABSENT | AW_IS_TAKEN);
    assert_string_equal(aw_v_user_on(&s, "d2"), "wang");
    aw_v_logout(&s, "wang", "d2");
    assert_null(aw_v_user_on(&s, "d2"));
    assert_int_equal(aw_v_whereabouts(&s, "li", NULL), AW_IS_ABSENT);
    assert_true(aw_v_is_known(&s, "li") && !aw_v_is_known(&s, "chen"));
    assert_int_equal(aw_v_device(&s, "d9"), 0);
    assert_int_equal(aw_v_device(&s, NULL), 0);
    aw_v_sessions_free(&s);
}

/* --- the store ------------------------------------------------------------------------------ */

static struct scene scene;

static unsigned findings(void)
{
    struct aw_verify_options opt = {.at_size = -1};
    struct aw_verify_result result;
    struct aw_err err;

    assert_int_equal(aw_store_verify(scene.path, &opt, &result, &err), 0);
    return result.findings;
}

static void sql(const char *text)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(scene.path, &db), SQLITE_OK);
    if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", text, sqlite3_errmsg(db));
    sqlite3_close(db);
}

static int64_t person(const char *user)
{
    int64_t p;
    assert_int_equal(aw_store_person(scene.s, scene.app, user, true, "test", &p, &scene.err), 0);
    return p;
}

static int64_t put(const char *id, int64_t who, const char *why, int64_t whose)
{
    struct aw_stored_device d;
    int r = aw_store_device_find(scene.s, id, &d, &scene.err);

    if (r == AW_ENOENT) {
        memset(&d, 0, sizeof d);
        d.app = scene.app;
        snprintf(d.registration_id, sizeof d.registration_id, "%s", id);
    }
    d.session = (struct aw_session){.person = who, .seq = -1, .at = scene.now};
    assert_int_equal(aw_store_device_put(scene.s, &d, why, whose, "test", &scene.err), 0);
    return d.id;
}

static unsigned devices(int64_t who, bool *taken)
{
    struct aw_stored_device list[AW_MAX_DEVICES];
    unsigned n;

    assert_int_equal(aw_store_devices_of(scene.s, who, list, &n, taken, &scene.err), 0);
    for (unsigned i = 1; i < n; i++)
        assert_true(list[i - 1].session.at <= list[i].session.at);
    return n;
}

static int setup(void **state)
{
    (void)state;
    scene_init(&scene);
    assert_int_equal(scene_begin(&scene), 0);
    assert_int_equal(scene_setup(&scene), 0);
    return scene_commit(&scene);
}

static int teardown(void **state)
{
    (void)state;
    scene_free(&scene);
    return 0;
}

static void devices_have_one_user(void **state)
{
    bool taken, reported;
    int64_t li, wang;

    (void)state;
    assert_int_equal(scene_begin(&scene), 0);
    li = person("li");
    wang = person("wang");
    assert_int_equal(aw_store_reported(scene.s, li, &reported, &scene.err), 0);
    assert_false(reported);
    int64_t phone = put("phone", li, "login", li);
    put("tablet", li, "login", li);
    assert_int_equal(scene_commit(&scene), 0);
    assert_int_equal(scene_begin(&scene), 0);
    assert_int_equal(devices(li, &taken), 2);
    assert_false(taken);
    assert_int_equal(put("phone", wang, "login", wang), phone);
    assert_int_equal(devices(li, &taken), 1);
    assert_true(taken);
    assert_int_equal(devices(wang, &taken), 1);
    assert_int_equal(aw_store_reported(scene.s, li, &reported, &scene.err), 0);
    assert_true(reported);
    assert_int_equal(scene_commit(&scene), 0);
    assert_int_equal(findings(), 0);
    /* The pairs are found again after a start, and a turn that fails leaves nothing behind. */
    assert_int_equal(scene_reopen(&scene), 0);
    assert_int_equal(devices(li, &taken), 1);
    assert_int_equal(scene_begin(&scene), 0);
    put("phone", li, "login", li);
    put("watch", li, "login", li);
    aw_store_rollback(scene.s);
    assert_int_equal(devices(li, &taken), 1);
    assert_int_equal(scene_begin(&scene), 0);
    put("tablet", 0, "logout", li);
    assert_int_equal(devices(li, &taken), 0);
    assert_true(taken);
    assert_int_equal(scene_commit(&scene), 0);
    assert_int_equal(findings(), 0);
}

static void forgeries_are_found(void **state)
{
    static const char *const forged[][2] = {
        {"UPDATE device SET person = (SELECT id FROM person WHERE user = 'li')",
         "UPDATE device SET person = CASE registration_id WHEN 'phone' THEN (SELECT id FROM person "
         "WHERE user = 'wang') END"},
        {"UPDATE device SET registration_id = registration_id || 'x'",
         "UPDATE device SET registration_id = substr(registration_id, 1, length(registration_id) - "
         "1)"},
        {"UPDATE device SET alias = 'a'", "UPDATE device SET alias = NULL"},
        {"UPDATE device SET platform = 'ios'", "UPDATE device SET platform = NULL"},
        {"UPDATE person SET reported = reported + 1", "UPDATE person SET reported = reported - 1"},
    };

    (void)state;
    for (unsigned i = 0; i < AW_COUNT(forged); i++) {
        sql(forged[i][0]);
        assert_true(findings() > 0);
        sql(forged[i][1]);
        assert_int_equal(findings(), 0);
    }
}

static void the_forgotten_leave_no_device(void **state)
{
    struct aw_stored_device d;
    bool taken;
    unsigned rows;

    (void)state;
    assert_int_equal(scene_begin(&scene), 0);
    int64_t wang = person("wang");
    assert_int_equal(aw_store_contact_put(scene.s, wang, NULL, 0, "test", &scene.err), 0);
    assert_int_equal(devices(wang, &taken), 0);
    assert_int_equal(aw_store_device_find(scene.s, "phone", &d, &scene.err), AW_ENOENT);
    assert_int_equal(scene_commit(&scene), 0);
    assert_int_equal(findings(), 0);
    /* A device where nobody is logged in goes half a year later; it may come again. */
    assert_int_equal(aw_store_device_find(scene.s, "tablet", &d, &scene.err), 0);
    int64_t was = d.id;
    scene.now += 181 * AW_DAY;
    assert_int_equal(scene_begin(&scene), 0);
    assert_int_equal(aw_store_prune_aged(scene.s, 100, &rows, &scene.err), 0);
    assert_int_equal(rows, 1);
    assert_int_equal(aw_store_device_find(scene.s, "tablet", &d, &scene.err), AW_ENOENT);
    assert_int_equal(scene_commit(&scene), 0);
    assert_int_equal(scene_begin(&scene), 0);
    int64_t li = person("li");
    assert_true(put("tablet", li, "login", li) > was);
    assert_int_equal(scene_commit(&scene), 0);
    assert_int_equal(findings(), 0);
}

static void what_waits_is_found(void **state)
{
    aw_id found[8];

    (void)state;
    assert_int_equal(scene_begin(&scene), 0);
    aw_store_hold(scene.s, 7, 300);
    aw_store_hold(scene.s, 7, 100);
    aw_store_hold(scene.s, 7, 300);
    assert_int_equal(aw_store_held(scene.s, 7, found, 8), 2);
    assert_int_equal(found[0], 100);
    assert_int_equal(aw_store_held(scene.s, 8, found, 8), 0);
    aw_store_held_end(scene.s, 7, 100);
    assert_int_equal(scene_commit(&scene), 0);
    assert_int_equal(aw_store_held(scene.s, 7, found, 8), 1);
    /* Pushes of the last day. */
    assert_int_equal(scene_begin(&scene), 0);
    aw_id one = aw_id_take(aw_store_ids(scene.s), scene.now, 1);
    aw_store_pushed(scene.s, 7, one);
    assert_int_equal(scene_commit(&scene), 0);
    assert_int_equal(aw_store_pushes(scene.s, 7, found, 8), 1);
    assert_int_equal(found[0], one);
    assert_int_equal(aw_store_pushes(scene.s, 8, found, 8), 0);
    scene.now += 27 * AW_HOUR;
    assert_int_equal(scene_begin(&scene), 0);
    assert_int_equal(aw_store_pushes(scene.s, 7, found, 8), 0);
    assert_int_equal(scene_commit(&scene), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_newer_report_is_never_undone),
        cmocka_unit_test(what_comes_first_may_be_the_end),
        cmocka_unit_test(any_order_ends_alike),
        cmocka_unit_test(the_simulator_knows_who_is_where),
        cmocka_unit_test(devices_have_one_user),
        cmocka_unit_test(forgeries_are_found),
        cmocka_unit_test(the_forgotten_leave_no_device),
        cmocka_unit_test(what_waits_is_found),
    };
    return cmocka_run_group_tests_name("session", tests, setup, teardown);
}
