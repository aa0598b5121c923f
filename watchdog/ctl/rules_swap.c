/* SPDX-License-Identifier: Apache-2.0
 *
 * See rules_swap.h. Bounds: files of 1 MiB, directories three deep.
 */
#include "ctl/rules_swap.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/schema.h"

enum { DEEP = 3 };

static char *join(const char *dir, const char *before, const char *name, const char *behind)
{
    struct aw_buf b = AW_BUF_INIT(8192);
    aw_buf_printf(&b, "%s/%s%s%s", dir, before, name, behind);
    return aw_buf_take(&b, NULL);
}

static bool is_yaml(const char *name)
{
    size_t n = strlen(name);
    return n > 5 && aw_streq(name + n - 5, ".yaml");
}

/* --- removing and copying -------------------------------------------------------------------- */

static void clear(const char *path, int deep)
{
    DIR *d = deep > 0 ? opendir(path) : NULL;
    for (const struct dirent *e; d && (e = readdir(d));) {
        if (aw_streq(e->d_name, ".") || aw_streq(e->d_name, ".."))
            continue;
        AW_AUTO_FREE char *p = join(path, "", e->d_name, "");
        struct stat st;
        if (lstat(p, &st) == 0 && S_ISDIR(st.st_mode))
            clear(p, deep - 1);
        else
            unlink(p);
    }
    if (d)
        closedir(d);
    rmdir(path);
}

/* The owner of the live directory must be able to read what root puts there. */
static int own(const struct aw_swap *s, const char *path, struct aw_err *err)
{
    if (geteuid() == 0 && lchown(path, s->st.st_uid, s->st.st_gid) < 0)
        return aw_fail(err, AW_EIO, "%s: %m", path);
    return 0;
}

static int copy_file(const struct aw_swap *s, const char *from, const char *to, unsigned mode,
                     struct aw_err *err)
{
    AW_AUTO_FREE char *text = NULL;
    size_t n;
    int r = aw_file_read(from, AW_CONF_FILE_MAX, &text, &n, err);
    if (r == 0)
        r = aw_file_create(to, text, n, mode & ~022u, err);
    return r ? r : own(s, to, err);
}

static int make_dir(const struct aw_swap *s, const char *path, struct aw_err *err)
{
    if (mkdir(path, s->st.st_mode & 07777) < 0 && errno != EEXIST)
        return aw_fail(err, AW_EIO, "%s: %m", path);
    return own(s, path, err);
}

/* keep: only what is no rule, and not there yet. */
static int copy_dir(const struct aw_swap *s, const char *from, const char *to, bool keep, int deep,
                    struct aw_err *err)
{
    int r = 0;
    DIR *d = opendir(from);
    if (!d)
        return aw_fail(err, AW_ENOENT, "%s: %m", from);
    for (const struct dirent *e; r == 0 && (e = readdir(d));) {
        AW_AUTO_FREE char *a = join(from, "", e->d_name, ""), *b = join(to, "", e->d_name, "");
        struct stat st;
        if (e->d_name[0] == '.' || stat(a, &st) < 0 ||
            (keep && (is_yaml(e->d_name) || access(b, F_OK) == 0)))
            continue;
        if (S_ISREG(st.st_mode))
            r = copy_file(s, a, b, st.st_mode & 0777, err);
        else if (S_ISDIR(st.st_mode) && deep == 1)
            r = aw_fail(err, AW_ELIMIT, "%s: directories more than %d deep", a, DEEP);
        else if (S_ISDIR(st.st_mode) && (r = make_dir(s, b, err)) == 0)
            r = copy_dir(s, a, b, false, deep - 1, err);
    }
    closedir(d);
    return r ? r : aw_dir_sync(to, err);
}

/* --- the swap -------------------------------------------------------------------------------- */

int aw_swap_begin(struct aw_swap *s, const char *live, struct aw_err *err)
{
    *s = (struct aw_swap){.lock = -1, .live = realpath(live, NULL)};
    if (!s->live || stat(s->live, &s->st) < 0 || !S_ISDIR(s->st.st_mode))
        return aw_fail(err, AW_ENOENT, "%s: %s", live,
                       s->live ? "not a directory" : strerrordesc_np(errno));
    char *slash = strrchr(s->live, '/');
    s->parent = slash == s->live ? aw_strdup("/") : aw_strndup(s->live, (size_t)(slash - s->live));
    s->stage = join(s->parent, ".", slash + 1, ".new");
    AW_AUTO_FREE char *lock = join(s->parent, ".", slash + 1, ".lock");
    s->lock = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (s->lock < 0)
        return aw_fail(err, AW_EIO, "%s: %m", lock);
    if (flock(s->lock, LOCK_EX | LOCK_NB) < 0) {
        close(s->lock);
        s->lock = -1; /* the stage is theirs */
        return aw_fail(err, AW_EBUSY, "somebody else is changing %s just now", s->live);
    }
    clear(s->stage, DEEP + 1);
    return make_dir(s, s->stage, err);
}

int aw_swap_put(struct aw_swap *s, const char *name, const char *text, size_t n, struct aw_err *err)
{
    AW_AUTO_FREE char *path = join(s->stage, "", name, "");
    int r = aw_file_create(path, text, n, 0644, err);
    return r ? r : own(s, path, err);
}

int aw_swap_copy(struct aw_swap *s, const char *dir, struct aw_err *err)
{
    return copy_dir(s, dir, s->stage, false, DEEP, err);
}

int aw_swap_carry(struct aw_swap *s, struct aw_err *err)
{
    return copy_dir(s, s->live, s->stage, true, DEEP, err);
}

int aw_swap_exchange(struct aw_swap *s, struct aw_err *err)
{
    if (renameat2(AT_FDCWD, s->stage, AT_FDCWD, s->live, RENAME_EXCHANGE) < 0)
        return aw_fail(err, AW_EIO, "%s and %s cannot change places: %m", s->stage, s->live);
    return aw_dir_sync(s->parent, err);
}

void aw_swap_end(struct aw_swap *s)
{
    if (s->lock >= 0 && s->stage)
        clear(s->stage, DEEP + 1);
    if (s->lock >= 0)
        close(s->lock);
    free(s->live);
    aw_free(s->stage);
    aw_free(s->parent);
    *s = (struct aw_swap){.lock = -1};
}
