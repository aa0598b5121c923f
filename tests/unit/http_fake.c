/* SPDX-License-Identifier: Apache-2.0 */
#include "http_fake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/inbox.h"
#include "base/mem.h"
#include "base/str.h"
#include "codec/digest.h"
#include "codec/json.h"
#include "http/auth.h"
#include "http/http.h"
#include "net/server.h"

struct fake fake;
_Atomic int fake_more, fake_revoked;
unsigned fake_port, fake_port_ops;
char fake_socket[64];

static struct aw_http_server *server;
static struct aw_api *api;
static struct aw_clock clock_;
static struct aw_inbox *inbox;
static pthread_t core;
static pthread_mutex_t held_lock = PTHREAD_MUTEX_INITIALIZER;
static struct aw_cmd *held[64];
static unsigned n_held;

static const char registration[] =
    "{\"external_id\":\"o-1\",\"title\":\"Order <1>\",\"body\":\"It & \\\"that\\\"\",\"priority\":"
    "\"high\",\"recipients\":[{\"user\":\"li\",\"phone\":\"+8613812341234\",\"email\":"
    "\"li@example.com\",\"registration_ids\":[\"1506bfd3a7c568d4761\"],\"lang\":\"zh-CN\"},"
    "{\"user\":\"wang\"}]}";

/* ---- the core thread --------------------------------------------------------------------- */

static void look(const struct aw_cmd *cmd)
{
    const char *json = NULL;
    fake.n_cmds++;
    fake.seen = *cmd;
    snprintf(fake.seen_app, sizeof(fake.seen_app), "%s", cmd->app);
    if (cmd->type == AW_CMD_REGISTER)
        fake.n_recipients = cmd->u.reg.reg.n_recipients;
    if (cmd->type == AW_CMD_ACK)
        json = cmd->u.ack.detail_json;
    if (cmd->type == AW_CMD_CONTACT_PUT)
        json = cmd->u.contact.json;
    snprintf(fake.seen_json, sizeof(fake.seen_json), "%s", json ? json : "");
}

static void finish(struct aw_cmd *cmd)
{
    cmd->reply = fake.reply;
    if (fake.reply_body) {
        cmd->reply.body = aw_strdup(fake.reply_body);
        cmd->reply.n_body = strlen(fake.reply_body);
    }
    cmd->done(cmd);
}

static void *core_thread(void *arg)
{
    void *item;
    for (;;) {
        if (!aw_inbox_take(inbox, &item, 1, -1))
            return NULL; /* woken to end */
        look(item);
        pthread_mutex_lock(&held_lock);
        bool hold = fake.stuck && n_held < AW_COUNT(held);
        if (hold)
            held[n_held++] = item;
        pthread_mutex_unlock(&held_lock);
        if (!hold)
            finish(item);
    }
}

void fake_release(void)
{
    pthread_mutex_lock(&held_lock);
    fake.stuck = false;
    while (n_held)
        finish(held[--n_held]);
    pthread_mutex_unlock(&held_lock);
}

static int put(void *ctx, struct aw_cmd *cmd, bool proof)
{
    if (fake.full)
        return AW_EBUSY;
    fake.seen_proof = proof;
    return aw_inbox_put(inbox, proof ? AW_LANE_PROOF : AW_LANE_WORK, cmd);
}

/* ---- the store --------------------------------------------------------------------------- */

static struct aw_reader *open_reader(void *ctx)
{
    if (fake.unreadable)
        return NULL;
    fake.readers_open++;
    return aw_calloc(1, 1);
}

static void close_reader(struct aw_reader *r)
{
    fake.readers_open--;
    aw_free(r);
}

