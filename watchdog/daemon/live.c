/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/live.h"

#include <dirent.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "conf/schema.h"
#include "conf/tests.h"

static void names_of(const struct aw_env_conf *conf, enum aw_kind kind, const char **dst)
{
    unsigned n = 0;

    for (unsigned i = 0; i < conf->n_channels; i++)
        if (conf->channels[i].provider->kind == kind)
            dst[n++] = conf->channels[i].name;
    dst[n] = NULL;
}

void aw_live_names(struct aw_live_names *n, const struct aw_env_conf *conf)
{
    memset(n, 0, sizeof(*n));
    n->world.templates = &conf->templates;
    n->world.list = conf->channels;
    n->world.n_list = conf->n_channels;
    n->world.almanac = &conf->almanac;
    for (unsigned k = 0; k < AW_N_KINDS; k++) {
        n->lists[k] = aw_calloc(conf->n_channels + 1, sizeof(char *));
        names_of(conf, k, n->lists[k]);
        n->world.channels[k] = n->lists[k];
    }
}

void aw_live_names_free(struct aw_live_names *n)
{
    for (unsigned k = 0; k < AW_N_KINDS; k++)
        aw_free(n->lists[k]);
}

static struct aw_live *live_new(struct aw_env_conf *conf)
{
    struct aw_live *live = aw_calloc(1, sizeof(*live));

    live->conf = conf;
    live->refs = 1;
    aw_hex(live->env, conf->sha256, (sizeof(live->env) - 1) / 2);
    return live;
}

/* The combined match order over all sets. */
static void combine(struct aw_live *live)
{
    struct aw_rule **all;
    unsigned n = 0;

    for (unsigned i = 0; i < live->n_sets; i++)
        n += live->sets[i]->set.n;
    all = aw_calloc(n + 1, sizeof(*all));
    n = 0;
    for (unsigned i = 0; i < live->n_sets; i++)
        for (unsigned k = 0; k < live->sets[i]->set.n; k++)
            all[n++] = live->sets[i]->set.rules[k];
    live->rules.rules = all;
    live->rules.n = n;
    if (live->n_sets == 1)
        memcpy(live->rules.sha256, live->sets[0]->set.sha256, sizeof(live->rules.sha256));
    live->rows = aw_calloc(n + 1, sizeof(*live->rows));
}

static void add_set(struct aw_live *live, struct aw_rules *set)
{
    live->sets = aw_realloc(live->sets, (live->n_sets + 1) * sizeof(*live->sets));
    live->sets[live->n_sets++] = set;
}

struct test_run {
    struct aw_diag *diag;
    const char *path;
};

static void test_report(void *ctx, const struct aw_test_report *r)
{
    struct test_run *t = ctx;
    struct aw_source_file f = {.name = t->path};
    struct aw_yaml_place at = {1, 1};

    if (!r->passed)
        aw_diag_error(t->diag, &f, at, 1, "E181", "ackwatch rules test shows it",
                      "rule test \"%s\" fails: %s", r->name, r->explain);
}

static int is_test(const struct dirent *d)
{
    return fnmatch("*.test.yaml", d->d_name, 0) == 0;
}

/* Keeps the text of a test file for the store. */
static void keep_test(struct aw_live *live, const char *path)
{
    struct aw_rules_file f = {0};
    struct aw_err err;
    char *text;

    if (aw_file_read(path, AW_CONF_FILE_MAX, &text, &f.n, &err) < 0)
        return; /* its tests could not be read either, which was said */
    f.name = aw_strdup(path);
    f.text = text;
    live->tests = aw_realloc(live->tests, (live->n_tests + 1) * sizeof(*live->tests));
    live->tests[live->n_tests++] = f;
}

/* Runs NAME.test.yaml beside the rules; a failed test is an error like any other. */
static int run_tests(struct aw_live *live, const char *dir, bool untested, struct aw_diag *diag)
{
    struct dirent **list;
    int n = scandir(dir, &list, is_test, alphasort), r = AW_OK;

    for (int i = 0; i < n; i++) {
        struct aw_buf path = AW_BUF_INIT(4096);
        struct aw_test_result res = {0};
        struct test_run t = {.diag = diag};
        struct aw_test_options o = {.report = test_report, .ctx = &t};

        aw_buf_printf(&path, "%s/%s", dir, list[i]->d_name);
        t.path = aw_buf_str(&path);
        if (!untested && (aw_tests_run(t.path, &o, &res, diag) || res.failed))
            r = AW_EINVAL;
        keep_test(live, t.path);
        aw_buf_free(&path);
        free(list[i]);
    }
    if (n >= 0)
        free(list);
    return r;
}

