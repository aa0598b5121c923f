/* SPDX-License-Identifier: Apache-2.0
 *
 * See local.h.
 */
#include "ctl/local.h"

#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "codec/json.h"

#define REPORT_MAX ((size_t)4 << 20)

void aw_local_world_init(struct aw_local_world *w, const struct aw_env_conf *env)
{
    *w = (struct aw_local_world){0};
    if (env->templates.n)
        w->world.templates = &env->templates;
    w->world.list = env->channels;
    w->world.n_list = env->n_channels;
    w->world.almanac = &env->almanac;
    if (!env->n_channels)
        return;
    for (unsigned k = 0; k < AW_N_KINDS; k++) {
        w->names[k] = aw_calloc(env->n_channels + 1, sizeof *w->names[k]);
        for (unsigned i = 0; i < env->n_channels; i++)
            if (env->channels[i].provider->kind == k)
                w->names[k][w->channels[k]++] = env->channels[i].name;
        w->world.channels[k] = w->names[k];
    }
}

void aw_local_world_free(struct aw_local_world *w)
{
    for (unsigned k = 0; k < AW_N_KINDS; k++)
        aw_free(w->names[k]);
}

struct aw_templates aw_local_templates(const char *path, struct aw_diag *d)
{
    struct stat st;
    struct aw_templates t = {0};
    struct aw_buf dir = AW_BUF_INIT(8192);
    const char *slash = strrchr(path, '/');
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        aw_buf_printf(&dir, "%s/templates", path);
    else
        aw_buf_printf(&dir, "%.*stemplates", slash ? (int)(slash - path) + 1 : 0, path);
    if (stat(aw_buf_str(&dir), &st) == 0)
        aw_templates_load(aw_buf_str(&dir), &t, d);
    aw_buf_free(&dir);
    return t;
}

int aw_local_report(const struct aw_ctl *ctl, const struct aw_diag *d)
{
    struct aw_buf b = AW_BUF_INIT(REPORT_MAX);
    if (ctl->out.json)
        aw_diag_json(d, &b);
    else
        aw_diag_print(d, &b);
    fputs(aw_buf_str(&b), ctl->out.f);
    if (ctl->out.json && b.n && b.p[b.n - 1] != '\n')
        fputc('\n', ctl->out.f);
    aw_buf_free(&b);
    return d->n_errors ? AW_EXIT_PROBLEMS : AW_EXIT_DONE;
}

int aw_local_complain(const struct aw_diag *d)
{
    struct aw_buf b = AW_BUF_INIT(REPORT_MAX);
    aw_diag_print(d, &b);
    fflush(stdout);
    fputs(aw_buf_str(&b), stderr);
    aw_buf_free(&b);
    return d->n_errors ? AW_EXIT_PROBLEMS : AW_EXIT_DONE;
}
