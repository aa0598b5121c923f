/* SPDX-License-Identifier: Apache-2.0
 *
 * One thread carries everything: it waits on libcurl's sockets and on those of the mail workers
 * together. The core thread only appends to a list under a mutex and wakes it. Each channel has a
 * queue and so many sends at once, so that a provider that hangs holds up nobody else; how many
 * grows and shrinks with success, up to the channel's concurrency. Questions and token fetches have
 * places of their own beside the sends. `active` counts from acceptance until the command is in the
 * inbox: the stepped clock stands still while it is not zero.
 */
#include "chan/dispatch.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "chan/call.h"
#include "chan/detail.h"
#include "chan/mail.h"
#include "chan/xfer.h"
#include "core/fitness.h"

#define ROOM            4096 /* sends taken and not yet answered */
#define ASKING_MAX      8    /* questions and token fetches of a channel at once */
#define CIDS_MAX        1000
#define TIMEOUT_DEFAULT (20 * AW_SECOND)
#define IDLE_WAIT       (60 * AW_SECOND)
#define STOP_WAIT       20        /* ms between looks at whether everything has ended */
#define QUEUE_WAIT      AW_SECOND /* how often queues are looked through for what is too old */
#define BUSY_WAIT       AW_SECOND /* after which a send that was never begun is claimed again */
#define PUT_PAUSE       2         /* ms between tries while the inbox is full */
#define PUT_GRACE       AW_SECOND /* how long a stopping thread tries */

enum job_type { SEND, QUERY, CIDS };

struct job {
    struct job *next;
    enum job_type type;
    struct aw_dispatch *d;
    const struct aw_channel *channel;
    aw_boot taken;
    bool repeated; /* sent once more without the part that was refused */
    struct aw_send send;
    struct aw_query *query;
    unsigned n_cids;
};

struct queue {
    struct job *head, **tail;
};

/* How a destination bears what it is sent. Kept by name as long as the dispatcher lives; the core
 * reads the numbers. */
struct places {
    struct places *next;
    char name[AW_NAME_MAX + 1];
    struct aw_cohort cohort;
    atomic_uint taken, limit;
};

/* A channel with something queued or under way. Channels are values: after a reload the same name
 * may have a lane for the old value and one for the new. */
struct lane {
    struct lane *next;
    const struct aw_channel *channel;
    struct queue sends, asks;
    unsigned sending, asking;
    struct places *places;
};

struct aw_dispatch {
    struct aw_chan_env env;
    char *texts[4]; /* owns those of env */
    struct aw_xfer *xfer;
    struct aw_mailer *mailer;
    pthread_t thread;
    bool running;
    atomic_uint active;
    pthread_mutex_t lock; /* for what follows */
    struct queue intake;
    bool stopping;
    aw_boot stop_at;
    struct lane *lanes;              /* the thread's own, without the lock */
    _Atomic(struct places *) places; /* only ever added to, by the thread */
};

static void push(struct queue *q, struct job *j)
{
    j->next = NULL;
    if (!q->head)
        q->tail = &q->head;
    *q->tail = j;
    q->tail = &j->next;
}

static struct job *pop(struct queue *q)
{
    struct job *j = q->head;
    if (j)
        q->head = j->next;
    return j;
}

static aw_ms timeout_of(const struct aw_channel *ch)
{
    return ch->timeout > 0 ? ch->timeout : TIMEOUT_DEFAULT;
}

/* --- back to the core ---------------------------------------------------------------------- */

/* Puts the command into the proof lane; waits while it is full. Only a thread that has been told
 * to stop gives up: nobody may be taking any more. */
static void put(struct aw_dispatch *d, struct aw_cmd *cmd)
{
    const struct timespec pause = {.tv_nsec = PUT_PAUSE * 1000000};
    cmd->app = "";
    cmd->done = aw_cmd_free;
    cmd->owner = NULL;
    while (d->env.submit.put(d->env.submit.ctx, cmd, true) != 0) {
        pthread_mutex_lock(&d->lock);
        bool give_up = d->stopping && aw_clock_boot() > d->stop_at + PUT_GRACE;
        pthread_mutex_unlock(&d->lock);
        if (give_up) {
            aw_cmd_free(cmd);
            break;
        }
        nanosleep(&pause, NULL);
    }
}