static int load_rules(struct aw_live *live, bool untested, struct aw_diag *diag)
{
    struct aw_rules *set = NULL;
    struct aw_live_names names;
    int r;

    aw_live_names(&names, live->conf);
    r = aw_rules_load(live->conf->rules, &names.world, &set, diag);
    aw_live_names_free(&names);
    if (r == AW_OK) {
        add_set(live, set);
        r = run_tests(live, live->conf->rules, untested, diag);
    }
    return r;
}

int aw_live_load(const char *config, bool untested, struct aw_live **ret, struct aw_diag *diag)
{
    struct aw_env_conf *conf;
    struct aw_live *live;
    int r = aw_env_load(config, 0, &conf, diag);

    if (r)
        return r;
    live = live_new(conf);
    r = load_rules(live, untested, diag);
    if (r) {
        aw_live_drop(live);
        return r;
    }
    combine(live);
    *ret = live;
    return AW_OK;
}

struct restore {
    struct aw_live *live;
    struct aw_live_names *names;
    struct aw_diag diag;
};

static int restore_file(void *arg, const char *name, const char *text, size_t n)
{
    struct restore *x = arg;
    struct aw_rules *set;
    int r = aw_rules_parse(name, text, n, &x->names->world, &set, &x->diag);

    if (r == AW_OK)
        add_set(x->live, set);
    return r;
}

int aw_live_load_last_good(const char *config, struct aw_store *store, struct aw_live **ret,
                           struct aw_diag *diag)
{
    struct aw_env_conf *conf;
    struct restore x = {0};
    struct aw_live_names names;
    struct aw_err err;
    int r = aw_env_load(config, 0, &conf, diag);

    if (r)
        return r;
    x.live = live_new(conf);
    x.live->last_good = true;
    x.names = &names;
    aw_diag_init(&x.diag);
    aw_live_names(&names, conf);
    r = aw_store_ruleset_get(store, restore_file, &x, &err);
    aw_live_names_free(&names);
    aw_diag_free(&x.diag);
    if (r || x.live->n_sets == 0) {
        aw_live_drop(x.live);
        return r ? r : AW_EINVAL;
    }
    combine(x.live);
    *ret = x.live;
    return AW_OK;
}

const struct aw_rules_file *aw_live_file(const struct aw_live *live, const struct aw_rule *rule)
{
    for (unsigned i = 0; i < live->n_sets; i++)
        for (unsigned k = 0; k < live->sets[i]->n_files; k++) {
            const struct aw_rules_file *f = &live->sets[i]->files[k];

            if (memcmp(f->sha256, rule->sha256, sizeof(f->sha256)) == 0)
                return f;
        }
    return NULL;
}

/* Files as the store takes them. */
struct files {
    const char **names, **texts;
    size_t *sizes;
    struct aw_rule_files view;
};

static void add_files(struct files *to, const struct aw_rules_file *f, unsigned n)
{
    unsigned all = to->view.n + n;

    to->names = aw_realloc(to->names, (all + 1) * sizeof(*to->names));
    to->texts = aw_realloc(to->texts, (all + 1) * sizeof(*to->texts));
    to->sizes = aw_realloc(to->sizes, (all + 1) * sizeof(*to->sizes));
    for (unsigned i = 0; i < n; i++) {
        to->names[to->view.n] = f[i].name;
        to->texts[to->view.n] = f[i].text;
        to->sizes[to->view.n++] = f[i].n;
    }
}

static const struct aw_rule_files *files_of(struct files *f)
{
    f->view.names = f->names;
    f->view.texts = f->texts;
    f->view.sizes = f->sizes;
    return &f->view;
}

static void files_free(struct files *f)
{
    aw_free(f->names);
    aw_free(f->texts);
    aw_free(f->sizes);
}

int aw_live_store(struct aw_live *live, struct aw_store *store, const char *actor,
                  struct aw_err *err)
{
    struct files rules = {0}, tests = {0};
    int r = AW_OK;

