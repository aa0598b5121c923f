/* SPDX-License-Identifier: Apache-2.0
 *
 * Parts of the environment file with rules of their own: what apps are told by callback, which
 * addresses channels may reach, and what tools of the command line may leave out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "conf/env_int.h"
#include "conf_util.h"

static struct aw_diag diag;
static struct aw_env_conf *env;

static int teardown(void **state)
{
    aw_env_conf_free(env);
    env = NULL;
    aw_diag_free(&diag);
    conf_dir_remove();
    return 0;
}

static int load(const char *text, unsigned flags)
{
    return aw_env_load(conf_file("ackwatch.yaml", text), flags, &env, &diag);
}

#define BASE                                                                                       \
    "version: 1\n"                                                                                 \
    "operators: [{channel: m, to: o@e.cn}]\n"                                                      \
    "channels:\n"                                                                                  \
    "  m: {provider: smtp, host: h, from: a@e.cn}\n"
#define HOOK BASE "  h: {provider: webhook, url: \"https://example.com/\", secret: {env: HOME}}\n"

static void apps_as_a_list(void **state)
{
    assert_int_equal(load(HOOK "apps: [shop, bank]\n", 0), 0);
    assert_int_equal(env->n_apps, 2);
    assert_string_equal(env->apps[1], "bank");
    assert_null(env->callbacks[1].channel);
}

static void apps_as_a_map(void **state)
{
    assert_int_equal(load(HOOK
                          "apps:\n"
                          "  shop: {callbacks: {channel: h}}\n"
                          "  bank: {}\n"
                          "  club: {callbacks: {channel: h, on: [expired, recipient_confirmed]}}\n",
                          0),
                     0);
    assert_int_equal(env->n_apps, 3);
    assert_string_equal(env->apps[0], "shop");
    assert_string_equal(env->callbacks[0].channel, "h");
    assert_int_equal(env->callbacks[0].on, 1 << AW_CALLBACK_CONFIRMED | 1 << AW_CALLBACK_EXHAUSTED |
                                               1 << AW_CALLBACK_EXPIRED);
    assert_string_equal(env->apps[1], "bank");
    assert_null(env->callbacks[1].channel);
    assert_int_equal(env->callbacks[2].on, 1 << AW_CALLBACK_EXPIRED | 1 << AW_CALLBACK_RECIPIENT);
    struct aw_buf b = AW_BUF_INIT(65536);
    aw_env_show(env, &b); /* reads back: test_env.c */
    assert_non_null(strstr(aw_buf_str(&b), "  shop: {callbacks: {channel: h, on: [confirmed, "
                                           "exhausted, expired]}}\n  bank: {}\n"));
    aw_buf_free(&b);
}

