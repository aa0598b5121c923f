/* SPDX-License-Identifier: Apache-2.0
 *
 * codec/request.h: good bodies to values, bad ones to code, pointer and words.
 */
#include "codec/request.h"

#include <string.h>

#include "../lib/unit.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/ports.h"

#define NOW ((aw_time)1795312970114) /* 2026-11-22T02:02:50.114Z */

static int take(const char *body, struct aw_registration *r, struct aw_fault *f)
{
    memset(f, 0xff, sizeof *f);
    return aw_request_registration(body, strlen(body), NOW, r, f);
}

static void a_full_registration(void **state)
{
    static const char body[] =
        "{\"external_id\":\"order-42\", \"rule\":\"order-status\", \"app\":\"shop\","
        "\"class\":\"order\", \"priority\":\"critical\","
        "\"labels\":{\"city\":\"上海\",\"n\":38280845540235675,\"x\":0.1,\"vip\":true},"
        "\"title\":\"订单已发货\", \"body\":\"line 1\\nline 2\","
        "\"extras\":{\"order\":\"42\",\"items\":[1,2],\"none\":null},"
        "\"chat\":\"c1\", \"from\":\"seller\","
        "\"push\":{ \"notification\" : {\"alert\":\"x\"}, \"n\": 9007199254740993 },"
        "\"already_sent\":{\"at\":\"2026-11-22T10:00:00+08:00\",\"channel\":\"jpush-main\","
        "\"provider_id\":18446744073709551},"
        "\"recipients\":[{\"user\":\"li\",\"alias\":\"li\",\"registration_ids\":[\"r1\",\"r2\"],"
        "\"phone\":\"+8613812341234\",\"email\":\"li@example.com\",\"lang\":\"zh-CN\","
        "\"tz\":\"Asia/Shanghai\"},{\"user\":\"王 五\"}]}";
    struct aw_registration r;
    struct aw_fault f;
    assert_int_equal(take(body, &r, &f), 0);
    assert_int_equal(f.problem, AW_P_NONE);
    assert_string_equal(r.external_id, "order-42");
    assert_string_equal(r.rule, "order-status");
    assert_string_equal(r.app, "shop");
    assert_string_equal(r.class_, "order");
    assert_int_equal(r.priority, AW_CRITICAL);
    assert_int_equal(r.n_labels, 4);
    assert_string_equal(r.labels[0].key, "city");
    assert_string_equal(r.labels[0].value, "上海");
    assert_string_equal(r.labels[1].value, "38280845540235675");
    assert_string_equal(r.labels[2].value, "0.1");
    assert_string_equal(r.labels[3].value, "true");
    assert_string_equal(r.title, "订单已发货");
    assert_string_equal(r.body, "line 1\nline 2");
    assert_int_equal(r.n_extras, 1); /* lists and null stay in the raw body */
    assert_string_equal(r.extras[0].value, "42");
    assert_string_equal(r.chat, "c1");
    assert_string_equal(r.from, "seller");
    assert_string_equal(r.push_json, "{\"notification\":{\"alert\":\"x\"},\"n\":9007199254740993}");
    assert_true(r.already_sent);
    assert_true(r.sent_at == NOW - 170114);
    assert_string_equal(r.sent_channel, "jpush-main");
    assert_string_equal(r.sent_provider_id, "18446744073709551");
    assert_int_equal(r.n_recipients, 2);
    assert_string_equal(r.recipients[0].user, "li");
    assert_string_equal(r.recipients[0].given.alias, "li");
    assert_int_equal(r.recipients[0].given.n_registration_ids, 2);
    assert_string_equal(r.recipients[0].given.registration_ids[1], "r2");
    assert_string_equal(r.recipients[0].given.phone, "+8613812341234");
    assert_string_equal(r.recipients[0].given.email, "li@example.com");
    assert_string_equal(r.recipients[0].given.lang, "zh-CN");
    assert_string_equal(r.recipients[0].given.tz, "Asia/Shanghai");
    assert_string_equal(r.recipients[1].user, "王 五");
    assert_null(r.recipients[1].given.alias);
    assert_int_equal(r.n_raw, strlen(body));
    assert_string_equal(r.raw, body);
    aw_registration_free(&r);
    assert_null(r.title);
    aw_registration_free(&r);
}

