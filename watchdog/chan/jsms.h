/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside the JSMS provider: jsms.c sends, jsms_report.c asks and listens.
 */
#ifndef AW_CHAN_JSMS_H
#define AW_CHAN_JSMS_H

#include "chan/jiguang.h"

int aw_jsms_build_query(const struct aw_query *q, struct aw_http_call *c, struct aw_err *err);
void aw_jsms_read_query(const struct aw_query *q, const struct aw_http_reply *r,
                        struct aw_report *ret, struct aw_news *news);
void aw_jsms_receive(const struct aw_channel *ch, const struct aw_inbound *in, struct aw_news *ret);

#endif
