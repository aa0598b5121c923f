/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules: what is loaded, what was, and taking over what lies in the directory. Rules are applied on
 * the machine (`ackwatch rules apply`), which puts the files there; here they are only read anew.
 */
#include <string.h>

#include "base/str.h"
#include "codec/json.h"
#include "codec/rulestats.h"
#include "http/call.h"

void aw_do_rules(struct aw_call *call)
{
    aw_call_array(call, call->api->env.status.rules);
}

/* The row of one rule among those that the port lists; NULL if there is none. */
static json_t *rule_row(struct aw_call *call, const char *name)
{
    struct aw_buf all = AW_BUF_INIT(AW_LIST_MAX);
    json_t *rows = NULL, *row, *found = NULL;
    size_t i;

    call->api->env.status.rules(call->api->env.status.ctx, &all);
    aw_json_parse(aw_buf_str(&all), all.n, AW_LIST_MAX, &rows, NULL);
    json_array_foreach(rows, i, row)
    {
        if (!found && aw_streq(aw_json_str(row, "name"), name))
            found = json_incref(row);
    }
    json_decref(rows);
    aw_buf_free(&all);
    return found;
}

void aw_do_rule(struct aw_call *call)
{
    const struct aw_status *status = &call->api->env.status;
    const char *name = call->params[0];
    struct aw_buf text = AW_BUF_INIT(2 << 20), out = AW_BUF_INIT(AW_LIST_MAX);
    json_t *row = rule_row(call, name);

    if (row && status->rule_text(status->ctx, name, &text) == 0) {
        struct aw_jsonw w;
        aw_jw_init(&w, &out);
        aw_jw_object(&w, NULL);
        aw_jw_str(&w, "name", name);
        aw_jw_str(&w, "file", aw_json_str(row, "file"));
        aw_jw_str(&w, "sha256", aw_json_str(row, "sha256"));
        aw_jw_strn(&w, "text", aw_buf_str(&text), text.n);
        aw_jw_end(&w, '}');
        aw_call_json(call, 200, &out, NULL, 0);
    } else {
        aw_call_not_found(call, "rule");
    }
    json_decref(row);
    aw_buf_free(&text);
}

static void reloaded(struct aw_call *call, struct aw_cmd *cmd)
{
    const struct aw_reply *r = &cmd->reply;
    struct aw_buf out = AW_BUF_INIT(4096);
    struct aw_jsonw w;

    if (r->problem == AW_P_RELOAD_REFUSED && r->body) { /* all diagnostics, not the first only */
        aw_call_refuse(call, r->problem, "", r->body);
        return;
    }
    if (aw_call_refused(call, cmd))
        return;
    aw_jw_init(&w, &out);
    aw_jw_object(&w, NULL);
    aw_jw_hex(&w, "sha256", r->sha256, sizeof(r->sha256));
    aw_jw_int(&w, "rules", r->number);
    aw_jw_end(&w, '}');
    aw_call_json(call, 200, &out, NULL, 0);
}

void aw_do_reload(struct aw_call *call)
{
    aw_call_submit(call, aw_call_cmd(call, AW_CMD_RELOAD), reloaded);
}

void aw_do_apply(struct aw_call *call)
{
    struct aw_cmd *cmd = aw_call_cmd(call, AW_CMD_RELOAD);

    if (aw_call_body(call, cmd, aw_request_apply))
        aw_call_submit(call, cmd, reloaded);
}

/* A list of "SHA-256 file" lines as [{"file", "sha256"}]. */
static void put_files(struct aw_jsonw *w, const char *name, const char *list)
{
    aw_jw_array(w, name);
    for (const char *p = list, *end; (end = strchr(p, '\n')) != NULL; p = end + 1) {
        if (end - p < 66)
            continue;
        aw_jw_object(w, NULL);
        aw_jw_strn(w, "file", p + 65, (size_t)(end - p) - 65);
        aw_jw_strn(w, "sha256", p, 64);
        aw_jw_end(w, '}');
    }
    aw_jw_end(w, ']');
}

static int ruleset_row(void *arg, const struct aw_ruleset_row *s)
{
    struct aw_jsonw *w = arg;
    json_t *loaded = NULL, *applied = NULL;

    aw_json_parse(s->loaded, strlen(s->loaded), AW_LIST_MAX, &loaded, NULL);
    if (s->applied)
        aw_json_parse(s->applied, strlen(s->applied), AW_LIST_MAX, &applied, NULL);
    aw_jw_object(w, NULL);
    aw_jw_int(w, "seq", s->seq);
    aw_jw_str(w, "at", aw_json_str(loaded, "ts"));
    aw_jw_str(w, "actor", aw_json_str(loaded, "actor"));
    aw_jw_str(w, "sha256", aw_json_str(loaded, "sha256"));
    aw_jw_str(w, "how", applied ? aw_json_str(applied, "state") : "loaded");
    aw_jw_bool(w, "forced", aw_streq(aw_json_str(applied, "why"), "forced"));
    aw_jw_str(w, "reason", s->reason);
    put_files(w, "files", s->rules);
    put_files(w, "tests", s->tests);
    aw_jw_end(w, '}');
    json_decref(loaded);
    json_decref(applied);
    return 0;
}

