/* SPDX-License-Identifier: Apache-2.0
 *
 * A fact of a timeline as the members of its log entry, and back. A member that is absent reads
 * as zero, so the way back gives exactly the fact that went in. Pure.
 */
#ifndef AW_STORE_FACT_H
#define AW_STORE_FACT_H

#include "audit/entry.h"
#include "core/timeline.h"

/* Texts in *e are constants. */
void aw_fact_to_entry(const struct aw_fact *f, struct aw_entry *e);

/* AW_ENOENT: an entry that carries no fact of one timeline; AW_ECORRUPT: unknown words. For
 * message.registered, that opens many timelines, the fact is the one they all begin with. */
int aw_fact_from_entry(const struct aw_entry *e, struct aw_fact *ret);

#endif
