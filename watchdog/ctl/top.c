/* SPDX-License-Identifier: Apache-2.0
 *
 * `ackwatch top`: status, rates, channels and the open messages, drawn again each second. Plain
 * escape sequences on the alternate screen; the terminal is put back whatever ends us. Where there
 * is no terminal, one picture and the end.
 *
 * One page of open messages (500, the newest) is looked at, every five seconds: the daemon's time
 * goes to the messages, not to those who look on. What is overdue beyond it shows in the first
 * line.
 */
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "codec/json.h"
#include "ctl/nouns.h"
#include "ctl/rows.h"

#define REDRAW_MS   1000
#define MESSAGES_MS 5000
#define MESSAGES    500
#define TTY_LINES   24
#define SCREEN_ON   "\033[?1049h\033[?25l"
#define SCREEN_OFF  "\033[?25h\033[?1049l"
#define HOME        "\033[H"
#define CLEAR_LINE  "\033[K"
#define CLEAR_BELOW "\033[J"

/* Counters of the status, as they are called there. */
static const char *const rates[] = {"registered", "acks", "confirmed", "exhausted", "sends"};
#define N_RATES AW_COUNT(rates)

struct top {
    struct aw_ctl *ctl;
    struct aw_client *client;
    json_t *status, *channels, *messages;
    aw_boot status_at, messages_at;
    double rates[N_RATES];
    bool has_rates;
    unsigned sort;
    bool paused;
};

static volatile sig_atomic_t ended;

static void on_signal(int sig)
{
    ended = sig;
}

/* --- what is shown --------------------------------------------------------------------------- */

static const struct sort {
    const char *name, *member;
    bool newest; /* the last first */
} sorts[] = {{"most overdue", "next_due", false},
             {"oldest", "registered_at", false},
             {"newest", "registered_at", true}};

static const struct sort *sort_by;

/* RFC 3339 in UTC sorts as text; what has no date comes last. */
static int compare(const void *a, const void *b)
{
    const char *x = aw_json_str(*(json_t *const *)a, sort_by->member) ?: "9";
    const char *y = aw_json_str(*(json_t *const *)b, sort_by->member) ?: "9";
    return sort_by->newest ? strcmp(y, x) : strcmp(x, y);
}

/* "4m12s late", "in 19s" */
static void set_due(json_t *message, aw_time now)
{
    char text[AW_TIME_TEXT];
    const char *due = aw_json_str(message, "next_due");
    aw_time at;
    if (!due || aw_time_parse(due, strlen(due), &at) < 0)
        return;
    bool late = at < now;
    aw_duration_print(text, (late ? now - at : at - now) / AW_SECOND * AW_SECOND);
    json_object_set_new(message, "due", json_sprintf(late ? "%s late" : "in %s", text));
}

/* The messages in order, each with its "due". */
static json_t *sorted(const struct top *t)
{
    size_t n = json_array_size(t->messages);
    const char *text = aw_json_str(t->status, "now");
    aw_time now = 0;
    if (!text || aw_time_parse(text, strlen(text), &now) < 0)
        now = aw_clock_os_wall();
    AW_AUTO_FREE json_t **list = aw_calloc(n + 1, sizeof(json_t *));
    json_t *ret = json_array();
    for (size_t i = 0; i < n; i++) {
        list[i] = json_array_get(t->messages, i);
        set_due(list[i], now);
    }
    sort_by = &sorts[t->sort];
    qsort(list, n, sizeof(json_t *), compare);
    for (size_t i = 0; i < n; i++)
        json_array_append(ret, list[i]);
    return ret;
}

static json_int_t counter(const json_t *status, unsigned i)
{
    const json_t *since = json_object_get(status, "since_start");
    const char *kind;
    json_t *v;
    json_int_t n = 0;
    if (!aw_streq(rates[i], "sends"))
        return json_integer_value(json_object_get(since, rates[i]));
    json_object_foreach(json_object_get(since, "sends"), kind, v) n += json_integer_value(v);
    return n;
}

/* Between the present status and the next one, which has come just now. */
static void take_rates(struct top *t, const json_t *next)
{
    aw_boot now = aw_clock_boot();
    aw_ms ms = now - t->status_at;
    for (unsigned i = 0; t->status && ms > 0 && i < N_RATES; i++)
        t->rates[i] = (double)(counter(next, i) - counter(t->status, i)) * AW_SECOND / (double)ms;
    t->has_rates = t->status != NULL;
    t->status_at = now;
}

static void print_rates(const struct top *t, const struct aw_out *o)
{
    if (!t->has_rates)
        return;
    fprintf(o->f, "  %-12s", "rates");
    for (unsigned i = 0; i < N_RATES; i++)
        fprintf(o->f, "%s%.1f %s/s", i ? ", " : "", t->rates[i], rates[i]);
    fputc('\n', o->f);
}

static const struct aw_column columns[] = {
    {"MESSAGE", "id", AW_SHOW_NAME},
    {"DUE", "due", 0},
    {"RULE", "rule.name", 0},
    {"PRIORITY", "priority", 0},
    {"RECIPIENTS", "recipients.total", 0},
    {"CONFIRMED", "recipients.confirmed", 0},
    {"LEVEL", "level", 0},
    {"TITLE", "title", 0},
    {NULL},
};

