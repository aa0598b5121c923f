/* SPDX-License-Identifier: Apache-2.0
 *
 * A store with many open messages, made through the store itself in large turns, as registrations
 * over HTTP would leave it; and the auditor's run over it.
 */
#include "bench.h"

#include <stdio.h>
#include <string.h>

#include "audit/verify.h"
#include "base/clock.h"
#include "base/mem.h"
#include "codec/digest.h"
#include "store/store.h"

#define TURN 10000

struct fill {
    struct aw_store *s;
    int64_t app, rule, people[BENCH_PEOPLE];
    uint8_t sha256[32];
    aw_time now;
    struct aw_timeline tl;
    struct aw_err err;
};

static void must(const struct fill *f, int r)
{
    if (r)
        bench_die("the store: %s", f->err.text);
}

static void begin(struct fill *f)
{
    f->now = aw_clock_os_wall();
    must(f, aw_store_begin(f->s, f->now, &f->err));
}

static void commit(struct fill *f)
{
    must(f, aw_store_commit(f->s, &f->err));
    must(f, aw_store_checkpoint(f->s, false, &f->err));
}

static void prepare(struct fill *f, const char *db)
{
    struct aw_store_options opt = {.create = true};
    struct aw_rule rule = {.name = "bench"};
    char user[32];

    must(f, aw_store_open(db, &opt, aw_clock_os_wall(), &f->s, &f->err));
    aw_sha256(f->sha256, bench_rules, strlen(bench_rules));
    memcpy(rule.sha256, f->sha256, sizeof(rule.sha256));
    begin(f);
    must(f, aw_store_app(f->s, "default", &f->app, &f->err));
    must(f, aw_store_rule(f->s, &rule, bench_rules, strlen(bench_rules), &f->rule, &f->err));
    for (unsigned i = 0; i < BENCH_PEOPLE; i++) {
        snprintf(user, sizeof(user), "u%04u", i);
        must(f, aw_store_person(f->s, f->app, user, true, "core", &f->people[i], &f->err));
    }
    commit(f);
}

static int64_t put(struct fill *f, int64_t n)
{
    struct aw_fact opened = {
        .type = AW_FACT_OPENED, .at = f->now, .registered = f->now, .next_due = f->now + AW_HOUR};
    aw_id id = aw_id_take(aw_store_ids(f->s), f->now, 1);
    struct aw_registration reg = {0};
    char body[1024], key[32];
    uint8_t digest[32];

    snprintf(key, sizeof(key), "fill-%07lld", (long long)n);
    reg.raw = body;
    reg.n_raw = bench_body(body, sizeof(body), n);
    aw_sha256(digest, body, reg.n_raw);
    aw_timeline_init(&f->tl, id, 0, f->people[n % BENCH_PEOPLE]);
    must(f, aw_timeline_apply(&f->tl, &opened));
    must(f, aw_store_register(f->s, &reg, f->app, f->rule, "bench", f->sha256, key, digest, "key:1",
                              &f->tl, 1, 0, &f->err));
    return id;
}

double bench_fill(const char *db, int64_t n, int64_t *ret_ids)
{
    struct fill *f = aw_calloc(1, sizeof(*f));
    double start = bench_now();

    prepare(f, db);
    for (int64_t i = 0; i < n;) {
        begin(f);
        for (int64_t end = i + TURN; i < end && i < n; i++)
            ret_ids[i] = put(f, i);
        commit(f);
    }
    aw_store_close(f->s);
    aw_free(f);
    return bench_now() - start;
}

double bench_verify(const char *db, int64_t *ret_entries)
{
    struct aw_verify_options opt = {.at_size = -1};
    struct aw_verify_result result;
    struct aw_err err;
    double start = bench_now();

    if (aw_store_verify(db, &opt, &result, &err))
        bench_die("verify: %s", err.text);
    if (result.findings)
        bench_die("verify finds %u faults in %s", result.findings, db);
    *ret_entries = result.entries;
    return bench_now() - start;
}
