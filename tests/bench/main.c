/* SPDX-License-Identifier: Apache-2.0
 *
 * The benchmark: durable registrations and acknowledgements over HTTP against a real ackwatchd,
 * beside a bare SQLite group commit of the same rows; then the same with a million open messages,
 * with restart, memory, bytes on disk and the auditor's rate. Everything is repeated and
 * interleaved; tables show the median and the range. See docs/PERFORMANCE.md.
 *
 *     bench ACKWATCHD [DIR [MESSAGES]]   DIR: on the disk to measure, default /var/tmp
 */
#include "bench.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/id.h"
#include "base/mem.h"

#define REPS       3
#define RESTARTS   5
#define SECONDS    3.0 /* of one measurement over HTTP */
#define BARE       2.0 /* of one bare commit */
#define ACK_CONNS  64
#define MILLION    1000000
#define MOST_KNOWN 4000000 /* ids kept of one daemon */

/* --- figures ---------------------------------------------------------------------------------- */

struct series {
    double v[8];
    unsigned n;
};

static void add(struct series *s, double v)
{
    if (s->n < AW_COUNT(s->v))
        s->v[s->n++] = v;
}

/* "median [least .. most]" in a cell of 24 columns. */
static void cell(const struct series *s, int digits)
{
    double v[8];
    char text[64];

    memcpy(v, s->v, sizeof(v));
    for (unsigned i = 1; i < s->n; i++)
        for (unsigned k = i; k > 0 && v[k] < v[k - 1]; k--) {
            double t = v[k];
            v[k] = v[k - 1];
            v[k - 1] = t;
        }
    snprintf(text, sizeof(text), "%.*f [%.*f..%.*f]", digits, v[s->n / 2], digits, v[0], digits,
             v[s->n - 1]);
    printf("%-24s", text);
}

static void line(const char *name, const struct series *s, int digits, const char *unit)
{
    printf("  %-48s", name);
    cell(s, digits);
    printf(" %s\n", unit);
}

/* --- requests --------------------------------------------------------------------------------- */

/* A daemon under load: what was registered and is not acknowledged stands from `acked` on. */
struct world {
    struct bench_daemon d;
    int64_t seq, n_known, acked;
    struct known {
        char id[BENCH_ID];
        uint16_t user;
    } * known;
};

size_t bench_body(char *dst, size_t cap, int64_t n)
{
    static char at[AW_TIME_TEXT];
    unsigned user = (unsigned)(n % BENCH_PEOPLE);

    if (!at[0])
        aw_time_print(at, aw_clock_os_wall());
    return (size_t)snprintf(
        dst, cap,
        "{\"rule\":\"bench\",\"class\":\"order\",\"priority\":\"high\",\"labels\":{\"team\":"
        "\"billing\","
        "\"region\":\"east\"},\"title\":\"Order %09lld has changed\",\"body\":\"The delivery of "
        "your "
        "order was moved to tomorrow; please confirm that somebody will be there to take it.\","
        "\"extras\":{\"page\":\"orders/"
        "detail\",\"order\":\"%09lld\"},\"already_sent\":{\"at\":\"%s\"},"
        "\"recipients\":[{\"user\":\"u%04u\",\"alias\":\"a%04u\",\"phone\":\"+9990000%04u\","
        "\"lang\":\"en\"}]}",
        (long long)n, (long long)n, at, user, user, user);
}

static size_t head(const struct world *w, char *dst, size_t cap, const char *path, int64_t key,
                   size_t n_body)
{
    return (size_t)snprintf(dst, cap,
                            "POST /v1/messages%s HTTP/1.1\r\nHost: bench\r\n"
                            "Authorization: Bearer %s\r\nIdempotency-Key: b-%lld\r\n"
                            "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
                            path, w->d.token, (long long)key, n_body);
}

static size_t next_registration(void *ctx, char *dst, size_t cap, int64_t *ret_tag)
{
    struct world *w = ctx;
    char body[1024];
    size_t n_body = bench_body(body, sizeof(body), w->seq), n;

    *ret_tag = w->seq++;
    n = head(w, dst, cap, "", *ret_tag, n_body);
    memcpy(dst + n, body, n_body);
    return n + n_body;
}

