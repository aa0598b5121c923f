/* SPDX-License-Identifier: Apache-2.0
 *
 * 100 kills with -9 under load (AW_KILLS says how many). A load client keeps the 201s that it was
 * given and repeats what it got no answer for under the same key; ackwatch-sim keeps what it
 * received. At the end:
 *   - every registration that was answered 201 is there, once, under the id that was answered;
 *   - one key never has two messages;
 *   - everything the providers received has a durable intent with the same reference;
 *   - a reference was received at most once more than its attempts had unknown ends;
 *   - every timeline has been judged to its end, and the log verifies.
 * The daemon, its store, HTTP and the simulator are the real programs; the clock is real.
 */
#include <curl/curl.h>
#include <fcntl.h>
#include <ftw.h>
#include <jansson.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "audit/verify.h"
#include "base/buf.h"
#include "base/hash.h"
#include "base/mem.h"
#include "store/store.h"

#define THREADS  4
#define KEPT     200000
#define OPERATOR "+9990000005" /* notices are logged, but are no attempts of a firing */
#define PEOPLE                                                                                     \
    "\"title\":\"t\",\"recipients\":[{\"user\":\"li\",\"alias\":\"li\",\"phone\":\"+9990000001\"}" \
    "]}"
#define TEXT "{" PEOPLE
#define PUSH "{\"class\":\"push\"," PEOPLE /* few: the provider takes 600 a minute */

extern char **environ;

static char dir[256], build[4096], config[300], db[300], sock[300];
static pid_t sim_pid, daemon_pid;
static int sim_port;
static _Atomic int stopping, n_kept, n_sent;
static struct kept {
    int thread, seq;
    char id[32];
} kept[KEPT];
static int failures, n_tests;

static void __attribute__((format(printf, 2, 3))) check(bool ok, const char *fmt, ...)
{
    char text[512];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    printf("%sok %d - %s\n", ok ? "" : "not ", ++n_tests, text);
    fflush(stdout);
    failures += !ok;
}

static void die(const char *what)
{
    printf("Bail out! %s\n", what);
    if (daemon_pid)
        kill(daemon_pid, SIGKILL);
    if (sim_pid)
        kill(sim_pid, SIGKILL);
    exit(1);
}

/* --- programs
 * ------------------------------------------------------------------------------------- */

static void __attribute__((format(printf, 2, 3))) put_file(const char *name, const char *fmt, ...)
{
    char path[600];
    va_list ap;
    FILE *f;

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    f = fopen(path, "w");
    if (!f)
        die(path);
    va_start(ap, fmt);
    vfprintf(f, fmt, ap);
    va_end(ap);
    fclose(f);
    chmod(path, 0600);
}

