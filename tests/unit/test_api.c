/* SPDX-License-Identifier: Apache-2.0
 *
 * What changes something: registrations, acks, cancels, contacts, keys, reload, channel tests.
 * Over real sockets, before a core thread that answers as each test says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "codec/digest.h"
#include "codec/json.h"
#include "http/auth.h"
#include "http/call.h"
#include "http_fake.h"

#define JSON "Content-Type: application/json\r\n"
#define BODY                                                                                       \
    "{\"external_id\":\"o-1\",\"title\":\"t\",\"recipients\":[{\"user\":\"li\"},{\"user\":"        \
    "\"wang\"}]}"

static struct raw_answer a;

static int end(void **state)
{
    raw_done(&a);
    memset(&a, 0, sizeof(a));
    return 0;
}

/* ---- registration ---------------------------------------------------------------------------- */

static void reply_registered(void)
{
    fake.reply = (struct aw_reply){.id = FAKE_MSG,
                                   .at = FAKE_NOW,
                                   .due = FAKE_NOW + 120000,
                                   .deadline = FAKE_NOW + 3600000,
                                   .step = "again",
                                   .kind = AW_PUSH,
                                   .rule = "order-status",
                                   .app = "shop",
                                   .sha256 = {0xab}};
}

#define REGISTERED                                                                                 \
    "{\"id\":\"msg_004HMASW90000\",\"external_id\":\"o-1\",\"app\":\"shop\",\"rule\":{\"name\":"   \
    "\"order-status\",\"sha256\":"                                                                 \
    "\"ab00000000000000000000000000000000000000000000000000000000000000\"},\"state\":\"open\","    \
    "\"registered_at\":\"2026-11-22T02:00:00.000Z\",\"deadline\":\"2026-11-22T03:00:00.000Z\","    \
    "\"next\":{\"step\":\"again\",\"do\":\"push\",\"at\":\"2026-11-22T02:02:00.000Z\"},"           \
    "\"recipients\":2}"

static void test_register(void **state)
{
    char value[64];
    uint8_t digest[32];
    reply_registered();
    fake_call("POST", "/v1/messages", 1, BODY, &a);
    expect_body(&a, 201, REGISTERED);
    assert_string_equal(raw_header(&a, "Location", value, 64), "/v1/messages/msg_004HMASW90000");
    assert_string_equal(raw_header(&a, "Idempotency-Replayed", value, 64), "");
    assert_int_equal(fake.seen.type, AW_CMD_REGISTER);
    assert_string_equal(fake.seen_app, "shop");
    assert_string_equal(fake.seen.actor, "key:1");
    assert_string_equal(fake.seen.u.reg.idem, "o-1");
    assert_false(fake.seen_proof);
    aw_sha256(digest, BODY, strlen(BODY));
    assert_memory_equal(fake.seen.u.reg.digest, digest, 32);
    raw_done(&a);

    fake.reply.replayed = true;
    fake_call("POST", "/v1/messages", 1, BODY, &a);
    expect_body(&a, 201, REGISTERED);
    assert_string_equal(raw_header(&a, "Idempotency-Replayed", value, 64), "true");
}

static void test_only_after_commit(void **state)
{
    char request[512];
    reply_registered();
    fake.stuck = true;
    snprintf(request, sizeof(request),
             "POST /v1/messages HTTP/1.1\r\nHost: x\r\n" JSON
             "Authorization: Bearer %s\r\nContent-Length: %zu\r\n\r\n%s",
             fake_token(1), strlen(BODY), BODY);
    int fd = raw_connect(fake_port);
    raw_sends(fd, request);
    for (int i = 0; i < 200 && !fake.n_cmds; i++)
        usleep(1000);
    assert_int_equal(fake.n_cmds, 1);
    assert_false(raw_ended(fd, 50)); /* nothing came */
    fake_release();
    raw_read(fd, false, &a);
    assert_int_equal(a.status, 201);
    close(fd);
}

