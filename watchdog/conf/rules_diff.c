/* SPDX-License-Identifier: Apache-2.0
 *
 * Sets of rules, and what a rule says but for its steps. See rules_diff.h.
 */
#include "conf/rules_diff.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/words.h"
#include "conf/rules_diff_int.h"
#include "conf/schema.h"

enum { TEXT_MAX = 1024 };

void aw_diff_say(struct aw_rules_diff *d, const char *code, const char *fmt, ...)
{
    char text[TEXT_MAX];
    va_list ap;

    va_start(ap, fmt);
    aw_vformat(text, sizeof(text), fmt, ap);
    va_end(ap);
    d->n++;
    d->note(d->ctx, &(struct aw_rules_note){d->rule, d->change, code, text});
}

/* The two largest units; the zero of something is "0 seconds". */
const char *aw_diff_span(enum aw_lang lang, char dst[AW_SPAN_TEXT], aw_ms t)
{
    static const struct {
        aw_ms unit;
        const char *one, *many;
    } units[] = {{AW_DAY, N_("day"), N_("days")},
                 {AW_HOUR, N_("hour"), N_("hours")},
                 {AW_MINUTE, N_("minute"), N_("minutes")},
                 {AW_SECOND, N_("second"), N_("seconds")}};
    size_t used = 0;

    dst[0] = 0;
    for (unsigned i = 0; i < AW_COUNT(units); i++) {
        long long n = t / units[i].unit;
        if (n == 0 && !(i + 1 == AW_COUNT(units) && used == 0))
            continue;
        if (used)
            used += (size_t)snprintf(dst + used, AW_SPAN_TEXT - used, " ");
        aw_format(dst + used, AW_SPAN_TEXT - used, "%lld %s", n,
                  aw_t(lang, n == 1 ? units[i].one : units[i].many));
        used = strlen(dst);
        t %= units[i].unit;
    }
    return dst;
}

/* --- match --------------------------------------------------------------------------------------
 */

static void put_field(const struct aw_match_term *t, struct aw_buf *out)
{
    static const char *const names[] = {
        [AW_MATCH_APP] = "app",           [AW_MATCH_CLASS] = "class",
        [AW_MATCH_PRIORITY] = "priority", [AW_MATCH_CHANNEL] = "channel",
        [AW_MATCH_LABEL] = "labels.",     [AW_MATCH_EXTRA] = "extras.",
        [AW_MATCH_TITLE] = "title"};
    aw_buf_printf(out, "%s%s", names[t->field], t->key ? t->key : "");
}

static void put_globs(enum aw_lang lang, const struct aw_match_term *t, struct aw_buf *out)
{
    for (unsigned i = 0; i < t->n_globs; i++) {
        const char *before = i == 0 ? "" : i + 1 < t->n_globs ? ", " : aw_t(lang, " or ");
        aw_buf_printf(out, "%s\"%s\"", before, t->globs[i]);
    }
}

static const struct aw_match_term *term_of(const struct aw_rule *r, const struct aw_match_term *t)
{
    for (unsigned i = 0; i < r->n_match; i++)
        if (r->match[i].field == t->field && aw_streq(r->match[i].key, t->key))
            return &r->match[i];
    return NULL;
}

static bool same_globs(const struct aw_match_term *a, const struct aw_match_term *b)
{
    for (unsigned i = 0; i < a->n_globs; i++) {
        bool found = false;
        for (unsigned k = 0; k < b->n_globs; k++)
            found |= strcmp(a->globs[i], b->globs[k]) == 0;
        if (!found)
            return false;
    }
    return a->n_globs == b->n_globs;
}

