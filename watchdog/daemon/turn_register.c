/* SPDX-License-Identifier: Apache-2.0
 *
 * T1: a registration becomes rows, or a refusal that changes nothing but the log.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "core/match.h"
#include "daemon/loop_int.h"

const char *aw_cmd_app(struct aw_loop *l, struct aw_cmd *cmd, const char *named)
{
    const struct aw_env_conf *conf = l->live->conf;

    if (cmd->app && cmd->app[0]) {
        if (named && !aw_streq(named, cmd->app)) {
            aw_cmd_refuse(cmd, AW_P_VALIDATION, "/app", "the key belongs to another app");
            return NULL;
        }
        named = cmd->app; /* of a key, or named by one that sees all apps */
    }
    if (!named && conf->n_apps == 1)
        return conf->apps[0];
    if (!named)
        aw_cmd_refuse(cmd, AW_P_VALIDATION, "/app", "name the app: there are %u, such as %s",
                      conf->n_apps, conf->apps[0]);
    else if (aw_live_has_app(l->live, named))
        return named;
    else
        aw_cmd_refuse(cmd, AW_P_VALIDATION, "/app",
                      "no such app: %s; see `apps` of the environment file", named);
    return NULL;
}

/* What the functions below work out, in order. */
struct reg {
    struct aw_loop *l;
    struct aw_cmd *cmd;
    struct aw_registration *reg;
    const char *app;
    int64_t app_row, rule_row;
    const struct aw_rule *rule;
    int64_t *persons;
    struct aw_timeline *tls;
};

static void reply_first(struct aw_reply *reply, const struct aw_rule *rule,
                        const struct aw_timeline *tl)
{
    unsigned step, round;
    enum aw_kind kind;

    reply->due = aw_engine_next(rule, tl, &step, &kind, &round);
    if (reply->due) {
        snprintf(reply->step, sizeof(reply->step), "%s", aw_rule_step(rule, step)->id);
        reply->kind = kind;
    }
}

static void reply_fill(struct aw_reply *reply, const struct aw_rule *rule,
                       const struct aw_timeline *fresh)
{
    reply->id = fresh->id;
    reply->at = fresh->registered;
    reply->deadline = fresh->base + rule->deadline;
    reply->state = AW_OPEN;
    snprintf(reply->rule, sizeof(reply->rule), "%s", rule->name);
    memcpy(reply->sha256, rule->sha256, sizeof(reply->sha256));
    reply_first(reply, rule, fresh);
}

/* When the first channel of the kind is expected to take the first firing, if none is at its time.
 */
static aw_time delayed_until(const struct reg *x)
{
    const struct aw_channel *list[AW_MAX_VIA];
    unsigned step, round;
    enum aw_kind kind;
    aw_time due = aw_engine_next(x->rule, &x->tls[0], &step, &kind, &round), first = 0;

    if (!due)
        return 0;
    unsigned n = aw_live_channels(x->l->live, x->app, aw_rule_step(x->rule, step), kind, list);
    for (unsigned i = 0; i < n; i++) {
        aw_time at = aw_channel_expected(x->l, list[i]);
        if (at >= 0 && at <= due)
            return 0;
        if (at > 0 && (first == 0 || at < first))
            first = at;
    }
    return first;
}

static int note_delay(struct reg *x, struct aw_err *err)
{
    aw_time until = delayed_until(x);

    x->cmd->reply.delayed = until;
    return until ? aw_store_message_delayed(x->l->store, x->tls[0].id, until, err) : AW_OK;
}

/* --- the same key again
 * ---------------------------------------------------------------------------- */

/* The plan as it was at registration: what the first answer was made of. */
static int replay(struct reg *x, struct aw_msg *m, struct aw_err *err)
{
    struct aw_view v = {.l = x->l, .reg = &m->reg, .app = m->app, .app_row = m->row.app};
    struct aw_event ev = {.type = AW_EV_REGISTER};
    struct aw_fact opened;
    int r;

    ev.at = m->reg.already_sent ? m->reg.sent_at : m->row.registered;
    aw_timeline_init(&x->l->tl, m->row.id, 0, 1);
    r = aw_judge_open(x->l, m->rule, &v, &ev, &opened, err);
    if (r)
        return r;
    opened.registered = m->row.registered;
    aw_timeline_init(&x->l->tl, m->row.id, 0, 1);
    if (aw_timeline_apply(&x->l->tl, &opened))
        return aw_fail(err, AW_ECORRUPT, "a registration cannot be opened again");
    reply_fill(&x->cmd->reply, m->rule, &x->l->tl);
    x->cmd->reply.delayed = m->row.delayed;
    x->cmd->reply.replayed = true;
    x->l->opt.stats->replayed++;
    return AW_OK;
}

