/* SPDX-License-Identifier: Apache-2.0
 *
 * The questions beside the decisions: times, lifetimes, when to ask, what does not fit. What the
 * engine decides is told by the traces in tests/golden/.
 */
#include "core/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/mem.h"
#include "core_world.h"

#define AT(ms) (WORLD_START + (ms))

static struct world_run x;

/* push at 0s; text at 5m every 10m, 3 times, unless delivered; boss at 40m to the manager. */
static void begin(void)
{
    struct aw_step *s;

    world_init(&x);
    world_person(&x, "li");
    x.w.manager = world_person(&x, "wang");
    for (unsigned p = 0; p < 2; p++)
        x.w.has[p][AW_PUSH] = x.w.has[p][AW_SMS] = true;
    s = world_step(&x, "push", 0, AW_PUSH);
    s->ttl_until = 1;
    world_target(&x, s, AW_TO_RECIPIENT, NULL);
    s = world_step(&x, "text", 5 * AW_MINUTE, AW_SMS);
    s->every = 10 * AW_MINUTE;
    s->times = 3;
    s->unless = AW_DELIVERED;
    world_target(&x, s, AW_TO_RECIPIENT, NULL);
    s = world_step(&x, "boss", 40 * AW_MINUTE, AW_PUSH);
    s->ttl = 90 * AW_SECOND;
    s->kinds[s->n_kinds++] = AW_SMS;
    world_target(&x, s, AW_TO_MANAGER, NULL);
    assert_int_equal(world_event(&x, &(struct aw_event){.type = AW_EV_REGISTER, .at = AT(0)}), 0);
}

static void go(aw_ms to)
{
    while (x.tl.due != 0 && x.tl.due <= AT(to)) {
        x.env.now = x.tl.due;
        world_due(&x);
    }
    x.env.now = AT(to);
}

static void event(struct aw_event ev)
{
    assert_int_equal(world_event(&x, &ev), 0);
}

static unsigned ttl_at(unsigned step, aw_time now)
{
    struct aw_env env = x.env;
    env.now = now;
    return aw_engine_ttl(&x.rule.r, &x.tl, step, &env);
}

static void test_planned(void **state)
{
    begin();
    const struct aw_rule *r = &x.rule.r;
    assert_int_equal(aw_engine_planned(r, &x.tl, 0, AW_SMS, 1), AT(0));
    assert_int_equal(aw_engine_planned(r, &x.tl, 0, AW_SMS, 2), 0);
    assert_int_equal(aw_engine_planned(r, &x.tl, 1, AW_SMS, 1), AT(5 * AW_MINUTE));
    assert_int_equal(aw_engine_planned(r, &x.tl, 1, AW_SMS, 3), AT(25 * AW_MINUTE));
    assert_int_equal(aw_engine_planned(r, &x.tl, 1, AW_SMS, 4), 0);
    assert_int_equal(aw_engine_planned(r, &x.tl, 1, AW_SMS, 0), 0);
    assert_int_equal(aw_engine_planned(r, &x.tl, 3, AW_SMS, 1), 0);
    assert_int_equal(aw_engine_planned(r, &x.tl, AW_STEP_EXHAUSTED, AW_SMS, 1), 0);
    x.rule.steps[1].times = 0; /* until the goal */
    assert_int_equal(aw_engine_planned(r, &x.tl, 1, AW_SMS, 6), AT(55 * AW_MINUTE));
    assert_int_equal(aw_engine_planned(r, &x.tl, 1, AW_SMS, 7), 0); /* 65 m: after the deadline */
    x.tl.moved = 5 * AW_MINUTE;
    assert_int_equal(aw_engine_planned(r, &x.tl, 1, AW_SMS, 7), AT(65 * AW_MINUTE)); /* at it */
    x.rule.r.deadline = 3650 * AW_DAY;
    x.rule.steps[1].every = 1;
    assert_int_equal(aw_engine_planned(r, &x.tl, 1, AW_SMS, UINT16_MAX),
                     0); /* rounds are bounded */
}

