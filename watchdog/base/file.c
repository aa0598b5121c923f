/* SPDX-License-Identifier: Apache-2.0
 *
 * Files whole. Sizes are taken from what is read, never from stat: pipes and files of
 * /proc have none, and a file may grow meanwhile.
 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"

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

static bool write_all(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t done = write(fd, p, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        p += done;
        n -= (size_t)done;
    }
    return true;
}

int aw_file_create(const char *path, const char *text, size_t n, unsigned mode, struct aw_err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, mode);
    if (fd < 0)
        return aw_fail(err, errno == EEXIST ? AW_ECONFLICT : AW_EIO, "%s: %m", path);
    bool fine = write_all(fd, text, n) && fsync(fd) == 0;
    int cause = errno;
    if (close(fd) < 0 && fine) {
        cause = errno;
        fine = false;
    }
    if (fine)
        return 0;
    unlink(path);
    errno = cause;
    return aw_fail(err, AW_EIO, "%s: %m", path);
}

int aw_dir_sync(const char *path, struct aw_err *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool fine = fd >= 0 && fsync(fd) == 0;
    int r = fine ? 0 : aw_fail(err, AW_EIO, "%s: %m", path);
    if (fd >= 0)
        close(fd);
    return r;
}

int aw_file_replace(const char *path, const char *text, size_t n, struct aw_err *err)
{
    struct stat st;
    const char *slash = strrchr(path, '/');
    AW_AUTO(aw_buf_free) struct aw_buf temp = AW_BUF_INIT(8192), dir = AW_BUF_INIT(8192);
    bool old = stat(path, &st) == 0;
    aw_buf_printf(&temp, "%s.%d.tmp", path, (int)getpid());
    aw_buf_add(&dir, path, slash ? (size_t)(slash - path) + 1 : 0);
    int r = aw_file_create(aw_buf_str(&temp), text, n, 0666, err);
    if (r)
        return r;
    if ((old && chmod(aw_buf_str(&temp), st.st_mode & 07777u) < 0) ||
        rename(aw_buf_str(&temp), path) < 0) {
        r = aw_fail(err, AW_EIO, "%s: %m", path);
        unlink(aw_buf_str(&temp));
        return r;
    }
    return aw_dir_sync(dir.n ? aw_buf_str(&dir) : ".", err);
}