static void test_no_next(void **state)
{
    reply_registered();
    fake.reply.due = 0;
    fake_call("POST", "/v1/messages", 3, BODY, &a);
    assert_int_equal(a.status, 201);
    assert_non_null(strstr(a.body, "\"app\":\"shop\"")); /* the one that the core chose */
    assert_non_null(strstr(a.body, "\"next\":null"));
}

static void key_case(const char *headers, int status, const char *want)
{
    static const char nameless[] = "{\"title\":\"t\",\"recipients\":[{\"user\":\"li\"}]}";
    char all[512];
    snprintf(all, sizeof(all), JSON "%s", headers);
    fake.seen.u.reg.idem[0] = 0;
    fake_call_with("POST", "/v1/messages", 1, all, nameless, &a);
    if (a.status != status)
        fail_msg("%s: %d %s", headers, a.status, a.body);
    if (status == 201)
        assert_string_equal(fake.seen.u.reg.idem, want);
    else
        expect_problem(&a, status, want);
    raw_done(&a);
}

static void test_idempotency_key(void **state)
{
    char longest[400];
    char want[256];
    reply_registered();
    key_case("", 422, "idempotency-key-required");
    key_case("Idempotency-Key: order-42\r\n", 201, "order-42");
    key_case("Idempotency-Key: \"order-42\"\r\n", 201, "order-42");
    key_case("Idempotency-Key: \"a\\\"b\\\\c\"\r\n", 201, "a\"b\\c");
    key_case("Idempotency-Key: a\\b\r\n", 201, "a\\b");
    key_case("Idempotency-Key: \r\n", 422, "validation");
    key_case("Idempotency-Key: \"\"\r\n", 422, "validation");
    key_case("Idempotency-Key: \"a\r\n", 422, "validation");
    key_case("Idempotency-Key: \"a\"b\r\n", 422, "validation");
    key_case("Idempotency-Key: \"a\\n\"\r\n", 422, "validation");
    key_case("Idempotency-Key: \"a\\\r\n", 422, "validation");
    key_case("Idempotency-Key: \xff\r\n", 422, "validation");
    memset(want, 'k', 255);
    want[255] = 0;
    snprintf(longest, sizeof(longest), "Idempotency-Key: %s\r\n", want);
    key_case(longest, 201, want);
    snprintf(longest, sizeof(longest), "Idempotency-Key: %sk\r\n", want);
    key_case(longest, 422, "validation");
    key_case("Idempotency-Key: a\r\nIdempotency-Key: b\r\n", 400, "bad-request");
}

static void test_edge_46_conflict(void **state)
{
    fake.reply.problem = AW_P_KEY_REUSED;
    fake.reply_body = "{\"external_id\":\"o-1\",\"title\":\"other\",\"recipients\":[]}";
    fake_call("POST", "/v1/messages", 1, BODY, &a);
    expect_problem(&a, 409, "idempotency-key-reused");
    assert_non_null(strstr(a.body, "they differ in title, recipients"));
}

static void test_apps(void **state)
{
    reply_registered();
    fake_call("POST", "/v1/messages", 1,
              "{\"external_id\":\"o\",\"app\":\"bank\",\"title\":\"t\",\"recipients\":[{\"user\":"
              "\"li\"}]}",
              &a);
    expect_problem(&a, 422, "validation");
    assert_non_null(strstr(a.body, "\"pointer\":\"/app\""));
    raw_done(&a);
    fake_call("POST", "/v1/messages", 3,
              "{\"external_id\":\"o\",\"app\":\"bank\",\"title\":\"t\",\"recipients\":[{\"user\":"
              "\"li\"}]}",
              &a);
    assert_int_equal(a.status, 201);
    assert_string_equal(fake.seen_app, "bank");
    raw_done(&a);
    fake_call("POST", "/v1/messages?app=bank", 3, BODY, &a);
    assert_string_equal(fake.seen_app, "bank");
    raw_done(&a);
    fake_call("POST", "/v1/messages?app=shop", 1, BODY, &a);
    assert_int_equal(a.status, 201);
    raw_done(&a);
    fake_call("POST", "/v1/messages?app=bank", 1, BODY, &a);
    expect_problem(&a, 404, "not-found");
}

