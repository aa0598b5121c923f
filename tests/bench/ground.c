/* SPDX-License-Identifier: Apache-2.0
 *
 * What a daemon stands on: a directory, an environment file, a rule that sends nothing for an hour,
 * a key made through the control socket.
 */
#include "bench.h"

#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define READY_FD 100

const char bench_rules[] = "version: 1\nrules:\n"
                           "  - name: bench\n    until: acknowledged\n    deadline: 4h\n"
                           "    steps: [{id: text, at: 1h, do: sms}]\n";

double bench_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void bench_die(const char *fmt, ...)
{
    va_list ap;

    fputs("bench: ", stderr);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    exit(1);
}

void bench_say(const char *fmt, ...)
{
    va_list ap;

    fputs("# ", stderr);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
}

/* --- files ------------------------------------------------------------------------------------ */

static void put_file(const struct bench_daemon *d, const char *name, const char *text)
{
    char path[512];
    FILE *f;

    snprintf(path, sizeof(path), "%s/%s", d->dir, name);
    f = fopen(path, "w");
    if (!f || fputs(text, f) < 0 || fclose(f))
        bench_die("%s: %s", path, strerror(errno));
}

static void make_dir(const char *path)
{
    if (mkdir(path, 0700))
        bench_die("%s: %s", path, strerror(errno));
}

void bench_daemon_new(struct bench_daemon *d, const char *parent, const char *name)
{
    char path[256];

    memset(d, 0, sizeof(*d));
    snprintf(d->dir, sizeof(d->dir), "%s/%s", parent, name);
    snprintf(d->db, sizeof(d->db), "%s/a.db", d->dir);
    snprintf(d->config, sizeof(d->config), "%s/ackwatch.yaml", d->dir);
    make_dir(d->dir);
    snprintf(path, sizeof(path), "%s/rules", d->dir);
    make_dir(path);
    put_file(d, "rules/bench.yaml", bench_rules);
    put_file(d, "ackwatch.yaml",
             "version: 1\nnode: bench\nstore: a.db\nsocket: ctl.sock\nrules: rules\n"
             "listen:\n  - {address: 127.0.0.1, port: 0, faces: [public, api, ops]}\n"
             "operators:\n  - {channel: sms, to: \"+9990000001\"}\n"
             "channels:\n  sms: {provider: gateway, allow: 127.0.0.1, url: "
             "\"http://127.0.0.1:9/never\", "
             "fields: {to: \"{{to}}\"}}\n");
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

void bench_remove(const char *dir)
{
    nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* --- the process ------------------------------------------------------------------------------ */

static void become_daemon(const struct bench_daemon *d, const char *program, int ready)
{
    char log[512];

    prctl(PR_SET_PDEATHSIG, SIGKILL); /* it never outlives the benchmark */
    snprintf(log, sizeof(log), "%s/log", d->dir);
    if (!freopen(log, "a", stderr) || dup2(ready, READY_FD) < 0)
        _exit(127);
    execl(program, program, "--config", d->config, "--ready-fd", "100", (char *)NULL);
    _exit(127);
}

double bench_daemon_start(struct bench_daemon *d, const char *program)
{
    char line[512];
    double start = bench_now();
    ssize_t n;
    int p[2];

    if (pipe(p) || (d->pid = fork()) < 0)
        bench_die("no process: %s", strerror(errno));
    if (d->pid == 0)
        become_daemon(d, program, p[1]);
    close(p[1]);
    n = read(p[0], line, sizeof(line) - 1);
    close(p[0]);
    start = bench_now() - start;
    line[n > 0 ? n : 0] = '\0';
    if (sscanf(line, "{\"port\":%u", &d->port) != 1)
        bench_die("%s does not start; its log is %s/log", program, d->dir);
    return start;
}

void bench_daemon_stop(struct bench_daemon *d)
{
    int status;

    if (d->pid > 0 && (kill(d->pid, SIGTERM) || waitpid(d->pid, &status, 0) != d->pid || status))
        bench_die("the daemon did not stop in order");
    d->pid = 0;
}

double bench_daemon_rss(const struct bench_daemon *d)
{
    char path[64], line[256];
    long kib = -1;
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%d/status", (int)d->pid);
    f = fopen(path, "r");
    while (f && kib < 0 && fgets(line, sizeof(line), f))
        if (sscanf(line, "VmRSS: %ld", &kib) != 1)
            kib = -1;
    if (!f || kib < 0)
        bench_die("%s cannot be read", path);
    fclose(f);
    return (double)kib * 1024;
}

/* --- the key ---------------------------------------------------------------------------------- */

void bench_daemon_key(struct bench_daemon *d)
{
    static const char body[] =
        "{\"name\":\"bench\",\"scopes\":[\"messages:write\",\"acks:write\"]}";
    struct sockaddr_un sun = {.sun_family = AF_UNIX};
    char request[512], answer[4096];
    const char *token;
    size_t n = 0;
    int length = snprintf(request, sizeof(request),
                          "POST /v1/keys HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n"
                          "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                          sizeof(body) - 1, body);
    ssize_t k;
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/ctl.sock", d->dir);
    if (fd < 0 || connect(fd, (struct sockaddr *)&sun, sizeof(sun)) ||
        write(fd, request, (size_t)length) != length)
        bench_die("%s: %s", sun.sun_path, strerror(errno));
    while ((k = read(fd, answer + n, sizeof(answer) - 1 - n)) > 0)
        n += (size_t)k;
    close(fd);
    answer[n] = '\0';
    token = strstr(answer, "\"token\":\"");
    if (!token || sscanf(token + 9, "%127[^\"]", d->token) != 1)
        bench_die("no key was made: %.300s", answer);
}
