/* SPDX-License-Identifier: Apache-2.0
 *
 * What a person would have received by a line of a simulation: the text of the step's template in
 * their language, with the values that the daemon would fill in (daemon/render.c), and samples for
 * those that only a real message has: link, code, id.
 */
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/json.h"
#include "conf/env.h"
#include "ctl/lang.h"
#include "ctl/rules_scenario.h"

#define TEXT_MAX ((size_t)64 << 10)

struct values {
    const struct aw_virtual_input *in;
    const struct aw_virtual_line *line;
    const char *user, *lang;
    char deadline[AW_TIME_TEXT];
};

static const char *pair(const struct aw_pair *p, unsigned n, const char *key)
{
    for (unsigned i = 0; i < n; i++)
        if (aw_streq(p[i].key, key))
            return p[i].value;
    return NULL;
}

static const char *value(void *ctx, const char *name)
{
    const struct values *v = ctx;
    const struct aw_registration *reg = v->in->reg;
    const struct {
        const char *name, *value;
    } known[] = {
        {"title", reg->title},     {"body", reg->body},
        {"user", v->user},         {"rule", v->in->rule->name},
        {"step", v->line->step},   {"recipient", v->line->to},
        {"deadline", v->deadline}, {"app", reg->app ? reg->app : "default"},
    };
    if (aw_starts(name, "extras."))
        return pair(reg->extras, reg->n_extras, name + strlen("extras."));
    if (aw_starts(name, "labels."))
        return pair(reg->labels, reg->n_labels, name + strlen("labels."));
    for (unsigned i = 0; i < AW_COUNT(known); i++)
        if (aw_streq(known[i].name, name))
            return known[i].value;
    return aw_template_sample(name, v->lang);
}

static const char *lang_of(const struct aw_virtual_input *in, const char *user)
{
    for (unsigned i = 0; i < in->reg->n_recipients; i++)
        if (aw_streq(in->reg->recipients[i].user, user) && in->reg->recipients[i].given.lang)
            return in->reg->recipients[i].given.lang;
    for (unsigned i = 0; i < in->n_people; i++)
        if (aw_streq(in->people[i].user, user) && in->people[i].a.lang)
            return in->people[i].a.lang;
    return aw_lang_tag(aw_lang());
}

static json_t *expand(struct values *v, const char *text, enum aw_escape esc)
{
    struct aw_buf out = AW_BUF_INIT(TEXT_MAX);
    aw_template_expand(&out, text, esc, value, v);
    json_t *s = json_stringn(aw_buf_str(&out), out.n);
    aw_buf_free(&out);
    return s;
}

json_t *aw_text_of_line(const struct aw_virtual_input *in, const struct aw_templates *templates,
                        const struct aw_virtual_line *l, const char *user)
{
    struct values v = {.in = in, .line = l, .user = user, .lang = lang_of(in, user)};
    int step = aw_rule_step_index(in->rule, l->step);
    const char *name = step >= 0 ? aw_rule_step(in->rule, (unsigned)step)->template_name : NULL;
    const struct aw_template_text *t =
        templates && name ? aw_template_find(templates, name, l->kind, v.lang) : NULL;
    bool titled = l->kind == AW_PUSH || l->kind == AW_EMAIL;
    char at[AW_TIME_TEXT];
    aw_time_print(v.deadline, in->at + in->rule->deadline);
    aw_time_print(at, l->at);
    const char *title = t                ? t->title ? t->title : "{{title}}"
                        : in->reg->title ? "{{title}}"
                                         : in->rule->name;
    const char *text = t               ? t->text ? t->text : "{{title}}"
                       : in->reg->body ? "{{body}}"
                                       : "{{title}}";
    return json_pack("{s:s,s:I,s:s,s:s,s:s,s:o,s:o}", "at", at, "after_ms", (json_int_t)l->after,
                     "to", user, "do", aw_kind_name(l->kind), "step", l->step, "title",
                     titled ? expand(&v, title, AW_ESC_LINE) : json_null(), "text",
                     expand(&v, text, l->kind == AW_SMS ? AW_ESC_LINE : AW_ESC_TEXT));
}

static void print_text(const struct aw_out *o, const char *text)
{
    struct aw_buf line = AW_BUF_INIT(TEXT_MAX);
    while (text && *text) {
        size_t n = strcspn(text, "\n");
        AW_AUTO_FREE char *part = aw_strndup(text, n);
        aw_buf_reset(&line);
        aw_out_clean(&line, part);
        if (n)
            fprintf(o->f, "        %s\n", aw_buf_str(&line));
        text += n + (text[n] == '\n');
    }
    aw_buf_free(&line);
}

void aw_texts_print(const struct aw_out *o, const json_t *texts)
{
    size_t i;
    const json_t *t;
    json_array_foreach(texts, i, t)
    {
        char after[AW_TIME_TEXT];
        aw_duration_print(after, json_integer_value(json_object_get(t, "after_ms")));
        fprintf(o->f, "    +%s  %s -> %s\n", after, aw_json_str(t, "do"), aw_json_str(t, "to"));
        print_text(o, aw_json_str(t, "title"));
        print_text(o, aw_json_str(t, "text"));
    }
}