static void diff_match(struct aw_rules_diff *d, const struct aw_rule *a, const struct aw_rule *b)
{
    for (unsigned i = 0; i < b->n_match; i++) {
        const struct aw_match_term *is = &b->match[i], *was = term_of(a, is);
        AW_AUTO(aw_buf_free)
        struct aw_buf field = AW_BUF_INIT(TEXT_MAX), now = AW_BUF_INIT(TEXT_MAX);
        AW_AUTO(aw_buf_free) struct aw_buf then = AW_BUF_INIT(TEXT_MAX);
        put_field(is, &field);
        put_globs(d->lang, is, &now);
        if (was)
            put_globs(d->lang, was, &then);
        if (!was)
            aw_diff_say(d, "match", aw_t(d->lang, "it takes only messages whose %1$s is %2$s"),
                        aw_buf_str(&field), aw_buf_str(&now));
        else if (!same_globs(was, is))
            aw_diff_say(d, "match",
                        aw_t(d->lang, "it takes messages whose %1$s is %2$s, instead of %3$s"),
                        aw_buf_str(&field), aw_buf_str(&now), aw_buf_str(&then));
    }
    for (unsigned i = 0; i < a->n_match; i++) {
        AW_AUTO(aw_buf_free) struct aw_buf field = AW_BUF_INIT(TEXT_MAX);
        put_field(&a->match[i], &field);
        if (!term_of(b, &a->match[i]))
            aw_diff_say(d, "match", aw_t(d->lang, "it takes messages whatever their %s is"),
                        aw_buf_str(&field));
    }
}

/* --- the rest of a rule ------------------------------------------------------------------------
 */

static const char *title_of(const struct aw_rule *r, const char *lang)
{
    for (unsigned i = 0; i < r->n_titles; i++)
        if (aw_streq(r->titles[i].lang, lang))
            return r->titles[i].text;
    return NULL;
}

static void diff_titles(struct aw_rules_diff *d, const struct aw_rule *a, const struct aw_rule *b)
{
    for (unsigned i = 0; i < b->n_titles; i++) {
        const char *was = title_of(a, b->titles[i].lang);
        if (!aw_streq(was, b->titles[i].text))
            aw_diff_say(d, "title", aw_t(d->lang, "people read \"%1$s\" as its name, not \"%2$s\""),
                        b->titles[i].text, was ? was : a->name);
    }
    for (unsigned i = 0; i < a->n_titles; i++)
        if (!title_of(b, a->titles[i].lang))
            aw_diff_say(d, "title", aw_t(d->lang, "it is no longer called \"%s\""),
                        a->titles[i].text);
}

static void diff_deadline(struct aw_rules_diff *d, const struct aw_rule *a, const struct aw_rule *b)
{
    char by[AW_SPAN_TEXT], now[AW_TIME_TEXT], then[AW_TIME_TEXT];

    if (a->deadline == b->deadline)
        return;
    aw_duration_print(now, b->deadline);
    aw_duration_print(then, a->deadline);
    if (b->deadline > a->deadline)
        aw_diff_say(d, "deadline-later",
                    aw_t(d->lang, "the deadline is %1$s later: %2$s instead of %3$s"),
                    aw_diff_span(d->lang, by, b->deadline - a->deadline), now, then);
    else
        aw_diff_say(d, "deadline-earlier",
                    aw_t(d->lang, "the deadline is %1$s earlier: %2$s instead of %3$s"),
                    aw_diff_span(d->lang, by, a->deadline - b->deadline), now, then);
}

static void diff_times(struct aw_rules_diff *d, const struct aw_rule *a, const struct aw_rule *b)
{
    const char *none = aw_t(d->lang, "what the environment says");
    char now[AW_SPAN_TEXT], then[AW_SPAN_TEXT];

    if (a->max_age != b->max_age)
        aw_diff_say(
            d, "max-age", aw_t(d->lang, "nothing of it goes on after %1$s, instead of %2$s"),
            aw_diff_span(d->lang, now, b->max_age), aw_diff_span(d->lang, then, a->max_age));
    if (a->retention != b->retention)
        aw_diff_say(d, "retention",
                    aw_t(d->lang, "closed messages are kept for %1$s, instead of %2$s"),
                    b->retention ? aw_diff_span(d->lang, now, b->retention) : none,
                    a->retention ? aw_diff_span(d->lang, then, a->retention) : none);
    if (!a->claim_hold && b->claim_hold)
        aw_diff_say(d, "claim", aw_t(d->lang, "somebody else may claim it: the plan waits %s then"),
                    aw_diff_span(d->lang, now, b->claim_hold));
    else if (a->claim_hold && !b->claim_hold)
        aw_diff_say(d, "claim", "%s", aw_t(d->lang, "nobody may claim it any more"));
    else if (a->claim_hold != b->claim_hold)
        aw_diff_say(d, "claim", aw_t(d->lang, "after a claim the plan waits %1$s, instead of %2$s"),
                    aw_diff_span(d->lang, now, b->claim_hold),
                    aw_diff_span(d->lang, then, a->claim_hold));
}