static void test_next(void **state)
{
    enum aw_kind kind = AW_WEBHOOK;
    unsigned step = 9, round = 9;

    begin();
    assert_int_equal(aw_engine_next(&x.rule.r, &x.tl, &step, &kind, &round), AT(0));
    assert_true(step == 0 && kind == AW_PUSH && round == 1);
    go(6 * AW_MINUTE);
    assert_int_equal(aw_engine_next(&x.rule.r, &x.tl, &step, &kind, &round), AT(15 * AW_MINUTE));
    assert_true(step == 1 && kind == AW_SMS && round == 2);
    go(41 * AW_MINUTE);
    assert_int_equal(aw_engine_next(&x.rule.r, &x.tl, &step, &kind, &round), 0);
    assert_int_equal(x.tl.due, AT(AW_HOUR)); /* the deadline is left */
    go(AW_HOUR);
    assert_int_equal(x.tl.state, AW_EXHAUSTED);
    assert_int_equal(aw_engine_next(&x.rule.r, &x.tl, &step, &kind, &round), 0);
}

static aw_time due_of(unsigned step, enum aw_kind kind, unsigned want_round)
{
    unsigned round = 0;
    aw_time due = aw_engine_due(&x.rule.r, &x.tl, step, kind, &round);
    assert_int_equal(round, want_round);
    return due;
}

/* What is planned, as people act: holds, what an escalate wants and what it passes over. */
static void test_due_as_people_act(void **state)
{
    unsigned step, round;

    begin();
    go(AW_MINUTE);
    assert_int_equal(due_of(0, AW_PUSH, 0), 0); /* it has run */
    assert_int_equal(due_of(1, AW_SMS, 1), AT(5 * AW_MINUTE));
    assert_int_equal(due_of(1, AW_PUSH, 0), 0); /* no kind of the step */
    assert_int_equal(due_of(3, AW_PUSH, 0), 0);
    event((struct aw_event){.type = AW_EV_HOLD, .at = AT(AW_MINUTE), .why = AW_WHY_SNOOZED});
    assert_int_equal(x.up.n_facts, 0); /* it would end at once */
    event((struct aw_event){.type = AW_EV_HOLD, .at = AT(AW_HOUR), .why = AW_WHY_SNOOZED});
    assert_int_equal(due_of(1, AW_SMS, 1), AT(64 * AW_MINUTE));
    assert_int_equal(aw_deadline(&x.rule.r, &x.tl), AT(119 * AW_MINUTE));
    assert_int_equal(aw_end_of_life(&x.rule.r, &x.tl), AT(AW_DAY));
    assert_int_equal(aw_engine_ask_at(&x.rule.r, &x.tl), AT(64 * AW_MINUTE - 5 * AW_SECOND));
    /* A push sent now must live until the text that is held. */
    assert_int_equal(ttl_at(0, x.env.now), 63 * 60 - 15);
    /* The clock is set back: what is held is held, and a resume ends it all the same. */
    x.env.now = AT(0);
    assert_true(aw_timeline_held(&x.tl, x.env.now));
    event((struct aw_event){.type = AW_EV_RESUME});
    assert_int_equal(due_of(1, AW_SMS, 1), AT(5 * AW_MINUTE));

    assert_true(aw_engine_escalation(&x.rule.r, &x.tl, AW_STEP_NEXT, &step, &round));
    assert_int_equal(step, 1);
    assert_false(aw_engine_escalation(&x.rule.r, &x.tl, 0, &step, &round));
    event((struct aw_event){.type = AW_EV_ESCALATE, .step = 2});
    assert_int_equal(due_of(1, AW_SMS, 0), 0);
    assert_int_equal(due_of(2, AW_PUSH, 1), AT(0));
    assert_int_equal(due_of(2, AW_SMS, 1), AT(0));
    event((struct aw_event){.type = AW_EV_CANCEL});
    assert_int_equal(due_of(2, AW_PUSH, 0), 0);
    assert_false(aw_engine_escalation(&x.rule.r, &x.tl, AW_STEP_NEXT, &step, &round));
}

