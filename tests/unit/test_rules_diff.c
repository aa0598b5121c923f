/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules compared in words: one change at a time, and what a person would be told of it.
 */
#include "../lib/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "conf/rules_diff.h"

/* A rule of lines, of which each case replaces some. */
static const char *const lines[] = {
    "version: 1",
    "rules:",
    "  - name: parcel",
    "    title: {en: Parcel}",
    "    match: {class: parcel, labels.zone: [a, b]}",
    "    until: acknowledged",
    "    deadline: 1h",
    "    check: {first: 15s, every: 30s}",
    "    steps:",
    "      - {id: push, at: 0s, do: push}",
    "      - {id: text, at: 5m, do: sms, unless: delivered}",
    "      - {id: ring, at: 10m, do: call, to: manager, repeat: {every: 10m, times: 2}}",
    "    exhausted: {do: email, to: \"contact:duty\"}",
};

struct change {
    const char *was; /* how the line begins that is replaced; NULL: none */
    const char *line;
    const char *told; /* "code: text" of each note, with a line end */
};

static const struct change changes[] = {
    {NULL, NULL, ""},
    {"version", "# a comment\nversion:   1", ""},
    {"    title", "    title: {en: Box}",
     "title: people read \"Box\" as its name, not \"Parcel\"\n"},
    {"    title", "    title: {zh-CN: 包裹}",
     "title: people read \"包裹\" as its name, not \"parcel\"\n"
     "title: it is no longer called \"Parcel\"\n"},
    {"    match", "    match: {class: [parcel, order], labels.zone: [b, a]}",
     "match: it takes messages whose class is \"parcel\" or \"order\", instead of \"parcel\"\n"},
    {"    match", "    match: {class: parcel, priority: high}",
     "match: it takes only messages whose priority is \"high\"\n"
     "match: it takes messages whatever their labels.zone is\n"},
    {"    until", "    until: opened",
     "until: it ends once it is opened, instead of acknowledged\n"},
    {"    until", "    until: acknowledged\n    of: any",
     "of: the message is confirmed by any recipient, instead of all recipients\n"},
    {"    until", "    until: acknowledged\n    of: \"80%\"",
     "of: the message is confirmed by 80 percent of the recipients, instead of all recipients\n"},
    {"    until", "    until: acknowledged\n    of: 3",
     "of: the message is confirmed by 3 recipients, instead of all recipients\n"},
    {"    deadline",
     "    deadline: 1h\n    by: anyone\n    inbox_read: acknowledged\n    catch_up: never",
     "by: the acknowledgement of anyone who was told counts, too\n"
     "inbox-read: what was read in the inbox is acknowledged, instead of opened\n"
     "catch-up: what was missed in a downtime is made up for: never, instead of always\n"},
    {"    deadline",
     "    deadline: 1h\n    catch_up: 30m\n    after_ack: {reopen_after: 2h, unless: closed}",
     "catch-up: what was missed in a downtime is made up for: 30 minutes, instead of always\n"
     "after-ack: a confirmed message comes back after 2 hours\n"},
    {"      - {id: text",
     "      - {id: text, at: 5m, do: sms, unless: {rung: delivered, devices: all}}",
     "unless: SMS (text): it is skipped when all devices have that\n"},
    {"    deadline", "    deadline: 1h30m",
     "deadline-later: the deadline is 30 minutes later: 1h30m instead of 1h\n"},
    {"    deadline", "    deadline: 30m",
     "deadline-earlier: the deadline is 30 minutes earlier: 30m instead of 1h\n"},
    {"    deadline", "    deadline: 1h\n    max_age: 2d\n    claim: {hold: 1h}\n    retention: 30d",
     "max-age: nothing of it goes on after 2 days, instead of 1 day\n"
     "retention: closed messages are kept for 30 days, instead of what the environment says\n"
     "claim: somebody else may claim it: the plan waits 1 hour then\n"},
    {"    check", "    check: {first: 20s, every: 1m, backoff: 2, stop: 12h, settle: 31s}",
     "check: the first question for receipts comes after 20 seconds, instead of 15 seconds\n"
     "check: further ones come after 1 minute, instead of 30 seconds\n"
     "check: questions for receipts end after 12 hours, instead of 1 day\n"
     "check: before a step a question is awaited for 31 seconds, instead of 5 seconds\n"
     "check: receipts are asked for 2.00 times as slowly from one question to the next, instead of "
     "1.50\n"},
    {"      - {id: text", "      - {id: text, at: 8m, do: sms, unless: delivered}",
     "later: SMS (text) comes 3 minutes later: at 8m instead of 5m\n"},
    {"      - {id: text", "      - {id: text, at: 30s, do: sms, unless: delivered}",
     "earlier: SMS (text) comes 4 minutes 30 seconds earlier: at 30s instead of 5m\n"},
    {"      - {id: text", "      - {id: text, at: 5m, do: [sms, im], unless: delivered}",
     "kind-more: the step text goes by IM, too\n"
     "sends: if nobody answers: 1 x IM a recipient, instead of 0\n"},
    {"      - {id: text", "      - {id: text, at: 5m, do: sms}",
     "unless: SMS (text) is sent even when it was delivered before\n"},
    {"      - {id: text", "      - {id: text, at: 5m, do: sms, unless: opened}",
     "unless: SMS (text) is skipped once it was opened, instead of delivered\n"},
    {"      - {id: push", "      - {id: push, at: 0s, do: push, unless: delivered}",
     "unless: push (push) is skipped once it was delivered\n"},
    {"      - {id: push", "      - {id: push, at: 0s, do: push, ttl: until ring}",
     "ttl: push (push) waits for the phone until the step ring, instead of as long as the provider "
     "keeps it\n"},
    {"      - {id: push", "      - {id: push, at: 0s, do: push, ttl: 1m, via: [a, b]}",
     "via: push (push) goes over a, b, instead of all channels by weight\n"
     "ttl: push (push) waits for the phone 1 minute, instead of as long as the provider keeps "
     "it\n"},
    {"      - {id: text", "      - {id: text, at: 5m, do: push, replaces: push, unless: delivered}",
     "kind-more: the step text goes by push, too\n"
     "kind-less: the step text no longer goes by SMS\n"
     "replaces: push (text) takes the place of \"push\" on the phone\n"
     "sends: if nobody answers: 2 x push a recipient, instead of 1\n"
     "kind-gone: no SMS is sent any more\n"},
    {"      - {id: text",
     "      - {id: text, at: 5m, do: sms, unless: delivered, template: t, ack_link: true, "
     "if_no_contact: skip}",
     "if-no-contact: SMS (text): when nobody can be reached, the next step keeps its time\n"
     "template: SMS (text) says \"t\", instead of \"the message's own text\"\n"
     "ack-link: SMS (text): it has a link to confirm now\n"},
    {"      - {id: ring", "      - {id: ring, at: 10m, do: call, to: manager}",
     "repeat: call (ring) comes once, instead of every 10 minutes, 2 times in all\n"
     "sends: if nobody answers: 1 x call a recipient, instead of 2\n"},
    {"      - {id: ring",
     "      - {id: ring, at: 10m, do: call, to: manager, repeat: {every: 10m, times: until_goal}}",
     "repeat: call (ring) comes every 10 minutes until the goal or the deadline, instead of every "
     "10 minutes, 2 times in all\n"
     "sends: if nobody answers: 6 x call a recipient, instead of 2\n"},
    {"      - {id: ring",
     "      - {id: ring, at: 10m, do: call, to: [manager, \"user:wang\"], pick: all, "
     "repeat: {every: 10m, times: 2}}",
     "to: call (ring) goes to the manager and user:wang, instead of the manager\n"
     "sends: if nobody answers: 4 x call a recipient, instead of 2\n"},
    {"      - {id: ring", "",
     "step-gone: call (ring) at 10m to the manager is no longer sent\n"
     "kind-gone: nobody is called any more\n"},
    {"      - {id: ring",
     "      - {id: ring, at: 10m, do: call, to: manager, repeat: {every: 10m, times: 2}}\n"
     "      - {id: mail, at: 20m, do: email}",
     "step-new: e-mail (mail) comes at 20m to the recipient\n"
     "sends: if nobody answers: 2 x e-mail a recipient, instead of 1\n"},
    {"    exhausted", "",
     "step-gone: when nobody confirmed, e-mail (exhausted) to contact:duty is no longer sent\n"
     "kind-gone: no e-mail is sent any more\n"},
    {"    exhausted", "    exhausted: {do: email, to: manager}",
     "to: e-mail (exhausted) goes to the manager, instead of contact:duty\n"},
};

