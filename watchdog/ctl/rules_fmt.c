/* SPDX-License-Identifier: Apache-2.0
 *
 * `ackwatch rules fmt`: rule and test files in the one layout. A file is replaced as a whole or not
 * touched.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "codec/json.h"
#include "conf/layout.h"
#include "conf/schema.h"
#include "ctl/lang.h"
#include "ctl/local.h"
#include "ctl/nouns.h"

struct fmt {
    struct aw_ctl *ctl;
    struct aw_diag diag;
    json_t *list;
    bool check, failed;
    unsigned n_changed;
};

static void note(struct fmt *f, const char *path, bool changed)
{
    json_array_append_new(f->list, json_pack("{s:s,s:b}", "file", path, "changed", changed));
    f->n_changed += changed;
    if (changed && !f->ctl->out.json)
        fprintf(f->ctl->out.f, "%s\n", path);
}

static void fmt_file(struct fmt *f, const char *path)
{
    bool in = aw_streq(path, "-");
    struct aw_source_file src = {.name = path};
    AW_AUTO_FREE char *text = aw_ctl_read(path, AW_CONF_FILE_MAX, &src.n);
    AW_AUTO(aw_buf_free) struct aw_buf out = AW_BUF_INIT(4 * AW_CONF_FILE_MAX);
    struct aw_err err;
    src.text = text;
    if (!text) {
        f->failed = true;
        return;
    }
    if (aw_layout(&src, &out, &f->diag) < 0)
        return;
    bool changed = out.n != src.n || memcmp(aw_buf_str(&out), text, src.n) != 0;
    if (in && !f->check) {
        fwrite(aw_buf_str(&out), 1, out.n, f->ctl->out.f);
        return;
    }
    if (changed && !f->check && aw_file_replace(path, aw_buf_str(&out), out.n, &err) < 0) {
        f->failed = true;
        aw_ctl_say(0, "%s", err.text);
        return;
    }
    note(f, path, changed);
}

static int is_yaml(const struct dirent *d)
{
    size_t n = strlen(d->d_name);
    return d->d_name[0] != '.' && n > 5 && aw_streq(d->d_name + n - 5, ".yaml");
}

static void fmt_path(struct fmt *f, const char *path)
{
    struct stat st;
    struct dirent **list;
    if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode)) {
        fmt_file(f, path);
        return;
    }
    int n = scandir(path, &list, is_yaml, alphasort);
    if (n < 0) {
        f->failed = true;
        aw_ctl_say(0, "%s: %s", path, strerror(errno));
        return;
    }
    for (int i = 0; i < n; i++) {
        AW_AUTO(aw_buf_free) struct aw_buf b = AW_BUF_INIT(8192);
        aw_buf_printf(&b, "%s%s%s", path, path[strlen(path) - 1] == '/' ? "" : "/",
                      list[i]->d_name);
        fmt_file(f, aw_buf_str(&b));
        free(list[i]);
    }
    free(list);
}

static int exec(struct aw_ctl *ctl)
{
    struct fmt f = {.ctl = ctl, .list = json_array(), .check = aw_ctl_flag(ctl, "check") != NULL};
    aw_diag_init(&f.diag);
    f.diag.lang = aw_lang();
    for (unsigned i = 0; i < ctl->n_args; i++)
        fmt_path(&f, ctl->args[i]);
    int code = aw_local_complain(&f.diag);
    if (ctl->out.json)
        aw_out_json(&ctl->out, f.list);
    if (f.check && f.n_changed)
        code = AW_EXIT_PROBLEMS;
    json_decref(f.list);
    aw_diag_free(&f.diag);
    return f.failed ? AW_EXIT_FAILED : code;
}

static const struct aw_param args[] = {
    {"PATH", 0, AW_VAL_FILE, AW_MANY, NULL,
     "a rule or test file, a directory of them, or - for standard input"},
    {NULL},
};
static const struct aw_param flags[] = {
    {"check", 0, AW_VAL_NONE, 0, NULL, "change nothing; exit code 3 when a file would change"},
    {NULL},
};
static const char *const examples[] = {"rules fmt rules/", "rules fmt --check rules/",
                                       "rules fmt - <draft.yaml", NULL};

const struct aw_cmd_entry aw_cmd_rules_fmt = {
    .noun = "rules",
    .verb = "fmt",
    .summary = "lay rule and test files out in the one way; prints those that changed",
    .text = "Needs no daemon. Comments, order and texts stay; blocks stay blocks, braces stay "
            "braces. The result is read again and compared before a file is replaced; what "
            "cannot be kept, such as a comment within braces, is refused with its place.",
    .args = args,
    .flags = flags,
    .examples = examples,
    .exec = exec,
};