/* Before the command is put, for the core may drop the channel as soon as it has it. r: how a send
 * ended that was carried out, else NULL. */
static void leave_lane(struct job *j, const struct aw_result *r)
{
    for (struct lane *l = j->d->lanes; l; l = l->next) {
        if (l->channel != j->channel)
            continue;
        if (j->type != SEND) {
            l->asking--;
            continue;
        }
        l->sending--;
        atomic_fetch_sub(&l->places->taken, 1);
        if (r)
            aw_cohort_end(&l->places->cohort, aw_channel_concurrency(l->channel),
                          r->outcome == AW_OUT_TRANSIENT || r->outcome == AW_OUT_UNKNOWN);
        atomic_store(&l->places->limit,
                     aw_cohort_limit(&l->places->cohort, aw_channel_concurrency(l->channel)));
    }
}

static void free_job(struct job *j)
{
    aw_send_free(&j->send);
    aw_free(j->query);
    aw_free(j);
}

/* The last command of a job: the core may drop the channel as soon as it has it. */
static void end_job(struct job *j, struct aw_cmd *cmd)
{
    put(j->d, cmd);
    atomic_fetch_sub(&j->d->active, 1);
    free_job(j);
}

static void post_result(struct job *j, const struct aw_result *r)
{
    struct aw_cmd *cmd = aw_cmd_new(AW_CMD_RESULT);
    cmd->u.result = *r;
    snprintf(cmd->actor, sizeof cmd->actor, "channel:%.38s", j->channel->name);
    end_job(j, cmd);
}

static void post_report(struct job *j, struct aw_report *report)
{
    struct aw_cmd *cmd = aw_cmd_new(AW_CMD_REPORT);
    cmd->u.report = report;
    snprintf(cmd->actor, sizeof cmd->actor, "channel:%.38s", j->channel->name);
    end_job(j, cmd);
}

static void post_cids(struct job *j, char **cids, unsigned n)
{
    struct aw_cmd *cmd = aw_cmd_new(AW_CMD_CIDS);
    cmd->u.cids.channel = j->channel;
    cmd->u.cids.cids = cids;
    cmd->u.cids.n = n;
    end_job(j, cmd);
}

/* What was handed out goes ahead of the report that says so. */
static void post_news(struct job *j, const struct aw_news *news)
{
    for (unsigned i = 0; i < news->n_receipts + news->n_replies; i++) {
        bool receipt = i < news->n_receipts;
        struct aw_cmd *cmd = aw_cmd_new(receipt ? AW_CMD_RECEIPT : AW_CMD_REPLY);
        char *channel = receipt ? cmd->u.receipt.channel : cmd->u.said.channel;
        if (receipt)
            cmd->u.receipt.r = news->receipts[i];
        else
            cmd->u.said.r = news->replies[i - news->n_receipts];
        snprintf(channel, AW_NAME_MAX + 1, "%s", j->channel->name);
        snprintf(cmd->actor, sizeof cmd->actor, "channel:%.38s", j->channel->name);
        put(j->d, cmd);
    }
}

/* A report without news, for when there is no answer to read. */
static struct aw_report *blank_report(const struct aw_query *q, const char *why)
{
    struct aw_report *r = aw_calloc(1, sizeof *r);
    r->channel = q->channel;
    r->n = q->n;
    for (unsigned i = 0; i < q->n; i++) {
        r->items[i].timeline = q->items[i].timeline;
        r->items[i].attempt = q->items[i].attempt;
    }
    r->what = q->what;
    r->rate_limit = r->rate_remaining = r->rate_reset = -1;
    aw_detail_clean(r->detail, why, strlen(why));
    return r;
}

/* What a job that never started comes back as. */
static void post_unsent(struct job *j, enum aw_outcome outcome, const char *why)
{
    if (j->type == SEND) {
        struct aw_result r = {.attempt = j->send.attempt,
                              .outcome = outcome,
                              .unsent = true,
                              .wait = outcome == AW_OUT_THROTTLED ? BUSY_WAIT : 0};
        aw_detail(r.detail, &j->send, why, strlen(why));
        post_result(j, &r);
    } else if (j->type == QUERY) {
        post_report(j, blank_report(j->query, why));
    } else {
        post_cids(j, NULL, 0);
    }
}

