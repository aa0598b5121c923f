/* SPDX-License-Identifier: Apache-2.0
 *
 * access PORT MESSAGE DELIVERY < TOKENS: every row of the route table against a running daemon,
 * with every scope, with none, and with a key of another app. MESSAGE belongs to app shop, has the
 * external id "mine" and the recipient "li", who is in shop's directory; DELIVERY is a callback to
 * shop. TOKENS: lines "NAME TOKEN"; NAME is a scope (keys of shop), a scope with "*" before it
 * (keys without app), or "bank" (all scopes, app bank). Prints a TAP line for each row.
 *
 * The rows come from the table itself: a route that is added is tested, or the test fails because
 * it does not know what to send.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/str.h"
#include "core/ports.h"
#include "http/call.h"
#include "rawhttp.h"

static unsigned port, n_tap;
static const char *message, *delivery;
static char tokens[AW_N_SCOPES][AW_TOKEN_TEXT], appless[AW_N_SCOPES][AW_TOKEN_TEXT];
static char bank[AW_TOKEN_TEXT];
static char why[512]; /* of the row that fails; "" : it is fine */

#define COMPLAIN(...)                                                                              \
    do {                                                                                           \
        if (!why[0])                                                                               \
            snprintf(why, sizeof(why), __VA_ARGS__);                                               \
    } while (0)

/* What a route that changes something of a message wants to hear. */
static const struct {
    const char *end, *body;
} sound[] = {
    {"/acks", "{\"recipient\":\"li\"}"},
    {":cancel", "{\"reason\":\"x\"}"},
    {":snooze", "{\"reason\":\"x\",\"for\":\"5m\"}"},
    {":resume", "{\"reason\":\"x\"}"},
    {":escalate", "{\"reason\":\"x\"}"},
    {":claim", "{\"reason\":\"x\",\"by\":\"li\"}"},
    {"/v1/contacts/{user}", "{}"},
    {"/v1/sessions/{device}", "{\"user\":\"li\"}"},
    {"/inbox:read", "{\"messages\":[\"msg_004HMASW90000\"]}"},
};

static const char *body_for(const struct aw_route *r)
{
    size_t n = strlen(r->path);
    for (size_t i = 0; i < sizeof(sound) / sizeof(sound[0]); i++) {
        size_t n_end = strlen(sound[i].end);
        if (n >= n_end && strcmp(r->path + n - n_end, sound[i].end) == 0)
            return sound[i].body;
    }
    return r->flags & AW_ROUTE_LINES ? "{}\n" : "{}";
}

/* The path with something for its parameters. */
static void fill(char *dst, size_t cap, const char *pattern, const char *msg, const char *other)
{
    struct aw_buf b = AW_BUF_INIT(cap - 1);
    for (; *pattern; pattern++) {
        if (*pattern == '{') {
            aw_buf_puts(&b, aw_starts(pattern, "{message}") ? msg : other);
            pattern = strchr(pattern, '}');
        } else {
            aw_buf_putc(&b, *pattern);
        }
    }
    snprintf(dst, cap, "%s", aw_buf_str(&b));
    aw_buf_free(&b);
}

static void ask(const struct aw_route *r, const char *path, const char *token,
                struct raw_answer *ret)
{
    struct aw_buf b = AW_BUF_INIT(4096);
    const char *text = r->body ? body_for(r) : "";

    aw_buf_printf(&b, "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n", r->method, path);
    if (token)
        aw_buf_printf(&b, "Authorization: Bearer %s\r\n", token);
    if (r->body)
        aw_buf_printf(&b, "Content-Type: application/%s\r\nContent-Length: %zu\r\n",
                      r->flags & AW_ROUTE_LINES ? "x-ndjson" : "json", strlen(text));
    aw_buf_printf(&b, "\r\n%s", text);
    int fd = raw_connect(port);
    raw_sends(fd, aw_buf_str(&b));
    raw_read(fd, false, ret); /* of a stream, which has no length, the head */
    close(fd);
    aw_buf_free(&b);
}