static void a_small_registration(void **state)
{
    struct aw_registration r;
    struct aw_fault f;
    assert_int_equal(take("{\"title\":\"t\",\"recipients\":[{\"user\":\"a\"}]}", &r, &f), 0);
    assert_int_equal(r.priority, AW_NORMAL);
    assert_null(r.external_id);
    assert_null(r.push_json);
    assert_null(r.body);
    assert_false(r.already_sent);
    assert_int_equal(r.n_labels + r.n_extras, 0);
    aw_registration_free(&r);
}

/* A body out of the store was checked when it came; its dates are old by now. */
static void a_stored_registration(void **state)
{
    static const char body[] =
        "{\"title\":\"t\",\"already_sent\":{\"at\":\"2020-01-01T00:00:00Z\"},"
        "\"recipients\":[{\"user\":\"a\"}]}";
    struct aw_registration r;
    struct aw_fault f;
    assert_int_equal(take(body, &r, &f), AW_EINVAL);
    assert_int_equal(aw_request_registration(body, strlen(body), 0, &r, &f), 0);
    assert_true(r.already_sent);
    aw_registration_free(&r);
}

static void a_recipient_named_twice_is_one(void **state)
{
    struct aw_registration r;
    struct aw_fault f;
    assert_int_equal(take("{\"title\":\"t\",\"recipients\":["
                          "{\"user\":\"a\",\"alias\":\"first\",\"registration_ids\":[\"r1\"]},"
                          "{\"user\":\"b\"},"
                          "{\"user\":\"a\",\"alias\":\"second\",\"phone\":\"+8613812341234\","
                          "\"registration_ids\":[\"r1\",\"r2\"]}]}",
                          &r, &f),
                     0);
    assert_int_equal(r.n_recipients, 2);
    assert_string_equal(r.recipients[1].user, "b");
    assert_string_equal(r.recipients[0].given.alias, "first");
    assert_string_equal(r.recipients[0].given.phone, "+8613812341234");
    assert_int_equal(r.recipients[0].given.n_registration_ids, 2);
    assert_string_equal(r.recipients[0].given.registration_ids[1], "r2");
    aw_registration_free(&r);
}

struct bad {
    const char *body;
    enum aw_problem problem;
    const char *pointer, *says;
};

#define ONE "\"recipients\":[{\"user\":\"a\"}]"

static void check_bad(const struct bad *row, int code, const struct aw_fault *f)
{
    if (code != AW_EINVAL || f->problem != row->problem || strcmp(f->pointer, row->pointer) != 0 ||
        !strstr(f->detail, row->says))
        fail_msg("%.200s: %d problem %d at %s: %s", row->body, code, f->problem, f->pointer,
                 f->detail);
}