static int known_key(struct reg *x, bool *ret_known, struct aw_err *err)
{
    struct aw_cmd *cmd = x->cmd;
    struct aw_msg *m;
    aw_id id;
    int r = aw_store_find_key(x->l->store, x->app_row, cmd->u.reg.idem, x->l->now, &id, err);

    *ret_known = r == AW_OK;
    if (r)
        return r == AW_ENOENT ? AW_OK : r;
    r = aw_msg_get(x->l, id, &m, err);
    if (r)
        return r;
    if (memcmp(m->row.digest, cmd->u.reg.digest, sizeof(m->row.digest)) == 0)
        return replay(x, m, err);
    cmd->reply.id = id;
    cmd->reply.body = aw_strndup(m->reg.raw, m->reg.n_raw);
    cmd->reply.n_body = m->reg.n_raw;
    aw_cmd_refuse(cmd, AW_P_KEY_REUSED, "", "the key stands for another registration");
    return AW_OK;
}

/* --- which rule, and whether it can be carried out
 * -------------------------------------------------- */

static bool app_term_holds(const struct aw_rule *rule, const char *app)
{
    for (unsigned i = 0; i < rule->n_match; i++) {
        const struct aw_match_term *t = &rule->match[i];
        bool any = t->field != AW_MATCH_APP;

        for (unsigned k = 0; k < t->n_globs && !any; k++)
            any = aw_glob(t->globs[k], app);
        if (!any)
            return false;
    }
    return true;
}

static bool choose_rule(struct reg *x)
{
    const struct aw_ruleset *set = &x->l->live->rules;
    struct aw_match_input in = {.reg = x->reg, .app = x->app, .channel = x->reg->sent_channel};

    if (!x->reg->rule) {
        x->rule = aw_ruleset_match(set, &in);
        if (!x->rule)
            aw_cmd_refuse(x->cmd, AW_P_NO_RULE_MATCHED, "",
                          "none of the %u rules matches; name one, or see `ackwatch rules list`",
                          set->n);
    } else {
        x->rule = aw_ruleset_find(set, x->reg->rule);
        if (!x->rule)
            aw_cmd_refuse(x->cmd, AW_P_RULE_NOT_FOUND, "/rule", "no rule is named %s",
                          x->reg->rule);
        else if (!app_term_holds(x->rule, x->app)) {
            aw_cmd_refuse(x->cmd, AW_P_RULE_NOT_FOUND, "/rule", "rule %s is for other apps",
                          x->rule->name);
            x->rule = NULL;
        }
    }
    for (unsigned i = 0; x->rule && i < set->n; i++)
        if (set->rules[i] == x->rule)
            x->rule_row = x->l->live->rows[i];
    return x->rule != NULL;
}

static bool stands_for_first(const struct aw_rule *rule)
{
    return rule->steps[0].at == 0 && rule->steps[0].kinds[0] == AW_PUSH;
}

static bool sends_at_once(const struct aw_rule *rule)
{
    for (unsigned i = 0; i < rule->n_steps; i++)
        if (rule->steps[i].at == 0)
            return true;
    return false;
}

static bool rule_accepts(struct reg *x)
{
    unsigned needed = aw_rule_needed(x->rule, x->reg->n_recipients);
    const struct aw_channel *ch;

    if (needed > x->reg->n_recipients) {
        aw_cmd_refuse(x->cmd, AW_P_RULE_REFUSES, "/recipients",
                      "rule %s is confirmed by %u recipients, and there %s %u", x->rule->name,
                      needed, x->reg->n_recipients == 1 ? "is" : "are", x->reg->n_recipients);
        return false;
    }
    if (!x->reg->already_sent && !sends_at_once(x->rule)) {
        aw_cmd_refuse(x->cmd, AW_P_RULE_REFUSES, "/already_sent",
                      "rule %s sends nothing at 0s: say when the push was sent", x->rule->name);
        return false;
    }
    ch = x->reg->sent_channel ? aw_live_channel(x->l->live, x->reg->sent_channel) : NULL;
    /* A channel belongs to an app: its reports are nobody else's to ask for. */
    if (x->reg->sent_channel && (!ch || (ch->app && !aw_streq(ch->app, x->app)))) {
        aw_cmd_refuse(x->cmd, AW_P_VALIDATION, "/already_sent/channel", "no such channel: %s",
                      x->reg->sent_channel);
        return false;
    }
    return true;
}

