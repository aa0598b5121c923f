/* SPDX-License-Identifier: Apache-2.0
 *
 * `ackwatch rules explain`: which rule takes a message, why each other one does not, and what would
 * happen if nobody answered; from files, without a daemon. With the id of a message: why its next
 * step is when it is, and what could still change it; that the daemon knows.
 */
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "codec/explain.h"
#include "codec/json.h"
#include "conf/brake.h"
#include "conf/tests.h"
#include "ctl/draw.h"
#include "ctl/lang.h"
#include "ctl/local.h"
#include "ctl/nouns.h"

#define ANSWER_MAX ((size_t)16 << 20)

/* --- a message ----------------------------------------------------------------------------------
 */

static void print_timeline(const struct aw_out *o, const json_t *t)
{
    const char *user = aw_json_str(t, "user") ?: "";
    AW_AUTO(aw_buf_free) struct aw_buf name = AW_BUF_INIT(512);
    size_t i;
    json_t *e;
    aw_out_clean(&name, *user ? user : _("(erased)"));
    if (o->tty)
        fprintf(o->f, "%s%s%s\n", aw_out_on(o, AW_BOLD), aw_buf_str(&name), aw_out_off(o, AW_BOLD));
    json_array_foreach(json_object_get(t, "explain"), i, e)
    {
        const char *code = aw_json_str(e, "code") ?: "-", *text = aw_json_str(e, "text") ?: "-";
        bool could = aw_starts(code, "could-");
        if (o->tty)
            fprintf(o->f, "  %s%s%s%s\n", aw_out_on(o, could ? AW_DIM : AW_PLAIN),
                    could ? "? " : "", text, aw_out_off(o, could ? AW_DIM : AW_PLAIN));
        else
            fprintf(o->f, "%s\t%s\t%s\n", aw_buf_str(&name), code, text);
    }
}

static int explain_message(struct aw_ctl *ctl, const char *id)
{
    AW_AUTO(aw_client_cleanup) struct aw_client *c = aw_client_of(ctl);
    AW_AUTO(aw_json_cleanup) json_t *v = NULL;
    AW_AUTO_FREE char *path = c ? aw_message_path(id) : NULL;
    int code = path ? aw_client_get(c, &v, "%s/timeline?explain=true&lang=%s", path,
                                    aw_lang_tag(aw_lang()))
                    : AW_EXIT_USAGE;
    size_t i;
    json_t *t;
    if (code != AW_EXIT_DONE)
        return code;
    if (ctl->out.json) {
        aw_out_json(&ctl->out, json_object_get(v, "data"));
        return AW_EXIT_DONE;
    }
    json_array_foreach(json_object_get(v, "data"), i, t)
    {
        print_timeline(&ctl->out, t);
    }
    return AW_EXIT_DONE;
}

/* --- a registration -----------------------------------------------------------------------------
 */

struct question {
    struct aw_ctl *ctl;
    struct aw_env_conf *env;
    struct aw_local_world world;
    struct aw_rules *rules;
    struct aw_registration reg;
    aw_time at;
    struct aw_diag diag;
    struct aw_picture *picture;
    const struct aw_rule *rule; /* that takes it */
    struct aw_jsonw w;
};

/* Those of a flag that stands for a map, "KEY=VALUE". */
static bool add_pairs(const struct aw_ctl *ctl, const char *flag, json_t *reg, const char *member)
{
    const char *pair;
    json_t *map = json_object();
    bool fine = true;
    for (unsigned i = 0; (pair = aw_ctl_nth(ctl, flag, i)) != NULL; i++) {
        const char *eq = strchr(pair, '=');
        AW_AUTO_FREE char *key = aw_strndup(pair, eq ? (size_t)(eq - pair) : strlen(pair));
        fine = fine && eq && json_object_set_new(map, key, json_string(eq + 1)) == 0;
        if (!eq)
            aw_ctl_say(0, _("--%1$s takes KEY=VALUE, not \"%2$s\""), flag, pair);
    }
    if (json_object_size(map))
        json_object_set(reg, member, map);
    json_decref(map);
    return fine;
}

/* Somebody who has all addresses, so that the plan shows whole. */
static char *from_flags(const struct aw_ctl *ctl)
{
    static const char *const members[] = {"app", "class", "priority", "title", "rule", NULL};
    AW_AUTO(aw_json_cleanup)
    json_t *reg = json_pack("{s:[{s:s,s:s,s:s,s:s}]}", "recipients", "user", "recipient", "alias",
                            "recipient", "phone", "+9990000001", "email", "recipient@sim.invalid");
    for (unsigned i = 0; members[i]; i++)
        if (aw_ctl_flag(ctl, members[i]))
            json_object_set_new(reg, members[i], json_string(aw_ctl_flag(ctl, members[i])));
    if (!add_pairs(ctl, "label", reg, "labels") || !add_pairs(ctl, "extra", reg, "extras"))
        return NULL;
    char *text = json_dumps(reg, JSON_COMPACT), *copy = text ? aw_strdup(text) : NULL;
    free(text);
    return copy;
}

