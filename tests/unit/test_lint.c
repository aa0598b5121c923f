/* SPDX-License-Identifier: Apache-2.0
 *
 * Lints of intent: for each a rule at which it fires, with its place (^), and the rule set right,
 * at which nothing does. And the comment by which a warning is allowed.
 */
#include "../lib/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "conf/allow.h"
#include "conf/env.h"
#include "conf/rules.h"
#include "conf_util.h"

static struct aw_diag diag;
static struct aw_rules_world world;

/* The codes of the warnings about rules without errors. */
static const char *codes_of(const char *text)
{
    struct aw_rules *rules = NULL;
    world.lint = true;
    if (aw_rules_parse("r.yaml", text, strlen(text), &world, &rules, &diag) < 0)
        fail_msg("%s in\n%s", conf_print(&diag), text);
    struct aw_source_file f = {rules->files[0].name, rules->files[0].text, rules->files[0].n};
    aw_allow_check(&diag, &f);
    aw_rules_free(rules);
    return conf_codes(&diag);
}

#define NAME  "version: 1\nrules:\n  - name: r\n"
#define GOAL  "    until: acknowledged\n    deadline: 1h\n"
#define STEPS NAME GOAL "    steps:\n"
#define PUSH  "      - {id: push, at: 0s, do: push}\n"

