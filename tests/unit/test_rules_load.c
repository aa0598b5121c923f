/* SPDX-License-Identifier: Apache-2.0
 *
 * Rule files to rules: every field, every mistake with its place, directories as a whole.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/mem.h"
#include "codec/digest.h"
#include "conf/env.h"
#include "conf/rules.h"
#include "conf_util.h"

static struct aw_diag diag;
static struct aw_rules *rules;

static int parse(const char *text, const struct aw_rules_world *world)
{
    return aw_rules_parse("r.yaml", text, strlen(text), world, &rules, &diag);
}

static int teardown(void **state)
{
    aw_rules_free(rules);
    rules = NULL;
    aw_diag_free(&diag);
    conf_dir_remove();
    return 0;
}

/* --- values -------------------------------------------------------------------------------- */

static const char everything[] =
    "version: 1\n"
    "defaults:\n"
    "  check: {every: 45s, backoff: 2.25}\n"
    "  until: opened\n"
    "rules:\n"
    "  - name: 必读\n"
    "    title: {en: Office notice, zh-CN: 办公通知}\n"
    "    match: {class: office, priority: [high, critical], labels.region: \"cn-*\", extras.biz: "
    "no}\n"
    "    until: acknowledged\n"
    "    of: each\n"
    "    deadline: 4h\n"
    "    max_age: 3d\n"
    "    steps:\n"
    "      - {id: boss, at: 1h30m, do: [sms, push], to: [manager, \"contact:noc\", \"user:u 1\"],\n"
    "         pick: all, unless: opened, repeat: {every: 15m, times: 3}, if_no_contact: skip}\n"
    "      - {id: push, at: 0s, do: push, template: notice, ttl: until boss, ack_link: true}\n"
    "      - {id: again, at: 2m, do: push, replaces: push, ttl: 90s, repeat: {every: 1h, times: "
    "until_goal}}\n"
    "      - {id: text, at: 5m, do: sms, via: [a, b]}\n"
    "    exhausted: {do: email, to: recipient}\n"
    "  - {name: plain, match: {title: x}, deadline: 30s, steps: [{id: a, at: 0s, do: call}]}\n";

static void every_field_lands(void **state)
{
    assert_int_equal(parse(everything, NULL), 0);
    assert_int_equal(rules->set.n, 2);
    const struct aw_rule *r = rules->set.rules[0];
    assert_string_equal(r->name, "必读");
    assert_string_equal(r->file, "r.yaml");
    assert_int_equal(r->line, 6);
    assert_int_equal(r->n_titles, 2);
    assert_string_equal(r->titles[1].lang, "zh-CN");
    assert_string_equal(r->titles[1].text, "办公通知");
    assert_int_equal(r->n_match, 4);
    assert_int_equal(r->match[1].field, AW_MATCH_PRIORITY);
    assert_string_equal(r->match[1].globs[1], "critical");
    assert_int_equal(r->match[2].field, AW_MATCH_LABEL);
    assert_string_equal(r->match[2].key, "region");
    assert_string_equal(r->match[3].globs[0], "no"); /* a text, never a boolean */
    assert_int_equal(r->until, AW_ACKNOWLEDGED);
    assert_int_equal(r->deadline, 4 * AW_HOUR);
    assert_int_equal(r->max_age, 3 * AW_DAY);
    assert_int_equal(r->check.first, 15 * AW_SECOND);
    assert_int_equal(r->check.every, 45 * AW_SECOND);
    assert_int_equal(r->check.backoff_pct, 225);
    assert_int_equal(r->check.max_every, 10 * AW_MINUTE);
    assert_int_equal(r->check.stop, AW_DAY);
    assert_int_equal(r->check.settle, 5 * AW_SECOND);
    assert_int_equal(r->n_steps, 4);
    assert_string_equal(r->exhausted->id, "exhausted");
    assert_int_equal(r->exhausted->kinds[0], AW_EMAIL);
    assert_int_equal(r->exhausted->times, 1);
    assert_int_equal(r->exhausted->line, 19);

    const struct aw_rule *plain = rules->set.rules[1];
    assert_int_equal(plain->until, AW_OPENED); /* from defaults */
    assert_int_equal(plain->max_age, AW_DAY);  /* at least a day */
    assert_int_equal(plain->n_titles, 0);
    assert_null(plain->exhausted);
}

