/* SPDX-License-Identifier: Apache-2.0
 *
 * The schedule: a binary heap in an array that grows by doubling.
 */
#include "sim/sched.h"

#include <stdint.h>

#include "base/mem.h"

#define EVENTS_MAX 1000000

struct event {
    aw_time at;
    uint64_t seq;
    aw_sim_fire fire;
    void *arg;
};

struct aw_sim_sched {
    void *ctx;
    struct event *heap;
    size_t n, cap;
    uint64_t seq;
};

struct aw_sim_sched *aw_sim_sched_new(void *ctx)
{
    struct aw_sim_sched *s = aw_calloc(1, sizeof(*s));
    s->ctx = ctx;
    return s;
}

void aw_sim_sched_free(struct aw_sim_sched *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->n; i++)
        aw_free(s->heap[i].arg);
    aw_free(s->heap);
    aw_free(s);
}

static bool before(const struct event *a, const struct event *b)
{
    return a->at != b->at ? a->at < b->at : a->seq < b->seq;
}

bool aw_sim_sched_add(struct aw_sim_sched *s, aw_time at, aw_sim_fire fire, void *arg)
{
    if (s->n == EVENTS_MAX) {
        aw_free(arg);
        return false;
    }
    if (s->n == s->cap) {
        s->cap = s->cap ? s->cap * 2 : 64;
        s->heap = aw_realloc(s->heap, s->cap * sizeof(*s->heap));
    }
    struct event e = {.at = at, .seq = s->seq++, .fire = fire, .arg = arg};
    size_t i = s->n++;
    for (; i > 0 && before(&e, &s->heap[(i - 1) / 2]); i = (i - 1) / 2)
        s->heap[i] = s->heap[(i - 1) / 2];
    s->heap[i] = e;
    return true;
}

static struct event pop(struct aw_sim_sched *s)
{
    struct event top = s->heap[0], last = s->heap[--s->n];
    size_t i = 0;
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= s->n)
            break;
        if (child + 1 < s->n && before(&s->heap[child + 1], &s->heap[child]))
            child++;
        if (!before(&s->heap[child], &last))
            break;
        s->heap[i] = s->heap[child];
        i = child;
    }
    s->heap[i] = last;
    return top;
}

size_t aw_sim_sched_run(struct aw_sim_sched *s, aw_time now)
{
    size_t fired = 0;
    while (s->n && s->heap[0].at <= now) {
        struct event e = pop(s);
        e.fire(s->ctx, e.arg);
        fired++;
    }
    return fired;
}

aw_time aw_sim_sched_next(const struct aw_sim_sched *s)
{
    return s->n ? s->heap[0].at : 0;
}