static void registered(void *ctx, int64_t tag, const char *body)
{
    struct world *w = ctx;
    const char *id = strstr(body, "\"id\":\"");

    if (!id || w->n_known >= MOST_KNOWN)
        bench_die("an answer without an id, or too many of them");
    snprintf(w->known[w->n_known].id, BENCH_ID, "%.17s", id + 6);
    w->known[w->n_known++].user = (uint16_t)(tag % BENCH_PEOPLE);
}

/* Messages are acknowledged in random order, each once. */
static size_t next_ack(void *ctx, char *dst, size_t cap, int64_t *ret_tag)
{
    struct world *w = ctx;
    struct known k, *first = &w->known[w->acked], *any;
    char path[64], body[128];
    size_t n, n_body;

    if (w->acked == w->n_known)
        return 0;
    any = first + aw_mix(7, (uint64_t)w->acked, 0) % (uint64_t)(w->n_known - w->acked);
    k = *any;
    *any = *first;
    *first = k;
    *ret_tag = w->acked++;
    snprintf(path, sizeof(path), "/%s/acks", k.id);
    n_body = (size_t)snprintf(body, sizeof(body),
                              "{\"recipient\":\"u%04u\",\"level\":\"acknowledged\"}", k.user);
    n = head(w, dst, cap, path, *ret_tag, n_body);
    memcpy(dst + n, body, n_body);
    return n + n_body;
}

static struct bench_figure load_registrations(struct world *w, unsigned conns, double seconds)
{
    struct bench_load load = {.port = w->d.port,
                              .conns = conns,
                              .seconds = seconds,
                              .want = 201,
                              .request = next_registration,
                              .answer = registered,
                              .ctx = w};
    struct bench_figure f;

    bench_load(&load, &f);
    return f;
}

static struct bench_figure load_acks(struct world *w)
{
    struct bench_load load = {.port = w->d.port,
                              .conns = ACK_CONNS,
                              .seconds = SECONDS,
                              .want = 200,
                              .request = next_ack,
                              .ctx = w};
    struct bench_figure f;

    bench_load(&load, &f);
    return f;
}

/* --- part one: an almost empty store ---------------------------------------------------------- */

struct row {
    unsigned conns;
    struct series rate, p50, p99, bare, ratio;
};

struct part_one {
    struct row rows[3];
    struct series flush, acks, ack_p50, ack_p99;
    struct bench_sizes z;
};

static void add_figure(struct series *rate, struct series *p50, struct series *p99,
                       const struct bench_figure *f)
{
    add(rate, f->rate);
    add(p50, f->p50);
    add(p99, f->p99);
}

static void measure(struct part_one *p, struct world *w, const char *dir)
{
    struct bench_figure f;
    char bare[512];

    snprintf(bare, sizeof(bare), "%s/bare.db", dir);
    add(&p->flush, bench_flush(dir));
    for (unsigned i = 0; i < AW_COUNT(p->rows); i++) {
        struct row *r = &p->rows[i];
        double rate;

        f = load_registrations(w, r->conns, SECONDS);
        rate = bench_commit(bare, r->conns, BARE, &p->z);
        add_figure(&r->rate, &r->p50, &r->p99, &f);
        add(&r->bare, rate);
        add(&r->ratio, f.rate / rate);
        bench_say("%3u connections: %.0f registrations/s, bare %.0f/s", r->conns, f.rate, rate);
    }
    f = load_acks(w);
    add_figure(&p->acks, &p->ack_p50, &p->ack_p99, &f);
    bench_say("%3d connections: %.0f acknowledgements/s", ACK_CONNS, f.rate);
}