    for (unsigned i = 0; i < live->rules.n && r == AW_OK; i++) {
        const struct aw_rule *rule = live->rules.rules[i];
        const struct aw_rules_file *f = aw_live_file(live, rule);

        if (!f)
            return aw_fail(err, AW_ECORRUPT, "rule %s has no file", rule->name);
        r = aw_store_rule(store, rule, f->text, f->n, &live->rows[i], err);
    }
    if (r || live->last_good)
        return r;
    for (unsigned i = 0; i < live->n_sets; i++)
        add_files(&rules, live->sets[i]->files, live->sets[i]->n_files);
    add_files(&tests, live->tests, live->n_tests);
    r = aw_store_ruleset_put(store, &live->rules, files_of(&rules), files_of(&tests), actor, err);
    files_free(&rules);
    files_free(&tests);
    return r;
}

struct aw_live *aw_live_hold(struct aw_live *live)
{
    live->refs++;
    return live;
}

void aw_live_drop(struct aw_live *live)
{
    if (!live || --live->refs > 0)
        return;
    for (unsigned i = 0; i < live->n_sets; i++)
        aw_rules_free(live->sets[i]);
    aw_free(live->sets);
    for (unsigned i = 0; i < live->n_tests; i++) {
        aw_free((char *)live->tests[i].name);
        aw_free((char *)live->tests[i].text);
    }
    aw_free(live->tests);
    aw_free((void *)live->rules.rules);
    aw_free(live->rows);
    aw_env_conf_free(live->conf);
    aw_free(live);
}

const struct aw_channel *aw_live_channel(const struct aw_live *live, const char *name)
{
    for (unsigned i = 0; i < live->conf->n_channels; i++)
        if (aw_streq(live->conf->channels[i].name, name))
            return &live->conf->channels[i];
    return NULL;
}

static bool serves(const struct aw_channel *c, const char *app, enum aw_kind kind)
{
    return c->provider->kind == kind && (!c->app || aw_streq(c->app, app));
}

unsigned aw_live_channels(const struct aw_live *live, const char *app, const struct aw_step *step,
                          enum aw_kind kind, const struct aw_channel *ret[AW_MAX_VIA])
{
    unsigned n = 0;

    for (unsigned i = 0; i < step->n_via; i++) {
        const struct aw_channel *c = aw_live_channel(live, step->via[i]);

        if (c && serves(c, app, kind))
            ret[n++] = c;
    }
    if (step->n_via)
        return n;
    for (unsigned i = 0; i < live->conf->n_channels && n < AW_MAX_VIA; i++) {
        const struct aw_channel *c = &live->conf->channels[i];
        unsigned at = n;

        if (!serves(c, app, kind))
            continue;
        while (at > 0 && ret[at - 1]->weight < c->weight) {
            ret[at] = ret[at - 1];
            at--;
        }
        ret[at] = c;
        n++;
    }
    return n;
}

const struct aw_channel *aw_live_callbacks(const struct aw_live *live, const char *app,
                                           unsigned *ret_on)
{
    for (unsigned i = 0; i < live->conf->n_apps; i++) {
        const struct aw_callbacks *c = &live->conf->callbacks[i];

        if (!aw_streq(live->conf->apps[i], app) || !c->channel)
            continue;
        if (ret_on)
            *ret_on = c->on;
        return aw_live_channel(live, c->channel); /* a webhook that the app may use: conf/ */
    }
    return NULL;
}

bool aw_live_has_app(const struct aw_live *live, const char *app)
{
    for (unsigned i = 0; i < live->conf->n_apps; i++)
        if (aw_streq(live->conf->apps[i], app))
            return true;
    return false;
}

void aw_live_box_set(struct aw_live_box *box, struct aw_live *live)
{
    struct aw_live *old;

    pthread_mutex_lock(&box->lock);
    old = box->live;
    box->live = live;
    pthread_mutex_unlock(&box->lock);
    aw_live_drop(old);
}

struct aw_live *aw_live_box_get(struct aw_live_box *box)
{
    struct aw_live *live;

    pthread_mutex_lock(&box->lock);
    live = aw_live_hold(box->live);
    pthread_mutex_unlock(&box->lock);
    return live;
}