static const struct row {
    const char *code, *fires, *does_not;
} rows[] = {
    {"W101",
     "version: 1\nrules:\n  - {name: a, until: sent, deadline: 1h, steps: [{id: a, at: 0s, do: "
     "im}, "
     "{id: b, at: 2m, do: push}]}\n  - {name: b, ^match: {app: x}, until: sent, deadline: 1h, "
     "steps: [{id: a, at: 0s, do: push}]}\n",
     "version: 1\nrules:\n  - {name: b, match: {app: x}, until: sent, deadline: 1h, steps: [{id: "
     "a, "
     "at: 0s, do: push}]}\n  - {name: a, until: sent, deadline: 1h, steps: [{id: a, at: 0s, do: "
     "im}, "
     "{id: b, at: 2m, do: push}]}\n"},
    {"W102", STEPS "      - {id: push, at: 0s, do: push, ^repeat: {every: 25m, times: 4}}\n",
     STEPS "      - {id: push, at: 0s, do: push, repeat: {every: 25m, times: 3}}\n"},
    {"W109",
     STEPS "      - {id: chat, at: 0s, do: im}\n"
           "      - {id: text, at: 5m, do: sms, unless: ^delivered}\n"
           "      - {id: mail, at: 9m, do: email, ack_link: true}\n",
     STEPS "      - {id: text, at: 0s, do: sms}\n"
           "      - {id: mail, at: 5m, do: email, unless: delivered, ack_link: true}\n"},
    {"W109", STEPS "      - {id: push, at: 0s, do: push, unless: ^accepted}\n", STEPS PUSH},
    {"W109",
     STEPS "      - {id: boss, at: 0s, do: push, to: manager}\n"
           "      - {id: text, at: 5m, do: sms, unless: ^opened}\n"
           "      - {id: push, at: 9m, do: push}\n",
     STEPS "      - {id: boss, at: 0s, do: push, to: [manager, recipient]}\n"
           "      - {id: text, at: 5m, do: sms, unless: opened}\n"},
    {"W112",
     NAME "    match: {priority: ^[high, critical]}\n" GOAL "    steps:\n" PUSH
          "    exhausted: {do: webhook, to: \"contact:x\"}\n",
     NAME "    match: {priority: [high, critical]}\n" GOAL "    steps:\n" PUSH
          "    exhausted: {do: [webhook, sms], to: \"contact:x\"}\n"},
    {"W112", NAME "    match: {priority: ^critical}\n" GOAL "    steps:\n" PUSH,
     NAME "    match: {priority: high}\n" GOAL "    steps:\n" PUSH},
    {"W113", STEPS PUSH "      - {id: again, at: ^59s, do: [sms, push], unless: delivered}\n",
     STEPS PUSH "      - {id: again, at: 1m, do: [sms, push], unless: delivered}\n"},
    {"W113",
     STEPS PUSH
     "      - {id: boss, at: 5m, do: sms, to: manager, ^repeat: {every: 30s, times: 2}}\n",
     STEPS PUSH
     "      - {id: boss, at: 5m, do: sms, to: manager, repeat: {every: 1m, times: 2}}\n"},
    {"W113", STEPS PUSH "      - {id: same, at: ^0s, do: push}\n",
     STEPS PUSH "      - {id: boss, at: 0s, do: push, to: manager}\n"},
    {"W121",
     NAME "    until: ^opened\n    deadline: 1h\n    steps:\n      - {id: text, at: 0s, do: sms}\n",
     NAME
     "    until: delivered\n    deadline: 1h\n    steps:\n      - {id: text, at: 0s, do: sms}\n"},
    {"W121",
     NAME
     "    until: ^acknowledged\n    deadline: 1h\n    steps:\n      - {id: a, at: 0s, do: email}\n",
     STEPS "      - {id: a, at: 0s, do: email, ack_link: true}\n"},
    {"W124",
     NAME "    until: delivered\n    deadline: 1h\n    steps:\n" PUSH
          "      - {id: text, at: 5m, do: sms, unless: ^opened}\n",
     NAME "    until: delivered\n    deadline: 1h\n    steps:\n" PUSH
          "      - {id: text, at: 5m, do: sms, unless: delivered}\n"},
    {"W124",
     NAME "    until: ^accepted\n    deadline: 1h\n    steps:\n" PUSH
          "      - {id: text, at: 5m, do: sms}\n",
     NAME "    until: accepted\n    deadline: 1h\n    steps:\n" PUSH},
    {"W125",
     NAME "    ^limits: {per_recipient: {sms: [2/1m, 3/1h]}}\n" GOAL "    steps:\n" PUSH
          "      - {id: text, at: 5m, do: sms, repeat: {every: 10m, times: 4}}\n",
     NAME "    limits: {per_recipient: {sms: [2/1m, 3/30m], push: [1/1h]}}\n" GOAL
          "    steps:\n" PUSH
          "      - {id: text, at: 5m, do: sms, repeat: {every: 10m, times: 4}}\n"
          "      - {id: boss, at: 9m, do: [push, sms], to: manager}\n"},
    {"W126", STEPS PUSH "      - {id: text, at: ^19s, do: sms, unless: delivered}\n",
     STEPS PUSH "      - {id: text, at: 20s, do: sms, unless: delivered}\n"},
    {"W127", NAME "    until: ^displayed\n    deadline: 1h\n    steps:\n" PUSH,
     NAME "    until: opened\n    deadline: 1h\n    steps:\n" PUSH},
    {"W128", STEPS PUSH "      - {id: mail, at: ^9s, do: email, unless: delivered}\n",
     STEPS PUSH "      - {id: mail, at: 9s, do: email}\n"},
    {"W129",
     NAME "    match: {class: ^\"promotion*\"}\n" GOAL "    steps:\n" PUSH
          "      - {id: text, at: 5m, do: sms}\n",
     NAME "    match: {class: \"promotion*\"}\n" GOAL "    steps:\n" PUSH},
    {"W130",
     STEPS PUSH "      - {id: late, at: 9m, do: sms}\n      - {id: soon, at: ^5m, do: email}\n",
     STEPS PUSH "      - {id: soon, at: 5m, do: email}\n      - {id: late, at: 9m, do: sms}\n"},
    {"W131", NAME GOAL "    ^steps:\n      - {id: push, at: 1s, do: push}\n", STEPS PUSH},
};

static void each_fires_and_does_not(void **state)
{
    for (unsigned i = 0; i < AW_COUNT(rows); i++) {
        struct conf_marked m = conf_unmark(rows[i].fires, rows[i].code);
        const char *codes = codes_of(m.text);
        if (strcmp(codes, m.places) != 0)
            fail_msg("expected %s, got %s for\n%s", m.places, codes, m.text);
        codes = codes_of(rows[i].does_not);
        if (codes[0] != '\0')
            fail_msg("got %s for\n%s", codes, rows[i].does_not);
    }
}