static struct aw_message_row message_row(aw_id id)
{
    static const uint8_t sha[32] = {0xab, 0xcd};
    return (struct aw_message_row){.id = id,
                                   .app = "shop",
                                   .rule = "order-status",
                                   .sha256 = sha,
                                   .external_id = "o-1",
                                   .body = registration,
                                   .n_body = strlen(registration),
                                   .registered = FAKE_NOW,
                                   .n_recipients = 2,
                                   .counts = {[AW_OPEN] = 1, [AW_CONFIRMED] = 1},
                                   .state = AW_OPEN,
                                   .due = FAKE_NOW + 60000,
                                   .level = AW_DELIVERED};
}

static int read_message(struct aw_reader *r, const char *app, aw_id id,
                        int (*row)(void *arg, const struct aw_message_row *m), void *arg)
{
    struct aw_message_row m = message_row(id);
    snprintf(fake.read_app, sizeof(fake.read_app), "%s", app);
    if (id != FAKE_MSG || (app[0] && strcmp(app, "shop") != 0))
        return AW_ENOENT;
    return row(arg, &m);
}

static int read_messages(struct aw_reader *r, const char *app, int state, const char *rule,
                         aw_id before, unsigned limit, aw_id *ret_next,
                         int (*row)(void *arg, const struct aw_message_row *m), void *arg)
{
    struct aw_message_row m = message_row(FAKE_MSG);
    snprintf(fake.read_app, sizeof(fake.read_app), "%s", app);
    fake.read_state = state;
    fake.read_limit = limit;
    fake.read_before = before;
    *ret_next = fake.next;
    return rule && strcmp(rule, "order-status") != 0 ? 0 : row(arg, &m);
}

static int read_timelines(struct aw_reader *r, aw_id message, unsigned from, unsigned limit,
                          int (*row)(void *arg, const struct aw_timeline_row *t), void *arg)
{
    static const char *const users[] = {"li", "wang"};
    static struct aw_timeline tl;
    tl.last = 17;
    tl.hold = (struct aw_hold){FAKE_NOW - 60000, FAKE_NOW + 60000, 120000};
    for (unsigned n = from; n < 2 && n < from + limit; n++) {
        struct aw_timeline_row t = {.id = message + n,
                                    .n = n,
                                    .user = users[n],
                                    .state = n ? AW_CONFIRMED : AW_OPEN,
                                    .level = AW_SENT,
                                    .due = n ? 0 : FAKE_NOW + 60000,
                                    .value = &tl};
        tl.state = t.state;
        int rc = row(arg, &t);
        if (rc)
            return rc;
    }
    return 0;
}

static int read_attempts(struct aw_reader *r, aw_id message, aw_id after, unsigned limit,
                         int (*row)(void *arg, const struct aw_attempt_row *a), void *arg)
{
    struct aw_attempt_row a = {.id = 77,
                               .ref = 76,
                               .step_id = "push",
                               .kind = AW_PUSH,
                               .round = 1,
                               .number = 2,
                               .channel = "jpush-main",
                               .user = "li",
                               .outcome = AW_OUT_ACCEPTED,
                               .level = AW_SENT,
                               .provider_id = "18446744073709551615",
                               .at = FAKE_NOW,
                               .http_status = 200,
                               .detail = ""};
    return after >= a.id ? 0 : row(arg, &a);
}

static int read_entries(struct aw_reader *r, int64_t from, unsigned limit,
                        int (*row)(void *arg, const struct aw_entry_row *e), void *arg)
{
    static const char *const bodies[] = {
        "{\"seq\":0,\"ts\":\"2026-11-22T01:59:00.000Z\",\"kind\":\"message.registered\"}",
        ("{\"seq\":1,\"ts\":\"2026-11-22T01:59:30.000Z\",\"kind\":\"firing.claimed\","
         "\"do\":\"push\",\"n\":0}"),
        "{\"seq\":2,\"kind\":\"firing.claimed\",\"n\":1}",
        "{\"seq\":3,\"kind\":\"timeline.ended\",\"n\":1}",
    };
    static const uint8_t leaf[32] = {1};
    for (int64_t i = from; i < 4 + fake_more && i < from + limit; i++) {
        char id[AW_ID_TEXT], more[160];
        aw_id_print(id, "msg_", FAKE_MSG + i % 2);
        snprintf(more, sizeof(more), "{\"seq\":%d,\"ts\":\"\",\"kind\":\"%s\",\"msg\":\"%s\"}",
                 (int)i, i % 3 ? "firing.claimed" : "timeline.ended", id);
        const char *body = i < 4 ? bodies[i] : more;
        struct aw_entry_row e = {i, body, strlen(body), leaf};
        int rc = row(arg, &e);
        if (rc)
            return rc;
    }
    return 0;
}