void aw_do_rules_history(struct aw_call *call)
{
    struct aw_buf out = AW_BUF_INIT(AW_LIST_MAX);
    struct aw_jsonw w;
    struct aw_reader *r;
    unsigned limit;

    if (!aw_call_limit(call, 50, 1000, &limit) || !(r = aw_call_reader(call)))
        return;
    aw_jw_init(&w, &out);
    aw_jw_object(&w, NULL);
    aw_jw_array(&w, "data");
    int rc = call->api->env.reading.rulesets(r, limit, ruleset_row, &w);
    aw_call_release(call, r);
    aw_jw_end(&w, ']');
    aw_jw_end(&w, '}');
    if (rc < 0) {
        aw_buf_free(&out);
        aw_call_problem(call, AW_P_STORE_FAILED, "", "the history of rules cannot be read now");
    } else {
        aw_call_json(call, 200, &out, NULL, 0);
    }
}

void aw_do_rules_file(struct aw_call *call)
{
    struct aw_buf text = AW_BUF_INIT(2 << 20), out = AW_BUF_INIT(AW_LIST_MAX);
    char hex[80] = "";
    uint8_t sha[32];
    struct aw_reader *r;
    struct aw_jsonw w;

    if (aw_http_query(call->view, "sha256", hex, sizeof(hex)) < 0 || strlen(hex) != 64 ||
        aw_unhex(sha, hex, 64) < 0) {
        aw_call_problem(call, AW_P_VALIDATION, "", "sha256: 64 hexadecimal digits");
        return;
    }
    if (!(r = aw_call_reader(call)))
        return;
    int rc = call->api->env.reading.rule_text(r, sha, &text);
    aw_call_release(call, r);
    if (rc == 0) {
        aw_jw_init(&w, &out);
        aw_jw_object(&w, NULL);
        aw_jw_str(&w, "sha256", hex);
        aw_jw_strn(&w, "text", aw_buf_str(&text), text.n);
        aw_jw_end(&w, '}');
        aw_call_json(call, 200, &out, NULL, 0);
    } else if (rc == AW_ENOENT) {
        aw_call_not_found(call, "file");
    } else {
        aw_call_problem(call, AW_P_STORE_FAILED, "", "the text cannot be read now");
    }
    aw_buf_free(&text);
}

#define STATS_TIMELINES 20000 /* looked at in one call */

static int stats_row(void *arg, const struct aw_rule_stats_row *s)
{
    aw_rulestats_write(arg, s);
    return 0;
}

static bool read_since(struct aw_call *call, aw_time *ret)
{
    char text[AW_TIME_TEXT + 8] = "";
    int r = aw_http_query(call->view, "since", text, sizeof(text));

    *ret = aw_clock_wall(call->api->env.clock) - 7 * AW_DAY;
    if (r == AW_ENOENT)
        return true;
    if (r == 0 && aw_time_parse(text, strlen(text), ret) == 0)
        return true;
    aw_call_problem(call, AW_P_VALIDATION, "", "since: a time such as 2026-11-22T02:00:00Z");
    return false;
}

void aw_do_rules_stats(struct aw_call *call)
{
    const struct aw_status *status = &call->api->env.status;
    struct aw_stats_query q = {
        .app = call->app, .limit = STATS_TIMELINES, .unless = status->unless, .ctx = status->ctx};
    struct aw_buf out = AW_BUF_INIT(AW_LIST_MAX);
    char rule[AW_NAME_MAX + 1];
    struct aw_jsonw w;
    struct aw_reader *r;
    bool cut;

    if (!read_since(call, &q.since) || !aw_call_query(call, "rule", rule, sizeof(rule)) ||
        !(r = aw_call_reader(call)))
        return;
    if (rule[0])
        q.rule = rule;
    aw_jw_init(&w, &out);
    aw_jw_object(&w, NULL);
    aw_jw_array(&w, "data");
    int rc = call->api->env.reading.rule_stats(r, &q, &cut, stats_row, &w);
    aw_call_release(call, r);
    if (rc < 0) {
        aw_buf_free(&out);
        aw_call_problem(call, AW_P_STORE_FAILED, "", "the figures cannot be read now");
        return;
    }
    aw_jw_end(&w, ']');
    aw_jw_bool(&w, "cut", cut);
    aw_jw_end(&w, '}');
    aw_call_json(call, 200, &out, NULL, 0);
}
