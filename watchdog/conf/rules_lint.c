/* SPDX-License-Identifier: Apache-2.0
 *
 * Lints of intent: rules that are well written and still do not do what their author means, as far
 * as that can be told from the rule, its templates and the environment alone. Each is a warning
 * with a page, and can be allowed where it stands (conf/allow.h). They run for a rule without
 * errors, when world->lint is set: `rules check` sets it, the daemon does not.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "conf/env.h"
#include "conf/rules_int.h"
#include "core/calendar.h"
#include "core/template.h"

/* The rule under examination. */
struct lint {
    struct aw_reader *r;
    const struct aw_rule *rule;
    const struct aw_rules_world *world;
    const struct aw_yaml *map, *fallback, *steps;
};

enum {
    AGAIN = AW_MINUTE,          /* the same person by the same kind */
    NO_ANSWER = 10 * AW_SECOND, /* nothing is proven so fast */
};

static const struct aw_yaml *of_rule(const struct lint *l, const char *key)
{
    const struct aw_yaml *v = aw_yaml_get(l->map, key);
    return v == NULL && l->fallback != NULL ? aw_yaml_get(l->fallback, key) : v;
}

static const struct aw_yaml *of_step(const struct lint *l, unsigned i, const char *key)
{
    return aw_yaml_get(aw_schema_item(l->steps, i), key);
}

static bool goes_to_recipient(const struct aw_step *s)
{
    for (unsigned i = 0; i < s->n_to; i++)
        if (s->to[i].type == AW_TO_RECIPIENT)
            return true;
    return false;
}

/* --- when ------------------------------------------------------------------------------------ */

/* Without a step at 0s only what was sent already can be registered. */
static void lint_start(const struct lint *l)
{
    for (unsigned i = 0; i < l->rule->n_steps; i++)
        if (l->rule->steps[i].at == 0)
            return;
    aw_schema_key_warn(l->r, l->steps, "W131",
                       "begin with a step at 0s, or allow it where applications send themselves",
                       "no step is due at 0s: registrations without already_sent are refused");
}

static void lint_order(const struct lint *l, unsigned i)
{
    const struct aw_step *s = l->rule->steps;
    if (i > 0 && s[i].at < s[i - 1].at)
        aw_schema_warn(l->r, of_step(l, i, "at"), "W130", "put it in the order of its time",
                       "step \"%s\" runs before \"%s\", but stands behind it", s[i].id,
                       s[i - 1].id);
}

/* True when both go to the same people by the same kind. */
static bool same_way(const struct aw_step *a, const struct aw_step *b)
{
    bool kind = false;
    for (unsigned i = 0; i < a->n_kinds; i++)
        kind = kind || aw_step_has_kind(b, a->kinds[i]);
    return kind && aw_step_same_targets(a, b);
}

static void lint_gap(const struct lint *l, unsigned i)
{
    const struct aw_step *s = &l->rule->steps[i];
    char gap[AW_TIME_TEXT];
    if (s->times != 1 && s->every < AGAIN) {
        aw_duration_print(gap, s->every);
        aw_schema_key_warn(l->r, of_step(l, i, "repeat"), "W113", "make \"every\" longer",
                           "the same people are told by the same kind every %s", gap);
    }
    for (unsigned k = 0; k < l->rule->n_steps; k++) {
        const struct aw_step *before = &l->rule->steps[k];
        aw_ms d = s->at - before->at;
        bool ahead = d > 0 || (d == 0 && k < i);
        if (!ahead || k == i || d >= AGAIN)
            continue;
        aw_duration_print(gap, d);
        if (same_way(before, s)) {
            aw_schema_warn(l->r, of_step(l, i, "at"), "W113", "leave a minute between them",
                           "\"%s\" tells the same people by the same kind %s after \"%s\"", s->id,
                           gap, before->id);
            return;
        }
        if (d > 0 && d < NO_ANSWER && s->unless != AW_LEVEL_NONE) {
            aw_schema_warn(l->r, of_step(l, i, "at"), "W128", "leave at least 10s between them",
                           "%s after \"%s\" nothing can be proven yet", gap, before->id);
            return;
        }
    }
}

