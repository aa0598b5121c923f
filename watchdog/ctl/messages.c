/* SPDX-License-Identifier: Apache-2.0
 *
 * `ackwatch messages`: list, register, ack, cancel. (show and watch have files of their own.)
 */
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "codec/json.h"
#include "core/types.h"
#include "ctl/nouns.h"
#include "ctl/rows.h"

#define BODY_MAX ((size_t)4 << 20)

char *aw_ctl_read(const char *path, size_t max, size_t *ret_n)
{
    struct aw_err err;
    char *text;
    if (!aw_streq(path, "-")) {
        if (aw_file_read(path, max, &text, ret_n, &err) == 0)
            return text;
        aw_ctl_say(0, "%s", err.text);
        return NULL;
    }
    struct aw_buf b = AW_BUF_INIT(max);
    char chunk[8192];
    size_t n;
    while (!b.over && (n = fread(chunk, 1, sizeof chunk, stdin)) > 0)
        aw_buf_add(&b, chunk, n);
    if (b.over || ferror(stdin)) {
        aw_ctl_say(0, "standard input %s", b.over ? "is too long" : "cannot be read");
        aw_buf_free(&b);
        return NULL;
    }
    return aw_buf_take(&b, ret_n);
}

char *aw_message_path(const char *id)
{
    if (!aw_starts(id, "msg_") && !aw_starts(id, "ext:")) {
        aw_ctl_say(0, "\"%s\" is no message: msg_... or ext:EXTERNAL_ID", id);
        return NULL;
    }
    bool ext = aw_starts(id, "ext:");
    AW_AUTO_FREE char *escaped = aw_client_escape(ext ? id + 4 : id);
    struct aw_buf b = AW_BUF_INIT(8192);
    aw_buf_printf(&b, "/v1/messages/%s%s", ext ? "ext:" : "", escaped);
    return aw_buf_take(&b, NULL);
}

/* --- list ------------------------------------------------------------------------------------ */

static const struct aw_column columns[] = {
    {"ID", "id", AW_SHOW_NAME},
    {"REGISTERED", "registered_at", AW_SHOW_TIME},
    {"RULE", "rule.name", 0},
    {"STATE", "state", AW_SHOW_STATE},
    {"RECIPIENTS", "recipients.total", 0},
    {"CONFIRMED", "recipients.confirmed", 0},
    {"LEVEL", "level", 0},
    {"NEXT", "next_due", AW_SHOW_TIME},
    {"TITLE", "title", 0},
    {NULL},
};

static int exec_list(struct aw_ctl *ctl)
{
    static const char *const params[] = {"state", "rule", NULL};
    AW_AUTO_FREE char *path = aw_ctl_query(ctl, "/v1/messages", params);
    return aw_ctl_list(ctl, columns, path, NULL);
}

/* --- register -------------------------------------------------------------------------------- */

static void print_results(const struct aw_out *o, json_t *results)
{
    static const struct aw_column lines[] = {
        {"LINE", "line", 0}, {"STATUS", "status", 0},      {"EXTERNAL ID", "external_id", 0},
        {"ID", "id", 0},     {"WHY", "problem.detail", 0}, {NULL},
    };
    size_t i;
    json_t *v;
    json_array_foreach(results, i, v)
        json_object_set_new(v, "line", json_integer((json_int_t)i + 1));
    aw_rows_print(o, lines, results);
}

static int register_lines(struct aw_ctl *ctl, struct aw_client *c, const char *body)
{
    AW_AUTO(aw_json_cleanup) json_t *results = NULL;
    size_t i, refused = 0;
    json_t *v;
    if (aw_ctl_flag(ctl, "key"))
        return aw_ctl_say(AW_EXIT_USAGE, "--batch takes no --key: that of a line is external_id");
    int code = aw_client_lines(c, "/v1/messages:batch", body, &results);
    if (code != AW_EXIT_DONE)
        return code;
    json_array_foreach(results, i, v)
    {
        refused += json_object_get(v, "problem") != NULL;
        if (ctl->out.json)
            aw_out_json(&ctl->out, v);
    }
    if (!ctl->out.json)
        print_results(&ctl->out, results);
    return refused ? AW_EXIT_PROBLEMS : AW_EXIT_DONE;
}

static const struct aw_column registered[] = {
    {"ID", "id", AW_SHOW_NAME},
    {"RULE", "rule.name", 0},
    {"STATE", "state", AW_SHOW_STATE},
    {"DEADLINE", "deadline", AW_SHOW_TIME},
    {"NEXT", "next.do", 0},
    {"STEP", "next.step", 0},
    {"AT", "next.at", AW_SHOW_TIME},
    {NULL},
};