static const struct {
    const char *body;
    int status;
    const char *code;
} bad_bodies[] = {
    {"", 400, "bad-json"},
    {"{", 400, "bad-json"},
    {"[]", 422, "validation"},
    {"{\"a\":1}", 422, "unknown-member"},
    {"{\"external_id\":\"o\",\"titel\":\"x\",\"recipients\":[{\"user\":\"li\"}]}", 422,
     "unknown-member"},
    {"{\"external_id\":\"o\",\"title\":\"\xff\",\"recipients\":[{\"user\":\"li\"}]}", 400,
     "bad-json"},
    {"{\"external_id\":\"o\",\"external_id\":\"p\",\"recipients\":[{\"user\":\"li\"}]}", 400,
     "bad-json"},
    {"{\"external_id\":\"o\",\"recipients\":[]}", 422, "validation"},
    {"{\"external_id\":\"o\",\"recipients\":[{\"user\":7}]}", 422, "validation"},
    {"{\"external_id\":\"o\",\"recipients\":[{\"user\":\"li\",\"phone\":\"13800\"}]}", 422,
     "validation"},
};

static void test_bad_bodies(void **state)
{
    for (size_t i = 0; i < sizeof(bad_bodies) / sizeof(bad_bodies[0]); i++) {
        fake_call("POST", "/v1/messages", 1, bad_bodies[i].body, &a);
        if (a.status != bad_bodies[i].status)
            fail_msg("%zu: %d %s", i, a.status, a.body);
        expect_problem(&a, bad_bodies[i].status, bad_bodies[i].code);
        raw_done(&a);
    }
    assert_int_equal(fake.n_cmds, 0);
}

static void test_large(void **state)
{
    char *big = malloc((2 << 20) + 1);
    memset(big, ' ', 2 << 20);
    big[2 << 20] = 0;
    fake_call("POST", "/v1/messages", 1, big, &a);
    expect_problem(&a, 413, "too-large");
    raw_done(&a);
    fake_call("POST", "/v1/messages", 0, big, &a); /* refused for who asks, and not read */
    expect_problem(&a, 401, "unauthenticated");
    big[17 << 10] = 0;
    raw_done(&a);
    fake_call("POST", "/v1/messages/ext:o/acks", 1, big, &a);
    expect_problem(&a, 413, "too-large");
    free(big);
    assert_int_equal(fake.n_cmds, 0);
}

static void test_refusals_of_the_core(void **state)
{
    static const enum aw_problem p[] = {AW_P_NO_RULE_MATCHED, AW_P_UNREACHABLE, AW_P_STORE_FULL,
                                        AW_P_STORE_FAILED};
    for (size_t i = 0; i < 4; i++) {
        fake.reply =
            (struct aw_reply){.problem = p[i], .detail = "why", .pointer = "/recipients/0"};
        fake_call("POST", "/v1/messages", 1, BODY, &a);
        expect_problem(&a, aw_problem_info(p[i])->status, aw_problem_info(p[i])->code);
        assert_non_null(
            strstr(a.body, "\"errors\":[{\"pointer\":\"/recipients/0\",\"detail\":\"why\"}]"));
        raw_done(&a);
    }
    fake.full = true;
    fake_call("POST", "/v1/messages", 1, BODY, &a);
    expect_problem(&a, 503, "busy");
    char value[16];
    assert_string_equal(raw_header(&a, "Retry-After", value, 16), "1");
}