static struct aw_rules *parse(const char *text)
{
    struct aw_rules_world world = {0};
    struct aw_rules *rules = NULL;
    struct aw_diag diag;

    aw_diag_init(&diag);
    if (aw_rules_parse("r.yaml", text, strlen(text), &world, &rules, &diag) < 0)
        fail_msg("%s in\n%s", diag.items[0].text, text);
    aw_diag_free(&diag);
    return rules;
}

static struct aw_rules *changed(const struct change *c)
{
    struct aw_buf b = AW_BUF_INIT(65536);

    for (unsigned i = 0; i < AW_COUNT(lines); i++)
        aw_buf_printf(&b, "%s\n", c->was && aw_starts(lines[i], c->was) ? c->line : lines[i]);
    struct aw_rules *r = parse(aw_buf_str(&b));
    aw_buf_free(&b);
    return r;
}

static void on_note(void *ctx, const struct aw_rules_note *n)
{
    assert_string_equal(n->rule, "parcel");
    assert_string_equal(n->change, "changed");
    aw_buf_printf(ctx, "%s: %s\n", n->code, n->text);
}

static unsigned lines_in(const char *s)
{
    unsigned n = 0;
    for (; *s; s++)
        n += *s == '\n';
    return n;
}

static void test_changes(void **state)
{
    struct aw_rules *a = changed(&changes[0]);

    for (unsigned i = 0; i < AW_COUNT(changes); i++) {
        struct aw_rules *b = changed(&changes[i]);
        struct aw_buf told = AW_BUF_INIT(65536);
        unsigned n = aw_rules_diff(AW_LANG_EN, a, b, NULL, on_note, &told);
        assert_string_equal(aw_buf_str(&told), changes[i].told);
        assert_int_equal(n, lines_in(changes[i].told));
        aw_buf_reset(&told);
        /* and back: as many keys differ, whatever the words */
        n = aw_rules_diff(AW_LANG_ZH, b, a, "parcel", on_note, &told);
        assert_int_equal(n, lines_in(aw_buf_str(&told)));
        assert_int_equal(n == 0, changes[i].told[0] == 0);
        assert_int_equal(aw_rules_diff(AW_LANG_EN, b, b, NULL, on_note, &told), 0);
        aw_buf_free(&told);
        aw_rules_free(b);
    }
    aw_rules_free(a);
}

