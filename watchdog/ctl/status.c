/* SPDX-License-Identifier: Apache-2.0
 *
 * `ackwatch status`: what the daemon says of itself, and its channels. Members of the status
 * object are shown as they come ("a.b  value"), so that a newer daemon needs no newer client.
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
    const char *state = aw_json_str(status, "state");
    bool fine = !state || aw_streq(state, "ok") || aw_streq(state, "ready");
    if (ctl->out.json) {
        aw_out_json(&ctl->out, status);
        return fine ? AW_EXIT_DONE : AW_EXIT_PROBLEMS;
    }
    if (ctl->out.tty) {
        enum aw_style style = fine ? AW_GOOD : AW_WARN;
        fprintf(ctl->out.f, "%s%s %s%s  ackwatchd %s\n\n", aw_out_on(&ctl->out, style),
                aw_out_mark(&ctl->out, fine ? AW_MARK_DOT : AW_MARK_WARN), state ? state : "ok",
                aw_out_off(&ctl->out, style), aw_json_str(status, "version") ?: "");
    }
    struct aw_table t;
    aw_table_init(&t, heads);
    add_members(&t, &ctl->out, "", status);
    aw_table_print(&t, &ctl->out);
    aw_table_free(&t);
    if (ctl->out.tty) {
        fputc('\n', ctl->out.f);
        aw_channels_print(ctl, json_object_get(channels, "data"));
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
