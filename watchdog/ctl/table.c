/* SPDX-License-Identifier: Apache-2.0
 *
 * The command table: every command in the order of help, the nouns, the flags that many commands
 * share, the exit codes. To add a command: write its entry in the file of its noun, list it here.
 */
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "ctl/client.h"
#include "ctl/cmd.h"

#define COMMANDS                                                                                   \
    X(demo)                                                                                        \
    X(status)                                                                                      \
    X(top)                                                                                         \
    X(messages_list)                                                                               \
    X(messages_show)                                                                               \
    X(messages_watch)                                                                              \
    X(messages_register)                                                                           \
    X(messages_ack)                                                                                \
    X(messages_snooze)                                                                             \
    X(messages_resume)                                                                             \
    X(messages_escalate)                                                                           \
    X(messages_claim)                                                                              \
    X(messages_cancel)                                                                             \
    X(rules_check)                                                                                 \
    X(rules_test)                                                                                  \
    X(rules_explain)                                                                               \
    X(rules_diff)                                                                                  \
    X(rules_graph)                                                                                 \
    X(rules_new)                                                                                   \
    X(rules_fmt)                                                                                   \
    X(rules_schema)                                                                                \
    X(rules_simulate)                                                                              \
    X(rules_apply)                                                                                 \
    X(rules_rollback)                                                                              \
    X(rules_stats)                                                                                 \
    X(rules_history)                                                                               \
    X(rules_list)                                                                                  \
    X(rules_show)                                                                                  \
    X(rules_reload)                                                                                \
    X(templates_check)                                                                             \
    X(templates_render)                                                                            \
    X(templates_list)                                                                              \
    X(templates_show)                                                                              \
    X(contacts_list)                                                                               \
    X(contacts_show)                                                                               \
    X(contacts_set)                                                                                \
    X(contacts_import)                                                                             \
    X(sessions_list)                                                                               \
    X(sessions_login)                                                                              \
    X(sessions_logout)                                                                             \
    X(channels_list)                                                                               \
    X(channels_test)                                                                               \
    X(channels_dsn)                                                                                \
    X(webhooks_deliveries)                                                                         \
    X(webhooks_redeliver)                                                                          \
    X(channels_limits)                                                                             \
    X(channels_pause)                                                                              \
    X(channels_resume)                                                                             \
    X(silences_list)                                                                               \
    X(silences_add)                                                                                \
    X(silences_end)                                                                                \
    X(keys_create)                                                                                 \
    X(keys_list)                                                                                   \
    X(keys_revoke)                                                                                 \
    X(audit_verify)                                                                                \
    X(audit_tail)                                                                                  \
    X(audit_head)                                                                                  \
    X(listen)                                                                                      \
    X(sim_start)                                                                                   \
    X(sim_set)                                                                                     \
    X(sim_inbox)                                                                                   \
    X(sim_reply)                                                                                   \
    X(logs_tail)                                                                                   \
    X(config_check)                                                                                \
    X(config_show)                                                                                 \
    X(db_info)                                                                                     \
    X(db_backup)                                                                                   \
    X(db_migrate)                                                                                  \
    X(doctor)                                                                                      \
    X(completion)                                                                                  \
    X(version)                                                                                     \
    X(help)

#define X(name) extern const struct aw_cmd_entry aw_cmd_##name;
COMMANDS
#undef X

const struct aw_cmd_entry *const aw_cmd_table[] = {
#define X(name) &aw_cmd_##name,
    COMMANDS
#undef X
        NULL};

const struct aw_noun aw_nouns[] = {
    {"demo", "see the whole thing work on this machine; nothing leaves it"},
    {"status", "one screen: is the daemon well"},
    {"top", "live view of what is under way"},
    {"messages", "critical pushes and their timelines"},
    {"rules", "what happens when nobody confirms"},
    {"templates", "the texts that people get, and what an SMS costs"},
    {"contacts", "addresses of people"},
    {"sessions", "who is logged in on which device"},
    {"channels", "provider accounts"},
    {"silences", "what is put off until a date"},
    {"webhooks", "callbacks that tell applications what became of their messages"},
    {"keys", "API keys"},
    {"audit", "the log, and the proof that it is whole"},
    {"listen", "follow the log, and hand its events to a program here"},
    {"sim", "simulated providers, to try things on this machine"},
    {"logs", "the newest requests"},
    {"config", "the environment file"},
    {"db", "the database: what it holds, backups, newer layouts"},
    {"doctor", "checks of machine, files and daemon"},
    {"completion", "completion for bash, zsh, fish"},
    {"version", "version of this program"},
    {"help", "help on commands, exit codes, error codes"},
    {NULL, NULL},
};

