/* SPDX-License-Identifier: Apache-2.0
 *
 * A storm of receipts: so many a second into the inbox of a real core loop on a real store, 30 % of
 * them repeated and 10 % out of order, while acknowledgements come in at a steady rate. Is any
 * lost, and what does it cost the acknowledgements? Latency is from the inbox to after the commit;
 * HTTP is not part of it. Ends with 1 when a receipt was lost.
 *
 *     bench_receipts [RECEIPTS A SECOND [SECONDS]]    default 10000 60
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/hash.h"
#include "base/mem.h"
#include "bench.h"
#include "codec/digest.h"
#include "codec/request.h"
#include "lib/rig.h"

#define T0       ((aw_time)1795341600000) /* 2026-11-22T10:00:00Z */
#define BATCH    500
#define QUIET    10     /* seconds of acknowledgements alone */
#define ACK_RATE 200    /* a second */
#define REPEATED 300    /* of 1,000 */
#define SHUFFLED 100    /* of 1,000 */
#define DISTANCE 1000   /* so far from its place at most */
#define ACKS_MAX 100000 /* measured */

static const char rules[] = "  - name: text\n"
                            "    match: {class: text}\n"
                            "    until: acknowledged\n"
                            "    deadline: 3h\n"
                            "    steps:\n"
                            "      - {id: text, at: 0s, do: sms, via: sms}\n"
                            "      - {id: more, at: 2h, do: sms, via: sms, unless: delivered}\n";

struct bench {
    struct rig *r;
    struct aw_submit to;
    int64_t n_attempts, n_messages;
    aw_id *refs, *messages;
    _Atomic int64_t landed, refused, acked;
    _Atomic bool over;
    int64_t next_message;
    double latency[ACKS_MAX];
    _Atomic int64_t n_latency;
};

