/* SPDX-License-Identifier: Apache-2.0
 *
 * Reasons in words: which rule takes a message, and why a timeline's next step is when it is. The
 * timelines are those that the engine makes.
 */
#include "../lib/unit.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/explain.h"

#define NOW ((aw_time)1795312800000) /* 2026-11-22T02:00:00Z */

static const char *const order[] = {"order", "parcel*"}, *const high[] = {"high"},
                         *const shop[] = {"shop"};
static const struct aw_match_term by_class[] = {
    {.field = AW_MATCH_CLASS, .globs = order, .n_globs = 2},
    {.field = AW_MATCH_LABEL, .key = "zone", .globs = high, .n_globs = 1}};
static const struct aw_match_term by_app[] = {
    {.field = AW_MATCH_APP, .globs = shop, .n_globs = 1},
    {.field = AW_MATCH_PRIORITY, .globs = high, .n_globs = 1}};

static const struct aw_step steps[] = {
    {.id = "push",
     .kinds = {AW_PUSH},
     .n_kinds = 1,
     .to = {{AW_TO_RECIPIENT}},
     .n_to = 1,
     .times = 1,
     .ttl_until = -1,
     .replaces = -1,
     .line = 7},
    {.id = "text",
     .at = 5 * AW_MINUTE,
     .kinds = {AW_SMS},
     .n_kinds = 1,
     .to = {{AW_TO_RECIPIENT}},
     .n_to = 1,
     .unless = AW_DELIVERED,
     .every = 10 * AW_MINUTE,
     .times = 2,
     .ttl_until = -1,
     .replaces = -1,
     .line = 8},
};
#define REST                                                                                       \
    .until = AW_ACKNOWLEDGED, .deadline = 30 * AW_MINUTE, .max_age = AW_DAY, .steps = steps,       \
    .n_steps = 2
static struct aw_rule parcel = {.name = "parcel", .match = by_class, .n_match = 2, REST};
static struct aw_rule shops = {.name = "shops", .match = by_app, .n_match = 2, REST};
static struct aw_rule rest = {.name = "rest", .claim_hold = AW_HOUR, REST};
static struct aw_rule *const list[] = {&parcel, &shops, &rest};
static const struct aw_ruleset set = {.rules = list, .n = 3};

static void expect_match(const struct aw_registration *reg, const char *app, const char *want)
{
    struct aw_match_input in = {.reg = reg, .app = app};
    struct aw_buf b = AW_BUF_INIT(65536);
    struct aw_jsonw w;

    aw_jw_init(&w, &b);
    aw_jw_object(&w, NULL);
    const struct aw_rule *taken = aw_explain_match_json(&w, AW_LANG_EN, &set, &in);
    aw_jw_end(&w, '}');
    assert_string_equal(aw_buf_str(&b), want);
    if (!reg->rule)
        assert_ptr_equal(taken, aw_ruleset_match(&set, &in)); /* the matcher's word */
    aw_buf_free(&b);
}

#define RULE(name, verdict, code, text)                                                            \
    "{\"rule\":\"" name "\",\"verdict\":\"" verdict "\",\"why\":[{\"code\":\"" code                \
    "\",\"text\":\"" text "\"}]}"