static int read_history(struct aw_reader *r, aw_id message, unsigned limit,
                        int (*row)(void *arg, const struct aw_entry_row *e), void *arg)
{
    return read_entries(r, 0, limit, row, arg);
}

static int read_rulesets(struct aw_reader *r, unsigned limit,
                         int (*row)(void *arg, const struct aw_ruleset_row *s), void *arg)
{
    static const char sha[] = "abababababababababababababababababababababababababababababababab";
    static const char loaded[] = "{\"seq\":7,\"ts\":\"2026-11-22T02:00:00.000Z\",\"kind\":"
                                 "\"rules.loaded\",\"actor\":\"uid:0\",\"sha256\":\"cdcd\"}";
    char list[128];

    snprintf(list, sizeof(list), "%s /etc/r.yaml\n", sha);
    for (unsigned i = 0; i < limit && i < 2; i++) {
        int e = row(arg, &(struct aw_ruleset_row){
                             .seq = 7 - i,
                             .rules = list,
                             .tests = "",
                             .loaded = loaded,
                             .applied = i ? NULL : "{\"state\":\"applied\",\"why\":\"forced\"}",
                             .reason = i ? NULL : "raise SMS to 5m"});
        if (e)
            return e;
    }
    return 0;
}

static int read_rule_stats(struct aw_reader *r, const struct aw_stats_query *q, bool *ret_cut,
                           int (*row)(void *arg, const struct aw_rule_stats_row *s), void *arg)
{
    static const struct aw_stats_channel sent = {"push-main", AW_PUSH, 7};

    *ret_cut = false;
    return row(arg, &(struct aw_rule_stats_row){
                        .rule = q->rule ? q->rule : "order-status",
                        .states = {[AW_CONFIRMED] = 5},
                        .channels = &sent,
                        .n_channels = 1,
                        .n_confirmed = 5,
                        .confirmed = {60000, 120000, 240000},
                        .n_sms = 2,
                    });
}

static int read_rule_text(struct aw_reader *r, const uint8_t sha256[32], struct aw_buf *out)
{
    return AW_ENOENT;
}

static int read_head(struct aw_reader *r, struct aw_head *ret)
{
    *ret = (struct aw_head){.size = 4 + fake_more, .root = {0xfe}, .at = FAKE_NOW};
    return 0;
}

static int read_deliveries(struct aw_reader *r, const char *app, int state, aw_id message,
                           aw_id before, unsigned limit, aw_id *ret_next,
                           int (*row)(void *arg, const struct aw_delivery_row *d), void *arg)
{
    *ret_next = 0;
    return 0;
}

static int read_delivery(struct aw_reader *r, const char *app, aw_id id,
                         int (*row)(void *arg, const struct aw_delivery_row *d),
                         int (*try)(void *arg, const struct aw_delivery_try_row *t), void *arg)
{
    return AW_ENOENT;
}

static int read_contacts(struct aw_reader *r, const char *app, int64_t after, unsigned limit,
                         int (*row)(void *arg, const struct aw_contact_row *c), void *arg)
{
    struct aw_contact_row c[] = {{5, "li", "{\"phone\":\"+8613812341234\"}"}, {6, "wang", "{}"}};
    for (unsigned i = 0; i < 2 && i < limit; i++) {
        int rc = c[i].person > after ? row(arg, &c[i]) : 0;
        if (rc)
            return rc;
    }
    return 0;
}

