/* SPDX-License-Identifier: Apache-2.0
 *
 * Both ends of the stepped clock's wire. The answering thread owns the descriptor's reading side;
 * aw_step_free() ends it by shutting the socket down, and then does not call stop().
 */
#include "base/step.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"

#define LINE_MAX_BYTES 96

struct aw_stepper {
    int fd;
    struct aw_step_ops ops;
    pthread_t thread;
    atomic_bool closing;
};

/* Reads one line without its end; false at the end of file, on errors and overlong lines. One
 * byte a call is enough for a wire that speaks in turns. */
static bool read_line(int fd, char line[LINE_MAX_BYTES])
{
    size_t n = 0;
    while (n < LINE_MAX_BYTES) {
        ssize_t got = recv(fd, line + n, 1, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        if (line[n] == '\n') {
            line[n] = 0;
            return true;
        }
        n++;
    }
    errno = EMSGSIZE;
    return false;
}

static bool send_all(int fd, const char *p, size_t n)
{
    while (n) {
        ssize_t put = send(fd, p, n, MSG_NOSIGNAL);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return false;
        p += put;
        n -= (size_t)put;
    }
    return true;
}

static bool answer(struct aw_stepper *s, const char *line)
{
    uint64_t ms;
    if (aw_starts(line, "now ")) {
        if (aw_parse_u64(line + 4, strlen(line + 4), INT64_MAX, &ms) < 0)
            return false;
        s->ops.now(s->ops.ctx, (aw_time)ms);
    } else if (!aw_streq(line, "poll")) {
        return false;
    }
    struct aw_step_state state = {0};
    s->ops.poll(s->ops.ctx, &state);
    char text[LINE_MAX_BYTES];
    int n = snprintf(text, sizeof text, "%s %" PRIu64 " %" PRId64 "\n",
                     state.busy ? "busy" : "idle", state.activity, state.next);
    return send_all(s->fd, text, (size_t)n);
}

static void *serve(void *arg)
{
    struct aw_stepper *s = arg;
    char line[LINE_MAX_BYTES];
    while (read_line(s->fd, line) && answer(s, line))
        ;
    if (!atomic_load(&s->closing))
        s->ops.stop(s->ops.ctx);
    return NULL;
}

struct aw_stepper *aw_step_start(int fd, const struct aw_step_ops *ops)
{
    struct aw_stepper *s = aw_calloc(1, sizeof *s);
    s->fd = fd;
    s->ops = *ops;
    atomic_init(&s->closing, false);
    if (pthread_create(&s->thread, NULL, serve, s) != 0) {
        aw_free(s);
        return NULL;
    }
    return s;
}

void aw_step_free(struct aw_stepper *s)
{
    if (!s)
        return;
    atomic_store(&s->closing, true);
    shutdown(s->fd, SHUT_RDWR);
    pthread_join(s->thread, NULL);
    close(s->fd);
    aw_free(s);
}

/* "busy 17 1795312970114" */
static bool parse_answer(const char *line, struct aw_step_state *ret)
{
    const char *activity = strchr(line, ' ');
    const char *next = activity ? strchr(activity + 1, ' ') : NULL;
    uint64_t n_activity, n_next;
    if (!next || !(aw_starts(line, "busy ") || aw_starts(line, "idle ")) ||
        aw_parse_u64(activity + 1, (size_t)(next - activity - 1), UINT64_MAX, &n_activity) < 0 ||
        aw_parse_u64(next + 1, strlen(next + 1), INT64_MAX, &n_next) < 0)
        return false;
    *ret = (struct aw_step_state){line[0] == 'b', n_activity, (aw_time)n_next};
    return true;
}

int aw_step_ask(int fd, const char *question, struct aw_step_state *ret, struct aw_err *err)
{
    char line[LINE_MAX_BYTES];
    int n = snprintf(line, sizeof line, "%.64s\n", question);
    if (n > 1 && line[n - 2] == '\n')
        n--; /* the caller had put the line end */
    errno = 0;
    if (!send_all(fd, line, (size_t)n) || !read_line(fd, line))
        return aw_fail(err, AW_EIO, "stepped clock: %s",
                       errno ? strerror(errno) : "the other end is gone");
    if (!parse_answer(line, ret))
        return aw_fail(err, AW_EPROTO, "stepped clock: the answer \"%.40s\" makes no sense", line);
    return 0;
}
