/* SPDX-License-Identifier: Apache-2.0
 *
 * The words of a story, and its head: the rule, its people and what surrounds them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "golden.h"

/* --- words ---------------------------------------------------------------------------------- */

void __attribute__((noreturn)) golden_bad(const struct story *s, const char *what)
{
    fail_msg("%s:%u: %s", s->file, s->line, what);
    abort();
}

aw_ms golden_duration(const struct story *s, const char *text)
{
    aw_ms d;
    if (aw_duration_parse(text, strlen(text), &d) != 0)
        golden_bad(s, "a duration is expected");
    return d;
}

unsigned golden_number(const struct story *s, const char *text)
{
    uint64_t v;
    if (aw_parse_u64(text, strlen(text), 1000000, &v) != 0)
        golden_bad(s, "a number is expected");
    return (unsigned)v;
}

/* The value of key=value among the words, or NULL. */
const char *golden_get(const struct story *s, const char *key)
{
    size_t n = strlen(key);
    for (unsigned i = 1; i < s->n_words; i++)
        if (strncmp(s->words[i], key, n) == 0 && s->words[i][n] == '=')
            return s->words[i] + n + 1;
    return NULL;
}

bool golden_flag(const struct story *s, const char *word)
{
    for (unsigned i = 1; i < s->n_words; i++)
        if (strcmp(s->words[i], word) == 0)
            return true;
    return false;
}

const char *golden_word(const struct story *s, unsigned i)
{
    if (i >= s->n_words)
        golden_bad(s, "something is missing");
    return s->words[i];
}

enum aw_level golden_level(const struct story *s, const char *text)
{
    enum aw_level l;
    if (aw_level_parse(text, &l) != 0)
        golden_bad(s, "a rung is expected");
    return l;
}

enum aw_kind golden_kind(const struct story *s, const char *text)
{
    enum aw_kind k;
    if (aw_kind_parse(text, &k) != 0)
        golden_bad(s, "a kind is expected");
    return k;
}

const struct claim *golden_claim(const struct story *s, const char *text)
{
    unsigned n = text[0] == '#' ? golden_number(s, text + 1) : 0;
    if (n == 0 || n > s->n_claims)
        golden_bad(s, "an attempt is expected");
    return &s->claims[n - 1];
}

/* --- the rule and its people ---------------------------------------------------------------- */

static void read_rule(struct story *s)
{
    struct aw_rule *r = &s->x.rule.r;
    const char *v;

    if ((v = golden_get(s, "until")))
        r->until = golden_level(s, v);
    if ((v = golden_get(s, "deadline")))
        r->deadline = golden_duration(s, v);
    if ((v = golden_get(s, "max_age")))
        r->max_age = golden_duration(s, v);
    if ((v = golden_get(s, "settle")))
        r->check.settle = golden_duration(s, v);
    if ((v = golden_get(s, "by")))
        r->by = strcmp(v, "anyone") == 0 ? AW_BY_ANYONE : AW_BY_RECIPIENT;
    if ((v = golden_get(s, "reopen")))
        r->reopen_after = golden_duration(s, v);
    r->reopen_unless_closed |= golden_flag(s, "closed");
    if ((v = golden_get(s, "catch_up")))
        r->catch_up = strcmp(v, "never") == 0 ? AW_CATCH_UP_NEVER : golden_duration(s, v);
}

static void read_targets(struct story *s, struct aw_step *step, char *list)
{
    for (char *t; (t = strsep(&list, ","));) {
        if (strcmp(t, "recipient") == 0)
            world_target(&s->x, step, AW_TO_RECIPIENT, NULL);
        else if (strcmp(t, "manager") == 0)
            world_target(&s->x, step, AW_TO_MANAGER, NULL);
        else if (aw_starts(t, "contact:"))
            world_target(&s->x, step, AW_TO_CONTACT, t + 8);
        else if (aw_starts(t, "user:"))
            world_target(&s->x, step, AW_TO_USER, t + 5);
        else if (aw_starts(t, "oncall:"))
            world_target(&s->x, step, AW_TO_ONCALL, t + 7);
        else
            golden_bad(s, "a target is expected");
    }
}

static void read_step(struct story *s)
{
    bool last = strcmp(s->words[0], "exhausted") == 0;
    const char *v = golden_get(s, "at");
    struct aw_step *step = world_step(&s->x, last ? "exhausted" : golden_word(s, 1),
                                      v ? golden_duration(s, v) : 0, AW_PUSH);

    if (!(v = golden_get(s, "do")))
        golden_bad(s, "do is missing");
    step->n_kinds = 0;
    for (char *list = (char *)v, *k; (k = strsep(&list, ","));)
        step->kinds[step->n_kinds++] = golden_kind(s, k);
    if ((v = golden_get(s, "to")))
        read_targets(s, step, (char *)v);
    else
        world_target(&s->x, step, AW_TO_RECIPIENT, NULL);
    if (golden_get(s, "pick"))
        step->pick = AW_PICK_ALL;
    if ((v = golden_get(s, "unless")))
        step->unless = golden_level(s, v);
    if ((v = golden_get(s, "every"))) {
        step->every = golden_duration(s, v);
        step->times = strcmp(golden_get(s, "times"), "goal") == 0
                          ? 0
                          : golden_number(s, golden_get(s, "times"));
    }
    if (golden_get(s, "devices"))
        step->all_devices = s->x.rule.r.by_device = true;
    if (golden_get(s, "if_no_contact"))
        step->if_no_contact = AW_NO_CONTACT_SKIP;
    if ((v = golden_get(s, "via")))
        step->n_via = golden_number(s, v);
}