/* --- carrying out -------------------------------------------------------------------------- */

static const struct aw_provider_ops *ops_of(const struct job *j)
{
    return aw_provider_ops_find(j->channel->provider->name);
}

static void begin_http(struct job *j);

static void on_reply(void *arg, const struct aw_http_reply *r)
{
    struct job *j = arg;
    const struct aw_provider_ops *ops = ops_of(j);
    if (j->type == SEND) {
        struct aw_result result;
        ops->read(&j->send, r, &result);
        if (!j->repeated && ops->again && ops->again(&j->send, &result)) {
            j->repeated = true;
            begin_http(j);
            return;
        }
        leave_lane(j, &result);
        post_result(j, &result);
    } else if (j->type == QUERY) {
        struct aw_report *report = aw_calloc(1, sizeof *report);
        struct aw_news news = {0};
        ops->read_query(j->query, r, report, &news);
        report->n_taken = news.n_receipts + news.n_replies;
        leave_lane(j, NULL);
        post_news(j, &news);
        aw_news_free(&news);
        post_report(j, report);
    } else {
        char **cids = aw_calloc(j->n_cids, sizeof *cids);
        unsigned n = ops->read_cids(r, cids, j->n_cids);
        leave_lane(j, NULL);
        post_cids(j, cids, n);
    }
}

static void on_mail(void *arg, const struct aw_result *r)
{
    struct job *j = arg;
    leave_lane(j, r);
    post_result(j, r);
}

static void begin_http(struct job *j)
{
    const struct aw_provider_ops *ops = ops_of(j);
    struct aw_http_call call = {0};
    struct aw_err err = {"the provider has no such request"};
    int r = AW_EINVAL;
    if (j->type == SEND)
        r = ops->build(&j->d->env, &j->send, &call, &err);
    else if (j->type == QUERY && ops && ops->build_query)
        r = ops->build_query(j->query, &call, &err);
    else if (j->type == CIDS && aw_dispatch_has_cids(j->channel))
        r = ops->build_cids(j->channel, j->n_cids, &call, &err);
    if (r == AW_OK && j->type == SEND && j->send.trace && call.n_headers < AW_HTTP_HEADERS)
        r = aw_call_header(&call, "traceparent", j->send.trace, &err);
    if (r == AW_OK) {
        call.allow = j->channel->allow;
        call.n_allow = j->channel->n_allow;
        call.ca_file = aw_channel_get(j->channel, "ca_file");
        aw_xfer_start(j->d->xfer, &call, timeout_of(j->channel), on_reply, j);
        return;
    }
    aw_http_call_free(&call);
    leave_lane(j, NULL);
    post_unsent(j, AW_OUT_REFUSED, err.text);
}

static void start_lane(struct aw_dispatch *d, struct lane *l)
{
    struct job *j;
    while (l->asks.head && l->asking < ASKING_MAX) {
        l->asking++;
        begin_http(pop(&l->asks));
    }
    while ((j = l->sends.head)) {
        bool mail = !ops_of(j);
        if (l->sending >= aw_cohort_limit(&l->places->cohort, aw_channel_concurrency(l->channel)) ||
            (mail && !aw_mailer_room(d->mailer)))
            break;
        pop(&l->sends);
        l->sending++;
        atomic_fetch_add(&l->places->taken, 1);
        if (mail)
            aw_mailer_start(d->mailer, &j->send, timeout_of(j->channel), on_mail, j);
        else
            begin_http(j);
    }
}

/* What waited too long goes back unsent, which costs no try: those that are under way say whether
 * the provider works. */
static void drop_older(struct lane *l, aw_boot now)
{
    struct job *j;
    while ((j = l->sends.head) && now - j->taken >= timeout_of(j->channel))
        post_unsent(pop(&l->sends), AW_OUT_THROTTLED, "waited too long in the queue: unsent");
    while ((j = l->asks.head) && now - j->taken >= timeout_of(j->channel))
        post_unsent(pop(&l->asks), AW_OUT_TRANSIENT, "waited too long in the queue");
}

