/* SPDX-License-Identifier: Apache-2.0
 *
 * `ackwatch messages watch`: polls a message every second, prints what is new in its timelines, and
 * ends when the message has ended, when what was awaited is there, or when time runs out.
 */
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "codec/json.h"
#include "core/types.h"
#include "ctl/nouns.h"
#include "ctl/lang.h"
#include "codec/words.h"

#define POLL_MS 1000

struct watch {
    struct aw_ctl *ctl;
    struct aw_client *client;
    char *path;
    const char *until; /* state or rung, or NULL */
    json_int_t seen;   /* highest log sequence shown */
};

static void print_entry(const struct aw_out *o, const char *user, json_t *e)
{
    if (o->json) {
        json_t *line = json_pack("{s:s,s:O}", "user", user, "entry", e);
        json_dumpf(line, o->f, JSON_COMPACT);
        fputc('\n', o->f);
        json_decref(line);
        return;
    }
    char when[AW_TIME_TEXT];
    struct aw_buf b = AW_BUF_INIT(2048), why = AW_BUF_INIT(512);
    aw_words_why(aw_lang(), e, &why);
    aw_buf_printf(&b, "%s%s", aw_out_when(o, when, aw_json_str(e, "ts")), o->tty ? "  " : "\t");
    aw_out_clean(&b, user);
    aw_buf_puts(&b, o->tty ? "  " : "\t");
    aw_words_entry(aw_lang(), e, &b);
    if (why.n)
        aw_buf_printf(&b, "%s%s", o->tty ? ": " : "\t", aw_buf_str(&why));
    fprintf(o->f, "%s\n", aw_buf_str(&b));
    aw_buf_free(&b);
    aw_buf_free(&why);
}

/* Prints entries with a sequence above what was shown. */
static void print_news(struct watch *w, const json_t *timelines)
{
    json_int_t newest = w->seen;
    size_t i, j;
    json_t *t, *e;
    json_array_foreach(json_object_get(timelines, "data"), i, t)
    {
        json_array_foreach(json_object_get(t, "past"), j, e)
        {
            json_int_t seq = json_integer_value(json_object_get(e, "seq"));
            if (seq <= w->seen)
                continue;
            if (w->ctl->out.json || !aw_words_again(e))
                print_entry(&w->ctl->out, aw_json_str(t, "user") ?: "", e);
            if (seq > newest)
                newest = seq;
        }
    }
    w->seen = newest;
    fflush(w->ctl->out.f);
}

static bool reached(const struct watch *w, const json_t *message)
{
    const char *state = aw_json_str(message, "state"), *level = aw_json_str(message, "level");
    if (!w->until)
        return !aw_streq(state, "open");
    enum aw_level want, have;
    if (aw_level_parse(w->until, &want) == 0)
        return level && aw_level_parse(level, &have) == 0 && have >= want;
    return aw_streq(state, w->until);
}

/* One look; *ret_over: there is nothing to wait for any more. */
static int look(struct watch *w, bool *ret_over)
{
    AW_AUTO(aw_json_cleanup) json_t *message = NULL, *timelines = NULL;
    int code = aw_client_get(w->client, &message, "%s", w->path);
    if (code == AW_EXIT_DONE)
        code = aw_client_get(w->client, &timelines, "%s/timeline", w->path);
    if (code != AW_EXIT_DONE)
        return code;
    print_news(w, timelines);
    *ret_over = true;
    if (reached(w, message))
        return AW_EXIT_DONE;
    const char *state = aw_json_str(message, "state");
    if (!aw_streq(state, "open"))
        return aw_ctl_say(AW_EXIT_FAILED, "the message ended as %s, not as %s", state ? state : "?",
                          w->until);
    *ret_over = false;
    return AW_EXIT_DONE;
}

static bool is_awaitable(const char *s)
{
    enum aw_level level;
    enum aw_state state;
    return aw_level_parse(s, &level) == 0 || aw_state_parse(s, &state) == 0;
}

static int exec(struct aw_ctl *ctl)
{
    struct watch w = {.ctl = ctl, .until = aw_ctl_flag(ctl, "until"), .seen = -1};
    if (w.until && !is_awaitable(w.until)) {
        const char *near =
            aw_nearest(w.until, aw_level_names) ?: aw_nearest(w.until, aw_state_names);
        return aw_ctl_say(AW_EXIT_USAGE, "--until takes a state or a rung, not \"%s\"%s%s%s",
                          w.until, near ? "; did you mean \"" : "", near ? near : "",
                          near ? "\"?" : "");
    }
    AW_AUTO(aw_client_cleanup) struct aw_client *c = aw_client_of(ctl);
    AW_AUTO_FREE char *path = c ? aw_message_path(ctl->args[0]) : NULL;
    if (!path)
        return AW_EXIT_USAGE;
    w.client = c;
    w.path = path;
    const char *timeout = aw_ctl_flag(ctl, "timeout");
    aw_ms limit = 0;
    if (timeout && aw_duration_parse(timeout, strlen(timeout), &limit) < 0)
        return AW_EXIT_USAGE;
    aw_boot end = aw_clock_boot() + limit;
    for (;;) {
        bool over = false;
        int code = look(&w, &over);
        if (code != AW_EXIT_DONE || over)
            return code;
        if (timeout && aw_clock_boot() + POLL_MS > end)
            return aw_ctl_say(AW_EXIT_TIME, "%s is over, and the message is not %s", timeout,
                              w.until ? w.until : "at its end");
        nanosleep(&(struct timespec){.tv_sec = POLL_MS / 1000}, NULL);
    }
}

static const struct aw_param args[] = {
    {"ID", 0, AW_VAL_TEXT, 0, NULL, "msg_... or ext:EXTERNAL_ID"},
    {NULL},
};
static const struct aw_param flags[] = {
    {"until", 0, AW_VAL_TEXT, 0, NULL,
     "end when every recipient has reached this rung, or the message this state"},
    {"timeout", 0, AW_VAL_DURATION, 0, NULL, "give up after this time with exit code 8"},
    {NULL},
};
static const char *const examples[] = {
    "messages watch msg_0123456789ABC",
    "messages watch ext:order-42 --until acknowledged --timeout 10m", NULL};

const struct aw_cmd_entry aw_cmd_messages_watch = {
    .noun = "messages",
    .verb = "watch",
    .summary = "follow a message until it ends",
    .text = "Without --until: done when the message has ended, however. With --until: failed (1) "
            "when it ended otherwise. With --json one object a line.",
    .args = args,
    .flags = flags,
    .remote = true,
    .examples = examples,
    .exec = exec,
};