/* A text that leaves before the push could have been asked about. */
static void lint_haste(const struct lint *l, unsigned i)
{
    const struct aw_step *s = &l->rule->steps[i];
    aw_ms pushed = -1, known;
    char text[AW_TIME_TEXT];
    if (s->unless == AW_LEVEL_NONE ||
        (!aw_step_has_kind(s, AW_SMS) && !aw_step_has_kind(s, AW_CALL)))
        return;
    for (unsigned k = 0; k < l->rule->n_steps; k++) {
        const struct aw_step *p = &l->rule->steps[k];
        if (aw_step_has_kind(p, AW_PUSH) && p->at < s->at && p->at > pushed)
            pushed = p->at;
    }
    known = pushed + l->rule->check.first + l->rule->check.settle;
    if (pushed < 0 || s->at >= known || s->at - pushed < NO_ANSWER)
        return;
    aw_duration_print(text, known);
    aw_schema_warn(l->r, of_step(l, i, "at"), "W126", "make it later, or check.first shorter",
                   "the first receipt of the push is known at about %s, after this step", text);
}

/* --- hours ----------------------------------------------------------------------------------- */

/* The longest time for which the calendar's windows hold, as far as a week from now shows;
 * AW_CALENDAR_HORIZON when it never ends. 0: it is not known. */
static aw_ms longest_hold(const struct aw_rules_world *w, const char *calendar)
{
    const aw_time monday =
        1767571200000; /* 2026-01-05T00:00:00Z, a week without a change of clocks */
    aw_ms longest = 0;
    for (unsigned i = 0; w->almanac != NULL && i < 8 * 48; i++) {
        aw_time t = monday + i * (AW_HOUR / 2);
        aw_time end = aw_almanac_inside(w->almanac, calendar, NULL, t);
        if (end - t > longest)
            longest = end - t;
    }
    return longest;
}

/* True when the entry holds some message of the rule: not all its priorities are excepted. */
static bool holds_any(const struct lint *l, const struct aw_hours *h)
{
    for (unsigned i = 0; i < l->rule->n_match; i++) {
        const struct aw_match_term *t = &l->rule->match[i];
        bool left = t->field != AW_MATCH_PRIORITY;
        for (unsigned k = 0; !left && k < t->n_globs; k++)
            for (unsigned p = 0; p < AW_N_PRIORITIES; p++)
                left =
                    left || (aw_glob(t->globs[k], aw_priority_names[p]) && !(h->except & 1u << p));
        if (!left)
            return false;
    }
    return h->inside == AW_INSIDE_HOLD;
}

/* A hold that keeps its place can outlast the deadline, any hold the age of the message. */
static void lint_hold(const struct lint *l, const struct aw_hours *h, const struct aw_yaml *v)
{
    aw_ms hold = longest_hold(l->world, h->calendar);
    char text[AW_TIME_TEXT];
    if (hold == 0 || !holds_any(l, h))
        return;
    aw_duration_print(text, hold);
    if (hold > 8 * AW_DAY) {
        aw_schema_warn(l->r, v, "W106", "open it for a part of the week only",
                       "the windows of \"%s\" cover the whole week: nothing is ever sent",
                       h->calendar);
        return;
    }
    if (l->rule->max_age <= hold) {
        aw_schema_warn(l->r, v, "W106", "make max_age longer than the windows",
                       "\"%s\" holds for up to %s, and max_age ends before that", h->calendar,
                       text);
        return;
    }
    for (unsigned i = 0; h->then == AW_THEN_KEEP && i < l->rule->n_steps; i++) {
        const struct aw_step *s = &l->rule->steps[i];
        bool held = false;
        for (unsigned k = 0; k < s->n_kinds; k++)
            held = held || (h->kinds & 1u << s->kinds[k]);
        if (!held || l->rule->deadline - s->at >= hold)
            continue;
        aw_schema_warn(l->r, v, "W106", "make the deadline longer, or take then: keep out",
                       "\"%s\" holds step \"%s\" for up to %s, past the deadline: it never runs "
                       "then",
                       h->calendar, s->id, text);
        return;
    }
}

