/* SPDX-License-Identifier: Apache-2.0
 *
 * codec/mime.h: four texts divided by NUL (subject, sender's name, text, HTML). A mail that is
 * built consists of printable ASCII lines of at most 76 characters and of CRLFs.
 */
#include "codec/mime.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void check_lines(const struct aw_buf *b)
{
    const char *s = aw_buf_str(b);
    if (strlen(s) != b->n)
        abort();
    while (*s) {
        size_t n = strcspn(s, "\r\n");
        if (n > 76 || s[n] != '\r' || s[n + 1] != '\n' || (n == 1 && *s == '.'))
            abort();
        for (size_t i = 0; i < n; i++)
            if (s[i] < ' ' || s[i] > '~')
                abort();
        s += n + 2;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    char *texts = aw_calloc(n + 4, 1), *part[4];
    if (n)
        memcpy(texts, p, n);
    part[0] = texts;
    for (int i = 1; i < 4; i++) {
        char *end = part[i - 1] + strlen(part[i - 1]);
        part[i] = end < texts + n ? end + 1 : end;
    }
    const struct aw_mail mail = {
        .from_address = "a@b.example",
        .to_address = "c@d.example",
        .subject = part[0],
        .from_name = part[1],
        .text = part[2],
        .html = part[3][0] ? part[3] : NULL,
        .message_id = "aw_0000000000011@node",
        .date = (aw_time)n * AW_DAY,
    };
    struct aw_buf b = AW_BUF_INIT(1 << 20);
    struct aw_err err = {""};
    if (aw_mime_build(&b, &mail, &err) == 0)
        check_lines(&b);
    else if (!err.text[0])
        abort();
    aw_buf_reset(&b);
    if (aw_mime_header(&b, "Subject", part[0], NULL) == 0)
        check_lines(&b);
    aw_buf_free(&b);
    aw_free(texts);
    return 0;
}
