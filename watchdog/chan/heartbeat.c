/* SPDX-License-Identifier: Apache-2.0
 *
 * The sign of life to an outside monitor: a GET of its URL, nothing else. Any 2xx will do. Not a
 * channel of the environment file; the settings are those of `heartbeat:`. No network here; any
 * thread.
 */
#include "chan/call.h"

#include <stdio.h>
#include <string.h>

static int build(const struct aw_chan_env *env, const struct aw_send *s, struct aw_http_call *c,
                 struct aw_err *err)
{
    const char *url = aw_channel_get(s->channel, "url");

    (void)env;
    aw_call_init(c, "GET");
    c->repeatable = true;
    aw_buf_puts(&c->url, url ? url : "");
    return aw_call_check(c, err);
}

static void read_reply(const struct aw_send *s, const struct aw_http_reply *r,
                       struct aw_result *ret)
{
    enum aw_outcome outcome;
    char text[32];

    if (!aw_result_begin(s, r, ret))
        return;
    outcome = aw_status_outcome(r->status);
    snprintf(text, sizeof(text), "HTTP %d", r->status);
    aw_result_end(s, ret, outcome, text, strlen(text));
}

const struct aw_provider_ops aw_heartbeat_ops = {
    .name = "heartbeat",
    .build = build,
    .read = read_reply,
};
