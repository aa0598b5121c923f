/* SPDX-License-Identifier: Apache-2.0
 *
 * `ackwatch messages show`: one message with the timeline of each recipient, past solid, planned
 * hollow, the reason on the right.
 */
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/json.h"
#include "ctl/draw.h"
#include "ctl/nouns.h"
#include "ctl/rows.h"
#include "ctl/lang.h"
#include "codec/words.h"

static const struct {
    const char *kind;
    enum aw_mark mark;
    enum aw_style style;
} marks[] = {
    {"firing.claimed", AW_MARK_DOT, AW_BOLD},     {"firing.skipped", AW_MARK_HOLLOW, AW_DIM},
    {"evidence.recorded", AW_MARK_GOOD, AW_GOOD}, {"address.failed", AW_MARK_BAD, AW_BAD},
    {"timeline.held", AW_MARK_HOLLOW, AW_BOLD},
};

static void mark_of(const json_t *e, enum aw_mark *mark, enum aw_style *style)
{
    const char *kind = aw_json_str(e, "kind"), *outcome = aw_json_str(e, "outcome");
    *mark = AW_MARK_DOT;
    *style = AW_PLAIN;
    for (unsigned i = 0; i < AW_COUNT(marks); i++)
        if (aw_streq(marks[i].kind, kind)) {
            *mark = marks[i].mark;
            *style = marks[i].style;
        }
    if (aw_streq(kind, "timeline.ended")) {
        bool fine = aw_streq(aw_json_str(e, "state"), "confirmed");
        *mark = fine ? AW_MARK_GOOD : AW_MARK_BAD;
        *style = fine ? AW_GOOD : AW_BAD;
    } else if (outcome && !aw_streq(outcome, "accepted")) {
        *mark = AW_MARK_BAD;
        *style = AW_BAD;
    }
}

static void print_line(const struct aw_out *o, const char *at, const char *mark,
                       enum aw_style style, const char *step, const char *what, const char *why)
{
    int pad_step = 12 - (int)aw_display_width(step, strlen(step));
    int pad_what = 34 - (int)aw_display_width(what, strlen(what));
    fprintf(o->f, "  %-19s  %s%s%s %s%*s %s%*s %s%s%s\n", at, aw_out_on(o, style), mark,
            aw_out_off(o, style), step, pad_step > 0 ? pad_step : 0, "", what,
            pad_what > 0 ? pad_what : 0, "", aw_out_on(o, AW_DIM), why, aw_out_off(o, AW_DIM));
}

/* Of people: who it was is part of what happened. */
static bool is_act(const char *kind)
{
    return aw_streq(kind, "timeline.held") || aw_streq(kind, "timeline.resumed") ||
           aw_streq(kind, "timeline.escalated") || aw_streq(kind, "timeline.closed");
}

static void print_past(const struct aw_out *o, const char *user, const json_t *e)
{
    char when[AW_TIME_TEXT];
    struct aw_buf what = AW_BUF_INIT(512), why = AW_BUF_INIT(512), text = AW_BUF_INIT(1024);
    enum aw_mark mark;
    enum aw_style style;
    mark_of(e, &mark, &style);
    aw_words_entry(aw_lang(), e, &what);
    aw_words_why(aw_lang(), e, &why);
    if (aw_json_str(e, "channel"))
        aw_buf_printf(&why, "%svia %s", why.n ? ", " : "", aw_json_str(e, "channel"));
    if (aw_streq(aw_json_str(e, "why"), "cancelled") || is_act(aw_json_str(e, "kind")))
        aw_buf_printf(&why, "%sby %s", why.n ? ", " : "", aw_json_str(e, "actor") ?: "-");
    if (aw_json_str(e, "text"))
        aw_buf_printf(&why, "%s%s", why.n ? ": " : "", aw_json_str(e, "text"));
    aw_out_clean(&text, aw_buf_str(&why));
    const char *at = aw_out_when(o, when, aw_json_str(e, "ts"));
    const char *step = aw_json_str(e, "step") ?: "";
    if (o->tty)
        print_line(o, at, aw_out_mark(o, mark), style, step, aw_buf_str(&what), aw_buf_str(&text));
    else
        fprintf(o->f, "%s\t%s\tpast\t%s\t%s\t%s\n", user, at, *step ? step : "-", aw_buf_str(&what),
                text.n ? aw_buf_str(&text) : "-");
    aw_buf_free(&what);
    aw_buf_free(&why);
    aw_buf_free(&text);
}

static void print_planned(const struct aw_out *o, const char *user, const json_t *p)
{
    char when[AW_TIME_TEXT], what[128], why[128] = "";
    const char *at = aw_out_when(o, when, aw_json_str(p, "at"));
    const char *step = aw_json_str(p, "step") ?: "", *unless = aw_json_str(p, "unless");
    json_int_t round = json_integer_value(json_object_get(p, "round"));
    snprintf(what, sizeof what, "%s", aw_word(aw_lang(), aw_json_str(p, "do") ?: ""));
    if (round > 1)
        snprintf(what + strlen(what), sizeof what - strlen(what), " #%lld", (long long)round);
    if (unless)
        snprintf(why, sizeof why, _("unless %s"), aw_word(aw_lang(), unless));
    if (o->tty)
        print_line(o, at, aw_out_mark(o, AW_MARK_HOLLOW), AW_DIM, step, what, why);
    else
        fprintf(o->f, "%s\t%s\tplanned\t%s\t%s\t%s\n", user, at, step, what, *why ? why : "-");
}