static void print_one(const struct part_one *p)
{
    printf("\nMedian [range] of %d interleaved repetitions. Body %d B, log entry %d B.\n\n", REPS,
           p->z.body, p->z.entry);
    line("overwrite of 16 KiB and fdatasync, p50", &p->flush, 3, "ms");
    printf("\n  %-6s%-24s%-24s%-24s%-24s%-24s\n", "conns", "registrations/s", "p50 ms", "p99 ms",
           "bare commit, rows/s", "ratio");
    for (unsigned i = 0; i < AW_COUNT(p->rows); i++) {
        const struct row *r = &p->rows[i];

        printf("  %-6u", r->conns);
        cell(&r->rate, 0);
        cell(&r->p50, 2);
        cell(&r->p99, 2);
        cell(&r->bare, 0);
        cell(&r->ratio, 2);
        putchar('\n');
    }
    printf("\n  %-6s%-24s%-24s%-24s\n  %-6d", "conns", "acknowledgements/s", "p50 ms", "p99 ms",
           ACK_CONNS);
    cell(&p->acks, 0);
    cell(&p->ack_p50, 2);
    cell(&p->ack_p99, 2);
    putchar('\n');
    fflush(stdout);
}

static void part_one(struct world *w, const char *program, const char *dir, double *ret_rss)
{
    struct part_one p = {.rows = {{.conns = 1}, {.conns = 64}, {.conns = 512}}};

    bench_daemon_new(&w->d, dir, "small");
    bench_daemon_start(&w->d, program);
    bench_daemon_key(&w->d);
    *ret_rss = bench_daemon_rss(&w->d);
    load_registrations(w, ACK_CONNS, 1.0); /* warms up, and makes the people */
    bench_sizes(w->d.db, &p.z);
    for (int i = 0; i < REPS; i++)
        measure(&p, w, dir);
    print_one(&p);
}

/* --- part two: a million open messages -------------------------------------------------------- */

struct part_two {
    struct series start, scan, start_ratio, rss, verify, hash, verify_ratio;
    struct series regs[2], acks[2], regs_ratio, acks_ratio; /* small, large */
};

static int64_t messages_filled;

static void page_line(const char *table, double bytes)
{
    printf("    %-46s%-24.0f B\n", table, bytes / (double)messages_filled);
}

static void fill(struct world *w, const char *dir, int64_t n)
{
    int64_t *ids = aw_malloc((size_t)n * sizeof(*ids));
    double took;
    struct stat st;

    bench_daemon_new(&w->d, dir, "large");
    took = bench_fill(w->d.db, n, ids);
    for (w->n_known = 0; w->n_known < n; w->n_known++) {
        aw_id_print(w->known[w->n_known].id, "msg_", ids[w->n_known]);
        w->known[w->n_known].user = (uint16_t)(w->n_known % BENCH_PEOPLE);
    }
    aw_free(ids);
    w->seq = n;
    bench_say("%lld messages through the store in %.1f s", (long long)n, took);
    if (stat(w->d.db, &st))
        bench_die("%s: %s", w->d.db, strerror(errno));
    messages_filled = n;
    printf("\n%lld open messages, registered through the store in turns of 10000: %.0f/s\n\n",
           (long long)n, (double)n / took);
    printf("  %-48s%-24.0f B\n", "bytes on disk per message", (double)st.st_size / (double)n);
    bench_pages(w->d.db, page_line);
}

static void restarts(struct part_two *p, struct world *w, const char *program, double rss_empty)
{
    int64_t rows;

    for (int i = 0; i < RESTARTS; i++) {
        double scan = bench_scan(w->d.db, &rows), start = bench_daemon_start(&w->d, program);

        add(&p->scan, scan);
        add(&p->start, start);
        add(&p->start_ratio, start / scan);
        add(&p->rss, (bench_daemon_rss(&w->d) - rss_empty) / (double)rows);
        bench_say("restart %.3f s, bare scan %.3f s", start, scan);
        bench_daemon_stop(&w->d);
    }
    line("process start to ready", &p->start, 3, "s");
    line("bare scan of timeline, three columns", &p->scan, 3, "s");
    line("ratio", &p->start_ratio, 2, "");
    line("RSS per message, above that of an empty store", &p->rss, 1, "B");
    printf("  %-48s%-24.1f MiB\n", "RSS with an empty store", rss_empty / 1048576);
}