/* --- the thread ---------------------------------------------------------------------------- */

static struct places *places_of(struct aw_dispatch *d, const struct aw_channel *ch)
{
    struct places *p = atomic_load(&d->places);

    while (p && strcmp(p->name, ch->name) != 0)
        p = p->next;
    if (p)
        return p;
    p = aw_calloc(1, sizeof *p);
    snprintf(p->name, sizeof p->name, "%s", ch->name);
    atomic_init(&p->limit, aw_cohort_limit(&p->cohort, aw_channel_concurrency(ch)));
    p->next = atomic_load(&d->places);
    atomic_store(&d->places, p);
    return p;
}

static struct lane *lane_of(struct aw_dispatch *d, const struct aw_channel *ch)
{
    for (struct lane *l = d->lanes; l; l = l->next)
        if (l->channel == ch)
            return l;
    struct lane *l = aw_calloc(1, sizeof *l);
    l->channel = ch;
    l->places = places_of(d, ch);
    l->next = d->lanes;
    d->lanes = l;
    return l;
}

/* Sorts what the core has handed over into the lanes. True while there is no order to stop that
 * is due. */
static bool take_intake(struct aw_dispatch *d, aw_ms *wait)
{
    pthread_mutex_lock(&d->lock);
    struct queue taken = d->intake;
    d->intake = (struct queue){0};
    bool stopping = d->stopping;
    aw_boot left = d->stop_at - aw_clock_boot();
    pthread_mutex_unlock(&d->lock);
    for (struct job *j; (j = pop(&taken));) {
        struct lane *l = lane_of(d, j->channel);
        push(j->type == SEND ? &l->sends : &l->asks, j);
    }
    *wait = stopping ? STOP_WAIT : IDLE_WAIT;
    return !stopping || (left > 0 && atomic_load(&d->active));
}

/* Starts what may start, gives back what is too old, forgets lanes with nothing left. */
static void work_lanes(struct aw_dispatch *d, aw_ms *wait)
{
    aw_boot now = aw_clock_boot();
    for (struct lane **at = &d->lanes, *l; (l = *at);) {
        drop_older(l, now);
        start_lane(d, l);
        if ((l->sends.head || l->asks.head) && *wait > QUEUE_WAIT)
            *wait = QUEUE_WAIT;
        if (l->sending || l->asking || l->sends.head || l->asks.head) {
            at = &l->next;
        } else {
            *at = l->next;
            aw_free(l);
        }
    }
}

static void give_up(struct aw_dispatch *d)
{
    struct job *j;
    for (struct lane *l = d->lanes; l; l = l->next)
        while ((j = pop(&l->asks)) || (j = pop(&l->sends)))
            post_unsent(j, AW_OUT_TRANSIENT, "stopped before it was sent");
    aw_xfer_abort(d->xfer);
    aw_mailer_abort(d->mailer);
    for (struct lane *l; (l = d->lanes);) {
        d->lanes = l->next;
        aw_free(l);
    }
}

static void *run(void *arg)
{
    struct aw_dispatch *d = arg;
    struct pollfd fds[AW_MAILER_WORKERS];
    aw_ms wait;
    while (take_intake(d, &wait)) {
        work_lanes(d, &wait);
        unsigned n = aw_mailer_fds(d->mailer, fds, &wait);
        aw_xfer_run(d->xfer, fds, n, wait);
        aw_mailer_step(d->mailer, fds, n);
    }
    give_up(d);
    return NULL;
}

/* --- the core's side ----------------------------------------------------------------------- */

static const char *keep(struct aw_dispatch *d, unsigned i, const char *text)
{
    return d->texts[i] = text ? aw_strdup(text) : NULL;
}

