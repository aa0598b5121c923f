/* SPDX-License-Identifier: Apache-2.0
 *
 * The figures of a rule as JSON: one form for the API and for `ackwatch rules stats --db`. Pure.
 */
#ifndef AW_CODEC_RULESTATS_H
#define AW_CODEC_RULESTATS_H

#include "codec/jsonw.h"
#include "core/ports.h"

/* An object: rule, timelines by state, sent by channel, time to confirmation, avoidable texts. */
void aw_rulestats_write(struct aw_jsonw *w, const struct aw_rule_stats_row *s);

#endif
