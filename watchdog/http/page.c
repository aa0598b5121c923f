/* SPDX-License-Identifier: Apache-2.0 */
#include "http/page.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "codec/digest.h"

static const char style[] =
    "body{font-family:sans-serif;line-height:1.5;margin:2em auto;max-width:32em;padding:0 1em;"
    "color:#222;background:#fff}h1{font-size:1.3em}.body{white-space:pre-wrap;"
    "overflow-wrap:break-word}button{font-size:1.1em;padding:.7em 2em;color:#fff;"
    "background:#0b5;border:0;border-radius:.3em}";

struct words {
    const char *head[AW_N_PAGES], *text[AW_N_PAGES];
    const char *button, *fallback;
};

static const struct words words[AW_N_LANGS] = {
    [AW_LANG_EN] =
        {
            .head = {"Please confirm", "Confirmed", "Withdrawn", "Unknown link",
                     "Please try again"},
            .text = {"Press the button to confirm that you have read this message.",
                     "Thank you. Your confirmation is recorded.",
                     "This message was withdrawn. There is nothing to confirm.",
                     "This link is not valid. Perhaps a part of it is missing.",
                     "Your confirmation could not be recorded now. Please try again in a minute."},
            .button = "Confirm",
            .fallback = "An important message for you",
        },
    [AW_LANG_ZH] =
        {
            .head = {"请确认", "已确认", "已撤回", "链接无效", "请稍后再试"},
            .text = {"请点击按钮，确认您已阅读此消息。", "谢谢，您的确认已记录。",
                     "此消息已撤回，无需确认。", "此链接无效，可能不完整。",
                     "暂时无法记录您的确认，请一分钟后再试。"},
            .button = "确认",
            .fallback = "您有一条重要消息",
        },
};

enum aw_lang aw_page_lang(const char *accept, const char *own)
{
    for (const char *p = accept; p && *p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL) {
        p += strspn(p, " \t");
        size_t n = strcspn(p, "-;, \t");
        if (n == 2 && strncasecmp(p, "zh", 2) == 0)
            return AW_LANG_ZH;
        if (n == 2 && strncasecmp(p, "en", 2) == 0)
            return AW_LANG_EN;
    }
    return own && strncasecmp(own, "zh", 2) == 0 ? AW_LANG_ZH : AW_LANG_EN;
}

enum aw_page_kind aw_page_of(enum aw_state state, bool confirmed_now)
{
    if (state == AW_CANCELLED)
        return AW_PAGE_WITHDRAWN;
    if (confirmed_now || state == AW_CONFIRMED)
        return AW_PAGE_THANKS;
    return AW_PAGE_ASK; /* also when too late: it is recorded as late */
}

static void escaped(struct aw_buf *out, const char *s)
{
    for (; *s; s++) {
        switch (*s) {
        case '<':
            aw_buf_puts(out, "&lt;");
            break;
        case '>':
            aw_buf_puts(out, "&gt;");
            break;
        case '&':
            aw_buf_puts(out, "&amp;");
            break;
        case '"':
            aw_buf_puts(out, "&quot;");
            break;
        case '\'':
            aw_buf_puts(out, "&#39;");
            break;
        default:
            aw_buf_putc(out, *s);
        }
    }
}

static void write_content(struct aw_buf *out, const struct words *w, const char *title,
                          const char *body)
{
    aw_buf_puts(out, "<h1>");
    escaped(out, title ? title : w->fallback);
    aw_buf_puts(out, "</h1>\n");
    if (body) {
        aw_buf_puts(out, "<div class=\"body\">");
        escaped(out, body);
        aw_buf_puts(out, "</div>\n");
    }
}

void aw_page_write(struct aw_buf *out, enum aw_page_kind kind, enum aw_lang lang, const char *title,
                   const char *body)
{
    const struct words *w = &words[lang];

    aw_buf_printf(out,
                  "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n"
                  "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                  "<meta name=\"robots\" content=\"noindex\">\n"
                  "<title>%s</title>\n<style>%s</style>\n</head>\n<body>\n",
                  aw_lang_tag(lang), w->head[kind], style);
    if (kind == AW_PAGE_ASK || kind == AW_PAGE_THANKS)
        write_content(out, w, title, body);
    else
        aw_buf_printf(out, "<h1>%s</h1>\n", w->head[kind]);
    aw_buf_printf(out, "<p>%s</p>\n", w->text[kind]);
    if (kind == AW_PAGE_ASK)
        aw_buf_printf(
            out, "<form method=\"post\" action=\"\"><button type=\"submit\">%s</button></form>\n",
            w->button);
    aw_buf_puts(out, "</body>\n</html>\n");
}

void aw_page_policy(char *dst, size_t cap)
{
    uint8_t hash[AW_SHA256];
    char text[64];

    aw_sha256(hash, style, strlen(style));
    aw_b64(text, hash, sizeof(hash));
    snprintf(dst, cap,
             "default-src 'none'; style-src 'sha256-%s'; form-action 'self'; base-uri 'none'; "
             "frame-ancestors 'none'",
             text);
}