static void test_ttl(void **state)
{
    begin();
    assert_int_equal(ttl_at(0, AT(0)), 5 * 60 - 15);
    assert_int_equal(ttl_at(0, AT(4 * AW_MINUTE + 30 * AW_SECOND)), 30); /* floor */
    assert_int_equal(ttl_at(1, AT(0)), 0); /* the provider's default */
    assert_int_equal(ttl_at(2, AT(0)), 90);
    assert_int_equal(ttl_at(7, AT(0)), 0);
    x.rule.steps[0].ttl_until = 2; /* two kinds: both are due at once */
    assert_int_equal(ttl_at(0, AT(0)), 40 * 60 - 15);
    x.rule.steps[0].ttl_until = 7; /* no such step */
    assert_int_equal(ttl_at(0, AT(0)), 0);
    x.rule.steps[0].ttl_until = 1;
    go(6 * AW_MINUTE); /* that step has had its first round: it cannot run, the deadline counts */
    assert_int_equal(ttl_at(0, AT(6 * AW_MINUTE)), 54 * 60 - 15);
}

/* An advanced step: its effective due is now, so the push would live for the floor. */
static void test_ttl_effective(void **state)
{
    begin();
    go(0);
    assert_int_equal(world_event(&x, &(struct aw_event){.type = AW_EV_OUTCOME,
                                                        .attempt = x.tl.tries[0].attempt,
                                                        .outcome = AW_OUT_NO_TARGET}),
                     0);
    assert_int_equal(ttl_at(0, AT(0)), 30);
}

static void test_ask_at(void **state)
{
    begin();
    assert_int_equal(x.up.ask_at, AT(5 * AW_MINUTE - 5 * AW_SECOND));
    go(0);
    go(5 * AW_MINUTE);
    assert_int_equal(x.up.ask_at, AT(15 * AW_MINUTE - 5 * AW_SECOND));
    x.rule.steps[0].unless = AW_SENT; /* decided: is not asked for */
    x.rule.steps[2].unless = AW_OPENED;
    go(15 * AW_MINUTE);
    assert_int_equal(x.up.ask_at, AT(25 * AW_MINUTE - 5 * AW_SECOND));
    go(25 * AW_MINUTE);
    assert_int_equal(x.up.ask_at, AT(40 * AW_MINUTE - 5 * AW_SECOND));
    go(40 * AW_MINUTE);
    assert_int_equal(x.up.ask_at, 0);
    begin();
    assert_int_equal(world_event(&x, &(struct aw_event){.type = AW_EV_CANCEL}), 0);
    assert_int_equal(x.up.ask_at, 0);
}

static void test_checks(void **state)
{
    const struct aw_check c = {.first = 15 * AW_SECOND,
                               .every = 30 * AW_SECOND,
                               .max_every = 10 * AW_MINUTE,
                               .stop = AW_DAY,
                               .backoff_pct = 150};
    struct aw_check flat = c;
    aw_time t = AT(0);

    flat.backoff_pct = 100;
    assert_int_equal(aw_check_next(&c, t, 0, t), t + 15000);
    assert_int_equal(aw_check_next(&c, t, 1, t + 15000), t + 45000);
    assert_int_equal(aw_check_next(&c, t, 2, t), t + 45000);
    assert_int_equal(aw_check_next(&c, t, 3, t), t + 67500);
    assert_int_equal(aw_check_next(&c, t, 4, t), t + 101250);
    assert_int_equal(aw_check_next(&c, t, 1000000, t), t + 600000);
    assert_int_equal(aw_check_next(&flat, t, 1000000, t), t + 30000);
    assert_int_equal(aw_check_next(&c, t, 0, t + AW_HOUR), t + AW_HOUR); /* late: ask at once */
    assert_int_equal(aw_check_next(&c, t, 9, t + AW_DAY - 600000), t + AW_DAY);
    assert_int_equal(aw_check_next(&c, t, 9, t + AW_DAY - 599999), 0);
    assert_int_equal(aw_check_next(&c, t, 0, t + 2 * AW_DAY), 0);
}