static int read_keys(struct aw_reader *r, int (*row)(void *arg, const struct aw_key_row *k),
                     void *arg)
{
    struct aw_key_row k[] = {
        {.id = 1, .name = "server", .app = "shop", .scopes = AW_SCOPE_ACKS_WRITE, .created = 5},
        {.id = 2,
         .name = "ops",
         .app = "",
         .scopes = AW_SCOPE_OPS,
         .created = 6,
         .revoked = 7,
         .expires = 9,
         .used = 8}};
    int rc = row(arg, &k[0]);
    return rc ? rc : row(arg, &k[1]);
}

/* ---- marks of mails ------------------------------------------------------------------------ */

static int parse_mark(void *ctx, const char *mark, aw_id *ret)
{
    (void)ctx;
    *ret = 38;
    return strcmp(mark, "aw_good.mark") == 0 ? 0 : AW_ENOENT;
}

/* ---- keys, tokens, status ----------------------------------------------------------------- */

static const char *secret_of(int id)
{
    static _Thread_local char text[64]; /* streams have their keys looked at meanwhile */
    snprintf(text, sizeof(text), "secretsecretsecretsecretsecretsecretsecret%c", 'A' + id);
    return text;
}

const char *fake_token(int id)
{
    static char text[AW_TOKEN_TEXT];
    aw_token_text(text, id, secret_of(id));
    return text;
}

static int check_key(void *ctx, int64_t id, const uint8_t hash[32], struct aw_caller *ret)
{
    uint8_t want[32];
    if (id < 1 || id > 40 || id == fake_revoked)
        return AW_ENOENT;
    aw_sha256(want, secret_of((int)id), 43);
    if (memcmp(want, hash, 32) != 0)
        return AW_ENOENT;
    *ret = (struct aw_caller){.key = id, .rate = fake.rate};
    if (id < 3)
        snprintf(ret->app, sizeof(ret->app), "shop");
    ret->scopes = id == 1   ? ((1u << AW_N_SCOPES) - 1) & ~(uint32_t)AW_SCOPE_ADMIN
                  : id == 2 ? 0
                  : id == 3 ? AW_SCOPE_ADMIN
                            : 1u << (id - 10);
    return 0;
}

static void key_failed(void *ctx, const char *peer, bool many)
{
    fake.n_failed++;
    fake.n_refused += many;
}

static void print_token(void *ctx, aw_id timeline, char dst[40])
{
    snprintf(dst, 40, "%s", FAKE_TOKEN_OK);
}

static int parse_token(void *ctx, const char *token, aw_id *ret)
{
    if (strcmp(token, FAKE_TOKEN_OK) != 0)
        return AW_EINVAL;
    *ret = FAKE_MSG;
    return 0;
}

static void put_status(void *ctx, struct aw_buf *out)
{
    aw_buf_puts(out, "{\"open\":1}");
}

static void put_channels(void *ctx, struct aw_buf *out)
{
    aw_buf_puts(out, "[{\"name\":\"sms-main\"}]");
}

static void put_rules(void *ctx, struct aw_buf *out)
{
    aw_buf_puts(out, "[{\"name\":\"order-status\",\"file\":\"o.yaml\",\"sha256\":\"ab\"}]");
}

static int put_rule_text(void *ctx, const char *name, struct aw_buf *out)
{
    if (strcmp(name, "order-status") != 0)
        return AW_ENOENT;
    aw_buf_puts(out, "version: 1\n");
    return 0;
}

static struct aw_pin *get_pin(void *ctx, const char *rule, const uint8_t sha256[32],
                              const char *text, size_t n)
{
    static int pin;
    return strcmp(rule, "order-status") != 0 || sha256[0] != 0xab ? NULL : (struct aw_pin *)&pin;
}

static void drop_pin(struct aw_pin *pin)
{
}

