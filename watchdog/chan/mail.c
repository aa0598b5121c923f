/* SPDX-License-Identifier: Apache-2.0
 *
 * Mail, the daemon's side. libesmtp blocks without limit and has proven defects, so it lives in
 * worker processes (mail_worker.c): this same binary, started with --mail-worker and a socket,
 * with no other descriptor and hardly any environment. One line of JSON goes there with settings,
 * password and message; one comes back with the outcome, before it {"handed":true} when the whole
 * message has been given to the library. From then on the server may have it, and a worker that
 * dies or is killed at its deadline leaves the outcome unknown; before, the mail was not sent.
 */
#include "chan/mail.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "chan/detail.h"
#include "codec/fields.h"
#include "codec/json.h"
#include "codec/jsonw.h"
#include "codec/mime.h"

#define WORKER_FD   3
#define REQUEST_MAX (8 * 1024 * 1024) /* bytes of a line to a worker */
#define MESSAGE_MAX (2 * 1024 * 1024)
#define REPLY_MAX   (16 * 1024)

struct worker {
    pid_t pid; /* 0: none */
    int fd;
    bool busy, handed;
    const struct aw_send *send;
    aw_boot deadline;
    struct aw_buf out, in;
    size_t out_at; /* bytes of out that are written */
    aw_mailer_done *done;
    void *arg;
};

struct aw_mailer {
    const struct aw_chan_env *env;
    struct worker workers[AW_MAILER_WORKERS];
};

struct aw_mailer *aw_mailer_new(const struct aw_chan_env *env)
{
    struct aw_mailer *m = aw_calloc(1, sizeof *m);
    m->env = env;
    return m;
}

/* --- processes ----------------------------------------------------------------------------- */

/* What a worker sees of our environment, which may hold secrets: nothing but what the sanitizers
 * and the loader need. XDG_CONFIG_DIR must not exist, or libesmtp looks for client certificates
 * in $HOME and fails on what it finds. */
static void worker_environ(char **env, unsigned max)
{
    static const char *const pass[] = {"ASAN_OPTIONS", "UBSAN_OPTIONS", "LD_LIBRARY_PATH"};
    unsigned n = 0;
    env[n++] = aw_strdup("XDG_CONFIG_DIR=/nonexistent/ackwatch");
    env[n++] = aw_strdup("PATH=/usr/bin:/bin");
    for (unsigned i = 0; i < AW_COUNT(pass) && n + 1 < max; i++) {
        const char *value = getenv(pass[i]);
        AW_AUTO(aw_buf_free) struct aw_buf b = AW_BUF_INIT(4096);
        aw_buf_printf(&b, "%s=%s", pass[i], value ? value : "");
        if (value)
            env[n++] = aw_buf_take(&b, NULL);
    }
    env[n] = NULL;
}

static int spawn(const char *self, int fd, pid_t *ret)
{
    char number[8], *env[8];
    char *argv[] = {(char *)self, (char *)"--mail-worker", number, NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    sigset_t none, all;
    snprintf(number, sizeof number, "%d", WORKER_FD);
    worker_environ(env, AW_COUNT(env));
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&files, fd, WORKER_FD);
    posix_spawn_file_actions_addclosefrom_np(&files, WORKER_FD + 1);
    posix_spawnattr_init(&attr);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawnattr_setsigdefault(&attr, &all);
    int r = posix_spawn(ret, self, &files, &attr, argv, env);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&files);
    for (unsigned i = 0; env[i]; i++)
        aw_free(env[i]);
    return r;
}

static int begin_worker(struct worker *w, const char *self)
{
    int fds[2], r;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
        return errno;
    fcntl(fds[0], F_SETFL, O_NONBLOCK); /* ours; the worker may block */
    r = spawn(self, fds[1], &w->pid);
    close(fds[1]);
    if (r != 0) {
        close(fds[0]);
        w->pid = 0;
        return r;
    }
    w->fd = fds[0];
    w->in.max = REPLY_MAX;
    w->out.max = REQUEST_MAX;
    return 0;
}