static void test_match(void **state)
{
    struct aw_registration reg = {.class_ = "mail", .priority = AW_HIGH};
    const struct aw_registration labelled = {.class_ = "parcel-7", .priority = AW_LOW};
    const struct aw_registration named = {.rule = "shops", .priority = AW_LOW};

    expect_match(
        &reg, "shop",
        "{\"rules\":[" RULE("parcel", "not", "no-match",
                            "class is \\\"mail\\\", it wants \\\"order\\\" or "
                            "\\\"parcel*\\\"") ",{\"rule\":\"shops\",\"verdict\":\"takes\","
                                               "\"why\":[{\"code\":\"match\",\"text\":\"app is "
                                               "\\\"shop\\\"\"},{\"code\":\"match\","
                                               "\"text\":\"priority is \\\"high\\\"\"}]}," RULE(
                                                   "rest", "later", "later",
                                                   "it would, too, but \\\"shops\\\" stands before "
                                                   "it") "],\"rule\":\"shops\"}");
    expect_match(
        &labelled, "bank",
        "{\"rules\":[" RULE("parcel", "not", "no-match", "the message has no labels.zone, it wants \\\"high\\\"") "," RULE(
            "shops", "not", "no-match",
            "app is \\\"bank\\\", it wants \\\"shop\\\"") "," RULE("rest", "takes", "match",
                                                                   "it takes every "
                                                                   "message") "],"
                                                                              "\"rule\""
                                                                              ":\"rest"
                                                                              "\"}");
#define UNASKED(name) RULE(name, "unasked", "named", "the registration names \\\"shops\\\"")
    expect_match(&named, "shop",
                 "{\"rules\":[" UNASKED("parcel") "," RULE(
                     "shops", "takes", "named",
                     "the registration names it") "," UNASKED("rest") "],\"rule\":\"shops\"}");
    expect_match(
        &named, "bank",
        "{\"rules\":[" UNASKED("parcel") "," RULE(
            "shops", "not", "no-match",
            "app is \\\"bank\\\", it wants \\\"shop\\\"") "," UNASKED("rest") "],\"rule\":null}");
    reg.rule = "none";
    struct aw_match_input in = {.reg = &reg, .app = "shop"};
    struct aw_buf b = AW_BUF_INIT(65536);
    struct aw_jsonw w;
    aw_jw_init(&w, &b);
    assert_null(aw_explain_match_json(&w, AW_LANG_ZH, &set, &in));
    aw_buf_free(&b);
}

/* --- a timeline ---------------------------------------------------------------------------------
 */

static void note(void *ctx, const char *code, const char *text)
{
    aw_buf_printf(ctx, "%s: %s\n", code, text);
}

static void expect_why(const struct aw_rule *rule, const struct aw_timeline *tl, aw_ms after,
                       const char *want)
{
    struct aw_buf b = AW_BUF_INIT(65536);
    struct aw_explain e = {AW_LANG_EN, &b, note};

    aw_explain_timeline(&e, rule, tl, NOW + after);
    assert_string_equal(aw_buf_str(&b), want);
    aw_buf_free(&b);
}

static void open_timeline(struct aw_timeline *tl)
{
    memset(tl, 0, sizeof(*tl));
    tl->state = AW_OPEN;
    tl->registered = tl->base = NOW;
}

#define ENDS                                                                                       \
    "deadline: its deadline is 2026-11-22T02:30:00.000Z\n"                                         \
    "max-age: nothing goes on after 2026-11-23T02:00:00.000Z, whatever holds it\n"
#define COULD                                                                                      \
    "could-confirm: all of it ends once the message is acknowledged\n"                             \
    "could-no-contact: when nobody there has such an address, the step behind it comes at once\n"

static void test_timeline(void **state)
{
    struct aw_timeline *tl = aw_malloc(sizeof(*tl));

    open_timeline(tl);
    expect_why(&rest, tl, 0,
               "next: next is push (push), at 2026-11-22T02:00:00.000Z, in 0s\n"
               "plan: the rule has it 0s after the registration, which was at "
               "2026-11-22T02:00:00.000Z (line 7)\n" ENDS COULD
               "could-person: a person can snooze, claim, escalate or cancel it\n");
    tl->n_tracks = 2;
    tl->tracks[0] = (struct aw_track){.step = 0, .kind = AW_PUSH, .round = 2, .over = true};
    tl->tracks[1] = (struct aw_track){
        .step = 1, .kind = AW_SMS, .round = 2, .due = NOW + 20 * AW_MINUTE, .why = AW_WHY_CHANNEL};
    tl->n_tries = 2;
    tl->tries[0] = (struct aw_try){.step = 0, .kind = AW_PUSH, .state = AW_TRY_FLYING};
    tl->tries[1] = (struct aw_try){
        .step = 1, .kind = AW_SMS, .state = AW_TRY_WAITING, .due = NOW + 6 * AW_MINUTE};
    tl->hold = (struct aw_hold){NOW, NOW + 2 * AW_MINUTE, 2 * AW_MINUTE};
    for (unsigned k = 0; k < AW_N_KINDS; k++)
        tl->kind_hold[k] = tl->hold;
    tl->snoozed = NOW + 2 * AW_MINUTE;
    tl->moved = 90 * AW_SECOND;
    expect_why(&parcel, tl, AW_MINUTE,
               "next: next is SMS (text), round 2, at 2026-11-22T02:20:00.000Z, in 19m\n"
               "plan: the rule has it 15m after the registration, which was at "
               "2026-11-22T02:00:00.000Z (line 8)\n"
               "shift: holds put it off by 2m in all\n"
               "held: a person holds the plan until 2026-11-22T02:02:00.000Z\n"
               "deferred: it was put off: no channel can be sent to now\n"
               "deadline: its deadline is 2026-11-22T02:33:30.000Z\n"
               "downtime: the deadline moved by 1m30s while we were down\n"
               "max-age: nothing goes on after 2026-11-23T02:00:00.000Z, whatever holds it\n"
               "try: push (push) is on its way to the provider\n"
               "try: SMS (text) is tried again at 2026-11-22T02:06:00.000Z\n"
               "could-skip: it is skipped once the message is delivered\n"
               "could-confirm: all of it ends once the message is acknowledged\n"
               "could-advance: it comes at once when what is on its way turns out to reach nobody\n"
               "could-no-contact: when nobody there has such an address, the step behind it comes "
               "at once\n"
               "could-person: a person can snooze, escalate or cancel it\n");
    aw_free(tl);
}

