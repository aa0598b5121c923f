/* SPDX-License-Identifier: Apache-2.0
 *
 * One simulated hour of asking for receipts, with many open messages: the real core loop on a real
 * store, a clock that steps, and a provider that counts. How much of the budget is used, and is it
 * ever exceeded? Prints figures; ends with 1 when a minute had more questions than the budget.
 *
 *     bench_polls [MESSAGES [MINUTES]]    default 1000000 60
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "bench.h"
#include "codec/digest.h"
#include "codec/request.h"
#include "lib/rig.h"

#define T0      ((aw_time)1795341600000) /* 2026-11-22T10:00:00Z */
#define LIMIT   2400                     /* a minute, of the account; the budget is half of it */
#define BUDGET  (LIMIT / 2)
#define STEP    100 /* ms */
#define LATENCY 300 /* ms from question to answer */
#define BATCH   500

static const char rules[] = "  - name: order\n"
                            "    match: {class: order}\n"
                            "    until: acknowledged\n"
                            "    deadline: 3h\n"
                            "    steps:\n"
                            "      - {id: push, at: 0s, do: push}\n"
                            "      - {id: text, at: 2h, do: sms, unless: delivered}\n";

/* What the provider has been asked. */
struct provider {
    aw_time asked[2 * LIMIT]; /* instants of the last questions */
    int64_t n, n_ids, worst;
    struct aw_query *late[RIG_MAX]; /* questions under way */
    aw_time due[RIG_MAX];
    unsigned n_late;
};

static void registered(struct aw_cmd *cmd)
{
    if (cmd->reply.problem)
        bench_die("a registration: %s", cmd->reply.detail);
    aw_cmd_free(cmd);
}

static struct aw_cmd *registration(int64_t n)
{
    struct aw_cmd *cmd = aw_cmd_new(AW_CMD_REGISTER);
    char body[512];
    struct aw_fault fault;
    int len = snprintf(body, sizeof(body),
                       "{\"class\":\"order\",\"title\":\"Order\",\"already_sent\":{\"at\":"
                       "\"2026-11-22T10:00:00Z\",\"channel\":\"push-main\",\"provider_id\":"
                       "\"%lld\"},\"recipients\":[{\"user\":\"u%lld\",\"alias\":\"a\",\"phone\":"
                       "\"+9990000001\"}]}",
                       (long long)(18103083200000000 + n), (long long)(n % BENCH_PEOPLE));

    if (aw_request_registration(body, (size_t)len, T0, &cmd->u.reg.reg, &fault))
        bench_die("registration: %s %s", fault.pointer, fault.detail);
    cmd->app = "shop";
    snprintf(cmd->actor, sizeof(cmd->actor), "key:1");
    snprintf(cmd->u.reg.idem, sizeof(cmd->u.reg.idem), "b-%lld", (long long)n);
    aw_sha256(cmd->u.reg.digest, body, (size_t)len);
    cmd->done = registered;
    return cmd;
}

static void fill(struct rig *r, int64_t n)
{
    struct aw_cmd *cmds[BATCH];

    for (int64_t i = 0; i < n;) {
        unsigned k = 0;

        while (k < BATCH && i < n)
            cmds[k++] = registration(i++);
        if (rig_turn_with(r, cmds, k))
            bench_die("a turn failed");
        if (i % 100000 == 0)
            bench_say("%lld messages", (long long)i);
    }
}

/* Counts the questions of this turn; their answers come later, and have no news. */
static void take(struct rig *r, struct provider *p, aw_time now)
{
    for (unsigned i = 0; i < r->n_queries; i++) {
        int64_t before = p->n - BUDGET; /* the question BUDGET ago must be a minute old */

        if (before >= 0 && now - p->asked[before % (2 * LIMIT)] < AW_MINUTE)
            p->worst++;
        p->asked[p->n++ % (2 * LIMIT)] = now;
        p->n_ids += r->queries[i]->n;
        if (p->n_late == RIG_MAX)
            bench_die("too many questions at once");
        p->due[p->n_late] = now + LATENCY;
        p->late[p->n_late++] = r->queries[i];
    }
    r->n_queries = 0;
}

