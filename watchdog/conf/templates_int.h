/* SPDX-License-Identifier: Apache-2.0
 *
 * What the two parts of the template reader share: templates.c (the files), template_check.c (what
 * a text would cost, and whether it can do its work).
 */
#ifndef AW_CONF_TEMPLATES_INT_H
#define AW_CONF_TEMPLATES_INT_H

#include "conf/schema.h"
#include "core/template.h"

/* Points a problem at the byte `offset` of a text where that can be told, else at its beginning;
 * *ret_exact says which. */
struct aw_yaml_place aw_template_place(const struct aw_yaml *v, size_t offset, bool *ret_exact);

/* The text of an SMS: segments, the character that doubles them, where code and link end up. */
void aw_template_check_sms(struct aw_reader *r, const struct aw_yaml *v, const char *text,
                           const char *lang);

/* {{names}} that tell secrets; an address of the web in the text of an SMS. */
void aw_template_check_private(struct aw_reader *r, const struct aw_yaml *v, const char *text);
void aw_template_check_link(struct aw_reader *r, const struct aw_yaml *v, const char *text,
                            const char *lang);

/* A value of a form, as its provider would see it. */
void aw_template_check_form(struct aw_reader *r, const struct aw_provider *p,
                            const struct aw_yaml *v);

#endif
