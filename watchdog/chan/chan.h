/* SPDX-License-Identifier: Apache-2.0
 *
 * A provider is one small file behind one ops table: it turns a send into an HTTP request and an
 * answer into a result, with no network in sight (testable with bytes). xfer.c carries requests.
 * Mail is the exception: mail.c hands the send to a worker process that holds libesmtp.
 */
#ifndef AW_CHAN_CHAN_H
#define AW_CHAN_CHAN_H

#include "base/buf.h"
#include "base/guard.h"
#include "core/ports.h"

#define AW_HTTP_HEADERS 16
#define AW_REPLY_MAX    (256 * 1024) /* bytes of an answer; more is a failure */

struct aw_http_call {
    const char *method;
    struct aw_buf url, body;
    struct aw_buf header[AW_HTTP_HEADERS]; /* "Name: value", checked: no control bytes */
    unsigned n_headers;
    struct aw_buf userpwd; /* "user:password" for Basic, wiped after use */
    bool repeatable; /* carrying it out twice does no harm: it may go over a used connection, on
                        which libcurl repeats it by itself when the server had closed it */
    const struct aw_range *allow; /* of the channel; must live until the call has ended */
    unsigned n_allow;
    const char *ca_file; /* the only authorities for it, NULL: those of the system; lives as long */
};
void aw_http_call_free(struct aw_http_call *c);

enum aw_xfer_end {
    AW_XFER_ANSWERED,  /* an HTTP status came */
    AW_XFER_NOT_SENT,  /* failed before a byte of the request left: resolve, connect, TLS */
    AW_XFER_AMBIGUOUS, /* the request left, no (whole) answer came */
};
struct aw_http_reply {
    enum aw_xfer_end end;
    int status;
    const char *type; /* content type, "" if none */
    const char *body; /* NUL-terminated */
    size_t n_body;
    int rate_limit, rate_remaining, rate_reset; /* X-Rate-Limit-*, -1 absent */
    int retry_after;                            /* seconds, -1 absent */
    char error[256];                            /* transport error text, no secrets */
};

struct aw_provider_ops {
    const char *name; /* as in aw_providers */
    /* 0, or AW_EINVAL with a text: the send cannot be expressed (outcome refused). */
    int (*build)(const struct aw_chan_env *env, const struct aw_send *s, struct aw_http_call *c,
                 struct aw_err *err);
    void (*read)(const struct aw_send *s, const struct aw_http_reply *r, struct aw_result *ret);
    /* NULL, or: true when the refusal came from a part that can be left out; that part is gone from
     * *s, and the send is built and carried out once more before anybody hears of it. */
    bool (*again)(struct aw_send *s, const struct aw_result *r);
    /* Receipts; NULL when the provider has no report. */
    int (*build_query)(const struct aw_query *q, struct aw_http_call *c, struct aw_err *err);
    void (*read_query)(const struct aw_query *q, const struct aw_http_reply *r,
                       struct aw_report *ret, struct aw_news *news);
    /* Receipts and replies that come to /in/CHANNEL/...; NULL when the provider sends none. *ret is
     * empty before. Verifies first: nothing is decoded of what the provider did not send. */
    void (*receive)(const struct aw_channel *ch, const struct aw_inbound *in, struct aw_news *ret);
    /* Idempotency tokens fetched ahead; NULL when there are none. */
    int (*build_cids)(const struct aw_channel *ch, unsigned n, struct aw_http_call *c,
                      struct aw_err *err);
    /* Number of tokens put into ret (each aw_malloc'ed). */
    unsigned (*read_cids)(const struct aw_http_reply *r, char **ret, unsigned max);
};

extern const struct aw_provider_ops aw_jpush_ops, aw_gateway_ops, aw_webhook_ops;
extern const struct aw_provider_ops aw_wecom_ops, aw_dingtalk_ops, aw_feishu_ops;
extern const struct aw_provider_ops aw_jsms_ops, aw_jmessage_ops, aw_heartbeat_ops;
const struct aw_provider_ops *
aw_provider_ops_find(const char *name); /* registry.c; NULL for smtp */

#endif