/* The answer may prove more than `accepted`; what the store knows already is not told again. */
static void test_answers(void **state)
{
    begin();
    go(0);
    aw_id attempt = x.tl.tries[0].attempt;
    struct aw_event ev = {
        .type = AW_EV_OUTCOME, .attempt = attempt, .outcome = AW_OUT_ACCEPTED, .level = AW_SENT};
    assert_int_equal(world_event(&x, &ev), 0);
    assert_int_equal(x.up.n_facts, 2);
    assert_int_equal(x.up.facts[1].type, AW_FACT_EVIDENCE);
    assert_int_equal(x.up.facts[1].source, AW_SRC_SEND);
    assert_int_equal(x.up.facts[1].at, x.env.now);
    assert_int_equal(x.tl.level, AW_SENT);

    begin();
    go(0);
    ev.attempt = x.tl.tries[0].attempt;
    ev.known = AW_DELIVERED;
    x.tl.level = AW_DELIVERED;
    assert_int_equal(world_event(&x, &ev), 0);
    assert_int_equal(x.up.n_facts, 1);
    assert_int_equal(x.up.facts[0].outcome, AW_OUT_ACCEPTED);
}

static void refuses(struct aw_event ev)
{
    struct aw_timeline before = x.tl;
    assert_int_equal(world_event(&x, &ev), AW_ECORRUPT);
    x.tl = before;
}

static void test_what_does_not_fit(void **state)
{
    begin();
    refuses((struct aw_event){.type = AW_EV_REGISTER, .at = AT(0)}); /* twice */
    go(0);
    refuses((struct aw_event){
        .type = AW_EV_OUTCOME, .attempt = x.tl.tries[0].attempt, .outcome = AW_OUT_NONE});
    refuses((struct aw_event){
        .type = AW_EV_NEGATIVE, .person = 1, .kind = AW_N_KINDS, .negative = AW_NEG_BOUNCED});
    refuses((struct aw_event){
        .type = AW_EV_NEGATIVE, .person = 1, .step = 9, .negative = AW_NEG_BOUNCED});
    refuses((struct aw_event){
        .type = AW_EV_NEGATIVE, .person = 1, .step = 2, .negative = AW_NEG_BOUNCED});
    refuses((struct aw_event){
        .type = AW_EV_NEGATIVE, .person = 1, .step = 0, .round = 1, .negative = AW_NEG_NONE});
    x.tl.tries[0].step = 7; /* another rule */
    refuses((struct aw_event){.type = AW_EV_DUE});
    x.tl.tries[0].step = 0;
    x.tl.tracks[0].step = 7;
    refuses((struct aw_event){.type = AW_EV_DUE});

    begin();
    x.tl.escalated = (struct aw_escalation){.at = AT(0), .step = 7, .round = 1};
    assert_int_equal(due_of(1, AW_SMS, 1), AT(5 * AW_MINUTE)); /* another rule: looked over */
    refuses((struct aw_event){.type = AW_EV_DUE});
    begin();
    aw_timeline_init(&x.tl, 1000, 0, 1);
    refuses((struct aw_event){.type = AW_EV_DUE}); /* before it was opened */
    x.rule.steps[0].at = 1;
    refuses((struct aw_event){.type = AW_EV_REGISTER, .at = AT(0), .already_sent = true});
    x.rule.steps[0].at = 0;
    x.rule.steps[0].kinds[0] = AW_SMS;
    refuses((struct aw_event){.type = AW_EV_REGISTER, .at = AT(0), .already_sent = true});
    /* A date in the future is none. */
    assert_int_equal(world_event(&x, &(struct aw_event){.type = AW_EV_REGISTER, .at = AT(AW_HOUR)}),
                     0);
    assert_int_equal(x.tl.base, AT(0));
}

/* A provider that asks to wait is obeyed a hundred times. */
static void test_waits_are_bounded(void **state)
{
    unsigned n = 0;

    begin();
    x.rule.r.deadline = 3 * AW_HOUR;
    x.rule.r.max_age = AW_DAY;
    x.rule.r.n_steps = 1;
    go(0);
    for (; x.tl.n_tries > 0 && n < 200; n++) {
        aw_id attempt = x.tl.tries[0].attempt;
        assert_int_equal(x.tl.tries[0].number, n + 1);
        assert_int_equal(world_event(&x, &(struct aw_event){.type = AW_EV_OUTCOME,
                                                            .attempt = attempt,
                                                            .outcome = AW_OUT_THROTTLED}),
                         0);
        assert_int_equal(x.up.tell_operators, n == 100);
        go(x.tl.due - WORLD_START); /* our own back-off grows to a minute */
    }
    assert_int_equal(n, 101);
}

