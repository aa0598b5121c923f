/* SPDX-License-Identifier: Apache-2.0
 *
 * Two thousand hostile texts in each slot of a template, through every channel. What the receiver
 * would read is compared with what it reads when the slot is harmless: the same headers, fields and
 * members, the same values in all of them but those that were to hold the text.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "chan_fix.h"
#include "codec/json.h"
#include "codec/mime.h"
#include "core/template.h"

#define MARK  "MARK" /* the harmless value */
#define TEXTS 2000

/* --- hostile texts: every pair of these, so that one opens what the other closes ---------------
 */

static const char *const atoms[] = {
    "\r\nBcc: evil@x.example",
    "\r\nRCPT TO:<evil@x.example>",
    "\n.\r\nMAIL FROM:<evil@x.example>",
    "\r\n\r\n<html>",
    "\nX-Evil: 1",
    "\r\nContent-Type: text/html",
    "=?UTF-8?B?QmNjOiBldmls?=",
    "\"}",
    "\",\"to\":\"+9990000009",
    "\\\",\"audience\":\"all",
    "\\",
    "\\u0000",
    "']}",
    "[]{}",
    "&to=%2B9990000009",
    "&amp;",
    "=",
    "%0d%0aBcc:%20evil",
    "%00",
    "%",
    "+",
    ";drop table log--",
    "' OR 1=1 --",
    "<script>alert(1)</script>",
    "</p><a href=\"http://evil.example\">",
    "<at user_id=\"all\"></at>",
    "<@all>",
    "@all",
    "{{link}}",
    "{{password}}",
    "{{to}}{{",
    "}}",
    "${jndi:ldap://evil.example}",
    "`id`",
    "$(id)",
    "|id",
    "../../etc/passwd",
    "http://169.254.169.254/",
    "\xe2\x80\xae",
    "\xe2\x80\xa8",
    "\xf0\x9f\x98\x80",
    "\xc2\x85",
    "\t",
    "\x1b[2J",
    "\x7f",
};

/* The k-th text; the same in every run. */
static void hostile(unsigned k, char *dst, size_t cap)
{
    const unsigned n = AW_COUNT(atoms);
    snprintf(dst, cap, "%s%s%s", atoms[k % n], k % 3 ? " " : "", atoms[(k / n + k) % n]);
}

/* --- what is sent ------------------------------------------------------------------------------
 */

struct filling {
    const char *slot, *text; /* this slot holds this text, the others MARK */
};

static const char *value(void *ctx, const char *name)
{
    const struct filling *f = ctx;
    return aw_streq(name, f->slot) ? f->text : MARK;
}

/* Title, text, HTML and a form, all of the same template: so a text is in all of them at once. */
struct sending {
    struct aw_buf title, line, text, html;
    struct aw_channel_setting form[3];
    struct aw_send s;
};

static void expand_all(struct sending *x, const char *template, struct filling *f)
{
    struct aw_buf *const out[] = {&x->title, &x->line, &x->text, &x->html};
    const enum aw_escape esc[] = {AW_ESC_LINE, AW_ESC_LINE, AW_ESC_TEXT, AW_ESC_HTML};
    for (unsigned i = 0; i < AW_COUNT(out); i++) {
        out[i]->max = 65536;
        aw_buf_reset(out[i]);
        aw_template_expand(out[i], template, esc[i], value, f);
    }
}

static void prepare(struct sending *x, const struct aw_channel *ch, const char *template,
                    struct filling *f)
{
    expand_all(x, template, f);
    bool line = ch->provider->kind == AW_SMS; /* as render.c does */
    x->form[0] = (struct aw_channel_setting){"temp_id", "7"};
    x->form[1] = (struct aw_channel_setting){"para.one", aw_buf_str(&x->title)};
    x->form[2] = (struct aw_channel_setting){"para.two", aw_buf_str(&x->line)};
    x->s = (struct aw_send){.attempt = 9,
                            .ref = 1,
                            .message = 5,
                            .channel = ch,
                            .kind = ch->provider->kind,
                            .alias = "li",
                            .phone = "+8613812345678",
                            .email = "li@sim.invalid",
                            .im = "li-the-user",
                            .title = aw_buf_str(&x->title),
                            .text = aw_buf_str(line ? &x->line : &x->text),
                            .html = aw_buf_str(&x->html),
                            .link = "https://ack.example.com/a/TOKEN",
                            .event_type = "org.ackwatch.firing.claimed",
                            .time = 1795312970114,
                            .form = aw_streq(ch->provider->name, "jsms") ? x->form : NULL,
                            .n_form = aw_streq(ch->provider->name, "jsms") ? 3 : 0};
}

static void done(struct sending *x)
{
    struct aw_buf *const all[] = {&x->title, &x->line, &x->text, &x->html};
    for (unsigned i = 0; i < AW_COUNT(all); i++)
        aw_buf_free(all[i]);
}

/* --- what is received --------------------------------------------------------------------------
 */

