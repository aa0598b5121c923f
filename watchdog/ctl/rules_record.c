/* SPDX-License-Identifier: Apache-2.0
 *
 * `ackwatch rules test --record MESSAGE`: what has become of a message, as a test of its rule.
 * People are renamed, the same one the same everywhere; addresses become numbers and mail addresses
 * that reach nobody; texts and reasons stay out. What the log dates a moment after its plan (the
 * daemon is never quite on time) is put where the plan has it, so that the virtual clock, which is
 * exact, comes to the same. Then the test is run.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "codec/json.h"
#include "conf/schema.h"
#include "conf/tests.h"
#include "ctl/lang.h"
#include "ctl/local.h"
#include "ctl/nouns.h"
#include "ctl/rules.h"

enum { MAX_PEOPLE = 1100, MAX_LINES = 20000, TEXT_MAX = 1 << 20 };

struct person {
    char *user, *name; /* as in the registration; as in the test */
    json_t *contact;   /* or NULL */
    const json_t *given;
};

struct line { /* of `events` resp. `expect` */
    aw_ms at;
    unsigned order;
    char *text;
};

struct lines {
    struct line *list;
    unsigned n;
};

struct record {
    struct aw_ctl *ctl;
    struct aw_client *client;
    json_t *message, *timeline, *attempts, *rule, *file;
    const char *rule_text;
    struct person people[MAX_PEOPLE];
    unsigned n_people;
    struct lines events, expect;
    aw_time registered;
    bool cancelled;
    unsigned n_odd; /* entries that a test has no words for */
};

/* --- reading --------------------------------------------------------------------------------- */

static int fetch(struct record *r, const char *id)
{
    AW_AUTO_FREE char *path = aw_message_path(id);
    struct aw_client *c = r->client;
    int code = path ? aw_client_get(c, &r->message, "%s", path) : AW_EXIT_USAGE;
    const json_t *rule = json_object_get(r->message, "rule");
    if (code == AW_EXIT_DONE)
        code = aw_client_get(c, &r->timeline, "%s/timeline?limit=1000", path);
    if (code == AW_EXIT_DONE)
        code = aw_client_get(c, &r->attempts, "%s/attempts?limit=1000", path);
    if (code == AW_EXIT_DONE)
        code = aw_client_get(c, &r->file, "/v1/rules:file?sha256=%s",
                             aw_json_str(rule, "sha256") ?: "");
    if (code != AW_EXIT_DONE)
        return code;
    AW_AUTO_FREE char *name = aw_client_escape(aw_json_str(rule, "name") ?: "");
    aw_client_quiet(c, true); /* the rule may be gone: its text is not */
    if (aw_client_get(c, &r->rule, "/v1/rules/%s", name) != AW_EXIT_DONE)
        r->rule = NULL;
    r->rule_text = aw_json_str(r->file, "text") ?: "";
    return AW_EXIT_DONE;
}

static aw_time time_of(const json_t *entry, const char *member)
{
    const char *s = aw_json_str(entry, member);
    aw_time t = 0;
    return s && aw_time_parse(s, strlen(s), &t) == 0 ? t : 0;
}

/* --- people ---------------------------------------------------------------------------------- */

/* The rule names people of the directory itself: these keep their names. */
static bool in_rule(const struct record *r, const char *user)
{
    AW_AUTO(aw_buf_free) struct aw_buf a = AW_BUF_INIT(1024), b = AW_BUF_INIT(1024);
    aw_buf_printf(&a, "contact:%s", user);
    aw_buf_printf(&b, "user:%s", user);
    return strstr(r->rule_text, aw_buf_str(&a)) || strstr(r->rule_text, aw_buf_str(&b));
}

static const char *person(struct record *r, const char *user, const json_t *given)
{
    for (unsigned i = 0; i < r->n_people; i++)
        if (aw_streq(r->people[i].user, user))
            return r->people[i].name;
    if (r->n_people == MAX_PEOPLE)
        return "somebody";
    struct person *p = &r->people[r->n_people++];
    AW_AUTO(aw_buf_free) struct aw_buf name = AW_BUF_INIT(1024);
    AW_AUTO_FREE char *path = aw_client_escape(user);
    aw_buf_printf(&name, "person%u", r->n_people);
    *p = (struct person){.user = aw_strdup(user), .given = given};
    p->name = aw_strdup(in_rule(r, user) ? user : aw_buf_str(&name));
    if (aw_client_get(r->client, &p->contact, "/v1/contacts/%s", path) != AW_EXIT_DONE)
        p->contact = NULL;
    const char *manager = aw_json_str(p->contact, "manager"), *result = p->name;
    if (manager)
        person(r, manager, NULL);
    return result;
}