static void test_media_type(void **state)
{
    reply_registered();
    fake_call_with("POST", "/v1/messages", 1, "", BODY, &a);
    expect_problem(&a, 415, "unsupported-media-type");
    raw_done(&a);
    fake_call_with("POST", "/v1/messages", 1, "Content-Type: application/jsonx\r\n", BODY, &a);
    expect_problem(&a, 415, "unsupported-media-type");
    raw_done(&a);
    fake_call_with("POST", "/v1/messages", 1, "Content-Type: Application/JSON; charset=utf-8\r\n",
                   BODY, &a);
    assert_int_equal(a.status, 201);
}

/* ---- acts -------------------------------------------------------------------------------------
 */

static void test_ack(void **state)
{
    fake.reply = (struct aw_reply){.first = true, .state = AW_CONFIRMED, .at = FAKE_NOW};
    fake_call("POST", "/v1/messages/msg_004HMASW90000/acks", 1,
              "{\"recipient\":\"li\",\"by\":\"nurse\"}", &a);
    expect_body(&a, 200,
                "{\"message\":\"msg_004HMASW90000\",\"recipient\":\"li\",\"level\":"
                "\"acknowledged\",\"state\":\"confirmed\",\"first\":true,\"at\":"
                "\"2026-11-22T02:00:00.000Z\"}");
    assert_int_equal(fake.seen.u.ack.message, FAKE_MSG);
    assert_int_equal(fake.seen.u.ack.source, AW_SRC_APP);
    assert_string_equal(fake.seen_json, "{\"by\":\"nurse\"}");
    assert_true(fake.seen_proof);
    raw_done(&a);
    fake_call("POST", "/v1/messages/msg_004HMASW90000/acks", 1, "{\"recipient\":\"li\",\"x\":1}",
              &a);
    expect_problem(&a, 422, "unknown-member");
    raw_done(&a);
    fake_call("POST", "/v1/messages/msg_nonsense/acks", 1, "{\"recipient\":\"li\"}", &a);
    expect_problem(&a, 404, "not-found");
}

static void test_external_id(void **state)
{
    fake.reply = (struct aw_reply){.id = FAKE_MSG, .state = AW_CONFIRMED, .at = FAKE_NOW};
    fake_call("POST", "/v1/messages/ext:o%2F1/acks", 1, "{\"recipient\":\"li\"}", &a);
    assert_int_equal(a.status, 200);
    assert_int_equal(fake.n_cmds, 2); /* the look-up, then the ack */
    assert_int_equal(fake.seen.type, AW_CMD_ACK);
    assert_int_equal(fake.seen.u.ack.message, FAKE_MSG);
    assert_true(fake.seen_proof);
    raw_done(&a);
    fake_call("GET", "/v1/messages/ext:o-1", 1, NULL, &a);
    assert_int_equal(a.status, 200);
    assert_int_equal(fake.seen.type, AW_CMD_LOOKUP);
    assert_string_equal(fake.seen.u.lookup.external_id, "o-1");
    raw_done(&a);
    fake.reply.problem = AW_P_NOT_FOUND;
    fake_call("GET", "/v1/messages/ext:o-2", 1, NULL, &a);
    expect_problem(&a, 404, "not-found");
    raw_done(&a);
    fake_call("GET", "/v1/messages/ext:", 1, NULL, &a);
    expect_problem(&a, 404, "not-found");
}

static void test_cancel(void **state)
{
    fake.reply = (struct aw_reply){.id = FAKE_MSG, .state = AW_CANCELLED};
    fake_call("POST", "/v1/messages/msg_004HMASW90000:cancel", 1, "{\"reason\":\"wrong text\"}",
              &a);
    expect_body(&a, 200, "{\"id\":\"msg_004HMASW90000\",\"state\":\"cancelled\"}");
    assert_string_equal(fake.seen.u.cancel.reason, "wrong text");
    assert_false(fake.seen_proof);
    raw_done(&a);
    fake_call("POST", "/v1/messages/msg_004HMASW90000:cancel", 1, "{}", &a);
    expect_problem(&a, 422, "validation");
    raw_done(&a);
    fake.reply = (struct aw_reply){.problem = AW_P_STATE_CONFLICT, .detail = "ended"};
    fake_call("POST", "/v1/messages/msg_004HMASW90000:cancel", 1, "{\"reason\":\"x\"}", &a);
    expect_problem(&a, 409, "state-conflict");
}