static void audits(struct part_two *p, const struct world *w)
{
    int64_t rows, entries;

    for (int i = 0; i < REPS; i++) {
        double hash = bench_hash(w->d.db, &rows), verify = bench_verify(w->d.db, &entries);

        add(&p->hash, (double)rows / hash);
        add(&p->verify, (double)entries / verify);
        add(&p->verify_ratio, hash * (double)entries / (verify * (double)rows));
        bench_say("verify %.1f s, bare scan with SHA-256 %.1f s", verify, hash);
    }
    line("audit verify, log and state", &p->verify, 0, "entries/s");
    line("bare scan of log with SHA-256", &p->hash, 0, "entries/s");
    line("ratio", &p->verify_ratio, 2, "");
}

static void loads(struct part_two *p, struct world *small, struct world *large)
{
    for (int i = 0; i < REPS; i++) {
        struct bench_figure r0 = load_registrations(small, ACK_CONNS, SECONDS);
        struct bench_figure r1 = load_registrations(large, ACK_CONNS, SECONDS);
        struct bench_figure a0 = load_acks(small), a1 = load_acks(large);

        add(&p->regs[0], r0.rate);
        add(&p->regs[1], r1.rate);
        add(&p->regs_ratio, r1.rate / r0.rate);
        add(&p->acks[0], a0.rate);
        add(&p->acks[1], a1.rate);
        add(&p->acks_ratio, a1.rate / a0.rate);
        bench_say("registrations %.0f and %.0f/s, acknowledgements %.0f and %.0f/s", r0.rate,
                  r1.rate, a0.rate, a1.rate);
    }
    line("registrations at 64 connections", &p->regs[1], 0, "/s");
    line("the same, small store of part one", &p->regs[0], 0, "/s");
    line("ratio", &p->regs_ratio, 2, "");
    line("acknowledgements, random order, 64 connections", &p->acks[1], 0, "/s");
    line("the same, small store of part one", &p->acks[0], 0, "/s");
    line("ratio", &p->acks_ratio, 2, "");
}

static void part_two(struct world *small, struct world *large, const char *program, const char *dir,
                     int64_t n, double rss_empty)
{
    struct part_two p;

    memset(&p, 0, sizeof(p));
    fill(large, dir, n);
    restarts(&p, large, program, rss_empty);
    audits(&p, large);
    bench_daemon_start(&large->d, program);
    bench_daemon_key(&large->d);
    loads(&p, small, large);
    bench_daemon_stop(&large->d);
    bench_daemon_stop(&small->d);
}

/* --- the run ---------------------------------------------------------------------------------- */

static void run(const char *program, const char *dir, int64_t n)
{
    struct world worlds[2];
    double rss;

    memset(worlds, 0, sizeof(worlds));
    for (int i = 0; i < 2; i++)
        worlds[i].known = aw_malloc(MOST_KNOWN * sizeof(struct known));
    part_one(&worlds[0], program, dir, &rss);
    part_two(&worlds[0], &worlds[1], program, dir, n, rss);
    for (int i = 0; i < 2; i++)
        aw_free(worlds[i].known);
}

static volatile pid_t worker;

static void pass_on(int sig)
{
    (void)sig;
    kill(worker, SIGKILL); /* its daemons die with it */
}

/* The run is a child, so that its directory goes whatever becomes of it. */
int main(int argc, char **argv)
{
    char dir[80];
    int status = -1;
    double start = bench_now();

    if (argc < 2 || argc > 4) {
        fputs("usage: bench ACKWATCHD [DIR [MESSAGES]]\n", stderr);
        return 2;
    }
    if (snprintf(dir, sizeof(dir), "%s/bench.XXXXXX", argc > 2 ? argv[2] : "/var/tmp") >=
        (int)sizeof(dir))
        bench_die("the path of DIR is too long: a control socket will stand in it");
    if (!mkdtemp(dir))
        bench_die("%s: %s", dir, strerror(errno));
    fflush(stdout);
    worker = fork();
    if (worker == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        run(argv[1], dir, argc > 3 ? strtoll(argv[3], NULL, 10) : MILLION);
        exit(0);
    }
    signal(SIGINT, pass_on);
    signal(SIGTERM, pass_on);
    signal(SIGHUP, pass_on);
    while (worker > 0 && waitpid(worker, &status, 0) < 0 && errno == EINTR)
        ;
    bench_remove(dir);
    bench_say("%.0f s", bench_now() - start);
    return status ? 1 : 0;
}
