/* SPDX-License-Identifier: Apache-2.0
 *
 * Expectations of rule tests. A difference is told with what happened instead, and with the line
 * of the rule that decided it.
 */
#include "conf/expect.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static void read_targets(struct aw_reader *r, const struct aw_key *k, const struct aw_yaml *v,
                         void *base)
{
    struct aw_expect *e = base;
    unsigned n = aw_schema_items(v);
    if (v->type == AW_YAML_MAP || n > AW_MAX_TO) {
        aw_schema_error(r, v, "E103", NULL, "\"targets\" is a list of at most %d users", AW_MAX_TO);
        return;
    }
    e->targets = aw_arena_alloc(r->arena, n * sizeof(*e->targets));
    for (unsigned i = 0; i < n; i++) {
        const char *s = aw_schema_text(r, aw_schema_item(v, i), 1, AW_USER_MAX, false);
        if (s != NULL)
            e->targets[e->n_targets++] = s;
    }
}

static void check_expect(struct aw_reader *r, const struct aw_yaml *map,
                         const struct aw_yaml *fallback, void *base)
{
    struct aw_expect *e = base;
    bool fired = aw_yaml_get(map, "do") != NULL, state = aw_yaml_get(map, "state") != NULL;
    bool nothing = aw_yaml_get(map, "nothing_after") != NULL;
    e->line = map->at.line;
    e->form = fired ? AW_EXPECT_FIRED : state ? AW_EXPECT_STATE : AW_EXPECT_NOTHING_AFTER;
    if (fired + state + nothing != 1)
        aw_schema_error(r, map, "E101", "{at, do, to}, {at, state, to} or {nothing_after}",
                        "an expectation needs one of \"do\", \"state\" and \"nothing_after\"");
    else if (nothing == (aw_yaml_get(map, "at") != NULL))
        aw_schema_error(r, map, "E101", "{at, do, to}, {at, state, to} or {nothing_after}",
                        nothing ? N_("\"nothing_after\" stands alone")
                                : N_("an expectation needs the key \"at\""));
}

#define EXPECT(field) .at = offsetof(struct aw_expect, field)
static const struct aw_key expect_keys[] = {
    {"at", AW_KEY_DURATION, 0, EXPECT(at), .help = "time since registration"},
    {"do", AW_KEY_WORD, 0, EXPECT(kind), .words = aw_kind_names, .help = "a firing of this kind"},
    {"state", AW_KEY_WORD, 0, EXPECT(state), .min = AW_CONFIRMED,
     .words = aw_state_names + AW_CONFIRMED, .help = "the end of a timeline"},
    {"to", AW_KEY_TEXT, 0, EXPECT(to), .min = 1, .max = AW_USER_MAX, .help = "recipient"},
    {"step", AW_KEY_NAME, 0, EXPECT(step), .help = "id of the step"},
    {"round", AW_KEY_NUMBER, 0, EXPECT(round), .min = 1, .max = 65535, .help = "of a repeat"},
    {"targets", AW_KEY_OTHER, 0, .read = read_targets, .help = "users that it goes to"},
    {"nothing_after", AW_KEY_DURATION, 0, EXPECT(at), .help = "nothing fires later"},
    {NULL},
};
const struct aw_shape aw_shape_expect = {.what = "an expectation",
                                         .keys = expect_keys,
                                         .size = sizeof(struct aw_expect),
                                         .check = check_expect};