static void every_field_of_a_step_lands(void **state)
{
    assert_int_equal(parse(everything, NULL), 0);
    const struct aw_step *s = rules->set.rules[0]->steps;
    assert_int_equal(s[0].line, 14);
    assert_int_equal(s[0].at, 90 * AW_MINUTE);
    assert_int_equal(s[0].n_kinds, 2);
    assert_int_equal(s[0].kinds[0], AW_SMS);
    assert_int_equal(s[0].kinds[1], AW_PUSH);
    assert_int_equal(s[0].n_to, 3);
    assert_int_equal(s[0].to[0].type, AW_TO_MANAGER);
    assert_int_equal(s[0].to[1].type, AW_TO_CONTACT);
    assert_string_equal(s[0].to[1].name, "noc");
    assert_int_equal(s[0].to[2].type, AW_TO_USER);
    assert_string_equal(s[0].to[2].name, "u 1");
    assert_int_equal(s[0].pick, AW_PICK_ALL);
    assert_int_equal(s[0].unless, AW_OPENED);
    assert_int_equal(s[0].every, 15 * AW_MINUTE);
    assert_int_equal(s[0].times, 3);
    assert_int_equal(s[0].if_no_contact, AW_NO_CONTACT_SKIP);
    assert_int_equal(s[0].ttl_until, -1);
    assert_int_equal(s[0].replaces, -1);

    assert_string_equal(s[1].template_name, "notice");
    assert_int_equal(s[1].ttl_until, 0);
    assert_true(s[1].ack_link);
    assert_int_equal(s[1].times, 1);
    assert_int_equal(s[1].every, 0);
    assert_int_equal(s[1].unless, AW_LEVEL_NONE);
    assert_int_equal(s[1].n_to, 1);
    assert_int_equal(s[1].to[0].type, AW_TO_RECIPIENT);
    assert_int_equal(s[1].if_no_contact, AW_NO_CONTACT_ADVANCE);

    assert_int_equal(s[2].replaces, 1);
    assert_int_equal(s[2].ttl, 90 * AW_SECOND);
    assert_int_equal(s[2].times, 0);
    assert_int_equal(s[3].n_via, 2);
    assert_string_equal(s[3].via[1], "b");
}

static void hashes_pin_the_text(void **state)
{
    uint8_t file[32], set[32];
    assert_int_equal(parse(everything, NULL), 0);
    aw_sha256(file, everything, strlen(everything));
    aw_sha256(set, file, sizeof(file));
    assert_memory_equal(rules->set.rules[1]->sha256, file, 32);
    assert_memory_equal(rules->files[0].sha256, file, 32);
    assert_memory_equal(rules->set.sha256, set, 32);
    assert_int_equal(rules->files[0].n, strlen(everything));
    assert_string_equal(rules->files[0].text, everything);
}

/* --- mistakes ------------------------------------------------------------------------------ */

#define HEAD  "version: 1\nrules:\n  - name: r\n    until: opened\n    deadline: 30m\n"
#define STEPS HEAD "    steps:\n"
#define PUSH  "      - {id: push, at: 0s, do: push}\n"

