/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading a file whole. Sizes are taken from what is read, never from stat: pipes and files of
 * /proc have none, and a file may grow meanwhile.
 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"

static int open_file(const char *path, struct aw_err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return aw_fail(err, errno == ENOENT || errno == ENOTDIR ? AW_ENOENT : AW_EIO, "%s: %m",
                       path);
    return fd;
}

/* Closes fd. */
static int read_file(int fd, const char *path, size_t max, char **ret, size_t *ret_n,
                     struct aw_err *err)
{
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

int aw_file_read(const char *path, size_t max, char **ret, size_t *ret_n, struct aw_err *err)
{
    int fd = open_file(path, err);
    return fd < 0 ? fd : read_file(fd, path, max, ret, ret_n, err);
}

int aw_file_read_closed(const char *path, size_t max, char **ret, size_t *ret_n, struct aw_err *err)
{
    struct stat st;
    int fd = open_file(path, err);
    if (fd < 0)
        return fd;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_mode & S_IWOTH) {
        close(fd);
        return aw_fail(err, AW_EPERM, "%s: everybody may write to it (mode %04o): chmod o-w", path,
                       (unsigned)st.st_mode & 07777u);
    }
    return read_file(fd, path, max, ret, ret_n, err);
}
