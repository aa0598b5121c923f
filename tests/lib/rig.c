/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/rig.h"

#include <ftw.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/verify.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "codec/digest.h"
#include "codec/request.h"

#define NEED(x)                                                                                    \
    do {                                                                                           \
        if (!(x)) {                                                                                \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #x);                                \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

static const char environment[] =
    "version: 1\n"
    "node: rig\n"
    "public_url: http://127.0.0.1:1\n"
    "listen:\n  - {address: 127.0.0.1, port: 0, faces: [public, api, ops]}\n"
    "store: ackwatch.db\n"
    "rules: rules\n"
    "templates: templates\n"
    "operators:\n  - {channel: mail, to: ops@sim.invalid}\n"
    "apps: [shop]\n"
    "channels:\n"
    "  push-main: {provider: jpush, weight: 100, app_key: 0123456789abcdef01234567, "
    "master_secret: {file: secret}, push_url: \"http://127.0.0.1:1/v3/\", "
    "report_url: \"http://127.0.0.1:1/v3/\"}\n"
    "  sms: {provider: gateway, receipt_secret: {file: secret}, url: \"http://127.0.0.1:1/sms\", "
    "fields: {to: \"{{to}}\", text: \"{{text}}\"}}\n"
    "  sms-b: {provider: gateway, weight: 1, reply_answer: body, reply_prefix: \"+86\", "
    "url: \"http://127.0.0.1:1/sms\", "
    "fields: {to: \"{{to}}\", text: \"{{text}}\"}}\n"
    "  mail: {provider: smtp, host: 127.0.0.1, port: 1, ca_file: secret, "
    "from: a@sim.invalid}\n"
    "  hook: {provider: webhook, url: \"http://127.0.0.1:1/hook\", secret: {file: secret}}\n";

/* `template: code`: a text that a reply with its code confirms. */
static const char template[] = "version: 1\n"
                               "sms:\n"
                               "  en: {text: \"{{title}} - reply {{code}}\"}\n"
                               "  zh-CN: {text: \"{{title}}，回复 {{code}} 确认\"}\n";

static void put_file(const struct rig *r, const char *name, const char *text)
{
    char path[600];
    FILE *f;

    snprintf(path, sizeof(path), "%s/%s", r->dir, name);
    f = fopen(path, "w");
    NEED(f);
    fputs(text, f);
    fclose(f);
    chmod(path, 0600);
}

void rig_write_rules(struct rig *r, const char *rules_yaml)
{
    struct aw_buf b = AW_BUF_INIT(1 << 20);

    aw_buf_puts(&b, "version: 1\nrules:\n");
    aw_buf_puts(&b, rules_yaml);
    put_file(r, "rules/rules.yaml", aw_buf_str(&b));
    aw_buf_free(&b);
}

void rig_environment(struct rig *r, const char *from, const char *to)
{
    struct aw_buf b = AW_BUF_INIT(1 << 20);
    char *text;
    size_t n;
    struct aw_cmd *cmd = rig_cmd(r, AW_CMD_RELOAD);

    NEED(aw_file_read(r->config, 1 << 20, &text, &n, NULL) == AW_OK);
    const char *at = strstr(text, from);
    NEED(at);
    aw_buf_add(&b, text, (size_t)(at - text));
    aw_buf_puts(&b, to);
    aw_buf_puts(&b, at + strlen(from));
    put_file(r, "ackwatch.yaml", aw_buf_str(&b));
    aw_buf_free(&b);
    aw_free(text);
    NEED(rig_turn_with(r, &cmd, 1) == AW_OK);
    NEED(!r->last.problem);
}

/* --- carrier -------------------------------------------------------------------------------------
 */

static struct rig *the_rig; /* has_cids has no context */

static unsigned room(void *ctx)
{
    return ((struct rig *)ctx)->room;
}

static void send_(void *ctx, struct aw_send *s)
{
    struct rig *r = ctx;

    NEED(r->n_sends < RIG_MAX);
    r->sends[r->n_sends++] = s;
    if (r->on_send)
        NEED(r->on_send(r, s) == 0);
}

static void query(void *ctx, struct aw_query *q)
{
    struct rig *r = ctx;

    NEED(r->n_queries < RIG_MAX);
    r->queries[r->n_queries++] = q;
}

static void cids(void *ctx, const struct aw_channel *ch, unsigned n)
{
    (void)ch;
    (void)n;
    ((struct rig *)ctx)->n_cid_asks++;
}

static bool has_cids(const struct aw_channel *ch)
{
    return the_rig->with_cids && ch->provider->kind == AW_PUSH;
}

static void beat(void *ctx)
{
    ((struct rig *)ctx)->n_beats++;
}

/* --- life
 * ------------------------------------------------------------------------------------------ */

int rig_try_open(struct rig *r, struct aw_err *err)
{
    struct aw_store_options so = {.create = true, .vfs = r->vfs};
    struct aw_loop_options lo = {.config = r->config,
                                 .clock = &r->clock,
                                 .box = &r->box,
                                 .stats = &r->stats,
                                 .beat = beat,
                                 .beat_ctx = r,
                                 .carrier = {r, room, send_, query, cids, has_cids}};
    struct aw_live *live;
    struct aw_diag diag;
    int rc;

    the_rig = r;
    aw_diag_init(&diag);
    if (aw_live_load(r->config, false, &live, &diag)) {
        struct aw_buf b = AW_BUF_INIT(1 << 16);

        aw_diag_print(&diag, &b);
        fputs(aw_buf_str(&b), stderr);
        abort();
    }
    aw_diag_free(&diag);
    memset(&r->stats, 0, sizeof(r->stats));
    aw_live_box_set(&r->box, live);
    rc = aw_store_open(r->db, &so, aw_clock_wall(&r->clock), &r->store, err);
    if (rc)
        return rc;
    lo.store = r->store;
    r->loop = aw_loop_new(&lo);
    return aw_loop_start(r->loop, err);
}

void rig_close(struct rig *r, bool killed)
{
    if (!killed && r->loop) {
        struct aw_err err;

        aw_loop_stop(r->loop);
        NEED(aw_loop_run(r->loop, &err) == AW_OK);
    }
    aw_loop_free(r->loop);
    aw_store_close(r->store);
    r->loop = NULL;
    r->store = NULL;
    aw_live_box_set(&r->box, NULL);
}

void rig_new(struct rig *r, const char *rules_yaml, aw_time start)
{
    const char *tmp = getenv("TMPDIR");
    struct aw_err err;
    char path[600];

    memset(r, 0, sizeof(*r));
    aw_log_init(0, 0);
    r->room = 4096;
    snprintf(r->dir, sizeof(r->dir), "%s/aw-rig-XXXXXX", tmp ? tmp : "/tmp");
    NEED(mkdtemp(r->dir));
    snprintf(path, sizeof(path), "%s/rules", r->dir);
    NEED(mkdir(path, 0700) == 0);
    snprintf(path, sizeof(path), "%s/templates", r->dir);
    NEED(mkdir(path, 0700) == 0);
    put_file(r, "templates/code.yaml", template);
    snprintf(r->config, sizeof(r->config), "%s/ackwatch.yaml", r->dir);
    snprintf(r->db, sizeof(r->db), "%s/ackwatch.db", r->dir);
    put_file(r, "ackwatch.yaml", environment);
    put_file(r, "secret", "0123456789abcdef01234567");
    rig_write_rules(r, rules_yaml);
    pthread_mutex_init(&r->box.lock, NULL);
    aw_clock_init_stepped(&r->clock, start);
    if (rig_try_open(r, &err)) {
        fprintf(stderr, "%s\n", err.text);
        abort();
    }
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

void rig_forget_sends(struct rig *r)
{
    for (unsigned i = 0; i < r->n_sends; i++) {
        aw_send_free(r->sends[i]);
        aw_free(r->sends[i]);
    }
    for (unsigned i = 0; i < r->n_queries; i++)
        aw_free(r->queries[i]);
    r->n_sends = r->n_queries = 0;
}

void rig_free(struct rig *r)
{
    rig_forget_sends(r);
    rig_close(r, true);
    aw_free(r->last.body);
    nftw(r->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    pthread_mutex_destroy(&r->box.lock);
}

void rig_restart(struct rig *r, bool killed)
{
    struct aw_err err;

    rig_close(r, killed);
    if (rig_try_open(r, &err)) {
        fprintf(stderr, "%s\n", err.text);
        abort();
    }
}

/* --- turning
 * ---------------------------------------------------------------------------------------- */

int rig_turn_with(struct rig *r, struct aw_cmd **cmds, unsigned n)
{
    struct aw_err err = {""};
    aw_ms wait;

    return aw_loop_turn(r->loop, cmds, n, &wait, &err);
}

int rig_turn(struct rig *r)
{
    struct aw_err err = {""};
    aw_ms wait = 0;
    int rc = AW_OK;

    for (int i = 0; i < 64 && wait == 0 && rc == AW_OK; i++)
        rc = aw_loop_turn(r->loop, NULL, 0, &wait, &err);
    return rc;
}

int rig_at(struct rig *r, aw_time t)
{
    aw_clock_step(&r->clock, t);
    return rig_turn(r);
}

static void done(struct aw_cmd *cmd)
{
    struct rig *r = cmd->owner;

    aw_free(r->last.body);
    r->last = cmd->reply;
    r->last_type = cmd->type;
    r->n_done++;
    cmd->reply.body = NULL;
    aw_cmd_free(cmd);
}

struct aw_cmd *rig_cmd(struct rig *r, enum aw_cmd_type type)
{
    struct aw_cmd *cmd = aw_cmd_new(type);

    cmd->app = "shop";
    snprintf(cmd->actor, sizeof(cmd->actor), "key:1");
    cmd->done = done;
    cmd->owner = r;
    return cmd;
}

static void turn_one(struct rig *r, struct aw_cmd *cmd)
{
    (void)rig_turn_with(r, &cmd, 1);
}

aw_id rig_register(struct rig *r, const char *key, const char *body)
{
    struct aw_cmd *cmd = rig_cmd(r, AW_CMD_REGISTER);
    struct aw_fault fault;

    if (aw_request_registration(body, strlen(body), aw_clock_wall(&r->clock), &cmd->u.reg.reg,
                                &fault)) {
        fprintf(stderr, "registration: %s %s\n", fault.pointer, fault.detail);
        abort();
    }
    snprintf(cmd->u.reg.idem, sizeof(cmd->u.reg.idem), "%s", key);
    aw_sha256(cmd->u.reg.digest, body, strlen(body));
    turn_one(r, cmd);
    return r->last.problem ? 0 : r->last.id;
}

void rig_ack(struct rig *r, aw_id message, const char *user, enum aw_level level)
{
    struct aw_cmd *cmd = rig_cmd(r, AW_CMD_ACK);

    cmd->u.ack.message = message;
    snprintf(cmd->u.ack.user, sizeof(cmd->u.ack.user), "%s", user);
    cmd->u.ack.level = level;
    cmd->u.ack.source = AW_SRC_APP;
    turn_one(r, cmd);
}

void rig_say(struct rig *r, const char *channel, const char *from, const char *text)
{
    struct aw_cmd *cmd = rig_cmd(r, AW_CMD_REPLY);

    cmd->app = "";
    snprintf(cmd->actor, sizeof(cmd->actor), "channel:%s", channel);
    snprintf(cmd->u.said.channel, sizeof(cmd->u.said.channel), "%s", channel);
    snprintf(cmd->u.said.r.from, sizeof(cmd->u.said.r.from), "%s", from);
    snprintf(cmd->u.said.r.text, sizeof(cmd->u.said.r.text), "%s", text);
    turn_one(r, cmd);
}

void rig_cancel(struct rig *r, aw_id message)
{
    struct aw_cmd *cmd = rig_cmd(r, AW_CMD_CANCEL);

    cmd->u.cancel.message = message;
    snprintf(cmd->u.cancel.reason, sizeof(cmd->u.cancel.reason), "by test of %s", "Li Si");
    turn_one(r, cmd);
}

void rig_contact(struct rig *r, const char *user, const char *json)
{
    struct aw_cmd *cmd = rig_cmd(r, AW_CMD_CONTACT_PUT);

    snprintf(cmd->u.contact.user, sizeof(cmd->u.contact.user), "%s", user);
    cmd->u.contact.json = aw_strdup(json);
    cmd->u.contact.n_json = strlen(json);
    turn_one(r, cmd);
}

void rig_result(struct rig *r, aw_id attempt, enum aw_outcome outcome, const char *provider_id)
{
    struct aw_cmd *cmd = rig_cmd(r, AW_CMD_RESULT);

    cmd->u.result.attempt = attempt;
    cmd->u.result.outcome = outcome;
    cmd->u.result.level = outcome == AW_OUT_ACCEPTED ? AW_ACCEPTED : AW_LEVEL_NONE;
    if (provider_id)
        snprintf(cmd->u.result.provider_id, sizeof(cmd->u.result.provider_id), "%s", provider_id);
    turn_one(r, cmd);
}

void rig_accept_all(struct rig *r)
{
    unsigned n = r->n_sends;

    for (unsigned i = 0; i < n; i++) {
        char id[32];

        snprintf(id, sizeof(id), "29273455998%06u", i);
        rig_result(r, r->sends[i]->attempt, AW_OUT_ACCEPTED, id);
    }
}

void rig_report(struct rig *r, const struct aw_query *q, enum aw_level level)
{
    struct aw_cmd *cmd = rig_cmd(r, AW_CMD_REPORT);
    struct aw_report *rep = aw_calloc(1, sizeof(*rep));

    rep->channel = q->channel;
    rep->what = q->what;
    rep->answered = true;
    rep->n = q->n;
    rep->rate_limit = rep->rate_remaining = rep->rate_reset = -1;
    rep->http_status = 200;
    for (unsigned i = 0; i < q->n; i++) {
        rep->items[i].timeline = q->items[i].timeline;
        rep->items[i].attempt = q->items[i].attempt;
        rep->items[i].level = level;
    }
    cmd->u.report = rep;
    turn_one(r, cmd);
}

void rig_cids(struct rig *r, unsigned n)
{
    struct aw_cmd *cmd = rig_cmd(r, AW_CMD_CIDS);

    cmd->u.cids.channel = aw_live_channel(r->box.live, "push-main");
    cmd->u.cids.cids = aw_calloc(n + 1, sizeof(char *));
    for (unsigned i = 0; i < n; i++) {
        char id[64];

        snprintf(id, sizeof(id), "0123456789abcdef01234567-cid-%u", i);
        cmd->u.cids.cids[i] = aw_strdup(id);
    }
    cmd->u.cids.n = n;
    turn_one(r, cmd);
}

/* --- looking
 * ------------------------------------------------------------------------------------------ */

void rig_sql_text(struct rig *r, const char *sql, char *dst, size_t cap)
{
    sqlite3 *db;
    sqlite3_stmt *st;
    const char *text;

    NEED(sqlite3_open_v2(r->db, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK);
    if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK) {
        fprintf(stderr, "%s: %s\n", sql, sqlite3_errmsg(db));
        abort();
    }
    dst[0] = '\0';
    if (sqlite3_step(st) == SQLITE_ROW) {
        text = (const char *)sqlite3_column_text(st, 0);
        snprintf(dst, cap, "%s", text ? text : "");
    }
    sqlite3_finalize(st);
    sqlite3_close(db);
}

int64_t rig_sql(struct rig *r, const char *sql)
{
    char text[64];

    rig_sql_text(r, sql, text, sizeof(text));
    return strtoll(text, NULL, 10);
}

static void print_finding(void *ctx, const struct aw_finding *f)
{
    (void)ctx;
    fprintf(stderr, "# %s: %s\n", f->place, f->text);
}

unsigned rig_verify(struct rig *r)
{
    struct aw_verify_options opt = {.at_size = -1, .found = print_finding};
    struct aw_verify_result res;
    struct aw_err err;

    if (aw_store_verify(r->db, &opt, &res, &err)) {
        fprintf(stderr, "# %s\n", err.text);
        return 1000;
    }
    return res.findings;
}