/* Each '^' marks the place of the next code, and is not part of the text. */
static const struct {
    const char *codes, *text;
} mistakes[] = {
    /* the file */
    {"E101 E101", "^^"},
    {"E103", "^- a\n"},
    {"E104", "version: ^2\nrules: [{name: a, until: sent, deadline: 1h, steps: [{id: a, at: 0s, "
             "do: im}]}]\n"},
    {"E103", "version: 1\n^rules: []\n"},
    {"E103", "version: 1\n^rules: {}\n"},
    {"E103", "version: 1\n^rules:\n"},
    {"E103", "version: 1\nrules:\n  - ^just text\n"},
    {"E102", "^rulse: []\nversion: 1\n"},
    {"E005", "version: 1\nrules:\n  - {a: 1, ^a: 2}\n"},
    {"E002", "version: 1\nrules: ^&a []\n"},
    {"E003", "version: 1\nrules: ^!!seq []\n"},
    /* missing, unknown, not built */
    {"E101 E101 E101", "version: 1\nrules:\n  - ^^^name: r\n"},
    {"E101 E101", STEPS "      - ^^{do: push}\n"},
    {"E101", HEAD "    ^presence: {}\n    steps:\n" PUSH},
    {"E103", HEAD "    presence: ^hold\n    steps:\n" PUSH},
    {"E104", HEAD "    presence: {logged_out: ^wait}\n    steps:\n" PUSH},
    {"E104", HEAD "    presence: {logged_out: hold, on_login: ^all}\n    steps:\n" PUSH},
    {"E102", HEAD "    presence: {logged_out: hold, ^until: 1h}\n    steps:\n" PUSH},
    {"E112", HEAD "    presence: {logged_out: hold, hold_max: ^0s}\n    steps:\n" PUSH},
    {"E130", HEAD "    presence: {logged_out: hold, on_expiry: ^text}\n    steps:\n" PUSH},
    {"E141", HEAD "    presence: {logged_out: skip, ^hold_max: 1h}\n    steps:\n" PUSH},
    {"E104", HEAD "    inbox_read: ^delivered\n    steps:\n" PUSH},
    {"E101", HEAD "    ^claim: {}\n    steps:\n" PUSH},
    {"E103", HEAD "    claim: ^30m\n    steps:\n" PUSH},
    {"E102", HEAD "    claim: {hold: 30m, ^then: resume}\n    steps:\n" PUSH},
    {"E112", HEAD "    max_age: 2h\n    claim: ^{hold: 2h}\n    steps:\n" PUSH},
    {"E101", HEAD "    ^limits: {}\n    steps:\n" PUSH},
    {"E116", HEAD "    limits: {per_recipient: {sms: [2/1m, ^5/h]}}\n    steps:\n" PUSH},
    {"E101", HEAD "    ^suppress: {}\n    steps:\n" PUSH},
    {"E102", HEAD "    suppress: {if_open: {^klass: x}}\n    steps:\n" PUSH},
    {"E112", HEAD "    retention: ^2d\n    steps:\n" PUSH},
    {"E104", HEAD "    by: ^everyone\n    steps:\n" PUSH},
    {"E101", HEAD "    ^after_ack: {}\n    steps:\n" PUSH},
    {"E104", HEAD "    after_ack: {reopen_after: 1h, unless: ^done}\n    steps:\n" PUSH},
    {"E112", HEAD "    after_ack: ^{reopen_after: 1d}\n    steps:\n" PUSH},
    {"E104", HEAD "    catch_up: ^nver\n    steps:\n" PUSH},
    {"E110", HEAD "    catch_up: ^10\n    steps:\n" PUSH},
    {"E112", HEAD "    catch_up: ^0s\n    steps:\n" PUSH},
    {"E112", HEAD "    of: ^0\n    steps:\n" PUSH},
    {"E112", HEAD "    of: ^1001\n    steps:\n" PUSH},
    {"E112", HEAD "    of: ^101%\n    steps:\n" PUSH},
    {"E112", HEAD "    of: ^0%\n    steps:\n" PUSH},
    {"E112", HEAD "    of: ^080%\n    steps:\n" PUSH},
    {"E104", HEAD "    of: ^80 %\n    steps:\n" PUSH},
    {"E104", HEAD "    of: ^eech\n    steps:\n" PUSH},
    {"E104", STEPS "      - {id: a, at: 0s, do: push, unless: {rung: opened, devices: ^most}}\n"},
    {"E101", STEPS "      - {id: a, at: 0s, do: push, ^unless: {devices: all}}\n"},
    {"E102", HEAD "    ^stpes: 1\n    steps:\n" PUSH},
    {"E102", STEPS "      - {id: a, at: 0s, do: push, ^unles: sent}\n"},
    /* types, words, durations, numbers */
    {"E103", HEAD "    steps: ^push\n"},
    {"E112", HEAD "    ^steps: []\n"},
    {"E103", STEPS "      - ^push\n"},
    {"E103", STEPS "      - ^[push]\n"},
    {"E104", STEPS "      - {id: a, at: 0s, do: ^smss}\n"},
    {"E104 E104", STEPS "      - {id: a, at: 0s, do: [^psuh, ^mail]}\n"},
    {"E107", STEPS "      - {id: a, at: 0s, do: [push, ^push]}\n"},
    {"E112", STEPS "      - {id: a, at: 0s, do: ^[]}\n"},
    {"E103", STEPS "      - {id: a, at: 0s, do: ^{x: 1}}\n"},
    {"E110", STEPS "      - {id: a, at: ^5, do: push}\n"},
    {"E110", STEPS "      - {id: a, at: ^1m1h, do: push}\n"},
    {"E103", STEPS "      - {id: a, at: ^[], do: push}\n"},
    {"E114", STEPS "      - {id: ^-a, at: 0s, do: push}\n"},
    {"E106", STEPS "      - {id: ^exhausted, at: 0s, do: push}\n"},
    {"E106", STEPS PUSH "      - {id: ^push, at: 1s, do: sms}\n"},
    {"E104", STEPS "      - {id: a, at: 0s, do: push, unless: ^nope}\n"},
    {"E104", STEPS "      - {id: a, at: 0s, do: push, ack_link: ^yes}\n"},
    {"E104", STEPS "      - {id: a, at: 0s, do: push, pick: ^any}\n"},
    {"E104", STEPS "      - {id: a, at: 0s, do: push, to: ^boss}\n"},
    {"E114", STEPS "      - {id: a, at: 0s, do: push, to: ^\"contact:\"}\n"},
    {"E107", STEPS "      - {id: a, at: 0s, do: push, to: [manager, ^manager]}\n"},
    {"E101", STEPS "      - {id: a, at: 0s, do: push, ^repeat: {every: 5m}}\n"},
    {"E112", STEPS "      - {id: a, at: 0s, do: push, repeat: {every: 1s, times: ^1001}}\n"},
    {"E111", STEPS "      - {id: a, at: 0s, do: push, repeat: {every: 1m, times: ^010}}\n"},
    {"E112", STEPS "      - {id: a, at: 0s, do: push, repeat: {every: ^0s, times: 2}}\n"},
    {"E132", STEPS "      - {id: a, at: 0s, do: push, ^repeat: {every: 1s, times: until_goal}}\n"},
    {"E110", HEAD "    max_age: ^forever\n    steps:\n" PUSH},
    {"E112", HEAD "    max_age: ^29m\n    steps:\n" PUSH},
    {"E111 E112", HEAD "    check: {backoff: ^1.555, stop: ^0s}\n    steps:\n" PUSH},
    {"E112", HEAD "    check: {backoff: ^0.5}\n    steps:\n" PUSH},
    {"E112", HEAD "    ^check: {every: 1h}\n    steps:\n" PUSH},
    {"E103", HEAD "    check: ^30s\n    steps:\n" PUSH},
    {"E102", HEAD "    match: {^clas: x}\n    steps:\n" PUSH},
    {"E102", HEAD "    match: {^labels: {a: b}}\n    steps:\n" PUSH},
    {"E104", HEAD "    match: {priority: ^hihg}\n    steps:\n" PUSH},
    {"E103", HEAD "    match: {class: ^[]}\n    steps:\n" PUSH},
    {"E114 E113", HEAD "    title: {^e n: x, en: ^\"\"}\n    steps:\n" PUSH},
    /* between keys */
    {"E130", STEPS PUSH "      - {id: a, at: 1m, do: push, replaces: ^psuh}\n"},
    {"E130",
     STEPS "      - {id: a, at: 0s, do: push, replaces: ^b}\n      - {id: b, at: 1m, do: push}\n"},
    {"E130",
     STEPS "      - {id: a, at: 0s, do: sms}\n      - {id: b, at: 1m, do: push, replaces: ^a}\n"},
    {"E141", STEPS PUSH "      - {id: a, at: 1m, do: sms, ^replaces: push}\n"},
    {"E141", STEPS "      - {id: a, at: 0s, do: sms, ^ttl: 5m}\n"},
    {"E130", STEPS "      - {id: a, at: 0s, do: push, ttl: ^until b}\n"},
    {"E130", STEPS PUSH "      - {id: b, at: 0s, do: push, ttl: ^until push}\n"},
    {"E131", STEPS PUSH "      - {id: b, at: ^31m, do: push}\n"},
    {"E140", STEPS "      - {id: a, at: 0s, do: [push, sms], ^via: x}\n"},
    {"W102", STEPS "      - {id: a, at: 0s, do: push, ^repeat: {every: 20m, times: 3}}\n"},
    {"E102", STEPS PUSH "    exhausted: {^at: 0s, do: push}\n"},
    {"E130", STEPS PUSH "    exhausted: {do: push, ttl: ^until push}\n"},
    {"E101", STEPS PUSH "    ^exhausted: {to: manager}\n"},
    {"E103", STEPS PUSH "    exhausted: ^email\n"},
    /* defaults */
    {"E102 E101 E101",
     "version: 1\ndefaults: {^name: x, ^^hours: {}}\nrules: [{name: a, until: sent, "
     "deadline: 1h, steps: [{id: a, at: 0s, do: im}]}]\n"},
    {"E110 W101",
     "version: 1\ndefaults: {deadline: ^5}\nrules: [{name: a, until: sent, steps: [{id: a, at: 0s, "
     "do: im}]}, {name: b, ^match: {app: x}, until: sent, steps: [{id: a, at: 0s, do: im}]}]\n"},
    /* between rules */
    {"E105", STEPS PUSH
     "  - name: ^r\n    match: {class: x}\n    until: sent\n    deadline: 1h\n    steps:\n" PUSH},
};

