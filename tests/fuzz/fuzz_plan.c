/* SPDX-License-Identifier: Apache-2.0
 *
 * aw_plan_decode: what is accepted encodes to the same bytes. And the engine, given a stored plan
 * that nobody of ours wrote, refuses it or decides something; it never falls over.
 * Bytes: state and level, event, then the plan.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "core/engine.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static int64_t person(void *ctx, const struct aw_target *to)
{
    return to->type == AW_TO_RECIPIENT ? 1 : 2;
}

static bool has_address(void *ctx, int64_t who, enum aw_kind kind)
{
    return (who + kind) % 4 != 0;
}

static unsigned channels(void *ctx, const struct aw_step *step, enum aw_kind kind)
{
    return 2;
}

/* Every other ten minutes. */
static aw_time inside(void *ctx, const char *calendar, aw_time t)
{
    aw_time span = t / (10 * AW_MINUTE);

    return span % 2 ? (span + 1) * 10 * AW_MINUTE : 0;
}

static const struct aw_hours hours[] = {
    {.calendar = "c", .inside = AW_INSIDE_HOLD, .kinds = 1 << AW_SMS, .except = 1 << AW_HIGH},
    {.calendar = "c", .inside = AW_INSIDE_HOLD, .then = AW_THEN_KEEP, .kinds = AW_ALL_KINDS},
};
static const struct aw_step steps[] = {
    {.id = "a", .kinds = {AW_PUSH}, .n_kinds = 1, .to = {{AW_TO_RECIPIENT, NULL}}, .n_to = 1},
    {.id = "b",
     .at = AW_MINUTE,
     .kinds = {AW_SMS, AW_EMAIL},
     .n_kinds = 2,
     .to = {{AW_TO_RECIPIENT, NULL}, {AW_TO_MANAGER, NULL}},
     .n_to = 2,
     .unless = AW_DELIVERED,
     .every = AW_MINUTE},
    {.id = "c",
     .at = 5 * AW_MINUTE,
     .kinds = {AW_SMS},
     .n_kinds = 1,
     .to = {{AW_TO_RECIPIENT, NULL}, {AW_TO_MANAGER, NULL}},
     .n_to = 2,
     .pick = AW_PICK_ALL},
};
static const struct aw_step last = {
    .id = "exhausted", .kinds = {AW_EMAIL}, .n_kinds = 1, .to = {{AW_TO_MANAGER, NULL}}, .n_to = 1};
static const struct aw_rule rule = {.name = "fuzz",
                                    .until = AW_ACKNOWLEDGED,
                                    .deadline = AW_HOUR,
                                    .max_age = AW_DAY,
                                    .check = {.settle = AW_SECOND},
                                    .hours = hours,
                                    .n_hours = 2,
                                    .steps = steps,
                                    .n_steps = 3,
                                    .exhausted = &last};

static void drive(struct aw_timeline *tl, unsigned what)
{
    static const enum aw_outcome outcomes[] = {AW_OUT_ACCEPTED, AW_OUT_NO_TARGET, AW_OUT_TRANSIENT,
                                               AW_OUT_THROTTLED};
    const struct aw_world world = {
        .person = person, .has_address = has_address, .channels = channels, .inside = inside};
    struct aw_idgen ids = {.last = (aw_id)1 << 60};
    struct aw_span down = {tl->registered, tl->registered + 90 * AW_SECOND};
    struct aw_env env = {.now = tl->registered + (aw_ms)(what & 31) * 10 * AW_MINUTE,
                         .seed = what & 32,
                         .ids = &ids,
                         .world = &world,
                         .priority = (enum aw_priority)(what & 3),
                         .downtimes = &down,
                         .n_downtimes = what >> 6 & 1,
                         .querying = what >> 7};
    struct aw_event ev = {.type = AW_EV_DUE, .person = 1, .level = AW_OPENED, .step = 1};
    struct aw_update up;

    for (unsigned i = 0; i < 8; i++) {
        struct aw_timeline before = *tl;
        if (aw_engine_step(&rule, tl, &ev, &env, &up) != 0)
            return;
        for (unsigned j = 0; j < up.n_facts; j++)
            if (aw_timeline_apply(&before, &up.facts[j]) != 0)
                abort();
        if (before.due != tl->due || before.state != tl->state || before.n_tries != tl->n_tries)
            abort();
        ev.type = (enum aw_event_type)(1 + (what + i) % AW_EV_ESCALATE);
        ev.at = env.now + AW_HOUR;
        ev.why = AW_WHY_SNOOZED;
        ev.outcome = outcomes[(what + i) % 4];
        ev.attempt = tl->n_tries ? tl->tries[0].attempt : 0;
        ev.negative = AW_NEG_BOUNCED;
        ev.kind = AW_SMS;
        ev.round = 1;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    static struct aw_timeline tl;
    uint8_t again[AW_PLAN_MAX];

    if (n < 2 || n > AW_PLAN_MAX)
        return 0;
    aw_timeline_init(&tl, 1000, 0, 1);
    if (aw_plan_decode(&tl, p + 2, n - 2) != 0)
        return 0;
    if (aw_plan_encode(&tl, again, sizeof(again)) != n - 2 || memcmp(again, p + 2, n - 2) != 0)
        abort();
    tl.state = (enum aw_state)((p[0] & 15) % AW_N_STATES);
    tl.level = (enum aw_level)((p[0] >> 4) % AW_N_LEVELS);
    drive(&tl, p[1]);
    return 0;
}