static aw_time put_planned(const struct aw_pin *pin, const struct aw_timeline *tl,
                           struct aw_buf *out)
{
    aw_buf_puts(out, "[{\"at\":\"2026-11-22T02:01:00.000Z\",\"step\":\"text\",\"do\":\"sms\"}]");
    return tl->state == AW_OPEN ? FAKE_NOW + 30 * AW_MINUTE : 0;
}

static void put_explain(const struct aw_pin *pin, const struct aw_timeline *tl, aw_time now,
                        enum aw_lang lang, struct aw_buf *out)
{
    aw_buf_printf(out, "[{\"code\":\"next\",\"text\":\"%s\"}]", aw_lang_tag(lang));
}

static void run_tool(void *ctx, struct aw_tool_job *job)
{
    if (strstr(job->body, "busy")) {
        job->problem = AW_P_BUSY;
        return;
    }
    aw_buf_printf(job->out, "{\"tool\":%d,\"app\":\"%s\",\"lang\":\"%s\",\"n\":%zu}",
                  (int)job->tool, job->app, aw_lang_tag(job->lang), job->n);
}

static bool is_ready(void *ctx, struct aw_buf *why_not, struct aw_buf *checks)
{
    aw_buf_puts(checks, "[{\"check\":\"disk\"}]");
    aw_buf_puts(why_not, fake.not_ready ? "[\"disk is full\"]" : "[]");
    return !fake.not_ready;
}

static void put_metrics(void *ctx, struct aw_buf *out)
{
    aw_buf_puts(out, "ackwatch_open 1\n");
}

/* ---- what providers send ------------------------------------------------------------------ */

static void receive(void *ctx, const struct aw_inbound *in, struct aw_news *ret)
{
    memset(ret, 0, sizeof(*ret));
    fake.in = *in;
    snprintf(fake.in_text, sizeof(fake.in_text), "%s %s %s %s %s %s %s", in->channel, in->secret,
             in->method, in->query, in->type, in->authorization, in->body);
    ret->refused = fake.news.refused;
    memcpy(ret->detail, fake.news.detail, sizeof(ret->detail));
    memcpy(ret->text, fake.news.text, sizeof(ret->text));
    memcpy(ret->nonce, fake.news.nonce, sizeof(ret->nonce));
    ret->sum = fake.news.sum;
    for (unsigned i = 0; i < fake.news.n_receipts; i++)
        *aw_news_receipt(ret) = (struct aw_receipt){.ref = 38 + (aw_id)i, .level = AW_DELIVERED};
    for (unsigned i = 0; i < fake.news.n_replies; i++)
        *aw_news_reply(ret) = (struct aw_said){.from = "+8613812341234", .text = "Y"};
}

/* ---- start and stop ---------------------------------------------------------------------- */

int fake_start(void **state)
{
    aw_clock_init_stepped(&clock_, FAKE_NOW);
    inbox = aw_inbox_new(64, 64, 64);
    pthread_create(&core, NULL, core_thread, NULL);
    api = aw_api_new(&(struct aw_http_env){.clock = &clock_,
                                           .submit = {NULL, put},
                                           .reading = {.open = open_reader,
                                                       .close = close_reader,
                                                       .message = read_message,
                                                       .messages = read_messages,
                                                       .timelines = read_timelines,
                                                       .attempts = read_attempts,
                                                       .history = read_history,
                                                       .entries = read_entries,
                                                       .head = read_head,
                                                       .deliveries = read_deliveries,
                                                       .delivery = read_delivery,
                                                       .contacts = read_contacts,
                                                       .keys = read_keys,
                                                       .rule_text = read_rule_text,
                                                       .rulesets = read_rulesets,
                                                       .rule_stats = read_rule_stats},
                                           .keys = {NULL, check_key, key_failed},
                                           .tokens = {NULL, print_token, parse_token, parse_mark},
                                           .status = {NULL, put_status, put_channels, put_rules,
                                                      put_rule_text, get_pin, drop_pin, put_planned,
                                                      put_explain, is_ready, put_metrics},
                                           .receiving = {NULL, receive},
                                           .tools = {NULL, run_tool},
                                           .version = "test"});
    server = aw_http_server_new(&(struct aw_http_server_options){
        .handler = aw_api_handle, .limit = aw_api_limit, .problem = aw_api_problem, .ctx = api});
    snprintf(fake_socket, sizeof(fake_socket), "/tmp/aw-http-%d.sock", (int)getpid());
    uintptr_t all = AW_API_PUBLIC | AW_API_V1 | AW_API_OPS, ops = AW_API_OPS,
              control = AW_API_V1 | AW_API_OPS;
    return aw_http_listen(server, "127.0.0.1", 0, (void *)all, NULL, &fake_port, NULL) ||
           aw_http_listen(server, "127.0.0.1", 0, (void *)ops, NULL, &fake_port_ops, NULL) ||
           aw_http_listen_unix(server, fake_socket, (void *)control, NULL);
}