static void each_mistake_has_code_and_place(void **state)
{
    unsigned wrong = 0;
    for (unsigned i = 0; i < AW_COUNT(mistakes); i++) {
        struct conf_marked m = conf_unmark(mistakes[i].text, mistakes[i].codes);
        int e = parse(m.text, NULL);
        unsigned errors = diag.n_errors;
        const char *codes = conf_codes(&diag);
        if (strcmp(codes, m.places) != 0) {
            print_error("expected %s, got %s for\n%s", m.places, codes, m.text);
            wrong++;
        }
        assert_int_equal(e, errors > 0 ? AW_EINVAL : 0);
        assert_true((rules == NULL) == (errors > 0));
        aw_rules_free(rules);
        rules = NULL;
    }
    assert_int_equal(wrong, 0);
}

static void all_mistakes_come_in_one_run(void **state)
{
    parse("version: 1\n"
          "rules:\n"
          "  - name: 订单\n"
          "    match: {clas: 订单通知, priority: hihg}\n"
          "    deadline: 5\n"
          "    steps:\n"
          "      - {id: 短信, at: 1m, do: smss, template: 订单短信, unless: 已送达}\n"
          "      - {id: 短信, at: 2m, do: push, wehn: x}\n",
          NULL);
    assert_string_equal(
        conf_print(&diag),
        "r.yaml:3:5: error E101: a rule needs the key \"until\"\n"
        "      3 |   - name: 订单\n"
        "        |     ^ the goal: the rung that ends a recipient's timeline\n"
        "r.yaml:4:13: error E102: unknown field \"clas\" in match\n"
        "      4 |     match: {clas: 订单通知, priority: hihg}\n"
        "        |             ^~~~ did you mean \"class\"? valid: app, class, priority, channel, "
        "labels.KEY, extras.KEY, title\n"
        "r.yaml:4:35: error E104: unknown priority \"hihg\"\n"
        "      4 |     match: {clas: 订单通知, priority: hihg}\n"
        "        |                                       ^~~~ did you mean \"high\"? valid: low, "
        "normal, high, critical\n"
        "r.yaml:5:15: error E110: \"5\" is not a duration with a unit\n"
        "      5 |     deadline: 5\n"
        "        |               ^ write 5s, 5m, 5h or 5d\n"
        "r.yaml:7:30: error E104: unknown kind \"smss\"\n"
        "      7 |       - {id: 短信, at: 1m, do: smss, template: 订单短信, unless: 已送达}\n"
        "        |                                ^~~~ did you mean \"sms\"? valid: push, sms, "
        "email, im, call, webhook\n"
        "r.yaml:7:60: error E104: unknown rung \"已送达\"\n"
        "      7 |       - {id: 短信, at: 1m, do: smss, template: 订单短信, unless: 已送达}\n"
        "        |                                                                  ^~~~~~ valid: "
        "accepted, sent, delivered, displayed, opened, acknowledged\n"
        "r.yaml:8:14: error E106: step \"短信\" is defined twice\n"
        "      8 |       - {id: 短信, at: 2m, do: push, wehn: x}\n"
        "        |              ^~~~ first in line 7\n"
        "r.yaml:8:36: error E102: unknown key \"wehn\" in a step\n"
        "      8 |       - {id: 短信, at: 2m, do: push, wehn: x}\n"
        "        |                                      ^~~~ valid: id, at, do, via, to, pick, "
        "template, ttl, replaces, if_no_contact, ack_link, unless, repeat\n");
}

