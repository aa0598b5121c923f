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

static const char *const heads[] = {"ID",        "REGISTERED", "RULE", "STATE", "RECIPIENTS",
                                    "CONFIRMED", "LEVEL",      "NEXT", "TITLE", NULL};

static enum aw_style state_style(const char *state)
{
    if (aw_streq(state, "confirmed"))
        return AW_GOOD;
    if (aw_streq(state, "exhausted") || aw_streq(state, "expired"))
        return AW_BAD;
    return AW_PLAIN;
}

static long long number(const json_t *v, const char *key)
{
    return (long long)json_integer_value(json_object_get(v, key));
}

static void add_message(struct aw_table *t, const struct aw_out *o, const json_t *m)
{
    char when[AW_TIME_TEXT];
    const json_t *r = json_object_get(m, "recipients");
    aw_table_add(t, AW_BOLD, aw_json_str(m, "id"));
    aw_table_add(t, AW_PLAIN, aw_out_when(o, when, aw_json_str(m, "registered_at")));
    aw_table_add(t, AW_PLAIN, aw_json_str(json_object_get(m, "rule"), "name"));
    aw_table_add(t, state_style(aw_json_str(m, "state")), aw_json_str(m, "state"));
    aw_table_addf(t, AW_PLAIN, "%lld", number(r, "total"));
    aw_table_addf(t, AW_PLAIN, "%lld", number(r, "confirmed"));
    aw_table_add(t, AW_PLAIN, aw_json_str(m, "level"));
    aw_table_add(t, AW_PLAIN, aw_out_when(o, when, aw_json_str(m, "next_due")));
    aw_table_add(t, AW_PLAIN, aw_json_str(m, "title"));
}

static char *list_path(const struct aw_ctl *ctl)
{
    static const char *const params[] = {"state", "rule", "after"};
    struct aw_buf b = AW_BUF_INIT(8192);
    aw_buf_printf(&b, "/v1/messages?limit=%ld", aw_ctl_number(ctl, "limit", 50));
    for (unsigned i = 0; i < AW_COUNT(params); i++) {
        const char *value = aw_ctl_flag(ctl, params[i]);
        AW_AUTO_FREE char *escaped = value ? aw_client_escape(value) : NULL;
        if (value)
            aw_buf_printf(&b, "&%s=%s", params[i], escaped);
    }
    return aw_buf_take(&b, NULL);
}

static int exec_list(struct aw_ctl *ctl)
{
    AW_AUTO(aw_client_cleanup) struct aw_client *c = aw_client_of(ctl);
    AW_AUTO(aw_json_cleanup) json_t *v = NULL;
    AW_AUTO_FREE char *path = list_path(ctl);
    int code = c ? aw_client_call(c, "GET", path, NULL, NULL, &v) : AW_EXIT_USAGE;
    if (code != AW_EXIT_DONE)
        return code;
    const json_t *data = json_object_get(v, "data");
    if (ctl->out.json) {
        aw_out_json(&ctl->out, data);
    } else {
        struct aw_table t;
        aw_table_init(&t, heads);
        size_t i;
        json_t *m;
        json_array_foreach(data, i, m)
        {
            add_message(&t, &ctl->out, m);
        }
        aw_table_print(&t, &ctl->out);
        aw_table_free(&t);
    }
    if (aw_json_str(v, "next"))
        fprintf(stderr, "There is more: --after %s\n", aw_json_str(v, "next"));
    return AW_EXIT_DONE;
}

/* --- register -------------------------------------------------------------------------------- */