static void refused_registrations(void **state)
{
    static const struct bad rows[] = {
        {"", AW_P_BAD_JSON, "", "line 1"},
        {"{\"title\":\"t\",\"title\":\"u\"," ONE "}", AW_P_BAD_JSON, "", "duplicate"},
        {"{\"title\":\"\xff\"," ONE "}", AW_P_BAD_JSON, "", "line 1"},
        {"{\"title\":\"\\u0000\"," ONE "}", AW_P_BAD_JSON, "", "line 1"},
        {"[]", AW_P_VALIDATION, "", "object"},
        {"{" ONE "}", AW_P_VALIDATION, "/title", "required"},
        {"{\"title\":\"t\"}", AW_P_VALIDATION, "/recipients", "required"},
        {"{\"title\":\"t\",\"recipents\":[]}", AW_P_UNKNOWN_MEMBER, "/recipents",
         "did you mean \"recipients\"?"},
        {"{\"title\":\"t\",\"zzz/~\":1," ONE "}", AW_P_UNKNOWN_MEMBER, "/zzz~1~0",
         "unknown member \"zzz/~\""},
        {"{\"title\":7," ONE "}", AW_P_VALIDATION, "/title", "as a text"},
        {"{\"title\":null," ONE "}", AW_P_VALIDATION, "/title", "as a text"},
        {"{\"title\":\"\"," ONE "}", AW_P_VALIDATION, "/title", "empty"},
        {"{\"title\":\"a\\nb\"," ONE "}", AW_P_VALIDATION, "/title", "control"},
        {"{\"title\":\"a\\u202eb\"," ONE "}", AW_P_VALIDATION, "/title", "direction"},
        {"{\"title\":\"a\",\"body\":\"pay\\u2066me\"," ONE "}", AW_P_VALIDATION, "/body",
         "direction"},
        {"{\"title\":\"t\",\"body\":\"\\u0007\"," ONE "}", AW_P_VALIDATION, "/body", "control"},
        {"{\"title\":\"t\",\"priority\":\"hihg\"," ONE "}", AW_P_VALIDATION, "/priority",
         "did you mean \"high\"?"},
        {"{\"title\":\"t\",\"priority\":3," ONE "}", AW_P_VALIDATION, "/priority", "critical"},
        {"{\"title\":\"t\",\"rule\":\"a b\"," ONE "}", AW_P_VALIDATION, "/rule", "name of a rule"},
        {"{\"title\":\"t\",\"labels\":[]," ONE "}", AW_P_VALIDATION, "/labels", "object"},
        {"{\"title\":\"t\",\"labels\":{\"a\":{}}," ONE "}", AW_P_VALIDATION, "/labels/a", "text"},
        {"{\"title\":\"t\",\"labels\":{\"a\":null}," ONE "}", AW_P_VALIDATION, "/labels/a", ""},
        {"{\"title\":\"t\",\"labels\":{\"\":1}," ONE "}", AW_P_VALIDATION, "/labels/", "key"},
        {"{\"title\":\"t\",\"extras\":{\"a\":\"\\u0001\"}," ONE "}", AW_P_VALIDATION, "/extras/a",
         "control"},
        {"{\"title\":\"t\",\"push\":\"x\"," ONE "}", AW_P_VALIDATION, "/push", "push object"},
        {"{\"title\":\"t\",\"push\":{\"audience\":\"all\"}," ONE "}", AW_P_VALIDATION,
         "/push/audience", "leave it out"},
        {"{\"title\":\"t\",\"push\":{\"cid\":\"x\"}," ONE "}", AW_P_VALIDATION, "/push/cid", ""},
        {"{\"title\":\"t\",\"already_sent\":{}," ONE "}", AW_P_VALIDATION, "/already_sent/at",
         "required"},
        {"{\"title\":\"t\",\"already_sent\":{\"at\":\"yesterday\"}," ONE "}", AW_P_VALIDATION,
         "/already_sent/at", "such as 2026"},
        {"{\"title\":\"t\",\"already_sent\":{\"at\":\"2026-11-21T02:02:50Z\"}," ONE "}",
         AW_P_VALIDATION, "/already_sent/at", "a day ago"},
        {"{\"title\":\"t\",\"already_sent\":{\"at\":\"2026-11-22T02:07:51Z\"}," ONE "}",
         AW_P_VALIDATION, "/already_sent/at", "future"},
        {"{\"title\":\"t\",\"already_sent\":{\"at\":\"2026-11-22T02:02:50Z\",\"provider_id\":-1}"
         "," ONE "}",
         AW_P_VALIDATION, "/already_sent/provider_id", ""},
        {"{\"title\":\"t\",\"recipients\":[]}", AW_P_VALIDATION, "/recipients", "1 to 1000"},
        {"{\"title\":\"t\",\"recipients\":{}}", AW_P_VALIDATION, "/recipients", "1 to 1000"},
        {"{\"title\":\"t\",\"recipients\":[{\"user\":\"a\"},7]}", AW_P_VALIDATION, "/recipients/1",
         "object"},
        {"{\"title\":\"t\",\"recipients\":[{}]}", AW_P_VALIDATION, "/recipients/0/user",
         "required"},
        {"{\"title\":\"t\",\"recipients\":[{\"id\":\"a\"}]}", AW_P_UNKNOWN_MEMBER,
         "/recipients/0/id", "unknown"},
        {"{\"title\":\"t\",\"recipients\":[{\"user\":\"a\",\"phone\":\"13812341234\"}]}",
         AW_P_VALIDATION, "/recipients/0/phone", "+86"},
        {"{\"title\":\"t\",\"recipients\":[{\"user\":\"a\",\"email\":\"a@b@c\"}]}", AW_P_VALIDATION,
         "/recipients/0/email", "mail address"},
        {"{\"title\":\"t\",\"recipients\":[{\"user\":\"a\",\"tz\":\"../../etc/passwd\"}]}",
         AW_P_VALIDATION, "/recipients/0/tz", "zone"},
        {"{\"title\":\"t\",\"recipients\":[{\"user\":\"a\",\"registration_ids\":\"r\"}]}",
         AW_P_VALIDATION, "/recipients/0/registration_ids", "list"},
        {"{\"title\":\"t\",\"recipients\":[{\"user\":\"a\",\"registration_ids\":[\"r\",1]}]}",
         AW_P_VALIDATION, "/recipients/0/registration_ids/1", "registration id"},
        {"{\"title\":\"t\",\"recipients\":[{\"user\":\"a\",\"registration_ids\":"
         "[\"0\",\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\",\"10\"]}]}",
         AW_P_VALIDATION, "/recipients/0/registration_ids", "more than 10"},
        {"{\"title\":\"t\",\"recipients\":[{\"user\":\"a\",\"manager\":\"b\"}]}",
         AW_P_UNKNOWN_MEMBER, "/recipients/0/manager", ""},
    };
    for (size_t i = 0; i < AW_COUNT(rows); i++) {
        struct aw_registration r = {.title = "untouched"};
        struct aw_fault f;
        check_bad(&rows[i], take(rows[i].body, &r, &f), &f);
        assert_string_equal(r.title, "untouched");
    }
}

