/* SPDX-License-Identifier: Apache-2.0
 *
 * Steps compared by id: who hears what, when, how often, and what is no longer sent at all. See
 * rules_diff.h.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/words.h"
#include "conf/rules_diff_int.h"

enum { STEP_TEXT = 256, TEXT_MAX = 512 };

/* --- texts --------------------------------------------------------------------------------------
 */

/* "SMS (text)" */
static const char *name_of(enum aw_lang lang, const struct aw_step *s, char dst[STEP_TEXT])
{
    struct aw_buf b = AW_BUF_INIT(STEP_TEXT - 1);

    for (unsigned k = 0; k < s->n_kinds; k++)
        aw_buf_printf(&b, "%s%s", k ? " + " : "", aw_word(lang, aw_kind_name(s->kinds[k])));
    aw_format(dst, STEP_TEXT, "%s (%s)", aw_buf_str(&b), s->id);
    aw_buf_free(&b);
    return dst;
}

static const char *targets_of(enum aw_lang lang, const struct aw_step *s, char dst[TEXT_MAX])
{
    static const char *const names[] = {[AW_TO_RECIPIENT] = N_("the recipient"),
                                        [AW_TO_MANAGER] = N_("the manager"),
                                        [AW_TO_CONTACT] = "contact:",
                                        [AW_TO_USER] = "user:",
                                        [AW_TO_ONCALL] = "oncall:"};
    size_t used = 0;

    dst[0] = 0;
    for (unsigned i = 0; i < s->n_to && used < TEXT_MAX - 1; i++) {
        const char *between = s->pick == AW_PICK_ALL ? aw_t(lang, " and ") : aw_t(lang, ", else ");
        aw_format(dst + used, TEXT_MAX - used, "%s%s%s", i ? between : "",
                  aw_t(lang, names[s->to[i].type]), s->to[i].name ? s->to[i].name : "");
        used = strlen(dst);
    }
    return dst;
}

static const char *via_of(enum aw_lang lang, const struct aw_step *s, char dst[TEXT_MAX])
{
    size_t used = 0;

    aw_format(dst, TEXT_MAX, "%s", aw_t(lang, "all channels by weight"));
    for (unsigned i = 0; i < s->n_via && used < TEXT_MAX - 1; i++) {
        aw_format(dst + used, TEXT_MAX - used, "%s%s", i ? ", " : "", s->via[i]);
        used = strlen(dst);
    }
    return dst;
}

static const char *rounds_of(enum aw_lang lang, const struct aw_step *s, char dst[TEXT_MAX])
{
    char every[AW_SPAN_TEXT];

    aw_diff_span(lang, every, s->every);
    if (!s->every)
        aw_format(dst, TEXT_MAX, "%s", aw_t(lang, "once"));
    else if (!s->times)
        aw_format(dst, TEXT_MAX, aw_t(lang, "every %s until the goal or the deadline"), every);
    else
        aw_format(dst, TEXT_MAX, aw_t(lang, "every %1$s, %2$u times in all"), every, s->times);
    return dst;
}

static const char *ttl_of(enum aw_lang lang, const struct aw_rule *r, const struct aw_step *s,
                          char dst[TEXT_MAX])
{
    char span[AW_SPAN_TEXT];

    if (s->ttl_until >= 0)
        aw_format(dst, TEXT_MAX, aw_t(lang, "until the step %s"), r->steps[s->ttl_until].id);
    else if (s->ttl)
        aw_format(dst, TEXT_MAX, "%s", aw_diff_span(lang, span, s->ttl));
    else
        aw_format(dst, TEXT_MAX, "%s", aw_t(lang, "as long as the provider keeps it"));
    return dst;
}

/* --- one step -----------------------------------------------------------------------------------
 */

struct pair {
    struct aw_rules_diff *d;
    const struct aw_rule *a, *b;
    const struct aw_step *was, *is;
    char name[STEP_TEXT];
};

static void diff_at(const struct pair *p)
{
    enum aw_lang lang = p->d->lang;
    char by[AW_SPAN_TEXT], now[AW_TIME_TEXT], then[AW_TIME_TEXT];
    aw_ms more = p->is->at - p->was->at;

    aw_duration_print(now, p->is->at);
    aw_duration_print(then, p->was->at);
    if (more > 0)
        aw_diff_say(p->d, "later", aw_t(lang, "%1$s comes %2$s later: at %3$s instead of %4$s"),
                    p->name, aw_diff_span(lang, by, more), now, then);
    else if (more < 0)
        aw_diff_say(p->d, "earlier", aw_t(lang, "%1$s comes %2$s earlier: at %3$s instead of %4$s"),
                    p->name, aw_diff_span(lang, by, -more), now, then);
}