static const char *of_text(enum aw_lang lang, const struct aw_rule *r, char dst[64])
{
    if (r->of.n == 0)
        aw_format(dst, 64, "%s", aw_t(lang, "all recipients"));
    else if (r->of.percent)
        aw_format(dst, 64, aw_t(lang, "%u percent of the recipients"), r->of.n);
    else if (r->of.n == 1)
        aw_format(dst, 64, "%s", aw_t(lang, "any recipient"));
    else
        aw_format(dst, 64, aw_t(lang, "%u recipients"), r->of.n);
    return dst;
}

static void diff_goal(struct aw_rules_diff *d, const struct aw_rule *a, const struct aw_rule *b)
{
    char now[64], then[64];

    if (a->until != b->until)
        aw_diff_say(d, "until", aw_t(d->lang, "it ends once it is %1$s, instead of %2$s"),
                    aw_word(d->lang, aw_level_name(b->until)),
                    aw_word(d->lang, aw_level_name(a->until)));
    if (a->of.n != b->of.n || a->of.percent != b->of.percent)
        aw_diff_say(d, "of", aw_t(d->lang, "the message is confirmed by %1$s, instead of %2$s"),
                    of_text(d->lang, b, now), of_text(d->lang, a, then));
}

static const char *catch_up_text(enum aw_lang lang, aw_ms t, char dst[AW_SPAN_TEXT])
{
    if (t == 0)
        aw_format(dst, AW_SPAN_TEXT, "%s", aw_t(lang, "always"));
    else if (t == AW_CATCH_UP_NEVER)
        aw_format(dst, AW_SPAN_TEXT, "%s", aw_t(lang, "never"));
    else
        aw_diff_span(lang, dst, t);
    return dst;
}

static void diff_after_ack(struct aw_rules_diff *d, const struct aw_rule *a,
                           const struct aw_rule *b)
{
    char now[AW_SPAN_TEXT];

    if (a->reopen_after != b->reopen_after && b->reopen_after)
        aw_diff_say(d, "after-ack", aw_t(d->lang, "a confirmed message comes back after %s"),
                    aw_diff_span(d->lang, now, b->reopen_after));
    else if (a->reopen_after != b->reopen_after)
        aw_diff_say(d, "after-ack", "%s",
                    aw_t(d->lang, "a confirmed message does not come back any more"));
    else if (a->reopen_unless_closed != b->reopen_unless_closed)
        aw_diff_say(d, "after-ack", "%s",
                    b->reopen_unless_closed
                        ? aw_t(d->lang, "a confirmed message stays away once somebody closed it")
                        : aw_t(d->lang, "a confirmed message comes back even if it was closed"));
}

/* Whose word counts, and what comes after it. */
static void diff_proof(struct aw_rules_diff *d, const struct aw_rule *a, const struct aw_rule *b)
{
    char now[AW_SPAN_TEXT], then[AW_SPAN_TEXT];

    if (a->by != b->by)
        aw_diff_say(d, "by", "%s",
                    b->by == AW_BY_ANYONE
                        ? aw_t(d->lang, "the acknowledgement of anyone who was told counts, too")
                        : aw_t(d->lang, "only the recipient's own acknowledgement counts"));
    if (a->inbox_read != b->inbox_read)
        aw_diff_say(d, "inbox-read",
                    aw_t(d->lang, "what was read in the inbox is %1$s, instead of %2$s"),
                    aw_word(d->lang, aw_level_name(b->inbox_read)),
                    aw_word(d->lang, aw_level_name(a->inbox_read)));
    if (a->catch_up != b->catch_up)
        aw_diff_say(d, "catch-up",
                    aw_t(d->lang, "what was missed in a downtime is made up for: %1$s, instead of "
                                  "%2$s"),
                    catch_up_text(d->lang, b->catch_up, now),
                    catch_up_text(d->lang, a->catch_up, then));
    diff_after_ack(d, a, b);
}

