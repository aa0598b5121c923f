/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys of a rule that have to do with devices and logins: `presence`, `unless: {rung, devices}`.
 */
#include <stddef.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/str.h"
#include "conf/rules_int.h"

static const char *const out_words[] = {"send", "hold", "skip", NULL};
static const char *const login_words[] = {"each", "digest", "drop", NULL};
static const char *const device_words[] = {"any", "all", NULL};

/* Resolved once all steps are known. */
static void read_on_expiry(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                           void *base)
{
    aw_schema_name(r, v);
}

/* What belongs to a hold says nothing without one. */
static void check_hold(struct aw_reader *r, const struct aw_yaml *map,
                       const struct aw_yaml *fallback, void *base)
{
    static const char *const of_hold[] = {"hold_max", "on_login", "on_expiry"};
    const struct aw_presence *p = base;
    for (unsigned i = 0; p->logged_out != AW_LOGGED_OUT_HOLD && i < AW_COUNT(of_hold); i++) {
        const struct aw_yaml *v = aw_yaml_get(map, of_hold[i]);
        if (v != NULL)
            aw_schema_key_error(r, v, "E141", "write logged_out: hold, or take it out",
                                "\"%s\" is for what is held", of_hold[i]);
    }
}

#define PRESENCE(field) .at = offsetof(struct aw_presence, field)
static const struct aw_key presence_keys[] = {
    {"logged_out", AW_KEY_WORD, AW_KEY_REQUIRED, PRESENCE(logged_out), .words = out_words,
     .help = "a push to somebody who is logged out everywhere: hold, skip or send it"},
    {"hold_max", AW_KEY_DURATION, 0, PRESENCE(hold_max), .min = AW_SECOND,
     .help = "for how long in all; default max_age"},
    {"on_login", AW_KEY_WORD, 0, PRESENCE(on_login), .words = login_words, .def = "each",
     .help = "what was held is sent each, told of in one push, or dropped"},
    {"on_expiry", AW_KEY_OTHER, 0, .read = read_on_expiry,
     .help = "id of the step that is due when hold_max is over"},
    {NULL},
};
const struct aw_shape aw_shape_presence = {.what = "presence",
                                           .keys = presence_keys,
                                           .size = sizeof(struct aw_presence),
                                           .check = check_hold};

/* --- unless --------------------------------------------------------------------------------- */

struct unless {
    enum aw_level rung;
    unsigned devices;
};
#define UNLESS(field) .at = offsetof(struct unless, field)
static const struct aw_key unless_keys[] = {
    {"rung", AW_KEY_WORD, AW_KEY_REQUIRED, UNLESS(rung), .min = AW_ACCEPTED,
     .words = aw_level_names, .help = "skip when the recipient has reached this rung"},
    {"devices", AW_KEY_WORD, 0, UNLESS(devices), .words = device_words, .def = "any",
     .help = "on any device, or on all that the last push went to"},
    {NULL},
};
static const struct aw_shape unless_shape = {"unless", unless_keys, sizeof(struct unless)};

void aw_rules_read_unless(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                          void *base)
{
    struct aw_step *step = base;
    struct unless u = {0};
    if (v->type != AW_YAML_MAP) {
        aw_schema_value(r, k, v, base);
        return;
    }
    aw_schema_map(r, &unless_shape, v, NULL, &u);
    step->unless = u.rung;
    step->all_devices = u.devices == 1;
}

/* --- more than one key ----------------------------------------------------------------------- */

void aw_rules_check_presence(struct aw_reader *r, struct aw_rule *rule,
                             const struct aw_yaml *presence)
{
    const struct aw_yaml *v = presence != NULL && presence->type == AW_YAML_MAP
                                  ? aw_yaml_get(presence, "on_expiry")
                                  : NULL;
    const char *ids[AW_MAX_STEPS + 1];
    unsigned n = 0;

    for (unsigned i = 0; i < rule->n_steps; i++)
        rule->by_device = rule->by_device || rule->steps[i].all_devices;
    rule->presence.on_expiry = -1;
    if (v == NULL || v->type != AW_YAML_SCALAR || v->text[0] == '\0')
        return;
    for (unsigned i = 0; i < rule->n_steps; i++) {
        if (aw_streq(rule->steps[i].id, v->text))
            rule->presence.on_expiry = (int)i;
        if (rule->steps[i].id != NULL)
            ids[n++] = rule->steps[i].id;
    }
    ids[n] = NULL;
    if (rule->presence.on_expiry >= 0)
        return;
    char hint[256];
    aw_schema_suggest(r, hint, v->text, ids);
    aw_schema_error(r, v, "E130", hint, "\"%s\" names no step of this rule", v->text);
}