/* Starts a program whose first line on descriptor `fd` says that it is ready; reads that line. */
static pid_t start(char *const *argv, int fd, char *line, size_t cap)
{
    posix_spawn_file_actions_t fa;
    char path[4200], log[600];
    int p[2];
    pid_t pid;
    size_t n = 0;

    snprintf(path, sizeof(path), "%s/%s", build, argv[0]);
    snprintf(log, sizeof(log), "%s/%s.log", dir, argv[0]);
    if (pipe2(p, O_CLOEXEC))
        die("pipe");
    posix_spawn_file_actions_init(&fa);
    posix_spawn_file_actions_addopen(&fa, 2, log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (fd != 1)
        posix_spawn_file_actions_adddup2(&fa, 2, 1);
    posix_spawn_file_actions_adddup2(&fa, p[1], fd);
    if (posix_spawn(&pid, path, &fa, NULL, argv, environ))
        die(path);
    posix_spawn_file_actions_destroy(&fa);
    close(p[1]);
    while (n + 1 < cap) {
        ssize_t k = read(p[0], line + n, cap - 1 - n);

        if (k <= 0)
            die(argv[0]);
        n += (size_t)k;
        if (memchr(line, '\n', n))
            break;
    }
    line[n] = '\0';
    if (fd != 1)
        close(p[0]); /* the simulator keeps its stdout */
    return pid;
}

static void start_daemon(void)
{
    char *argv[] = {(char *)"ackwatchd",  (char *)"--config", config,
                    (char *)"--ready-fd", (char *)"100",      NULL};
    char line[512];

    daemon_pid = start(argv, 100, line, sizeof(line));
}

static void start_sim(void)
{
    char people[300],
        *argv[] = {
            (char *)"ackwatch-sim", (char *)"--tls-dir", dir, (char *)"--people", people, NULL};
    char line[1024];
    json_t *v;

    snprintf(people, sizeof(people), "%s/people.json", dir);
    put_file("people.json", "[{\"user\":\"li\",\"alias\":\"li\",\"registration_ids\":"
                            "[\"1507bfd3a7c568d4761\"],\"platform\":\"android\",\"push\":"
                            "\"online\",\"delay\":\"50ms\"}]");
    sim_pid = start(argv, 1, line, sizeof(line));
    v = json_loads(line, 0, NULL);
    sim_port = (int)json_integer_value(json_object_get(v, "http_port"));
    put_file("key", "%s", json_string_value(json_object_get(v, "jpush_master_secret")));
    put_file("ackwatch.yaml",
             "version: 1\nnode: kills\nstore: a.db\nsocket: ctl.sock\nrules: rules\n"
             "listen:\n  - {address: 127.0.0.1, port: 0, faces: [public, api, ops]}\n"
             "operators:\n  - {channel: sms, to: \"" OPERATOR "\"}\n"
             "channels:\n"
             "  push: {provider: jpush, allow: 127.0.0.1, app_key: %s, master_secret: {file: key}, "
             "push_url: \"http://127.0.0.1:%d/v3/\", report_url: \"http://127.0.0.1:%d/v3/\"}\n"
             "  sms: {provider: gateway, allow: 127.0.0.1, url: \"http://127.0.0.1:%d/sms/send\", "
             "fields: "
             "{to: \"{{to}}\", text: \"{{text}}\", ref: \"{{ref}}\"}, id_pointer: /id, "
             "success_pointer: /code, success_value: \"0\"}\n",
             json_string_value(json_object_get(v, "jpush_app_key")), sim_port, sim_port, sim_port);
    json_decref(v);
    put_file("rules/r.yaml",
             "version: 1\ndefaults: {until: acknowledged, deadline: 2s, max_age: 1d}\nrules:\n"
             "  - {name: push, match: {class: push}, steps: [{id: push, at: 0s, do: push}]}\n"
             "  - name: text\n    steps:\n      - {id: text, at: 0s, do: sms}\n"
             "      - {id: again, at: 1s, do: sms, unless: acknowledged}\n");
}

/* --- load
 * ------------------------------------------------------------------------------------------ */

static size_t collect(char *p, size_t size, size_t n, void *arg)
{
    aw_buf_add(arg, p, size * n);
    return size * n;
}

static long post(CURL *h, const char *url, const char *key, const char *body, struct aw_buf *out)
{
    struct curl_slist *list = NULL;
    char header[128];
    long status = 0;

    snprintf(header, sizeof(header), "Idempotency-Key: %s", key);
    list = curl_slist_append(list, header);
    list = curl_slist_append(list, "Content-Type: application/json");
    aw_buf_reset(out);
    curl_easy_setopt(h, CURLOPT_UNIX_SOCKET_PATH, sock);
    curl_easy_setopt(h, CURLOPT_URL, url);
    curl_easy_setopt(h, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(h, CURLOPT_HTTPHEADER, list);
    curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(h, CURLOPT_WRITEDATA, out);
    curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, 5000L);
    curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
    if (curl_easy_perform(h) == CURLE_OK)
        curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &status);
    curl_slist_free_all(list);
    return status;
}

static void keep(int thread, int seq, const char *reply)
{
    json_t *v = json_loads(reply, 0, NULL);
    const char *id = json_string_value(json_object_get(v, "id"));
    int at = n_kept++;

    if (!id || at >= KEPT)
        die("a 201 without an id, or too many of them");
    kept[at].thread = thread;
    kept[at].seq = seq;
    snprintf(kept[at].id, sizeof(kept[at].id), "%s", id);
    json_decref(v);
}