static bool has(const struct person *p, const char *member)
{
    return json_object_get(p->given, member) || json_object_get(p->contact, member);
}

static void put_person(const struct record *r, const struct person *p, struct aw_buf *b)
{
    unsigned number = (unsigned)(p - r->people) + 1;
    const char *sep = "";
    const char *manager = aw_json_str(p->contact, "manager");
    aw_buf_printf(b, "  %s: {", p->name);
    if (has(p, "alias") || has(p, "registration_ids")) {
        aw_buf_printf(b, "alias: %s", p->name);
        sep = ", ";
    }
    if (has(p, "phone")) {
        aw_buf_printf(b, "%sphone: \"+999%07u\"", sep, number);
        sep = ", ";
    }
    if (has(p, "email")) {
        aw_buf_printf(b, "%semail: person%u@sim.invalid", sep, number);
        sep = ", ";
    }
    if (has(p, "im")) {
        aw_buf_printf(b, "%sim: %s", sep, p->name);
        sep = ", ";
    }
    const char *tz = aw_json_str(p->given, "tz") ?: aw_json_str(p->contact, "tz");
    if (tz) {
        aw_buf_printf(b, "%stz: %s", sep, tz);
        sep = ", ";
    }
    for (unsigned i = 0; manager && i < r->n_people; i++)
        if (aw_streq(r->people[i].user, manager))
            aw_buf_printf(b, "%smanager: %s", sep, r->people[i].name);
    aw_buf_puts(b, "}\n");
}

static void add_targets(struct record *r, const struct aw_step *s)
{
    for (unsigned i = 0; s && i < s->n_to; i++)
        if (s->to[i].type == AW_TO_CONTACT || s->to[i].type == AW_TO_USER)
            person(r, s->to[i].name, NULL);
}

/* Whom the rule addresses by name must be there, whether it came to that or not. */
static void add_addressed(struct record *r)
{
    const char *name = aw_json_str(json_object_get(r->message, "rule"), "name") ?: "";
    const struct aw_rules_world none = {0};
    struct aw_rules *rules = NULL;
    struct aw_diag diag;
    aw_diag_init(&diag);
    if (aw_rules_parse(name, r->rule_text, strlen(r->rule_text), &none, &rules, &diag) == 0) {
        for (unsigned i = 0; i < rules->set.n; i++) {
            const struct aw_rule *rule = rules->set.rules[i];
            for (unsigned k = 0; k < rule->n_steps; k++)
                add_targets(r, &rule->steps[k]);
            add_targets(r, rule->exhausted);
        }
        aw_rules_free(rules);
    }
    aw_diag_free(&diag);
}

/* --- lines ----------------------------------------------------------------------------------- */

static void add(struct lines *l, aw_ms at, struct aw_buf *text)
{
    if (l->n == MAX_LINES) {
        aw_buf_free(text);
        return;
    }
    if ((l->n & (l->n - 1)) == 0)
        l->list = aw_realloc(l->list, (l->n ? 2 * l->n : 1) * sizeof(*l->list));
    l->list[l->n] = (struct line){at, l->n, aw_buf_take(text, NULL)};
    l->n++;
}

static int by_time(const void *a, const void *b)
{
    const struct line *x = a, *y = b;
    return x->at != y->at ? (x->at > y->at) - (x->at < y->at)
                          : (x->order > y->order) - (x->order < y->order);
}

static void begin(struct aw_buf *b, aw_ms at)
{
    char text[AW_TIME_TEXT];
    *b = AW_BUF_INIT(64 << 10);
    aw_duration_print(text, at);
    aw_buf_printf(b, "{at: %s", text);
}

/* One timeline while its entries are read. Times count from the registration. */
struct walk {
    struct record *r;
    const char *to;
    aw_ms due;  /* when it would be looked at next, -1: never */
    aw_ms plan; /* of the last thing that happened, on the exact clock */
};

/* Where something from outside happened on the exact clock: behind what was decided before it, and
 * not behind what it was counted for. */
static aw_ms outside(struct walk *w, const json_t *e)
{
    aw_ms at = time_of(e, "ts") - w->r->registered;
    if (w->due >= 0 && at > w->due)
        at = w->due;
    if (at < w->plan)
        at = w->plan;
    return w->plan = at;
}