static void lint_hours(const struct lint *l)
{
    const struct aw_yaml *v = of_rule(l, "hours");
    for (unsigned i = 0; v != NULL && i < l->rule->n_hours; i++)
        lint_hold(l, &l->rule->hours[i], aw_yaml_get(aw_schema_item(v, i), "calendar"));
}

/* --- limits ---------------------------------------------------------------------------------- */

/* Sends of a kind to the recipient that are due in [from, from + per), when nothing is proven. */
static uint64_t sends_within(const struct lint *l, enum aw_kind kind, aw_ms from, aw_ms per)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < l->rule->n_steps; i++) {
        const struct aw_step *s = &l->rule->steps[i];
        aw_ms last = from + per - 1 < l->rule->deadline ? from + per - 1 : l->rule->deadline;
        if (!aw_step_has_kind(s, kind) || !goes_to_recipient(s) || last < s->at)
            continue;
        if (s->every == 0) {
            n += s->at >= from;
            continue;
        }
        int64_t k_first = from > s->at ? (from - s->at + s->every - 1) / s->every : 0;
        int64_t k_last = (last - s->at) / s->every;
        if (s->times > 0 && k_last > (int64_t)s->times - 1)
            k_last = s->times - 1;
        n += k_last >= k_first ? (uint64_t)(k_last - k_first + 1) : 0;
    }
    return n;
}

/* One message alone is more than the limit of its rule, or of the environment, lets through. */
static void lint_limits(const struct lint *l)
{
    const struct aw_yaml *v = of_rule(l, "limits");
    const struct aw_limits *limits = l->rule->limits.given ? &l->rule->limits : l->world->limits;
    for (unsigned kind = 0; limits != NULL && kind < AW_N_KINDS; kind++) {
        const struct aw_rates *rates = &limits->per_recipient[kind];
        for (unsigned i = 0; i < rates->n; i++)
            for (unsigned k = 0; k < l->rule->n_steps; k++) {
                const struct aw_rate *rate = &rates->list[i];
                uint64_t n = sends_within(l, kind, l->rule->steps[k].at, rate->per);
                char per[AW_TIME_TEXT];
                if (n <= rate->n)
                    continue;
                aw_duration_print(per, rate->per);
                aw_schema_key_warn(l->r, v != NULL ? v : l->steps, "W125",
                                   "send less often, or allow more",
                                   "one message alone is %llu %s in %s, of which the limit lets %u "
                                   "through",
                                   (unsigned long long)n, aw_kind_name(kind), per, rate->n);
                return;
            }
    }
}

/* --- what can be proven ---------------------------------------------------------------------- */

static const struct aw_template_text *text_of(const struct lint *l, const struct aw_step *s,
                                              enum aw_kind kind)
{
    return l->world->templates == NULL || s->template_name == NULL
               ? NULL
               : aw_template_find(l->world->templates, s->template_name, kind, "en");
}

/* The highest rung that a send of this kind can bring by itself, without the application's word. */
static enum aw_level best_of(const struct lint *l, const struct aw_step *s, enum aw_kind kind)
{
    const struct aw_template_text *t = text_of(l, s, kind);
    if (kind == AW_PUSH || s->ack_link || (t != NULL && strstr(t->text, "{{code}}") != NULL))
        return AW_ACKNOWLEDGED;
    return kind == AW_SMS || kind == AW_EMAIL ? AW_DELIVERED : AW_ACCEPTED;
}

/* ... of all steps to the recipient that are due before `at`. Of others only their acknowledgement
 * counts, with by: anyone. */
static enum aw_level best_before(const struct lint *l, aw_ms at)
{
    enum aw_level best = AW_LEVEL_NONE;
    for (unsigned i = 0; i < l->rule->n_steps; i++) {
        const struct aw_step *s = &l->rule->steps[i];
        bool own = goes_to_recipient(s), any = l->rule->by == AW_BY_ANYONE;
        for (unsigned k = 0; s->at < at && k < s->n_kinds; k++) {
            enum aw_level level = best_of(l, s, s->kinds[k]);
            if (level > best && (own || (any && level == AW_ACKNOWLEDGED)))
                best = level;
        }
    }
    return best;
}