int aw_lines_take(void *ctx, const struct aw_virtual_line *line)
{
    struct aw_lines *l = ctx;
    if (l->n == AW_MAX_LINES)
        return AW_ELIMIT;
    if (l->n == l->cap) {
        l->cap = l->cap > 0 ? 2 * l->cap : 64;
        l->list = aw_realloc(l->list, l->cap * sizeof(*l->list));
        l->seen = aw_realloc(l->seen, l->cap * sizeof(*l->seen));
        l->told = aw_realloc(l->told, l->cap * sizeof(*l->told));
    }
    struct aw_virtual_line *copy = &l->list[l->n];
    *copy = *line;
    const char **targets = aw_arena_alloc(l->arena, line->n_targets * sizeof(*targets));
    for (unsigned i = 0; i < line->n_targets; i++)
        targets[i] = aw_arena_str(l->arena, line->targets[i]);
    copy->targets = targets;
    copy->to = line->to != NULL ? aw_arena_str(l->arena, line->to) : NULL;
    copy->by = line->by != NULL ? aw_arena_str(l->arena, line->by) : NULL;
    copy->step = line->step != NULL ? aw_arena_str(l->arena, line->step) : NULL;
    l->seen[l->n] = l->told[l->n] = false;
    l->n++;
    return 0;
}

static bool same_targets(const struct aw_expect *e, const struct aw_virtual_line *l)
{
    if (e->n_targets == 0)
        return true;
    if (e->n_targets != l->n_targets)
        return false;
    for (unsigned i = 0; i < e->n_targets; i++) {
        unsigned j = 0;
        while (j < l->n_targets && strcmp(e->targets[i], l->targets[j]) != 0)
            j++;
        if (j == l->n_targets)
            return false;
    }
    return true;
}

/* Everything but the time and the outcome. */
static bool same_firing(const struct aw_expect *e, const struct aw_virtual_line *l)
{
    return l->what != AW_V_STATE && l->kind == e->kind &&
           (e->to == NULL || aw_streq(e->to, l->to)) &&
           (e->step == NULL || aw_streq(e->step, l->step)) &&
           (e->round == 0 || e->round == l->round);
}

static bool matches(const struct aw_expect *e, const struct aw_virtual_line *l)
{
    if (e->at != l->after)
        return false;
    if (e->form == AW_EXPECT_STATE)
        return l->what == AW_V_STATE && l->state == e->state &&
               (e->to == NULL || aw_streq(e->to, l->to));
    return l->what == AW_V_FIRED && same_firing(e, l) && same_targets(e, l);
}

/* Where sentences go, and in what language. Words of the rule language stay as they are. */
struct tell {
    struct aw_buf *out;
    const struct aw_rule *rule;
    enum aw_lang lang;
};

/* step "text" round 2 (order.yaml:16) */
static void put_step(const struct tell *t, struct aw_buf *out, const struct aw_virtual_line *l)
{
    int i = aw_rule_step_index(t->rule, l->step);
    unsigned line = i >= 0 ? aw_rule_step(t->rule, (unsigned)i)->line : 0;
    if (l->round > 1)
        aw_buf_printf(out, aw_t(t->lang, "step \"%s\" round %u (%s:%u)"), l->step, l->round,
                      t->rule->file, line);
    else
        aw_buf_printf(out, aw_t(t->lang, "step \"%s\" (%s:%u)"), l->step, t->rule->file, line);
}

