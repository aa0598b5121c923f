/* SPDX-License-Identifier: Apache-2.0
 *
 * Error texts in a caller's buffer. A text is built aside first, because the arguments may be the
 * very text that is replaced, and cut at a code point, because it ends up in JSON.
 */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

static void copy_cut(char dst[AW_ERR_MAX], const char *src)
{
    size_t n = aw_utf8_cut(src, strlen(src), AW_ERR_MAX - 1);
    memcpy(dst, src, n);
    dst[n] = 0;
}

int aw_fail(struct aw_err *err, int code, const char *fmt, ...)
{
    if (!err)
        return code;
    char text[AW_ERR_MAX + 4]; /* longer than the target, so that the cut is seen */
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    copy_cut(err->text, text);
    return code;
}

int aw_wrap(struct aw_err *err, int code, const char *fmt, ...)
{
    if (!err)
        return code;
    char text[2 * AW_ERR_MAX + 4];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, AW_ERR_MAX + 4, fmt, ap);
    va_end(ap);
    size_t n = aw_utf8_cut(text, strlen(text), AW_ERR_MAX - 1);
    snprintf(text + n, sizeof text - n, ": %s", err->text);
    copy_cut(err->text, text);
    return code;
}

const char *aw_strerror(int code)
{
    static const char *const names[] = {
        [0] = "ok",
        [-AW_EINVAL] = "invalid",
        [-AW_ENOENT] = "not found",
        [-AW_ELIMIT] = "limit reached",
        [-AW_EIO] = "input or output failed",
        [-AW_ECONFLICT] = "conflict",
        [-AW_EBUSY] = "busy",
        [-AW_ECORRUPT] = "corrupt",
        [-AW_EPERM] = "not allowed",
        [-AW_ETIMEDOUT] = "timed out",
        [-AW_ENOSPC] = "no space left",
        [-AW_EPROTO] = "unreadable answer",
    };
    if (code > 0 || code <= -(int)(sizeof names / sizeof names[0]))
        return "unknown error";
    return names[-code];
}