static void diff_kinds(const struct pair *p)
{
    enum aw_lang lang = p->d->lang;

    for (unsigned k = 0; k < p->is->n_kinds; k++)
        if (!aw_step_has_kind(p->was, p->is->kinds[k]))
            aw_diff_say(p->d, "kind-more", aw_t(lang, "the step %1$s goes by %2$s, too"), p->is->id,
                        aw_word(lang, aw_kind_name(p->is->kinds[k])));
    for (unsigned k = 0; k < p->was->n_kinds; k++)
        if (!aw_step_has_kind(p->is, p->was->kinds[k]))
            aw_diff_say(p->d, "kind-less", aw_t(lang, "the step %1$s no longer goes by %2$s"),
                        p->is->id, aw_word(lang, aw_kind_name(p->was->kinds[k])));
}

static void diff_unless(const struct pair *p)
{
    enum aw_lang lang = p->d->lang;
    const char *is = aw_word(lang, aw_level_name(p->is->unless));
    const char *was = aw_word(lang, aw_level_name(p->was->unless));

    if (p->is->unless == p->was->unless) {
        if (p->is->all_devices != p->was->all_devices)
            aw_diff_say(p->d, "unless", "%s: %s", p->name,
                        p->is->all_devices ? aw_t(lang, "it is skipped when all devices have that")
                                           : aw_t(lang, "it is skipped when any device has that"));
        return;
    }
    if (!p->is->unless)
        aw_diff_say(p->d, "unless", aw_t(lang, "%1$s is sent even when it was %2$s before"),
                    p->name, was);
    else if (!p->was->unless)
        aw_diff_say(p->d, "unless", aw_t(lang, "%1$s is skipped once it was %2$s"), p->name, is);
    else
        aw_diff_say(p->d, "unless", aw_t(lang, "%1$s is skipped once it was %2$s, instead of %3$s"),
                    p->name, is, was);
}

static bool same_via(const struct aw_step *a, const struct aw_step *b)
{
    for (unsigned i = 0; i < a->n_via && a->n_via == b->n_via; i++)
        if (strcmp(a->via[i], b->via[i]) != 0)
            return false;
    return a->n_via == b->n_via;
}

static void diff_way(const struct pair *p)
{
    enum aw_lang lang = p->d->lang;
    char now[TEXT_MAX], then[TEXT_MAX];

    if (!aw_step_same_targets(p->was, p->is) || p->was->pick != p->is->pick)
        aw_diff_say(p->d, "to", aw_t(lang, "%1$s goes to %2$s, instead of %3$s"), p->name,
                    targets_of(lang, p->is, now), targets_of(lang, p->was, then));
    if (!same_via(p->was, p->is))
        aw_diff_say(p->d, "via", aw_t(lang, "%1$s goes over %2$s, instead of %3$s"), p->name,
                    via_of(lang, p->is, now), via_of(lang, p->was, then));
    if (p->was->if_no_contact != p->is->if_no_contact)
        aw_diff_say(p->d, "if-no-contact", "%s: %s", p->name,
                    p->is->if_no_contact == AW_NO_CONTACT_SKIP
                        ? aw_t(lang, "when nobody can be reached, the next step keeps its time")
                        : aw_t(lang, "when nobody can be reached, the next step comes at once"));
}

static void diff_text(const struct pair *p)
{
    enum aw_lang lang = p->d->lang;
    const char *none = aw_t(lang, "the message's own text");

    if (!aw_streq(p->was->template_name, p->is->template_name))
        aw_diff_say(p->d, "template", aw_t(lang, "%1$s says \"%2$s\", instead of \"%3$s\""),
                    p->name, p->is->template_name ? p->is->template_name : none,
                    p->was->template_name ? p->was->template_name : none);
    if (p->was->ack_link != p->is->ack_link)
        aw_diff_say(p->d, "ack-link", "%s: %s", p->name,
                    p->is->ack_link ? aw_t(lang, "it has a link to confirm now")
                                    : aw_t(lang, "it has no link to confirm any more"));
}

static const char *replaced(const struct aw_rule *r, const struct aw_step *s)
{
    return s->replaces < 0 ? NULL : r->steps[s->replaces].id;
}

static void diff_push(const struct pair *p)
{
    enum aw_lang lang = p->d->lang;
    char now[TEXT_MAX], then[TEXT_MAX];
    const char *is = replaced(p->b, p->is), *was = replaced(p->a, p->was);

    ttl_of(lang, p->b, p->is, now);
    ttl_of(lang, p->a, p->was, then);
    if (strcmp(now, then) != 0)
        aw_diff_say(p->d, "ttl", aw_t(lang, "%1$s waits for the phone %2$s, instead of %3$s"),
                    p->name, now, then);
    if (aw_streq(is, was))
        return;
    if (is)
        aw_diff_say(p->d, "replaces", aw_t(lang, "%1$s takes the place of \"%2$s\" on the phone"),
                    p->name, is);
    else
        aw_diff_say(p->d, "replaces", aw_t(lang, "%1$s stands beside \"%2$s\" on the phone"),
                    p->name, was);
}