static bool step_reaches(struct aw_view *v, struct aw_world *w, const struct aw_step *step)
{
    for (unsigned t = 0; t < step->n_to; t++)
        for (unsigned k = 0; k < step->n_kinds; k++) {
            int64_t person = w->person(w->ctx, &step->to[t]);
            bool recipient = step->to[t].type == AW_TO_RECIPIENT;

            bool comes =
                step->kinds[k] == AW_PUSH && person && (w->presence(w->ctx, person) & AW_IS_ABSENT);
            if ((recipient || person) && w->channels(w->ctx, step, step->kinds[k]) &&
                (comes || w->has_address(w->ctx, person, step->kinds[k])))
                return true;
        }
    return false;
}

/* A recipient whom no step can reach would be a promise that cannot be kept. */
static int reachable(struct reg *x, struct aw_err *err)
{
    for (unsigned i = 0; i < x->reg->n_recipients; i++) {
        struct aw_view v = {.l = x->l, .reg = x->reg, .app = x->app, .app_row = x->app_row, .n = i};
        struct aw_world w;
        bool any = x->reg->already_sent;
        int r = aw_store_person(x->l->store, x->app_row, x->reg->recipients[i].user, false,
                                x->cmd->actor, &v.person, err);

        if (r && r != AW_ENOENT)
            return r;
        aw_view_world(&v, &w);
        for (unsigned s = 0; s < x->rule->n_steps && !any; s++)
            any = step_reaches(&v, &w, &x->rule->steps[s]);
        if (v.err.text[0]) {
            *err = v.err;
            return AW_EIO;
        }
        if (!any) {
            char at[64];

            snprintf(at, sizeof(at), "/recipients/%u", i);
            aw_cmd_refuse(x->cmd, AW_P_UNREACHABLE, at,
                          "no step of rule %s has an address of this recipient: give one here "
                          "or in the contact directory",
                          x->rule->name);
            return AW_OK;
        }
    }
    return AW_OK;
}

/* --- rows
 * --------------------------------------------------------------------------------------------- */

static int make_persons(struct reg *x, struct aw_err *err)
{
    int r = AW_OK;

    x->persons = aw_calloc(x->reg->n_recipients, sizeof(*x->persons));
    for (unsigned i = 0; i < x->reg->n_recipients && r == AW_OK; i++)
        r = aw_store_person(x->l->store, x->app_row, x->reg->recipients[i].user, true,
                            x->cmd->actor, &x->persons[i], err);
    return r;
}

static void event_of(const struct reg *x, struct aw_event *ev)
{
    memset(ev, 0, sizeof(*ev));
    ev->type = AW_EV_REGISTER;
    ev->already_sent = x->reg->already_sent && stands_for_first(x->rule);
    ev->at = x->reg->already_sent ? x->reg->sent_at : x->l->now;
}

/* All timelines of a message open alike: the engine says how, once. */
static int open_timelines(struct reg *x, struct aw_err *err)
{
    unsigned n = x->reg->n_recipients;
    aw_id id = aw_id_take(aw_store_ids(x->l->store), x->l->now, n);
    struct aw_view v = {
        .l = x->l, .reg = x->reg, .app = x->app, .app_row = x->app_row, .person = x->persons[0]};
    struct aw_fact opened;
    struct aw_event ev;
    int r;

    event_of(x, &ev);
    aw_timeline_init(&x->l->tl, id, 0, x->persons[0]);
    r = aw_judge_open(x->l, x->rule, &v, &ev, &opened, err);
    if (r)
        return r;
    x->tls = aw_malloc(n * sizeof(*x->tls));
    for (unsigned i = 0; i < n; i++) {
        aw_timeline_init(&x->tls[i], id, (uint16_t)i, x->persons[i]);
        opened.person = x->persons[i];
        if (aw_timeline_apply(&x->tls[i], &opened))
            return aw_fail(err, AW_ECORRUPT, "a timeline cannot be opened");
    }
    return aw_store_register(x->l->store, x->reg, x->app_row, x->rule_row, x->rule->name,
                             x->rule->sha256, x->cmd->u.reg.idem, x->cmd->u.reg.digest,
                             x->cmd->actor, x->tls, n, aw_rule_needed(x->rule, n), err);
}