/* A body whose one member is a text of n bytes. */
static int take_long(const char *member, size_t n, struct aw_fault *f)
{
    struct aw_buf b = AW_BUF_INIT(3 << 20);
    aw_buf_printf(&b, "{%s\"%s\":\"", aw_streq(member, "title") ? "" : "\"title\":\"t\",", member);
    while (n--)
        aw_buf_putc(&b, 'x');
    aw_buf_puts(&b, "\"," ONE "}");
    struct aw_registration r;
    int code = take(aw_buf_str(&b), &r, f);
    if (!code)
        aw_registration_free(&r);
    aw_buf_free(&b);
    return code;
}

static void limits_of_texts(void **state)
{
    static const struct {
        const char *member;
        size_t max;
    } rows[] = {{"title", 1000}, {"body", 16384}, {"external_id", 255}, {"rule", 64},
                {"class", 128},  {"app", 64},     {"from", 128},        {"chat", 128}};
    for (size_t i = 0; i < AW_COUNT(rows); i++) {
        struct aw_fault f;
        assert_int_equal(take_long(rows[i].member, rows[i].max, &f), 0);
        assert_int_equal(take_long(rows[i].member, rows[i].max + 1, &f), AW_EINVAL);
        assert_int_equal(f.problem, AW_P_VALIDATION);
        assert_string_equal(f.pointer + 1, rows[i].member);
    }
    struct aw_fault f;
    assert_int_equal(take_long("body", 2 << 20, &f), AW_EINVAL);
    assert_int_equal(f.problem, AW_P_TOO_LARGE);
    assert_string_equal(f.detail, "the body is larger than 1048576 bytes");
}

static int take_crowd(unsigned n, struct aw_registration *r, struct aw_fault *f)
{
    struct aw_buf b = AW_BUF_INIT(1 << 20);
    aw_buf_puts(&b, "{\"title\":\"t\",\"recipients\":[");
    for (unsigned i = 0; i < n; i++)
        aw_buf_printf(&b, "%s{\"user\":\"u%u\"}", i ? "," : "", i);
    aw_buf_puts(&b, "]}");
    int code = take(aw_buf_str(&b), r, f);
    aw_buf_free(&b);
    return code;
}

static void a_thousand_recipients(void **state)
{
    struct aw_registration r;
    struct aw_fault f;
    assert_int_equal(take_crowd(1000, &r, &f), 0);
    assert_int_equal(r.n_recipients, 1000);
    assert_string_equal(r.recipients[999].user, "u999");
    aw_registration_free(&r);
    assert_int_equal(take_crowd(1001, &r, &f), AW_EINVAL);
    assert_string_equal(f.pointer, "/recipients");
}