/* A failure that names a time (503 with Retry-After): the larger of ours and theirs, the deadline
 * at most; each costs a try. */
static void test_failures_ask_to_wait(void **state)
{
    static const struct {
        aw_ms theirs, due; /* from the failure; due 0: ours, a second at most */
    } cases[] = {{0, 0}, {1, 0}, {40 * AW_SECOND, 40 * AW_SECOND}, {AW_DAY, AW_HOUR}};

    for (unsigned i = 0; i < AW_COUNT(cases); i++) {
        begin();
        x.rule.r.deadline = AW_HOUR;
        x.rule.r.max_age = AW_DAY;
        x.rule.r.n_steps = 1;
        go(0);
        assert_int_equal(world_event(&x, &(struct aw_event){.type = AW_EV_OUTCOME,
                                                            .attempt = x.tl.tries[0].attempt,
                                                            .at = AT(cases[i].theirs),
                                                            .outcome = AW_OUT_TRANSIENT}),
                         0);
        assert_int_equal(x.tl.n_tries, 1);
        assert_int_equal(x.tl.tries[0].spent, 1);
        if (cases[i].due)
            assert_int_equal(x.tl.tries[0].due, AT(cases[i].due));
        else
            assert_in_range(x.tl.tries[0].due, AT(0), AT(AW_SECOND));
    }
}

/* The number of a try has a byte: with very many channels it ends the tries, and does not wrap. */
static void test_numbers_are_bounded(void **state)
{
    unsigned n = 0;

    begin();
    x.w.channels[AW_PUSH] = 200;
    x.rule.r.deadline = x.rule.r.max_age = AW_DAY;
    go(0);
    for (; x.tl.n_tries > 0 && x.tl.tries[0].kind == AW_PUSH && n < 300; n++) {
        assert_int_equal(world_event(&x, &(struct aw_event){.type = AW_EV_OUTCOME,
                                                            .attempt = x.tl.tries[0].attempt,
                                                            .outcome = AW_OUT_TRANSIENT}),
                         0);
        while (x.tl.n_tries > 0 && x.tl.tries[0].state == AW_TRY_WAITING) {
            x.env.now = x.tl.due > x.env.now ? x.tl.due : x.env.now;
            world_due(&x);
        }
    }
    assert_int_equal(n, 255);
}

/* Channels were taken away while the try waited. */
static void test_fewer_channels(void **state)
{
    begin();
    x.w.channels[AW_PUSH] = 0;
    x.rule.steps[0].n_via = 1;
    go(0);
    assert_int_equal(world_event(&x, &(struct aw_event){.type = AW_EV_OUTCOME,
                                                        .attempt = x.tl.tries[0].attempt,
                                                        .outcome = AW_OUT_TRANSIENT}),
                     0);
    x.rule.steps[0].n_via = 0;
    go(AW_SECOND);
    assert_int_equal(x.tl.n_tries, 0);
    assert_true(x.up.tell_operators);
    assert_int_equal(x.up.facts[0].outcome, AW_OUT_DROPPED);
    assert_int_equal(x.up.facts[0].why, AW_WHY_TRIES_SPENT);
}

/* More addresses fail than are remembered: nobody is tried twice for one firing. */
static void test_negatives_are_bounded(void **state)
{
    begin();
    go(0);
    for (unsigned i = 0; i < AW_MAX_NEGATIVES; i++)
        x.tl.negs[x.tl.n_negs++] =
            (struct aw_neg){.person = 100 + i, .kind = AW_PUSH, .what = AW_NEG_BOUNCED};
    assert_int_equal(world_event(&x, &(struct aw_event){.type = AW_EV_OUTCOME,
                                                        .attempt = x.tl.tries[0].attempt,
                                                        .outcome = AW_OUT_NO_TARGET}),
                     0);
    assert_int_equal(x.tl.n_tries, 0);
    assert_int_equal(aw_timeline_negative(&x.tl, 1, AW_PUSH), AW_NEG_NONE);
}