/* A key is repeated until it is answered: that is what an application server does. */
static void *load(void *arg)
{
    int thread = (int)(intptr_t)arg;
    CURL *h = curl_easy_init();
    struct aw_buf out = AW_BUF_INIT(1 << 16);

    for (int seq = 0; !stopping; seq++) {
        char key[64];
        long status = 0;

        snprintf(key, sizeof(key), "t%d-%d", thread, seq);
        while (status != 201 && !stopping) {
            n_sent++;
            status = post(h, "http://localhost/v1/messages", key, seq % 32 ? TEXT : PUSH, &out);
            if (status == 201)
                keep(thread, seq, aw_buf_str(&out));
            else if (status >= 400 && status != 503)
                die(aw_buf_str(&out));
            else
                usleep(2000);
        }
        usleep(1000);
    }
    curl_easy_cleanup(h);
    aw_buf_free(&out);
    return NULL;
}

static void kill_daemon(void)
{
    int status;

    kill(daemon_pid, SIGKILL);
    waitpid(daemon_pid, &status, 0);
}

static void run(int kills, uint64_t seed)
{
    pthread_t threads[THREADS];

    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, load, (void *)(intptr_t)i);
    for (int i = 0; i < kills; i++) {
        usleep(5000 + aw_mix(seed, (uint64_t)i, 0) % 60000);
        kill_daemon();
        start_daemon();
    }
    usleep(200000);
    stopping = 1;
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

/* --- what is there afterwards
 * --------------------------------------------------------------------- */

static sqlite3 *open_db(void)
{
    sqlite3 *s;

    if (sqlite3_open_v2(db, &s, SQLITE_OPEN_READONLY, NULL))
        die("the database cannot be opened");
    sqlite3_busy_timeout(s, 5000);
    return s;
}

static int64_t number(sqlite3 *s, const char *sql)
{
    sqlite3_stmt *st;
    int64_t v = -1;

    if (sqlite3_prepare_v2(s, sql, -1, &st, NULL))
        die(sqlite3_errmsg(s));
    if (sqlite3_step(st) == SQLITE_ROW)
        v = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    return v;
}

static void settle(void)
{
    /* All steps are past 2 s; what is left are retries. */
    for (int i = 0; i < 300; i++) {
        sqlite3 *s = open_db();
        int64_t open = number(s, "SELECT count(*) FROM timeline WHERE due IS NOT NULL") +
                       number(s, "SELECT count(*) FROM attempt WHERE outcome IS NULL");

        sqlite3_close(s);
        if (open == 0)
            return;
        usleep(200000);
    }
}

static void check_kept(sqlite3 *s)
{
    sqlite3_stmt *st;
    int missing = 0, other = 0;

    sqlite3_prepare_v2(s, "SELECT key FROM message WHERE id=?1", -1, &st, NULL);
    for (int i = 0; i < n_kept; i++) {
        char key[64];
        aw_id id;

        if (aw_id_parse(kept[i].id, "msg_", &id))
            die(kept[i].id);
        snprintf(key, sizeof(key), "t%d-%d", kept[i].thread, kept[i].seq);
        sqlite3_bind_int64(st, 1, id);
        if (sqlite3_step(st) != SQLITE_ROW)
            missing++;
        else if (strcmp((const char *)sqlite3_column_text(st, 0), key) != 0)
            other++;
        sqlite3_reset(st);
    }
    sqlite3_finalize(st);
    check(missing == 0, "each of %d registrations answered 201 is there (%d are not)", (int)n_kept,
          missing);
    check(other == 0, "each stands under its own key (%d do not)", other);
    check(number(s, "SELECT count(*)-count(DISTINCT key) FROM message") == 0,
          "no key has two messages");
}

/* The simulator's record, a page at a time. */
static json_t *record(int from)
{
    CURL *h = curl_easy_init();
    struct aw_buf out = AW_BUF_INIT(64 << 20);
    char url[128];
    json_t *v;

    snprintf(url, sizeof(url), "http://127.0.0.1:%d/sim/record?from=%d&limit=1000", sim_port, from);
    curl_easy_setopt(h, CURLOPT_URL, url);
    curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(h, CURLOPT_WRITEDATA, &out);
    if (curl_easy_perform(h) != CURLE_OK)
        die("the simulator does not answer");
    curl_easy_cleanup(h);
    v = json_loads(aw_buf_str(&out), 0, NULL);
    aw_buf_free(&out);
    return v;
}

struct seen {
    int pushes, texts, no_intent, too_many;
};

static int allowed(sqlite3_stmt *st, aw_id ref)
{
    int n = 0;

    sqlite3_bind_int64(st, 1, ref);
    if (sqlite3_step(st) == SQLITE_ROW)
        n = sqlite3_column_int(st, 0);
    sqlite3_reset(st);
    return n;
}