/* Equal but for texts that held the mark; where they differ goes to where. */
static bool same_shape(const json_t *a, const json_t *b)
{
    const char *key, *s = json_string_value(a);
    json_t *v;
    if (json_typeof(a) != json_typeof(b) || json_object_size(a) != json_object_size(b) ||
        json_array_size(a) != json_array_size(b))
        return false;
    json_object_foreach((json_t *)a, key, v)
    {
        const json_t *other = json_object_get(b, key);
        if (!other || !same_shape(v, other))
            return false;
    }
    for (size_t i = 0; i < json_array_size(a); i++)
        if (!same_shape(json_array_get(a, i), json_array_get(b, i)))
            return false;
    if (s)
        return strstr(s, MARK) || aw_streq(s, json_string_value(b));
    return json_is_object(a) || json_is_array(a) || json_equal(a, b);
}

/* A form or a query as an object; fails on a name that comes twice. */
static json_t *read_form(const char *p)
{
    json_t *o = json_object();
    while (*p) {
        size_t n = strcspn(p, "&"), eq = strcspn(p, "=");
        char name[64], text[65536];
        size_t got = 0;
        if (eq >= n || eq >= sizeof(name))
            fail_msg("no form: %.200s", p);
        memcpy(name, p, eq);
        name[eq] = 0;
        for (size_t i = eq + 1; i < n; i++) {
            unsigned byte = (unsigned char)p[i];
            if (byte == '%' && i + 2 < n + 1) {
                assert_int_equal(sscanf(p + i + 1, "%2x", &byte), 1);
                i += 2;
            }
            text[got++] = (char)byte;
        }
        if (json_object_get(o, name))
            fail_msg("the field %s comes twice", name);
        json_object_set_new(o, name, json_stringn_nocheck(text, got));
        p += n + (p[n] == '&');
    }
    return o;
}

/* What the server of this call would understand. */
static json_t *receive(struct aw_http_call *c)
{
    const char *body = aw_buf_str(&c->body), *url = aw_buf_str(&c->url);
    const char *query = strchr(url, '?');
    json_t *headers = json_array(), *v = NULL;
    struct aw_err err;
    for (const char *p = url; *p; p++)
        if (*p <= ' ' || *p >= 0x7f)
            fail_msg("the URL holds byte %d", *p);
    for (unsigned i = 0; i < c->n_headers; i++) {
        const char *h = aw_buf_str(&c->header[i]);
        if (h[strcspn(h, "\r\n")])
            fail_msg("a header holds a line end: %s", h);
        json_array_append_new(headers, json_stringn(h, strcspn(h, ":")));
    }
    if (*body == '{' && aw_json_parse(body, c->body.n, 1 << 20, &v, &err) != 0)
        fail_msg("the body is no JSON: %s", err.text);
    if (!v)
        v = read_form(body);
    return json_pack("{s:s, s:s#, s:o, s:o, s:o}", "method", c->method, "url", url,
                     (int)(query ? query - url : (long)strlen(url)), "query",
                     read_form(query ? query + 1 : ""), "headers", headers, "body", v);
}

static json_t *deliver(const struct aw_send *s)
{
    static const struct aw_chan_env env = {.node = "node.example",
                                           .public_url = "https://ack.example.com"};
    struct aw_http_call c = {0};
    struct aw_err err = {""};
    const struct aw_provider_ops *ops = aw_provider_ops_find(s->channel->provider->name);
    if (ops->build(&env, s, &c, &err) != 0)
        fail_msg("%s: %s", s->channel->provider->name, err.text);
    json_t *ret = receive(&c);
    aw_http_call_free(&c);
    return ret;
}

/* The mail as its reader sees it: names of headers, MIME structure, addresses; texts decoded
 * elsewhere (test_mime). */
static json_t *deliver_mail(const struct aw_send *s)
{
    struct aw_buf out = AW_BUF_INIT(1 << 20);
    struct aw_err err = {""};
    const struct aw_mail mail = {.from_address = "aw@node.example",
                                 .to_address = s->email,
                                 .subject = s->title,
                                 .text = s->text,
                                 .html = s->html,
                                 .message_id = "aw_0000000000001@node.example",
                                 .date = s->time};
    if (aw_mime_build(&out, &mail, &err) != 0)
        fail_msg("mail: %s", err.text);
    json_t *lines = json_array();
    const char *named = strstr(aw_buf_str(&out), "boundary=\"");
    char mark[100];
    assert_non_null(named);
    assert_int_equal(sscanf(named, "boundary=\"%90[^\"]", mark), 1);
    bool header = true; /* of the mail or of a part */
    for (const char *p = aw_buf_str(&out), *end; *p; p = end + 2) {
        end = strstr(p, "\r\n");
        if (!end || memchr(p, '\n', (size_t)(end - p)) || memchr(p, '\r', (size_t)(end - p)))
            fail_msg("a bare line end in the mail");
        size_t n = (size_t)(end - p);
        if (n == 1 && *p == '.')
            fail_msg("a line of one dot in the mail");
        bool boundary = aw_starts(p, "--") && aw_starts(p + 2, mark);
        if (n == 0)
            header = false;
        else if (boundary)
            header = true;
        if ((header && *p != ' ' && *p != '\t') || boundary) {
            bool varies = aw_starts(p, "Subject:") || aw_starts(p, "Content-Transfer-Encoding:");
            json_array_append_new(lines, json_stringn(p, varies ? strcspn(p, ":") : n));
        }
    }
    aw_buf_free(&out);
    return lines;
}

