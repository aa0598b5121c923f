/* SPDX-License-Identifier: Apache-2.0
 *
 * The route table, tokens and the confirmation page as values: no socket, no thread.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/mem.h"
#include "http/auth.h"
#include "http/call.h"
#include "http/page.h"

#define ALL (AW_API_PUBLIC | AW_API_V1 | AW_API_OPS)

static char params[AW_PARAMS][AW_PARAM_MAX], allow[64];

static const struct aw_route *find(const char *method, const char *path)
{
    memset(params, 0, sizeof(params));
    return aw_route_find(method, path, ALL, params, allow);
}

static void test_find(void **state)
{
    assert_ptr_equal(find("POST", "/v1/messages")->handle, aw_do_register);
    assert_ptr_equal(find("GET", "/v1/messages")->handle, aw_do_messages);
    assert_ptr_equal(find("HEAD", "/v1/messages")->handle, aw_do_messages);
    assert_ptr_equal(find("GET", "/v1/messages/msg_1")->handle, aw_do_message);
    assert_string_equal(params[0], "msg_1");
    assert_ptr_equal(find("GET", "/v1/messages/ext:a%2Fb/timeline")->handle, aw_do_timeline);
    assert_string_equal(params[0], "ext:a/b");
    assert_ptr_equal(find("POST", "/v1/messages/ext:a:b:cancel")->handle, aw_do_cancel);
    assert_string_equal(params[0], "ext:a:b");
    assert_ptr_equal(find("POST", "/v1/rules:reload")->handle, aw_do_reload);
    assert_ptr_equal(find("PUT", "/v1/contacts/%E6%9D%8E")->handle, aw_do_contact_put);
    assert_string_equal(params[0], "\xe6\x9d\x8e");
    assert_ptr_equal(find("POST", "/in/sms/se%2Dcret")->handle, aw_do_receipt);
    assert_string_equal(params[0], "sms");
    assert_string_equal(params[1], "se-cret");
}

static void test_not_found(void **state)
{
    static const char *const nowhere[] = {
        "/",   "/v1",    "/v1/", "/v1/message", "/v1/messages/", "/v1/messages/x/y",      "/livez/",
        "/a/", "/a/b/c", "/in/", "/in/sms/x/y", "/v1/rules:nix", "/v1/messages/x/acks/y",
    };
    for (size_t i = 0; i < sizeof(nowhere) / sizeof(nowhere[0]); i++) {
        if (find("GET", nowhere[i]))
            fail_msg("%s was found", nowhere[i]);
        assert_string_equal(allow, "");
    }
    assert_null(find("POST", "/v1/channels/:test")); /* a name of no characters */
    char path[400] = "/v1/contacts/";
    memset(path + strlen(path), 'u', AW_PARAM_MAX);
    assert_null(find("GET", path));
}

static void test_allow(void **state)
{
    assert_null(find("PUT", "/v1/messages"));
    assert_string_equal(allow, "POST, GET, HEAD");
    assert_null(find("POST", "/v1/contacts/li"));
    assert_string_equal(allow, "GET, HEAD, PUT, DELETE");
    assert_null(find("GET", "/v1/messages/x/acks"));
    assert_string_equal(allow, "POST");
}

static void test_faces(void **state)
{
    assert_null(aw_route_find("GET", "/v1/messages", AW_API_OPS, params, allow));
    assert_string_equal(allow, "");
    assert_null(aw_route_find("GET", "/livez", AW_API_PUBLIC | AW_API_V1, params, allow));
    assert_non_null(aw_route_find("GET", "/livez", AW_API_OPS, params, allow));
    assert_null(aw_route_find("GET", "/a/x", AW_API_V1, params, allow));
}

/* What must hold for every row, also for those that are added later. */
static void test_rows(void **state)
{
    for (const struct aw_route *r = aw_routes; r->method; r++) {
        unsigned n = 0;
        for (const char *p = r->path; (p = strchr(p, '{')); p++)
            n++;
        assert_true(n <= AW_PARAMS);
        assert_true(r->handle && r->path[0] == '/');
        assert_true(r->face == AW_API_PUBLIC || r->face == AW_API_V1 || r->face == AW_API_OPS);
        assert_int_equal(r->face == AW_API_V1, strncmp(r->path, "/v1/", 4) == 0);
        assert_int_equal(r->face == AW_API_V1, r->scope != 0); /* nothing of the API is open */
        assert_int_equal(r->face == AW_API_V1, r->query != NULL);
        if (!strcmp(r->method, "GET") || !strcmp(r->method, "DELETE"))
            assert_int_equal(r->body, 0);
        if (r->flags & AW_ROUTE_JSON)
            assert_true(r->body > 0);
        for (const struct aw_route *o = aw_routes; o != r; o++)
            assert_false(strcmp(o->method, r->method) == 0 && strcmp(o->path, r->path) == 0);
    }
}

