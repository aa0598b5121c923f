/* SPDX-License-Identifier: Apache-2.0
 *
 * What JSMS and JMessage have in common: Basic with the application's keys, an answer with a
 * msg_id, or {"error": {"code", "message"}}. No network here; any thread.
 */
#ifndef AW_CHAN_JIGUANG_H
#define AW_CHAN_JIGUANG_H

#include "chan/call.h"

/* The channel's url and path, with Basic. */
int aw_jiguang_call(struct aw_http_call *c, const char *method, const struct aw_channel *ch,
                    const char *path, struct aw_err *err);
/* POST of JSON to the channel's url and path. */
int aw_jiguang_begin(struct aw_http_call *c, const struct aw_channel *ch, const char *path,
                     struct aw_err *err);
/* Codes that no row has are refusals. */
void aw_jiguang_read(const struct aw_send *s, const struct aw_http_reply *r,
                     const struct aw_code_class *classes, struct aw_result *ret);

#endif