static const char *const langs[] = {"en", "zh-CN", NULL};
static const char *const colours[] = {"auto", "always", "never", NULL};

const struct aw_param aw_flags_global[] = {
    {"json", 0, AW_VAL_NONE, 0, NULL, "print JSON with the field names of the API"},
    {"color", 0, AW_VAL_CHOICE, 0, colours, "colour on a terminal (auto; NO_COLOR turns it off)"},
    {"lang", 0, AW_VAL_CHOICE, 0, langs,
     "language of texts (LANGUAGE, LC_ALL, LC_MESSAGES, LANG; else en)"},
    {"help", 'h', AW_VAL_NONE, 0, NULL, "show this help"},
    {NULL},
};

const struct aw_param aw_flags_remote[] = {
    {"socket", 0, AW_VAL_FILE, 0, NULL, "control socket of the daemon (" AW_CTL_SOCKET ")"},
    {"url", 0, AW_VAL_TEXT, 0, NULL,
     "talk HTTP to this base address instead of the socket (ACKWATCH_URL)"},
    {"token-file", 0, AW_VAL_FILE, 0, NULL,
     "file with the API key for --url (ACKWATCH_TOKEN_FILE)"},
    {NULL},
};

const char *const aw_exit_texts[AW_N_EXITS] = {
    [AW_EXIT_DONE] = "done (an empty list is done, too)",
    [AW_EXIT_FAILED] = "failed",
    [AW_EXIT_USAGE] = "usage: unknown command, flag or argument",
    [AW_EXIT_PROBLEMS] = "done, but problems were found (lint, rule test, audit, degraded)",
    [AW_EXIT_NOT_ALLOWED] = "not authenticated, or not allowed",
    [AW_EXIT_NO_OBJECT] = "no such object",
    [AW_EXIT_CONFLICT] = "conflict with the present state",
    [AW_EXIT_UNREACHABLE] = "the daemon cannot be reached, or is not ready",
    [AW_EXIT_TIME] = "time ran out before the awaited state",
};

bool aw_cmd_is_noun(const char *name)
{
    for (const struct aw_noun *n = aw_nouns; n->name; n++)
        if (aw_streq(n->name, name))
            return true;
    return false;
}

const struct aw_cmd_entry *aw_cmd_find(const char *noun, const char *verb)
{
    for (unsigned i = 0; aw_cmd_table[i]; i++)
        if (aw_streq(aw_cmd_table[i]->noun, noun) && aw_streq(aw_cmd_table[i]->verb, verb))
            return aw_cmd_table[i];
    return NULL;
}

const char *aw_cmd_nearest(const char *noun, const char *verb)
{
    const char *names[AW_COUNT(aw_cmd_table) + AW_COUNT(aw_nouns)];
    unsigned n = 0;
    if (!verb)
        for (const struct aw_noun *p = aw_nouns; p->name; p++)
            names[n++] = p->name;
    for (unsigned i = 0; verb && aw_cmd_table[i]; i++)
        if (aw_streq(aw_cmd_table[i]->noun, noun) && aw_cmd_table[i]->verb)
            names[n++] = aw_cmd_table[i]->verb;
    names[n] = NULL;
    return aw_nearest(verb ? verb : noun, names);
}

/* A flag of a command's own hides the one of that name that all have: templates render --lang. */
static bool has_flag(const struct aw_param *list, const char *name)
{
    for (; list && list->name; list++)
        if (aw_streq(list->name, name))
            return true;
    return false;
}

void aw_cmd_each_flag(const struct aw_cmd_entry *e,
                      void (*f)(void *arg, const struct aw_param *flag), void *arg)
{
    const struct aw_param *const lists[] = {e->flags, e->remote ? aw_flags_remote : NULL,
                                            aw_flags_global};
    for (unsigned i = 0; i < AW_COUNT(lists); i++)
        for (const struct aw_param *p = lists[i]; p && p->name; p++)
            if (i == 0 || !has_flag(e->flags, p->name))
                f(arg, p);
}

void aw_param_value(const struct aw_param *p, struct aw_buf *out)
{
    static const char *const names[] = {
        [AW_VAL_NONE] = "",         [AW_VAL_TEXT] = "TEXT", [AW_VAL_NUMBER] = "N",
        [AW_VAL_DURATION] = "TIME", [AW_VAL_FILE] = "FILE", [AW_VAL_DIR] = "DIR"};
    if (p->type != AW_VAL_CHOICE) {
        aw_buf_puts(out, names[p->type]);
        return;
    }
    for (unsigned i = 0; p->choices[i]; i++)
        aw_buf_printf(out, "%s%s", i ? "|" : "", p->choices[i]);
}
