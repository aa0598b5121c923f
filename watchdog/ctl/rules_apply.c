/* SPDX-License-Identifier: Apache-2.0
 *
 * `ackwatch rules apply`, `rollback`, `history`: what rules are live is changed on the machine, as
 * a whole, by somebody who says why. The files change places with those of the daemon's directory,
 * the daemon takes them over and writes who did it; if it refuses, they change back.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/json.h"
#include "conf/tests.h"
#include "ctl/lang.h"
#include "ctl/local.h"
#include "ctl/nouns.h"
#include "ctl/rows.h"
#include "ctl/rules_swap.h"

struct apply {
    struct aw_ctl *ctl;
    struct aw_client *client;
    struct aw_env_conf *env;
    struct aw_swap swap;
    json_t *history; /* newest first */
    bool rollback;
    char sha256[65]; /* of the set to come */
    unsigned n_rules;
};

/* --- checks ---------------------------------------------------------------------------------- */

/* By the environment of the daemon; templates beside the rules come before its own. */
static int check(struct apply *a, const char *dir)
{
    struct aw_local_world w = {0};
    struct aw_rules *rules = NULL;
    struct aw_diag diag;
    aw_diag_init(&diag);
    diag.lang = aw_lang();
    struct aw_templates beside = aw_local_templates(dir, &diag);
    aw_local_world_init(&w, a->env);
    if (beside.n)
        w.world.templates = &beside;
    if (aw_rules_load(dir, &w.world, &rules, &diag) == 0) {
        aw_hex(a->sha256, rules->set.sha256, sizeof rules->set.sha256);
        a->n_rules = rules->set.n;
        aw_rules_free(rules);
    }
    int code = aw_local_complain(&diag);
    aw_templates_free(&beside);
    aw_local_world_free(&w);
    aw_diag_free(&diag);
    return code;
}

static void on_test(void *ctx, const struct aw_test_report *r)
{
    if (!r->passed)
        aw_ctl_say(0, "%s: %s\n%s", (const char *)ctx, r->name, r->explain);
}

static int is_test(const struct dirent *d)
{
    size_t n = strlen(d->d_name);
    return d->d_name[0] != '.' && n > 10 && aw_streq(d->d_name + n - 10, ".test.yaml");
}

static int test(struct apply *a, const char *dir)
{
    struct dirent **list;
    struct aw_diag diag;
    unsigned failed = 0;
    int n = scandir(dir, &list, is_test, alphasort);
    aw_diag_init(&diag);
    diag.lang = aw_lang();
    for (int i = 0; i < n; i++) {
        struct aw_test_result r = {0};
        struct aw_test_options o = {.report = on_test, .ctx = list[i]->d_name};
        AW_AUTO(aw_buf_free) struct aw_buf path = AW_BUF_INIT(8192);
        aw_buf_printf(&path, "%s/%s", dir, list[i]->d_name);
        aw_tests_run(aw_buf_str(&path), &o, &r, &diag);
        failed += r.failed;
        free(list[i]);
    }
    if (n >= 0)
        free(list);
    int code = aw_local_complain(&diag);
    if (failed)
        code = AW_EXIT_PROBLEMS;
    aw_diag_free(&diag);
    if (code != AW_EXIT_DONE && aw_ctl_flag(a->ctl, "force"))
        return aw_ctl_say(AW_EXIT_DONE, _("tests fail; going on, and the log will say so"));
    return code;
}

/* --- what differs ---------------------------------------------------------------------------- */

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static json_t *live_set(const struct apply *a)
{
    return json_array_get(a->history, 0);
}

/* --- doing it -------------------------------------------------------------------------------- */

static int reload(struct apply *a)
{
    json_t *body =
        json_pack("{s:s,s:b,s:b,s:s}", "reason", aw_ctl_flag(a->ctl, "reason"), "rollback",
                  a->rollback, "force", aw_ctl_flag(a->ctl, "force") != NULL, "sha256", a->sha256);
    AW_AUTO_FREE char *text = json_dumps(body, JSON_COMPACT);
    json_decref(body);
    int code = aw_client_call(a->client, "POST", "/v1/rules:apply", text, NULL, NULL);
    return code != AW_EXIT_DONE && aw_streq(aw_client_problem(a->client), "reload-refused")
               ? AW_EXIT_PROBLEMS
               : code;
}