static void put_line(const struct tell *t, const struct aw_virtual_line *l)
{
    static const char *const whats[] = {[AW_V_FIRED] = N_("fired"),
                                        [AW_V_SKIPPED] = N_("skipped"),
                                        [AW_V_DEFERRED] = N_("deferred"),
                                        [AW_V_HELD] = N_("held")};
    char at[AW_TIME_TEXT];
    AW_AUTO(aw_buf_free) struct aw_buf step = AW_BUF_INIT(4096), to = AW_BUF_INIT(65536);
    aw_duration_print(at, l->after);
    if (l->what == AW_V_STATE) {
        aw_buf_printf(t->out, aw_t(t->lang, "%s was %s at %s"), l->to, aw_state_name(l->state), at);
        return;
    }
    put_step(t, &step, l);
    for (unsigned i = 0; i < l->n_targets; i++)
        aw_buf_printf(&to, "%s%s", i == 0 ? aw_t(t->lang, " to ") : ", ", l->targets[i]);
    if (l->n_targets != 1 || !aw_streq(l->targets[0], l->to))
        aw_buf_printf(&to, aw_t(t->lang, " for %s"), l->to);
    /* step, what became of it, kind, to whom, when */
    aw_buf_printf(t->out, aw_t(t->lang, "%s %s %s%s at %s"), aw_buf_str(&step),
                  aw_t(t->lang, whats[l->what]), aw_kind_name(l->kind), aw_buf_str(&to), at);
    if (l->why == AW_WHY_NONE || l->why == AW_WHY_DUE)
        return;
    aw_buf_printf(t->out, " (%s%s%s", aw_why_name(l->why), l->by != NULL ? ": " : "",
                  l->by != NULL ? l->by : "");
    if (l->level != 0)
        aw_buf_printf(t->out, aw_t(t->lang, ", reached %s"), aw_level_name(l->level));
    aw_buf_putc(t->out, ')');
}

/* What comes nearest to a missing line: the same firing at another time or decided otherwise. Its
 * place, or -1. */
static int nearest(const struct aw_expect *e, const struct aw_lines *lines)
{
    int best = -1;
    for (unsigned i = 0; i < lines->n; i++) {
        const struct aw_virtual_line *l = &lines->list[i];
        bool same = e->form == AW_EXPECT_STATE ? l->what == AW_V_STATE && aw_streq(e->to, l->to)
                                               : same_firing(e, l);
        if (!same || lines->seen[i] || lines->told[i])
            continue;
        if (best < 0 || (lines->list[best].after != e->at && l->after == e->at))
            best = (int)i;
    }
    return best;
}

/* Nothing like it happened: was the timeline over by then, or has the rule no such step? */
static void put_nothing(const struct tell *t, const struct aw_expect *e,
                        const struct aw_lines *lines)
{
    const struct aw_rule *rule = t->rule;
    bool known = e->form == AW_EXPECT_STATE;
    for (unsigned i = 0; i < rule->n_steps + (rule->exhausted != NULL) && !known; i++) {
        const struct aw_step *s = i < rule->n_steps ? &rule->steps[i] : rule->exhausted;
        known = aw_step_has_kind(s, (enum aw_kind)e->kind) &&
                (e->step == NULL || aw_streq(e->step, s->id));
    }
    if (!known) {
        aw_buf_printf(t->out, aw_t(t->lang, "; rule \"%s\" (%s:%u) has no such step"), rule->name,
                      rule->file, rule->line);
        return;
    }
    for (unsigned i = 0; i < lines->n; i++) {
        const struct aw_virtual_line *l = &lines->list[i];
        if (l->what != AW_V_STATE || l->after > e->at || (e->to != NULL && !aw_streq(e->to, l->to)))
            continue;
        aw_buf_puts(t->out, aw_t(t->lang, "; instead: nothing, "));
        put_line(t, l);
        return;
    }
}

/* instead: place of a line, or -1. */
static void put_missing(const struct tell *t, const struct aw_expect *e, int instead,
                        const struct aw_lines *lines)
{
    char at[AW_TIME_TEXT];
    bool state = e->form == AW_EXPECT_STATE;
    const char *what = state ? aw_state_name(e->state) : aw_kind_name(e->kind);
    aw_duration_print(at, e->at);
    aw_buf_printf(t->out, aw_t(t->lang, "line %u: expected at %s: %s"), e->line, at, what);
    if (e->to != NULL)
        aw_buf_printf(t->out, state ? aw_t(t->lang, " of %s") : aw_t(t->lang, " for %s"), e->to);
    if (e->step != NULL)
        aw_buf_printf(t->out, aw_t(t->lang, ", step \"%s\""), e->step);
    if (instead >= 0) {
        aw_buf_puts(t->out, aw_t(t->lang, "; instead: "));
        put_line(t, &lines->list[instead]);
    } else {
        put_nothing(t, e, lines);
    }
    aw_buf_putc(t->out, '\n');
}

