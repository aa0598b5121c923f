/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "base/text_zh.h" /* made from po/zh_CN.po */

const char *aw_t(enum aw_lang lang, const char *en)
{
    if (lang != AW_LANG_ZH || en == NULL)
        return en;
    for (const struct aw_text_pair *p = aw_texts_zh; p->en != NULL; p++)
        if (strcmp(p->en, en) == 0)
            return p->zh;
    return en;
}

const char *aw_lang_tag(enum aw_lang lang)
{
    return lang == AW_LANG_ZH ? "zh-CN" : "en";
}

int aw_lang_parse(const char *name, enum aw_lang *ret)
{
    static const struct {
        const char *name;
        enum aw_lang lang;
    } names[] = {{"zh", AW_LANG_ZH}, {"en", AW_LANG_EN}, {"C", AW_LANG_EN}, {"POSIX", AW_LANG_EN}};
    size_t n = strcspn(name, "_-.@");
    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (n == strlen(names[i].name) && strncmp(name, names[i].name, n) == 0) {
            *ret = names[i].lang;
            return 0;
        }
    return AW_EINVAL;
}
