/* SPDX-License-Identifier: Apache-2.0
 *
 * Codes of texts, and numbers that want none: across turns, rollbacks and restarts.
 */
#include "../lib/unit.h"

#include <stdio.h>
#include <string.h>

#include "../lib/scene.h"
#include "base/mem.h"

static struct scene scene;

static int setup(void **state)
{
    scene_init(&scene);
    return scene_begin(&scene) || scene_setup(&scene) || scene_commit(&scene);
}

static int teardown(void **state)
{
    scene_free(&scene);
    return 0;
}

#define OK(call) assert_int_equal(call, 0)

/* One message to one person, texted; its code. */
static aw_id text(char code[8], aw_id *ret_attempt)
{
    struct aw_stored_attempt *a = aw_malloc(sizeof *a);
    static unsigned n;
    char key[32];
    aw_id msg;
    snprintf(key, sizeof key, "k%u", n++);
    OK(scene_begin(&scene));
    OK(scene_register(&scene, key, NULL, 1, &msg));
    OK(scene_claim(&scene, msg, 0, 1, AW_SMS, 1, 0, ret_attempt));
    OK(scene_commit(&scene));
    OK(aw_store_attempt(scene.s, *ret_attempt, a, &scene.err));
    memcpy(code, a->reply_code, 8);
    aw_free(a);
    return msg;
}

static aw_id found(const char *channel, const char *phone, const char *code)
{
    struct aw_stored_attempt *a = aw_malloc(sizeof *a);
    int r = aw_store_code_find(scene.s, channel, phone, code, a, &scene.err);
    aw_id id = r ? 0 : a->id;
    assert_true(r == 0 || r == AW_ENOENT);
    aw_free(a);
    return id;
}

static void a_code_is_found_by_channel_number_and_digits(void **state)
{
    char code[8], again[8];
    aw_id attempt, later, msg = text(code, &attempt);

    assert_int_equal(strspn(code, "0123456789"), 4);
    assert_int_equal(strlen(code), 4);
    assert_true(found("carrier", SCENE_PHONE, code) == attempt);
    assert_true(found("carrier", SCENE_PHONE, NULL) == attempt);
    assert_true(found("other", SCENE_PHONE, code) == 0);
    assert_true(found("carrier", "+8613800138001", code) == 0);
    assert_true(found("carrier", "+8613800138001", NULL) == 0);
    assert_true(found("carrier", SCENE_PHONE, strcmp(code, "0000") ? "0000" : "1111") == 0);

    OK(scene_reopen(&scene));
    assert_true(found("carrier", SCENE_PHONE, code) == attempt);

    /* A later text of the timeline has the same one. */
    OK(scene_begin(&scene));
    OK(scene_claim(&scene, msg, 0, 2, AW_SMS, 1, 0, &later));
    OK(aw_store_code(scene.s, msg, 1, "carrier", SCENE_PHONE, 1, again, &scene.err));
    assert_string_equal(again, code);
    OK(aw_store_code(scene.s, msg, 2, "carrier", SCENE_PHONE, 1, again, &scene.err));
    assert_string_not_equal(again, code); /* another person */
    OK(scene_commit(&scene));
    assert_true(found("carrier", SCENE_PHONE, code) == later);
}

static void no_two_texts_to_a_number_share_a_code(void **state)
{
    enum { N = 400 };
    char codes[N][8];
    aw_id attempt;
    for (unsigned i = 0; i < N; i++) {
        text(codes[i], &attempt);
        for (unsigned k = 0; k < i; k++)
            assert_string_not_equal(codes[i], codes[k]);
    }
}

static void what_is_rolled_back_has_no_code(void **state)
{
    struct aw_stored_attempt *a = aw_malloc(sizeof *a);
    char code[8];
    aw_id msg, attempt;
    OK(scene_begin(&scene));
    OK(scene_register(&scene, "rolled", NULL, 1, &msg));
    OK(scene_claim(&scene, msg, 0, 1, AW_SMS, 1, 0, &attempt));
    OK(aw_store_attempt(scene.s, attempt, a, &scene.err));
    memcpy(code, a->reply_code, 8);
    assert_true(found("carrier", SCENE_PHONE, code) == attempt);
    aw_store_rollback(scene.s);
    assert_true(found("carrier", SCENE_PHONE, code) == 0);
    aw_free(a);
}

static void a_code_ends_after_three_days(void **state)
{
    char code[8];
    aw_id attempt;
    text(code, &attempt);
    scene.now += 72 * AW_HOUR - AW_MINUTE;
    OK(scene_begin(&scene));
    OK(scene_commit(&scene));
    assert_true(found("carrier", SCENE_PHONE, code) == attempt);
    scene.now += 2 * AW_MINUTE;
    OK(scene_begin(&scene));
    OK(scene_commit(&scene));
    assert_true(found("carrier", SCENE_PHONE, code) == 0);
    assert_true(found("carrier", SCENE_PHONE, NULL) == 0);
}

static bool is_out(const char *app)
{
    bool out = false;
    OK(aw_store_opted_out(scene.s, app, SCENE_PHONE, &out, &scene.err));
    return out;
}

static bool opt(const char *scope, bool out)
{
    bool news = false;
    OK(scene_begin(&scene));
    OK(aw_store_opt_out(scene.s, scope, SCENE_PHONE, out, "carrier", "channel:carrier", &news,
                        &scene.err));
    OK(scene_commit(&scene));
    return news;
}

static void stop_and_start(void **state)
{
    assert_false(is_out("shop"));
    assert_false(opt("shop", false));
    assert_true(opt("shop", true));
    assert_false(opt("shop", true)); /* and nothing is logged twice */
    assert_true(is_out("shop"));
    assert_false(is_out("bank"));
    OK(scene_reopen(&scene));
    assert_true(is_out("shop"));
    assert_true(opt("", true));
    assert_true(is_out("bank"));
    assert_true(opt("", false));
    assert_false(is_out("bank"));
    assert_true(is_out("shop"));
    assert_true(opt("shop", false));
    assert_false(is_out("shop"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_code_is_found_by_channel_number_and_digits, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(no_two_texts_to_a_number_share_a_code, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_rolled_back_has_no_code, setup, teardown),
        cmocka_unit_test_setup_teardown(a_code_ends_after_three_days, setup, teardown),
        cmocka_unit_test_setup_teardown(stop_and_start, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
