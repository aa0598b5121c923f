/* SPDX-License-Identifier: Apache-2.0
 *
 * Starting and stopping the demo's two children. A child inherits two descriptors and no more: 3,
 * its end of the stepped clock, and 4, the pipe on which it says that it is ready. It is in a
 * process group of its own (Ctrl-C is ours to handle) and dies with us, whatever kills us.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "codec/json.h"
#include "ctl/demo.h"

#define STEP_FD    3
#define READY_FD   4
#define READY_MS   (20 * AW_SECOND)
#define STOP_MS    (10 * AW_SECOND)
#define READY_LINE 4096

struct plumbing {
    int step[2], ready[2], log;
};

/* In the child, between fork and exec: only async-signal-safe calls. */
static void become(const char *path, char *const *argv, const struct plumbing *p, pid_t parent,
                   bool ready_is_stdout)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(127);
    setpgid(0, 0);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    /* out of the way first: what we have may stand at 3 or 4 already */
    int step = fcntl(p->step[1], F_DUPFD_CLOEXEC, 10);
    int ready = fcntl(p->ready[1], F_DUPFD_CLOEXEC, 10);
    int log = fcntl(p->log, F_DUPFD_CLOEXEC, 10);
    if (null < 0 || step < 0 || ready < 0 || log < 0 || dup2(null, 0) < 0 ||
        dup2(ready_is_stdout ? ready : log, 1) < 0 || dup2(log, 2) < 0 || dup2(step, STEP_FD) < 0 ||
        dup2(ready, READY_FD) < 0)
        _exit(127);
    signal(SIGPIPE, SIG_DFL);
    execv(path, argv);
    _exit(127);
}

static void close_all(const struct plumbing *p)
{
    const int fds[] = {p->step[0], p->step[1], p->ready[0], p->ready[1], p->log};
    for (unsigned i = 0; i < AW_COUNT(fds); i++)
        if (fds[i] >= 0)
            close(fds[i]);
}

static int open_plumbing(struct aw_demo *d, const char *name, struct plumbing *p)
{
    char log[PATH_MAX];
    *p = (struct plumbing){{-1, -1}, {-1, -1}, -1};
    snprintf(log, sizeof log, "%s/%s.log", d->dir, name);
    p->log = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (p->log < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, p->step) < 0 ||
        pipe2(p->ready, O_CLOEXEC) < 0) {
        aw_ctl_say(0, "%s: %s", log, strerror(errno));
        close_all(p);
        return -1;
    }
    return 0;
}

/* One line of JSON from the child, within READY_MS. */
static int read_ready(int fd, json_t **ret)
{
    char line[READY_LINE];
    size_t n = 0;
    aw_boot end = aw_clock_boot() + READY_MS;
    while (n < sizeof line && !memchr(line, '\n', n) && !aw_demo_signal) {
        struct pollfd pfd = {.fd = fd, .events = POLLIN};
        aw_ms left = end - aw_clock_boot();
        if (left <= 0 || poll(&pfd, 1, (int)left) == 0)
            return AW_ETIMEDOUT;
        ssize_t got = read(fd, line + n, sizeof line - n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return AW_EIO;
        n += (size_t)got;
    }
    const char *lf = memchr(line, '\n', n);
    return lf ? aw_json_parse(line, (size_t)(lf - line), READY_LINE, ret, NULL) : AW_EIO;
}

/* The child's log is all that tells why it did not start. */
static void show_log(struct aw_demo *d, const char *name)
{
    char path[PATH_MAX], line[512];
    snprintf(path, sizeof path, "%s/%s.log", d->dir, name);
    FILE *f = fopen(path, "re");
    for (unsigned i = 0; f && i < 20 && fgets(line, sizeof line, f); i++)
        fprintf(stderr, "  %s", line);
    if (f)
        fclose(f);
}

static int start(struct aw_demo *d, struct aw_demo_child *c, char *const *argv,
                 bool ready_is_stdout, json_t **ret)
{
    struct plumbing p;
    AW_AUTO_FREE char *path = aw_demo_program(c->name);
    if (!path || open_plumbing(d, c->name, &p) < 0)
        return -1;
    pid_t parent = getpid();
    fflush(NULL);
    c->pid = fork();
    if (c->pid == 0)
        become(path, argv, &p, parent, ready_is_stdout);
    if (c->pid < 0) {
        close_all(&p);
        return aw_ctl_say(-1, "cannot start %s: %s", path, strerror(errno));
    }
    c->step_fd = p.step[0];
    close(p.step[1]);
    close(p.ready[1]);
    close(p.log);
    int r = read_ready(p.ready[0], ret);
    close(p.ready[0]);
    if (r < 0 && !aw_demo_signal) {
        aw_ctl_say(0, "%s did not start (%s); its log:", path, aw_strerror(r));
        show_log(d, c->name);
    }
    return r;
}

static unsigned port_of(const json_t *v, const char *key)
{
    return (unsigned)json_integer_value(json_object_get(v, key));
}

int aw_demo_start_sim(struct aw_demo *d, json_t **ret_ready)
{
    char people[PATH_MAX], seed[24], url[64];
    snprintf(people, sizeof people, "%s/people.json", d->dir);
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)d->seed);
    char *const argv[] = {
        "ackwatch-sim", "--address", "127.0.0.1", "--port", "0",  "--smtp-port", "0", "--people",
        people,         "--tls-dir", d->dir,      "--seed", seed, "--step-fd",   "3", NULL};
    if (start(d, &d->sim, argv, true, ret_ready) < 0)
        return -1;
    d->sim_port = port_of(*ret_ready, "http_port");
    d->smtp_port = port_of(*ret_ready, "smtp_port");
    snprintf(url, sizeof url, "http://127.0.0.1:%u", d->sim_port);
    d->record = aw_client_new(&(struct aw_client_options){.url = url});
    return d->record ? 0 : -1;
}

int aw_demo_start_daemon(struct aw_demo *d)
{
    AW_AUTO(aw_json_cleanup) json_t *v = NULL;
    char config[PATH_MAX], begin[24], socket_path[PATH_MAX];
    snprintf(config, sizeof config, "%s/ackwatch.yaml", d->dir);
    snprintf(begin, sizeof begin, "%lld", (long long)d->start);
    char *const argv[] = {"ackwatchd",    "--config", config,       "--step-fd", "3",
                          "--step-start", begin,      "--ready-fd", "4",         NULL};
    if (start(d, &d->daemon, argv, false, &v) < 0)
        return -1;
    snprintf(socket_path, sizeof socket_path, "%s/ctl.sock", d->dir);
    d->admin = aw_client_new(&(struct aw_client_options){.socket = socket_path});
    return d->admin ? 0 : -1;
}

int aw_demo_stop(struct aw_demo_child *c)
{
    int status = 0;
    pid_t got = 0;
    if (c->pid <= 0)
        return 0;
    kill(c->pid, SIGTERM);
    aw_boot end = aw_clock_boot() + STOP_MS;
    while ((got = waitpid(c->pid, &status, WNOHANG)) == 0 && aw_clock_boot() < end)
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    if (got == 0) {
        kill(c->pid, SIGKILL);
        waitpid(c->pid, &status, 0);
    }
    if (c->step_fd >= 0)
        close(c->step_fd);
    c->step_fd = -1;
    c->pid = 0;
    return got > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}
