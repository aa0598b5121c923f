/* SPDX-License-Identifier: Apache-2.0
 *
 * The timer thread and the list of delayed requests.
 */
#include "sim/timer.h"

#include "base/mem.h"

#define HOLDS_MAX 256 /* more are dropped at once */

struct hold {
    struct aw_http_request *rq;
    struct aw_sim_reply reply;
    bool answer; /* else drop */
    aw_boot until;
};

struct aw_sim_timer {
    struct aw_sim *sim;
    pthread_t thread;
    pthread_cond_t wake;
    bool stopping;
    struct hold holds[HOLDS_MAX];
    unsigned n_holds;
};

static void end_hold(struct hold *h)
{
    if (h->answer)
        aw_sim_reply_send(h->rq, &h->reply);
    else
        aw_http_drop(h->rq);
    aw_sim_reply_free(&h->reply);
}

/* Milliseconds until something is to be done; -1: nothing is planned. */
static aw_ms next_wait(const struct aw_sim_timer *t)
{
    aw_ms wait = -1;
    aw_time next = aw_sim_sched_next(t->sim->sched);
    if (next && !t->sim->clock.stepped) {
        wait = next - aw_sim_now(t->sim);
        wait = wait < 0 ? 0 : wait;
    }
    aw_boot boot = aw_clock_boot();
    for (unsigned i = 0; i < t->n_holds; i++) {
        aw_ms left = t->holds[i].until > boot ? t->holds[i].until - boot : 0;
        if (wait < 0 || left < wait)
            wait = left;
    }
    return wait;
}

static void sleep_until_due(struct aw_sim_timer *t)
{
    aw_ms wait = next_wait(t);
    if (wait < 0) {
        pthread_cond_wait(&t->wake, &t->sim->lock);
    } else if (wait > 0) {
        /* In short naps, so that a wall clock that jumps back does no harm. */
        aw_time until = aw_clock_os_wall() + (wait > AW_SECOND ? AW_SECOND : wait);
        struct timespec ts = {.tv_sec = until / 1000, .tv_nsec = until % 1000 * 1000000};
        pthread_cond_timedwait(&t->wake, &t->sim->lock, &ts);
    }
}

static void end_due_holds(struct aw_sim_timer *t)
{
    aw_boot boot = aw_clock_boot();
    unsigned kept = 0;
    for (unsigned i = 0; i < t->n_holds; i++)
        if (t->stopping || t->holds[i].until <= boot)
            end_hold(&t->holds[i]);
        else
            t->holds[kept++] = t->holds[i];
    t->n_holds = kept;
}

static void *run(void *arg)
{
    struct aw_sim_timer *t = arg;
    aw_sim_lock(t->sim);
    while (!t->stopping) {
        if (!t->sim->clock.stepped)
            t->sim->activity += aw_sim_sched_run(t->sim->sched, aw_sim_now(t->sim));
        end_due_holds(t);
        sleep_until_due(t);
    }
    end_due_holds(t);
    aw_sim_unlock(t->sim);
    return NULL;
}

struct aw_sim_timer *aw_sim_timer_start(struct aw_sim *sim)
{
    struct aw_sim_timer *t = aw_calloc(1, sizeof(*t));
    t->sim = sim;
    pthread_cond_init(&t->wake, NULL);
    pthread_create(&t->thread, NULL, run, t);
    return t;
}

void aw_sim_timer_free(struct aw_sim_timer *t)
{
    aw_sim_lock(t->sim);
    t->stopping = true;
    pthread_cond_signal(&t->wake);
    aw_sim_unlock(t->sim);
    pthread_join(t->thread, NULL);
    pthread_cond_destroy(&t->wake);
    aw_free(t);
}

void aw_sim_timer_at(struct aw_sim *sim, aw_time at, aw_sim_fire fire, void *arg)
{
    if (!aw_sim_sched_add(sim->sched, at, fire, arg))
        aw_sim_note(sim, "overflow", NULL, json_pack("{s:s}", "of", "schedule"));
    pthread_cond_signal(&sim->timer->wake);
}

void aw_sim_timer_step(struct aw_sim *sim, aw_time now)
{
    aw_clock_step(&sim->clock, now);
    if (sim->people_from == 0)
        sim->people_from = now;
    sim->activity += aw_sim_sched_run(sim->sched, now);
}

void aw_sim_timer_hold(struct aw_sim *sim, struct aw_http_request *rq, struct aw_sim_reply *reply,
                       aw_boot ms)
{
    struct hold h = {.rq = rq, .answer = reply != NULL, .until = aw_clock_boot() + ms};
    if (reply) {
        h.reply = *reply;
        *reply = (struct aw_sim_reply){0};
    }
    aw_sim_lock(sim);
    struct aw_sim_timer *t = sim->timer;
    bool room = !t->stopping && t->n_holds < HOLDS_MAX;
    if (room)
        t->holds[t->n_holds++] = h;
    pthread_cond_signal(&t->wake);
    aw_sim_unlock(sim);
    if (!room)
        end_hold(&h);
}

unsigned aw_sim_timer_hung(const struct aw_sim *sim)
{
    unsigned n = 0;
    for (unsigned i = 0; i < sim->timer->n_holds; i++)
        n += !sim->timer->holds[i].answer;
    return n;
}