static bool has_code(const struct raw_answer *a, const char *code)
{
    char want[64];
    snprintf(want, sizeof(want), "\"code\":\"%s\"", code);
    return a->body && strstr(a->body, want);
}

static void check_heads(const struct raw_answer *a)
{
    char value[128];
    static const char *const want[][2] = {{"X-Content-Type-Options", "nosniff"},
                                          {"Cache-Control", "no-store"}};
    for (int i = 0; i < 2; i++)
        if (strcmp(raw_header(a, want[i][0], value, sizeof(value)), want[i][1]) != 0)
            COMPLAIN("answer %d without %s", a->status, want[i][0]);
    if (!raw_header(a, "Content-Type", value, sizeof(value))[0])
        COMPLAIN("answer %d without Content-Type", a->status);
    if (!raw_header(a, "Request-Id", value, sizeof(value))[0])
        COMPLAIN("answer %d without Request-Id", a->status);
}

/* ---- who may -----------------------------------------------------------------------------------
 */

static void without_token(const struct aw_route *r, const char *path)
{
    static const char *const none[] = {NULL, "x",
                                       "aw_00000001_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                                       "aw_ZZZZZZZZ_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};
    for (int i = 0; i < 4; i++) {
        struct raw_answer a;
        ask(r, path, none[i], &a);
        if (!(a.status == 401 && has_code(&a, "unauthenticated")) &&
            !(a.status == 429 && has_code(&a, "rate-limited")))
            COMPLAIN("without a token: %d %s", a.status, a.body ? a.body : "");
        check_heads(&a);
        raw_done(&a);
    }
}

/* The objects are absent ones, so that nothing happens. */
static void each_scope(const struct aw_route *r, const char *path)
{
    for (int bit = 0; bit < AW_N_SCOPES; bit++) {
        struct raw_answer a;
        bool may = (r->scope | AW_SCOPE_ADMIN) >> bit & 1;
        ask(r, path, tokens[bit], &a);
        if (may && a.body && strstr(a.body, "this takes a key without an app")) {
            raw_done(&a);
            ask(r, path, appless[bit], &a);
        }
        if (may && (a.status == 401 || a.status == 403 || a.status == 429 || a.status == 0))
            COMPLAIN("%s may, but: %d %s", aw_scope_names[bit], a.status, a.body ? a.body : "");
        if (!may && !(a.status == 403 && has_code(&a, "scope-missing")))
            COMPLAIN("%s may not, but: %d %s", aw_scope_names[bit], a.status, a.body ? a.body : "");
        check_heads(&a);
        raw_done(&a);
    }
}

/* ---- whose
 * ----------------------------------------------------------------------------------------- */

static void mask(char *text, const char *what)
{
    for (char *p = text; p && (p = strstr(p, what));)
        for (p += strlen(what); *p && *p != '"'; p++)
            *p = '?';
}

/* What a key of another app hears of an object is what it hears of one that is not there. */
static void same_as_absent(const struct aw_route *r, const char *own, const char *absent,
                           const char *what)
{
    struct raw_answer a, b;
    ask(r, own, bank, &a);
    ask(r, absent, bank, &b);
    if (a.status != b.status)
        COMPLAIN("foreign %s: %d, absent: %d", what, a.status, b.status);
    mask(a.body, "\"request_id\":\"");
    mask(b.body, "\"request_id\":\"");
    if (a.body && b.body && strcmp(a.body, b.body) != 0)
        COMPLAIN("foreign %s: %.150s, absent: %.150s", what, a.body, b.body);
    if (strcmp(what, "user") != 0 && a.status != 404)
        COMPLAIN("foreign %s: %d %.200s (is the body in this test sound?)", what, a.status,
                 a.body ? a.body : "");
    raw_done(&a);
    raw_done(&b);
}

/* Whose an object is by its id alone, and one that is not there. */
static const struct {
    const char *param, *what, *own, *absent; /* own NULL: given as an argument */
} objects[] = {
    {"{key}", "key", "1", "999999"},
    {"{delivery}", "delivery", NULL, "evt_00000000000A0"},
};