static void test_knows(void **state)
{
    assert_true(aw_route_knows("limit after", "after"));
    assert_true(aw_route_knows("limit after", "limit"));
    assert_false(aw_route_knows("limit after", "lim"));
    assert_false(aw_route_knows("limit after", ""));
    assert_false(aw_route_knows("", "limit"));
}

/* docs/api.md has a heading for every route and a row for every code. */
static void test_documented(void **state)
{
    char path[512], want[128], *text;
    size_t n;
    const char *top = getenv("top_srcdir");
    snprintf(path, sizeof(path), "%s/docs/api.md", top ? top : ".");
    assert_int_equal(aw_file_read(path, 1 << 20, &text, &n, NULL), 0);
    for (const struct aw_route *r = aw_routes; r->method; r++) {
        snprintf(want, sizeof(want), "\n### %s %s\n", r->method, r->path);
        if (!strstr(text, want))
            fail_msg("docs/api.md has no heading%s", want);
    }
    for (int p = AW_P_NONE + 1; p < AW_N_PROBLEMS; p++) {
        const struct aw_problem_info *info = aw_problem_info(p);
        snprintf(want, sizeof(want), "| `%s` | %d", info->code, info->status);
        if (!strstr(text, want))
            fail_msg("docs/api.md has no row %s", want);
    }
    aw_free(text);
}

/* ---- tokens ---------------------------------------------------------------------------------- */

static void test_token(void **state)
{
    char secret[AW_TOKEN_TEXT], other[AW_TOKEN_TEXT], token[AW_TOKEN_TEXT];
    uint8_t hash[32], read[32];
    int64_t key;

    aw_secret_new(secret, hash);
    assert_int_equal(strlen(secret), 43);
    aw_token_text(token, 1234567, secret);
    assert_int_equal(strlen(token), 55);
    assert_memory_equal(token, "aw_00015NM7_", 12);
    assert_int_equal(aw_token_read(token, &key, read), 0);
    assert_int_equal(key, 1234567);
    assert_memory_equal(hash, read, 32);
    token[54] ^= 1;
    assert_int_equal(aw_token_read(token, &key, read), 0);
    assert_memory_not_equal(hash, read, 32);
    aw_secret_new(other, hash);
    assert_string_not_equal(secret, other);
    aw_token_text(token, ((int64_t)1 << 40) - 1, secret);
    assert_memory_equal(token, "aw_ZZZZZZZZ_", 12);
}

static void test_bad_tokens(void **state)
{
    static const char *const bad[] = {
        "",
        "aw_",
        "aw_0000000",
        "aw_00000001_",
        "xx_00000001_0123456789012345678901234567890123456789012",
        "aw_0000000i_0123456789012345678901234567890123456789012",
        "aw_00000001-0123456789012345678901234567890123456789012",
        "aw_00000001_01234567890123456789012345678901234567890123",
        "aw_00000001_012345678901234567890123456789012345678901",
    };
    uint8_t hash[32];
    int64_t key;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(aw_token_read(bad[i], &key, hash), AW_EINVAL);
}

static void test_failures(void **state)
{
    struct aw_auth *a = aw_auth_new();
    for (int i = 0; i < 10; i++)
        assert_false(aw_auth_failed(a, "192.0.2.1", 1000 + i));
    assert_true(aw_auth_failed(a, "192.0.2.1", 1010));
    assert_true(aw_auth_failed(a, "192.0.2.1", 60999));
    assert_false(aw_auth_failed(a, "192.0.2.1", 61000)); /* a new minute */
    assert_false(aw_auth_failed(a, "192.0.2.2", 1010));
    unsigned left;
    for (unsigned n = 0; n < 5; n++) { /* a bucket of five, five more a second */
        assert_true(aw_auth_spend(a, 7, 5, 1000, &left));
        assert_int_equal(left, 4 - n);
    }
    assert_false(aw_auth_spend(a, 7, 5, 1000, &left));
    assert_false(aw_auth_spend(a, 7, 5, 1199, &left));
    assert_true(aw_auth_spend(a, 7, 5, 1399, &left));
    assert_false(aw_auth_spend(a, 7, 5, 1399, &left));
    assert_true(aw_auth_spend(a, 8, 5, 1399, &left)); /* another key has its own */
    assert_true(aw_auth_spend(a, 8, 5, 900000, &left));
    assert_int_equal(left, 4); /* and no more than five, however long it was quiet */
    assert_true(aw_auth_spend(a, 8, 2, 900000, &left)); /* the limit was lowered meanwhile */
    assert_int_equal(left, 1);
    aw_auth_free(a);
    aw_auth_free(NULL);
}