static void test_others(void **state)
{
    struct aw_timeline *tl = aw_malloc(sizeof(*tl));

    open_timeline(tl);
    tl->base = NOW - AW_MINUTE;
    tl->n_tracks = 1;
    tl->tracks[0] = (struct aw_track){
        .step = 0, .kind = AW_PUSH, .round = 1, .due = NOW + 1, .why = AW_WHY_ADVANCED};
    struct aw_buf b = AW_BUF_INIT(65536);
    struct aw_explain e = {AW_LANG_EN, &b, note};
    aw_explain_timeline(&e, &parcel, tl, NOW);
    assert_non_null(strstr(aw_buf_str(&b), "plan: the rule has it 0s after the application's own "
                                           "push, which was at 2026-11-22T01:59:00.000Z"));
    assert_non_null(strstr(aw_buf_str(&b), "advanced: it was brought forward"));
    aw_buf_reset(&b);
    tl->escalated = (struct aw_escalation){.at = NOW, .step = 0, .round = 1};
    aw_explain_timeline(&e, &parcel, tl, NOW);
    assert_non_null(strstr(aw_buf_str(&b), "escalated: a person wanted it now"));
    aw_buf_reset(&b);
    open_timeline(tl);
    tl->n_tracks = 2;
    tl->tracks[0] = (struct aw_track){.step = 0, .kind = AW_PUSH, .round = 2, .over = true};
    tl->tracks[1] = (struct aw_track){.step = 1, .kind = AW_SMS, .round = 3, .over = true};
    aw_explain_timeline(&e, &parcel, tl, NOW);
    assert_true(
        aw_starts(aw_buf_str(&b), "last: no step is left: it waits for its deadline\n" ENDS));
    aw_buf_reset(&b);
    tl->n_tracks = 0;
    tl->kind_hold[AW_PUSH] = tl->kind_hold[AW_SMS] = (struct aw_hold){NOW, NOW + AW_HOUR, AW_HOUR};
    tl->hold = tl->kind_hold[AW_PUSH];
    tl->absence = (struct aw_absence){.from = NOW, .until = NOW + 2 * AW_HOUR};
    static const struct aw_hours night = {.calendar = "night", .kinds = 1 << AW_PUSH | 1 << AW_SMS};
    struct aw_rule quiet = parcel;
    quiet.hours = &night;
    quiet.n_hours = 1;
    quiet.suppress = true;
    aw_explain_timeline(&e, &quiet, tl, NOW);
    assert_non_null(strstr(aw_buf_str(&b),
                           "hours: the hours of the rule hold it until 2026-11-22T03:00:00.000Z"));
    assert_non_null(strstr(aw_buf_str(&b), "absent: pushes wait for the recipient to log in, until "
                                           "2026-11-22T04:00:00.000Z at most"));
    assert_non_null(
        strstr(aw_buf_str(&b), "could-hours: the calendar \"night\" can hold or skip it"));
    assert_non_null(strstr(aw_buf_str(&b), "could-suppress: "));
    aw_buf_free(&b);
    tl->state = AW_EXHAUSTED;
    expect_why(&parcel, tl, 0, "ended: it has ended: exhausted\n");
    aw_free(tl);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_match),
        cmocka_unit_test(test_timeline),
        cmocka_unit_test(test_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