static int remaining(const struct provider *p, aw_time now)
{
    int used = 0;

    for (int64_t i = p->n; i-- > 0 && p->n - i < 2 * LIMIT;) {
        if (p->asked[i % (2 * LIMIT)] / AW_MINUTE != now / AW_MINUTE)
            break;
        used++;
    }
    return LIMIT - used;
}

static void finished(struct aw_cmd *cmd)
{
    aw_cmd_free(cmd);
}

static unsigned answers(struct provider *p, aw_time now, struct aw_cmd **cmds)
{
    unsigned n = 0, left = 0;

    for (unsigned i = 0; i < p->n_late; i++) {
        struct aw_query *q = p->late[i];
        struct aw_report *rep;

        if (p->due[i] > now) {
            p->due[left] = p->due[i];
            p->late[left++] = q;
            continue;
        }
        rep = aw_calloc(1, sizeof(*rep));
        *rep = (struct aw_report){.channel = q->channel,
                                  .what = q->what,
                                  .answered = true,
                                  .n = q->n,
                                  .http_status = 200,
                                  .rate_limit = LIMIT,
                                  .rate_remaining = remaining(p, now),
                                  .rate_reset = 60};
        for (unsigned k = 0; k < q->n; k++) {
            rep->items[k].timeline = q->items[k].timeline;
            rep->items[k].attempt = q->items[k].attempt;
        }
        cmds[n] = aw_cmd_new(AW_CMD_REPORT);
        cmds[n]->u.report = rep;
        cmds[n++]->done = finished;
        aw_free(q);
    }
    p->n_late = left;
    return n;
}

static void hour(struct rig *r, struct provider *p, int minutes)
{
    static struct aw_cmd *cmds[RIG_MAX];

    for (aw_time t = T0; t < T0 + minutes * AW_MINUTE; t += STEP) {
        unsigned n = answers(p, t, cmds);

        aw_clock_step(&r->clock, t);
        if (rig_turn_with(r, cmds, n))
            bench_die("a turn failed");
        take(r, p, t);
        if ((t - T0) % (5 * AW_MINUTE) == 0)
            bench_say("minute %lld: %lld questions", (long long)((t - T0) / AW_MINUTE),
                      (long long)p->n);
    }
}

int main(int argc, char **argv)
{
    int64_t n = argc > 1 ? strtoll(argv[1], NULL, 10) : 1000000;
    int minutes = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 60;
    struct rig *r = aw_calloc(1, sizeof(*r));
    struct provider *p = aw_calloc(1, sizeof(*p));
    double start = bench_now(), filled, ended;
    bool kept;

    rig_new(r, rules, T0);
    fill(r, n);
    for (unsigned i = 0; i < r->n_queries; i++) /* asked while they were registered */
        p->n_ids += r->queries[i]->n;
    take(r, p, T0);
    filled = bench_now();
    hour(r, p, minutes);
    ended = bench_now();
    kept = p->worst == 0;
    printf("%lld open messages, %d simulated minutes in %.0f s (registered in %.0f s)\n",
           (long long)n, minutes, ended - filled, filled - start);
    printf("  questions              %lld of %d: %.1f %% of the budget\n", (long long)p->n,
           BUDGET * minutes, 100.0 * (double)p->n / (BUDGET * minutes));
    printf("  attempts asked about   %lld: %.1f a question\n", (long long)p->n_ids,
           (double)p->n_ids / (double)(p->n ? p->n : 1));
    printf("  questions over the budget in any 60 s   %lld\n", (long long)p->worst);
    printf("  least asked attempt    %lld times\n",
           (long long)rig_sql(r, "SELECT min(n_asked) FROM poll"));
    while (p->n_late)
        aw_free(p->late[--p->n_late]);
    rig_free(r);
    aw_free(p);
    aw_free(r);
    return kept ? 0 : 1;
}