static void limits_of_members(void **state)
{
    struct aw_buf b = AW_BUF_INIT(1 << 20);
    struct aw_registration r;
    struct aw_fault f;
    for (int n = 32; n <= 33; n++) {
        aw_buf_reset(&b);
        aw_buf_puts(&b, "{\"title\":\"t\"," ONE ",\"labels\":{");
        for (int i = 0; i < n; i++)
            aw_buf_printf(&b, "%s\"k%d\":%d", i ? "," : "", i, i);
        aw_buf_puts(&b, "}}");
        assert_int_equal(take(aw_buf_str(&b), &r, &f), n == 32 ? 0 : AW_EINVAL);
        if (n == 32)
            aw_registration_free(&r);
    }
    assert_string_equal(f.pointer, "/labels/k32");
    aw_buf_reset(&b);
    aw_buf_puts(&b, "{\"title\":\"t\"," ONE ",\"push\":{\"x\":\"");
    for (int i = 0; i < 16384; i++)
        aw_buf_putc(&b, 'x');
    aw_buf_puts(&b, "\"}}");
    assert_int_equal(take(aw_buf_str(&b), &r, &f), AW_EINVAL);
    assert_string_equal(f.pointer, "/push");
    aw_buf_free(&b);
}

static void long_pointers_are_cut(void **state)
{
    char body[700] = "{\"title\":\"t\",\"labels\":{\"";
    size_t n = strlen(body);
    for (int i = 0; i < 20; i++, n += 3)
        memcpy(body + n, "通", 4);
    memcpy(body + n, "\":{}}}", 7);
    struct aw_registration r;
    struct aw_fault f;
    assert_int_equal(take(body, &r, &f), AW_EINVAL);
    assert_true(aw_starts(f.pointer, "/labels/通"));

    n = 1;
    body[n++] = '"';
    for (int i = 0; i < 200; i++, n += 3)
        memcpy(body + n, "通", 4);
    memcpy(body + n, "\":1}", 5);
    assert_int_equal(take(body, &r, &f), AW_EINVAL);
    assert_int_equal(f.problem, AW_P_UNKNOWN_MEMBER);
    assert_true(strlen(f.pointer) > 100 && aw_utf8_valid(f.pointer, strlen(f.pointer)));
    assert_true(aw_utf8_valid(f.detail, strlen(f.detail)));
}

/* ---- the small bodies ---- */

static void acks(void **state)
{
    struct aw_cmd cmd = {0};
    struct aw_fault f;
    static const char small[] = "{\"recipient\":\"li\"}";
    assert_int_equal(aw_request_ack(small, strlen(small), &cmd, &f), 0);
    assert_string_equal(cmd.u.ack.user, "li");
    assert_int_equal(cmd.u.ack.level, AW_ACKNOWLEDGED);
    assert_int_equal(cmd.u.ack.source, AW_SRC_APP);
    assert_int_equal(cmd.u.ack.at, 0);
    assert_null(cmd.u.ack.detail_json);

    static const char full[] = "{\"recipient\":\"li\",\"level\":\"displayed\","
                               "\"at\":\"2026-11-22T02:02:50.114Z\",\"by\":\"li\","
                               "\"device\":\"phone\", \"evidence\": {\"screen\": 3}}";
    assert_int_equal(aw_request_ack(full, strlen(full), &cmd, &f), 0);
    assert_int_equal(cmd.u.ack.level, AW_DISPLAYED);
    assert_true(cmd.u.ack.at == NOW);
    assert_string_equal(cmd.u.ack.detail_json,
                        "{\"by\":\"li\",\"device\":\"phone\",\"evidence\":{\"screen\":3}}");
    aw_free(cmd.u.ack.detail_json);

    static const char some[] = "{\"recipient\":\"li\",\"evidence\":\"seen\"}";
    assert_int_equal(aw_request_ack(some, strlen(some), &cmd, &f), 0);
    assert_string_equal(cmd.u.ack.detail_json, "{\"evidence\":\"seen\"}");
    aw_free(cmd.u.ack.detail_json);
    cmd.u.ack.detail_json = NULL;

    static const struct bad rows[] = {
        {"{}", AW_P_VALIDATION, "/recipient", "required"},
        {"{\"recipient\":\"\"}", AW_P_VALIDATION, "/recipient", "empty"},
        {"{\"recipient\":\"a\",\"level\":\"accepted\"}", AW_P_VALIDATION, "/level", "delivered"},
        {"{\"recipient\":\"a\",\"level\":\"none\"}", AW_P_VALIDATION, "/level", "delivered"},
        {"{\"recipient\":\"a\",\"at\":5}", AW_P_VALIDATION, "/at", "instant"},
        {"{\"recipient\":\"a\",\"user\":\"b\"}", AW_P_UNKNOWN_MEMBER, "/user", ""},
        {"{", AW_P_BAD_JSON, "", ""},
    };
    for (size_t i = 0; i < AW_COUNT(rows); i++)
        check_bad(&rows[i], aw_request_ack(rows[i].body, strlen(rows[i].body), &cmd, &f), &f);

    struct aw_buf b = AW_BUF_INIT(20000);
    aw_buf_puts(&b, "{\"recipient\":\"a\",\"evidence\":\"");
    for (int i = 0; i < 4096; i++)
        aw_buf_putc(&b, 'x');
    aw_buf_puts(&b, "\"}");
    assert_int_equal(aw_request_ack(b.p, b.n, &cmd, &f), AW_EINVAL);
    assert_string_equal(f.pointer, "/evidence");
    aw_buf_free(&b);
    assert_null(cmd.u.ack.detail_json);
}