static int load(struct question *q)
{
    struct aw_ctl *ctl = q->ctl;
    const char *env = aw_ctl_flag(ctl, "env"), *send = aw_ctl_flag(ctl, "send");
    struct aw_source_file f = {.name = send ? send : "flags"};
    AW_AUTO_FREE char *text = send ? aw_ctl_read(send, AW_PIC_BYTES, &f.n) : from_flags(ctl);
    if (!text)
        return send ? AW_EXIT_FAILED : AW_EXIT_USAGE;
    f.text = text;
    f.n = strlen(text);
    if (env && aw_env_load(env, AW_ENV_LENIENT, &q->env, &q->diag) == 0)
        aw_local_world_init(&q->world, q->env);
    aw_rules_load(ctl->args[0], &q->world.world, &q->rules, &q->diag);
    int r = aw_send_parse(&f, aw_clock_os_wall(), &q->reg, &q->at, &q->diag);
    if (aw_local_complain(&q->diag) != AW_EXIT_DONE || r < 0 || !q->rules)
        return AW_EXIT_PROBLEMS;
    return AW_EXIT_DONE;
}

static int on_line(void *ctx, const struct aw_virtual_line *l)
{
    struct question *q = ctx;
    aw_virtual_json(&q->w, l);
    return aw_picture_run_line(q->picture, q->rule, l);
}

/* If nobody answers. */
static int run(struct question *q)
{
    struct aw_err err;
    const struct aw_brake_conf brake = aw_brake_conf_of(q->env);
    struct aw_virtual_input in = {.rule = q->rule,
                                  .reg = &q->reg,
                                  .at = q->at,
                                  .brake = &brake,
                                  .almanac = q->world.world.almanac};
    AW_AUTO_FREE struct aw_virtual_person *people =
        aw_calloc(q->env ? q->env->n_people + 1 : 1, sizeof *people);
    for (unsigned i = 0; q->env && i < q->env->n_people; i++)
        people[in.n_people++] =
            (struct aw_virtual_person){q->env->people[i].user, q->env->people[i].a};
    in.people = people;
    if (q->env && q->env->n_channels)
        in.channels = q->world.channels;
    aw_picture_run_open(q->picture, q->rule, q->at);
    aw_jw_array(&q->w, "lines");
    int r = aw_virtual_run(&in, on_line, q, &err);
    aw_jw_end(&q->w, ']');
    aw_picture_run_close(q->picture, q->rule);
    return r < 0 ? aw_ctl_say(AW_EXIT_FAILED, "%s", err.text) : AW_EXIT_DONE;
}

static const char *verdict_text(const char *verdict)
{
    static const char *const texts[][2] = {{"takes", N_("takes it")},
                                           {"not", N_("does not take it")},
                                           {"later", N_("comes too late")},
                                           {"unasked", N_("is not asked")}};
    for (unsigned i = 0; i < AW_COUNT(texts); i++)
        if (aw_streq(texts[i][0], verdict))
            return _(texts[i][1]);
    return verdict;
}

static void print_rule(const struct aw_out *o, const json_t *r)
{
    const char *name = aw_json_str(r, "rule") ?: "", *verdict = aw_json_str(r, "verdict") ?: "";
    bool takes = aw_streq(verdict, "takes");
    enum aw_style style = takes ? AW_GOOD : AW_DIM;
    size_t i;
    json_t *why;
    if (o->tty)
        fprintf(o->f, "%s%s%s %s%s%s %s\n", aw_out_on(o, style),
                aw_out_mark(o, takes ? AW_MARK_GOOD : AW_MARK_HOLLOW), aw_out_off(o, style),
                aw_out_on(o, AW_BOLD), name, aw_out_off(o, AW_BOLD), verdict_text(verdict));
    json_array_foreach(json_object_get(r, "why"), i, why)
    {
        AW_AUTO(aw_buf_free) struct aw_buf text = AW_BUF_INIT(4096);
        aw_out_clean(&text, aw_json_str(why, "text") ?: "");
        if (o->tty)
            fprintf(o->f, "    %s\n", aw_buf_str(&text));
        else
            fprintf(o->f, "%s\t%s\t%s\t%s\n", name, verdict, aw_json_str(why, "code") ?: "-",
                    aw_buf_str(&text));
    }
}

