/* SPDX-License-Identifier: Apache-2.0
 *
 * Counters of one run: written by the core thread, read by anybody (status, metrics). Not audited.
 */
#ifndef AW_DAEMON_STATS_H
#define AW_DAEMON_STATS_H

#include <stdatomic.h>

#include "core/delivery.h"

#define AW_STATS_CHANNELS 64

/* Upper bounds of the buckets of a histogram of seconds, in microseconds; one more takes the rest.
 */
#define AW_BUCKETS_US                                                                              \
    {                                                                                              \
        1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000, 2500000, 5000000   \
    }
#define AW_N_BUCKETS 13

struct aw_histogram {
    _Atomic long bucket[AW_N_BUCKETS]; /* each for itself */
    _Atomic int64_t sum_us;
};

struct aw_channel_stats {
    char name[AW_NAME_MAX + 1];
    _Atomic long sent, failed; /* accepted; everything else */
    _Atomic int last_outcome;  /* enum aw_outcome, NONE: nothing sent yet */
    _Atomic int last_code;     /* of the provider, or HTTP status */
    _Atomic long outcomes[AW_N_OUTCOMES];
    _Atomic long receipts; /* tries that it proved to be delivered, or more */
    _Atomic int silent;    /* it used to prove that, and does not any more */
    /* Health, as of the last turn (core/fitness.h); instants in wall time, 0: none. */
    _Atomic int breaker, obstacle;
    _Atomic bool paused, stopped;
    _Atomic unsigned failures;                    /* in a row */
    _Atomic unsigned claimed, places_now, places; /* sends: ours; under way; at most for now */
    _Atomic unsigned retries, used;               /* left in the budget; of the first limit */
    _Atomic int64_t free_at, held_since, paused_until, probe_at;
};

struct aw_stats {
    _Atomic long registered, replayed, refused, acks, replies, sessions, turns, entries;
    _Atomic long ended[AW_N_STATES];  /* timelines, by final state */
    _Atomic long open;                /* timelines open now */
    _Atomic long sends[AW_N_KINDS];   /* claimed */
    _Atomic long deferred[AW_N_WHYS]; /* firings and tries put off, by why */
    _Atomic long carried, storms;     /* by digests; storms under way */
    _Atomic long outcomes[AW_N_OUTCOMES];
    _Atomic long deliveries[AW_N_DELIVERY_STATES]; /* callbacks, by how they ended */
    _Atomic long delivery_tries_failed;
    _Atomic long deliveries_waiting; /* now */
    _Atomic long queries;
    _Atomic long auth_failures;       /* requests without a valid token */
    _Atomic long pending;             /* commands taken and not yet finished */
    _Atomic long pruned;              /* rows that outlived their retention */
    _Atomic int64_t started;          /* wall ms */
    _Atomic int64_t oldest_due;       /* at the end of the last turn: earliest due, 0 none */
    _Atomic int disk_full;            /* registrations are refused */
    _Atomic int last_good_rules;      /* the rules directory is broken */
    _Atomic int reload_refused;       /* the files on disk are not what runs */
    _Atomic long orphans;             /* receipts of ids that were not known when they came */
    _Atomic long receipts;            /* taken: callbacks and items of reports, news or not */
    struct aw_histogram commits;      /* how long the disk took */
    _Atomic int64_t commit_since;     /* boot ms: the commit under way began; 0: none is */
    _Atomic int64_t commit_last;      /* microseconds of the last one */
    _Atomic int64_t turned_at;        /* boot ms: end of the last turn, 0: none yet */
    _Atomic int64_t step_at, step_by; /* wall ms: the clock was set last, and by how much */
    _Atomic long steps;               /* how often it was */
    _Atomic int64_t down_ms;          /* downtimes recorded since the start, stalls among them */
    _Atomic long beats, beats_lost;   /* heartbeats to the outside taken, and not taken */
    _Atomic unsigned n_channels;
    struct aw_channel_stats channels[AW_STATS_CHANNELS];
};

void aw_histogram_add(struct aw_histogram *h, int64_t us);

/* The counters of a channel, made on first use; NULL when there are too many. Core thread. */
struct aw_channel_stats *aw_stats_channel(struct aw_stats *s, const char *name);

#endif
