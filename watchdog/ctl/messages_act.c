/* SPDX-License-Identifier: Apache-2.0
 *
 * `ackwatch messages`: snooze, resume, escalate, claim. The answer says what changed; how to undo
 * it goes to stderr, so that stdout stays the result.
 */
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "codec/json.h"
#include "ctl/nouns.h"

/* Flags that are members of the body under the same name. */
static const char *const members[] = {"reason", "recipient", "for", "until", "step", "by", NULL};

/* The body, or NULL: said on stderr. */
static json_t *body_of(const struct aw_ctl *ctl)
{
    json_t *body = json_object();
    for (unsigned i = 0; members[i]; i++) {
        const char *value = aw_ctl_flag(ctl, members[i]);
        if (value && json_object_set_new(body, members[i], json_string(value)) < 0) {
            aw_ctl_say(0, "--%s is not valid UTF-8", members[i]);
            json_decref(body);
            return NULL;
        }
    }
    const char *seq = aw_ctl_flag(ctl, "if-seq");
    uint64_t n = 0;
    if (seq && aw_parse_u64(seq, strlen(seq), INT64_MAX, &n) < 0) {
        aw_ctl_say(0, "--if-seq takes the seq that messages show --json prints, not \"%s\"", seq);
        json_decref(body);
        return NULL;
    }
    if (seq)
        json_object_set_new(body, "if_seq", json_integer((json_int_t)n));
    return body;
}

/* Quoted for a shell when it is more than a plain word. */
static void put_word(struct aw_buf *out, const char *s)
{
    if (*s && !s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:-")]) {
        aw_buf_puts(out, s);
        return;
    }
    aw_buf_putc(out, '\'');
    for (; *s; s++)
        aw_buf_puts(out, *s == '\'' ? "'\\''" : (char[]){*s, 0});
    aw_buf_putc(out, '\'');
}

static void print_undo(const struct aw_ctl *ctl, const char *undo)
{
    struct aw_buf line = AW_BUF_INIT(8192), clean = AW_BUF_INIT(8192);
    const char *user = aw_ctl_flag(ctl, "recipient");
    aw_buf_printf(&line, "ackwatch messages %s ", undo);
    put_word(&line, ctl->args[0]);
    aw_buf_puts(&line, " --reason REASON");
    if (user) {
        aw_buf_puts(&line, " --recipient ");
        put_word(&line, user);
    }
    if (aw_streq(undo, "snooze"))
        aw_buf_puts(&line, " --for TIME");
    aw_out_clean(&clean, aw_buf_str(&line));
    fprintf(stderr, "Undo: %s\n", aw_buf_str(&clean));
    aw_buf_free(&line);
    aw_buf_free(&clean);
}

static void print_answer(const struct aw_ctl *ctl, const json_t *v)
{
    static const char *const heads[] = {"ID",   "STATE",      "TIMELINES", "STEP",
                                        "NEXT", "HELD UNTIL", "SEQ",       NULL};
    const struct aw_out *o = &ctl->out;
    char when[AW_TIME_TEXT];
    struct aw_table t;
    aw_table_init(&t, heads);
    aw_table_add(&t, AW_BOLD, aw_json_str(v, "id"));
    aw_table_add(&t, AW_PLAIN, aw_json_str(v, "state"));
    aw_table_addf(&t, AW_PLAIN, "%lld",
                  (long long)json_integer_value(json_object_get(v, "changed")));
    aw_table_add(&t, AW_PLAIN, aw_json_str(v, "step"));
    aw_table_add(&t, AW_PLAIN, aw_out_when(o, when, aw_json_str(v, "next_due")));
    aw_table_add(&t, AW_PLAIN, aw_out_when(o, when, aw_json_str(v, "held_until")));
    aw_table_addf(&t, AW_PLAIN, "%lld", (long long)json_integer_value(json_object_get(v, "seq")));
    aw_table_print(&t, o);
    aw_table_free(&t);
}

/* undo: the verb that takes it back, or NULL. */
static int act(struct aw_ctl *ctl, const char *undo)
{
    AW_AUTO(aw_client_cleanup) struct aw_client *c = aw_client_of(ctl);
    AW_AUTO(aw_json_cleanup) json_t *v = NULL, *ask = NULL;
    AW_AUTO_FREE char *path = c ? aw_message_path(ctl->args[0]) : NULL;
    if (!path || !(ask = body_of(ctl)))
        return AW_EXIT_USAGE;
    char *body = json_dumps(ask, JSON_COMPACT);
    struct aw_buf to = AW_BUF_INIT(8192);
    aw_buf_printf(&to, "%s:%s", path, ctl->entry->verb);
    int code = aw_client_call(c, "POST", aw_buf_str(&to), body, NULL, &v);
    aw_buf_free(&to);
    free(body);
    if (code != AW_EXIT_DONE)
        return code;
    bool changed = json_integer_value(json_object_get(v, "changed")) > 0;
    if (ctl->out.json)
        aw_out_json(&ctl->out, v);
    else
        print_answer(ctl, v);
    if (!changed)
        fprintf(stderr, "Nothing was held.\n");
    else if (undo)
        print_undo(ctl, undo);
    return AW_EXIT_DONE;
}

