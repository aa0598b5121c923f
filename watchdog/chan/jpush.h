/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside the JPush provider: jpush.c pushes, jpush_report.c asks and listens.
 */
#ifndef AW_CHAN_JPUSH_H
#define AW_CHAN_JPUSH_H

#include "chan/call.h"

/* BASE/PATH with exactly one slash between, Basic authentication, and the shared headers. */
int aw_jpush_begin(struct aw_http_call *c, const char *method, const struct aw_channel *ch,
                   const char *base_key, const char *path, struct aw_err *err);

int aw_jpush_build_query(const struct aw_query *q, struct aw_http_call *c, struct aw_err *err);
void aw_jpush_read_query(const struct aw_query *q, const struct aw_http_reply *r,
                         struct aw_report *ret, struct aw_news *news);
void aw_jpush_receive(const struct aw_channel *ch, const struct aw_inbound *in,
                      struct aw_news *ret);

#endif
