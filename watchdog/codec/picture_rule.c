/* SPDX-License-Identifier: Apache-2.0
 *
 * A rule as a picture: as it stands in the file, or from a certain instant on as the engine would
 * carry it out on a virtual clock. A row for each list of targets, the recipient first, so that one
 * sees who hears of it and when. See picture.h.
 */
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/picture.h"

enum { TEXT_MAX = 512 };

static const char *title_of(const struct aw_rule *rule, enum aw_lang lang)
{
    const char *wanted = lang == AW_LANG_ZH ? "zh-CN" : "en", *any = NULL;

    for (unsigned i = 0; i < rule->n_titles; i++) {
        if (!rule->titles[i].lang || strcmp(rule->titles[i].lang, wanted) == 0)
            return rule->titles[i].text;
        any = any ? any : rule->titles[i].text;
    }
    return any;
}

/* "; night: hold" */
static void put_hours(enum aw_lang lang, const struct aw_rule *rule, struct aw_buf *out)
{
    static const char *const inside[] = {[AW_INSIDE_HOLD] = N_("hold"),
                                         [AW_INSIDE_SKIP] = N_("skip"),
                                         [AW_INSIDE_SEND] = N_("send")};
    for (unsigned i = 0; i < rule->n_hours; i++) {
        const struct aw_hours *h = &rule->hours[i];
        aw_buf_printf(out, "; %s: %s", h->calendar, aw_t(lang, inside[h->inside]));
        for (unsigned k = 0; k < AW_N_KINDS && h->kinds != AW_ALL_KINDS; k++)
            if (h->kinds & 1u << k)
                aw_buf_printf(out, " %s", aw_word(lang, aw_kind_name((enum aw_kind)k)));
    }
}

static void put_head(struct aw_picture *p, const struct aw_rule *rule)
{
    const char *title = title_of(rule, p->lang);
    char deadline[AW_TIME_TEXT];
    struct aw_buf b = AW_BUF_INIT(TEXT_MAX);

    aw_buf_printf(&b, "%s", rule->name);
    if (title && strcmp(title, rule->name) != 0)
        aw_buf_printf(&b, " - %s", title);
    p->title = aw_pic_dup(aw_buf_str(&b));
    aw_buf_reset(&b);
    aw_duration_print(deadline, rule->deadline);
    aw_buf_printf(&b, aw_t(p->lang, "until %1$s, deadline %2$s"),
                  aw_word(p->lang, aw_level_name(rule->until)), deadline);
    put_hours(p->lang, rule, &b);
    p->note = aw_pic_dup(aw_buf_str(&b));
    aw_buf_free(&b);
}

/* --- rows ------------------------------------------------------------------------------------- */

static void put_target(enum aw_lang lang, const struct aw_target *t, struct aw_buf *out)
{
    static const char *const names[] = {[AW_TO_RECIPIENT] = N_("recipient"),
                                        [AW_TO_MANAGER] = N_("manager"),
                                        [AW_TO_CONTACT] = "contact:",
                                        [AW_TO_USER] = "user:",
                                        [AW_TO_ONCALL] = "oncall:"};
    aw_buf_printf(out, "%s%s", aw_t(lang, names[t->type]), t->name ? t->name : "");
}

static int row_of(struct aw_picture *p, const struct aw_step *s)
{
    struct aw_buf b = AW_BUF_INIT(TEXT_MAX);

    for (unsigned i = 0; i < s->n_to; i++) {
        aw_buf_puts(&b, i == 0 ? "" : s->pick == AW_PICK_ALL ? " + " : ", ");
        put_target(p->lang, &s->to[i], &b);
    }
    int row = aw_pic_row(p, aw_buf_str(&b));
    aw_buf_free(&b);
    return row;
}

/* "text: SMS, unless delivered" */
static void put_step(enum aw_lang lang, const struct aw_step *s, struct aw_buf *out)
{
    aw_buf_printf(out, "%s: ", s->id);
    for (unsigned k = 0; k < s->n_kinds; k++)
        aw_buf_printf(out, "%s%s", k ? " + " : "", aw_word(lang, aw_kind_name(s->kinds[k])));
    if (s->unless != AW_LEVEL_NONE)
        aw_buf_printf(out, aw_t(lang, ", unless %s"), aw_word(lang, aw_level_name(s->unless)));
}

static void draw_lines(struct aw_picture *p, aw_ms end)
{
    for (unsigned i = 0; i < p->n_rows; i++)
        p->rows[i].end = end;
}

/* --- as it stands in the file ----------------------------------------------------------------- */

static unsigned rounds_of(const struct aw_rule *rule, const struct aw_step *s)
{
    aw_ms most = s->at > rule->deadline ? 1 : 1 + (rule->deadline - s->at) / s->every;

    if (s->times && most > s->times)
        most = s->times;
    return most < AW_PIC_ROUNDS ? (unsigned)most : AW_PIC_ROUNDS;
}

static void put_planned(struct aw_picture *p, const struct aw_rule *rule, const struct aw_step *s)
{
    struct aw_buf b = AW_BUF_INIT(TEXT_MAX);

    put_step(p->lang, s, &b);
    struct aw_pic_item *it =
        aw_pic_add(p, row_of(p, s), s->at, AW_PIC_PLANNED, "%s", aw_buf_str(&b));
    if (it && s->every)
        aw_pic_repeat(p, it, s->every, rounds_of(rule, s));
    aw_buf_free(&b);
}

static void put_exhausted(struct aw_picture *p, const struct aw_rule *rule, aw_ms at)
{
    struct aw_buf b = AW_BUF_INIT(TEXT_MAX);

    put_step(p->lang, rule->exhausted, &b);
    aw_pic_add(p, row_of(p, rule->exhausted), at, AW_PIC_PLANNED, "%s", aw_buf_str(&b));
    aw_buf_free(&b);
}