/* ---- the page -------------------------------------------------------------------------------- */

static void test_lang(void **state)
{
    assert_int_equal(aw_page_lang(NULL, NULL), AW_LANG_EN);
    assert_int_equal(aw_page_lang("zh-CN,zh;q=0.9,en;q=0.8", NULL), AW_LANG_ZH);
    assert_int_equal(aw_page_lang("en-US,zh;q=0.9", "zh-CN"), AW_LANG_EN);
    assert_int_equal(aw_page_lang("fr, ZH", NULL), AW_LANG_ZH);
    assert_int_equal(aw_page_lang("fr-FR;q=1, de", "zh-CN"), AW_LANG_ZH);
    assert_int_equal(aw_page_lang("fr, de", "de"), AW_LANG_EN);
    assert_int_equal(aw_page_lang(",,;", NULL), AW_LANG_EN);
    assert_int_equal(aw_page_lang("zhx", NULL), AW_LANG_EN);
}

static void test_page_of(void **state)
{
    assert_int_equal(aw_page_of(AW_OPEN, false), AW_PAGE_ASK);
    assert_int_equal(aw_page_of(AW_OPEN, true), AW_PAGE_THANKS);
    assert_int_equal(aw_page_of(AW_CONFIRMED, false), AW_PAGE_THANKS);
    assert_int_equal(aw_page_of(AW_EXHAUSTED, false), AW_PAGE_ASK);
    assert_int_equal(aw_page_of(AW_EXPIRED, true), AW_PAGE_THANKS);
    assert_int_equal(aw_page_of(AW_CANCELLED, true), AW_PAGE_WITHDRAWN);
}

static void test_page(void **state)
{
    for (int lang = 0; lang < AW_N_LANGS; lang++)
        for (int kind = 0; kind < AW_N_PAGES; kind++) {
            struct aw_buf out = AW_BUF_INIT(1 << 16);
            aw_page_write(&out, kind, lang, "<script>alert('1')</script>", "a & \"b\" </div>");
            const char *html = aw_buf_str(&out);
            assert_null(strstr(html, "<script"));
            assert_null(strstr(html, "</div> "));
            assert_non_null(strstr(html, aw_lang_tag(lang)));
            bool content = kind == AW_PAGE_ASK || kind == AW_PAGE_THANKS;
            assert_int_equal(strstr(html, "&lt;script&gt;alert(&#39;1&#39;)") != NULL, content);
            assert_int_equal(strstr(html, "a &amp; &quot;b&quot; &lt;/div&gt;") != NULL, content);
            assert_int_equal(strstr(html, "method=\"post\"") != NULL, kind == AW_PAGE_ASK);
            aw_buf_free(&out);
        }
}

static void test_page_empty(void **state)
{
    struct aw_buf out = AW_BUF_INIT(1 << 16);
    char policy[256];
    aw_page_write(&out, AW_PAGE_ASK, AW_LANG_ZH, NULL, NULL);
    assert_non_null(strstr(aw_buf_str(&out), "您有一条重要消息"));
    assert_null(strstr(aw_buf_str(&out), "class=\"body\""));
    aw_buf_free(&out);
    aw_page_policy(policy, sizeof(policy));
    assert_non_null(strstr(policy, "default-src 'none'; style-src 'sha256-"));
    assert_non_null(strstr(policy, "frame-ancestors 'none'"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),       cmocka_unit_test(test_not_found),
        cmocka_unit_test(test_allow),      cmocka_unit_test(test_faces),
        cmocka_unit_test(test_rows),       cmocka_unit_test(test_knows),
        cmocka_unit_test(test_documented), cmocka_unit_test(test_token),
        cmocka_unit_test(test_bad_tokens), cmocka_unit_test(test_failures),
        cmocka_unit_test(test_lang),       cmocka_unit_test(test_page_of),
        cmocka_unit_test(test_page),       cmocka_unit_test(test_page_empty),
    };
    return cmocka_run_group_tests_name("routes", tests, NULL, NULL);
}
