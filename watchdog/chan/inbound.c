/* SPDX-License-Identifier: Apache-2.0 */
#include "chan/inbound.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/form.h"
#include "base/mem.h"
#include "base/str.h"
#include "codec/digest.h"
#include "codec/json.h"

static bool type_is(const char *type, const char *want)
{
    return strncasecmp(type, want, strlen(want)) == 0 && strchr("; \t", type[strlen(want)]);
}

bool aw_letter_open(struct aw_letter *l, const struct aw_channel *ch, const struct aw_inbound *in,
                    struct aw_news *news)
{
    *l = (struct aw_letter){.channel = ch, .in = in, .news = news};
    l->form = !in->type[0] || type_is(in->type, "application/x-www-form-urlencoded");
    if (!type_is(in->type, "application/json") ||
        aw_json_parse(in->body, in->n_body, AW_INBOUND_MAX, &l->json, NULL) == 0)
        return true;
    l->json = NULL;
    aw_letter_refuse(l, AW_P_BAD_JSON, "the body is not JSON");
    return false;
}

void aw_letter_close(struct aw_letter *l)
{
    json_decref(l->json);
    l->json = NULL;
}

void aw_letter_refuse(struct aw_letter *l, enum aw_problem p, const char *why)
{
    l->news->refused = (int)p;
    snprintf(l->news->detail, sizeof l->news->detail, "%s", why);
}

/* Hashes of one length are compared. */
static bool same(const char *want, const char *given)
{
    uint8_t a[AW_SHA256], b[AW_SHA256];
    aw_sha256(a, want ? want : "", want ? strlen(want) : 0);
    aw_sha256(b, given, strlen(given));
    return aw_equal_ct(a, b, sizeof a) && want && *want;
}

bool aw_letter_secret(const struct aw_letter *l, const char *setting)
{
    return same(aw_channel_get(l->channel, setting), l->in->secret);
}

bool aw_letter_basic(const struct aw_letter *l, const char *user, const char *password)
{
    static const char scheme[] = "Basic ";
    const char *given = l->in->authorization;
    char want[1024], text[1024];
    size_t n = 0;
    if (!user || !password || strncasecmp(given, scheme, strlen(scheme)) != 0 ||
        snprintf(want, sizeof want, "%s:%s", user, password) >= (int)sizeof want)
        return false;
    given += strlen(scheme);
    if (aw_unb64(text, sizeof text - 1, given, strlen(given), &n) != 0)
        n = 0;
    text[n] = '\0';
    bool fits = same(want, text);
    aw_wipe(want, sizeof want);
    aw_wipe(text, sizeof text);
    return fits;
}

bool aw_scalar_text(const json_t *v, char *dst, size_t cap)
{
    int n = -1;
    if (json_is_string(v))
        n = snprintf(dst, cap, "%s", json_string_value(v));
    else if (json_is_integer(v))
        n = snprintf(dst, cap, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
    else if (json_is_boolean(v))
        n = snprintf(dst, cap, "%s", json_is_true(v) ? "true" : "false");
    return n >= 0 && (size_t)n < cap;
}

bool aw_letter_value(const struct aw_letter *l, const char *name, char *dst, size_t cap)
{
    dst[0] = '\0';
    if (!aw_scalar_text(json_object_get(l->json, name), dst, cap) &&
        (!l->form || aw_form_value(l->in->body, name, dst, cap) != 0) &&
        aw_form_value(l->in->query, name, dst, cap) != 0)
        return false;
    return dst[0] && aw_utf8_clean(dst, strlen(dst), false);
}

void aw_said_text(struct aw_said *said, const char *text)
{
    size_t n = aw_utf8_cut(text, strlen(text), sizeof said->text - 1), at = 0;
    for (const char *p = text, *end = text + n; p != end;) {
        const char *from = p;
        int32_t c = aw_utf8_next(&p, end);
        if (c < 0)
            p++;
        if (c < ' ' || (c >= 0x7f && c < 0xa0)) { /* broken bytes, line ends, controls */
            said->text[at++] = ' ';
            continue;
        }
        memcpy(said->text + at, from, (size_t)(p - from));
        at += (size_t)(p - from);
    }
    said->text[at] = '\0';
}

void aw_letter_said(const struct aw_letter *l, const char *name, struct aw_said *said)
{
    char text[8192] = "";
    if (!aw_scalar_text(json_object_get(l->json, name), text, sizeof text) &&
        (!l->form || aw_form_value(l->in->body, name, text, sizeof text) != 0) &&
        aw_form_value(l->in->query, name, text, sizeof text) != 0)
        text[0] = '\0';
    aw_said_text(said, text);
}

bool aw_letter_echo(struct aw_letter *l)
{
    char text[sizeof l->news->text];
    if (strcmp(l->in->method, "GET") != 0)
        return false;
    /* Letters and digits: nothing of a stranger's is shown by us. */
    if (aw_form_value(l->in->query, "echostr", text, sizeof text) != 0 ||
        strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") !=
            strlen(text)) {
        aw_letter_refuse(l, AW_P_VALIDATION, "GET wants ?echostr= of letters and digits");
        return true;
    }
    memcpy(l->news->text, text, sizeof text);
    return true;
}

bool aw_has_word(const char *list, const char *word)
{
    for (size_t n; list && *(list += strspn(list, " ,")); list += n) {
        n = strcspn(list, " ,");
        if (n == strlen(word) && memcmp(list, word, n) == 0)
            return true;
    }
    return false;
}
