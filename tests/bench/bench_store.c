/* SPDX-License-Identifier: Apache-2.0
 *
 * What the store costs by itself: registrations per second by size of the batch (a turn), a whole
 * life of a message (claim, outcome, acknowledgement), bytes on disk per message, time to open.
 * Beside each rate stands that of a bare SQLite group commit of rows of the same size in the same
 * run, since absolute figures depend on the disk.
 *
 *     bench_store [DIR]        default: the present directory
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/store.h"

#define RULE    "version: 1\nrules: []\n"
#define START   ((aw_time)1795370515000)
#define PEOPLE  1000
#define SECONDS 2.0 /* of each measurement */

static struct aw_store *store;
static struct aw_err err;
static aw_time now = START;
static int64_t app, rule, people[PEOPLE];
static uint8_t sha[32];
static char body[450];

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void must(int r)
{
    if (r) {
        fprintf(stderr, "bench_store: %s\n", err.text);
        exit(1);
    }
}

static void begin(void)
{
    must(aw_store_begin(store, ++now, &err));
}

static void commit(void)
{
    must(aw_store_commit(store, &err));
    must(aw_store_checkpoint(store, false, &err));
}

static void prepare(const char *path)
{
    struct aw_store_options opt = {.create = true};
    struct aw_rule r = {.name = "must-read"};
    must(aw_store_open(path, &opt, now, &store, &err));
    aw_sha256(sha, RULE, strlen(RULE));
    memcpy(r.sha256, sha, 32);
    begin();
    must(aw_store_app(store, "shop", &app, &err));
    must(aw_store_rule(store, &r, RULE, strlen(RULE), &rule, &err));
    for (unsigned i = 0; i < PEOPLE; i++) {
        char user[32];
        snprintf(user, sizeof user, "user-%u", i);
        must(aw_store_person(store, app, user, true, "core", &people[i], &err));
    }
    commit();
    snprintf(body, sizeof body, "{\"title\":\"%0*d\"}", (int)sizeof body - 20, 0);
}

static aw_id put_message(int64_t n)
{
    static struct aw_timeline tl;
    struct aw_registration reg = {.raw = body, .n_raw = strlen(body)};
    struct aw_fact f = {
        .type = AW_FACT_OPENED, .at = now, .registered = now, .next_due = now + AW_HOUR};
    aw_id id = aw_id_take(aw_store_ids(store), now, 1);
    char key[40];
    snprintf(key, sizeof key, "key-%lld", (long long)n);
    aw_timeline_init(&tl, id, 0, people[n % PEOPLE]);
    must(aw_timeline_apply(&tl, &f));
    must(aw_store_register(store, &reg, app, rule, "must-read", sha, key, sha, "key:1", &tl, 1, 0,
                           &err));
    return id;
}

static void put_life(aw_id id)
{
    static struct aw_timeline tl;
    aw_id attempt = aw_id_take(aw_store_ids(store), now, 1);
    must(aw_store_timeline(store, id, &tl, &err));
    struct aw_fact f[] = {
        {.type = AW_FACT_CLAIMED,
         .round = 1,
         .number = 1,
         .last_round = true,
         .attempt = attempt,
         .ref = attempt,
         .person = tl.person,
         .next_due = now + AW_HOUR},
        {.type = AW_FACT_OUTCOME,
         .attempt = attempt,
         .outcome = AW_OUT_ACCEPTED,
         .next_due = now + AW_HOUR},
        {.type = AW_FACT_EVIDENCE,
         .level = AW_ACKNOWLEDGED,
         .source = AW_SRC_APP,
         .counts = true,
         .person = tl.person,
         .next_due = now + AW_HOUR},
        {.type = AW_FACT_ENDED, .state = AW_CONFIRMED, .why = AW_WHY_GOAL},
    };
    for (unsigned i = 0; i < AW_COUNT(f); i++)
        must(aw_timeline_apply(&tl, &f[i]));
    must(aw_store_apply(store, id, &tl, f, AW_COUNT(f), NULL, "core", &err));
}