/* These are not of an app: the machine's, for all who have the scope. */
static const char *const common[] = {"{rule}", "{channel}", "{silence}"};

static bool other_object(const struct aw_route *r)
{
    char own[256], absent[256];
    for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++)
        if (strstr(r->path, objects[i].param)) {
            fill(own, sizeof(own), r->path, "", objects[i].own ? objects[i].own : delivery);
            fill(absent, sizeof(absent), r->path, "", objects[i].absent);
            same_as_absent(r, own, absent, objects[i].what);
            return true;
        }
    for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++)
        if (strstr(r->path, common[i]))
            return true;
    return !strchr(r->path, '{');
}

/* A device has one app: reports of another are refused, by a code. */
static void other_device(const struct aw_route *r)
{
    char path[256];
    struct raw_answer mine, theirs;
    fill(path, sizeof(path), r->path, "", "phone1");
    ask(r, path, tokens[AW_SCOPE_BIT_SESSIONS_WRITE], &mine);
    ask(r, path, bank, &theirs);
    if (mine.status != 200 || theirs.status != 409)
        COMPLAIN("own device: %d, foreign: %d", mine.status, theirs.status);
    raw_done(&mine);
    raw_done(&theirs);
}

static void other_app(const struct aw_route *r)
{
    char own[256], absent[256];
    if (strstr(r->path, "{message}")) {
        fill(own, sizeof(own), r->path, message, "");
        fill(absent, sizeof(absent), r->path, "msg_00000000000A0", "");
        same_as_absent(r, own, absent, "message");
        fill(own, sizeof(own), r->path, "ext:mine", "");
        fill(absent, sizeof(absent), r->path, "ext:nobodys", "");
        same_as_absent(r, own, absent, "external id");
    } else if (strstr(r->path, "{user}")) { /* each app has users of its own */
        if (strcmp(r->method, "GET") != 0)
            return;
        fill(own, sizeof(own), r->path, "", "li");
        fill(absent, sizeof(absent), r->path, "", "al");
        same_as_absent(r, own, absent, "user");
    } else if (strstr(r->path, "{device}")) {
        other_device(r);
    } else if (!other_object(r)) {
        COMPLAIN("whose is what this path names? Say so in this test");
    }
    /* and it cannot call itself another's */
    struct raw_answer a;
    fill(own, sizeof(own), r->path, message, "1");
    aw_format(absent, sizeof(absent), "%s?app=shop", own);
    ask(r, absent, bank, &a);
    if (a.status != 404)
        COMPLAIN("?app=shop with a key of bank: %d", a.status);
    raw_done(&a);
}

/* ---- all
 * --------------------------------------------------------------------------------------------- */

static void tap(const struct aw_route *r)
{
    n_tap++;
    printf("%sok %u - %s %s\n", why[0] ? "not " : "", n_tap, r->method, r->path);
    if (why[0])
        printf("# %s\n", why);
    why[0] = 0;
}

static void take_tokens(void)
{
    char name[32], token[AW_TOKEN_TEXT];
    while (scanf("%31s %63s", name, token) == 2) {
        if (strcmp(name, "bank") == 0)
            memcpy(bank, token, sizeof(bank));
        for (int bit = 0; bit < AW_N_SCOPES; bit++)
            if (strcmp(name + (name[0] == '*'), aw_scope_names[bit]) == 0)
                memcpy(name[0] == '*' ? appless[bit] : tokens[bit], token, sizeof(token));
    }
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    port = (unsigned)strtoul(argv[1], NULL, 10);
    message = argv[2];
    delivery = argv[3];
    take_tokens();
    for (const struct aw_route *r = aw_routes; r->method; r++) {
        char path[256];
        if (!r->scope)
            continue;
        fill(path, sizeof(path), r->path, "msg_00000000000A0", "0");
        without_token(r, path);
        each_scope(r, path);
        other_app(r);
        tap(r);
    }
    printf("1..%u\n", n_tap);
    return 0;
}