static void hint_says_the_way_out(void **state)
{
    parse(STEPS "      - {id: a, at: 2, do: push}\n", NULL);
    assert_string_equal(conf_print(&diag),
                        "r.yaml:7:21: error E110: \"2\" is not a duration with a unit\n"
                        "      7 |       - {id: a, at: 2, do: push}\n"
                        "        |                     ^ write 2s, 2m, 2h or 2d\n");
}

/* --- what the environment knows ------------------------------------------------------------ */

static void references_are_checked(void **state)
{
    struct aw_templates templates;
    conf_file("t/order.yaml", "version: 1\nsms: {en: {text: hello}}\n");
    char dir[300];
    snprintf(dir, sizeof(dir), "%s/t", conf_dir());
    assert_int_equal(aw_templates_load(dir, &templates, &diag), 0);
    const struct aw_rules_world world = {
        .templates = &templates,
        .channels[AW_SMS] = (const char *const[]){"sms-a", NULL},
        .channels[AW_EMAIL] = (const char *const[]){"mail", NULL},
        .channels[AW_CALL] = (const char *const[]){NULL},
        .contacts = (const char *const[]){"noc", "li", NULL},
    };
    const char *text =
        STEPS "      - {id: a, at: 0s, do: sms, via: [sms-a, sms-b, mail], template: order}\n"
              "      - {id: b, at: 1m, do: [sms, push], template: order}\n"
              "      - {id: c, at: 2m, do: push, template: ordr, via: anything}\n"
              "      - {id: d, at: 3m, do: call, via: x, to: [\"contact:noc\", \"contact:nok\", "
              "\"user:li\"]}\n";
    assert_int_equal(parse(text, &world), AW_EINVAL);
    assert_string_equal(conf_codes(&diag),
                        "7:47 E120, 7:54 E120, 8:52 E122, 9:45 E121, 10:40 E120, 10:63 E123");
    assert_int_equal(parse(text, NULL), 0);
    aw_rules_free(rules);
    rules = NULL;
    text = STEPS "      - {id: a, at: 0s, do: sms, template: order, ack_link: true}\n"
                 "      - {id: b, at: 0s, do: sms, template: order, ack_link: false}\n"
                 "      - {id: c, at: 0s, do: [sms, im], ack_link: true}\n";
    assert_int_equal(parse(text, &world), 0);
    assert_string_equal(conf_codes(&diag), "7:51 W104, 9:40 W104, 9:40 W104");
    aw_templates_free(&templates);
}