/* Where the plan had what was decided. */
static aw_ms decided(struct walk *w, const json_t *e)
{
    aw_ms at = time_of(e, "ts") - w->r->registered;
    const char *why = aw_json_str(e, "why");
    bool by_event =
        aw_streq(why, "goal") || aw_streq(why, "cancelled") || aw_streq(why, "released");
    if (!by_event && w->due >= 0 && w->due <= at && w->due >= w->plan)
        w->plan = w->due;
    return w->plan;
}

static void on_evidence(struct walk *w, const json_t *e)
{
    struct aw_buf b;
    if (aw_streq(aw_json_str(e, "source"), "send"))
        return; /* an attempt that was accepted, as all are */
    begin(&b, outside(w, e));
    aw_buf_printf(&b, ", from: %s, level: %s}", w->to, aw_json_str(e, "level") ?: "delivered");
    add(&w->r->events, w->plan, &b);
}

static void on_outcome(struct walk *w, const json_t *e)
{
    static const struct {
        const char *outcome, *result;
    } results[] = {{"no_target", "no_target"}, {"refused", "refused"}, {"unknown", "lost"}};
    const char *outcome = aw_json_str(e, "outcome");
    struct aw_buf b;
    for (unsigned i = 0; i < AW_COUNT(results); i++) {
        if (!aw_streq(results[i].outcome, outcome))
            continue;
        begin(&b, outside(w, e));
        aw_buf_printf(&b, ", attempt: %s, from: %s, result: %s}", aw_json_str(e, "step") ?: "?",
                      w->to, results[i].result);
        add(&w->r->events, w->plan, &b);
        return;
    }
    w->r->n_odd += !aw_streq(outcome, "accepted");
}

static const char *target_of(struct walk *w, const json_t *e)
{
    const char *attempt = aw_json_str(e, "attempt");
    size_t i;
    const json_t *a;
    json_array_foreach(json_object_get(w->r->attempts, "data"), i, a)
    {
        if (aw_streq(aw_json_str(a, "id"), attempt))
            return person(w->r, aw_json_str(a, "user") ?: "", NULL);
    }
    return NULL;
}

static void on_claim(struct walk *w, const json_t *e)
{
    const char *why = aw_json_str(e, "why"), *target;
    struct aw_buf b;
    aw_ms at = decided(w, e);
    if (aw_streq(why, "retry") || aw_streq(why, "next_channel"))
        return; /* another try of a firing that stands here already */
    begin(&b, at);
    aw_buf_printf(&b, ", do: %s, to: %s, step: %s", aw_json_str(e, "do") ?: "?", w->to,
                  aw_json_str(e, "step") ?: "?");
    json_int_t round = json_integer_value(json_object_get(e, "round"));
    if (round > 1)
        aw_buf_printf(&b, ", round: %lld", (long long)round);
    target = target_of(w, e);
    if (target && !aw_streq(target, w->to))
        aw_buf_printf(&b, ", targets: [%s]", target);
    aw_buf_putc(&b, '}');
    add(&w->r->expect, at, &b);
}

static void on_hold(struct walk *w, const json_t *e)
{
    const char *why = aw_json_str(e, "why");
    char span[AW_TIME_TEXT];
    struct aw_buf b;
    if (!aw_streq(why, "snoozed") && !aw_streq(why, "claim"))
        return; /* hours, presence: the rule's own */
    begin(&b, outside(w, e));
    aw_duration_print(span, time_of(e, "at") - (time_of(e, "from") ?: time_of(e, "ts")));
    if (aw_streq(why, "claim"))
        aw_buf_printf(&b, ", act: claim, recipient: %s, reason: recorded}", w->to);
    else
        aw_buf_printf(&b, ", act: snooze, for: %s, recipient: %s, reason: recorded}", span, w->to);
    add(&w->r->events, w->plan, &b);
}

static void on_act(struct walk *w, const json_t *e, const char *act)
{
    const char *step = aw_json_str(e, "step");
    struct aw_buf b;
    begin(&b, outside(w, e));
    aw_buf_printf(&b, ", act: %s", act);
    if (step && aw_streq(act, "escalate"))
        aw_buf_printf(&b, ", step: %s", step);
    aw_buf_printf(&b, ", recipient: %s, reason: recorded}", w->to);
    add(&w->r->events, w->plan, &b);
}