/* A group commit of one row of the same size with an ascending key: what the disk allows. */
static double bare(const char *dir, unsigned batch)
{
    char path[512], row[900];
    sqlite3 *db;
    sqlite3_stmt *q;
    int64_t n = 0;
    snprintf(path, sizeof path, "%s/bare.db", dir);
    memset(row, 'x', sizeof row);
    if (sqlite3_open(path, &db) ||
        sqlite3_exec(
            db,
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;"
            "PRAGMA wal_autocheckpoint=250; CREATE TABLE t(id INTEGER PRIMARY KEY, b BLOB)",
            NULL, NULL, NULL) ||
        sqlite3_prepare_v2(db, "INSERT INTO t VALUES(?1, ?2)", -1, &q, NULL))
        exit(1);
    double start = seconds(), end;
    do {
        sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
        for (unsigned i = 0; i < batch; i++) {
            sqlite3_bind_int64(q, 1, ++n);
            sqlite3_bind_blob(q, 2, row, sizeof row, SQLITE_STATIC);
            sqlite3_step(q);
            sqlite3_reset(q);
        }
        if (sqlite3_exec(db, "COMMIT", NULL, NULL, NULL))
            exit(1);
    } while ((end = seconds()) - start < SECONDS);
    sqlite3_finalize(q);
    sqlite3_close(db);
    unlink(path);
    return (double)n / (end - start);
}

static double registrations(unsigned batch, int64_t *total)
{
    int64_t n = 0;
    double start = seconds(), end;
    do {
        begin();
        for (unsigned i = 0; i < batch; i++, n++)
            put_message(++*total);
        commit();
    } while ((end = seconds()) - start < SECONDS);
    return (double)n / (end - start);
}

static double lives(unsigned batch, int64_t *total)
{
    int64_t n = 0;
    aw_id *ids = aw_calloc(batch, sizeof *ids);
    double start = seconds(), end;
    do {
        begin();
        for (unsigned i = 0; i < batch; i++, n++)
            ids[i] = put_message(++*total);
        commit();
        begin();
        for (unsigned i = 0; i < batch; i++)
            put_life(ids[i]);
        commit();
    } while ((end = seconds()) - start < SECONDS);
    aw_free(ids);
    return (double)n / (end - start);
}

/* --- retention ------------------------------------------------------------------------------ */

#define OLD       60000 /* whole lives to be pruned */
#define LARGE     1000  /* recipients of the largest message */
#define SLICE     512   /* rows, and messages looked at, as daemon/prune.c has them */
#define LOOKED    256
#define BUSY_WAIT 0.25 /* seconds between slices while there is work */

static aw_id pruned_to; /* messages up to here were looked at */

/* One slice, a turn of its own; returns the messages that went. */
static unsigned slice(double *ret_seconds)
{
    struct aw_old_message list[LOOKED];
    unsigned n, gone = 0, rows = 0, all = 0;
    double start = seconds();
    begin();
    must(aw_store_old_messages(store, pruned_to, INT64_MAX, list, LOOKED, &n, &err));
    for (unsigned i = 0; i < n && all < SLICE; i++, all += rows) {
        must(aw_store_prune_message(store, &list[i], now - 3 * AW_DAY, &rows, &err));
        pruned_to = list[i].id;
        gone += rows > 0;
    }
    commit();
    *ret_seconds = seconds() - start;
    return gone;
}

static aw_id put_large(void)
{
    static struct aw_timeline tls[LARGE];
    struct aw_registration reg = {.raw = body, .n_raw = strlen(body)};
    struct aw_fact f = {
        .type = AW_FACT_OPENED, .at = now, .registered = now, .next_due = now + AW_HOUR};
    aw_id id = aw_id_take(aw_store_ids(store), now, LARGE);
    begin();
    for (unsigned i = 0; i < LARGE; i++) {
        aw_timeline_init(&tls[i], id, (uint16_t)i, people[i % PEOPLE]);
        must(aw_timeline_apply(&tls[i], &f));
    }
    must(aw_store_register(store, &reg, app, rule, "must-read", sha, "large", sha, "key:1", tls,
                           LARGE, 0, &err));
    for (unsigned i = 0; i < LARGE; i++)
        put_life(id + i);
    commit();
    return id;
}