void aw_picture_rule(struct aw_picture *p, const struct aw_rule *rule)
{
    put_head(p, rule);
    int first = aw_pic_row(p, aw_t(p->lang, "recipient"));
    for (unsigned i = 0; i < rule->n_steps; i++)
        put_planned(p, rule, &rule->steps[i]);
    aw_pic_add(p, first, rule->deadline, AW_PIC_DEADLINE, "%s",
               aw_pic_mark_word(p->lang, AW_PIC_DEADLINE));
    if (rule->exhausted)
        put_exhausted(p, rule, rule->deadline);
    p->deadline = rule->deadline;
    draw_lines(p, rule->deadline);
    aw_pic_sort(p);
}

/* --- as it would be carried out --------------------------------------------------------------- */

void aw_picture_run_open(struct aw_picture *p, const struct aw_rule *rule, aw_time at)
{
    char from[AW_TIME_TEXT], note[TEXT_MAX];

    put_head(p, rule);
    p->zero = at;
    aw_time_print(from, at);
    aw_format(note, sizeof(note), aw_t(p->lang, "%1$s; from %2$s on"), p->note, from);
    aw_free(p->note);
    p->note = aw_pic_dup(note);
    aw_pic_row(p, aw_t(p->lang, "recipient"));
}

static const char *why_of(enum aw_lang lang, enum aw_why why)
{
    char key[64];

    aw_format(key, sizeof(key), "why:%s", aw_why_name(why));
    const char *text = aw_word(lang, key);
    return text == key ? aw_why_name(why) : text;
}

/* What the kinds of one firing have in common stands around them. */
struct around {
    char before[AW_NAME_MAX + 8], after[TEXT_MAX];
};

static void around_of(enum aw_lang lang, const struct aw_step *s, const struct aw_virtual_line *l,
                      struct around *ret)
{
    struct aw_buf b = AW_BUF_INIT(TEXT_MAX - 1);

    aw_format(ret->before, sizeof(ret->before), "%s: ", s->id);
    if (l->round > 1)
        aw_buf_printf(&b, " #%u", l->round);
    if (l->what != AW_V_FIRED)
        aw_buf_printf(&b, ", %s: %s", aw_pic_mark_word(lang, AW_PIC_SKIPPED), why_of(lang, l->why));
    else if (s->unless != AW_LEVEL_NONE)
        aw_buf_printf(&b, aw_t(lang, ", unless %s"), aw_word(lang, aw_level_name(s->unless)));
    aw_format(ret->after, sizeof(ret->after), "%s", aw_buf_str(&b));
    aw_buf_free(&b);
}

/* Another kind of the firing that was drawn last: its name goes in between. */
static bool joins(struct aw_picture *p, int row, aw_ms at, enum aw_pic_mark mark,
                  const struct around *a, const char *kind)
{
    struct aw_pic_item *last = p->rows[row].n ? &p->rows[row].items[p->rows[row].n - 1] : NULL;
    char text[TEXT_MAX];

    if (!last || last->at != at || last->mark != mark || !aw_starts(last->text, a->before))
        return false;
    size_t n = strlen(last->text), tail = strlen(a->after);
    if (n < tail || strcmp(last->text + n - tail, a->after) != 0)
        return false;
    aw_format(text, sizeof(text), "%.*s + %s%s", (int)(n - tail), last->text, kind, a->after);
    aw_free(last->text);
    last->text = aw_pic_dup(text);
    return true;
}

static void put_firing(struct aw_picture *p, const struct aw_rule *rule,
                       const struct aw_virtual_line *l, enum aw_pic_mark mark)
{
    int index = aw_rule_step_index(rule, l->step);
    const struct aw_step *s = index < 0 ? NULL : aw_rule_step(rule, (unsigned)index);
    const char *kind = aw_word(p->lang, aw_kind_name(l->kind));
    struct around a;

    int row = s ? row_of(p, s) : -1;
    if (row < 0)
        return;
    around_of(p->lang, s, l, &a);
    if (!joins(p, row, l->after, mark, &a, kind))
        aw_pic_add(p, row, l->after, mark, "%s%s%s", a.before, kind, a.after);
}

/* By whom, where a name says it. */
static void put_held(struct aw_picture *p, const struct aw_virtual_line *l)
{
    char text[TEXT_MAX];

    aw_format(text, sizeof(text), "%s%s%s", why_of(p->lang, l->why), l->by ? ": " : "",
              l->by ? l->by : "");
    aw_pic_span(p, -1, l->after, l->after + (l->until - l->at), text);
}

int aw_picture_run_line(struct aw_picture *p, const struct aw_rule *rule,
                        const struct aw_virtual_line *l)
{
    enum aw_pic_mark end = l->state == AW_CONFIRMED ? AW_PIC_CONFIRMED : AW_PIC_DEADLINE;

    switch (l->what) {
    case AW_V_FIRED:
        put_firing(p, rule, l, AW_PIC_PLANNED);
        break;
    case AW_V_SKIPPED:
        put_firing(p, rule, l, AW_PIC_SKIPPED);
        break;
    case AW_V_DEFERRED: /* it will be fired, or skipped, in the end */
        break;
    case AW_V_HELD:
        put_held(p, l);
        break;
    case AW_V_STATE:
        aw_pic_add(p, 0, l->after, end, "%s", aw_word(p->lang, aw_state_name(l->state)));
        if (p->deadline < l->after)
            p->deadline = l->after;
        break;
    }
    return 0;
}

void aw_picture_run_close(struct aw_picture *p, const struct aw_rule *rule)
{
    draw_lines(p, p->deadline >= 0 ? p->deadline : rule->deadline);
    aw_pic_sort(p);
}