/* A channel that sends audited templates only, named or by default. */
static void forms_are_demanded(void **state)
{
    static struct aw_channel_setting own = {"temp_id", "5"};
    struct aw_channel channels[] = {{.name = "plain", .provider = aw_provider_find("gateway")},
                                    {.name = "audited", .provider = aw_provider_find("jsms")}};
    struct aw_templates templates;
    conf_file("t/bare.yaml", "version: 1\nsms: {en: {text: hello}}\n");
    conf_file("t/half.yaml",
              "version: 1\nsms: {zh-CN: {text: a, jsms: {temp_id: 1}}, en: {text: b}}\n");
    conf_file("t/full.yaml", "version: 1\nsms: {en: {text: hello, jsms: {temp_id: 1}}}\n");
    char dir[300];
    snprintf(dir, sizeof(dir), "%s/t", conf_dir());
    assert_int_equal(aw_templates_load(dir, &templates, &diag), 0);
    const struct aw_rules_world world = {
        .templates = &templates,
        .channels[AW_SMS] = (const char *const[]){"plain", "audited", NULL},
        .list = channels,
        .n_list = 2,
    };
    const char *text =
        STEPS "      - {id: a, at: 0s, do: sms, via: [plain, audited], template: bare}\n"
              "      - {id: b, at: 1m, do: sms, template: bare}\n"
              "      - {id: c, at: 2m, do: sms, via: plain, template: bare}\n"
              "      - {id: d, at: 3m, do: sms, template: half}\n"
              "      - {id: e, at: 4m, do: sms, template: full}\n"
              "      - {id: f, at: 5m, do: sms}\n"
              "      - {id: g, at: 6m, do: [push, im]}\n";
    assert_int_equal(parse(text, &world), AW_EINVAL);
    const char *said = conf_print(&diag);
    assert_non_null(strstr(said, ":7:47: error E125: template \"bare\" has no form for jsms in en "
                                 "(sms), which channel \"audited\" needs"));
    assert_non_null(
        strstr(said, "add jsms: {temp_id: ...} to bare.yaml, or temp_id to the channel"));
    parse(text, &world);
    assert_string_equal(conf_codes(&diag), "7:47 E125, 8:44 E125, 10:44 E125, 12:25 E125");
    channels[1].settings = &own;
    channels[1].n_settings = 1;
    assert_int_equal(parse(text, &world), 0);
    aw_templates_free(&templates);
}