/* Each '^' marks the place of the next code, and is not part of the text. */
static void mistakes_have_places(void **state)
{
    static const struct {
        const char *codes, *text;
    } mistakes[] = {
        {"E114", HOOK "apps: {^-x: {}, shop: {}}\n"},
        {"E101", HOOK "apps: {shop: {^callbacks: {on: confirmed}}}\n"},
        {"E102", HOOK "apps: {shop: {^callback: {}}}\n"},
        {"E104", HOOK "apps: {shop: {callbacks: {channel: h, on: [confirmed, ^lost]}}}\n"},
        {"E107", HOOK "apps: {shop: {callbacks: {channel: h, on: [expired, ^expired]}}}\n"},
        {"E120", HOOK "apps: {shop: {callbacks: {channel: ^k}}}\n"},
        {"E120", HOOK "apps: {shop: {callbacks: {channel: ^m}}}\n"},
        {"E120", HOOK "  o: {provider: webhook, app: bank, url: https://x, secret: {env: HOME}}\n"
                      "apps: {bank: {}, shop: {callbacks: {channel: ^o}}}\n"},
    };
    unsigned wrong = 0;
    for (unsigned i = 0; i < AW_COUNT(mistakes); i++) {
        struct conf_marked m = conf_unmark(mistakes[i].text, mistakes[i].codes);
        assert_int_equal(load(m.text, 0), AW_EINVAL);
        const char *codes = conf_codes(&diag);
        if (strcmp(codes, m.places) != 0) {
            print_error("expected %s, got %s for\n%s", m.places, codes, m.text);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

/* Where the file alone shows that a request will be refused. */
static void unreachable_urls_are_named(void **state)
{
    static const struct {
        const char *url, *more, *codes, *says;
    } cases[] = {
        {"https://example.com", "", "", ""},
        {"https://8.8.8.8:8443/", "", "", ""},
        {"http://example.com", "", "5:26 W110", "http without TLS"},
        {"http://example.com", ", allow: 93.184.216.34", "", ""},
        {"https://127.0.0.1:1", "", "5:26 W110", "allow: [\"127.0.0.1/32\"]"},
        {"https://0x7f.1", "", "5:26 W110", "127.0.0.0/8, loopback"},
        {"https://[::1]/", "", "5:26 W110", "allow: [\"::1/128\"]"},
        {"http://localhost", ", allow: [10.0.0.0/8]", "5:26 W110", "loopback"},
        {"http://localhost", ", allow: [10.0.0.0/8, 127.0.0.0/8]", "", ""},
        {"http://8.8.8.8", ", allow: 8.8.0.0/16", "", ""},
        {"http://8.8.8.8", ", allow: 8.9.0.0/16", "5:26 W110", "allow: [\"8.8.8.8/32\"]"},
    };
    for (unsigned i = 0; i < AW_COUNT(cases); i++) {
        char text[512];
        snprintf(text, sizeof(text),
                 BASE "  h: {provider: webhook, url: \"%s\", secret: {env: HOME}%s}\n",
                 cases[i].url, cases[i].more);
        assert_int_equal(load(text, 0), 0);
        assert_string_equal(conf_codes(&diag), cases[i].codes);
        teardown(NULL);
        assert_int_equal(load(text, 0), 0);
        const char *printed = conf_print(&diag);
        if (!strstr(printed, cases[i].says))
            fail_msg("%s: %s", cases[i].url, printed);
        teardown(NULL);
    }
}

static void lenient_needs_little(void **state)
{
    assert_int_equal(
        load("people:\n"
             "  li wei: {alias: li, phone: \"+8613812345678\", email: li@example.com,\n"
             "    registration_ids: [r1, r2], im: li, lang: zh-CN, tz: Asia/Shanghai,\n"
             "    manager: wang, name: 李}\n"
             "  wang: {}\n"
             "channels:\n"
             "  h: {provider: webhook, url: http://x, secret: {file: /nonexistent}}\n",
             AW_ENV_LENIENT),
        0);
    assert_int_equal(env->n_people, 2);
    assert_string_equal(env->people[0].user, "li wei");
    assert_int_equal(env->people[0].a.n_registration_ids, 2);
    assert_string_equal(env->people[0].a.registration_ids[1], "r2");
    assert_string_equal(env->people[0].a.phone, "+8613812345678");
    assert_string_equal(env->people[0].a.manager, "wang");
    assert_string_equal(env->people[0].a.name, "李");
    assert_null(aw_channel_get(&env->channels[0], "secret"));
    aw_env_conf_free(env);
    env = NULL;
    assert_int_equal(
        load("people: {li: {phone: 123, email: x, lang: \"!\", alais: li}}\n", AW_ENV_LENIENT),
        AW_EINVAL);
    assert_string_equal(conf_codes(&diag), "1:22 E116, 1:34 E116, 1:43 E116, 1:48 E102");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(apps_as_a_list, teardown),
        cmocka_unit_test_teardown(apps_as_a_map, teardown),
        cmocka_unit_test_teardown(mistakes_have_places, teardown),
        cmocka_unit_test_teardown(unreachable_urls_are_named, teardown),
        cmocka_unit_test_teardown(lenient_needs_little, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
