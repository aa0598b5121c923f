/* SPDX-License-Identifier: Apache-2.0
 *
 * codec/picture_message.c: any JSON as the answer of GET .../timeline is a picture that can be
 * drawn, or none.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/json.h"
#include "codec/picture.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void need(bool good)
{
    if (!good)
        abort();
}

static void draw(const struct aw_picture *p)
{
    static const struct aw_pic_text how = {.width = 60};
    struct aw_buf out = AW_BUF_INIT(AW_PIC_BYTES);
    aw_picture_svg(p, &out);
    need(!strstr(aw_buf_str(&out), "<script"));
    aw_picture_text(p, &how, &out);
    aw_picture_mermaid(p, &out);
    need(!out.over && aw_utf8_clean(aw_buf_str(&out), out.n, true));
    aw_buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    json_t *v = NULL;
    if (aw_json_parse((const char *)p, n, 1 << 20, &v, NULL) < 0)
        return 0;
    struct aw_picture *picture = aw_calloc(1, sizeof(*picture));
    aw_picture_init(picture, AW_LANG_EN);
    if (aw_picture_message(picture, v, NULL) == 0)
        draw(picture);
    aw_picture_free(picture);
    aw_free(picture);
    json_decref(v);
    return 0;
}
