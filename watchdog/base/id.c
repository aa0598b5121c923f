/* SPDX-License-Identifier: Apache-2.0
 *
 * Identifiers: bits 62..22 milliseconds, 21..16 shard, 15..0 sequence.
 */
#include "base/id.h"

#include <stdio.h>
#include <string.h>

#define SEQ_BITS   16
#define SHARD_BITS 6
#define MS_SHIFT   (SEQ_BITS + SHARD_BITS)
#define MS_MAX     (((int64_t)1 << 41) - 1)
#define SEQ_SPACE  (1 << SEQ_BITS)
#define N_DIGITS   13

static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

aw_id aw_id_take(struct aw_idgen *g, aw_time now, unsigned n)
{
    int64_t ms = now < AW_ID_EPOCH ? 0 : now - AW_ID_EPOCH;
    int64_t shard = g->shard & ((1 << SHARD_BITS) - 1);
    int64_t last_ms = g->last >> MS_SHIFT;
    int64_t last_shard = g->last >> SEQ_BITS & ((1 << SHARD_BITS) - 1);
    int64_t seq = 0;

    if (ms <= last_ms) {
        ms = last_ms;
        seq = (g->last & (SEQ_SPACE - 1)) + 1;
        if (seq + n > SEQ_SPACE || last_shard != shard) {
            ms++; /* borrow from the future: a run never crosses a millisecond */
            seq = 0;
        }
    }
    if (ms > MS_MAX)
        ms = MS_MAX; /* the year 2093 */
    aw_id first = ms << MS_SHIFT | shard << SEQ_BITS | seq;
    g->last = first + n - 1;
    return first;
}

aw_time aw_id_time(aw_id id)
{
    return AW_ID_EPOCH + (id >> MS_SHIFT);
}

aw_id aw_id_first(aw_time at)
{
    int64_t ms = at < AW_ID_EPOCH ? 0 : at - AW_ID_EPOCH;
    return (ms < MS_MAX ? ms : MS_MAX) << MS_SHIFT;
}

void aw_id_print(char dst[AW_ID_TEXT], const char *prefix, aw_id id)
{
    char text[N_DIGITS + 1];
    uint64_t left = (uint64_t)id;
    for (int i = N_DIGITS - 1; i >= 0; i--, left >>= 5)
        text[i] = digits[left & 31];
    text[N_DIGITS] = 0;
    snprintf(dst, AW_ID_TEXT, "%.10s%s", prefix, text);
}

/* The value of a digit as Crockford reads it, or -1. */
static int digit_value(char c)
{
    if (c >= 'a' && c <= 'z')
        c = (char)(c - 'a' + 'A');
    if (c == 'I' || c == 'L')
        c = '1';
    if (c == 'O')
        c = '0';
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

int aw_id_parse(const char *s, const char *prefix, aw_id *ret)
{
    size_t n = strlen(prefix);
    if (strncmp(s, prefix, n) != 0 || strlen(s) != n + N_DIGITS)
        return AW_EINVAL;
    uint64_t id = 0;
    for (s += n; *s; s++) {
        int v = digit_value(*s);
        if (v < 0 || id >> 58) /* the next digit would reach the sign */
            return AW_EINVAL;
        id = id << 5 | (uint64_t)v;
    }
    if (!id)
        return AW_EINVAL;
    *ret = (aw_id)id;
    return 0;
}
