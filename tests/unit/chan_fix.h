/* SPDX-License-Identifier: Apache-2.0
 *
 * For the tests of chan/: channels with the defaults of the provider table, and the core's end of
 * the inbox.
 */
#ifndef AW_TESTS_CHAN_FIX_H
#define AW_TESTS_CHAN_FIX_H

#include "chan/chan.h"
#include "chan/dispatch.h"

/* A channel "test" of a provider; pairs: key, value, ..., NULL. Freed by fix_channel_free. */
struct aw_channel *fix_channel(const char *provider, const char *const *pairs);
void fix_channel_free(struct aw_channel *c);

/* What dispatch puts, taken out in order of arrival. */
struct fix_core;
struct fix_core *fix_core_new(void);
void fix_core_free(struct fix_core *core);
struct aw_submit fix_core_submit(struct fix_core *core);
void fix_core_refuse(struct fix_core *core, unsigned n); /* the next n puts find the lane full */
/* The next command (aw_cmd_free), or NULL after ms. */
struct aw_cmd *fix_core_take(struct fix_core *core, aw_ms ms);

#endif