/* What stays of a message for ever. */
static void print_kept(const char *path, aw_id id)
{
    sqlite3 *db;
    sqlite3_stmt *q;
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) ||
        sqlite3_prepare_v2(db,
                           "SELECT count(*), sum(length(body) + length(leaf) + 20) FROM log"
                           " WHERE msg = ?1",
                           -1, &q, NULL))
        exit(1);
    sqlite3_bind_int64(q, 1, id);
    if (sqlite3_step(q) == SQLITE_ROW)
        printf("kept of a pruned message: %d entries, %d bytes\n", sqlite3_column_int(q, 0),
               sqlite3_column_int(q, 1));
    sqlite3_finalize(q);
    sqlite3_close(db);
}

static double registrations_beside(bool pruning, int64_t *total, unsigned *gone)
{
    int64_t n = 0;
    double start = seconds(), end, last = start, took;
    do {
        begin();
        for (unsigned i = 0; i < 64; i++, n++)
            put_message(++*total);
        commit();
        end = seconds();
        if (pruning && end - last >= BUSY_WAIT) {
            last = end;
            *gone += slice(&took);
        }
    } while (end - start < SECONDS);
    return (double)n / (end - start);
}

static void prune(const char *path, int64_t *total)
{
    double took, sum = 0, most = 0, alone = 0, beside = 0;
    unsigned gone = 0, n = 0, all = 0;
    aw_id large = put_large();
    for (unsigned i = 0; i < OLD; i += 100) {
        aw_id ids[100];
        begin();
        for (unsigned k = 0; k < 100; k++)
            ids[k] = put_message(++*total);
        for (unsigned k = 0; k < 100; k++)
            put_life(ids[k]);
        commit();
    }
    now += 4 * AW_DAY;
    pruned_to = large - 1;
    slice(&took);
    printf("pruning a message of %d recipients: %.1f ms\n", LARGE, took * 1000);
    for (int i = 0; i < 3; i++) {
        alone += registrations_beside(false, total, &gone);
        beside += registrations_beside(true, total, &all);
    }
    printf("registrations batch 64: %.0f/s, while pruning %.0f messages/s: %.0f/s, ratio %.2f\n",
           alone / 3, all / SECONDS / 3, beside / 3, beside / alone);
    most = 0;
    aw_id pruned = pruned_to;
    for (n = 0; (gone = slice(&took)) > 0; n += gone) {
        sum += took;
        most = took > most ? took : most;
    }
    print_kept(path, pruned);
    printf("pruning alone: %.0f messages/s, longest slice %.1f ms\n", n / sum, most * 1000);
}

static int64_t file_size(const char *path)
{
    struct stat st;
    return stat(path, &st) ? 0 : (int64_t)st.st_size;
}

int main(int argc, char **argv)
{
    static const unsigned batches[] = {1, 64, 1000};
    const char *dir = argc > 1 ? argv[1] : ".";
    char path[512];
    int64_t total = 0;

    snprintf(path, sizeof path, "%s/bench.db", dir);
    prepare(path);
    for (unsigned i = 0; i < AW_COUNT(batches); i++) {
        double rate = registrations(batches[i], &total), floor = bare(dir, batches[i]);
        printf("registrations batch %4u: %8.0f/s, bare %8.0f/s, ratio %.2f\n", batches[i], rate,
               floor, rate / floor);
    }
    must(aw_store_checkpoint(store, true, &err));
    printf("bytes per registration (body %zu): %.0f\n", strlen(body),
           (double)file_size(path) / (double)total);
    printf("whole lives batch 64: %.0f/s\n", lives(64, &total));
    prune(path, &total);
    aw_store_close(store);
    double start = seconds();
    struct aw_store_options opt = {0};
    must(aw_store_open(path, &opt, now, &store, &err));
    printf("open with %lld messages: %.3f s\n", (long long)total, seconds() - start);
    aw_store_close(store);

    static const char *const suffixes[] = {"", "-wal", "-shm", ".lock"};
    for (unsigned i = 0; i < AW_COUNT(suffixes); i++) {
        char name[600];
        snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
        unlink(name);
    }
    return 0;
}