/* --- the set ------------------------------------------------------------------------------- */

#define RULE(name, match)                                                                          \
    "  - {name: " name ", match: " match                                                           \
    ", until: sent, deadline: 1h, steps: [{id: a, at: 0s, do: im}]}\n"

static void shadowed_rules_are_warned_of(void **state)
{
    static const struct {
        const char *first, *second;
        bool shadowed;
    } cases[] = {
        {"{}", "{class: a}", true},
        {"{class: a}", "{class: a}", true},
        {"{class: [a, b]}", "{app: x, class: b}", true},
        {"{class: a}", "{class: [a, b]}", false},
        {"{class: a, app: x}", "{class: a}", false},
        {"{labels.k: v}", "{labels.l: v}", false},
        {"{labels.k: v}", "{extras.k: v}", false},
        {"{labels.k: v}", "{labels.k: v, class: c}", true},
    };
    for (unsigned i = 0; i < AW_COUNT(cases); i++) {
        char text[1024];
        snprintf(text, sizeof(text),
                 "version: 1\nrules:\n  - {name: a, match: %s, until: sent, deadline: 1h, steps: "
                 "[{id: a, at: 0s, do: im}]}\n  - {name: b, match: %s, until: sent, deadline: 1h, "
                 "steps: [{id: a, at: 0s, do: im}]}\n",
                 cases[i].first, cases[i].second);
        assert_int_equal(parse(text, NULL), 0);
        assert_string_equal(conf_codes(&diag), cases[i].shadowed ? "4:15 W101" : "");
        aw_rules_free(rules);
        rules = NULL;
    }
}

static void directory_is_taken_as_a_whole(void **state)
{
    uint8_t hashes[2][32], set[32];
    const char *a = "version: 1\nrules:\n" RULE("one", "{class: a}") RULE("two", "{class: b}");
    const char *b = "version: 1\nrules:\n" RULE("three", "{class: c}");
    conf_file("20.yaml", b);
    conf_file("10.yaml", a);
    conf_file("10.test.yaml", "not: [read");
    conf_file(".hidden.yaml", "not: [read");
    conf_file("readme.md", "not: [read");
    conf_file("sub/30.yaml", "not: [read");
    conf_file("dir.yaml/x", "");
    assert_int_equal(aw_rules_load(conf_dir(), NULL, &rules, &diag), 0);
    assert_string_equal(conf_codes(&diag), "");
    assert_int_equal(rules->set.n, 3);
    assert_string_equal(rules->set.rules[0]->name, "one");
    assert_string_equal(rules->set.rules[2]->name, "three");
    assert_int_equal(rules->n_files, 2);
    aw_sha256(hashes[0], a, strlen(a));
    aw_sha256(hashes[1], b, strlen(b));
    aw_sha256(set, hashes, sizeof(hashes));
    assert_memory_equal(rules->set.sha256, set, 32);
    aw_rules_free(rules);
    rules = NULL;

    conf_file("30.yaml",
              "version: 1\nrules:\n" RULE("one", "{class: d}") RULE("four", "{clas: d}"));
    conf_file("40.yml", "");
    assert_int_equal(aw_rules_load(conf_dir(), NULL, &rules, &diag), AW_EINVAL);
    assert_null(rules);
    assert_string_equal(conf_codes(&diag), "3:12 E105, 4:26 E102, W103");
}

