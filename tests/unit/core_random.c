/* SPDX-License-Identifier: Apache-2.0
 *
 * Random rules in random worlds, for the property tests of core/.
 */
#include "core_random.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

/* Rungs that let histories live for a while: goals tend to be high, evidence low. */
static enum aw_level high_rung(struct dice *d)
{
    unsigned a = dice_roll(d, 6), b = dice_roll(d, 6);
    return (enum aw_level)(1 + (a > b ? a : b));
}

enum aw_level random_low_rung(struct dice *d)
{
    unsigned a = dice_roll(d, 6), b = dice_roll(d, 6), c = dice_roll(d, 6);
    unsigned low = a < b ? a : b;
    return (enum aw_level)(1 + (c < low ? c : low));
}

aw_ms random_instant(struct dice *d)
{
    return (aw_ms)dice_roll(d, 13) * 5 * AW_MINUTE;
}

static void random_step(struct world_run *x, struct dice *d, const char *id)
{
    static const char *const names[] = {"a", "b", "c", "nobody"};
    bool last = strcmp(id, "exhausted") == 0;
    struct aw_step *s =
        world_step(x, id, last ? 0 : random_instant(d), (enum aw_kind)dice_roll(d, 3));

    if (dice_chance(d, 30)) {
        s->kinds[1] = (enum aw_kind)((s->kinds[0] + 1) % 3);
        s->n_kinds = 2;
    }
    if (!last && dice_chance(d, 50))
        world_target(x, s, AW_TO_RECIPIENT, NULL);
    for (unsigned n = s->n_to ? 0 : 1 + dice_roll(d, 3); n > 0; n--) {
        if (dice_chance(d, 30))
            world_target(x, s, AW_TO_MANAGER, NULL);
        else
            world_target(x, s, AW_TO_CONTACT, names[dice_roll(d, AW_COUNT(names))]);
    }
    s->pick = dice_chance(d, 30) ? AW_PICK_ALL : AW_PICK_FIRST_REACHABLE;
    s->if_no_contact = dice_chance(d, 20) ? AW_NO_CONTACT_SKIP : AW_NO_CONTACT_ADVANCE;
    s->n_via = dice_roll(d, 3);
    if (!last && dice_chance(d, 50))
        s->unless = (enum aw_level)(1 + dice_roll(d, 6));
    if (!last && dice_chance(d, 30)) {
        s->every = 1 + (aw_ms)dice_roll(d, 20) * AW_MINUTE;
        s->times = dice_roll(d, 5);
        if (s->every < AW_MINUTE)
            s->times = 3;
    }
}

/* One or two windows a day around the registration, at 18:00, and what is not done in them. */
static void random_hours(struct world_run *x, struct dice *d)
{
    static const char *const names[] = {"c0", "c1"};

    x->env.priority = (enum aw_priority)dice_roll(d, AW_N_PRIORITIES);
    if (dice_chance(d, 60))
        return;
    for (unsigned i = 0; i < AW_COUNT(names); i++) {
        aw_ms from = 17 * AW_HOUR + (aw_ms)dice_roll(d, 24) * 5 * AW_MINUTE;
        snprintf(x->w.calendars[i].name, sizeof(x->w.calendars[i].name), "%s", names[i]);
        x->w.calendars[i].from = from;
        x->w.calendars[i].to = from + (1 + (aw_ms)dice_roll(d, 18)) * 5 * AW_MINUTE;
    }
    x->w.n_calendars = AW_COUNT(names);
    x->rule.r.n_hours = 1 + dice_roll(d, 3);
    x->rule.r.hours = x->rule.hours;
    for (unsigned i = 0; i < x->rule.r.n_hours; i++)
        x->rule.hours[i] = (struct aw_hours){
            .calendar = names[dice_roll(d, 2)],
            .inside = dice_chance(d, 70)   ? AW_INSIDE_HOLD
                      : dice_chance(d, 50) ? AW_INSIDE_SKIP
                                           : AW_INSIDE_SEND,
            .then = dice_chance(d, 50) ? AW_THEN_SHIFT : AW_THEN_KEEP,
            .kinds = dice_chance(d, 50) ? AW_ALL_KINDS : (uint8_t)(1 + dice_roll(d, 7)),
            .except = (uint8_t)(dice_chance(d, 30) ? 1u << dice_roll(d, AW_N_PRIORITIES) : 0),
        };
}

void random_world(struct world_run *x, struct dice *d)
{
    static const char *const names[] = {"li", "a", "b", "c"};
    char id[16];

    world_init(x);
    for (unsigned p = 0; p < AW_COUNT(names); p++) {
        world_person(x, names[p]);
        for (unsigned k = 0; k < 3; k++)
            x->w.has[p][k] = dice_chance(d, 70);
    }
    x->w.manager = dice_roll(d, 5);
    for (unsigned k = 0; k < 3; k++)
        x->w.channels[k] = dice_roll(d, 3);
    x->rule.r.until = high_rung(d);
    x->rule.r.deadline = AW_MINUTE + random_instant(d);
    x->rule.r.max_age = AW_MINUTE + 2 * random_instant(d);
    for (unsigned i = 0, n = 1 + dice_roll(d, 5); i < n; i++) {
        snprintf(id, sizeof(id), "s%u", i);
        random_step(x, d, id);
    }
    if (dice_chance(d, 50))
        random_step(x, d, "exhausted");
    x->env.seed = dice_chance(d, 50) ? d->seed | 1 : 0;
    if (dice_chance(d, 20)) {
        x->rule.steps[0].at = 0;
        x->rule.steps[0].kinds[0] = AW_PUSH;
        x->rule.steps[0].n_kinds = 1;
    }
    random_hours(x, d);
}
