/* SPDX-License-Identifier: Apache-2.0
 *
 * chan/gateway.c: answers of an SMS gateway. The input is an HTTP status, a line end, a JSON
 * Pointer, a line end, and a body.
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

static void check(const char *pointer, const struct aw_http_reply *r)
{
    const struct aw_channel_setting settings[] = {
        {"password", "secret-of-the-account"},
        {"success_pointer", pointer},
        {"success_value", "0"},
        {"refused_values", "1001, 1002"},
        {"id_pointer", "/id"},
        {"success_status", "200-299"},
    };
    const struct aw_channel ch = {.name = "fuzz",
                                  .provider = aw_provider_find("gateway"),
                                  .settings = settings,
                                  .n_settings = AW_COUNT(settings)};
    const struct aw_send s = {.attempt = 1, .ref = 1, .channel = &ch, .phone = "+8613812345678"};
    struct aw_result ret;
    aw_gateway_ops.read(&s, r, &ret);
    need(ret.outcome > AW_OUT_NONE && ret.outcome < AW_N_OUTCOMES);
    need(ret.outcome != AW_OUT_ACCEPTED || (r->status >= 200 && r->status <= 299));
    need((ret.outcome == AW_OUT_THROTTLED) == (ret.wait > 0));
    need(strlen(ret.detail) <= AW_DETAIL_MAX);
    need(aw_utf8_clean(ret.detail, strlen(ret.detail), false));
    need(aw_utf8_clean(ret.provider_id, strlen(ret.provider_id), false));
    need(!strstr(ret.detail, "13812345678") && !strstr(ret.detail, "secret-of-the-account"));
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    char *text = aw_malloc(n + 1);
    memcpy(text, p, n);
    text[n] = '\0';
    char *pointer = memchr(text, '\n', n);
    char *body = pointer ? memchr(pointer + 1, '\n', n - (size_t)(pointer + 1 - text)) : NULL;
    if (body) {
        *pointer++ = *body++ = '\0';
        struct aw_http_reply r = {.end = AW_XFER_ANSWERED,
                                  .status = (int)strtol(text, NULL, 10) % 1000,
                                  .body = body,
                                  .n_body = n - (size_t)(body - text),
                                  .rate_reset = -1,
                                  .retry_after = -1};
        check(pointer, &r);
    }
    aw_free(text);
    return 0;
}