static int exec_register(struct aw_ctl *ctl)
{
    AW_AUTO(aw_client_cleanup) struct aw_client *c = aw_client_of(ctl);
    AW_AUTO(aw_json_cleanup) json_t *v = NULL;
    if (!c)
        return AW_EXIT_USAGE;
    size_t n;
    AW_AUTO_FREE char *body = aw_ctl_read(aw_ctl_flag(ctl, "file"), BODY_MAX, &n);
    if (!body)
        return AW_EXIT_FAILED;
    if (strlen(body) != n)
        return aw_ctl_say(AW_EXIT_FAILED, "the registration contains a NUL byte");
    if (aw_ctl_flag(ctl, "batch"))
        return register_lines(ctl, c, body);
    int code = aw_client_call(c, "POST", "/v1/messages", body, aw_ctl_flag(ctl, "key"), &v);
    if (code != AW_EXIT_DONE)
        return code;
    return aw_ctl_show(ctl, registered, v);
}

/* --- ack ------------------------------------------------------------------------------------- */

/* The only recipient of a message, when none is named. */
static int only_recipient(struct aw_client *c, const char *path, char dst[AW_USER_MAX + 1])
{
    AW_AUTO(aw_json_cleanup) json_t *v = NULL;
    int code = aw_client_get(c, &v, "%s/timeline", path);
    if (code != AW_EXIT_DONE)
        return code;
    const json_t *data = json_object_get(v, "data");
    if (json_array_size(data) != 1)
        return aw_ctl_say(AW_EXIT_USAGE,
                          "the message has %zu recipients: say which with "
                          "--recipient USER (ackwatch messages show lists them)",
                          json_array_size(data));
    snprintf(dst, AW_USER_MAX + 1, "%s", aw_json_str(json_array_get(data, 0), "user") ?: "");
    return AW_EXIT_DONE;
}

static const struct aw_column acked[] = {
    {"MESSAGE", "message", 0},
    {"RECIPIENT", "recipient", 0},
    {"LEVEL", "level", 0},
    {"STATE", "state", AW_SHOW_STATE},
    {"FIRST", "first", 0},
    {"AT", "at", AW_SHOW_TIME},
    {NULL},
};

static int exec_ack(struct aw_ctl *ctl)
{
    AW_AUTO(aw_client_cleanup) struct aw_client *c = aw_client_of(ctl);
    AW_AUTO(aw_json_cleanup) json_t *v = NULL;
    AW_AUTO_FREE char *path = c ? aw_message_path(ctl->args[0]) : NULL;
    if (!path)
        return AW_EXIT_USAGE;
    char only[AW_USER_MAX + 1];
    const char *user = aw_ctl_flag(ctl, "recipient");
    if (!user) {
        int code = only_recipient(c, path, only);
        if (code != AW_EXIT_DONE)
            return code;
        user = only;
    }
    AW_AUTO(aw_json_cleanup)
    json_t *ask = json_pack("{s:s,s:s*,s:s*,s:s*,s:s*}", "recipient", user, "level",
                            aw_ctl_flag(ctl, "level"), "at", aw_ctl_flag(ctl, "at"), "by",
                            aw_ctl_flag(ctl, "by"), "evidence", aw_ctl_flag(ctl, "evidence"));
    if (!ask)
        return aw_ctl_say(AW_EXIT_USAGE, "an argument is not valid UTF-8");
    char *body = json_dumps(ask, JSON_COMPACT);
    struct aw_buf to = AW_BUF_INIT(8192);
    aw_buf_printf(&to, "%s/acks", path);
    int code = aw_client_call(c, "POST", aw_buf_str(&to), body, NULL, &v);
    aw_buf_free(&to);
    free(body);
    if (code != AW_EXIT_DONE)
        return code;
    return aw_ctl_show(ctl, acked, v);
}

/* --- cancel ---------------------------------------------------------------------------------- */

static int exec_cancel(struct aw_ctl *ctl)
{
    static const struct aw_column cancelled[] = {
        {"ID", "id", AW_SHOW_NAME},
        {"STATE", "state", AW_SHOW_STATE},
        {NULL},
    };
    AW_AUTO(aw_json_cleanup) json_t *v = NULL;
    AW_AUTO_FREE char *path = aw_message_path(ctl->args[0]);
    if (!path)
        return AW_EXIT_USAGE;
    struct aw_buf to = AW_BUF_INIT(8192);
    aw_buf_printf(&to, "%s:cancel", path);
    int code = aw_ctl_post(ctl, aw_buf_str(&to),
                           json_pack("{s:s}", "reason", aw_ctl_flag(ctl, "reason")), &v);
    aw_buf_free(&to);
    return code == AW_EXIT_DONE ? aw_ctl_show(ctl, cancelled, v) : code;
}

