/* SPDX-License-Identifier: Apache-2.0
 *
 * Rule files, alone or as a directory, to one immutable set. The set, its rules, all texts and
 * the files' bytes stand in one arena behind the public struct. Bounds: 1 MiB a file, 1,000 files,
 * 4,096 rules.
 */
#include "conf/rules.h"

#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/mem.h"
#include "codec/digest.h"
#include "conf/dir.h"
#include "conf/rules_int.h"

struct owned_rules {
    struct aw_rules pub; /* first */
    struct aw_arena arena;
};

void aw_rules_free(struct aw_rules *r)
{
    if (r == NULL)
        return;
    struct owned_rules *o = (struct owned_rules *)(void *)r;
    aw_arena_free(&o->arena);
    aw_free(o);
}

static void free_rules(struct aw_rules **r)
{
    aw_rules_free(*r);
}

/* A load: the set under construction and its context. */
struct load {
    struct owned_rules *o;
    struct aw_rules_ctx ctx;
    struct aw_diag *diag;
    struct aw_rules_file *files; /* room for AW_MAX_RULE_FILES */
};

static void begin(struct load *l, const struct aw_rules_world *world, unsigned max_files,
                  struct aw_diag *diag)
{
    l->o = aw_calloc(1, sizeof(*l->o));
    l->ctx = (struct aw_rules_ctx){.world = world};
    l->files = aw_arena_alloc(&l->o->arena, max_files * sizeof(*l->files));
    l->diag = diag;
}

static void read_text(struct load *l, const char *name, const char *text, size_t n)
{
    struct aw_arena *arena = &l->o->arena;
    struct aw_rules_file *f = &l->files[l->o->pub.n_files++];
    *f = (struct aw_rules_file){
        .name = aw_arena_str(arena, name), .text = aw_arena_strn(arena, text, n), .n = n};
    aw_sha256(f->sha256, text, n);
    memcpy(l->ctx.sha256, f->sha256, sizeof(f->sha256));
    l->ctx.defaults = NULL;
    l->ctx.errors = l->diag->n_errors;

    struct aw_source_file source = {f->name, f->text, n};
    struct aw_reader r = {.file = &source, .diag = l->diag, .arena = arena, .ctx = &l->ctx};
    struct aw_yaml_doc *doc = NULL;
    const struct aw_yaml *root = aw_schema_parse(&source, &doc, l->diag);
    if (root != NULL)
        aw_schema_map(&r, &aw_shape_rules, root, NULL, &l->ctx);
    aw_yaml_free(doc);
}

static int finish(struct load *l, unsigned errors_before, struct aw_rules **ret)
{
    AW_AUTO(free_rules) struct aw_rules *rules = &l->o->pub;
    AW_AUTO_FREE struct aw_rule **list = l->ctx.rules;
    if (l->diag->n_errors > errors_before)
        return AW_EINVAL;
    uint8_t(*hashes)[32] = aw_arena_alloc(&l->o->arena, rules->n_files * sizeof(*hashes));
    for (unsigned i = 0; i < rules->n_files; i++)
        memcpy(hashes[i], l->files[i].sha256, sizeof(hashes[i]));
    aw_sha256(rules->set.sha256, hashes, rules->n_files * sizeof(*hashes));
    rules->files = l->files;
    rules->set.rules = aw_arena_copy(&l->o->arena, list, l->ctx.n * sizeof(*list));
    rules->set.n = l->ctx.n;
    *ret = aw_take(rules);
    return 0;
}

static void read_file(struct load *l, const char *path)
{
    AW_AUTO_FREE char *text = NULL;
    size_t n;
    struct aw_err err;
    if (aw_file_read_closed(path, AW_CONF_FILE_MAX, &text, &n, &err) < 0) {
        aw_diag_unread(l->diag, path, &err);
        return;
    }
    read_text(l, path, text, n);
}

int aw_rules_load_files(char *const *paths, unsigned n, const struct aw_rules_world *world,
                        struct aw_rules **ret, struct aw_diag *diag)
{
    struct load l;
    unsigned errors = diag->n_errors;
    begin(&l, world, n, diag);
    for (unsigned i = 0; i < n; i++)
        read_file(&l, paths[i]);
    return finish(&l, errors, ret);
}

int aw_rules_load(const char *path, const struct aw_rules_world *world, struct aw_rules **ret,
                  struct aw_diag *diag)
{
    unsigned errors = diag->n_errors;
    struct stat st;
    if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode))
        return aw_rules_load_files((char *const[]){(char *)path}, 1, world, ret, diag);
    struct aw_dir list;
    aw_dir_read(path, AW_MAX_RULE_FILES, &list, diag);
    if (list.n == 0 && diag->n_errors == errors) {
        struct aw_source_file f = {.name = path};
        aw_diag_error(diag, &f, (struct aw_yaml_place){0}, 0, "E160",
                      "copy one from " AW_DATADIR "/rules", "no rule file (*.yaml) stands here");
    }
    int e = diag->n_errors > errors && list.n == 0
                ? AW_EINVAL
                : aw_rules_load_files(list.paths, list.n, world, ret, diag);
    aw_dir_free(&list);
    if (e == 0 && diag->n_errors > errors) { /* of the directory itself */
        aw_rules_free(*ret);
        *ret = NULL;
        e = AW_EINVAL;
    }
    return e;
}

int aw_rules_parse(const char *name, const char *text, size_t n, const struct aw_rules_world *world,
                   struct aw_rules **ret, struct aw_diag *diag)
{
    struct load l;
    unsigned errors = diag->n_errors;
    begin(&l, world, 1, diag);
    read_text(&l, name, text, n);
    return finish(&l, errors, ret);
}

int aw_rules_parse_all(const struct aw_source_file *files, unsigned n,
                       const struct aw_rules_world *world, struct aw_rules **ret,
                       struct aw_diag *diag)
{
    struct load l;
    unsigned errors = diag->n_errors;
    begin(&l, world, n, diag);
    for (unsigned i = 0; i < n; i++)
        read_text(&l, files[i].name, files[i].text, files[i].n);
    return finish(&l, errors, ret);
}

int aw_rules_unless(void *ctx, const char *name, const char *text, size_t n,
                    enum aw_level ret[AW_MAX_STEPS])
{
    const struct aw_rules_world none = {0};
    struct aw_rules *rules = NULL;
    struct aw_diag diag;
    aw_diag_init(&diag);
    int e = aw_rules_parse(name, text, n, &none, &rules, &diag);
    const struct aw_rule *rule = e == 0 ? aw_ruleset_find(&rules->set, name) : NULL;
    for (unsigned i = 0; rule != NULL && i < AW_MAX_STEPS; i++)
        ret[i] = i < rule->n_steps ? rule->steps[i].unless : AW_LEVEL_NONE;
    aw_rules_free(rules);
    aw_diag_free(&diag);
    return rule != NULL ? 0 : AW_ENOENT;
}