/* Whoever says what reading in the inbox proves has an app that reports it. */
static bool has_inbox(const struct lint *l)
{
    return of_rule(l, "inbox_read") != NULL;
}

static void lint_unless(const struct lint *l, unsigned i)
{
    const struct aw_step *s = &l->rule->steps[i];
    const struct aw_yaml *v = of_step(l, i, "unless");
    if (v == NULL || s->unless == AW_LEVEL_NONE)
        return;
    if (s->unless > l->rule->until)
        aw_schema_warn(l->r, v, "W124", "name a lower rung",
                       "the goal \"%s\" ends the timeline before \"%s\" could skip this step",
                       aw_level_name(l->rule->until), aw_level_name(s->unless));
    else if (best_before(l, s->at) < s->unless && !has_inbox(l))
        aw_schema_warn(l->r, v, "W109", "allow it where the application reports that",
                       "nothing that is sent before this step can prove \"%s\"",
                       aw_level_name(s->unless));
}

static void lint_goal(const struct lint *l)
{
    const struct aw_yaml *v = of_rule(l, "until");
    enum aw_level until = l->rule->until;
    if (until == AW_ACCEPTED && l->rule->n_steps > 1)
        aw_schema_warn(l->r, v, "W124", "name a higher rung",
                       "the goal \"accepted\" is met as soon as a provider takes the first "
                       "send; later steps run only when it does not");
    if (until == AW_DISPLAYED)
        aw_schema_warn(l->r, v, "W127", "allow it where the application reports that",
                       "\"displayed\" is known only where the app says so");
    if (best_before(l, INT64_MAX) < until && !has_inbox(l))
        aw_schema_warn(l->r, v, "W121", "add a push, ack_link: true, or {{code}} to a text",
                       "nothing that is sent to the recipient can prove \"%s\"",
                       aw_level_name(until));
}

/* --- whom ------------------------------------------------------------------------------------ */

/* Somebody else than the recipient, and not only a program. */
static bool tells_another(const struct aw_step *s)
{
    bool human = false, other = false;
    for (unsigned i = 0; s != NULL && i < s->n_kinds; i++)
        human = human || s->kinds[i] != AW_WEBHOOK;
    for (unsigned i = 0; s != NULL && i < s->n_to; i++)
        other = other || s->to[i].type != AW_TO_RECIPIENT;
    return human && other;
}

static void lint_critical(const struct lint *l)
{
    const struct aw_yaml *match = of_rule(l, "match");
    bool critical = false, told = tells_another(l->rule->exhausted);
    for (unsigned i = 0; i < l->rule->n_match; i++) {
        const struct aw_match_term *t = &l->rule->match[i];
        for (unsigned k = 0; t->field == AW_MATCH_PRIORITY && k < t->n_globs; k++)
            critical = critical || aw_streq(t->globs[k], "critical");
    }
    for (unsigned i = 0; i < l->rule->n_steps; i++)
        told = told || tells_another(&l->rule->steps[i]);
    if (critical && !told)
        aw_schema_warn(l->r, aw_yaml_get(match, "priority"), "W112",
                       "add exhausted: or a step with to:",
                       "nobody else hears of a critical message that stays unconfirmed");
}

static const struct aw_person_conf *person(const struct aw_rules_world *w, const char *name)
{
    for (unsigned i = 0; i < w->n_people; i++)
        if (aw_streq(w->people[i].user, name))
            return &w->people[i];
    return NULL;
}

/* A step whose targets are all known by name, and of whom nobody can be reached by one of its
 * kinds. */
static void lint_reach(const struct lint *l, const struct aw_step *s, const struct aw_yaml *to)
{
    for (unsigned k = 0; to != NULL && l->world->n_people > 0 && k < s->n_kinds; k++) {
        bool reached = false;
        for (unsigned i = 0; i < s->n_to; i++) {
            bool named = s->to[i].type == AW_TO_CONTACT || s->to[i].type == AW_TO_USER;
            const struct aw_person_conf *p = named ? person(l->world, s->to[i].name) : NULL;
            reached = reached || p == NULL || aw_addresses_have(&p->a, s->kinds[k]);
        }
        if (!reached)
            aw_schema_warn(l->r, to, "W123", "name somebody else, or another kind",
                           "nobody here has an address for %s", aw_kind_name(s->kinds[k]));
    }
}

