/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the engine share, and nobody else: timeline.c the fold without the due, the
 * engine's files their helpers over one call.
 *
 *   engine.c         aw_engine_step: one switch over the events; emitting facts
 *   engine_due.c     what is due now: downtimes, tries, firings, deadline, max_age
 *   engine_result.c  how tries end: retries, next channels, next targets, advance
 *   engine_time.c    when things are due: pure questions about rule and timeline
 */
#ifndef AW_CORE_ENGINE_INT_H
#define AW_CORE_ENGINE_INT_H

#include "core/engine.h"

/* aw_timeline_apply without next_due. */
int aw_timeline_fold(struct aw_timeline *tl, const struct aw_fact *f);
/* Final, and no try waits: nothing to look at any more. */
bool aw_timeline_rests(const struct aw_timeline *tl);

#endif