/* Ends all timelines, so one of them tells of it. */
static void on_cancel(struct walk *w, const json_t *e)
{
    struct aw_buf b;
    aw_ms at = outside(w, e);
    if (w->r->cancelled)
        return;
    w->r->cancelled = true;
    begin(&b, at);
    aw_buf_puts(&b, ", act: cancel, reason: recorded}");
    add(&w->r->events, at, &b);
}

static void on_end(struct walk *w, const json_t *e)
{
    struct aw_buf b;
    if (aw_streq(aw_json_str(e, "why"), "cancelled"))
        on_cancel(w, e);
    aw_ms at = decided(w, e);
    begin(&b, at);
    aw_buf_printf(&b, ", state: %s, to: %s}", aw_json_str(e, "state") ?: "?", w->to);
    add(&w->r->expect, at, &b);
}

static void on_entry(struct walk *w, const json_t *e)
{
    const char *kind = aw_json_str(e, "kind");
    if (aw_streq(kind, "firing.claimed"))
        on_claim(w, e);
    else if (aw_streq(kind, "evidence.recorded"))
        on_evidence(w, e);
    else if (aw_streq(kind, "attempt.outcome"))
        on_outcome(w, e);
    else if (aw_streq(kind, "timeline.ended"))
        on_end(w, e);
    else if (aw_streq(kind, "timeline.held"))
        on_hold(w, e);
    else if (aw_streq(kind, "timeline.resumed"))
        on_act(w, e, "resume");
    else if (aw_streq(kind, "timeline.escalated"))
        on_act(w, e, "escalate");
    else if (aw_streq(kind, "firing.skipped") || aw_streq(kind, "firing.advanced"))
        decided(w, e);
    else if (aw_streq(kind, "timeline.moved") || aw_streq(kind, "recipient.absent"))
        w->r->n_odd++; /* a downtime, a logout */
    /* A query that was put off for is what the exact clock does not wait for. */
    if (aw_json_str(e, "next_due") && !aw_streq(aw_json_str(e, "why"), "settle"))
        w->due = time_of(e, "next_due") - w->r->registered;
}

static void read_timelines(struct record *r)
{
    const json_t *list = json_object_get(r->timeline, "data"), *t, *e;
    const json_t *body = json_object_get(r->message, "registration");
    size_t i, k;
    json_array_foreach(list, i, t)
    {
        const char *user = aw_json_str(t, "user") ?: "";
        size_t n = (size_t)json_integer_value(json_object_get(t, "n"));
        person(r, user, json_array_get(json_object_get(body, "recipients"), n));
    }
    json_array_foreach(list, i, t)
    {
        struct walk w = {.r = r, .to = person(r, aw_json_str(t, "user") ?: "", NULL)};
        json_array_foreach(json_object_get(t, "past"), k, e) on_entry(&w, e);
    }
    add_addressed(r);
}

/* --- the file -------------------------------------------------------------------------------- */

static const char *file_of(const struct record *r)
{
    const char *path = aw_json_str(r->rule, "file");
    const char *slash = path ? strrchr(path, '/') : NULL;
    return slash ? slash + 1 : path ? path : "recorded.yaml";
}

static void put_list(struct aw_buf *b, const char *key, const struct lines *l)
{
    if (l->n)
        qsort(l->list, l->n, sizeof(*l->list), by_time);
    aw_buf_printf(b, "    %s:%s\n", key, l->n ? "" : " []");
    for (unsigned i = 0; i < l->n; i++)
        aw_buf_printf(b, "      - %s\n", l->list[i].text);
}

static void put_send(const struct record *r, struct aw_buf *b)
{
    const json_t *body = json_object_get(r->message, "registration"), *t;
    const json_t *sent = json_object_get(body, "already_sent");
    const char *class = aw_json_str(body, "class");
    char at[AW_TIME_TEXT];
    size_t i;
    aw_time_print(at, r->registered);
    aw_buf_printf(b, "    send: {at: \"%s\", rule: %s, priority: %s, external_id: recorded,\n", at,
                  aw_json_str(json_object_get(r->message, "rule"), "name"),
                  aw_json_str(r->message, "priority"));
    if (class && strspn(class, "abcdefghijklmnopqrstuvwxyz0123456789_-") == strlen(class))
        aw_buf_printf(b, "           class: %s,\n", class);
    if (sent)
        aw_buf_printf(b, "           already_sent: {at: \"%s\"},\n", aw_json_str(sent, "at"));
    aw_buf_puts(b, "           recipients: [");
    json_array_foreach(json_object_get(r->timeline, "data"), i, t)
        aw_buf_printf(b, "%s{user: %s}", i ? ", " : "",
                      person((struct record *)r, aw_json_str(t, "user") ?: "", NULL));
    aw_buf_puts(b, "]}\n");
}

