/* SPDX-License-Identifier: Apache-2.0
 *
 * See explain.h. What a timeline is waiting for is asked of the engine, never worked out again
 * here.
 */
#include "codec/explain.h"

#include <stdarg.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/words.h"
#include "core/virtual.h"

enum { TEXT_MAX = 1024 };

static void say(const struct aw_explain *e, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static void say(const struct aw_explain *e, const char *code, const char *fmt, ...)
{
    char text[TEXT_MAX];
    va_list ap;

    va_start(ap, fmt);
    aw_vformat(text, sizeof(text), fmt, ap);
    va_end(ap);
    e->note(e->ctx, code, text);
}

/* --- which rule ---------------------------------------------------------------------------------
 */

static const char *field_of(const struct aw_match_term *t, char dst[128])
{
    static const char *const names[] = {
        [AW_MATCH_APP] = "app",           [AW_MATCH_CLASS] = "class",
        [AW_MATCH_PRIORITY] = "priority", [AW_MATCH_CHANNEL] = "channel",
        [AW_MATCH_LABEL] = "labels.",     [AW_MATCH_EXTRA] = "extras.",
        [AW_MATCH_TITLE] = "title"};
    aw_format(dst, 128, "%s%s", names[t->field], t->key ? t->key : "");
    return dst;
}

static const char *wanted(enum aw_lang lang, const struct aw_match_term *t, char dst[TEXT_MAX / 2])
{
    size_t used = 0;

    dst[0] = 0;
    for (unsigned i = 0; i < t->n_globs && used + 1 < TEXT_MAX / 2; i++) {
        const char *before = i == 0 ? "" : i + 1 < t->n_globs ? ", " : aw_t(lang, " or ");
        aw_format(dst + used, TEXT_MAX / 2 - used, "%s\"%s\"", before, t->globs[i]);
        used = strlen(dst);
    }
    return dst;
}

static void say_fits(const struct aw_explain *e, const struct aw_rule *r,
                     const struct aw_match_input *in)
{
    char field[128];

    for (unsigned i = 0; i < r->n_match; i++)
        say(e, "match", aw_t(e->lang, "%1$s is \"%2$s\""), field_of(&r->match[i], field),
            aw_match_value(in, &r->match[i]));
    if (r->n_match == 0)
        say(e, "match", "%s", aw_t(e->lang, "it takes every message"));
}

static void say_fails(const struct aw_explain *e, const struct aw_match_term *t,
                      const struct aw_match_input *in)
{
    const char *value = aw_match_value(in, t);
    char field[128], wants[TEXT_MAX / 2];

    field_of(t, field);
    wanted(e->lang, t, wants);
    if (value)
        say(e, "no-match", aw_t(e->lang, "%1$s is \"%2$s\", it wants %3$s"), field, value, wants);
    else
        say(e, "no-match", aw_t(e->lang, "the message has no %1$s, it wants %2$s"), field, wants);
}

/* A rule that is named must fit in `app` alone. */
static bool app_fits(const struct aw_rule *r, const struct aw_match_input *in,
                     const struct aw_match_term **ret)
{
    struct aw_rule one = *r;

    for (unsigned i = 0; i < r->n_match; i++) {
        one.match = &r->match[i];
        one.n_match = 1;
        if (r->match[i].field == AW_MATCH_APP && !aw_match(&one, in, ret))
            return false;
    }
    return true;
}

static const struct aw_rule *explain_named(const struct aw_explain *e, const struct aw_ruleset *set,
                                           const struct aw_match_input *in,
                                           void (*rule)(void *ctx, const struct aw_rule *r,
                                                        const char *verdict))
{
    const struct aw_rule *named = aw_ruleset_find(set, in->reg->rule);
    const struct aw_match_term *failed = NULL;
    bool fits = named && app_fits(named, in, &failed);

    for (unsigned i = 0; i < set->n; i++) {
        const struct aw_rule *r = set->rules[i];
        if (r != named) {
            rule(e->ctx, r, "unasked");
            say(e, "named", aw_t(e->lang, "the registration names \"%s\""), in->reg->rule);
        } else if (fits) {
            rule(e->ctx, r, "takes");
            say(e, "named", "%s", aw_t(e->lang, "the registration names it"));
        } else {
            rule(e->ctx, r, "not");
            say_fails(e, failed, in);
        }
    }
    return fits ? named : NULL;
}

const struct aw_rule *aw_explain_match(const struct aw_explain *e, const struct aw_ruleset *set,
                                       const struct aw_match_input *in,
                                       void (*rule)(void *ctx, const struct aw_rule *r,
                                                    const char *verdict))
{
    const struct aw_rule *taken = NULL;

    if (in->reg->rule)
        return explain_named(e, set, in, rule);
    for (unsigned i = 0; i < set->n; i++) {
        const struct aw_rule *r = set->rules[i];
        const struct aw_match_term *failed = NULL;
        if (!aw_match(r, in, &failed)) {
            rule(e->ctx, r, "not");
            say_fails(e, failed, in);
        } else if (taken) {
            rule(e->ctx, r, "later");
            say(e, "later", aw_t(e->lang, "it would, too, but \"%s\" stands before it"),
                taken->name);
        } else {
            taken = r;
            rule(e->ctx, r, "takes");
            say_fits(e, r, in);
        }
    }
    return taken;
}

/* --- as JSON ------------------------------------------------------------------------------------
 */

struct list {
    struct aw_jsonw *w;
    bool open; /* a rule's object with its list of notes */
};

static void end_rule(struct list *l)
{
    if (!l->open)
        return;
    aw_jw_end(l->w, ']');
    aw_jw_end(l->w, '}');
}

static void on_rule(void *ctx, const struct aw_rule *r, const char *verdict)
{
    struct list *l = ctx;

    end_rule(l);
    l->open = true;
    aw_jw_object(l->w, NULL);
    aw_jw_str(l->w, "rule", r->name);
    aw_jw_str(l->w, "verdict", verdict);
    aw_jw_array(l->w, "why");
}

static void on_note(void *ctx, const char *code, const char *text)
{
    struct list *l = ctx;

    aw_jw_object(l->w, NULL);
    aw_jw_str(l->w, "code", code);
    aw_jw_str(l->w, "text", text);
    aw_jw_end(l->w, '}');
}

const struct aw_rule *aw_explain_match_json(struct aw_jsonw *w, enum aw_lang lang,
                                            const struct aw_ruleset *set,
                                            const struct aw_match_input *in)
{
    struct list l = {w};
    struct aw_explain e = {lang, &l, on_note};

    aw_jw_array(w, "rules");
    const struct aw_rule *taken = aw_explain_match(&e, set, in, on_rule);
    end_rule(&l);
    aw_jw_end(w, ']');
    aw_jw_str(w, "rule", taken ? taken->name : NULL);
    return taken;
}

/* --- why then -----------------------------------------------------------------------------------
 */

struct question {
    const struct aw_explain *e;
    const struct aw_rule *rule;
    const struct aw_timeline *tl;
    aw_time now, due;
    const struct aw_step *step;
    enum aw_kind kind;
    unsigned index, round;
};

static const char *why_text(enum aw_lang lang, unsigned why)
{
    char key[64];

    aw_format(key, sizeof(key), "why:%s", aw_why_name((enum aw_why)why));
    const char *text = aw_word(lang, key);
    return text == key ? aw_why_name((enum aw_why)why) : text;
}

static void say_next(const struct question *q)
{
    char at[AW_TIME_TEXT], in[AW_TIME_TEXT];
    const char *kind = aw_word(q->e->lang, aw_kind_name(q->kind));

    aw_time_print(at, q->due);
    aw_duration_print(in, q->due > q->now ? (q->due - q->now) / AW_SECOND * AW_SECOND : 0);
    if (q->round > 1)
        say(q->e, "next", aw_t(q->e->lang, "next is %1$s (%2$s), round %3$u, at %4$s, in %5$s"),
            kind, q->step->id, q->round, at, in);
    else
        say(q->e, "next", aw_t(q->e->lang, "next is %1$s (%2$s), at %3$s, in %4$s"), kind,
            q->step->id, at, in);
}

static void say_plan(const struct question *q)
{
    char place[AW_TIME_TEXT], base[AW_TIME_TEXT], file[32];
    aw_ms at = q->step->at + (aw_ms)(q->round - 1) * q->step->every;

    aw_duration_print(place, at);
    aw_time_print(base, q->tl->base);
    aw_format(file, sizeof(file), "%u", q->step->line);
    if (q->tl->base != q->tl->registered)
        say(q->e, "plan",
            aw_t(q->e->lang,
                 "the rule has it %1$s after the application's own push, which was at %2$s (line "
                 "%3$s)"),
            place, base, file);
    else
        say(q->e, "plan",
            aw_t(q->e->lang, "the rule has it %1$s after the registration, which was at %2$s (line "
                             "%3$s)"),
            place, base, file);
}

/* By a person, by the hours of the rule, by the recipient's absence. */
static void say_holds(const struct question *q)
{
    const struct aw_hold *h = &q->tl->kind_hold[q->kind];
    char text[AW_TIME_TEXT];

    if (h->shift > 0) {
        aw_duration_print(text, h->shift / AW_SECOND * AW_SECOND);
        say(q->e, "shift", aw_t(q->e->lang, "holds put it off by %s in all"), text);
    }
    if (aw_timeline_held(q->tl, q->now)) {
        aw_time_print(text, q->tl->snoozed);
        say(q->e, "held", aw_t(q->e->lang, "a person holds the plan until %s"), text);
    } else if (q->now < h->until) {
        aw_time_print(text, h->until);
        say(q->e, "hours", aw_t(q->e->lang, "the hours of the rule hold it until %s"), text);
    }
    if (aw_timeline_absent(q->tl, q->now)) {
        aw_time_print(text, q->tl->absence.until);
        say(q->e, "absent",
            aw_t(q->e->lang, "pushes wait for the recipient to log in, until %s at most"), text);
    }
}

static void say_moves(const struct question *q)
{
    const struct aw_track *t = aw_timeline_track(q->tl, q->index, q->kind);

    say_holds(q);
    if (q->tl->escalated.at && q->tl->escalated.step == q->index)
        say(q->e, "escalated", "%s", aw_t(q->e->lang, "a person wanted it now"));
    else if (t && t->due && t->why == AW_WHY_ADVANCED)
        say(q->e, "advanced", "%s",
            aw_t(q->e->lang, "it was brought forward: a step before could not reach anybody"));
    else if (t && t->due && (t->why != AW_WHY_HOURS || t->due == q->due))
        say(q->e, "deferred", aw_t(q->e->lang, "it was put off: %s"), why_text(q->e->lang, t->why));
}

static void say_ends(const struct question *q)
{
    char text[AW_TIME_TEXT];

    aw_time_print(text, aw_deadline(q->rule, q->tl));
    say(q->e, "deadline", aw_t(q->e->lang, "its deadline is %s"), text);
    if (q->tl->moved > 0) {
        aw_duration_print(text, q->tl->moved / AW_SECOND * AW_SECOND);
        say(q->e, "downtime", aw_t(q->e->lang, "the deadline moved by %s while we were down"),
            text);
    }
    aw_time_print(text, aw_end_of_life(q->rule, q->tl));
    say(q->e, "max-age", aw_t(q->e->lang, "nothing goes on after %s, whatever holds it"), text);
}

static void say_tries(const struct question *q)
{
    char text[AW_TIME_TEXT];

    for (unsigned i = 0; i < q->tl->n_tries; i++) {
        const struct aw_try *y = &q->tl->tries[i];
        const struct aw_step *s = aw_rule_step(q->rule, y->step);
        const char *kind = aw_word(q->e->lang, aw_kind_name((enum aw_kind)y->kind));
        if (!s)
            continue;
        aw_time_print(text, y->due);
        if (y->state == AW_TRY_WAITING)
            say(q->e, "try", aw_t(q->e->lang, "%1$s (%2$s) is tried again at %3$s"), kind, s->id,
                text);
        else
            say(q->e, "try", aw_t(q->e->lang, "%1$s (%2$s) is on its way to the provider"), kind,
                s->id);
    }
}

static void say_could(const struct question *q)
{
    enum aw_lang lang = q->e->lang;

    if (q->step && q->step->unless)
        say(q->e, "could-skip", aw_t(lang, "it is skipped once the message is %s"),
            aw_word(lang, aw_level_name(q->step->unless)));
    say(q->e, "could-confirm", aw_t(lang, "all of it ends once the message is %s"),
        aw_word(lang, aw_level_name(q->rule->until)));
    if (q->tl->n_tries > 0)
        say(q->e, "could-advance", "%s",
            aw_t(lang, "it comes at once when what is on its way turns out to reach nobody"));
    for (unsigned i = 0; q->step && i < q->rule->n_hours; i++)
        if (q->rule->hours[i].inside != AW_INSIDE_SEND &&
            q->rule->hours[i].kinds & 1u << (unsigned)q->kind)
            say(q->e, "could-hours", aw_t(lang, "the calendar \"%s\" can hold or skip it"),
                q->rule->hours[i].calendar);
    if (q->step && q->rule->suppress)
        say(q->e, "could-suppress", "%s",
            aw_t(lang, "it is skipped while another message of the recipient is open"));
    if (q->step && q->step->if_no_contact == AW_NO_CONTACT_ADVANCE)
        say(q->e, "could-no-contact", "%s",
            aw_t(lang, "when nobody there has such an address, the step behind it comes at once"));
    say(q->e, "could-person", "%s",
        q->rule->claim_hold ? aw_t(lang, "a person can snooze, claim, escalate or cancel it")
                            : aw_t(lang, "a person can snooze, escalate or cancel it"));
}

void aw_explain_timeline(const struct aw_explain *e, const struct aw_rule *rule,
                         const struct aw_timeline *tl, aw_time now)
{
    struct question q = {.e = e, .rule = rule, .tl = tl, .now = now};

    if (tl->state != AW_OPEN) {
        say(e, "ended", aw_t(e->lang, "it has ended: %s"),
            aw_word(e->lang, aw_state_name(tl->state)));
        return;
    }
    q.due = aw_engine_next(rule, tl, &q.index, &q.kind, &q.round);
    q.step = q.due ? aw_rule_step(rule, q.index) : NULL;
    if (q.step) {
        say_next(&q);
        say_plan(&q);
        say_moves(&q);
    } else {
        say(e, "last", "%s", aw_t(e->lang, "no step is left: it waits for its deadline"));
    }
    say_ends(&q);
    say_tries(&q);
    say_could(&q);
}

/* --- the simulator's lines ----------------------------------------------------------------------
 */

static bool names_rung(const struct aw_virtual_line *l)
{
    return (l->why == AW_WHY_UNLESS || l->why == AW_WHY_GOAL) && l->level != AW_LEVEL_NONE;
}

void aw_virtual_json(struct aw_jsonw *w, const struct aw_virtual_line *l)
{
    aw_jw_object(w, NULL);
    aw_jw_time(w, "at", l->at);
    aw_jw_int(w, "after_ms", l->after);
    aw_jw_str(w, "to", l->to);
    aw_jw_str(w, "what", aw_virtual_what_name(l));
    if (l->what != AW_V_STATE) {
        aw_jw_str(w, "step", l->step);
        aw_jw_int(w, "round", l->round);
        aw_jw_str(w, "do", aw_kind_name(l->kind));
        aw_jw_array(w, "targets");
        for (unsigned i = 0; i < l->n_targets; i++)
            aw_jw_str(w, NULL, l->targets[i]);
        aw_jw_end(w, ']');
    }
    aw_jw_object(w, "why");
    aw_jw_str(w, "reason", aw_why_name(l->why));
    if (names_rung(l))
        aw_jw_str(w, "level", aw_level_name(l->level));
    if (l->by)
        aw_jw_str(w, "by", l->by);
    if (l->what == AW_V_HELD || l->what == AW_V_DEFERRED)
        aw_jw_time(w, "until", l->until);
    aw_jw_end(w, '}');
    aw_jw_end(w, '}');
}