static void cancels_and_tests(void **state)
{
    struct aw_cmd cmd = {0};
    struct aw_fault f;
    assert_int_equal(aw_request_cancel("{\"reason\":\"recalled\"}", 21, &cmd, &f), 0);
    assert_string_equal(cmd.u.cancel.reason, "recalled");
    static const struct bad rows[] = {
        {"{}", AW_P_VALIDATION, "/reason", "required"},
        {"{\"reason\":\"\"}", AW_P_VALIDATION, "/reason", "empty"},
        {"{\"reason\":true}", AW_P_VALIDATION, "/reason", "as a text"},
    };
    for (size_t i = 0; i < AW_COUNT(rows); i++)
        check_bad(&rows[i], aw_request_cancel(rows[i].body, strlen(rows[i].body), &cmd, &f), &f);
    char body[600];
    memset(body, 'x', sizeof body);
    memcpy(body, "{\"reason\":\"", 11);
    memcpy(body + 11 + 511, "\"}", 2);
    assert_int_equal(aw_request_cancel(body, 11 + 511 + 2, &cmd, &f), 0);
    assert_int_equal(strlen(cmd.u.cancel.reason), 511);
    memcpy(body + 11 + 511, "x\"}", 3);
    assert_int_equal(aw_request_cancel(body, 11 + 512 + 2, &cmd, &f), AW_EINVAL);

    memset(&cmd, 0, sizeof cmd);
    assert_int_equal(aw_request_test("{\"to\":\"+8613812341234\"}", 23, &cmd, &f), 0);
    assert_string_equal(cmd.u.test.to, "+8613812341234");
    assert_int_equal(aw_request_test("{\"too\":\"x\"}", 11, &cmd, &f), AW_EINVAL);
    assert_string_equal(f.detail, "unknown member \"too\", did you mean \"to\"?");
}

