/* SPDX-License-Identifier: Apache-2.0
 *
 * Log lines: time=... level=info msg=CLASS key=value ...; under journald the time is left out and
 * a <n> put before. The table of classes is bounded; a class that has to leave it early is summed
 * up on the way out, so no suppressed line goes uncounted.
 */
#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"

#define MAX_TEXT  2048
#define N_CLASSES 64
#define MAX_CLASS 48
#define WINDOW    (10 * AW_SECOND)
#define BURST     10

struct class
{
    char what[MAX_CLASS]; /* "" : free */
    enum aw_log_level level;
    aw_boot since;
    unsigned born; /* order of arrival in the table */
    unsigned n, suppressed;
};

static struct {
    pthread_mutex_t lock;
    enum aw_log_level max;
    int journal;
    unsigned n_born;
    struct class classes[N_CLASSES];
} log_state = {.lock = PTHREAD_MUTEX_INITIALIZER, .max = AW_LOG_INFO};

void aw_log_init(enum aw_log_level max, int journal)
{
    pthread_mutex_lock(&log_state.lock);
    log_state.max = max;
    log_state.journal = journal;
    memset(log_state.classes, 0, sizeof log_state.classes);
    pthread_mutex_unlock(&log_state.lock);
}

static const char *level_name(enum aw_log_level level)
{
    switch (level) {
    case AW_LOG_ERR:
        return "error";
    case AW_LOG_WARN:
        return "warning";
    case AW_LOG_INFO:
        return "info";
    case AW_LOG_DEBUG:
        break;
    }
    return "debug";
}

/* Malformed, a control, or what turns a line around or ends it for some readers. */
static bool must_escape(int32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2066 && c <= 0x2069);
}

/* Copies text with what must be escaped as \xNN; cuts to cap. */
static size_t escape(char *dst, size_t cap, const char *text)
{
    const char *end = text + strlen(text);
    size_t n = 0;
    while (text != end && n + 5 < cap) {
        const char *from = text;
        int32_t c = aw_utf8_next(&text, end);
        if (must_escape(c)) {
            text = from + 1;
            n += (size_t)snprintf(dst + n, cap - n, "\\x%02x", (unsigned char)*from);
        } else {
            memcpy(dst + n, from, (size_t)(text - from));
            n += (size_t)(text - from);
        }
    }
    return n;
}

static void emit(enum aw_log_level level, const char *what, const char *text)
{
    char line[MAX_TEXT + 128];
    int n;
    if (log_state.journal) {
        n = snprintf(line, sizeof line, "<%d>msg=%.48s ", level, what);
    } else {
        char now[AW_TIME_TEXT];
        aw_time_print(now, aw_clock_os_wall());
        n = snprintf(line, sizeof line, "time=%s level=%s msg=%.48s ", now, level_name(level),
                     what);
    }
    size_t used = (size_t)n;
    used += escape(line + used, sizeof line - 1 - used, text);
    if (line[used - 1] == ' ')
        used--;
    line[used++] = '\n';
    for (size_t done = 0; done < used;) {
        ssize_t put = write(STDERR_FILENO, line + done, used - done);
        if (put < 0 && errno != EINTR)
            return; /* nowhere left to say so */
        done += put > 0 ? (size_t)put : 0;
    }
}

static void sum_up(struct class *c)
{
    if (c->suppressed) {
        char text[32];
        snprintf(text, sizeof text, "suppressed=%u", c->suppressed);
        emit(c->level, c->what, text);
    }
    *c = (struct class){0};
}

/* The class of a line, made if need be; closes windows that are over. */
static struct class *find_class(enum aw_log_level level, const char *what, aw_boot now)
{
    struct class *found = NULL, *free_one = NULL, *oldest = &log_state.classes[0];
    for (struct class *c = log_state.classes; c != log_state.classes + N_CLASSES; c++) {
        if (c->what[0] && now - c->since >= WINDOW)
            sum_up(c);
        if (!c->what[0])
            free_one = c;
        else if (strncmp(c->what, what, MAX_CLASS - 1) == 0 && c->level == level)
            found = c;
        else if (c->born < oldest->born)
            oldest = c;
    }
    if (found)
        return found;
    if (!free_one) {
        sum_up(oldest);
        free_one = oldest;
    }
    snprintf(free_one->what, sizeof free_one->what, "%s", what);
    free_one->level = level;
    free_one->since = now;
    free_one->born = log_state.n_born++;
    return free_one;
}

void aw_log(enum aw_log_level level, const char *what, const char *fmt, ...)
{
    if (level > log_state.max)
        return;
    char text[MAX_TEXT];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);

    pthread_mutex_lock(&log_state.lock);
    struct class *c = find_class(level, what, aw_clock_boot());
    if (++c->n > BURST)
        c->suppressed++;
    else
        emit(level, what, text);
    pthread_mutex_unlock(&log_state.lock);
}
