/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/lang.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

static enum aw_lang now;

enum aw_lang aw_lang(void)
{
    return now;
}

void aw_lang_set(enum aw_lang lang)
{
    now = lang;
}

/* The first of a list such as "zh_CN:en" that we have. */
static int first_of(const char *list, enum aw_lang *ret)
{
    char name[32];
    for (const char *p = list; *p != '\0'; p += *p == ':') {
        size_t n = strcspn(p, ":");
        aw_format(name, sizeof(name), "%.*s", (int)(n < sizeof(name) ? n : 0), p);
        if (aw_lang_parse(name, ret) == 0)
            return 0;
        p += n;
    }
    return -1;
}

enum aw_lang aw_lang_of_environment(void)
{
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    const char *locale = "", *list = getenv("LANGUAGE");
    enum aw_lang lang = AW_LANG_EN;
    for (unsigned i = 0; i < AW_COUNT(names) && *locale == '\0'; i++)
        locale = getenv(names[i]) ?: "";
    if (aw_streq(locale, "C") || aw_streq(locale, "POSIX"))
        return AW_LANG_EN;
    if (list == NULL || first_of(list, &lang) < 0)
        aw_lang_parse(locale, &lang);
    return lang;
}
