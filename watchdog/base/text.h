/* SPDX-License-Identifier: Apache-2.0
 *
 * Texts for people in the languages of the project. A text is written in English where it is used
 * and marked there; its translation stands in po/zh_CN.po, which the build turns into a table in
 * the program. So nothing depends on the locales of a machine, the language is a value like any
 * other, and pure code stays pure. docs/HACKING.md says how a text is added;
 * tests/lint/texts.sh finds those without a translation.
 */
#ifndef AW_BASE_TEXT_H
#define AW_BASE_TEXT_H

enum aw_lang { AW_LANG_EN, AW_LANG_ZH, AW_N_LANGS };

/* Marks a text that stands in a table, or that somebody else will translate. */
#define N_(text) text

/* The text in this language; as it is when it has no translation, or was not written by us. Any
 * thread. The result lives as long as the program, or as long as `en`. */
const char *aw_t(enum aw_lang lang, const char *en) __attribute__((format_arg(2)));

/* "zh-CN", "en" */
const char *aw_lang_tag(enum aw_lang lang);
/* Of a tag or a locale: "zh-CN", "zh_CN.UTF-8", "en_GB", "C"; 0 or AW_EINVAL. */
int aw_lang_parse(const char *name, enum aw_lang *ret);

#endif