static void keys(void **state)
{
    struct aw_cmd cmd = {0};
    struct aw_fault f;
    static const char full[] = "{\"name\":\"shop-server\",\"app\":\"shop\","
                               "\"scopes\":[\"messages:write\",\"acks:write\"]}";
    assert_int_equal(aw_request_key(full, strlen(full), &cmd, &f), 0);
    assert_string_equal(cmd.u.key.name, "shop-server");
    assert_string_equal(cmd.u.key.app, "shop");
    assert_int_equal(cmd.u.key.scopes, AW_SCOPE_MESSAGES_WRITE | AW_SCOPE_ACKS_WRITE);
    static const char admin[] = "{\"name\":\"ops\",\"scopes\":[\"admin\"]}";
    assert_int_equal(aw_request_key(admin, strlen(admin), &cmd, &f), 0);
    assert_string_equal(cmd.u.key.app, "");
    static const struct bad rows[] = {
        {"{\"name\":\"x\"}", AW_P_VALIDATION, "/scopes", "required"},
        {"{\"name\":\"x\",\"scopes\":[]}", AW_P_VALIDATION, "/scopes", "list"},
        {"{\"name\":\"x\",\"scopes\":\"admin\"}", AW_P_VALIDATION, "/scopes", "list"},
        {"{\"name\":\"x\",\"scopes\":[\"admin\",\"\"]}", AW_P_VALIDATION, "/scopes/1", "no such"},
        {"{\"name\":\"x\",\"scopes\":[\"ops,admin\"]}", AW_P_VALIDATION, "/scopes/0", "no such"},
        {"{\"name\":\"x\",\"scopes\":[\"message:read\"]}", AW_P_VALIDATION, "/scopes/0",
         "did you mean \"messages:read\"?"},
        {"{\"name\":\"-x\",\"scopes\":[\"ops\"]}", AW_P_VALIDATION, "/name", "a name"},
    };
    for (size_t i = 0; i < AW_COUNT(rows); i++)
        check_bad(&rows[i], aw_request_key(rows[i].body, strlen(rows[i].body), &cmd, &f), &f);
}

static void contacts(void **state)
{
    struct aw_fault f;
    char *json = NULL;
    size_t n;
    static const char body[] = "{ \"name\": \"李四\", \"alias\": \"li\", \"im\": \"li4\","
                               "\"registration_ids\": [\"r1\"], \"phone\": \"+8613812341234\","
                               "\"email\": \"li@example.com\", \"lang\": \"zh-CN\","
                               "\"tz\": \"Asia/Shanghai\", \"manager\": \"wang\" }";
    assert_int_equal(aw_request_contact(body, strlen(body), &json, &n, &f), 0);
    assert_true(aw_starts(json, "{\"name\":\"李四\",\"alias\":\"li\",\"im\":\"li4\""));
    assert_int_equal(strlen(json), n);

    struct aw_addresses a;
    void *owner;
    assert_int_equal(aw_contact_addresses(json, n, &a, &owner), 0);
    assert_string_equal(a.name, "李四");
    assert_string_equal(a.manager, "wang");
    assert_string_equal(a.im, "li4");
    assert_int_equal(a.n_registration_ids, 1);
    assert_string_equal(a.registration_ids[0], "r1");
    aw_addresses_free_owner(owner);
    aw_free(json);

    assert_int_equal(aw_request_contact("{}", 2, &json, &n, &f), 0);
    assert_string_equal(json, "{}");
    aw_free(json);
    json = NULL;
    static const struct bad rows[] = {
        {"{\"user\":\"li\"}", AW_P_UNKNOWN_MEMBER, "/user", ""},
        {"{\"manager\":\"\"}", AW_P_VALIDATION, "/manager", "empty"},
        {"{\"email\":\"a\\r\\nb@c\"}", AW_P_VALIDATION, "/email", "control"},
    };
    for (size_t i = 0; i < AW_COUNT(rows); i++) {
        int code = aw_request_contact(rows[i].body, strlen(rows[i].body), &json, &n, &f);
        check_bad(&rows[i], code, &f);
    }
    assert_null(json);
    assert_int_equal(aw_contact_addresses("{]", 2, &a, &owner), AW_EINVAL);
}

/* ---- single fields ---- */