static int exec_snooze(struct aw_ctl *ctl)
{
    if (!aw_ctl_flag(ctl, "for") == !aw_ctl_flag(ctl, "until"))
        return aw_ctl_say(AW_EXIT_USAGE,
                          "say how long: --for 30m, or --until 2026-11-22T18:00:00Z");
    return act(ctl, "resume");
}

static int exec_resume(struct aw_ctl *ctl)
{
    return act(ctl, "snooze");
}

static int exec_claim(struct aw_ctl *ctl)
{
    return act(ctl, "resume");
}

/* What was sent is sent. */
static int exec_escalate(struct aw_ctl *ctl)
{
    return act(ctl, NULL);
}

/* --- entries --------------------------------------------------------------------------------- */

static const struct aw_param args[] = {
    {"ID", 0, AW_VAL_TEXT, 0, NULL, "msg_... or ext:EXTERNAL_ID"},
    {NULL},
};

#define REASON                                                                                     \
    {                                                                                              \
        "reason", 0, AW_VAL_TEXT, AW_REQUIRED, NULL, "why, kept beside the log"                    \
    }
#define RECIPIENT                                                                                  \
    {                                                                                              \
        "recipient", 0, AW_VAL_TEXT, 0, NULL, "only this user's timeline"                          \
    }
#define IF_SEQ                                                                                     \
    {                                                                                              \
        "if-seq", 0, AW_VAL_TEXT, 0, NULL,                                                         \
            "refuse (exit code 6) if anything happened since this seq of messages show --json"     \
    }

static const struct aw_param snooze_flags[] = {
    REASON,
    {"for", 0, AW_VAL_DURATION, 0, NULL, "how long, as in 30m"},
    {"until", 0, AW_VAL_TEXT, 0, NULL, "until when, RFC 3339"},
    RECIPIENT,
    IF_SEQ,
    {NULL},
};
static const struct aw_param resume_flags[] = {REASON, RECIPIENT, {NULL}};
static const struct aw_param escalate_flags[] = {
    REASON,
    {"step", 0, AW_VAL_TEXT, 0, NULL, "to this step; else the next one that has not fired"},
    RECIPIENT,
    IF_SEQ,
    {NULL},
};
static const struct aw_param claim_flags[] = {
    REASON,
    {"by", 0, AW_VAL_TEXT, 0, NULL, "user who takes care of it"},
    RECIPIENT,
    {NULL},
};

static const char *const snooze_examples[] = {
    "messages snooze msg_0123456789ABC --for 30m --reason 'maintenance until 10:00'",
    "messages snooze ext:order-42 --until 2026-11-22T18:00:00Z --recipient li --reason 'on a "
    "plane'",
    NULL};
static const char *const resume_examples[] = {
    "messages resume msg_0123456789ABC --reason 'maintenance is over'", NULL};
static const char *const escalate_examples[] = {
    "messages escalate msg_0123456789ABC --reason 'customer called'",
    "messages escalate ext:order-42 --step boss --if-seq 8123 --reason urgent", NULL};
static const char *const claim_examples[] = {
    "messages claim msg_0123456789ABC --by wang --reason 'I take it'", NULL};

const struct aw_cmd_entry aw_cmd_messages_snooze = {
    .noun = "messages",
    .verb = "snooze",
    .summary = "hold a message: what is to come, and its deadline, is put off by the length",
    .text = "Tries that are under way go on. max_age of the rule is not moved, so nothing can be "
            "snoozed beyond it. Overlapping holds count once.",
    .args = args,
    .flags = snooze_flags,
    .remote = true,
    .examples = snooze_examples,
    .exec = exec_snooze,
};
const struct aw_cmd_entry aw_cmd_messages_resume = {
    .noun = "messages",
    .verb = "resume",
    .summary = "end a hold (snooze or claim) now",
    .text = "What was really held is what everything was put off by.",
    .args = args,
    .flags = resume_flags,
    .remote = true,
    .examples = resume_examples,
    .exec = exec_resume,
};
const struct aw_cmd_entry aw_cmd_messages_escalate = {
    .noun = "messages",
    .verb = "escalate",
    .summary = "carry out the next step, or the named one, now",
    .text = "Steps before it are skipped, later ones keep their times. `unless` and the goal still "
            "apply. It happens also while the message is held, and cannot be undone.",
    .args = args,
    .flags = escalate_flags,
    .remote = true,
    .examples = escalate_examples,
    .exec = exec_escalate,
};
const struct aw_cmd_entry aw_cmd_messages_claim = {
    .noun = "messages",
    .verb = "claim",
    .summary = "somebody else takes care: hold a message for `claim.hold` of its rule",
    .text = "It is no acknowledgement: then the plan goes on where it was. Without `claim` in the "
            "rule it is refused (exit code 6).",
    .args = args,
    .flags = claim_flags,
    .remote = true,
    .examples = claim_examples,
    .exec = exec_claim,
};
