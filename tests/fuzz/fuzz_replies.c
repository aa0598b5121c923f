/* SPDX-License-Identifier: Apache-2.0
 *
 * chan/robots.c and chan/jiguang.c: answers of robots, JSMS and JMessage. The input is the name of
 * a provider, a line end, an HTTP status, a line end, and a body.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "chan/chan.h"
#include "chan/detail.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void need(bool good)
{
    if (!good)
        abort();
}

static void check(const struct aw_provider_ops *ops, const struct aw_http_reply *r)
{
    const struct aw_channel_setting settings[] = {
        {"url", "https://robot.example.net/key-of-the-robot"},
        {"secret", "secret-of-the-account"},
        {"master_secret", "secret-of-the-account"},
    };
    const struct aw_channel ch = {.name = "fuzz",
                                  .provider = aw_provider_find(ops->name),
                                  .settings = settings,
                                  .n_settings = AW_COUNT(settings)};
    const struct aw_send s = {.attempt = 1, .ref = 1, .channel = &ch, .im = "user-of-the-robot"};
    struct aw_result ret;
    ops->read(&s, r, &ret);
    need(ret.outcome > AW_OUT_NONE && ret.outcome < AW_N_OUTCOMES);
    need(ret.outcome != AW_OUT_ACCEPTED || ret.code == 50034 || r->status / 100 == 2);
    need((ret.outcome == AW_OUT_THROTTLED) == (ret.wait > 0));
    need((ret.outcome == AW_OUT_ACCEPTED) == (ret.level == AW_ACCEPTED));
    need(strlen(ret.detail) <= AW_DETAIL_MAX);
    need(aw_utf8_clean(ret.detail, strlen(ret.detail), false));
    need(aw_utf8_clean(ret.provider_id, strlen(ret.provider_id), false));
    need(!strstr(ret.detail, "user-of-the-robot"));
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    static const char *const names[] = {"wecom", "dingtalk", "feishu", "jsms", "jmessage"};
    char *text = aw_malloc(n + 1);
    memcpy(text, p, n);
    text[n] = '\0';
    char *status = memchr(text, '\n', n);
    char *body = status ? memchr(status + 1, '\n', n - (size_t)(status + 1 - text)) : NULL;
    if (body) {
        *status++ = *body++ = '\0';
        struct aw_http_reply r = {.end = AW_XFER_ANSWERED,
                                  .status = (int)strtol(status, NULL, 10) % 1000,
                                  .body = body,
                                  .n_body = n - (size_t)(body - text),
                                  .rate_reset = -1,
                                  .retry_after = -1};
        for (unsigned i = 0; i < AW_COUNT(names); i++)
            if (aw_streq(text, names[i]))
                check(aw_provider_ops_find(names[i]), &r);
    }
    aw_free(text);
    return 0;
}