static void test_acts(void **state)
{
    static const struct {
        const char *verb, *body;
        enum aw_act what;
    } acts[] = {
        {"snooze", "{\"reason\":\"x\",\"for\":\"1h\"}", AW_ACT_SNOOZE},
        {"resume", "{\"reason\":\"x\"}", AW_ACT_RESUME},
        {"claim", "{\"reason\":\"x\"}", AW_ACT_CLAIM},
        {"escalate", "{\"reason\":\"x\"}", AW_ACT_ESCALATE},
    };
    char path[96];

    for (unsigned i = 0; i < AW_COUNT(acts); i++) {
        fake.reply = (struct aw_reply){.id = FAKE_MSG,
                                       .n_changed = 2,
                                       .step = "boss",
                                       .until = FAKE_NOW + AW_HOUR,
                                       .due = FAKE_NOW,
                                       .seq = 17};
        snprintf(path, sizeof(path), "/v1/messages/msg_004HMASW90000:%s", acts[i].verb);
        fake_call("POST", path, 1, acts[i].body, &a);
        expect_body(&a, 200,
                    acts[i].what == AW_ACT_ESCALATE
                        ? "{\"id\":\"msg_004HMASW90000\",\"state\":\"open\",\"changed\":2,"
                          "\"step\":\"boss\",\"held_until\":\"2026-11-22T03:00:00.000Z\","
                          "\"next_due\":\"2026-11-22T02:00:00.000Z\",\"seq\":17}"
                        : "{\"id\":\"msg_004HMASW90000\",\"state\":\"open\",\"changed\":2,"
                          "\"held_until\":\"2026-11-22T03:00:00.000Z\","
                          "\"next_due\":\"2026-11-22T02:00:00.000Z\",\"seq\":17}");
        assert_int_equal(fake.seen.u.act.what, acts[i].what);
        assert_int_equal(fake.seen.u.act.message, FAKE_MSG);
        assert_false(fake.seen_proof);
        raw_done(&a);
        fake_call("POST", path, 1, "{}", &a);
        expect_problem(&a, 422, "validation");
        raw_done(&a);
        fake_call("POST", path, 2, acts[i].body, &a);
        expect_problem(&a, 403, "scope-missing");
        raw_done(&a);
        fake.reply = (struct aw_reply){.problem = AW_P_STATE_MOVED, .detail = "at 18 now"};
        fake_call("POST", path, 1, acts[i].body, &a);
        expect_problem(&a, 409, "state-moved");
        raw_done(&a);
    }
    fake.reply = (struct aw_reply){.problem = AW_P_CLAIM_REFUSED, .detail = "no claim"};
    fake_call("POST", path, 1, acts[3].body, &a);
    expect_problem(&a, 409, "claim-refused");
    raw_done(&a);
    fake.reply = (struct aw_reply){.id = FAKE_MSG};
    fake_call("POST", "/v1/messages/ext:o%2F1:resume", 1, acts[1].body, &a);
    assert_int_equal(a.status, 200);
    assert_int_equal(fake.seen.u.act.message, FAKE_MSG);
}