/* --- every channel, every slot, every text -----------------------------------------------------
 */

static void try_slot(const struct aw_channel *ch, const char *slot,
                     json_t *(*send)(const struct aw_send *s))
{
    struct aw_buf template = AW_BUF_INIT(256);
    struct sending x = {0};
    aw_buf_printf(&template, "%s: {{%s}} - {{title}}", slot, slot);
    assert_int_equal(aw_template_check(aw_buf_str(&template), &(size_t){0}, NULL), 0);
    prepare(&x, ch, aw_buf_str(&template), &(struct filling){"", ""});
    json_t *plain = send(&x.s);
    for (unsigned k = 0; k < TEXTS; k++) {
        char text[256];
        hostile(k, text, sizeof(text));
        prepare(&x, ch, aw_buf_str(&template), &(struct filling){slot, text});
        json_t *got = send(&x.s);
        if (!same_shape(plain, got))
            fail_msg("%s, slot %s, text %u:\n%s\nshould be like\n%s", ch->provider->name, slot, k,
                     json_dumps(got, JSON_INDENT(1)), json_dumps(plain, JSON_INDENT(1)));
        json_decref(got);
    }
    json_decref(plain);
    aw_buf_free(&template);
    done(&x);
}

static void run(const struct aw_channel *ch, json_t *(*send)(const struct aw_send *s))
{
    for (unsigned i = 0; aw_template_names[i]; i++)
        try_slot(ch, aw_template_names[i], send);
    try_slot(ch, "extras.order", send);
    try_slot(ch, "labels.site", send);
}

#define KEYS "app_key", "key", "master_secret", "secret-1"
#define SMS                                                                                        \
    "url", "https://sms.example.net/send", "fields.to", "{{to}}", "fields.text", "{{text}}",       \
        "fields.ref", "{{ref}}"

static void no_text_leaves_its_place(void **state)
{
    const struct {
        const char *provider;
        const char *const *pairs;
    } channels[] = {
        {"jpush", (const char *const[]){KEYS, NULL}},
        {"gateway", (const char *const[]){SMS, NULL}},
        {"gateway", (const char *const[]){SMS, "format", "json", NULL}},
        {"gateway", (const char *const[]){SMS, "format", "query", NULL}},
        {"jsms", (const char *const[]){KEYS, NULL}},
        {"jmessage", (const char *const[]){KEYS, "from", "admin", NULL}},
        {"wecom", (const char *const[]){"url", "https://robot.example/send?key=k", NULL}},
        {"dingtalk", (const char *const[]){"url", "https://robot.example/send?access_token=k",
                                           "secret", "s", NULL}},
        {"feishu", (const char *const[]){"url", "https://robot.example/hook/k", NULL}},
        {"webhook", (const char *const[]){"url", "https://app.example/hook", "secret",
                                          "whsec_c2VjcmV0", NULL}},
    };
    (void)state;
    for (unsigned i = 0; i < AW_COUNT(channels); i++) {
        struct aw_channel *ch = fix_channel(channels[i].provider, channels[i].pairs);
        run(ch, deliver);
        fix_channel_free(ch);
    }
}

static void no_text_leaves_its_place_in_a_mail(void **state)
{
    struct aw_channel *ch = fix_channel(
        "smtp", (const char *const[]){"host", "mail.example", "from", "aw@node.example", NULL});
    (void)state;
    run(ch, deliver_mail);
    fix_channel_free(ch);
}

/* The comparison can fail: a text that got out of its place is seen. */
static void an_escape_would_be_seen(void **state)
{
    json_t *plain = json_pack("{s:s, s:s}", "text", "say " MARK, "to", "li");
    json_t *other = json_pack("{s:s, s:s}", "text", "say boo", "to", "wang");
    json_t *more = json_pack("{s:s, s:s, s:s}", "text", "say boo", "to", "li", "bcc", "wang");
    json_t *fine = json_pack("{s:s, s:s}", "text", "say boo", "to", "li");
    (void)state;
    assert_false(same_shape(plain, other));
    assert_false(same_shape(plain, more));
    assert_true(same_shape(plain, fine));
    json_decref(plain);
    json_decref(other);
    json_decref(more);
    json_decref(fine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_escape_would_be_seen),
        cmocka_unit_test(no_text_leaves_its_place),
        cmocka_unit_test(no_text_leaves_its_place_in_a_mail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