/* More is due than fits one update: the rest follows, in order, and nothing is lost. */
static void test_in_pieces(void **state)
{
    unsigned calls = 0, claims = 0, skips = 0;
    aw_time before = 0;

    begin();
    for (unsigned i = 0; i < 60; i++) {
        struct aw_step *s = world_step(&x, "more", i * AW_SECOND, AW_SMS);
        if (i % 3)
            s->n_to = 0; /* reaches nobody */
        else
            world_target(&x, s, AW_TO_RECIPIENT, NULL);
        s->if_no_contact = AW_NO_CONTACT_SKIP;
    }
    go(0);
    x.env.now = AT(59 * AW_SECOND);
    for (; x.tl.due <= x.env.now; calls++) {
        assert_int_equal(world_event(&x, &(struct aw_event){.type = AW_EV_DUE}), 0);
        for (unsigned i = 0; i < x.up.n_facts; i++) {
            const struct aw_fact *f = &x.up.facts[i];
            assert_true(f->at >= before);
            before = f->at;
            claims += f->type == AW_FACT_CLAIMED;
            skips += f->type == AW_FACT_SKIPPED;
        }
    }
    assert_true(calls >= 2);
    assert_int_equal(claims, 19); /* the one at 0s was claimed before */
    assert_int_equal(skips, 40);
}

/* The end waits for a call of its own when the facts before it have filled this one. */
static void test_end_in_pieces(void **state)
{
    begin();
    struct aw_step *s = world_step(&x, "exhausted", 0, AW_SMS);
    for (unsigned i = 0; i < AW_MAX_TO; i++)
        world_target(&x, s, AW_TO_MANAGER, NULL);
    s->pick = AW_PICK_ALL;
    s->kinds[1] = AW_PUSH;
    s->kinds[2] = AW_EMAIL;
    s->kinds[3] = AW_IM;
    s->kinds[4] = AW_CALL;
    s->kinds[5] = AW_WEBHOOK;
    s->n_kinds = 6;
    for (unsigned i = 0; i < 40; i++)
        world_step(&x, "nobody", AW_HOUR, AW_SMS)->if_no_contact = AW_NO_CONTACT_SKIP;
    go(50 * AW_MINUTE);
    /* Everything that flies lands, so that there is room. */
    while (x.tl.n_tries > 0)
        assert_int_equal(world_event(&x, &(struct aw_event){.type = AW_EV_OUTCOME,
                                                            .attempt = x.tl.tries[0].attempt,
                                                            .outcome = AW_OUT_ACCEPTED}),
                         0);
    unsigned skipped = 0;
    x.env.now = AT(AW_HOUR);
    while (x.tl.state == AW_OPEN) {
        assert_int_equal(x.tl.due, AT(AW_HOUR));
        assert_int_equal(world_event(&x, &(struct aw_event){.type = AW_EV_DUE}), 0);
        assert_in_range(x.up.n_facts, 1, AW_MAX_FACTS);
        for (unsigned i = 0; i < x.up.n_facts; i++)
            skipped += x.up.facts[i].type == AW_FACT_SKIPPED && x.up.facts[i].step != AW_MAX_STEPS;
    }
    assert_int_equal(skipped, 40);
    assert_int_equal(x.tl.state, AW_EXHAUSTED);
    assert_int_equal(x.up.facts[x.up.n_facts - 7].type, AW_FACT_ENDED); /* and its six kinds */

    /* The same at the end of life: first what was due, then nothing but the end. */
    begin();
    x.rule.r.max_age = AW_HOUR;
    x.rule.r.deadline = 2 * AW_HOUR;
    go(2 * AW_HOUR);
    assert_int_equal(x.tl.state, AW_EXPIRED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_planned),
        cmocka_unit_test(test_next),
        cmocka_unit_test(test_due_as_people_act),
        cmocka_unit_test(test_ttl),
        cmocka_unit_test(test_ttl_effective),
        cmocka_unit_test(test_ask_at),
        cmocka_unit_test(test_checks),
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_what_does_not_fit),
        cmocka_unit_test(test_waits_are_bounded),
        cmocka_unit_test(test_failures_ask_to_wait),
        cmocka_unit_test(test_numbers_are_bounded),
        cmocka_unit_test(test_fewer_channels),
        cmocka_unit_test(test_negatives_are_bounded),
        cmocka_unit_test(test_in_pieces),
        cmocka_unit_test(test_end_in_pieces),
    };
    return cmocka_run_group_tests_name("engine", tests, NULL, NULL);
}
