/* SPDX-License-Identifier: Apache-2.0
 *
 * What the providers share when they build a request and read an answer (registry.c).
 */
#ifndef AW_CHAN_CALL_H
#define AW_CHAN_CALL_H

#include "chan/chan.h"

#define AW_URL_MAX    (16 * 1024)
#define AW_HEADER_MAX (8 * 1024)
#define AW_BODY_MAX   (1024 * 1024)

void aw_call_init(struct aw_http_call *c, const char *method);
/* Refuses control bytes in the value and more headers than there is room for. */
int aw_call_header(struct aw_http_call *c, const char *name, const char *value, struct aw_err *err);
/* AW_EINVAL when a part went over its limit. The last step of each build. */
int aw_call_check(const struct aw_http_call *c, struct aw_err *err);

/* Percent-encoding of all but the unreserved characters of RFC 3986. */
void aw_percent(struct aw_buf *out, const char *s);

/* Adds the text; one that takes more than max bytes in JSON is cut and ends with "…". */
void aw_call_cut(struct aw_buf *out, const char *text, size_t n, size_t max);

/* What a provider's own codes mean: one table a provider, the first row that fits counts. */
struct aw_code_class {
    int from, to; /* codes; the last row is all zero */
    enum aw_outcome outcome;
    const char *words; /* that its text must hold too, or NULL */
};
/* AW_OUT_NONE: no row fits. text: what came with the code, may be NULL. */
enum aw_outcome aw_code_outcome(const struct aw_code_class *classes, int code, const char *text);

/* The class of an HTTP status where the provider says nothing better. */
enum aw_outcome aw_status_outcome(int status);

/* Seconds of a header, at least one; -1: absent, then the provider's usual wait. The engine keeps
 * it within the deadline, the channel looks again after five minutes. */
aw_ms aw_wait(const struct aw_channel *ch, int seconds);

/* Empties *ret but for what an answer of 5xx asks us to wait. False when no answer came: the result
 * is complete, transient or unknown. */
bool aw_result_begin(const struct aw_send *s, const struct aw_http_reply *r, struct aw_result *ret);
/* An empty report about the items of a question, with what the answer says of limits. */
void aw_report_begin(const struct aw_query *q, const struct aw_http_reply *r,
                     struct aw_report *ret);
/* Sets outcome, level and the masked detail text. */
void aw_result_end(const struct aw_send *s, struct aw_result *ret, enum aw_outcome outcome,
                   const char *text, size_t n);

#endif