static void print_timeline(const struct aw_out *o, const json_t *t, const char *now)
{
    struct aw_buf user = AW_BUF_INIT(512);
    char when[AW_TIME_TEXT];
    aw_out_clean(&user, aw_json_str(t, "user") ?: "");
    if (!user.n)
        aw_buf_puts(&user, "(erased)");
    const char *held = aw_json_str(json_object_get(t, "held"), "until");
    if (o->tty)
        fprintf(o->f, "\n%s%s%s  %s, %s%s%s%s\n", aw_out_on(o, AW_BOLD), aw_buf_str(&user),
                aw_out_off(o, AW_BOLD), aw_json_str(t, "state") ?: "",
                aw_json_str(t, "level") ?: "",
                json_is_true(json_object_get(t, "late")) ? ", confirmed late" : "",
                held ? ", held until " : "", held ? aw_out_when(o, when, held) : "");
    else if (held)
        fprintf(o->f, "%s\t%s\theld\t-\t-\t-\n", aw_buf_str(&user), aw_out_when(o, when, held));
    size_t i;
    json_t *e;
    json_array_foreach(json_object_get(t, "past"), i, e)
    {
        if (!aw_words_again(e))
            print_past(o, aw_buf_str(&user), e);
    }
    const json_t *planned = json_object_get(t, "planned");
    if (o->tty && json_array_size(planned))
        fprintf(o->f, "%s  %-19s  - now%s\n", aw_out_on(o, AW_DIM), aw_out_when(o, when, now),
                aw_out_off(o, AW_DIM));
    json_array_foreach(planned, i, e)
    {
        print_planned(o, aw_buf_str(&user), e);
    }
    aw_buf_free(&user);
}

void aw_timelines_print(const struct aw_ctl *ctl, const json_t *answer)
{
    size_t i;
    json_t *t;
    json_array_foreach(json_object_get(answer, "data"), i, t)
    {
        print_timeline(&ctl->out, t, aw_json_str(answer, "now"));
    }
}

/* "put off: 2 the storm brake holds, 1 silenced, until ..." */
static void print_waiting(const struct aw_out *o, const json_t *m)
{
    const char *why, *comma = "";
    char until[AW_TIME_TEXT], key[64];
    json_t *n;
    if (json_object_size(json_object_get(m, "waiting")) == 0)
        return;
    fprintf(o->f, "%s: ", aw_word(aw_lang(), "deferred"));
    json_object_foreach(json_object_get(m, "waiting"), why, n)
    {
        snprintf(key, sizeof key, "why:%s", why);
        fprintf(o->f, "%s%lld %s", comma, (long long)json_integer_value(n),
                aw_word(aw_lang(), key));
        comma = ", ";
    }
    fprintf(o->f, " -> %s\n", aw_out_when(o, until, aw_json_str(m, "waiting_until")));
}

static void print_head(const struct aw_out *o, const json_t *m)
{
    char when[AW_TIME_TEXT], due[AW_TIME_TEXT];
    struct aw_buf title = AW_BUF_INIT(2048);
    aw_out_clean(&title, aw_json_str(m, "title") ?: "");
    fprintf(o->f, "%s%s%s  %s\n", aw_out_on(o, AW_BOLD), aw_json_str(m, "id") ?: "",
            aw_out_off(o, AW_BOLD), aw_buf_str(&title));
    fprintf(o->f, "%s, %s   rule %s   app %s   registered %s   next %s\n",
            aw_json_str(m, "state") ?: "", aw_json_str(m, "level") ?: "",
            aw_json_str(json_object_get(m, "rule"), "name") ?: "-", aw_json_str(m, "app") ?: "-",
            aw_out_when(o, when, aw_json_str(m, "registered_at")),
            aw_out_when(o, due, aw_json_str(m, "next_due")));
    print_waiting(o, m);
    aw_buf_free(&title);
}

static const struct aw_column attempt_columns[] = {
    {"ATTEMPT", "id", 0},
    {"REFERENCE", "ref", 0},
    {"USER", "user", 0},
    {"STEP", "step", 0},
    {"DO", "do", 0},
    {"ROUND", "round", 0},
    {"TRY", "number", 0},
    {"CHANNEL", "channel", 0},
    {"OUTCOME", "outcome", AW_SHOW_STATE},
    {"LEVEL", "level", 0},
    {"PROVIDER ID", "provider_id", 0},
    {"AT", "at", AW_SHOW_TIME},
    {"DETAIL", "detail", 0},
    {NULL},
};

