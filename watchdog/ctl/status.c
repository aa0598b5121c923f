/* SPDX-License-Identifier: Apache-2.0
 *
 * `ackwatch status`: what the daemon says of itself, and its channels. On a terminal one screen for
 * people; in a pipe the members of the status object as they come ("a.b  value"), so that a newer
 * daemon needs no newer client.
 */
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/json.h"
#include "ctl/client.h"
#include "ctl/nouns.h"

static const char *const heads[] = {"WHAT", "VALUE", NULL};

static void add_members(struct aw_table *t, const struct aw_out *o, const char *prefix,
                        const json_t *object)
{
    const char *key;
    json_t *v;
    json_object_foreach((json_t *)object, key, v)
    {
        char name[128], when[AW_TIME_TEXT];
        snprintf(name, sizeof name, "%s%s%s", prefix, *prefix ? "." : "", key);
        if (json_is_object(v)) {
            if (strlen(name) + 1 < sizeof name)
                add_members(t, o, name, v);
            continue;
        }
        aw_table_add(t, AW_PLAIN, name);
        aw_time at;
        if (json_is_string(v) &&
            aw_time_parse(json_string_value(v), json_string_length(v), &at) == 0)
            aw_table_add(t, AW_PLAIN, aw_out_time(o, when, at));
        else if (json_is_string(v))
            aw_table_add(t, AW_PLAIN, json_string_value(v));
        else {
            char *text = json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT);
            aw_table_add(t, AW_PLAIN, text);
            free(text);
        }
    }
}

/* "3 push, 1 sms": the members that are not zero. */
static void print_counts(FILE *f, const char *label, const json_t *object)
{
    const char *key, *comma = "";
    json_t *v;
    fprintf(f, "  %-12s", label);
    json_object_foreach((json_t *)object, key, v)
    {
        if (json_integer_value(v) == 0)
            continue;
        fprintf(f, "%s%lld %s", comma, (long long)json_integer_value(v), key);
        comma = ", ";
    }
    fprintf(f, "%s\n", *comma ? "" : "nothing");
}

static void print_head(const struct aw_out *o, const json_t *status, bool fine)
{
    enum aw_style style = fine ? AW_GOOD : AW_WARN;
    char up[AW_TIME_TEXT] = "?", late[AW_TIME_TEXT];
    const char *now = aw_json_str(status, "now"), *start = aw_json_str(status, "started_at");
    aw_time a, b;
    if (now && start && aw_time_parse(now, strlen(now), &a) == 0 &&
        aw_time_parse(start, strlen(start), &b) == 0)
        aw_duration_print(up, (a - b) / AW_SECOND * AW_SECOND);
    aw_duration_print(late, json_integer_value(json_object_get(status, "lag_ms")));
    fprintf(o->f, "%s%s %s%s  ackwatchd %s   node %s   up %s   lag %s\n", aw_out_on(o, style),
            aw_out_mark(o, fine ? AW_MARK_DOT : AW_MARK_WARN), aw_json_str(status, "state") ?: "ok",
            aw_out_off(o, style), aw_json_str(status, "version") ?: "",
            aw_json_str(status, "node") ?: "", up, late);
}

static bool is_fine(const json_t *status)
{
    const char *state = aw_json_str(status, "state");
    return !state || aw_streq(state, "ok") || aw_streq(state, "ready");
}

void aw_status_print(const struct aw_out *o, const json_t *status)
{
    bool fine = is_fine(status);
    const char *due = aw_json_str(status, "next_due"), *sha = aw_json_str(status, "rules_sha256");
    const json_t *since = json_object_get(status, "since_start");
    json_t *problem;
    size_t i;
    char when[AW_TIME_TEXT];
    print_head(o, status, fine);
    json_array_foreach(json_object_get(status, "problems"), i, problem)
        fprintf(o->f, "  %s %s\n", aw_out_mark(o, AW_MARK_WARN), json_string_value(problem));
    fprintf(o->f, "  %-12s%lld (%.12s)\n", "rules",
            (long long)json_integer_value(json_object_get(status, "rules")), sha ?: "");
    fprintf(o->f, "  %-12s%s\n", "store", aw_json_str(status, "store") ?: "");
    fprintf(o->f, "  %-12s%lld timelines%s%s\n", "open",
            (long long)json_integer_value(json_object_get(status, "open")),
            due ? ", next due " : "", due ? aw_out_when(o, when, due) : "");
    print_counts(o->f, "since start", since);
    print_counts(o->f, "sends", json_object_get(since, "sends"));
}

static int exec(struct aw_ctl *ctl)
{
    AW_AUTO(aw_client_cleanup) struct aw_client *c = aw_client_of(ctl);
    AW_AUTO(aw_json_cleanup) json_t *status = NULL, *channels = NULL;
    if (!c)
        return AW_EXIT_USAGE;
    int code = aw_client_get(c, &status, "/v1/status");
    if (code == AW_EXIT_DONE)
        code = aw_client_get(c, &channels, "/v1/channels");
    if (code != AW_EXIT_DONE)
        return code;
    bool fine = is_fine(status);
    if (ctl->out.json) {
        aw_out_json(&ctl->out, status);
        return fine ? AW_EXIT_DONE : AW_EXIT_PROBLEMS;
    }
    if (ctl->out.tty) {
        aw_status_print(&ctl->out, status);
        fputc('\n', ctl->out.f);
        aw_channels_print(ctl, json_object_get(channels, "data"));
    } else {
        struct aw_table t;
        aw_table_init(&t, heads);
        add_members(&t, &ctl->out, "", status);
        aw_table_print(&t, &ctl->out);
        aw_table_free(&t);
    }
    return fine ? AW_EXIT_DONE : AW_EXIT_PROBLEMS;
}

static const char *const examples[] = {"status", "status --json", NULL};

const struct aw_cmd_entry aw_cmd_status = {
    .noun = "status",
    .summary = "one screen: is the daemon well, what is under way",
    .text = "Exit code 3 when the daemon runs but is degraded, 7 when it cannot be reached.",
    .remote = true,
    .examples = examples,
    .exec = exec,
};