/* The stage is complete and checked: it takes the place of what is live, or nothing changes. */
static int go_live(struct apply *a)
{
    struct aw_err err;
    if (aw_swap_carry(&a->swap, &err) < 0 || aw_swap_exchange(&a->swap, &err) < 0)
        return aw_ctl_say(AW_EXIT_FAILED, "%s", err.text);
    int code = reload(a);
    if (code != AW_EXIT_DONE) {
        if (aw_swap_exchange(&a->swap, &err) < 0)
            return aw_ctl_say(AW_EXIT_FAILED,
                              _("the former rules are in %s, and cannot be put "
                                "back: %s"),
                              a->swap.stage, err.text);
        return aw_ctl_say(code, _("the daemon did not take them over: nothing has changed"));
    }
    const struct aw_out *o = &a->ctl->out;
    if (o->json) {
        json_t *v = json_pack("{s:s,s:i,s:s?}", "sha256", a->sha256, "rules", (int)a->n_rules,
                              "before", aw_json_str(live_set(a), "sha256"));
        aw_out_json(o, v);
        json_decref(v);
    } else {
        fprintf(o->f, "%.12s\t%u rules\n", a->sha256, a->n_rules);
    }
    if (o->tty)
        fprintf(stderr, _("undo: ackwatch rules rollback --reason ...\n"));
    return AW_EXIT_DONE;
}

static int finish(struct apply *a)
{
    if (aw_streq(aw_json_str(live_set(a), "sha256"), a->sha256) && !a->rollback)
        return aw_ctl_say(AW_EXIT_DONE, _("these rules are live already"));
    if (aw_ctl_flag(a->ctl, "dry-run")) {
        fprintf(a->ctl->out.f, "%.12s\t%u rules\n", a->sha256, a->n_rules);
        return AW_EXIT_DONE;
    }
    return go_live(a);
}

/* The daemon's environment, its history, and the lock. */
static int begin(struct apply *a)
{
    const char *file = aw_ctl_flag(a->ctl, "env");
    struct aw_diag diag;
    struct aw_err err;
    json_t *v = NULL;
    aw_diag_init(&diag);
    diag.lang = aw_lang();
    aw_env_load(file ? file : AW_SYSCONFDIR "/ackwatch.yaml", AW_ENV_LENIENT, &a->env, &diag);
    int code = aw_local_complain(&diag);
    aw_diag_free(&diag);
    if (code != AW_EXIT_DONE)
        return code;
    if ((a->client = aw_client_of(a->ctl)) == NULL)
        return AW_EXIT_USAGE;
    if ((code = aw_client_get(a->client, &v, "/v1/rules:history?limit=1000")) != AW_EXIT_DONE)
        return code;
    a->history = json_incref(json_object_get(v, "data"));
    json_decref(v);
    int r = aw_swap_begin(&a->swap, a->env->rules, &err);
    return r == 0 ? AW_EXIT_DONE
                  : aw_ctl_say(r == AW_EBUSY ? AW_EXIT_CONFLICT : AW_EXIT_FAILED, "%s", err.text);
}

static void end(struct apply *a)
{
    aw_swap_end(&a->swap);
    aw_client_free(a->client);
    aw_env_conf_free(a->env);
    json_decref(a->history);
}

static int exec_apply(struct aw_ctl *ctl)
{
    struct apply a = {.ctl = ctl, .swap = {.lock = -1}};
    struct aw_err err;
    const char *dir = ctl->args[0];
    int code = begin(&a);
    if (code == AW_EXIT_DONE)
        code = check(&a, dir);
    if (code == AW_EXIT_DONE)
        code = test(&a, dir);
    if (code == AW_EXIT_DONE && aw_swap_copy(&a.swap, dir, &err) < 0)
        code = aw_ctl_say(AW_EXIT_FAILED, "%s", err.text);
    if (code == AW_EXIT_DONE)
        code = finish(&a);
    end(&a);
    return code;
}

/* --- rollback -------------------------------------------------------------------------------- */

/* The set that --to begins, else the newest that is not the live one. */
static json_t *former(const struct apply *a)
{
    const char *to = aw_ctl_flag(a->ctl, "to"), *live = aw_json_str(live_set(a), "sha256");
    size_t i;
    json_t *set;
    json_array_foreach(a->history, i, set)
    {
        const char *sha = aw_json_str(set, "sha256") ?: "";
        if (to ? strlen(to) >= 4 && aw_starts(sha, to) : !aw_streq(sha, live))
            return set;
    }
    return NULL;
}

static int fetch(struct apply *a, const json_t *files)
{
    size_t i;
    const json_t *f;
    json_array_foreach(files, i, f)
    {
        AW_AUTO(aw_json_cleanup) json_t *v = NULL;
        struct aw_err err;
        int code = aw_client_get(a->client, &v, "/v1/rules:file?sha256=%s",
                                 aw_json_str(f, "sha256") ?: "");
        if (code != AW_EXIT_DONE)
            return code;
        const json_t *text = json_object_get(v, "text");
        if (aw_swap_put(&a->swap, base_name(aw_json_str(f, "file") ?: ""),
                        json_string_value(text) ?: "", json_string_length(text), &err) < 0)
            return aw_ctl_say(AW_EXIT_FAILED, "%s", err.text);
    }
    return AW_EXIT_DONE;
}