static void diff_check(struct aw_rules_diff *d, const struct aw_rule *a, const struct aw_rule *b)
{
    static const struct {
        size_t at;
        const char *text;
    } times[] = {
        {offsetof(struct aw_check, first), N_("the first question for receipts comes after")},
        {offsetof(struct aw_check, every), N_("further ones come after")},
        {offsetof(struct aw_check, max_every), N_("they are never further apart than")},
        {offsetof(struct aw_check, stop), N_("questions for receipts end after")},
        {offsetof(struct aw_check, settle), N_("before a step a question is awaited for")},
    };
    char now[AW_SPAN_TEXT], then[AW_SPAN_TEXT];

    for (unsigned i = 0; i < AW_COUNT(times); i++) {
        aw_ms was = *(const aw_ms *)((const char *)&a->check + times[i].at);
        aw_ms is = *(const aw_ms *)((const char *)&b->check + times[i].at);
        if (was != is)
            aw_diff_say(d, "check", aw_t(d->lang, "%1$s %2$s, instead of %3$s"),
                        aw_t(d->lang, times[i].text), aw_diff_span(d->lang, now, is),
                        aw_diff_span(d->lang, then, was));
    }
    if (a->check.backoff_pct != b->check.backoff_pct)
        aw_diff_say(d, "check",
                    aw_t(d->lang, "receipts are asked for %1$u.%2$02u times as slowly from one "
                                  "question to the next, instead of %3$u.%4$02u"),
                    b->check.backoff_pct / 100, b->check.backoff_pct % 100,
                    a->check.backoff_pct / 100, a->check.backoff_pct % 100);
}

/* --- keys without words: as they stand in the file ----------------------------------------------
 */

static void put_yaml(const struct aw_yaml *v, struct aw_buf *out)
{
    if (v->type == AW_YAML_SCALAR) {
        aw_buf_puts(out, v->text);
        return;
    }
    aw_buf_putc(out, v->type == AW_YAML_MAP ? '{' : '[');
    for (const struct aw_yaml *c = v->child; c; c = c->next) {
        aw_buf_puts(out, c == v->child ? "" : ", ");
        if (c->key)
            aw_buf_printf(out, "%s: ", c->key);
        put_yaml(c, out);
    }
    aw_buf_putc(out, v->type == AW_YAML_MAP ? '}' : ']');
}

static bool same_yaml(const struct aw_yaml *a, const struct aw_yaml *b)
{
    AW_AUTO(aw_buf_free) struct aw_buf x = AW_BUF_INIT(AW_CONF_FILE_MAX), y = x;
    if (!a || !b)
        return a == b;
    put_yaml(a, &x);
    put_yaml(b, &y);
    return x.over || y.over || strcmp(aw_buf_str(&x), aw_buf_str(&y)) == 0;
}

/* A rule's map in its file, and the defaults of that. */
struct source {
    struct aw_yaml_doc *doc;
    const struct aw_yaml *rule, *defaults;
};

static void open_source(const struct aw_rules *set, const struct aw_rule *r, struct source *ret)
{
    struct aw_yaml_error err = {0};
    const struct aw_rules_file *f = NULL;

    *ret = (struct source){0};
    for (unsigned i = 0; i < set->n_files; i++)
        if (memcmp(set->files[i].sha256, r->sha256, 32) == 0)
            f = &set->files[i];
    if (!f || aw_yaml_parse(f->text, f->n, AW_CONF_FILE_MAX, AW_LANG_EN, &ret->doc, &err) < 0)
        return;
    const struct aw_yaml *root = aw_yaml_root(ret->doc), *rules = aw_yaml_get(root, "rules");
    ret->defaults = aw_yaml_get(root, "defaults");
    for (const struct aw_yaml *v = rules ? rules->child : NULL; v; v = v->next) {
        const struct aw_yaml *name = aw_yaml_get(v, "name");
        if (name && aw_streq(name->text, r->name))
            ret->rule = v;
    }
}

static const struct aw_yaml *value_of(const struct source *s, const char *key)
{
    const struct aw_yaml *v = s->rule ? aw_yaml_get(s->rule, key) : NULL;
    return v || !s->defaults ? v : aw_yaml_get(s->defaults, key);
}

