/* SPDX-License-Identifier: Apache-2.0
 *
 * The language of a run of `ackwatch`: --lang, else the environment. Set before anything is
 * printed, by one thread; the texts themselves are base/text.h.
 */
#ifndef AW_CTL_LANG_H
#define AW_CTL_LANG_H

#include "base/text.h"

enum aw_lang aw_lang(void);
void aw_lang_set(enum aw_lang lang);

/* As gettext would choose: the list in LANGUAGE, unless the locale is C or POSIX by name; else
 * LC_ALL, LC_MESSAGES, LANG. The locale need not be installed; English for all that we do not
 * have. */
enum aw_lang aw_lang_of_environment(void);

/* A text in the language of the run. */
#define _(text) aw_t(aw_lang(), text)

#endif