/* --- entries --------------------------------------------------------------------------------- */

static const struct aw_param list_flags[] = {
    {"state", 0, AW_VAL_CHOICE, 0, aw_state_names, "only messages in this state"},
    {"rule", 0, AW_VAL_TEXT, 0, NULL, "only messages under this rule"},
    {"limit", 0, AW_VAL_NUMBER, 0, NULL, "at most N messages, 1 to 500 (50)"},
    {"after", 0, AW_VAL_TEXT, 0, NULL, "go on behind this cursor of an earlier list"},
    {NULL},
};
static const char *const list_examples[] = {"messages list --state open",
                                            "messages list --rule order-status --json", NULL};
static const struct aw_param message_args[] = {
    {"ID", 0, AW_VAL_TEXT, 0, NULL, "msg_... or ext:EXTERNAL_ID"},
    {NULL},
};
static const struct aw_param register_flags[] = {
    {"file", 'f', AW_VAL_FILE, AW_REQUIRED, NULL,
     "the registration as JSON, body of POST /v1/messages; - is standard input"},
    {"key", 0, AW_VAL_TEXT, 0, NULL,
     "Idempotency-Key; without it external_id in the body stands for it"},
    {"batch", 0, AW_VAL_NONE, 0, NULL, "the file has up to 1,000 registrations, one a line"},
    {NULL},
};
static const char *const register_examples[] = {"messages register -f push.json --key order-42",
                                                "messages register --batch -f orders.ndjson", NULL};
static const char *const ack_levels[] = {"delivered", "displayed", "opened", "acknowledged", NULL};
static const struct aw_param ack_flags[] = {
    {"recipient", 0, AW_VAL_TEXT, 0, NULL, "user; may be left out when there is only one"},
    {"level", 0, AW_VAL_CHOICE, 0, ack_levels, "what the recipient did (acknowledged)"},
    {"at", 0, AW_VAL_TEXT, 0, NULL, "when it happened, RFC 3339 (now)"},
    {"by", 0, AW_VAL_TEXT, 0, NULL, "who says so"},
    {"evidence", 0, AW_VAL_TEXT, 0, NULL, "how it is known, kept beside the log"},
    {NULL},
};
static const char *const ack_examples[] = {
    "messages ack msg_0123456789ABC --recipient li --by ops --evidence 'called back'", NULL};
static const struct aw_param cancel_flags[] = {
    {"reason", 0, AW_VAL_TEXT, AW_REQUIRED, NULL, "why, kept beside the log"},
    {NULL},
};
static const char *const cancel_examples[] = {
    "messages cancel msg_0123456789ABC --reason 'order was withdrawn'", NULL};

const struct aw_cmd_entry aw_cmd_messages_list = {
    .noun = "messages",
    .verb = "list",
    .summary = "messages, newest first",
    .flags = list_flags,
    .remote = true,
    .examples = list_examples,
    .exec = exec_list,
};
const struct aw_cmd_entry aw_cmd_messages_register = {
    .noun = "messages",
    .verb = "register",
    .summary = "register a critical push",
    .text = "The answer comes after the registration is durable. The same key with the same body "
            "gives the same answer; with another body it is a conflict (exit code 6). "
            "With --batch each line needs an external_id and has a result of its own; exit code 3 "
            "says that some were refused.",
    .flags = register_flags,
    .remote = true,
    .examples = register_examples,
    .exec = exec_register,
};
const struct aw_cmd_entry aw_cmd_messages_ack = {
    .noun = "messages",
    .verb = "ack",
    .summary = "report that a recipient received or confirmed a message",
    .args = message_args,
    .flags = ack_flags,
    .remote = true,
    .examples = ack_examples,
    .exec = exec_ack,
};
const struct aw_cmd_entry aw_cmd_messages_cancel = {
    .noun = "messages",
    .verb = "cancel",
    .summary = "end all timelines of a message; nothing more is sent",
    .text = "It cannot be undone: register again instead.",
    .args = message_args,
    .flags = cancel_flags,
    .remote = true,
    .examples = cancel_examples,
    .exec = exec_cancel,
};
