/* SPDX-License-Identifier: Apache-2.0
 *
 * core/template.h: a text that passes the check expands, to valid UTF-8 if it was, to one line if
 * it must, and no value brings markup in. Bytes: a value, NUL, the template.
 */
#include "core/template.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static const char *value(void *ctx, const char *name)
{
    return strlen(name) % 3 ? ctx : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    static char text[8192];
    struct aw_err err = {""};
    size_t at = 0;

    if (n < 1 || n >= sizeof(text))
        return 0;
    memcpy(text, p, n);
    text[n] = '\0';
    char *given = text, *template = memchr(text, 0, n);
    template = template ? template + 1 : text;

    if (aw_template_check(template, &at, &err) != 0) {
        if (at >= strlen(template) || !err.text[0])
            abort();
        return 0;
    }
    for (int esc = AW_ESC_TEXT; esc <= AW_ESC_HTML; esc++) {
        struct aw_buf out = AW_BUF_INIT(65536);
        aw_template_expand(&out, template, (enum aw_escape)esc, value, given);
        if (aw_utf8_valid(template, strlen(template)) && !aw_utf8_valid(aw_buf_str(&out), out.n) &&
            !out.over)
            abort();
        if (esc == AW_ESC_LINE && strpbrk(aw_buf_str(&out), "\r\n"))
            abort();
        aw_buf_reset(&out);
        aw_template_expand(&out, "{{title}}{{body}}", AW_ESC_HTML, value, given);
        if (strpbrk(aw_buf_str(&out), "<>\"'"))
            abort();
        aw_buf_free(&out);
    }
    return 0;
}
