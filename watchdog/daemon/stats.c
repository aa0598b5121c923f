/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/stats.h"

#include <stdio.h>
#include <string.h>

void aw_histogram_add(struct aw_histogram *h, int64_t us)
{
    static const int64_t bounds[] = AW_BUCKETS_US;
    unsigned i = 0;

    while (i < AW_N_BUCKETS - 1 && us > bounds[i])
        i++;
    h->bucket[i]++;
    h->sum_us += us;
}

struct aw_channel_stats *aw_stats_channel(struct aw_stats *s, const char *name)
{
    unsigned n = s->n_channels;

    for (unsigned i = 0; i < n; i++)
        if (strcmp(s->channels[i].name, name) == 0)
            return &s->channels[i];
    if (n == AW_STATS_CHANNELS)
        return NULL;
    snprintf(s->channels[n].name, sizeof(s->channels[n].name), "%s", name);
    s->n_channels = n + 1;
    return &s->channels[n];
}
