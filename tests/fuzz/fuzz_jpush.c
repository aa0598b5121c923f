/* SPDX-License-Identifier: Apache-2.0
 *
 * chan/jpush.c: answers of the provider, and push objects of applications. The input is a letter
 * (p push, r report, c cid, b build), an HTTP status, a line end, and a body.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "chan/chan.h"
#include "chan/detail.h"
#include "codec/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static const struct aw_channel_setting settings[] = {
    {"app_key", "k"},
    {"master_secret", "secret-of-the-account"},
    {"push_url", "http://127.0.0.1/v3/"},
    {"report_url", "http://127.0.0.1/v3/"},
};
static const struct aw_chan_env env = {.node = "node"};

static void need(bool good)
{
    if (!good)
        abort();
}

static void push_answer(const struct aw_send *s, const struct aw_http_reply *r)
{
    struct aw_result ret;
    aw_jpush_ops.read(s, r, &ret);
    need(ret.outcome > AW_OUT_NONE && ret.outcome < AW_N_OUTCOMES);
    need((ret.outcome == AW_OUT_ACCEPTED) == (ret.provider_id[0] != '\0'));
    need(ret.outcome != AW_OUT_ACCEPTED || r->status == 200);
    need((ret.outcome == AW_OUT_THROTTLED) == (ret.wait > 0));
    need(strlen(ret.detail) <= AW_DETAIL_MAX);
    need(aw_utf8_clean(ret.detail, strlen(ret.detail), false));
    need(!strstr(ret.detail, "alias-of-li") && !strstr(ret.detail, "secret-of-the-account"));
}

static void report(const struct aw_channel *ch, const struct aw_http_reply *r)
{
    struct aw_query q = {.channel = ch,
                         .n = 2,
                         .items = {{.attempt = 1, .provider_id = "18103083292408631"},
                                   {.attempt = 2, .provider_id = "7"}}};
    struct aw_report ret;
    struct aw_news news = {0};
    aw_jpush_ops.read_query(&q, r, &ret, &news);
    need(news.n_receipts == 0 && news.n_replies == 0);
    need(ret.n == 2 && ret.items[0].attempt == 1 && ret.items[1].attempt == 2);
    for (unsigned i = 0; i < 2; i++)
        need(ret.items[i].level == AW_LEVEL_NONE || ret.items[i].level == AW_SENT ||
             ret.items[i].level == AW_DELIVERED);
    need(ret.answered || (ret.items[0].level == AW_LEVEL_NONE && ret.detail[0]));
}

static void build(struct aw_send *s, const char *push)
{
    struct aw_http_call c = {0};
    struct aw_err err = {""};
    json_t *body = NULL;
    s->push_json = push;
    if (aw_jpush_ops.build(&env, s, &c, &err) == 0) {
        need(aw_json_parse(aw_buf_str(&c.body), c.body.n, c.body.n, &body, &err) == 0);
        json_t *to = json_object_get(json_object_get(body, "audience"), "alias");
        need(json_object_size(json_object_get(body, "audience")) == 1 && json_array_size(to) == 1);
        need(json_is_object(json_object_get(body, "options")));
        json_decref(body);
    } else {
        need(err.text[0] != '\0');
    }
    aw_http_call_free(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    const struct aw_channel ch = {.name = "fuzz",
                                  .provider = aw_provider_find("jpush"),
                                  .settings = settings,
                                  .n_settings = AW_COUNT(settings)};
    struct aw_send s = {
        .attempt = 1, .ref = 1, .message = 2, .channel = &ch, .alias = "alias-of-li", .ttl = 60};
    char *cids[3], *text = aw_malloc(n + 1);
    memcpy(text, p, n);
    text[n] = '\0';
    char *body = memchr(text, '\n', n);
    if (body) {
        struct aw_http_reply r = {.end = AW_XFER_ANSWERED,
                                  .status = (int)strtol(text + 1, NULL, 10) % 1000,
                                  .body = body + 1,
                                  .n_body = n - (size_t)(body + 1 - text),
                                  .rate_reset = -1,
                                  .retry_after = -1};
        if (*text == 'p')
            push_answer(&s, &r);
        if (*text == 'r')
            report(&ch, &r);
        if (*text == 'b')
            build(&s, r.body);
        for (unsigned k = *text == 'c' ? aw_jpush_ops.read_cids(&r, cids, 3) : 0; k > 0; k--)
            aw_free(cids[k - 1]);
    }
    aw_free(text);
    return 0;
}
