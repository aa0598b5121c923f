/* SPDX-License-Identifier: Apache-2.0
 *
 * What a template would cost and whether it does its work, said when it is loaded and not by the
 * bill: an SMS by its segments, with values of usual length in the place of {{names}}. Only what is
 * certain is an error; what depends on values is a warning. Constant data, any thread.
 */
#include "conf/env.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/sms.h"
#include "conf/templates_int.h"

enum { MAX_SEGMENTS = 10, JSMS_CHARS = 350, TEXT_MAX = 64 << 10 };

/* --- samples ------------------------------------------------------------------------------- */

/* {{link}} and {{code}} have the length of real ones. */
static const struct sample {
    const char *name, *en, *zh;
} samples[] = {
    {"title", "Your order has shipped", "您的订单已发货，请及时查收"},
    {"body", "Order 42 left our house today and arrives tomorrow.",
     "您的订单 42 今天已经发出，预计明天送达。"},
    {"link", "https://ack.example.com/a/MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1u", NULL},
    {"code", "482913", NULL},
    {"user", "u-1002", NULL},
    {"rule", "order-status", NULL},
    {"message", "msg_0ABC123DEF456", NULL},
    {"step", "text", NULL},
    {"recipient", "u-1002", NULL},
    {"deadline", "2026-11-23T10:30:00Z", NULL},
    {"count", "12", NULL},
    {"app", "shop", NULL},
};

const char *aw_template_sample(const char *name, const char *lang)
{
    bool chinese = lang != NULL && strncasecmp(lang, "zh", 2) == 0;
    for (unsigned i = 0; i < AW_COUNT(samples); i++)
        if (aw_streq(samples[i].name, name))
            return chinese && samples[i].zh != NULL ? samples[i].zh : samples[i].en;
    return "42"; /* extras.KEY, labels.KEY */
}

/* How a name is filled in: with its sample, or with as little as it may have. */
struct filling {
    const char *lang;
    bool least;
};

static const char *fill(void *ctx, const char *name)
{
    const struct filling *f = ctx;
    bool fixed = aw_streq(name, "link") || aw_streq(name, "code");
    return f->least && !fixed ? "" : aw_template_sample(name, f->lang);
}

static struct aw_buf expand(const char *text, const char *lang, bool least)
{
    struct aw_buf out = AW_BUF_INIT(TEXT_MAX);
    aw_template_expand(&out, text, AW_ESC_LINE, fill, &(struct filling){lang, least});
    return out;
}

/* --- SMS ----------------------------------------------------------------------------------- */

static void print_char(char dst[32], int32_t c, const char *at)
{
    const char *end = at;
    aw_utf8_next(&end, at + strlen(at));
    if (c < 0x21 || c == 0xa0 || c == 0xad || (c >= 0x2000 && c < 0x2010) || c == 0xfeff)
        snprintf(dst, 32, "U+%04X", (unsigned)c);
    else
        snprintf(dst, 32, "\"%.*s\" (U+%04X)", (int)(end - at), at, (unsigned)c);
}

/* One character that word processors like makes UCS-2 of a GSM text, and two SMS of one. True when
 * that was said. */
static bool check_odd(struct aw_reader *r, const struct aw_yaml *v, const char *text)
{
    struct aw_sms_odd odd, whole;
    struct aw_sms_count count;
    if (!aw_sms_odd(text, strlen(text), &odd) || !odd.all)
        return false;
    struct aw_buf full = expand(text, "en", false);
    aw_sms_count(aw_buf_str(&full), full.n, &count);
    bool dearer = aw_sms_odd(aw_buf_str(&full), full.n, &whole) && whole.all &&
                  whole.fixed.segments < count.segments;
    aw_buf_free(&full);
    if (!dearer)
        return false;
    char shown[32], hint[96], more[48] = "";
    bool exact;
    print_char(shown, odd.c, text + odd.at);
    if (odd.others > 0)
        snprintf(more, sizeof(more), aw_schema_t(r, ", and %u more"), odd.others);
    snprintf(hint, sizeof(hint),
             aw_schema_t(r, odd.instead[0] != '\0' ? N_("write %s%s") : N_("take it out%s%s")),
             odd.instead[0] == ' ' ? aw_schema_t(r, "a plain blank") : odd.instead, more);
    struct aw_yaml_place at = aw_template_place(v, odd.at, &exact);
    aw_diag_warn(r->diag, r->file, at, 1, "W108", hint,
                 "%s, character %u, takes this SMS out of GSM-7: %u segments instead of %u", shown,
                 odd.position, count.segments, whole.fixed.segments);
    return true;
}

