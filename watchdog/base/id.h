/* SPDX-License-Identifier: Apache-2.0
 *
 * Identifiers: 63 bits = 41 bits milliseconds since 2024-01-01T00:00:00Z, 6 bits shard, 16 bits
 * sequence. They rise with time, so that every insert lands on the right edge of its tree. Shown
 * as a prefix and 13 Crockford base32 characters: msg_0000000000000. Parsing ignores case and
 * reads I, L as 1 and O as 0, as Crockford says.
 *
 * A message reserves a run of 1 + recipients ids: its timelines are message.id + n, n from 0.
 */
#ifndef AW_BASE_ID_H
#define AW_BASE_ID_H

#include "base/time.h"

typedef int64_t aw_id; /* positive; 0 is "none" */

#define AW_ID_EPOCH    ((aw_time)1704067200000)
#define AW_ID_LOW_BITS 22 /* shard and sequence */
#define AW_ID_TEXT     24 /* prefix, 13 characters and NUL */

struct aw_idgen {
    aw_id last; /* highest id handed out, or read from the store at start */
    unsigned shard;
};

/* Takes a run of n consecutive ids and returns the first. A clock that stands or jumps back never
 * makes an id fall. 1 <= n <= 65536. */
aw_id aw_id_take(struct aw_idgen *g, aw_time now, unsigned n);

aw_time aw_id_time(aw_id id);
/* The lowest id that could be made at an instant. */
aw_id aw_id_first(aw_time at);

/* prefix: "msg_", "att_", "key_". */
void aw_id_print(char dst[AW_ID_TEXT], const char *prefix, aw_id id);
int aw_id_parse(const char *s, const char *prefix, aw_id *ret);

#endif