/* A worker whose socket is closed ends by itself; one that hangs is killed. */
static void end_worker(struct worker *w)
{
    kill(w->pid, SIGKILL);
    close(w->fd);
    while (waitpid(w->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    if (w->out.p)
        aw_wipe(w->out.p, w->out.n);
    aw_buf_free(&w->out);
    aw_buf_free(&w->in);
    *w = (struct worker){0};
}

void aw_mailer_free(struct aw_mailer *m)
{
    if (!m)
        return;
    for (unsigned i = 0; i < AW_MAILER_WORKERS; i++)
        if (m->workers[i].pid)
            end_worker(&m->workers[i]);
    aw_free(m);
}

/* --- a send -------------------------------------------------------------------------------- */

static void end_send(struct worker *w, struct aw_result *r)
{
    aw_mailer_done *done = w->done;
    void *arg = w->arg;
    if (w->out.p)
        aw_wipe(w->out.p, w->out.n); /* the password was in it */
    aw_buf_reset(&w->out);
    aw_buf_reset(&w->in);
    w->out_at = 0;
    w->busy = false;
    done(arg, r);
}

static void result(struct aw_result *r, const struct aw_send *s, enum aw_outcome outcome,
                   const char *text)
{
    memset(r, 0, sizeof *r);
    r->attempt = s->attempt;
    r->outcome = outcome;
    aw_detail(r->detail, s, text, strlen(text));
}

/* No verdict came: the worker died, hung, or spoke nonsense. */
static void lose(struct worker *w, const char *why)
{
    struct aw_result r;
    struct worker gone = *w;
    char text[128];
    snprintf(text, sizeof text, "%s %s the message was handed over", why,
             w->handed ? "after" : "before");
    result(&r, w->send, w->handed ? AW_OUT_UNKNOWN : AW_OUT_TRANSIENT, text);
    end_worker(w);
    gone.done(gone.arg, &r);
}

/* libesmtp writes addresses as they are: one with a line end would be two commands, one of more
 * than a line is cut. */
static bool good_address(const char *a)
{
    return a && strlen(a) <= 254 && aw_valid_email(a);
}

static int write_request(struct aw_buf *out, const struct aw_chan_env *env, const struct aw_send *s,
                         aw_ms timeout, struct aw_err *err)
{
    static const char *const settings[] = {"host", "tls", "ca_file", "user", "password", "from"};
    AW_AUTO(aw_buf_free) struct aw_buf message = AW_BUF_INIT(MESSAGE_MAX);
    AW_AUTO(aw_buf_free) struct aw_buf id = AW_BUF_INIT(512);
    char ref[AW_ID_TEXT];
    const struct aw_channel *ch = s->channel;
    struct aw_jsonw w;
    aw_id_print(ref, "aw_", s->ref);
    aw_buf_printf(&id, "%s@%s", s->mark ? s->mark : ref, env->node);
    const struct aw_mail mail = {.from_address = aw_channel_get(ch, "from"),
                                 .from_name = aw_channel_get(ch, "from_name"),
                                 .to_address = s->email,
                                 .subject = s->title ? s->title : "",
                                 .text = s->text ? s->text : "",
                                 .html = s->html,
                                 .message_id = aw_buf_str(&id),
                                 .date = s->time};
    if (aw_mime_build(&message, &mail, err) != 0)
        return AW_EINVAL;
    aw_jw_init(&w, out);
    aw_jw_object(&w, NULL);
    for (unsigned i = 0; i < AW_COUNT(settings); i++)
        if (aw_channel_get(ch, settings[i]))
            aw_jw_str(&w, settings[i], aw_channel_get(ch, settings[i]));
    aw_jw_int(&w, "port", aw_channel_num(ch, "port", 587));
    aw_jw_int(&w, "timeout_ms", timeout);
    aw_jw_str(&w, "hello", env->node);
    aw_jw_str(&w, "to", s->email);
    if (s->mark)
        aw_jw_str(&w, "envid", s->mark);
    aw_jw_strn(&w, "message", aw_buf_str(&message), message.n);
    aw_jw_end(&w, '}');
    aw_buf_putc(out, '\n');
    if (message.over || out->over)
        return aw_fail(err, AW_EINVAL, "the mail would be too large");
    return AW_OK;
}

static struct worker *take_worker(struct aw_mailer *m)
{
    struct worker *none = NULL;
    for (unsigned i = 0; i < AW_MAILER_WORKERS; i++) {
        if (m->workers[i].pid && !m->workers[i].busy)
            return &m->workers[i];
        if (!m->workers[i].pid && !none)
            none = &m->workers[i];
    }
    return none;
}

bool aw_mailer_room(const struct aw_mailer *m)
{
    return take_worker((struct aw_mailer *)m) != NULL;
}

void aw_mailer_start(struct aw_mailer *m, const struct aw_send *s, aw_ms timeout,
                     aw_mailer_done *done, void *arg)
{
    struct worker *w = take_worker(m);
    struct aw_result r;
    struct aw_err err;
    int e = w->pid ? 0 : begin_worker(w, m->env->self);
    if (e) {
        snprintf(err.text, sizeof err.text, "no mail worker: %s", strerrordesc_np(e));
        result(&r, s, AW_OUT_TRANSIENT, err.text);
        done(arg, &r);
        return;
    }
    w->busy = true;
    w->handed = false;
    w->send = s;
    w->deadline = aw_clock_boot() + timeout;
    w->done = done;
    w->arg = arg;
    if (!good_address(aw_channel_get(s->channel, "from"))) {
        result(&r, s, AW_OUT_AUTH, "`from` of the channel is no address that we can send");
        end_send(w, &r);
    } else if (!good_address(s->email)) {
        result(&r, s, AW_OUT_REFUSED, "the recipient's address is none that we can send to");
        end_send(w, &r);
    } else if (write_request(&w->out, m->env, s, timeout, &err) != 0) {
        result(&r, s, AW_OUT_REFUSED, err.text);
        end_send(w, &r);
    }
}

/* --- the wire ------------------------------------------------------------------------------ */

static bool flush(struct worker *w)
{
    while (w->out_at < w->out.n) {
        ssize_t n = send(w->fd, w->out.p + w->out_at, w->out.n - w->out_at, MSG_NOSIGNAL);
        if (n < 0)
            return errno == EAGAIN || errno == EINTR;
        w->out_at += (size_t)n;
    }
    return true;
}

/* One line of a worker; false when it makes no sense. */
static bool take_line(struct worker *w, const char *line, size_t n)
{
    json_t *v = NULL;
    struct aw_result r;
    enum aw_outcome outcome;
    uint64_t status = 0;
    bool good = false;
    if (!w->busy || aw_json_parse(line, n, REPLY_MAX, &v, NULL) != 0)
        return false;
    const char *word = aw_json_str(v, "outcome"), *detail = aw_json_str(v, "detail");
    if (json_is_true(json_object_get(v, "handed"))) {
        w->handed = good = true;
    } else if (word && aw_outcome_parse(word, &outcome) == 0) {
        aw_json_u64(json_object_get(v, "status"), &status);
        result(&r, w->send, outcome, detail ? detail : "");
        r.http_status = status <= 599 ? (int)status : 0;
        r.level = outcome == AW_OUT_ACCEPTED ? AW_ACCEPTED : AW_LEVEL_NONE;
        good = true;
        end_send(w, &r);
    }
    json_decref(v);
    return good;
}

/* False when the worker is gone or makes no sense. */
static bool receive(struct worker *w)
{
    char part[4096];
    ssize_t n = recv(w->fd, part, sizeof part, 0);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    if (n == 0)
        return false;
    aw_buf_add(&w->in, part, (size_t)n);
    if (w->in.over)
        return false;
    for (char *end; w->in.n && (end = memchr(w->in.p, '\n', w->in.n));) {
        size_t line = (size_t)(end - w->in.p), left = w->in.n - line - 1;
        bool good = take_line(w, w->in.p, line);
        if (!good || !w->busy) /* after the verdict nothing more is expected */
            return good;
        memmove(w->in.p, end + 1, left);
        w->in.n = left;
    }
    return true;
}

static void drop(struct worker *w, const char *why)
{
    if (w->busy)
        lose(w, why);
    else
        end_worker(w);
}

unsigned aw_mailer_fds(const struct aw_mailer *m, struct pollfd *fds, aw_ms *wait)
{
    unsigned n = 0;
    aw_boot now = aw_clock_boot();
    for (unsigned i = 0; i < AW_MAILER_WORKERS; i++) {
        const struct worker *w = &m->workers[i];
        if (!w->pid)
            continue;
        short events = w->out_at < w->out.n ? POLLIN | POLLOUT : POLLIN;
        fds[n++] = (struct pollfd){.fd = w->fd, .events = events};
        if (w->busy && w->deadline - now < *wait)
            *wait = w->deadline > now ? w->deadline - now : 0;
    }
    return n;
}

void aw_mailer_step(struct aw_mailer *m, const struct pollfd *fds, unsigned n)
{
    aw_boot now = aw_clock_boot();
    for (unsigned i = 0; i < AW_MAILER_WORKERS; i++) {
        struct worker *w = &m->workers[i];
        short events = 0;
        for (unsigned k = 0; w->pid && k < n; k++)
            if (fds[k].fd == w->fd)
                events = fds[k].revents;
        if (events && !(flush(w) && receive(w)))
            drop(w, "the mail worker ended");
        else if (w->pid && w->busy && w->deadline <= now)
            lose(w, "time ran out");
    }
}

void aw_mailer_abort(struct aw_mailer *m)
{
    for (unsigned i = 0; i < AW_MAILER_WORKERS; i++)
        if (m->workers[i].pid && m->workers[i].busy)
            lose(&m->workers[i], "stopped");
}