static void names_are_unique_over_files(void **state)
{
    conf_file("a.yaml", "version: 1\nrules:\n" RULE("one", "{class: a}"));
    const char *b = conf_file("b.yaml", "version: 1\nrules:\n" RULE("one", "{class: b}"));
    assert_int_equal(aw_rules_load(conf_dir(), NULL, &rules, &diag), AW_EINVAL);
    char expected[512];
    snprintf(expected, sizeof(expected), "%s:3:12: error E105", b);
    char text[2048];
    snprintf(text, sizeof(text), "%s", conf_print(&diag));
    assert_non_null(strstr(text, expected));
    assert_non_null(strstr(text, "a.yaml:3"));
}

static void empty_or_missing_directory(void **state)
{
    assert_int_equal(aw_rules_load(conf_dir(), NULL, &rules, &diag), AW_EINVAL);
    assert_string_equal(conf_codes(&diag), "E160");
    assert_int_equal(aw_rules_load("/nonexistent/rules", NULL, &rules, &diag), AW_EINVAL);
    assert_string_equal(conf_codes(&diag), "E100");
}

static void limits_hold(void **state)
{
    struct aw_buf b = AW_BUF_INIT(4 << 20);
    aw_buf_puts(&b, STEPS);
    for (int i = 0; i < 64; i++)
        aw_buf_printf(&b, "      - {id: s%d, at: %ds, do: push}\n", i, i);
    assert_int_equal(parse(aw_buf_str(&b), NULL), 0);
    assert_int_equal(rules->set.rules[0]->n_steps, 64);
    aw_rules_free(rules);
    rules = NULL;
    aw_buf_puts(&b, "      - {id: s64, at: 64s, do: push}\n");
    assert_int_equal(parse(aw_buf_str(&b), NULL), AW_EINVAL);
    assert_string_equal(conf_codes(&diag), "6:5 E112");
    while (b.n < (1 << 20))
        aw_buf_puts(&b, "# filling the file with comments, so that it becomes too large\n");
    assert_int_equal(parse(aw_buf_str(&b), NULL), AW_EINVAL);
    assert_string_equal(conf_codes(&diag), "1:1 E009");
    aw_buf_free(&b);
}

/* A name of 64 bytes is fine, one more is not; Chinese counts three bytes a character. */
static void names_have_64_bytes(void **state)
{
    static const char *const names[] = {
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "订单订单订单订单订单订单订单订单订单订单a",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab",
        "订单订单订单订单订单订单订单订单订单订单订单"};
    for (unsigned i = 0; i < 4; i++) {
        char text[512];
        snprintf(text, sizeof(text),
                 "version: 1\nrules: [{name: %s, until: sent, deadline: 1h, steps: [{id: a, at: "
                 "0s, do: im}]}]\n",
                 names[i]);
        assert_int_equal(parse(text, NULL), i < 2 ? 0 : AW_EINVAL);
        assert_string_equal(conf_codes(&diag), i < 2 ? "" : "2:16 E114");
        aw_rules_free(rules);
        rules = NULL;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(every_field_lands, teardown),
        cmocka_unit_test_teardown(every_field_of_a_step_lands, teardown),
        cmocka_unit_test_teardown(hashes_pin_the_text, teardown),
        cmocka_unit_test_teardown(each_mistake_has_code_and_place, teardown),
        cmocka_unit_test_teardown(all_mistakes_come_in_one_run, teardown),
        cmocka_unit_test_teardown(hint_says_the_way_out, teardown),
        cmocka_unit_test_teardown(forms_are_demanded, teardown),
        cmocka_unit_test_teardown(references_are_checked, teardown),
        cmocka_unit_test_teardown(shadowed_rules_are_warned_of, teardown),
        cmocka_unit_test_teardown(directory_is_taken_as_a_whole, teardown),
        cmocka_unit_test_teardown(names_are_unique_over_files, teardown),
        cmocka_unit_test_teardown(empty_or_missing_directory, teardown),
        cmocka_unit_test_teardown(limits_hold, teardown),
        cmocka_unit_test_teardown(names_have_64_bytes, teardown),
    };
    aw_diag_init(&diag);
    return cmocka_run_group_tests_name("rules", tests, NULL, NULL);
}