/* A link that is shown, or a code, lets people confirm. */
static void texts_let_people_confirm(void **state)
{
    struct aw_templates t = {0};
    conf_file("t/bare.yaml", "version: 1\nsms: {en: {text: hello}, zh-CN: {text: 你好}}\n");
    conf_file("t/code.yaml", "version: 1\nsms: {en: {text: \"reply {{code}}\"}}\n");
    char dir[256];
    snprintf(dir, sizeof(dir), "%s/t", conf_dir());
    assert_int_equal(aw_templates_load(dir, &t, &diag), 0);
    world.templates = &t;
    assert_string_equal(codes_of(STEPS "      - {id: a, at: 0s, do: sms, template: bare}\n"),
                        "4:12 W121");
    assert_string_equal(codes_of(STEPS "      - {id: a, at: 0s, do: sms, template: code}\n"), "");
    /* And whoever reads Chinese gets English in between. */
    assert_string_equal(codes_of(STEPS "      - {id: a, at: 0s, do: sms, template: code}\n"
                                       "      - {id: b, at: 9m, do: sms, template: bare}\n"),
                        "7:44 W122");
    world.templates = NULL;
    aw_templates_free(&t);
}

static void texts_tell_no_secrets(void **state)
{
    static const struct row texts[] = {
        {"W115", "version: 1\nsms: {en: {text: \"yours: ^{{extras.id_card}}\"}}\n",
         "version: 1\nsms: {en: {text: \"yours: {{extras.order}}\"}}\n"},
        {"W115", "version: 1\npush: {en: {title: \"^{{labels.诊断}}\", text: x}}\n",
         "version: 1\nemail: {en: {title: \"{{labels.诊断}}\", text: x}}\n"},
        {"W116", "version: 1\nsms: {zh-CN: {text: \"点 ^https://a.cn/x 确认\"}}\n",
         "version: 1\nsms: {zh-CN: {text: \"点 https://a.cn/x 确认\", jsms: {temp_id: 1}}}\n"},
        {"W116", "version: 1\nsms: {zh-CN: {text: \"^http://a.cn\"}}\n",
         "version: 1\nsms: {en: {text: \"http://a.cn\"}}\n"},
    };
    for (unsigned i = 0; i < AW_COUNT(texts); i++) {
        struct aw_templates t = {0};
        struct conf_marked m = conf_unmark(texts[i].fires, texts[i].code);
        assert_int_equal(aw_templates_parse("t.yaml", m.text, strlen(m.text), &t, &diag), 0);
        aw_templates_free(&t);
        assert_string_equal(conf_codes(&diag), m.places);
        const char *fine = texts[i].does_not;
        assert_int_equal(aw_templates_parse("t.yaml", fine, strlen(fine), &t, &diag), 0);
        aw_templates_free(&t);
        assert_string_equal(conf_codes(&diag), "");
    }
}

/* With the calendars of an environment. */
static void hours_leave_room(void **state)
{
    static const struct row hours[] = {
        {"W106",
         NAME GOAL "    hours: {calendar: ^night, inside: hold, then: keep}\n    steps:\n" PUSH,
         NAME GOAL "    hours: {calendar: night, inside: hold}\n    steps:\n" PUSH},
        {"W106",
         NAME "    until: opened\n    deadline: 20h\n    steps:\n" PUSH
              "      - {id: text, at: 11h, do: sms, unless: opened}\n"
              "    hours: {calendar: ^night, inside: hold, then: keep, kinds: sms}\n",
         NAME "    until: opened\n    deadline: 20h\n    steps:\n" PUSH
              "      - {id: text, at: 9h, do: sms, unless: opened}\n"
              "    hours: {calendar: night, inside: hold, then: keep, kinds: sms}\n"},
        {"W106",
         NAME GOAL
         "    max_age: 8h\n    hours: {calendar: ^night, inside: hold}\n    steps:\n" PUSH,
         NAME GOAL
         "    max_age: 8h\n    hours: {calendar: night, inside: skip}\n    steps:\n" PUSH},
        {"W106", NAME GOAL "    hours: [{calendar: ^always, inside: hold}]\n    steps:\n" PUSH,
         NAME GOAL "    hours: [{calendar: always, inside: send}]\n    steps:\n" PUSH},
        {"W106",
         NAME "    match: {priority: [high, normal]}\n" GOAL
              "    hours: {calendar: ^always, inside: hold, except: high}\n    steps:\n" PUSH,
         NAME "    match: {priority: high}\n" GOAL "    hours: {calendar: always, inside: hold, "
              "except: [high, critical]}\n    steps:\n" PUSH},
    };
    struct aw_env_conf *env = NULL;
    const char *file =
        conf_file("env.yaml", "calendars:\n  night: {open: [{from: \"22:00\", to: \"08:00\"}]}\n"
                              "  always: {open: [{from: \"00:00\", to: \"24:00\"}]}\n");
    assert_int_equal(aw_env_load(file, AW_ENV_LENIENT, &env, &diag), 0);
    world.almanac = &env->almanac;
    for (unsigned i = 0; i < AW_COUNT(hours); i++) {
        struct conf_marked m = conf_unmark(hours[i].fires, hours[i].code);
        assert_string_equal(codes_of(m.text), m.places);
        assert_string_equal(codes_of(hours[i].does_not), "");
    }
    world.almanac = NULL;
    aw_env_conf_free(env);
}

