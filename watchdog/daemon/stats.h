/* SPDX-License-Identifier: Apache-2.0
 *
 * Counters of one run: written by the core thread, read by anybody (status, metrics). Not audited.
 */
#ifndef AW_DAEMON_STATS_H
#define AW_DAEMON_STATS_H

#include <stdatomic.h>

#include "core/types.h"

#define AW_STATS_CHANNELS 64

struct aw_channel_stats {
    char name[AW_NAME_MAX + 1];
    _Atomic long sent, failed; /* accepted; everything else */
    _Atomic int last_outcome;  /* enum aw_outcome, NONE: nothing sent yet */
    _Atomic int last_code;     /* of the provider, or HTTP status */
};

struct aw_stats {
    _Atomic long registered, replayed, refused, acks, replies, turns, entries;
    _Atomic long ended[AW_N_STATES]; /* timelines, by final state */
    _Atomic long open;               /* timelines open now */
    _Atomic long sends[AW_N_KINDS];  /* claimed */
    _Atomic long outcomes[AW_N_OUTCOMES];
    _Atomic long queries;
    _Atomic long auth_failures;  /* requests without a valid token */
    _Atomic long pruned;         /* rows that outlived their retention */
    _Atomic int64_t started;     /* wall ms */
    _Atomic int64_t oldest_due;  /* at the end of the last turn: earliest due, 0 none */
    _Atomic int disk_full;       /* registrations are refused */
    _Atomic int last_good_rules; /* the rules directory is broken */
    _Atomic int reload_refused;  /* the files on disk are not what runs */
    _Atomic unsigned n_channels;
    struct aw_channel_stats channels[AW_STATS_CHANNELS];
};

/* The counters of a channel, made on first use; NULL when there are too many. Core thread. */
struct aw_channel_stats *aw_stats_channel(struct aw_stats *s, const char *name);

#endif
