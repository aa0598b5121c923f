/* SPDX-License-Identifier: Apache-2.0 */
#include "golden.h"

static void put_at(struct story *s, aw_time t)
{
    char text[AW_TIME_TEXT];
    aw_ms d = t - WORLD_START;

    aw_duration_print(text, d < 0 ? -d : d);
    aw_buf_printf(&s->out, "%s%s", d < 0 ? "-" : "", text);
}

static void put_attempt(struct story *s, aw_id id)
{
    for (unsigned i = 0; i < s->n_claims; i++)
        if (s->claims[i].id == id)
            aw_buf_printf(&s->out, " #%u", i + 1);
}

static void put_firing(struct story *s, const struct aw_fact *f)
{
    aw_buf_printf(&s->out, " %s %s/%u", aw_rule_step(&s->x.rule.r, f->step)->id,
                  aw_kind_name((enum aw_kind)f->kind), f->round);
}

static void put_details(struct story *s, const struct aw_fact *f)
{
    struct aw_buf *o = &s->out;

    switch (f->type) {
    case AW_FACT_OPENED:
        aw_buf_puts(o, "opened base ");
        put_at(s, f->at);
        break;
    case AW_FACT_CLAIMED:
        s->claims[s->n_claims++] =
            (struct claim){f->attempt, f->person, f->step, f->kind, f->round};
        aw_buf_puts(o, "claimed");
        put_firing(s, f);
        aw_buf_printf(o, " to %s", s->x.w.names[f->person - 1]);
        put_attempt(s, f->attempt);
        if (f->ref != f->attempt) {
            aw_buf_printf(o, " try %u ref", f->number);
            put_attempt(s, f->ref);
        }
        if (f->via)
            aw_buf_printf(o, " via %u", f->via);
        for (unsigned i = 0; i < f->n_devices; i++)
            aw_buf_printf(o, "%s%lld", i ? "," : " on ", (long long)f->devices[i]);
        break;
    case AW_FACT_SKIPPED:
        aw_buf_puts(o, f->unsent ? "skipped unsent" : "skipped");
        put_firing(s, f);
        if (f->level)
            aw_buf_printf(o, " %s", aw_level_name(f->level));
        break;
    case AW_FACT_DEFERRED:
    case AW_FACT_ADVANCED:
    case AW_FACT_LET_GO:
        aw_buf_puts(o, f->type == AW_FACT_DEFERRED   ? "deferred"
                       : f->type == AW_FACT_ADVANCED ? "advanced"
                                                     : "let go");
        put_firing(s, f);
        if (f->attempt)
            put_attempt(s, f->attempt);
        aw_buf_puts(o, " to ");
        put_at(s, f->at);
        break;
    case AW_FACT_OUTCOME:
        aw_buf_puts(o, "outcome");
        put_attempt(s, f->attempt);
        aw_buf_printf(o, " %s", aw_outcome_name(f->outcome));
        if (f->at) {
            aw_buf_puts(o, " again ");
            put_at(s, f->at);
        }
        break;
    case AW_FACT_EVIDENCE:
        aw_buf_printf(o, "evidence %s of %s%s%s%s", aw_level_name(f->level),
                      s->x.w.names[f->person - 1], f->counts ? " counts" : "",
                      f->stands ? " stands" : "", f->late ? " late" : "");
        put_attempt(s, f->attempt);
        if (f->device)
            aw_buf_printf(o, " on %lld", (long long)f->device);
        break;
    case AW_FACT_NEGATIVE:
        aw_buf_printf(o, "negative %s %s of %s", aw_negative_name(f->negative),
                      aw_kind_name((enum aw_kind)f->kind), s->x.w.names[f->person - 1]);
        break;
    case AW_FACT_DOWNTIME:
        aw_buf_puts(o, "downtime moves ");
        put_at(s, WORLD_START + f->moved);
        break;
    case AW_FACT_DEVICE:
        aw_buf_printf(o, "device %lld gone", (long long)f->device);
        break;
    case AW_FACT_HELD:
    case AW_FACT_RESUMED:
    case AW_FACT_ABSENT:
    case AW_FACT_PRESENT:
        if (f->type == AW_FACT_HELD && f->round > 0) {
            aw_buf_puts(o, "held");
            put_firing(s, f);
            aw_buf_puts(o, " until ");
        } else {
            aw_buf_puts(o, f->type == AW_FACT_HELD      ? "held until "
                           : f->type == AW_FACT_ABSENT  ? "absent until "
                           : f->type == AW_FACT_RESUMED ? "resumed "
                                                        : "present ");
        }
        put_at(s, f->at);
        aw_buf_puts(o, " moves ");
        put_at(s, WORLD_START + f->moved);
        break;
    case AW_FACT_ESCALATED:
        aw_buf_printf(o, "escalated %s/%u", aw_rule_step(&s->x.rule.r, f->step)->id, f->round);
        break;
    case AW_FACT_REOPENED:
        aw_buf_printf(o, "reopened at %s moves ", aw_level_name(f->level));
        put_at(s, WORLD_START + f->moved);
        break;
    case AW_FACT_CLOSED:
        aw_buf_puts(o, "closed");
        break;
    default:
        aw_buf_printf(o, "ended %s", aw_state_name(f->state));
        if (f->at) {
            aw_buf_puts(o, " back at ");
            put_at(s, f->at);
        }
    }
}

void golden_put(struct story *s)
{
    for (unsigned i = 0; i < s->x.up.n_facts; i++) {
        const struct aw_fact *f = &s->x.up.facts[i];
        aw_buf_puts(&s->out, "  ");
        put_at(s, s->x.env.now);
        aw_buf_putc(&s->out, ' ');
        put_details(s, f);
        if (f->why != AW_WHY_NONE && f->why != AW_WHY_DUE)
            aw_buf_printf(&s->out, " (%s%s%s)", aw_why_name(f->why), f->by[0] ? ": " : "", f->by);
        aw_buf_puts(&s->out, " -> ");
        if (f->next_due)
            put_at(s, f->next_due);
        else
            aw_buf_puts(&s->out, "never");
        aw_buf_putc(&s->out, '\n');
    }
    if (s->x.up.tell_operators)
        aw_buf_puts(&s->out, "  operators are told\n");
}
