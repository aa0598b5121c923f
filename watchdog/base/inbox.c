/* SPDX-License-Identifier: Apache-2.0
 *
 * The bounded queue: a ring per lane under one mutex. The consumer is woken only when it sleeps.
 */
#include "base/inbox.h"

#include <pthread.h>
#include <time.h>

#include "base/mem.h"

struct ring {
    void **items;
    size_t cap, first, n;
};

struct aw_inbox {
    pthread_mutex_t lock;
    pthread_cond_t news;
    struct ring lanes[AW_N_LANES];
    bool woken;
    bool closed;
};

struct aw_inbox *aw_inbox_new(size_t cap_work, size_t cap_proof, size_t cap_news)
{
    struct aw_inbox *ib = aw_calloc(1, sizeof *ib);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&ib->news, &attr);
    pthread_condattr_destroy(&attr);
    pthread_mutex_init(&ib->lock, NULL);
    ib->lanes[AW_LANE_WORK] = (struct ring){aw_calloc(cap_work, sizeof(void *)), cap_work, 0, 0};
    ib->lanes[AW_LANE_PROOF] = (struct ring){aw_calloc(cap_proof, sizeof(void *)), cap_proof, 0, 0};
    ib->lanes[AW_LANE_NEWS] = (struct ring){aw_calloc(cap_news, sizeof(void *)), cap_news, 0, 0};
    return ib;
}

void aw_inbox_free(struct aw_inbox *ib)
{
    if (!ib)
        return;
    for (int i = 0; i < AW_N_LANES; i++)
        aw_free(ib->lanes[i].items);
    pthread_cond_destroy(&ib->news);
    pthread_mutex_destroy(&ib->lock);
    aw_free(ib);
}

int aw_inbox_put(struct aw_inbox *ib, enum aw_lane lane, void *item)
{
    struct ring *r = &ib->lanes[lane];
    int code = AW_EBUSY;
    pthread_mutex_lock(&ib->lock);
    if (!ib->closed && r->n < r->cap) {
        r->items[(r->first + r->n++) % r->cap] = item;
        pthread_cond_signal(&ib->news);
        code = 0;
    }
    pthread_mutex_unlock(&ib->lock);
    return code;
}

static bool quiet(const struct aw_inbox *ib)
{
    for (int i = 0; i < AW_N_LANES; i++)
        if (ib->lanes[i].n)
            return false;
    return !ib->woken && !ib->closed;
}

static struct timespec after(aw_ms ms)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    ts.tv_sec += ms / 1000;
    ts.tv_nsec += ms % 1000 * 1000000;
    if (ts.tv_nsec >= 1000000000) {
        ts.tv_nsec -= 1000000000;
        ts.tv_sec++;
    }
    return ts;
}

/* At most max items of a lane; how many. */
static size_t drain(struct ring *r, void **items, size_t max)
{
    size_t n = 0;
    for (; n < max && r->n; r->n--) {
        items[n++] = r->items[r->first];
        r->first = (r->first + 1) % r->cap;
    }
    return n;
}

size_t aw_inbox_take(struct aw_inbox *ib, void **items, size_t max, aw_ms wait_ms)
{
    struct ring *news = &ib->lanes[AW_LANE_NEWS];
    struct timespec until = after(wait_ms > 0 ? wait_ms : 0);
    size_t n, n_work, kept;
    int timed_out = wait_ms == 0;

    pthread_mutex_lock(&ib->lock);
    while (quiet(ib) && !timed_out) {
        if (wait_ms < 0)
            pthread_cond_wait(&ib->news, &ib->lock);
        else
            timed_out = pthread_cond_timedwait(&ib->news, &ib->lock, &until);
    }
    ib->woken = false;
    n = drain(&ib->lanes[AW_LANE_PROOF], items, max);
    kept = news->n < AW_NEWS_TAKEN ? news->n : AW_NEWS_TAKEN; /* room for some news */
    n_work = kept < max - n ? drain(&ib->lanes[AW_LANE_WORK], items + n, max - n - kept) : 0;
    n += n_work;
    kept = n_work > AW_NEWS_TAKEN ? n_work : AW_NEWS_TAKEN;
    n += drain(news, items + n, kept < max - n ? kept : max - n);
    pthread_mutex_unlock(&ib->lock);
    return n;
}

void aw_inbox_wake(struct aw_inbox *ib)
{
    pthread_mutex_lock(&ib->lock);
    ib->woken = true;
    pthread_cond_signal(&ib->news);
    pthread_mutex_unlock(&ib->lock);
}

void aw_inbox_close(struct aw_inbox *ib)
{
    pthread_mutex_lock(&ib->lock);
    ib->closed = true;
    pthread_cond_broadcast(&ib->news);
    pthread_mutex_unlock(&ib->lock);
}

size_t aw_inbox_depth(struct aw_inbox *ib, enum aw_lane lane)
{
    pthread_mutex_lock(&ib->lock);
    size_t n = ib->lanes[lane].n;
    pthread_mutex_unlock(&ib->lock);
    return n;
}