static void look(json_t *item, json_t *counts, sqlite3_stmt *tries, struct seen *seen)
{
    const char *what = json_string_value(json_object_get(item, "what"));
    const char *ref = json_string_value(json_object_get(item, "ref"));
    const char *to = json_string_value(json_object_get(item, "to"));
    bool push = what && strcmp(what, "push") == 0, sms = what && strcmp(what, "sms") == 0;
    json_int_t n;
    aw_id id;

    if ((!push && !sms) || !ref || (to && strcmp(to, OPERATOR) == 0))
        return;
    seen->pushes += push;
    seen->texts += sms;
    if (aw_id_parse(ref, "aw_", &id) || allowed(tries, id) == 0) {
        seen->no_intent++;
        return;
    }
    n = json_integer_value(json_object_get(counts, ref)) + 1;
    json_object_set_new(counts, ref, json_integer(n));
    if (n > allowed(tries, id))
        seen->too_many++;
}

static void check_record(sqlite3 *s)
{
    json_t *counts = json_object();
    struct seen seen = {0};
    sqlite3_stmt *tries;

    sqlite3_prepare_v2(s, "SELECT count(*) FROM attempt WHERE ref=?1", -1, &tries, NULL);
    for (int from = 0;;) {
        json_t *page = record(from), *data = json_object_get(page, "data"), *item;
        size_t i, n = json_array_size(data);

        json_array_foreach(data, i, item)
        {
            look(item, counts, tries, &seen);
            from = (int)json_integer_value(json_object_get(item, "n")) + 1;
        }
        json_decref(page);
        if (n == 0)
            break;
    }
    sqlite3_finalize(tries);
    json_decref(counts);
    check(seen.pushes > 0 && seen.texts > 0, "the providers received %d pushes and %d texts",
          seen.pushes, seen.texts);
    check(seen.no_intent == 0, "each had a durable intent (%d had none)", seen.no_intent);
    check(seen.too_many == 0, "none was sent more often than it was tried (%d were)",
          seen.too_many);
}

static void print_finding(void *ctx, const struct aw_finding *f)
{
    (void)ctx;
    printf("# %s: %s\n", f->place, f->text);
}

static void check_log(void)
{
    struct aw_verify_options opt = {.at_size = -1, .found = print_finding};
    struct aw_verify_result res = {0};
    struct aw_err err = {""};
    int r = aw_store_verify(db, &opt, &res, &err);

    check(r == 0 && res.findings == 0, "the log of %lld entries verifies %s",
          (long long)res.entries, err.text);
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

int main(void)
{
    const char *tmp = getenv("TMPDIR"), *top = getenv("top_builddir"), *n = getenv("AW_KILLS");
    const char *s_seed = getenv("AW_SEED");
    int kills = n ? (int)strtol(n, NULL, 10) : 100;
    uint64_t seed = s_seed ? strtoull(s_seed, NULL, 10) : 1;
    char path[600];
    sqlite3 *s;

    snprintf(build, sizeof(build), "%s", top ? top : ".");
    snprintf(dir, sizeof(dir), "%s/aw-kills-XXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(dir))
        die("no temporary directory");
    snprintf(path, sizeof(path), "%s/rules", dir);
    mkdir(path, 0700);
    snprintf(config, sizeof(config), "%s/ackwatch.yaml", dir);
    snprintf(db, sizeof(db), "%s/a.db", dir);
    snprintf(sock, sizeof(sock), "%s/ctl.sock", dir);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    printf("1..8\n# seed %llu, %d kills\n", (unsigned long long)seed, kills);
    start_sim();
    start_daemon();
    run(kills, seed);
    printf("# figure: %d registrations sent, %d answered 201\n", (int)n_sent, (int)n_kept);
    settle();
    s = open_db();
    check(number(s, "SELECT count(*) FROM timeline WHERE due IS NOT NULL") == 0,
          "every timeline was judged to its end");
    check_kept(s);
    check_record(s);
    sqlite3_close(s);
    kill(daemon_pid, SIGTERM);
    waitpid(daemon_pid, NULL, 0);
    check_log();
    kill(sim_pid, SIGTERM);
    waitpid(sim_pid, NULL, 0);
    if (!failures)
        nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    else
        printf("# kept: %s\n", dir);
    return failures ? 1 : 0;
}
