/* SPDX-License-Identifier: Apache-2.0
 *
 * What the simulated providers saw and did, for whoever checks the daemon against it: a list that
 * only grows at its end. Each line is an object {n, at, what, user?, ...}; n counts from 1.
 *
 * Kept in memory as text, at most `max` lines and 128 MiB; past that the oldest go and are counted.
 * Callers hold the simulator's lock.
 */
#ifndef AW_SIM_RECORD_H
#define AW_SIM_RECORD_H

#include <jansson.h>

#include "base/buf.h"
#include "base/time.h"

#define AW_SIM_RECORD_MAX  100000
#define AW_SIM_RECORD_PAGE 10000 /* most lines in one answer */

struct aw_sim_record;

struct aw_sim_record *aw_sim_record_new(size_t max);
void aw_sim_record_free(struct aw_sim_record *r);

/* user may be NULL. Takes the object `more` over; its members follow those named above. */
void aw_sim_record_add(struct aw_sim_record *r, aw_time at, const char *what, const char *user,
                       json_t *more);

/* {"data":[...],"next":N,"dropped":D}: lines from n = from, at most limit; next is where to go on.
 */
void aw_sim_record_page(const struct aw_sim_record *r, uint64_t from, size_t limit,
                        struct aw_buf *out);

/* A JSON text of bytes that a stranger sent: what is not UTF-8 becomes '?', cut at 8 KiB. */
json_t *aw_sim_text(const char *p, size_t n);

#endif