static void fields(void **state)
{
    static const struct {
        bool (*valid)(const char *);
        const char *good[12], *bad[24];
    } rows[] = {
        {aw_valid_phone,
         {"+8613812341234", "+1234567", "+123456789012345"},
         {"", "+", "13812341234", "+0123456789", "+123456", "+1234567890123456", "+86 138",
          "+86138a234", "+8613812341234\n"}},
        {aw_valid_email,
         {"li@example.com", "a.b+c@x-1.example", "a@localhost", "a@1.2", "o'x%y@sim.invalid"},
         {"",        "@b",     "a@",    "a",     "a@b@c",  "a b@c",   "<a@b>",  "a@b.",
          "a@.b",    "a@b..c", "a@-b",  "a@b-",  "a@b-.c", "李@b.c",  "a@b.中", "a\n@b",
          "a@b\r\n", "a,b@c",  "a:b@c", "a;b@c", "a\\b@c", "\"a\"@b", "a(b)@c"}},
        {aw_valid_lang,
         {"en", "zh-CN", "zh-Hans-CN", "yue", "es-419"},
         {"", "1n", "-en", "en-", "zh--CN", "zh_CN", "abcdefghi", "zh CN", "cn", "zh-cn", "EN"}},
        {aw_valid_traceparent,
         {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"},
         {"", "00", "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
          "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
          "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
          "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
          "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
          "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x"}},
        {aw_valid_name,
         {"must-read", "a", "订单通知", "v1.2_x", "_x", "9", "名〇", "дело", "한국어"},
         {"", "-a", ".a", "a b", "a/b", "a:b", "a\n",
          "a\xc2\xa0"
          "b",
          "通　知", "“a”", "a，b", "🚚", "a\xe2\x80\xae", "a\xff", "a*"}},
        {aw_valid_user, {"li", "王 五", "a/b:c", " "}, {"", "a\n", "a\x7f", "\xff", "\xc2\x85"}},
    };
    for (size_t i = 0; i < AW_COUNT(rows); i++) {
        for (size_t k = 0; k < AW_COUNT(rows[i].good) && rows[i].good[k]; k++)
            if (!rows[i].valid(rows[i].good[k]))
                fail_msg("row %zu refuses %s", i, rows[i].good[k]);
        for (size_t k = 0; k < AW_COUNT(rows[i].bad) && rows[i].bad[k]; k++)
            if (rows[i].valid(rows[i].bad[k]))
                fail_msg("row %zu takes %s", i, rows[i].bad[k]);
    }
    char text[400];
    memset(text, 'a', sizeof text);
    text[AW_NAME_MAX] = 0;
    assert_true(aw_valid_name(text));
    text[AW_NAME_MAX] = 'a', text[AW_NAME_MAX + 1] = 0;
    assert_false(aw_valid_name(text));
    memset(text, 'a', sizeof text);
    text[AW_USER_MAX] = 0;
    assert_true(aw_valid_user(text));
    text[AW_USER_MAX] = 'a', text[AW_USER_MAX + 1] = 0;
    assert_false(aw_valid_user(text));
    memset(text, 'a', sizeof text);
    memcpy(text + 64, "@b", 3);
    assert_true(aw_valid_email(text));
    memset(text, 'a', sizeof text);
    memcpy(text + 65, "@b", 3);
    assert_false(aw_valid_email(text));
    memset(text, 'a', sizeof text);
    text[1] = '@', text[2 + 256] = 0;
    assert_false(aw_valid_email(text));
}

static void scopes(void **state)
{
    uint32_t s = 7;
    assert_int_equal(aw_scopes_parse("messages:read, ops", &s), 0);
    assert_int_equal(s, AW_SCOPE_MESSAGES_READ | AW_SCOPE_OPS);
    assert_int_equal(aw_scopes_parse("", &s), 0);
    assert_int_equal(s, 0);
    assert_int_equal(aw_scopes_parse("message:read", &s), AW_EINVAL);
    assert_int_equal(aw_scopes_parse("ops adm", &s), AW_EINVAL);
    for (int i = 0; i < AW_N_SCOPES; i++) {
        assert_int_equal(aw_scopes_parse(aw_scope_names[i], &s), 0);
        assert_int_equal(s, 1u << i);
    }
    assert_null(aw_scope_names[AW_N_SCOPES]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_registration),
        cmocka_unit_test(a_small_registration),
        cmocka_unit_test(a_stored_registration),
        cmocka_unit_test(a_recipient_named_twice_is_one),
        cmocka_unit_test(refused_registrations),
        cmocka_unit_test(limits_of_texts),
        cmocka_unit_test(a_thousand_recipients),
        cmocka_unit_test(limits_of_members),
        cmocka_unit_test(long_pointers_are_cut),
        cmocka_unit_test(acks),
        cmocka_unit_test(cancels_and_tests),
        cmocka_unit_test(keys),
        cmocka_unit_test(contacts),
        cmocka_unit_test(fields),
        cmocka_unit_test(scopes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