/* --- texts ----------------------------------------------------------------------------------- */

static const struct aw_template *template_of(const struct lint *l, const struct aw_step *s)
{
    const struct aw_templates *t = l->world->templates;
    for (unsigned i = 0; s->template_name != NULL && t != NULL && i < t->n; i++)
        if (aw_streq(t->list[i].name, s->template_name))
            return &t->list[i];
    return NULL;
}

static bool speaks(const struct aw_template *t, enum aw_kind kind, const char *lang)
{
    for (unsigned i = 0; i < t->n_texts; i++)
        if (t->texts[i].kind == kind && aw_streq(t->texts[i].lang, lang))
            return true;
    return false;
}

/* A language that one text of the rule has, and this one has not. */
static void lint_langs(const struct lint *l, unsigned i)
{
    const struct aw_step *s = &l->rule->steps[i];
    const struct aw_template *mine = template_of(l, s);
    for (unsigned k = 0; mine != NULL && k < l->rule->n_steps; k++) {
        const struct aw_template *other = template_of(l, &l->rule->steps[k]);
        for (unsigned n = 0; other != NULL && n < other->n_texts; n++)
            for (unsigned m = 0; m < s->n_kinds; m++) {
                if (speaks(mine, s->kinds[m], other->texts[n].lang))
                    continue;
                aw_schema_warn(l->r, of_step(l, i, "template"), "W122",
                               "add it to the template's file",
                               "template \"%s\" has no text for %s in %s, which others have",
                               mine->name, aw_kind_name(s->kinds[m]), other->texts[n].lang);
                return;
            }
    }
}

/* Carriers of the mainland hold promotional texts back at night. */
static void lint_promotion(const struct lint *l)
{
    static const char *const words[] = {"promo", "market", "advert", "营销", "推广", "促销"};
    const struct aw_yaml *match = of_rule(l, "match");
    bool sms = false, promotes = false;
    for (unsigned i = 0; i < l->rule->n_steps; i++)
        sms = sms || aw_step_has_kind(&l->rule->steps[i], AW_SMS);
    for (unsigned i = 0; i < l->rule->n_match; i++) {
        const struct aw_match_term *t = &l->rule->match[i];
        for (unsigned k = 0; t->field == AW_MATCH_CLASS && k < t->n_globs; k++)
            for (unsigned w = 0; w < AW_COUNT(words); w++)
                promotes = promotes || strstr(t->globs[k], words[w]) != NULL;
    }
    if (sms && promotes && of_rule(l, "hours") == NULL)
        aw_schema_warn(l->r, aw_yaml_get(match, "class"), "W129",
                       "add hours: with a calendar of the night",
                       "carriers do not deliver promotional texts from 20:00 to 08:00");
}

void aw_rules_lint(struct aw_reader *r, const struct aw_yaml *map, const struct aw_yaml *fallback,
                   const struct aw_rule *rule)
{
    const struct aw_rules_ctx *ctx = r->ctx;
    struct lint l = {r, rule, ctx->world, map, fallback, NULL};
    l.steps = of_rule(&l, "steps");
    lint_start(&l);
    lint_goal(&l);
    lint_critical(&l);
    lint_promotion(&l);
    lint_hours(&l);
    lint_limits(&l);
    for (unsigned i = 0; i < rule->n_steps; i++) {
        lint_order(&l, i);
        lint_gap(&l, i);
        lint_haste(&l, i);
        lint_unless(&l, i);
        lint_langs(&l, i);
        lint_reach(&l, &rule->steps[i], of_step(&l, i, "to"));
    }
    if (rule->exhausted != NULL)
        lint_reach(&l, rule->exhausted, aw_yaml_get(of_rule(&l, "exhausted"), "to"));
}
