/* SPDX-License-Identifier: Apache-2.0
 *
 * Reload: a whole new live value or none. Runs on the core thread, so that no turn sees half of it.
 * What only takes effect at start (listen, socket, store) is compared and named.
 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "daemon/listen.h"
#include "daemon/loop_int.h"

#define ERRORS_LOGGED 8

static void name_start_only(const struct aw_env_conf *was, const struct aw_env_conf *is)
{
    if (!aw_streq(was->store, is->store) || !aw_streq(was->socket, is->socket) ||
        aw_listeners_moved(was, is))
        aw_log(AW_LOG_WARN, "reload", "what=\"store, socket and listen change only at a restart\"");
}

static int take_over(struct aw_loop *l, struct aw_live *live, const char *actor, struct aw_err *err)
{
    int r;

    if (l->n_retired == AW_COUNT(l->retired)) /* before anything is written */
        return aw_fail(err, AW_EBUSY, "too many reloads while questions are under way");
    r = aw_live_store(live, l->store, actor, err);
    if (r)
        return r;
    name_start_only(l->live->conf, live->conf);
    if (l->opt.reloaded)
        l->opt.reloaded(l->opt.reloaded_ctx, l->live->conf, live->conf);
    /* Questions and token fetches under way still point into the old channels. */
    l->retired[l->n_retired++] = l->live;
    l->live = aw_live_hold(live);
    aw_channels_reloaded(l, l->retired[l->n_retired - 1]);
    aw_brakes_changed(l);
    aw_live_box_set(l->opt.box, live);
    aw_pinned_forget(l, false);
    aw_msgs_trim(l, 0);
    l->opt.stats->last_good_rules = 0;
    l->opt.stats->reload_refused = 0;
    return AW_OK;
}

/* The first errors with their places, so that a SIGHUP leaves more than a count. */
static void log_refusal(const struct aw_diag *diag)
{
    unsigned logged = 0;

    aw_log(AW_LOG_ERR, "reload-refused", "errors=%u what=\"what was loaded goes on\"",
           diag->n_errors);
    for (unsigned i = 0; i < diag->n && logged < ERRORS_LOGGED; i++) {
        const struct aw_diag_item *d = &diag->items[i];
        char text[256];

        if (d->warning)
            continue;
        snprintf(text, sizeof(text), "%s", d->text);
        for (char *p = text; (p = strchr(p, '"')) != NULL;)
            *p = '\''; /* inside of the quotes of logfmt */
        aw_log(AW_LOG_ERR, "reload-error", "place=\"%s:%u:%u\" code=%s what=\"%s\"", d->file,
               d->at.line, d->at.col, d->code, text);
        logged++;
    }
}

/* Who applied the set that was just taken over, and why; behind its entry rules.loaded. */
static int log_applied(struct aw_loop *l, const struct aw_cmd *cmd, const struct aw_live *live,
                       struct aw_err *err)
{
    struct aw_entry e;

    aw_entry_init(&e);
    e.kind = AW_ENTRY_APPLIED;
    e.actor = cmd->actor;
    e.state = cmd->u.reload.rolled_back ? "rolled_back" : "applied";
    e.why = cmd->u.reload.force ? "forced" : NULL;
    e.sha256 = live->rules.sha256;
    return aw_store_log(l->store, &e, cmd->u.reload.reason, err);
}

/* Whether these are the rules that the person wants to be live. */
static bool expected(const struct aw_cmd *cmd, const struct aw_live *live)
{
    char hex[65];

    aw_hex(hex, live->rules.sha256, sizeof(live->rules.sha256));
    return !cmd->u.reload.sha256[0] || aw_streq(cmd->u.reload.sha256, hex);
}

int aw_turn_reload(struct aw_loop *l, struct aw_cmd *cmd, struct aw_err *err)
{
    struct aw_diag diag;
    struct aw_live *live = NULL;
    struct aw_buf text = AW_BUF_INIT(64 * 1024);
    int r = AW_OK;

    aw_diag_init(&diag);
    if (aw_live_load(l->opt.config, cmd->u.reload.force, &live, &diag)) {
        aw_diag_print(&diag, &text);
        aw_cmd_refuse(cmd, AW_P_RELOAD_REFUSED, "", "%u errors; what was loaded goes on",
                      diag.n_errors);
        cmd->reply.body = aw_buf_take(&text, &cmd->reply.n_body);
        log_refusal(&diag);
        l->opt.stats->reload_refused = 1;
        r = aw_store_notice(l->store, "reload-refused",
                            "environment or rules were changed and cannot be loaded; what was "
                            "loaded goes on. ackwatchd --check says what is wrong",
                            err);
    } else if (!expected(cmd, live)) {
        aw_cmd_refuse(cmd, AW_P_STATE_CONFLICT, "/sha256",
                      "the rules in %s are not those that were to be applied", live->conf->rules);
        aw_live_drop(live);
    } else {
        r = take_over(l, live, cmd->actor, err);
        if (r == AW_OK && cmd->u.reload.reason[0])
            r = log_applied(l, cmd, live, err);
        if (r == AW_EBUSY) {
            aw_cmd_refuse(cmd, AW_P_BUSY, "", "%s", err->text);
            aw_live_drop(live);
            r = AW_OK;
        } else if (r == AW_OK) {
            cmd->reply.number = live->rules.n;
            memcpy(cmd->reply.sha256, live->rules.sha256, sizeof(cmd->reply.sha256));
            aw_log(AW_LOG_INFO, "reload", "rules=%u channels=%u", live->rules.n,
                   live->conf->n_channels);
        }
    }
    aw_buf_free(&text);
    aw_diag_free(&diag);
    return r;
}

void aw_loop_reload_now(struct aw_loop *l)
{
    struct aw_cmd *cmd = aw_cmd_new(AW_CMD_RELOAD);
    struct aw_submit submit;

    cmd->app = "";
    snprintf(cmd->actor, sizeof(cmd->actor), "signal");
    cmd->done = aw_cmd_free;
    aw_loop_submit(l, &submit);
    if (submit.put(submit.ctx, cmd, true))
        aw_cmd_free(cmd);
}