/* Pairs expectations with lines, those that say more first. */
static void pair(const struct aw_expect *expect, unsigned n, bool *met, struct aw_lines *lines)
{
    for (unsigned pass = 0; pass < 2; pass++)
        for (unsigned i = 0; i < n; i++) {
            bool exact = expect[i].step != NULL || expect[i].n_targets > 0;
            if (exact == pass || expect[i].form == AW_EXPECT_NOTHING_AFTER)
                continue;
            for (unsigned j = 0; j < lines->n && !met[i]; j++)
                if (!lines->seen[j] && matches(&expect[i], &lines->list[j]))
                    met[i] = lines->seen[j] = true;
        }
}

struct missing {
    const struct aw_expect *e;
    int instead; /* what is told in its place, so that it is not told again; or -1 */
};

static int by_time(const void *a, const void *b)
{
    const struct aw_expect *x = ((const struct missing *)a)->e, *y = ((const struct missing *)b)->e;
    return x->at != y->at ? (x->at > y->at) - (x->at < y->at) : (x > y) - (x < y);
}

/* What was not met, in time order. Returns how many. */
static unsigned list_missing(const struct aw_expect *expect, unsigned n, const bool *met,
                             struct aw_lines *lines, struct missing *ret)
{
    unsigned n_missing = 0;
    for (unsigned i = 0; i < n; i++)
        if (!met[i] && expect[i].form != AW_EXPECT_NOTHING_AFTER)
            ret[n_missing++].e = &expect[i];
    if (n_missing > 0)
        qsort(ret, n_missing, sizeof(*ret), by_time);
    for (unsigned i = 0; i < n_missing; i++) {
        ret[i].instead = nearest(ret[i].e, lines);
        if (ret[i].instead >= 0)
            lines->told[ret[i].instead] = true;
    }
    return n_missing;
}

static bool put_surplus(const struct tell *t, const struct aw_lines *lines, unsigned i, aw_ms last)
{
    const struct aw_virtual_line *l = &lines->list[i];
    bool late = l->after > last;
    if (l->what != AW_V_FIRED || (lines->seen[i] && !late))
        return false;
    if (lines->told[i] && !late)
        return true;
    aw_buf_puts(t->out,
                late ? aw_t(t->lang, "after nothing_after: ") : aw_t(t->lang, "not expected: "));
    put_line(t, l);
    aw_buf_putc(t->out, '\n');
    return true;
}

bool aw_expect_compare(const struct aw_expect *expect, unsigned n, struct aw_lines *lines,
                       const struct aw_rule *rule, enum aw_lang lang, struct aw_buf *out,
                       struct aw_buf *diff)
{
    const struct tell t = {out, rule, lang};
    bool fine = true;
    aw_ms last = INT64_MAX;
    AW_AUTO_FREE bool *met = aw_calloc(n + 1, sizeof(*met));
    AW_AUTO_FREE struct missing *missing = aw_calloc(n + 1, sizeof(*missing));
    pair(expect, n, met, lines);
    for (unsigned i = 0; i < n; i++)
        if (expect[i].form == AW_EXPECT_NOTHING_AFTER && expect[i].at < last)
            last = expect[i].at;
    unsigned n_missing = list_missing(expect, n, met, lines, missing), m = 0;
    for (unsigned j = 0; j <= lines->n; j++) { /* lines come in time order */
        for (; m < n_missing && (j == lines->n || missing[m].e->at <= lines->list[j].after); m++)
            put_missing(&t, missing[m].e, missing[m].instead, lines);
        if (j < lines->n && put_surplus(&t, lines, j, last))
            fine = false;
    }
    fine = fine && n_missing == 0;
    if (!fine)
        aw_expect_diff(expect, n, met, lines, diff);
    return fine;
}