static void draw(struct top *t, struct aw_out *o)
{
    struct aw_ctl ctl = *t->ctl;
    ctl.out = *o;
    aw_status_print(o, t->status);
    print_rates(t, o);
    fputc('\n', o->f);
    aw_channels_print(&ctl, t->channels);
    json_t *list = sorted(t);
    fprintf(o->f, "\n%zu%s open messages, %s first\n", json_array_size(list),
            json_array_size(list) == MESSAGES ? " newest" : "", sorts[t->sort].name);
    aw_rows_print(o, columns, list);
    json_decref(list);
}

static int fetch(struct top *t)
{
    json_t *status = NULL, *channels = NULL, *messages = NULL;
    int code = aw_client_get(t->client, &status, "/v1/status");
    if (code == AW_EXIT_DONE)
        code = aw_client_get(t->client, &channels, "/v1/channels");
    if (code == AW_EXIT_DONE && (!t->messages || aw_clock_boot() - t->messages_at >= MESSAGES_MS)) {
        code = aw_client_get(t->client, &messages, "/v1/messages?state=open&limit=%d", MESSAGES);
        t->messages_at = aw_clock_boot();
    }
    if (code == AW_EXIT_DONE) {
        take_rates(t, status);
        json_decref(t->status);
        json_decref(t->channels);
        t->status = json_incref(status);
        t->channels = json_incref(json_object_get(channels, "data"));
        if (messages) {
            json_decref(t->messages);
            t->messages = json_incref(json_object_get(messages, "data"));
        }
    }
    json_decref(status);
    json_decref(channels);
    json_decref(messages);
    return code;
}

static int once(struct top *t)
{
    const struct aw_out *o = &t->ctl->out;
    int code = fetch(t);
    if (code != AW_EXIT_DONE)
        return code;
    if (o->json) {
        json_t *list = sorted(t);
        json_t *v = json_pack("{s:O,s:O,s:o}", "status", t->status, "channels", t->channels,
                              "messages", list);
        aw_out_json(o, v);
        json_decref(v);
    } else {
        draw(t, &t->ctl->out);
    }
    return AW_EXIT_DONE;
}

/* --- the terminal ---------------------------------------------------------------------------- */

/* The picture, cut to the terminal. */
static void show(struct top *t, const char *note)
{
    struct winsize ws = {0};
    struct aw_out o = t->ctl->out;
    char *text = NULL;
    size_t n = 0;
    unsigned rows = ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) == 0 && ws.ws_row ? ws.ws_row : TTY_LINES;
    if (ws.ws_col)
        o.width = ws.ws_col;
    o.f = open_memstream(&text, &n);
    draw(t, &o);
    fclose(o.f);
    fputs(HOME, stdout);
    const char *p = text;
    for (unsigned row = 0; row + 2 < rows && *p; row++) {
        size_t line = strcspn(p, "\n");
        printf("%.*s" CLEAR_LINE "\n", (int)line, p);
        p += line + (p[line] == '\n');
    }
    printf(CLEAR_BELOW "\n%sq quit  p %s  s sort%s  %s", aw_out_on(&o, AW_DIM),
           t->paused ? "go on" : "pause", aw_out_off(&o, AW_DIM), note);
    fflush(stdout);
    free(text);
}

/* A key within the time, or 0. */
static char key_within(int ms)
{
    struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
    char c = 0;
    if (poll(&p, 1, ms) > 0 && read(STDIN_FILENO, &c, 1) != 1)
        ended = 1; /* nobody is there to stop us */
    return c;
}

static int watch(struct top *t)
{
    int code = fetch(t);
    if (code != AW_EXIT_DONE)
        return code;
    aw_client_quiet(t->client, true);
    fputs(SCREEN_ON, stdout);
    show(t, "");
    while (!ended) {
        char key = key_within(REDRAW_MS);
        if (key == 'q')
            break;
        if (key == 'p' || key == ' ')
            t->paused = !t->paused;
        if (key == 's')
            t->sort = (t->sort + 1) % AW_COUNT(sorts);
        code = t->paused || (key && key != 'r') ? AW_EXIT_DONE : fetch(t);
        show(t, t->paused              ? "paused"
                : code == AW_EXIT_DONE ? ""
                                       : "the daemon does not answer: this is old");
    }
    fputs(SCREEN_OFF, stdout);
    fflush(stdout);
    return AW_EXIT_DONE;
}

static int exec(struct aw_ctl *ctl)
{
    struct top t = {.ctl = ctl};
    struct termios old, raw;
    AW_AUTO(aw_client_cleanup) struct aw_client *c = aw_client_of(ctl);
    int code = AW_EXIT_USAGE;
    t.client = c;
    if (c && ctl->out.tty && !ctl->out.json && tcgetattr(STDIN_FILENO, &old) == 0) {
        const struct sigaction sa = {.sa_handler = on_signal};
        const int signals[] = {SIGINT, SIGTERM, SIGHUP};
        for (unsigned i = 0; i < AW_COUNT(signals); i++)
            sigaction(signals[i], &sa, NULL);
        raw = old;
        raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
        tcsetattr(STDIN_FILENO, TCSANOW, &raw);
        code = watch(&t);
        tcsetattr(STDIN_FILENO, TCSANOW, &old);
    } else if (c) {
        code = once(&t);
    }
    json_decref(t.status);
    json_decref(t.channels);
    json_decref(t.messages);
    return code;
}

static const char *const examples[] = {"top", "top --json", NULL};

const struct aw_cmd_entry aw_cmd_top = {
    .noun = "top",
    .summary = "live view: status, rates, channels, the most overdue messages",
    .text =
        "Keys: q quits, p pauses, s sorts by most overdue, oldest, newest. Where standard output "
        "is no terminal: one picture, and the end.",
    .remote = true,
    .examples = examples,
    .exec = exec,
};
