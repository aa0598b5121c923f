/* SPDX-License-Identifier: Apache-2.0
 *
 * `ackwatch logs tail`: the newest requests that the daemon has answered, from its memory. Filters
 * are ours: the ring is small.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/str.h"
#include "codec/json.h"
#include "ctl/client.h"

#define PAGE 1000

struct tail {
    struct aw_ctl *ctl;
    const char *status, *path, *method, *key;
    json_int_t last;
};

/* "4xx", "40x", "404" */
static bool is_status(const char *pattern)
{
    return strlen(pattern) == 3 && strspn(pattern, "0123456789xX") == 3;
}

static bool status_fits(const char *pattern, json_int_t status)
{
    char text[24];
    snprintf(text, sizeof text, "%03lld", (long long)status);
    for (unsigned i = 0; i < 3; i++)
        if (pattern[i] != text[i] && (pattern[i] | 32) != 'x')
            return false;
    return true;
}

static bool wanted(const struct tail *t, const json_t *row)
{
    const char *method = aw_json_str(row, "method"), *route = aw_json_str(row, "route");
    const char *by = aw_json_str(row, "by");
    if (t->status && !status_fits(t->status, json_integer_value(json_object_get(row, "status"))))
        return false;
    if (t->method && !aw_streq(t->method, method))
        return false;
    if (t->path && !(route && aw_glob(t->path, route)))
        return false;
    return !t->key || (by && aw_starts(by, "key:") && aw_streq(by + 4, t->key));
}

static void print_row(const struct aw_out *o, const json_t *row)
{
    char when[AW_TIME_TEXT], ms[32] = "-";
    const json_t *took = json_object_get(row, "ms");
    json_int_t status = json_integer_value(json_object_get(row, "status"));
    enum aw_style style = status >= 500 ? AW_BAD : status >= 400 ? AW_WARN : AW_PLAIN;
    if (o->json) {
        json_dumpf(row, o->f, JSON_COMPACT);
        fputc('\n', o->f);
        return;
    }
    if (took)
        snprintf(ms, sizeof ms, "%lld", (long long)json_integer_value(took));
    fprintf(o->f,
            o->tty ? "%s  %s%lld%s  %-6s %-36s %5s ms  %-8s %s  %s\n"
                   : "%s\t%s%lld%s\t%s\t%s\t%s\t%s\t%s\t%s\n",
            aw_out_when(o, when, aw_json_str(row, "at")), aw_out_on(o, style), (long long)status,
            aw_out_off(o, style), aw_json_str(row, "method") ?: "-",
            aw_json_str(row, "route") ?: "-", ms, aw_json_str(row, "by") ?: "-",
            aw_json_str(row, "request_id") ?: "-", aw_json_str(row, "problem") ?: "-");
}

/* Prints what is wanted of a page; at most `lines` of its end when that is not 0. */
static void print_page(const struct tail *t, const json_t *data, size_t lines)
{
    size_t i, n = 0, seen = 0;
    json_t *row;
    json_array_foreach(data, i, row) n += wanted(t, row);
    json_array_foreach(data, i, row) if (wanted(t, row) && (!lines || ++seen + lines > n))
        print_row(&t->ctl->out, row);
    fflush(t->ctl->out.f);
}

/* All that is there from t->last on. */
static int print_news(struct tail *t, struct aw_client *c)
{
    for (json_int_t before = -1; before != t->last;) {
        AW_AUTO(aw_json_cleanup) json_t *v = NULL;
        int code =
            aw_client_get(c, &v, "/v1/requests?limit=%d&after=%lld", PAGE, (long long)t->last);
        if (code != AW_EXIT_DONE)
            return code;
        before = t->last;
        t->last = json_integer_value(json_object_get(v, "last"));
        if (t->last < before) { /* the daemon has started again, and counts from 1 */
            t->last = 0;
            continue;
        }
        print_page(t, json_object_get(v, "data"), 0);
    }
    return AW_EXIT_DONE;
}

static int exec_tail(struct aw_ctl *ctl)
{
    struct tail t = {.ctl = ctl,
                     .status = aw_ctl_flag(ctl, "status"),
                     .path = aw_ctl_flag(ctl, "path"),
                     .method = aw_ctl_flag(ctl, "method"),
                     .key = aw_ctl_flag(ctl, "key")};
    if (t.status && !is_status(t.status))
        return aw_ctl_say(AW_EXIT_USAGE, "--status takes 404 or 4xx, not \"%s\"", t.status);
    long lines = aw_ctl_number(ctl, "lines", 50);
    AW_AUTO(aw_client_cleanup) struct aw_client *c = aw_client_of(ctl);
    AW_AUTO(aw_json_cleanup) json_t *v = NULL;
    int code = c ? aw_client_get(c, &v, "/v1/requests?limit=%d", PAGE) : AW_EXIT_USAGE;
    if (code != AW_EXIT_DONE)
        return code;
    t.last = json_integer_value(json_object_get(v, "last"));
    if (lines)
        print_page(&t, json_object_get(v, "data"), (size_t)lines);
    while (code == AW_EXIT_DONE && aw_ctl_flag(ctl, "follow")) {
        nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
        code = print_news(&t, c);
    }
    return code;
}

static const char *const methods[] = {"GET", "HEAD", "POST", "PUT", "DELETE", NULL};
static const struct aw_param flags[] = {
    {"follow", 'f', AW_VAL_NONE, 0, NULL, "go on as requests come"},
    {"lines", 'n', AW_VAL_NUMBER, 0, NULL, "at most N of those that were (50)"},
    {"status", 0, AW_VAL_TEXT, 0, NULL, "only this status: 404, or 4xx for all of a hundred"},
    {"path", 0, AW_VAL_TEXT, 0, NULL, "only routes like this: /v1/messages, '/v1/*'"},
    {"method", 0, AW_VAL_CHOICE, 0, methods, "only this method"},
    {"key", 0, AW_VAL_TEXT, 0, NULL, "only requests of the API key with this id"},
    {NULL},
};
static const char *const examples[] = {"logs tail -f", "logs tail --status 4xx --path '/v1/*'",
                                       NULL};

const struct aw_cmd_entry aw_cmd_logs_tail = {
    .noun = "logs",
    .verb = "tail",
    .summary = "what was asked of the daemon, and how it answered",
    .text =
        "The daemon keeps the newest 4,096 requests in memory: route, status, problem code, key, "
        "duration, request id; no bodies, no addresses, no tokens. In a pipe: time, status, "
        "method, route, milliseconds, key, request id, problem. With --json one object a line.",
    .flags = flags,
    .remote = true,
    .examples = examples,
    .exec = exec_tail,
};