static void diff_step(const struct pair *p)
{
    char now[TEXT_MAX], then[TEXT_MAX];

    diff_at(p);
    diff_kinds(p);
    diff_unless(p);
    diff_way(p);
    if (p->was->every != p->is->every || p->was->times != p->is->times)
        aw_diff_say(p->d, "repeat", aw_t(p->d->lang, "%1$s comes %2$s, instead of %3$s"), p->name,
                    rounds_of(p->d->lang, p->is, now), rounds_of(p->d->lang, p->was, then));
    diff_text(p);
    diff_push(p);
}

static void say_step(struct aw_rules_diff *d, const struct aw_step *s, bool gone)
{
    char name[STEP_TEXT], to[TEXT_MAX], at[AW_TIME_TEXT];

    name_of(d->lang, s, name);
    targets_of(d->lang, s, to);
    aw_duration_print(at, s->at);
    if (strcmp(s->id, "exhausted") == 0)
        aw_diff_say(d, gone ? "step-gone" : "step-new",
                    gone ? aw_t(d->lang, "when nobody confirmed, %1$s to %2$s is no longer sent")
                         : aw_t(d->lang, "when nobody confirmed, %1$s goes to %2$s"),
                    name, to);
    else if (gone)
        aw_diff_say(d, "step-gone", aw_t(d->lang, "%1$s at %2$s to %3$s is no longer sent"), name,
                    at, to);
    else if (s->unless)
        aw_diff_say(d, "step-new", aw_t(d->lang, "%1$s comes at %2$s to %3$s, unless %4$s"), name,
                    at, to, aw_word(d->lang, aw_level_name(s->unless)));
    else
        aw_diff_say(d, "step-new", aw_t(d->lang, "%1$s comes at %2$s to %3$s"), name, at, to);
}

/* --- all of them --------------------------------------------------------------------------------
 */

/* Rounds of a kind if nobody ever answers. */
static unsigned sends(const struct aw_rule *r, enum aw_kind kind)
{
    aw_ms n = 0;

    for (unsigned i = 0; r && i < r->n_steps; i++) {
        const struct aw_step *s = &r->steps[i];
        aw_ms rounds = s->every && s->at <= r->deadline ? 1 + (r->deadline - s->at) / s->every : 1;
        if (s->times && rounds > s->times)
            rounds = s->times;
        n += aw_step_has_kind(s, kind) ? rounds * (s->pick == AW_PICK_ALL ? s->n_to : 1) : 0;
    }
    if (r && r->exhausted && aw_step_has_kind(r->exhausted, kind))
        n += r->exhausted->pick == AW_PICK_ALL ? r->exhausted->n_to : 1;
    return n > 1000000 ? 1000000 : (unsigned)n;
}

static void diff_totals(struct aw_rules_diff *d, const struct aw_rule *a, const struct aw_rule *b)
{
    static const char *const never[] = {
        [AW_PUSH] = N_("no push is sent any more"),
        [AW_SMS] = N_("no SMS is sent any more"),
        [AW_EMAIL] = N_("no e-mail is sent any more"),
        [AW_IM] = N_("no instant message is sent any more"),
        [AW_CALL] = N_("nobody is called any more"),
        [AW_WEBHOOK] = N_("no webhook is called any more"),
    };
    for (unsigned k = 0; k < AW_N_KINDS; k++) {
        unsigned was = sends(a, (enum aw_kind)k), is = sends(b, (enum aw_kind)k);
        if (was > 0 && is == 0)
            aw_diff_say(d, "kind-gone", "%s", aw_t(d->lang, never[k]));
        else if (was != is)
            aw_diff_say(
                d, "sends",
                aw_t(d->lang, "if nobody answers: %1$u x %2$s a recipient, instead of %3$u"), is,
                aw_word(d->lang, aw_kind_name((enum aw_kind)k)), was);
    }
}

static void diff_one(struct aw_rules_diff *d, const struct aw_rule *a, const struct aw_rule *b,
                     const struct aw_step *was, const struct aw_step *is)
{
    struct pair p = {.d = d, .a = a, .b = b, .was = was, .is = is};

    if (was && is) {
        name_of(d->lang, is, p.name);
        diff_step(&p);
    } else if (was || is) {
        say_step(d, was ? was : is, was != NULL);
    }
}

void aw_diff_steps(struct aw_rules_diff *d, const struct aw_rule *a, const struct aw_rule *b)
{
    for (unsigned i = 0; i < b->n_steps; i++) {
        int was = a ? aw_rule_step_index(a, b->steps[i].id) : -1;
        diff_one(d, a, b, was < 0 ? NULL : aw_rule_step(a, (unsigned)was), &b->steps[i]);
    }
    for (unsigned i = 0; a && i < a->n_steps; i++)
        if (aw_rule_step_index(b, a->steps[i].id) < 0)
            diff_one(d, a, b, &a->steps[i], NULL);
    diff_one(d, a, b, a ? a->exhausted : NULL, b->exhausted);
    if (a)
        diff_totals(d, a, b);
}