static void test_contacts(void **state)
{
    fake_call("PUT", "/v1/contacts/%E6%9D%8E", 1,
              "{\"phone\":\"+8613812341234\", \"lang\":\"zh-CN\"}", &a);
    expect_body(&a, 200,
                "{\"user\":\"\xe6\x9d\x8e\",\"phone\":\"+8613812341234\",\"lang\":\"zh-CN\"}");
    assert_string_equal(fake.seen.u.contact.user, "\xe6\x9d\x8e");
    raw_done(&a);
    fake_call("PUT", "/v1/contacts/li", 1, "{\"phone\":\"1\"}", &a);
    expect_problem(&a, 422, "validation");
    raw_done(&a);
    fake_call("PUT", "/v1/contacts/li", 1, "{}", &a);
    expect_body(&a, 200, "{\"user\":\"li\"}");
    raw_done(&a);
    fake.reply_body = "{\"manager\":\"wang\"}";
    fake_call("GET", "/v1/contacts/li", 1, NULL, &a);
    expect_body(&a, 200, "{\"user\":\"li\",\"manager\":\"wang\"}");
    raw_done(&a);
    fake_call("DELETE", "/v1/contacts/li", 1, NULL, &a);
    expect_body(&a, 200, "{\"user\":\"li\"}");
    assert_int_equal(fake.seen.type, AW_CMD_CONTACT_DELETE);
    raw_done(&a);
    char path[200] = "/v1/contacts/";
    memset(path + strlen(path), 'u', AW_USER_MAX + 1);
    fake_call("GET", path, 1, NULL, &a);
    expect_problem(&a, 422, "validation");
}

static void test_keys(void **state)
{
    uint8_t hash[32];
    int64_t key;
    fake.reply = (struct aw_reply){.number = 9, .at = FAKE_NOW};
    fake_call("POST", "/v1/keys", 3,
              "{\"name\":\"server\",\"app\":\"shop\",\"scopes\":[\"acks:write\",\"ops\"]}", &a);
    assert_int_equal(a.status, 201);
    json_t *v = answer_json(&a);
    assert_string_equal(aw_json_str(v, "id"), "9");
    assert_int_equal(json_array_size(json_object_get(v, "scopes")), 2);
    assert_true(json_is_null(json_object_get(v, "revoked_at")));
    assert_int_equal(aw_token_read(aw_json_str(v, "token"), &key, hash), 0);
    assert_int_equal(key, 9);
    assert_memory_equal(hash, fake.seen.u.key.hash, 32);
    json_decref(v);
    raw_done(&a);
    fake_call("POST", "/v1/keys", 3, "{\"name\":\"server\",\"scopes\":[\"akcs:write\"]}", &a);
    expect_problem(&a, 422, "validation");
    raw_done(&a);
    fake_call("DELETE", "/v1/keys/9", 3, NULL, &a);
    expect_body(&a, 200, "{\"id\":\"9\",\"revoked_at\":\"2026-11-22T02:00:00.000Z\"}");
    assert_int_equal(fake.seen.u.key.id, 9);
    raw_done(&a);
    fake_call("DELETE", "/v1/keys/x", 3, NULL, &a);
    expect_problem(&a, 404, "not-found");
}

/* A mark that is ours becomes a receipt: never more than delivered. */
static void test_reports_of_mail_servers(void **state)
{
    static const struct {
        const char *action;
        enum aw_level level;
        enum aw_negative negative;
    } rows[] = {{"delivered", AW_DELIVERED, AW_NEG_NONE},
                {"relayed", AW_SENT, AW_NEG_NONE},
                {"expanded", AW_SENT, AW_NEG_NONE},
                {"Failed", AW_LEVEL_NONE, AW_NEG_BOUNCED},
                {"delayed", AW_LEVEL_NONE, AW_NEG_NONE}};

    for (unsigned i = 0; i < AW_COUNT(rows); i++) {
        char body[128];
        snprintf(body, sizeof(body), "{\"mark\":\"aw_good.mark\",\"action\":\"%s\"}",
                 rows[i].action);
        fake_call("POST", "/v1/channels/mail:dsn", 1, body, &a);
        assert_int_equal(a.status, 200);
        assert_int_equal(fake.seen.type, AW_CMD_RECEIPT);
        assert_string_equal(fake.seen.actor, "channel:mail");
        assert_string_equal(fake.seen.u.receipt.channel, "mail");
        assert_int_equal(fake.seen.u.receipt.r.ref, 38);
        assert_int_equal(fake.seen.u.receipt.r.level, rows[i].level);
        assert_int_equal(fake.seen.u.receipt.r.negative, rows[i].negative);
        assert_true(fake.seen_proof);
        raw_done(&a);
    }
    unsigned before = fake.n_cmds;
    fake_call("POST", "/v1/channels/mail:dsn", 1,
              "{\"mark\":\"aw_bad.mark\",\"action\":\"failed\"}", &a);
    expect_problem(&a, 422, "validation");
    raw_done(&a);
    fake_call("POST", "/v1/channels/mail:dsn", 1,
              "{\"mark\":\"aw_good.mark\",\"action\":\"acknowledged\"}", &a);
    expect_problem(&a, 422, "validation");
    assert_int_equal(fake.n_cmds, before);
}

