/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading secrets. A file must be a regular one that others cannot read: mode 0600, or 0640 when
 * it belongs to root (so that a service's group may read what root wrote).
 */
#include "conf/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/locked.h"
#include "base/mem.h"

enum { SECRET_MAX = 8192, MAX_HIDDEN = 64 };

static const char *const forms[] = {"file", "credential", "env", NULL};

bool aw_secret_form(struct aw_reader *r, const struct aw_yaml *v, struct aw_secret *ret)
{
    if (v->type != AW_YAML_MAP || v->n != 1) {
        aw_schema_error(r, v, "E161", "write {file: PATH}, {credential: NAME} or {env: NAME}",
                        "secrets never stand in this file");
        return false;
    }
    const struct aw_yaml *item = v->child;
    int how = 0;
    while (forms[how] != NULL && strcmp(forms[how], item->key) != 0)
        how++;
    if (forms[how] == NULL) {
        char hint[256];
        aw_schema_suggest(r, hint, item->key, forms);
        aw_schema_key_error(r, item, "E102", hint, "a secret cannot come from \"%s\"", item->key);
        return false;
    }
    const char *name = aw_schema_text(r, item, 1, 1000, false);
    if (name == NULL)
        return false;
    if (how > 0 && strchr(name, '/') != NULL) {
        aw_schema_error(r, item, "E114", "for a path write {file: PATH}", "a name has no '/'");
        return false;
    }
    ret->how = forms[how];
    ret->name = how == 0 ? aw_schema_path(r, name) : name;
    return true;
}

/* Who may read the file, beside its owner. */
static const char *too_open(const struct stat *st)
{
    bool root_group = st->st_uid == 0 && (st->st_mode & 027) == 0;
    if ((st->st_mode & 077) == 0 || root_group)
        return NULL;
    return (st->st_mode & 07) != 0 ? N_("everybody may open it") : N_("its group may open it");
}

/* Reads up to SECRET_MAX bytes; -1 when there are more, or errno is set. */
static ssize_t read_all(int fd, char *buf)
{
    size_t n = 0;
    for (;;) {
        ssize_t k = read(fd, buf + n, SECRET_MAX + 1 - n);
        if (k < 0 && errno == EINTR)
            continue;
        if (k < 0)
            return -1;
        n += (size_t)k;
        if (k == 0)
            return (ssize_t)n;
        if (n > SECRET_MAX) {
            errno = EFBIG;
            return -1;
        }
    }
}

static const char *from_file(struct aw_reader *r, const struct aw_yaml *v, const char *path,
                             bool check_mode)
{
    char buf[SECRET_MAX + 1];
    struct stat st;
    const char *ret = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &st) < 0) {
        aw_schema_error(r, v, "E161", NULL, "cannot open %s: %s", path, strerrordesc_np(errno));
        goto out;
    }
    if (!S_ISREG(st.st_mode)) {
        aw_schema_error(r, v, "E161", NULL, "%s is not a regular file", path);
        goto out;
    }
    const char *open_to = check_mode ? too_open(&st) : NULL;
    if (open_to != NULL) {
        aw_schema_error(r, v, "E162", "chmod 600, or owner root and chmod 640",
                        "%s is not safe (mode %04o): %s", path, (unsigned)st.st_mode & 07777u,
                        aw_schema_t(r, open_to));
        goto out;
    }
    ssize_t n = read_all(fd, buf);
    if (n < 0)
        aw_schema_error(r, v, "E161", NULL, "cannot read %s: %s", path, strerrordesc_np(errno));
    else
        ret = aw_arena_strn(r->arena, buf, (size_t)n);
    aw_wipe(buf, sizeof(buf));
    if (ret != NULL && strlen(ret) != (size_t)n) {
        aw_schema_error(r, v, "E161", NULL, "%s holds a NUL byte", path);
        ret = NULL;
    }
out:
    if (fd >= 0)
        close(fd);
    return ret;
}

static const char *from_credential(struct aw_reader *r, const struct aw_yaml *v, const char *name)
{
    const char *dir = getenv("CREDENTIALS_DIRECTORY");
    if (dir == NULL) {
        aw_schema_error(r, v, "E161", "start through systemd with LoadCredential=, or use {file:}",
                        "credential \"%s\": CREDENTIALS_DIRECTORY is not set", name);
        return NULL;
    }
    AW_AUTO(aw_buf_free) struct aw_buf path = AW_BUF_INIT(4096);
    aw_buf_printf(&path, "%s/%s", dir, name);
    return from_file(r, v, aw_buf_str(&path), false);
}

/* Variables that are hidden now: NAME\0value\0, in locked memory that lives as long as we do. */
static struct hidden {
    char *text;
    size_t n_name;
} hidden[MAX_HIDDEN];
static unsigned n_hidden;

static const char *hidden_value(const char *name)
{
    for (unsigned i = 0; i < n_hidden; i++)
        if (strcmp(hidden[i].text, name) == 0)
            return hidden[i].text + hidden[i].n_name + 1;
    return NULL;
}

void aw_secret_hide(const char *variable)
{
    char *value = getenv(variable);
    if (value == NULL || n_hidden == MAX_HIDDEN || hidden_value(variable) != NULL)
        return;
    size_t n_name = strlen(variable), n_value = strlen(value);
    char *text = aw_locked_alloc(n_name + n_value + 2);
    memcpy(text, variable, n_name);
    memcpy(text + n_name + 1, value, n_value);
    hidden[n_hidden++] = (struct hidden){text, n_name};
    aw_wipe(value, n_value);
    unsetenv(variable);
}

static const char *from_env(struct aw_reader *r, const struct aw_yaml *v, const char *name)
{
    const char *s = getenv(name);
    if (s == NULL)
        s = hidden_value(name);
    if (s == NULL) {
        aw_schema_error(r, v, "E161", NULL, "the variable %s is not set", name);
        return NULL;
    }
    return aw_arena_str(r->arena, s);
}

const char *aw_secret_text(struct aw_reader *r, const struct aw_yaml *v, const struct aw_secret *s)
{
    v = v->child; /* {how: name}: problems are shown at the name */
    return s->how == forms[0]   ? from_file(r, v, s->name, true)
           : s->how == forms[1] ? from_credential(r, v, s->name)
                                : from_env(r, v, s->name);
}

const char *aw_secret_read(struct aw_reader *r, const struct aw_yaml *v, const struct aw_secret *s)
{
    const char *text = aw_secret_text(r, v, s);
    if (text == NULL)
        return NULL;
    v = v->child;
    size_t n = strcspn(text, "\r\n");
    if (n == 0 || n > SECRET_MAX || text[n + strspn(text + n, "\r\n")] != '\0' ||
        !aw_utf8_clean(text, n, false)) {
        aw_schema_error(r, v, "E161", "one line of text, a line end after it is fine",
                        "the secret from %s %s is %s", s->how, s->name,
                        aw_schema_t(r, n == 0 ? N_("empty") : N_("not one line of text")));
        return NULL;
    }
    ((char *)text)[n] = '\0'; /* our own copy: without its line end */
    return text;
}