static void print_answer(struct question *q, const json_t *answer)
{
    const struct aw_out *o = &q->ctl->out;
    AW_AUTO(aw_buf_free) struct aw_buf b = AW_BUF_INIT(AW_PIC_BYTES);
    size_t i;
    json_t *r;
    if (o->json) {
        aw_out_json(o, answer);
        return;
    }
    json_array_foreach(json_object_get(answer, "rules"), i, r)
    {
        print_rule(o, r);
    }
    if (!q->rule || !o->tty)
        return;
    fprintf(o->f, "\n%s\n", _("If nobody answers:"));
    aw_ctl_draw(o, q->picture, "text", &b);
    fputs(aw_buf_str(&b), o->f);
}

static int answer(struct question *q)
{
    AW_AUTO(aw_buf_free) struct aw_buf b = AW_BUF_INIT(ANSWER_MAX);
    AW_AUTO(aw_json_cleanup) json_t *v = NULL;
    struct aw_match_input in = {.reg = &q->reg,
                                .app = q->reg.app ? q->reg.app : "default",
                                .channel = aw_ctl_flag(q->ctl, "channel") ?: q->reg.sent_channel};
    struct aw_err err;
    int code = AW_EXIT_DONE;
    aw_jw_init(&q->w, &b);
    aw_jw_object(&q->w, NULL);
    q->rule = aw_explain_match_json(&q->w, aw_lang(), &q->rules->set, &in);
    if (q->rule)
        code = run(q);
    aw_jw_end(&q->w, '}');
    if (code != AW_EXIT_DONE)
        return code;
    if (b.over || aw_json_parse(b.p, b.n, ANSWER_MAX, &v, &err) < 0)
        return aw_ctl_say(AW_EXIT_FAILED, "%s", _("there are more lines than anybody reads"));
    print_answer(q, v);
    if (!q->rule)
        return aw_ctl_say(AW_EXIT_PROBLEMS, "%s",
                          _("no rule takes it: the daemon would refuse it (422)"));
    return AW_EXIT_DONE;
}

static int exec(struct aw_ctl *ctl)
{
    const char *what = ctl->args[0];
    struct question q = {.ctl = ctl};
    if (aw_starts(what, "msg_") || aw_starts(what, "ext:"))
        return explain_message(ctl, what);
    aw_diag_init(&q.diag);
    q.diag.lang = aw_lang();
    q.picture = aw_calloc(1, sizeof(*q.picture));
    aw_picture_init(q.picture, aw_lang());
    int code = load(&q);
    if (code == AW_EXIT_DONE)
        code = answer(&q);
    aw_picture_free(q.picture);
    aw_free(q.picture);
    aw_registration_free(&q.reg);
    aw_local_world_free(&q.world);
    aw_rules_free(q.rules);
    aw_env_conf_free(q.env);
    aw_diag_free(&q.diag);
    return code;
}

static const struct aw_param args[] = {
    {"FILE", 0, AW_VAL_FILE, 0, NULL,
     "a rule file or a directory of them; or msg_... or ext:EXTERNAL_ID"},
    {NULL},
};
static const struct aw_param flags[] = {
    {"send", 0, AW_VAL_FILE, 0, NULL,
     "the registration: body of POST /v1/messages plus `at`, YAML or JSON; else the flags below"},
    {"app", 0, AW_VAL_TEXT, 0, NULL, "app of the message"},
    {"class", 0, AW_VAL_TEXT, 0, NULL, "its class"},
    {"priority", 0, AW_VAL_CHOICE, 0, aw_priority_names, "its priority"},
    {"title", 0, AW_VAL_TEXT, 0, NULL, "its title"},
    {"rule", 0, AW_VAL_TEXT, 0, NULL, "the rule that it names"},
    {"channel", 0, AW_VAL_TEXT, 0, NULL, "the channel that the application sent it through"},
    {"label", 0, AW_VAL_TEXT, AW_MANY, NULL, "a label, KEY=VALUE"},
    {"extra", 0, AW_VAL_TEXT, AW_MANY, NULL, "an extra, KEY=VALUE"},
    {"env", 0, AW_VAL_FILE, 0, NULL, "environment file with `people`, channels, calendars"},
    {NULL},
};
static const char *const examples[] = {"rules explain rules/ --class order --priority high",
                                       "rules explain rules/ --send push.json --env ackwatch.yaml",
                                       "rules explain ext:order-42", NULL};

const struct aw_cmd_entry aw_cmd_rules_explain = {
    .noun = "rules",
    .verb = "explain",
    .summary = "which rule takes a message and why; or why a message's next step is when it is",
    .text =
        "Files need no daemon: each rule is shown with the first term that does not fit, and what "
        "the one that takes the message would do if nobody answered. Exit code 3 when no rule "
        "takes it. A message's id asks the daemon why the next step of each recipient is when it "
        "is, and what could still change that.",
    .args = args,
    .flags = flags,
    .remote = true,
    .examples = examples,
    .exec = exec,
};
