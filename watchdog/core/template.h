/* SPDX-License-Identifier: Apache-2.0
 *
 * Templates: `{{name}}` and nothing else, escaped for where the text lands. A value can never
 * supply a header name, an address or a URL host. Pure.
 */
#ifndef AW_CORE_TEMPLATE_H
#define AW_CORE_TEMPLATE_H

#include "base/buf.h"
#include "base/err.h"
#include "core/channel.h"
#include "core/types.h"

enum aw_escape {
    AW_ESC_TEXT, /* plain text: control characters become blanks */
    AW_ESC_LINE, /* one line: line ends become blanks too (subjects, SMS, titles) */
    AW_ESC_HTML, /* & < > " ' */
};

/* The names a template may use; others are a load error. Also extras.<key> and labels.<key>. */
extern const char *const aw_template_names[]; /* title body link code user rule message step
                                                 recipient deadline app, NULL */

/* A value by name; NULL means empty. */
typedef const char *(*aw_template_value)(void *ctx, const char *name);

/* Checks the text: only known names, every `{{` closed. On error the byte offset in *ret_at. */
int aw_template_check(const char *text, size_t *ret_at, struct aw_err *err);

/* Expands into out (whose max bounds the result). The text must have passed aw_template_check. */
void aw_template_expand(struct aw_buf *out, const char *text, enum aw_escape esc,
                        aw_template_value value, void *ctx);

/* What a text says for a provider that sends audited templates only: settings as its form lists
 * them, pairs as "para.<name>" with {{names}} in the values. */
struct aw_template_form {
    const struct aw_provider *provider;
    const struct aw_channel_setting *settings;
    unsigned n_settings;
};

/* One kind's text in one language, as loaded (conf/templates.c). Unused parts are NULL. */
struct aw_template_text {
    enum aw_kind kind;
    const char *lang;  /* "zh-CN", "en" */
    const char *title; /* push title, mail subject */
    const char *text;
    const char *html; /* mail */
    const struct aw_template_form *forms;
    unsigned n_forms;
};

struct aw_template {
    const char *name;
    const struct aw_template_text *texts;
    unsigned n_texts;
};

struct aw_templates {
    const struct aw_template *list;
    unsigned n;
};

/* The best text for kind and language: exact language, its first part ("zh"), the first listed.
 * NULL when the template or the kind is missing. */
const struct aw_template_text *aw_template_find(const struct aw_templates *t, const char *name,
                                                enum aw_kind kind, const char *lang);

/* What the text says for this provider, or NULL. */
const struct aw_template_form *aw_template_form(const struct aw_template_text *t,
                                                const struct aw_provider *provider);

#endif