/* All pages of a message's attempts, as one list in *ret. */
static int get_attempts(struct aw_client *c, const char *path, json_t **ret)
{
    char after[160] = "";
    int code = AW_EXIT_DONE;
    *ret = json_pack("{s:[]}", "data");
    do {
        AW_AUTO(aw_json_cleanup) json_t *page = NULL;
        code = aw_client_get(c, &page, "%s/attempts?limit=1000%s", path, after);
        json_array_extend(json_object_get(*ret, "data"), json_object_get(page, "data"));
        const char *next = aw_json_str(page, "next");
        AW_AUTO_FREE char *cursor = aw_client_escape(next ? next : "");
        snprintf(after, sizeof after, next ? "&after=%s" : "%s", cursor);
    } while (code == AW_EXIT_DONE && *after);
    return code;
}

/* --- as a picture ------------------------------------------------------------------------------
 */

enum { DRAWN_BESIDE = 5 }; /* recipients that are drawn above the list on a terminal */

static int draw(const struct aw_out *o, const json_t *m, const json_t *answer, const char *format)
{
    struct aw_picture *p = aw_calloc(1, sizeof(*p));
    struct aw_buf b = AW_BUF_INIT(AW_PIC_BYTES);
    aw_picture_init(p, aw_lang());
    int r = aw_picture_message(p, answer, aw_json_str(m, "title"));
    if (r == 0)
        aw_ctl_draw(o, p, format, &b);
    fputs(aw_buf_str(&b), o->f);
    aw_buf_free(&b);
    aw_picture_free(p);
    aw_free(p);
    return r == 0 ? AW_EXIT_DONE : aw_ctl_say(AW_EXIT_FAILED, _("there is no picture of it"));
}

static int get_timelines(struct aw_ctl *ctl, struct aw_client *c, const char *path, json_t **ret)
{
    const char *recipient = aw_ctl_flag(ctl, "recipient");
    AW_AUTO_FREE char *user = aw_client_escape(recipient ? recipient : "");
    return aw_client_get(c, ret, recipient ? "%s/timeline?recipient=%s" : "%s/timeline%s", path,
                         user);
}

static int exec(struct aw_ctl *ctl)
{
    AW_AUTO(aw_client_cleanup) struct aw_client *c = aw_client_of(ctl);
    AW_AUTO(aw_json_cleanup) json_t *m = NULL, *more = NULL;
    AW_AUTO_FREE char *path = c ? aw_message_path(ctl->args[0]) : NULL;
    if (!path)
        return AW_EXIT_USAGE;
    bool attempts = aw_ctl_flag(ctl, "attempts");
    int code = aw_client_get(c, &m, "%s%s", path, ctl->out.reveal ? "?reveal=true" : "");
    if (code == AW_EXIT_DONE)
        code = attempts ? get_attempts(c, path, &more) : get_timelines(ctl, c, path, &more);
    if (code != AW_EXIT_DONE)
        return code;
    const struct aw_out *o = &ctl->out;
    if (o->json) {
        json_object_set(m, attempts ? "attempts" : "timelines", json_object_get(more, "data"));
        aw_out_json(o, m);
        return AW_EXIT_DONE;
    }
    const char *format = aw_ctl_flag(ctl, "format");
    if (format && !attempts)
        return draw(o, m, more, format);
    if (o->tty)
        print_head(o, m);
    if (o->tty && !attempts && json_array_size(json_object_get(more, "data")) <= DRAWN_BESIDE) {
        fputc('\n', o->f);
        draw(o, m, more, "text");
    }
    if (attempts)
        aw_rows_print(o, attempt_columns, json_object_get(more, "data"));
    else
        aw_timelines_print(ctl, more);
    if (o->tty && o->reveal) {
        fprintf(o->f, "\nregistration\n");
        aw_out_json(o, json_object_get(m, "registration"));
    }
    return AW_EXIT_DONE;
}

static const struct aw_param args[] = {
    {"ID", 0, AW_VAL_TEXT, 0, NULL, "msg_... or ext:EXTERNAL_ID"},
    {NULL},
};
static const struct aw_param flags[] = {
    {"attempts", 0, AW_VAL_NONE, 0, NULL, "every attempt instead of the timelines"},
    {"format", 0, AW_VAL_CHOICE, 0, aw_picture_formats,
     "only the picture: as text, as an SVG document, for Mermaid"},
    {"recipient", 0, AW_VAL_TEXT, 0, NULL, "the timeline of this user alone"},
    {"reveal", 0, AW_VAL_NONE, 0, NULL, "addresses in full, and the registration"},
    {NULL},
};
static const char *const examples[] = {
    "messages show msg_0123456789ABC", "messages show ext:order-42 --attempts",
    "messages show ext:order-42 --format svg > order-42.svg", NULL};

const struct aw_cmd_entry aw_cmd_messages_show = {
    .noun = "messages",
    .verb = "show",
    .summary = "a message and its timelines: what happened, what is planned, why",
    .args = args,
    .flags = flags,
    .remote = true,
    .examples = examples,
    .exec = exec,
};