static void test_reload_and_channel(void **state)
{
    fake.reply = (struct aw_reply){.number = 3, .sha256 = {1}};
    fake_call("POST", "/v1/rules:reload", 1, NULL, &a);
    expect_body(&a, 200,
                "{\"sha256\":\"0100000000000000000000000000000000000000000000000000000000000000\""
                ",\"rules\":3}");
    raw_done(&a);
    fake.reply = (struct aw_reply){.problem = AW_P_RELOAD_REFUSED, .detail = "1 error"};
    fake.reply_body = "a.yaml:3:5: unknown key\n";
    fake_call("POST", "/v1/rules:reload", 1, NULL, &a);
    expect_problem(&a, 422, "reload-refused");
    assert_non_null(strstr(a.body, "a.yaml:3:5: unknown key\\n"));
    raw_done(&a);
    fake.reply = (struct aw_reply){.number = 3, .sha256 = {1}};
    fake_call("POST", "/v1/rules:apply", 1, "{\"reason\":\"raise SMS to 5m\",\"force\":true}", &a);
    assert_int_equal(a.status, 200);
    raw_done(&a);
    unsigned before = fake.n_cmds;
    fake_call("POST", "/v1/rules:apply", 1, "{\"force\":true}", &a);
    expect_problem(&a, 422, "validation");
    raw_done(&a);
    fake_call("POST", "/v1/rules:apply", 1, "{\"reason\":\"x\",\"sha256\":\"XY\"}", &a);
    expect_problem(&a, 422, "validation");
    raw_done(&a);
    fake_call("POST", "/v1/rules:apply", 1, "{\"reason\":\"x\",\"force\":1}", &a);
    expect_problem(&a, 422, "validation");
    raw_done(&a);
    assert_int_equal(fake.n_cmds, before);
    fake.reply = (struct aw_reply){.number = AW_OUT_REFUSED, .detail = "bad number"};
    fake.reply_body = "p-1";
    fake_call("POST", "/v1/channels/sms-main:test", 1, "{\"to\":\"+8613812341234\"}", &a);
    expect_body(&a, 200,
                "{\"channel\":\"sms-main\",\"outcome\":\"refused\",\"provider_id\":\"p-1\","
                "\"detail\":\"bad number\"}");
    assert_string_equal(fake.seen.u.test.channel, "sms-main");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fake_reset, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_register),
        TEST(test_only_after_commit),
        TEST(test_no_next),
        TEST(test_idempotency_key),
        TEST(test_edge_46_conflict),
        TEST(test_apps),
        TEST(test_bad_bodies),
        TEST(test_large),
        TEST(test_refusals_of_the_core),
        TEST(test_media_type),
        TEST(test_ack),
        TEST(test_external_id),
        TEST(test_cancel),
        TEST(test_acts),
        TEST(test_contacts),
        TEST(test_keys),
        TEST(test_reports_of_mail_servers),
        TEST(test_reload_and_channel),
    };
    return cmocka_run_group_tests_name("api", tests, fake_start, fake_stop);
}
