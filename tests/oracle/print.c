/* SPDX-License-Identifier: Apache-2.0
 *
 * A case as YAML: a rule file, and a test of it without what it expects.
 */
#include <string.h>

#include "oracle/case.h"

static void put_duration(struct aw_buf *b, const char *key, aw_ms d)
{
    char text[AW_TIME_TEXT];

    aw_duration_print(text, d);
    aw_buf_printf(b, "%s: %s", key, text);
}

static void put_kinds(struct aw_buf *b, const struct aw_step *s)
{
    aw_buf_puts(b, "do: [");
    for (unsigned i = 0; i < s->n_kinds; i++)
        aw_buf_printf(b, "%s%s", i ? ", " : "", aw_kind_name(s->kinds[i]));
    aw_buf_puts(b, "], to: [");
    for (unsigned i = 0; i < s->n_to; i++) {
        static const char *const words[] = {[AW_TO_RECIPIENT] = "recipient",
                                            [AW_TO_MANAGER] = "manager",
                                            [AW_TO_CONTACT] = "contact:",
                                            [AW_TO_USER] = "user:",
                                            [AW_TO_ONCALL] = "oncall:"};
        aw_buf_printf(b, "%s\"%s%s\"", i ? ", " : "", words[s->to[i].type],
                      s->to[i].name ? s->to[i].name : "");
    }
    aw_buf_puts(b, "]");
    if (s->pick == AW_PICK_ALL)
        aw_buf_puts(b, ", pick: all");
    if (s->if_no_contact == AW_NO_CONTACT_SKIP)
        aw_buf_puts(b, ", if_no_contact: skip");
}

static void put_step(struct aw_buf *b, const struct aw_step *s)
{
    aw_buf_printf(b, "      - {id: %s, ", s->id);
    put_duration(b, "at", s->at);
    aw_buf_puts(b, ", ");
    put_kinds(b, s);
    if (s->unless)
        aw_buf_printf(b, ", unless: %s", aw_level_name(s->unless));
    if (s->every) {
        put_duration(b, ", repeat: {every", s->every);
        if (s->times)
            aw_buf_printf(b, ", times: %u}", s->times);
        else
            aw_buf_puts(b, ", times: until_goal}");
    }
    aw_buf_puts(b, "}\n");
}

static void put_rule(struct aw_buf *b, const struct ora_case *c)
{
    const struct aw_rule *r = &c->rule;

    aw_buf_printf(b, "version: 1\nrules:\n  - name: %s\n    until: %s\n", r->name,
                  aw_level_name(r->until));
    if (r->of.n)
        aw_buf_printf(b, "    of: \"%u%s\"\n", r->of.n, r->of.percent ? "%" : "");
    if (r->by == AW_BY_ANYONE)
        aw_buf_puts(b, "    by: anyone\n");
    if (r->reopen_after) {
        put_duration(b, "    after_ack: {reopen_after", r->reopen_after);
        aw_buf_puts(b, r->reopen_unless_closed ? ", unless: closed}\n" : "}\n");
    }
    put_duration(b, "    deadline", r->deadline);
    put_duration(b, "\n    max_age", r->max_age);
    if (r->claim_hold) {
        put_duration(b, "\n    claim: {hold", r->claim_hold);
        aw_buf_puts(b, "}");
    }
    aw_buf_puts(b, "\n");
    if (r->presence.logged_out) {
        static const char *const out[] = {"send", "hold", "skip"}, *const in[] = {"each", "digest",
                                                                                  "drop"};
        aw_buf_printf(b, "    presence: {logged_out: %s, on_login: %s", out[r->presence.logged_out],
                      in[r->presence.on_login]);
        if (r->presence.hold_max)
            put_duration(b, ", hold_max", r->presence.hold_max);
        if (r->presence.on_expiry >= 0)
            aw_buf_printf(b, ", on_expiry: %s", r->steps[r->presence.on_expiry].id);
        aw_buf_puts(b, "}\n");
    }
    case_hours_print(c, b);
    aw_buf_puts(b, "    steps:\n");
    for (unsigned i = 0; i < r->n_steps; i++)
        put_step(b, &r->steps[i]);
    if (r->exhausted) {
        aw_buf_puts(b, "    exhausted: {");
        put_kinds(b, r->exhausted);
        aw_buf_puts(b, "}\n");
    }
}

static void put_person(struct aw_buf *b, const struct aw_virtual_person *p)
{
    const struct {
        const char *key, *value;
    } fields[] = {{"alias", p->a.alias}, {"phone", p->a.phone},     {"email", p->a.email},
                  {"im", p->a.im},       {"manager", p->a.manager}, {"tz", p->a.tz}};
    const char *comma = "";

    aw_buf_printf(b, "  %s: {", p->user);
    for (unsigned i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        if (fields[i].value) {
            aw_buf_printf(b, "%s%s: \"%s\"", comma, fields[i].key, fields[i].value);
            comma = ", ";
        }
    }
    aw_buf_puts(b, "}\n");
}

static void put_event(struct aw_buf *b, const struct aw_virtual_event *e)
{
    static const char *const acts[] = {[AW_V_CANCEL] = "cancel",
                                       [AW_V_SNOOZE] = "snooze",
                                       [AW_V_CLAIM] = "claim",
                                       [AW_V_RESUME] = "resume",
                                       [AW_V_ESCALATE] = "escalate"};

    put_duration(b, "      - {at", e->after);
    if (e->act == AW_V_EVIDENCE)
        aw_buf_printf(b, ", from: %s, level: %s", e->from, aw_level_name(e->level));
    else if (e->act == AW_V_LOGIN || e->act == AW_V_LOGOUT)
        aw_buf_printf(b, ", %s: %s, device: %s", e->act == AW_V_LOGIN ? "login" : "logout", e->from,
                      e->device);
    else if (e->act == AW_V_RESULT)
        aw_buf_printf(b, ", attempt: %s, result: %s", e->step, aw_outcome_name(e->outcome));
    else
        aw_buf_printf(b, ", act: %s", acts[e->act]);
    if (e->act != AW_V_EVIDENCE && !e->device && e->from)
        aw_buf_printf(b, ", recipient: %s", e->from);
    if (e->act == AW_V_ESCALATE && e->step)
        aw_buf_printf(b, ", step: %s", e->step);
    if (e->by)
        aw_buf_printf(b, ", by: %s", e->by);
    if (e->hold)
        put_duration(b, ", for", e->hold);
    aw_buf_puts(b, "}\n");
}

void case_print(const struct ora_case *c, struct aw_buf *b)
{
    char text[AW_TIME_TEXT];

    put_rule(b, c);
    aw_buf_puts(b, "---\n");
    case_env_print(c, b);
    aw_buf_puts(b, "people:\n");
    for (unsigned i = 0; i < c->n_people; i++)
        put_person(b, &c->people[i]);
    aw_time_print(text, c->at);
    aw_buf_printf(b, "tests:\n  - send: {at: \"%s\", priority: %s, ", text,
                  aw_priority_name(c->reg.priority));
    if (c->reg.already_sent) {
        aw_time_print(text, c->reg.sent_at);
        aw_buf_printf(b, "already_sent: {at: \"%s\"}, ", text);
    }
    aw_buf_puts(b, "recipients: [");
    for (unsigned i = 0; i < c->reg.n_recipients; i++)
        aw_buf_printf(b, "%s{user: %s}", i ? ", " : "", c->recipients[i].user);
    aw_buf_puts(b, "]}\n    events:\n");
    for (unsigned i = 0; i < c->n_events; i++)
        put_event(b, &c->events[i]);
}