int aw_dispatch_new(const struct aw_chan_env *env, struct aw_dispatch **ret, struct aw_err *err)
{
    sigset_t all, old;
    struct aw_dispatch *d = aw_calloc(1, sizeof *d);
    d->env = *env;
    d->env.node = keep(d, 0, env->node);
    d->env.self = keep(d, 1, env->self);
    d->env.user_agent = keep(d, 2, env->user_agent);
    d->env.public_url = keep(d, 3, env->public_url);
    pthread_mutex_init(&d->lock, NULL);
    d->mailer = aw_mailer_new(&d->env);
    int r = aw_xfer_new(d->env.user_agent, &d->xfer, err);
    if (r == AW_OK) {
        sigfillset(&all); /* signals are for the main thread */
        pthread_sigmask(SIG_SETMASK, &all, &old);
        if (pthread_create(&d->thread, NULL, run, d) != 0)
            r = aw_fail(err, AW_EIO, "no thread for the providers");
        pthread_sigmask(SIG_SETMASK, &old, NULL);
        d->running = r == AW_OK;
    }
    if (r != AW_OK) {
        aw_dispatch_free(d);
        return r;
    }
    *ret = d;
    return AW_OK;
}

static void hand_over(struct aw_dispatch *d, struct job *j)
{
    j->d = d;
    j->taken = aw_clock_boot();
    atomic_fetch_add(&d->active, 1);
    pthread_mutex_lock(&d->lock);
    push(&d->intake, j);
    pthread_mutex_unlock(&d->lock);
    aw_xfer_wake(d->xfer);
}

void aw_dispatch_send(struct aw_dispatch *d, struct aw_send *s)
{
    struct job *j = aw_calloc(1, sizeof *j);
    j->type = SEND;
    j->channel = s->channel;
    j->send = *s;
    *s = (struct aw_send){0};
    hand_over(d, j);
}

void aw_dispatch_query(struct aw_dispatch *d, struct aw_query *q)
{
    struct job *j = aw_calloc(1, sizeof *j);
    j->type = QUERY;
    j->channel = q->channel;
    j->query = aw_malloc(sizeof *q);
    *j->query = *q;
    hand_over(d, j);
}

void aw_dispatch_cids(struct aw_dispatch *d, const struct aw_channel *ch, unsigned n)
{
    struct job *j = aw_calloc(1, sizeof *j);
    j->type = CIDS;
    j->channel = ch;
    j->n_cids = n < 1 ? 1 : n > CIDS_MAX ? CIDS_MAX : n;
    hand_over(d, j);
}

bool aw_dispatch_has_cids(const struct aw_channel *ch)
{
    const struct aw_provider_ops *ops = aw_provider_ops_find(ch->provider->name);
    return ops && ops->build_cids;
}

unsigned aw_dispatch_active(struct aw_dispatch *d)
{
    return atomic_load(&d->active);
}

unsigned aw_dispatch_room(struct aw_dispatch *d)
{
    unsigned active = atomic_load(&d->active);
    return active < ROOM ? ROOM - active : 0;
}

void aw_dispatch_places(struct aw_dispatch *d, const char *channel, unsigned *ret_taken,
                        unsigned *ret_limit)
{
    *ret_taken = *ret_limit = 0;
    for (struct places *p = atomic_load(&d->places); p; p = p->next)
        if (strcmp(p->name, channel) == 0) {
            *ret_taken = atomic_load(&p->taken);
            *ret_limit = atomic_load(&p->limit);
        }
}

void aw_dispatch_stop(struct aw_dispatch *d, aw_ms wait_ms)
{
    if (!d->running)
        return;
    pthread_mutex_lock(&d->lock);
    d->stopping = true;
    d->stop_at = aw_clock_boot() + wait_ms;
    pthread_mutex_unlock(&d->lock);
    aw_xfer_wake(d->xfer);
    pthread_join(d->thread, NULL);
    d->running = false;
}

void aw_dispatch_free(struct aw_dispatch *d)
{
    if (!d)
        return;
    aw_dispatch_stop(d, 0);
    for (struct job *j; (j = pop(&d->intake));) /* came after the stop */
        free_job(j);
    aw_mailer_free(d->mailer);
    aw_xfer_free(d->xfer);
    for (struct places *p = atomic_load(&d->places), *next; p; p = next) {
        next = p->next;
        aw_free(p);
    }
    pthread_mutex_destroy(&d->lock);
    for (unsigned i = 0; i < AW_COUNT(d->texts); i++)
        aw_free(d->texts[i]);
    aw_free(d);
}
