/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules: reading and checking 200 of them beside libyaml's own parse of the same bytes; matching
 * one registration against 1,000 beside one SHA-256 of its body; one simulated timeline of ten
 * steps beside ten point reads of SQLite. One process, one thread; each pair alternates, five
 * repetitions, and the ratio of the medians is the figure. Ends with 1 when a ratio is above its
 * bound.
 */
#include "bench.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <yaml.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/digest.h"
#include "conf/allow.h"
#include "conf/rules.h"
#include "core/match.h"
#include "core/virtual.h"

enum { REPS = 5, RULES = 200, MATCHED = 1000, ROWS = 100000, READS = 10 };
#define SECONDS 0.3 /* of one measurement */

/* --- measuring -------------------------------------------------------------------------------- */

/* Seconds of one call, of as many as fill the time. */
static double time_of(void (*f)(void *), void *ctx)
{
    unsigned n = 0;
    double start = bench_now(), end = start;
    for (; end - start < SECONDS; end = bench_now(), n++)
        f(ctx);
    return (end - start) / n;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* One line of the table; true when the ratio is within its bound. */
static bool pair(const char *what, void (*ours)(void *), const char *beside, void (*theirs)(void *),
                 void *ctx, double bound)
{
    double a[REPS], b[REPS], ratio[REPS];
    for (unsigned i = 0; i < REPS; i++) {
        a[i] = time_of(ours, ctx);
        b[i] = time_of(theirs, ctx);
        ratio[i] = a[i] / b[i];
    }
    qsort(a, REPS, sizeof(*a), compare);
    qsort(b, REPS, sizeof(*b), compare);
    qsort(ratio, REPS, sizeof(*ratio), compare);
    printf("| %s | %.1f us | %s: %.1f us | %.2f [%.2f..%.2f] | %g |\n", what, a[REPS / 2] * 1e6,
           beside, b[REPS / 2] * 1e6, ratio[REPS / 2], ratio[0], ratio[REPS - 1], bound);
    return ratio[REPS / 2] <= bound;
}

/* --- check ------------------------------------------------------------------------------------ */

struct text {
    struct aw_buf b;
    struct aw_rules *rules;
};

static void write_rules(struct aw_buf *b, unsigned n)
{
    aw_buf_puts(b, "version: 1\nrules:\n");
    for (unsigned i = 0; i < n; i++)
        aw_buf_printf(
            b,
            "  - name: must-read-%u\n"
            "    title: {en: Office notice %u, zh-CN: 办公通知 %u}\n"
            "    match: {class: office-%u, priority: [high, critical], labels.region: \"cn-*\"}\n"
            "    until: acknowledged\n    deadline: 4h\n    max_age: 3d\n    claim: {hold: 30m}\n"
            "    steps:\n"
            "      - {id: push,  at: 0s,  do: push, ttl: until text}\n"
            "      - {id: again, at: 2m,  do: push, unless: delivered, replaces: push}\n"
            "      - {id: text,  at: 5m,  do: sms, unless: delivered}\n"
            "      - {id: mail,  at: 15m, do: email, unless: opened, ack_link: true}\n"
            "      - {id: boss,  at: 30m, do: [push, sms], to: [manager, \"contact:duty\"],\n"
            "         unless: acknowledged, repeat: {every: 15m, times: 3}}\n"
            "    exhausted: {do: email, to: \"contact:compliance\"}\n",
            i, i, i, i);
}

static void check_rules(void *ctx)
{
    const struct text *t = ctx;
    const struct aw_rules_world world = {.lint = true};
    struct aw_rules *rules = NULL;
    struct aw_diag diag;
    aw_diag_init(&diag);
    if (aw_rules_parse("rules.yaml", t->b.p, t->b.n, &world, &rules, &diag) < 0 || diag.n > 0)
        bench_die("the rules are not fine");
    const struct aw_source_file f = {"rules.yaml", rules->files[0].text, rules->files[0].n};
    aw_allow_check(&diag, &f);
    aw_rules_free(rules);
    aw_diag_free(&diag);
}

static void parse_alone(void *ctx)
{
    const struct text *t = ctx;
    yaml_parser_t parser;
    yaml_event_type_t type = YAML_NO_EVENT;
    if (!yaml_parser_initialize(&parser))
        bench_die("out of memory");
    yaml_parser_set_input_string(&parser, (const unsigned char *)t->b.p, t->b.n);
    while (type != YAML_STREAM_END_EVENT) {
        yaml_event_t ev;
        if (!yaml_parser_parse(&parser, &ev))
            bench_die("the rules are no YAML");
        type = ev.type;
        yaml_event_delete(&ev);
    }
    yaml_parser_delete(&parser);
}

/* --- match ------------------------------------------------------------------------------------ */

struct matching {
    struct aw_rules *rules;
    struct aw_registration reg;
    struct aw_match_input in;
    char body[1024];
    size_t n;
};

static void match_one(void *ctx)
{
    const struct matching *m = ctx;
    const struct aw_rule *r = aw_ruleset_match(&m->rules->set, &m->in);
    if (r == NULL || !aw_streq(r->name, "rule-999"))
        bench_die("another rule took the message");
}

static void hash_body(void *ctx)
{
    const struct matching *m = ctx;
    uint8_t hash[32];
    aw_sha256(hash, m->body, m->n);
}

/* --- simulate --------------------------------------------------------------------------------- */

struct simulation {
    struct aw_rules *rules;
    struct aw_recipient li;
    struct aw_registration reg;
    struct aw_virtual_input in;
    unsigned lines;
    sqlite3 *db;
    sqlite3_stmt *read;
    uint64_t at;
};

static int count(void *ctx, const struct aw_virtual_line *l)
{
    struct simulation *s = ctx;
    s->lines++;
    return 0;
}

static void simulate(void *ctx)
{
    struct simulation *s = ctx;
    struct aw_err err;
    s->lines = 0;
    if (aw_virtual_run(&s->in, count, s, &err) < 0 || s->lines != 11)
        bench_die("a timeline of %u lines", s->lines);
}

static void read_ten(void *ctx)
{
    struct simulation *s = ctx;
    for (unsigned i = 0; i < READS; i++) {
        s->at = s->at * 6364136223846793005 + 1442695040888963407;
        sqlite3_bind_int64(s->read, 1, (int64_t)(s->at >> 33) % ROWS);
        if (sqlite3_step(s->read) != SQLITE_ROW)
            bench_die("a row is missing");
        if (sqlite3_column_bytes(s->read, 5) != 48)
            bench_die("a row is wrong");
        sqlite3_reset(s->read);
    }
}

/* The rows of a store's timelines, in a file with its settings. */
static void open_rows(struct simulation *s, const char *path)
{
    static const char sql[] =
        "PRAGMA journal_mode=WAL; CREATE TABLE timeline(id INTEGER PRIMARY KEY, n, person, state, "
        "due, plan); BEGIN; WITH RECURSIVE c(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM c WHERE "
        "i < 99999) INSERT INTO timeline SELECT i, 0, i, 0, i, randomblob(48) FROM c; COMMIT;";
    if (sqlite3_open(path, &s->db) || sqlite3_exec(s->db, sql, NULL, NULL, NULL) ||
        sqlite3_prepare_v2(s->db, "SELECT * FROM timeline WHERE id = ?", -1, &s->read, NULL))
        bench_die("%s: %s", path, sqlite3_errmsg(s->db));
}

/* --- all -------------------------------------------------------------------------------------- */

static struct aw_rules *load(const char *text, size_t n)
{
    struct aw_rules *rules = NULL;
    struct aw_diag diag;
    aw_diag_init(&diag);
    if (aw_rules_parse("rules.yaml", text, n, NULL, &rules, &diag) < 0)
        bench_die("%s", diag.items[0].text);
    aw_diag_free(&diag);
    return rules;
}

static bool bench_check(void)
{
    struct text t = {.b = AW_BUF_INIT(1 << 20)};
    write_rules(&t.b, RULES);
    bool fine =
        pair("`rules check` of 200 rules", check_rules, "libyaml's parse", parse_alone, &t, 5);
    aw_buf_free(&t.b);
    return fine;
}

static bool bench_match(void)
{
    struct aw_buf b = AW_BUF_INIT(2 << 20);
    struct matching *m = aw_calloc(1, sizeof(*m));
    aw_buf_puts(&b, "version: 1\nrules:\n");
    for (unsigned i = 0; i < MATCHED; i++)
        aw_buf_printf(&b,
                      "  - {name: rule-%u, match: {class: office-%u, priority: [high, critical],\n"
                      "     labels.region: \"cn-*\"}, until: acknowledged, deadline: 4h,\n"
                      "     steps: [{id: push, at: 0s, do: push}]}\n",
                      i, i);
    m->rules = load(b.p, b.n);
    m->n = 432; /* as in the benchmark of registrations */
    memset(m->body, 'x', m->n);
    m->reg.class_ = "office-999";
    m->reg.priority = AW_HIGH;
    m->reg.labels[0] = (struct aw_pair){"region", "cn-east"};
    m->reg.n_labels = 1;
    m->in = (struct aw_match_input){&m->reg, "shop", NULL};
    bool fine = pair("one registration against 1,000 rules", match_one, "SHA-256 of its body",
                     hash_body, m, 20);
    aw_rules_free(m->rules);
    aw_free(m);
    aw_buf_free(&b);
    return fine;
}

static bool bench_simulate(void)
{
    static const char rule[] =
        "version: 1\nrules:\n  - name: r\n    until: acknowledged\n    deadline: 4h\n    steps:\n"
        "      - {id: a, at: 0s, do: push}\n      - {id: b, at: 2m, do: push, unless: delivered}\n"
        "      - {id: c, at: 5m, do: sms, unless: delivered}\n"
        "      - {id: d, at: 15m, do: email, unless: opened}\n      - {id: e, at: 30m, do: push}\n"
        "      - {id: f, at: 45m, do: sms}\n      - {id: g, at: 1h, do: email}\n"
        "      - {id: h, at: 2h, do: push}\n      - {id: i, at: 3h, do: sms}\n"
        "      - {id: j, at: 3h30m, do: email}\n";
    char path[256];
    struct simulation *s = aw_calloc(1, sizeof(*s));
    snprintf(path, sizeof(path), "%s/aw-bench-rules-%d.db", getenv("TMPDIR") ?: "/var/tmp",
             (int)getpid());
    open_rows(s, path);
    s->rules = load(rule, strlen(rule));
    s->li = (struct aw_recipient){"li",
                                  {.alias = "li", .phone = "+9990000001", .email = "l@x.invalid"}};
    s->reg.recipients = &s->li;
    s->reg.n_recipients = 1;
    s->in = (struct aw_virtual_input){
        .rule = s->rules->set.rules[0], .reg = &s->reg, .at = 1795399200000};
    bool fine = pair("one simulated timeline of ten steps", simulate, "ten point reads of SQLite",
                     read_ten, s, 1);
    sqlite3_finalize(s->read);
    sqlite3_close(s->db);
    for (const char *const *tail = (const char *const[]){"", "-wal", "-shm", NULL}; *tail; tail++) {
        char name[300];
        snprintf(name, sizeof(name), "%s%s", path, *tail);
        unlink(name);
    }
    aw_rules_free(s->rules);
    aw_free(s);
    return fine;
}

int main(void)
{
    puts("| | median | beside | ratio [least..most] | bound |\n|---|---|---|---|---|");
    bool fine = bench_check();
    fine = bench_match() && fine;
    fine = bench_simulate() && fine;
    return fine ? 0 : 1;
}
