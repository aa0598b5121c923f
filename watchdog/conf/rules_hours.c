/* SPDX-License-Identifier: Apache-2.0
 *
 * What of a rule has to do with local time: `hours`, and targets that are on duty.
 */
#include <stddef.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/request.h"
#include "conf/rules_int.h"

enum { MAX_ENTRIES = 16 };

/* Whether the environment has what is named; without one nothing is known to be missing. */
static void check_known(struct aw_reader *r, const struct aw_yaml *v, const char *name,
                        bool calendar)
{
    const struct aw_rules_ctx *ctx = r->ctx;
    const struct aw_almanac *a = ctx->world != NULL ? ctx->world->almanac : NULL;
    if (a == NULL || name == NULL)
        return;
    unsigned n = calendar ? a->n_calendars : a->n_rotations;
    const char **names = aw_arena_alloc(r->arena, (n + 1) * sizeof(*names));
    for (unsigned i = 0; i < n; i++) {
        names[i] = calendar ? a->calendars[i].name : a->rotations[i].name;
        if (aw_streq(names[i], name))
            return;
    }
    char hint[256];
    aw_schema_suggest(r, hint, name, names);
    if (calendar)
        aw_schema_error(r, v, "E127",
                        n > 0 ? hint
                              : N_("add it under calendars: in the environment (--env FILE)"),
                        "there is no calendar \"%s\"", name);
    else
        aw_schema_error(r, v, "E128",
                        n > 0 ? hint
                              : N_("add it under rotations: in the environment (--env FILE)"),
                        "there is no rotation \"%s\"", name);
}

bool aw_rules_read_oncall(struct aw_reader *r, const struct aw_yaml *v, const char *name,
                          struct aw_target *ret)
{
    if (!aw_valid_name(name)) {
        aw_schema_error(r, v, "E114", NULL, "\"%s\" does not name a rotation", v->text);
        return false;
    }
    ret->type = AW_TO_ONCALL;
    ret->name = aw_arena_str(r->arena, name);
    check_known(r, v, name, false);
    return true;
}

/* --- hours --------------------------------------------------------------------------------- */

struct entry { /* as written */
    const char *calendar;
    enum aw_inside inside;
    enum aw_then then;
    unsigned kinds[AW_N_KINDS], except[AW_N_PRIORITIES];
    unsigned n_kinds, n_except;
};

static void read_calendar(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                          void *base)
{
    struct entry *e = base;
    aw_schema_value(r, k, v, base);
    check_known(r, v, e->calendar, true);
}

static const char *const inside_words[] = {"hold", "skip", "send", NULL};
static const char *const then_words[] = {"shift", "keep", NULL};

#define ENTRY(field) .at = offsetof(struct entry, field)
static const struct aw_key entry_keys[] = {
    {"calendar", AW_KEY_NAME, AW_KEY_REQUIRED, ENTRY(calendar), .read = read_calendar,
     .help = "of the environment"},
    {"inside", AW_KEY_WORD, AW_KEY_REQUIRED, ENTRY(inside), .words = inside_words,
     .help = "what becomes of a firing that is due inside its windows"},
    {"then", AW_KEY_WORD, 0, ENTRY(then), .words = then_words, .def = "shift",
     .help = "held: all that follows and the deadline move by as much, or keep their times"},
    {"kinds", AW_KEY_WORDS, 0, ENTRY(kinds), offsetof(struct entry, n_kinds), .max = AW_N_KINDS,
     .words = aw_kind_names, .help = "which kinds; default all"},
    {"except", AW_KEY_WORDS, 0, ENTRY(except), offsetof(struct entry, n_except),
     .max = AW_N_PRIORITIES, .words = aw_priority_names, .help = "priorities that it is not for"},
    {NULL},
};
const struct aw_shape aw_shape_hours = {
    .what = "hours", .keys = entry_keys, .size = sizeof(struct entry)};

static uint8_t set_of(const unsigned *list, unsigned n)
{
    unsigned set = 0;
    for (unsigned i = 0; i < n; i++)
        set |= 1u << list[i];
    return (uint8_t)set;
}

void aw_rules_read_hours(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                         void *base)
{
    struct aw_rule *rule = base;
    unsigned n = aw_schema_items(v);
    if (n == 0 || n > MAX_ENTRIES) {
        aw_schema_error(r, v, "E112", NULL, "\"%s\" is one or a list of 1 to %d entries", k->key,
                        MAX_ENTRIES);
        return;
    }
    struct aw_hours *list = aw_arena_alloc(r->arena, n * sizeof(*list));
    for (unsigned i = 0; i < n; i++) {
        struct entry e = {0};
        aw_schema_map(r, k->child, aw_schema_item(v, i), NULL, &e);
        list[i] = (struct aw_hours){
            .calendar = e.calendar,
            .inside = e.inside,
            .then = e.then,
            .kinds = e.n_kinds > 0 ? set_of(e.kinds, e.n_kinds) : AW_ALL_KINDS,
            .except = set_of(e.except, e.n_except),
        };
    }
    rule->hours = list;
    rule->n_hours = n;
}