/* {{code}} and {{link}} must reach the phone in one piece, and be seen first. */
static void check_whole(struct aw_reader *r, const struct aw_yaml *v, const char *text,
                        const char *lang, const char *name)
{
    const char *at = strstr(text, name), *after = at != NULL ? at + strlen(name) : NULL;
    if (at == NULL)
        return;
    AW_AUTO_FREE char *head = aw_strndup(text, (size_t)(after - text));
    struct aw_buf upto = expand(head, lang, false), full = expand(text, lang, false);
    unsigned segment = aw_sms_segment_of(aw_buf_str(&full), full.n, upto.n - 1);
    aw_buf_free(&upto);
    aw_buf_free(&full);
    if (segment == 0)
        return;
    bool exact;
    struct aw_yaml_place place = aw_template_place(v, (size_t)(at - text), &exact);
    aw_diag_warn(r->diag, r->file, place, exact ? (unsigned)strlen(name) : 1, "W105",
                 "put it first, or shorten the text before it",
                 "%s does not fit in the first segment of this SMS: with usual values it ends in "
                 "segment %u",
                 name, segment + 1);
}

void aw_template_check_sms(struct aw_reader *r, const struct aw_yaml *v, const char *text,
                           const char *lang)
{
    struct aw_sms_count least;
    struct aw_buf bare = expand(text, lang, true);
    aw_sms_count(aw_buf_str(&bare), bare.n, &least);
    aw_buf_free(&bare);
    if (least.segments > MAX_SEGMENTS)
        aw_schema_error(
            r, v, "E126", "shorten it",
            "the text takes %u segments before any value is filled in; carriers take %d",
            least.segments, MAX_SEGMENTS);
    else if (!check_odd(r, v, text) && least.segments > 1)
        aw_diag_warn(
            r->diag, r->file, v->at, 1, "W107", "shorten it, or pay for each segment",
            "the text takes %u segments (%s, %u of %u units) before any value is filled in",
            least.segments, aw_sms_coding_name(least.coding), least.units,
            aw_sms_single(least.coding));
    check_whole(r, v, text, lang, "{{code}}");
    check_whole(r, v, text, lang, "{{link}}");
}

/* Values that do not belong on a locked screen, nor with a carrier. */
static const char *const private_words[] = {"password", "passwd",  "secret",    "token", "id_card",
                                            "idcard",   "card_no", "id_number", "ssn",   "cvv",
                                            "diagnos",  "密码",    "身份证",    "诊断"};

void aw_template_check_private(struct aw_reader *r, const struct aw_yaml *v, const char *text)
{
    for (const char *p = text; (p = strstr(p, "{{")) != NULL; p += 2) {
        char name[128];
        size_t n = strcspn(p + 2, "}");
        snprintf(name, sizeof(name), "%.*s", (int)(n < sizeof(name) ? n : 0), p + 2);
        for (unsigned i = 0; i < AW_COUNT(private_words); i++) {
            if (strcasestr(name, private_words[i]) == NULL)
                continue;
            bool exact;
            struct aw_yaml_place at = aw_template_place(v, (size_t)(p - text), &exact);
            aw_diag_warn(r->diag, r->file, at, exact ? (unsigned)n + 4 : 1, "W115",
                         "say what it is about, and show the value behind a log-in",
                         "{{%s}} looks like something that others must not read", name);
            break;
        }
    }
}

/* A literal address of the web in a Chinese text that no provider has audited. */
void aw_template_check_link(struct aw_reader *r, const struct aw_yaml *v, const char *text,
                            const char *lang)
{
    const char *p = strcasestr(text, "http://") ?: strcasestr(text, "https://");
    if (p == NULL || strncasecmp(lang, "zh", 2) != 0)
        return;
    bool exact;
    struct aw_yaml_place at = aw_template_place(v, (size_t)(p - text), &exact);
    aw_diag_warn(r->diag, r->file, at, exact ? 4 : 1, "W116",
                 "have it audited and add the form, or use {{link}}",
                 "carriers of mainland China reject most texts with an address of the web");
}

/* --- forms --------------------------------------------------------------------------------- */

void aw_template_check_form(struct aw_reader *r, const struct aw_provider *p,
                            const struct aw_yaml *v)
{
    struct aw_sms_count count;
    if (!aw_streq(p->name, "jsms") || v->type != AW_YAML_SCALAR)
        return;
    aw_sms_count(v->text, strlen(v->text), &count);
    if (count.chars > JSMS_CHARS)
        aw_schema_error(r, v, "E126", "shorten it", "JSMS takes texts of at most %d characters",
                        JSMS_CHARS);
    if (strstr(v->text, "【") != NULL || strstr(v->text, "】") != NULL)
        aw_schema_error(r, v, "E126", "the signature is sign_id, not text",
                        "JSMS takes no 【】 in a parameter");
}