int fake_stop(void **state)
{
    aw_http_server_free(server);
    aw_inbox_wake(inbox);
    pthread_join(core, NULL);
    aw_inbox_free(inbox);
    aw_api_free(api);
    return fake.readers_open != 0;
}

int fake_reset(void **state)
{
    unsigned open = fake.readers_open;
    fake = (struct fake){.readers_open = open, .read_state = -2};
    return 0;
}

void fake_call_with(const char *method, const char *path, int key, const char *headers,
                    const char *body, struct raw_answer *ret)
{
    size_t cap = strlen(path) + strlen(headers) + (body ? strlen(body) : 0) + 512;
    char *request = malloc(cap);
    int n = snprintf(request, cap, "%s %s HTTP/1.1\r\nHost: x\r\n%s", method, path, headers);
    if (key)
        n +=
            snprintf(request + n, cap - (size_t)n, "Authorization: Bearer %s\r\n", fake_token(key));
    if (body)
        n += snprintf(request + n, cap - (size_t)n, "Content-Length: %zu\r\n", strlen(body));
    snprintf(request + n, cap - (size_t)n, "\r\n%s", body ? body : "");
    raw_once(fake_port, request, ret);
    free(request);
}

void fake_call(const char *method, const char *path, int key, const char *body,
               struct raw_answer *ret)
{
    fake_call_with(method, path, key, body ? "Content-Type: application/json\r\n" : "", body, ret);
}

/* ---- what is expected of answers ---------------------------------------------------------- */

json_t *answer_json(const struct raw_answer *a)
{
    json_t *v = NULL;
    struct aw_err err;
    if (aw_json_parse(a->body, a->n_body, 1 << 20, &v, &err) < 0)
        fail_msg("%s: %s", a->body, err.text);
    return v;
}

void expect_problem(const struct raw_answer *a, int status, const char *code)
{
    char type[64], urn[96];
    if (a->status != status)
        fail_msg("status %d: %s", a->status, a->body);
    assert_string_equal(raw_header(a, "Content-Type", type, 64), "application/problem+json");
    json_t *v = answer_json(a);
    assert_string_equal(aw_json_str(v, "code"), code);
    snprintf(urn, sizeof(urn), "urn:ackwatch:problem:%s", code);
    assert_string_equal(aw_json_str(v, "type"), urn);
    assert_int_equal(json_integer_value(json_object_get(v, "status")), status);
    assert_true(strlen(aw_json_str(v, "title")) > 3);
    /* what the server refuses by itself has no such header */
    if (raw_header(a, "Request-Id", type, 64)[0])
        assert_string_equal(aw_json_str(v, "request_id"), type);
    assert_int_equal(strlen(aw_json_str(v, "request_id")), 17);
    json_decref(v);
}

void expect_body(const struct raw_answer *a, int status, const char *json)
{
    if (a->status != status || strcmp(a->body, json) != 0)
        fail_msg("%d %s\nwanted %d %s", a->status, a->body, status, json);
}