static void print_results(const struct aw_out *o, const json_t *results)
{
    static const char *const line_heads[] = {"LINE", "STATUS", "EXTERNAL ID", "ID", "WHY", NULL};
    struct aw_table t;
    size_t i;
    json_t *v;
    aw_table_init(&t, line_heads);
    json_array_foreach(results, i, v)
    {
        const json_t *problem = json_object_get(v, "problem");
        aw_table_addf(&t, AW_PLAIN, "%zu", i + 1);
        aw_table_addf(&t, problem ? AW_BAD : AW_PLAIN, "%lld",
                      (long long)json_integer_value(json_object_get(v, "status")));
        aw_table_add(&t, AW_PLAIN, aw_json_str(v, "external_id") ?: "-");
        aw_table_add(&t, AW_PLAIN, aw_json_str(v, "id") ?: "-");
        aw_table_add(&t, AW_PLAIN, aw_json_str(problem, "detail") ?: "-");
    }
    aw_table_print(&t, o);
    aw_table_free(&t);
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
    if (ctl->out.json) {
        aw_out_json(&ctl->out, v);
        return AW_EXIT_DONE;
    }
    static const char *const reg_heads[] = {"ID", "RULE", "STATE", "DEADLINE", "NEXT", "AT", NULL};
    const json_t *next = json_object_get(v, "next");
    char when[AW_TIME_TEXT];
    struct aw_table t;
    aw_table_init(&t, reg_heads);
    aw_table_add(&t, AW_BOLD, aw_json_str(v, "id"));
    aw_table_add(&t, AW_PLAIN, aw_json_str(json_object_get(v, "rule"), "name"));
    aw_table_add(&t, AW_PLAIN, aw_json_str(v, "state"));
    aw_table_add(&t, AW_PLAIN, aw_out_when(&ctl->out, when, aw_json_str(v, "deadline")));
    aw_table_addf(&t, AW_PLAIN, "%s %s", aw_json_str(next, "do") ?: "-",
                  aw_json_str(next, "step") ?: "");
    aw_table_add(&t, AW_PLAIN, aw_out_when(&ctl->out, when, aw_json_str(next, "at")));
    aw_table_print(&t, &ctl->out);
    aw_table_free(&t);
    return AW_EXIT_DONE;
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
    if (ctl->out.json) {
        aw_out_json(&ctl->out, v);
        return AW_EXIT_DONE;
    }
    static const char *const ack_heads[] = {"MESSAGE", "RECIPIENT", "LEVEL", "STATE",
                                            "NEWS",    "AT",        NULL};
    char when[AW_TIME_TEXT];
    struct aw_table t;
    aw_table_init(&t, ack_heads);
    aw_table_add(&t, AW_PLAIN, aw_json_str(v, "message"));
    aw_table_add(&t, AW_PLAIN, aw_json_str(v, "recipient"));
    aw_table_add(&t, AW_PLAIN, aw_json_str(v, "level"));
    aw_table_add(&t, state_style(aw_json_str(v, "state")), aw_json_str(v, "state"));
    aw_table_add(&t, AW_PLAIN, json_is_true(json_object_get(v, "first")) ? "first" : "known");
    aw_table_add(&t, AW_PLAIN, aw_out_when(&ctl->out, when, aw_json_str(v, "at")));
    aw_table_print(&t, &ctl->out);
    aw_table_free(&t);
    return AW_EXIT_DONE;
}

/* --- cancel ---------------------------------------------------------------------------------- */

static int exec_cancel(struct aw_ctl *ctl)
{
    AW_AUTO(aw_client_cleanup) struct aw_client *c = aw_client_of(ctl);
    AW_AUTO(aw_json_cleanup) json_t *v = NULL;
    AW_AUTO_FREE char *path = c ? aw_message_path(ctl->args[0]) : NULL;
    if (!path)
        return AW_EXIT_USAGE;
    AW_AUTO(aw_json_cleanup) json_t *ask = json_pack("{s:s}", "reason", aw_ctl_flag(ctl, "reason"));
    if (!ask)
        return aw_ctl_say(AW_EXIT_USAGE, "the reason is not valid UTF-8");
    char *body = json_dumps(ask, JSON_COMPACT);
    struct aw_buf to = AW_BUF_INIT(8192);
    aw_buf_printf(&to, "%s:cancel", path);
    int code = aw_client_call(c, "POST", aw_buf_str(&to), body, NULL, &v);
    aw_buf_free(&to);
    free(body);
    if (code != AW_EXIT_DONE)
        return code;
    if (ctl->out.json)
        aw_out_json(&ctl->out, v);
    else
        fprintf(ctl->out.f, "%s\t%s\n", aw_json_str(v, "id") ?: "-",
                aw_json_str(v, "state") ?: "-");
    return AW_EXIT_DONE;
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