/* Contacts whose addresses are known. */
static void somebody_has_an_address(void **state)
{
    static const struct aw_person_conf people[] = {{"mail", {.email = "a@b.invalid"}},
                                                   {"phone", {.phone = "+9990000001"}}};
    static const char *const names[] = {"mail", "phone", NULL};
    world.contacts = names;
    world.people = people;
    world.n_people = 2;
    assert_string_equal(
        codes_of(STEPS PUSH "      - {id: a, at: 9m, do: [sms, call], to: \"contact:mail\"}\n"),
        "8:46 W123, 8:46 W123");
    assert_string_equal(
        codes_of(STEPS PUSH
                 "      - {id: a, at: 9m, do: sms, to: [\"contact:mail\", \"user:phone\"]}\n"
                 "      - {id: b, at: 19m, do: sms, to: [\"contact:mail\", manager]}\n"),
        "");
    world = (struct aw_rules_world){0};
}

#define EARLY "      - {id: push, at: 1s, do: push}\n"
static void comments_allow_one_warning(void **state)
{
    static const struct {
        const char *codes, *text;
    } allowed[] = {
        {"", NAME GOAL "    # aw: allow W131 the shop sends itself\n    steps:\n" EARLY},
        {"", NAME GOAL "    steps: # aw: allow W131 the shop sends itself\n" EARLY},
        {"",
         NAME GOAL "    # aw: allow W131 reasons\n    # of many\n    # lines\n    steps:\n" EARLY},
        /* not here */
        {"6:5 W100, 8:5 W131", NAME GOAL "    # aw: allow W131 far away\n\n    steps:\n" EARLY},
        {"6:5 W131, 7:5 W100", NAME GOAL "    steps:\n    # aw: allow W131 too late\n" EARLY},
        /* not so */
        {"6:5 W100, 7:5 W131", NAME GOAL "    # aw: allow W131\n    steps:\n" EARLY},
        {"6:5 W100, 7:5 W131", NAME GOAL "    # aw: allow W999 no such\n    steps:\n" EARLY},
        {"6:5 W100, 7:5 W131", NAME GOAL "    # aw: ignore\n    steps:\n" EARLY},
        {"6:5 W100, 7:5 W131", NAME GOAL "    # aw: allow W130 another\n    steps:\n" EARLY},
    };
    for (unsigned i = 0; i < AW_COUNT(allowed); i++)
        assert_string_equal(codes_of(allowed[i].text), allowed[i].codes);
    /* Errors stay. */
    struct aw_rules *rules = NULL;
    const char *text = NAME "    # aw: allow E102 please\n    x: y\n" GOAL "    steps:\n" PUSH;
    assert_int_equal(aw_rules_parse("r", text, strlen(text), NULL, &rules, &diag), AW_EINVAL);
    assert_string_equal(conf_codes(&diag), "5:5 E102");
}

/* The daemon does not ask for them. */
static void without_being_asked_nothing_is_said(void **state)
{
    struct aw_rules *rules = NULL;
    const char *text = NAME GOAL "    steps:\n" EARLY;
    assert_int_equal(aw_rules_parse("r", text, strlen(text), NULL, &rules, &diag), 0);
    aw_rules_free(rules);
    assert_string_equal(conf_codes(&diag), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_fires_and_does_not),
        cmocka_unit_test(texts_let_people_confirm),
        cmocka_unit_test(texts_tell_no_secrets),
        cmocka_unit_test(hours_leave_room),
        cmocka_unit_test(somebody_has_an_address),
        cmocka_unit_test(comments_allow_one_warning),
        cmocka_unit_test(without_being_asked_nothing_is_said),
    };
    aw_diag_init(&diag);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    aw_diag_free(&diag);
    conf_dir_remove();
    return failed;
}
