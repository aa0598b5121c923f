/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading a file whole. Sizes are taken from what is read, never from stat: pipes and files of
 * /proc have none, and a file may grow meanwhile.
 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/buf.h"

int aw_file_read(const char *path, size_t max, char **ret, size_t *ret_n, struct aw_err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return aw_fail(err, errno == ENOENT || errno == ENOTDIR ? AW_ENOENT : AW_EIO, "%s: %m",
                       path);
    struct aw_buf b = AW_BUF_INIT(max);
    char chunk[16384];
    ssize_t got = 0;
    while (!b.over && (got = read(fd, chunk, sizeof chunk)) != 0) {
        if (got > 0)
            aw_buf_add(&b, chunk, (size_t)got);
        else if (errno != EINTR)
            break;
    }
    int code = 0;
    if (b.over)
        code = aw_fail(err, AW_ELIMIT, "%s: larger than %zu bytes", path, max);
    else if (got < 0)
        code = aw_fail(err, AW_EIO, "%s: %m", path);
    close(fd);
    if (code) {
        aw_buf_free(&b);
        return code;
    }
    *ret = aw_buf_take(&b, ret_n);
    return 0;
}
