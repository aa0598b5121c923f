/* SPDX-License-Identifier: Apache-2.0
 *
 * Listing a directory of configuration files; bounded by the caller's maximum.
 */
#include "conf/dir.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"

static bool ends(const char *s, const char *tail)
{
    size_t n = strlen(s), k = strlen(tail);
    return n > k && strcmp(s + n - k, tail) == 0;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *join(const char *dir, const char *name)
{
    size_t n = strlen(dir);
    while (n > 1 && dir[n - 1] == '/')
        n--;
    struct aw_buf b = AW_BUF_INIT(4096);
    aw_buf_add(&b, dir, n);
    aw_buf_printf(&b, "/%s", name);
    return aw_buf_take(&b, NULL);
}

static bool wanted(const char *path, const char *name, struct aw_diag *diag)
{
    struct stat st;
    if (name[0] == '.' || (stat(path, &st) == 0 && !S_ISREG(st.st_mode)))
        return false;
    if (ends(name, ".yml")) {
        struct aw_source_file f = {.name = path};
        aw_diag_warn(diag, &f, (struct aw_yaml_place){0}, 0, "W103", "rename it to *.yaml",
                     "this file is not read");
    }
    return ends(name, ".yaml") && !ends(name, ".test.yaml");
}

void aw_dir_read(const char *path, unsigned max, struct aw_dir *ret, struct aw_diag *diag)
{
    struct aw_source_file f = {.name = path};
    *ret = (struct aw_dir){0};
    DIR *d = opendir(path);
    if (d == NULL) {
        aw_diag_error(diag, &f, (struct aw_yaml_place){0}, 0, "E100", NULL,
                      "cannot read the directory: %s", strerrordesc_np(errno));
        return;
    }
    ret->paths = aw_calloc(max, sizeof(*ret->paths));
    for (const struct dirent *e; (e = readdir(d)) != NULL;) {
        AW_AUTO_FREE char *p = join(path, e->d_name);
        if (!wanted(p, e->d_name, diag))
            continue;
        if (ret->n == max) {
            aw_diag_error(diag, &f, (struct aw_yaml_place){0}, 0, "E100", NULL,
                          "more than %u files stand here", max);
            break;
        }
        ret->paths[ret->n++] = aw_take(p);
    }
    closedir(d);
    qsort(ret->paths, ret->n, sizeof(*ret->paths), compare);
}

void aw_dir_free(struct aw_dir *d)
{
    for (unsigned i = 0; i < d->n; i++)
        aw_free(d->paths[i]);
    aw_free(d->paths);
    *d = (struct aw_dir){0};
}