/* Processor time of all threads, seconds. */
static double spent(void)
{
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void rest(double until)
{
    double left = until - bench_now();
    struct timespec ts = {.tv_sec = (time_t)left, .tv_nsec = (long)((left - (time_t)left) * 1e9)};

    if (left > 0)
        nanosleep(&ts, NULL);
}

/* --- a store full of texts that were accepted ---------------------------------------------------
 */

static void registered(struct aw_cmd *cmd)
{
    struct bench *b = cmd->owner;

    if (cmd->reply.problem)
        bench_die("a registration: %s", cmd->reply.detail);
    b->messages[b->n_messages++] = cmd->reply.id;
    aw_cmd_free(cmd);
}

static void done(struct aw_cmd *cmd)
{
    aw_cmd_free(cmd);
}

static struct aw_cmd *registration(struct bench *b, int64_t n)
{
    struct aw_cmd *cmd = aw_cmd_new(AW_CMD_REGISTER);
    char body[256];
    struct aw_fault fault;
    int len = snprintf(body, sizeof(body),
                       "{\"class\":\"text\",\"title\":\"Order %lld\",\"recipients\":[{\"user\":"
                       "\"li\",\"phone\":\"+999%07lld\"}]}",
                       (long long)n, (long long)(n % 10000000));

    if (aw_request_registration(body, (size_t)len, T0, &cmd->u.reg.reg, &fault))
        bench_die("registration: %s %s", fault.pointer, fault.detail);
    cmd->app = "shop";
    snprintf(cmd->u.reg.idem, sizeof(cmd->u.reg.idem), "b-%lld", (long long)n);
    aw_sha256(cmd->u.reg.digest, body, (size_t)len);
    cmd->done = registered;
    cmd->owner = b;
    return cmd;
}

static void accept_sends(struct bench *b)
{
    struct rig *r = b->r;
    struct aw_cmd *cmds[BATCH];

    for (unsigned i = 0; i < r->n_sends;) {
        unsigned k = 0;

        for (; k < BATCH && i < r->n_sends; k++, i++) {
            cmds[k] = aw_cmd_new(AW_CMD_RESULT);
            cmds[k]->u.result.attempt = r->sends[i]->attempt;
            cmds[k]->u.result.outcome = AW_OUT_ACCEPTED;
            cmds[k]->u.result.level = AW_ACCEPTED;
            cmds[k]->done = done;
            b->refs[b->n_attempts++] = r->sends[i]->ref;
        }
        if (rig_turn_with(r, cmds, k))
            bench_die("a turn failed");
    }
    rig_forget_sends(r);
}

static void fill(struct bench *b, int64_t n)
{
    struct aw_cmd *cmds[BATCH];

    for (int64_t i = 0; i < n;) {
        unsigned k = 0;

        while (k < BATCH && i < n)
            cmds[k++] = registration(b, i++);
        if (rig_turn_with(b->r, cmds, k) || rig_turn(b->r))
            bench_die("a turn failed");
        accept_sends(b);
        if (i % 50000 == 0)
            bench_say("%lld texts accepted", (long long)i);
    }
    while (b->n_attempts < n) {
        if (rig_turn(b->r))
            bench_die("a turn failed");
        accept_sends(b);
    }
}

/* --- acknowledgements ----------------------------------------------------------------------------
 */

struct stamp {
    struct bench *b;
    double at;
};

static void acknowledged(struct aw_cmd *cmd)
{
    struct stamp *s = cmd->owner;
    int64_t i = s->b->n_latency++;

    if (cmd->reply.problem)
        bench_die("an acknowledgement: %s", cmd->reply.detail);
    if (i < ACKS_MAX)
        s->b->latency[i] = (bench_now() - s->at) * 1000;
    s->b->acked++;
    aw_free(s);
    aw_cmd_free(cmd);
}

static void *acks(void *arg)
{
    struct bench *b = arg;
    double next = bench_now();

    while (!b->over) {
        struct aw_cmd *cmd = aw_cmd_new(AW_CMD_ACK);
        struct stamp *s = aw_malloc(sizeof(*s));

        cmd->app = "shop";
        cmd->u.ack.message = b->messages[b->next_message++];
        snprintf(cmd->u.ack.user, sizeof(cmd->u.ack.user), "li");
        cmd->u.ack.level = AW_OPENED;
        cmd->u.ack.source = AW_SRC_APP;
        cmd->done = acknowledged;
        cmd->owner = s;
        *s = (struct stamp){b, bench_now()};
        if (b->to.put(b->to.ctx, cmd, true))
            bench_die("an acknowledgement found no room");
        rest(next += 1.0 / ACK_RATE);
    }
    return NULL;
}

static int by_value(const void *pa, const void *pb)
{
    double a = *(const double *)pa, c = *(const double *)pb;

    return a < c ? -1 : a > c;
}

static void percentiles(struct bench *b, double *ret_p50, double *ret_p99)
{
    size_t n = (size_t)(b->n_latency < ACKS_MAX ? b->n_latency : ACKS_MAX);

    qsort(b->latency, n, sizeof(double), by_value);
    *ret_p50 = n ? b->latency[n / 2] : 0;
    *ret_p99 = n ? b->latency[n * 99 / 100] : 0;
    b->n_latency = 0;
}

/* --- receipts ------------------------------------------------------------------------------------
 */

static void landed(struct aw_cmd *cmd)
{
    struct bench *b = cmd->owner;

    if (cmd->reply.problem)
        b->refused++;
    b->landed++;
    aw_cmd_free(cmd);
}

/* Which attempt each receipt is about: all of them once, some again, some out of their place. */
static int64_t *script(const struct bench *b, int64_t n)
{
    int64_t *list = aw_malloc((size_t)n * sizeof(*list)), fresh = 0;

    for (int64_t i = 0; i < n; i++) {
        uint64_t dice = aw_mix(1, (uint64_t)i, 0);
        bool again = fresh && (dice % 1000 < REPEATED || fresh == b->n_attempts);

        list[i] = again ? (int64_t)(aw_mix(2, (uint64_t)i, 0) % (uint64_t)fresh) : fresh++;
    }
    for (int64_t i = 0; i < n; i++) {
        int64_t k = i + (int64_t)(aw_mix(3, (uint64_t)i, 0) % DISTANCE), t = list[i];

        if (aw_mix(4, (uint64_t)i, 0) % 1000 >= SHUFFLED || k >= n)
            continue;
        list[i] = list[k];
        list[k] = t;
    }
    return list;
}

/* How often there was no room: the provider would have got a 503, and come again. */
static int64_t pump(struct bench *b, const int64_t *list, int64_t n, int rate)
{
    double start = bench_now();
    int64_t busy = 0;

    for (int64_t i = 0; i < n; i++) {
        struct aw_cmd *cmd = aw_cmd_new(AW_CMD_RECEIPT);

        snprintf(cmd->actor, sizeof(cmd->actor), "channel:sms");
        snprintf(cmd->u.receipt.channel, sizeof(cmd->u.receipt.channel), "sms");
        cmd->u.receipt.r.ref = b->refs[list[i]];
        cmd->u.receipt.r.level = AW_DELIVERED;
        cmd->done = landed;
        cmd->owner = b;
        while (b->to.put(b->to.ctx, cmd, true)) {
            busy++;
            rest(bench_now() + 0.01);
        }
        if (i % 50 == 0)
            rest(start + (double)i / rate);
    }
    while (b->landed < n)
        rest(bench_now() + 0.01);
    bench_say("%.1f s", bench_now() - start);
    return busy;
}

static void *core(void *arg)
{
    struct bench *b = arg;
    struct aw_err err;

    if (aw_loop_run(b->r->loop, &err))
        bench_die("the loop: %s", err.text);
    return NULL;
}

int main(int argc, char **argv)
{
    int rate = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 10000;
    int seconds = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 60;
    int64_t n = (int64_t)rate * seconds, fresh = n * (1000 - REPEATED) / 1000 + BATCH, busy, proven;
    struct bench *b = aw_calloc(1, sizeof(*b));
    double quiet50, quiet99, p50, p99, start, took, cpu;
    pthread_t core_thread, ack_thread;
    int64_t *list;

    if (fresh < (int64_t)ACK_RATE * (QUIET + 2 * seconds + 10))
        fresh = (int64_t)ACK_RATE * (QUIET + 2 * seconds + 10);
    b->r = aw_calloc(1, sizeof(*b->r));
    b->refs = aw_calloc((size_t)fresh, sizeof(aw_id));
    b->messages = aw_calloc((size_t)fresh, sizeof(aw_id));
    rig_new(b->r, rules, T0);
    fill(b, fresh);
    aw_loop_submit(b->r->loop, &b->to);
    list = script(b, n);
    pthread_create(&core_thread, NULL, core, b);
    pthread_create(&ack_thread, NULL, acks, b);
    rest(bench_now() + QUIET);
    percentiles(b, &quiet50, &quiet99);
    start = bench_now();
    cpu = spent();
    busy = pump(b, list, n, rate);
    took = bench_now() - start;
    cpu = spent() - cpu;
    b->over = true;
    pthread_join(ack_thread, NULL);
    aw_loop_stop(b->r->loop);
    pthread_join(core_thread, NULL);
    percentiles(b, &p50, &p99);
    fresh = 0;
    for (int64_t i = 0; i < n; i++)
        fresh = list[i] >= fresh ? list[i] + 1 : fresh;
    proven = rig_sql(b->r, "SELECT count(*) FROM attempt WHERE level = 3");
    printf("%lld receipts in %.1f s: %.0f/s, %lld attempts proven of %lld, %lld refused, no room "
           "%lld times\n",
           (long long)n, took, (double)n / took, (long long)proven, (long long)fresh,
           (long long)b->refused, (long long)busy);
    printf("  processor time            %.0f us a receipt, acknowledgements included\n",
           cpu / (double)n * 1e6);
    printf("  acknowledgements, %d/s    p50 ms   p99 ms\n", ACK_RATE);
    printf("  quiet                     %-8.2f %.2f\n", quiet50, quiet99);
    printf("  in the storm              %-8.2f %.2f\n", p50, p99);
    printf("  ratio                     %-8.2f %.2f\n", p50 / quiet50, p99 / quiet99);
    aw_free(list);
    aw_free(b->refs);
    aw_free(b->messages);
    bool none_lost = proven == fresh && b->refused == 0;
    rig_free(b->r);
    aw_free(b->r);
    aw_free(b);
    return none_lost ? 0 : 1;
}
