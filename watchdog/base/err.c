/* SPDX-License-Identifier: Apache-2.0
 *
 * Error texts in a caller's buffer. A text is built aside first, because the arguments may be the
 * very text that is replaced, and cut at a code point, because it ends up in JSON.
 */
#include "base/err.h"

#include <stdarg.h>
#include <string.h>

#include "base/str.h"

int aw_fail(struct aw_err *err, int code, const char *fmt, ...)
{
    if (!err)
        return code;
    char text[AW_ERR_MAX];
    va_list ap;
    va_start(ap, fmt);
    aw_vformat(text, sizeof text, fmt, ap);
    va_end(ap);
    memcpy(err->text, text, sizeof text);
    return code;
}

int aw_wrap(struct aw_err *err, int code, const char *fmt, ...)
{
    if (!err)
        return code;
    char prefix[AW_ERR_MAX], text[AW_ERR_MAX];
    va_list ap;
    va_start(ap, fmt);
    aw_vformat(prefix, sizeof prefix, fmt, ap);
    va_end(ap);
    aw_format(text, sizeof text, "%s: %s", prefix, err->text);
    memcpy(err->text, text, sizeof text);
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