/* --- sets ---------------------------------------------------------------------------------------
 */

#define RULE(name)                                                                                 \
    "  - {name: " name ", until: opened, deadline: 1h, steps: [{id: p, at: 0s, do: push}]}\n"

static void on_set(void *ctx, const struct aw_rules_note *n)
{
    aw_buf_printf(ctx, "%s %s %s\n", n->rule, n->change, n->code);
}

static void test_sets(void **state)
{
    struct aw_rules *a = parse("version: 1\nrules:\n" RULE("a") RULE("b") RULE("c"));
    struct aw_rules *b = parse("version: 1\nrules:\n" RULE("b") RULE("a") RULE("d"));
    struct aw_buf told = AW_BUF_INIT(65536);

    assert_int_equal(aw_rules_diff(AW_LANG_EN, a, b, NULL, on_set, &told), 4);
    assert_string_equal(aw_buf_str(&told), "b changed place\n"
                                           "d added added\n"
                                           "d added step-new\n"
                                           "c removed removed\n");
    aw_buf_reset(&told);
    assert_int_equal(aw_rules_diff(AW_LANG_EN, a, b, "c", on_set, &told), 1);
    assert_string_equal(aw_buf_str(&told), "c removed removed\n");
    aw_buf_free(&told);
    aw_rules_free(a);
    aw_rules_free(b);
}

/* What has no words yet is shown as it stands. */
static void test_other_keys(void **state)
{
    static const char *const heads[] = {"version: 1\n",
                                        "version: 1\ndefaults: {presence: {logged_out: hold}}\n",
                                        "version: 1\ndefaults: {presence: {logged_out: skip}}\n"};
    static const char *const told_of[3][3] = {
        {"", "it has now \"presence: {logged_out: hold}\"", NULL},
        {"it has no \"presence\" any more (was {logged_out: hold})", "",
         "\"presence\" is {logged_out: skip}, instead of {logged_out: hold}"},
    };
    for (unsigned i = 0; i < 2; i++)
        for (unsigned k = 0; k < 3; k++) {
            char one[512], two[512];
            struct aw_buf told = AW_BUF_INIT(65536);
            if (!told_of[i][k])
                continue;
            snprintf(one, sizeof(one), "%srules:\n" RULE("parcel"), heads[i]);
            snprintf(two, sizeof(two), "%srules:\n" RULE("parcel"), heads[k]);
            struct aw_rules *a = parse(one), *b = parse(two);
            unsigned n = aw_rules_diff(AW_LANG_EN, a, b, NULL, on_note, &told);
            assert_int_equal(n, told_of[i][k][0] ? 1 : 0);
            if (n)
                assert_non_null(strstr(aw_buf_str(&told), told_of[i][k]));
            aw_buf_free(&told);
            aw_rules_free(a);
            aw_rules_free(b);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_changes),
        cmocka_unit_test(test_sets),
        cmocka_unit_test(test_other_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