static void put_test(const struct record *r, struct aw_buf *b)
{
    const char *env = aw_ctl_flag(r->ctl, "env");
    aw_buf_printf(b, "rules: [%s]\n", file_of(r));
    if (env)
        aw_buf_printf(b, "environment: %s\n", env);
    aw_buf_puts(b, "people:\n");
    for (unsigned i = 0; i < r->n_people; i++)
        put_person(r, &r->people[i], b);
    aw_buf_printf(b, "tests:\n  - name: recorded from %s\n", aw_json_str(r->message, "id"));
    put_send(r, b);
}

/* --- the proof ------------------------------------------------------------------------------- */

static void on_test(void *ctx, const struct aw_test_report *r)
{
    if (!r->passed)
        fprintf(stderr, "%s%s", r->explain, r->diff ? r->diff : "");
}

/* Runs the test beside the rule as the message has it, in a directory of its own. */
static int prove(const struct record *r, const struct aw_buf *text)
{
    char dir[] = "/tmp/ackwatch-record-XXXXXX";
    AW_AUTO(aw_buf_free) struct aw_buf rule = AW_BUF_INIT(4096), test = AW_BUF_INIT(4096);
    struct aw_test_options o = {.report = on_test};
    struct aw_test_result result = {0};
    struct aw_diag diag;
    struct aw_err err;
    if (!mkdtemp(dir))
        return aw_ctl_say(AW_EXIT_FAILED, "%s: %m", dir);
    aw_diag_init(&diag);
    diag.lang = aw_lang();
    aw_buf_printf(&rule, "%s/%s", dir, file_of(r));
    aw_buf_printf(&test, "%s/recorded.test.yaml", dir);
    int code = AW_EXIT_FAILED;
    if (aw_file_create(aw_buf_str(&rule), r->rule_text, strlen(r->rule_text), 0600, &err) < 0 ||
        aw_file_create(aw_buf_str(&test), aw_buf_str(text), text->n, 0600, &err) < 0)
        aw_ctl_say(0, "%s", err.text);
    else if (aw_tests_run(aw_buf_str(&test), &o, &result, &diag) == 0 && result.passed == 1)
        code = AW_EXIT_DONE;
    else
        code = AW_EXIT_PROBLEMS;
    aw_local_complain(&diag);
    unlink(aw_buf_str(&rule));
    unlink(aw_buf_str(&test));
    rmdir(dir);
    aw_diag_free(&diag);
    if (code == AW_EXIT_PROBLEMS && r->n_odd)
        aw_ctl_say(
            0,
            _("the test does not pass: %u entries of the log are about what a test cannot say "
              "(a downtime, a logout, tries that failed for a while)"),
            r->n_odd);
    else if (code == AW_EXIT_PROBLEMS)
        aw_ctl_say(0, _("the test does not pass; mend it by hand"));
    return code;
}

static void lines_free(struct lines *l)
{
    for (unsigned i = 0; i < l->n; i++)
        aw_free(l->list[i].text);
    aw_free(l->list);
}

static void record_free(struct record *r)
{
    for (unsigned i = 0; i < r->n_people; i++) {
        aw_free(r->people[i].user);
        aw_free(r->people[i].name);
        json_decref(r->people[i].contact);
    }
    lines_free(&r->events);
    lines_free(&r->expect);
    json_decref(r->message);
    json_decref(r->timeline);
    json_decref(r->attempts);
    json_decref(r->rule);
    json_decref(r->file);
    aw_client_free(r->client);
    aw_free(r);
}

int aw_rules_record(struct aw_ctl *ctl, const char *id)
{
    struct record *r = aw_calloc(1, sizeof(*r));
    struct aw_buf out = AW_BUF_INIT(TEXT_MAX);
    r->ctl = ctl;
    r->client = aw_client_of(ctl);
    int code = r->client ? fetch(r, id) : AW_EXIT_USAGE;
    if (code == AW_EXIT_DONE) {
        r->registered = time_of(r->message, "registered_at");
        read_timelines(r);
        put_test(r, &out);
        put_list(&out, "events", &r->events);
        put_list(&out, "expect", &r->expect);
        fputs(aw_buf_str(&out), ctl->out.f);
        fflush(ctl->out.f);
        code = prove(r, &out);
    }
    aw_buf_free(&out);
    record_free(r);
    return code;
}
