/* SPDX-License-Identifier: Apache-2.0
 *
 * What providers send, and what they hand out: the first byte says which decoder reads the rest.
 *   c  a callback of JPush, JSON        g  a receipt of a gateway, as form and as JSON
 *   s  a post of JSMS, signed by us: type, a line end, data       f  the same form, unsigned
 *   r  reports of JSMS   a  replies of JSMS   d  states of devices of JPush
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "chan/call.h"
#include "codec/digest.h"

#define NOW ((aw_time)1795341600000)

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static const struct aw_channel_setting settings[] = {
    {"app_key", "key"},
    {"master_secret", "secret-of-the-account"},
    {"url", "http://127.0.0.1/"},
    {"report_url", "http://127.0.0.1/"},
    {"tier", "vip"},
    {"callback_secret", "s3cret"},
    {"callback_list", "data"},
    {"callback_id", "msg_id"},
    {"callback_params", "params"},
    {"reports", "callback"},
    {"receipt_secret", "s3cret"},
    {"receipt_ref", "ref"},
    {"receipt_status", "status"},
    {"receipt_delivered", "DELIVRD 0"},
    {"receipt_failed", "UNDELIV"},
};

static void need(bool good)
{
    if (!good)
        abort();
}

static void check(const struct aw_news *n, bool hints)
{
    need(n->n_receipts <= AW_NEWS_MAX && n->n_replies <= AW_NEWS_MAX);
    need(n->refused >= 0 && n->refused < AW_N_PROBLEMS);
    need(strlen(n->text) < sizeof n->text && strlen(n->nonce) < sizeof n->nonce);
    need(!strstr(n->detail, "secret-of-the-account"));
    for (unsigned i = 0; i < n->n_receipts; i++) {
        const struct aw_receipt *r = &n->receipts[i];
        need(r->ref || r->provider_id[0]);
        need(aw_utf8_clean(r->provider_id, strlen(r->provider_id), false));
        need(r->hint == hints && (!hints || (!r->level && !r->negative)));
        need(r->level == AW_LEVEL_NONE || r->level == AW_DELIVERED);
        need(!r->level || !r->negative);
        need(r->at >= 0);
    }
    for (unsigned i = 0; i < n->n_replies; i++) {
        need(aw_utf8_clean(n->replies[i].from, strlen(n->replies[i].from), false));
        need(aw_utf8_clean(n->replies[i].text, strlen(n->replies[i].text), false));
    }
}

static void receive(const char *provider, const char *type, const char *body)
{
    const struct aw_channel ch = {.name = "fuzz",
                                  .provider = aw_provider_find(provider),
                                  .settings = settings,
                                  .n_settings = AW_COUNT(settings)};
    const struct aw_inbound in = {.channel = "fuzz",
                                  .secret = "s3cret",
                                  .method = "POST",
                                  .query = "",
                                  .type = type,
                                  .authorization = "",
                                  .body = body,
                                  .n_body = strlen(body),
                                  .now = NOW};
    struct aw_news news = {0};
    aw_provider_ops_find(provider)->receive(&ch, &in, &news);
    check(&news, strcmp(provider, "jpush") == 0);
    aw_news_free(&news);
}

static void signed_post(char *text)
{
    static const char what[] =
        "appKey=key&appMasterSecret=secret-of-the-account&nonce=7&timestamp=1795341600000";
    struct aw_buf body = AW_BUF_INIT(1 << 20);
    uint8_t sum[AW_SHA1];
    char hex[2 * AW_SHA1 + 1], *data = strchr(text, '\n');
    if (!data)
        return;
    *data++ = '\0';
    aw_sha1(sum, what, strlen(what));
    aw_hex(hex, sum, sizeof sum);
    aw_buf_printf(&body, "nonce=7&timestamp=1795341600000&signature=%s&type=", hex);
    aw_percent(&body, text);
    aw_buf_puts(&body, "&data=");
    aw_percent(&body, data);
    receive("jsms", "application/x-www-form-urlencoded", aw_buf_str(&body));
    aw_buf_free(&body);
}

static void report(const char *provider, enum aw_ask what, const char *body)
{
    const struct aw_channel ch = {.name = "fuzz",
                                  .provider = aw_provider_find(provider),
                                  .settings = settings,
                                  .n_settings = AW_COUNT(settings)};
    const struct aw_query q = {.channel = &ch,
                               .what = what,
                               .now = NOW,
                               .n = what == AW_ASK_DEVICES,
                               .items = {{.attempt = 1, .provider_id = "7", .sent = NOW}}};
    const struct aw_http_reply r = {.end = AW_XFER_ANSWERED,
                                    .status = 200,
                                    .body = body,
                                    .n_body = strlen(body),
                                    .rate_reset = -1,
                                    .retry_after = -1};
    struct aw_news news = {0};
    struct aw_report ret;
    aw_provider_ops_find(provider)->read_query(&q, &r, &ret, &news);
    need(ret.n == q.n && ret.what == what && strlen(ret.detail) < sizeof ret.detail);
    need(ret.answered || (!news.n_receipts && !news.n_replies));
    need(what != AW_ASK_DEVICES || (!news.n_receipts && (ret.items[0].level == AW_LEVEL_NONE ||
                                                         ret.items[0].level == AW_DELIVERED)));
    check(&news, false);
    aw_news_free(&news);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    static const char form[] = "application/x-www-form-urlencoded", json[] = "application/json";
    if (n == 0)
        return 0;
    char *text = aw_malloc(n);
    memcpy(text, p + 1, n - 1);
    text[n - 1] = '\0';
    switch (p[0]) {
    case 'c':
        receive("jpush", json, text);
        break;
    case 'g':
        receive("gateway", form, text);
        receive("gateway", json, text);
        break;
    case 's':
        signed_post(text);
        break;
    case 'f':
        receive("jsms", form, text);
        break;
    case 'r':
        report("jsms", AW_ASK_REPORTS, text);
        break;
    case 'a':
        report("jsms", AW_ASK_REPLIES, text);
        break;
    case 'd':
        report("jpush", AW_ASK_DEVICES, text);
        break;
    default:
        break;
    }
    aw_free(text);
    return 0;
}