static int exec_rollback(struct aw_ctl *ctl)
{
    struct apply a = {.ctl = ctl, .swap = {.lock = -1}, .rollback = true};
    struct aw_err err;
    int code = begin(&a);
    const json_t *set = code == AW_EXIT_DONE ? former(&a) : NULL;
    if (code == AW_EXIT_DONE && !set)
        code = aw_ctl_say(AW_EXIT_NO_OBJECT, _("there are no such rules in the history"));
    if (code == AW_EXIT_DONE)
        code = fetch(&a, json_object_get(set, "files"));
    if (code == AW_EXIT_DONE)
        code = fetch(&a, json_object_get(set, "tests"));
    if (code == AW_EXIT_DONE && aw_swap_carry(&a.swap, &err) < 0)
        code = aw_ctl_say(AW_EXIT_FAILED, "%s", err.text);
    if (code == AW_EXIT_DONE)
        code = check(&a, a.swap.stage);
    if (code == AW_EXIT_DONE)
        code = test(&a, a.swap.stage);
    if (code == AW_EXIT_DONE)
        code = finish(&a);
    end(&a);
    return code;
}

/* --- history --------------------------------------------------------------------------------- */

static int exec_history(struct aw_ctl *ctl)
{
    static const struct aw_column columns[] = {
        {"AT", "at", AW_SHOW_TIME},
        {"SHA-256", "sha256", AW_SHOW_SHORT},
        {"HOW", "how", 0},
        {"FORCED", "forced", 0},
        {"BY", "actor", 0},
        {"REASON", "reason", 0},
        {NULL},
    };
    AW_AUTO(aw_buf_free) struct aw_buf path = AW_BUF_INIT(256);
    aw_buf_printf(&path, "/v1/rules:history?limit=%ld", aw_ctl_number(ctl, "limit", 50));
    return aw_ctl_list(ctl, columns, aw_buf_str(&path), NULL);
}

/* --- entries --------------------------------------------------------------------------------- */

#define COMMON_FLAGS                                                                               \
    {"reason", 0, AW_VAL_TEXT, AW_REQUIRED, NULL, "why, kept beside the log"},                     \
        {"env", 0,    AW_VAL_FILE,                                                                 \
         0,     NULL, "environment file of the daemon (" AW_SYSCONFDIR "/ackwatch.yaml)"},         \
        {"force", 0, AW_VAL_NONE, 0, NULL, "also when tests fail; the log says so"},               \
    {                                                                                              \
        "dry-run", 0, AW_VAL_NONE, 0, NULL, "checks and tests alone"                               \
    }

static const struct aw_param apply_args[] = {
    {"DIR", 0, AW_VAL_DIR, 0, NULL, "rules with their tests, and templates if they are new"},
    {NULL},
};
static const struct aw_param apply_flags[] = {COMMON_FLAGS, {NULL}};
static const struct aw_param rollback_flags[] = {
    {"to", 0, AW_VAL_TEXT, 0, NULL, "hash of `rules history`, or how it begins (the one before)"},
    COMMON_FLAGS,
    {NULL},
};
static const struct aw_param history_flags[] = {
    {"limit", 0, AW_VAL_NUMBER, 0, NULL, "so many at most (50)"},
    {NULL},
};
static const char *const apply_examples[] = {"rules apply rules/ --reason 'raise SMS to 5m'", NULL};
static const char *const rollback_examples[] = {"rules rollback --reason 'too many texts'",
                                                "rules rollback --to 90f1c2 --reason audit", NULL};
static const char *const history_examples[] = {"rules history", NULL};

const struct aw_cmd_entry aw_cmd_rules_apply = {
    .noun = "rules",
    .verb = "apply",
    .summary = "check and test rules, put them into the daemon's directory, take them over",
    .text =
        "On the machine of the daemon. The directory of the environment's `rules` and the new one "
        "change places in one step; directories in it that DIR does not have, such as templates, "
        "stay. The daemon takes the rules over and writes who did it and why to the log; if it "
        "refuses, everything stays as it was. Exit code 3: errors, or tests fail; 6: somebody else "
        "is at it. Messages under way keep the rule under which they were registered.",
    .args = apply_args,
    .flags = apply_flags,
    .remote = true,
    .examples = apply_examples,
    .exec = exec_apply,
};
const struct aw_cmd_entry aw_cmd_rules_rollback = {
    .noun = "rules",
    .verb = "rollback",
    .summary = "put rules back that were live before, from the texts in the store",
    .text = "Like apply, with the rules and tests of an earlier set.",
    .flags = rollback_flags,
    .remote = true,
    .examples = rollback_examples,
    .exec = exec_rollback,
};
const struct aw_cmd_entry aw_cmd_rules_history = {
    .noun = "rules",
    .verb = "history",
    .summary = "which rules were live from when on, by whom, and why",
    .flags = history_flags,
    .remote = true,
    .examples = history_examples,
    .exec = exec_history,
};