/* The message goes on in this turn: what was just parsed need not be read back. */
static int adopt(struct reg *x, struct aw_msg **ret, struct aw_err *err)
{
    struct aw_stored_message row = {.id = x->tls[0].id,
                                    .app = x->app_row,
                                    .rule = x->rule_row,
                                    .n = x->reg->n_recipients,
                                    .needed = aw_rule_needed(x->rule, x->reg->n_recipients),
                                    .registered = x->tls[0].registered};
    int r;

    memcpy(row.digest, x->cmd->u.reg.digest, sizeof(row.digest));
    r = aw_msg_adopt(x->l, &row, x->app, x->reg, ret, err);
    if (r == AW_OK)
        x->reg = &(*ret)->reg;
    return r;
}

static int begin_receipts(struct reg *x, struct aw_msg *m, struct aw_err *err)
{
    int r = aw_poll_begin(x->l, m, err);

    for (unsigned i = 0; i < x->l->up.n_facts && r == AW_OK; i++)
        if (x->l->up.facts[i].type == AW_FACT_OUTCOME && x->reg->sent_provider_id)
            r = aw_receipts_begin(x->l, x->l->up.facts[i].attempt, err);
    return r;
}

/* What the engine makes of a push that was sent already, beyond opening the timelines. */
static int judge_already_sent(struct reg *x, struct aw_msg *m, const struct aw_event *ev,
                              struct aw_err *err)
{
    int r = AW_OK;

    for (unsigned i = 0; i < x->reg->n_recipients && r == AW_OK; i++) {
        aw_timeline_init(&x->l->tl, x->tls[0].id, (uint16_t)i, x->persons[i]);
        x->l->tl.last = x->tls[i].last;
        r = aw_judge(x->l, m, ev, x->cmd->actor, NULL, err);
        /* One id for several people: what it is said of proves nothing about any of them. */
        if (r == AW_OK && x->reg->n_recipients == 1)
            r = begin_receipts(x, m, err);
    }
    return r;
}

/* What happens in the turn of the registration itself; due firings are claimed by its T2. */
static int go_on(struct reg *x, struct aw_err *err)
{
    struct aw_event ev;
    struct aw_msg *m;
    int r = AW_OK;

    event_of(x, &ev);
    if (ev.already_sent || x->tls[0].due <= x->l->now)
        r = adopt(x, &m, err);
    return r == AW_OK && ev.already_sent ? judge_already_sent(x, m, &ev, err) : r;
}

static int log_refusal(struct reg *x, struct aw_err *err)
{
    struct aw_entry e;

    x->l->opt.stats->refused++;
    aw_entry_init(&e);
    e.kind = AW_ENTRY_REFUSED;
    e.actor = x->cmd->actor;
    e.text = aw_problem_info(x->cmd->reply.problem)->code;
    e.rule = x->rule ? x->rule->name : NULL;
    return aw_store_log(x->l->store, &e, NULL, err);
}

static int carry_out(struct reg *x, struct aw_err *err)
{
    bool known;
    int r;

    x->app = aw_cmd_app(x->l, x->cmd, x->reg->app);
    if (!x->app)
        return AW_OK;
    snprintf(x->cmd->reply.app, sizeof(x->cmd->reply.app), "%s", x->app);
    r = aw_store_app(x->l->store, x->app, &x->app_row, err);
    if (r == AW_OK)
        r = known_key(x, &known, err);
    if (r || known)
        return r;
    if (!choose_rule(x) || !rule_accepts(x))
        return AW_OK;
    r = reachable(x, err);
    if (r || x->cmd->reply.problem)
        return r;
    r = make_persons(x, err);
    if (r == AW_OK)
        r = open_timelines(x, err);
    if (r == AW_OK) {
        reply_fill(&x->cmd->reply, x->rule, &x->tls[0]);
        x->l->opt.stats->registered++;
        x->l->opt.stats->open += x->reg->n_recipients;
        for (unsigned i = 0; i < x->reg->n_recipients; i++)
            aw_suppress_note(x->l, &x->tls[i]);
        r = note_delay(x, err);
        if (r == AW_OK)
            r = go_on(x, err);
    }
    return r;
}

int aw_turn_register(struct aw_loop *l, struct aw_cmd *cmd, struct aw_err *err)
{
    struct reg x = {.l = l, .cmd = cmd, .reg = &cmd->u.reg.reg};
    int r;

    if (l->full) {
        aw_cmd_refuse(cmd, AW_P_STORE_FULL, "", "the disk is full; nothing was registered");
        return AW_OK;
    }
    r = carry_out(&x, err);
    if (r == AW_OK && cmd->reply.problem)
        r = log_refusal(&x, err);
    aw_free(x.persons);
    aw_free(x.tls);
    return r;
}