static void diff_others(struct aw_rules_diff *d, const struct source *a, const struct source *b)
{
    static const char *const keys[] = {"hours", "presence", "limits", "suppress"};
    for (unsigned i = 0; i < AW_COUNT(keys); i++) {
        const struct aw_yaml *was = value_of(a, keys[i]), *is = value_of(b, keys[i]);
        AW_AUTO(aw_buf_free)
        struct aw_buf now = AW_BUF_INIT(TEXT_MAX), then = AW_BUF_INIT(TEXT_MAX);
        if (same_yaml(was, is))
            continue;
        if (was)
            put_yaml(was, &then);
        if (is)
            put_yaml(is, &now);
        if (!was)
            aw_diff_say(d, keys[i], aw_t(d->lang, "it has now \"%1$s: %2$s\""), keys[i],
                        aw_buf_str(&now));
        else if (!is)
            aw_diff_say(d, keys[i], aw_t(d->lang, "it has no \"%1$s\" any more (was %2$s)"),
                        keys[i], aw_buf_str(&then));
        else
            aw_diff_say(d, keys[i], aw_t(d->lang, "\"%1$s\" is %2$s, instead of %3$s"), keys[i],
                        aw_buf_str(&now), aw_buf_str(&then));
    }
}

/* --- sets ---------------------------------------------------------------------------------------
 */

static void diff_rule(struct aw_rules_diff *d, const struct aw_rules *a, const struct aw_rule *was,
                      const struct aw_rules *b, const struct aw_rule *is)
{
    struct source sa, sb;

    diff_titles(d, was, is);
    diff_match(d, was, is);
    diff_goal(d, was, is);
    diff_deadline(d, was, is);
    diff_times(d, was, is);
    diff_proof(d, was, is);
    diff_check(d, was, is);
    open_source(a, was, &sa);
    open_source(b, is, &sb);
    diff_others(d, &sa, &sb);
    aw_yaml_free(sa.doc);
    aw_yaml_free(sb.doc);
    aw_diff_steps(d, was, is);
}

/* The next rule behind it that the other set has, too: who takes a message first has changed when
 * that is another one. */
static const char *next_common(const struct aw_ruleset *s, unsigned i,
                               const struct aw_ruleset *other)
{
    for (i++; i < s->n; i++)
        if (aw_ruleset_find(other, s->rules[i]->name))
            return s->rules[i]->name;
    return NULL;
}

static void diff_place(struct aw_rules_diff *d, const struct aw_ruleset *a,
                       const struct aw_ruleset *b, unsigned i)
{
    unsigned was = 0;
    while (strcmp(a->rules[was]->name, b->rules[i]->name) != 0)
        was++;
    const char *now = next_common(b, i, a), *then = next_common(a, was, b);
    if (aw_streq(now, then) || !now)
        return;
    aw_diff_say(d, "place",
                aw_t(d->lang, "it is asked before \"%s\" now; the first rule that "
                              "matches takes a message"),
                now);
}

unsigned aw_rules_diff(enum aw_lang lang, const struct aw_rules *a, const struct aw_rules *b,
                       const char *rule, void (*note)(void *ctx, const struct aw_rules_note *n),
                       void *ctx)
{
    struct aw_rules_diff d = {.lang = lang, .note = note, .ctx = ctx};

    for (unsigned i = 0; i < b->set.n; i++) {
        const struct aw_rule *is = b->set.rules[i], *was = aw_ruleset_find(&a->set, is->name);
        d.rule = is->name;
        d.change = was ? "changed" : "added";
        if (rule && strcmp(rule, is->name) != 0)
            continue;
        if (was)
            diff_place(&d, &a->set, &b->set, i);
        else
            aw_diff_say(&d, "added", "%s", aw_t(lang, "it is new"));
        if (was)
            diff_rule(&d, a, was, b, is);
        else
            aw_diff_steps(&d, NULL, is);
    }
    for (unsigned i = 0; i < a->set.n; i++) {
        d.rule = a->set.rules[i]->name;
        d.change = "removed";
        if (!aw_ruleset_find(&b->set, d.rule) && (!rule || strcmp(rule, d.rule) == 0))
            aw_diff_say(&d, "removed", "%s",
                        aw_t(lang, "it is gone: its messages go to a later rule, or are refused"));
    }
    return d.n;
}
