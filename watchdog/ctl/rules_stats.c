/* SPDX-License-Identifier: Apache-2.0
 *
 * `ackwatch rules stats`: what came of the rules, from the daemon, or from a database file beside
 * it or without it.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "codec/json.h"
#include "codec/rulestats.h"
#include "conf/rules.h"
#include "ctl/client.h"
#include "ctl/lang.h"
#include "store/store.h"

#define ANSWER_MAX ((size_t)16 << 20)
#define TIMELINES  1000000u /* of a file that are looked at */

static int on_row(void *arg, const struct aw_rule_stats_row *s)
{
    aw_rulestats_write(arg, s);
    return 0;
}

static int from_file(const char *path, aw_time since, const char *rule, json_t **ret)
{
    struct aw_reading reading;
    struct aw_buf out = AW_BUF_INIT(ANSWER_MAX);
    struct aw_jsonw w;
    struct aw_stats_query q = {
        .app = "", .rule = rule, .since = since, .limit = TIMELINES, .unless = aw_rules_unless};
    bool cut = false;
    if (access(path, R_OK) < 0)
        return aw_ctl_say(AW_EXIT_FAILED, "%s: %s", path, strerror(errno));
    aw_store_reading(path, &reading);
    struct aw_reader *r = reading.open(reading.ctx);
    aw_jw_init(&w, &out);
    aw_jw_object(&w, NULL);
    aw_jw_array(&w, "data");
    int e = reading.rule_stats(r, &q, &cut, on_row, &w);
    reading.close(r);
    aw_jw_end(&w, ']');
    aw_jw_bool(&w, "cut", cut);
    aw_jw_end(&w, '}');
    if (e == 0)
        e = aw_json_parse(aw_buf_str(&out), out.n, ANSWER_MAX, ret, NULL);
    aw_buf_free(&out);
    return e == 0 ? AW_EXIT_DONE : aw_ctl_say(AW_EXIT_FAILED, _("%s cannot be read"), path);
}

static int from_daemon(struct aw_ctl *ctl, aw_time since, const char *rule, json_t **ret)
{
    AW_AUTO(aw_client_cleanup) struct aw_client *c = aw_client_of(ctl);
    AW_AUTO_FREE char *name = rule ? aw_client_escape(rule) : NULL;
    char at[AW_TIME_TEXT];
    aw_time_print(at, since);
    return c ? aw_client_get(c, ret, "/v1/rules:stats?since=%s%s%s", at, name ? "&rule=" : "",
                             name ? name : "")
             : AW_EXIT_USAGE;
}

/* --- for people ------------------------------------------------------------------------------ */

static void put_span(struct aw_table *t, const json_t *of, const char *name)
{
    char text[AW_TIME_TEXT];
    const json_t *v = json_object_get(of, name);
    if (json_is_integer(v))
        aw_duration_print(text, json_integer_value(v) / AW_SECOND * AW_SECOND);
    aw_table_add(t, AW_PLAIN, json_is_integer(v) ? text : NULL);
}

static void add_row(struct aw_table *t, const json_t *v)
{
    const json_t *states = json_object_get(v, "timelines"), *c;
    const json_t *confirmed = json_object_get(v, "confirmed_ms");
    AW_AUTO(aw_buf_free) struct aw_buf sent = AW_BUF_INIT(1 << 16), ends = AW_BUF_INIT(4096);
    size_t i;
    for (unsigned s = 0; s < AW_N_STATES; s++) {
        json_int_t n = json_integer_value(json_object_get(states, aw_state_name((enum aw_state)s)));
        if (n)
            aw_buf_printf(&ends, "%s%s %lld", ends.n ? ", " : "", aw_state_name((enum aw_state)s),
                          (long long)n);
    }
    json_array_foreach(json_object_get(v, "sent"), i, c)
        aw_buf_printf(&sent, "%s%s %lld", sent.n ? ", " : "", aw_json_str(c, "channel"),
                      (long long)json_integer_value(json_object_get(c, "count")));
    aw_table_add(t, AW_BOLD, aw_json_str(v, "rule"));
    aw_table_add(t, AW_PLAIN, ends.n ? aw_buf_str(&ends) : NULL);
    put_span(t, confirmed, "p50");
    put_span(t, confirmed, "p90");
    put_span(t, confirmed, "p99");
    aw_table_addf(t, AW_PLAIN, "%lld/%lld",
                  (long long)json_integer_value(json_object_get(v, "avoidable_sms")),
                  (long long)json_integer_value(json_object_get(v, "sms")));
    put_span(t, json_object_get(v, "wait_ms"), "nine_in_ten");
    aw_table_add(t, AW_PLAIN, sent.n ? aw_buf_str(&sent) : NULL);
}

static void print(const struct aw_out *o, const json_t *answer)
{
    static const char *const heads[] = {"RULE",          "TIMELINES", "P50",  "P90", "P99",
                                        "AVOIDABLE SMS", "WAIT",      "SENT", NULL};
    struct aw_table t;
    size_t i;
    const json_t *v;
    aw_table_init(&t, heads);
    json_array_foreach(json_object_get(answer, "data"), i, v) add_row(&t, v);
    aw_table_print(&t, o);
    aw_table_free(&t);
    if (json_is_true(json_object_get(answer, "cut")))
        aw_ctl_say(0,
                   _("there are older ones that were not looked at: a shorter --since, or --db"));
}

static int exec(struct aw_ctl *ctl)
{
    const char *db = aw_ctl_flag(ctl, "db"), *rule = aw_ctl_flag(ctl, "rule");
    const char *given = aw_ctl_flag(ctl, "since");
    AW_AUTO(aw_json_cleanup) json_t *v = NULL;
    aw_ms span = 7 * AW_DAY;
    if (given && aw_duration_parse(given, strlen(given), &span) < 0)
        return AW_EXIT_USAGE; /* the parser of flags has looked at it */
    aw_time since = aw_clock_os_wall() - span;
    int code = db ? from_file(db, since, rule, &v) : from_daemon(ctl, since, rule, &v);
    if (code != AW_EXIT_DONE)
        return code;
    if (ctl->out.json)
        aw_out_json(&ctl->out, v);
    else
        print(&ctl->out, v);
    return AW_EXIT_DONE;
}

static const struct aw_param flags[] = {
    {"since", 0, AW_VAL_DURATION, 0, NULL, "messages registered within this time (7d)"},
    {"rule", 0, AW_VAL_TEXT, 0, NULL, "this rule alone"},
    {"db", 0, AW_VAL_FILE, 0, NULL, "a database file, read-only; the daemon is not asked"},
    {NULL},
};
static const char *const examples[] = {"rules stats --since 30d",
                                       "rules stats --rule order-status --json",
                                       "rules stats --db /var/lib/ackwatch/ackwatch.db", NULL};

const struct aw_cmd_entry aw_cmd_rules_stats = {
    .noun = "rules",
    .verb = "stats",
    .summary = "what came of rules: ends, sends, time to confirmation, texts that were not needed",
    .text =
        "An SMS was avoidable when evidence that would have skipped it, of a send before it or "
        "dated before it, came after it had left; WAIT is by how much later nine in ten of these "
        "should have left. The daemon looks at the newest 20,000 timelines, --db at 1,000,000.",
    .flags = flags,
    .remote = true,
    .examples = examples,
    .exec = exec,
};
