/* SPDX-License-Identifier: Apache-2.0
 *
 * What commands that draw or explain share: the formats. See draw.h.
 */
#include "ctl/draw.h"

#include "base/str.h"

const char *const aw_picture_formats[] = {"text", "svg", "mermaid", NULL};

void aw_ctl_draw(const struct aw_out *o, const struct aw_picture *p, const char *format,
                 struct aw_buf *out)
{
    const struct aw_pic_text how = {.width = o->width ? o->width : 80, .utf8 = o->utf8 || !o->tty};

    if (aw_streq(format, "svg"))
        aw_picture_svg(p, out);
    else if (aw_streq(format, "mermaid"))
        aw_picture_mermaid(p, out);
    else
        aw_picture_text(p, &how, out);
}
