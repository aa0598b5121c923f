/* SPDX-License-Identifier: Apache-2.0
 *
 * conf/templates.c: any bytes give templates or problems; what was loaded expands, with samples, in
 * every escaping.
 */
#include "conf/env.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static const char *value(void *ctx, const char *name)
{
    return aw_template_sample(name, ctx);
}

static void expand(const char *text, const char *lang)
{
    for (int esc = AW_ESC_TEXT; text && esc <= AW_ESC_HTML; esc++) {
        struct aw_buf out = AW_BUF_INIT(1 << 20);
        aw_template_expand(&out, text, (enum aw_escape)esc, value, (void *)lang);
        if (!out.over && !aw_utf8_valid(aw_buf_str(&out), out.n))
            abort();
        aw_buf_free(&out);
    }
}

static void use(const struct aw_template_text *t)
{
    expand(t->title, t->lang);
    expand(t->text, t->lang);
    expand(t->html, t->lang);
    for (unsigned i = 0; i < t->n_forms; i++)
        for (unsigned k = 0; k < t->forms[i].n_settings; k++)
            expand(t->forms[i].settings[k].value, t->lang);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct aw_diag diag;
    struct aw_templates t = {0};
    struct aw_buf out = AW_BUF_INIT(4 << 20);

    if (n > 65536)
        return 0;
    aw_diag_init(&diag);
    if (aw_templates_parse("t.yaml", (const char *)p, n, &t, &diag) == 0) {
        if (diag.n_errors || t.n != 1 || !t.list[0].name)
            abort();
        for (unsigned i = 0; i < t.list[0].n_texts; i++)
            use(&t.list[0].texts[i]);
        aw_templates_free(&t);
    } else if (!diag.n_errors) {
        abort();
    }
    aw_diag_print(&diag, &out);
    aw_buf_free(&out);
    aw_diag_free(&diag);
    return 0;
}
