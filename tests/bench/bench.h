/* SPDX-License-Identifier: Apache-2.0
 *
 * The parts of the benchmark: ground.c (a directory, daemons, a key), load.c (HTTP load), bare.c
 * (SQLite and disk without us, for comparison), fill.c (a store with many messages), main.c (the
 * run and its tables). All of it is one process with one thread; the daemons are its children and
 * die with it. Whatever fails ends the run with a sentence.
 */
#ifndef AW_TESTS_BENCH_H
#define AW_TESTS_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define BENCH_PEOPLE 1000 /* recipients that registrations take turns among */
#define BENCH_ID     24   /* AW_ID_TEXT */

double bench_now(void); /* seconds */
void bench_die(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));
void bench_say(const char *fmt, ...) __attribute__((format(printf, 1, 2))); /* progress */

/* --- ground.c --------------------------------------------------------------------------------- */

extern const char bench_rules[]; /* the rule file: one rule that sends nothing for an hour */

/* The body of registration n: one recipient, some 440 bytes. Returns its length. */
size_t bench_body(char *dst, size_t cap, int64_t n);

struct bench_daemon {
    char dir[96], db[128], config[128]; /* a path of a socket has 107 bytes at most */
    pid_t pid;
    unsigned port;
    char token[128];
};

/* Makes the directory with its environment and rules, not the store. */
void bench_daemon_new(struct bench_daemon *d, const char *parent, const char *name);
/* Seconds from the start of the process to its ready line. */
double bench_daemon_start(struct bench_daemon *d, const char *program);
void bench_daemon_key(struct bench_daemon *d);         /* asks the control socket for d->token */
double bench_daemon_rss(const struct bench_daemon *d); /* bytes */
void bench_daemon_stop(struct bench_daemon *d);
void bench_remove(const char *dir);

/* --- load.c ----------------------------------------------------------------------------------- */

struct bench_load {
    unsigned port, conns;
    double seconds; /* measured; what comes before and after does not count */
    int want;       /* status of each answer */
    /* Writes the next request; 0: there are no more. tag comes back with the answer. */
    size_t (*request)(void *ctx, char *dst, size_t cap, int64_t *ret_tag);
    void (*answer)(void *ctx, int64_t tag, const char *body); /* or NULL */
    void *ctx;
};
struct bench_figure {
    double rate, p50, p99; /* per second; milliseconds */
};
void bench_load(const struct bench_load *load, struct bench_figure *ret);

/* --- bare.c ----------------------------------------------------------------------------------- */

/* Bytes of what a registration leaves in the store, on average. */
struct bench_sizes {
    int body, plan, entry;
};
void bench_sizes(const char *db, struct bench_sizes *ret);
/* Rows per second of a group commit of the same rows, in turns of `batch`. */
double bench_commit(const char *path, unsigned batch, double seconds, const struct bench_sizes *z);
double bench_scan(const char *db,
                  int64_t *ret_rows); /* seconds to read three columns of timeline */
double bench_hash(const char *db, int64_t *ret_rows); /* seconds to read and hash all entries */
double bench_flush(const char *dir);                  /* p50 of fdatasync, milliseconds */
void bench_pages(const char *db, void (*row)(const char *table, double bytes));

/* --- fill.c ----------------------------------------------------------------------------------- */

/* Puts n open messages into a new store; seconds that took. */
double bench_fill(const char *db, int64_t n, int64_t *ret_ids);
/* Verifies the log and the state; seconds, or the end if anything is found. */
double bench_verify(const char *db, int64_t *ret_entries);

#endif