static void read_presence(struct story *s)
{
    struct aw_presence *p = &s->x.rule.r.presence;
    const char *v;

    p->logged_out =
        strcmp(golden_word(s, 1), "hold") == 0 ? AW_LOGGED_OUT_HOLD : AW_LOGGED_OUT_SKIP;
    if ((v = golden_get(s, "hold_max")))
        p->hold_max = golden_duration(s, v);
    if ((v = golden_get(s, "on_login")))
        p->on_login = strcmp(v, "drop") == 0 ? AW_ON_LOGIN_DROP : AW_ON_LOGIN_DIGEST;
    if ((v = golden_get(s, "on_expiry")))
        p->on_expiry = aw_rule_step_index(&s->x.rule.r, v);
}

static void read_person(struct story *s)
{
    unsigned p = world_person(&s->x, golden_word(s, 1));

    for (unsigned i = 2; i < s->n_words; i++) {
        if (aw_starts(s->words[i], "manager="))
            s->x.w.manager = world_person(&s->x, s->words[i] + 8);
        else
            s->x.w.has[p - 1][golden_kind(s, s->words[i])] = true;
    }
}

static void read_calendar(struct story *s)
{
    unsigned i = s->x.w.n_calendars++;

    aw_format(s->x.w.calendars[i].name, sizeof(s->x.w.calendars[i].name), "%s", golden_word(s, 1));
    s->x.w.calendars[i].from = golden_duration(s, golden_get(s, "from"));
    s->x.w.calendars[i].to = golden_duration(s, golden_get(s, "to"));
}

static unsigned priority(const struct story *s, const char *text)
{
    enum aw_priority p;
    if (aw_priority_parse(text, &p) != 0)
        golden_bad(s, "a priority is expected");
    return p;
}

static void read_hours(struct story *s)
{
    struct aw_rule *r = &s->x.rule.r;
    struct aw_hours *h = &s->x.rule.hours[r->n_hours];
    const char *inside = golden_get(s, "inside"), *v;

    aw_format(s->x.rule.calendars[r->n_hours++], 32, "%s", golden_word(s, 1));
    *h = (struct aw_hours){.calendar = s->x.rule.calendars[r->n_hours - 1],
                           .inside = strcmp(inside, "hold") == 0   ? AW_INSIDE_HOLD
                                     : strcmp(inside, "skip") == 0 ? AW_INSIDE_SKIP
                                                                   : AW_INSIDE_SEND,
                           .then = golden_get(s, "then") ? AW_THEN_KEEP : AW_THEN_SHIFT,
                           .kinds = AW_ALL_KINDS};
    if ((v = golden_get(s, "kinds"))) {
        h->kinds = 0;
        for (char *list = (char *)v, *k; (k = strsep(&list, ","));)
            h->kinds |= (uint8_t)(1u << golden_kind(s, k));
    }
    if ((v = golden_get(s, "except")))
        for (char *list = (char *)v, *p; (p = strsep(&list, ","));)
            h->except |= (uint8_t)(1u << priority(s, p));
    r->hours = s->x.rule.hours;
}

static void read_priority(struct story *s)
{
    s->x.env.priority = (enum aw_priority)priority(s, golden_word(s, 1));
}

static void read_oncall(struct story *s)
{
    aw_format(s->x.w.oncall, sizeof(s->x.w.oncall), "%s", golden_word(s, 1));
}

static void read_channels(struct story *s)
{
    for (unsigned i = 1; i < s->n_words; i++) {
        char *eq = strchr(s->words[i], '=');
        if (!eq)
            golden_bad(s, "KIND=N is expected");
        *eq = '\0';
        s->x.w.channels[golden_kind(s, s->words[i])] = golden_number(s, eq + 1);
    }
}

static void read_seed(struct story *s)
{
    s->x.env.seed = golden_number(s, golden_word(s, 1));
}

static const struct {
    const char *word;
    void (*read)(struct story *s);
} headers[] = {
    {"rule", read_rule},         {"step", read_step},         {"exhausted", read_step},
    {"person", read_person},     {"channels", read_channels}, {"seed", read_seed},
    {"calendar", read_calendar}, {"hours", read_hours},       {"priority", read_priority},
    {"oncall", read_oncall},     {"presence", read_presence}};

bool golden_head(struct story *s, const char *word)
{
    for (unsigned i = 0; i < AW_COUNT(headers); i++)
        if (strcmp(headers[i].word, word) == 0) {
            headers[i].read(s);
            return true;
        }
    return false;
}
